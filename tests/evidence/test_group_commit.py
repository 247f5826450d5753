from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from nightporter.core.error import EvidenceError
from nightporter.evidence.group_commit import GroupCommit
from nightporter.evidence.ledger import Ledger
from nightporter.evidence.verify import verify

from .book import READ, WHO, opened, statement


class Slow:
    """A ledger whose sync ends when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.active = 0
        self.together = 0
        self.error: EvidenceError | None = None
        self.gate = threading.Semaphore(0)

    def sync(self) -> None:
        self.begun += 1
        self.active += 1
        self.together = max(self.together, self.active)
        assert self.gate.acquire(timeout=10)
        self.active -= 1
        if self.error is not None:
            raise self.error


def slow_commit() -> tuple[Slow, GroupCommit]:
    slow = Slow()
    return slow, GroupCommit(slow)  # type: ignore[arg-type]


async def settled(tasks: list[asyncio.Task[None]]) -> None:
    """Let everything run that can run without the disk."""
    for _ in range(3 + len(tasks)):
        await asyncio.sleep(0)


def waiting(commit: GroupCommit, count: int) -> list[asyncio.Task[None]]:
    return [asyncio.ensure_future(commit.wait()) for _ in range(count)]


async def test_those_who_come_during_a_sync_share_the_next_one() -> None:
    slow, commit = slow_commit()
    first = waiting(commit, 1)
    await settled(first)
    later = waiting(commit, 50)
    await settled(later)
    slow.gate.release()
    await asyncio.wait_for(first[0], 10)
    await settled(later)
    # The sync that was under way proves nothing about what was written after it began.
    assert not any(task.done() for task in later)
    slow.gate.release()
    await asyncio.wait_for(asyncio.gather(*later), 10)
    assert (slow.begun, slow.together) == (2, 1)
    await commit.close()


async def test_a_failing_sync_fails_all_who_wait_for_it() -> None:
    slow, commit = slow_commit()
    slow.error = EvidenceError("syncing failed")
    first = waiting(commit, 3)
    await settled(first)
    later = waiting(commit, 3)
    await settled(later)
    slow.gate.release(2)
    for task in first + later:
        with pytest.raises(EvidenceError, match="syncing failed"):
            await asyncio.wait_for(task, 10)
    await commit.close()


async def test_one_who_gives_up_does_not_disturb_the_others() -> None:
    slow, commit = slow_commit()
    tasks = waiting(commit, 3)
    await settled(tasks)
    tasks[0].cancel()
    slow.gate.release(2)
    for task in tasks[1:]:
        await asyncio.wait_for(task, 10)
    assert tasks[0].cancelled()
    await commit.close()


async def test_closing_waits_for_those_who_wait() -> None:
    slow, commit = slow_commit()
    tasks = waiting(commit, 1)
    await settled(tasks)
    tasks += waiting(commit, 1)
    await settled(tasks)
    slow.gate.release(2)
    await asyncio.wait_for(commit.close(), 10)
    await asyncio.gather(*tasks)
    for call in (commit.wait, commit.checkpoint):
        with pytest.raises(EvidenceError, match="closed"):
            await call()


async def session(book: Ledger, commit: GroupCommit, count: int) -> None:
    for _ in range(count):
        number, _ = book.intent(WHO, READ, phase="submit")
        await commit.wait()
        book.outcome(WHO, intent=number, duration_us=1)


async def test_a_real_ledger_under_many_sessions(tmp_path: Path) -> None:
    book = opened(tmp_path, segment_bytes=5000)
    commit = GroupCommit(book)
    await asyncio.gather(*(session(book, commit, 5) for _ in range(20)), commit.checkpoint())
    statement(book)
    await commit.checkpoint()
    assert book.unsigned == 0
    await commit.close()
    book.close()
    report = verify(tmp_path)
    assert report.ok
    assert report.writers[0].records == 204
    assert report.writers[0].unanswered == []
