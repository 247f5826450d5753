"""The writer of a ledger: one log of records, chained, signed, and in the operating system before `intent` returns.

Used by one thread. `sync` and `publish` alone may run in another one (see `group_commit`). A ledger does not survive a
fork: open it in the process that writes it. It decides nothing; who may wait for what is the caller's.

Theory of operation. A record gets its number and its `prev` when it is made, and counts once its bytes are written. An
outcome is made at once but written with the next intent, so that a statement costs one write and not two; its place in
the chain is fixed all the same. An intent that cannot be written was never made: nothing but a successful write moves
the size, the chain or the tree. Hashes of records wait in a list and are folded into the tree in batches.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import msgspec
from msgspec import Raw

from nightporter.core.error import EvidenceError

from . import files, keys, resume
from .chain import Checkpoint, SigningKey, leaf_hash
from .commitment import CommitmentKey, commit_all
from .record import (
    ENDS,
    PHASES,
    STATUSES,
    VERSION,
    Detail,
    Event,
    EventKind,
    Intent,
    Outcome,
    Stamp,
    Veiled,
    check_detail,
)
from .segment import Segments, failure

SEGMENT_BYTES = 64 * 1024 * 1024
"""A segment is full at this size: small enough to ship or to grep, large enough that turning is rare."""
FLUSH_BYTES = 64 * 1024
"""Outcomes are written without waiting for an intent once this much of them is pending."""
FOLD_RECORDS = 1024
"""Hashes that wait for the tree: folding them takes about a millisecond."""

_ATTEMPTS = 8  # at forty random bits one would do
_NOTHING: Detail = MappingProxyType({})
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the log at one instant: what a checkpoint signs, and what it takes to go on from there."""

    size: int
    root: bytes
    mark: bytes


