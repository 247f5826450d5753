"""A gateway in the hands of its operator: several workers, cancel, ending sessions, drain, reload, limits."""

from __future__ import annotations

import asyncio
import json
import select
import signal
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import asyncpg
import psycopg
import pytest
import yaml
from psycopg import errors

from nightporter.demo.server import EmbeddedServer
from tests.lab import process
from tests.lab.book import Book, cli, until
from tests.lab.gateway import Gateway, free_port, gateway, upstream

from .conftest import ask, cancel_until, session_of


@pytest.fixture(scope="module")
def pair(embedded18: EmbeddedServer) -> Iterator[Gateway]:
    """Two workers on one port."""
    entry, environment = upstream(embedded18.dsn("postgres"))
    with gateway({"shop": entry}, environment=environment, workers=2) as running:
        until(lambda: len(list((running.folder / "run").glob("worker-*.sock"))) == 2)
        running.add("ada")
        running.add("eve")
        yield running


@contextmanager
def impatient(server: EmbeddedServer, max_connections: int) -> Iterator[Gateway]:
    entry, environment = upstream(server.dsn("postgres"))
    limits = {"max_connections": max_connections, "startup_timeout_s": 1, "idle_timeout_s": 60, "drain_timeout_s": 3}
    with gateway({"shop": entry}, environment=environment, limits=limits) as running:
        running.add("ada")
        yield running


@pytest.fixture
def lone(embedded18: EmbeddedServer) -> Iterator[Gateway]:
    """A gateway of the test's own, quick to lose patience."""
    with impatient(embedded18, 50) as running:
        yield running


@pytest.fixture
def small(embedded18: EmbeddedServer) -> Iterator[Gateway]:
    """One with room for three."""
    with impatient(embedded18, 3) as running:
        yield running


_opened: list[psycopg.Connection] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().close()


def session(running: Gateway, principal: str = "ada", database: str = "shop", **more: Any) -> psycopg.Connection:
    """A session that is closed after the test."""
    _opened.append(psycopg.connect(running.dsn(principal, database, **more), autocommit=True))
    return _opened[-1]


def hears_the_end(connection: psycopg.Connection) -> str | None:
    """What an idle client is told when its session is ended from the other side."""
    assert select.select([connection.fileno()], [], [], 15)[0]
    with pytest.raises(psycopg.OperationalError) as caught:
        connection.execute("select 1")
    connection.close()
    return caught.value.sqlstate


def _uri(running: Gateway) -> str:
    return f"postgresql://ada:{running.passwords['ada']}@127.0.0.1:{running.port}/shop?sslmode=disable"


# cancel


