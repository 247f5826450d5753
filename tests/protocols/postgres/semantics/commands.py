"""A database with one of everything that statements define, and statements of every kind on it. For tests against real servers."""

from __future__ import annotations

SETUP = r"""
create schema app; create schema side;
create role np_porter; create role np_guest;
create function app.f(int) returns int language plpgsql volatile as 'begin return $1; end';
create function app.even(int) returns bool language plpgsql immutable as 'begin return $1 % 2 = 0; end';
create function app.twice(int) returns int language plpgsql immutable as 'begin return $1 * 2; end';
create function app.is_word(text) returns bool language plpgsql immutable as 'begin return $1 <> ''''; end';
create function app.fire() returns trigger language plpgsql as 'begin insert into app.log values (tg_op); return null; end';
create function app.note() returns event_trigger language plpgsql as 'begin end';
create function app.sums(int, int) returns int language plpgsql immutable as 'begin return $1 + $2; end';
create domain app.word as text check (app.is_word(value));
create domain app.plain as text;
create type app.mood as enum ('sad', 'ok');
create type app.pair as (a int, b text);
create type app.alone as (x int);
create table app.log (line text);
create table app.parent (id int primary key, name text, kind int unique);
create table app.child (id serial primary key, parent_id int references app.parent on delete cascade, n int check (app.even(n)),
  w app.word, m app.mood, p app.pair, note text default 'x', g int generated always as (app.twice(1)) stored);
insert into app.parent values (1, 'a', 1), (2, 'b', 2);
insert into app.child (parent_id, n, w, m, p) values (1, 2, 'w', 'ok', (1, 'b')), (2, 4, 'v', 'sad', (2, 'c'));
create table app.grandchild (id int primary key, child_id int references app.child);
insert into app.grandchild values (1, 1);
create index child_n on app.child (app.twice(n)) where n > 0;
create index child_note on app.child (note);
create table app.base (a int, b text);
create table app.derived (c int) inherits (app.base);
create table app.further () inherits (app.derived);
insert into app.base values (1, 'x'); insert into app.derived values (2, 'y', 3); insert into app.further values (5, 'z', 6);
create table app.loose (a int, b text);
create table app.parted (id int not null, at date, ref int references app.parent) partition by range (id);
create table app.part1 partition of app.parted for values from (0) to (10);
create table app.part2 partition of app.parted for values from (10) to (20) partition by list (id);
create table app.part2a partition of app.part2 for values in (10, 11);
create table app.part_rest partition of app.parted default;
create table app.part_new (id int not null, at date, ref int);
create index parted_id on app.parted (app.twice(id));
insert into app.parted values (1, now(), 1), (10, now(), 2), (50, now(), 1); insert into app.part_new values (30, now(), 1);
create view app.v as select id, name from app.parent;
create view app.vv as select v.id, c.n from app.v join app.child c on c.parent_id = v.id;
create view app.calls as select app.f(id) as x from app.parent;
create view app.of_word as select w from app.child;
create view app.casts as select 'ok'::app.mood::text as m;
create materialized view app.mat as select p.id, app.f(count(*)::int) as n
  from app.parent p join app.child c on c.parent_id = p.id group by 1;
create unique index mat_id on app.mat (id);
create sequence app.seq;
create sequence app.owned owned by app.loose.a;
create table app.drawn (a int default nextval('app.seq'));
create trigger fired after truncate on app.log execute function app.fire();
create table app.fired (a int);
create trigger truncated before truncate on app.fired for each statement execute function app.fire();
create table app.ruled (a int); create rule also as on insert to app.ruled do also insert into app.log values ('x');
create table app.guarded (a int, b int); alter table app.guarded enable row level security;
create policy p on app.guarded to np_guest using (a in (select id from app.parent where app.even(id)));
create table app.typed of app.alone;
create table app.keyed (a int primary key, b int);
create table app.keys (a int references app.keyed, b int references app.keyed);
create statistics app.stats on id, name from app.parent;
create server self foreign data wrapper nothing;
create foreign table app.far (a int) server self;
create publication pub for table app.loose;
create aggregate app.total(int) (sfunc = app.sums, stype = int, initcond = '0');
create view app.totals as select app.total(id) from app.parent;
create operator app.@+ (leftarg = int, rightarg = int, function = app.sums);
create view app.plusses as select id operator(app.@+) 1 as x from app.parent;
create table side.t (id int primary key, r int references app.parent); create view side.v as select * from app.loose;
create table app.belongs (a int); alter table app.belongs owner to np_porter;
create view app.sees as select * from app.belongs;
"""

