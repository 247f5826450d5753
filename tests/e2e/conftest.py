"""What end-to-end tests share: one gateway in front of the wheel's PostgreSQL 18, a human, an agent, and the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from nightporter.demo.server import EmbeddedServer
from nightporter.identity.principal import Kind
from tests.lab.book import Book, until
from tests.lab.gateway import SECRETS, Gateway, gateway, upstream
from tests.lab.policies import AGENTS_WRITE, SEES, SHE_SEES
from tests.lab.servers import fresh_database

Connect = Callable[..., psycopg.Connection]


@pytest.fixture(scope="session")
def gate(embedded18: EmbeddedServer) -> Iterator[Gateway]:
    """Every database of the server under its own name, for the human `ada` and her agent `bot`, who need not wait for approvals.

    `iris` is a human who sees what the server says, whatever it is.
    """
    entry, environment = upstream(embedded18.dsn("postgres"), database="*")
    with gateway({"*": entry}, environment=environment, cedar=AGENTS_WRITE + SHE_SEES) as running:
        running.add("ada")
        running.add("bot", Kind.AGENT, owner="ada")
        running.add("iris", groups=[SEES, SECRETS])
        yield running


@pytest.fixture(scope="session")
def book(gate: Gateway) -> Book:
    """Its ledger."""
    return Book(gate.config, gate.ledger)


@pytest.fixture
def shop(embedded18: EmbeddedServer) -> Iterator[str]:
    """Name of an empty database."""
    with fresh_database(embedded18) as name:
        yield name


@pytest.fixture
def connect(gate: Gateway, shop: str) -> Iterator[Callable[..., psycopg.Connection]]:
    """Opens sessions in `shop`, of `ada` if not said otherwise; they are closed afterwards."""
    opened: list[psycopg.Connection] = []

    def make(principal: str = "ada", *, autocommit: bool = True, **more: str) -> psycopg.Connection:
        opened.append(psycopg.connect(gate.dsn(principal, shop, **more), autocommit=autocommit))
        return opened[-1]

    yield make
    for connection in opened:
        connection.close()


@pytest.fixture
def ada(connect: Connect) -> psycopg.Connection:
    """A session of the human, in autocommit."""
    return connect()


@pytest.fixture
def bot(connect: Connect) -> psycopg.Connection:
    """A session of the agent, in autocommit."""
    return connect("bot")


def ask(connection: psycopg.Connection, question: str) -> str:
    """The first value of the answer, as text."""
    row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return str(row[0])


def cancel_until(connection: psycopg.Connection, done: Callable[[], bool]) -> None:
    """Cancel what runs, more than once: a cancel that comes before its statement is lost."""

    def cancel() -> bool:
        connection.cancel_safe()
        return done()

    until(cancel)


def session_of(connection: psycopg.Connection) -> str:
    """The id that the ledger has for a session. Asks the database, so that is one statement more."""
    return ask(connection, "select current_setting('nightporter.session')")
