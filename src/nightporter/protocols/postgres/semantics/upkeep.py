"""Statements on what is there, which neither make nor drop it: names, owners, rights, locks, TRUNCATE, VACUUM and kin. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from nightporter.catalog.model import Relation
from nightporter.protocols.postgres.grammar import Node
from nightporter.statement.model import Action, Effect

from . import effects, objects
from .drop import ON_RELATION, RELATIONS, TYPES, well_known
from .work import EXPRESSION, WRITE_TARGET, Touch, Value, Work, apart

LOCK_MODES = (
    "",
    "access share",
    "row share",
    "row exclusive",
    "share update exclusive",
    "share",
    "share row exclusive",
    "exclusive",
    "access exclusive",
)
"""By number."""

_COLUMNS = frozenset({"OBJECT_COLUMN", "OBJECT_ATTRIBUTE"})

# An object, whatever it is: RENAME, SET SCHEMA, OWNER, DEPENDS ON, COMMENT, SECURITY LABEL


def altered(work: Work, kind: str, body: Node) -> None:
    """An object that a statement names: touch what it is of. `kind`: an ObjectType; `body` has `relation` or `object`."""
    missing_ok = body.get("missing_ok", False)
    if "relation" in body:
        node = body["relation"]
        relation = objects.named(work, node, missing_ok)
        if relation is None:
            return
        touch = objects.do(work, Action.ALTER, relation, node)
        if kind in _COLUMNS:
            _its_column(work, touch, body.get("subname", ""), node)
            for typed in objects.typed_by(work.scope, relation) if body.get("behavior") == "DROP_CASCADE" else ():
                via = (f"type {relation.schema}.{relation.name}",)
                work.touch(Action.ALTER, typed, -1, via).inherits = bool(typed.children)
        elif kind == "OBJECT_TRIGGER" or kind == "OBJECT_TABCONSTRAINT":
            touch.inherits = bool(relation.children)
        if "newschema" in body:
            for oid in work.scope.owned_sequences().get(relation.oid, ()):
                work.touch(Action.ALTER, work.scope.snapshot.relations[oid], -1, (f"{relation.schema}.{relation.name}",))
    elif kind in RELATIONS or kind in _COLUMNS or kind in ON_RELATION:
        names = objects.strings(body["object"]["List"]["items"])
        last = names.pop() if kind not in RELATIONS else ""
        found = objects.listed(work, names, missing_ok)
        if found is not None:
            touch = objects.do(work, Action.ALTER, found, {"location": objects.place(work, names)})
            if kind in _COLUMNS:
                _its_column(work, touch, last, {})
    elif kind in TYPES:
        _composite(work, body["object"])
    elif kind == "OBJECT_EXTENSION":
        name = body["object"]["String"]["sval"]
        for relation in objects.members(work, name):
            work.touch(Action.ALTER, relation, -1, (f"extension {name}",))
        if "newschema" in body and not well_known(name):
            work.doubt(f"what belongs to extension `{name[:80]}` is not known")


def _its_column(work: Work, touch: Touch, name: str, node: Node) -> None:
    if objects.column_of(work, touch.relation, name, node.get("location", -1)) is not None:
        touch.use(name, WRITE_TARGET)
    touch.inherits = node.get("inh", False) and bool(touch.relation.children)


def _composite(work: Work, node: Node) -> None:
    """A composite type has a relation of its own."""
    names = objects.strings(node["TypeName"]["names"] if "TypeName" in node else node["List"]["items"])
    found = work.scope.type(names[-2] if len(names) > 1 else None, names[-1])
    relation = work.scope.snapshot.relations.get(found.relation) if found is not None else None
    if relation is not None:
        work.touch(Action.ALTER, relation, objects.place(work, names))


def renamed(work: Work, body: Node) -> None:
    """ALTER ... RENAME."""
    kind = body.get("renameType", "")
    altered(work, kind, body)
    if kind in ("OBJECT_COLUMN", "OBJECT_TABLE") and "relation" in body:
        _renamed_temporary(work, kind, body)


def _renamed_temporary(work: Work, kind: str, body: Node) -> None:
    """Labels of other tables follow by numbers; of what is the session's own only names are known."""
    node = body["relation"]
    relation = work.scope.relation(node.get("schemaname"), node["relname"])
    if relation is None or relation.persistence != "t" or "newname" not in body:
        return
    new = relation
    if kind == "OBJECT_TABLE":
        new = Relation(0, relation.schema, body["newname"], relation.kind, relation.columns)
        new.persistence = "t"
    for column in relation.columns:
        if kind == "OBJECT_TABLE" or column.name == body.get("subname"):
            name = column.name if kind == "OBJECT_TABLE" else body["newname"]
            work.flow(new, name, Value(column.type, frozenset((apart(relation, column.name),))), written=False)


