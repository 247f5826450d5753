"""What a Snapshot says of a database with one of everything."""

from __future__ import annotations

import psycopg
import pytest

from nightporter.catalog.model import Function, Relation, Snapshot, Type
from tests.lab.snapshot import snapshot_of

from .facts import consistent


@pytest.fixture(scope="module")
def snapshot(everything: str) -> Snapshot:
    return snapshot_of(everything)


@pytest.fixture
def on15(snapshot: Snapshot) -> bool:
    return snapshot.server_version < 160000


def relation(snapshot: Snapshot, name: str, schema: str = "shop") -> Relation:
    return snapshot.relations_by_name[schema, name]


def type_(snapshot: Snapshot, name: str, schema: str = "shop") -> Type:
    return snapshot.types_by_name[schema, name]


def function(snapshot: Snapshot, name: str, schema: str = "shop") -> Function:
    (found,) = snapshot.functions_by_name[schema, name]
    return found


def own(snapshot: Snapshot, calls: tuple[int, ...] | None) -> set[str]:
    """Names of the functions that are not built in."""
    assert calls is not None
    return {snapshot.functions[oid].name for oid in calls if oid >= 16384}


def names(snapshot: Snapshot, oids: tuple[int, ...]) -> list[str]:
    return [snapshot.relations[oid].name for oid in oids]


def test_it_hangs_together(snapshot: Snapshot) -> None:
    consistent(snapshot)
    assert {"shop", 'Odd "name', "public", "pg_catalog", "information_schema"} == snapshot.schemas
    assert snapshot.database.startswith("test_")


def test_every_relation_and_column_of_the_server_is_there(snapshot: Snapshot, everything: str) -> None:
    with psycopg.connect(everything) as connection:
        rows = connection.execute(
            "select n.nspname, c.relname, c.relkind::text, array_agg(a.attname::text order by a.attnum)"
            " filter (where a.attnum > 0 and not a.attisdropped and c.relkind not in ('i', 'I'))"
            " from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_attribute a on a.attrelid = c.oid"
            " where c.relkind <> 't' and n.nspname <> 'pg_toast' group by 1, 2, 3"
        ).fetchall()
    found = {
        (each.schema, each.name): (each.kind, [column.name for column in each.columns]) for each in snapshot.relations.values()
    }
    assert found == {(schema, name): (kind, columns or []) for schema, name, kind, columns in rows}


def test_tables(snapshot: Snapshot) -> None:
    people = relation(snapshot, "people")
    assert (people.kind, people.persistence) == ("r", "p")
    assert [column.number for column in people.columns] == [1, 2, 4, 5, 6, 7]  # one was dropped
    assert people.primary_key == ("id",)
    assert set(people.unique_keys) == {("id",), ("email", "mood")}
    assert people.row_type == type_(snapshot, "people").oid
    odd = relation(snapshot, "Tab le", 'Odd "name')
    assert odd.persistence == "u"
    assert list(odd.by_name) == ["Col umn", "select"]


def test_columns(snapshot: Snapshot) -> None:
    columns = relation(snapshot, "people").by_name
    assert columns["email"].type == type_(snapshot, "work_mail").oid
    assert columns["id"].not_null
    assert not columns["note"].not_null
    assert columns["id"].default_text == "nextval('shop.people_id_seq'::regclass)"
    assert [snapshot.functions[oid].name for oid in columns["id"].default_calls] == ["int4", "nextval"]
    assert own(snapshot, columns["code"].default_calls) == {"code"}
    assert columns["twice"].generated == "s"
    assert columns["twice"].default_text == "(shop.step((code)::bigint, code))::integer"
    assert own(snapshot, columns["twice"].default_calls) == {"step"}
    assert columns["mood"].default_calls == ()
    assert relation(snapshot, "orders").by_name["id"].generated == "i"
    assert columns["id"].relation is relation(snapshot, "people")


def test_checks_and_indexes(snapshot: Snapshot) -> None:
    people = relation(snapshot, "people")
    assert own(snapshot, people.check_calls) == {"near"}  # the function of the operator
    assert own(snapshot, people.index_calls) == {"done", "is_mail"}
    index = next(each for each in snapshot.relations.values() if each.kind == "i" and each.name == "people_pkey")
    assert index.table == people.oid
    tagged = relation(snapshot, "tagged")
    assert "citext_cmp" in own(snapshot, tagged.index_calls)
    assert own(snapshot, tagged.by_name["words"].default_calls) == {"done"}


