"""What is gathered while one text is understood. A notebook: the analysis writes, `understand` makes values of it. Pure.

A *touch* is what a statement does to one relation; a *ref* is a column of a touch; a *value* is what an expression yields: its
type, and the refs that it comes from. The same relation touched twice in the same way is one touch in the end. What a view, a
function or a trigger does is gathered once in a notebook of its own (a *reach*), kept with the scope, and copied from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from nightporter.catalog.model import Function, Relation
from nightporter.masking.label import MENTIONS
from nightporter.masking.naming import key_label
from nightporter.statement.model import (
    Access,
    Action,
    ColumnUse,
    Doubt,
    Effect,
    Effected,
    Flow,
    Output,
    RowBound,
    Setting,
    Source,
    Span,
    Use,
)

from .classes import FIRST_USER_OID, SERVER
from .scope import Scope
from .traits import about

OUTPUT, EXPRESSION, PREDICATE, JOIN, GROUPING, ORDERING, WHOLE_ROW, WRITE_SOURCE, WRITE_TARGET = (1 << n for n in range(9))
"""Uses as bits, in the order of `Use`."""

_USES = tuple(Use)
_BOUNDS = (RowBound.NONE, RowBound.TRIVIAL, RowBound.OTHER, RowBound.PRIMARY_KEY)
"""From the weakest."""
_BOUNDED = frozenset({Action.READ, Action.UPDATE, Action.DELETE})
UNBOUND, TRIVIAL, BOUND, BY_KEY = range(4)
"""Indexes in it."""
_sets: dict[int, frozenset[Use]] = {}

KINDS = {
    "r": "table",
    "p": "table",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
    "S": "sequence",
    "i": "index",
    "I": "index",
    "c": "type",
    "t": "toast table",
    "?": "unknown",  # not in the catalogue
}

Key = tuple[Action, int, int]
"""Of a touch: its action, OID of its relation, and two bits: the text does not name it, it only locks."""
INDIRECT = 1

APART = -2
"""In the place of a touch's location: it is in nobody's notebook."""
UNKNOWN_TYPE = 705
"""Of an untyped literal."""
TEXT_TYPE = 25
ANY_TYPE = 0
"""We do not know."""


class Touch:
    """What is done to one relation in one way, while it is being gathered."""

    __slots__ = ("action", "bound", "columns", "inherits", "location", "locks", "relation", "via")

    def __init__(self, action: Action, relation: Relation, via: tuple[str, ...], location: int, locks: bool = False) -> None:
        self.action = action
        self.relation = relation
        self.via = via
        self.location = location
        """Byte of the text; -1 if the text does not name it."""
        self.columns: dict[str, int] = {}
        """Name -> uses."""
        self.bound = -1
        """Index in `_BOUNDS`; the weakest of its occurrences."""
        self.inherits = False
        """Its children are touched in the same way."""
        self.locks = locks
        """Rows, or all of it, are only locked."""

    @property
    def key(self) -> Key:
        """What makes two of them one."""
        return self.action, self.relation.oid, bool(self.via) | self.locks << 1

    def use(self, column: str, uses: int) -> None:
        self.columns[column] = self.columns.get(column, 0) | uses

    def weaken(self, bound: int) -> None:
        if bound == self.bound == BY_KEY and self.action is not Action.READ:
            self.bound = BOUND  # two changes by a key each are two rows
        elif self.bound < 0 or bound < self.bound:
            self.bound = bound

    def merge(self, other: Touch) -> None:
        """Take over what another occurrence has."""
        for column, uses in other.columns.items():
            self.use(column, uses)
        if other.bound >= 0:
            self.weaken(other.bound)
        self.inherits = self.inherits or other.inherits


VALUE, MUTE, DECIDES, KEYED, FIELD = 0, 1, 2, 3, 4
"""What of a column is in a value: its value; nothing but whether there is one; nothing but what its conditions have made of it, and
how it is used was said where they stand; a part of its document, under a key that the text names; nothing at all, but a row of
this type has a field of that name, so that the value is what the name says."""


class Ref(NamedTuple):
    """A column of a touch."""

    touch: Touch
    column: str
    how: int = 0
    """VALUE, MUTE, DECIDES or KEYED."""


def apart(relation: Relation, column: str) -> Ref:
    """A column that a function takes from by itself: a source of what it gives, and no reading of that relation."""
    return Ref(Touch(Action.READ, relation, (), APART), column)


def field_named(relation: Relation, column: str) -> Ref:
    """A field of a row of that type, wherever the row comes from."""
    return apart(relation, column)._replace(how=FIELD)


IN_DOCUMENT = Touch(Action.READ, Relation(0, "", "", "?"), (), APART)
"""Stands for JSON, in which `column` is a key that tells what its value is."""


def under_key(refs: Iterable[Ref], keys: Iterable[str]) -> Iterator[Ref]:
    """The same columns, and the key under which a part of what they hold is taken out."""
    yield from (Ref(ref.touch, ref.column, KEYED) if ref.how == VALUE else ref for ref in refs)
    yield from named_by(keys)


def named_by(keys: Iterable[str]) -> frozenset[Ref]:
    """What keys of a document say that the values under them are."""
    return frozenset(Ref(IN_DOCUMENT, key) for key in keys if key_label(key) is not None)


def unkeyed(refs: Iterable[Ref]) -> Iterator[Ref]:
    """The same columns, of which anything may have been taken: what is in them was known by their keys, and these are lost."""
    return (Ref(ref.touch, ref.column, VALUE) if ref.how == KEYED else ref for ref in refs)


UNSEEN = apart(Relation(0, "", "", "?"), "")
"""Stands for data that nobody can name."""


def muted(refs: Iterable[Ref]) -> Iterator[Ref]:
    """The same columns, of whose values nothing is told."""
    return (Ref(ref.touch, ref.column, MUTE) for ref in refs if ref.how != DECIDES)


def deciding(refs: Iterable[Ref]) -> Iterator[Ref]:
    """The same columns where they decide: a value tells of theirs, and is not made of them."""
    return (Ref(ref.touch, ref.column, DECIDES) for ref in refs if ref.how not in (MUTE, FIELD))


class Value:
    """What an expression yields."""

    __slots__ = ("derived", "direct", "row", "type")

    def __init__(
        self, type: int, direct: frozenset[Ref] = frozenset(), derived: frozenset[Ref] = frozenset(), row: object = None
    ) -> None:
        self.type = type
        self.direct = direct
        """Columns whose own values it has."""
        self.derived = derived
        """Columns from which it is computed."""
        self.row = row
        """Of a whole row: the FROM item that it is of."""

    def refs(self) -> frozenset[Ref]:
        return self.direct | self.derived if self.derived else self.direct


NO_VALUE = Value(ANY_TYPE)


class Work:
    """The notebook."""

    def __init__(self, scope: Scope, text: bytes = b"", parameters: tuple[int, ...] = ()) -> None:
        self.scope = scope
        self.text = text
        self.parameters = parameters
        """Types of $1, $2, ...; 0 for those not known."""
        self.actions: set[Action] = set()
        self.touches: dict[Key, Touch] = {}
        """What is locked is kept apart from what is changed: it has bounds of its own, and nothing becomes of it."""
        self.occurrences: list[Touch] = []
        """Of relations in FROM, each by itself: they are put together in the end."""
        self.shared: set[Touch] = set()
        """Of queries of WITH, which several places may read."""
        self.looked: set[Ref] = set()
        """What conditions have looked at."""
        self.multiplied: set[Ref] = set()
        """What decides how many rows functions give: whatever counts those tells of it."""
        self.exact = False
        """What is called is known from elsewhere: names of functions need no answer."""
        self.calling = scope
        """Under which that runs: a view's own names were looked up long ago, those in the body of a function it calls were not."""
        self.placed: set[int] = set()
        """Functions of which it is known where their results go."""
        self.last_call: Function | None = None
        self.last_outputs: list[tuple[str, Value]] | None = None
        self.last_type = ANY_TYPE
        """The call that was understood last: in FROM its columns are wanted too."""
        self.cursor: list[tuple[str, Value]] | None = None
        """DECLARE: what the cursor gives."""
        self.given: frozenset[Ref] = frozenset()
        """EXECUTE: what the values of its parameters come from."""
        self.last_from: list[Any] = []
        """What the plain SELECT that was understood last has in its FROM, as entries."""
        self.effects: dict[tuple[int, bool], Effected] = {}
        self.flows: dict[tuple[Relation, str], set[tuple[Ref, bool]]] = {}
        self.likenesses: dict[tuple[Relation, str], set[tuple[Ref, bool]]] = {}
        """The same where columns are only made to hold that."""
        self.doubts: dict[str, Doubt] = {}
        self.settings: list[Setting] = []
        self.plans: list[Access] = []
        """Changes that are explained and not made."""
        self.progress = scope.progress
        self.transition: dict[str, Any] = {}
        """Of a trigger: names for the rows that were changed, as they were or are."""
        self.created: dict[str, Relation] = {}
        """Relations that an earlier statement of the same text makes."""
        self.missing = False
        """A name was not in the catalogue."""
        self.redefines = False
        """A body changes functions, triggers, views, ...: what else runs may not be what the catalogue says."""
        self.looks_at_numbers = False
        """What was found depends on the value of a number in the text."""
        self.untyped = False
        """Nobody has told the types of its parameters: a PREPARE may have."""
        self.variables: dict[str, int] = {}
        """Of a function's body: names that stand for values of its own, and their types."""
        self.rows: dict[str, Any] = {}
        """NEW and OLD, as FROM items: what comes from them comes from the table, and is no reading of it."""

    # Writing

    def touch(
        self, action: Action, relation: Relation, location: int = -1, via: tuple[str, ...] = (), *, locks: bool = False
    ) -> Touch:
        key = (action, relation.oid, bool(via) | locks << 1)
        touch = self.touches.get(key)
        if touch is None:
            self.touches[key] = touch = Touch(action, relation, via, location, locks)
            self.actions.add(action)
        return touch

    def occurrence(self, action: Action, relation: Relation, location: int = -1) -> Touch:
        """Of a relation in FROM, where each occurrence has bounds of its own."""
        touch = Touch(action, relation, (), location)
        self.occurrences.append(touch)
        self.actions.add(action)
        return touch

    def use_value(self, value: Value, uses: int) -> None:
        """A value is used: what it is computed from goes into an expression."""
        self.use(value.direct, uses)
        if value.derived:
            self.use(value.derived, EXPRESSION if uses == OUTPUT else uses)

    def use_each(self, rows: Iterable[tuple[str, Value]], uses: int) -> None:
        """All columns of a result are used."""
        for _, value in rows:
            self.use_value(value, uses)

    def use(self, refs: Iterable[Ref], uses: int) -> None:
        for touch, column, how in refs:
            if how != DECIDES:
                touch.columns[column] = touch.columns.get(column, 0) | uses

    def doubt(self, reason: str, location: int = -1, via: tuple[str, ...] = ()) -> None:
        if reason not in self.doubts:
            self.doubts[reason] = Doubt(reason, via, self.span(location))
            self.actions.add(Action.UNKNOWN)

    def lacks(self, what: str, location: int = -1) -> None:
        """Something that the text names is not in the catalogue. The server would refuse, were the catalogue of this moment."""
        self.missing = True
        self.doubt(f"{what} is not in the catalogue", location)

    def effect(self, function: Function, effects: frozenset[Effect], location: int = -1, via: tuple[str, ...] = ()) -> None:
        key = (function.oid, bool(via))
        if key not in self.effects:
            self.effects[key] = effected(function, effects, via, self.span(location))

    def flow(self, relation: Relation, column: str, value: Value | None, *, written: bool = True) -> None:
        """A value is written into a column; not `written`: it may be some day."""
        into = (self.flows if written else self.likenesses).setdefault((relation, column), set())
        if not written:
            self.looks_at_numbers = True  # what is kept for texts that differ in numbers has no likenesses
        if value is not None:
            into.update((ref, True) for ref in value.direct)
            into.update((ref, False) for ref in value.derived)

    def doubt_redefined(self) -> None:
        """To be called in the end: what a body redefines may be used by what else it, or its caller, does."""
        if not self.redefines:
            return
        rows = (Action.READ, Action.INSERT, Action.UPDATE, Action.DELETE, Action.TRUNCATE)
        touches = (each for each in (*self.touches.values(), *self.occurrences) if each.action in rows)
        own = any(each.relation.schema not in ("pg_catalog", "information_schema") for each in touches)
        if own or any(oid >= 16384 for oid, _ in self.effects):
            self.doubt("definitions are changed by a body, and may be used by it or beside it")

    def made(self, schema: str | None, name: str) -> Relation | None:
        """The relation of that name that an earlier statement of the same text makes; it hides others of that name."""
        relation = self.created.get(name)
        if relation is None or (schema is not None and self.scope.real(schema) != relation.schema):
            return None
        return relation

    def span(self, location: int) -> Span | None:
        """The word at a byte of the text."""
        if location < 0 or location >= len(self.text):
            return None
        end = location
        text = self.text
        if text[location : location + 1] == b'"':
            end = text.find(b'"', location + 1) + 1
            while end and text[end : end + 1] == b'"':  # doubled: a part of the name
                end = text.find(b'"', end + 1) + 1
            end = end or len(text)
        else:
            while end < len(text) and (text[end] > 127 or chr(text[end]).isalnum() or text[end] in b"_$."):
                end += 1
            end = max(end, location + 1)
        start = len(text[:location].decode("utf-8", "replace"))
        return Span(start, start + len(text[location:end].decode("utf-8", "replace")))

    # Taking over what was gathered elsewhere

    def include(self, reach: Reach, via: tuple[str, ...], location: int = -1, *, bounds: bool = True) -> dict[Touch, Touch]:
        """Copy what a view, function or trigger reaches. Gives its touches as they are here."""
        here: dict[Touch, Touch] = {}
        for theirs in reach.touches:
            ours = self.touch(theirs.action, theirs.relation, location, via + theirs.via, locks=theirs.locks)
            for column, uses in theirs.columns.items():
                ours.columns[column] = ours.columns.get(column, 0) | uses
            if bounds and theirs.bound >= 0:
                changes = theirs.action is not Action.READ
                # what runs it may run it many times: a function for each row, a trigger or a rule too
                ours.weaken(BOUND if changes and theirs.bound == BY_KEY and not _is_view(via) else theirs.bound)
            ours.inherits = ours.inherits or theirs.inherits
            here[theirs] = ours
        for key, effected in reach.effects:
            if (key, True) not in self.effects:
                self.effects[key, True] = effected._replace(via=via + effected.via, span=self.span(location))
        for doubt in reach.doubts:
            self.doubt(doubt.reason, location, via + doubt.via)
        for (relation, column), sources in reach.flows:
            into = self.flows.setdefault((relation, column), set())
            into.update((Ref(here.get(ref.touch, ref.touch), ref.column, ref.how), direct) for ref, direct in sources)
        self.actions |= reach.actions
        self.settings += reach.settings
        self.missing = self.missing or reach.missing
        self.redefines = self.redefines or reach.redefines
        return here

    def take(self, other: Work, *, plan: bool = False) -> None:
        """Take over another notebook on the same text. `plan`: what it describes is planned and not done."""
        other.settle()
        ran = plan and other.plans_by_running()
        for theirs in list(other.touches.values()):
            action = theirs.action
            if plan and not (ran and theirs.via):
                if action in (Action.CREATE, Action.DROP):
                    continue
                theirs.action, theirs.locks = action, _ = Action.READ, False
            ours = self.touches.get(theirs.key)
            if ours is None:
                self.touches[theirs.key] = theirs
            else:
                ours.merge(theirs)
            self.actions.add(action)
        self.plans += other.plans
        self.effects.update(other.effects)
        self.doubts.update(other.doubts)
        self.missing = self.missing or other.missing
        self.redefines = self.redefines or other.redefines
        self.looks_at_numbers = self.looks_at_numbers or other.looks_at_numbers
        if not plan:
            self.flows.update(other.flows)
            self.actions |= other.actions
            self.settings += other.settings
            return
        if other.doubts:
            self.actions.add(Action.UNKNOWN)
        if ran:  # what the text itself names is planned all the same
            self.actions |= other.actions - {action for action, _, bits in other.touches if not bits & INDIRECT}
            self.settings += other.settings

    def plans_by_running(self) -> bool:
        """Whether planning runs functions that may do something: those that are said to be stable or immutable, and operators'."""
        snapshot, known = self.scope.snapshot, self.scope.resolved
        by_operator: frozenset[int] | None = known.get("functions of operators")
        if by_operator is None:
            by_operator = frozenset(each.function for each in snapshot.operators.values())
            known["functions of operators"] = by_operator
        called = (snapshot.functions.get(oid) for oid, _ in self.effects if oid > 0)
        return any(each is not None and (each.volatility != "v" or each.oid in by_operator) for each in called)

    # Reading

    def settle(self) -> dict[Touch, Touch]:
        """Put the occurrences of one relation together. Gives what became of each."""
        became = {}
        for each in self.occurrences:
            key = (each.action, each.relation.oid, bool(each.via))
            touch = self.touches.get(key)
            if touch is None:
                self.touches[key] = each
            elif touch is not each:
                touch.merge(each)
                became[each] = touch
        self.occurrences.clear()
        return became

    def accesses(self) -> tuple[Access, ...]:
        self.settle()
        return tuple(self._accesses())

    def _accesses(self) -> Iterator[Access]:
        seen: set[tuple[Action, int, bool]] = set()
        scope = self.scope
        touches = sorted(self.touches.values(), key=lambda touch: len(touch.via))
        for touch in touches:
            relation, action, locks = touch.relation, touch.action, touch.locks
            used = list(touch.columns.items())
            if len(used) > 1:
                used.sort(key=lambda each: relation.by_name[each[0]].number if each[0] in relation.by_name else 0)
            traits, parents, labels = about(scope, action, relation)
            if labels is None:
                columns = tuple(ColumnUse(name, uses_of(bits)) for name, bits in used)
            else:
                columns = tuple(ColumnUse(name, uses_of(bits), labels(name)) for name, bits in used)
            bound = _BOUNDS[max(touch.bound, UNBOUND)] if action in _BOUNDED else None
            yield Access(action, relation.schema, relation.name, KINDS.get(relation.kind, "table"), columns, bound, touch.via,
                         self.span(touch.location), traits, parents, locks)  # fmt: skip
            if touch.inherits and relation.children:
                for child in self.descendants(relation):
                    if (action, child.oid, locks) not in seen:
                        seen.add((action, child.oid, locks))
                        traits, parents, labels = about(scope, action, child)
                        own = tuple(each for each in columns if each.name in child.by_name)
                        if labels is not None:
                            own = tuple(_labeled(each, labels(each.name)) for each in own)
                        via = (*touch.via, f"{'partition' if child.is_partition else 'child'} of {relation.schema}.{relation.name}")
                        if bound is RowBound.PRIMARY_KEY and not child.is_partition:
                            bound = RowBound.OTHER  # a key does not hold across tables
                        yield Access(action, child.schema, child.name, KINDS.get(child.kind, "table"), own, bound, via, None,
                                     traits, parents, locks)  # fmt: skip

    def descendants(self, relation: Relation) -> list[Relation]:
        """Every table that inherits from it, however far down."""
        found: dict[int, Relation] = {}
        relations = self.scope.snapshot.relations
        waiting = list(relation.children)
        while waiting:
            oid = waiting.pop()
            child = relations.get(oid)
            if child is not None and oid not in found:
                found[oid] = child
                waiting += child.children
        return list(found.values())

    def flow_values(self) -> tuple[Flow, ...]:
        return _flows(self.scope, self.flows)

    def likeness_values(self) -> tuple[Flow, ...]:
        return _flows(self.scope, self.likenesses)


