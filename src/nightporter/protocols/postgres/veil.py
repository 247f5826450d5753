"""What is drawn before the results of a text: which columns are masked, how, and what else the server says of values. Pure.

    reading, catalogue, who asks  ->  Veil, one Curtain a statement  ->  Plan, once for each description of a result  ->  RowMasker

A text has no veil where whoever asks may see everything: then nothing is looked at. A curtain needs the server's description of the
result, unless lineage alone tells that nothing is to be hidden; a row that comes without one ends the session. Plans are kept by
the description's exact bytes, so that a statement that runs again costs one look-up.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import cache

from nightporter.catalog.model import Relation, Snapshot
from nightporter.core.error import ProtocolError
from nightporter.core.wire import Request
from nightporter.masking.detector import Detector
from nightporter.masking.label import LABELS
from nightporter.masking.maskers import MASKED, mask
from nightporter.masking.naming import key_label
from nightporter.policy.reveal import Reveals, Shown
from nightporter.statement.model import Effect, Output, Reading, Statement

from . import encoding as encodings
from .cell import CellMask
from .cells import cell_guard, cell_masker
from .copies import copy_masker
from .copy_format import BINARY, CopyFormat, copy_format
from .fields import Field, copied, fields_of
from .grammar import GrammarError, parse
from .messages import message, parameter_status
from .semantics import system_labels
from .shade import CLEAR, FOUND, HIDDEN, PLAIN, Looks, Shade, of_column, of_output, stricter
from .utterance import Hearing
from .veiling import Veiling
from .written import mask_in, written_labels

_ERROR, _NOTICE, _NOTIFICATION = b"ENA"
OF_VIEW = Shade(examined=True)
"""Of a view's column of which nothing is said: what it holds only lineage can tell."""
NO_STATEMENT = Statement("", "", frozenset())

MAX_SIGHTS = 64
"""Of a worker: each principal that is there, under each catalogue and moment."""
MAX_VEILS = 4096
MAX_PLANS = 64
"""Of one statement: descriptions differ by formats, and by nothing else as long as the catalogue is the same."""
MAX_MASKS = 4096

_PRINTS = frozenset({"show", "explain"})
"""What they print is no column's."""
_TEXT = 25
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
        self.veils: dict[object, tuple[object, Veil]] = {}
        self._masks: dict[object, CellMask | None] = {}
        self._names: frozenset[str] | None = None
        self.unknown = Curtain(self, None)
        """Before what is not known."""
        self.nothing = Curtain(self, NO_STATEMENT)
        """While no statement runs."""

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
        return any(shade.masker not in (PLAIN, FOUND) for shade in every)

    # Masks

    def mask(self, shade: Shade, type_: int, modifier: int, *, binary: bool, codec: str) -> CellMask | None:
        """What is done with each cell; None: nothing."""
        key = (shade.masker, shade.label, shade.examined, type_, modifier, binary, codec)
        if key not in self._masks:
            if len(self._masks) >= MAX_MASKS:
                self._masks.clear()
            self._masks[key] = self._make(shade, type_, modifier, binary=binary, codec=codec)
        return self._masks[key]

    def _make(self, shade: Shade, type_: int, modifier: int, *, binary: bool, codec: str) -> CellMask | None:
        if shade.masker in (PLAIN, FOUND):
            if shade.examined or not self.hidden:
                return None
            return cell_guard(type_, modifier, binary, self, self.snapshot, self.key, codec)
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
        return None if shade.masker in (PLAIN, FOUND) else (shade.masker, shade.label)

    def _instead(self, label: str, value: str) -> str:
        shown = self.instead(label, value)
        return MASKED if shown is None else shown

    # Names

    def is_name(self, word: str) -> bool:
        """Whether a word is the name of something in the catalogue."""
        if self._names is None:
            self._names = _names(self.snapshot)
        return word in self._names


