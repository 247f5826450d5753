"""One session, from the client's first byte to the last record. Reads top to bottom. No I/O.

    greet        who does the client claim to be, and what does it want        protocols/<name>/greet
    prove        is it so                                                       identity, protocols/<name>/prove
    connect      may they come in                                               policy
    enter        a connection to the upstream, opened with an Allow             protocols/<name>/enter
    statements   what is asked, and what that would do                          protocols/<name>/wire, catalog
                 may they, the intent recorded, then upstream                   policy, evidence
    answers      matched to their statements, what is hidden masked, passed     protocols/<name>/wire, masking
                 on, the outcome recorded                                       evidence

Every method is a generator of commands (`Steps`); the rim carries them out and answers what is asked. An exception that leaves a
generator ends the session: fail closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from nightporter.catalog.follow import Following, followed
from nightporter.catalog.model import Snapshot
from nightporter.identity.principal import Principal
from nightporter.policy.decide import NOT_TO_BE_HAD, Estimate, admit, approve, decide, masked_value, not_to_be_masked, one_too_many
from nightporter.policy.identity_settings import purpose_at_start, purpose_of
from nightporter.policy.in_force import CLOCK, InForce
from nightporter.policy.model import Allow, Approval, Decision, Deny, Hold, Resource, Value
from nightporter.policy.reveal import Reveals, reveals
from nightporter.statement.model import Reading

from .admission import identify
from .commands import (
    CONSULT,
    CONSULT_ANEW,
    Admit,
    AwaitApproval,
    Count,
    Enter,
    Find,
    Follow,
    Greet,
    Intend,
    Judgement,
    PassOn,
    Steps,
    Welcome,
    ask,
)
from .error import EvidenceError, Refusal, TurnedAwayError
from .wire import (
    Adapter,
    Cancel,
    Denial,
    Estimating,
    Limits,
    Outcome,
    OwnView,
    Peer,
    Request,
    Standing,
    Traffic,
    Wire,
    WireSetup,
)

MAX_JUDGEMENTS = 256
"""Distinct texts of one session whose judgement is kept; more than an application's set of prepared statements."""

FAULT = "58000"  # system_error
DISK_FULL = "53100"
DENIED = "42501"  # insufficient_privilege
CANCELED = "57014"  # query_canceled


NO_FACTS: Mapping[str, Value] = MappingProxyType({})
Shifting: TypeAlias = tuple[tuple[str, Value], ...]
Looked: TypeAlias = tuple[Request, Judgement, Denial | None]
"""A request and what was decided, once the session's own catalogue is known; what the client is told if that failed."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that is ready for statements."""

    journey: Journey
    client_rest: bytes
    """What the client sent after its proof, without waiting."""
    upstream_rest: bytes


def open_session(peer: Peer, adapter: Adapter, policies: InForce) -> Steps[Opened | Cancel]:
    """Everything before the first statement. Raises TurnedAwayError, and any NightporterError: then nothing was opened."""
    hello = yield from ask(Greet(peer))
    if isinstance(hello, Cancel):
        return hello
    principal, rest = yield from identify(hello, peer)
    place = yield from ask(Find(hello, principal))
    facts = _facts(peer, place.resource)
    purpose = purpose_at_start(place.settings)
    moment = {**facts, **policies.clock(), "purpose": purpose}
    decision = admit(principal, place.resource, place.settings, policies.answers, moment)
    if not isinstance(decision, Allow):
        # a person who could approve cannot be waited for here: drivers give up on a login within seconds
        raise TurnedAwayError(Refusal(DENIED, decision.reason), decision.reason)
    yield from ask(Admit(place, decision))  # recorded: who, from where, to what, and why
    entered = yield from ask(Enter(decision, hello, place))
    setup = WireSetup(principal.label, entered.parameters, place.max_statement_bytes, place.follows)
    yield Welcome(adapter.welcome(hello, entered, setup, place.cancel_secret))
    journey = Journey(adapter.new_wire(setup), principal, place.resource, policies, adapter, facts, purpose, place.token_key)
    return Opened(journey, rest, entered.rest)


