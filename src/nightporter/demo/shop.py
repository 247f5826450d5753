"""Fills a shop with people who do not exist: the same rows for the same seed and day, on every Python.

Makes text; runs nothing. Only `Random.random()` is drawn from, since that is what Python promises never to change.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias, TypeVar

from .people import COUNTRIES, MAIL_DOMAINS, TRANSLITERATION, Country
from .schema import CONSTRAINTS, TABLES

SEED = 20_250_305
CUSTOMERS = 12_000
ORDERS = 20_000
STAFF = 60
# How long ago the first order was placed.
HISTORY_DAYS = 730

# First digits of the card schemes' own test numbers, with the length that goes with them.
CARDS = (("411111", 16), ("401288", 16), ("555555", 16), ("510510", 16), ("378282", 15), ("601111", 16))
ROLES = (("warehouse", 31_000), ("support", 34_000), ("buyer", 46_000), ("developer", 62_000), ("manager", 78_000))
METHODS = ("card", "card", "card", "paypal", "invoice", "transfer")

Value: TypeAlias = str | int | None
Row: TypeAlias = tuple[Value, ...]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one table, in the order of `columns`."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Row]


class Dice:
    """Chance that can be repeated."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - made-up people, not secrets

    def below(self, limit: int) -> int:
        return int(self._random.random() * limit)

    def between(self, low: int, high: int) -> int:
        """Both ends included."""
        return low + self.below(high - low + 1)

    def pick(self, items: Sequence[Item]) -> Item:
        return items[self.below(len(items))]

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent

    def fill(self, pattern: str) -> str:
        """`#` becomes any digit, `%` one from 1 to 9."""
        return "".join(str(self.below(10)) if c == "#" else str(self.between(1, 9)) if c == "%" else c for c in pattern)


def luhn_digit(digits: str) -> str:
    """The check digit that makes `digits` followed by it pass ISO/IEC 7812's test."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def tables(seed: int = SEED, until: date = date(2025, 6, 1)) -> list[Table]:
    """All rows, in an order in which they can be loaded. The last orders are placed on the day before `until`."""
    dice = Dice(seed)
    customers = _customers(dice, until)
    staff = _staff(dice, until)
    products = _products(dice)
    return [customers, staff, products, *_orders(dice, until, customers, products)]


def script(tables: Iterable[Table]) -> Iterator[str]:
    """The whole shop as text for psql, in parts: tables, rows by COPY, then constraints. One transaction."""
    yield "begin;\n" + TABLES
    for table in tables:
        yield f"copy {table.name} ({', '.join(table.columns)}) from stdin;\n"
        for start in range(0, len(table.rows), 1000):
            yield "".join(map(_line, table.rows[start : start + 1000]))
        yield "\\.\n"
        if "id" in table.columns:
            yield f"alter table {table.name} alter id restart with {len(table.rows) + 1};\n"
    yield CONSTRAINTS + "commit;\n"


def _line(row: Row) -> str:
    """One row in COPY's text format."""
    return "\t".join("\\N" if value is None else _escape(str(value)) for value in row) + "\n"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _spread(countries: Sequence[Country]) -> list[Country]:
    return [country for country in countries for _ in range(country.weight)]


def _mail_name(given: str, family: str, number: int) -> str:
    """Letters only, as people spell themselves where accents do not go; never empty, unique by `number`."""
    name = f"{given}.{family}".lower()
    spelled = "".join(TRANSLITERATION.get(letter, letter) for letter in name)
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    kept = "".join(letter for letter in plain if letter.isalpha() or letter == ".").strip(".")
    return f"{kept or 'customer'}{number}"


def _customers(dice: Dice, until: date) -> Table:
    columns = "id given_name family_name email phone card_number birth_date street city postal_code country registered"
    countries = _spread(COUNTRIES)
    rows: list[Row] = []
    for number in range(1, CUSTOMERS + 1):
        country = dice.pick(countries)
        given, family = dice.pick(country.given), dice.pick(country.family)
        city, postal_code = dice.pick(country.cities)
        row = (
            number,
            given,
            family,
            f"{_mail_name(given, family, number)}@{dice.pick(MAIL_DOMAINS)}",
            dice.fill(dice.pick(country.phones)) if dice.chance(90) else None,
            _card(dice) if dice.chance(80) else None,
            str(until - timedelta(days=dice.between(18 * 366, 85 * 365))),
            country.address.format(street=dice.pick(country.streets), number=dice.between(1, 180)),
            city,
            dice.fill(postal_code),
            country.code,
            str(_moment(dice, until - timedelta(days=HISTORY_DAYS + dice.below(1000)))),
        )
        rows.append(row)
    return Table("customers", tuple(columns.split()), rows)


