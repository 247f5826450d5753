"""The service that knows the upstreams' catalogues, on real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nightporter.catalog.labels import LINEAGE, PERSON, Entry, Stored
from nightporter.catalog.model import Snapshot
from nightporter.config import Upstream
from nightporter.core.error import StoreError, UpstreamError
from nightporter.demo.server import EmbeddedServer
from nightporter.gateway.catalogues import Catalogues, LabelKeeper
from nightporter.gateway.dial import Dialer
from nightporter.protocols.postgres.adapter import ADAPTER
from nightporter.protocols.postgres.catalog.reader import READER
from nightporter.store import open_store
from nightporter.store.labels import KeptLabels
from tests.config.example import MINIMAL, config
from tests.lab.servers import fresh_database

NAME = "nightporter catalog"


@dataclass
class Place:
    """An empty database, and a session of the superuser in it that is not ours."""

    server: EmbeddedServer
    dsn: str
    admin: psycopg.Connection

    def upstream(self, **more: Any) -> Upstream:
        info = conninfo_to_dict(self.dsn)
        return upstream(str(info["port"]), **{"database": str(info["dbname"]), **more})

    def do(self, *statements: str) -> None:
        for statement in statements:
            self.admin.execute(statement.encode())

    def connections(self) -> int:
        name = conninfo_to_dict(self.dsn)["dbname"]
        question = "select count(*) from pg_stat_activity where application_name = %s and datname = %s"
        with psycopg.connect(make_conninfo(self.dsn, dbname="postgres")) as asker:
            row = asker.execute(question, (NAME, name)).fetchone()
        assert row is not None
        return int(row[0])

    def end_connections(self) -> None:
        self.do(f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = '{NAME}'")


def upstream(port: str, **more: str) -> Upstream:
    lines = {"address": f"127.0.0.1:{port}", "tls": "disable", **more}
    credentials = "{user: postgres, password: 'env:NIGHTPORTER_TEST_CATALOGUES'}"
    text = MINIMAL.replace("address: db.internal", "\n    ".join(f"{key}: {value}" for key, value in lines.items()))
    found = config(text.replace("{user: app}", credentials)).resolve("shop")
    assert found is not None
    return found


@pytest.fixture(params=[15, 18])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    server: EmbeddedServer = request.getfixturevalue("debian15" if request.param == 15 else "embedded18")
    monkeypatch.setenv("NIGHTPORTER_TEST_CATALOGUES", server.password.reveal())
    with fresh_database(server) as name, psycopg.connect(server.dsn(name), autocommit=True) as admin:
        yield Place(server, server.dsn(name), admin)


@asynccontextmanager
async def service(
    max_age_s: float = 60.0, labels: LabelKeeper | None = None, hush: Callable[[], None] = lambda: None
) -> AsyncIterator[Catalogues]:
    catalogues = Catalogues(Dialer(), {"postgres": (ADAPTER, READER)}, lambda: max_age_s, labels, hush)
    try:
        yield catalogues
    finally:
        await catalogues.close()


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(done):  # noqa: ASYNC110 - what happens at a server tells nobody
            await asyncio.sleep(0.01)


def tables(snapshot: Snapshot | None) -> set[str]:
    assert snapshot is not None
    return {name for schema, name in snapshot.relations_by_name if schema == "public"}


def test_it_is_read_once_and_shared(place: Place) -> None:
    async def story() -> None:
        async with service() as catalogues:
            shop = place.upstream()
            catalogues.acquire(shop)
            assert catalogues.current(shop) is None
            found = await asyncio.gather(*(catalogues.fresh(shop) for _ in range(5)))
            assert len({id(snapshot) for snapshot in found}) == 1
            assert catalogues.current(shop) is found[0]
            assert await catalogues.fresh(shop) is found[0]
            assert await asyncio.to_thread(place.connections) == 1

    asyncio.run(story())


def test_a_change_is_seen_when_somebody_asks_anew_and_only_then(place: Place) -> None:
    async def story() -> None:
        async with service() as catalogues:
            shop = place.upstream()
            catalogues.acquire(shop)
            before = await catalogues.fresh(shop)
            place.do("create table goods (id int)")
            assert catalogues.current(shop) is before
            catalogues.invalidate(shop)
            assert catalogues.current(shop) is None
            after = await catalogues.fresh(shop)
            assert tables(after) - tables(before) == {"goods"}
            assert after.version > before.version
            assert catalogues.current(shop) is after

    asyncio.run(story())


def test_a_change_by_others_is_seen_within_the_bound_while_somebody_asks(place: Place) -> None:
    async def story() -> None:
        async with service(max_age_s=0.5) as catalogues:
            shop = place.upstream()
            catalogues.acquire(shop)
            await catalogues.fresh(shop)
            place.do("create table goods (id int)")
            changed_at = asyncio.get_running_loop().time()
            while (snapshot := catalogues.current(shop)) is None or "goods" not in tables(snapshot):
                # what is given then is never older than the bound
                assert snapshot is None or asyncio.get_running_loop().time() - changed_at < 0.6
                await asyncio.sleep(0.005)

    asyncio.run(story())


def test_what_is_too_old_is_not_given(place: Place) -> None:
    async def story() -> None:
        async with service(max_age_s=0.05) as catalogues:
            shop = place.upstream()
            catalogues.acquire(shop)
            await catalogues.fresh(shop)
            place.end_connections()
            await asyncio.sleep(0.06)
            assert catalogues.current(shop) is None

    asyncio.run(story())


def test_the_connection_is_closed_with_the_last_session(place: Place) -> None:
    async def story() -> None:
        async with service() as catalogues:
            shop = place.upstream()
            catalogues.acquire(shop)
            catalogues.acquire(shop)
            await catalogues.fresh(shop)
            catalogues.release(shop)
            assert await asyncio.to_thread(place.connections) == 1
            catalogues.release(shop)
            await until(lambda: place.connections() == 0)
            catalogues.acquire(shop)
            again = await catalogues.fresh(shop)
            assert again is await catalogues.fresh(shop)  # nothing was read anew

    asyncio.run(story())


def test_a_lost_connection_is_opened_again(place: Place) -> None:
    async def story() -> None:
        async with service() as catalogues:
            shop = place.upstream()
            catalogues.acquire(shop)
            before = await catalogues.fresh(shop)
            await asyncio.to_thread(place.end_connections)
            place.do("create table goods (id int)")
            assert tables(await catalogues.fresh(shop)) - tables(before) == {"goods"}

    asyncio.run(story())


def test_a_database_that_is_made_anew_is_read_anew(place: Place) -> None:
    async def story() -> None:
        async with service() as catalogues:
            name = conninfo_to_dict(place.dsn)["dbname"]
            place.do("create table goods (id int)")
            shop = place.upstream()
            catalogues.acquire(shop)
            before = await catalogues.fresh(shop)
            place.admin.close()
            place.server.psql(f'drop database "{name}" with (force); create database "{name}"'.replace("; ", ";\n"))
            after = await catalogues.fresh(shop)
            assert tables(before) == {"goods"}
            assert tables(after) == set()

    asyncio.run(story())


def test_it_steps_aside_for_who_wants_the_database_alone(place: Place) -> None:
    async def story() -> None:
        async with service() as catalogues:
            shop = place.upstream()
            catalogues.acquire(shop)
            before = await catalogues.fresh(shop)
            catalogues.step_aside(shop)
            name = conninfo_to_dict(place.dsn)["dbname"]
            await asyncio.to_thread(place.do, f'create database "{name}_copy" template "{name}"', f'drop database "{name}_copy"')
            assert catalogues.current(shop) is None
            assert await catalogues.fresh(shop) is before

    asyncio.run(story())


def test_what_cannot_be_read_fails_those_who_wait_and_is_tried_again(place: Place) -> None:
    async def story() -> None:
        async with service() as catalogues:
            shop = place.upstream(database="not_yet")
            catalogues.acquire(shop)
            with structlog.testing.capture_logs() as logs:
                for _ in range(3):
                    with pytest.raises(UpstreamError):
                        await catalogues.fresh(shop)
            assert [entry["event"] for entry in logs] == ["catalogue not readable"]  # once, not three times
            assert catalogues.current(shop) is None
            try:
                await asyncio.to_thread(place.do, "create database not_yet")
                assert "pg_catalog" in (await catalogues.fresh(shop)).schemas
            finally:
                catalogues.release(shop)
                await asyncio.to_thread(place.do, "drop database not_yet with (force)")

    asyncio.run(story())


def test_who_still_waits_when_the_last_session_goes_is_told(place: Place) -> None:
    async def story() -> None:
        async with service() as catalogues:
            shop = place.upstream()
            catalogues.acquire(shop)
            waiting = asyncio.ensure_future(catalogues.fresh(shop))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            catalogues.release(shop)
            with pytest.raises(UpstreamError, match="used by no session"):
                await waiting

    asyncio.run(story())


def test_it_can_be_asked_without_a_session(place: Place) -> None:
    async def story() -> None:
        async with service(max_age_s=0.05) as catalogues:
            shop = place.upstream()
            assert "pg_catalog" in (await catalogues.fresh(shop)).schemas
            await until(lambda: place.connections() == 0)

    asyncio.run(story())


def test_the_event_trigger_tells_at_once(place: Place) -> None:
    async def story() -> None:
        async with service() as catalogues:
            place.do(READER.script(False))
            shop = place.upstream()
            catalogues.acquire(shop)
            before = await catalogues.fresh(shop)
            place.do("create temp table t (a int)", "drop table t")
            place.do("create table goods (id int)")
            await until(lambda: (now := catalogues.current(shop)) is not None and "goods" in tables(now))
            place.do("drop table goods")
            await until(lambda: (now := catalogues.current(shop)) is not None and "goods" not in tables(now))
            place.do(READER.script(True))
            after = await catalogues.fresh(shop)
            assert after.event_triggers == ()
            assert before.event_triggers

    asyncio.run(story())


def test_two_configurations_of_one_name_do_not_meet(place: Place) -> None:
    async def story() -> None:
        async with service() as catalogues:
            old, new = place.upstream(), place.upstream(database="postgres")
            place.do("create table goods (id int)")
            catalogues.acquire(old)
            first = await catalogues.fresh(old)
            catalogues.acquire(new)
            second = await catalogues.fresh(new)
            assert tables(first) == {"goods"}
            assert second.database == "postgres"
            assert catalogues.current(old) is first
            assert catalogues.current(new) is second
            catalogues.invalidate(new)
            assert catalogues.current(old) is None
            catalogues.release(old)
            await until(lambda: place.connections() == 0)

    asyncio.run(story())


# Labels


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[KeptLabels]:
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    yield store.labels
    store.close()


def said(column: str, label: str, relation: str = "goods") -> Entry:
    return Entry("public", relation, column, label, PERSON, 1.0, (), "ada")


def of(snapshot: Snapshot, relation: str, column: str) -> tuple[str, ...]:
    return snapshot.labels.of(snapshot.relations_by_name["public", relation], column)


def test_labels_come_with_the_catalogue_and_change_with_the_next_check(place: Place, kept: KeptLabels) -> None:
    place.do("create table goods (id int, x text, email text)")

    async def story() -> None:
        async with service(labels=kept) as catalogues:
            shop = place.upstream()
            catalogues.acquire(shop)
            first = await catalogues.fresh(shop)
            assert (of(first, "goods", "x"), of(first, "goods", "email")) == ((), ("pii.email",))
            assert await catalogues.fresh(shop) is first, "nothing has changed"
            kept.put("shop", [said("x", "pii.card"), said("email", "")])
            assert catalogues.current(shop) is first
            catalogues.invalidate(shop)
            second = await catalogues.fresh(shop)
            assert (of(second, "goods", "x"), of(second, "goods", "email")) == (("pii.card",), ())
            assert second.version > first.version
            assert second.relations is first.relations
            assert of(first, "goods", "x") == ()
            assert await catalogues.fresh(shop) is second
            kept.put("other", [said("x", "pii.phone")])
            assert await catalogues.fresh(shop) is second

    asyncio.run(story())


def test_labels_follow_columns_that_get_other_names(place: Place, kept: KeptLabels) -> None:
    place.do("create table goods (id int, x text)")

    async def story() -> None:
        async with service(labels=kept) as catalogues:
            shop = place.upstream()
            catalogues.acquire(shop)
            kept.put("shop", [Entry("public", "goods", "x", "pii.card", LINEAGE)])  # as it is stored before a statement runs
            first = await catalogues.fresh(shop)
            assert of(first, "goods", "x") == ("pii.card",)
            (entry,) = kept.read("shop").entries
            assert (entry.relation_oid, entry.number) == (first.relations_by_name["public", "goods"].oid, 2)
            place.do("alter table goods rename to things", "alter table things rename x to y", "create table goods (x text)")
            second = await catalogues.fresh(shop)
            assert (of(second, "things", "y"), of(second, "goods", "x")) == (("pii.card",), ())
            (entry,) = kept.read("shop").entries
            assert (entry.relation, entry.column) == ("things", "y")
            place.do("drop table things", "create table things (z int, y text)")
            third = await catalogues.fresh(shop)
            assert of(third, "things", "y") == ("pii.card",)
            assert kept.read("shop").entries[0].number == 2

    asyncio.run(story())


class Failing:
    """A store that works when it is told to."""

    def __init__(self, kept: KeptLabels) -> None:
        self.kept = kept
        self.works = False

    def _check(self) -> None:
        if not self.works:
            raise StoreError("the store cannot be used: gone")

    def version(self, upstream: str) -> int:
        self._check()
        return self.kept.version(upstream)

    def read(self, upstream: str) -> Stored:
        self._check()
        return self.kept.read(upstream)

    def put(self, upstream: str, entries: Any, **more: Any) -> bool:
        self._check()
        return self.kept.put(upstream, entries, **more)


def test_a_store_that_fails_leaves_the_labels_as_they_were(place: Place, kept: KeptLabels) -> None:
    place.do("create table goods (id int, x text, email text)")
    kept.put("shop", [said("x", "pii.card")])
    store = Failing(kept)

    async def story() -> None:
        async with service(labels=store) as catalogues:
            shop = place.upstream()
            catalogues.acquire(shop)
            first = await catalogues.fresh(shop)
            assert (of(first, "goods", "x"), of(first, "goods", "email")) == ((), ("pii.email",)), "names tell"
            await catalogues.fresh(shop)
            store.works = True
            second = await catalogues.fresh(shop)
            assert of(second, "goods", "x") == ("pii.card",)
            store.works = False
            place.do("create table more (id int)")
            third = await catalogues.fresh(shop)
            assert "more" in tables(third)
            assert of(third, "goods", "x") == ("pii.card",), "the last ones hold"

    with structlog.testing.capture_logs() as logs:
        asyncio.run(story())
    told = [entry for entry in logs if entry["event"].startswith("labels")]
    assert [(entry["event"], entry.get("used")) for entry in told] == [
        ("labels not readable", "what the names of columns say"),
        ("labels readable again", None),
        ("labels not readable", "the last ones"),
    ]


def test_whoever_steps_aside_has_others_do_so_too_and_says_what_is_used(place: Place) -> None:
    hushed: list[str] = []

    async def story() -> None:
        async with service(hush=lambda: hushed.append("hush")) as catalogues:
            shop = place.upstream()
            assert catalogues.used() == set()
            catalogues.acquire(shop)
            assert catalogues.used() == {"shop"}
            catalogues.step_aside(shop)
            assert hushed == ["hush"]
            catalogues.release(shop)
            assert catalogues.used() == set()
            catalogues.acquire(shop)
            catalogues.release(shop)
            assert catalogues.used() == {"shop"}, "it was, in between"
            assert catalogues.used() == set()

    asyncio.run(story())
