"""Text, numbers, dates and what is always shown the same way."""

from __future__ import annotations

from datetime import date
from struct import pack, unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.protocols.postgres.cells import cell_guard, cell_masker
from nightporter.protocols.postgres.cells import kinds as k
from nightporter.protocols.postgres.cells.moment import _ISO, _microseconds, days_to, year_of
from nightporter.protocols.postgres.cells.number import read_numeric, write_numeric

from .looks import Looks

KEY = b"k" * 32


def shown(type_oid: int, masker: str, cell: bytes, *, label: str = "", modifier: int = -1, binary: bool = False) -> bytes | None:
    mask = cell_masker(type_oid, modifier, binary, masker, label, None, KEY)
    return mask.constant if mask.is_constant else mask.mask(cell)


@pytest.mark.parametrize(
    ("type_oid", "modifier", "masker", "cell", "mask"),
    [
        (k.TEXT, -1, "full", b"x", b"*****"),
        (k.VARCHAR, 3 + 4, "full", b"x", b"***"),
        (k.BPCHAR, 8 + 4, "full", b"x       ", b"*****   "),
        (k.BPCHAR, 2 + 4, "full", b"x ", b"**"),
        (k.CHAR, -1, "full", b"x", b"*"),
        (k.VARCHAR, 15 + 4, "partial", b"ada@example.com", b"*****"),
        (k.VARCHAR, 16 + 4, "partial", b"ada@example.com", b"a***@example.com"),
        (k.BPCHAR, 20 + 4, "partial", b"ada@example.com     ", b"a***@example.com    "),
        (k.BOOL, -1, "full", b"t", b"f"),
        (k.INT4, -1, "full", b"7", b"0"),
        (k.INT4, -1, "bucket", b"-53200", b"-50000"),
        (k.INT4, -1, "partial", b"53200", b"0"),
        (k.NUMERIC, -1, "full", b"7.50", b"0"),
        (k.NUMERIC, (10 << 16 | 2) + 4, "full", b"7.50", b"0.00"),
        (k.NUMERIC, -1, "bucket", b"53200.75", b"50000.00"),
        (k.NUMERIC, -1, "bucket", b"-0.057", b"-0.050"),
        (k.NUMERIC, -1, "bucket", b"NaN", b"0"),
        (k.FLOAT8, -1, "bucket", b"53200.5", b"50000.0"),
        (k.FLOAT8, -1, "bucket", b"1.5e+20", b"1.0e+20"),
        (k.FLOAT8, -1, "bucket", b"-Infinity", b"0"),
        (k.MONEY, -1, "full", b"-$1,234.50", b"$0.00"),
        (k.MONEY, -1, "full", "1.234,50 €".encode(), "0,00 €".encode()),
        (k.MONEY, -1, "bucket", b"$1,234.50", b"$1,000.00"),
        (k.DATE, -1, "full", b"1984-07-12", b"1970-01-01"),
        (k.DATE, -1, "year", b"1984-07-12", b"1984-01-01"),
        (k.DATE, -1, "year", b"12345-07-12", b"12345-01-01"),
        (k.DATE, -1, "year", b"0044-03-15 BC", b"0044-01-01 BC"),
        (k.DATE, -1, "year", b"12.07.1984", b"01.01.1984"),
        (k.DATE, -1, "year", b"07/12/1984", b"01/01/1984"),
        (k.DATE, -1, "full", b"07-12-1984", b"01-01-1970"),
        (k.DATE, -1, "year", b"infinity", None),
        (k.DATE, -1, "full", b"infinity", b"1970-01-01"),
        (k.DATE, -1, "year", b"19xx-07-12", None),
        (k.TIMESTAMP, -1, "year", b"1984-07-12 10:11:12.5", b"1984-01-01 00:00:00"),
        (k.TIMESTAMP, -1, "year", b"Thu Jul 12 10:11:12.5 1984", b"Sun Jan 01 00:00:00 1984"),
        (k.TIMESTAMP, -1, "year", b"Thu 12 Jul 10:11:12.5 1984", b"Sun 01 Jan 00:00:00 1984"),
        (k.TIMESTAMPTZ, -1, "year", b"1984-07-12 10:11:12.5+02", b"1984-01-01 00:00:00+00"),
        (k.TIMESTAMPTZ, -1, "year", b"0044-07-12 10:11:12.5+00:53:28 BC", b"0044-01-01 00:00:00+00 BC"),
        (k.TIMESTAMPTZ, -1, "full", b"Thu Jul 12 10:11:12.5 1984 CEST", b"Thu Jan 01 00:00:00 1970 UTC"),
        (k.TIMESTAMPTZ, -1, "full", b"12/07/1984 10:11:12.5 CEST", b"01/01/1970 00:00:00 UTC"),
        (k.TIME, -1, "full", b"10:11:12", b"00:00:00"),
        (k.INTERVAL, -1, "full", b"P1Y", b"PT0S"),
        (k.UUID, -1, "full", b"x", b"00000000-0000-0000-0000-000000000000"),
        (k.BYTEA, -1, "full", b"\\x00ff", b"\\x"),
        (k.INET, -1, "full", b"10.1.2.3/24", b"0.0.0.0"),
        (k.INET, -1, "full", b"2001:db8::1", b"::"),
        (k.CIDR, -1, "full", b"10.1.0.0/16", b"0.0.0.0/32"),
        (k.BIT, 4, "full", b"1011", b"0000"),
        (k.XML, -1, "full", b"<a/>", b"<masked/>"),
        (3904, -1, "full", b"[1,2)", b"empty"),
        (k.OID, -1, "null", b"7", None),
    ],
)
def test_in_text(type_oid: int, modifier: int, masker: str, cell: bytes, mask: bytes | None) -> None:
    assert shown(type_oid, masker, cell, label="pii.email", modifier=modifier) == mask