class Plan:
    """What is done with the rows of a result of one description."""

    __slots__ = ("masks", "names", "told")

    def __init__(self, masks: list[CellMask | None], shades: list[Shade], names: list[str]) -> None:
        self.masks = masks
        self.names = names
        self.told = tuple(
            (n, names[n], shade) for n, shade in enumerate(shades) if shade.label or shade.masker not in (PLAIN, FOUND)
        )
        """Which columns are spoken of in the record: place, name, shade."""

    @property
    def is_empty(self) -> bool:
        """Rows pass as they are, and there is nothing to say of them."""
        return not self.told and all(each is None for each in self.masks)


class Curtain:
    """Before the results of one statement; shared by texts that do the same."""

    __slots__ = ("_plans", "_shades", "_sight", "_statement", "clear", "strict")

    def __init__(self, sight: Sight, statement: Statement | None) -> None:
        """`statement` None: nothing is known of what it is."""
        self._sight = sight
        self._statement = statement
        self._plans: dict[object, Plan | None] = {}
        outputs = None if statement is None or statement.unknown is not None else statement.outputs
        self._shades = None if outputs is None else [of_output(sight, output) for output in outputs]
        self.strict = statement is None or statement.unknown is not None or self._touches(statement)
        """It has to do with what is hidden: what the server says of values is not passed on."""
        self.clear = outputs is not None and self._is_clear(outputs)
        """Rows may pass without a description of them."""

    def _touches(self, statement: Statement) -> bool:
        return any(
            of_column(self._sight, access.schema, access.relation, column.name, column.labels).masker not in (PLAIN, FOUND)
            for access in statement.accesses
            for column in access.columns
        )

    def _is_clear(self, outputs: tuple[Output, ...]) -> bool:
        shades = self._shades or ()
        return all(self._is_plain(shade, output.type) for shade, output in zip(shades, outputs, strict=True))

    def _is_plain(self, shade: Shade, type_: int) -> bool:
        """Whether nothing is done with the cells of a column, and nothing said of them."""
        if shade.label or shade.masker not in (PLAIN, FOUND):
            return False
        return shade.examined or (type_ > 0 and self._sight.mask(shade, type_, -1, binary=False, codec="utf-8") is None)

    # Rows

    def plan(self, description: bytes, codec: str) -> Plan | None:
        """For a result that the server describes so (the body of a RowDescription); None: its rows pass as they are."""
        key = (description, codec)
        if key in self._plans:
            return self._plans[key]
        if len(self._plans) >= MAX_PLANS:
            self._plans.clear()
        fields = fields_of(description)
        shades = self._shades_of(fields)
        masks = [
            self._sight.mask(shade, field.type, field.modifier, binary=field.binary, codec=codec)
            for shade, field in zip(shades, fields, strict=True)
        ]
        plan = Plan(masks, shades, [field.name.decode(codec, "replace") for field in fields])
        self._plans[key] = kept = None if plan.is_empty else plan
        return kept

    def _shades_of(self, fields: tuple[Field, ...]) -> list[Shade]:
        by_lineage = self._by_lineage(len(fields))
        shades = []
        for n, field in enumerate(fields):
            found = self._sight.of_field(field)
            if by_lineage is not None:
                shades.append(by_lineage[n] if found is None else stricter(by_lineage[n], found))
            else:  # a table's column as it stands, whatever the text is
                shades.append(HIDDEN if found is None or found is OF_VIEW else found)
        return shades

    def _by_lineage(self, count: int) -> list[Shade] | None:
        """One for each column of a result; None: it is not known what they come from."""
        if self._shades is not None:
            # of another width than it should be: one of the oracles is wrong
            return self._shades if len(self._shades) == count else [HIDDEN] * count
        statement = self._statement
        if statement is not None and statement.unknown is None and statement.kind in _PRINTS:
            return [CLEAR] * count
        return None

    def copy(self, body: bytes, encoding: str) -> Veiling | None:
        """For rows that come as COPY data (the body of a CopyOutResponse); None: they pass as they are. Raises ProtocolError.

        `encoding`: the client's, as the server names it; the statement may name another.
        """
        binary, count = copied(body)
        form = _copy_form(self._statement)
        codec = encodings.codec((form.encoding if form is not None else "") or encoding, "UTF8") or ""
        outputs = (self._statement.outputs if self._statement is not None else None) or ()
        known = len(outputs) == count
        types = [each.type or _TEXT for each in outputs] if known else [_TEXT] * count
        names = [each.name for each in outputs] if known else [""] * count
        shades = self._by_lineage(count) or [HIDDEN] * count
        masks = [self._sight.mask(shade, type_, -1, binary=binary, codec=codec) for shade, type_ in zip(shades, types, strict=True)]
        plan = Plan(masks, shades, names)
        if plan.is_empty:
            return None
        if form is None or (form.kind == BINARY) is not binary:
            raise ProtocolError("rows are copied in a form that cannot be masked")
        try:
            return Veiling(copy_masker(form, masks, encoding, names if known else None), plan)
        except ValueError as error:
            raise ProtocolError(f"rows are copied in a form that cannot be masked: {error}") from error

    @property
    def is_possible(self) -> bool:
        """Whether its rows can be masked at all: some ways to copy them are not known."""
        statement = self._statement
        if statement is None or statement.kind != "copy" or statement.outputs is None or self.clear:
            return True
        return _copy_form(statement) is not None

    @property
    def keeps(self) -> bool:
        """Whether it could put what is hidden into a setting, from where anything may show it later."""
        statement = self._statement
        if statement is None or not self.strict:
            return False
        if any(each.value is None and not (each.direct or each.reset or each.stored) for each in statement.settings):
            return True
        return any(Effect.CHANGES_SETTINGS in each.effects and each.via for each in statement.effects)

    def value(self, body: bytes, whole: bool, codec: str) -> bytes | None:
        """For the value of a FunctionCall (the body of its response): what to send in its place, None for itself."""
        if body[:4] == b"\xff\xff\xff\xff":
            return None
        if self._statement is not None and self._statement.unknown is None:
            # a large object's: bytes of anything
            text = body[4:].decode("latin-1")
            if whole and (not self._sight.may_hold(body[4:]) or self._sight.redact(text) is text):
                return None
            if not whole:
                return None
        return message(b"V", b"\xff\xff\xff\xff")

    # What is said beside rows

    def said(self, code: int, body: bytes, whole: bool, told: tuple[str, ...], codec: str) -> bytes | None:
        """See `Veil.said`."""
        hearing = Hearing(
            told=told,
            names=self._sight.is_name,
            detector=self._sight.detector,
            strict=self.strict,
            labelled=self._hides,
            bodies=tuple(self._bodies()),
        )
        if code in (_ERROR, _NOTICE):
            shown = hearing.error(body, codec) if whole else hearing.large(body)
        elif code == _NOTIFICATION:
            shown = hearing.notification(body, codec)
        else:
            name, _, rest = body.partition(b"\0")
            value = hearing.parameter(name.decode("ascii", "replace"), rest[:-1].decode(codec, "replace"))
            return None if value is None else parameter_status(name.decode("ascii", "replace"), value)
        return None if shown is None else message(bytes((code,)), shown)

    def _hides(self, columns: Sequence[str]) -> bool:
        """Whether a column of that name, of a table that the statement has to do with, is hidden; without names: any of them."""
        statement = self._statement
        if statement is None or self._sight.snapshot is None or not statement.accesses:
            return True  # COMMIT, too, finds what violates a constraint that was deferred
        return any(self._sight.hides(access.schema, access.relation, columns) for access in statement.accesses)

    def _bodies(self) -> Iterator[str]:
        """Of the functions that it may run."""
        snapshot = self._sight.snapshot
        if self._statement is None or snapshot is None:
            return
        for effected in self._statement.effects:
            if effected.name and effected.owner != "pg_catalog":
                yield from (each.body for each in snapshot.functions_by_name.get((effected.schema, effected.name), ()))


