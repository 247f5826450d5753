"""The run: every case of every subject, interleaved, so that a change of the machine's mood meets them all alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias

from . import bulk, machine, pgbench
from .idle import bytes_per_connection
from .model import (
    COPY,
    DIRECT,
    MASKED,
    MODES,
    PGBOUNCER,
    SEARCHED,
    SELECT,
    Measure,
    Noise,
    Notebook,
    Result,
    Settings,
    queries_case,
)
from .pgbouncer import program
from .place import Placement, move, pinned
from .process import cpu_s
from .rig import Rig, Subject, rig

Say = Callable[[str], None]
Figures: TypeAlias = dict[Measure, float]

FULL = Settings(rounds=5, seconds=3, scale=10, rows=1_000_000, connections=1_000, clients=(1, 8, 32))
QUICK = Settings(rounds=1, seconds=1, scale=1, rows=50_000, connections=50, clients=(1, 8), modes=MODES[:1])
"""A smoke run: does it still work? Its figures mean nothing."""

RECONNECTING_CLIENTS = 4
"""Enough that no one waits for the client, who has a password to derive at each connection."""
IDLE_ROUNDS = 3
"""Memory hardly varies, and each round takes new processes and all those connections."""


@dataclass(frozen=True, slots=True)
class Case:
    """Something to measure of each subject, once a round."""

    label: str
    measure: Callable[[Subject], Figures]


def run(subjects: Sequence[str], placement: Placement, settings: Settings, say: Say) -> Result:
    """Measure everything. Raises NightporterError when something did not work."""
    at = datetime.now(UTC)
    load_before, stolen_before = machine.load_average(), machine.stolen_ticks()
    notes = Notebook()
    say("starting the server and filling its tables")
    with rig(placement, scale=settings.scale, connections=settings.connections) as stand, pinned(placement.client):
        _idle(stand, subjects, settings, notes, say)
        with ExitStack() as stack:
            running = [stack.enter_context(stand.start(name)) for name in subjects]
            cases = list(_cases(stand, settings))
            for number in range(settings.rounds):
                say(f"round {number + 1} of {settings.rounds}")
                for case in cases:
                    for subject in _in_turn(running, number):
                        for measure, value in case.measure(subject).items():
                            notes.note(measure, case.label, subject.name, value)
        versions = machine.versions(stand.server, program() if PGBOUNCER in subjects else None)
    stolen = [after - before for after, before in zip(machine.stolen_ticks(), stolen_before, strict=True)]
    noise = Noise(load_before, round(stolen[0] / max(1, stolen[1]), 4))
    when = at.isoformat(timespec="seconds")
    return Result(when, machine.describe(), versions, placement.words, settings, noise, notes.figures())


def _in_turn(subjects: list[Subject], number: int) -> list[Subject]:
    """Each round begins with another, so that none is always the one after."""
    first = number % len(subjects)
    return subjects[first:] + subjects[:first]


def _idle(stand: Rig, subjects: Sequence[str], settings: Settings, notes: Notebook, say: Say) -> None:
    case = f"{settings.connections} connections"
    for number in range(min(settings.rounds, IDLE_ROUNDS)):
        for name in subjects:
            if name != DIRECT:
                say(f"memory of {case}, {name}, {number + 1}")
                with stand.start(name) as subject:
                    size = bytes_per_connection(subject, settings.connections)
                notes.note(Measure.IDLE_CONNECTION, case, name, size / 1024)


def _cases(stand: Rig, settings: Settings) -> Iterator[Case]:
    for clients in settings.clients:
        for mode in settings.modes:
            load = pgbench.Load(mode, clients, settings.seconds, timed=clients == 1)
            yield Case(queries_case(mode, clients), partial(_queries, stand, load))
    reconnecting = pgbench.Load(MODES[0], RECONNECTING_CLIENTS, settings.seconds, reconnect=True)
    yield Case(f"{RECONNECTING_CLIENTS} clients", partial(_connections, stand, reconnecting))
    source = f"select * from pgbench_accounts limit {settings.rows}"
    yield Case(SELECT, partial(_rows, source, f"SELECT {settings.rows}", settings.rows))
    yield Case(COPY, partial(_rows, f"copy ({source}) to stdout", f"COPY {settings.rows}", settings.rows))
    for case in (MASKED, SEARCHED):
        yield Case(case, partial(_veiled_rows, case, source, f"SELECT {settings.rows}", settings.rows))


def _queries(stand: Rig, load: pgbench.Load, subject: Subject) -> Figures:
    place = stand.placement.together if load.clients == 1 else stand.placement
    move(subject.processes, place.proxy)
    with pinned(place.client):
        report, cpu_us = _loaded(stand, load, subject)
    found = {Measure.THROUGHPUT: report.per_second}
    if subject.processes:
        found[Measure.CPU_PER_QUERY] = cpu_us
    if load.timed:
        found[Measure.P50], found[Measure.P99] = report.percentile_us(50), report.percentile_us(99)
    return found


def _connections(stand: Rig, load: pgbench.Load, subject: Subject) -> Figures:
    report, cpu_us = _loaded(stand, load, subject)
    found = {Measure.CONNECTIONS: report.per_second}
    return found | ({Measure.CPU_PER_CONNECTION: cpu_us} if subject.processes else {})


def _loaded(stand: Rig, load: pgbench.Load, subject: Subject) -> tuple[pgbench.Report, float]:
    """What pgbench reports, and microseconds of the proxy's processor time for each of its transactions."""
    before = cpu_s(subject.processes)
    report = pgbench.run(stand.pgbench, subject.dsn, load)
    return report, (cpu_s(subject.processes) - before) / report.transactions * 1e6


def _rows(text: str, tag: str, rows: int, subject: Subject) -> Figures:
    return {Measure.ROWS: rows / bulk.read_rows(subject.dsn, text, tag)}


def _veiled_rows(case: str, text: str, tag: str, rows: int, subject: Subject) -> Figures:
    """The same by somebody who may not see everything."""
    return {Measure.ROWS: rows / bulk.read_rows(subject.others.get(case, subject.dsn), text, tag)}
