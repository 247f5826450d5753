"""The questions that a catalogue is read with: SQL for PostgreSQL 13 to 18. Text only.

Every query gives one JSON array a row in its first column; columns after it are node trees ("pg_node_tree"), as they stand. All
of them are written for a `search_path` of `pg_catalog, pg_temp`: nothing that a user has made can stand in for what is named
here, and what the server prints bears its schema unless it is in pg_catalog or in the session's own temporary schema.

Left out: what is in temporary schemas of other sessions, and toast tables.
"""

# ruff: noqa: S608 - nothing is put into these texts but constants of ours and numbers
from __future__ import annotations

from collections.abc import Iterable, Mapping

PATH = "pg_catalog, pg_temp"
"""Under which everything is asked, and under which printed texts (views, rules, policies, defaults, bodies) are to be read."""
LOCKED = "(locked)"
"""Stands for a text that could not be printed, since somebody has locked what it names."""
FIRST_OWN = 16384
"""Lower OIDs are the server's own objects (FirstNormalObjectId)."""
OLDEST = 130000
NEWEST_KNOWN = 189999
"""What this file was tried on; a newer server is read as if it were this one."""

HIDDEN_SCHEMAS = (
    "(select oid from pg_namespace where nspname = 'pg_toast' or nspname like 'pg\\_toast\\_temp\\_%'"
    " or nspname like 'pg\\_temp\\_%' and oid <> pg_my_temp_schema())"
)
SHOWN_RELATION = f"c.relkind <> 't' and c.relnamespace not in {HIDDEN_SCHEMAS}"

# Which relations are locked against reading: printing what names them would wait for whoever holds the lock
_LOCKED = (
    "(select l.relation from pg_locks l where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'"
    " and l.pid <> pg_backend_pid() and l.database = (select oid from pg_database where datname = current_database()))"
)


def head() -> str:
    """Version, OID of the database, when the server was started, and the transaction's isolation level."""
    return (
        "select json_build_array(current_setting('server_version_num')::int4, d.oid::int8,"
        " extract(epoch from pg_postmaster_start_time())::text, current_setting('transaction_isolation'))"
        " from pg_database d where d.datname = current_database()"
    )


_OWN_ENCODING = "case when getdatabaseencoding() = 'SQL_ASCII' then 'SQL_ASCII' else 'UTF8' end"
"""What answers must come in; a database that knows of no encoding cannot convert what it holds."""
SET_ENCODING = f"select set_config('client_encoding', {_OWN_ENCODING}, true)"
LEND_ENCODING = (
    "select set_config('nightporter.encoding', current_setting('client_encoding'), true), case when"
    f" current_setting('client_encoding') <> {_OWN_ENCODING} then set_config('client_encoding', {_OWN_ENCODING}, true) end"
)
"""Have answers come in UTF-8 whatever the session's client wants, until `RETURN_ENCODING`."""
RETURN_ENCODING = (
    "select case when current_setting('client_encoding') <> current_setting('nightporter.encoding')"
    " then set_config('client_encoding', current_setting('nightporter.encoding'), true) end"
)


class Only:
    """Which objects to read: all, or those of these OIDs. `careful`: print nothing that waits for a lock."""

    __slots__ = ("careful", "oids")

    def __init__(self, oids: Iterable[int] | None = None, *, careful: bool = False) -> None:
        self.oids = None if oids is None else sorted(oids)
        self.careful = careful

    def where(self, column: str) -> str:
        """A condition to add to one that is there."""
        if self.oids is None:
            return ""
        return f" and {column} = any ('{{{','.join(map(str, self.oids))}}}'::oid[])"

    def printed(self, expression: str, relation: str, depends: tuple[str, str] | None = None) -> str:
        """`expression`, or `LOCKED` where printing it would lock a relation that somebody has locked.

        `relation`: a column with one that it locks. `depends`: catalogue and OID of an object whose dependencies it locks.
        """
        if not self.careful:
            return expression
        blocked = f"{relation} in {_LOCKED}"
        if depends is not None:
            blocked += (
                f" or exists (select from pg_depend b where b.classid = '{depends[0]}'::regclass and b.objid = {depends[1]}"
                f" and b.refclassid = 'pg_class'::regclass and b.refobjid in {_LOCKED})"
            )
        return f"case when {blocked} then '{LOCKED}' else {expression} end"