def _flows(scope: Scope, flows: dict[tuple[Relation, str], set[tuple[Ref, bool]]]) -> tuple[Flow, ...]:
    found = []
    for (relation, column), refs in flows.items():
        told = ((ref, direct) for ref, direct in refs if ref.how != MUTE and ref.touch is not UNSEEN.touch)
        told = (each for each in told if each[0].how != FIELD or _labels_of_field(scope, each[0]))
        # a part of a document may be taken apart further where it goes, so that it mentions there what it mentioned here
        whole = ((Ref(ref.touch, ref.column, VALUE) if ref.how == KEYED else ref, direct) for ref, direct in told)
        sources = dict.fromkeys(source_of(scope, ref, direct) for ref, direct in whole)
        found.append(Flow(relation.schema, relation.name, column, tuple(sources)))
    return tuple(found)


class Reach:
    """What running a view, function, trigger, rule or default does: a finished notebook."""

    __slots__ = ("actions", "doubts", "effects", "flows", "missing", "outputs", "redefines", "settings", "touches")

    def __init__(self, work: Work, outputs: list[tuple[str, Value]] | None = None) -> None:
        became = work.settle()
        work.doubt_redefined()
        self.redefines = work.redefines
        if outputs is not None and became:
            outputs = [(name, _moved(value, became)) for name, value in outputs]
        if became:
            for sources in work.flows.values():
                moved = {(Ref(became.get(ref.touch, ref.touch), ref.column, ref.how), direct) for ref, direct in sources}
                sources.clear()
                sources |= moved
        self.actions = frozenset(work.actions)
        self.touches = tuple(work.touches.values())
        self.effects = tuple((key[0], effected) for key, effected in work.effects.items())
        self.doubts = tuple(work.doubts.values())
        self.flows = tuple(work.flows.items())
        self.settings = tuple(dict.fromkeys(work.settings))
        self.missing = work.missing
        self.outputs = outputs

    def facts(self) -> object:
        """All that it says, without the ways on which things are reached."""
        return (
            self.actions,
            {(*each.key, each.bound, each.inherits, *sorted(each.columns.items())) for each in self.touches},
            {(key, effected.effects) for key, effected in self.effects},
            {each.reason for each in self.doubts},
            {(relation.oid, column, *_place(ref), direct) for (relation, column), sources in self.flows for ref, direct in sources},
            [(value.type, set(map(_place, value.direct)), set(map(_place, value.derived))) for _, value in self.outputs or ()],
            set(self.settings),
            self.missing,
            self.redefines,
        )

    @property
    def is_empty(self) -> bool:
        return not (self.actions or self.touches or self.effects or self.doubts or self.settings)


