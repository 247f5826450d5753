"""How statements that define things name them, and how what they do is noted. Pure.

A relation that a statement is about is *touched* under the statement's action; one that a definition only speaks of is read. What
has no relation (a role, a server, a library) is noted as an effect of its own, in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nightporter.catalog.model import Column, Relation
from nightporter.protocols.postgres.grammar import Node
from nightporter.protocols.postgres.tokens import tokens
from nightporter.statement.model import Action, Effect, Effected

from . import bodies, effects, expression, query
from .scope import Scope
from .space import Entry, Level, Rows, TableItem
from .work import OUTPUT, Reach, Touch, Work

ABSENT = "?"
"""Kind of a relation that the catalogue does not have."""

_NOTES = -(1 << 48)
"""Keys of notes are below, and what stands for OIDs of absent relations above: none of the server's is negative."""
_MASK = (1 << 40) - 1


def note(work: Work, what: str, *found: Effect, location: int = -1) -> None:
    """An effect that is no function's, in words."""
    key = (_NOTES - (hash((what, found)) & _MASK), False)
    work.effects.setdefault(key, Effected(what, frozenset(found), (), work.span(location)))


# Names


def strings(nodes: Iterable[Any]) -> list[str]:
    """The texts of String nodes."""
    return [each["String"].get("sval", "") for each in nodes]


def named(work: Work, node: Node, missing_ok: bool = False) -> Relation | None:
    """The relation of a RangeVar. None, with a doubt, if there is none; with `missing_ok` (IF EXISTS) one that has only a name."""
    scope = work.scope
    schema, name = node.get("schemaname"), node["relname"]
    if missing_ok and (schema is not None or scope.certain) and (work.made(schema, name) or scope.relation(schema, name)) is None:
        work.missing = True  # it may have been made since the catalogue was read
        return Relation(number_of(schema or "", name), schema or "", name, ABSENT)
    return query.relation_named(work, node)


def listed(work: Work, names: list[str], missing_ok: bool = False) -> Relation | None:
    """The relation of a dotted name that stands in the tree as strings, without its place in the text."""
    node: Node = {"relname": names[-1], "location": place(work, names)}
    if len(names) > 1:
        node["schemaname"] = names[-2]
    return named(work, node, missing_ok)


def place(work: Work, names: list[str]) -> int:
    """Where the text has a dotted name; -1 if that is not clear."""
    if not work.text:
        return -1
    wanted = [part for name in names for part in (name, ".")][:-1]
    found: list[tuple[str, int]] = []
    for kind, start, end in tokens(work.text):
        if kind == "comment":
            continue
        word = work.text[start:end].decode("utf-8", "replace")
        found.append((word[1:-1].replace('""', '"') if kind == "name" else word.lower(), start))
        if [each for each, _ in found[-len(wanted) :]] == wanted and found[-1 - len(wanted) :][0][0] != ".":
            return found[-len(wanted)][1]
    return -1


def number_of(schema: str, name: str) -> int:
    """What stands for the OID of a relation that does not exist yet: the same for the same name."""
    return -(1 << 40) - (hash((schema, name)) & _MASK)


def within(scope: Scope, schema: str) -> list[Relation]:
    """Every relation of a schema, indexes and the rows of tables' types left out."""
    real = scope.real(schema)
    return [each for each in scope.snapshot.relations.values() if each.schema == real and each.kind not in "iIt"]


def roles_of(work: Work, nodes: Iterable[Node]) -> frozenset[int]:
    """OIDs of RoleSpecs. A role that is not known is a doubt."""
    found = set()
    for each in nodes:
        spec = each["RoleSpec"]
        name = spec.get("rolename", "") if spec.get("roletype") == "ROLESPEC_CSTRING" else work.scope.role
        role = work.scope.snapshot.roles.get(name)
        if role is None:
            work.lacks(f"role `{name}`", spec.get("location", -1))
        else:
            found.add(role.oid)
    return frozenset(found)


def owned(scope: Scope, roles: frozenset[int]) -> list[Relation]:
    """Every relation of some roles."""
    relations = scope.snapshot.relations.values()
    return [each for each in relations if each.owner in roles and each.oid >= effects.FIRST_OF_OURS and each.kind not in "iIt"]


def column_of(work: Work, relation: Relation, name: str, location: int = -1) -> Column | None:
    """A column by its name; a doubt where there is none."""
    found = relation.by_name.get(name)
    if found is None and relation.kind != ABSENT:
        work.lacks(f"column `{name}` of {relation.schema}.{relation.name}", location)
    return found


# What is done to relations


def do(work: Work, action: Action, relation: Relation, node: Node | None = None, via: tuple[str, ...] = ()) -> Touch:
    """Touch a relation, and the table of an index."""
    location = node.get("location", 0) if node is not None else -1
    touch = work.touch(action, relation, location, via)
    if relation.kind in "iI":
        table = work.scope.snapshot.relations.get(relation.table)
        if table is not None:
            work.touch(Action.ALTER, table, -1, (*via, f"index {relation.schema}.{relation.name}"))
    return touch


