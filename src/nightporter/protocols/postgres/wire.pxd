# C types for wire.py when it is compiled; the file itself stays plain Python. A new attribute of the class is declared here too:
# without that the compiled class refuses it, and every test of it fails at once.
cimport cython

from nightporter.protocols.postgres.exchange cimport Owed, Pending, Run
from nightporter.protocols.postgres.framing cimport Scanner

cdef int _Q, _P, _B, _D, _E, _C, _F, _S, _H, _X, _COPY_DATA, _COPY_DONE, _COPY_FAIL
cdef int _DESCRIBE, _COPY_OUT, _NOTICE, _NOTIFICATION
cdef int _DATA_ROW, _ROWS_BEGIN, _NO_DATA, _COMPLETE, _EMPTY, _SUSPENDED, _READY
cdef int _PARSED, _BOUND, _CLOSED, _ERROR, _COPY_IN, _STATUS, _CALLED, _REFUSED_MESSAGE, _REFUSED_QUERY, _OURS


cdef class PostgresWire:
    cdef public bint stalled
    cdef Scanner _up, _down
    cdef object _label, _scope, _statements, _portals, _out
    cdef bytes _data
    cdef list _spans
    cdef Py_ssize_t _at, _from, _copy_skip
    cdef Pending _pending
    cdef Run _large, _copy
    cdef bytes _large_text
    cdef bint _dropping, _cut_dropped, _unsynced, _skipping, _flushed, _ended, _copying, _failed
    cdef object _session, _inquiry, _answer, _unanswered
    cdef bint _swallow, _metered
    cdef object _limiter, _veil, _late
    cdef Owed _limited
    cdef object _batch, _owed, _due, _transaction, _last
    cdef bytes _status

    @cython.locals(code=int, start=Py_ssize_t, end=Py_ssize_t, count=Py_ssize_t, spans=list, pending=Pending)
    cpdef next_request(self)
    cpdef _look(self, int code, Py_ssize_t start, Py_ssize_t end, Py_ssize_t count)
    cpdef _query(self, Py_ssize_t start, Py_ssize_t end, Py_ssize_t count)
    @cython.locals(pending=Pending)
    cpdef _parse(self, Py_ssize_t start, Py_ssize_t end, Py_ssize_t count)
    @cython.locals(pending=Pending)
    cpdef _bind(self, Py_ssize_t start, Py_ssize_t end, Py_ssize_t count)
    @cython.locals(run=Run)
    cpdef _execute(self, Py_ssize_t start, Py_ssize_t end)
    cpdef _sync(self, Py_ssize_t start, Py_ssize_t end)
    @cython.locals(pending=Pending, run=Run, runs=list)
    cpdef allow(self, request, ticket, limits=*, veil=*)
    @cython.locals(pending=Pending)
    cpdef _take(self, request)
    cpdef _begin(self, Run run)
    cpdef _send(self, Py_ssize_t until)
    cpdef Py_ssize_t _veiled(self, Owed head, Run run, int code, bytes data, Py_ssize_t sent, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(code=int, start=Py_ssize_t, end=Py_ssize_t, count=Py_ssize_t, sent=Py_ssize_t, head=Owed, spans=list, run=Run)
    cpdef receive_upstream(self, bytes data)
    @cython.locals(entry=Owed, following=Owed)
    cpdef _confirmed(self, Owed head, int code)
    @cython.locals(entry=Owed, run=Run)
    cpdef _complete(self, Owed head, bytes tag)
    @cython.locals(entry=Owed, run=Run)
    cpdef _ready(self, Owed head, bytes status)
    cpdef _end_portals(self)
    cpdef _finish(self, Run run, status)
    @cython.locals(end=Py_ssize_t)
    cpdef drain(self)
