"""The catalogue of a database as a Snapshot, read as the gateway does, over a plain blocking socket."""

from __future__ import annotations

import itertools
import secrets
import socket
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from psycopg.conninfo import conninfo_to_dict

from nightporter.catalog.model import Snapshot
from nightporter.core.talk import Receive, Send, Talk
from nightporter.core.wire import Entrance
from nightporter.protocols.postgres.catalog.reader import READER
from nightporter.protocols.postgres.enter import enter
from nightporter.secret import Secret

R = TypeVar("R")
_versions = itertools.count(1)
TIMEOUT_S = 60.0


def snapshot_of(dsn: str) -> Snapshot:
    """The Snapshot of the database that a libpq URI or connection string names; by TCP or Unix socket, without TLS."""
    with Reader(dsn) as reader:
        return reader.read()


class Reader:
    """A connection that reads the catalogue, whole the first time and then what has changed."""

    def __init__(self, dsn: str) -> None:
        facts = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value is not None}
        host, port = facts.get("host", "127.0.0.1"), facts.get("port", "5432")
        if host.startswith("/"):
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(TIMEOUT_S)
            self._socket.connect(str(Path(host, f".s.PGSQL.{port}")))
        else:
            self._socket = socket.create_connection((host, int(port)), TIMEOUT_S)
        self.dsn = dsn
        user = facts.get("user", "postgres")
        password = Secret(facts["password"]) if "password" in facts else None
        entrance = Entrance(user, password, facts.get("dbname", user), READER.settings, "disable", READER.version, local=True)
        self.process_id = self.converse(enter(entrance, lambda: secrets.token_bytes(18))).process_id
        self.connection = READER.connection()
        self.latest: Snapshot | None = None

    def read(self) -> Snapshot:
        """The Snapshot of now; the same object as before where nothing has changed."""
        parts = self.converse(self.connection.read(self.latest))
        self.latest = READER.build(parts, next(_versions))
        return self.latest

    def converse(self, talk: Talk[R]) -> R:
        """Run a conversation; gives what it returns."""
        reply: bytes | None = None
        while True:
            try:
                step = talk.send(reply)
            except StopIteration as done:
                result: R = done.value
                return result
            reply = None
            match step:
                case Send(data):
                    self._socket.sendall(data)
                case Receive():
                    reply = self._socket.recv(256 * 1024)
                case _:
                    raise TypeError(f"no `{type(step).__name__}` in tests")

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
