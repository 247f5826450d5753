"""What understanding a statement costs that was not seen before: p50 of a point query and of a join of ten tables, in microseconds.

Run: python -m bench.reading. Against a real catalogue (PostgreSQL 18), read once; every text is another one, so that nothing is
remembered but the catalogue itself.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import psycopg
from rich.console import Console
from rich.table import Table

from nightporter.protocols.postgres.analysis import analyse
from nightporter.protocols.postgres.semantics.scope import Scope
from nightporter.protocols.postgres.semantics.understand import understand
from nightporter.statement.model import Reading
from tests.lab import servers
from tests.lab.snapshot import snapshot_of

TEXTS = 2_000
GOALS_US = {"point query": 200.0, "join of ten tables": 3_000.0}
"""Of reading and understanding together."""

_COLUMNS = "name text, amount numeric(12,2), state text, placed_at timestamptz default now(), note text"
SCHEMA = (
    f"create table t0 (id int primary key, parent_id int, {_COLUMNS}); "
    + "".join(f"create table t{n} (id int primary key, parent_id int references t{n - 1}, {_COLUMNS}); " for n in range(1, 10))
    + "create view open_t1 as select id, name, amount from t1 where state = 'open'; create view totals as"
    " select o.name, sum(t2.amount) as total from open_t1 o join t2 on t2.parent_id = o.id group by o.name"
)


def point(n: int) -> str:
    return f"select id, name, amount from t1 where id = {n} and state = 's{n}'"


def join(n: int) -> str:
    joined = " ".join(f"join t{i} on t{i}.parent_id = t{i - 1}.id" for i in range(1, 10))
    targets = ", ".join(f"t{i}.name as name{i}, t{i}.amount as amount{i}" for i in range(10))
    return (
        f"select {targets}, sum(t3.amount) over (partition by t2.id order by t3.placed_at) as running from t0 {joined}"
        f" where t0.id = {n} and t9.state in ('paid', 'sent', 's{n}') and lower(t4.note) like 'a%'"
        " order by t0.name, t5.amount desc limit 20"
    )


def view(n: int) -> str:
    return f"select name, total from totals where total > {n} and name <> 'n{n}' order by total desc"


def change(n: int) -> str:
    return (
        f"insert into t2 (parent_id, name, amount, state) select id, name, amount, 'copied {n}' from t1 where id = {n} returning id"
    )


CASES: dict[str, Callable[[int], str]] = {
    "point query": point,
    "join of ten tables": join,
    "view over a view": view,
    "insert": change,
}


def p50_us(scope: Scope, text: Callable[[int], str]) -> tuple[float, float]:
    """Of reading by grammar alone, and of reading and understanding."""
    readings: list[Reading] = []
    read, both = [], []
    for n in range(TEXTS):
        began = time.perf_counter_ns()
        readings.append(analyse(text(n)))
        between = time.perf_counter_ns()
        understood = understand(readings[-1], scope)
        ended = time.perf_counter_ns()
        if understood.statements[0].unknown is not None:
            raise RuntimeError(f"unknown: {understood.statements[0].unknown}")
        read.append(between - began)
        both.append(ended - began)
    return statistics.median(read) / 1e3, statistics.median(both) / 1e3


def main() -> int:
    """Prints the table; 1 if a goal is missed."""
    table = Table("statement", "grammar us", "all us", "goal us")
    missed = False
    with servers.embedded18() as server, servers.fresh_database(server) as name:
        with psycopg.connect(server.dsn(name), autocommit=True) as connection:
            connection.execute(SCHEMA.encode())
        scope = Scope(snapshot_of(server.dsn(name)), ("public",), "postgres")
        for case, text in CASES.items():
            read, both = p50_us(scope, text)
            goal = GOALS_US.get(case)
            missed = missed or (goal is not None and both > goal)
            table.add_row(case, f"{read:.0f}", f"{both:.0f}", "" if goal is None else f"< {goal:.0f}")
    Console().print(table)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
