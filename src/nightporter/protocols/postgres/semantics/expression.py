"""Expressions: which columns a value comes from, of which type it is, and what computing it runs. Pure.

`walk(work, node, space, into)` adds every column that the value of an expression is computed from to `into`, and gives its type
(an OID; 0 where it is not known). `value_of` keeps apart a column's own value and a computed one. What is looked at on the way
without becoming part of the value (a condition inside a sub-select) is marked as such where it stands.

The nodes are those of "Value Expressions" and gram.y's a_expr, b_expr and c_expr.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from nightporter.catalog.model import Function, Relation
from nightporter.protocols.postgres.grammar import Node, is_constant, string_value

from . import effects, named, query
from .coercion import Way, array_built, array_of, cast_called, common_called, element_of, way
from .overload import Resolution, array_operator_called, function_called, member_called, operator_called
from .space import NOWHERE, TWICE, Item, Level, Rows, RowsItem, Space, TableItem
from .typename import type_of
from .work import (
    ANY_TYPE,
    MUTE,
    NO_VALUE,
    ORDERING,
    PREDICATE,
    UNKNOWN_TYPE,
    WHOLE_ROW,
    Ref,
    Value,
    Work,
    deciding,
    field_named,
    muted,
    named_by,
    under_key,
    unkeyed,
)

BOOL, INT4, INT8, TEXT, NUMERIC, BIT, NAME, DATE, TIME, TIMETZ, TIMESTAMP, TIMESTAMPTZ, XML, JSON, JSONB, RECORD = (
    16, 23, 20, 25, 1700, 1560, 19, 1082, 1083, 1266, 1114, 1184, 142, 114, 3802, 2249,
)  # fmt: skip

Into = set[Ref]


def walk(work: Work, node: Any, space: Space | None, into: Into) -> int:
    """The type of an expression; its columns go `into`."""
    if type(node) is not dict:
        return UNKNOWN_TYPE if type(node) is str else INT4  # a constant of a text so large that its tree was cut down
    for tag, body in node.items():
        work.progress.step()
        handler = _HANDLERS.get(tag)
        if handler is None:
            work.doubt(f"`{tag[:80]}` in an expression is not known", _location(body))
            return ANY_TYPE
        return handler(work, body, space, into)
    return ANY_TYPE


def value_of(work: Work, node: Any, space: Space | None) -> Value:
    """An expression's value, its columns' own kept apart."""
    if type(node) is dict:
        if "ColumnRef" in node:
            return _column(work, node["ColumnRef"], space)
        if "SubLink" in node and node["SubLink"].get("subLinkType") == "EXPR_SUBLINK":
            rows, decides = _subselect(work, node["SubLink"]["subselect"], space)
            value = rows[0][1] if rows else NO_VALUE
            return Value(value.type, derived=value.refs() | decides, row=value.row) if decides else value
        if "A_Indirection" in node:
            return _indirection_value(work, node["A_Indirection"], space)
        if "TypeCast" in node:
            return _cast_value(work, node["TypeCast"], space)
        if "RowExpr" in node:
            return _row_value(work, node["RowExpr"], space)
        if "CollateClause" in node and "arg" in node["CollateClause"]:
            return value_of(work, node["CollateClause"]["arg"], space)
        if "FuncCall" in node and (field := _field_called(work, node["FuncCall"], space)) is not None:
            return field
    into: Into = set()
    type_ = walk(work, node, space, into)
    return Value(type_, derived=frozenset(into))


def walk_all(work: Work, nodes: Any, space: Space | None, into: Into) -> list[int]:
    """The types of several."""
    return [walk(work, node, space, into) for node in nodes]


def condition(work: Work, node: Any, space: Space | None, uses: int = PREDICATE) -> frozenset[Ref]:
    """A condition: whatever it looks at decides. Gives what it looked at."""
    into: Into = set()
    walk(work, node, space, into)
    work.use(into, uses)
    work.looked |= into
    return frozenset(into)


# Names


def _column(work: Work, body: Node, space: Space | None) -> Value:
    fields = body["fields"]
    first = fields[0].get("String")
    location = body.get("location", 0)
    if len(fields) == 1 and first is not None:
        return _bare(work, first["sval"], location, space)
    names = [field["String"]["sval"] if "String" in field else "*" for field in fields]
    if names[-1] == "*":
        item = item_named(work, names[:-1], space) or work.rows.get(names[0])
        if item is None and names[0] in work.variables:
            return Value(work.variables[names[0]])
        if item is None:
            work.lacks(f"relation `{'.'.join(names[:-1])}`", location)
            return NO_VALUE
        return whole_row(work, item)
    return _qualified(work, names, location, space)


def _bare(work: Work, name: str, location: int, space: Space | None) -> Value:
    found = space.column(name) if space is not None else NOWHERE
    if isinstance(found, Value):
        return found
    if found is TWICE:
        work.doubt(f"column `{name}` is ambiguous", location)
        return NO_VALUE
    if name in work.variables:
        return whole_row(work, work.rows[name]) if name in work.rows else Value(work.variables[name])
    item = space.item(name) if space is not None else None
    if item is not None:
        return whole_row(work, item)
    work.lacks(f"column `{name}`", location)
    return NO_VALUE


def item_named(work: Work, names: list[str], space: Space | None) -> Item | None:
    """The FROM item that `a`, `s.a` or `db.s.a` names."""
    if space is None:
        return None
    if len(names) == 1:
        return space.item(names[0])
    return space.item(names[-1], work.scope.real(names[-2]))


def _qualified(work: Work, names: list[str], location: int, space: Space | None) -> Value:
    """`t.a`, `s.t.a`, or of a variable that is a row."""
    item = item_named(work, names[:-1], space)
    if item is not None:
        found = item.find(names[-1])
        if isinstance(found, Value):
            return found
        if found is TWICE:
            work.doubt(f"column `{names[-1]}` is ambiguous", location)
            return NO_VALUE
        row = whole_row(work, item)  # `t.f` is also f(t)
        return _function_of_row(work, names[-1], row, location)
    if names[0] in work.rows and isinstance(found := work.rows[names[0]].find(names[1]), Value):
        return found
    if names[0] in work.variables:
        return Value(_field_type(work, work.variables[names[0]], names[1]))
    work.lacks(f"relation `{'.'.join(names[:-1])}`", location)
    return NO_VALUE


def _field_type(work: Work, type_: int, name: str) -> int:
    relation = row_relation(work, type_)
    column = relation.by_name.get(name) if relation is not None else None
    return column.type if column is not None else ANY_TYPE


def _function_of_row(work: Work, name: str, row: Value, location: int) -> Value:
    functions = function_called(work.scope, None, name, [row.type])
    if not functions.functions:
        work.lacks(f"column `{name}`", location)
        return NO_VALUE
    effects.runs_all(work, functions, location)
    return Value(functions.result, derived=row.refs() | effects.sources(work, functions, location))


def whole_row(work: Work, item: Item, *, taken: bool = True) -> Value:
    """A row taken as one value; not `taken` if only a field of it is."""
    if isinstance(item, RowsItem) and len(item.rows) == 1 and item.row_type and row_relation(work, item.row_type) is None:
        return item.rows[0][1]  # a function that gives a scalar: its alias is the value
    refs: Into = set()
    for _, value in item.columns():
        refs |= value.refs()
    if taken:
        work.use(refs, WHOLE_ROW)
    type_ = item.relation.row_type if isinstance(item, TableItem) else getattr(item, "row_type", ANY_TYPE) or RECORD
    return Value(type_, derived=frozenset(refs), row=item)


def row_relation(work: Work, type_: int) -> Relation | None:
    """The relation behind a composite type, through domains; None if it is none."""
    types = work.scope.snapshot.types
    found = types.get(type_)
    while found is not None and found.base and not found.relation:
        found = types.get(found.base)
    return work.scope.snapshot.relations.get(found.relation) if found is not None and found.relation else None


def _column_ref(work: Work, body: Node, space: Space | None, into: Into) -> int:
    value = _column(work, body, space)
    into |= value.direct
    into |= value.derived
    return value.type


# Constants and parameters


def _constant(work: Work, body: Node, space: Space | None, into: Into) -> int:
    if "ival" in body:
        return INT4
    if "sval" in body or "isnull" in body:
        return UNKNOWN_TYPE
    if "boolval" in body:
        return BOOL
    if "fval" in body:
        digits = body["fval"].get("fval", "")
        if digits.isdigit() and int(digits) < 1 << 63:
            return INT8
        return NUMERIC
    return BIT


def _parameter(work: Work, body: Node, space: Space | None, into: Into) -> int:
    number = body.get("number", 0)
    if 0 < number <= len(work.parameters):
        # a body has them from its function, whose polymorphic ones are not known; of a text the server infers them as of a literal
        return work.parameters[number - 1] or (UNKNOWN_TYPE if work.text else ANY_TYPE)
    if work.untyped:
        return ANY_TYPE
    return UNKNOWN_TYPE  # the server infers it as it does for a literal


# Operators


def _operation(work: Work, body: Node, space: Space | None, into: Into) -> int:
    kind = body.get("kind", "AEXPR_OP")
    if kind == "AEXPR_OP":
        return _chain(work, body, space, into)
    name = [each["String"]["sval"] for each in body.get("name", ())]
    location = body.get("location", 0)
    if kind == "AEXPR_IN":
        left = _operand(work, body["lexpr"], space, into)
        right = body["rexpr"]
        items = right["List"].get("items", ()) if type(right) is dict and "List" in right else [right]
        if _is_row(body["lexpr"]) and all(_is_row(item) for item in items):
            for item in items:
                _rows(work, {**body, "rexpr": item}, space, into)
            return BOOL
        _member(work, name, left, items, space, into, location)
        return BOOL
    if kind in ("AEXPR_OP_ANY", "AEXPR_OP_ALL"):
        left = _operand(work, body["lexpr"], space, into)
        right_type = walk(work, body["rexpr"], space, into)
        operation = array_operator_called(work.scope, name[-2] if len(name) > 1 else None, name[-1], left, right_type)
        _operated(work, operation, name, location, into)
        return BOOL
    if kind.startswith(("AEXPR_BETWEEN", "AEXPR_NOT_BETWEEN")):
        left = _operand(work, body["lexpr"], space, into)
        for bound, operator in zip(body["rexpr"]["List"]["items"], (">=", "<="), strict=False):
            type_ = walk(work, bound, space, into)
            operate(work, [operator], left, type_, location, into)
            if "NOT" in kind or "SYM" in kind:
                for each in ("<", ">", "<=", ">="):
                    operate(work, [each], left, type_, location, into)
        return BOOL
    if _is_row(body.get("lexpr")) and _is_row(body.get("rexpr")) and kind in ("AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT"):
        return _rows(work, body, space, into)
    left = _operand(work, body.get("lexpr"), space, into)
    right_type = _operand(work, body.get("rexpr"), space, into)
    result = operate(work, name, left, right_type, location, into)
    if kind == "AEXPR_NULLIF":
        found = operator_called(work.scope, name[-2] if len(name) > 1 else None, name[-1], left, right_type)
        return found.arguments[0] if found.arguments else left
    return BOOL if kind in _TRUTHS else result


_TRUTHS = frozenset({"AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT", "AEXPR_LIKE", "AEXPR_ILIKE", "AEXPR_SIMILAR"})


def _operand(work: Work, node: Any, space: Space | None, into: Into) -> int:
    """An operand, which may be a row: then its parts are compared one by one."""
    return walk(work, node, space, into) if node is not None else ANY_TYPE


def _chain(work: Work, body: Node, space: Space | None, into: Into) -> int:
    """`a + b + c ...`: nested to the left as deep as it is long, so no recursion on that side."""
    spine = []
    node: Any = {"A_Expr": body}
    while type(node) is dict and "A_Expr" in node and node["A_Expr"].get("kind", "AEXPR_OP") == "AEXPR_OP":
        spine.append(node["A_Expr"])
        node = node["A_Expr"].get("lexpr")
        if node is None:
            break
    left: Into = set()  # apart from what else the value is made of: some operators take only a part of it
    if node is None:  # a prefix operator
        last = spine.pop()
        type_ = _prefix(work, last, space, left)
    elif _is_row(node) and spine:
        last = spine.pop()
        type_ = _rows(work, last, space, left)
    else:
        type_ = walk(work, node, space, left)
    for each in reversed(spine):
        name = [part["String"]["sval"] for part in each["name"]]
        if name[-1] in _TAKES_OUT and is_document(work, type_):
            keys = _keys(each["rexpr"])
            if keys:
                left = set(under_key(left, keys))
            elif not is_constant(each["rexpr"]):
                left = set(unkeyed(left))
        right = walk(work, each["rexpr"], space, left)
        type_ = operate(work, name, type_, right, each.get("location", 0), left)
    into |= left
    return type_


_DOCUMENTS = frozenset({JSON, JSONB})


def is_document(work: Work, type_: int) -> bool:
    """Whether keys tell what stands in values of a type."""
    if type_ in _DOCUMENTS:
        return True
    found = work.scope.snapshot.types.get(type_) if type_ >= effects.FIRST_OF_OURS else None
    return found is not None and found.name == "hstore"


_TAKES_OUT = frozenset({"->", "->>", "#>", "#>>"})


def _keys(node: Any) -> list[str]:
    """Those under which an operator of JSON looks, where the text has them: a key, or the path `{user,name}`."""
    while type(node) is dict and "TypeCast" in node:
        node = node["TypeCast"]["arg"]
    if type(node) is dict and "A_ArrayExpr" in node:
        return [key for each in node["A_ArrayExpr"].get("elements", ()) for key in _keys(each)]
    path = string_value(node)
    if path is None or path.lstrip("-").isdigit():
        return []
    if path[:1] == "{" and path[-1:] == "}":
        keys = [key.strip().strip('"') for key in path[1:-1].split(",")]
        return [key for key in keys if key and not key.lstrip("-").isdigit()]
    return [path]


def _prefix(work: Work, body: Node, space: Space | None, into: Into) -> int:
    name = [part["String"]["sval"] for part in body["name"]]
    right = walk(work, body["rexpr"], space, into)
    if name == ["-"] and right in (INT4, INT8, NUMERIC) and type(body["rexpr"]) is dict and "A_Const" in body["rexpr"]:
        return right
    return operate(work, name, None, right, body.get("location", 0), into)


def _is_row(node: Any) -> bool:
    return type(node) is dict and "RowExpr" in node


def _rows(work: Work, body: Node, space: Space | None, into: Into) -> int:
    """`(a, b) = (c, d)`: an operator for each pair."""
    name = [part["String"]["sval"] for part in body["name"]]
    left, right = body["lexpr"], body["rexpr"]
    left_types = row_types(work, left["RowExpr"].get("args", ()), space, into)
    if _is_row(right):
        right_types = row_types(work, right["RowExpr"].get("args", ()), space, into)
    else:
        right_types = [ANY_TYPE] * len(left_types)
        walk(work, right, space, into)
    for a, b in zip(left_types, right_types, strict=False):
        operate(work, name, a, b, body.get("location", 0), into)
        if name[-1] in ("<", ">", "<=", ">="):
            operate(work, [*name[:-1], "="], a, b, body.get("location", 0), into)
    return BOOL


def row_types(work: Work, nodes: Any, space: Space | None, into: Into) -> list[int]:
    """Of a row's parts, `t.*` expanded."""
    types = []
    for node in nodes:
        columns = query.star(work, node, space)
        if columns is None:
            types.append(walk(work, node, space, into))
            continue
        for _, value in columns:
            into |= value.direct
            into |= value.derived
            types.append(value.type)
    return types


