"""What a session has made of itself, and what a text means in it: settings that change how text is read, and names. Pure.

A text is read in the session's encoding. What it says by name (EXECUTE, FETCH) or by parameter (set_config($1, ...)) is filled in
when it runs, never kept: the next time the name or the value may be another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from nightporter.core.wire import Parameters
from nightporter.statement.model import Action, NameEffect, Naming, Reading, Setting, Statement

from . import encoding
from .analysis import readings, rewrite_application_name, unreadable
from .body import NAME_BYTES
from .exchange import Portal, Prepared, Run
from .names import UNCERTAIN, Names, Uncertain
from .steps import DEFINE, UNSETTLE, Step, opens, steps_of

READ_BY = ("client_encoding", "standard_conforming_strings")
"""Settings that change how text is read."""
MAX_RESOLVED = 256
"""Uses of names whose reading is kept, so that EXECUTE of the same costs as little the next time."""
MAX_EXECUTES = 8
"""EXECUTE of EXECUTE of ...; nobody writes more than one."""
_UNSEEN = frozenset({Action.EXECUTE, Action.UNKNOWN})
_RESTORING = frozenset({"set", "reset", "discard", "commit", "rollback", "rollback to savepoint", "prepare transaction"})
"""Statements that may give a setting a value it had before, without naming it."""


class Scope:
    """One session's. Names change as the server confirms: see names.py."""

    def __init__(self, label: str, settings: Mapping[str, str]) -> None:
        self.statements: Names[Prepared] = Names()
        self.portals: Names[Portal] = Names()
        self.moving = False
        """Something under way may change how text is read: what can be read in two ways waits for it."""
        self.moved = False
        """It has, in this session: it may also go back."""
        self._label = label
        self._settings = dict(settings)
        self._codec = self._find_codec()
        self._resolved: dict[tuple[Reading | None, ...], Reading] = {}

    # Text

    def read(self, text: bytes) -> Reading:
        """What a text says, as the server will read it. Never raises."""
        if self._codec is None:
            return unreadable(text, f"client encoding `{self._settings.get('client_encoding')}` is not known")
        if b"\\" in text and self._settings.get("standard_conforming_strings", "on") != "on":
            return unreadable(text, "a backslash means something else while standard_conforming_strings is off")
        reading = readings(text, self._codec)
        if reading.uses_session:
            settings = (setting for statement in reading.statements for setting in statement.settings)
            if any(setting.direct and setting.name == "application_name" for setting in settings):
                return self._labeled(reading)
        return reading

    def _labeled(self, reading: Reading) -> Reading:
        labeled = rewrite_application_name(reading, self._label)
        if labeled.rewritten is None or self._codec in (None, "utf-8"):
            return labeled
        return replace(labeled, rewritten=labeled.rewritten.decode().encode(self._codec or "utf-8", "replace"))

    def reported(self, name: str, value: str) -> None:
        """The server reports a setting."""
        if name in READ_BY or name == "server_encoding":
            self._settings[name] = value
            self._codec = self._find_codec()
            self.moving = self.moved = True  # also by ways that we do not see, such as a function

    def name(self, name: bytes) -> bytes:
        """A name of the protocol's as SQL's names are kept: in UTF-8, and cut."""
        try:
            return name.decode(self._codec or "utf-8").encode()[:NAME_BYTES]
        except UnicodeError:
            return name[:NAME_BYTES]  # the server has its own error for it

    def _find_codec(self) -> str | None:
        server = self._settings.get("server_encoding", "UTF8")
        return encoding.codec(self._settings.get("client_encoding", "UTF8"), server)

    # What a text leaves open

    def resolve(self, reading: Reading, batch: int, depth: int = 0) -> Reading | None:
        """Give SQL's EXECUTE and FETCH what their names stand for; None while that is uncertain."""
        if not reading.uses_session:
            return reading
        own: set[str] = set()  # names that the same text defines before it uses them
        resolved = []
        inners: list[Reading | None] = []  # None: not known
        for statement in reading.statements:
            for effect in statement.names:
                found = self._found(effect, own, batch)
                if found is UNCERTAIN:
                    return None
                if found is False or (depth == MAX_EXECUTES and found is not True):
                    inners.append(None)
                    statement = _with_unknown(statement, effect)
                elif isinstance(found, Prepared):
                    inner = self.resolve(found.reading, batch, depth + 1)  # what is executed may execute
                    if inner is None:
                        return None
                    inners.append(inner)
                    statement = _with_inner(statement, inner)
                # a cursor's statement was decided when it was declared
            resolved.append(statement)
        if all(a is b for a, b in zip(resolved, reading.statements, strict=True)):
            return reading
        # the same names stood for the same before: then it is the same reading, and was understood and judged before
        key = (reading, *inners)
        known = self._resolved.get(key)
        if known is None:
            if len(self._resolved) >= MAX_RESOLVED:
                self._resolved.clear()
            self._resolved[key] = known = replace(reading, statements=tuple(resolved))
        return known

    @property
    def codec(self) -> str:
        """Python's name of the client's encoding, as far as it is known."""
        return self._codec or "utf-8"

    @property
    def client_encoding(self) -> str:
        """The client's encoding as the server names it."""
        return self._settings.get("client_encoding", "UTF8")

    def _found(self, effect: NameEffect, own: set[str], batch: int) -> Prepared | Portal | bool | Uncertain:
        """What a name stands for that a statement uses: True where there is nothing to find out, False for unknown."""
        name = effect.name
        match effect.naming:
            case Naming.PREPARE | Naming.DECLARE:
                own.add(name or "")
            case Naming.DEALLOCATE | Naming.CLOSE | Naming.DISCARD:
                own.difference_update(own if name is None else {name})
            case Naming.EXECUTE if name is not None and name not in own:
                return self.statements.lookup(name.encode(), batch) or False
            case Naming.FETCH if name is not None and name not in own:
                return self.portals.lookup(name.encode(), batch) or False
            case _:
                pass
        return True

    def settle(self, reading: Reading, parameters: Parameters) -> Reading:
        """Put bound values in the place of settings named by a parameter; what is not bound stays unknown."""
        if not reading.uses_session or not any(setting.parameter for s in reading.statements for setting in s.settings):
            return reading
        statements = []
        for statement in reading.statements:
            settings = tuple(_settled(setting, parameters) for setting in statement.settings)
            statements.append(replace(statement, settings=settings))
        return replace(reading, statements=tuple(statements))

    def fetches(self, statement: Statement, batch: int) -> tuple[Step, ...]:
        """What FETCH does to the session: what the cursor's own statement does."""
        steps: tuple[Step, ...] = ()
        for effect in statement.names:
            if effect.naming is Naming.FETCH and effect.name is not None:
                portal = self.portals.lookup(effect.name.encode(), batch)
                opened = portal.statement if isinstance(portal, Portal) else None
                if opened is None:
                    steps += (UNSETTLE, DEFINE)
                else:
                    steps += opens(opened) if opened.kind == "declare cursor" else steps_of(opened)
        return steps

    # What a statement changes

    def begin(self, run: Run, batch: int) -> None:
        """A statement goes to the server: what it does to settings and names is pending from now on."""
        statement = run.statement
        if statement is None:
            return
        if any(setting.name is None or setting.name in READ_BY for setting in statement.settings):
            self.moving = self.moved = True
        elif self.moved and (statement.names or statement.kind in _RESTORING or not statement.actions.isdisjoint(_UNSEEN)):
            self.moving = True
        for effect in statement.names:
            self._change(run, effect, batch)

    def _change(self, run: Run, effect: NameEffect, batch: int) -> None:
        naming, changes = effect.naming, run.changes
        if effect.name is None:
            if naming in (Naming.DISCARD, Naming.DEALLOCATE):
                changes += [self.statements.define(name, None, batch) for name in self.statements.known()]
            if naming in (Naming.DISCARD, Naming.CLOSE):
                changes += [self.portals.define(name, None, batch) for name in self.portals.known()]
            return
        name = effect.name.encode()
        if naming is Naming.PREPARE:
            changes.append(self.statements.define(name, Prepared(_alone(effect)), batch))
        elif naming is Naming.DECLARE:
            portal = Portal(_alone(effect), None, run.outcome.ticket.number, effect.hold)
            portal.statement = run.statement
            changes.append(self.portals.define(name, portal, batch))
        elif naming is Naming.DEALLOCATE:
            changes.append(self.statements.define(name, None, batch))
        elif naming is Naming.CLOSE:
            changes.append(self.portals.define(name, None, batch))


