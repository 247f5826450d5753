"""Drives a `PostgresWire` between a script of a client and one of a server, as the rim does. No assertions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from nightporter.core.wire import Denial, Outcome, Request, Ticket, WireSetup
from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.wire import REFUSED, REFUSED_NAME, PostgresWire
from nightporter.statement.model import Action

LABEL = "alice/bot"
SETTINGS: Mapping[str, str] = {"client_encoding": "UTF8", "server_encoding": "UTF8", "standard_conforming_strings": "on"}
LIMIT = 16 * 1024
DENIAL = Denial("42501", "no", "record 1")

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


def _plain(text: str) -> str:
    return text.strip("; ")


def texts(*refused: str) -> Callable[[Request], bool]:
    """Refuses requests that say one of these."""
    return lambda request: any(_plain(s.text) in refused for s in request.reading.statements)


def unknown(request: Request) -> bool:
    """Refuses what cannot be understood, as policy does for agents."""
    return any(Action.UNKNOWN in s.actions for s in request.reading.statements)


class Wired:
    """One session. `chunk`: how many bytes come at a time, 0 for all. With `slow`, requests wait for `answer()`."""

    def __init__(
        self,
        refuse: Callable[[Request], bool] = lambda _: False,
        *,
        chunk: int = 0,
        limit: int = LIMIT,
        settings: Mapping[str, str] = SETTINGS,
        wire: PostgresWire | None = None,
    ) -> None:
        self.wire = wire or PostgresWire(WireSetup(LABEL, settings, limit))
        self.refuse = refuse
        self.slow = False
        self.requests: list[Request] = []
        self.outcomes: list[Outcome] = []
        self.up = b""
        self.down = b""
        self.finished = False
        self._chunk = chunk
        self._held: deque[bytes] = deque()
        self._waiting: Request | None = None
        self._by_ticket: dict[str, Request] = {}

    # Both sides

    def client(self, *messages: bytes) -> Wired:
        """The client sends."""
        self._held.extend(self._cut(b"".join(messages)))
        self._pump()
        return self

    def server(self, *messages: bytes) -> Wired:
        """The server sends; what was held because of that goes on."""
        for piece in self._cut(b"".join(messages)):
            self.wire.receive_upstream(piece)
            self._drain()
            if self._waiting is None and self.wire.stalled:
                self._ask()
            self._pump()
        return self

    def answer(self, *, deny: bool = False) -> Wired:
        """The answer to the request that waits."""
        request, self._waiting = self._waiting, None
        assert request is not None, "nothing waits"
        self._decide(request, deny=deny)
        self._ask()
        self._pump()
        return self

    def gone(self) -> Wired:
        """The connection is lost."""
        self.outcomes += self.wire.abandon()
        return self

    @property
    def waits(self) -> bool:
        """Whether a request waits for `answer()`."""
        return self._waiting is not None

    # What came of it

    def sent(self) -> bytes:
        """What went upstream since the last time."""
        sent, self.up = self.up, b""
        return sent

    def heard(self) -> bytes:
        """What the client got since the last time."""
        heard, self.down = self.down, b""
        return heard

    def asked(self, *, prepared: bool = False) -> list[str]:
        """Phase and text of each request; those for text that is only to be run later on demand."""
        return [
            f"{r.phase} {'; '.join(_plain(s.text) for s in r.reading.statements)}"
            for r in self.requests
            if prepared or r.phase != "prepare"
        ]

    def ends(self) -> list[str]:
        """Each outcome: phase, status, rows, transaction and its end; preparations left out."""
        found = []
        for o in self.outcomes:
            request = self._by_ticket[o.ticket.number]
            if request.phase == "prepare" and o.transaction_end is None:
                continue
            said = request.reading.statements
            text = _plain(said[o.statement].text) if o.statement < len(said) else "?"
            words = [
                text,
                "->",
                o.status,
                o.sqlstate,
                None if o.rows is None else f"{o.rows} rows",
                f"#{o.transaction}",
                o.transaction_end,
            ]
            found.append(" ".join(word for word in words if word))
        return found

    def request_of(self, outcome: Outcome) -> Request:
        """What an outcome belongs to."""
        return self._by_ticket[outcome.ticket.number]

    # How

    def _cut(self, data: bytes) -> Iterable[bytes]:
        size = self._chunk or len(data) or 1
        return [data[at : at + size] for at in range(0, len(data), size)]

    def _pump(self) -> None:
        while self._held and self._waiting is None and not self.wire.stalled:
            self.wire.receive_client(self._held.popleft())
            self._ask()

    def _ask(self) -> None:
        while (request := self.wire.next_request()) is not None:
            self.requests.append(request)
            if self.slow:
                self._waiting = request
                self._drain()
                return
            self._decide(request, deny=self.refuse(request))
        self._drain()

    def _decide(self, request: Request, *, deny: bool) -> None:
        ticket = Ticket(str(len(self._by_ticket) + 1), 0, b"salt")
        self._by_ticket[ticket.number] = request
        if deny:
            self.wire.deny(request, DENIAL)
        else:
            self.wire.allow(request, ticket)

    def _drain(self) -> None:
        traffic = self.wire.drain()
        self.up += b"".join(traffic.to_upstream)
        self.down += b"".join(traffic.to_client)
        self.outcomes += traffic.outcomes
        self.finished = self.finished or traffic.finished
