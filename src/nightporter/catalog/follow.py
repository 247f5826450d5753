"""Labels that follow data: what a statement writes has the labels of where it comes from. Pure.

A computed value hands its labels on like a copied one: an e-mail address in capitals is one, and of a digest of it nobody knows.
What comes from constants and parameters is nobody's. Renamed columns are followed by their numbers, and what inherits has its
parents' labels; there is nothing to do for them here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from nightporter.statement.model import Flow, Statement

from .model import Relation, Snapshot

Labels: TypeAlias = tuple[str, ...]
Place: TypeAlias = tuple[str, str, str]
"""Schema, relation and column."""


class Following(NamedTuple):
    """A column that gets labels because of what is written into it."""

    schema: str
    relation: str
    column: str
    labels: Labels
    """Those that it does not have yet."""
    reason: str
    """As people read it: `copied from public.customers.email`."""
    temporary: bool = False
    """It is the session's own: no other ever sees it, and another session has a schema of that name some day."""
    made: bool = False
    """Its relation is not in the catalogue yet."""


def followed(statement: Statement, snapshot: Snapshot) -> tuple[Following, ...]:
    """What labels which columns get when the statement runs; to be kept before it does."""
    flows = (*statement.flows, *statement.likenesses)
    if not flows or statement.kind == "create view":
        return ()  # a view holds nothing: lineage sees through it
    reasons = _reasons(flows)
    found = []
    for (schema, name, column), labels in carried(flows, {}).items():
        relation = snapshot.relations_by_name.get((schema, name))
        if relation is not None and relation.kind == "v":
            continue
        new = labels
        if relation is not None and statement.kind not in _MAKES:
            has = snapshot.labels.of(relation, column)
            new = tuple(each for each in labels if each not in has)
        if new:
            temporary = schema.startswith("pg_temp") or (relation is not None and relation.persistence == "t")
            reason = reasons.get((schema, name, column), "")
            found.append(Following(schema, name, column, tuple(sorted(new)), reason, temporary, relation is None))
    return tuple(found)


_MAKES = frozenset({"create table", "create table as", "select into"})
"""What they write into is another relation than the one that has the name now, if any has."""


def carried(flows: Iterable[Flow], held: Mapping[Place, Labels]) -> dict[Place, Labels]:
    """The labels that one statement writes into each column: what is written from a column that is itself written has both.

    `held`: labels that columns have beside those that the flows say.
    """
    waiting = list(flows)
    found: dict[Place, Labels] = {}
    grew = any(source.labels for flow in waiting for source in flow.sources) or bool(held)
    while grew:
        grew = False
        for flow in waiting:
            place = flow.schema, flow.relation, flow.column
            has = found.get(place, ())
            new: dict[str, None] = {}
            for source in flow.sources:
                of = source.schema, source.relation, source.column
                for label in (*source.labels, *held.get(of, ()), *found.get(of, ())):
                    if label not in has:
                        new[label] = None
            if new:
                found[place] = (*has, *new)
                grew = True
    return found


def relatives(snapshot: Snapshot, place: Place) -> Iterator[Place]:
    """The column itself, and those of the same name above and below it: they hold the same rows."""
    schema, name, column = place
    yield place
    first = snapshot.relations_by_name.get((schema, name))
    seen = {first.oid} if first is not None else set()
    waiting: list[Relation] = [first] if first is not None else []
    while waiting:
        each = waiting.pop()
        for oid in (*each.parents, *each.children):
            other = snapshot.relations.get(oid)
            if other is not None and oid not in seen and column in other.by_name:
                seen.add(oid)
                waiting.append(other)
                yield other.schema, other.name, column


def _reasons(flows: Iterable[Flow]) -> dict[Place, str]:
    found = {}
    for flow in flows:
        copied = [source for source in flow.sources if source.direct]
        told = (copied or list(flow.sources))[:1]
        for source in told:
            how = "copied" if source.direct else "computed"
            found[flow.schema, flow.relation, flow.column] = f"{how} from {source.schema}.{source.relation}.{source.column}"
    return found