class Veil:
    """Before the results of one text: `core.wire.Veil`."""

    __slots__ = ("_sight", "_writes", "curtains", "unknown")

    def __init__(self, sight: Sight, reading: Reading) -> None:
        self._sight = sight
        self._writes = written_labels(reading, sight.hidden)
        self.curtains = tuple(Curtain(sight, statement) for statement in reading.statements)
        self.unknown = sight.unknown
        """Before what is not known."""

    def before(self, statement: int) -> Curtain:
        """That of one statement of the text."""
        return self.curtains[statement] if statement < len(self.curtains) else self.unknown

    def said(
        self, code: int, body: bytes, whole: bool, curtain: Curtain | None, request: Request | None, codec: str
    ) -> bytes | None:
        """What the server says beside rows (an error, a notice, a notification, a setting): what to say instead, None for itself.

        Not `whole`: it is too long to be held, and `body` is its beginning.
        """
        told = () if request is None else _told(request, codec)
        curtain = self._sight.nothing if curtain is None else curtain
        return curtain.said(code, body, whole, told, codec)

    @property
    def obstacle(self) -> str | None:
        """See `core.wire.Veil`."""
        if not all(curtain.is_possible for curtain in self.curtains):
            return "rows that hold what may not be seen cannot be copied with these options"
        if any(curtain.keeps for curtain in self.curtains):
            return "a setting could be given a value that may not be seen, and shown later"
        return None

    def brings_back(self, request: Request) -> str | None:
        """See `core.wire.Veil`."""
        if self._writes is None:
            return None
        return mask_in(request.reading, request.parameters, self._writes, self._sight.key_of_tokens)


