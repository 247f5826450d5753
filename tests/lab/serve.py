"""A stand for measuring: `python tests/lab/serve.py SCENARIO [--upstream SUPERUSER_DSN] [--database NAME]`.

Starts an upstream where none is given, starts Nightporter in front of it, prints one JSON line and stays until its standard
input is closed. Suites, ours and other people's, are pointed at it.

    passthrough   a human who may do everything, as the upstream's superuser; every start-up setting but ours; every database
    zero          what one gets with no policy file
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nightporter.identity.principal import Kind
from tests.lab.gateway import Gateway, gateway, upstream
from tests.lab.servers import embedded18

Scenario = Callable[[str, str], "Iterator[dict[str, str]]"]


@contextmanager
def passthrough(dsn: str, database: str) -> Iterator[dict[str, str]]:
    """As little between client and server as there can be: what differs is a defect."""
    entry, environment = upstream(dsn, database="*", settings="*")
    with gateway({"*": entry}, environment=environment) as running:
        # suites compare the name they log in with to current_user
        human = str(conninfo_to_dict(dsn).get("user", "postgres"))
        yield _answer(running, dsn, human, database)


@contextmanager
def zero(dsn: str, database: str) -> Iterator[dict[str, str]]:
    """One database, as the shortest configuration file serves it."""
    entry, environment = upstream(dsn, database=database)
    with gateway({database: entry}, environment=environment) as running:
        yield _answer(running, dsn, "human", database)


def _answer(running: Gateway, dsn: str, human: str, database: str) -> dict[str, str]:
    running.add(human)
    running.add("agent", Kind.AGENT, owner=human)
    return {
        "admin_dsn": make_conninfo(dsn, dbname=database),
        "agent_dsn": running.dsn("agent", database),
        "human_dsn": running.dsn(human, database),
        "ledger": str(running.ledger),
    }


SCENARIOS = {"passthrough": passthrough, "zero": zero}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", choices=sorted(SCENARIOS))
    parser.add_argument("--upstream", metavar="SUPERUSER_DSN")
    parser.add_argument("--database", metavar="NAME")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that what was started is ended
    with ExitStack() as stack:
        dsn = arguments.upstream
        if dsn is None:
            dsn = stack.enter_context(embedded18()).dsn("postgres")
        database = arguments.database or str(conninfo_to_dict(dsn).get("dbname", "postgres"))
        print(json.dumps(stack.enter_context(SCENARIOS[arguments.scenario](dsn, database))), flush=True)
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