def operate(work: Work, name: list[str], left: int | None, right: int, location: int = -1, into: Into | None = None) -> int:
    """Run an operator on two types; gives its result's. What its function reads goes `into`."""
    schema = name[-2] if len(name) > 1 else None
    found = operator_called(work.scope, schema, name[-1], left, right)
    effects.compares_parts(work, found, (left, right))
    return _operated(work, found, name, location, into)


def _operated(work: Work, found: Resolution, name: list[str], location: int, into: Into | None) -> int:
    if not found.functions:
        if not work.exact:
            work.lacks(f"an operator `{name[-1]}` for these types", location)
        return ANY_TYPE
    effects.runs_all(work, found, location)
    if into is not None and any(function.oid not in work.scope.quiet for function in found.functions):
        into |= effects.sources(work, found, location)
    for operator in found.operators:
        if operator.related:  # the planner may put these in its place
            effects.calls_each(work, operator.related, location)
    return found.result


def _member(work: Work, name: list[str], left: int, items: Any, space: Space | None, into: Into, location: int) -> None:
    """`left IN (items)`: those without a column are compared as one array."""
    types, columns = [], []
    for item in items:
        own: Into = set()
        types.append(walk(work, item, space, own))
        columns.append(bool(own))
        into |= own
    if len(set(types)) == 1:
        operate(work, name, left, types[0], location, into)
        return
    for found in member_called(work.scope, name[-2] if len(name) > 1 else None, name[-1], left, types, columns):
        if found.functions or found.coercions:
            effects.runs_all(work, found, location)
            into |= effects.sources(work, found, location)
        elif not work.exact:
            work.lacks(f"an operator `{name[-1]}` for these types", location)


