"""Dates and times, in text and in binary. Pure.

In text they are written as DateStyle and IntervalStyle say ("Date/Time Output"), which a session may change at any time: so a mask
is written as the cell is. Days and months are both `01`, so that it does not matter which of them comes first.

    1984-07-12 10:11:12.13+02         1984-01-01 00:00:00+00          ISO
    12/07/1984 10:11:12.13 CEST       01/01/1984 00:00:00 UTC         SQL
    Thu Jul 12 10:11:12.13 1984 CEST  Sun Jan 01 00:00:00 1984 UTC    Postgres; a date is 07-12-1984
    12.07.1984 10:11:12.13 CEST       01.01.1984 00:00:00 UTC         German

In binary: days, or microseconds, since the first of January of 2000.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from struct import Struct
from struct import error as StructError

from nightporter.masking import token as tokens
from nightporter.masking.maskers import TOKEN, YEAR

from ..cell import CellMask
from . import kinds as k

_EPOCH_YEAR = 1970
_DAY, _STAMP = Struct("!i"), Struct("!q")
_US_PER_DAY = 86_400_000_000
_NEVER = frozenset({0x7FFFFFFF, -0x80000000, 0x7FFFFFFFFFFFFFFF, -0x8000000000000000})
"""infinity and -infinity, of dates and of timestamps."""
_FIRST_TOKEN, _TOKEN_DAYS = date(1925, 1, 1), 36_525
"""Tokens of dates are in the hundred years from here. In styles other than ISO a date has none, since nobody can tell its day from
its month, and is masked whole."""

_CLOCK = rb"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
_ISO = re.compile(
    rb"(?P<year>[0-9]{4,7})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    rb"(?: (?P<h>[0-9]{2}):(?P<m>[0-9]{2}):(?P<s>[0-9]{2})(?:\.(?P<f>[0-9]{1,6}))?"
    rb"(?:(?P<sign>[-+])(?P<zh>[0-9]{1,3})(?::(?P<zm>[0-9]{2}))?(?::(?P<zs>[0-9]{2}))?)?)?(?P<era> BC)?"
)
_MARKED = re.compile(rb"[0-9]{2}([-/.])[0-9]{2}\1([0-9]{4,7})(?: " + _CLOCK + rb"( [^ ]+)?)?( BC)?")
_POSTGRES = re.compile(
    rb"[A-Z][a-z]{2} (?:([A-Z][a-z]{2}) [0-9]{2}|[0-9]{2} ([A-Z][a-z]{2})) " + _CLOCK + rb" ([0-9]{4,7})( (?!BC)[^ ]+)?( BC)?"
)
_COMMON = (0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
_LEAP = (0, 0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335)
"""Days before each month."""
_DAYS = (b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun")


def moment(type_oid: int, binary: bool, masker: str, key: bytes) -> CellMask | None:
    """A mask for a type of dates and times; None: it is none."""
    if type_oid == k.TIME:
        return CellMask(bytes(8) if binary else b"00:00:00")
    if type_oid == k.TIMETZ:
        return CellMask(bytes(12) if binary else b"00:00:00+00")
    if type_oid == k.INTERVAL:
        return CellMask(bytes(16)) if binary else IntervalMask()
    if type_oid not in (k.DATE, k.TIMESTAMP, k.TIMESTAMPTZ):
        return None
    chosen = key if masker == TOKEN else b""
    if binary:
        day = type_oid == k.DATE
        if masker not in (YEAR, TOKEN) or (masker == TOKEN and not key):
            return CellMask(_DAY.pack(days_to(_EPOCH_YEAR)) if day else _STAMP.pack(days_to(_EPOCH_YEAR) * _US_PER_DAY))
        return BinaryDateMask(day, chosen)
    return TextDateMask(type_oid, keeps_year=masker == YEAR, key=chosen)


class TextDateMask(CellMask):
    """Of dates and timestamps in text."""

    def __init__(self, type_oid: int, *, keeps_year: bool, key: bytes) -> None:
        """`key`: for a token; empty: none is wanted."""
        super().__init__(is_constant=False)
        self._day = type_oid == k.DATE
        self._zoned = type_oid == k.TIMESTAMPTZ
        self._keeps_year = keeps_year
        self._key = key

    def mask(self, cell: bytes) -> bytes | None:
        octets = cell
        size = len(cell)
        # nearly always: ISO, and not before Christ
        if not self._key and size >= 10 and octets[4] == 45 and octets[7] == 45 and 48 <= octets[size - 1] <= 57:
            shown = cell[:4] if self._keeps_year else b"1970"
            if self._day:
                if size == 10 and shown.isdigit():
                    return shown + b"-01-01"
            elif size >= 19 and octets[10] == 32 and shown.isdigit():
                return shown + (b"-01-01 00:00:00+00" if self._zoned else b"-01-01 00:00:00")
        return self._other(cell)

    def _other(self, cell: bytes) -> bytes | None:
        found = _ISO.fullmatch(cell)
        if found:
            if self._key:
                return _token(self._key, _microseconds(found)).isoformat().encode("ascii") + self._clock(b"+00")
            year, era = self._kept(found["year"], found["era"])
            return b"%s-01-01%s%s" % (year, self._clock(b"+00"), era)
        found = _MARKED.fullmatch(cell)
        if found:
            year, era = self._kept(found[2], found[4])
            return b"01%s01%s%s%s%s" % (found[1], found[1], year, self._clock(b" UTC"), era)
        found = _POSTGRES.fullmatch(cell)
        if found:
            year, era = self._kept(found[3], found[5])
            day = b"Jan 01" if found[1] else b"01 Jan"
            zone = b" UTC" if self._zoned else b""
            return b"%s %s 00:00:00 %s%s%s" % (_weekday(year), day, year, zone, era)
        if self._keeps_year or self._key:
            return None  # infinity, or nothing that the server writes
        return b"1970-01-01" + self._clock(b"+00")

    def _kept(self, year: bytes, era: bytes | None) -> tuple[bytes, bytes]:
        return (year, era or b"") if self._keeps_year else (b"1970", b"")

    def _clock(self, zone: bytes) -> bytes:
        if self._day:
            return b""
        return b" 00:00:00" + (zone if self._zoned else b"")


class BinaryDateMask(CellMask):
    """Of dates and timestamps in binary: the first of January of the year, or a token."""

    def __init__(self, day: bool, key: bytes) -> None:
        """`day`: it is a date; `key`: for a token; empty: the year is kept."""
        super().__init__(is_constant=False)
        self._form = _DAY if day else _STAMP
        self._unit = 1 if day else _US_PER_DAY
        self._key = key

    def mask(self, cell: bytes) -> bytes | None:
        try:
            (value,) = self._form.unpack(cell)
        except StructError:  # it is not what the server writes: nothing of it is shown
            return None
        if value in _NEVER:
            return None
        days = value // self._unit
        if self._key:
            return self._form.pack((_token(self._key, value * (_US_PER_DAY // self._unit)) - date(2000, 1, 1)).days * self._unit)
        first = days_to(year_of(days))
        try:
            return self._form.pack(first * self._unit)
        except StructError:  # of the very first year that there is; the server has no first of January for it
            return None


class IntervalMask(CellMask):
    """No time at all, in the style that the cell is in."""

    def __init__(self) -> None:
        super().__init__(is_constant=False)

    def mask(self, cell: bytes) -> bytes | None:
        if cell[:1] == b"P":
            return b"PT0S"
        return b"@ 0" if cell[:1] == b"@" else b"00:00:00"


def _token(key: bytes, microseconds: int) -> date:
    return _FIRST_TOKEN + timedelta(days=tokens.number(key, b"moment", b"%d" % microseconds) % _TOKEN_DAYS)


def _microseconds(found: re.Match[bytes]) -> int:
    """Of a date or timestamp in ISO style, as in binary."""
    year = int(found["year"])
    if found["era"]:
        year = 1 - year
    start = days_to(year)
    months = _LEAP if days_to(year + 1) - start == 366 else _COMMON
    days = start + months[int(found["month"]) % 13] + int(found["day"]) - 1
    seconds = int(found["h"] or 0) * 3600 + int(found["m"] or 0) * 60 + int(found["s"] or 0)
    away = int(found["zh"] or 0) * 3600 + int(found["zm"] or 0) * 60 + int(found["zs"] or 0)
    seconds += away if found["sign"] == b"-" else -away
    return days * _US_PER_DAY + seconds * 1_000_000 + int((found["f"] or b"").ljust(6, b"0"))


def _weekday(year: bytes) -> bytes:
    """Of its first of January; the server does not read it, people do."""
    number = int(year)
    return _DAYS[date(number, 1, 1).weekday()] if 1 <= number <= 9999 else _DAYS[0]


def days_to(year: int) -> int:
    """From the first of January of 2000 to that of a year, which may be 0 (1 BC) or less, in the Gregorian calendar throughout."""
    before = year - 1
    return 365 * before + before // 4 - before // 100 + before // 400 - 730_119


def year_of(days: int) -> int:
    """The year in which a day is."""
    guess = 2000 + days * 400 // 146_097
    while days_to(guess) > days:
        guess -= 1
    while days_to(guess + 1) <= days:
        guess += 1
    return guess
