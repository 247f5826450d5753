# C types for session.py when it is compiled; the file itself stays plain Python. A new attribute is declared here too.


cdef class Session:
    cdef public object id, worker, entrypoint, client, peer, upstream, entered, facts, recorder, cancel_key, found, since
    cdef public object active_at, _journey, _waiting, _commit, _approval, _row, _counted, _timer, _held, _held_size, _opening
    cdef public bint follows, closing, _client_ended, _crowded, _counting

    cpdef _client_data(self, data)
    cpdef _upstream_data(self, data)
    cpdef _pass_on(self, traffic)
