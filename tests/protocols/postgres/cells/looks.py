"""One who looks for e-mail addresses, for tests of guards."""

from __future__ import annotations

import re

ADDRESS = re.compile(r"[a-z.]+@[a-z.]+")


class Looks:
    """Shows `<mail>` in their place; `asked` counts the texts that were looked through."""

    def __init__(self) -> None:
        self.asked = 0

    def may_hold(self, data: bytes) -> bool:
        return b"@" in data

    def redact(self, text: str) -> str:
        self.asked += 1
        return ADDRESS.sub("<mail>", text) if ADDRESS.search(text) else text


class Names(Looks):
    """Knows by the key `ssn`, `phone`, `pay`, `sex` or `who` too."""

    def named(self, key: str) -> str | None:
        labels = {"ssn": "pii.national_id", "pay": "pii.salary", "sex": "pii.gender", "who": "pii.name", "mail": "pii.email"}
        return labels.get(key)
