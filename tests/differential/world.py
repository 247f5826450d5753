"""Random schemas for the generator: definitions as text, and what statements may build on. Randomness is an argument.

A column's name decides its type everywhere, so that NATURAL and USING always fit; `id` is in every relation with rows of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

INT, TEXT, NUM, BOOL, DATE, INTS, JSON, ADDR, POS, MAIL, MOOD = (
    *("integer", "text", "numeric", "boolean", "date", "integer[]", "jsonb"),
    *("app.addr", "app.pos", "app.mail", "app.mood"),
)

COLUMNS = {
    "id": INT,
    "a": INT,
    "n": NUM,
    "name": TEXT,
    "Mixed Case": TEXT,
    "select": INT,
    'q"q': TEXT,
    "ok": BOOL,
    "day": DATE,
    "tags": INTS,
    "doc": JSON,
    "home": ADDR,
    "size": POS,
    "mail": MAIL,
    "mood": MOOD,
    "übung": INT,
    "note": TEXT,
    "boss": INT,
}
"""Name -> type."""

PLAIN = (
    "a",
    "n",
    "name",
    "Mixed Case",
    "select",
    'q"q',
    "ok",
    "day",
    "tags",
    "doc",
    "home",
    "size",
    "mail",
    "mood",
    "übung",
    "note",
)

VALUES = {
    INT: ("1", "2", "7", "-3", "0"),
    TEXT: ("'x'", "'ab c'", "''", "'O''Hara'", "E'a\\tb'", "$q$it's$q$"),
    NUM: ("1.5", "0", "-2.25"),
    BOOL: ("true", "false"),
    DATE: ("date '2020-01-01'", "date '1999-12-31'"),
    INTS: ("'{1,2}'::integer[]", "array[3,4,5]"),
    JSON: ("'{\"a\": 1}'::jsonb", "'[1, 2]'::jsonb"),
    ADDR: ("row('s', 7)::app.addr", "('t', 8)::app.addr"),
    POS: ("1::app.pos", "5::app.pos"),
    MAIL: ("'a@b.c'::app.mail",),
    MOOD: ("'sad'::app.mood", "'happy'::app.mood"),
}
"""Constants of each type, in several ways of writing them."""

Column = tuple[str, str]


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    plain = name.isascii() and name.islower() and name.isidentifier() and name != "select"
    return name if plain else '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Table:
    """Something that can stand in FROM."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    kind: str = "table"
    writes: bool = True
    """INSERT, UPDATE and DELETE may be tried."""
    unset: frozenset[str] = frozenset()
    """Columns that cannot be written: generated ones, identities."""

    @property
    def full(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.name)}"


