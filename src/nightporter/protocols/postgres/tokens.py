"""PostgreSQL's lexical rules, as far as one must know them to tell code from strings, names and comments. Pure.

It decides nothing by itself: it bounds what the parser may be given (`guard.py`), finds where a constant ends (`rewrite.py`)
and looks into text that has no syntax tree (PL/pgSQL). Follows "Lexical Structure" in PostgreSQL's documentation, and the
scanner's own treatment of any byte above 127 as a letter. Text that ends inside a string or comment ends the tokens there: the
parser refuses such a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

Token: TypeAlias = tuple[str, int, int]
"""Kind (string, name, comment, word, number, operator, open, close, comma, end, other), first byte, byte after the last."""

_LETTER = rb"[A-Za-z_\x80-\xff]"
_ESCAPED = rb"(?:[^'\\]|\\.|'')*+'"
# A string goes on after white space with a line end in it, and stays an escape string if it began as one. Each byte can be taken in
# one way only: a run of dashes that could be cut in several would take time that doubles with its length.
_CONTINUED = rb"[\ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:[\ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'"

TOKEN = re.compile(
    rb"""(?sx)
      (?P<string> [eE]'"""
    + _ESCAPED
    + rb"(?:"
    + _CONTINUED
    + _ESCAPED
    + rb""")*
      | '(?:[^']|'')*+'
      | (?P<tag> \$ (?:"""
    + _LETTER
    + rb"""[A-Za-z0-9_\x80-\xff]*)? \$ ) .*? (?P=tag) )
    | (?P<name> "(?:[^"]|"")*+" )
    | (?P<comment> --[^\n\r]* | /\*(?:[^*/]|\*(?!/)|/(?!\*))*+\*/ )
    | (?P<nested> /\* )
    | (?P<broken> [eE]' | ['"] | (?P<open_tag> \$ (?:"""
    + _LETTER
    + rb"""[A-Za-z0-9_\x80-\xff]*)? \$ ) )
    | (?P<word> """
    + _LETTER
    + rb"""[A-Za-z0-9_$\x80-\xff]* )
    | (?P<number> \$[0-9]+ | [0-9][A-Za-z0-9_.\x80-\xff]* )
    | (?P<operator> (?: [~!@\#^&|`?+*%<>=:] | -(?!-) | /(?!\*) )+ )
    | (?P<open> [(\[] )
    | (?P<close> [)\]] )
    | (?P<comma> , )
    | (?P<end> ; )
    | (?P<other> [^\ \t\n\r\f\v] )
    """
)
_FIRST_PART = re.compile(rb"(?s:[eE]'" + _ESCAPED + rb")")
_NEXT_PART = re.compile(rb"(?s:" + _ESCAPED + rb")")
_GAP = re.compile(_CONTINUED)
_GAP_COMMENT = re.compile(rb"--[^\n\r]*")
_COMMENT_EDGE = re.compile(rb"/\*|\*/")


def tokens(text: bytes, start: int = 0) -> Iterator[Token]:
    """The tokens of `text` (UTF-8) from byte `start` on, comments included, white space left out."""
    while start >= 0:
        restart = -1
        for match in TOKEN.finditer(text, start):
            kind = match.lastgroup
            if kind == "broken":
                return
            if kind == "nested":
                restart = comment_end(text, match.start())
                if restart > 0:
                    yield "comment", match.start(), restart
                break
            yield kind or "other", match.start(), match.end()
        start = restart


def comment_end(text: bytes, start: int) -> int:
    """The byte after the block comment that begins at `start`; -1 if it does not end. Comments nest."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge.group() == b"/*" else -1
        if depth == 0:
            return edge.end()
    return -1


def without_gaps(text: bytes) -> bytes:
    """`text` with the comments inside strings of several parts made blank: nothing moves, nothing else changes.

    To the server `'a' -- x <newline> 'b'` is one string; to libpg_query, which keeps comments, it is two and an error.
    """
    blank = bytearray(text)
    for kind, start, end in tokens(text):
        if kind != "string":
            continue
        first = _FIRST_PART.match(text, start, end)
        at = first.end() if first is not None else end
        while (gap := _GAP.match(text, at)) is not None:
            for comment in _GAP_COMMENT.finditer(text, at, gap.end()):
                blank[comment.start() : comment.end()] = b" " * (comment.end() - comment.start())
            part = _NEXT_PART.match(text, gap.end(), end) if first is not None else None
            if part is None:
                break
            at = part.end()
    return bytes(blank)
