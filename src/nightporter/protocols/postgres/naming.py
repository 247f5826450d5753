"""Which names of prepared statements and cursors a statement makes, uses or drops. Pure.

Names are as the server stores them: the scanner has folded and cut them. "PREPARE", "DECLARE" and their kin in PostgreSQL's
reference. Cursors and statements that functions make are not seen here.
"""

from __future__ import annotations

from nightporter.statement.model import NameEffect, Naming, Statement

from .facts import Facts
from .grammar import Node, fingerprint
from .kinds import kind_of
from .tokens import tokens

_HOLD = 0x0020  # CURSOR_OPT_HOLD in parsenodes.h


def effects(tag: str, body: Node, facts: Facts, text: bytes) -> tuple[NameEffect, ...]:
    """What the statement `text` does to names, in order."""
    match tag:
        case "PrepareStmt":
            inner = _inner(body["query"], facts, text, b"as")
            inner.declares = tuple(body.get("argtypes", ()))
            return (NameEffect(Naming.PREPARE, body["name"], inner=inner),)
        case "DeclareCursorStmt":
            hold = bool(body.get("options", 0) & _HOLD)
            return (NameEffect(Naming.DECLARE, body["portalname"], hold, _inner(body["query"], facts, text, b"for")),)
        case "DeallocateStmt":
            return (NameEffect(Naming.DEALLOCATE, None if body.get("isall") else body["name"]),)
        case "FetchStmt":
            return (NameEffect(Naming.FETCH, body["portalname"]),)
        case "ClosePortalStmt":
            return (NameEffect(Naming.CLOSE, body.get("portalname")),)
        case "DiscardStmt" if body.get("target") == "DISCARD_ALL":
            return (NameEffect(Naming.DISCARD, None),)
    return tuple(NameEffect(Naming.EXECUTE, name) for name in facts.executes)


def _inner(query: Node, facts: Facts, text: bytes, keyword: bytes) -> Statement:
    """The statement after the keyword: all that was found in the outer one was found in it."""
    ((tag, body),) = query.items()
    inner = _after(keyword, text)
    return Statement(
        text=inner.decode(),
        kind=kind_of(tag, body),
        actions=frozenset(facts.actions),
        fingerprint=fingerprint(inner),
        unknown=facts.unknown,
        settings=tuple(facts.settings),
    )


def _after(keyword: bytes, text: bytes) -> bytes:
    # AS and FOR are reserved: the first of them that is a bare word, at no depth, is the one
    depth = 0
    for kind, start, end in tokens(text):
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        elif kind == "word" and depth == 0 and text[start:end].lower() == keyword:
            return text[end:].strip()
    return text
