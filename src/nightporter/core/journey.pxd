# C types for journey.py when it is compiled; the file itself stays plain Python. A new attribute is declared here too.


cdef class Journey:
    cdef object _wire, _principal, _resource
    cdef readonly dict _judgements

    cpdef _judge(self, reading)
