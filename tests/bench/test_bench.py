"""The whole run, as small as it gets: every figure is there and is a figure. How large it is, no test says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench import archive
from bench.model import DIRECT, NIGHTPORTER, PGBOUNCER, Measure, Result
from bench.pgbouncer import program

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 180
PROXY_ONLY = {Measure.CPU_PER_QUERY, Measure.CPU_PER_CONNECTION, Measure.IDLE_CONNECTION}


def quick_run(folder: Path) -> Result:
    command = [sys.executable, "-m", "bench", "--quick", "--results", str(folder)]
    if program() is None:  # it is no dependency of ours: everything else is still measured
        command += ["--without", PGBOUNCER]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stderr
    assert "Nightporter" in done.stdout
    return archive.newest(folder)


def test_a_quick_run_measures_everything(tmp_path: Path) -> None:
    result = quick_run(tmp_path)
    expected = {DIRECT, NIGHTPORTER} | ({PGBOUNCER} if program() else set())
    assert set(result.subjects()) == expected
    for measure in Measure:
        cases = result.cases(measure)
        assert cases, measure
        for case in cases:
            for subject in expected:
                figure = result.find(measure, case, subject)
                if subject == DIRECT and measure in PROXY_ONLY:
                    assert figure is None
                else:
                    assert figure is not None, (measure, case, subject)
                    assert len(figure.rounds) == result.settings.rounds
                    # what PgBouncer keeps for a connection it has allocated before; nothing else may be free
                    assert figure.median > 0 or (measure, subject) == (Measure.IDLE_CONNECTION, PGBOUNCER)
    (page,) = tmp_path.glob("*.md")
    assert "| throughput | simple, 8 clients | queries/s |" in page.read_text()
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    assert str(ROOT) not in written
    assert str(tmp_path) not in written
