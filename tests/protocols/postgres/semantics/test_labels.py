"""Which labels what a statement gives and writes has: of base columns, views, materialized views, functions; and what has none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from nightporter.catalog.follow import followed
from nightporter.catalog.labels import PERSON, Labelled
from nightporter.catalog.model import Relation, Snapshot
from nightporter.demo.server import EmbeddedServer
from nightporter.protocols.postgres.analysis import analyse
from nightporter.protocols.postgres.semantics.scope import Scope
from nightporter.protocols.postgres.semantics.understand import understand
from nightporter.statement.model import Output, Statement
from tests.lab.servers import fresh_database
from tests.lab.snapshot import snapshot_of

SCHEMA = """
create schema hr;
create domain mail as text check (value like '%@%');
create table customers (id int primary key, name text, email mail, card varchar(19), note text, boss int, tags text[], extra jsonb);
create table hr.staff (id int primary key, who text, ssn text, salary int);
create table audit (id int, what text, who text);
create table people (id int, full_name text, contact text);
create table clients (segment text) inherits (people);
create table events (id int, at date, who text) partition by range (at);
create table events_24 partition of events for values from ('2024-01-01') to ('2025-01-01');
create table written (first text, code text generated always as (upper(first)) stored);
create view contacts as select id, email as mail, lower(name) as name from customers;
create view mails as select mail from contacts;
create view said as select id, note as remark from customers;
create view activity as select pid, query as words from pg_stat_activity;
create view running as select query as q from pg_stat_get_activity(null);
create materialized view kept as select id, email as a, count(*) as n from customers group by id;
create materialized view kept_again as select upper(a) as b from kept;
create materialized view cleared as select email as a from customers;
create function mail_of(c int) returns text language sql stable as 'select email::text from customers where id = c';
create function mail_const(c int) returns text language sql immutable as 'select email::text from customers where id = c';
create function ssn_of(c int) returns text language plpgsql security definer as $$
declare found_ssn text; begin select ssn into found_ssn from hr.staff where id = c; return found_ssn; end $$;
create function has_ssn(s text) returns boolean language plpgsql as
    $$ begin return exists (select 1 from hr.staff where ssn = s); end $$;
create function any_ssn(s text) returns boolean language sql as 'select exists (select from hr.staff where ssn = s)';
create function everyone() returns table (n int, m text) language plpgsql as
    $$ begin return query select id, email::text from customers; end $$;
create function twice(n int) returns int language sql immutable as 'select 2 * n';
create function built(t text) returns text language plpgsql as $$ declare r text; begin execute t into r; return r; end $$;
create function through_temp() returns setof text language plpgsql as $$ begin
    create temp table scratch as select ssn from hr.staff; return query select s.ssn from scratch s; end $$;
create function through_table() returns setof text language plpgsql as $$ begin
    insert into audit (what) select ssn from hr.staff; return query select a.what from audit a; end $$;
create function heard() returns trigger language plpgsql as
    $$ begin insert into audit (what) values (new.note); return new; end $$;
