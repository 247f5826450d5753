"""Labels of an upstream's columns: which classes of data they hold, how certain that is, and why. Pure values.

Theory of operation. What is known of a column comes from four sides, the stronger first:

    person     somebody has said so, or has said that it is none: that alone holds
    lineage    labelled data was written into it                            -+
    scan       its values were looked at; that it is none is a finding too   |  these add up
    name       its name and type, where no scan has looked                  -+

The first three are stored, as `Entry`; the name costs nothing to read, so a table that was made a moment ago has labels at once.
A table, its parents and its children hold the same rows, and so a column's labels go both ways: a child has what its parent's
column of that name has, and a parent what any of its children has. A view has only what was said of its own columns, since what it
shows is known by lineage; one that calls what nobody can look into is told by its names.

Entries know their column by name, and by OID and number where these are known. While the relation of that OID is there the number
holds, whatever the column is called by now. When it is gone the name holds: a table that was dropped and made anew keeps its
labels, but not the finding that it has none, since its rows are others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from nightporter.masking.family import family_of
from nightporter.masking.label import OTHER
from nightporter.masking.naming import Guess, named

if TYPE_CHECKING:
    from .model import Column, Relation, Snapshot, Type

PERSON, LINEAGE, SCAN, NAME = "person", "lineage", "scan", "name"
"""Where a label comes from."""

FIRST_USER_OID = 16384
"""Lower ones are the server's own objects, whose columns have labels of another kind."""
CERTAIN = 1.0
"""Confidence of what a person says."""
FOLLOWED = 0.95
"""Confidence of what was carried somewhere: a part of it may have been left behind."""
SETTLED = 0.9
"""A scan that found nothing with this confidence or more settles it: no value need be looked at any more."""

TEMPORARY = "pg_temp"
MAX_NAMED_CHILDREN = 64
"""Children of a table whose own names are looked at for its labels; their columns are called as the table's are."""
_SYSTEM = ("pg_catalog", "information_schema", "pg_toast")
_TABLES = frozenset("rpfmct")
_READ_BODIES = frozenset(("sql", "plpgsql", "internal"))
"""Languages whose functions lineage sees through, or that are the server's own."""


class Labelled(NamedTuple):
    """One label of a column, or that it has none: then `label` is empty."""

    label: str
    confidence: float
    """From 0 to 1."""
    reasons: tuple[str, ...] = ()
    """Sentences without a full stop: `its name means e-mail address`. They never hold a value."""
    confirmed_by: str = ""
    """Who has said so; empty: nobody has."""
    origin: str = NAME


@dataclass(frozen=True, slots=True)
class Entry:
    """What is stored of one column: a label, or (`label` empty) that it has none."""

    schema: str
    relation: str
    column: str
    label: str
    origin: str
    """`person`, `lineage` or `scan`."""
    confidence: float = CERTAIN
    reasons: tuple[str, ...] = ()
    confirmed_by: str = ""
    relation_oid: int = 0
    """0: not known yet. Then the name holds."""
    number: int = 0
    type: int = 0
    """OID of the type that the column had when its values were looked at; 0: they were not."""

    @property
    def labelled(self) -> Labelled:
        """The same without its place."""
        return Labelled(self.label, self.confidence, self.reasons, self.confirmed_by, self.origin)


class Carried(Protocol):
    """Labels that a statement carries into a column, with the data."""

    @property
    def schema(self) -> str: ...

    @property
    def relation(self) -> str: ...

    @property
    def column(self) -> str: ...

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def reason(self) -> str: ...


def entries_of(changes: Iterable[Carried]) -> Iterator[Entry]:
    """The same as it is stored."""
    for each in changes:
        for label in each.labels:
            yield Entry(schema_of(each.schema), each.relation, each.column, label, LINEAGE, FOLLOWED, (each.reason,))