EVERYTHING = Only()


def relations(only: Only, version: int) -> dict[str, str]:
    """Relations and all that hangs on them, by the name of the part."""
    shown = SHOWN_RELATION + only.where("c.oid")
    of_shown = f"join pg_class c on {shown} and c.oid ="
    return {
        "relations": "select json_build_array(c.oid::int8, c.relnamespace::int8, c.relname, c.relkind, c.relpersistence,"
        " c.relowner::int8, c.reltype::int8, c.relispartition, c.relrowsecurity, c.relforcerowsecurity, c.reloptions,"
        " i.indrelid::int8, s.srvname, c.reloftype::int8) from pg_class c left join pg_index i on i.indexrelid = c.oid"
        " left join pg_foreign_table f on f.ftrelid = c.oid left join pg_foreign_server s on s.oid = f.ftserver"
        f" where {shown}",
        # one row a relation, one list a fact: what costs least on both sides
        "columns": "select json_build_array(a.attrelid::int8, json_agg(a.attname), json_agg(a.attnum),"
        " json_agg(a.atttypid::int8), string_agg(case when a.attnotnull then 't' else 'f' end, ''),"
        " string_agg(case when a.attgenerated <> '' then a.attgenerated::text when a.attidentity <> '' then 'i' else '-' end, ''))"
        " from (select a.attrelid, a.attname, a.attnum, a.atttypid, a.attnotnull, a.attgenerated, a.attidentity from pg_attribute a"
        f" {of_shown} a.attrelid where a.attnum > 0 and not a.attisdropped and c.relkind not in ('i', 'I')"
        " order by a.attrelid, a.attnum) a group by a.attrelid",
        "defaults": "select json_build_array(d.adrelid::int8, d.adnum, case when a.attgenerated <> '' or"
        " d.adbin::text like '%:consttype 2205 %' then "
        + only.printed("pg_get_expr(d.adbin, d.adrelid)", "d.adrelid", ("pg_attrdef", "d.oid"))
        + " end), d.adbin::text from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum"
        f" {of_shown} d.adrelid",
        "keys": "select json_build_array(i.indrelid::int8, i.indisprimary, (i.indkey::int2[])[:i.indnkeyatts - 1]) from pg_index i"
        f" {of_shown} i.indrelid where i.indisunique and i.indisvalid and i.indimmediate and not i.indisexclusion"
        " and i.indpred is null and i.indexprs is null order by i.indexrelid",
        "indexes": "select json_build_array(i.indrelid::int8, array(select o::int8 from unnest(i.indclass::oid[]) o"
        f" where o >= {FIRST_OWN})), i.indexprs::text, i.indpred::text from pg_index i {of_shown} i.indrelid"
        f" where i.indexprs is not null or i.indpred is not null or {FIRST_OWN} <= any (i.indclass::oid[])",
        "checks": "select json_build_array(k.conrelid::int8, array(select o::int8 from unnest(k.conexclop || k.conpfeqop ||"
        " k.conppeqop || k.conffeqop) o)), k.conbin::text from pg_constraint k"
        f" {of_shown} k.conrelid where k.contype in ('c', 'x', 'f')",
        "foreign_keys": "select json_build_array(k.conrelid::int8, k.conname, k.conkey, k.confrelid::int8, k.confkey,"
        f" k.confdeltype, k.confupdtype, array(select a.attname from unnest(k.confkey) with ordinality u (n, at) join"
        f" pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.n order by u.at)) from pg_constraint k {of_shown} k.conrelid"
        " where k.contype = 'f' order by k.oid",
        "triggers": "select json_build_array(t.tgrelid::int8, t.tgname, t.tgfoid::int8, t.tgtype, t.tgenabled,"
        " t.tgoldtable, t.tgnewtable, t.tgconstrrelid::int8), t.tgqual::text"
        f" from pg_trigger t {of_shown} t.tgrelid where not t.tgisinternal or t.tgfoid >= {FIRST_OWN} order by t.tgname",
        "rules": "select json_build_array(r.ev_class::int8, r.rulename, r.ev_type, r.is_instead, r.ev_enabled, "
        + only.printed("pg_get_ruledef(r.oid)", "r.ev_class", ("pg_rewrite", "r.oid"))
        + f") from pg_rewrite r {of_shown} r.ev_class where not (r.rulename = '_RETURN' and r.ev_type = '1')"
        " order by r.rulename",
        "views": "select json_build_array(r.ev_class::int8, "
        + only.printed("pg_get_viewdef(r.ev_class)", "r.ev_class", ("pg_rewrite", "r.oid"))
        + f"), r.ev_action::text from pg_rewrite r {of_shown} r.ev_class"
        " where r.rulename = '_RETURN' and r.ev_type = '1'",
        "policies": "select json_build_array(p.polrelid::int8, p.polname, p.polcmd, p.polroles::int8[], "
        + only.printed("pg_get_expr(p.polqual, p.polrelid)", "p.polrelid", ("pg_policy", "p.oid"))
        + ", "
        + only.printed("pg_get_expr(p.polwithcheck, p.polrelid)", "p.polrelid", ("pg_policy", "p.oid"))
        + f"), p.polqual::text, p.polwithcheck::text from pg_policy p {of_shown} p.polrelid order by p.polname",
        "inherits": "select json_build_array(i.inhrelid::int8, i.inhparent::int8) from pg_inherits i"
        f" {of_shown} i.inhrelid order by i.inhrelid, i.inhseqno",
        "partitioned": "select json_build_array(p.partrelid::int8, array(select o::int8 from unnest(p.partclass::oid[]) o"
        f" where o >= {FIRST_OWN}), p.partdefid::int8), p.partexprs::text from pg_partitioned_table p {of_shown} p.partrelid",
        "sequences": "select json_build_array(c.oid::int8, d.refobjid::int8) from pg_class c join pg_depend d on"
        " d.classid = 'pg_class'::regclass and d.objid = c.oid and d.objsubid = 0 and d.refclassid = 'pg_class'::regclass"
        f" and d.deptype in ('a', 'i') where c.relkind = 'S' and {shown}",
    }


