"""Values of every type on real servers: what stands in their place is one of the same type, in text and in binary."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

import psycopg
import pytest
from psycopg import pq

from nightporter.catalog.model import Snapshot
from nightporter.masking.detector import Detector
from nightporter.masking.label import LABELS
from nightporter.masking.maskers import MASKERS, mask
from nightporter.protocols.postgres.cells import cell_guard, cell_masker
from tests.lab.snapshot import snapshot_of

KEY = bytes(range(32))
EMAIL = "ada.lovelace@example.com"

SCHEMA = """
    create extension citext; create extension hstore; create extension ltree;
    create type mood as enum ('calm', 'cross');
    create domain address as text check (value is null or value <> 'x');
    create domain addresses as text[];
    create type inner_row as (note text, amount numeric(10, 2));
    create type outer_row as (id int, "at" timestamptz, inside inner_row, list text[], mood mood, "when" daterange);
    create type text_range as range (subtype = text);
    create table contact (id int, gone text, email varchar(60), born date, card char(19), data jsonb, inside inner_row);
    alter table contact drop column gone;
    insert into contact values
        (7, 'ada.lovelace@example.com', '1815-12-10', '4111-1111-1111-1111', '{"n": 1}', row('call "me", at (x) \\ y', 1.5));
"""

VALUES = """
    1984::int2 | -4217::int4 | 4111111111111111::int8 | 0::int8 | '-9223372036854775808'::int8 | 53200.50::numeric(10, 2)
    0::numeric | -0.000123::numeric | 1e30::numeric | 12345678.00009::numeric | 'NaN'::numeric | 1e-20::numeric
    99999999::numeric(20, 4) | 1.5::float4 | -2.5e-30::float8 | 'Infinity'::float8 | 1e300::float8 | 0.1::float4
    53200::money | '-12.34'::money | 7::oid | true | false | 'pg_class'::regclass | 'int4'::regtype | 'now'::regproc
    'lower(text)'::regprocedure | 'simple'::regconfig | 'public'::regnamespace | 'EMAIL'::text | 'EMAIL'::varchar(8)
    'EMAIL'::char(30) | 'EMAIL'::char(3) | 'EMAIL'::name | 'EMAIL'::citext | 'q'::"char" | ''::text
    'O''Brien, "Zoë" \\ {x} (y) Ünal'::text | '+46 70 123 45 67'::text | '1984-07-12'::text
    'DE89370400440532013000'::varchar(22) | '<a b="c">EMAIL</a>'::xml | '$.a[*] ? (@ == "EMAIL")'::jsonpath
    decode('00ff10', 'hex') | convert_to('EMAIL', 'UTF8') | '1984-07-12'::date | '0044-03-15 BC'::date | 'infinity'::date
    '12:30:01.5'::time | '12:30+02'::timetz | '12345-01-02'::date | '1984-07-12 10:11:12.345'::timestamp
    '1984-07-12 10:11:12.345+05:30'::timestamptz | '-infinity'::timestamptz | '0001-01-01 BC'::timestamptz
    '1 year 2 mons 3 days 04:05:06.7'::interval | '-3 days'::interval | gen_random_uuid() | '10.1.2.3/24'::inet
    '2001:db8::1'::inet | '10.1.0.0/16'::cidr | '2001:db8::/32'::cidr | '08:00:2b:01:02:03'::macaddr
    '08:00:2b:01:02:03:04:05'::macaddr8 | B'1011'::bit(4) | B'101'::varbit(5) | B'10110111011'::varbit | '(1.5,2)'::point
    '[(1,2),(3,4)]'::lseg | '[(1,2),(3,4)]'::path | '((1,2),(3,4))'::path | '(1,2),(3,4)'::box
    '((1,2),(3,4),(5,6))'::polygon | '{1,2,3}'::line | '<(1,2),3>'::circle | '[1,10)'::int4range
    '[2020-01-01,)'::daterange | 'empty'::numrange | '{[1,2),[4,5)}'::int4multirange | text_range('a', 'b')
    '0/16B3748'::pg_lsn | to_tsvector('simple', 'the EMAIL of Ada') | 'a & b:*'::tsquery | 'cross'::mood | 'a.b.c'::ltree
    '{"a": "EMAIL", "n": [1, -2.5e3, true, null, "x\\u0040y"], "o": {}}'::json | '{"a": "EMAIL", "n": [1, null]}'::jsonb
    '"EMAIL"'::jsonb | '4.20'::json | ' [ ] '::json | 'null'::jsonb | '"a"=>"EMAIL", "b\\"c"=>NULL, ""=>""'::hstore
    ''::hstore | 'EMAIL'::address | '{EMAIL,null}'::addresses | array[1, null, -3] | '{}'::int4[]
    '[0:1][2:3]={{a,NULL},{"NULL","b \\"c\\""}}'::text[] | '{EMAIL,"",null,"a,b","{x}","back\\\\slash"}'::text[]
    '{abc,de}'::varchar(4)[] | '{abc,d}'::char(3)[] | array['cross']::mood[] | '{(1,2),(0,0);(3,4),(2,2)}'::box[]
    array['(1,2)'::point] | array['{"a": "EMAIL"}'::jsonb] | array['1984-07-12'::date, null] | array['[1,2)'::int4range]
    array[1.5, 'NaN', null]::numeric[] | array['1984-07-12 10:11:12+02'::timestamptz] | array['a'::citext]
    array['a.b'::ltree] | '1 2 3'::int2vector | array[row('x', 1)::inner_row] | array['"a"=>"b"'::hstore]
    array[true, null] | row('EMAIL', 1.5)::inner_row | row(null, null)::inner_row
    row(1, '2020-01-01', row('a "b" \\ (c)', 2)::inner_row, array['x', 'y z', null], 'calm', '[2020-01-01,2020-02-01)')::outer_row
