"""The tokens of a PL/pgSQL body, as the server's own scanner takes it apart. Pure.

PL/pgSQL reads its bodies with the SQL scanner and another list of reserved words, so that where a string, a name, a comment or an
operator ends is decided by "Lexical Structure" in PostgreSQL's documentation, and by nothing of PL/pgSQL's own. Versions before 15
let a number touch a word (`3LOOP`): so does this, since the others refuse such a body as a whole.

It runs once over the text, and in time that grows with its length only: no regular expression here goes back over what it has read.
"""

from __future__ import annotations

import re

RESERVED = frozenset(
    {
        "all",
        "begin",
        "by",
        "case",
        "declare",
        "else",
        "end",
        "execute",
        "for",
        "foreach",
        "from",
        "if",
        "in",
        "into",
        "loop",
        "not",
        "null",
        "or",
        "strict",
        "then",
        "to",
        "using",
        "when",
        "while",
    }
)
"""Never a variable: a token of such a word has the word itself as its mark."""

WORD = "WORD"  # not reserved, not quoted
NAME = "NAME"  # quoted
PARAMETER = "PARAMETER"  # $1
STRING = "STRING"  # '...', E'...', $x$...$x$
LITERAL = "LITERAL"  # B'...', X'...', U&'...', U&"..."
NUMBER = "NUMBER"
OPERATOR = "OPERATOR"
OTHER = "OTHER"
END = "END"  # of the text; it has no length

IDENTIFIERS = frozenset({WORD, NAME, PARAMETER})

MAX_OPERATOR = 1024
"""Characters in a run of those that make operators; the longest legal operator has 63, and longer runs are read again and again."""

_MARKED = frozenset({"=", "#", "<<", ">>", "=>"})  # operators that PL/pgSQL gives a meaning of its own
_SIGNIFICANT = frozenset("~!@#^&|`?%")  # an operator with none of these does not end in + or -
_NAME_BYTES = 63
_LOOKAHEAD = 4  # so many tokens may be looked at without asking whether there are as many

_SPACE = re.compile(r"[ \t\n\r\f]+")
_TOKEN = re.compile(
    r"""(?sx)
      (?P<quoted> [eE]' | [bBxX]' | [uU]&['"] | ['"] )
    | (?P<word> [A-Za-z_\x80-\U0010ffff] [A-Za-z0-9_$\x80-\U0010ffff]* )
    | (?P<comment> --[^\n\r]* )
    | (?P<block> /\* )
    | (?P<number> [0-9]+ (?:_[0-9]+)* (?: \.(?!\.)[0-9]* )? (?: [eE][+-]?[0-9]+ )? | \.[0-9]+ (?: [eE][+-]?[0-9]+ )? )
    | (?P<parameter> \$[0-9]+ )
    | (?P<dollar> \$ (?: [A-Za-z_\x80-\U0010ffff] [A-Za-z0-9_\x80-\U0010ffff]* )? \$ )
    | (?P<mark> :: | := | \.\. | [,()\[\].;:] )
    | (?P<operator> (?: [~!@\#^&|`?+*%<>=] | -(?!-) | /(?!\*) ){1,"""
    + str(MAX_OPERATOR + 1)
    + r"""} )
    | (?P<other> . )
    """
)
_EDGE = re.compile(r"/\*|\*/")
_PLAIN_END = {quote: re.compile(rf"{quote}+") for quote in "'\""}
_ESCAPED_STOP = re.compile(r"[\\']")
# White space with a line end in it, and comments that end with their line: what may stand between the parts of one string
_BLANK = re.compile(r"[ \t\f]*")
_LINE_COMMENT = re.compile(r"--[^\n\r]*")