FIRST = "create foreign data wrapper nothing;"

STATEMENTS = r"""
create table app.new (a int, b text)
create table app.new (a int primary key, b int references app.parent, c text default app.f(1)::text check (app.is_word(c)))
create table app.new (like app.child including all)
create table app.new () inherits (app.base)
create table app.new (a int, foreign key (a) references app.parent (kind))
create table app.new (a int primary key, up int references app.new)
create table app.new of app.alone
create table app.new of app.pair
create table app.part3 partition of app.parted for values from (20) to (30)
create table app.part3 partition of app.parted for values from (app.twice(20)) to (app.f(50))
create table app.part2b partition of app.part2 for values in (12)
create table if not exists app.parent (a int)
create temporary table tmp (a int) on commit drop
create unlogged table app.new (a int) with (fillfactor = 50)
create table app.new (a int, exclude using gist (int4range(a, a + 1) with &&))
create foreign table app.far2 (a int) server self
create table app.new as select * from app.vv
select * into app.new from app.v
create materialized view app.new as select app.f(id) from app.parent
create materialized view app.new as select id from app.v with no data
alter table app.child add column c int
alter table app.child add column c int default app.f(1)
alter table app.child add column c int default app.f(1) not null check (c > 0)
alter table app.child add column c app.word
alter table app.child add column c app.word default 'x'
alter table app.child add column c int references app.parent
alter table app.child add column c int generated always as (app.twice(n)) stored
alter table app.child add column c serial
alter table app.child add column c int generated always as identity
alter table app.child add column c int, add check (c is null or n > 0)
alter table app.child add column if not exists n int
alter table if exists app.nothing add column n int
alter table app.base add column c2 int default app.f(2)
alter table only app.base add constraint k check (a > 0) no inherit
alter table app.base add constraint k check (app.twice(a) > 0)
alter table app.base add constraint k check (app.twice(a) > 0) not valid
alter table app.base alter column a set not null
alter table app.base alter column a type bigint
alter table app.base alter column a type text using app.twice(a)::text
alter table app.base drop column b
alter table app.base rename column b to bb
alter table app.base alter column b set default 'q'
alter table app.base alter column b set statistics 10
alter table app.base alter column b set storage external
alter table app.base set (fillfactor = 50)
alter table app.base owner to np_porter
alter table app.base set schema side
alter table app.base rename to based
alter table app.base set unlogged
alter table app.base disable trigger all
alter table app.child alter column m type text
alter table app.child alter column id type bigint
alter table app.child alter column note type app.word
alter table app.keys alter column b type bigint
alter table app.child alter column p drop default
alter table app.child alter column n set default app.f(2)
alter table app.child drop column note
alter table app.child drop column n cascade
alter table app.grandchild drop column child_id
alter table app.child drop column parent_id cascade
alter table app.child drop column id cascade
alter table app.child drop column w cascade
alter table app.child drop constraint child_parent_id_fkey
alter table app.child drop constraint child_n_check
alter table app.child drop constraint child_pkey cascade
alter table app.child alter constraint child_parent_id_fkey deferrable
alter table app.child add unique (n, id)
alter table app.child add foreign key (id) references app.parent (id)
alter table app.child add foreign key (n) references app.parent (id) not valid
alter table app.child add foreign key (id) references app.child (id)
alter table app.child set logged
alter table app.child replica identity full
alter table app.child replica identity using index child_pkey
alter table app.child cluster on child_pkey
alter table app.child owner to np_porter
alter table app.child enable row level security
alter table app.child force row level security
alter table app.child set schema side
alter table app.parent drop constraint parent_pkey cascade
alter table app.parent drop column id cascade
alter table app.keyed alter column a type bigint using app.f(a)
alter table app.child validate constraint child_parent_id_fkey
alter table app.child rename constraint child_parent_id_fkey to renamed
alter table app.loose inherit app.base
alter table app.derived no inherit app.base
alter table app.loose add primary key (a)
alter table app.loose of app.pair
alter table app.typed not of
alter table app.parted attach partition app.part_new for values from (20) to (40)
alter table app.parted detach partition app.part1
alter table app.parted detach partition app.part2
alter table app.parted add column x int default app.f(3)
alter table app.parted add primary key (id)
alter table app.parted add foreign key (ref) references app.parent (id)
alter table app.parted add check (app.twice(id) >= 0)
alter table app.parted drop constraint parted_ref_fkey
alter table app.ruled disable rule also
alter table app.fired disable trigger truncated
alter table app.keys drop column a
alter foreign table app.far options (add x 'y')
alter foreign table app.far add column b int
alter view app.v alter column name set default 'x'
alter view app.v owner to np_porter
alter view app.v rename to w
alter view app.v rename column name to title
alter view app.v set (security_barrier = true)
alter materialized view app.mat rename to matt
alter materialized view app.mat set schema side
alter index app.child_n rename to child_nn
alter index app.child_n set (fillfactor = 50)
alter index app.child_n alter column 1 set statistics 10
alter index if exists app.nothing rename to other
alter type app.alone add attribute y int cascade
alter type app.pair rename attribute a to aa cascade
alter type app.pair drop attribute a cascade
alter type app.alone rename attribute x to xx cascade
alter type app.pair rename to pears
alter table only app.base drop column b
alter table only app.part2 add unique (id)
alter type app.pair set schema side
alter type app.pair owner to np_porter
alter type app.mood rename value 'sad' to 'blue'
alter type app.mood add value 'new'
alter domain app.word add constraint short check (length(value) < 100 and app.is_word(value))
alter domain app.word add constraint short check (length(value) < 100) not valid
alter domain app.word set not null
alter domain app.word set default 'x'
alter domain app.word drop constraint word_check
alter domain app.word validate constraint word_check
alter domain app.word rename to words
alter sequence app.seq restart
alter sequence app.seq owned by app.drawn.a
alter sequence if exists app.nothing restart
alter sequence app.owned rename to own
alter function app.f(int) rename to ff
alter function app.f(int) owner to np_porter
alter function app.f(int) set search_path = app
alter function app.f(int) depends on extension plpgsql
alter function app.f(int) stable
alter aggregate app.total(int) rename to totals
alter operator app.@+ (int, int) owner to np_porter
alter schema side rename to sides
alter schema side owner to np_porter
alter policy p on app.guarded using (b in (select id from app.child))
alter policy p on app.guarded rename to q
alter policy p on app.guarded to np_guest, np_porter
alter trigger truncated on app.fired rename to x
alter trigger truncated on app.fired depends on extension plpgsql
alter rule also on app.ruled rename to x
alter statistics app.stats rename to other
alter statistics app.stats set statistics 10
alter role np_porter nologin
alter role np_porter set search_path = app
alter database postgres set work_mem = '1MB'
alter default privileges in schema app grant select on tables to np_porter
alter server self owner to np_porter
alter server self options (add x 'y')
alter publication pub add table app.base
alter publication pub set table only app.base
alter publication pub drop table app.loose
alter language plpgsql owner to np_porter
alter extension plpgsql add table app.loose
create view app.new as select * from app.vv
create view app.new (x) as select app.f(a) from app.loose
create or replace view app.v as select id, name, 1 as one from app.parent
create recursive view walk (n) as select id from app.parent union all select n + 1 from walk where n < 3
create temporary view tv as select * from app.loose
create index on app.loose (a)
create unique index nn on app.parent (app.twice(id), lower(name)) include (kind) where app.even(kind) or true
create index on app.parted (id)
create index on only app.parted (id)
create index if not exists child_note on app.child (note)
create statistics app.st on a, b from app.loose
create sequence app.new
create sequence app.new owned by app.loose.a
create temporary sequence ts
create rule r as on update to app.loose do also insert into app.log select b from app.base
create rule r as on delete to app.loose where old.a in (select id from app.parent) do instead nothing
create or replace rule also as on insert to app.ruled do instead select app.f(1)
create trigger t after insert on app.loose for each row when (new.a > 0) execute function app.fire()
create trigger t after insert on app.parted for each row execute function app.fire()
create constraint trigger t after insert on app.loose from app.base deferrable for each row execute function app.fire()
create rule r as on insert to app.loose where a > 100 do instead insert into app.log values (new.b)
create policy p2 on app.guarded for select using (exists (select from app.child c where c.id = a))
create policy p2 on app.guarded with check (app.even(b))
create function app.g() returns int language sql as 'select id from app.parent; select 1'
create function app.g() returns void language sql as 'delete from app.log'
create function app.g() returns setof app.v language sql begin atomic; select * from app.v; end
create function app.g(a int) returns int language sql return a + (select max(id) from app.child)
create function app.g() returns int language plpgsql as 'begin delete from app.log; return 1; end'
create or replace function app.f(int) returns int language sql as 'select $1'
create procedure app.pr() language sql as 'insert into app.log values (1)'
create aggregate app.agg(int) (sfunc = app.sums, stype = int)
create operator app.@- (leftarg = int, function = app.sums, rightarg = int)
create cast (app.pair as int) with inout
create domain app.dom as int check (app.even(value)) default app.f(1)
create type app.comp as (a int, b app.pair)
create type app.en as enum ('a')
create type app.ra as range (subtype = int4)
create type app.shell
create collation app.co from "C"
create conversion app.cv for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1
create text search dictionary app.di (template = simple)
create text search configuration app.cf (copy = simple)
create schema fresh
create schema fresh create table a (b int) create view v as select b from a create table c (d int references app.parent)
create schema if not exists app
create schema fresh create unique index a_b on a (b) create table a (b int)
create table app.new (a int default nextval('app.seq'))
create table app.new (n int) inherits (app.child)
create domain app.dom as int default nextval('app.seq')
alter table app.loose alter column a set default nextval('app.seq')
alter table only app.base alter column a drop not null
drop index app.parted_id cascade
create schema authorization np_porter
create role np_another
create group np_others
drop role if exists nobody
create server other foreign data wrapper nothing
create user mapping for np_porter server self
drop user mapping if exists for np_porter server self
create foreign data wrapper another
create publication pub2 for table app.parent, app.base
create publication pub3 for all tables
create event trigger et on ddl_command_end execute function app.note()
create extension if not exists plpgsql
create access method am type table handler heap_tableam_handler
create language other handler plpgsql_call_handler
create operator family app.fam using btree
create operator class app.cls for type int4 using btree as function 1 btint4cmp(int4, int4)
create transform for app.pair language plpgsql (from sql with function pg_catalog.prsd_lextype(internal))
comment on table app.parent is 'x'
comment on column app.parent.name is 'x'
comment on view app.v is 'x'
comment on index app.child_n is 'x'
comment on constraint child_parent_id_fkey on app.child is 'x'
comment on constraint word_check on domain app.word is 'x'
comment on trigger truncated on app.fired is 'x'
comment on type app.pair is 'x'
comment on column app.pair.a is 'x'
comment on schema app is 'x'
comment on function app.f(int) is 'x'
comment on sequence app.seq is 'x'
comment on policy p on app.guarded is 'x'
comment on rule also on app.ruled is 'x'
comment on extension plpgsql is 'x'
comment on database postgres is 'x'
comment on role np_porter is 'x'
grant select on app.parent to np_porter
grant select (id, name), update (name) on app.parent to np_porter
grant all on all tables in schema app to np_porter
grant usage on all sequences in schema app to np_porter
grant usage on schema app to np_porter
grant execute on function app.f(int) to np_porter
grant np_porter to np_guest
revoke all on app.parent from np_porter
revoke np_porter from np_guest
drop table app.log cascade
drop table app.further
drop table app.loose cascade
drop table app.child cascade
drop table app.parent cascade
drop table app.grandchild
drop table app.part1
drop table app.part2
drop table app.parted
drop table app.base cascade
drop table app.keys
drop table app.keyed cascade
drop table app.drawn
drop table app.typed
drop table if exists app.nothing
drop table if exists app.nothing, app.further
drop foreign table app.far
drop view app.vv
drop view app.v cascade
drop view if exists app.nothing cascade
drop materialized view app.mat
drop index app.child_n
drop index app.parted_id
drop sequence app.seq cascade
drop type app.mood cascade
drop type app.pair cascade
drop type app.alone cascade
drop domain app.word cascade
drop domain app.plain
drop function app.f(int) cascade
drop function app.even(int) cascade
drop function app.twice cascade
drop function app.is_word(text) cascade
drop function app.fire() cascade
drop aggregate app.total(int) cascade
drop operator app.@+ (int, int) cascade
drop schema side cascade
drop schema app cascade
drop schema if exists nothing cascade
drop trigger truncated on app.fired
drop rule also on app.ruled
drop policy p on app.guarded
drop policy if exists q on app.guarded
drop server self cascade
drop foreign data wrapper nothing cascade
drop publication pub
drop owned by np_porter cascade
drop extension if exists nothing
drop cast if exists (app.pair as int)
reassign owned by np_porter to np_guest
truncate app.log
truncate app.fired
truncate app.parent cascade
truncate app.base
truncate only app.base
truncate app.parted
truncate app.child restart identity cascade
refresh materialized view app.mat
refresh materialized view concurrently app.mat
refresh materialized view app.mat with no data
analyze app.child
analyze app.base (a)
analyze app.parted
analyze app.mat
cluster app.child using child_pkey
reindex table app.child
reindex index app.child_n
lock table app.parent
lock table app.parent in access share mode
lock table app.base in exclusive mode
lock table only app.base in share mode
lock table app.vv in row exclusive mode
lock table app.parted, app.log in access share mode
set search_path = app
set local work_mem = '1MB'
set role np_porter
reset all
show all
show search_path
set constraints all immediate
set transaction isolation level repeatable read
listen ch
notify ch, 'x'
unlisten *
deallocate all
close all
savepoint s
checkpoint
discard plans
discard sequences
load 'plpgsql'
""".strip().splitlines()


