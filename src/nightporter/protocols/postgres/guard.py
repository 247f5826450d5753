"""Whether a text may be given to the parser at all: a bound on how deep its syntax tree can become. Pure.

libpg_query's parser proper bounds what nests to the right (its stack has 10,000 entries), but not what nests to the left:
`1+1+1+...`, `a JOIN b JOIN c ...`, `x COLLATE "C" COLLATE "C" ...`. It then writes the tree by recursion without any check, and at
some 65,000 levels (8 MiB of stack) the process dies. So the length of such chains is bounded here, before it is called, by an
estimate that is never too low and hardly ever too high. It must stay conservative: too low an estimate is a crash that anybody who
can send text can cause.

The estimate, for each bracketed group: a chain grows by each operator and starts anew at a comma; a group counts as an operand as
deep as itself. AND and OR start anew too, since the parser makes one flat list of them, unless CASE is in the text: its END closes
a group that no bracket shows. `BETWEEN x AND y` may so be estimated at half its depth, which the limit allows for.
"""

from __future__ import annotations

import re

from .tokens import tokens

MAX_CHAIN = 10_000
"""The server itself gives up at 3,000 to 10,000 levels (`max_stack_depth` of 2 MB); the parser dies at 65,000."""

HARMLESS_BYTES = 2 * MAX_CHAIN
"""A level takes at least an operator and an operand: a text as short as this cannot be deeper than MAX_CHAIN."""

MAX_OPERATOR_BYTES = 1024
"""The scanner reads a run of operator characters again for each operator that it takes from it: quadratic. Longest legal: 63."""

_CHAINS = frozenset({b"union", b"intersect", b"except", b"join"})  # go on across commas, AND and OR
_WORDS = frozenset(
    {b"is", b"isnull", b"notnull", b"collate", b"at", b"operator", b"like", b"ilike", b"similar", b"in", b"between", b"overlaps"}
)
_FLAT = frozenset({b"and", b"or"})
_LONGEST_WORD = max(map(len, _CHAINS | _WORDS | _FLAT))

# A hundred openings of comments in one run of operator characters: quadratic in the scanner, as above.
_COMMENT_STORM = re.compile(rb"(?:/\*(?:[~!@#^&|`?+\-*%<>=]|/(?!\*))*+){100}")
_CASE = re.compile(rb"(?i:\bcase\b)")


def refusal(text: bytes) -> str | None:
    """Why `text` (UTF-8) must not be given to the parser; None if it may."""
    if b"\0" in text:
        return "a NUL byte"  # the parser would read only what comes before it
    if text.count(b"/*") >= 100 and _COMMENT_STORM.search(text):
        return "too many comments in a row"
    if len(text) <= HARMLESS_BYTES:
        return None
    return _measure(text)


def _measure(text: bytes) -> str | None:
    flat = _FLAT if _CASE.search(text) is None else frozenset()
    run = deepest = chain = 0  # of the group that is open
    groups: list[tuple[int, int, int]] = []
    for kind, start, end in tokens(text):
        if kind == "comma":
            if run > deepest:
                deepest = run
            run = 0
        elif kind == "operator":
            if end - start > MAX_OPERATOR_BYTES:
                return "an operator that is too long"
            run += 1
        elif kind == "open":
            groups.append((run, deepest, chain))
            run = deepest = chain = 0
        elif kind == "close":
            depth = max(run, deepest) + chain + 1
            if groups:
                run, deepest, chain = groups.pop()
                run = max(run, depth)
            else:
                run = max(run, depth)  # unbalanced: the parser will say so
        elif kind == "word" and end - start <= _LONGEST_WORD:
            word = text[start:end].lower()
            if word in _CHAINS:
                chain += 1
            elif word in _WORDS:
                run += 1
            elif word in flat:
                deepest = max(run, deepest)
                run = 0
        elif kind == "end":
            deepest = max(run, deepest) + chain
            run = chain = 0
            if not groups:
                deepest = 0
        if run + chain > MAX_CHAIN or deepest + chain > MAX_CHAIN:
            return "nested too deeply"
    return None
