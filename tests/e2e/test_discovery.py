"""A gateway finds out by itself what columns hold, and keeps out of the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from nightporter.catalog.labels import Entry
from nightporter.demo.server import EmbeddedServer
from tests.lab.book import until
from tests.lab.gateway import Gateway, gateway, upstream
from tests.lab.servers import fresh_database

VALUES = "insert into {} select 'ada' || i || '@example.org' from generate_series(1, 50) i"
LABELS = {"scan": True, "load": 1.0}


@dataclass
class House:
    """A gateway in front of one database, and a superuser's session there that does not pass it."""

    gate: Gateway
    name: str
    direct: psycopg.Connection

    def found(self, upstream: str = "shop") -> dict[str, str]:
        entries: tuple[Entry, ...] = self.gate.store.labels.read(upstream).entries
        return {f"{each.relation}.{each.column}": each.label for each in entries if each.label}

    def connect(self, database: str = "shop") -> psycopg.Connection:
        return psycopg.connect(self.gate.dsn("ada", database), autocommit=True)

    def events(self) -> list[dict[str, Any]]:
        lines = (line for path in self.gate.ledger.glob("*/*.jsonl") for line in path.read_text().splitlines())
        return [detail for line in lines if "labels" in (detail := json.loads(line).get("detail") or {})]


@pytest.fixture
def house(embedded18: EmbeddedServer) -> Iterator[House]:
    with fresh_database(embedded18) as name, psycopg.connect(embedded18.dsn(name), autocommit=True) as direct:
        direct.execute("create table people (data text)")
        direct.execute(VALUES.format("people").encode())
        one, environment = upstream(embedded18.dsn(name))
        every, more = upstream(embedded18.dsn("postgres"), database="*")
        upstreams = {"shop": one, "*": every}
        with gateway(upstreams, environment=environment | more, labels=LABELS, packs=["observe"], cedar=PASS) as running:
            running.add("ada")
            yield House(running, name, direct)


PASS = '@id("all") permit(principal, action, resource);'


def test_an_upstream_is_looked_through_at_once_and_again_when_it_changes(house: House) -> None:
    until(lambda: house.found() == {"people.data": "pii.email"})
    until(house.events)
    (detail,) = house.events()
    assert (detail["labels"], detail["relations"], detail["rows"]) == ("shop", 1, 50)
    with house.connect() as ada:
        ada.execute("create table later (x1 text)")
        ada.execute(VALUES.format("later").encode())
    until(lambda: "later.x1" in house.found())
    assert "example.org" not in house.gate.log()
    assert not [line for line in house.gate.log().splitlines() if '"error"' in line]


def test_databases_of_the_wildcard_are_looked_through_when_somebody_uses_them(house: House, embedded18: EmbeddedServer) -> None:
    with fresh_database(embedded18) as name:
        with psycopg.connect(embedded18.dsn(name), autocommit=True) as direct:
            direct.execute("create table people (data text)")
            direct.execute(VALUES.format("people").encode())
        with house.connect(name) as ada:
            ada.execute("select 1 from people")
        until(lambda: house.found(name) == {"people.data": "pii.email"})


def test_it_keeps_no_connection(house: House) -> None:
    until(house.found)
    question = "select count(*) from pg_stat_activity where application_name = 'nightporter discovery'"
    until(lambda: house.direct.execute(question).fetchone() == (0,))


def test_labels_follow_what_is_written(house: House) -> None:
    until(house.found)
    with house.connect() as ada:
        ada.execute("create table copy as select upper(data) as y from people")
    assert house.found()["copy.y"] == "pii.email", "it was stored before the statement ran"
