"""Statements that lie about what they do. Each is proved on a real server, and then it must be said, or be unknown.

A trick leaves a mark in canary.log, shows what is in vault.secrets, or does what its own `proof` sees. It runs in a transaction
that is rolled back, with its setup; the catalogue is read in that transaction, so that all of it is in the snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn

from nightporter.catalog.model import Snapshot
from nightporter.demo.server import EmbeddedServer
from nightporter.protocols.postgres.analysis import analyse
from nightporter.protocols.postgres.catalog.build import snapshot
from nightporter.protocols.postgres.catalog.queries import PATH
from nightporter.protocols.postgres.catalog.read import inquire
from nightporter.protocols.postgres.semantics.scope import Scope
from nightporter.protocols.postgres.semantics.understand import understand
from nightporter.protocols.postgres.session import Session, State
from nightporter.protocols.postgres.understanding import Understanding
from nightporter.statement.model import RowBound, Statement
from tests.lab import servers

from . import attacks
from .attacks import LOG, MARKED, Trick

SCHEMA = Path(__file__).with_name("attacks.sql").read_text()
SECRET = "S3CRET"


@dataclass(slots=True)
class World:
    """A database made by attacks.sql, and its snapshot."""

    connection: psycopg.Connection[tuple[object, ...]]
    snapshot: Snapshot
    major: int


@pytest.fixture(scope="session", params=["debian15", "embedded18"])
def attacked(request: pytest.FixtureRequest) -> Iterator[World]:
    """On PostgreSQL 15 and on 18."""
    server: EmbeddedServer = request.getfixturevalue(request.param)
    with servers.fresh_database(server) as name, psycopg.connect(server.dsn(name), autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        with connection.transaction():
            found = read(connection)
        yield World(connection, found, connection.info.server_version // 10000)


def read(connection: psycopg.Connection[tuple[object, ...]]) -> Snapshot:
    """The catalogue as this transaction sees it."""
    inquiry = inquire(None)
    connection.execute(f"set local search_path = {PATH}".encode())
    questions = next(inquiry)
    while True:
        try:
            questions = inquiry.send({name: _rows(connection.pgconn, sql) for name, sql in questions.items()})
        except StopIteration as done:
            return snapshot(done.value, 1)


def _rows(connection: PGconn, sql: str) -> list[tuple[bytes | None, ...]]:
    result = connection.exec_(sql.encode())
    assert result.status == ExecStatus.TUPLES_OK, result.error_message
    return [tuple(result.get_value(row, column) for column in range(result.nfields)) for row in range(result.ntuples)]


def spoken(trick: Trick, found: Snapshot, temporary: str) -> tuple[Statement, ...]:
    """What is said of a trick's statements."""
    reading = analyse(trick.sql)
    if trick.prepared:
        (name,) = analyse(trick.prepared).statements[0].names
        assert name.inner is not None
        reading = replace(reading, statements=tuple(replace(each, runs=(name.inner,)) for each in reading.statements))
    path = tuple(part.strip().strip('"') for part in trick.path.split(",") if part.strip())
    settings = {"row_security": "on", "session_replication_role": "origin", "transform_null_equals": "off", **dict(trick.settings)}
    if len(reading.statements) == 1:
        return understand(reading, Scope(found, path, trick.role, settings, temporary)).statements
    values = (trick.path, trick.role, "postgres", *settings.values())
    standing = Session(State(values, values, temporary)).standing_for_several()
    return Understanding()(reading, standing, found).statements


def run(connection: psycopg.Connection[tuple[object, ...]], sql: str) -> str:
    """All that comes back: rows, copied data, notices and errors, as text."""
    back: list[str] = []

    def keep(notice: psycopg.errors.Diagnostic) -> None:
        back.append(str(notice.message_primary))

    connection.add_notice_handler(keep)
    connection.execute("savepoint before")
    failed = False
    for each in (sql, "set constraints all immediate"):
        if failed:
            break
        connection.pgconn.send_query(each.encode())
        while (result := connection.pgconn.get_result()) is not None:
            if result.status == ExecStatus.COPY_OUT:
                while True:
                    size, data = connection.pgconn.get_copy_data(0)
                    if size < 0:
                        break
                    back.append(bytes(data).decode())
            elif result.status == ExecStatus.FATAL_ERROR:
                failed = True
                back.append(result.error_message.decode())
            back += [str(result.get_value(row, column)) for row in range(result.ntuples) for column in range(result.nfields)]
    if failed:
        connection.execute("rollback to savepoint before")
    connection.remove_notice_handler(keep)
    return "\n".join(back)