class Stored:
    """All that is stored of one upstream, at one moment. Immutable."""

    __slots__ = ("_by_name", "_by_oid", "entries", "version")

    def __init__(self, entries: Iterable[Entry] = (), version: int = 0) -> None:
        """`version`: a number that is another one after each change; 0 while there is nothing."""
        self.entries = tuple(entries)
        self.version = version
        self._by_name: dict[tuple[str, str], list[Entry]] = {}
        self._by_oid: dict[int, list[Entry]] = {}
        for entry in self.entries:
            self._by_name.setdefault((schema_of(entry.schema), entry.relation), []).append(entry)
            if entry.relation_oid:
                self._by_oid.setdefault(entry.relation_oid, []).append(entry)

    def tells_of(self, relation: Relation) -> bool:
        """Whether anything is stored of a relation, by its OID or its name."""
        return relation.oid in self._by_oid or (schema_of(relation.schema), relation.name) in self._by_name

    def of_relation(self, relation: Relation, present: Mapping[int, Relation]) -> dict[str, list[Entry]]:
        """By the present name of the column; `present`: all relations that there are."""
        found: dict[str, list[Entry]] = {}
        names = {column.number: column.name for column in relation.columns}
        for entry in self._by_oid.get(relation.oid, ()):
            if entry.number in names and _fits(entry, relation.by_name[names[entry.number]]):
                found.setdefault(names[entry.number], []).append(entry)
        for entry in self._by_name.get((schema_of(relation.schema), relation.name), ()):
            if entry.relation_oid == relation.oid:
                continue  # it is known where its column is by now
            if entry.relation_oid and not entry.label and (entry.origin != PERSON or entry.relation_oid in present):
                continue  # found or said of other rows
            if entry.column in relation.by_name:
                found.setdefault(entry.column, []).append(entry)
        return found

    def scanned(self, relation: Relation, present: Mapping[int, Relation]) -> list[Entry]:
        """What earlier scans have found in it, or in one of its name that is gone; another scan replaces all of it."""
        by_name = self._by_name.get((schema_of(relation.schema), relation.name), ())
        found = {id(each): each for each in (*self._by_oid.get(relation.oid, ()), *by_name)}
        mine = (each for each in found.values() if each.relation_oid == relation.oid or each.relation_oid not in present)
        return [each for each in mine if each.origin == SCAN]


def _fits(entry: Entry, column: Column) -> bool:
    """A finding that there is nothing holds for the type that was looked at."""
    return bool(entry.label) or entry.origin != SCAN or entry.type in (0, column.type)


NOTHING_STORED = Stored()

Naming: TypeAlias = Callable[[str, str, str, tuple[str, ...]], Iterable[Guess]]
"""What the name of a relation, that of a column, the family of its type and the names of all its columns say."""


def _named(relation: str, column: str, family: str, neighbors: tuple[str, ...]) -> Iterable[Guess]:
    return named(relation, column, family, neighbors=neighbors)


class _Own(NamedTuple):
    """What is known of a column by itself, without its table's relatives."""

    labelled: tuple[Labelled, ...]
    """Labels it has."""
    said: Labelled | None
    """What there is to say where it has none: by whom, or by which finding."""
    is_confirmed: bool
    is_settled: bool


_UNKNOWN = _Own((), None, is_confirmed=False, is_settled=False)
_NO_NAMES: tuple[str, ...] = ()


