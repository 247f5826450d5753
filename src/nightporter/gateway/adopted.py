"""The set of policies by which a worker decides, and how it takes over the next. The control process says which: see `rollout`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import structlog

from nightporter.policy.ruleset import Ruleset

from .policies import read_kept
from .task import spawn

log = structlog.get_logger()

ANSWER_S = 2.0
"""How long the control process waits while a set is taken over; then it asks again."""

InThread: TypeAlias = Callable[[Callable[[Path, str], Ruleset], Path, str], Awaitable[Ruleset]]
"""Runs something that blocks."""


class Adopted:
    """The set by which a worker decides, and how it takes over the next one."""

    def __init__(self, file: Path) -> None:
        """`file`: where the set is kept. Blocks. Raises EvidenceError, or the errors of the policies."""
        self._folder = file.parent
        self.ruleset = read_kept(file.parent, file.stem)
        self._wanted = file.stem
        self._taking: asyncio.Task[None] | None = None
        self._failed: tuple[str, str] | None = None  # hash, and why

    async def adopt(
        self,
        digest: str,
        in_thread: InThread,
        changed: Callable[[Ruleset], None],
    ) -> dict[str, object]:
        """Take over the set that is kept under this hash; gives the hash by which the worker decides when it answers.

        It answers in ANSWER_S at the latest, then with the hash before: it is asked again. `changed` is called once the set
        is another one, before anything is decided by the one before.
        """
        if self.ruleset.hash != digest:
            self._wanted, self._failed = digest, None
            if self._taking is None or self._taking.done():
                self._taking = spawn(self._take(in_thread, changed), "policies")
            await asyncio.wait([self._taking], timeout=ANSWER_S)
            if self._taking.done() and (error := self._taking.exception()) is not None:
                self._failed = (digest, str(error) or type(error).__name__)  # some sessions may not know yet
        answer: dict[str, object] = {"policies": self.ruleset.hash}
        if self._failed is not None and self._failed[0] == digest:
            answer["error"] = self._failed[1]
        return answer

    async def _take(
        self,
        in_thread: InThread,
        changed: Callable[[Ruleset], None],
    ) -> None:
        while self.ruleset.hash != self._wanted:
            wanted = self._wanted
            reading = asyncio.ensure_future(in_thread(read_kept, self._folder, wanted))
            await asyncio.wait([reading])
            error = reading.exception()
            if error is not None:  # the control process hears of it, and ends us: we would decide by what no longer holds
                log.error("policies not taken over", hash=wanted, error=str(error))
                self._failed = (wanted, str(error) or type(error).__name__)
                return
            self.ruleset = reading.result()
            changed(self.ruleset)
