"""Sentences of the server whose words are known, and what stands in their gaps. Pure; one table a field.

In a sentence that is known here only the gaps can hold a value, and each gap says what may stand in it. A gap is what lies between
two fixed pieces, the first that fit: a value that holds such a piece itself moves text from one gap to another, but never into the
words, and each gap is judged by what it holds. These are what servers of versions 13 to 18 say while a statement runs; what they
say before that shows nothing but the client's own text. Servers that speak other languages are not understood here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

NAME: Final = "n"
"""A name of the catalogue, with its schema, a function with its types."""
TYPE: Final = "t"
VALUE: Final = "v"
"""Anything."""
FIXED: Final = "d"
"""A whole number that the catalogue has, or that counts lines."""
ENCODING: Final = "e"
COMMAND: Final = "c"
"""A command, in capitals."""
KIND: Final = "k"
"""What sort of object; else it is not this sentence."""

_GAP = re.compile(r"\{([ntvdekc])\}")

KINDS = frozenset(
    {
        *(
            "relation",
            "table",
            "foreign table",
            "view",
            "materialized view",
            "index",
            "sequence",
            "column",
            "type",
            "domain",
            "schema",
        ),
        *(
            "role",
            "user",
            "database",
            "extension",
            "function",
            "procedure",
            "routine",
            "aggregate",
            "operator",
            "collation",
            "conversion",
        ),
        *("server", "foreign-data wrapper", "tablespace", "language", "publication", "subscription", "trigger", "event trigger"),
        *("rule", "policy", "constraint", "cursor", "portal", "prepared statement", "savepoint", "large object", "partition"),
        *("access method", "operator class", "operator family", "text search configuration", "text search dictionary", "cast"),
        *("statistics object", "default value", "unrecognized", "group", "parameter", "toast table", "composite type"),
    }
)


class Phrase:
    """One sentence: its fixed pieces, and of what kind the gaps between them are."""

    __slots__ = ("gaps", "pieces")

    def __init__(self, pieces: Sequence[str], gaps: Sequence[str]) -> None:
        self.pieces = tuple(pieces)
        """One more than there are gaps; any of them may be empty."""
        self.gaps = tuple(gaps)

    def match(self, text: str) -> list[str] | None:
        """What stands in the gaps; None if it is not this sentence. Takes time in proportion to the text."""
        pieces = self.pieces
        if not text.startswith(pieces[0]):
            return None
        if not self.gaps:
            return [] if text == pieces[0] else None
        found: list[str] = []
        at = len(pieces[0])
        end = len(text) - len(pieces[-1])
        if end < at or not text.endswith(pieces[-1]):
            return None
        for piece in pieces[1:-1]:
            stop = text.find(piece, at, end)
            if stop < 0:
                return None
            found.append(text[at:stop])
            at = stop + len(piece)
        found.append(text[at:end])
        return found

    def fill(self, gaps: list[str]) -> str:
        """The sentence with these in its gaps."""
        parts = [self.pieces[0]]
        for gap, piece in zip(gaps, self.pieces[1:], strict=True):
            parts += (gap, piece)
        return "".join(parts)


class Said(NamedTuple):
    """A sentence that was recognized."""

    text: str
    free: bool
    """Whether it quotes a text of somebody's, which may hold line ends and look like anything."""


Judge = Callable[[str, str], str]
"""What to show in a gap: of its kind and what stands in it."""


def recognized(phrases: tuple[Phrase, ...], text: str, judge: Judge) -> Said | None:
    """`text` with its gaps judged, if it is one of these sentences."""
    for phrase in phrases:
        gaps = phrase.match(text)
        if gaps is None or any(kind == KIND and gap not in KINDS for kind, gap in zip(phrase.gaps, gaps, strict=True)):
            continue
        shown = [gap if kind == KIND else judge(kind, gap) for kind, gap in zip(phrase.gaps, gaps, strict=True)]
        return Said(phrase.fill(shown), VALUE in phrase.gaps)
    return None


def _table(text: str) -> tuple[Phrase, ...]:
    """A phrase a line. Those with more gaps come first: what fits one of them may also fit one that takes the rest for a value."""
    parts = sorted((_GAP.split(line) for line in text.splitlines() if line), key=len, reverse=True)
    return tuple(Phrase(each[::2], each[1::2]) for each in parts)


