"""A gateway with no policy file before a database of people, and a tap on what its clients are sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg

from nightporter.demo.server import EmbeddedServer
from nightporter.identity.principal import Kind

from .gateway import Gateway, gateway, upstream
from .servers import fresh_database
from .tee import Tap, tapped

DATABASE = "crm"
PERSON, AGENT = "grace", "tuner"


class Veiled(NamedTuple):
    """The stand. `straight` is the way past both."""

    running: Gateway
    tap: Tap
    straight: str


@contextmanager
def veiled(server: EmbeddedServer, schema: Path) -> Iterator[Veiled]:
    """With a person and an agent who may come in; `schema` is run before anybody does."""
    with fresh_database(server) as name:
        dsn = server.dsn(name)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(schema.read_text("utf-8").encode())
        entry, environment = upstream(dsn)
        with gateway({DATABASE: entry}, environment=environment) as running, tapped(running.port) as tap:
            running.add(PERSON)
            running.add(AGENT, Kind.AGENT, owner=PERSON)
            yield Veiled(running, tap, dsn)


def connect(place: Veiled, who: str = AGENT) -> psycopg.Connection:
    """A session through the tap."""
    return psycopg.connect(place.running.dsn(who, DATABASE, port=place.tap.port), autocommit=True)
