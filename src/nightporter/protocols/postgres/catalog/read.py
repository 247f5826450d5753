"""Reads a database's catalogue: whole the first time, and then what has changed. Pure.

Theory of operation. An *inquiry* yields questions, several at a time, and is sent their answers; who drives it decides how they
reach the server: `read` on a connection of our own, a session on its client's (`private`).

    head, totals -> nothing has changed
                 -> marks of each object of the kinds that have, small parts -> dependents -> what has changed

An object is read anew when a row of its own has changed, or when it refers to one that has: what the server prints of it names
that by its present name. Where that is not enough (a schema has another name, a domain another check) everything is read.

`build.snapshot` makes a Snapshot of what was learned; they are apart since that takes time.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import TypeAlias

from nightporter.catalog.model import Snapshot
from nightporter.core.error import UpstreamError
from nightporter.core.talk import Talk

from . import queries
from .ask import Answers as Stream
from .ask import QueryError, ask, begin, run
from .marks import FUNCTION, KINDS, RELATION, TYPE, changed_kinds, dependents, of_objects, own, still_there, totals
from .parts import Parts, Rows, Source, decoded
from .queries import Only

Answers: TypeAlias = dict[str, Rows]
Inquiry: TypeAlias = Generator[Mapping[str, str], Answers, Parts]
"""Yields SQL by name; is sent each one's rows, all values as text."""

MOST_AGAIN = 4000
"""Beyond this many objects, reading everything is quicker than naming them."""
_LOCK_NOT_AVAILABLE = "55P03"
_GIVEN_UP = 3
"""A relation may vanish between being listed and being printed, which is an error; that many times in a row it is another one."""
_SEES_ALL = ("read committed", "read uncommitted")


def read(stream: Stream, earlier: Snapshot | None) -> Talk[Parts]:
    """Ask for what is not in `earlier`, on a connection of our own that is idle.

    Raises UpstreamError and ProtocolError; the connection is of no use after these.
    """
    careful = False
    for attempt in range(_GIVEN_UP):
        try:
            return (yield from _read(stream, earlier, careful=careful))
        except QueryError as error:
            yield from run(stream, "rollback")
            careful = careful or error.code == _LOCK_NOT_AVAILABLE
            if attempt == _GIVEN_UP - 1:
                raise
    raise UpstreamError("the catalogue of the database changes faster than it can be read")  # not reached


def _read(stream: Stream, earlier: Snapshot | None, *, careful: bool) -> Talk[Parts]:
    yield from run(stream, begin())
    inquiry = inquire(earlier, careful=careful, ahead=True)
    questions = next(inquiry)
    while True:
        answers = yield from ask(stream, questions)
        try:
            questions = inquiry.send(answers)
        except StopIteration as done:
            parts: Parts = done.value
            break
    yield from run(stream, "commit")
    return parts


def inquire(earlier: Snapshot | None, *, careful: bool = False, ahead: bool = False) -> Inquiry:
    """Find out what is not in `earlier`. `careful`: wait for nobody's lock. `ahead`: also ask what the next inquiry will need."""
    answers = yield {"head": queries.head(), "totals": totals()}
    ((version, *place, isolation),) = decoded(answers["head"])
    (now,) = decoded(answers["totals"])
    source = Source((version, *place), now, {})
    before = earlier.source if earlier is not None else None
    if earlier is None or not isinstance(before, Source) or before.place != source.place:
        return (yield from _whole(source, version, careful=careful))
    kinds = changed_kinds(before.totals, now)
    if not kinds:
        if ahead:
            yield from _look_ahead(before)
        return Parts({}, before, earlier)
    wanted = [kind for kind in KINDS if kind in kinds]
    small = {name: queries.SMALL[name] for name in queries.SMALL if name in kinds}
    answers = yield {"schemas": queries.SMALL["schemas"], **small, **{kind: of_objects(kind) for kind in wanted}}
    source.small = {name: answers.get(name, rows) for name, rows in before.small.items()}
    source.objects = {**before.objects, **{kind: _marks(answers[kind]) for kind in wanted}}
    if any(kind not in before.objects for kind in wanted) or _means_else(before.small, source.small):
        return (yield from _whole(source, version, careful=careful))
    changed = {kind: _differ(before.objects[kind], source.objects[kind]) for kind in wanted}
    gone = {kind: before.objects[kind].keys() - source.objects[kind].keys() for kind in wanted}
    if ahead and source.small == before.small and not any((*changed.values(), *gone.values())):
        before.totals, before.objects = now, source.objects  # only what nobody else sees
        return Parts({}, before, earlier)
    again = {oid for kind in wanted for oid in changed[kind] if oid in before.objects[kind]}
    if len(again) > MOST_AGAIN or _reaches_far(earlier, again):
        return (yield from _whole(source, version, careful=careful))
    uncertain = False
    if isolation not in _SEES_ALL:
        uncertain = (yield from _is_uncertain(changed, gone)) or _lost_rows(before.small, source.small)
    read_anew = {kind: set(changed.get(kind, ())) for kind in KINDS}
    if again:
        answers = yield {"dependents": dependents(again)}
        for letter, oid in decoded(answers["dependents"]):
            read_anew[_LETTERS[letter]].add(oid)
    questions: dict[str, str] = {}
    for kind, oids in read_anew.items():
        if oids:
            questions |= _OF_KIND[kind](Only(oids, careful=careful), version)
    rows = (yield questions) if questions else {}
    replaced = {kind: frozenset(oids) | frozenset(gone.get(kind, ())) for kind, oids in read_anew.items()}
    return Parts({**rows, **source.small}, source, earlier, replaced, uncertain)


