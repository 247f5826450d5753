"""Random statements over random schemas, each judged on a real server and undone.

    python -m tests.differential.generate --server 15 --seconds 20 --seed 1 [--only ROUND:NUMBER] [--show N]

The same seed gives the same schemas and statements, whatever the time allows of them. Exit status 0: no unsafe difference; 1:
there is one, printed with its round and number; 2: it could not be run.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random, SystemRandom

from nightporter.demo.server import EmbeddedServer, ServerError, debian_binaries, wheel_binaries
from nightporter.statement.model import Reading

from .catalogue import Catalogue
from .change import Statements
from .corpus import understanding
from .influence import influences
from .judge import ANALYSED, REJECTED, Judge, Judged, Tally, Understand
from .observe import OPEN_HBA, SERVER_SETTINGS, Session
from .reduce import reduced
from .select import Queries
from .world import Table, World, build

STATEMENTS = 250
"""Of one schema: making a schema takes as long as some hundred of them."""
VIEWS = 6
TIMEOUT_S = 2
"""Some statements join everything with everything. What takes longer counts as refused."""
ROLE = "np_guest"
REDUCED = 3
"""Findings of each kind that are made small: each takes some seconds."""


@dataclass(slots=True)
class Finding:
    """An unsafe difference and where it comes from."""

    place: str
    """Round and number."""
    kind: str
    text: str
    difference: str


@dataclass(slots=True)
class Run:
    """What came of it all."""

    tally: Tally = field(default_factory=Tally)
    findings: list[Finding] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    """Messages of the server's."""

    @property
    def share_accepted(self) -> float:
        return self.tally.accepted / max(self.tally.outcomes.total(), 1)

    def shortest(self, each: int) -> list[Finding]:
        """So many findings of each kind, those with the shortest texts."""
        taken: Counter[str] = Counter()
        found = []
        for finding in sorted(self.findings, key=lambda finding: (len(finding.text), finding.place)):
            taken[finding.kind] += 1
            if taken[finding.kind] <= each:
                found.append(finding)
        return sorted(found, key=lambda finding: finding.kind)


class Round:
    """One schema on one server, and statements over it."""

    def __init__(self, server: EmbeddedServer, seed: int, number: int, understand: Understand, version: int) -> None:
        self._server = server
        self._seed = seed
        self.number = number
        self.version = version
        self.database = f"differential_{number}"
        server.psql(f'drop database if exists "{self.database}" with (force);\n', "postgres")
        server.psql(f'create database "{self.database}";\n', "postgres")
        self.session = Session(server.dsn(self.database))
        self.world = self._make()
        self.session.commits = False
        self.judge = Judge(self.session, Catalogue(self.session, server.dsn(self.database)), understand)

    def close(self) -> None:
        self.session.close()
        self._server.psql(f'drop database if exists "{self.database}" with (force);\n', "postgres")

    def random(self, number: int) -> Random:
        return Random(f"{self._seed}:{self.number}:{number}")

    def _make(self) -> World:
        """The schema, on the server; what the server refuses is left out of the world."""
        random = self.random(-1)
        world = build(random)
        session = self.session
        session.command(f"set search_path = {world.path}")
        session.command(f"set statement_timeout = '{TIMEOUT_S}s'")
        for text in world.definitions:
            session.run_unobserved(text)
        for number in range(VIEWS):
            text, columns = Queries(random, world, self.version).query(None, 2, None)
            names = [f"v{number}_{place}" for place in range(len(columns))]
            listed = f" ({', '.join(names)})" if columns else ""
            name = random.choice(("users", "totals", "people")) + str(number)
            if session.run_unobserved(f"create view app.{name}{listed} as {text}") is not None and columns:
                renamed = tuple(zip(names, (type_ for _, type_ in columns), strict=True))
                world.tables.append(Table("app", name, renamed, kind="view", writes=False))
        self._updatable(random, world)
        if random.random() < 0.4:
            session.run_unobserved(f"create role {ROLE}")
            for schema in ("public", "app", '"Odd Schema"'):
                session.run_unobserved(f"grant all on schema {schema} to {ROLE}")
                session.run_unobserved(f"grant all on all tables in schema {schema} to {ROLE}")
                session.run_unobserved(f"grant all on all sequences in schema {schema} to {ROLE}")
            session.command(f"set role {ROLE}")
        session.refresh()
        return world

    def _updatable(self, random: Random, world: World) -> None:
        """Views that can be written through, and one over them."""
        for number, table in enumerate([each for each in world.tables if each.kind == "table" and each.name != "log"][:3]):
            name = f"simple{number}"
            if self.session.run_unobserved(f"create view app.{name} as select * from {table.full} where id < 1000") is not None:
                world.tables.append(Table("app", name, table.columns, kind="view", unset=table.unset))
                over = f"create view app.{name}_over as select * from app.{name} where app.plus(id) > 0"
                if random.random() < 0.5 and self.session.run_unobserved(over) is not None:
                    world.tables.append(Table("app", f"{name}_over", table.columns, kind="view", unset=table.unset))

    def run(self, number: int) -> Iterator[tuple[str, Judged]]:
        """The statements of that number; nothing of them is left."""
        yield from self.judged(Statements(self.random(number), self.world, self.version).texts())

    def judged(self, texts: list[str]) -> Iterator[tuple[str, Judged]]:
        """These texts, judged and undone."""
        several = len(texts) > 1
        if several:
            self.session.command("begin")
            self.session.refresh()
        for text in texts:
            sql, _, data = text.partition("\0")
            found = self.judge.judge(sql, lambda data=data: [data])  # type: ignore[misc]
            if not several and found.outcome == ANALYSED and found.reading is not None and _is_query(found.reading):
                more = influences(self.session, self.world, sql, found.reading)
                self.session.refresh()
                found = replace(found, differences=(*found.differences, *more))
            yield sql, found
            if found.outcome == REJECTED and several:
                break
        if several:
            self.session.command("rollback")
            self.session.refresh()
        if several or (found.observed.catalog_changed and found.outcome != REJECTED):
            self.judge.catalogue.refresh_soon()

    def small(self, text: str, kind: str) -> str:
        """A smaller text with an unsafe difference of the same kind; the text itself if it takes more than itself."""

        def holds(shorter: str) -> bool:
            return any(each.kind == kind and each.unsafe for _, found in self.judged([shorter]) for each in found.differences)

        return reduced(text, holds) if holds(text) else text


