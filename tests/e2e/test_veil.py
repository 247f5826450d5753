"""Personal data and secrets, with nothing configured: whatever way they are asked for, none of their values reaches an agent.

Every byte that clients are sent is looked through for the values, by a tap on the wire: what a driver makes of it does not matter.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.lab.gateway import Gateway
from tests.lab.tee import Tap
from tests.lab.veiled import PERSON, Veiled, connect, veiled

SCHEMA = Path(__file__).parent / "veil.sql"
SECRETS = (
    "hopper", "lovelace", "ljungberg", "grace.h", "ada.l", "signe.l", "078-05-1120", "219-09-9999", "457-55-5462",
    "4111 1111 1111 1111", "4111111111111111", "5500000000000004", "378282246310005", "91827", "73911", "64282",
    "1906-12-09", "1815-12-10", "1988-03-17", "+46 8 123 456 78", "+1 202 555 0143", "$2b$12$", "sekret-token", "Storgatan",
    "Analytical",
)  # fmt: skip
"""Pieces of the values in `veil.sql` that must not be seen. Compared without regard to case."""


@pytest.fixture(scope="module", params=["debian15", "embedded18"])
def place(request: pytest.FixtureRequest) -> Iterator[Veiled]:
    """With a copy of all names that a person has made through the gateway."""
    with veiled(request.getfixturevalue(request.param), SCHEMA) as stand:
        with connect(stand, PERSON) as session:
            session.execute("create table people_archive as select id, email as a, ssn as b, upper(family_name) as c from people")
        stand.tap.heard()
        yield stand


def outcome_of(running: Gateway, mark: str) -> dict[str, Any]:
    """The outcome of the statement whose text has the mark."""
    for _ in range(100):
        records = [json.loads(line) for file in running.ledger.glob("*/*.jsonl") for line in file.read_text().splitlines()]
        intents = [r["n"] for r in records if r["kind"] == "intent" and mark in r["what"].get("text", "")]
        for record in records:
            if record["kind"] == "outcome" and record["intent"] in intents:
                found: dict[str, Any] = record
                return found
        time.sleep(0.05)
    raise AssertionError(f"no outcome of `{mark}`")


def answered(error: psycopg.Error) -> None:
    """It was an answer of the database's, or ours: the session goes on."""
    assert error.sqlstate


def seen(tap: Tap) -> list[str]:
    """Which of the values were sent."""
    heard = tap.heard().lower()
    found = [each for each in SECRETS if each.lower().encode() in heard]
    utf16 = [each for each in SECRETS if each.lower().encode("utf-16-le") in heard]
    return found + utf16


QUERIES = (
    "select * from people",
    "table people",
    "select p.* from people p",
    "select email from people",
    'select email as "count" from people',
    "select email || '' from people",
    "select lower(email), upper(family_name) from people",
    "select 'x' || ssn || 'x' from people",
    "select format('%s', card) from people",
    "select concat_ws(',', given_name, family_name, email) from people",
    "select people from people",
    "select row(email, ssn) from people",
    "select row_to_json(p) from people p",
    "select to_jsonb(p) from people p",
    "select json_agg(p) from people p",
    "select jsonb_pretty(jsonb_agg(p)) from people p",
    "select json_build_object('a', email) from people",
    "select array_agg(email) from people",
    "select array[email, ssn] from people",
    "select array(select email from people)",
    "select string_agg(ssn, ',') from people",
    "select (select email from people limit 1)",
    "select max(email), min(card) from people",
    "select salary from people",
    "select avg(salary), sum(salary), max(salary) from people where id = 1",
    "select born, born::text, extract(year from born) || to_char(born, '-MM-DD') from people",
    "select email from people union select 'nobody'",
    "select 'nobody' union all select ssn from people",
    "select city from people except select 'x'",
    "with p as (select email as e from people) select e from p",
    "with recursive r as (select 1 n, email from people union all select n + 1, email from r where n < 2) select * from r",
    "select * from (select email as e from people) q",
    "select e from people, lateral (select email as e) l",
    "select x from people, unnest(array[email]) x",
    "select key, value from people p, jsonb_each_text(to_jsonb(p))",
    "select * from v_people",
    "select contact from v_people",
    "select * from mv_people",
    "select * from contact_of(1)",
    "select contact_of(2)",
    "select * from all_people()",
    "select (all_people()).email",
    "select whoami(1)",
    "select case when id = 1 then email else ssn end from people",
    "select coalesce(phone, email) from people",
    "select nullif(email, 'x') from people",
    "select first_value(email) over (order by id) from people",
    "select lag(ssn) over (order by id) from people",
    "select regexp_matches(email, '.*') from people",
    "select regexp_split_to_table(email, '@') from people",
    "select substring(card from 1 for 19) from people",
    "select encode(email::bytea, 'escape') from people",
    "select email::bytea from people",
    "select convert_to(email, 'UTF8') from people",
    "select xmlelement(name e, email) from people",
    "select query_to_xml('select email from people', true, true, '')",
    "select table_to_xml('people', true, true, '')",
    "select * from people_archive",
    "select payload from events",
    "select payload->>'email' from events",
    "select payload #>> '{user,ssn}' from events",
    "select note from tickets",
    "select left(note, 300) from tickets",
    "select tags from tickets",
    "select data from kv",
    "select password_hash, api_token from logins",
    "explain analyze select email from people where ssn is not null",
    "explain verbose select * from people",
    "copy people to stdout",
    "copy people (email, ssn) to stdout with (format csv, header)",
    "copy (select email, card, ssn from people) to stdout (format binary)",
    "copy (select row_to_json(p) from people p) to stdout",
    "copy (select * from v_people) to stdout",
    "select most_common_vals from pg_stats",
    "select query from pg_stat_activity",
    "select email::int from people",
    "select ssn::date from people",
    "select ('{' || email || '}')::json from people",
    "select 1 / (length(email) - length(email)) from people",
    "select cast(family_name as uuid) from people",
    "select whine(email) from people",
    "select set_config('search_path', email, false) from people",
)
"""What an agent may try. Some are refused; none may show a value."""