# Calls


def _call(work: Work, body: Node, space: Space | None, into: Into) -> int:
    names = [part["String"]["sval"] for part in body["funcname"]]
    location = body.get("location", 0)
    arguments = body.get("args", ())
    types: list[int] = []
    by_name: list[str] = []
    row: Value | None = None
    given: Into = set()
    for argument in arguments:
        if type(argument) is dict and "NamedArgExpr" in argument:
            by_name.append(argument["NamedArgExpr"].get("name", ""))
            argument = argument["NamedArgExpr"]["arg"]
        if len(arguments) == 1 and (row := row_of_item(work, argument, space)) is not None:
            types.append(row.type)
        else:
            types.append(walk(work, argument, space, given))
    for each in body.get("agg_order", ()):
        ordering: Into = set()
        type_ = walk(work, each["SortBy"]["node"], space, ordering)
        work.use(ordering, ORDERING)
        sort(work, each["SortBy"], type_)
        if body.get("agg_within_group"):
            types.append(type_)
            into |= ordering
    if "agg_filter" in body:
        condition(work, body["agg_filter"], space)
    if "over" in body:
        query.window(work, body["over"], space)
    schema = names[-2] if len(names) > 1 else None
    found = function_called(work.scope, schema, names[-1], types, names=by_name, variadic=bool(body.get("func_variadic")))
    is_mute = len(found.functions) == 1 and _tells_no_value(work, found.functions[0], body, row, space)
    into.update(muted(given) if is_mute else given)
    if row is None and not found.functions and len(types) == 1:
        relation = row_relation(work, types[0])
        if relation is not None and names[-1] in relation.by_name:
            named_field = field_value(relation, names[-1], frozenset())  # `field(row)`
            into |= named_field.refs()
            return named_field.type
    if row is not None:
        field = _field(work, names[-1], row) if not found.functions else None
        if field is not None:
            into |= field.refs()
            return field.type
        work.use(row.refs(), WHOLE_ROW)
        into.update(muted(row.refs()) if is_mute else row.refs())
    if not found.functions:
        if found.cast_to:
            effects.runs_each(work, cast_called(work.scope, types[0], found.cast_to, "e"), location)
            return found.cast_to
        if work.exact:
            return ANY_TYPE
        work.lacks(f"a function `{'.'.join(names)}` for these types", location)
        return ANY_TYPE
    if body.get("agg_distinct"):
        for type_ in types:
            compare(work, type_)
    if len(found.functions) == 1:
        refs = named.understood(work, found.functions[0], arguments, given, location)
        if refs is not None:
            work.last_call, work.last_outputs, work.last_type = found.functions[0], None, found.result
            into |= refs
            return found.result
    if names[-1] in _TAKES_PARTS:
        into |= named_by(words_in(arguments))
    if names[-1] in _LOSES_KEYS:
        into |= set(unkeyed(given))
    effects.runs_all(work, found, location)
    effects.compares_parts(work, found, types)
    effects.carries(work, found, given if row is None else row.refs())
    into |= effects.sources(work, found, location)
    for function in found.functions:
        if function.returns_set:
            work.multiplied |= given if row is None else row.refs()
        elif function.kind != "f" and isinstance(space, Level):
            into.update(deciding(space.multiplied))
    return found.result