def _is_query(reading: Reading) -> bool:
    """Rows come out of it, and nothing is changed by the text itself."""
    return all(each.kind == "select" and each.outputs is not None for each in reading.statements)


def generate(
    server: EmbeddedServer,
    understand: Understand,
    seed: int,
    version: int,
    seconds: float | None = None,
    rounds: int | None = None,
    statements: int = STATEMENTS,
    reduce: int = REDUCED,
) -> Run:
    """Judge until the time is over or the rounds are. `reduce`: how many findings of each kind are made small."""
    run = Run()
    end = time.monotonic() + seconds if seconds is not None else None
    number = 0
    while (rounds is None or number < rounds) and (end is None or time.monotonic() < end):
        current = Round(server, seed, number, understand, version)
        try:
            for index in range(statements):
                if end is not None and time.monotonic() > end:
                    break
                for text, found in list(current.run(index)):
                    _take(run, f"{number}:{index}", text, found, current, reduce)
        finally:
            current.close()
        number += 1
    return run


def _take(run: Run, place: str, text: str, found: Judged, current: Round, reduce: int) -> None:
    run.tally.add(found)
    if found.outcome == REJECTED:
        run.refused[found.observed.message[:70]] += 1
    for each in found.differences:
        if each.unsafe:
            known = sum(finding.kind == each.kind for finding in run.findings)
            small = current.small(text, each.kind) if known < reduce else text
            run.findings.append(Finding(place, each.kind, small, str(each)))


def server_for(major: int) -> EmbeddedServer:
    """A server to observe on; start it by `with`."""
    binaries = wheel_binaries() if major == 18 else debian_binaries(major)
    return EmbeddedServer(binaries, settings=SERVER_SETTINGS, hba=OPEN_HBA)


def only(server: EmbeddedServer, understand: Understand, seed: int, version: int, place: str) -> int:
    """One statement again, with what came of it."""
    number, index = map(int, place.split(":"))
    current = Round(server, seed, number, understand, version)
    worst = 0
    for text, found in current.run(index):
        print(f"{text}\n  {found.outcome} {found.reason} {found.observed.message}")
        for difference in found.differences:
            print(f"  {difference}")
            worst |= difference.unsafe
        for statement in found.reading.statements if found.reading is not None else ():
            for each in (*statement.accesses, *(statement.outputs or ()), *statement.effects, *statement.doubts):
                print(f"    {each}")
    current.close()
    return worst


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None, help="default: another one each time")
    parser.add_argument("--only", default=None, metavar="ROUND:NUMBER", help="that one again, with all that is said of it")
    parser.add_argument("--show", type=int, default=3, help="unsafe differences of each kind to print, the shortest texts first")
    parser.add_argument("--refused", type=int, default=0, help="messages of the server's to print")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else SystemRandom().randrange(2**32)
    try:
        with server_for(options.server) as server:
            if options.only is not None:
                return only(server, understanding(), seed, options.server, options.only)
            run = generate(server, understanding(), seed, options.server, seconds=options.seconds)
    except ServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for finding in run.shortest(options.show):
        print(f"{finding.place} {finding.difference}\n    {finding.text}")
    for message, count in run.refused.most_common(options.refused):
        print(f"refused {count:5} {message}")
    print("\n".join(run.tally.lines()))
    print(f"seed {seed}: {100 * run.share_accepted:.0f} % accepted by the server")
    return 1 if run.findings else 0


if __name__ == "__main__":
    sys.exit(main())
