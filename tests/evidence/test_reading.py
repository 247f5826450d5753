"""What a record takes over from a reading: all of it, in order, or a count of what is missing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.evidence import reading, schema
from nightporter.evidence.reading import MAX_COLUMNS, MAX_DOUBTS, MAX_EFFECTS, MAX_REASON, MAX_RELATIONS, MAX_VIA, found, reason
from nightporter.evidence.record import Decided, What, encode
from nightporter.statement.model import Access, Action, ColumnUse, Doubt, Effect, Effected, RowBound, Span, Statement, Use

OURS = schema.record_check()
VIEW = Access(
    Action.READ,
    "public",
    "contacts",
    "view",
    (ColumnUse("email", frozenset({Use.OUTPUT, Use.PREDICATE})), ColumnUse("id", frozenset({Use.ORDERING}))),
    RowBound.OTHER,
    (),
    Span(1, 2),
)
UNDER_IT = Access(Action.READ, "public", "customers", "table", (), RowBound.NONE, ("view public.contacts",))
PURGE = Effected("public.purge(integer)", frozenset({Effect.WRITES_DATA, Effect.READS_DATA}), ("trigger t on public.c",))


def statement(**more: Any) -> Statement:
    return Statement("select 1", "select", frozenset({Action.READ}), **more)


def recorded(*statements: Statement, text: bool = True) -> dict[str, Any]:
    """What would stand in the record, which must fit the schema."""
    relations, effects, doubts, left_out = found(statements, text=text)
    what = What("a" * 64, Decided.ALLOW, relations=relations, effects=effects, doubts=doubts, left_out=left_out)
    written: dict[str, Any] = json.loads(bytes(encode(what)))
    intent = {"v": 2, "n": "aaaaaaaa-1", "time": "2026-01-31T00:00:00.000000Z", "kind": "intent", "prev": "0" * 64}
    assert OURS({**intent, "who": {}, "what": written, "phase": "submit"}) is None
    return written


def test_a_reading() -> None:
    written = recorded(
        statement(accesses=(VIEW, UNDER_IT), effects=(PURGE,)), statement(accesses=(UNDER_IT,), doubts=(Doubt("no", ("x",)),))
    )
    assert written["relations"] == [
        {
            **{"action": "read", "schema": "public", "name": "contacts", "kind": "view"},
            "columns": {"output": ["email"], "predicate": ["email"], "ordering": ["id"]},
            "bound": "other",
        },
        {
            **{"action": "read", "schema": "public", "name": "customers", "kind": "table"},
            **{"bound": "none", "via": ["view public.contacts"]},
        },
        {
            **{"action": "read", "schema": "public", "name": "customers", "kind": "table"},
            **{"bound": "none", "via": ["view public.contacts"], "statement": 1},
        },
    ]
    assert written["effects"] == [
        {"function": "public.purge(integer)", "effects": ["reads_data", "writes_data"], "via": ["trigger t on public.c"]}
    ]
    assert written["doubts"] == [{"reason": "no", "via": ["x"], "statement": 1}]
    assert "left_out" not in written


def test_without_a_catalogue_there_is_none_of_it() -> None:
    assert found([statement()], text=True) is reading.NOTHING
    assert set(recorded(statement())) == {"sha256", "decision"}


def test_the_order_of_uses_is_always_the_same() -> None:
    columns = tuple(ColumnUse(str(use), frozenset({use})) for use in reversed(Use))
    written = recorded(statement(accesses=(VIEW._replace(columns=columns),)))
    assert list(written["relations"][0]["columns"]) == [str(use) for use in Use]


def test_of_too_many_relations_changes_stay_and_what_the_text_names() -> None:
    partitions = [UNDER_IT._replace(relation=f"p{n}") for n in range(2 * MAX_RELATIONS)]
    change = UNDER_IT._replace(action=Action.DELETE, relation="orders", via=("function public.f()", "trigger t on public.c"))
    written = recorded(statement(accesses=(*partitions, VIEW, change)))
    assert len(written["relations"]) == MAX_RELATIONS
    assert [each["name"] for each in written["relations"][:2]] == ["orders", "contacts"]
    assert written["left_out"] == {"relations": MAX_RELATIONS + 2}


def test_of_too_many_columns_the_rest_is_counted() -> None:
    wide = tuple(ColumnUse(f"c{n}", frozenset({Use.OUTPUT, Use.PREDICATE})) for n in range(MAX_COLUMNS))
    written = recorded(statement(accesses=(VIEW._replace(columns=wide), UNDER_IT, VIEW)))
    held = sum(len(names) for each in written["relations"] for names in each.get("columns", {}).values())
    assert held == MAX_COLUMNS
    assert written["left_out"] == {"columns": MAX_COLUMNS + 3}


def test_of_too_many_effects_and_doubts_the_rest_is_counted() -> None:
    written = recorded(statement(effects=(PURGE,) * (MAX_EFFECTS + 5), doubts=(Doubt("no"),) * (MAX_DOUBTS + 7)))
    assert (len(written["effects"]), len(written["doubts"])) == (MAX_EFFECTS, MAX_DOUBTS)
    assert written["left_out"] == {"effects": 5, "doubts": 7}


def test_a_long_way_is_cut_in_the_middle() -> None:
    way = tuple(f"view public.v{n}" for n in range(MAX_VIA + 4))
    (touched,) = recorded(statement(accesses=(UNDER_IT._replace(via=way),)))["relations"]
    assert len(touched["via"]) == MAX_VIA
    assert touched["via"][-2:] == ["5 more", way[-1]]
    assert touched["via"][0] == way[0]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("column `ada@example.com` is not in the catalogue", "column `...` is not in the catalogue"),
        ("column `a`b\nc` is ambiguous", "column `...` is ambiguous"),
        ("what function public.f() does is not known", "what function public.f() does is not known"),
        ("x" * 1000, "x" * MAX_REASON + "..."),
    ],
)
def test_where_texts_are_not_recorded_no_name_from_them_is(told: str, kept: str) -> None:
    assert reason(told, text=False) == kept
    assert recorded(statement(doubts=(Doubt(told),)), text=False)["doubts"] == [{"reason": kept}]


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ways = st.lists(names, max_size=3).map(tuple)
accesses = st.builds(
    Access,
    st.sampled_from(Action),
    names,
    names,
    names,
    st.lists(st.builds(ColumnUse, names, st.frozensets(st.sampled_from(Use))), max_size=4).map(tuple),
    st.none() | st.sampled_from(RowBound),
    ways,
)
effected = st.builds(Effected, names, st.frozensets(st.sampled_from(Effect)), ways)
doubts = st.builds(Doubt, names, ways)


@given(
    st.lists(accesses, max_size=5),
    st.lists(effected, max_size=3),
    st.lists(st.builds(Doubt, names, ways), max_size=3),
    st.booleans(),
)
def test_whatever_is_found_fits_and_nothing_is_lost(
    touched: list[Access], ran: list[Effected], doubted: list[Doubt], text: bool
) -> None:
    written = recorded(statement(accesses=tuple(touched), effects=tuple(ran), doubts=tuple(doubted)), text=text)
    assert "left_out" not in written
    for access, entry in zip(touched, written.get("relations", []), strict=True):
        uses = {(use, name) for use, names in entry.get("columns", {}).items() for name in names}
        assert uses == {(str(use), column.name) for column in access.columns for use in column.uses}
    assert len(written.get("effects", [])) == len(ran)
    assert len(written.get("doubts", [])) == len(doubted)
