"""The journey: who, what, may they, evidence, and only then the upstream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from nightporter.catalog.model import Snapshot
from nightporter.core import journey as journey_module
from nightporter.core.commands import (
    Admit,
    AwaitApproval,
    Consult,
    Enter,
    Find,
    Greet,
    Intend,
    LookUp,
    Mock,
    Prove,
    Steps,
    Verify,
    Welcome,
)
from nightporter.core.error import EvidenceError, ProtocolError, Refusal, TurnedAwayError, UpstreamError
from nightporter.core.journey import MAX_JUDGEMENTS, Journey, Opened, open_session
from nightporter.core.wire import (
    Cancel,
    Challenge,
    Denial,
    Entered,
    Hello,
    Limits,
    Outcome,
    OwnView,
    Peer,
    Place,
    Proof,
    Request,
    Rows,
    Ticket,
    Traffic,
    WireSetup,
)
from nightporter.identity.directory import Entry
from nightporter.identity.principal import Kind, Method, Principal
from nightporter.policy.model import Allow, Approval, Decision, Deny, Hold, Resource
from nightporter.protocols.registry import ADAPTERS
from nightporter.statement.model import Reading
from tests.lab.policies import in_force
from tests.playbook import Answer, FromClient, FromUpstream, Gone, GoOn, Playbook, Sent, Settled
from tests.protocols.postgres.wired import FLUSH, LIMIT, REFUSED_QUERY, ROWS, SETTINGS, done, error, q, row, z

ADAPTER = ADAPTERS["postgres"]
ALICE = Principal("alice", Kind.HUMAN)
BOT = Principal("bot", Kind.AGENT, owner="alice")
SHOP = Resource("production", "shop")
READ, CHANGE, GARBLED = q("select 1"), q("delete from t"), q("this is no statement")
HOLD = Hold(("h",), "someone must look at it")
POLICIES = in_force()


def new_book(principal: Principal = ALICE) -> Playbook:
    setup = WireSetup(principal.label, SETTINGS, LIMIT)
    return Playbook(Journey(ADAPTER.new_wire(setup), principal, SHOP, POLICIES))


@pytest.fixture
def book() -> Playbook:
    return new_book()


@pytest.fixture
def decide(monkeypatch: pytest.MonkeyPatch) -> Callable[[Decision], list[Reading]]:
    """Makes policy say this; gives the readings that it was asked about."""

    def say(decision: Decision) -> list[Reading]:
        asked: list[Reading] = []

        def stub(principal: Principal, resource: Resource, reading: Reading, *_: object) -> Decision:
            asked.append(reading)
            return decision

        monkeypatch.setattr(journey_module, "decide", stub)
        return asked

    return say


def ticket(number: int) -> Answer:
    return Answer(Ticket(f"w-{number}", 0, b"salt"))


def intent(book: Playbook) -> Intend:
    """What waits to be recorded."""
    assert isinstance(book.asked, Intend)
    return book.asked


def waiting(book: Playbook) -> AwaitApproval:
    """What waits for a person."""
    assert isinstance(book.asked, AwaitApproval)
    return book.asked


def denied(book: Playbook) -> bytes:
    """What came down last."""
    sent = book._unclaimed.popleft()
    assert isinstance(sent, Sent)
    return sent.down


# Statements


def test_evidence_comes_before_effect(book: Playbook) -> None:
    book >> FromClient(READ) << Intend
    book >> ticket(1) << Sent(up=READ)
    (
        book
        >> FromUpstream(ROWS + row() + done("SELECT 1") + z())
        << Settled((("w-1", "ok"),))
        << Sent(down=ROWS + row() + done("SELECT 1") + z())
    )
    book.over()


def test_an_intent_says_what_was_asked_and_decided(book: Playbook) -> None:
    book >> FromClient(CHANGE) << Intend
    assert intent(book).request.reading.changes
    assert isinstance(intent(book).judgement.decision, Allow)
    assert intent(book).judgement.reading is intent(book).request.reading


def test_what_comes_before_does_not_wait_for_a_change_to_be_on_disk(book: Playbook) -> None:
    book >> FromClient(READ + CHANGE) << Intend
    book >> ticket(1) << Sent(up=READ) << Intend
    book >> ticket(2) << Sent(up=CHANGE)
    book.over()


def test_reads_of_one_chunk_go_upstream_together(book: Playbook) -> None:
    book >> FromClient(READ + READ) << Intend
    book >> ticket(1) << Intend
    book >> ticket(2) << Sent(up=READ + READ)
    book.over()


@pytest.mark.parametrize(("disk_full", "sqlstate"), [(True, b"C53100\0"), (False, b"C58000\0")])
def test_a_statement_whose_intent_is_not_written_does_not_run_and_the_session_goes_on(
    book: Playbook, disk_full: bool, sqlstate: bytes
) -> None:
    book >> FromClient(CHANGE) << Intend
    book >> Answer(error=EvidenceError("no room", disk_full=disk_full))
    down = denied(book)
    assert sqlstate in down
    assert b"no room" not in down, "the reason is the operator's"
    assert down.endswith(z())
    book >> FromClient(READ) << Intend
    book >> ticket(1) << Sent(up=READ)
    book.over()


def test_in_a_transaction_such_a_statement_fails_the_transaction(book: Playbook) -> None:
    book >> FromClient(q("begin")) << Intend
    book >> ticket(1) << Sent(up=q("begin"))
    book >> FromUpstream(done("BEGIN") + z("T")) << Settled((("w-1", "ok"),)) << Sent(down=done("BEGIN") + z("T"))
    book >> FromClient(CHANGE) << Intend
    book >> Answer(error=EvidenceError("no room")) << Sent(up=REFUSED_QUERY)
    book >> FromUpstream(error("42601") + z("E"))
    assert b"C58000\0" in denied(book)


def test_a_denial_is_recorded_and_says_where() -> None:
    book = new_book(BOT)
    book >> FromClient(GARBLED) << Intend
    assert isinstance(intent(book).judgement.decision, Deny)
    book >> ticket(7)
    down = denied(book)
    assert b"C42501\0" in down
    assert b"Drecord w-7\0" in down
    book.over()


def test_a_denial_stands_in_its_place() -> None:
    book = new_book(BOT)
    book >> FromClient(READ + GARBLED + READ) << Intend
    book >> ticket(1) << Sent(up=READ) << Intend
    book >> ticket(2) << Intend
    book >> ticket(3) << Sent(up=REFUSED_QUERY + READ)
    book >> FromUpstream(ROWS + done("SELECT 0") + z() + error("42601") + z() + ROWS + done("SELECT 0") + z())
    book << Settled((("w-1", "ok"), ("w-3", "ok")))
    down = denied(book)
    assert [down.find(z()), down.find(b"C42501\0")] == sorted([down.find(z()), down.find(b"C42501\0")])
    assert b"42601" not in down


def test_results_flow_while_a_later_statement_waits(book: Playbook) -> None:
    book >> FromClient(READ + CHANGE) << Intend
    book >> ticket(1) << Sent(up=READ) << Intend
    book >> FromUpstream(ROWS + row()) << Sent(down=ROWS + row())
    book >> FromUpstream(done("SELECT 1") + z()) << Settled((("w-1", "ok"),)) << Sent(down=done("SELECT 1") + z())
    book >> ticket(2) << Sent(up=CHANGE)
    book.over()


def test_a_stall_ends_when_the_upstream_has_answered(book: Playbook) -> None:
    prepare = q("prepare s as select 1")
    book >> FromClient(prepare + q("execute s")) << Intend
    book >> ticket(1) << Sent(up=prepare + FLUSH)
    assert book.journey.stalled
    book >> FromUpstream(done("PREPARE") + z()) << Settled((("w-1", "ok"),)) << Sent(down=done("PREPARE") + z())
    book >> GoOn() << Intend
    book >> ticket(2) << Sent(up=q("execute s"))
    assert not book.journey.stalled


def test_the_same_text_is_judged_once(book: Playbook, decide: Callable[[Decision], list[Reading]]) -> None:
    judged = decide(Allow(("p",)))
    for number in range(3):
        book >> FromClient(READ) << Intend
        book >> ticket(number) << Sent(up=READ)
        book >> FromUpstream(done("SELECT 0") + z()) << Settled << Sent
    assert len(judged) == 1


def test_another_text_is_judged_by_itself_whatever_its_fingerprint(
    book: Playbook, decide: Callable[[Decision], list[Reading]]
) -> None:
    judged = decide(Allow(("p",)))
    for number, text in enumerate(["delete from t", "delete from t where true", "select 1", "select 2"]):
        book >> FromClient(q(text)) << Intend
        book >> ticket(number) << Sent(up=q(text))
        book >> FromUpstream(done("X") + z()) << Settled << Sent
    assert len(judged) == 4


def test_judgements_do_not_grow_without_end(book: Playbook) -> None:
    for number in range(MAX_JUDGEMENTS + 2):
        book >> FromClient(q(f"select {number}")) << Intend
        book >> ticket(number) << Sent
        book >> FromUpstream(done("SELECT 0") + z()) << Settled << Sent
    assert len(book.journey._judgements) <= MAX_JUDGEMENTS


def test_what_is_idle(book: Playbook) -> None:
    seen = [book.journey.is_idle]
    book >> FromClient(READ) << Intend
    seen.append(book.journey.is_idle)
    book >> ticket(1) << Sent(up=READ)
    seen.append(book.journey.is_idle)
    book >> FromUpstream(done("SELECT 0") + z()) << Settled << Sent
    seen.append(book.journey.is_idle)
    assert seen == [True, False, False, True]


def test_at_the_end_what_was_under_way_is_settled(book: Playbook) -> None:
    book >> FromClient(READ + READ) << Intend
    book >> ticket(1) << Intend
    book >> ticket(2) << Sent
    book >> FromUpstream(ROWS + row()) << Sent
    book >> Gone() << Settled((("w-1", "unknown"), ("w-2", "unknown")))
    assert book.outcomes[-1].transaction_end == "unknown"


@pytest.mark.parametrize("event", [FromClient(b"\xff\0\0\0\4"), FromUpstream(z())])
def test_a_broken_protocol_ends_the_session(book: Playbook, event: FromClient | FromUpstream) -> None:
    with pytest.raises(ProtocolError):
        book >> event
    book >> Gone()
    book.over()


def test_a_fault_while_it_decides_ends_the_session_and_nothing_runs(book: Playbook, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Decision:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(journey_module, "decide", fail)
    with pytest.raises(KeyError):
        book >> FromClient(READ)
    book.over()


# Holds


def test_a_held_statement_waits_and_is_recorded_twice(book: Playbook, decide: Callable[[Decision], list[Reading]]) -> None:
    decide(HOLD)
    book >> FromClient(CHANGE) << Intend
    assert intent(book).judgement.decision == HOLD
    book >> ticket(1) << AwaitApproval
    assert waiting(book).ticket.number == "w-1"
    book >> Answer(Approval.APPROVED) << Intend
    assert intent(book).judgement.decision == Allow(("h",))
    assert intent(book).request.refers_to == "w-1"
    book >> ticket(2) << Sent(up=CHANGE)
    book >> FromUpstream(done("DELETE 1") + z()) << Settled((("w-2", "ok"),)) << Sent
    book.over()


def test_a_hold_without_an_approval_is_a_denial(book: Playbook, decide: Callable[[Decision], list[Reading]]) -> None:
    decide(HOLD)
    book >> FromClient(CHANGE) << Intend
    book >> ticket(1) << AwaitApproval
    book >> Answer(Approval.EXPIRED) << Intend
    book >> ticket(2)
    assert b"someone must look at it: nobody approved it in time" in denied(book)
    book.over()


@pytest.mark.parametrize("when", ["the hold is recorded", "it waits", "the approval is recorded"])
def test_whatever_cannot_be_recorded_of_a_hold_it_does_not_run(
    book: Playbook, decide: Callable[[Decision], list[Reading]], when: str
) -> None:
    decide(HOLD)
    book >> FromClient(CHANGE) << Intend
    if when != "the hold is recorded":
        book >> ticket(1) << AwaitApproval
    if when == "the approval is recorded":
        book >> Answer(Approval.APPROVED) << Intend
    book >> Answer(error=EvidenceError("no room"))
    assert b"C58000\0" in denied(book)
    book.over()


def test_results_flow_while_a_statement_is_held(book: Playbook, decide: Callable[[Decision], list[Reading]]) -> None:
    book >> FromClient(READ) << Intend
    book >> ticket(1) << Sent(up=READ)
    decide(HOLD)
    book >> FromClient(CHANGE) << Intend
    book >> ticket(2) << AwaitApproval
    book >> FromUpstream(ROWS + row()) << Sent(down=ROWS + row())
    book >> FromUpstream(done("SELECT 1") + z()) << Settled << Sent
    book >> Answer(Approval.APPROVED) << Intend
    book >> ticket(3) << Sent(up=CHANGE)


def test_an_approval_holds_for_one_run_only(book: Playbook, decide: Callable[[Decision], list[Reading]]) -> None:
    decide(HOLD)
    book >> FromClient(CHANGE) << Intend
    book >> ticket(1) << AwaitApproval
    book >> Answer(Approval.APPROVED) << Intend
    book >> ticket(2) << Sent(up=CHANGE)
    book >> FromUpstream(done("DELETE 1") + z()) << Settled << Sent
    book >> FromClient(CHANGE) << Intend
    book >> ticket(3) << AwaitApproval


# Opening

PEER = Peer("10.0.0.7", False, True)
HELLO = Hello("alice", "shop", {}, (3, 0))
ENTRY = Entry(ALICE, Method.PASSWORD, "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy")
PLACE = Place("shop", SHOP, {}, LIMIT, b"1234")
ENTERED = Entered(4711, b"up", {}, False, rest=b"after")
ANSWERS: dict[type, object] = {
    Greet: HELLO,
    LookUp: ENTRY,
    Mock: Challenge(Method.PASSWORD, "mock", False),
    Prove: Proof(True, rest=b"early"),
    Verify: ALICE,
    Find: PLACE,
    Admit: None,
    Enter: ENTERED,
    Welcome: None,
}


def opening(answers: dict[type, object]) -> tuple[list[type], Opened | Cancel | None, Exception | None]:
    """The commands of an opening that is answered so, and how it ended."""
    steps: Steps[Opened | Cancel] = open_session(PEER, ADAPTER, POLICIES)
    seen: list[type] = []
    reply: Any = None
    try:
        while True:
            command = steps.throw(reply) if isinstance(reply, Exception) else steps.send(reply)
            seen.append(type(command))
            reply = answers[type(command)]
    except StopIteration as stop:
        return seen, stop.value, None
    except Exception as failure:  # noqa: BLE001 - whatever it is, the test looks at it
        return seen, None, failure


def test_a_session_opens_in_this_order() -> None:
    seen, opened, failure = opening(ANSWERS)
    assert failure is None
    assert seen == [Greet, LookUp, Prove, Verify, Find, Admit, Enter, Welcome]
    assert isinstance(opened, Opened)
    assert (opened.client_rest, opened.upstream_rest) == (b"early", b"after")


def test_an_unknown_name_is_challenged_like_a_known_one() -> None:
    turned_away = TurnedAwayError(Refusal("28P01", "no"), "no such principal")
    seen, _, failure = opening({**ANSWERS, LookUp: None, Verify: turned_away})
    assert seen == [Greet, LookUp, Mock, Prove, Verify]
    assert failure is turned_away


@pytest.mark.parametrize(
    ("step", "failure"),
    [
        (Greet, ProtocolError("garbage")),
        (LookUp, OSError("the store is gone")),
        (Prove, ProtocolError("garbage")),
        (Verify, TurnedAwayError(Refusal("28P01", "no"), "wrong")),
        (Find, TurnedAwayError(Refusal("3D000", "no"), "no such upstream")),
        (Admit, EvidenceError("no room")),
        (Enter, UpstreamError("no")),
    ],
)
def test_whatever_fails_nothing_comes_after_it(step: type, failure: Exception) -> None:
    seen, opened, raised = opening({**ANSWERS, step: failure})
    assert raised is failure
    assert opened is None
    assert seen[-1] is step


def test_who_may_not_connect_does_not_reach_the_upstream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journey_module, "admit", lambda *_: Deny(("p",), "not here"))
    seen, _, failure = opening(ANSWERS)
    assert seen[-1] is Find
    assert isinstance(failure, TurnedAwayError)
    assert failure.refusal.sqlstate == "42501"


def test_a_cancel_request_opens_nothing() -> None:
    cancel = Cancel(7, b"1234")
    assert opening({**ANSWERS, Greet: cancel}) == ([Greet], cancel, None)


# What a text does, under a catalogue


class Standing:
    """What a stand-in of a wire says of its session."""

    def __init__(self, private: int = 0) -> None:
        self.private = private
        self.path: tuple[str, ...] = ("public",)
        self.role = "ada"


class Following:
    """A wire of one request at a time, whose session stands so, and what becomes of it."""

    stalled = idle = redefines = False
    open_transaction = None

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.told: list[object] = []
        self.asked: list[object] = []
        self.answers: list[Rows | Denial] = []

    def next_request(self) -> Request | None:
        return self.requests.pop(0) if self.requests else None

    def receive_client(self, data: bytes) -> None:
        reading = ADAPTER.analyse(data.decode())
        self.requests.append(Request("submit", reading, standing=self.standing))

    standing: Standing | None = Standing()

    def allow(self, request: Request, ticket: Ticket, limits: Limits | None = None, veil: Any = None) -> None:
        self.told.append(request.reading)

    def deny(self, request: Request, denial: Denial) -> None:
        self.told.append(denial)

    def inquire(self, questions: Sequence[bytes], *, plans: bool = False) -> None:
        self.asked.append(list(questions))
        self.stalled = True

    def answered(self) -> Rows | Denial | None:
        return self.answers.pop(0) if self.answers else None

    def receive_upstream(self, data: bytes) -> None: ...

    def overtime(self) -> None:
        raise NotImplementedError

    def canceled(self) -> None:
        raise NotImplementedError

    def drain(self) -> Traffic:
        return Traffic()

    def abandon(self) -> list[Outcome]:
        return []


def catalog(version: int) -> Snapshot:
    return Snapshot(version=version, relations={}, types={}, functions={}, operators={}, casts={}, roles={})


OWN = catalog(-1)


def look(snapshot: Snapshot) -> OwnView:
    first = yield [b"first"]
    second = yield [b"second"]
    assert (first, second) == ([[(b"1",)]], [[(b"2",)]])
    return OWN


class Understood:
    """Stands in for `Adapter.understand`, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[int | None] = []
        self.missing = False

    def __call__(self, reading: Reading, standing: object, snapshot: Snapshot | None, types: tuple[int, ...]) -> Reading:
        version = None if snapshot is None else snapshot.version
        self.asked.append(version)
        return replace(reading, grammar=f"under {version}", missing=self.missing and version == 1)


