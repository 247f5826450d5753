"""Values of every type, masked, as real clients decode them: what comes out is of the column's type, in text and in binary alike.

`veil_types.sql` makes the tables. Their labels are said by a person, so that each type is under each label, whatever it holds.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import psycopg
import pytest
import sqlalchemy as sa
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict
from psycopg.types import TypeInfo
from psycopg.types.composite import CompositeInfo, register_composite
from psycopg.types.enum import EnumInfo, register_enum
from psycopg.types.hstore import register_hstore
from psycopg.types.multirange import MultirangeInfo, register_multirange
from psycopg.types.range import RangeInfo, register_range
from sqlalchemy.dialects import postgresql

from nightporter.catalog.labels import PERSON, Entry
from nightporter.demo.server import EmbeddedServer
from nightporter.gateway.bulletin import OUTSIDE, Bulletin
from nightporter.identity.principal import Kind
from tests.lab.clients import environment, run
from tests.lab.gateway import Gateway, gateway, upstream
from tests.lab.servers import fresh_database

SCHEMA = Path(__file__).parent / "veil_types.sql"
CLIENTS = Path(__file__).parent / "clients"
LABELS = {
    "of_names": "pii.name",
    "of_mail": "pii.email",
    "of_cards": "pii.card",
    "of_phones": "pii.phone",
    "of_births": "pii.birth_date",
    "of_pay": "pii.salary",
}
MASKERS = ("full", "partial", "token", "year", "bucket", "null")
CEDAR = "".join(
    f'@id("{name}") @mask("{name}")\npermit (principal in Group::"{name}", action == Action::"reveal", resource in Label::"pii");\n'
    for name in MASKERS
)
"""Whoever is in the group of a masker sees everything that way."""
NOBODY_KNOWS = frozenset({"mood", "ltree", "int2vector"})
"""Types for which nothing stands that says nothing: they are shown as NULL."""
UNKNOWN = frozenset({"ltree"})
"""Nor do we know how an array of them is written."""
NEVER = frozenset({"date", "timestamp", "timestamp(0)", "timestamptz"})
"""Of an infinite one there is no year, and no token."""


ADDRESSES = frozenset({"inet", "cidr"})
"""Of two families, each with classes of its own."""


class Column(NamedTuple):
    """One of the columns of two of which stand beside each other."""

    name: str
    type: str
    masked: bool
    array: bool


@dataclass
class Place:
    """A database, and two gateways before it: with no policy file, and with one that has a group for each masker."""

    straight: str
    bare: Gateway
    ruled: Gateway
    columns: list[Column]

    @property
    def plain(self) -> list[Column]:
        """Those that nobody masks."""
        return [each for each in self.columns if not each.masked]


class View(NamedTuple):
    """How somebody sees a table."""

    table: str
    who: str
    masker: str
    ruled: bool = False

    def dsn(self, place: Place) -> str:
        return (place.ruled if self.ruled else place.bare).dsn(self.who, "crm")


BARE = [
    View("of_names", "tuner", "full"),
    View("of_names", "grace", "full"),
    View("of_mail", "tuner", "partial"),
    View("of_mail", "grace", "partial"),
    View("of_cards", "tuner", "partial"),
    View("of_phones", "tuner", "partial"),
    View("of_births", "tuner", "year"),
    View("of_pay", "tuner", "bucket"),
]
RULED = [
    *(View("of_names", name, name, ruled=True) for name in MASKERS),
    View("of_cards", "token", "token", ruled=True),
]
VIEWS = BARE + RULED
FEW = [VIEWS[0], VIEWS[2], VIEWS[6], VIEWS[7], *RULED[2:3]]
every_view = pytest.mark.parametrize("view", VIEWS, ids=lambda v: f"{v.table}-{v.who}")
some_views = pytest.mark.parametrize("view", FEW, ids=lambda v: f"{v.table}-{v.who}")


@pytest.fixture(scope="module", params=["debian15", "embedded18"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    server: EmbeddedServer = request.getfixturevalue(request.param)
    with fresh_database(server) as name:
        dsn = server.dsn(name)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(SCHEMA.read_text("utf-8").encode())
            columns = _columns(connection)
        with _gateway(dsn, columns) as bare, _gateway(dsn, columns, CEDAR) as ruled:
            yield Place(dsn, bare, ruled, columns)


@contextmanager
def _gateway(dsn: str, columns: Sequence[Column], cedar: str | None = None) -> Iterator[Gateway]:
    entry, variables = upstream(dsn)
    with gateway({"crm": entry}, environment=variables, cedar=cedar) as running:
        running.add("grace")
        running.add("tuner", Kind.AGENT, owner="grace")
        for name in MASKERS:
            running.add(name, Kind.AGENT, owner="grace", groups={name})
        running.store.labels.put(
            "crm",
            [
                Entry("public", table, column.name, label if column.masked else "", PERSON, confirmed_by="grace")
                for table, label in LABELS.items()
                for column in columns
                # of arrays of the others nobody has said anything
                if column.masked or column.name.startswith("p") or column.type in ADDRESSES
            ],
        )
        bulletin = Bulletin(running.folder / "run", OUTSIDE, 1)
        bulletin.post()
        bulletin.close()
        yield running


def _columns(connection: psycopg.Connection) -> list[Column]:
    found = connection.execute(
        "select attname, type, attname like '%m%', attname like 'a%'"
        " from pg_attribute join specimen on n = substring(attname from '[0-9]+')::int"
        " where attrelid = 'of_kinds'::regclass and attnum > 2 order by attnum"
    )
    return [Column(*row) for row in found.fetchall()]


class Told(NamedTuple):
    """A value of a client that is not Python: how it calls its type, and what it makes of it as text."""

    kind: str
    value: str


# What is expected


def check(place: Place, view: View, shown: Sequence[Any], straight: Sequence[Any], names: Sequence[Column] | None = None) -> None:
    """Hold the rows of a view, each a sequence of id, note and its columns (all of them if not said), against straight ones.

    `straight`: the same of the columns that nobody masks, without a gateway.
    """
    wrong: list[str] = []
    columns = place.columns if names is None else names
    plain = [column for column in columns if not column.masked]
    assert len(shown) == len(straight) == 4
    samples = {column.name: value for column, value in zip(plain, straight[0][2:], strict=True)}
    for row, right in zip(shown, straight, strict=True):
        assert (row[0], row[1]) == (right[0], right[1])
        expected = {column.name: value for column, value in zip(plain, right[2:], strict=True)}
        for column, value in zip(columns, row[2:], strict=True):
            where = f"{column.name} {column.type}, row {row[0]}"
            if not column.masked:
                if value != expected[column.name]:
                    wrong.append(f"{where}: {value!r} and not {expected[column.name]!r}")
                continue
            complaint = _complaint(view, column, row[0], value, samples[column.name.replace("m", "p")])
            if complaint:
                wrong.append(f"{where}: {complaint}")
    assert not wrong, "\n".join(wrong)


def _complaint(view: View, column: Column, row: int, value: Any, sample: Any) -> str | None:
    if row == 3:
        return None if value is None else f"{value!r} in place of NULL"
    if view.masker == "null":
        return None if value is None else f"{value!r}"
    may_be_null = column.type in NOBODY_KNOWS or (view.masker in ("year", "token") and column.type in NEVER)
    if not column.array:
        return _unlike(value, sample, column.type, may_be_null)
    sizes = {1: (4,), 2: (2, 3), 4: (0,)}[row]
    if isinstance(sample, (str, bytes, Told)) and type(value) is type(sample):
        return None  # of a type that the client does not know
    if value is None and column.type in UNKNOWN:
        return None
    if not isinstance(value, list) or _sizes(value, len(sizes)) != sizes:
        return f"{value!r} is no list of {sizes}"
    flat = value if len(sizes) == 1 else [each for inner in value for each in inner]
    nulls = {1: (1,), 2: (1, 5), 4: ()}[row]
    for n, each in enumerate(flat):
        complaint = (
            _unlike(each, sample[0], column.type, may_be_null) if n not in nulls else f"{each!r}" if each is not None else None
        )
        if complaint:
            return f"element {n} of {value!r}: {complaint}"
    return None


def _sizes(value: Any, dimensions: int) -> tuple[int, ...]:
    sizes: list[int] = []
    while isinstance(value, list) and len(sizes) < dimensions:
        sizes.append(len(value))
        value = value[0] if value else None
    return tuple(sizes)


def _unlike(value: Any, sample: Any, type_: str, may_be_null: bool) -> str | None:
    """What is wrong with a value that should be of the type of a sample; None: nothing."""
    if value is None:
        return None if may_be_null or type_ in ("json", "jsonb") else "is None"
    if type_ in NOBODY_KNOWS:
        return f"{value!r} of what nobody knows"
    if type_ in ("json", "jsonb"):
        return None
    one, other = (value.kind, sample.kind) if isinstance(value, Told) else (type(value), type(sample))
    if one != other and not (type_ in ADDRESSES and type(value).__module__ == type(sample).__module__):
        return f"{value!r} is not a {other}"
    return None


# psycopg


def ready(connection: psycopg.Connection) -> psycopg.Connection:
    """Have a connection know the database's own types, as programs do."""
    for name in ("hstore", "citext", "ltree"):
        info = TypeInfo.fetch(connection, name)
        assert info is not None
        if name == "hstore":
            register_hstore(info, connection)
        else:
            info.register(connection)
    mood = EnumInfo.fetch(connection, "mood")
    assert mood is not None
    register_enum(mood, connection)
    for name in ("spot", "spots"):
        composite = CompositeInfo.fetch(connection, name)
        assert composite is not None
        register_composite(composite, connection)
    text_range, multirange = RangeInfo.fetch(connection, "text_range"), MultirangeInfo.fetch(connection, "text_multirange")
    assert text_range is not None
    assert multirange is not None
    register_range(text_range, connection)
    register_multirange(multirange, connection)
    return connection


