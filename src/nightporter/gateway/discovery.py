"""Finds out what the upstreams' columns hold, in the control process, as long as the gateway runs. Rim.

Each upstream has a task, which looks through it (`survey`)

    when it is first seen     all of it that is not known from an earlier run
    when a catalogue changed  what is new in it, or has other columns now: workers say so by the bulletin, and a timer makes sure
    once in `labels.every_s`  all of it

Upstreams of the configuration are seen at once; those that the wildcard stands for when a session has used them, which the workers
are asked for. Whatever fails is logged and tried again, later each time; the gateway goes on, and so do the labels that are known.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import structlog

from nightporter.catalog.model import Snapshot
from nightporter.config import Config, Upstream
from nightporter.core.error import EvidenceError, NightporterError
from nightporter.evidence.ledger import Ledger
from nightporter.evidence.record import EventKind
from nightporter.protocols.registry import ADAPTERS
from nightporter.store.labels import KeptLabels

from . import control
from .bulletin import HUSH, OUTSIDE, Bulletin
from .dial import Dialer
from .survey import Survey, Surveyed
from .task import spawn

log = structlog.get_logger()

WILDCARD = "*"
TICK_S = 0.3
"""How often the bulletin is looked at."""
SETTLE_S = 1.5
"""After a change of a catalogue: more of them are likely to follow."""
MISSED_S = 300.0
"""How often it is looked whether something has changed by another way."""
SEEN_S = 5.0
"""How often the workers are asked for upstreams of the wildcard."""
FORGET_S = 900.0
"""One of those that nobody has used for so long is not watched any more."""
RETRY_S = (30.0, 3600.0)
"""After a failure, and at most, twice as long each time."""
AT_ONCE = 4
"""Upstreams that are looked through at the same time: each has its own share of load, but we have one process."""
REST, MOST_REST_S = 3.0, 10.0
"""How much longer than the last look the rest before the next one is, at least: catalogues may change all the time."""
MAX_TOLD = 5
"""Relations with a problem that are named in a log."""


class Discovery:
    """All of it."""

    def __init__(self, config: Callable[[], Config], labels: KeptLabels, ledger: Ledger) -> None:
        """`config`: the one in force."""
        self.config = config
        self.labels = labels
        self.turn = asyncio.Semaphore(AT_ONCE)
        self.dialer = Dialer()
        self.news = 0
        """How often workers have said that something changed."""
        self.hushes = 0
        """How often they have said that somebody wants a database for himself."""
        self.heard_at = float("-inf")
        self._ledger = ledger
        first = config()
        self._bulletin = Bulletin(first.run, OUTSIDE, first.workers)
        self._hush = Bulletin(first.run, OUTSIDE, first.workers, HUSH)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._seen: dict[str, float] = {}  # of the wildcard: when it was last used
        self._not_before: dict[str, float] = {}  # of those: when it may be tried again

    async def run(self) -> None:
        """Go on until this is canceled."""
        ask_at = time.monotonic()
        try:
            while True:
                if self._bulletin.news():
                    self.news += 1
                    self.heard_at = time.monotonic()
                self.hushes += self._hush.news()
                config = self.config()
                if config.labels.scan and WILDCARD in config.upstreams and time.monotonic() >= ask_at:
                    ask_at = time.monotonic() + SEEN_S
                    used = await self._used()
                    now = time.monotonic()
                    self._not_before = {name: at for name, at in self._not_before.items() if at > now}
                    self._seen |= dict.fromkeys(used - self._not_before.keys(), now)
                self._keep_up(config)
                await asyncio.sleep(TICK_S)
        except Exception as fault:  # noqa: BLE001 - a defect of ours: labels stay as they are, and the gateway runs
            _log_fault(fault)
        finally:
            for task in self._tasks.values():
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks.values())
            self._bulletin.close()
            self._hush.close()

    def changed(self, upstream: Upstream, done: Surveyed) -> None:
        """Labels are others than before: have the workers take them over, and record it."""
        detail: dict[str, str | int] = {"labels": upstream.name, "relations": done.relations, "rows": done.rows}
        try:
            self._ledger.event(EventKind.CONFIGURATION, None, detail)
        except EvidenceError as error:
            # they hide more, or what somebody could have had before: nothing that must not be without a record
            log.error("change of labels not recorded", upstream=upstream.name, error=str(error))

    def post(self) -> None:
        """Have every worker look for new labels before its next statement."""
        self._bulletin.post()

    def forget(self, name: str) -> None:
        """It is not there, or not any more; if it is one of the wildcard's, it is looked at when somebody uses it again."""
        if self._seen.pop(name, None) is not None:
            self._not_before[name] = time.monotonic() + RETRY_S[0]

    def _keep_up(self, config: Config) -> None:
        long_ago = time.monotonic() - FORGET_S
        self._seen = {name: at for name, at in self._seen.items() if at > long_ago}
        wanted = set(_named(config, self._seen)) if config.labels.scan else set()
        for name in [name for name in self._tasks if name not in wanted]:
            self._tasks.pop(name).cancel()
        for name in wanted:
            if name not in self._tasks or self._tasks[name].done():
                self._tasks[name] = spawn(Watched(self, name).run(), f"labels {name}")

    async def _used(self) -> set[str]:
        """Names that sessions have used."""
        found: set[str] = set()
        config = self.config()
        for index in range(config.workers):
            answer = await control.ask(config.run, index, {"verb": "upstreams"})
            names = answer.get("upstreams") if answer is not None else None
            found |= {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()
        return found


def _named(config: Config, seen: Iterable[str]) -> list[str]:
    names = [*(name for name in config.upstreams if name != WILDCARD), *sorted(seen)]
    return [name for name in dict.fromkeys(names) if config.resolve(name) is not None]


def _log_fault(fault: Exception, **more: str) -> None:
    log.error("fault", exc_info=fault, **more)


class Watched:
    """One upstream."""

    def __init__(self, discovery: Discovery, name: str) -> None:
        self._discovery = discovery
        self._name = name
        self._snapshot: Snapshot | None = None
        self._news = self._hushes = 0
        self._problems: dict[str, str] = {}
        self._complaint = ""
        self._retry_s = RETRY_S[0]

    async def run(self) -> None:
        """Look through it whenever it is time, until this is canceled."""
        while True:
            self._news, self._hushes = self._discovery.news, self._discovery.hushes
            began, failed = time.monotonic(), True
            try:
                async with self._discovery.turn:
                    await self._look()
            except NightporterError as error:
                self._complain(error)
                self._discovery.forget(self._name)
            except Exception as fault:  # noqa: BLE001 - a defect of ours, which must not end what works: labels stay as they are
                _log_fault(fault, upstream=self._name)
            else:
                failed = False
                self._retry_s = RETRY_S[0]
                if self._complaint:
                    log.info("values can be looked at again", upstream=self._name)
                    self._complaint = ""
            await self._until_due(failed=failed, took_s=time.monotonic() - began)

    async def _look(self) -> None:
        config = self._discovery.config()
        upstream = config.resolve(self._name)
        if upstream is None:
            return  # a reload has taken it away, and the task will be ended
        survey = Survey(
            self._discovery.dialer,
            ADAPTERS[upstream.protocol],
            upstream,
            self._discovery.labels,
            sample_rows=config.labels.sample_rows,
            load=config.labels.load,
            hush=self._hush,
            news=self._heard,
            stored=self._discovery.post,
        )
        now = datetime.fromtimestamp(time.time(), UTC)
        done = await survey.run(self._snapshot, since=now - timedelta(seconds=config.labels.every_s))
        self._snapshot = done.snapshot
        if done.relations:
            log.info("values looked at", upstream=self._name, relations=done.relations, rows=done.rows, changed=done.changed)
        if done.changed:
            self._discovery.changed(upstream, done)
        self._tell(done.problems)

    def _hush(self) -> bool:
        heard, self._hushes = self._hushes, self._discovery.hushes
        return heard != self._hushes

    def _heard(self) -> bool:
        """Whether a catalogue may have changed, and no more does: at most every so often."""
        found = self._news != self._discovery.news and time.monotonic() > self._discovery.heard_at + SETTLE_S
        if found:
            self._news = self._discovery.news
        return found

    async def _until_due(self, *, failed: bool, took_s: float) -> None:
        wait_s = MISSED_S
        if failed:
            wait_s, self._retry_s = self._retry_s, min(2 * self._retry_s, RETRY_S[1])
        ended = time.monotonic()
        while time.monotonic() < ended + wait_s:
            await asyncio.sleep(TICK_S)
            heard = self._news != self._discovery.news and not failed
            if heard and time.monotonic() > max(self._discovery.heard_at + SETTLE_S, ended + min(took_s * REST, MOST_REST_S)):
                return

    def _complain(self, error: NightporterError) -> None:
        diagnostic = getattr(error, "diagnostic", None)
        complaint = f"{error} {diagnostic or ''}"
        if complaint != self._complaint:
            log.warning("values not looked at, names of columns tell what they hold", upstream=self._name, error=str(error))
            self._complaint = complaint

    def _tell(self, problems: dict[str, str]) -> None:
        new = {name: why for name, why in problems.items() if self._problems.get(name) != why}
        self._problems |= new
        if new:
            named = ", ".join(f"{name} ({why})" for name, why in list(new.items())[:MAX_TOLD])
            more = len(new) - MAX_TOLD
            shown = named if more <= 0 else f"{named} and {more} more"
            log.warning("relations not looked at, names of columns tell what they hold", upstream=self._name, relations=shown)
