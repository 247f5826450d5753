-- A shop with something of everything that can hide a change, a file or a way out. No data: nothing is run.
create extension dblink;
create extension file_fdw;
create extension pg_trgm;
create extension pg_stat_statements;
create role clerk;
create table customers (id serial primary key, name text not null, email text unique, balance numeric not null default 0);
create table audit (at timestamptz default now(), what text);
create table orders (
  id int generated always as identity primary key,
  customer int references customers on delete cascade,
  state text not null default 'new',
  total numeric(12, 2),
  placed date not null default current_date
);
create table wishes (id int primary key, customer int, what text);
create table events (id bigint, at timestamptz not null, kind text) partition by range (at);
create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');
create table documents (id int primary key, body oid, words jsonb);
create unlogged table sums (day date primary key, total numeric);
create sequence tickets;
create index orders_by_state on orders (state);
create view open_orders as select o.id, c.name, o.total from orders o join customers c on c.id = o.customer where o.state = 'open';
create view rich as select * from customers where balance > 1000;
create materialized view totals as select customer, sum(total) as total from orders group by customer;
create unique index on totals (customer);

-- functions that only compute or read
create function add_tax(amount numeric) returns numeric language sql immutable as 'select round(amount * 1.19, 2)';
create function clean(x text) returns text language plpgsql immutable as $$ begin return nullif(trim(lower(x)), ''); end $$;
create function spent(who int) returns numeric language sql stable as 'select sum(total) from orders where customer = who';
create function best() returns setof customers language plpgsql stable as $$
  declare found record; begin
  for found in select id from orders where total > 1000 loop
    return query select * from customers where id = found.id; end loop; end $$;
create aggregate product(numeric) (sfunc = numeric_mul, stype = numeric);

-- functions that do more
create function purge(before date) returns void language plpgsql as $$ begin delete from orders where placed < before; end $$;
create function purge_all() returns void language sql as 'delete from orders';
create function note(what text) returns text language sql as $$ insert into audit (what) values ($1); select $1 $$;
create function note_definer(what text) returns text language sql security definer as 'select note($1)';
create function run(command text) returns void language plpgsql as $$ begin execute command; end $$;
create function read_file(name text) returns text language sql as 'select pg_read_file($1)';
create function ask_others(what text) returns setof record language sql as $$ select * from dblink('host=elsewhere', $1) as t(x text) $$;
create function next_ticket() returns bigint language sql as $$ select nextval('tickets') $$;
create function settle() returns void language plpgsql as $$ begin set local work_mem = '1MB'; perform 1; end $$;
create function become(who text) returns void language plpgsql as $$ begin perform set_config('role', 'clerk', false); end $$;
create function be_clerk() returns void language plpgsql as $$ begin set role clerk; end $$;
create function as_clerk() returns void language sql set role = clerk as 'select 1';
create procedure close_orders() language plpgsql as $$ begin update orders set state = 'closed' where state = 'open'; commit; end $$;
create procedure nothing() language plpgsql as $$ begin null; end $$;
create function same(a text, b text) returns boolean language sql as 'select note(a) = b';
create operator === (function = same, leftarg = text, rightarg = text);

-- what is set off
create function on_order() returns trigger language plpgsql as $$ begin insert into audit (what) values (new.id::text); return new; end $$;
create trigger noted after insert on orders for each row execute function on_order();
create function on_wish() returns trigger language plpgsql as $$ begin perform pg_notify('wishes', new.what); return new; end $$;
create trigger told after insert on wishes for each row execute function on_wish();
create rule quietly as on delete to sums do instead delete from audit;
create domain checked as text check (note(value) is not null);
create view set_view as select set_config('role', 'clerk', false);
create view loud as select id, note(name) as noted from customers;

-- other servers and files
create server files foreign data wrapper file_fdw;
create foreign table passwords (line text) server files options (filename '/etc/passwd');
create view lines as select * from passwords;
create function lines() returns setof text language sql stable as 'select line from passwords';
create function out_by_file() returns void language plpgsql as $$ begin copy orders to '/tmp/orders'; end $$;
create function out_by_program() returns void language plpgsql as $$ begin copy orders to program 'cat > /tmp/orders'; end $$;
create function wal_files() returns bigint language sql as 'select count(*) from pg_ls_waldir()';
