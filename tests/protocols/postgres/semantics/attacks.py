"""The tricks of test_attacks.py, by class. Data only: what each does was proved on PostgreSQL 15 and 18."""

# ruff: noqa: E501 - a statement is one line

from __future__ import annotations

from dataclasses import dataclass

MARKED = "select count(*) > 0 from canary.log"
DEFAULT_PATH = '"$user", public'
LOG = "insert canary.log"
OUT = "out vault.secrets.value"
READS = "reads vault.secrets.value"


@dataclass(frozen=True, slots=True)
class Trick:
    """A statement, and what must be said of it unless it is unknown.

    `says`, each of them: `ACTION schema.relation`; `reads schema.relation.column`; `out schema.relation.column`, in a result;
    `flow schema.relation.column < schema.relation.column`; `effect NAME`; `setting NAME`; `action NAME`; `bound NAME relation`.
    """

    sql: str
    says: str = LOG
    setup: str = ""
    path: str = DEFAULT_PATH
    role: str = "postgres"
    proof: str = ""
    """SQL that is true where the trick worked; empty: a mark, or the secret among what came back."""
    since: int = 13
    until: int = 99
    settings: tuple[tuple[str, str], ...] = ()
    prepared: str = ""
    """What EXECUTE stands for: a PREPARE."""
    open: str = ""
    """Why it is not seen through as yet; to be taken away with the reason."""
    known: bool = False
    """It must not be unknown either."""


EVIL = "evil, pg_catalog, public"
EVIL_T = "evil, public"
_ROWS = "create operator class evil.int_ops for type int using btree as operator 1 evil.<, operator 3 evil.=, function 1 mark_compare(int, int)"

NAMES = [
    Trick("select b from t", "out evil.t.b; reads evil.t.b", path=EVIL_T, known=True),
    Trick("select b from t", "out evil.t.b", path="public, evil", setup="drop table u, public.t", known=True),
    Trick('select "value" from vault."secrets"', OUT, known=True),
    Trick('select U&"v\\0061lue" from U&"v\\0061ult".secrets', OUT, known=True),
    Trick("select U&\"v!0061lue\" uescape '!' from vault.secrets", OUT, known=True),
    Trick("SELECT VALUE FROM VAULT.SECRETS", OUT, known=True),
    Trick('select x from "T"', OUT, setup='create view public."T" as select value x from vault.secrets', known=True),
    Trick("select value from secrets", OUT, path="vault", known=True),
    Trick("select t from (select value t from vault.secrets) u", OUT, known=True),
    Trick("with t as (select value b from vault.secrets) select b from t", OUT, known=True),
    Trick(
        "with t as (select * from t) select b from t",
        OUT,
        setup="drop table u, public.t; create view t as select value b from vault.secrets",
        known=True,
    ),
    Trick("with recursive t as (select value b from vault.secrets) select b from t", OUT, known=True),
    Trick(
        "with t as (select 1 b) select b from public.t",
        "out vault.secrets.value",
        known=True,
        setup="drop table u, public.t; create view t as select value b from vault.secrets",
    ),
    Trick(
        "with secrets as (select value from vault.secrets) select (with secrets as (select 1 v) select value from vault.secrets limit 1)",
        OUT,
        known=True,
    ),
    Trick("select pg_class from (select value pg_class from vault.secrets) x", OUT, known=True),
    Trick(
        "select t.peek from t",
        OUT,
        setup="create function peek(t) returns text language sql as 'select value from vault.secrets limit 1'",
    ),
    Trick(
        "select (t).peek from t",
        OUT,
        setup="create function peek(t) returns text language sql as 'select value from vault.secrets limit 1'",
    ),
    Trick(
        "select peek(t) from t",
        OUT,
        setup="create function peek(t) returns text language sql as 'select value from vault.secrets limit 1'",
    ),
    Trick("select t.mark from t"),
    Trick("select value(s) from vault.secrets s", OUT, known=True),
    Trick("select s::text from vault.secrets s", OUT, known=True),
    Trick("select secrets from vault.secrets", OUT, known=True),
    Trick("select x from vault.secrets as x(a, b, c)", OUT, known=True),
    Trick("select a from vault.secrets as x(c, b, a)", OUT, known=True),
    Trick(
        "select b from (select 'x' a, value b from vault.secrets) as x(b, a)",
        "reads vault.secrets.value",
        proof="select true",
        known=True,
    ),
    Trick("select a from (select 'x' a, value b from vault.secrets) as x(b, a)", OUT, known=True),
    Trick("table vault.secrets", OUT, known=True),
    Trick("select * from (select * from vault.secrets x(a, a)) as y(p, q, r)", OUT),
    Trick("select r from (select * from vault.secrets x(a, a)) as y(p, q, r)", OUT),
    Trick("select lower('x')", path=EVIL),
    Trick("select pg_catalog.lower('x'), lower('x')", path=EVIL),
    Trick(
        "select count(note) from public.u",
        path=EVIL,
        setup="create function evil.count(text) returns int language plpgsql as $$ begin perform public.mark(); return 1; end $$",
    ),
    Trick("select 1 + 1", path=EVIL),
    Trick("select 1 operator(evil.+) 1"),
    Trick("select 1 operator(evil.+) 1 operator(pg_catalog.+) 1"),
    Trick("select a from public.t where a = 10", path=EVIL),
    Trick("select * from public.t join u using (id)", path=EVIL),
    Trick("select * from (select id from public.t) x natural join (select id from public.u) y", path=EVIL),
    Trick("select * from public.t where a in (10, 20)", path=EVIL),
    Trick("select * from public.t where a in (select id from public.u)", path=EVIL),
    Trick("select * from public.t where a = any (array[10, 20])", path=EVIL),
    Trick(
        "select * from public.t where a <> all (select 1)",
        setup="create function evil.ne(int, int) returns bool language plpgsql as $$ begin perform public.mark(); return true; end $$; create operator evil.<> (leftarg = int, rightarg = int, function = evil.ne)",
        path=EVIL,
    ),
    Trick("select * from public.t where (a, c) = (10, 0)", setup=_ROWS, path=EVIL),
    Trick("select * from public.t where (a, c) in ((10, 0), (20, 0))", setup=_ROWS, path=EVIL),
    Trick("select * from public.t where row(a, c) is distinct from row(10, 0)", path=EVIL),
    Trick("select * from public.t where row(a, c) is not distinct from row(10, 0)", path=EVIL),
    Trick("select * from public.t where (a, c) = (select 10, 0)", setup=_ROWS, path=EVIL),
    Trick("select * from public.t where (a, c) in (select 10, 0)", setup=_ROWS, path=EVIL),
    Trick("select a is distinct from 10 from public.t", path=EVIL),
    Trick("select nullif(a, 10) from public.t", path=EVIL),
    Trick("select case a when 10 then 1 end from public.t", path=EVIL),
    Trick("select case when a between 1 and 10 then 1 end from public.t", path=EVIL),
    Trick("select a between symmetric 1 and 10 from public.t", path=EVIL),
    Trick(
        "select a like b from (values ('x', 'y')) v(a, b)",
        path="evil, pg_catalog, public",
        setup="create function evil.like_(text, text) returns bool language plpgsql as $$ begin perform public.mark(); return true; end $$; create operator evil.~~ (leftarg = text, rightarg = text, function = evil.like_)",
    ),
    Trick(
        "select a ilike b from (values ('x', 'y')) v(a, b)",
        path="evil, pg_catalog, public",
        setup="create function evil.like_(text, text) returns bool language plpgsql as $$ begin perform public.mark(); return true; end $$; create operator evil.~~* (leftarg = text, rightarg = text, function = evil.like_)",
    ),
    Trick(
        "select a similar to 'y' from (values ('x', 'y')) v(a, b)",
        path="evil, pg_catalog, public",
        setup="create function evil.like_(text, text) returns bool language plpgsql as $$ begin perform public.mark(); return true; end $$; create operator evil.~ (leftarg = text, rightarg = text, function = evil.like_)",
    ),
    Trick(
        "select - a from public.t",
        path="evil, pg_catalog, public",
        setup="create function evil.minus(int) returns int language plpgsql as $$ begin perform public.mark(); return 1; end $$; create operator evil.- (rightarg = int, function = evil.minus)",
    ),
    Trick("select value from pg_temp.x", OUT, setup="create temp view x as select value from vault.secrets"),
    Trick(
        "select b from t", "out vault.secrets.value", setup="create temp view t as select value b from vault.secrets", known=True
    ),
    Trick(
        "select pg_temp.f()",
        setup="create function pg_temp.f() returns int language plpgsql as $$ begin perform public.mark(); return 1; end $$",
    ),
    Trick(
        "select b from public.t, pg_temp.t x limit 1",
        "reads public.t.b",
        proof="select true",
        setup="create temp view t as select 1 q",
    ),
    Trick("select x.* from (select * from vault.secrets) x", OUT, known=True),
    Trick("select (x).value from (select s x from vault.secrets s) y", OUT),
    Trick("select (x.s).value from (select s from vault.secrets s) x", OUT),
    Trick("select (s).* from vault.secrets s", OUT, known=True),
    Trick("select row(s.*) from vault.secrets s", OUT, known=True),
    Trick("select to_json(s) from vault.secrets s", OUT, known=True),
    Trick("select json_agg(s) from vault.secrets s", OUT, known=True),
    Trick("select f from (select 1) x, lateral (select value f from vault.secrets) y", OUT, known=True),
]

OVERLOADS = [
    Trick(
        "select f(1)",
        setup="create function f(bigint) returns int language sql as 'select 1'; create function f(int) returns int language sql as 'select mark()'",
    ),
    Trick(
        "select f('1')",
        setup="create function f(text) returns int language sql as 'select mark()'; create function f(int) returns int language sql as 'select 1'",
    ),
    Trick(
        "select f(null)",
        setup="create function f(text) returns int language sql as 'select mark()'; create function f(bytea) returns int language sql as 'select 1'",
    ),
    Trick(
        "select f(1::checked)",
        "insert canary.log",
        setup="create function f(int) returns int language plpgsql as $$ begin return 1; end $$",
    ),
    Trick("select f(1)", setup="create function f(checked) returns int language sql as 'select 1'", proof="select true"),
    Trick("select f(1, 2, 3)", setup="create function f(variadic int[]) returns int language sql as 'select mark()'"),
    Trick("select f(variadic array[1])", setup="create function f(variadic int[]) returns int language sql as 'select mark()'"),
    Trick("select f()", setup="create function f(x int default mark()) returns int language sql as 'select x'"),
    Trick(
        "select f(y => 1)", setup="create function f(x int default mark(), y int default 2) returns int language sql as 'select x'"
    ),
    Trick(
        "select f(y := 1)", setup="create function f(x int default mark(), y int default 2) returns int language sql as 'select x'"
    ),
    Trick("call mark_procedure()"),
    Trick("call f(1)", setup="create procedure f(x int, y int default mark()) language sql as 'select 1'"),
    Trick("call f(mark())", setup="create procedure f(x int) language sql as 'select 1'"),
    Trick(
        "call f(null)",
        OUT,
        setup="create procedure f(out x text) language plpgsql as $$ begin select value into x from vault.secrets limit 1; end $$",
    ),
    Trick("select mark('x'::text)"),
    Trick("select mark(array[1])"),
    Trick("select f(array[1], 1)", setup="create function f(anyarray, anyelement) returns int language sql as 'select mark()'"),
    Trick("select f(x) from (select 1 x) x", setup="create function f(int) returns int language sql as 'select mark()'"),
    Trick(
        "select f(x) from (select 1.5 x) x",
        setup="create function f(int) returns int language sql as 'select 1'; create function f(numeric) returns int language sql as 'select mark()'",
    ),
    Trick("select f(null::mood)", setup="create function f(anyenum) returns int language sql as 'select mark()'"),
    Trick("select f(row(1,2))", setup="create function f(record) returns int language plpgsql as $$ begin return mark(); end $$"),
    Trick("select f(t) from t", setup="create function f(record) returns int language plpgsql as $$ begin return mark(); end $$"),
    Trick(
        "select public.f(1)",
        setup="create function evil.f(int) returns int language sql as 'select 1'; create function public.f(int) returns int language sql as 'select mark()'",
        path=EVIL_T,
    ),
    Trick(
        "select f(1)",
        setup="create function evil.f(bigint) returns int language sql as 'select 1'; create function public.f(int) returns int language sql as 'select mark()'",
        path=EVIL_T,
    ),
    Trick(
        "select f(1)",
        setup="create function evil.f(int) returns int language sql as 'select mark()'; create function public.f(int) returns int language sql as 'select 1'",
        path=EVIL_T,
    ),
    Trick("select mark_sql(1)"),
    Trick("select mark_sql(a) from t"),
    Trick("execute p(mark())", prepared="prepare p as select $1::int"),
]

