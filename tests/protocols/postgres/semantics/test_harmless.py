"""What programs and people send all day: understood without a doubt, and said to do no more than it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from nightporter.catalog.model import Snapshot
from nightporter.demo.server import EmbeddedServer
from nightporter.protocols.postgres.analysis import analyse
from nightporter.protocols.postgres.semantics.scope import Scope
from nightporter.protocols.postgres.semantics.understand import understand
from nightporter.statement.model import Access, Effect, Statement
from tests.lab import servers
from tests.lab.snapshot import snapshot_of

from .harmless import EXTENSIONS, QUERIES, SCHEMA, Query

_QUIET = frozenset({Effect.COMPUTES, Effect.READS_CATALOG})


@dataclass(slots=True)
class World:
    """An ordinary shop, with extensions on the search path."""

    connection: psycopg.Connection[tuple[object, ...]]
    snapshot: Snapshot
    major: int

    def understand(self, sql: str, role: str = "postgres") -> tuple[Statement, ...]:
        settings = {"row_security": "on", "session_replication_role": "origin", "transform_null_equals": "off"}
        return understand(analyse(sql), Scope(self.snapshot, ("$user", "public"), role, settings)).statements


@pytest.fixture(scope="session", params=["debian15", "embedded18"])
def shop(request: pytest.FixtureRequest) -> Iterator[World]:
    """On PostgreSQL 15 and on 18."""
    server: EmbeddedServer = request.getfixturevalue(request.param)
    with servers.fresh_database(server) as name, psycopg.connect(server.dsn(name), autocommit=True) as connection:
        major = connection.info.server_version // 10000
        for extension in EXTENSIONS[major]:
            connection.execute(f'create extension "{extension}"'.encode())
        connection.execute(SCHEMA.encode())
        yield World(connection, snapshot_of(server.dsn(name)), major)


def judged(world: World, query: Query) -> str:
    """Empty if it is understood as what it is; else what is wrong."""
    if query.runs:
        try:
            with world.connection.transaction(force_rollback=True), world.connection.cursor() as cursor:
                cursor.execute(query.sql.encode())
        except psycopg.Error as error:
            return f"the server refuses: {error}"
    statements = world.understand(query.sql)
    unknown = [each.unknown for each in statements if each.unknown is not None]
    if unknown:
        return f"unknown: {unknown[0]}"
    actions = {action.value for each in statements for action in each.actions}
    if actions != set(query.actions.split()):
        return f"actions {sorted(actions)}"
    found = {_named(access) for each in statements for access in each.accesses if access.schema not in _OWN}
    if found != set(query.touches.split()):
        return f"touches {sorted(found)}"
    effects = {effect.value for each in statements for effected in each.effects for effect in effected.effects - _QUIET}
    if effects != set(query.effects.split()):
        return f"effects {sorted(effects)}"
    return ""


_OWN = frozenset({"pg_catalog", "information_schema"})


def _named(access: Access) -> str:
    name = access.relation if access.schema == "public" else f"{access.schema}.{access.relation}"
    return name if access.action == "read" else f"{access.action}:{name}"


@pytest.mark.parametrize("query", QUERIES, ids=[f"{query.kind}-{n}" for n, query in enumerate(QUERIES, 1)])
def test_harmless_is_understood(shop: World, query: Query) -> None:
    """No doubt, and nothing said that is not so."""
    if query.since <= shop.major and query.needs <= set(EXTENSIONS[shop.major]):
        assert judged(shop, query) == "", query.sql