def holds(says: str, statements: tuple[Statement, ...]) -> bool:
    """Whether one claim is among what is said."""
    word, _, rest = says.partition(" ")
    match word:
        case "out":
            named = {f"{source.schema}.{source.relation}.{source.column}"
                     for each in statements for output in each.outputs or () for source in output.sources}  # fmt: skip
            return rest in named
        case "reads":
            return rest in {f"{access.schema}.{access.relation}.{column.name}"
                            for each in statements for access in each.accesses for column in access.columns}  # fmt: skip
        case "flow":
            target, _, source = rest.partition(" < ")
            return any(
                f"{flow.schema}.{flow.relation}.{flow.column}" == target
                and (not source or source in {f"{s.schema}.{s.relation}.{s.column}" for s in flow.sources})
                for each in statements
                for flow in each.flows
            )
        case "effect":
            return any(rest in effected.effects for each in statements for effected in each.effects)
        case "setting":
            return any(setting.name in (rest, None) for each in statements for setting in each.settings)
        case "bound":
            bound, _, name = rest.partition(" ")
            return any(access.bound == bound and f"{access.schema}.{access.relation}" == name
                       for each in statements for access in each.accesses)  # fmt: skip
        case "unkeyed":
            changes = [access for each in statements for access in each.accesses if access.action != "read"]
            return not any(each.bound == RowBound.PRIMARY_KEY and f"{each.schema}.{each.relation}" == rest for each in changes)
        case "action":
            return any(rest in each.actions for each in statements)
        case _:
            return any(access.action == word and f"{access.schema}.{access.relation}" == rest
                       for each in statements for access in each.accesses)  # fmt: skip


def judged(world: World, trick: Trick) -> str:
    """Empty if the trick works on the server and is seen through; else what is wrong."""
    connection = world.connection
    with connection.transaction(force_rollback=True):
        if trick.setup:
            connection.execute(trick.setup.encode())
            with connection.transaction(force_rollback=True):
                found = read(connection)
        else:
            found = world.snapshot
        connection.execute(f"set local search_path = {trick.path or chr(39) * 2}".encode())
        for name, value in trick.settings:
            connection.execute(f"set local {name} = {value}".encode())
        row = connection.execute(
            "select coalesce((select nspname from pg_namespace where oid = pg_my_temp_schema()), '')"
        ).fetchone()
        temporary = str(row[0]) if row is not None and found is not world.snapshot else ""
        if trick.prepared:
            connection.execute(trick.prepared.encode())
        if trick.role != "postgres":
            connection.execute(f"set local role {trick.role}".encode())
        statements = spoken(trick, found, temporary)
        back = run(connection, trick.sql)
        connection.execute("reset role")
        connection.execute("deallocate all")
        connection.execute("set local search_path = public")
        if trick.proof or LOG in trick.says:
            row = connection.execute((trick.proof or MARKED).encode()).fetchone()
            worked = row is not None and row[0] is True
        else:
            worked = SECRET in back
    if not worked:
        return f"the trick does not work: {back}"
    unknown = [each.unknown for each in statements if each.unknown is not None]
    if unknown:
        return f"unknown: {unknown[0]}" if trick.known else ""
    missing = [each for each in trick.says.split("; ") if not holds(each, statements)]
    return f"not said: {'; '.join(missing)}" if missing else ""


def cases() -> list[object]:
    """Each trick by its class and place."""
    classes = {name.lower(): found for name, found in vars(attacks).items() if isinstance(found, list)}
    return [pytest.param(trick, id=f"{kind}-{n}") for kind, tricks in classes.items() for n, trick in enumerate(tricks, 1)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "trick" in metafunc.fixturenames:
        metafunc.parametrize("trick", cases())


def test_a_statement_cannot_lie(attacked: World, trick: Trick) -> None:
    """What it does is said, or it is unknown."""
    if trick.since <= attacked.major <= trick.until:
        found = judged(attacked, trick)
        if trick.open:
            assert found.startswith("not said"), f"is seen through: take away `open` ({trick.open})"
        else:
            assert found == "", trick.sql