_USING = "create operator ### (leftarg = int, rightarg = int, function = mark_less); create operator class c for type int using btree as operator 1 ###, operator 3 =, function 1 mark_compare(int, int)"

OPERATORS = [
    Trick(
        "select 1 ### 2",
        setup="create function f(int, int) returns int language sql as 'select mark()'; create operator ### (leftarg = int, rightarg = int, function = f)",
    ),
    Trick(
        "select ### 2",
        setup="create function f(int) returns int language sql as 'select mark()'; create operator ### (rightarg = int, function = f)",
    ),
    Trick(
        "select 2 operator(public.###) 1",
        setup="create function f(int, int) returns int language sql as 'select mark()'; create operator ### (leftarg = int, rightarg = int, function = f)",
    ),
    Trick(
        "select 2 ### '1'",
        setup="create function f(int, int) returns int language sql as 'select mark()'; create operator ### (leftarg = int, rightarg = int, function = f)",
    ),
    Trick(
        "select array[1] ### array[2]",
        setup="create function f(anyarray, anyarray) returns int language sql as 'select mark()'; create operator ### (leftarg = anyarray, rightarg = anyarray, function = f)",
    ),
    Trick(
        "select 1 ### any (array[1])",
        setup="create function f(int, int) returns bool language sql as 'select mark() > 0'; create operator ### (leftarg = int, rightarg = int, function = f)",
    ),
    Trick(
        "select 1 ### all (select a from t)",
        setup="create function f(int, int) returns bool language sql as 'select mark() > 0'; create operator ### (leftarg = int, rightarg = int, function = f)",
    ),
    Trick("select a from t order by a using ###", setup=_USING),
    Trick("select array_agg(a order by a using ###) from t", setup=_USING),
    Trick("select row_number() over (order by a using ###) from t", setup=_USING),
    Trick("select a from t order by a using operator(public.###)", setup=_USING),
]

_PAIR_CLASS = """
create function pair_compare(pair, pair) returns int language plpgsql immutable as $$ begin perform mark(); return 0; end $$;
create function pair_less(pair, pair) returns bool language plpgsql immutable as $$ begin perform mark(); return false; end $$;
create function pair_equal(pair, pair) returns bool language plpgsql immutable as $$ begin perform mark(); return true; end $$;
create function pair_hash(pair) returns int language plpgsql immutable as $$ begin perform mark(); return 0; end $$;
create operator <<< (leftarg = pair, rightarg = pair, function = pair_less);
create operator === (leftarg = pair, rightarg = pair, function = pair_equal, hashes, merges);
create operator class pair_ops default for type pair using btree as operator 1 <<<, operator 3 ===, function 1 pair_compare(pair, pair);
create operator class pair_hash default for type pair using hash as operator 1 ===, function 1 pair_hash(pair);
create table pairs (p pair); insert into pairs values (row(1, 2)), (row(3, 4));
"""
_POINT_CLASS = """
create function point_compare(point, point) returns int language plpgsql immutable as $$ begin perform mark(); return 0; end $$;
create function point_less(point, point) returns bool language plpgsql immutable as $$ begin perform mark(); return false; end $$;
create operator <<< (leftarg = point, rightarg = point, function = point_less);
create operator class point_ops default for type point using btree as operator 1 <<<, operator 3 ~=, function 1 point_compare(point, point);
"""
_INT_CLASS = """
create operator class int_evil for type int using btree as operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >,
  function 1 mark_compare(int, int);
"""
_RANGE = _INT_CLASS + "create type evil_range as range (subtype = int, subtype_opclass = int_evil);"
_MOOD_CLASS = """
create function mood_compare(mood, mood) returns int language plpgsql immutable as $$ begin perform mark(); return 0; end $$;
create function mood_less(mood, mood) returns bool language plpgsql immutable as $$ begin perform mark(); return false; end $$;
create function mood_equal(mood, mood) returns bool language plpgsql immutable as $$ begin perform mark(); return true; end $$;
create operator <<< (leftarg = mood, rightarg = mood, function = mood_less);
create operator === (leftarg = mood, rightarg = mood, function = mood_equal);
create operator class mood_ops default for type mood using btree as operator 1 <<<, operator 3 ===, function 1 mood_compare(mood, mood);
create table moods (m mood); insert into moods values ('sad'), ('glad');
"""

COMPARISONS = [
    Trick("select p from pairs order by p", setup=_PAIR_CLASS),
    Trick("select p from pairs group by p", setup=_PAIR_CLASS),
    Trick("select distinct p from pairs", setup=_PAIR_CLASS),
    Trick("select distinct on (p) 1 from pairs", setup=_PAIR_CLASS),
    Trick("select p from pairs union select p from pairs", setup=_PAIR_CLASS),
    Trick("select p from pairs intersect select p from pairs", setup=_PAIR_CLASS),
    Trick("select p from pairs except select p from pairs", setup=_PAIR_CLASS),
    Trick("select count(distinct p) from pairs", setup=_PAIR_CLASS),
    Trick("select rank() over (order by p) from pairs", setup=_PAIR_CLASS),
    Trick("select count(*) over (partition by p) from pairs", setup=_PAIR_CLASS),
    Trick("select percentile_disc(0.5) within group (order by p) from pairs", setup=_PAIR_CLASS),
    Trick("select array_agg(p order by p) from pairs", setup=_PAIR_CLASS),
    Trick("select greatest(p, p) from pairs", setup=_PAIR_CLASS),
    Trick("select array[p] = array[p] from pairs", setup=_PAIR_CLASS),
    Trick("select array[p] < array[row(1, 3)::pair] from pairs", setup=_PAIR_CLASS),
    Trick("select max(array[p]) from pairs", setup=_PAIR_CLASS),
    Trick("select array_position(array[p], p) from pairs", setup=_PAIR_CLASS),
    Trick("select row(a.p, 1)::record = row(b.p, 1)::record from pairs a, pairs b", setup=_PAIR_CLASS),
    Trick("select pairs = pairs from pairs", setup=_PAIR_CLASS),
    Trick("select pairs from pairs order by pairs", setup=_PAIR_CLASS),
    Trick("select distinct pairs from pairs", setup=_PAIR_CLASS),
    Trick("select array[p] from pairs order by 1", setup=_PAIR_CLASS),
    Trick("select * from pairs a join pairs b on a.p === b.p", setup=_PAIR_CLASS),
    Trick(
        "select p from pairs where p in (select p from pairs)",
        setup=_PAIR_CLASS + "create operator = (leftarg = pair, rightarg = pair, function = pair_equal)",
    ),
    Trick("select mode() within group (order by p) from pairs", setup=_PAIR_CLASS),
    Trick("with recursive x as (select p from pairs union select p from x) select * from x", setup=_PAIR_CLASS),
    Trick(
        "with recursive x as (select p, 1 n from pairs union all select p, n + 1 from x where n < 3) cycle p set c using q select * from x",
        setup=_PAIR_CLASS,
        since=14,
    ),
    Trick("select p from points order by p", setup=_POINT_CLASS),
    Trick("select distinct p from points", setup=_POINT_CLASS),
    Trick("select m from moods order by m", setup=_MOOD_CLASS),
    Trick("select evil_range(1, 5)", setup=_RANGE),
    Trick("select '[1,5)'::evil_range", setup=_RANGE),
    Trick(
        "select null::evil_range * r from (select 'empty'::evil_range r) x where '[1,3)'::evil_range && '[2,4)'::evil_range",
        setup=_RANGE,
    ),
    Trick("select evil_multirange(evil_range(1, 5))", setup=_RANGE, since=14),
    Trick(
        "select r from ranges order by r",
        setup=_RANGE
        + "create table ranges (r evil_range); insert into ranges values ('(,)'), ('[1,2)'), ('[1,3)'); delete from canary.log",
    ),
    Trick(
        "select r @> 3 from ranges",
        setup=_RANGE + "create table ranges (r evil_range); insert into ranges values ('[1,2)'), ('[1,3)'); delete from canary.log",
    ),
    Trick(
        "select * from t where a = 10",
        setup=_INT_CLASS + "create index on t (a int_evil); delete from canary.log; set local enable_seqscan = off",
    ),
    Trick(
        "select * from t where a > 10 order by a",
        setup=_INT_CLASS + "create index on t (a int_evil); delete from canary.log; set local enable_seqscan = off",
    ),
    Trick("insert into t values (9, 9)", setup=_INT_CLASS + "create index on t (a int_evil); delete from canary.log"),
    Trick("update t set a = 5 where id = 1", setup=_INT_CLASS + "create index on t (a int_evil); delete from canary.log"),
    Trick(
        "select * from p where x = 5",
        setup=_INT_CLASS
        + "create table p (x int) partition by range (x int_evil); create table p1 partition of p for values from (1) to (10); delete from canary.log",
    ),
    Trick(
        "insert into p values (5)",
        setup=_INT_CLASS
        + "create table p (x int) partition by range (x int_evil); create table p1 partition of p for values from (1) to (10); delete from canary.log",
    ),
]

