"""A statement as policy sees it: what it does, as far as the text alone can tell. Pure values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


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


class Use(StrEnum):
    """How a statement uses a column."""

    OUTPUT = "output"  # its value is in the result as it is
    EXPRESSION = "expression"  # its value goes into a computed one
    PREDICATE = "predicate"  # it decides which rows there are, or which value is computed
    JOIN = "join"
    GROUPING = "grouping"  # GROUP BY, DISTINCT, UNION, PARTITION BY
    ORDERING = "ordering"
    WHOLE_ROW = "whole_row"  # as part of its row taken as one value
    WRITE_SOURCE = "write_source"  # its value is written somewhere
    WRITE_TARGET = "write_target"


class RowBound(StrEnum):
    """What bounds the rows of a relation that a statement reads or changes."""

    NONE = "none"
    TRIVIAL = "trivial"  # a condition that looks at no column: WHERE true, WHERE 1 = 1
    PRIMARY_KEY = "primary_key_constant"  # every column of a unique key is compared with a constant or a parameter
    OTHER = "other"


class Effect(StrEnum):
    """What running a function does beyond computing its answer; every built-in function has one or several."""

    COMPUTES = "computes"
    READS_CATALOG = "reads_catalog"  # what is defined
    READS_STATEMENTS = "reads_statements"  # texts of statements, of other sessions or earlier ones
    READS_STATE = "reads_state"  # what the server does: counters, locks, backends, settings of the server
    READS_DATA = "reads_data"  # rows that the text does not name
    WRITES_DATA = "writes_data"
    FILES = "files"  # reads or writes the server's files
    LARGE_OBJECTS = "large_objects"
    SEQUENCES = "sequences"
    LOCKS = "locks"
    NOTIFIES = "notifies"
    SLEEPS = "sleeps"
    RUNS_SQL = "runs_sql"  # text that it is given
    CHANGES_SETTINGS = "changes_settings"
    REACHES_OUT = "reaches_out"  # other servers or processes
    CONTROLS_SERVER = "controls_server"
    UNKNOWN = "unknown"


class Span(NamedTuple):
    """A place in a text, in characters: from `start` up to `end`."""

    start: int
    end: int


class Source(NamedTuple):
    """A column that a value comes from."""

    schema: str
    relation: str
    column: str
    direct: bool
    """The value is the column's own; otherwise it is computed from it."""
    labels: tuple[str, ...] = ()
    """Which classes of data it holds (`pii.email`), as far as the catalogue knows."""


class Output(NamedTuple):
    """One column of a result, and all that its values come from. Nothing: they come from no column.

    What only tells whether a value is there (`email IS NULL`), how many there are (`count(email)`) or of which type it is comes
    from no column either, though the statement uses that column.
    """

    name: str
    sources: tuple[Source, ...]
    type: int = 0
    """OID of its type; 0 where that is not known. Of a domain the domain's, though servers tell clients of its base."""
    labels: tuple[str, ...] = ()
    """Of views' own columns on the way: said by somebody, or known of the server's views. Base columns' are in `sources`."""
    opaque: bool = False
    """It may hold what nobody can name: a function gives it that reads data by itself, or something was not understood."""


class Flow(NamedTuple):
    """What is written into one column."""

    schema: str
    relation: str
    column: str
    sources: tuple[Source, ...]


class ColumnUse(NamedTuple):
    """A column, and how it is used."""

    name: str
    uses: frozenset[Use]
    labels: tuple[str, ...] = ()
    """Which classes of data it holds: `secret.password`, `server.statements`, ... of the server's own columns, `pii.email`, ... of
    users'."""


