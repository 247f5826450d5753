"""The one place that decides: a table, and what must hold for anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.identity.principal import Kind, Principal
from nightporter.policy import decide as decide_module
from nightporter.policy.decide import approve, decide, decide_text
from nightporter.policy.model import AccessRequest, Allow, Decision, Deny, Hold, Resource
from nightporter.statement.model import Action, Reading, Setting, Statement

HUMAN = Principal("alice", Kind.HUMAN)
AGENT = Principal("bot", Kind.AGENT, owner="alice", actor="tool")
SERVICE = Principal("batch", Kind.SERVICE)
SHOP = Resource("production", "shop")


def statement(*actions: Action, settings: tuple[Setting, ...] = (), unknown: str | None = None) -> Statement:
    return Statement("text", "kind", frozenset(actions), settings=settings, unknown=unknown)


def reading(*statements: Statement) -> Reading:
    return Reading(b"text", "00", statements)


def asked(principal: Principal, said: Statement) -> Decision:
    return decide(AccessRequest(principal, min(said.actions, default=Action.READ), SHOP, said))


READ = statement(Action.READ)
UNKNOWN = statement(Action.UNKNOWN, unknown="syntax")


def named(name: str | None, *, direct: bool = False, parameter: int | None = None) -> Statement:
    return statement(settings=(Setting(name, direct, parameter),))


@pytest.mark.parametrize(
    ("principal", "said", "decision"),
    [
        (HUMAN, READ, Allow),
        (AGENT, READ, Allow),
        (AGENT, statement(Action.DROP), Allow),  # for now: policy files are to come
        (HUMAN, statement(), Allow),
        (HUMAN, UNKNOWN, Allow),
        (SERVICE, UNKNOWN, Allow),
        (AGENT, UNKNOWN, Deny),
        (AGENT, statement(Action.READ, Action.UNKNOWN), Deny),
        (HUMAN, named("work_mem"), Allow),
        (HUMAN, named("application_name", direct=True), Allow),
        (HUMAN, named("application_name"), Deny),
        (HUMAN, named("nightporter.principal"), Deny),
        (HUMAN, named("nightporter.principal", direct=True), Deny),
        (HUMAN, named("nightporter.anything"), Deny),
        (HUMAN, named("nightporter"), Allow),  # no setting of ours: theirs have a dot
        (HUMAN, named(None), Deny),
        (HUMAN, named(None, parameter=1), Allow),  # decided again when it is bound
        (HUMAN, statement(settings=(Setting("work_mem"), Setting("nightporter.actor"))), Deny),
    ],
)
def test_statements(principal: Principal, said: Statement, decision: type) -> None:
    assert isinstance(asked(principal, said), decision)


def test_every_denial_has_words_and_names_its_policy() -> None:
    for principal, said in [(AGENT, UNKNOWN), (HUMAN, named(None)), (HUMAN, named("nightporter.actor"))]:
        denial = asked(principal, said)
        assert isinstance(denial, Deny)
        assert denial.policies
        assert denial.reason[0].islower() or denial.reason.startswith("`")
        assert not denial.reason.endswith(".")


def test_known_principals_connect() -> None:
    assert isinstance(decide(AccessRequest(HUMAN, Action.CONNECT, SHOP)), Allow)


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.CONNECT])
def test_a_question_without_a_statement_is_denied(action: Action) -> None:
    assert isinstance(decide(AccessRequest(HUMAN, action, SHOP)), Deny)


# Properties

principals = st.builds(
    Principal,
    st.sampled_from(["alice", "bot"]),
    st.sampled_from(Kind),
    actor=st.none() | st.just("tool"),
    system=st.booleans(),
)
settings_drawn = st.builds(
    Setting,
    st.none() | st.sampled_from(["work_mem", "application_name", "nightporter.principal", "nightporter."]) | st.text(max_size=10),
    st.booleans(),
    st.none() | st.integers(0, 3),
)
statements = st.builds(
    lambda actions, drawn, unknown: statement(*actions, settings=tuple(drawn), unknown=unknown),
    st.frozensets(st.sampled_from(Action), max_size=4),
    st.lists(settings_drawn, max_size=3),
    st.none() | st.text(max_size=5),
)
texts = st.lists(statements, max_size=5)


@given(principals, texts)
def test_it_never_raises_and_is_as_strict_as_the_strictest(principal: Principal, said: list[Statement]) -> None:
    decisions = [asked(principal, each) for each in said]
    whole = decide_text(principal, SHOP, reading(*said))
    assert isinstance(whole, Deny) == any(isinstance(each, Deny) for each in decisions)
    assert isinstance(whole, Allow | Deny)


@given(principals, texts, st.randoms())
def test_the_order_of_statements_does_not_matter(principal: Principal, said: list[Statement], random: st.DataObject) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # it is a Random
    one, other = (decide_text(principal, SHOP, reading(*each)) for each in (said, shuffled))
    assert type(one) is type(other)


@given(texts)
def test_an_agent_never_runs_what_is_unknown(said: list[Statement]) -> None:
    said.append(UNKNOWN)
    assert isinstance(decide_text(AGENT, SHOP, reading(*said)), Deny)


@given(principals, texts, st.text(max_size=10), st.booleans())
def test_nobody_changes_the_identity(principal: Principal, said: list[Statement], rest: str, direct: bool) -> None:
    said.insert(len(said) // 2, named(f"nightporter.{rest}", direct=direct))
    assert isinstance(decide_text(principal, SHOP, reading(*said)), Deny)


@given(principals, texts, statements)
def test_another_statement_never_widens(principal: Principal, said: list[Statement], more: Statement) -> None:
    before, after = (decide_text(principal, SHOP, reading(*each)) for each in (said, [*said, more]))
    assert isinstance(after, Deny) or not isinstance(before, Deny)


# Holds, which no built-in policy makes yet

HOLD = Hold(("h",), "someone must look at it")
kinds = st.sampled_from([Allow(("a",)), Deny(("d",), "no"), HOLD])


@given(st.lists(kinds, max_size=6))
def test_a_denial_is_stricter_than_a_hold_and_a_hold_than_a_permit(drawn: list[Decision]) -> None:
    said = [statement(Action.READ) for _ in drawn]
    of = dict(zip(map(id, said), drawn, strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide_module, "decide", lambda request: of[id(request.statement)])
        whole = decide_text(HUMAN, SHOP, reading(*said))
    strictest = next((kind for kind in (Deny, Hold) if any(isinstance(each, kind) for each in drawn)), Allow)
    assert isinstance(whole, strictest)


def test_an_approval_makes_of_a_hold_what_was_answered() -> None:
    assert approve(HOLD, True) == Allow(("h",))
    refused = approve(HOLD, False)
    assert isinstance(refused, Deny)
    assert "someone must look at it" in refused.reason
