"""What policies ask of a reading beyond relations and columns: traits, ancestors, locks, labels, whose a function is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from nightporter.catalog.model import Snapshot
from nightporter.demo.server import EmbeddedServer
from nightporter.protocols.postgres.analysis import analyse
from nightporter.protocols.postgres.semantics import system_labels
from nightporter.protocols.postgres.semantics.scope import Scope
from nightporter.protocols.postgres.semantics.system_labels import NOT_REVIEWED, labels_of, lines
from nightporter.protocols.postgres.semantics.understand import understand
from nightporter.statement.model import Access, Action, Effect, RowBound, Statement, Use
from tests.lab.servers import fresh_database
from tests.lab.snapshot import snapshot_of

SCHEMA = """
create table plain (id int primary key, note text);
create table watched (id int primary key, note text);
create function noted() returns trigger language plpgsql as 'begin return new; end';
create trigger on_update before update on watched for each row execute function noted();
create trigger on_replica after delete on watched for each row execute function noted();
alter table watched enable replica trigger on_replica;
create trigger off after insert on watched for each row execute function noted();
alter table watched disable trigger off;
create table ruled (id int);
create rule r as on delete to ruled do also select 1;
create table secured (id int, who text);
alter table secured enable row level security;
create table parts (id int, day date, primary key (id, day)) partition by range (day);
create table parts_26 partition of parts for values from ('2026-01-01') to ('2027-01-01') partition by range (day);
create table parts_26_1 partition of parts_26 for values from ('2026-01-01') to ('2026-02-01');
create table above (a int); create table beside (b int); create table child (c int) inherits (above, beside);
create unlogged table loose (id int);
create view seen as select id, note from plain where note <> '';
create view seen_again as select id from seen;
create view with_rights as select p.id from plain p where exists (select from watched w where w.id = p.id);
create schema mine;
create function mine.twice(int) returns int language sql as 'select 2 * $1';
create function locks() returns void language plpgsql as 'begin perform 1 from plain for update; end';
create function writes() returns void language plpgsql as 'begin update plain set note = null; end';
create schema shadow;
create view activity as select pid, query as words from pg_stat_activity;
create extension pg_stat_statements; create extension citext; create extension file_fdw; create extension dblink;
create view shadow.pg_stat_statements as select query as calls from pg_stat_statements(true);
create view shadow.pg_stat_activity as select query as pid from pg_stat_get_activity(null);
create server files foreign data wrapper file_fdw;
create foreign table far (x text) server files options (filename '/dev/null');
"""

TAKEN_APART = ("pg_stats_ext", "foreign_server_options", "user_mapping_options")
"""Views that make rows of one labeled value: every column of theirs may come of it."""
SINCE_17 = ("range_length_histogram", "range_bounds_histogram")


@dataclass(slots=True)
class World:
    """A database made by SCHEMA."""

    connection: psycopg.Connection[tuple[object, ...]]
    snapshot: Snapshot

    def read(self, sql: str, **settings: str) -> Statement:
        (statement,) = understand(analyse(sql), Scope(self.snapshot, ("public",), "postgres", settings)).statements
        assert statement.unknown is None, statement.unknown
        return statement

    def access(self, sql: str, action: str, relation: str, *, via: bool = False, **settings: str) -> Access:
        (found,) = (
            each
            for each in self.read(sql, **settings).accesses
            if (each.action, each.relation, bool(each.via)) == (action, relation, via)
        )
        return found

    def locked(self, sql: str) -> dict[str, RowBound | None]:
        statement = self.read(sql)
        found = [each for each in statement.accesses if each.locks]
        assert all(each.action is Action.UPDATE and not each.columns for each in found)
        assert not found or Action.UPDATE in statement.actions
        return {each.relation: each.bound for each in found}

    def labels(self, sql: str) -> set[str]:
        """Every label of a column that is used: `relation.column: label`."""
        return {
            f"{access.relation}.{column.name}: {label}"
            for access in self.read(sql).accesses
            for column in access.columns
            if column.uses
            for label in column.labels
        }


@pytest.fixture(scope="module", params=["debian15", "embedded18"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """On PostgreSQL 15 and on 18."""
    server: EmbeddedServer = request.getfixturevalue(request.param)
    with fresh_database(server) as name, psycopg.connect(server.dsn(name), autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        yield World(connection, snapshot_of(server.dsn(name)))


# Traits


@pytest.mark.parametrize(
    ("sql", "action", "relation", "traits"),
    [
        ("select * from plain", "read", "plain", ""),
        ("update watched set note = null", "update", "watched", "triggers"),
        ("delete from watched", "delete", "watched", ""),
        ("insert into watched values (1)", "insert", "watched", ""),
        ("select * from watched", "read", "watched", ""),
        ("delete from ruled", "delete", "ruled", "rules"),
        ("insert into ruled values (1)", "insert", "ruled", ""),
        ("select * from secured", "read", "secured", "row_security"),
        ("drop table secured", "drop", "secured", "row_security"),
        ("select * from parts", "read", "parts", ""),
        ("select * from parts_26", "read", "parts_26", "partition"),
        ("select * from child", "read", "child", "child"),
        ("truncate loose", "truncate", "loose", "unlogged"),
        ("select * from far", "read", "far", "foreign"),
        ("select * from pg_class", "read", "pg_class", "system"),
        ("select * from information_schema.tables", "read", "tables", "system"),
        ("create temp table t (a int)", "create", "t", "temporary"),
        ("create unlogged table t (a int)", "create", "t", "unlogged"),
        ("create table t partition of parts_26 for values from ('2026-03-01') to ('2026-04-01')", "create", "t", "partition"),
        ("create table t () inherits (plain)", "create", "t", "child"),
        ("create foreign table t (x text) server files options (filename '/')", "create", "t", "foreign"),
    ],
)
def test_traits(world: World, sql: str, action: str, relation: str, traits: str) -> None:
    assert world.access(sql, action, relation).traits == set(traits.split())


def test_triggers_that_a_replica_fires(world: World) -> None:
    assert world.access("delete from watched", "delete", "watched", session_replication_role="replica").traits == {"triggers"}
    assert not world.access("update watched set id = 1", "update", "watched", session_replication_role="replica").traits


def test_ancestors_from_the_nearest(world: World) -> None:
    parts, part = ("public", "parts"), ("public", "parts_26")
    assert world.access("select * from parts_26_1", "read", "parts_26_1").parents == (part, parts)
    assert world.access("select * from parts", "read", "parts_26_1", via=True).parents == (part, parts)
    assert world.access("select * from parts", "read", "parts_26_1", via=True).traits == {"partition"}
    assert world.access("select * from child", "read", "child").parents == (("public", "above"), ("public", "beside"))
    assert world.access("select * from plain", "read", "plain").parents == ()
    made = "create table t partition of parts_26 for values from ('2026-03-01') to ('2026-04-01')"
    assert world.access(made, "create", "t").parents == (part, parts)


# Locks


@pytest.mark.parametrize("how", ["update", "no key update", "share", "key share"])
def test_rows_that_are_locked(world: World, how: str) -> None:
    assert world.locked(f"select note from plain where id = 1 for {how}") == {"plain": RowBound.PRIMARY_KEY}
    assert world.locked(f"select note from plain for {how}") == {"plain": RowBound.NONE}
    assert world.locked(f"select note from plain where true for {how} skip locked") == {"plain": RowBound.TRIVIAL}


@pytest.mark.parametrize(
    ("sql", "locked"),
    [
        ("select 1 from plain p join watched w using (id) for update of w", "watched"),
        ("select 1 from plain p join watched w using (id) for update", "plain watched"),
        ("select 1 from (plain p join watched w using (id)) j for update", "plain watched"),
        ("select 1 from plain p, (select id from watched where note = 'x') w for share", "plain watched"),
        ("select 1 from plain p, (select id from watched where id in (select id from ruled)) w for update of w", "watched"),
        ("select 1 from plain p, (select id from (select id from watched) v) w for update of w", "watched"),
        ("select 1 from plain p, (values (1)) v for update", "plain"),
        ("with w as (select * from watched) select 1 from w, plain for update", "plain"),
        ("select 1 from plain where id in (select id from watched for update)", "watched"),
        ("select id from seen for update", "plain seen"),
        ("select id from seen_again for update", "plain seen seen_again"),
        ("select * from parts for update", "parts parts_26 parts_26_1"),
        ("select * from only above for update", "above"),
        ("lock table plain", "plain"),
        ("lock plain, watched in share mode", "plain watched"),
        ("lock seen", "seen plain"),
        ("lock above in row exclusive mode", "above child"),
        ("lock plain in access share mode", ""),
        ("explain select * from plain for update", ""),
        ("explain analyze select * from plain for update", "plain"),
        ("select locks()", "plain"),
        ("declare c cursor for select * from plain for update", "plain"),
        ("select * from plain", ""),
        ("update plain set note = 'x'", ""),
    ],
)
def test_what_is_locked(world: World, sql: str, locked: str) -> None:
    assert set(world.locked(sql)) == set(locked.split())


def test_what_is_locked_is_apart_from_what_is_changed(world: World) -> None:
    queue = "with job as (select id from plain for update) update plain p set note = null from job where p.id = job.id and p.id = 3"
    found = {each.locks: each.bound for each in world.read(queue).accesses if each.action is Action.UPDATE}
    assert found == {True: RowBound.NONE, False: RowBound.PRIMARY_KEY}


def test_what_only_locks_writes_nothing(world: World) -> None:
    (locks,) = (each for each in world.read("select locks()").effects if each.name == "locks")
    assert locks.effects == {Effect.LOCKS, Effect.READS_DATA}
    (writes,) = (each for each in world.read("select writes()").effects if each.name == "writes")
    assert Effect.WRITES_DATA in writes.effects


# Labels


@pytest.mark.parametrize(
    ("sql", "labels"),
    [
        ("select rolpassword from pg_authid", "pg_authid.rolpassword: secret.password"),
        ("select rolname from pg_authid where rolpassword is null", "pg_authid.rolpassword: secret.password"),
        ("select rolname from pg_authid order by rolpassword", "pg_authid.rolpassword: secret.password"),
        ("select a from pg_authid a", "pg_authid.rolpassword: secret.password"),
        ("select md5(rolpassword || 'x') from pg_authid", "pg_authid.rolpassword: secret.password"),
        ("select 1 from pg_authid a join pg_authid b using (rolpassword)", "pg_authid.rolpassword: secret.password"),
        ("table pg_authid", "pg_authid.rolpassword: secret.password"),
        ("copy pg_authid to stdout", "pg_authid.rolpassword: secret.password"),
        ("select rolname, rolsuper from pg_authid", ""),
        ("select passwd from pg_shadow", "pg_shadow.passwd: secret.password, pg_authid.rolpassword: secret.password"),
        ("select usename from pg_shadow", ""),
        ("select passwd from pg_user", ""),
        ("select * from pg_user", ""),
        ("select * from pg_roles", ""),
        ("select umoptions from pg_user_mapping", "pg_user_mapping.umoptions: secret.password"),
        (
            "select umoptions from pg_user_mappings",
            "pg_user_mappings.umoptions: secret.password, pg_user_mapping.umoptions: secret.password",
        ),
        ("select subconninfo from pg_subscription", "pg_subscription.subconninfo: secret.password"),
        ("select subname from pg_subscription", ""),
        ("select srvoptions from pg_foreign_server", "pg_foreign_server.srvoptions: server.connections"),
        ("select stavalues1 from pg_statistic", "pg_statistic.stavalues1: server.values"),
        ("select null_frac, n_distinct from pg_stats", ""),
        ("select tablename, attname from pg_stats where tablename = 'plain'", ""),
        ("select stxdmcv from pg_statistic_ext_data", "pg_statistic_ext_data.stxdmcv: server.values"),
        ("select data from pg_largeobject", "pg_largeobject.data: server.values"),
        ("select attname, atttypid::regtype from pg_attribute", ""),
        ("select query from pg_stat_activity", "pg_stat_activity.query: server.statements"),
        ("select 1 from pg_stat_activity where query ~ 'x'", "pg_stat_activity.query: server.statements"),
        ("select pid from pg_stat_activity", "pg_stat_activity.pid: server.state"),
        ("select count(*) from pg_stat_activity", ""),
        ("select words from activity", "pg_stat_activity.query: server.statements"),
        ("select pid from activity", "pg_stat_activity.pid: server.state"),
        ("select statement from pg_cursors", "pg_cursors.statement: server.statements"),
        ("select query from pg_stat_statements", "pg_stat_statements.query: server.statements"),
        ("select calls from pg_stat_statements", "pg_stat_statements.calls: server.state"),
        ("select setting from pg_settings", "pg_settings.setting: server.state"),
        ("select mode from pg_locks", "pg_locks.mode: server.state"),
        (
            "select n_live_tup from pg_stat_user_tables",
            "pg_stat_user_tables.n_live_tup: server.state, pg_stat_all_tables.n_live_tup: server.state, "
            "pg_stat_all_tables.schemaname: server.state",
        ),
        ("select relname from pg_class", ""),
        ("select * from information_schema.columns", ""),
        ("select note from plain", ""),
    ],
)  # fmt: skip
def test_labels(world: World, sql: str, labels: str) -> None:
    assert world.labels(sql) == {each for each in labels.split(", ") if each}


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        (
            "select most_common_vals from pg_stats",
            {"pg_stats.most_common_vals: server.values", "pg_statistic.stavalues1: server.values"},
        ),
        ("select s from pg_stats s", {"pg_stats.histogram_bounds: server.values"}),
        ("select to_jsonb(a) from pg_stat_activity a", {"pg_stat_activity.query: server.statements"}),
        ("select (a).query from pg_stat_activity a", {"pg_stat_activity.query: server.statements"}),
        ("select a::text from pg_stat_activity a", {"pg_stat_activity.query: server.statements"}),
        ("select option_value from information_schema.user_mapping_options", {"pg_user_mapping.umoptions: secret.password"}),
        (
            "select option_value from information_schema.foreign_server_options",
            {"pg_foreign_server.srvoptions: server.connections"},
        ),
        ("select most_common_vals from pg_stats_ext", {"pg_stats_ext.most_common_vals: server.values"}),
    ],
)
def test_labels_among_others(world: World, sql: str, wanted: set[str]) -> None:
    assert wanted <= world.labels(sql)


def test_every_relation_of_the_catalogue_is_reviewed(world: World) -> None:
    """And every column that the table names is there."""
    table = list(lines())
    listed = {(line.owner, line.relation) for line in table}
    scope = Scope(world.snapshot)
    for relation in world.snapshot.relations.values():
        if relation.schema == "pg_catalog" and relation.oid < 16384 and relation.kind in "rv":
            assert ("pg_catalog", relation.name) in listed
        for column in relation.columns:
            tells = labels_of(scope, relation)
            assert tells is None or not set(tells(column.name)) >= set(NOT_REVIEWED)
    there = {(each.schema, each.name): each for each in world.snapshot.relations.values()}
    for line in table:
        relation_ = there.get((line.owner, line.relation))
        if relation_ is not None and line.column not in ("*", *SINCE_17):
            assert line.column in relation_.by_name, line
    assert all(len(set(label.split("."))) == 2 for line in table for label in line.labels)


def test_views_of_the_catalogue_show_no_more_than_they_are_said_to(world: World) -> None:
    """What lies beneath a column without a label has none either; beneath one with labels those, or others of the same kind."""
    scope = Scope(world.snapshot)
    for view in world.snapshot.relations.values():
        if view.kind != "v" or view.oid >= 16384 or view.name.startswith(TAKEN_APART):
            continue
        tells = labels_of(scope, view)
        for column in view.columns:
            (statement,) = understand(analyse(f'select "{column.name}" from {view.schema}."{view.name}"'), scope).statements
            mine = set(tells(column.name) if tells is not None else ())
            beneath = {
                label
                for access in statement.accesses
                for each in access.columns
                if access.via and (each.uses & {Use.OUTPUT, Use.EXPRESSION, Use.WHOLE_ROW})
                for label in each.labels
            }
            assert beneath - {"server.state"} <= mine, (view, column.name)


def test_what_nobody_has_reviewed_has_the_labels_that_it_may_need(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    table = {key: columns for key, columns in system_labels._table().items() if key != ("pg_catalog", "pg_aggregate")}
    monkeypatch.setattr(system_labels, "_table", lambda: table)
    monkeypatch.setattr(system_labels, "_told", system_labels._told.__wrapped__)
    assert {each.partition(": ")[2] for each in world.labels("select aggfnoid from pg_aggregate")} == set(NOT_REVIEWED)


# Effects


@pytest.mark.parametrize(
    ("sql", "effects"),
    [
        ("select query from pg_stat_get_activity(null)", "reads_state reads_statements"),
        ("select pg_stat_get_backend_activity(1)", "reads_statements"),
        ("select * from pg_cursor()", "reads_statements"),
        ("select query from pg_stat_statements(true)", "reads_state reads_statements"),
        # of views of the server's own and of extensions it is known which columns show texts
        ("select query from pg_stat_activity", "reads_state"),
        ("select gss_authenticated from pg_stat_gssapi", "reads_state"),
        ("select calls from pg_stat_statements", "reads_state"),
        # but not of others that are called like these
        ("select calls from shadow.pg_stat_statements", "reads_state reads_statements"),
        ("select pid from shadow.pg_stat_activity", "reads_state reads_statements"),
        ("select name from pg_settings", "reads_state"),
        ("select pg_stat_get_numscans(1)", "reads_state"),
        ("select pg_get_viewdef(1), current_setting('x'), version(), pg_relation_size(1)", "reads_catalog"),
        ("listen ch", "notifies"),
        ("notify ch", "notifies"),
        ("copy plain from '/tmp/x'", "files"),
        ("copy plain to program 'cat'", "controls_server reaches_out"),
        ("do 'begin copy plain to program ''cat''; notify ch; end'", "controls_server reaches_out notifies"),
        ("do 'begin copy plain from ''/tmp/x''; end'", "files"),
    ],
)
def test_effects(world: World, sql: str, effects: str) -> None:
    found = {effect for each in world.read(sql).effects for effect in each.effects}
    assert found - {Effect.COMPUTES} == set(effects.split())


def test_whose_a_function_is(world: World) -> None:
    def whose(sql: str) -> tuple[str, str, str, str, str]:
        (each,) = world.read(sql).effects
        return each.function, each.schema, each.name, each.owner, each.language

    assert whose("select mine.twice(1)") == ("mine.twice(integer)", "mine", "twice", "", "sql")
    sleeps = ("pg_catalog.pg_sleep(double precision)", "pg_catalog", "pg_sleep", "pg_catalog", "internal")
    assert whose("select pg_sleep(1)") == sleeps
    assert whose("select dblink_connect('x')") == ("public.dblink_connect(text)", "public", "dblink_connect", "dblink", "c")
    assert whose("notify ch") == ("notification on ch", "", "", "", "")
    (via,) = (each for each in world.read("select locks()").effects if each.name)
    assert (via.schema, via.name, via.owner, via.language) == ("public", "locks", "", "plpgsql")


def test_listen_is_told_without_a_catalogue() -> None:
    (statement,) = analyse('listen "A b"').statements
    assert [(each.function, each.effects) for each in statement.effects] == [("listen on A b", frozenset({Effect.NOTIFIES}))]


def test_uses_of_what_is_labeled_are_as_of_others(world: World) -> None:
    (column,) = world.access("select rolpassword from pg_authid where rolpassword > 'x'", "read", "pg_authid").columns
    assert (column.uses, column.labels) == (frozenset({Use.OUTPUT, Use.PREDICATE}), ("secret.password",))
