"""One session, from the client's first byte to the last record. Reads top to bottom. No I/O.

    greet        who does the client claim to be, and what does it want        protocols/<name>/greet
    prove        is it so                                                       identity, protocols/<name>/prove
    connect      may they come in                                               policy
    enter        a connection to the upstream, opened with an Allow             protocols/<name>/enter
    statements   what is asked, and what that would do                          protocols/<name>/wire, catalog
                 may they, the intent recorded, then upstream                   policy, evidence
    answers      matched to their statements, passed on, the outcome recorded   protocols/<name>/wire, evidence

Every method is a generator of commands (`Steps`); the rim carries them out and answers what is asked. An exception that leaves a
generator ends the session: fail closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from nightporter.catalog.model import Snapshot
from nightporter.identity.principal import Principal
from nightporter.policy.decide import approve, decide, decide_text
from nightporter.policy.model import AccessRequest, Allow, Deny, Hold, Resource
from nightporter.statement.model import Action, Reading

from .admission import identify
from .commands import (
    CONSULT,
    CONSULT_ANEW,
    Admit,
    AwaitApproval,
    Enter,
    Find,
    Greet,
    Intend,
    Judgement,
    PassOn,
    Steps,
    Welcome,
    ask,
)
from .error import EvidenceError, Refusal, TurnedAwayError
from .wire import Adapter, Cancel, Denial, Outcome, OwnView, Peer, Request, Traffic, Wire, WireSetup

MAX_JUDGEMENTS = 256
"""Distinct texts of one session whose judgement is kept; more than an application's set of prepared statements."""

FAULT = "58000"  # system_error
DISK_FULL = "53100"
DENIED = "42501"  # insufficient_privilege
CANCELED = "57014"  # query_canceled


Looked: TypeAlias = tuple[Request, Judgement, Denial | None]
"""A request and what was decided, once the session's own catalogue is known; what the client is told if that failed."""


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
    setup = WireSetup(principal.label, entered.parameters, place.max_statement_bytes, place.follows)
    yield Welcome(adapter.welcome(hello, entered, setup, place.cancel_secret))
    return Opened(Journey(adapter.new_wire(setup), principal, place.resource, adapter), rest, entered.rest)


class Journey:
    """The statement phase: from here on every byte of the client is accounted for."""

    def __init__(self, wire: Wire, principal: Principal, resource: Resource, adapter: Adapter | None = None) -> None:
        self._wire = wire
        self._principal = principal
        self._resource = resource
        self._adapter = adapter  # none is needed if the wire does not follow what texts mean
        self._judgements: dict[object, Judgement] = {}
        self._asking: tuple[Request, Snapshot, OwnView] | None = None  # what waits for the session's own view
        self._own: tuple[int, int, Snapshot | None] = (0, 0, None)  # that view: its number, the catalogue's version beneath, itself

    def from_client(self, data: bytes) -> Steps[None]:
        """Bytes of the client. Not called while an earlier call waits for an answer, or while `stalled`."""
        self._wire.receive_client(data)
        yield from self.go_on()

    def go_on(self) -> Steps[None]:
        """Decide and pass on what the client has asked for; also after the upstream ended a stall."""
        wire = self._wire
        looked: Looked | None = None
        if self._asking is not None:
            looked = yield from self._look_on()
            if looked is None:
                return
        while True:
            denial = None
            if looked is not None:
                (request, judgement, denial), looked = looked, None
            elif (asked := wire.next_request()) is None:
                break
            elif (request := asked).standing is None:
                judgement = self._judge(request.reading, request.reading)
            else:
                snapshot = yield CONSULT
                private = request.standing.private
                if private and snapshot is not None and self._own[:2] != (private, snapshot.version):
                    looked = yield from self._look(request, snapshot)
                    if looked is None:
                        return
                    continue
                judgement = self._judge_under(request, self._own[2] if private and snapshot is not None else snapshot)
                if judgement.reading.missing and snapshot is not None:
                    newer = yield CONSULT_ANEW
                    if newer is not None and newer.version != snapshot.version:
                        if private:
                            looked = yield from self._look(request, newer)
                            if looked is None:
                                return
                            continue
                        judgement = self._judge_under(request, newer)
                request.reading = judgement.reading
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
                wire.deny(request, denial or Denial(DENIED, decision.reason, f"record {ticket.number}", _hint(decision)))
        yield PassOn(wire.drain())

    def _look(self, request: Request, snapshot: Snapshot) -> Steps[Looked | None]:
        """Find out what the session itself sees: it has changed the catalogue, and nobody else knows yet."""
        assert self._adapter is not None  # noqa: S101 - a wire that follows comes with one
        view = self._adapter.own_view(snapshot)
        self._asking = (request, snapshot, view)
        self._wire.inquire(next(view))
        return (yield from self._look_on())

    def _look_on(self) -> Steps[Looked | None]:
        """Go on with that, as far as the upstream has answered; None: it has not. Then its request can be judged."""
        asking = self._asking
        assert asking is not None  # noqa: S101 - the caller looked
        request, snapshot, view = asking
        standing, wire = request.standing, self._wire
        assert standing is not None  # noqa: S101 - else nothing was asked
        while (answer := wire.answered()) is not None:
            seen: Snapshot | None = None
            if isinstance(answer, Denial):
                view.close()
                if answer.sqlstate == CANCELED:
                    # the client, or its own time limit, ended what it asked for, of which this was a part
                    self._asking = None
                    return request, Judgement(request.reading, Deny((), answer.message)), answer
            else:
                try:
                    wire.inquire(view.send(answer))
                    continue
                except StopIteration as done:
                    seen = done.value
                    self._own = (standing.private, snapshot.version, seen)
            self._asking = None
            judgement = self._judge_under(request, seen)
            request.reading = judgement.reading
            return request, judgement, None
        yield PassOn(wire.drain())
        return None

    def _hold(self, request: Request, judgement: Judgement, hold: Hold) -> Steps[Judgement]:
        """Wait for an answer; what was held is recorded, and so is what became of it."""
        ticket = yield from ask(Intend(request, judgement))
        answer = yield from ask(AwaitApproval(ticket, hold))
        request.refers_to = ticket.number
        return Judgement(request.reading, approve(hold, answer))

    def _judge_under(self, request: Request, snapshot: Snapshot | None) -> Judgement:
        """The decision for what a text says under the session's standing and this catalogue."""
        standing, adapter = request.standing, self._adapter
        assert standing is not None and adapter is not None  # noqa: S101, PT018 - the caller looked; a wire that follows comes with one
        reading, types = request.reading, request.parameter_types
        key = (reading, standing, 0 if snapshot is None else snapshot.version, types)
        judgement = self._judgements.get(key)
        if judgement is None:
            judgement = self._judge(key, adapter.understand(reading, standing, snapshot, types))
        return judgement

    def _judge(self, key: object, reading: Reading) -> Judgement:
        """The decision for everything that a text says, from the cache if the same was judged before."""
        judgement = self._judgements.get(key)
        if judgement is None:
            judgement = Judgement(reading, decide_text(self._principal, self._resource, reading))
            if len(self._judgements) >= MAX_JUDGEMENTS:
                self._judgements.clear()
            self._judgements[key] = judgement
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

    @property
    def redefines(self) -> bool:
        """Whether something that is under way may change what others see of the catalogue."""
        return self._wire.redefines

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
