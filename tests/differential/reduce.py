"""Makes a text smaller while something still holds of it. Knows nothing of SQL but its tokens."""

from __future__ import annotations

import re
from collections.abc import Callable

MAX_TRIES = 400

_TOKEN = re.compile(r"\s*(?:'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$\$.*?\$\$|[\w.]+|::|[<>=|@?&*+-]+|.)", re.DOTALL)


def reduced(text: str, holds: Callable[[str], bool], tries: int = MAX_TRIES) -> str:
    """The smallest text found within so many tries; parts between brackets go first, then runs of tokens, the longest first."""
    left = tries

    def still(tokens: list[str]) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and holds("".join(tokens))

    tokens = _TOKEN.findall(text)
    smaller = True
    while smaller and left > 0:
        smaller = False
        for start, end in _candidates(tokens):
            shorter = tokens[:start] + tokens[end:]
            if end <= len(tokens) and shorter and still(shorter):
                tokens, smaller = shorter, True
                break
    return "".join(tokens).strip()


def _candidates(tokens: list[str]) -> list[tuple[int, int]]:
    """Spans that can go without leaving a bracket open, the longest first."""
    depth, depths = 0, [0]
    for token in tokens:
        depth += (token.strip() in "([") - (token.strip() in ")]") if token.strip() else 0
        depths.append(depth)
    spans = []
    size = len(tokens)
    for start in range(size):
        lowest = depths[start]
        for end in range(start + 1, min(size, start + size * 3 // 4) + 1):
            if depths[end] < lowest:
                break
            if depths[end] == lowest and min(depths[start : end + 1]) >= lowest:
                spans.append((start, end))
    return sorted(spans, key=lambda span: span[0] - span[1])[:2000]
