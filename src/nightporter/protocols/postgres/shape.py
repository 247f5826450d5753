"""Texts that differ in nothing but whole numbers, as clients of the simple protocol send them by the million. Pure.

What a reading says of a plain SELECT, INSERT, UPDATE or DELETE does not depend on the numbers in it: neither its kind nor its
actions, settings and names; and the fingerprint is made to be the same. So one reading of the text with other numbers is enough.
This holds for what a reading says now: one that looks at a number (a LIMIT, a condition that is always true) must not come from
here. Decisions are about the text itself all the same: it gets a reading of its own, with its own hash.

Elsewhere numbers matter: `EXPLAIN (ANALYZE 1)`.
"""

from __future__ import annotations

import re

MAX_BYTES = 2048
"""Longer texts are rarely written by a program that fills in numbers."""

# Nothing that begins a string, a quoted name, a parameter, a cast, a comment or an escape
_PLAIN = re.compile(rb"\s*(?:select|insert|update|delete)\b[A-Za-z0-9_ ,.;()=<>+*%\t\n-]*+", re.IGNORECASE)
# A whole number that is a token of its own, and fits an int4: others have another type
_NUMBER = re.compile(rb"(?<![A-Za-z0-9_.])[0-9]{1,9}(?![A-Za-z0-9_.])")


def shape(text: bytes) -> bytes | None:
    """The text with 1 for each whole number; None if it is not so plain that this says everything."""
    if len(text) > MAX_BYTES or b"--" in text or _PLAIN.fullmatch(text) is None:
        return None
    return _NUMBER.sub(b"1", text)
