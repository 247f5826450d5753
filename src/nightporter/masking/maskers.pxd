# C types for maskers.py when it is compiled; the file itself stays plain Python.
cimport cython

ctypedef const unsigned char* Octets


cdef bytes _OF_CARDS
cdef bytes _OF_PHONES
cdef bytes _OF_ACCOUNTS
cdef bytes _OF_EMAILS


@cython.locals(octets=Octets, kinds=Octets, table=bytes, size=Py_ssize_t, at=Py_ssize_t, position=Py_ssize_t, dot=Py_ssize_t, code=cython.uchar, first=cython.uchar)
cpdef bytes email(bytes cell)

cpdef bytes card(bytes cell)

cpdef bytes phone(bytes cell)

cpdef bytes account(bytes cell)

cpdef bytes partial(str kind, bytes cell)

@cython.locals(octets=Octets, kinds=Octets, size=Py_ssize_t, counted=Py_ssize_t, numeric=Py_ssize_t, hidden=Py_ssize_t, position=Py_ssize_t, kind=cython.uchar, shown=bytearray)
cpdef bytes starred(bytes cell, bytes table, Py_ssize_t kept, Py_ssize_t least, Py_ssize_t most, Py_ssize_t digits)
