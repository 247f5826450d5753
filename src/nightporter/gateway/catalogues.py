"""The upstreams' catalogues, one service for all sessions of a worker. Rim; knows no protocol.

Theory of operation. Each upstream that is used has a connection of its own and one task, which *checks*: asks what has changed, and
has the new Snapshot built in a thread. A check is due when

    somebody waits for one                      `fresh`, at once; whoever comes while one runs waits for the next
    the database says that something changed    its event trigger, where one is installed
    the last one is about to be too old         but only if anybody has asked since: idle sessions cost the database nothing

`current` gives the Snapshot while the check that it comes from began at most `max_age_s` ago. A failed check is reported, tried
again, and fails those who wait for it; the worker goes on. The connection is closed when the last session has gone, at once, since
it would keep the database from being dropped, and when nobody has asked for a while. The Snapshot is kept for the next time.

A check also takes over the labels of columns that are stored, if they have changed since. Where they cannot be read, the last ones
stay, or at first what the columns' names say.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import structlog

from nightporter.catalog.labels import NOTHING_STORED, Entry, Stored
from nightporter.catalog.model import Snapshot
from nightporter.catalog.reader import CatalogConnection, CatalogReader
from nightporter.config import Upstream
from nightporter.core.error import ProtocolError, StoreError, UpstreamError
from nightporter.core.talk import Receive, Send, Talk
from nightporter.core.wire import Adapter

from .dial import Dialer
from .link import Link
from .task import spawn

R = TypeVar("R")
log = structlog.get_logger()

ANSWER_TIMEOUT_S = 90.0
"""For one check. The questions have a shorter one of their own; this is for a network that is gone without a word."""
IDLE_S = 30.0
"""A connection that nobody has needed for so long is given back to the database."""
RETRY_S = 1.0
"""Between checks that fail, if nobody waits."""
KEPT = 64
"""Snapshots of upstreams that no session uses now: of the wildcard there may be any number."""


class LabelKeeper(Protocol):
    """Where labels of columns are stored. Its methods block, and raise StoreError."""

    def version(self, upstream: str) -> int:
        """A number that is another one after each change."""
        ...

    def read(self, upstream: str) -> Stored:
        """All that is stored of an upstream."""
        ...

    def put(
        self, upstream: str, entries: Iterable[Entry], *, instead_of: Iterable[Entry] = (), at_version: int | None = None
    ) -> bool:
        """Store some in the place of others; only if nothing has changed since `at_version`, where that is given."""
        ...


class Catalogues:
    """All catalogues of one worker."""

    def __init__(
        self,
        dialer: Dialer,
        places: Mapping[str, tuple[Adapter, CatalogReader]],
        max_age_s: Callable[[], float],
        labels: LabelKeeper | None = None,
        hush: Callable[[], None] = lambda: None,
    ) -> None:
        """`places`: adapter and reader of each protocol, by its name. `max_age_s`: the limit in force.

        `labels`: None is for those who want to know nothing of labels but what names say. `hush`: called when a statement wants its
        database for itself, so that others hang up too.
        """
        self.dialer = dialer
        self.places = places
        self.max_age_s = max_age_s
        self.labels = labels
        self._hush = hush
        self._versions = itertools.count(1)
        self._catalogues: dict[str, list[Catalogue]] = {}
        self._recent: set[str] = set()
        self._thread: ThreadPoolExecutor | None = None

    def acquire(self, upstream: Upstream) -> None:
        """A session uses the upstream, as it is configured now."""
        catalogue = self._of(upstream)
        if catalogue is None or catalogue.upstream != upstream:
            catalogue = self._add(upstream)
        catalogue.sessions += 1
        self._recent.add(upstream.name)
        catalogue.start()

    def release(self, upstream: Upstream) -> None:
        """A session has ended. To be called once for each `acquire`."""
        catalogue = self._of(upstream)
        if catalogue is not None and catalogue.sessions:
            catalogue.sessions -= 1
            if not catalogue.sessions:
                catalogue.stop()

    def current(self, upstream: Upstream) -> Snapshot | None:
        """The Snapshot, if it is known to hold; else None: ask `fresh`. Costs next to nothing."""
        catalogue = self._of(upstream)
        return catalogue.current() if catalogue is not None else None

    async def fresh(self, upstream: Upstream) -> Snapshot:
        """As it is at this moment or later. Raises UpstreamError."""
        catalogue = self._of(upstream)
        if catalogue is None:
            catalogue = self._add(upstream)
        return await catalogue.fresh()

    def invalidate(self, upstream: Upstream) -> None:
        """Something that changes it may have passed: it holds no more until it is checked."""
        self.invalidate_named(upstream.name)

    def invalidate_named(self, name: str) -> None:
        """The same, by the name that clients use: another worker says so."""
        for catalogue in self._catalogues.get(name, ()):
            catalogue.invalidate()

    def used(self) -> set[str]:
        """Names of the upstreams that sessions use now, or have used since this was last asked."""
        now = {name for name, some in self._catalogues.items() if any(each.sessions for each in some)}
        recent, self._recent = self._recent, set()
        return recent | now

    def step_aside(self, upstream: Upstream) -> None:
        """Hang up until somebody asks again: some statements want their database for themselves, such as making a copy of it."""
        self._hush()
        for catalogue in self._catalogues.get(upstream.name, ()):
            catalogue.step_aside()

    def _add(self, upstream: Upstream) -> Catalogue:
        catalogue = Catalogue(self, upstream)
        # sessions that know it as it was configured before go on with that
        kept = [each for each in self._catalogues.pop(upstream.name, ()) if each.sessions]
        self._catalogues[upstream.name] = [*kept, catalogue]
        self._forget()
        return catalogue

    def _of(self, upstream: Upstream) -> Catalogue | None:
        found = self._catalogues.get(upstream.name)
        if found is None:
            return None
        if len(found) == 1:
            return found[0]
        return next((each for each in found if each.upstream == upstream), found[-1])

    async def close(self) -> None:
        """End everything."""
        for catalogue in itertools.chain.from_iterable(self._catalogues.values()):
            catalogue.sessions = 0
            catalogue.stop()
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None

    async def build(self, name: str, reader: CatalogReader, parts: Any, stored: Stored | None) -> Built:
        """In a thread: of a large catalogue it takes a second. `stored`: the labels that are known of the upstream, if any."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="catalog")
        version = next(self._versions)
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: labeled(_build(reader, parts, version), name, version, self.labels, stored)
        )

    def _forget(self) -> None:
        unused = [name for name, some in self._catalogues.items() if not any(each.is_used for each in some)]
        for name in unused[: max(0, len(unused) - KEPT)]:
            del self._catalogues[name]


