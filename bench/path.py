"""What a statement costs in our own code, without sockets: journey, wire, decision, evidence. CPU microseconds a statement.

    python -m bench.path [--profile] [SHAPE...]

A real session talks to two links that swallow what is written. The ledger is a real one, on tmpfs where there is one. What
`python -m bench` finds above this is the kernel's and the event loop's. `NIGHTPORTER_PURE=1` shows what compiling is worth, and
is what a profile needs: compiled functions do not appear in it.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from nightporter.core.journey import Journey, Opened
from nightporter.core.wire import Peer, WireSetup
from nightporter.evidence.group_commit import GroupCommit
from nightporter.evidence.ledger import Ledger
from nightporter.gateway.recorder import Book, Recorder
from nightporter.gateway.session import Session
from nightporter.identity.principal import Kind, Principal
from nightporter.policy.model import Resource
from nightporter.protocols.postgres import messages as m
from nightporter.protocols.registry import ADAPTERS
from tests.lab.policies import in_force

if TYPE_CHECKING:
    from nightporter.gateway.link import Link
    from nightporter.gateway.worker import Entrypoint, Worker

COUNT = 20_000
POLICIES = in_force()
ROUNDS = 5
"""The best of them counts: neighbors only ever add."""
PROFILED_LINES = 30

SETTINGS = {"client_encoding": "UTF8", "server_encoding": "UTF8", "standard_conforming_strings": "on"}
MAX_STATEMENT_BYTES = 16 * 1024 * 1024

QUERY = "SELECT abalance FROM pgbench_accounts WHERE aid = "
ROW = m.row_description([("abalance", 23)]) + m.data_row([b"123"])
END = m.command_complete("SELECT 1") + m.ready_for_query()
PARSED, BOUND = b"1\0\0\0\4", b"2\0\0\0\4"
PARSE = m.parse_message(b"", f"{QUERY}$1;".encode())
PARSE_NAMED = m.parse_message(b"P0", f"{QUERY}$1;".encode())
RUN = m.describe_message(b"P", b"") + m.execute_message(b"") + m.sync_message()

Exchange = tuple[bytes, bytes]
"""What the client sends, what the upstream answers."""

SHAPES: dict[str, Callable[[int], Exchange]] = {
    "simple": lambda n: (m.query_message(f"{QUERY}{n};".encode()), ROW + END),
    "same text": lambda n: (m.query_message(f"{QUERY}1;".encode()), ROW + END),
    "extended": lambda n: (PARSE + m.bind_message(b"", b"", [b"%d" % n]) + RUN, PARSED + BOUND + ROW + END),
    "prepared": lambda n: (m.bind_message(b"", b"P0", [b"%d" % n]) + RUN, BOUND + ROW + END),
}
"""As pgbench sends them; each text of `simple` is a new one, which has to be parsed."""
PREPARE: Exchange = (PARSE_NAMED + m.sync_message(), PARSED + m.ready_for_query())
"""Before all of them: `prepared` needs it, and the others do not mind."""


class Sink:
    """A link of which only the receiving end is there."""

    is_open = True
    deliver: Callable[[bytes], None]

    def take_over(self, deliver: Callable[[bytes], None], first: bytes = b"") -> None:
        """From now on the test delivers."""
        self.deliver = deliver

    def write(self, data: bytes) -> None:
        """Forget it."""

    def pause(self, paused: bool) -> None:
        """There is always room."""


class Desk:
    """As much of a worker as a session needs for statements."""

    clock = 0.0

    def __init__(self, book: Book) -> None:
        self._book = book

    def recorder(self, facts: dict[str, str]) -> Recorder:
        """As a worker's."""
        return Recorder(self._book, facts)

    def now(self) -> float:
        """No time passes."""
        return 0.0

    def now_utc(self) -> None:
        """Nobody asks since when."""

    def flush_soon(self) -> None:
        """The next intent takes the outcomes along."""


def open_session(ledger: Ledger) -> tuple[Sink, Sink]:
    """A session in its statement phase: its client's link and its upstream's."""
    desk = Desk(Book(ledger, GroupCommit(ledger), text=True, durable=True))
    client, upstream = Sink(), Sink()
    peer = Peer("127.0.0.1", loopback=True, tls=False)
    session = Session(cast("Worker", desk), cast("Entrypoint", None), cast("Link", client), peer)
    session.upstream = cast("Link", upstream)
    session.facts.update(principal="ada", kind="human", environment="test", upstream="shop")
    session.recorder = desk.recorder(session.facts)
    wire = ADAPTERS["postgres"].new_wire(WireSetup("ada", SETTINGS, MAX_STATEMENT_BYTES))
    journey = Journey(wire, Principal("ada", Kind.HUMAN), Resource("test", "shop"), POLICIES)
    session._go(Opened(journey, b"", b""))
    return client, upstream


@contextmanager
def ledger() -> Iterator[Ledger]:
    """A ledger that is gone afterwards."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        opened = Ledger.open(Path(folder), writer=None, random=secrets.token_bytes, now_us=lambda: time.time_ns() // 1000)
        yield opened
        opened.close()


def talk(client: Sink, upstream: Sink, exchanges: list[Exchange]) -> None:
    """Let both sides say their part, in turn."""
    ask, answer = client.deliver, upstream.deliver
    for question, reply in exchanges:
        ask(question)
        answer(reply)


def microseconds(shape: str) -> float:
    """CPU time of a statement of this shape."""
    with ledger() as book:
        sides = open_session(book)
        talk(*sides, [PREPARE])
        best = float("inf")
        for number in range(ROUNDS):
            # new texts in each round: what one round has parsed must not make the next one cheap
            exchanges = [SHAPES[shape](number * COUNT + n) for n in range(COUNT)]
            begun = time.process_time()
            talk(*sides, exchanges)
            best = min(best, time.process_time() - begun)
    return best / COUNT * 1e6


def profile(shape: str) -> None:
    """Print where the time goes."""
    with ledger() as book:
        sides = open_session(book)
        talk(*sides, [PREPARE])
        profiler = cProfile.Profile()
        profiler.runcall(talk, *sides, [SHAPES[shape](n) for n in range(COUNT)])
    pstats.Stats(profiler).sort_stats("tottime").print_stats(PROFILED_LINES)


async def measure(shapes: list[str], *, profiled: bool) -> None:
    """All of them. In a loop, since a session may ask for it."""
    for shape in shapes:
        if profiled:
            profile(shape)
        else:
            print(f"{shape:>10}: {microseconds(shape):.2f} us a statement")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", nargs="*", metavar="SHAPE", help=f"among `{'`, `'.join(SHAPES)}`; all if none is given")
    parser.add_argument("--profile", action="store_true", help="where the time goes")
    chosen: Any = parser.parse_args()
    unknown = [shape for shape in chosen.shapes if shape not in SHAPES]
    if unknown:
        parser.error(f"there is no shape `{unknown[0]}`")
    asyncio.run(measure(chosen.shapes or list(SHAPES), profiled=chosen.profile))


if __name__ == "__main__":
    main()
