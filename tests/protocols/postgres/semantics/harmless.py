"""The statements of test_harmless.py: what well-known clients and programs send, in their manner. Data only."""

# ruff: noqa: E501 - a statement is one line

from __future__ import annotations

from dataclasses import dataclass

EXTENSIONS = {
    15: ("citext", "hstore", "pg_trgm", "uuid-ossp", "pgcrypto", "ltree", "intarray", "unaccent", "fuzzystrmatch", "tablefunc"),
    18: ("citext", "hstore", "pg_trgm", "ltree", "intarray", "unaccent", "fuzzystrmatch", "tablefunc"),
}

SCHEMA = """
create type status as enum ('new', 'paid', 'shipped');
create domain email as citext check (value ~ '@');
create table customers (id bigserial primary key, name text not null, email email unique, tags text[] default '{}', attributes hstore,
  profile jsonb not null default '{}', created_at timestamptz not null default now(), search tsvector);
create table products (id serial primary key, sku text unique, name text, price numeric(10,2), path ltree, groups int[], available daterange);
create table orders (id bigint generated always as identity primary key, customer_id bigint references customers on delete cascade,
  status status not null default 'new', placed_at timestamptz default now(), total numeric(12,2) check (total >= 0), note varchar(200),
  uid uuid default gen_random_uuid());
create table order_lines (order_id bigint references orders on delete cascade, product_id int references products, quantity int check (quantity > 0),
  price numeric(10,2), amount numeric generated always as (quantity * price) stored, primary key (order_id, product_id));
create table events (id bigint, at timestamptz not null, kind text, data jsonb) partition by range (at);
create table events_2024 partition of events for values from ('2024-01-01') to ('2025-01-01');
create table events_other partition of events default;
create table pgbench_accounts (aid int primary key, bid int, abalance int, filler char(84));
create table pgbench_tellers (tid int primary key, bid int, tbalance int);
create table pgbench_branches (bid int primary key, bbalance int);
create table pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
create index on customers using gin (search);
create index on customers using gin (name gin_trgm_ops);
create index on customers (lower(email::text));
create index on products using gist (path);
create view customer_totals as select c.id, c.name, count(o.id) orders, coalesce(sum(o.total), 0) total from customers c
  left join orders o on o.customer_id = c.id group by c.id;
create function full_name(customers) returns text language sql stable as 'select $1.name || '' <'' || $1.email || ''>''';
create function add_tax(amount numeric, rate numeric default 0.19) returns numeric language sql immutable as 'select round(amount * (1 + rate), 2)';
create function clean(x text) returns text language plpgsql immutable as $$ begin x := trim(lower(x)); return nullif(x, ''); end $$;
create sequence tickets;
"""


@dataclass(frozen=True, slots=True)
class Query:
    """A statement, and all that it does."""

    kind: str
    sql: str
    touches: str = ""
    """Relations outside the system's schemas: those read by name, others as `action:name`."""
    actions: str = "read"
    effects: str = ""
    """Apart from computing and looking into the catalogue."""
    since: int = 13
    needs: frozenset[str] = frozenset()
    runs: bool = True
    """It can be run as it stands, without parameters and in a transaction."""


_PSQL_D = """SELECT n.nspname as "Schema", c.relname as "Name",
  CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence'
  WHEN 't' THEN 'TOAST table' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' WHEN 'I' THEN 'partitioned index' END as "Type",
  pg_catalog.pg_get_userbyid(c.relowner) as "Owner"
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
WHERE c.relkind IN ('r','p','v','m','S','f','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema'
  AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2;"""
_PSQL_COLUMNS = """SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
  (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef),
  a.attnotnull, (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t WHERE c.oid = a.attcollation AND t.oid = a.atttypid
  AND a.attcollation <> t.typcollation) AS attcollation, a.attidentity, a.attgenerated
FROM pg_catalog.pg_attribute a WHERE a.attrelid = '1259' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;"""
_PSQL_REGEX = """SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname OPERATOR(pg_catalog.~) '^(orders)$' COLLATE pg_catalog.default AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3;"""
_PSQL_INDEXES = """SELECT c2.relname, i.indisprimary, i.indisunique, i.indisclustered, i.indisvalid, pg_catalog.pg_get_indexdef(i.indexrelid, 0, true),
  pg_catalog.pg_get_constraintdef(con.oid, true), contype, condeferrable, condeferred, i.indisreplident, c2.reltablespace
FROM pg_catalog.pg_class c, pg_catalog.pg_class c2, pg_catalog.pg_index i
  LEFT JOIN pg_catalog.pg_constraint con ON (conrelid = i.indrelid AND conindid = i.indexrelid AND contype IN ('p','u','x'))
WHERE c.oid = '1259' AND c.oid = i.indrelid AND i.indexrelid = c2.oid ORDER BY i.indisprimary DESC, c2.relname;"""
_PSQL_DF = """SELECT n.nspname as "Schema", p.proname as "Name", pg_catalog.pg_get_function_result(p.oid) as "Result data type",
 pg_catalog.pg_get_function_arguments(p.oid) as "Argument data types",
 CASE p.prokind WHEN 'a' THEN 'agg' WHEN 'w' THEN 'window' WHEN 'p' THEN 'proc' ELSE 'func' END as "Type"
FROM pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE pg_catalog.pg_function_is_visible(p.oid) AND n.nspname <> 'pg_catalog' ORDER BY 1, 2, 4;"""
_PSQL_DU = """SELECT r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin, r.rolconnlimit, r.rolvaliduntil
, r.rolreplication , r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY 1;"""
_PSQL_L = """SELECT d.datname as "Name", pg_catalog.pg_get_userbyid(d.datdba) as "Owner", pg_catalog.pg_encoding_to_char(d.encoding) as "Encoding",
  d.datcollate as "Collate", pg_catalog.array_to_string(d.datacl, E'\\n') AS "Access privileges" FROM pg_catalog.pg_database d ORDER BY 1;"""
