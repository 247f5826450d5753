"""Built-in functions that are told by name or text what to touch: nextval('s'), table_to_xml('t'), query_to_xml('SELECT 1'). Pure.

Where that argument is a literal it is as good as the text of the statement itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from nightporter.catalog.model import Function, Relation
from nightporter.protocols.postgres.grammar import GrammarError, parse, string_value
from nightporter.protocols.postgres.settings import SYMBOLS
from nightporter.protocols.postgres.steps import TRACKED
from nightporter.statement.model import Action

from . import effects, run
from .classes import effects_of
from .names import parts_of
from .space import Rows, TableItem
from .work import ANY_TYPE, EXPRESSION, UNBOUND, Reach, Ref, Value, Work, labels_behind, name_of

_SEQUENCES = {
    "nextval_oid": Action.UPDATE,
    "setval_oid": Action.UPDATE,
    "setval3_oid": Action.UPDATE,
    "currval_oid": Action.READ,
    "pg_sequence_last_value": Action.READ,
    "pg_get_sequence_data": Action.READ,
}
_TABLES = frozenset({"table_to_xml", "table_to_xml_and_xmlschema"})
_QUERIES = frozenset(
    {"query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema", "ts_stat1", "ts_stat2", "tsquery_rewrite_query"}
)


def understood(
    work: Work, function: Function, arguments: Sequence[Any], given: Iterable[Ref], location: int
) -> frozenset[Ref] | None:
    """If this call is one of those, with a literal: note all that it touches, and give the columns that its result is made of.

    `given`: columns that its arguments are made of.
    """
    if function.oid >= effects.FIRST_OF_OURS or function.language != "internal" or not arguments:
        return None
    symbol = function.symbol
    if symbol in SYMBOLS:
        by_name = type(arguments[0]) is dict and "NamedArgExpr" in arguments[0]
        name = None if by_name else literal(arguments[0])
        work.redefines = work.redefines or name is None or name.lower() in TRACKED
        if given and labels_behind(work.scope, Value(ANY_TYPE, derived=frozenset(given))):
            work.doubt("a setting gets what columns with a label hold, and nothing tells where it goes from there", location)
    if symbol not in _SEQUENCES and symbol not in _TABLES and symbol not in _QUERIES:
        return None
    at = 1 if symbol == "tsquery_rewrite_query" else 0
    text = literal(arguments[at]) if at < len(arguments) else None
    if text is None:
        return None
    if symbol in _QUERIES:
        return _query(work, function, text, location)
    relation = _relation(work, text)
    if relation is None:
        return None
    work.effect(function, effects_of(function), location)
    if symbol in _SEQUENCES:
        work.touch(_SEQUENCES[symbol], relation, location)
        return frozenset()
    touch = work.occurrence(Action.READ, relation, location)
    touch.inherits = True
    touch.weaken(UNBOUND)
    made_of, inner = effects.reads(work, relation, location)
    values = [value for _, value in TableItem(touch, relation.name, relation.schema, [], made_of, inner).columns()]
    for value in values:
        work.use_value(value, EXPRESSION)
    return frozenset().union(*(value.refs() for value in values))


def literal(node: Any) -> str | None:
    """The text of a string constant, also under casts (`'s'::regclass`)."""
    while type(node) is dict and "TypeCast" in node:
        node = node["TypeCast"].get("arg")
    if type(node) is dict and "NamedArgExpr" in node:
        return literal(node["NamedArgExpr"].get("arg"))
    return string_value(node)


def _relation(work: Work, text: str) -> Relation | None:
    names = parts_of(text)
    if not names or (len(names) == 1 and not work.scope.certain):
        return None
    return work.scope.relation(names[-2] if len(names) > 1 else None, names[-1])


def _query(work: Work, function: Function, text: str, location: int) -> frozenset[Ref] | None:
    inner = Work(work.scope)
    found: Rows = []
    try:
        for parsed in parse(text.encode()):
            rows = run.statement(inner, parsed.tag, parsed.body)
            inner.use_each(rows or (), EXPRESSION)
            found += rows or ()
    except GrammarError:
        return None
    work.effect(function, effects_of(function), location)
    reach = Reach(inner, found)
    work.include(reach, (f"function {name_of(function)}",), location)
    return frozenset().union(*(effects.moved_here(work, value).refs() for _, value in reach.outputs or ()))