create trigger hears after insert or update on customers for each row execute function heard();
create procedure give(inout t text) language plpgsql as $$ begin select email into t from customers; end $$;
create function lo_copy(oid) returns bytea language internal as 'be_lo_get';
create extension dblink;
"""

LABELS = {
    "customers.email": "pii.email",
    "customers.name": "pii.name",
    "customers.card": "pii.card",
    "customers.extra": "pii.text",
    "customers.tags": "pii.tags",
    "staff.ssn": "pii.national_id",
    "staff.salary": "pii.salary",
    "said.remark": "pii.text",
    "people.full_name": "pii.name",
    "clients.contact": "pii.phone",
    "events_24.who": "pii.name",
    "written.first": "pii.name",
}


class Fake:
    """Labels by table and column; `cleared` is said to hold nothing."""

    def of(self, relation: Relation, column: str) -> tuple[str, ...]:
        found = LABELS.get(f"{relation.name}.{column}")
        return (found,) if found and relation.oid >= 16384 else ()

    def explain(self, relation: Relation, column: str) -> tuple[Labelled, ...]:
        return (Labelled("", 1.0, (), "ada", PERSON),) if relation.name == "cleared" else ()


@dataclass(slots=True)
class World:
    """A database made by SCHEMA."""

    connection: psycopg.Connection[tuple[object, ...]]
    snapshot: Snapshot
    major: int

    def read(self, sql: str) -> tuple[Statement, ...]:
        scope = Scope(self.snapshot, ("public",), "postgres", temporary="pg_temp_3")
        return understand(analyse(sql), scope).statements

    def outputs(self, sql: str) -> str:
        statement = self.read(sql)[-1]
        assert statement.outputs is not None, statement.doubts
        return "; ".join(map(told, statement.outputs))

    def follows(self, sql: str) -> set[str]:
        return {
            f"{each.schema}.{each.relation}.{each.column} {','.join(each.labels)}"
            for statement in self.read(sql)
            for each in followed(statement, self.snapshot)
        }


def told(output: Output) -> str:
    """`mail =pii.email ~pii.name !server.values opaque`: direct, computed, of views, not to be told."""
    sources = {("=" if source.direct else "~") + label for source in output.sources for label in source.labels}
    return " ".join([output.name, *sorted(sources), *(f"!{each}" for each in output.labels), *["opaque"] * output.opaque])


@pytest.fixture(scope="module", params=["debian15", "embedded18"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """On PostgreSQL 15 and on 18."""
    server: EmbeddedServer = request.getfixturevalue(request.param)
    with fresh_database(server) as name, psycopg.connect(server.dsn(name), autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        snapshot = snapshot_of(server.dsn(name))
        snapshot.labels = Fake()  # type: ignore[assignment]
        yield World(connection, snapshot, connection.info.server_version // 10000)


OUTPUTS = """
? select id, email, card, note from customers
> id; email =pii.email; card =pii.card; note
? select * from customers c where c.email = 'x'
> id; name =pii.name; email =pii.email; card =pii.card; note; boss; tags =pii.tags; extra =pii.text
? table hr.staff
> id; who; ssn =pii.national_id; salary =pii.salary

-- casts that keep a value, and those that do not
? select email::text, card::text, card::varchar, card collate "C" from customers
> email =pii.email; card =pii.card; card =pii.card; card =pii.card
? select card::varchar(5), salary::text from customers, hr.staff
> card =pii.card ~pii.card; salary ~pii.salary

-- what tells at most whether there is a value
? select count(email), count(distinct email), count(*) from customers
> count; count; count
? select count(c), count(c.*), count(email) over (partition by name) from customers c
> count; count; count
? select email is null, email is not null, c is null from customers c
> ?column?; ?column?; ?column?
? select pg_typeof(email), pg_typeof(upper(name)), num_nulls(email, name), num_nonnulls(email) from customers
> pg_typeof; pg_typeof; num_nulls; num_nonnulls
? select pg_collation_for(name) from customers
> pg_collation_for
? select count(*) filter (where email like 'a%') from customers
> count
? select mail is null, count(mail) from contacts group by 1
> ?column?; count
? select case when email is null then 1 else 2 end from customers
> case
? select coalesce(nullif(count(email), 0), 1) from customers
> coalesce

-- what looks like it and tells more
? select count(case when email like 'a%' then 1 end) from customers
> count ~pii.email
? select count(nullif(email, 'x')), nullif(email, 'x') is null from customers
> count ~pii.email; ?column? ~pii.email
? select count(x) from (select case when ssn like '1%' then 1 end as x from hr.staff) s
> count ~pii.national_id
? select x is null from (select case when ssn like '1%' then 1 end as x from hr.staff) s
> ?column? ~pii.national_id
? select s is null from (select case when ssn like '1%' then 1 end as x from hr.staff) s
> ?column? ~pii.national_id
? select count(s) from (select case when ssn like '1%' then 1 end as x from hr.staff) s
> count
? select num_nulls(variadic tags), cardinality(tags) from customers
> num_nulls ~pii.tags; cardinality ~pii.tags
? select email = 'x', email like 'a%', (email = 'x') is true from customers
> ?column? ~pii.email; ?column? ~pii.email; ?column? ~pii.email
? select length(email), md5(email), pg_column_size(email), max(email), min(email) from customers
> length ~pii.email; md5 ~pii.email; pg_column_size ~pii.email; max ~pii.email; min ~pii.email
? select substring(email from 1 for 1) || name from customers
> ?column? ~pii.email ~pii.name
? select string_agg(email, ','), array_agg(email), json_agg(c), jsonb_object_agg(id, email) from customers c
> string_agg ~pii.email; array_agg ~pii.email; json_agg ~pii.card ~pii.email ~pii.name ~pii.tags ~pii.text; jsonb_object_agg
    ~pii.email
