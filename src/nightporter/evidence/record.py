"""A record: the shapes of the ledger's lines and how they become bytes. Pure; it knows neither files nor clocks.

The order of fields is the order of keys in the line. `schema/record-v2.json` says the same to other people's tools; a key
that is added here without being added there fails the tests. Version 1 lives on in its schema alone: old ledgers verify for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias

import msgspec
from msgspec import Raw

from nightporter.core.error import EvidenceError
from nightporter.identity.principal import Kind as PrincipalKind
from nightporter.statement.model import Action, Effect, RowBound, Use

VERSION = 2

PHASES = frozenset({"submit", "prepare", "run", "fetch"})
STATUSES = frozenset({"ok", "error", "suspended", "not_run", "unknown"})
ENDS = frozenset({"committed", "rolled_back", "unknown", None})

Detail: TypeAlias = Mapping[str, str | int | float]


class EventKind(StrEnum):
    """Every kind of record but `intent` and `outcome`."""

    SESSION_STARTED = "session_started"
    SESSION_ENDED = "session_ended"
    REFUSED = "refused"  # an authentication that failed, or a session that was not let in
    CANCEL = "cancel"
    WRITER_STARTED = "writer_started"
    WRITER_STOPPED = "writer_stopped"
    TORN_TAIL = "torn_tail"  # what a crash left unfinished was cut off
    WARNING = "warning"
    CONFIGURATION = "configuration"
    CHECKPOINT_OF = "checkpoint_of"  # another writer's checkpoint: `writer` and `note`
    FAULT = "fault"


class Decided(StrEnum):
    """How a decision stands in a record."""

    ALLOW = "allow"
    DENY = "deny"
    HOLD = "hold"


class Who(msgspec.Struct, frozen=True, omit_defaults=True):
    """For whom: encoded once a session, by `encode`."""

    session: str | None = None
    principal: str | None = None
    kind: PrincipalKind | None = None
    actor: str | None = None
    owner: str | None = None
    address: str | None = None
    """The client's `host:port`."""
    environment: str | None = None
    upstream: str | None = None


class Touched(msgspec.Struct, frozen=True, omit_defaults=True):
    """One action on one relation, by the text itself or by what running it sets off."""

    action: Action
    schema: str
    name: str
    kind: str
    """table, view, sequence, ...; `unknown` where the catalogue has none of that name."""
    columns: Mapping[Use, tuple[str, ...]] = {}
    """Names by use: one that is used in several ways is there several times."""
    bound: RowBound | None = None
    via: tuple[str, ...] = ()
    """How it is reached, outermost first; empty: the text names it."""
    statement: int = 0
    """Which statement of the text, from 0; the same below."""


class Ran(msgspec.Struct, frozen=True, omit_defaults=True):
    """A function that runs, and what that does."""

    function: str
    effects: tuple[Effect, ...]
    via: tuple[str, ...] = ()
    statement: int = 0


