"""What bounds the rows of a table: nothing, a condition that looks at none of its columns, a whole key, or something else. Pure."""

from __future__ import annotations

from typing import Any

from . import expression
from .space import RowsItem, Space, TableItem
from .work import BOUND, BY_KEY, JOIN, PREDICATE, TRIVIAL, UNBOUND, Ref, Touch, Value, Work

_COMPARISONS_WITH_ITSELF = frozenset({"=", "<=", ">="})


def where(work: Work, node: Any, level: Space, also: tuple[tuple[TableItem, Touch], ...] = (), uses: int = PREDICATE) -> None:
    """Understand WHERE, and say what it bounds. `also`: touches that change rows of an item, bounded as it is."""
    outer, work.looked = work.looked, set()
    if node is not None:
        expression.condition(work, node, level, uses)
    looked, work.looked = work.looked, outer | work.looked
    items = [entry.item for entry in level.entries if isinstance(entry.item, TableItem)]
    beneath = _beneath(work, level)
    if not items and not beneath:
        return
    always = node is not None and _always(work, node, level)
    by_constant: dict[Touch, set[str]] = {}
    if node is not None and not always:
        for ref in _compared_with_constants(work, node, level):
            by_constant.setdefault(ref.touch, set()).add(ref.column)
    touched = {ref.touch for ref in looked}
    bounded = touched and not always
    if not always:
        for touch in {ref.touch for ref in beneath & looked}:  # the sub-select hands the condition down
            touch.bound = max(touch.bound, BY_KEY if _covers(touch, by_constant.get(touch, set())) else BOUND)
    found = {}
    for item in items:
        found[item] = bound = _bound(item.touch, node is not None, always, touched, by_constant, bool(bounded))
        item.touch.weaken(bound)
        for inner, own in item.inner:
            by_key = _covers(inner, by_constant.get(inner, set()))
            inner.weaken(BY_KEY if by_key else max(own, min(bound, BOUND)))
    for item, touch in also:
        touch.weaken(found.get(item, UNBOUND))


def _beneath(work: Work, level: Space) -> set[Ref]:
    """Columns that sub-selects of this FROM hand on as they are. Tables of WITH may be read elsewhere as well."""
    return {
        ref
        for entry in level.entries
        if isinstance(entry.item, RowsItem)
        for _, value in entry.item.rows
        for ref in value.direct
        if ref.touch not in work.shared
    }


def _bound(
    touch: Touch, conditional: bool, always: bool, touched: set[Touch], by_constant: dict[Touch, set[str]], others_bounded: bool
) -> int:
    if not conditional:
        return UNBOUND
    if always:
        return TRIVIAL
    if _covers(touch, by_constant.get(touch, set())):
        return BY_KEY
    if touch in touched:
        return BOUND
    if others_bounded:  # through a join with what is bounded
        return BOUND if any(uses & JOIN for uses in touch.columns.values()) else UNBOUND
    return TRIVIAL


def _covers(touch: Touch, columns: set[str]) -> bool:
    return any(columns.issuperset(key) for key in touch.relation.unique_keys)


def _always(work: Work, node: Any, level: Space) -> bool:
    """Whether a condition holds for every row, or does not depend on it, as far as its form tells."""
    if type(node) is not dict:
        return True
    ((tag, body),) = node.items()
    if tag == "BoolExpr":
        arguments = body.get("args", ())
        if body.get("boolop") == "OR_EXPR":
            return any(_always(work, each, level) for each in arguments)
        return all(_always(work, each, level) for each in arguments)
    if tag == "A_Expr" and body.get("kind", "AEXPR_OP") == "AEXPR_OP":
        left, right = body.get("lexpr"), body.get("rexpr")
        name = body["name"][-1]["String"]["sval"]
        if name in _COMPARISONS_WITH_ITSELF and _column_of(left) is not None and _column_of(left) == _column_of(right):
            return True
    if tag == "A_Expr" and body.get("kind") in ("AEXPR_LIKE", "AEXPR_ILIKE") and _is_any_text(body.get("rexpr")):
        return body["name"][-1]["String"]["sval"] in ("~~", "~~*")
    if tag == "NullTest" and body.get("nulltesttype") == "IS_NOT_NULL":
        ref = _single(work, body["arg"], level)
        return ref is not None and ref.touch.relation.by_name[ref.column].not_null
    if _is_own_column(body if tag == "SubLink" else _array_of(body) if tag == "A_Expr" else None, level):
        return True
    if not _has(node, _DEPENDENT):
        work.looks_at_numbers = True
        return True
    return False


