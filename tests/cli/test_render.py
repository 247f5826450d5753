"""What reaches a terminal: nothing that it would obey."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from nightporter.cli.render import MAX_TEXT, identifier, line, record, relation_name, show_table, to_json

# Controls (C0, DEL, C1), formats (bidirectional and invisible), surrogates, unassigned, private use, line and paragraph ends.
NASTY = st.characters(categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"])
TEXT = st.text(st.one_of(NASTY, st.characters()))
VALUES = st.recursive(
    st.one_of(TEXT, st.integers(), st.none(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)
WHO = st.dictionaries(st.sampled_from(["session", "principal", "actor", "address", "environment", "upstream"]), VALUES)
ENTRY = st.dictionaries(
    st.sampled_from(["action", "schema", "name", "columns", "bound", "via", "function", "effects", "reason", "statement"]), VALUES
)
ENTRIES = st.one_of(st.lists(ENTRY, max_size=2), VALUES)
WHAT = st.dictionaries(
    st.sampled_from(["text", "sha256", "decision", "reason", "actions", "relations", "effects", "doubts", "left_out", "unknown"]),
    ENTRIES,
)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "time": VALUES,
        "n": VALUES,
        "kind": st.one_of(st.sampled_from(["intent", "outcome", "session_started"]), VALUES),
        "who": st.one_of(WHO, VALUES),
        "what": st.one_of(WHAT, VALUES),
        "detail": VALUES,
        "phase": VALUES,
        "status": VALUES,
        "sqlstate": VALUES,
        "rows": VALUES,
        "duration_us": VALUES,
        "transaction_end": VALUES,
        "intent": VALUES,
        "veiled": ENTRIES,
    },
)
DANGEROUS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def dangerous(text: str) -> list[str]:
    return [character for character in text if unicodedata.category(character) in DANGEROUS]


@given(TEXT)
def test_any_text_is_one_line_without_anything_that_a_terminal_obeys(text: str) -> None:
    assert dangerous(line(text)) == []


@given(RECORDS)
def test_any_record_is_one_line_without_anything_that_a_terminal_obeys(entry: dict[str, Any]) -> None:
    assert dangerous(record(entry)) == []


@given(RECORDS, st.integers(40, 120))
def test_laid_out_it_fits_and_only_texts_begin_six_columns_in(entry: dict[str, Any], width: int) -> None:
    for shown in record(entry, width).split("\n"):
        assert dangerous(shown) == []
        assert cell_len(shown) <= width


@given(VALUES)
def test_json_is_ascii_and_exact(value: Any) -> None:
    text = to_json(value)
    assert all(" " <= character <= "~" for character in text)
    assert json.loads(text) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("select 1", "select 1"),
        ("select\t1", "select 1"),
        ("select 1 -- x\n   ; drop", "select 1 -- x \u23ce ; drop"),
        ("a\r\n\r\n b", "a \u23ce b"),
        ("\x1b[2J\x9b31m\x07\x7f", "\\x1b[2J\\x9b31m\\x07\\x7f"),
        ("a\u202eb\u2066c\u200bd", "a\\u202eb\\u2066c\\u200bd"),
        ("\U000e0041\u2028", "\\U000e0041\\u2028"),
        ("Zażółć 日本 😀", "Zażółć 日本 😀"),
        ("", ""),
    ],
)
def test_a_text_on_one_line(text: str, shown: str) -> None:
    assert line(text) == shown


def test_a_long_text_is_cut_and_says_so() -> None:
    assert line("x" * MAX_TEXT) == "x" * MAX_TEXT
    assert line("x" * 5_000_000) == "x" * MAX_TEXT + "... (5000000 characters)"


INTENT = {
    "v": 1,
    "n": "abcdefgh-7",
    "time": "2026-01-31T03:00:00.000001Z",
    "kind": "intent",
    "who": {"session": "s1", "principal": "bot", "actor": "claude", "environment": "production", "upstream": "shop"},
    "what": {"sha256": "ab", "decision": "allow", "text": "select\n  1"},
    "phase": "submit",
}


@pytest.mark.parametrize(
    ("change", "end"),
    [
        ({}, "intent    allow  select \u23ce 1"),
        ({"phase": "prepare"}, "intent    allow  [prepare]  select \u23ce 1"),
        ({"what": {"sha256": "ab", "decision": "deny", "reason": "no"}}, "intent    deny  (no)  sha256:ab"),
        (
            {"kind": "outcome", "status": "ok", "rows": 1, "duration_us": 1500, "transaction_end": "rolled_back", "intent": "x-6"},
            "outcome   ok  1 row  1.500 ms  rolled back  of x-6",
        ),
        (
            {"kind": "outcome", "status": "error", "sqlstate": "42501", "rows": 0, "intent": "x-6"},
            "outcome   error  42501  0 rows  of x-6",
        ),
        ({"kind": "warning", "detail": {"why": "a\nb"}}, "warning   session=s1  why=a \u23ce b"),
    ],
)
def test_a_record(change: dict[str, Any], end: str) -> None:
    shown = record(INTENT | change)
    assert shown.startswith("2026-01-31T03:00:00.000001Z  abcdefgh-7    bot/claude            production/shop   ")
    assert shown.endswith(end)


WHAT_IT_DOES = {
    **{"sha256": "ab", "decision": "allow", "text": "select * from contacts -- \n} read nothing"},
    "relations": [
        {"action": "read", "schema": "public", "name": "contacts", "kind": "view", "columns": {"output": ["email"]}},
        {
            **{"action": "read", "schema": "public", "name": "customers", "kind": "table", "via": ["view public.contacts"]},
            "columns": {"output": ["email"], "predicate": ["id", "email"]},
        },
        {"action": "delete", "schema": "Shop", "name": "a; read b", "kind": "table", "bound": "trivial"},
    ],
    "effects": [{"function": "public.purge(date)", "effects": ["writes_data", "sleeps"], "via": ["function public.purge(date)"]}],
    "doubts": [{"reason": "column `x` is ambiguous", "via": ["view public.v"]}],
    "left_out": {"relations": 1, "columns": 20},
}


def test_an_intent_says_what_it_does() -> None:
    shown = record(INTENT | {"what": WHAT_IT_DOES})
    assert shown.endswith(
        "intent    allow  {read contacts(email); read customers(email, id) via view public.contacts;"
        ' delete "Shop"."a; read b", every row; run public.purge(date): writes data, sleeps;'
        " unknown: column `x` is ambiguous via view public.v; not in the record: 1 relation, 20 columns}"
        "  select * from contacts -- \u23ce } read nothing"
    )


def test_an_intent_laid_out() -> None:
    assert record(INTENT | {"what": WHAT_IT_DOES}, 60).splitlines() == [
        "2026-01-31T03:00:00.000001Z  abcdefgh-7  bot/claude",
        "    production/shop  intent  allow",
        "      select * from contacts -- \u23ce } read nothing",
        "    - read contacts(email)",
        "    - read customers(email, id) via view public.contacts",
        '    - delete "Shop"."a; read b", every row',
        "    - run public.purge(date): writes data, sleeps",
        "    - unknown: column `x` is ambiguous via view public.v",
        "    - not in the record: 1 relation, 20 columns",
    ]


def test_an_outcome_says_what_was_masked_and_what_was_shown() -> None:
    veiled = [
        {"column": "Card", "cells": 1, "label": "pii.card", "masker": "partial", "source": "public.customers.card"},
        {"column": "email", "cells": 3, "label": "pii.email", "source": "shop.people.email", "policies": ["support.email"]},
        {"column": "query", "cells": 0, "label": "server.statements", "masker": "found", "policies": ["a", "b"]},
        {"column": "note", "cells": 2, "masker": "full"},
        {"column": "x; y", "cells": 2, "masker": "full", "source": "public.t.x"},
    ]
    assert record(INTENT | {"kind": "outcome", "status": "ok", "rows": 3, "intent": "x-6", "veiled": veiled}).endswith(
        'ok  3 rows  of x-6  {masked "Card" as partial (pii.card of customers.card), 1 value;'
        " shown email by support.email (pii.email of shop.people.email), 3 values;"
        " masked query as found by a, b (server.statements), 0 values; masked note as full, 2 values;"
        ' masked "x; y" as full (of t.x), 2 values}'
    )
    laid_out = record(INTENT | {"kind": "outcome", "status": "ok", "intent": "x-6", "veiled": veiled[:1]}, 80).splitlines()
    assert laid_out[-1] == '    - masked "Card" as partial (pii.card of customers.card), 1 value'


def test_no_text_looks_like_what_we_say_of_it() -> None:
    text = "select 1" + " " * 70 + "- read nothing " + "x" * 200 + "\n    - read nothing"
    shown = record(INTENT | {"what": {"sha256": "ab", "decision": "allow", "text": text}}, 80).splitlines()
    assert all(line.startswith("      ") for line in shown[2:])
    assert not any(line.startswith("    - ") for line in shown)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("customers", "customers"),
        ("order_items2", "order_items2"),
        ("Customers", '"Customers"'),
        ("a.b", '"a.b"'),
        ('a"b', '"a""b"'),
        ("", '""'),
        ("2x", '"2x"'),
        ("a\nb", '"a \u23ce b"'),
    ],
)
def test_a_name_ends_where_it_ends(name: str, written: str) -> None:
    assert identifier(name) == written
    assert relation_name("s", name) == f"s.{written}"
    assert relation_name("public", name, "public") == written


def test_a_table_is_aligned_by_what_the_eye_sees(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("name", "state"), [("日本", "a\x1b"), ("bo", "b" * 200)])
    assert capsys.readouterr().out == f"name  state\n日本  a\\x1b\nbo    {'b' * 200}\n"
