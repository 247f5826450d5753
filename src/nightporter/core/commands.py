"""What the core wants done outside. The core itself never does I/O.

The core is a generator (`Steps`): it yields commands and the rim carries them out. A plain command is fire and forget; an
`Ask` is answered, by `send(reply)` or `throw(error)`, at once or later. Those of the statement phase are plain classes: they are
made for every statement.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from nightporter.catalog.follow import Following
from nightporter.catalog.model import Snapshot
from nightporter.identity.directory import Entry
from nightporter.identity.principal import Principal
from nightporter.policy.model import Allow, Approval, Decision, Hold, Obligations
from nightporter.statement.model import Reading

from .wire import Cancel, Challenge, Entered, Estimating, Hello, Peer, Place, Proof, Request, Ticket, Traffic, Veil

R_co = TypeVar("R_co", covariant=True)
R = TypeVar("R")


class Command:
    """Fire and forget."""

    __slots__ = ()


class Ask(Command, Generic[R_co]):
    """A command whose answer the core waits for."""

    __slots__ = ()


Steps: TypeAlias = Generator[Command, Any, R]


def ask(command: Ask[R]) -> Steps[R]:
    """Yield an `Ask` and return its typed answer."""
    reply: R = yield command
    return reply


# Opening a session


@dataclass(frozen=True, slots=True)
class Greet(Ask[Hello | Cancel]):
    """Let the protocol find out what the client wants."""

    peer: Peer


@dataclass(frozen=True, slots=True)
class LookUp(Ask[Entry | None]):
    """The directory's entry for a name, after whatever delay earlier failures have earned."""

    name: str
    peer: Peer


@dataclass(frozen=True, slots=True)
class Mock(Ask[Challenge]):
    """A challenge for a name that is not known, like that of one that is."""

    name: str


@dataclass(frozen=True, slots=True)
class Prove(Ask[Proof]):
    """Let the protocol challenge the client."""

    hello: Hello
    challenge: Challenge


@dataclass(frozen=True, slots=True)
class Verify(Ask[Principal]):
    """Is the proof good? Recorded and counted if it is not; raises TurnedAwayError."""

    hello: Hello
    peer: Peer
    entry: Entry | None
    proof: Proof


@dataclass(frozen=True, slots=True)
class Find(Ask[Place]):
    """Where the session is to go; raises TurnedAwayError."""

    hello: Hello
    principal: Principal


@dataclass(frozen=True, slots=True)
class Admit(Ask[None]):
    """Record that the session starts; raises EvidenceError."""

    place: Place
    allow: Allow


@dataclass(frozen=True, slots=True)
class Enter(Ask[Entered]):
    """Open the upstream. Takes the proof that it may be opened; raises UpstreamError."""

    allow: Allow
    hello: Hello
    place: Place


# Statements


class Judgement:
    """A reading and what was decided about it. `encoded` is the recorder's own: what never changes, ready to write.

    `policy_set`: hash of the policies that were in force. `withdrawn`: the client ended its wait for an approval.
    `estimating`: begins to ask how many rows it is about, on which the decision depends; this one is that without an answer.
    `veil`: how its results are shown. `follows`: labels that go with the data that it writes.
    """

    __slots__ = ("decision", "encoded", "estimating", "follows", "policy_set", "reading", "veil", "withdrawn")

    def __init__(
        self,
        reading: Reading,
        decision: Decision,
        policy_set: str | None = None,
        withdrawn: bool = False,
        estimating: Callable[[], Estimating] | None = None,
        veil: Veil | None = None,
        follows: tuple[Following, ...] = (),
    ) -> None:
        self.reading = reading
        self.decision = decision
        self.policy_set = policy_set
        self.withdrawn = withdrawn
        self.estimating = estimating
        self.veil = veil
        self.follows = follows
        self.encoded: object = None


class Consult(Ask[Snapshot | None]):
    """The upstream's catalogue as all see it, not older than is allowed; None if it cannot be had.

    `anew`: as it is from now on, since something is not in the one that was given.
    """

    __slots__ = ("anew",)

    def __init__(self, anew: bool = False) -> None:
        self.anew = anew


CONSULT = Consult()
CONSULT_ANEW = Consult(anew=True)


class Count(Ask[str | None]):
    """A statement of a principal is about to run: count it, unless it is one too many. Gives which limit says so; None: go on."""

    __slots__ = ("obligations",)

    def __init__(self, obligations: Obligations) -> None:
        self.obligations = obligations


class Follow(Ask[None]):
    """Labels go where data is about to go: keep them, for every session to see. Raises EvidenceError when that cannot be done."""

    __slots__ = ("follows",)

    def __init__(self, follows: tuple[Following, ...]) -> None:
        self.follows = follows


class Intend(Ask[Ticket]):
    """Record what is about to happen, or was refused; durable before it is answered if the reading changes something."""

    __slots__ = ("judgement", "request")

    def __init__(self, request: Request, judgement: Judgement) -> None:
        self.request = request
        self.judgement = judgement


class AwaitApproval(Ask[Approval]):
    """Wait for people, or for the end of the wait; the client may end it too. Results of earlier statements flow on."""

    __slots__ = ("hold", "ticket")

    def __init__(self, ticket: Ticket, hold: Hold) -> None:
        self.ticket = ticket
        self.hold = hold


class PassOn(Command):
    """Record these outcomes and send these bytes, each side's in order."""

    __slots__ = ("traffic",)

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic


class Welcome(Command):
    """The session is open: send the client what says so."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


__all__ = [
    "CONSULT",
    "CONSULT_ANEW",
    "Admit",
    "Ask",
    "AwaitApproval",
    "Command",
    "Consult",
    "Count",
    "Enter",
    "Find",
    "Follow",
    "Greet",
    "Intend",
    "Judgement",
    "LookUp",
    "Mock",
    "PassOn",
    "Prove",
    "Steps",
    "Verify",
    "Welcome",
    "ask",
]
