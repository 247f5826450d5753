"""Changes of views: without a trigger or rule of its own a view hands them on to the one relation beneath it. Pure.

"Updatable Views" under CREATE VIEW in PostgreSQL's documentation.
"""

from __future__ import annotations

from nightporter.catalog.model import Relation
from nightporter.protocols.postgres.grammar import GrammarError, parse
from nightporter.statement.model import Action

from . import effects, query
from .space import Entry, Level, TableItem
from .work import WRITE_TARGET, Reach, Touch, Work

MAX_DEPTH = 64
"""Views over views."""


def change_beneath(
    work: Work, action: Action, view: Relation, names: frozenset[str], defaulted: frozenset[str], bound: int = -1, depth: int = 0
) -> None:
    """What a change of a view's rows changes beneath it. `defaulted`: columns that are set to DEFAULT."""
    if _has_its_own_way(view, action):
        return
    name = f"{view.schema}.{view.name}"
    found = beneath(work, view) if depth < MAX_DEPTH else None
    if found is None:
        work.doubt(f"what a change of view {name} changes is not known")
        return
    relation, mapped = found
    columns = frozenset(mapped[each] for each in names if each in mapped)
    unset = frozenset(mapped[each] for each in defaulted if each in mapped)
    inner = Work(work.scope)
    touch = inner.touch(action, relation)
    touch.inherits = bool(relation.children)
    for column in columns:
        touch.use(column, WRITE_TARGET)
    if bound >= 0:
        touch.weaken(bound)
    for each in names & mapped.keys():
        if (view, each) in work.flows:
            inner.flows[relation, mapped[each]] = set(work.flows[view, each])
    if relation.kind == "v":
        change_beneath(inner, action, relation, columns, unset, bound, depth + 1)
    effects.changes(inner, action, relation, columns - unset if action is not Action.DELETE else None)
    work.include(Reach(inner), (f"view {name}",))


def _has_its_own_way(view: Relation, action: Action) -> bool:
    event = action.value
    if any(event in trigger.events and trigger.timing == "instead" for trigger in view.triggers):
        return True
    return any(rule.event == event and rule.instead and not _is_conditional(rule.definition) for rule in view.rules)


def _is_conditional(definition: str) -> bool:
    try:
        (parsed,) = parse(definition.encode())
    except (GrammarError, ValueError):
        return True
    return "whereClause" in parsed.body


def bottom(work: Work, view: Relation) -> Relation | None:
    """The table that a view stands on, under all views between."""
    relation = view
    for _ in range(MAX_DEPTH):
        if relation.kind != "v":
            return relation
        found = beneath(work, relation)
        if found is None:
            return None
        relation = found[0]
    return None


def identities(work: Work, relation: Relation) -> frozenset[str]:
    """The identity columns of a table, or the columns of a view that stand for some."""
    if relation.kind != "v":
        return frozenset(column.name for column in relation.columns if column.generated == "i")
    found = beneath(work, relation)
    if found is None:
        return frozenset()
    own = identities(work, found[0])
    return frozenset(name for name, column in found[1].items() if column in own)


def beneath(work: Work, view: Relation) -> tuple[Relation, dict[str, str]] | None:
    """The relation that a view stands on, and the column there that each of the view's is; None if it stands on several."""
    try:
        (parsed,) = parse(view.definition.encode())
    except (GrammarError, ValueError):
        return None
    items = parsed.body.get("fromClause", ())
    if len(items) != 1 or "RangeVar" not in items[0]:
        return None
    scope = work.scope.canonical()
    node = items[0]["RangeVar"]
    relation = scope.relation(node.get("schemaname"), node["relname"])
    if relation is None:
        return None
    inner = Work(scope)
    inner.exact = True
    alias = node.get("alias", {}).get("aliasname", relation.name)
    item = TableItem(Touch(Action.READ, relation, (), -1), alias, relation.schema, [])
    rows = query.target_list(inner, parsed.body.get("targetList", ()), Level([Entry(item)], None, {}))
    mapped = {}
    for column, (_, value) in zip(view.columns, rows, strict=False):
        if len(value.direct) == 1 and not value.derived:
            mapped[column.name] = next(iter(value.direct)).column
    return relation, mapped
