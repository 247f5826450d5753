"""Makes relations of what the server answered: each from its rows in a dozen parts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from sys import intern
from typing import Any

from nightporter.catalog.model import Column, ForeignKey, Relation, RowPolicy, Rule, Trigger

from .calls import Calls, relations_in
from .parts import Rows, decoded, options, with_trees
from .queries import FIRST_OWN, LOCKED

_ROW, _BEFORE, _INSTEAD = 1, 2, 64
_TRIGGER_EVENTS = ((4, "insert"), (8, "delete"), (16, "update"), (32, "truncate"))
_RULE_EVENTS = {"1": "select", "2": "update", "3": "insert", "4": "delete"}


class Draft:
    """A relation, and the node trees of what hangs on it, until everything is known that these refer to."""

    __slots__ = (
        *("access", "checks", "classes", "defaults", "indexes", "locked"),
        *("operators", "part_classes", "policies", "relation", "triggers"),
    )

    def __init__(self, relation: Relation) -> None:
        self.relation = relation
        self.locked = False
        """Some of its texts could not be printed: they are empty."""
        self.defaults: list[tuple[Column, bytes | None]] = []
        self.checks: list[bytes | None] = []
        self.operators: set[int] = set()
        self.indexes: list[bytes | None] = []
        self.classes: set[int] = set()
        self.part_classes: set[int] = set()
        self.access: list[bytes | None] = []
        self.triggers: list[tuple[Trigger, bytes]] = []
        self.policies: list[tuple[RowPolicy, tuple[bytes | None, ...]]] = []

    def text(self, printed: str | None) -> str:
        """What the server printed, or nothing."""
        if printed == LOCKED:
            self.locked = True
            return ""
        return printed or ""

    def fill(self, calls: Calls) -> None:
        """Set everything that is called."""
        relation = self.relation
        for column, tree in self.defaults:
            column.default_calls = calls.of(tree)
        if self.checks:
            own = {function for function in calls.of_operators(self.operators) if function >= FIRST_OWN}
            relation.check_calls = calls.shared(own.union(calls.of(*self.checks)))
        if self.indexes or self.classes:
            relation.index_calls = calls.shared(calls.of_classes(self.classes).union(calls.of(*self.indexes)))
        if self.access or self.part_classes:
            relation.access_calls = calls.shared(calls.of_classes(self.part_classes).union(calls.of(*self.access)))
        for trigger, tree in self.triggers:
            trigger.when_calls = calls.of(tree)
        for policy, trees in self.policies:
            policy.calls = calls.of(*trees)


def read_relations(rows: Mapping[str, Rows], schemas: Mapping[int, str]) -> dict[int, Draft]:
    """Drafts by OID. Not yet set: `children`, `referenced_by`, and all that is called."""
    columns = _read_columns(rows["columns"])
    found: dict[int, Draft] = {}
    for oid, schema, name, kind, persistence, owner, row_type, *more in decoded(rows["relations"]):
        partition, secured, forced, settings, table, server, of_type = more
        if schema not in schemas:  # made between two of our questions; it is there the next time
            continue
        relation = Relation(oid, schemas[schema], name, kind, columns.get(oid, ()))
        relation.persistence, relation.owner, relation.row_type, relation.is_partition = persistence, owner, row_type, partition
        relation.row_security, relation.force_row_security = secured, forced
        if settings:
            relation.options = options(settings)
        relation.table, relation.server, relation.of_type = table or 0, server or "", of_type
        relation.default_partition = 0
        found[oid] = Draft(relation)
    for name, add in _PARTS.items():
        add(found, rows[name])
    return found


def _read_columns(rows: Rows) -> dict[int, list[Column]]:
    found = {}
    for relation, names, numbers, types, required, generated in decoded(rows):
        found[relation] = [
            Column(intern(name), number, type_, need == "t", "" if made == "-" else made)
            for name, number, type_, need, made in zip(names, numbers, types, required, generated, strict=True)
        ]
    return found


def _drafts(found: dict[int, Draft], rows: Rows) -> Iterable[tuple[Draft, list[Any], tuple[bytes | None, ...]]]:
    """Each row's draft, what else its JSON has, and its node trees; rows of what we do not have are left out."""
    for (oid, *facts), row in with_trees(rows):
        draft = found.get(oid)
        if draft is not None:
            yield draft, facts, row[1:]


def _column(relation: Relation, number: int) -> Column | None:
    columns = relation.columns
    if 0 < number <= len(columns) and columns[number - 1].number == number:
        return columns[number - 1]
    return next((column for column in columns if column.number == number), None)


