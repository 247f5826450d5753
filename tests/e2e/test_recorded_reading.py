"""The ledger names what statements did, whatever they were called: relations and columns through views and functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import psycopg
import pytest

from nightporter.identity.principal import Kind
from tests.lab.book import Book, cli
from tests.lab.gateway import Gateway, gateway, upstream
from tests.lab.policies import AGENTS_WRITE

from .conftest import session_of

SCHEMA = """
create table customers (id integer primary key, email text, name text);
insert into customers values (1, 'ada@example.com', 'Ada');
create table orders (id integer primary key, customer integer references customers on delete cascade, placed date);
create view contacts as select email, name || '!' as greeting from customers;
create function purge(before date) returns void language plpgsql as $$ begin delete from orders where placed < before; end $$;
"""

Does: TypeAlias = Callable[..., list[dict[str, Any]]]


@pytest.fixture(params=["database15", "database18"])
def dsn(request: pytest.FixtureRequest) -> str:
    dsn: str = request.getfixturevalue(request.param)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)
    return dsn


@pytest.fixture(params=["full", "hash"])
def door(request: pytest.FixtureRequest, dsn: str) -> Iterator[Gateway]:
    """A gateway of its own, which keeps texts or not."""
    entry, environment = upstream(dsn)
    ledger = {"path": "ledger", "text": request.param}
    with gateway({"shop": entry}, environment=environment, cedar=AGENTS_WRITE, ledger=ledger) as running:
        running.add("ada")
        running.add("bot", Kind.AGENT, owner="ada")
        yield running


def relations(what: dict[str, Any], *actions: str) -> set[tuple[str, str, tuple[str, ...]]]:
    """Action, name and way of what it touches."""
    return {
        (entry["action"], entry["name"], tuple(entry.get("via", ())))
        for entry in what.get("relations", ())
        if not actions or entry["action"] in actions
    }


def test_the_ledger_names_what_statements_did(door: Gateway) -> None:
    book = Book(door.config, door.ledger)
    with psycopg.connect(door.dsn("bot", "shop"), autocommit=True) as bot:
        session = session_of(bot)
        bot.execute("select email from contacts where email like %s", ("a%",))
        bot.execute("select purge('2026-01-31')")
        bot.execute("delete from customers")
        with pytest.raises(psycopg.Error, match="cannot be understood"):
            bot.execute('select * from customers where email = "ada@example.com"')
    _, view, purge, delete, denied = (each.intent["what"] for each in book.session(session))

    assert relations(view) == {("read", "contacts", ()), ("read", "customers", ("view public.contacts",))}
    through = next(entry for entry in view["relations"] if entry["name"] == "customers")
    assert through["columns"] == {"output": ["email"], "predicate": ["email"]}

    assert relations(purge, "delete") == {("delete", "orders", ("function public.purge(date)",))}
    assert "delete" in purge["actions"]
    assert relations(delete, "delete") == {
        ("delete", "customers", ()),
        ("delete", "orders", ("foreign key orders_customer_fkey of public.orders",)),
    }
    assert next(entry["bound"] for entry in delete["relations"] if entry["name"] == "customers") == "none"

    assert denied["decision"] == "deny"
    assert "is not in the catalogue" in denied["doubts"][0]["reason"]
    assert ("ada@example.com" in str(denied)) is ("text" in denied), "a value in the place of a name is part of the text"

    shown = cli(door.config, "evidence", "tail", "--column", "customers.email", "--width", "100")
    assert "    - read customers(email) via view public.contacts\n" in shown
    shown = cli(door.config, "evidence", "tail", "--relation", "orders", "--action", "delete")
    assert shown.count("  intent  ") == 2
    assert "{delete orders via function public.purge(date); " in shown
    book.verify()
