"""What we want to reach, and whether a run did. A figure decides, never a mood; nothing fails because of it."""

from __future__ import annotations

from dataclasses import dataclass

from .model import DIRECT, MASKED, NIGHTPORTER, PGBOUNCER, SELECT, Measure, Result, queries_case

CPU_TIMES_PGBOUNCER = 3.0
CPU_CLIENTS = 8
ROWS_OF_DIRECT = 0.8
MASKED_ROWS_OF_DIRECT = 0.5
IDLE_KIB = 64.0


@dataclass(frozen=True, slots=True)
class Goal:
    """One of them."""

    words: str
    measured: str
    reached: bool | None
    """None: this run did not measure it."""

    @property
    def answer(self) -> str:
        """In a word."""
        return {True: "yes", False: "no", None: "not measured"}[self.reached]


def check(result: Result) -> list[Goal]:
    """Every goal, against the medians of a run."""
    return [*(_cpu(result, mode) for mode in result.settings.modes), *_rows(result), _idle(result)]


def _cpu(result: Result, mode: str) -> Goal:
    case = queries_case(mode, CPU_CLIENTS)
    times = result.ratio(Measure.CPU_PER_QUERY, case, NIGHTPORTER, PGBOUNCER)
    words = f"CPU per query at most {CPU_TIMES_PGBOUNCER:g} times PgBouncer's ({case})"
    return Goal(words, *_against(times, "{:.2f} times", times is not None and times <= CPU_TIMES_PGBOUNCER))


def _rows(result: Result) -> list[Goal]:
    goals = []
    for case, wanted, which in ((SELECT, ROWS_OF_DIRECT, ""), (MASKED, MASKED_ROWS_OF_DIRECT, ", one column masked,")):
        part = result.ratio(Measure.ROWS, case, NIGHTPORTER, DIRECT)
        words = f"{result.settings.rows:,} rows{which} at {wanted:.0%} of direct or better"
        goals.append(Goal(words, *_against(part, "{:.0%}", part is not None and part >= wanted)))
    return goals


def _idle(result: Result) -> Goal:
    cases = result.cases(Measure.IDLE_CONNECTION)
    figure = result.find(Measure.IDLE_CONNECTION, cases[0], NIGHTPORTER) if cases else None
    kib = figure.median if figure else None
    words = f"at most {IDLE_KIB:g} KiB for an idle connection"
    return Goal(words, *_against(kib, "{:.1f} KiB", kib is not None and kib <= IDLE_KIB))


def _against(value: float | None, form: str, reached: bool) -> tuple[str, bool | None]:
    return ("-", None) if value is None else (form.format(value), reached)
