"""How policies come into force, in the control process: read, checked, kept, recorded, handed to every worker.

    files  ->  a set that is valid  ->  kept by its hash, on disk  ->  recorded  ->  in force: each worker takes it over

The files are looked at about twice a second. They count as written when two looks see the same, so that a checkout that is half
done is not taken for the next version. A set that is not valid is refused, and the last good one stays in force. Workers never read
the files: they get a hash and read what is kept under it, so that all decide by the same bytes. A worker that cannot take over what
is in force is ended, since it would decide by what no longer holds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import structlog

from nightporter.config import Config
from nightporter.core.error import EvidenceError, NightporterError, PolicyError, PolicyErrors, StoreError
from nightporter.evidence import versions
from nightporter.evidence.ledger import Ledger
from nightporter.evidence.record import EventKind
from nightporter.identity.principal import Principal
from nightporter.policy.ruleset import Ruleset, Suspicion

from . import control
from .policies import Sight, keep, known, look, read, suspicions
from .task import spawn

log = structlog.get_logger()

LOOK_S = 0.4
"""How often the files are looked at: what two looks see alike is in force a second after it was written."""
PATIENCE_S = 15.0
"""How long a worker may decide by the set before: it may be starting, or busy. After that it is ended."""
MAX_TOLD = 20
"""Mistakes that are logged one by one."""
MAX_RECORDED = 500
"""Characters of the first mistake that a record has."""
REFUSED = "policies refused, the last good ones stay in force"

Principals: TypeAlias = Callable[[], Iterable[Principal]]
"""All there are. It may block, and raise StoreError."""


class Rollout:
    """The set in force of a gateway, and how the next one gets there. Used by the control process's event loop."""

    def __init__(self, config: Config, ledger: Ledger, principals: Principals, end: Callable[[int], None]) -> None:
        """`end` ends a worker: another one is started in its place."""
        self._config = config
        self._principals = principals
        self._folder = config.ledger.path / versions.POLICY
        self._run = config.run
        self._ledger = ledger
        self._end = end
        self._asked = 0
        self._sight: Sight | None = None  # of the latest look
        self._tried: tuple[int, Sight] | None = None
        self._said: str | None = None  # why the latest one was refused
        self._has: dict[int, str] = {}  # by worker: the hash that it has, as far as we know
        self._late: dict[int, float] = {}  # since when it should have another
        self._telling: set[int] = set()
        self.hash = ""
        """Of the set in force."""

    @property
    def file(self) -> Path:
        """Where the set in force is kept."""
        return self._folder / f"{self.hash}.json"

    def begin(self) -> None:
        """Bring the first set into force. Blocks. Raises ConfigError, EvidenceError, or the errors of the policies."""
        sight = look(self._config.policies)
        ruleset, suspicions = self._read(self._config)
        keep(self._folder, ruleset)
        self._sight = sight
        self._tried = (self._asked, sight)
        self._enforce(ruleset, suspicions)

    def reload(self, config: Config) -> None:
        """Look at the files anew, changed or not, and from now on at those that this names."""
        self._config = config
        self._asked += 1  # after it: a look that is under way counts for the question before

    def started(self, worker: int) -> None:
        """A worker is starting with the set that is in force now."""
        self._has[worker] = self.hash
        self._late.pop(worker, None)

    def ended(self, worker: int) -> None:
        """A worker is gone."""
        self._has.pop(worker, None)
        self._late.pop(worker, None)

    async def watch(self) -> None:
        """Look, again and again, until this is canceled."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - what is in force stays in force, and the next look comes
                _log_fault(error)
            for worker, digest in self._has.items():
                if digest != self.hash and worker not in self._telling:
                    self._telling.add(worker)
                    spawn(self._hand_to(worker, self.hash), f"policies for worker {worker}")  # one that is slow delays nobody

    async def _look(self) -> None:
        reading = asyncio.get_running_loop().run_in_executor(None, self._next)
        await asyncio.wait([reading])
        error = reading.exception()
        if error is None:
            found = reading.result()
            if found is None:
                return
            ruleset, suspicions = found
            if ruleset.hash != self.hash:
                try:
                    self._enforce(ruleset, suspicions)
                except EvidenceError as failure:  # what is not recorded does not come into force; it is tried again
                    error, self._tried = failure, None
            elif self._said is not None:
                log.info("policies are again those in force", hash=self.hash)
            if error is None:
                self._said = None
                return
        self._refuse(error)

    def _next(self) -> tuple[Ruleset, list[Suspicion]] | None:
        """The set in the files, if they have changed and rest now. In a thread. Raises what `read` and `keep` raise."""
        asked, config = self._asked, self._config
        sight = look(config.policies)
        rests, self._sight = sight == self._sight, sight
        if not rests or self._tried == (asked, sight):
            return None
        self._tried = (asked, sight)
        try:
            found = self._read(config)
        except NightporterError:
            if look(config.policies) == sight:
                raise
            return None  # they changed while they were read: the next look finds them so
        if look(config.policies) != sight:
            return None
        if found[0].hash != self.hash:
            try:
                keep(self._folder, found[0])
            except EvidenceError:
                self._tried = None  # no fault of the policies: tried again
                raise
        return found

    def _read(self, config: Config) -> tuple[Ruleset, list[Suspicion]]:
        principals: list[Principal] | None = None
        with suppress(StoreError):  # they only help to find mistakes: done without
            principals = list(self._principals())
        ruleset = read(config.policies, known(config, principals))
        return ruleset, suspicions(ruleset, config.policies)

    def _enforce(self, ruleset: Ruleset, suspicions: list[Suspicion]) -> None:
        count = len(ruleset.policies)
        detail: dict[str, str | int] = {"policies": ruleset.hash, "count": count, "suspicious": len(suspicions)}
        if self.hash:
            detail["replaced"] = self.hash
        self._ledger.event(EventKind.CONFIGURATION, None, detail)
        self._ledger.sync()
        self.hash = ruleset.hash
        log.info("policies in force", hash=ruleset.hash, policies=count)
        for each in suspicions:
            log.warning("suspicious policy", file=each.file, line=each.line, id=each.id, warning=each.message)

    def _refuse(self, error: BaseException) -> None:
        said = str(error) or type(error).__name__
        if said == self._said:
            return
        self._said = said
        if not isinstance(error, NightporterError):
            _log_fault(error)  # a defect of ours, and the set that brings it out is not used
        mistakes = error.errors if isinstance(error, PolicyErrors) else (error,)
        for mistake in mistakes[:MAX_TOLD]:
            log.error(REFUSED, **_told(mistake))
        if len(mistakes) > MAX_TOLD:
            log.error(REFUSED, error=f"and {len(mistakes) - MAX_TOLD} mistakes more")
        detail: dict[str, str | int] = {"warning": f"policies refused: {mistakes[0]}"[:MAX_RECORDED]}
        detail |= {"mistakes": len(mistakes), "policies": self.hash}
        try:
            self._ledger.event(EventKind.WARNING, None, detail)
        except EvidenceError as failure:
            # nothing has changed by it, and operators have been told
            log.error("refused policies not recorded", error=str(failure))

    async def _hand_to(self, worker: int, digest: str) -> None:
        try:
            answer = await control.ask(self._run, worker, {"verb": "policies", "hash": digest})
        finally:
            self._telling.discard(worker)
        if worker not in self._has:
            return  # it has died meanwhile
        error = None if answer is None else answer.get("error")
        if error is None and answer is not None and answer.get("policies") == digest:
            self._has[worker] = digest
            self._late.pop(worker, None)
            return
        since = self._late.setdefault(worker, time.monotonic())
        if error is not None or time.monotonic() - since > PATIENCE_S:
            log.error("worker does not take over the policies in force, starting another", worker=worker, error=error)
            self.ended(worker)
            self._end(worker)


def _log_fault(error: BaseException) -> None:
    log.error("fault", exc_info=error)


def _told(mistake: BaseException) -> dict[str, str | int]:
    if not isinstance(mistake, PolicyError):
        return {"error": str(mistake)}
    told: dict[str, str | int] = {"file": mistake.file, "line": mistake.line, "column": mistake.column, "id": mistake.id or ""}
    return {"error": mistake.message, **{key: value for key, value in told.items() if value}}