_TAKES_PARTS = frozenset(
    {
        *(f"{kind}_extract_path{form}" for kind in ("json", "jsonb") for form in ("", "_text")),
        *(f"jsonb_path_query{form}" for form in ("", "_tz", "_array", "_array_tz", "_first", "_first_tz")),
        *("fetchval", "slice", "slice_array", "xpath"),
    }
)
"""Functions that take something out of a document by keys, or a path with keys in it."""
_LOSES_KEYS = _TAKES_PARTS | {
    *(f"{kind}_{taken}" for kind in ("json", "jsonb") for taken in ("each", "each_text", "to_record", "to_recordset")),
    *(f"{kind}_populate_record{form}" for kind in ("json", "jsonb") for form in ("", "set")),
    *("each", "avals", "svals", "substr", "substring", "left", "right", "split_part", "overlay", "replace", "translate", "reverse"),
    *("regexp_match", "regexp_matches", "regexp_replace", "regexp_substr", "regexp_split_to_array", "regexp_split_to_table"),
    *("string_to_array", "string_to_table", "encode", "convert_to", "decode"),
}
"""Functions that give values without the keys under which they stood, or pieces of a document that is written as a text."""
_WORD = re.compile(r"[^\W\d][\w-]*")


def words_in(node: Any) -> Iterator[str]:
    """The words of all constants that stand in arguments: keys, if it is keys that are meant."""
    text = string_value(node)
    if text is not None:
        yield from (match.group() for match in _WORD.finditer(text))
    elif type(node) is dict:
        for each in node.values():
            if type(each) in (dict, list):
                yield from words_in(each)
    elif type(node) is list:
        for each in node:
            yield from words_in(each)


