"""CREATE of everything but tables, and ALTER of what has no rows: views, indexes, rules, policies, functions, domains. Pure.

A definition is looked at and does not run: what it names is read. An index is built, and a domain's new check is checked, now.
"""

from __future__ import annotations

from typing import Any

from nightporter.catalog.model import Column, Relation
from nightporter.protocols.postgres.grammar import GrammarError, Node, parse
from nightporter.statement.model import Action, Effect

from . import effects, expression, objects, query, run, table
from .drop import Fall, well_known
from .space import Entry, Level, Rows, RowsItem
from .typename import type_of
from .work import EXPRESSION, PREDICATE, Value, Work

MAX_BODIES = 16
"""Statements of a body that are looked at when it is defined."""

# Views, rules, policies


def view(work: Work, body: Node) -> None:
    """CREATE VIEW: what it will read is read; CREATE OR REPLACE alters one that is there."""
    node = body["view"]
    rows = objects.described(work, lambda inner: query.subselect(inner, body["query"], None))
    names = objects.strings(body.get("aliases", ()))
    columns = [Column(names[n] if n < len(names) else name, n + 1, value.type) for n, (name, value) in enumerate(rows)]
    made = run.new_relation(work, node, "v", columns)
    work.touch(Action.CREATE, made, node.get("location", 0))
    if body.get("replace"):
        replaced(work, made, node)
    for column, (_, value) in zip(columns, rows, strict=True):
        work.flow(made, column.name, value)


def replaced(work: Work, made: Relation, node: Node) -> None:
    """OR REPLACE, where there is one of that name already."""
    there = work.scope.relation(made.schema, made.name) if made.schema else None
    if there is not None:
        work.touch(Action.ALTER, there, node.get("location", 0))


def rule(work: Work, body: Node) -> None:
    """CREATE RULE: its actions do not run, and what they name is looked at."""
    relation = _altered(work, body["relation"])
    if relation is None:
        return

    def look(inner: Work) -> Rows | None:
        inner.variables = {"new": relation.row_type, "old": relation.row_type}
        if "whereClause" in body:
            expression.condition(inner, body["whereClause"], _old_and_new(relation, str(body.get("event"))))
        for each in body.get("actions", ()):
            ((tag, action),) = each.items()
            inner.use_each(run.statement(inner, tag, action) or [], EXPRESSION)
        return None

    objects.described(work, look)


def _old_and_new(relation: Relation, event: str) -> Level:
    """What a rule's condition sees; a bare name is a column of the one row that there is."""
    rows = [(each.name, Value(each.type)) for each in relation.columns]
    old = Entry(RowsItem("old", rows, None, relation.row_type), by_columns=event in ("CMD_DELETE", "CMD_SELECT"))
    new = Entry(RowsItem("new", rows, None, relation.row_type), by_columns=event == "CMD_INSERT")
    return Level([old, new], None, {})


def policy(work: Work, body: Node) -> None:
    """CREATE POLICY, ALTER POLICY."""
    relation = _altered(work, body["table"])
    if relation is None:
        return
    for each in relation.policies:  # what it looks at already, if it is altered
        if each.name == body.get("policy_name"):
            for oid in each.relations:
                other = work.scope.snapshot.relations.get(oid)
                if other is not None:
                    work.touch(Action.READ, other, -1, (f"policy {each.name} on {relation.schema}.{relation.name}",))

    def look(inner: Work) -> Rows | None:
        space = objects.space_of(inner.touch(Action.READ, relation, body["table"].get("location", 0)))
        for key in ("qual", "with_check"):
            if key in body:
                expression.condition(inner, body[key], space)
        return None

    if "qual" in body or "with_check" in body:
        objects.described(work, look)


def trigger(work: Work, body: Node) -> None:
    """CREATE TRIGGER: nothing runs until it fires."""
    relation = _altered(work, body["relation"])
    if relation is not None:
        work.touch(Action.ALTER, relation).inherits = bool(body.get("row")) and relation.kind == "p"
    if "constrrel" in body:
        other = objects.named(work, body["constrrel"])
        if other is not None:
            work.touch(Action.READ, other, body["constrrel"].get("location", 0))


def _altered(work: Work, node: Node) -> Relation | None:
    relation = objects.named(work, node)
    if relation is not None:
        objects.do(work, Action.ALTER, relation, node)
    return relation


