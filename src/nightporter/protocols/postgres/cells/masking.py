"""Chooses by type what stands in the place of a value. Pure.

What is not known, and what has no value that says nothing (an enumeration), is shown as NULL.
"""

from __future__ import annotations

from collections.abc import Callable

from nightporter.masking import token as tokens
from nightporter.masking.maskers import BUCKET, FULL, PARTIAL, TOKEN, shape

from ..cell import CellMask
from . import kinds as k
from .array import ArrayBinaryMask, ArrayTextMask
from .document import Hidden, JsonMask, Leaves
from .fixed import MULTIRANGE, RANGE, MoneyMask, fixed
from .fixed import NULL as NOTHING
from .moment import moment
from .number import number
from .pairs import PairsBinaryMask, PairsTextMask
from .row import RowBinaryMask, RowTextMask
from .text import PartialMask, WordsMask, stars
from .transcode import leaf
from .types import MAX_DEPTH, Types


class Masking:
    """Makes masks for one masker and label."""

    def __init__(self, types: Types, masker: str, label: str, key: bytes, encoding: str, names: Callable[[str], bool]) -> None:
        self._types = types
        self._masker = masker
        self._label = label
        self._key = key
        self._encoding = encoding
        self._names = names
        self._made: dict[tuple[int, int, bool, int], CellMask] = {}

    def of(self, oid: int, modifier: int, binary: bool, depth: int = 0) -> CellMask:
        oid = self._types.base(oid)
        if depth > MAX_DEPTH:
            return NOTHING
        key = (oid, modifier, binary, depth)
        if key not in self._made:
            self._made[key] = self._make(oid, modifier, binary, depth)
        return self._made[key]

    def _make(self, oid: int, modifier: int, binary: bool, depth: int) -> CellMask:
        if self._types.is_words(oid):
            return leaf(self._words(oid, modifier), binary, self._encoding, stars(k.limit(oid, modifier), oid == k.BPCHAR))
        made = number(oid, modifier, binary, self._masker, self._label, self._key) or moment(oid, binary, self._masker, self._key)
        if made is not None:
            return made
        if oid == k.MONEY:
            return self._money(binary)
        if oid == k.UUID and self._masker == TOKEN:
            return WordsMask(TOKEN, "", self._key, 0, False, False) if not binary else UuidMask(self._key)
        if oid == k.BYTEA and self._masker == TOKEN:
            return BytesTokenMask(self._key, binary)
        if oid in (k.JSON, k.JSONB):
            return leaf(JsonMask(self._leaves(), binary and oid == k.JSONB), binary, self._encoding, None)
        made = fixed(oid, modifier, binary)
        return made if made is not None else self._of_others(oid, modifier, binary, depth)

    def _of_others(self, oid: int, modifier: int, binary: bool, depth: int) -> CellMask:
        if self._types.is_pairs(oid):
            leaves = self._leaves()
            return PairsBinaryMask(leaves, False, self._encoding) if binary else PairsTextMask(leaves, False)
        kind = self._types.kind(oid)
        if kind == "r" or kind == "m":
            return CellMask((RANGE if kind == "r" else MULTIRANGE)[binary])
        element = self._types.element(oid)
        if element or oid == k.ANYARRAY:
            if binary:
                return ArrayBinaryMask(lambda of: self.of(of, modifier, True, depth + 1), False)
            inner = self.of(element or k.TEXT, modifier, False, depth + 1)
            if not is_known(self._types, element or k.TEXT):
                return NOTHING  # its elements may be written with another sign between them
            return ArrayTextMask(inner, k.delimiter(self._types.base(element)))
        columns = self._types.columns(oid)
        if columns is not None or oid == k.RECORD:
            return self._row(columns or (), binary, depth)
        return NOTHING

    def _row(self, columns: tuple[tuple[str, int], ...], binary: bool, depth: int) -> CellMask:
        if binary:
            return RowBinaryMask(lambda n, count, of: self.of(of, -1, True, depth + 1), False)
        masks = [self.of(of, -1, False, depth + 1) for _, of in columns]
        unknown = self.of(k.TEXT, -1, False, depth + 1)
        full = CellMask(stars(0, False)) if not unknown.is_constant else unknown
        return RowTextMask(lambda count: masks if len(masks) == count else [full] * count, False)

    def _words(self, oid: int, modifier: int) -> CellMask:
        limit, padded = k.limit(oid, modifier), oid == k.BPCHAR
        if oid == k.CSTRING or oid == k.REFCURSOR or self._masker == FULL:
            return CellMask(stars(limit, padded))
        if self._masker == PARTIAL:
            kind = shape(self._label)
            return PartialMask(kind, limit, padded) if kind else CellMask(stars(limit, padded))
        return WordsMask(self._masker, self._label, self._key, limit, padded, oid not in k.WORDS)

    def _money(self, binary: bool) -> CellMask:
        if not binary:
            return MoneyMask(self._masker == BUCKET)
        return number(k.INT8, -1, True, self._masker if self._masker == BUCKET else FULL, "", b"") or NOTHING

    def _leaves(self) -> Leaves:
        return Hidden(self._masker, self._label, self._key, self._names)


class UuidMask(CellMask):
    """The token of a UUID in binary."""

    def __init__(self, key: bytes) -> None:
        super().__init__(is_constant=False)
        self._key = key

    def mask(self, cell: bytes) -> bytes | None:
        return tokens.uuid(self._key, cell) if len(cell) == 16 else None


class BytesTokenMask(CellMask):
    """The token of bytes."""

    def __init__(self, key: bytes, binary: bool) -> None:
        super().__init__(is_constant=False)
        self._key = key
        self._binary = binary

    def mask(self, cell: bytes) -> bytes | None:
        if self._binary:
            return tokens.octets(self._key, cell)
        if cell[:2] != b"\\x":
            return b"\\x"
        try:
            data = bytes.fromhex(cell[2:].decode("ascii"))
        except ValueError:  # it is not what the server writes: nothing of it is shown
            return None
        return b"\\x" + tokens.octets(self._key, data).hex().encode("ascii")


def is_known(types: Types, oid: int) -> bool:
    """Whether it is a type of whose arrays we know what stands between the elements."""
    oid = types.base(oid)
    known = types.is_words(oid) or types.is_pairs(oid) or types.kind(oid) in ("c", "e", "r", "m")
    return known or oid in k.ARRAYS.values() or oid in k.RANGES or oid in k.MULTIRANGES
