"""How many rows a statement is about, as the server's planner expects. Pure: yields a question, is sent its answer.

    Reading  ->  EXPLAIN  ->  rows, or None

Planning is not free of effects: it runs functions that call themselves immutable, and some that are stable. So it is asked only of
statements in which every function, operator and cast is built in and does nothing but compute or look into the catalogue.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from nightporter.core.wire import Estimating
from nightporter.statement.model import Effect, Reading

PLANNED = frozenset({"select", "insert", "update", "delete", "merge"})
"""Kinds of statements that have a plan of their own."""
MAX_TEXT_BYTES = 64 * 1024
"""Of longer texts the plan costs the server too much."""
EXPLAIN = b"EXPLAIN (FORMAT JSON, VERBOSE FALSE, COSTS TRUE) "
_HARMLESS = frozenset({Effect.COMPUTES, Effect.READS_CATALOG})


def can_be_planned(reading: Reading) -> bool:
    """Whether planning it does nothing else. Texts with parameters have no plan before they have values."""
    if len(reading.statements) != 1 or len(reading.text) > MAX_TEXT_BYTES:
        return False
    (statement,) = reading.statements
    if statement.kind not in PLANNED or statement.unknown is not None or statement.doubts:
        return False
    if "$" in statement.text:  # a parameter, or what might be taken for one
        return False
    return all(each.owner == "pg_catalog" and each.effects <= _HARMLESS for each in statement.effects)


def estimate(reading: Reading) -> Callable[[], Estimating] | None:
    """See `core.wire.Adapter.estimate`."""
    return partial(_estimate, reading) if can_be_planned(reading) else None


def _estimate(reading: Reading) -> Estimating:
    """Asks how many rows one statement returns or changes, whichever is more; None if the answer does not tell."""
    # the client's own bytes: in another encoding they would be another statement, which nobody has read
    answers = yield (EXPLAIN + reading.text.strip(b"; \t\r\n") + b"\n",)
    try:
        (rows,) = answers
        text = b"".join(cell or b"" for (cell,) in rows)
        (plan,) = json.loads(text)
        return max(_rows(plan["Plan"]))
    except (ValueError, TypeError, KeyError):
        return None  # what hangs on it is then held


def _rows(plan: dict[str, Any]) -> Iterator[int]:
    """Of the whole result, and of everything that changes rows anywhere in it."""
    yield int(plan["Plan Rows"])
    waiting = [plan]
    while waiting:
        node = waiting.pop()
        below = node.get("Plans", [])
        if node["Node Type"] == "ModifyTable":
            yield sum(int(each["Plan Rows"]) for each in below if each.get("Parent Relationship") in ("Outer", "Member", None))
        waiting += below