def test_numbers_that_are_cards_phones_and_accounts() -> None:
    assert shown(k.INT8, "partial", b"4111111111111234", label="pii.card") == b"1234"
    assert shown(k.INT8, "partial", b"737", label="pii.card") == b"0"
    assert shown(k.INT8, "partial", b"5551234567", label="pii.phone") == b"67"
    assert shown(k.NUMERIC, "partial", b"4111111111111234", label="pii.card") == b"1234"
    assert shown(k.INT8, "", pack("!q", 4111111111111234), label="pii.card", binary=True) == pack("!q", 1234)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_numeric_in_binary(value: object) -> None:
    text = f"{value:f}"
    cell = write_numeric(text)
    assert read_numeric(cell) == (text if any(each in "123456789" for each in text) else text.lstrip("-"))
    bucket = shown(k.NUMERIC, "bucket", cell, binary=True)
    assert bucket is not None
    assert read_numeric(bucket).lstrip("-") == (shown(k.NUMERIC, "bucket", text.encode()) or b"").decode().lstrip("-")


def test_numeric_as_the_server_sends_it() -> None:
    assert read_numeric(pack("!HhHHHHH", 3, 1, 0, 2, 1, 2345, 6700)) == "12345.67"
    assert read_numeric(pack("!HhHHH", 1, -2, 0x4000, 8, 1200)) == "-0.00001200"
    assert read_numeric(pack("!HhHH", 0, 0, 0xC000, 0)) == "NaN"
    assert shown(k.NUMERIC, "bucket", pack("!HhHH", 0, 0, 0xD000, 0), binary=True) == bytes(8)


