"""The statements of PL/pgSQL: where each begins, what is in it, where it ends. Pure; `plpgsql.py` says by what rules.

Theory of operation: one pass over the tokens. `open` is a stack of what has begun and not ended (blocks, IF, CASE, loops), each
with a stage that says what may come next; Every method begins at the token
`self.at` and leaves it after what it has read; no token is passed over that is not named here or within a piece. The first that
does not fit raises UnreadError, and the reading ends.
"""

from __future__ import annotations

from .plpgsql_body import Kind, Role, Sort
from .plpgsql_cursors import Cursors
from .plpgsql_parts import ASSIGN, SEMICOLON, Target
from .plpgsql_scan import END, IDENTIFIERS, NUMBER, STRING, Tokens

MAX_DEPTH = 1000
"""Blocks, loops, IF and CASE within each other."""

_LEVELS = frozenset({"exception", "warning", "notice", "info", "log", "debug"})
_OPTIONS = frozenset({"errcode", "message", "detail", "hint", "column", "constraint", "datatype", "table", "schema"})
_CONFLICTS = frozenset({"error", "use_variable", "use_column"})
_DIAGNOSTICS = frozenset(
    {
        "row_count",
        "pg_routine_oid",
        "pg_context",
        "pg_exception_detail",
        "pg_exception_hint",
        "pg_exception_context",
        "column_name",
        "constraint_name",
        "pg_datatype_name",
        "message_text",
        "table_name",
        "schema_name",
        "returned_sqlstate",
    }
)


_DEFINITIONS = {"rule": "rule", "function": "routine", "procedure": "routine"}


class _Open:
    """A construct that has begun. `stage`: body, or what its kind makes of it (else, handlers, handler, when)."""

    __slots__ = ("compares", "kind", "stage")

    def __init__(self, kind: str, stage: str = "body", *, compares: bool = False) -> None:
        self.kind = kind
        self.stage = stage
        self.compares = compares


