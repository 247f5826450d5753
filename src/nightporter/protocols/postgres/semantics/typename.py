"""Names of types. Pure."""

from __future__ import annotations

from nightporter.protocols.postgres.grammar import Node

from .work import ANY_TYPE, Work

_SERIALS = {"serial": 23, "serial4": 23, "bigserial": 20, "serial8": 20, "smallserial": 21, "serial2": 21}


def type_of(work: Work, node: Node) -> int:
    """The OID that a TypeName stands for; 0, with a doubt, if the catalogue has none."""
    names = [part["String"]["sval"] for part in node.get("names", ())]
    if not names:
        return int(node.get("typeOid", ANY_TYPE))
    if node.get("pct_type"):
        return _type_of_column(work, names)
    schema = names[-2] if len(names) > 1 else None
    found = work.scope.type(schema, names[-1])
    if found is None:
        if len(names) == 1 and names[0] in _SERIALS:
            return _SERIALS[names[0]]
        work.lacks(f"type `{'.'.join(names)}`", node.get("location", 0))
        return ANY_TYPE
    if "arrayBounds" in node:
        return found.array if found.category != "A" or not found.element else found.oid
    return found.oid


def _type_of_column(work: Work, names: list[str]) -> int:
    relation = work.scope.relation(names[-3] if len(names) > 2 else None, names[-2]) if len(names) > 1 else None
    column = relation.by_name.get(names[-1]) if relation is not None else None
    return column.type if column is not None else ANY_TYPE