"""


def expressions() -> list[str]:
    return [
        each.strip().replace("EMAIL", EMAIL) for line in VALUES.strip().splitlines() for each in line.split(" | ") if each.strip()
    ]


EXPRESSIONS = expressions()


class Server(NamedTuple):
    connection: psycopg.Connection[tuple[object, ...]]
    snapshot: Snapshot


def server(dsn: str) -> Iterator[Server]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)
        yield Server(connection, snapshot_of(dsn))


@pytest.fixture
def server15(database15: str) -> Iterator[Server]:
    yield from server(database15)


@pytest.fixture
def server18(database18: str) -> Iterator[Server]:
    yield from server(database18)


@pytest.fixture(params=["server15", "server18"])
def either(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


class Cell(NamedTuple):
    value: bytes | None
    type: int
    modifier: int


def ask(server: Server, text: str, binary: bool) -> Cell | str:
    """The one cell of a query, or the server's complaint."""
    result = server.connection.pgconn.exec_params(text.encode(), [], result_format=int(binary))
    if result.status != pq.ExecStatus.TUPLES_OK:
        return result.error_message.decode()
    return Cell(result.get_value(0, 0), result.ftype(0), result.fmod(0))


def give_back(server: Server, value: bytes | None, type_oid: int, binary: bool) -> str | None:
    """What the server has to say against a value of a type; None: nothing."""
    result = server.connection.pgconn.exec_params(
        b"select $1", [value], param_types=[type_oid], param_formats=[int(binary)], result_format=int(binary)
    )
    return None if result.status == pq.ExecStatus.TUPLES_OK else result.error_message.decode()


def can_be_asked(server: Server, expression: str, binary: bool) -> Cell | None:
    cell = ask(server, f"select {expression}", binary)
    if isinstance(cell, str):
        # a server without libxml, and types that have no binary form; nothing else
        assert "unsupported XML feature" in cell or "no binary output function" in cell, cell
        return None
    return cell


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_the_server_takes_what_is_shown(either: Server, binary: bool) -> None:
    wrong: list[tuple[object, ...]] = []
    asked = 0
    for expression in EXPRESSIONS:
        cell = can_be_asked(either, expression, binary)
        if cell is None or cell.value is None:
            continue
        asked += 1
        for name in sorted(MASKERS):
            for label in ("pii.email", "pii.card", "pii.phone", "pii.birth_date", "pii.salary"):
                masker = cell_masker(cell.type, cell.modifier, binary, name, label, either.snapshot, KEY)
                shown = masker.constant if masker.is_constant else masker.mask(cell.value)
                complaint = give_back(either, shown, cell.type, binary)
                if complaint:
                    wrong.append((expression, name, label, shown, complaint))
                if shown is not None and EMAIL.encode() in shown:
                    wrong.append((expression, name, label, shown, "shows it"))
    assert not wrong
    assert asked > 100


