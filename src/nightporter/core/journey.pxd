# C types for journey.py when it is compiled; the file itself stays plain Python. A new attribute is declared here too.


cdef class Journey:
    cdef object _wire, _principal, _resource, _adapter, _asking, _own, _policies, _answers, _facts, _purpose, _purpose_at_start, _token_key, _reveals
    cdef readonly dict _judgements

    cpdef _judge_under(self, request, snapshot)
    cpdef _judge_plainly(self, reading)
    cpdef _kept(self, key)
    cpdef _judge(self, key, reading, shifting, snapshot=*)