@given(st.dates())
def test_years_of_dates(day: date) -> None:
    days = (day - date(2000, 1, 1)).days
    assert days_to(day.year) == (date(day.year, 1, 1) - date(2000, 1, 1)).days
    assert year_of(days) == day.year
    text = shown(k.DATE, "year", day.isoformat().encode())
    assert text == f"{day.year:04d}-01-01".encode()
    binary = shown(k.DATE, "year", pack("!i", days), binary=True)
    assert binary is not None
    assert unpack("!i", binary)[0] == days_to(day.year)
    found = _ISO.fullmatch(day.isoformat().encode())
    assert found is not None
    assert _microseconds(found) == days * 86_400_000_000


@given(st.integers(-(1 << 31), (1 << 31) - 1))
def test_any_day(days: int) -> None:
    for masker in ("year", "token", "full"):
        made = shown(k.DATE, masker, pack("!i", days), binary=True)
        assert made is None or len(made) == 4
    for masker in ("year", "token", "full"):
        made = shown(k.TIMESTAMP, masker, pack("!q", days << 32), binary=True)
        assert made is None or len(made) == 8


def test_guards_of_text() -> None:
    guard = cell_guard(k.BPCHAR, 12 + 4, False, Looks(), None, KEY)
    assert guard is not None
    assert guard.is_guard
    assert guard.mask(b"to x@y.z    ") == b"to <mail>   "
    quiet = b"to nobody"
    assert guard.mask(quiet) is quiet
    assert guard.mask(b"\xff@") == b"*****       "
    octets = cell_guard(k.BYTEA, -1, False, Looks(), None, KEY)
    assert octets is not None
    assert octets.mask(b"\\x" + b"x@y.z".hex().encode()) == b"\\x" + b"<mail>".hex().encode()
    noise = b"\\x" + (b"x@y.z" + bytes(3)).hex().encode()
    assert octets.mask(noise) is noise
    assert octets.mask(b"\\xzz") is None
    for type_oid in (k.BOOL, k.INT4, k.DATE, k.UUID, k.NUMERIC, k.INET):
        assert cell_guard(type_oid, -1, False, Looks(), None, KEY) is None


def test_other_encodings() -> None:
    guard = cell_guard(k.TEXT, -1, False, Looks(), None, KEY, "cp932")
    assert guard is not None
    cell = "表 x@y.z".encode("cp932")
    assert guard.mask(cell) == "表 <mail>".encode("cp932")
    assert guard.mask(b"\x85") is not None
    quiet = "表".encode("cp932")
    assert guard.mask(quiet) is quiet
    unconverted = cell_guard(k.TEXT, -1, False, Looks(), None, KEY, "ascii")
    assert unconverted is not None
    assert unconverted.mask(b"\xff\x80 x@y.z") == b"\xff\x80 <mail>"


def test_names_that_are_not_there() -> None:
    with pytest.raises(ValueError, match="no masker"):
        cell_masker(k.TEXT, -1, False, "shred", "", None, KEY)


def test_found_is_a_guard_and_full_where_nothing_can_be_found() -> None:
    assert cell_masker(k.TEXT, -1, False, "found", "pii.text", None, KEY, looking=Looks()).mask(b"x@y.z a") == b"<mail> a"
    assert cell_masker(k.TEXT, -1, False, "found", "pii.text", None, KEY).constant == b"*****"
    assert cell_masker(k.INT4, -1, False, "found", "pii.text", None, KEY, looking=Looks()).constant == b"0"
    assert cell_masker(k.TEXT, -1, False, "token", "", None, b"").constant == b"*****"


def test_a_token_ignores_case_where_the_type_does_and_blanks_where_it_fills() -> None:
    plain = cell_masker(k.TEXT, -1, False, "token", "", None, KEY)
    assert plain.mask(b"Ada") != plain.mask(b"ada")
    filled = cell_masker(k.BPCHAR, 30 + 4, False, "token", "", None, KEY)
    assert (filled.mask(b"Ada".ljust(30)) or b"").rstrip() == plain.mask(b"Ada")
    assert len(filled.mask(b"Ada".ljust(30)) or b"") == 30
