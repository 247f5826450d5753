"""Random queries over a world. Randomness is an argument; most of what comes out is accepted by a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from .world import ADDR, BOOL, DATE, INT, INTS, JSON, MAIL, MOOD, NUM, POS, TEXT, VALUES, Column, Table, World, quoted

ALIASES = ("x", "y", "z", "a", "log", "name", "users", "T", "id", "app", "orders")
"""Some are names of tables, schemas and columns too."""

COMPARED = (INT, TEXT, NUM, DATE, MOOD)
"""Types with an order, and with constants of their own."""


@dataclass(slots=True)
class Item:
    """Something in FROM: how its columns are named."""

    alias: str
    columns: tuple[Column, ...]
    whole: bool = True
    """Its row can be taken as a value."""


@dataclass(slots=True)
class Level:
    """One query's FROM, and those around it."""

    items: list[Item] = field(default_factory=list)
    outer: Level | None = None
    ctes: dict[str, tuple[Column, ...]] = field(default_factory=dict)
    only: list[tuple[str, str]] | None = None
    """Expressions and their types to which a grouped query is held."""

    def visible(self) -> list[tuple[str, str]]:
        """References and their types, as many as can be named without doubt."""
        if self.only is not None:
            return self.only
        found = []
        names = [name for item in self.items for name, _ in item.columns]
        aliases = {item.alias for item in self.items}
        for item in self.items:
            for name, type_ in item.columns:
                if [each for each, _ in item.columns].count(name) > 1:
                    continue
                if item.alias and [each.alias for each in self.items].count(item.alias) == 1:
                    found.append((f"{quoted(item.alias)}.{quoted(name)}", type_))
                if names.count(name) == 1 and name not in aliases:
                    found.append((quoted(name), type_))
        level = self.outer
        while level is not None:
            if level.only is None:
                for item in level.items:
                    if item.alias and item.alias not in aliases:
                        found += [(f"{quoted(item.alias)}.{quoted(name)}", type_) for name, type_ in item.columns]
            aliases |= {item.alias for item in level.items}
            level = level.outer
        return found

    def names(self) -> dict[str, tuple[Column, ...]]:
        around = self.outer.names() if self.outer is not None else {}
        return around | self.ctes


