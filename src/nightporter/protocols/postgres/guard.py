"""Whether a text may be given to the parser at all. Pure.

libpg_query's parser proper bounds what nests to the right (its stack has 10,000 entries), but two things kill the process:

- What nests to the left: `1+1+1+...`, `a JOIN b JOIN c ...`, `x COLLATE "C" COLLATE "C" ...`. The tree is written by recursion
  without any check, and some 65,000 levels overflow a stack of 8 MiB.
- A tree of more than 1 GiB as JSON. A list of very short things is up to 85 times its text; and `SET (a, b, c) = (source)` holds
  its source once for each column, so that a few hundred bytes of them, nested, are enough.

So both are bounded here, by estimates that are never too low and hardly ever too high. They must stay conservative: too low an
estimate is a crash that anybody who can send text can cause.

Depth: for each bracketed group, a chain grows by each operator and starts anew at a comma; a group counts as an operand as deep as
itself. AND and OR start anew too, since the parser makes one flat list of them, unless CASE is in the text: its END closes a group
that no bracket shows. `BETWEEN x AND y` may so be estimated at half its depth, which the limit allows for.

Size: tokens, those of a source as often as its SET clause has columns.
"""

from __future__ import annotations

import re

from .tokens import tokens

MAX_CHAIN = 10_000
"""The server itself gives up at 3,000 to 10,000 levels (`max_stack_depth` of 2 MB); the parser dies at 65,000."""

HARMLESS_BYTES = 2 * MAX_CHAIN
"""A level takes at least an operator and an operand: a text as short as this cannot be deeper than MAX_CHAIN."""

MAX_TOKENS = 5_000_000
"""A token makes at most some 150 bytes of JSON, its own text apart: this stays below 1 GiB."""

MAX_BYTES = 32 * 1024 * 1024
"""Of any text, whatever is configured: a control character takes six bytes of JSON, and must fit beside the tokens."""

MAX_OPERATOR_BYTES = 1024
"""The scanner reads a run of operator characters again for each operator that it takes from it: quadratic. Longest legal: 63."""

_CHAINS = frozenset({b"union", b"intersect", b"except", b"join"})  # go on across commas, AND and OR
_WORDS = frozenset(
    {b"is", b"isnull", b"notnull", b"collate", b"at", b"operator", b"like", b"ilike", b"similar", b"in", b"between", b"overlaps"}
)
_FLAT = frozenset({b"and", b"or"})
_LONGEST_WORD = max(map(len, _CHAINS | _WORDS | _FLAT))

COMMENT_STORM = 100
"""Openings of comments in one run of operator characters: quadratic in the scanner, as above."""
_OPERATORS = re.compile(rb"[~!@#^&|`?+\-*%<>=/]{200,}")
# What may be the `) =` of a SET clause of several columns; what is between may hide in comments
_ASSIGNS = re.compile(rb"\)\s*(?:=|--|/\*)")
_CASE = re.compile(rb"(?i:\bcase\b)")


def refusal(text: bytes) -> str | None:
    """Why `text` (UTF-8) must not be given to the parser; None if it may."""
    if len(text) > MAX_BYTES:
        return f"text of more than {MAX_BYTES} bytes"
    if b"\0" in text:
        return "a NUL byte"  # the parser would read only what comes before it
    if text.count(b"/*") >= COMMENT_STORM and any(run[0].count(b"/*") >= COMMENT_STORM for run in _OPERATORS.finditer(text)):
        return "too many comments in a row"
    if len(text) <= HARMLESS_BYTES and _ASSIGNS.search(text) is None:
        return None
    return _measure(text)


class _Group:
    """What is between two brackets, so far."""

    __slots__ = ("base", "chain", "columns", "deepest", "factor", "run", "target")

    def __init__(self, base: int, target: bool) -> None:
        self.run = 0
        """Length of the chain that is growing."""
        self.deepest = 0
        """Of those that have ended."""
        self.chain = 0
        """Joins and set operations: they go on across commas."""
        self.base = base
        """How often its tokens appear in the tree."""
        self.factor = base
        """As `base`, but for the source of an assignment to several columns."""
        self.target = target
        """It stands where SET could have such columns."""
        self.columns = 1


def _measure(text: bytes) -> str | None:
    flat = _FLAT if _CASE.search(text) is None else frozenset()
    group = _Group(1, False)
    outer: list[_Group] = []
    target = False  # what precedes is SET or a comma
    columns = 0  # of the group that has just closed, if it was such a target
    size = 0
    for kind, start, end in tokens(text):
        if kind == "comment":
            continue
        size += group.factor
        before, columns = columns, 0
        was_target, target = target, False
        if kind == "comma":
            group.deepest = max(group.deepest, group.run)
            group.run = 0
            group.columns += 1
            group.factor = group.base
            target = True
        elif kind == "operator":
            if end - start > MAX_OPERATOR_BYTES:
                return "an operator that is too long"
            group.run += 1
            if before and text[start] == _EQUALS:
                group.factor = group.base * before
        elif kind == "open":
            outer.append(group)
            group = _Group(group.factor, was_target)
        elif kind == "close":
            depth = max(group.run, group.deepest) + group.chain + 1
            columns = group.columns if group.target else 0
            if outer:
                group = outer.pop()
            group.run = max(group.run, depth)  # unbalanced brackets: the parser will say so
        elif kind == "word" and end - start <= _LONGEST_WORD:
            word = text[start:end].lower()
            if word in _CHAINS:
                group.chain += 1
            elif word in _WORDS:
                group.run += 1
            elif word in flat:
                group.deepest = max(group.run, group.deepest)
                group.run = 0
            target = word == b"set"
        elif kind == "end":
            group.deepest = max(group.run, group.deepest) + group.chain
            group.run = group.chain = 0
            group.factor = group.base
            if not outer:
                group.deepest = 0
        if group.run + group.chain > MAX_CHAIN or group.deepest + group.chain > MAX_CHAIN:
            return "nested too deeply"
        if size > MAX_TOKENS:
            return "too large a syntax tree"
    return None


_EQUALS = ord("=")