def _card(dice: Dice) -> str:
    start, length = dice.pick(CARDS)
    digits = start + dice.fill("#" * (length - len(start) - 1))
    return digits + luhn_digit(digits)


def _moment(dice: Dice, day: date) -> datetime:
    """Some second of a day: shops are awake from six to midnight."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=dice.between(6 * 3600, 24 * 3600 - 1))


def _staff(dice: Dice, until: date) -> Table:
    columns = "id given_name family_name email role salary manager_id hired"
    rows: list[Row] = []
    for number in range(1, STAFF + 1):
        country = dice.pick(COUNTRIES[:4])
        given, family = dice.pick(country.given), dice.pick(country.family)
        role, salary = ROLES[-1] if number <= 6 else dice.pick(ROLES[:-1])
        row = (
            number,
            given,
            family,
            f"{_mail_name(given, family, number)}@shop.example",
            role,
            f"{salary + dice.between(-30, 120) * 100}.00",
            None if number == 1 else 1 if number <= 6 else dice.between(2, 6),
            str(until - timedelta(days=dice.between(30, 4000))),
        )
        rows.append(row)
    return Table("staff", tuple(columns.split()), rows)


_GOODS = (
    ("Coffee", "Espresso|Filter roast|Decaf|House blend|Single origin", "250 g|500 g|1 kg", 790),
    ("Tea", "Assam|Darjeeling|Sencha|Earl Grey|Rooibos|Peppermint", "100 g|250 g|50 bags", 450),
    ("Brewing", "Moka pot|French press|Pour-over set|Kettle|Hand grinder|Scale", "small|medium|large", 2900),
    ("Cups", "Stoneware mug|Espresso cup|Glass cup|Travel mug|Teacup", "white|blue|green|black", 990),
    ("Pantry", "Oat biscuits|Dark chocolate|Honey|Almonds|Brown sugar|Vanilla syrup", "single|pack of 3|pack of 6", 390),
    ("Gifts", "Tasting box|Subscription|Voucher|Starter kit", "small|medium|large", 1900),
)


def _products(dice: Dice) -> Table:
    rows: list[Row] = []
    for category, names, variants, base in _GOODS:
        for name in names.split("|"):
            for size, variant in enumerate(variants.split("|"), 1):
                cents = base + size * dice.between(2, 9) * 60
                sku = f"{category[:3].upper()}-{len(rows) + 1:04d}"
                rows.append((len(rows) + 1, sku, f"{name}, {variant}", category, _euros(cents), dice.between(0, 900)))
    return Table("products", ("id", "sku", "name", "category", "price", "stock"), rows)


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _cents(euros: Value) -> int:
    return int(str(euros).replace(".", ""))


def _orders(dice: Dice, until: date, customers: Table, products: Table) -> tuple[Table, Table, Table]:
    orders: list[Row] = []
    items: list[Row] = []
    payments: list[Row] = []
    for number in range(1, ORDERS + 1):
        # Evenly over the time, so that ids and days grow together and every day has its orders.
        age = HISTORY_DAYS - number * HISTORY_DAYS // (ORDERS + 1)
        placed = _moment(dice, until - timedelta(days=age))
        status = _status(dice, age)
        customer = customers.rows[dice.below(CUSTOMERS)]
        handler = None if status in ("paid", "canceled") else dice.between(7, STAFF)
        orders.append((number, customer[0], status, str(placed), handler))
        lines = _order_lines(dice, number, products)
        items.extend(lines)
        if status != "canceled":
            amount = sum(int(str(line[2])) * _cents(line[3]) for line in lines)
            method = dice.pick(METHODS)
            last4 = str(customer[5])[-4:] if method == "card" and customer[5] else None
            paid = placed + timedelta(seconds=dice.between(5, 900))
            payments.append((len(payments) + 1, number, method, last4, _euros(amount), str(paid)))
    return (
        Table("orders", ("id", "customer_id", "status", "placed", "handled_by"), orders),
        Table("order_items", ("order_id", "product_id", "quantity", "unit_price"), items),
        Table("payments", ("id", "order_id", "method", "card_last4", "amount", "paid"), payments),
    )


def _status(dice: Dice, age_days: int) -> str:
    if dice.chance(6):
        return dice.pick(("canceled", "refunded"))
    return "paid" if age_days <= 2 else "shipped" if age_days <= 6 else "delivered"


def _order_lines(dice: Dice, order: int, products: Table) -> list[Row]:
    chosen = {dice.below(len(products.rows)): None for _ in range(dice.between(1, 4))}
    return [(order, products.rows[index][0], dice.pick((1, 1, 1, 2, 3)), products.rows[index][4]) for index in chosen]
