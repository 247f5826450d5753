"""How many rows a statement is about: what is asked, of which statements, and what the answer tells."""

from __future__ import annotations

import json

import pytest

from nightporter.protocols.postgres.analysis import Readings
from nightporter.protocols.postgres.estimate import EXPLAIN, can_be_planned, estimate

READINGS = Readings()


@pytest.mark.parametrize("codec", ["utf-8", "latin-1", "shift_jis", "gb18030"])
def test_the_clients_own_bytes_are_asked_about(codec: str) -> None:
    text = "\u3042" if codec in ("shift_jis", "gb18030") else "\u00e9"
    said = f" ; delete from t where a = '{text}' -- x\n;".encode(codec)
    begin = estimate(READINGS(said, codec))
    assert begin is not None
    assert next(begin()) == (EXPLAIN + f"delete from t where a = '{text}' -- x\n".encode(codec).rstrip() + b"\n",)


@pytest.mark.parametrize(
    ("text", "planned"),
    [
        (b"select a from t", True),
        (b"delete from t", True),
        (b"select $1", False),
        (b"select 1; select 2", False),
        (b"vacuum t", False),
        (b"this is not SQL", False),
        (b"", False),
    ],
)
def test_what_is_planned(text: bytes, planned: bool) -> None:
    assert can_be_planned(READINGS(text)) is planned


SCAN = {"Node Type": "Seq Scan", "Plan Rows": 40, "Parent Relationship": "Outer"}
CHANGE = {"Node Type": "ModifyTable", "Plan Rows": 0, "Plans": [SCAN]}


@pytest.mark.parametrize(
    ("plan", "rows"),
    [
        (SCAN, 40),
        ({"Node Type": "Limit", "Plan Rows": 3, "Plans": [SCAN]}, 3),
        (CHANGE, 40),
        ({"Node Type": "Result", "Plan Rows": 1, "Plans": [{**CHANGE, "Parent Relationship": "InitPlan"}]}, 40),
        ({"Node Type": "Result"}, None),
    ],
)
def test_what_the_plan_tells(plan: dict[str, object], rows: int | None) -> None:
    begin = estimate(READINGS(b"select a from t"))
    assert begin is not None
    asking = begin()
    next(asking)
    with pytest.raises(StopIteration) as done:
        asking.send([[(json.dumps([{"Plan": plan}]).encode(),)]])
    assert done.value.value == rows
