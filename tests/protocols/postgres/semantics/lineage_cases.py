"""Statements, and what each takes from which columns, written by hand. Over the tables of lineage_schema.sql.

    ? select c.name, upper(phone) u from customers c where id = 1      the statement (`?18`: only PostgreSQL 18 knows it;
                                                                       `?xml`: it needs a server with libxml)
    > name =customers.name; u ~customers.phone                         output columns in order: `=` the column's own value,
                                                                       `~` computed from it; `~t.*` all of its columns
    > -                                                                it returns no rows; of DECLARE: what its cursor gives
    read customers key: name out, phone expr, id pred                  what it does to a relation; what bounds its rows (not
                                                                       looked at where left out); how it uses its columns
    read customers[mails/contacts] other: email out                    the same, reached through a view, function, ...
    orders.note <- =customers.name ~customers.phone                    what is written into a column; RETURNING gives that too
    unused customers.phone                                             columns that stand in the text and nobody asks for;
                                                                       relations of which only the row type does

An indented line goes on with the one before it.
Relations without a schema are in `public`; `temp.` is the session's own schema. `?` as a use is any, and `?t.c` as a source may be
said without being true: a body of PL/pgSQL, and a field of a function's row, are not taken apart as far as they could be. What
triggers, rules, foreign keys and sequences do is compared where a case says anything of it, everything else always.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

USES = {
    "out": "output",
    "expr": "expression",
    "pred": "predicate",
    "join": "join",
    "group": "grouping",
    "order": "ordering",
    "whole": "whole_row",
    "source": "write_source",
    "target": "write_target",
}
BOUNDS = {"none": "none", "trivial": "trivial", "key": "primary_key_constant", "other": "other"}


@dataclass(slots=True)
class Expected:
    """What a statement does to one relation."""

    action: str
    relation: str
    via: tuple[str, ...]
    bound: str | None
    columns: dict[str, frozenset[str] | None]
    """`*` stands for every column. None: used, no matter how."""


@dataclass(slots=True)
class Case:
    """A statement and what it should be."""

    sql: str
    since: int = 0
    xml: bool = False
    outputs: list[tuple[str, frozenset[str]]] | None = None
    accesses: list[Expected] = field(default_factory=list)
    flows: dict[str, frozenset[str]] = field(default_factory=dict)
    unused: frozenset[str] = frozenset()


def cases(text: str) -> list[Case]:
    """The table, taken apart."""
    found: list[Case] = []
    for line in re.sub(r"\n +", " ", text).splitlines():
        if line.startswith("?"):
            head, _, sql = line.partition(" ")
            found.append(Case(sql, int(head[1:]) if head[1:].isdigit() else 0, head == "?xml"))
        elif line.startswith(">"):
            found[-1].outputs = _outputs(line[1:].strip())
        elif line.startswith("unused "):
            found[-1].unused = frozenset(line.split()[1:])
        elif "<-" in line:
            column, _, sources = line.partition("<-")
            found[-1].flows[column.strip()] = frozenset(sources.split())
        elif line:
            found[-1].accesses.append(_access(line))
    return found


def _outputs(text: str) -> list[tuple[str, frozenset[str]]] | None:
    if text == "-":
        return None
    found = []
    for part in text.split(";") if text else ():
        match = re.fullmatch(r'\s*(?:"([^"]*)"|(\S+))((?:\s+[=~?](?:"[^"]*"|\S+))*)\s*', part)
        assert match is not None, part
        sources = re.findall(r'[=~?](?:"[^"]*"|\S+)', match[3])
        found.append((match[1] if match[1] is not None else match[2], frozenset(each.replace('"', "") for each in sources)))
    return found


def _access(line: str) -> Expected:
    match = re.fullmatch(r'(\w+) ((?:"[^"]*"|[\w.])+)(?:\[([^]]*)\])?(?: (\w+))?:?(?<=[:\w\]"])(.*)', line)
    assert match is not None, line
    columns: dict[str, frozenset[str] | None] = {}
    for part in match[5].split(",") if match[5].strip() else ():
        *names, uses = re.findall(r'"[^"]*"|\S+', part)
        for name in names:
            name = name.strip('"')
            before = columns.get(name) or frozenset()
            columns[name] = None if uses == "?" else before | {USES[each] for each in uses.split("+")}
    via = tuple(match[3].split("/")) if match[3] else ()
    return Expected(match[1], match[2].replace('"', ""), via, BOUNDS[match[4]] if match[4] else None, columns)


COLUMNS = """
? select 1
> ?column?

? select name from customers
> name =customers.name
read customers none: name out

? select c.name, upper(phone) u from customers c where id = 1
> name =customers.name; u ~customers.phone
read customers key: name out, phone expr, id pred

? select * from products
> sku =products.sku; title =products.title; price =products.price; stock =products.stock
read products none: * out

? select p.*, p.price * 2 from products p
> sku =products.sku; title =products.title; price =products.price; stock =products.stock; ?column? ~products.price
read products none: sku title stock out, price out+expr

? select public.products.title, products.stock from products
> title =products.title; stock =products.stock
read products none: title stock out

? select id, note from archive.orders
> id =archive.orders.id; note =archive.orders.note
read archive.orders none: id note out

? select o.note, a.note from orders o, archive.orders a where o.id = a.id
> note =orders.note; note =archive.orders.note
read orders other: note out, id pred
read archive.orders other: note out, id pred

? select "E Mail", "select" as "From", "Key" from "Odd Names" where "Key" = 3
> "E Mail" ="Odd Names.E Mail"; From ="Odd Names.select"; Key ="Odd Names.Key"
read "Odd Names" key: "E Mail" "select" out, "Key" out+pred

? select price as stock, stock as price from products order by stock
> stock =products.price; price =products.stock
read products none: price out+order, stock out

? select customers.phone from archive.customers c, lateral (select phone from customers where id = c.id) customers
> phone =customers.phone
read archive.customers: id pred
read customers other: phone out, id pred

? select x.b from products as x (a, b)
> b =products.title
read products none: title out

? select * from gauges as g (a, b)
> a =gauges.id; b =gauges.site; level =gauges.level
read gauges none: * out

? select ctid, tableoid, name from customers where xmin is not null
> ctid; tableoid; name =customers.name
read customers: name out

? table sites
> site =sites.site; city =sites.city; keeper =sites.keeper
read sites none: * out

? values (1, 'a'), (2, 'b')
> column1; column2

? select v.a, v.b from customers c, lateral (values (c.email, c.id)) v (a, b)
> a =customers.email; b =customers.id
read customers none: email id out

? select code, discount from coupons
> code =temp.coupons.code; discount =temp.coupons.discount
read temp.coupons none: code discount out

? select code, percent from public.coupons
> code =coupons.code; percent =coupons.percent
read coupons none: code percent out

? select b.sku, p.price from pg_temp.basket b join products p on p.sku = b.sku
> sku =temp.basket.sku; price =products.price
read temp.basket none: sku out+join
read products none: price out, sku join

? select current_date, current_user, now() as t, 'x' || 'y' as s
> current_date; current_user; t; s

? select name from only people
> name =people.name
read people none: name out

? select name from people where id = 4
> name =people.name
read people key: name out, id pred
read contractors[people] other: name out, id pred

? select agency, name from contractors
> agency =contractors.agency; name =contractors.name
read contractors none: agency name out

? select who, payload ->> 'ip' as ip from events where at > '2024-06-01'
> who =events.who; ip ~events.payload
read events other: who out, payload expr, at pred
read events_2024[events] other: who out, payload expr, at pred
read events_2025[events] other: who out, payload expr, at pred

? select who from events_2024
> who =events_2024.who
read events_2024 none: who out

? select area, side from squares
> area =squares.area; side =squares.side
read squares none: area side out
"""

BOUNDED = """
? select name from customers where true
> name =customers.name
read customers trivial: name out

? select name from customers where 1 = 1
> name =customers.name
read customers trivial: name out

? select name from customers where id = $1
> name =customers.name
read customers key: name out, id pred

? select name from customers where email = 'a@b' and phone like '1%'
> name =customers.name
read customers key: name out, email phone pred

? select name from customers where id = 1 or id = 2
> name =customers.name
read customers other: name out, id pred

? select amount from lines where order_id = 1
> amount =lines.amount
read lines other: amount out, order_id pred

? select amount from lines where order_id = 1 and line = 2
> amount =lines.amount
read lines key: amount out, order_id line pred

