"""From some values of a relation to what is stored of its columns: labels, and findings that there is none. Pure.

Stored is what names alone do not say: a label that values or comments tell, that values have overruled a name, or settle that no
value need be looked at any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from nightporter.masking.finding import Facts, Verdict, find
from nightporter.masking.label import BYTES, CHOICE, OTHER, TEXT
from nightporter.masking.naming import named

from .labels import SCAN, SETTLED, Entry, family
from .model import Column, Relation, Snapshot
from .sampling import Comments, Sample

CLEAR, UNCLEAR = SETTLED + 0.05, 0.6
"""Confidence that there is none: where values are of a form that holds nothing, and where the next one may be anything."""


_TEXTS = frozenset((TEXT, CHOICE, BYTES, OTHER))
"""Families of types in whose values something could be found one by one. In a number nothing can."""


def shape(relation: Relation) -> str:
    """Stands for a relation and its columns: another one has to be looked at anew."""
    columns = [(column.name, column.number, column.type) for column in relation.columns]
    told = repr((relation.oid, columns))
    return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def findings(relation: Relation, snapshot: Snapshot, comments: Comments, sample: Sample) -> list[Entry]:
    """What to store of a relation that was looked at, in the place of what was found in it before."""
    return [entry for column in relation.columns for entry in _of_column(column, relation, snapshot, comments, sample)]


def _of_column(column: Column, relation: Relation, snapshot: Snapshot, comments: Comments, sample: Sample) -> Iterator[Entry]:
    neighbors = tuple(relation.by_name)
    kind = family(column.type, snapshot.types)
    refers_to = tuple(sorted(_referred(column, relation, snapshot)))
    comment = comments.columns.get(column.number, "")
    facts = Facts(relation.name, column.name, kind, comment, comments.relation, neighbors, refers_to)
    verdict = find(facts, sample.values.get(column.name, ()))
    told = {guess.label for guess in named(relation.name, column.name, kind, neighbors=neighbors)}
    place = (relation.schema, relation.name, column.name)
    at = (relation.oid, column.number, column.type)
    if verdict.guesses:
        if verdict.examined or {guess.label for guess in verdict.guesses} != told:
            for guess in verdict.guesses:
                yield Entry(*place, guess.label, SCAN, guess.confidence, (guess.reason,), "", *at)
    elif told or (verdict.examined and kind in _TEXTS):
        yield Entry(*place, "", SCAN, CLEAR if verdict.is_clear else UNCLEAR, (_why(verdict),), "", *at)


def _why(verdict: Verdict) -> str:
    if not verdict.examined:
        return "what is written about it says otherwise than its name"
    if not verdict.is_clear:
        return f"none of {verdict.examined} values tells, but others may"
    return f"all of {verdict.examined} values are of a form that holds nothing"


def _referred(column: Column, relation: Relation, snapshot: Snapshot) -> Iterator[str]:
    """Labels of the columns that a foreign key of it refers to."""
    for key in relation.foreign_keys:
        parent = snapshot.relations.get(key.parent)
        if parent is not None:
            for child, referred in zip(key.child_columns, key.parent_columns, strict=False):
                if child == column.name:
                    yield from snapshot.labels.of(parent, referred)