@pytest.mark.parametrize("text", QUERIES)
def test_no_value_reaches_an_agent_in_text(place: Veiled, text: str) -> None:
    with connect(place) as session:
        place.tap.heard()
        with session.cursor() as cursor:
            try:
                if text.startswith("copy"):
                    with cursor.copy(text.encode()) as copy:
                        for _ in copy:
                            pass
                else:
                    cursor.execute(text.encode())
            except psycopg.Error as error:
                answered(error)
        assert seen(place.tap) == []
        assert session.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("text", [each for each in QUERIES if not each.startswith("copy")])
def test_no_value_reaches_an_agent_by_the_extended_protocol(place: Veiled, text: str, binary: bool) -> None:
    with connect(place) as session:
        place.tap.heard()
        with session.cursor(binary=binary) as cursor:
            for _ in range(2):
                try:
                    cursor.execute(text.encode().replace(b"%", b"%%"), (), prepare=True)
                except psycopg.Error as error:
                    answered(error)
        assert seen(place.tap) == []


@pytest.mark.parametrize("text", [each for each in QUERIES if each.startswith(("select", "with", "table"))])
def test_no_value_reaches_an_agent_by_a_cursor(place: Veiled, text: str) -> None:
    with connect(place) as session:
        place.tap.heard()
        for declared in ("declare c cursor for", "declare c binary cursor for", "declare c scroll cursor for"):
            try:
                with session.transaction():
                    session.execute(f"{declared} {text}".encode())
                    session.execute("fetch 1 from c")
                    session.execute("fetch all from c")
                    session.execute("move backward all in c")
                    session.execute("fetch forward 2 from c")
            except psycopg.Error as error:
                answered(error)
            assert seen(place.tap) == []


@pytest.mark.parametrize("text", [each for each in QUERIES if each.startswith(("select", "with", "table"))])
def test_no_value_reaches_an_agent_by_a_prepared_statement(place: Veiled, text: str) -> None:
    with connect(place) as session:
        place.tap.heard()
        try:
            session.execute(f"prepare s as {text}".encode())
            session.execute("execute s")
        except psycopg.Error as error:
            answered(error)
        assert seen(place.tap) == []


HARMLESS = (
    ("select count(*), count(email), count(distinct ssn) from people", [(3, 3, 3)]),
    ("select id from people order by id", [(1,), (2,), (3,)]),
    ("select id, email is null from people order by id", [(1, False), (2, False), (3, False)]),
    ("select status, amount from orders order by id", [("paid", 10), ("open", 20), ("paid", 30)]),
    ("select sku, title from products order by id", [("A-1", "Lamp"), ("B-2", "Chair"), ("C-3", "Table")]),
    ("select 1, 'two', 3.5, now() is not null, array[1, 2], '{\"a\": 1}'::jsonb", [(1, "two", 3.5, True, [1, 2], {"a": 1})]),
    ("select status, count(*) from orders group by 1 order by 1", [("open", 1), ("paid", 2)]),
    ("select email_count, email_verified from newsletter order by id", [(4, True), (0, False)]),
    ("show server_encoding", [("UTF8",)]),
)