? select row_to_json(c), to_jsonb(email), format('%s', email) from customers c
> row_to_json ~pii.card ~pii.email ~pii.name ~pii.tags ~pii.text; to_jsonb ~pii.email; format ~pii.email
? select coalesce(email, name), greatest(email, name) from customers
> coalesce ~pii.email ~pii.name; greatest ~pii.email ~pii.name
? select case when ssn = '1' then 'a' else 'b' end from hr.staff
> case ~pii.national_id
? select lag(email) over (order by id), first_value(email) over () from customers
> lag ~pii.email; first_value ~pii.email
? select percentile_disc(0.5) within group (order by salary) from hr.staff
> percentile_disc ~pii.salary
? select c, (c).email, (c).*, row(email, 1) from (select email, id from customers) c
> c ~pii.email; email =pii.email; email =pii.email; id; row ~pii.email
? select array(select email from customers), (select email from customers limit 1)
> array ~pii.email; email =pii.email
? select extra -> 'a', extra #>> '{a}', extra['a'] from customers
> ?column?; ?column?; extra
? select key, value from customers, jsonb_each(extra)
> key ~pii.text; value ~pii.text
? select unnest(tags), t from customers, unnest(tags) t
> unnest ~pii.tags; t ~pii.tags
? select g from hr.staff, generate_series(1, salary) g
> g ~pii.salary
? select regexp_matches(email, '^.') from customers
> regexp_matches ~pii.email
? select x.e from customers c, lateral (select c.email as e) x
> e =pii.email
? select column1 from (values ((select email from customers limit 1)), ('x')) v
> column1 =pii.email
? select email from customers union all select note from customers
> email =pii.email
? select note from customers except select email from customers
> note
? select note from customers intersect select email::text from customers
> note =pii.email
? with recursive t as (select id, email::text as m from customers union all select boss, t.m || 'x' from customers join t using
    (id)) select m from t
> m =pii.email ~pii.email
? select email from customers group by email
> email =pii.email

-- conditions: those of EXISTS and of sub-selects that give nothing else are in the value; all others are uses
? select exists (select 1 from hr.staff where ssn = c.note) from customers c
> exists ~pii.national_id
? select exists (select 1 from customers) as e
> e
? select not exists (select from hr.staff s join customers c on c.note = s.ssn) as e
> e ~pii.national_id
? select exists (select from hr.staff s join (select note as ssn from customers) c using (ssn)) as e
> e ~pii.national_id
? select (select 1 from hr.staff where ssn like '1%') as x, (select count(*) from hr.staff where ssn like '1%') as n
> x ~pii.national_id; n ~pii.national_id
? select 1 in (select 1 from hr.staff where ssn like '1%') as x, array(select 1 from hr.staff where ssn > '1') as a
> x ~pii.national_id; a ~pii.national_id
? with w as (select 1 from hr.staff where ssn like '1%') select exists (select from w) as x
> x ~pii.national_id
? select (select name from customers c where c.email = a.who) as x from audit a
> x =pii.name
? select exists (select from hr.staff where ssn is null) as x
> x
? select exists (select from customers c, regexp_matches(c.email, '^a')) as x
> x ~pii.email
? select count(*) from hr.staff where ssn like '1%'
> count

-- how many rows a function gives tells of what it was given
? select s.id, count(*) from hr.staff s, generate_series(1, s.salary) group by s.id
> id; count ~pii.salary
? select (select count(*) from generate_series(1, s.salary)) as n from hr.staff s
> n ~pii.salary
? select count(*) from (select generate_series(1, salary) from hr.staff) x
> count ~pii.salary
? with g as (select generate_series(1, salary) from hr.staff) select count(*) from g
> count ~pii.salary
? select max(o) from hr.staff, unnest(string_to_array(ssn, null)) with ordinality u(c, o)
> max ~pii.national_id
? select count(*) from everyone()
> count
? select count(*) from customers, generate_series(1, id)
> count

