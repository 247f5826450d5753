"""What names mean in a session, on real servers: the scope that a text is read under is the one that the server runs it under.

Every case says which of two tables `t` a statement reads, and the server agrees: each holds its schema's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest
from psycopg import sql

from nightporter.demo.server import EmbeddedServer
from nightporter.identity.principal import Kind
from tests.lab.follower import Follower, follower
from tests.lab.servers import fresh_database

SCHEMA = """
create schema a; create schema b;
create table a.t (here text); insert into a.t values ('a');
create table b.t (here text); insert into b.t values ('b');
create table public.t (here text); insert into public.t values ('public');
create function to_b() returns void language plpgsql as $$ begin perform set_config('search_path', 'b', false); end $$;
create function to_b_by_text() returns void language plpgsql as $$ begin execute 'set search_path = b'; end $$;
create function within_b() returns text language sql set search_path = b as $$ select here from t $$;
create procedure ends_in_b() language plpgsql as $$ begin perform set_config('search_path', 'b', false); commit; raise 'no'; end $$;
create function makes_temporary() returns void language plpgsql as $$
    begin execute 'create temp table t as select ''temp'' here'; end $$;
"""
DEFERRED = """
create table public.late (n int);
create function late() returns trigger language plpgsql as $$
    begin perform set_config('search_path', 'b', false); return null; end $$;
create constraint trigger late after insert on public.late deferrable initially deferred for each row execute function late();
create function lies(int) returns int immutable language plpgsql as $$
    begin perform set_config('search_path', 'b', false); return 1; end $$;
