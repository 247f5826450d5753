"""How the columns of a result would be shown: what several origins make of one column."""

from __future__ import annotations

import pytest

from nightporter.identity.principal import Kind, Principal
from nightporter.policy.explain import explain
from nightporter.policy.model import Resource
from nightporter.policy.reveal import reveals
from nightporter.policy.showing import Origin, ShownOutput, shown_outputs
from nightporter.statement.model import Access, Action, Output, Reading, Source, Statement
from tests.lab.policies import MOMENT, answers

SHOP = Resource("production", "shop")
ADA = Principal("ada", Kind.HUMAN)
RULES = """
@id("name") permit(principal, action == Action::"reveal", resource in Label::"pii.name");
@id("email") @mask("partial") permit(principal, action == Action::"reveal", resource in Label::"pii.email");
@id("salary") @mask("null") permit(principal, action == Action::"reveal", resource in Label::"pii.salary");
@id("note") @mask("found") permit(principal, action == Action::"reveal", resource in Label::"pii.text");
@id("above") permit(principal, action == Action::"reveal", resource in Table::"shop/public/above");
"""

ID, NAME, EMAIL = ("id",), ("name", "pii.name"), ("email", "pii.email")
CARD, SALARY, NOTE = ("card", "pii.card"), ("salary", "pii.salary"), ("note", "pii.text")


def source(column: tuple[str, ...], *, direct: bool = True) -> Source:
    return Source("public", "people", column[0], direct, column[1:])


def shown(*outputs: Output, accesses: tuple[Access, ...] = ()) -> tuple[ShownOutput, ...]:
    statement = Statement("", "select", frozenset({Action.READ}), accesses=accesses, outputs=outputs)
    return shown_outputs(statement, reveals(ADA, SHOP, answers(RULES), {}))


@pytest.mark.parametrize(
    ("direct", "computed", "how"),
    [
        ((), (), "searched"),
        ((ID,), (), "searched"),
        ((NAME,), (), "plain"),
        ((NAME, ID), (), "searched"),
        ((NAME,), (NAME,), "plain"),
        ((EMAIL,), (), "partial"),
        ((CARD,), (), "masked"),
        ((SALARY,), (), "null"),
        ((NOTE,), (), "found"),
        ((NOTE,), (ID,), "found"),
        # of several kinds, or computed: nothing that keeps the shape of one
        ((EMAIL, NAME), (), "full"),
        ((EMAIL, CARD), (), "full"),
        ((CARD, SALARY), (), "null"),
        ((), (EMAIL,), "full"),
        ((), (CARD,), "full"),
        ((), (SALARY,), "null"),
        ((NAME,), (EMAIL,), "full"),
        ((EMAIL,), (EMAIL,), "full"),
    ],
)
def test_what_several_origins_make_of_it(
    direct: tuple[tuple[str, ...], ...], computed: tuple[tuple[str, ...], ...], how: str
) -> None:
    sources = [source(each) for each in direct] + [source(each, direct=False) for each in computed]
    (found,) = shown(Output("x", tuple(sources)))
    assert (found.name, found.how, found.opaque) == ("x", how, False)


def test_why_is_told() -> None:
    (found,) = shown(Output("x", (source(EMAIL),)))
    assert found.origins == (Origin("public.people.email", True, ("pii.email",), "partial", ("email",)),)


def test_what_nobody_can_tell_is_hidden() -> None:
    (found,) = shown(Output("x", (source(NAME),), opaque=True))
    assert (found.how, found.opaque) == ("full", True)


def test_what_somebody_said_of_a_view_counts_too() -> None:
    (found,) = shown(Output("x", (source(NAME),), labels=("pii.card",)))
    assert found.how == "full"
    assert found.origins[-1] == Origin("pii.card", True, ("pii.card",), "masked", ())


def test_a_part_of_a_table_is_shown_as_the_whole() -> None:
    access = Access(Action.READ, "public", "people", "table", parents=(("public", "above"),))
    (found,) = shown(Output("x", (source(CARD),)), accesses=(access,))
    assert found.how == "plain"


def test_what_returns_nothing_shows_nothing() -> None:
    statement = Statement("", "delete", frozenset({Action.DELETE}))
    assert shown_outputs(statement, reveals(ADA, SHOP, answers(RULES), {})) == ()


def test_an_explanation_has_it_for_each_statement() -> None:
    one = Statement("", "select", frozenset({Action.READ}), outputs=(Output("x", (source(EMAIL),)),))
    two = Statement("", "begin", frozenset())
    found = explain(ADA, SHOP, Reading(b"text", "", (one, two)), answers(RULES), MOMENT)
    assert [[each.how for each in columns] for columns in found.shown] == [["partial"], []]
