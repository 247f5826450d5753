# C types for text.py when it is compiled; the file itself stays plain Python.
cimport cython

from nightporter.masking.maskers cimport partial
from nightporter.protocols.postgres.cell cimport CellMask


cdef class PartialMask(CellMask):
    cdef str _kind
    cdef Py_ssize_t _limit
    cdef bint _padded
    cdef bytes _full

    @cython.locals(shown=bytes)
    cpdef bytes mask(self, bytes cell)


cdef class WordsMask(CellMask):
    cdef str _name
    cdef str _label
    cdef bytes _key
    cdef Py_ssize_t _limit
    cdef bint _padded
    cdef bint _folded
    cdef dict _remembered

    @cython.locals(shown=bytes)
    cpdef bytes mask(self, bytes cell)

    cdef bytes _mask(self, bytes cell)


cdef class TextGuard(CellMask):
    cdef object _may_hold
    cdef object _redact
    cdef object _document
    cdef Py_ssize_t _limit
    cdef bint _padded

    @cython.locals(shown=bytes)
    cpdef bytes mask(self, bytes cell)

    cdef bytes _look(self, bytes cell)
