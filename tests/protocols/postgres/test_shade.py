"""How a column is shown, from where it comes from and who asks."""

from __future__ import annotations

import pytest

from nightporter.policy.reveal import Shown
from nightporter.protocols.postgres.shade import CLEAR, HIDDEN, Looks, Shade, of_column, of_output, stricter, together
from nightporter.statement.model import Output, Source


class Table(Looks):
    """What is said of some columns and labels; nobody may see the others. `examined`: columns that were looked at."""

    def __init__(self, shown: dict[str, Shown] | None = None, examined: frozenset[str] = frozenset()) -> None:
        self._shown = shown or {}
        self._examined = examined

    def shown(self, schema: str, relation: str, column: str, labels: tuple[str, ...], use: str) -> Shown:
        return self._shown.get(column, Shown(""))

    def label(self, name: str) -> Shown:
        return self._shown.get(name, Shown(""))

    def is_document(self, schema: str, relation: str, column: str) -> bool:
        return column == "document"

    def is_examined(self, schema: str, relation: str, column: str) -> bool:
        return column in self._examined


PLAINLY = Shown(None, ("p",))
EMAIL = ("pii.email",)


def source(column: str, *labels: str, direct: bool = True) -> Source:
    return Source("public", "people", column, direct, labels)


def masker(shade: Shade) -> str:
    return shade.masker


@pytest.mark.parametrize(
    ("labels", "shown", "direct", "expected"),
    [
        (EMAIL, Shown(""), True, "partial"),
        (EMAIL, Shown(""), False, "full"),
        (EMAIL, Shown("token", ("p",)), True, "token"),
        (EMAIL, Shown("token", ("p",)), False, "full"),
        (EMAIL, Shown("null", ("p",)), False, "null"),
        (EMAIL, PLAINLY, True, ""),
        (EMAIL, PLAINLY, False, ""),
        (("pii.email", "pii.national_id"), Shown(""), True, "full"),
        (("pii.text",), Shown(""), True, "found"),
        (("pii.text",), Shown(""), False, "found"),
        (("x.unheard_of",), Shown(""), True, "full"),
        ((), Shown(""), True, ""),
        ((), Shown("full", ("p",)), True, "full"),
        ((), Shown("partial", ("p",)), False, "full"),
    ],
)
def test_a_column_is_shown_as_its_label_and_policy_say(labels: tuple[str, ...], shown: Shown, direct: bool, expected: str) -> None:
    assert of_column(Table({"c": shown}), "public", "people", "c", labels, direct=direct).masker == expected


def test_only_an_unlabeled_column_that_was_examined_is_not_looked_through() -> None:
    looks = Table({"revealed": PLAINLY}, frozenset({"sku"}))
    assert of_column(looks, "public", "products", "sku", ()).examined
    assert not of_column(looks, "public", "products", "sku", (), direct=False).examined
    assert not of_column(looks, "public", "products", "note", ()).examined
    assert of_column(looks, "public", "people", "revealed", EMAIL).examined
    assert not of_column(looks, "public", "people", "revealed", ("pii.text",)).examined, "secrets may stand there as well"
    assert not of_column(looks, "public", "people", "revealed", ("pii.email", "pii.text")).examined


def test_an_output_of_nothing_is_clear() -> None:
    assert of_output(Table(), Output("?column?", ())) == CLEAR


def test_an_output_of_unknown_origin_is_hidden() -> None:
    assert of_output(Table(), Output("f", (), opaque=True)) == HIDDEN


def test_a_label_on_the_way_counts() -> None:
    seen = of_output(Table(), Output("ref", (source("id"),), labels=("pii.national_id",)))
    assert masker(seen) == "full"


def test_two_columns_of_one_kind_keep_its_shape() -> None:
    output = Output("e", (source("email", *EMAIL), source("other_email", *EMAIL)))
    assert masker(of_output(Table(), output)) == "partial"


def test_columns_of_several_kinds_keep_no_shape() -> None:
    output = Output("e", (source("email", *EMAIL), source("card", "pii.card")))
    assert masker(of_output(Table(), output)) == "full"


def test_a_hidden_column_beside_a_plain_one_hides_both() -> None:
    output = Output("e", (source("email", *EMAIL), source("sku")))
    assert masker(of_output(Table(), output)) == "full"
    computed = Output("e", (source("ssn", "pii.national_id", direct=False), source("sku", direct=False)))
    assert masker(of_output(Table(), computed)) == "full"


def test_null_is_stricter_than_everything() -> None:
    assert masker(together([Shade("full"), Shade("null"), CLEAR])) == "null"


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_does_not_matter(order: int) -> None:
    shades = [Shade("partial", "pii.email"), Shade("bucket", "pii.salary"), CLEAR, Shade(examined=True)][::order]
    assert masker(together(shades)) == "full"


def test_what_was_examined_on_one_side_only_is_looked_through() -> None:
    assert not together([Shade(examined=True), CLEAR]).examined
    assert together([Shade(examined=True), Shade(examined=True)]).examined


MASKED, TOLD, FOUND = Shade("partial", "pii.email", name="public.people.email"), Shade("", "pii.email"), Shade("found", "pii.text")
SAMPLED = Shade(examined=True)


@pytest.mark.parametrize(
    ("lineage", "provenance", "expected"),
    [
        (MASKED, MASKED, MASKED),
        (MASKED, CLEAR, MASKED),  # a view's own column has no label
        (CLEAR, MASKED, MASKED),
        (MASKED, SAMPLED, MASKED),
        (SAMPLED, SAMPLED, SAMPLED),
        (SAMPLED, CLEAR, CLEAR),
        (CLEAR, SAMPLED, CLEAR),
        (HIDDEN, MASKED, HIDDEN),
        (MASKED, Shade("full", "pii.national_id"), Shade("full", "pii.national_id")),
        (Shade("partial", "pii.card"), MASKED, Shade("full", "pii.card")),
        (MASKED, Shade("full", "pii.email"), Shade("full", "pii.email")),
        (FOUND, CLEAR, FOUND),
        (TOLD, CLEAR, TOLD),
    ],
)
def test_of_two_oracles_the_stricter_one_counts(lineage: Shade, provenance: Shade, expected: Shade) -> None:
    assert stricter(lineage, provenance) == expected


def test_what_is_taken_out_of_a_document_that_mentions_somebody_is_hidden() -> None:
    text = ("pii.text",)
    assert masker(of_column(Table(), "public", "events", "document", text)) == "found"
    assert masker(of_column(Table(), "public", "events", "document", text, direct=False)) == "full"
    assert masker(of_column(Table(), "public", "events", "note", text, direct=False)) == "found"
