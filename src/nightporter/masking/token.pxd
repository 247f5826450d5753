# C types for token.py when it is compiled; the file itself stays plain Python.
cimport cython

ctypedef unsigned long long Word
ctypedef const unsigned char* Octets

cdef Word _WORD
cdef Word _SPREAD
cdef Word _STEP
cdef Word _ODD
cdef Word _SIP_A
cdef Word _SIP_B
cdef Word _SIP_C
cdef Word _SIP_D
cdef int _ROUNDS


@cython.locals(mask=Word, left=Word, right=Word, last=Word, step=cython.int)
cpdef Word permuted(Word value, int half, Word one, Word other, int side)

@cython.locals(a=Word, b=Word, c=Word, d=Word, message=Word, word=cython.int, _=cython.int)
cpdef Word sip(Word one, Word other, Word first, Word second)

@cython.locals(start=Py_ssize_t, done=bytes, position=Py_ssize_t, octets=Octets)
cpdef bytes shaped(bytes source, Word seed, bytes form)

@cython.locals(n=Py_ssize_t, code=cython.uchar, octet=cython.uchar, sources=Octets, kinds=Octets)
cpdef bytearray fill(bytearray made, bytes form, bytes source)

@cython.locals(digits=Py_ssize_t, letters=Py_ssize_t, position=Py_ssize_t, code=cython.uchar, bits=double, whole=double, kinds=Octets)
cpdef Py_ssize_t check_start(bytes form)

@cython.locals(n=Py_ssize_t, code=cython.uchar, sum_=Word, kinds=Octets)
cpdef bytes check(bytearray made, bytes form, Word seed, Py_ssize_t start)

@cython.locals(total=Py_ssize_t, n=Py_ssize_t, digit=cython.int, double=bint, numbers=Octets)
cpdef bint luhn(bytes made)
