"""SELECT in all its forms: rows out, each column with what it comes from. Pure.

`rows_of` gives a query's columns as (name, value); who asks decides how they are used: the text's own result, a sub-select in a
condition, rows to be inserted. What the query looks at on the way (WHERE, ON, GROUP BY, ORDER BY) is marked where it stands.
"SELECT" and "Table Expressions" in PostgreSQL's documentation; parse_clause.c and parse_cte.c
for the order in which names are seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nightporter.catalog.model import Function, Relation
from nightporter.protocols.postgres.grammar import Node
from nightporter.statement.model import Action

from . import bounds, effects, expression, write
from .coercion import common_type, read_called
from .space import NOWHERE, Cte, Entry, Item, JoinItem, Level, Rows, RowsItem, Space, TableItem, columns_of, ctes_of, find_in
from .typename import type_of
from .work import ANY_TYPE, DECIDES, EXPRESSION, GROUPING, JOIN, NO_VALUE, ORDERING, PREDICATE, Value, Work, named_by, unkeyed

MAX_ROUNDS = 8
"""Of a recursive query, until its lineage grows no more; each round adds at least a column to one of them."""


def subselect(work: Work, node: Any, space: Space | None) -> Rows:
    """A query inside another, or at the top where `space` is None."""
    ((tag, body),) = node.items()
    # INSERT ... RETURNING stands in WITH
    rows = rows_of(work, body, space) if tag == "SelectStmt" else write.rows_of(work, tag, body, space)
    for _, value in rows:
        for touch, column, how in value.refs():
            if how != DECIDES:
                touch.columns.setdefault(column, 0)  # looked at, and used only if the outer query does
    return rows


def rows_of(work: Work, body: Node, outer: Space | None, wanted: Rows | None = None) -> Rows:
    """A SELECT, VALUES, TABLE or set operation."""
    work.progress.step()
    level = Level([], outer, ctes_of(outer))
    if "withClause" in body:
        with_clause(work, body["withClause"], level)
    if body.get("op", "SETOP_NONE") != "SETOP_NONE":
        return _set_operation(work, body, level)
    if "valuesLists" in body:
        rows = _values(work, body["valuesLists"], level)
        _order_and_limit(work, body, level, rows)
        work.last_from = []
        return rows
    return _select(work, body, level)


def with_clause(work: Work, clause: Node, level: Level) -> None:
    """Names of WITH, visible from here on. All are said to run: the server leaves out a SELECT that nobody names."""
    recursive = clause.get("recursive", False)
    level.ctes = dict(level.ctes)
    made = []
    for each in clause["ctes"]:
        body = each["CommonTableExpr"]
        cte = Cte(body, level.parent, level.ctes if recursive else dict(level.ctes))
        made.append(cte)
        level.ctes[body["ctename"]] = cte
    for cte in made:
        cte_rows(work, cte)


def cte_rows(work: Work, cte: Cte) -> Rows:
    if cte.rows is not None:
        return cte.rows
    body = cte.body
    names = [each["String"]["sval"] for each in body.get("aliascolnames", ())]
    if cte.busy:
        work.doubt(f"query `{body['ctename']}` refers to itself in an unknown way", body.get("location", 0))
        return []
    cte.busy = True
    looked, multiplied = work.looked, work.multiplied
    work.looked, work.multiplied = set(), set()
    level = Level([], cte.space, cte.ctes)
    ((tag, query),) = body["ctequery"].items()
    select = query if tag == "SelectStmt" else {}
    if select.get("op", "SETOP_NONE") != "SETOP_NONE" and cte.ctes.get(body["ctename"]) is cte:
        rows = _recursive(work, cte, select, level, names)
    else:
        rows = _renamed(subselect(work, body["ctequery"], level), names)
    rows = rows + _search_columns(work, body, rows)
    cte.rows = rows
    cte.looked, cte.multiplied = frozenset(work.looked), frozenset(work.multiplied)
    looked |= work.looked
    work.looked, work.multiplied = looked, multiplied
    work.shared.update(ref.touch for _, value in rows for ref in value.refs())
    return rows


def _recursive(work: Work, cte: Cte, select: Node, level: Level, names: list[str]) -> Rows:
    """First the term that does not name itself, then the other until nothing new comes of it."""
    inner = Level([], level, level.ctes)
    if "withClause" in select:
        with_clause(work, select["withClause"], inner)
    left = dict(select["larg"])
    rows = _renamed(rows_of(work, left, inner), names)
    for _ in range(MAX_ROUNDS):
        cte.rows = rows
        merged = _merge(work, rows, rows_of(work, select["rarg"], inner))
        if _columns_in(merged) == _columns_in(rows):
            break
        rows = merged
    else:
        everything = frozenset(ref for _, value in rows for ref in value.refs())
        rows = [(name, Value(value.type, derived=everything)) for name, value in rows]
    cte.rows = None
    if not select.get("all"):
        work.use((ref for _, value in rows for ref in value.refs()), GROUPING)
        for _, value in rows:
            expression.compare(work, value.type)
    _order_and_limit(work, select, inner, rows)
    return rows


def _columns_in(rows: Rows) -> list[tuple[set[tuple[int, str]], set[tuple[int, str, int]]]]:
    """By name, since each round reads its tables anew."""
    return [
        ({(ref.touch.relation.oid, ref.column) for ref in v.direct}, {(ref.touch.relation.oid, *ref[1:]) for ref in v.derived})
        for _, v in rows
    ]


def _search_columns(work: Work, body: Node, rows: Rows) -> Rows:
    """Columns that SEARCH and CYCLE add."""
    added: Rows = []
    for clause, names in (("search_clause", ("search_seq_column",)), ("cycle_clause", ("cycle_mark_column", "cycle_path_column"))):
        if clause in body:
            spec = body[clause].get("CTESearchClause", body[clause].get("CTECycleClause", body[clause]))
            wanted = {part["String"]["sval"] for part in spec.get("search_col_list", spec.get("cycle_col_list", ()))}
            refs = frozenset(ref for name, value in rows if name in wanted for ref in value.refs())
            work.use(refs, ORDERING if clause == "search_clause" else PREDICATE)
            for name, value in rows:
                if name in wanted:
                    expression.compare(work, value.type)
            added += [(spec[name], Value(ANY_TYPE, derived=refs)) for name in names if name in spec]
    return added


def _renamed(rows: Rows, names: list[str]) -> Rows:
    if not names:
        return rows
    return [(names[n] if n < len(names) else name, value) for n, (name, value) in enumerate(rows)]


# Set operations and VALUES


def _set_operation(work: Work, body: Node, level: Level) -> Rows:
    spine = []
    node = body
    while node.get("op", "SETOP_NONE") != "SETOP_NONE" and (node is body or not _has_own_clauses(node)):
        spine.append(node)
        node = node["larg"]
    rows = rows_of(work, node, level)
    for each in reversed(spine):
        other = rows_of(work, each["rarg"], level)
        if each["op"] == "SETOP_EXCEPT":
            work.use((ref for _, value in other for ref in value.refs()), PREDICATE)
            merged = rows
        else:
            merged = _merge(work, rows, other)
        if each["op"] != "SETOP_UNION" or not each.get("all"):
            uses = GROUPING if each["op"] == "SETOP_UNION" else PREDICATE
            for _, value in merged:
                work.use(value.refs(), uses)
                expression.compare(work, value.type)
        rows = merged
    _order_and_limit(work, body, level, rows)
    return rows


def _has_own_clauses(node: Node) -> bool:
    return not node.keys().isdisjoint(("withClause", "sortClause", "limitCount", "limitOffset", "lockingClause"))


def _merge(work: Work, left: Rows, right: Rows) -> Rows:
    """One branch beside another: each column may come from both."""
    merged = []
    for (name, a), (_, b) in zip(left, right, strict=False):
        type_ = a.type if a.type == b.type else common_type(work.scope, [a.type, b.type])
        merged.append((name, Value(type_, a.direct | b.direct, a.derived | b.derived)))
    return merged


def _values(work: Work, lists: list[Node], level: Level) -> Rows:
    columns: list[tuple[set[int], set[Any], set[Any]]] = []
    for each in lists:
        if type(each) is not dict:
            continue  # a row of nothing but constants, cut down
        items = each["List"].get("items", ())
        if any(type(item) is dict and ("ColumnRef" in item or "A_Indirection" in item) for item in items):
            values = [value for item in items for value in _value_or_star(work, item, level)]
            columns += [(set(), set(), set()) for _ in range(len(values) - len(columns))]
            for (types, direct, refs), value in zip(columns, values, strict=False):
                types.add(value.type)
                direct |= value.direct
                refs |= value.derived
            continue
        columns += [(set(), set(), set()) for _ in range(len(items) - len(columns))]
        for n, item in enumerate(items):
            if type(item) is dict and "A_Const" in item and "ival" in item["A_Const"]:
                columns[n][0].add(expression.INT4)
            elif type(item) is dict and "SubLink" in item:
                value = expression.value_of(work, item, level)
                columns[n][0].add(value.type)
                columns[n][1].update(value.direct)
                columns[n][2].update(value.derived)
            else:
                columns[n][0].add(expression.walk(work, item, level, columns[n][2]))
    rows = []
    for n, (types, direct, refs) in enumerate(columns):
        type_ = next(iter(types)) if len(types) == 1 else common_type(work.scope, list(types))
        rows.append((f"column{n + 1}", Value(type_, frozenset(direct), frozenset(refs))))
    return rows


def _value_or_star(work: Work, node: Any, level: Level) -> list[Value]:
    columns = star(work, node, level)
    return [expression.value_of(work, node, level)] if columns is None else [value for _, value in columns]


# SELECT


def _select(work: Work, body: Node, level: Level) -> Rows:
    work.actions.add(Action.READ)
    if "fromClause" in body:
        outside, work.multiplied = work.multiplied, set()
        from_clause(work, body["fromClause"], level)
        if work.multiplied:
            level.multiplied = frozenset(work.multiplied)
            work.multiplied |= outside
        else:
            work.multiplied = outside
    bounds.where(work, body.get("whereClause"), level)
    rows = target_list(work, body.get("targetList", ()), level)
    if "groupClause" in body:
        _group(work, body["groupClause"], level, rows)
    if "havingClause" in body:
        expression.condition(work, body["havingClause"], level)
    for each in body.get("windowClause", ()):
        window(work, each["WindowDef"], level)
    distinct = body.get("distinctClause")
    if distinct is not None:
        if distinct and distinct[0]:
            for each in distinct:
                value = _by_output(work, each, level, rows)
                work.use(value.refs(), GROUPING)
                expression.compare(work, value.type)
        else:
            for _, value in rows:
                work.use(value.refs(), GROUPING)
                expression.compare(work, value.type)
    _order_and_limit(work, body, level, rows)
    if level.parent is not None:
        work.last_from = level.entries
    return rows


def target_list(work: Work, targets: Iterable[Node], level: Space) -> Rows:
    """Output columns, `*` expanded."""
    rows: Rows = []
    for each in targets:
        target = each["ResTarget"]
        node = target["val"]
        columns = star(work, node, level)
        if columns is not None:
            rows += columns
        else:
            rows.append((target.get("name") or output_name(node), expression.value_of(work, node, level)))
    return rows


def star(work: Work, node: Any, space: Space | None) -> Rows | None:
    """The columns of `*`, `t.*` and `(row).*`; None for anything else."""
    if type(node) is not dict:
        return None
    if "ColumnRef" in node:
        fields = node["ColumnRef"]["fields"]
        if "A_Star" not in fields[-1]:
            return None
        if len(fields) == 1:
            return columns_of(space.entries) if space is not None else []
        names = [field["String"]["sval"] for field in fields[:-1]]
        item = expression.item_named(work, names, space)
        if item is not None:
            return item.columns()
        if names[0] in work.rows:
            columns: Rows = work.rows[names[0]].columns()
            return columns
        if names[0] in work.variables:
            relation = expression.row_relation(work, work.variables[names[0]])
            return [(column.name, Value(column.type)) for column in relation.columns] if relation is not None else []
        work.lacks(f"relation `{'.'.join(names)}`", node["ColumnRef"].get("location", 0))
        return []
    if "A_Indirection" in node:
        steps = node["A_Indirection"].get("indirection", ())
        if steps and "A_Star" in steps[-1]:
            inner = {"A_Indirection": {**node["A_Indirection"], "indirection": steps[:-1]}}
            row = expression.row_of_item(work, node["A_Indirection"]["arg"], space) if len(steps) == 1 else None
            return _fields(work, row or expression.value_of(work, inner, space))
    return None


def _fields(work: Work, value: Value) -> Rows:
    """All fields of a row that is one value."""
    if isinstance(value.row, Item):
        return value.row.columns()
    relation = expression.row_relation(work, value.type)
    if relation is None:
        function = work.last_call
        if function is not None and value.type == work.last_type and any(mode in "obt" for mode in function.modes):
            return [(name, Value(type_, derived=value.refs())) for name, type_ in out_columns(function)]
        return [("?column?", Value(ANY_TYPE, derived=value.refs()))]
    return [(column.name, expression.field_value(relation, column.name, value.refs())) for column in relation.columns]


def out_columns(function: Function) -> list[tuple[str, int]]:
    """The columns that a function gives by its output arguments; a polymorphic type is not known here."""
    names = function.names or ("",) * len(function.all_types)
    outputs = [(name, type_) for mode, name, type_ in zip(function.modes, names, function.all_types, strict=False) if mode in "obt"]
    return [(name or f"column{n + 1}", ANY_TYPE if type_ in _POLYMORPHIC else type_) for n, (name, type_) in enumerate(outputs)]


def output_name(node: Any) -> str:
    """The name that the server gives to a column without one."""
    if type(node) is not dict:
        return "?column?"
    for tag, body in node.items():
        match tag:
            case "ColumnRef":
                names = [field["String"]["sval"] for field in body["fields"] if "String" in field]
                return names[-1] if names else "?column?"
            case "FuncCall":
                return str(body["funcname"][-1]["String"]["sval"])
            case "TypeCast":
                inner = output_name(body["arg"])
                return (
                    inner
                    if inner != "?column?"
                    else str(body["typeName"].get("names", [{}])[-1].get("String", {}).get("sval", "?column?"))
                )
            case "CollateClause":
                return output_name(body.get("arg"))
            case "A_Indirection":
                names = [step["String"]["sval"] for step in body.get("indirection", ()) if "String" in step]
                return names[-1] if names else output_name(body["arg"])
            case "SubLink":
                return _sublink_name(body)
            case "CaseExpr":
                inner = output_name(body.get("defresult"))
                return inner if inner != "?column?" else "case"
            case "XmlExpr":
                return str(body.get("op", "IS_XMLCONCAT"))[3:].lower()
            case "MinMaxExpr":
                return "least" if body.get("op") == "IS_LEAST" else "greatest"
            case "JsonFuncExpr":
                return str(body.get("op", "JSON_EXISTS_OP")).removesuffix("_OP").lower()
            case "A_Expr" if body.get("kind") == "AEXPR_NULLIF":
                return "nullif"
            case _:
                pass
    return _NAMED.get(tag, "?column?") if tag != "SQLValueFunction" else str(body.get("op", ""))[6:].removesuffix("_N").lower()


_NAMED = {
    "CoalesceExpr": "coalesce",
    "A_ArrayExpr": "array",
    "RowExpr": "row",
    "GroupingFunc": "grouping",
    "MergeSupportFunc": "merge_action",
    "XmlSerialize": "xmlserialize",
    "JsonParseExpr": "json",
    "JsonScalarExpr": "json_scalar",
    "JsonSerializeExpr": "json_serialize",
    "JsonObjectConstructor": "json_object",
    "JsonArrayConstructor": "json_array",
    "JsonArrayQueryConstructor": "json_array",
    "JsonObjectAgg": "json_objectagg",
    "JsonArrayAgg": "json_arrayagg",
}


def _sublink_name(body: Node) -> str:
    kind = body.get("subLinkType")
    if kind == "EXISTS_SUBLINK":
        return "exists"
    if kind == "ARRAY_SUBLINK":
        return "array"
    if kind == "EXPR_SUBLINK":
        targets = body["subselect"].get("SelectStmt", {}).get("targetList", ())
        if targets:
            target = targets[0]["ResTarget"]
            return str(target.get("name") or output_name(target["val"]))
        return "column1"
    return "?column?"


# GROUP BY, ORDER BY, windows, LIMIT


def _group(work: Work, clauses: list[Node], level: Level, rows: Rows) -> None:
    for each in clauses:
        if type(each) is dict and "GroupingSet" in each:
            _group(work, each["GroupingSet"].get("content", []), level, rows)
        elif type(each) is dict and "RowExpr" in each and each["RowExpr"].get("row_format") != "COERCE_EXPLICIT_CALL":
            _group(work, each["RowExpr"].get("args", []), level, rows)
        else:
            value = _by_input(work, each, level, rows)
            work.use(value.refs(), GROUPING)
            expression.compare(work, value.type)


def _by_input(work: Work, node: Any, level: Level, rows: Rows) -> Value:
    """GROUP BY: a column of the input first, then one of the output, or its number."""
    name = _bare_name(node)
    if name is not None:
        if _found_here(level, name):
            return expression.value_of(work, node, level)
        for each, value in rows:
            if each == name:
                return value
    return _by_number(work, node, rows) or expression.value_of(work, node, level)


def _by_output(work: Work, node: Any, level: Level, rows: Rows) -> Value:
    """ORDER BY and DISTINCT ON: a column of the output first."""
    name = _bare_name(node)
    if name is not None:
        for each, value in rows:
            if each == name:
                return value
    return _by_number(work, node, rows) or expression.value_of(work, node, level)


def _found_here(level: Level, name: str) -> bool:
    return find_in(level.entries, name) is not NOWHERE


def _bare_name(node: Any) -> str | None:
    if type(node) is dict and "ColumnRef" in node:
        fields = node["ColumnRef"]["fields"]
        if len(fields) == 1 and "String" in fields[0]:
            return str(fields[0]["String"]["sval"])
    return None


def _by_number(work: Work, node: Any, rows: Rows) -> Value | None:
    if type(node) is dict and "A_Const" in node and "ival" in node["A_Const"]:
        work.looks_at_numbers = True
        at = node["A_Const"]["ival"].get("ival", 0)
        return rows[at - 1][1] if 0 < at <= len(rows) else NO_VALUE
    return None


def _order_and_limit(work: Work, body: Node, level: Level, rows: Rows) -> None:
    for each in body.get("sortClause", ()):
        by = each["SortBy"]
        value = _by_output(work, by["node"], level, rows)
        work.use(value.refs(), ORDERING)
        expression.sort(work, by, value.type)
    for key in ("limitCount", "limitOffset"):
        if key in body:
            expression.condition(work, body[key], level)
    for each in body.get("lockingClause", ()):
        _lock(work, each["LockingClause"], level)


def _lock(work: Work, clause: Node, level: Level) -> None:
    """FOR UPDATE and kin: what is read is locked against others."""
    wanted = {each["RangeVar"]["relname"] for each in clause.get("lockedRels", ())}
    for item in dict.fromkeys(entry.item for entry in level.entries):
        if not wanted or item.alias in wanted:
            _lock_item(work, item)


def _lock_item(work: Work, item: Item) -> None:
    if isinstance(item, TableItem):
        effects.locks_rows(work, item.touch, item.inner)
    elif isinstance(item, RowsItem):
        for entry in item.within or ():
            _lock_item(work, entry.item)


def window(work: Work, definition: Node, level: Space | None) -> None:
    """PARTITION BY, ORDER BY and the frame of a window."""
    for each in definition.get("partitionClause", ()):
        value = expression.value_of(work, each, level)
        work.use(value.refs(), GROUPING)
        expression.compare(work, value.type)
    types = []
    for each in definition.get("orderClause", ()):
        by = each["SortBy"]
        value = expression.value_of(work, by["node"], level)
        work.use(value.refs(), ORDERING)
        expression.sort(work, by, value.type)
        types.append(value.type)
    for key in ("startOffset", "endOffset"):
        if key in definition:
            expression.condition(work, definition[key], level)


# FROM


def from_clause(work: Work, nodes: Iterable[Node], level: Level) -> None:
    """Put the FROM items into the level, from left to right, since LATERAL sees those before it."""
    for node in nodes:
        level.entries = level.entries + from_item(work, node, level, level.entries)


def from_item(work: Work, node: Node, level: Level, before: list[Entry]) -> list[Entry]:
    ((tag, body),) = node.items()
    match tag:
        case "RangeVar":
            return [Entry(table(work, body, level))]
        case "JoinExpr":
            return _join(work, body, level, before)
        case "RangeSubselect":
            space: Space = Level(before, level.parent, level.ctes) if body.get("lateral") else Level([], level.parent, level.ctes)
            rows = subselect(work, body["subquery"], space)
            within, work.last_from = work.last_from, []  # it can be locked only if it is plain, and then that is its own
            return [_rows_entry(rows, body.get("alias"), within)]
        case "RangeFunction":
            return [_function(work, body, Level(before, level.parent, level.ctes))]
        case "RangeTableSample":
            entries = from_item(work, body["relation"], level, before)
            for each in (*body.get("args", ()), body.get("repeatable")):
                if each is not None:
                    expression.condition(work, each, level)
            effects.samples(work, [part["String"]["sval"] for part in body.get("method", ())], body.get("location", 0))
            return entries
        case "RangeTableFunc":
            return [_xml_table(work, body, Level(before, level.parent, level.ctes))]
        case "JsonTable":
            return [_json_table(work, body, Level(before, level.parent, level.ctes))]
        case _:
            work.doubt(f"`{tag[:80]}` in FROM is not known")
            return []


def table(work: Work, body: Node, level: Level) -> Item:
    """A name in FROM: a query of WITH, or a relation of the catalogue."""
    name = body["relname"]
    alias, renames = _alias(body.get("alias"))
    if "schemaname" not in body:
        cte = level.ctes.get(name)
        if cte is not None:
            rows = cte_rows(work, cte)
            work.looked |= cte.looked
            work.multiplied |= cte.multiplied
            return RowsItem(alias or name, rows, renames)
        if name in work.transition:
            return RowsItem(alias or name, work.transition[name].columns(), renames)
    relation = relation_named(work, body)
    if relation is None:
        return RowsItem(alias or name, [])
    return reading(
        work, relation, body.get("location", 0), alias or name, None if alias else relation.schema, renames, body.get("inh", False)
    )


def reading(
    work: Work, relation: Relation, location: int, alias: str, schema: str | None, renames: list[str], inherits: bool = True
) -> TableItem:
    """A relation that is read."""
    touch = work.occurrence(Action.READ, relation, location)
    touch.inherits = inherits
    made_of, inner = effects.reads(work, relation, location)
    return TableItem(touch, alias, schema, renames, made_of, inner)


def relation_named(work: Work, body: Node) -> Relation | None:
    """The relation of a RangeVar; a doubt where there is none."""
    name, schema = body["relname"], body.get("schemaname")
    location = body.get("location", 0)
    scope = work.scope
    if schema is None and not scope.certain:
        work.doubt("the search path is not known", location)
        return None
    made, there = work.made(schema, name), scope.relation(schema, name)
    if made is not None and there is not None:
        work.doubt(f"`{name}` may be a relation that is there, or one that is made before", location)
    relation = made or there
    if relation is None:
        work.lacks(f"relation `{schema + '.' if schema else ''}{name}`", location)
    return relation


def _alias(node: Node | None) -> tuple[str | None, list[str]]:
    if node is None:
        return None, []
    return node["aliasname"], [each["String"]["sval"] for each in node.get("colnames", ())]


def _rows_entry(rows: Rows, alias: Node | None, within: list[Entry] | None = None) -> Entry:
    name, renames = _alias(alias)
    return Entry(RowsItem(name, rows, renames, within=within), by_name=name is not None)


def _join(work: Work, body: Node, level: Level, before: list[Entry]) -> list[Entry]:
    spine = [body]
    while "JoinExpr" in spine[-1]["larg"] and "alias" not in spine[-1]["larg"]["JoinExpr"]:
        spine.append(spine[-1]["larg"]["JoinExpr"])
    entries = from_item(work, spine[-1]["larg"], level, before)
    for each in reversed(spine):
        entries = _joined(work, each, entries, level, before)
    return entries


def _joined(work: Work, body: Node, left: list[Entry], level: Level, before: list[Entry]) -> list[Entry]:
    right = from_item(work, body["rarg"], level, before + left)
    merged: dict[str, Value] = {}
    names: list[str] = []
    if body.get("isNatural"):
        theirs = {name for name, _ in columns_of(right)}
        names = [name for name, _ in columns_of(left) if name in theirs]
    elif "usingClause" in body:
        names = [each["String"]["sval"] for each in body["usingClause"]]
    for name in names:
        merged[name] = _merged(work, name, left, right, body)
    both = Level(left + right, level.parent, level.ctes)
    if "quals" in body:
        expression.condition(work, body["quals"], both, JOIN)
    if "alias" in body:
        alias, renames = _alias(body["alias"])
        return [Entry(RowsItem(alias, JoinItem(left, right, merged).columns(), renames, within=left + right))]
    if not names:
        return left + right  # nothing is merged: its columns are those of both sides
    using = []
    if "join_using_alias" in body:
        using = [Entry(RowsItem(body["join_using_alias"]["aliasname"], list(merged.items())), by_columns=False)]
    hidden = [Entry(entry.item, entry.by_name, by_columns=False) for entry in left + right]
    return [Entry(JoinItem(left, right, merged), by_name=False), *hidden, *using]


def _merged(work: Work, name: str, left: list[Entry], right: list[Entry], body: Node) -> Value:
    """A column of USING: both sides are compared; its value is the left one's, the right one's, or either."""
    a, b = find_in(left, name), find_in(right, name)
    if not isinstance(a, Value) or not isinstance(b, Value):
        work.lacks(f"column `{name}` of USING")
        return NO_VALUE
    work.use(a.refs() | b.refs(), JOIN)
    work.looked |= a.refs() | b.refs()
    expression.operate(work, ["="], a.type, b.type)
    match body.get("jointype", "JOIN_INNER"):
        case "JOIN_RIGHT":
            return b
        case "JOIN_FULL":
            return Value(a.type if a.type == b.type else common_type(work.scope, [a.type, b.type]), derived=a.refs() | b.refs())
        case "JOIN_INNER" if a.type != b.type and common_type(work.scope, [a.type, b.type]) == b.type:
            return b  # as the server has it: the side that needs no conversion
        case _:
            return a


def _function(work: Work, body: Node, level: Level) -> Entry:
    """A function in FROM, or several (ROWS FROM)."""
    alias, renames = _alias(body.get("alias"))
    rows: Rows = []
    row_type = ANY_TYPE
    functions = body["functions"]
    for each in _one_by_one(functions):
        call, definitions = (each["List"]["items"] + [{}])[:2]
        columns, row_type = _function_rows(work, call, definitions or {"List": {"items": body.get("coldeflist", ())}}, level, alias)
        rows += columns
    if len(functions) > 1:
        row_type = ANY_TYPE
    if body.get("ordinality"):
        rows.append(("ordinality", Value(20)))
    name = alias or (rows and _function_name(functions[0]["List"]["items"][0])) or None
    if len(rows) == 1 and alias and not renames and row_type and expression.row_relation(work, row_type) is None:
        rows = [(alias, rows[0][1])]  # a scalar's column has the alias for a name
    return Entry(RowsItem(name, rows, renames, row_type))


def _one_by_one(functions: Any) -> list[Any]:
    """unnest(a, b) stands for ROWS FROM (unnest(a), unnest(b))."""
    found = []
    for each in functions:
        call = each["List"]["items"][0]
        body = call.get("FuncCall", {}) if type(call) is dict else {}
        arguments = body.get("args", ())
        if len(arguments) > 1 and [part["String"]["sval"] for part in body["funcname"]] in (["unnest"], ["pg_catalog", "unnest"]):
            found += [{"List": {"items": [{"FuncCall": {**body, "args": [argument]}}]}} for argument in arguments]
        else:
            found.append(each)
    return found


def _function_name(call: Any) -> str:
    return output_name(call)


def _function_rows(work: Work, call: Any, definitions: Node, level: Level, alias: str | None) -> tuple[Rows, int]:
    refs: set[Any] = set()
    type_ = expression.walk(work, call, level, refs)
    found = frozenset(refs)
    work.use(found, EXPRESSION)  # how many rows there are may depend on them, whoever looks at those
    work.looked |= found
    outputs = work.last_outputs if work.last_call is not None and type_ == work.last_type else None
    defined = [each["ColumnDef"] for each in definitions.get("List", {}).get("items", ()) if "ColumnDef" in each]
    if defined:
        if outputs is not None and len(outputs) == len(defined):
            found -= frozenset(ref for _, value in outputs for ref in value.refs())
        else:
            outputs = None
        given: Rows = []
        for n, each in enumerate(defined):
            kind = type_of(work, each["typeName"])
            _converted(work, kind)
            direct, derived = _of(outputs, n)
            if output_name(call) in _OF_DOCUMENTS:  # its columns have the keys for names
                derived |= named_by((each["colname"],))
            given.append((each["colname"], Value(kind, direct, derived | found)))
        return given, ANY_TYPE
    relation = expression.row_relation(work, type_)
    if outputs:
        found -= frozenset(ref for _, value in outputs for ref in value.refs())  # each column has its own
    if relation is not None:
        return [(column.name, _output_value(outputs, n, relation, found)) for n, column in enumerate(relation.columns)], type_
    function = work.last_call
    if function is not None and function.modes and any(mode in "obt" for mode in function.modes) and type_ in (2249, ANY_TYPE):
        rows: Rows = []
        names = function.names or ("",) * len(function.all_types)
        for mode, name, each in zip(function.modes, names, function.all_types, strict=False):
            if mode in "obt":
                direct, derived = _of(outputs, len(rows))
                resolved = each if each not in _POLYMORPHIC else ANY_TYPE
                rows.append((name or f"column{len(rows) + 1}", Value(resolved, direct, found | derived)))
        return rows, ANY_TYPE
    direct, derived = _of(outputs, 0)
    return [(alias or _function_name(call), Value(type_, direct, found | derived))], type_


_OF_DOCUMENTS = frozenset(f"{kind}_to_record{form}" for kind in ("json", "jsonb") for form in ("", "set"))


def _converted(work: Work, type_: int) -> None:
    """A value of a type of the user's own is made from text or JSON."""
    if type_ >= effects.FIRST_OF_OURS:
        effects.runs_each(work, read_called(work.scope, type_))


