# C types for document.py when it is compiled; the file itself stays plain Python.
cimport cython

from nightporter.protocols.postgres.cell cimport CellMask

ctypedef const unsigned char* Octets


@cython.locals(
    parts=list, copied=Py_ssize_t, at=Py_ssize_t, inside=list, is_object=bint, awaits_key=bint, size=Py_ssize_t, sign=Py_UCS4,
    start=Py_ssize_t, token=str, said=str,
)
cpdef str rewritten(str text, object leaves)

@cython.locals(size=Py_ssize_t, end=Py_ssize_t, escape=Py_ssize_t)
cdef Py_ssize_t string_end(str text, Py_ssize_t at) except -1

@cython.locals(size=Py_ssize_t, sign=Py_UCS4)
cdef Py_ssize_t scalar_end(str text, Py_ssize_t at) except -1

cpdef str plain(str token)


cdef class JsonMask(CellMask):
    cdef object _leaves
    cdef bint _versioned

    cpdef bytes mask(self, bytes cell)


cdef class JsonGuard(JsonMask):
    cdef object _may_hold
    cdef object _named
    cdef dict _told

    cpdef bytes mask(self, bytes cell)

    @cython.locals(told=dict, octets=Octets, size=Py_ssize_t, at=Py_ssize_t, end=Py_ssize_t, after=Py_ssize_t, key=bytes)
    cdef bint _tells(self, bytes cell) except -1
