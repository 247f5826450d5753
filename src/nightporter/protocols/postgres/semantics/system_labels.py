"""What the server's own columns hold: passwords, samples of users' data, texts of statements. Reads one table, `system_labels.tsv`.

Columns of the catalogue that only tell what is defined have no label. The table has every relation of pg_catalog; one that it does
not have came with a newer server, and has all the labels that a statistic, a lock or a text may need until somebody has looked.
Relations of users have none here (see labels.py); views of well-known extensions are known by their schema and the functions that
they call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from nightporter.catalog.model import Relation

from .classes import FIRST_USER_OID
from .scope import CATALOG, Scope

Labels = tuple[str, ...]
ANY = "*"
NO_LABELS: Labels = ()
NOT_REVIEWED: Labels = ("server.state", "server.statements", "server.values")
"""Of a relation of pg_catalog that the table does not have."""
_SYSTEM = frozenset({CATALOG, "information_schema"})


class Line(NamedTuple):
    """One line of the table."""

    owner: str
    """A schema of the server's, or an extension."""
    relation: str
    column: str
    labels: Labels


def labels_of(scope: Scope, relation: Relation) -> Callable[[str], Labels] | None:
    """What tells the labels of a relation's columns by their names; None: they have none here."""
    if relation.oid < FIRST_USER_OID:
        return of_server(relation)
    if relation.kind == "v" and relation.name in _of_extensions():
        return _of_view(scope, relation)
    return None


def of_server(relation: Relation) -> Callable[[str], Labels] | None:
    """The same of what came with the server; None for everything else too."""
    return _told(relation.schema, relation.name) if is_of_server(relation) else None


def is_of_server(relation: Relation) -> bool:
    """Whether it came with the server."""
    return relation.schema in _SYSTEM and 0 < relation.oid < FIRST_USER_OID


def is_reviewed(scope: Scope, view: Relation) -> bool:
    """Whether the table has this view: one of the server's own, or of an extension's."""
    if is_of_server(view):
        return (view.schema, view.name) in _table()
    return view.name in _of_extensions() and _of_view(scope, view) is not None


def _of_view(scope: Scope, relation: Relation) -> Callable[[str], Labels] | None:
    """An extension's own view: in its schema there is no other of that name. Somebody's view over the same function is his."""
    functions, extensions = scope.snapshot.functions, scope.snapshot.extensions
    called = {functions[oid].extension for oid in relation.access_calls if oid in functions}
    for owner in sorted(_of_extensions()[relation.name] & called):
        if extensions.get(owner) == relation.schema:
            return _told(owner, relation.name)
    return None


@cache
def _told(owner: str, relation: str) -> Callable[[str], Labels] | None:
    columns = _table().get((owner, relation))
    if columns is None:
        columns = _table().get((owner, ANY), {ANY: NOT_REVIEWED})
    if not any(columns.values()):
        return None
    others = columns.get(ANY, NO_LABELS)
    return lambda column: columns.get(column, others)


@cache
def _table() -> dict[tuple[str, str], dict[str, Labels]]:
    table: dict[tuple[str, str], dict[str, Labels]] = {}
    for line in lines():
        table.setdefault((line.owner, line.relation), {})[line.column] = line.labels
    return table


@cache
def _of_extensions() -> dict[str, set[str]]:
    """Views of extensions by name: the extensions that have one of that name."""
    found: dict[str, set[str]] = {}
    for owner, relation in _table():
        if owner not in _SYSTEM:
            found.setdefault(relation, set()).add(owner)
    return found


def lines() -> Iterator[Line]:
    """The table as it stands. Raises ValueError for a line that is not one."""
    for row in files(__package__).joinpath("system_labels.tsv").read_text("utf-8").splitlines():
        if row and not row.startswith("#"):
            owner, relation, column, labels, *_note = row.split("\t")
            yield Line(owner, relation, column, () if labels == "-" else tuple(labels.split(",")))
