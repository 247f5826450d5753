"""A writer's segments on disk: append whole lines or nothing, rotate, sync. It does not know what a line says.

Theory of operation. One thread appends; another may `sync` at the same time. `offset` is where the last good line ends,
and a write that fails, or is cut short, is undone by truncating to it. If even that fails nobody can say any more
what the file holds: the segments are broken, and stay so. A failed sync breaks them too: the kernel may have dropped
the pages that it could not write and call the next sync a success.

Rotation closes nothing: the full segment is retired until a sync has covered it.
"""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

from nightporter.core.error import EvidenceError

from . import files

RETIRED_MAX = 2
"""Full segments that may wait for a sync; one more, and the owner must sync before it appends."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def failure(doing: str, error: OSError) -> EvidenceError:
    """The error of the operating system in our words. A path is all that it shows."""
    full = error.errno in _NO_ROOM
    return EvidenceError(f"the ledger cannot {doing}: {error.strerror or error}", disk_full=full)


class Segments:
    """The segments of one writer, of which the last one is open for appending."""

    def __init__(self, directory: Path, ordinal: int, offset: int, max_bytes: int) -> None:
        """Open segment `ordinal`, made if it is not there, whose good lines end at `offset`. Raises `EvidenceError`."""
        self.ordinal = ordinal
        self.offset = offset
        self.broken: str | None = None
        self.must_sync = False
        """Too many full segments wait for a sync."""
        self._directory = directory
        self._max_bytes = max_bytes
        self._fd = self._open(ordinal, 0)
        self._retired: list[int] = []
        self._directory_changed = True
        self._turning = threading.Lock()  # held for a moment: which files there are
        self._syncing = threading.Lock()  # held long: one sync at a time, none during close

    def append(self, data: bytes) -> None:
        """Append whole lines with one write. Raises `EvidenceError`, and then nothing was appended."""
        if self.broken is not None:
            raise EvidenceError(self.broken)
        if self.offset + len(data) > self._max_bytes and self.offset:
            self._rotate()
        try:
            written = os.write(self._fd, data)
        except OSError as error:  # undone; the records in it were never there
            self._undo()
            raise failure("write", error) from error
        if written != len(data):  # a regular file takes less than it is given only when there is no room
            self._undo()
            raise EvidenceError("the ledger cannot write: no room for the whole record", disk_full=True)
        self.offset += written

    def sync(self) -> None:
        """Return once all that was appended before the call is on disk. Blocks; may run in another thread."""
        with self._syncing:
            if self.broken is not None:
                raise EvidenceError(self.broken)
            with self._turning:
                current, retired, changed = self._fd, list(self._retired), self._directory_changed
                self._directory_changed = False
            try:
                for fd in (*retired, current):
                    files.sync(fd)
                if changed:
                    files.sync_directory(self._directory)
            except OSError as error:  # the page cache cannot be trusted any more: no further record
                self.broken = f"the ledger is closed for good: syncing failed ({error.strerror or error})"
                raise EvidenceError(self.broken) from error
            with self._turning:
                del self._retired[: len(retired)]
                self.must_sync = len(self._retired) > RETIRED_MAX
            for fd in retired:
                os.close(fd)

    def close(self) -> None:
        """Close the files. Syncs nothing."""
        with self._syncing, self._turning:
            for fd in (*self._retired, self._fd):
                os.close(fd)
            self._retired.clear()
            self.broken = "the ledger is closed"

    def _open(self, ordinal: int, flag: int) -> int:
        path = self._directory / files.segment_name(ordinal)
        try:
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | flag, files.FILE_MODE)
        except OSError as error:  # the segment before it stays the one in use
            raise failure("open a segment", error) from error

    def _rotate(self) -> None:
        fresh = self._open(self.ordinal + 1, os.O_EXCL)
        with self._turning:
            self._retired.append(self._fd)
            self._fd = fresh
            self._directory_changed = True
            self.must_sync = len(self._retired) > RETIRED_MAX
        self.ordinal += 1
        self.offset = 0

    def _undo(self) -> None:
        try:
            os.ftruncate(self._fd, self.offset)
        except OSError as error:  # half a line may stand there: no further record
            self.broken = f"the ledger is closed for good: a failed write could not be undone ({error.strerror or error})"
            raise EvidenceError(self.broken) from error
