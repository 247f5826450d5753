"""The parts of the bench that can be tried without a load: what pgbench prints, where things run, what a process used."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from itertools import accumulate, pairwise
from typing import cast

import pytest

from bench import bulk, path, place, process
from bench.error import BenchError
from bench.pgbench import Report, read

PRINTED = """\
pgbench (18.6)
transaction type: <builtin: select only>
number of transactions actually processed: 12345
number of failed transactions: {failed} (0.000%)
latency average = 0.032 ms
initial connection time = 8.132 ms
tps = 31234.567890 (without initial connection time)
"""


def test_pgbench_is_read() -> None:
    assert read(PRINTED.format(failed=0)) == Report(12345, 31234.56789)


@pytest.mark.parametrize("text", [PRINTED.format(failed=2), PRINTED.format(failed=0).replace("12345", "0"), "", "tps = 1.0"])
def test_a_load_that_failed_is_no_figure(text: str) -> None:
    with pytest.raises(BenchError):
        read(text)


@pytest.mark.parametrize(
    ("durations", "percent", "expected"), [((1, 2, 3, 4), 50, 3.0), ((7,), 99, 7.0), (tuple(range(100)), 99, 99.0)]
)
def test_percentiles(durations: tuple[int, ...], percent: int, expected: float) -> None:
    assert Report(len(durations), 1.0, durations).percentile_us(percent) == expected


def test_a_load_that_was_not_timed_has_no_percentiles() -> None:
    with pytest.raises(BenchError, match="no durations"):
        Report(1, 1.0).percentile_us(50)


@pytest.mark.parametrize(
    ("cores", "server", "client", "proxy"),
    [([3], 3, 3, 3), ([0, 1], 0, 0, 1), ([0, 1, 2], 0, 1, 2), ([2, 4, 6, 8], 2, 4, 8)],
)
def test_the_proxy_gets_a_core_of_its_own_first(cores: list[int], server: int, client: int, proxy: int) -> None:
    chosen = place.choose(cores)
    assert [list(chosen.server), list(chosen.client), list(chosen.proxy)] == [[server], [client], [proxy]]
    together = chosen.together
    assert together.server == together.client == together.proxy == {server}


def test_what_is_started_while_pinned_stays_there() -> None:
    before = os.sched_getaffinity(0)
    core = frozenset({place.available()[-1]})
    question = [sys.executable, "-c", "import os; print(sorted(os.sched_getaffinity(0)))"]
    with place.pinned(core):
        answer = subprocess.run(question, capture_output=True, text=True, check=True).stdout
    assert answer.strip() == str(sorted(core))
    assert os.sched_getaffinity(0) == before


def test_a_running_process_is_moved_with_its_children_in_sight() -> None:
    # a shell that waits for another process: both are found, both are moved
    with subprocess.Popen(["sh", "-c", "cat; true"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
        assert shell.stdin is not None
        assert shell.stdout is not None
        shell.stdin.write(b"x")
        shell.stdin.flush()
        assert shell.stdout.read(1) == b"x"  # so `cat` runs
        found = process.tree(shell.pid)
        assert len(found) == 2
        core = {place.available()[0]}
        place.move(found, frozenset(core))
        assert [os.sched_getaffinity(each) for each in found] == [core, core]
        assert process.resident_bytes(found) > process.resident_bytes(found[:1]) > 0
        shell.stdin.close()
    with pytest.raises(BenchError, match="has ended"):
        process.cpu_s(found)


def test_processor_time_is_counted() -> None:
    before = process.cpu_s([os.getpid()])
    end = time.process_time() + 0.05
    while time.process_time() < end:
        pass
    assert 0.03 <= process.cpu_s([os.getpid()]) - before < 5


class Chunks:
    """A socket that gives what it has in pieces of these sizes, and then the rest."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        ends = [*accumulate(sizes), len(data)]
        self._chunks = [data[start:end] for start, end in pairwise([0, *ends]) if start < end]

    def recv_into(self, buffer: bytearray) -> int:
        chunk = self._chunks.pop(0) if self._chunks else b""
        buffer[: len(chunk)] = chunk
        return len(chunk)


@pytest.mark.parametrize("sizes", [[1000], [1] * 999, [500, 3, 3, 3], [985, 10]])
def test_the_end_of_an_answer_is_found_however_it_is_cut(sizes: list[int]) -> None:
    complete = bulk.message(b"C", b"SELECT 5\0") + bulk.READY
    answer = b"x" * (1000 - len(complete)) + complete
    assert bulk.last_bytes(cast("socket.socket", Chunks(answer, sizes)), len(complete)) == complete


@pytest.mark.parametrize("answer", [b"", b"D\0\0\0\4", bulk.READY[:-1]])
def test_an_answer_that_breaks_off_is_no_figure(answer: bytes) -> None:
    with pytest.raises(BenchError, match="closed within an answer"):
        bulk.last_bytes(cast("socket.socket", Chunks(answer, [1])), 10)


@pytest.mark.parametrize("shape", path.SHAPES)
async def test_a_session_without_sockets_records_what_it_was_asked(shape: str) -> None:
    with path.ledger() as book:
        client, upstream = path.open_session(book)
        path.talk(client, upstream, [path.PREPARE])
        before = book.head().size
        path.talk(client, upstream, [path.SHAPES[shape](n) for n in range(3)])
        # an intent and an outcome each
        assert book.head().size - before == 6
