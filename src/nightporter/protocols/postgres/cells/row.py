"""Rows as values: composite types and records, in text and in binary, field by field. Pure.

In text ("Composite Type Input and Output Syntax"): `(1,"a ""b"" c",)`; a field of nothing is NULL. In binary (record_send): the
number of fields, and of each its type, its length and its bytes. Dropped columns are in neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from struct import Struct
from struct import error as StructError

from ..cell import CellMask

_FIELD = re.compile(rb'((?:"[^"\\]*(?:(?:\\.|"")[^"\\]*)*"|[^"\\(),]|\\.)*)([,)])', re.DOTALL)
_QUOTED = re.compile(rb'\\(.)|"(")?', re.DOTALL)
_QUOTES = re.compile(rb'["\\(),\s\x0b]|\A\Z')
_SPECIAL = re.compile(rb"[\"\\]")
_COUNT = Struct("!i")
_HEAD = Struct("!Ii")

Fields = Callable[[int], Sequence[CellMask | None]]
"""The masks of so many fields; None among them: the field passes as it is."""


class RowTextMask(CellMask):
    """A row in text, which does not say what its fields are."""

    def __init__(self, fields: Fields, is_guard: bool) -> None:
        super().__init__(is_constant=False, is_guard=is_guard)
        self._fields = fields

    def mask(self, cell: bytes) -> bytes | None:
        tokens = split(cell)
        if tokens is None:
            return None
        masks = self._fields(len(tokens))
        if len(masks) != len(tokens):
            return None
        shown = [_changed(token, mask) for token, mask in zip(tokens, masks, strict=True)]
        if all(one is other for one, other in zip(shown, tokens, strict=True)):
            return cell
        return b"(" + b",".join(shown) + b")"


def split(cell: bytes) -> list[bytes] | None:
    """The fields of a row as they are written; None: it is not one."""
    if cell[:1] != b"(" or cell[-1:] != b")":
        return None
    if cell == b"()":
        return []
    tokens: list[bytes] = []
    at = 1
    while at < len(cell):
        found = _FIELD.match(cell, at)
        if found is None:
            return None
        tokens.append(found[1])
        at = found.end()
        if found[2] == b")" and at != len(cell):
            return None
    return tokens if cell[at - 1 : at] == b")" else None


def value_of(token: bytes) -> bytes:
    """What a field says; of one that is not empty."""
    if b'"' not in token and b"\\" not in token:
        return token
    inner = token[1:-1] if len(token) > 1 and token[:1] == b'"' == token[-1:] else token
    return _QUOTED.sub(lambda found: found[1] or found[2] or b"", inner)


def written(value: bytes | None) -> bytes:
    """As a field is written."""
    if value is None:
        return b""
    if _QUOTES.search(value):
        return b'"' + _SPECIAL.sub(rb"\g<0>\g<0>", value) + b'"'
    return value


def _changed(token: bytes, mask: CellMask | None) -> bytes:
    if not token or mask is None:
        return token
    if mask.is_constant:
        return written(mask.constant)
    value = value_of(token)
    shown = mask.mask(value)
    return token if shown is value or shown == value else written(shown)


class RowBinaryMask(CellMask):
    """A row in binary, which says what its fields are."""

    def __init__(self, fields: Callable[[int, int, int], CellMask | None], is_guard: bool) -> None:
        """`fields`: the mask of a field by its number (from 0), how many there are, and its type's OID."""
        super().__init__(is_constant=False, is_guard=is_guard)
        self._fields = fields

    def mask(self, cell: bytes) -> bytes | None:
        try:
            return self._masked(cell)
        except StructError:  # it is not what the server writes: nothing of it is shown
            return None

    def _masked(self, cell: bytes) -> bytes | None:
        (count,) = _COUNT.unpack_from(cell)
        if count < 0:
            return None
        parts: list[bytes] = []
        copied = 0
        at = _COUNT.size
        for n in range(count):
            type_oid, length = _HEAD.unpack_from(cell, at)
            start = at + _HEAD.size
            if length < 0:
                at = start
                continue
            stop = start + length
            if stop > len(cell):
                return None
            mask = self._fields(n, count, type_oid)
            if mask is not None:
                value = cell[start:stop]
                shown = mask.constant if mask.is_constant else mask.mask(value)
                if shown is not value:
                    parts.append(cell[copied : start - 4])
                    parts.append(_COUNT.pack(-1) if shown is None else _COUNT.pack(len(shown)) + shown)
                    copied = stop
            at = stop
        if at != len(cell):
            return None
        if not parts:
            return cell
        parts.append(cell[copied:])
        return b"".join(parts)
