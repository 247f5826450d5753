"""What a CancelRequest hits: what runs when it comes, on whichever worker, and nothing that comes after it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator

import asyncpg
import psycopg
import pytest

from nightporter.demo.server import EmbeddedServer
from tests.lab.gateway import Gateway, gateway, upstream

CANCEL_REQUEST = 80877102
TIMES = 12
"""Connections fall on one of two workers by chance; in so many the session's own and the other are both met."""


@pytest.fixture(scope="module")
def two_workers(embedded18: EmbeddedServer) -> Iterator[Gateway]:
    """Two processes on one port."""
    entry, environment = upstream(embedded18.dsn("postgres"))
    with gateway({"postgres": entry}, environment=environment, workers=2) as running:
        running.add("ada")
        yield running


def test_once_a_cancel_is_over_the_next_statement_is_safe(two_workers: Gateway) -> None:
    with psycopg.connect(two_workers.dsn("ada", "postgres"), autocommit=True) as ada:
        for _ in range(TIMES):
            ada.cancel_safe()  # nothing runs; it waits until the other side has closed
            ada.execute("select pg_sleep(0.03)")


async def test_a_client_that_does_not_wait_cancels_all_the_same(two_workers: Gateway) -> None:
    password = two_workers.passwords["ada"]
    ada = await asyncpg.connect(
        host="127.0.0.1", port=two_workers.port, user="ada", password=password, database="postgres", ssl=False
    )
    try:
        key = (ada._protocol.backend_pid, ada._protocol.backend_secret)
        for _ in range(TIMES):
            running = asyncio.ensure_future(ada.execute("select pg_sleep(60)"))
            while not await _sleeps(two_workers, key[0]):
                pass
            with socket.create_connection(("127.0.0.1", two_workers.port)) as hasty:
                hasty.sendall(struct.pack("!IIIi", 16, CANCEL_REQUEST, *key))
            with pytest.raises(asyncpg.QueryCanceledError):
                await asyncio.wait_for(running, 10)
    finally:
        await ada.close()


async def _sleeps(running: Gateway, process_id: int) -> bool:
    def ask() -> bool:
        with psycopg.connect(running.dsn("ada", "postgres")) as other:
            query = "select state = 'active' and query like 'select pg_sleep%%' from pg_stat_activity where pid = %s"
            row = other.execute(query, (process_id,)).fetchone()
        return row is not None and bool(row[0])

    return await asyncio.to_thread(ask)
