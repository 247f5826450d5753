"""What a session sees itself: what it has not committed, its temporary schema; and that it is not deceived by either."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from nightporter.catalog.model import Snapshot
from nightporter.protocols.postgres.catalog.private import look
from nightporter.protocols.postgres.catalog.queries import PATH
from tests.lab.snapshot import Reader

from .facts import consistent


@pytest.fixture
def session(own_everything: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(own_everything) as connection:
        yield connection


@pytest.fixture
def reader(own_everything: str) -> Iterator[Reader]:
    with Reader(own_everything) as found:
        found.read()
        yield found


def seen(session: psycopg.Connection, everybodys: Snapshot) -> Snapshot | None:
    """As a gateway does it: with the search path that the questions need, which is put back."""
    before = session.execute("show search_path").fetchone()
    session.execute("select pg_catalog.set_config('search_path', %s, true)", (PATH,))
    view = look(everybodys, -1)
    questions = next(view)
    try:
        while True:
            questions = view.send([rows_of(session, question) for question in questions])
    except StopIteration as done:
        result: Snapshot | None = done.value
    assert before is not None
    session.execute("select pg_catalog.set_config('search_path', %s, true)", before)
    return result


def rows_of(session: psycopg.Connection, question: bytes) -> list[tuple[bytes | None, ...]]:
    cursor = session.execute(question)
    result = cursor.pgresult
    assert result is not None
    return [tuple(result.get_value(row, column) for column in range(result.nfields)) for row in range(result.ntuples)]


def certain(found: Snapshot | None) -> Snapshot:
    assert found is not None
    consistent(found)
    return found


def test_nothing_of_its_own(session: psycopg.Connection, reader: Reader) -> None:
    assert seen(session, reader.read()) is reader.latest


def test_what_it_has_not_committed(session: psycopg.Connection, reader: Reader) -> None:
    everybodys = reader.read()
    session.execute("create table shop.mine (id int primary key, person int references shop.people)")
    session.execute("alter table shop.people rename column note to remark")
    session.execute("drop view shop.over")
    session.execute("create or replace function shop.code() returns int language sql as $$ select 8 $$")
    found = certain(seen(session, everybodys))
    assert found.relations_by_name["shop", "mine"].primary_key == ("id",)
    assert len(found.relations_by_name["shop", "people"].referenced_by) == 2
    assert "remark" in found.relations_by_name["shop", "people"].by_name
    assert "remark" in found.relations_by_name["shop", "casts"].definition
    assert ("shop", "over") not in found.relations_by_name
    assert found.functions_by_name["shop", "code"][0].body == " select 8 "
    assert ("shop", "mine") not in everybodys.relations_by_name
    assert reader.read() is everybodys
    session.execute("savepoint s")
    session.execute("drop table shop.mine")
    assert ("shop", "mine") not in certain(seen(session, everybodys)).relations_by_name
    session.execute("rollback to s")
    assert ("shop", "mine") in certain(seen(session, everybodys)).relations_by_name
    session.rollback()
    assert seen(session, everybodys) is everybodys


@pytest.mark.parametrize(
    "statement",
    [
        "drop trigger note on shop.people",
        "drop policy own on shop.orders",
        "drop rule copied on shop.base",
        "alter table shop.orders drop constraint orders_person_fkey",
        "alter table shop.people alter code drop default",
        "drop function shop.many(int[])",
        "drop operator shop.<~> (int, text) cascade",
        "drop extension hstore cascade",
        "alter schema shop rename to store",
        "truncate shop.people cascade",
        "create temp table people (like shop.people including all)",
        "drop schema shop cascade",
    ],
)
def test_it_is_what_everybody_sees_once_it_is_committed(session: psycopg.Connection, reader: Reader, statement: str) -> None:
    from .facts import differences

    everybodys = reader.read()
    session.execute(statement.encode())
    mine = certain(seen(session, everybodys))
    session.commit()
    if "temp" in statement:
        session.execute("drop table pg_temp.people")
        session.commit()
        mine = certain(seen(session, mine))
    found = [each for each in differences(mine, reader.read()) if "pg_temp" not in each]
    assert [each for each in found if not each.startswith(".schemas")] == []


def test_its_temporary_schema(session: psycopg.Connection, reader: Reader) -> None:
    everybodys = reader.read()
    session.execute("create temp table people (id int, secret text default shop.code()::text)")
    session.execute("create temp view mine as select p.secret, s.email from people p, shop.people s")
    session.execute("create function pg_temp.hidden() returns int language sql as $$ select 1 $$")
    session.commit()
    session.execute("set search_path = shop")
    found = certain(seen(session, everybodys))
    (schema,) = found.schemas - everybodys.schemas
    assert schema.startswith("pg_temp_")
    assert found.relations_by_name[schema, "people"].persistence == "t"
    assert list(found.relations_by_name[schema, "people"].by_name) == ["id", "secret"]
    assert (schema, "hidden") in found.functions_by_name
    assert "shop.people s" in found.relations_by_name[schema, "mine"].definition
    with psycopg.connect(reader.dsn) as other:
        assert seen(other, everybodys) is everybodys


def test_tables_and_operators_of_its_own_do_not_stand_in_for_the_servers(session: psycopg.Connection, reader: Reader) -> None:
    everybodys = reader.read()
    session.execute("create schema evil")
    for catalog in ("pg_class", "pg_attribute", "pg_namespace", "pg_proc", "pg_locks", "pg_roles", "pg_type"):
        session.execute(f"create temp table {catalog} (oid oid, relname name)".encode())
        session.execute(f"create table evil.{catalog} (oid oid)".encode())
    session.execute("create function evil.wrong(oid, oid) returns bool language sql as $$ select 1 / 0 = 1 $$")
    session.execute("create operator evil.= (leftarg = oid, rightarg = oid, function = evil.wrong)")
    session.execute("create function evil.json_build_array(variadic \"any\") returns json language internal as 'json_build_array'")
    session.execute("set search_path = evil, pg_temp, pg_catalog")
    found = certain(seen(session, everybodys))
    (schema,) = (each for each in found.schemas - everybodys.schemas if each != "evil")
    assert (schema, "pg_class") in found.relations_by_name
    assert ("shop", "people") in found.relations_by_name
    assert session.execute("show search_path").fetchone() == ("evil, pg_temp, pg_catalog",)


def test_a_client_with_another_encoding(session: psycopg.Connection, reader: Reader) -> None:
    session.execute("set client_encoding = latin1")
    session.execute("do $$ begin execute format('create table shop.%I (a int)', chr(20013)); end $$")  # latin1 has no such letter
    found = certain(seen(session, reader.read()))
    assert ("shop", chr(20013)) in found.relations_by_name
    assert session.execute("show client_encoding").fetchone() == ("LATIN1",)


def test_a_transaction_that_keeps_its_snapshot(session: psycopg.Connection, reader: Reader) -> None:
    """It sees old rows, but its statements are parsed with new ones: where these differ, nothing is certain."""
    session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    session.execute("select 1")
    before = reader.read()
    session.execute("create table shop.mine (a int)")
    session.execute("drop table shop.tagged cascade")
    mine = certain(seen(session, before))
    assert ("shop", "mine") in mine.relations_by_name
    assert ("shop", "tagged") not in mine.relations_by_name
    with psycopg.connect(reader.dsn, autocommit=True) as other:
        other.execute("create table shop.others (a int)")
    assert seen(session, reader.read()) is None
    session.rollback()
    assert seen(session, reader.read()) is reader.latest


def test_changes_of_others_in_a_transaction_that_sees_them(session: psycopg.Connection, reader: Reader) -> None:
    everybodys = reader.read()
    session.execute("create table shop.mine (a int)")
    with psycopg.connect(reader.dsn, autocommit=True) as other:
        other.execute("create table shop.others (a int)")
    found = certain(seen(session, everybodys))
    assert {("shop", "mine"), ("shop", "others")} <= found.relations_by_name.keys()
