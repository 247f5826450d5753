"""Does what a reading leaves out really not matter? Changes data that it does not name, and runs the query again.

A second oracle beside what the server says of itself: it sees through functions, views and policies, and it tells apart the columns
of a result. Columns that a reading does not name are given other values; then the result must be the same. A column that it
says goes into some outputs and decides nothing is given other values where it has any; then the other outputs must be the same,
since what tells only whether there is a value, or how many there are, is no output of it. Queries that do not give the same
answer twice are left out. Everything is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nightporter.statement.model import Reading, Statement, Use

from .compare import Difference
from .observe import Session
from .world import VALUES, Table, World, quoted

Rows = list[tuple[bytes | None, ...]]

FAMILIES = (("parts", "parts_low", "parts_high", "parts_rest"), ("animal", "dog"))
"""Tables that share rows: what is named of one is named of all."""

_UNSTEADY = ("ctid", "tableoid", "tablesample")
"""What makes an answer depend on where rows lie."""

_DECIDES = frozenset({Use.PREDICATE, Use.JOIN, Use.GROUPING, Use.ORDERING})


def influences(session: Session, world: World, text: str, reading: Reading) -> list[Difference]:
    """What unnamed data change in the result of a query that was understood; nothing if it cannot be told."""
    if len(reading.statements) != 1 or any(word in text for word in _UNSTEADY):
        return []
    (statement,) = reading.statements
    session.command("begin")
    try:
        first = _answer(session, text)
        if first is None or _answer(session, text) != first:
            return []
        named = _named(statement)
        others = {table: columns for table in world.tables if (columns := _changeable(table, named.get(_family(table.name), {})))}
        if _changed(session, others) and (now := _answer(session, text)) is not None and now != first:
            return [Difference("influence", f"columns that we do not name change the result: {_listed(others)}")]
        session.command("rollback")
        session.command("begin")
        return _outputs(session, world, text, statement, first)
    finally:
        session.command("rollback")


def _outputs(session: Session, world: World, text: str, statement: Statement, first: Rows) -> list[Difference]:
    """Outputs that change with a column that is not among their sources, and decides nothing."""
    outputs = statement.outputs or ()
    found: list[Difference] = []
    if "count(distinct" in text:  # the other values are all the same, and it tells how many different ones there are
        return found
    for table in world.tables:
        for column, uses in _named(statement).get(_family(table.name), {}).items():
            if not _DECIDES.isdisjoint(uses) or table.kind != "table" or column not in dict(table.columns):
                continue
            if not _changeable(table, {each: frozenset() for each, _ in table.columns if each != column}):
                continue
            session.command("savepoint other")
            now = _answer(session, text) if _changed(session, {table: [column]}, keep_nulls=True) else None
            session.command("rollback to savepoint other")
            if now is None or len(now) != len(first):
                continue
            for place, output in enumerate(outputs):
                if any(_family(each.relation) == _family(table.name) and each.column == column for each in output.sources):
                    continue
                if _column(now, place) != _column(first, place):
                    detail = f"output {place + 1} ({output.name}) changes with {table.full}.{column}; we say {output.sources}"
                    found.append(Difference("influence on output", detail))
    return found


def _column(rows: Rows, place: int) -> list[bytes]:
    return sorted(b"n" if row[place] is None else b"v" + (row[place] or b"") for row in rows)


def _answer(session: Session, text: str) -> Rows | None:
    """The rows in an order that does not matter; None if it fails. Leaves nothing behind but what is not transactional."""
    session.command("savepoint answer")
    rows = session.rows(text)
    session.command("rollback to savepoint answer")
    return None if rows is None else sorted(rows, key=repr)


def _changed(session: Session, columns: Mapping[Table, Iterable[str]], *, keep_nulls: bool = False) -> bool:
    """Give them other values, as the owner of everything and without what that would set off."""
    user = session.rows("show role")
    session.command("set local role none")
    session.command("set local session_replication_role = replica")
    for table, names in columns.items():
        types = dict(table.columns)
        assigned = ", ".join(f"{quoted(name)} = {VALUES[types[name]][-1]}" for name in names)
        where = " where " + " and ".join(f"{quoted(name)} is not null" for name in names) if keep_nulls else ""
        session.command("savepoint change")
        if (
            session.rows(f"with changed as (update {table.full} set {assigned}{where} returning 1) select count(*) from changed")
            is None
        ):
            session.command("rollback to savepoint change")
    session.command("set local session_replication_role = origin")
    role = (user[0][0] or b"none").decode() if user else "none"
    session.command(f"set local role {role}")
    return True


def _changeable(table: Table, named: Mapping[str, frozenset[Use]]) -> list[str]:
    """Columns of a table that may be given any value: no keys, nothing generated."""
    if table.kind != "table":
        return []
    return [
        name
        for name, type_ in table.columns
        if name not in named and name not in ("id", "boss") and name not in table.unset and len(VALUES.get(type_, ())) > 1
    ]


def _named(statement: Statement) -> dict[str, dict[str, frozenset[Use]]]:
    """Family of relations -> column -> all its uses."""
    found: dict[str, dict[str, frozenset[Use]]] = {}
    for access in statement.accesses:
        columns = found.setdefault(_family(access.relation), {})
        for each in access.columns:
            columns[each.name] = columns.get(each.name, frozenset()) | each.uses
    return found


def _family(relation: str) -> str:
    return next((family[0] for family in FAMILIES if relation in family), relation)


def _listed(columns: Mapping[Table, Iterable[str]]) -> str:
    return "; ".join(f"{table.full}: {', '.join(names)}" for table, names in columns.items())
