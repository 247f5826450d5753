# C types for cell.py when it is compiled; the file itself stays plain Python.


cdef class CellMask:
    cdef public bytes constant
    cdef public bint is_constant
    cdef public bint is_guard
    cdef public Py_ssize_t shortest

    cpdef bytes mask(self, bytes cell)


cdef class Column:
    cdef readonly CellMask mask
    cdef readonly int kind
    cdef readonly bint is_guard
    cdef readonly Py_ssize_t shortest
    cdef public bytes fixed
    cdef public Py_ssize_t changed
