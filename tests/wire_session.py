"""Drives a `Wire` between a script of a client and one of a server, as the rim does. Knows no protocol, asserts nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Self

from nightporter.core.wire import Denial, Outcome, Request, Ticket, Wire

DENIAL = Denial("42501", "no", "record 1")


def plain(text: str) -> str:
    """A statement without what separates it from the next."""
    return text.strip("; ")


class WireSession:
    """One session. `chunk`: how many bytes come at a time, 0 for all. With `slow`, requests wait for `answer()`."""

    def __init__(self, wire: Wire, refuse: Callable[[Request], bool] = lambda _: False, *, chunk: int = 0) -> None:
        self.wire = wire
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
        self._allowed: list[str] = []

    # Both sides

    def client(self, *messages: bytes) -> Self:
        """The client sends."""
        self._held.extend(self._cut(b"".join(messages)))
        self._pump()
        return self

    def server(self, *messages: bytes) -> Self:
        """The server sends; what was held because of that goes on."""
        for piece in self._cut(b"".join(messages)):
            self.wire.receive_upstream(piece)
            self._drain()
            if self._waiting is None and self.wire.stalled:
                self._ask()
            self._pump()
        return self

    def answer(self, *, deny: bool = False) -> Self:
        """The answer to the request that waits."""
        request, self._waiting = self._waiting, None
        assert request is not None, "nothing waits"
        self._decide(request, deny=deny)
        self._ask()
        self._pump()
        return self

    def gone(self) -> Self:
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
            f"{r.phase} {'; '.join(plain(s.text) for s in r.reading.statements)}"
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
            text = plain(said[o.statement].text) if o.statement < len(said) else "?"
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

    def without_outcome(self) -> list[str]:
        """Requests that were allowed, and of which nothing more was told."""
        told = {outcome.ticket.number for outcome in self.outcomes}
        return [f"{self._by_ticket[number].phase} {number}" for number in self._allowed if number not in told]

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
            self._allowed.append(ticket.number)
            self.wire.allow(request, ticket)

    def _drain(self) -> None:
        traffic = self.wire.drain()
        self.up += b"".join(traffic.to_upstream)
        self.down += b"".join(traffic.to_client)
        self.outcomes += traffic.outcomes
        self.finished = self.finished or traffic.finished
