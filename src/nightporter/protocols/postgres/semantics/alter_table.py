"""ALTER TABLE: what it names, what it reads of rows that are there, and what it runs for these. Pure.

What is defined runs later; it runs now where rows are there already: a column that is added or gets another type is computed, a
check is checked, an index is built. "ALTER TABLE" in PostgreSQL's reference, and tablecmds.c for what recurses to children.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nightporter.catalog.model import Column, ForeignKey, Relation
from nightporter.protocols.postgres.grammar import Node
from nightporter.statement.model import Action

from . import effects, expression, objects, table
from .coercion import cast_called
from .drop import Fall
from .space import Entry, Level, RowsItem
from .typename import type_of
from .work import EXPRESSION, JOIN, PREDICATE, WRITE_TARGET, Touch, Value, Work


class Subject:
    """The table that is altered."""

    def __init__(self, work: Work, relation: Relation, touch: Touch, inherits: bool) -> None:
        self.work = work
        self.relation = relation
        self.touch = touch
        self.inherits = inherits
        self.name = f"{relation.schema}.{relation.name}"
        self.added: dict[str, Column] = {}
        self._read: Touch | None = None

    def read(self) -> Touch:
        """All its rows are looked at."""
        if self._read is None:
            self._read = self.work.touch(Action.READ, self.relation, self.touch.location)
            self._read.weaken(0)
            self._read.inherits = self.inherits
        return self._read

    def looks_at(self, column: str, uses: int = PREDICATE) -> None:
        if column in self.relation.by_name:
            self.read().use(column, uses)
        elif column not in self.added:
            objects.column_of(self.work, self.relation, column)

    def changes(self, column: str) -> None:
        if column in self.added or objects.column_of(self.work, self.relation, column) is not None:
            self.touch.use(column, WRITE_TARGET)

    def level(self) -> Level:
        space = objects.space_of(self.read())
        if self.added:
            rows = [(name, Value(each.type)) for name, each in self.added.items()]
            space.entries.append(Entry(RowsItem(None, rows), by_name=False))
        return space

    def computes(self, node: Any, uses: int = EXPRESSION) -> Value:
        """An expression over its rows runs, now."""
        value = expression.value_of(self.work, node, self.level())
        self.work.use(value.refs(), uses)
        return value

    def every(self) -> list[Relation]:
        return [self.relation, *(self.work.descendants(self.relation) if self.inherits else ())]

    def rewritten(self) -> None:
        """Its rows are written anew: generated columns and index expressions are computed, checks checked again."""
        for each in self.every():
            name = f"{each.schema}.{each.name}"
            for column in each.columns:
                if column.generated in ("s", "v"):
                    objects.runs_for(self.work, f"generated column {name}.{column.name}", column.default_calls)
            objects.runs_for(self.work, f"check of {name}", each.check_calls)
            objects.runs_for(self.work, f"index of {name}", each.index_calls)

    def keys_named(self, name: str) -> tuple[ForeignKey, ...]:
        return tuple(key for each in self.every() for key in (*each.foreign_keys, *each.referenced_by) if key.name == name)


def alter(work: Work, body: Node) -> None:
    """ALTER TABLE, and ALTER of views, indexes, sequences, foreign tables and composite types where it has the same node."""
    node = body["relation"]
    relation = objects.named(work, node, body.get("missing_ok", False))
    if relation is None:
        return
    touch = objects.do(work, Action.ALTER, relation, node)
    commands = [each["AlterTableCmd"] for each in body.get("cmds", ())]
    subject = Subject(work, relation, touch, node.get("inh", False) and bool(relation.children))
    for each in commands:
        if each.get("subtype") == "AT_AddColumn":
            column = table.new_column(work, each["def"]["ColumnDef"], -1)
            subject.added[column.name] = column
    if relation.kind == "c" and any(each.get("behavior") == "DROP_CASCADE" for each in commands):
        for typed in objects.typed_by(work.scope, relation):
            work.touch(Action.ALTER, typed, -1, (f"type {relation.schema}.{relation.name}",)).inherits = bool(typed.children)
    for each in commands:
        subtype = each.get("subtype", "")
        handler = _COMMANDS.get(subtype)
        if handler is None:
            work.doubt(f"ALTER TABLE with `{subtype[:40]}` is not known")
            continue
        alone = subtype in _ALONE or (subtype.removesuffix("User").removesuffix("All").endswith("Trig") and relation.kind != "p")
        touch.inherits = touch.inherits or (subject.inherits and not alone)
        if subtype in _EVEN_WITH_ONLY:
            touch.inherits = bool(relation.children)
        handler(subject, each)


_EVEN_WITH_ONLY = frozenset({"AT_AddConstraint", "AT_DropConstraint", "AT_DropNotNull", "AT_DropColumn"})
"""Children have it by inheritance no more, or must have it already."""
_ALONE = frozenset(
    """
    AT_ChangeOwner AT_ClusterOn AT_DropCluster AT_SetTableSpace AT_SetRelOptions AT_ResetRelOptions AT_EnableRule
    AT_EnableAlwaysRule
    AT_EnableReplicaRule AT_DisableRule AT_DropInherit AT_AddOf AT_DropOf AT_ReplicaIdentity AT_EnableRowSecurity
    AT_DisableRowSecurity AT_ForceRowSecurity AT_NoForceRowSecurity AT_GenericOptions AT_AttachPartition AT_DetachPartition
    AT_DetachPartitionFinalize AT_SetLogged AT_SetUnLogged
    """.split()  # noqa: SIM905
)
"""Of the table by itself, whatever inherits from it."""


def _plain(subject: Subject, command: Node) -> None:
    """Names nothing but the table."""


def _column(subject: Subject, command: Node) -> None:
    """Of one column, and nothing runs. By number: a column of an index."""
    if "name" in command and subject.relation.kind not in "iI":
        subject.changes(command["name"])
    if command["subtype"] == "AT_ColumnDefault" and "def" in command:
        if subject.work.text:
            objects.defaults(subject.work, command["def"])
        else:
            expression.condition(subject.work, command["def"], None, EXPRESSION)  # a body may write rows after it


def _add_column(subject: Subject, command: Node) -> None:
    work, node = subject.work, command["def"]["ColumnDef"]
    name = node["colname"]
    subject.changes(name)
    column = subject.added[name]
    written = "serial" in objects.strings(node["typeName"]["names"])[-1]  # a default that draws from a sequence
    if subject.relation.kind in "rpmf" and column.type >= effects.FIRST_OF_OURS:
        calls = _domain_calls(work, column.type)
        written = bool(calls)
        objects.runs_for(work, f"domain of {subject.name}.{name}", calls)
    for each in node.get("constraints", ()):
        constraint = each["Constraint"]
        written = written or constraint.get("contype") == "CONSTR_IDENTITY"
        if constraint.get("contype") in ("CONSTR_DEFAULT", "CONSTR_GENERATED"):
            written = True
            level = subject.level() if constraint["contype"] == "CONSTR_GENERATED" else None
            value = expression.value_of(work, constraint["raw_expr"], level)
            work.use(value.refs(), EXPRESSION)
            work.flow(subject.relation, name, value)
            effects.runs_each(work, cast_called(work.scope, value.type, column.type, "a"))
        else:
            _constraint(subject, constraint, [name])
    if written:
        subject.rewritten()


def _domain_calls(work: Work, type_: int) -> tuple[int, ...]:
    found: tuple[int, ...] = ()
    seen = set()
    while type_ not in seen and (each := work.scope.snapshot.types.get(type_)) is not None:
        seen.add(type_)
        found += each.check_calls
        type_ = each.base or (each.element if each.category == "A" else 0)
    return found


def _set_not_null(subject: Subject, command: Node) -> None:
    subject.changes(command["name"])
    subject.looks_at(command["name"])


def _set_expression(subject: Subject, command: Node) -> None:
    subject.changes(command["name"])
    subject.work.flow(subject.relation, command["name"], subject.computes(command["def"]))
    subject.rewritten()
    _keys_of(subject, command["name"])


def _keys_of(subject: Subject, column: str) -> None:
    """Foreign keys on a column are made anew."""
    for each in subject.every():
        keys = [key for key in each.foreign_keys if column in key.child_columns]
        table.both_sides(subject.work, keys + [key for key in each.referenced_by if column in key.parent_columns], subject.name)


def _drop_column(subject: Subject, command: Node) -> None:
    work, relation, name = subject.work, subject.relation, command["name"]
    column = relation.by_name.get(name)
    if column is None:
        if command.get("missing_ok"):
            work.missing = True
        else:
            objects.column_of(work, relation, name)
        return
    subject.changes(name)
    dropped = work.touch(Action.DROP, relation, subject.touch.location)
    dropped.use(name, WRITE_TARGET)
    dropped.inherits = subject.inherits
    fall = Fall(work, command.get("behavior") == "DROP_CASCADE")
    if relation.kind == "c" and fall.cascade:  # an attribute: checks and views may look into columns of the type
        for other, its_column in objects.columns_of(work, relation.row_type):
            work.touch(Action.ALTER, other, -1, (f"type {subject.name}",)).use(its_column, WRITE_TARGET)
            fall.column(other, its_column)
    for each in subject.every():
        fall.column(each, name)
        fall.unrefer(each, (f"column {each.schema}.{each.name}.{name}",), frozenset({name}))
    for sequence in objects.drawn(work.scope, column):
        if sequence.table == relation.oid:
            fall.relation(sequence, (f"column {subject.name}.{name}",))
    fall.finish()


def _alter_type(subject: Subject, command: Node) -> None:
    """Every row is computed anew, by USING or by a cast; what stands on the column is made anew."""
    work, relation, name = subject.work, subject.relation, command["name"]
    node = command["def"]["ColumnDef"]
    subject.changes(name)
    target = type_of(work, node["typeName"])
    column = relation.by_name.get(name)
    if relation.kind not in "rpmf" or column is None:
        return
    subject.looks_at(name, EXPRESSION)
    if "raw_default" in node:
        value = subject.computes(node["raw_default"])
        written = work.touch(
            Action.UPDATE, relation, subject.touch.location
        )  # whatever is computed is put in the place of what was
        written.weaken(0)
        written.use(name, WRITE_TARGET)
        written.inherits = subject.inherits
    else:
        value = expression.value_of(work, {"ColumnRef": {"fields": [{"String": {"sval": name}}]}}, subject.level())
    work.flow(relation, name, value)
    effects.runs_each(work, cast_called(work.scope, value.type, target, "a"))
    objects.runs_for(work, f"domain of {subject.name}.{name}", _domain_calls(work, target))
    effects.compares(work, target)
    for sequence in objects.drawn(work.scope, column):
        work.touch(Action.ALTER, sequence, -1, (f"column {subject.name}.{name}",))
    subject.rewritten()
    _keys_of(subject, name)


def _add_constraint(subject: Subject, command: Node) -> None:
    constraint = command["def"]["Constraint"]
    _constraint(subject, constraint, objects.strings(constraint.get("fk_attrs", constraint.get("keys", ()))))


def _constraint(subject: Subject, constraint: Node, columns: list[str]) -> None:
    """A constraint on rows that are there already."""
    work = subject.work
    match constraint.get("contype"):
        case "CONSTR_CHECK":
            if not constraint.get("skip_validation") or not work.text:  # in a body rows may be written after it
                expression.condition(work, constraint["raw_expr"], subject.level())
        case "CONSTR_NOTNULL":
            for name in columns:
                subject.looks_at(name)
        case "CONSTR_PRIMARY" | "CONSTR_UNIQUE":
            for name in columns:
                subject.looks_at(name)
                _compared(subject, name)
        case "CONSTR_EXCLUSION":
            _exclusion(subject, constraint)
        case "CONSTR_FOREIGN":
            _foreign_key(subject, constraint, columns)
        case "CONSTR_NULL" | "CONSTR_IDENTITY" | "CONSTR_DEFAULT" | "CONSTR_GENERATED":
            pass
        case str(attribute) if attribute.startswith("CONSTR_ATTR_"):
            pass
        case other:
            work.doubt(f"constraint `{str(other)[:40]}` is not known")


def _compared(subject: Subject, name: str) -> None:
    column = subject.relation.by_name.get(name)
    if column is not None:
        effects.compares(subject.work, column.type)


def _exclusion(subject: Subject, constraint: Node) -> None:
    work = subject.work
    for each in constraint.get("exclusions", ()):
        element, operator = each["List"]["items"]
        indexed = table.index_element(work, element["IndexElem"], subject.level())
        expression.operate(work, objects.strings(operator["List"]["items"]), indexed.type, indexed.type)
    if "where_clause" in constraint:
        expression.condition(work, constraint["where_clause"], subject.level())


def _foreign_key(subject: Subject, constraint: Node, columns: list[str]) -> None:
    work = subject.work
    parent = table.referenced(work, subject.relation, constraint)
    checks = not constraint.get("skip_validation")
    if checks:
        for name in columns:
            subject.looks_at(name, JOIN)
            _compared(subject, name)
    if parent is None and subject.relation.name == constraint["pktable"]["relname"]:
        for name in objects.strings(constraint.get("pk_attrs", ())) or subject.relation.primary_key:
            subject.looks_at(name, JOIN)
    elif parent is not None and checks:
        for name in parent.columns:
            column = parent.relation.by_name.get(name)
            if column is not None:
                effects.compares(work, column.type)


def _validate(subject: Subject, command: Node) -> None:
    """A foreign key, or a check; of checks the snapshot has no names, so any of them may be it."""
    keys = subject.keys_named(command.get("name", ""))
    table.both_sides(subject.work, keys, subject.name)
    if not keys:
        for column in subject.relation.columns:
            subject.looks_at(column.name)
        for each in subject.every():
            objects.runs_for(subject.work, f"check of {each.schema}.{each.name}", each.check_calls)


def _alter_constraint(subject: Subject, command: Node) -> None:
    table.both_sides(subject.work, subject.keys_named(command["def"]["ATAlterConstraint"].get("conname", "")), subject.name)


def _drop_constraint(subject: Subject, command: Node) -> None:
    name = command.get("name", "")
    every = subject.work.scope.snapshot.relations
    keys = list(subject.keys_named(name))
    if command.get("behavior") == "DROP_CASCADE":  # of a primary key: foreign keys that refer to it
        keys += [key for each in subject.every() for key in each.referenced_by]
    for key in keys:
        for oid in (key.parent, key.child):
            other = every.get(oid)
            if other is not None and other is not subject.relation:
                subject.work.touch(Action.ALTER, other, -1, (f"foreign key {key.name}",)).inherits = bool(other.children)


def _owner(subject: Subject, command: Node) -> None:
    _sequences(subject, command)


def _sequences(subject: Subject, command: Node) -> None:
    """Sequences go with the table that owns them."""
    for oid in subject.work.scope.owned_sequences().get(subject.relation.oid, ()):
        subject.work.touch(Action.ALTER, subject.work.scope.snapshot.relations[oid], -1, (subject.name,))


def _written(subject: Subject, command: Node) -> None:
    subject.work.touch(Action.READ, subject.relation, subject.touch.location).weaken(0)
    subject.rewritten()
    _sequences(subject, command)
    if command["subtype"] in ("AT_SetLogged", "AT_SetUnLogged"):
        table.both_sides(subject.work, subject.relation.foreign_keys + subject.relation.referenced_by, subject.name)


def _identity(subject: Subject, command: Node) -> None:
    work, name = subject.work, command.get("name", "")
    subject.changes(name)
    column = subject.relation.by_name.get(name)
    if column is not None and column.generated == "i":
        action = Action.DROP if command["subtype"] == "AT_DropIdentity" else Action.ALTER
        for sequence in objects.drawn(work.scope, column):
            work.touch(action, sequence, -1, (f"column {subject.name}.{name}",))


def _inherit(subject: Subject, command: Node) -> None:
    node = command["def"]["RangeVar"]
    parent = objects.named(subject.work, node)
    if parent is not None:
        subject.work.touch(Action.ALTER, parent, node.get("location", 0))


def _of(subject: Subject, command: Node) -> None:
    table.typed(subject.work, command["def"]["TypeName"])


def _attach(subject: Subject, command: Node) -> None:
    """All rows of the new partition are checked against its bounds, and put into indexes that it lacks."""
    partition = command["def"]["PartitionCmd"]
    work, node = subject.work, partition["name"]
    relation = objects.named(work, node)
    if relation is None:
        return
    objects.do(work, Action.ALTER, relation, node).inherits = bool(relation.children)
    if relation.kind in "iI" or "bound" not in partition:
        return
    table.joins(work, subject.relation, partition["bound"])
    read = work.touch(Action.READ, relation, node.get("location", 0))
    read.weaken(0)
    read.inherits = bool(relation.children)
    for column in relation.columns:
        read.use(column.name, PREDICATE)
    objects.runs_for(work, f"index of {subject.name}", subject.relation.index_calls)


def _detach(subject: Subject, command: Node) -> None:
    partition = command["def"]["PartitionCmd"]
    relation = objects.named(subject.work, partition["name"])
    if relation is not None:
        touch = subject.work.touch(Action.ALTER, relation, partition["name"].get("location", 0))
        touch.inherits = bool(relation.children)
    objects.default_partition(subject.work, subject.relation, relation)
    table.both_sides(subject.work, subject.relation.foreign_keys + subject.relation.referenced_by, subject.name)


_COMMANDS: dict[str, Callable[[Subject, Node], None]] = {
    "AT_AddColumn": _add_column,
    "AT_SetNotNull": _set_not_null,
    "AT_SetExpression": _set_expression,
    "AT_DropColumn": _drop_column,
    "AT_AlterColumnType": _alter_type,
    "AT_AddConstraint": _add_constraint,
    "AT_ValidateConstraint": _validate,
    "AT_AlterConstraint": _alter_constraint,
    "AT_DropConstraint": _drop_constraint,
    "AT_ChangeOwner": _owner,
    "AT_SetLogged": _written,
    "AT_SetUnLogged": _written,
    "AT_SetAccessMethod": _written,
    "AT_AddInherit": _inherit,
    "AT_DropInherit": _inherit,
    "AT_AddOf": _of,
    "AT_AttachPartition": _attach,
    "AT_DetachPartition": _detach,
    "AT_DetachPartitionFinalize": _detach,
    "AT_AddIdentity": _identity,
    "AT_SetIdentity": _identity,
    "AT_DropIdentity": _identity,
    **dict.fromkeys(
        """
        AT_ColumnDefault AT_DropNotNull AT_DropExpression AT_SetStatistics AT_SetOptions AT_ResetOptions AT_SetStorage
        AT_SetCompression AT_AlterColumnGenericOptions
        """.split(),  # noqa: SIM905
        _column,
    ),
    **dict.fromkeys(
        """
        AT_ClusterOn AT_DropCluster AT_DropOids AT_SetTableSpace AT_SetRelOptions AT_ResetRelOptions AT_ReplaceRelOptions AT_DropOf
        AT_EnableTrig AT_EnableAlwaysTrig AT_EnableReplicaTrig AT_DisableTrig AT_EnableTrigAll AT_DisableTrigAll AT_EnableTrigUser
        AT_DisableTrigUser AT_EnableRule AT_EnableAlwaysRule AT_EnableReplicaRule AT_DisableRule AT_ReplicaIdentity
        AT_EnableRowSecurity AT_DisableRowSecurity AT_ForceRowSecurity AT_NoForceRowSecurity AT_GenericOptions
        """.split(),  # noqa: SIM905
        _plain,
    ),
}
"""Every command that the grammar makes; others are the server's own, made later."""
