"""A result as a run might have found it."""

from __future__ import annotations

from bench.model import (
    DIRECT,
    MASKED,
    NIGHTPORTER,
    PGBOUNCER,
    SELECT,
    Machine,
    Measure,
    Noise,
    Notebook,
    Result,
    Settings,
    queries_case,
)

SETTINGS = Settings(rounds=3, seconds=1, scale=1, rows=1_000_000, connections=1_000, clients=(1, 8), modes=("simple",))
IDLE = "1000 connections"


def result(at: str = "2026-01-02T03:04:05+00:00", *, cpu_us: float = 30.0, rows: float = 900.0, kib: float = 20.0) -> Result:
    """PgBouncer takes 10 us of processor time a query; directly, 1000 rows come in a second."""
    notes = Notebook()
    one, eight = queries_case("simple", 1), queries_case("simple", 8)
    for direct, pgbouncer, ours in ((20.0, 30.0, 50.0), (40.0, 52.0, 69.0), (21.0, 31.5, 52.0)):
        notes.note(Measure.P50, one, DIRECT, direct)
        notes.note(Measure.P50, one, PGBOUNCER, pgbouncer)
        notes.note(Measure.P50, one, NIGHTPORTER, ours)
    notes.note(Measure.CPU_PER_QUERY, eight, PGBOUNCER, 10.0)
    notes.note(Measure.CPU_PER_QUERY, eight, NIGHTPORTER, cpu_us)
    notes.note(Measure.ROWS, SELECT, DIRECT, 1_000.0)
    notes.note(Measure.ROWS, SELECT, NIGHTPORTER, rows)
    notes.note(Measure.ROWS, MASKED, DIRECT, 1_000.0)
    notes.note(Measure.ROWS, MASKED, NIGHTPORTER, rows * 0.6)
    notes.note(Measure.IDLE_CONNECTION, IDLE, NIGHTPORTER, kib)
    machine = Machine("AMD EPYC 9999 @ 3.0GHz", 2, 24, "Linux 6.1.0")
    return Result(at, machine, {"nightporter": "0.1.0"}, "all on one core", SETTINGS, Noise(0.1, 0.0), notes.figures())
