"""What is set off without being named: functions run, views read, triggers fired, foreign keys followed. Pure.

Each of these has a *reach*, gathered once for each scope and kept there. A function's own SET search_path and SECURITY DEFINER make
it read under another scope. What stands in the catalogue already analysed (a view's query, a default, a check) is taken from there
by OID; only bodies that are text are read as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from nightporter.catalog.model import Column, Function, Relation, Trigger
from nightporter.protocols.postgres import function as calls
from nightporter.protocols.postgres.grammar import GrammarError, parse
from nightporter.statement.model import Action, Effect, Effected

from . import bodies, expression, query
from .classes import ByType, by_type, effects_of
from .coercion import read_called
from .overload import Resolution
from .scope import CATALOG, Scope
from .space import Entry, Level, Rows, TableItem
from .system_labels import is_reviewed
from .traits import EVENTS, fires
from .unseen import unseen
from .work import APART, PREDICATE, WRITE_TARGET, Reach, Ref, Touch, Value, Work, effected, name_of

FIRST_OF_OURS = 16384
"""OIDs below are the server's own."""

_QUIET = frozenset({Effect.COMPUTES})
_ADMINISTERS = frozenset({Effect.FILES, Effect.REACHES_OUT, Effect.CONTROLS_SERVER})
_SEQUENCE_READS = frozenset({"currval_oid", "lastval", "pg_sequence_last_value", "pg_sequence_parameters", "pg_get_sequence_data"})

# Running a function


def runs(work: Work, function: Function, location: int = -1) -> None:
    """A function is called: take over what it does."""
    if work.exact or function.oid in work.scope.quiet:
        return
    reach = reach_of(work.scope, function)
    if reach is None or reach.is_empty:
        return
    work.include(reach, (f"function {name_of(function)}",) if reach.touches or reach.doubts else (), location)


def runs_each(work: Work, functions: Iterable[Function], location: int = -1) -> None:
    """Several functions are called, one after the other or one of them."""
    for function in functions:
        runs(work, function, location)


def runs_all(work: Work, found: Resolution, location: int = -1) -> None:
    """Whatever a name may stand for is called."""
    for function in found.functions:
        if function.oid not in work.scope.quiet:
            runs(work, function, location)
    if found.coercions:
        runs_each(work, found.coercions, location)


def sources(work: Work, found: Resolution, location: int = -1) -> frozenset[Ref]:
    """Columns that a call's result comes from, beside its arguments': those that its body reads."""
    work.last_call = work.last_outputs = None
    refs: set[Ref] = set()
    for function in found.functions:
        work.last_call = function
        work.last_type = found.result
        reach = _reach_here(work, function)
        if reach is not None:
            refs |= unseen(work.scope, function)
        if function.kind == "a":
            every = work.scope.snapshot.functions
            refs |= sources_of_each(work, [every[oid] for oid in function.calls if oid in every])
        if reach is None or not reach.outputs:
            continue
        # their touches are ours by now, merged by what they touch
        rows = [(name, moved_here(work, value)) for name, value in reach.outputs]
        for _, value in rows:
            refs |= value.refs()
        if len(found.functions) == 1:
            work.last_outputs = rows
    return frozenset(refs) | sources_of_each(work, found.coercions)


def carries(work: Work, found: Resolution, given: Iterable[Ref]) -> None:
    """Whatever a function writes may be made of what it was given."""
    sources = {(ref, False) for ref in given}
    if not sources:
        return
    for function in found.functions:
        reach = _reach_here(work, function)
        for key, _ in reach.flows if reach is not None else ():
            into = work.flows.setdefault(key, set())
            into.update(source for source in sources if (source[0], True) not in into)


def sources_of_each(work: Work, functions: Iterable[Function]) -> frozenset[Ref]:
    """Columns that the results of casts and of an aggregate's own functions come from: those that their bodies read."""
    refs: set[Ref] = set()
    for function in functions:
        reach = _reach_here(work, function)
        if reach is not None:
            refs |= unseen(work.scope, function)
        for _, value in (reach.outputs or ()) if reach is not None else ():
            refs |= moved_here(work, value).refs()
    return frozenset(refs)


