"""What clients are told: a table of sentences, and that none of them tells a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.identity.principal import Kind, Principal
from nightporter.policy import sentence
from nightporter.policy.decide import decide
from nightporter.policy.doing import statement_of
from nightporter.policy.model import Allow, Resource, Uid
from nightporter.policy.question import escaped, questions_of
from nightporter.statement.model import Reading
from tests.lab.policies import MOMENT, answers

SHOP = Resource("production", "shop")
COPILOT = Principal("copilot", Kind.AGENT, owner="ada", actor="tool")
NOTHING = answers()


def reading(*lines: str) -> Reading:
    return Reading(b"text", "", (statement_of(lines),))


def told(*lines: str) -> str:
    decision = decide(COPILOT, SHOP, reading(*lines), NOTHING, MOMENT)
    assert not isinstance(decision, Allow)
    assert hasattr(decision, "reason")
    return decision.reason


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("connect", "run transaction begin in database shop"),
        ("connect statement=connect", "connect to database shop"),
        ("read public.customers", "read public.customers"),
        ("read public.customers row_bound=none", "read public.customers"),
        ("delete public.orders row_bound=none", "delete from public.orders with no condition"),
        ("update public.orders row_bound=trivial", "update public.orders with a condition that looks at no column"),
        ("update public.orders row_bound=other via=view", "update public.orders, through a view"),
        ("delete public.orders via=trigger,function", "delete from public.orders, through a function and a trigger"),
        ("delete public.orders via=operator", "delete from public.orders, through an operator"),
        ("delete public.orders via=foreign_key", "delete from public.orders, through a foreign key"),
        ("update public.orders locks statement=select", "lock rows of public.orders"),
        ("update public.orders locks statement=lock", "lock public.orders"),
        ('insert public."My Orders"', 'insert into public."My Orders"'),
        ('read "Odd.Schema"."a/b%"', 'read "Odd.Schema"."a/b%"'),
        ("truncate public.orders", "truncate public.orders"),
        ("copy public.orders", "copy data in or out of public.orders"),
        ("grant public.orders", "change rights on public.orders"),
        ('grant statement="grant role"', "change rights in database shop (grant role)"),
        ('drop statement="drop schema"', "drop something in database shop (drop schema)"),
        ("drop", "drop something in database shop"),
        ('create statement="create extension"', "create something in database shop (create extension)"),
        ("administer statement=vacuum", "do an administrator's work in database shop (vacuum)"),
        ("execute public.purge(integer, text)", "run function public.purge(integer, text)"),
        ("execute effects=locks statement=lock", "run code in database shop (lock)"),
        ("set role value=secret", "change setting role"),
        ("set pgaudit.log value=none", "change setting pgaudit.log"),
        ("set ?", "change a setting whose name is not known beforehand"),
    ],
)
def test_what_is_not_permitted(line: str, expected: str) -> None:
    assert told(line) == f"no policy permits agent copilot to {expected}"


def test_what_is_not_understood_says_why() -> None:
    assert told("unknown statement=select") == "this statement cannot be understood for certain: it is said to be unknown"


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("output", "read public.people.ssn"),
        ("predicate", "read public.people.ssn in a condition"),
        ("join", "read public.people.ssn to join by"),
        ("grouping", "read public.people.ssn to group by"),
        ("ordering", "read public.people.ssn to order by"),
        ("expression", "read public.people.ssn in an expression"),
        ("whole_row", "read public.people.ssn in a whole row"),
        ("write_source", "read public.people.ssn as the source of a write"),
    ],
)
def test_how_a_column_is_used(use: str, expected: str) -> None:
    asked = questions_of(COPILOT, SHOP, reading(f"read public.people(ssn) use={use}")).questions
    assert sentence.what(asked[-1]) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ('@id("f") forbid(principal, action, resource);', "policy f forbids agent copilot to truncate public.orders"),
        (
            '@id("f") @reason("not today") forbid(principal, action, resource);',
            "not today (policy f: truncate public.orders)",
        ),
        (
            '@id("h") @hold("dba") permit(principal, action, resource);',
            "policy h wants somebody to approve before agent copilot may truncate public.orders",
        ),
        (
            '@id("h") @hold("dba") @reason("ask first") permit(principal, action, resource);',
            "ask first (policy h: truncate public.orders)",
        ),
    ],
)
def test_which_policy_says_so(policy: str, expected: str) -> None:
    decision = decide(COPILOT, SHOP, reading("truncate public.orders"), answers(policy), MOMENT)
    assert not isinstance(decision, Allow)
    assert getattr(decision, "reason", None) == expected


@given(st.text(min_size=1, max_size=40))
def test_a_sentence_is_one_line_whatever_the_names(name: str) -> None:
    uid = Uid("Table", f"shop/{escaped('public')}/{escaped(name)}")
    assert sentence.name(uid).isprintable()
    assert sentence.name(uid).startswith("public.")


@given(st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=4, max_size=20))
def test_no_value_is_told(value: str) -> None:
    marked = f"xq{value}qx"
    assert marked not in told(f'set search_path value="{marked}"')


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "nothing"),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (list("abcdefg"), "a, b, c, d and 3 more"),
    ],
)
def test_lists(words: list[str], expected: str) -> None:
    assert sentence.listed(words) == expected
