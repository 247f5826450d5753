"""Statements of PL/pgSQL about cursors: OPEN, FETCH, MOVE, CLOSE, and the arguments of those that have some. Pure."""

from __future__ import annotations

from .plpgsql_body import Kind, Role
from .plpgsql_declarations import Declarations
from .plpgsql_parts import SEMICOLON, Target
from .plpgsql_scan import IDENTIFIERS

_NAMED = frozenset({":=", "=>"})
_DIRECTIONS = frozenset({"next", "prior", "first", "last", "absolute", "relative", "all", "forward", "backward"})
_COUNTED = frozenset({"absolute", "relative"})
_COUNTABLE = frozenset({"forward", "backward"})
_FROM = frozenset({"from", "in"})


class Cursors(Declarations):
    """Each method begins at the statement's first word."""

    def cursor_arguments(self) -> None:
        if self.marks[self.at] != "(":
            return
        while True:
            self.at += 1
            if self.marks[self.at] in IDENTIFIERS and self.marks[self.at + 1] in _NAMED:
                self.at += 2
            self.expression(Role.ARGUMENT, frozenset({",", ")"}))
            if self.marks[self.at] == ")":
                break
        self.at += 1

    def open_(self) -> None:
        start = self.at
        self.at += 1
        cursor = self.compound()
        if self.marks[self.at] in ("(", ";"):  # it has its query
            self.cursor_arguments()
            self.expect(";")
            self.add(Kind.CURSOR, Role.BOUND, self.place(start, self.at - 1), text="", cursor=cursor)
            return
        if self.skip_word("no"):
            self.skip_word("scroll")
        else:
            self.skip_word("scroll")
        self.expect("for")
        if self.marks[self.at] == "execute":
            self.at += 1
            executed = self.executed(frozenset({"using", ";"}))
            self.using(frozenset({",", ";"}))
            self.detached(Kind.QUERY, Role.BOUND, executed, cursor=cursor)
        else:
            self.add(Kind.QUERY, Role.BOUND, self.construct(SEMICOLON, "a query"), cursor=cursor)
        self.expect(";")

    def fetch(self) -> None:
        """FETCH and MOVE."""
        start = self.at
        moves = self.tokens.word(start) == "move"
        self.at += 1
        self.direction()
        cursor = self.compound()
        targets: tuple[Target, ...] = ()
        if not moves:
            self.expect("into")
            targets = self.compounds()
        self.expect(";")
        role = Role.DISCARDED if moves else Role.ASSIGNED
        self.add(Kind.CURSOR, role, self.place(start, self.at - 1), text="", targets=targets, cursor=cursor)

    def direction(self) -> None:
        """Where a cursor moves to, as far as its name."""
        word = self.word()
        if self.marks[self.at] in _FROM:
            self.at += 1
            return
        if word in _DIRECTIONS:
            self.at += 1
            if word in _COUNTED or (word in _COUNTABLE and self.marks[self.at] not in (*_FROM, "all")):
                self.expression(Role.ARGUMENT, _FROM)
            elif word in _COUNTABLE and self.marks[self.at] == "all":
                self.at += 1
        elif self.marks[self.at] in IDENTIFIERS and self.marks[self.tokens.compound_end(self.at)] in ("into", ";"):
            return
        else:
            self.expression(Role.ARGUMENT, _FROM)
        if self.marks[self.at] not in _FROM:
            self.fail("`from` expected")
        self.at += 1

    def close(self) -> None:
        start = self.at
        self.at += 1
        cursor = self.compound()
        self.expect(";")
        self.add(Kind.CURSOR, Role.DISCARDED, self.place(start, self.at - 1), text="", cursor=cursor)
