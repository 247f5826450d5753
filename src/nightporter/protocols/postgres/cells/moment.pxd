# C types for moment.py when it is compiled; the file itself stays plain Python.
cimport cython

from nightporter.protocols.postgres.cell cimport CellMask

ctypedef const unsigned char* Octets


cdef class TextDateMask(CellMask):
    cdef bint _day
    cdef bint _zoned
    cdef bint _keeps_year
    cdef bytes _key

    @cython.locals(octets=Octets, size=Py_ssize_t, shown=bytes)
    cpdef bytes mask(self, bytes cell)

    cdef bytes _other(self, bytes cell)


cdef class BinaryDateMask(CellMask):
    cdef object _form
    cdef long long _unit
    cdef bytes _key

    cpdef bytes mask(self, bytes cell)


cpdef long long days_to(long long year)

@cython.locals(guess=cython.longlong)
cpdef long long year_of(long long days)
