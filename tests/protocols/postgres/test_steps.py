"""What a statement does to its session, from its text and from what is known of its effects."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nightporter.protocols.postgres.analysis import analyse
from nightporter.protocols.postgres.steps import CONTROL, DEFINE, UNSETTLE, Step, What, steps_of
from nightporter.statement.model import Action, Doubt, Effect, Effected

SET, RESET = What.SET, What.RESET


def steps(text: str) -> tuple[Step, ...]:
    (statement,) = analyse(text).statements
    return steps_of(statement)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1", ()),
        ("insert into t values (1)", ()),
        ("begin", (Step(What.BEGIN),)),
        ("begin isolation level serializable, read only", (
            Step(What.BEGIN),
            Step(What.MODE, "transaction_isolation", "serializable"),
            Step(What.MODE, "transaction_read_only", "on"),
        )),
        ("set transaction read write", (Step(What.MODE, "transaction_read_only", "off"),)),
        ("set session characteristics as transaction read only", ()),
        ("commit", (Step(What.COMMIT),)),
        ("end and chain", (Step(What.COMMIT, chain=True),)),
        ("abort", (Step(What.ROLLBACK),)),
        ("prepare transaction 'x'", (Step(What.COMMIT),)),
        ("commit prepared 'x'", (DEFINE,)),
        ('savepoint "S p"', (Step(What.SAVEPOINT, "S p"),)),
        ("release a", (Step(What.RELEASE, "a"),)),
        ("rollback to a", (Step(What.ROLLBACK_TO, "a"),)),
        ("set search_path = a, \"B c\", 'c, d'", (Step(SET, "search_path", 'a, "B c", "c, d"'),)),
        ("set search_path = ''", (Step(SET, "search_path", '""'),)),
        ("SET SCHEMA 'a'", (Step(SET, "search_path", "a"),)),
        ("set local search_path to a", (Step(SET, "search_path", "a", local=True),)),
        ("set search_path = 1", (Step(SET, "search_path"),)),
        ("set search_path to default", (Step(RESET, "search_path"),)),
        ("reset search_path", (Step(RESET, "search_path"),)),
        ("reset all", (Step(RESET),)),
        ("reset work_mem", ()),
        ("set work_mem = '1MB'", ()),
        ("set Role App", (Step(SET, "role", "app"),)),
        ("set role none", (Step(SET, "role", "none"),)),
        ("set session authorization 'x'", (Step(SET, "session_authorization", "x"),)),
        ("set row_security = off", (Step(SET, "row_security", "off"),)),
        ("set row_security = false", (Step(SET, "row_security"),)),
        ("set session_replication_role = replica", (Step(SET, "session_replication_role", "replica"),)),
        ("discard all", (Step(What.DISCARD), DEFINE)),
        ("discard temp", (DEFINE,)),
        ("discard plans", ()),
        ("listen a", (Step(What.LISTEN, "a"),)),
        ("unlisten *", (Step(What.UNLISTEN),)),
        ("select set_config('search_path', 'a', false)", (Step(SET, "search_path"),)),
        ("select set_config('work_mem', '1MB', false)", ()),
        ("select set_config(n, 'a', false) from t", (UNSETTLE,)),
        ("create table t (a int)", (DEFINE,)),
        ("create temp table t (a int)", (DEFINE,)),
        ("select 1 into t", (DEFINE,)),
        ("drop table t", (DEFINE,)),
        ("grant a to b", (DEFINE,)),
        ("create function f() returns int language sql set search_path = a as 'select 1'", (DEFINE,)),
        ("alter role a set search_path = b", (DEFINE,)),
        ("prepare p as select set_config('search_path', 'a', false)", ()),
        ("do $$ begin end $$", (UNSETTLE, DEFINE)),
        ("call p()", (UNSETTLE, DEFINE)),
        ("load 'x'", (UNSETTLE, DEFINE)),
        ("create extension x", (UNSETTLE, DEFINE)),
        ("this is no statement", (UNSETTLE, DEFINE)),
        ("notify a", ()),
        ("vacuum t", ()),
        ("explain analyze create table t as select set_config('role', 'x', false)", (DEFINE, Step(SET, "role"))),
    ],
)  # fmt: skip
def test_what_the_text_says(text: str, expected: tuple[Step, ...]) -> None:
    assert steps(text) == expected


def test_effects_that_are_known_count() -> None:
    (plain,) = analyse("select f()").statements
    for effects, expected in [
        ({Effect.COMPUTES}, ()),
        ({Effect.READS_DATA, Effect.WRITES_DATA, Effect.SEQUENCES}, ()),
        ({Effect.CHANGES_SETTINGS}, (UNSETTLE,)),
        ({Effect.RUNS_SQL}, (UNSETTLE, DEFINE)),
        ({Effect.UNKNOWN}, (UNSETTLE, DEFINE)),
    ]:
        known = replace(plain, effects=(Effected("public.f()", frozenset(effects)),))
        assert steps_of(known) == expected
    assert steps_of(replace(plain, actions=plain.actions | {Action.CREATE})) == (DEFINE,)
    assert steps_of(replace(plain, doubts=(Doubt("why"),))) == (UNSETTLE, DEFINE)


def test_a_setting_that_is_named_is_told_though_the_function_may_set_any() -> None:
    (plain,) = analyse("select set_config('search_path', 'a', false)").statements
    direct = Effected("pg_catalog.set_config(text,text,boolean)", frozenset({Effect.CHANGES_SETTINGS}))
    assert steps_of(replace(plain, effects=(direct,))) == (Step(SET, "search_path"),)
    within = direct._replace(via=("function public.f()",))
    assert steps_of(replace(plain, effects=(within,))) == (UNSETTLE, Step(SET, "search_path"))


def test_what_a_name_stands_for_counts() -> None:
    (execute,) = analyse("execute p").statements
    (inner,) = analyse("set search_path = a").statements
    assert steps_of(replace(execute, runs=(inner,))) == (Step(SET, "search_path", "a"),)


def test_a_copy_of_a_statement_finds_its_own_steps() -> None:
    (plain,) = analyse("select 1").statements
    assert steps_of(plain) == ()
    assert steps_of(replace(plain, actions=frozenset({Action.DROP}))) == (DEFINE,)


@pytest.mark.parametrize("text", ["begin", "set a.b = 1", "show all", "fetch c", "listen a", "commit", "discard all"])
def test_control_names_nothing_of_the_catalogue(text: str) -> None:
    (statement,) = analyse(text).statements
    assert statement.kind in CONTROL
