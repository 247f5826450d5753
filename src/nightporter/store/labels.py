"""The labels of the upstreams' columns that are kept, and when their values were looked at. One short transaction each.

Every change of an upstream's labels counts its version up, which is one row: whoever has read them asks for that row, and reads
again only if it is another. Whatever goes wrong is a StoreError, and then nothing has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from nightporter.catalog.labels import Entry, Stored

from . import schema
from .database import Database
from .row import check_text

Key: TypeAlias = tuple[str, str, str, str, str]
"""Schema, relation, column, origin, label: what an entry is known by."""

MAX_REASONS = 8
"""Of one label. A person reads three."""
_NO_TEXT = "\ufdd0"
"""Stands in front of a name that is no text, in hexadecimal: databases without an encoding have such."""

_label, _scan, _version = schema.column_label, schema.label_scan, schema.label_version


@dataclass(frozen=True, slots=True)
class Scanned:
    """That the values of a relation were looked at, or could not be."""

    schema: str
    relation: str
    shape: str
    """Stands for its columns as they were."""
    rows: int
    """How many were looked at."""
    problem: str | None = None
    """Why not, as people read it. Never holds a value."""
    at: datetime | None = None
    """Set by the store."""


class KeptLabels:
    """Thread-safe, as the store that it belongs to."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def version(self, upstream: str) -> int:
        """A number that is another one after each change; 0 while there is nothing. One row."""
        with self._database.read() as connection:
            return _version_of(connection, upstream)

    def read(self, upstream: str) -> Stored:
        """All entries of an upstream."""
        columns = [column for column in _label.c if column.name not in ("upstream", "at")]
        with self._database.read() as connection:
            version = _version_of(connection, upstream)  # first: what comes in between is read again
            rows = connection.execute(select(*columns).where(_label.c.upstream == upstream)).mappings().all()
        return Stored((_entry(row) for row in rows), version)

    def put(
        self, upstream: str, entries: Iterable[Entry], *, instead_of: Iterable[Entry] = (), at_version: int | None = None
    ) -> bool:
        """Store entries, in the place of any of the same column, origin and label, and of `instead_of`.

        Gives whether anything is other than before. With `at_version` nothing is done if others have changed something since.
        """
        new = {key_of(entry): entry for entry in entries}
        removed = {key_of(entry) for entry in instead_of} - new.keys()
        if not new and not removed:
            return False
        for entry in new.values():
            check_text("who confirms", entry.confirmed_by or None)
        with self._database.write() as connection:
            _lock(connection, upstream)
            if at_version not in (None, _version_of(connection, upstream)):
                return False
            known = _known(connection, upstream, {(key[0], key[1]) for key in (*new, *removed)})
            gone = [key for key in removed if key in known]
            changed = [key for key, entry in new.items() if known.get(key) != _kept(entry)]
            if not gone and not changed:
                return False
            for key in (*gone, *(key for key in changed if key in known)):
                connection.execute(delete(_label).where(_is(upstream, key)))
            if changed:
                now = self._clock()
                connection.execute(insert(_label), [_row(upstream, new[key], now) for key in changed])
            connection.execute(update(_version).where(_version.c.upstream == upstream).values(version=_version.c.version + 1))
        return True

    def scans(self, upstream: str) -> tuple[Scanned, ...]:
        """What has been looked at, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(_scan).where(_scan.c.upstream == upstream)).mappings().all()
        found = (
            Scanned(_name(row["schema"]), _name(row["relation"]), row["shape"], row["rows"], row["problem"], row["at"])
            for row in rows
        )
        return tuple(sorted(found, key=lambda each: (each.schema, each.relation)))

    def put_scans(self, upstream: str, scans: Iterable[Scanned]) -> None:
        """Remember that these were looked at now."""
        by_place = {(_text(each.schema), _text(each.relation)): each for each in scans}
        if not by_place:
            return
        now = self._clock()
        with self._database.write() as connection:
            _lock(connection, upstream)
            for (schema_name, relation), each in by_place.items():
                own = (_scan.c.upstream == upstream, _scan.c.schema == schema_name, _scan.c.relation == relation)
                connection.execute(delete(_scan).where(*own))
                values = {"shape": each.shape, "rows": each.rows, "problem": each.problem, "at": now}
                connection.execute(insert(_scan).values(upstream=upstream, schema=schema_name, relation=relation, **values))


def key_of(entry: Entry) -> Key:
    """What it is stored under."""
    return _text(entry.schema), _text(entry.relation), _text(entry.column), entry.origin, entry.label


def _version_of(connection: Connection, upstream: str) -> int:
    found: int | None = connection.scalar(select(_version.c.version).where(_version.c.upstream == upstream))
    return found or 0


def _lock(connection: Connection, upstream: str) -> None:
    """Have whoever else changes this upstream's labels wait: the rows that are compared stay as they are."""
    own = _version.c.upstream == upstream
    while connection.execute(update(_version).where(own).values(version=_version.c.version)).rowcount == 0:
        try:
            with connection.begin_nested():
                connection.execute(insert(_version).values(upstream=upstream, version=0))
        except IntegrityError:
            continue  # another one has made it in between: it can be locked now


def _known(connection: Connection, upstream: str, relations: set[tuple[str, str]]) -> dict[Key, tuple[Any, ...]]:
    found: dict[Key, tuple[Any, ...]] = {}
    for schema_name, relation in sorted(relations):
        own = (_label.c.upstream == upstream, _label.c.schema == schema_name, _label.c.relation == relation)
        for row in connection.execute(select(_label).where(*own)).mappings():
            entry = _entry(row)
            found[key_of(entry)] = _kept(entry)
    return found


def _is(upstream: str, key: Key) -> Any:
    condition = _label.c.upstream == upstream
    columns = (_label.c.schema, _label.c.relation, _label.c.column, _label.c.origin, _label.c.label)
    for column, value in zip(columns, key, strict=True):
        condition &= column == value
    return condition


def _kept(entry: Entry) -> tuple[Any, ...]:
    """All but what it is known by."""
    place = (entry.relation_oid, entry.number, entry.type)
    return (round(entry.confidence, 4), entry.reasons[:MAX_REASONS], entry.confirmed_by, *place)


def _row(upstream: str, entry: Entry, at: datetime) -> dict[str, Any]:
    schema_name, relation, column, origin, label = key_of(entry)
    return {
        "upstream": upstream,
        "schema": schema_name,
        "relation": relation,
        "column": column,
        "origin": origin,
        "label": label,
        "confidence": round(entry.confidence, 4),
        "reasons": list(entry.reasons[:MAX_REASONS]),
        "confirmed_by": entry.confirmed_by or None,
        "relation_oid": entry.relation_oid,
        "number": entry.number,
        "type": entry.type,
        "at": at,
    }


def _entry(row: Any) -> Entry:
    return Entry(
        _name(row["schema"]),
        _name(row["relation"]),
        _name(row["column"]),
        row["label"],
        row["origin"],
        row["confidence"],
        tuple(row["reasons"]),
        row["confirmed_by"] or "",
        row["relation_oid"],
        row["number"],
        row["type"],
    )


def _text(name: str) -> str:
    if name.isascii():
        return name
    try:
        name.encode()
    except UnicodeEncodeError:
        return _NO_TEXT + name.encode("utf-8", "surrogateescape").hex()
    return name


def _name(text: str) -> str:
    if not text.startswith(_NO_TEXT):
        return text
    return bytes.fromhex(text[len(_NO_TEXT) :]).decode("utf-8", "surrogateescape")
