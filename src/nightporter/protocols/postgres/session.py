"""What a session has made of itself: search path, role, settings that change meaning, temporary schema, its own DDL. Pure.

Theory of operation. The state changes when the server says that a statement succeeded (`done`), never before; a failure brings
back what was (`ready`). A transaction is a pile of states: the one it began with, which ROLLBACK restores, and one for each
savepoint. A setting has two values: the session's own, and the one in force, which SET LOCAL changes and the end of the transaction
gives back ("SET" in PostgreSQL's reference).

    steady       nothing under way or uncertain: `standing` is what the next text means something under
    `moving`     a statement on its way may change the state: what comes next waits for its answer
    `changed`    the transaction has changed it, and its end may bring it back: the next text waits for whatever is owed
    not certain  something may have changed that nobody told us: the server is asked before the next text that needs to know

In failed transactions nothing runs but their end. Must not guess: what is not told is None, and asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import NamedTuple, TypeAlias

from . import search_path
from .steps import TRACKED, Step, What, ends, moves

Values: TypeAlias = tuple[str | None, ...]
"""Of TRACKED, in that order; None: not known."""

UNKNOWN: Values = (None,) * len(TRACKED)
PATH, ROLE, AUTHORIZATION = range(3)
_FIRST_SWITCH = 3
NO_ROLE = "none"

MAX_STANDINGS = 4096
"""Of a worker. Sessions differ in few ways; those that are dropped cost a second understanding, nothing else."""
MAX_CHANNELS = 1000
"""Names of channels that are remembered; more are as good as unknown."""

_epochs = count(1)


class State(NamedTuple):
    """What a ROLLBACK brings back."""

    session: Values = UNKNOWN
    now: Values = UNKNOWN
    temporary: str | None = None
    """Name of its temporary schema; empty: it has none; None: not known."""
    epoch: int = 0
    """Of a catalogue that only this session sees, another number for each change of it; 0: it sees what all see."""
    channels: frozenset[str] = frozenset()
    """That it listens on, as far as its own statements tell."""


class Standing:
    """Under what a text is read, apart from the catalogue. One for all that is alike, so compared by identity."""

    __slots__ = ("after", "certain", "failed", "path", "private", "role", "settings", "temporary")

    def __init__(self, state: State, after: After | None) -> None:
        now = state.now
        told = now[PATH]
        path = None if told is None else search_path.split(told)
        role = now[ROLE] if now[ROLE] != NO_ROLE else now[AUTHORIZATION]
        switches = now[_FIRST_SWITCH:]
        self.path: tuple[str, ...] = path or ()
        self.role: str = role or ""
        """Current user."""
        self.settings: Mapping[str, str] = {
            name: value for name, value in zip(TRACKED[_FIRST_SWITCH:], switches, strict=True) if value is not None
        }
        self.temporary: str = state.temporary or ""
        self.private: int = state.epoch
        """Not 0: the session sees a catalogue of its own, and this is the number of that view."""
        self.certain: bool = path is not None and role is not None and state.temporary is not None and None not in switches
        self.after: After | None = after
        """For a text of several statements: what each leaves to the next."""


class After(NamedTuple):
    """What it takes to follow several statements of one text."""

    state: State
    base: State
    frames: tuple[tuple[str, State], ...]
    failed: bool


def follow(after: After) -> Session:
    """A session in that state, to go through the statements of one text."""
    session = Session(after.state)
    session._base = after.base
    session._frames = list(after.frames)
    session.failed = after.failed
    session._look()
    return session


_standings: dict[object, Standing] = {}


def stand(state: State, after: After | None = None) -> Standing:
    """The one Standing of that state."""
    key = (state.now, state.temporary, state.epoch, after)
    found = _standings.get(key)
    if found is None:
        if len(_standings) >= MAX_STANDINGS:
            _standings.clear()
        _standings[key] = found = Standing(state, after)
    return found


class Session:
    """One session's state, as the server confirms it."""

    __slots__ = (
        "_base",
        "_defined",
        "_frames",
        "_later",
        "_moving",
        "_standing",
        "_start",
        "_state",
        "certain",
        "changed",
        "failed",
        "in_block",
        "modes",
        "moved",
        "published",
        "steady",
    )

    def __init__(self, state: State | None = None) -> None:
        self._state = self._base = state or State()
        self._frames: list[tuple[str, State]] = []
        self._start: Values | None = None  # what RESET gives back
        self._moving = 0
        self._standing: Standing | None = None
        self._defined = False  # the transaction has changed the catalogue
        self._later = False  # a deferred trigger, or a cursor, may do at its end what it did before: anything
        self.in_block = False
        self.failed = False
        """The open transaction has failed: nothing runs in it but its end."""
        self.published = False
        """What others see of the catalogue may have changed; whoever reads it sets it back."""
        self.modes: dict[str, str] = {}
        """Of the open transaction, as far as it said so: transaction_isolation, transaction_read_only, ..."""
        self.moved = 0
        """Counts what may have changed the state: as long as it stands still, so does the state."""
        self.certain = self.changed = self.steady = False
        self._look()

    @property
    def path(self) -> str | None:
        """The search path in force, as SHOW prints it."""
        return self._state.now[PATH]

    @property
    def standing(self) -> Standing:
        """What one statement means something under."""
        standing = self._standing
        if standing is None:
            self._standing = standing = stand(self._state)
        return standing

    def standing_for_several(self) -> Standing:
        """The same for a text of several statements, which may change it on the way."""
        return stand(self._state, After(self._state, self._base, tuple(self._frames), self.failed))

    @property
    def moving(self) -> bool:
        """Something on its way may change the state."""
        return self._moving > 0

    @property
    def defines(self) -> bool:
        """Something of it may change the catalogue for others, or has, and nobody was told."""
        return self._defined or self._moving > 0 or self.published

    @property
    def temporary(self) -> str | None:
        """See `State.temporary`."""
        return self._state.temporary

    @property
    def channels(self) -> frozenset[str]:
        """See `State.channels`."""
        return self._state.channels

    # From the client

    def sent(self, steps: tuple[Step, ...]) -> bool:
        """A statement goes to the server. Gives whether `gone` must be told of its end."""
        if not moves(steps) and not (ends(steps) and (self.changed or self._moving)):
            return False
        self._moving += 1
        self.moved += 1
        self.steady = False
        return True

    def gone(self) -> None:
        """A statement of which `sent` said so ended, in whatever way."""
        self._moving -= 1
        self._look()

    # From the server

    def done(self, steps: tuple[Step, ...], tag: str | None = None) -> None:
        """A statement succeeded."""
        before = self._state
        for step in steps:
            self._take(step, tag)
        if self._state is not before or self._frames or self.modes or self._later:
            self._look()

    def broke(self, steps: tuple[Step, ...]) -> None:
        """A statement failed. Outside a transaction some of it may stay: of a procedure that commits, or an index half made."""
        if self.in_block:
            return
        for step in steps:
            if step.what is What.DEFINE:
                self.published = True
            elif step.what is What.UNSETTLE:
                self._base = self._unsettled(self._base)
                self._state = self._unsettled(self._state)
        self._look()

    def ready(self, status: bytes, failed: bool) -> None:
        """ReadyForQuery; `failed`: there was an error since the last one."""
        self.in_block = status != b"I"
        self.failed = status == b"E"
        if self.in_block:
            if failed or not self.steady:
                self._look()
            return
        if failed:
            self._roll_back()
        elif self._state is not self._base or self._frames or self._defined or self._later or self.modes:
            self._commit()
        if not self.steady:
            self._look()

    def reported(self, name: str, value: str) -> None:
        """ParameterStatus: the value in force. Of the session's own it says nothing inside a transaction."""
        if name not in TRACKED:
            return
        at = TRACKED.index(name)
        now = self._state.now
        if now[at] == value:
            return
        session = self._state.session
        if not self.in_block:
            session = _with(session, at, value)  # it comes with ReadyForQuery, after the end of whatever was local
        elif session[at] != value:
            session = _with(session, at, None)  # SET LOCAL, SET, or a function that did either
        self._state = self._state._replace(session=session, now=_with(now, at, value))
        self._look()

    def answered(self, now: Values, temporary: str | None) -> None:
        """What the server said when it was asked. None for the temporary schema: it was not asked for that."""
        state = self._state
        outside = not self.in_block and not self.changed
        if temporary is None:
            temporary = state.temporary
        epoch = state.epoch or (next(_epochs) if temporary else 0)
        # inside a transaction some of it may be local: what the session's own value is, is not told
        self._state = State(now if outside else state.session, now, temporary, epoch, state.channels)
        if outside:
            self._base = self._state
            if self._start is None:
                self._start = now
        self._look()

    # Steps

    def _take(self, step: Step, tag: str | None) -> None:
        what = step.what
        if what is What.BEGIN:
            self.in_block = True
        elif what is What.COMMIT or what is What.ROLLBACK:
            # COMMIT of a failed transaction rolls back, and its tag says so
            if what is What.ROLLBACK or tag == "ROLLBACK" or (tag is None and self.failed):
                self._roll_back()
            else:
                self._commit()
            self.failed = False
            self.in_block = step.chain
        elif what is What.SAVEPOINT:
            self._frames.append((step.name, self._state))
        elif what is What.RELEASE:
            del self._frames[self._frame(step.name) :]
        elif what is What.ROLLBACK_TO:
            self._roll_back_to(step.name)
        elif what is What.SET:
            self._set(TRACKED.index(step.name), step.value, step.local, step.value is None)
        elif what is What.RESET:
            self._reset(step)
        elif what is What.DISCARD:
            self._discard()
        elif what is What.UNSETTLE:
            self._state = self._unsettled(self._state)
            self._later = True
        elif what is What.LATER:
            self._later = self._defined = True
        elif what is What.FIRE:
            if self._later:
                self._state = self._unsettled(self._state)
        elif what is What.DEFINE:
            self._define()
        elif what is What.MODE:
            self.modes[step.name] = step.value or ""
        else:
            self._listen(step)

    def _commit(self) -> None:
        state = self._state
        temporary, epoch = state.temporary, state.epoch
        if self._defined or epoch:
            self.published = self.published or self._defined
            if not temporary and temporary is not None:
                epoch = 0
            elif self._defined:
                epoch = next(_epochs)  # ON COMMIT DROP
        state = State(state.session, state.session, temporary, epoch, state.channels)
        self._state = self._base = self._unsettled(state) if self._later else state
        self._end()

    def _roll_back(self) -> None:
        before, self._state = self._state, self._base
        self._check_role(before)
        self._base = self._state
        self._end()

    def _end(self) -> None:
        self._frames.clear()
        self._defined = self._later = False
        if self.modes:
            self.modes = {}

    def _roll_back_to(self, name: str) -> None:
        at = self._frame(name)
        if at < len(self._frames):
            before, self._state = self._state, self._frames[at][1]
            self._check_role(before)
            del self._frames[at + 1 :]
        else:
            self._state = self._unsettled(self._state)
        self.failed = False

    def _frame(self, name: str) -> int:
        return next((at for at in reversed(range(len(self._frames))) if self._frames[at][0] == name), len(self._frames))

    def _check_role(self, before: State) -> None:
        """To restore who the session is makes servers forget the role that was set, or not: by version."""
        state = self._state
        if before.now[AUTHORIZATION] != state.now[AUTHORIZATION] and state.now[ROLE] != NO_ROLE:
            self._state = state._replace(session=_with(state.session, ROLE, None), now=_with(state.now, ROLE, None))

    def _set(self, at: int, value: str | None, local: bool, unsure: bool) -> None:
        state = self._state
        session, now = state.session, _with(state.now, at, value)
        if not local or unsure:
            session = _with(session, at, value)
        self._later = self._later or unsure
        if at == AUTHORIZATION:  # it ends a role that was set
            session = session if local and not unsure else _with(session, ROLE, NO_ROLE)
            now = _with(now, ROLE, NO_ROLE)
        self._state = state._replace(session=session, now=now)

    def _reset(self, step: Step) -> None:
        start = self._start
        if step.name:
            at = TRACKED.index(step.name)
            value = None if start is None else start[at]
            self._set(at, value, step.local, value is None)
            if at == AUTHORIZATION and (start is None or start[ROLE] != NO_ROLE):
                self._set(ROLE, None, False, True)
            return
        for at in range(len(TRACKED)):
            if at not in (ROLE, AUTHORIZATION):
                self._set(at, None if start is None else start[at], False, start is None)

    def _discard(self) -> None:
        start = self._start or UNKNOWN
        if start[ROLE] != NO_ROLE:
            start = _with(start, ROLE, None)
        self._state = self._state._replace(session=start, now=start, channels=frozenset())

    def _unsettled(self, state: State) -> State:
        return state._replace(session=UNKNOWN, now=UNKNOWN, temporary=state.temporary or None)

    def _define(self) -> None:
        self._defined = True
        if not self.in_block:
            self.published = True  # it may be over by now, before ReadyForQuery says so
        state = self._state
        self._state = state._replace(temporary=state.temporary or None, epoch=next(_epochs))

    def _listen(self, step: Step) -> None:
        channels = self._state.channels
        if step.what is What.LISTEN:
            channels = channels | {step.name} if len(channels) < MAX_CHANNELS else channels
        else:
            channels = channels - {step.name} if step.name else frozenset()
        self._state = self._state._replace(channels=channels)

    def _look(self) -> None:
        """Find out anew what can be said."""
        state = self._state
        if self._standing is not None:
            self._standing = None
            self.moved += 1
        self.certain = self.standing.certain
        self.changed = state[:4] != self._base[:4] or self._defined or any(frame[:4] != state[:4] for _, frame in self._frames)
        self.steady = self.certain and not self.changed and not self._moving and not self.failed


def _with(values: Values, at: int, value: str | None) -> Values:
    return (*values[:at], value, *values[at + 1 :])
