"""What a client knows already, because it said it: texts of statements, values of parameters. Pure.

An answer that repeats what was told hides nothing, as long as it tells nothing by which of many things it repeats. A client that
names every number in a comment, and then casts what it may not see, is told the one that it was: see `are_few`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

FEW = 16
"""Different words: what a plain statement has. That one of so many is repeated tells four bits, as a handful of conditions
that fail or do not would tell as well."""
MAX_CHARACTERS = 256 * 1024
"""Of all texts together; what is said beyond that counts as not told. Every value is looked for in all of it."""
MAX_VALUE = 16 * 1024
"""Characters of a value that is looked for."""

MAX_WORK = 64 * 1024 * 1024
"""Characters looked through for one message after the other; then nothing more counts as told. A row has up to 1600 values."""
MAX_PIECES = 256
"""Times that a value occurs as a piece of other words, before it counts as not told."""

_WORD = re.compile(r"\w+")


class Told:
    """Texts that the client sent. Looked at only when something has to be looked up."""

    __slots__ = ("_few", "_lowered", "_texts", "_work")

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = texts
        self._lowered: tuple[str, ...] | None = None
        self._few: bool | None = None
        self._work = 0

    @property
    def are_few(self) -> bool:
        """Whether so little was told that its repetition says next to nothing of anything else."""
        if self._few is None:
            words: set[str] = set()
            for text in self._all():
                for match in _WORD.finditer(text):
                    words.add(match.group())
                    if len(words) > FEW:
                        self._few = False
                        return False
            self._few = True
        return self._few

    def has(self, value: str) -> bool:
        """Whether `value` was told: as it is, or with its quotes doubled, in either case, and not as a piece of a word."""
        value = value.strip().lower()
        if not value:
            return True
        if len(value) > MAX_VALUE:
            return False
        texts = self._all()
        self._work += sum(map(len, texts))
        if self._work > MAX_WORK:
            return False
        wanted = {value, value.replace("'", "''"), value.replace('"', '""')}
        return any(_stands_in(text, each) for text in texts for each in wanted)

    def _all(self) -> tuple[str, ...]:
        if self._lowered is None:
            left = MAX_CHARACTERS
            kept: list[str] = []
            for text in self._texts:
                kept.append(text[:left].lower())
                left -= len(text)
                if left <= 0:
                    break
            self._lowered = tuple(kept)
        return self._lowered


def _stands_in(text: str, value: str) -> bool:
    """Whether it occurs, with no letter or digit going on at either end."""
    at = text.find(value)
    for _ in range(MAX_PIECES):
        if at < 0:
            return False
        end = at + len(value)
        goes_on_before = at > 0 and _is_word(text[at - 1]) and _is_word(value[0])
        goes_on_after = end < len(text) and _is_word(text[end]) and _is_word(value[-1])
        if not goes_on_before and not goes_on_after:
            return True
        at = text.find(value, at + 1)
    return False


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