? select name from customers where id = id
> name =customers.name
read customers trivial: name out, id pred

? select name from customers where id in (1, 2, 3) limit 1
> name =customers.name
read customers other: name out, id pred

? select name from customers where now() > '2000-01-01'
> name =customers.name
read customers trivial: name out

? select name from customers limit 1
> name =customers.name
read customers none: name out
"""

JOINS = """
? select g.level, a.since from gauges g join alarms a on a.id = g.id and a.site = g.site
> level =gauges.level; since =alarms.since
read gauges none: level out, id site join
read alarms none: since out, id site join

? select * from gauges natural join alarms
> id =gauges.id; site =gauges.site; level =gauges.level; since =alarms.since
read gauges none: id site out+join, level out
read alarms none: id site join, since out

? select * from gauges natural left join alarms
> id =gauges.id; site =gauges.site; level =gauges.level; since =alarms.since
read gauges none: id site out+join, level out
read alarms none: id site join, since out

? select * from gauges natural right join alarms
> id =alarms.id; site =alarms.site; level =gauges.level; since =alarms.since
read gauges none: id site join, level out
read alarms none: id site out+join, since out

? select * from gauges natural full join alarms
> id ~gauges.id ~alarms.id; site ~gauges.site ~alarms.site; level =gauges.level; since =alarms.since
read gauges none: id site expr+join, level out
read alarms none: id site expr+join, since out

? select * from gauges join alarms using (id)
> id =gauges.id; site =gauges.site; level =gauges.level; site =alarms.site; since =alarms.since
read gauges none: id out+join, site level out
read alarms none: id join, site since out

? select site, g.site, s.site, city from gauges g join sites s using (site)
> site =gauges.site; site =gauges.site; site =sites.site; city =sites.city
read gauges none: site out+join
read sites none: site out+join, city out

? select site, s.city from gauges g right join sites s using (site)
> site =sites.site; city =sites.city
read gauges none: site join
read sites none: site out+join, city out

? select site from gauges full join sites using (site)
> site ~gauges.site ~sites.site
read gauges none: site expr+join
read sites none: site expr+join

? select j.site, city from gauges g left join sites s using (site) as j
> site =gauges.site; city =sites.city
read gauges none: site out+join
read sites none: site join, city out

? select j.* from (gauges g join sites s using (site)) as j (where_is, number, height)
> where_is =gauges.site; number =gauges.id; height =gauges.level; city =sites.city; keeper =sites.keeper
read gauges none: site out+join, id level out
read sites none: site join, city keeper out

? select j.* from gauges join sites using (site) as j
> site =gauges.site
read gauges none: site out+join
read sites none: site join

? select level, since, city from gauges natural join alarms join sites using (site) where city = 'Bath'
> level =gauges.level; since =alarms.since; city =sites.city
read gauges other: level out, id site join
read alarms other: since out, id site join
read sites other: city out+pred, site join

? select c.name, p.title from customers c cross join products p
> name =customers.name; title =products.title
read customers none: name out
read products none: title out

? select a.name, b.name as boss from hr.staff a left join hr.staff b on b.id = a.boss
> name =hr.staff.name; boss =hr.staff.name
read hr.staff none: name out, id boss join

? select s.city from gauges g, alarms a, sites s where g.id = a.id and s.site = a.site and g.level > 3
> city =sites.city
read gauges other: id level pred
read alarms other: id site pred
read sites other: city out, site pred

? select c.name, last.note from customers c left join lateral
    (select note from orders o where o.customer_id = c.id order by placed desc limit 1) last on true
> name =customers.name; note =orders.note
read customers none: name out, id pred
read orders other: note out, customer_id pred, placed order

? select c.name, x.e from customers c, lateral (select lower(c.email) as e, c.phone as p) x
> name =customers.name; e ~customers.email
read customers none: name out, email expr
unused customers.phone

? select count(*) from customers natural join archive.customers
> count
read customers none: id email join
read archive.customers none: id email join
"""

SUBSELECTS = """
? select (select max(salary) from hr.staff) as top, name from customers
> top ~hr.staff.salary; name =customers.name
read hr.staff none: salary expr
read customers none: name out

? select name, (select count(*) from orders o where o.customer_id = c.id) as n from customers c
> name =customers.name; n ~orders.customer_id ~customers.id
read customers none: name out, id pred
read orders other: customer_id pred

? select exists (select 1 from hr.staff where ssn = '123') as there
> there ~hr.staff.ssn
read hr.staff other: ssn pred

? select name from customers where id in (select customer_id from orders)
> name =customers.name
read customers other: name out, id pred
read orders none: customer_id pred

? select name from customers c where exists (select note from orders o where o.customer_id = c.id and o.state = 'open')
> name =customers.name
read customers other: name out, id pred
read orders other: customer_id state pred
unused orders.note

? select name from customers where (id, name) in (select customer_id, state from orders where id = 3)
> name =customers.name
read customers other: name out+pred, id pred
read orders key: customer_id state id pred

? select name from customers where id > all (select customer_id from orders where note is null)
> name =customers.name
read customers other: name out, id pred
read orders other: customer_id note pred

? select id in (select customer_id from orders) as ordered from customers
> ordered ~customers.id ~orders.customer_id
read customers none: id expr
read orders none: customer_id expr

? select array(select email from customers where phone is null) as mails
> mails ~customers.email
read customers other: email expr, phone pred

? select s.e from (select email as e, phone as p from customers) s
> e =customers.email
read customers none: email out
unused customers.phone

? select 1 as one from (select upper(email) as e from customers) s where e = 'X'
> one
read customers: email pred

? select s.* from (select name, lower(email) as e from customers where phone = '1') s where e like 'a%'
> name =customers.name; e ~customers.email
read customers other: name out, email expr+pred, phone pred

? select name from customers order by (select max(placed) from orders o where o.customer_id = customers.id)
> name =customers.name
read customers none: name out, id pred
read orders other: placed order, customer_id pred

? select state, count(*) from orders group by state having count(*) > (select max(stock) from products)
> state =orders.state; count
read orders none: state out+group
read products none: stock pred

? select (select state from orders o where o.id = c.id) as s, count(*) from customers c group by c.id
> s =orders.state; count
read customers none: id group+pred
read orders other: state out, id pred

? select name from customers limit (select stock from products where sku = 'a1')
> name =customers.name
read customers none: name out
read products key: stock sku pred

? select a.x from (select b.x from (select email as x, phone as y from customers) b where b.y = '1') a
> x =customers.email
read customers: email out, phone pred

? select (select c.email from orders where id = 1) from customers c
> email =customers.email
read customers none: email out
read orders key: id pred

? select case when exists (select 1 from hr.staff s where s.ssn = c.phone) then c.name end as n from customers c
> n ~customers.name ~customers.phone ~hr.staff.ssn
read customers none: name expr, phone pred
read hr.staff other: ssn pred

? select (select row(name, ssn) from hr.staff where id = 1) as r
> r ~hr.staff.name ~hr.staff.ssn
read hr.staff key: name ssn expr, id pred

? select (select s from hr.staff s where s.id = 1) as r
> r ~hr.staff.*
read hr.staff key: * whole+expr, id pred
"""

WITH = """
? with c as (select id, email as e, phone from customers) select e from c where id = 1
> e =customers.email
read customers: email out, id pred
unused customers.phone

? with customers as (select sku as id, title from products) select id from customers
> id =products.sku
read products none: sku out
unused products.title

? with customers as (select id, email from customers where id = 2) select email from customers
> email =customers.email
read customers key: email out, id pred

? with a as (select id, name from customers), b as (select a.id, a.name, o.note from a join orders o on o.customer_id = a.id)
    select name, note from b
> name =customers.name; note =orders.note
read customers none: name out, id join
read orders none: note out, customer_id join

? with a as materialized (select email, phone from customers), b as not materialized (select email as m from a) select m from b
> m =customers.email
read customers none: email out
unused customers.phone

? with x as (select email from customers) select 1 as one
> one
read customers none:
unused customers.email

? with a (p, q) as (select name, upper(email) from customers) select q, p from a
> q ~customers.email; p =customers.name
read customers none: name out, email expr

? with a as (select 1 as n), b as (select n + 1 as m from a) select m, (select n from a) from b
> m; n

? with recursive t (n) as (values (1) union all select n + 1 from t where n < 10) select sum(n) from t
> sum