class ScanError(Exception):
    """The text is no sequence of tokens; `at` is where that shows. The server refuses such a body as a whole."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.at = at


class Tokens:
    """A body in tokens: three lists of one length, with END behind the last token."""

    __slots__ = ("backslash", "ends", "failure", "marks", "starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.marks: list[str] = []
        """The reserved word in lower case, the punctuation itself, or one of the capitalized kinds above."""
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.backslash: int | None = None
        """Where the first plain string with a backslash in it begins."""
        self.failure: ScanError | None = None
        """What ended the tokens before the text ended."""
        try:
            self._scan()
        except ScanError as error:
            self.failure = error
        for _ in range(_LOOKAHEAD):
            self._add(END, len(text), len(text))

    def word(self, at: int) -> str:
        """The word at a token that is not quoted, in lower case; empty for any other token."""
        mark = self.marks[at]
        if mark == WORD:
            return fold(self.text[self.starts[at] : self.ends[at]])
        return mark if mark in RESERVED else ""

    def name(self, at: int) -> str:
        """The identifier at a token, as the server stores it: folded unless quoted, cut at 63 bytes."""
        text = self.text[self.starts[at] : self.ends[at]]
        if self.marks[at] == NAME:
            return cut(text[1:-1].replace('""', '"'))
        return cut(fold(text))

    def compound_end(self, at: int) -> int:
        """The token after the identifier at `at`, which may have up to three parts; `at` itself if there is none.

        Parts that are reserved words are not taken: `a.loop` is `a`, a dot, and LOOP.
        """
        marks = self.marks
        if marks[at] not in IDENTIFIERS:
            return at
        at += 1
        for _ in range(2):
            if marks[at] == "." and marks[at + 1] in (WORD, NAME):
                at += 2
            else:
                break
        return at

    def names(self, at: int, end: int) -> tuple[str, ...]:
        """The parts of the identifier in the tokens from `at` up to `end`."""
        return tuple(self.name(each) for each in range(at, end, 2))

    def _add(self, mark: str, start: int, end: int) -> None:
        self.marks.append(mark)
        self.starts.append(start)
        self.ends.append(end)

    def _scan(self) -> None:
        text = self.text
        size = len(text)
        at = 0
        while True:
            space = _SPACE.match(text, at)
            if space is not None:
                at = space.end()
            if at >= size:
                return
            match = _TOKEN.match(text, at)
            if match is None:  # cannot be: `other` takes any character
                raise ScanError("no token", at)
            kind, end = match.lastgroup, match.end()
            if kind == "comment":
                pass
            elif kind == "block":
                end = comment_end(text, at)
            elif kind == "word":
                word = fold(match[0])
                self._add(word if word in RESERVED else WORD, at, end)
            elif kind == "mark":
                self._add(match[0], at, end)
            elif kind == "quoted":
                end = self._quoted(at, match[0])
            elif kind == "operator":
                end = self._operator(at, match[0])
            elif kind == "dollar":
                closing = text.find(match[0], end)
                if closing < 0:
                    raise ScanError("a string without an end", at)
                end = closing + len(match[0])
                self._add(STRING, at, end)
            elif kind == "number":
                self._add(NUMBER, at, end)
            elif kind == "parameter":
                self._add(PARAMETER, at, end)
            elif match[0] in "\v\0":  # white space to PostgreSQL 16, not so before; no text holds the other
                raise ScanError("a character that versions read differently", at)
            else:
                self._add(OTHER, at, end)
            at = end

    def _operator(self, at: int, run: str) -> int:
        if len(run) > MAX_OPERATOR:
            raise ScanError("an operator that is too long", at)
        if len(run) > 1 and run[-1] in "+-" and _SIGNIFICANT.isdisjoint(run):
            run = run.rstrip("+-") or run[0]
        self._add(run if run in _MARKED else OPERATOR, at, at + len(run))
        return at + len(run)

    def _quoted(self, at: int, opening: str) -> int:
        text = self.text
        quote = opening[-1]
        escapes = opening[0] in "eE"
        end = start = at + len(opening)
        while True:
            end = _escaped_end(text, end) if escapes else _plain_end(text, end, quote)
            if quote == '"':
                break
            following = _next_part(text, end)
            if following < 0:
                break
            end = following
        if not escapes and quote == "'" and self.backslash is None and text.find("\\", start, end) >= 0:
            self.backslash = at
        mark = LITERAL if opening[0] in "bBxXuU" else NAME if quote == '"' else STRING
        if mark == NAME and end - at == 2:
            raise ScanError("a name without a letter", at)
        self._add(mark, at, end)
        return end


def fold(word: str) -> str:
    """As the server folds what is not quoted: letters of ASCII only."""
    return word.lower() if word.isascii() else "".join(each.lower() if each.isascii() else each for each in word)


def cut(name: str) -> str:
    """A name as the server keeps it: 63 bytes of UTF-8 at most, whole characters."""
    if len(name) * 4 <= _NAME_BYTES:
        return name
    return name.encode("utf-8", "replace")[:_NAME_BYTES].decode("utf-8", "ignore")


def comment_end(text: str, start: int) -> int:
    """Where the block comment that begins at `start` ends. Comments nest. Raises ScanError."""
    depth = 0
    for edge in _EDGE.finditer(text, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    raise ScanError("a comment without an end", start)


def _plain_end(text: str, at: int, quote: str) -> int:
    """After the quote that ends what has begun before `at`; two of them are one of its characters."""
    for run in _PLAIN_END[quote].finditer(text, at):
        if (run.end() - run.start()) % 2:
            return run.end()
    raise ScanError("a string without an end" if quote == "'" else "a name without an end", at)


def _escaped_end(text: str, at: int) -> int:
    while (stop := _ESCAPED_STOP.search(text, at)) is not None:
        if stop[0] == "\\" or text.startswith("'", stop.end()):
            at = stop.end() + 1
        else:
            return stop.end()
    raise ScanError("a string without an end", at)


def _next_part(text: str, at: int) -> int:
    """After the quote that begins the next part of a string that has ended at `at`; -1 if there is none."""
    line_ended = False
    while True:
        blank = _BLANK.match(text, at)
        at = blank.end() if blank is not None else at
        comment = _LINE_COMMENT.match(text, at)
        at = comment.end() if comment is not None else at
        if text.startswith(("\n", "\r"), at):
            line_ended = True
            at += 1
        elif comment is not None or not line_ended or not text.startswith("'", at):
            return -1
        else:
            return at + 1
