"""What the kernel says of processes: processor time and memory. Reads /proc, hence Linux only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from .error import BenchError

PROC = Path("/proc")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat after the name, which may hold anything and ends at the last parenthesis: proc_pid_stat(5)
PARENT, USER, SYSTEM = 1, 11, 12


def tree(root: int) -> tuple[int, ...]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for folder in PROC.iterdir():
        if folder.name.isdecimal():
            try:
                parent = int(_stat(int(folder.name))[PARENT])
            except BenchError:
                continue  # it ended while we looked: not one of those that we are to watch
            children.setdefault(parent, []).append(int(folder.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return tuple(found)


def cpu_s(processes: Iterable[int]) -> float:
    """Processor seconds that they have used so far, in user mode and in the kernel. In steps of a tick, mostly 10 ms."""
    return sum((int(stat[USER]) + int(stat[SYSTEM])) * TICK_S for stat in map(_stat, processes))


def resident_bytes(processes: Iterable[int]) -> int:
    """Memory that they have in RAM, shared pages counted in each. Exact, unlike the figure of `ps` on many cores."""
    return sum(_resident(process) for process in processes)


def _stat(process: int) -> list[str]:
    try:
        return (PROC / str(process) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError as error:
        raise BenchError(f"process `{process}` has ended") from error


def _resident(process: int) -> int:
    try:
        text = (PROC / str(process) / "smaps_rollup").read_text()
    except OSError as error:
        raise BenchError(f"the memory of process `{process}` cannot be read: {error.strerror}") from error
    found = re.search(r"^Rss:\s+(\d+) kB$", text, re.MULTILINE)
    if found is None:
        raise BenchError(f"the memory of process `{process}` cannot be read")
    return int(found[1]) * 1024
