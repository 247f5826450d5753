"""Whether a value is one of our masks, so that it is not written back in place of what it hides. Pure.

Exact forms only. People write stars as well: `**bold**`, `*****` as a rule between paragraphs, `2*3*4`, a password as stars. So a
mask that could be anything (`*****`) is one only where the label says what stands there, and nothing within a longer text is,
unless the text is one in which masks are put (`pii.text`), or holds values one by one: JSON, an array, a row.

Not recognized, since they are values like others: `0`, `1970-01-01`, the first of January, round numbers, tokens of numbers, and
those that are too short for a check.
"""

from __future__ import annotations

import re

from .label import MENTIONS, above
from .maskers import MASKED
from .token import is_token

_EMAIL = r"[A-Za-z0-9*]\*\*\*@(?:[A-Za-z0-9_-]+\.)+[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_CARD = r"(?=(?:[ .-]?\*){8,15}(?:[ .-]?[0-9]){4}(?![0-9*]))\*(?:[ .-]?\*)*(?:[ .-]?[0-9]){4}"
_PHONE = r"(?=(?:[ ./()+-]*\*){5,13}(?:[ ./()-]*[0-9]){2}(?![0-9*]))[(+]{0,2}\*[* ./()+-]*[0-9][ ./()-]*[0-9]"
_ACCOUNT = r"(?=(?:[ .-]?\*){4,30}(?:[ .-]?[0-9A-Za-z]){4}(?![0-9A-Za-z*]))\*(?:[ .-]?\*)*(?:[ .-]?[0-9A-Za-z]){4}"

_ANYWHERE = re.compile(rf"{_EMAIL}|{_CARD}")
"""Whole values that nobody writes who does not mean to hide something."""
_LABELED = {
    "pii.email": re.compile(_EMAIL),
    "pii.card": re.compile(_CARD),
    "pii.phone": re.compile(_PHONE),
    "pii.bank_account": re.compile(_ACCOUNT),
}
_WITHIN = re.compile(rf"(?<![\w*@.])(?:{_EMAIL}|{_CARD}|{_ACCOUNT}|\*{{5}})(?![\w*@])")
"""In text in which detectors have put them; not phones: `(*** 12` is in a formula."""
_PARTS = re.compile(r"[\[{(,:\"]\s*(\"?)([A-Za-z0-9* .+()/-]\*\*[^\",{}\[\]]{1,330})\1\s*(?=[\]}),\"])")
"""Elements of an array, fields of a row, values in JSON."""
_WORDS = re.compile(r"[A-Za-z0-9@._-]+")
MAX_SEARCHED = 1_000_000
"""Characters of a text that is searched through; beyond, only its beginning is."""


def is_masked(text: str, label: str | None = None, key: bytes | None = None, limit: int = 0) -> bool:
    """Whether a value is a mask, or holds one where a text of its kind would.

    `label`: what the column is that it is for; None, it is not known. `key`: with which tokens are made; None, they are not looked
    for. `limit`: how many characters the column holds, 0 is any number: masks are cut to it.
    """
    value = text.strip(" ")  # as char(n) is filled
    if "*" in value:
        if _is_mask(value, label, limit):
            return True
        if label is not None and MENTIONS in above(label) and _WITHIN.search(value[:MAX_SEARCHED]):
            return True
        if value[0] in "[{(" and any(_is_mask(part[2].strip(), label, 0) for part in _PARTS.finditer(value[:MAX_SEARCHED])):
            return True
    if not key:
        return False
    if is_token(key, value):
        return True
    if value[:1] in ("[", "{", "(") or (label is not None and MENTIONS in above(label)):
        return any(is_token(key, word.strip("@._-")) for word in _WORDS.findall(value[:MAX_SEARCHED]))
    return False


def _is_mask(value: str, label: str | None, limit: int) -> bool:
    if _ANYWHERE.fullmatch(value):
        return True
    if label is None:
        return False
    if value == MASKED or (limit and limit < len(MASKED) and value == MASKED[:limit]):
        return True
    return any(name in _LABELED and _LABELED[name].fullmatch(value) for name in above(label))
