# C types for rows.py when it is compiled; the file itself stays plain Python.
cimport cython

from nightporter.protocols.postgres.cell cimport CellMask, Column

ctypedef const unsigned char* Octets

cdef list _PREFIXES
cdef bytes _NULL


cdef class MessageMasker:
    cdef int code
    cdef readonly list columns
    cdef bytes kinds
    cdef readonly Py_ssize_t count
    cdef list parts
    cdef Py_ssize_t delta
    cdef list pieces
    cdef readonly Py_ssize_t pending
    cdef Py_ssize_t needed
    cdef readonly bint broken

    cpdef bytes feed(self, bytes data, Py_ssize_t start, Py_ssize_t end)

    cpdef abandon(self)

    @cython.locals(
        octets=Octets, code=int, header=Py_ssize_t, longest=Py_ssize_t, parts=list, deltas=list, copied=Py_ssize_t,
        position=Py_ssize_t, needed=Py_ssize_t, length=Py_ssize_t, stop=Py_ssize_t,
    )
    cpdef bytes rewrite(self, bytes data, Py_ssize_t start, Py_ssize_t end)

    cpdef Py_ssize_t row(self, bytes data, Py_ssize_t position, Py_ssize_t stop, Py_ssize_t copied) except -1

    @cython.locals(
        octets=Octets, kinds=Octets, columns=list, parts=list, shown_as_it_is=int, fixed_kind=int, count=Py_ssize_t,
        delta=Py_ssize_t, index=Py_ssize_t, length=Py_ssize_t, column=Column, cell=bytes, shown=bytes, size=Py_ssize_t,
    )
    cpdef Py_ssize_t cells(self, bytes data, Py_ssize_t position, Py_ssize_t stop, Py_ssize_t copied) except -1


cdef class RowMasker(MessageMasker):
    cpdef Py_ssize_t row(self, bytes data, Py_ssize_t position, Py_ssize_t stop, Py_ssize_t copied) except -1


@cython.locals(
    octets=Octets, out="unsigned char*", largest=Py_ssize_t, position=Py_ssize_t, to=Py_ssize_t, delta=Py_ssize_t,
    length=Py_ssize_t, size=Py_ssize_t,
)
cpdef bytes relength(bytearray joined, bytes data, Py_ssize_t start, list deltas)