_DOUBLE = " from (select 1::checked x) y"
CASTS = [
    Trick("select 1::checked"),
    Trick("select checked '1'"),
    Trick("select cast(a as over_checked) from t"),
    Trick("select array[1]::checked[]"),
    Trick("select '{1}'::checked[]"),
    Trick("select row(1, 2)::with_checked"),
    Trick("select '(1,2)'::with_checked"),
    Trick("select array[row(1, 2)]::with_checked[]"),
    Trick("select '{\"(1,2)\"}'::with_checked[]"),
    Trick("select checked(1)"),
    Trick("select 'x'::checked_text"),
    Trick("select b::checked_text from t"),
    Trick("select (json_populate_record(null::with_checked, '{\"x\": 1}')).x"),
    Trick("select * from json_populate_recordset(null::with_checked, '[{\"x\": 1}]')"),
    Trick("select * from jsonb_to_recordset('[{\"x\": 1}]') as r(x checked)"),
    Trick('select * from json_to_record(\'{"x": {"x": 1}}\') as r(x with_checked)'),
    Trick("select * from json_to_record('{\"x\": [1]}') as r(x checked[])"),
    Trick("select json_value('1', '$' returning checked)", since=17),
    Trick("select json_value('1', '$.x' returning int default mark() on empty)", since=17),
    Trick("select json_query('[1]', '$' returning checked[])", since=17),
    Trick("select * from json_table('[1]', '$[*]' columns (x checked path '$'))", since=17),
    Trick("select * from json_table('[1]', '$[*]' columns (x int path '$.y' default mark() on empty))", since=17),
    Trick("select * from json_table('[[1]]', '$[*]' columns (nested path '$[*]' columns (x checked path '$')))", since=17),
    Trick("select * from json_table('[1]', '$[*]' passing mark() as z columns (x int path '$'))", since=17),
    Trick("select json_object('a': mark() returning text)", since=16),
    Trick("select json_scalar(mark())", since=17),
    Trick("select json_arrayagg(mark() order by mark()) from t", since=16),
    Trick("select json_array(select mark())", since=16),
    Trick("select jsonb_populate_record(null::with_checked, to_jsonb(row(1, 2)))", proof="select true", says="action read"),
    Trick("select jsonb_populate_record(row(1, 2)::with_checked, '{}')"),
    Trick("select * from (values (1)) v(x), lateral (select x::checked) w"),
    Trick("select 1 union select 1::checked"),
    Trick("select coalesce(null::checked, 1)"),
    Trick("select case when true then 1 else null::checked end", proof="select true", says="action read"),
    Trick("select array[null::checked, 1]", proof="select true", says="action read"),
    Trick("select null::checked[] || 1::checked"),
    Trick(
        "select 'x'::mood_text::mood",
        setup="create function to_mood(text) returns mood language plpgsql as $$ begin perform mark(); return 'sad'; end $$; create domain mood_text as text; create cast (text as mood) with function to_mood(text)",
    ),
    Trick(
        "insert into m values (1)",
        setup="create table m (m mood); create function to_mood(int) returns mood language plpgsql as $$ begin perform mark(); return 'sad'; end $$; create cast (int as mood) with function to_mood(int) as assignment",
    ),
    Trick(
        "insert into m select a from t",
        setup="create table m (m mood); create function to_mood(int) returns mood language plpgsql as $$ begin perform mark(); return 'sad'; end $$; create cast (int as mood) with function to_mood(int) as assignment",
    ),
    Trick(
        "update m set m = 1",
        setup="create table m (m mood); insert into m values ('sad'); create function to_mood(int) returns mood language plpgsql as $$ begin perform mark(); return 'sad'; end $$; create cast (int as mood) with function to_mood(int) as assignment",
    ),
    Trick(
        "select f(1)",
        setup="create function f(mood) returns mood language sql as 'select $1'; create function to_mood(int) returns mood language plpgsql as $$ begin perform mark(); return 'sad'; end $$; create cast (int as mood) with function to_mood(int) as implicit",
    ),
    Trick(
        "select * from t where 'sad'::mood = a",
        setup="create function from_mood(mood) returns int language plpgsql as $$ begin perform mark(); return 1; end $$; create cast (mood as int) with function from_mood(mood) as implicit",
    ),
    Trick(
        "select row(1, 2)::pair::text",
        setup="create function from_pair(pair) returns text language plpgsql as $$ begin perform mark(); return 'x'; end $$; create cast (pair as text) with function from_pair(pair)",
    ),
    Trick(
        "select to_json('sad'::mood)",
        setup="create function from_pair(mood) returns json language plpgsql as $$ begin perform mark(); return '1'; end $$; create cast (mood as json) with function from_pair(mood)",
    ),
    Trick(
        "select json_agg(p) from (select 'sad'::mood p) x",
        setup="create function from_pair(mood) returns json language plpgsql as $$ begin perform mark(); return '1'; end $$; create cast (mood as json) with function from_pair(mood)",
    ),
    Trick("select array[array[1]]::checked[]"),
    Trick("select sum(x::checked) from (values (1)) v(x)"),
    Trick("select 1 where 1::checked = 1"),
    Trick("select xmlserialize(content '1'::xml as checked_text)", since=99),
    Trick("select * from xmltable('/a/b' passing '<a><b>1</b></a>' columns x checked path '.')", since=15, until=15),
    Trick("select * from xmltable('/a/b' passing '<a><b/></a>' columns x int path 'y' default mark())", since=15, until=15),
    Trick("select xmlelement(name a, mark())", since=15, until=15),
    Trick("select xmlforest(mark() as x)", since=15, until=15),
    Trick("select xmlparse(content peek())", OUT, since=15, until=15),
    Trick("select 1 is document from (select mark()) x", "insert canary.log", since=99),
    Trick("select (array[1, 2])[mark()]"),
    Trick("select (array[1, 2])[1:mark()]"),
    Trick("select ('{\"a\": 1}'::jsonb)[mark()::text]", since=14),
    Trick("select extract(epoch from make_interval(secs => mark()))"),
    Trick("select position(mark()::text in 'x'), substring('x' from mark()), overlay('abc' placing mark()::text from 1)"),
    Trick("select timestamp '2020-01-01' at time zone (mark()::text || ':00')"),
]

AGGREGATES = [
    Trick(
        "select s(a) from t",
        setup="create function f(int, int) returns int language plpgsql as $$ begin perform mark(); return 1; end $$; create aggregate s(int) (sfunc = f, stype = int, initcond = 0)",
    ),
    Trick(
        "select s(a) from t",
        setup="create function f(int) returns int language plpgsql as $$ begin perform mark(); return 1; end $$; create aggregate s(int) (sfunc = int4pl, stype = int, finalfunc = f, initcond = 0)",
    ),
    Trick(
        "select s(a) over (order by a rows 1 preceding) from t",
        setup="create function f(int, int) returns int language plpgsql strict as $$ begin perform mark(); return $1 - $2; end $$; create aggregate s(int) (sfunc = int4pl, stype = int, initcond = 0, msfunc = int4pl, minvfunc = f, mstype = int, minitcond = 0)",
    ),
    Trick(
        "select s(0.5) within group (order by a) from t",
        setup="create function f(internal, float8) returns float8 language internal as 'percentile_disc_final'; create aggregate s(float8 order by anyelement) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra)",
        proof="select true",
        says="action read",
    ),
    Trick("select max(a) filter (where mark_bool(a)) from t"),
    Trick("select sum(mark(a)) from t"),
    Trick("select count(*) from t group by mark(a)"),
    Trick("select count(*) from t group by grouping sets ((mark(a)), ())"),
    Trick("select count(*) from t group by rollup (mark(a), c)"),
    Trick("select count(*) from t group by 1 + mark(a)"),
    Trick("select a from t group by a having mark_bool(a)"),
    Trick("select sum(a) over (partition by mark(a)) from t"),
    Trick("select sum(a) over (order by mark(a)) from t"),
    Trick("select sum(a) over w from t window w as (partition by mark(a))"),
    Trick("select sum(a) over (order by a rows mark() preceding) from t"),
    Trick("select sum(a) over (order by a range between mark() preceding and mark() following) from t"),
    Trick("select array_agg(a order by mark(a)) from t"),
    Trick("select string_agg(b, peek()) from t", OUT),
    Trick("select string_agg(value, ',') from vault.secrets", OUT, known=True),
    Trick("select lag(value) over (order by id) from vault.secrets", OUT, known=True),
    Trick("select first_value(value) over w from vault.secrets window w as (order by id)", OUT, known=True),
    Trick("select percentile_disc(0.5) within group (order by value) from vault.secrets", OUT),
    Trick("select mode() within group (order by value) from vault.secrets", OUT),
    Trick("select max(value) from vault.secrets", OUT, known=True),
    Trick("select (array_agg(s))[1] from vault.secrets s", OUT, known=True),
    Trick("select jsonb_object_agg(id, value) from vault.secrets", OUT, known=True),
]

_F = "create function f() returns int language plpgsql as $$ {} $$"
_G = "create function f() returns int language sql as $$ {} $$"


def _body(text: str, declare: str = "", returns: str = "int") -> str:
    """A function f() in PL/pgSQL."""
    return f"create function f() returns {returns} language plpgsql as $f$ {declare} begin {text}; return null; end $f$"


