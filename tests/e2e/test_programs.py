"""pg_dump, pg_restore and pgbench through the gateway: what they make is what they make at the server itself."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from nightporter.demo.server import EmbeddedServer
from tests.lab.alike import difference
from tests.lab.book import Book, until
from tests.lab.clients import run
from tests.lab.gateway import Gateway
from tests.lab.servers import fresh_database

SHOP = """
create schema back;
create type mood as enum ('sad', 'ok');
create table customer (id serial primary key, name text not null, mood mood default 'ok', photo oid);
create index on customer (name);
create view happy as select * from customer where mood = 'ok';
create function back.twice(a int) returns int language sql immutable as 'select a * 2';
create table back.odd ("a b" int references customer, j jsonb, b bytea, n numeric) ;
comment on table customer is 'who buys';
insert into customer (name, mood) select 'name ' || g, (array['sad', 'ok']::mood[])[1 + g % 2] from generate_series(1, 2000) g;
insert into back.odd select g, '{"a": [1, null]}', decode(md5(g::text), 'hex'), g / 7.0 from generate_series(1, 50) g;
select lo_from_bytea(90001, decode(repeat('00ff10', 30000), 'hex')), lo_from_bytea(90002, 'small');
update customer set photo = 90001 where id = 1;
"""


@pytest.fixture
def stocked(shop: str, embedded18: EmbeddedServer) -> str:
    """Direct DSN of a database with something of everything."""
    embedded18.psql(SHOP, shop)
    return embedded18.dsn(shop)


def comparable(dump: bytes) -> bytes:
    """A plain dump without the key that is drawn anew for each."""
    return re.sub(rb"^\\(un)?restrict .*$", b"", dump, flags=re.MULTILINE)


def dumped(dsn: str, folder: Path, *arguments: str) -> bytes:
    target = folder / "dump"
    run(18, "pg_dump", dsn, "--file", str(target), *arguments)
    return target.read_bytes()


@pytest.mark.parametrize("how", [[], ["--inserts", "--rows-per-insert=100"], ["--schema-only"], ["--large-objects", "--data-only"]])
def test_pg_dump(gate: Gateway, stocked: str, shop: str, tmp_path: Path, how: list[str]) -> None:
    straight, through = dumped(stocked, tmp_path, *how), dumped(gate.dsn("iris", shop), tmp_path, *how)
    assert len(straight) > 2000
    assert difference(comparable(through), comparable(straight)) is None


@pytest.mark.parametrize("jobs", [[], ["--jobs=2"]])
def test_pg_dump_and_pg_restore(
    gate: Gateway, stocked: str, shop: str, tmp_path: Path, embedded18: EmbeddedServer, jobs: list[str]
) -> None:
    archive = tmp_path / "archive"
    form = "--format=directory" if jobs else "--format=custom"
    run(18, "pg_dump", gate.dsn("iris", shop), form, *jobs, "--file", str(archive))
    with fresh_database(embedded18) as copy:
        run(18, "pg_restore", gate.dsn("iris", copy), *jobs, "--dbname", copy, str(archive))
        restored = dumped(embedded18.dsn(copy), tmp_path)
        with psycopg.connect(embedded18.dsn(copy)) as admin:
            assert admin.execute("select lo_get(90001), lo_get(90002)").fetchone() == (b"\x00\xff\x10" * 30_000, b"small")
    wanted = comparable(dumped(stocked, tmp_path)).replace(shop.encode(), b"")
    assert difference(comparable(restored).replace(copy.encode(), b""), wanted) is None


@pytest.fixture
def banked(gate: Gateway, shop: str) -> str:
    """Through the gateway, with pgbench's tables, which it makes and fills by itself."""
    dsn = gate.dsn("iris", shop)
    run(18, "pgbench", dsn, "--initialize", "--scale=1", "--quiet")
    return dsn


@pytest.mark.parametrize("major", [15, 18])
@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
def test_pgbench(banked: str, embedded18: EmbeddedServer, shop: str, book: Book, major: int, mode: str) -> None:
    said = run(major, "pgbench", banked, "-n", "-M", mode, "-c", "4", "-t", "50").decode()
    assert "number of transactions actually processed: 200/200" in said
    assert re.search(r"number of failed transactions: 0 ", said)
    accounts = "select sum(abalance) from pgbench_accounts"
    with psycopg.connect(embedded18.dsn(shop)) as admin:
        assert admin.execute(f"select ({accounts}) = (select sum(delta) from pgbench_history)".encode()).fetchone() == (True,)
        assert admin.execute("select count(*) from pgbench_history").fetchone() == (200,)
    until(lambda: len([r for r in book.records(kind="outcome", upstream=shop) if r.get("transaction_end") == "committed"]) >= 200)


def test_pgbench_reconnects(banked: str, gate: Gateway, shop: str, book: Book) -> None:
    said = run(18, "pgbench", banked, "-n", "-S", "-C", "-c", "2", "-t", "15").decode()
    assert "number of transactions actually processed: 30/30" in said
    assert len(book.records(kind="session_started", upstream=shop)) >= 30
    book.verify()


def test_pgbench_in_a_pipeline(banked: str, tmp_path: Path) -> None:
    script = tmp_path / "pipeline.sql"
    script.write_text(
        "\\set n random(1, 1000)\n\\startpipeline\n"
        "update pgbench_accounts set abalance = abalance + 1 where aid = :n;\n"
        "select abalance from pgbench_accounts where aid = :n;\n"
        "insert into pgbench_history (tid, delta) values (1, :n);\n\\endpipeline\n"
    )
    said = run(18, "pgbench", banked, "-n", "-M", "prepared", "-c", "2", "-t", "40", "-f", str(script)).decode()
    assert "number of transactions actually processed: 80/80" in said
