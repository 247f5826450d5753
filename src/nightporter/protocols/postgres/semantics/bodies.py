"""Bodies of functions, triggers, rules and DO blocks: SQL and PL/pgSQL are read, other languages are unknown. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nightporter.catalog.model import Function, Relation, Rule
from nightporter.protocols.postgres.grammar import GrammarError, Parsed, parse
from nightporter.protocols.postgres.steps import TRACKED
from nightporter.statement.model import Action

from . import effects, expression, run
from .coercion import POLYMORPHIC
from .names import parts_of
from .plpgsql import read
from .plpgsql_body import Body, Kind, Piece, Role, Sort, Variable
from .scope import Scope
from .space import Rows, TableItem
from .typename import type_of
from .work import ANY_TYPE, EXPRESSION, OUTPUT, PREDICATE, UNSEEN, Reach, Ref, Touch, Value, Work, apart, name_of

RECORD = 2249
TEXT = 25
BOOL = 16

_TRIGGER_VARIABLES = {
    "tg_name": 19,
    "tg_when": TEXT,
    "tg_level": TEXT,
    "tg_op": TEXT,
    "tg_relid": 26,
    "tg_relname": 19,
    "tg_table_name": 19,
    "tg_table_schema": 19,
    "tg_nargs": 23,
    "tg_argv": 1009,
    "tg_event": TEXT,
    "tg_tag": TEXT,
}
_NEXTVAL = re.compile(r"nextval\('((?:[^']|'')+)'::(?:pg_catalog\.)?regclass\)")
STEPS_OF_PIECE = 40
"""What a part of a body costs, its variables included. Bodies that call each other are read many times: a character is a step."""


def understand_body(scope: Scope, function: Function) -> tuple[Work, Rows | None]:
    """What a function of language SQL or PL/pgSQL runs, and where its result comes from."""
    inner = _own_scope(scope, function)
    work = Work(inner, parameters=tuple(_known(type_) for type_ in function.argument_types))
    work.variables = _parameters(function)
    for name in _SWITCHES & function.settings.keys():
        work.doubt(f"{name_of(function)} runs under another {name}")
    if _follows_user(scope, inner, function):
        work.doubt(f"{name_of(function)} runs as another role, which may see other schemas by `$user`")
    if function.language == "sql":
        return work, _sql(work, function)
    if function.result in (2279, 3838):  # a trigger's: what it does depends on the table, see trigger_reach
        work.variables |= dict.fromkeys(("new", "old"), RECORD) | _TRIGGER_VARIABLES
    _plpgsql(work, function.body, name_of(function))
    for type_ in {function.result, *function.argument_types, *function.all_types}:
        effects.assigns(work, type_)
    return work, _result(work, function)


def _own_scope(scope: Scope, function: Function) -> Scope:
    path = function.settings.get("search_path")
    role = None
    if function.security_definer:
        role = next((each.name for each in scope.snapshot.roles.values() if each.oid == function.owner), "")
    if path is None:
        return scope.variant(role=role)  # see `_follows_user`
    return scope.variant(path=tuple(schemas_of(path)), role=role)


_SWITCHES = frozenset(TRACKED) - {"search_path"}
"""Settings that a function may have its own value of, and that change what is set off."""


def _follows_user(scope: Scope, inner: Scope, function: Function) -> bool:
    """Whether SECURITY DEFINER may change what `$user` in the search path stands for. A scope does not know if that is in it."""
    if inner.role == scope.role or "search_path" in function.settings or function.body_calls is not None:
        return False
    return inner.role in scope.snapshot.schemas or scope.role in scope.path


def schemas_of(setting: str) -> list[str]:
    """The schemas that a search_path names: comma-separated identifiers, folded unless quoted."""
    found = []
    for quoted, bare in re.findall(r'"((?:[^"]|"")*)"|([^\s,"]+)', setting):
        found.append(quoted.replace('""', '"') if quoted or not bare else bare.lower())
    return [each for each in found if each]


def _parameters(function: Function) -> dict[str, int]:
    types = function.all_types or function.argument_types
    named = {name: _known(type_) for name, type_ in zip(function.names, types, strict=False) if name}
    return {**named, function.name: RECORD}


def _known(type_: int) -> int:
    """What `anyelement` and its kin stand for is known by the call only."""
    return ANY_TYPE if type_ in POLYMORPHIC else type_


# SQL


def _sql(work: Work, function: Function) -> Rows | None:
    if function.body_calls is not None:  # the server has analysed it
        own = work.scope
        work.exact, work.scope, work.calling = True, own.canonical(), own
        rows = _standard(work, function.body)
        work.exact, work.scope = False, own
        effects.calls_each(work, function.body_calls)
        return effects.unplaced(work, function.body_calls, rows) if rows is not None else None
    rows = _statements(work, function.body)
    _returned(work, function, rows or [])
    return rows


def _returned(work: Work, function: Function, rows: Rows) -> None:
    """The last statement's rows become what the function is said to return."""
    if len(rows) == 1 and rows[0][1].type == function.result:
        return
    relation = expression.row_relation(work, function.result)
    outputs = [type_ for mode, type_ in zip(function.modes, function.all_types, strict=False) if mode in "obt"]
    wanted = [column.type for column in relation.columns] if relation is not None else outputs or [function.result]
    for type_, (_, value) in zip(wanted, rows, strict=False):
        if type_ != value.type:
            effects.assigns(work, type_)


