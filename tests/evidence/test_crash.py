"""Real processes that die, and a real limit on file sizes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nightporter.evidence.verify import verify

from .book import opened, records

WRITER = """
import sys
from pathlib import Path
from tests.evidence.book import opened, statement
book = opened(Path(sys.argv[1]), segment_bytes=20_000)
print(book.writer, flush=True)
while True:
    print(statement(book), flush=True)
"""

CRAMPED = """
import resource, sys
from pathlib import Path
from nightporter.core.error import EvidenceError
from nightporter.evidence.verify import verify
from tests.evidence.book import opened, statement
path = Path(sys.argv[1])
book = opened(path)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
accepted = 0
while True:
    try:
        statement(book)
    except EvidenceError as error:
        assert error.disk_full, error
        break
    accepted += 1
assert 5 < accepted < 100, accepted
assert verify(path).ok
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
statement(book)
book.close()
report = verify(path)
assert report.ok, report
assert report.writers[0].records == 2 * (accepted + 1) + 2, report
"""


def python(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-W", "error", "-c", *map(str, arguments)]


@pytest.mark.parametrize("after", [1, 40, 333])
def test_kill_9_loses_no_intent(tmp_path: Path, after: int) -> None:
    with subprocess.Popen(python(WRITER, tmp_path), stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as child:
        assert child.stdout is not None
        writer = child.stdout.readline().strip()
        told = [child.stdout.readline().strip() for _ in range(after)]
        os.kill(child.pid, signal.SIGKILL)
        told += [line.strip() for line in child.stdout if line.endswith("\n")]
    assert verify(tmp_path).ok
    again = opened(tmp_path, writer, segment_bytes=20_000)
    again.close()
    report = verify(tmp_path)
    assert report.ok
    assert report.writers[0].signed == report.writers[0].records
    recorded = {
        record["n"]
        for file in (tmp_path / writer).glob("*.jsonl")
        for record in records(tmp_path, writer, int(file.stem))
        if record["kind"] == "intent"
    }
    assert recorded >= set(told)
    # At most one outcome died in memory: that of the last statement, which may be one that nobody was told of any more.
    unanswered = [int(number.partition("-")[2]) for number in report.writers[0].unanswered]
    assert len(unanswered) <= 1
    assert all(0 <= number - int(told[-1].partition("-")[2]) <= 2 for number in unanswered)


def test_a_real_limit_on_the_size_of_files(tmp_path: Path) -> None:
    subprocess.run(python(CRAMPED, tmp_path), check=True, cwd=Path.cwd(), timeout=60)


def test_the_verifier_needs_no_more_than_it_says(tmp_path: Path) -> None:
    opened(tmp_path).close()
    alone = (
        "import sys, runpy; sys.modules.update(dict.fromkeys(['msgspec', 'pydantic', 'asyncio', 'jsonschema'])); "
        "runpy.run_module('nightporter.evidence.verify', run_name='__main__', alter_sys=True)"
    )
    done = subprocess.run(python(alone, tmp_path), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert ": ok, 2 records, 2 signed" in done.stdout
