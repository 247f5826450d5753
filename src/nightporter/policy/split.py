"""A file of policies, cut into policies. Pure.

Cedar gives no positions and reads a file whole or not at all. Here each policy is found by itself, so that an error can name its
place and its id, and so that one broken policy does not hide the errors of the next. Only tokens are told apart: comments, strings
and the rest. Cedar has no `;` but the one that ends a policy, so the first one outside of strings and comments ends it, whatever
brackets are open.

What Cedar's parser cannot bear is refused before it sees it: it is recursive, and deep nesting ends the process.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from nightporter.core.error import PolicyError

MAX_FILE_BYTES = 1024 * 1024
"""Of one file, in UTF-8: thousands of policies. More is a mistake, such as a dump in the wrong folder."""
MAX_POLICIES = 5_000
"""In all files together. Every one is looked at for every new kind of question."""
MAX_NESTING = 32
"""Brackets in brackets. Cedar's parser overflows an 8 MiB stack between 500 and 1,000 of them."""
MAX_OPERATORS = 1_000
"""In one policy, not counting commas: each `&&` may nest one deeper. Cedar bears 4,000."""
MAX_TOKENS = 50_000
"""In one policy: a list of ten thousand entities."""

_TOKEN = re.compile(
    r"""
    (?P<space> \s+ | //[^\r\n]* )
  | (?P<string> "(?:\\[^\r\n] | [^"\\\r\n])*" )
  | (?P<name> [A-Za-z_][A-Za-z0-9_]* )
  | (?P<number> [0-9]+ )
  | (?P<mark> && | \|\| | [=!<>]= | :: | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_LINE = re.compile(r"\r\n|\r|\n")
_TO_END_OF_LINE = re.compile(r"[^\r\n]*")
# What cannot be seen, or makes a line look like another one: controls, those of direction too, spaces without width, halves of
# characters.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_OPERATORS = frozenset(("&&", "||", "+", "-", "*", "!", ".", "if", "has", "[", "=="))


class Token(NamedTuple):
    """A piece of text that means something."""

    kind: str
    """string, name, number or mark; while a file is cut, open string: up to the end of its line"""
    text: str
    start: int
    """In characters from the beginning of the file."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file, for people: both from 1, in characters."""

    line: int
    column: int


class Lines:
    """Finds places in a text; a line ends with LF, CR LF or CR."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in _LINE.finditer(text))]

    def at(self, offset: int) -> Place:
        line = bisect_right(self._starts, offset)
        return Place(line, offset - self._starts[line - 1] + 1)


@dataclass(frozen=True, slots=True)
class Piece:
    """The text of one policy, from its first annotation to its `;`."""

    text: str
    start: int
    tokens: tuple[Token, ...]
    """At least one, the last is the `;`."""
    place: Place


def split(file: str, text: str) -> tuple[tuple[Piece, ...], tuple[PolicyError, ...]]:
    """The policies in a text, and what is wrong with it beside them. What stands between two pieces is comments and space.

    A piece with an error is left out, and those behind it are found. A byte order mark at the beginning is passed over.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_FILE_BYTES:
        return (), (PolicyError(f"the file is larger than {MAX_FILE_BYTES} bytes", file, 1, 1),)
    start = 1 if text.startswith("\ufeff") else 0
    lines = Lines(text)
    hidden = _HIDDEN.search(text, start)
    if hidden:
        at = lines.at(hidden.start())
        return (), (PolicyError(f"a character that cannot be seen: U+{ord(hidden[0]):04X}", file, at.line, at.column),)
    return _Cutter(file, text, lines).cut(start)


class _Cutter:
    def __init__(self, file: str, text: str, lines: Lines) -> None:
        self.file, self.text, self.lines = file, text, lines
        self.pieces: list[Piece] = []
        self.errors: list[PolicyError] = []

    def cut(self, start: int) -> tuple[tuple[Piece, ...], tuple[PolicyError, ...]]:
        tokens: list[Token] = []
        broken = False
        for token in self._tokens(start):
            if token.kind == "open string":
                self._error("a string that is not closed on its line", token, tokens)
                # most likely its end is what the string took in
                tokens, broken = ([], False) if token.text.rstrip().endswith(";") else (tokens, True)
                continue
            tokens.append(token)
            if token.text != ";":
                continue
            if not broken:
                self._policy(tuple(tokens))
            tokens, broken = [], False
            if len(self.pieces) > MAX_POLICIES:
                self._error(f"more than {MAX_POLICIES} policies", token)
                return (), tuple(self.errors)
        if tokens and not broken:
            self._error("a policy without a `;` at its end", tokens[0], tokens)
        return tuple(self.pieces), tuple(self.errors)

    def _tokens(self, position: int) -> Iterator[Token]:
        text, match = self.text, _TOKEN.match
        while (found := match(text, position)) is not None:
            kind = found.lastgroup or ""
            if kind == "mark" and found[0] == '"':
                found, kind = _TO_END_OF_LINE.match(text, position) or found, "open string"
            position = found.end()
            if kind != "space":
                yield Token(kind, found[0], found.start())

    def _policy(self, tokens: tuple[Token, ...]) -> None:
        first, last = tokens[0], tokens[-1]
        if first is last:
            return self._error("a `;` with no policy before it", first)
        complaint = _too_much(tokens)
        if complaint is not None:
            return self._error(complaint, first, tokens)
        text = self.text[first.start : last.start + 1]
        self.pieces.append(Piece(text, first.start, tokens, self.lines.at(first.start)))
        return None

    def _error(self, message: str, token: Token, tokens: tuple[Token, ...] | list[Token] = ()) -> None:
        at = self.lines.at(token.start)
        self.errors.append(PolicyError(message, self.file, at.line, at.column, id_in(tokens)))


def _too_much(tokens: tuple[Token, ...]) -> str | None:
    """Why Cedar must not be given this."""
    if len(tokens) > MAX_TOKENS:
        return f"a policy of more than {MAX_TOKENS} words and signs"
    depth = deepest = operators = 0
    for kind, text, _ in tokens:
        if kind == "string":
            continue
        if text in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif text in _CLOSING:
            depth -= 1
        operators += text in _OPERATORS
    if deepest > MAX_NESTING:
        return f"brackets nested more than {MAX_NESTING} deep"
    if operators > MAX_OPERATORS:
        return f"more than {MAX_OPERATORS} operators in one policy: compare with a list"
    return None


def id_in(tokens: tuple[Token, ...] | list[Token]) -> str | None:
    """What seems to be the id, for messages about what could not be read."""
    for n in range(len(tokens) - 3):
        at, name, bracket, value = (token.text for token in tokens[n : n + 4])
        if (at, name, bracket) == ("@", "id", "(") and tokens[n + 3].kind == "string":
            return value[1:-1] or None
        if at in ("permit", "forbid"):
            break
    return None
