"""The labels of any relation's columns: of the server's own by a table, of users' by what the catalogue knows of them. Pure.

What the catalogue has no word of may still be known by lineage, at once: a materialized view holds what its query gives, and a
stored generated column what it is computed from. Where somebody has said that such a column holds nothing, that holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nightporter.catalog.labels import PERSON
from nightporter.catalog.model import Relation

from . import system_labels
from .scope import Scope
from .system_labels import NO_LABELS, Labels


def labels_of(scope: Scope, relation: Relation) -> Callable[[str], Labels] | None:
    """What tells the labels of a relation's columns by their names; None: none of them has any."""
    told = system_labels.labels_of(scope, relation)
    if told is not None or relation.oid <= 0 or system_labels.is_of_server(relation):
        return told  # of what a text only makes nothing is known yet
    known = scope.snapshot.labels
    found = {column.name: labels for column in relation.columns if (labels := known.of(relation, column.name))}
    if relation.kind == "m" and relation.definition:
        _add(scope, relation, found, _of_query(scope, relation))
    if any(column.generated == "s" for column in relation.columns):
        _add(scope, relation, found, _of_generated(relation, found))
    if relation.triggers and found:
        _add(scope, relation, found, _of_search(scope, relation, found))
    return (lambda column: found.get(column, NO_LABELS)) if found else None


def _add(scope: Scope, relation: Relation, found: dict[str, Labels], more: Iterable[tuple[str, Labels]]) -> None:
    for column, labels in more:
        new = tuple(each for each in labels if each not in found.get(column, NO_LABELS))
        if new and not _is_said_to_be_none(scope, relation, column):
            found[column] = found.get(column, NO_LABELS) + new


def _is_said_to_be_none(scope: Scope, relation: Relation, column: str) -> bool:
    return any(each.origin == PERSON for each in scope.snapshot.labels.explain(relation, column))


def _of_query(scope: Scope, view: Relation) -> list[tuple[str, Labels]]:
    """A materialized view's columns, by where its query takes them from."""
    from .effects import view_reach  # they know of labels through this module
    from .work import labels_behind

    outputs = view_reach(scope, view).outputs or ()
    return [(column.name, labels_behind(scope, value)) for column, (_, value) in zip(view.columns, outputs, strict=False)]


def _of_generated(relation: Relation, found: dict[str, Labels]) -> list[tuple[str, Labels]]:
    """Columns that are computed from others of the same row when that is written."""
    from .space import names_in

    made = []
    for column in relation.columns:
        if column.generated == "s":
            names = names_in(column.default_text)
            made.append((column.name, tuple(dict.fromkeys(each for name in found if name in names for each in found[name]))))
    return made


_TSVECTOR = 3614
_FILLS_SEARCH = frozenset({"tsvector_update_trigger_byid", "tsvector_update_trigger_bycolumn"})
"""Symbols of the server's own triggers that fill a column with the words of others."""


def _of_search(scope: Scope, relation: Relation, found: dict[str, Labels]) -> list[tuple[str, Labels]]:
    """Columns that such a trigger may fill: which of the row's texts it takes stands in its arguments, so it may be any."""
    functions = scope.snapshot.functions
    called = (functions.get(trigger.function) for trigger in relation.triggers)
    if not any(each is not None and each.symbol in _FILLS_SEARCH for each in called):
        return []
    every = tuple(dict.fromkeys(label for labels in found.values() for label in labels))
    return [(column.name, every) for column in relation.columns if column.type == _TSVECTOR]