BODIES = [
    Trick("select f()", setup="create function f() returns int language sql as $$ select mark(); select 1 $$"),
    Trick("select f()", setup="create function f() returns int language sql begin atomic select mark(); select 1; end", since=14),
    Trick("select f()", setup="create function f() returns int language sql return mark()", since=14),
    Trick(
        "select f()",
        OUT,
        setup="create function f() returns text language sql return (select value from vault.secrets limit 1)",
        since=14,
    ),
    Trick("select f()", OUT, setup="create function f() returns text language sql return peek()", since=14),
    Trick("select f()", OUT, setup="create function f() returns text language sql as 'select peek()'"),
    Trick("select f()", OUT, setup="create function f() returns text language plpgsql as 'begin return peek(); end'"),
    Trick(
        "select f('value')",
        OUT,
        setup="create function f(value text) returns text language sql as 'select value from vault.secrets limit 1'",
    ),
    Trick(
        "select f('x')",
        OUT,
        setup="create function f(x text) returns text language sql as 'select f.x || value from vault.secrets limit 1'",
    ),
    Trick(
        "select f('x')",
        OUT,
        setup="create function f(text) returns text language sql as 'select $1 || value from vault.secrets limit 1'",
    ),
    Trick(
        "select * from f()",
        OUT,
        setup="create function f() returns table (a int, b text) language sql as 'select id, value from vault.secrets'",
        known=True,
    ),
    Trick(
        "select b from f()",
        OUT,
        setup="create function f(out a int, out b text) language sql as 'select id, value from vault.secrets limit 1'",
        known=True,
    ),
    Trick(
        "select (f()).b",
        OUT,
        setup="create function f(out a int, out b text) language sql as 'select id, value from vault.secrets limit 1'",
    ),
    Trick("select (peek_row()).value", OUT),
    Trick("select value from peek_rows()", OUT, known=True),
    Trick("select peek_rows()", OUT),
    Trick("select x.y from (select (peek_row()).value y) x", OUT),
    Trick("select * from rows from (generate_series(1, 2), peek_rows()) as r(n, i, o, v)", OUT),
    Trick("select f()", setup="create function f() returns int language sql set search_path = evil, pg_catalog as 'select 1 + 1'"),
    Trick(
        "select f()",
        "insert canary.log",
        path=EVIL,
        setup="create function f() returns int language sql set search_path = pg_catalog, public as 'select mark()'",
    ),
    Trick("select f()", path=EVIL, setup="create function public.f() returns int language sql as 'select 1 + 1'"),
    Trick(
        "select f()",
        setup="create role npa_owner; create schema npa_owner; grant all on schema npa_owner, canary to npa_owner; grant all on all tables in schema canary to npa_owner; create function npa_owner.g() returns int language sql as 'select public.mark()'; create function public.g() returns int language sql as 'select 1'; create function f() returns int language plpgsql security definer as $$ begin return g(); end $$; alter function f() owner to npa_owner",
    ),
    Trick(
        "select f()",
        setup="create function g() returns int language plpgsql as $$ begin return 1; end $$; create schema sneak; create function sneak.g() returns int language plpgsql as $$ begin return mark(); end $$; "
        + _body("set local search_path = sneak, public; perform g()"),
    ),
    Trick(
        "do $$ begin perform set_config('search_path', 'sneak, public', true); perform g(); end $$",
        setup="create function g() returns int language plpgsql as $$ begin return 1; end $$; create schema sneak; create function sneak.g() returns int language plpgsql as $$ begin return mark(); end $$",
    ),
    Trick(
        "do $$ begin set search_path = sneak, public; perform g(); end $$",
        setup="create function g() returns int language plpgsql as $$ begin return 1; end $$; create schema sneak; create function sneak.g() returns int language plpgsql as $$ begin return mark(); end $$",
    ),
    Trick(
        "select set_config('search_path', 'sneak, public', true), h()",
        setup="create function g() returns int language plpgsql as $$ begin return 1; end $$; create schema sneak; create function sneak.g() returns int language plpgsql as $$ begin return mark(); end $$; create function h() returns int language plpgsql as $$ begin return g(); end $$",
    ),
    Trick(
        "do $$ begin perform w(); perform g(); end $$",
        setup="create function w() returns int language plpgsql as $$ begin perform set_config('search_path', 'sneak, public', true); return 1; end $$; create function g() returns int language plpgsql as $$ begin return 1; end $$; create schema sneak; create function sneak.g() returns int language plpgsql as $$ begin return mark(); end $$",
    ),
    Trick(
        "do $$ begin create temp table t (id int); insert into t values (1); delete from pg_temp.t; end $$",
        "insert canary.log",
        setup="create trigger x after insert on t for each statement execute function mark_trigger()",
        proof="select true",
    ),
    Trick("do $$ begin perform mark(); end $$"),
    Trick("do language plpgsql 'begin perform mark(); end'"),
    Trick("do $$ declare x int := mark(); begin end $$"),
    Trick("do $$ declare x int default mark(); begin end $$"),
    Trick("do $$ declare x checked := 1; begin end $$"),
    Trick("do $$ declare x checked; begin x := 1; end $$"),
    Trick("do $$ declare x checked; begin select 1 into x; end $$"),
    Trick("do $$ declare x checked; begin for x in 1..2 loop null; end loop; end $$", proof="select true"),
    Trick("do $$ declare x checked; begin foreach x in array array[1, 2] loop null; end loop; end $$"),
    Trick("do $$ declare x with_checked; begin x.x := 1; end $$"),
    Trick("do $$ declare x checked[]; begin x[1] := 1; end $$"),
    Trick("do $$ declare x checked; begin <<inner_one>> begin x := (select 1); end; end $$"),
    Trick("select f()", setup="create function f() returns checked language plpgsql as $$ begin return 1; end $$"),
    Trick("select f()", setup="create function f() returns checked language sql as $$ select 1 $$"),
    Trick("select f(1)", setup="create function f(x checked) returns int language plpgsql as $$ begin return 1; end $$"),
    Trick("select f()", setup="create function f(out x checked) language plpgsql as $$ begin x := 1; end $$"),
    Trick(
        "select * from f()", setup="create function f() returns setof checked language plpgsql as $$ begin return next 1; end $$"
    ),
    Trick(
        "select * from f()",
        setup="create function f() returns table (x checked) language plpgsql as $$ begin x := 1; return next; end $$",
    ),
    Trick("select f()", setup=_body("if mark() > 0 then null; end if")),
    Trick("select f()", setup=_body("case mark() when 1 then null; else null; end case")),
    Trick("select f()", setup=_body("for i in 1..mark() loop null; end loop")),
    Trick("select f()", setup=_body("for i in reverse 1..0 by mark() loop null; end loop")),
    Trick("select f()", setup=_body("while mark() > 1 loop null; end loop")),
    Trick("select f()", setup=_body("loop exit when mark() = 1; end loop")),
    Trick("select f()", setup=_body("for i in 1..1 loop continue when mark() = 1; end loop")),
    Trick("select f()", setup=_body("for r in select mark() loop null; end loop", "declare r record;")),
    Trick("select f()", setup=_body("foreach i in array array[mark()] loop null; end loop", "declare i int;")),
    Trick("select f()", setup=_body("raise notice '%', mark()")),
    Trick("select f()", setup=_body("raise notice using message = mark()::text")),
    Trick("select f()", setup=_body("assert mark() = 1, 'x'")),
    Trick("select f()", setup=_body("assert mark() = 1, mark()::text")),
    Trick("select f()", setup=_body("begin raise division_by_zero; exception when others then perform mark(); end")),
    Trick(
        "select f()",
        setup=_body("begin perform 1 / 0; exception when division_by_zero or unique_violation then perform mark(); end"),
    ),
    Trick("select f()", setup=_body("open c; fetch c into x; close c", "declare c cursor for select mark(); x int;")),
    Trick("select f()", setup=_body("open c(mark()); close c", "declare c cursor (k int) for select k; x int;")),
    Trick("select f()", setup=_body("open c(1); fetch c into x", "declare c cursor (k int) for select k + mark(); x int;")),
    Trick("select f()", setup=_body("open c for select mark(); fetch c into x", "declare c refcursor; x int;")),
    Trick("select f()", setup=_body("open c for execute 'select mark()'; fetch c into x", "declare c refcursor; x int;")),
    Trick("select f()", setup=_body("for x in c loop null; end loop", "declare c cursor for select mark() y;")),
    Trick("select f()", setup=_body("execute 'select mark()'")),
    Trick("select f()", setup=_body("execute 'select mar' || 'k()'")),
    Trick("select f()", setup=_body("execute format('select %I()', 'mark')")),
    Trick("select f()", setup=_body("execute 'select $1' using mark()")),
    Trick("select f()", setup=_body("for r in execute 'select mark()' loop null; end loop", "declare r record;")),
    Trick(
        "select * from f()",
        setup="create function f() returns setof int language plpgsql as $$ begin return query select mark(); end $$",
    ),
    Trick(
        "select * from f()",
        setup="create function f() returns setof int language plpgsql as $$ begin return query execute 'select mark()'; end $$",
    ),
    Trick(
        "select * from f()", setup="create function f() returns setof int language plpgsql as $$ begin return next mark(); end $$"
    ),
    Trick("select f()", setup=_body("call mark_procedure()")),
    Trick("select f()", setup=_body("x := query_to_xml('select mark()', true, true, '')", "declare x xml;"), since=15, until=15),
    Trick("select query_to_xml('select mark()', true, true, '')", since=15, until=15),
    Trick("select query_to_xml('select ' || 'mark()', true, true, '')", since=15, until=15),
    Trick("select table_to_xml('vault.secrets', true, true, '')", READS, since=15, until=15),
    Trick("select table_to_xml(('vault.' || 'secrets')::regclass, true, true, '')", READS, since=15, until=15),
    Trick("select schema_to_xml('vault', true, true, '')", READS, since=15, until=15),
    Trick("select database_to_xml(true, true, '')", READS, since=15, until=15),
    Trick(
        "select cursor_to_xml(f(), 10, true, true, '')",
        READS,
        since=15,
        until=15,
        setup="create function f() returns refcursor language plpgsql as $$ declare c refcursor := 'cc'; begin open c for select * from vault.secrets; return c; end $$",
    ),
    Trick(
        "select f(); fetch all from cc",
        "reads vault.secrets.value",
        setup="create function f() returns refcursor language plpgsql as $$ declare c refcursor := 'cc'; begin open c for select * from vault.secrets; return c; end $$",
    ),
    Trick(
        "select f()",
        setup=_body("perform g()")
        + "; create function g() returns int language plpgsql as $$ begin if false then perform f(); end if; return mark(); end $$",
    ),
    Trick(
        "select f(0)",
        setup="create function f(int) returns int language plpgsql as $$ begin if $1 > 0 then return f($1 - 1); end if; return mark(); end $$",
    ),
    Trick(
        "select f(0)",
        setup="create function f(text) returns int language plpgsql as $$ begin return mark(); end $$; create function f(int) returns int language plpgsql as $$ begin return f($1::text); end $$",
    ),
    Trick("do $$ <<a>> declare a record; begin select 1 as b into a; perform mark() where a.b = 1; end $$"),
    Trick(
        "do $$ declare value text; begin select s.value into value from vault.secrets s limit 1; raise notice '%', value; end $$",
        READS,
        known=True,
    ),
    Trick(
        "do $$ declare r record; begin for r in select * from vault.secrets loop raise notice '%', r.value; end loop; end $$",
        READS,
        known=True,
    ),
    Trick(
        "do $$ declare r vault.secrets; begin select * into r from vault.secrets limit 1; raise notice '%', r; end $$",
        READS,
        known=True,
    ),
    Trick(
        "do $$ declare r vault.secrets%rowtype; v vault.secrets.value%type; begin select value into v from vault.secrets limit 1; raise notice '%', v; end $$",
        READS,
    ),
    Trick(
        "do $$ begin perform 1 / length(value) - 1 from vault.secrets; perform value::int from vault.secrets; end $$",
        READS,
        known=True,
    ),
    Trick("do $$ begin raise exception '%', (select value from vault.secrets limit 1); end $$", READS, known=True),
    Trick("do $$ begin /* ; */ perform 'x;' || $q$ ; end $q$; -- end\n perform mark(); end $$"),
    Trick("do $$ begin begin; end; perform mark(); end $$", proof="select true"),
    Trick("do $$ begin #nonsense\n perform mark(); end $$", proof="select true"),
    Trick(
        "do $$ #variable_conflict use_variable\n declare id int := 1; begin delete from u where id = id; perform mark(); end $$",
        "delete public.u; insert canary.log",
    ),
    Trick("select f()", setup="create function f() returns int language sql as 'create temp table z as select mark(); select 1'"),
    Trick("select f()", setup=_body("alter table t add z int default mark()")),
    Trick("select f()", setup=_body("drop table u"), says="drop public.u", proof="select to_regclass('u') is null"),
    Trick("select f()", setup=_body("truncate u"), says="truncate public.u", proof="select count(*) = 0 from u"),
    Trick("select f()", setup=_body("copy u from program 'echo 1'"), says="effect reaches_out", proof="select true"),
    Trick("select f()", setup=_body("commit"), says="action read", proof="select true"),
    Trick(
        "select pgf('select mark()')",
        setup="create function pgf(text, bool default true, bool default true, text default '') returns xml language internal as 'query_to_xml'",
        since=15,
        until=15,
    ),
    Trick(
        "select pgf('PG_VERSION')",
        "effect files",
        setup="create function pgf(text) returns text language internal as 'pg_read_file_all'",
        proof="select true",
    ),
    Trick(
        "select lpad('x', 3)",
        setup="create or replace function pg_catalog.lpad(text, integer) returns text language plpgsql immutable strict parallel safe as $$ begin perform public.mark(); return $1; end $$",
    ),
    Trick(
        "select round(1.5::float8)",
        setup="create function pg_catalog.round(double precision, int default 0) returns float8 language plpgsql as $$ begin perform public.mark(); return $1; end $$",
        proof="select true",
    ),
    Trick("select f(1)", setup="create function f(int) returns int language sql as 'select mark_sql($1)'"),
    Trick("select f.x from f() as f(x)", OUT, setup="create function f() returns text language sql as 'select peek_plpgsql()'"),
    Trick("select peek_plpgsql()", OUT, known=True),
    Trick(
        "select f()",
        OUT,
        setup="create function f() returns text language plpgsql as $$ declare c cursor for select value from vault.secrets; x text; begin open c; fetch c into x; return x; end $$",
    ),
    Trick(
        "select f()",
        OUT,
        setup="create function f() returns text language plpgsql as $$ declare r record; x text := ''; begin for r in select * from vault.secrets loop x := x || r.value; end loop; return x; end $$",
    ),
    Trick(
        "select f()",
        OUT,
        setup="create function f() returns text language plpgsql as $$ declare x text; begin update vault.secrets set owner = owner where id = 1 returning value into x; return x; end $$",
    ),
    Trick(
        "select f()",
        OUT,
        setup="create function f() returns text language plpgsql as $$ declare x text[]; begin x := array(select value from vault.secrets); return x[1]; end $$",
    ),
    Trick(
        "select f()",
        OUT,
        setup="create function f() returns text language plpgsql as $$ begin perform value::int from vault.secrets limit 1; exception when others then return sqlerrm; end $$",
    ),
    Trick(
        "select f(s) from vault.secrets s",
        OUT,
        setup="create function f(s vault.secrets) returns text language plpgsql as $$ begin return s.value; end $$",
    ),
    Trick(
        "select leak(value) from vault.secrets",
        "flow public.leaked.x < vault.secrets.value",
        setup="create table leaked (x text); create function leak(v text) returns int language plpgsql as $$ begin insert into leaked values (v); return 1; end $$",
        proof="select count(*) > 0 from leaked",
    ),
    Trick(
        "select leak(value) from vault.secrets",
        "flow public.leaked.x < vault.secrets.value",
        setup="create table leaked (x text); create function leak(v text) returns int language sql as $$ insert into leaked values (v); select 1 $$",
        proof="select count(*) > 0 from leaked",
    ),
    Trick(
        "do $$ declare v text; begin select value into v from vault.secrets limit 1; insert into leaked values (v); end $$",
        "flow public.leaked.x < vault.secrets.value",
        setup="create table leaked (x text)",
        proof="select count(*) > 0 from leaked",
    ),
]

