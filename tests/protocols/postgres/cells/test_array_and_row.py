"""Arrays, rows and hstore: taken apart and put together again."""

from __future__ import annotations

import re
from struct import pack

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nightporter.catalog.model import Column, Relation, Snapshot, Type
from nightporter.masking.detector import Detector
from nightporter.protocols.postgres.cell import CellMask
from nightporter.protocols.postgres.cells import cell_guard, cell_masker
from nightporter.protocols.postgres.cells.array import ArrayTextMask
from nightporter.protocols.postgres.cells.row import RowTextMask, split, value_of, written
from nightporter.protocols.postgres.cells.text import TextGuard

from .looks import Looks

KEY = b"k" * 32
TEXT, TEXTS, RECORD, INTS = 25, 1009, 2249, 1007


class Upper(CellMask):
    """Shows letters in upper case; `null` as NULL."""

    def __init__(self) -> None:
        super().__init__(is_constant=False)

    def mask(self, cell: bytes) -> bytes | None:
        return None if cell == b"null" else cell.upper()


@pytest.mark.parametrize(
    ("array", "shown"),
    [
        (b"{}", b"{}"),
        (b"{a,NULL,b}", b"{A,NULL,B}"),
        (b'{"null",null,"NULL"}', b'{NULL,NULL,"NULL"}'),
        (b'{"a b","c,d","{}","","x\\"y\\\\z"}', b'{"A B","C,D","{}","","X\\"Y\\\\Z"}'),
        (b"[0:1][-2:-1]={{a,b},{c,NULL}}", b"[0:1][-2:-1]={{A,B},{C,NULL}}"),
        (b"{A,B}", b"{A,B}"),
    ],
)
def test_arrays_in_text(array: bytes, shown: bytes) -> None:
    assert ArrayTextMask(Upper(), b",").mask(array) == shown


@pytest.mark.parametrize(
    "broken", [b"", b"a", b"{", b"{a", b"a}", b"{a}}", b'{"a}', b"{a}b", b"[0:1]{a}", b"}{", b"{a\\b}", b'{a"b"}x']
)
def test_what_is_no_array(broken: bytes) -> None:
    assert ArrayTextMask(Upper(), b",").mask(broken) is None


def quoted(value: str | None) -> str:
    """As array_out writes an element."""
    if value is None:
        return "NULL"
    if value == "" or value.upper() == "NULL" or re.search(r'["\\{},\s\x0b]', value, re.ASCII):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return value


words = st.text(alphabet='ab@. ,{}"\\Né\n', max_size=8) | st.sampled_from(["NULL", "null", "x@y.z", ""])


@given(st.lists(st.none() | words, min_size=1, max_size=5))
def test_elements_of_an_array_in_text(values: list[str | None]) -> None:
    cell = ("{" + ",".join(quoted(each) for each in values) + "}").encode()
    guard = cell_guard(TEXTS, -1, False, Looks(), None, KEY)
    assert guard is not None
    shown = guard.mask(cell)
    looks = Looks()
    wanted = [None if each is None else looks.redact(each) for each in values]
    assert shown == ("{" + ",".join(quoted(each) for each in wanted) + "}").encode()
    if wanted == values:
        assert shown is cell


def binary_array(type_oid: int, values: list[bytes | None]) -> bytes:
    """As array_send writes it."""
    head = pack("!iiIii", 1, any(each is None for each in values), type_oid, len(values), 1)
    return head + b"".join(pack("!i", -1) if each is None else pack("!i", len(each)) + each for each in values)


@given(st.lists(st.none() | words, min_size=1, max_size=5))
def test_elements_of_an_array_in_binary(values: list[str | None]) -> None:
    cell = binary_array(TEXT, [None if each is None else each.encode() for each in values])
    guard = cell_guard(TEXTS, -1, True, Looks(), None, KEY)
    assert guard is not None
    looks = Looks()
    wanted = [None if each is None else looks.redact(each) for each in values]
    shown = guard.mask(cell)
    assert shown == binary_array(TEXT, [None if each is None else each.encode() for each in wanted])
    if wanted == values:
        assert shown is cell
    full = cell_masker(TEXTS, -1, True, "full", "", None, KEY).mask(cell)
    assert full == binary_array(TEXT, [None if each is None else b"*****" for each in values])