def by_object_type(work: Work, body: Node) -> None:
    """Statements that say of which type their object is."""
    altered(work, str(body.get("objectType", body.get("objtype"))), body)


# Rights


def granted(work: Work, body: Node) -> None:
    """GRANT, REVOKE on relations; rights on anything else name none."""
    if body.get("objtype") not in ("OBJECT_TABLE", "OBJECT_SEQUENCE"):
        return
    columns = [name for each in body.get("privileges", ()) for name in objects.strings(each["AccessPriv"].get("cols", ()))]
    if body.get("targtype") == "ACL_TARGET_ALL_IN_SCHEMA":
        kinds = "S" if body["objtype"] == "OBJECT_SEQUENCE" else "rvmfp"
        for each in body.get("objects", ()):
            schema = each["String"]["sval"]
            for relation in objects.within(work.scope, schema):
                if relation.kind in kinds:
                    work.touch(Action.GRANT, relation, -1, (f"schema {schema}",))
    elif body.get("targtype") != "ACL_TARGET_DEFAULTS":
        for each in body.get("objects", ()):
            named = objects.named(work, each["RangeVar"])
            if named is not None:
                touch = work.touch(Action.GRANT, named, each["RangeVar"].get("location", 0))
                for name in columns:
                    touch.use(name, 0)


# Locks


def locked(work: Work, body: Node) -> None:
    """LOCK TABLE: children too, and what stands under views."""
    mode = body.get("mode", 0)
    action = Action.READ if mode <= 1 else Action.UPDATE
    for each in body.get("relations", ()):
        node = each["RangeVar"]
        relation = objects.named(work, node)
        if relation is None:
            continue
        locks = mode > 1
        touch = work.touch(action, relation, node.get("location", 0), locks=locks)
        touch.inherits = touch.inherits or node.get("inh", False)
        name = f"{relation.schema}.{relation.name}"
        if locks:
            objects.note(work, f"lock on {name} ({LOCK_MODES[mode]})", Effect.LOCKS, location=node.get("location", -1))
        if relation.kind == "v":
            for touch in effects.view_reach(work.scope, relation).touches:
                under = work.touch(action, touch.relation, -1, (f"view {name}", *touch.via), locks=locks)
                under.inherits = under.inherits or touch.inherits


# TRUNCATE


def truncated(work: Work, body: Node) -> None:
    """TRUNCATE: triggers, and with CASCADE all that refers to the tables."""
    waiting: list[tuple[Relation, bool, int, tuple[str, ...]]] = []
    for each in body.get("relations", ()):
        relation = objects.named(work, each["RangeVar"])
        if relation is not None:
            waiting.append((relation, each["RangeVar"].get("inh", False), each["RangeVar"].get("location", 0), ()))
    seen = set()
    while waiting:
        relation, inherits, location, via = waiting.pop(0)
        touch = work.touch(Action.TRUNCATE, relation, location, via)
        touch.inherits = touch.inherits or inherits
        touch.weaken(0)
        effects.changes(work, Action.TRUNCATE, relation, None, location)
        for each_of in [relation, *(work.descendants(relation) if inherits else ())]:
            if each_of.oid in seen:
                continue
            seen.add(each_of.oid)
            here = (*via, f"{each_of.schema}.{each_of.name}")
            if body.get("restart_seqs"):
                for oid in work.scope.owned_sequences().get(each_of.oid, ()):
                    work.touch(Action.UPDATE, work.scope.snapshot.relations[oid], -1, here)
            for key in each_of.referenced_by if body.get("behavior") == "DROP_CASCADE" else ():
                child = work.scope.snapshot.relations.get(key.child)
                if child is not None and child.oid not in seen:
                    waiting.append((child, True, -1, (*via, f"foreign key {key.name} of {child.schema}.{child.name}")))


