"""What else there is to know of a relation that is touched, and what it is a part of: facts for policies. Pure.

Kept with the scope, by relation and action, for as long as its snapshot: a relation that a text only makes is looked at each time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nightporter.catalog.model import Relation
from nightporter.statement.model import Action

from .classes import FIRST_USER_OID
from .labels import labels_of
from .scope import Scope
from .system_labels import Labels

EVENTS = {Action.INSERT: "insert", Action.UPDATE: "update", Action.DELETE: "delete", Action.TRUNCATE: "truncate"}
"""What triggers and rules call an action."""


class About(NamedTuple):
    """What is told of a relation, beside its name and kind."""

    traits: frozenset[str]
    """Of triggers, rules (enabled ones, for that action), row_security, partition, child, temporary, foreign, unlogged, system."""
    parents: tuple[tuple[str, str], ...]
    """Schema and name of all that it is a partition or child of, nearest first."""
    labels: Callable[[str], Labels] | None
    """What tells the labels of its columns by their names; None: they have none."""


_NONE: frozenset[str] = frozenset()


def about(scope: Scope, action: Action, relation: Relation) -> About:
    """What is told of a relation where that is done to it."""
    # what is read is most of it, and an enum's hash costs as much as all the rest
    key: object = relation if action is Action.READ else (action, relation)
    found: About | None = scope.resolved.get(key)
    if found is None:
        found = About(_found(scope, action, relation), _ancestors(scope, relation), labels_of(scope, relation))
        if relation.oid > 0:
            scope.resolved[key] = found
    return found


def _found(scope: Scope, action: Action, relation: Relation) -> frozenset[str]:
    event = EVENTS.get(action, "select" if action is Action.READ else "")
    facts = {
        "triggers": any(event in trigger.events and fires(scope, trigger.enabled) for trigger in relation.triggers),
        "rules": any(rule.event == event and fires(scope, rule.enabled) for rule in relation.rules),
        "row_security": relation.row_security,
        "partition": relation.is_partition,
        "child": bool(relation.parents) and not relation.is_partition,
        "temporary": relation.persistence == "t",
        "unlogged": relation.persistence == "u",
        "foreign": relation.kind == "f",
        "system": 0 < relation.oid < FIRST_USER_OID,
    }
    return frozenset(name for name, holds in facts.items() if holds) or _NONE


def fires(scope: Scope, enabled: str) -> bool:
    """Whether a trigger or rule that is enabled like this is set off in the session."""
    role = scope.settings.get("session_replication_role", "origin")
    if enabled == "D":
        return False
    return enabled == "A" or (enabled == "R") == (role == "replica") or role not in ("origin", "local", "replica")


def _ancestors(scope: Scope, relation: Relation) -> tuple[tuple[str, str], ...]:
    above: dict[int, Relation] = {}
    waiting = list(relation.parents)
    while waiting:
        oid = waiting.pop(0)
        parent = scope.snapshot.relations.get(oid)
        if parent is not None and oid not in above and oid != relation.oid:
            above[oid] = parent
            waiting += parent.parents
    return tuple((each.schema, each.name) for each in above.values())
