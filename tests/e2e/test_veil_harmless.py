"""The other side of the veil: what is about nobody passes byte for byte, whoever asks, and whoever writes it is not stopped.

The rows are of the kind that look like personal data from afar: numbers of parcels, parts and orders, digests, versions, networks,
stars. Numbers that pass a checksum by chance are left out here: see `tests/masking`.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from nightporter.demo.server import EmbeddedServer
from nightporter.identity.principal import Kind
from tests.lab.gateway import Gateway, gateway, upstream
from tests.lab.servers import fresh_database

SCHEMA = Path(__file__).parent / "veil_harmless.sql"
TABLES = ("products", "releases", "networks", "shapes", "cities", "counts", "campaigns")
QUERIES = (
    *(f"select * from {table}" for table in TABLES),
    *(f"select to_jsonb(t), row_to_json(t), t from {table} t" for table in TABLES),
    *(f"select json_agg(t) from {table} t" for table in TABLES if table != "shapes"),
    "select stars, count(*), string_agg(sku, ',' order by id), array_agg(tags[2] order by id) from products group by 1 order by 1",
    "select attributes->>'code', attributes->'dims', upper(name), left(sku, 5) from products",
    "select jsonb_object_agg(sku, price) from products",
    "select name, sent from campaigns union all select sku, id from products",
    "select lower(notes), digest || '', format('%s-%s', version, build) from releases",
    "with recursive t(n, p) as (select 1, 'a' union all select n + 1, p || n from t where n < 50) select * from t",
    "select g, md5(g::text), sha256(g::text::bytea), g * 123456789012345 from generate_series(1, 300) g",
    "select 4111::int, 'NaN'::float8, '-infinity'::date, 'x'::char(10), b'101', '{1,2}'::int[], interval '1 day', inet '127.0.0.1'",
    "select oid, relname, relacl, reloptions from pg_class where relnamespace = 'public'::regnamespace order by 1",
    "select * from information_schema.columns where table_schema = 'public' order by table_name, ordinal_position",
    "select name, setting, short_desc from pg_settings where name <> 'application_name' order by 1",
    "explain (verbose, costs off) select upper(name) from products where sku = 'LMP-1001-XL' and price > 12.5",
)


@pytest.fixture(scope="module", params=["debian15", "embedded18"])
def place(request: pytest.FixtureRequest) -> Iterator[tuple[Gateway, str]]:
    """A gateway with no policy file, and the way past it."""
    server: EmbeddedServer = request.getfixturevalue(request.param)
    with fresh_database(server) as name:
        dsn = server.dsn(name)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(SCHEMA.read_text("utf-8").encode())
        entry, environment = upstream(dsn)
        with gateway({"shop": entry}, environment=environment) as running:
            running.add("grace")
            running.add("tuner", Kind.AGENT, owner="grace")
            running.add("till", Kind.SERVICE)
            yield running, dsn


@pytest.fixture(params=["grace", "tuner", "till"])
def both(place: tuple[Gateway, str], request: pytest.FixtureRequest) -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    """Two sessions: direct, and through the gateway."""
    running, dsn = place
    through = running.dsn(request.param, "shop")
    with psycopg.connect(dsn, autocommit=True) as direct, psycopg.connect(through, autocommit=True) as session:
        yield direct, session


def cells(session: psycopg.Connection, text: str, binary: bool) -> list[list[bytes | None]]:
    """As they came."""
    result = session.pgconn.exec_params(text.encode(), [], result_format=int(binary))
    assert result.status == psycopg.pq.ExecStatus.TUPLES_OK, result.error_message
    return [[result.get_value(row, column) for column in range(result.nfields)] for row in range(result.ntuples)]


@pytest.mark.parametrize("binary", [False, True])
def test_what_is_about_nobody_passes_byte_for_byte(both: tuple[psycopg.Connection, psycopg.Connection], binary: bool) -> None:
    direct, through = both
    for text in QUERIES:
        assert cells(through, text, binary) == cells(direct, text, binary), text


@pytest.mark.parametrize("form", ["text", "csv", "binary"])
def test_copies_and_cursors_pass_byte_for_byte(both: tuple[psycopg.Connection, psycopg.Connection], form: str) -> None:
    for table in TABLES:
        copied = []
        for session in both:
            with session.cursor().copy(f"copy {table} to stdout (format {form})".encode()) as copy:
                copied.append(b"".join(bytes(each) for each in copy))
        assert copied[1] == copied[0], table
        fetched = []
        for session in both:
            with session.transaction(), session.cursor("c", binary=form == "binary") as cursor:
                cursor.execute(f"select * from {table}".encode())
                fetched.append(list(itertools.chain(cursor.fetchmany(7), cursor.fetchall())))
        assert fetched[1] == fetched[0], table


ERRORS = (
    "select * form products",
    "select nosuch from products",
    "select * from nosuch",
    "select nosuch(1)",
    "select 1 / 0",
    "select 'abc'::int",
    "select '2024-13-45'::date",
    "select * from products where id = 'abc'",
    "select sum(name) from products",
    "select json '{\"a\":'",
    "insert into products (id, sku, price) values (900, 'x', -5)",
    "insert into products (id) values (1)",
    "insert into products (id, sku) values (901, 'LMP-1001-XL')",
    "create table products (a int)",
    "set statement_timeout = 'abc'",
    "do $$ begin raise exception 'order % has % rows, took % ms', 123456, 42, 12.345678; end $$",
)


@pytest.mark.parametrize("who", ["grace", "till"])
def test_errors_stay_as_helpful(place: tuple[Gateway, str], who: str) -> None:
    running, dsn = place
    with psycopg.connect(dsn, autocommit=True) as direct, psycopg.connect(running.dsn(who, "shop"), autocommit=True) as through:
        for text in ERRORS:
            said = []
            for session in (direct, through):
                with pytest.raises(psycopg.Error) as caught:
                    session.execute(text.encode())
                diagnosis = caught.value.diag
                said.append(
                    (diagnosis.sqlstate, diagnosis.message_primary, diagnosis.message_detail, diagnosis.message_hint)
                    + (diagnosis.statement_position, diagnosis.context, diagnosis.constraint_name)
                )
            assert said[1] == said[0], text


WRITTEN = ("*", "*****", "****", "**bold** and ***** stars", "a***", "2*3*4", "[*****]", "***", "**** 4111 ****")
BORN = datetime.date(1980, 3, 1)
CHANGED = ("*****", datetime.date(1984, 1, 1), 50000)
DISPLAYED = ("****-****-****-1111", "************1111", "a***@example.com", "+** *** ** 12")


@pytest.mark.parametrize(("who", "values"), [("grace", WRITTEN), ("till", WRITTEN + DISPLAYED)])
def test_stars_are_written(place: tuple[Gateway, str], who: str, values: tuple[str, ...]) -> None:
    """Ratings, markdown; and forms that an application, which sees the values, makes of them itself."""
    running, dsn = place
    with psycopg.connect(running.dsn(who, "shop"), autocommit=True) as session:
        for number, value in enumerate(values):
            session.execute("insert into reviews values (%s, %s, %s)", (number, value, value))
            session.execute("update reviews set body = %s where id = %s", (value, number))
            session.execute(f"insert into payments values ({number}, '{value}', '{value}')".encode())
            session.execute("update payments set hint = %s", (value,))
        with psycopg.connect(dsn, autocommit=True) as direct:
            assert direct.execute("select body from reviews order by id").fetchall() == [(value,) for value in values]
            assert direct.execute("select shown_as from payments order by id").fetchall() == [(value,) for value in values]
        session.execute("delete from reviews")
        session.execute("delete from payments")


def test_an_application_reads_and_writes_what_is_personal(place: tuple[Gateway, str]) -> None:
    running, dsn = place
    row = (
        1,
        "Ann",
        "ann@example.com",
        "+46 8 123 456 78",
        "4111 1111 1111 1111",
        datetime.date(1980, 3, 1),
        53200,
        {"email": "x@y.org"},
    )
    with psycopg.connect(running.dsn("till", "shop"), autocommit=True) as session:
        session.execute(
            "create table guests (id int, first_name text, email text, phone text, card text, born date, salary int, doc jsonb)"
        )
        try:
            session.execute("insert into guests values (%s, %s, %s, %s, %s, %s, %s, %s)", (*row[:-1], '{"email": "x@y.org"}'))
            for binary in (False, True):
                assert session.cursor(binary=binary).execute("select * from guests").fetchone() == row
            session.execute("update guests set phone = %s, born = %s, salary = %s", CHANGED)
            assert session.execute("select phone, born, salary from guests").fetchone() == (
                "*****",
                datetime.date(1984, 1, 1),
                50000,
            )
        finally:
            with psycopg.connect(dsn, autocommit=True) as direct:
                direct.execute("drop table guests")


@pytest.mark.parametrize("binary", [False, True])
def test_an_application_sees_no_secret_among_what_is_personal(place: tuple[Gateway, str], binary: bool) -> None:
    running, dsn = place
    key = "AKIA" + "QYLPMN5HHHFPZAM2"
    notes = [f"ann{n}@example.com rang" for n in range(200)] + [f"ann@example.com sent {key}, +46 8 123 456 78"]
    with psycopg.connect(dsn, autocommit=True) as direct, psycopg.connect(running.dsn("till", "shop"), autocommit=True) as session:
        session.execute("create table talks (id int generated always as identity, notes text, doc jsonb)")
        try:
            for note in notes:
                direct.execute("insert into talks (notes, doc) values (%s, jsonb_build_object('said', %s::text))", (note, note))
            with psycopg.connect(running.dsn("till", "shop")) as again:
                cursor = again.cursor(binary=binary)
                shown = cursor.execute("select notes, doc->>'said', upper(notes) from talks order by id").fetchall()
        finally:
            direct.execute("drop table talks")
    assert shown[:-1] == [(note, note, note.upper()) for note in notes[:-1]]
    for text in shown[-1]:
        assert key not in text.upper()
        assert "ann@example.com" in text.lower()


@contextmanager
def with_more(
    place: tuple[Gateway, str], who: str, script: str, undo: str
) -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    """Two sessions, direct and through the gateway, in a database in which a script was run; it is undone in the end."""
    running, dsn = place
    with psycopg.connect(dsn, autocommit=True) as direct, psycopg.connect(running.dsn(who, "shop"), autocommit=True) as session:
        direct.execute(script.encode())
        try:
            yield direct, session
        finally:
            direct.execute(undo.encode())


def test_who_sees_masks_may_write_other_columns(place: tuple[Gateway, str]) -> None:
    script = "create table buyers (id int, email text, note text); insert into buyers values (1, 'ann@example.com', '')"
    with with_more(place, "grace", script, "drop table buyers") as (direct, person):
        person.execute("update buyers set note = %s where id = 1", ("rated ***** by us",))
        person.execute("update buyers set email = %s where id = 1", ("new@example.com",))
        assert direct.execute("select * from buyers").fetchone() == (1, "new@example.com", "rated ***** by us")


@pytest.mark.parametrize("who", ["grace", "till"])
def test_settings_take_along_what_is_not_hidden_and_nothing_else(place: tuple[Gateway, str], who: str) -> None:
    """An application says by settings who is asking. A function that the text itself calls could keep a value in one as well."""
    script = (
        "create table members (id int, email text, password text);"
        "insert into members values (1, 'ann@example.com', 'Xq7f2Lw9');"
        "create function keep(v text) returns int language plpgsql as"
        " $$ begin perform set_config('app.kept', v, false); return 1; end $$;"
        "create function keep_plainly(v text) returns text language sql as $$ select set_config('app.kept', v, false) $$"
    )
    with with_more(place, who, script, "drop function keep; drop function keep_plainly; drop table members") as (_, session):
        assert session.execute("select keep(sku) from products where id = 1").fetchone() == (1,)
        assert session.execute("select current_setting('app.kept')").fetchone() == ("LMP-1001-XL",)
        assert session.execute("select set_config('app.user_id', '7', false), id from members").fetchone() == ("7", 1)
        for text in (b"select keep(password) from members", b"select keep_plainly(password) from members"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(text)
        assert session.execute("select current_setting('app.kept')").fetchone() == ("LMP-1001-XL",)


@pytest.mark.parametrize("who", ["grace", "till"])
def test_what_functions_read_by_constant_texts_passes(place: tuple[Gateway, str], who: str) -> None:
    """A report that is put together in PL/pgSQL: EXECUTE of a constant text, cursors, a search path of its own."""
    script = (
        "create function cheap(numeric) returns setof products language plpgsql set search_path = public, pg_temp as"
        " $$ begin return query execute 'select * from products where price < $1 order by id' using $1; end $$;"
        "create function stock() returns bigint language plpgsql as"
        " $$ declare c cursor for select id from products; n bigint := 0;"
        " begin for r in c loop n := n + r.id; end loop; return n; end $$"
    )
    with with_more(place, who, script, "drop function cheap; drop function stock") as (direct, session):
        for text in (b"select * from cheap(20)", b"select stock(), count(*) from products"):
            assert session.execute(text).fetchall() == direct.execute(text).fetchall()
