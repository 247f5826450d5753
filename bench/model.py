"""What a run has found, as it is written to `results/`: values only. Measures nothing, prints nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median

import msgspec

from .error import BenchError

FORMAT = 1
"""Goes up when an old file can no longer be read as a new one."""

DIRECT, PGBOUNCER, NIGHTPORTER = "direct", "pgbouncer", "nightporter"
SUBJECTS = (DIRECT, PGBOUNCER, NIGHTPORTER)
MODES = ("simple", "extended", "prepared")
"""Of pgbench: one Query; Parse, Bind, Describe, Execute, Sync; the same without Parse."""

SELECT, COPY, MASKED, SEARCHED = "select", "copy", "select, a column masked", "select, a column looked through"
"""Ways to read many rows. The last two by somebody who may not see everything: one number of each row is masked; every text is
looked through for personal data, of which there is none."""


def queries_case(mode: str, clients: int) -> str:
    """The case of a load."""
    return f"{mode}, {clients} {'client' if clients == 1 else 'clients'}"


class Measure(StrEnum):
    """What was measured."""

    P50 = "p50"
    P99 = "p99"
    THROUGHPUT = "throughput"
    CPU_PER_QUERY = "cpu_per_query"
    ROWS = "rows"
    IDLE_CONNECTION = "idle_connection"
    CONNECTIONS = "connections"
    CPU_PER_CONNECTION = "cpu_per_connection"

    @property
    def unit(self) -> str:
        """Of its figures."""
        return _UNITS[self]


_UNITS = {
    Measure.P50: "us",
    Measure.P99: "us",
    Measure.THROUGHPUT: "queries/s",
    Measure.CPU_PER_QUERY: "us",
    Measure.ROWS: "rows/s",
    Measure.IDLE_CONNECTION: "KiB",
    Measure.CONNECTIONS: "connections/s",
    Measure.CPU_PER_CONNECTION: "us",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of one subject in one case, once a round and in the order of the rounds."""

    measure: Measure
    case: str
    """Which mode and how many clients, or which way of reading: `simple, 8 clients`."""
    subject: str
    unit: str
    rounds: tuple[float, ...]
    median: float

    @property
    def spread(self) -> float:
        """The distance between the rounds' extremes, as a part of the median: how far to trust it."""
        return (max(self.rounds) - min(self.rounds)) / self.median if self.median else 0.0


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured, without anything that names the machine."""

    cpu: str
    cores: int
    memory_gib: int
    kernel: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How much was measured."""

    rounds: int
    seconds: int
    """Of each load of a round."""
    scale: int
    """pgbench's: 100,000 accounts each."""
    rows: int
    connections: int
    """Idle ones, for the memory of each."""
    clients: tuple[int, ...]
    modes: tuple[str, ...] = MODES


@dataclass(frozen=True, slots=True)
class Noise:
    """What else went on. A figure from a busy machine says little."""

    load_before: float
    """Runnable tasks before we began, over a minute."""
    stolen: float
    """The part of all processor time that the hypervisor gave to others meanwhile."""


@dataclass(frozen=True, slots=True)
class Result:
    """A run."""

    at: str
    """Start, ISO 8601 in UTC."""
    machine: Machine
    versions: dict[str, str]
    placement: str
    """In words: what was pinned where."""
    settings: Settings
    noise: Noise
    figures: tuple[Figure, ...]
    format: int = FORMAT

    def find(self, measure: Measure, case: str, subject: str) -> Figure | None:
        """The figure, if it was measured."""
        wanted = (measure, case, subject)
        return next((f for f in self.figures if (f.measure, f.case, f.subject) == wanted), None)

    def cases(self, measure: Measure) -> list[str]:
        """In which cases it was measured, in the order of the run."""
        return list(dict.fromkeys(f.case for f in self.figures if f.measure is measure))

    def subjects(self) -> list[str]:
        """What was compared."""
        measured = {f.subject for f in self.figures}
        return [subject for subject in SUBJECTS if subject in measured]

    def added(self, measure: Measure, case: str, subject: str) -> float | None:
        """What `subject` adds to going directly: the median of the rounds' differences, each within one round."""
        here, there = self.find(measure, case, subject), self.find(measure, case, DIRECT)
        if here is None or there is None or len(here.rounds) != len(there.rounds):
            return None
        return median(a - b for a, b in zip(here.rounds, there.rounds, strict=True))

    def ratio(self, measure: Measure, case: str, subject: str, base: str) -> float | None:
        """The median of `subject` over that of `base`."""
        here, there = self.find(measure, case, subject), self.find(measure, case, base)
        return here.median / there.median if here is not None and there is not None and there.median else None


@dataclass(slots=True)
class Notebook:
    """Collects figures while a run goes on."""

    _values: dict[tuple[Measure, str, str], list[float]] = field(default_factory=dict)

    def note(self, measure: Measure, case: str, subject: str, value: float) -> None:
        """One round's value."""
        self._values.setdefault((measure, case, subject), []).append(round(value, 3))

    def figures(self) -> tuple[Figure, ...]:
        """All of them, in the order in which they were first noted."""
        return tuple(_figure(*key, values) for key, values in self._values.items())


def _figure(measure: Measure, case: str, subject: str, values: Sequence[float]) -> Figure:
    return Figure(measure, case, subject, measure.unit, tuple(values), round(median(values), 3))


def encode(result: Result) -> str:
    """As JSON, indented: it is committed, and read in diffs."""
    return msgspec.json.format(msgspec.json.encode(result), indent=1).decode() + "\n"


def decode(text: str) -> Result:
    """Raises BenchError for what `encode` did not write."""
    try:
        return msgspec.json.decode(text, type=Result)
    except msgspec.DecodeError as error:
        raise BenchError(f"not a result of ours: {error}") from None
