"""Looking through an upstream, on real servers: what is read, what is stored, and what is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from nightporter.catalog.labels import LINEAGE, PERSON, SCAN, Entry
from nightporter.catalog.model import Relation, Snapshot
from nightporter.config import Upstream
from nightporter.core.error import StoreError, UpstreamError
from nightporter.demo.server import EmbeddedServer
from nightporter.gateway import survey as surveying
from nightporter.gateway.dial import Dialer
from nightporter.gateway.survey import Survey, Surveyed
from nightporter.protocols.postgres.adapter import ADAPTER
from nightporter.store import Store, open_store
from tests.config.example import MINIMAL, config
from tests.lab.servers import fresh_database

PEOPLE = """
create table people (id int primary key, who text, contact text, note text, code text, data jsonb, tags text[], ok bool);
insert into people select i, 'Ada', 'ada' || i || '@example.org',
    case when i % 5 = 0 then 'ask bo' || i || '@example.org' else 'fine' end, (array['A', 'B'])[1 + i % 2],
    jsonb_build_object('email', 'cy@example.org'), array['di@example.org', null], true from generate_series(1, 400) i;
"""


@dataclass
class Place:
    """A database, a superuser's session in it that is not ours, and a store."""

    dsn: str
    admin: psycopg.Connection
    store: Store
    posts: list[None] = field(default_factory=list)
    user: str = "postgres"

    @property
    def upstream(self) -> Upstream:
        info = conninfo_to_dict(self.dsn)
        lines = {"address": f"127.0.0.1:{info['port']}", "tls": "disable", "database": str(info["dbname"])}
        text = MINIMAL.replace("address: db.internal", "\n    ".join(f"{key}: {value}" for key, value in lines.items()))
        credentials = f"{{user: {self.user}, password: 'env:NIGHTPORTER_TEST_SURVEY'}}"
        found = config(text.replace("{user: app}", credentials)).resolve("shop")
        assert found is not None
        return found

    def do(self, *statements: str) -> None:
        for statement in statements:
            self.admin.execute(statement.encode())

    def look(self, earlier: Snapshot | None = None, **more: Any) -> Surveyed:
        run = {name: more.pop(name) for name in ("since", "only") if name in more}
        survey = Survey(
            Dialer(),
            ADAPTER,
            self.upstream,
            self.store.labels,
            **{"sample_rows": 200, "load": 1.0, "stored": lambda: self.posts.append(None), **more},
        )
        return asyncio.run(survey.run(earlier, **run))

    def labels(self) -> dict[str, str]:
        """What is stored, by column; several are joined."""
        found: dict[str, str] = {}
        for each in sorted(self.store.labels.read("shop").entries, key=lambda each: each.label):
            place = f"{each.relation}.{each.column}"
            found[place] = f"{found[place]} {each.label}" if place in found else each.label
        return found


@pytest.fixture(params=[15, 18])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    server: EmbeddedServer = request.getfixturevalue("debian15" if request.param == 15 else "embedded18")
    monkeypatch.setenv("NIGHTPORTER_TEST_SURVEY", server.password.reveal())
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    with fresh_database(server) as name, psycopg.connect(server.dsn(name), autocommit=True) as admin:
        yield Place(server.dsn(name), admin, store)
    store.close()


def test_what_columns_hold_is_found_and_stored(place: Place) -> None:
    place.do(PEOPLE)
    done = place.look()
    assert (done.relations, done.rows, done.changed, done.problems) == (1, 200, True, {})
    found = place.labels()
    assert found["people.contact"] == found["people.tags"] == "pii.email"
    assert found["people.note"] == found["people.data"] == "pii.text"
    assert found["people.code"] == ""
    assert "people.ok" not in found
    assert place.posts
    (entry,) = (each for each in place.store.labels.read("shop").entries if each.column == "contact")
    assert (entry.origin, entry.type, entry.number) == (SCAN, 25, 3)
    assert entry.relation_oid in done.snapshot.relations


def test_what_is_known_is_not_looked_at_again_until_it_is_old_or_altered(place: Place) -> None:
    place.do(PEOPLE, "create table things (id int, name text)")
    first = place.look()
    assert first.relations == 2
    again = place.look(first.snapshot)
    assert (again.relations, again.changed) == (0, False)
    place.do("alter table things add column mail text", "insert into things values (1, 'x', 'ada@example.org')")
    altered = place.look(again.snapshot)
    assert altered.relations == 1
    assert place.labels()["things.mail"] == "pii.email"
    assert place.look(altered.snapshot, since=datetime.now(UTC) - timedelta(hours=1)).relations == 0
    assert place.look(altered.snapshot, since=datetime.now(UTC) + timedelta(hours=1)).relations == 2


def test_one_relation_alone(place: Place) -> None:
    place.do(PEOPLE, "create table things (id int, name text)")

    def only(relation: Relation) -> bool:
        return relation.name == "things"

    assert place.look(only=only).relations == 1


