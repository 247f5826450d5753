"""Random statements of every kind over a world. Randomness is an argument."""

from __future__ import annotations

from random import Random

from .select import Item, Level, Queries
from .world import BOOL, INT, TEXT, VALUES, Table, World, quoted


class Statements(Queries):
    """Makes texts that are to run one after the other; several of them in one transaction."""

    def __init__(self, random: Random, world: World, version: int = 15) -> None:
        super().__init__(random, world, version)
        self._kinds = (
            *([self._query_alone] * 40),
            *([self._insert_alone] * 10),
            *([self._update_alone] * 9),
            *([self._delete_alone] * 7),
            *([self._merge] * 5),
            *([self._explain] * 4),
            *([self._create_as] * 3),
            *([self._changing_with] * 6),
            *([self._copy] * 4),
            *([self._cursor] * 3),
            *([self._prepared] * 3),
            *([self._shadowed] * 2),
            *([self._odd] * 8),
        )

    def texts(self, depth: int = 2) -> list[str]:
        """One text, or several that belong into one transaction."""
        return self.random.choice(self._kinds)(depth)

    def _query_alone(self, depth: int) -> list[str]:
        text, _ = self.query(None, depth, None)
        if self.chance(0.06):
            text = f"select * from {self.random.choice(self.world.tables).full} {self._lock()}"
        return [text]

    def _lock(self) -> str:
        return self.random.choice(("for update", "for share", "for no key update skip locked", "for key share"))

    # changes

    def _target(self) -> Table:
        return self.random.choice([each for each in self.world.tables if each.writes])

    def _value(self, name: str, type_: str, level: Level, depth: int) -> str:
        if name == "id":
            return str(self.random.randint(100, 90000))
        if name == "boss":
            return self.random.choice(("1", "2", "null"))
        if self.chance(0.08):
            return "default"
        return self.expression(type_, level, depth) if type_ in VALUES else "null"

    def insert(self, depth: int) -> str:
        table = self._target()
        free = [each for each in table.columns if each[0] not in table.unset]
        chosen = [each for each in free if each[0] == "id" or self.chance(0.7)]
        listed = ", ".join(quoted(name) for name, _ in chosen)
        alias = self.random.choice(("", "", " as z", " as log"))
        name = alias[4:] or table.name
        lot = self.random.random()
        if lot < 0.06:
            body = "default values"
        elif lot < 0.5:
            rows = []
            for _ in range(self.random.randint(1, 2)):
                rows.append("(" + ", ".join(self._value(each, type_, Level(), depth - 1) for each, type_ in chosen) + ")")
            body = f"({listed}) values {', '.join(rows)}"
        else:
            types = [type_ for _, type_ in chosen]
            text, columns = self.query(None, depth - 1, types)
            place = [at for at, (each, _) in enumerate(chosen) if each in ("id", "boss")]
            parts = [
                (f"{self.random.randint(100, 80000)} + row_number() over ()" if chosen[at][0] == "id" else "null")
                if at in place
                else f"q.{quoted(each)}"
                for at, (each, _) in enumerate(columns)
            ]
            names = ", ".join(quoted(each) for each, _ in columns)
            unique = len({each for each, _ in columns}) == len(columns)
            source = f"({text}) q" if unique else f"({text}) q ({', '.join(self.fresh('q') for _ in columns)})"
            if not unique:
                names = source[source.rindex("(") + 1 : -1]
                parts = [
                    part if at in place else f"q.{each}"
                    for at, (part, each) in enumerate(zip(parts, names.split(", "), strict=True))
                ]
            body = f"({listed}) select {', '.join(parts)} from {source} limit 3"
        text = f"insert into {table.full}{alias} {body}"
        if self.chance(0.25) and table.kind == "table" and table.name not in ("parts", "parts_low", "animal", "dog"):
            text += self._conflict(table, name, depth)
        return text + self._returning(name, table, depth)

    def _conflict(self, table: Table, name: str, depth: int) -> str:
        if self.chance(0.4):
            return " on conflict do nothing"
        level = Level(items=[Item(name, table.columns), Item("excluded", table.columns)])
        assigned = self._assignments(table, level, depth - 1)
        where = f" where {self.expression(BOOL, level, 1)}" if self.chance(0.3) else ""
        return f" on conflict (id) do update set {assigned}{where}" if assigned else " on conflict do nothing"

    def _assignments(self, table: Table, level: Level, depth: int) -> str:
        free = [each for each in table.columns if each[0] not in table.unset and each[0] not in ("id", "boss")]
        chosen = self.random.sample(free, min(len(free), self.random.randint(1, 2)))
        if len(chosen) == 2 and self.chance(0.2):
            text, _ = self.query(Level(outer=level), max(depth - 1, 0), [type_ for _, type_ in chosen], simple=True)
            limited = text if " limit " in text or " offset " in text or " fetch " in text else f"{text} limit 1"
            return f"({', '.join(quoted(name) for name, _ in chosen)}) = (select * from ({limited}) {self.fresh('m')} limit 1)"
        return ", ".join(f"{quoted(name)} = {self._value(name, type_, level, depth)}" for name, type_ in chosen)

    def _returning(self, name: str, table: Table, depth: int) -> str:
        if not self.chance(0.35):
            return ""
        level = Level(items=[Item(name, table.columns)])
        lot = self.random.random()
        if lot < 0.25:
            return " returning *"
        if lot < 0.4 and self.version >= 18:
            return f" returning old.id as o1, new.*, {self.expression(INT, level, 1)} as o2"
        return f" returning {self.expression(INT, level, depth - 1)} as o1, {self.expression(TEXT, level, 1)} as o2"

    def _insert_alone(self, depth: int) -> list[str]:
        return [self.insert(depth)]

    def update(self, depth: int) -> str:
        table = self._target()
        only = "only " if self.chance(0.1) else ""
        alias = self.random.choice(("tgt", "log2", "u"))
        level = Level(items=[Item(alias, table.columns)])
        source = ""
        if self.chance(0.35):
            others = Level()
            source = f" from {self.source(others, depth - 1)}"
            if any(each.alias == alias for each in others.items):
                source = ""
            else:
                level.items += others.items
        assigned = self._assignments(table, level, depth - 1)
        if not assigned:
            assigned = f"id = {quoted(alias)}.id"
        where = f" where {self.expression(BOOL, level, depth - 1)}" if self.chance(0.7) else ""
        return f"update {only}{table.full} as {alias} set {assigned}{source}{where}{self._returning(alias, table, depth)}"

    def _update_alone(self, depth: int) -> list[str]:
        return [self.update(depth)]

    def delete(self, depth: int) -> str:
        table = self._target()
        level = Level(items=[Item("tgt", table.columns)])
        using = ""
        if self.chance(0.35):
            others = Level()
            using = f" using {self.source(others, depth - 1)}"
            level.items += others.items
        where = f" where {self.expression(BOOL, level, depth - 1)}" if self.chance(0.8) else ""
        return f"delete from {table.full} as tgt{using}{where}{self._returning('tgt', table, depth)}"

    def _delete_alone(self, depth: int) -> list[str]:
        return [self.delete(depth)]

    def _merge(self, depth: int) -> list[str]:
        table = self._target()
        text, columns = self.query(None, depth - 1, (INT, TEXT))
        names = [self.fresh("s") for _ in columns]
        target, source = Item("tgt", table.columns), Item("src", tuple(zip(names, (INT, TEXT), strict=True)))
        both, single = Level(items=[target, source]), Level(items=[source])
        parts = [f"merge into {table.full} as tgt using (select * from ({text}) q limit 2) as src ({', '.join(names)})"]
        parts.append(f"on tgt.id = src.{names[0]}")
        if self.chance(0.7):
            extra = f" and {self.expression(BOOL, both, 1)}" if self.chance(0.4) else ""
            assigned = self._assignments(table, both, 0)
            parts.append(f"when matched{extra} then " + (f"update set {assigned}" if assigned and self.chance(0.7) else "delete"))
        if self.chance(0.6) or len(parts) == 2:
            free = [each for each in table.columns if each[0] not in table.unset and (each[0] == "id" or self.chance(0.5))]
            values = ", ".join(self._value(name, type_, single, 0) for name, type_ in free)
            parts.append(f"when not matched then insert ({', '.join(quoted(name) for name, _ in free)}) values ({values})")
        if self.version >= 17 and self.chance(0.3):
            parts.append("returning merge_action(), tgt.id")
        return [" ".join(parts)]

    # around statements

    def _any(self, depth: int) -> str:
        lot = self.random.random()
        if lot < 0.5:
            return self.query(None, depth, None)[0]
        return self.random.choice((self.insert, self.update, self.delete))(depth)

    def _explain(self, depth: int) -> list[str]:
        how = self.random.choice(
            ("explain", "explain analyze", "explain (analyze, costs off)", "explain (verbose)", "explain (analyze off)")
        )
        return [f"{how} {self._any(depth)}"]

    def _create_as(self, depth: int) -> list[str]:
        text, _ = self.query(None, depth, (INT, TEXT))
        name, names = self.fresh("made"), f"({self.fresh('m')}, {self.fresh('m')})"
        lot = self.random.random()
        if lot < 0.25:
            return [f"select q.* into {name} from ({text}) q {names}"]
        kind = self.random.choice(("table", "temporary table", "materialized view", "view", "unlogged table"))
        end = self.random.choice((" with no data", "", "")) if "view" not in kind or kind.startswith("mat") else ""
        return [f"create {kind} {name} {names} as {text}{end}"]

    def _changing_with(self, depth: int) -> list[str]:
        table = self._target()
        inner = self.random.choice(
            (
                f"delete from {table.full} where id = 2 returning *",
                f"update {table.full} set id = id where id = 1 returning *",
                f"insert into app.log (note, a) values ({self.expression(TEXT, Level(), 1)}, 3) returning id, note, a",
            )
        )
        columns = table.columns if "app.log (note" not in inner else (("id", INT), ("note", TEXT), ("a", INT))
        level = Level(ctes={"gone": columns})
        text, _ = self.query(Level(outer=level), depth - 1, None, simple=True)
        if "gone" not in text:
            text = self.random.choice(
                ("select * from gone", "select count(*) from gone", "insert into app.log (a) select g.id from gone g")
            )
        return [f"with gone as ({inner}) {text}"]

    def _copy(self, depth: int) -> list[str]:
        table = self._target()
        lot = self.random.random()
        free = [name for name, _ in table.columns if name not in table.unset]
        if lot < 0.35:
            return [f"copy ({self.query(None, depth, None)[0]}) to stdout"]
        if lot < 0.5:
            inner = self.random.choice((self.insert, self.update, self.delete))(depth - 1)
            return [f"copy ({inner if ' returning ' in inner else inner + ' returning 1'}) to stdout with (format csv)"]
        if lot < 0.75:
            chosen = self.random.sample(free, self.random.randint(1, len(free)))
            return [f"copy {table.full} ({', '.join(map(quoted, chosen))}) to stdout"]
        return [f"copy {table.full} (id) from stdin\0{self.random.randint(100, 90000)}"]

    def _cursor(self, depth: int) -> list[str]:
        table = self._target()
        if self.chance(0.5):
            return [
                f"declare cur cursor for select * from {table.full} for update",
                "fetch 1 from cur",
                self.random.choice(
                    (f"delete from {table.full} where current of cur", f"update {table.full} set id = id where current of cur")
                ),
                "close cur",
            ]
        text, _ = self.query(None, depth, None)
        return [
            f"declare cur scroll cursor for {text}",
            self.random.choice(("fetch all from cur", "move 1 in cur", "fetch prior cur")),
        ]

    def _prepared(self, depth: int) -> list[str]:
        return [f"prepare p1 as {self._any(depth)}", "execute p1", "deallocate p1"]

    def _shadowed(self, depth: int) -> list[str]:
        """A temporary table in front of one of the same name, and a path that is another."""
        table = self.random.choice(self.world.tables)
        columns = ", ".join(f"{quoted(name)} {type_}" for name, type_ in table.columns)
        name = quoted(table.name)
        return [
            self.random.choice((f"create temporary table {name} ({columns})", 'set local search_path = "Odd Schema", app, public')),
            f"select * from {name}",
            f"insert into {name} (id) values (700)",
            f"select plus(id) from {name} where id = plus(1)",
        ]

    def _odd(self, depth: int) -> list[str]:
        table = self._target()
        procedure, types = self.random.choice(self.world.procedures)
        arguments = ", ".join(self.expression(each, Level(), depth - 1) for each in types)
        rows = ", ".join(f"({self.expression(INT, Level(), depth - 1)}, {self.expression(TEXT, Level(), 0)})" for _ in range(2))
        return [
            self.random.choice(
                (
                    f"call {procedure}({arguments})",
                    f"values {rows}",
                    f"table {table.full}",
                    f"truncate {table.full} cascade",
                    f"truncate only {table.full}",
                    f"lock table {table.full} in exclusive mode",
                    f"do $$ begin delete from {table.full} where id = 2; end $$",
                    f"do $$ declare r record; begin for r in table {table.full} loop perform app.loud('x'); end loop; end $$",
                    f"select nextval('app.counter'), currval('app.counter'), {self.expression(INT, Level(), 1)}",
                    "select setval('app.log_id_seq', 900)",
                    f"select * from {table.full} where ctid is not null and tableoid is not null",
                    f"select r, r.id, (r).id as i2 from {table.full} r",
                    f"select (r.*)::text, row(r.*), row_to_json(r) from {table.full} r",
                    "select set_config('search_path', 'app', true)",
                    f"select count(*) from query_to_xml('select 1 from {table.schema}.x', true, true, '') q",
                    "select pg_advisory_xact_lock(7)",
                    f"analyze {table.full}",
                    f"comment on table {table.full} is 'x'",
                    f"alter table {table.full} add column extra integer default app.plus(1)",
                    f"create index on {table.full} (id)",
                    f"select * from {table.full} tablesample bernoulli (50)",
                    "select lo_create(0)",
                    "select (app.pairs(1)).*",
                    f"select app.notes(id) from {table.full}",
                    "set local role none",
                    "notify ch, 'x'",
                )
            )
        ]