-- views, materialized views, generated columns, children
? select * from contacts
> id; mail =pii.email; name ~pii.name
? select upper(mail) as m, * from mails
> m ~pii.email; mail =pii.email
? select remark, id from said
> remark !pii.text; id
? select * from kept
> id; a =pii.email; n
? select b from kept_again
> b =pii.email
? select a from cleared
> a
? select first, code from written
> first =pii.name; code =pii.name
? select full_name, contact from clients
> full_name; contact =pii.phone

-- functions
? select mail_of(1), ssn_of(2), twice(3)
> mail_of ~pii.email; ssn_of ~pii.national_id; twice
? select has_ssn('1'), any_ssn('1')
> has_ssn ~pii.national_id; any_ssn ~pii.national_id
? select n, m from everyone()
> n ~pii.email; m ~pii.email
? select * from through_table()
> through_table ~pii.national_id
? call give('x')
> t ~pii.email
? select twice(n) from everyone()
> twice ~pii.email

-- what nobody can name, and what has a name of its own
? select built('select 1')
> built opaque
? select lo_get(16), lo_copy(16), lo_creat(-1)
> lo_get ~server.values; lo_copy ~server.values; lo_creat
? select * from dblink_get_result('c') as t(a int, b text)
> a opaque; b opaque
? select 1 as one, pg_read_file('x'), pg_ls_dir('.')
> one; pg_read_file opaque; pg_ls_dir
? select cursor_to_xml('c', 1, true, true, '') as x, name from customers
> x opaque; name =pii.name
? select table_to_xml('hr.staff', true, true, '') as x
> x ~pii.national_id ~pii.salary
? select query_to_xml('select ssn from hr.staff', true, true, '') as x
> x ~pii.national_id
? select pid, query from pg_stat_activity
> pid !server.state; query !server.statements
? select words from activity
> words !server.statements
? select q from running
> q !server.statements
? select most_common_vals, tablename from pg_stats
> most_common_vals ~server.values !server.values; tablename
? select passwd is null as n, usename from pg_shadow
> n; usename
? select rolpassword, rolname from pg_authid
> rolpassword =secret.password; rolname
? select pg_get_viewdef('contacts'::regclass) as d, pg_get_functiondef(1) as f
> d; f
? select column_name from information_schema.columns
> column_name
? select current_user, now(), version()
> current_user; now; version

-- changes
? update customers set note = 'x' returning id, email
> id; email =pii.email
? delete from hr.staff returning *
> id; who; ssn =pii.national_id; salary =pii.salary
? insert into audit (what) select ssn from hr.staff returning what, id
> what =pii.national_id ~pii.national_id; id
? with w as (insert into audit (what) select ssn from hr.staff returning what) select what || '!' as x from w
> x ~pii.national_id
? update audit set what = c.email from customers c where c.id = audit.id returning what, who
> what =pii.email ~pii.email; who

-- statements around statements
? explain select email from customers where email = 'x'
> QUERY PLAN
? explain verbose select mail_const(1), ssn_of(1)
> QUERY PLAN ~pii.email
? explain select twice(3)
> QUERY PLAN
? prepare p(text) as select 1 from audit where what = $1; explain execute p(mail_of(1))
> QUERY PLAN ~pii.email
? declare c cursor for select email, upper(name) as n from customers
> email =pii.email; n ~pii.name
? begin; declare c cursor for select email from customers; fetch 5 from c
> email =pii.email
? prepare p as select email from customers; execute p
> email =pii.email
? prepare p(text) as select $1 as x, id from customers; execute p(mail_of(1))
> x ~pii.email; id ~pii.email
? copy customers (id, email) to stdout
> id; email =pii.email
? copy (select upper(email) as e from customers) to stdout
> e ~pii.email
? insert into audit (what) select email from customers; select what, who from audit
> what =pii.email; who
"""


def rows(table: str) -> list[tuple[str, str]]:
    """Statements (`?`) and what is expected of each (`>`); an indented line goes on with the one before."""
    lines = re.sub(r"\n +", " ", table).splitlines()
    sql = [line[1:].strip() for line in lines if line.startswith("?")]
    return list(zip(sql, [line[1:].strip() for line in lines if line.startswith(">")], strict=True))


@pytest.mark.parametrize(("sql", "expected"), rows(OUTPUTS), ids=[sql[:60] for sql, _ in rows(OUTPUTS)])
def test_outputs(world: World, sql: str, expected: str) -> None:
    assert world.outputs(sql) == expected


FOLLOWS = """
? insert into audit (what, who) select email, 'x' from customers
> public.audit.what pii.email
? insert into audit (what) values ('x'), ($1)
>
? insert into audit (what) select upper(email) || name from customers
> public.audit.what pii.email,pii.name
? insert into audit (id) select count(email) from customers
>
? insert into customers (id, email) select id, 'x' from hr.staff
>
? insert into customers (id, email) select id, email from customers
>
? insert into customers (id, note) select id, ssn from hr.staff
> public.customers.note pii.national_id; public.audit.what pii.national_id
? update audit a set what = c.email from customers c where c.id = a.id
> public.audit.what pii.email
? update audit set (what, who) = (select name, note from customers where id = 1)
> public.audit.what pii.name
? insert into audit (id, what) values (1, 'x') on conflict do nothing
>
? merge into audit a using customers c on a.id = c.id when matched then update set who = c.card when not matched then insert
    (what) values (c.name)
