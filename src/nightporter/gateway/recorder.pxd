# C types for recorder.py when it is compiled; the file itself stays plain Python.


cdef class Recorder:
    cdef object _book, _ledger, _who
