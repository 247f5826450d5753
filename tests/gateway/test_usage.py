"""No limit is ever passed, whoever asks at the same time and whoever dies; and nobody is refused who is within it."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, product
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from nightporter.gateway import usage as module
from nightporter.gateway.usage import FILE, WINDOW_S, Counts, Limit, Row, Usage, UsageError, renew, worker_died

NOW = 5_000.5
WISH = 1 << 24


@contextmanager
def workers(folder: Path, number: int = 2) -> Iterator[list[Usage]]:
    made = [Usage(folder, index, number) for index in range(number)]
    try:
        yield made
    finally:
        for each in made:
            each.close()


def killed(usage: Usage) -> None:
    """What is left of a worker that was killed: nothing is given back."""
    for row in usage._rows.values():
        row.forget()
    usage._table.close()


def wishing(row: Row) -> None:
    """A worker that stands still in the middle of `statement_begins`."""
    row._states[row._mine] = row._begun + WISH


# What is counted


def test_sessions_of_all_workers_are_one_number(tmp_path: Path) -> None:
    with workers(tmp_path) as (one, two):
        here, there = one.claim("ada", NOW), two.claim("ada", NOW)
        assert here.session_opened(2)
        assert there.session_opened(2)
        assert not here.session_opened(2)
        assert not there.session_opened(2)
        assert two.claim("grace", NOW).session_opened(1), "another principal has its own"
        here.session_closed()
        assert there.session_opened(2)
        assert not here.session_opened(0)
        assert here.session_opened(None), "without a limit one more is one more"
        assert here.counts(NOW) == there.counts(NOW) == Counts(3, 0, 0)


def test_statements_at_once(tmp_path: Path) -> None:
    with workers(tmp_path) as (one, two):
        here, there = one.claim("ada", NOW), two.claim("ada", NOW)
        assert here.statement_begins(NOW, 2, None) is None
        assert there.statement_begins(NOW, 2, None) is None
        assert here.statement_begins(NOW, 2, None) == "concurrent"
        assert there.statement_begins(NOW, 2, 1) == "concurrent", "the one that passes sooner"
        assert there.statement_begins(NOW, 3, None) is None, "each statement has the limit of its own policies"
        assert here.statement_begins(NOW, None, None) is None
        assert here.statement_begins(NOW, 3, None) == "concurrent", "what has no limit counts for those that have one"
        for row in (here, there, there):
            row.statement_ended()
        assert there.statement_begins(NOW, 2, None) is None
        assert here.counts(NOW) == Counts(0, 2, 5)


def test_statements_a_minute(tmp_path: Path) -> None:
    with workers(tmp_path) as (one, two):
        rows = [one.claim("ada", NOW), two.claim("ada", NOW)]
        for index in range(10):
            row = rows[index % 2]
            assert row.statement_begins(NOW + index, None, 10) is None
            row.statement_ended()
        for row in rows:
            assert row.statement_begins(NOW + 10, None, 10) == "per_minute"
            assert row.statement_begins(NOW + 60.4, None, 10) == "per_minute", "not before a minute is over"
            assert row.counts(NOW + 60.4).last_minute == 10, "what was refused does not count"
        assert rows[0].statement_begins(NOW + 61, None, 10) is None, "the first was 61 s ago"
        assert rows[1].statement_begins(NOW + 61, None, 10) == "per_minute"
        assert rows[1].statement_begins(NOW + 1_000, None, 1) is None
        assert rows[0].statement_begins(NOW + 1_000, None, 1) == "per_minute"
        assert rows[0].statement_begins(NOW + 1_000, None, 0) == "per_minute"


def test_a_limit_that_comes_later_finds_what_was(tmp_path: Path) -> None:
    with workers(tmp_path) as (one, two):
        here, there = one.claim("ada", NOW), two.claim("ada", NOW)
        for _ in range(7):
            assert here.statement_begins(NOW, None, None) is None
            here.statement_ended()
        assert there.statement_begins(NOW + 1, None, 7) == "per_minute"
        assert there.statement_begins(NOW + 1, None, 8) is None


def test_the_count_of_statements_may_run_over(tmp_path: Path) -> None:
    with workers(tmp_path) as (one, two):
        here, there = one.claim("ada", NOW), two.claim("ada", NOW)
        for row in (here, there):
            row._begun = (2**32 - 2) << 32
            row._states[row._mine] = row._begun
        assert there.statement_begins(NOW, None, 5) is None
        for _ in range(4):
            assert here.statement_begins(NOW, 5, 5) is None
        assert there.statement_begins(NOW, None, 5) == "per_minute"
        assert here.statement_begins(NOW, 5, None) == "concurrent"
        assert here.counts(NOW) == Counts(0, 5, 5)


def test_so_many_statements_that_the_count_is_the_same_again(tmp_path: Path) -> None:
    with workers(tmp_path) as (one, two):
        here, there = one.claim("ada", NOW), two.claim("ada", NOW)
        assert there.statement_begins(NOW, None, 5) is None
        here._begun = (2**32 - 9) << 32
        for _ in range(9):
            assert here.statement_begins(NOW + 100, None, None) is None
        assert there.statement_begins(NOW + 100, None, 5) == "per_minute"


def test_a_sum_over_cells_that_move_refuses_nobody(tmp_path: Path) -> None:
    """A statement ends in one worker and another begins in the next while a third looks: it may see both."""

    class Moving:
        def __init__(self, cells: memoryview) -> None:
            self.cells = cells
            self.looks = 0

        def tolist(self) -> list[int]:
            self.looks += 1
            words: list[int] = self.cells.tolist()
            return [words[0] + 1, words[1] + 1, words[2]] if self.looks < 3 else [words[0], words[1] + 1, words[2]]

        def __setitem__(self, at: int, word: int) -> None:
            self.cells[at] = word

        def release(self) -> None:
            self.cells.release()

    with workers(tmp_path, 3) as made:
        row = made[2].claim("ada", NOW)
        row._states = Moving(row._states)  # type: ignore[assignment]
        assert row.statement_begins(NOW, 2, None) is None


def test_what_was_not_counted_cannot_end(tmp_path: Path) -> None:
    with workers(tmp_path) as (one, two):
        row, other = one.claim("ada", NOW), two.claim("ada", NOW)
        assert other.session_opened(None)
        assert other.statement_begins(NOW, None, None) is None
        with pytest.raises(UsageError, match="ended that was not counted"):
            row.session_closed()
        with pytest.raises(UsageError, match="ended that was not counted"):
            row.statement_ended()
        one.release(row)
        with pytest.raises(UsageError, match="not in use"):
            one.release(row)
        with pytest.raises(ValueError, match="released"):
            row.statement_begins(NOW, None, None)


# Rows


def test_sessions_of_a_worker_share_a_row(tmp_path: Path) -> None:
    with workers(tmp_path, 1) as (one,):
        first, second = one.claim("ada", NOW), one.claim("ada", NOW)
        assert first is second
        one.release(first)
        assert second.session_opened(1), "it is still there"
        one.release(second)
        assert one.claim("ada", NOW).session_opened(1), "what was open ended with the last"


def test_who_comes_back_finds_what_was_counted(tmp_path: Path) -> None:
    renew(tmp_path, 2, rows=1)
    with workers(tmp_path) as (one, two):
        row = one.claim("ada", NOW)
        assert row.statement_begins(NOW, None, 1) is None
        one.release(row)
        for each in (one, two):
            again = each.claim("ada", NOW + 1)
            assert again.statement_begins(NOW + 1, None, 1) == "per_minute"
            each.release(again)
        with pytest.raises(UsageError, match="is full"):
            two.claim("grace", NOW + 60)
        row = two.claim("grace", NOW + 61)
        assert row.counts(NOW + 61) == Counts(0, 0, 0)
        with pytest.raises(UsageError, match="is full: `1` principals"):
            one.claim("ada", NOW + 1_000)


def test_a_row_goes_to_another_only_when_no_worker_uses_it(tmp_path: Path) -> None:
    renew(tmp_path, 3, rows=2)
    with workers(tmp_path, 3) as (one, two, three):
        kept = [each.claim("ada", NOW) for each in (one, two)]
        one.claim("grace", NOW)
        one.release(kept[0])
        with pytest.raises(UsageError, match="is full"):
            three.claim("joan", NOW)
        assert kept[1].session_opened(1)
        two.release(kept[1])
        assert three.claim("joan", NOW).session_opened(1)


def test_many_principals(tmp_path: Path) -> None:
    names = [f"someone-{number}" for number in range(500)]
    with workers(tmp_path) as (one, two):
        rows = [one.claim(name, NOW) for name in names]
        assert len({row.place for row in rows}) == len(names)
        for name, row in zip(names, rows, strict=True):
            assert row.session_opened(1)
            assert not two.claim(name, NOW).session_opened(1)


# Whoever dies


@pytest.mark.parametrize("buried", [True, False], ids=["by who saw it die", "by its successor"])
def test_what_a_dead_worker_had_open_is_over_and_its_minute_is_not(tmp_path: Path, buried: bool) -> None:
    one, two = Usage(tmp_path, 0, 2), Usage(tmp_path, 1, 2)
    dead, row = one.claim("ada", NOW), two.claim("ada", NOW)
    assert dead.session_opened(1)
    assert dead.statement_begins(NOW, 1, None) is None
    wishing(dead)
    killed(one)
    assert not row.session_opened(1)
    assert row.statement_begins(NOW, 1, None) == "concurrent"
    if buried:
        worker_died(tmp_path, 0, 2)
    else:
        one = Usage(tmp_path, 0, 2)
    assert row.session_opened(1)
    assert row.statement_begins(NOW, 1, 1) == "per_minute"
    assert row.statement_begins(NOW, 1, 2) is None
    if buried:
        one = Usage(tmp_path, 0, 2)
    again = one.claim("ada", NOW)
    assert again.statement_begins(NOW, None, 2) == "per_minute"
    assert again.statement_begins(NOW, None, 3) is None, "in the second in which its predecessor died, too"
    assert row.counts(NOW) == Counts(1, 2, 3)
    one.close()
    two.close()


def test_what_a_dead_worker_had_begun_is_not_counted_again_as_something_else(tmp_path: Path) -> None:
    one, two = Usage(tmp_path, 0, 2), Usage(tmp_path, 1, 2)
    dead, row = one.claim("ada", NOW), two.claim("ada", NOW)
    for _ in range(5):
        assert dead.statement_begins(NOW, None, None) is None
    assert row.statement_begins(NOW, None, 8) is None
    killed(one)
    one = Usage(tmp_path, 0, 2)
    for _ in range(2):
        assert one.claim("ada", NOW).statement_begins(NOW, None, None) is None
    assert row.statement_begins(NOW, None, 8) == "per_minute"
    one.close()
    two.close()


def test_a_row_of_a_dead_worker_is_kept_for_its_minute(tmp_path: Path) -> None:
    renew(tmp_path, 2, rows=1)
    one = Usage(tmp_path, 0, 2)
    assert one.claim("ada", NOW).statement_begins(NOW + 30, None, None) is None
    killed(one)
    worker_died(tmp_path, 0, 2)
    two = Usage(tmp_path, 1, 2)
    with pytest.raises(UsageError, match="is full"):
        two.claim("grace", NOW + 90)
    two.claim("grace", NOW + 91)
    two.close()


def test_who_stands_still_with_a_wish_is_not_waited_for_forever(tmp_path: Path) -> None:
    with workers(tmp_path, 3) as (one, two, three):
        rows = [each.claim("ada", NOW) for each in (one, two, three)]
        wishing(rows[1])
        for row in (rows[0], rows[2]):
            assert row.statement_begins(NOW, 1, None) == "concurrent", "it may be about to go on"
            assert row.statement_begins(NOW, None, 1) == "per_minute"
            assert row.statement_begins(NOW, 2, 2) is None
            row.statement_ended()
            assert row.counts(NOW).running == 0
            rows[1]._states[rows[1]._mine] = rows[1]._begun
            assert row.statement_begins(NOW + 100, 1, 1) is None
            row.statement_ended()
            wishing(rows[1])
            row._buckets[:] = memoryview(bytes(row._buckets.nbytes)).cast("Q")


# The file


def test_the_table_is_ours_alone(tmp_path: Path) -> None:
    with workers(tmp_path / "run"):
        assert (tmp_path / "run" / FILE).stat().st_mode & 0o777 == 0o600
        assert [each.name for each in (tmp_path / "run").iterdir()] == [FILE]


def test_every_byte_of_it_has_a_place_on_the_disk(tmp_path: Path) -> None:
    renew(tmp_path, 4)
    with open(tmp_path / FILE, "rb+") as file:
        os.fsync(file.fileno())
        found = os.fstat(file.fileno())
    assert found.st_blocks * 512 >= found.st_size


def test_a_gateway_that_starts_has_a_new_one(tmp_path: Path) -> None:
    with workers(tmp_path, 2) as (old, _):
        kept = old.claim("ada", NOW)
        assert kept.session_opened(1)
        renew(tmp_path, 3)
        with workers(tmp_path, 3) as new:
            assert new[0].claim("ada", NOW).session_opened(1)
        kept.session_closed()
        assert kept.counts(NOW).sessions == 0


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 4096, b"NPusage1", b"NPusage1" + bytes(24)])
def test_what_is_no_table_is_not_used(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(UsageError, match=r"is not a table of limits|is a table for `0` workers"):
        Usage(tmp_path, 0, 1)


def test_a_table_that_is_cut_off_is_not_used(tmp_path: Path) -> None:
    renew(tmp_path, 1)
    os.truncate(tmp_path / FILE, 4096)
    with pytest.raises(UsageError, match="is not a table of limits"):
        Usage(tmp_path, 0, 1)


def test_a_table_of_another_number_of_workers_is_not_used(tmp_path: Path) -> None:
    renew(tmp_path, 2)
    with pytest.raises(UsageError, match="is a table for `2` workers, not `3`"):
        Usage(tmp_path, 0, 3)
    with pytest.raises(UsageError, match="no worker `3` of `3`"):
        Usage(tmp_path, 3, 3)


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(UsageError, match=r"`.*usage` cannot be used: Is a directory"):
        Usage(tmp_path, 0, 1)
    (tmp_path / "file").touch()
    for attempt in (lambda: Usage(tmp_path / "file", 0, 1), lambda: renew(tmp_path / "file", 1)):
        with pytest.raises(UsageError, match="cannot be used"):
            attempt()


def test_a_lock_that_is_never_given_back_ends_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_TRIES", 2)
    with workers(tmp_path) as (one, two):
        row = one.claim("ada", NOW)
        descriptor = os.open(tmp_path / FILE, os.O_RDWR)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="is locked by a process that does not go on"):
            two.claim("grace", NOW)
        with pytest.raises(UsageError, match="is locked"):
            Usage(tmp_path, 1, 2)
        assert one.claim("ada", NOW) is row, "who has a row needs no lock"
        assert row.session_opened(1)
        os.close(descriptor)
        assert two.claim("grace", NOW).session_opened(1)


# Any order of events, against a model


class AnyOrder(RuleBasedStateMachine):
    """Sessions come and go, statements begin and end, workers die; what is counted is what a list would say."""

    WORKERS = 3
    ROWS = 3

    @initialize()
    def opened(self) -> None:
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name)
        renew(self.path, self.WORKERS, rows=self.ROWS)
        self.workers = [Usage(self.path, index, self.WORKERS) for index in range(self.WORKERS)]
        self.now = 1_000.0
        self.claims: list[tuple[int, str, Row]] = []
        self.sessions: list[tuple[int, str, Row]] = []
        self.running: list[tuple[int, str, Row]] = []
        self.begun: list[tuple[float, str]] = []

    def _in_window(self, name: str) -> int:
        return sum(int(at) >= int(self.now) - WINDOW_S for at, whose in self.begun if whose == name)

    @rule(worker=st.integers(0, WORKERS - 1), name=st.sampled_from("abcde"), limit=st.none() | st.integers(0, 3))
    def session_comes(self, worker: int, name: str, limit: int | None) -> None:
        others = {whose for _, whose, _ in self.claims} | {whose for _, whose in self.begun if self._in_window(whose)}
        try:
            row = self.workers[worker].claim(name, self.now)
        except UsageError:
            assert len(others - {name}) >= self.ROWS
            return
        assert len(others - {name}) < self.ROWS
        self.claims.append((worker, name, row))
        within = limit is None or sum(whose == name for _, whose, _ in self.sessions) < limit
        assert row.session_opened(limit) is within
        if within:
            self.sessions.append((worker, name, row))

    @rule(data=st.data())
    def session_goes(self, data: st.DataObject) -> None:
        if not self.claims:
            return
        claim = data.draw(st.sampled_from(self.claims))
        worker, name, row = claim
        self.claims.remove(claim)
        if claim in self.sessions:
            row.session_closed()
            self.sessions.remove(claim)
        last = not any(each[:2] == (worker, name) for each in self.claims)
        self.workers[worker].release(row)
        if last:  # what it has not ended itself
            self.running = [each for each in self.running if each[:2] != (worker, name)]
            self.sessions = [each for each in self.sessions if each[:2] != (worker, name)]

    @rule(data=st.data(), concurrent=st.none() | st.integers(0, 4), per_minute=st.none() | st.integers(0, 8))
    def statement_begins(self, data: st.DataObject, concurrent: int | None, per_minute: int | None) -> None:
        if not self.claims:
            return
        claim = data.draw(st.sampled_from(self.claims))
        _, name, row = claim
        expected: Limit | None = None
        if concurrent is not None and sum(whose == name for _, whose, _ in self.running) >= concurrent:
            expected = "concurrent"
        elif per_minute is not None and self._in_window(name) >= per_minute:
            expected = "per_minute"
        assert row.statement_begins(self.now, concurrent, per_minute) == expected
        if expected is None:
            self.begun.append((self.now, name))
            self.running.append(claim)

    @rule(data=st.data())
    def statement_ends(self, data: st.DataObject) -> None:
        if self.running:
            ended = data.draw(st.sampled_from(self.running))
            ended[2].statement_ended()
            self.running.remove(ended)

    @rule(index=st.integers(0, WORKERS - 1), wishes=st.booleans(), seen=st.booleans())
    def worker_dies(self, index: int, wishes: bool, seen: bool) -> None:
        if wishes:
            for row in self.workers[index]._rows.values():
                wishing(row)
        killed(self.workers[index])
        if seen:
            worker_died(self.path, index, self.WORKERS)
        self.workers[index] = Usage(self.path, index, self.WORKERS)
        for what in (self.claims, self.sessions, self.running):
            what[:] = [each for each in what if each[0] != index]

    @rule(by=st.floats(0.01, 3) | st.sampled_from([0.5, 1.0, 30.0, 59.0, 60.0, 61.0, 64.0, 1_000.0]))
    def time_passes(self, by: float) -> None:
        self.now += by

    @invariant()
    def all_agree(self) -> None:
        for _, name, row in getattr(self, "claims", []):
            sessions, running = Counter(n for _, n, _ in self.sessions)[name], Counter(n for _, n, _ in self.running)[name]
            assert row.counts(self.now) == Counts(sessions, running, self._in_window(name))

    def teardown(self) -> None:
        for each in getattr(self, "workers", []):
            each.close()
        if hasattr(self, "folder"):
            self.folder.cleanup()


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)


# Any order of the steps within: each worker is a thread that stops at every memory fence until it is its turn


class Turns:
    """Lets one thread at a time go on to its next fence, in a given order, then in turn."""

    def __init__(self, order: list[int], jobs: list[Callable[[], None]]) -> None:
        self._go = [threading.Semaphore(0) for _ in jobs]
        self._stopped = threading.Semaphore(0)
        self._alive = [True] * len(jobs)
        self._order = order
        self._threads = [threading.Thread(target=self._run, args=(index, job)) for index, job in enumerate(jobs)]

    def _run(self, index: int, job: Callable[[], None]) -> None:
        self._go[index].acquire()
        try:
            job()
        finally:
            self._alive[index] = False
            self._stopped.release()

    def fence(self, index: int) -> None:
        self._stopped.release()
        self._go[index].acquire()

    def play(self) -> None:
        for thread in self._threads:
            thread.start()
        turns = iter(self._order)
        after = 0
        while any(self._alive):
            after += 1
            index = next(turns, after) % len(self._alive)
            if self._alive[index]:
                self._go[index].release()
                self._stopped.acquire()
        for thread in self._threads:
            thread.join()


@pytest.mark.parametrize("limits", [(2, None), (None, 2), (None, None)], ids=str)
@pytest.mark.parametrize("within", [None, 2], ids=["no limit within", "limit within"])
def test_one_that_begins_in_the_middle_of_another(
    tmp_path: Path, limits: tuple[int | None, int | None], within: int | None
) -> None:
    for at, first in product(range(8), (0, 1)):
        renew(tmp_path, 2, rows=1)
        with workers(tmp_path) as made:
            outer, inner = made[first].claim("ada", NOW), made[1 - first].claim("ada", NOW)
            passed = [inner.statement_begins(NOW, None, None)]
            fence, fences = outer._acquire, count()

            def between() -> None:
                fence()  # noqa: B023 - called in this round only
                if next(fences) == at:  # noqa: B023
                    passed.append(inner.statement_begins(NOW, None, within))  # noqa: B023

            outer._acquire = between  # type: ignore[assignment]
            passed.append(outer.statement_begins(NOW, *limits))
            outer._acquire = fence
            begun = passed.count(None)
            assert begun >= 2
            assert begun == 2 or within is None or limits == (None, None)
            for row in (outer, inner):
                assert row.statement_begins(NOW, None, begun) == "per_minute"
                assert row.statement_begins(NOW, begun, None) == "concurrent"
                assert row.counts(NOW) == Counts(0, begun, begun)


COUNT = 3
orders = st.lists(st.integers(0, COUNT - 1), max_size=60)


@given(
    order=orders, limit=st.integers(0, 4), before=st.integers(0, 2), kinds=st.lists(st.booleans(), min_size=COUNT, max_size=COUNT)
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_of_those_who_begin_at_once_as_many_pass_as_may(order: list[int], limit: int, before: int, kinds: list[bool]) -> None:
    """The same number for both limits, so that each statement may be held to either."""
    with TemporaryDirectory() as folder:
        renew(Path(folder), COUNT, rows=1)
        with workers(Path(folder), COUNT) as made:
            rows = [each.claim("ada", NOW) for each in made]
            for index in range(before):
                assert rows[index].statement_begins(NOW, None, None) is None
            passed = []

            def job(row: Row, kind: bool) -> None:
                for _ in range(2):
                    if row.statement_begins(NOW, limit if kind else None, None if kind else limit) is None:
                        passed.append(row)

            turns = Turns(order, [lambda r=row, k=kind: job(r, k) for row, kind in zip(rows, kinds, strict=True)])  # type: ignore[misc]
            fences = [(row._release, row._acquire) for row in rows]
            for index, row in enumerate(rows):
                row._acquire, row._release = (lambda i=index: turns.fence(i)), lambda: None  # type: ignore[assignment,misc]
            turns.play()
            for row, (release, acquire) in zip(rows, fences, strict=True):
                row._release, row._acquire = release, acquire
            assert len(passed) == max(0, min(limit - before, 2 * COUNT))
            assert rows[0].counts(NOW) == Counts(0, before + len(passed), before + len(passed))
            assert not any(word & WISH for row in rows for word in row._states.tolist())


@given(order=orders, limit=st.integers(1, 3))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_never_more_at_once_while_they_come_and_go(order: list[int], limit: int) -> None:
    with TemporaryDirectory() as folder:
        renew(Path(folder), COUNT, rows=1)
        with workers(Path(folder), COUNT) as made:
            rows = [each.claim("ada", NOW) for each in made]
            there: list[int] = []
            most: list[int] = []

            def job(index: int, row: Row) -> None:
                for _ in range(3):
                    if row.statement_begins(NOW, limit, None) is None:
                        there.append(index)
                        most.append(len(there))
                        turns.fence(index)
                        there.remove(index)
                        row.statement_ended()
                    if row.session_opened(limit):
                        turns.fence(index)
                        row.session_closed()

            turns = Turns(order, [lambda i=index, r=row: job(i, r) for index, row in enumerate(rows)])  # type: ignore[misc]
            fences = [(row._release, row._acquire) for row in rows]
            for index, row in enumerate(rows):
                row._acquire, row._release = (lambda i=index: turns.fence(i)), lambda: None  # type: ignore[assignment,misc]
            turns.play()
            for row, (release, acquire) in zip(rows, fences, strict=True):
                row._release, row._acquire = release, acquire
            assert 1 <= max(most) <= limit
            assert rows[0].counts(NOW)[:2] == (0, 0)


# Real processes

CROWD = 3
PRINCIPAL = "ada@example.com"
GIVE_UP = 2_000


def _take_all(folder: Path, worker: int, limits: tuple[int | None, int | None], answers: Queue[int]) -> None:
    """Begin statements until none is let through any more."""
    row = Usage(folder, worker, CROWD).claim(PRINCIPAL, NOW)
    passed = refused = 0
    while refused < GIVE_UP:
        if row.statement_begins(NOW, *limits) is None:
            passed += 1
            refused = 0
        else:
            refused += 1
    answers.put(passed)


def _come_and_go(folder: Path, worker: int, limit: int, answers: Queue[list[tuple[int, int]]]) -> None:
    """When each statement ran that was let through."""
    row = Usage(folder, worker, CROWD).claim(PRINCIPAL, NOW)
    ran = []
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        if row.statement_begins(NOW, limit, None) is None:
            begun = time.monotonic_ns()
            ran.append((begun, time.monotonic_ns()))
            row.statement_ended()
    answers.put(ran)


def _live_and_let_die(folder: Path, worker: int, limit: int, lives: Event) -> None:
    usage = Usage(folder, worker, CROWD)
    for number in count():
        row = usage.claim(f"someone-{number % 5}", NOW)
        if row.session_opened(limit):
            if row.statement_begins(NOW, limit, None) is None:
                row.statement_ended()
            row.session_closed()
        usage.release(row)
        if number == 100:
            lives.set()


def _crowd(job: Callable[..., None], folder: Path, *arguments: object) -> list[BaseProcess]:
    renew(folder, CROWD)
    spawn = multiprocessing.get_context("spawn")
    made: list[BaseProcess] = [spawn.Process(target=job, args=(folder, worker, *arguments)) for worker in range(CROWD)]
    for each in made:
        each.start()
    return made


@pytest.mark.parametrize("limits", [(1, None), (1_000, 999), (999, 1_000)], ids=str)
def test_processes_take_exactly_what_there_is(tmp_path: Path, limits: tuple[int | None, int | None]) -> None:
    answers: Queue[int] = multiprocessing.get_context("spawn").Queue()
    processes = _crowd(_take_all, tmp_path, limits, answers)
    passed = [answers.get(timeout=60) for _ in processes]
    for each in processes:
        each.join()
    answers.close()
    assert sum(passed) == min(limit for limit in limits if limit is not None)


@pytest.mark.parametrize("limit", [1, 3])
def test_processes_are_never_more_at_once(tmp_path: Path, limit: int) -> None:
    answers: Queue[list[tuple[int, int]]] = multiprocessing.get_context("spawn").Queue()
    processes = _crowd(_come_and_go, tmp_path, limit, answers)
    ran = [each for _ in processes for each in answers.get(timeout=60)]
    for each in processes:
        each.join()
    answers.close()
    assert len(ran) > 100
    # at the same nanosecond an end comes first: it was seen by the one that begins
    steps = sorted([(begun, 1) for begun, _ in ran] + [(ended, -1) for _, ended in ran])
    now = most = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    assert most <= limit


def test_processes_that_are_killed_leave_nothing_behind(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    lives = [spawn.Event() for _ in range(CROWD)]
    renew(tmp_path, CROWD)

    def started(index: int) -> BaseProcess:
        lives[index].clear()
        made = spawn.Process(target=_live_and_let_die, args=(tmp_path, index, 2, lives[index]))
        made.start()
        return made

    processes = [started(index) for index in range(CROWD)]
    try:
        for index in list(range(CROWD)) * 2:
            assert lives[index].wait(60)
            processes[index].kill()
            processes[index].join()
            worker_died(tmp_path, index, CROWD)
            processes[index] = started(index)
    finally:
        for each in processes:
            each.kill()
            each.join()
    with workers(tmp_path, CROWD) as made:
        for number in range(5):
            row = made[0].claim(f"someone-{number}", NOW)
            assert row.counts(NOW)[:2] == (0, 0)
            assert row.session_opened(1)
            assert row.statement_begins(NOW, 1, None) is None
