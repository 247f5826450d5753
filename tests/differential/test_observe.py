"""What is seen of a server, by statements of which we know what they do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nightporter.demo.server import EmbeddedServer
from tests.lab.servers import fresh_database

from .catalogue import Catalogue, split_identifiers
from .generate import server_for
from .judge import shape
from .observe import Observed, Session

SCHEMA = (
    "create table p (id int primary key, name text)",
    "create table c (id serial primary key, p int references p on delete cascade)",
    "create view v as select id, name, name || '!' as loud from p",
    "create view w as select * from v",
    "create function note() returns int language plpgsql as 'begin insert into c (p) values (null); return 1; end'",
    "create table d (p int references p deferrable initially deferred)",
    "insert into p values (1, 'a'), (2, 'b')",
    "insert into c (p) values (1), (1), (2)",
)


@pytest.fixture(scope="module", params=[15, 18])
def server(request: pytest.FixtureRequest) -> Iterator[EmbeddedServer]:
    with server_for(request.param) as running:
        yield running


@pytest.fixture
def session(server: EmbeddedServer) -> Iterator[Session]:
    with fresh_database(server) as name:
        opened = Session(server.dsn(name))
        for text in SCHEMA:
            opened.command(text)
        opened.refresh()
        yield opened
        opened.close()


def locks(session: Session, observed: Observed) -> set[tuple[str, str]]:
    found = set()
    for oid, mode in observed.locks:
        rows = session.rows(f"select {oid}::regclass")
        assert rows
        found.add(((rows[0][0] or b"").decode(), mode))
    return found


def see(session: Session, text: str) -> Observed:
    query, bare = shape(text)
    return session.run(text, query=query, bare=bare)


def oid(session: Session, name: str) -> int:
    rows = session.rows(f"select '{name}'::regclass::oid")
    assert rows
    return int(rows[0][0] or b"0")


def test_a_cascade_is_seen(session: Session) -> None:
    seen = see(session, "delete from p where id = 1")
    assert seen.accepted
    assert seen.complete
    assert seen.logged
    assert seen.wrote
    assert {("p", "RowExclusiveLock"), ("c", "RowExclusiveLock")} <= locks(session, seen)
    assert seen.changes == {oid(session, "p"): (0, 0, 1), oid(session, "c"): (0, 0, 2)}
    assert not seen.catalog_changed


def test_counters_do_not_leak_into_the_next(session: Session) -> None:
    see(session, "insert into p values (3, 'c')")
    see(session, "insert into p values (1, 'fails')")
    seen = see(session, "select name from p")
    assert seen.changes == {}
    assert not seen.wrote
    assert seen.logged is False


def test_what_waits_for_the_end_of_a_transaction(session: Session) -> None:
    refused = see(session, "insert into d values (77)")
    assert (refused.accepted, refused.sqlstate) == (False, "23503")
    assert ("p", "RowShareLock") in locks(session, see(session, "insert into d values (2)"))


def test_functions_that_were_called(session: Session) -> None:
    catalogue = Catalogue(session)
    seen = see(session, "select note()")
    (called,) = seen.called
    assert catalogue.snapshot.functions[called].name == "note"
    assert seen.probe is not None
    assert called in seen.probe.functions
    assert seen.logged is False  # the server's own class does not look into functions
    assert seen.changes


def test_origins_through_views(session: Session) -> None:
    seen = see(session, "select w.name as n, w.loud, p.id, 1 from w join p using (id)")
    columns = seen.results[0].columns
    assert columns is not None
    p, w = oid(session, "p"), oid(session, "w")
    assert [(each.name, each.table, each.column, each.bases) for each in columns] == [
        ("n", w, 2, ((p, 2),)),
        ("loud", w, 3, ()),
        ("id", p, 1, ((p, 1),)),
        ("?column?", 0, 0, ()),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "select name from p where id > 0",
        "explain select name from p where id > 0",
        "create temp table made as select name from p where id > 0 with no data",
        "copy (select name from p where id > 0) to stdout",
        "insert into c (p) select length(name) from p where id > 0 and false",
        "update p set name = name where id > 0",
        "begin; declare x cursor for select name from p where id > 0",
    ],
)
def test_the_same_as_a_view_or_a_rule(session: Session, text: str) -> None:
    if text.startswith("begin; "):
        session.command("begin")
        text = text.removeprefix("begin; ")
    seen = see(session, text)
    assert seen.accepted
    assert seen.probe is not None
    p = oid(session, "p")
    assert {(p, 1), (p, 2)} <= seen.probe.columns
    assert p in seen.probe.relations
    assert session.rows("select to_regclass('pg_temp.np_probe')") == [(None,)]


def test_a_transaction_of_the_client_s(session: Session) -> None:
    assert see(session, "begin").results[0].tag == "BEGIN"
    assert see(session, "set transaction isolation level serializable").accepted
    first = see(session, "insert into p values (5, 'e')")
    assert first.changes == {oid(session, "p"): (1, 0, 0)}
    second = see(session, "insert into p values (6, 'f')")
    assert second.changes == {oid(session, "p"): (1, 0, 0)}
    assert second.locks == frozenset()
    assert see(session, "create table more ()").catalog_changed
    assert see(session, "rollback").catalog_changed
    assert session.idle
    assert see(session, "select count(*) from p where id > 4").changes == {}


def test_what_cannot_stand_in_a_transaction(session: Session) -> None:
    seen = see(session, "vacuum p")
    assert seen.accepted
    assert not seen.complete


def test_settings_roles_and_locks(session: Session) -> None:
    assert see(session, 'set search_path = "A b", public').settings == {"search_path"}
    assert split_identifiers(session.state.settings["search_path"]) == ["A b", "public"]
    assert see(session, "set local work_mem = '1MB'").settings == {"work_mem"}
    assert see(session, "select 1").settings == frozenset()
    assert see(session, "select pg_advisory_lock(1)").advisory
    assert not see(session, "select 1").advisory


def test_the_catalogue_as_the_session_sees_it(session: Session) -> None:
    catalogue = Catalogue(session)
    session.command("create temporary table p (other int)")
    session.command("begin")
    session.command("create table fresh (a int)")
    session.refresh()
    catalogue.refresh()
    relation = catalogue.scope().relation(None, "p")
    assert relation is not None
    assert list(relation.by_name) == ["other"]
    assert catalogue.scope().relation(None, "fresh") is not None
    session.command("rollback")
    catalogue.refresh_soon()
    assert catalogue.scope().relation(None, "fresh") is None


def test_what_is_undone(session: Session) -> None:
    session.commits = False
    assert see(session, "insert into p values (9, 'x')").changes
    assert see(session, "set work_mem = '2MB'").settings == {"work_mem"}
    assert session.rows("select count(*) from p") == [(b"2",)]
    assert see(session, "select 1").settings == frozenset()


def test_what_is_opened_and_what_is_looked_through(session: Session) -> None:
    table, key = oid(session, "p"), oid(session, "p_pkey")
    assert see(session, "select * from p").scanned == {table}
    assert see(session, "select pg_get_viewdef('v'::regclass)").scanned.isdisjoint({table, key})
    session.command("truncate p, c, d")
    session.refresh()
    assert table in see(session, "select * from p").scanned
    session.command("begin")
    session.refresh()
    assert see(session, "select * from p").scanned == {table}
    assert see(session, "select pg_get_viewdef('v'::regclass)").scanned.isdisjoint({table, key})
    assert see(session, "select * from p").scanned == {table}
    session.command("rollback")
