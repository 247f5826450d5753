"""What the command line shows. Whatever comes from clients, databases or files is made safe for a terminal here.

A statement may carry escape sequences, line ends, or characters that turn the direction of writing, so that a record reads
as something that it is not. Everything that has no glyph of its own is shown as its code.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

MAX_TEXT = 2000
"""Characters of one value on a line. A statement may have millions; `--json` shows all of it."""

LINE_END = "\u23ce"
"""Stands for a line end: it matters, since it ends a comment."""

_LINE_ENDS = re.compile(r"[ \t]*(?:\r\n|\r|\n)[ \t\r\n]*")

Row = Sequence[str]


def line(value: object) -> str:
    """Any value on one line that a terminal shows as it is: no control, no bidirectional or invisible character."""
    text = str(value)
    length = len(text)
    if length > MAX_TEXT:
        text = text[:MAX_TEXT]
    text = _LINE_ENDS.sub(f" {LINE_END} ", text).replace("\t", " ")
    if not text.isprintable():
        text = "".join(character if character.isprintable() else _code(character) for character in text)
    return text if length <= MAX_TEXT else f"{text}... ({length} characters)"


def _code(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii") if ord(character) > 0xFF else f"\\x{ord(character):02x}"


def to_json(value: object) -> str:
    """One line of JSON, in ASCII: safe for terminals and exact."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True, default=_plain)


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case set() | frozenset() | tuple():
            return sorted(value, key=str)
        case _:
            return str(value)


def record(entry: Mapping[str, Any]) -> str:
    """A record of the ledger on one line: time, number, for whom, where, kind, and what the kind has to say."""
    who = _mapping(entry.get("who"))
    columns = [entry.get("time", "-"), entry.get("n", "-"), _label(who), _place(who), entry.get("kind", "-")]
    widths = (27, 12, 20, 16, 8)  # of usual values: lines below each other stay readable, none is cut
    head = "  ".join(line(column).ljust(width) for column, width in zip(columns, widths, strict=True))
    return f"{head}  {_said(entry)}".rstrip()


def _label(who: Mapping[str, Any]) -> str:
    name = who.get("principal", "-")
    return f"{name}/{who['actor']}" if who.get("actor") else str(name)


def _place(who: Mapping[str, Any]) -> str:
    parts = [str(who[key]) for key in ("environment", "upstream") if who.get(key)]
    return "/".join(parts) or "-"


def _said(entry: Mapping[str, Any]) -> str:
    match entry.get("kind"):
        case "intent":
            return _intent(entry)
        case "outcome":
            return _outcome(entry)
        case _:
            who = _mapping(entry.get("who"))
            facts = {key: who[key] for key in ("session", "address") if key in who} | dict(_mapping(entry.get("detail")))
            return "  ".join(f"{line(key)}={line(value)}" for key, value in facts.items())


def _intent(entry: Mapping[str, Any]) -> str:
    what = _mapping(entry.get("what"))
    parts = [line(what.get("decision", "-"))]
    if what.get("decision") != "allow" and what.get("reason"):
        parts.append(f"({line(what['reason'])})")
    if entry.get("phase") not in (None, "submit"):
        parts.append(f"[{line(entry['phase'])}]")
    parts.append(line(what["text"]) if "text" in what else f"sha256:{line(what.get('sha256', '-'))}")
    return "  ".join(parts)


def _outcome(entry: Mapping[str, Any]) -> str:
    parts = [line(entry.get("status", "-"))]
    if entry.get("sqlstate"):
        parts.append(line(entry["sqlstate"]))
    if isinstance(entry.get("rows"), int):
        parts.append(counted(entry["rows"], "row"))
    if isinstance(entry.get("duration_us"), int):
        parts.append(f"{entry['duration_us'] / 1000:.3f} ms")
    if entry.get("transaction_end"):
        parts.append(line(str(entry["transaction_end"]).replace("_", " ")))
    parts.append(f"of {line(entry.get('intent', '-'))}")
    return "  ".join(parts)


def _mapping(value: object) -> Mapping[str, Any]:
    """What should be a mapping, in a record that may be anything."""
    return value if isinstance(value, Mapping) else {}


def moment(value: datetime | None) -> str:
    """A time to the second, UTC; `-` for none."""
    return "-" if value is None else f"{value:%Y-%m-%d %H:%M:%SZ}"


def counted(number: int, noun: str) -> str:
    """`1 record`, `2 records`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def show(*lines: str) -> None:
    """Print finished lines, each as it is."""
    for text in lines:
        sys.stdout.write(f"{text}\n")


def show_table(headings: Row, rows: Iterable[Row]) -> None:
    """Print a table: a heading and one line for each row, columns aligned, nothing wrapped or cut."""
    safe = [[line(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(headings, *safe, strict=True)]
    Console().print(Text(_aligned(headings, widths), "bold"), soft_wrap=True)
    show(*(_aligned(row, widths) for row in safe))


def _aligned(row: Row, widths: Sequence[int]) -> str:
    return "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()


def complain(kind: str, message: str) -> None:
    """Say on standard error, a line for each line of the message: `error: ...`, `warning: ...`."""
    for text in message.splitlines() or [""]:
        sys.stderr.write(f"{kind}: {line(text)}\n")
    sys.stderr.flush()