# VACUUM, ANALYZE, CLUSTER, REINDEX, REFRESH


def vacuumed(work: Work, body: Node) -> None:
    """VACUUM, ANALYZE: index expressions are computed, and ANALYZE keeps samples of the values."""
    options = {each["DefElem"]["defname"] for each in body.get("options", ())}
    analyzes = not body.get("is_vacuumcmd") or "analyze" in options
    relations = [each["VacuumRelation"] for each in body.get("rels", ())]
    if not relations:
        _everything(work)
    for each in relations:
        node = each["relation"]
        relation = objects.named(work, node)
        if relation is None:
            continue
        inherits = node.get("inh", True) and bool(relation.children)
        work.touch(Action.ADMINISTER, relation, node.get("location", 0)).inherits = inherits
        if analyzes:
            touch = work.touch(Action.READ, relation, node.get("location", 0))
            touch.inherits = inherits
            touch.weaken(0)
            for name in objects.strings(each.get("va_cols", ())) or relation.by_name:
                touch.use(name, EXPRESSION)
        _indexes(work, [relation, *work.descendants(relation)])


def _everything(work: Work) -> None:
    """Every table that the role may: they are not named one by one."""
    objects.note(work, "every table of the database", Effect.READS_DATA, Effect.WRITES_DATA)
    _indexes(work, work.scope.snapshot.relations.values())


def _indexes(work: Work, relations: Iterable[Relation]) -> None:
    for each in relations:
        objects.runs_for(work, f"index of {each.schema}.{each.name}", each.index_calls)


def clustered(work: Work, body: Node) -> None:
    """CLUSTER writes a table anew."""
    if "relation" not in body:
        _everything(work)
        return
    relation = objects.named(work, body["relation"])
    if relation is not None:
        inherits = relation.kind == "p"
        work.touch(Action.ADMINISTER, relation, body["relation"].get("location", 0)).inherits = inherits
        _indexes(work, [relation, *(work.descendants(relation) if inherits else ())])


def reindexed(work: Work, body: Node) -> None:
    """REINDEX computes index expressions for every row."""
    kind = body.get("kind")
    if kind in ("REINDEX_OBJECT_INDEX", "REINDEX_OBJECT_TABLE"):
        node = body["relation"]
        relation = objects.named(work, node)
        if relation is None:
            return
        work.touch(Action.ADMINISTER, relation, node.get("location", 0)).inherits = relation.kind == "p"
        table = work.scope.snapshot.relations.get(relation.table) if relation.kind in "iI" else relation
        if table is not None:
            if table is not relation:
                via = (f"index {relation.schema}.{relation.name}",)
                work.touch(Action.ADMINISTER, table, -1, via).inherits = relation.kind == "I"
            _indexes(work, [table, *(work.descendants(table) if relation.kind in "pI" else ())])
    elif kind == "REINDEX_OBJECT_SCHEMA":
        schema = body.get("name", "")
        found = [each for each in objects.within(work.scope, schema) if each.kind in "rmp"]
        for each in found:
            work.touch(Action.ADMINISTER, each, -1, (f"schema {schema}",))
        _indexes(work, found)
    else:
        _everything(work)


def refreshed(work: Work, body: Node) -> None:
    """REFRESH MATERIALIZED VIEW runs its query, as its owner."""
    node = body["relation"]
    relation = objects.named(work, node)
    if relation is None:
        return
    touch = work.touch(Action.UPDATE, relation, node.get("location", 0))
    touch.weaken(0)
    if body.get("skipData"):
        return
    name = f"{relation.schema}.{relation.name}"
    role = next((each.name for each in work.scope.snapshot.roles.values() if each.oid == relation.owner), "")
    reach = effects.view_reach(work.scope.variant(role=role), relation)
    work.include(reach, (f"materialized view {name}",), node.get("location", -1))
    for column, (_, value) in zip(relation.columns, reach.outputs or (), strict=False):
        touch.use(column.name, WRITE_TARGET)
        work.flow(relation, column.name, value)
    _indexes(work, [relation])
    for each in relation.columns:
        effects.compares(work, each.type)
