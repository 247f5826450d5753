"""Every way to change a run-time setting is seen; what is no change is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nightporter.protocols.postgres.analysis import analyse
from nightporter.statement.model import Setting

NP = "nightporter.principal"
UNTOLD = [Setting(None)]


def told(text: str) -> list[Setting]:
    reading = analyse(text)
    assert all(s.unknown is None for s in reading.statements), reading.statements
    return [setting for s in reading.statements for setting in s.settings]


def found(text: str) -> list[Setting]:
    """Without what they are set to, and when."""
    return [replace(setting, value=None, stored=False) for setting in told(text)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("set application_name = 'x'", "application_name"),
        ("SET APPLICATION_NAME TO x", "application_name"),
        ("set session application_name = 5", "application_name"),
        ("set local application_name = -5", "application_name"),
        ('set "Application_Name" = x', "application_name"),
        ('SET "NightPorter"."Principal" = x', NP),
        ('SET "NightPorter.Principal" = x', NP),
        ("SET LOCAL nightporter . /* x */ principal = 'a', 'b'", NP),
        ('set U&"\\006eightporter".principal = x', NP),
        ("set role x", "role"),
        ("set names 'latin1'", "client_encoding"),
    ],
)
def test_plain_set_is_direct(text: str, name: str) -> None:
    assert found(text) == [Setting(name, direct=True)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("set application_name = 'a', 'b'", ["application_name"]),
        ("set time zone 'UTC'", ["timezone"]),
        ("set transaction isolation level serializable, read only", ["transaction_isolation", "transaction_read_only"]),
        ("begin read only", ["transaction_read_only"]),
        ("set session characteristics as transaction read only", ["default_transaction_read_only"]),
        ("alter role x set nightporter.principal = 1", [NP]),
        ("alter role all in database d set nightporter.principal from current", [NP]),
        ("alter user x set application_name to 'y'", ["application_name"]),
        ("alter database d set nightporter.principal = 1", [NP]),
        ("alter system set application_name = 'x'", ["application_name"]),
        ("alter function f set nightporter.principal = 1", [NP]),
        ("alter procedure f set nightporter.principal = 1", [NP]),
        ("alter routine f set nightporter.principal from current", [NP]),
        ("create function f() returns int language c set nightporter.principal = 1 as 'x'", [NP]),
        ("create procedure f() set nightporter.principal from current begin atomic end", [NP]),
        ("explain analyze create table t as select set_config('a', 'b', true)", ["a"]),
    ],
)
def test_other_forms_are_not_direct(text: str, names: list[str]) -> None:
    assert found(text) == [Setting(name) for name in names]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("reset all", "all"),
        ("reset nightporter.Purpose", "nightporter.purpose"),
        ("set session nightporter.purpose to default", "nightporter.purpose"),
        ("reset application_name", "application_name"),
        ("set application_name to default", "application_name"),
        ("reset session authorization", "session_authorization"),
        ("alter role x reset all", "all"),
        ("alter role x reset nightporter.principal", "nightporter.principal"),
        ("alter system reset all", "all"),
        ("alter function f reset all", "all"),
        ("alter database d set application_name to default", "application_name"),
    ],
)
def test_what_gets_back_its_start_up_value_is_told_as_that(text: str, name: str) -> None:
    assert found(text) == [Setting(name, reset=True)]


@pytest.mark.parametrize(
    "text",
    [
        "discard all",
        "show application_name",
        "select current_setting('nightporter.principal')",
        "select 'set_config'::regproc, 'set application_name = 1'",
        "select set_config from t",
        "select t.set_config from t",
        "select set_configs('a'), my.current_setting('b')",
        "update t set application_name = 'x' where name = 'y'",
        "insert into pg_settings values ('a')",
        "select * from pg_settings",
        "create function f() returns int language sql as 'this is not SQL'",
        "create function set_config(int) returns int language sql as 'select 1'",
        "set transaction snapshot '1'",
    ],
)
def test_what_changes_nothing(text: str) -> None:
    assert found(text) == []


CALLS = [
    ("set_config('nightporter.principal', 'x', false)", NP),
    ("pg_catalog.set_config('NightPorter.Principal', 'x', false)", NP),
    ('"pg_catalog"."set_config"(\'nightporter.principal\', $1, false)', NP),
    ("d.pg_catalog.SET_CONFIG('nightporter.principal', $1, false)", NP),
    ("U&\"set\\005fconfig\"('nightporter.principal', 'x', false)", NP),
    ("set_config(E'\\x6eightporter.principal', 'x', false)", NP),
    ("set_config(U&'!006eightporter.principal' uescape '!', 'x', false)", NP),
    ("set_config($$nightporter.principal$$, 'x', false)", NP),
    ("set_config('nightporter.'\n'principal', 'x', false)", NP),
    ("set_config('nightporter.' -- c'\n -- d\n 'principal', 'x', false)", NP),
    ("set_config(E'nightporter.' -- c\n '\\x70rinci' \n--d\n'pal', 'x', false)", NP),
    ("set_config('nightporter.principal'::text, 'x', false)", NP),
    ("set_config(cast(cast('nightporter.principal' as name) as pg_catalog.varchar), 'x', false)", NP),
    ("set_config(text 'nightporter.principal', 'x', false)", NP),
    ("set_config(setting_name => 'nightporter.principal', new_value => 'x', is_local => false)", NP),
    ("set_config(new_value := 'x', is_local := false, setting_name := 'nightporter.principal')", NP),
    ("set_config('nightporter.principal', is_local => false, new_value => 'x')", NP),
    ("set_config('', 'x', false)", ""),
    # not told by the text
    ("set_config('nightporter.' || 'principal', 'x', false)", None),
    ("set_config(lower('NIGHTPORTER.PRINCIPAL'), 'x', false)", None),
    ("set_config(name, 'x', false)", None),
    ("set_config((select 'nightporter.principal'), 'x', false)", None),
    ("set_config('nightporter.principalx'::varchar(21), 'x', false)", None),
    ("set_config('nightporter.principal'::public.mine, 'x', false)", None),
    ("set_config('x'::regproc::text, 'x', false)", None),
    (f"set_config('{'x' * 64}'::name, 'x', false)", None),
    ("set_config(null, 'x', false)", None),
    ("set_config(1, 'x', false)", None),
    ("set_config()", None),
    ("set_config(new_value => 'x', is_local => true)", None),
    ("set_config(variadic array['nightporter.principal', 'x', 'y'])", None),
]


@pytest.mark.parametrize(("call", "name"), CALLS)
def test_a_call_of_set_config(call: str, name: str | None) -> None:
    assert found(f"select {call}") == [Setting(name)]


@pytest.mark.parametrize(
    "frame",
    [
        "select * from {}",
        "select * from rows from ({}, generate_series(1, 2))",
        "select 1 from t where {} is null order by 1",
        "select coalesce(x, {}) from t",
        "select case when a then {} end from t",
        "select 1 limit length({})",
        "select 1 union select 2 union select length({})",
        "select count(*) filter (where {} = 'x') over (partition by {}) from t",
        "with a as (select {}) select 1",
        "insert into t values ({})",
        "insert into t values (1) on conflict (a) do update set b = {}",
        "update t set a = {}",
        "update t set (a, b) = (select {}, 1)",
        "delete from t where a = {}",
        "delete from t returning {}",
        "merge into t using u on a = b when matched and {} = 'x' then delete",
        "values ({})",
        "select array[{}], row({}), (x).y[{}] from t",
        "select xmlelement(name a, {})",
        "select json_object('a': {})",
        "select * from json_table({}, '$' columns (a int path '$'))",
        "copy (select {}) to stdout",
        "copy t from stdin where {} = 'x'",
        "explain select {}",
        "explain analyze select {}",
        "prepare p as select {}",
        "execute p({})",
        "declare c cursor for select {}",
        "create table t as select {}",
        "create materialized view t as select {}",
        "create view v as select {}",
        "create rule r as on insert to t do also select {}",
        "create function f() returns text return {}",
        "create function f() returns text language sql begin atomic select 1; select {}; end",
        "create function f(a text default {}) returns text language c as 'x'",
        "create table t (a text default {})",
        "create table t (a text check ({} = 'x'))",
        "create table t (a text generated always as ({}) stored)",
        "create index i on t ({})",
        "create index i on t (a) where {} = 'x'",
        "create policy p on t using ({} = 'x')",
        "create trigger g before insert on t for each row when ({} = 'x') execute function f()",
        "create domain d as text check ({} = value)",
        "alter table t alter a type int using {}",
        "alter table t alter a set default {}",
        "create statistics s on ({}), a from t",
        "create publication p for table t where ({} = 'x')",
        "call p({})",
        "select 1; select {}",
        "create schema s create view v as select {}",
    ],
)
def test_a_call_is_found_wherever_it_stands(frame: str) -> None:
    call = "pg_catalog.set_config('nightporter.principal', 'x', false)"
    assert found(frame.replace("{}", call)) == [Setting(NP)]


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("select set_config($1, $2, false)", Setting(None, parameter=1)),
        ("select set_config($2::text, $1, false)", Setting(None, parameter=2)),
        ("select set_config(setting_name => $3, new_value => 'x', is_local => true)", Setting(None, parameter=3)),
        ("insert into t values (set_config($1, 'x', false))", Setting(None, parameter=1)),
        ("update pg_settings set setting = $2 where name = $1", Setting(None, parameter=1)),
        ("select set_config($1::varchar(3), $2, false)", Setting(None)),
        ("select set_config($1 || '', $2, false)", Setting(None)),
        ("prepare p as select set_config($1, 'x', false)", Setting(None)),
        ("create function f(text) returns text return set_config($1, 'x', false)", Setting(None)),
        ("create function f(text) returns text language sql as 'select set_config($1, $2, false)'", Setting(None)),
    ],
)
def test_a_name_that_is_a_parameter(text: str, setting: Setting) -> None:
    assert found(text) == [setting]


@pytest.mark.parametrize(
    "text",
    [
        "create aggregate a (text) (sfunc = set_config, stype = text)",
        "create aggregate a (text) (sfunc = pg_catalog.set_config, stype = text)",
        "create operator === (function = set_config, leftarg = text, rightarg = text)",
        'create operator === (procedure = "set_config", leftarg = text, rightarg = text)',
        "create cast (a as b) with function set_config(text, text, bool)",
        "create operator class c for type t using btree as function 1 pg_catalog.set_config(text, text, bool)",
        "alter function set_config rename to harmless",
        "alter function pg_catalog.set_config(text, text, bool) set schema public",
        "create function f(text, text, bool) returns text language internal as 'set_config_by_name'",
        "create type t as range (subtype = text, canonical = set_config)",
        "create trigger g after insert on t execute function f(); select (x).set_config from x",
    ],
)
def test_the_function_without_a_call(text: str) -> None:
    assert found(text) == UNTOLD


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("update pg_settings set setting = 'x' where name = 'nightporter.principal'", NP),
        ("update pg_catalog.pg_settings s set setting = 'x' where s.name = 'NIGHTPORTER.principal'", NP),
        ("update pg_settings set setting = 'x' where 'a' = name", "a"),
        ("with x as (update pg_settings set setting = 'x' where name = 'a' returning 1) select * from x", "a"),
        ("update pg_settings set setting = 'x'", None),
        ("update pg_settings set setting = 'x' where name like 'a'", None),
        ("update pg_settings set setting = 'x' where name = 'a' or true", None),
        ("update pg_settings set setting = 'x' where name > 'a'", None),
        ("update pg_settings set setting = 'x' where name = any('{a,b}')", None),
        ("update pg_settings set setting = 'x' where setting = 'a'", None),
        ("update pg_settings set setting = 'x' where name operator(my.=) 'a'", None),
        ("update pg_settings set setting = 'x' from t where name = t.name", None),
    ],
)
def test_update_of_pg_settings(text: str, name: str | None) -> None:
    assert found(text) == [Setting(name)]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("select set_config('a', 'b', false); set local nightporter.principal = 1", ["a", NP]),
        ("create function g() returns int language sql as $b$ select set_config('a', 'b', true) $b$", ["a"]),
        ("select set_config(x, 'b', false)", [None]),
        ("update pg_settings set setting = 1 where name = 'a'", ["a"]),
        ("select 1", []),
    ],
)
def test_bodies_in_sql(body: str, names: list[str | None]) -> None:
    settings = [Setting(name) for name in names]
    assert found(f"create function f() returns int language sql as $a$ {body} $a$") == settings
    assert found(f"create procedure f() as $a$ {body} $a$ language 'SQL'") == settings


def test_bodies_are_followed_only_so_far() -> None:
    body = "select 1"
    for depth in range(6):
        body = f"create function f() returns int language sql as $d{depth}$ {body} $d{depth}$"
    assert found(body) == UNTOLD


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("begin set nightporter.principal = 'x'; end", [NP]),
        ("begin SET LOCAL \"NightPorter\" . principal TO 'x'; end", [NP]),
        ("begin if a then set session application_name = 'x'; else set b = 1; end if; end", ["application_name", "b"]),
        ("begin perform set_config('nightporter.principal', 'x', true); end", [NP]),
        ("begin x := pg_catalog . \"set_config\" ( 'it''s' :: text, 'x', true); end", ["it's"]),
        ("begin perform set_config(setting_name => 'a', new_value => 'b', is_local => true); end", ["a"]),
        ("begin set /* c */ a -- d\n = 1; end", ["a"]),
        # no change, or beyond what tokens tell
        ("begin update t set application_name = 'x'; end", []),
        ("begin set a to default; reset b; end", []),
        ("begin raise notice 'set_config(''a'', 1)'; -- set a = 1\n end", []),
        ("begin execute 'set a = 1'; end", []),
        ("begin perform set_config(a || b, 'x', true); end", []),
        ("begin perform set_config('a' || b, 'x', true); end", []),
    ],
)
def test_bodies_in_plpgsql(body: str, names: list[str]) -> None:
    settings = [Setting(name) for name in names]
    assert found(f"do $a$ {body} $a$") == settings
    assert found(f"do language plpgsql $a$ {body} $a$") == settings
    assert found(f"create function f() returns int language plpgsql as $a$ {body} $a$") == settings
    assert found(f"do language plpython3u $a$ {body} $a$") == []


def test_a_body_in_parts_is_one() -> None:
    assert found("do 'begin set nightporter.princ' -- x\n 'ipal = 1; end'") == [Setting(NP)]


def test_a_setting_in_a_large_statement_is_found() -> None:
    rows = ", ".join(f"({n}, 'it''s {n}', null, {n}.5)" for n in range(20_000))
    text = f"insert into t values {rows}, (set_config('nightporter.principal', 'x', false)), ('set_config', '', true)"
    assert found(text) == [Setting(NP)]


# Values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("set x.a = 'b'", "b"),
        ("set x.a to b, 'C', 1", "b, C, 1"),
        ("set x.a = ''", ""),
        ("set x.a = 0", "0"),
        ("set local x.a = -1.50", "-1.50"),
        ("set statement_timeout = 99999999999", "99999999999"),
        ("set session row_security = on", "on"),
        ("set row_security to true", "true"),
        ("set search_path = a, \"B\", 'c, d', ''", 'a, "B", "c, d", ""'),
        ("set search_path = 'a, b'", '"a, b"'),
        ("set datestyle = iso, dmy", "iso, dmy"),
        ("set role ada", "ada"),
        ("set role 'Ada'", "Ada"),
        ("set role none", "none"),
        ("set session authorization ada", "ada"),
        ("set names 'latin1'", "latin1"),
        ("set time zone 'Europe/Berlin'", "Europe/Berlin"),
        ("set time zone -3", "-3"),
        ("set time zone interval '1' hour", None),
        ("set x.a from current", None),
        ("set xml option document", "DOCUMENT"),
        ("set transaction isolation level repeatable read", "repeatable read"),
        ("begin read write", "off"),
        ("start transaction not deferrable", "off"),
        ("set session characteristics as transaction read only", "on"),
        ("select set_config('x.a', 'b', false)", "b"),
        ("select set_config('x.a', E'\\x62'::text, false)", "b"),
        ("select set_config('x.a', is_local => false, new_value => 'b')", "b"),
        ("select set_config(new_value => 'b', is_local => false, setting_name => 'x.a')", "b"),
        ("select set_config('x.a', 'b' || 'c', false)", None),
        ("select set_config('x.a', null, false)", None),
        ("select set_config('x.a', $1, false)", None),
        ("select set_config($1, 'b', false)", "b"),
        ("select set_config('x.a', 'bb'::varchar(1), false)", None),
        ("select set_config('x.a', is_local => false, new_value => v) from t", None),
        ("select set_config(name, 'b', false) from pg_settings where name = 'x.a'", "b"),
        ("update pg_settings set setting = 'b' where name = 'x.a'", "b"),
        ("update pg_settings set setting = 'b' || 'c' where name = 'x.a'", None),
        ("update pg_settings set setting = v from t where name = 'x.a'", None),
        ("alter role ada set x.a = 'b'", "b"),
        ("do 'begin set x.a = 1; end'", None),
    ],
)
def test_the_value_where_the_text_says_it(text: str, value: str | None) -> None:
    (setting,) = told(text)
    assert setting.value == value


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("alter role ada set x.a = 1", True),
        ("alter role all in database d set x.a = 1", True),
        ("alter database d set x.a = 1", True),
        ("alter system set x.a = 1", True),
        ("create function f() returns int language sql set x.a = 1 as 'select 1'", True),
        ("create function f() returns int language plpgsql as 'begin set x.a = 1; end'", True),
        ("alter function f() set x.a = 1", True),
        ("create view v as select set_config('x.a', 'b', true)", True),
        ("set x.a = 1", False),
        ("select set_config('x.a', 'b', true)", False),
        ("do 'begin set x.a = 1; end'", False),
        ("explain analyze select set_config('x.a', 'b', true)", False),
        ("create table t as select set_config('x.a', 'b', true)", False),
        ("prepare p as select set_config('x.a', 'b', true)", False),
    ],
)
def test_what_is_not_set_now(text: str, stored: bool) -> None:
    (setting,) = told(text)
    assert (setting.name, setting.stored) == ("x.a", stored)


def test_values_in_a_large_statement_are_not_guessed() -> None:
    rows = ", ".join(f"({n}, 'it''s {n}', null, {n}.5)" for n in range(20_000))
    (setting,) = told(f"insert into t values {rows}, (set_config('x.a', 7, false)), ('set_config', '', true)")
    assert setting == Setting("x.a")