def _reach_here(work: Work, function: Function) -> Reach | None:
    """What a function that is called here does; None if it only computes."""
    work.placed.add(function.oid)
    if function.oid in work.scope.quiet or function.oid in work.calling.quiet:
        return None
    reach = reach_of(work.calling if work.exact else work.scope, function)
    if work.exact and reach is not None and not reach.is_empty:
        work.include(reach, (f"function {name_of(function)}",) if reach.touches or reach.doubts else ())
    return reach


def unplaced(work: Work, oids: Iterable[int], rows: Rows) -> Rows:
    """After what an exact text calls was run: what it calls at a place that was not found may be in any of its columns."""
    functions = work.scope.snapshot.functions
    refs = sources_of_each(work, [functions[oid] for oid in oids if oid in functions and oid not in work.placed])
    return [(name, Value(value.type, value.direct, value.derived | refs)) for name, value in rows] if refs else rows


def moved_here(work: Work, value: Value) -> Value:
    """A value of a reach that was taken over."""

    def here(refs: frozenset[Ref]) -> frozenset[Ref]:
        found = set()
        for ref in refs:
            touch = work.touches.get((ref.touch.action, ref.touch.relation.oid, True))
            if ref.touch.location == APART:
                found.add(ref)
            elif touch is not None:
                found.add(Ref(touch, ref.column, ref.how))
        return frozenset(found)

    return Value(value.type, here(value.direct), here(value.derived))


def calls_each(work: Work, oids: Iterable[int], location: int = -1) -> None:
    """Functions by OID, as the catalogue names them."""
    functions = work.scope.snapshot.functions
    for oid in oids:
        if oid in work.scope.quiet:
            continue
        function = functions.get(oid)
        if function is None:
            work.lacks(f"function with OID {oid}", location)
        else:
            exact, work.exact = work.exact, False
            runs(work, function, location)
            work.exact = exact


def reach_of(scope: Scope, function: Function) -> Reach | None:
    """What running a function does; None while that is being found out (it calls itself), and for what does nothing."""
    found: Reach | None = scope.progress.find(scope.reaches, function.oid, lambda: _reach(scope, function))
    if found is not None and found.is_empty and function.oid in scope.reaches:
        scope.quiet.add(function.oid)
    return found


def _reach(scope: Scope, function: Function) -> Reach:
    oid = function.oid
    work = Work(scope)
    outputs = None
    if function.language in ("sql", "plpgsql") and not (oid < FIRST_OF_OURS and function.schema in (CATALOG, "information_schema")):
        work, outputs = bodies.understand_body(scope, function)
    else:
        _built_in(work, function)
    for each in function.calls + function.default_calls:
        support = scope.snapshot.functions.get(each)
        if support is not None:
            runs(work, support)
    if oid >= FIRST_OF_OURS and not function.extension:
        work.effects.setdefault((oid, False), _own(function, work))
    return Reach(work, outputs)


def _own(function: Function, work: Work) -> Effected:
    """What is said of a function of the user's own."""
    found = {effect for each in work.effects.values() for effect in each.effects} - {Effect.COMPUTES}
    for touch in (*work.touches.values(), *work.occurrences):
        found.add(Effect.LOCKS if touch.locks else Effect.READS_DATA if touch.action is Action.READ else Effect.WRITES_DATA)
    if work.doubts:
        found.add(Effect.UNKNOWN)
    return effected(function, frozenset(found or {Effect.COMPUTES}))


def _built_in(work: Work, function: Function) -> None:
    """By the table of classes."""
    found = effects_of(function)
    for kind in by_type(function):
        if kind is ByType.JSON_CAST:
            casts_to_json(work)
        else:
            _any_domain(work)
    if found == _QUIET and function.oid < FIRST_OF_OURS:
        return  # an extension's is named all the same: policies may want to know whose code runs
    if Effect.CHANGES_SETTINGS in found and function.oid >= FIRST_OF_OURS:
        work.redefines = True  # set_config under another name
    work.effect(function, found)
    if Effect.UNKNOWN in found:
        work.doubt(f"what function {name_of(function)} does is not known")
    if not _ADMINISTERS.isdisjoint(found):
        work.actions.add(Action.ADMINISTER)
    if Effect.READS_DATA in found:
        work.actions.add(Action.READ)
    if Effect.WRITES_DATA in found:
        work.actions.add(Action.UPDATE)
    if Effect.SEQUENCES in found:
        work.actions.add(Action.READ if function.symbol in _SEQUENCE_READS else Action.UPDATE)
    if Effect.LARGE_OBJECTS in found:
        known = calls.FUNCTIONS.get(function.oid)
        work.actions |= known[1] if known is not None else {Action.READ, Action.UPDATE}
    if Effect.RUNS_SQL in found:
        work.doubt(f"function {name_of(function)} runs text that it is given")


