# C types for framing.py when it is compiled; the file itself stays plain Python.
cimport cython

ctypedef const unsigned char* Octets



cdef class Scanner:
    cdef readonly bytes kinds
    cdef readonly Py_ssize_t limit
    cdef readonly Py_ssize_t rest
    cdef int rest_code
    cdef bint rest_large
    cdef list pieces
    cdef readonly Py_ssize_t held
    cdef Py_ssize_t needed

    cpdef tuple scan(self, bytes data)

    @cython.locals(
        spans=list, kinds=Octets, octets=Octets, size=Py_ssize_t, position=Py_ssize_t, code=cython.uchar, kind=cython.uchar,
        length=Py_ssize_t, end=Py_ssize_t, start=Py_ssize_t, count=Py_ssize_t,
        header=Py_ssize_t, largest=Py_ssize_t, peek=Py_ssize_t, more=Py_ssize_t, last=Py_ssize_t,
    )
    cpdef list cut(self, bytes data)

    cpdef keep(self, bytes data, Py_ssize_t position, Py_ssize_t needed)


@cython.locals(octets=Octets, position=Py_ssize_t, length=Py_ssize_t, taken=Py_ssize_t, held=Py_ssize_t)
cpdef tuple fit(bytes data, Py_ssize_t start, Py_ssize_t end, Py_ssize_t rows, Py_ssize_t size, bint unnumbered)


@cython.locals(parts=list, octets=Octets, position=Py_ssize_t, stop=Py_ssize_t, rest=Py_ssize_t, length=Py_ssize_t)
cpdef tuple payload(bytes data, Py_ssize_t start, Py_ssize_t end, Py_ssize_t skip)
