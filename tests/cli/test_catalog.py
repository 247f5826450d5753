"""`nightporter catalog watch`, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from nightporter.demo.server import EmbeddedServer

from .conftest import Run

TRIGGERS = "select string_agg(evtname, ' ' order by evtname) from pg_event_trigger"


@pytest.fixture
def shop(folder: Path, database18: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    """The upstream `shop`, and a superuser's session there."""
    info = conninfo_to_dict(database18)
    monkeypatch.setenv("NIGHTPORTER_TEST_WATCH", str(info["password"]))
    text = (folder / "nightporter.yaml").read_text()
    place = f"127.0.0.1:{info['port']}\n    tls: disable\n    database: {info['dbname']}"
    text = text.replace("db.internal", place).replace("{user: app}", "{user: postgres, password: 'env:NIGHTPORTER_TEST_WATCH'}")
    (folder / "nightporter.yaml").write_text(text)
    with psycopg.connect(database18, autocommit=True) as connection:
        yield connection


def triggers(connection: psycopg.Connection) -> str | None:
    row = connection.execute(TRIGGERS).fetchone()
    assert row is not None
    found: str | None = row[0]
    return found


def test_it_is_installed_and_removed(run: Run, shop: psycopg.Connection) -> None:
    for _ in range(2):
        assert run("catalog watch --upstream shop").stdout.startswith("event trigger installed in upstream `shop`, database `test_")
        assert triggers(shop) == "nightporter_ddl nightporter_drop"
    for _ in range(2):
        assert run("catalog watch --upstream shop --remove").stdout.startswith("event trigger removed from upstream `shop`")
        assert triggers(shop) is None
    row = shop.execute("select count(*) from pg_namespace where nspname = 'nightporter'").fetchone()
    assert row == (0,)


def test_what_is_printed_can_be_run(run: Run, shop: psycopg.Connection, embedded18: EmbeddedServer) -> None:
    database = shop.info.dbname
    embedded18.psql(run("catalog watch --upstream shop --print").stdout, database)
    assert triggers(shop) == "nightporter_ddl nightporter_drop"
    shop.execute("create schema other")
    shop.execute("create table nightporter.kept (a int)")
    embedded18.psql(run("catalog watch --upstream shop --remove --print").stdout, database)
    assert triggers(shop) is None
    assert shop.execute("select count(*) from nightporter.kept").fetchone() == (0,)


def test_it_takes_a_superuser(run: Run, shop: psycopg.Connection, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.execute("create role nightporter_plain login password 'plain'")
    shop.execute(f'grant create on database "{shop.info.dbname}" to nightporter_plain')
    try:
        monkeypatch.setenv("NIGHTPORTER_TEST_WATCH", "plain")
        text = (folder / "nightporter.yaml").read_text()
        (folder / "nightporter.yaml").write_text(text.replace("user: postgres", "user: nightporter_plain"))
        result = run("catalog watch --upstream shop", fails=1)
        assert result.stderr == "error: an event trigger takes a superuser: run what `--print` shows as one\n"
        assert triggers(shop) is None
    finally:
        shop.execute(f'revoke create on database "{shop.info.dbname}" from nightporter_plain')
        shop.execute("drop role nightporter_plain")


def test_an_upstream_that_is_not_there(run: Run) -> None:
    assert run("catalog watch --upstream nowhere", fails=1).stderr == "error: no upstream `nowhere`\n"
