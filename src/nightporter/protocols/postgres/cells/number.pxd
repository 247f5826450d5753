# C types for number.py when it is compiled; the file itself stays plain Python.
cimport cython

from nightporter.protocols.postgres.cell cimport CellMask

ctypedef const unsigned char* Octets


cdef class WholeMask(CellMask):
    cdef object _whole
    cdef object _packed

    cpdef bytes mask(self, bytes cell)


cdef class NumericMask(CellMask):
    cdef object _text
    cdef bint _binary

    cpdef bytes mask(self, bytes cell)


cdef class NumericBucketMask(CellMask):
    cdef bint _binary

    cpdef bytes mask(self, bytes cell)

    @cython.locals(octets=Octets, shown=bytearray, kept=bint, position=Py_ssize_t, code=cython.uchar)
    cdef bytes _written(self, bytes cell)

    @cython.locals(octets=Octets, size=Py_ssize_t, digit=cython.int, part=cython.int)
    cdef bytes _packed(self, bytes cell)