# Types


def casts_to_json(work: Work) -> None:
    """A value is made JSON: casts to json of the user's own, of any type that may be in it."""
    scope = work.scope
    found: tuple[int, ...] | None = scope.resolved.get("casts to json")
    if found is None:
        casts = [cast for cast in scope.snapshot.casts.values() if cast.target in _JSON and cast.function >= FIRST_OF_OURS]
        # those of extensions only compute, and nothing says that a value of such a type is there
        found = tuple(cast.function for cast in casts if not _only_computes(scope, cast.function))
        scope.resolved["casts to json"] = found
    calls_each(work, found)


def _only_computes(scope: Scope, oid: int) -> bool:
    """Whether it is an extension's, and does nothing else."""
    function = scope.snapshot.functions.get(oid)
    return function is not None and bool(function.extension) and effects_of(function) == _QUIET


_JSON = (114, 3802)


def _any_domain(work: Work) -> None:
    """A value of a type that is named when it runs: the checks of any domain."""
    scope = work.scope
    found: tuple[int, ...] | None = scope.resolved.get("checks of domains")
    if found is None:
        types = scope.snapshot.types.values()
        found = tuple({oid for type_ in types if type_.kind == "d" and type_.oid >= FIRST_OF_OURS for oid in type_.check_calls})
        scope.resolved["checks of domains"] = found
    calls_each(work, found)


def compares(work: Work, type_: int) -> None:
    """Sorting and grouping by a type: the functions of its default operator classes."""
    key = ("compares", type_)
    found: tuple[int, ...] | None = work.scope.resolved.get(key)
    if found is None:
        calls: dict[int, None] = {}
        _comparing(work.scope, type_, calls, set())
        work.scope.resolved[key] = found = tuple(calls)
    calls_each(work, found)


_COMPARE_PARTS = re.compile(
    r"(array|record)_(eq|ne|lt|gt|le|ge|larger|smaller|position|position_start|positions|remove|replace|sort\w*)|bt(array|record)cmp"
    r"|hash_(array|record)\w*|array(contains|contained|overlap)|width_bucket_array|\w*range\w*"
)
"""Symbols of built-in functions that compare what is in arrays, rows and ranges, by the types of that."""


def compares_parts(work: Work, found: Resolution, types: Iterable[int | None]) -> None:
    """A built-in function is called that compares elements or fields of its arguments, or bounds of ranges."""
    scope = work.scope
    own = [type_ for type_ in (*types, found.result) if type_ and (type_ >= FIRST_OF_OURS or type_ in _ROWS)]
    if not own or not any(_compares_parts(scope, function) for function in found.functions):
        return
    for type_ in own:
        if type_ in _ROWS:
            calls_each(work, support(scope))  # a row of no certain type may have anything in it
        else:
            compares(work, type_)


_ROWS = frozenset({2249, 2287})
"""record and its array."""


def _compares_parts(scope: Scope, function: Function) -> bool:
    if function.language == "internal" and _COMPARE_PARTS.fullmatch(function.symbol):
        return True
    called = (scope.snapshot.functions.get(oid) for oid in function.calls)  # of an aggregate
    return any(each is not None and _COMPARE_PARTS.fullmatch(each.symbol) for each in called)


def support(scope: Scope) -> frozenset[int]:
    """All functions of operator classes that are not built in."""
    found: frozenset[int] | None = scope.resolved.get("support")
    if found is None:
        found = frozenset(oid for type_ in scope.snapshot.types.values() for oid in type_.comparison_calls)
        scope.resolved["support"] = found
    return found