MESSAGES = _table("""
duplicate key value violates unique constraint "{n}"
could not create unique index "{n}"
insert or update on table "{n}" violates foreign key constraint "{n}"
update or delete on table "{n}" violates foreign key constraint "{n}" on table "{n}"
update or delete on table "{n}" violates RESTRICT setting of foreign key constraint "{n}" on table "{n}"
removing partition "{n}" violates foreign key constraint "{n}"
null value in column "{n}" of relation "{n}" violates not-null constraint
null value in column "{n}" violates not-null constraint
column "{n}" of relation "{n}" contains null values
column "{n}" of table "{n}" contains null values
column "{n}" of table "{n}" contains values that violate the new constraint
new row for relation "{n}" violates check constraint "{n}"
check constraint "{n}" of relation "{n}" is violated by some row
new row for relation "{n}" violates partition constraint
no partition of relation "{n}" found for row
partition constraint of relation "{n}" is violated by some row
updated partition constraint for default partition "{n}" would be violated by some row
value for domain {n} violates check constraint "{n}"
domain {n} does not allow null values
conflicting key value violates exclusion constraint "{n}"
could not create exclusion constraint "{n}"
new row violates check option for view "{n}"
new row violates row-level security policy for table "{n}"
new row violates row-level security policy "{n}" for table "{n}"
new row violates row-level security policy (USING expression) for table "{n}"
new row violates row-level security policy "{n}" (USING expression) for table "{n}"
target row violates row-level security policy (USING expression) for table "{n}"
target row violates row-level security policy "{n}" (USING expression) for table "{n}"
permission denied for {k} {n}
must be owner of {k} {n}
permission denied
invalid input syntax for type {t}: "{v}"
invalid input syntax for type {t}
invalid input value for enum {n}: "{v}"
malformed array literal: "{v}"
malformed record literal: "{v}"
malformed range literal: "{v}"
malformed multirange literal: "{v}"
value "{v}" is out of range for type {t}
"{v}" is out of range for type {t}
smallint out of range
integer out of range
bigint out of range
"real" out of range
money out of range
oid out of range
numeric field overflow
value overflows numeric format
value out of range: overflow
value out of range: underflow
date out of range
timestamp out of range
interval out of range
date out of range: "{v}"
timestamp out of range: "{v}"
interval out of range: "{v}"
date out of range for timestamp
date/time field value out of range: "{v}"
date/time field value out of range
interval field value out of range: "{v}"
time zone displacement out of range: "{v}"
date field value out of range: {v}
time field value out of range: {v}
time zone "{v}" not recognized
value too long for type character varying({d})
value too long for type character({d})
bit string too long for type bit varying({d})
bit string length {v} does not match type bit({d})
division by zero
invalid byte sequence for encoding "{e}"
invalid byte sequence for encoding "{e}": {v}
character with byte sequence {v} in encoding "{e}" has no equivalent in encoding "{e}"
more than one row returned by a subquery used as an expression
query returned no rows
query returned more than one row
assertion failed
query has no destination for result data
control reached end of function without RETURN
case not found
ON CONFLICT DO UPDATE command cannot affect row a second time
MERGE command cannot affect row a second time
array subscript out of range
LIMIT must not be negative
OFFSET must not be negative
negative substring length not allowed
cannot take logarithm of zero
cannot take logarithm of a negative number
cannot take square root of a negative number
zero raised to a negative power is undefined
range lower bound must be less than or equal to range upper bound
step size cannot equal zero
missing data for column "{n}"
extra data after last expected column
current transaction is aborted, commands ignored until end of transaction block
there is no transaction in progress
there is already a transaction in progress
could not serialize access due to concurrent update
could not serialize access due to concurrent delete
could not serialize access due to read/write dependencies among transactions
deadlock detected
could not obtain lock on row in relation "{n}"
could not obtain lock on relation "{n}"
canceling statement due to lock timeout
canceling statement due to statement timeout
canceling statement due to user request
canceling statement due to conflict with recovery
canceling autovacuum task
terminating connection due to administrator command
terminating connection due to idle-in-transaction timeout
terminating connection due to idle-session timeout
terminating connection due to transaction timeout
terminating connection due to conflict with recovery
terminating connection because of crash of another server process
terminating connection due to unexpected postmaster exit
out of memory
out of shared memory
stack depth limit exceeded
syntax error at or near "{v}"
syntax error at end of input
syntax error in tsquery: "{v}"
unit "{v}" not recognized for type {t}
unit "{v}" not supported for type {t}
invalid value "{v}" for "{v}"
unrecognized encoding: "{v}"
invalid hexadecimal digit: "{v}"
unrecognized privilege type: "{v}"
could not open file "{v}" for reading: No such file or directory
could not open directory "{v}": No such file or directory
requested length too large
requested character too large for encoding: {v}
invalid memory alloc request size {v}
large object {v} does not exist
operator does not exist: {v}
percentile value {v} is not between 0 and 1
index {v} out of valid range, 0..{v}
JSON object does not contain key "{v}"
cross-database references are not implemented: "{v}"
column "{v}" specified more than once
column "{v}" specified in USING clause does not exist in left table
column "{v}" specified in USING clause does not exist in right table
{c} can only be used in transaction blocks
{c} cannot run inside a transaction block
{c} cannot be executed from a function
cannot execute {c} in a read-only transaction
cannot alter type of a column used by a view or rule
cannot alter type of a column used in a trigger definition
cannot alter type of a column used in a policy definition
unsupported XML feature
invalid XML content
invalid XML document
cached plan must not change result type
tuple concurrently updated
tuple concurrently deleted
tuple to be updated was already modified by an operation triggered by the current command
lastval is not yet defined in this session
currval of sequence "{n}" is not yet defined in this session
nextval: reached maximum value of sequence "{n}" ({v})
nextval: reached minimum value of sequence "{n}" ({v})
cannot refresh materialized view "{n}" concurrently
materialized view "{n}" has not been populated
cannot insert a non-DEFAULT value into column "{n}"
column "{n}" can only be updated to DEFAULT
cannot delete from view "{n}"
cannot insert into view "{n}"
cannot update view "{n}"
unrecognized configuration parameter "{v}"
invalid value for parameter "{n}": "{v}"
parameter "{n}" requires a Boolean value
cannot drop {k} {n} because other objects depend on it
cannot drop table {n} because other objects depend on it
drop cascades to {k} {n}
{k} "{v}" of relation "{n}" does not exist
{k} "{v}" of relation "{n}" does not exist, skipping
{k} "{v}" for table "{n}" does not exist
{k} "{v}" for relation "{n}" does not exist
{k} "{v}" does not exist
{k} "{v}" does not exist, skipping
{k} {v} does not exist
{k} "{v}" of relation "{n}" already exists
{k} "{v}" of relation "{n}" already exists, skipping
{k} "{v}" for relation "{n}" already exists
{k} "{v}" already exists
{k} "{v}" already exists, skipping
{k} {v} already exists with same argument types
""")
"""What a message says (field M). What does not exist is a value: no name of the catalogue is meant."""