> public.audit.what pii.name; public.audit.who pii.card
? create table copy as select id, email as mail, upper(name) as n from customers
> public.copy.mail pii.email; public.copy.n pii.name
? create table copy as table customers with no data
> public.copy.card pii.card; public.copy.email pii.email; public.copy.extra pii.text; public.copy.name pii.name;
    public.copy.tags pii.tags
? select email as mail into copy from customers
> public.copy.mail pii.email
? create temp table copy as select ssn from hr.staff
> pg_temp_3.copy.ssn pii.national_id
? create materialized view m2 as select mail from mails
> public.m2.mail pii.email
? create materialized view m3 as select a from kept
> public.m3.a pii.email
? refresh materialized view kept
> public.kept.a pii.email
? create view v2 as select email from customers
>
? create table twin (like hr.staff including all)
> public.twin.salary pii.salary; public.twin.ssn pii.national_id
? create table part (like hr.staff, more text)
> public.part.salary pii.salary; public.part.ssn pii.national_id
? create table child_of () inherits (people)
>
? prepare p as select email from customers; create table made as execute p
> public.made.email pii.email
? prepare p(text) as insert into audit (what) values ($1); execute p(mail_of(1))
> public.audit.what pii.email
? alter table customers alter column note type text using email::text
> public.customers.note pii.email
? alter table customers rename column email to mail
>
? select through_table()
> public.audit.what pii.national_id
? do $$ begin insert into audit (what) select email from customers; end $$
> public.audit.what pii.email
? insert into said (id, remark) select id, ssn from hr.staff
> public.customers.note pii.national_id; public.audit.what pii.national_id
? insert into people (id, contact) select id, email from customers
> public.people.contact pii.email
? insert into audit (what) select most_common_vals::text from pg_stats
> public.audit.what server.values
? insert into audit (what) select q from running
> public.audit.what server.statements
? with w as (delete from hr.staff returning ssn) insert into audit (what) select ssn from w
> public.audit.what pii.national_id
? insert into audit (what) select email from customers; insert into copy2 select 1
> public.audit.what pii.email
? insert into audit (what) select email from customers; insert into audit (who) select what from audit
> public.audit.what pii.email; public.audit.who pii.email
? copy audit (what) from stdin
>
? delete from customers
>
? select email from customers
>
"""


@pytest.mark.parametrize(("sql", "expected"), rows(FOLLOWS), ids=[sql[:60] for sql, _ in rows(FOLLOWS)])
def test_labels_follow_data(world: World, sql: str, expected: str) -> None:
    assert world.follows(sql) == {each.strip() for each in expected.split(";") if each.strip()}


SINCE_18 = """
? merge into customers c using audit a on a.id = c.id when matched then update set note = a.what
    returning old.email, new.name, a.what