def _comparing(scope: Scope, type_: int, calls: dict[int, None], seen: set[int]) -> None:
    """What comparing values of a type runs: of itself, or of what it is made of."""
    found = scope.snapshot.types.get(type_)
    if found is None or type_ in seen:
        return
    seen.add(type_)
    calls.update(dict.fromkeys(found.comparison_calls))
    relation = scope.snapshot.relations.get(found.relation) if found.relation else None
    parts = [column.type for column in relation.columns] if relation is not None else []
    if found.category == "A":
        parts.append(found.element)
    for each in (found.base, found.range_subtype, *parts):
        _comparing(scope, each, calls, seen)


def assigns(work: Work, type_: int) -> None:
    """A value of some type becomes one of this: PL/pgSQL does so with all that it assigns, and functions with what they return."""
    if type_ in _ANYTHING:
        return
    scope = work.scope
    runs_each(work, read_called(scope, type_))
    to: dict[int, list[int]] | None = scope.resolved.get("own casts")
    if to is None:
        to = {}
        for cast in scope.snapshot.casts.values():
            if cast.function >= FIRST_OF_OURS:
                to.setdefault(cast.target, []).append(cast.function)
        scope.resolved["own casts"] = to
    calls_each(work, to.get(type_, ()))


_ANYTHING = frozenset({0, 705, 2249, 2278, 2279, 2281, 3838})
"""unknown, record, void, trigger, internal, event_trigger: nothing becomes one of them."""


# Reading a relation


def reads(work: Work, relation: Relation, location: int = -1) -> tuple[list[Value] | None, tuple[tuple[Touch, int], ...]]:
    """A relation is read: a view's own query with it. Gives what a view's columns are made of."""
    if relation.kind == "v":
        reach = view_reach(work.scope, relation)
        here = work.include(reach, (f"view {relation.schema}.{relation.name}",), location, bounds=False)
        outputs = [Value(v.type, _at(v.direct, here), _at(v.derived, here)) for _, v in reach.outputs or ()]
        return outputs, tuple((here[theirs], max(theirs.bound, 0)) for theirs in reach.touches if theirs.action is Action.READ)
    if relation.row_security:
        _row_policies(work, relation, "r")
    for each in (relation, *work.descendants(relation)) if relation.children else (relation,):
        of_keys = each.index_calls + (each.access_calls if each.kind == "p" else ())
        if of_keys:  # searching an index, or leaving out partitions, compares as these do
            calls_each(work, sorted(support(work.scope).intersection(of_keys)))
    if any(rule.event == "select" for rule in relation.rules):
        work.doubt(f"relation {relation.schema}.{relation.name} has a rule for SELECT")
    virtual = [column for column in relation.columns if column.generated == "v"]
    for column in virtual:
        calls_each(work, column.default_calls)
    for each in (relation, *work.descendants(relation)) if relation.children else (relation,):
        if each.kind == "f":
            work.actions.add(Action.READ)
            _reaches_out(work, each, location)
    return None, ()


def _reaches_out(work: Work, relation: Relation, location: int) -> None:
    key = (-relation.oid, False)
    name = f"foreign table {relation.schema}.{relation.name} (server {relation.server})"
    work.effects.setdefault(key, Effected(name, frozenset({Effect.REACHES_OUT}), (), work.span(location)))


def _at(refs: frozenset[Ref], here: dict[Touch, Touch]) -> frozenset[Ref]:
    return frozenset(Ref(here.get(ref.touch, ref.touch), ref.column, ref.how) for ref in refs)


def view_reach(scope: Scope, relation: Relation) -> Reach:
    """What reading a view reads."""
    found: Reach | None = scope.progress.find(scope.views, relation.oid, lambda: _view(scope, relation))
    return found if found is not None else Reach(Work(scope))  # a view over itself: the server refuses