def _build(reader: CatalogReader, parts: Any, version: int) -> Snapshot:
    # Hundreds of thousands of new objects, none of them garbage: the collector would look through all of them again and again,
    # which takes longer than making them, and lets no other thread run meanwhile
    collects = gc.isenabled()
    gc.disable()
    try:
        return reader.build(parts, version)
    finally:
        if collects:
            gc.enable()


@dataclass(frozen=True, slots=True)
class Built:
    """What a check has come to."""

    snapshot: Snapshot
    stored: Stored | None
    """Labels that were read; None: not once yet."""
    error: StoreError | None = None
    """Why they could not be."""


def labeled(snapshot: Snapshot, name: str, version: int, keeper: LabelKeeper | None, stored: Stored | None) -> Built:
    """The same Snapshot with the labels that are stored now, under another number (`version`) if it was there before. Blocks.

    Entries whose columns have moved are stored anew, so that a column that gets another name keeps its labels.
    """
    if keeper is None:
        return Built(snapshot, None)
    error = None
    try:
        if stored is None or keeper.version(name) != stored.version:
            stored = keeper.read(name)
        for _ in range(2):
            if snapshot.labels.stored is stored and snapshot.version != version:
                break  # nothing has changed
            if snapshot.labels.stored is not stored:
                snapshot = snapshot.relabeled(stored, version)
            moved = snapshot.labels.moved()
            if not moved:
                break
            keeper.put(name, [new for _, new in moved], instead_of=[old for old, _ in moved], at_version=stored.version)
            stored = keeper.read(name)
    except StoreError as failure:
        error = failure  # what was known before holds
    wanted = stored or NOTHING_STORED
    if snapshot.labels.stored is not wanted:
        snapshot = snapshot.relabeled(wanted, version)
    return Built(snapshot, stored, error)


