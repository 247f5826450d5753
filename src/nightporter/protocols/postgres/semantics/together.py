"""What the statements of one text hand on to each other, and a statement to its own result: columns of cursors, and labels. Pure.

Labels are those of the catalogue as it was before the text. What a statement writes has its labels from then on: for what follows
in the same text, and for what the statement itself reads again (RETURNING, a function that writes a table and then reads it).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from nightporter.catalog.follow import Labels, Place, carried, relatives
from nightporter.catalog.model import Snapshot
from nightporter.statement.model import Access, Flow, Naming, Output, Source, Statement

Held = dict[Place, Labels]


def handed_on(statements: Sequence[Statement], snapshot: Snapshot) -> tuple[Statement, ...]:
    """The statements of one text, in order, each with what it has from itself and those before it."""
    if len(statements) == 1 and not statements[0].flows:
        return tuple(statements)
    held: Held = {}
    cursors: dict[str | None, tuple[Output, ...] | None] = {}
    found = []
    for statement in statements:
        for effect in statement.names:
            match effect.naming:
                case Naming.DECLARE:
                    cursors[effect.name] = statement.outputs
                case Naming.FETCH if statement.kind == "fetch" and statement.outputs is None:
                    statement = replace(statement, outputs=cursors.get(effect.name))
                case Naming.CLOSE | Naming.DISCARD:
                    for name in list(cursors) if effect.name is None else [effect.name]:
                        cursors.pop(name, None)
                case _:
                    pass
        new = carried((*statement.flows, *statement.likenesses), held)
        for place, labels in new.items():
            for each in relatives(snapshot, place):
                held[each] = held.get(each, ()) + tuple(label for label in labels if label not in held.get(each, ()))
        found.append(_relabeled(statement, held) if held else statement)
    return tuple(found)


def _relabeled(statement: Statement, held: Held) -> Statement:
    return replace(
        statement,
        accesses=tuple(_access(each, held) for each in statement.accesses),
        outputs=None
        if statement.outputs is None
        else tuple(each._replace(sources=_sources(each.sources, held)) for each in statement.outputs),
        flows=_flows(statement.flows, held),
        likenesses=_flows(statement.likenesses, held),
    )


def _flows(flows: Iterable[Flow], held: Held) -> tuple[Flow, ...]:
    return tuple(each._replace(sources=_sources(each.sources, held)) for each in flows)


def _sources(sources: tuple[Source, ...], held: Held) -> tuple[Source, ...]:
    return tuple(
        each._replace(labels=_both(each.labels, held.get((each.schema, each.relation, each.column), ()))) for each in sources
    )


def _access(access: Access, held: Held) -> Access:
    columns = tuple(
        each._replace(labels=_both(each.labels, held.get((access.schema, access.relation, each.name), ())))
        for each in access.columns
    )
    return access if columns == access.columns else access._replace(columns=columns)


def _both(labels: Labels, more: Labels) -> Labels:
    return labels + tuple(each for each in more if each not in labels) if more else labels