def types(only: Only, version: int) -> dict[str, str]:
    """Types, with the checks of domains."""
    multirange = "r.rngmultitypid = t.oid or" if version >= 140000 else ""
    shown = f"t.typnamespace not in {HIDDEN_SCHEMAS}" + only.where("t.oid")
    return {
        "types": "select json_build_array(t.oid::int8, t.typnamespace::int8, t.typname, t.typtype, t.typcategory,"
        " t.typispreferred, t.typelem::int8, t.typarray::int8, t.typbasetype::int8, t.typrelid::int8, r.rngsubtype::int8,"
        " t.typinput::oid::int8, t.typoutput::oid::int8, x.extname) from pg_type t"
        f" left join pg_range r on ({multirange} r.rngtypid = t.oid) and t.typtype in ('r', 'm') {_extension('pg_type', 't.oid')}"
        f" where {shown}",
        "domains": "select json_build_array(t.oid::int8), min(t.typdefaultbin::text), string_agg(k.conbin::text, ' ')"
        f" from pg_type t left join pg_constraint k on k.contypid = t.oid where t.typtype = 'd' and {shown} group by t.oid",
    }


def functions(only: Only, version: int) -> dict[str, str]:
    """Functions of all kinds, aggregates with their support functions."""
    has_bodies = version >= 140000
    printed = only.printed("pg_get_function_sqlbody(p.oid)", "null::oid", ("pg_proc", "p.oid"))
    body = f"case when p.prosqlbody is not null then {printed} end"
    shown = f"p.pronamespace not in {HIDDEN_SCHEMAS}" + only.where("p.oid")
    return {
        "functions": "select json_build_array(p.oid::int8, p.pronamespace::int8, p.proname, p.proargtypes::int8[],"
        " p.prorettype::int8, p.proallargtypes::int8[], array_to_string(p.proargmodes, ''), p.proargnames, p.pronargdefaults,"
        " p.provariadic::int8, p.prokind, l.lanname, p.provolatile, p.proisstrict, p.proretset, p.prosecdef, p.proconfig,"
        f" p.proowner::int8, oidvectortypes(p.proargtypes), p.prosrc, {body if has_bodies else 'null'}, x.extname),"
        f" p.proargdefaults::text, {'p.prosqlbody::text' if has_bodies else 'null'} from pg_proc p"
        f" join pg_language l on l.oid = p.prolang {_extension('pg_proc', 'p.oid')} where {shown}",
        "aggregates": "select json_build_array(a.aggfnoid::oid::int8, array[a.aggtransfn::oid::int8, a.aggfinalfn::oid::int8,"
        " a.aggcombinefn::oid::int8, a.aggserialfn::oid::int8, a.aggdeserialfn::oid::int8, a.aggmtransfn::oid::int8,"
        " a.aggminvtransfn::oid::int8, a.aggmfinalfn::oid::int8]) from pg_aggregate a join pg_proc p on p.oid = a.aggfnoid"
        f" where {shown}",
    }