_DUMP_TABLES = """SELECT c.tableoid, c.oid, c.relname, c.relnamespace, c.relkind, c.reltype, c.relowner, c.relchecks, c.relhasindex, c.relhasrules, c.relpages,
 c.reltuples, d.refobjid AS owning_tab, tsp.spcname AS reltablespace, pg_get_partkeydef(c.oid), array_remove(array_remove(c.reloptions,'check_option=local'),
 'check_option=cascaded') AS reloptions, c.relacl, acldefault(CASE WHEN c.relkind = 'S' THEN 's'::"char" ELSE 'r'::"char" END, c.relowner) AS acldefault
FROM pg_class c LEFT JOIN pg_depend d ON (c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND
 d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')) LEFT JOIN pg_tablespace tsp ON (tsp.oid = c.reltablespace)
WHERE c.relkind IN ('r', 'S', 'v', 'c', 'm', 'f', 'p') ORDER BY c.oid"""
_JDBC_COLUMNS = """SELECT * FROM (SELECT n.nspname,c.relname,a.attname,a.atttypid,a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS attnotnull,a.atttypmod,
 a.attlen,t.typtypmod,row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum, nullif(a.attidentity, '') as attidentity,
 pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS adsrc,dsc.description,t.typbasetype,t.typtype
FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid) JOIN pg_catalog.pg_attribute a ON (a.attrelid=c.oid)
 JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid) LEFT JOIN pg_catalog.pg_attrdef def ON (a.attrelid=def.adrelid AND a.attnum = def.adnum)
 LEFT JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)
 LEFT JOIN pg_catalog.pg_class dc ON (dc.oid=dsc.classoid AND dc.relname='pg_class')
 LEFT JOIN pg_catalog.pg_namespace dn ON (dc.relnamespace=dn.oid AND dn.nspname='pg_catalog')
WHERE c.relkind in ('r','p','v','f','m') and a.attnum > 0 AND NOT a.attisdropped AND n.nspname LIKE 'public' AND c.relname LIKE '%') c WHERE true
ORDER BY nspname,c.relname,attnum"""
_JDBC_KEYS = """SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, ct.relname AS TABLE_NAME, a.attname AS COLUMN_NAME,
 (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, ci.relname AS PK_NAME, information_schema._pg_expandarray(i.indkey) AS KEYS,
 a.attnum AS A_ATTNUM FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid)
 JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) JOIN pg_catalog.pg_index i ON (a.attrelid = i.indrelid)
 JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) WHERE true AND ct.relname = 'orders' AND i.indisprimary"""
_JDBC_TYPE = """SELECT n.nspname = ANY(current_schemas(true)), n.nspname, t.typname FROM pg_catalog.pg_type t
 JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid WHERE t.oid = 1043"""
_NPGSQL_TYPES = """SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid FROM (
 SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind, elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname,
 CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype
 FROM (SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid, CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
 CASE WHEN proc.proname='array_recv' THEN typ.typelem WHEN typ.typtype='r' THEN rngsubtype WHEN typ.typtype='d' THEN typ.typbasetype END AS elemtypoid
 FROM pg_type AS typ LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid) LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive
 LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)) AS typ LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid
 LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive) AS t JOIN pg_namespace AS ns ON (ns.oid = typnamespace)
WHERE typtype IN ('b', 'r', 'm', 'e', 'd') OR (typtype = 'c' AND relkind='c') OR (typtype = 'p' AND typname IN ('record', 'void', 'unknown'))
ORDER BY CASE WHEN typtype IN ('b', 'e', 'p') THEN 0 WHEN typtype = 'c' THEN 1 ELSE 2 END"""
_ALCHEMY_HAS = """SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace
WHERE pg_catalog.pg_class.relname = 'orders'::VARCHAR AND pg_catalog.pg_class.relkind = ANY (ARRAY['r'::VARCHAR, 'p'::VARCHAR, 'f'::VARCHAR, 'v'::VARCHAR, 'm'::VARCHAR])
AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) AND pg_catalog.pg_namespace.nspname != 'pg_catalog'::VARCHAR"""
_ALCHEMY_FK = """SELECT r.conname, pg_catalog.pg_get_constraintdef(r.oid, true) as condef, n.nspname as conschema FROM pg_catalog.pg_constraint r, pg_namespace n, pg_class c
WHERE r.conrelid = 'orders'::regclass AND r.contype = 'f' AND c.oid = confrelid AND n.oid = c.relnamespace ORDER BY 1"""
_DJANGO_TABLES = """SELECT c.relname, CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END, obj_description(c.oid, 'pg_class')
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
AND n.nspname NOT IN ('pg_catalog', 'pg_toast') AND pg_catalog.pg_table_is_visible(c.oid)"""
_DJANGO_CONSTRAINTS = """SELECT c.conname, array(SELECT attname FROM unnest(c.conkey) WITH ORDINALITY cols(colid, arridx) JOIN pg_attribute AS ca ON cols.colid = ca.attnum
 WHERE ca.attrelid = c.conrelid ORDER BY cols.arridx), c.contype, (SELECT fkc.relname || '.' || fka.attname FROM pg_attribute AS fka JOIN pg_class AS fkc ON fka.attrelid = fkc.oid
 WHERE fka.attrelid = c.confrelid AND fka.attnum = c.confkey[1]), cl.reloptions FROM pg_constraint AS c JOIN pg_class AS cl ON c.conrelid = cl.oid
WHERE cl.relname = 'orders' AND pg_catalog.pg_table_is_visible(cl.oid)"""
_METABASE = """select t.relname, ns.nspname, pg_catalog.obj_description(t.oid, 'pg_class') as description, (has_any_column_privilege(t.oid, 'select') or
 has_table_privilege(t.oid, 'select')) as readable, t.reltuples::bigint from pg_catalog.pg_class t inner join pg_catalog.pg_namespace ns on t.relnamespace = ns.oid
 where t.relkind in ('r', 'p', 'v', 'f', 'm') and ns.nspname !~ '^pg_' and has_schema_privilege(ns.oid, 'usage')"""