@given(
    st.lists(
        st.lists(
            st.sampled_from(["4111", "1111", "212", "555", "0143", "078", "05", "1120", "10:30:45", "2024-01-15", "+46", "a"]),
            min_size=1,
            max_size=6,
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["-", "", ".", "/", "+"]),
)
@example([["10:30:45"], ["078", "05", "1120"]], "-")
def test_arrays_that_are_not_taken_apart_hold_nothing(elements: list[list[str]], between: str) -> None:
    values = [between.join(each) for each in elements]
    detector = Detector(["pii", "secret"])

    class Looking:
        may_hold = detector.may_hold

        def redact(self, text: str) -> str:
            return detector.redact(text, lambda label, value: "*****")

    element = TextGuard(Looking())
    array = ("{" + ",".join(values) + "}").encode()
    assert ArrayTextMask(element, b",", detector.may_hold).mask(array) == ArrayTextMask(element, b",").mask(array)


def test_an_array_gets_a_null() -> None:
    cell = binary_array(16384, [b"calm"])
    assert cell_masker(2277, -1, True, "full", "", None, KEY).mask(cell) == binary_array(16384, [None])


def test_numbers_have_no_guard() -> None:
    assert cell_guard(INTS, -1, False, Looks(), None, KEY) is None
    assert cell_guard(INTS, -1, True, Looks(), None, KEY) is None
    assert cell_masker(INTS, -1, False, "full", "", None, KEY).mask(b"{{1,NULL},{-3,4}}") == b"{{0,NULL},{0,0}}"


# Rows


def in_row(value: str | None) -> str:
    """As record_out writes a field."""
    if value is None:
        return ""
    if value == "" or re.search(r'["\\(),\s\x0b]', value, re.ASCII):
        return '"' + value.replace("\\", "\\\\").replace('"', '""') + '"'
    return value


fields = st.none() | st.text(alphabet='ab@. ,()"\\é\n', max_size=8)


@given(st.lists(fields, min_size=1, max_size=6).filter(lambda values: values != [None]))
def test_fields_of_a_row_in_text(values: list[str | None]) -> None:
    cell = ("(" + ",".join(in_row(each) for each in values) + ")").encode()
    tokens = split(cell)
    assert tokens is not None
    assert [None if not token else value_of(token).decode() for token in tokens] == values
    server = [written(None if each is None else each.encode()) for each in values]
    assert [value_of(token) if token else b"" for token in server] == [b"" if each is None else each.encode() for each in values]
    guard = cell_guard(RECORD, -1, False, Looks(), None, KEY)
    assert guard is not None
    shown = guard.mask(cell)
    assert shown is not None
    masked = split(shown)
    assert masked is not None
    looks = Looks()
    wanted = [None if each is None else looks.redact(each) for each in values]
    assert [None if not token else value_of(token).decode() for token in masked] == wanted
    if wanted == values:
        assert shown is cell
    full = cell_masker(RECORD, -1, False, "full", "", None, KEY).mask(cell)
    assert full == ("(" + ",".join("" if each is None else "*****" for each in values) + ")").encode()


@pytest.mark.parametrize("broken", [b"", b"(", b")", b"a", b"(a", b"a)", b'("a)', b"(a))", b"(a)b", b"((a)"])
def test_what_is_no_row(broken: bytes) -> None:
    assert RowTextMask(lambda count: [Upper()] * count, False).mask(broken) is None


def snapshot() -> Snapshot:
    """With `person (id int4, email text)`, an enumeration, an hstore, and a domain over the row."""
    person = Relation(20000, "public", "person", "r", [Column("id", 1, 23), Column("email", 2, 25)])
    types = {oid: Type(oid, "pg_catalog", name, "b", "S") for oid, name in ((23, "int4"), (25, "text"))}
    row = Type(20001, "public", "person", "c", "C")
    row.relation = 20000
    mood = Type(20002, "public", "mood", "e", "E")
    hstore = Type(20003, "public", "hstore", "b", "U")
    hstore.extension = "hstore"
    domain = Type(20004, "public", "someone", "d", "C")
    domain.base = 20001
    moods = Type(20005, "public", "_mood", "b", "A")
    moods.element = 20002
    odd = Type(20006, "public", "odd", "b", "U")
    odds = Type(20007, "public", "_odd", "b", "A")
    odds.element = 20006
    types |= {each.oid: each for each in (row, mood, hstore, domain, moods, odd, odds)}
    return Snapshot(version=1, relations={20000: person}, types=types, functions={}, operators={}, casts={}, roles={})


SNAPSHOT = snapshot()


class Columns(Looks):
    def column(self, relation: Relation, name: str) -> tuple[str, str] | None:
        return ("partial", "pii.email") if (relation.name, name) == ("person", "email") else None


@pytest.mark.parametrize("type_oid", [20001, 20004])
def test_a_row_is_shown_by_its_columns(type_oid: int) -> None:
    guard = cell_guard(type_oid, -1, False, Columns(), SNAPSHOT, KEY)
    assert guard is not None
    assert guard.mask(b"(7,ada@example.com)") == b"(7,a***@example.com)"
    assert guard.mask(b"(7,)") == b"(7,)"
    assert guard.mask(b"(7,x,y)") == b"(*****,*****,*****)"  # of another shape than the catalogue says: nobody knows which is which
    cell = pack("!iIiiIi", 2, 23, 4, 7, 25, 15) + b"ada@example.com"
    guard = cell_guard(type_oid, -1, True, Columns(), SNAPSHOT, KEY)
    assert guard is not None
    assert guard.mask(cell) == pack("!iIiiIi", 2, 23, 4, 7, 25, 16) + b"a***@example.com"
    other = pack("!iIi", 1, 25, 15) + b"ada@example.com"
    assert guard.mask(other) == pack("!iIi", 1, 25, 5) + b"*****"


def test_types_of_the_catalogue() -> None:
    assert cell_masker(20001, -1, False, "full", "", SNAPSHOT, KEY).mask(b"(7,x)") == b"(0,*****)"
    assert cell_masker(20002, -1, False, "full", "", SNAPSHOT, KEY).constant is None
    assert cell_masker(20005, -1, False, "full", "", SNAPSHOT, KEY).mask(b"{calm,cross}") == b"{NULL,NULL}"
    assert cell_masker(20006, -1, False, "full", "", SNAPSHOT, KEY).constant is None
    assert cell_masker(20007, -1, False, "full", "", SNAPSHOT, KEY).constant is None
    assert cell_masker(99999, -1, True, "full", "", SNAPSHOT, KEY).constant is None
    assert cell_guard(20002, -1, False, Looks(), SNAPSHOT, KEY) is None
    odd = cell_guard(20006, -1, False, Looks(), SNAPSHOT, KEY)
    assert odd is not None
    assert odd.mask(b"x@y.z") is None
    assert odd.mask(b"@") == b"@"


PAIRS = b'"a"=>"x@y.z", "b\\"c"=>NULL, "x@y.z"=>"1"'


def test_pairs() -> None:
    guard = cell_guard(20003, -1, False, Looks(), SNAPSHOT, KEY)
    assert guard is not None
    assert guard.mask(PAIRS) == b'"a"=>"<mail>", "b\\"c"=>NULL, "<mail>"=>"1"'
    assert guard.mask(b"") == b""
    assert guard.mask(b'"a"=>') is None
    full = cell_masker(20003, -1, False, "full", "", SNAPSHOT, KEY)
    assert full.mask(b'"email"=>"x", "y"=>NULL') == b'"email"=>"*****", "*****"=>NULL'
    cell = pack("!ii", 2, 1) + b"a" + pack("!i", 5) + b"x@y.z" + pack("!i", 1) + b"b" + pack("!i", -1)
    guard = cell_guard(20003, -1, True, Looks(), SNAPSHOT, KEY)
    assert guard is not None
    assert guard.mask(cell) == pack("!ii", 2, 1) + b"a" + pack("!i", 6) + b"<mail>" + pack("!i", 1) + b"b" + pack("!i", -1)
    assert guard.mask(cell[:-1]) is None


EVERY = [
    16,
    17,
    18,
    19,
    20,
    21,
    23,
    24,
    25,
    26,
    114,
    142,
    600,
    628,
    650,
    700,
    701,
    790,
    869,
    1009,
    1007,
    1020,
    1042,
    1043,
    1082,
    1083,
]
EVERY += [
    1114,
    1184,
    1186,
    1266,
    1560,
    1562,
    1700,
    2249,
    2277,
    2278,
    2950,
    3614,
    3615,
    3802,
    4072,
    3904,
    3926,
    20001,
    20003,
    20005,
    20007,
]


@given(
    st.sampled_from(EVERY),
    st.binary(max_size=60) | st.text(max_size=30).map(str.encode) | st.text(alphabet='{}(),"\\@a:0=>', max_size=30).map(str.encode),
    st.booleans(),
    st.sampled_from(["full", "partial", "token", "year", "bucket", "null", "found"]),
    st.sampled_from(["utf-8", "cp932", "ascii", "latin-1"]),
)
def test_any_bytes_of_any_type(type_oid: int, cell: bytes, binary: bool, masker: str, encoding: str) -> None:
    mask = cell_masker(type_oid, -1, binary, masker, "pii.email", SNAPSHOT, KEY, encoding)
    shown = mask.constant if mask.is_constant else mask.mask(cell)
    assert shown is None or isinstance(shown, bytes)
    guard = cell_guard(type_oid, -1, binary, Looks(), SNAPSHOT, KEY, encoding)
    if guard is not None:
        shown = guard.mask(cell)
        assert shown is None or isinstance(shown, bytes)


@given(st.sampled_from([oid for oid in EVERY if oid not in (2249, 20001)]), st.lists(words, min_size=1, max_size=3))
def test_found_of_what_finds_nothing_changes_nothing(type_oid: int, values: list[str]) -> None:
    guard = cell_guard(type_oid, -1, False, Looks(), SNAPSHOT, KEY)
    cell = ("{" + ",".join(quoted(each.replace("@", "")) for each in values) + "}").encode()
    if guard is not None and type_oid in (25, 1009, 142, 1043):
        assert guard.mask(cell) is cell