def test_a_later_scan_replaces_what_an_earlier_one_found_and_not_what_a_person_said(place: Place) -> None:
    place.do(PEOPLE)
    place.look()
    (contact,) = (each for each in place.store.labels.read("shop").entries if each.column == "contact")
    said = Entry("public", "people", "code", "secret.key", PERSON, 1.0, (), "ada", contact.relation_oid, 5, 25)
    place.store.labels.put("shop", [said])
    place.do("update people set contact = 'x'")
    place.look(since=datetime.now(UTC) + timedelta(hours=1))
    found = place.labels()
    assert found["people.contact"] == ""
    assert found["people.code"] == " secret.key"


def test_a_column_that_is_renamed_keeps_what_was_found_under_its_new_name(place: Place) -> None:
    place.do(PEOPLE)
    place.look()
    place.do("alter table people rename to humans", "alter table humans rename contact to reach", "truncate humans")
    place.look()
    found = place.labels()
    assert not any(name.startswith("people.") for name in found)
    assert "humans.reach" not in found or found["humans.reach"] == "pii.email"


def test_a_materialized_view_has_what_it_was_made_of(place: Place) -> None:
    place.do(PEOPLE, "create materialized view n as select md5(contact) as c, length(who) as l, code from people")
    place.do("create materialized view m as select reverse(c) as d from n")
    place.look()
    found = {f"{each.relation}.{each.column}": each for each in place.store.labels.read("shop").entries if each.origin == LINEAGE}
    assert {name: each.label for name, each in found.items()} == {"n.c": "pii.email", "m.d": "pii.email"}
    assert found["n.c"].reasons == ("computed from public.people.contact",)


def test_what_is_made_meanwhile_is_looked_at_too(place: Place) -> None:
    place.do("create table t1 (mail text)", "create table t2 (mail text)")
    asked: list[bool] = []

    def news() -> bool:
        asked.append(len(asked) == 1)
        if asked[-1]:
            place.do("create table t3 (mail text)", "alter table t2 add column more text", "drop table t1")
        return asked[-1]

    done = place.look(news=news)
    assert done.relations == 3
    assert {each.relation for each in place.store.labels.scans("shop")} == {"t1", "t2", "t3"}


