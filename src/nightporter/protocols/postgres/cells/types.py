"""What the catalogue says of types: what they are made of. Without one only the server's own are known. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from nightporter.catalog.model import Snapshot, Type

from . import kinds as k
from .looking import Looking, column_of

MAX_DEPTH = 16
"""Of types within types. The server lets nobody make one that holds itself; this is for a catalogue that is wrong."""


class Types:
    """What the catalogue says of types."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self._snapshot = snapshot

    def find(self, oid: int) -> Type | None:
        return None if self._snapshot is None else self._snapshot.types.get(oid)

    def base(self, oid: int) -> int:
        """Of a domain the type that it is of in the end; of another type itself."""
        for _ in range(MAX_DEPTH):
            found = self.find(oid)
            if found is None or found.kind != "d":
                break
            oid = found.base
        return oid

    def element(self, oid: int) -> int:
        """Of an array; 0: it is none."""
        found = self.find(oid)
        if found is None:
            return k.ARRAYS.get(oid, 0)
        # not every type with elements is an array: point and name have some, and int2vector has a text of its own
        return found.element if found.category == "A" and found.array == 0 and found.name not in ("int2vector", "oidvector") else 0

    def columns(self, oid: int) -> tuple[tuple[str, int], ...] | None:
        """Of a composite type: names and types of its fields; None: it is none."""
        found = self.find(oid)
        if found is None or found.kind != "c" or self._snapshot is None:
            return None
        relation = self._snapshot.relations.get(found.relation)
        return () if relation is None else tuple((each.name, each.type) for each in relation.columns)

    def owner(self, oid: int, looking: Looking) -> Callable[[str], tuple[str, str] | None] | None:
        """How the columns of a composite type's relation are shown."""
        found, column = self.find(oid), column_of(looking)
        if found is None or column is None or self._snapshot is None or found.relation not in self._snapshot.relations:
            return None
        relation = self._snapshot.relations[found.relation]
        return lambda name: column(relation, name)

    def is_words(self, oid: int) -> bool:
        """Whether it is text as it stands."""
        found = self.find(oid)
        return oid in k.WORDS or (found is not None and found.name == "citext" and found.extension == "citext")

    def is_pairs(self, oid: int) -> bool:
        found = self.find(oid)
        return found is not None and found.name == "hstore" and found.extension == "hstore"

    def kind(self, oid: int) -> str:
        found = self.find(oid)
        return "" if found is None else found.kind

    def holds_words(self, oid: int) -> bool:
        return self.is_words(self.base(oid))

    @cached_property
    def _names(self) -> frozenset[str]:
        if self._snapshot is None:
            return frozenset()
        return frozenset(column.name for relation in self._snapshot.relations.values() for column in relation.columns)

    def is_name(self, word: str) -> bool:
        """Whether a column has this name, or it is one that the server gives to a field of a row without names."""
        return word in self._names or (word[:1] == "f" and word[1:].isdecimal() and len(word) <= 5)
