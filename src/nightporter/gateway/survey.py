"""Looks through one upstream once, to find out what its columns hold: on a connection of its own, and not too fast. Rim.

    catalogue -> relations that are due -> some values of each -> labels, and findings that there is none -> the store

What was found is stored as it comes in, at first at once and then less and less often, since every worker reads all of it anew.
After each question the database has its rest, so that our share of its time stays below what was set. Whoever wants the database
for himself has it: `hush` makes us hang up and wait.

Values are in memory for as long as it takes to judge them. What cannot be looked at is told by its name, with a reason.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from nightporter.catalog.findings import findings, shape
from nightporter.catalog.follow import Following, followed
from nightporter.catalog.labels import Entry, entries_of
from nightporter.catalog.model import Relation, Snapshot
from nightporter.catalog.sampling import Comments, Sample, SamplingConnection, SamplingError
from nightporter.config import Upstream
from nightporter.core.error import ProtocolError, UpstreamError
from nightporter.core.talk import Talk
from nightporter.core.wire import Adapter, Standing
from nightporter.store.labels import KeptLabels, Scanned

from .catalogues import Line, labeled
from .dial import Dialer

R = TypeVar("R")

CATALOG_TIMEOUT_S = 90.0
"""For reading the catalogue whole."""
SAMPLE_TIMEOUT_S = 30.0
"""For one relation. Its questions have shorter ones of their own; this is for a network that is gone without a word."""
HANG_UP_S = 1.0
"""Before a longer rest than that we hang up: a connection keeps a database from being dropped."""
LONGEST_REST_S = 60.0
HUSH_S = 3.0
"""How long whoever wants the database for himself is left alone."""
FIRST_STORE_S = 1.0
"""What was found in the first second is stored then; later it is twice as long each time."""
SELDOM_STORE_S = 60.0
GIVE_UP_AFTER = 3
"""Connections that end under our hands, one after the other."""
VIEWS_DEEP = 4
"""Materialized views over materialized views, as far as they are followed at once."""


@dataclass(slots=True)
class Surveyed:
    """What a survey has come to."""

    snapshot: Snapshot
    """With the labels that were stored before it."""
    relations: int = 0
    """How many were looked at."""
    rows: int = 0
    changed: bool = False
    """Some labels are others than before."""
    problems: dict[str, str] = field(default_factory=dict)
    """Relations that could not be looked at, and why."""


class Survey:
    """One look through one upstream."""

    def __init__(
        self,
        dialer: Dialer,
        adapter: Adapter,
        upstream: Upstream,
        labels: KeptLabels,
        *,
        sample_rows: int,
        load: float,
        hush: Callable[[], bool] = lambda: False,
        news: Callable[[], bool] = lambda: False,
        stored: Callable[[], None] = lambda: None,
    ) -> None:
        """`load`: share of time in which the database may be busy with us, up to 1. `hush`: whether to hang up for a while.

        `news`: whether the catalogue may have changed since this was asked last. `stored`: called when labels have changed in the
        store.
        """
        self._dialer = dialer
        self._adapter = adapter
        self._upstream = upstream
        self._labels = labels
        self._sample_rows = sample_rows
        self._load = load
        self._hush = hush
        self._news = news
        self._stored = stored
        self._line: Line | None = None
        self._connection: SamplingConnection | None = None
        self._standing: Standing | None = None
        self._entries: list[Entry] = []
        self._replaced: list[Entry] = []
        self._scans: list[Scanned] = []
        self._wait_s = FIRST_STORE_S
        self._store_at = 0.0
        self._due: list[Relation] = []
        self._gone_through: Snapshot | None = None

    async def run(
        self, earlier: Snapshot | None = None, *, since: datetime | None = None, only: Callable[[Relation], bool] | None = None
    ) -> Surveyed:
        """Look at what has never been looked at as it is now, and at what was last looked at before `since`.

        `only`: at nothing else. `earlier`: a Snapshot of the same upstream, for its catalogue not to be read whole. Raises
        UpstreamError and StoreError; what was found until then is stored, if the store can be used.
        """
        try:
            return await self._run(earlier, since, only)
        except ProtocolError as error:
            raise UpstreamError(f"upstream `{self._upstream.name}` broke the protocol: {error}") from None
        except TimeoutError:
            raise UpstreamError(f"upstream `{self._upstream.name}` did not answer in time") from None
        finally:
            self._hang_up()

    async def _run(self, earlier: Snapshot | None, since: datetime | None, only: Callable[[Relation], bool] | None) -> Surveyed:
        done = Surveyed(await self._look(earlier))
        comments = await self._comments()
        scans = {(each.schema, each.relation): each for each in await _in_thread(self._labels.scans, self._upstream.name)}
        self._store_at = time.monotonic() + self._wait_s
        tried: dict[int, str] = {}  # relations that are through, by their shape
        failed: list[int] = []  # those at which the connection ended, one after the other
        while True:
            try:
                if self._line is None or self._news():
                    self._hang_up()
                    done.snapshot = await self._look(done.snapshot)
                relation = self._next(done.snapshot, scans, tried, since, only)
                if relation is None:
                    break
                took_s = await self._look_at(relation, done, comments.get(relation.oid, Comments()))
            except (UpstreamError, ProtocolError, TimeoutError):
                self._hang_up()
                if len(failed) >= GIVE_UP_AFTER or not self._due:
                    await self._store(done)
                    raise
                oid = self._due[0].oid
                if oid in failed:  # it may be the relation's fault
                    done.problems[_name(self._due[0])] = "the connection ended"
                    tried[oid] = shape(self._due[0])
                failed.append(oid)
                continue
            failed.clear()
            tried[relation.oid] = shape(relation)
            if time.monotonic() >= self._store_at:
                await self._store(done)
            await self._rest(took_s)
        await self._store(done)
        if done.relations:
            await self._follow_views(done)
        return done

    def _next(
        self,
        snapshot: Snapshot,
        scans: Mapping[tuple[str, str], Scanned],
        tried: Mapping[int, str],
        since: datetime | None,
        only: Callable[[Relation], bool] | None,
    ) -> Relation | None:
        """What to look at now: first what nobody knows anything of. A catalogue that is another one is gone through anew."""
        if snapshot is not self._gone_through:
            self._gone_through = snapshot
            due = [each for each in _readable(snapshot, self._adapter) if only is None or only(each)]
            due = [each for each in due if _is_due(each, scans.get((each.schema, each.name)), since)]
            self._due = sorted(due, key=lambda each: (each.schema, each.name) in scans)
        while self._due and tried.get(self._due[0].oid) == shape(self._due[0]):
            del self._due[0]
        return self._due[0] if self._due else None

    async def _look_at(self, relation: Relation, done: Surveyed, comments: Comments) -> float:
        """Look at one relation; how long the database took, in seconds. Raises UpstreamError if the connection is gone."""
        assert self._connection is not None  # noqa: S101 - it was made just before
        snapshot, sampler = done.snapshot, self._adapter.sampler
        began = time.monotonic()
        columns = [column for column in relation.columns if sampler.tells(column, snapshot)]
        name = _name(relation)
        problem, passing = None, False
        try:
            if columns:
                sample = await self._converse(
                    self._connection.sample(relation, columns, snapshot, self._sample_rows), SAMPLE_TIMEOUT_S
                )
                took_s = time.monotonic() - began
                rows = sample.rows
                found = await _in_thread(_judged, relation, snapshot, comments, sample)
                if isinstance(found, str):
                    problem = done.problems[name] = found
                else:
                    self._replaced += snapshot.labels.stored.scanned(relation, snapshot.relations)
                    self._entries += found
            else:
                took_s, rows = 0.0, 0
        except SamplingError as error:
            took_s, rows, problem, passing = time.monotonic() - began, 0, str(error), error.passing
            done.problems[name] = problem
        if not passing:
            self._scans.append(Scanned(relation.schema, relation.name, shape(relation), rows, problem))
        done.relations += 1
        done.rows += rows
        return took_s

    async def _follow_views(self, done: Surveyed) -> None:
        """A materialized view has the labels of what it was made of, also where nobody saw it being made."""
        if self._standing is None or not any(each.kind == "m" for each in done.snapshot.relations.values()):
            return
        for _ in range(VIEWS_DEEP):
            stored = await _in_thread(self._labels.read, self._upstream.name)
            snapshot = done.snapshot.relabeled(stored, done.snapshot.version)
            for relation in snapshot.relations.values():
                if relation.kind == "m":
                    self._entries += entries_of(self._shown_by(relation, snapshot))
                    await asyncio.sleep(0)
            if not self._entries:
                break
            await self._store(done)

    def _shown_by(self, view: Relation, snapshot: Snapshot) -> Iterator[Following]:
        """Labels that it would get if it were filled now, and does not have."""
        assert self._standing is not None  # noqa: S101 - asked for before
        schema, name = (each.replace('"', '""') for each in (view.schema, view.name))
        reading = self._adapter.analyse(f'refresh materialized view "{schema}"."{name}"')
        for statement in self._adapter.understand(reading, self._standing, snapshot, ()).statements:
            yield from followed(statement, snapshot)

    async def _store(self, done: Surveyed) -> None:
        """Store what was found. Raises StoreError; it is then found again the next time."""
        entries, self._entries = self._entries, []
        replaced, self._replaced = self._replaced, []
        scans, self._scans = self._scans, []
        name = self._upstream.name
        if await _in_thread(lambda: self._labels.put(name, entries, instead_of=replaced)):
            done.changed = True
            self._stored()
        if scans:
            await _in_thread(self._labels.put_scans, name, scans)
        self._wait_s = min(2 * self._wait_s, SELDOM_STORE_S)
        self._store_at = time.monotonic() + self._wait_s

    # The connection

    async def _rest(self, took_s: float) -> None:
        if self._hush():
            self._hang_up()
            await asyncio.sleep(HUSH_S)
            return
        rest_s = min(took_s * (1 / self._load - 1), LONGEST_REST_S)
        if rest_s > HANG_UP_S:
            self._hang_up()
        await asyncio.sleep(rest_s)

    async def _look(self, earlier: Snapshot | None) -> Snapshot:
        """Log in and read the catalogue, with the labels that are stored."""
        adapter, name = self._adapter, self._upstream.name
        sampler = adapter.sampler
        link, entered = await self._dialer.enter(
            adapter, self._upstream, self._upstream.credentials, sampler.settings, sampler.version
        )
        self._connection = sampler.connection()
        self._line = Line(link, self._connection, asyncio.Event(), entered.rest)
        if self._standing is None:
            self._standing = await self._converse(adapter.outset(None, None), CATALOG_TIMEOUT_S)
        parts = await self._converse(self._connection.read(earlier), CATALOG_TIMEOUT_S)
        version = earlier.version + 1 if earlier is not None else 1
        known = earlier.labels.stored if earlier is not None else None
        built = await _in_thread(lambda: labeled(adapter.catalog.build(parts, version), name, version, self._labels, known))
        if built.error is not None:
            raise built.error
        return built.snapshot

    async def _comments(self) -> dict[int, Comments]:
        assert self._connection is not None  # noqa: S101 - it was made just before
        return dict(await self._converse(self._connection.comments(), CATALOG_TIMEOUT_S))

    async def _converse(self, talk: Talk[R], limit_s: float) -> R:
        assert self._line is not None  # noqa: S101 - it was made just before
        async with asyncio.timeout(limit_s):
            return await self._line.converse(talk)

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = self._connection = None


def _readable(snapshot: Snapshot, adapter: Adapter) -> Iterable[Relation]:
    return (each for each in snapshot.relations.values() if adapter.sampler.can_be_read(each, snapshot))


def _name(relation: Relation) -> str:
    return f"{relation.schema}.{relation.name}"


def _is_due(relation: Relation, scan: Scanned | None, since: datetime | None) -> bool:
    if scan is None or scan.shape != shape(relation):
        return True
    return since is not None and (scan.at is None or scan.at < since)


def _judged(relation: Relation, snapshot: Snapshot, comments: Comments, sample: Sample) -> list[Entry] | str:
    """What the values say, or why nothing: a defect of ours, of which nothing may be told but where it is, since its words may have
    a value in them."""
    try:
        return findings(relation, snapshot, comments, sample)
    except Exception as fault:  # noqa: BLE001 - what was known of the relation stays
        place = traceback.extract_tb(fault.__traceback__)[-1]
        return f"a fault of ours: {type(fault).__name__} in {place.name}, line {place.lineno}"


async def _in_thread(function: Callable[..., R], *arguments: Any) -> R:
    """What blocks, or takes long."""
    return await asyncio.get_running_loop().run_in_executor(None, lambda: function(*arguments))