@pytest.fixture
def understand() -> Understood:
    return Understood()


@pytest.fixture
def wire() -> Following:
    return Following()


@pytest.fixture
def following(wire: Following, understand: Understood) -> Playbook:
    adapter = replace(ADAPTER, understand=understand, own_view=look)
    return Playbook(Journey(wire, ALICE, SHOP, POLICIES, adapter))


def test_what_a_text_does_is_judged_under_the_catalogue(following: Playbook, wire: Following) -> None:
    following >> FromClient(b"select 1") << Consult
    following >> Answer(catalog(1)) << Intend
    assert intent(following).request.reading is intent(following).judgement.reading
    following >> ticket(1)
    assert [reading.grammar for reading in wire.told if isinstance(reading, Reading)] == ["under 1"]
    following.over()


def test_what_names_nothing_consults_nobody(following: Playbook, wire: Following) -> None:
    wire.standing = None
    following >> FromClient(b"begin") << Intend


def test_the_same_is_judged_once_until_the_catalogue_or_the_standing_changes(
    following: Playbook, wire: Following, understand: Understood
) -> None:
    reading, first = ADAPTER.analyse("select 1"), Standing()
    for number, (standing, version) in enumerate([(first, 1), (first, 1), (first, 2), (Standing(), 2), (first, 2)]):
        wire.requests.append(Request("submit", reading, standing=standing))
        following >> GoOn() << Consult
        following >> Answer(catalog(version)) << Intend
        following >> ticket(number)
    assert understand.asked == [1, 2, 2]


