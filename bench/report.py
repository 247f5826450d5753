"""A result for people: one table, on a terminal or as Markdown. Leaves out nothing that was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from .goal import Goal, check
from .model import DIRECT, NIGHTPORTER, PGBOUNCER, Figure, Measure, Result

TITLES = {
    Measure.P50: "latency, p50",
    Measure.P99: "latency, p99",
    Measure.THROUGHPUT: "throughput",
    Measure.CPU_PER_QUERY: "CPU of the proxy per query",
    Measure.ROWS: "rows read",
    Measure.IDLE_CONNECTION: "memory of an idle connection",
    Measure.CONNECTIONS: "connections opened",
    Measure.CPU_PER_CONNECTION: "CPU of the proxy per connection",
}
NAMES = {DIRECT: "direct", PGBOUNCER: "PgBouncer", NIGHTPORTER: "Nightporter"}
NOTHING = "-"
BUSY_LOAD, BUSY_STOLEN = 0.5, 0.02
"""From here on the machine did something else as well."""
WIDE_SPREAD = 0.25
"""Rounds that differ by more than this part of their median are marked."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table, in words."""

    title: str
    case: str
    unit: str
    values: tuple[str, ...]
    times: str
    """Nightporter's figure over PgBouncer's."""

    def cells(self) -> list[str]:
        """In the order of `heading`."""
        return [self.title, self.case, self.unit, *self.values, self.times]


def heading(result: Result) -> list[str]:
    """Of the table."""
    return ["", "", "unit", *(NAMES[subject] for subject in result.subjects()), "Nightporter / PgBouncer"]


def lines(result: Result) -> Iterator[Line]:
    """The table's lines, one measure after the other; what a proxy adds to a latency stands below it."""
    for measure in Measure:
        for case in result.cases(measure):
            yield _figures(result, measure, case)
            if measure in (Measure.P50, Measure.P99):
                yield _added(result, measure, case)


def _figures(result: Result, measure: Measure, case: str) -> Line:
    values = tuple(_shown(result.find(measure, case, subject)) for subject in result.subjects())
    ratio = result.ratio(measure, case, NIGHTPORTER, PGBOUNCER)
    return Line(TITLES[measure], case, measure.unit, values, NOTHING if ratio is None else f"{ratio:.2f}")


def _added(result: Result, measure: Measure, case: str) -> Line:
    found = {s: result.added(measure, case, s) for s in result.subjects() if s != DIRECT}
    values = tuple(_number(found.get(subject)) for subject in result.subjects())
    ours, other = found.get(NIGHTPORTER), found.get(PGBOUNCER)
    times = f"{ours / other:.2f}" if ours is not None and other is not None and other > 0 else NOTHING
    return Line(f"{TITLES[measure]}, added", case, measure.unit, values, times)


def _shown(figure: Figure | None) -> str:
    if figure is None:
        return NOTHING
    return _number(figure.median) + (" ~" if figure.spread > WIDE_SPREAD else "")


def _number(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"


def preface(result: Result) -> list[str]:
    """What one must know to read the figures."""
    machine, settings, noise = result.machine, result.settings, result.noise
    cores = f"{machine.cores} {'core' if machine.cores == 1 else 'cores'}"
    said = [
        f"{result.at}, {machine.cpu}, {cores}, {machine.memory_gib} GiB, {machine.kernel}",
        ", ".join(f"{name} {version}" for name, version in result.versions.items()),
        f"Placement: {result.placement}.",
        f"Medians of {settings.rounds} interleaved {'round' if settings.rounds == 1 else 'rounds'}, "
        f"each load {settings.seconds} s of pgbench -S at scale {settings.scale}. "
        f"`~`: the rounds spread by more than {WIDE_SPREAD:.0%} of their median.",
    ]
    if noise.load_before > BUSY_LOAD or noise.stolen > BUSY_STOLEN:
        said.append(
            f"The machine was busy: load {noise.load_before} before the run, {noise.stolen:.1%} of its time stolen meanwhile."
        )
    return said


def show(result: Result, console: Console) -> None:
    """On a terminal."""
    for sentence in preface(result):
        console.print(sentence, highlight=False)
    console.print(_table(heading(result), [line.cells() for line in lines(result)], numbers_from=3))
    goals = [_goal_cells(goal) for goal in check(result)]
    console.print(_table(["goal", "measured", "reached"], goals, numbers_from=3))


def markdown(result: Result) -> str:
    """As a section of a page: what it was measured on, the table, the goals."""
    parts = [
        "\n".join(f"- {sentence}" for sentence in preface(result)),
        _pipes(heading(result), [line.cells() for line in lines(result)], numbers_from=3),
        _pipes(["goal", "measured", "reached"], [_goal_cells(goal) for goal in check(result)], numbers_from=3),
    ]
    return "\n\n".join(parts) + "\n"


def _goal_cells(goal: Goal) -> list[str]:
    return [goal.words, goal.measured, goal.answer]


def _table(names: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int) -> Table:
    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if place >= numbers_from else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _pipes(names: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int) -> str:
    rule = ["--:" if place >= numbers_from else "---" for place in range(len(names))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (list(names), rule, *rows))