WRITES = [
    Trick("with d as (delete from u returning *) select 1", "delete public.u", proof="select count(*) = 0 from u", known=True),
    Trick(
        "with d as (delete from u returning *) select * from d",
        "delete public.u; out public.u.note",
        proof="select count(*) = 0 from u",
        known=True,
    ),
    Trick("select (with x as (select 1) select mark())"),
    Trick("select 1 limit mark()"),
    Trick("select 1 offset mark()"),
    Trick("select 1 fetch first (mark()) rows only"),
    Trick("select 1 where mark_bool(1)"),
    Trick("values (mark())"),
    Trick("select exists (select mark())", proof="select true"),
    Trick("select array(select mark())"),
    Trick("select * from t order by mark(a)"),
    Trick("select distinct on (mark(a)) a from t"),
    Trick("select * from t tablesample bernoulli (mark())"),
    Trick("select * from t tablesample system (50) repeatable (mark())"),
    Trick("select * from generate_series(1, mark())"),
    Trick("select * from t join u on mark_bool(t.id)"),
    Trick("select * from t left join u on t.id = u.id and mark_bool(1)"),
    Trick("select * into zz from (select mark()) x"),
    Trick("create table zz as select mark()"),
    Trick("create table zz as execute p", prepared="prepare p as select mark()"),
    Trick("execute p", prepared="prepare p as select mark()"),
    Trick(
        "execute p(1)",
        prepared="prepare p(int) as select f($1)",
        setup="create function f(text) returns int language sql as 'select 1'; create function f(int) returns int language sql as 'select mark()'",
    ),
    Trick("execute p(1)", prepared="prepare p(checked) as select $1"),
    Trick("execute p(1)", prepared="prepare p as select $1::checked"),
    Trick("insert into empty values (mark())"),
    Trick("insert into empty select mark()"),
    Trick("insert into empty (id) values (default)", setup="alter table empty alter id set default mark()"),
    Trick("insert into empty (x) values (1)", setup="alter table empty alter id set default mark()"),
    Trick("insert into empty default values", setup="alter table empty alter id set default mark()"),
    Trick("insert into empty values (1), (default)", setup="alter table empty alter id set default mark()", proof="select true"),
    Trick("update t set a = default", setup="alter table t alter a set default mark()"),
    Trick("update t set (a, b) = (default, 'x')", setup="alter table t alter a set default mark()"),
    Trick("update t set (a, c) = (select mark(), 1)"),
    Trick("update t set a = mark()"),
    Trick("update t set a = 1 where mark_bool(a)"),
    Trick("update t set a = 1 returning mark()"),
    Trick("update t set a = 1 from (select mark() m) x"),
    Trick("delete from u using (select mark()) x"),
    Trick("delete from u returning mark()"),
    Trick("insert into t values (1, 1) on conflict do nothing returning mark()", proof="select true"),
    Trick("insert into t values (1, 1) on conflict (id) do update set a = mark()"),
    Trick("insert into t values (1, 1) on conflict (id) do update set a = 1 where mark_bool(t.a)"),
    Trick(
        "insert into t values (1, 1) on conflict (id) do update set a = default", setup="alter table t alter a set default mark()"
    ),
    Trick(
        "insert into t values (1, 1) on conflict (id) do update set b = peek()",
        "flow public.t.b < vault.secrets.value",
        proof="select true",
    ),
    Trick(
        "insert into t values (1, 1) on conflict (id) do update set a = 7",
        "update public.t",
        proof="select a = 7 from t where id = 1",
        known=True,
    ),
    Trick("merge into t using u on t.id = u.t_id when matched then update set a = mark()", since=15),
    Trick("merge into t using u on t.id = u.t_id when matched and mark_bool(1) then do nothing", since=15),
    Trick("merge into t using u on t.id = u.t_id and mark_bool(1) when matched then do nothing", since=15),
    Trick("merge into t using (select 99 id) u on t.id = u.id when not matched then insert values (mark() + 100)", since=15),
    Trick(
        "merge into t using (select 99 id) u on t.id = u.id when not matched then insert (id, a) values (99, default)",
        since=15,
        setup="alter table t alter a set default mark()",
    ),
    Trick(
        "merge into t using u on t.id = u.t_id when matched then update set a = default",
        since=15,
        setup="alter table t alter a set default mark()",
    ),
    Trick(
        "merge into u using t on t.id = u.t_id when matched then delete",
        "delete public.u",
        since=15,
        proof="select count(*) = 0 from u",
        known=True,
    ),
    Trick("merge into u using t on t.id = u.t_id when matched then delete returning merge_action(), mark()", since=17),
    Trick(
        "merge into u using t on t.id = u.t_id + 50 when not matched by source then delete",
        "delete public.u",
        since=17,
        proof="select count(*) = 0 from u",
        known=True,
    ),
    Trick("update vault.secrets set owner = 'x' returning old.value", OUT, since=18, known=True),
    Trick("update vault.secrets set value = 'x' returning with (old as o) o.value", OUT, since=18, known=True),
    Trick("update vault.secrets set value = 'x' returning with (old as o) o", OUT, since=18),
    Trick("delete from vault.secrets returning *", OUT, known=True),
    Trick("delete from vault.secrets returning secrets", OUT, known=True),
    Trick(
        "insert into vault.secrets values (1, 'x', 'y') on conflict (id) do update set owner = 'z' returning value", OUT, known=True
    ),
    Trick(
        "insert into vault.secrets values (1, 'x', 'y') on conflict (id) do update set owner = secrets.value returning owner", OUT
    ),
    Trick("insert into t (id, b) select id + 100, value from vault.secrets returning b", OUT),
    Trick("update t set b = value from vault.secrets s where s.id = t.id returning b", OUT),
    Trick(
        "insert into t (id, b) select id + 100, value from vault.secrets",
        "flow public.t.b < vault.secrets.value",
        proof="select true",
        known=True,
    ),
    Trick(
        "create table zz as select value from vault.secrets",
        "flow public.zz.value < vault.secrets.value",
        proof="select true",
        known=True,
    ),
    Trick("select value into zz from vault.secrets", "flow public.zz.value < vault.secrets.value", proof="select true", known=True),
    Trick(
        "create materialized view zz as select value from vault.secrets",
        "flow public.zz.value < vault.secrets.value",
        proof="select true",
        known=True,
    ),
    Trick("copy (select mark()) to stdout", proof="select true"),
    Trick("copy (select value from vault.secrets) to stdout", OUT, proof="select true", known=True),
    Trick("copy vault.secrets to stdout", OUT, proof="select true", known=True),
    Trick("copy vault.secrets to program 'cat > /dev/null'", "reads vault.secrets.value; action administer", proof="select true"),
    Trick("copy (delete from u returning *) to stdout", "delete public.u", proof="select true", known=True),
    Trick("copy t from program 'true' where mark_bool(id)", "insert canary.log", proof="select true"),
    Trick("copy empty (x) from program 'echo 1'", setup="alter table empty alter id set default mark()"),
    Trick("explain analyze select mark()"),
    Trick("explain (analyze) select mark()"),
    Trick("explain (analyze false, analyze on) select mark()"),
    Trick("explain (analyze 1, costs off) delete from u", "delete public.u", proof="select count(*) = 0 from u", known=True),
    Trick("explain analyze create table zz as select mark()"),
    Trick("explain analyze execute p", prepared="prepare p as select mark()"),
    Trick("explain execute p", prepared="prepare p as select mark_immutable(1)"),
    Trick("explain update t set a = 1 where a = mark_stable(1)"),
    Trick("explain (generic_plan) select mark_immutable(1)", since=16),
    Trick("explain delete from t where mark_immutable(1) = 1"),
    Trick("explain select mark_immutable(1)"),
    Trick("explain select * from t where a = mark_stable(1)"),
    Trick(
        "explain select * from t where a ### 1",
        setup="create function f(int, int) returns bool language plpgsql as $$ begin perform mark(); return true; end $$; create operator ### (leftarg = int, rightarg = int, function = f, restrict = eqsel); insert into t select n, 10 from generate_series(100, 200) n; analyze t",
    ),
    Trick("explain select * from v", setup="create view v as select * from t where a = mark_stable(1)"),
    Trick("declare c cursor for select mark_immutable(1)"),
    Trick("declare c cursor with hold for select mark()", proof="select true"),
    Trick("prepare p as select mark(); execute p"),
    Trick("select nextval('s')", "update public.s", setup="create sequence s", proof="select is_called from s", known=True),
    Trick("select nextval('s'::text)", "update public.s", setup="create sequence s", proof="select is_called from s"),
    Trick(
        "select nextval(x) from (select 's'::regclass x) y",
        "action update",
        setup="create sequence s",
        proof="select is_called from s",
        known=True,
    ),
    Trick("select setval('S', 5)", "update public.s", setup="create sequence s", proof="select is_called from s", known=True),
    Trick(
        "select setval('evil.s', 5)",
        "update evil.s",
        setup="create sequence s; create sequence evil.s",
        proof="select is_called from evil.s",
        known=True,
    ),
    Trick(
        "insert into q default values",
        "update public.q_id_seq",
        setup="create table q (id serial)",
        proof="select is_called from q_id_seq",
        known=True,
    ),
    Trick(
        "insert into q default values",
        "update public.q_id_seq",
        setup="create table q (id int generated always as identity)",
        proof="select is_called from q_id_seq",
        known=True,
    ),
    Trick(
        "insert into q values (default)",
        "update public.q_id_seq",
        setup="create table q (id serial)",
        proof="select is_called from q_id_seq",
        known=True,
    ),
    Trick(
        "insert into q values (default)",
        "update public.q_id_seq",
        setup="create table q (id int generated by default as identity)",
        proof="select is_called from q_id_seq",
        known=True,
    ),
    Trick(
        "update q set id = default",
        "update public.q_id_seq",
        setup="create table q (id serial, x int); insert into q values (5, 1)",
        proof="select is_called from q_id_seq",
    ),
    Trick("select lo_create(0)", "effect large_objects", proof="select true", known=True),
    Trick("select lo_from_bytea(0, 'x')", "effect large_objects", proof="select true", known=True),
    Trick("select lo_import('/etc/hostname')", "effect files", proof="select true", known=True),
    Trick("select pg_read_file('PG_VERSION')", "effect files; action administer", proof="select true", known=True),
    Trick(
        "select pg_notify('x', value) from vault.secrets",
        "effect notifies; reads vault.secrets.value",
        proof="select true",
        known=True,
    ),
    Trick("select pg_advisory_lock(1)", "effect locks", proof="select true", known=True),
    Trick("select set_config('work_mem', '1MB', true)", "setting work_mem", proof="select true", known=True),
    Trick("select set_config(x, '1MB', true) from (select 'work_mem' x) y", "setting work_mem", proof="select true"),
    Trick(
        "update pg_settings set setting = '1MB' where name = 'work_mem'",
        "setting work_mem",
        proof="select current_setting('work_mem') = '1MB'",
    ),
    Trick(
        "select f()", "setting work_mem", setup=_body("set work_mem = '1MB'"), proof="select current_setting('work_mem') = '1MB'"
    ),
    Trick("select f()", "setting role", setup="create role npa_x; " + _body("set local role npa_x"), proof="select true"),
    Trick(
        "select * from dblink('dbname=x', 'select 1') as x(y int)",
        "effect reaches_out",
        setup="create extension dblink",
        proof="select true",
    ),
    Trick(
        "select dblink_exec(c, 'delete from t') from (select 'x' c) y",
        "effect reaches_out",
        setup="create extension dblink",
        proof="select true",
    ),
    Trick("select * from crosstab('select 1, 1, mark()') as x(a int, b int)", setup="create extension tablefunc"),
    Trick("select ts_stat('select to_tsvector(mark()::text)')"),
    Trick("select ts_rewrite('a'::tsquery, 'select ''a''::tsquery, mark()::text::tsquery')"),
]