class Looks:
    """Looks for all there is."""

    def __init__(self) -> None:
        self.detector = Detector(LABELS)

    def may_hold(self, data: bytes) -> bool:
        return self.detector.may_hold(data)

    def redact(self, text: str) -> str:
        return self.detector.redact(text, lambda label, value: mask("", label, value, KEY) or "*****")


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_guards_hide_addresses_and_nothing_else(either: Server, binary: bool) -> None:
    looking = Looks()
    wrong: list[tuple[object, ...]] = []
    hidden = 0
    for expression in EXPRESSIONS:
        cell = can_be_asked(either, expression, binary)
        if cell is None or cell.value is None:
            continue
        guard = cell_guard(cell.type, cell.modifier, binary, looking, either.snapshot, KEY)
        shown = cell.value if guard is None else guard.mask(cell.value)
        if EMAIL.encode() in cell.value or EMAIL.encode().hex().encode() in cell.value:
            hidden += 1
            if shown is not None and (EMAIL.encode() in shown or EMAIL.encode().hex().encode() in shown):
                wrong.append((expression, cell.type, shown, "shows it"))
        elif shown is not cell.value and not any(word in expression for word in ("+46", "DE89")):
            wrong.append((expression, cell.type, shown, "changed"))
        complaint = give_back(either, shown, cell.type, binary)
        if complaint:
            wrong.append((expression, cell.type, shown, complaint))
    assert not wrong
    assert hidden > 15


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_clients_decode_what_is_shown(server18: Server, binary: bool) -> None:
    transformer = psycopg.adapt.Transformer(server18.connection)
    decoded = 0
    for expression in EXPRESSIONS:
        cell = can_be_asked(server18, expression, binary)
        if cell is None or cell.value is None:
            continue
        for name in sorted(MASKERS):
            masker = cell_masker(cell.type, cell.modifier, binary, name, "pii.email", server18.snapshot, KEY)
            shown = masker.constant if masker.is_constant else masker.mask(cell.value)
            if shown is not None:
                loader = transformer.get_loader(cell.type, pq.Format.BINARY if binary else pq.Format.TEXT)
                far = "BC" in expression or "12345" in expression  # Python's own dates do not reach as far
                with contextlib.suppress(psycopg.DataError) if far else contextlib.nullcontext():
                    loader.load(shown)
                decoded += 1
    assert decoded > 300


STYLES = [
    *("ISO, MDY", "ISO, DMY", "SQL, MDY", "SQL, DMY", "Postgres, MDY", "Postgres, DMY", "German, DMY"),
]
MOMENTS = [
    *("'1984-07-12'::date", "'0044-03-15 BC'::date", "'12345-01-02'::date", "'1984-07-12 10:11:12.345'::timestamp"),
    *("'1984-07-12 10:11:12+05:30'::timestamptz", "'1884-07-12 10:11:12+00'::timestamptz", "'0044-03-15 10:00 BC'::timestamptz"),
]


@pytest.mark.parametrize("style", STYLES)
def test_dates_in_every_style(either: Server, style: str) -> None:
    either.connection.execute(f"set datestyle = '{style}'; set timezone = 'Europe/Berlin'")
    for expression in MOMENTS:
        cell = ask(either, f"select {expression}", False)
        assert isinstance(cell, Cell)
        assert cell.value is not None
        for name in ("full", "year", "token"):
            masker = cell_masker(cell.type, -1, False, name, "pii.birth_date", either.snapshot, KEY)
            shown = masker.mask(cell.value)
            assert shown is not None, (expression, cell.value)
            assert give_back(either, shown, cell.type, False) is None, shown
            kind = expression.rpartition("::")[2]
            zone = " at time zone 'UTC'" if kind == "timestamptz" else ""
            year = f"select extract(year from '{shown.decode()}'::{kind}{zone})::text"
            told, is_ = ask(either, year, False), ask(either, f"select extract(year from {expression})::text", False)
            assert isinstance(told, Cell)
            assert isinstance(is_, Cell)
            if name == "full":
                assert told.value == b"1970", shown
            elif name == "year":
                assert told.value == is_.value, shown


@pytest.mark.parametrize("style", ["postgres", "postgres_verbose", "sql_standard", "iso_8601"])
def test_intervals_in_every_style(server18: Server, style: str) -> None:
    server18.connection.execute(f"set intervalstyle = '{style}'")
    for expression in ("'1 year 2 mons 3 days 04:05:06.7'::interval", "'-3 days'::interval", "'0'::interval"):
        cell = ask(server18, f"select {expression}", False)
        assert isinstance(cell, Cell)
        assert cell.value is not None
        shown = cell_masker(cell.type, -1, False, "full", "", server18.snapshot, KEY).mask(cell.value)
        assert shown is not None
        assert ask(server18, f"select '{shown.decode()}'::interval = '0'", False) == Cell(b"t", 16, -1)


