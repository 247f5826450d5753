"""A Snapshot as plain values, to compare two of them."""

from __future__ import annotations

from typing import Any

from nightporter.catalog.model import Column, Snapshot
from nightporter.protocols.postgres.catalog.queries import FIRST_OWN

_BY_NAME = ("relations_by_name", "types_by_name", "functions_by_name", "operators_by_name")
_OF_THE_READING = ("version", "source", "labels", *_BY_NAME)


def facts(snapshot: Snapshot) -> dict[str, Any]:
    """All that it says of what is not the server's own, but for its number and what it was made of."""
    found = {name: getattr(snapshot, name) for name in Snapshot.__slots__ if name not in _OF_THE_READING}
    for name in ("relations", "types", "functions", "operators"):
        found[name] = {oid: each for oid, each in found[name].items() if oid >= FIRST_OWN}
    return {name: _plain(each) for name, each in found.items()}


def differences(one: Snapshot, other: Snapshot) -> list[str]:
    """Where they differ, in words; empty if they say the same."""
    found: list[str] = []
    _compare("", facts(one), facts(other), found)
    for name in _BY_NAME:
        if getattr(one, name).keys() != getattr(other, name).keys():
            found.append(name)
    return found


def consistent(snapshot: Snapshot) -> None:
    """Its indices lead to its own objects, and columns to their relation."""
    for relation in snapshot.relations.values():
        assert snapshot.relations_by_name[relation.schema, relation.name] is relation
        assert all(column.relation is relation for column in relation.columns)
        assert all(relation.by_name[column.name] is column for column in relation.columns)
        for parent in relation.parents:
            assert relation.oid in snapshot.relations[parent].children
        for child in relation.children:
            assert relation.oid in snapshot.relations[child].parents
        for key in relation.foreign_keys:
            assert key in snapshot.relations[key.parent].referenced_by
        for key in relation.referenced_by:
            assert key in snapshot.relations[key.child].foreign_keys
    for function in snapshot.functions.values():
        assert function in snapshot.functions_by_name[function.schema, function.name]


def _plain(value: Any) -> Any:
    if isinstance(value, dict) or hasattr(value, "items"):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    slots = getattr(type(value), "__slots__", None)
    if slots is None:
        return value
    back = ("relation", "by_name", "linked") if isinstance(value, Column) else ("by_name", "linked")
    return {name: _plain(getattr(value, name)) for name in slots if name not in back}


def _compare(path: str, one: Any, other: Any, found: list[str]) -> None:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            if key not in one or key not in other:
                found.append(f"{path}.{key} only in {'the first' if key in one else 'the second'}")
            else:
                _compare(f"{path}.{key}", one[key], other[key], found)
    elif one != other:
        found.append(f"{path}: {one!r} {other!r}")
