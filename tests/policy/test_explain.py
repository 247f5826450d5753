"""Explanations: what decided, what nearly did, what would change it; and that every change that is told does change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightporter.identity.principal import Kind, Principal
from nightporter.policy.answer import Answers
from nightporter.policy.condition import Condition, conditions_text
from nightporter.policy.decide import NOT_TO_BE_HAD, decide
from nightporter.policy.doing import statement_of
from nightporter.policy.explain import Explanation, Finding, explain, limits, outcome, subject
from nightporter.policy.literal import addresses, compared_with, numbers
from nightporter.policy.model import Allow, Deny, Hold, Obligations, Resource, Value
from nightporter.policy.remedy import Remedy
from nightporter.policy.ruleset import load
from nightporter.statement.model import Reading, Setting, Statement
from tests.lab.policies import MOMENT, answers, pack

SHOP = Resource("production", "shop")
ADA = Principal("ada", Kind.HUMAN, frozenset({"sales"}))
COPILOT = Principal("copilot", Kind.AGENT, owner="ada")
PACKS = answers(of=("baseline", "production"))

DELETE = "delete public.orders row_bound=none"


def reading(*lines: str) -> Reading:
    return Reading(b"text", "", (statement_of(lines),))


def explained(
    lines: str | list[str],
    rules: Answers | str,
    principal: Principal = ADA,
    rows: int | None = None,
    facts: Mapping[str, Value] = MOMENT,
) -> Explanation:
    own = answers(rules) if isinstance(rules, str) else rules
    every = [lines] if isinstance(lines, str) else lines
    return explain(principal, SHOP, reading(*every), own, {**MOMENT, **facts}, rows, {"listener": ["127.0.0.1:1", "10.0.0.1:1"]})


def remedies(found: Explanation) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for each in found.remedies:
        told.setdefault(each.kind, []).append(each.words)
    return told


def one(found: Explanation, kind: str) -> Remedy:
    (remedy,) = [each for each in found.remedies if each.kind == kind]
    return remedy


def ids(policies: Any) -> list[str]:
    return [policy.id for policy in policies]


# What was asked


def test_columns_that_are_used_alike_are_one_line() -> None:
    found = explained(
        ["read public.people(id, name)", "read public.people(ssn) use=predicate", "read public.people(name) use=predicate"], PACKS
    )
    assert [subject(each) for each in found.findings] == [
        "read public.people",
        "read public.people (id, name)",
        "read public.people (ssn, name) in a condition",
    ]


def test_columns_that_are_answered_otherwise_stand_apart() -> None:
    rules = """@id("p") permit(principal, action, resource);
    @id("f") forbid(principal, action, resource == Column::"shop/public/people/ssn");"""
    found = explained("read public.people(id, ssn, name)", rules)
    assert [(subject(each), outcome(each.decision)) for each in found.findings] == [
        ("read public.people", "allow"),
        ("read public.people (id, name)", "allow"),
        ("read public.people.ssn", "deny"),
    ]


def test_the_same_asked_twice_is_told_once() -> None:
    assert len(explained([DELETE, DELETE], PACKS).findings) == 1


def test_who_decided_and_who_had_no_say() -> None:
    (finding,) = explained(DELETE, PACKS, COPILOT).findings
    assert outcome(finding.decision) == "hold"
    assert ids(finding.deciding) == ["baseline.agents-ask", "production.no-unbounded-change"]
    assert "baseline.agents-no-server-data" in [missed.policy.id for missed in finding.missed]
    rules = """@id("a") permit(principal, action, resource); @id("b") forbid(principal, action, resource);"""
    (finding,) = explained(DELETE, rules).findings
    assert (ids(finding.deciding), ids(finding.outweighed)) == (["b"], ["a"])


def test_out_of_scope_is_not_nearly() -> None:
    rules = """@id("a") permit(principal is Agent, action, resource) when { context.locks };
    @id("b") permit(principal, action == Action::"read", resource) when { context.locks };
    @id("c") permit(principal, action, resource in Table::"shop/public/other") when { context.locks };
    @id("d") permit(principal in Group::"dba", action, resource) when { context.locks };
    @id("e") permit(principal in Group::"sales", action, resource in Environment::"production") when { context.locks };"""
    (finding,) = explained(DELETE, rules).findings
    assert [missed.policy.id for missed in finding.missed] == ["e"]


# Conditions


def missed(condition: str) -> tuple[Condition, ...]:
    (finding,) = explained(DELETE, f'@id("p") permit(principal, action, resource) {condition};').findings
    (only,) = finding.missed
    return only.conditions


@pytest.mark.parametrize(
    ("condition", "text", "part"),
    [
        ("when { context.locks }", "when { context.locks }", None),
        ("when {\n  context.locks // why\n}", "when { context.locks }", None),
        ("unless { context.hour == 3 }", "unless { context.hour == 3 }", None),
        ("when { context.hour == 3 && context.locks }", "when { context.hour == 3 && context.locks }", "context.locks"),
        (
            "when { context.hour == 4 && context.locks && true }",
            "when { context.hour == 4 && context.locks && true }",
            "context.hour == 4",
        ),
        ("unless { context.locks || context.hour == 3 }", "unless { context.locks || context.hour == 3 }", "context.hour == 3"),
        ("when { context.locks || context.hour == 4 }", "when { context.locks || context.hour == 4 }", None),
        (
            "when { context.hour == 3 && (context.locks || context.hour == 9) }",
            "when { context.hour == 3 && (context.locks || context.hour == 9) }",
            "(context.locks || context.hour == 9)",
        ),
        (
            "when { (context.hour == 3 && context.locks) && true }",
            "when { (context.hour == 3 && context.locks) && true }",
            None,
        ),
        (
            'when { context.purpose == "a && b; }" && context.locks }',
            'when { context.purpose == "a && b; }" && context.locks }',
            'context.purpose == "a && b; }"',
        ),
        ("when { if context.locks then true else false }", "when { if context.locks then true else false }", None),
    ],
)
def test_the_condition_that_does_not_hold(condition: str, text: str, part: str | None) -> None:
    assert missed(condition) == (Condition(text, part),)


def test_only_those_that_do_not_hold() -> None:
    found = missed("when { context.hour == 3 } when { context.locks } unless { context.hour == 4 } unless { !context.locks }")
    assert [each.text for each in found] == ["when { context.locks }", "unless { !context.locks }"]


def test_a_name_in_an_annotation_is_no_condition() -> None:
    rules = load({"x.cedar": '@id("when") @reason("unless { }") permit(principal, action, resource);'})
    assert conditions_text(rules.policies["when"]) == ""


def test_a_policy_that_fails_is_told() -> None:
    rules = '@id("p") permit(principal, action, resource) when { context.statements + 9223372036854775807 > 0 };'
    found = explained(DELETE, rules)
    assert isinstance(found.decision, Deny)
    assert found.findings[0].error is not None
    assert "p" in found.findings[0].error


# What would change it


def test_a_tighter_condition() -> None:
    found = explained(DELETE, PACKS)
    assert isinstance(found.decision, Hold)
    assert one(found, "rows").words == "a condition on public.orders that looks at a column"
    assert isinstance(one(found, "rows").decision, Allow)
    by_key = """@id("p") permit(principal, action, resource) when { context.row_bound == "primary_key_constant" };"""
    (rows,) = remedies(explained(DELETE, by_key))["rows"]
    assert rows.startswith("a condition on public.orders that names every column of a unique key")


def test_no_condition_reaches_into_a_function() -> None:
    assert "rows" not in remedies(explained(f"{DELETE} via=function", PACKS))


def test_an_approval() -> None:
    rules = '@id("h") @hold("dba security quorum=2") permit(principal, action, resource);'
    assert one(explained(DELETE, rules), "approval").words == "approval by 2 of dba or security"
    assert one(explained(DELETE, PACKS, COPILOT), "approval").words == "approval by one of dba"


def test_a_permit_that_is_missing() -> None:
    found = explained(["delete public.orders(id) use=predicate", "read public.customers(name)"], "", COPILOT)
    remedy = one(found, "permit")
    assert remedy.words == (
        'a plain permit for `delete` on Table::"shop/public/orders" (or on Schema::"shop/public", Database::"shop") and '
        'a plain permit for `read` on Table::"shop/public/customers" (or on Schema::"shop/public", Database::"shop")'
    )
    assert remedy.policy is not None
    again = explained(["delete public.orders(id) use=predicate", "read public.customers(name)"], remedy.policy, COPILOT)
    assert isinstance(again.decision, Allow), "the text is a policy that does so"


@pytest.mark.parametrize(
    "line",
    [
        *("connect", "unknown", "set role value=x", "execute public.f(integer)", 'drop statement="drop schema"', "create public.t"),
        *('read public."a""b/c%\\\\d"("e ""f")', "administer", "copy public.t", "grant public.t", "execute effects=locks"),
    ],
)
def test_a_missing_permit_is_a_policy_that_works(line: str) -> None:
    remedy = one(explained(line, "", COPILOT), "permit")
    assert remedy.policy is not None
    assert isinstance(explained(line, remedy.policy, COPILOT).decision, Allow)


def test_a_forbid_takes_an_exception() -> None:
    rules = '@id("p") permit(principal, action, resource); @id("f") forbid(principal, action, resource);'
    assert remedies(explained("truncate t", rules)) == {
        "exception": ["an exception in the policy `f` (test0.cedar:1): no permit outweighs a forbid"]
    }


PII = """@id("p") permit(principal, action, resource);
@id("f") forbid(principal, action == Action::"read", resource in Label::"pii")"""


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["read t(id)", "read t(mail) labels=pii.email"], ["leave out column mail of public.t"]),
        (["read t(mail, ssn) labels=pii.email"], ["leave out columns mail and ssn of public.t"]),
        (["read t(mail) labels=pii.email via=view"], ["leave out column mail of public.t, also where a view gives it"]),
        (["read t(mail) labels=pii.email via=function"], None),
        (["read t(mail) labels=pii.email via=view use=predicate"], None),
    ],
)
def test_columns_to_leave_out(lines: list[str], expected: list[str] | None) -> None:
    assert remedies(explained(lines, f"{PII};")).get("columns") == expected


def test_a_use_to_avoid() -> None:
    rules = f'{PII} when {{ context.use == "predicate" }};'
    found = explained(["read t(mail) labels=pii.email", "read t(mail) labels=pii.email use=predicate"], rules)
    assert remedies(found)["columns"] == ["do not use in a condition column mail of public.t"]


@pytest.mark.parametrize(
    ("condition", "facts", "kind", "words"),
    [
        ('context.purpose == "INC-1"', {}, "purpose", "say the purpose `INC-1` first: SET nightporter.purpose = '...'"),
        ('context.purpose like "INC-*"', {}, "purpose", "say a purpose like `INC-*` first: SET nightporter.purpose = '...'"),
        ('context.purpose != ""', {}, "purpose", "say first what the session is for: SET nightporter.purpose = '...'"),
        ("context.in_transaction", {}, "transaction", "inside of a transaction block, after BEGIN"),
        ("!context.in_transaction", {"in_transaction": True}, "transaction", "outside of a transaction block"),
        ('context.listener == "10.0.0.1:1"', {}, "place", "by the entrance `10.0.0.1:1`"),
        ('context.client_address.isInRange(ip("10.0.0.0/8"))', {}, "place", "from the network `10.0.0.0/8`"),
        ('context.role == "clerk"', {}, "role", "as the database role `clerk`"),
        ("context.hour >= 9 && context.hour < 17", {}, "time", "the same between 9:00 and 16:59 that day"),
        ('context.weekday == "friday" && context.hour > 21', {}, "time", "the same on Friday, 2026-11-27, between 22:00 and 23:59"),
        ('context.date == "2026-11-24"', {}, "time", "the same on Tuesday, 2026-11-24, between 0:00 and 23:59"),
        ('principal in Group::"dba"', {}, "group", "ada in the group `dba`"),
        ("!context.locks", {}, "locks", "leave the rows of public.orders unlocked: no FOR UPDATE or FOR SHARE"),
    ],
)
def test_other_circumstances(condition: str, facts: Mapping[str, Value], kind: str, words: str) -> None:
    rules = f'@id("p") permit(principal, action, resource) when {{ {condition} }};'
    lines = ["read public.orders", "update public.orders row_bound=other locks statement=select"] if kind == "locks" else [DELETE]
    if kind == "locks":
        rules += '@id("r") permit(principal, action == Action::"read", resource);'
    found = explained(lines, rules, facts=facts)
    assert isinstance(found.decision, Deny)
    assert words in remedies(found).get(kind, [])
    assert isinstance(next(each for each in found.remedies if each.words == words).decision, Allow)


def test_an_obligation_to_say_the_purpose() -> None:
    found = explained(DELETE, '@id("p") @purpose("required") permit(principal, action, resource);')
    assert isinstance(found.decision, Deny)
    assert remedies(found) == {"purpose": ["say first what the session is for: SET nightporter.purpose = '...'"]}


def test_a_value_of_a_setting() -> None:
    rules = """@id("p") permit(principal, action == Action::"set", resource) when { context.value == "on" };"""
    assert remedies(explained("set row_security value=off", rules))["setting"] == ["set row_security to `on`"]


def test_what_is_unknown() -> None:
    rules = '@id("p") permit(principal, action == Action::"read", resource);'
    assert remedies(explained(["read t", "unknown"], rules))["unknown"] == ["make certain what is not: it is said to be unknown"]


def test_two_things_at_once() -> None:
    rules = """@id("p") permit(principal, action, resource) when { context.in_transaction && context.row_bound == "other" };"""
    found = explained(DELETE, rules)
    assert remedies(found)["several"] == [
        "a condition on public.orders that looks at a column, and inside of a transaction block, after BEGIN"
    ]
    assert isinstance(one(found, "several").decision, Allow)


def test_what_nobody_can_change() -> None:
    statement = Statement("x", "set", frozenset(), settings=(Setting("nightporter.principal", value="x"),))
    found = explain(ADA, SHOP, Reading(b"x", "", (statement,)), PACKS, MOMENT)
    assert isinstance(found.decision, Deny)
    assert found.remedies == ()


def test_what_is_allowed_needs_nothing() -> None:
    assert explained("read t", PACKS).remedies == ()


# Rows


ROWS = """@id("p") permit(principal, action, resource);
@id("h") @hold("dba") forbid(principal, action == Action::"read", resource) when { context.estimated_rows > 1000 };
@id("f") forbid(principal, action == Action::"read", resource) when { context.estimated_rows >= 5000 };"""


def test_it_may_depend_on_how_many_rows_there_are() -> None:
    found = explained("read t", ROWS)
    assert [(each.least, each.most, outcome(each.decision)) for each in found.ranges] == [
        (0, 1000, "allow"),
        (1001, 4999, "hold"),
        (5000, None, "deny"),
    ]
    assert ids(found.findings[0].waiting) == ["f", "h"]
    told = explained("read t", ROWS, rows=4000)
    assert (outcome(told.decision), told.ranges, told.findings[0].waiting) == ("hold", (), ())
    assert explained("delete t", ROWS).ranges == ()


# Words


def test_limits_in_words() -> None:
    every = Obligations(10, 1024, 2.0, 1, 2, 3, record_images=True, purpose=True)
    assert limits(every) == [
        "at most 10 rows",
        "at most 1024 bytes",
        "at most 2 s",
        "at most 1 sessions at once",
        "at most 2 statements at once",
        "at most 3 statements a minute",
        "images of changed rows are recorded",
        "the purpose must have been said",
    ]
    assert limits(Obligations()) == []


def test_what_policies_compare_with() -> None:
    rules = load(
        {
            "x.cedar": """@id("p") permit(principal, action, resource) when {
            "a" == context.purpose || context.purpose like "b*c" ||
            ["d", "e"].contains(context.purpose) || context.role == "f" || context.hour < 7 ||
            context.client_address.isInRange(ip("10.0.0.0/8")) };"""
        }
    )
    est = rules.policies["p"].est["conditions"]
    assert [*compared_with(est, "purpose")] == ["a", "b*c", "d", "e"]
    assert [*compared_with(est, "role")] == ["f"]
    assert [*numbers(est)] == [7]
    assert [*addresses(est)] == ["10.0.0.0/8"]


# Whatever there is

FRAGMENTS = [
    '@id("a{}") permit(principal, action, resource);',
    '@id("a{}") permit(principal, action == Action::"read", resource) when {{ context.row_bound == "other" }};',
    '@id("a{}") @hold("dba") permit(principal, action, resource) unless {{ context.locks }};',
    '@id("a{}") forbid(principal is Agent, action, resource) when {{ context.hour < 6 && context.purpose == "" }};',
    '@id("a{}") @hold("dba") forbid(principal, action == Action::"delete", resource) when {{ context.row_bound == "none" }};',
    '@id("a{}") forbid(principal, action, resource in Label::"pii");',
    '@id("a{}") @observe permit(principal in Group::"sales", action, resource);',
    '@id("a{}") permit(principal, action == Action::"unknown", resource) when {{ context.in_transaction }};',
    '@id("a{}") forbid(principal, action, resource) when {{ context.estimated_rows > 10 }};',
    '@id("a{}") @purpose("required") permit(principal, action == Action::"delete", resource);',
]
LINES = [
    DELETE,
    "delete public.orders(id) row_bound=other use=predicate via=view",
    "read public.people(id, name) row_bound=none",
    "read public.people(mail) labels=pii.email use=join",
    "update public.people locks statement=select",
    "execute public.f() effects=writes_data",
    "set role value=x",
    "unknown",
]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(FRAGMENTS), max_size=5),
    st.lists(st.sampled_from(LINES), min_size=1, max_size=4, unique=True),
    st.sampled_from([ADA, COPILOT]),
)
def test_what_is_explained_is_what_is_decided(fragments: list[str], lines: list[str], principal: Principal) -> None:
    own = answers("\n".join(text.format(n) for n, text in enumerate(fragments)))
    found = explained(lines, own, principal)
    decided = decide(principal, SHOP, reading(*lines), own, {**MOMENT}, NOT_TO_BE_HAD)
    assert found.decision == decided
    rank = ["deny", "hold", "allow"].index
    assert rank(outcome(found.decision)) <= min(_rank(each, rank) for each in found.findings) or _observed(found)
    for remedy in found.remedies:
        assert rank(outcome(remedy.decision)) > rank(outcome(found.decision))


def _rank(finding: Finding, rank: Any) -> int:
    return int(rank(outcome(finding.decision)))


def _observed(found: Explanation) -> bool:
    return isinstance(found.decision, Allow) and found.decision.observed is not None


@pytest.mark.parametrize("name", ["baseline", "production", "read-only", "observe"])
def test_conditions_of_the_packs_can_be_shown(name: str) -> None:
    for policy in load({f"packs/{name}.cedar": pack(name)}).policies.values():
        assert conditions_text(policy).isprintable() or conditions_text(policy) == ""
        assert len(policy.est["conditions"]) == sum(conditions_text(policy).count(f"{word} {{") for word in ("when", "unless"))
