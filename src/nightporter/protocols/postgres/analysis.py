"""PostgreSQL text as policy sees it: text in, `Reading` out. Pure, and it never raises.

    text -> guard (may it be parsed?) -> grammar (syntax tree) -> facts (what the tree says), naming -> Statement

Whatever is not read, for any reason, is one statement of kind `unknown` that does `unknown`: nothing is harmless by default. What
a function, view, trigger or operator does is not in the text and so not here; neither is what PL/pgSQL executes as built text.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from dataclasses import replace

from nightporter.statement.model import Action, Effect, Effected, Naming, Reading, Setting, Statement

from .facts import gather
from .function import call
from .grammar import GRAMMAR, GrammarError, Parsed, fingerprint, parse
from .kinds import LISTENS, kind_of
from .naming import effects
from .redact import redacted
from .rewrite import rewrite_application_name
from .shape import shape

__all__ = ["Readings", "analyse", "call", "readings", "rewrite_application_name", "unreadable"]

MAX_STATEMENT_BYTES = 16 * 1024 * 1024
"""Of a text, as UTF-8; longer ones are not read."""

MAX_STATEMENTS = 50_000
"""In one text: about a second's work, and each becomes part of a record."""

MAX_READINGS = 4096
MAX_READINGS_BYTES = 32 * 1024 * 1024
"""The cache of a worker: what it may hold in all, counted with some 700 bytes a statement beside the text."""
MAX_CACHED_TEXT_BYTES = 64 * 1024
"""Longer texts are bulk data, and never come again."""
_READING_BYTES = 700

_UNKNOWN = frozenset({Action.UNKNOWN})
_NOTIFIES = frozenset({Effect.NOTIFIES})
MENTIONS = re.compile(rb"(?i)set_config|pg_settings|nightporter|application_name|u&['\"]")
"""Words by which a text that was not read could change our settings; U& can spell any of them."""
MENTION_BYTES = 16
"""The longest of them."""
_SURPRISES = (AttributeError, KeyError, TypeError, ValueError, IndexError)


def analyse(text: str, max_statement_bytes: int = MAX_STATEMENT_BYTES) -> Reading:
    """Read a text. The statements' own texts, put together, are the whole text, unless there is no statement in it."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return unreadable(text.encode(errors="replace"), "text that is not Unicode")
    return _read(text, data, data, max_statement_bytes)


def unreadable(text: bytes, why: str) -> Reading:
    """The reading of what was not read; `text` as the client sent it."""
    return _whole(text.decode(errors="replace"), text, why)


class Readings:
    """Readings by exact text, least recently used first to go. Not shared between threads."""

    __slots__ = ("_bytes", "_held", "_max_bytes", "_max_count", "_max_statement_bytes")

    def __init__(
        self,
        max_count: int = MAX_READINGS,
        max_bytes: int = MAX_READINGS_BYTES,
        max_statement_bytes: int = MAX_STATEMENT_BYTES,
    ) -> None:
        self._held: OrderedDict[tuple[bytes, str], tuple[Reading, int]] = OrderedDict()
        self._bytes = 0
        self._max_count = max_count
        self._max_bytes = max_bytes
        self._max_statement_bytes = max_statement_bytes

    def __call__(self, text: bytes, codec: str = "utf-8") -> Reading:
        """The reading of `text` as the client sent it, in the encoding of that Python codec. Never raises."""
        key = (text, codec)
        held = self._held.get(key)
        if held is not None:
            self._held.move_to_end(key)
            return held[0]
        plain = shape(text) if codec == "utf-8" and len(text) <= self._max_statement_bytes else None
        if plain is not None and plain != text:
            return self._like(self(plain), text)  # not kept: it would push out what comes again
        reading = self._read(text, codec)
        if len(text) <= MAX_CACHED_TEXT_BYTES:
            self._keep(key, reading)
        return reading

    def __len__(self) -> int:
        return len(self._held)

    def _read(self, text: bytes, codec: str) -> Reading:
        if len(text) > self._max_statement_bytes:
            return unreadable(text, _too_long(self._max_statement_bytes))
        try:
            decoded = text.decode(codec)
            data = text if codec == "utf-8" else decoded.encode()
        except (UnicodeError, LookupError):
            return unreadable(text, f"text that is not `{codec}`")
        return _read(decoded, data, text, self._max_statement_bytes)

    def _like(self, other: Reading, text: bytes) -> Reading:
        """The reading of a text that differs from another's in its numbers only: see shape.py."""
        (told, *more) = other.statements or (None,)
        if told is None or more or other.uses_session or told.unknown is not None or told.shown is not None:
            return self._read(text, "utf-8")
        statement = Statement(text.decode("ascii"), told.kind, told.actions, told.fingerprint, copies_in=told.copies_in)
        return Reading(text, hashlib.sha256(text).hexdigest(), (statement,), grammar=GRAMMAR, like=other)

    def _keep(self, key: tuple[bytes, str], reading: Reading) -> None:
        size = 2 * len(key[0]) + _READING_BYTES * (1 + len(reading.statements))
        self._held[key] = reading, size
        self._bytes += size
        while self._bytes > self._max_bytes or len(self._held) > self._max_count:
            _, (_, gone) = self._held.popitem(last=False)
            self._bytes -= gone