class Labels:
    """What is known of the columns of one Snapshot. Immutable as seen from outside; each relation is looked into once."""

    __slots__ = (
        "_by_name",
        "_descendants",
        "_downward",
        "_found",
        "_functions",
        "_naming",
        "_own",
        "_relations",
        "_types",
        "stored",
    )

    def __init__(self, snapshot: Snapshot, stored: Stored = NOTHING_STORED, naming: Naming = _named) -> None:
        self.stored = stored
        # its parts, and not the Snapshot itself: each would keep the other alive
        self._relations, self._by_name = snapshot.relations, snapshot.relations_by_name
        self._types, self._functions = snapshot.types, snapshot.functions
        self._naming = naming
        self._own: dict[Relation, Mapping[str, _Own]] = {}
        self._downward: dict[Relation, dict[str, tuple[Labelled, ...]]] = {}
        self._descendants: dict[Relation, list[Relation]] = {}
        self._found: dict[Relation, dict[str, tuple[str, ...]]] = {}

    def of(self, relation: Relation, column: str) -> tuple[str, ...]:
        """Names of its labels, the most certain first; () for none, and for the server's own relations."""
        found = self._found.get(relation)
        if found is None:
            found = self._found[relation] = self._names(relation)
        return found.get(column, _NO_NAMES)

    def explain(self, relation: Relation, column: str) -> tuple[Labelled, ...]:
        """The same with confidence and reasons; a single one with an empty name tells why there is none."""
        if column not in relation.by_name or is_system(relation):
            return ()
        labelled = self._labelled(relation, column)
        if labelled:
            return labelled
        said = next((own.said for own in self._owns(relation, column) if own.said is not None), None)
        return () if said is None else (said,)

    def is_examined(self, relation: Relation, column: str) -> bool:
        """Whether it is settled that it has no label: by a person, or by enough values of a kind that leaves no room for one."""
        if self.of(relation, column):
            return False
        return any(own.is_confirmed or own.is_settled for own in self._owns(relation, column))

    def moved(self) -> list[tuple[Entry, Entry]]:
        """Entries that say another place than the one where their column is now, and the same with that one.

        They are to be stored so: by its name alone a column is lost when it gets another, and a name may be given to another.
        """
        found = []
        for entry in self.stored.entries:
            relation = self._relations.get(entry.relation_oid)
            if relation is not None:
                known = relation.by_name.get(entry.column)
                same = (relation.schema, relation.name) == (entry.schema, entry.relation)
                if same and known is not None and known.number == entry.number:
                    continue  # most of them
                column = next((each for each in relation.columns if each.number == entry.number), None)
            elif entry.label or entry.origin == PERSON:
                relation = self._by_name.get((entry.schema, entry.relation))
                column = None if relation is None else relation.by_name.get(entry.column)
            else:
                continue
            if relation is not None and column is not None:
                new = replace(
                    entry,
                    schema=relation.schema,
                    relation=relation.name,
                    column=column.name,
                    relation_oid=relation.oid,
                    number=column.number,
                )
                if new != entry:
                    found.append((entry, new))
        return found

    # One relation, with its relatives

    def _names(self, relation: Relation) -> dict[str, tuple[str, ...]]:
        if is_system(relation):
            return {}
        found = {}
        for column in relation.columns:
            labelled = self._labelled(relation, column.name)
            if labelled:
                found[column.name] = tuple(each.label for each in labelled)
        return found

    def _labelled(self, relation: Relation, column: str) -> tuple[Labelled, ...]:
        own = self._own_of(relation, column)
        if not relation.parents and not relation.children:
            return own.labelled
        found: dict[str, Labelled] = {}
        for said in self._owns(relation, column):
            if said.is_confirmed:  # the nearest that somebody has spoken of
                return said.labelled
        for each in self._upward(relation, column):
            _add(found, self._below(each, column))
        return tuple(sorted(found.values(), key=_by_confidence))

    def _owns(self, relation: Relation, column: str) -> Iterator[_Own]:
        for each in self._upward(relation, column):
            yield self._own_of(each, column)

    def _upward(self, relation: Relation, column: str) -> Iterator[Relation]:
        """The relation and all above it that have the column, nearest first."""
        waiting, seen = [relation], {relation.oid}
        while waiting:
            now, waiting = waiting, []
            for each in now:
                yield each
                for oid in each.parents:
                    parent = self._relations.get(oid)
                    if parent is not None and oid not in seen and column in parent.by_name:
                        seen.add(oid)
                        waiting.append(parent)

    def _below(self, relation: Relation, column: str) -> tuple[Labelled, ...]:
        """Its own, and those of all below it."""
        kept = self._downward.setdefault(relation, {})
        if column in kept:
            return kept[column]
        found: dict[str, Labelled] = {}
        for each in (relation, *self._descended(relation)):
            _add(found, self._own_of(each, column).labelled)
        kept[column] = tuple(found.values())
        return kept[column]

    def _descended(self, relation: Relation) -> list[Relation]:
        """All below it that may know more than it does: of very many, and of partitions, those of which something is stored."""
        kept = self._descendants.get(relation)
        if kept is None:
            waiting, seen, found = list(relation.children), {relation.oid}, []
            while waiting:
                oid = waiting.pop()
                child = self._relations.get(oid)
                if child is not None and oid not in seen:
                    seen.add(oid)
                    found.append(child)
                    waiting += child.children
            few = len(found) <= MAX_NAMED_CHILDREN
            kept = [each for each in found if self.stored.tells_of(each) or (few and not each.is_partition)]
            self._descendants[relation] = kept
        return kept

    # One relation by itself

    def _own_of(self, relation: Relation, column: str) -> _Own:
        known = self._own.get(relation)
        if known is None:
            known = self._own[relation] = MappingProxyType(dict(self._read(relation)))
        return known.get(column, _UNKNOWN)

    def _read(self, relation: Relation) -> Iterator[tuple[str, _Own]]:
        stored = self.stored.of_relation(relation, self._relations)
        names_tell = relation.kind in _TABLES or (relation.kind == "v" and self._is_opaque(relation))
        for column in relation.columns:
            own = self._weigh(relation, column, stored.get(column.name, ()), names_tell=names_tell)
            if own is not _UNKNOWN:
                yield column.name, own

    def _weigh(self, relation: Relation, column: Column, entries: Iterable[Entry], *, names_tell: bool) -> _Own:
        by_origin: dict[str, list[Labelled]] = {}
        for entry in entries:
            by_origin.setdefault(entry.origin, []).append(entry.labelled)
        if PERSON in by_origin:
            told = by_origin[PERSON]
            labels = tuple(each for each in told if each.label)
            return _Own(labels, None if labels else told[0], is_confirmed=True, is_settled=not labels)
        scanned = by_origin.get(SCAN)
        if scanned is None and names_tell:
            neighbors = tuple(relation.by_name)
            guesses = self._naming(relation.name, column.name, family(column.type, self._types), neighbors)
            scanned = [Labelled(guess.label, guess.confidence, (guess.reason,)) for guess in guesses]
        found: dict[str, Labelled] = {}
        _add(found, (each for each in (*by_origin.get(LINEAGE, ()), *(scanned or ())) if each.label))
        if found:
            return _Own(tuple(sorted(found.values(), key=_by_confidence)), None, is_confirmed=False, is_settled=False)
        if not scanned:
            return _UNKNOWN
        nothing = scanned[0]
        return _Own((), nothing, is_confirmed=False, is_settled=nothing.confidence >= SETTLED)

    def _is_opaque(self, view: Relation) -> bool:
        functions = self._functions
        called = (functions.get(oid) for oid in view.access_calls if oid >= FIRST_USER_OID)
        return any(function is not None and function.language not in _READ_BODIES for function in called)