def space_of(touch: Touch) -> Level:
    """Where the columns of a relation that is touched are found by their names."""
    return Level([Entry(TableItem(touch, touch.relation.name, touch.relation.schema, []))], None, {})


def runs_for(work: Work, what: str, oids: tuple[int, ...]) -> None:
    """Functions that the catalogue says something calls."""
    if oids and not work.scope.quiet.issuperset(oids):
        inner = Work(work.scope)
        effects.calls_each(inner, oids)
        work.include(Reach(inner), (what,))


def described(work: Work, look: Callable[[Work], Rows | None]) -> Rows:
    """Look at a definition: what it names is read, for the server looks it up and locks it. Nothing of it runs."""
    inner = Work(work.scope, work.text)
    inner.created = work.created
    inner.exact = True
    rows = look(inner) or []
    inner.use_each(rows, OUTPUT)
    inner.settle()
    for touch in inner.touches.values():
        if not all(part.startswith("view ") for part in touch.via):
            continue  # of what would run
        ours = work.touch(Action.READ, touch.relation, touch.location, touch.via)
        if touch.action is Action.READ:
            for column, uses in touch.columns.items():
                ours.use(column, uses & ~1 | (uses & 1) << 1)  # in the text's own result there is nothing
    for doubt in inner.doubts.values():
        if all(part.startswith("view ") for part in doubt.via):
            work.doubt(doubt.reason, -1, doubt.via)
    work.missing = work.missing or inner.missing
    work.looks_at_numbers = work.looks_at_numbers or inner.looks_at_numbers
    return rows


def members(work: Work, extension: str) -> Iterator[Relation]:
    """Relations that an extension brought: views over its functions. Well-known ones bring no tables."""
    functions = {each.oid for each in work.scope.snapshot.functions.values() if each.extension == extension}
    for relation in work.scope.snapshot.relations.values():
        if relation.kind in "vm" and not functions.isdisjoint(relation.access_calls):
            yield relation


def drawn(scope: Scope, column: Column) -> list[Relation]:
    """The sequences that a column's default draws from."""
    if column.generated != "i":
        found = bodies.sequence_named(scope, column.default_text) if "nextval(" in column.default_text else None
        return [found] if found is not None else []
    every = scope.snapshot.relations
    taken = {each.oid for other in column.relation.columns if other.generated != "i" for each in drawn(scope, other)}
    return [every[oid] for oid in scope.owned_sequences().get(column.relation.oid, ()) if oid not in taken]


def typed_by(scope: Scope, composite: Relation) -> list[Relation]:
    """Tables OF a composite type. Where the snapshot does not tell: those that have the type's columns, neither more nor fewer."""
    tables = [each for each in scope.snapshot.relations.values() if each.kind in "rp"]
    type_ = composite.row_type
    columns = [(each.name, each.type) for each in composite.columns]
    same = (each for each in tables if each.of_type is None and [(column.name, column.type) for column in each.columns] == columns)
    return [each for each in tables if each.of_type == type_] + list(same)


def default_partition(work: Work, parent: Relation, moved: Relation | None = None) -> None:
    """A partition comes or goes: the default partition has other bounds then. Where it is not known, it may be any of them."""
    every = work.scope.snapshot.relations
    oids = parent.children if parent.default_partition is None else (parent.default_partition,)
    for oid in oids:
        sibling = every.get(oid)
        if sibling is not None and sibling is not moved:
            via = (f"partition of {parent.schema}.{parent.name}",)
            work.touch(Action.READ, sibling, -1, via).inherits = bool(sibling.children)


def draws(work: Work, relation: Relation) -> None:
    """A table takes over another's defaults: the sequences in them are looked up."""
    for column in relation.columns:
        for sequence in drawn(work.scope, column):
            work.touch(Action.READ, sequence, -1, (f"default {relation.schema}.{relation.name}.{column.name}",))


def defaults(work: Work, node: Any) -> None:
    """A default is defined: it does not run, and what it names as a constant (a sequence) is looked up."""

    def look(inner: Work) -> None:
        expression.condition(inner, node, None)

    described(work, look)


def columns_of(work: Work, oid: int) -> list[tuple[Relation, str]]:
    """Columns of a type, and of those that contain it."""
    snapshot = work.scope.snapshot
    types, size = {oid}, 0
    while size != len(types):
        size = len(types)
        for each in snapshot.types.values():
            composite_ = snapshot.relations.get(each.relation) if each.relation else None
            parts = {column.type for column in composite_.columns} if composite_ is not None else set()
            if not types.isdisjoint({each.base, each.element, each.range_subtype} | parts):
                types.add(each.oid)
    stored = (each for each in snapshot.relations.values() if each.kind in "rmp")
    return [(relation, column.name) for relation in stored for column in relation.columns if column.type in types]