DETAILS = _table("""
A field with precision {d}, scale {d} must round to an absolute value less than {v}.
Command was canceled by a lock timeout.
Junk after closing right brace.
{k} {n} depends on {k} {n}
{k} {n} on {k} {n} depends on {k} {n}
{k} {n} depends on column "{n}"
{k} {n} on {k} {n} depends on column "{n}"
{k} {n} on {k} {n} depends on {k} {n} of {k} {n}
{k} {n} depends on {k} {n} of {k} {n}
drop cascades to {k} {n}
drop cascades to {k} {n} on {k} {n}
This functionality requires the server to be built with libxml support.
The server process has terminated or been killed.
""")
"""Beside keys and rows (field D). Most others tell of a value where and how it is malformed, and are left out."""

HINTS = _table("""
The transaction might succeed if retried.
Use DROP ... CASCADE to drop the dependent objects too.
See server log for query details.
Perhaps you need a different "datestyle" setting.
Perhaps you need a different "DateStyle" setting.
In a moment you should be able to reconnect to the database and repeat your command.
Ensure that no rows proposed for insertion within the same command have duplicate constrained values.
Ensure that not more than one source row matches any one target row.
If you want to discard the results of a SELECT, use PERFORM instead.
Make sure the query returns a single row, or use LIMIT 1.
Use CREATE UNIQUE INDEX to create a unique index on the materialized view.
You might need to add explicit type casts.
""")
"""What to do (field H)."""

