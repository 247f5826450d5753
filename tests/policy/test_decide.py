"""The one place that decides: how answers combine, and what must hold for anything."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightporter.identity.principal import Kind, Principal
from nightporter.policy.decide import NOT_TO_BE_HAD, Estimate, admit, approve, decide
from nightporter.policy.model import Allow, Approval, Because, Decision, Deny, Hold, Obligations, Resource
from nightporter.statement.model import (
    Access,
    Action,
    ColumnUse,
    Effect,
    Effected,
    Reading,
    RowBound,
    Setting,
    Statement,
    Use,
)
from tests.lab.policies import MOMENT, answers

HUMAN = Principal("alice", Kind.HUMAN, frozenset({"staff"}), attributes=(("team", "data"),))
AGENT = Principal("bot", Kind.AGENT, owner="alice", actor="tool")
SHOP = Resource("production", "shop")
ALL = '@id("all") permit(principal, action, resource);'


def reading(*accesses: Access, kind: str = "select", unknown: str | None = None, **more: object) -> Reading:
    actions = {each.action for each in accesses} | ({Action.UNKNOWN} if unknown else set())
    statement = Statement("text", kind, frozenset(actions), unknown=unknown, accesses=accesses, **more)  # type: ignore[arg-type]
    return Reading(b"text", "00", (statement,))


def access(action: Action, table: str = "orders", bound: RowBound | None = None, **columns: Use) -> Access:
    uses = tuple(ColumnUse(name, frozenset({use})) for name, use in columns.items())
    return Access(action, "public", table, "table", uses, bound)


READ = reading(access(Action.READ, id=Use.OUTPUT))
DELETE = reading(access(Action.DELETE, bound=RowBound.NONE), kind="delete")
UNKNOWN = reading(unknown="syntax")
NOTHING = Reading(b"", "00", ())
BEGIN = Reading(b"begin", "00", (Statement("begin", "begin", frozenset()),))


def decided(said: Reading, *texts: str, by: Principal = AGENT, facts: dict[str, bool | int | str] | None = None) -> Decision:
    found = decide(by, SHOP, said, answers(*texts), {**MOMENT, **(facts or {})})
    assert not isinstance(found, Estimate)
    return found


# How answers combine

PERMIT = '@id("permit") permit(principal, action == Action::"delete", resource);'
HELD_PERMIT = '@id("held-permit") @hold("dba") permit(principal, action == Action::"delete", resource);'
FORBID = '@id("forbid") forbid(principal, action == Action::"delete", resource);'
HELD_FORBID = '@id("held-forbid") @hold("security quorum=2 wait=5s") forbid(principal, action == Action::"delete", resource);'
OBSERVE = '@id("observe") @observe permit(principal, action, resource);'


@pytest.mark.parametrize(
    ("policies", "kind", "ids"),
    [
        ((), Deny, ()),
        ((PERMIT,), Allow, ("permit",)),
        ((HELD_PERMIT,), Hold, ("held-permit",)),
        ((PERMIT, HELD_PERMIT), Allow, ("permit",)),
        ((FORBID,), Deny, ("forbid",)),
        ((PERMIT, FORBID), Deny, ("forbid",)),
        ((PERMIT, HELD_PERMIT, FORBID, HELD_FORBID), Deny, ("forbid",)),
        ((PERMIT, HELD_FORBID), Hold, ("held-forbid", "permit")),
        ((HELD_PERMIT, HELD_FORBID), Hold, ("held-forbid", "held-permit")),
        ((HELD_FORBID,), Deny, ()),
        ((OBSERVE,), Allow, ("observe",)),
        ((FORBID, OBSERVE), Allow, ("observe",)),
        ((PERMIT, OBSERVE), Allow, ("permit",)),
    ],
)
def test_how_answers_combine(policies: tuple[str, ...], kind: type, ids: tuple[str, ...]) -> None:
    decision = decided(DELETE, *policies)
    assert type(decision) is kind
    assert decision.policies == ids


def test_what_is_only_observed_says_what_would_have_been() -> None:
    decision = decided(DELETE, FORBID, OBSERVE)
    assert isinstance(decision, Allow)
    assert isinstance(decision.observed, Deny)
    assert decision.observed.policies == ("forbid",)
    assert decided(DELETE, PERMIT, OBSERVE) == Allow(("permit",))


def test_it_says_what_was_denied_and_what_waits() -> None:
    both = reading(access(Action.READ, "customers", name=Use.JOIN), access(Action.DELETE, bound=RowBound.NONE))
    reads = '@id("r") permit(principal, action == Action::"read", resource in Table::"shop/public/customers");'
    denied = decided(both, reads)
    assert isinstance(denied, Deny)
    assert denied.because == (Because("delete", "public.orders", (), row_bound="none"),)
    forbidden = decided(both, ALL, FORBID, '@id("j") forbid(principal, action, resource) when { context.use == "join" };')
    assert isinstance(forbidden, Deny)
    assert forbidden.because == (
        Because("read", "public.customers.name", ("j",), "join"),
        Because("delete", "public.orders", ("forbid",), row_bound="none"),
    )
    held = decided(both, reads, HELD_PERMIT)
    assert isinstance(held, Hold)
    assert held.because == (Because("delete", "public.orders", ("held-permit",), row_bound="none"),)
    assert approve(held, Approval.EXPIRED).because == held.because  # type: ignore[union-attr]


def test_all_who_hold_must_approve() -> None:
    decision = decided(DELETE, HELD_PERMIT, HELD_FORBID)
    assert isinstance(decision, Hold)
    assert [(quorum.groups, quorum.needed) for quorum in decision.quorums] == [(("security",), 2), (("dba",), 1)]
    assert decision.wait_s == 5.0


def test_the_strictest_over_all_that_a_text_does() -> None:
    both = reading(access(Action.READ, "customers"), access(Action.DELETE, bound=RowBound.NONE))
    reads = '@id("reads") permit(principal, action == Action::"read", resource);'
    assert type(decided(both, reads)) is Deny
    assert type(decided(both, reads, HELD_PERMIT)) is Hold
    assert type(decided(both, reads, PERMIT)) is Allow
    two = Reading(b"text", "00", (*READ.statements, *DELETE.statements))
    assert type(decided(two, reads)) is Deny
    assert type(decided(two, reads, PERMIT)) is Allow


def test_obligations_of_those_that_decided_add_up() -> None:
    one = '@id("one") @limit_rows("1000") @timeout("2s") permit(principal, action, resource);'
    two = '@id("two") @limit_rows("10") @limit_bytes("1MiB") permit(principal, action, resource);'
    other = '@id("other") @limit_rows("1") permit(principal, action == Action::"drop", resource);'
    decision = decided(DELETE, one, two, other)
    assert isinstance(decision, Allow)
    assert decision.obligations == Obligations(rows=10, bytes=1024 * 1024, timeout_s=2.0)


@pytest.mark.parametrize("said", [READ, DELETE])
def test_what_cannot_be_honored_denies(said: Reading) -> None:
    images = '@id("images") @record_images permit(principal, action, resource);'
    assert type(decided(said, images)) is (Allow if said is READ else Deny)


def test_a_purpose_that_is_required_must_be_said() -> None:
    wants = '@id("wants") @purpose("required") permit(principal, action, resource);'
    decision = decided(DELETE, wants)
    assert isinstance(decision, Deny)
    assert decision.hint == "SET nightporter.purpose = '...'"
    assert type(decided(DELETE, wants, facts={"purpose": "ticket 7"})) is Allow


def test_a_policy_that_fails_denies_whatever_the_others_say() -> None:
    fails = '@id("fails") forbid(principal, action, resource) when { context.hour + 9223372036854775807 > 0 };'
    decision = decided(DELETE, ALL, fails)
    assert isinstance(decision, Deny)
    assert "fails" in decision.reason
    assert type(decided(DELETE, ALL, fails, OBSERVE)) is Deny


# What is asked


@pytest.mark.parametrize(
    ("said", "policy", "allowed"),
    [
        (UNKNOWN, ALL, False),
        (UNKNOWN, '@id("u") permit(principal, action == Action::"unknown", resource);', True),
        (UNKNOWN, '@id("u") permit(principal, action in [Action::"read", Action::"unknown"], resource);', True),
        (NOTHING, '@id("c") permit(principal, action == Action::"connect", resource);', True),
        (BEGIN, '@id("c") permit(principal, action == Action::"connect", resource);', True),
        (BEGIN, '@id("r") permit(principal, action == Action::"read", resource);', False),
        (READ, '@id("r") permit(principal, action, resource in Table::"shop/public/orders");', True),
        (READ, '@id("r") permit(principal, action, resource in Schema::"shop/public");', True),
        (READ, '@id("r") permit(principal, action, resource in Environment::"production");', True),
        (READ, '@id("r") permit(principal, action, resource in Environment::"staging");', False),
        (READ, '@id("r") permit(principal, action, resource is Table);', False),  # its columns are asked about as well
        (READ, '@id("r") permit(principal, action, resource) when { context.use == "" || context.use == "output" };', True),
        (READ, '@id("r") permit(principal, action, resource) when { context.use == "" || context.use == "join" };', False),
        (DELETE, '@id("d") permit(principal, action, resource) when { context.row_bound == "none" };', True),
        (DELETE, '@id("d") permit(principal, action, resource) when { context.row_bound == "primary_key_constant" };', False),
        (DELETE, '@id("d") permit(principal is Agent, action, resource);', True),
        (DELETE, '@id("d") permit(principal in Group::"staff", action, resource);', False),
        (DELETE, '@id("d") permit(principal, action, resource) when { context.hour < 6 && context.weekday == "monday" };', True),
        (
            DELETE,
            '@id("d") permit(principal, action, resource) when { context.client_address.isInRange(ip("127.0.0.0/8")) };',
            True,
        ),
        (
            DELETE,
            '@id("d") permit(principal, action, resource) when { context.client_address.isInRange(ip("10.0.0.0/8")) };',
            False,
        ),
    ],
)
def test_what_policies_can_say(said: Reading, policy: str, allowed: bool) -> None:
    assert type(decided(said, policy)) is (Allow if allowed else Deny)


def test_groups_and_tags_of_the_principal_count() -> None:
    assert type(decided(DELETE, '@id("g") permit(principal in Group::"staff", action, resource);', by=HUMAN)) is Allow
    tag = '@id("t") permit(principal, action, resource) when { principal.hasTag("team") && principal.getTag("team") == "data" };'
    assert type(decided(DELETE, tag, by=HUMAN)) is Allow
    assert type(decided(DELETE, tag)) is Deny


def test_a_child_is_in_its_parent() -> None:
    child = Access(
        Action.READ, "public", "orders_eu", "table", (ColumnUse("id", frozenset({Use.OUTPUT})),), parents=(("public", "orders"),)
    )
    assert type(decided(reading(child), '@id("p") permit(principal, action, resource in Table::"shop/public/orders");')) is Allow
    forbid = '@id("c") forbid(principal, action, resource in Column::"shop/public/orders/id");'
    assert type(decided(reading(child), ALL, forbid)) is Deny


def test_being_something_is_not_being_in_it() -> None:
    """Also for what is kept: the parent is asked about first, then its child."""
    child = Access(Action.READ, "public", "orders_eu", "table", parents=(("public", "orders"),))
    known = answers('@id("p") permit(principal, action == Action::"read", resource == Table::"shop/public/orders");')
    assert type(decide(AGENT, SHOP, reading(access(Action.READ)), known, MOMENT)) is Allow
    assert type(decide(AGENT, SHOP, reading(child), known, MOMENT)) is Deny


def test_names_cannot_pass_for_others() -> None:
    odd = Access(Action.READ, "public/orders", "x", "table")
    assert type(decided(reading(odd), ALL, '@id("f") forbid(principal, action, resource in Table::"shop/public/orders");')) is Allow
    assert type(decided(reading(odd), '@id("p") permit(principal, action, resource in Table::"shop/public%2Forders/x");')) is Allow


def function(schema: str, name: str, arguments: str, effect: Effect, owner: str) -> Effected:
    return Effected(f"{schema}.{name}{arguments}", frozenset({effect}), (), None, schema, name, owner, "internal")


@pytest.mark.parametrize(
    ("effected", "asked"),
    [
        (
            Effected(
                "pg_catalog.lower(text)", frozenset({Effect.COMPUTES}), (), None, "pg_catalog", "lower", "pg_catalog", "internal"
            ),
            False,
        ),
        (
            Effected(
                "pg_catalog.pg_sleep(float8)", frozenset({Effect.SLEEPS}), (), None, "pg_catalog", "pg_sleep", "pg_catalog", "c"
            ),
            True,
        ),
        (Effected("public.purge(integer)", frozenset({Effect.COMPUTES}), (), None, "public", "purge", "", "plpgsql"), True),
    ],
)
def test_functions_are_asked_about_unless_they_are_built_in_and_harmless(effected: Effected, asked: bool) -> None:
    said = reading(kind="select", effects=(effected,))
    decision = decided(said, '@id("c") permit(principal, action == Action::"connect", resource);')
    assert type(decision) is (Deny if asked else Allow)
    by_name = (
        f'@id("f") permit(principal, action == Action::"execute", resource in Function::"shop/{effected.schema}/{effected.name}");'
    )
    if asked:
        assert type(decided(said, by_name)) is Allow
        by_signature = by_name.replace(effected.name, effected.function.partition(".")[2])
        assert type(decided(said, by_signature)) is Allow


def test_a_check_of_a_foreign_key_is_not_asked_about() -> None:
    check = Access(Action.READ, "public", "customers", "table", via=("foreign key orders_customer of public.orders",))
    insert = access(Action.INSERT)
    assert type(decided(reading(insert, check), '@id("i") permit(principal, action == Action::"insert", resource);')) is Allow


@pytest.mark.parametrize("action", [Action.CREATE, Action.ALTER, Action.DROP])
def test_define_is_create_alter_and_drop(action: Action) -> None:
    forbid = '@id("d") forbid(principal, action in [Action::"define"], resource);'
    assert type(decided(reading(access(action)), ALL, forbid)) is Deny
    assert type(decided(reading(access(action)), forbid.replace("forbid(", "permit("))) is Allow
    assert type(decided(reading(access(Action.TRUNCATE)), ALL, forbid)) is Allow


def test_an_estimate_is_wanted_only_where_a_policy_in_scope_asks() -> None:
    others = '@id("o") forbid(principal is Service, action, resource) when { context.estimated_rows > 5 };'
    assert type(decide(AGENT, SHOP, DELETE, answers(ALL, others), MOMENT)) is Allow


def test_what_is_only_planned_is_asked_about_where_a_policy_wants_to_know() -> None:
    explained = reading(access(Action.READ), kind="explain", plans=(access(Action.DELETE, bound=RowBound.NONE),))
    reads = '@id("r") permit(principal, action == Action::"read", resource);'
    wants = '@id("w") permit(principal, action == Action::"insert", resource) when { !context.planned };'
    assert type(decided(explained, reads)) is Allow
    assert type(decided(explained, reads, wants)) is Deny
    assert type(decided(explained, reads, wants, PERMIT)) is Allow
    planning = '@id("p") permit(principal, action, resource) when { context.planned };'
    assert type(decided(explained, reads, planning)) is Allow
    assert type(decided(DELETE, reads, planning)) is Deny


# Settings

IDENTITY = "builtin.identity-settings"


@pytest.mark.parametrize(
    ("setting", "allowed"),
    [
        (Setting("work_mem"), True),
        (Setting("application_name", direct=True), True),
        (Setting("application_name"), False),
        (Setting("nightporter.principal"), False),
        (Setting("nightporter.principal", direct=True), False),
        (Setting("nightporter.anything"), False),
        (Setting("nightporter"), True),  # no setting of ours: theirs have a dot
        (Setting("nightporter.purpose", value="ticket 7"), True),
        (Setting("nightporter.purpose"), False),
        (Setting("nightporter.purpose", value="x" * 300), False),
        (Setting(None), False),
        (Setting(None, parameter=1), True),  # decided again when it is bound
        (Setting("nightporter.principal", reset=True), True),
    ],
)
def test_the_identity_is_not_to_be_changed_whatever_policies_say(setting: Setting, allowed: bool) -> None:
    said = Reading(b"set", "00", (Statement("set", "set", frozenset(), settings=(setting,)),))
    decision = decided(said, ALL)
    assert type(decision) is (Allow if allowed else Deny)
    if not allowed:
        assert decision.policies == (IDENTITY,)


def test_settings_are_asked_about_by_name_and_value() -> None:
    connect = '@id("c") permit(principal, action == Action::"connect", resource);'
    policy = (
        '@id("s") permit(principal, action == Action::"set", resource)'
        ' when { resource.name == "statement_timeout" && context.value != "0" && context.value != "default" };'
    )

    def set_to(value: str | None, *, reset: bool = False) -> Decision:
        setting = Setting("statement_timeout", direct=True, value=value, reset=reset)
        return decided(Reading(b"set", "00", (Statement("set", "set", frozenset(), settings=(setting,)),)), connect, policy)

    assert type(set_to("5s")) is Allow
    assert type(set_to("0")) is Deny
    assert type(set_to(None, reset=True)) is Deny


def test_settings_at_start_up_are_asked_about_too() -> None:
    policies = answers(
        '@id("c") permit(principal, action == Action::"connect", resource);',
        '@id("s") permit(principal, action == Action::"set", resource) when { resource.name == "timezone" };',
    )
    assert type(admit(AGENT, SHOP, {"TimeZone": "UTC"}, policies, MOMENT)) is Allow
    assert type(admit(AGENT, SHOP, {"TimeZone": "UTC", "search_path": "x"}, policies, MOMENT)) is Deny
    assert type(admit(AGENT, SHOP, {}, policies, MOMENT)) is Allow
    assert type(admit(AGENT, SHOP, {}, answers(), MOMENT)) is Deny


# Estimates

FEW = '@id("few") permit(principal, action == Action::"delete", resource) when { context.estimated_rows < 100 };'
MANY = '@id("many") forbid(principal, action == Action::"delete", resource) when { context.estimated_rows >= 100 };'


@pytest.mark.parametrize("policies", [(FEW,), (PERMIT, MANY)])
def test_rows_are_estimated_only_where_a_policy_asks_and_all_else_permits(policies: tuple[str, ...]) -> None:
    known = answers(*policies)
    assert isinstance(decide(AGENT, SHOP, DELETE, known, MOMENT), Estimate)
    assert type(decide(AGENT, SHOP, DELETE, known, MOMENT, 5)) is Allow
    assert type(decide(AGENT, SHOP, DELETE, known, MOMENT, 5000)) is Deny
    assert type(decide(AGENT, SHOP, DELETE, known, MOMENT, NOT_TO_BE_HAD)) is Hold
    forbidden = answers(*policies, FORBID)
    assert type(decide(AGENT, SHOP, DELETE, forbidden, MOMENT)) is Deny
    assert not isinstance(decide(AGENT, SHOP, READ, known, MOMENT), Estimate)


def test_without_a_permit_an_estimate_that_only_forbids_changes_nothing() -> None:
    assert type(decide(AGENT, SHOP, DELETE, answers(MANY), MOMENT, NOT_TO_BE_HAD)) is Deny


# Approvals


@pytest.mark.parametrize(
    ("answer", "kind"), [(Approval.APPROVED, Allow), (Approval.REFUSED, Deny), (Approval.EXPIRED, Deny), (Approval.WITHDRAWN, Deny)]
)
def test_what_becomes_of_a_hold(answer: Approval, kind: type) -> None:
    hold = decided(DELETE, HELD_PERMIT)
    assert isinstance(hold, Hold)
    became = approve(hold, answer)
    assert type(became) is kind
    assert became.policies == ("held-permit",)


def test_a_hold_that_nobody_answered_says_who_could() -> None:
    hold = decided(DELETE, HELD_PERMIT, HELD_FORBID)
    assert isinstance(hold, Hold)
    became = approve(hold, Approval.EXPIRED)
    assert isinstance(became, Deny)
    assert became.hint == "It can be approved by 2 of security and dba."


# What must hold for anything

ACTIONS = ("read", "insert", "update", "delete", "truncate", "drop", "execute", "copy", "unknown", "connect", "set")
RESOURCES = ("resource", 'resource in Schema::"shop/public"', 'resource in Table::"shop/public/orders"', "resource is Column")
CONDITIONS = ("", 'when { context.use == "output" }', "when { context.hour < 6 }", 'unless { context.row_bound == "none" }')


@st.composite
def policies(draw: st.DrawFn, effect: str | None = None, hold: bool | None = None) -> str:
    effect = effect or draw(st.sampled_from(["permit", "forbid"]))
    held = '@hold("dba")' if (draw(st.booleans()) if hold is None else hold) else ""
    # `connect` is asked of databases only
    action = draw(st.sampled_from(["action", *(f'action == Action::"{name}"' for name in ACTIONS[:5])]))
    resource = draw(st.sampled_from(RESOURCES))
    return f"{held} {effect}(principal, {action}, {resource}) {draw(st.sampled_from(CONDITIONS))};"


def numbered(texts: list[str]) -> list[str]:
    return [f'@id("p{n}") {text}' for n, text in enumerate(texts)]


ACCESSES = st.builds(
    access,
    st.sampled_from([Action.READ, Action.INSERT, Action.UPDATE, Action.DELETE, Action.TRUNCATE]),
    st.sampled_from(["orders", "customers"]),
    st.sampled_from([None, *RowBound]),
    id=st.sampled_from(list(Use)),
)
READINGS = st.builds(
    lambda some, unknown: reading(*some, unknown=unknown), st.lists(ACCESSES, max_size=3), st.sampled_from([None, None, "why"])
)
slow = settings(deadline=None)  # Cedar reads each drawn set anew
STRICTNESS = {Allow: 0, Hold: 1, Deny: 2}


@slow
@given(READINGS, st.lists(policies(effect="forbid"), max_size=4))
def test_no_permit_denies(said: Reading, texts: list[str]) -> None:
    assert type(decided(said, *numbered(texts))) is Deny


@slow
@given(READINGS, st.lists(policies(), max_size=4))
def test_any_forbid_denies(said: Reading, texts: list[str]) -> None:
    assert type(decided(said, *numbered([*texts, "forbid(principal, action, resource);"]))) is Deny


@slow
@given(READINGS, st.lists(policies(), max_size=4))
def test_any_error_denies(said: Reading, texts: list[str]) -> None:
    broken = "permit(principal, action, resource) when { context.hour + 9223372036854775807 > 0 };"
    named = 'permit(principal, action == Action::"unknown", resource) when { context.hour + 9223372036854775807 > 0 };'
    assert type(decided(said, *numbered([*texts, broken, named]))) is Deny


@slow
@given(READINGS, st.lists(policies(), max_size=4), policies(effect="forbid"))
def test_adding_a_forbid_never_widens(said: Reading, texts: list[str], forbid: str) -> None:
    before = decided(said, *numbered([*texts, ALL_IDS]))
    after = decided(said, *numbered([*texts, ALL_IDS, forbid]))
    assert STRICTNESS[type(after)] >= STRICTNESS[type(before)]


@slow
@given(READINGS, st.lists(policies(), max_size=5), st.randoms(use_true_random=False))
def test_order_does_not_matter(said: Reading, texts: list[str], chance: random.Random) -> None:
    every = numbered([*texts, ALL_IDS])
    shuffled = list(every)
    chance.shuffle(shuffled)
    assert decided(said, *every) == decided(said, *shuffled)


ALL_IDS = 'permit(principal, action in [Action::"read", Action::"delete", Action::"unknown", Action::"connect"], resource);'


def test_texts_that_share_what_was_found_share_the_decision() -> None:
    known = answers(ALL)
    like = replace(DELETE.statements[0], text="delete from orders where id = 8")
    first = decide(AGENT, SHOP, DELETE, known, MOMENT)
    assert decide(AGENT, SHOP, Reading(b"", "00", (like,)), known, MOMENT) is first
    assert decide(HUMAN, SHOP, DELETE, known, MOMENT) is not first
    assert decide(AGENT, SHOP, DELETE, known, {**MOMENT, "hour": 4}) is not first
    assert decide(AGENT, SHOP, Reading(b"", "00", (replace(like, kind="merge"),)), known, MOMENT) is not first
    assert decide(AGENT, SHOP, Reading(b"", "00", (like, like)), known, MOMENT) is not first
    denied = replace(like, settings=(Setting("nightporter.principal"),))
    assert type(decide(AGENT, SHOP, Reading(b"", "00", (denied,)), known, MOMENT)) is Deny


@settings(max_examples=200, deadline=None)
@given(st.lists(policies(), min_size=1, max_size=5), st.lists(READINGS, min_size=2, max_size=6))
def test_what_is_kept_is_what_is_found_anew(texts: list[str], said: list[Reading]) -> None:
    """Answers are kept by what policies can see: asking in any company gives what asking alone gives."""
    every = numbered([*texts, ALL_IDS])
    kept = answers(*every)
    for each in said:
        assert decide(AGENT, SHOP, each, kept, MOMENT) == decide(AGENT, SHOP, each, answers(*every), MOMENT)
