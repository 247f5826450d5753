"""Masked values on their way back: what a client was shown in place of a value must not be written over it. Pure.

Looked at: the string constants of a text and the parameters in text, of statements that write rows. In a column that is hidden from
whoever asks, anything that its maskers make is a mask; elsewhere only what nobody would write by chance. Rows that are copied in
(COPY ... FROM) are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nightporter.core.wire import Parameters
from nightporter.masking.marks import is_masked
from nightporter.statement.model import Action, Reading, Statement, Use

from .grammar import GrammarError, parse
from .tokens import tokens

WRITES = frozenset({Action.INSERT, Action.UPDATE})
MAX_PARSED = 256 * 1024
"""Bytes of a text whose constants are taken from its syntax tree; of a longer one they are taken as they are written."""


def written_labels(reading: Reading, hidden: frozenset[str]) -> frozenset[str] | None:
    """The hidden labels of the columns that a text writes; None: it writes no rows."""
    writes = False
    found: set[str] = set()
    for statement in reading.statements:
        for access in statement.accesses:
            if access.action in WRITES and not access.locks:
                writes = True
                for column in access.columns:
                    if Use.WRITE_TARGET in column.uses:
                        found.update(hidden.intersection(column.labels))
        # of what could not be understood, the action alone is known
        writes = writes or not WRITES.isdisjoint(statement.actions)
    return frozenset(found) if writes else None


SHOWN_IN_PART = frozenset({"pii.email", "pii.card"})
"""Labels whose masks are known wherever they are written. An application that sees the values makes such forms itself."""


def mask_in(
    reading: Reading, parameters: Parameters, labels: frozenset[str], hidden: frozenset[str], key: bytes, codec: str = "utf-8"
) -> str | None:
    """The first value that is a mask, in words; None: there is none.

    `labels`: of what is written, see `written_labels`. `hidden`: all that are hidden from whoever writes.
    """
    anywhere = (None,) if key or hidden & SHOWN_IN_PART else ()
    looked_for = (*anywhere, *labels)
    for number, value in enumerate(parameters, 1):
        if value is not None and _may_be(value, key) and _is_mask(value.decode(codec, "replace"), looked_for, key):
            return f"parameter ${number}"
    if not _may_be(reading.text, key):
        return None
    for constant in _constants(reading.statements):
        if _is_mask(constant, looked_for, key):
            return f"the constant '{constant}'" if len(constant) <= 60 else "a constant"
    return None


def _may_be(data: bytes, key: bytes) -> bool:
    return bool(key) or b"**" in data


def _is_mask(text: str, labels: Iterable[str | None], key: bytes) -> bool:
    return any(is_masked(text, label, key) for label in labels)


def _constants(statements: Iterable[Statement]) -> Iterator[str]:
    for statement in statements:
        text = statement.text.encode()
        if len(text) <= MAX_PARSED:
            try:
                trees: list[Any] = [each.body for each in parse(text)]
            except GrammarError:
                trees = []
            if trees:
                yield from _strings(trees)
                continue
        for kind, start, end in tokens(text):
            if kind == "string":
                yield text[start:end].decode("utf-8", "replace").strip("'")


def _strings(trees: list[Any]) -> Iterator[str]:
    """Of all constants in syntax trees."""
    waiting: list[Any] = trees
    while waiting:
        node = waiting.pop()
        if type(node) is dict:
            constant = node.get("A_Const")
            if type(constant) is dict and "sval" in constant:
                value = constant["sval"]
                yield str(value.get("sval", "") if type(value) is dict else value)
            waiting += node.values()
        elif type(node) is list:
            waiting += node
        elif type(node) is str:
            yield node  # a constant of a text so large that its tree was cut down