_COUNT = 2147
"""OID of count("any")."""
_TYPE_ONLY = frozenset({"pg_typeof", "pg_collation_for"})
_NULL_ONLY = frozenset({"pg_num_nulls", "pg_num_nonnulls"})


def _tells_no_value(work: Work, function: Function, body: Node, row: Value | None, space: Space | None) -> bool:
    """Whether a call tells at most whether its arguments are NULL, as masked values do too, or of which type they are."""
    if function.oid >= effects.FIRST_OF_OURS or function.language != "internal":
        return False
    if function.symbol in _TYPE_ONLY:
        return True
    if function.oid != _COUNT and (function.symbol not in _NULL_ONLY or body.get("func_variadic")):
        return False
    if row is not None and isinstance(row.row, Item):
        return True  # a row is there, whatever is in it
    return all(_stands(work, each, space) is not None for each in body.get("args", ()))


def _stands(work: Work, node: Any, space: Space | None) -> Value | None:
    """The value of a column as it stands in its table. None: it is computed, so that whether it is NULL may tell of what it is."""
    if type(node) is not dict or "ColumnRef" not in node:
        return None
    value = _column(work, node["ColumnRef"], space)
    parts = [each for _, each in value.row.columns()] if isinstance(value.row, Item) else [value]
    return value if all(ref.how == MUTE for part in parts for ref in part.derived) else None


def row_of_item(work: Work, node: Any, space: Space | None) -> Value | None:
    """The row of a FROM item that is named as a value; which of its columns are looked at is seen later."""
    fields: list[Node] = node["ColumnRef"]["fields"] if type(node) is dict and "ColumnRef" in node else []
    if space is None or len(fields) != 1 or "String" not in fields[0]:
        return None
    name = fields[0]["String"]["sval"]
    if space.column(name) is not NOWHERE or name in work.variables:
        return None
    item = space.item(name)
    return whole_row(work, item, taken=False) if item is not None else None


def _field_called(work: Work, body: Node, space: Space | None) -> Value | None:
    """`a(t)` where no function is meant: the column itself."""
    arguments = body.get("args", ())
    if len(arguments) != 1 or len(body["funcname"]) != 1:
        return None
    row = row_of_item(work, arguments[0], space)
    if row is None:
        return None
    name = body["funcname"][0]["String"]["sval"]
    return _field(work, name, row) if not function_called(work.scope, None, name, [row.type]).functions else None


def _field(work: Work, name: str, row: Value) -> Value | None:
    """`name(row)` is the row's column of that name."""
    found = row.row.find(name) if isinstance(row.row, Item) else None
    return found if isinstance(found, Value) else None


def sort(work: Work, body: Node, type_: int) -> None:
    """ORDER BY runs the type's comparison, or the operator that USING names."""
    using = body.get("useOp")
    effects.compares(work, type_)
    if using:
        operation = operator_called(work.scope, *_name_of(using), type_, type_)
        _operated(work, operation, [part["String"]["sval"] for part in using], body.get("location", 0), None)