_V = "create view v as "
_FK = "alter table u drop constraint u_t_id_fkey, add foreign key (t_id) references t "
_LIST = "create table p (x int) partition by list (x); create table p1 partition of p for values in (1); "
_EVIL_LIST = "create table p (x int) partition by list (mark_immutable(x)); create table p1 partition of p for values in (1); delete from canary.log"
_REPLICA = "create trigger x before insert on t for each row execute function mark_trigger(); alter table t enable {} trigger x"
_ON_INSERT = "create trigger x before insert on t for each row execute function mark_trigger()"

TRIGGERS = [
    Trick("insert into t (id) values (99)", setup=_ON_INSERT, known=True),
    Trick(
        "insert into t select 99",
        setup="create trigger x after insert on t for each statement execute function mark_trigger()",
        known=True,
    ),
    Trick(
        "update t set a = 1",
        setup="create trigger x before update of a on t for each row execute function mark_trigger()",
        known=True,
    ),
    Trick(
        "update t set a = 1",
        setup="create trigger x before update on t for each row when (mark_bool(old.a)) execute function suppress_redundant_updates_trigger()",
    ),
    Trick("delete from u", setup="create trigger x after delete on u for each row execute function mark_trigger()", known=True),
    Trick("truncate u", setup="create trigger x before truncate on u execute function mark_trigger()"),
    Trick("truncate t cascade", "truncate public.u", proof="select count(*) = 0 from u", known=True),
    Trick(
        "insert into t (id) values (1) on conflict (id) do update set a = 1",
        setup="create trigger x before update on t for each row execute function mark_trigger()",
        known=True,
    ),
    Trick(
        "merge into t using u on t.id = u.t_id when matched then update set a = 1",
        setup="create trigger x before update on t for each row execute function mark_trigger()",
        since=15,
        known=True,
    ),
    Trick("copy t (id) from program 'echo 99'", setup=_ON_INSERT),
    Trick(
        "insert into t (id) values (99)",
        setup="create constraint trigger x after insert on t deferrable initially deferred for each row execute function mark_trigger()",
        known=True,
    ),
    Trick(
        "insert into t (id) values (99)",
        setup="create function tt() returns trigger language plpgsql as $$ begin insert into canary.log select id from fresh; return null; end $$; create trigger x after insert on t referencing new table as fresh for each statement execute function tt()",
        known=True,
    ),
    Trick(
        "insert into t (id) values (99)",
        setup="create function tt() returns trigger language plpgsql as $$ begin execute format('insert into %I.log values (1)', tg_argv[0]); return null; end $$; create trigger x after insert on t for each row execute function tt('canary')",
    ),
    Trick(
        "insert into t (id, b) values (99, 'x')",
        "flow public.copies.x < public.t.b",
        setup="create table copies (x text); create function tt() returns trigger language plpgsql as $$ begin insert into copies values (new.b); return null; end $$; create trigger x after insert on t for each row execute function tt()",
        proof="select count(*) > 0 from copies",
    ),
    Trick(
        "insert into t (id) values (99) returning b",
        OUT,
        setup="create function tt() returns trigger language plpgsql as $$ begin new.b := peek(); return new; end $$; create trigger x before insert on t for each row execute function tt()",
    ),
    Trick(
        "insert into t (id) values (99)",
        setup=_REPLICA.format("replica"),
        settings=(("session_replication_role", "replica"),),
        known=True,
    ),
    Trick(
        "insert into t (id) values (99)",
        setup=_REPLICA.format("always"),
        settings=(("session_replication_role", "replica"),),
        known=True,
    ),
    Trick(
        "select f()",
        setup=_REPLICA.format("replica")
        + "; create function f() returns int language sql set session_replication_role = replica as 'insert into t (id) values (99); select 1'",
    ),
    Trick(
        "do $$ begin set local session_replication_role = replica; insert into t (id) values (99); end $$",
        setup=_REPLICA.format("replica"),
    ),
    Trick(
        "delete from t where id = 1",
        "delete public.u",
        setup=_FK + "on delete cascade",
        proof="select count(*) = 0 from u",
        known=True,
    ),
    Trick(
        "delete from t where id = 1",
        setup=_FK + "on delete cascade; create trigger x after delete on u for each row execute function mark_trigger()",
        known=True,
    ),
    Trick(
        "delete from t where id = 1",
        setup=_FK + "on delete set null; create trigger x after update on u for each row execute function mark_trigger()",
        known=True,
    ),
    Trick(
        "delete from t where id = 1",
        setup="alter table u alter t_id set default mark() + 1; " + _FK + "on delete set default",
        known=True,
    ),
    Trick(
        "update t set id = 77 where id = 1",
        "update public.u",
        setup=_FK + "on update cascade",
        proof="select t_id = 77 from u",
        known=True,
    ),
    Trick(
        "delete from t where id = 1",
        "delete public.w",
        setup=_FK
        + "on delete cascade, add primary key (id); create table w (id int references u on delete cascade); insert into w values (1)",
        proof="select count(*) = 0 from w",
        known=True,
    ),
    Trick(
        "delete from tree where id = 1",
        "delete public.tree",
        setup="create table tree (id int primary key, up int references tree on delete cascade); insert into tree values (1, 1), (2, 1), (3, 2)",
        proof="select count(*) = 0 from tree",
        known=True,
    ),
    Trick("insert into u values (9, 1)", "reads public.t.id", proof="select true", known=True),
]

RULES = [
    Trick(
        "insert into t (id) values (99)",
        setup="create rule r as on insert to t do also insert into canary.log values (new.id)",
        known=True,
    ),
    Trick(
        "insert into t (id) values (99)",
        setup="create rule r as on insert to t do instead insert into canary.log values (new.id)",
        known=True,
    ),
    Trick(
        "update t set a = 1",
        setup="create rule r as on update to t where old.id = 1 do also insert into canary.log values (peek())",
        known=True,
    ),
    Trick(
        "select sc('search_path', 'evil', true), h()",
        setup="create function sc(text, text, bool) returns text language internal as 'set_config_by_name'; create function g() returns int language plpgsql as $$ begin return 1; end $$; create function evil.g() returns int language plpgsql as $$ begin return public.mark(); end $$; create function h() returns int language plpgsql as $$ begin return g(); end $$",
    ),
    Trick("delete from u", setup="create rule r as on delete to u do instead select mark()"),
    Trick(
        "delete from u returning *",
        OUT,
        setup="create rule r as on delete to u do instead update u set note = note returning u.id, u.t_id, peek()",
    ),
    Trick(
        "insert into v values (1)",
        setup=_V + "select id from t; create rule r as on insert to v do instead insert into canary.log values (new.id)",
        known=True,
    ),
]

VIEWS = [
    Trick(
        "insert into v values (98)",
        "insert public.t",
        setup=_V + "select id from t",
        proof="select count(*) = 1 from t where id = 98",
        known=True,
    ),
    Trick(
        "update v set a = 1",
        "update public.t",
        setup="create view v0 as select id, a from t where c = 0; create view v as select id i, a from v0",
        proof="select count(*) = 5 from t where a = 1",
        known=True,
    ),
    Trick(
        "update v set a = 1",
        setup="create view v0 as select id, a from t where mark_bool(c); create view v as select id i, a from v0",
    ),
    Trick(
        "insert into v values (98, 1)",
        setup="create view v0 as select id, a from t where mark_bool(c); create view v as select id i, a from v0 with cascaded check option",
    ),
    Trick("insert into v values (98)", setup=_V + "select id, a from t; alter view v alter a set default mark()"),
    Trick("insert into v values (98)", setup=_V + "select id, a from t; alter table t alter b set default mark()::text"),
    Trick(
        "delete from v",
        setup=_V + "select id from u; create trigger x instead of delete on v for each row execute function mark_trigger()",
        known=True,
    ),
    Trick(
        "update v set id = 1",
        setup=_V + "select id from u; create trigger x after update on u for each row execute function mark_trigger()",
        known=True,
    ),
    Trick("select * from v", setup=_V + "select mark() m"),
    Trick("select count(*) from v", setup=_V + "select 1 x where mark_bool(1)"),
    Trick("select * from v", OUT, setup=_V + "select peek() p"),
    Trick("select p from (select p from v) x", OUT, setup=_V + "select peek() p"),
    Trick("select * from v", OUT, setup=_V + "select x.value p from peek_rows() x"),
    Trick("select * from v", OUT, setup=_V + "select (peek_row()).value p"),
    Trick("select * from v", OUT, setup=_V + "select p.value p from t, lateral (select value from peek_rows()) p"),
    Trick(
        "select * from v",
        OUT,
        setup="create recursive view v (n, x) as select 1, '' union all select n + 1, value from v, vault.secrets where n < 2",
        known=True,
    ),
    Trick(
        "select * from v",
        OUT,
        setup="create view v1 as select value a, owner b from vault.secrets; create view v2 (b, a) as select * from v1; create view v as select b from v2",
        known=True,
    ),
    Trick(
        "select * from v",
        OUT,
        setup="create function f() returns text language sql return (select value from vault.secrets limit 1); create view v as select f() x",
        since=14,
    ),
    Trick("select * from v", OUT, setup=_V + "select s from vault.secrets s"),
    Trick("select (s).value from v", OUT, setup=_V + "select s from vault.secrets s"),
    Trick("select * from v order by 1", setup=_PAIR_CLASS + _V + "select array[p] a from pairs"),
    Trick("select * from v", setup=_PAIR_CLASS + _V + "select distinct array[p] a from pairs"),
    Trick("select * from v", setup=_PAIR_CLASS + _V + "select distinct p from pairs"),
    Trick("select * from v", setup=_PAIR_CLASS + _V + "select p from pairs order by pairs"),
    Trick("select * from v", setup=_RANGE + _V + "select evil_range(1, x) r from (values (5)) y(x)"),
    Trick("select * from v", setup=_USING + "; create view v as select a from t order by a using ###"),
    Trick("refresh materialized view v", setup="create materialized view v as select mark() m with no data"),
    Trick(
        "refresh materialized view v",
        READS,
        setup="create materialized view v as select value from vault.secrets",
        proof="select true",
        open="columns that a refresh reads are in its flows only",
    ),
]

