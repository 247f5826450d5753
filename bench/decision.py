"""What a decision costs, in microseconds: p50 and p99 of one that was made before, and of one that was not.

    python -m bench.decision

    kept, session    the session has decided about this text before: what a prepared statement or an ORM's query costs each time
    kept, worker     the text is new, but its questions are not: somebody's statement has asked alike before
    new              nobody has asked before: Cedar answers every question
    with reading     the same, from the text to the decision

Against a real catalogue (PostgreSQL 18), read once. The cases take turns, so that a change of the machine's mood meets them all.
The baseline is measured alone, and beside 200 policies of people's own, for one principal and for 1,000 in turn.
"""

from __future__ import annotations

import gc
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import psycopg
from rich.console import Console
from rich.table import Table

from nightporter.catalog.model import Snapshot
from nightporter.core.journey import Journey
from nightporter.core.wire import Request, WireSetup
from nightporter.gateway.moment import moment
from nightporter.gateway.process import GC_THRESHOLD
from nightporter.identity.principal import Kind, Principal
from nightporter.policy.decide import decide
from nightporter.policy.in_force import InForce
from nightporter.policy.model import Allow, Resource, Value
from nightporter.policy.ruleset import Ruleset
from nightporter.protocols.postgres.analysis import Readings, analyse
from nightporter.protocols.postgres.semantics.scope import Scope
from nightporter.protocols.postgres.semantics.understand import understand
from nightporter.protocols.postgres.session import Standing, State
from nightporter.protocols.postgres.steps import TRACKED
from nightporter.protocols.registry import ADAPTERS
from nightporter.statement.model import Reading
from tests.lab import servers
from tests.lab.policies import ruleset
from tests.lab.snapshot import snapshot_of

from .reading import SCHEMA, point

POLICIES, PRINCIPALS = 200, 1_000
ROUNDS = 5_000
"""Of decisions that are kept."""
NEW_ROUNDS = 300
RESOURCE = Resource("production", "shop")
SETTINGS = {"client_encoding": "UTF8", "server_encoding": "UTF8", "standard_conforming_strings": "on"}
FACTS: Mapping[str, Value] = {"client_address": "10.0.0.7", "listener": "main", "environment": "production"}
NOW = {"search_path": '"$user", public', "role": "none", "session_authorization": "app", "row_security": "on"}
SWITCHES = {"session_replication_role": "origin", "transform_null_equals": "off"}
GOALS_US = {"kept, session": 5.0, "join, with reading": 5_000.0}

Run = Callable[[int], object]
_strangers = itertools.count(PRINCIPALS)
"""Numbers of principals whom nobody has seen yet."""


def join(n: int) -> str:
    """Ten tables, fifty columns, and another text each time."""
    joined = " ".join(f"join t{i} on t{i}.parent_id = t{i - 1}.id" for i in range(1, 10))
    columns = ", ".join(f"t{i}.{name}" for i in range(10) for name in ("name", "amount", "state", "placed_at", "note"))
    return f"select {columns} from t0 {joined} where t0.id = {n} and t9.state in ('paid', 's{n}') order by t0.name"


def own(*, clock: bool) -> str:
    """Policies as people write them: of groups and tables, with conditions; with `clock` some look at the hour."""
    return "\n".join(_policy(n, clock) for n in range(POLICIES))


def _policy(n: int, clock: bool) -> str:
    who, table, column = f'Group::"g{n % 40}"', f'Table::"shop/public/t{n % 10}"', f'Column::"shop/public/t{n % 10}/note"'
    match n % 4:
        case 0:
            text = f'permit(principal in {who}, action in [Action::"read", Action::"copy"], resource in {table});'
        case 1:
            when = "context.hour < 6" if clock else 'context.listener == "night"'
            text = f'forbid(principal in {who}, action == Action::"update", resource in {table}) when {{ {when} }};'
        case 2:
            text = f'forbid(principal is Agent, action == Action::"read", resource in {column}) when {{ context.use == "none" }};'
        case _:
            text = (
                f'permit(principal in {who}, action == Action::"insert", resource in {table}) unless {{ context.statements > 1 }};'
            )
    return f'@id("own.{n}") @reason("rule {n} of the house")\n{text}'


def principal(n: int) -> Principal:
    """The n-th of them."""
    return Principal(f"p{n}", Kind.HUMAN, groups=frozenset((f"g{n % 40}", f"g{n % 7}")))


def in_force(rules: Ruleset) -> InForce:
    """As a worker has it, with a clock that is looked at."""
    return InForce(rules, lambda: moment(datetime.now(UTC)))


def standing() -> Standing:
    """Of a session that has done nothing yet."""
    known = {**NOW, **SWITCHES}
    values = tuple(known.get(name, "off") for name in TRACKED)
    return Standing(State(values, values, temporary=""), None)


