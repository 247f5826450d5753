"""What reading a catalogue costs, on a throw-away server with 10,000 relations of 10 columns.

    python -m bench.catalog [RELATIONS]

Prints the time that passed, and the processor time that we and the server's process have used: on a machine that does other things
as well, the sum of these is what it would take by itself. Best of some rounds.
"""

from __future__ import annotations

import gc
import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nightporter.demo.server import EmbeddedServer, wheel_binaries
from nightporter.protocols.postgres.catalog.queries import FIRST_OWN
from nightporter.protocols.postgres.catalog.reader import READER
from tests.lab.snapshot import Reader

RELATIONS = 10_000
ROUNDS = 5
DATABASE = "large"
COLUMNS = (
    "id int8 primary key, a text not null, b int default 5, c timestamptz default now(), d numeric, e text, f jsonb,"
    " g bool, h date, i varchar(20)"
)
ONE_IN = 5
"""Relations that are a view over another one."""


def fill(server: EmbeddedServer, relations: int) -> None:
    """Tables in twenty schemas, and views over some of them."""
    server.psql(f"create database {DATABASE}")
    tables = relations * (ONE_IN - 1) // ONE_IN
    script = [f"create schema s{number};\n" for number in range(20)]
    for number in range(tables):
        schema = f"s{number % 20}"
        script.append(f"create table {schema}.t{number} ({COLUMNS});\n")
        if number % (ONE_IN - 1) == 0:
            script.append(f"create view {schema}.v{number} as select * from {schema}.t{number} where g and b > 5;\n")
    server.psql(script, DATABASE)
    server.psql("vacuum analyze", DATABASE)


class Cost(NamedTuple):
    """Milliseconds."""

    passed: float
    ours: float
    servers: float

    def __add__(self, other: object) -> Cost:
        assert isinstance(other, Cost)
        return Cost(*(one + another for one, another in zip(self, other, strict=True)))


def timed(work: Callable[[], object], server: int = 0) -> Cost:
    """What it costs; `server` is the process that answers."""
    gc.collect()
    began, used, theirs = time.perf_counter(), time.process_time(), processor_s(server)
    work()
    spent = (time.perf_counter() - began, time.process_time() - used, processor_s(server) - theirs)
    return Cost(*(each * 1e3 for each in spent))


def processor_s(process: int) -> float:
    """Processor time that a process has used so far, from its `schedstat`; 0 is no process."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9 if process else 0.0


def best(work: Callable[[], Cost]) -> Cost:
    """Of some rounds: neighbors only ever add."""
    return Cost(*(min(each) for each in zip(*(work() for _ in range(ROUNDS)), strict=True)))


def show(name: str, cost: Cost) -> None:
    print(f"{name:<44}{cost.passed:>9.1f} ms passed {cost.ours:>9.1f} ms ours {cost.servers:>9.1f} ms the server's")


def main(relations: int) -> None:
    with EmbeddedServer(wheel_binaries()) as server:
        fill(server, relations)
        with Reader(server.dsn(DATABASE)) as reader:
            gc.disable()  # as the gateway does while it builds
            measure(server, reader)


def measure(server: EmbeddedServer, reader: Reader) -> None:
    whole = reader.connection.read
    asked = best(lambda: timed(lambda: reader.converse(whole(None)), reader.process_id))
    show("ask for everything", asked)
    parts = reader.converse(whole(None))
    built = best(lambda: timed(lambda: READER.build(parts, 1)))
    show("build a Snapshot", built)
    show("both", asked + built)
    tracemalloc.start()
    reader.read()
    gc.collect()
    print(f"{'memory of a Snapshot':<44}{tracemalloc.get_traced_memory()[0] / 2**20:>9.1f} MiB")
    first = timed(reader.read, reader.process_id)  # the marks of each object, once
    print(f"{'with what makes it cheap to refresh':<44}{tracemalloc.get_traced_memory()[0] / 2**20:>9.1f} MiB")
    tracemalloc.stop()
    found = reader.read()
    own = [each for each in found.relations.values() if each.kind in "rv" and each.oid >= FIRST_OWN]
    print(f"{'relations, and their columns':<44}{len(own):>9} {sum(len(each.columns) for each in own):>9}")
    show("look for changes, the first time", first)
    show("look for changes: none", best(lambda: timed(reader.read, reader.process_id)))
    show("one table changed", best(lambda: changed(server, reader)))


def changed(server: EmbeddedServer, reader: Reader) -> Cost:
    """A column more, and its effect."""
    server.psql(f"alter table s0.t0 add column x{os.urandom(4).hex()} int", DATABASE)
    return timed(reader.read, reader.process_id)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RELATIONS)