def _view(scope: Scope, relation: Relation) -> Reach:
    work = Work(owned(scope, relation).canonical())
    work.exact, work.calling = True, scope
    outputs: Rows = []
    try:
        (parsed,) = parse(relation.definition.encode())
        outputs = query.rows_of(work, parsed.body, None)
    except (GrammarError, ValueError) as error:
        work.doubt(f"the definition of view {relation.schema}.{relation.name} was not read: {error}")
    work.exact = False
    work.scope = scope  # what it calls runs under the session's own
    calls_each(work, relation.access_calls)
    if is_reviewed(scope, relation):
        _tells_by_column(work)
    outputs = unplaced(work, relation.access_calls, outputs)
    if is_reviewed(scope, relation):  # what each column holds is known
        outputs = [(name, _without_unseen(value)) for name, value in outputs]
    if len(outputs) != len(relation.columns) and not work.doubts:
        work.doubt(f"view {relation.schema}.{relation.name} was read with {len(outputs)} columns, and has {len(relation.columns)}")
    return Reach(work, outputs)


def _without_unseen(value: Value) -> Value:
    if not any(ref.touch.location == APART for ref in value.derived):
        return value
    return Value(value.type, value.direct, frozenset(ref for ref in value.derived if ref.touch.location != APART), value.row)


def _tells_by_column(work: Work) -> None:
    """A view of the server's own: which of its columns show texts of statements is known, so its functions do not say that."""
    for key, each in work.effects.items():
        if Effect.READS_STATEMENTS in each.effects:
            work.effects[key] = each._replace(effects=each.effects - {Effect.READS_STATEMENTS} | {Effect.READS_STATE})


_TRUE = frozenset({"true", "on", "yes", "1"})


def owned(scope: Scope, view: Relation) -> Scope:
    """What a view reads and changes it does with its owner's rights, unless it is for its invoker: his row-level policies count."""
    if view.options.get("security_invoker", "false").lower() in _TRUE:
        return scope
    owner = next((role.name for role in scope.snapshot.roles.values() if role.oid == view.owner), "")
    return scope.variant(role=owner)


def _row_policies(work: Work, relation: Relation, command: str) -> None:
    """Row-level security adds its conditions, except for those who are above it."""
    role = work.scope.snapshot.roles.get(work.scope.role)
    if role is not None and (
        role.superuser or role.bypasses_row_security or (role.oid == relation.owner and not relation.force_row_security)
    ):
        return
    scope = work.calling if work.exact else work.scope  # of a view: its functions run under the session's own
    reach = scope.progress.find(scope.reaches, ("policies", relation.oid, command), lambda: _policies(scope, relation, command))
    if reach is not None:
        work.include(reach, ())


def _policies(scope: Scope, relation: Relation, command: str) -> Reach:
    work = Work(scope)
    for policy in relation.policies:
        if policy.command not in ("*", command):
            continue
        via = (f"policy {policy.name} on {relation.schema}.{relation.name}",)
        inner = Work(scope)
        calls_each(inner, policy.calls)
        inner.exact, inner.calling, inner.scope = True, scope, scope.canonical()
        level = Level([Entry(TableItem(Touch(Action.READ, relation, (), -1), relation.name, relation.schema, []))], None, {})
        for text in policy.texts:
            try:
                (parsed,) = parse(f"SELECT {text}".encode())
            except (GrammarError, ValueError) as error:
                inner.doubt(f"policy {policy.name} on {relation.schema}.{relation.name} was not read: {error}")
            else:
                expression.condition(inner, parsed.body["targetList"][0]["ResTarget"]["val"], level)
        work.include(Reach(inner), via)
    return Reach(work)


def locks_rows(work: Work, read: Touch, beneath: Iterable[tuple[Touch, int]] = ()) -> None:
    """SELECT ... FOR UPDATE and kin, of what was read. `beneath`: of a view, what its query reads."""
    relation = read.relation
    name = f"row locks on {relation.schema}.{relation.name}"
    work.effects.setdefault((-relation.oid, True), Effected(name, frozenset({Effect.LOCKS}), (), work.span(read.location)))
    _locked(work, read)
    if relation.row_security:
        _row_policies(work, relation, "w")
    for inner, _ in beneath:
        if all(part.startswith("view ") for part in inner.via):  # a function that it calls locks nothing
            _locked(work, inner)
            if inner.relation.row_security:
                under = Work(owned(work.scope, relation))
                _row_policies(under, inner.relation, "w")
                work.include(Reach(under), inner.via)