def test_foreign_keys(snapshot: Snapshot) -> None:
    orders, people = relation(snapshot, "orders"), relation(snapshot, "people")
    (key,) = orders.foreign_keys
    assert (key.child, key.parent) == (orders.oid, people.oid)
    assert (key.child_columns, key.parent_columns) == (("person",), ("id",))
    assert (key.on_delete, key.on_update) == ("c", "n")
    assert people.referenced_by == (key,)


def test_inheritance_and_partitions(snapshot: Snapshot) -> None:
    parts, base = relation(snapshot, "parts"), relation(snapshot, "base")
    assert parts.kind == "p"
    assert names(snapshot, parts.children) == ["parts_2024", "parts_2025"]
    assert relation(snapshot, "parts_2024").is_partition
    assert relation(snapshot, "parts_2024").parents == (parts.oid,)
    assert parts.unique_keys == (("id", "day"),)
    assert own(snapshot, relation(snapshot, "by_code").access_calls) == {"step"}
    assert names(snapshot, base.children) == ["child"]
    assert not relation(snapshot, "child").is_partition


def test_views(snapshot: Snapshot) -> None:
    mails, over, kept = (relation(snapshot, name) for name in ("mails", "over", "kept"))
    assert "FROM (shop.people p\n     JOIN shop.orders o" in mails.definition
    assert "shop.add(p.id)" in mails.definition
    assert "OPERATOR(shop.<~>)" in mails.definition
    assert own(snapshot, mails.access_calls) == {"add", "near"}
    assert over.options == {"security_invoker": "true"}
    assert kept.kind == "m"
    assert own(snapshot, kept.access_calls) == {"total"}
    assert [column.name for column in kept.columns] == ["person", "count", "total"]
    # a conversion to a domain runs its checks and those of the domain beneath; one by a cast its function
    assert own(snapshot, relation(snapshot, "casts").access_calls) == {"is_mail", "to_place"}
    assert own(snapshot, relation(snapshot, "shown").access_calls) >= {"hstore_in", "hstore_out"}


def test_rules_triggers_and_policies(snapshot: Snapshot) -> None:
    base, people, orders = (relation(snapshot, name) for name in ("base", "people", "orders"))
    assert [(rule.name, rule.event, rule.instead, rule.enabled) for rule in base.rules] == [
        ("copied", "insert", False, "O"),
        ("nothing", "delete", True, "O"),
    ]
    assert "INSERT INTO shop.child (x, y)" in base.rules[0].definition
    assert relation(snapshot, "mails").rules == ()
    (note,) = people.triggers
    assert (note.name, note.events, note.timing, note.row) == ("note", frozenset(("insert", "update")), "before", True)
    assert snapshot.functions[note.function] is function(snapshot, "noted")
    assert own(snapshot, note.when_calls) == {"wants"}
    (emptied,) = orders.triggers
    assert (emptied.events, emptied.timing, emptied.row, emptied.enabled) == (frozenset(("truncate",)), "after", False, "D")
    assert orders.row_security
    assert orders.force_row_security
    select, insert = orders.policies
    assert (select.name, select.command, select.roles) == ("own", "r", (snapshot.roles["catalog_reader"].oid,))
    assert own(snapshot, select.calls) == {"is_mail"}
    assert names(snapshot, select.relations) == ["people"]
    assert "shop.people" in select.texts[0]
    assert (insert.name, insert.command, insert.roles, insert.texts) == ("written", "a", (0,), ("shop.wants(person)",))


def test_sequences_and_foreign_tables(snapshot: Snapshot) -> None:
    assert relation(snapshot, "people_id_seq").kind == "S"
    assert relation(snapshot, "people_id_seq").table == relation(snapshot, "people").oid
    assert relation(snapshot, "orders_id_seq").table == relation(snapshot, "orders").oid
    assert relation(snapshot, "free").table == 0
    assert (relation(snapshot, "away").kind, relation(snapshot, "away").server) == ("f", "far")
    assert snapshot.foreign_servers == {"far": "nowhere"}