_LETTERS = {"r": RELATION, "t": TYPE, "f": FUNCTION}
_OF_KIND = {RELATION: queries.relations, TYPE: queries.types, FUNCTION: queries.functions}


def _whole(source: Source, version: int, *, careful: bool) -> Inquiry:
    rows = yield {name: text for name, text in queries.whole(version, careful=careful).items() if name != "head"}
    source.small = {name: rows[name] for name in queries.SMALL}
    return Parts(rows, source)


def _look_ahead(source: Source) -> Generator[Mapping[str, str], Answers, None]:
    """Marks of every object, once it is known that all is still as the Snapshot has it."""
    missing = [kind for kind in KINDS if kind not in source.objects]
    if missing:
        answers = yield {kind: of_objects(kind) for kind in missing}
        for kind in missing:
            source.objects[kind] = _marks(answers[kind])


def _marks(rows: Rows) -> dict[int, str]:
    ((oids, marks),) = decoded(rows)
    return dict(zip(oids or (), marks or (), strict=True))


def _differ(before: Mapping[int, str], now: Mapping[int, str]) -> set[int]:
    return {oid for oid, mark in now.items() if before.get(oid) != mark}


_MEANING = {"schemas": 1, "operators": 6, "servers": 2}
"""How many facts after the OID make up what an object of a small part is; an operator also gets a commutator later."""


def _means_else(before: Mapping[str, Rows], now: Mapping[str, Rows]) -> bool:
    """Whether a schema, operator or server that was there is another now: anything may name it."""
    for name, size in _MEANING.items():
        if before[name] is not now[name]:
            known = {oid: rest[:size] for oid, *rest in decoded(before[name])}
            if any(oid in known and known[oid] != rest[:size] for oid, *rest in decoded(now[name])):
                return True
    return False


def _lost_rows(before: Mapping[str, Rows], now: Mapping[str, Rows]) -> bool:
    return any(not set(rows) <= set(now[name]) for name, rows in before.items() if rows is not now[name])


def _reaches_far(earlier: Snapshot, again: Iterable[int]) -> bool:
    """Whether what changed is used by objects that do not refer to it: domains and composite types within other types."""
    for oid in again:
        type_, relation = earlier.types.get(oid), earlier.relations.get(oid)
        if (type_ is not None and type_.kind == "d") or (relation is not None and relation.kind == "c"):
            return True
    return False


def _is_uncertain(changed: Mapping[str, set[int]], gone: Mapping[str, set[int]]) -> Generator[Mapping[str, str], Answers, bool]:
    """Whether a transaction that keeps its snapshot may be behind what others have committed, which the server's parser sees."""
    questions = {f"own {kind}": own(kind, oids) for kind, oids in changed.items() if oids}
    questions |= {f"gone {kind}": still_there(kind, oids) for kind, oids in gone.items() if oids}
    if not questions:
        return False
    answers = yield questions
    for kind, oids in changed.items():
        if oids and {oid for (oid,) in decoded(answers[f"own {kind}"])} != oids:
            return True
    return any(answers[f"gone {kind}"] for kind, oids in gone.items() if oids)