def _place(ref: Ref) -> tuple[int, str, int]:
    return ref.touch.relation.oid, ref.column, ref.how


def _moved(value: Value, became: dict[Touch, Touch]) -> Value:
    if not any(ref.touch in became for ref in value.refs()):
        return value
    direct, derived = (
        frozenset(Ref(became.get(ref.touch, ref.touch), ref.column, ref.how) for ref in refs)
        for refs in (value.direct, value.derived)
    )
    return Value(value.type, direct, derived, value.row)


def uses_of(bits: int) -> frozenset[Use]:
    found = _sets.get(bits)
    if found is None:
        _sets[bits] = found = frozenset(use for n, use in enumerate(_USES) if bits >> n & 1)
    return found


def source_of(scope: Scope, ref: Ref, direct: bool) -> Source:
    relation = ref.touch.relation
    if ref.touch is IN_DOCUMENT:
        return Source("", "", ref.column, False, _labels_of_key(ref.column))
    if ref.how == FIELD:
        return Source("", "", ref.column, False, _labels_of_field(scope, ref))
    known = scope.resolved.get(relation)  # what `about` would look up: it is asked for each column of each result
    labels = (about(scope, Action.READ, relation) if known is None else known).labels
    if labels is None:
        return Source(relation.schema, relation.name, ref.column, direct)
    told = labels(ref.column)
    if ref.how == KEYED and MENTIONS in told:  # what is under this key is known by the key
        told = tuple(each for each in told if each != MENTIONS)
    return Source(relation.schema, relation.name, ref.column, direct, told)


