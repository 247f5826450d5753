"""Where columns come from, and how they are used: the table of lineage_cases.py, and what real servers say of the same texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import pq

from nightporter.catalog.model import Relation, Snapshot
from nightporter.demo.server import EmbeddedServer
from nightporter.protocols.postgres.analysis import analyse
from nightporter.protocols.postgres.catalog.build import snapshot
from nightporter.protocols.postgres.catalog.queries import PATH
from nightporter.protocols.postgres.catalog.read import inquire
from nightporter.protocols.postgres.semantics.scope import Scope
from nightporter.protocols.postgres.semantics.understand import understand
from nightporter.statement.model import Access, Source, Statement
from tests.lab import servers

from .lineage_cases import CASES, Case, Expected

SCHEMA = Path(__file__).with_name("lineage_schema.sql").read_text()
TEMPORARY = "create temporary table coupons (code text, discount int); create temporary table basket (sku text, quantity int)"
SET_OFF = ("foreign key", "trigger", "rule")
PSEUDO_TYPES = (2249, 2278, 2287)


@dataclass(slots=True)
class World:
    """A session in a database made by lineage_schema.sql, and what it is read under."""

    connection: psycopg.Connection[tuple[object, ...]]
    scope: Scope
    major: int
    libxml: bool

    def understand(self, sql: str) -> Statement:
        (statement,) = understand(analyse(sql), self.scope).statements
        return statement

    def named(self, schema: str, relation: str) -> str:
        """As the table writes it."""
        if schema == self.scope.temporary:
            return f"temp.{relation}"
        return relation if schema == "public" else f"{schema}.{relation}"

    def relation(self, name: str) -> Relation | None:
        """What the table's name stands for."""
        schema, _, bare = name.rpartition(".")
        return self.scope.snapshot.relations_by_name.get((self.scope.temporary if schema == "temp" else schema or "public", bare))

    def source(self, source: Source) -> str:
        return f"{'=' if source.direct else '~'}{self.named(source.schema, source.relation)}.{source.column}"

    def columns(self, name: str) -> list[str]:
        relation = self.relation(name)
        assert relation is not None, name
        return [column.name for column in relation.columns]

    def expanded(self, sources: frozenset[str]) -> set[str]:
        """With `t.*` as its columns."""
        found = set()
        for each in sources:
            if each.endswith(".*"):
                found |= {f"{each[:-1]}{column}" for column in self.columns(each[1:-2])}
            else:
                found.add(each)
        return found