def _told(request: Request, codec: str) -> tuple[str, ...]:
    """What the client itself has sent: it knows that already."""
    texts = [request.reading.text, *(value for value in request.parameters if value is not None)]
    return tuple(text.decode(codec, "replace") for text in texts)


def _copy_form(statement: Statement | None) -> CopyFormat | None:
    """How a COPY writes its rows; None if that is not known."""
    if statement is None:
        return None
    try:
        found = next((each for each in parse(statement.text.encode()) if each.tag == "CopyStmt"), None)
    except GrammarError:
        return None
    return None if found is None else copy_format(found.body)


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


class Veils:
    """A worker's: how every text is shown to everybody. `core.wire.Adapter.veil`."""

    __slots__ = ("_sights",)

    def __init__(self) -> None:
        self._sights: OrderedDict[tuple[Reveals, Snapshot | None, bytes], Sight] = OrderedDict()

    def __call__(self, reading: Reading, snapshot: Snapshot | None, reveals: Reveals, key: bytes) -> Veil | None:
        """See `core.wire.Adapter`."""
        if reveals.sees_everything:
            return None  # most of all that there are
        sight = self._sight(reveals, snapshot, key)
        if reveals.sees_everything is None:
            reveals.sees_everything = not sight.hidden and not reveals.may_hide
            if reveals.sees_everything:
                return None
        # texts that differ in numbers share what was found of them, and then this too
        alike = tuple((s.kind, s.unknown is None, id(s.outputs), id(s.accesses)) for s in reading.statements)
        if any(statement.outputs is None and statement.kind == "copy" for statement in reading.statements):
            return Veil(sight, reading)
        kept = sight.veils.get(alike)
        if kept is None:
            if len(sight.veils) >= MAX_VEILS:
                sight.veils.clear()
            # what stands by its identity in the key is kept with it, so that nothing else can have that identity
            sight.veils[alike] = kept = (reading.statements, Veil(sight, reading))
        return kept[1]

    def _sight(self, reveals: Reveals, snapshot: Snapshot | None, key: bytes) -> Sight:
        found = self._sights.get((reveals, snapshot, key))
        if found is None:
            self._sights[reveals, snapshot, key] = found = Sight(reveals, snapshot, key)
            if len(self._sights) > MAX_SIGHTS:
                self._sights.popitem(last=False)
        return found


veil = Veils()
"""The worker's own."""