def _name_of(parts: list[Node]) -> tuple[str | None, str]:
    """Schema and name of an operator."""
    names = [part["String"]["sval"] for part in parts]
    return names[-2] if len(names) > 1 else None, names[-1]


def compare(work: Work, type_: int) -> None:
    """Sorting, grouping and DISTINCT run a type's default comparison. Those of built-in types only compute."""
    effects.compares(work, type_)


# Casts, rows, arrays, fields


_CUT = frozenset({1042, 1043})
"""char(n) and varchar(n)."""


def _cast_value(work: Work, body: Node, space: Space | None) -> Value:
    value = value_of(work, body["arg"], space)
    target = type_of(work, body["typeName"])
    if target == value.type and target:
        # it may be cut, unless it had that length before
        cut = target in _CUT and "typmods" in body["typeName"] and value.direct
        return Value(target, value.direct, value.refs(), value.row) if cut else value
    read = _run_cast(work, value.type, target, body)
    known = target and value.type not in (ANY_TYPE, UNKNOWN_TYPE) and "typmods" not in body["typeName"]
    if value.direct and known and way(work.scope, value.type, target, "e")[0] is Way.SAME:  # the same value under another name
        return Value(target, value.direct, value.derived, value.row)
    # the fields of ROW(...) get the names of what it becomes
    return Value(target, derived=value.refs() | read, row=value.row if value.type != RECORD else None)


def _cast(work: Work, body: Node, space: Space | None, into: Into) -> int:
    source = walk(work, body["arg"], space, into)
    target = type_of(work, body["typeName"])
    into |= _run_cast(work, source, target, body)
    return target


def _run_cast(work: Work, source: int, target: int, body: Node) -> frozenset[Ref]:
    """Run what a conversion runs; gives the columns that it reads."""
    functions = cast_called(work.scope, source, target, "e")
    type_ = work.scope.snapshot.types.get(target) if target >= effects.FIRST_OF_OURS else None
    if type_ is not None and type_.range_subtype:
        effects.compares(work, target)  # its bounds are put in order
    if not functions:
        return frozenset()
    effects.runs_each(work, functions, body.get("location", 0))
    return effects.sources_of_each(work, functions)


def _collate(work: Work, body: Node, space: Space | None, into: Into) -> int:
    return walk(work, body["arg"], space, into) if "arg" in body else ANY_TYPE


def _row(work: Work, body: Node, space: Space | None, into: Into) -> int:
    row_types(work, body.get("args", ()), space, into)
    return RECORD


def _row_value(work: Work, body: Node, space: Space | None) -> Value:
    """ROW(...), each of whose fields keeps what it comes from: they are called f1, f2, ..."""
    values: list[Value] = []
    for node in body.get("args", ()):
        columns = query.star(work, node, space)
        values += [value_of(work, node, space)] if columns is None else [value for _, value in columns]
    rows = [(f"f{n}", value) for n, value in enumerate(values, 1)]
    refs = frozenset(ref for value in values for ref in value.refs())
    return Value(RECORD, derived=refs, row=RowsItem(None, rows))


def _array(work: Work, body: Node, space: Space | None, into: Into) -> int:
    types = walk_all(work, body.get("elements", ()), space, into)
    if not types:
        return ANY_TYPE
    _as_one_type(work, types, body)
    return array_built(work.scope, types)


def _indirection_value(work: Work, body: Node, space: Space | None) -> Value:
    """`(row).field`, `array[n]`, `(row).*`, one after the other."""
    value = _row_of_field(work, body, space) or value_of(work, body["arg"], space)
    for step in body.get("indirection", ()):
        if "String" in step:
            value = field_of(work, value, step["String"]["sval"])
        elif "A_Indices" in step:
            into: Into = set()
            indices = step["A_Indices"]
            bounds = [walk(work, indices[key], space, into) for key in ("lidx", "uidx") if key in indices]
            type_ = value.type if indices.get("is_slice") else subscripted(work, value.type, bounds)
            refs = value.refs()
            if is_document(work, value.type):
                keys = _keys(indices.get("uidx"))
                if keys:
                    refs = frozenset(under_key(refs, keys))
                elif not is_constant(indices.get("uidx")):
                    refs = frozenset(unkeyed(refs))
            value = Value(type_, derived=refs | into)
        else:
            value = Value(ANY_TYPE, derived=value.refs())
    return value


def _row_of_field(work: Work, body: Node, space: Space | None) -> Value | None:
    """The row of `(t).a`, where t is a FROM item: only that field of it is looked at."""
    steps = body.get("indirection", ())
    if space is None or not steps or "String" not in steps[0] or type(body["arg"]) is not dict:
        return None
    fields = body["arg"].get("ColumnRef", {}).get("fields", ())
    if len(fields) != 1 or "String" not in fields[0] or space.column(fields[0]["String"]["sval"]) is not NOWHERE:
        return None
    item = space.item(fields[0]["String"]["sval"])
    if item is None or item.find(steps[0]["String"]["sval"]) is NOWHERE:
        return None
    return whole_row(work, item, taken=False)


def subscripted(work: Work, type_: int, bounds: list[int]) -> int:
    """What `x[...]` gives; a type of ours may run a function for it."""
    if type_ == JSONB:
        return JSONB
    return element_of(work.scope, type_)


