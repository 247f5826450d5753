"""What the server's own functions, and those of well-known extensions, do. Reads one table, `functions.tsv`; decides nothing else.

What runs is the C symbol, whatever the function is called: `CREATE FUNCTION f(text) ... LANGUAGE internal AS 'pg_read_file'` reads
files, and a function that was replaced under its old name and OID does what the new one does. So functions in C are looked up by
symbol, those of extensions by extension and symbol, and names count only for the server's own functions in SQL. Only superusers
make functions in C, so a symbol within an extension is what its author wrote. Functions of extensions in SQL and PL/pgSQL are not
in the table: they are read by their bodies like anybody's, since the owner of an extension can put functions of his own into it.
`docs/reference/function-classes.md` says what the classes mean and how the table is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from nightporter.catalog.model import Function
from nightporter.statement.model import Effect

# FirstNormalObjectId: what initdb makes has lower ones, what users make never
FIRST_USER_OID = 16384
UNKNOWN = frozenset({Effect.UNKNOWN})
SERVER = "pg_catalog"
"""Owner of lines about functions of the server itself; those of an extension have its name instead."""


class ByType(StrEnum):
    """What else a function runs, because of the type of a value. Whoever knows the types must follow it."""

    JSON_CAST = "json_cast"  # the cast to json of its arguments' types, and of types within them; user-made types only
    RESULT_INPUT = "result_input"  # the input of its result's type, and of types within it: checks of domains
    NAMED_INPUT = "named_input"  # the same, of a type that an argument names when it runs


class Line(NamedTuple):
    """One line of the table."""

    owner: str
    """`pg_catalog`, `information_schema`, or an extension."""
    name: str
    arguments: str
    """Types without their schemas, as oidvectortypes prints them: `integer, text`."""
    language: str
    """internal, c or sql."""
    symbols: tuple[str, ...]
    """C functions, most have one; other versions of server or extension may have another. None: it is in SQL."""
    servers: str
    """Major versions in which it was seen: `13-18`, `13-14,16`."""
    words: frozenset[str]
    """Values of Effect and ByType."""
    note: str

    @property
    def majors(self) -> Iterator[str]:
        """`servers`, one by one."""
        for part in self.servers.split(","):
            first, _, last = part.partition("-")
            yield from map(str, range(int(first), int(last or first) + 1))


class Classes(NamedTuple):
    """The table, arranged for looking up."""

    internal: dict[str, frozenset[Effect]]
    """By symbol."""
    c: dict[tuple[str, str], frozenset[Effect]]
    """By extension (empty: the server's own) and symbol."""
    sql: dict[tuple[str, str, str], frozenset[Effect]]
    """By schema, name and argument types."""
    by_type: dict[tuple[str, str], frozenset[ByType]]
    """By extension (empty: the server's own, and everything internal) and symbol; few have any."""


def effects_of(function: Function) -> frozenset[Effect]:
    """What it does by itself: COMPUTES alone, or others, or UNKNOWN alone if the table does not have it.

    For functions in the languages internal and c, and for the server's own in sql; all others are UNKNOWN here, since their
    bodies say what they do. Of an aggregate and of `by_type`, what it calls is not contained.
    """
    table = classes()
    if function.language == "internal":
        return table.internal.get(function.symbol, UNKNOWN)
    if function.language == "c":
        if function.extension or function.oid < FIRST_USER_OID:
            return table.c.get((function.extension, function.symbol), UNKNOWN)
    elif function.language == "sql" and is_server_own(function) and _calls_only_server_own(function):
        return table.sql.get((function.schema, function.name, function.signature), UNKNOWN)
    return UNKNOWN


def effects_of_symbol(symbol: str) -> frozenset[Effect]:
    """The same for the text of a function in language internal: `LANGUAGE internal AS 'symbol'`."""
    return classes().internal.get(symbol, UNKNOWN)


def by_type(function: Function) -> frozenset[ByType]:
    """What else it runs; empty for nearly all."""
    if function.language == "internal":
        return classes().by_type.get(("", function.symbol), frozenset())
    return classes().by_type.get((function.extension, function.symbol), frozenset())


def is_server_own(function: Function) -> bool:
    """Whether it came with the server, and is not merely called like something that did."""
    return function.oid < FIRST_USER_OID and not function.extension


def lines() -> Iterator[Line]:
    """The table as it stands. Raises ValueError for a line that is not one."""
    text = files(__package__).joinpath("functions.tsv").read_text("utf-8")
    for row in text.splitlines():
        if row and not row.startswith("#"):
            owner, name, arguments, language, symbols, servers, words, *note = row.split("\t")
            taken = () if symbols == "-" else tuple(symbols.split(","))
            yield Line(owner, name, arguments, language, taken, servers, frozenset(words.split(",")), *note or ("",))


@cache
def classes() -> Classes:
    """The table, read on first use: some 20 ms, once a process."""
    table = Classes({}, {}, {}, {})
    shared: dict[frozenset[str], frozenset[Effect]] = {}
    tags = frozenset(ByType)
    for line in lines():
        effects = shared.setdefault(line.words, frozenset(Effect(word) for word in line.words - tags))
        if line.language == "sql":
            table.sql[line.owner, line.name, line.arguments] = effects
            continue
        extension = "" if line.owner == SERVER else line.owner
        for symbol in line.symbols:
            # one symbol under several names does all that any of them is said to do
            if line.language == "internal":
                table.internal[symbol] = _both(table.internal.get(symbol), effects)
            else:
                table.c[extension, symbol] = _both(table.c.get((extension, symbol)), effects)
            if found := frozenset(ByType(word) for word in line.words & tags):
                table.by_type[extension, symbol] = table.by_type.get((extension, symbol), frozenset()) | found
    return table


def _both(one: frozenset[Effect] | None, other: frozenset[Effect]) -> frozenset[Effect]:
    if one is None or one == other:
        return other
    both = one | other
    return UNKNOWN if Effect.UNKNOWN in both else both - {Effect.COMPUTES}


def _calls_only_server_own(function: Function) -> bool:
    """A superuser can replace a function of the server's in SQL, and then it keeps its name and OID."""
    return all(called < FIRST_USER_OID for called in function.body_calls or ())