# Indexes, statistics


def index(work: Work, body: Node) -> None:
    """CREATE INDEX: its expressions and its predicate are computed for every row."""
    node = body["relation"]
    relation = objects.named(work, node)
    if relation is None:
        return
    read = work.touch(Action.READ, relation, node.get("location", 0))
    read.weaken(0)
    read.inherits = node.get("inh", False) and relation.kind == "p"
    space = objects.space_of(read)
    for each in (*body.get("indexParams", ()), *body.get("indexIncludingParams", ())):
        table.index_element(work, each["IndexElem"], space)
    if "whereClause" in body:
        expression.condition(work, body["whereClause"], space)
    if "idxname" in body:  # otherwise the server finds a name
        made = Relation(objects.number_of(relation.schema, body["idxname"]), relation.schema, body["idxname"], "i")
        work.touch(Action.CREATE, made, objects.place(work, [body["idxname"]]))


def statistics(work: Work, body: Node) -> None:
    """CREATE STATISTICS: nothing is computed before ANALYZE."""

    def look(inner: Work) -> Rows | None:
        for each in body.get("relations", ()):
            if "RangeVar" not in each:
                inner.doubt("statistics on what is no table")
                continue
            relation = objects.named(inner, each["RangeVar"])
            if relation is not None:
                space = objects.space_of(inner.touch(Action.READ, relation, each["RangeVar"].get("location", 0)))
                for element in body.get("exprs", ()):
                    table.index_element(inner, element["StatsElem"], space)
        return None

    objects.described(work, look)


# Sequences


def _owned_by(work: Work, body: Node) -> None:
    """OWNED BY table.column, which is looked up."""
    for each in body.get("options", ()):
        element = each["DefElem"]
        if element.get("defname") == "owned_by" and len(names := objects.strings(element["arg"]["List"]["items"])) > 1:
            owner = objects.listed(work, names[:-1])
            if owner is not None:
                work.touch(Action.READ, owner, element.get("location", -1)).use(names[-1], 0)


def create_sequence(work: Work, body: Node) -> None:
    node = body["sequence"]
    work.touch(Action.CREATE, run.new_relation(work, node, "S"), node.get("location", 0))
    _owned_by(work, body)


def alter_sequence(work: Work, body: Node) -> None:
    relation = objects.named(work, body["sequence"], body.get("missing_ok", False))
    if relation is not None:
        work.touch(Action.ALTER, relation, body["sequence"].get("location", 0))
    _owned_by(work, body)


# Types and domains


def composite(work: Work, body: Node) -> None:
    """CREATE TYPE ... AS (...)."""
    node = body["typevar"]
    columns = [
        Column(each["ColumnDef"]["colname"], n + 1, type_of(work, each["ColumnDef"]["typeName"]))
        for n, each in enumerate(body.get("coldeflist", ()))
    ]
    work.touch(Action.CREATE, run.new_relation(work, node, "c", columns), node.get("location", 0))


def domain(work: Work, body: Node) -> None:
    """CREATE DOMAIN."""
    type_of(work, body["typeName"])
    for each in body.get("constraints", ()):
        if each["Constraint"].get("contype") == "CONSTR_DEFAULT":
            objects.defaults(work, each["Constraint"]["raw_expr"])


_SCANNING = frozenset("COV")
"""ADD CONSTRAINT, SET NOT NULL, VALIDATE CONSTRAINT."""


def alter_domain(work: Work, body: Node) -> None:
    """ALTER DOMAIN: a new check is checked on every value that is in a table."""
    oid = type_of(work, {"names": body["typeName"]})
    found = work.scope.snapshot.types.get(oid)
    subtype, constraint = body.get("subtype", ""), body.get("def", {}).get("Constraint", {})
    if subtype == "T" and "def" in body:
        objects.defaults(work, body["def"])
    if found is None or subtype not in _SCANNING or constraint.get("skip_validation"):
        if body.get("behavior") == "DROP_CASCADE" and subtype != "X":
            work.doubt("ALTER DOMAIN with CASCADE is not known")
        return
    for relation, name in objects.columns_of(work, oid):
        touch = work.touch(Action.READ, relation, -1, (f"domain {found.schema}.{found.name}",))
        touch.use(name, PREDICATE)
        touch.weaken(0)
    if subtype == "V":
        objects.runs_for(work, f"check of domain {found.schema}.{found.name}", found.check_calls)
    elif "raw_expr" in constraint:
        space = Level([Entry(RowsItem(None, [("value", Value(found.base or oid))]))], None, {})
        expression.condition(work, constraint["raw_expr"], space)


