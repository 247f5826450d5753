"""The schema fits what is written, and our small reading of it agrees with a complete one."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.evidence import ledger, record, schema
from nightporter.evidence.verify import verify
from nightporter.identity.principal import Kind
from nightporter.statement.model import Action, Effect, RowBound, Use

from .book import everything, lines, opened, statement
from .samples import SAMPLES

DOCUMENT = json.loads(schema.FILE.read_text("utf-8"))
WHOLE = jsonschema.Draft202012Validator(DOCUMENT)
FIRST = jsonschema.Draft202012Validator(json.loads(schema.FILES[1].read_text("utf-8")))
OURS = schema.record_check()

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.floats(0, 1),
    st.sampled_from(["", "intent", "outcome", "fault", "ok", "a" * 64, "a" * 64 + "\n", "aaaaaaaa-1", "0", "read"]),
    st.lists(st.sampled_from([None, 1, "a" * 64, "read"]), max_size=2),
    st.dictionaries(st.sampled_from(["sha256", "x"]), st.sampled_from([1, "x", None]), max_size=2),
)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(DOCUMENT)


def test_all_that_is_written_fits(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    everything(ledger)
    ledger.close()
    written = [json.loads(line) for line in lines(tmp_path, ledger.writer)]
    assert {each["kind"] for each in written} >= {"intent", "outcome", "writer_started", "writer_stopped"}
    for each in written:
        WHOLE.validate(each)
        assert list(each)[:5] == ["v", "n", "time", "kind", "prev"]


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        *(("intent", record.Intent), ("outcome", record.Outcome), ("event", record.Event), ("who", record.Who)),
        *(("what", record.What), ("relation", record.Touched), ("effect", record.Ran), ("doubt", record.Doubted)),
        ("left_out", record.LeftOut),
    ],
)
def test_every_key_is_in_the_schema(name: str, shape: type) -> None:
    assert set(DOCUMENT["$defs"][name]["properties"]) == set(shape.__struct_fields__)  # type: ignore[attr-defined]


def test_every_choice_is_in_the_schema() -> None:
    definitions = DOCUMENT["$defs"]
    intent, outcome, what = (definitions[name]["properties"] for name in ("intent", "outcome", "what"))
    assert set(definitions["event"]["properties"]["kind"]["enum"]) == set(record.EventKind)
    assert set(intent["phase"]["enum"]) == record.PHASES
    assert set(outcome["status"]["enum"]) == record.STATUSES
    assert {*outcome["transaction_end"]["enum"], None} == record.ENDS
    assert set(what["decision"]["enum"]) == set(record.Decided)
    assert what["actions"]["items"] == {"$ref": "#/$defs/action"}
    assert set(definitions["action"]["enum"]) == set(Action)
    relation = definitions["relation"]["properties"]
    assert set(relation["columns"]["properties"]) == set(Use)
    assert set(relation["bound"]["enum"]) == set(RowBound)
    assert set(definitions["effect"]["properties"]["effects"]["items"]["enum"]) == set(Effect)
    assert set(definitions["who"]["properties"]["kind"]["enum"]) == set(Kind)


def dictionaries(value: Any) -> Iterator[dict[str, Any]]:
    """All that are in it, however deep."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        if isinstance(part, dict):
            yield part
        yield from dictionaries(part)


@given(st.data())
def test_ours_agrees_with_a_complete_validator(data: st.DataObject) -> None:
    spoiled = copy.deepcopy(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(0, 2))):
        target: dict[str, Any] = spoiled
        inner = list(dictionaries(target))
        if data.draw(st.booleans()) and inner:
            target = data.draw(st.sampled_from(inner))
        key = data.draw(st.sampled_from([*target, "strange", "parameters", "rows", "v"]))
        if data.draw(st.booleans()):
            target[key] = data.draw(anything)
        else:
            target.pop(key, None)
    version = spoiled.get("v")
    whole = FIRST if type(version) is int and version == 1 else WHOLE
    assert (OURS(spoiled) is None) == whole.is_valid(spoiled)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"rows": -1}, "`rows` is too small"),
        ({"rows": True}, "`rows` has the wrong type"),
        ({"status": "fine"}, "`status` has an unknown value"),
        ({"strange": 1}, "`strange` is not known"),
        ({"prev": "A" * 64}, "`prev` is malformed"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, Any], wrong: str) -> None:
    outcome = next(each for each in SAMPLES if each["kind"] == "outcome")
    assert OURS({**outcome, **change}) == wrong


def test_a_word_that_is_not_understood_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = opened(tmp_path)
    ledger.close()
    changed = tmp_path / "schema.json"
    changed.write_text(json.dumps({**DOCUMENT, "maxProperties": 3}))
    monkeypatch.setitem(schema.FILES, 2, changed)
    with pytest.raises(ValueError, match="maxProperties"):
        verify(tmp_path)


def old(each: dict[str, Any]) -> dict[str, Any]:
    """The same as version 1 had it."""
    what = each.get("what", {})
    kept = {key: value for key, value in what.items() if key not in ("relations", "effects", "doubts", "left_out")}
    return {**each, "v": 1, **({"what": kept} if what else {})}


def test_records_of_version_1_fit_theirs() -> None:
    for each in SAMPLES:
        assert OURS(old(each)) is None
        FIRST.validate(old(each))
    denied = next(each for each in SAMPLES if each.get("what", {}).get("effects"))
    assert OURS({**denied, "v": 1}) is not None, "what version 2 has is not known in version 1"
    named = old(denied)
    named["what"]["relations"] = ["public.customers"]
    assert OURS(named) is None


def test_a_log_goes_on_in_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(ledger, "VERSION", 1)
        log = opened(tmp_path)
        statement(log)
        log.close()
    log = opened(tmp_path, log.writer)
    everything(log)
    log.close()
    assert {json.loads(line)["v"] for line in lines(tmp_path, log.writer)} == {1, 2}
    assert verify(tmp_path).ok


@pytest.mark.parametrize("version", [0, 3, "2", True, None])
def test_other_versions_are_not_known(version: object) -> None:
    assert OURS({**SAMPLES[0], "v": version}) in ("`v` has an unknown value", "`v` has the wrong type")