def unnamed(what: str, name: bytes) -> Reading:
    """The reading of a name that stands for nothing we know."""
    return unreadable(b"", f"what {what} `{name.decode('utf-8', 'replace')}` stands for is not known")


def reads_alike(text: bytes) -> bool:
    """Whether a text is the same in every client encoding, and whatever a backslash means."""
    return text.isascii() and b"\\" not in text


def runs_by_name(reading: Reading) -> bool:
    """Whether what runs depends on what a name stands for at that moment."""
    return reading.uses_session and any(e.naming in (Naming.EXECUTE, Naming.FETCH) for s in reading.statements for e in s.names)


def _with_unknown(statement: Statement, effect: NameEffect) -> Statement:
    why = f"what `{effect.name}` stands for is not known"
    return replace(statement, actions=statement.actions | {Action.UNKNOWN}, unknown=statement.unknown or why)


def _with_inner(statement: Statement, inner: Reading) -> Statement:
    """A statement that also does what the statement does that it executes."""
    settings = (setting for s in inner.statements for setting in s.settings)
    return replace(
        statement,
        actions=statement.actions.union(*(s.actions for s in inner.statements)),
        unknown=statement.unknown or next((s.unknown for s in inner.statements if s.unknown), None),
        # EXECUTE computes what Bind would supply: a setting named by a parameter is not known before
        settings=statement.settings + tuple(Setting(None) if each.parameter is not None else each for each in settings),
        names=statement.names + tuple(name for s in inner.statements for name in s.names),
        copies_in=statement.copies_in or any(s.copies_in for s in inner.statements),
        runs=statement.runs + inner.statements,
    )


def _settled(setting: Setting, parameters: Parameters) -> Setting:
    if setting.parameter is None:
        return setting
    index = setting.parameter - 1
    value = parameters[index] if index < len(parameters) else None
    # a parameter that was declared as `character` loses its padding on the way to the function
    return Setting(value.decode("utf-8", "replace").rstrip(" ").lower() if value is not None else None)


def _alone(effect: NameEffect) -> Reading:
    """What a name stands for that SQL defined, as a reading of its own."""
    if effect.inner is None:
        return unreadable(b"", f"what `{effect.name}` stands for is not known")
    text = effect.inner.text.encode()
    return Reading(text, hashlib.sha256(text).hexdigest(), (effect.inner,))