BARE = r"""
create database np_other
alter database postgres connection limit 10
alter database postgres refresh collation version
drop database if exists np_other
create tablespace np_space location '/nowhere'
alter tablespace pg_default set (seq_page_cost = 1)
drop tablespace np_space
alter system set work_mem = '1MB'
alter system reset all
create subscription sub connection 'host=nowhere' publication pub
alter subscription sub refresh publication
alter subscription sub disable
drop subscription sub
vacuum
vacuum (full, analyze) app.child (id)
analyze
cluster
reindex schema app
reindex database postgres
reindex (verbose) system
create index concurrently on app.child (n)
drop index concurrently app.child_n
reindex table concurrently app.child
alter table app.parted detach partition app.part1 concurrently
begin
start transaction read only
commit
end
abort
rollback to savepoint s
release savepoint s
rollback
prepare transaction 'x'
commit prepared 'x'
rollback prepared 'x'
discard all
discard temp
fetch all from c
move 3 in c
close c
deallocate p
reset role
set session authorization default
set time zone 'UTC'
drop access method if exists nothing
drop user mapping for np_porter server self
drop transform if exists for int language sql
drop role np_porter
alter role np_porter password 'x'
alter default privileges revoke select on tables from np_porter
alter operator family app.fam using btree drop function 1 (int4, int4)
alter text search configuration app.cf drop mapping for word
alter text search dictionary app.di (stopwords = english)
alter user mapping for np_porter server self options (set x 'y')
alter foreign data wrapper nothing options (add x 'y')
alter collation app.co refresh version
alter type app.shell set (storage = extended)
alter operator app.@+ (int, int) set (restrict = none)
alter event trigger et disable
alter extension plpgsql update
import foreign schema theirs limit to (a, b) from server self into app
security label for x on table app.parent is 'y'
security label for x on column app.parent.id is null
""".strip().splitlines()
"""Statements that need more than a transaction to run, or would harm the server: they are only read."""
