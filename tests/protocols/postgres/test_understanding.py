"""The cache of what texts do: when it understands anew, and what each statement of a text is understood under."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from nightporter.catalog.model import Snapshot
from nightporter.protocols.postgres import understanding
from nightporter.protocols.postgres.analysis import Readings, call
from nightporter.protocols.postgres.semantics.scope import Scope
from nightporter.protocols.postgres.session import Session, Standing
from nightporter.protocols.postgres.understanding import MAX_UNDERSTOOD, NO_CATALOG, Understanding
from nightporter.statement.model import Action, Reading

READINGS = Readings()


@cache
def snapshot(version: int = 1) -> Snapshot:
    """Always the same one: a catalogue is itself, whatever its number."""
    return Snapshot(
        version=version,
        schemas=frozenset({"pg_catalog", "public", "a", "b"}),
        relations={},
        types={},
        functions={},
        operators={},
        casts={},
        roles={},
    )


def session(path: str = "public") -> Session:
    made = Session()
    made.answered((path, "none", "ada", "on", "origin", "off"), "")
    return made


class Stub:
    """Notes what it was asked, and marks what it gives."""

    def __init__(self, *, numbers: bool = False) -> None:
        self.asked: list[tuple[str, tuple[str, ...], tuple[int, ...]]] = []
        self.numbers = numbers

    def __call__(self, reading: Reading, scope: Scope, parameter_types: tuple[int, ...]) -> Reading:
        self.asked.append((reading.text.decode(), scope.path[1:], parameter_types))
        return replace(reading, looks_at_numbers=self.numbers)


@pytest.fixture
def stub() -> Stub:
    return Stub()


@pytest.fixture
def understand(stub: Stub) -> Understanding:
    return Understanding(stub)


def test_the_same_question_is_answered_once(understand: Understanding, stub: Stub) -> None:
    standing, catalog = session().standing, snapshot()
    first = understand(READINGS(b"select a from t"), standing, catalog)
    assert understand(Readings()(b"select a from t"), standing, catalog) is first
    assert len(stub.asked) == 1


@pytest.mark.parametrize("other", ["path", "version", "types", "text"])
def test_anything_else_is_another_question(understand: Understanding, stub: Stub, other: str) -> None:
    understand(READINGS(b"select a from t"), session().standing, snapshot())
    standing = session("a" if other == "path" else "public").standing
    text = b"select a  from t" if other == "text" else b"select a from t"
    understand(READINGS(text), standing, snapshot(2 if other == "version" else 1), (23,) if other == "types" else ())
    assert len(stub.asked) == 2


def test_the_same_bytes_in_another_encoding_are_another_text(understand: Understanding, stub: Stub) -> None:
    text = "select 'é'".encode()
    for codec in ("utf-8", "latin-1", "utf-8"):
        understand(READINGS(text, codec), session().standing, snapshot())
    assert len(stub.asked) == 2


def test_texts_that_differ_in_numbers_share_what_was_found(understand: Understanding, stub: Stub) -> None:
    standing, catalog = session().standing, snapshot()
    for number in range(5):
        text = f"select a from t where b = {number}"
        found = understand(READINGS(text.encode()), standing, catalog)
        assert (found.text, found.statements[0].text) == (text.encode(), text)
    assert len(stub.asked) == 1


def test_unless_a_number_matters() -> None:
    stub = Stub(numbers=True)
    understand = Understanding(stub)
    for number in (2, 3, 2, 3):
        understand(READINGS(f"select a from t limit {number}".encode()), session().standing, snapshot())
    assert [text for text, *_ in stub.asked] == [f"select a from t limit {number}" for number in (1, 2, 3)]


def test_what_is_called_by_number_is_not_what_is_called_by_name(understand: Understanding, stub: Stub) -> None:
    reading = call(954, (b"1", b"2"))
    understand(READINGS(reading.text), session().standing, snapshot())
    understand(reading, session().standing, snapshot())
    assert len(stub.asked) == 2


def test_without_a_catalogue_it_is_unknown(understand: Understanding, stub: Stub) -> None:
    reading = understand(READINGS(b"begin; select a from t"), session().standing, None)
    assert [s.unknown for s in reading.statements] == [None, NO_CATALOG]
    assert Action.UNKNOWN in reading.statements[1].actions
    assert reading.changes
    assert stub.asked == []


def several(text: str, understand: Understanding, made: Session | None = None) -> Reading:
    return understand(READINGS(text.encode()), (made or session()).standing_for_several(), snapshot())


def test_each_statement_of_a_text_is_understood_under_what_is_left_to_it(understand: Understanding, stub: Stub) -> None:
    several("select 1; set search_path = a; select 2; begin; set local search_path = b; select 3; commit; select 4", understand)
    assert [(text.strip("; "), path) for text, path, _ in stub.asked] == [
        ("select 1", ("public",)),
        ("select 2", ("a",)),
        ("select 3", ("b",)),
        ("select 4", ("a",)),
    ]


@pytest.mark.parametrize("text", ["create table t (a int)", "do $$ begin end $$", "drop schema a"])
def test_what_follows_a_change_of_the_catalogue_is_unknown(understand: Understanding, stub: Stub, text: str) -> None:
    reading = several(f"select 1; {text}; select 2; commit", understand)
    assert [Action.UNKNOWN in s.actions for s in reading.statements] == [False, False, True, False]


def test_statements_that_leave_nothing_behind_are_understood_together(understand: Understanding, stub: Stub) -> None:
    several("select 1; select 2", understand)
    assert [text for text, *_ in stub.asked] == ["select 1; select 2"]


def test_it_does_not_grow_without_end(understand: Understanding) -> None:
    standing, catalog = session().standing, snapshot()
    for number in range(MAX_UNDERSTOOD + 10):
        understand(READINGS(f"select 'x{number}'".encode()), standing, catalog)
    assert len(understand) <= MAX_UNDERSTOOD


def test_old_catalogues_are_forgotten(understand: Understanding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(understanding, "MAX_SNAPSHOTS", 2)
    standing: Standing = session().standing
    for version in range(1, 10):
        understand(READINGS(b"select 1"), standing, snapshot(version))
    assert len(understand) == 2
