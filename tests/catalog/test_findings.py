"""From values to what is stored."""

from __future__ import annotations

from collections.abc import Sequence

from nightporter.catalog.findings import findings, shape
from nightporter.catalog.labels import SCAN, SETTLED, Entry
from nightporter.catalog.model import Column, ForeignKey, Relation
from nightporter.catalog.sampling import Comments, Sample

from .test_labels import INT, TEXT, snapshot, table

MAILS = [f"{name}@example.org" for name in ("ada", "bo", "cy", "di", "eve", "flo")] * 10


def found(relation: Relation, comments: Comments | None = None, **values: Sequence[str]) -> dict[str, list[Entry]]:
    sample = Sample(100, whole=False, values=values)
    entries = findings(relation, snapshot(relation), comments or Comments(), sample)
    by_column: dict[str, list[Entry]] = {}
    for each in entries:
        by_column.setdefault(each.column, []).append(each)
    return by_column


def test_values_tell_what_a_name_does_not() -> None:
    things = table(20001, "things", "id", "data")
    ((entry,),) = found(things, id=[], data=MAILS).values()
    assert (entry.label, entry.origin, entry.confirmed_by) == ("pii.email", SCAN, "")
    assert (entry.relation_oid, entry.number, entry.type) == (20001, 2, TEXT)
    assert "60 of 60" in entry.reasons[0]


def test_values_overrule_a_name() -> None:
    people = table(20001, "people", "phone")
    ((entry,),) = found(people, phone=["home", "work", "mobile"] * 20).values()
    assert entry.label == ""
    assert entry.type == TEXT


def test_values_of_a_closed_form_settle_it_and_free_text_does_not() -> None:
    things = table(20001, "things", "code", "note")
    notes = [f"the {n}. thing is larger than it looks" for n in range(60)]
    by_column = found(things, code=["A1", "B2", "C3"] * 20, note=notes)
    assert [(each.label, each.confidence >= SETTLED) for each in by_column["code"]] == [("", True)]
    assert [(each.label, each.confidence >= SETTLED) for each in by_column["note"]] == [("", False)]


def test_nothing_is_stored_of_what_was_not_looked_at_or_has_no_values() -> None:
    people = table(20001, "people", "id", "email", "note")
    assert found(people, email=[], note=[]) == {}, "names tell the same without being stored"


def test_a_comment_tells_where_there_are_no_values() -> None:
    people = table(20001, "kunden", "x17")
    ((entry,),) = found(people, Comments("Kunden", {1: "Geburtsdatum des Kunden"}), x17=[]).values()
    assert entry.label == "pii.birth_date"


def test_a_column_that_refers_to_a_labelled_one_is_that() -> None:
    people = Relation(20001, "public", "people", "r", [Column("email", 1, TEXT)])
    orders = Relation(20002, "public", "orders", "r", [Column("buyer", 1, TEXT)])
    orders.foreign_keys = (ForeignKey("k", 20002, ("buyer",), 20001, ("email",)),)
    sample = Sample(0, whole=True, values={})
    (entry,) = findings(orders, snapshot(people, orders), Comments(), sample)
    assert entry.label == "pii.email"


def test_a_relation_has_another_shape_when_its_columns_are_others() -> None:
    first = table(20001, "people", "a", "b")
    assert shape(first) == shape(table(20001, "renamed", "a", "b"))
    others = [table(20001, "people", "a", "c"), table(20001, "people", "a"), table(20002, "people", "a", "b")]
    others.append(table(20001, "people", "a", "b", type=INT))
    assert len({shape(each) for each in [first, *others]}) == 5
