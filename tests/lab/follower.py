"""A gateway of one process for tests: real clients and servers, the real journey and wire, and what it thought of each statement.

The log-in is passed on as it is. Then every request goes through a Journey, with the catalogue read as the gateway reads it.
Nothing is recorded: what would be is kept in `seen`.
"""

from __future__ import annotations

import itertools
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nightporter.catalog.model import Snapshot
from nightporter.core.commands import Consult, Intend, PassOn, Steps
from nightporter.core.journey import Journey
from nightporter.core.wire import Ticket, Traffic, WireSetup
from nightporter.identity.principal import Kind, Principal
from nightporter.policy.model import Resource
from nightporter.protocols.postgres.messages import BACKEND_NAMES, Reader, parse_parameter_status
from nightporter.protocols.postgres.session import Standing
from nightporter.protocols.registry import ADAPTERS
from nightporter.statement.model import Reading, Statement

from .gateway import SECRETS
from .policies import SEES, SHE_SEES, in_force
from .snapshot import Reader as Catalog

ADAPTER = ADAPTERS["postgres"]
LIMIT = 1 << 20


@dataclass
class Seen:
    """One request, and what was made of it."""

    phase: str
    text: str
    reading: Reading
    standing: Standing | None
    asked: int
    """How many questions of ours had gone upstream by then, in this session."""

    @property
    def statement(self) -> Statement:
        """Its only statement, or its last."""
        return self.reading.statements[-1]


@dataclass
class Follower:
    """It runs, and this is what it has seen."""

    port: int
    dsn: str
    seen: list[Seen] = field(default_factory=list)
    consulted: int = 0
    faults: list[BaseException] = field(default_factory=list)
    invalid: bool = True
    """What is known of the catalogue is not enough: set by whoever changes it behind our back."""
    broken: bool = False
    """The catalogue cannot be read."""
    through: str = ""

    def last(self, text: str) -> Seen:
        """What was made of the last request that contains `text`."""
        return next(seen for seen in reversed(self.seen) if text in seen.text)

    def relations(self, text: str) -> set[str]:
        """The relations that the last request with `text` is said to touch."""
        statement = self.last(text).statement
        assert statement.unknown is None, statement.unknown
        return {f"{access.schema}.{access.relation}" for access in statement.accesses}


@contextmanager
def follower(dsn: str, kind: Kind = Kind.HUMAN) -> Iterator[Follower]:
    """Run one in front of `dsn`; `through` is where clients connect. What went wrong in it fails the test."""
    facts = {name: str(value) for name, value in conninfo_to_dict(dsn).items()}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = Follower(listener.getsockname()[1], dsn)
        running.through = make_conninfo(dsn, host="127.0.0.1", port=running.port, sslmode="disable", gssencmode="disable")
        catalog = _Catalog(running)
        threads: list[threading.Thread] = []

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                upstream = socket.create_connection((str(facts.get("host", "127.0.0.1")), int(facts.get("port", 5432))))
                threads.append(threading.Thread(target=_run, args=(running, catalog, client, upstream, kind), daemon=True))
                threads[-1].start()

        accepting = threading.Thread(target=serve, daemon=True)
        accepting.start()
        try:
            yield running
        finally:
            listener.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join(10)
    catalog.close()
    for fault in running.faults:
        raise fault


class _Catalog:
    """One reader for all sessions."""

    def __init__(self, running: Follower) -> None:
        self._running = running
        self._lock = threading.Lock()
        self._reader: Catalog | None = None
        self._latest: Snapshot | None = None

    def get(self, *, anew: bool) -> Snapshot | None:
        with self._lock:
            if self._running.broken:
                return None
            if self._reader is None:
                self._reader = Catalog(self._running.dsn)
            if anew or self._running.invalid or self._latest is None:
                self._running.invalid = False
                self._running.consulted += 1
                self._latest = self._reader.read()
            return self._latest

    def close(self) -> None:
        if self._reader is not None:
            self._reader.__exit__(None, None, None)


