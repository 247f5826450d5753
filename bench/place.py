"""Which processor core runs what, the same for all that are compared. Linux only.

Unpinned figures on virtual machines are bimodal: they depend on where the scheduler happened to put two processes that
wake each other. A process started within `pinned` stays there, and so do its children.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

Cores = frozenset[int]


@dataclass(frozen=True, slots=True)
class Placement:
    """Cores of the three parties."""

    server: Cores
    proxy: Cores
    client: Cores
    words: str
    """For whoever reads the figures."""

    @property
    def together(self) -> Placement:
        """All three on one core: right for a single client, of whose query only one party at a time has work.

        Waking a core that sleeps takes a virtual machine longer than a proxy's whole work, and `direct` would not pay it.
        """
        return Placement(self.server, self.server, self.server, self.words)


def choose(cores: Sequence[int]) -> Placement:
    """The proxy gets a core of its own where there are two, as if it ran on its own machine; clients one where there are three."""
    server, proxy, client = cores[0], cores[-1], cores[min(1, max(0, len(cores) - 2))]
    if len(cores) == 1:
        words = "client, server and proxy share the only core"
    elif len(cores) == 2:
        words = (
            "client and server share one core, the proxy has the other (idle for `direct`); with one client, all are on one core"
        )
    else:
        words = "client, server and proxy have a core each (the proxy's idle for `direct`); with one client, all are on one core"
    return Placement(frozenset({server}), frozenset({proxy}), frozenset({client}), words)


def available() -> list[int]:
    """The cores that we may use."""
    return sorted(os.sched_getaffinity(0))


@contextmanager
def pinned(cores: Cores) -> Iterator[None]:
    """Run, and start processes, on these cores only. Threads that exist already are not moved."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def move(processes: Iterable[int], cores: Cores) -> None:
    """Put processes that run already on these cores, with all their threads."""
    for process in processes:
        for thread in Path(f"/proc/{process}/task").iterdir():
            os.sched_setaffinity(int(thread.name), cores)
