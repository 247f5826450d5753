"""A stand for measuring: `python tests/lab/serve.py SCENARIO [--upstream SUPERUSER_DSN] [--database NAME]`.

Starts an upstream where none is given, starts Nightporter in front of it, prints one JSON line and stays until its standard
input is closed. Suites, ours and other people's, are pointed at it.

    passthrough   a human who may do and see everything, as the upstream's superuser; all start-up settings but ours; all databases
    zero          what one gets with no policy file
    arena         the bench of attacks in tests/arena: an agent under its reference policy, at two entrances; before Debian's 15
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nightporter.demo.server import EmbeddedServer, debian_binaries
from nightporter.identity.principal import Kind
from tests.lab.gateway import EVERYTHING, SECRETS, Gateway, free_port, gateway, upstream
from tests.lab.servers import embedded18

ARENA_ROLE = "app_svc"
"""The server role, and its password, that the arena's seed makes."""
ARENA_POLICIES = Path(__file__).parents[1] / "arena" / "policies"


@contextmanager
def passthrough(dsn: str, database: str) -> Iterator[dict[str, str]]:
    """As little between client and server as there can be: what differs is a defect."""
    entry, environment = upstream(dsn, database="*", settings="*")
    with gateway({"*": entry}, environment=environment, cedar=EVERYTHING) as running:
        # suites compare the name they log in with to current_user
        human = str(conninfo_to_dict(dsn).get("user", "postgres"))
        yield _answer(running, dsn, human, database, groups=(SECRETS,))


@contextmanager
def zero(dsn: str, database: str) -> Iterator[dict[str, str]]:
    """One database, as the shortest configuration file serves it."""
    entry, environment = upstream(dsn, database=database)
    with gateway({database: entry}, environment=environment) as running:
        yield _answer(running, dsn, "human", database)


@contextmanager
def arena(dsn: str, database: str) -> Iterator[dict[str, str]]:
    """The principal `agent`, who meets an ordinary server role at one entrance and the superuser at the other.

    The databases need not be there: the bench makes them, and drops them again and again.
    """
    names = (database, f"{database}_2")
    upstreams: dict[str, Any] = {}
    as_superuser: dict[str, Any] = {}
    environment: dict[str, str] = {}
    for name in names:
        entry, passed = upstream(dsn, environment="arena", database=name)
        as_superuser[name] = entry["credentials"]
        environment |= passed
        role, passed = upstream(make_conninfo(dsn, user=ARENA_ROLE, password=ARENA_ROLE), environment="arena", database=name)
        upstreams[name] = role
        environment |= passed
    second = f"127.0.0.1:{free_port()}"
    entrance = {"address": second, "credentials": as_superuser}
    policies = {"path": str(ARENA_POLICIES), "packs": []}
    with gateway(upstreams, more_listeners=[entrance], environment=environment, policies=policies) as running:
        running.add("owner")
        running.add("agent", Kind.AGENT, owner="owner")
        yield {
            "admin_dsn": make_conninfo(dsn, dbname="postgres"),
            "agent_dsn": running.dsn("agent", database),
            "agent_super_dsn": running.dsn("agent", database, port=second.rpartition(":")[2]),
            "ledger": str(running.ledger),
        }


def _answer(running: Gateway, dsn: str, human: str, database: str, groups: Collection[str] = ()) -> dict[str, str]:
    running.add(human, groups=groups)
    running.add("agent", Kind.AGENT, owner=human)
    return {
        "admin_dsn": make_conninfo(dsn, dbname=database),
        "agent_dsn": running.dsn("agent", database),
        "human_dsn": running.dsn(human, database),
        "ledger": str(running.ledger),
    }


class Scenario(NamedTuple):
    """What is served, and before what unless an upstream is given."""

    serve: Callable[[str, str], AbstractContextManager[dict[str, str]]]
    server: Callable[[], AbstractContextManager[EmbeddedServer]] = embedded18
    database: str | None = None
    """Where none is named; None: that of the upstream's connection string."""


def arena_server() -> EmbeddedServer:
    """Debian's PostgreSQL 15 as the arena's README asks for it, replication connections included."""
    settings = {"wal_level": "logical", "synchronous_commit": "on", "shared_preload_libraries": "pg_stat_statements"}
    known = [f"host {databases} all 127.0.0.1/32 scram-sha-256" for databases in ("all", "replication")]
    return EmbeddedServer(debian_binaries(15), settings=settings, hba=("local all all scram-sha-256", *known))


SCENARIOS = {
    "passthrough": Scenario(passthrough),
    "zero": Scenario(zero),
    "arena": Scenario(arena, arena_server, "lab_case"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", choices=sorted(SCENARIOS))
    parser.add_argument("--upstream", metavar="SUPERUSER_DSN")
    parser.add_argument("--database", metavar="NAME")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that what was started is ended
    with ExitStack() as stack:
        scenario = SCENARIOS[arguments.scenario]
        dsn = arguments.upstream
        if dsn is None:
            dsn = stack.enter_context(scenario.server()).dsn("postgres")
        database = arguments.database or scenario.database or str(conninfo_to_dict(dsn).get("dbname", "postgres"))
        print(json.dumps(stack.enter_context(scenario.serve(dsn, database))), flush=True)
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