def _add(found: dict[str, Labelled], more: Iterable[Labelled]) -> None:
    """Of two for the same label the more certain one."""
    for labelled in more:
        known = found.get(labelled.label)
        if known is None or known.confidence < labelled.confidence:
            found[labelled.label] = labelled


def _by_confidence(labelled: Labelled) -> tuple[float, str]:
    return -labelled.confidence, labelled.label


def schema_of(name: str) -> str:
    """The schema as entries have it: all temporary ones are one, since who has which is by chance."""
    return TEMPORARY if name.startswith(f"{TEMPORARY}_") else name


def is_system(relation: Relation) -> bool:
    """Whether it is the server's own."""
    return relation.schema in _SYSTEM or 0 < relation.oid < FIRST_USER_OID


_DEEP = 32
"""Domains over domains, arrays of domains over arrays: nobody goes deeper."""


def base_type(type: int, types: Mapping[int, Type]) -> tuple[Type | None, bool]:
    """What values of a type are in the end, and whether they are arrays of that: domains and arrays are taken apart."""
    found, is_array = types.get(type), False
    for _ in range(_DEEP):
        if found is None or not (found.kind == "d" or (found.category == "A" and found.element)):
            break
        is_array = is_array or found.kind != "d"
        found = types.get(found.base if found.kind == "d" else found.element)
    return found, is_array


def family(type: int, types: Mapping[int, Type]) -> str:
    """What labels know of a type: of a domain that of its base, of an array that of its elements."""
    found, _ = base_type(type, types)
    return OTHER if found is None else family_of(found.name, found.kind)