@pytest.fixture(scope="session", params=["debian15", "embedded18"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """On PostgreSQL 15 and on 18."""
    server: EmbeddedServer = request.getfixturevalue(request.param)
    with servers.fresh_database(server) as name, psycopg.connect(server.dsn(name), autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        connection.execute(TEMPORARY.encode())
        row = connection.execute("select nspname from pg_namespace where oid = pg_my_temp_schema()").fetchone()
        assert row is not None
        scope = Scope(_snapshot(connection), ("$user", "public"), "postgres", temporary=str(row[0]))
        (libxml,) = connection.execute(
            "select count(*) from pg_config where name = 'CONFIGURE' and setting like '%libxml%'"
        ).fetchone() or (0,)
        yield World(connection, scope, connection.info.server_version // 10000, bool(libxml))


def _snapshot(connection: psycopg.Connection[tuple[object, ...]]) -> Snapshot:
    """Read on the session's own connection, since no other sees its temporary tables."""
    inquiry = inquire(None)
    with connection.transaction():
        connection.execute(f"set local search_path = {PATH}".encode())
        questions = next(inquiry)
        while True:
            try:
                questions = inquiry.send({name: _rows(connection.pgconn, sql) for name, sql in questions.items()})
            except StopIteration as done:
                return snapshot(done.value, 1)


def _rows(connection: pq.abc.PGconn, sql: str) -> list[tuple[bytes | None, ...]]:
    result = connection.exec_(sql.encode())
    assert result.status == pq.ExecStatus.TUPLES_OK, result.error_message
    return [tuple(result.get_value(row, n) for n in range(result.nfields)) for row in range(result.ntuples)]


@pytest.fixture(params=CASES, ids=[case.sql[:70] for case in CASES])
def case(request: pytest.FixtureRequest) -> Case:
    """A line of the table."""
    found: Case = request.param
    return found


def skipped(world: World, case: Case) -> bool:
    """The server does not know such statements; nothing is to be held against it."""
    return case.since > world.major or (case.xml and not world.libxml)


def test_lineage(world: World, case: Case) -> None:
    if skipped(world, case):
        return
    statement = world.understand(case.sql)
    wrong = [
        *_doubts(statement),
        *_outputs(world, case, statement),
        *_accesses(world, case, statement),
        *_flows(world, case, statement),
    ]
    assert not wrong, "\n".join([case.sql, *wrong])


def _doubts(statement: Statement) -> Iterator[str]:
    for doubt in statement.doubts:
        yield f"doubt: {doubt.reason}"


def _outputs(world: World, case: Case, statement: Statement) -> Iterator[str]:
    expected = None if case.outputs is None else [(name, world.expanded(sources)) for name, sources in case.outputs]
    tolerated = [{each[1:] for each in sources if each[0] == "?"} for _, sources in expected or ()]
    expected = expected and [(name, {each for each in sources if each[0] != "?"}) for name, sources in expected]
    found = (
        None
        if statement.outputs is None
        else [(each.name, {world.source(source) for source in each.sources}) for each in statement.outputs]
    )
    if expected is None or found is None or len(expected) != len(found):
        if expected != found:
            yield f"outputs: {found}, should be {expected}"
        return
    for n, (one, other) in enumerate(zip(found, expected, strict=True), 1):
        others = {each for each in one[1] - other[1] if each[1:] not in tolerated[n - 1]}
        if one[0] != other[0] or others or not other[1] <= one[1]:
            yield f"output {n}: {one[0]} {sorted(one[1])}, should be {other[0]} {sorted(other[1])}"


def _accesses(world: World, case: Case, statement: Statement) -> Iterator[str]:
    found = {(each.action.value, world.named(each.schema, each.relation), _via(each)): each for each in statement.accesses}
    if len(found) != len(statement.accesses):
        yield "an access stands there twice"
    expected = {(each.action, each.relation, each.via): each for each in case.accesses}
    for key in expected.keys() - found.keys():
        yield f"lacks {_key(key)}"
    for key in found.keys() - expected.keys():
        if found[key].kind != "sequence" and not _is_set_off(found[key]):
            yield f"has {_key(key)}: {_uses(found[key])}"
    for key in found.keys() & expected.keys():
        yield from _access(world, found[key], expected[key], _key(key))


def _key(key: tuple[str, str, tuple[str, ...]]) -> str:
    return f"{key[0]} {key[1]}{list(key[2]) if key[2] else ''}"


def _via(access: Access) -> tuple[str, ...]:
    """By name alone: `view public.mails` is `mails`, `child of public.people` is `people`."""
    names = []
    for each in access.via:
        words = each.partition("(")[0].removeprefix("foreign key ").replace(" of ", " ").split()
        names.append((words[1] if "on" not in words else words[words.index("on") - 1]).removeprefix("public."))
    return tuple(names)


def _uses(access: Access) -> dict[str, list[str]]:
    return {column.name: sorted(column.uses) for column in access.columns}


def _access(world: World, found: Access, expected: Expected, key: str) -> Iterator[str]:
    if expected.bound is not None and found.bound != expected.bound:
        yield f"{key} is bounded by {found.bound}, should be {expected.bound}"
    columns: dict[str, set[str] | None] = {}
    for name, uses in expected.columns.items():
        for each in world.columns(expected.relation) if name == "*" else [name]:
            before = columns.get(each) or set()
            columns[each] = None if uses is None else before | uses
    ours = {column.name: {use.value for use in column.uses} for column in found.columns if column.uses}
    for name in columns.keys() | ours.keys():
        should, is_ = columns.get(name, set()), ours.get(name, set())
        if not is_ if should is None else is_ != should:
            yield f"{key}: {name} {sorted(is_)}, should be {'anything' if should is None else sorted(should)}"


def _flows(world: World, case: Case, statement: Statement) -> Iterator[str]:
    found = {
        f"{world.named(each.schema, each.relation)}.{each.column}": {world.source(source) for source in each.sources}
        for each in statement.flows
    }
    expected = {column: world.expanded(sources) for column, sources in case.flows.items()}
    for column in expected.keys() | found.keys():
        one, other = found.get(column), expected.get(column)
        if one is not None and other is not None:  # what may be said without being true
            one -= {sign + each[1:] for each in other if each[0] == "?" for sign in "=~"}
            other = {each for each in other if each[0] != "?"}
        if one != other and not (other is None and _is_written_by_others(column, statement)):
            yield f"flow into {column}: {one and sorted(one)}, should be {other and sorted(other)}"


def _is_set_off(access: Access) -> bool:
    return any(each.startswith(SET_OFF) for each in access.via)


def _is_written_by_others(column: str, statement: Statement) -> bool:
    """By a trigger or rule alone."""
    relation = column.rpartition(".")[0]
    writers = [each for each in statement.accesses if f"{each.schema}.{each.relation}".removeprefix("public.") == relation]
    return all(_is_set_off(each) for each in writers)


def test_servers_accept_the_table_and_agree_on_names_and_origins(world: World, case: Case) -> None:
    if skipped(world, case):
        return
    statement = world.understand(case.sql)
    with world.connection.transaction(force_rollback=True):
        result = _described(world, case.sql)
        if statement.outputs is not None and not case.sql.startswith(("copy", "declare")):
            assert _names(result) == [output.name for output in statement.outputs]
            for n, output in enumerate(statement.outputs):
                origin = _origin(world, result, n)
                if origin is not None and origin[0].kind == "v":
                    assert origin[1] in _output_columns(statement, origin[0]), f"{output} is of view {origin}"
                elif origin is not None:
                    assert (origin[0].schema, origin[0].name, origin[1], True) in {each[:4] for each in output.sources}
        _run(world, case.sql)


def _described(world: World, sql: str) -> pq.abc.PGresult:
    connection = world.connection.pgconn
    prepared = connection.prepare(b"", sql.encode())
    assert prepared.status == pq.ExecStatus.COMMAND_OK, prepared.error_message
    return connection.describe_prepared(b"")


def _names(result: pq.abc.PGresult) -> list[str]:
    return [(result.fname(n) or b"").decode() for n in range(result.nfields)]


def _origin(world: World, result: pq.abc.PGresult, n: int) -> tuple[Relation, str] | None:
    """The table and column that the server says an output column is of."""
    number = result.ftablecol(n)
    if number <= 0:
        return None
    relation = world.scope.snapshot.relations[result.ftable(n)]
    return relation, next(column.name for column in relation.columns if column.number == number)


def _output_columns(statement: Statement, relation: Relation) -> set[str]:
    return {
        column.name
        for access in statement.accesses
        if (access.schema, access.relation) == (relation.schema, relation.name)
        for column in access.columns
        if "output" in column.uses
    }


def _run(world: World, sql: str) -> None:
    connection = world.connection
    if sql.startswith("copy"):
        with connection.cursor() as cursor, cursor.copy(sql.encode()) as copy:
            if "from stdin" not in sql:
                assert list(copy) is not None
    elif "$1" in sql and not sql.startswith("prepare"):
        assert connection.pgconn.exec_params(sql.encode(), [b"1"]).status == pq.ExecStatus.TUPLES_OK
    else:
        connection.execute(sql.encode())


DEPENDENCIES = """
select distinct n.nspname, c.relname, a.attname
from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
    join pg_class c on c.oid = d.refobjid and d.refclassid = 'pg_class'::regclass join pg_namespace n on n.oid = c.relnamespace
    left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid and a.attnum > 0
where r.ev_class = 'np_view'::regclass and d.refobjid <> r.ev_class
"""


def test_a_view_of_the_query_depends_on_what_it_uses(world: World, case: Case) -> None:
    if skipped(world, case) or not case.sql.startswith(("select", "with", "table", "values", "(")) or "$1" in case.sql:
        return
    statement = world.understand(case.sql)
    if statement.outputs is None or not all(each.action == "read" or each.via for each in statement.accesses):
        return
    with world.connection.transaction(force_rollback=True):
        result = _described(world, case.sql)
        if any(result.ftype(n) in PSEUDO_TYPES for n in range(result.nfields)):
            return  # no view has such a column
        names = ", ".join(f"c{n}" for n in range(result.nfields))
        world.connection.execute(f"create temporary view np_view ({names}) as {case.sql}".encode())
        depends = {(world.named(str(s), str(t)), a and str(a)) for s, t, a in world.connection.execute(DEPENDENCIES).fetchall()}
    named = [each for each in statement.accesses if not each.via]
    relations = {world.named(each.schema, each.relation) for each in named}
    assert relations <= {relation for relation, _ in depends}
    theirs = {relation for relation, _ in depends if relation not in relations}
    theirs |= {f"{relation}.{column}" for relation, column in depends if column and relation in relations}
    ours = {
        f"{world.named(each.schema, each.relation)}.{column.name}": column.uses
        for each in named
        for column in each.columns
        if column.uses
    }
    assert theirs - ours.keys() == case.unused
    assert {column for column, uses in ours.items() if "whole_row" not in uses} <= theirs
