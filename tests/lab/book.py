"""Reads a running gateway's ledger as an auditor would, and waits for what is still being written."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from nightporter.evidence.schema import record_check
from nightporter.evidence.tail import Filter, tail

Record: TypeAlias = dict[str, Any]
T = TypeVar("T")

PATIENCE_S = 15.0
"""Far beyond what anything waited for takes; a machine may be busy."""
POLL_S = 0.02


def until(found: Callable[[], T | None], patience_s: float = PATIENCE_S) -> T:
    """The first answer that is true; fails when there is none in time."""
    deadline = time.monotonic() + patience_s
    while not (answer := found()):
        assert time.monotonic() < deadline, f"still `{answer!r}` after {patience_s} s"
        time.sleep(POLL_S)
    return answer


@dataclass
class Told:
    """One intent with the outcomes that refer to it, in order."""

    intent: Record
    outcomes: list[Record] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What the client wrote."""
        return str(self.intent["what"].get("text", ""))

    @property
    def outcome(self) -> Record:
        """The only one."""
        (only,) = self.outcomes
        return only


class Book:
    """The ledger of one gateway."""

    def __init__(self, config: Path, ledger: Path) -> None:
        self._config = config
        self._ledger = ledger
        self._check = record_check()

    def records(self, **wanted: str | None) -> list[Record]:
        """All records that a filter lets through, each of them checked against the schema."""
        found = list(tail(self._ledger, wanted=Filter(**wanted)))
        for record in found:
            assert self._check(record) is None, record
        return found

    def record(self, number: str) -> Record:
        """The record of this number."""
        (found,) = (record for record in self.records() if record["n"] == number)
        return found

    def session(self, session: str) -> list[Told]:
        """What a session that has ended did."""
        until(lambda: self.records(session=session, kind="session_ended"))
        return told(self.records(session=session))

    def verify(self) -> str:
        """What `nightporter evidence verify` says of a ledger that is whole."""
        return cli(self._config, "evidence", "verify")


def told(records: list[Record]) -> list[Told]:
    """Intents with their outcomes."""
    found = {record["n"]: Told(record) for record in records if record["kind"] == "intent"}
    for record in records:
        if record["kind"] == "outcome":
            found[record["intent"]].outcomes.append(record)
    return list(found.values())


def cli(config: Path, *command: str, stdin: str = "") -> str:
    """What a command of ours printed."""
    line = [sys.executable, "-m", "nightporter", *command, "--config", str(config)]
    done = subprocess.run(line, input=stdin, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