? with recursive chain as (
    select id, boss, name from hr.staff where id = 1
    union all select s.id, s.boss, s.name from hr.staff s join chain on s.boss = chain.id)
    select name from chain
> name =hr.staff.name
read hr.staff none: name out, id pred+join, boss join

? with recursive chain (n, up, path) as (
    select name, boss, array[id] from hr.staff where boss is null
    union select s.name, s.id, path || s.id from hr.staff s, chain where s.boss = chain.up)
    select n, path from chain
> n =hr.staff.name; path ~hr.staff.id
read hr.staff other: name out+group, boss pred+group, id expr+pred+group

? with recursive w as (select 1 as a, 'x'::text as b, name::text as c from hr.staff where id = 9
    union all select a + 1, c, b from w where a < 5) select b from w
> b =hr.staff.name
read hr.staff key: name out, id pred

? with recursive t as (select id, boss from hr.staff where boss is null
    union all select s.id, s.boss from hr.staff s, t where s.boss = t.id)
    search depth first by id set seq
    select id, seq from t order by seq
> id =hr.staff.id; seq ~hr.staff.id
read hr.staff other: id out+pred+expr+order, boss pred

? with recursive t as (select id, boss from hr.staff where boss is null
    union all select s.id, s.boss from hr.staff s, t where s.boss = t.id)
    cycle id set looped using way
    select boss, looped from t
> boss =hr.staff.boss; looped ~hr.staff.id
read hr.staff other: id pred+expr, boss pred+out

? with recursive odd as (select 1 as n union select n + 2 from odd where n < 9), even as (select n + 1 as n from odd)
    select * from even
> n

? with outer_one as (with inner_one as (select email from customers) select email as m from inner_one) select m from outer_one
> m =customers.email
read customers none: email out

? with a as (select id from customers) select * from (with a as (select sku from products) select * from a) x, a
> sku =products.sku; id =customers.id
read products none: sku out
read customers none: id out

? with gone as (delete from lines where order_id = 1 returning sku, amount) select sku from gone
> sku =lines.sku
delete lines other:
read lines other: order_id pred, sku out

? with made as (insert into archive.orders (id, note) select id, note from orders returning id) select count(*) from made
> count
insert archive.orders: id note target
read orders none: id note source
read archive.orders:
archive.orders.id <- =orders.id
archive.orders.note <- =orders.note

? with u as (update products set stock = 0 where sku = 'a1' returning title, stock) select title from u
> title =products.title
update products key: stock target
read products key: sku pred, title out
products.stock <-

? with moved as (delete from orders where id = 5 returning id, customer_id, note)
    insert into archive.orders select id, customer_id, note from moved
> -
delete orders key:
read orders key: id pred+source, customer_id note source
insert archive.orders: * target
archive.orders.id <- =orders.id
archive.orders.customer_id <- =orders.customer_id
archive.orders.note <- =orders.note
"""

SETS = """
? select name from customers union all select name from hr.staff
> name =customers.name =hr.staff.name
read customers none: name out
read hr.staff none: name out

? select name from customers union select title from products
> name =customers.name =products.title
read customers none: name out+group
read products none: title out+group

? select email::text from customers intersect select ssn from hr.staff
> email =customers.email =hr.staff.ssn
read customers none: email out+pred
read hr.staff none: ssn out+pred

? select name from customers except select name from hr.staff where dept = 'x'
> name =customers.name
read customers none: name out+pred
read hr.staff other: name pred, dept pred

? (select name from customers order by joined limit 1) union all (select upper(name) from hr.staff)
> name =customers.name ~hr.staff.name
read customers none: name out, joined order
read hr.staff none: name expr

? select name, id from customers union all select title, stock from products order by name, 2 desc
> name =customers.name =products.title; id =customers.id =products.stock
read customers none: name id out+order
read products none: title stock out+order

? select a from (select name as a, email as b from customers union all select title, sku from products) u
> a =customers.name =products.title
read customers none: name out
read products none: title out
unused customers.email products.sku

? select a from (select name as a, phone as b from customers union select title, sku from products) u
> a =customers.name =products.title
read customers none: name out+group, phone group
read products none: title out+group, sku group

? select name from customers union (select name from hr.staff except all select name from people)
> name =customers.name =hr.staff.name
read customers none: name out+group
read hr.staff none: name out+group+pred
read people none: name pred
read contractors[people] none: name pred

? select 'none' as n union all select name from customers where id = 1
> n =customers.name
read customers key: name out, id pred

? select null as x, 1 as y union all select email::text, id from customers
> x =customers.email; y =customers.id
read customers none: email id out

? table gauges union all table gauges
> id =gauges.id; site =gauges.site; level =gauges.level
read gauges none: * out

? values ('a', 1) union all select name, id from customers
> column1 =customers.name; column2 =customers.id
read customers none: name id out

? with c as (select name from customers) select name from c union select name from c
> name =customers.name
read customers none: name out+group
"""

GROUPS = """
? select state, count(*), max(note) as m from orders group by state
> state =orders.state; count; m ~orders.note
read orders none: state out+group, note expr

? select distinct state, upper(note) from orders
> state =orders.state; upper ~orders.note
read orders none: state out+group, note expr+group

? select distinct on (customer_id) id, note from orders order by customer_id, placed desc
> id =orders.id; note =orders.note
read orders none: customer_id group+order, id note out, placed order

? select lower(email) as m, count(*) from customers group by m
> m ~customers.email; count
read customers none: email expr+group

? select max(name) as phone from customers group by phone
> phone ~customers.name
read customers none: name expr, phone group

? select name as phone from customers order by phone
> phone =customers.name
read customers none: name out+order

? select name as phone from customers order by phone || ''
> phone =customers.name
read customers none: name out, phone order

? select name, email from customers order by 2, lower(phone)
> name =customers.name; email =customers.email
read customers none: name out, email out+order, phone order

? select customer_id, state, count(*) from orders group by 1, 2
> customer_id =orders.customer_id; state =orders.state; count
read orders none: customer_id state out+group

? select state, customer_id, sum(id), grouping(state) from orders group by grouping sets ((state), (customer_id), ())
> state =orders.state; customer_id =orders.customer_id; sum ~orders.id; grouping
read orders none: state customer_id out+group, id expr

? select state, placed, count(*) from orders group by rollup (state, placed) having max(note) > 'a'
> state =orders.state; placed =orders.placed; count
read orders none: state placed out+group, note pred

? select date_trunc('month', placed) as month, count(*) from orders group by cube (date_trunc('month', placed), state)
> month ~orders.placed; count
read orders none: placed expr+group, state group

? select sum(amount) filter (where quantity > 3) as big from lines
> big ~lines.amount
read lines none: amount expr, quantity pred

? select string_agg(name, ',' order by joined desc) as names from customers
> names ~customers.name
read customers none: name expr, joined order

? select count(distinct email) from customers
> count
read customers none: email expr

? select percentile_cont(0.5) within group (order by salary) as median from hr.staff
> median ~hr.staff.salary
read hr.staff none: salary expr+order

? select mode() within group (order by dept) from hr.staff group by boss
> mode ~hr.staff.dept
read hr.staff none: dept expr+order, boss group

? select glue(name) from hr.staff
> glue ~hr.staff.name
read hr.staff none: name expr

? select count(*) from customers
> count
read customers none:

? select c.id, c.name, count(o.id) from customers c left join orders o on o.customer_id = c.id group by c.id
> id =customers.id; name =customers.name; count
read customers none: id out+join+group, name out
read orders none: id expr, customer_id join

? select name, rank() over (partition by dept order by salary desc) as place from hr.staff
> name =hr.staff.name; place
read hr.staff none: name out, dept group, salary order

? select name, sum(salary) over w as running, lag(ssn) over w as before from hr.staff
    window w as (partition by dept order by id rows between 1 preceding and current row)
> name =hr.staff.name; running ~hr.staff.salary; before ~hr.staff.ssn
read hr.staff none: name out, salary ssn expr, dept group, id order

? select first_value(email) over (order by joined), row_number() over () from customers
> first_value ~customers.email; row_number
read customers none: email expr, joined order

? select sum(salary) filter (where dept = 'x') over (w order by name) from hr.staff window w as (partition by boss)
> sum ~hr.staff.salary
read hr.staff none: salary expr, dept pred, boss group, name order

