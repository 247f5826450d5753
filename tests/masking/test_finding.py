"""Names and values together: databases whose truth was written down before."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.masking.family import family_of
from nightporter.masking.finding import Facts, Verdict, find
from nightporter.masking.label import ADDRESS, TEXT, WHOLE_NUMBER

from .truth.make import ROWS, SCHEMAS, script, truth
from .truth.score import Score, score

HERE = Path(__file__).parent / "truth"


def examined(schema: str) -> list[tuple[str, str, Verdict]]:
    """Each column: its place, its label, what was found."""
    found = []
    for table, columns in SCHEMAS[schema].items():
        rnd = random.Random(f"{schema}.{table}")
        rows = [[make(rnd, n) for _, _, _, make in columns] for n in range(ROWS)]
        names = tuple(name for name, _, _, _ in columns)
        for at, (name, type, label, _) in enumerate(columns):
            facts = Facts(table, name, family_of(type), neighbors=names)
            found.append((f"{schema}.{table}.{name}", "" if label == "-" else label, find(facts, [row[at] for row in rows])))
    return found


def scored(schema: str) -> Score:
    return score((place, label, [guess.label for guess in verdict.guesses]) for place, label, verdict in examined(schema))


@pytest.mark.parametrize("schema", SCHEMAS)
def test_databases_with_their_values(schema: str) -> None:
    result = scored(schema)
    assert result.recall >= 0.95, result.missed
    assert result.precision >= 0.9, result.wrong


@pytest.mark.parametrize("schema", SCHEMAS)
def test_they_are_large_enough_to_mean_something(schema: str) -> None:
    assert len(examined(schema)) >= 60


def test_the_files_are_what_was_made() -> None:
    for schema, tables in SCHEMAS.items():
        assert (HERE / f"{schema}.sql").read_text() == script(schema, tables)
        assert (HERE / f"{schema}.tsv").read_text() == truth(schema, tables)


def test_the_scripts_run_on_a_server(database15: str) -> None:
    with psycopg.connect(database15) as connection:
        for schema in SCHEMAS:
            connection.execute((HERE / f"{schema}.sql").read_bytes())
        count = connection.execute("select count(*) from hostile.t1").fetchone()
    assert count == (ROWS,)


def labels(column: str, values: Sequence[str | None], family: str = TEXT, table: str = "t", **facts: Any) -> list[str]:
    return [guess.label for guess in find(Facts(table, column, family, **facts), values).guesses]


EMAILS = [f"{name}{n}@example.com" for n, name in enumerate(("anna", "bob", "eva", "jo", "kim") * 6)]
PHONES = [f"+46 8 465 004 {n}" for n in range(10, 40)]
NUMBERS = [str(n) for n in range(1000, 1040)]


@pytest.mark.parametrize("column", ["data", "col7", "email_count", "internal_ref", "name", "notes", "product_code"])
def test_values_tell_whatever_the_name(column: str) -> None:
    assert labels(column, EMAILS) == ["pii.email"]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("phone", ["home", "work", "mobile"] * 10),
        ("email", ["daily", "weekly", "never"] * 10),
        ("password", ["weak", "medium", "strong"] * 10),
        ("first_name", ["A", "B", "C"] * 10),
        ("email", NUMBERS),
        ("gender", [f"kids size {n}" for n in range(40)]),
        ("ip", ["yes", "no"] * 20),
        ("card_number", ["gold", "silver"] * 20),
    ],
)
def test_values_overrule_a_name(column: str, values: list[str]) -> None:
    assert labels(column, values) == []


def test_a_few_values_overrule_nothing() -> None:
    assert labels("phone", ["home", "work", "mobile"]) == ["pii.phone"]


@pytest.mark.parametrize(
    ("column", "values", "label"),
    [
        ("email", [], "pii.email"),
        ("email", [None, "", "  ", "n/a"], "pii.email"),
        ("email", [hex(n * 7919 + 2**130)[2:] for n in range(40)], "pii.email"),  # digests
        ("phone", ["***"] * 40, "pii.phone"),
        ("ssn", [f"***-**-{n}" for n in range(1000, 1040)], "pii.national_id"),
        ("phone", [f"55{n}1234" for n in range(30)], "pii.phone"),
        ("email", [*EMAILS, *["unknown user"] * 30], "pii.email"),
        ("country", ["Sweden", "Norway"] * 20, "-"),
    ],
)
def test_a_name_holds_where_values_do_not_speak_against_it(column: str, values: list[str | None], label: str) -> None:
    assert (labels(column, values) or ["-"]) == [label]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("sku", [f"45{n:08}" for n in range(40)]),
        ("order_number", [f"2025-{n:06}" for n in range(40)]),
        ("id", [str(7_300_000_000_000_000_000 + n * 7919) for n in range(80)]),
        ("checksum", [f"{n * 2**200:064x}" for n in range(1, 40)]),
        ("trace", [f"{n:08x}-0000-4000-8000-000000000000" for n in range(40)]),
        ("at", [f"2025-01-{n:02}T10:00:00Z" for n in range(1, 29)]),
        ("version", [f"{n}.2.3.4" for n in range(40)]),
        ("title", ["The blue lamp", "Night and day", "A long way", "Summer rain", "Red Carpet", "Old Oak"] * 6),
        ("name", ["Chef knife", "Oak table", "Garden chair", "Blue lamp", "Red carpet", "Desk"] * 6),
        ("logo", [f"logo{n}@2x.png" for n in range(40)]),
        ("amount", [f"{n}.99" for n in range(40)]),
        ("url", [f"https://example.com/p/{n}" for n in range(40)]),
        ("color", ["Rose", "Amber", "Ivory", "Olive", "Ruby", "Jade", "Hazel", "Violet"] * 5),
    ],
)
def test_harmless_values_have_no_label(column: str, values: list[str]) -> None:
    assert labels(column, values) == []


def test_some_values_of_a_text_mention_somebody() -> None:
    texts = ["all good", "please call +46 8 465 004 11 today", "mail anna@example.com", "box open", "late again"] * 8
    assert labels("remarks", texts) == ["pii.text"]
    assert labels("remarks", ["all good", "box open", "late again", "fine by me"] * 10) == []


def test_keys_of_documents_tell() -> None:
    documents = [f'{{"user": {{"firstName": "X{n}", "plan": "free"}}, "total": {n}}}' for n in range(30)]
    assert labels("payload", documents) == ["pii.text"]
    assert labels("payload", [f'{{"plan": "free", "total": {n}}}' for n in range(30)]) == []
    assert labels("payload", ['{"email": "cut@exa' for _ in range(30)]) == ["pii.text"]


def test_arrays_are_their_elements() -> None:
    assert labels("data", [f"{{{a},{b}}}" for a, b in pairwise(EMAILS)]) == ["pii.email"]
    assert labels("tags", ["{red,blue}", '{"dark green"}'] * 20) == []


def test_a_foreign_key_hands_its_label_on() -> None:
    assert labels("owner", ["k1", "k2"], refers_to=("pii.username",)) == ["pii.username"]
    assert labels("owner", ["1", "2"], WHOLE_NUMBER, refers_to=("pii.email",)) == []


def test_two_kinds_in_one_column() -> None:
    assert set(labels("contact", [*EMAILS, *PHONES])) == {"pii.email", "pii.phone"}


def test_artists_are_public_and_guests_are_not() -> None:
    names = ["Anna Weber", "Pierre Dupont", "James Smith", "Lucía García", "Sven Larsson", "Maria Rossi"] * 6
    assert labels("name", names, table="artist") == []
    assert labels("composer", names, table="track") == []
    assert labels("col3", names, table="artifacts") == ["pii.name"]
    assert labels("signed_by", names, table="forms") == ["pii.name"]


@pytest.mark.parametrize(
    ("values", "clear"),
    [
        (NUMBERS, True),
        ([f"2025-01-{n:02}" for n in range(1, 29)] * 2, True),
        (["open", "closed"] * 80, True),
        (["open", "closed"] * 20, False),  # too few to say what the next one is
        (["all good", "box open", "late again", "fine by me", "so so", "x y z"] * 40, True),
        ([f"note number {n} of many" for n in range(100)], False),
        (["1"], False),
        ([], False),
        ([f"{n:09}" for n in range(100_000_000, 100_000_100)], False),
    ],
)
def test_clear_is_only_what_holds_no_text(values: list[str], clear: bool) -> None:
    assert find(Facts("t", "status_info", TEXT), values).is_clear is clear


def codes(form: str, count: int = 200) -> list[str]:
    """Random ones, written alike: `9` stands for any digit."""
    rnd = random.Random(form)
    return ["".join(str(rnd.randrange(10)) if each == "9" else each for each in form) for _ in range(count)]


@pytest.mark.parametrize(
    ("column", "form", "is_code"),
    [
        ("order_number", "9999999999999999", True),  # Luhn's digit is right in every tenth
        ("psp_reference", "9999999999999999", True),
        ("part_number", "999-999-9999", True),  # as phones in America
        ("serial", "9999 9999 9999", True),
        ("awb", "099-99999999", True),
        ("duns", "99-999-9999", True),
        ("part_number", "+46 99 999 99 99", False),  # nobody but phones is written so
        ("data", "9999999999999999", False),  # what it is nobody says
        ("reference", "999-999-9999", False),
        ("part_number", "see 99 and 99", False),
    ],
)
def test_numbers_of_things_may_look_like_others(column: str, form: str, is_code: bool) -> None:
    verdict = find(Facts("t", column, TEXT), codes(form))
    assert verdict.is_clear is is_code
    assert not (is_code and verdict.guesses)


@pytest.mark.parametrize(
    ("table", "column", "family", "neighbors", "label"),
    [
        ("stores", "address", TEXT, (), "-"),
        ("companies", "hq_address", TEXT, (), "-"),
        ("customers", "address", TEXT, (), "pii.address.street"),
        ("stores", "address", TEXT, ("manager_last_name",), "pii.address.street"),
        ("forms", "data", TEXT, (), "pii.address.street"),
    ],
)
def test_addresses_of_shops_are_nobodys(table: str, column: str, family: str, neighbors: tuple[str, ...], label: str) -> None:
    streets = [f"{n} {name} Street" for n in range(1, 20) for name in ("Main", "High", "Bridge")]
    verdict = find(Facts(table, column, family, neighbors=(column, *neighbors)), streets)
    assert [guess.label for guess in verdict.guesses][:1] == ([] if label == "-" else [label])
    assert verdict.is_clear is (label == "-")


NEAR_PERSONS = ("id", "birth_date", "email", "name", "state", "zip", "address", "postal_code")


@pytest.mark.parametrize(
    ("table", "column", "values", "label"),
    [
        ("t", "name", [f"Desk lamp {n}" for n in range(80)], "-"),
        ("t", "name", [f"Smith, John ({n})" for n in range(80)], "pii.name"),
        ("customers", "name", [f"Xqwz {n}" for n in range(80)], "pii.name"),
        ("t", "address", [f"0x{n:040x}" for n in range(80)], "-"),
        ("t", "address", [f"{n} Hill Road" for n in range(80)], "pii.address.street"),
        ("t", "address", [f'{{"street":"Hill-Road-and-a-long-name-{n}"}}' for n in range(80)], "pii.address"),
        ("t", "postal_code", [f"backup_{n}.zip" for n in range(80)], "-"),
        ("t", "postal_code", [f"SW{n}A 1AA" for n in range(80)], "pii.address.postal_code"),
        ("t", "state", ["open", "closed"] * 40, "-"),
        ("t", "state", ["CA", "NY", "TX"] * 30, "pii.address.region"),
    ],
)
def test_values_take_away_what_a_name_says(table: str, column: str, values: list[str], label: str) -> None:
    found = find(Facts(table, column, TEXT, neighbors=NEAR_PERSONS), values).guesses
    assert (found[0].label if found else "-") == label


def test_what_ends_as_streets_do_is_no_street() -> None:
    assert labels("name", [f"Spring {n}" for n in range(1990, 2025)], table="email_campaigns") == []


def test_numbers_beside_each_other_are_no_positions_in_documents() -> None:
    assert labels("payload", [f'{{"xy": [{n}.123456, 12.3456{n}], "t": 1}}' for n in range(10, 60)]) == []


def test_gateways_are_of_networks() -> None:
    assert labels("gateway", [f"10.0.{n}.1" for n in range(50)], ADDRESS, "networks") == []
    assert labels("peer", [f"10.0.{n}.17" for n in range(50)], ADDRESS) == ["pii.ip_address"]


def test_reasons_count() -> None:
    verdict = find(Facts("t", "data", TEXT), EMAILS)
    assert verdict.examined == 30
    assert verdict.guesses[0].reason == "30 of 30 values look like it: e-mail address"


def test_no_value_stands_in_a_reason() -> None:
    for schema in SCHEMAS:
        for place, _, verdict in examined(schema):
            for guess in verdict.guesses:
                assert "@" not in guess.reason, place
                assert sum(map(str.isdigit, guess.reason)) < 14, place


@given(
    st.sampled_from([TEXT, WHOLE_NUMBER]),
    st.sampled_from(["data", "name", "email", "born"]),
    st.lists(st.one_of(st.none(), st.text()), max_size=40),
)
def test_any_values_have_an_answer(family: str, column: str, values: list[str | None]) -> None:
    for guess in find(Facts("people", column, family), values).guesses:
        assert 0.5 <= guess.confidence <= 1


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "letters", ["a", "1", " ", "a ", "1 ", "{", '{"a":', "[", "@", "a@", ".", "-", "Anna ", "1a", "é", "str. ", "rue 1", "\\", '"']
)
def test_nasty_values_take_no_time(letters: str) -> None:
    find(Facts("t", "data", TEXT), [(letters * 500)[:500]] * 40)
