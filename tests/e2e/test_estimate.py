"""Policies that look at how many rows a statement is about: the server's planner is asked, and only where planning is harmless."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest
from psycopg import errors

from nightporter.demo.server import EmbeddedServer
from nightporter.identity.principal import Kind
from tests.lab import servers
from tests.lab.book import Book
from tests.lab.gateway import Gateway, gateway, upstream

POLICIES = """
@id("all") permit (principal, action, resource);
@id("few") @reason("at most a hundred rows at once")
forbid (principal is Agent, action in [Action::"read", Action::"delete"], resource is Table)
when { resource.schema == "public" && context.estimated_rows > 100 && !context.via.contains("view") };
"""
HELD = "how many rows this is about cannot be estimated"


@pytest.fixture(scope="module", params=[15, 18])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, str]]:
    """A gateway under these policies, and the superuser's DSN of the database behind it."""
    server: EmbeddedServer = request.getfixturevalue("debian15" if request.param == 15 else "embedded18")
    folder = tmp_path_factory.mktemp("policies")
    (folder / "few.cedar").write_text(POLICIES)
    with servers.fresh_database(server) as name:
        entry, environment = upstream(server.dsn(name))
        where = {"path": str(folder), "packs": []}
        with gateway({"shop": entry}, environment=environment, policies=where) as started:
            started.add("ada")
            started.add("bot", Kind.AGENT, owner="ada")
            yield started, server.dsn(name)


@pytest.fixture
def porter(running: tuple[Gateway, str]) -> Gateway:
    started, database = running
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("drop table if exists goods")
        connection.execute("create table goods (id int primary key, name text)")
        connection.execute("insert into goods select n, 'x' from generate_series(1, 1000) n")
        odd = "create or replace function odd(int) returns bool language plpgsql immutable as 'begin return $1 % 2 = 1; end'"
        connection.execute(odd.encode())
        connection.execute("analyze goods")
    return started


@pytest.fixture
def agent(porter: Gateway) -> Iterator[psycopg.Connection]:
    with psycopg.connect(porter.dsn("bot", "shop"), autocommit=True) as connection:
        yield connection


def count(connection: psycopg.Connection) -> int:
    row = connection.execute("select count(*) from goods where id > 0 limit 1").fetchone()
    assert row is not None
    return int(row[0])


def test_few_rows_pass_and_many_do_not(agent: psycopg.Connection, porter: Gateway) -> None:
    agent.execute("delete from goods where id between 1 and 5")
    with pytest.raises(errors.InsufficientPrivilege, match="at most a hundred rows at once"):
        agent.execute("delete from goods")
    with pytest.raises(errors.InsufficientPrivilege, match="at most a hundred rows at once"):
        agent.execute("delete from goods where name = 'x' -- not few")
    assert agent.execute("select id from goods where id < 10").fetchall() == [(6,), (7,), (8,), (9,)]
    with pytest.raises(errors.InsufficientPrivilege):
        agent.execute("select * from goods")
    assert agent.execute("select * from goods limit 3").rowcount == 3
    with psycopg.connect(porter.dsn("ada", "shop")) as human:
        assert count(human) == 995


def test_the_transaction_goes_on_as_it_was(agent: psycopg.Connection) -> None:
    with agent.transaction():
        agent.execute("create temp table mine (a int)")
        agent.execute("savepoint nightporter")
        agent.execute("delete from goods where id = 1")
        with pytest.raises(errors.InsufficientPrivilege), agent.transaction():
            agent.execute("delete from goods")
        assert agent.execute("select count(*) from goods limit 1").rowcount == 1
        agent.execute("rollback to savepoint nightporter")
        assert agent.execute("select name from goods where id = 1").fetchone() == ("x",)


def test_what_does_not_plan_gets_its_own_error(agent: psycopg.Connection) -> None:
    with pytest.raises(errors.DivisionByZero):
        agent.execute("delete from goods where id = 1 / 0")
    assert agent.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize(
    ("statement", "values"), [("delete from goods where odd(7) and id = 7", None), ("delete from goods where id = %s", (7,))]
)
def test_what_cannot_be_planned_harmlessly_waits_for_a_person(
    agent: psycopg.Connection, porter: Gateway, statement: LiteralString, values: tuple[int] | None
) -> None:
    with pytest.raises(errors.InsufficientPrivilege, match=HELD):
        agent.execute(statement, values)
    assert agent.execute("select name from goods where id = 7").fetchone() == ("x",)
    records = Book(porter.config, porter.ledger).records(kind="intent")
    assert [each["what"]["decision"] for each in records if each["what"]["kinds"] == ["delete"]][-2:] == ["hold", "deny"]


def test_whom_no_policy_asks_nothing_is_asked(porter: Gateway) -> None:
    with psycopg.connect(porter.dsn("ada", "shop"), autocommit=True) as human:
        assert human.execute("select * from goods").rowcount == 1000