# Functions


def function(work: Work, body: Node) -> None:
    """CREATE FUNCTION: nothing runs. The server analyses SQL, and with it looks up what it names, if it can; it loads libraries."""
    options = {each["DefElem"]["defname"]: each["DefElem"].get("arg", {}) for each in body.get("options", ())}
    language = options.get("language", {}).get("String", {}).get("sval", "sql" if "sql_body" in body else "").lower()
    text = options.get("as", {}).get("List", {}).get("items", ())
    if language == "c":
        objects.note(work, f"library {text[0]['String']['sval'] if text else ''}", Effect.FILES, Effect.CONTROLS_SERVER)
        work.actions.add(Action.ADMINISTER)
    elif language == "internal":
        work.actions.add(Action.ADMINISTER)
    elif language == "sql":
        _looks_at_body(work, body, text[0]["String"].get("sval", "") if text else "")


def _looks_at_body(work: Work, body: Node, text: str) -> None:
    """Tables that SQL names. What it lacks is no doubt: it may be made before it runs, and the server need not look."""
    inner = Work(work.scope)
    inner.created = dict(work.created)
    inner.exact = True
    inner.variables = {
        each["FunctionParameter"]["name"]: type_of(Work(work.scope), each["FunctionParameter"]["argType"])
        for each in body.get("parameters", ())
        if each["FunctionParameter"].get("name")
    }
    statements: list[Any] = _nodes(body.get("sql_body"))
    try:
        statements += [{each.tag: each.body} for each in parse(text.encode())] if text else []
        for each in statements[:MAX_BODIES]:
            ((tag, statement),) = each.items()
            if tag == "ReturnStmt":
                inner.use(expression.value_of(inner, statement["returnval"], None).refs(), EXPRESSION)
            else:
                inner.use_each(run.statement(inner, tag, statement) or [], EXPRESSION)
    except (GrammarError, LookupError, ValueError, TypeError, AttributeError):
        pass  # a body that cannot be read: the server refuses it, or it is unknown whenever it runs
    inner.settle()
    for touch in inner.touches.values():
        if touch.action is not Action.CREATE and all(part.startswith("view ") for part in touch.via):
            ours = work.touch(Action.READ, touch.relation, -1, ("body", *touch.via))
            for name, uses in touch.columns.items():
                ours.use(name, EXPRESSION if uses and touch.action is Action.READ else 0)


def _nodes(node: Any) -> list[Any]:
    """The statements of an SQL-standard body, which are lists within a list."""
    if isinstance(node, list):
        return [found for each in node for found in _nodes(each)]
    if isinstance(node, dict) and "List" in node:
        return _nodes(node["List"].get("items", []))
    return [node] if node else []


def conversion(work: Work, body: Node) -> None:
    """CREATE CONVERSION tries its function out."""
    names = objects.strings(body["func_name"])
    effects.runs_each(work, work.scope.functions(names[-2] if len(names) > 1 else None, names[-1]))


# Schemas


_ELEMENTS = ("CreateSeqStmt", "CreateStmt", "ViewStmt", "IndexStmt", "CreateTrigStmt", "GrantStmt")
"""In the order in which the server makes them, whatever that of the text."""


def _element_order(node: Node) -> int:
    ((tag, _),) = node.items()
    return _ELEMENTS.index(tag) if tag in _ELEMENTS else len(_ELEMENTS)


def schema(work: Work, body: Node) -> None:
    """CREATE SCHEMA with its elements, which are made in it."""
    name = body.get("schemaname") or body.get("authrole", {}).get("rolename", "")
    for each in sorted(body.get("schemaElts", ()), key=_element_order):
        ((tag, element),) = each.items()
        key = {"CreateStmt": "relation", "ViewStmt": "view", "CreateSeqStmt": "sequence"}.get(tag)
        if key is not None and "schemaname" not in element[key]:
            element = {**element, key: {**element[key], "schemaname": name}}
        run.statement(work, tag, element)


