"""Text, which is the same bytes in both formats: hot, compiled with `text.pxd`. Pure."""

from __future__ import annotations

from collections.abc import Callable

from nightporter.masking.maskers import MASKED, mask, partial

from ..cell import CellMask
from .looking import Looking

STARS = MASKED.encode("ascii")
MAX_REMEMBERED = 4096
"""Tokens kept for the next rows: one costs 2 us to make and 0.1 us to find."""
_OPENS = (b"{", b"[")
LONGEST_REMEMBERED = 64
"""Characters; longer texts are seldom there twice."""


def stars(limit: int, padded: bool) -> bytes:
    """A text of stars of at most `limit` characters (0: any number); filled up with blanks to as many if `padded`."""
    made = STARS[:limit] if limit else STARS
    return made.ljust(limit) if padded else made


class PartialMask(CellMask):
    """The `partial` masker of labels whose form it keeps."""

    def __init__(self, kind: str, limit: int, padded: bool) -> None:
        """`kind`: the label; `limit`, `padded`: as for `stars`."""
        super().__init__(is_constant=False)
        self._kind = kind
        self._limit = limit
        self._padded = padded
        self._full = stars(limit, padded)

    def mask(self, cell: bytes) -> bytes | None:
        shown = partial(self._kind, cell.rstrip(b" ") if self._padded else cell)
        if shown is None or (self._limit and len(shown) > self._limit):
            return self._full
        return shown.ljust(self._limit) if self._padded else shown


class WordsMask(CellMask):
    """Any masker of text."""

    def __init__(self, name: str, label: str, key: bytes, limit: int, padded: bool, folded: bool) -> None:
        """`name`: the masker. `folded`: the type takes upper and lower case for the same (citext), so a token must be the same."""
        super().__init__(is_constant=False)
        self._name = name
        self._label = label
        self._key = key
        self._limit = limit
        self._padded = padded
        self._folded = folded
        self._remembered: dict[bytes, bytes | None] = {}

    def mask(self, cell: bytes) -> bytes | None:
        if cell in self._remembered:
            return self._remembered[cell]
        shown = self._mask(cell)
        if len(cell) <= LONGEST_REMEMBERED:
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered[cell] = shown
        return shown

    def _mask(self, cell: bytes) -> bytes | None:
        try:
            text = cell.decode("utf-8")
        except UnicodeDecodeError:  # not a text that we can read: nothing of it is shown
            return stars(self._limit, self._padded)
        if self._padded:
            text = text.rstrip(" ")
        shown = mask(self._name, self._label, text.lower() if self._folded else text, self._key, self._limit)
        if shown is None:
            return None
        return (shown.ljust(self._limit) if self._padded else shown).encode("utf-8")


class TextGuard(CellMask):
    """Looks for what must not be seen in a text."""

    def __init__(self, looking: Looking, limit: int = 0, padded: bool = False, document: CellMask | None = None) -> None:
        """`document`: the guard of JSON, for texts that are."""
        super().__init__(is_constant=False, is_guard=True)
        self._may_hold: Callable[[bytes], bool] = looking.may_hold
        self._document = document
        self._redact: Callable[[str], str] = looking.redact
        self._limit = limit
        self._padded = padded

    def mask(self, cell: bytes) -> bytes | None:
        if self._document is not None and cell[:1] in _OPENS:
            shown = self._document.mask(cell)
            if shown is cell:
                return cell
            if shown is not None:  # else it is no JSON
                if self._limit and (self._padded or len(shown) > self._limit):
                    return stars(self._limit, self._padded)
                return shown
        return self._look(cell) if self._may_hold(cell) else cell

    def _look(self, cell: bytes) -> bytes | None:
        try:
            text = cell.decode("utf-8")
        except UnicodeDecodeError:  # something may be in it, and cannot be told from the rest
            return stars(self._limit, self._padded)
        shown = self._redact(text)
        if shown is text or shown == text:
            return cell
        if self._limit and len(shown) > self._limit:
            shown = shown.rstrip(" ")[: self._limit]
        return (shown.ljust(self._limit) if self._padded else shown).encode("utf-8")


class BytesGuard(CellMask):
    """Of bytea: bytes that are a text, as whoever converts one to bytes makes them. Those that are none (a picture, something
    encrypted) are not looked through: what would be found in noise is noise."""

    def __init__(self, looking: Looking, binary: bool) -> None:
        super().__init__(is_constant=False, is_guard=True)
        self._looking = looking
        self._binary = binary

    def mask(self, cell: bytes) -> bytes | None:
        if self._binary:
            return self._octets(cell)
        if cell[:2] != b"\\x":
            return self._looked(cell)  # escaped: what is ASCII stands for itself, the rest are numbers of three digits
        try:
            data = bytes.fromhex(cell[2:].decode("ascii"))
        except ValueError:  # it is not what the server writes
            return None
        shown = self._octets(data)
        return cell if shown is data else b"\\x" + shown.hex().encode("ascii")

    def _octets(self, data: bytes) -> bytes:
        if b"\0" in data:
            return data
        return self._looked(data)

    def _looked(self, data: bytes) -> bytes:
        if not self._looking.may_hold(data):
            return data
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:  # no text
            return data
        shown = self._looking.redact(text)
        return data if shown == text else shown.encode("utf-8")


class OpaqueGuard(CellMask):
    """Of a type that we do not know: where something is found in it nothing of it is shown."""

    def __init__(self, looking: Looking, instead: bytes | None = None) -> None:
        """`instead`: what is shown then; None is NULL."""
        super().__init__(is_constant=False, is_guard=True)
        self._looking = looking
        self._instead = instead

    def mask(self, cell: bytes) -> bytes | None:
        if not self._looking.may_hold(cell):
            return cell
        text = cell.decode("utf-8", "replace")
        return cell if self._looking.redact(text) == text else self._instead