def test_cancel_finds_its_worker(pair: Gateway) -> None:
    opened = [session(pair) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        running = [threads.submit(c.execute, "select pg_sleep(60)") for c in opened]
        for connection, work in zip(opened, running, strict=True):
            cancel_until(connection, work.done)
        for work in running:
            with pytest.raises(errors.QueryCanceled):
                work.result()
    assert len(Book(pair.config, pair.ledger).records(kind="cancel")) >= 6
    for connection in opened:
        assert ask(connection, "select 1") == "1"


def test_a_wrong_secret_cancels_nothing(pair: Gateway) -> None:
    with session(pair) as ada, ThreadPoolExecutor(1) as threads:
        running = threads.submit(ask, ada, "select pg_sleep(0.7) is not null")
        for secret in (0, 1, 0xFFFFFFFF):
            with socket.create_connection(("127.0.0.1", pair.port)) as other:
                other.sendall(struct.pack("!IIII", 16, 80877102, ada.info.backend_pid, secret))
                assert other.recv(1) == b""
        assert running.result() == "True"


# sessions


def test_sessions_are_listed_and_ended(pair: Gateway) -> None:
    kept, ended = session(pair), session(pair)
    wanted = session_of(ended)
    listed = {s["session"]: s for s in json.loads(cli(pair.config, "session", "list", "--json"))}
    assert {session_of(kept), wanted} <= set(listed)
    assert (listed[wanted]["principal"], listed[wanted]["upstream"]) == ("ada", "shop")
    cli(pair.config, "session", "end", wanted)
    assert hears_the_end(ended) == "57P01"
    assert ask(kept, "select 1") == "1"


def test_a_disabled_principal_is_out_at_once(pair: Gateway) -> None:
    with session(pair) as ada:
        gone = [session(pair, "eve") for _ in range(4)]
        cli(pair.config, "principal", "disable", "eve")
        assert {hears_the_end(c) for c in gone} == {"57P01"}
        with pytest.raises(psycopg.OperationalError, match='password authentication failed for user "eve"'):
            session(pair, "eve")
        assert ask(ada, "select 1") == "1"


# drain and reload


def test_sigterm_lets_work_finish(lone: Gateway) -> None:
    idle, busy = session(lone), session(lone)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(ask, busy, "select pg_sleep(1) is not null")
        until(lambda: "pg_sleep" in str([r.get("what") for r in Book(lone.config, lone.ledger).records(kind="intent")]))
        lone.process.send_signal(signal.SIGTERM)
        assert hears_the_end(idle) == "57P01"
        with pytest.raises(psycopg.OperationalError):
            session(lone)
        assert running.result() == "True"
    assert hears_the_end(busy) == "57P01"
    assert lone.process.wait(15) == 0
    assert "the ledger is as it was written" in cli(lone.config, "evidence", "verify")


def test_sigterm_ends_an_open_transaction_in_the_end(lone: Gateway, embedded18: EmbeddedServer) -> None:
    name = "left_open"
    with psycopg.connect(lone.dsn("ada", "shop")) as ada:
        ada.execute(f"create table {name} (a int)".encode())
        lone.process.send_signal(signal.SIGTERM)
        assert hears_the_end(ada) == "57P01"
    assert lone.process.wait(15) == 0
    assert embedded18.psql(f"select to_regclass('{name}') is null").strip() == "t"


def test_sighup_takes_a_good_file_and_refuses_a_bad_one(lone: Gateway) -> None:
    config = yaml.safe_load(lone.config.read_text())
    with session(lone) as ada:
        with pytest.raises(psycopg.OperationalError, match='database "annex" does not exist'):
            session(lone, database="annex")
        config["upstreams"]["annex"] = {**deepcopy(config["upstreams"]["shop"]), "environment": "staging"}
        lone.config.write_text(yaml.safe_dump(config))
        lone.process.send_signal(signal.SIGHUP)
        until(lambda: _reachable(lone, "annex"))
        lone.config.write_text(yaml.safe_dump({**config, "upstreams": {}, "wrokers": 1}))
        lone.process.send_signal(signal.SIGHUP)
        until(lambda: "not reloaded" in lone.log())
        for database in ("shop", "annex", "staging/annex"):
            assert _reachable(lone, database)
        assert not _reachable(lone, "test/annex")
        assert ask(ada, "select 1") == "1"
        lone.config.write_text(yaml.safe_dump(config))
    book = Book(lone.config, lone.ledger)
    assert len([record for record in book.records(kind="configuration") if "reloaded" in record["detail"]]) == 1


def _reachable(running: Gateway, database: str) -> bool:
    try:
        session(running, database=database).close()
    except psycopg.OperationalError:
        return False
    return True


# limits


def test_beyond_the_cap_there_is_a_proper_error(small: Gateway) -> None:
    opened = [session(small) for _ in range(3)]
    with pytest.raises(asyncpg.TooManyConnectionsError):  # psycopg does not tell the SQLSTATE of a start-up that fails
        asyncio.run(asyncpg.connect(_uri(small)))
    with ThreadPoolExecutor(1) as threads:  # to cancel takes no place
        running = threads.submit(opened[0].execute, "select pg_sleep(60)")
        cancel_until(opened[0], running.done)
        with pytest.raises(errors.QueryCanceled):
            running.result()
    opened.pop().close()
    until(lambda: _reachable(small, "shop"))


def test_the_cap_holds_when_many_come_at_once(small: Gateway) -> None:
    with ThreadPoolExecutor(12) as threads:
        came = [threads.submit(session, small) for _ in range(12)]
    refused = [work.exception() for work in came if work.exception() is not None]
    assert len(refused) == 9
    assert all("too many clients" in str(error) for error in refused)


@pytest.mark.parametrize("said", [b"", b"\0\0", struct.pack("!II", 8, 80877103), struct.pack("!II", 64, 196608) + b"user\0ad"])
def test_who_does_not_get_on_with_it_is_sent_away(lone: Gateway, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", lone.port)) as client:
        client.sendall(said)
        client.settimeout(15)
        answer = b""
        while data := client.recv(1000):
            answer += data
    assert b"timeout while the session was opened" in answer


def test_idle_sessions_end(lone: Gateway) -> None:
    config = yaml.safe_load(lone.config.read_text())
    config["limits"]["idle_timeout_s"] = 0.5
    lone.config.write_text(yaml.safe_dump(config))
    with session(lone) as ada, ThreadPoolExecutor(1) as threads:
        lone.process.send_signal(signal.SIGHUP)
        until(lambda: "reloaded" in lone.log())
        busy = threads.submit(ask, session(lone), "select pg_sleep(2.5) is not null")
        assert hears_the_end(ada) == "57P05"
        assert busy.result() == "True"


# entrances and upstreams


def test_an_upstream_may_be_missing_and_come_back(embedded18: EmbeddedServer) -> None:
    entry, environment = upstream(embedded18.dsn("postgres"), database="late")
    nowhere = {**deepcopy(entry), "address": f"127.0.0.1:{free_port()}", "connect_timeout_s": 2}
    with gateway({"late": entry, "nowhere": nowhere}, environment=environment) as running:
        running.add("ada")
        assert "not reachable now" in running.log()
        for _ in range(2):
            with pytest.raises(psycopg.OperationalError, match="does not exist"):
                session(running, database="late")
            embedded18.psql('create database "late"')
            try:
                with session(running, database="late") as ada:
                    ada.execute("create table t (a int)")
            finally:
                embedded18.psql('drop database "late" with (force)')
        with pytest.raises(psycopg.OperationalError, match="cannot be reached"):
            session(running, database="nowhere")


def test_another_entrance_is_another_role(lone: Gateway, embedded18: EmbeddedServer) -> None:
    embedded18.psql("create role clerk login password 'inkwell'")
    environment = process.environment(lone.process.pid)
    assert lone.stop() == 0
    config = yaml.safe_load(lone.config.read_text())
    port = free_port()
    clerk = {"shop": {"user": "clerk", "password": "env:CLERK"}}
    config["listeners"].append({"address": f"127.0.0.1:{port}", "credentials": clerk})
    lone.config.write_text(yaml.safe_dump(config))
    try:
        with process.launched_again(lone, {**environment, "CLERK": "inkwell"}):
            until(lambda: _reachable(lone, "shop"))
            with session(lone) as front, session(lone, port=port) as side:
                assert [ask(c, "select current_user") for c in (front, side)] == ["postgres", "clerk"]
                assert {ask(c, "select current_setting('nightporter.principal')") for c in (front, side)} == {"ada"}
    finally:
        embedded18.psql("drop role clerk")