@pytest.mark.parametrize("who", ["tuner", "grace"])
@pytest.mark.parametrize(("text", "rows"), HARMLESS, ids=[each[0][:40] for each in HARMLESS])
def test_what_is_harmless_is_shown_as_it_is(place: Veiled, who: str, text: str, rows: list[object]) -> None:
    with connect(place, who) as session:
        assert session.execute(text.encode()).fetchall() == rows
        assert session.cursor(binary=True).execute(text.encode()).fetchall() == rows


def test_a_person_sees_masks_that_look_like_what_they_hide(place: Veiled) -> None:
    with connect(place, "grace") as session:
        row = session.execute("select id, email, card, ssn, family_name from people order by id").fetchone()
    assert row == (1, "g***@example.com", "****-****-****-1111".replace("-", " "), "*****", "*****")


# Where data goes, its labels have gone before

MOVES = (
    ("select id, family_name as x into moved from people", "x"),
    ("create table moved (id int, x text); insert into moved select id, family_name from people", "x"),
    (
        "create table moved (id int, x text); insert into moved select id, '' from people;"
        "update moved set x = p.family_name from people p where p.id = moved.id",
        "x",
    ),
    (
        "create table moved (id int primary key, x text); insert into moved values (1, ''); merge into moved m using people p"
        " on m.id = p.id when matched then update set x = p.family_name",
        "x",
    ),
    (
        "create table moved (id int primary key, x text); insert into moved values (1, 'a'); insert into moved"
        " select id, family_name from people on conflict (id) do update set x = excluded.x",
        "x",
    ),
    ("create view moved as select upper(family_name) as x from people", "x"),
    ("create materialized view moved as select lower(family_name) as x from people", "x"),
    (
        "create table moved as table people; alter table moved rename family_name to x; alter table moved rename to moved2;"
        "alter table moved2 rename to moved",
        "x",
    ),
    (
        "create table moved (x text); create table moving (y int) inherits (moved);"
        "insert into moving select family_name, 1 from people",
        "x",
    ),
    (
        "create table moved (id int, x text) partition by range (id);"
        "create table moved_1 partition of moved for values from (0) to (99); insert into moved select id, family_name from people",
        "x",
    ),
    (
        "create table moved (x text); create function move() returns void language plpgsql as"
        " 'begin insert into moved select family_name from people; end'; select move()",
        "x",
    ),
    (
        "create table moved (x text); create function keep() returns trigger language plpgsql as"
        " 'begin insert into moved values (new.family_name); return new; end';"
        "create trigger keeping after update on people for each row execute function keep(); update people set city = city",
        "x",
    ),
    (
        "create table moved (x text, y text generated always as (upper(x)) stored);"
        "insert into moved (x) select family_name from people",
        "y",
    ),
)


@pytest.mark.parametrize(("move", "column"), MOVES, ids=[each[0][:60] for each in MOVES])
def test_labels_go_where_data_goes(place: Veiled, move: str, column: str) -> None:
    """A person moves names, of which no value tells what they are; an agent in a session that was open before looks at once."""
    with connect(place) as agent, connect(place, "grace") as person:
        agent.execute("select 1")
        try:
            for each in [move] if "language" in move else move.split(";"):
                person.execute(each.encode())
            place.tap.heard()
            rows = agent.execute(f"select {column} from moved".encode()).fetchall()
            assert len(rows) >= 1
            assert seen(place.tap) == []
        finally:
            kind = next((kind for kind in ("materialized view", "view") if f"create {kind} moved" in move), "table")
            person.execute(f"drop {kind} moved cascade".encode())
            person.execute("drop function if exists move; drop function if exists keep cascade")


def test_labels_go_into_temporary_tables(place: Veiled) -> None:
    with connect(place, "grace") as person:
        place.tap.heard()
        person.execute("create temp table own as select family_name as x from people")
        person.execute("select x from own")
        person.execute("create temp table other (y text)")
        person.execute("insert into other select family_name from people")
        person.execute("select y from other")
        person.execute("select * from own, other")
        assert seen(place.tap) == []
        person.execute("create temp table clean as select status as x from orders")
        assert person.execute("select x from clean").fetchone() == ("paid",)