class Reader(Cursors):
    """Reads one body, once."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__(tokens)
        self.open: list[_Open] = []
        self.conflict: str | None = None

    # the whole

    def body(self) -> None:
        """Read all of it. Raises UnreadError."""
        self.declare("found", Sort.FOUND, "boolean", 0)
        self.compiler_options()
        self.block(self.label())
        while self.open:
            self.statement()
        if self.marks[self.at] == ";":
            self.at += 1
        if self.marks[self.at] != END:
            self.fail("something after the last END")

    def compiler_options(self) -> None:
        while self.marks[self.at] == "#":
            self.at += 1
            option = self.take_word()
            value = self.take_word()
            if option == "variable_conflict" and value in _CONFLICTS:
                self.conflict = value
            elif (option, value) not in {("option", "dump"), ("print_strict_params", "on"), ("print_strict_params", "off")}:
                self.fail("an unknown option", self.at - 1)

    def block(self, label: str | None) -> None:
        """From DECLARE or BEGIN on, as far as its first statement."""
        self.enter(label)
        if self.marks[self.at] == "declare":
            self.declarations()
        self.expect("begin")
        self.begun(_Open("block"))

    def begun(self, construct: _Open) -> None:
        if len(self.open) >= MAX_DEPTH:
            self.fail("nested too deeply")
        self.open.append(construct)

    def exceptions(self) -> None:
        """From EXCEPTION on."""
        self.at += 1
        start = self.tokens.ends[self.at - 1]
        self.declare("sqlstate", Sort.CAUGHT, "text", start, constant=True)
        self.declare("sqlerrm", Sort.CAUGHT, "text", start, constant=True)
        self.open[-1].stage = "handlers"

    def conditions(self) -> None:
        """Of a handler, after WHEN."""
        while True:
            if self.name() == "sqlstate":
                self.expect(STRING)
            if self.marks[self.at] != "or":
                break
            self.at += 1
        self.expect("then")

    # statements

    def statement(self) -> None:
        """The next one, or what goes on or ends what is open."""
        mark = self.marks[self.at]
        innermost = self.open[-1]
        if mark == "when":
            self.when(innermost)
        elif innermost.stage in ("when", "handlers"):
            self.fail("`when` expected")
        elif mark in IDENTIFIERS:
            self.named(innermost)
        elif mark in ("<<", "begin", "declare", "loop", "while", "for", "foreach"):
            self.labeled()
        elif mark == "end":
            self.end(innermost)
        elif mark == "else":
            if innermost.kind not in ("if", "case") or innermost.stage != "body":
                self.fail("ELSE without a beginning")
            innermost.stage = "else"
            self.at += 1
        elif mark == "if":
            self.at += 1
            self.expression(Role.CONDITION, frozenset({"then"}))
            self.expect("then")
            self.begun(_Open("if"))
        elif mark == "case":
            self.case()
        elif mark == "execute":
            self.execute()
        elif mark == "null":
            self.expect("null", ";")
        else:
            self.fail("a statement expected")

    def when(self, innermost: _Open) -> None:
        if innermost.kind == "case" and innermost.stage in ("when", "body"):
            self.at += 1
            self.expression(Role.CONDITION, frozenset({"then"}), compares=innermost.compares)
            self.expect("then")
            innermost.stage = "body"
        elif innermost.kind == "block" and innermost.stage in ("handlers", "handler"):
            self.at += 1
            self.conditions()
            innermost.stage = "handler"
        else:
            self.fail("WHEN without a beginning")

    def case(self) -> None:
        self.at += 1
        compares = self.marks[self.at] != "when"
        if compares:
            self.expression(Role.CONDITION, frozenset({"when"}))
        self.begun(_Open("case", "when", compares=compares))

    def end(self, innermost: _Open) -> None:
        self.at += 1
        kind = innermost.kind
        if kind != "block":
            self.expect(kind)
        if kind in ("block", "loop"):
            if self.marks[self.at] in IDENTIFIERS:
                self.name()
            self.leave()
        self.open.pop()
        if kind != "block" or self.open:
            self.expect(";")

    def labeled(self) -> None:
        """A block or a loop."""
        label = self.label()
        mark = self.marks[self.at]
        if mark in ("begin", "declare"):
            self.block(label)
            return
        self.at += 1
        self.enter(label)
        if mark == "while":
            self.expression(Role.CONDITION, frozenset({"loop"}))
        elif mark == "for":
            self.for_()
        elif mark == "foreach":
            self.foreach()
        elif mark != "loop":
            self.fail("a block or a loop expected", self.at - 1)
        if mark != "loop":
            self.expect("loop")
        self.begun(_Open("loop"))

    def for_(self) -> None:
        """FOR in its four forms, as far as LOOP."""
        targets = self.compounds()
        self.expect("in")
        if self.marks[self.at] == "execute":
            self.at += 1
            executed = self.executed(frozenset({"loop", "using"}))
            self.using(frozenset({",", "loop"}))
            self.detached(Kind.QUERY, Role.LOOPED, executed, targets=targets)
            return
        end = self.tokens.compound_end(self.at)
        if end > self.at and self.is_cursor(names := self.tokens.names(self.at, end)):
            start, self.at = self.at, end
            self.cursor_arguments()
            self.add(Kind.CURSOR, Role.LOOPED, self.place(start, self.at), text="", targets=targets, cursor=names)
            self.loop_variable(targets, Sort.ROW, "record")
            return
        reverse = self.skip_word("reverse")
        place = self.construct(frozenset({"..", "loop"}))
        if self.marks[self.at] == "loop":
            if reverse:
                self.fail("a query that is to run in reverse")
            self.add(Kind.QUERY, Role.LOOPED, place, targets=targets)
            return
        self.add(Kind.EXPRESSION, Role.LOOPED, place, targets=targets)
        self.at += 1
        self.expression(Role.LOOPED, frozenset({"loop", "by"}), targets)
        if self.marks[self.at] == "by":
            self.at += 1
            self.expression(Role.LOOPED, frozenset({"loop"}), targets)
        self.loop_variable(targets, Sort.COUNTER, "integer")

    def loop_variable(self, targets: tuple[Target, ...], sort: Sort, type_: str) -> None:
        """The loop's own, visible in its body."""
        if len(targets) != 1:
            self.fail("one loop variable expected")
        # of a compound name the server makes one name, which nothing can mean
        self.declare(".".join(targets[0]), sort, type_, self.tokens.starts[self.at])

    def foreach(self) -> None:
        targets = self.compounds()
        if self.skip_word("slice"):
            self.expect(NUMBER)
        self.expect("in")
        if not self.skip_word("array"):
            self.fail("`array` expected")
        self.expression(Role.LOOPED, frozenset({"loop"}), targets)

    # statements that begin with a word that is not reserved

    def named(self, innermost: _Open) -> None:
        following = self.marks[self.at + 1]
        word = self.tokens.word(self.at)
        if following in (
            ":=",
            "=",
            "[",
            ".",
        ):  # with these, no word begins a statement that could run, whatever variables there are
            if word in ("elsif", "elseif") and not self.in_sight(word):  # but this one would not end with a semicolon
                self.fail("a variable expected")
            self.assignment()
            return
        if word == "exception" and innermost.kind == "block" and innermost.stage == "body":
            self.exceptions()
        elif word in ("elsif", "elseif") and innermost.kind == "if" and innermost.stage == "body":
            self.at += 1
            self.expression(Role.CONDITION, frozenset({"then"}))
            self.expect("then")
        elif word in ("exception", "elsif", "elseif"):
            self.fail(f"{word.upper()} without a beginning")
        elif (method := _METHODS.get(word)) is not None:
            method(self)
        else:
            self.sql(word)

    def assignment(self) -> None:
        names: list[str] = [self.tokens.name(self.at)]
        self.at += 1
        while self.marks[self.at] not in ASSIGN:
            if self.marks[self.at] == ".":
                part = self.marks[self.at + 1]
                if part not in IDENTIFIERS and not self.tokens.word(self.at + 1):
                    self.fail("a field expected")
                names.append(self.tokens.name(self.at + 1))
                self.at += 2
            elif self.marks[self.at] == "[":
                self.subscript()
            else:
                self.fail("an assignment expected")
        self.at += 1
        self.expression(Role.ASSIGNED, SEMICOLON, (tuple(names),))
        self.expect(";")

    def subscript(self) -> None:
        """`[a]`, or `[a:b]` where either may be left out."""
        self.at += 1
        if self.marks[self.at] != ":":
            self.expression(Role.ARGUMENT, frozenset({":", "]"}))
        if self.marks[self.at] == ":":
            self.at += 1
            if self.marks[self.at] != "]":
                self.expression(Role.ARGUMENT, frozenset({"]"}))
        self.expect("]")

    def sql(self, first: str) -> None:
        """A statement of SQL, up to its semicolon, with what INTO names taken out of it."""
        tokens, marks = self.tokens, self.marks
        start = self.at
        into: tuple[int, int] | None = None
        targets: tuple[Target, ...] = ()
        strict = False
        defines = self.definition(first)
        before = ""  # the last token, if it is a word by itself
        depth = begun = 0
        while True:
            mark = marks[self.at]
            if mark == ";":
                if depth == 0 and begun == 0:
                    break
                # Older versions end the statement here, which then does not parse. In any other, so would newer ones.
                if depth > 0 and defines != "rule":
                    self.fail("a semicolon within brackets")
            elif mark == END:
                self.fail("a statement without an end", start)
            elif mark == "(":
                depth += 1
            elif mark == ")":
                depth = max(0, depth - 1)
            elif defines == "routine" and mark in ("begin", "case", "end"):
                begun = self.nested(mark, begun)
            elif mark == "into" and first != "import" and not self.continues(first, before, start):
                if into is not None:
                    self.fail("INTO twice")
                beginning = tokens.starts[self.at]
                self.at += 1
                strict = marks[self.at] == "strict"
                self.at += strict
                targets = self.compounds()
                into = beginning, tokens.starts[self.at]
                before = ""
                continue
            end = tokens.compound_end(self.at)
            before = tokens.word(self.at) if end <= self.at + 1 else ""
            self.at = max(end, self.at + 1)
        place = self.place(start, self.at)
        text = tokens.text[place[0] : place[1]]
        if into is not None:
            head, tail = into[0] - place[0], into[1] - place[0]
            text = (text[:head] + " " * (tail - head) + text[tail:])[: len(text)]
        self.add(Kind.STATEMENT, Role.ASSIGNED if targets else Role.DISCARDED, place, text=text, targets=targets, strict=strict)
        self.at += 1

    def continues(self, first: str, before: str, start: int) -> bool:
        """Whether the INTO that is next belongs to INSERT or MERGE, which stands before it."""
        if before not in ("insert", "merge"):
            return False
        if self.at != start + 2 or first in ("insert", "merge"):
            return True
        # The second word of other statements is a variable if there is one of that name; parameters are not known here
        if self.in_sight(before):
            return False
        if first != "explain":
            self.fail("INSERT or MERGE where a variable may be", start)
        return True

    def definition(self, first: str) -> str:
        """What kind of definition holds statements with semicolons, if this is one: `rule` or `routine`."""
        if first != "create":
            return ""
        at = self.at + 1
        if self.tokens.word(at) == "or" and self.tokens.word(at + 1) == "replace":
            at += 2
        return _DEFINITIONS.get(self.tokens.word(at), "")

    def nested(self, mark: str, begun: int) -> int:
        """How deep the next token stands in a routine's BEGIN ATOMIC, of which CASE and its END are a part."""
        if mark == "begin":
            if self.tokens.word(self.at + 1) != "atomic":
                self.fail("BEGIN that only newer versions count")
            return begun + 1
        if begun == 0:
            return 0
        return begun + 1 if mark == "case" else begun - 1

    def plain(self) -> None:
        """CALL and DO: SQL as it stands."""
        self.add(Kind.STATEMENT, Role.DISCARDED, self.construct(SEMICOLON, "a statement"))
        self.at += 1

    def transaction(self) -> None:
        start = self.at
        self.at += 1
        if self.skip_word("and"):
            self.skip_word("no")
            if not self.skip_word("chain"):
                self.fail("`chain` expected")
        self.expect(";")
        self.add(Kind.STATEMENT, Role.DISCARDED, self.place(start, self.at - 1))

    def perform(self) -> None:
        place = self.construct(SEMICOLON, "a statement")
        text = self.tokens.text[place[0] : place[1]]
        self.add(Kind.QUERY, Role.DISCARDED, place, text=" SELECT" + text[7:])
        self.at += 1

    def return_(self) -> None:
        self.at += 1
        if self.skip_word("next"):
            if self.marks[self.at] != ";":
                self.expression(Role.RETURNED, SEMICOLON)
        elif self.skip_word("query"):
            if self.marks[self.at] == "execute":
                self.at += 1
                executed = self.executed(frozenset({";", "using"}))
                self.using(frozenset({",", ";"}))
                self.detached(Kind.QUERY, Role.RETURNED, executed)
            else:
                self.add(Kind.QUERY, Role.RETURNED, self.construct(SEMICOLON, "a query"))
        elif self.marks[self.at] != ";":
            self.expression(Role.RETURNED, SEMICOLON)
        self.expect(";")

    def execute(self) -> None:
        """EXECUTE text, with INTO and USING in any order."""
        self.at += 1
        executed = self.executed(frozenset({"into", "using", ";"}))
        targets: tuple[Target, ...] = ()
        strict = used = False
        while self.marks[self.at] != ";":
            if self.marks[self.at] == "into" and not targets:
                self.at += 1
                strict = self.marks[self.at] == "strict"
                self.at += strict
                targets = self.compounds()
            elif self.marks[self.at] == "using" and not used:
                used = True
                self.using(frozenset({",", ";", "into"}))
            else:
                self.fail("`;` expected")
        self.detached(Kind.STATEMENT, Role.ASSIGNED if targets else Role.DISCARDED, executed, targets=targets, strict=strict)
        self.at += 1

    def raise_(self) -> None:
        self.at += 1
        if self.marks[self.at] == ";":
            self.at += 1
            return
        if self.word() in _LEVELS:
            self.at += 1
        if self.marks[self.at] == STRING:
            self.at += 1
            while self.marks[self.at] == ",":
                self.at += 1
                self.expression(Role.RAISED, frozenset({",", ";", "using"}))
        elif self.skip_word("sqlstate"):
            self.expect(STRING)
        elif self.marks[self.at] != "using":
            self.name()
        if self.marks[self.at] == "using":
            while True:
                self.at += 1
                if self.word() not in _OPTIONS:
                    self.fail("an option of RAISE expected")
                self.at += 1
                if self.marks[self.at] not in ASSIGN:
                    self.fail("`=` expected")
                self.at += 1
                self.expression(Role.RAISED, frozenset({",", ";"}))
                if self.marks[self.at] == ";":
                    break
        self.expect(";")

    def assert_(self) -> None:
        self.at += 1
        self.expression(Role.CONDITION, frozenset({",", ";"}))
        if self.marks[self.at] == ",":
            self.at += 1
            self.expression(Role.RAISED, SEMICOLON)
        self.expect(";")

    def exit(self) -> None:
        """EXIT and CONTINUE."""
        self.at += 1
        if self.marks[self.at] in IDENTIFIERS:
            self.name()
        if self.marks[self.at] == "when":
            self.at += 1
            self.expression(Role.CONDITION, SEMICOLON)
        self.expect(";")

    def diagnostics(self) -> None:
        """GET DIAGNOSTICS."""
        start = self.at
        self.at += 1
        if self.word() in ("current", "stacked"):
            self.at += 1
        if not self.skip_word("diagnostics"):
            self.fail("`diagnostics` expected")
        targets = []
        while True:
            targets.append(self.compound())
            if self.marks[self.at] not in ASSIGN:
                self.fail("`=` expected")
            self.at += 1
            if self.word() not in _DIAGNOSTICS:
                self.fail("an item of diagnostics expected")
            self.at += 1
            if self.marks[self.at] != ",":
                break
            self.at += 1
        self.expect(";")
        self.add(Kind.DIAGNOSTICS, Role.ASSIGNED, self.place(start, self.at - 1), text="", targets=tuple(targets))


_METHODS = {
    "assert": Reader.assert_,
    "call": Reader.plain,
    "close": Reader.close,
    "commit": Reader.transaction,
    "continue": Reader.exit,
    "do": Reader.plain,
    "exit": Reader.exit,
    "fetch": Reader.fetch,
    "get": Reader.diagnostics,
    "move": Reader.fetch,
    "open": Reader.open_,
    "perform": Reader.perform,
    "raise": Reader.raise_,
    "return": Reader.return_,
    "rollback": Reader.transaction,
}
