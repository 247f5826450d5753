"""The shop is the same for everybody, large enough, and its parts fit together."""

from __future__ import annotations

import re
from datetime import date
from hashlib import sha256

import pytest

from nightporter.demo.people import COUNTRIES
from nightporter.demo.server import EmbeddedServer
from nightporter.demo.shop import Table, luhn_digit, script, tables
from tests.lab.servers import fresh_database

DAY = date(2025, 6, 1)
# Of the whole script, with the default seed, for DAY. It changes whenever the shop does, and only then.
DIGEST = "2d7c5e4c7324c7168d018eb302c4232579248637042059b762660e3d32b342cb"


@pytest.fixture(scope="module")
def shop() -> dict[str, Table]:
    return {table.name: table for table in tables(until=DAY)}


def column(table: Table, name: str) -> list[object]:
    place = table.columns.index(name)
    return [row[place] for row in table.rows]


def digest(seed: int) -> str:
    return sha256("".join(script(tables(seed, DAY))).encode()).hexdigest()


def test_same_seed_same_bytes() -> None:
    assert digest(1) == digest(1)
    assert digest(1) != digest(2)


def test_the_default_shop_is_the_same_on_every_python() -> None:
    assert sha256("".join(script(tables(until=DAY))).encode()).hexdigest() == DIGEST


def test_at_least_fifty_thousand_rows(shop: dict[str, Table]) -> None:
    assert sum(len(table.rows) for table in shop.values()) >= 50_000


def test_rows_fit_their_columns(shop: dict[str, Table]) -> None:
    for table in shop.values():
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_emails_are_unique_and_reach_nobody(shop: dict[str, Table]) -> None:
    emails = [str(email) for name in ("customers", "staff") for email in column(shop[name], "email")]
    assert len(set(emails)) == len(emails)
    assert all(re.fullmatch(r"[a-z.]+\d+@([a-z]+\.example|example\.(com|net|org))", email) for email in emails)


def test_cards_pass_luhn(shop: dict[str, Table]) -> None:
    cards = [str(card) for card in column(shop["customers"], "card_number") if card is not None]
    assert len(cards) > 9000
    assert {len(card) for card in cards} == {15, 16}
    assert all(_passes_luhn(card) for card in cards)


def _passes_luhn(number: str) -> bool:
    doubled = {"0": 0, "1": 2, "2": 4, "3": 6, "4": 8, "5": 1, "6": 3, "7": 5, "8": 7, "9": 9}
    odd, even = number[::-1][0::2], number[::-1][1::2]
    return (sum(map(int, odd)) + sum(doubled[digit] for digit in even)) % 10 == 0


@pytest.mark.parametrize(
    ("digits", "check"), [("7992739871", "3"), ("411111111111111", "1"), ("37828224631000", "5"), ("555555555555444", "4")]
)
def test_luhn_digit_known_answers(digits: str, check: str) -> None:
    assert luhn_digit(digits) == check


def test_people_come_from_everywhere(shop: dict[str, Table]) -> None:
    assert set(column(shop["customers"], "country")) == {country.code for country in COUNTRIES}
    names = "".join(map(str, column(shop["customers"], "family_name")))
    assert all(letter in names for letter in "üéñńÖ'佐")
    assert all("#" not in str(value) and "%" not in str(value) for row in shop["customers"].rows for value in row)


def test_orders_end_the_day_before(shop: dict[str, Table]) -> None:
    days = [str(moment)[:10] for moment in column(shop["orders"], "placed")]
    assert max(days) == "2025-05-31"
    assert len(set(days)) == 730


def test_payments_are_what_the_items_cost(shop: dict[str, Table]) -> None:
    cost: dict[object, int] = {}
    for order, _, quantity, price in shop["order_items"].rows:
        cost[order] = cost.get(order, 0) + int(str(quantity)) * int(str(price).replace(".", ""))
    paid = dict(zip(column(shop["payments"], "order_id"), column(shop["payments"], "amount"), strict=True))
    assert paid
    assert all(cost[order] == int(str(amount).replace(".", "")) for order, amount in paid.items())


def test_copy_text_is_escaped() -> None:
    text = "".join(script([Table("t", ("a", "b"), [("back\\slash\ttab\nline\rreturn", None)])]))
    assert "back\\\\slash\\ttab\\nline\\rreturn\t\\N\n" in text


def test_psql_loads_all_of_it(embedded18: EmbeddedServer, shop: dict[str, Table]) -> None:
    with fresh_database(embedded18) as name:
        embedded18.psql(script(shop.values()), name)
        for table in shop.values():
            assert embedded18.psql(f"select count(*) from {table.name}", name) == f"{len(table.rows)}\n"
        assert embedded18.psql("select count(*) from pg_constraint where contype = 'f' and convalidated", name) == "6\n"
        assert embedded18.psql("select family_name from customers where id = 12", name) == f"{shop['customers'].rows[11][2]}\n"
        assert float(embedded18.psql("select revenue from revenue_by_day where day = '2025-05-31'", name)) > 0
        added = "insert into products (sku, name, category, price, stock) values ('X-1', 'x', 'x', 1, 1) returning id"
        assert embedded18.psql(added, name) == f"{len(shop['products'].rows) + 1}\n"
