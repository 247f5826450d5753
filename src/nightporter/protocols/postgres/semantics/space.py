"""Where names of columns are looked up: FROM items, one level of a query inside another. Pure.

As parse_relation.c does it: each entry of a level is visible by its own name (`t.a`), or by its columns' (`a`), or both. A JOIN
hides its sides' columns behind its own, which merges what USING and NATURAL name; an alias of a JOIN hides its sides altogether.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nightporter.catalog.model import Column, Relation
from nightporter.protocols.postgres.grammar import GrammarError, Node, parse

from .work import ANY_TYPE, NO_VALUE, Ref, Touch, Value

SYSTEM_COLUMNS = {"tableoid": 26, "ctid": 27, "xmin": 28, "cmin": 29, "xmax": 28, "cmax": 29}
"""Name -> type."""

Rows = list[tuple[str, Value]]
"""Columns of a result."""

NOWHERE = object()
TWICE = object()


class Item:
    """A FROM item: its name, and its columns in order."""

    __slots__ = ("alias", "schema")

    alias: str | None
    schema: str | None
    """Of a table without an alias, which may be written with its schema."""

    def find(self, name: str) -> Value | object:
        """The column of that name, NOWHERE or TWICE."""
        raise NotImplementedError

    def columns(self) -> list[tuple[str, Value]]:
        """What `*` makes of it."""
        raise NotImplementedError


class TableItem(Item):
    """A table, view or other relation; `made_of` are a view's columns."""

    __slots__ = ("_found", "_listed", "_made_of", "_names", "inner", "relation", "touch")

    def __init__(
        self,
        touch: Touch,
        alias: str,
        schema: str | None,
        renames: list[str],
        made_of: list[Value] | None = None,
        inner: tuple[tuple[Touch, int], ...] = (),
    ) -> None:
        self.touch = touch
        self.inner = inner
        """Of a view: what it touches, and how far its own conditions bound that."""
        self.relation: Relation = touch.relation
        self.alias = alias
        self.schema = schema
        self._made_of = made_of
        self._found: dict[str, Value] = {}
        self._names: dict[str, Column] | None = None
        self._listed: list[tuple[str, Column]] = []
        if renames:
            columns = self.relation.columns
            names = renames + [column.name for column in columns[len(renames) :]]
            self._names = {}
            self._listed = list(zip(names, columns, strict=False))  # with those that have the same name
            for name, column in zip(names, columns, strict=False):
                if name in self._names:
                    self._found[name] = TWICE  # type: ignore[assignment] # found again by nobody but `find`
                self._names[name] = column

    def find(self, name: str) -> Value | object:
        found = self._found.get(name)
        if found is None:
            column = (self.relation.by_name if self._names is None else self._names).get(name)
            if column is not None:
                found = self._value(column)
            elif name in SYSTEM_COLUMNS and self.relation.kind in "rpmft":
                found = Value(SYSTEM_COLUMNS[name])
            else:
                return NOWHERE
            self._found[name] = found
        return found

    def columns(self) -> list[tuple[str, Value]]:
        if self._names is not None:
            return [(name, self._value(column)) for name, column in self._listed]
        return [(column.name, self._value(column)) for column in self.relation.columns]

    def _value(self, column: Column) -> Value:
        direct = frozenset((Ref(self.touch, column.name),))
        if column.generated == "v":  # computed when it is read
            names = names_in(column.default_text) & self.relation.by_name.keys()
            return Value(column.type, direct, frozenset(Ref(self.touch, name) for name in names))
        if self._made_of is None:
            return Value(column.type, direct)
        position = self.relation.columns.index(column)
        made_of = self._made_of[position] if position < len(self._made_of) else NO_VALUE
        return Value(column.type, direct | made_of.direct, made_of.derived)


def names_in(text: str) -> frozenset[str]:
    """The columns that a generation expression names."""
    found = set()
    try:
        waiting: list[Any] = [each.body for each in parse(f"SELECT {text}".encode())]
    except GrammarError:
        return frozenset()
    while waiting:
        node = waiting.pop()
        if type(node) is dict:
            if "ColumnRef" in node:
                found.add(node["ColumnRef"]["fields"][-1].get("String", {}).get("sval", ""))
            waiting += node.values()
        elif type(node) is list:
            waiting += node
    return frozenset(found)


