"""The messages of conversations in a few letters each, and a `PostgresWire` between the two sides. Asserts nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nightporter.core.wire import Request, WireSetup
from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.wire import REFUSED, REFUSED_NAME, PostgresWire
from nightporter.statement.model import Action
from tests.wire_session import WireSession, plain

LABEL = "alice/bot"
SETTINGS: Mapping[str, str] = {"client_encoding": "UTF8", "server_encoding": "UTF8", "standard_conforming_strings": "on"}
LIMIT = 16 * 1024

# What a client says


def q(text: str | bytes) -> bytes:
    return m.query_message(text if isinstance(text, bytes) else text.encode())


def p(name: str | bytes, text: str | bytes) -> bytes:
    return m.parse_message(_bytes(name), _bytes(text))


def b(portal: str | bytes = "", name: str | bytes = "", *values: bytes | None) -> bytes:
    return m.bind_message(_bytes(portal), _bytes(name), list(values))


def d(portal: str | bytes = "") -> bytes:
    return m.describe_message(b"P", _bytes(portal))


def e(portal: str | bytes = "", rows: int = 0) -> bytes:
    return m.execute_message(_bytes(portal), rows)


def close(kind: str, name: str | bytes) -> bytes:
    return m.close_message(kind.encode(), _bytes(name))


def ext(text: str, name: str = "", portal: str = "") -> bytes:
    """Parse, Bind, Execute."""
    return p(name, text) + b(portal, name) + e(portal)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


S = m.sync_message()
FLUSH = m.flush_message()
TERMINATE = m.terminate_message()
COPY_DONE = m.copy_done()

# What a server says

PARSED, BOUND, CLOSED, NO_DATA, EMPTY, SUSPENDED = (m.message(code) for code in (b"1", b"2", b"3", b"n", b"I", b"s"))
ROWS = m.row_description([("a", 25)])
COPY_IN = m.copy_response(b"G", 1)
COPY_OUT = m.copy_response(b"H", 1)


def row(value: bytes = b"x") -> bytes:
    return m.data_row([value])


def done(tag: str) -> bytes:
    return m.command_complete(tag)


def z(status: str = "I") -> bytes:
    return m.ready_for_query(status.encode())


def error(sqlstate: str = "22012", severity: str = "ERROR") -> bytes:
    return m.error_response({"S": severity, "V": severity, "C": sqlstate, "M": "words"})


# What we say

REFUSED_PARSE = m.parse_message(REFUSED_NAME, REFUSED)
REFUSED_QUERY = m.query_message(REFUSED)
DENIED = m.error_response({"S": "ERROR", "V": "ERROR", "C": "42501", "M": "no", "D": "record 1"})


def texts(*refused: str) -> Callable[[Request], bool]:
    """Refuses requests that say one of these."""
    return lambda request: any(plain(s.text) in refused for s in request.reading.statements)


def unknown(request: Request) -> bool:
    """Refuses what cannot be understood, as policy does for agents."""
    return any(Action.UNKNOWN in s.actions for s in request.reading.statements)


class Wired(WireSession):
    """One session. `chunk`: how many bytes come at a time, 0 for all. With `slow`, requests wait for `answer()`."""

    def __init__(
        self,
        refuse: Callable[[Request], bool] = lambda _: False,
        *,
        chunk: int = 0,
        limit: int = LIMIT,
        settings: Mapping[str, str] = SETTINGS,
    ) -> None:
        super().__init__(PostgresWire(WireSetup(LABEL, settings, limit)), refuse, chunk=chunk)