def test_labels_that_went_with_a_transaction_that_was_rolled_back_hide_nothing_else(place: Veiled) -> None:
    with connect(place, "grace") as person:
        person.execute("begin; create table gone as select family_name as x from people; rollback")
        person.execute("create table gone (x text); insert into gone values ('plain')")
        try:
            assert person.execute("select status from orders order by id").fetchone() == ("paid",)
        finally:
            person.execute("drop table gone")


# What was masked does not come back


@pytest.mark.parametrize("binary", [False, True])
def test_a_mask_is_not_written_over_its_value(place: Veiled, binary: bool) -> None:
    with connect(place, "grace") as person:
        cursor = person.cursor(binary=binary)
        (email,) = cursor.execute("select email from people where id = 1").fetchone() or ("",)
        assert email == "g***@example.com"
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is a mask"):
            cursor.execute("update people set email = %s where id = 1", (email,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is a mask"):
            person.execute("update people set email = 'g***@example.com' where id = 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is a mask"):
            person.execute("insert into people (id, family_name) values (99, '*****')")
        person.execute("update people set city = 'Arlington, VA' where id = 1")
        person.execute("update tickets set note = note || ' *****' where id = 2")
    with psycopg.connect(place.straight) as direct:
        assert direct.execute("select email, city from people where id = 1").fetchone() == ("grace.h@example.com", "Arlington, VA")


# Errors


@pytest.mark.parametrize("who", ["tuner", "grace"])
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("select email::int from people", "invalid input syntax for type integer"),
        ("select family_name::date from people", "invalid input syntax for type date"),
        ("select whine(family_name) from people", "P0001"),
        ("select 1 / 0 from people where city is not null", "division by zero"),
    ],
)
def test_errors_say_what_went_wrong_without_values(place: Veiled, who: str, text: str, kept: str) -> None:
    with connect(place, who) as session:
        place.tap.heard()
        with pytest.raises(psycopg.Error) as caught:
            session.execute(text.encode())
        assert kept in str(caught.value) or kept == caught.value.sqlstate
        assert seen(place.tap) == []


def test_a_violated_constraint_names_itself_and_no_value(place: Veiled) -> None:
    with connect(place, "grace") as person:
        place.tap.heard()
        for text in (
            "insert into people (id, email) select 50, email from people where id = 2",
            "update people set email = (select email from people where id = 2) where id = 1",
            "update people set salary = 200000 where id = 1",
            "insert into people select * from people",
        ):
            with pytest.raises(psycopg.errors.IntegrityError) as caught:
                person.execute(text.encode())
            assert caught.value.diag.constraint_name in ("people_email_key", "modest", "people_pkey")
        assert seen(place.tap) == []


# What is recorded


def test_records_tell_what_was_masked(place: Veiled) -> None:
    running = place.running
    with connect(place) as agent:
        agent.execute("select id, email, family_name as who, note from people join tickets using (id) /* told */").fetchall()
    told = outcome_of(running, "/* told */")
    assert [(each["column"], each.get("label"), each.get("masker"), each["cells"]) for each in told["veiled"]] == [
        ("email", "pii.email", "partial", 2),
        ("who", "pii.name.family", "full", 2),
        ("note", "pii.text", "found", 2),
    ]
    assert told["veiled"][0]["source"] == "public.people.email"


def test_a_constraint_that_is_checked_at_commit_shows_no_key(place: Veiled) -> None:
    with connect(place, "grace") as person:
        person.execute("create table late (email text unique deferrable initially deferred)")
        try:
            person.execute("insert into late select email from people")
            place.tap.heard()
            person.execute("begin")
            person.execute("insert into late select email from people where id = 1")
            with pytest.raises(psycopg.errors.UniqueViolation) as caught:
                person.execute("commit")
            assert caught.value.diag.constraint_name == "late_email_key"
            assert seen(place.tap) == []
        finally:
            person.execute("drop table late")


@pytest.mark.parametrize(
    "text",
    [
        "select set_config('my.x', family_name, false) from people where id = 1",
        "do $$ begin perform set_config('my.x', family_name, false) from people where id = 1; end $$",
        "with p as (select family_name n from people) select set_config('my.x', (select max(n) from p), false) is null",
    ],
)
def test_no_setting_takes_a_value_along(place: Veiled, text: str) -> None:
    with connect(place, "grace") as person:
        place.tap.heard()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            person.execute(text.encode())
        with pytest.raises(psycopg.errors.UndefinedObject):
            person.execute("select current_setting('my.x')")
        assert seen(place.tap) == []
        person.execute("select set_config('my.x', 'constant', false), email from people")
        assert person.execute("show my.x").fetchone() == ("constant",)
