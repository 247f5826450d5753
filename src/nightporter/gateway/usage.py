"""What each principal uses, counted over all workers: open sessions, statements that run, statements of the last minute.

One table in a small file, mapped into memory by every worker. A row is a principal, a column a worker; a worker writes only its own
cells and reads all, so that a statement takes no lock. Knows no policy, reads no clock: limits and time are arguments.

How no limit is ever passed, though nobody waits:

- A worker first puts a *wish* into its cell, then, behind a memory fence, adds up all cells, wishes too. It goes on if all of that
  is within the limit, and turns its wish into a count. Of two that wish at the same time at least one sees the other.
- If wishes of others are all that stands in the way, the worker of the lower number keeps its wish and looks again, the other takes
  it back until then (Burns and Lynch, "Mutual exclusion using indivisible reads and writes", 1980). So one of them gets through.
- A refusal needs two looks that agree, since a sum over cells that move is not what ever was.
- A worker that stands still in the middle of a wish is waited for only so long (`LOOKS`); then the answer is no.

The minute: each worker counts by whole seconds, in cells that hold the second along with the count. What counts at second S are
the seconds from S-60 to S: never more than the limit in any 60 s, and a statement is forgotten between 60 and 61 s after it began.

A cell is eight bytes, aligned, and written by one assignment: others see the old or the new value. (`struct.pack_into` would not
do: it fills with zeros first.) A lock, `flock` on the file, is held only to give a row to a principal and to clear a column.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from struct import Struct
from typing import Literal, NamedTuple, TypeAlias

from nightporter.core.error import NightporterError

FILE = "usage"
ROWS = 2048
"""Principals with open sessions, or gone for less than a minute. 2 MB for each worker."""
MAX_WORKERS = 255
"""Wishes are added up in one byte."""
WINDOW_S = 60
LOOKS = 100
"""Some hundred microseconds: a worker that goes on is done with a wish in one or two."""
LOCK_TRIES = 250
LOCK_PAUSE_S = 0.001
"""The lock is held for microseconds. Whoever holds it longer stands still, and the gateway must not stand still with it."""

Limit: TypeAlias = Literal["concurrent", "per_minute"]
"""What a statement would pass, by the names of `Obligations`."""

_Over: TypeAlias = Callable[[int, int], Limit | None]

_MAGIC = b"NPusage1"
_MODE = 0o600
_WORD = 8
_HEADER = Struct("=8s3Q")  # magic, workers, rows, how many rows were ever in use
_ROWS_AT, _USED_AT = 2, 3
_KEY = 32
_SECONDS = 64  # cells of a worker for the window: more than are looked at, so that none is reused under a reader's eyes

# What a cell of running statements (or of sessions, which uses the lower half) holds, so that one sum adds up all three
_COUNT = (1 << 24) - 1
_WISH = 1 << 24
_WISHES = 0xFF << 24
_BEGUN = 1 << 32  # statements ever begun, modulo 2**32
_LOW = (1 << 32) - 1
_CELL = (1 << 64) - 1


class UsageError(NightporterError):
    """The table cannot be read, or has no room: what should be counted there must not run."""


class Counts(NamedTuple):
    """What a principal uses now, over all workers."""

    sessions: int
    running: int
    last_minute: int


class Row:
    """What one principal uses, as one worker sees and changes it. Made by `Usage.claim`; for one thread."""

    __slots__ = (
        *("_acquire", "_base", "_begun", "_bucket", "_buckets", "_mine", "_open", "_release", "_scan_by", "_second", "_sessions"),
        *("_slot", "_states", "_workers", "claims", "name", "place"),
    )

    def __init__(self, name: str, place: int, mine: int, columns: tuple[memoryview, memoryview, memoryview]) -> None:
        self.name = name
        self.place = place
        self.claims = 0
        self._states, self._sessions, self._buckets = columns
        self._workers = len(self._states)
        self._mine = mine
        self._begun: int = self._states[mine]  # our cell without a wish: only we write it
        self._open: int = self._sessions[mine]
        self._second = -1  # of our newest bucket
        self._slot = 0
        self._bucket = 0
        self._base = 0  # statements begun before the window, at the last scan
        self._scan_by = -1  # a scan is too old from this second on
        # A lock given up and taken again is what Python has of a memory fence: what was written before is seen by all before what
        # comes after is read. (Release, then acquire: in the other order a processor may move both into the middle.)
        fence = threading.Lock()
        fence.acquire()
        self._release, self._acquire = fence.release, fence.acquire

    def session_opened(self, limit: int | None) -> bool:
        """Count a session, unless with it there were more than `limit`; says whether it was counted."""

        def over(total: int, wishes: int) -> Limit | None:
            return "concurrent" if limit is not None and (total & _COUNT) + wishes > limit else None

        if limit is not None and self._insist(self._sessions, self._open, over):
            return False
        self._open += 1
        self._sessions[self._mine] = self._open
        return True

    def session_closed(self) -> None:
        """A session that was counted is over."""
        if not self._open:
            raise UsageError(f"a session of `{self.name}` ended that was not counted")
        self._open -= 1
        self._sessions[self._mine] = self._open

    def statement_begins(self, now_s: float, concurrent: int | None, per_minute: int | None) -> Limit | None:
        """Count a statement, unless with it a limit were passed: then says which, and nothing is counted.

        `now_s` is the monotonic clock of the machine (`time.monotonic`), read just now: it never goes back. A statement without
        limits counts for those that have some.
        """
        second = int(now_s)
        cells, begun = self._states, self._begun
        if concurrent is not None or per_minute is not None:
            cells[self._mine] = begun + _WISH
            self._release()
            self._acquire()
            total = sum(cells.tolist())
            wishes = total >> 24 & 0xFF
            if (concurrent is not None and (total & _COUNT) + wishes > concurrent) or (
                per_minute is not None and (second >= self._scan_by or ((total >> 32) - self._base & _LOW) + wishes > per_minute)
            ):
                over = self._insist(cells, begun, lambda t, w: self._over(t, w, second, concurrent, per_minute))
                if over is not None:
                    return over
        if second > self._second:
            self._turn(second)
        self._bucket += 1
        self._buckets[self._slot] = self._bucket
        self._release()
        self._acquire()  # whoever sees that it has begun finds it in its second
        self._begun = begun = begun + (_BEGUN + 1) & _CELL
        cells[self._mine] = begun  # the wish is gone with it
        return None

    def statement_ended(self) -> None:
        """A statement that began is over, however it ended."""
        if not self._begun & _COUNT:
            raise UsageError(f"a statement of `{self.name}` ended that was not counted")
        self._begun -= 1
        self._states[self._mine] = self._begun

    def counts(self, now_s: float) -> Counts:
        """For people. May be off by what begins or ends at this moment."""
        return Counts(sum(self._sessions.tolist()) & _COUNT, sum(self._states.tolist()) & _COUNT, self._scan(int(now_s)))

    def ended(self) -> int:
        """This worker has no session of the principal any more, nor what one may have left open. Gives the second of its newest
        statement, -1 if there was none since the row was claimed."""
        self._states[self._mine] = self._begun & ~_LOW
        self._sessions[self._mine] = 0
        self.forget()
        return self._second

    def forget(self) -> None:
        """The row is not this worker's any more: whoever still uses it gets an error."""
        for column in (self._states, self._sessions, self._buckets):
            column.release()

    def _insist(self, cells: memoryview, own: int, over: _Over) -> Limit | None:
        """Raise a wish. None: it is within the limit, and still up; else which limit it would pass, and it is taken back."""
        mine, wishing = self._mine, own + _WISH
        seen: list[int] | None = None
        found: Limit | None = None
        looks = iter(range(LOOKS))
        cells[mine] = wishing
        for _ in looks:
            words = self._look(cells)
            total = sum(words)
            found = over(total, 1)
            if found is not None:  # without anybody's wish but ours
                counted = [word & ~_WISHES for word in words]
                if counted == seen:
                    break
                seen = counted
                continue
            seen = None
            found = over(total, total >> 24 & 0xFF)
            if found is None:
                return None
            if _wish_in(words[:mine]):
                cells[mine] = own
                for _ in looks:
                    if not _wish_in(self._look(cells)[:mine]):
                        break
                cells[mine] = wishing
        cells[mine] = own
        return found

    def _look(self, cells: memoryview) -> list[int]:
        self._release()
        self._acquire()
        words: list[int] = cells.tolist()
        return words

    def _over(self, total: int, wishes: int, second: int, concurrent: int | None, per_minute: int | None) -> Limit | None:
        if concurrent is not None and (total & _COUNT) + wishes > concurrent:
            return "concurrent"
        if per_minute is None:
            return None
        if second < self._scan_by and ((total >> 32) - self._base & _LOW) + wishes <= per_minute:
            return None
        # What has left the window since the last scan is still in there: too many by that says nothing
        return "per_minute" if self._scan(second) + wishes > per_minute else None

    def _scan(self, second: int) -> int:
        """How many statements are in the window, and remember how many had begun before it.

        What begins during the scan may be counted twice, until the next, and never not at all: it is in its second before it counts
        as begun, and here these are read the other way round.
        """
        begun = sum(self._look(self._states)) >> 32
        oldest = (second - WINDOW_S) << 32
        count = sum([word & _LOW for word in self._look(self._buckets) if word >= oldest])
        self._base = begun - count & _LOW
        self._scan_by = second + WINDOW_S  # by then fewer than 2**32 have begun
        return count

    def _turn(self, second: int) -> None:
        """Our counts go to another second from now on."""
        self._second = second
        self._slot = second % _SECONDS * self._workers + self._mine
        word: int = self._buckets[self._slot]
        self._bucket = word if word >> 32 == second else second << 32


