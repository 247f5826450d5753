# C types for copies.py when it is compiled; the file itself stays plain Python.
cimport cython

from nightporter.protocols.postgres.cell cimport CellMask, Column
from nightporter.protocols.postgres.rows cimport MessageMasker

ctypedef const unsigned char* Octets


@cython.locals(width=Py_ssize_t)
cdef Py_ssize_t width_at(Octets octets, Py_ssize_t position, Py_ssize_t stop, Octets widths) noexcept


cdef class BinaryCopyMasker(MessageMasker):
    cdef bint begun
    cdef bint ended

    cpdef Py_ssize_t row(self, bytes data, Py_ssize_t position, Py_ssize_t stop, Py_ssize_t copied) except -1
    cpdef Py_ssize_t header(self, bytes data, Py_ssize_t position, Py_ssize_t stop) except -1


cdef class LineMasker(MessageMasker):
    cdef int delimiter
    cdef bytes null
    cdef bytes widths
    cdef bytes table
    cdef int headers
    cdef list quoted
    cdef readonly bint null_is_certain

    @cython.locals(octets=Octets)
    cpdef Py_ssize_t row(self, bytes data, Py_ssize_t position, Py_ssize_t stop, Py_ssize_t copied) except -1
    cpdef Py_ssize_t line(self, bytes data, Py_ssize_t position, Py_ssize_t stop, Py_ssize_t copied) except -1
    cpdef bint is_null(self, bytes data, Py_ssize_t start, Py_ssize_t stop)
    @cython.locals(octets=Octets, parts=list, column=Column, written=bytes, raw=bytes, value=bytes, shown=bytes)
    cpdef Py_ssize_t cell(
        self, bytes data, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t index, bint escaped, Py_ssize_t copied
    ) except -1
    cpdef bytes read(self, bytes raw)
    cpdef bytes written(self, bytes value, Py_ssize_t index)


cdef class TextCopyMasker(LineMasker):
    @cython.locals(
        octets=Octets, kinds=Octets, table=Octets, widths=Octets, delimiter=int, count=Py_ssize_t, index=Py_ssize_t,
        start=Py_ssize_t, escaped=bint,
    )
    cpdef Py_ssize_t line(self, bytes data, Py_ssize_t position, Py_ssize_t stop, Py_ssize_t copied) except -1
    @cython.locals(
        octets=Octets, widths=Octets, value=bytearray, size=Py_ssize_t, position=Py_ssize_t, byte=int, size_of_code=Py_ssize_t,
        width=Py_ssize_t,
    )
    cpdef bytes read(self, bytes raw)
    @cython.locals(
        octets=Octets, widths=Octets, delimiter=int, size=Py_ssize_t, position=Py_ssize_t, out=bytearray, byte=int,
        width=Py_ssize_t,
    )
    cpdef bytes written(self, bytes value, Py_ssize_t index)


cdef class CsvCopyMasker(LineMasker):
    cdef int quote
    cdef int escape
    cdef bytes outside
    cdef bytes inside

    @cython.locals(
        octets=Octets, kinds=Octets, outside=Octets, inside=Octets, widths=Octets, delimiter=int, quote=int, escape=int,
        count=Py_ssize_t, index=Py_ssize_t, start=Py_ssize_t, byte=int, is_quoted=bint,
    )
    cpdef Py_ssize_t line(self, bytes data, Py_ssize_t position, Py_ssize_t stop, Py_ssize_t copied) except -1
    @cython.locals(octets=Octets, widths=Octets, value=bytearray, stop=Py_ssize_t, position=Py_ssize_t, byte=int, width=Py_ssize_t)
    cpdef bytes read(self, bytes raw)
    @cython.locals(
        octets=Octets, widths=Octets, quote=int, escape=int, size=Py_ssize_t, position=Py_ssize_t, out=bytearray, byte=int,
        width=Py_ssize_t,
    )
    cpdef bytes written(self, bytes value, Py_ssize_t index)
