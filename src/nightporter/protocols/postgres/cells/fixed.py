"""Types that are always shown the same way, whatever the masker: as the least that is a value of theirs. Pure.

A value of these is what the server's own input function takes and gives back as it stands, in any setting of its output.
"""

from __future__ import annotations

import re
from struct import pack

from ..cell import CellMask
from . import kinds as k

_FIXED: dict[int, tuple[bytes, bytes]] = {
    k.BOOL: (b"f", b"\0"),
    k.BYTEA: (b"\\x", b""),
    k.CHAR: (b"*", b"*"),
    k.OID: (b"0", bytes(4)),
    k.XID: (b"0", bytes(4)),
    k.CID: (b"0", bytes(4)),
    k.XID8: (b"0", bytes(8)),
    k.TID: (b"(0,0)", bytes(6)),
    k.PG_LSN: (b"0/0", bytes(8)),
    k.XML: (b"<masked/>", b"<masked/>"),
    k.JSONPATH: (b'"*****"', b'\x01"*****"'),
    k.UUID: (b"00000000-0000-0000-0000-000000000000", bytes(16)),
    k.MACADDR: (b"00:00:00:00:00:00", bytes(6)),
    k.MACADDR8: (b"00:00:00:00:00:00:00:00", bytes(8)),
    k.VARBIT: (b"", bytes(4)),
    k.POINT: (b"(0,0)", bytes(16)),
    k.LSEG: (b"[(0,0),(0,0)]", bytes(32)),
    k.PATH: (b"((0,0))", pack("!bi", 1, 1) + bytes(16)),
    k.BOX: (b"(0,0),(0,0)", bytes(32)),
    k.POLYGON: (b"((0,0))", pack("!i", 1) + bytes(16)),
    k.LINE: (b"{1,0,0}", pack("!ddd", 1, 0, 0)),  # x = 0: of three zeros there is no line
    k.CIRCLE: (b"<(0,0),0>", bytes(24)),
    k.TSVECTOR: (b"", bytes(4)),
    k.TSQUERY: (b"'*****'", pack("!iBBB", 1, 1, 0, 0) + b"*****\0"),  # one word; the server takes none of no words in binary
    k.VOID: (b"", b""),
    **dict.fromkeys(k.REGISTERED, (b"-", bytes(4))),
    **dict.fromkeys(k.RANGES, (b"empty", b"\x01")),
    **dict.fromkeys(k.MULTIRANGES, (b"{}", bytes(4))),
}

RANGE = (b"empty", b"\x01")
MULTIRANGE = (b"{}", bytes(4))
NULL = CellMask(None)


def fixed(type_oid: int, modifier: int, binary: bool) -> CellMask | None:
    """How a type is shown by `full`; None: it is not one of these."""
    if type_oid in _FIXED:
        return CellMask(_FIXED[type_oid][binary])
    if type_oid == k.BIT:
        return BitMask(modifier, binary)
    if type_oid in (k.INET, k.CIDR):
        return AddressMask(type_oid == k.CIDR, binary)
    return None


class BitMask(CellMask):
    """Zeros, as many as a column of bits must have."""

    def __init__(self, modifier: int, binary: bool) -> None:
        if modifier > 0:
            super().__init__(pack("!i", modifier) + bytes((modifier + 7) // 8) if binary else b"0" * modifier)
        else:
            super().__init__(is_constant=False)
        self._binary = binary

    def mask(self, cell: bytes) -> bytes | None:
        if self.is_constant:
            return self.constant
        return cell[:4] + bytes(max(len(cell) - 4, 0)) if self._binary else b"0" * len(cell)


class AddressMask(CellMask):
    """`0.0.0.0` or `::`, of the same family."""

    def __init__(self, network: bool, binary: bool) -> None:
        """`network`: it is a cidr, which says how long its prefix is."""
        super().__init__(is_constant=False)
        self._network = network
        self._binary = binary

    def mask(self, cell: bytes) -> bytes | None:
        if not self._binary:
            longer = b":" in cell
            shown = b"::" if longer else b"0.0.0.0"
            return shown + (b"/128" if longer else b"/32") if self._network else shown
        size = {2: 4, 3: 16}.get(cell[0]) if cell else None  # the server's numbers of the families
        return None if size is None else bytes((cell[0], 8 * size, self._network, size)) + bytes(size)


_AMOUNT = re.compile(rb"[0-9](?:[0-9.,' \xa0\xc2\xe2\x80\xaf]*[0-9])?")


class MoneyMask(CellMask):
    """Of money, which is written as the locale has it: the sign of the currency stays, whether it is less than nothing does not."""

    def __init__(self, bucket: bool) -> None:
        """`bucket`: the first digit stays too."""
        super().__init__(is_constant=False)
        self._bucket = bucket

    def mask(self, cell: bytes) -> bytes | None:
        found = _AMOUNT.search(cell)
        if found is None:
            return None
        shown = _bucket(found[0]) if self._bucket else _zero(found[0])
        before, after = cell[: found.start()], cell[found.end() :]
        if not self._bucket:
            before, after = before.translate(None, b"-("), after.translate(None, b"-)")
        return before + shown + after


def _bucket(amount: bytes) -> bytes:
    shown = bytearray(amount)
    kept = False
    for position, code in enumerate(amount):
        if 48 <= code <= 57:
            if kept:
                shown[position] = 48
            kept = kept or code != 48
    return bytes(shown)


def _zero(amount: bytes) -> bytes:
    if len(amount) > 3 and not 48 <= amount[-3] <= 57:
        return b"0" + amount[-3:-2] + b"00"
    return b"0"
