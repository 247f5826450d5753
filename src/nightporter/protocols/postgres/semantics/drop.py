"""DROP, and all that goes with what is dropped. Pure.

"Dependency Tracking" in PostgreSQL's documentation. Partitions, owned sequences and foreign keys go with their table; with CASCADE
also views, tables that inherit, and defaults, checks, policies, triggers and columns of other tables, which are altered by that.
The snapshot has no table of dependencies: they are found from what each relation reads and calls, and where that is not exact,
more is said to go than does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from nightporter.catalog.model import Function, Relation
from nightporter.protocols.postgres.grammar import Node
from nightporter.statement.model import Action

from . import effects, objects
from .typename import type_of
from .work import WRITE_TARGET, Work

RELATIONS = frozenset({"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE", "OBJECT_SEQUENCE", "OBJECT_INDEX"})
ON_RELATION = frozenset({"OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY", "OBJECT_TABCONSTRAINT"})
"""Objects that are named after their table: table, name."""
TYPES = frozenset({"OBJECT_TYPE", "OBJECT_DOMAIN"})
FUNCTIONS = frozenset({"OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE", "OBJECT_AGGREGATE"})
_WITHOUT = frozenset(
    """
    OBJECT_COLLATION OBJECT_CONVERSION OBJECT_OPCLASS OBJECT_OPFAMILY OBJECT_PUBLICATION OBJECT_TSCONFIGURATION OBJECT_TSDICTIONARY
    OBJECT_TSPARSER OBJECT_TSTEMPLATE OBJECT_TRANSFORM OBJECT_ACCESS_METHOD OBJECT_EVENT_TRIGGER OBJECT_CAST OBJECT_LANGUAGE
    OBJECT_OPERATOR OBJECT_FOREIGN_SERVER OBJECT_FDW OBJECT_SCHEMA
    """.split()  # noqa: SIM905
)
"""Without CASCADE nothing else goes with them, or the server refuses."""
_MENTIONED = frozenset(
    {"OBJECT_COLLATION", "OBJECT_OPCLASS", "OBJECT_OPFAMILY", "OBJECT_CAST", "OBJECT_TSCONFIGURATION", "OBJECT_TSDICTIONARY"}
    | {"OBJECT_ACCESS_METHOD"}
)
"""What depends on these is not in the snapshot."""


def drop(work: Work, body: Node) -> None:
    """DROP of anything that DropStmt has."""
    kind, missing_ok = body.get("removeType", ""), body.get("missing_ok", False)
    cascade = body.get("behavior") == "DROP_CASCADE"
    fall = Fall(work, cascade)
    for each in body.get("objects", ()):
        if kind in RELATIONS:
            names = objects.strings(each["List"]["items"])
            relation = objects.listed(work, names, missing_ok)
            if relation is not None:
                fall.relation(relation, (), objects.place(work, names))
        elif kind in ON_RELATION:
            names = objects.strings(each["List"]["items"])[:-1]
            relation = objects.listed(work, names, missing_ok)
            if relation is not None:
                touch = work.touch(Action.ALTER, relation, objects.place(work, names))
                touch.inherits = kind == "OBJECT_TRIGGER" and relation.kind == "p"
        elif kind in TYPES:
            fall.type(_type(work, each["TypeName"], missing_ok))
        elif kind in FUNCTIONS:
            fall.functions(_functions(work, each["ObjectWithArgs"]))
        elif kind == "OBJECT_EXTENSION":
            _extension(work, fall, each["String"]["sval"], missing_ok)
        elif kind == "OBJECT_STATISTIC_EXT":
            work.doubt("of which table the statistics are is not in the catalogue")
        elif kind not in _WITHOUT:
            work.doubt(f"DROP of `{kind[:40]}` is not known")
        elif cascade:
            _cascading(work, fall, kind, each)
    fall.finish()


def _type(work: Work, node: Node, missing_ok: bool) -> int:
    names = objects.strings(node["names"])
    if work.scope.type(names[-2] if len(names) > 1 else None, names[-1]) is None and missing_ok:
        work.missing = True
        return 0
    return type_of(work, node)


def _functions(work: Work, node: Node) -> tuple[Function, ...]:
    """All of that name: which of them it is does not matter for what is said."""
    names = objects.strings(node.get("objname", ()))
    return work.scope.functions(names[-2] if len(names) > 1 else None, names[-1])


def _extension(work: Work, fall: Fall, name: str, missing_ok: bool) -> None:
    if name not in work.scope.snapshot.extensions:
        work.missing = True
        if not missing_ok:
            work.lacks(f"extension `{name}`")
        return
    if not well_known(name):
        work.doubt(f"what belongs to extension `{name[:80]}` is not known")
    for relation in list(objects.members(work, name)):
        fall.relation(relation, (f"extension {name}",))
    snapshot = work.scope.snapshot
    fall.functions(each for each in snapshot.functions.values() if each.extension == name)
    for type_ in snapshot.types.values():
        if type_.extension == name:
            fall.type(type_.oid)


def well_known(extension: str) -> bool:
    """Whether it is one of those that come with the server: its scripts make functions and types, and run nothing else."""
    from .classes import lines

    global _known
    if not _known:
        _known = frozenset(line.owner for line in lines()) | {"plpgsql"}
    return extension in _known


_known: frozenset[str] = frozenset()


def _cascading(work: Work, fall: Fall, kind: str, node: Node) -> None:
    snapshot = work.scope.snapshot
    name = node["String"]["sval"] if "String" in node else ""
    if kind == "OBJECT_SCHEMA":
        for relation in objects.within(work.scope, name):
            if relation.kind != "c":
                fall.relation(relation, (f"schema {name}",))
        real = work.scope.real(name)
        fall.functions(each for each in snapshot.functions.values() if each.schema == real)
        for type_ in snapshot.types.values():
            if type_.schema == real:
                fall.type(type_.oid)
        # collations and their like are not in the snapshot: whoever names one of this schema's goes too
        spoken = re.compile(r'(?<![\w$"])"?' + re.escape(real.replace('"', '""')) + r'"?\.')
        for relation in list(snapshot.relations.values()):
            if relation.kind in "vm" and relation.oid >= 16384 and spoken.search(relation.definition):
                fall.relation(relation, (f"schema {name}",))
        if any(schema == real for schema, _ in snapshot.collations):
            work.doubt(f"which columns use collations of schema {name}, and are dropped with it, is not in the catalogue")
        if name not in snapshot.schemas:
            work.missing = True
    elif kind in ("OBJECT_FOREIGN_SERVER", "OBJECT_FDW"):
        servers = {name}
        if kind == "OBJECT_FDW":
            servers = {server for server, wrapper in snapshot.foreign_servers.items() if wrapper == name}
        for relation in snapshot.relations.values():
            if relation.server in servers and relation.server:
                fall.relation(relation, (f"server {relation.server}",))
    elif kind == "OBJECT_LANGUAGE":
        fall.functions(each for each in snapshot.functions.values() if each.language == name)
    elif kind == "OBJECT_OPERATOR":
        names = objects.strings(node["ObjectWithArgs"]["objname"])
        operators = work.scope.operators(names[-2] if len(names) > 1 else None, names[-1])
        oids = {each.function for each in operators}
        fall.called |= oids
    elif kind in _MENTIONED:
        work.doubt("what depends on it, and is dropped with it, is not in the catalogue")


class Fall:
    """All that goes. What is said at once: relations and what always goes with them; with CASCADE `finish` looks for the rest."""

    def __init__(self, work: Work, cascade: bool) -> None:
        self.work = work
        self.cascade = cascade
        self.relations: dict[int, Relation] = {}
        self.columns: set[tuple[int, str]] = set()
        """Of relations that stay."""
        self.called: set[int] = set()
        """Functions that go, or whose operators do."""
        self.types: set[int] = set()
        self.spoken: set[tuple[str, str]] = set()
        """Schemas and names of types, which views may mention without having a column of them."""

    def relation(self, relation: Relation, via: tuple[str, ...] = (), location: int = -1) -> None:
        """A relation goes."""
        if relation.oid in self.relations:
            return
        self.relations[relation.oid] = relation
        work = self.work
        work.touch(Action.DROP, relation, location, via)
        every = work.scope.snapshot.relations
        here = (*via, f"{relation.schema}.{relation.name}")
        if relation.kind in "iI" and relation.table in every:
            work.touch(Action.ALTER, every[relation.table], -1, here).inherits = relation.kind == "I"
        for oid in work.scope.owned_sequences().get(relation.oid, ()):
            self.relation(every[oid], here)
        for oid in relation.children:
            child = every.get(oid)
            if child is not None and (self.cascade or child.is_partition):
                self.relation(child, here)
        for oid in relation.parents if relation.is_partition else ():
            parent = every.get(oid)
            if parent is not None and oid not in self.relations:
                work.touch(Action.ALTER, parent, -1, here)
                objects.default_partition(work, parent, relation)
        self.unrefer(relation, here)
        if relation.row_type:
            self.type(relation.row_type, spoken=False)  # views that name the table read it

    def unrefer(self, relation: Relation, here: tuple[str, ...], columns: frozenset[str] | None = None) -> None:
        """Foreign keys of a relation, or of some of its columns, go: both sides lose triggers."""
        for key in relation.foreign_keys:
            if columns is None or not columns.isdisjoint(key.child_columns):
                self._alter((key.parent,), (*here, f"foreign key {key.name}"))
        if self.cascade:
            for key in relation.referenced_by:
                if columns is None or not columns.isdisjoint(key.parent_columns):
                    self._alter((key.child,), (*here, f"foreign key {key.name}"))

    def _alter(self, oids: Iterable[int], via: tuple[str, ...]) -> None:
        for oid in oids:
            other = self.work.scope.snapshot.relations.get(oid)
            if other is not None and oid not in self.relations:
                self.work.touch(Action.ALTER, other, -1, via).inherits = bool(other.children)

    def functions(self, functions: Iterable[Function]) -> None:
        """Functions go. Without CASCADE nothing else does, or the server refuses."""
        self.called.update(each.oid for each in functions)

    def type(self, oid: int, *, spoken: bool = True) -> None:
        """A type goes, and those that are made of it."""
        found = self.work.scope.snapshot.types.get(oid)
        if found is None or oid in self.types:
            return
        self.types.add(oid)
        if spoken:
            self.spoken.add((found.schema, found.name))
        if found.array:
            self.types.add(found.array)
        if found.input:
            self.called.add(found.input)
        composite = self.work.scope.snapshot.relations.get(found.relation)
        if composite is not None and composite.kind == "c":
            self.work.touch(Action.DROP, composite, -1)
            for relation in objects.typed_by(self.work.scope, composite) if self.cascade else ():
                self.relation(relation, (f"type {found.schema}.{found.name}",))

    def column(self, relation: Relation, name: str) -> None:
        """A column goes, and its relation stays."""
        self.columns.add((relation.oid, name))

    def finish(self) -> None:
        """With CASCADE: go through the catalogue until nothing more goes."""
        if not self.cascade or not (self.relations or self.columns or self.called or self.types):
            return
        size = -1
        while size != (size := len(self.relations) + len(self.columns) + len(self.called) + len(self.types)):
            self._round()

    def _round(self) -> None:
        snapshot = self.work.scope.snapshot
        for type_ in snapshot.types.values():
            if type_.oid not in self.types and not self.types.isdisjoint((type_.base, type_.range_subtype)) and type_.oid >= 16384:
                self.type(type_.oid)
        for function in snapshot.functions.values():
            if function.oid not in self.called and function.oid >= 16384 and self._takes(function):
                self.called.add(function.oid)
        words = _any_of(self.spoken)
        for relation in list(snapshot.relations.values()):
            if relation.oid in self.relations or relation.oid < 16384 or relation.kind in "iIS":
                continue
            if relation.kind in "vm" and self._reads(relation, words):
                self.relation(relation, ("CASCADE",))
            elif self._loses(relation) and relation.kind != "c":
                self.work.touch(Action.ALTER, relation, -1, ("CASCADE",)).inherits = bool(relation.children)

    def _takes(self, function: Function) -> bool:
        if not self.called.isdisjoint((*function.calls, *function.default_calls, *(function.body_calls or ()))):
            return True
        return not self.types.isdisjoint((*function.argument_types, *function.all_types, function.result))

    def _reads(self, view: Relation, words: re.Pattern[str] | None) -> bool:
        """Whether a view stands on what goes."""
        if not self.called.isdisjoint(view.access_calls) or any(column.type in self.types for column in view.columns):
            return True
        if self.relations or self.columns:
            reach = effects.view_reach(self.work.scope, view)
            for touch in reach.touches:
                oid = touch.relation.oid
                if oid in self.relations or any((oid, name) in self.columns for name in touch.columns):
                    return True
            for _, value in reach.outputs or () if self.columns else ():
                if any((ref.touch.relation.oid, ref.column) in self.columns for ref in value.refs()):
                    return True
        return words is not None and words.search(view.definition) is not None

    def _loses(self, relation: Relation) -> bool:
        """Whether a table loses a column, default, check, policy, trigger or rule; its columns are noted."""
        lost = False
        for column in relation.columns:
            if column.type in self.types:
                if (relation.oid, column.name) not in self.columns:
                    self.columns.add((relation.oid, column.name))
                    if relation.kind != "c":
                        self.work.touch(Action.ALTER, relation, -1, ("CASCADE",)).use(column.name, WRITE_TARGET)
                    elif relation.row_type:
                        self.type(relation.row_type)
            elif (column.default_calls and not self.called.isdisjoint(column.default_calls)) or (
                "nextval(" in column.default_text
                and any(each.oid in self.relations for each in objects.drawn(self.work.scope, column))
            ):
                lost = True
        if not self.called.isdisjoint((*relation.check_calls, *relation.index_calls, *relation.access_calls)):
            return True
        if any(key.parent in self.relations for key in relation.foreign_keys):
            return True
        gone = self.relations.keys() | {oid for oid, _ in self.columns}
        for policy in relation.policies:
            if not self.called.isdisjoint(policy.calls) or not gone.isdisjoint(policy.relations):
                return True
        if any(not self.called.isdisjoint((each.function, *each.when_calls)) for each in relation.triggers):
            return True
        if relation.rules:
            every = self.work.scope.snapshot.relations
            names = {(every[oid].schema, every[oid].name) for oid in gone if oid in every and oid != relation.oid}
            bare = {(name,) for schema, name in names if schema == self.work.scope.temporary}  # as the server prints them
            spoken = _any_of({*names, *bare, *self.spoken})
            return lost or (spoken is not None and any(spoken.search(rule.definition) for rule in relation.rules))
        return lost


def _any_of(names: Iterable[tuple[str, ...]]) -> re.Pattern[str] | None:
    """Any of these names with their schemas, as the server prints them in definitions."""
    quoted = sorted("\\.".join('"?' + re.escape(part.replace('"', '""')) + '"?' for part in name) for name in names)
    return re.compile(r"(?<![\w$\"])(?:" + "|".join(quoted) + r")(?![\w$\"])") if quoted else None
