"""A reading in full, as `nightporter analyse` prints it: tables for people, JSON for programs. The two say the same."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from nightporter.statement.model import Access, Doubt, Effect, Effected, Reading, RowBound, Setting, Source, Span, Statement, Use

from .render import counted, identifier, line, pointed, relation_name

if TYPE_CHECKING:
    from nightporter.catalog.model import Snapshot
    from nightporter.core.wire import Standing

MAX_LINES = 40
MAX_TEXT = 1000
"""Lines and characters of a statement's text that are shown again; all of it is what was typed."""

ROWS = {
    RowBound.NONE: "every row",
    RowBound.TRIVIAL: "every row",
    RowBound.PRIMARY_KEY: "by a unique key",
    RowBound.OTHER: "by a condition",
    None: "",
}
_ROWLESS = ("sequence", "index")


class Report:
    """What a text would do."""

    def __init__(self, upstream: str, label: str, snapshot: Snapshot, standing: Standing, reading: Reading) -> None:
        self._upstream = upstream
        self._label = label
        self._snapshot = snapshot
        self._standing = standing
        self._statements = reading.statements
        self.reading = reading
        self.role = standing.role
        """Of the database, as which it would run."""

    @property
    def unknown(self) -> bool:
        """Whether anything could not be resolved for certain."""
        return any(statement.unknown is not None or statement.doubts for statement in self._statements)

    # For programs

    def as_json(self) -> dict[str, Any]:
        """See `nightporter analyse` in the reference of commands."""
        found, start = [], 0
        for statement in self._statements:
            found.append(_as_json(statement, None if statement.runs else start))
            start += len(statement.text)
        return {
            "upstream": self._upstream,
            "database": self._snapshot.database,
            "server_version": self._snapshot.server_version,
            "role": self._standing.role,
            "search_path": list(self._standing.path),
            "unknown": self.unknown,
            "statements": found,
        }

    # For people

    @property
    def where(self) -> str:
        """On which upstream, and under what."""
        path = ", ".join(line(schema) for schema in self._standing.path) or "empty"
        where = f"database {line(self._snapshot.database)}, role {line(self._standing.role)}, search path {path}"
        return f"upstream {line(self._upstream)}: {self._label}, {where}"

    def show(self, width: int) -> None:
        """Print it, at most `width` columns wide."""
        console = Console(file=sys.stdout, width=width, highlight=False)
        with console.capture() as captured:
            self._print(console, width)
        sys.stdout.write("".join(f"{each.rstrip()}\n" for each in captured.get().splitlines()))  # tables fill their lines

    def _print(self, console: Console, width: int) -> None:
        console.print(Text(self.where, "dim"))
        if not self._statements:
            console.print(Text("there is no statement in it"))
        for number, statement in enumerate(self._statements, 1):
            console.print()
            console.print(Group(*_parts(statement, number if len(self._statements) > 1 else 0, width)))


# Tables


def _parts(statement: Statement, number: int, width: int) -> Iterable[RenderableType]:
    actions = ", ".join(sorted(statement.actions)) or "nothing to data"
    head = f"{number}. {statement.kind}" if number else statement.kind
    yield Text.assemble((head, "bold"), "  does ", (actions, "bold red" if statement.unknown is not None else "bold"))
    yield from _text(statement.text)
    yield from _accesses(statement.accesses, width)
    if statement.outputs is not None:
        yield Text("")
        yield _table(("output", "comes from"), ((line(each.name), _sources(each.sources)) for each in statement.outputs))
    if statement.flows:
        yield Text("")
        yield _table(
            ("writes", "from"),
            ((_column(Source(f.schema, f.relation, f.column, True)), _sources(f.sources)) for f in statement.flows),
        )
    if statement.effects:
        yield Text("")
        yield _table(
            ("runs", "which", "via"), ((line(e.function), ", ".join(_effects(e.effects)), _others(e)) for e in statement.effects)
        )
    if statement.settings:
        yield Text("")
        yield _table(("changes setting", "to"), ((_setting(each), _value(each)) for each in statement.settings))
    doubts = statement.doubts or ((Doubt(statement.unknown),) if statement.unknown is not None else ())
    for doubt in doubts:
        yield Text("")
        way = f", via {_way(doubt.via)}" if doubt.via else ""
        yield Text.assemble(("unknown: ", "bold red"), line(f"{doubt.reason}{way}"))
        if doubt.span is not None and not statement.runs:
            # with the rest of the text, or its beginning would be in the wrong line
            yield Text("\n".join(pointed(statement.text, *doubt.span, width)), no_wrap=True)


def _text(text: str) -> Iterable[RenderableType]:
    shown = text.strip()
    cut = f"... ({counted(len(shown), 'character')})" if len(shown) > MAX_TEXT else ""
    lines = [line(each) for each in shown[:MAX_TEXT].splitlines()]
    yield Padding(Text("\n".join(lines[:MAX_LINES]) + cut), (0, 0, 0, 2))
    if len(lines) > MAX_LINES:
        yield Text(f"  ... ({counted(len(lines), 'line')})")


