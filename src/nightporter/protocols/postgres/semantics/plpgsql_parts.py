"""What every part of PL/pgSQL's grammar needs: the tokens ahead, the pieces found, the names in sight. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from nightporter.protocols.postgres.grammar import GrammarError, parse, string_value

from .plpgsql_body import Kind, Piece, Role, Sort, Variable
from .plpgsql_scan import END, IDENTIFIERS, STRING, WORD, Tokens

Target: TypeAlias = tuple[str, ...]

MAX_PIECES = 50_000
"""In one body: each of them will be parsed."""

ASSIGN = frozenset({":=", "="})
SEMICOLON = frozenset({";"})

OPENING = frozenset("([")
CLOSING = frozenset(")]")
_CONSTANT = frozenset({STRING, "(", ")"})
_PLAIN_SELECT = {"targetList", "limitOption", "op"}


class UnreadError(Exception):
    """A body that the server would refuse, or that we do not understand; `at` is the place, in characters."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.at = at


class Executed:
    """The text that EXECUTE runs: its place in the body, and what it says if it is a constant."""

    __slots__ = ("place", "text")

    def __init__(self, place: tuple[int, int], text: str | None) -> None:
        self.place = place
        self.text = text


class _Made:
    """A variable that the body has made. `end`: None while it can be seen."""

    __slots__ = ("cursor", "end", "hides", "variable")

    def __init__(self, variable: Variable, cursor: bool, hides: _Made | None) -> None:
        self.variable = variable
        self.cursor = cursor
        """Whether it is a cursor with a query, or another name of one."""
        self.hides = hides
        """One of the same name and scope: a handler's SQLSTATE may stand over a declared one."""
        self.end: int | None = None


class _Scope:
    """What one block, loop or cursor makes visible."""

    __slots__ = ("label", "made", "number")

    def __init__(self, label: str | None, number: int) -> None:
        self.label = label
        self.number = number
        self.made: dict[str, _Made] = {}


