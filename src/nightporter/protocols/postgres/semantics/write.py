"""INSERT, UPDATE, DELETE, MERGE and COPY: what is written, where it comes from, and what RETURNING gives. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from nightporter.catalog.model import Column, Relation
from nightporter.protocols.postgres.grammar import Node
from nightporter.statement.model import Action

from . import bounds, effects, expression, query
from .coercion import cast_called, read_called
from .space import Entry, Item, Level, Rows, RowsItem, Space, TableItem, ctes_of, names_in
from .updatable import bottom, change_beneath, identities
from .work import (
    ANY_TYPE,
    BOUND,
    EXPRESSION,
    JOIN,
    NO_VALUE,
    UNBOUND,
    UNKNOWN_TYPE,
    WRITE_SOURCE,
    WRITE_TARGET,
    Touch,
    Value,
    Work,
)


def rows_of(work: Work, tag: str, body: Node, outer: Space | None) -> Rows:
    """A statement that changes rows; gives what RETURNING does."""
    handler = _HANDLERS.get(tag)
    if handler is None:
        work.doubt(f"`{tag[:80]}` in a query is not known")
        return []
    level = Level([], outer, ctes_of(outer))
    if "withClause" in body:
        query.with_clause(work, body["withClause"], level)
    return handler(work, body, level)


class Target:
    """The relation that is changed, and the touches that change it."""

    __slots__ = ("item", "relation", "view")

    def __init__(self, work: Work, body: Node, action: Action) -> None:
        relation = query.relation_named(work, body)
        self.relation = relation
        location = body.get("location", 0)
        alias = body.get("alias", {}).get("aliasname")
        self.item: TableItem | None = None
        if relation is not None:
            read = Touch(Action.READ, relation, (), location)
            read.inherits = body.get("inh", False)
            made_of: list[Value] | None = None
            inner: tuple[tuple[Touch, int], ...] = ()
            if relation.kind == "v":
                made_of, inner = effects.reads(work, relation, location)
            self.item = TableItem(read, alias or relation.name, None if alias else relation.schema, [], made_of, inner)

    def reads(self, work: Work, *, looked: bool = False) -> None:
        """Its columns were looked at after all: then it is read too, by the policies and computed columns of reading."""
        if self.item is None or self.item.touch in work.occurrences or not (looked or self.item.touch.columns):
            return
        work.occurrences.append(self.item.touch)
        work.actions.add(Action.READ)
        if self.item.relation.kind != "v":
            effects.reads(work, self.item.relation, self.item.touch.location)

    def change(
        self, work: Work, action: Action, columns: Iterable[str], body: Node, bound: int = -1, defaulted: Iterable[str] = ()
    ) -> None:
        """The change itself, and all that it sets off. `defaulted`: columns that are set to DEFAULT, in some rows at least."""
        relation = self.relation
        if relation is None:
            return
        names = frozenset(columns)
        location = body.get("location", 0)
        done = work.touch(action, relation, location)
        done.inherits = done.inherits or (body.get("inh", False) and (action is not Action.INSERT or relation.kind == "p"))
        for name in names:
            done.use(name, WRITE_TARGET)
        if bound >= 0:
            done.weaken(bound)
        unset = frozenset(defaulted)
        if relation.kind == "v":
            table = bottom(work, relation)  # other tables of the view may be bounded better
            beneath = [inner.bound for inner, _ in self.item.inner if inner.relation is table] if self.item is not None else []
            change_beneath(work, action, relation, names, unset, max([min(bound, BOUND), *beneath]))
        effects.changes(work, action, relation, names - unset if action is not Action.DELETE else None, location)
        if action in (Action.INSERT, Action.UPDATE):
            _computed(work, action, relation, names, unset)
        if action is Action.UPDATE and relation.kind == "p":  # a row may move to another partition
            effects.changes(work, Action.DELETE, relation, None, location)
            effects.changes(work, Action.INSERT, relation, frozenset(relation.by_name), location)


def _computed(work: Work, action: Action, relation: Relation, names: frozenset[str], unset: frozenset[str]) -> None:
    """What defaults and generated columns write."""
    functions = work.scope.snapshot.functions
    for column in relation.columns:
        if column.generated in ("s", "v"):
            made_of = [work.flows.get((relation, name), ()) for name in names_in(column.default_text) & names]
            refs = frozenset(ref for sources in made_of for ref, _ in sources)
        elif column.name in unset or (action is Action.INSERT and column.name not in names):
            refs = effects.sources_of_each(work, [functions[oid] for oid in column.default_calls if oid in functions])
        else:
            continue
        if refs:
            work.flow(relation, column.name, Value(column.type, derived=refs))


# INSERT


def insert(work: Work, body: Node, level: Level) -> Rows:
    node = body["relation"]
    target = Target(work, node, Action.INSERT)
    columns = _columns(work, target.relation, body.get("cols"), level)
    source: Rows = []
    if "selectStmt" in body:
        source = query.subselect(work, body["selectStmt"], level)
        if not body.get("cols") and target.relation is not None and not _is_cut_down(body["selectStmt"]):
            columns = columns[: len(source)]
    if target.relation is not None:
        for column, (_, value) in zip(columns, source, strict=False):
            _write(work, target.relation, column, value)
        defaulted = _defaulted(body.get("selectStmt", {}).get("SelectStmt", {}).get("valuesLists", ()), columns)
        if body.get("override") == "OVERRIDING_USER_VALUE":  # what is given for an identity column is ignored
            defaulted += identities(work, target.relation)
        names = [column.name for column in columns] if "selectStmt" in body else []
        target.change(work, Action.INSERT, names, node, defaulted=defaulted)
    conflict = body.get("onConflictClause")
    if conflict is not None:
        _on_conflict(work, conflict, target, columns, source, level, node)
    return _returning(work, body, target, level, [])


def _is_cut_down(node: Node) -> bool:
    """Whether rows of constants were left out of the tree of a very large text: then nobody knows how many values they have."""
    return any(type(row) is not dict for row in node.get("SelectStmt", {}).get("valuesLists", ()))


def _defaulted(rows: Iterable[Any], columns: list[Column]) -> list[str]:
    """The columns that some row of VALUES sets to DEFAULT."""
    found = {
        n
        for row in rows
        if type(row) is dict
        for n, value in enumerate(row["List"].get("items", ()))
        if type(value) is dict and "SetToDefault" in value
    }
    return [columns[n].name for n in found if n < len(columns)]


def _columns(work: Work, relation: Relation | None, nodes: Any, level: Space) -> list[Column]:
    if relation is None:
        return []
    if not nodes:
        return list(relation.columns)
    columns = []
    for each in nodes:
        name = each["ResTarget"]["name"]
        _subscripts(work, each["ResTarget"], level)
        column = relation.by_name.get(name)
        if column is None:
            work.lacks(f"column `{name}`", each["ResTarget"].get("location", 0))
        else:
            columns.append(column)
    return columns


def _write(work: Work, relation: Relation, column: Column, value: Value, *, part: bool = False) -> None:
    """A value goes into a column. `part`: into a field or element of it."""
    work.use(value.refs(), WRITE_SOURCE)
    work.flow(relation, column.name, Value(value.type, derived=value.refs()) if part else value)
    if not part and value.type != column.type and value.type not in (UNKNOWN_TYPE, ANY_TYPE):
        effects.runs_each(work, cast_called(work.scope, value.type, column.type, "a"))
    elif column.type >= effects.FIRST_OF_OURS:
        effects.runs_each(work, cast_called(work.scope, value.type or UNKNOWN_TYPE, column.type, "a"))


def _on_conflict(work: Work, clause: Node, target: Target, columns: list[Column], source: Rows, level: Level, node: Node) -> None:
    relation, item = target.relation, target.item
    if relation is None or item is None:
        return
    own = Level([Entry(item)], level.parent, level.ctes)
    infer = clause.get("infer", {})
    for each in infer.get("indexElems", ()):
        element = each["IndexElem"]
        if "expr" in element:
            expression.condition(work, element["expr"], own)
        elif "name" in element:
            expression.condition(work, {"ColumnRef": {"fields": [{"String": {"sval": element["name"]}}]}}, own)
    if "whereClause" in infer:
        expression.condition(work, infer["whereClause"], own)
    if clause.get("action") == "ONCONFLICT_UPDATE":
        given = {column.name: value for column, (_, value) in zip(columns, source, strict=False)}
        rows = [(column.name, Value(column.type, *_parts(given.get(column.name)))) for column in relation.columns]
        excluded = _Excluded(rows, work.touch(Action.INSERT, relation))
        both = Level([Entry(item), Entry(excluded, by_columns=False)], level.parent, level.ctes)
        names = _assign(work, clause.get("targetList", ()), relation, both)
        bounds.where(work, clause.get("whereClause"), both)
        target.change(work, Action.UPDATE, names, node, BOUND)
    target.reads(work)


class _Excluded(RowsItem):
    """The row that was to be inserted: its columns are those of the insertion."""

    __slots__ = ("_touch",)

    def __init__(self, rows: Rows, touch: Touch) -> None:
        super().__init__("excluded", rows)
        self._touch = touch

    def find(self, name: str) -> Value | object:
        if name in self._touch.relation.by_name:
            self._touch.columns.setdefault(name, 0)
        return super().find(name)

    def columns(self) -> Rows:
        for name in self._touch.relation.by_name:
            self._touch.columns.setdefault(name, 0)
        return super().columns()


def _parts(value: Value | None) -> tuple[frozenset[Any], frozenset[Any]]:
    return (value.direct, value.derived) if value is not None else (frozenset(), frozenset())


# UPDATE, DELETE


def _assign(work: Work, targets: Iterable[Node], relation: Relation, level: Space) -> list[str]:
    """`SET a = x, (b, c) = row`; gives the columns that are set."""
    names = []
    sources: dict[int, Rows] = {}
    for each in targets:
        target = each["ResTarget"]
        name = target["name"]
        column = relation.by_name.get(name)
        if column is None:
            work.lacks(f"column `{name}`", target.get("location", 0))
            continue
        names.append(name)
        node = target["val"]
        _subscripts(work, target, level)
        if _is_default(node):
            effects.default_of(work, relation, column)
        if type(node) is dict and "MultiAssignRef" in node:
            value = _one_of_several(work, node["MultiAssignRef"], level, sources)
        else:
            value = expression.value_of(work, node, level)
        _write(work, relation, column, value, part="indirection" in target)
    return names


def _subscripts(work: Work, target: Node, level: Space) -> None:
    """What computes the place of `a[i]`, of which a part is set."""
    for step in target.get("indirection", ()):
        for bound in ("lidx", "uidx"):
            if bound in step.get("A_Indices", ()):
                expression.condition(work, step["A_Indices"][bound], level, EXPRESSION)


def _is_default(node: Any) -> bool:
    """DEFAULT, also as a part of `(DEFAULT, 1)`."""
    if type(node) is dict and "MultiAssignRef" in node:
        source, number = node["MultiAssignRef"]["source"], node["MultiAssignRef"].get("colno", 1)
        arguments = source["RowExpr"].get("args", ()) if "RowExpr" in source else ()
        node = arguments[number - 1] if number <= len(arguments) else None
    return type(node) is dict and "SetToDefault" in node


def _one_of_several(work: Work, node: Node, level: Space, sources: dict[int, Rows]) -> Value:
    source, number = node["source"], node.get("colno", 1)
    if "SubLink" in source:
        rows = sources.get(id(source))
        if number == 1 or rows is None:
            rows = query.subselect(work, source["SubLink"]["subselect"], level)
            sources.clear()
            sources[id(source)] = rows
        return rows[number - 1][1] if number <= len(rows) else NO_VALUE
    if "RowExpr" in source:
        arguments = source["RowExpr"].get("args", ())
        return expression.value_of(work, arguments[number - 1], level) if number <= len(arguments) else NO_VALUE
    return expression.value_of(work, source, level)


def update(work: Work, body: Node, level: Level) -> Rows:
    node = body["relation"]
    target = Target(work, node, Action.UPDATE)
    if target.item is not None:
        level.entries = [Entry(target.item)]
    own = list(level.entries)
    if "fromClause" in body:
        _from(work, body["fromClause"], level, own)
    names = _assign(work, body.get("targetList", ()), target.relation, level) if target.relation is not None else []
    bound = _where(work, body, level, target)
    target.change(work, Action.UPDATE, names, node, bound)
    rows = _returning(work, body, target, level, level.entries[1:])
    target.reads(work)
    return rows


def delete(work: Work, body: Node, level: Level) -> Rows:
    node = body["relation"]
    target = Target(work, node, Action.DELETE)
    if target.item is not None:
        level.entries = [Entry(target.item)]
    if "usingClause" in body:
        _from(work, body["usingClause"], level, list(level.entries))
    bound = _where(work, body, level, target)
    target.change(work, Action.DELETE, (), node, bound)
    rows = _returning(work, body, target, level, level.entries[1:])
    target.reads(work)
    return rows


def _from(work: Work, nodes: Any, level: Level, own: list[Entry]) -> None:
    """The other tables. They do not see the target, not even as LATERAL."""
    level.entries = []
    query.from_clause(work, nodes, level)
    level.entries = own + level.entries


def _where(work: Work, body: Node, level: Level, target: Target) -> int:
    """Understand WHERE; gives what bounds the target."""
    where = body.get("whereClause")
    if type(where) is dict and "CurrentOfExpr" in where:
        return BOUND  # the row that a cursor stands on, which the text does not name
    bounds.where(work, where, level)
    return target.item.touch.bound if target.item is not None else UNBOUND


# MERGE


def merge(work: Work, body: Node, level: Level) -> Rows:
    node = body["relation"]
    target = Target(work, node, Action.UPDATE)
    own = [Entry(target.item)] if target.item is not None else []
    source = query.from_item(work, body["sourceRelation"], Level([], level.parent, level.ctes), [])
    both = Level(own + source, level.parent, level.ctes)
    bounds.where(work, body["joinCondition"], both, uses=JOIN)
    target.reads(work)
    only_source = Level(list(source), level.parent, level.ctes)
    only_target = Level(list(own), level.parent, level.ctes)
    for each in body.get("mergeWhenClauses", ()):
        when = each["MergeWhenClause"]
        kind = when.get("matchKind", "MERGE_WHEN_MATCHED")
        seen = both if kind == "MERGE_WHEN_MATCHED" else only_target if kind.endswith("SOURCE") else only_source
        if "condition" in when:
            expression.condition(work, when["condition"], seen)
        _merge_action(work, when, target, seen, node)
    target.reads(work)
    return _returning(work, body, target, both, source, source_first=True)


def _merge_action(work: Work, when: Node, target: Target, level: Level, node: Node) -> None:
    relation = target.relation
    if relation is None:
        return
    match when.get("commandType"):
        case "CMD_INSERT":
            columns = _columns(work, relation, when.get("targetList"), level)
            defaulted = _defaulted([{"List": {"items": when.get("values", [])}}], columns)
            if when.get("override") == "OVERRIDING_USER_VALUE":
                defaulted += identities(work, relation)
            values = [expression.value_of(work, value, level) for value in when.get("values", ())]
            for column, value in zip(columns, values, strict=False):
                _write(work, relation, column, value)
            target.change(work, Action.INSERT, [column.name for column in columns[: len(values)]], node, defaulted=defaulted)
        case "CMD_UPDATE":
            names = _assign(work, when.get("targetList", ()), relation, level)
            target.change(work, Action.UPDATE, names, node, BOUND)
        case "CMD_DELETE":
            target.change(work, Action.DELETE, (), node, BOUND)
        case _:
            work.touch(Action.UPDATE, relation, node.get("location", 0)).weaken(BOUND)  # DO NOTHING: locked as for a change


# RETURNING


def _returning(work: Work, body: Node, target: Target, level: Level, others: list[Entry], *, source_first: bool = False) -> Rows:
    clause = body.get("returningClause")
    if clause is None:
        return []
    options = {}
    nodes = clause
    if type(clause) is dict:
        clause = clause.get("ReturningClause", clause)
        nodes = clause.get("exprs", ())
        for each in clause.get("options", ()):
            option = each["ReturningOption"]
            options[option.get("option", "RETURNING_OPTION_OLD")] = option.get("value", "")
    entries: list[Entry] = [Entry(target.item)] if target.item is not None else []
    if target.item is not None:
        taken = {entry.item.alias for entry in entries + others}
        for option, name in (("RETURNING_OPTION_OLD", "old"), ("RETURNING_OPTION_NEW", "new")):
            alias = options.get(option, name)
            if alias not in taken:
                entries.append(Entry(_Again(target.item, alias), by_columns=False))
    for rule in target.relation.rules if target.relation is not None else ():
        if rule.instead and "RETURNING" in rule.definition.upper():
            work.doubt(f"what RETURNING gives is what rule {rule.name} does")
    seen = others + entries if source_first else entries + others
    rows = query.target_list(work, nodes, Level(seen, level.parent, level.ctes))
    target.reads(work)
    for _, value in rows:
        for ref in value.refs():
            if target.item is not None and ref.touch is target.item.touch:
                target.reads(work, looked=True)
    return [(name, _written(work, target.relation, value)) for name, value in rows]


def _written(work: Work, relation: Relation | None, value: Value) -> Value:
    """What RETURNING gives of a column is what was just written into it."""
    refs = {ref for own in value.refs() if own.touch.relation is relation for ref, _ in work.flows.get((relation, own.column), ())}
    return Value(value.type, value.direct, value.derived | refs, value.row) if refs - value.refs() else value


class _Again(Item):
    """The target under another name: `old`, `new`."""

    __slots__ = ("_item",)

    def __init__(self, item: TableItem, alias: str) -> None:
        self._item = item
        self.alias = alias
        self.schema = None

    def find(self, name: str) -> Value | object:
        return self._item.find(name)

    def columns(self) -> list[tuple[str, Value]]:
        return self._item.columns()


# COPY


def copy(work: Work, body: Node, level: Level) -> Rows | None:
    """COPY table or query TO, COPY table FROM."""
    if "query" in body:
        return query.subselect(work, body["query"], level)
    node = body["relation"]
    relation = query.relation_named(work, node)
    if relation is None:
        return []
    named = [each["String"]["sval"] for each in body.get("attlist", ())]
    columns = [column for column in relation.columns if not named or column.name in named]
    for name in named:
        if name not in relation.by_name:
            work.lacks(f"column `{name}`", node.get("location", 0))
    location = node.get("location", 0)
    if not body.get("is_from"):
        touch = work.occurrence(Action.READ, relation, location)
        touch.inherits = False  # COPY reads the table alone; of a partitioned one it may not
        touch.weaken(UNBOUND)
        made_of, inner = effects.reads(work, relation, location)
        item = TableItem(touch, relation.name, relation.schema, [], made_of, inner)
        return [(column.name, value) for column in columns if isinstance(value := item.find(column.name), Value)]
    target = Target(work, node, Action.INSERT)
    for column in columns:
        work.flow(relation, column.name, None)
        if column.type >= effects.FIRST_OF_OURS:
            effects.runs_each(work, read_called(work.scope, column.type))
    target.change(work, Action.INSERT, [column.name for column in columns], {**node, "inh": True})
    if "whereClause" in body and target.item is not None:
        expression.condition(work, body["whereClause"], Level([Entry(target.item)], None, {}))
    return None


_HANDLERS: dict[str, Callable[[Work, Node, Level], Rows]] = {
    "InsertStmt": insert,
    "UpdateStmt": update,
    "DeleteStmt": delete,
    "MergeStmt": merge,
}