@pytest.mark.parametrize("text", [False, True], ids=["binary", "text"])
def test_tokens_are_the_same_in_both_formats(server18: Server, text: bool) -> None:
    same = [
        "'1984-07-12'::date",
        "'1984-07-12 10:11:12.5+03'::timestamptz",
        "gen_random_uuid()",
        "4217",
        "4217::int8",
        "4217.00::numeric",
    ]
    for expression in same:
        stored = f"create or replace view stored as select x from (values ({expression})) as v (x)"
        if "random" in expression:
            stored = "create or replace view stored as select '8a0e7d3c-1c8e-4f3a-9d5e-0f6b7c1d2e3f'::uuid as x"
        server18.connection.execute("drop view if exists stored")
        server18.connection.execute(stored)
        values = []
        for binary in (False, True):
            cell = ask(server18, "select x from stored", binary)
            assert isinstance(cell, Cell)
            assert cell.value is not None
            masker = cell_masker(cell.type, cell.modifier, binary, "token", "", server18.snapshot, KEY)
            shown = masker.mask(cell.value)
            assert masker.mask(cell.value) == shown
            assert shown != cell.value
            loader = psycopg.adapt.Transformer(server18.connection).get_loader(cell.type, pq.Format(int(binary)))
            assert shown is not None
            values.append(loader.load(shown))
        assert values[0] == values[1], expression


def test_a_row_of_a_table_is_shown_by_its_columns(either: Server) -> None:
    class Knows(Looks):
        def column(self, relation: object, name: str) -> tuple[str, str] | None:
            return {"email": ("partial", "pii.email"), "card": ("", "pii.card"), "born": ("year", "pii.birth_date")}.get(name)

    for binary in (False, True):
        cell = ask(either, "select c from contact c", binary)
        assert isinstance(cell, Cell)
        assert cell.value is not None
        guard = cell_guard(cell.type, cell.modifier, binary, Knows(), either.snapshot, KEY)
        assert guard is not None
        shown = guard.mask(cell.value)
        assert shown is not None
        again = either.connection.pgconn.exec_params(
            b"select $1::contact", [shown], param_types=[cell.type], param_formats=[int(binary)], result_format=0
        )
        assert again.get_value(0, 0) == (
            b'(7,a***@example.com,1815-01-01,****-****-****-1111,"{""n"": 1}","(""call """"me"""", at (x) \\\\\\\\ y"",1.50)")'
        )


ENCODINGS = {
    "LATIN1": "latin-1",
    "SJIS": "cp932",
    "EUC_JP": "euc_jp",
    "GBK": "gbk",
    "BIG5": "big5",
    "UHC": "cp949",
    "GB18030": "gb18030",
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_other_encodings(server18: Server, name: str) -> None:
    """SJIS and its like have characters whose second byte is a backslash: `表`, `能`, `功`."""
    word = {"LATIN1": "Zoë\\", "UHC": "한글", "BIG5": "功許蓋"}.get(name, "表示")
    if name in ("GBK", "GB18030"):
        word = "誠表"
    server18.connection.execute(f"set client_encoding = '{name}'")
    codec = ENCODINGS[name]
    for binary in (False, True):
        for expression in (f"'{word} {EMAIL}'::text", f"array['{word}', '{EMAIL}, {word}']", f"row('{word}', '{EMAIL} \"{word}')"):
            result = server18.connection.pgconn.exec_params(f"select {expression}".encode(codec), [], result_format=int(binary))
            assert result.status == pq.ExecStatus.TUPLES_OK, result.error_message
            value, of = result.get_value(0, 0), result.ftype(0)
            assert value is not None
            guard = cell_guard(of, -1, binary, Looks(), server18.snapshot, KEY, codec)
            assert guard is not None
            shown = guard.mask(value)
            assert shown == value.replace(EMAIL.encode(), b"a***@example.com") or binary
            assert shown is not None
            assert b"lovelace" not in shown
            assert word.encode(codec).replace(b"\\", b"") in shown.replace(b"\\", b"")
            if of != 2249:
                assert give_back(server18, shown, of, binary) is None