FRAMES = _table("""
PL/pgSQL function {n} line {d} at SQL statement
PL/pgSQL function {n} line {d} at RAISE
PL/pgSQL function {n} line {d} at ASSERT
PL/pgSQL function {n} line {d} at assignment
PL/pgSQL function {n} line {d} at RETURN
PL/pgSQL function {n} line {d} at RETURN NEXT
PL/pgSQL function {n} line {d} at RETURN QUERY
PL/pgSQL function {n} line {d} at EXECUTE
PL/pgSQL function {n} line {d} at PERFORM
PL/pgSQL function {n} line {d} at CALL
PL/pgSQL function {n} line {d} at IF
PL/pgSQL function {n} line {d} at CASE
PL/pgSQL function {n} line {d} at LOOP
PL/pgSQL function {n} line {d} at WHILE
PL/pgSQL function {n} line {d} at FOR with integer loop variable
PL/pgSQL function {n} line {d} at FOR over SELECT rows
PL/pgSQL function {n} line {d} at FOR over cursor
PL/pgSQL function {n} line {d} at FOR over EXECUTE statement
PL/pgSQL function {n} line {d} at FOREACH over array
PL/pgSQL function {n} line {d} at OPEN
PL/pgSQL function {n} line {d} at FETCH
PL/pgSQL function {n} line {d} at MOVE
PL/pgSQL function {n} line {d} at CLOSE
PL/pgSQL function {n} line {d} at statement block
PL/pgSQL function {n} line {d} during statement block local variable initialization
PL/pgSQL function {n} line {d} during statement block entry
PL/pgSQL function {n} line {d} during statement block exit
PL/pgSQL function {n} during function entry
PL/pgSQL function {n} during function exit
PL/pgSQL function {n} while casting return value to function's return type
PL/pgSQL function {n} while storing call arguments into local variables
SQL function "{n}" statement {d}
SQL function "{n}" during inlining
SQL function "{n}" during startup
SQL function "{n}"
SQL statement "{v}"
SQL expression "{v}"
PL/pgSQL expression "{v}"
PL/pgSQL assignment "{v}"
COPY {n}, line {d}, column {n}: "{v}"
COPY {n}, line {d}, column {n}: null input
COPY {n}, line {d}: "{v}"
COPY {n}, line {d}
while updating tuple ({v},{v}) in relation "{n}"
while deleting tuple ({v},{v}) in relation "{n}"
while locking tuple ({v},{v}) in relation "{n}"
while locking updated version ({v},{v}) of tuple in relation "{n}"
while rechecking updated tuple ({v},{v}) in relation "{n}"
while checking uniqueness of tuple ({v},{v}) in relation "{n}"
while checking exclusion constraint on tuple ({v},{v}) in relation "{n}"
while inserting index tuple ({v},{v}) in relation "{n}"
parallel worker
""")
"""Lines of a context (field W), the innermost first."""

TYPES = frozenset(
    {
        *("boolean", "smallint", "integer", "bigint", "numeric", "real", "double precision", "money", "text", "character varying"),
        *("character", "name", "bytea", "date", "time", "time with time zone", "time without time zone", "timestamp", "interval"),
        *(
            "timestamp with time zone",
            "timestamp without time zone",
            "bit",
            "bit varying",
            "uuid",
            "json",
            "jsonb",
            "jsonpath",
            "xml",
        ),
        *(
            "inet",
            "cidr",
            "macaddr",
            "macaddr8",
            "point",
            "line",
            "lseg",
            "box",
            "path",
            "polygon",
            "circle",
            "tsvector",
            "tsquery",
        ),
        *(
            "oid",
            "xid",
            "xid8",
            "cid",
            "tid",
            "regclass",
            "regproc",
            "regprocedure",
            "regoper",
            "regoperator",
            "regtype",
            "regrole",
        ),
        *("regnamespace", "regconfig", "regdictionary", "regcollation", "pg_lsn", "pg_snapshot", "txid_snapshot", "record", "void"),
        *(
            "trigger",
            "anyelement",
            "anyarray",
            "unknown",
            "cstring",
            "refcursor",
            "bpchar",
            "varchar",
            "int2",
            "int4",
            "int8",
            "oidvector",
        ),
        *("int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange", "hstore", "citext", "ltree", "cube", "isbn"),
        *('"char"', "int2vector", "float4", "float8", "bool", "timestamptz", "timetz", "varbit", "decimal"),
    }
)
"""As the server prints those of its own, and of extensions that come with it; without `[]`."""

ENCODINGS = frozenset(
    {
        *("SQL_ASCII", "UTF8", "MULE_INTERNAL", "BIG5", "EUC_CN", "EUC_JIS_2004", "EUC_JP", "EUC_KR", "EUC_TW", "GB18030", "GBK"),
        *("ISO_8859_5", "ISO_8859_6", "ISO_8859_7", "ISO_8859_8", "JOHAB", "KOI8R", "KOI8U", "SHIFT_JIS_2004", "SJIS", "UHC"),
        *(f"LATIN{n}" for n in range(1, 11)),
        *(f"WIN{n}" for n in (866, 874, *range(1250, 1259))),
    }
)
"""As the server prints them."""