_METABASE_PRIVILEGES = """with table_privileges as (select null as role, t.schemaname as schema, t.objectname as table,
 pg_catalog.has_table_privilege(current_user, '"' || t.schemaname || '"' || '.' || '"' || t.objectname || '"', 'UPDATE') as update
 from (select schemaname, tablename as objectname from pg_catalog.pg_tables union select schemaname, viewname as objectname from pg_catalog.pg_views
 union select schemaname, matviewname as objectname from pg_catalog.pg_matviews) t where t.schemaname !~ '^pg_' and t.schemaname <> 'information_schema'
 and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'USAGE')) select t.* from table_privileges t"""
_PGADMIN_ACTIVITY = """SELECT /*pga4dash*/ 'session_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data FROM (SELECT
 (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = (SELECT datname FROM pg_catalog.pg_database WHERE oid = 5)) AS "Total",
 (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE state = 'active') AS "Active") t UNION ALL
 SELECT 'tps_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data FROM (SELECT (SELECT sum(xact_commit) + sum(xact_rollback)
 FROM pg_catalog.pg_stat_database) AS "Transactions") t"""
_PGADMIN_ROLE = """SELECT roles.oid as id, roles.rolname as name, roles.rolsuper as is_superuser, CASE WHEN roles.rolsuper THEN true ELSE roles.rolcreaterole END as
 can_create_role, CASE WHEN roles.rolsuper THEN true ELSE roles.rolcreatedb END as can_create_db, CASE WHEN 'pg_signal_backend'=ANY(ARRAY(WITH RECURSIVE cte AS (
 SELECT pg_roles.oid,pg_roles.rolname FROM pg_catalog.pg_roles WHERE pg_roles.oid = roles.oid UNION ALL SELECT m.roleid, pgr.rolname FROM cte cte_1
 JOIN pg_catalog.pg_auth_members m ON m.member = cte_1.oid JOIN pg_catalog.pg_roles pgr ON pgr.oid = m.roleid) SELECT rolname FROM cte)) THEN True ELSE False END as
 can_signal_backend FROM pg_catalog.pg_roles as roles WHERE rolname = current_user"""
_DBEAVER = """SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key
FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass
WHERE c.relnamespace=2200 AND c.relkind not in ('i','I','c')"""
_DBEAVER_SIZE = """SELECT t.oid, pg_catalog.pg_total_relation_size(t.oid) as total_rel_size, pg_catalog.pg_relation_size(t.oid) as rel_size
 FROM pg_catalog.pg_class t WHERE t.relnamespace = 2200"""
_POSTGREST_READ = """WITH pgrst_source AS (SELECT "public"."customers"."id", "public"."customers"."name", COALESCE("customers_orders_1"."customers_orders_1", '[]') AS "orders"
 FROM "public"."customers" LEFT JOIN LATERAL (SELECT json_agg("customers_orders_1")::jsonb AS "customers_orders_1" FROM (SELECT "orders_1"."id", "orders_1"."total"
 FROM "public"."orders" AS "orders_1" WHERE "orders_1"."customer_id" = "public"."customers"."id") AS "customers_orders_1") AS "customers_orders_1" ON TRUE
 LIMIT 10 OFFSET 0) SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body,
 nullif(current_setting('response.headers', true), '') AS response_headers, nullif(current_setting('response.status', true), '') AS response_status
 FROM ( SELECT * FROM pgrst_source ) _postgrest_t"""
_POSTGREST_WRITE = """WITH pgrst_source AS (INSERT INTO "public"."customers"("email", "name") SELECT "pgrst_body"."email", "pgrst_body"."name"
 FROM (SELECT '[{"email": "a@b", "name": "x"}]'::json AS json_data) pgrst_payload, LATERAL (SELECT "email", "name" FROM json_to_recordset(pgrst_payload.json_data)
 AS _("email" text, "name" text)) pgrst_body RETURNING "public"."customers"."id") SELECT '' AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total
 FROM (SELECT * FROM pgrst_source) _postgrest_t"""
