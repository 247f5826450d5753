"""PostgreSQL's own load generator, in C: it costs little, and everybody knows what its figures mean."""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from nightporter.demo.server import quiet_environment

from .error import BenchError

GRACE_S = 60.0
"""A load that takes this much longer than it was told to hangs."""
DURATION = 2
"""Column of the log of transactions: its time in microseconds."""


@dataclass(frozen=True, slots=True)
class Load:
    """What to ask for: point queries by primary key (`-S`), for `seconds`."""

    mode: str
    clients: int
    seconds: int
    reconnect: bool = False
    """A connection for each query."""
    timed: bool = False
    """Keep each query's duration."""


@dataclass(frozen=True, slots=True)
class Report:
    """What pgbench did."""

    transactions: int
    per_second: float
    """Without the time that the first connections took; with it where each query has its own."""
    durations_us: tuple[int, ...] = ()
    """Sorted; only of a `timed` load."""

    def percentile_us(self, percent: int) -> float:
        """The duration below which this part of the queries stayed."""
        if not self.durations_us:
            raise BenchError("no durations were kept")
        return float(self.durations_us[min(len(self.durations_us) * percent // 100, len(self.durations_us) - 1)])


def prepare(program: Path, dsn: str, scale: int) -> None:
    """Make pgbench's tables: 100,000 accounts for each unit of scale."""
    _run(program, dsn, ["--initialize", "--quiet", f"--scale={scale}"], timeout_s=600.0)


def run(program: Path, dsn: str, load: Load) -> Report:
    """Put a load on. Raises BenchError when a single query failed."""
    arguments = ["--select-only", "--no-vacuum", f"--protocol={load.mode}", f"--client={load.clients}", "--jobs=1"]
    arguments += [f"--time={load.seconds}", *(["--connect"] if load.reconnect else [])]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if load.timed:
            arguments += ["--log", f"--log-prefix={folder}/log"]
        text = _run(program, dsn, arguments, timeout_s=load.seconds + GRACE_S)
        durations = sorted(d for path in Path(folder).iterdir() for d in _durations(path.read_text()))
    return read(text, tuple(durations))


def read(text: str, durations_us: tuple[int, ...] = ()) -> Report:
    """What pgbench printed, as values."""
    count = re.search(r"^number of transactions actually processed: (\d+)", text, re.MULTILINE)
    failed = re.search(r"^number of failed transactions: (\d+)", text, re.MULTILINE)
    rate = re.search(r"^tps = ([\d.]+)", text, re.MULTILINE)
    if count is None or rate is None or count[1] == "0":
        raise BenchError("pgbench did nothing")
    if failed is not None and failed[1] != "0":
        raise BenchError(f"`{failed[1]}` queries of pgbench failed")
    return Report(int(count[1]), float(rate[1]), durations_us)


def _durations(log: str) -> list[int]:
    return [int(line.split()[DURATION]) for line in log.splitlines()]


def _run(program: Path, dsn: str, arguments: list[str], timeout_s: float) -> str:
    info = conninfo_to_dict(dsn)
    # by its environment: what stands in a command line, everybody on the machine can read
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    given = {variable: str(info[name]) for name, variable in names.items() if info.get(name)}
    environment = quiet_environment() | {"PGSSLMODE": "disable", "PGGSSENCMODE": "disable"} | given
    try:
        done = subprocess.run(
            [str(program), *arguments], env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"pgbench did not end within {timeout_s:.0f} s") from None
    if done.returncode:
        raise BenchError(f"pgbench gave up: {' | '.join(done.stderr.strip().splitlines()[-3:])}")
    return done.stdout
