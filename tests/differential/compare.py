"""What a reading says against what the server says it did. Pure: values in, differences out.

A difference is unsafe where the server did more than we said, and we did not say that we do not know. What we said and the server
did not do is safe, and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from nightporter.catalog.model import Function, Relation, Snapshot
from nightporter.statement.model import CHANGES, Action, Effect, Reading, Source, Statement

from .observe import FIRST_OWN, Observed, Origin

READ_MODES = frozenset({"AccessShareLock", "RowShareLock"})
WRITE_MODE = "RowExclusiveLock"

HARMLESS_VOLATILE = frozenset(
    {
        "random",
        "random_normal",
        "array_sample",
        "array_shuffle",
        "setseed",
        "clock_timestamp",
        "timeofday",
        "gen_random_uuid",
        "uuidv4",
        "uuidv7",
        "statement_timestamp",
    }
)
"""Built-in functions that give another answer each time and do nothing else that anybody but their session could see."""

SYSTEM_COLUMNS = {-1: "ctid", -2: "xmin", -3: "cmin", -4: "xmax", -5: "cmax", -6: "tableoid"}

UNTOLD_SETTINGS = frozenset(
    {"is_superuser", "transaction_isolation", "transaction_read_only", "transaction_deferrable", "in_hot_standby"}
)
"""They follow from other things."""

ROLE_SETTINGS = frozenset({"role", "session_authorization"})

ROW_ACTIONS = (Action.INSERT, Action.UPDATE, Action.DELETE)
"""In the order of the server's counters."""

DEFINING_KINDS = frozenset({"create function", "create procedure", "create view"})
"""Their queries are analysed, which opens what they name, and kept."""

ROW_TYPE_KINDS = frozenset({"create table", "alter table", "create index", "create statistics"})
"""What they compute may take apart a column whose type is the row of another table: that is opened for its columns."""

PRINTING = tuple(
    f"pg_catalog.{each}" for each in ("pg_get_", "pg_partition_", "table_to_xmlschema(", "schema_to_xmlschema(", "database_to_xmls")
)
"""Functions that print definitions. Of which relations only the server knows."""

LOOKS_UP = frozenset(
    {Effect.READS_CATALOG, Effect.READS_STATEMENTS, Effect.READS_STATE, Effect.LARGE_OBJECTS, Effect.CONTROLS_SERVER}
)
"""Effects for which the server looks into its own tables."""

SHOWS = frozenset({Effect.COMPUTES, Effect.READS_CATALOG, Effect.READS_STATEMENTS, Effect.READS_STATE, Effect.READS_DATA})
"""Effects that need no transaction of their own."""