def _wish_in(words: list[int]) -> bool:
    return any(word & _WISHES for word in words)


class Usage:
    """One worker's view of the table in the run directory `folder`. Its column is cleared: a predecessor has died.

    Raises UsageError, here and in `claim`: without a table nothing is counted, and what has limits must not run.
    """

    def __init__(self, folder: Path, worker: int, workers: int) -> None:
        if not 0 <= worker < workers <= MAX_WORKERS:
            raise UsageError(f"there is no worker `{worker}` of `{workers}`")
        self._table = _Table(folder, workers)
        self._worker = worker
        self._rows: dict[str, Row] = {}
        try:
            with self._table.locked():
                self._table.clear(worker)
        except UsageError:
            self._table.close()
            raise

    def claim(self, principal: str, now_s: float) -> Row:
        """The row of a principal, for one session more. `release` it when the session is over. Raises UsageError.

        It is the same row as long as anybody has it, and for a minute after: who comes back finds what was counted.
        """
        row = self._rows.get(principal)
        if row is None:
            with self._table.locked():
                place = self._table.place(sha256(principal.encode(errors="surrogatepass")).digest(), int(now_s))
                self._table.mark(place, self._worker, 1)
            row = self._rows[principal] = Row(principal, place, self._worker, self._table.columns(place))
        row.claims += 1
        return row

    def release(self, row: Row) -> None:
        """One session less that uses it. With the last, all that it counts as open in this worker is over."""
        if self._rows.get(row.name) is not row:
            raise UsageError(f"the row of `{row.name}` is not in use")
        row.claims -= 1
        if not row.claims:
            del self._rows[row.name]
            self._table.mark(row.place, self._worker, 0, row.ended())

    def close(self) -> None:
        """This worker ends. What it counted as open is over, what its last minute was is kept."""
        for row in list(self._rows.values()):
            row.claims = 1
            self.release(row)
        self._table.close()


