"""What the packs say of statements: one line each. Data only; the database is made by pack_schema.sql.

Four columns, each with one sign for each kind of principal: `+` it runs, `?` it waits for a person, `-` it is denied.

    baseline: people, agents
    baseline and production: people, agents
    baseline and read-only: people, agents
    read-only alone: whoever it is

Services stand where people stand. A line that begins with `!` is not so yet: the reason stands above it.
"""

# ruff: noqa: E501 - a statement is one line

from __future__ import annotations

TABLE = """
# Reading
++ ++ ++ +  select * from customers
++ ++ ++ +  select name, email from customers where id = 7
++ ++ ++ +  table orders
++ ++ ++ +  select c.name, sum(o.total) from customers c join orders o on o.customer = c.id group by c.name having sum(o.total) > 10 order by 2 desc
++ ++ ++ +  with big as (select * from orders where total > 100) select * from big where state in (select distinct state from orders)
++ ++ ++ +  with recursive t(n) as (values (1) union all select n + 1 from t where n < 100) select sum(n) from t
++ ++ ++ +  select rank() over (partition by state order by total), lag(total) over w from orders window w as (order by id)
++ ++ ++ +  select * from customers c, lateral (select max(total) from orders o where o.customer = c.id) m
++ ++ ++ +  select * from orders tablesample system (10)
++ ++ ++ +  select exists (select from customers where email ilike '%@example.com')
++ ++ ++ +  select * from open_orders
++ ++ ++ +  select * from rich where name like 'A%'
++ ++ ++ +  select * from totals
++ ++ ++ +  select count(*) from events where at > now() - interval '1 day'
++ ++ ++ +  select words -> 'a', jsonb_path_query(words, '$.b[*]'), jsonb_agg(id) from documents group by words
++ ++ ++ +  select id from orders union select id from customers except select 1
++ ++ ++ +  select similarity(name, 'ada') from customers where name % 'ada'
++ ++ ++ +  select 1
++ ++ ++ +  values (1, 'a'), (2, 'b')
++ ++ ++ +  select now(), current_date, random(), gen_random_uuid(), version(), current_user, inet_client_addr()
++ ++ ++ +  select generate_series(1, 10), string_to_table('a,b', ',')
++ ++ ++ +  select last_value from tickets
++ ++ ++ +  select currval('tickets'), lastval()
++ ++ ++ +  select * from passwords
++ ++ ++ +  select * from lines
++ ++ ++ +  copy (select line from passwords) to stdout
++ ++ ++ +  explain select * from orders where state = 'open'
++ ++ ++ +  explain (analyze, buffers) select * from orders where state = 'open'
++ ++ ++ +  explain (verbose, format json) select add_tax(total) from orders
++ ++ ++ +  explain delete from orders
++ ++ ++ +  prepare p as select * from customers where id = $1
++ ++ ++ +  prepare p as delete from orders
++ ++ ++ +  deallocate all
++ ++ ++ +  declare c cursor for select * from orders
++ ++ ++ +  declare c scroll cursor with hold for select * from orders
++ ++ ++ +  fetch 100 from c
++ ++ ++ +  move forward all in c
++ ++ ++ +  close c
++ ++ ++ +  copy customers to stdout
++ ++ ++ +  copy (select name from customers where balance > 0) to stdout with (format csv, header)
++ ++ ++ +  lock table orders in access share mode

# Functions that compute and read
++ ++ ++ +  select add_tax(total), clean(state) from orders
++ ++ ++ +  select spent(7)
++ ++ ++ +  select * from best()
++ ++ ++ +  select product(total) from orders
++ ++ ++ +  select * from lines()
++ ++ ++ +  call nothing()
++ ++ ++ +  select query_to_xml('select name from customers', true, true, '')
++ ++ ++ +  select pg_size_pretty(pg_total_relation_size('orders')), pg_relation_size('customers')
++ ++ ++ +  select pg_get_viewdef('open_orders'), pg_get_functiondef('purge(date)'::regprocedure), 'customers'::regclass, format_type(23, null)
++ ++ ++ +  select has_table_privilege('customers', 'select'), to_regclass('public.nothing'), obj_description('customers'::regclass)
++ ++ ++ +  select current_setting('work_mem'), current_schemas(true), pg_is_in_recovery(), pg_postmaster_start_time()
++ ++ ++ +  select txid_current(), pg_current_wal_lsn(), pg_backend_pid()

# The catalogue
++ ++ ++ +  select relname, relkind, reltuples from pg_class where relnamespace = 'public'::regnamespace
++ ++ ++ +  select table_name from information_schema.tables
++ ++ ++ +  select column_name, data_type from information_schema.columns where table_name = 'orders'
++ ++ ++ +  select * from information_schema.columns
++ ++ ++ +  select * from information_schema.table_constraints natural join information_schema.key_column_usage
++ ++ ++ +  select proname, prosrc from pg_proc where prolang <> 12
++ ++ ++ +  select * from pg_roles
++ ++ ++ +  select * from pg_tables
++ ++ ++ +  select * from pg_indexes where tablename = 'orders'
++ ++ ++ +  select * from pg_sequences
++ ++ ++ +  select * from pg_settings
++ ++ ++ +  select relname, n_live_tup, last_autovacuum from pg_stat_user_tables
++ ++ ++ +  select tablename, attname, n_distinct from pg_stats
++ ++ ++ +  select * from pg_locks
++ ++ ++ +  select pid, state, wait_event from pg_stat_activity
++ ++ ++ +  select datname, numbackends, xact_commit from pg_stat_database
++ ++ ++ +  select * from pg_stat_replication
++ ++ ++ +  select * from pg_user
++ ++ ++ +  select rolname, rolpassword from pg_authid
++ ++ ++ +  select passwd from pg_shadow
++ ++ ++ +  select * from pg_shadow
++ ++ ++ +  select rolname, rolpassword is null, left(rolpassword, 5) from pg_authid
++ ++ ++ +  select case when rolpassword like 'SCRAM%' then 1 end from pg_authid
++ ++ ++ +  copy (select * from pg_authid) to stdout
+- +- +- +  select rolname from pg_authid where rolpassword like 'SCRAM%'
+- +- +- +  select count(*) filter (where rolpassword like 'SCRAM%') from pg_authid
+- +- +- +  select usename from pg_shadow order by passwd
+- +- +- +  select passwd, count(*) from pg_shadow group by passwd
+- +- +- +  select distinct rolpassword from pg_authid
+- +- +- +  select a.rolname from pg_authid a join pg_authid b on a.rolpassword < b.rolpassword
+- +- +- +  select * from pg_stats
+- +- +- +  select query from pg_stat_activity
+- +- +- +  select most_common_vals from pg_stats where tablename = 'customers'
+- +- +- +  select stavalues1 from pg_statistic
++ ++ ++ +  select umoptions from pg_user_mappings
+- +- +- +  select data from pg_largeobject

# The session
++ ++ ++ +  begin
++ ++ ++ +  begin isolation level serializable read only deferrable
++ ++ ++ +  start transaction read write
++ ++ ++ +  commit
++ ++ ++ +  rollback
++ ++ ++ +  savepoint a
++ ++ ++ +  release savepoint a
++ ++ ++ +  rollback to savepoint a
++ ++ ++ +  set search_path to public
++ ++ ++ +  set local statement_timeout = '5s'
++ ++ ++ +  set time zone 'Europe/Berlin'
++ ++ ++ +  set names 'utf8'
++ ++ ++ +  set datestyle to iso
++ ++ ++ +  set application_name = 'psql'
++ ++ ++ +  set client_min_messages to warning
++ ++ ++ +  set transaction isolation level repeatable read
++ ++ ++ +  set session characteristics as transaction read only
++ ++ ++ +  set bytea_output = 'hex'; set extra_float_digits = 3
++ ++ ++ +  set constraints all deferred
++ ++ ++ +  reset work_mem
++ ++ ++ +  reset all
++ ++ ++ +  reset role
++ ++ ++ +  set session authorization default
++ ++ ++ +  reset session_replication_role
++ ++ ++ +  show server_version
++ ++ ++ +  show all
++ ++ ++ +  discard all
++ ++ ++ +  discard plans
++ ++ ++ +  select set_config('search_path', 'public', false)
++ ++ ++ +  select set_config('shop.tenant', '7', true)
++ ++ ++ +  select settle()
++ ++ ++ +  listen wishes
++ ++ ++ +  unlisten *
+? +? +? -  set role clerk
+? +? +? -  set local role clerk
+? +? +? -  set session authorization clerk
+? +? +? -  set session_replication_role = replica
+? +? +? -  set row_security = off
+? +? +? -  set log_statement = 'none'
+? +? +? -  set track_activities = off
+? +? +? -  select set_config('role', 'clerk', false)

# Changes
+? +? -- -  insert into customers (name) values ('Ada')
+? +? -- -  insert into customers (id, name) values (1, 'x') on conflict (id) do update set name = excluded.name
+? +? -- -  insert into customers (id, name) values (1, 'x') on conflict do nothing
+? +? -- -  insert into orders (customer, total) values (1, 10)
+? +? -- -  insert into wishes select id, id, name from customers
+? +? -- -  insert into events values (1, '2026-02-03', 'x') returning *
+? +? -- -  update customers set name = 'x' where id = 7
+? +? -- -  update orders set state = 'open' from customers c where c.id = orders.customer and c.balance > 0
+? +? -- -  update rich set name = 'x' where id = 7
+? +? -- -  delete from orders where id = 7
+? +? -- -  delete from customers where id = 7
+? +? -- -  delete from events where at < '2020-01-01'
+? +? -- -  merge into wishes w using customers c on c.id = w.id when matched then update set what = c.name when not matched then insert values (c.id, c.id, c.name)
+? +? -- -  copy customers (name) from stdin
+? +? -- -  select * into copied from customers
+? +? -- -  create table copied as select * from customers
+? ?? -- -  update customers set balance = 0
+? ?? -- -  update customers set balance = 0 where true
+? ?? -- -  update customers set balance = 0 where 1 = 1 or id = 2
+? ?? -- -  update rich set name = 'x'
+? ?? -- -  delete from orders
+? ?? -- -  delete from orders where now() > '2000-01-01'
+? ?? -- -  delete from orders using customers
+? ?? -- -  delete from events_2026
+? ?? -- -  delete from sums
+? ?? -- -  truncate orders
+? ?? -- -  truncate customers cascade
+? ?? -- -  explain analyze delete from orders

# Changes that hide
+? ?? -- -  with gone as (delete from orders returning *) select count(*) from gone
+? +? -- -  with new as (insert into audit (what) values ('x') returning what) select * from new
+? +? -- -  with x as (update customers set name = 'y' where id = 1 returning *) select 1
+? +? -- -  select note('x')
+? +? -- -  select note_definer('x')
+? +? -- -  select purge('2020-01-01')
+? ?? -- -  select purge_all()
+? ?? -- -  values (purge_all())
+? +? -- -  select * from loud
+? +? -- -  select 'a' === 'b'
+? +? -- -  select 'a'::checked
+? +? -- -  select id from customers where case when id > 1 then note(name) = 'x' end
+? +? -- -  select name from customers order by note(name)
+? +? -- -  copy (select note(name) from customers) to stdout
+? +? -- -  copy (insert into audit (what) values ('x') returning what) to stdout
+? +? -- -  explain analyze select note('x')
+? +? -- -  select query_to_xml('select note(''x'')', true, true, '')
+? +? -- -  call close_orders()
+? ?? -- -  declare c cursor for select purge_all()
+? ?? -- -  do $$ begin delete from orders; end $$
+? ?? -- -  select 1; delete from orders
+? ?? -- -  begin; delete from orders; commit

# Sequences, locks, messages, large objects
+? +? -- -  select nextval('tickets')
+? +? -- -  select nextval(name::regclass) from customers
+? +? -- -  select next_ticket()
+? +? -- -  select setval('tickets', 1)
+? +? -- -  lock table orders
+? +? -- -  select * from orders for update
+? +? -- -  select * from orders where id = 7 for share skip locked
+? +? -- -  select pg_advisory_lock(1)
+? +? -- -  select pg_try_advisory_xact_lock(1, 2)
+? +? -- -  select pg_advisory_unlock_all()
+? +? -- -  notify wishes, 'x'
+? +? -- -  select pg_notify('wishes', 'x')
+? +? +? -  select pg_sleep(10)
+? +? -- -  select lo_create(0)
+? +? -- -  select lo_from_bytea(0, 'x')
+? +? -- -  select lo_unlink(7)
+? +? +? -  select lo_get(7)

# Definitions and rights
+? +? -- -  create table t (a int)
+? +? -- -  create temp table t (a int)
+? +? -- -  create index on customers (name)
+? +? -- -  create view v as select * from customers
+? +? -- -  create or replace function add_tax(amount numeric) returns numeric language sql as 'select 1'
+? +? -- -  create policy p on customers using (true)
+? +? -- -  create trigger t after insert on customers for each row execute function on_order()
+? +? -- -  create extension hstore
+? +? -- -  create server elsewhere foreign data wrapper file_fdw
+? +? -- -  create foreign table f (a text) server files options (filename '/etc/shadow')
+? +? -- -  create subscription s connection 'host=elsewhere' publication p with (connect = false)
+? +? -- -  alter table customers add column phone text
+? +? -- -  alter table customers rename to people
+? +? -- -  alter table customers disable trigger all
+? +? -- -  alter table customers disable row level security
+? +? -- -  alter table customers owner to clerk
+? +? -- -  comment on table customers is 'x'
+? +? -- -  refresh materialized view totals
+? ?? -- -  alter table customers drop column email
+? ?? -- -  drop table orders
+? ?? -- -  drop table if exists orders cascade
+? ?? -- -  drop view open_orders
+? ?? -- -  drop index orders_by_state
+? ?? -- -  drop function add_tax(numeric)
+? ?? -- -  drop schema public cascade
+? ?? -- -  drop database other
+? ?? -- -  drop role clerk
+? ?? -- -  drop owned by clerk
+? ?? -- -  grant select on customers to public
+? ?? -- -  revoke all on customers from clerk
+? ?? -- -  grant clerk to postgres
+? ?? -- -  alter default privileges grant select on tables to public
+? ?? -- -  create role intruder superuser
+? ?? -- -  alter role clerk superuser

# Administration
+? +? -- -  vacuum customers
+? +? -- -  analyze
+? +? -- -  reindex table customers
+? +? -- -  cluster totals using totals_customer_idx
+? +? -- -  checkpoint
+? +? -- -  alter system set work_mem = '1GB'
+? +? -- -  alter role clerk set search_path = x
+? +? -- -  select pg_terminate_backend(1)
+? +? -- -  select pg_cancel_backend(1)
+? +? -- -  select pg_reload_conf()
+? +? -- -  select pg_stat_reset()
+? +? -- -  select pg_switch_wal()
+? +? -- -  select pg_create_logical_replication_slot('x', 'pgoutput')
+? +? -- -  select pg_export_snapshot()
+? +? -- -  select count(*) from pg_ls_waldir()
+? +? -- -  select wal_files()
+? +? -- -  select * from pg_hba_file_rules

# Files, other servers, other processes: nobody
-- -- -- -  select pg_read_file('/etc/passwd')
-- -- -- -  select pg_read_binary_file('base/1/1259')
-- -- -- -  select pg_ls_dir('.')
-- -- -- -  select pg_stat_file('postgresql.conf')
-- -- -- -  select read_file('/etc/passwd')
-- -- -- -  select lo_import('/etc/passwd')
-- -- -- -  select lo_export(7, '/tmp/x')
-- -- -- -  load 'auto_explain'
-- -- -- -  copy customers to '/tmp/x'
-- -- -- -  copy customers from '/etc/passwd'
-- -- -- -  copy customers to program 'cat > /tmp/x'
-- -- -- -  copy customers (name) from program 'id'
-- -- -- -  select out_by_file()
-- -- -- -  select out_by_program()
-- -- -- -  do $$ begin copy orders to program 'cat > /tmp/x'; end $$
-- -- -- -  select * from dblink('host=elsewhere', 'select 1') as t(a int)
-- -- -- -  select dblink_exec('host=elsewhere', 'delete from orders')
-- -- -- -  select dblink_connect('host=elsewhere')
-- -- -- -  select * from ask_others('select 1') as t(x text)

# What cannot be understood for certain
+- -- -- -  select * from nothing_of_that_name
+- -- -- -  select name from customers where nickname = 'x'
+- -- -- -  selekt 1
+- -- -- -  select not_there(1)
+- -- -- -  select run('delete from orders')
+- -- -- -  do $$ begin execute 'delete from ' || 'orders'; end $$
+- -- -- -  select query_to_xml(name, true, true, '') from customers
+- -- -- -  select become('clerk')
+- -- -- -  select be_clerk()
+- -- -- -  select as_clerk()
+- -- -- -  select * from set_view

# A setting whose name nobody knows before: it might be the session's identity
-- -- -- -  select set_config(name, 'x', false) from customers

# Every value is put in the place of another
+? ?? -- -  alter table customers alter balance type int using 0
"""