def journey(rules: InForce, who: Principal) -> Journey:
    """In its statement phase."""
    adapter = ADAPTERS["postgres"]
    wire = adapter.new_wire(WireSetup(who.label, SETTINGS, 1 << 24))
    return Journey(wire, who, RESOURCE, rules, adapter, FACTS)


def sessions(rules: InForce, count: int, snapshot: Snapshot, text: str) -> Run:
    """What `count` sessions, in turn, say of a text that each has run before."""
    request = Request("submit", Readings()(text.encode()), standing=standing())
    every = [journey(rules, principal(n)) for n in range(count)]
    for each in every:
        _allowed(each._judge_under(request, snapshot).decision)
    return lambda n: every[n % count]._judge_under(request, snapshot)


def worker(rules: InForce, scope: Scope, text: Callable[[int], str]) -> tuple[Run, Run, Run]:
    """A decision about a text that is new: its questions known, unknown, and unknown with the reading before."""
    readings = [understand(analyse(text(n)), scope) for n in range(32)]

    def judged(reading: Reading, who: Principal) -> None:
        _allowed(decide(who, RESOURCE, reading, rules.answers, {**FACTS, **moment(datetime.now(UTC))}))

    known = principal(1)
    judged(readings[0], known)
    return (
        lambda n: judged(readings[n % len(readings)], known),
        lambda n: judged(readings[n % len(readings)], principal(next(_strangers))),
        lambda n: judged(understand(analyse(text(n + 1_000)), scope), principal(next(_strangers))),
    )


def _allowed(decision: object) -> None:
    if not isinstance(decision, Allow):
        raise RuntimeError(f"not what was to be measured: {decision}")


def measured(cases: dict[str, Run], rounds: int) -> dict[str, tuple[float, float]]:
    """p50 and p99 of each, in microseconds; they take turns."""
    took: dict[str, list[int]] = {name: [] for name in cases}
    clock = time.perf_counter_ns
    overhead = min(-(clock() - clock()) for _ in range(1000))
    for n in range(rounds):
        for name, run in cases.items():
            began = clock()
            run(n)
            took[name].append(clock() - began - overhead)
    return {name: _percentiles(values) for name, values in took.items()}


def _percentiles(values: list[int]) -> tuple[float, float]:
    every = statistics.quantiles(values, n=100)
    return every[49] / 1e3, every[98] / 1e3


def cases(snapshot: Snapshot) -> Iterator[tuple[dict[str, Run], int]]:
    """What takes turns with what, and how often."""
    scope = Scope(snapshot, ("app", "public"), "app", {"row_security": "on", **SWITCHES})
    alone = in_force(ruleset(of=("baseline",)))
    many = in_force(ruleset(own(clock=False), of=("baseline", "production")))
    clocked = in_force(ruleset(own(clock=True), of=("baseline", "production")))
    yield (
        {
            "kept, session": sessions(alone, 1, snapshot, point(1)),
            "kept, session; join": sessions(alone, 1, snapshot, join(1)),
            f"kept, session; {POLICIES} policies": sessions(many, 1, snapshot, point(1)),
            f"kept, session; {PRINCIPALS:,} principals": sessions(alone, PRINCIPALS, snapshot, point(1)),
            f"kept, session; {POLICIES} policies, {PRINCIPALS:,} principals": sessions(many, PRINCIPALS, snapshot, point(1)),
            f"kept, session; {POLICIES} policies, some read the clock": sessions(clocked, 1, snapshot, point(1)),
        },
        ROUNDS,
    )
    points, joins, more = (worker(*each) for each in ((alone, scope, point), (alone, scope, join), (many, scope, join)))
    yield (
        {
            "point query, kept, worker": points[0],
            "point query, new": points[1],
            "point query, with reading": points[2],
            "join, kept, worker": joins[0],
            "join, new": joins[1],
            "join, with reading": joins[2],
            f"join, kept, worker; {POLICIES} policies": more[0],
            f"join, new; {POLICIES} policies": more[1],
            f"join, with reading; {POLICIES} policies": more[2],
        },
        NEW_ROUNDS,
    )


def main() -> int:
    """Prints the table; 1 if a goal is missed."""
    table = Table("decision", "p50 us", "p99 us", "goal us", box=None)
    missed = False
    gc.set_threshold(*GC_THRESHOLD)
    with servers.embedded18() as server, servers.fresh_database(server) as name:
        with psycopg.connect(server.dsn(name), autocommit=True) as connection:
            connection.execute(SCHEMA.encode())
        for group, rounds in cases(snapshot_of(server.dsn(name))):
            measured(group, rounds // 10)  # warm
            gc.collect()
            gc.freeze()  # as in a worker
            for case, (p50, p99) in measured(group, rounds).items():
                goal = GOALS_US.get(case.partition(";")[0] if case.startswith("kept") else case)
                missed = missed or (goal is not None and p50 > goal)
                table.add_row(case, f"{p50:,.2f}", f"{p99:,.2f}", "" if goal is None else f"< {goal:,.0f}")
    Console(width=100).print(table)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