TABLES = [
    Trick(
        "insert into p values (1)",
        setup=_LIST + "create trigger x before insert on p1 for each row execute function mark_trigger()",
        known=True,
    ),
    Trick(
        "insert into p1 values (1)",
        setup=_LIST + "create trigger x before insert on p for each row execute function mark_trigger()",
        known=True,
    ),
    Trick(
        "update p set x = 2",
        setup=_LIST
        + "create table p2 partition of p for values in (2); insert into p values (1); create trigger x before insert on p2 for each row execute function mark_trigger()",
        known=True,
    ),
    Trick("insert into p1 values (1)", setup=_EVIL_LIST),
    Trick("insert into p values (1)", setup=_EVIL_LIST),
    Trick(
        "insert into p1 values (1)",
        setup="create table p (x int) partition by list (x); create table p1 partition of p for values in (1) partition by list (mark_immutable(x)); create table p11 partition of p1 for values in (1); delete from canary.log",
    ),
    Trick(
        "insert into p11 values (1)",
        setup="create table p (x int) partition by list (mark_immutable(x)); create table p1 partition of p for values in (1) partition by list (x); create table p11 partition of p1 for values in (1); delete from canary.log",
    ),
    Trick(
        "update p1 set x = 1",
        setup="create table p (x int) partition by list (mark_immutable(x)); create table p1 partition of p for values in (1); insert into p values (1); delete from canary.log",
    ),
    Trick(
        "delete from p",
        "delete public.kid",
        setup="create table p (x int); create table kid (y int) inherits (p); insert into kid values (1, 2)",
        proof="select count(*) = 0 from kid",
        known=True,
    ),
    Trick(
        "delete from p",
        setup="create table p (x int); create table kid (y int) inherits (p); insert into kid values (1, 2); create trigger x before delete on kid for each row execute function mark_trigger()",
        known=True,
    ),
    Trick(
        "select * from p",
        "reads public.kid.x",
        setup="create table p (x text); create table kid (y int) inherits (p); insert into kid values ('S3CRET', 2)",
        known=True,
    ),
    Trick(
        "select * from p *",
        "reads public.grand.x",
        setup="create table p (x text); create table kid (y int) inherits (p); create table grand () inherits (kid); insert into grand values ('S3CRET', 2)",
        known=True,
    ),
    Trick(
        "select * from p",
        "effect reaches_out",
        setup="create extension file_fdw; create server f foreign data wrapper file_fdw; create table p (x text); create foreign table kid () inherits (p) server f options (program 'echo S3CRET')",
    ),
    Trick("insert into t (id) values (99)", setup="create index on t (mark_immutable(a)); delete from canary.log"),
    Trick(
        "insert into t (id, a) values (99, 1)", setup="create index on t (id) where mark_immutable(a) = 1; delete from canary.log"
    ),
    Trick("update t set a = 5", setup="create index on t (mark_immutable(a)); delete from canary.log"),
    Trick("insert into t (id, a) values (99, 1)", setup="alter table t add check (mark_bool(a)); delete from canary.log"),
    Trick(
        "insert into t (id, a) values (99, 1)",
        setup="alter table t add g int generated always as (mark_immutable(a)) stored; delete from canary.log",
    ),
    Trick(
        "select g from t",
        "reads public.t.a",
        setup="alter table t add g int generated always as (a + 1) virtual",
        proof="select true",
        since=18,
    ),
    Trick(
        "select g from s",
        "out public.s.a",
        setup="create table s (a text, g text generated always as (a || 'x') virtual); insert into s values ('S3CRET')",
        since=18,
    ),
    Trick(
        "select s from s",
        "out public.s.a",
        setup="create table s (a text, g text generated always as (a || 'x') virtual); insert into s values ('S3CRET')",
        since=18,
        known=True,
    ),
    Trick(
        "insert into s values ('y') returning g",
        "out public.s.a",
        setup="create table s (a text, g text generated always as ('S3CRET' || a) virtual)",
        since=18,
    ),
    Trick(
        "insert into t (id, a) values (99, 1)",
        setup="create domain dd as int check (mark_bool(value)); alter table t add d dd default 1; delete from canary.log",
    ),
    Trick("insert into z (x) values (1)", setup="create table z (x int, d defaulted)"),
    Trick("insert into z values (row(1, 2))", setup="create table z (w with_checked)"),
    Trick("insert into z values ('(1,2)')", setup="create table z (w with_checked)"),
    Trick("insert into z values ('{1}')", setup="create table z (w checked[])"),
    Trick("insert into z (w.x) values (1)", setup="create table z (w with_checked)"),
    Trick("update z set w.x = 1", setup="create table z (w with_checked); insert into z values (null)"),
    Trick("update z set w[1] = 1", setup="create table z (w checked[]); insert into z values (null)"),
    Trick("copy z from program 'echo 1'", setup="create table z (w checked)"),
    Trick("copy z from program 'echo ''\"(1,2)\"''' csv", setup="create table z (w with_checked)"),
]

_POLICY = "create role npa_x; grant all on schema public, canary, vault to npa_x; grant all on all tables in schema public, canary to npa_x; alter table {0} enable row level security; create policy p on {0} {1}"


def _rls(table: str, policy: str, more: str = "") -> str:
    return _POLICY.format(table, policy) + "; " + more


RIGHTS = [
    Trick("select * from t", setup=_rls("t", "using (mark_bool(id))"), role="npa_x"),
    Trick(
        "update t set a = 1",
        setup=_rls("t", "for update using (mark_bool(id))", "create policy q on t for select using (true)"),
        role="npa_x",
    ),
    Trick(
        "update t set a = 1 where id = 1",
        setup=_rls("t", "for select using (mark_bool(id))", "create policy q on t for update using (true)"),
        role="npa_x",
    ),
    Trick(
        "delete from u where id = 1",
        setup=_rls("u", "for select using (mark_bool(id))", "create policy q on u for delete using (true)"),
        role="npa_x",
    ),
    Trick("insert into t (id) values (99)", setup=_rls("t", "for insert with check (mark_bool(id))"), role="npa_x"),
    Trick(
        "insert into t (id) values (99) returning id",
        setup=_rls("t", "for select using (mark_bool(id))", "create policy q on t for insert with check (true)"),
        role="npa_x",
    ),
    Trick(
        "select * from t for update",
        setup=_rls("t", "for update using (mark_bool(id))", "create policy q on t for select using (true)"),
        role="npa_x",
    ),
    Trick(
        "insert into t (id) values (1) on conflict (id) do update set a = 1",
        setup=_rls(
            "t",
            "for update using (mark_bool(id))",
            "create policy q on t for select using (true); create policy r on t for insert with check (true)",
        ),
        role="npa_x",
    ),
    Trick(
        "merge into t using u on t.id = u.t_id when matched then update set a = 1",
        setup=_rls("t", "for select using (mark_bool(id))", "create policy q on t for update using (true)"),
        role="npa_x",
        since=15,
    ),
    Trick("copy t to stdout", setup=_rls("t", "using (mark_bool(id))"), role="npa_x"),
    Trick(
        "select * from v", setup=_rls("t", "using (mark_bool(id))", "create view v as select * from t; alter view v owner to npa_x")
    ),
    Trick(
        "select * from v",
        setup=_rls(
            "t", "using (mark_bool(id))", "create view v with (security_invoker) as select * from t; grant select on v to npa_x"
        ),
        role="npa_x",
        since=15,
    ),
    Trick(
        "update v set a = 1",
        setup=_rls("t", "using (mark_bool(id))", "create view v as select * from t; alter view v owner to npa_x"),
    ),
    Trick(
        "select f()",
        setup=_rls(
            "t",
            "using (mark_bool(id))",
            "create function f() returns bigint language sql security definer as 'select count(*) from t'; alter function f() owner to npa_x",
        ),
    ),
    Trick(
        "select * from t",
        "reads vault.secrets.id",
        setup=_rls("t", "using (exists (select from vault.secrets s where s.id = t.id))", "grant select on vault.secrets to npa_x"),
        role="npa_x",
        proof="select true",
    ),
    Trick("set role npa_x; select * from t", setup=_rls("t", "using (mark_bool(id))")),
    Trick("do $$ begin set local role npa_x; perform * from t; end $$", setup=_rls("t", "using (mark_bool(id))")),
]

_EVENT = "create event trigger x on ddl_command_start execute function mark_event()"
_EVIL_INDEX = "create index z on t (mark_immutable(a)); delete from canary.log"

DEFINITIONS = [
    Trick("create table zz (x int)", setup=_EVENT),
    Trick("create table zz as select 1", setup=_EVENT),
    Trick("select 1 as x into zz", setup=_EVENT),
    Trick("create materialized view zz as select 1", setup=_EVENT),
    Trick("comment on table t is 'x'", setup=_EVENT),
    Trick("grant select on t to public", setup=_EVENT),
    Trick("drop table u", setup="create event trigger x on sql_drop execute function mark_event()"),
    Trick("alter table t alter a type bigint", setup="create event trigger x on table_rewrite execute function mark_event()"),
    Trick("do $$ begin create table zz (x int); end $$", setup=_EVENT),
    Trick("do $$ begin create table zz as select 1; end $$", setup=_EVENT),
    Trick("create temp table zz (x int)", setup=_EVENT),
    Trick("alter table t set (fillfactor = 50)", setup=_EVENT),
    Trick("create index on t (mark_immutable(a))"),
    Trick("create index on t (a) where mark_immutable(a) = 1"),
    Trick("alter table t add z int default mark()"),
    Trick("alter table t add z int generated always as (mark_immutable(a)) stored"),
    Trick("alter table t alter a type text using mark(a)::text"),
    Trick("alter table t alter a type checked"),
    Trick("alter table t add check (mark_bool(a))"),
    Trick("alter table t validate constraint k", setup="alter table t add constraint k check (mark_bool(a)) not valid"),
    Trick(
        "alter domain d2 add check (mark_bool(value))",
        setup="create domain d2 as int; create table z (x d2); insert into z values (1)",
    ),
    Trick("create table p1 partition of p for values in (mark_immutable(1))", setup="create table p (x int) partition by list (x)"),
    Trick(
        "alter table p attach partition p1 for values in (mark_immutable(1))",
        setup="create table p (x int) partition by list (x); create table p1 (x int)",
    ),
    Trick(
        "alter table p attach partition p1 for values in (1)",
        setup="create table p (x int) partition by list (mark_immutable(x)); create table p1 (x int); insert into p1 values (1); delete from canary.log",
    ),
    Trick("cluster t using z", setup=_EVIL_INDEX),
    Trick("reindex table t", setup=_EVIL_INDEX),
    Trick("analyze t", setup=_EVIL_INDEX),
    Trick(
        "analyze t",
        setup="create statistics z on (mark_immutable(a)), b from t; delete from canary.log",
        since=14,
        open="expressions of extended statistics are not in the catalogue",
    ),
    Trick(
        "create schema zz create table x (y int default mark()) create view v as select mark()", "create zz.x", proof="select true"
    ),
    Trick("create trigger x before insert on t for each row execute function mark_trigger(); insert into t (id) values (99)"),
    Trick("create function evil_f() returns int language sql as 'select mark()'; select evil_f()"),
    Trick("create rule r as on insert to t do also insert into canary.log values (1); insert into t (id) values (99)"),
    Trick("drop schema vault cascade", "drop vault.secrets", proof="select to_regclass('vault.secrets') is null", known=True),
    Trick(
        "drop table t cascade", "drop public.v", setup=_V + "select * from t", proof="select to_regclass('v') is null", known=True
    ),
    Trick(
        "drop type checked cascade",
        "alter public.z",
        setup="create table z (x checked, y int)",
        proof="select count(*) = 1 from pg_attribute where attrelid = 'z'::regclass and attnum > 0 and not attisdropped",
    ),
    Trick("drop function mark() cascade", "drop public.v", setup=_V + "select mark()", proof="select to_regclass('v') is null"),
    Trick(
        "drop owned by npa_x",
        "drop public.z",
        setup="create role npa_x; create table z (x int); alter table z owner to npa_x",
        proof="select to_regclass('z') is null",
    ),
    Trick("alter table vault.secrets set schema public", "alter vault.secrets", proof="select true", known=True),
    Trick("create table zz (like vault.secrets including all)", "create public.zz", proof="select true", known=True),
    Trick("alter table u add foreign key (id) references t", "reads public.u.id", proof="select true"),
]