def _locked(work: Work, read: Touch) -> None:
    touch = work.touch(Action.UPDATE, read.relation, read.location, read.via, locks=True)
    touch.inherits = touch.inherits or read.inherits
    touch.weaken(max(read.bound, 0))


def samples(work: Work, names: list[str], location: int) -> None:
    """TABLESAMPLE method(...)."""
    if names[-1] in ("bernoulli", "system"):
        return
    for function in work.scope.functions(names[-2] if len(names) > 1 else None, names[-1]):
        runs(work, function, location)


# Changing a relation


def changes(work: Work, action: Action, relation: Relation, columns: frozenset[str] | None, location: int = -1) -> None:
    """Rows are inserted, updated, deleted or truncated; `columns` are those that are given a value (None: all)."""
    scope = work.scope

    def find_out() -> Reach:
        inner = Work(scope)
        _changes(inner, action, relation, columns)
        for child in inner.descendants(relation):
            _changes(inner, action, child, columns)
        return Reach(inner)

    reach = scope.progress.find(scope.changes, (action, relation.oid, columns), find_out)
    if reach is not None and not reach.is_empty:
        work.include(reach, (), location)


def _changes(work: Work, action: Action, relation: Relation, columns: frozenset[str] | None) -> None:
    name = f"{relation.schema}.{relation.name}"
    if action in (Action.INSERT, Action.UPDATE):
        _computed(work, action, relation, columns, name)
    _rules(work, action, relation, name)
    _triggers(work, action, relation, columns, name)
    _foreign_keys(work, action, relation, columns, name)
    if relation.row_security:
        _row_policies(work, relation, {Action.INSERT: "a", Action.UPDATE: "w", Action.DELETE: "d"}.get(action, "*"))
    if relation.kind == "f":
        _reaches_out(work, relation, -1)


def _computed(work: Work, action: Action, relation: Relation, columns: frozenset[str] | None, name: str) -> None:
    """Defaults, generated columns, checks, index expressions, domains."""
    for column in relation.columns:
        written = columns is None or column.name in columns
        if column.generated in ("s", "v") or (action is Action.INSERT and (not written or columns is None)):
            _default(work, column, name)
        if column.type >= FIRST_OF_OURS and (written or action is Action.INSERT):
            calls_each(work, _domain_calls(work.scope, column.type))
    _by(work, f"check of {name}", relation.check_calls)
    _by(work, f"index of {name}", relation.index_calls)
    if relation.kind == "p":
        _by(work, f"partition key of {name}", relation.access_calls)
    if relation.is_partition:  # its rows must be those that belong there
        for parent in _above(work.scope, relation):
            _by(work, f"partition key of {parent.schema}.{parent.name}", parent.access_calls)


def _above(scope: Scope, relation: Relation) -> list[Relation]:
    """The tables that it is a partition of, from the nearest."""
    found: list[Relation] = []
    while relation.is_partition and relation.parents:
        parent = scope.snapshot.relations.get(relation.parents[0])
        if parent is None or parent in found:
            break
        found.append(parent)
        relation = parent
    return found


def _by(work: Work, what: str, oids: tuple[int, ...]) -> None:
    if oids and not work.scope.quiet.issuperset(oids):
        inner = Work(work.scope)
        calls_each(inner, oids)
        work.include(Reach(inner), (what,))


def _default(work: Work, column: Column, name: str) -> None:
    what = f"{'default' if column.generated not in ('s', 'v') else 'generated column'} {name}.{column.name}"
    _by(work, what, column.default_calls)
    if column.generated == "i" or "nextval(" in column.default_text:
        for sequence in _sequences(work.scope, column):
            touch = work.touch(Action.UPDATE, sequence, -1, (what,))
            touch.weaken(2)


def default_of(work: Work, relation: Relation, column: Column) -> None:
    """A column is set to its DEFAULT, explicitly."""
    _default(work, column, f"{relation.schema}.{relation.name}")


def _sequences(scope: Scope, column: Column) -> list[Relation]:
    """The sequences that a column's default draws from: its own, and those that the text names."""
    relations, owned = scope.snapshot.relations, scope.owned_sequences()
    found: list[Relation] = []
    waiting = [column.relation.oid]
    while waiting and not found:  # a partition draws from the sequence of its parent
        oid = waiting.pop()
        found = [relations[each] for each in owned.get(oid, ())]
        waiting += relations[oid].parents if oid in relations else ()
    if column.generated != "i":
        named = bodies.sequence_named(scope, column.default_text)
        found = [named] if named is not None else found
    return found