_POLYMORPHIC = frozenset({2276, 2277, 2283, 2776, 3500, 3831, 4537, 5077, 5078, 5079, 5080, 4538})


def _of(outputs: Rows | None, n: int) -> tuple[frozenset[Any], frozenset[Any]]:
    if outputs is None or n >= len(outputs):
        return frozenset(), frozenset()
    return outputs[n][1].direct, outputs[n][1].derived


def _output_value(outputs: Rows | None, n: int, relation: Relation, refs: frozenset[Any]) -> Value:
    column = relation.columns[n]
    direct, derived = _of(outputs, n)
    if outputs is None:
        return expression.field_value(relation, column.name, refs)
    return Value(column.type, direct, refs | derived)


def _xml_table(work: Work, body: Node, level: Level) -> Entry:
    refs: set[Any] = set()
    for key in ("docexpr", "rowexpr", "namespaces"):
        if key in body:
            expression.walk_parts(work, body[key], level, refs)
    rows: Rows = []
    for each in body.get("columns", ()):
        column = each["RangeTableFuncCol"]
        for key in ("colexpr", "coldefexpr"):
            if key in column:
                expression.walk(work, column[key], level, refs)
        type_ = 23 if column.get("for_ordinality") else type_of(work, column["typeName"])
        _converted(work, type_)
        rows.append((column["colname"], Value(type_)))
    found = frozenset(refs)
    work.use(found, EXPRESSION)
    rows = [(name, Value(value.type, derived=found)) for name, value in rows]
    return _rows_entry(rows, body.get("alias", {"aliasname": "xmltable"}))


def _json_table(work: Work, body: Node, level: Level) -> Entry:
    refs: set[Any] = set()
    for key in ("context_item", "passing", "on_error"):
        if key in body:
            expression.walk_parts(work, body[key], level, refs)
    rows: Rows = []
    _json_columns(work, body.get("columns", ()), level, refs, rows)
    found = frozenset(unkeyed(refs))
    work.use(found, EXPRESSION)
    rows = [(name, Value(value.type, derived=found | value.derived)) for name, value in rows]
    return _rows_entry(rows, body.get("alias", {"aliasname": "json_table"}))


def _json_columns(work: Work, columns: Iterable[Node], level: Level, refs: set[Any], rows: Rows) -> None:
    for each in columns:
        column = each["JsonTableColumn"]
        for key in ("on_empty", "on_error"):
            if key in column:
                expression.walk_parts(work, column[key], level, refs)
        if column.get("coltype") == "JTC_NESTED":
            _json_columns(work, column.get("columns", ()), level, refs, rows)
        else:
            type_ = type_of(work, column["typeName"]) if "typeName" in column else 23
            _converted(work, type_)
            path = column.get("pathspec") or column.get("name", "")
            rows.append((column.get("name", ""), Value(type_, derived=named_by(expression.words_in(path)))))
