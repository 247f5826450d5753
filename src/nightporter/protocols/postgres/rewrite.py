"""The one rewrite: the session's label goes in front of the application name that a client sets. Pure.

`SET application_name = 'x'` goes upstream as `SET application_name = '<label> x'`, every other byte as it was.
"""

from __future__ import annotations

from dataclasses import replace

from nightporter.statement.model import Reading, Statement

from .grammar import GrammarError, parse, string_value
from .tokens import tokens

MAX_NAME_BYTES = 63
"""The server cuts names here (NAMEDATALEN - 1); we cut ourselves, at a character."""

_WORD_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$") | frozenset(range(0x80, 0x100))


def rewrite_application_name(reading: Reading, label: str) -> Reading:
    """`reading` with `rewritten` (UTF-8): each direct `SET application_name` sets `<label> <its value>` instead.

    Where the constant cannot be found for certain, the setting is no longer `direct`, for which policy refuses it.
    """
    changed = False
    texts: list[bytes] = []
    statements = []
    for statement in reading.statements:
        text = statement.text.encode()
        if any(s.direct and s.name == "application_name" for s in statement.settings):
            new = _labeled(text, label)
            if new is None:
                statement = _indirect(statement)
            else:
                text = new
                changed = True
        texts.append(text)
        statements.append(statement)
    if all(a is b for a, b in zip(statements, reading.statements, strict=True)):
        return replace(reading, rewritten=b"".join(texts)) if changed else reading
    return replace(reading, statements=tuple(statements))


def literal(text: str) -> bytes:
    """`text` as a string constant that reads the same whether standard_conforming_strings is on or off."""
    quoted = text.replace("'", "''")
    if "\\" in quoted:
        return b"E'" + quoted.replace("\\", "\\\\").encode() + b"'"
    return b"'" + quoted.encode() + b"'"


def labeled(label: str, value: str) -> str:
    """`<label> <value>`, cut to what the server keeps of a name."""
    return f"{label} {value}".encode()[:MAX_NAME_BYTES].decode(errors="ignore")


def _labeled(text: bytes, label: str) -> bytes | None:
    try:
        (parsed,) = parse(text)
    except (GrammarError, ValueError):
        return None  # the caller no longer calls it direct: refused
    if parsed.tag != "VariableSetStmt" or len(parsed.body.get("args", ())) != 1:
        return None
    start = parsed.body.get("location", -1)
    value = _value(parsed.body["args"][0])
    end = _constant_end(text, start)
    if value is None or start <= 0 or end <= start:
        return None
    new = literal(labeled(label, value))
    gap = b" " if text[start - 1] in _WORD_BYTES else b""  # `TO"x"`: a word would run into E'...'
    return text[:start] + gap + new + text[end:]


def _constant_end(text: bytes, start: int) -> int:
    """The byte after the constant that begins at `start`: it is the last thing in its statement but for comments."""
    last = -1
    for kind, _, end in tokens(text, start):
        if kind == "end":
            break
        if kind != "comment":
            last = end
    return last


def _value(node: object) -> str | None:
    """What the server would make of the constant."""
    text = string_value(node)
    if text is not None:
        return text
    constant = node.get("A_Const", {}) if isinstance(node, dict) else {}
    if "ival" in constant:
        return str(constant["ival"].get("ival", 0))
    if "fval" in constant:
        return str(constant["fval"].get("fval", "0"))
    return None


def _indirect(statement: Statement) -> Statement:
    settings = tuple(replace(s, direct=False) if s.name == "application_name" else s for s in statement.settings)
    return replace(statement, settings=settings)
