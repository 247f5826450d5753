"""Before the results of one statement: how each column is shown, and what else the server may say meanwhile. Pure.

A curtain needs the server's description of the result, unless lineage alone tells that nothing is to be hidden. Plans are kept by
the description's exact bytes, so that a statement that runs again costs one look-up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nightporter.core.error import ProtocolError
from nightporter.statement.model import Action, Effect, Output, Statement

from . import encoding as encodings
from .copies import copy_masker
from .copy_format import BINARY, CopyFormat, copy_format
from .fields import Field, copied, fields_of
from .grammar import GrammarError, parse
from .messages import message, parameter_status
from .shade import CLEAR, HIDDEN, Shade, of_column, of_output, stricter
from .sight import OF_VIEW, Sight
from .utterance import Hearing
from .veiling import Plan, Veiling

_ERROR, _NOTICE, _NOTIFICATION = b"ENA"
MAX_PLANS = 64
"""Of one statement: descriptions differ by formats, and by nothing else as long as the catalogue is the same."""
_PRINTS = frozenset({"show", "explain"})
"""What they print is no column's."""
_DEFERS = frozenset({"commit", "prepare transaction", "set constraints"})
"""They run what was put off until then: triggers and constraints of anything."""
_WRITES = frozenset({Action.INSERT, Action.UPDATE, Action.DELETE})
_TEXT = 25


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
        if statement.kind in _DEFERS:
            return True
        # what is set off by a change sees whole rows: triggers, checks, rules
        if any(access.action in _WRITES and self._sight.hides(access.schema, access.relation, ()) for access in statement.accesses):
            return True
        return any(
            of_column(self._sight, access.schema, access.relation, column.name, column.labels).is_hidden
            for access in statement.accesses
            for column in access.columns
        )

    def _is_clear(self, outputs: tuple[Output, ...]) -> bool:
        shades = self._shades or ()
        return all(self._is_plain(shade, output.type) for shade, output in zip(shades, outputs, strict=True))

    def _is_plain(self, shade: Shade, type_: int) -> bool:
        """Whether nothing is done with the cells of a column, and nothing said of them."""
        if shade.label or shade.is_hidden:
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
        # of what a function sets only the function is known, also of one that the text itself calls: `keep(email)`
        return any(
            Effect.CHANGES_SETTINGS in each.effects and (each.via or (each.name and each.owner != "pg_catalog"))
            for each in statement.effects
        )

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


def _copy_form(statement: Statement | None) -> CopyFormat | None:
    """How a COPY writes its rows; None if that is not known."""
    if statement is None:
        return None
    try:
        found = next((each for each in parse(statement.text.encode()) if each.tag == "CopyStmt"), None)
    except GrammarError:
        return None
    return None if found is None else copy_format(found.body)