class Doubted(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that could not be resolved for certain."""

    reason: str
    via: tuple[str, ...] = ()
    statement: int = 0


class LeftOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many entries a record does not have, since it would be too long."""

    relations: int = 0
    columns: int = 0
    """Of relations that it has."""
    effects: int = 0
    doubts: int = 0


class Because(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that was asked of the policies, and not simply permitted."""

    action: str
    resource: str | None = None
    policies: tuple[str, ...] = ()
    """Those that forbid it or have it wait; none: no policy permits it."""
    use: str = ""
    bound: str = ""
    via: tuple[str, ...] = ()


class Observed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What would have been decided, had the policies that decided not been there to observe only."""

    decision: Decided
    policies: tuple[str, ...] = ()
    reason: str | None = None


class What(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was asked and how it was decided: encoded once for each exact text and decision, by `encode`."""

    sha256: str
    """Of the client's exact bytes: there whatever policy says about `text`."""
    decision: Decided
    text: str | None = None
    rewritten: str | None = None
    """What went upstream instead."""
    grammar: str | None = None
    kinds: tuple[str, ...] = ()
    """One for each statement of the text, as `fingerprints`."""
    fingerprints: tuple[str | None, ...] = ()
    actions: tuple[Action, ...] = ()
    relations: tuple[Touched, ...] = ()
    """What was found out under a catalogue, as the next three; none of it without one."""
    effects: tuple[Ran, ...] = ()
    doubts: tuple[Doubted, ...] = ()
    left_out: LeftOut | None = None
    unknown: str | None = None
    """Why the text could not be understood."""
    policies: tuple[str, ...] = ()
    reason: str | None = None
    policy_set: str | None = None
    """Hash of all policies in force then: the ledger keeps each set under it."""
    because: tuple[Because, ...] = ()
    """What of it was denied, or waits: the first few."""
    observed: Observed | None = None


class Intent(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Line of an intent. `v` and `kind` have no default since a default would be left out."""

    v: int
    n: str
    time: str
    kind: str
    prev: str
    who: Raw
    what: Raw
    phase: str
    parameters: tuple[str | None, ...] = ()
    refers_to: str | None = None
    streamed: bool = False


class Veiled(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A column of a result that was masked, or whose label was seen as it is."""

    column: str
    cells: int
    """How many values; NULL is none."""
    label: str = ""
    """What it holds; empty: nobody could tell where it comes from."""
    masker: str = ""
    """What was shown in its place; empty: it was revealed."""
    source: str = ""
    """The column that it comes from, with its table."""
    policies: tuple[str, ...] = ()
    """Those that say so; none: no policy lets it be seen."""


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Line of an outcome."""

    v: int
    n: str
    time: str
    kind: str
    prev: str
    who: Raw
    intent: str
    statement: int
    status: str
    bytes: int
    duration_us: int
    transaction: int
    tag: str | None = None
    rows: int | None = None
    sqlstate: str | None = None
    transaction_end: str | None = None
    sha256: str | None = None
    streamed_bytes: int | None = None
    veiled: tuple[Veiled, ...] = ()


class Event(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Line of any other kind."""

    v: int
    n: str
    time: str
    kind: str
    prev: str
    who: Raw | None
    detail: Detail
    """What there is to say: flat, texts and numbers."""


_encode = msgspec.json.Encoder().encode


def encode(part: Who | What) -> Raw:
    """The part as the JSON object that goes into records. Raises `EvidenceError` if it cannot be encoded."""
    try:
        return Raw(_encode(part))
    except ValueError as error:  # a lone surrogate: the statement has no evidence and so must not run
        raise EvidenceError("the record holds text that is not Unicode") from error


def check_detail(detail: Detail) -> None:
    """Raises `EvidenceError` for a value that the schema does not know (a boolean, a NaN, something nested)."""
    for key, value in detail.items():
        if type(value) is str or type(value) is int:
            continue
        if type(value) is float and abs(value) != float("inf") and value == value:
            continue
        raise EvidenceError(f"detail `{key}` is neither text nor a finite number")


class Stamp:
    """Writes instants as ISO 8601 in UTC with microseconds; all but the microseconds is kept from one call to the next."""

    __slots__ = ("_begins_us", "_ends_us", "_text", "day")

    def __init__(self) -> None:
        self._begins_us = self._ends_us = 0
        self._text = ""
        self.day = ""
        """Date of the last instant, `2026-01-31`."""

    def __call__(self, now_us: int) -> str:
        """The instant, given as microseconds since 1970 in UTC."""
        if not self._begins_us <= now_us < self._ends_us:
            second = now_us // 1_000_000
            self._begins_us, self._ends_us = second * 1_000_000, (second + 1) * 1_000_000
            self._text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
            self.day = self._text[:10]
        # The last six digits are the microseconds, once there are six: cheaper than formatting them.
        return f"{self._text}{str(now_us + 1_000_000)[-6:]}Z"
