"""Much data, and clients that are slow, half gone or gone: the worker's memory stays flat, and others notice nothing."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from tests.lab import process
from tests.lab.book import Book, until
from tests.lab.gateway import Gateway

from .conftest import Connect, ask, session_of

MIB = 1024 * 1024
STREAM_MIB = 1024
GROWTH_KIB = 24 * 1024
"""What a worker may grow by: buffers of both sides, some of them twice, and what the allocator keeps."""

BIG_ROWS = f"select repeat('x', {MIB}) from generate_series(1, {STREAM_MIB})"


@pytest.fixture
def flat(gate: Gateway) -> Iterator[None]:
    """The worker's peak does not move during the test."""
    (worker,) = process.workers(gate)
    before = max(process.peak_kib(worker), process.held_kib(worker))
    yield
    assert process.peak_kib(worker) - before < GROWTH_KIB


@pytest.fixture
def admin(database18: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database18, autocommit=True) as connection:
        yield connection


@pytest.mark.usefixtures("flat")
def test_a_large_result(ada: psycopg.Connection) -> None:
    size = 0
    with ada.cursor() as cursor:
        for (value,) in cursor.stream(BIG_ROWS):
            size += len(value)
    assert size == STREAM_MIB * MIB


@pytest.mark.usefixtures("flat")
def test_a_large_copy_out(connect: Connect, book: Book) -> None:
    with connect() as ada:
        session = session_of(ada)
        with ada.cursor().copy(f"copy ({BIG_ROWS}) to stdout") as copy:
            size = sum(map(len, copy))
    assert size == STREAM_MIB * (MIB + 1)
    _, told = book.session(session)
    assert told.outcome["rows"] == STREAM_MIB
    assert size <= told.outcome["bytes"] <= size + 100 * STREAM_MIB


@pytest.mark.usefixtures("flat")
def test_a_large_copy_in(connect: Connect, book: Book) -> None:
    block = (b"y" * 65_535 + b"\n") * 16
    with connect() as ada:
        session = session_of(ada)
        ada.execute("create table t (a text)")
        with ada.cursor().copy("copy t from stdin where false") as copy:
            for _ in range(STREAM_MIB):
                copy.write(block)
        assert ask(ada, "select count(*) from t") == "0"
    _, _, told, _ = book.session(session)
    assert told.outcome["streamed_bytes"] == STREAM_MIB * MIB


@pytest.mark.usefixtures("flat")
def test_a_client_that_does_not_read(ada: psycopg.Connection, connect: Connect, admin: psycopg.Connection) -> None:
    slow = connect()
    pid = slow.info.backend_pid
    slow.pgconn.send_query(BIG_ROWS.encode())

    def blocked() -> bool:
        question = "select wait_event from pg_stat_activity where pid = %s"
        return admin.execute(question, (pid,)).fetchone() == ("ClientWrite",)

    until(blocked)
    assert ask(ada, "select 1") == "1"
    slow.close()
    until(lambda: _gone(admin, pid))
    assert ask(ada, "select 1") == "1"


def _gone(admin: psycopg.Connection, pid: int) -> bool:
    return admin.execute("select 1 from pg_stat_activity where pid = %s", (pid,)).fetchone() is None


def test_a_client_that_goes_away_in_the_middle(
    connect: Connect, admin: psycopg.Connection, book: Book, ada: psycopg.Connection
) -> None:
    """Its statement is finished, as the server itself would do, and how it ended is known."""
    lost = connect()
    session, pid = session_of(lost), lost.info.backend_pid
    lost.pgconn.send_query(b"create table t as select pg_sleep(0.3)::text")
    until(lambda: len(book.records(session=session, kind="intent")) == 2)
    lost.close()
    told = book.session(session)[-1]
    until(lambda: _gone(admin, pid))
    made = ask(ada, "select to_regclass('t')") == "t"
    assert (told.outcome["status"], told.outcome["transaction_end"]) in [("ok", "committed"), ("unknown", "unknown")]
    assert made or told.outcome["status"] == "unknown"


def test_half_closed_is_still_answered(connect: Connect) -> None:
    ada = connect()
    with socket.socket(fileno=os.dup(ada.fileno())) as raw:
        text = b"select pg_sleep(0.2), repeat('x', 100000)\0"
        raw.setblocking(True)
        raw.sendall(b"Q" + struct.pack("!I", 4 + len(text)) + text)
        raw.shutdown(socket.SHUT_WR)
        answer = b""
        while data := raw.recv(100_000):
            answer += data
    assert answer.count(b"x" * 100_000) == 1
    assert answer.endswith(b"Z\0\0\0\5I")


def test_a_very_long_statement(connect: Connect, ada: psycopg.Connection, bot: psycopg.Connection) -> None:
    text = f"select length('{'z' * (20 * MIB)}')"
    assert ask(connect("iris"), text) == str(20 * MIB)
    assert ask(ada, text) == "0"  # what it comes from cannot be told, and she may not see everything
    with pytest.raises(errors.InsufficientPrivilege, match="cannot be understood"):
        bot.execute(text.encode())
    assert ask(bot, "select 1") == "1"


def test_a_very_long_parameter(connect: Connect, book: Book) -> None:
    with connect() as ada:
        session = session_of(ada)
        value = b"\x00\xff" * (50 * MIB)
        row = ada.execute("select length(%b::bytea), md5(%b::bytea)", (value, b"")).fetchone()
        assert row is not None
        assert row[0] == len(value)
    told = book.session(session)[-1]
    assert told.intent["streamed"] is True
    assert told.outcome["streamed_bytes"] >= len(value)
