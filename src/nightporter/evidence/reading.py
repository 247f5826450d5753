"""What a reading found, as a record has it: names, uses and reasons, cut to a size that every intent can carry. Pure.

Values never appear: names come from the catalogue, and the reasons of doubts name at most what the text names. Nothing is left
out silently: `left_out` counts it. Where each output column comes from, and what flows where, is not recorded: the uses say of
each column whether it left, decided or was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from nightporter.statement.model import Access, Action, ColumnUse, Effect, Statement, Use

from .record import Doubted, LeftOut, Ran, Touched

MAX_RELATIONS = 100
"""In one record: some 12 KB. Queries touch a few; the partitions of one table may be thousands."""
MAX_COLUMNS = 1000
"""In one record, counted for each use: less than the widest table that there can be (1600), more than people select."""
MAX_EFFECTS = 100
MAX_DOUBTS = 20
"""The first one already makes the statement unknown."""
MAX_VIA = 16
"""Views on views, triggers of triggers: nobody follows more."""
MAX_REASON = 500
"""Characters."""
MAX_KEPT = 1024
"""Of a worker, at a kilobyte or two."""

_USES = tuple(Use)
_EFFECTS = tuple(Effect)
_NAMED = re.compile("`.*`", re.DOTALL)
"""What a reason takes from the text stands in backticks; a name may hold one itself."""


class Found(NamedTuple):
    """The part of `What` that was found out under a catalogue."""

    relations: tuple[Touched, ...] = ()
    effects: tuple[Ran, ...] = ()
    doubts: tuple[Doubted, ...] = ()
    left_out: LeftOut | None = None


NOTHING = Found()


_kept: dict[tuple[int, int], tuple[object, object, Found]] = {}
"""By identity of what was found. Texts that differ in numbers only share that, and are as many as there are numbers."""


def found(statements: Sequence[Statement], *, text: bool) -> Found:
    """What was found of the statements of a text. `text`: records carry texts, and so may carry the names in them."""
    if len(statements) != 1 or statements[0].doubts:
        return _found(statements, text)
    accesses, effects = statements[0].accesses, statements[0].effects
    key = (id(accesses), id(effects))
    kept = _kept.get(key)
    if kept is None:
        if len(_kept) >= MAX_KEPT:
            _kept.clear()
        # with the two themselves, so that nothing else can have their identity
        _kept[key] = kept = accesses, effects, _found(statements, text)
    return kept[2]


def _found(statements: Sequence[Statement], text: bool) -> Found:
    accesses = [(each, n) for n, statement in enumerate(statements) for each in statement.accesses]
    effects = [(each, n) for n, statement in enumerate(statements) for each in statement.effects]
    doubts = [(each, n) for n, statement in enumerate(statements) for each in statement.doubts]
    if not (accesses or effects or doubts):
        return NOTHING
    over = LeftOut(
        relations=max(0, len(accesses) - MAX_RELATIONS),
        effects=max(0, len(effects) - MAX_EFFECTS),
        doubts=max(0, len(doubts) - MAX_DOUBTS),
    )
    if over.relations:
        accesses = sorted(accesses, key=_weight)[:MAX_RELATIONS]
    room = MAX_COLUMNS
    relations: list[Touched] = []
    missing = 0
    for access, n in accesses:
        columns, used, cut = _columns(access.columns, room)
        room -= used
        missing += cut
        relations.append(
            Touched(
                access.action, access.schema, access.relation, access.kind, columns, access.bound, _way(access.via), n
            )
        )  # fmt: skip
    left_out = LeftOut(over.relations, missing, over.effects, over.doubts)
    return Found(
        tuple(relations),
        tuple(Ran(e.function, _in_order(e.effects), _way(e.via), n) for e, n in effects[:MAX_EFFECTS]),
        tuple(Doubted(reason(d.reason, text=text), _way(d.via), n) for d, n in doubts[:MAX_DOUBTS]),
        left_out if left_out != _NONE else None,
    )


_NONE = LeftOut()


def reason(told: str, *, text: bool) -> str:
    """A reason as records have it. Without texts it has no name from one: somebody may have taken a value for a name."""
    if not text:
        told = _NAMED.sub("`...`", told)
    return told if len(told) <= MAX_REASON else told[:MAX_REASON] + "..."


def _weight(entry: tuple[Access, int]) -> tuple[bool, int]:
    """What stays when there are too many: changes first, then what the text names."""
    access, _ = entry
    return access.action is Action.READ, len(access.via)


def _columns(columns: Iterable[ColumnUse], room: int) -> tuple[dict[Use, tuple[str, ...]], int, int]:
    """Names by use; how many that are, and how many there was no room for."""
    lists: dict[Use, list[str]] = {}
    used = cut = 0
    for column in columns:
        for use in column.uses:
            if used < room:
                lists.setdefault(use, []).append(column.name)
                used += 1
            else:
                cut += 1
    if len(lists) < 2:
        return {use: tuple(names) for use, names in lists.items()}, used, cut
    return {use: tuple(lists[use]) for use in _USES if use in lists}, used, cut


def _in_order(effects: frozenset[Effect]) -> tuple[Effect, ...]:
    return tuple(effects) if len(effects) == 1 else tuple(each for each in _EFFECTS if each in effects)


def _way(via: tuple[str, ...]) -> tuple[str, ...]:
    if len(via) <= MAX_VIA:
        return via
    return (*via[: MAX_VIA - 2], f"{len(via) - MAX_VIA + 1} more", via[-1])
