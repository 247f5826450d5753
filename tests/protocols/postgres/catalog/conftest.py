"""A database with one of everything, on both servers."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from nightporter.demo.server import EmbeddedServer
from tests.lab.servers import fresh_database

from .everything import CLEAN, SCHEMA


@pytest.fixture(scope="module", params=[15, 18])
def server(request: pytest.FixtureRequest) -> EmbeddedServer:
    """Debian's and the wheel's."""
    found: EmbeddedServer = request.getfixturevalue("debian15" if request.param == 15 else "embedded18")
    return found


@pytest.fixture
def empty(server: EmbeddedServer) -> Iterator[str]:
    """The superuser's DSN of a new database."""
    with fresh_database(server) as name:
        yield server.dsn(name)


@pytest.fixture(scope="module")
def everything(server: EmbeddedServer) -> Iterator[str]:
    """The superuser's DSN of a database with one of everything, for tests that change nothing."""
    with fresh_database(server) as name:
        yield from filled(server.dsn(name))


@pytest.fixture
def own_everything(empty: str) -> Iterator[str]:
    """The same, for one test that may change it."""
    yield from filled(empty)


def filled(dsn: str) -> Iterator[str]:
    """Make it, and take away afterwards what belongs to the whole server."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
    try:
        yield dsn
    finally:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(CLEAN.encode())
