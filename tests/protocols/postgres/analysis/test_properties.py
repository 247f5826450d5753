"""Whatever the text, there is a reading, and what it says of the text holds together."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightporter.protocols.postgres import analysis, grammar
from nightporter.protocols.postgres.analysis import analyse, rewrite_application_name
from nightporter.protocols.postgres.facts import gather
from nightporter.protocols.postgres.grammar import Parsed
from nightporter.protocols.postgres.settings import UNTOLD
from nightporter.statement.model import Action, Reading

from .test_settings import CALLS
from .test_statements import DOES

VALID = [text for text, kind, _ in DOES if kind != "unknown"] + [f"select {call}" for call, _ in CALLS]


def check(text: str) -> None:
    reading = rewrite_application_name(analyse(text), "label")
    assert reading.text == text.encode(errors="replace")
    for statement in reading.statements:
        assert (statement.unknown is not None) == (Action.UNKNOWN in statement.actions) == (statement.kind == "unknown")
    if reading.statements:
        assert "".join(s.text for s in reading.statements) == text


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_a_reading(text: str) -> None:
    check(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(VALID), min_size=1, max_size=4), st.data())
def test_spoiled_text_has_a_reading(texts: list[str], data: st.DataObject) -> None:
    text = ";".join(texts)
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 8))
    check(text[:start] + data.draw(st.text("'\"$;()/*-eE\\ \n\0é1a", max_size=4)) + text[start + length :])


@settings(deadline=None)
@given(st.lists(st.sampled_from(VALID), min_size=1, max_size=6))
def test_a_text_of_several_says_what_each_says(texts: list[str]) -> None:
    together = analyse("\n;\n".join(texts))
    alone = [analyse(text).statements[0] for text in texts]
    assert [(s.kind, s.settings, s.fingerprint) for s in together.statements] == [
        (s.kind, s.settings, s.fingerprint) for s in alone
    ]


@pytest.mark.parametrize("text", VALID)
def test_trees_are_read_the_same_in_three_ways(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(reading: Reading) -> list[object]:
        # in the tree of a large text numbers are left out, and what a setting is set to may be one
        return [
            (s.kind, s.actions, [replace(each, value=None) for each in s.settings], s.copies_in, s.text) for s in reading.statements
        ]

    fast = said(analyse(text))
    monkeypatch.setattr(grammar, "_COMPACT_BYTES", 0)
    assert said(analyse(text)) == fast
    monkeypatch.setattr(grammar, "_COMPACT_BYTES", 1 << 30)
    monkeypatch.setattr(grammar, "_decode", _refuse_containers)
    assert said(analyse(text)) == fast


def _refuse_containers(data: bytes) -> Any:
    import msgspec

    if data[:1] in b"{[":
        raise RecursionError
    return msgspec.json.decode(data)


@pytest.mark.parametrize("error", [RecursionError, MemoryError, KeyError, TypeError, ValueError, AttributeError, IndexError])
def test_a_reader_that_fails_leaves_the_text_unknown(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(analysis, "gather", fail)
    assert analyse("select 1").statements[0].kind == "unknown"


@pytest.mark.parametrize(
    ("tag", "body"),
    [
        ("NewStmt", {}),
        ("SelectStmt", {"newField": {"NewExpr": {}}}),
        ("SelectStmt", {"targetList": [{"ResTarget": {"val": {"NewExpr": {"args": []}}}}]}),
        ("MergeStmt", {"mergeWhenClauses": [{"MergeWhenClause": {"commandType": "CMD_NEW"}}]}),
    ],
)
def test_a_node_that_is_not_known_makes_its_statement_unknown(tag: str, body: dict[str, Any]) -> None:
    assert gather(tag, body).unknown is not None
    statement = analysis._statement(Parsed(tag, body, 0, 4), "text", b"text", 1)
    assert statement.kind == "unknown"
    assert statement.actions == {Action.UNKNOWN}


def test_what_is_below_an_unknown_node_is_still_found() -> None:
    call = {"FuncCall": {"funcname": [{"String": {"sval": "set_config"}}], "args": []}}
    found = gather("SelectStmt", {"newField": [{"NewExpr": {"newArgument": [[call]]}}]})
    assert found.settings == [UNTOLD]


def test_a_tree_that_is_too_deep_is_refused() -> None:
    body: dict[str, Any] = {}
    for _ in itertools.repeat(None, grammar.MAX_DEPTH):
        body = {"larg": body}
    with pytest.raises(grammar.GrammarError, match="nested too deeply"):
        gather("SelectStmt", body)