readings = Readings()
"""The worker's own."""


def _read(text: str, data: bytes, sent: bytes, max_bytes: int) -> Reading:
    if len(data) > max_bytes:
        return _whole(text, sent, _too_long(max_bytes))
    try:
        found = parse(data)
        if len(found) > MAX_STATEMENTS:
            return _whole(text, sent, f"more than {MAX_STATEMENTS} statements")
        statements = tuple(_statement(each, text, data, len(found)) for each in found)
        if len(data) > MAX_CACHED_TEXT_BYTES:  # no cache will hold on to these
            for statement, parsed in zip(statements, found, strict=True):
                statement.tree = parsed
    except GrammarError as error:
        return _whole(text, sent, str(error))
    except (RecursionError, MemoryError):
        return _whole(text, sent, "nested too deeply or too large")
    except _SURPRISES:
        return _whole(text, sent, "a syntax tree of an unknown form")
    if len(statements) > 1:
        statements = _resolve(statements)
    return Reading(sent, hashlib.sha256(sent).hexdigest(), statements, grammar=GRAMMAR)


def _too_long(limit: int) -> str:
    return f"text of more than {limit} bytes"


def _whole(text: str, sent: bytes, why: str) -> Reading:
    # the server may understand what we do not: where it could be about settings, it may be about any of them
    settings = (Setting(None),) if MENTIONS.search(sent) else ()
    shown = redacted("", text.encode(errors="replace"))
    statement = Statement(text=text, kind="unknown", actions=_UNKNOWN, unknown=why, settings=settings, shown=shown)
    return Reading(sent, hashlib.sha256(sent).hexdigest(), (statement,), grammar=GRAMMAR)


def _statement(parsed: Parsed, text: str, data: bytes, count: int) -> Statement:
    if count > 1:
        data = data[parsed.start : parsed.end]
        text = data.decode()
    tag, body = parsed.tag, parsed.body
    facts = gather(tag, body)
    if facts.unknown is not None:
        return Statement(
            text=text,
            kind="unknown",
            actions=_UNKNOWN,
            unknown=facts.unknown,
            settings=tuple(facts.settings),
            shown=redacted(tag, data),
        )
    return Statement(
        text=text,
        kind=kind_of(tag, body),
        actions=frozenset(facts.actions),
        fingerprint=fingerprint(data, guarded=count == 1),
        settings=tuple(facts.settings),
        names=effects(tag, body, facts, data),
        copies_in=tag == "CopyStmt" and _from_client(body),
        shown=redacted(tag, data),
        # told here, since what only controls a session is not read under a catalogue
        effects=(Effected(f"{LISTENS}{body['conditionname']}", _NOTIFIES),) if tag == "ListenStmt" else (),
    )


def _from_client(body: dict[str, object]) -> bool:
    return bool(body.get("is_from")) and not body.get("filename") and not body.get("is_program")


def _resolve(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Give EXECUTE the actions of what an earlier statement of the same text prepared; other names are the session's to find."""
    if not any(s.names for s in statements):
        return statements
    prepared: dict[str | None, Statement] = {}
    resolved = []
    for statement in statements:
        for effect in statement.names:
            if effect.naming is Naming.PREPARE and effect.inner is not None:
                prepared[effect.name] = effect.inner
            elif effect.naming is Naming.EXECUTE and effect.name in prepared:
                inner = prepared[effect.name]
                statement = replace(
                    statement,
                    actions=statement.actions | inner.actions,
                    unknown=statement.unknown or inner.unknown,
                    runs=(*statement.runs, inner),
                )
        resolved.append(statement)
    return tuple(resolved)