? select name from (select name, row_number() over (order by salary desc) as n from hr.staff) s where n <= 3
> name =hr.staff.name
read hr.staff: name out, salary order

? select sum(count(*)) over (order by state) from orders group by state
> sum
read orders none: state group+order

? select count(*) from orders group by state order by max(placed)
> count
read orders none: state group, placed order

? select all id from orders group by distinct id, id
> id =orders.id
read orders none: id out+group
"""

ROWS = """
? select c from customers c
> c ~customers.*
read customers none: * whole+expr

? select customers from customers where id = 1
> customers ~customers.*
read customers key: * whole+expr, id pred

? select row_to_json(c) from customers c
> row_to_json ~customers.*
read customers none: * whole+expr

? select c.*::text from products c
> c ~products.*
read products none: * whole+expr

? select (c).email from customers c
> email =customers.email
read customers none: email out

? select (c).* from products c
> sku =products.sku; title =products.title; price =products.price; stock =products.stock
read products none: * out

? select row(p.*) from products p
> row ~products.*
read products none: * expr

? select row(p) from products p
> row ~products.*
read products none: * whole+expr

? select (row(c.email, 1)).f1 from customers c
> f1 =customers.email
read customers none: email out

? select (row(c.email, c.phone, joined)::archive.customers).email from (select id as email, email as phone, joined from customers) c
    where false
> email ~customers.email ?customers.id ?customers.joined
read customers: id email joined expr
unused archive.customers

? select email(c), c.fullname from customers c
> email =customers.email; fullname ~customers.*
read customers none: * whole+expr, email out

? select fullname(c) from customers c
> fullname ~customers.*
read customers none: * whole+expr

? select (home).city, (home).zip as z from customers
> city ~customers.home; z ~customers.home
read customers none: home expr
unused address

? select (c.home).*, (c).home.street from customers c
> street ~customers.home; city ~customers.home; zip ~customers.home; street ~customers.home
read customers none: home expr
unused address

? select home, city_of(home) from customers where (home).zip = 'B1'
> home =customers.home; city_of ~customers.home
read customers other: home out+expr+pred
unused address

? select s.r from (select p as r from products p) s
> r ~products.*
read products none: * whole+expr

? select (s.r).title from (select p as r from products p) s
> title =products.title
read products none: * whole, title out

? select s from (select id, email from customers) s
> s ~customers.id ~customers.email
read customers none: id email whole+expr

? select count(c) from customers c
> count
read customers none: * whole+expr

? select c is null as nothing from archive.customers c
> nothing
read archive.customers none: * whole+expr

? select name from hr.staff s where s = row(1, 'a', 1.0, 'x', 2, 'y')::hr.staff
> name =hr.staff.name
read hr.staff other: * whole+pred, name out

? select (array_agg(p))[1].title from products p
> title ~products.*
read products none: * whole+expr

? select g from gauges g order by g
> g ~gauges.*
read gauges none: * whole+expr+order

? select distinct g from gauges g
> g ~gauges.*
read gauges none: * whole+expr+group

? select jsonb_build_object('all', to_jsonb(a)) from alarms a
> jsonb_build_object ~alarms.*
read alarms none: * whole+expr

? select (json_populate_record(null::products, '{}')).*
> sku; title; price; stock
unused products

? select row(id, name) = row(1, 'a') as same from customers
> same ~customers.id ~customers.name
read customers none: id name expr

? select (named('Ada')).email
> email ~customers.email ?customers.*
read customers[named] other: * ?
unused customers
"""

EXPRESSIONS = """
? select tags[1], tags[1:2] as some, array_length(tags, 1) from customers
> tags ~customers.tags; some ~customers.tags; array_length ~customers.tags
read customers none: tags expr

? select extra -> 'k' as k, extra #>> '{k,v}', extra['k']['v'] from customers
> k ~customers.extra; ?column? ~customers.extra; extra ~customers.extra
read customers none: extra expr

? select email::text, name::varchar, id::bigint, name::varchar(3) as short from customers
> email =customers.email; name =customers.name; id ~customers.id; short ~customers.name
read customers none: email out, id expr, name out+expr

? select id::text, cast(mood as text) m from customers
> id ~customers.id; m ~customers.mood
read customers none: id mood expr

? select id::mood from customers where id = 2
> id ~customers.id
read customers key: id expr+pred

? select coalesce(email, phone) as reach, nullif(phone, '') as p, greatest(id, 3) from customers
> reach ~customers.email ~customers.phone; p ~customers.phone; greatest ~customers.id
read customers none: email phone id expr

? select case when phone = '1' then email else name end as x from customers
> x ~customers.phone ~customers.email ~customers.name
read customers none: phone email name expr

? select case mood when 'sad' then 1 else 2 end from customers
> case ~customers.mood
read customers none: mood expr

? select name from customers where case when phone = '1' then email like 'a%' else true end
> name =customers.name
read customers other: name out, phone email pred

? select phone is null as lacking, not (id > 3 and name <> 'x') as b from customers
> lacking; b ~customers.id ~customers.name
read customers none: phone id name expr

? select name between 'a' and phone as between_them, name in ('a', phone) as among from customers
> between_them ~customers.name ~customers.phone; among ~customers.name ~customers.phone
read customers none: name phone expr

? select id >>>> 3 as more from customers
> more ~customers.id ~totals.total
read customers none: id expr
read totals[spent_more] other: customer_id ?, total ?

? select !# name as hidden from customers
> hidden ~customers.name
read customers none: name expr

