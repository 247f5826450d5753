"""Labels of columns: what is stored over what names say, and how both follow the relations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from nightporter.catalog.labels import LINEAGE, NAME, PERSON, SCAN, SETTLED, Entry, Labels, Stored, entries_of
from nightporter.catalog.model import Column, Function, Relation, Snapshot, Type
from nightporter.masking.naming import Guess

TEXT, INT, EMAIL, TEXTS = 25, 23, 30001, 1009


def naming(relation: str, column: str, family: str, neighbors: tuple[str, ...]) -> Iterable[Guess]:
    """Names that tell are labels themselves."""
    told = {"email": "pii.email", "phone": "pii.phone", "password": "secret.password"}
    if column in told and family == "text":
        yield Guess(told[column], 0.8, f"its name `{column}`")


def table(oid: int, name: str, *columns: str, schema: str = "public", kind: str = "r", type: int = TEXT) -> Relation:
    return Relation(oid, schema, name, kind, [Column(column, number, type) for number, column in enumerate(columns, 1)])


def inherits(child: Relation, *parents: Relation) -> None:
    child.parents = tuple(parent.oid for parent in parents)
    for parent in parents:
        parent.children = (*parent.children, child.oid)


def types() -> dict[int, Type]:
    found = {
        TEXT: Type(TEXT, "pg_catalog", "text", "b", "S"),
        INT: Type(INT, "pg_catalog", "int4", "b", "N"),
        EMAIL: Type(EMAIL, "public", "address", "d", "S"),
        TEXTS: Type(TEXTS, "pg_catalog", "_text", "b", "A"),
    }
    found[EMAIL].base = TEXT
    found[TEXTS].element = TEXT
    return found


def snapshot(*relations: Relation, functions: Mapping[int, Function] | None = None) -> Snapshot:
    return Snapshot(
        version=1,
        relations={each.oid: each for each in relations},
        types=types(),
        functions=functions or {},
        operators={},
        casts={},
        roles={},
    )


def labels(*relations: Relation, stored: Iterable[Entry] = (), **more: Any) -> Labels:
    return Labels(snapshot(*relations, **more), Stored(stored, 1), naming)


def entry(relation: str, column: str, label: str, origin: str = SCAN, **more: Any) -> Entry:
    return Entry("public", relation, column, label, origin, **{"confidence": 0.9, **more})


# Names


def test_names_tell_without_a_scan() -> None:
    people = table(20001, "people", "id", "email")
    found = labels(people)
    assert found.of(people, "email") == ("pii.email",)
    assert found.of(people, "id") == found.of(people, "nothing") == ()
    ((label, confidence, reasons, confirmed_by, origin),) = found.explain(people, "email")
    assert (label, confidence, reasons, confirmed_by, origin) == ("pii.email", 0.8, ("its name `email`",), "", NAME)
    assert not found.is_examined(people, "id")


@pytest.mark.parametrize(("type", "told"), [(TEXT, True), (EMAIL, True), (TEXTS, True), (INT, False), (4711, False)])
def test_the_type_must_fit_through_domains_and_arrays(type: int, told: bool) -> None:
    people = table(20001, "people", "email", type=type)
    assert bool(labels(people).of(people, "email")) is told


@pytest.mark.parametrize(
    "relation",
    [
        table(1260, "pg_authid", "email", schema="pg_catalog"),
        table(13000, "applicable_roles", "email", schema="information_schema"),
        table(20001, "v", "email", kind="v"),
        table(20001, "i", "email", kind="i"),
        table(20001, "pg_toast_1", "email", schema="pg_toast"),
    ],
)
def test_relations_whose_names_do_not_count(relation: Relation) -> None:
    assert labels(relation).of(relation, "email") == ()


@pytest.mark.parametrize(("language", "told"), [("c", True), ("plpython3u", True), ("sql", False), ("plpgsql", False)])
def test_names_of_a_view_count_where_nobody_can_look_into_it(language: str, told: bool) -> None:
    function = Function(21000, "public", "fetch", (), TEXT)
    function.language = language
    view = table(20001, "v", "email", kind="v")
    view.access_calls = (21000,)
    assert bool(labels(view, functions={21000: function}).of(view, "email")) is told


def test_a_relation_that_a_text_makes_has_no_number_yet() -> None:
    made = table(-3, "people", "email")
    assert labels().of(made, "email") == ("pii.email",)


def test_a_relation_is_looked_into_once() -> None:
    asked = []

    def counting(relation: str, column: str, family: str, neighbors: tuple[str, ...]) -> Iterable[Guess]:
        asked.append(column)
        assert neighbors == ("id", "email")
        return naming(relation, column, family, neighbors)

    people, others = table(20001, "people", "id", "email"), table(20002, "others", "id", "email")
    found = Labels(snapshot(people, others), naming=counting)
    assert not asked
    for _ in range(3):
        found.of(people, "email")
    assert asked == ["id", "email"]


# Who is stronger


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ([], ["pii.email"]),
        ([(SCAN, "pii.phone")], ["pii.phone"]),
        ([(SCAN, "")], []),
        ([(LINEAGE, "pii.phone")], ["pii.email", "pii.phone"]),
        ([(LINEAGE, "pii.phone"), (SCAN, "")], ["pii.phone"]),
        ([(LINEAGE, "pii.phone"), (SCAN, "pii.card")], ["pii.card", "pii.phone"]),
        ([(PERSON, "secret.key"), (LINEAGE, "pii.phone"), (SCAN, "pii.card")], ["secret.key"]),
        ([(PERSON, ""), (LINEAGE, "pii.phone"), (SCAN, "pii.card")], []),
        ([(PERSON, "secret.key"), (PERSON, "pii.card")], ["pii.card", "secret.key"]),
    ],
)
def test_who_is_stronger(stored: list[tuple[str, str]], expected: list[str]) -> None:
    people = table(20001, "people", "email")
    found = labels(people, stored=[entry("people", "email", label, origin) for origin, label in stored])
    assert sorted(found.of(people, "email")) == expected
    assert sorted(each.label for each in found.explain(people, "email") if each.label) == expected


def test_why_there_is_none() -> None:
    people = table(20001, "people", "email", "note")
    said = entry("people", "email", "", PERSON, confirmed_by="ada")
    scanned = entry("people", "note", "", confidence=SETTLED, reasons=("of 200 values none tells",))
    found = labels(people, stored=[said, scanned])
    assert found.explain(people, "email") == (said.labelled,)
    assert found.explain(people, "note") == (scanned.labelled,)
    assert found.is_examined(people, "email")
    assert found.is_examined(people, "note")


@pytest.mark.parametrize(("confidence", "settled"), [(SETTLED, True), (SETTLED - 0.01, False)])
def test_a_finding_that_is_not_sure_leaves_the_rest_to_detectors(confidence: float, settled: bool) -> None:
    people = table(20001, "people", "note")
    found = labels(people, stored=[entry("people", "note", "", confidence=confidence)])
    assert found.is_examined(people, "note") is settled


# Columns that move


def bound(column: str, label: str, origin: str = SCAN, *, oid: int = 20001, number: int = 1, **more: Any) -> Entry:
    return entry("people", column, label, origin, relation_oid=oid, number=number, **more)


def test_a_column_keeps_its_labels_under_another_name() -> None:
    renamed = table(20001, "humans", "contact", "email")
    stored = [bound("email", "", PERSON), bound("mail", "pii.card", LINEAGE)]
    found = labels(renamed, stored=stored)
    assert found.of(renamed, "contact") == (), "what was said of it goes with it"
    assert found.of(renamed, "email") == ("pii.email",), "and not with its name"
    assert {(new.relation, new.column) for _, new in found.moved()} == {("humans", "contact")}


def test_a_table_that_was_made_anew_keeps_what_it_has_and_not_what_was_not_found() -> None:
    anew = table(20009, "people", "email", "note", "blob", "other")
    stored = [
        bound("email", "", SCAN),
        bound("note", "", PERSON, number=2),
        bound("blob", "pii.card", number=3),
        bound("other", "pii.phone", LINEAGE, number=4),
    ]
    found = labels(anew, stored=stored)
    assert found.of(anew, "email") == ("pii.email",), "its values are others: the name tells again"
    assert found.is_examined(anew, "note"), "what a person said holds"
    assert (found.of(anew, "blob"), found.of(anew, "other")) == (("pii.card",), ("pii.phone",))
    moved = dict(found.moved())
    assert {old.column: (new.relation_oid, new.number) for old, new in moved.items()} == {
        "note": (20009, 2),
        "blob": (20009, 3),
        "other": (20009, 4),
    }


def test_a_table_that_took_over_a_name_has_the_labels_and_not_what_was_said_against() -> None:
    old, new = table(20001, "people_old", "email", "note"), table(20009, "people", "email", "note")
    found = labels(old, new, stored=[bound("email", "", PERSON), bound("note", "pii.card", number=2)])
    assert (found.of(old, "email"), found.of(old, "note")) == ((), ("pii.card",))
    assert (found.of(new, "email"), found.of(new, "note")) == (("pii.email",), ("pii.card",))
    assert [new.relation for _, new in found.moved()] == ["people_old", "people_old"]


def test_what_is_known_by_name_alone_is_bound_when_it_is_there() -> None:
    copied = entry("copy", "a", "pii.email", LINEAGE)
    assert labels(stored=[copied]).moved() == []
    made = table(20005, "copy", "x", "a")
    ((old, new),) = labels(made, stored=[copied]).moved()
    assert (old, new.relation_oid, new.number) == (copied, 20005, 2)
    assert labels(made, stored=[new]).moved() == []


def test_a_finding_holds_for_the_type_that_was_looked_at() -> None:
    people = table(20001, "people", "email")
    assert labels(people, stored=[bound("email", "", type=TEXT)]).of(people, "email") == ()
    assert labels(people, stored=[bound("email", "", type=INT)]).of(people, "email") == ("pii.email",)


def test_a_column_that_is_gone_takes_its_entry_along() -> None:
    people = table(20001, "people", "id")
    found = labels(people, stored=[bound("note", "pii.card", number=7)])
    assert found.of(people, "id") == found.of(people, "note") == ()


def test_temporary_tables_are_one_schema() -> None:
    mine = table(20020, "t", "a", schema="pg_temp_3")
    (stored,) = entries_of([Follows()])
    assert (stored.schema, stored.origin) == ("pg_temp", LINEAGE)
    found = labels(mine, stored=[stored])
    assert found.of(mine, "a") == ("pii.email",)
    assert found.moved() == []


class Follows:
    schema, relation, column, labels, reason = "pg_temp_9", "t", "a", ("pii.email",), "copied from public.people.email"


# Relatives


def family() -> tuple[Relation, Relation, Relation]:
    parent, one, two = (table(20001 + n, name, "id", "data") for n, name in enumerate(("log", "log_1", "log_2")))
    parent.kind = "p"
    inherits(one, parent)
    inherits(two, parent)
    return parent, one, two


def test_a_partition_has_what_its_table_has() -> None:
    parent, one, two = family()
    found = labels(parent, one, two, stored=[entry("log", "data", "pii.email")])
    assert {found.of(each, "data") for each in (parent, one, two)} == {("pii.email",)}


def test_a_table_has_what_one_of_its_partitions_has() -> None:
    parent, one, two = family()
    found = labels(parent, one, two, stored=[entry("log_1", "data", "pii.email")])
    assert {found.of(each, "data") for each in (parent, one, two)} == {("pii.email",)}
    assert found.of(parent, "id") == ()


def test_a_column_that_only_children_have_is_no_relative() -> None:
    parent = table(20001, "a", "id")
    one, two = table(20002, "b", "id", "data"), table(20003, "c", "id", "data")
    inherits(one, parent)
    inherits(two, parent)
    found = labels(parent, one, two, stored=[entry("b", "data", "pii.email")])
    assert found.of(one, "data") == ("pii.email",)
    assert found.of(two, "data") == found.of(parent, "data") == ()


def test_what_a_person_says_of_a_table_holds_for_its_partitions() -> None:
    parent, one, two = family()
    stored = [entry("log", "data", "", PERSON), entry("log_1", "data", "pii.email")]
    found = labels(parent, one, two, stored=stored)
    assert {found.of(each, "data") for each in (parent, one, two)} == {()}
    assert found.is_examined(two, "data")
    stored.append(entry("log_2", "data", "pii.card", PERSON))
    found = labels(parent, one, two, stored=stored)
    assert (found.of(parent, "data"), found.of(two, "data")) == ((), ("pii.card",))


def test_a_table_that_was_examined_settles_its_partitions() -> None:
    parent, one, two = family()
    found = labels(parent, one, two, stored=[entry("log", "data", "", confidence=SETTLED)])
    assert all(found.is_examined(each, "data") for each in (parent, one, two))
    assert not found.is_examined(one, "id")


def test_parents_that_form_a_diamond_or_are_missing() -> None:
    top, left, right, low = (table(20001 + n, name, "data") for n, name in enumerate("abcd"))
    inherits(left, top)
    inherits(right, top)
    inherits(low, left, right)
    low.parents = (*low.parents, 29999)
    found = labels(top, left, right, low, stored=[entry("d", "data", "pii.card"), entry("b", "data", "pii.card", confidence=0.95)])
    assert {found.of(each, "data") for each in (top, left, right, low)} == {("pii.card",)}
    assert found.explain(low, "data")[0].confidence == 0.95


# With the snapshot


def test_a_snapshot_with_other_labels_shares_the_rest() -> None:
    people = table(20001, "people", "note")
    first = snapshot(people)
    assert first.labels.of(people, "note") == ()
    other = first.relabeled(Stored([entry("people", "note", "pii.text")], 7), 2)
    assert (first.version, other.version) == (1, 2)
    assert other.labels.of(people, "note") == ("pii.text",)
    assert first.labels.of(people, "note") == ()
    assert other.relations is first.relations
