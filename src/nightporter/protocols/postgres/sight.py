"""What one principal sees of one catalogue: how columns are shown, what is done with their cells, which words are names. Pure.

Asks the policies (`Reveals`), the catalogue's labels and the detectors, and keeps their answers for all texts of that principal.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from nightporter.catalog.model import Relation, Snapshot
from nightporter.masking.detector import Detector
from nightporter.masking.label import LABELS
from nightporter.masking.maskers import MASKED, mask
from nightporter.masking.naming import key_label
from nightporter.policy.reveal import Reveals, Shown

from .cell import CellMask
from .cells import cell_guard, cell_masker
from .fields import Field
from .semantics import system_labels
from .shade import PLAIN, Looks, Shade, of_column

OF_VIEW = Shade(examined=True)
"""Of a view's column of which nothing is said: what it holds only lineage can tell."""
MAX_MASKS = 4096
_DOCUMENTS = frozenset({"json", "jsonb", "hstore", "xml"})


class Sight(Looks):
    """What one principal sees of one catalogue, at one moment: kept for all its texts."""

    def __init__(self, reveals: Reveals, snapshot: Snapshot | None, key: bytes) -> None:
        self._reveals = reveals
        self.snapshot = snapshot
        self.key = key
        self.key_of_tokens = key if "token" in reveals.masks else b""
        """Empty where nobody is shown any."""
        self.hidden = frozenset(name for name in LABELS if reveals.label(name).masker is not None)
        self.detector = detector_of(self.hidden)
        self.may_hold = self.detector.may_hold
        """Whether anything could be found in the bytes of a text."""
        self._masks: dict[object, CellMask | None] = {}
        self._names: frozenset[str] | None = None
        self.elder: Sight | None = None
        """Of what names nothing of the catalogue (COMMIT): the sight of the same principal that knows its names."""

    # What shades ask

    def shown(self, schema: str, relation: str, column: str, labels: tuple[str, ...], use: str) -> Shown:
        return self._reveals.column(schema, relation, column, labels, use, self._parents(schema, relation))

    def label(self, name: str) -> Shown:
        return self._reveals.label(name)

    def is_document(self, schema: str, relation: str, column: str) -> bool:
        snapshot = self.snapshot
        found = None if snapshot is None else snapshot.relations_by_name.get((schema, relation))
        if snapshot is None or found is None or column not in found.by_name:
            return False
        type_ = snapshot.types.get(found.by_name[column].type)
        return type_ is not None and type_.name in _DOCUMENTS

    def is_examined(self, schema: str, relation: str, column: str) -> bool:
        found = None if self.snapshot is None else self.snapshot.relations_by_name.get((schema, relation))
        return found is not None and self.snapshot is not None and self.snapshot.labels.is_examined(found, column)

    def _parents(self, schema: str, relation: str) -> tuple[tuple[str, str], ...]:
        if self.snapshot is None:
            return ()
        found: dict[tuple[str, str], None] = {}
        waiting = [self.snapshot.relations_by_name.get((schema, relation))]
        while waiting:
            each = waiting.pop(0)
            for oid in () if each is None else each.parents:
                parent = self.snapshot.relations.get(oid)
                if parent is not None and (parent.schema, parent.name) not in found:
                    found[parent.schema, parent.name] = None
                    waiting.append(parent)
        return tuple(found)

    # Provenance

    def of_field(self, field: Field) -> Shade | None:
        """By provenance; None: the server says that it is computed, or of what table is not known here."""
        if not field.relation or self.snapshot is None:
            return None
        relation = self.snapshot.relations.get(field.relation)
        if relation is None:
            return None
        column = next((each for each in relation.columns if each.number == field.column), None)
        if column is None:
            return None
        shade = of_column(self, relation.schema, relation.name, column.name, self._labels(relation, column.name))
        if relation.kind == "v" and not shade.label and shade.masker == PLAIN:
            return OF_VIEW
        return shade

    def _labels(self, relation: Relation, column: str) -> tuple[str, ...]:
        assert self.snapshot is not None  # noqa: S101 - the relation is of it
        told = system_labels.of_server(relation)
        return self.snapshot.labels.of(relation, column) if told is None else told(column)

    def hides(self, schema: str, relation: str, columns: Sequence[str]) -> bool:
        """Whether one of these columns of a relation may not be seen; without any: whether any of its columns may not."""
        found = None if self.snapshot is None else self.snapshot.relations_by_name.get((schema, relation))
        if found is None:
            return True
        names = columns or tuple(found.by_name)
        every = (of_column(self, schema, relation, name, self._labels(found, name)) for name in names if name in found.by_name)
        return any(shade.is_hidden for shade in every)

    # Masks

    def mask(self, shade: Shade, type_: int, modifier: int, *, binary: bool, codec: str) -> CellMask | None:
        """What is done with each cell; None: nothing."""
        key = (shade.masker, shade.label, shade.examined, shade.columns, type_, modifier, binary, codec)
        if key not in self._masks:
            if len(self._masks) >= MAX_MASKS:
                self._masks.clear()
            self._masks[key] = self._make(shade, type_, modifier, binary=binary, codec=codec)
        return self._masks[key]

    def _make(self, shade: Shade, type_: int, modifier: int, *, binary: bool, codec: str) -> CellMask | None:
        if not shade.is_hidden:
            if shade.examined or not self.hidden:
                return None
            looking = _Knowing(self, shade.columns) if shade.columns else self
            return cell_guard(type_, modifier, binary, looking, self.snapshot, self.key, codec)
        return cell_masker(type_, modifier, binary, shade.masker, shade.label, self.snapshot, self.key, codec)

    def redact(self, text: str) -> str:
        """A text without what is found in it that is hidden. The same object where nothing is."""
        return self.detector.redact(text, self._instead)

    def named(self, key: str) -> str | None:
        """The hidden label that a member of a JSON object, or the like, has by its key."""
        label = key_label(key)
        return label if label in self.hidden else None

    def instead(self, label: str, value: str) -> str | None:
        """What is shown in place of a value of a hidden label; None: null."""
        return mask(self._reveals.label(label).masker or "", label, value, self.key)

    def column(self, relation: Relation, name: str) -> tuple[str, str] | None:
        """How a field of a row is shown: masker and label; None: as it is."""
        shade = of_column(self, relation.schema, relation.name, name, self._labels(relation, name))
        return (shade.masker, shade.label) if shade.is_hidden else None

    def _instead(self, label: str, value: str) -> str:
        shown = self.instead(label, value)
        return MASKED if shown is None else shown

    # Names

    def is_name(self, word: str) -> bool:
        """Whether a word is the name of something in the catalogue."""
        if self.snapshot is None and self.elder is not None:
            return self.elder.is_name(word)
        if self._names is None:
            self._names = _names(self.snapshot)
        return word in self._names


class _Knowing:
    """Looks as a Sight does, and knows of some keys of JSON what stands there: columns that are shown as they are."""

    def __init__(self, sight: Sight, columns: frozenset[str]) -> None:
        self._columns = columns
        self._named = sight.named
        self.may_hold = sight.may_hold
        self.redact = sight.redact
        self.instead = sight.instead
        self.column = sight.column
        self.is_name = sight.is_name

    def named(self, key: str) -> str | None:
        """See `Sight.named`."""
        return None if key in self._columns else self._named(key)


def _names(snapshot: Snapshot | None) -> frozenset[str]:
    """Of everything in a catalogue that has one, for which a value could be taken."""
    if snapshot is None:
        return frozenset()
    found: set[str] = set(snapshot.schemas) | set(snapshot.roles)
    for relation in snapshot.relations.values():
        found.add(relation.name)
        found.update(relation.by_name)
        found.update(key.name for key in relation.foreign_keys)
        found.update(trigger.name for trigger in relation.triggers)
    found.update(each.name for each in snapshot.types.values())
    found.update(each.name for each in snapshot.functions.values())
    return frozenset(found)


@cache
def detector_of(labels: frozenset[str]) -> Detector:
    """One for all who may not see the same."""
    return Detector(labels)