@contextmanager
def session(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield ready(connection)


def straight_query(place: Place) -> str:
    """For the columns that nobody masks."""
    return f"select {', '.join(['id', 'note', *(column.name for column in place.plain)])} from of_kinds order by id"


def straight(place: Place, *, binary: bool) -> list[Any]:
    """Their rows, without a gateway."""
    with session(place.straight) as connection:
        return connection.cursor(binary=binary).execute(straight_query(place).encode()).fetchall()


@every_view
@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_psycopg(place: Place, view: View, binary: bool) -> None:
    with session(view.dsn(place)) as connection:
        rows = connection.cursor(binary=binary).execute(f"select * from {view.table} order by id".encode()).fetchall()
    check(place, view, rows, straight(place, binary=binary))


@every_view
def test_text_and_binary_say_the_same(place: Place, view: View) -> None:
    """As the server itself understands them."""
    query = f"select * from {view.table} order by id".encode()
    with (
        psycopg.connect(view.dsn(place), autocommit=True) as connection,
        psycopg.connect(place.straight, autocommit=True) as server,
    ):
        text, binary = (connection.pgconn.exec_params(query, [], result_format=form) for form in (pq.Format.TEXT, pq.Format.BINARY))
        read: dict[tuple[int, int, bytes], bytes | str] = {}

        def said(result: pq.abc.PGresult, row: int, column: int) -> bytes | str | None:
            cell = result.get_value(row, column)
            if cell is None:
                return None
            key = (result.ftype(column), result.fformat(column), cell)
            if key not in read:
                answer = server.pgconn.exec_params(b"select $1", [cell], param_types=[key[0]], param_formats=[key[1]])
                found = answer.get_value(0, 0) if answer.status == pq.ExecStatus.TUPLES_OK else answer.error_message.decode()
                assert found is not None
                read[key] = found
            return read[key]

        wrong = []
        for n, column in enumerate(place.columns, start=2):
            for row in range(4):
                one, other = said(text, row, n), said(binary, row, n)
                refused = isinstance(one, str) or isinstance(other, str)
                if (refused or one != other) and not (column.type == "ltree" and column.array):  # as UNKNOWN
                    wrong.append(f"{column.name} {column.type}, row {row + 1}: {one!r} and {other!r}")
    assert not wrong, "\n".join(wrong)


@some_views
@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_psycopg_by_a_cursor_on_the_server(place: Place, view: View, binary: bool) -> None:
    with (
        session(view.dsn(place)) as connection,
        connection.transaction(),
        connection.cursor("a cursor", binary=binary, scrollable=True) as cursor,
    ):
        cursor.itersize = 1
        cursor.execute(f"select * from {view.table} order by id".encode())
        check(place, view, list(cursor), straight(place, binary=binary))
        cursor.scroll(0, "absolute")
        check(place, view, [*cursor.fetchmany(3), cursor.fetchone()], straight(place, binary=binary))


@some_views
@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
@pytest.mark.parametrize("source", ["{}", "(select * from {})", "(select * from {} order by id)"])
def test_psycopg_by_copy(place: Place, view: View, binary: bool, source: str) -> None:
    with session(view.dsn(place)) as connection:
        described = connection.execute(f"select * from {view.table} limit 0".encode()).description
        assert described is not None
        form = " (format binary)" if binary else ""
        with connection.cursor().copy(f"copy {source.format(view.table)} to stdout{form}".encode()) as copy:
            copy.set_types([column.type_code for column in described])
            rows = sorted(copy.rows(), key=lambda row: int(row[0]))
    check(place, view, rows, straight(place, binary=binary))


@some_views
@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_psycopg_in_a_pipeline(place: Place, view: View, binary: bool) -> None:
    query = f"select * from {view.table} where id between %s and %s order by id"
    with session(view.dsn(place)) as connection, connection.pipeline():
        cursors = [connection.cursor(binary=binary) for _ in range(6)]
        for cursor in cursors[:-1]:
            cursor.execute(query.encode(), (1, 4))
        cursors[-1].execute(straight_query(place).replace("of_kinds", view.table).encode())
        found = [cursor.fetchall() for cursor in cursors]
    expected = straight(place, binary=binary)
    for rows in found[:-1]:
        check(place, view, rows, expected)
    assert found[-1] == expected


# asyncpg: everything in binary


async def connected(dsn: str) -> Any:
    info = conninfo_to_dict(dsn)
    connection = await asyncpg.connect(
        host=info["host"], port=int(str(info["port"])), user=info["user"], password=info["password"], database=info["dbname"]
    )
    await connection.set_builtin_type_codec("hstore", codec_name="pg_contrib.hstore")
    return connection


@every_view
async def test_asyncpg(place: Place, view: View) -> None:
    direct = await connected(place.straight)
    expected = await direct.fetch(straight_query(place))
    await direct.close()
    # asyncpg 0.32 reads arrays of tsvector as text, and crashes on `{{""}}`, whoever sends it
    columns = [each for each in place.columns if not (each.type == "tsvector" and each.array and each.masked)]
    query = f"select id, note, {', '.join(each.name for each in columns)} from {view.table} where id >= $1 order by id"
    connection = await connected(view.dsn(place))
    check(place, view, await connection.fetch(query, 1), expected, columns)
    statement = await connection.prepare(query)
    for _ in range(2):
        check(place, view, await statement.fetch(1), expected, columns)
    check(place, view, [await statement.fetchrow(n) for n in (1, 2, 3, 4)], expected, columns)
    async with connection.transaction():
        check(place, view, [row async for row in connection.cursor(query, 1, prefetch=2)], expected, columns)
        cursor = await statement.cursor(1)
        check(place, view, [await cursor.fetchrow(), *await cursor.fetch(3)], expected, columns)
    await connection.close()


@some_views
@pytest.mark.parametrize("form", ["csv", "text", "binary"])
async def test_asyncpg_by_copy(place: Place, view: View, form: str) -> None:
    names = ", ".join(column.name for column in place.plain)
    said = []
    for dsn, table in ((place.straight, "of_kinds"), (view.dsn(place), view.table)):
        connection = await connected(dsn)
        whole, plain = io.BytesIO(), io.BytesIO()
        more = {"null": "~"} if form == "csv" else {}
        await connection.copy_from_query(f"select * from {table} where id >= $1 order by id", 1, output=whole, format=form, **more)
        await connection.copy_from_query(f"select id, note, {names} from {table} order by id", output=plain, format=form, **more)
        await connection.close()
        said.append((whole.getvalue(), plain.getvalue()))
    assert said[0][1] == said[1][1]
    assert b"grace" not in said[1][0]
    if form == "csv":
        one, other = (list(csv.reader(io.StringIO(each[0].decode(), newline=""))) for each in said)
        assert [len(row) for row in one] == [len(row) for row in other] == [len(place.columns) + 2] * 4
        nulls = [n for n, value in enumerate(other[0]) if value == "~"]
        allowed = {n for n, column in enumerate(place.columns, start=2) if column.type in NOBODY_KNOWS}
        assert set(nulls) <= allowed
        assert other[2][2:] == ["~"] * len(place.columns)


# SQLAlchemy with typed columns

TYPED: dict[str, Any] = {
    "int2": sa.SmallInteger(),
    "int4": sa.Integer(),
    "int8": sa.BigInteger(),
    "numeric": sa.Numeric(),
    "numeric(30, 10)": sa.Numeric(30, 10),
    "float4": postgresql.REAL(),
    "float8": postgresql.DOUBLE_PRECISION(),
    "money": postgresql.MONEY(),
    "text": sa.Text(),
    "varchar(3)": sa.String(3),
    "char(8)": sa.CHAR(8),
    "citext": postgresql.CITEXT(),
    "date": sa.Date(),
    "time": sa.Time(),
    "timestamp": sa.DateTime(),
    "timestamptz": sa.DateTime(timezone=True),
    "interval": sa.Interval(),
    "uuid": sa.Uuid(),
    "bool": sa.Boolean(),
    "bytea": sa.LargeBinary(),
    "inet": postgresql.INET(),
    "cidr": postgresql.CIDR(),
    "macaddr": postgresql.MACADDR(),
    "bit(11)": postgresql.BIT(11),
    "varbit": postgresql.BIT(varying=True),
    "int4range": postgresql.INT4RANGE(),
    "daterange": postgresql.DATERANGE(),
    "tstzrange": postgresql.TSTZRANGE(),
    "int4multirange": postgresql.INT4MULTIRANGE(),
    "mood": sa.Enum("calm", "cross", 'O\'Brien "x"', name="mood"),
    "json": sa.JSON(),
    "jsonb": postgresql.JSONB(),
    "tsvector": postgresql.TSVECTOR(),
    "oid": postgresql.OID(),
}


@some_views
def test_sqlalchemy(place: Place, view: View) -> None:
    # it tells a dimension of an array from a list within a document by looking, and reads neither arrays of enums with lower
    # bounds nor those of types that psycopg has not been told of
    columns = [
        each
        for each in place.columns
        if each.type in TYPED and not (each.array and each.type in ("json", "jsonb", "mood", "citext"))
    ]
    plain = [each for each in columns if not each.masked]

    def rows(dsn: str, table: str, wanted: list[Column]) -> list[Any]:
        info = conninfo_to_dict(dsn)
        url = sa.URL.create(
            "postgresql+psycopg",
            str(info["user"]),
            str(info["password"]),
            str(info["host"]),
            int(str(info["port"])),
            str(info["dbname"]),
        )
        made = sa.create_engine(url, poolclass=sa.NullPool)
        typed = [sa.column(each.name, postgresql.ARRAY(TYPED[each.type]) if each.array else TYPED[each.type]) for each in wanted]
        query = (
            sa.select(sa.column("id", sa.Integer()), sa.column("note", sa.Text()), *typed)
            .select_from(sa.table(table))
            .order_by("id")
        )
        try:
            with made.connect() as connection:
                return [tuple(row) for row in connection.execute(query).all()]
        finally:
            made.dispose()

    expected = rows(place.straight, "of_kinds", plain)
    check(place, view, rows(view.dsn(place), view.table, columns), expected, columns)


# node-postgres


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program and what it needs, as its lock file says."""
    folder = tmp_path_factory.mktemp("node") / "clients"
    shutil.copytree(CLIENTS, folder, ignore=shutil.ignore_patterns("node_modules"))
    npm = shutil.which("npm")
    assert npm is not None, "node and npm are missing from the system (scripts/system-packages)"
    done = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, capture_output=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return folder


def of_node(folder: Path, dsn: str, how: str, query: str) -> list[list[Any]]:
    """What node makes of the rows of a query."""
    done = subprocess.run(
        ["node", "rows.js", how, query], cwd=folder, env=environment(dsn), capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")

    def value(told: Any) -> Any:
        if told is None:
            return None
        return [value(each) for each in told[1]] if told[0] == "Array" else Told(*told)

    return [[int(value(row[0]).value), *map(value, row[1:])] for row in json.loads(done.stdout)]


@some_views
@pytest.mark.parametrize("how", ["text", "prepared"])
def test_node(place: Place, node: Path, view: View, how: str) -> None:
    """In text alone: pg 8.23 takes binary cells for UTF-8, whoever sends them."""
    expected = of_node(node, place.straight, how, straight_query(place))
    rows = of_node(node, view.dsn(place), how, f"select * from {view.table} order by id")
    check(place, view, rows, expected)


# psql


@some_views
@pytest.mark.parametrize("major", [15, 18])
def test_psql(place: Place, view: View, major: int) -> None:
    arguments = ("--csv", "-X", "-P", "null=~", "-c")
    plain = straight_query(place)
    right = run(major, "psql", place.straight, *arguments, plain)
    assert run(major, "psql", view.dsn(place), *arguments, plain.replace("of_kinds", view.table)) == right
    for query in (
        f"select * from {view.table} order by id",
        f"\\copy (select * from {view.table} order by id) to stdout csv header null '~'",
    ):
        said = run(major, "psql", view.dsn(place), *arguments, query)
        rows = list(csv.reader(io.StringIO(said.decode(), newline="")))
        assert [len(row) for row in rows] == [len(place.columns) + 2] * 5
        assert all(value == "~" for value in rows[3][2:])
        assert b"grace" not in said
