"""How a change of a catalogue is noticed without reading it: by the transactions that wrote its rows. Text and values only.

Every row has the number of the transaction that made it (`xmin`), which neither VACUUM FREEZE nor ANALYZE changes. A *mark* is the
count of some rows and the sum of a hash of these numbers. A new version of a row has the number of a transaction that had not ended
when the earlier one was read, so no two changes can undo each other in the set of numbers. A plain sum could stay the same, and
somebody with a few transactions open at once could see to it; with the hash that takes more than 2^60 tries.

`xid` has no arithmetic. `age(xmin)` is the distance from a number that is the same for all of a transaction, so with the age of a
constant it gives the number itself: `age('3') - age(xmin)` is `xmin - 3`, modulo 2^32. Rows of initdb have numbers that are not
of transactions, whose age is always 2147483647: they count, and add nothing.

A *facet* is one system catalogue as part of one kind of object: `pg_attribute` of relations, by `attrelid`.
"""

# ruff: noqa: S608 - nothing is put into these texts but constants of ours and numbers
from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .queries import HIDDEN_SCHEMAS


class Facet(NamedTuple):
    """Rows of one system catalogue that make up objects of one kind."""

    kind: str
    catalog: str
    oid: str
    """Whose row it is."""
    where: str = "true"


RELATION, TYPE, FUNCTION = "relation", "type", "function"
_IN_SHOWN_SCHEMA = f"not in {HIDDEN_SCHEMAS}"

FACETS = (
    Facet(RELATION, "pg_class", "oid", "x.oid not in (select oid from hidden) and x.relkind <> 't'"),
    *(
        Facet(RELATION, catalog, oid, f"x.{oid} not in (select oid from hidden) and x.{oid} <> 0{more}")
        for catalog, oid, more in (
            ("pg_attribute", "attrelid", " and x.attnum > 0"),
            ("pg_attrdef", "adrelid", ""),
            ("pg_constraint", "conrelid", ""),
            ("pg_index", "indrelid", ""),
            ("pg_rewrite", "ev_class", ""),
            ("pg_trigger", "tgrelid", ""),
            ("pg_policy", "polrelid", ""),
            ("pg_inherits", "inhrelid", ""),
            ("pg_partitioned_table", "partrelid", ""),
            ("pg_sequence", "seqrelid", ""),
            ("pg_foreign_table", "ftrelid", ""),
        )
    ),
    Facet(TYPE, "pg_type", "oid", f"x.typnamespace {_IN_SHOWN_SCHEMA}"),
    Facet(TYPE, "pg_constraint", "contypid", "x.contypid <> 0"),
    Facet(TYPE, "pg_depend", "objid", "x.classid = 'pg_type'::regclass and x.deptype = 'e'"),
    Facet(FUNCTION, "pg_proc", "oid", f"x.pronamespace {_IN_SHOWN_SCHEMA}"),
    Facet(FUNCTION, "pg_aggregate", "aggfnoid::oid"),
    Facet(FUNCTION, "pg_depend", "objid", "x.classid = 'pg_proc'::regclass and x.deptype = 'e'"),
    # parts that are read whole: their kind is the part's name
    Facet("schemas", "pg_namespace", "oid", f"x.oid {_IN_SHOWN_SCHEMA}"),
    Facet("operators", "pg_operator", "oid"),
    Facet("casts", "pg_cast", "oid"),
    Facet("members", "pg_auth_members", "member"),
    Facet("role_settings", "pg_db_role_setting", "setrole"),
    Facet("extensions", "pg_extension", "oid"),
    Facet("servers", "pg_foreign_server", "oid"),
    Facet("servers", "pg_foreign_data_wrapper", "oid"),
    Facet("event_triggers", "pg_event_trigger", "oid"),
    Facet("collations", "pg_collation", "oid"),
    Facet("operator_classes", "pg_opclass", "oid"),
    Facet("family_functions", "pg_amproc", "oid"),
    Facet("family_operators", "pg_amop", "oid"),
)
KINDS = (RELATION, TYPE, FUNCTION)
"""Whose objects have marks of their own. The other kinds are parts that are read whole."""

_HIDDEN = (
    "with hidden as materialized (select c.oid from pg_class c where c.relnamespace in (select oid from pg_namespace where nspname"
    " like 'pg\\_toast\\_temp\\_%' or nspname like 'pg\\_temp\\_%' and oid <> pg_my_temp_schema())),"
    " reference as materialized (select age('3'::xid)::int8 as now)"
)


def _mark(facet: Facet) -> str:
    number = "((select now from reference) - nullif(age(x.xmin), 2147483647)) & 4294967295"
    return f"hashint8extended({number}, x.{facet.oid}::int8)"