> email =pii.email; name =pii.name; what
? update customers set note = 'x' returning old.email as was, old.note
> was =pii.email; note
? select json_value(extra, '$.a' returning text) as v, extra is json as j from customers
> v ~pii.text; j ~pii.text
? select v from customers, json_table(extra, '$' columns (v text path '$.a')) t
> v ~pii.text
"""


@pytest.mark.parametrize(("sql", "expected"), rows(SINCE_18))
def test_outputs_of_newer_servers(world: World, sql: str, expected: str) -> None:
    if world.major >= 18:
        assert world.outputs(sql) == expected


def test_columns_that_are_used_have_their_labels(world: World) -> None:
    (statement,) = world.read("select id from customers c join events e on e.id = c.id where email = 'x'")
    found = {f"{each.relation}.{column.name}": column.labels for each in statement.accesses for column in each.columns}
    assert found["customers.email"] == ("pii.email",)
    assert found["customers.id"] == ()
    (statement,) = world.read("select at, who from events")
    found = {f"{each.relation}.{column.name}": column.labels for each in statement.accesses for column in each.columns}
    assert found == {"events.at": (), "events.who": (), "events_24.at": (), "events_24.who": ("pii.name",)}
    (statement,) = world.read("select mail from mails")
    assert [(each.relation, [column.labels for column in each.columns]) for each in statement.accesses] == [
        ("mails", [()]),
        ("contacts", [()]),
        ("customers", [("pii.email",)]),
    ]


def test_outputs_have_types(world: World) -> None:
    def types(sql: str) -> list[str]:
        outputs = world.read(sql)[-1].outputs
        assert outputs is not None
        names = world.snapshot.types
        return [names[each.type].name if each.type else "?" for each in outputs]

    assert types("select id, name, email, card, tags, c, count(*), 'x', null, 1.5 from customers c group by c.id") == [
        *("int4", "text", "mail", "varchar", "_text", "customers", "int8", "text", "text", "numeric"),
    ]
    assert types("copy customers (id, extra) to stdout") == ["int4", "jsonb"]
    assert types("call give('x')") == ["text"]
    assert types("explain select 1") == ["text"]
    assert types("declare c cursor for select salary from hr.staff") == ["int4"]


def test_what_only_decides_is_used_as_before(world: World) -> None:
    (statement,) = world.read("select exists (select from hr.staff where ssn = '1'), count(email) from customers")
    uses = {column.name: sorted(column.uses) for each in statement.accesses for column in each.columns if column.uses}
    assert uses == {"ssn": ["predicate"], "email": ["expression"]}


def test_a_setting_that_gets_labelled_values_is_a_doubt(world: World) -> None:
    (statement,) = world.read("select set_config('my.mail', email, false) from customers")
    assert statement.unknown is not None
    assert all(each.opaque for each in statement.outputs or ())
    (statement,) = world.read("select set_config('my.id', id::text, false) from customers")
    assert statement.unknown is None


def test_outputs_of_what_is_not_understood_are_opaque(world: World) -> None:
    (statement,) = world.read("select id, nowhere from customers")
    assert statement.unknown is not None
    assert all(each.opaque for each in statement.outputs or ())


def test_a_cursor_that_is_closed_is_not_known(world: World) -> None:
    *_, fetched = world.read("declare c cursor for select 1; close c; fetch c")
    assert fetched.outputs is None
    *_, fetched = world.read("declare c cursor for select 1; declare d cursor for select 2 as b; close all; fetch d")
    assert fetched.outputs is None
    moved = world.read("declare c cursor for select 1; move c")[-1]
    assert moved.outputs is None


def test_followings_say_why(world: World) -> None:
    (statement,) = world.read("insert into audit (what, who) select email, upper(name) from customers")
    found = {each.column: each.reason for each in followed(statement, world.snapshot)}
    assert found == {"what": "copied from public.customers.email", "who": "computed from public.customers.name"}
    (statement,) = world.read("create temporary table mine as select ssn from hr.staff")
    (following,) = followed(statement, world.snapshot)
    assert following.temporary
    assert following.made


def test_an_earlier_statement_of_the_text_is_followed_to_relatives(world: World) -> None:
    read = world.read(
        "insert into people (id, full_name, contact) select id, name, email from customers; select contact from clients"
    )
    outputs = read[-1].outputs
    assert outputs is not None
    assert set(outputs[0].sources[0].labels) == {"pii.phone", "pii.email"}
