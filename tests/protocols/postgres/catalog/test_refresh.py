"""A Snapshot that was refreshed says what one that is read whole says, after every kind of change."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.lab.snapshot import Reader, snapshot_of

from .everything import CHANGES, WITHOUT_CHANGE
from .facts import consistent, differences

COMPARED = 3


@pytest.fixture
def admin(own_everything: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(own_everything, autocommit=True) as connection:
        yield connection


def test_after_every_change(own_everything: str, admin: psycopg.Connection) -> None:
    with Reader(own_everything) as reader:
        reader.read()
        reader.read()
        for number, change in enumerate(CHANGES):
            before = reader.latest
            admin.execute(change.encode())
            after = reader.read()
            assert after is not before, change
            # what is missed once stays missed; reading everything each time takes too long
            if number % COMPARED == 0 or change == CHANGES[-1]:
                assert differences(after, snapshot_of(own_everything)) == [], change
                consistent(after)


def test_nothing_is_read_where_nothing_has_changed(own_everything: str, admin: psycopg.Connection) -> None:
    with Reader(own_everything) as reader:
        first = reader.read()
        for statements in WITHOUT_CHANGE:
            for statement in statements.split(";"):
                admin.execute(statement.encode())
            assert reader.read() is first, statements


def test_what_did_not_change_is_used_again(own_everything: str, admin: psycopg.Connection) -> None:
    with Reader(own_everything) as reader:
        reader.read()
        before = reader.read()
        version = before.version
        admin.execute("alter table shop.parts_2024 set (fillfactor = 50)")
        after = reader.read()
        changed = {each.name for oid, each in after.relations.items() if before.relations.get(oid) is not each}
        assert changed == {"parts_2024", "parts_2024_id_day_key"}  # an index depends on its table
        assert after.version > version
        assert before.version == version
        assert all(before.functions[oid] is each for oid, each in after.functions.items())
        consistent(before)


def test_a_parent_that_gets_a_child_is_another_object(own_everything: str, admin: psycopg.Connection) -> None:
    with Reader(own_everything) as reader:
        reader.read()
        before = reader.read()
        admin.execute("create table shop.more () inherits (shop.base)")
        admin.execute("create table shop.refers (id int references shop.people)")
        after = reader.read()
        old, new = (each.relations_by_name["shop", "base"] for each in (before, after))
        assert len(new.children) == len(old.children) + 1
        assert len(after.relations_by_name["shop", "people"].referenced_by) == 2
        assert len(before.relations_by_name["shop", "people"].referenced_by) == 1
        consistent(before)
        consistent(after)


def test_subtransactions_and_rollbacks(own_everything: str, admin: psycopg.Connection) -> None:
    with Reader(own_everything) as reader:
        first = reader.read()
        with admin.transaction(force_rollback=True):
            admin.execute("create table shop.never (a int)")
        assert reader.read() is first
        with admin.transaction():
            with admin.transaction():
                admin.execute("create table shop.outer_one (a int)")
            with admin.transaction(force_rollback=True):
                admin.execute("create table shop.inner_one (a int)")
            assert reader.read() is first  # not committed
        after = reader.read()
        assert ("shop", "outer_one") in after.relations_by_name
        assert ("shop", "inner_one") not in after.relations_by_name
        assert differences(after, snapshot_of(own_everything)) == []


def test_temporary_objects_of_others_are_not_seen(own_everything: str, admin: psycopg.Connection) -> None:
    with Reader(own_everything) as reader:
        first = reader.read()
        admin.execute("create temp table passing (id serial primary key, note text check (shop.is_mail(note)))")
        admin.execute("create temp view seen as select * from passing")
        admin.execute("create type pg_temp.brief as (a int)")
        admin.execute("create function pg_temp.hidden() returns int language sql as $$ select 1 $$")
        after = reader.read()
        assert after is first
        assert not any(each.schema.startswith("pg_temp") for each in after.relations.values())


def test_a_lock_that_somebody_holds_is_not_waited_for(own_everything: str, admin: psycopg.Connection) -> None:
    with psycopg.connect(own_everything) as migration:
        migration.execute("alter table shop.people add column late int")
        with Reader(own_everything) as reader:
            found = reader.read()
            assert found.relations_by_name["shop", "mails"].definition == ""  # cannot be printed
            assert found.relations_by_name["shop", "mails"].access_calls
            assert found.relations_by_name["shop", "over"].definition != ""
            assert "late" not in found.relations_by_name["shop", "people"].by_name
            admin.execute("create table shop.meanwhile (a int)")
            again = reader.read()
            assert ("shop", "meanwhile") in again.relations_by_name
            assert again.relations_by_name["shop", "mails"].definition == ""
            migration.rollback()
            after = reader.read()
            assert after.relations_by_name["shop", "mails"].definition != ""
            assert differences(after, snapshot_of(own_everything)) == []


def test_a_database_in_another_encoding(server_with_latin1: str) -> None:
    with psycopg.connect(server_with_latin1, autocommit=True, client_encoding="utf8") as connection:
        connection.execute('create table "caf\u00e9" ("\u00fc" int)')
    found = snapshot_of(server_with_latin1).relations_by_name["public", "caf\u00e9"]
    assert list(found.by_name) == ["\u00fc"]


@pytest.fixture
def server_with_latin1(empty: str) -> Iterator[str]:
    from psycopg.conninfo import make_conninfo

    with psycopg.connect(empty, autocommit=True) as connection:
        name = f"{connection.info.dbname}_latin1"
        connection.execute(f"create database {name} template template0 encoding latin1 locale 'C'".encode())
        try:
            yield make_conninfo(empty, dbname=name)
        finally:
            connection.execute(f"drop database {name} with (force)".encode())


def test_names_that_are_no_text(empty: str) -> None:
    """A database in SQL_ASCII keeps whatever bytes it was given."""
    from psycopg.conninfo import make_conninfo

    with psycopg.connect(empty, autocommit=True) as connection:
        name = f"{connection.info.dbname}_ascii"
        connection.execute(f"create database {name} template template0 encoding sql_ascii locale 'C'".encode())
        try:
            dsn = make_conninfo(empty, dbname=name)
            with psycopg.connect(dsn, autocommit=True, client_encoding="sql_ascii") as other:
                other.execute(b'create table "\xe9t\xe9" (a int)')
            assert ("public", "\udce9t\udce9") in snapshot_of(dsn).relations_by_name
        finally:
            connection.execute(f"drop database {name} with (force)".encode())
