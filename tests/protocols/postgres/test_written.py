"""Masks on their way back: found in constants and parameters of statements that write rows, and nowhere else."""

from __future__ import annotations

import pytest

from nightporter.protocols.postgres.analysis import analyse
from nightporter.protocols.postgres.written import mask_in, written_labels
from nightporter.statement.model import Access, Action, ColumnUse, Reading, Use

NOTHING: frozenset[str] = frozenset()
EMAIL = frozenset({"pii.email"})


def writing(column: str, *labels: str, action: Action = Action.UPDATE, use: Use = Use.WRITE_TARGET) -> Reading:
    """A reading whose one statement uses one column so."""
    reading = analyse("update people set email = 'a***@example.com' where id = 1")
    (statement,) = reading.statements
    statement.accesses = (Access(action, "public", "people", "table", (ColumnUse(column, frozenset({use}), labels),)),)
    return reading


def test_what_writes_a_hidden_column_is_told_by_its_labels() -> None:
    assert written_labels(writing("email", "pii.email"), EMAIL) == EMAIL
    assert written_labels(writing("email", "pii.email"), NOTHING) == NOTHING
    assert written_labels(writing("note"), EMAIL) == NOTHING
    assert written_labels(writing("email", "pii.email", use=Use.PREDICATE), EMAIL) == NOTHING


def test_what_only_reads_writes_nothing() -> None:
    assert written_labels(analyse("select '*****'"), EMAIL) is None


@pytest.mark.parametrize(
    "text",
    [
        "update people set email = 'a***@example.com'",
        "insert into people (email) values ('x'), ('g***@example.com')",
        "update people set email = E'a\\x2a**@example.com'",
        "update people set email = $$a***@example.com$$",
        "update people set email = 'a***@example.com'::text",
        "insert into people select 'a***@example.com'",
        "update cards set number = '****-****-****-1234'",
        "merge into people using (values ('a***@example.com')) v (e) on true when matched then update set email = v.e",
    ],
)
def test_a_mask_in_a_text_is_found(text: str) -> None:
    assert mask_in(analyse(text), (), NOTHING, EMAIL, b"") is not None


@pytest.mark.parametrize(
    "text",
    [
        "update people set email = 'ada@example.com'",
        "update people set note = '*** urgent ***'",
        "update people set note = '**bold** and 2*3*4'",
        "update people set note = '*****'",
        "insert into t values ('a*b'), ('****')",
        "update people set email = lower(email) -- a***@example.com",
    ],
)
def test_what_people_write_is_no_mask(text: str) -> None:
    assert mask_in(analyse(text), (), NOTHING, EMAIL, b"") is None


def test_an_application_that_sees_the_values_makes_such_forms_itself() -> None:
    secrets = frozenset({"secret.password"})
    for value in ("****-****-****-1234", "a***@example.com"):
        assert mask_in(analyse(f"update payments set shown_as = '{value}'"), (value.encode(),), NOTHING, secrets, b"") is None
    assert mask_in(analyse("update logins set password = '*****'"), (), secrets, secrets, b"") is not None


def test_stars_alone_are_a_mask_where_they_hide_something() -> None:
    reading = analyse("update people set email = '*****'")
    assert mask_in(reading, (), EMAIL, EMAIL, b"") == "the constant '*****'"
    assert mask_in(reading, (), NOTHING, EMAIL, b"") is None


def test_a_mask_among_parameters_is_found_by_its_number() -> None:
    reading = analyse("update people set email = $2 where id = $1")
    assert mask_in(reading, (b"1", b"a***@example.com"), NOTHING, EMAIL, b"") == "parameter $2"
    assert mask_in(reading, (b"1", None), NOTHING, EMAIL, b"") is None
    assert mask_in(reading, (b"\x00\x00\x00\x01", b"ada@example.com"), EMAIL, EMAIL, b"") is None


def test_a_long_text_is_looked_through_as_well() -> None:
    rows = ", ".join(f"({n}, 'name {n}')" for n in range(20_000))
    text = f"insert into people values {rows}"
    assert mask_in(analyse(text), (), NOTHING, EMAIL, b"") is None
    assert mask_in(analyse(f"{text}, (20001, 'a***@example.com')"), (), NOTHING, EMAIL, b"") is not None