# Extensions


def extension(work: Work, body: Node) -> None:
    """CREATE EXTENSION runs a script of the server's. Those that come with the server only define things."""
    name = body["extname"]
    if not well_known(name) and not (body.get("if_not_exists") and name in work.scope.snapshot.extensions):
        objects.note(work, f"extension {name}", Effect.UNKNOWN)
        work.doubt(f"what extension `{name[:80]}` does is not known")


def alter_extension(work: Work, body: Node) -> None:
    """ALTER EXTENSION ... UPDATE."""
    name = body["extname"]
    for relation in objects.members(work, name):
        work.touch(Action.ALTER, relation, -1, (f"extension {name}",))
    extension(work, {"extname": name})


# Publications


def publication(work: Work, body: Node) -> None:
    """CREATE and ALTER PUBLICATION: rows of these tables leave for whoever subscribes."""
    name = body["pubname"]
    removes = body.get("action") == "AP_DropObjects"
    if body.get("action") == "AP_SetObjects":
        work.doubt("which tables a publication has is not in the catalogue")
    if body.get("for_all_tables"):
        objects.note(work, f"publication {name} of all tables", Effect.READS_DATA, Effect.REACHES_OUT)
    elif body.get("pubobjects") and not removes:
        objects.note(work, f"publication {name}", Effect.REACHES_OUT)
    for each in body.get("pubobjects", ()):
        spec = each["PublicationObjSpec"]
        match spec.get("pubobjtype"):
            case "PUBLICATIONOBJ_TABLE":
                _published(work, spec["pubtable"])
            case "PUBLICATIONOBJ_TABLES_IN_SCHEMA":
                _published_schema(work, spec.get("name", ""))
            case "PUBLICATIONOBJ_TABLES_IN_CUR_SCHEMA":
                current = [part for part in work.scope.path if part not in ("pg_catalog", work.scope.temporary)]
                _published_schema(work, current[0] if current else "")
            case other:
                work.doubt(f"publication of `{str(other)[:40]}` is not known")


def _published_schema(work: Work, name: str) -> None:
    for relation in objects.within(work.scope, name):
        if relation.kind in "rp":
            _leaves(work, relation, -1, [], (f"schema {name}",))


def _published(work: Work, node: Node) -> None:
    relation = objects.named(work, node["relation"])
    if relation is None:
        return
    location = node["relation"].get("location", 0)
    _leaves(work, relation, location, objects.strings(node.get("columns", ())), ())
    touch = work.touch(Action.READ, relation, location)
    touch.inherits = node["relation"].get("inh", False)
    if "whereClause" in node:
        objects.described(work, lambda inner: _looks(inner, node["whereClause"], relation, location))


def _looks(inner: Work, node: Any, relation: Relation, location: int) -> None:
    expression.condition(inner, node, objects.space_of(inner.touch(Action.READ, relation, location)))


def _leaves(work: Work, relation: Relation, location: int, columns: list[str], via: tuple[str, ...]) -> None:
    touch = work.touch(Action.READ, relation, location, via)
    for name in columns or relation.by_name:
        touch.use(name, EXPRESSION)


# Rights and owners


def drop_owned(work: Work, body: Node) -> None:
    """DROP OWNED: all that the roles own, and all rights that they have."""
    fall = Fall(work, body.get("behavior") == "DROP_CASCADE")
    roles = objects.roles_of(work, body["roles"])
    for relation in objects.owned(work.scope, roles):
        if relation.kind != "c":
            fall.relation(relation, ("DROP OWNED",))
    fall.functions(each for each in work.scope.snapshot.functions.values() if each.owner in roles)
    for other in work.scope.snapshot.relations.values():  # the roles are taken out of policies
        if any(not roles.isdisjoint(each.roles) for each in other.policies):
            work.touch(Action.ALTER, other, -1, ("DROP OWNED",))
    fall.finish()


def reassign_owned(work: Work, body: Node) -> None:
    """REASSIGN OWNED."""
    for relation in objects.owned(work.scope, objects.roles_of(work, body["roles"])):
        work.touch(Action.ALTER, relation, -1, ("REASSIGN OWNED",))