def _names(relation: Relation, numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(column.name for number in numbers if (column := _column(relation, number)) is not None)


def _add_defaults(found: dict[int, Draft], rows: Rows) -> None:
    for draft, (number, text), (tree,) in _drafts(found, rows):
        column = _column(draft.relation, number)
        if column is not None:
            column.default_text = draft.text(text)
            draft.defaults.append((column, tree))


def _add_keys(found: dict[int, Draft], rows: Rows) -> None:
    for draft, (primary, numbers), _ in _drafts(found, rows):
        relation = draft.relation
        names = _names(relation, numbers)
        if len(names) != len(numbers):  # of a system column
            continue
        if primary:
            relation.primary_key = names
        relation.unique_keys += (names,)


def _add_indexes(found: dict[int, Draft], rows: Rows) -> None:
    for draft, (classes,), trees in _drafts(found, rows):
        draft.classes.update(classes)
        draft.indexes += trees


def _add_checks(found: dict[int, Draft], rows: Rows) -> None:
    for draft, (operators,), trees in _drafts(found, rows):
        draft.operators.update(operators or ())
        draft.checks += trees


def _add_foreign_keys(found: dict[int, Draft], rows: Rows) -> None:
    for draft, (name, numbers, parent, _, on_delete, on_update, parent_columns), _ in _drafts(found, rows):
        child = draft.relation
        key = ForeignKey(name, child.oid, _names(child, numbers), parent, tuple(parent_columns), on_delete, on_update)
        child.foreign_keys += (key,)


def _add_triggers(found: dict[int, Draft], rows: Rows) -> None:
    for draft, (name, function, bits, enabled, old_table, new_table, other), (tree,) in _drafts(found, rows):
        events = frozenset(event for bit, event in _TRIGGER_EVENTS if bits & bit)
        timing = "instead" if bits & _INSTEAD else "before" if bits & _BEFORE else "after"
        trigger = Trigger(name, function, events, timing, bool(bits & _ROW), enabled)
        trigger.old_table, trigger.new_table, trigger.other = old_table or "", new_table or "", other
        draft.relation.triggers += (trigger,)
        if tree:
            draft.triggers.append((trigger, tree))


def _add_rules(found: dict[int, Draft], rows: Rows) -> None:
    for draft, (name, event, instead, enabled, definition), _ in _drafts(found, rows):
        draft.relation.rules += (Rule(name, _RULE_EVENTS.get(event, event), instead, draft.text(definition), enabled),)


def _add_views(found: dict[int, Draft], rows: Rows) -> None:
    for draft, (definition,), (tree,) in _drafts(found, rows):
        draft.relation.definition = draft.text(definition)
        draft.access.append(tree)


def _add_policies(found: dict[int, Draft], rows: Rows) -> None:
    for draft, (name, command, roles, *texts), trees in _drafts(found, rows):
        printed = tuple(draft.text(text) for text in texts if text is not None)
        policy = RowPolicy(name, command, tuple(roles), (), printed, relations_in(*trees))
        draft.relation.policies += (policy,)
        draft.policies.append((policy, trees))


def _add_inherits(found: dict[int, Draft], rows: Rows) -> None:
    for draft, (parent,), _ in _drafts(found, rows):
        draft.relation.parents += (parent,)


def _add_partitioned(found: dict[int, Draft], rows: Rows) -> None:
    for draft, (classes, default), (tree,) in _drafts(found, rows):
        draft.relation.default_partition = default
        draft.part_classes.update(classes)
        draft.access.append(tree)


def _add_sequences(found: dict[int, Draft], rows: Rows) -> None:
    for draft, (table,), _ in _drafts(found, rows):
        draft.relation.table = table


_PARTS: Mapping[str, Callable[[dict[int, Draft], Rows], None]] = {
    "defaults": _add_defaults,
    "keys": _add_keys,
    "indexes": _add_indexes,
    "checks": _add_checks,
    "foreign_keys": _add_foreign_keys,
    "triggers": _add_triggers,
    "rules": _add_rules,
    "views": _add_views,
    "policies": _add_policies,
    "inherits": _add_inherits,
    "partitioned": _add_partitioned,
    "sequences": _add_sequences,
}


def link(relations: dict[int, Relation]) -> None:
    """Set `children` and `referenced_by` of all; a relation that is not new and has others now is replaced by a copy."""
    children: dict[int, list[int]] = {}
    referenced: dict[int, list[ForeignKey]] = {}
    for relation in relations.values():
        for parent in relation.parents:
            children.setdefault(parent, []).append(relation.oid)
        for key in relation.foreign_keys:
            referenced.setdefault(key.parent, []).append(key)
    for oid, relation in list(relations.items()):
        below = tuple(sorted(children.get(oid, ())))
        by = tuple(sorted(referenced.get(oid, ()), key=lambda key: (key.child, key.name)))
        if relation.children != below or relation.referenced_by != by:
            changed = copy_of(relation) if relation.linked else relation
            changed.children, changed.referenced_by = below, by
            relations[oid] = changed
        relations[oid].linked = True


def copy_of(relation: Relation) -> Relation:
    """The same relation with columns of its own."""
    columns = []
    for column in relation.columns:
        same = Column(column.name, column.number, column.type, column.not_null, column.generated)
        same.default_calls, same.default_text = column.default_calls, column.default_text
        columns.append(same)
    copied = Relation(relation.oid, relation.schema, relation.name, relation.kind, columns)
    for name in Relation.__slots__:
        if name not in ("columns", "by_name"):
            setattr(copied, name, getattr(relation, name))
    return copied