_DBT_TABLES = """select 'shop' as database, tablename as name, schemaname as schema, 'table' as type from pg_tables where schemaname ilike 'public'
 union all select 'shop', viewname, schemaname, 'view' from pg_views where schemaname ilike 'public'
 union all select 'shop', matviewname, schemaname, 'materialized_view' from pg_matviews where schemaname ilike 'public'"""
_DBT_RELATIONS = """with relation as (select pg_rewrite.ev_class as class, pg_rewrite.oid as id from pg_rewrite), class as (select oid as id, relname as name,
 relnamespace as schema, relkind as kind from pg_class), dependency as (select distinct pg_depend.objid as id, pg_depend.refobjid as ref from pg_depend)
 select distinct ref.name, dependent.name from class ref join dependency on ref.id = dependency.ref join relation on dependency.id = relation.id
 join class dependent on relation.class = dependent.id where ref.kind in ('r', 'v')"""

NEEDS_UUID = frozenset({"uuid-ossp"})
NEEDS_CRYPTO = frozenset({"pgcrypto"})

TOOLS = [
    Query("psql", _PSQL_D),
    Query("psql", _PSQL_COLUMNS),
    Query("psql", _PSQL_REGEX),
    Query("psql", _PSQL_INDEXES),
    Query("psql", _PSQL_DF),
    Query("psql", _PSQL_DU),
    Query("psql", _PSQL_L),
    Query(
        "psql",
        "SELECT pg_catalog.quote_ident(c.relname) FROM pg_catalog.pg_class c WHERE (pg_catalog.quote_ident(c.relname)) LIKE 'ord%' LIMIT 1000",
    ),
    Query(
        "psql",
        "SELECT pol.polname, pol.polpermissive, CASE WHEN pol.polroles = '{0}' THEN NULL ELSE pg_catalog.array_to_string(array(select rolname from pg_catalog.pg_roles where oid = any (pol.polroles) order by 1),',') END, pg_catalog.pg_get_expr(pol.polqual, pol.polrelid) FROM pg_catalog.pg_policy pol WHERE pol.polrelid = '1259' ORDER BY 1",
    ),
    Query(
        "psql",
        "SELECT c.oid::pg_catalog.regclass, c.relkind, inhdetachpending, pg_catalog.pg_get_expr(c.relpartbound, c.oid) FROM pg_catalog.pg_class c, pg_catalog.pg_inherits i WHERE c.oid = i.inhrelid AND i.inhparent = '1259' ORDER BY pg_catalog.pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT', c.oid::pg_catalog.regclass::pg_catalog.text",
        since=14,
    ),
    Query("pg_dump", _DUMP_TABLES),
    Query("pg_dump", "SELECT pg_catalog.set_config('search_path', '', false)", actions="read", effects="changes_settings"),
    Query("pg_dump", "SELECT oid, tableoid, pubname, puballtables FROM pg_publication"),
    Query("pg_dump", "SELECT last_value, is_called FROM tickets", "tickets"),
    Query("pg_dump", "COPY public.customers (id, name, email) TO stdout", "customers", "read copy", runs=False),
    Query("pg_dump", "LOCK TABLE public.orders IN ACCESS SHARE MODE", "orders", "read"),
    Query("jdbc", _JDBC_COLUMNS),
    Query("jdbc", _JDBC_KEYS),
    Query("jdbc", _JDBC_TYPE),
    Query("jdbc", "SET extra_float_digits = 3", actions=""),
    Query("jdbc", "SHOW TRANSACTION ISOLATION LEVEL", actions=""),
    Query("jdbc", "select current_schema()"),
    Query("jdbc", "SELECT nextval('tickets')", "update:tickets", "read update", effects="sequences"),
    Query(
        "hibernate",
        "select next_val as id_val from (select nextval('tickets') next_val) x",
        "update:tickets",
        "read update",
        effects="sequences",
    ),
    Query(
        "hibernate",
        "select c1_0.id,c1_0.email,c1_0.name from customers c1_0 where c1_0.name like $1 escape '\\' order by c1_0.id offset $2 rows fetch first $3 rows only",
        "customers",
        runs=False,
    ),
    Query("hibernate", "select * from information_schema.sequences"),
    Query(
        "hibernate",
        "select o1_0.id,o1_0.customer_id,l1_0.order_id,l1_0.product_id from orders o1_0 left join order_lines l1_0 on o1_0.id=l1_0.order_id where o1_0.id=$1",
        "orders order_lines",
        runs=False,
    ),
    Query(
        "hibernate",
        "select o.id from orders o where o.id = 1 for no key update",
        "orders update:orders",
        "read update",
        effects="locks",
    ),
    Query("npgsql", _NPGSQL_TYPES),
    Query("npgsql", "SELECT version()"),
    Query("alchemy", "select pg_catalog.version()"),
    Query("alchemy", "show standard_conforming_strings", actions=""),
    Query("alchemy", _ALCHEMY_HAS),
    Query("alchemy", _ALCHEMY_FK),
    Query(
        "alchemy", "SELECT t.oid, typarray FROM pg_type t JOIN pg_namespace ns ON typnamespace = ns.oid WHERE typname = 'hstore'"
    ),
    Query(
        "alchemy",
        "SELECT customers.id AS customers_id, customers.name AS customers_name FROM customers WHERE customers.id = $1",
        "customers",
        runs=False,
    ),
    Query(
        "alchemy",
        "SELECT anon_1.id, orders_1.id AS id_1 FROM (SELECT customers.id AS id FROM customers LIMIT 10) AS anon_1 LEFT OUTER JOIN orders AS orders_1 ON anon_1.id = orders_1.customer_id",
        "customers orders",
    ),
    Query("django", _DJANGO_TABLES),
    Query("django", _DJANGO_CONSTRAINTS),
    Query("django", 'SELECT (1) AS "a" FROM "customers" WHERE "customers"."email" = \'a@b\' LIMIT 1', "customers"),
    Query(
        "django",
        'SELECT "orders"."id", COUNT("order_lines"."product_id") AS "n" FROM "orders" LEFT OUTER JOIN "order_lines" ON ("orders"."id" = "order_lines"."order_id") GROUP BY "orders"."id" HAVING COUNT("order_lines"."product_id") > 2 ORDER BY "orders"."id" ASC',
        "orders order_lines",
    ),
    Query(
        "django", 'SELECT "customers"."id" FROM "customers" WHERE UPPER("customers"."name"::text) LIKE UPPER(\'%x%\')', "customers"
    ),
    Query(
        "django",
        "SELECT DATE_TRUNC('month', \"orders\".\"placed_at\" AT TIME ZONE 'UTC') AS m, SUM(total) FROM orders GROUP BY 1",
        "orders",
    ),
    Query("django", 'SAVEPOINT "s1234_x1"', actions="", runs=False),
    Query("metabase", _METABASE),
    Query("metabase", _METABASE_PRIVILEGES),
    Query(
        "metabase",
        'SELECT DATE_TRUNC(\'month\', "source"."placed_at") AS "placed_at", COUNT(*) AS "count" FROM (SELECT "public"."orders"."placed_at" AS "placed_at" FROM "public"."orders") AS "source" GROUP BY DATE_TRUNC(\'month\', "source"."placed_at") ORDER BY 1 ASC',
        "orders",
    ),
    Query(
        "metabase",
        'SELECT SUBSTRING("public"."customers"."name", 1, 1234) AS "substring" FROM "public"."customers" LIMIT 10000',
        "customers",
    ),
    Query("pgadmin", _PGADMIN_ACTIVITY, effects="reads_state"),
    Query("pgadmin", _PGADMIN_ROLE),
    Query(
        "pgadmin",
        "SELECT db.oid AS did, db.datname, db.datallowconn, pg_encoding_to_char(db.encoding) AS serverencoding, has_database_privilege(db.oid, 'CREATE') AS cancreate FROM pg_catalog.pg_database db WHERE db.datname = current_database()",
    ),
    Query(
        "pgadmin",
        "SELECT gss_authenticated, encrypted FROM pg_catalog.pg_stat_gssapi WHERE pid = pg_backend_pid()",
        effects="reads_state",
    ),
    Query("dbeaver", _DBEAVER),
    Query("dbeaver", _DBEAVER_SIZE),
    Query("dbeaver", "SELECT current_schema(),session_user"),
    Query(
        "dbeaver",
        "SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass ORDER BY nspname",
    ),
    Query("dbeaver", "select string_agg(word, ',') from pg_catalog.pg_get_keywords() where word <> ALL ('{a,abs}'::text[])"),
    Query("postgrest", _POSTGREST_READ, "customers orders"),
    Query(
        "postgrest",
        _POSTGREST_WRITE,
        "insert:customers customers update:customers_id_seq",
        "read insert update",
        effects="sequences",
    ),
    Query(
        "postgrest",
        "select set_config('search_path', 'public', true), set_config('role', 'postgres', true), set_config('request.jwt.claims', '{}', true)",
        effects="changes_settings",
    ),
    Query("dbt", _DBT_TABLES),
    Query("dbt", _DBT_RELATIONS),
    Query("dbt", "select distinct nspname from pg_namespace"),
    Query(
        "dbt",
        'create table "public"."report__dbt_tmp" as (select customer_id, sum(total) t from orders group by 1)',
        "create:report__dbt_tmp orders",
        "create read",
    ),
    Query(
        "pgbench",
        "UPDATE pgbench_accounts SET abalance = abalance + 5 WHERE aid = 1",
        "pgbench_accounts update:pgbench_accounts",
        "read update",
    ),
    Query("pgbench", "SELECT abalance FROM pgbench_accounts WHERE aid = 1", "pgbench_accounts"),
    Query(
        "pgbench",
        "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 1, 1, 1, CURRENT_TIMESTAMP)",
        "insert:pgbench_history",
        "insert",
    ),
    Query("pgbench", "select count(*) from pgbench_branches", "pgbench_branches"),
    Query("session", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", actions="", runs=False),
    Query("session", "SET TIME ZONE 'Europe/Berlin'", actions=""),
    Query("session", "SET statement_timeout TO '5s'", actions=""),
    Query("session", "SELECT 1"),
    Query("session", "SELECT pg_backend_pid(), current_user, current_database(), inet_server_addr(), pg_is_in_recovery()"),
    Query(
        "session",
        "SELECT name, setting FROM pg_settings WHERE name IN ('server_version', 'max_connections')",
        effects="reads_state",
    ),
    Query("session", "select pg_advisory_xact_lock(42)", effects="locks"),
    Query("session", "select txid_current()", effects=""),
    Query("session", "select pg_sleep(0)", effects="sleeps"),
    Query("session", "explain select * from customers where id = 5", "customers"),
    Query("session", "explain (analyze, buffers) select * from customers where id = 5", "customers"),
    Query("session", "explain update customers set name = 'x'", "customers"),
    Query("session", "select * from information_schema.columns where table_name = 'orders'"),
    Query(
        "session",
        "select * from information_schema.table_constraints tc join information_schema.key_column_usage k using (constraint_schema, constraint_name)",
    ),
    Query(
        "session",
        "select relname, n_live_tup, last_autovacuum from pg_stat_user_tables order by n_dead_tup desc",
        effects="reads_state",
    ),
    Query("session", "select pid, wait_event, left(query, 50) from pg_stat_activity where state <> 'idle'", effects="reads_state"),
    Query(
        "session",
        "select schemaname, relname, indexrelname, idx_scan, pg_size_pretty(pg_relation_size(indexrelid)) from pg_stat_user_indexes",
        effects="reads_state",
    ),
    Query(
        "session",
        "select l.locktype, l.relation::regclass, l.mode, a.usename from pg_locks l join pg_stat_activity a using (pid)",
        effects="reads_state",
    ),
]

REPORTS = [
    Query(
        "report",
        "select customer_id, total, rank() over (partition by customer_id order by total desc), sum(total) over w, lag(total) over w from orders window w as (partition by customer_id order by placed_at rows between unbounded preceding and current row)",
        "orders",
    ),
    Query(
        "report",
        "select date_trunc('week', placed_at)::date w, count(*) filter (where status = 'paid'), percentile_cont(0.5) within group (order by total), avg(total)::numeric(10,2) from orders group by w having count(*) > 1 order by w desc nulls last",
        "orders",
    ),
    Query(
        "report",
        "select d::date, coalesce(sum(o.total), 0) from generate_series(current_date - interval '30 days', current_date, '1 day') d left join orders o on o.placed_at::date = d::date group by d order by d",
        "orders",
    ),
    Query(
        "report", "select * from customer_totals where total > 100 order by total desc limit 10", "customer_totals customers orders"
    ),
    Query("report", "select status, count(*), grouping(status) from orders group by rollup (status)", "orders"),
    Query(
        "report",
        "select status, date_part('year', placed_at), sum(total) from orders group by cube (status, date_part('year', placed_at))",
        "orders",
    ),
    Query(
        "report",
        "with monthly as (select date_trunc('month', placed_at) m, sum(total) t from orders group by 1) select m, t, t - lag(t) over (order by m) as growth, round(100.0 * t / sum(t) over (), 1) from monthly",
        "orders",
    ),
    Query(
        "report",
        "with recursive up as (select id, customer_id, 1 depth from orders where id = 1 union all select o.id, o.customer_id, depth + 1 from orders o join up on o.customer_id = up.id where depth < 5) select * from up",
        "orders",
    ),
    Query(
        "report",
        "select c.name, x.* from customers c cross join lateral (select total, placed_at from orders o where o.customer_id = c.id order by placed_at desc limit 3) x",
        "customers orders",
    ),
    Query(
        "report",
        "select distinct on (customer_id) customer_id, id, placed_at from orders order by customer_id, placed_at desc",
        "orders",
    ),
    Query(
        "report",
        "select extract(dow from placed_at) dow, to_char(placed_at, 'HH24') h, count(*) from orders group by 1, 2 order by 1, 2",
        "orders",
    ),
    Query(
        "report",
        "select age(now(), placed_at), placed_at + interval '1 month' - interval '1 day', make_interval(days => 3), placed_at at time zone 'Europe/Berlin' from orders",
        "orders",
    ),
    Query(
        "report",
        "select ntile(4) over (order by total), width_bucket(total, 0, 100, 10), cume_dist() over (order by total) from orders",
        "orders",
    ),
    Query(
        "report", "select string_agg(distinct name, ', ' order by name), array_agg(id order by id desc) from customers", "customers"
    ),
    Query(
        "report",
        "select case when total > 100 then 'large' when total > 10 then 'middle' else 'small' end size, count(*) from orders group by 1",
        "orders",
    ),
    Query(
        "report",
        "select name from customers where id in (select customer_id from orders group by customer_id having sum(total) > 10) and not exists (select from orders o where o.customer_id = customers.id and status = 'new')",
        "customers orders",
    ),
    Query(
        "report",
        "select coalesce(note, 'none'), nullif(total, 0), greatest(total, 5), least(id, 3) from orders where (status, total) <> ('new', 0)",
        "orders",
    ),
    Query(
        "report",
        "select id from orders union select id from customers except select 5 intersect select 7 order by 1",
        "orders customers",
    ),
    Query(
        "report",
        "select product_id, sum(amount), corr(quantity, price), regr_slope(quantity, price), stddev(price), bit_or(quantity), bool_and(price > 0) from order_lines group by product_id",
        "order_lines",
    ),
    Query(
        "report",
        "select a.id, b.id from orders a join orders b using (customer_id) where a.id < b.id and a.placed_at between b.placed_at - interval '1 day' and b.placed_at",
        "orders",
    ),
    Query(
        "report",
        "select sum(total) over (order by placed_at range between interval '7 days' preceding and current row) from orders",
        "orders",
    ),
    Query("report", "select count(*) from events where at >= '2024-06-01' and kind = 'click'", "events events_2024 events_other"),
    Query("report", "select random(), gen_random_uuid(), clock_timestamp(), md5(random()::text), setseed(0.5)"),
    Query("report", "select * from orders tablesample system (10) repeatable (7)", "orders"),
    Query("report", "select * from orders order by random() limit 5", "orders"),
    Query("report", "values (1, 'a'), (2, 'b')"),
    Query("report", "table products", "products"),
    Query("report", "select unnest(array['new', 'paid'])::status, enum_range(null::status), 'new'::status < 'paid'"),
    Query(
        "json",
        "select profile ->> 'city', profile #>> '{a,b}', profile -> 'x' @> '[1]', profile ? 'y', profile @? '$.a ? (@ > 1)' from customers",
        "customers",
    ),
    Query(
        "json",
        "select id, k, v from customers, jsonb_each_text(profile) as e(k, v) where profile @> '{\"active\": true}'",
        "customers",
    ),
    Query(
        "json",
        "select jsonb_agg(jsonb_build_object('id', id, 'n', name) order by id), json_object_agg(id, name) from customers",
        "customers",
    ),
    Query("json", "select row_to_json(c), to_jsonb(c) - 'search' from customers c", "customers"),
    Query("json", "select x.* from jsonb_to_recordset('[{\"a\": 1}]') as x(a int, b text)"),
    Query(
        "json",
        "select jsonb_path_query_array(profile, '$.tags[*]'), jsonb_set(profile, '{a}', '1'), jsonb_strip_nulls(profile), profile || '{\"a\": 2}' from customers",
        "customers",
    ),
    Query(
        "json",
        "update customers set profile = jsonb_set(profile, '{seen}', to_jsonb(now())) where id = 1",
        "customers update:customers",
        "read update",
    ),
    Query(
        "json",
        "select jt.* from customers, json_table(profile, '$.orders[*]' columns (id int path '$.id', n text path '$.name' default 'x' on empty)) jt",
        "customers",
        since=17,
    ),
    Query(
        "json",
        "select json_value(profile, '$.a' returning int default 0 on error), json_exists(profile, '$.b'), json_query(profile, '$.c') from customers",
        "customers",
        since=17,
    ),
    Query("json", "select json_object('a': 1), json_array(1, 2), json_arrayagg(name) from customers", "customers", since=16),
    Query(
        "text",
        "select ts_rank(search, q), ts_headline('english', name, q) from customers, websearch_to_tsquery('english', 'shoe -red') q where search @@ q order by 1 desc",
        "customers",
    ),
    Query(
        "text",
        "select to_tsvector('english', name) @@ to_tsquery('a & b'), plainto_tsquery('x y'), phraseto_tsquery('x y') from customers",
        "customers",
    ),
    Query(
        "text",
        "select name, similarity(name, 'jon'), name <-> 'jon', word_similarity('jon', name) from customers where name % 'jon' order by name <-> 'jon' limit 5",
        "customers",
    ),
    Query("text", "select levenshtein(name, 'ann'), soundex(name), metaphone(name, 4), unaccent(name) from customers", "customers"),
    Query(
        "text",
        "select regexp_replace(name, '\\s+', ' ', 'g'), split_part(email::text, '@', 2), initcap(name), lpad(id::text, 8, '0'), format('%s-%s', id, name), translate(name, 'a', 'b') from customers",
        "customers",
    ),
    Query(
        "text",
        "select name from customers where name ilike '%x%' or name ~* '^a' or name similar to '(a|b)%' or email = 'A@b' or lower(email) = 'a@b'",
        "customers",
    ),
    Query("text", "select * from customers where email like '%@example.com' order by email", "customers"),
    Query("text", 'select count(distinct email), max(email), min(name collate "C") from customers group by email', "customers"),
    Query(
        "array",
        "select id, tags[1], tags[2:3], array_length(tags, 1), 'x' = any (tags), tags @> array['a'], tags || array['b'], array_remove(tags, 'a'), cardinality(tags) from customers",
        "customers",
    ),
    Query("array", "select t, count(*) from customers, unnest(tags) t group by t order by 2 desc", "customers"),
    Query("array", "select * from unnest(array[1, 2], array['a', 'b']) with ordinality as x(n, s, i)"),
    Query("array", "select id from customers where id = any ('{1,2,3}'::bigint[]) and tags && '{a,b}'", "customers"),
    Query(
        "array",
        "select groups & '{1}', groups @@ '1&2'::query_int, sort(groups), idx(groups, 3), icount(groups) from products",
        "products",
    ),
    Query(
        "array",
        "select array(select id from orders order by id), array_to_string(array_agg(name), ',') from customers",
        "customers orders",
    ),
    Query(
        "range",
        "select available @> current_date, lower(available), upper_inf(available), available * daterange('2024-01-01', '2025-01-01'), available && '[2024-01-01,2024-02-01)' from products",
        "products",
    ),
    Query("range", "select int4range(1, 10) @> 5, tstzrange(now(), null), numrange(1.0, 2.0, '[]') -|- numrange(2, 3)"),
    Query(
        "range",
        "select range_agg(available), unnest(datemultirange(available)) from products group by available",
        "products",
        since=14,
    ),
    Query(
        "hstore",
        "select attributes -> 'colour', attributes ? 'size', attributes @> 'a=>1', akeys(attributes), hstore('a', 'b') || attributes, attributes::jsonb from customers",
        "customers",
    ),
    Query("hstore", "select key, value from customers, each(attributes)", "customers"),
    Query(
        "ltree",
        "select path, nlevel(path), subpath(path, 0, 1), path <@ 'Top.Shoes', path ~ '*.Red.*', lca(path, 'Top') from products where path @> 'Top' order by path",
        "products",
    ),
    Query("uuid", "select uuid_generate_v4(), uuid_generate_v5(uuid_ns_url(), 'x')", needs=NEEDS_UUID),
    Query(
        "crypto",
        "select digest('x', 'sha256'), encode(hmac('a', 'b', 'sha1'), 'hex'), crypt('x', gen_salt('bf', 4)), gen_random_bytes(8)",
        needs=NEEDS_CRYPTO,
    ),
    Query("crypto", "select sha256('x'::bytea), encode('x'::bytea, 'base64'), md5('x'), hashtext('x')"),
    Query("own", "select full_name(c), c.full_name from customers c", "customers"),
    Query("own", "select add_tax(total), add_tax(total, rate => 0.07) from orders", "orders"),
    Query("own", "select clean(note) from orders where clean(note) is not null", "orders"),
    Query("own", "explain select clean(note) from orders where clean('X') is not null", "orders"),
    Query(
        "xml",
        "select 1 is distinct from 2, row(1, 2) = row(1, 3), (1, 2) in ((1, 2), (3, 4)), row(1, 'a') is not distinct from row(1, 'b'), (1, 2) < (2, 1)",
    ),
]

CHANGES = [
    Query(
        "insert",
        "insert into customers (name, email) values ('Ann', 'ann@example.com') returning id",
        "insert:customers customers update:customers_id_seq",
        "insert read update",
        effects="sequences",
    ),
    Query(
        "insert",
        "insert into customers (name) values ('A'), ('B')",
        "insert:customers update:customers_id_seq",
        "insert update",
        effects="sequences",
    ),
    Query(
        "insert",
        "insert into orders (customer_id, total) values (null, 10)",
        "insert:orders customers update:orders_id_seq",
        "insert read update",
    ),
    Query(
        "insert",
        "insert into order_lines (order_id, product_id, quantity, price) select o.id, p.id, 1, p.price from orders o, products p where o.id = 1",
        "insert:order_lines orders products",
        "insert read",
    ),
    Query(
        "upsert",
        "insert into products (sku, name) values ('a', 'b') on conflict (sku) do update set name = excluded.name where products.name is distinct from excluded.name",
        "insert:products update:products products update:products_id_seq",
        "insert read update",
        effects="sequences",
    ),
    Query(
        "upsert",
        "insert into products (sku) values ('a') on conflict do nothing",
        "insert:products update:products_id_seq",
        "insert update",
        effects="sequences",
    ),
    Query(
        "insert",
        "insert into events (id, at, kind) values (1, '2024-05-05', 'x')",
        "insert:events insert:events_2024 insert:events_other",
        "insert",
    ),
    Query(
        "update",
        "update customers set name = upper(name), tags = tags || array['vip'] where id = 7 returning *",
        "customers update:customers",
        "read update",
    ),
    Query(
        "update",
        "update products p set price = p.price * 1.1 from order_lines l where l.product_id = p.id and l.quantity > 3",
        "products order_lines update:products",
        "read update",
    ),
    Query(
        "update",
        "update orders set (status, note) = ('paid', 'x') where id = 1 and status = 'new'",
        "orders update:orders",
        "read update",
    ),
    Query("delete", "delete from orders where id = 5", "orders order_lines delete:orders delete:order_lines", "read delete"),
    Query(
        "delete",
        "delete from order_lines using orders o where o.id = order_lines.order_id and o.status = 'new'",
        "order_lines orders delete:order_lines",
        "read delete",
    ),
    Query(
        "merge",
        "merge into products p using (values ('a', 'b')) v(sku, name) on p.sku = v.sku when matched then update set name = v.name when not matched then insert (sku, name) values (v.sku, v.name)",
        "products update:products insert:products update:products_id_seq",
        "read update insert",
        effects="sequences",
        since=15,
    ),
    Query(
        "queue",
        "with job as (select id from orders where status = 'new' order by id for update skip locked limit 1) update orders o set status = 'paid' from job where o.id = job.id returning o.*",
        "orders update:orders",
        "read update",
        effects="locks",
    ),
    Query(
        "archive",
        "with gone as (delete from order_lines where quantity = 0 returning *) select count(*) from gone",
        "order_lines delete:order_lines",
        "read delete",
    ),
    Query("define", "create table audit (id serial primary key, what text)", "create:audit", "create"),
    Query("define", "create index concurrently on orders (placed_at)", "orders", "create read", runs=False),
    Query("define", "alter table orders add column discount numeric", "alter:orders", "alter"),
    Query(
        "copy",
        "copy products (sku, name) from stdin",
        "insert:products update:products_id_seq",
        "copy insert update",
        runs=False,
        effects="sequences",
    ),
    Query(
        "do",
        "do $$ begin if not exists (select from pg_type where typname = 'x') then perform 1; end if; end $$",
        "",
        "read execute",
    ),
]

QUERIES = TOOLS + REPORTS + CHANGES