TEXTS = [
    Trick("set search_path to evil; select b from t", "out evil.t.b"),
    Trick("set local search_path to evil; select b from t", "out evil.t.b"),
    Trick("select set_config('search_path', 'evil', true); select b from t", "out evil.t.b"),
    Trick("select set_config('search' || '_path', 'evil', true); select b from t", "out evil.t.b"),
    Trick("create temp table t as select value b from vault.secrets; select b from t", "flow pg_temp.t.b < vault.secrets.value"),
    Trick("create temp view t as select value b from vault.secrets; select b from t", OUT),
    Trick("alter table vault.secrets rename to x; select value from vault.x", OUT),
    Trick("drop table u, public.t; select b from t", "out evil.t.b", path="public, evil"),
    Trick(
        "savepoint x; set search_path to vault; rollback to x; select b from t; set search_path to evil; select b from t",
        "out evil.t.b",
    ),
    Trick("set session_replication_role = replica; insert into t (id) values (99)", setup=_REPLICA.format("replica")),
    Trick("prepare q as select b from t; set search_path to evil; execute q", "out evil.t.b"),
    Trick("select 1; select mark()"),
    Trick("select 1 /* ; */; /* select 1 */ select mark() -- x"),
    Trick("SELECT/**/mark/**/(/**/)/* /* nested */ */"),
    Trick('select public."mark"()'),
    Trick('select "public".U&"m\\0061rk"()'),
    Trick("select\f\tmark\v()", proof="select true"),
    Trick("select $$ ' $$, mark(), $x$ $$ $x$"),
    Trick("select E'\\'', mark(), '\\'"),
    Trick("select 'a'\n'b', mark()"),
    Trick("select " + "(" * 40 + "mark()" + ")" * 40),
    Trick("select 1" + " + 1" * 3000 + " + mark()"),
    Trick("select " + "coalesce(" * 300 + "mark()" + ")" * 300),
    Trick("select x from " + "(select x from " * 60 + "(select value x from vault.secrets) y" + ") y" * 60, OUT),
    Trick(
        "with a0 as (select value x from vault.secrets), "
        + ", ".join(f"a{n} as (select x from a{n - 1})" for n in range(1, 80))
        + " select x from a79",
        OUT,
        known=True,
    ),
    Trick(" union all ".join(["select 'x'"] * 400) + " union all select value from vault.secrets", OUT),
    Trick("do $$ begin execute $x$ select mark() $x$; end $$"),
]

LINEAGE = [
    Trick("select case when value like 'S%' then value else '' end from vault.secrets", OUT, known=True),
    Trick("select (select value from vault.secrets where id = t.id) from t", OUT, known=True),
    Trick("select array(select value from vault.secrets)", OUT, known=True),
    Trick("select (array(select value from vault.secrets))[1]", OUT, known=True),
    Trick("select x from t full join vault.secrets using (id), lateral (select value x) y", OUT, known=True),
    Trick("select * from vault.secrets natural full join (select 1 id, 'x' zz) y", OUT, known=True),
    Trick("select b from (values ('a', 'b')) x(a, b) union select value from vault.secrets", OUT, known=True),
    Trick("select a from (select 'x' a union all (select value from vault.secrets)) x", OUT, known=True),
    Trick(
        "with recursive x(a, b, n) as (select 'x'::text, value, 1 from vault.secrets union all select b, a, n + 1 from x where n < 3) select a from x",
        OUT,
        known=True,
    ),
    Trick("select to_jsonb(s) ->> 'value' from vault.secrets s", OUT, known=True),
    Trick("select jsonb_build_object('k', value) from vault.secrets", OUT, known=True),
    Trick("select x from (select (row(s.*)::vault.secrets).value x from vault.secrets s) x", OUT),
    Trick("select unnest(array_agg(value)) from vault.secrets", OUT, known=True),
    Trick("select u from vault.secrets, unnest(array[value]) u", OUT, known=True),
    Trick("select regexp_split_to_table(value, 'x') from vault.secrets", OUT, known=True),
    Trick("select y.g from vault.secrets, lateral (select value || g g from generate_series(1, 1) g) y", OUT, known=True),
    Trick("select v from vault.secrets, jsonb_each_text(to_jsonb(secrets)) as j(k, v)", OUT, known=True),
    Trick("select value::int from vault.secrets", READS, known=True),
    Trick("select format('%s', s) from vault.secrets s", OUT, known=True),
    Trick("select concat(s) from vault.secrets s", OUT, known=True),
    Trick("select s::text::vault.secrets from vault.secrets s", OUT, known=True),
    Trick("select (s::text::vault.secrets).value from vault.secrets s", OUT, known=True),
    Trick("select quote_literal(s) from vault.secrets s", OUT),
    Trick("select row_to_json(x) from (select value from vault.secrets) x", OUT, known=True),
    Trick("select row_to_json(row(value)) from vault.secrets", OUT, known=True),
    Trick("select x.* from (select s.* from vault.secrets s) x", OUT, known=True),
    Trick("select json_agg(x) from (select * from vault.secrets) x", OUT, known=True),
    Trick("select greatest(value, '') from vault.secrets", OUT, known=True),
    Trick(
        "select histogram_bounds::text from pg_stats where tablename = 'secrets' and attname = 'value'",
        "reads pg_catalog.pg_statistic.stavalues1",
        setup="analyze vault.secrets",
        known=True,
    ),
    Trick("select a.value from vault.secrets a left join vault.secrets b using (value)", OUT, known=True),
    Trick("select value from vault.secrets a full join (select 'x' value) b using (value)", OUT, known=True),
    Trick("select j.value from (vault.secrets a join t using (id)) as j", OUT, known=True),
    Trick("select k.value from vault.secrets a join vault.secrets b using (value) as k", OUT, since=14, known=True),
    Trick("select max(x) over () from (select value x from vault.secrets) y", OUT, known=True),
    Trick("table vault.secrets order by 3 limit 1", OUT, known=True),
    Trick("select * from (select * from vault.secrets order by 1 offset 0) x", OUT, known=True),
    Trick("values ((select value from vault.secrets limit 1))", OUT, known=True),
    Trick("select x from (values (1, (select value from vault.secrets limit 1))) y(n, x)", OUT, known=True),
    Trick("select v.value from vault.secrets s cross join lateral (select s.value) v", OUT, known=True),
    Trick(
        "select * from json_table((select json_agg(s) from vault.secrets s)::jsonb, '$[*]' columns (x text path '$.value'))",
        OUT,
        since=17,
        known=True,
    ),
    Trick("select json_query(to_jsonb(s), '$.value') from vault.secrets s", OUT, since=17, known=True),
    Trick(
        "select x from vault.secrets s, xmltable('/r' passing xmlelement(name r, value) columns x text path '.') y",
        OUT,
        since=15,
        until=15,
        known=True,
    ),
    Trick("select xmlforest(value) from vault.secrets", OUT, since=15, until=15, known=True),
    Trick("select xmlagg(xmlelement(name x, value)) from vault.secrets", OUT, since=15, until=15, known=True),
    Trick("select hstore(s) -> 'value' from vault.secrets s", OUT, setup="create extension hstore", known=True),
    Trick(
        "select (x #= hstore('b', y)).b from (select t x, value y from t, vault.secrets) z", OUT, setup="create extension hstore"
    ),
    Trick(
        "select setting from (select set_config('a.b', value, true) from vault.secrets) x, lateral (select current_setting('a.b') setting) y",
        "setting a.b; reads vault.secrets.value",
        proof="select true",
    ),
]

BOUNDS = [
    Trick("delete from u where id = 1 or true", "bound trivial public.u", proof="select count(*) = 0 from u", known=True),
    Trick("delete from u where 1 = 1", "bound trivial public.u", proof="select count(*) = 0 from u", known=True),
    Trick("delete from u where t_id = t_id", "bound trivial public.u", proof="select count(*) = 0 from u", known=True),
    Trick("delete from evil.t where id operator(evil.=) 1", "unkeyed evil.t", proof="select count(*) = 0 from evil.t"),
    Trick("delete from evil.t where id = 1", "unkeyed evil.t", path=EVIL, proof="select count(*) = 0 from evil.t"),
    Trick("delete from evil.t where id = 1 or id = 2", "unkeyed evil.t", proof="select count(*) = 0 from evil.t"),
    Trick("delete from evil.t where not (id = 1 and false)", "unkeyed evil.t", proof="select count(*) = 0 from evil.t"),
    Trick("delete from evil.t using (select 1 id) x where x.id = 1", "unkeyed evil.t", proof="select count(*) = 0 from evil.t"),
    Trick("delete from evil.t a using evil.t b where b.id = 1", "unkeyed evil.t", proof="select count(*) = 0 from evil.t"),
    Trick(
        "delete from p where id = 1",
        "unkeyed public.kid",
        setup="create table p (id int primary key); create table kid () inherits (p); insert into kid values (1), (1), (1)",
        proof="select count(*) = 0 from kid",
    ),
    Trick("delete from evil.t where coalesce(id = 1, true) is not null", "unkeyed evil.t", proof="select count(*) = 0 from evil.t"),
    Trick(
        "update evil.t set a = 'x' where (id = 1) is not null",
        "unkeyed evil.t",
        proof="select count(*) = 2 from evil.t where a = 'x'",
    ),
    Trick(
        "delete from b where id = 9007199254740992::float8",
        "unkeyed public.b",
        setup="create table b (id bigint primary key); insert into b values (9007199254740992), (9007199254740993)",
        proof="select count(*) = 0 from b",
    ),
]