_ENDS = ("transaction", "start", "begin", "commit", "rollback", "savepoint", "release", "discard", "prepare transaction")
"""Kinds of statements that make undone, or done, what others did."""

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing on which the two disagree. `kind` is for counting, `detail` for people."""

    kind: str
    detail: str
    unsafe: bool = True

    def __str__(self) -> str:
        return f"{'UNSAFE' if self.unsafe else 'safe'} {self.kind}: {self.detail}"


class Names:
    """What OIDs stand for: under the catalogue before a text, and after it for what is new."""

    def __init__(self, before: Snapshot, after: Snapshot) -> None:
        self.before = before
        self.after = after

    def relation(self, oid: int) -> Relation | None:
        """An index is its table; None for what is in neither: toast tables, and what came and went within the text."""
        found = self.before.relations.get(oid) or self.after.relations.get(oid)
        return self.relation(found.table) if found is not None and found.kind in "iI" else found

    def function(self, oid: int) -> Function | None:
        return self.before.functions.get(oid) or self.after.functions.get(oid)

    def column(self, oid: int, number: int) -> tuple[Relation, str] | None:
        relation = self.relation(oid)
        if relation is None:
            return None
        if number in SYSTEM_COLUMNS:
            return relation, SYSTEM_COLUMNS[number]
        return next(((relation, each.name) for each in relation.columns if each.number == number), None)


class Said:
    """All that a reading says, gathered."""

    def __init__(self, reading: Reading) -> None:
        self.statements = tuple(_with_runs(reading.statements))
        self.actions: frozenset[Action] = frozenset().union(*(each.actions for each in self.statements))
        self.accesses: dict[Name, set[Action]] = {}
        self.columns: dict[Name, set[str]] = {}
        self.direct: set[Name] = set()
        """What the text itself names."""
        self.effects: set[Effect] = set()
        self.functions: set[str] = set()
        for statement in self.statements:
            for access in statement.accesses:
                name = _name(access.schema, access.relation)
                # what is only locked does not stand for a change of its rows
                self.accesses.setdefault(name, set()).add(Action.READ if access.locks else access.action)
                self.columns.setdefault(name, set()).update(each.name for each in access.columns)
                if not access.via:
                    self.direct.add(name)
            for effected in statement.effects:
                self.effects |= effected.effects
                self.functions.add(_plain(effected.function))
        self.ends = any(statement.kind.startswith(_ENDS) for statement in self.statements)
        self.conflicts = any(re.search(r"(?i)\bon\s+conflict\b", statement.text) for statement in self.statements)
        self.explains = any(statement.kind == "explain" for statement in self.statements)
        self.prepares = all(statement.kind == "prepare" for statement in self.statements)
        self.anything = not self.effects.isdisjoint({Effect.RUNS_SQL, Effect.UNKNOWN}) or Action.UNKNOWN in self.actions
        """It says that it does what we cannot say."""

    def looks_up(self, relation: Relation, names: Names) -> bool:
        """Whether the server may have opened a relation, which it did not read, to print or to store what refers to it."""
        kinds = {each.kind for each in self.statements}
        if (kinds and kinds <= DEFINING_KINDS) or any(each.startswith(PRINTING) for each in self.functions):
            return True
        if not kinds <= ROW_TYPE_KINDS or not relation.row_type:
            return False
        every = (*names.before.relations.values(), *names.after.relations.values())
        return any(
            column.type == relation.row_type
            for each in every
            if _name(each.schema, each.name) in self.accesses
            for column in each.columns
        )

    def calls(self, function: Function) -> bool:
        return _plain(f"{function.schema}.{function.name}({function.signature})") in self.functions

    def calls_some(self, function: Function) -> bool:
        start = _plain(f"{function.schema}.{function.name}(")
        return any(each.startswith(start) for each in self.functions)


def why_unknown(reading: Reading) -> str | None:
    """The reason, without what is particular to the text; None if it was understood."""
    for statement in _with_runs(reading.statements):
        if statement.unknown is not None or statement.doubts or Action.UNKNOWN in statement.actions:
            why = statement.unknown or (statement.doubts[0].reason if statement.doubts else "no reason given")
            return re.sub(r"`[^`]*`", "`...`", why)
    return None


def compare(reading: Reading, observed: Observed, names: Names) -> list[Difference]:
    """Every difference; nothing for a text that the server refused or that we said we do not understand."""
    if not observed.accepted or why_unknown(reading) is not None:
        return []
    said = Said(reading)
    found = list(_origins(reading.statements, observed, names))
    found += _class(said, observed, names)
    if observed.complete and not said.ends:
        found += _relations(said, observed, names)
        found += _definitions(said, names)
        found += _calls(said, observed, names)
        found += _settings(said, observed)
    return list(dict.fromkeys(found))


def _with_runs(statements: Iterable[Statement]) -> Iterator[Statement]:
    for statement in statements:
        yield statement
        yield from _with_runs(statement.runs)


# relations


def _relations(said: Said, observed: Observed, names: Names) -> Iterator[Difference]:
    touched: dict[Name, set[str]] = {}
    scans: dict[int, set[int]] = {}  # a table and its indexes
    for oid, _ in observed.locks:
        if (relation := names.relation(oid)) is not None:
            scans.setdefault(relation.oid, set()).add(oid)
    for oid, mode in sorted(observed.locks):
        relation = names.relation(oid)
        if relation is None or relation.schema == "pg_toast" or relation.kind == "c":
            continue
        name = _name(relation.schema, relation.name)
        touched.setdefault(name, set()).add(mode)
        if name in said.accesses or relation.oid not in names.before.relations:
            continue
        if mode == "AccessShareLock" and not observed.scanned & scans[relation.oid] and said.looks_up(relation, names):
            yield Difference("definition", f"{relation!r}, of which a definition is read or made", unsafe=False)
            continue
        if said.prepares and mode in (*READ_MODES, WRITE_MODE):
            yield Difference("prepared", f"{mode} on {relation!r} of a statement that does not run yet", unsafe=False)
            continue
        if mode == "AccessShareLock" and relation.kind == "p" and _is_parent(said, relation, names.before):
            yield Difference("partition parent", f"{relation!r}, for the bounds of a partition of it", unsafe=False)
        elif said.anything or _covered(said, relation, mode):
            yield Difference("covered", f"{mode} on {relation!r}, which an effect stands for", unsafe=False)
        else:
            kind = "read" if mode in READ_MODES else "write" if mode == WRITE_MODE else "lock"
            yield Difference(f"relation {kind}", f"{mode} on {relation!r}, which we do not name")
    for oid, counts in sorted(observed.changes.items()):
        relation = names.relation(oid)
        if relation is not None and relation.schema != "pg_toast" and relation.oid in names.before.relations:
            yield from _rows(said, relation, counts)
    if observed.alone and observed.locks:
        for name in sorted(said.direct - touched.keys()):
            yield Difference("relation more", f"{'.'.join(name)} is named and not touched", unsafe=False)


def _is_parent(said: Said, relation: Relation, catalogue: Snapshot) -> bool:
    """Whether a partition of it is named. The server opens the parent of a partition for its bounds, and reads no row of it."""
    for oid in relation.children:
        child = catalogue.relations.get(oid)
        if child is not None and (_name(child.schema, child.name) in said.accesses or _is_parent(said, child, catalogue)):
            return True
    return False


def _covered(said: Said, relation: Relation, mode: str) -> bool:
    """Whether an effect says as much without a name."""
    if relation.kind == "S" and Effect.SEQUENCES in said.effects:
        return True
    if relation.schema in ("pg_catalog", "information_schema"):
        if not said.effects.isdisjoint(LOOKS_UP) and mode in READ_MODES:
            return True
        if not said.actions.isdisjoint({Action.CREATE, Action.ALTER, Action.DROP, Action.GRANT, Action.ADMINISTER}):
            return True  # a definition is kept in the catalogue
        if relation.name.startswith("pg_largeobject") and Effect.LARGE_OBJECTS in said.effects:
            return True
    wanted = {Effect.READS_DATA, Effect.WRITES_DATA} if mode in READ_MODES else {Effect.WRITES_DATA}
    return not said.effects.isdisjoint(wanted)


def _rows(said: Said, relation: Relation, counts: Sequence[int]) -> Iterator[Difference]:
    """Rows that changed."""
    name = _name(relation.schema, relation.name)
    named = said.accesses.get(name, set())
    if said.anything or Effect.WRITES_DATA in said.effects:
        return
    if relation.schema in ("pg_catalog", "pg_largeobject") and not CHANGES.isdisjoint(said.actions | _lent(said)):
        return
    for action, count in zip(ROW_ACTIONS, counts, strict=True):
        if not count or action in named or (Action.COPY in named and action is Action.INSERT):
            continue
        if relation.is_partition and Action.UPDATE in named and action is not Action.UPDATE:
            continue  # a row that moves to another partition
        if not named.isdisjoint({Action.CREATE, Action.ALTER}) or (relation.kind == "m" and named):
            continue  # a table that is filled or written anew
        yield Difference(f"rows {action.value}", f"{count} rows of {relation!r}; we say {sorted(named) or 'nothing'}")


def _lent(said: Said) -> set[Action]:
    """Effects that write into the catalogue stand for an action."""
    lends = {Effect.LARGE_OBJECTS, Effect.SEQUENCES, Effect.CHANGES_SETTINGS, Effect.CONTROLS_SERVER}
    return set() if said.effects.isdisjoint(lends) else {Action.EXECUTE}


def _definitions(said: Said, names: Names) -> Iterator[Difference]:
    """Relations that came or went."""
    if names.before is names.after or said.anything:
        return
    before, after = names.before.relations, names.after.relations
    shown = "rvmpfS"
    created = [after[oid] for oid in after.keys() - before.keys() if after[oid].kind in shown]
    dropped = [before[oid] for oid in before.keys() - after.keys() if before[oid].kind in shown]
    makes = {Action.CREATE, Action.ALTER, Action.ADMINISTER}
    if created and said.actions.isdisjoint(makes):
        yield Difference("created", f"{created[0]!r}; we say {sorted(said.actions)}")
    for relation in dropped:
        if relation.kind == "S" and relation.table and relation.table not in after:
            continue
        if said.actions.isdisjoint({Action.DROP, Action.ALTER}):
            if relation.persistence != "t":  # at the end of their transaction, or with their session
                yield Difference("dropped", f"{relation!r}; we say {sorted(said.actions)}")
        elif _name(relation.schema, relation.name) not in said.accesses:
            yield Difference("dropped unnamed", f"{relation!r}, which we do not name")


# functions


def _calls(said: Said, observed: Observed, names: Names) -> Iterator[Difference]:
    for oid in sorted(observed.called):
        function = names.function(oid)
        if function is not None and oid >= FIRST_OWN and not said.anything:
            yield from _call(said, function, "called")
    probe = observed.probe
    if probe is None:
        return
    for oid, number in sorted(probe.columns):
        column = names.column(oid, number)
        if column is None:
            continue
        relation, name = column
        inserted = Action.INSERT in said.accesses.get(_name(relation.schema, relation.name), ())
        if said.conflicts and (inserted or said.explains):
            continue  # EXCLUDED stands for every column of the table
        if relation.kind != "c" and name not in said.columns.get(_name(relation.schema, relation.name), ()):
            yield Difference("column", f"{relation!r}.{name} is used, and we do not name it")
    for oid in sorted(probe.relations):
        relation_ = names.relation(oid)
        if relation_ is not None and relation_.kind != "c" and _name(relation_.schema, relation_.name) not in said.accesses:
            yield Difference("relation", f"the query depends on {relation_!r}, which we do not name")
    operators = (names.before.operators.get(oid) for oid in probe.operators)
    functions = probe.functions | {each.function for each in operators if each is not None}
    for oid in sorted(functions):
        function = names.function(oid)
        if function is None:
            continue
        if oid >= FIRST_OWN:
            yield from _call(said, function, "function")
        elif function.volatility == "v" and function.name not in HARMLESS_VOLATILE and not said.calls_some(function):
            yield Difference("effect", f"volatile {function!r}, which we do not name")
    yield from _more(said, observed, names)


def _call(said: Said, function: Function, kind: str) -> Iterator[Difference]:
    if said.calls(function):
        return
    if said.calls_some(function):
        yield Difference(f"{kind} overload", f"{function!r}; we name {sorted(said.functions)}")
    else:
        yield Difference(kind, f"{function!r}, which we do not name")


def _more(said: Said, observed: Observed, names: Names) -> Iterator[Difference]:
    """Columns that we name and a view of the same query does not depend on."""
    probe = observed.probe
    if probe is None:
        return
    used: dict[Name, set[str]] = {}
    for oid, number in probe.columns:
        column = names.column(oid, number)
        if column is not None:
            used.setdefault(_name(column[0].schema, column[0].name), set()).add(column[1])
    system = set(SYSTEM_COLUMNS.values())
    for name in sorted(said.direct & used.keys()):
        for column_name in sorted(said.columns[name] - used[name] - system):
            yield Difference("column more", f"{'.'.join(name)}.{column_name}", unsafe=False)


# results


def _origins(statements: Sequence[Statement], observed: Observed, names: Names) -> Iterator[Difference]:
    if len(statements) != len(observed.results):
        return
    for statement, result in zip(statements, observed.results, strict=True):
        if result.columns is None:
            continue
        outputs = statement.outputs
        if outputs is None:
            for column in result.columns:
                if column.table:
                    yield Difference("origin", f"column {column.name} comes from {_shown(names, column)}; we give no outputs")
                    break
            continue
        if len(outputs) != len(result.columns):
            yield Difference("output count", f"{len(result.columns)} columns; we say {len(outputs)}")
            continue
        for number, (column, output) in enumerate(zip(result.columns, outputs, strict=True), 1):
            if column.name != output.name:
                yield Difference("output name", f"column {number} is {column.name!r}; we say {output.name!r}", unsafe=False)
            yield from _origin(names, number, column, output.sources)


def _origin(names: Names, number: int, column: Origin, sources: tuple[Source, ...]) -> Iterator[Difference]:
    direct = {(*_name(each.schema, each.relation), each.column) for each in sources if each.direct}
    if not column.table:
        if len(direct) == 1 and len(sources) == 1:
            yield Difference("origin more", f"column {number} is computed; we say {sources[0]}", unsafe=False)
        return
    if _key(names, column.table, column.column) in direct:
        return
    wanted = column.bases or ((column.table, column.column),)
    relation = names.relation(column.table)
    if not column.bases and relation is not None and relation.kind == "v":
        return  # computed by the view
    for table, attribute in wanted:
        key = _key(names, table, attribute)
        if key is not None and key not in direct:
            system = attribute < 0
            detail = f"column {number} ({column.name}) comes from {'.'.join(key)}; we say {sources or 'nothing'}"
            yield Difference("origin system" if system else "origin", detail, unsafe=not system)


def _key(names: Names, table: int, attribute: int) -> tuple[str, str, str] | None:
    found = names.column(table, attribute)
    return None if found is None else (*_name(found[0].schema, found[0].name), found[1])


def _shown(names: Names, origin: Origin) -> str:
    return ".".join(_key(names, origin.table, origin.column) or (str(origin.table), str(origin.column)))


# class


def _class(said: Said, observed: Observed, names: Names) -> Iterator[Difference]:
    """What the server calls a change, or needs a transaction id for."""
    changes = not CHANGES.isdisjoint(said.actions)
    if observed.logged and not changes:
        yield Difference("log class", f"logged as a change; we say {sorted(said.actions)}")
    acts = said.effects - SHOWS
    locks_rows = all(mode in READ_MODES for _, mode in observed.locks) and not observed.changes
    if observed.wrote and not changes and not acts and not locks_rows:
        yield Difference("wrote", f"it was given a transaction id; we say {sorted(said.actions)}")
    if observed.advisory and Effect.LOCKS not in said.effects and not said.anything:
        yield Difference("advisory lock", "taken; we do not say so")


def _settings(said: Said, observed: Observed) -> Iterator[Difference]:
    told = {each.name for statement in said.statements for each in statement.settings}
    if None in told or Effect.CHANGES_SETTINGS in said.effects or said.anything:
        return
    for name in sorted(observed.settings - UNTOLD_SETTINGS):
        if name.lower() in told or (name in ROLE_SETTINGS and not ROLE_SETTINGS.isdisjoint(told)):
            continue
        yield Difference("setting", f"{name} changed; we say {sorted(each for each in told if each)}")


# names


def _name(schema: str, relation: str) -> Name:
    return "pg_temp" if schema.startswith("pg_temp") else schema, relation


def _plain(function: str) -> str:
    """A function's name without quotes and spaces: those depend on who prints it. Temporary schemas are one."""
    return re.sub(r"^pg_temp_\d+\.", "pg_temp.", function.replace('"', "")).replace(" ", "")
