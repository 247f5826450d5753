"""Where the ledger's files are, and the few ways in which they are written. No knowledge of records.

<path>/<writer>/00000001.jsonl ...   segments: the records
<path>/<writer>/00000001.jsonl.torn  what a crash left unfinished, kept
<path>/<writer>/checkpoint           latest signed note
<path>/<writer>/checkpoints          all of them
<path>/<writer>/key.pub              verifier key
<path>/<writer>/resume               where the latest checkpoint ends; only saves time
<path>/policy/<sha256>.json          policies that were in force (see `versions`)
<path>/keys/<writer>/signing         private key
<path>/keys/<writer>/commitment-2026-01-31   commitment key of that day (UTC)
<path>/keys/tokens                   what tokens for hidden values are made with; not the ledger's own
"""

from __future__ import annotations

import fcntl
import os
import re
import sys
from pathlib import Path

KEYS = "keys"
WRITER = re.compile(r"[a-z2-7]{8}")
"""Forty random bits in base32."""
_SEGMENT = re.compile(r"(\d{8})\.jsonl")

# An auditor may be put into the group; others have no business here: records hold statement texts.
DIRECTORY_MODE = 0o750
FILE_MODE = 0o640
SECRET_DIRECTORY_MODE = 0o700
SECRET_FILE_MODE = 0o600


def segment_name(ordinal: int) -> str:
    """Name of a writer's n-th segment, from 1."""
    return f"{ordinal:08d}.jsonl"


def segments(directory: Path) -> list[int]:
    """Ordinals of the segments that a writer has, ascending."""
    return sorted(int(m[1]) for m in map(_SEGMENT.fullmatch, os.listdir(directory)) if m)


def writers(path: Path) -> list[str]:
    """Ids of the writers whose logs are here, sorted; none if there is no ledger yet."""
    if not path.is_dir():
        return []
    names = (entry.name for entry in path.iterdir() if entry.is_dir())
    return sorted(name for name in names if name != KEYS and WRITER.fullmatch(name))


def sync(fd: int) -> None:
    """Return once the file's data, and what is needed to find it, is on disk. Blocks."""
    if sys.platform == "darwin":  # fsync there leaves the data in the drive's own cache
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    else:
        os.fdatasync(fd)


def sync_directory(directory: Path) -> None:
    """Return once the directory's entries are on disk. Blocks."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def replace(path: Path, data: bytes, mode: int = FILE_MODE) -> None:
    """Write a whole file so that a reader, or a crash, finds the old or the new one. On disk when it returns."""
    fresh = path.with_name(path.name + ".new")
    _write(fresh, data, os.O_TRUNC, mode)
    os.replace(fresh, path)
    sync_directory(path.parent)


def add(path: Path, data: bytes, mode: int = FILE_MODE) -> None:
    """Append to a file, making it if need be; all or nothing. On disk when it returns."""
    before = path.stat().st_size if path.exists() else 0
    try:
        _write(path, data, os.O_APPEND, mode)
    except OSError:
        os.truncate(path, before)
        raise


def _write(path: Path, data: bytes, flag: int, mode: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | flag, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        sync(fd)
    finally:
        os.close(fd)
