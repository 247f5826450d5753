"""CREATE TABLE, and what it shares with ALTER TABLE: what foreign keys, partitions and indexes name and run. Pure.

A default, check or index expression that is defined runs later, when rows are written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nightporter.catalog.model import Column, ForeignKey, Relation
from nightporter.protocols.postgres.grammar import Node
from nightporter.statement.model import Action

from . import effects, expression, objects, run
from .space import Level
from .typename import type_of
from .work import EXPRESSION, JOIN, UNKNOWN_TYPE, Touch, Value, Work, apart

# CREATE TABLE


def create(work: Work, body: Node, kind: str = "r") -> None:
    """CREATE TABLE, CREATE FOREIGN TABLE. No row is there yet, so that nothing runs but what a partition's bounds compute."""
    node = body["relation"]
    elements = body.get("tableElts", ())
    likened = [_like(work, each["TableLikeClause"]["relation"]) for each in elements if "TableLikeClause" in each]
    parents = []
    for each in body.get("inhRelations", ()):
        parent = objects.named(work, each["RangeVar"])
        if parent is not None:
            parents.append(parent.oid)
            work.touch(Action.ALTER, parent, each["RangeVar"].get("location", 0))
            objects.draws(work, parent)
            if "partbound" in body:
                joins(work, parent, body["partbound"])
    if "ofTypename" in body:
        typed(work, body["ofTypename"])
    defined = [each["ColumnDef"] for each in elements if "ColumnDef" in each]
    columns = [new_column(work, each, n + 1) for n, each in enumerate(defined)]
    # from here on the new table is there, and may refer to itself
    relation = run.new_relation(work, node, "p" if "partspec" in body else kind, columns)
    relation.parents, relation.is_partition = tuple(parents), "partbound" in body
    work.touch(Action.CREATE, relation, node.get("location", 0))
    for source in filter(None, likened):
        for column in source.columns:
            work.flow(relation, column.name, Value(column.type, frozenset((apart(source, column.name),))), written=False)
    for each in elements:
        ((tag, element),) = each.items()
        if tag == "ColumnDef":
            for constraint in element.get("constraints", ()):
                _constrained(work, relation, constraint["Constraint"])
        elif tag == "Constraint":
            _constrained(work, relation, element)
        elif tag != "TableLikeClause":
            work.doubt(f"`{tag[:80]}` in CREATE TABLE is not known")
    for each in body.get("constraints", ()):
        _constrained(work, relation, each["Constraint"])


def _like(work: Work, node: Node) -> Relation | None:
    source = objects.named(work, node)
    if source is not None:
        work.touch(Action.READ, source, node.get("location", 0))
        objects.draws(work, source)
    return source


def new_column(work: Work, node: Node, number: int) -> Column:
    """The column of a ColumnDef."""
    return Column(node.get("colname", ""), number, type_of(work, node["typeName"]) if "typeName" in node else 0)


def typed(work: Work, node: Node) -> None:
    """OF type: the composite type's own relation is looked at."""
    found = work.scope.snapshot.types.get(type_of(work, node))
    relation = work.scope.snapshot.relations.get(found.relation) if found is not None else None
    if relation is not None:
        work.touch(Action.READ, relation, node.get("location", 0))


def _constrained(work: Work, relation: Relation, constraint: Node) -> None:
    """Of a constraint on a table without rows: only what a foreign key or a default names."""
    if constraint.get("contype") == "CONSTR_FOREIGN":
        referenced(work, relation, constraint)
    elif constraint.get("contype") == "CONSTR_DEFAULT":
        objects.defaults(work, constraint["raw_expr"])


def referenced(work: Work, relation: Relation, constraint: Node) -> Touch | None:
    """The table that a foreign key refers to; None if it is the table itself, or not known."""
    node = constraint["pktable"]
    if node["relname"] == relation.name and work.scope.real(node.get("schemaname", relation.schema)) == relation.schema:
        return None
    parent = objects.named(work, node)
    if parent is None:
        return None
    touch = work.touch(Action.READ, parent, node.get("location", 0))
    touch.inherits = bool(parent.children)
    for name in objects.strings(constraint.get("pk_attrs", ())) or parent.primary_key:
        touch.use(name, JOIN)
    return touch


def joins(work: Work, parent: Relation, bound: Node) -> None:
    """A table becomes a partition: its bounds are computed, other partitions may be looked through, foreign keys are taken over."""
    for key in ("listdatums", "lowerdatums", "upperdatums"):
        for each in bound.get(key, ()):
            if not _is_limit(each):
                expression.condition(work, each, None, EXPRESSION)
    name = f"{parent.schema}.{parent.name}"
    objects.default_partition(work, parent)  # all its rows are checked
    objects.runs_for(work, f"partition key of {name}", parent.access_calls)
    both_sides(work, parent.foreign_keys + parent.referenced_by, name)
    for trigger in parent.triggers:  # the partition gets the same
        other = work.scope.snapshot.relations.get(trigger.other)
        if other is not None:
            work.touch(Action.READ, other, -1, (f"trigger {trigger.name} of {name}",))


def _is_limit(node: Any) -> bool:
    """MINVALUE and MAXVALUE look like columns."""
    if not (isinstance(node, dict) and "ColumnRef" in node):
        return False
    fields = node["ColumnRef"]["fields"]
    return len(fields) == 1 and fields[0].get("String", {}).get("sval") in ("minvalue", "maxvalue")


def both_sides(work: Work, keys: Iterable[ForeignKey], name: str) -> None:
    """Foreign keys are made anew: rows of one table are looked up in another."""
    every = work.scope.snapshot.relations
    for key in keys:
        for oid, columns in ((key.parent, key.parent_columns), (key.child, key.child_columns)):
            relation = every.get(oid)
            if relation is not None:
                touch = work.touch(Action.READ, relation, -1, (f"foreign key {key.name} of {name}",))
                touch.inherits = bool(relation.children)
                for column in columns:
                    touch.use(column, JOIN)


# What is indexed


def index_element(work: Work, node: Node, level: Level, uses: int = EXPRESSION) -> Value:
    """A column or expression of an index, which is computed for every row and compared."""
    found = node["expr"] if "expr" in node else {"ColumnRef": {"fields": [{"String": {"sval": node["name"]}}]}}
    value = expression.value_of(work, found, level)
    work.use(value.refs(), uses)
    if value.type != UNKNOWN_TYPE:
        effects.compares(work, value.type)
    return value