class Ledger:
    """One writer's log, locked for this process. Made by `Ledger.open`."""

    __slots__ = (
        "_commitments",
        "_day",
        "_directory",
        "_flush_at",
        "_frontier",
        "_key",
        "_leaves",
        "_lock",
        "_now_us",
        "_path",
        "_pending",
        "_pending_bytes",
        "_prev",
        "_publishing",
        "_random",
        "_segments",
        "_signed",
        "_size",
        "_stamp",
        "_writer",
    )

    def __init__(
        self,
        path: Path,
        key: SigningKey,
        lock: int,
        end: resume.End,
        segments: Segments,
        random: Callable[[int], bytes],
        now_us: Callable[[], int],
    ) -> None:
        """Not for use: `Ledger.open` makes ledgers."""
        self._path = path
        self._writer = Checkpoint(key.verifier.name, 0, b"").writer
        self._directory = path / self._writer
        self._key = key
        self._lock: int | None = lock
        self._size = end.size
        self._prev = end.prev
        self._frontier = end.frontier
        self._leaves: list[bytes] = []
        self._segments = segments
        self._signed = end.signed
        self._publishing = threading.Lock()
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._flush_at = FLUSH_BYTES
        self._stamp = Stamp()
        self._day = ""
        self._commitments: CommitmentKey
        self._random = random
        self._now_us = now_us

    @staticmethod
    def open(
        path: Path,
        *,
        writer: str | None,
        random: Callable[[int], bytes],
        now_us: Callable[[], int],
        segment_bytes: int = SEGMENT_BYTES,
        detail: Detail = _NOTHING,
    ) -> Ledger:
        """Open the log of an existing writer, or with None that of a new one, and record that it is open. Blocks.

        `random(n)` gives n unpredictable bytes; `now_us()` is the time since 1970 in microseconds, UTC; `detail` goes into
        `writer_started`. Raises `EvidenceError` if the log is in use, cannot be written, or was not left by us as it is.
        """
        check_detail(detail)
        try:
            key = _new_writer(path, random) if writer is None else _known_writer(path, writer)
            writer = Checkpoint(key.verifier.name, 0, b"").writer
            lock = _lock(path / writer, writer)
        except OSError as error:
            raise failure("be opened", error) from error
        try:
            end, torn = _find_end(path / writer, key)
            segments = Segments(path / writer, end.ordinal, end.offset, segment_bytes)
        except OSError as error:
            os.close(lock)
            raise failure("be opened", error) from error
        except EvidenceError:
            os.close(lock)
            raise
        ledger = Ledger(path, key, lock, end, segments, random, now_us)
        try:
            for piece in torn:
                ledger.event(EventKind.TORN_TAIL, None, piece)
            ledger.event(EventKind.WRITER_STARTED, None, detail)
            ledger.checkpoint()
        except EvidenceError:  # it never was open
            ledger._release()
            raise
        return ledger

    @property
    def writer(self) -> str:
        """Id of this log's writer."""
        return self._writer

    @property
    def unsigned(self) -> int:
        """How many records no checkpoint covers yet."""
        return self._size - self._signed

    @property
    def broken(self) -> str | None:
        """Why nothing more can be recorded, ever; None as long as it can."""
        return self._segments.broken

    def intent(
        self,
        who: Raw,
        what: Raw,
        *,
        phase: str,
        parameters: tuple[bytes | None, ...] = (),
        refers_to: str | None = None,
        streamed: bool = False,
        salted: bool = False,
    ) -> tuple[str, bytes]:
        """Record that a statement is about to run, or was denied; gives its number and the salt of its commitments.

        The salt is made only for what needs one: parameters, a streamed message, or `salted`; otherwise it is empty.

        It is in the operating system when this returns. Raises `EvidenceError`, and then it was not recorded.
        """
        if phase not in PHASES:
            raise EvidenceError(f"`{phase}` is no phase of a statement")
        number = f"{self._writer}-{self._size + 1}"
        time = self._stamp(self._now_us())
        if self._stamp.day != self._day:
            self._turn_day()
        salt = self._commitments.salt(number) if parameters or streamed or salted else b""
        commitments = commit_all(salt, parameters) if parameters else ()
        self._append(Intent(VERSION, number, time, "intent", self._prev, who, what, phase, commitments, refers_to, streamed))
        return number, salt

    def outcome(
        self,
        who: Raw,
        intent: str,
        duration_us: int,
        statement: int = 0,
        status: str = "ok",
        tag: str | None = None,
        rows: int | None = None,
        bytes: int = 0,
        sqlstate: str | None = None,
        transaction: int = 0,
        transaction_end: str | None = None,
        sha256: str | None = None,
        streamed_bytes: int | None = None,
        veiled: tuple[Veiled, ...] = (),
    ) -> None:
        """Record how a statement ended; written with the next intent, by `flush`, or when enough are pending.

        Never raises for a full disk: the outcome stays pending, and no intent is recorded before it. So what can be pending
        is bounded by the statements that run. Raises `EvidenceError` if the ledger is broken or a value is unknown.
        """
        if self._segments.broken is not None:
            raise EvidenceError(self._segments.broken)
        if status not in STATUSES or transaction_end not in ENDS:
            raise EvidenceError(f"`{status}`, `{transaction_end}` is no way for a statement to end")
        if (statement | bytes | duration_us | transaction | (rows or 0) | (streamed_bytes or 0)) < 0:
            raise EvidenceError(f"a count of the outcome of `{intent}` is negative")
        record = Outcome(
            VERSION,
            f"{self._writer}-{self._size + 1}",
            self._stamp(self._now_us()),
            "outcome",
            self._prev,
            who,
            intent,
            statement,
            status,
            bytes,
            duration_us,
            transaction,
            tag,
            rows,
            sqlstate,
            transaction_end,
            sha256,
            streamed_bytes,
            veiled,
        )
        line = _line(record)
        self._count(leaf_hash(line))
        self._pending.append(line)
        self._pending_bytes += len(line) + 1
        if self._pending_bytes >= self._flush_at:
            self._try_flush()

    def event(self, kind: EventKind, who: Raw | None, detail: Detail) -> str:
        """Record anything else; gives its number. Written, and failing, as an intent is."""
        check_detail(detail)
        number = f"{self._writer}-{self._size + 1}"
        self._append(Event(VERSION, number, self._stamp(self._now_us()), str(kind), self._prev, who, dict(detail)))
        return number

    def flush(self) -> None:
        """Write what is pending. Raises `EvidenceError`, and then it stays pending."""
        if self._pending:
            self._segments.append(b"\n".join(self._pending) + b"\n")
            self._written()

    def sync(self) -> None:
        """Return once all that was written before the call is on disk. Blocks; may run in another thread.

        Raises `EvidenceError`, and then the ledger is broken.
        """
        self._segments.sync()

    def head(self) -> Head:
        """Write what is pending and give the end of the log, for `publish`. Raises `EvidenceError`."""
        self.flush()
        self._fold()
        peaks = [peak.hex() for peak in self._frontier.peaks]
        mark = resume.Mark(self._size, self._prev, self._segments.ordinal, self._segments.offset, peaks)
        return Head(self._size, self._frontier.root(), _encode(mark))

    def publish(self, head: Head) -> None:
        """Sync, then sign and keep the checkpoint of a head, unless a later one was. Blocks; may run in another thread.

        In this order a checkpoint never promises more than the disk holds. Raises `EvidenceError`; it may be tried again.
        """
        with self._publishing:
            if head.size <= self._signed:
                return
            self._segments.sync()
            note = self._key.sign(Checkpoint(self._key.verifier.name, head.size, head.root).text()).encode()
            try:
                files.add(self._directory / "checkpoints", note + b"\n")
                files.replace(self._directory / "resume", head.mark)
                files.replace(self._directory / "checkpoint", note)
            except OSError as error:  # the records are safe; the next checkpoint covers them
                raise failure("write a checkpoint", error) from error
            self._signed = head.size

    def checkpoint(self) -> None:
        """Sign all that was recorded. Blocks. Raises `EvidenceError`."""
        self.publish(self.head())

    def close(self) -> None:
        """Record that the writer stops, sign, and let go of the files, which happens in any case. Blocks.

        Raises `EvidenceError` if what was pending, or the end itself, could not be recorded. Closing again does nothing.
        """
        if self._lock is None:
            return
        try:
            self.event(EventKind.WRITER_STOPPED, None, _NOTHING)
            self.checkpoint()
        finally:
            self._release()

    def _append(self, record: Intent | Event) -> None:
        if self._segments.must_sync:
            self.checkpoint()  # nobody else does it
        line = _line(record)
        leaf = leaf_hash(line)
        self._segments.append(b"\n".join((*self._pending, line, b"")))
        self._count(leaf)
        self._written()

    def _count(self, leaf: bytes) -> None:
        self._size += 1
        self._prev = leaf.hex()
        self._leaves.append(leaf)

    def _written(self) -> None:
        if self._pending:
            self._pending.clear()
            self._pending_bytes = 0
            self._flush_at = FLUSH_BYTES
        if len(self._leaves) >= FOLD_RECORDS:
            self._fold()

    def _fold(self) -> None:
        self._frontier.extend(self._leaves)
        self._leaves.clear()

    def _try_flush(self) -> None:
        try:
            self.flush()
        except EvidenceError:  # pending it stays; the next intent tries again and tells its client
            if self._segments.broken is not None:
                raise
            self._flush_at = self._pending_bytes + FLUSH_BYTES

    def _turn_day(self) -> None:
        try:
            self._commitments = keys.commitment_key(self._path, self._writer, self._stamp.day, self._random)
        except OSError as error:  # values without a key could never be opened: the intent is not recorded
            raise failure("make a commitment key", error) from error
        self._day = self._stamp.day

    def _release(self) -> None:
        self._segments.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _line(record: Intent | Outcome | Event) -> bytes:
    try:
        line = _encode(record)
    except ValueError as error:  # a lone surrogate, a number beyond 64 bits: it was not recorded
        raise EvidenceError("the record cannot be written as JSON") from error
    if b"\n" in line:  # from JSON that was not encoded by `record.encode`
        raise EvidenceError("the record is not a single line")
    return line


