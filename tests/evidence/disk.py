"""A disk that can be made to fail: takes the place of `os` in the one module that appends records."""

from __future__ import annotations

import errno
import os
from typing import Any

import pytest

from nightporter.evidence import files, segment


class Disk:
    """Everything is the real thing, save what was told to fail."""

    def __init__(self) -> None:
        self.room: int | None = None
        """Bytes that still fit."""
        self.write_errno = 0
        self.truncate_errno = 0
        self.sync_errno = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def write(self, fd: int, data: bytes) -> int:
        if self.write_errno:
            raise OSError(self.write_errno, os.strerror(self.write_errno))
        if self.room is None:
            return os.write(fd, data)
        if self.room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = os.write(fd, data[: self.room])
        self.room -= written
        return written

    def ftruncate(self, fd: int, length: int) -> None:
        if self.truncate_errno:
            raise OSError(self.truncate_errno, os.strerror(self.truncate_errno))
        before = os.fstat(fd).st_size
        os.ftruncate(fd, length)
        if self.room is not None:
            self.room += before - length

    def sync(self, fd: int) -> None:
        if self.sync_errno:
            raise OSError(self.sync_errno, os.strerror(self.sync_errno))


def failing(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Put such a disk under the ledger."""
    disk = Disk()
    monkeypatch.setattr(segment, "os", disk)
    monkeypatch.setattr(files, "sync", disk.sync)
    return disk