def _standard(work: Work, text: str) -> Rows | None:
    """An SQL-standard body, as the server prints it: RETURN value, or BEGIN ATOMIC ... END."""
    try:
        (parsed,) = parse(f"CREATE FUNCTION f() RETURNS int LANGUAGE sql {text}".encode())
        body = parsed.body["sql_body"]
    except (GrammarError, LookupError, ValueError):
        work.doubt("a body that cannot be read")
        return None
    nodes = [body]
    if "List" in body:  # BEGIN ATOMIC, which may be empty
        nodes = [each for part in body["List"].get("items", ()) for each in part.get("List", {}).get("items", ())]
    rows = None
    for node in nodes:
        if rows is not None:
            work.use_each(rows, EXPRESSION)
        ((tag, inner),) = node.items()
        if tag == "ReturnStmt":
            rows = [("", expression.value_of(work, inner["returnval"], None))]
        else:
            rows = run.statement(work, tag, inner)
    work.use_each(rows or (), OUTPUT)
    return rows


def _statements(work: Work, text: str) -> Rows | None:
    """Run the statements of a text; gives the rows of the last."""
    rows = None
    try:
        found = parse(text.encode())
    except GrammarError as error:
        work.doubt(f"a body that cannot be read: {error}")
        return None
    for parsed in found:
        if rows is not None:
            _used(work, rows, EXPRESSION)
        rows = _statement(work, parsed)
    if rows is not None:
        _used(work, rows, OUTPUT)
    return rows


def _statement(work: Work, parsed: Parsed) -> Rows | None:
    return run.statement(work, parsed.tag, parsed.body)


def _used(work: Work, rows: Rows, uses: int) -> None:
    for _, value in rows:
        work.use_value(value, uses)


# PL/pgSQL


def _plpgsql(work: Work, text: str, name: str, body: Body | None = None) -> None:
    """Run every piece of a body. What it reads may become its result: `work.looked` has all of that in the end."""
    work.progress.step(len(text))
    body = body or read(text, standard_strings=work.scope.settings.get("standard_conforming_strings", "on") == "on")
    for doubt in body.doubts:
        work.doubt(f"in {name}: {doubt.reason}")
    outside = dict(work.variables)
    for type_ in {_type_of_variable(work, variable, outside) for variable in body.variables}:
        effects.assigns(work, type_)
    own_parameters = work.parameters
    seen: set[Ref] = set()
    kept: set[Ref] = set()
    caught = any(variable.sort is Sort.CAUGHT for variable in body.variables)
    for piece in body.pieces:
        work.variables = outside if piece.detached else {**outside, **_visible(work, body, piece, outside)}
        work.parameters = () if piece.detached else own_parameters
        if piece.dynamic:
            work.doubt(f"{name} runs text that it builds")
            seen.add(UNSEEN)
        elif piece.text or piece.kind not in (Kind.CURSOR, Kind.DIAGNOSTICS):
            _piece(work, piece, seen, kept, caught)
    work.variables, work.parameters = outside, own_parameters
    if caught and _TELLS.search(text):
        seen |= set(_told_by_errors(work))
    work.looked |= seen
    for into in work.flows.values():  # variables may carry what was read into what is written
        into.update((ref, False) for ref in kept if (ref, True) not in into)


_TELLS = re.compile(r"(?i)\b(?:sqlerrm|stacked)\b")
"""What an error says is a value like any other."""
_WRITES = frozenset({Action.INSERT, Action.UPDATE, Action.DELETE})


def _told_by_errors(work: Work) -> Iterator[Ref]:
    """What errors of changes may tell: what was to be written, and the row in whose way it is."""
    for sources in work.flows.values():
        yield from (ref for ref, _ in sources)
    for touch in (*work.touches.values(), *work.occurrences):
        if touch.action in _WRITES:
            yield from (apart(touch.relation, column.name) for column in touch.relation.columns)


def _visible(work: Work, body: Body, piece: Piece, outside: dict[str, int]) -> dict[str, int]:
    found = {}
    for name, variable in body.visible(piece.start).items():
        found[name] = _type_of_variable(work, variable, outside)
    for label in body.labels:
        found.setdefault(label, RECORD)
    return found


def _type_of_variable(work: Work, variable: Variable, outside: dict[str, int]) -> int:
    written = variable.type.strip()
    if not written or written.lower() == "record":
        return RECORD if not variable.stands_for else ANY_TYPE
    if written.lower().endswith("%rowtype"):
        written = written[: -len("%rowtype")]
    try:
        (parsed,) = parse(f"SELECT NULL::{written}".encode())
        node = parsed.body["targetList"][0]["ResTarget"]["val"]["TypeCast"]["typeName"]
    except (GrammarError, LookupError, ValueError):
        return ANY_TYPE
    quiet = Work(work.scope)  # a type that is not there is the body's own trouble
    return type_of(quiet, node)


