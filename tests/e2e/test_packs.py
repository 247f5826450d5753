"""The packs under a gateway: real programs and drivers, and what the ledger says was decided of all that they sent."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.types import TypeInfo
from psycopg.types.composite import CompositeInfo, register_composite
from psycopg.types.enum import EnumInfo
from psycopg.types.multirange import MultirangeInfo
from psycopg.types.range import RangeInfo

from nightporter.demo import shop as demo
from nightporter.demo import story
from nightporter.demo.server import EmbeddedServer
from nightporter.identity.principal import Kind
from tests.lab.book import Book, Record, until
from tests.lab.clients import psql, run
from tests.lab.gateway import SECRETS, Gateway, gateway, upstream
from tests.lab.policies import pack
from tests.lab.servers import fresh_database
from tests.policy.test_packs import CASES, SCHEMA, Case

from .test_programs import SHOP
from .test_sqlalchemy import engine, seen

# SQLAlchemy warns of a column of a composite type, and reflects the others
pytestmark = pytest.mark.filterwarnings("ignore:Did not recognize type")

HELD_S = 1
"""Nobody is there who could approve; less is no time."""
SECRET = ("_pg_user_mappings", "user_mapping_options")
"""Of information_schema: passwords for other servers."""

TYPES = """
create type shade as enum ('light', 'dark');
create type pair as (a int, b text);
create domain positive as int check (value > 0);
create type span as range (subtype = float8);
create table things (id int generated always as identity primary key, shade shade, pair pair, n positive, s span, tags text[]);
insert into things (shade, pair, n, s, tags) values ('dark', row(1, 'x'), 3, '[1,2)', '{a,b}');
"""

DESCRIBED = r"""
\d \da \dA \dAc \dAf \dAo \dAp \db \dc \dconfig \dC \dd \ddp \dD \des \det \deu \dew \dE \df \dfa \dfn \dfp \dft \dfw \dF \dFd \dFp
\dFt \dg \di \dl \dL \dm \dn \do \dO \dp \dP \dPi \dPt \drds \drg \dRp \dRs \ds \dt \dT \du \dv \dx \dX \dy \l \lo_list \z
""".split()  # noqa: SIM905
SUFFIXES = ("", "+", "S", "S+", " pub*", "+ c*", "S+ pg_class")
ONE_BY_ONE = r"""
\d public.*
\dS+ pg_catalog.pg_am*
\d+ customer_id_seq
\d+ customer_name_idx
\sf back.twice
\sf+ back.twice(int)
\sv+ happy
\dfS+ pg_catalog.abs
\dconfig+ *mem
\encoding
\conninfo
\password_is_no_command
"""


@pytest.fixture(scope="module", params=["debian15", "embedded18"])
def server(request: pytest.FixtureRequest) -> EmbeddedServer:
    """15 and 18."""
    found: EmbeddedServer = request.getfixturevalue(request.param)
    return found


SEES = '@id("sees") permit (principal is Human, action == Action::"reveal", resource);'
"""A dump that comes masked cannot be restored."""


@contextmanager
def porter(server: EmbeddedServer, **more: Any) -> Iterator[Gateway]:
    """Before every database of a server, which is production; for a human and her agent."""
    entry, environment = upstream(server.dsn("postgres"), database="*", environment="production")
    with gateway({"*": entry}, environment=environment, **more) as running:
        running.add("ada", groups=[SECRETS])
        running.add("bot", Kind.AGENT, owner="ada", groups=[SECRETS])
        yield running


@pytest.fixture(scope="module")
def by_day(server: EmbeddedServer) -> Iterator[Gateway]:
    """What one gets with no policies of one's own, but that people see what there is."""
    with porter(server, cedar=SEES) as running:
        yield running


@pytest.fixture(scope="module")
def watched(server: EmbeddedServer) -> Iterator[Gateway]:
    """Packs that would stop much, and are only observed; everybody sees what there is."""
    with porter(server, cedar=SEES.replace("is Human", ""), packs=["baseline", "production", "observe"]) as running:
        yield running


