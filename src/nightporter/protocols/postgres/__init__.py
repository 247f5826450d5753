"""PostgreSQL, protocol 3.0 and 3.2 ("Frontend/Backend Protocol" in PostgreSQL's documentation).

    client                      nightporter                        upstream
      |-- SSLRequest / TLS ------->|
      |-- StartupMessage --------->|  greet
      |<-- SASL or cleartext ----->|  prove
      |                            |-- SSLRequest / TLS ------------>|  enter
      |                            |-- StartupMessage (our role) --->|
      |                            |<-- SASL, md5, trust ----------->|
      |<-- AuthenticationOk, ParameterStatus, key, ReadyForQuery ----|  welcome
      |-- Query, Parse, Bind, ... >|-- decided, recorded ----------->|  wire
      |<-- rows, errors, ReadyForQuery ------------------------------|

messages   the catalogue of messages          framing   where they begin and end (hot)
greet      the client's start-up              prove     its authentication
enter      ours at the upstream               wire      the statement phase
names      prepared statements and portals    analysis  what a text does
fake       a server for tests
"""
