"""Reads a ledger while it is being written: merges its writers, filters, follows. Proves nothing; `verify` does.

Order within a writer is the order of its log. Order across writers is by time, so as good as the clocks; while following,
records come in the order in which they are found, those found together by time.
"""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from nightporter.core.error import EvidenceError

from . import commitment, files, keys

Record: TypeAlias = dict[str, Any]

POLL_S = 0.2
"""How often the files are looked at while following: soon enough for an eye."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_time = itemgetter("time")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records are wanted; None is no condition. Only intents have actions, relations and columns, and
    only outcomes have labels, those of what their results had: as it is, or masked.

    With a relation or a column, all three must hold of one entry of `relations`, if the action is one of relations. A record that
    leaves entries out is wanted too, as it may have had what is asked for. What is `unknown` may do so as well, and is not wanted:
    that is another question.
    """

    session: str | None = None
    principal: str | None = None
    kind: str | None = None
    upstream: str | None = None
    action: str | None = None
    since: str | None = None
    """ISO 8601 in UTC, as in records; a beginning of it (`2026-01-31`) will do."""
    relation: str | None = None
    """`customers` or `public.customers`, as the catalogue spells it."""
    column: str | None = None
    """`email`, or with its relation before it."""
    label: str | None = None
    """`pii.email`; one that others are under, such as `pii`, has them too."""

    def __call__(self, record: Record) -> bool:
        who = record.get("who") or {}
        return (
            (self.session is None or who.get("session") == self.session)
            and (self.principal is None or who.get("principal") == self.principal)
            and (self.kind is None or record.get("kind") == self.kind)
            and (self.upstream is None or who.get("upstream") == self.upstream)
            and self._holds_of(record.get("what") or {})
            and (self.since is None or record.get("time", "") >= self.since)
            and (self.label is None or self._is_labelled(record))
        )

    def _is_labelled(self, record: Record) -> bool:
        return any(f"{column.get('label', '')}.".startswith(f"{self.label}.") for column in record.get("veiled", ()))

    def _holds_of(self, what: Record) -> bool:
        if self.action is not None and self.action not in what.get("actions", ()):
            return False
        if self.relation is None and self.column is None:
            return True
        left_out = what.get("left_out") or {}
        if left_out.get("relations") or (self.column is not None and left_out.get("columns")):
            return True
        # in records of version 1 an entry would be a name, and was never written
        entries = [each for each in what.get("relations", ()) if isinstance(each, dict)]
        if self.action is not None and any(each.get("action") == self.action for each in entries):
            entries = [each for each in entries if each.get("action") == self.action]
        return any(self._touches(each) for each in entries)

    def _touches(self, entry: Record) -> bool:
        names = (entry.get("name", ""), f"{entry.get('schema', '')}.{entry.get('name', '')}")
        if self.relation is not None and self.relation not in names:
            return False
        if self.column is None:
            return True
        columns = {column for used in entry.get("columns", {}).values() for column in used}
        relation, dot, column = self.column.rpartition(".")
        return self.column in columns or bool(dot and relation in names and column in columns)


def _pause() -> bool:
    time.sleep(POLL_S)
    return True


def tail(
    path: Path,
    *,
    follow: bool = False,
    wanted: Filter = Filter(),
    last: int | None = None,
    wait: Callable[[], bool] = _pause,
) -> Iterator[Record]:
    """Records of all writers; of those already there only the `last` ones, if given.

    With `follow` it goes on, calling `wait` whenever there is nothing new, until that gives False; a ledger, a writer or a
    segment that appears later is read too. Raises `EvidenceError` if a line is no record, OSError if it cannot be read.
    """
    if not follow and not path.is_dir():
        raise EvidenceError(f"there is no ledger at `{path}`")
    cursors: dict[str, _Cursor] = {}
    found = _found(path, cursors, wanted)
    yield from found if last is None else deque(found, last)
    while follow and wait():
        yield from _found(path, cursors, wanted)


def opening(path: Path, number: str, index: int, value: bytes | None) -> bool:
    """Whether the parameter at `index` (from 0) of the intent `number` was `value`; None is NULL.

    For auditors who may read the ledger's keys. Raises `EvidenceError` if there is no such parameter, or if its key was
    deleted.
    """
    writer = number.partition("-")[0]
    if not files.WRITER.fullmatch(writer) or not (path / writer).is_dir():
        raise EvidenceError(f"there is no record `{number}`")
    record = next((each for each in _Cursor(path / writer, None).read() if each.get("n") == number), None)
    if record is None:
        raise EvidenceError(f"there is no record `{number}`")
    commitments = record.get("parameters", [])
    if not 0 <= index < len(commitments):
        raise EvidenceError(f"record `{number}` has no parameter `{index}`")
    day = record["time"][:10]
    key = keys.read_commitment_key(path, writer, day)
    if key is None:
        raise EvidenceError(f"the commitment key of `{day}` was deleted: nobody can tell")
    return commitment.opens(key, number, index, value, commitments[index])


def _found(path: Path, cursors: dict[str, _Cursor], wanted: Filter) -> Iterator[Record]:
    for writer in files.writers(path):
        if writer not in cursors:
            cursors[writer] = _Cursor(path / writer, wanted.since)
    return filter(wanted, heapq.merge(*(cursor.read() for cursor in cursors.values()), key=_time))


class _Cursor:
    """How far one writer's log was read: always to the end of a line."""

    def __init__(self, directory: Path, since: str | None) -> None:
        self._directory = directory
        self._ordinal = 1
        self._offset = 0
        self._line = 0
        if since is not None:
            self._skip(since)

    def read(self) -> Iterator[Record]:
        """The records that are there and were not read. A line that is still being written is left for the next time."""
        while True:
            # Looked for first: what is in a segment once its successor exists is all there will be.
            turned = self._segment(self._ordinal + 1).exists()
            yield from self._read_segment()
            if not turned:
                return
            self._ordinal += 1
            self._offset = self._line = 0

    def _read_segment(self) -> Iterator[Record]:
        path = self._segment(self._ordinal)
        try:
            file = open(path, "rb", buffering=1 << 20)  # noqa: SIM115 - closed below
        except FileNotFoundError:  # the writer has only just begun
            return
        with file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                try:
                    record = _decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise EvidenceError(f"line {self._line + 1} of `{path}` is no record; run `evidence verify`") from error
                self._offset += len(line)
                self._line += 1
                yield record

    def _segment(self, ordinal: int) -> Path:
        return self._directory / files.segment_name(ordinal)

    def _skip(self, since: str) -> None:
        """Pass over segments whose successor begins before that time."""
        for ordinal in files.segments(self._directory)[1:]:
            with open(self._segment(ordinal), "rb") as file:
                line = file.readline()
            try:
                begins = _decode(line).get("time", "")
            except (msgspec.DecodeError, UnicodeDecodeError):  # still empty, or reading it will tell
                return
            if begins >= since:
                return
            self._ordinal = ordinal
