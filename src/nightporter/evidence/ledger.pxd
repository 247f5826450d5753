# C types for ledger.py when it is compiled; the file itself stays plain Python. A new attribute is declared here too.


cdef class Ledger:
    cdef object _commitments, _day, _directory, _flush_at, _frontier, _key, _lock, _now_us, _path
    cdef object _prev, _publishing, _random, _segments, _signed, _size, _stamp, _writer, _pending_bytes
    cdef list _leaves, _pending

    cpdef _append(self, record)
    cpdef _count(self, leaf)
    cpdef _written(self)