def _array_of(body: Any) -> Any:
    """`a = ANY (ARRAY (SELECT ...))` as the IN that it is."""
    inner = body.get("rexpr")
    if body.get("kind") != "AEXPR_OP_ANY" or type(inner) is not dict or "SubLink" not in inner:
        return None
    return {**inner["SubLink"], "subLinkType": "ANY_SUBLINK", "testexpr": body.get("lexpr")}


def _is_own_column(link: Any, level: Space) -> bool:
    """`a IN (SELECT a FROM t)`, of the very table: true wherever it is not null."""
    if link is None or link.get("subLinkType") != "ANY_SUBLINK" or link.get("operName"):
        return False
    column = _column_of(link.get("testexpr"))
    select = link.get("subselect", {}).get("SelectStmt", {})
    tables = select.get("fromClause", ())
    targets = select.get("targetList", ())
    if column is None or len(tables) != 1 or len(targets) != 1 or "RangeVar" not in tables[0] or select.keys() & _NARROWING:
        return False
    name = tables[0]["RangeVar"]["relname"]
    inner = _column_of(targets[0]["ResTarget"].get("val"))
    same = any(isinstance(entry.item, TableItem) and entry.item.relation.name == name for entry in level.entries)
    return same and inner is not None and inner[-1] == column[-1]


_NARROWING = frozenset({"whereClause", "limitCount", "limitOffset", "havingClause", "withClause", "larg"})
_PARAMETERS = frozenset({"ParamRef"})
_DEPENDENT = frozenset({"ColumnRef", "CurrentOfExpr"})


def _has(node: Any, tags: frozenset[str]) -> bool:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if type(each) is dict:
            if not tags.isdisjoint(each):
                return True
            waiting += each.values()
        elif type(each) is list:
            waiting += each
    return False


def _column_of(node: Any) -> tuple[str, ...] | None:
    if type(node) is dict and "ColumnRef" in node:
        return tuple(field["String"]["sval"] if "String" in field else "*" for field in node["ColumnRef"]["fields"])
    return None


def _is_any_text(node: Any) -> bool:
    return type(node) is dict and "A_Const" in node and set(node["A_Const"].get("sval", {}).get("sval", "x")) == {"%"}


def _compared_with_constants(work: Work, node: Any, level: Space) -> list[Ref]:
    """Columns of which every row that passes has one given value."""
    ((tag, body),) = node.items()
    if tag == "BoolExpr" and body.get("boolop") == "AND_EXPR":
        return [ref for each in body.get("args", ()) for ref in _compared_with_constants(work, each, level)]
    if tag != "A_Expr" or body.get("kind", "AEXPR_OP") != "AEXPR_OP" or not _is_equality(work, body["name"]):
        return []
    in_a_body = bool(work.variables)  # whose parameters are others in each call
    for column, constant in ((body.get("lexpr"), body.get("rexpr")), (body.get("rexpr"), body.get("lexpr"))):
        if _is_constant(constant) and not (in_a_body and _has(constant, _PARAMETERS)):
            return list(_refs(work, column, level))
    return []


def _is_equality(work: Work, name: list[Any]) -> bool:
    """`=` as types have it, and not one that somebody has written in a language of functions."""
    parts = [part["String"]["sval"] for part in name]
    if parts[-1] != "=":
        return False
    schema = parts[-2] if len(parts) > 1 else None
    key = ("equality", schema)
    found: bool | None = work.scope.resolved.get(key)
    if found is None:
        functions = work.scope.snapshot.functions
        called = [functions.get(each.function) for each in work.scope.operators(schema, "=")]
        found = all(each is not None and each.language in ("internal", "c") for each in called if each is None or each.oid >= 16384)
        work.scope.resolved[key] = found
    return found


_INEXACT = frozenset({"float4", "float8"})
"""Several large integers equal one of these."""


def _is_constant(node: Any) -> bool:
    while type(node) is dict and "TypeCast" in node:
        if node["TypeCast"]["typeName"].get("names", [{}])[-1].get("String", {}).get("sval") in _INEXACT:
            return False
        node = node["TypeCast"].get("arg")
    if type(node) is dict and "A_Expr" in node:
        inner = node["A_Expr"]
        return "lexpr" not in inner and inner["name"][-1]["String"]["sval"] == "-" and _is_constant(inner.get("rexpr"))
    return type(node) is dict and ("A_Const" in node or "ParamRef" in node)


def _refs(work: Work, node: Any, level: Space) -> frozenset[Ref]:
    if _column_of(node) is None:
        return frozenset()
    value: Value = expression.value_of(work, node, level)
    return value.direct if not value.derived else frozenset()


def _single(work: Work, node: Any, level: Space) -> Ref | None:
    refs = _refs(work, node, level)
    return next(iter(refs)) if len(refs) == 1 else None
