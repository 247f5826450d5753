"""What a statement does, written line by line as a reading would find it: for tests of policies that need no database. Pure.

    delete public.orders(id) row_bound=none via=function use=predicate
    execute public.purge(integer) effects=writes_data
    set role value=dba
    drop statement="drop schema"

A line is an action, what it is done to, and what is to be said of that. What names no thing is asked of the database.

How something is shown is asked of columns, or of a label: `public.people(email) labels=pii.email use=expression`, `pii.email`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from nightporter.statement.model import Access, Action, ColumnUse, Effect, Effected, RowBound, Setting, Statement, Use

from .question import DEFAULT

_WORD = re.compile(r'(?:"(?:[^"]|"")*"|\([^)]*\)|[^\s"(])+')
_OPTION = re.compile(r"([a-z_]+)=(.*)", re.DOTALL)
_PART = re.compile(r'"((?:[^"]|"")+)"|([^".(]+)')
_NAMES = re.compile(r'((?:"(?:[^"]|"")+"|[^".(]+)(?:\.(?:"(?:[^"]|"")+"|[^".(]+))*)(\(.*\))?', re.DOTALL)
_SCHEMA = "public"
_STATEMENTS = {"read": "select", "execute": "select", "connect": "transaction begin"}
_RELATION = frozenset(("use", "row_bound", "via", "locks", "kind", "traits", "labels", "in"))
_OPTIONS: Mapping[str, frozenset[str]] = {
    "execute": frozenset(("effects", "via", "extension", "builtin", "language")),
    "set": frozenset(("value",)),
    "connect": frozenset(),
    "unknown": frozenset(),
}


def statement_of(lines: Iterable[str]) -> Statement:
    """The statement that does all of these: `delete public.orders(id) row_bound=none via=function`. Raises ValueError."""
    doing = Doing()
    for line in lines:
        doing.add(line)
    return doing.statement()


class Shows(NamedTuple):
    """Whose values somebody sees: those of columns of one relation, or those of a label."""

    label: str | None
    schema: str = ""
    relation: str = ""
    columns: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    use: str = Use.OUTPUT.value
    parents: tuple[tuple[str, str], ...] = ()


def shows_of(line: str) -> Shows:
    """What a line such as `public.people(email) labels=pii.email` is about. Raises ValueError."""
    words = _WORD.findall(line)
    names = [word for word in words if not _OPTION.fullmatch(word)]
    options = {found[1]: _unquoted(found[2]) for found in map(_OPTION.fullmatch, words) if found}
    wrong = options.keys() - _SHOWN
    if wrong:
        raise ValueError(f"`{min(wrong)}` says nothing of what is shown: there are {', '.join(sorted(_SHOWN))}")
    if len(names) != 1:
        raise ValueError(f"`{line}` must name one relation with its columns, `public.people(email)`, or one label, `pii.email`")
    if "(" not in names[0]:
        if options or not _LABEL.fullmatch(names[0]):
            raise ValueError(f"`{line}` is neither columns, `public.people(email)`, nor a label, `pii.email`")
        return Shows(names[0])
    schema, relation, inside = _split(names[0])
    columns = tuple(_unquoted(each.strip()) for each in (inside or "").split(","))
    use = _choice(Use, options.get("use", Use.OUTPUT.value), "use")
    if "" in columns or use not in (Use.OUTPUT, Use.EXPRESSION):
        raise ValueError(f"`{line}` shows nothing: name columns, whose `use` is `output` or `expression`")
    parents = tuple(_split(each)[:2] for each in _list(options, "in"))
    return Shows(None, schema, relation, columns, tuple(_list(options, "labels")), use.value, parents)


_SHOWN = frozenset(("use", "labels", "in"))
_LABEL = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")


class Doing:
    """What a statement does, gathered line by line."""

    def __init__(self) -> None:
        self._actions: set[Action] = set()
        self._accesses: list[Access] = []
        self._effects: list[Effected] = []
        self._settings: list[Setting] = []
        self._kind: str | None = None
        self._first: str | None = None

    def statement(self) -> Statement:
        kind = self._kind or _STATEMENTS.get(self._first or "", self._first or "")
        unknown = "it is said to be unknown" if Action.UNKNOWN in self._actions else None
        return Statement(
            *("", kind, frozenset(self._actions)),
            unknown=unknown,
            settings=tuple(self._settings),
            accesses=tuple(self._accesses),
            effects=tuple(self._effects),
        )

    def add(self, line: str) -> None:
        """`ACTION [RESOURCE] [NAME=VALUE ...]`. Raises ValueError."""
        words = _WORD.findall(line)
        if not words or words[0] not in (*Action, "set") or words[0] == Action.REVEAL:
            raise ValueError(f"`{line}` begins with no action: there are {', '.join(sorted((*Action, 'set')))}")
        action, rest = words[0], words[1:]
        names = [word for word in rest if not _OPTION.fullmatch(word) and word != "locks"]
        options = {found[1]: _unquoted(found[2]) for found in map(_OPTION.fullmatch, rest) if found}
        options |= {"locks": ""} if "locks" in rest else {}
        if len(names) > 1:
            raise ValueError(f"`{line}` names more than one thing: one a line, names with spaces in double quotes")
        self._first = self._first or action
        self._kind = options.pop("statement", self._kind)
        wrong = options.keys() - _OPTIONS.get(action, _RELATION)
        if wrong:
            raise ValueError(f"`{min(wrong)}` says nothing of `{action}`: there are {_known(action)}")
        name = names[0] if names else None
        if action != "set":
            self._actions.add(Action(action))
        match action:
            case "connect" | "unknown":
                self._actions.discard(Action.CONNECT)
            case "set":
                value = options.get("value")
                reset = value == DEFAULT
                self._settings.append(Setting(_needed(name, line).lower(), value=None if reset else value, reset=reset))
            case "execute" if name is not None or options:
                self._effects.append(_effected(name, options))
            case _ if name is not None:
                self._accesses += _accesses(Action(action), name, options)
            case _ if options:
                raise ValueError(f"`{line}` names nothing that `{min(options)}` could be said of")
            case _:
                pass  # it is asked of the database


def _known(action: str) -> str:
    return ", ".join(sorted((*_OPTIONS.get(action, _RELATION), "statement")))


def _needed(name: str | None, line: str) -> str:
    if name is None:
        raise ValueError(f"`{line}` names nothing")
    return name


def _unquoted(value: str) -> str:
    return value[1:-1].replace('""', '"') if len(value) > 1 and value[0] == value[-1] == '"' else value


def _split(name: str) -> tuple[str, str, str | None]:
    """Schema, name and what stands in parentheses."""
    found = _NAMES.fullmatch(name)
    if found is None:
        raise ValueError(f"`{name}` is not a name such as `public.orders` or `public.orders(id, total)`")
    parts = [quoted.replace('""', '"') or plain for quoted, plain in _PART.findall(found[1])]
    if len(parts) > 2:
        raise ValueError(f"`{name}` has more than a schema and a name: columns stand in parentheses, `public.orders(id)`")
    schema = parts[0] if len(parts) == 2 else _SCHEMA
    return schema, parts[-1], found[2][1:-1] if found[2] else None


def _accesses(action: Action, name: str, options: Mapping[str, str]) -> Iterator[Access]:
    schema, relation, inside = _split(name)
    uses = frozenset(_choice(Use, each, "use") for each in _list(options, "use"))
    labels = tuple(_list(options, "labels"))
    columns = [_unquoted(each.strip()) for each in inside.split(",")] if inside else []
    if uses and not columns:
        raise ValueError(f"`use` is said of columns: `{name}(COLUMN, ...)`")
    used = uses or frozenset((Use.OUTPUT if action is Action.READ else Use.WRITE_TARGET,))
    bound = _choice(RowBound, options["row_bound"], "row_bound") if "row_bound" in options else None
    parents = tuple(_split(each)[:2] for each in _list(options, "in"))
    yield Access(
        *(action, schema, relation, options.get("kind", "table")),
        columns=tuple(ColumnUse(each, used, labels) for each in columns),
        bound=bound,
        via=_via(options),
        traits=frozenset(_list(options, "traits")),
        parents=parents,
        locks="locks" in options,
    )


def _effected(name: str | None, options: Mapping[str, str]) -> Effected:
    """What runs; without a name something that is no function, such as a lock."""
    schema, function, inside = _split(name) if name is not None else ("", "", None)
    effects = frozenset(_choice(Effect, each, "effects") for each in _list(options, "effects"))
    owner = "pg_catalog" if options.get("builtin") == "true" else options.get("extension", "")
    whole = f"{schema}.{function}({inside or ''})"
    return Effected(
        *(whole, effects or frozenset((Effect.COMPUTES,))),
        via=_via(options),
        schema=schema,
        name=function,
        owner=owner,
        language=options.get("language", "internal" if owner == "pg_catalog" else "c" if owner else "sql"),
    )


def _via(options: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{each.replace('_', ' ')} ?" for each in _list(options, "via"))


def _list(options: Mapping[str, str], name: str) -> list[str]:
    return [each.strip() for each in options[name].split(",")] if options.get(name) else []


def _choice(choices: Any, word: str, name: str) -> Any:
    try:
        return choices(word)
    except ValueError:
        raise ValueError(f"`{name}` is never `{word}`: there are {', '.join(choices)}") from None
