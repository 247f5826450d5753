"""What a recorder makes of a judgement: once, whole, and without a name from the text where texts are not recorded."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from nightporter.core.commands import Intend, Judgement
from nightporter.core.wire import Request
from nightporter.evidence.group_commit import GroupCommit
from nightporter.evidence.ledger import Ledger
from nightporter.evidence.schema import record_check
from nightporter.gateway.recorder import Book, Recorder
from nightporter.identity.principal import Kind, Principal
from nightporter.policy.decide import Estimate, decide
from nightporter.policy.model import Resource
from nightporter.protocols.registry import ADAPTERS
from nightporter.statement.model import Access, Action, ColumnUse, Doubt, Effect, Effected, Reading, RowBound, Use
from tests.lab.policies import answers

TEXT = 'select * from customers where email = "ada@example.com"'
DOUBT = Doubt("column `ada@example.com` is not in the catalogue")
TOUCHED = Access(
    Action.READ, "public", "customers", "table", (ColumnUse("email", frozenset({Use.OUTPUT})),), RowBound.NONE, ("view public.v",)
)
RAN = Effected("public.f()", frozenset({Effect.SLEEPS}))

Record: TypeAlias = Callable[[Judgement], dict[str, Any]]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger.open(tmp_path, writer=None, random=os.urandom, now_us=lambda: 1_800_000_000_000_000)
    yield ledger
    ledger.close()


def recording(ledger: Ledger, tmp_path: Path, *, text: bool) -> Record:
    recorder = Recorder(Book(ledger, GroupCommit(ledger), text=text, durable=False), {"principal": "ada"})

    def record(judgement: Judgement) -> dict[str, Any]:
        recorder.intent(Intend(Request("submit", judgement.reading), judgement))
        ledger.flush()
        written: dict[str, Any] = json.loads((tmp_path / ledger.writer / "00000001.jsonl").read_bytes().splitlines()[-1])
        assert record_check()(written) is None
        return written

    return record


def understood(*doubts: Doubt) -> Reading:
    (adapter,) = (each for each in ADAPTERS.values() if each.label == "PostgreSQL")
    reading = adapter.analyse(TEXT)
    (statement,) = reading.statements
    unknown = doubts[0].reason if doubts else None
    actions = statement.actions | ({Action.UNKNOWN} if doubts else set())
    return replace(
        reading,
        statements=(replace(statement, actions=actions, unknown=unknown, accesses=(TOUCHED,), effects=(RAN,), doubts=doubts),),
    )


ANSWERS = answers(of=("baseline",))


def judged(reading: Reading, kind: Kind = Kind.HUMAN) -> Judgement:
    principal = Principal("ada", kind, owner=None if kind is Kind.HUMAN else "grace")
    decision = decide(principal, Resource("test", "shop"), reading, ANSWERS, {})
    assert not isinstance(decision, Estimate)
    return Judgement(reading, decision, ANSWERS.ruleset.hash)


def test_what_was_understood_is_recorded(ledger: Ledger, tmp_path: Path) -> None:
    what = recording(ledger, tmp_path, text=True)(judged(understood()))["what"]
    assert what["text"] == TEXT
    assert what["actions"] == ["read"]
    (relation,) = what["relations"]
    assert relation == {
        **{"action": "read", "schema": "public", "name": "customers", "kind": "table", "columns": {"output": ["email"]}},
        **{"bound": "none", "via": ["view public.v"]},
    }
    assert what["effects"] == [{"function": "public.f()", "effects": ["sleeps"]}]
    assert "doubts" not in what


def test_a_judgement_is_described_once(ledger: Ledger, tmp_path: Path) -> None:
    judgement = judged(understood())
    record = recording(ledger, tmp_path, text=True)
    first = record(judgement)
    encoded = judgement.encoded
    assert record(judgement)["what"] == first["what"]
    assert judgement.encoded is encoded


@pytest.mark.parametrize("kind", [Kind.HUMAN, Kind.AGENT])
def test_a_denied_statement_says_why(ledger: Ledger, tmp_path: Path, kind: Kind) -> None:
    what = recording(ledger, tmp_path, text=True)(judged(understood(DOUBT), kind))["what"]
    assert what["unknown"] == DOUBT.reason
    assert what["doubts"] == [{"reason": DOUBT.reason}]
    assert what["decision"] == ("allow" if kind is Kind.HUMAN else "deny")
    assert ("reason" in what) is (kind is Kind.AGENT)


@pytest.mark.parametrize("text", [True, False])
def test_what_was_denied_is_told_thing_by_thing(ledger: Ledger, tmp_path: Path, text: bool) -> None:
    what = recording(ledger, tmp_path, text=text)(judged(understood(DOUBT), Kind.AGENT))["what"]
    (unknown,) = (each for each in what["because"] if each["action"] == "unknown")
    assert ("resource" in unknown) is text
    assert what["policy_set"] == ANSWERS.ruleset.hash


def test_what_is_only_observed_says_what_would_have_been(ledger: Ledger, tmp_path: Path) -> None:
    reading = understood(DOUBT)
    observing = answers(of=("baseline", "observe"))
    decision = decide(Principal("ada", Kind.AGENT, owner="grace"), Resource("test", "shop"), reading, observing, {})
    assert not isinstance(decision, Estimate)
    what = recording(ledger, tmp_path, text=True)(Judgement(reading, decision, observing.ruleset.hash))["what"]
    assert what["decision"] == "allow"
    assert what["observed"]["decision"] == "deny"
    assert DOUBT.reason in what["observed"]["reason"]
    assert "observe.unknown" in what["policies"]


@pytest.mark.parametrize("kind", [Kind.HUMAN, Kind.AGENT])
def test_where_texts_are_not_recorded_no_value_gets_in_by_another_way(ledger: Ledger, tmp_path: Path, kind: Kind) -> None:
    written = recording(ledger, tmp_path, text=False)(judged(understood(DOUBT), kind))
    assert "ada@example.com" not in json.dumps(written)
    assert written["what"]["unknown"] == "column `...` is not in the catalogue"
    assert written["what"]["relations"][0]["name"] == "customers", "what the catalogue has stays"


def test_a_name_of_several_lines_does_not_get_in_either(ledger: Ledger, tmp_path: Path) -> None:
    doubt = Doubt("column `ada\n  @example.com` is not in the catalogue")
    what = recording(ledger, tmp_path, text=False)(judged(understood(doubt), Kind.AGENT))["what"]
    assert "example.com" not in json.dumps(what)
    assert what["reason"].endswith("column `...` is not in the catalogue")


def test_other_reasons_stay_as_they_are(ledger: Ledger, tmp_path: Path) -> None:
    (adapter,) = (each for each in ADAPTERS.values() if each.label == "PostgreSQL")
    reading = adapter.analyse("set nightporter.principal = 'x'")
    what = recording(ledger, tmp_path, text=False)(judged(reading))["what"]
    assert what["reason"] == "setting `nightporter.principal` carries the identity of this session and cannot be changed"