class Parts:
    """Reads from `self.at` on. Every method leaves it after what it has read."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.marks = tokens.marks
        self.at = 0
        self.pieces: list[Piece] = []
        self.labels: set[str] = set()
        self._scopes: list[_Scope] = [_Scope(None, 0)]
        self._scope_count = 1
        self._made: list[_Made] = []
        self._in_sight: dict[str, list[_Made]] = {}

    # tokens

    def fail(self, reason: str, at: int | None = None) -> None:
        """Raise UnreadError at a token, the next one by default."""
        raise UnreadError(reason, self.tokens.starts[min(self.at if at is None else at, len(self.marks) - 1)])

    def expect(self, *marks: str) -> None:
        for mark in marks:
            if self.marks[self.at] != mark:
                self.fail(f"`{mark}` expected")
            self.at += 1

    def word(self, ahead: int = 0) -> str:
        """The word at the next token if it is no quoted or compound name, in lower case; else empty."""
        at = self.at + ahead
        if self.marks[at] == WORD and self.tokens.compound_end(at) != at + 1:
            return ""
        return self.tokens.word(at)

    def take_word(self) -> str:
        self.at += 1
        return self.tokens.word(self.at - 1)

    def skip_word(self, word: str) -> bool:
        """Whether the next token was that word; then it is behind us."""
        if self.word() != word:
            return False
        self.at += 1
        return True

    def name(self) -> str:
        """A name of one part."""
        if self.marks[self.at] not in IDENTIFIERS or self.tokens.compound_end(self.at) != self.at + 1:
            self.fail("a name expected")
        self.at += 1
        return self.tokens.name(self.at - 1)

    def compound(self) -> Target:
        """A name of up to three parts."""
        start, self.at = self.at, self.tokens.compound_end(self.at)
        if self.at == start:
            self.fail("a variable expected")
        return self.tokens.names(start, self.at)

    def compounds(self) -> tuple[Target, ...]:
        """Such names, with commas between them."""
        found = [self.compound()]
        while self.marks[self.at] == ",":
            self.at += 1
            found.append(self.compound())
        return tuple(found)

    def construct(self, stops: frozenset[str], what: str = "an expression") -> tuple[int, int]:
        """The characters up to the first of `stops` outside brackets; that is the next token then."""
        marks = self.marks
        start = at = self.at
        depth = 0
        while True:
            mark = marks[at]
            if depth == 0 and mark in stops:
                break
            if mark in OPENING:
                depth += 1
            elif mark in CLOSING:
                depth -= 1
                if depth < 0:
                    self.fail("a bracket that nothing has opened", at)
            elif mark in (";", END):
                self.fail(f"{what} without an end", start)
            at += 1
        if at == start:
            self.fail(f"{what} expected")
        self.at = at
        return self.place(start, at)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The characters of the tokens from `start` up to `end`."""
        return self.tokens.starts[start], self.tokens.ends[end - 1]

    # pieces

    def add(
        self,
        kind: Kind,
        role: Role,
        place: tuple[int, int],
        *,
        text: str | None = None,
        targets: tuple[Target, ...] = (),
        strict: bool = False,
        cursor: Target = (),
        compares: bool = False,
    ) -> None:
        """A piece; `text` where it differs from the body's."""
        start, end = place
        if len(self.pieces) >= MAX_PIECES:
            self.fail("too many pieces")
        if text is None:
            text = self.tokens.text[start:end]
        self.pieces.append(Piece(kind, role, text, start, end, targets, strict, cursor=cursor, compares=compares))

    def expression(self, role: Role, stops: frozenset[str], targets: tuple[Target, ...] = (), *, compares: bool = False) -> None:
        self.add(Kind.EXPRESSION, role, self.construct(stops), targets=targets, compares=compares)

    def expressions(self, role: Role, stops: frozenset[str]) -> None:
        """Several with commas between them; `stops` has the comma."""
        self.expression(role, stops)
        while self.marks[self.at] == ",":
            self.at += 1
            self.expression(role, stops)

    def executed(self, stops: frozenset[str]) -> Executed:
        """The expression after EXECUTE; a piece of its own unless it is a constant."""
        start = self.at
        place = self.construct(stops)
        text = None
        if _CONSTANT.issuperset(self.marks[start : self.at]):
            text = constant(self.tokens.text[place[0] : place[1]])
        if text is None:
            self.add(Kind.EXPRESSION, Role.EXECUTED, place)
        return Executed(place, text)

    def detached(
        self,
        kind: Kind,
        role: Role,
        executed: Executed,
        *,
        targets: tuple[Target, ...] = (),
        strict: bool = False,
        cursor: Target = (),
    ) -> None:
        """The piece that EXECUTE runs."""
        start, end = executed.place
        text = executed.text
        self.pieces.append(Piece(kind, role, text or "", start, end, targets, strict, text is None, True, cursor))

    def using(self, stops: frozenset[str]) -> None:
        """The arguments of USING, if that is the next token."""
        if self.marks[self.at] == "using":
            self.at += 1
            self.expressions(Role.ARGUMENT, stops)

    # names

    def declare(
        self,
        name: str,
        sort: Sort,
        type_: str,
        start: int,
        *,
        constant: bool = False,
        not_null: bool = False,
        collation: str = "",
        stands_for: Target = (),
    ) -> None:
        """Make a variable visible from `start` to the end of the innermost scope."""
        scope = self._scopes[-1]
        if name in scope.made and sort is not Sort.CAUGHT:
            self.fail("a variable that is declared twice")
        cursor = sort is Sort.CURSOR or self.is_cursor(stands_for)
        variable = Variable(name, sort, type_, start, start, scope.number, scope.label, constant, not_null, stands_for, collation)
        made = _Made(variable, cursor, scope.made.get(name))
        scope.made[name] = made
        self._made.append(made)
        self._in_sight.setdefault(name, []).append(made)

    def enter(self, label: str | None) -> None:
        """A scope begins."""
        self._scopes.append(_Scope(label, self._scope_count))
        self._scope_count += 1

    def leave(self) -> None:
        """The innermost scope ends before the next token."""
        end = self.tokens.starts[self.at]
        for last in self._scopes.pop().made.values():
            made: _Made | None = last
            while made is not None:
                made.end = end
                self._in_sight[made.variable.name].pop()
                made = made.hides

    def is_cursor(self, names: Target) -> bool:
        """Whether the body has declared what `names` mean here as a cursor with a query."""
        if not names:
            return False
        made = self._in_sight.get(names[-1])
        if not made:
            return False
        if len(names) == 1:
            return made[-1].cursor
        return len(names) == 2 and any(each.cursor and each.variable.label == names[0] for each in made)

    def in_sight(self, name: str) -> bool:
        """Whether the body has made a variable of that name that can be seen here."""
        return bool(self._in_sight.get(name))

    def variables(self) -> tuple[Variable, ...]:
        """All that have been made so far; those in sight go on to the end of the text."""
        size = len(self.tokens.text)
        return tuple(replace(made.variable, end=size if made.end is None else made.end) for made in self._made)


def constant(expression: str) -> str | None:
    """What a string constant says, brackets around it or not; None for any other expression."""
    try:
        statements = parse(b"SELECT " + expression.encode())
    except (GrammarError, UnicodeEncodeError):
        return None  # it is a dynamic piece then
    if len(statements) != 1 or statements[0].tag != "SelectStmt" or statements[0].body.keys() != _PLAIN_SELECT:
        return None
    targets = statements[0].body["targetList"]
    target = targets[0].get("ResTarget", {}) if len(targets) == 1 else {}
    return string_value(target.get("val")) if target.keys() <= {"val", "location"} else None
