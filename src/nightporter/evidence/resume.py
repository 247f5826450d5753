"""Where a writer's log ends when it is opened again. Reads only; what it finds torn the ledger cuts.

A crash leaves at most a tail that is no record: a line without its newline, or (after a power failure, when the disk has a
file's length but not its data) something that is not JSON. That tail begins `Torn`. A line that is JSON but does not
continue the chain, or a log that ends before its own checkpoint, was not made by a crash: we do not build on it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from nightporter.core.error import EvidenceError

from . import files
from .chain import SIGNATURE_MARK, START, Checkpoint, Frontier, VerifierKey, leaf_hash, split_notes

_NOTE_TAIL_BYTES = 4096
"""More than a checkpoint with its signature has."""


class _Link(msgspec.Struct):
    n: str
    prev: str


class Mark(msgspec.Struct):
    """Content of the `resume` file: the end of the log at its latest checkpoint. Believed only if the root agrees."""

    size: int
    prev: str
    ordinal: int
    offset: int
    peaks: list[str]


@dataclass(slots=True)
class End:
    """Where the log ends."""

    size: int = 0
    prev: str = START
    ordinal: int = 1
    offset: int = 0
    frontier: Frontier = field(default_factory=Frontier)
    signed: int = 0
    """How many records the latest checkpoint covers."""
    torn: list[tuple[int, int]] = field(default_factory=list)
    """Segments to cut, and where: the first at its last good line, any later one at 0."""


_read_link = msgspec.json.Decoder(_Link).decode
_read_mark = msgspec.json.Decoder(Mark).decode


def find_end(directory: Path, writer: str, signed: Checkpoint | None) -> End:
    """Follow a writer's log to its end, from the latest checkpoint if it can be found fast.

    Raises `EvidenceError` if the log does not fit itself or the checkpoint, OSError if it cannot be read.
    """
    ordinals = files.segments(directory)
    if ordinals != list(range(1, len(ordinals) + 1)):
        raise EvidenceError(f"a segment of writer `{writer}` is missing")
    end = _marked(directory, signed) or End(signed=signed.size if signed is not None else 0)
    proved = signed is None or end.size == signed.size
    for ordinal in ordinals[max(end.ordinal, 1) - 1 :]:
        if end.torn:  # written after the torn line, so lost with it
            end.torn.append((ordinal, 0))
            continue
        if ordinal != end.ordinal:
            end.ordinal, end.offset = ordinal, 0
        for line in _lines(directory / files.segment_name(ordinal), end.offset):
            link = _link(line)
            if link is None:
                end.torn.append((ordinal, end.offset))
                break
            _follow(end, writer, link, line)
            if signed is not None and end.size == signed.size:
                proved = end.frontier.root() == signed.root
    if not proved:
        raise EvidenceError(f"the log of writer `{writer}` does not agree with its checkpoint; run `evidence verify`")
    return end


def latest_checkpoint(directory: Path, key: VerifierKey) -> Checkpoint | None:
    """A writer's latest checkpoint, None if it never made one. Raises `EvidenceError` if it is not its own."""
    try:
        return key.open_checkpoint((directory / "checkpoint").read_text("utf-8"))
    except FileNotFoundError:  # a crash during the first one may have left it in the other file only
        pass
    except UnicodeDecodeError as error:
        raise EvidenceError(f"`{directory / 'checkpoint'}` is not a signed note") from error
    try:
        notes, _ = split_notes((directory / "checkpoints").read_text("utf-8", "surrogateescape"))
    except FileNotFoundError:
        return None
    return key.open_checkpoint(notes[-1]) if notes else None


def torn_note(directory: Path) -> int | None:
    """Where the `checkpoints` file must be cut since a crash left half a note at its end; None if it is whole."""
    try:
        with open(directory / "checkpoints", "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _NOTE_TAIL_BYTES))
            tail = file.read()
    except FileNotFoundError:
        return None
    last = tail.removesuffix(b"\n\n").rpartition(b"\n\n")[2]
    if not tail or (tail.endswith(b"\n\n") and last.startswith(SIGNATURE_MARK.encode())):
        return None
    whole = (directory / "checkpoints").read_bytes()
    _, rest = split_notes(whole.decode("utf-8", "surrogateescape"))
    return len(whole) - len(rest.encode("utf-8", "surrogateescape"))


def _marked(directory: Path, signed: Checkpoint | None) -> End | None:
    """The end at the checkpoint, if the `resume` file is there and true; it only saves time, so any doubt drops it."""
    if signed is None:
        return None
    try:
        mark = _read_mark((directory / "resume").read_bytes())
        frontier = Frontier(mark.size, map(bytes.fromhex, mark.peaks))
        length = (directory / files.segment_name(mark.ordinal)).stat().st_size
    except (OSError, ValueError, EvidenceError):  # then the whole log is read instead
        return None
    if mark.size != signed.size or frontier.root() != signed.root or length < mark.offset:
        return None
    return End(mark.size, mark.prev, mark.ordinal, mark.offset, frontier, signed.size)


def _lines(path: Path, offset: int) -> Iterator[bytes]:
    with open(path, "rb", buffering=1 << 20) as file:
        file.seek(offset, os.SEEK_SET)
        yield from file


def _link(line: bytes) -> _Link | None:
    if not line.endswith(b"\n"):
        return None
    try:
        return _read_link(line)
    except msgspec.ValidationError:  # whole JSON, but nothing that we wrote: it continues nothing
        return _Link("", "")
    except (msgspec.DecodeError, UnicodeDecodeError):  # the caller has it cut and kept
        return None


def _follow(end: End, writer: str, link: _Link, line: bytes) -> None:
    number = f"{writer}-{end.size + 1}"
    if link.n != number or link.prev != end.prev:
        raise EvidenceError(f"record `{number}` does not continue the log before it; run `evidence verify`")
    leaf = leaf_hash(line[:-1])
    end.frontier.append(leaf)
    end.size += 1
    end.prev = leaf.hex()
    end.offset += len(line)
