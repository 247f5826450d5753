"""One server and what stands in front of it, each pinned to its place. Measures nothing."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nightporter.demo.server import EmbeddedServer, wheel_binaries
from nightporter.identity.principal import Kind
from tests.lab.gateway import EVERYTHING, SECRETS, free_port, gateway, upstream

from . import pgbench
from .error import BenchError
from .model import DIRECT, MASKED, NIGHTPORTER, PGBOUNCER, SEARCHED
from .pgbouncer import pgbouncer
from .place import Placement, pinned
from .process import tree

MASKED_AGENT, SEARCHED_AGENT = "masked", "searched"
VEIL = f"""
@id("bench.masked")
permit(principal == Agent::"{MASKED_AGENT}", action in [Action::"read", Action::"copy"], resource);
@id("bench.masked-sees")
permit(principal == Agent::"{MASKED_AGENT}", action == Action::"reveal", resource)
unless {{ resource in Column::"postgres/public/pgbench_accounts/abalance" }};
@id("bench.masked-number")
@mask("bucket")
permit(principal == Agent::"{MASKED_AGENT}", action == Action::"reveal", resource)
when {{ resource in Column::"postgres/public/pgbench_accounts/abalance" }};
"""
"""One agent sees everything but a number; the other, by the baseline, nothing personal."""
SPARE = 100
"""Connections beyond the idle ones: loads, superusers, those that are just being closed."""
LOG_CHARACTERS = 4_000
"""Of the gateway's log, shown when something broke: a fault with its traceback."""
FILES = 200
"""Descriptors of a proxy that are no connections."""

# Nothing of the server's own shall come between two rounds, and no figure shall depend on the disk.
SETTINGS: Mapping[str, str] = {
    "autovacuum": "off",
    "bgwriter_lru_maxpages": "0",
    "io_method": "sync",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    # the table of the bulk reads must be less than a quarter of it, else each scan reads it from the system again
    "shared_buffers": "768MB",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """One of those that are compared."""

    name: str
    dsn: str
    processes: tuple[int, ...] = ()
    """Of the proxy, all of them; none when there is no proxy."""
    others: Mapping[str, str] = field(default_factory=dict)
    """By case: how somebody else connects, who may not see everything. Where there is no proxy everybody does."""


@dataclass(frozen=True, slots=True)
class Rig:
    """A server that runs, and how to put something in front of it."""

    server: EmbeddedServer
    placement: Placement
    connections: int

    @property
    def pgbench(self) -> Path:
        """The program, of the server's own version."""
        return self.server.binaries / "pgbench"

    def start(self, name: str) -> AbstractContextManager[Subject]:
        """Put `direct` (nothing), `pgbouncer` or `nightporter` in front of the server, new, until the context ends."""
        starts: Mapping[str, Callable[[], AbstractContextManager[Subject]]] = {
            DIRECT: self._direct,
            PGBOUNCER: self._pgbouncer,
            NIGHTPORTER: self._nightporter,
        }
        return starts[name]()

    @contextmanager
    def _direct(self) -> Iterator[Subject]:
        yield Subject(DIRECT, self.server.dsn())

    @contextmanager
    def _pgbouncer(self) -> Iterator[Subject]:
        with ExitStack() as stack:
            with pinned(self.placement.proxy):
                running = stack.enter_context(pgbouncer(self.server, self.connections + SPARE, free_port()))
            dsn, process = running
            yield Subject(PGBOUNCER, dsn, tree(process))

    @contextmanager
    def _nightporter(self) -> Iterator[Subject]:
        # as the scenario `passthrough` of the tests' stand has it: identity, decision and evidence are on
        entry, environment = upstream(self.server.dsn(), database="*", settings="*")
        limits = {"max_connections": self.connections + SPARE, "drain_timeout_s": 1}
        with ExitStack() as stack:
            with pinned(self.placement.proxy):
                running = stack.enter_context(
                    gateway({"*": entry}, environment=environment, limits=limits, cedar=EVERYTHING + VEIL)
                )
            human = str(conninfo_to_dict(self.server.dsn())["user"])
            running.add(human, groups=(SECRETS,))
            for agent, groups in ((MASKED_AGENT, (SECRETS,)), (SEARCHED_AGENT, ())):
                running.add(agent, Kind.AGENT, owner=human, groups=groups)
            others = {MASKED: running.dsn(MASKED_AGENT, "postgres"), SEARCHED: running.dsn(SEARCHED_AGENT, "postgres")}
            try:
                yield Subject(NIGHTPORTER, running.dsn(human, "postgres"), tree(running.process.pid), others)
            except Exception as error:
                error.add_note(f"the gateway's log ends: {running.log()[-LOG_CHARACTERS:]}")  # it goes with the gateway
                raise


@contextmanager
def rig(placement: Placement, *, scale: int, connections: int) -> Iterator[Rig]:
    """Start the server with pgbench's tables in it, for this many idle connections. Raises NightporterError."""
    _allow_files(2 * (connections + SPARE) + FILES)
    settings = {**SETTINGS, "max_connections": str(connections + SPARE)}
    server = EmbeddedServer(wheel_binaries(), settings=settings)
    with pinned(placement.server):
        server.start()
    try:
        made = Rig(server, placement, connections)
        pgbench.prepare(made.pgbench, server.dsn(), scale)
        # one visit sets the hint bits and brings every page into memory, so that nobody's round does it
        server.psql("vacuum analyze; checkpoint; select count(*), sum(abalance) from pgbench_accounts")
        yield made
    finally:
        server.stop()


def without_tls(dsn: str) -> str:
    """The same, without asking for what none of them offers here."""
    return make_conninfo(dsn, sslmode="disable", gssencmode="disable")


def _allow_files(wanted: int) -> None:
    """Raise our limit of open files, which our children inherit; a proxy needs two for each session."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise BenchError(f"`{wanted}` open files are needed, and the system allows `{hard}` (ulimit -Hn)")
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