@pytest.fixture(scope="module")
def quick(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Baseline and production, in which nobody waits for long: nobody is there who could approve."""
    folder = tmp_path_factory.mktemp("policies")
    for name in ("baseline", "production"):
        (folder / f"{name}.cedar").write_text(pack(name).replace("wait=30s", f"wait={HELD_S}s"))
    with porter(server, policies={"path": str(folder), "packs": []}) as running:
        yield running


@pytest.fixture
def database(server: EmbeddedServer) -> Iterator[str]:
    """Name of an empty one."""
    with fresh_database(server) as name:
        yield name


def major(server: EmbeddedServer) -> int:
    with psycopg.connect(server.dsn("postgres")) as connection:
        return connection.info.server_version // 10_000


def decided(running: Gateway, database: str, principal: str) -> list[Record]:
    """All intents of a principal in a database, and what was decided of the session itself."""
    book = Book(running.config, running.ledger)

    def all_ended() -> bool:
        kinds = Counter(record["kind"] for record in book.records(upstream=database, principal=principal))
        return 0 < kinds["session_started"] == kinds["session_ended"]

    until(all_ended)
    return [record for record in book.records(upstream=database, principal=principal) if "what" in record]


def stopped(records: list[Record]) -> list[tuple[str, str, str]]:
    """What was not allowed at once."""
    return [
        (what["decision"], what.get("text", "")[:300], what.get("reason", ""))
        for what in (record["what"] for record in records)
        if what["decision"] != "allow"
    ]


# Traffic


def tells_the_story(server: EmbeddedServer, through: str) -> None:
    """What the demonstration's guests send, each as if the others had not been."""
    lines = [f"begin; {statement} rollback;" for statement in (story.REVENUE, story.SALE, *story.NIGHT)]
    psql(major(server), through, "\n".join(lines))


def benches(server: EmbeddedServer, through: str) -> None:
    version = major(server)
    run(version, "pgbench", through, "--initialize", "--scale=1", "--quiet", "--foreign-keys")
    run(version, "pgbench", through, "--initialize", "--init-steps=dtGvp", "--scale=1", "--quiet", "--partitions=3")
    for mode in ("simple", "extended", "prepared"):
        said = run(version, "pgbench", through, "-M", mode, "-c", "2", "-t", "20").decode()
        assert "number of transactions actually processed: 40/40" in said


def dumps(server: EmbeddedServer, through: str, folder: Path) -> None:
    version = major(server)
    run(version, "pg_dump", through, "--file", str(folder / "plain"))
    run(version, "pg_dump", through, "--inserts", "--clean", "--if-exists", "--file", str(folder / "inserts"))
    run(version, "pg_dump", through, "--format=custom", "--file", str(folder / "custom"))
    run(version, "pg_dump", through, "--format=directory", "--jobs=2", "--file", str(folder / "directory"))
    run(version, "pg_dump", through, "--schema-only", "--create", "--file", str(folder / "schema"))


def restores(server: EmbeddedServer, through: str, database: str, folder: Path) -> None:
    version = major(server)
    run(version, "pg_restore", through, "--dbname", database, str(folder / "custom"))
    run(version, "pg_restore", through, "--dbname", database, "--clean", "--jobs=2", str(folder / "directory"))
    psql(version, through, (folder / "inserts").read_text())


def describes(server: EmbeddedServer, through: str) -> None:
    lines = [name + suffix for name in DESCRIBED for suffix in SUFFIXES]
    psql(major(server), through, "\\set QUIET on\n" + "\n".join(lines) + ONE_BY_ONE)


def looks_at_the_catalogue(through: str, without: tuple[str, ...] = ()) -> None:
    with psycopg.connect(through, autocommit=True) as connection:
        views = connection.execute(
            "select table_schema, table_name from information_schema.tables where table_schema = 'information_schema'"
        ).fetchall()
        assert len(views) > 60
        for schema, name in views:
            if name not in without:
                connection.execute(f'select * from "{schema}"."{name}" limit 3'.encode())


def drives(through: str) -> None:
    """Drivers ask for types, prepare, copy, stream; SQLAlchemy asks for everything."""
    with psycopg.connect(through, prepare_threshold=1) as connection:
        for kind, name in ((EnumInfo, "shade"), (CompositeInfo, "pair"), (TypeInfo, "positive"), (RangeInfo, "span")):
            assert kind.fetch(connection, name) is not None
        assert MultirangeInfo.fetch(connection, "span_multirange") is not None
        composite = CompositeInfo.fetch(connection, "pair")
        assert composite is not None
        register_composite(composite, connection)
        for n in range(4):
            connection.execute("select pair, shade from things where id = %s and tags && %s", (n, ["a"]))
        with connection.cursor("named") as cursor:
            cursor.execute("select * from things")
            cursor.fetchall()
        with connection.cursor().copy("copy things (n) from stdin") as copy:
            copy.write_row([7])
        with connection.pipeline():
            connection.execute("select 1")
            connection.execute("insert into things (n) values (8)")
        connection.commit()
        with connection.transaction(), connection.transaction():
            connection.execute("select * from things for update")
        connection.execute("select set_config(%s, %s, false)", ("statement_timeout", "10s"))
        connection.execute("listen bell")
        connection.execute("notify bell, 'rung'")
        connection.execute("select nextval('things_id_seq'), currval('things_id_seq')")
        connection.execute("select pg_advisory_xact_lock(7)")
        connection.execute("select lo_from_bytea(0, 'x')")
        connection.rollback()
    asyncio.run(_drives_asyncpg(through))
    made = engine(through)
    try:
        seen(made)
    finally:
        made.dispose()


async def _drives_asyncpg(through: str) -> None:
    info = conninfo_to_dict(through)
    connection = await asyncpg.connect(
        host=str(info["host"]),
        port=int(str(info["port"])),
        user=str(info["user"]),
        password=str(info["password"]),
        database=str(info["dbname"]),
        ssl=False,
    )
    try:
        await connection.set_type_codec("jsonb", encoder=str, decoder=str, schema="pg_catalog")
        rows = await connection.fetch("select * from things where shade = $1::shade and pair is not null", "dark")
        assert rows
        statement = await connection.prepare("select id, s, tags from things where n = any($1::int[])")
        await statement.fetch([3])
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            async for _ in connection.cursor("select * from things"):
                pass
        await connection.copy_records_to_table("things", records=[(9,)], columns=["n"])
        await connection.executemany("insert into things (n) values ($1)", [(10,), (11,)])
        await connection.reset()
    finally:
        await connection.close()


def everything(server: EmbeddedServer, running: Gateway, who: str, database: str, folder: Path) -> list[Record]:
    """All of it, by one principal; gives what was decided."""
    through = running.dsn(who, database)
    server.psql(SHOP, database)
    server.psql(TYPES, database)
    with fresh_database(server) as shop:
        server.psql(demo.script(demo.tables()), shop)
        tells_the_story(server, running.dsn(who, shop))
        told = decided(running, shop, who)
    describes(server, through)
    looks_at_the_catalogue(through)
    drives(through)
    dumps(server, through, folder)
    with fresh_database(server) as copy:
        restores(server, running.dsn(who, copy), copy, folder)
        told += decided(running, copy, who)
    benches(server, through)
    return told + decided(running, database, who)


# What must hold


def test_baseline_stops_nothing_that_people_do(by_day: Gateway, server: EmbeddedServer, database: str, tmp_path: Path) -> None:
    records = everything(server, by_day, "ada", database, tmp_path)
    assert len(records) > 1000
    assert stopped(records) == []
    assert [record["what"]["text"] for record in records if "observed" in record["what"]] == []


@pytest.mark.parametrize("who", ["ada", "bot"])
def test_observe_stops_nothing_and_lists_what_would_have_been(
    watched: Gateway, server: EmbeddedServer, database: str, tmp_path: Path, who: str
) -> None:
    records = everything(server, watched, who, database, tmp_path)
    assert stopped(records) == []
    would = [record["what"] for record in records if "observed" in record["what"]]
    policies = Counter(policy for what in would for policy in what["observed"]["policies"])
    assert policies["production.no-drop"] >= 1
    assert (policies["baseline.agents-ask"] > 50) is (who == "bot")
    for what in would:
        assert what["observed"]["decision"] in ("deny", "hold")
        assert what["observed"]["reason"]
        assert any(policy.startswith("observe.") for policy in what["policies"])


def test_agents_read_whatever_the_clients_way(by_day: Gateway, server: EmbeddedServer, database: str) -> None:
    server.psql(SHOP, database)
    server.psql(TYPES, database)
    through = by_day.dsn("bot", database)
    describes(server, through)
    looks_at_the_catalogue(through, without=SECRET)
    with psycopg.connect(through, prepare_threshold=1) as connection:
        for kind, name in ((EnumInfo, "shade"), (CompositeInfo, "pair"), (TypeInfo, "positive"), (RangeInfo, "span")):
            assert kind.fetch(connection, name) is not None
        for n in range(4):
            connection.execute("select pair, shade from things where id = %s", (n,))
        with connection.cursor("named") as cursor:
            cursor.execute("select * from things")
            cursor.fetchall()
        with connection.cursor().copy("copy (select * from happy) to stdout (format binary)") as copy:
            assert list(copy)
        connection.execute("select set_config(%s, %s, true)", ("statement_timeout", "10s"))
        connection.execute('explain (analyze) select * from customer join back.odd on "a b" = id')
        connection.execute("prepare p(int) as select name from customer where id = $1")
        assert connection.execute("execute p(1)").fetchall()
        connection.execute("deallocate all")
        connection.execute("listen bell")
        connection.commit()
    made = engine(through)
    try:
        seen(made)
    finally:
        made.dispose()
    records = decided(by_day, database, "bot")
    assert len(records) > 500
    # \deu+ and \dRs+ show passwords for other servers
    assert [each for each in stopped(records) if not each[2].endswith(("umoptions in an expression)", "subconninfo)"))] == []


SIGNS = {"allow": "+", "hold": "?", "deny": "-"}
APART = (
    "create role",
    "alter role",
    "drop role",
    "drop database",
    "drop owned",
    "alter system",
    "select pg_terminate",
    "select pg_cancel",
)
"""Not sent: they would be run, and are about the whole server."""
NAMED = ("fetch", "move", "close")
"""Nor these: there is no such cursor."""
SAMPLE = [case for n, case in enumerate(CASES) if n % 3 == 0 and not case.open and not case.sql.startswith(APART + NAMED)]


@pytest.mark.parametrize(("who", "column"), [("ada", 2), ("bot", 3)])
def test_a_sample_of_the_table_through_the_gateway(
    quick: Gateway, server: EmbeddedServer, database: str, who: str, column: int
) -> None:
    with psycopg.connect(server.dsn(database), autocommit=True) as admin:
        admin.execute(SCHEMA.encode())
        try:
            with ThreadPoolExecutor(8) as several:  # what is held waits
                list(several.map(lambda case: _sent(quick, who, database, case), SAMPLE))
            records = decided(quick, database, who)
        finally:
            admin.execute("drop owned by clerk; drop role clerk")
    wrong = []
    for case in SAMPLE:
        sent = sha256(case.sql.encode()).hexdigest()  # a text with a password in it is not kept
        mine = [record["what"] for record in records if record["what"]["sha256"] == sent]
        first = SIGNS[mine[0]["decision"]] if mine else "nothing"
        if first != case.signs[column]:
            wrong.append((case.sql, first, case.signs[column], mine[:1]))
    assert wrong == []


def _sent(running: Gateway, who: str, database: str, case: Case) -> None:
    """By itself, in a transaction that comes to nothing; what the server says of it is its own affair."""
    with psycopg.connect(running.dsn(who, database), autocommit=True) as connection:
        connection.execute("set statement_timeout = '2s'")
        connection.execute("begin")
        try:
            result = connection.pgconn.exec_(case.sql.encode())
            if result.status == psycopg.pq.ExecStatus.COPY_IN:
                connection.pgconn.put_copy_end(b"no more")
        finally:
            connection.close()


def test_what_was_prepared_is_judged_when_it_runs(quick: Gateway, server: EmbeddedServer, database: str) -> None:
    server.psql("create table t (a int); insert into t values (1)", database)
    with psycopg.connect(quick.dsn("bot", database), autocommit=True) as bot:
        bot.execute("prepare gone as delete from t")
        for sql in ("execute gone", "explain analyze execute gone"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"baseline\.agents-ask|production\.no-unbounded"):
                bot.execute(sql.encode())
        bot.execute("begin; declare c cursor for select a from t; fetch all from c; commit")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            bot.execute("delete from t where a = %s", (1,), prepare=True)
        assert bot.execute("select count(*) from t").fetchone() == (1,)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("drop table orders", "production.no-drop"),
        ("with gone as (delete from orders returning *) select count(*) from gone", "production.no-unbounded-change"),
        ("select purge_all()", "production.no-unbounded-change"),
        ("select set_config(%s, %s, false)", "baseline.agents-ask"),
        ("select pg_read_file('/etc/passwd')", "baseline.no-files"),
    ],
)
def test_a_session_goes_on_after_what_was_stopped(
    quick: Gateway, server: EmbeddedServer, database: str, sql: str, words: str
) -> None:
    with psycopg.connect(server.dsn(database), autocommit=True) as admin:
        admin.execute(SCHEMA.encode())
        try:
            with psycopg.connect(quick.dsn("bot", database), autocommit=True) as bot:
                parameters = ("role", "clerk") if "%s" in sql else None
                with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
                    bot.execute(sql.encode(), parameters)
                assert words in str(refused.value)
                assert bot.execute("select count(*) from orders").fetchone() == (0,)
            assert admin.execute("select to_regclass('orders') is not null").fetchone() == (True,)
        finally:
            admin.execute("drop owned by clerk; drop role clerk")
