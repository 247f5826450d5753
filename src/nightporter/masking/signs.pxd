# C types for signs.py when it is compiled; the file itself stays plain Python.
cimport cython

ctypedef const unsigned char* Octets


cdef class Signs:
    cdef bytes kinds
    cdef bytes classes
    cdef unsigned int[::1] steps
    cdef unsigned long long[::1] given
    cdef unsigned long long[::1] allowed
    cdef unsigned int width
    cdef unsigned int accepting
    cdef unsigned long long always
    cdef unsigned long long run
    cdef unsigned long long groups
    cdef unsigned long long quad
    cdef unsigned long long colons
    cdef unsigned long long word
    cdef unsigned long long pair
    cdef unsigned long long structured

    @cython.locals(
        octets=Octets, classes=Octets, steps="unsigned int[::1]", accepting="unsigned int", size=Py_ssize_t, position=Py_ssize_t,
        state="unsigned int", digits=Py_ssize_t, found="unsigned long long", code=cython.uchar,
    )
    cpdef unsigned long long scan(self, bytes data)

    @cython.locals(
        octets=Octets, kinds=Octets, size=Py_ssize_t, position=Py_ssize_t, found="unsigned long long", end=Py_ssize_t,
        runs=Py_ssize_t, total=Py_ssize_t, dots=Py_ssize_t, decimals=Py_ssize_t, colons=Py_ssize_t, code=cython.uchar,
        kind=cython.uchar, start=Py_ssize_t, after=Py_ssize_t, letters=Py_ssize_t, first=Py_ssize_t, count=Py_ssize_t,
        gap=Py_ssize_t, loose=bint, long=Py_ssize_t, enough=Py_ssize_t, wide=Py_ssize_t, digest=Py_ssize_t,
        longest=Py_ssize_t,
    )
    cpdef unsigned long long structure(self, bytes data)


cdef bint _is_hex(unsigned char code)

@cython.locals(octets=Octets, position=Py_ssize_t)
cdef bint is_digest(bytes data, Py_ssize_t start, Py_ssize_t end)

cdef bint _is_account(Py_ssize_t letters, Py_ssize_t digits)

@cython.locals(octets=Octets, position=Py_ssize_t, code=cython.uchar)
cpdef Py_ssize_t uuid_end(bytes data, Py_ssize_t start, Py_ssize_t size)

@cython.locals(octets=Octets, position=Py_ssize_t)
cpdef Py_ssize_t digits_at(bytes data, Py_ssize_t start, Py_ssize_t size)

@cython.locals(octets=Octets, count=Py_ssize_t, position=Py_ssize_t, mark=cython.uchar)
cpdef Py_ssize_t moment_end(bytes data, Py_ssize_t start, Py_ssize_t size)

@cython.locals(octets=Octets, count=Py_ssize_t, position=Py_ssize_t)
cpdef Py_ssize_t clock_end(bytes data, Py_ssize_t start, Py_ssize_t size)
