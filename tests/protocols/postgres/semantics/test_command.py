"""Statements that are not queries: what is said of them against what real servers lock and call, and by hand."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from nightporter.catalog.model import Snapshot
from nightporter.demo.server import EmbeddedServer
from nightporter.protocols.postgres.analysis import analyse
from nightporter.protocols.postgres.grammar import parse
from nightporter.protocols.postgres.kinds import NEVER_ALONE, STATEMENTS
from nightporter.protocols.postgres.nodes import NODES
from nightporter.protocols.postgres.semantics.command import _HANDLERS
from nightporter.protocols.postgres.semantics.scope import Scope
from nightporter.protocols.postgres.semantics.understand import understand
from nightporter.statement.model import Action, Effect, Statement
from tests.lab.servers import fresh_database
from tests.lab.snapshot import snapshot_of

from . import commands

ELSEWHERE = frozenset(
    {"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CopyStmt", "ExplainStmt", "CreateTableAsStmt"}
    | {"DeclareCursorStmt", "PrepareStmt", "ExecuteStmt", "CallStmt", "DoStmt"}
)
"""Statements that run.py knows."""

IN_DOUBT = {
    "alter publication pub set table only app.base": "which tables a publication has is not in the catalogue",
}

BODIES = """
create function app.sets() returns void language plpgsql as
  'begin set local work_mem = ''1MB''; reset role; set search_path to default; end';
create function app.resets() returns void language plpgsql as 'begin reset all; end';
create function app.defines() returns void language plpgsql as
  'begin create temp table tmp (a int); insert into tmp select id from app.parent; drop table tmp; notify ch; lock app.base; end';
create function app.copies() returns void language plpgsql as 'begin copy app.parent to program ''cat''; end';
create function app.lies() returns void language plpgsql as
  'begin create or replace function app.f(int) returns int language sql as ''select 1''; perform app.f(1); end';
create function app.replaces() returns int language plpgsql as
  'begin create or replace function app.f(int) returns int language sql as ''select 1''; return 1; end';
create function app.strays() returns void language plpgsql as 'begin set search_path = side; delete from app.loose; end';
create function app.hides() returns void language plpgsql as
  'begin if false then create temp table loose (a int); end if; delete from loose; end';
