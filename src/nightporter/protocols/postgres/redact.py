"""A text as records keep it: without the passwords that are written out in it. Pure.

Only constants go, never code: nobody can hide what a statement does by writing `password` into it.
"""

from __future__ import annotations

import re

from .kinds import HOLD_SECRETS
from .tokens import tokens

HIDDEN = b"'***'"

_MENTION = re.compile(rb"(?i)password|passwd")
_INSIDE = re.compile(rb"(?i)((?:password|passwd)\s*[=:]{0,2}>?\s*)(?:'(?:[^']|'')*'|[^\s'&;,)]+)")


def redacted(tag: str, text: bytes) -> str | None:
    """`text` (UTF-8) with `'***'` for each constant that is, or may be, a password; None where there is none.

    In statements that exist to carry them (roles, user mappings, servers, subscriptions) that is every string; elsewhere one
    that follows the word, and what follows the word within one.
    """
    everything = tag in HOLD_SECRETS
    if not everything and _MENTION.search(text) is None:
        return None
    parts: list[bytes] = []
    done = 0
    told = False  # the word has been said, and what follows is its value
    for kind, start, end in tokens(text):
        if kind == "string":
            found = text[start:end]
            hidden = HIDDEN if everything or told else _INSIDE.sub(rb"\1***", found)
            if hidden != found:
                parts += (text[done:start], hidden)
                done = end
            told = False
        elif kind == "word" or kind == "name":
            told = _MENTION.search(text, start, end) is not None
        elif kind != "operator" and kind != "comment":
            told = False
    if not parts:
        return None
    return (b"".join(parts) + text[done:]).decode(errors="replace")
