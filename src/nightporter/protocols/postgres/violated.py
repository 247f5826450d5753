"""Keys and rows that a violated constraint prints: `Key (a, b)=(x, y) already exists.` Pure.

The server writes both lists the same in every language; nothing else in the sentence is relied on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .known import HIDDEN, Known, identifiers

_JOINT = re.compile(r"\)\s?=\s?\(")
_INTEGRITY = ("23", "44")
_ROW = "Failing row contains ("
_KEY = "Key "
_PARTITION_KEY = "Partition key of the failing row contains "
_WHOLE_TAILS = (" already exists.", " is duplicated.")
_TABLE_TAILS = (" is still referenced from table ", " is referenced from table ", " is not present in table ")
_KEY_TAILS = (" conflicts with existing key ", " conflicts with key ")


class Key(NamedTuple):
    """Where the columns and the values begin and end: the values as far as they could go."""

    columns: slice
    values: slice


def key_in(text: str) -> Key | None:
    """The first key in a sentence."""
    joint = _JOINT.search(text)
    if joint is None:
        return None
    start, depth = joint.start(), 1
    while depth and start:
        start -= 1
        depth += (text[start] == ")") - (text[start] == "(")
    end = text.rfind(")", joint.end())
    return Key(slice(start if depth else start + 1, joint.start()), slice(joint.end(), len(text) if end < 0 else end))


def without_values(text: str, known: Known) -> str | None:
    """A sentence about a key or a row with only what is known of it; None if it is something else. Says it in English."""
    if text.startswith(_ROW):
        return f"{_ROW}{HIDDEN})."
    key = key_in(text)
    if key is None:
        return None
    columns = ", ".join(known.column(each) for each in listed(text[key.columns]))
    shown = _values(text, key, known.is_told)
    if text.startswith(_PARTITION_KEY):
        return f"{_PARTITION_KEY}({columns}) = ({shown})."
    return f"{_KEY}({columns})=({shown}){_tail(text, key.values.start, columns, known)}"


def _tail(text: str, start: int, columns: str, known: Known) -> str:
    """What is said of the key, if that is one of few things."""
    for tail in _WHOLE_TAILS:
        if text.endswith(tail):
            return tail
    for tail in _TABLE_TAILS:
        at = text.rfind(tail, start)
        if at >= 0:
            table = text[at + len(tail) :].removesuffix(".").strip('"')
            return f'{tail}"{known.gap("n", table)}".'
    for tail in _KEY_TAILS:
        if text.find(tail, start) >= 0:
            return f"{tail}({columns})=({HIDDEN})."
    return "."


def without_hidden(text: str, state: str, labelled: Callable[[Sequence[str]], bool], known: Known) -> str:
    """The sentence, in whatever language, without the values of a key or row in which one is hidden and was not told."""
    key = key_in(text)
    if key is not None:
        if not labelled(identifiers(text[key.columns])):
            return text
        return text[: key.values.start] + _values(text, key, known.told.has) + text[key.values.stop :]
    if (state.startswith(_INTEGRITY) or text.startswith(_ROW)) and labelled(()):
        start, end = text.find("(") + 1, text.rfind(")")
        if 0 < start <= end:
            shown = ", ".join(_one(each, known.told.has) for each in text[start:end].split(", "))
            return text[:start] + shown + text[end:]
    return text


def _values(text: str, key: Key, is_known: Callable[[str], bool]) -> str:
    """The values of a key, one by one where it is certain which is which."""
    values = text[key.values]
    each = values.split(", ")
    if len(each) != len(listed(text[key.columns])):
        return values if is_known(values) else HIDDEN
    return ", ".join(_one(value, is_known) for value in each)


def _one(value: str, is_known: Callable[[str], bool]) -> str:
    return value if value == "null" or is_known(value.removesuffix("...")) else HIDDEN


def listed(columns: str) -> list[str]:
    """Columns of a key, taken apart at the commas that stand in no parentheses."""
    found, depth, begun = [], 0, 0
    for at, character in enumerate(columns):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            found.append(columns[begun:at].strip())
            begun = at + 1
    return [*found, columns[begun:].strip()]
