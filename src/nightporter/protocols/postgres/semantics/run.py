"""One statement, whatever it is: queries in query.py, changes of rows in write.py, everything else in command.py. Pure."""

from __future__ import annotations

import itertools
from typing import Any

from nightporter.catalog.model import Column, Relation
from nightporter.protocols.postgres.grammar import Node
from nightporter.statement.model import Action, Effect

from . import bodies, command, effects, expression, objects, query, write
from .overload import function_called
from .space import Level, Rows
from .work import EXPRESSION, OUTPUT, WRITE_SOURCE, Reach, Ref, Value, Work

_CHANGES = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
_oids = itertools.count(-1, -1)
"""Of relations that are not there yet."""
TEXT = 25
_FALSE = frozenset({"false", "off", "0"})


def statement(work: Work, tag: str, body: Node) -> Rows | None:
    """Understand a statement; gives the columns of its result, None if it has none."""
    if tag == "SelectStmt":
        into = _into(body)
        if into is not None:
            create_as(work, into, query.rows_of(work, body, None), body)
            return None
        return query.rows_of(work, body, None)
    if tag in _CHANGES:
        rows = write.rows_of(work, tag, body, None)
        return rows if "returningClause" in body else None
    match tag:
        case "CopyStmt":
            return _copy(work, body)
        case "ExplainStmt":
            return explain(work, body)
        case "CreateTableAsStmt":
            create_as(work, body["into"], _inner(work, body["query"]) or [], body)
            return None
        case "DeclareCursorStmt":
            work.cursor = _inner(work, body["query"]) or []
            work.use_each(work.cursor, OUTPUT)
            return None
        case "PrepareStmt":
            return None  # it runs by EXECUTE, and is understood then
        case "ExecuteStmt":
            for each in body.get("params", ()):
                work.given |= expression.condition(work, each, None, EXPRESSION)
            return None
        case "CallStmt":
            return _call(work, body)
        case "DoStmt":
            _do(work, body)
            return None
        case _:
            return command.command(work, tag, body)


def _into(body: Node) -> Node | None:
    """Where SELECT INTO writes; in a set operation it stands in the leftmost SELECT."""
    while "larg" in body:
        body = body["larg"]
    return body.get("intoClause")


def _inner(work: Work, node: Node) -> Rows | None:
    ((tag, body),) = node.items()
    return statement(work, tag, body)


def _copy(work: Work, body: Node) -> Rows | None:
    level = Level([], None, {})
    work.actions.add(Action.COPY)
    if "filename" in body or body.get("is_program"):  # the server's own files and programs
        work.actions.add(Action.ADMINISTER)
        if body.get("is_program"):  # of the server's own user: it may do anything there
            objects.note(work, f"program {body.get('filename', '')}", Effect.REACHES_OUT, Effect.CONTROLS_SERVER)
        else:
            objects.note(work, f"file {body.get('filename', '')}", Effect.FILES)
    if body.get("is_from"):
        write.copy(work, body, level)
        return None
    rows = write.copy(work, body, level) or []
    work.use_each(rows, OUTPUT)
    return rows


# EXPLAIN


def explain(work: Work, body: Node) -> Rows:
    """EXPLAIN plans, which runs some functions; with ANALYZE it does everything but give the result."""
    inner = Work(work.scope, work.text, work.parameters)
    inner.variables = work.variables
    rows = _inner(inner, body["query"])
    for _, value in rows or ():
        inner.use(value.refs(), EXPRESSION)
    if analyzes(body):
        work.take(inner)
    else:
        work.plans += [access for access in inner.accesses() if access.action is not Action.READ]
        work.take(inner, plan=True)
    work.actions.add(Action.READ)
    # EXPLAIN EXECUTE shows the values of parameters
    return [("QUERY PLAN", Value(TEXT, derived=_computed_by_planning(work) | inner.given))]


def _computed_by_planning(work: Work) -> frozenset[Ref]:
    """What the planner runs to put its result into the plan: functions that are said to be immutable, or stable."""
    functions = work.scope.snapshot.functions
    called = {oid: function for oid, _ in work.effects if oid > 0 and (function := functions.get(oid)) is not None}
    return effects.sources_of_each(work, [each for each in called.values() if each.volatility != "v"])


