"""What a PL/pgSQL body holds: its variables, and the SQL in it, piece by piece. Pure values.

Places are in characters of the body, from `start` up to `end`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from nightporter.statement.model import Doubt


class Kind(StrEnum):
    """What the text of a piece is."""

    STATEMENT = "statement"  # SQL, run as it is; of dynamic pieces it may be several
    QUERY = "query"  # SQL whose rows PL/pgSQL takes
    EXPRESSION = "expression"  # what may follow SELECT, up to its LIMIT and locking clauses
    CURSOR = "cursor"  # no text: a cursor is opened, moved, read or closed
    DIAGNOSTICS = "diagnostics"  # no text: what the last statement or error says goes into variables


class Role(StrEnum):
    """What becomes of a piece's result."""

    DISCARDED = "discarded"
    RETURNED = "returned"  # to the function's caller
    ASSIGNED = "assigned"  # to `targets`
    LOOPED = "looped"  # to `targets`, time and again
    CONDITION = "condition"  # it decides what runs next
    RAISED = "raised"  # sent to the client, or into a handler
    BOUND = "bound"  # to `cursor`, which runs it when it is opened or looped over
    EXECUTED = "executed"  # it is SQL text, and runs
    ARGUMENT = "argument"  # of a cursor, of USING, of a FETCH, or the place in an array that is assigned to


class Sort(StrEnum):
    """What kind of variable it is."""

    VALUE = "value"  # declared with a type, which may be a row's or record
    CURSOR = "cursor"  # declared with a query
    ALIAS = "alias"
    COUNTER = "counter"  # of an integer FOR loop: integer
    ROW = "row"  # of a loop over a cursor: record
    CURSOR_ARGUMENT = "cursor argument"  # visible in the cursor's query only
    FOUND = "found"  # boolean
    CAUGHT = "caught"  # SQLSTATE and SQLERRM of a handler: text, out of anything that failed


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that the body makes. Parameters, NEW, OLD and TG_... are the caller's business."""

    name: str
    """Folded and cut, as the server stores it."""
    sort: Sort
    type: str
    """As written, such as `numeric(10,2)`, `t.a%TYPE`, `"T"%ROWTYPE`; empty for an alias."""
    start: int
    """Visible in the pieces that begin here or later,"""
    end: int
    """and before this."""
    scope: int = 0
    """Number of the block, loop or cursor that makes it; of two that are visible, the higher is the inner one."""
    label: str | None = None
    """Of the block or loop that makes it, which may qualify it; of a cursor's argument, the cursor's name."""
    constant: bool = False
    not_null: bool = False
    stands_for: tuple[str, ...] = ()
    """Of an alias: the name, of up to three parts, that it is another name of; `$1` is a parameter."""
    collation: str = ""
    """As written."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that the body runs."""

    kind: Kind
    role: Role
    text: str
    """As in the body from `start` on, of the same length, but with blanks for an INTO clause and SELECT for PERFORM.

    A `detached` piece has a text of its own. Empty where `dynamic` is set: it is built when it runs.
    """
    start: int
    end: int
    targets: tuple[tuple[str, ...], ...] = ()
    """Variables, and fields of such, that the result goes to: names of one or several parts, folded."""
    strict: bool = False
    """INTO STRICT."""
    dynamic: bool = False
    """The text is made at run time, from the EXECUTED piece of the same place."""
    detached: bool = False
    """Run by EXECUTE: it sees no variable of the body, and its $1 are the arguments of USING. Dynamic, or a constant."""
    cursor: tuple[str, ...] = ()
    """The cursor variable that is bound, opened, looped over, read, moved or closed."""
    compares: bool = False
    """WHEN of a CASE that has a value: the server evaluates `value IN (text)`."""

    @property
    def sql(self) -> str:
        """What the SQL grammar reads: the text, after SELECT if it is an expression."""
        return "SELECT " + self.text if self.kind is Kind.EXPRESSION else self.text

    @property
    def offset(self) -> int:
        """Where in the body the first character of `sql` would stand; means nothing for a detached piece."""
        return self.start - 7 if self.kind is Kind.EXPRESSION else self.start


@dataclass(frozen=True, slots=True)
class Body:
    """All of a body. If there are doubts, there may be more in it than is told here."""

    variables: tuple[Variable, ...]
    pieces: tuple[Piece, ...]
    """In the order in which they end."""
    doubts: tuple[Doubt, ...]
    labels: frozenset[str] = frozenset()
    """Of its blocks and loops."""
    conflict: str | None = None
    """`use_variable`, `use_column` or `error` for a name that is both; None: as the server is set, where `error` is the default."""
    _by_name: Mapping[str, _Homonyms] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name: dict[str, _Homonyms] = {}
        for variable in sorted(self.variables, key=_begins):
            by_name.setdefault(variable.name, _Homonyms()).add(variable)
        object.__setattr__(self, "_by_name", by_name)

    @property
    def dynamic(self) -> bool:
        """Whether it runs text that is made at run time, or may."""
        return bool(self.doubts) or any(piece.dynamic for piece in self.pieces)

    def visible(self, at: int) -> dict[str, Variable]:
        """The variables that a piece which begins at `at` sees by their bare names."""
        return {name: found for name in self._by_name if (found := next(self._seen(name, at), None)) is not None}

    def variable(self, names: Sequence[str], at: int) -> Variable | None:
        """The variable that `names` mean to a piece which begins at `at`, if what could have fields has them; or None."""
        return next((variable for variable, _ in self.candidates(names, at)), None)

    def candidates(self, names: Sequence[str], at: int) -> list[tuple[Variable, int]]:
        """The variables that `names` may mean to a piece which begins at `at`, and how many of the names each takes.

        `(v)`, `(label, v)`, `(record, field)`, `(label, record, field)`; in the order in which the server looks. It passes over
        one that leaves a name over and has no fields, which only its type can tell. None: not one of the body's own.
        """
        found = [(each, 1) for each in self._seen(names[0], at)]
        if len(names) > 1:
            found += [(each, 2) for each in self._seen(names[1], at) if each.label == names[0]]
        found.sort(key=lambda each: (-each[0].scope, each[1]))
        return [(each, taken) for each, taken in found if taken == len(names) or each.sort in _WITH_FIELDS]

    def _seen(self, name: str, at: int) -> Iterator[Variable]:
        homonyms = self._by_name.get(name)
        return iter(()) if homonyms is None else homonyms.seen(at)


_WITH_FIELDS = frozenset({Sort.VALUE, Sort.ALIAS, Sort.ROW, Sort.CURSOR_ARGUMENT})


def _begins(variable: Variable) -> int:
    return variable.start


class _Homonyms:
    """Variables of one name, in the order in which they begin. Scopes nest, so they do."""

    __slots__ = ("outer", "starts", "variables")

    def __init__(self) -> None:
        self.variables: list[Variable] = []
        self.starts: list[int] = []
        self.outer: list[int] = []
        """For each, the index of the one around it; -1 for none."""

    def add(self, variable: Variable) -> None:
        outer = len(self.variables) - 1
        while outer >= 0 and self.variables[outer].end <= variable.start:
            outer = self.outer[outer]
        self.outer.append(outer)
        self.variables.append(variable)
        self.starts.append(variable.start)

    def seen(self, at: int) -> Iterator[Variable]:
        """Innermost first. What has ended is passed over with all that stands beside it."""
        index = bisect_right(self.starts, at) - 1
        while index >= 0:
            if at < self.variables[index].end:
                yield self.variables[index]
            index = self.outer[index]
