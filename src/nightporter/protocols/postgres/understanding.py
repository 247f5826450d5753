"""What a text does in a session: its reading, understood under the session's standing and a catalogue. A worker's cache. Pure.

    (reading, standing, snapshot, parameter types)  ->  Scope  ->  semantics.understand  ->  reading

A statement that was seen before in the same scope costs a look-up. Texts that differ in whole numbers only share what was found
out, unless it hangs on a number. In a text of several statements each is understood under what those before it leave behind; what
follows one that changes the catalogue, or anything, cannot be told before it ran.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from nightporter.catalog.model import Snapshot
from nightporter.core import wire
from nightporter.statement.model import Action, Doubt, Reading, Statement

from .semantics import understand as semantics
from .semantics.scope import Scope
from .semantics.together import handed_on
from .session import Standing, follow
from .steps import CONTROL, What, steps_of

Understand: TypeAlias = Callable[[Reading, Scope, tuple[int, ...]], Reading]
Key: TypeAlias = tuple[object, tuple[int, ...]]

MAX_UNDERSTOOD = 8192
"""Readings of a worker that are kept, at some kilobytes each: each text once for each scope."""
MAX_TEXT_BYTES = 64 * 1024
"""Longer texts are bulk data, and never come again."""
MAX_SNAPSHOTS = 16
"""Catalogues whose scopes are kept: one for each upstream that is in use, and those of sessions that see their own."""
MAX_SCOPES = 1024
"""Of one catalogue: as many as there are roles and search paths. A scope keeps what it has looked up."""

NO_CATALOG = "the catalogue of the database cannot be read"
_AFTER_CHANGE = "an earlier statement of this text changes the catalogue, or what names mean"


class _Known:
    """A scope, and what was understood under it."""

    __slots__ = ("readings", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.readings: dict[Key, Reading] = {}


class Understanding:
    """The cache. `understand` is `semantics.understand`, or a stand-in."""

    __slots__ = ("_count", "_snapshots", "understand")

    def __init__(self, understand: Understand = semantics.understand) -> None:
        self.understand = understand
        self._snapshots: OrderedDict[Snapshot, dict[Standing, _Known]] = OrderedDict()
        self._count = 0

    def __call__(
        self, reading: Reading, standing: wire.Standing, snapshot: Snapshot | None, parameter_types: tuple[int, ...] = ()
    ) -> Reading:
        """See `core.wire.Adapter.understand`."""
        assert isinstance(standing, Standing)  # noqa: S101 - the wire made it
        if snapshot is None:
            return _without_catalog(reading)
        if reading.like is not None:
            shared = self._like(reading, self(reading.like, standing, snapshot, parameter_types))
            if shared is not None:
                return shared
        several = standing.after is not None and any(steps_of(each) for each in reading.statements)
        known = self._known(standing, snapshot)
        key = (_identity(reading, several), parameter_types)
        found = known.readings.get(key)
        if found is None:
            if several:
                found = self._several(reading, standing, snapshot, parameter_types)
            else:
                found = self.understand(reading, known.scope, parameter_types)
            if len(reading.text) <= MAX_TEXT_BYTES:
                self._keep(known, key, found)
        return found

    def __len__(self) -> int:
        return self._count

    def _known(self, standing: Standing, snapshot: Snapshot) -> _Known:
        scopes = self._snapshots.get(snapshot)
        if scopes is None:
            self._snapshots[snapshot] = scopes = {}
            if len(self._snapshots) > MAX_SNAPSHOTS:
                _, gone = self._snapshots.popitem(last=False)
                self._count -= sum(len(known.readings) for known in gone.values())
        elif len(self._snapshots) > 1:
            self._snapshots.move_to_end(snapshot)
        known = scopes.get(standing)
        if known is None:
            if len(scopes) >= MAX_SCOPES:
                self._count -= sum(len(known.readings) for known in scopes.values())
                scopes.clear()
            scope = Scope(snapshot, standing.path, standing.role, standing.settings, standing.temporary, standing.certain)
            scopes[standing] = known = _Known(scope)
        return known

    def _keep(self, known: _Known, key: Key, found: Reading) -> None:
        if self._count >= MAX_UNDERSTOOD:
            for scopes in self._snapshots.values():
                for each in scopes.values():
                    each.readings.clear()
            self._count = 0
        known.readings[key] = found
        self._count += 1

    def _like(self, reading: Reading, found: Reading) -> Reading | None:
        """What was found of a text that differs in its numbers only; None if it hangs on them. Places are those in the other."""
        if found.looks_at_numbers or len(found.statements) != 1 or len(reading.statements) != 1:
            return None
        (told,) = found.statements
        (plain,) = reading.statements
        if told.unknown is not None:
            return None  # it may say why, and where
        statement = Statement(
            plain.text,
            plain.kind,
            told.actions,
            plain.fingerprint,
            None,
            told.settings,
            plain.names,
            plain.copies_in,
            plain.shown,
            (),
            told.accesses,
            told.outputs,
            told.flows,
            told.effects,
            told.plans,
        )
        statement.steps = steps_of(told)
        return Reading(reading.text, reading.sha256, (statement,), grammar=reading.grammar)

    def _several(self, reading: Reading, standing: Standing, snapshot: Snapshot, parameter_types: tuple[int, ...]) -> Reading:
        """Each statement under what those before it leave behind."""
        assert standing.after is not None  # noqa: S101 - the caller looked
        session = follow(standing.after)
        statements: list[Statement] = []
        missing = numbers = changed = False
        for statement in reading.statements:
            if statement.unknown is not None or statement.kind in CONTROL:
                understood = statement
            elif changed:
                understood = doubtful(statement, _AFTER_CHANGE)
            else:
                text = statement.text.encode()
                alone = Reading(text, hashlib.sha256(text).hexdigest(), (statement,), grammar=reading.grammar)
                found = self.understand(alone, self._known(session.standing, snapshot).scope, parameter_types)
                missing, numbers = missing or found.missing, numbers or found.looks_at_numbers
                (understood,) = found.statements
            steps = steps_of(understood)
            changed = changed or any(step.what in (What.DEFINE, What.UNSETTLE) for step in steps)
            session.done(steps)
            statements.append(understood)
        return replace(reading, statements=handed_on(statements, snapshot), missing=missing, looks_at_numbers=numbers)


def _identity(reading: Reading, several: bool) -> object:
    """What makes two readings the same: the text, unless more goes into them."""
    if reading.uses_session or several or reading.calls_oid is not None:
        return reading  # what names stand for, what other statements leave behind, what is called by number
    text = reading.text
    # the same bytes are another text in another encoding
    return text if text.isascii() else tuple(statement.text for statement in reading.statements)


def doubtful(statement: Statement, why: str) -> Statement:
    """A statement of which more is not known."""
    if statement.unknown is not None:
        return statement
    return replace(statement, actions=statement.actions | {Action.UNKNOWN}, unknown=why, doubts=(*statement.doubts, Doubt(why)))


def _without_catalog(reading: Reading) -> Reading:
    return replace(reading, statements=tuple(s if s.kind in CONTROL else doubtful(s, NO_CATALOG) for s in reading.statements))


understood = Understanding()
"""The worker's own."""
