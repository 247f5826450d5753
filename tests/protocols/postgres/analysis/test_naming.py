"""Which names of prepared statements and cursors a text makes, uses and drops."""

from __future__ import annotations

import pytest

from nightporter.protocols.postgres.analysis import analyse
from nightporter.statement.model import Action, NameEffect, Naming, Setting, Statement

LONG = "x" * 70


def effects(text: str) -> list[NameEffect]:
    return [effect for s in analyse(text).statements for effect in s.names]


@pytest.mark.parametrize(
    ("text", "naming", "name", "hold"),
    [
        ("execute A(1)", Naming.EXECUTE, "a", False),
        ('execute "A"', Naming.EXECUTE, "A", False),
        ('execute U&"\\0041"', Naming.EXECUTE, "A", False),
        (f"execute {LONG}", Naming.EXECUTE, LONG[:63], False),
        (f'execute "{"é" * 40}"', Naming.EXECUTE, "é" * 31, False),
        ("explain execute a", Naming.EXECUTE, "a", False),
        ("explain analyze execute a", Naming.EXECUTE, "a", False),
        ("create table t as execute a(1)", Naming.EXECUTE, "a", False),
        ("explain analyze create table t as execute a", Naming.EXECUTE, "a", False),
        ("deallocate a", Naming.DEALLOCATE, "a", False),
        ("deallocate prepare a", Naming.DEALLOCATE, "a", False),
        ("deallocate all", Naming.DEALLOCATE, None, False),
        ('deallocate "all"', Naming.DEALLOCATE, "all", False),
        ("fetch c", Naming.FETCH, "c", False),
        ('fetch backward 3 from "<unnamed portal 1>"', Naming.FETCH, "<unnamed portal 1>", False),
        ("move all in c", Naming.FETCH, "c", False),
        ("close c", Naming.CLOSE, "c", False),
        ("close all", Naming.CLOSE, None, False),
        ("discard all", Naming.DISCARD, None, False),
    ],
)
def test_a_name_is_used_or_dropped(text: str, naming: Naming, name: str | None, hold: bool) -> None:
    assert effects(text) == [NameEffect(naming, name, hold)]


@pytest.mark.parametrize("text", ["select 1", "discard plans", "discard temp", "explain declare c cursor for select 1"])
def test_no_name(text: str) -> None:
    assert effects(text) == []


def inner_of(text: str) -> tuple[NameEffect, Statement]:
    (effect,) = effects(text)
    assert effect.inner is not None
    return effect, effect.inner


@pytest.mark.parametrize(
    ("text", "inner", "kind", "actions"),
    [
        ("prepare A as select 1", "select 1", "select", "read"),
        ("prepare a(numeric(3,2), text) AS delete from t ; ", "delete from t ;", "delete", "delete"),
        ('prepare "as" /* as */ as/**/insert into t values ($1)', "/**/insert into t values ($1)", "insert", "insert"),
        ("prepare a as with x as (delete from t returning *) table x", None, "select", "read delete"),
    ],
)
def test_prepare_tells_what_it_prepares(text: str, inner: str | None, kind: str, actions: str) -> None:
    effect, statement = inner_of(text)
    assert effect.naming is Naming.PREPARE
    assert inner is None or statement.text == inner
    assert (statement.kind, {a.value for a in statement.actions}) == (kind, set(actions.split()))
    assert statement.fingerprint == analyse(statement.text).statements[0].fingerprint is not None


@pytest.mark.parametrize(
    ("text", "hold"),
    [
        ("declare C cursor for select 1", False),
        ("declare c binary insensitive scroll cursor with hold for select 1", True),
        ("declare c no scroll cursor without hold for select 1", False),
        ("declare c cursor with hold /* for */ for select 1 for update", True),
    ],
)
def test_declare_tells_what_it_declares(text: str, hold: bool) -> None:
    effect, statement = inner_of(text)
    assert (effect.naming, effect.name, effect.hold) == (Naming.DECLARE, "c", hold)
    assert statement.kind == "select"
    assert statement.text.startswith("select 1")


def test_settings_of_what_is_prepared_are_known() -> None:
    _, inner = inner_of("prepare a as select set_config('x', 'y', false), set_config($1, 'y', false)")
    assert set(inner.settings) == {Setting("x", value="y"), Setting(None, value="y")}


def test_execute_does_what_the_same_text_prepared() -> None:
    reading = analyse("prepare a as delete from t; prepare b as select 1; execute a; execute b; execute c; "
                      "deallocate a; prepare a as select 1; explain analyze execute a")  # fmt: skip
    done = [set(s.actions) for s in reading.statements if Naming.EXECUTE in {e.naming for e in s.names}]
    assert done == [{Action.DELETE}, {Action.READ}, set(), {Action.READ}]
