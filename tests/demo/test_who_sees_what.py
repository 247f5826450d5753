"""The demonstration keeps its promise: with nothing said, nobody is shown its customers; then three lines are."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from nightporter.demo.shop import Table, tables
from nightporter.demo.stage import REVEALING, Guest, Record, Stage, open_stage
from nightporter.demo.story import NIGHT, PRYING, WRITE_TO

PERSONAL = ("given_name", "family_name", "email", "phone", "card_number", "street", "city", "postal_code")
"""Columns of the shop's people; no statement below names a value of theirs."""

MORE_WAYS = (
    "table customers limit 100;",
    "select c from customers c limit 100;",
    "select jsonb_agg(s) from staff s;",
    "select string_agg(phone, ' ') from customers;",
    "select max(card_number), min(family_name) from customers;",
    "with p as (select street as s, city as c from customers limit 100) select s || ', ' || c from p;",
    "declare c cursor with hold for select * from customers;",
    "fetch 100 from c;",
    "prepare p as select given_name from staff;",
    "execute p;",
    "select array_agg(postal_code) from customers;",
    "copy (table customers limit 100) to stdout (format csv);",
    "select family_name::date from customers;",
    "select id, (given_name || family_name)::uuid from staff;",
    "select most_common_vals from pg_stats where tablename = 'customers';",
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        yield opened


@pytest.fixture(scope="module")
def personal() -> frozenset[str]:
    """Every personal value of the shop that can be told from a number of anything else; they are the same on any day."""
    people = [table for table in tables() if table.name in ("customers", "staff")]
    values = {str(row[place]) for table in people for place in places(table) for row in table.rows}
    return frozenset(value for value in values if value != "None" and not (value.isdigit() and len(value) < 10))


def places(table: Table) -> list[int]:
    return [place for place, column in enumerate(table.columns) if column in PERSONAL]


def seen(shown: str, personal: frozenset[str]) -> set[str]:
    """Which of the values stand in a text: whole where they are long or have digits, else as words of it."""
    words = set(re.findall(r"\w+", shown))
    return {value for value in personal if (value in words if value.isalpha() else value in shown)}


def test_what_is_looked_for_is_found(personal: frozenset[str]) -> None:
    assert len(personal) > 20_000
    assert seen("paul.fischer2@example.net|Fischer|Hamburg", personal) == {"paul.fischer2@example.net", "Fischer", "Hamburg"}


@pytest.mark.parametrize("who", ["agent", "human", "helper"])
def test_nobody_is_shown_who_the_customers_are(stage: Stage, personal: frozenset[str], who: str) -> None:
    guest: Guest = getattr(stage, who)
    statements = (*PRYING, WRITE_TO, NIGHT[0], *MORE_WAYS)
    for statement, shown in zip(statements, stage.psql_each(guest, statements), strict=True):
        assert shown, statement
        assert seen(shown, personal) == set(), statement


def test_what_the_story_shows_of_it(stage: Stage) -> None:
    everything, alias, as_json, union, copy, error = stage.psql_each(stage.agent, PRYING)
    shown = dict(re.findall(r"^(\w+) +\| (.*)$", everything, re.MULTILINE))
    assert (shown["email"], shown["card_number"], shown["family_name"]) == ("p***@example.net", "************9389", "*****")
    assert shown["birth_date"].endswith("-01-01")
    assert shown["id"] == "2"
    assert " p***@example.net | *****\n" in alias
    assert ' {"email":"*****","card_number":null}\n {"email":"*****","card_number":"*****"}\n' in as_json
    assert " p***@example.net\n" in union
    assert "2\tp***@example.net\t************9389\n3\ta***@post.example\t\\N\n" in copy
    assert error == 'ERROR:  invalid input syntax for type integer: "*****"\n'


def test_what_is_about_nobody_is_shown(stage: Stage) -> None:
    ask = "select id, status from orders where id = 1; select sku, category, price > 0 from products where id = 1;"
    count = "select count(*), count(email), count(distinct country) from customers;"
    assert stage.psql(stage.agent, ask + count, "-A", "-t") == "1|delivered\nCOF-0001|Coffee|t\n12000|12000|10\n"


def test_a_mask_is_not_written_over_what_it_stands_for(stage: Stage) -> None:
    shown = stage.psql(stage.human, "update customers set email = 'p***@example.net' where id = 2;")
    assert "the constant 'p***@example.net' is a mask, not the value" in shown


def test_the_labels_can_be_read(stage: Stage) -> None:
    report = stage.nightporter("labels", "report", "shop")
    for label, column in (("pii.email", "customers.email"), ("pii.card", "customers.card_number"), ("pii.salary", "staff.salary")):
        assert column in report.partition(f"\n{label}  ")[2].partition("\n\n")[0]


def test_three_lines_show_addresses_and_nothing_else_to_the_help_desk(stage: Stage, personal: frozenset[str]) -> None:
    stage.add_policy(REVEALING)
    give_up = time.monotonic() + 30
    while "paul.fischer2@example.net" not in (shown := stage.psql(stage.helper, WRITE_TO)):
        assert time.monotonic() < give_up, shown
        time.sleep(0.1)
    everything = stage.psql(stage.helper, "select * from customers where id < 100;")
    assert {"@" in value for value in seen(everything, personal)} == {True}
    for other in (stage.human, stage.agent):
        assert seen(stage.psql(other, WRITE_TO), personal) == set()
    told = {who: columns_told(stage.records_of_ended_sessions(guest), who) for who, guest in guests(stage).items()}
    assert told[stage.helper.name]["email"] == ("pii.email", "", "public.customers.email", 1, ("support.email",))
    assert told[stage.helper.name]["card_number"] == ("pii.card", "partial", "public.customers.card_number", 1, ())
    assert told[stage.agent.name]["email"] == ("pii.email", "partial", "public.customers.email", 1, ())


def guests(stage: Stage) -> dict[str, Guest]:
    return {guest.name: guest for guest in (stage.helper, stage.agent)}


def columns_told(records: list[Record], who: str) -> dict[str, tuple[object, ...]]:
    """What the ledger says of the columns of the last such result."""
    intents = [each["n"] for each in records if each["kind"] == "intent" and each["what"].get("text") == WRITE_TO]
    last = [each for each in records if each.get("intent") in intents and each["who"]["principal"] == who][-1]
    return {
        each["column"]: (each["label"], each.get("masker", ""), each["source"], each["cells"], tuple(each.get("policies", ())))
        for each in last["veiled"]
    }