def _labels_of_key(key: str) -> tuple[str, ...]:
    label = key_label(key)
    return () if label is None else (label,)


def _labels_of_field(scope: Scope, ref: Ref) -> tuple[str, ...]:
    told = about(scope, Action.READ, ref.touch.relation).labels
    return () if told is None else told(ref.column)


def _labeled(use: ColumnUse, labels: tuple[str, ...]) -> ColumnUse:
    """A column of a child: it has its parent's labels and its own."""
    more = tuple(each for each in labels if each not in use.labels)
    return use._replace(labels=use.labels + more) if more else use


def _is_view(via: tuple[str, ...]) -> bool:
    return all(step.startswith("view ") for step in via)


def output_of(scope: Scope, name: str, value: Value) -> Output:
    """A column of a result. Its sources are base columns only: what a view has, it has from somewhere."""
    # a literal's type is decided last, and is text then
    type_ = value.type if value.type != UNKNOWN_TYPE else TEXT_TYPE
    if not value.derived:
        if not value.direct:
            return Output(name, (), type_)
        if len(value.direct) == 1:
            (ref,) = value.direct
            if ref.touch.relation.kind != "v":  # most of all that there is
                return Output(name, (source_of(scope, ref, True),), type_)
    found: set[Source] = set()
    labels: dict[str, None] = {}
    opaque = False
    for refs, direct in ((value.direct, True), (value.derived, False)):
        for ref in refs:
            if ref.how == MUTE:
                continue
            if ref.touch is UNSEEN.touch:
                opaque = True
            elif ref.touch is IN_DOCUMENT:
                labels.update(dict.fromkeys(_labels_of_key(ref.column)))
            elif ref.how == FIELD:
                labels.update(dict.fromkeys(_labels_of_field(scope, ref)))
            elif ref.touch.relation.kind == "v":
                of_view = about(scope, Action.READ, ref.touch.relation).labels
                if of_view is not None:
                    labels.update(dict.fromkeys(of_view(ref.column)))
            else:
                found.add(source_of(scope, ref, direct))
    sources = tuple(found) if len(found) == 1 else tuple(sorted(found))
    return Output(name, sources, type_, tuple(sorted(labels)) if labels else (), opaque)


def labels_behind(scope: Scope, value: Value) -> tuple[str, ...]:
    """Every label of what a value comes from."""
    output = output_of(scope, "", value)
    return tuple(dict.fromkeys((*output.labels, *(label for source in output.sources for label in source.labels))))


def effected(function: Function, effects: frozenset[Effect], via: tuple[str, ...] = (), span: Span | None = None) -> Effected:
    """What is said of a function that runs."""
    owner = function.extension or (SERVER if function.oid < FIRST_USER_OID else "")
    return Effected(name_of(function), effects, via, span, function.schema, function.name, owner, function.language)


def name_of(function: Function) -> str:
    """As people read it: `public.purge(integer)`."""
    return f"{function.schema}.{function.name}({function.signature})"
