"""Where two long answers differ: pytest would lay a whole dump beside another, line by line, and take hours over it."""

from __future__ import annotations

AROUND = 60
"""Bytes shown on both sides of the place."""


def difference(found: bytes, wanted: bytes) -> tuple[int, bytes, bytes] | None:
    """The first byte at which they differ, and what stands around it in each; None: they are alike."""
    if found == wanted:
        return None
    pairs = zip(found, wanted, strict=False)
    at = next((n for n, (one, other) in enumerate(pairs) if one != other), min(len(found), len(wanted)))
    around = slice(max(0, at - AROUND), at + AROUND)
    return at, found[around], wanted[around]
