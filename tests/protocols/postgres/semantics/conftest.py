"""A server with a database in which names mean several things, 15 and 18."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import psycopg
import pytest

from nightporter.catalog.model import Snapshot
from nightporter.demo.server import EmbeddedServer
from nightporter.protocols.postgres.semantics.coercion import RECORD, UNKNOWN
from tests.lab import servers
from tests.lab.snapshot import snapshot_of

from . import fixture


@dataclass(frozen=True, slots=True)
class Bench:
    """A database made by `fixture`, and its snapshot."""

    connection: psycopg.Connection[tuple[object, ...]]
    snapshot: Snapshot
    types: dict[str, int]
    """OIDs of `fixture.TYPES`, and of `unknown` and `record`."""

    def value(self, type_: str, random: Random | None = None) -> str:
        """An expression of that type: a column of `every`, or with `random` perhaps a constant."""
        if type_ == "unknown":
            return "null"
        if type_ == "record":
            return "row(1, 2)"
        return f"null::{type_}" if random is not None and random.random() < 0.5 else f"c{fixture.TYPES.index(type_)}"

    def search(self, path: tuple[str, ...]) -> None:
        """Set the search path."""
        self.connection.execute(f"set search_path to {', '.join(path)}".encode())


def random_for(text: str) -> Random:
    """The same numbers every time."""
    return Random(zlib.crc32(text.encode()))


@pytest.fixture(scope="session", params=["debian15", "embedded18"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """On PostgreSQL 15 and on 18."""
    server: EmbeddedServer = request.getfixturevalue(request.param)
    with servers.fresh_database(server) as name, psycopg.connect(server.dsn(name), autocommit=True) as connection:
        for extension in fixture.EXTENSIONS:
            connection.execute(f"create extension {extension}".encode())
        connection.execute(fixture.SQL.encode())
        connection.execute(fixture.EVERY.encode())
        rows = connection.execute("select t, t::regtype::oid::int8 from unnest(%s::text[]) t", (fixture.TYPES,)).fetchall()
        types = {str(row[0]): int(str(row[1])) for row in rows} | {"unknown": UNKNOWN, "record": RECORD}
        yield Bench(connection, snapshot_of(server.dsn(name)), types)
