"""That the comparison can fail: readings that are broken on purpose."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nightporter.catalog.model import Column, Function, Relation, Snapshot
from nightporter.statement.model import (
    Access,
    Action,
    ColumnUse,
    Effect,
    Effected,
    Output,
    Reading,
    Setting,
    Source,
    Statement,
    Use,
)

from .compare import Difference, Names, compare, why_unknown
from .observe import Observed, Origin, Probe, Result

TABLE = Relation(20000, "public", "t", "r", [Column("a", 1, 23), Column("b", 2, 25)])
OTHER = Relation(20001, "public", "other", "r", [Column("id", 1, 23)])
VIEW = Relation(20002, "public", "v", "v", [Column("x", 1, 23), Column("y", 2, 25)])
INDEX = Relation(20003, "public", "t_a_idx", "i")
INDEX.table = TABLE.oid
CLASS = Relation(1259, "pg_catalog", "pg_class", "r", [Column("relname", 1, 19)])
FUNCTION = Function(20010, "public", "f", (23,), 23)
FUNCTION.signature = "integer"
NEXTVAL = Function(1574, "pg_catalog", "nextval", (2205,), 20)
NEXTVAL.signature = "regclass"


def snapshot(*relations: Relation) -> Snapshot:
    return Snapshot(
        version=1,
        relations={each.oid: each for each in relations},
        types={},
        functions={each.oid: each for each in (FUNCTION, NEXTVAL)},
        operators={},
        casts={},
        roles={},
    )


CATALOGUE = snapshot(TABLE, OTHER, VIEW, INDEX, CLASS)
NAMES = Names(CATALOGUE, CATALOGUE)

READ = Access(Action.READ, "public", "t", "table", (ColumnUse("a", frozenset({Use.OUTPUT})),))
WHOLE = Statement(
    "select a, f(a) from t",
    "select",
    frozenset({Action.READ, Action.EXECUTE}),
    accesses=(READ,),
    outputs=(Output("a", (Source("public", "t", "a", True),)), Output("f", (Source("public", "t", "a", False),))),
    effects=(Effected("public.f(integer)", frozenset({Effect.COMPUTES})),),
)
SEEN = Observed(
    True,
    results=(Result("SELECT 1", (Origin("a", TABLE.oid, 1, ((TABLE.oid, 1),)), Origin("f", 0, 0))),),
    complete=True,
    alone=True,
    locks=frozenset({(TABLE.oid, "AccessShareLock"), (INDEX.oid, "AccessShareLock")}),
    called=frozenset({FUNCTION.oid}),
    logged=False,
    probe=Probe(frozenset({(TABLE.oid, 1)}), frozenset({TABLE.oid}), frozenset({FUNCTION.oid}), frozenset()),
)


def reading(statement: Statement) -> Reading:
    return Reading(statement.text.encode(), "", (statement,))


def kinds(statement: Statement, observed: Observed = SEEN, names: Names = NAMES) -> set[str]:
    return {each.kind for each in compare(reading(statement), observed, names) if each.unsafe}


def test_what_is_right_has_no_difference() -> None:
    assert compare(reading(WHOLE), SEEN, NAMES) == []


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        (replace(WHOLE, accesses=()), "relation read"),
        (replace(WHOLE, accesses=()), "relation"),
        (replace(WHOLE, accesses=(READ._replace(columns=()),)), "column"),
        (replace(WHOLE, outputs=(Output("a", ()), Output("f", ()))), "origin"),
        (replace(WHOLE, outputs=(Output("a", (Source("public", "t", "b", True),)), Output("f", ()))), "origin"),
        (replace(WHOLE, outputs=(Output("a", (Source("public", "t", "a", False),)), Output("f", ()))), "origin"),
        (replace(WHOLE, outputs=None), "origin"),
        (replace(WHOLE, outputs=WHOLE.outputs[:1] if WHOLE.outputs else ()), "output count"),
        (replace(WHOLE, effects=()), "called"),
        (replace(WHOLE, effects=()), "function"),
        (replace(WHOLE, effects=(Effected("public.f(text)", frozenset()),)), "called overload"),
    ],
)
def test_what_is_left_out_is_found(broken: Statement, kind: str) -> None:
    assert kind in kinds(broken)


@pytest.mark.parametrize(
    ("observed", "kind"),
    [
        (replace(SEEN, locks=SEEN.locks | {(OTHER.oid, "RowShareLock")}), "relation read"),
        (replace(SEEN, locks=SEEN.locks | {(OTHER.oid, "RowExclusiveLock")}), "relation write"),
        (replace(SEEN, locks=SEEN.locks | {(OTHER.oid, "AccessExclusiveLock")}), "relation lock"),
        (replace(SEEN, locks=SEEN.locks | {(CLASS.oid, "AccessShareLock")}), "relation read"),
        (replace(SEEN, changes={TABLE.oid: (1, 0, 0)}), "rows insert"),
        (replace(SEEN, changes={TABLE.oid: (0, 1, 0)}), "rows update"),
        (replace(SEEN, changes={TABLE.oid: (0, 0, 1)}), "rows delete"),
        (replace(SEEN, settings=frozenset({"search_path"})), "setting"),
        (replace(SEEN, advisory=True), "advisory lock"),
        (replace(SEEN, probe=replace(SEEN.probe, functions=frozenset({1574})) if SEEN.probe else None), "effect"),
    ],
)
def test_what_the_server_did_besides_is_found(observed: Observed, kind: str) -> None:
    assert kind in kinds(WHOLE, observed)


def test_a_change_that_is_said_to_be_none() -> None:
    harmless = replace(WHOLE, actions=frozenset({Action.READ}))
    assert kinds(harmless, replace(SEEN, logged=True)) == {"log class"}
    assert kinds(harmless, replace(SEEN, wrote=True, changes={TABLE.oid: (1, 0, 0)})) == {"wrote", "rows insert"}


def test_a_column_of_a_view_is_the_table_s() -> None:
    seen = replace(SEEN, results=(Result("SELECT 1", (Origin("a", VIEW.oid, 1, ((TABLE.oid, 1),)), Origin("f", VIEW.oid, 2))),))
    assert "origin" not in kinds(WHOLE, seen)
    elsewhere = replace(SEEN, results=(Result("SELECT 1", (Origin("a", VIEW.oid, 1, ((OTHER.oid, 1),)), Origin("f", 0, 0))),))
    assert "origin" in kinds(WHOLE, elsewhere)


def test_relations_that_come_and_go() -> None:
    without = snapshot(TABLE, VIEW, INDEX, CLASS)
    assert "created" in kinds(WHOLE, SEEN, Names(without, CATALOGUE))
    assert "dropped" in kinds(WHOLE, SEEN, Names(CATALOGUE, without))
    drop = replace(WHOLE, actions=frozenset({Action.DROP}))
    assert "dropped unnamed" in kinds(drop, SEEN, Names(CATALOGUE, without))
    named = replace(drop, accesses=(READ, Access(Action.DROP, "public", "other", "table")))
    assert kinds(named, SEEN, Names(CATALOGUE, without)) == set()


def test_what_is_unknown_is_not_judged_and_told() -> None:
    unknown = replace(WHOLE, unknown="`x` is odd", accesses=())
    assert kinds(unknown) == set()
    assert why_unknown(reading(unknown)) == "`...` is odd"
    assert kinds(replace(WHOLE, accesses=()), replace(SEEN, accepted=False)) == set()


def test_settings_that_are_told() -> None:
    told = replace(WHOLE, settings=(Setting("search_path"),))
    assert kinds(told, replace(SEEN, settings=frozenset({"search_path"}))) == set()
    assert kinds(told, replace(SEEN, settings=frozenset({"row_security"}))) == {"setting"}


def test_more_than_the_server_is_safe_and_told() -> None:
    more = replace(WHOLE, accesses=(READ, Access(Action.READ, "public", "other", "table")))
    assert compare(reading(more), SEEN, NAMES) == [
        Difference("relation more", "public.other is named and not touched", unsafe=False)
    ]


def test_a_definition_that_is_printed_reads_no_row() -> None:
    opened = replace(SEEN, locks=SEEN.locks | {(OTHER.oid, "AccessShareLock")})
    printing = Effected("pg_catalog.pg_get_viewdef(oid)", frozenset({Effect.READS_CATALOG}))
    prints = replace(WHOLE, effects=(*WHOLE.effects, printing))
    assert kinds(prints, opened) == set()
    assert kinds(prints, replace(opened, scanned=frozenset({TABLE.oid}))) == set()
    assert kinds(prints, replace(opened, scanned=frozenset({OTHER.oid}))) == {"relation read"}
    writes = replace(opened, locks=SEEN.locks | {(OTHER.oid, "RowExclusiveLock")})
    assert kinds(prints, writes) == {"relation write"}


def test_a_row_type_is_opened_for_its_columns() -> None:
    typed = Relation(20020, "public", "typed", "r", [Column("o", 1, 30001)])
    row = Relation(20021, "public", "row", "r", [Column("id", 1, 23)])
    row.row_type = 30001
    names = Names(snapshot(typed, row), snapshot(typed, row))
    index = Statement(
        "create index on typed (((o).id))",
        "create index",
        frozenset({Action.CREATE}),
        accesses=(Access(Action.ALTER, "public", "typed", "table"),),
    )
    opened = Observed(True, complete=True, locks=frozenset({(row.oid, "AccessShareLock")}))
    assert kinds(index, opened, names) == set()
    assert kinds(index, replace(opened, scanned=frozenset({row.oid})), names) == {"relation read"}
    assert kinds(replace(index, accesses=()), opened, names) == {"relation read"}
    assert kinds(replace(index, kind="truncate"), opened, names) == {"relation read"}