def field_of(work: Work, value: Value, name: str) -> Value:
    """One field of a row."""
    if isinstance(value.row, Item):
        found = value.row.find(name)
        if isinstance(found, Value):
            return found
    relation = row_relation(work, value.type)
    if relation is not None and name in relation.by_name:
        return field_value(relation, name, value.refs())
    found_function = function_called(work.scope, None, name, [value.type])
    effects.runs_all(work, found_function, -1)
    return Value(found_function.result, derived=value.refs() | effects.sources(work, found_function))


def field_value(relation: Relation, name: str, refs: frozenset[Ref]) -> Value:
    """A field of a row of that type, of which it is not known where it comes from: it is what its name and type say as well."""
    return Value(relation.by_name[name].type, derived=refs | {field_named(relation, name)})


def _indirection(work: Work, body: Node, space: Space | None, into: Into) -> int:
    value = _indirection_value(work, body, space)
    into |= value.direct
    into |= value.derived
    return value.type


# Conditions and choices


def _truth(work: Work, body: Node, space: Space | None, into: Into) -> int:
    """AND, OR, NOT."""
    for each in body.get("args", ()):
        walk(work, each, space, into)
    return BOOL


def _null_test(work: Work, body: Node, space: Space | None, into: Into) -> int:
    """IS NULL, IS NOT NULL."""
    value = _stands(work, body["arg"], space)
    if value is None:
        walk(work, body["arg"], space, into)
    else:
        into.update(muted(value.refs()))
    return BOOL


def _test(work: Work, body: Node, space: Space | None, into: Into) -> int:
    """IS TRUE, IS JSON."""
    walk(work, body.get("arg", body.get("expr")), space, into)
    return BOOL


def _case(work: Work, body: Node, space: Space | None, into: Into) -> int:
    tested = walk(work, body["arg"], space, into) if "arg" in body else None
    types = []
    for when in body.get("args", ()):
        each = when["CaseWhen"]
        type_ = walk(work, each["expr"], space, into)
        if tested is not None:
            operate(work, ["="], tested, type_, each.get("location", 0), into)
        types.append(walk(work, each["result"], space, into))
    if "defresult" in body:
        types.append(walk(work, body["defresult"], space, into))
    return _as_one_type(work, types, body)


def _coalesce(work: Work, body: Node, space: Space | None, into: Into) -> int:
    return _as_one_type(work, walk_all(work, body.get("args", ()), space, into), body)


def _min_max(work: Work, body: Node, space: Space | None, into: Into) -> int:
    type_ = _as_one_type(work, walk_all(work, body.get("args", ()), space, into), body)
    compare(work, type_)
    return type_


def _as_one_type(work: Work, types: list[int], body: Node) -> int:
    first = types[0] if types else ANY_TYPE
    if first and first != UNKNOWN_TYPE and all(type_ in (first, UNKNOWN_TYPE) for type_ in types) and first < effects.FIRST_OF_OURS:
        return first
    result, functions = common_called(work.scope, types)
    effects.runs_each(work, functions, body.get("location", 0))
    return result


def _subselect(work: Work, node: Any, space: Space | None, *, exists: bool = False) -> tuple[Rows, frozenset[Ref]]:
    """The columns of a sub-select in an expression, and what decides its value beside them: columns that its conditions look at.

    Where a value comes from columns, those are what it tells of; that conditions chose it is for policies on the use of columns.
    What comes from none (EXISTS, `SELECT 1 ... WHERE`, a count) is nothing but its conditions, an expression like any other.
    """
    looked, multiplied = work.looked, work.multiplied
    work.looked, work.multiplied = set(), set()
    rows = query.subselect(work, node, space)
    decides: frozenset[Ref] = frozenset()
    if exists or all(ref.how == MUTE for _, value in rows for ref in value.refs()):
        decides = frozenset(deciding(work.looked | work.multiplied))
    looked |= work.looked
    work.looked, work.multiplied = looked, multiplied
    return rows, decides


def _sublink(work: Work, body: Node, space: Space | None, into: Into) -> int:
    """A sub-select in an expression."""
    kind = body.get("subLinkType")
    rows, decides = _subselect(work, body["subselect"], space, exists=kind == "EXISTS_SUBLINK")
    into |= decides
    if kind == "EXISTS_SUBLINK":
        return BOOL
    for _, value in rows:
        into |= value.direct
        into |= value.derived
    first = rows[0][1].type if rows else ANY_TYPE
    if kind in ("ANY_SUBLINK", "ALL_SUBLINK"):
        name = [part["String"]["sval"] for part in body.get("operName", ())] or ["="]
        test = body["testexpr"]
        left = row_types(work, test["RowExpr"].get("args", ()), space, into) if _is_row(test) else [walk(work, test, space, into)]
        for a, (_, value) in zip(left, rows, strict=False):
            operate(work, name, a, value.type, body.get("location", 0), into)
        return BOOL
    if kind == "ARRAY_SUBLINK":
        return array_of(work.scope, TEXT if first == UNKNOWN_TYPE else first)
    return TEXT if first == UNKNOWN_TYPE else first


