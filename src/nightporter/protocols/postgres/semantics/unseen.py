"""What functions give of data that no text names: large objects, texts of statements, pages of tables, other servers. Pure.

Where one relation of the server's holds such data, its column stands for it, and has the labels of that; else nobody can tell.
"""

from __future__ import annotations

from nightporter.catalog.model import Function
from nightporter.statement.model import Effect

from .classes import effects_of
from .scope import CATALOG, Scope
from .work import UNSEEN, Ref, apart

_LARGE_OBJECTS = frozenset({"be_lo_get", "be_lo_get_fragment", "be_loread"})
_FILES = ("pg_read_file", "pg_read_binary_file")
"""What their symbols begin with. Those that list files tell no more than names."""
_ARGUMENTS_ONLY = frozenset({"pg_stats_ext_mcvlist_items"})
"""It takes apart what it is given, and that has a label."""
_TELL_NOTHING = frozenset({16, 26, 27, 2278, 2279, 3838})
"""Results that can hold no data: boolean, oid, tid, void, trigger, event_trigger."""
RECORD = 2249

_NONE: frozenset[Ref] = frozenset()


def unseen(scope: Scope, function: Function) -> frozenset[Ref]:
    """Columns that stand for data which a function gives, and its arguments and body do not name; empty for nearly all."""
    if function.language in ("sql", "plpgsql"):
        return _NONE  # its body says; of a server's own, its class does not say that it gives any
    key = ("unseen", function.oid)
    found: frozenset[Ref] | None = scope.resolved.get(key)
    if found is None:
        found = scope.resolved[key] = _unseen(scope, function)
    return found


def _unseen(scope: Scope, function: Function) -> frozenset[Ref]:
    does = effects_of(function)
    if function.result in _TELL_NOTHING:
        return _NONE
    if function.symbol in _LARGE_OBJECTS:
        return _column_of(scope, "pg_largeobject", "data")
    if Effect.READS_STATEMENTS in does:
        return _column_of(scope, "pg_stat_activity", "query")
    reaches_out = Effect.REACHES_OUT in does and (function.returns_set or function.result == RECORD)
    if reaches_out or function.symbol.startswith(_FILES):
        return frozenset((UNSEEN,))
    if does.isdisjoint((Effect.UNKNOWN, Effect.READS_DATA, Effect.RUNS_SQL)) or function.symbol in _ARGUMENTS_ONLY:
        return _NONE
    return frozenset((UNSEEN,))


def _column_of(scope: Scope, relation: str, column: str) -> frozenset[Ref]:
    found = scope.snapshot.relations_by_name.get((CATALOG, relation))
    return frozenset((UNSEEN if found is None else apart(found, column),))