@dataclass(slots=True)
class World:
    """A schema: how to make it, and what is in it."""

    definitions: list[str] = field(default_factory=list)
    """Each may fail, and is then left out."""
    tables: list[Table] = field(default_factory=list)
    functions: dict[str, list[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)
    """By result type: name and types of arguments."""
    set_functions: list[tuple[str, tuple[str, ...], tuple[Column, ...]]] = field(default_factory=list)
    """Those that stand in FROM: name, types of arguments, columns."""
    procedures: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    path: str = "public, app"


BASE = (
    "create schema app",
    'create schema "Odd Schema"',
    "create table app.log (id serial primary key, note text, a int default 1)",
    "create sequence app.counter",
    "create function app.checked(i int) returns boolean language plpgsql as $$ begin return i > 0; end $$",
    "create function app.loud(t text) returns text language plpgsql as"
    " $$ begin insert into app.log (note) values (t); return t; end $$",
    "create function app.plus(i int) returns int language sql immutable as 'select i + 1'",
    "create function app.plus(t text) returns text language sql immutable as $$ select t || '+' $$",
    "create function \"Odd Schema\".plus(i int) returns int language sql as 'select i + 2'",
    "create function app.logged() returns bigint language sql stable as 'select count(*) from app.log'",
    "create function app.next() returns int language sql as $$ select nextval('app.counter')::int $$",
    "create function app.notes(i int) returns setof text language sql stable as 'select note from app.log where id > i'",
    "create function app.pairs(i int) returns table (a int, note text) language sql stable rows 5 as"
    " 'select l.a, l.note from app.log l where l.id >= i'",
    "create function app.wipe(i int) returns int language plpgsql as"
    " $$ declare n int; begin delete from app.log where id = i; get diagnostics n = row_count; return n; end $$",
    "create function app.std(i int) returns int language sql return i * 2 + (select count(*) from app.log)",
    "create type app.addr as (street text, zip int)",
    "create type app.mood as enum ('sad', 'ok', 'happy')",
    "create domain app.pos as integer check (app.checked(value))",
    "create domain app.mail as text check (value like '%@%')",
    "create function app.same(x int, y int) returns boolean language sql immutable as 'select x = y'",
    "create operator app.=== (leftarg = int, rightarg = int, function = app.same)",
    "create function app.add_up(s int, x int) returns int language sql immutable as 'select coalesce(s, 0) + coalesce(x, 0)'",
    "create aggregate app.total(int) (sfunc = app.add_up, stype = int)",
    "create procedure app.tidy(i int) language plpgsql as $$ begin delete from app.log where id < i; end $$",
    "create procedure app.write(t text) language sql as 'insert into app.log (note) values (t)'",
    "create function app.on_row() returns trigger language plpgsql as"
    " $$ begin insert into app.log (note) values (tg_op); if tg_op = 'DELETE' then return old; end if; return new; end $$",
    "create function app.on_statement() returns trigger language plpgsql as $$ begin perform app.next(); return null; end $$",
)


def build(random: Random) -> World:
    """A new world; the same for the same randomness."""
    world = World(list(BASE))
    log = Table("app", "log", (("id", INT), ("note", TEXT), ("a", INT)))
    world.tables.append(log)
    world.functions = {
        INT: [
            ("app.plus", (INT,)),
            ('"Odd Schema".plus', (INT,)),
            ("app.next", ()),
            ("app.wipe", (INT,)),
            ("app.std", (INT,)),
            ("plus", (INT,)),
        ],
        TEXT: [("app.loud", (TEXT,)), ("app.plus", (TEXT,))],
        BOOL: [("app.checked", (INT,)), ("app.same", (INT, INT))],
    }
    world.set_functions = [
        ("app.notes", (INT,), (("note", TEXT),)),
        ("app.pairs", (INT,), (("a", INT), ("note", TEXT))),
        ("generate_series", (INT, INT), (("generate_series", INT),)),
    ]
    world.procedures = [("app.tidy", (INT,)), ("app.write", (TEXT,))]
    names = ["orders", "users", "Big Table", "user", "a", "emp", "items"]
    random.shuffle(names)
    for name in names[: random.randint(3, 5)]:
        _table(random, world, random.choice(("public", "app", "Odd Schema")), name)
    _partitioned(random, world)
    _inherited(random, world)
    for table in [each for each in world.tables if each.name not in ("log",)]:
        _attach(random, world, table)
    return world


def _columns(random: Random, least: int = 2, most: int = 6) -> list[str]:
    return random.sample(PLAIN, random.randint(least, most))


def _table(random: Random, world: World, schema: str, name: str) -> None:
    table = f"{quoted(schema)}.{quoted(name)}"
    chosen = _columns(random)
    unset: set[str] = set()
    key = random.choice(("integer", "serial", "integer generated by default as identity", "integer default app.next()"))
    parts = [f"id {key} primary key"]
    for each in chosen:
        part = f"{quoted(each)} {COLUMNS[each]}"
        lot = random.random()
        if COLUMNS[each] == INT and lot < 0.2:
            part += " default app.plus(4)"
        elif COLUMNS[each] == TEXT and lot < 0.2:
            part += " default app.loud('default')"
        elif COLUMNS[each] == INT and lot < 0.35:
            part += f" check (app.checked({quoted(each)} + 1000))"
        elif COLUMNS[each] == INT and lot < 0.5:
            part += " generated always as (id * 2) stored"
            unset.add(each)
        parts.append(part)
    world.definitions.append(f"create table {table} ({', '.join(parts)})")
    columns = [("id", INT), *((each, COLUMNS[each]) for each in chosen)]
    parents = [each for each in world.tables if each.kind == "table" and each.name != "log"]
    if parents and random.random() < 0.7:
        parent = random.choice(parents)
        action = random.choice(("cascade", "set null", "no action", "cascade on update cascade", "set default"))
        world.definitions.append(f"alter table {table} add boss integer references {parent.full} (id) on delete {action}")
        columns.append(("boss", INT))
    world.tables.append(Table(schema, name, tuple(columns), unset=frozenset(unset)))
    _fill(world, world.tables[-1])


def _fill(world: World, table: Table) -> None:
    set_ = [each for each in table.columns if each[0] not in table.unset]
    names = ", ".join(quoted(name) for name, _ in set_)
    for number in (1, 2):
        values = [str(number) if name == "id" else str(number) if name == "boss" else VALUES[type_][0] for name, type_ in set_]
        world.definitions.append(f"insert into {table.full} ({names}) values ({', '.join(values)})")


def _partitioned(random: Random, world: World) -> None:
    chosen = _columns(random, 1, 3)
    body = ", ".join(["id integer", *(f"{quoted(each)} {COLUMNS[each]}" for each in chosen)])
    world.definitions += [
        f"create table public.parts ({body}) partition by range (id)",
        "create table public.parts_low partition of public.parts for values from (minvalue) to (3)",
        "create table app.parts_high partition of public.parts for values from (3) to (100000) partition by list (id)",
        "create table app.parts_rest partition of app.parts_high default",
    ]
    columns = (("id", INT), *((each, COLUMNS[each]) for each in chosen))
    world.tables += [Table("public", "parts", columns), Table("public", "parts_low", columns)]
    _fill(world, world.tables[-2])


def _inherited(random: Random, world: World) -> None:
    first, second = _columns(random, 1, 2), _columns(random, 1, 2)
    second = [each for each in second if each not in first]
    body = ", ".join(["id integer", *(f"{quoted(each)} {COLUMNS[each]}" for each in first)])
    more = ", ".join(f"{quoted(each)} {COLUMNS[each]}" for each in second)
    world.definitions += [
        f"create table app.animal ({body})",
        f"create table app.dog ({more}) inherits (app.animal)",
    ]
    columns = (("id", INT), *((each, COLUMNS[each]) for each in first))
    world.tables += [
        Table("app", "animal", columns),
        Table("app", "dog", (*columns, *((each, COLUMNS[each]) for each in second))),
    ]
    for table in world.tables[-2:]:
        _fill(world, table)


def _attach(random: Random, world: World, table: Table) -> None:
    """Triggers, rules, policies, indexes."""
    full, label = table.full, f"t{len(world.definitions)}"
    lot = random.random()
    if lot < 0.3:
        event = random.choice(("insert", "update", "delete", "insert or update or delete", "update of id"))
        when = random.choice(("before", "after"))
        world.definitions.append(f"create trigger {label} {when} {event} on {full} for each row execute function app.on_row()")
    elif lot < 0.45:
        event = random.choice(("insert", "update", "delete", "truncate"))
        world.definitions.append(
            f"create trigger {label} after {event} on {full} for each statement execute function app.on_statement()"
        )
    elif lot < 0.6:
        event = random.choice(("insert", "update", "delete"))
        row = "old" if event == "delete" else "new"
        world.definitions.append(
            f"create rule {label} as on {event} to {full} do also insert into app.log (note, a) values ('{event}', {row}.id)"
        )
    if random.random() < 0.25:
        world.definitions += [
            f"create policy {label} on {full} using (app.plus(id) > 0 and exists (select 1 from app.log l where l.a = 1))",
            f"alter table {full} enable row level security",
        ]
    if random.random() < 0.25:
        world.definitions.append(f"create index on {full} (app.plus(id)) where app.checked(id)")