class Queries:
    """Makes them. `budget` bounds how deep they go."""

    def __init__(self, random: Random, world: World, version: int = 15) -> None:
        self.random = random
        self.world = world
        self.version = version
        self._names = 0

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def fresh(self, start: str = "c") -> str:
        self._names += 1
        return f"{start}{self._names}"

    # expressions

    def expression(self, type_: str, level: Level, depth: int) -> str:
        """Something of that type."""
        random = self.random
        fitting = [reference for reference, each in level.visible() if each == type_]
        if fitting and self.chance(0.55):
            return random.choice(fitting)
        if depth <= 0 or self.chance(0.15):
            return random.choice(fitting) if fitting and self.chance(0.8) else self.constant(type_)
        lot = random.random()
        if lot < 0.12:
            condition = self.expression(BOOL, level, depth - 1)
            one, other = self.expression(type_, level, depth - 1), self.expression(type_, level, depth - 1)
            return f"case when {condition} then {one} else {other} end"
        if lot < 0.22:
            one, other = self.expression(type_, level, depth - 1), self.expression(type_, level, depth - 1)
            return f"coalesce({one}, {other})"
        if lot < 0.34 and level.only is None:
            text, _ = self.query(level, depth - 1, (type_,), simple=self.chance(0.5))
            return f"(select * from ({text}) {quoted(self.fresh('s'))} limit 1)"
        if lot < 0.42 and type_ in self.world.functions:
            name, types = random.choice(self.world.functions[type_])
            return f"{name}({', '.join(self.expression(each, level, depth - 1) for each in types)})"
        return self._special(type_, level, depth - 1)

    def constant(self, type_: str) -> str:
        return f"({self.random.choice(VALUES[type_])})" if type_ in (INT, NUM) else self.random.choice(VALUES[type_])

    def _special(self, type_: str, level: Level, depth: int) -> str:
        random = self.random

        def e(each: str) -> str:
            return self.expression(each, level, depth)

        wholes = [each for each in level.items if each.whole and each.alias] if level.only is None else []
        wholes = [each for each in wholes if [other.alias for other in level.items].count(each.alias) == 1]
        choices: list[str]
        match type_:
            case "integer":
                choices = [
                    *(f"({e(INT)} + {e(INT)})", f"length({e(TEXT)})", f"abs({e(INT)})", f"({e(INTS)})[1]", f"({e(ADDR)}).zip"),
                    *(
                        f"extract(year from {e(DATE)})::int",
                        f"cardinality({e(INTS)})",
                        f"({e(NUM)})::int % 1000",
                        f"({e(POS)} + 0)",
                    ),
                    f"({e(INT)} operator(pg_catalog.*) 1)",
                ]
            case "text":
                choices = [
                    *(f"lower({e(TEXT)})", f"({e(TEXT)} || {e(TEXT)})", f"({e(INT)})::text", f"cast({e(DATE)} as text)"),
                    *(f"({e(ADDR)}).street", f"({e(JSON)} ->> 'a')", f"substring({e(TEXT)} from 1 for 2)", f"({e(MAIL)} || '')"),
                    *(f"concat({e(INT)}, {e(TEXT)}, {e(BOOL)})", f"({e(MOOD)})::text", f"trim(both from {e(TEXT)})"),
                ]
                if wholes:
                    choices += [f"{quoted(random.choice(wholes).alias)}::text"] * 2
            case "numeric":
                choices = [f"({e(NUM)} + {e(INT)})", f"round({e(NUM)}, 1)", f"({e(INT)})::numeric", f"greatest({e(NUM)}, {e(NUM)})"]
            case "boolean":
                choices = self._conditions(level, depth)
            case "date":
                choices = [f"({e(DATE)} + ({e(INT)} % 1000))", f"least({e(DATE)}, {e(DATE)})", "current_date"]
            case "integer[]":
                choices = [f"array[{e(INT)}, {e(INT)}]", f"({e(INTS)} || {e(INT)})", f"({e(INTS)})[1:2]"]
                if level.only is None:
                    text, _ = self.query(level, depth - 1, (INT,), simple=True)
                    choices.append(f"array({text})")
            case "jsonb":
                choices = [f"jsonb_build_object('k', {e(INT)}, 'l', {e(TEXT)})", f"to_jsonb({e(TEXT)})", f"({e(JSON)} -> 'a')"]
                if wholes:
                    choices += [f"to_jsonb({quoted(random.choice(wholes).alias)})"] * 2
            case "app.addr":
                choices = [f"row({e(TEXT)}, {e(INT)})::app.addr"]
            case "app.pos":
                choices = [f"(abs({e(INT)}) + 1)::app.pos"]
            case "app.mail":
                choices = [f"('a@' || coalesce({e(TEXT)}, ''))::app.mail"]
            case _:
                choices = [self.constant(type_)]
        return random.choice(choices)

    def _conditions(self, level: Level, depth: int) -> list[str]:
        random = self.random
        type_ = random.choice(COMPARED)

        def e(each: str) -> str:
            return self.expression(each, level, depth)

        choices = [
            *(f"{e(type_)} {random.choice(('=', '<>', '<', '>='))} {e(type_)}", f"({e(BOOL)} and {e(BOOL)})"),
            *(f"({e(BOOL)} or not {e(BOOL)})", f"{e(type_)} is not null", f"{e(INT)} between {e(INT)} and {e(INT)}"),
            *(f"{e(TEXT)} like 'x%'", f"{e(type_)} is distinct from {e(type_)}", f"{e(INT)} in ({e(INT)}, {e(INT)})"),
            *(f"({e(INT)}, {e(TEXT)}) = ({e(INT)}, {e(TEXT)})", f"{e(INT)} = any ({e(INTS)})", f"{e(JSON)} ? 'a'"),
            *(f"({e(BOOL)}) is true", f"{e(INT)} operator(app.===) {e(INT)}", f"{e(INTS)} @> {e(INTS)}"),
        ]
        if level.only is None:
            text, _ = self.query(level, depth - 1, (INT,), simple=True)
            choices += [f"{e(INT)} in ({text})", f"{e(INT)} > all ({text})"]
            text, _ = self.query(level, depth - 1, None, simple=True)
            choices += [f"exists ({text})", f"not exists ({text})"]
        return choices

    # FROM

    def item(self, level: Level, depth: int) -> tuple[str, Item]:
        """One thing in FROM, with its alias."""
        random = self.random
        lot = random.random()
        alias = self._alias(level)
        if depth > 0 and lot < 0.16:
            lateral = self.chance(0.5) and bool(level.items)
            around = level if lateral else Level(outer=level.outer, ctes=level.ctes)
            if not lateral and level.outer is not None:
                around = Level(outer=level.outer, ctes=level.ctes)
            text, columns = self.query(around, depth - 1, None)
            return f"{'lateral ' if lateral else ''}({text}) as {quoted(alias)}", Item(alias, columns)
        if lot < 0.24:
            return self._function(level, alias)
        if lot < 0.29:
            types = [random.choice((INT, TEXT, DATE)) for _ in range(random.randint(1, 3))]
            rows = ", ".join("(" + ", ".join(self.constant(each) for each in types) + ")" for _ in range(2))
            names = [self.fresh("v") for _ in types]
            listed = ", ".join(names)
            return f"(values {rows}) as {quoted(alias)} ({listed})", Item(alias, tuple(zip(names, types, strict=True)))
        ctes = level.names()
        if ctes and lot < 0.5:
            name = random.choice(sorted(ctes))
            return f"{quoted(name)} as {quoted(alias)}", Item(alias, ctes[name])
        table = random.choice(self.world.tables)
        return self._table(table, alias, level)

    def _table(self, table: Table, alias: str, level: Level) -> tuple[str, Item]:
        only = "only " if table.kind == "table" and self.chance(0.08) else ""
        lot = self.random.random()
        if lot < 0.2 and all(table.name != each.alias for each in level.items):
            return f"{only}{table.full}", Item(table.name, table.columns)
        if lot < 0.35:
            count = self.random.randint(1, len(table.columns))
            names = [self.fresh("r") for _ in range(count)]
            columns = tuple((new, type_) for new, (_, type_) in zip(names, table.columns, strict=False)) + table.columns[count:]
            return f"{only}{table.full} as {quoted(alias)} ({', '.join(names)})", Item(alias, columns)
        return f"{only}{table.full} as {quoted(alias)}", Item(alias, table.columns)

    def _function(self, level: Level, alias: str) -> tuple[str, Item]:
        name, types, columns = self.random.choice(self.world.set_functions)
        small = Level(items=level.items, outer=level.outer, ctes=level.ctes) if self.chance(0.5) else Level(outer=level.outer)
        arguments = ", ".join(
            self.expression(each, small, 1) if name != "generate_series" else self.constant(INT) for each in types
        )
        names = [self.fresh("f") for _ in columns]
        renamed = tuple(zip(names, (each for _, each in columns), strict=True))
        lot = self.random.random()
        if lot < 0.3:
            number = self.fresh("o")
            listed = ", ".join([*names, number])
            return f"{name}({arguments}) with ordinality as {quoted(alias)} ({listed})", Item(alias, (*renamed, (number, "bigint")))
        if lot < 0.45:
            other = self.fresh("f")
            listed = ", ".join([*names, other])
            text = f"rows from ({name}({arguments}), unnest(array[1, 2])) as {quoted(alias)} ({listed})"
            return text, Item(alias, (*renamed, (other, INT)))
        return f"{name}({arguments}) as {quoted(alias)} ({', '.join(names)})", Item(alias, renamed)

    def _alias(self, level: Level) -> str:
        used = {each.alias for each in level.items}
        free = [each for each in ALIASES if each not in used]
        return self.random.choice(free) if free and self.chance(0.85) else self.fresh("t")

    def source(self, level: Level, depth: int) -> str:
        """A whole FROM list; adds what it has to the level."""
        parts = []
        for _ in range(self.random.choice((1, 1, 1, 1, 2, 2, 3))):
            text, item = self.item(level, depth)
            level.items.append(item)
            while self.chance(0.27) and len(level.items) < 4:
                text, joined = self._join(text, level.items.pop(), level, depth)
                level.items += joined
            parts.append(text)
        return ", ".join(parts)

    def _join(self, left_text: str, left: Item, level: Level, depth: int) -> tuple[str, list[Item]]:
        others = Level(items=[*level.items, left], outer=level.outer, ctes=level.ctes)
        right_text, right = self.item(others, depth)
        for _ in range(5):
            if right.alias not in {each.alias for each in others.items}:
                break
            right_text, right = self.item(others, depth)
        kind = self.random.choice(("join", "left join", "inner join", "full join", "right join"))
        if right_text.startswith("lateral") or "(" in right_text:
            kind = self.random.choice(("join", "left join"))
        common = [name for name, type_ in left.columns if (name, type_) in right.columns and type_ != JSON]
        duplicated = any([n for n, _ in each.columns].count(n) > 1 for each in (left, right) for n in common)
        lot = self.random.random()
        if common and lot < 0.25 and not duplicated and self._natural(left, right):
            return f"{left_text} natural {kind} {right_text}", [left, right]
        if common and lot < 0.5 and not duplicated:
            chosen = self.random.sample(common, self.random.randint(1, len(common)))
            listed = ", ".join(map(quoted, chosen))
            if self.chance(0.3):
                alias = self.fresh("j")
                merged = Item(alias, tuple((name, type_) for name, type_ in left.columns if name in chosen), whole=False)
                return f"{left_text} {kind} {right_text} using ({listed}) as {alias}", [left, right, Item("", ()), merged]
            return f"{left_text} {kind} {right_text} using ({listed})", [left, right]
        if lot < 0.6 and kind not in ("full join",):
            return f"{left_text} cross join {right_text}", [left, right]
        inside = Level(items=[left, right], outer=None)
        condition = self.expression(BOOL, inside, 1) if kind != "full join" else "true"
        return f"{left_text} {kind} {right_text} on {condition}", [left, right]

    @staticmethod
    def _natural(left: Item, right: Item) -> bool:
        """Whether columns of the same name have the same type in both, and one that can be compared."""
        types = dict(left.columns)
        return all(types[name] == type_ and type_ != JSON for name, type_ in right.columns if name in types)

    # queries

    def query(
        self, outer: Level | None, depth: int, types: Sequence[str] | None, simple: bool = False
    ) -> tuple[str, tuple[Column, ...]]:
        """A query without a semicolon; with the columns that it gives. `types`: which ones it must give."""
        random = self.random
        level = Level(outer=outer)
        start = ""
        if depth > 1 and not simple and self.chance(0.25):
            start = self._with(level, depth - 1)
        if depth > 0 and not simple and self.chance(0.15):
            given = (
                tuple(types)
                if types is not None
                else tuple(random.choice((INT, TEXT, DATE, BOOL)) for _ in range(random.randint(1, 3)))
            )
            inner = Level(outer=level)
            one, columns = self.query(inner, depth - 1, given, simple=True)
            other, _ = self.query(inner, depth - 1, given, simple=True)
            kind = random.choice(("union", "union all", "intersect", "except all", "except"))
            order = " order by 1" if self.chance(0.3) else ""
            return f"{start}({one}) {kind} ({other}){order}", columns
        if types is None and self.chance(0.06):
            table = random.choice(self.world.tables)
            return f"{start}table {table.full}", table.columns
        text, columns = self._select(level, depth, types, simple)
        return start + text, columns

    def _select(self, level: Level, depth: int, types: Sequence[str] | None, simple: bool) -> tuple[str, tuple[Column, ...]]:
        random = self.random
        source = self.source(level, depth)
        where = f" where {self.expression(BOOL, level, depth)}" if self.chance(0.5) else ""
        if not simple and depth > 0 and self.chance(0.22):
            return self._grouped(level, depth, types, source, where)
        star = types is None and self.chance(0.3)
        outputs: list[str] = []
        columns: list[Column] = []
        if star:
            outputs, columns = self._star(level)
        wanted = types if types is not None else [self._type(level) for _ in range(random.randint(0 if star else 1, 3))]
        for each in wanted:
            text = (
                self._window(level, depth)
                if each == INT and not simple and self.chance(0.12)
                else self.expression(each, level, depth)
            )
            if self.chance(0.2) and text.replace('"', "").isidentifier() and text.islower():
                name = text.strip('"')
                outputs.append(text)
            else:
                name = self.fresh()
                outputs.append(f"{text} as {name}" if self.chance(0.8) else f"{text} {name}")
            columns.append((name, each))
        distinct, order = "", ""
        lot = random.random()
        if lot < 0.08 and not star and not any(each in (JSON,) for _, each in columns):
            distinct = "distinct "
        elif lot < 0.16 and level.visible():
            on = random.choice(level.visible())[0]
            distinct, order = f"distinct on ({on}) ", f" order by {on}"
        elif lot < 0.35 and columns and not star:
            order = f" order by {random.choice(('1', self.expression(INT, level, 1)))}"
            order = " order by 1 desc nulls last" if order.strip()[-1] in "0123456789)" else order
        limit = random.choice((" limit 5", " offset 1", " fetch first 2 rows only")) if self.chance(0.15) else ""
        return f"select {distinct}{', '.join(outputs)} from {source}{where}{order}{limit}", tuple(columns)

    def _star(self, level: Level) -> tuple[list[str], list[Column]]:
        singles = [each for each in level.items if each.alias and [o.alias for o in level.items].count(each.alias) == 1]
        if singles and self.chance(0.6):
            item = self.random.choice(singles)
            return [f"{quoted(item.alias)}.*"], list(item.columns)
        return ["*"], []  # what NATURAL and USING leave is for the server to say

    def _type(self, level: Level) -> str:
        visible = level.visible()
        if visible and self.chance(0.7):
            found = self.random.choice(visible)[1]
            return found if found in VALUES else INT
        return self.random.choice((INT, TEXT, NUM, BOOL, DATE, INTS, JSON, ADDR))

    def _window(self, level: Level, depth: int) -> str:
        random = self.random
        e = self.expression(INT, level, depth - 1)
        call = random.choice((f"count({e})", f"sum({e})", "row_number()", f"lag({e})", f"first_value({e})", "rank()"))
        part = f"partition by {self.expression(TEXT, level, 1)} " if self.chance(0.5) else ""
        order = f"order by {self.expression(INT, level, 1)} + 0"
        return f"({call} over ({part}{order}))::int"

    def _grouped(
        self, level: Level, depth: int, types: Sequence[str] | None, source: str, where: str
    ) -> tuple[str, tuple[Column, ...]]:
        random = self.random
        keys = [each for each in level.visible() if each[1] != JSON]
        chosen = random.sample(keys, min(len(keys), random.randint(0, 2)))
        grouped = Level(items=level.items, outer=None, ctes=level.ctes, only=chosen)
        outputs, columns = [], []
        for each in types if types is not None else [random.choice((INT, TEXT, NUM)) for _ in range(random.randint(1, 3))]:
            text = self._aggregate(each, level, depth) if self.chance(0.6) else self.expression(each, grouped, 1)
            name = self.fresh("g")
            outputs.append(f"{text} as {name}")
            columns.append((name, each))
        listed = ", ".join(each for each, _ in chosen)
        if not chosen:
            group = ""
        elif self.chance(0.3):
            group = " group by " + random.choice((f"rollup ({listed})", f"cube ({listed})", f"grouping sets (({listed}), ())"))
        else:
            group = f" group by {listed}"
        having = f" having {self._aggregate(INT, level, 1)} > 0" if self.chance(0.3) else ""
        return f"select {', '.join(outputs)} from {source}{where}{group}{having}", tuple(columns)

    def _aggregate(self, type_: str, level: Level, depth: int) -> str:
        flat = Level(items=level.items, outer=None, ctes={}, only=level.visible() or None)
        e = self.expression(INT, flat, min(depth, 1))
        t = self.expression(TEXT, flat, min(depth, 1))
        keep = f" filter (where {self.expression(BOOL, flat, 0)})" if self.chance(0.2) else ""
        match type_:
            case "integer":
                choices = [
                    f"count(*){keep}",
                    f"sum({e}){keep}",
                    f"count(distinct {t}){keep}",
                    f"max({e}){keep}",
                    f"app.total({e}){keep}",
                ]
                return f"({self.random.choice(choices)})::int"
            case "text":
                choices = [f"max({t}){keep}", f"string_agg({t}, ',' order by {e}){keep}"]
            case "numeric":
                choices = [f"avg({e}){keep}", f"(percentile_cont(0.5) within group (order by {e}))::numeric"]
            case "boolean":
                choices = [f"bool_or({e} > 0){keep}"]
            case "integer[]":
                choices = [f"array_agg({e} order by {t}){keep}"]
            case "jsonb":
                choices = [f"jsonb_agg({t}){keep}"]
            case "date":
                choices = [f"max({self.expression(DATE, flat, 0)}){keep}"]
            case _:
                return self.constant(type_)
        return self.random.choice(choices)

    def _with(self, level: Level, depth: int) -> str:
        parts = []
        recursive = self.chance(0.3)
        for _ in range(self.random.randint(1, 2)):
            name = self.fresh("w") if self.chance(0.7) else self.random.choice(("users", "orders", "log", "items"))
            if name in level.ctes:
                continue
            around = Level(outer=Level(outer=level.outer, ctes=dict(level.ctes)))
            if recursive and self.chance(0.6):
                base, _ = self.query(around, 0, (INT, TEXT), simple=True)
                step = f"select r.n1 + 1, r.n2 || 'x' from {quoted(name)} r where r.n1 < 3 and length(r.n2) < 9"
                parts.append(f"{quoted(name)} (n1, n2) as (({base}) union {step})")
                level.ctes[name] = (("n1", INT), ("n2", TEXT))
                continue
            text, columns = self.query(around, depth - 1, tuple(self._type(around) for _ in range(2)))
            names = [self.fresh("k") for _ in columns]
            how = self.random.choice(("", "", "materialized ", "not materialized "))
            parts.append(f"{quoted(name)} ({', '.join(names)}) as {how}({text})")
            level.ctes[name] = tuple(zip(names, (each for _, each in columns), strict=True))
        return f"with {'recursive ' if recursive else ''}{', '.join(parts)} " if parts else ""