def analyzes(body: Node) -> bool:
    """Whether EXPLAIN runs what it explains: the last of its options of that name says so."""
    found = False
    for option in body.get("options", ()):
        element = option.get("DefElem", {})
        if str(element.get("defname")).lower() == "analyze":
            argument = element.get("arg")
            found = argument is None or _text_of(argument).lower() not in _FALSE
    return found


def _text_of(node: Any) -> str:
    if "String" in node:
        return str(node["String"].get("sval", ""))
    if "Integer" in node:
        return str(node["Integer"].get("ival", 0))
    if "Boolean" in node:
        return "true" if node["Boolean"].get("boolval") else "false"
    return ""


# CREATE TABLE AS, SELECT INTO


def create_as(work: Work, into: Node, rows: Rows, body: Node) -> None:
    """A new table with the rows of a query."""
    node = into.get("rel", into.get("IntoClause", {}).get("rel", {}))
    names = [each["String"]["sval"] for each in into.get("colNames", ())]
    columns = [Column(names[n] if n < len(names) else name, n + 1, value.type) for n, (name, value) in enumerate(rows)]
    relation = new_relation(work, node, "m" if body.get("objtype") == "OBJECT_MATVIEW" else "r", columns)
    location = node.get("location", -1)
    work.touch(Action.CREATE, relation, location)
    command.event_triggers(work)
    for column, (_, value) in zip(columns, rows, strict=True):
        work.use(value.refs(), WRITE_SOURCE)
        work.flow(relation, column.name, value, written=not into.get("skipData"))


def new_relation(work: Work, node: Node, kind: str, columns: list[Column] | None = None) -> Relation:
    """A relation that a statement makes, where it will be."""
    temporary = node.get("relpersistence") == "t" or node.get("schemaname") == "pg_temp"
    if temporary:
        schema = work.scope.temporary or "pg_temp"
    elif "schemaname" in node:
        schema = node["schemaname"]
    else:
        named = [each for each in work.scope.path if each not in ("pg_catalog", work.scope.temporary)]
        schema = named[0] if named and work.scope.certain else ""
    relation = Relation(next(_oids), schema, node.get("relname", ""), kind, columns or ())
    relation.persistence = "t" if temporary else "u" if node.get("relpersistence") == "u" else "p"
    work.created[relation.name] = relation
    return relation


# CALL, DO


def _call(work: Work, body: Node) -> Rows | None:
    call = body["funccall"]
    names = [part["String"]["sval"] for part in call["funcname"]]
    types = []
    named = []
    given: set[Ref] = set()
    for argument in call.get("args", ()):
        if "NamedArgExpr" in argument:
            named.append(argument["NamedArgExpr"].get("name", ""))
            argument = argument["NamedArgExpr"]["arg"]
        value = expression.value_of(work, argument, None)
        work.use_value(value, OUTPUT)
        given |= value.refs()
        types.append(value.type)
    schema = names[-2] if len(names) > 1 else None
    location = call.get("location", 0)
    found = function_called(
        work.scope, schema, names[-1], types, names=named, variadic=bool(call.get("func_variadic")), procedure=True
    )
    if not found.functions:
        work.lacks(f"procedure `{'.'.join(names)}` for these types", location)
        return None
    effects.runs_all(work, found, location)
    effects.carries(work, found, given)
    refs = effects.sources(work, found, location)
    work.use(refs, OUTPUT)
    function = found.functions[0]
    given_back = refs | given  # INOUT arguments
    return [(name, Value(type_, derived=given_back)) for name, type_ in query.out_columns(function)] or None


def _do(work: Work, body: Node) -> None:
    language, text = "plpgsql", ""
    for each in body.get("args", ()):
        element = each["DefElem"]
        if element["defname"] == "language":
            language = element["arg"]["String"]["sval"]
        elif element["defname"] == "as":
            text = element["arg"]["String"]["sval"]
    if language != "plpgsql":
        work.doubt(f"language `{language}` is not read")
        return
    inner = Work(work.scope)
    bodies.block(inner, text)
    work.include(Reach(inner), ("DO block",))
    work.looks_at_numbers = True
