"""Waiting for the disk, shared by all who wait: one sync at a time in a thread, for everyone who asked before it began.

For one event loop. Nothing is caught: a sync that fails fails all its waiters, and the ledger is broken then.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

from nightporter.core.error import EvidenceError

from .ledger import Ledger


class Durability(StrEnum):
    """How safe an intent must be before its statement runs. A setting for changes; reads are always `os`."""

    OS = "os"  # survives our crash
    DISK = "disk"  # survives a power failure as well


class GroupCommit:
    """Syncs a ledger without blocking the event loop. Use `close` before the ledger is closed."""

    __slots__ = ("_closed", "_executor", "_ledger", "_next", "_running")

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._closed = False
        # Its own thread: the loop's default pool may be full of waiting name look-ups.
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="ledger-sync")
        self._running: asyncio.Future[None] | None = None
        self._next: asyncio.Future[None] | None = None

    async def wait(self) -> None:
        """Return once everything written before the call is on disk. Raises `EvidenceError`."""
        if self._closed:
            raise EvidenceError("the ledger is closed")
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        ours = self._next
        if self._running is None:
            self._begin()
        # One waiter that is cancelled must not take the others with it.
        await asyncio.shield(ours)

    async def checkpoint(self) -> None:
        """Sign all that was recorded before the call. Raises `EvidenceError`."""
        if self._closed:
            raise EvidenceError("the ledger is closed")
        head = self._ledger.head()
        await asyncio.get_running_loop().run_in_executor(self._executor, self._ledger.publish, head)

    async def close(self) -> None:
        """Wait for the sync that is under way, and for those that wait for the next one; then end the thread."""
        self._closed = True
        while self._running is not None:
            await asyncio.wait([self._running])
        self._executor.shutdown()

    def _begin(self) -> None:
        ours, self._next = self._next, None
        if ours is None:
            self._running = None
            return
        self._running = ours
        work = asyncio.get_running_loop().run_in_executor(self._executor, self._ledger.sync)
        work.add_done_callback(lambda done: self._end(ours, done))

    def _end(self, ours: asyncio.Future[None], done: asyncio.Future[None]) -> None:
        error = done.exception()
        if error is None:
            ours.set_result(None)
        else:
            ours.set_exception(error)
            ours.exception()  # it is told to whoever still waits; nobody may, if all were cancelled
        self._begin()
