"""A gateway's processes as the system sees them: who they are, what they hold, and limits put on them from outside."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.gateway import Gateway, launch


def workers(running: Gateway) -> list[int]:
    """Process ids of its workers."""
    pid = running.process.pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [int(child) for child in children if b"gateway.process" in _command(child)]


def is_gone(pid: int) -> bool:
    """Whether it has ended, collected by its parent or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def environment(pid: int) -> dict[str, str]:
    """What it was started with: to start another like it."""
    pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(pair.decode().split("=", 1) for pair in pairs if b"=" in pair)


def _command(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:  # it has just ended
        return b""


def peak_kib(pid: int) -> int:
    """The most memory it ever held at once, in KiB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


def held_kib(pid: int) -> int:
    """The memory it holds now, in KiB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


def files(pid: int) -> int:
    """How many files and sockets it has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


@contextmanager
def launched_again(running: Gateway, environment: dict[str, str]) -> Iterator[None]:
    """Another process on what one that is gone has left behind."""
    process = launch(running.folder, environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def no_room(pid: int, path: Path) -> Iterator[None]:
    """For a while the process can make no file longer than the longest under `path` is: its disk is full."""
    longest = max(each.stat().st_size for each in path.rglob("*") if each.is_file())
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (longest, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