"""
WHERE = "select here from t"


@pytest.fixture(scope="module", params=["15", "18"])
def server(request: pytest.FixtureRequest) -> EmbeddedServer:
    found = request.getfixturevalue("debian15" if request.param == "15" else "embedded18")
    assert isinstance(found, EmbeddedServer)
    return found


@pytest.fixture
def database(server: EmbeddedServer) -> Iterator[str]:
    with fresh_database(server) as name:
        server.psql(SCHEMA + DEFERRED, name)
        yield name


@pytest.fixture
def through(server: EmbeddedServer, database: str) -> Iterator[Follower]:
    with follower(server.dsn(database)) as running:
        yield running


@pytest.fixture
def session(through: Follower) -> Iterator[psycopg.Connection]:
    with psycopg.connect(through.through, autocommit=True) as connection:
        yield connection


def read(connection: psycopg.Connection, text: str = WHERE) -> str:
    """What the server reads."""
    row = connection.execute(text.encode(), prepare=False).fetchone()
    assert row is not None
    return str(row[0])


def agree(through: Follower, connection: psycopg.Connection) -> str:
    """Which table both say it is."""
    found = read(connection)
    statement = through.last(WHERE).statement
    (access,) = statement.accesses
    schema = "temp" if access.schema.startswith("pg_temp") else access.schema
    assert (schema, access.relation, statement.unknown) == (found, "t", None)
    return found


Case = tuple[list[str], str]
CASES: dict[str, Case] = {
    "nothing": ([], "public"),
    "set": (["set search_path = a"], "a"),
    "set quoted": (['set search_path = "a"'], "a"),
    "set several": (["set search_path = nowhere, b, a"], "b"),
    "set a string that looks like a list": (["set search_path = 'a, b', b"], "b"),
    "set schema": (["set schema 'a'"], "a"),
    "set config": (["select set_config('search_path', 'a', false)"], "a"),
    "set config in another statement": (["insert into a.t select set_config('search_path', 'b', false)"], "b"),
    "update pg_settings": (["update pg_settings set setting = 'b' where name = 'search_path'"], "b"),
    "a function that sets": (["select to_b()"], "b"),
    "a function that sets by text": (["select to_b_by_text()"], "b"),
    "a function that sets for itself": (["select within_b()"], "public"),
    "a block of code": (["do $$ begin set search_path = b; end $$"], "b"),
    "a failed set": (["set search_path = a", "begin; set search_path = b; select 1/0", "rollback"], "a"),
    "a text that fails after it set": (["set search_path = b; select 1/0"], "public"),
    "a procedure that commits and fails": (["call ends_in_b()"], "b"),
    "reset": (["set search_path = a", "reset search_path"], "public"),
    "set to default": (["set search_path = a", "set search_path to default"], "public"),
    "reset all": (["set search_path = a", "reset all"], "public"),
    "discard all": (["set search_path = a", "discard all"], "public"),
    "in a transaction": (["begin", "set search_path = a"], "a"),
    "rolled back": (["begin", "set search_path = a", "rollback"], "public"),
    "committed": (["begin", "set search_path = a", "commit"], "a"),
    "a failed transaction that was to be committed": (["begin", "set search_path = a", "select 1/0", "commit"], "public"),
    "local": (["begin", "set local search_path = a"], "a"),
    "local, committed": (["set search_path = b", "begin", "set local search_path = a", "commit"], "b"),
    "local after set": (["begin", "set search_path = b", "set local search_path = a", "commit"], "b"),
    "local outside": (["set local search_path = a"], "public"),
    "local in one text": (["set local search_path = a; select here from t"], "public"),
    "savepoint": (["begin", "set search_path = a", "savepoint s", "set search_path = b", "rollback to s"], "a"),
    "released": (["begin", "savepoint s", "set search_path = b", "release s"], "b"),
    "released, rolled back": (["begin", "savepoint s", "set local search_path = b", "release s", "rollback"], "public"),
    "savepoints of one name": (
        ["begin", "savepoint s", "set search_path = a", "savepoint s", "set search_path = b", "rollback to s"],
        "a",
    ),
    "inner savepoint": (
        [
            "begin",
            "set search_path = a",
            "savepoint s",
            "set search_path = b",
            "savepoint q",
            "rollback to s",
            "release s",
            "commit",
        ],
        "a",
    ),
    "a savepoint after a failure": (["begin", "savepoint s", "set search_path = a", "select 1/0", "rollback to s"], "public"),
    "chain": (["begin", "set local search_path = a", "commit and chain"], "public"),
    "chain after set": (["begin", "set search_path = a", "commit and chain"], "a"),
    "rolled back and chain": (["begin", "set search_path = a", "rollback and chain"], "public"),
    "unknown in a transaction, rolled back": (["begin", "select to_b_by_text()", "rollback"], "public"),
    "unknown in a savepoint, rolled back": (
        ["begin", "set search_path = a", "savepoint s", "select public.to_b_by_text()", "rollback to s"],
        "a",
    ),
    "several in one text": (["begin; set search_path = a; commit"], "a"),
    "several in one text, local": (["begin; set local search_path = a; commit"], "public"),
    "several in one text, in a block": (
        ["begin", "set local search_path = a; savepoint s; set local search_path = b; rollback to s"],
        "a",
    ),
    "user": (["create schema postgres; create table postgres.t as select 'user' here; drop schema postgres cascade"], "public"),
    "temporary": (["create temp table t as select 'temp' here"], "temp"),
    "temporary, dropped": (["create temp table t as select 'temp' here", "drop table t"], "public"),
    "temporary, rolled back": (["begin", "create temp table t as select 'temp' here", "rollback"], "public"),
    "temporary, not committed": (["begin", "create temp table t as select 'temp' here"], "temp"),
    "temporary until commit": (["begin", "create temp table t on commit drop as select 'temp' here", "commit"], "public"),
    "temporary, last in the path": (["create temp table t as select 'temp' here", "set search_path = a, pg_temp"], "a"),
    "temporary, made by a function": (["select makes_temporary()"], "temp"),
    "temporary, discarded": (["create temp table t as select 'temp' here", "discard temp"], "public"),
    "temporary, discarded with all": (["create temp table t as select 'temp' here", "discard all"], "public"),
    "dropped in a transaction": (["set search_path = a, b", "begin", "drop table a.t"], "b"),
    "dropped, rolled back": (["set search_path = a, b", "begin", "drop table a.t", "rollback"], "a"),
    "dropped, back to a savepoint": (["set search_path = a, b", "begin", "savepoint s", "drop table a.t", "rollback to s"], "a"),
    "renamed in a transaction": (
        ["set search_path = a, b", "begin", "alter schema a rename to c", "set search_path = c, b", "update t set here = 'c'"],
        "c",
    ),
    "a deferred trigger": (["begin", "insert into late values (1)", WHERE, "commit"], "b"),
    "a deferred trigger, at once": (["begin", "insert into late values (1)", WHERE, "set constraints all immediate"], "b"),
    "a deferred trigger, alone": (["insert into late values (1)"], "b"),
    "a cursor that outlives": (["begin", "declare c cursor with hold for select to_b_by_text()", WHERE, "commit"], "b"),
    "a cursor": (["begin", "declare c cursor for select to_b_by_text()", WHERE, "fetch c"], "b"),
    "a function that lies": (["select lies(1)"], "b"),
    "explained": (["explain select lies(1)"], "b"),
    "made": (["create schema n; create table n.t as select 'n' here", "set search_path = n"], "n"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_table_is_the_one_that_the_server_reads(through: Follower, session: psycopg.Connection, name: str) -> None:
    script, expected = CASES[name]
    agree(through, session)
    for text in script:
        with suppress(psycopg.errors.DivisionByZero, psycopg.errors.RaiseException):
            session.execute(text.encode(), prepare=False)
    assert agree(through, session) == expected


def questions(through: Follower) -> int:
    """How many times a session has been asked something, at the time of the last request."""
    return through.seen[-1].asked


def test_no_question_is_asked_for_what_is_known(through: Follower, session: psycopg.Connection) -> None:
    agree(through, session)
    script = ["set search_path = a", "begin", "set local search_path = b", "savepoint s", "rollback to s", "commit", "reset all"]
    for text in (*script, "listen c", "begin isolation level serializable read only", "rollback", "notify c"):
        session.execute(text.encode(), prepare=False)
        read(session)
    assert questions(through) == 1
    session.execute("select to_b_by_text()", prepare=False)
    read(session)
    assert questions(through) == 2


def test_a_prepared_statement_reads_what_the_path_finds_when_it_runs(through: Follower, session: psycopg.Connection) -> None:
    session.execute(f"prepare p as {WHERE}")
    for schema in ("a", "b", "public"):
        session.execute(sql.SQL("set search_path = {}").format(sql.Identifier(schema)))
        assert session.execute(WHERE, prepare=True).fetchone() == (schema,)
        assert through.relations(WHERE) == {f"{schema}.t"}
        assert session.execute("execute p", prepare=False).fetchone() == (schema,)
        assert through.relations("execute p") == {f"{schema}.t"}


def test_a_cursor_goes_on_with_what_it_was_opened_on(through: Follower, session: psycopg.Connection) -> None:
    session.execute("begin")
    session.execute(f"declare c cursor for {WHERE}")
    session.execute("set search_path = a")
    assert session.execute("fetch c", prepare=False).fetchone() == ("public",)
    assert agree(through, session) == "a"


def test_a_pipeline_waits_only_where_it_must(through: Follower, session: psycopg.Connection) -> None:
    cursors = []
    with session.pipeline():
        for text in (WHERE, "set search_path = a", WHERE, "select public.to_b()", WHERE):
            cursor = session.cursor()
            cursor.execute(text.encode(), prepare=False)
            cursors.append(cursor)
    assert [cursor.fetchone() for cursor in cursors if cursor.description] == [("public",), ("a",), ("",), ("b",)]
    reads = [seen for seen in through.seen if seen.text == WHERE and seen.phase != "prepare"]
    assert [next(iter(seen.statement.accesses)).schema for seen in reads] == ["public", "a", "b"]


def test_a_pipeline_that_fails_goes_back(through: Follower, session: psycopg.Connection) -> None:
    def fail() -> None:
        with session.pipeline():
            session.execute("set search_path = a")
            session.execute("select 1/0")
            session.execute(WHERE)

    with pytest.raises(psycopg.errors.DivisionByZero):
        fail()
    assert agree(through, session) == "public"


def test_what_one_session_defines_another_reads_at_once(through: Follower, session: psycopg.Connection) -> None:
    with psycopg.connect(through.through, autocommit=True) as other:
        other.execute("set search_path = n, public")
        assert agree(through, other) == "public"
        session.execute("create schema n")
        session.execute("create table n.t as select 'n' here")
        assert agree(through, other) == "n"
        with session.transaction():
            session.execute("drop table n.t")
        assert agree(through, other) == "public"


def test_what_somebody_else_defines_is_found_though_the_catalogue_did_not_have_it(
    server: EmbeddedServer, database: str, through: Follower, session: psycopg.Connection
) -> None:
    agree(through, session)
    server.psql("create table later (here text)", database)
    session.execute("select * from later")
    assert through.relations("later") == {"public.later"}
    session.execute("create temp table mine (a int)")
    agree(through, session)
    server.psql("create table latest (here text)", database)
    session.execute("select * from latest")
    assert through.relations("latest") == {"public.latest"}


def test_without_a_catalogue_statements_are_unknown_and_the_session_goes_on(through: Follower, session: psycopg.Connection) -> None:
    agree(through, session)
    through.broken = True
    assert read(session) == "public"
    assert through.last(WHERE).statement.unknown == "the catalogue of the database cannot be read"
    through.broken = False
    assert agree(through, session) == "public"


def test_an_agent_is_told_why(server: EmbeddedServer, database: str) -> None:
    with follower(server.dsn(database), Kind.AGENT) as running, psycopg.connect(running.through, autocommit=True) as bot:
        assert agree(running, bot) == "public"
        running.broken = True
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="the catalogue of the database cannot be read"):
            bot.execute(WHERE)
        running.broken = False
        assert agree(running, bot) == "public"


def test_copy_and_what_comes_after_it(through: Follower, session: psycopg.Connection) -> None:
    session.execute("create temp table t (here text)")
    with session.cursor().copy("copy t from stdin") as copy:
        copy.write_row(("temp",))
    assert agree(through, session) == "temp"
    with session.cursor().copy("copy t to stdout") as copy:
        assert b"".join(copy) == b"temp\n"


def test_a_question_takes_no_snapshot_of_the_clients_transaction(through: Follower, session: psycopg.Connection) -> None:
    """Else a LOCK would come too late, and SET TRANSACTION fail."""
    with psycopg.connect(through.dsn, autocommit=True) as other:
        session.execute("select to_b_by_text()")
        asked = questions(through)
        session.execute("begin isolation level repeatable read")
        assert questions(through) == asked + 1
        session.execute("set local search_path = a")
        other.execute("insert into a.t values ('new')")
        session.execute("lock table a.t in share mode")
        assert session.execute("select count(*) from t").fetchone() == (2,)
        session.execute("rollback")
        session.execute("begin")
        session.execute("set local search_path = a")
        session.execute("set transaction isolation level serializable")
        assert read(session) == "a"


def messages(dsn: str, texts: list[str]) -> list[object]:
    """All that a client can see of a session with these statements."""
    seen: list[object] = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.add_notice_handler(lambda d: seen.append(("notice", d.sqlstate, d.message_primary)))
        for text in texts:
            try:
                cursor = connection.execute(text.encode(), prepare=False)
                seen.append((text, cursor.statusmessage, cursor.fetchall() if cursor.description else None))
            except psycopg.Error as error:
                seen.append((text, error.sqlstate, error.diag.message_primary, error.diag.statement_position))
            status = connection.pgconn.transaction_status
            names = (b"search_path", b"session_authorization", b"TimeZone", b"application_name", b"is_superuser")
            seen.append((status, [connection.pgconn.parameter_status(name) for name in names]))
    return seen


def test_the_client_sees_no_difference(server: EmbeddedServer, database: str, through: Follower) -> None:
    texts = [
        WHERE,
        "select public.to_b_by_text()",
        WHERE,
        "begin",
        "do $$ begin raise notice 'hello'; end $$",
        WHERE,
        "create temp table t as select 'temp' here",
        WHERE,
        "select 1/0",
        WHERE,
        "rollback",
        "set timezone = 'Asia/Tokyo'",
        "commit",
        WHERE,
        "select count(*) from pg_prepared_statements",
        "select count(*) from pg_cursors",
        "create temp table t as select 'temp' here",
        "select name from pg_prepared_statements",
        "begin",
        "create table made (a int)",
        "select * from made",
        "select txid_current_if_assigned() is not null",
        "show search_path",
        "rollback to nowhere",
        "commit",
        "discard all",
        "select current_setting('search_path')",
        "listen c",
        "notify c, 'x'",
        "set role nobody_at_all",
        WHERE,
    ]
    straight = messages(server.dsn(database), texts)
    assert messages(through.through, texts) == straight


def test_to_open_a_cursor_may_run_what_calls_itself_immutable(through: Follower, session: psycopg.Connection) -> None:
    session.execute("begin")
    session.execute("declare c cursor for select public.lies(1)")
    assert agree(through, session) == "b"