class RowsItem(Item):
    """A sub-select, CTE, function, VALUES or aliased JOIN."""

    __slots__ = ("_by_name", "row_type", "rows", "within")

    def __init__(
        self,
        alias: str | None,
        rows: list[tuple[str, Value]],
        renames: list[str] | None = None,
        row_type: int = ANY_TYPE,
        within: list[Entry] | None = None,
    ) -> None:
        self.alias = alias
        self.schema = None
        self.row_type = row_type
        self.within = within
        """What the FROM of a plain sub-select has, or an aliased JOIN: locking its rows locks theirs."""
        if renames:
            rows = [(renames[n] if n < len(renames) else name, value) for n, (name, value) in enumerate(rows)]
        self.rows = rows
        self._by_name: dict[str, Value | object] | None = None

    def find(self, name: str) -> Value | object:
        if self._by_name is None:
            self._by_name = {}
            for each, value in self.rows:
                self._by_name[each] = TWICE if each in self._by_name else value
        return self._by_name.get(name, NOWHERE)

    def columns(self) -> list[tuple[str, Value]]:
        return self.rows


class JoinItem(Item):
    """A JOIN: merged columns first, then the rest of both sides."""

    __slots__ = ("_left", "_merged", "_right")

    def __init__(self, left: list[Entry], right: list[Entry], merged: dict[str, Value]) -> None:
        self.alias = None
        self.schema = None
        self._left = left
        self._right = right
        self._merged = merged

    def find(self, name: str) -> Value | object:
        merged = self._merged.get(name)
        if merged is not None:
            return merged
        return find_in(self._left + self._right, name)

    def columns(self) -> list[tuple[str, Value]]:
        rest = [(name, value) for name, value in columns_of(self._left + self._right) if name not in self._merged]
        return list(self._merged.items()) + rest


class Entry:
    """An item, and the ways in which it is visible."""

    __slots__ = ("by_columns", "by_name", "item")

    def __init__(self, item: Item, by_name: bool = True, by_columns: bool = True) -> None:
        self.item = item
        self.by_name = by_name
        self.by_columns = by_columns


class Space:
    """One level of a query."""

    __slots__ = ("entries", "parent")

    def __init__(self, entries: list[Entry], parent: Space | None = None) -> None:
        self.entries = entries
        self.parent = parent

    def levels(self) -> Iterator[Space]:
        space: Space | None = self
        while space is not None:
            yield space
            space = space.parent

    def column(self, name: str) -> Value | object:
        """A column by its bare name, from the innermost level that has one."""
        space: Space | None = self
        while space is not None:
            found = find_in(space.entries, name)
            if found is not NOWHERE:
                return found
            space = space.parent
        return NOWHERE

    def item(self, name: str, schema: str | None = None) -> Item | None:
        """A FROM item by its name, from the innermost level that has one."""
        space: Space | None = self
        while space is not None:
            for entry in space.entries:
                if entry.by_name and entry.item.alias == name and (schema is None or entry.item.schema == schema):
                    return entry.item
            space = space.parent
        return None


class Cte:
    """A query of a WITH clause, understood when it is first named."""

    __slots__ = ("body", "busy", "ctes", "looked", "multiplied", "rows", "space")

    def __init__(self, body: Node, space: Space | None, ctes: Ctes) -> None:
        self.body = body
        self.space = space
        self.ctes = ctes
        self.rows: Rows | None = None
        self.busy = False
        self.looked: frozenset[Ref] = frozenset()
        """What its conditions look at."""
        self.multiplied: frozenset[Ref] = frozenset()
        """What decides how many rows functions in it give."""


Ctes = dict[str, "Cte"]
_NONE: frozenset[Ref] = frozenset()


class Level(Space):
    """A level of a query that knows the names of WITH."""

    __slots__ = ("ctes", "multiplied")

    def __init__(self, entries: list[Entry], parent: Space | None, ctes: Ctes) -> None:
        super().__init__(entries, parent)
        self.ctes = ctes
        self.multiplied: frozenset[Ref] = _NONE
        """What decides how many rows the functions in its FROM give."""


def ctes_of(space: Space | None) -> Ctes:
    return space.ctes if isinstance(space, Level) else {}


def find_in(entries: list[Entry], name: str) -> Value | object:
    """A column by its bare name in one level."""
    found: Value | object = NOWHERE
    for entry in entries:
        if entry.by_columns:
            each = entry.item.find(name)
            if each is not NOWHERE:
                if found is not NOWHERE:
                    return TWICE
                found = each
    return found


def columns_of(entries: list[Entry]) -> list[tuple[str, Value]]:
    """What a bare `*` stands for."""
    return [column for entry in entries if entry.by_columns for column in entry.item.columns()]
