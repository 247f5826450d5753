# C types for exchange.py when it is compiled; the file itself stays plain Python.


cdef class Portal


cdef class Run:
    cdef public object outcome
    cdef public object statement
    cdef public list changes
    cdef public object hash
    cdef public bint done
    cdef public bint began
    cdef public tuple steps
    cdef public bint moving
    cdef public object due
    cdef public object meters
    cdef public object cut
    cdef public object curtain
    cdef public object veiling
    cdef public object request


cdef class Owed:
    cdef public int code
    cdef public list runs
    cdef public tuple changes
    cdef public object denial
    cdef public Py_ssize_t at
    cdef public object cutoff
    cdef public Portal portal


cdef class Prepared:
    cdef public object reading
    cdef public tuple types


cdef class Portal:
    cdef public object reading
    cdef public object run
    cdef public object number
    cdef public bint hold
    cdef public object statement
    cdef public tuple types
    cdef public object standing
    cdef public long moved
    cdef public object meter
    cdef public object curtain
    cdef public bint described
    cdef public object plan


cdef class Pending:
    cdef public object request
    cdef public int code
    cdef public Py_ssize_t start
    cdef public Py_ssize_t end
    cdef public Py_ssize_t count
    cdef public object prepared
    cdef public object statement
    cdef public object portal
    cdef public object of
    cdef public tuple types
