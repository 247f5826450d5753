"""Blocks of PL/pgSQL as far as they declare: labels, variables, cursors. Pure."""

from __future__ import annotations

from .plpgsql_body import Kind, Role, Sort
from .plpgsql_parts import ASSIGN, SEMICOLON, Parts
from .plpgsql_scan import END, WORD


class Declarations(Parts):
    """What stands between a label, or DECLARE, and BEGIN."""

    def label(self) -> str | None:
        """`<<label>>`, if that is next."""
        if self.marks[self.at] != "<<":
            return None
        self.at += 1
        label = self.name()
        self.expect(">>")
        self.labels.add(label)
        return label

    def declarations(self) -> None:
        """As far as BEGIN."""
        while self.marks[self.at] != "begin":
            if self.marks[self.at] == "declare":
                self.at += 1
            else:
                self.declaration()

    def declaration(self) -> None:
        name = self.name()
        ahead = self.word(), self.word(1), self.word(2)
        if ahead[0] == "alias":
            self.at += 1
            self.expect("for")
            stands_for = self.compound()
            self.expect(";")
            self.declare(name, Sort.ALIAS, "", self.tokens.ends[self.at - 1], stands_for=stands_for)
        elif ahead[0] in ("cursor", "scroll", "no"):
            at = 3 if ahead == ("no", "scroll", "cursor") else 2 if ahead[:2] == ("scroll", "cursor") else 1
            if ahead[at - 1] != "cursor":
                self.fail("`cursor` expected")
            self.at += at
            self.cursor(name)
        else:
            self.value(name)

    def value(self, name: str) -> None:
        constant = self.skip_word("constant")
        type_ = self.type()
        collation = ""
        if self.skip_word("collate"):
            start = self.at
            self.compound()
            collation = self.tokens.text[self.tokens.starts[start] : self.tokens.ends[self.at - 1]]
        not_null = self.marks[self.at] == "not"
        if not_null:
            self.expect("not", "null")
        if self.marks[self.at] in ASSIGN or self.word() == "default":
            self.at += 1
            self.expression(Role.ASSIGNED, SEMICOLON, ((name,),))
        self.expect(";")
        # not visible to its own default
        start = self.tokens.ends[self.at - 1]
        self.declare(name, Sort.VALUE, type_, start, constant=constant, not_null=not_null, collation=collation)

    def type(self) -> str:
        """A type as it is written. It ends before what may follow it in a declaration."""
        marks = self.marks
        start = at = self.at
        depth = 0
        while True:
            mark = marks[at]
            if mark in ASSIGN or mark in (";", "not", END) or (depth == 0 and mark in (",", ")")):
                break
            compound = self.tokens.compound_end(at)
            if at > start and mark == WORD and compound == at + 1 and self.tokens.word(at) in ("collate", "default"):
                break
            depth += (mark == "(") - (mark == ")")
            at = max(at + 1, compound)
        if at == start:
            self.fail("a type expected")
        self.at = at
        first, last = self.place(start, at)
        return self.tokens.text[first:last]

    def cursor(self, name: str) -> None:
        """A cursor's declaration, after the word CURSOR."""
        self.enter(name)
        if self.marks[self.at] == "(":
            self.at += 1
            while True:
                argument = self.name()
                self.declare(argument, Sort.CURSOR_ARGUMENT, self.type(), self.tokens.starts[self.at])
                if self.marks[self.at] != ",":
                    break
                self.at += 1
            self.expect(")")
        if self.marks[self.at] != "for" and self.word() != "is":
            self.fail("`for` expected")
        self.at += 1
        self.add(Kind.QUERY, Role.BOUND, self.construct(SEMICOLON, "a query"), cursor=(name,))
        self.leave()
        self.expect(";")
        self.declare(name, Sort.CURSOR, "refcursor", self.tokens.ends[self.at - 1])
