"""A statement as policy sees it: what it does, as far as the text alone can tell. Pure values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Action(StrEnum):
    """What a statement does. Session and transaction control do nothing to data and have no action."""

    CONNECT = "connect"
    READ = "read"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    TRUNCATE = "truncate"
    CREATE = "create"
    ALTER = "alter"
    DROP = "drop"
    GRANT = "grant"
    EXECUTE = "execute"
    COPY = "copy"
    ADMINISTER = "administer"
    REVEAL = "reveal"
    UNKNOWN = "unknown"  # analysis could not say; matched by no wildcard


CHANGES = frozenset(Action) - {Action.CONNECT, Action.READ, Action.REVEAL}
"""Actions whose intent must be on disk before a byte goes upstream. `execute`, `copy` and `unknown` may change anything."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A run-time setting that a statement changes, whatever the way it does so."""

    name: str | None
    """Lower-cased name; None if it is known only when the statement runs (an expression, a column)."""
    direct: bool = False
    """Changed by plain `SET name = constant`, the one form that can be rewritten."""
    parameter: int | None = None
    """Number of the bind parameter ($1 is 1) that supplies the name; `name` is None until it is bound."""


class Naming(StrEnum):
    """How a statement changes the names that a session has given to statements and cursors."""

    PREPARE = "prepare"  # name -> text of `inner`
    EXECUTE = "execute"  # uses a prepared name
    DEALLOCATE = "deallocate"  # name, or None for all
    DECLARE = "declare"  # cursor name -> text of `inner`
    FETCH = "fetch"  # uses a cursor name
    CLOSE = "close"  # cursor name, or None for all
    DISCARD = "discard"  # every prepared name and cursor


@dataclass(frozen=True, slots=True)
class NameEffect:
    """One change or use of a name; `name` is as the server stores it (folded, unquoted)."""

    naming: Naming
    name: str | None
    hold: bool = False
    """The cursor outlives its transaction (DECLARE ... WITH HOLD)."""
    inner: Statement | None = None
    """PREPARE, DECLARE: the statement that the name will stand for."""


@dataclass(slots=True, eq=False)
class Statement:
    """One statement of a text. Compared by identity: readings are cached by exact text.

    Made for every text that was not seen before, hence not frozen, which would double its price. Nobody assigns to it.
    """

    text: str
    """Exactly this statement's slice of the client's text."""
    kind: str
    """The grammar's node in words: `select`, `insert`, `create table`, `transaction begin`, ...; `unknown`."""
    actions: frozenset[Action]
    fingerprint: str | None = None
    """libpg_query's hash of the normal form, 16 hex digits: for people and dashboards, never a key for a decision."""
    unknown: str | None = None
    """Why it could not be understood; then `actions` is {unknown}."""
    settings: tuple[Setting, ...] = ()
    names: tuple[NameEffect, ...] = ()
    copies_in: bool = False
    """COPY ... FROM STDIN: the client will send data."""
    shown: str | None = None
    """The text as records keep it, where a password is written out in it: without that."""


@dataclass(slots=True, eq=False)
class Reading:
    """All that one submitted text says: its statements in order. Cached by exact text, so compared by identity.

    Not frozen, for the same reason as `Statement`.
    """

    text: bytes
    sha256: str
    statements: tuple[Statement, ...]
    rewritten: bytes | None = None
    """What goes upstream instead of `text`, where the one rewrite that we do applies."""
    grammar: str = ""
    """Version of the grammar that read it; fingerprints change between versions."""

    changes: bool = field(init=False)
    """Whether any statement may change something: its intent is on disk before it runs."""
    uses_session: bool = field(init=False)
    """Whether any statement changes a setting, or defines or uses a name: it means more than its text."""
    copies_in: bool = field(init=False)
    """Whether data of the client's will follow, or may."""

    @property
    def shown(self) -> bytes:
        """The text as records keep it; the hash is of the text itself."""
        if all(statement.shown is None for statement in self.statements):
            return self.text
        return "".join(statement.text if statement.shown is None else statement.shown for statement in self.statements).encode()

    def __post_init__(self) -> None:
        # asked for each time a text runs, and read once
        changes = uses_session = copies_in = False
        for statement in self.statements:
            changes = changes or not CHANGES.isdisjoint(statement.actions)
            uses_session = uses_session or bool(statement.names or statement.settings)
            copies_in = copies_in or statement.copies_in or statement.unknown is not None
        self.changes, self.uses_session, self.copies_in = changes, uses_session, copies_in