def test_a_relation_at_which_the_connection_ends_is_left_out(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.do(PEOPLE, "create table a (mail text)", "create table z (mail text)")
    genuine = Survey._look_at

    async def look_at(survey: Survey, relation: Relation, *arguments: Any) -> float:
        if relation.name == "people":
            raise UpstreamError("the database ended the connection")
        return await genuine(survey, relation, *arguments)

    monkeypatch.setattr(Survey, "_look_at", look_at)
    done = place.look()
    assert done.problems == {"public.people": "the connection ended"}
    assert done.relations == 2


def test_large_tables_are_sampled_and_rare_values_found(place: Place) -> None:
    place.do(
        "create table log (id int, filler text, rare text) with (autovacuum_enabled = off)",
        "insert into log select i, repeat('x', 200), case when i % 10000 = 0 then 'ada' || i || '@example.org' end"
        " from generate_series(1, 100000) i",
        "analyze log",
    )
    done = place.look()
    assert done.rows == 200
    assert place.labels()["log.rare"] == "pii.email"


def test_a_table_whose_pages_are_nearly_empty(place: Place) -> None:
    place.do(
        "create table log (id int, filler text, mail text) with (autovacuum_enabled = off)",
        "insert into log select i, repeat('x', 500), 'ada' || i || '@example.org' from generate_series(1, 30000) i",
        "delete from log where id > 30",
    )
    assert place.look().rows == 30
    assert place.labels()["log.mail"] == "pii.email"


def test_partitions_are_looked_at_with_their_table(place: Place) -> None:
    place.do(
        "create table log (id int, data text) partition by range (id)",
        "create table log_1 partition of log for values from (0) to (100)",
        "create table log_2 partition of log for values from (100) to (200)",
        "insert into log select i, 'ada' || i || '@example.org' from generate_series(1, 150) i",
    )
    done = place.look()
    assert (done.relations, place.labels()) == (1, {"log.data": "pii.email"})
    snapshot = done.snapshot.relabeled(place.store.labels.read("shop"), 99)
    partition = snapshot.relations_by_name["public", "log_2"]
    assert snapshot.labels.of(partition, "data") == ("pii.email",)


HOSTILE = """
create schema evil;
create table public.touched (what text);
create function evil.touch(text) returns text language plpgsql as $$ begin
    insert into public.touched values ($1); return 'ada@example.org'; end $$;
create type evil.mood as enum ('a', 'b');
create function evil.told(evil.mood) returns text language sql as $$ select evil.touch('cast') $$;
create cast (evil.mood as text) with function evil.told(evil.mood) as implicit;
create function public.left(text, int) returns text language sql as $$ select evil.touch('left') $$;
create function public.format(text, text) returns text language sql as $$ select evil.touch('format') $$;
create table moody (m evil.mood, t text, d evil.mood[]);
insert into moody values ('a', 'x', '{a,b}');
create table guarded (t text);
insert into guarded values ('x');
alter table guarded enable row level security;
alter table guarded force row level security;
create policy p on guarded using (evil.touch('policy') is not null);
create view seen as select evil.touch('view') as v;
"""


def test_nothing_of_the_users_own_runs(place: Place) -> None:
    place.do(HOSTILE)
    name = conninfo_to_dict(place.dsn)["dbname"]
    place.do(f'alter database "{name}" set search_path = public, pg_catalog')
    question = "select distinct what from public.touched order by 1"
    place.look()
    assert place.admin.execute(question).fetchall() == []
    place.do("set search_path = public, pg_catalog", "select m::text, left(t, 5), format('%s', t) from moody", "select * from seen")
    assert place.admin.execute(question).fetchall() == [("cast",), ("format",), ("left",), ("view",)], "it would have been seen"


def test_what_may_not_be_read_is_named_and_no_reason_to_stop(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    role = f"reader_{conninfo_to_dict(place.dsn)['dbname']}"
    place.do(PEOPLE, "create table closed (mail text)", "create table half (mail text, other text)", HOSTILE)
    place.do("insert into half values ('ada@example.org', 'bo@example.org')")
    place.do(
        f"create role {role} login password 'x'",
        f"grant select on people, guarded to {role}",
        f"grant select (mail) on half to {role}",
    )
    place.user = role
    monkeypatch.setenv("NIGHTPORTER_TEST_SURVEY", "x")
    try:
        done = place.look()
    finally:
        place.do(f"drop owned by {role}", f"drop role {role}")
    denied = "permission denied"
    assert done.problems == {"public.closed": denied, "public.guarded": denied, "public.moody": denied, "public.touched": denied}
    found = place.labels()
    assert found["people.contact"] == found["half.mail"] == "pii.email"
    assert "half.other" not in found
    assert {each.relation: each.problem for each in place.store.labels.scans("shop")}["closed"] == denied


def test_a_table_that_is_locked_is_tried_again_the_next_time(place: Place) -> None:
    place.do(PEOPLE)
    with psycopg.connect(place.dsn) as other:
        other.execute("lock table people in access exclusive mode")
        done = place.look()
    assert done.problems == {"public.people": "somebody has locked it"}
    assert place.store.labels.scans("shop") == ()
    assert place.look(done.snapshot).problems == {}
    assert place.labels()["people.contact"] == "pii.email"


def test_whoever_wants_the_database_for_himself_has_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveying, "HUSH_S", 0.3)
    place.do(PEOPLE, *(f"create table t{n} (mail text)" for n in range(3)))
    name = conninfo_to_dict(place.dsn)["dbname"]
    seen: list[int] = []

    class Watching(Survey):
        async def _rest(self, took_s: float) -> None:
            await super()._rest(took_s)
            question = "select count(*) from pg_stat_activity where datname = %s and application_name = 'nightporter discovery'"
            row = place.admin.execute(question, (name,)).fetchone()
            assert row is not None
            seen.append(int(row[0]))

    survey = Watching(Dialer(), ADAPTER, place.upstream, place.store.labels, sample_rows=200, load=1.0, hush=lambda: len(seen) == 1)
    assert asyncio.run(survey.run()).relations == 4
    assert seen[1] == 0, "it had hung up"
    assert seen[2] == 1, "and came back"


def test_the_database_has_its_rest(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.do(*(f"create table t{n} (mail text)" for n in range(5)))
    rests: list[float] = []

    async def sleep(seconds: float) -> None:
        rests.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    began = datetime.now(UTC)
    place.look(load=0.01)
    worked_s = (datetime.now(UTC) - began).total_seconds()
    assert len(rests) == 5
    assert 0 < sum(rests) <= 99 * worked_s


def test_an_upstream_that_is_gone_and_a_store_that_fails(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.do(PEOPLE)

    def fails(*arguments: Any, **more: Any) -> bool:
        raise StoreError("no")

    with monkeypatch.context() as patched:
        patched.setattr(place.store.labels, "put", fails)
        with pytest.raises(StoreError):
            place.look()
    assert place.store.labels.scans("shop") == (), "it is found again the next time"
    monkeypatch.setenv("NIGHTPORTER_TEST_SURVEY", "wrong")
    with pytest.raises(UpstreamError):
        place.look()


def test_a_fault_of_ours_tells_no_value(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.do(PEOPLE)

    def breaks(*arguments: Any) -> list[Entry]:
        raise ValueError(f"cannot judge `{arguments[3].values['contact'][0]}`")

    monkeypatch.setattr(surveying, "findings", breaks)
    done = place.look()
    (problem,) = done.problems.values()
    assert problem.startswith("a fault of ours: ValueError in breaks, line ")
    assert "example.org" not in repr(done)