def test_what_is_missing_is_looked_for_in_a_newer_one(following: Playbook, wire: Following, understand: Understood) -> None:
    understand.missing = True
    following >> FromClient(b"select 1") << Consult
    following >> Answer(catalog(1)) << Consult
    following >> Answer(catalog(2)) << Intend
    assert intent(following).request.reading.grammar == "under 2"


def test_without_a_catalogue_it_is_judged_all_the_same(following: Playbook) -> None:
    following >> FromClient(b"select 1") << Consult
    following >> Answer(None) << Intend
    assert intent(following).request.reading.grammar == "under None"


def test_a_session_that_sees_its_own_catalogue_is_asked_for_it_once(following: Playbook, wire: Following) -> None:
    wire.standing = Standing(7)
    following >> FromClient(b"select 1") << Consult
    following >> Answer(catalog(1))
    assert wire.asked == [[b"first"]]
    wire.answers.append([[(b"1",)]])
    following >> GoOn()
    assert wire.asked == [[b"first"], [b"second"]]
    wire.answers.append([[(b"2",)]])
    following >> GoOn() << Intend
    assert intent(following).request.reading.grammar == "under -1"
    following >> ticket(1)
    following >> FromClient(b"select 2") << Consult
    following >> Answer(catalog(1)) << Intend
    following >> ticket(2)
    following >> FromClient(b"select 2") << Consult
    following >> Answer(catalog(2))
    assert len(wire.asked) == 3, "what all see has changed"


@pytest.mark.parametrize(("sqlstate", "sees"), [("55P03", "under None"), ("57014", None)])
def test_if_that_fails_it_is_unknown_and_if_it_was_canceled_so_is_the_statement(
    following: Playbook, wire: Following, sqlstate: str, sees: str | None
) -> None:
    wire.standing = Standing(7)
    following >> FromClient(b"select 1") << Consult
    following >> Answer(catalog(1))
    denial = Denial(sqlstate, "no")
    wire.answers.append(denial)
    following >> GoOn() << Intend
    assert isinstance(intent(following).judgement.decision, Allow) == (sees is not None)
    following >> ticket(1)
    assert wire.told == [denial] if sees is None else [getattr(told, "grammar", None) for told in wire.told] == [sees]
