-- What the tricks of test_attacks.py stand on. canary.log tells that something ran; vault.secrets holds what must not come out.

create schema canary;
create table canary.log (what text);

create schema vault;
create table vault.secrets (id int primary key, owner text, value text);
insert into vault.secrets values (1, 'ann', 'S3CRET-1'), (2, 'bob', 'S3CRET-2');

create table t (id int primary key, a int, b text, c int default 0);
insert into t select n, n * 10, 'row ' || n, 0 from generate_series(1, 5) n;
create table u (id int, t_id int references t, note text);
insert into u values (1, 1, 'one');
create table empty (id int, x int);
create table points (p point, q int);
insert into points values ('(1,2)', 1), ('(3,4)', 2), ('(5,6)', 3);

-- Each evil function leaves a mark. Under several names, languages and volatilities.
create function mark() returns int language plpgsql as $$ begin insert into canary.log values ('mark'); return 1; end $$;
create function mark(anyelement) returns anyelement language plpgsql as $$ begin insert into canary.log values ('mark any'); return $1; end $$;
create function mark_bool(anyelement) returns bool language plpgsql as $$ begin insert into canary.log values ('bool'); return true; end $$;
create function mark_sql(int) returns int language sql as $$ insert into canary.log values ('sql'); select $1 $$;
create function mark_immutable(int) returns int language plpgsql immutable as $$ begin perform public.mark(); return $1; end $$;
create function mark_stable(int) returns int language plpgsql stable as $$ begin perform public.mark(); return $1; end $$;
create function mark_compare(int, int) returns int language plpgsql immutable as $$ begin perform public.mark(); return $1 - $2; end $$;
create function mark_equal(int, int) returns bool language plpgsql immutable as $$ begin perform public.mark(); return $1 = $2; end $$;
create function mark_less(int, int) returns bool language plpgsql immutable as $$ begin perform public.mark(); return $1 < $2; end $$;
create procedure mark_procedure(x int default mark()) language plpgsql as $$ begin perform 1; end $$;
create function mark_trigger() returns trigger language plpgsql as $$ begin insert into canary.log values ('trigger'); return coalesce(new, old); end $$;
create function mark_event() returns event_trigger language plpgsql as $$ begin insert into canary.log values ('event'); end $$;

create function peek() returns text language sql stable as $$ select value from vault.secrets where id = 1 $$;
create function peek_row() returns vault.secrets language sql stable as $$ select * from vault.secrets where id = 1 $$;
create function peek_rows() returns setof vault.secrets language sql stable as $$ select * from vault.secrets $$;
create function peek_plpgsql() returns text language plpgsql as $$ declare v text; begin select value into v from vault.secrets limit 1; return v; end $$;

-- A schema that stands before pg_catalog for those who are led there
create schema evil;
create function evil.equal(int, int) returns bool language plpgsql as $$ begin perform public.mark(); return true; end $$;
create operator evil.= (leftarg = int, rightarg = int, function = evil.equal);
create function evil.equal_text(text, text) returns bool language plpgsql as $$ begin perform public.mark(); return true; end $$;
create operator evil.= (leftarg = text, rightarg = text, function = evil.equal_text);
create function evil.less(int, int) returns bool language plpgsql as $$ begin perform public.mark(); return true; end $$;
create operator evil.< (leftarg = int, rightarg = int, function = evil.less);
create operator evil.>= (leftarg = int, rightarg = int, function = evil.less);
create function evil.lower(text) returns text language plpgsql as $$ begin perform public.mark(); return $1; end $$;
create function evil.count(anyelement) returns int language plpgsql as $$ begin perform public.mark(); return 1; end $$;
create function evil.plus(int, int) returns int language plpgsql as $$ begin perform public.mark(); return 1; end $$;
create operator evil.+ (leftarg = int, rightarg = int, function = evil.plus);
create table evil.t (id int primary key, a text, b text, c text);
insert into evil.t select id, value, value, value from vault.secrets;

create type pair as (x int, y int);
create type mood as enum ('sad', 'glad');
create domain checked as int check (mark_bool(value));
create domain checked_text as text check (mark_bool(value));
create domain over_checked as checked;
create type with_checked as (x checked, y int);
create domain defaulted as int default mark();

-- nobody else comes into the transactions that are rolled back
alter table t set (autovacuum_enabled = off);
alter table u set (autovacuum_enabled = off);
alter table vault.secrets set (autovacuum_enabled = off);
alter table canary.log set (autovacuum_enabled = off);