def _named_argument(work: Work, body: Node, space: Space | None, into: Into) -> int:
    return walk(work, body["arg"], space, into)


def _grouping(work: Work, body: Node, space: Space | None, into: Into) -> int:
    walk_all(work, body.get("args", ()), space, set())  # it tells grouping sets apart, and looks at no value
    return INT4


def _sql_value(work: Work, body: Node, space: Space | None, into: Into) -> int:
    return _SQL_VALUES.get(body.get("op", ""), NAME)


_SQL_VALUES = {
    "SVFOP_CURRENT_DATE": DATE,
    "SVFOP_CURRENT_TIME": TIMETZ,
    "SVFOP_CURRENT_TIME_N": TIMETZ,
    "SVFOP_CURRENT_TIMESTAMP": TIMESTAMPTZ,
    "SVFOP_CURRENT_TIMESTAMP_N": TIMESTAMPTZ,
    "SVFOP_LOCALTIME": TIME,
    "SVFOP_LOCALTIME_N": TIME,
    "SVFOP_LOCALTIMESTAMP": TIMESTAMP,
    "SVFOP_LOCALTIMESTAMP_N": TIMESTAMP,
}


# XML and JSON: syntax of their own, all of it built in


def _parts(result: int) -> Callable[[Work, Node, Space | None, Into], int]:
    """Of a construct that computes from all that is in it."""

    def handle(work: Work, body: Node, space: Space | None, into: Into) -> int:
        walk_parts(work, body, space, into)
        if "pathspec" in body:
            into.update([*named_by(words_in(body["pathspec"])), *unkeyed(into)])
        if result != XML:
            effects.casts_to_json(work)
        output = body.get("output") or body.get("typeName")
        if isinstance(output, dict):
            output = output.get("typeName", output)
            if "names" in output:
                target = type_of(work, output)
                effects.runs_each(work, cast_called(work.scope, JSON, target, "e"), body.get("location", 0))
                return target
        return result

    return handle


def walk_parts(work: Work, node: Any, space: Space | None, into: Into) -> None:
    if type(node) is list:
        for each in node:
            walk_parts(work, each, space, into)
    elif type(node) is dict:
        for key, each in node.items():
            if key in _HANDLERS:
                walk(work, {key: each}, space, into)
            elif key == "SelectStmt":
                for _, value in query.subselect(work, {key: each}, space):
                    into |= value.refs()
            elif key == "SortBy":
                into.update(value_of(work, each["node"], space).refs())
            elif key == "over":
                query.window(work, each, space)
            elif key not in _TYPES and type(each) in (dict, list):
                walk_parts(work, each, space, into)


_TYPES = frozenset({"typeName", "TypeName", "format", "JsonFormat", "JsonReturning", "output"})


def _current_of(work: Work, body: Node, space: Space | None, into: Into) -> int:
    return BOOL


def _multi_assign(work: Work, body: Node, space: Space | None, into: Into) -> int:
    return walk(work, body["source"], space, into)


def _default(work: Work, body: Node, space: Space | None, into: Into) -> int:
    return UNKNOWN_TYPE


def _list(work: Work, body: Node, space: Space | None, into: Into) -> int:
    walk_all(work, body.get("items", ()), space, into)
    return ANY_TYPE


def _merge_action(work: Work, body: Node, space: Space | None, into: Into) -> int:
    return TEXT


def _location(body: Any) -> int:
    return body.get("location", -1) if isinstance(body, dict) else -1


_HANDLERS: dict[str, Callable[[Work, Any, Space | None, Into], int]] = {
    "ColumnRef": _column_ref,
    "A_Const": _constant,
    "ParamRef": _parameter,
    "A_Expr": _operation,
    "BoolExpr": _truth,
    "FuncCall": _call,
    "TypeCast": _cast,
    "CollateClause": _collate,
    "RowExpr": _row,
    "A_ArrayExpr": _array,
    "A_Indirection": _indirection,
    "NullTest": _null_test,
    "BooleanTest": _test,
    "CaseExpr": _case,
    "CoalesceExpr": _coalesce,
    "MinMaxExpr": _min_max,
    "SubLink": _sublink,
    "NamedArgExpr": _named_argument,
    "GroupingFunc": _grouping,
    "SQLValueFunction": _sql_value,
    "CurrentOfExpr": _current_of,
    "MultiAssignRef": _multi_assign,
    "SetToDefault": _default,
    "List": _list,
    "MergeSupportFunc": _merge_action,
    "XmlExpr": _parts(XML),
    "XmlSerialize": _parts(TEXT),
    "JsonIsPredicate": _test,
    "JsonObjectConstructor": _parts(JSON),
    "JsonArrayConstructor": _parts(JSON),
    "JsonArrayQueryConstructor": _parts(JSON),
    "JsonObjectAgg": _parts(JSON),
    "JsonArrayAgg": _parts(JSON),
    "JsonParseExpr": _parts(JSON),
    "JsonScalarExpr": _parts(JSON),
    "JsonSerializeExpr": _parts(TEXT),
    "JsonFuncExpr": _parts(ANY_TYPE),
}