def _new_writer(path: Path, random: Callable[[int], bytes]) -> SigningKey:
    path.mkdir(files.DIRECTORY_MODE, parents=True, exist_ok=True)
    (path / files.KEYS).mkdir(files.SECRET_DIRECTORY_MODE, exist_ok=True)
    for _ in range(_ATTEMPTS):
        writer = b32encode(random(5)).decode().lower()
        if (path / writer).exists():
            continue
        try:
            key = keys.make_signing_key(path, writer, random)
        except FileExistsError:  # its keys outlived its log: an id is never used again
            continue
        (path / writer).mkdir(files.DIRECTORY_MODE)
        files.replace(path / writer / "key.pub", f"{key.verifier}\n".encode())
        files.sync_directory(path)
        return key
    raise EvidenceError(f"found no writer id that is not in use in `{path}`")


def _known_writer(path: Path, writer: str) -> SigningKey:
    if not files.WRITER.fullmatch(writer) or not (path / writer).is_dir():
        raise EvidenceError(f"there is no writer `{writer}` in `{path}`")
    return keys.read_signing_key(path, writer)


def _lock(directory: Path, writer: str) -> int:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise EvidenceError(f"the log of writer `{writer}` is in use by another process") from error
    return fd


def _find_end(directory: Path, key: SigningKey) -> tuple[resume.End, list[Detail]]:
    """Where the log ends, once what a crash left torn is cut, and what that was."""
    signed = resume.latest_checkpoint(directory, key.verifier)
    end = resume.find_end(directory, directory.name, signed)
    # The last one first: should we die in between, the tear is still there to be found.
    torn = [_cut(directory / files.segment_name(ordinal), offset) for ordinal, offset in reversed(end.torn)]
    note = resume.torn_note(directory)
    if note is not None:
        os.truncate(directory / "checkpoints", note)
    return end, [piece for piece in reversed(torn) if piece["bytes"]]


def _cut(segment: Path, offset: int) -> Detail:
    with open(segment, "r+b") as file:
        file.seek(offset)
        tail = file.read()
        files.add(segment.with_name(segment.name + ".torn"), tail)
        file.truncate(offset)
        files.sync(file.fileno())
    if offset == 0:
        segment.unlink()
    return {"file": segment.name, "offset": offset, "bytes": len(tail), "sha256": hashlib.sha256(tail).hexdigest()}
