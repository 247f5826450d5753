"""How workers learn at once that a catalogue has changed: a few bytes of memory that all of them share.

Each worker has a counter of its own in one small file, mapped into memory, and counts it up before a client can hear that its
change is done. Whoever looks sees it from then on, without a message and without a wait. What changed is not said: it is looked
up anew.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from struct import pack_into, unpack_from

FILE = "catalog-changes"
_SLOT = 8
_MODE = 0o600


class Bulletin:
    """One worker's view of it."""

    def __init__(self, folder: Path, index: int, workers: int) -> None:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        size = _SLOT * max(workers, index + 1)
        descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, _MODE)
        try:
            if os.fstat(descriptor).st_size < size:  # never shorter: others may have it mapped
                os.ftruncate(descriptor, size)
            self._map = mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)
        self._at = _SLOT * index
        self._seen = self._map[:]

    def post(self) -> None:
        """A catalogue has changed, or may have."""
        (count,) = unpack_from("<Q", self._map, self._at)
        pack_into("<Q", self._map, self._at, (count + 1) % 2**64)

    def news(self) -> bool:
        """Whether anybody, oneself included, has said so since the last time this was asked."""
        now = self._map[:]
        if now == self._seen:
            return False
        self._seen = now
        return True

    def close(self) -> None:
        """It is not looked at any more."""
        self._map.close()