def _accesses(accesses: tuple[Access, ...], width: int) -> Iterable[RenderableType]:
    """A table for each way, one below the other with the same columns; what the text names comes first."""
    ways: dict[tuple[str, ...], list[Sequence[str]]] = {}
    for each in accesses:
        cells = (each.action, relation_name(each.schema, each.relation), line(each.kind), _uses(each), _rows(each))
        ways.setdefault(each.via, []).append(cells)
    if not ways:
        return
    rows = [_ACCESS, *(row for found in ways.values() for row in found)]
    widths = [min(_WIDE, max(cell_len(row[at]) for row in rows)) for at in range(3)]
    uses = max(cell_len(part) for row in rows for part in row[3].split("\n"))
    widths.append(max(10, min(uses, width - sum(widths) - 8 - max(cell_len(row[4]) for row in rows))))
    yield Text("")
    for number, (via, found) in enumerate(sorted(ways.items(), key=lambda item: bool(item[0]))):
        if via:
            yield Text.assemble(("via ", "bold"), _way(via))
        yield _table(_ACCESS, found, widths, heading=number == 0)


_ACCESS = ("action", "relation", "kind", "columns", "rows")
_WIDE = 40
"""Columns that a name may take up before it is broken."""


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int] = (), *, heading: bool = True) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_header=heading)
    for name, width in zip_longest(headings, widths):
        table.add_column(name, overflow="fold", min_width=width, max_width=width, no_wrap=name == "rows")
    for row in rows:
        table.add_row(*map(Text, row))  # a line end in a cell is ours: whatever came from elsewhere was made safe
    return table


def _rows(access: Access) -> str:
    rows = "" if access.kind in _ROWLESS else ROWS[access.bound]
    return f"{rows}, locked only" if rows and access.locks else rows


def _uses(access: Access) -> str:
    uses = [f"{use}: {', '.join(map(identifier, names))}" for use, names in _by_use(access).items()]
    labels = [f"label {label}: {', '.join(map(identifier, names))}" for label, names in _by_label(access).items()]
    return "\n".join(uses + labels) or "-"


def _by_use(access: Access) -> dict[str, list[str]]:
    found = {use: [column.name for column in access.columns if use in column.uses] for use in Use}
    return {str(use): names for use, names in found.items() if names}


def _by_label(access: Access) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for column in access.columns:
        for label in column.labels if column.uses else ():
            found.setdefault(label, []).append(column.name)
    return found


def _way(via: tuple[str, ...]) -> str:
    return ", ".join(map(line, via))


def _others(effected: Effected) -> str:
    """How it is reached, if that says more than its name."""
    return "" if effected.via == (f"function {effected.function}",) else _way(effected.via)


def _sources(sources: tuple[Source, ...]) -> str:
    own = [_column(source) for source in sorted(sources) if source.direct]
    computed = [_column(source) for source in sorted(sources) if not source.direct]
    parts = [", ".join(own)] if own else []
    parts += [f"computed from {', '.join(computed)}"] if computed else []
    return "\n".join(parts) or "no column"


def _column(source: Source) -> str:
    return f"{relation_name(source.schema, source.relation)}.{identifier(source.column)}"


def _effects(effects: frozenset[Effect]) -> list[str]:
    return [str(each) for each in Effect if each in effects]


def _setting(setting: Setting) -> str:
    if setting.name is not None:
        return line(setting.name)
    return f"the one that ${setting.parameter} names" if setting.parameter is not None else "any: it is not known before it runs"


def _value(setting: Setting) -> str:
    told = "its value at start-up" if setting.reset else "-" if setting.value is None else line(setting.value) or "''"
    return f"{told}, later" if setting.stored else told


# JSON


def _as_json(statement: Statement, start: int | None) -> dict[str, Any]:
    """`start`: where it begins in the whole text; None if places in it are those of other texts."""
    return {
        "text": statement.text,
        "kind": statement.kind,
        "actions": sorted(statement.actions),
        "fingerprint": statement.fingerprint,
        "unknown": statement.unknown,
        "relations": [_access(each, start) for each in statement.accesses],
        "outputs": None
        if statement.outputs is None
        else [{"name": each.name, "sources": _sources_as_json(each.sources)} for each in statement.outputs],
        "flows": [
            {"schema": each.schema, "name": each.relation, "column": each.column, "sources": _sources_as_json(each.sources)}
            for each in statement.flows
        ],
        "effects": [_effected(each, start) for each in statement.effects],
        "settings": [
            {"name": each.name, "parameter": each.parameter, "value": each.value, "reset": each.reset, "stored": each.stored}
            for each in statement.settings
        ],
        "doubts": [{"reason": each.reason, "via": list(each.via), "place": _place(each.span, start)} for each in statement.doubts],
    }


def _access(access: Access, start: int | None) -> dict[str, Any]:
    return {
        "action": access.action,
        "schema": access.schema,
        "name": access.relation,
        "kind": access.kind,
        "columns": _by_use(access),
        "labels": _by_label(access),
        "traits": sorted(access.traits),
        "parents": [{"schema": schema, "name": name} for schema, name in access.parents],
        "bound": access.bound,
        "locks": access.locks,
        "via": list(access.via),
        "place": _place(access.span, start),
    }


def _effected(effected: Effected, start: int | None) -> dict[str, Any]:
    return {
        "function": effected.function,
        "owner": effected.owner if effected.name else None,
        "language": effected.language if effected.name else None,
        "effects": _effects(effected.effects),
        "via": list(effected.via),
        "place": _place(effected.span, start),
    }


def _sources_as_json(sources: tuple[Source, ...]) -> list[dict[str, Any]]:
    return [{"schema": s.schema, "name": s.relation, "column": s.column, "direct": s.direct} for s in sorted(sources)]


def _place(span: Span | None, start: int | None) -> list[int] | None:
    return None if span is None or start is None else [start + span.start, start + span.end]
