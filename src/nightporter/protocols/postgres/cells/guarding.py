"""Chooses by type what looks through a value and hides what it finds. Pure.

text, JSON, hstore          what is found, and nothing else
arrays, rows                the same in each element, each field
bytea                       if it is a text
xml, jsonpath, ranges, ...  the whole value, if anything is found in it
types that are not known    the same, as NULL
numbers, dates, enums, ...  nothing can be found
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nightporter.masking.maskers import FOUND, FULL, MASKERS, NULL, TOKEN, default

from ..cell import CellMask
from . import kinds as k
from .array import ArrayBinaryMask, ArrayTextMask
from .document import JsonGuard, Sought
from .fixed import MULTIRANGE, RANGE, fixed
from .fixed import NULL as NOTHING
from .looking import Looking
from .masking import Masking, is_known
from .pairs import PairsBinaryMask, PairsTextMask
from .row import RowBinaryMask, RowTextMask
from .text import BytesGuard, OpaqueGuard, TextGuard, stars
from .transcode import leaf
from .types import MAX_DEPTH, Types

_HOLDS_NOTHING = frozenset(
    {*k.WHOLE, *k.FLOATS, *k.MOMENTS, *k.REGISTERED}
    | {k.BOOL, k.CHAR, k.OID, k.TID, k.XID, k.CID, k.XID8, k.NUMERIC, k.MONEY, k.POINT, k.LSEG, k.PATH, k.BOX, k.POLYGON, k.LINE}
    | {k.CIRCLE, k.CIDR, k.INET, k.MACADDR, k.MACADDR8, k.BIT, k.VARBIT, k.UUID, k.PG_LSN, k.VOID, k.INT2VECTOR, k.OIDVECTOR}
)
"""Types in which nothing that is looked for can stand. Numbers are not looked at: a card's is known by its form, or its column."""


class Guarding:
    """Makes guards for one who looks."""

    def __init__(self, types: Types, looking: Looking, key: bytes, encoding: str) -> None:
        self._types = types
        self._looking = looking
        self._key = key
        self._encoding = encoding
        self._made: dict[tuple[int, int, bool, int], CellMask | None] = {}

    def of(self, oid: int, modifier: int, binary: bool, depth: int = 0) -> CellMask | None:
        oid = self._types.base(oid)
        if depth > MAX_DEPTH:
            return NOTHING
        key = (oid, modifier, binary, depth)
        if key not in self._made:
            self._made[key] = self._make(oid, modifier, binary, depth)
        return self._made[key]

    def _make(self, oid: int, modifier: int, binary: bool, depth: int) -> CellMask | None:
        looking = self._looking
        if self._types.is_words(oid) or (not binary and oid == k.XML):
            padded = oid == k.BPCHAR
            limit = k.limit(oid, modifier)
            document = JsonGuard(looking, self._key, False)
            return leaf(TextGuard(looking, limit, padded, document), binary, self._encoding, stars(limit, padded))
        if oid in (k.JSON, k.JSONB):
            return leaf(JsonGuard(looking, self._key, binary and oid == k.JSONB), binary, self._encoding, None)
        if oid == k.BYTEA:
            return BytesGuard(looking, binary)
        if oid in (k.XML, k.JSONPATH, k.TSVECTOR, k.TSQUERY):
            shown = fixed(oid, modifier, binary)
            return OpaqueGuard(looking, None if shown is None else shown.constant)
        if oid in _HOLDS_NOTHING:
            return None
        return self._of_others(oid, modifier, binary, depth)

    def _of_others(self, oid: int, modifier: int, binary: bool, depth: int) -> CellMask | None:
        looking = self._looking
        if self._types.is_pairs(oid):
            leaves = Sought(looking, self._key)
            return PairsBinaryMask(leaves, True, self._encoding) if binary else PairsTextMask(leaves, True)
        kind = self._types.kind(oid)
        if kind == "e":
            return None  # what stands there was defined, not told
        if kind in ("r", "m") or oid in k.RANGES or oid in k.MULTIRANGES:
            return self._range(oid, kind, binary, depth)
        element = self._types.element(oid)
        if element or oid == k.ANYARRAY:
            return self._array(element, modifier, binary, depth)
        columns = self._types.columns(oid)
        if columns is not None or oid == k.RECORD:
            return self._row(oid, columns or (), binary, depth)
        return OpaqueGuard(looking)

    def _range(self, oid: int, kind: str, binary: bool, depth: int) -> CellMask | None:
        found = self._types.find(oid)
        if found is None or self.of(found.range_subtype, -1, binary, depth + 1) is None:
            return None
        return OpaqueGuard(self._looking, (RANGE if kind == "r" else MULTIRANGE)[binary])

    def _array(self, element: int, modifier: int, binary: bool, depth: int) -> CellMask | None:
        if binary:
            if element and self.of(element, modifier, True, depth + 1) is None:
                return None
            return ArrayBinaryMask(lambda of: self.of(of, modifier, True, depth + 1), True)
        inner = self.of(element or k.TEXT, modifier, False, depth + 1)
        if inner is None:
            return None
        if isinstance(inner, OpaqueGuard) and not is_known(self._types, element):
            return OpaqueGuard(self._looking)  # its elements may be written with another sign between them
        may_hold = self._looking.may_hold if self._types.is_words(self._types.base(element or k.TEXT)) else None
        return ArrayTextMask(inner, k.delimiter(self._types.base(element)), may_hold)

    def _row(self, oid: int, columns: tuple[tuple[str, int], ...], binary: bool, depth: int) -> CellMask | None:
        """A row of a table: its columns are shown as they are when they come by themselves, as far as that is known."""
        shown = self._types.owner(oid, self._looking)
        masks = [self._field(name, of, shown, binary, depth) for name, of in columns]
        if columns and all(each is None for each in masks):
            return None
        # where fields are not those of the catalogue, and some are to be masked, nobody knows which
        hides = any(mask is not None and not mask.is_guard for mask in masks)
        if binary:
            of_any = Masking(self._types, FULL, "", self._key, self._encoding, self._types.is_name).of if hides else self.of

            def of_field(n: int, count: int, of: int) -> CellMask | None:
                if count == len(columns) and self._types.base(columns[n][1]) == self._types.base(of):
                    return masks[n]
                return of_any(of, -1, True, depth + 1)

            return RowBinaryMask(of_field, True)
        other = CellMask(stars(0, False)) if hides else self.of(k.TEXT, -1, False, depth + 1)

        def of_row(count: int) -> Sequence[CellMask | None]:
            return masks if len(masks) == count else [other] * count

        return RowTextMask(of_row, True)

    def _field(
        self, name: str, oid: int, shown: Callable[[str], tuple[str, str] | None] | None, binary: bool, depth: int
    ) -> CellMask | None:
        told = None if shown is None else shown(name)
        if told is None:
            return self.of(oid, -1, binary, depth + 1)
        masker, label = told
        masker = masker or default(label)
        if masker == NULL:
            return NOTHING
        if masker not in MASKERS or masker == FOUND or (masker == TOKEN and not self._key):
            guard = self.of(oid, -1, binary, depth + 1) if masker == FOUND else None
            if guard is not None:
                return guard
            masker = FULL
        return Masking(self._types, masker, label, self._key, self._encoding, self._types.is_name).of(oid, -1, binary, depth + 1)
