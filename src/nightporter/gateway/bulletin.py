"""How workers learn at once that a catalogue has changed: a few bytes of memory that all of them share.

Each worker has a number of its own in one small file, mapped into memory, and changes it before a client can hear that its
change is done. Whoever looks sees it from then on, without a message and without a wait. What changed is not said: it is looked
up anew. So it is with labels of columns, which the control process and the command line change too: they share one number.
"""

from __future__ import annotations

import mmap
import os
import secrets
from pathlib import Path
from struct import pack_into

CHANGES = "catalog-changes"
"""Its file for what has changed."""
HUSH = "hush"
"""That for statements that want their database for themselves: whoever has a connection to one without need hangs up."""
_SLOT = 8
_MODE = 0o600
OUTSIDE = -1
"""Index of whoever is no worker. It comes first in the file, where it is whatever the number of workers."""


class Bulletin:
    """One worker's view of it, or that of somebody outside."""

    def __init__(self, folder: Path, index: int, workers: int, file: str = CHANGES) -> None:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        size = _SLOT * (1 + max(workers, index + 1))
        descriptor = os.open(folder / file, os.O_RDWR | os.O_CREAT, _MODE)
        try:
            if os.fstat(descriptor).st_size < size:  # never shorter: others may have it mapped
                os.ftruncate(descriptor, size)
            self._map = mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)
        self._at = _SLOT * (index + 1)
        self._first = _SLOT if index == OUTSIDE else 0  # who is outside changes only labels, and hears of the catalogues
        self._seen = self._map[self._first :]

    def post(self) -> None:
        """A catalogue has changed, or may have; or labels have."""
        # by chance, and not one more: of two at once outside, neither writes what the other has written
        pack_into("<Q", self._map, self._at, secrets.randbits(64))

    def news(self) -> bool:
        """Whether anybody, oneself included, has said so since the last time this was asked. Outside: whether a worker has."""
        now = self._map[self._first :]
        if now == self._seen:
            return False
        self._seen = now
        return True

    def close(self) -> None:
        """It is not looked at any more."""
        self._map.close()