def totals() -> str:
    """One row: a list with count and sum of each facet, and last those of the roles, which not everybody may read as rows."""
    each = [f"(select json_build_array(count(*), sum({_mark(f)})::text) from {f.catalog} x where {f.where})" for f in FACETS]
    roles = (
        "(select json_build_array(count(*), sum(hashtextextended(r.rolname, r.oid::int8)::numeric"
        " * (case when r.rolsuper then 3 else 1 end + case when r.rolbypassrls then 1 else 0 end))"
        "::text) from pg_roles r)"
    )
    return f"{_HIDDEN} select json_build_array({', '.join([*each, roles])})"


def changed_kinds(before: list[list[object]], now: list[list[object]]) -> frozenset[str]:
    """Kinds of objects of which some have changed, from two answers to `totals`."""
    kinds = [*(facet.kind for facet in FACETS), "roles"]
    return frozenset(kind for kind, old, new in zip(kinds, before, now, strict=True) if old != new)


def of_objects(kind: str) -> str:
    """One row: the OIDs of all objects of a kind, and the mark of each."""
    # a quarter and a constant: a row without a number counts too, and nothing overflows before it is summed
    parts = " union all ".join(
        f"select x.{f.oid}::oid as oid, coalesce({_mark(f)}, 0) / 4 + {1 << 40} as mark from {f.catalog} x where {f.where}"
        for f in FACETS
        if f.kind == kind
    )
    exists = {
        RELATION: "join pg_class c on c.oid = m.oid and c.relkind <> 't'",
        TYPE: f"join pg_type c on c.oid = m.oid and c.typnamespace {_IN_SHOWN_SCHEMA}",
        FUNCTION: f"join pg_proc c on c.oid = m.oid and c.pronamespace {_IN_SHOWN_SCHEMA}",
    }[kind]
    return (
        f"{_HIDDEN} select json_build_array(json_agg(m.oid::int8), json_agg(m.mark)) from"
        f" (select p.oid, sum(p.mark)::text as mark from ({parts}) p group by p.oid) m {exists}"
    )


def own(kind: str, oids: Iterable[int]) -> str:
    """Those of some objects that this transaction has written rows of. Where it has written nothing at all there are none."""
    wanted = f"'{{{','.join(map(str, sorted(oids)))}}}'::oid[]"
    parts = " union ".join(
        f"select x.{f.oid}::oid as oid from {f.catalog} x where {f.where} and x.{f.oid} = any ({wanted})"
        " and age(x.xmin) <= 0 and pg_current_xact_id_if_assigned() is not null"
        for f in FACETS
        if f.kind == kind
    )
    return f"{_HIDDEN} select json_build_array(p.oid::int8) from ({parts}) p"


def still_there(kind: str, oids: Iterable[int]) -> str:
    """Those of some objects that exist now, whatever the transaction's snapshot shows: as the server's parser sees it."""
    function = {RELATION: "pg_table_is_visible", TYPE: "pg_type_is_visible", FUNCTION: "pg_function_is_visible"}[kind]
    wanted = f"'{{{','.join(map(str, sorted(oids)))}}}'::oid[]"
    return f"select json_build_array(u.oid::int8) from unnest({wanted}) u (oid) where {function}(u.oid) is not null"


def dependents(oids: Iterable[int]) -> str:
    """Rows of kind (r, t, f) and OID: objects whose printed texts or calls may name some of these."""
    wanted = f"'{{{','.join(map(str, sorted(oids)))}}}'::oid[]"
    relation = (
        "select 'r', {oid}::int8 from d join {catalog} x on d.classid = '{catalog}'::regclass and x.oid = d.objid where {oid} <> 0"
    )
    owners = [
        relation.format(catalog=catalog, oid=f"x.{oid}")
        for catalog, oid in (
            ("pg_rewrite", "ev_class"),
            ("pg_attrdef", "adrelid"),
            ("pg_constraint", "conrelid"),
            ("pg_trigger", "tgrelid"),
            ("pg_policy", "polrelid"),
        )
    ]
    rest = [
        "select 'r', d.objid::int8 from d where d.classid = 'pg_class'::regclass",
        "select 'r', i.indrelid::int8 from d join pg_index i on d.classid = 'pg_class'::regclass and i.indexrelid = d.objid",
        "select 't', d.objid::int8 from d where d.classid = 'pg_type'::regclass",
        "select 't', x.contypid::int8 from d join pg_constraint x on d.classid = 'pg_constraint'::regclass and x.oid = d.objid"
        " where x.contypid <> 0",
        "select 'f', d.objid::int8 from d where d.classid = 'pg_proc'::regclass",
    ]
    return (
        f"with d as materialized (select distinct d.classid, d.objid from pg_depend d where d.refobjid = any ({wanted})"
        " and d.refclassid in ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass))"
        f" select json_build_array(u.kind, u.oid) from ({' union '.join([*owners, *rest])}) u (kind, oid)"
    )