class Catalogue:
    """That of one upstream."""

    def __init__(self, service: Catalogues, upstream: Upstream) -> None:
        self.upstream = upstream
        self.sessions = 0
        self._service = service
        self._snapshot: Snapshot | None = None
        self._stored: Stored | None = None
        self._checked_at = float("-inf")
        """When the check began that the Snapshot comes from; monotonic."""
        self._took_s = 0.0
        self._invalidated = 0
        """How often it was said that it holds no more."""
        self._checked = -1
        """How often that had been when that check began."""
        self._asked = False
        """Somebody has wanted it since the last check."""
        self._waiters: list[asyncio.Future[Snapshot]] = []
        self._wake = asyncio.Event()
        self._line: Line | None = None
        self._task: asyncio.Task[None] | None = None
        self._complaint = ""
        self._label_complaint = ""
        self._is_checking = False
        self._is_aside = False
        """It is to hang up as soon as it has checked."""

    # What sessions call

    @property
    def is_used(self) -> bool:
        """Whether it has sessions, or somebody asks all the same."""
        return self.sessions > 0 or (self._task is not None and not self._task.done())

    def current(self) -> Snapshot | None:
        """See `Catalogues`, as for the others."""
        self._asked = True
        if self._checked == self._invalidated and time.monotonic() - self._checked_at <= self._service.max_age_s():
            return self._snapshot
        return None

    async def fresh(self) -> Snapshot:
        waiter: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._wake.set()
        self.start()
        return await waiter

    def invalidate(self) -> None:
        self._invalidated += 1

    def step_aside(self) -> None:
        """Hang up until somebody asks."""
        self.invalidate()
        self._is_aside = self._is_checking
        if not self._is_checking:
            self._hang_up()

    def start(self) -> None:
        """Begin to check, unless it does so already."""
        if self._task is None or self._task.done():
            self._task = spawn(self._run(), f"catalog {self.upstream.name}")

    def stop(self) -> None:
        """Hang up and check no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._hang_up()
        self._fail(UpstreamError(f"upstream `{self.upstream.name}` is used by no session"))

    # The task

    async def _run(self) -> None:
        while self.sessions or self._waiters or self._line is not None:
            waiters, self._waiters = self._waiters, []
            self._wake.clear()
            error: UpstreamError | None = UpstreamError(f"upstream `{self.upstream.name}` is used by no session")
            try:
                error = await self._try()
            finally:
                _answer(waiters, self._snapshot, error)
            await self._until_due(retry=error is not None)

    async def _try(self) -> UpstreamError | None:
        """Check; gives what went wrong, which is reported once."""
        self._is_checking = True
        error: UpstreamError
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._check()
        except UpstreamError as failure:
            error = failure
        except ProtocolError as broken:
            error = UpstreamError(f"upstream `{self.upstream.name}` broke the protocol: {broken}")
        except TimeoutError:
            error = UpstreamError(f"upstream `{self.upstream.name}` did not tell its catalogue in time")
        except Exception as fault:  # noqa: BLE001 - those who wait are told, so their statements are unknown; it is tried again
            error = self._fault(fault)
        else:
            if self._complaint:
                log.info("catalogue readable again", upstream=self.upstream.name)
                self._complaint = ""
            return None
        finally:
            self._is_checking = False
        self._hang_up()
        complaint = f"{error} {error.diagnostic or ''}"
        if complaint != self._complaint:
            log.warning("catalogue not readable", upstream=self.upstream.name, error=str(error), diagnostic=error.diagnostic)
            self._complaint = complaint
        return error

    def _tell(self, error: StoreError | None) -> None:
        """Labels could not be read, or can be again: said once."""
        complaint = "" if error is None else str(error)
        if complaint and complaint != self._label_complaint:
            known = "the last ones" if self._stored is not None else "what the names of columns say"
            log.warning("labels not readable", upstream=self.upstream.name, error=complaint, used=known)
        elif self._label_complaint and not complaint:
            log.info("labels readable again", upstream=self.upstream.name)
        self._label_complaint = complaint

    def _fault(self, fault: Exception) -> UpstreamError:
        log.error("fault", upstream=self.upstream.name, exc_info=fault)
        return UpstreamError("the catalogue of the database cannot be read")

    async def _check(self) -> None:
        reader = self._service.places[self.upstream.protocol][1]
        began, invalidated = time.monotonic(), self._invalidated
        first, self._asked = self._snapshot is None, False
        try:
            if self._line is None:
                raise _HungUpError
            parts = await self._line.converse(self._line.connection.read(self._snapshot))
        except (_HungUpError, UpstreamError):
            # a connection that was idle may have ended in the meantime: it is tried once more, on a new one
            self._hang_up()
            self._line = await self._dial(reader)
            parts = await self._line.converse(self._line.connection.read(self._snapshot))
        built = await self._service.build(self.upstream.name, reader, parts, self._stored)
        self._snapshot, self._stored = built.snapshot, built.stored
        self._tell(built.error)
        self._checked_at, self._checked, self._took_s = began, invalidated, time.monotonic() - began
        self._asked = self._asked or first  # the second check prepares what makes all later ones cheap
        if self._line.heard():  # perhaps of something that the answers did not show yet
            self._invalidated += 1
            self._asked = True

    async def _dial(self, reader: CatalogReader) -> Line:
        adapter = self._service.places[self.upstream.protocol][0]
        link, entered = await self._service.dialer.enter(
            adapter, self.upstream, self.upstream.credentials, reader.settings, reader.version
        )
        line = Line(link, reader.connection(), self._wake, entered.rest)
        try:
            await line.converse(line.connection.listen())
        except BaseException:
            line.close()
            raise
        return line

    async def _until_due(self, *, retry: bool) -> None:
        if self._is_aside:
            self._is_aside = False
            self._hang_up()
        while not self._waiters:
            if not await self._woken(RETRY_S if retry else self._remaining()):
                if self._asked:
                    return
                # nobody has wanted it since: it grows too old, and whoever comes next asks for a fresh one
                if not await self._woken(IDLE_S if self.sessions else 0.0):
                    self._hang_up()
                    if not self.sessions:
                        return
                    await self._wake.wait()
            self._wake.clear()
            if self._line is not None and self._line.heard():
                self.invalidate()
                return
            if self._line is not None and self._line.ended:
                self._hang_up()

    async def _woken(self, wait_s: float) -> bool:
        try:
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    def _remaining(self) -> float:
        """Seconds until the next check must begin, for its end to be in time; not before half of the whole time has passed."""
        if self._checked != self._invalidated and self._asked:
            return 0.0
        limit_s = self._service.max_age_s()
        return max(self._checked_at + max(limit_s / 2, limit_s - 2 * self._took_s) - time.monotonic(), 0.0)

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _fail(self, error: UpstreamError) -> None:
        waiters, self._waiters = self._waiters, []
        _answer(waiters, None, error)


class _HungUpError(Exception):
    """There is no connection at present."""


def _answer(waiters: list[asyncio.Future[Snapshot]], snapshot: Snapshot | None, error: UpstreamError | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue
        if error is None and snapshot is not None:
            waiter.set_result(snapshot)
        else:
            waiter.set_exception(error or UpstreamError("the catalogue of the database cannot be read"))


class Line:
    """The connection that a catalogue is read on, and what comes in on it."""

    def __init__(self, link: Link, connection: CatalogConnection, wake: asyncio.Event, first: bytes) -> None:
        self.connection = connection
        self.ended = False
        self._link = link
        self._chunks: list[bytes] = []
        self._came = asyncio.Event()
        self._wake = wake
        link.ended = link.lost = self._end
        link.take_over(self._data, first)

    async def converse(self, talk: Talk[R]) -> R:
        """Run a conversation; gives what it returns, raises what it raises."""
        reply: bytes | None = None
        while True:
            try:
                step = talk.send(reply)
            except StopIteration as done:
                result: R = done.value
                return result
            reply = None
            match step:
                case Send(data):
                    self._link.write(data)
                case Receive():
                    reply = await self._receive()
                case _:
                    raise TypeError(f"reading a catalogue has no step `{type(step).__name__}`")

    def heard(self) -> bool:
        """Whether the database has said, unasked, that something changed. A connection that is broken says so when it is used."""
        data = self._taken()
        try:
            return self.connection.heard(data)
        except ProtocolError:
            self.ended = True
            return True

    def close(self) -> None:
        """Hang up."""
        self._link.ended = self._link.lost = None
        self._link.close()

    async def _receive(self) -> bytes:
        while not self._chunks and not self.ended:
            self._came.clear()
            await self._came.wait()
        return self._taken()

    def _taken(self) -> bytes:
        data = b"".join(self._chunks)
        self._chunks.clear()
        return data

    def _data(self, data: bytes) -> None:
        self._chunks.append(data)
        self._came.set()
        self._wake.set()

    def _end(self) -> None:
        self.ended = True
        self._came.set()
        self._wake.set()