class Journey:
    """The statement phase: from here on every byte of the client is accounted for."""

    def __init__(
        self,
        wire: Wire,
        principal: Principal,
        resource: Resource,
        policies: InForce,
        adapter: Adapter | None = None,
        facts: Mapping[str, Value] = NO_FACTS,
        purpose: str = "",
        token_key: bytes = b"",
    ) -> None:
        """`facts`: those of the session that never change. `purpose`: what the client said at start-up that it is here for.
        `token_key`: under which tokens are made of what is hidden; empty: none can be.
        """
        self._token_key = token_key
        self._wire = wire
        self._principal = principal
        self._resource = resource
        self._policies = policies
        self._answers = policies.answers
        self._facts = facts
        self._purpose = self._purpose_at_start = purpose
        self._adapter = adapter  # none is needed if the wire does not follow what texts mean
        self._judgements: dict[object, Judgement] = {}
        self._reveals: dict[Shifting | None, Reveals] = {}  # what is shown, at this moment
        # what waits for the upstream to tell: the session's own view over a Snapshot, or how many rows there are
        self._asking: tuple[Request, Snapshot | None, OwnView | Estimating, Judgement | None] | None = None
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
                judgement = self._judge_plainly(request.reading)
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
            if judgement.estimating is not None:
                looked = yield from self._estimate(request, judgement, judgement.estimating)
                if looked is None:
                    return
                continue
            if request.reading.changes or type(judgement.decision) is Hold:
                yield PassOn(wire.drain())  # what comes before does not wait for the disk, or for a person
            try:
                if isinstance(judgement.decision, Hold):
                    judgement = yield from self._hold(request, judgement, judgement.decision)
                if request.reading.changes and isinstance(judgement.decision, Allow):
                    judgement = yield from self._hand_on(request, judgement)
                if self._policies.counts and isinstance(judgement.decision, Allow):
                    judgement = yield from self._count(judgement, judgement.decision)
                ticket = yield Intend(request, judgement)  # evidence before effect
            except EvidenceError as error:
                # not a byte of the statement has gone upstream: it does not run, and the session goes on
                wire.deny(request, _fault(error))
                continue
            decision = judgement.decision
            if isinstance(decision, Allow):
                if request.reading.uses_session:
                    self._hear_purpose(request.reading)
                wire.allow(request, ticket, _limits(decision), judgement.veil)
            else:
                state = CANCELED if judgement.withdrawn else DENIED
                wire.deny(request, denial or Denial(state, decision.reason, f"record {ticket.number}", _hint(decision)))
        yield PassOn(wire.drain())

    def _look(self, request: Request, snapshot: Snapshot) -> Steps[Looked | None]:
        """Find out what the session itself sees: it has changed the catalogue, and nobody else knows yet."""
        assert self._adapter is not None  # noqa: S101 - a wire that follows comes with one
        view = self._adapter.own_view(snapshot)
        self._asking = (request, snapshot, view, None)
        self._wire.inquire(next(view))
        return (yield from self._look_on())

    def _estimate(self, request: Request, judgement: Judgement, estimating: Callable[[], Estimating]) -> Steps[Looked | None]:
        """Find out how many rows it is about: a policy wants to know, and all else permits."""
        talk = estimating()
        self._asking = (request, None, talk, judgement)
        self._wire.inquire(next(talk), plans=True)
        return (yield from self._look_on())

    def _look_on(self) -> Steps[Looked | None]:
        """Go on with that, as far as the upstream has answered; None: it has not. Then its request can be judged."""
        asking = self._asking
        assert asking is not None  # noqa: S101 - the caller looked
        request, snapshot, talk, earlier = asking
        while (answer := self._wire.answered()) is not None:
            found: Snapshot | int | None = None
            if isinstance(answer, Denial):
                talk.close()
                if snapshot is None or answer.sqlstate == CANCELED:
                    # what cannot be planned cannot be run: it is the statement's own error. Or the client, or its own time limit,
                    # ended what it asked for, of which this was a part
                    self._asking = None
                    return request, Judgement(request.reading, Deny((), answer.message), self._answers.ruleset.hash), answer
            else:
                try:
                    self._wire.inquire(talk.send(answer), plans=snapshot is None)
                    continue
                except StopIteration as done:
                    found = done.value
                    if snapshot is not None and not isinstance(found, int):
                        self._own = (request.standing.private if request.standing else 0, snapshot.version, found)
            self._asking = None
            return request, self._judge_found(request, snapshot, found, earlier), None
        yield PassOn(self._wire.drain())
        return None

    def _judge_found(
        self, request: Request, snapshot: Snapshot | None, found: Snapshot | int | None, earlier: Judgement | None
    ) -> Judgement:
        """The decision with what the upstream was asked for: the session's own catalogue, or how many rows there are."""
        standing = request.standing
        assert standing is not None  # noqa: S101 - else nothing was asked
        if snapshot is not None:
            judgement = self._judge_under(request, found if isinstance(found, Snapshot) else None)
            request.reading = judgement.reading
            return judgement
        rows = found if isinstance(found, int) else NOT_TO_BE_HAD
        shifting = self._shifting(standing) if self._policies.shifting else None
        # not kept: tomorrow there are others
        decision = self._decide(request.reading, shifting, rows)
        assert earlier is not None  # noqa: S101 - an estimate was wanted for it
        return Judgement(request.reading, decision, self._answers.ruleset.hash, veil=earlier.veil, follows=earlier.follows)

    def _hold(self, request: Request, judgement: Judgement, hold: Hold) -> Steps[Judgement]:
        """Wait for an answer; what was held is recorded, and so is what became of it."""
        ticket = yield from ask(Intend(request, judgement))
        answer = yield from ask(AwaitApproval(ticket, hold))
        request.refers_to = ticket.number
        decision = approve(hold, answer)
        withdrawn = answer is Approval.WITHDRAWN
        return Judgement(request.reading, decision, judgement.policy_set, withdrawn, veil=judgement.veil, follows=judgement.follows)

    def _hand_on(self, request: Request, judgement: Judgement) -> Steps[Judgement]:
        """What is about to be written: nothing that was masked; and where hidden data goes, its labels go before."""
        veil = judgement.veil
        mask = None if veil is None else veil.brings_back(request)
        if mask is not None:
            return Judgement(request.reading, masked_value(mask), judgement.policy_set)
        if judgement.follows:
            yield from ask(Follow(judgement.follows))  # its labels are there before it is
        return judgement

    def _count(self, judgement: Judgement, allow: Allow) -> Steps[Judgement]:
        """What a principal may do at once, or within a minute, is looked at each time, and never kept."""
        over = yield from ask(Count(allow.obligations))
        if over is None:
            return judgement
        return Judgement(judgement.reading, one_too_many(allow, over), judgement.policy_set)

    def _judge_under(self, request: Request, snapshot: Snapshot | None) -> Judgement:
        """The decision for what a text says under the session's standing and this catalogue."""
        standing, adapter = request.standing, self._adapter
        assert standing is not None and adapter is not None  # noqa: S101, PT018 - the caller looked; a wire that follows comes with one
        reading, types = request.reading, request.parameter_types
        shifting = self._shifting(standing) if self._policies.shifting else None
        key = (reading, standing, 0 if snapshot is None else snapshot.version, types, shifting)
        judgement = self._kept(key)
        if judgement is None:
            judgement = self._judge(key, adapter.understand(reading, standing, snapshot, types), shifting, snapshot)
        return judgement

    def _judge_plainly(self, reading: Reading) -> Judgement:
        """The same for a text that names nothing of the catalogue."""
        shifting = self._shifting(None) if self._policies.shifting else None
        key = reading if shifting is None else (reading, shifting)
        judgement = self._kept(key)
        return self._judge(key, reading, shifting) if judgement is None else judgement

    def _kept(self, key: object) -> Judgement | None:
        """What was decided before about the same, if the policies are still those."""
        answers = self._policies.answers
        if answers is not self._answers:
            self._answers = answers
            self._judgements.clear()
            self._reveals.clear()
        return self._judgements.get(key)

    def _judge(self, key: object, reading: Reading, shifting: Shifting | None, snapshot: Snapshot | None = None) -> Judgement:
        """Decide about everything that a text says, and keep that."""
        facts = self._facts_now(shifting)
        decided = decide(self._principal, self._resource, reading, self._answers, facts)
        estimating: Callable[[], Estimating] | None = None
        if isinstance(decided, Estimate):
            estimating = None if self._adapter is None else self._adapter.estimate(reading)
            decided = self._decide(reading, shifting, NOT_TO_BE_HAD)
        judgement = Judgement(reading, decided, self._answers.ruleset.hash, estimating=estimating)
        adapter = self._adapter
        if adapter is not None and not isinstance(decided, Deny):
            sight = self._reveals.get(shifting)
            if sight is None:
                self._reveals[shifting] = sight = reveals(self._principal, self._resource, self._answers, facts)
            judgement.veil = veil = adapter.veil(reading, snapshot, sight, self._token_key)
            if veil is not None and veil.obstacle is not None:
                judgement.decision = not_to_be_masked(veil.obstacle)
            if reading.changes and snapshot is not None:
                judgement.follows = carried_by(reading, snapshot)
        if len(self._judgements) >= MAX_JUDGEMENTS:
            self._judgements.clear()
            self._reveals.clear()
        self._judgements[key] = judgement
        return judgement

    def _decide(self, reading: Reading, shifting: Shifting | None, estimated_rows: int) -> Decision:
        facts = self._facts_now(shifting)
        decided = decide(self._principal, self._resource, reading, self._answers, facts, estimated_rows)
        if isinstance(decided, Estimate):
            raise TypeError("an estimate was wanted where there is one")
        return decided

    def _facts_now(self, shifting: Shifting | None) -> Mapping[str, Value]:
        return self._facts if shifting is None else {**self._facts, **dict(shifting)}

    def _hear_purpose(self, reading: Reading) -> None:
        """What has been said is said: it holds from then on, whatever becomes of the transaction."""
        for statement in reading.statements:
            said = purpose_of(statement, self._purpose_at_start)
            self._purpose = self._purpose if said is None else said

    def _shifting(self, standing: Standing | None) -> Shifting:
        """Those facts that policies in force read and that may be others for each statement."""
        policies = self._policies
        clock: Mapping[str, Value] | None = None
        found: list[tuple[str, Value]] = []
        for name in policies.shifting:
            if name in CLOCK:
                clock = policies.clock() if clock is None else clock
                found.append((name, clock[name]))
            elif name == "in_transaction":
                found.append((name, self._wire.open_transaction is not None))
            elif name == "purpose":
                found.append((name, self._purpose))
            else:
                found.append((name, "" if standing is None else standing.role))
        return tuple(found)

    def from_upstream(self, data: bytes) -> Traffic:
        """Bytes of the upstream; gives what to record and to send. Never waits."""
        self._wire.receive_upstream(data)
        return self._wire.drain()

    def overtime(self) -> Traffic:
        """The time of what runs under a limit is over."""
        self._wire.overtime()
        return self._wire.drain()

    def canceled(self) -> Traffic:
        """The cancel that was asked for because of a limit is over."""
        self._wire.canceled()
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


def carried_by(reading: Reading, snapshot: Snapshot) -> tuple[Following, ...]:
    """Labels that go with the data that a text writes."""
    return tuple(each for statement in reading.statements for each in followed(statement, snapshot))


def _facts(peer: Peer, resource: Resource) -> dict[str, Value]:
    """What policies may know of a session from its beginning to its end."""
    address = "127.0.0.1" if peer.address == "local" else peer.address.partition("%")[0]
    return {"client_address": address, "listener": peer.listener, "environment": resource.environment}


def _limits(allow: Allow) -> Limits | None:
    """What of the obligations the wire has to see to."""
    of = allow.obligations
    return Limits(of.rows, of.bytes, of.timeout_s, allow.limited_by) if of.limits else None


def _hint(decision: Deny | Hold) -> str | None:
    return decision.hint if isinstance(decision, Deny) else None


def _fault(error: EvidenceError) -> Denial:
    if error.disk_full:
        return Denial(DISK_FULL, "the statement was not run: its record could not be written, the disk is full")
    return Denial(FAULT, "the statement was not run: its record could not be written")
