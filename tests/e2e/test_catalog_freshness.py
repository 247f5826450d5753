"""What one session defines is known to every other at once, in whatever worker; what others define, within the stated bound."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager

import psycopg
import pytest

from nightporter.demo.server import EmbeddedServer
from nightporter.identity.principal import Kind
from tests.lab.book import until
from tests.lab.gateway import Gateway, gateway, upstream
from tests.lab.policies import AGENTS_WRITE
from tests.lab.servers import fresh_database

WORKERS = 3
MAX_AGE_S = 60.0
"""So long that nothing is ever found out by waiting."""
SHORT_S = 0.5


@pytest.fixture
def database(debian15: EmbeddedServer) -> Iterator[str]:
    with fresh_database(debian15) as name:
        debian15.psql("create table kept (a int)", name)
        yield name


@pytest.fixture
def running(debian15: EmbeddedServer, database: str) -> Iterator[Gateway]:
    with _running(debian15, database, MAX_AGE_S) as found:
        yield found


def _running(server: EmbeddedServer, database: str, max_age_s: float) -> AbstractContextManager[Gateway]:
    entry, environment = upstream(server.dsn(database))
    fresh = {"max_age_s": max_age_s}
    return gateway({"shop": entry}, environment=environment, cedar=AGENTS_WRITE, workers=WORKERS, catalog=fresh)


def bots(running: Gateway, count: int) -> list[psycopg.Connection]:
    """Sessions of an agent, for whom whatever is not understood is refused; spread over the workers by the system."""
    running.add("ada")
    running.add("bot", Kind.AGENT, owner="ada")
    return [psycopg.connect(running.dsn("bot", "shop"), autocommit=True) for _ in range(count)]


def test_what_one_session_defines_all_workers_know_at_once(running: Gateway) -> None:
    sessions = bots(running, 3 * WORKERS)
    try:
        for session in sessions:
            session.execute("select a from kept")
        for number, session in enumerate(sessions):
            session.execute(f"create table made{number} (a int)")
            for other in sessions:
                other.execute(f"select a from made{number}")
        with sessions[0].transaction():
            sessions[0].execute("alter table kept rename column a to b")
            sessions[1].execute("select 1")
        for other in sessions:
            other.execute("select b from kept")
    finally:
        for session in sessions:
            session.close()


def test_what_others_define_is_known_within_the_bound(debian15: EmbeddedServer, database: str) -> None:
    with _running(debian15, database, SHORT_S) as running:
        (session,) = bots(running, 1)
        with session:
            session.execute("select a from kept")
            debian15.psql("alter table kept rename column a to b", database)
            began = time.monotonic()

            def understood() -> bool:
                try:
                    session.execute("select b from kept")
                except psycopg.errors.InsufficientPrivilege:
                    return False
                return True

            until(understood)
            assert time.monotonic() - began < 10 * SHORT_S
