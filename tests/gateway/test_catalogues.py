"""The service that knows the upstreams' catalogues, on real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import structlog
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nightporter.catalog.model import Snapshot
from nightporter.config import Upstream
from nightporter.core.error import UpstreamError
from nightporter.demo.server import EmbeddedServer
from nightporter.gateway.catalogues import Catalogues
from nightporter.gateway.dial import Dialer
from nightporter.protocols.postgres.adapter import ADAPTER
from nightporter.protocols.postgres.catalog.reader import READER
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
async def service(max_age_s: float = 60.0) -> AsyncIterator[Catalogues]:
    catalogues = Catalogues(Dialer(), {"postgres": (ADAPTER, READER)}, lambda: max_age_s)
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