def _run(running: Follower, catalog: _Catalog, client: socket.socket, upstream: socket.socket, kind: Kind) -> None:
    try:
        with client, upstream:
            settings = _log_in(client, upstream)
            if settings is not None:
                _Session(running, catalog, client, upstream, settings, kind).run()
    except (OSError, EOFError):
        pass  # one of them is gone
    except BaseException as fault:  # noqa: BLE001 - the test fails by it
        running.faults.append(fault)


def _log_in(client: socket.socket, upstream: socket.socket) -> dict[str, str] | None:
    settings: dict[str, str] = {}
    reader = Reader(BACKEND_NAMES)
    upstream.sendall(client.recv(65536))
    while True:
        ready, _, _ = select.select([client, upstream], [], [])
        for side in ready:
            data = side.recv(65536)
            if not data:
                return None
            (upstream if side is client else client).sendall(data)
            if side is client:
                continue
            reader.feed(data)
            while (got := reader.next()) is not None:
                if got[0] == ord("S"):
                    name, value = parse_parameter_status(got[1])
                    settings[name] = value
                elif got[0] == ord("Z"):
                    return settings


class _Session:
    def __init__(
        self,
        running: Follower,
        catalog: _Catalog,
        client: socket.socket,
        upstream: socket.socket,
        settings: dict[str, str],
        kind: Kind,
    ) -> None:
        self._running, self._catalog, self._client, self._upstream = running, catalog, client, upstream
        is_human = kind is Kind.HUMAN
        groups = frozenset({SEES, SECRETS}) if is_human else frozenset[str]()
        principal = Principal("ada" if is_human else "bot", kind, groups=groups, owner=None if is_human else "ada")
        wire = ADAPTER.new_wire(WireSetup(principal.label, settings, LIMIT, follows=True))
        self._journey = Journey(wire, principal, Resource("test", "db"), in_force(SHE_SEES), ADAPTER)
        self._numbers = itertools.count(1)
        self._asked = 0
        self._held: list[bytes] = []

    def run(self) -> None:
        while True:
            sides = [self._upstream] if self._held else [self._client, self._upstream]
            ready, _, _ = select.select(sides, [], [])
            if self._upstream in ready:
                data = self._upstream.recv(1 << 20)
                if not data:
                    raise EOFError
                self._pass_on(self._journey.from_upstream(data))
                if self._journey.stalled:
                    self._drive(self._journey.go_on())
            elif self._client in ready:
                data = self._client.recv(1 << 20)
                if not data:
                    raise EOFError
                self._held.append(data)
            while self._held and not self._journey.stalled:
                self._drive(self._journey.from_client(self._held.pop(0)))

    def _drive(self, steps: Steps[None]) -> None:
        reply: Any = None
        try:
            while True:
                command = steps.send(reply)
                reply = None
                if isinstance(command, PassOn):
                    self._pass_on(command.traffic)
                elif isinstance(command, Consult):
                    reply = self._catalog.get(anew=command.anew)
                elif isinstance(command, Intend):
                    request = command.request
                    standing = request.standing
                    assert standing is None or isinstance(standing, Standing)
                    text = request.reading.text.decode(errors="replace")
                    seen = Seen(request.phase, text, request.reading, standing, self._asked)
                    self._running.seen.append(seen)
                    reply = Ticket(f"w-{next(self._numbers)}", 0, b"salt")
                else:
                    raise TypeError(command)
        except StopIteration:
            return

    def _pass_on(self, traffic: Traffic) -> None:
        if traffic.redefined:
            self._running.invalid = True
        for data in traffic.to_upstream:
            self._asked += data.count(b"nightporter_inquiry\0SHOW search_path") + data.count(b"nightporter_inquiry\0SAVEPOINT")
            self._upstream.sendall(data)
        for data in traffic.to_client:
            self._client.sendall(data)