? select operator(public.!#) name from customers
> ?column? ~customers.name
read customers none: name expr

? select name collate "C" from customers order by name collate "C" desc nulls last
> name =customers.name
read customers none: name out+order

? select at.since at time zone 'UTC' as t, extract(year from at.since) from alarms at
> t ~alarms.since; extract ~alarms.since
read alarms none: since expr

? select substring(phone from 1 for 3), position('a' in name), trim(both from note) from customers, orders
> substring ~customers.phone; position ~customers.name; btrim ~orders.note
read customers none: phone name expr
read orders none: note expr

? select phone || email as both_of_them from customers
> both_of_them ~customers.phone ~customers.email
read customers none: phone email expr

? select array[id, 3] as a, (array[name, phone])[2] as b from customers
> a ~customers.id; b ~customers.name ~customers.phone
read customers none: id name phone expr

? select id = any (array[1, 2]) as few, 'a' = any (tags) as tagged from customers
> few ~customers.id; tagged ~customers.tags
read customers none: id tags expr

? select mood > 'sad' as better from customers where mood = any (enum_range('fine', null::mood))
> better ~customers.mood
read customers other: mood expr+pred

? select unnest(tags) as tag, generate_series(1, id) from customers
> tag ~customers.tags; generate_series ~customers.id
read customers none: tags id expr

? select id, ((((name)))) from customers
> id =customers.id; name =customers.name
read customers none: id name out

?18 select json_object('n': name, 'e': email) as j, json_array(id, phone) as a from customers
> j ~customers.name ~customers.email; a ~customers.id ~customers.phone
read customers none: name email id phone expr

?18 select json_arrayagg(name order by id) as a, json_objectagg(name: phone) as o from customers
> a ~customers.name ?customers.id; o ~customers.name ~customers.phone
read customers none: name phone expr, id ?

?18 select json_value(extra, '$.k.v' returning text) as v, json_exists(extra, '$.k'), json_query(extra, '$.k') from customers
> v ~customers.extra; json_exists ~customers.extra; json_query ~customers.extra
read customers none: extra expr

? select extra is not null as j, note is distinct from state as d from customers, orders
> j; d ~orders.note ~orders.state
read customers none: extra expr
read orders none: note state expr

?xml select xmlforest(name, phone as p), xmlelement(name who, xmlattributes(email as mail), note) from customers, orders
> xmlforest ~customers.name ~customers.phone; xmlelement ~customers.email ~orders.note
read customers none: name phone email expr
read orders none: note expr
"""

FUNCTIONS = """
? select mail_of(3)
> mail_of ~customers.email
read customers[mail_of] other: email ?, id pred

? select mail_of(customer_id) as m from orders where id = 1
> m ~customers.email ~orders.customer_id
read orders key: customer_id expr, id pred
read customers[mail_of] other: email ?, id pred

? select twice(id) from customers
> twice ~customers.id
read customers none: id expr

? select phone_of(id) from customers
> phone_of ~customers.phone ~customers.id
read customers none: id expr
read customers[phone_of] other: phone id ?

? select n.email, n.name from named('Ada') n
> email =customers.email; name =customers.name
read customers[named] other: * ?
unused customers

? select * from sums('2024-01-01')
> order_id =orders.id; total ~lines.amount
read orders[sums] other: id ?, placed pred
read lines[sums]: amount ?, order_id ?

? select s.b from sums(current_date) as s (a, b)
> b ~lines.amount
read orders[sums] other: id ?, placed pred
read lines[sums]: amount ?, order_id ?

? select * from who_is(1)
> name =customers.name; email =customers.email
read customers[who_is] other: name email ?, id pred

? select (who_is(1)).email
> email ~customers.email ?customers.name
read customers[who_is] other: name email ?, id pred

? select who, pays from pay('shop')
> who ~hr.staff.name ?hr.staff.*; pays ~hr.staff.salary ?hr.staff.*
read hr.staff[pay] other: name salary dept ?

? select o.note, w.email from orders o, lateral who_is(o.customer_id) w
> note =orders.note; email =customers.email ~orders.customer_id
read orders none: note out, customer_id ?
read customers[who_is] other: name email ?, id pred

? select n, i from unnest(array['a', 'b']) with ordinality as u (n, i)
> n; i

? select t.tag, t.n, c.name from customers c, unnest(c.tags) with ordinality t (tag, n)
> tag ~customers.tags; n; name =customers.name
read customers none: name out, tags expr

? select a, b from rows from (generate_series(1, 2), unnest(array['x', 'y'])) as r (a, b)
> a; b

? select r.one, r.mail from rows from (numbers(3), who_is(1)) as r (one, nam, mail)
> one; mail =customers.email
read customers[who_is] other: name email ?, id pred

? select i, e from anything() as a (i int, e text)
> i =customers.id; e =customers.email
read customers[anything] none: id email ?

? select x.a from json_to_recordset('[]') as x (a int, b text)
> a

? select r.k, r.v from customers c, jsonb_to_record(c.extra) as r (k text, v int) where c.id = 1
> k ~customers.extra; v ~customers.extra
read customers key: extra expr, id pred

? select key, value from customers, jsonb_each(extra)
> key ~customers.extra; value ~customers.extra
read customers none: extra expr

? select twice(n => 4), g from generate_series(1, 3) g
> twice; g

? select purge(3)
> purge
delete orders[purge] other:
read orders[purge] other: customer_id pred

? select move(a => stock, b => 1) from products
> move ~products.stock ?products.sku
read products none: stock expr
update products[move] other: stock target
read products[move] other: stock sku ?
products.stock <- ~products.stock

? select keep_phone(3)
> keep_phone ?customers.*
insert audit[keep_phone]: what who target
read customers[keep_phone] other: phone id ?
audit.what <- ~customers.phone
audit.who <- ?customers.phone

? call close_order(4)
> -
update orders[close_order] other: state target
read orders[close_order] other: id pred
orders.state <-

?xml select x.* from customers c, xmltable('/r' passing xmlelement(name r, c.name) columns a int path 'a', b text path 'b') x
> a ~customers.name; b ~customers.name
read customers none: name expr

?18 select j.* from customers c, json_table(c.extra, '$.k[*]' columns (n for ordinality, v text path '$.v')) j
> n ?customers.extra; v ~customers.extra
read customers none: extra expr

? select length(mail_of(1)) from generate_series(1, (select max(id) from orders))
> length ~customers.email
read customers[mail_of] other: email ?, id pred
read orders none: id expr
"""

MORE = """
? select c.name from customers c, unnest(c.tags) t
> name =customers.name
read customers none: name out, tags expr

? select c.name from customers c, jsonb_each(c.extra) with ordinality e (k, v, n) where n = 1
> name =customers.name
read customers: name out, extra ?

? with x as (select id, email from customers) select x from x
> x ~customers.id ~customers.email
read customers none: id email whole+expr

? select json_agg(t) from (select name, email as e from customers) t
> json_agg ~customers.name ~customers.email
read customers none: name email whole+expr

? select t.level from (table gauges) t where t is not null
> level =gauges.level
read gauges: * whole+pred, level out

? select c.name from customers c where (select c.email) like 'x%'
> name =customers.name
read customers other: name out, email pred

? select (array_agg(email order by id))[1] as first_mail from customers
> first_mail ~customers.email
read customers none: email expr, id order

? select name from hr.staff order by rank() over (partition by dept order by salary)
> name =hr.staff.name
read hr.staff none: name out, dept group, salary order

? select format('%s', email), concat_ws(',', variadic tags), concat(name, phone) from customers
> format ~customers.email; concat_ws ~customers.tags; concat ~customers.name ~customers.phone
read customers none: email tags name phone expr

? select public.customers.email from public.customers where "customers"."id" = 1
> email =customers.email
read customers key: email out, id pred

? select name from customers natural join (select 1 as id) x
> name =customers.name
read customers: name out, id join

? select site from gauges full join alarms using (site) full join sites using (site)
> site ~gauges.site ~alarms.site ~sites.site
read gauges none: site expr+join
read alarms none: site expr+join
read sites none: site expr+join

? select (s.c).email from (select c from customers c) s
> email =customers.email
read customers none: * whole, email out

? select s.boss_ssn from hr.staff s where s.id = 2
> boss_ssn ~hr.staff.*
read hr.staff key: * whole+expr, id pred
read hr.staff[boss_ssn] other: ssn ?, id pred

? select mail_atomic(2)
> mail_atomic ~customers.email
read customers[mail_atomic] other: email ?, id pred

? select archived_mail(id) from customers
> archived_mail ~customers.id ~archive.customers.email
read customers none: id expr
read archive.customers[archived_mail] other: email ?, id pred

? select coupon()
> coupon ~temp.coupons.code
read temp.coupons[coupon] none: code ?

? select code from coupon_codes
> code =coupons.code
read coupon_codes none: code out
read coupons[coupon_codes] none: code out

? select pick(1) as a, pick('Bo') as b
> a ~customers.phone; b ~hr.staff.ssn
read customers[pick] other: phone ?, id pred
read hr.staff[pick] other: ssn ?, name pred

? select total_of(id) from customers
> total_of ~customers.id ~totals.total
read customers none: id expr
read totals[total_of/add_total] other: total customer_id ?

? select 1::address as a, id::address as b from customers
> a ~customers.home; b ~customers.home ~customers.id
read customers none: id expr
read customers[home_of] other: home ?, id pred

? select name from customers where id >>>> 3
> name =customers.name
read customers other: name out, id pred
read totals[spent_more] other: customer_id total ?

? select case id >>>> 3 when true then 'more' end as c, id between 1 and 3 as b from customers
> c ~customers.id ~totals.total; b ~customers.id
read customers none: id expr
read totals[spent_more] other: customer_id total ?

?xml select query_to_xml('select email from customers', true, true, '')
> query_to_xml ~customers.email
read customers[pg_catalog.query_to_xml] none: email expr

? select name from customers where id = (select customer_id from orders where orders.id = customers.id)
> name =customers.name
read customers other: name out, id pred
read orders other: customer_id id pred

? select o.id from orders o where o.note = (select max(note) from archive.orders where id = o.id and note > o.state)
> id =orders.id
read orders other: id out+pred, note state pred
read archive.orders other: note id pred

? select lead(email) over (partition by mood order by id) is null as last_one from customers
> last_one ~customers.email
read customers none: email expr, mood group, id order

? select x.c from (select name as a, email as b from customers) x (c, d) order by d
> c =customers.name
read customers none: name out, email order

? select count(*) filter (where email like 'a%') as n from customers group by mood
> n
read customers none: email pred, mood group

? with a as (select email from customers union all select ssn from hr.staff) select upper(email) as u from a limit 1
> u ~customers.email ~hr.staff.ssn
read customers none: email expr
read hr.staff none: ssn expr

? select w.* from (values (1, 'a')) as w (n, s) join customers on customers.id = w.n
> n; s
read customers: id join

? select (select name from hr.staff where id = c.id) || (select email from archive.customers a where a.id = c.id) as x
    from customers c
> x ~hr.staff.name ~archive.customers.email
read customers none: id pred
read hr.staff other: name expr, id pred
read archive.customers other: email expr, id pred
"""

LIES = """
? select name from customers name
> name =customers.name
read customers none: name out

? select customers from (select id as customers, email from customers) x
> customers =customers.id
read customers none: id out
unused customers.email

? select name.name from (select email as name from customers) name
> name =customers.email
read customers none: email out

? select (select c) as r from customers c
> r ~customers.*
read customers none: * whole+expr

? select (select (c).email) as e from customers c
> e =customers.email
read customers none: email out

? select (with x as (select email from customers) select email from x limit 1) as e
> e =customers.email
read customers none: email out

? select m from masked where id = 1
> m ~customers.email ~customers.id
read masked other: m out, id pred
read customers[masked/mail_of]: id ?, email ?

? select id from richer
> id =customers.id ~hr.staff.id ~archive.customers.email
read richer none: id out
read customers[richer]: id ?, joined ?
read hr.staff[richer]: id expr
read archive.customers[richer/archived_mail]: email id ?
read totals[richer/spent_more]: customer_id total ?
read orders[richer/sums]: id placed ?
read lines[richer/sums]: order_id amount ?

? select mail_again(3)
> mail_again ~customers.email ~customers.phone ?customers.id
read customers[mail_again/around/mail_of] other: email phone id ?

? select (row_of).email from whole
> email ~customers.email ?customers.*
read whole none: row_of ?
read customers[whole] none: * ?
unused customers

? select two()
> two ~customers.phone
read hr.staff[two] none: ssn ?
read customers[two] none: phone ?

? select around(id) from customers where id = 1
> around ~customers.id ~customers.email ~customers.phone
read customers key: id expr+pred
read customers[around/mail_of] other: email phone id ?

? select (sums('2024-01-01')).*
> order_id ~orders.id ?lines.amount; total ~lines.amount ?orders.id
read orders[sums] other: id ?, placed pred
read lines[sums]: amount ?, order_id ?

? select named('Ada') as n
> n ~customers.*
read customers[named] other: * ?

? select name from customers c where (c.name, c.email) = (select name, ssn from hr.staff where id = 1)
> name =customers.name
read customers other: name out+pred, email pred
read hr.staff key: name ssn id pred

? select * from contacts natural join happy
> id =customers.id; name =customers.name; mail =customers.email; phone ~customers.phone; mood =customers.mood
read contacts none: id name out+join, mail phone out
read happy none: id name join, mood out
read customers[contacts]: id name out+join, email out+pred, phone expr, mood out+pred

? select x.mail from mails m, lateral (select * from contacts c where c.mail = m.mail) x
> mail =customers.email
read mails none: mail pred
read contacts: mail out+pred
read contacts[mails]: mail pred
read customers[mails/contacts]: email out+pred
unused contacts.id contacts.name contacts.phone

? select exists (select email from customers) or name = 'x' as there from sites, people
> there ~people.name
read customers none:
read sites none:
read people none: name expr
read contractors[people] none: name expr
unused customers.email

? select jsonb_path_query(extra, '$.k') as q from customers where extra @> '{"k": 1}' and extra ? 'k'
> q ~customers.extra
read customers other: extra expr+pred

? select * from (customers c natural join archive.customers a) as j (one, two)
> one =customers.id; two =archive.customers.email; name =customers.name; phone =customers.phone; home =customers.home;
    tags =customers.tags; extra =customers.extra; mood =customers.mood; joined =customers.joined; left_on =archive.customers.left_on
read customers none: id out+join, email join, name phone home tags extra mood joined out
read archive.customers none: id join, email out+join, left_on out

? select sum(n) over (order by n) as s from (select count(*) as n, max(salary) as m from hr.staff group by dept) x where m > 3
> s
read hr.staff: dept group, salary pred

? select name from hr.staff where salary > (select avg(salary) from hr.staff x where x.dept = staff.dept)
> name =hr.staff.name
read hr.staff other: name out, salary dept pred

? select name from people tablesample bernoulli ((select count(*) from orders where state = 'x')) repeatable (3)
> name =people.name
read people none: name out
read contractors[people] none: name out
read orders other: state pred

? select u.e from customers c cross join lateral (select c.email union select c.phone) u (e)
> e =customers.email =customers.phone
read customers none: email phone out+group

? select t.e from (values ((select email from customers limit 1)), ('x')) t (e)
> e =customers.email
read customers none: email out

? select distinct on (lower(email)) name from customers order by lower(email), joined
> name =customers.name
read customers none: name out, email group+order, joined order

? select name as id, id as name from customers group by name, customers.id order by name
> id =customers.name; name =customers.id
read customers none: name out+group, id out+group+order

? select a.name from hr.staff a where not exists (select from hr.staff b where b.boss = a.id)
> name =hr.staff.name
read hr.staff other: name out, id boss pred
"""

WRITES = """
? insert into tickets (id) values (3) returning owner
> owner =tickets.owner ~customers.email
insert tickets: id target
read tickets: owner out
read customers[owned/owner_mail] none: email ?
tickets.id <-
tickets.owner <- ~customers.email

? insert into squares (side) select id from customers
> -
insert squares: side target
read customers none: id source
squares.side <- =customers.id
squares.area <- ~customers.id

? insert into archive.orders (id, customer_id) values (1, 2), (3, (select min(id) from customers))
> -
insert archive.orders: id customer_id target
read customers none: id source
archive.orders.id <-
archive.orders.customer_id <- ~customers.id

? insert into products (sku, title) select sku, title from products on conflict (sku)
    do update set (title, price) = (select max(name), max(salary) from hr.staff where name > excluded.title)
> -
insert products: sku title target
update products: title price target
read products: sku source+pred, title source+pred
read hr.staff other: name source+pred, salary source
products.sku <- =products.sku
products.title <- =products.title ~hr.staff.name
products.price <- ~hr.staff.salary

? update contacts set name = s.ssn from hr.staff s where s.id = contacts.id
> -
update contacts other: name target
read contacts other: id pred
read hr.staff: ssn source, id pred
update customers[contacts]: name target
read customers[contacts]: id pred, email pred
contacts.name <- =hr.staff.ssn
customers.name <- =hr.staff.ssn

? update guarded set name = 'x'
> -
update guarded none: name target
read orders[guarded] key: id pred
read customers[guarded]:
update customers[guarded] none: name target
guarded.name <-
customers.name <-

? update happier set called = (select max(ssn) from hr.staff) where id = 2
> -
update happier other: called target
read happier other: id pred
update happy[happier] key: name target
read happy[happier]: id pred
update customers[happier/happy] key: name target
read customers[happier/happy] key: id mood pred
read hr.staff none: ssn source
happier.called <- ~hr.staff.ssn
happy.name <- ~hr.staff.ssn
customers.name <- ~hr.staff.ssn

? create table copied as table hr.staff
> -
create copied:
read hr.staff none: * source
copied.id <- =hr.staff.id
copied.name <- =hr.staff.name
copied.salary <- =hr.staff.salary
copied.ssn <- =hr.staff.ssn
copied.boss <- =hr.staff.boss
copied.dept <- =hr.staff.dept

? copy (table gauges) to stdout
> id =gauges.id; site =gauges.site; level =gauges.level
read gauges none: * out

? with old_rows as (select id, note from orders), x as (update orders set note = upper(note) where id = 1 returning id, note)
    select o.note, x.note from old_rows o join x using (id)
> note =orders.note; note =orders.note
update orders key: note target
read orders: id pred+join, note source+out
orders.note <- ~orders.note

? update hr.staff s set salary = b.salary + s.salary from hr.staff b where b.id = s.boss returning s.name, b.ssn
> name =hr.staff.name; ssn =hr.staff.ssn
update hr.staff other: salary target
read hr.staff other: salary source, id boss pred, name ssn out
hr.staff.salary <- ~hr.staff.salary

? merge into archive.customers a using customers c on c.id = a.id
    when matched and c.phone = '1' then update set (email, left_on) = (c.email, (select max(placed) from orders where id = c.id))
    when not matched and c.mood = 'sad' then insert (id, email) values (c.id, lower(c.email))
> -
update archive.customers: email left_on target
insert archive.customers: id email target
read archive.customers: id join
read customers: id join+pred+source, phone mood pred, email source
read orders other: placed source, id pred
archive.customers.email <- =customers.email ~customers.email
archive.customers.left_on <- ~orders.placed
archive.customers.id <- =customers.id

? do $$ begin insert into audit select email, name from customers; end $$
> -
insert audit[block]: what who target
read customers[block] none: email name source
audit.what <- =customers.email
audit.who <- =customers.name
"""

VIEWS = """
? select mail from contacts
> mail =customers.email
read contacts none: mail out
read customers[contacts] other: email out+pred

? select phone from contacts where id = 3
> phone ~customers.phone
read contacts: phone out, id pred
read customers[contacts] key: phone expr, id pred, email pred

? select * from mails
> mail =customers.email
read mails none: mail out
read contacts[mails] none: mail out
read customers[mails/contacts] other: email out+pred

? select how, who from directory d
> how =customers.email; who =customers.name
read directory none: how who out
read customers[directory] none: email name out

? select d.a, d.c from directory d (a, b, c) where b like '%x'
> a =customers.name; c =customers.joined
read directory other: who since out, how pred
read customers[directory] other: name joined out, email pred

? select total from big_spenders
> total ~lines.amount
read big_spenders none: total out
read orders[big_spenders] none: customer_id group, id join
read lines[big_spenders] none: amount expr+pred, order_id join

? select mail, total from spender_mails where total > 500
> mail =customers.email; total ~lines.amount
read spender_mails other: mail out, total out+pred
read contacts[spender_mails]: mail out, id join
read big_spenders[spender_mails]: total out+pred, customer join
read customers[spender_mails/contacts]: email out+pred, id join
read orders[spender_mails/big_spenders]: customer_id group+join, id join
read lines[spender_mails/big_spenders]: amount expr+pred, order_id join

? select name from everyone where id = 1
> name =customers.name =hr.staff.name
read everyone: name out, id pred
read customers[everyone]: name out, id pred
read hr.staff[everyone]: name out, id pred

? select name, boss from hr.payroll
> name =hr.staff.name; boss =hr.staff.name
read hr.payroll none: name boss out
read hr.staff[hr.payroll] none: name out, id boss join

? select salary from hr.payroll where boss = 'Bo'
> salary =hr.staff.salary
read hr.payroll other: salary out, boss pred
read hr.staff[hr.payroll]: salary out, name pred, id boss join

? select place from ranked where name = 'Bo'
> place
read ranked other: place out, name pred
read hr.staff[ranked] other: name pred, dept group, salary order

? select note from old_and_new
> note =orders.note =archive.orders.note
read old_and_new none: note out
read orders[old_and_new] other: id group, note out+group, placed pred
read archive.orders[old_and_new] none: id group, note out+group

? select total from totals where customer_id = 1
> total =totals.total
read totals other: total out, customer_id pred

? select * from best
> name =customers.name; total =totals.total
read best none: name total out
read totals[best] none: total out, customer_id join
read customers[best] none: name out, id join

? select content from box
> content
read box none: content out

? select b from labels
> b =relabeled.secret
read labels none: b out
read relabeled[labels] none: secret out

? select c.mail, o.note from contacts c join orders o on o.customer_id = c.id
> mail =customers.email; note =orders.note
read contacts none: mail out, id join
read orders none: note out, customer_id join
read customers[contacts]: email out+pred, id join

? select v from mails v
> v ~customers.email
read mails none: mail whole+expr
read contacts[mails] none: mail whole+expr
read customers[mails/contacts] other: email whole+expr+pred

? select count(*) from contacts
> count
read contacts none:
read customers[contacts] other: email pred

? select (select string_agg(mail, ',') from contacts) as all_of_them
> all_of_them ~customers.email
read contacts none: mail expr
read customers[contacts] other: email expr+pred

? select lower(mail) as low from mails group by lower(mail) order by low
> low ~customers.email
read mails none: mail expr+group+order
read contacts[mails] none: mail expr+group+order
read customers[mails/contacts] other: email expr+group+order+pred
"""

CHANGES = """
? insert into products (sku, title) values ('b', 'B')
> -
insert products: sku title target
products.sku <-
products.title <-

? insert into archive.orders select id, customer_id, note from orders where state = 'closed'
> -
insert archive.orders: * target
read orders other: id customer_id note source, state pred
archive.orders.id <- =orders.id
archive.orders.customer_id <- =orders.customer_id
archive.orders.note <- =orders.note

? insert into archive.customers (email, id) select lower(email), id + 1 from customers
> -
insert archive.customers: email id target
read customers none: email id source
archive.customers.email <- ~customers.email
archive.customers.id <- ~customers.id

? insert into products values ('c', (select name from customers where id = 1), 3) returning sku, title as t
> sku =products.sku; t =products.title ~customers.name
insert products: sku title price target
read customers key: name source+expr, id pred
read products: sku title out
products.sku <-
products.title <- =customers.name
products.price <-

? insert into products as p (sku, stock) values ('a1', 1) on conflict (sku)
    do update set stock = p.stock + excluded.stock where p.price > 1 returning title
> title =products.title
insert products: sku stock target
update products: stock target
read products: sku pred, stock source, price pred, title out
products.sku <-
products.stock <- ~products.stock

? insert into products (sku, stock) select sku, quantity from lines on conflict (sku) do update set stock = excluded.stock
> -
insert products: sku stock target
update products: stock target
read products: sku pred
read lines none: sku quantity source
products.sku <- =lines.sku
products.stock <- =lines.quantity

? insert into products (sku) values ('a1') on conflict do nothing
> -
insert products: sku target
products.sku <-

? insert into audit default values
> -
insert audit:

? insert into orders (id, note) values (77, 'x') returning *
> id =orders.id; customer_id =orders.customer_id; placed =orders.placed; state =orders.state; note =orders.note
insert orders: id note target
read orders: * out
insert audit[order_noted/note_order]: what who target
orders.id <-
orders.note <-
audit.what <- =orders.note
audit.who <- =orders.state

? insert into contacts (id, name) values (99, 'Zed') returning mail
> mail =customers.email
insert contacts: id name target
insert customers[contacts]: id name target
read contacts: mail out
read customers[contacts]: email out+pred
contacts.id <-
contacts.name <-
customers.id <-
customers.name <-

? insert into archive.customers with c as (select id, email, joined from customers) select * from c
> -
insert archive.customers: * target
read customers none: id email joined source
archive.customers.id <- =customers.id
archive.customers.email <- =customers.email
archive.customers.left_on <- =customers.joined

? insert into customers (name, home.city, tags[1]) values ('x', 'Bath', 't')
> -
insert customers: name home tags target
customers.name <-
customers.home <-
customers.tags <-

? insert into events select id, placed, note, null from orders where id = 1
> -
insert events: * target
insert events_2024[events]: * target
insert events_2025[events]: * target
read orders key: id placed note source, id pred
events.id <- =orders.id
events.at <- =orders.placed
events.who <- =orders.note
events.payload <-

? update customers set phone = null
> -
update customers none: phone target
customers.phone <-

? update products set stock = stock - 1 where sku = 'a1'
> -
update products key: stock target
read products key: stock source, sku pred
products.stock <- ~products.stock

? update customers set email = lower(email), name = 'x' where phone = '1' returning name, upper(email) as e
> name =customers.name; e ~customers.email
update customers other: email name target
read customers other: email source+expr, phone pred, name out
customers.email <- ~customers.email
customers.name <-

? update orders o set note = c.name from customers c where c.id = o.customer_id and o.id = 7
> -
update orders key: note target
read orders key: customer_id id pred
read customers other: name source, id pred
orders.note <- =customers.name

? update orders o set state = c.phone from customers c join archive.customers a using (email)
    where c.id = o.customer_id returning o.*, a.left_on
> id =orders.id; customer_id =orders.customer_id; placed =orders.placed; state =orders.state ~customers.phone;
    note =orders.note; left_on =archive.customers.left_on
update orders other: state target
read orders other: customer_id out+pred, id placed state note out
read customers other: phone source+expr, email join, id pred
read archive.customers: email join, left_on out
orders.state <- =customers.phone

? update customers set (name, phone) = (select name, ssn from hr.staff where id = 3) where id = 4
> -
update customers key: name phone target
read customers key: id pred
read hr.staff key: name ssn source, id pred
customers.name <- =hr.staff.name
customers.phone <- =hr.staff.ssn

? update customers set (name, phone) = (phone, name) where id = 4
> -
update customers key: name phone target
read customers key: id pred, name phone source
customers.name <- =customers.phone
customers.phone <- =customers.name

? update customers set (name, phone) = row('x', upper(name))
> -
update customers none: name phone target
read customers none: name source
customers.name <-
customers.phone <- ~customers.name

? update customers c set phone = (select max(note) from orders o where o.customer_id = c.id), tags = default
> -
update customers none: phone tags target
read customers none: id pred
read orders other: note source, customer_id pred
customers.phone <- ~orders.note
customers.tags <-

? update customers set home.city = 'Bath', tags[2] = name where id = 1
> -
update customers key: home tags target
read customers key: name source, id pred
customers.home <-
customers.tags <- ~customers.name

? update happy set name = 'x' where id = 3
> -
update happy other: name target
read happy other: id pred
update customers[happy] key: name target
read customers[happy] key: id pred, mood pred
happy.name <-
customers.name <-

? update only people set name = upper(name)
> -
update people none: name target
read people none: name source
people.name <- ~people.name

? update people set name = 'x' where id = 3
> -
update people key: name target
read people key: id pred
update contractors[people] other: name target
read contractors[people] other: id pred
people.name <-

?18 update customers set email = 'a@b' where id = 1 returning old.email, new.email as fresh
> email =customers.email; fresh =customers.email
update customers key: email target
read customers key: id pred, email out
customers.email <-

?18 update products set price = price * 2 returning with (old as o, new as n) o.price, n.price - o.price as rise, o
> price =products.price; rise ~products.price; o ~products.*
update products none: price target
read products none: price source+out+expr, * whole+expr
products.price <- ~products.price

?18 delete from lines where order_id = 1 and line = 1 returning old.*
> order_id =lines.order_id; line =lines.line; sku =lines.sku; quantity =lines.quantity; amount =lines.amount
delete lines key:
read lines key: order_id line out+pred, sku quantity amount out

? delete from lines
> -
delete lines none:

? delete from lines where true
> -
delete lines trivial:

? delete from orders where id = 3 returning note
> note =orders.note
delete orders key:
read orders key: id pred, note out

? delete from lines l using orders o where o.id = l.order_id and o.state = 'gone' returning l.sku, o.note
> sku =lines.sku; note =orders.note
delete lines other:
read lines other: order_id pred, sku out
read orders other: id state pred, note out

? delete from archive.orders a where exists (select 1 from orders o where o.id = a.id)
> -
delete archive.orders other:
read archive.orders other: id pred
read orders other: id pred

? delete from happy where id = 3
> -
delete happy other:
read happy other: id pred
delete customers[happy] key:
read customers[happy] key: id mood pred

? merge into products p using lines l on p.sku = l.sku
    when matched and l.quantity > 5 then update set stock = p.stock - l.quantity
    when not matched then insert (sku, title) values (l.sku, 'new')
> -
update products: stock target
insert products: sku title target
read products: sku join, stock source
read lines: sku join+source, quantity pred+source
products.stock <- ~products.stock ~lines.quantity
products.sku <- =lines.sku
products.title <-

? merge into archive.orders a using (select id, upper(note) as loud, state from orders where state = 'x') s on s.id = a.id
    when matched and a.note is null then delete when matched then do nothing
    when not matched then insert values (s.id, 0, s.loud)
> -
delete archive.orders:
update archive.orders other:
insert archive.orders: * target
read archive.orders: id join, note pred
read orders other: id join+source, note source, state pred
archive.orders.id <- =orders.id
archive.orders.customer_id <-
archive.orders.note <- ~orders.note

?18 merge into products p using basket b on p.sku = b.sku
    when matched then update set stock = b.quantity
    when not matched by source and p.price > 9 then delete
    returning merge_action(), p.title, b.quantity, old.stock as was
> merge_action; title =products.title; quantity =temp.basket.quantity; was =products.stock ?temp.basket.quantity
update products: stock target
delete products:
read products: sku join, price pred, title stock out
read temp.basket: sku join, quantity source+out+expr
products.stock <- =temp.basket.quantity

? insert into wishes (id, wish) select id, email from customers
> -
insert wishes: id wish target
insert audit[wish_heard]: what who target
read customers none: id email source
wishes.id <- =customers.id
wishes.wish <- =customers.email
audit.what <- =wishes.wish
audit.who <- =wishes.sku

? delete from hr.staff where id = 1
> -
delete hr.staff key:
read hr.staff key: id pred
insert audit[leaver_noted/note_leaver]: what who target
audit.what <- =hr.staff.ssn
audit.who <- ~hr.staff.name

? insert into vault (id) values (1) returning label
> label =vault.label ~customers.email
insert vault: id target
read vault: label out
read customers[vault.label/top_mail] none: email ?
vault.id <-
vault.label <- ~customers.email

? insert into vault (id) values (1) returning (select max(salary) from hr.staff) as top
> top ~hr.staff.salary
insert vault: id target
read customers[vault.label/top_mail] none: email ?
read hr.staff none: salary expr
vault.id <-
vault.label <- ~customers.email

? update customers c set phone = x.p from (select id, upper(ssn) as p, name from hr.staff) x where x.id = c.id returning x.name
> name =hr.staff.name
update customers other: phone target
read customers other: id pred
read hr.staff: id pred, ssn source, name out
customers.phone <- ~hr.staff.ssn

? delete from archive.customers a using coupons where a.email = code returning a
> a ~archive.customers.*
delete archive.customers other:
read archive.customers other: email pred, * whole+expr
read temp.coupons other: code pred
"""

OTHERS = """
? copy customers (name, email) to stdout
> name =customers.name; email =customers.email
read customers none: name email out

? copy (select c.email, count(*) from customers c join orders o on o.customer_id = c.id group by c.email) to stdout (format csv)
> email =customers.email; count
read customers none: email out+group, id join
read orders none: customer_id join

? copy products from stdin
> -
insert products: * target
products.sku <-
products.title <-
products.price <-
products.stock <-

? copy products (sku, stock) from stdin with (format csv) where stock > 3
> -
insert products: sku stock target
products.sku <-
products.stock <-

? copy (delete from lines where order_id = 3 returning sku) to stdout
> sku =lines.sku
delete lines other:
read lines other: order_id pred, sku out

? create table kept as select id, email as mail, upper(name) as n from customers where id > 3
> -
create kept:
read customers other: id source+pred, email name source
kept.id <- =customers.id
kept.mail <- =customers.email
kept.n <- ~customers.name

? create temp table mine (a, b) as select name, phone from contacts
> -
create temp.mine:
read contacts none: name phone source
read customers[contacts] other: name phone source, email pred
temp.mine.a <- =customers.name =contacts.name
temp.mine.b <- ~customers.phone =contacts.phone

? select name, salary into hr.copied from hr.staff
> -
create hr.copied:
read hr.staff none: name salary source
hr.copied.name <- =hr.staff.name
hr.copied.salary <- =hr.staff.salary

? create materialized view seen as select email from customers with no data
> -
create seen:
read customers none: email source

? create view seen as select email from customers
> -
create seen:
read customers: email ?
seen.email <- =customers.email

? declare cur cursor for select email, upper(name) as n from customers where id < 9
> email =customers.email; n ~customers.name
read customers other: email out, name expr, id pred

? explain select email from customers where id = 1
> "QUERY PLAN"
read customers key: email expr, id pred

? explain delete from lines where order_id = 3
> "QUERY PLAN"
read lines other: order_id pred

? explain (analyze, costs off) delete from lines where order_id = 3 returning sku
> "QUERY PLAN"
delete lines other:
read lines other: order_id pred, sku expr

? explain (analyze false) insert into archive.orders select id, customer_id, note from orders
> "QUERY PLAN"
read orders none: id customer_id note source
read archive.orders: * ?

? prepare p (int) as select email from customers where id = $1
> -

? select name from customers where id = 1 for update
> name =customers.name
read customers key: name out, id pred
update customers key:

? select name from hr.staff tablesample system (10) where dept = 'x'
> name =hr.staff.name
read hr.staff other: name out, dept pred

? select e.email, s.ssn from customers e full join hr.staff s on lower(e.name) = lower(s.name)
> email =customers.email; ssn =hr.staff.ssn
read customers none: email out, name join
read hr.staff none: ssn out, name join
"""

CASES = [
    case
    for text in (
        COLUMNS,
        BOUNDED,
        JOINS,
        SUBSELECTS,
        WITH,
        SETS,
        GROUPS,
        ROWS,
        EXPRESSIONS,
        FUNCTIONS,
        MORE,
        LIES,
        WRITES,
        VIEWS,
        CHANGES,
        OTHERS,
    )
    for case in cases(text)
]