class Access(NamedTuple):
    """What a statement does to one relation, by itself or by what it sets off."""

    action: Action
    schema: str
    relation: str
    kind: str
    """table, view, sequence, index, ... as the catalogue has it; `unknown` where it has no such relation."""
    columns: tuple[ColumnUse, ...] = ()
    bound: RowBound | None = None
    """Of reads, updates and deletes."""
    via: tuple[str, ...] = ()
    """How it is reached, outermost first: (`view public.v`, `function public.f(integer)`). Empty: the text names it."""
    span: Span | None = None
    traits: frozenset[str] = frozenset()
    """What else is to be known of the relation: triggers, rules (those that are enabled and of this action), row_security,
    partition, child (it inherits), temporary, foreign, unlogged, system."""
    parents: tuple[tuple[str, str], ...] = ()
    """Schema and name of all tables that it is a partition or child of, nearest first."""
    locks: bool = False
    """Of updates: rows or the relation are locked as if for that, and not changed."""


class Effected(NamedTuple):
    """A function that runs, and what that does. Those that only compute are left out unless they are the user's own."""

    function: str
    """With its schema and argument types. What is no function is told in words: `lock on public.t (exclusive)`."""
    effects: frozenset[Effect]
    via: tuple[str, ...] = ()
    span: Span | None = None
    schema: str = ""
    name: str = ""
    """Without its schema and argument types; empty for what is no function, as the other three are."""
    owner: str = ""
    """Whose it is: `pg_catalog` for the server's own, the name of an extension, or empty: somebody made it."""
    language: str = ""


class Doubt(NamedTuple):
    """Something that could not be resolved for certain."""

    reason: str
    via: tuple[str, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """A run-time setting that a statement changes, whatever the way it does so."""

    name: str | None
    """Lower-cased name; None if it is known only when the statement runs (an expression, a column)."""
    direct: bool = False
    """Changed by plain `SET name = constant`, the one form that can be rewritten."""
    parameter: int | None = None
    """Number of the bind parameter ($1 is 1) that supplies the name; `name` is None until it is bound."""
    reset: bool = False
    """It gets back the value that it had at start-up; `all` for every one of them."""
    value: str | None = None
    """What it is set to, as text, where the text says that for certain. Several are joined by `, `."""
    stored: bool = False
    """It is not set now: it stands in a definition, for later sessions (ALTER ROLE ... SET) or when that runs (CREATE FUNCTION)."""


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
    runs: tuple[Statement, ...] = ()
    """EXECUTE: the statements that its name stands for."""

    # Under a scope only: what running it would do. `actions` is then the whole of that.
    accesses: tuple[Access, ...] = ()
    outputs: tuple[Output, ...] | None = None
    """Of what returns rows; None for what returns none. Of DECLARE: what its cursor will give. Of FETCH: the same, where DECLARE
    stands in the same text; else None."""
    flows: tuple[Flow, ...] = ()
    effects: tuple[Effected, ...] = ()
    plans: tuple[Access, ...] = ()
    """EXPLAIN: the changes that what it explains would make if it ran. They do not happen."""
    doubts: tuple[Doubt, ...] = ()
    """Anything here is in `unknown` too."""
    likenesses: tuple[Flow, ...] = ()
    """Columns that are made to hold what others hold, though nothing is written now: CREATE TABLE ... (LIKE ...), and what is made
    WITH NO DATA."""

    steps: Any = field(init=False, default=None)
    """The protocol's own: what it does to its session. Found when it first runs; a copy finds its own."""
    tree: object = None
    """What the parser made of a text that is too large to be parsed once more; until it is understood."""
    declares: Any = None
    """What PREPARE prepares: the parser's nodes of the types that it declares for parameters. None: it was not made by PREPARE."""


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
    missing: bool = False
    """It names what the catalogue does not have: a newer one may."""
    looks_at_numbers: bool = False
    """Another number in the text might mean something else: not to be shared by texts that differ in numbers."""
    like: Reading | None = None
    """The reading of a text that differs from this one in whole numbers only."""
    calls_oid: int | None = None
    """The function that a FunctionCall message calls; `text` is then only a picture of it."""

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