def _extension(catalog: str, oid: str) -> str:
    return (
        f"left join pg_depend e on e.classid = '{catalog}'::regclass and e.objid = {oid} and e.objsubid = 0 and"
        " e.refclassid = 'pg_extension'::regclass and e.deptype = 'e' left join pg_extension x on x.oid = e.refobjid"
    )


SMALL: Mapping[str, str] = {
    "database": "select json_build_array(current_database())",
    "schemas": "select json_build_array(n.oid::int8, n.nspname, n.nspowner::int8, array(select a.grantee::int8"
    " from aclexplode(n.nspacl) a where a.privilege_type = 'USAGE'))"
    f" from pg_namespace n where n.oid not in {HIDDEN_SCHEMAS}",
    "operators": "select json_build_array(o.oid::int8, o.oprnamespace::int8, o.oprname, o.oprleft::int8, o.oprright::int8,"
    " o.oprresult::int8, o.oprcode::oid::int8, o.oprcom::int8, o.oprnegate::int8) from pg_operator o"
    f" where o.oprnamespace not in {HIDDEN_SCHEMAS}",
    "casts": "select json_build_array(c.castsource::int8, c.casttarget::int8, c.castfunc::int8, c.castcontext, c.castmethod)"
    " from pg_cast c",
    # pg_authid is not for everybody
    "roles": "select json_build_array(r.oid::int8, r.rolname, r.rolsuper, r.rolbypassrls) from pg_roles r order by r.oid",
    "members": "select json_build_array(m.member::int8, m.roleid::int8) from pg_auth_members m order by m.member, m.roleid",
    "role_settings": "select json_build_array(s.setrole::int8, s.setdatabase::int8, s.setconfig) from pg_db_role_setting s"
    " where s.setdatabase = 0 or s.setdatabase = (select oid from pg_database where datname = current_database())"
    " order by s.setrole = 0 desc, s.setdatabase",
    "extensions": "select json_build_array(x.extname, n.nspname) from pg_extension x join pg_namespace n on n.oid = x.extnamespace",
    "servers": "select json_build_array(s.oid::int8, s.srvname, w.fdwname) from pg_foreign_server s"
    " join pg_foreign_data_wrapper w on w.oid = s.srvfdw",
    "collations": "select json_build_array(l.oid::int8, n.nspname, l.collname) from pg_collation l"
    f" join pg_namespace n on n.oid = l.collnamespace where l.oid >= {FIRST_OWN}",
    "event_triggers": "select json_build_array(e.evtfoid::int8) from pg_event_trigger e where e.evtenabled <> 'D'"
    " order by e.evtname",
    "operator_classes": f"select json_build_array(c.oid::int8, c.opcfamily::int8) from pg_opclass c where c.oid >= {FIRST_OWN}",
    "family_functions": "select json_build_array(p.amprocfamily::int8, p.amproclefttype::int8, p.amproc::oid::int8)"
    f" from pg_amproc p where p.amproc::oid >= {FIRST_OWN}",
    "family_operators": "select json_build_array(o.amopfamily::int8, o.amopopr::int8) from pg_amop o"
    f" where o.amopopr >= {FIRST_OWN}",
}
"""Parts that are read whole: they are small, and change seldom."""


def whole(version: int, *, careful: bool = False) -> dict[str, str]:
    """Everything, by the name of the part."""
    only = Only(careful=careful)
    return {"head": head(), **SMALL, **types(only, version), **functions(only, version), **relations(only, version)}