create function app.evented() returns event_trigger language plpgsql as 'begin insert into app.log values (tg_tag); end';
"""


@pytest.fixture(scope="module")
def prepared18(embedded18: EmbeddedServer) -> Iterator[str]:
    yield from prepared(embedded18)


@pytest.fixture(scope="module")
def prepared15(debian15: EmbeddedServer) -> Iterator[str]:
    yield from prepared(debian15)


def prepared(server: EmbeddedServer) -> Iterator[str]:
    with fresh_database(server) as name:
        server.psql(commands.FIRST + commands.SETUP + BODIES, name)
        yield server.dsn(name)
    server.psql("drop role np_porter; drop role np_guest")


@pytest.fixture(scope="module")
def scope(prepared18: str) -> Scope:
    return scope_of(snapshot_of(prepared18))


def scope_of(snapshot: Snapshot, *, certain: bool = True, path: tuple[str, ...] = ("public",)) -> Scope:
    role = next(each.name for each in snapshot.roles.values() if each.superuser)
    return Scope(snapshot, path, role, certain=certain)


def read(scope: Scope, sql: str) -> Statement:
    (statement,) = understand(analyse(sql), scope).statements
    return statement


def said(statement: Statement) -> set[str]:
    """`action schema.relation(column, ...)`."""
    found = set()
    for access in statement.accesses:
        columns = ", ".join(sorted(each.name for each in access.columns))
        found.add(f"{access.action.value} {access.schema}.{access.relation}" + (f"({columns})" if columns else ""))
    return found


def noted(statement: Statement) -> dict[str, set[str]]:
    return {each.function: {effect.value for effect in each.effects} for each in statement.effects}


# All of them


def test_no_statement_of_the_grammar_is_missing() -> None:
    assert {name for name in NODES if name.endswith("Stmt")} - NEVER_ALONE == set(STATEMENTS)
    assert set(_HANDLERS) | ELSEWHERE == set(STATEMENTS)
    assert not set(_HANDLERS) & ELSEWHERE


def test_every_statement_is_tried() -> None:
    tried = {parse(sql.encode())[0].tag for sql in commands.STATEMENTS + commands.BARE}
    assert set(_HANDLERS) - tried == {"AlterTableMoveAllStmt"}


def test_a_statement_that_is_not_known_is_a_doubt(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(_HANDLERS, "CheckPointStmt")
    assert read(scope, "checkpoint").unknown == "`CheckPointStmt` is not known"


@pytest.mark.parametrize("version", [15, 18])
def test_what_the_server_locks_and_calls_is_said(version: int, request: pytest.FixtureRequest) -> None:
    """Relations that are locked in whatever mode, and functions of ours that run."""
    dsn: str = request.getfixturevalue(f"prepared{version}")
    snapshot = snapshot_of(dsn)
    scope = scope_of(snapshot)
    differences, accepted = [], 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set track_functions = 'all'")
        for sql in commands.STATEMENTS:
            statement = read(scope, sql)
            reason = IN_DOUBT.get(sql)
            if statement.unknown != reason:
                differences.append(f"{sql}: {statement.unknown}")
            observed = observe(connection, sql)
            if isinstance(observed, str):
                differences.append(f"{sql}: {observed}")
            elif reason is None:
                differences += [f"{sql}: {each}" for each in unsaid(statement, snapshot, *observed)]
            accepted += not isinstance(observed, str)
    assert not differences, "\n".join(differences)
    assert accepted == len(commands.STATEMENTS)


def observe(connection: psycopg.Connection[tuple[object, ...]], sql: str) -> tuple[set[int], set[int]] | str:
    """OIDs of relations that a statement locks and of functions that it calls; or why the server refuses it."""
    connection.execute("select pg_stat_force_next_flush()")
    connection.execute("begin")
    try:
        connection.execute(sql.encode())
        locks = connection.execute(
            "select l.relation::int8 from pg_locks l where l.pid = pg_backend_pid() and l.locktype = 'relation'"
        ).fetchall()
        calls = connection.execute("select funcid::int8 from pg_stat_xact_user_functions").fetchall()
    except psycopg.Error as error:
        return str(error).splitlines()[0]
    finally:
        connection.execute("rollback")
    return {int(str(row[0])) for row in locks}, {int(str(row[0])) for row in calls}


def unsaid(statement: Statement, snapshot: Snapshot, locked: set[int], called: set[int]) -> list[str]:
    named = {(each.schema, each.relation) for each in statement.accesses}
    functions = {each.function for each in statement.effects}
    found = []
    for oid in locked:
        relation = snapshot.relations.get(oid)
        if relation is not None and relation.kind in "iI":
            relation = snapshot.relations[relation.table]
        if relation is not None and relation.oid >= 16384 and (relation.schema, relation.name) not in named:
            found.append(f"{relation!r} is locked, and not named")
    for oid in called:
        function = snapshot.functions.get(oid)
        if function is not None and f"{function.schema}.{function.name}({function.signature})" not in functions:
            found.append(f"{function!r} is called, and not named")
    return found


@pytest.mark.parametrize("sql", commands.BARE)
def test_statements_that_need_more_than_a_transaction_are_understood(scope: Scope, sql: str) -> None:
    assert read(scope, sql).unknown is None


# By hand

TABLE = {
    "create table app.new (a int, b int references app.parent)": {"create app.new", "read app.parent(id)"},
    "create table app.new (a int references app.parent (kind))": {"create app.new", "read app.parent(kind)"},
    "create table app.new (id int primary key, up int references app.new)": {"create app.new"},
    "create table app.new () inherits (app.base)": {"create app.new", "alter app.base"},
    "create table new (a int)": {"create public.new"},
    "create temp table new (a int)": {"create pg_temp.new"},
    "create table if not exists app.new (like app.loose)": {"create app.new", "read app.loose"},
    "alter table app.loose add column c int": {"alter app.loose(c)"},
    "alter table app.loose alter column a set not null": {"alter app.loose(a)", "read app.loose(a)"},
    "alter table app.loose alter column a set default 1": {"alter app.loose(a)"},
    "alter table app.loose alter column a type text using app.f(a)::text || b": {
        "alter app.loose(a)",
        "read app.loose(a, b)",
        "update app.loose(a)",
    },
    "alter table app.loose add constraint c check (a > 0)": {"alter app.loose", "read app.loose(a)"},
    "alter table app.loose add constraint c check (a > 0) not valid": {"alter app.loose"},
    "alter table app.loose drop column b": {"alter app.loose(b)", "drop app.loose(b)"},
    "alter table app.loose drop column b cascade": {"alter app.loose(b)", "drop app.loose(b)", "drop side.v"},
    "alter table app.loose drop column if exists nothing": {"alter app.loose"},
    "alter table app.loose add foreign key (a) references app.parent": {
        "alter app.loose",
        "read app.loose(a)",
        "read app.parent(id)",
    },
    "alter table app.loose enable row level security": {"alter app.loose"},
    "alter table app.base add column c2 int": {"alter app.base(c2)", "alter app.derived", "alter app.further"},
    "alter table only app.base owner to np_guest": {"alter app.base"},
    "alter table app.base owner to np_guest": {"alter app.base"},
    "alter table if exists app.nothing add column a int": {"alter app.nothing(a)"},
    "alter table app.parent rename column name to title": {"alter app.parent(name)"},
    "alter index app.child_note rename to other": {"alter app.child_note", "alter app.child"},
    "alter view app.v rename to w": {"alter app.v"},
    "create view app.new as select id from app.parent where kind > 1": {"create app.new", "read app.parent(id, kind)"},
    "create or replace view app.v as select id, name from app.parent": {
        "create app.v",
        "alter app.v",
        "read app.parent(id, name)",
    },
    "create index i on app.loose (lower(b)) where a > 0": {"create app.i", "read app.loose(a, b)"},
    "create unique index on app.loose (a) include (b)": {"read app.loose(a, b)"},
    "create policy x on app.loose using (a in (select id from app.parent))": {
        "alter app.loose",
        "read app.loose(a)",
        "read app.parent(id)",
    },
    "create trigger t before insert on app.loose for each row execute function app.fire()": {"alter app.loose"},
    "create rule r as on insert to app.loose do also delete from app.log": {"alter app.loose", "read app.log"},
    "create function app.new() returns int language sql as 'select id from app.parent'": {"read app.parent(id)"},
    "create function app.new() returns int language sql as 'select id from app.nothing'": set(),
    "create function app.new() returns int language plpgsql as 'begin delete from app.log; end'": set(),
    "create sequence app.new owned by app.loose.a": {"create app.new", "read app.loose(a)"},
    "create statistics app.new on a, b from app.loose": {"read app.loose(a, b)"},
    "create type app.new as (a int)": {"create app.new"},
    "create schema fresh create table a (b int) create view v as select b from a": {
        "create fresh.a",
        "create fresh.v",
        "read fresh.a(b)",
    },
    "drop table app.log": {"drop app.log"},
    "drop table app.loose cascade": {"drop app.loose", "drop app.owned", "drop side.v"},
    "drop table if exists app.nothing": {"drop app.nothing"},
    "drop table app.child, app.grandchild": {
        "drop app.child",
        "drop app.child_id_seq",
        "drop app.grandchild",
        "alter app.parent",
    },
    "drop view app.v cascade": {"drop app.v", "drop app.vv"},
    "drop index app.child_n": {"drop app.child_n", "alter app.child"},
    "drop sequence app.seq cascade": {"drop app.seq", "alter app.drawn"},
    "drop schema side cascade": {"drop side.t", "drop side.v", "alter app.parent"},
    "drop schema side": set(),
    "drop domain app.word cascade": {"drop app.of_word", "alter app.child(w)"},
    "drop type app.mood cascade": {"drop app.casts", "alter app.child(m)"},
    "drop function app.even(int) cascade": {"alter app.child", "alter app.guarded"},
    "drop function app.f(int)": set(),
    "drop operator app.@+ (int, int)": set(),
    "drop trigger truncated on app.fired": {"alter app.fired"},
    "drop server self cascade": {"drop app.far"},
    "drop owned by np_porter cascade": {"drop app.belongs", "drop app.sees"},
    "reassign owned by np_porter to np_guest": {"alter app.belongs"},
    "truncate app.keyed cascade": {"truncate app.keyed", "truncate app.keys"},
    "truncate app.loose restart identity": {"truncate app.loose", "update app.owned"},
    "truncate app.log": {"truncate app.log", "insert app.log(line)"},
    "refresh materialized view app.mat": {"update app.mat(id, n)", "read app.parent(id)", "read app.child(parent_id)"},
    "refresh materialized view app.mat with no data": {"update app.mat"},
    "lock table app.v in access share mode": {"read app.v", "read app.parent"},
    "lock table app.keyed": {"update app.keyed"},
    "analyze app.loose (a)": {"administer app.loose", "read app.loose(a)"},
    "vacuum app.loose": {"administer app.loose"},
    "reindex index app.child_n": {"administer app.child_n", "administer app.child"},
    "grant select (id) on app.parent to np_guest": {"grant app.parent(id)"},
    "grant select on all tables in schema side to np_guest": {"grant side.t", "grant side.v"},
    "grant usage on schema side to np_guest": set(),
    "comment on column app.parent.name is 'x'": {"alter app.parent(name)"},
    "comment on function app.f(int) is 'x'": set(),
    "create publication p for table app.loose (a)": {"read app.loose(a)"},
    "alter domain app.plain set not null": set(),
    "alter domain app.word set not null": {"read app.child(w)"},
}
"""What each of them names, with columns."""


@pytest.mark.parametrize("sql", TABLE)
def test_what_is_named(scope: Scope, sql: str) -> None:
    statement = read(scope, sql)
    assert statement.unknown is None
    assert said(statement) == TABLE[sql]


def test_only_the_default_partition_is_looked_through_where_it_is_known(prepared18: str) -> None:
    snapshot = snapshot_of(prepared18)
    parted = snapshot.relations_by_name["app", "parted"]
    makes, drops = "create table app.part3 partition of app.parted for values from (20) to (30)", "drop table app.part1"
    parted.default_partition = None
    assert {"read app.part1", "read app.part2", "read app.part_rest"} <= said(read(scope_of(snapshot), makes))
    parted.default_partition = snapshot.relations_by_name["app", "part_rest"].oid
    names = {each for sql in (makes, drops) for each in said(read(scope_of(snapshot), sql))}
    assert "read app.part_rest" in names
    assert names.isdisjoint({"read app.part1", "read app.part2"})


def test_tables_of_a_type_go_with_it(prepared18: str) -> None:
    snapshot = snapshot_of(prepared18)
    pair, typed = snapshot.relations_by_name["app", "pair"], snapshot.relations_by_name["app", "typed"]
    for each in snapshot.relations.values():
        each.of_type = None
    assert {"drop app.typed", "drop app.alone"} == said(read(scope_of(snapshot), "drop type app.alone cascade"))
    for each in snapshot.relations.values():
        each.of_type = 0
    typed.of_type = pair.row_type
    assert "drop app.typed" in said(read(scope_of(snapshot), "drop type app.pair cascade"))
    assert "drop app.base" not in said(read(scope_of(snapshot), "drop type app.pair cascade"))


HARMLESS = (
    "begin",
    "commit",
    "rollback",
    "set work_mem = '1MB'",
    "show all",
    "unlisten ch",
    "fetch all from c",
    "discard all",
    "close c",
)


@pytest.mark.parametrize("sql", HARMLESS)
def test_what_is_only_about_the_session_does_nothing_even_under_an_unknown_path(scope: Scope, sql: str) -> None:
    statement = read(scope_of(scope.snapshot, certain=False), sql)
    assert statement.unknown is None
    assert statement.accesses == () == statement.effects
    assert statement.actions <= {Action.READ}


def test_a_bare_name_under_an_unknown_path_is_in_doubt(scope: Scope) -> None:
    uncertain = scope_of(scope.snapshot, certain=False)
    assert read(uncertain, "drop table if exists log").unknown == "the search path is not known"
    assert read(uncertain, "drop table app.log").unknown is None


def test_a_missing_relation_is_in_doubt_unless_it_may_be_missing(scope: Scope) -> None:
    assert understand(analyse("drop table app.nothing"), scope).missing
    assert read(scope, "drop table app.nothing").unknown == "relation `app.nothing` is not in the catalogue"
    maybe = understand(analyse("drop table if exists app.nothing"), scope)
    assert maybe.missing  # a newer catalogue may have it
    assert maybe.statements[0].accesses[0].kind == "unknown"


EXTENSIONS = {
    "create extension pg_trgm": None,
    "create extension if not exists plpgsql": None,
    "create extension nobody_knows": "what extension `nobody_knows` does is not known",
    "drop extension plpgsql": None,
    "drop extension if exists nobody_knows": None,
    "alter extension nobody_knows update": "what extension `nobody_knows` does is not known",
}


@pytest.mark.parametrize("sql", EXTENSIONS)
def test_extensions_that_come_with_the_server_only_define(scope: Scope, sql: str) -> None:
    assert read(scope, sql).unknown == EXTENSIONS[sql]


NOTES = {
    "load 'x'": {"library x": {"controls_server", "files"}},
    "checkpoint": {"checkpoint": {"controls_server"}},
    "alter system set work_mem = '1MB'": {"server setting work_mem": {"controls_server"}},
    "notify ch, 'x'": {"notification on ch": {"notifies"}},
    "listen ch": {"listen on ch": {"notifies"}},
    "create server s foreign data wrapper nothing": {"server s": {"reaches_out"}},
    "create user mapping for public server self": {"user mapping for server self": {"reaches_out"}},
    "create subscription s connection '' publication p": {"subscription s": {"reaches_out", "reads_data", "writes_data"}},
    "create publication p for all tables": {"publication p of all tables": {"reads_data", "reaches_out"}},
    "create function app.g() returns int language c as 'lib.so', 'g'": {"library lib.so": {"controls_server", "files"}},
    "lock table app.log in share mode": {"lock on app.log (share)": {"locks"}},
    "copy app.log to program 'x'": {"program x": {"reaches_out", "controls_server"}},
    "copy app.log to '/x'": {"file /x": {"files"}},
    "copy app.log to stdout": {},
    "lock table app.log in access share mode": {},
    "create role np_x": {},
}


@pytest.mark.parametrize("sql", NOTES)
def test_what_reaches_beyond_the_database_is_noted(scope: Scope, sql: str) -> None:
    assert noted(read(scope, sql)) == NOTES[sql]


def test_what_a_view_shows_flows_into_it(scope: Scope) -> None:
    statement = read(scope, "create view app.new (x, y) as select id + 1, name from app.v")
    flows = {flow.column: {(each.relation, each.column, each.direct) for each in flow.sources} for flow in statement.flows}
    assert flows == {"x": {("v", "id", False), ("parent", "id", False)}, "y": {("v", "name", True), ("parent", "name", True)}}


def test_a_new_type_of_a_column_flows_from_the_old(scope: Scope) -> None:
    (flow,) = read(scope, "alter table app.loose alter column a type text using b").flows
    assert (flow.column, [(each.column, each.direct) for each in flow.sources]) == ("a", [("b", True)])


# Bodies


def test_settings_that_a_body_changes_are_told(scope: Scope) -> None:
    assert [each.name for each in read(scope, "select app.sets()").settings] == ["work_mem", "role", "search_path"]
    assert [(each.name, each.reset) for each in read(scope, "select app.resets()").settings] == [("all", True)]


def test_a_body_does_what_its_statements_do(scope: Scope) -> None:
    statement = read(scope, "select app.defines()")
    assert statement.unknown is None
    assert {"create pg_temp.tmp", "drop pg_temp.tmp", "read app.parent(id)", "update app.base"} <= said(statement)
    assert {Effect.NOTIFIES, Effect.LOCKS} <= {effect for each in statement.effects for effect in each.effects}


def test_a_body_that_copies_to_a_program_administers(scope: Scope) -> None:
    assert {Action.COPY, Action.ADMINISTER} <= read(scope, "select app.copies()").actions


@pytest.mark.parametrize("sql", ["select app.lies()", "select app.replaces(), app.f(1)", "select app.strays()"])
def test_a_body_that_changes_what_names_mean_is_in_doubt(scope: Scope, sql: str) -> None:
    assert read(scope, sql).unknown == "definitions are changed by a body, and may be used by it or beside it"


def test_a_table_that_a_body_may_make_does_not_hide_one_that_is_there(scope: Scope) -> None:
    assert "may be a relation that is there" in str(read(scope_of(scope.snapshot, path=("app",)), "select app.hides()").unknown)


GUARDED = """do $$begin if not exists (select from pg_trigger where tgname = 'x') then
  create trigger x after insert on app.loose for each row execute function app.fire(); end if; end$$"""


@pytest.mark.parametrize("sql", [GUARDED, "do $$begin create type app.m as enum ('a'); exception when others then null; end$$"])
def test_migrations_that_look_before_they_define_are_understood(scope: Scope, sql: str) -> None:
    assert read(scope, sql).unknown is None


# Event triggers


def test_definitions_set_off_event_triggers(scope: Scope) -> None:
    snapshot = scope.snapshot
    fields = {
        name: getattr(snapshot, name)
        for name in ("version", "schemas", "relations", "types", "functions", "operators", "casts", "roles")
    }
    (evented,) = snapshot.functions_by_name["app", "evented"]
    watched = scope_of(Snapshot(**fields, event_triggers=(evented.oid,)))
    for sql in (
        "create table app.new (a int)",
        "create table app.new as select 1",
        "grant select on app.v to np_guest",
        "drop view app.vv",
    ):
        assert "insert app.log(line)" in said(read(watched, sql)), sql
    for sql in ("create role np_x", "truncate app.keys", "analyze app.log", "set work_mem = '1MB'", "select 1"):
        assert "insert app.log(line)" not in said(read(watched, sql)), sql


# Whatever the tree


def test_no_statement_makes_it_stumble(scope: Scope) -> None:
    """Under a catalogue that has nothing of what they name."""
    empty = Scope(
        Snapshot(version=-1, relations={}, types={}, functions={}, operators={}, casts={}, roles={}), ("public",), "nobody"
    )
    for sql in commands.STATEMENTS + commands.BARE:
        statement = read(empty, sql)
        assert not str(statement.unknown).startswith("a syntax tree of an unknown form"), sql