def renew(folder: Path, workers: int, rows: int = ROWS) -> None:
    """A new, empty table, for a gateway that starts; who still has an old one keeps that. Raises UsageError."""
    path = folder / FILE
    with _told(path):
        new = _written(path, workers, rows)
        os.replace(new, path)


def worker_died(folder: Path, worker: int, workers: int) -> None:
    """What it counted as open is over: for whoever sees it die. It must be dead. Raises UsageError."""
    table = _Table(folder, workers)
    try:
        with table.locked():
            table.clear(worker)
    finally:
        table.close()


class _Table:
    """The file: who has which row, and where its cells are. Makes it if there is none."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._path = path = folder / FILE
        with _told(path):
            folder.mkdir(0o700, parents=True, exist_ok=True)
            if not path.exists():
                new = _written(path, workers, ROWS)
                with suppress(FileExistsError):  # another was first: it is as good
                    os.link(new, path)
                new.unlink()
            self._descriptor = os.open(path, os.O_RDWR)
            try:
                self._map = self._mapped(workers)
            except BaseException:
                os.close(self._descriptor)
                raise
        self._cells = memoryview(self._map).cast("Q")
        self._workers = workers
        self._rows: int = self._cells[_ROWS_AT]
        self._keys_at = _HEADER.size
        self._marks_at = (_HEADER.size + self._rows * _KEY) // _WORD
        self._columns_at = self._marks_at + self._rows * workers
        self._next = 0

    def _mapped(self, workers: int) -> mmap.mmap:
        size = os.fstat(self._descriptor).st_size
        if size < _HEADER.size:
            raise UsageError(f"`{self._path}` is not a table of limits")
        mapped = mmap.mmap(self._descriptor, size)
        magic, columns, rows, used = _HEADER.unpack_from(mapped)
        if magic == _MAGIC and size == _size(columns, rows) and used <= rows and columns == workers:
            return mapped
        mapped.close()
        if magic == _MAGIC and columns != workers:
            raise UsageError(f"`{self._path}` is a table for `{columns}` workers, not `{workers}`")
        raise UsageError(f"`{self._path}` is not a table of limits")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else gives rows away meanwhile. The lock ends with its process."""
        with _told(self._path):
            for _ in range(LOCK_TRIES):
                try:
                    fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    time.sleep(LOCK_PAUSE_S)
            else:
                raise UsageError(f"`{self._path}` is locked by a process that does not go on")
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    # A mark says how many sessions of a worker use the row (in practice 0 or 1: the worker counts them itself), and, above 32
    # bits, when its newest statement there began.

    def place(self, key: bytes, second: int) -> int:
        """The row of this key, or one that is free. The lock must be held. Raises UsageError."""
        used: int = self._cells[_USED_AT]
        end = self._keys_at + used * _KEY
        at = self._map.find(key, self._keys_at, end)
        while at >= 0:
            if (at - self._keys_at) % _KEY == 0:
                return (at - self._keys_at) // _KEY
            at = self._map.find(key, at + 1, end)
        place = used if used < self._rows else self._deserted(second)
        # its cells may stay as they are: nothing in them is open, or in the window
        at = self._keys_at + place * _KEY
        self._map[at : at + _KEY] = key
        self._cells[_USED_AT] = max(used, place + 1)
        return place

    def _deserted(self, second: int) -> int:
        """A row that nobody uses, and that has nothing in the window."""
        for step in range(self._rows):
            place = (self._next + step) % self._rows
            if all(not mark & _LOW and mark >> 32 < max(second - WINDOW_S, 1) for mark in self._marks(place)):
                self._next = place + 1
                return place
        raise UsageError(f"`{self._path}` is full: `{self._rows}` principals are there, or were within the last minute")

    def _marks(self, place: int) -> list[int]:
        at = self._marks_at + place * self._workers
        marks: list[int] = self._cells[at : at + self._workers].tolist()
        return marks

    def mark(self, place: int, worker: int, claims: int, second: int = -1) -> None:
        """A worker uses this row, or does no more; `second` is that of its newest statement."""
        at = self._marks_at + place * self._workers + worker
        self._cells[at] = max(self._cells[at] >> 32, second, 0) << 32 | claims

    def columns(self, place: int) -> tuple[memoryview, memoryview, memoryview]:
        """The cells of a row: running statements by worker, sessions by worker, statements by second and worker."""
        at, workers = self._columns_at + place * _row_words(self._workers), self._workers
        cells = self._cells
        return cells[at : at + workers], cells[at + workers : at + 2 * workers], cells[at + 2 * workers : at + _row_words(workers)]

    def clear(self, worker: int) -> None:
        """A worker is dead: nothing of it is open. The lock must be held."""
        for place in range(self._cells[_USED_AT]):
            states, sessions, buckets = self.columns(place)
            if self._marks(place)[worker] & _LOW or sessions[worker] or states[worker] & _LOW:
                states[worker] &= ~_LOW & _CELL  # what had begun goes on counting: others have added it up
                sessions[worker] = 0
                self.mark(place, worker, 0, max(buckets[worker :: self._workers].tolist()) >> 32)
            for column in (states, sessions, buckets):
                column.release()

    def close(self) -> None:
        """It is not looked at any more."""
        self._cells.release()
        self._map.close()
        os.close(self._descriptor)


def _row_words(workers: int) -> int:
    return workers * (2 + _SECONDS)


def _size(workers: int, rows: int) -> int:
    return _HEADER.size + rows * (_KEY + (workers + _row_words(workers)) * _WORD)


def _written(path: Path, workers: int, rows: int) -> Path:
    """A file with an empty table beside where it will be. Every byte of it is written: a hole in the file that the disk has no room
    for would end the process that first steps into it."""
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    header = _HEADER.pack(_MAGIC, workers, rows, 0)
    try:
        with open(new, "wb", opener=lambda name, flags: os.open(name, flags, _MODE)) as file:
            file.write(header)
            file.write(bytes(_size(workers, rows) - len(header)))
    except OSError:
        new.unlink(missing_ok=True)
        raise
    return new


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"the table of limits `{path}` cannot be used: {error.strerror}") from error
