"""What survives: a worker killed under load, a ledger torn in the middle of a line, a disk without room."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from psycopg.pq import TransactionStatus

from nightporter.demo.server import EmbeddedServer, debian_binaries, quiet_environment, wheel_binaries
from tests.lab import process
from tests.lab.book import Book, until
from tests.lab.gateway import Gateway, gateway, upstream

from .conftest import ask

FULL = (errors.DiskFull, errors.SystemError)

LOAD = "\\set n random(1, 1000000000)\nbegin;\ninsert into load values (:n);\nselect count(*) from load where a = :n + 1;\nend;\n"


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    """PostgreSQL 18 that writes down every text that reaches it."""
    with EmbeddedServer(wheel_binaries(), settings={"log_statement": "all", "log_line_prefix": "%a| "}) as server:
        server.psql("create table load (a bigint)")
        yield server


class Reached:
    """Texts of `ada` that the server has begun to run since this was made."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self._start = len(server.log())

    def __call__(self) -> Counter[str]:
        log = self._server.log()[self._start :]
        return Counter(re.findall(r"^ada.*?\| LOG:  (?:statement|execute (?!nightporter_inquiry)[^:]*): (.*)$", log, re.MULTILINE))


@pytest.fixture
def reached(server: EmbeddedServer) -> Reached:
    return Reached(server)


@pytest.fixture
def running(server: EmbeddedServer, reached: Reached) -> Iterator[Gateway]:
    """A gateway to be hurt, with a principal `ada`."""
    entry, environment = upstream(server.dsn("postgres"))
    with gateway({"shop": entry}, environment=environment) as running:
        running.add("ada")
        yield running


@pytest.fixture
def book(running: Gateway) -> Book:
    return Book(running.config, running.ledger)


def intended(book: Book) -> Counter[str]:
    return Counter(r["what"]["text"] for r in book.records(kind="intent", principal="ada"))


def connected(running: Gateway) -> psycopg.Connection | None:
    try:
        return psycopg.connect(running.dsn("ada", "shop"), autocommit=True)
    except psycopg.OperationalError:
        return None


@pytest.mark.parametrize("mode", ["simple", "prepared"])
def test_a_killed_worker_loses_no_intent(running: Gateway, book: Book, reached: Reached, tmp_path: Path, mode: str) -> None:
    script = tmp_path / "load.sql"
    script.write_text(LOAD)
    command = [str(debian_binaries() / "pgbench"), "-n", "-M", mode, "-c", "4", "-T", "30", "-f", str(script)]
    bench = subprocess.Popen(
        [*command, running.dsn("ada", "shop")], env=quiet_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until(lambda: reached().total() > 500)
    (victim,) = process.workers(running)
    os.kill(victim, signal.SIGKILL)
    assert bench.wait(30) != 0
    with until(lambda: connected(running)) as ada:
        assert ask(ada, "select 1") == "1"
    (fault,) = until(lambda: book.records(kind="fault"))
    assert fault["detail"]["status"] == -signal.SIGKILL
    missing = reached() - intended(book)
    assert not missing, missing.most_common(5)
    book.verify()


def test_a_torn_tail_is_cut_and_said_so(running: Gateway, book: Book) -> None:
    (victim,) = process.workers(running)
    environment = process.environment(running.process.pid)
    with until(lambda: connected(running)) as ada:
        ask(ada, "select 1")
        (begin,) = until(lambda: book.records(kind="session_started"))
    running.process.kill()
    running.process.wait()
    os.kill(victim, signal.SIGKILL)
    until(lambda: process.is_gone(victim))
    writer = begin["n"].partition("-")[0]
    segment = max((running.ledger / writer).glob("*.jsonl"))
    with segment.open("ab") as file:
        file.write(b'{"v":1,"n":"' + writer.encode())
    with process.launched_again(running, environment), until(lambda: connected(running)) as ada:
        assert ask(ada, "select 1") == "1"
    (torn,) = book.records(kind="torn_tail")
    assert torn["n"].startswith(writer)
    assert f"cut at `{torn['n']}`" in book.verify()


def test_without_room_statements_stop_and_go_on_later(running: Gateway, book: Book, reached: Reached) -> None:
    (worker,) = process.workers(running)
    with until(lambda: connected(running)) as ada:
        for number in range(200):  # the segment is longer than any other file of the gateway now
            ada.execute(b"select %s::int, '" + b"x" * 1000 + b"'", (number,))
        with process.no_room(worker, running.ledger):
            for text in ("select 1", "create table never (a int)", "select 2; select 3"):
                with pytest.raises(FULL, match="could not be written"):
                    ada.execute(text.encode())
                assert ada.info.transaction_status is TransactionStatus.IDLE
            with pytest.raises(psycopg.OperationalError, match="could not be written"):
                psycopg.connect(running.dsn("ada", "shop"))
        assert ask(ada, "select to_regclass('never')") == "None"
        ada.execute("begin")
        ada.execute("create table once (a int)")
        with process.no_room(worker, running.ledger):
            with pytest.raises(FULL):
                ada.execute("insert into once values (1)")
            assert ada.info.transaction_status is TransactionStatus.INERROR
        ada.execute("rollback")
        assert ask(ada, "select to_regclass('once')") == "None"
    until(lambda: book.records(kind="session_ended"))
    missing = reached() - intended(book)
    assert not missing, missing
    book.verify()
