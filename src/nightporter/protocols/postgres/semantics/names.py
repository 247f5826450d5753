"""Qualified names as text: `public."T".a`. Pure."""

from __future__ import annotations

import re

_PART = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^\s".][^\s".]*))\s*(\.|$)')


def parts_of(text: str) -> list[str]:
    """A name's parts, folded unless quoted; empty if it is none."""
    parts = []
    at = 0
    while at < len(text):
        match = _PART.match(text, at)
        if match is None:
            return []
        quoted, bare, _ = match.groups()
        parts.append(quoted.replace('""', '"') if quoted else bare.lower())
        at = match.end()
    return parts
