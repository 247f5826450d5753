"""What a connection costs while nothing happens on it: the proxy's memory."""

from __future__ import annotations

from contextlib import ExitStack

import psycopg

from .process import resident_bytes
from .rig import Subject, without_tls

WARM_UP = 20
"""Connections opened and closed before: what is loaded on first use is no connection's own."""


def bytes_per_connection(subject: Subject, connections: int) -> float:
    """Resident memory that each of so many idle sessions adds to the proxy. Needs a proxy that has just been started.

    Each has run a statement: only then does PgBouncer give it a connection of its own to the server, as Nightporter always does.
    """
    _open(subject.dsn, WARM_UP).close()
    before = resident_bytes(subject.processes)
    with _open(subject.dsn, connections):
        return (resident_bytes(subject.processes) - before) / connections


def _open(dsn: str, count: int) -> ExitStack:
    with ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(psycopg.connect(without_tls(dsn), autocommit=True))
            connection.execute("select 1")
        return stack.pop_all()
