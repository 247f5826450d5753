"""What the command line shows. Whatever comes from clients, databases or files is made safe for a terminal here.

A statement may carry escape sequences, line ends, or characters that turn the direction of writing, so that a record reads
as something that it is not. Everything that has no glyph of its own is shown as its code.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

MAX_TEXT = 2000
"""Characters of one value on a line. A statement may have millions; `--json` shows all of it."""

PIPE_WIDTH = 120
"""Columns of tables that go into a file or a pipe."""

LINE_END = "\u23ce"
"""Stands for a line end: it matters, since it ends a comment."""

USUAL_SCHEMA = "public"
"""Left out of names in records that are shown: a name without a schema is one of it."""

_INDENT = "    "
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
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


def identifier(name: str) -> str:
    """A name as SQL would have it, on one line: in double quotes unless it is plain, so that it ends where it ends."""
    return line(name) if _PLAIN.fullmatch(name) else line('"' + name.replace('"', '""') + '"')


def relation_name(schema: str, name: str, usual: str | None = None) -> str:
    """`schema.name`; the `usual` schema is left out."""
    return identifier(name) if schema == usual else f"{identifier(schema)}.{identifier(name)}"


def record(entry: Mapping[str, Any], width: int | None = None) -> str:
    """A record of the ledger: time, number, for whom, where, kind, and what the kind has to say. On one line, or laid out.

    With `width` (columns) it is laid out: a text begins six columns in, on every line of it, and whatever is ours four or none.
    So no text can look like what we say of it.
    """
    who = _mapping(entry.get("who"))
    columns = [entry.get("time", "-"), entry.get("n", "-"), _label(who), _place(who), entry.get("kind", "-")]
    told = _said(entry)
    if width is not None:
        head = [line(column) for column in columns] + told.said
        return "\n".join(_laid_out(head, told, width))
    widths = (27, 12, 20, 16, 8)  # of usual values: lines below each other stay readable, none is cut
    head = ["  ".join(line(column).ljust(width) for column, width in zip(columns, widths, strict=True)), *told.said]
    if told.found:
        head.append("{" + "; ".join(told.found) + "}")
    return "  ".join([*head, *told.text]).rstrip()


def _laid_out(head: list[str], told: Told, width: int) -> Iterator[str]:
    yield from _filled(head, "  ", "", _INDENT, width)
    for each in told.text:
        yield from _filled(each.split(" "), " ", _INDENT + "  ", _INDENT + "  ", width)
    for each in told.found:
        yield from _filled(each.split(" "), " ", f"{_INDENT}- ", f"{_INDENT}  ", width)


def _filled(words: Iterable[str], between: str, first: str, then: str, width: int) -> Iterator[str]:
    """Words on lines of at most `width` columns; one that is longer is cut into several."""
    room = max(width, len(then) + 20)
    now, empty = first, True
    for each in words:
        word = each
        if not empty and cell_len(now) + len(between) + cell_len(word) > room:
            yield now.rstrip()
            now, empty = then, True
        while cell_len(now) + (0 if empty else len(between)) + cell_len(word) > room:
            here, word = _cut(word, room - cell_len(now))
            yield now + here
            now, empty = then, True
        now, empty = now + ("" if empty else between) + word, False
    if not empty:
        yield now.rstrip()


def _cut(word: str, cells: int) -> tuple[str, str]:
    """As much of it as fits, and the rest; at least one character."""
    taken = used = 0
    for taken, character in enumerate(word):  # noqa: B007 - where it stopped is what is wanted
        used += cell_len(character)
        if used > cells:
            break
    taken = max(taken, 1)
    return word[:taken], word[taken:]


def _label(who: Mapping[str, Any]) -> str:
    name = who.get("principal", "-")
    return f"{name}/{who['actor']}" if who.get("actor") else str(name)


def _place(who: Mapping[str, Any]) -> str:
    parts = [str(who[key]) for key in ("environment", "upstream") if who.get(key)]
    return "/".join(parts) or "-"


class Told(NamedTuple):
    """What a record says beyond its first five columns, each part on one line."""

    said: list[str]
    found: Sequence[str] = ()
    """What running the statement does, or what its result had."""
    text: Sequence[str] = ()


def _said(entry: Mapping[str, Any]) -> Told:
    match entry.get("kind"):
        case "intent":
            return _intent(entry)
        case "outcome":
            return Told(_outcome(entry), [_veiled(each) for each in _mappings(entry.get("veiled"))])
        case _:
            who = _mapping(entry.get("who"))
            facts = {key: who[key] for key in ("session", "address") if key in who} | dict(_mapping(entry.get("detail")))
            return Told([f"{line(key)}={line(value)}" for key, value in facts.items()])


def _intent(entry: Mapping[str, Any]) -> Told:
    what = _mapping(entry.get("what"))
    parts = [line(what.get("decision", "-"))]
    if what.get("decision") != "allow" and what.get("reason"):
        parts.append(f"({line(what['reason'])})")
    if entry.get("phase") not in (None, "submit"):
        parts.append(f"[{line(entry['phase'])}]")
    text = line(what["text"]) if "text" in what else f"sha256:{line(what.get('sha256', '-'))}"
    return Told(parts, found(what), [text])


def _outcome(entry: Mapping[str, Any]) -> list[str]:
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
    return parts


def _veiled(column: Mapping[str, Any]) -> str:
    """`masked card as partial (pii.card of customers.card_number), 3 values`; `shown` is what somebody may see."""
    masker = column.get("masker")
    told = f"{'masked' if masker else 'shown'} {identifier(str(column.get('column', '-')))}"
    if masker:
        told += f" as {line(masker)}"
    if policies := _list(column.get("policies")):
        told += f" by {', '.join(map(line, policies))}"
    source = line(column.get("source", "")).removeprefix(f"{USUAL_SCHEMA}.")
    known = " ".join(filter(None, (line(column.get("label", "")), f"of {source}" if source else "")))
    if known:
        told += f" ({known})"
    return f"{told}, {counted(column['cells'], 'value')}" if isinstance(column.get("cells"), int) else told


# What a statement does


def found(what: Mapping[str, Any]) -> list[str]:
    """What running it does, in the order of the record, each on one line: `read customers(email) via view public.contacts`."""
    told = [_touched(each) for each in _mappings(what.get("relations"))]
    told += [_ran(each) for each in _mappings(what.get("effects"))]
    told += [f"unknown: {line(each.get('reason', '-'))}{_via(each)}" for each in _mappings(what.get("doubts"))]
    if "unknown" in what and not what.get("doubts"):
        told.append(f"unknown: {line(what['unknown'])}")
    left_out = [
        counted(count, name.removesuffix("s")) for name, count in _mapping(what.get("left_out")).items() if type(count) is int
    ]
    if left_out:
        told.append(f"not in the record: {', '.join(map(line, left_out))}")
    return told


def _touched(relation: Mapping[str, Any]) -> str:
    name = relation_name(str(relation.get("schema", "-")), str(relation.get("name", "-")), USUAL_SCHEMA)
    columns = list(dict.fromkeys(str(column) for names in _mapping(relation.get("columns")).values() for column in _list(names)))
    inside = f"({', '.join(map(identifier, columns))})" if columns else ""
    everything = relation.get("action") in ("update", "delete") and relation.get("bound") in ("none", "trivial")
    return f"{line(relation.get('action', '-'))} {name}{inside}{', every row' if everything else ''}{_via(relation)}"


def _ran(effect: Mapping[str, Any]) -> str:
    does = ", ".join(line(each).replace("_", " ") for each in _list(effect.get("effects")))
    itself = effect.get("via") == [f"function {effect.get('function')}"]
    return f"run {line(effect.get('function', '-'))}: {does}{'' if itself else _via(effect)}"


def _via(entry: Mapping[str, Any]) -> str:
    ways = ", ".join(line(each) for each in _list(entry.get("via")))
    return f" via {ways}" if ways else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [each for each in _list(value) if isinstance(each, Mapping)]


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


def terminal_width(stream: TextIO) -> int:
    """Columns to write for: the terminal's, or what COLUMNS says; 120 where there is neither."""
    console = Console(file=stream)
    return console.width if console.is_terminal or os.environ.get("COLUMNS", "").isdigit() else PIPE_WIDTH