def _domain_calls(scope: Scope, type_: int) -> tuple[int, ...]:
    found: list[int] = []
    seen = set()
    while type_ not in seen and (each := scope.snapshot.types.get(type_)) is not None:
        seen.add(type_)
        found += each.check_calls
        type_ = each.base or (each.element if each.category == "A" else 0)
    return tuple(found)


def _triggers(work: Work, action: Action, relation: Relation, columns: frozenset[str] | None, name: str) -> None:
    event = EVENTS.get(action)
    for trigger in relation.triggers:
        if event in trigger.events and fires(work.scope, trigger.enabled):
            _trigger(work, trigger, relation, name)


def _trigger(work: Work, trigger: Trigger, relation: Relation, name: str) -> None:
    inner = Work(work.scope)
    calls_each(inner, trigger.when_calls)
    function = work.scope.snapshot.functions.get(trigger.function)
    if function is None:
        inner.lacks(f"function of trigger `{trigger.name}`")
    elif function.language == "plpgsql":
        tables = tuple(name for name in (trigger.old_table, trigger.new_table) if name)
        reach = bodies.trigger_reach(work.scope, function, relation, tables)
        if reach is not None:
            inner.include(reach, (f"function {name_of(function)}",))
        inner.effects.setdefault((function.oid, False), _own(function, inner))
    else:
        runs(inner, function)
    work.include(Reach(inner), (f"trigger {trigger.name} on {name}",))


def _rules(work: Work, action: Action, relation: Relation, name: str) -> None:
    for rule in relation.rules:
        if rule.event == EVENTS.get(action) and fires(work.scope, rule.enabled):
            reach = bodies.rule_reach(work.scope, rule, relation)
            if reach is not None:
                work.include(reach, (f"rule {rule.name} on {name}",))


def _foreign_keys(work: Work, action: Action, relation: Relation, columns: frozenset[str] | None, name: str) -> None:
    if fires(work.scope, "O") is False:
        return
    relations = work.scope.snapshot.relations
    if action in (Action.INSERT, Action.UPDATE):
        for key in relation.foreign_keys:
            if action is Action.UPDATE and columns is not None and columns.isdisjoint(key.child_columns):
                continue
            parent = relations.get(key.parent)
            if parent is not None:
                touch = work.touch(Action.READ, parent, -1, (f"foreign key {key.name} of {name}",))
                touch.inherits = bool(parent.children)
                touch.weaken(3)
                for column in key.parent_columns:
                    touch.use(column, PREDICATE)
    if action not in (Action.DELETE, Action.UPDATE):
        return
    for key in relation.referenced_by:
        if action is Action.UPDATE and columns is not None and columns.isdisjoint(key.parent_columns):
            continue
        child = relations.get(key.child)
        if child is not None:
            _follow(work, action, key.on_delete if action is Action.DELETE else key.on_update, key.name, child, key.child_columns)


def _follow(work: Work, action: Action, how: str, name: str, child: Relation, columns: tuple[str, ...]) -> None:
    """What a foreign key does to the rows that refer to a deleted or changed one."""
    via = (f"foreign key {name} of {child.schema}.{child.name}",)
    touch = work.touch(Action.READ, child, -1, via)
    touch.inherits = bool(child.children)
    touch.weaken(2)
    for column in columns:
        touch.use(column, PREDICATE)
    if how in "ar":
        return
    done = Action.DELETE if how == "c" and action is Action.DELETE else Action.UPDATE
    changed = work.touch(done, child, -1, via)
    changed.inherits = bool(child.children)
    changed.weaken(2)
    if done is Action.UPDATE:
        for column in columns:
            changed.use(column, WRITE_TARGET)
        if how == "d":
            for column in columns:
                if column in child.by_name:
                    _default(work, child.by_name[column], f"{child.schema}.{child.name}")
    inner = Work(work.scope)
    changes(inner, done, child, frozenset(columns) if done is Action.UPDATE else None)
    work.include(Reach(inner), via)
