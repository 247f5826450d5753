"""A client that says anything, a server that answers or fails at any time, us between them, and bytes that come in any pieces.

Both must agree, to the end, on every text that runs and on whose answer is whose. One random number decides it all.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from nightporter.core.error import ProtocolError
from nightporter.core.wire import Outcome, Request, Ticket
from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.cell import CellMask
from nightporter.protocols.postgres.fields import fields_of
from nightporter.protocols.postgres.shade import Shade
from nightporter.protocols.postgres.veiling import Plan
from tests.protocols.postgres.backend import Server
from tests.protocols.postgres.wired import FLUSH, S, Wired, b, close, d, e, p, q, row, texts

HARMFUL = "drop table t"
HIDDEN = q(HARMFUL)
"""A message within a message. The server must never get to read it as one."""
LIMIT = 4200
TEXTS = ("select 1", "select 2", "select 3", "insert into t values (1)", "un known", "copy t from stdin", HARMFUL)
NAMES = ("", "a", "b")
MAX_TURNS = 5000
MASKED = b"*****"


def script(random: Random) -> bytes:
    """What a client says: most of it makes sense."""
    said = b""
    for _ in range(random.randint(1, 14)):
        said += random.choices(_PHRASES, _WEIGHTS)[0](random)
        if random.random() < 0.3:
            said += S
    return said + S + m.copy_done() + S


def _text(random: Random) -> str:
    return random.choice(TEXTS[:4] if random.random() < 0.7 else TEXTS)


def _name(random: Random) -> str:
    return random.choice(NAMES)


def _value(random: Random) -> bytes:
    filler = b"x" * random.choice([0, 3, 100, LIMIT])
    return filler + random.choice([b"", HIDDEN, S + HIDDEN, b"\0\0\0" + HIDDEN])


def _extended(random: Random) -> bytes:
    name, portal = _name(random), _name(random)
    return p(name, _text(random)) + b(portal, name, _value(random)) + random.choice([b"", d(portal)]) + e(portal)


def _again(random: Random) -> bytes:
    name, portal = _name(random), _name(random)
    return b(portal, name, _value(random)) + e(portal)


def _other_text(random: Random) -> bytes:
    """The same name for another text; the server takes it or not."""
    name = _name(random)
    return random.choice([b"", close("S", name)]) + p(name, _text(random)) + random.choice([b"", S, S]) + b("", name) + e()


def _copy(random: Random) -> bytes:
    data = b"".join(m.copy_data(_value(random)) for _ in range(random.randint(0, 3)))
    if random.random() < 0.5:
        return q("copy t from stdin") + data + m.copy_done()
    return p("", "copy t from stdin") + b() + e() + random.choice([b"", S]) + data + m.copy_done() + S


def _message(random: Random) -> bytes:
    name = _name(random)
    return random.choice(
        [p(name, _text(random)), b(_name(random), name), e(name), d(name), close(random.choice("SP"), name), FLUSH]
    )


def _large(random: Random) -> bytes:
    text = f"select '{'x' * LIMIT}'"
    return random.choice([q(text), p("", text) + b() + e()])


def _stray(random: Random) -> bytes:
    return random.choice([m.copy_data(HIDDEN), m.copy_done(), m.message(b"H", HIDDEN)])


_PHRASES: tuple[Callable[[Random], bytes], ...] = (
    lambda random: q(_text(random)),
    _extended,
    _again,
    _other_text,
    _copy,
    _message,
    _large,
    _stray,
)
_WEIGHTS = (3, 5, 3, 4, 2, 3, 1, 1)


class Curtain:
    """Masks whatever there is."""

    clear = False
    strict = True

    def plan(self, description: bytes, codec: str) -> Plan:
        """A mask for each column."""
        count = len(fields_of(description))
        return Plan([CellMask(MASKED)] * count, [Shade("full")] * count, ["?"] * count)

    def copy(self, body: bytes, encoding: str) -> None:
        """Nothing is copied out here."""

    def value(self, body: bytes, whole: bool, codec: str) -> None:
        """A function's value passes."""


class Veil:
    """Before everything."""

    unknown = Curtain()

    def before(self, statement: int) -> Curtain:
        """The same for all."""
        return self.unknown

    def said(self, *_: object) -> None:
        """Errors pass."""


class Veiled(Wired):
    """A session of somebody to whom no row is shown as it is."""

    def _decide(self, request: Request, *, deny: bool) -> None:
        if deny:
            super()._decide(request, deny=deny)
            return
        ticket = Ticket(str(len(self._by_ticket) + 1), 0, b"salt")
        self._by_ticket[ticket.number] = request
        self._allowed.append(ticket.number)
        self.wire.allow(request, ticket, None, Veil())


def duel(random: Random) -> bytes:
    """One session; gives all that was said. Raises AssertionError where the two sides disagree."""
    said = script(random)
    failing = random.choice([0.0, 0.0, 0.1, 0.4])
    veiled = random.random() < 0.4
    server = Server(fails=lambda: random.random() < failing, describes=veiled)
    wired = (Veiled if veiled else Wired)(texts(HARMFUL), limit=LIMIT)
    wired.slow = random.random() < 0.5
    answers = b""
    passed = b""
    try:
        for _ in range(MAX_TURNS):
            if not (said or answers or wired.up or wired.waits):
                break
            match random.randint(0, 4):
                case 0 | 1 if said:
                    size = random.choice([1, 3, 10, 50, 500, len(said)])
                    wired.client(said[:size])
                    said = said[size:]
                case 2 if wired.up:
                    passed += wired.up
                    answers += server.read(wired.sent())
                case 3 if answers:
                    size = random.choice([1, 5, 30, len(answers)])
                    wired.server(answers[:size])
                    answers = answers[size:]
                case 4 if wired.waits:
                    wired.answer(deny=texts(HARMFUL)(wired.requests[-1]))
                case 4 if failing and random.random() < 0.3:
                    answers += server.interrupt()
    except ProtocolError as broken:
        # the only thing such a client can do that no server would stand
        if "where copy data is due" not in str(broken):
            raise AssertionError(f"the session broke: {broken}") from broken
        server.read(wired.sent())
        assert HARMFUL not in server.ran
        return passed
    assert HARMFUL not in server.ran, "it ran what was never allowed"
    assert not said, "the session stands still"
    assert wired.wire.idle, "something is still owed"
    assert not wired.gone().without_outcome(), "an intent without an outcome"
    told = [_said(wired, o) for o in wired.outcomes if o.status == "ok" and o.tag]
    ran = ["large" if len(text) > LIMIT else text for text in server.ran]
    assert not veiled or row() not in wired.down, "a row passed the veil"
    assert told == ran, f"an answer was taken for another's: {told} for {ran}"
    return passed + wired.down + "\n".join(wired.ends()).encode()


def _said(wired: Wired, outcome: Outcome) -> str:
    return wired.request_of(outcome).reading.statements[outcome.statement].text or "large"