def test_types(snapshot: Snapshot) -> None:
    mood, place, mail, work_mail, span = (type_(snapshot, name) for name in ("mood", "place", "mail", "work_mail", "span"))
    assert (mood.kind, mood.category) == ("e", "E")
    assert snapshot.types[mood.array].element == mood.oid
    assert place.kind == "c"
    assert [column.name for column in snapshot.relations[place.relation].columns] == ["street", "number"]
    assert (mail.kind, mail.base) == ("d", type_(snapshot, "text", "pg_catalog").oid)
    assert own(snapshot, mail.check_calls) == {"is_mail"}
    assert work_mail.base == mail.oid
    assert own(snapshot, work_mail.check_calls) == set()
    assert (span.kind, span.range_subtype) == ("r", type_(snapshot, "float8", "pg_catalog").oid)
    assert (type_(snapshot, "span_multirange").kind, type_(snapshot, "span_multirange").range_subtype) == ("m", span.range_subtype)
    assert type_(snapshot, "citext", "public").extension == "citext"
    assert type_(snapshot, "text", "pg_catalog").preferred


def test_functions(snapshot: Snapshot) -> None:
    noted, add, rows, many = (function(snapshot, name) for name in ("noted", "add", "rows", "many"))
    assert (noted.language, noted.security_definer, noted.volatility) == ("plpgsql", True, "v")
    assert noted.settings == {"search_path": "shop, pg_temp"}
    assert "return new" in noted.body
    assert (add.language, add.volatility, add.defaults, add.signature) == ("sql", "i", 1, "integer, integer")
    assert "shop.code()" in add.body
    assert own(snapshot, add.body_calls) == {"code"}
    assert rows.body_calls is None
    assert (rows.returns_set, rows.modes, rows.names, rows.argument_types) == (True, "oo", ("a", "b"), ())
    assert many.variadic == type_(snapshot, "int4", "pg_catalog").oid
    assert function(snapshot, "work").kind == "p"
    total = function(snapshot, "total")
    assert total.kind == "a"
    assert own(snapshot, total.calls) == {"step", "done"}
    citext_eq = function(snapshot, "citext_eq", "public")
    assert (citext_eq.language, citext_eq.symbol, citext_eq.body, citext_eq.extension) == ("c", "citext_eq", "", "citext")
    lower = snapshot.functions_by_name["pg_catalog", "lower"]
    assert {each.signature for each in lower} == {"text", "anyrange", "anymultirange"}
    assert {each.language for each in lower} == {"internal"}


def test_operators_and_casts(snapshot: Snapshot) -> None:
    (near,) = snapshot.operators_by_name["shop", "<~>"]
    integer, text, boolean = (type_(snapshot, name, "pg_catalog").oid for name in ("int4", "text", "bool"))
    assert (near.left, near.right, near.result) == (integer, text, boolean)
    assert snapshot.functions[near.function] is function(snapshot, "near")
    assert snapshot.operators[near.oid] is near
    assert own(snapshot, near.related) == {"far_off"}  # which the planner may run for NOT (a <~> b)
    (less,) = (each for each in snapshot.operators_by_name["public", "<"] if snapshot.types[each.left].name == "citext")
    assert {"citext_gt", "citext_ge", "citext_cmp", "citext_eq"} <= own(snapshot, less.related)
    (equal,) = (each for each in snapshot.operators_by_name["pg_catalog", "="] if each.left == each.right == integer)
    assert equal.related == ()
    cast = snapshot.casts[text, type_(snapshot, "place").oid]
    assert (snapshot.functions[cast.function].name, cast.context, cast.method) == ("to_place", "a", "f")


def test_roles_extensions_and_event_triggers(snapshot: Snapshot) -> None:
    writer, reader = snapshot.roles["catalog_writer"], snapshot.roles["catalog_reader"]
    assert writer.member_of == (reader.oid,)
    assert writer.settings == {"search_path": "shop, public"}
    assert snapshot.roles["postgres"].superuser
    assert snapshot.extensions == {"plpgsql": "pg_catalog", "citext": "public", "hstore": "public"}
    assert [snapshot.functions[oid].name for oid in snapshot.event_triggers] == ["on_ddl"]


def test_an_ordinary_role_reads_the_same(everything: str, snapshot: Snapshot) -> None:
    from psycopg.conninfo import make_conninfo

    from .facts import differences

    with psycopg.connect(everything, autocommit=True) as connection:
        connection.execute("create role nightporter_plain login password 'plain'")
        try:
            again = snapshot_of(make_conninfo(everything, user="nightporter_plain", password="plain"))
            changed = [each for each in differences(again, snapshot) if "nightporter_plain" not in each]
        finally:
            connection.execute("drop role nightporter_plain")
    assert changed == []