def pointed(text: str, start: int, end: int, width: int) -> list[str]:
    """The line of a text with the place from `start` to `end` (characters), and one below with marks under it."""
    begins = text.rfind("\n", 0, start) + 1
    finishes = text.find("\n", start)
    finishes = len(text) if finishes < 0 else finishes
    end = min(max(end, start), finishes)
    number = f"line {text.count(chr(10), 0, begins) + 1}: " if "\n" in text.strip() else ""
    room = max(width - len(number) - 2, 20)
    before = line(text[max(begins, start - room) : start]).lstrip()
    word = line(text[start:end][:room])
    word = _cut(word, room // 2)[0] if cell_len(word) > room // 2 else word
    over = cell_len(before) + cell_len(word) - room * 2 // 3
    if over > 0 or (start - room > begins):
        while before and cell_len(before) + cell_len(word) + 3 > room * 2 // 3:
            before = before[1:]
        before = "..." + before
    after = line(text[end:finishes][:room])
    left = room - cell_len(before) - cell_len(word)
    if cell_len(after) > left:
        after = _cut(after, max(left - 3, 1))[0] + "..."
    marks = " " * (2 + len(number) + cell_len(before)) + "^" * max(1, cell_len(word))
    return [f"  {number}{before}{word}{after}".rstrip(), marks]