def _piece(work: Work, piece: Piece, seen: set[Ref], kept: set[Ref], caught: bool) -> None:
    """`seen`: all that it looks at; `kept`: what a variable may hold afterwards. `caught`: errors are, and may tell a value."""
    work.progress.step(STEPS_OF_PIECE)
    try:
        found = parse(piece.sql.encode())
    except GrammarError as error:
        work.doubt(f"a part of a body cannot be read: {error}")
        return
    for parsed in found:
        rows = _statement(work, parsed)
        _assigned(work, piece, rows or [])
        for _, value in rows or ():
            if piece.compares:
                expression.operate(work, ["="], ANY_TYPE, value.type)
            match piece.role:
                case Role.RETURNED | Role.RAISED | Role.BOUND:
                    work.use_value(value, OUTPUT)
                case Role.CONDITION:
                    work.use_value(value, PREDICATE)
                case Role.DISCARDED:
                    work.use_value(value, EXPRESSION)
                    if not caught:
                        continue
                case _:
                    work.use_value(value, EXPRESSION)
            seen |= value.refs()
            if piece.role not in (Role.RETURNED, Role.RAISED, Role.CONDITION):
                kept |= value.refs()


def _assigned(work: Work, piece: Piece, rows: Rows) -> None:
    """`NEW.a := x` in a trigger is written into the table."""
    if "new" not in work.rows:
        return
    relation = work.rows["new"].relation
    for n, target in enumerate(piece.targets):
        if len(target) > 1 and target[0] == "new" and target[1] in relation.by_name:
            for _, value in rows[n : n + 1] if len(rows) == len(piece.targets) else rows:
                work.flow(relation, target[1], value if len(target) == 2 else Value(value.type, derived=value.refs()))


def _result(work: Work, function: Function) -> Rows:
    """Where a PL/pgSQL function's result may come from: from everything that it has looked at."""
    value = Value(function.result, derived=frozenset(work.looked))
    relation = expression.row_relation(work, function.result)
    count = len(relation.columns) if relation is not None else max(1, len(function.all_types))
    return [("", value)] * count


def block(work: Work, text: str) -> None:
    """A DO block of PL/pgSQL."""
    _plpgsql(work, text, "the DO block")


def trigger_reach(scope: Scope, function: Function, relation: Relation, tables: tuple[str, ...] = ()) -> Reach | None:
    """What a trigger function of PL/pgSQL does for one table, whose rows NEW and OLD are. `tables`: names for all such rows."""
    key = (function.oid, relation.oid, tables)
    found: Reach | None = scope.progress.find(scope.reaches, key, lambda: _trigger(scope, function, relation, tables))
    return found


def _trigger(scope: Scope, function: Function, relation: Relation, tables: tuple[str, ...]) -> Reach:
    work = Work(_own_scope(scope, function))
    work.variables = {**_TRIGGER_VARIABLES, "new": relation.row_type, "old": relation.row_type, function.name: RECORD}
    work.rows = _changed_rows(relation)
    work.transition = dict.fromkeys(tables, work.rows["new"])
    _plpgsql(work, function.body, name_of(function))
    return Reach(work)


def _changed_rows(relation: Relation) -> dict[str, TableItem]:
    """NEW and OLD of a table. Their touches are in nobody's notebook: the row is at hand, and nothing is read."""
    return {name: TableItem(Touch(Action.READ, relation, (), -1), name, None, []) for name in ("new", "old")}


def rule_reach(scope: Scope, rule: Rule, relation: Relation) -> Reach | None:
    """What a rule runs beside, or instead of, what set it off."""
    key = ("rule", relation.oid, rule.name)
    found: Reach | None = scope.progress.find(scope.reaches, key, lambda: _rule(scope, rule, relation))
    return found


def _rule(scope: Scope, rule: Rule, relation: Relation) -> Reach:
    work = Work(scope.canonical())
    work.variables = {"new": relation.row_type, "old": relation.row_type}
    work.rows = _changed_rows(relation)
    try:
        (parsed,) = parse(rule.definition.encode())
        body = parsed.body
        if "whereClause" in body:
            expression.condition(work, body["whereClause"], None)
        for each in body.get("actions", ()):
            ((tag, action),) = each.items()
            _used(work, run.statement(work, tag, action) or [], OUTPUT)
    except (GrammarError, ValueError) as error:
        work.doubt(f"rule {rule.name} on {relation.schema}.{relation.name} was not read: {error}")
    return Reach(work)


def sequence_named(scope: Scope, text: str) -> Relation | None:
    """The sequence of a default like nextval('s'::regclass)."""
    match = _NEXTVAL.search(text)
    if match is None:
        return None
    parts = parts_of(match[1].replace("''", "'"))
    return scope.relation(parts[-2] if len(parts) > 1 else None, parts[-1]) if parts else None
