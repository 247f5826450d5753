"""One session, from the client's first byte to the last record. Reads top to bottom. No I/O.

    greet        who does the client claim to be, and what does it want        protocols/<name>/greet
    prove        is it so                                                       identity, protocols/<name>/prove
    connect      may they come in                                               policy
    enter        a connection to the upstream, opened with an Allow             protocols/<name>/enter
    statements   what is asked, may they, the intent recorded, then upstream    protocols/<name>/wire, policy, evidence
    answers      matched to their statements, passed on, the outcome recorded   protocols/<name>/wire, evidence

Every method is a generator of commands (`Steps`); the rim carries them out and answers what is asked. An exception that leaves a
generator ends the session: fail closed.
"""

from __future__ import annotations

from dataclasses import dataclass

from nightporter.identity.principal import Principal
from nightporter.policy.decide import approve, decide, decide_text
from nightporter.policy.model import AccessRequest, Allow, Deny, Hold, Resource
from nightporter.statement.model import Action, Reading

from .admission import identify
from .commands import Admit, AwaitApproval, Enter, Find, Greet, Intend, Judgement, PassOn, Steps, Welcome, ask
from .error import EvidenceError, Refusal, TurnedAwayError
from .wire import Adapter, Cancel, Denial, Outcome, Peer, Request, Traffic, Wire, WireSetup

MAX_JUDGEMENTS = 256
"""Distinct texts of one session whose judgement is kept; more than an application's set of prepared statements."""

FAULT = "58000"  # system_error
DISK_FULL = "53100"
DENIED = "42501"  # insufficient_privilege


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that is ready for statements."""

    journey: Journey
    client_rest: bytes
    """What the client sent after its proof, without waiting."""
    upstream_rest: bytes


def open_session(peer: Peer, adapter: Adapter) -> Steps[Opened | Cancel]:
    """Everything before the first statement. Raises TurnedAwayError, and any NightporterError: then nothing was opened."""
    hello = yield from ask(Greet(peer))
    if isinstance(hello, Cancel):
        return hello
    principal, rest = yield from identify(hello, peer)
    place = yield from ask(Find(hello, principal))
    decision = decide(AccessRequest(principal, Action.CONNECT, place.resource))
    if not isinstance(decision, Allow):
        raise TurnedAwayError(Refusal(DENIED, decision.reason), decision.reason)
    yield from ask(Admit(place, decision))  # recorded: who, from where, to what, and why
    entered = yield from ask(Enter(decision, hello, place))
    setup = WireSetup(principal.label, entered.parameters, place.max_statement_bytes)
    yield Welcome(adapter.welcome(hello, entered, setup, place.cancel_secret))
    return Opened(Journey(adapter.new_wire(setup), principal, place.resource), rest, entered.rest)


class Journey:
    """The statement phase: from here on every byte of the client is accounted for."""

    def __init__(self, wire: Wire, principal: Principal, resource: Resource) -> None:
        self._wire = wire
        self._principal = principal
        self._resource = resource
        self._judgements: dict[Reading, Judgement] = {}

    def from_client(self, data: bytes) -> Steps[None]:
        """Bytes of the client. Not called while an earlier call waits for an answer, or while `stalled`."""
        self._wire.receive_client(data)
        yield from self.go_on()

    def go_on(self) -> Steps[None]:
        """Decide and pass on what the client has asked for; also after the upstream ended a stall."""
        wire = self._wire
        while (request := wire.next_request()) is not None:
            judgement = self._judge(request.reading)
            if request.reading.changes or type(judgement.decision) is Hold:
                yield PassOn(wire.drain())  # what comes before does not wait for the disk, or for a person
            try:
                if isinstance(judgement.decision, Hold):
                    judgement = yield from self._hold(request, judgement, judgement.decision)
                ticket = yield Intend(request, judgement)  # evidence before effect
            except EvidenceError as error:
                # not a byte of the statement has gone upstream: it does not run, and the session goes on
                wire.deny(request, _fault(error))
                continue
            decision = judgement.decision
            if isinstance(decision, Allow):
                wire.allow(request, ticket)
            else:
                wire.deny(request, Denial(DENIED, decision.reason, f"record {ticket.number}", _hint(decision)))
        yield PassOn(wire.drain())

    def _hold(self, request: Request, judgement: Judgement, hold: Hold) -> Steps[Judgement]:
        """Wait for an answer; what was held is recorded, and so is what became of it."""
        ticket = yield from ask(Intend(request, judgement))
        answer = yield from ask(AwaitApproval(ticket, hold))
        request.refers_to = ticket.number
        return Judgement(request.reading, approve(hold, answer))

    def _judge(self, reading: Reading) -> Judgement:
        """The decision for everything that a text says, from the cache if the same reading was judged before."""
        judgement = self._judgements.get(reading)
        if judgement is None:
            judgement = Judgement(reading, decide_text(self._principal, self._resource, reading))
            if len(self._judgements) >= MAX_JUDGEMENTS:
                self._judgements.clear()
            self._judgements[reading] = judgement
        return judgement

    def from_upstream(self, data: bytes) -> Traffic:
        """Bytes of the upstream; gives what to record and to send. Never waits."""
        self._wire.receive_upstream(data)
        return self._wire.drain()

    @property
    def stalled(self) -> bool:
        """Whether the client's bytes must wait for the upstream to answer."""
        return self._wire.stalled

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way and no transaction is open."""
        return self._wire.idle

    def end(self) -> tuple[list[Outcome], int | None]:
        """Both sides are gone: what is known of whatever was under way, and the transaction that ends without a word."""
        left_open = self._wire.open_transaction
        outcomes = self._wire.abandon()
        return outcomes, None if outcomes else left_open


def _hint(decision: Deny | Hold) -> str | None:
    return decision.hint if isinstance(decision, Deny) else None


def _fault(error: EvidenceError) -> Denial:
    if error.disk_full:
        return Denial(DISK_FULL, "the statement was not run: its record could not be written, the disk is full")
    return Denial(FAULT, "the statement was not run: its record could not be written")
