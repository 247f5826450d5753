"""A large result, read by a client that does nothing with it: the slowest part must not be ourselves.

libpq logs in; then its socket is read into one buffer that is overwritten again and again, and only the last bytes are looked
at. A driver would spend more on each row than server and proxy together.

A session's first statement is not what is measured: on every side it is a small one, whose wait (the server opens its caches,
we look whether the catalogue is still the one we know) belongs to the figure of connections opened, where it is counted.
"""

from __future__ import annotations

import socket
import struct
import time

import psycopg

from .error import BenchError
from .rig import without_tls

BUFFER_BYTES = 256 * 1024
TIMEOUT_S = 120.0
FIRST = b"SELECT 1"
READY = b"Z\0\0\0\5I"
"""ReadyForQuery, outside a transaction: the last message of an answer. No row of ours has such bytes."""


def read_rows(dsn: str, text: str, tag: str) -> float:
    """Seconds from sending a statement to the last byte of its answer, which must end in `tag` (`SELECT 5`)."""
    complete = message(b"C", tag.encode() + b"\0") + READY
    with psycopg.connect(without_tls(dsn), autocommit=True) as connection, _socket_of(connection) as link:
        link.sendall(message(b"Q", FIRST + b"\0"))
        last_bytes(link, len(READY))
        begun = time.perf_counter()
        link.sendall(message(b"Q", text.encode() + b"\0"))
        end = last_bytes(link, len(complete))
        took = time.perf_counter() - begun
    if end != complete:
        raise BenchError(f"the answer did not end in `{tag}`")
    return took


def last_bytes(link: socket.socket, count: int) -> bytes:
    """Read until the answer is over; gives its end, at most so many bytes. Raises BenchError when it never is."""
    buffer = bytearray(BUFFER_BYTES)
    view = memoryview(buffer)
    tail = b""
    while not tail.endswith(READY):
        received = link.recv_into(buffer)
        if not received:
            raise BenchError("the connection was closed within an answer")
        tail = (tail + bytes(view[max(0, received - count) : received]))[-count:]
    return tail


def _socket_of(connection: psycopg.Connection) -> socket.socket:
    """Its socket, our own copy and blocking. libpq must not be used on the connection any more, but to close it."""
    link = socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM)
    link.settimeout(TIMEOUT_S)
    return link


def message(kind: bytes, body: bytes) -> bytes:
    """A message of the protocol; the length counts itself."""
    return kind + struct.pack("!I", 4 + len(body)) + body
