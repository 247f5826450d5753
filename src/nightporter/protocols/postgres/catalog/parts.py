"""What a server answered about its catalogue, before it is made into a Snapshot. Pure values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from nightporter.catalog.model import Snapshot

Row: TypeAlias = tuple[bytes | None, ...]
"""Text values: a JSON array, then node trees."""
Rows: TypeAlias = Sequence[Row]

_decode = msgspec.json.Decoder().decode
_SLICE = 2000
"""Rows decoded at once: few enough to let other threads run in between."""


def decoded(rows: Rows) -> Iterator[list[Any]]:
    """The JSON arrays, one a row."""
    for start in range(0, len(rows), _SLICE):
        joined = b"[" + b",".join([row[0] or b"[]" for row in rows[start : start + _SLICE]]) + b"]"
        yield from _parse(joined)


def with_trees(rows: Rows) -> Iterator[tuple[list[Any], Row]]:
    """The JSON arrays, each with its whole row."""
    return zip(decoded(rows), rows, strict=True)


def _parse(text: bytes) -> list[list[Any]]:
    try:
        found: list[list[Any]] = _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # a database in SQL_ASCII may hold names in any encoding: they are kept as the bytes that they are
        found = json.loads(text.decode("utf-8", "surrogateescape"))
    return found


def options(settings: Iterable[str] | None) -> dict[str, str]:
    """`name=value` texts, as reloptions, proconfig and setconfig have them, by name."""
    found = {}
    for each in settings or ():
        name, _, value = each.partition("=")
        found[name] = value
    return found


@dataclass(slots=True, eq=False)
class Source:
    """What a Snapshot was made of, as far as the next one needs it. Hangs on the Snapshot; only this package looks into it."""

    place: tuple[object, ...]
    """Version of the server, OID of the database, when the server was started: numbers of transactions mean nothing elsewhere."""
    totals: list[list[object]]
    """Marks of each facet; see `marks`."""
    small: dict[str, Rows]
    """Rows of the parts that are read whole."""
    objects: dict[str, dict[int, str]] = field(default_factory=dict)
    """Marks of each object, by kind and OID; a kind that is not there has not been asked for yet."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a server answered, and what of an earlier Snapshot stays as it is."""

    rows: dict[str, Rows]
    """By the name of the part. Empty: nothing has changed."""
    source: Source
    earlier: Snapshot | None = None
    """Where not everything was read: what the rest is taken from."""
    again: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """OIDs of what of `earlier` was read anew or is gone, by kind."""
    uncertain: bool = False
    """The transaction does not see what the server's parser sees: what was read may be older than what holds."""
