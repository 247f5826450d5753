"""A database in which names mean several things: overloads, operators, casts, domains, extensions."""

from __future__ import annotations

EXTENSIONS = ("citext", "hstore", "ltree", "pg_trgm", "intarray", "cube", "isn")

SQL = """
create schema first; create schema second;

create domain small as int check (value < 1000);
create domain smaller as small check (value < 100);
create domain word as text check (length(value) < 50);
create domain numbers as int[] check (cardinality(value) < 10);
create type mood as enum ('sad', 'ok', 'happy');
create type colour as enum ('red', 'green');
create type pair as (a int, b text);
create type strict_pair as (a small, b text);
create domain good_pair as pair check ((value).a > 0);
create table parent (id int, name text);
create table child (more int) inherits (parent);
create table of_pair of pair;
create table unrelated (a int, b text);
create type span as range (subtype = float8);
create type price_range as range (subtype = numeric);

create type word_range as range (subtype = word);

-- overloads
create function public.f(int) returns text language sql as 'select 1::text';
create function public.f(text) returns text language sql as 'select 1::text';
create function public.f(float8) returns int language sql as 'select 1';
create function public.f(int, int) returns text language sql as 'select 1::text';
create function public.f(a numeric, b text default 'x', c int default 1) returns numeric language sql as 'select 1.0';
create function first.f(int) returns bigint language sql as 'select 1::int8';
create function first.f(date) returns date language sql as 'select $1';
create function second.f(text) returns bigint language sql as 'select 1::int8';
create function second.f(small) returns bool language sql as 'select true';
create function second.f(varchar) returns bool language sql as 'select true';
create function first.g(a int, b text) returns int language sql as 'select 1';
create function first.g(b text, a int) returns int language sql as 'select 1';
create function public.g(a int, b text, c bool default true, d date default null) returns int language sql as 'select 1';
create function public.g(x int, variadic y text[]) returns int language sql as 'select 1';
create function first.v(variadic int[]) returns int language sql as 'select 1';
create function public.v(variadic numeric[]) returns text language sql as 'select 1::text';
create function public.v(int) returns date language sql as 'select now()::date';
create function public.v(int, int) returns date language sql as 'select now()::date';
create function second.v(text, variadic text[]) returns date language sql as 'select now()::date';
create function public.w(variadic "any") returns int language internal as 'pg_num_nulls';
create function public.d1(int) returns int language sql as 'select 1';
create function public.d1(int, int default 1) returns int language sql as 'select 1';
create function public.dom(small) returns text language sql as 'select 1::text';
create function public.dom(word) returns int language sql as 'select 1';
create function public.dom2(int) returns text language sql as 'select 1::text';
create function public.dom2(small) returns int language sql as 'select 1';
create function public.dom2(bigint) returns bigint language sql as 'select 1::int8';
create function public.p(anyelement) returns anyelement language sql as 'select $1';
create function public.p(anyelement, anyelement) returns anyarray language sql as 'select array[$1, $2]';
create function public.p(anyarray) returns anyelement language sql as 'select $1[1]';
create function public.p(anyarray, anyelement) returns anyarray language sql as 'select $1';
create function public.p(text, anynonarray) returns text language sql as 'select $1';
create function public.pr(anyrange) returns anyelement language sql as 'select lower($1)';
create function public.pr(anyrange, anyelement) returns anyrange language sql as 'select $1';
create function public.pe(anyenum) returns anyarray language sql as 'select enum_range($1)';
create function public.pc(anycompatible, anycompatible) returns anycompatible language sql as 'select $1';
create function public.pc(anycompatiblearray, anycompatible) returns anycompatiblearray language sql as 'select $1';
create function public.pc(anycompatiblenonarray, int) returns anycompatiblearray language sql as 'select array[$1]';
create function public.pc(anycompatiblerange, anycompatible) returns anycompatiblerange language sql as 'select $1';
create function public.rec(record) returns int language internal as 'pg_num_nulls';
create function public.rec(pair) returns text language sql as 'select 1::text';
create function public.rec(parent) returns bool language sql as 'select true';
create function public.onlypair(pair) returns int language sql as 'select 1';
create function public.onlyparent(parent) returns int language sql as 'select 1';
create function public.outs(in a anyelement, out b anyarray, out c anyelement) language sql as 'select array[$1], $1';
create function public.one_out(in a anyelement, out b anyarray) language sql as 'select array[$1]';
create function public.setof_it(anyarray) returns setof anyelement language sql as 'select unnest($1)';
create function first.lower(text) returns text language sql as 'select $1';
create function public.lower(citext) returns citext language sql as 'select $1';
create function public.lower(int) returns int language sql as 'select $1';
create function first.abs(small) returns small language sql as 'select $1';
create function public.length(varchar) returns bigint language sql as 'select 1::int8';
create function public.moody(mood) returns mood language sql as 'select $1';
create function public.moody(colour) returns mood language sql as 'select null::mood';
create function public.colour(int) returns colour language sql as 'select null::colour';
create function public.word(int) returns word language sql as 'select null::word';
create aggregate public.f(date) (sfunc = date_larger, stype = date);
create aggregate public.agg(int) (sfunc = int4larger, stype = int);

-- casts
create function public.to_mood(int) returns mood language sql as 'select null::mood';
create cast (int as mood) with function public.to_mood(int) as implicit;
create function public.from_mood(mood) returns int language sql as 'select 1';
create cast (mood as int) with function public.from_mood(mood) as assignment;
create cast (colour as text) with inout as implicit;
create function public.to_pair(parent) returns pair language sql as 'select null::pair';
create cast (parent as pair) with function public.to_pair(parent) as implicit;
create cast (money as int8) with inout;
create function public.pg_xml(json) returns xml language sql as 'select null::xml';
create cast (json as xml) with function public.pg_xml(json) as assignment;

-- operators
create function public.op_int(int, int) returns bool language sql as 'select true';
create function public.op_text(text, text) returns bool language sql as 'select true';
create function public.op_small(small, small) returns bool language sql as 'select true';
create function public.op_any(anyelement, anyelement) returns anyarray language sql as 'select array[$1]';
create function public.op_pre(int) returns int language sql as 'select 1';
create function public.op_pre(float8) returns float8 language sql as 'select 1.0::float8';
create function public.op_prew(word) returns word language sql as 'select $1';
create function public.op_mixed(int, text) returns bool language sql as 'select true';
create function public.op_mood(mood, text) returns bool language sql as 'select true';
create operator public.<<>> (function = op_int, leftarg = int, rightarg = int);
create operator public.<<>> (function = op_text, leftarg = text, rightarg = text);
create operator first.<<>> (function = op_int, leftarg = int, rightarg = int);
create operator second.<<>> (function = op_any, leftarg = anyelement, rightarg = anyelement);
create operator first.= (function = op_mixed, leftarg = int, rightarg = text);
create operator second.= (function = op_text, leftarg = text, rightarg = text);
create operator public.= (function = op_small, leftarg = small, rightarg = small);
create operator public.= (function = op_mood, leftarg = mood, rightarg = text);
create operator public.<<<< (function = op_small, leftarg = small, rightarg = small);
create operator public.@# (function = op_pre, rightarg = int);
create operator public.@# (function = op_pre, rightarg = float8);
create operator public.@# (function = op_prew, rightarg = word);
create operator public.|| (function = op_mixed, leftarg = int, rightarg = text);
"""

PATHS = (("public",), ("first", "public"), ("second", "public"), ("first", "second", "public"), ("second", "pg_catalog", "public"))

TYPES = """
    int2 int4 int8 float4 float8 numeric text varchar bpchar name "char" bool date timestamp timestamptz time timetz
    interval bytea json jsonb inet cidr uuid oid regclass regproc xml bit varbit money point box path tsvector tsquery
    int4range numrange int4multirange datemultirange tstzrange int4[] int8[] text[] float8[] varchar[] small[] small
    smaller word numbers mood colour pair strict_pair good_pair parent child of_pair unrelated span price_range span[]
    mood[] pair[] citext hstore ltree lquery cube isbn citext[] hstore[] pg_lsn xid cid tid int2vector oidvector macaddr
    jsonpath numeric[] strict_pair[] word[] word_range
""".split()  # noqa: SIM905 - ninety lines otherwise
"""Column `cN` of the table `every` has the type at place N."""

EVERY = f"create table public.every ({', '.join(f'c{number} {type_}' for number, type_ in enumerate(TYPES))})"
