"""What all tests share: real servers on demand, and no skipping in CI."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightporter.demo.server import EmbeddedServer
from tests.lab import servers

pytest_plugins = ["tests.lab.no_skips"]

# A shell that starts us in the background has us ignore Ctrl-C, and all that we start would do so too; some of them must hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory of the tests' authority (`servers.authority`) and of what it has signed."""
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="session")
def embedded18() -> Iterator[EmbeddedServer]:
    """The wheel's PostgreSQL 18, without TLS; `.dsn()` is its superuser's."""
    with servers.embedded18() as server:
        yield server


@pytest.fixture(scope="session")
def debian15(certificates: Path) -> Iterator[EmbeddedServer]:
    """Debian's PostgreSQL 15, with TLS under the tests' authority; `.dsn()` is its superuser's."""
    with servers.debian15(certificates) as server:
        yield server


@pytest.fixture
def database18(embedded18: EmbeddedServer) -> Iterator[str]:
    """The superuser's DSN of an empty database on PostgreSQL 18."""
    with servers.fresh_database(embedded18) as name:
        yield embedded18.dsn(name)


@pytest.fixture
def database15(debian15: EmbeddedServer) -> Iterator[str]:
    """The superuser's DSN of an empty database on PostgreSQL 15."""
    with servers.fresh_database(debian15) as name:
        yield debian15.dsn(name)
