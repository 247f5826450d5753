"""What one statement's syntax tree says: actions, settings, and whether all of it is known. One walk, no recursion. Pure.

The walk goes into every field of every node, known or not, so that nothing is missed where the grammar puts a statement or an
expression in an unexpected place; a node of a name that we do not know makes the statement `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nightporter.statement.model import Action, Setting

from . import settings
from .grammar import MAX_DEPTH, GrammarError, Node, parse
from .kinds import READS_ON, STATEMENTS
from .nodes import NODES

MAX_BODIES = 4
"""A function that makes a function that makes a function: how far we look."""

_ROW_SHARE_AT_MOST = 1
"""ACCESS SHARE, the lock of a SELECT; pg_dump takes it by LOCK TABLE."""

_BOUND = frozenset(
    {"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CallStmt", "ExplainStmt"}
    | {"DeclareCursorStmt", "CreateTableAsStmt"}
)
"""Statements that take parameters from Bind. Anywhere else `$1` is some other parameter."""

_STORES = frozenset(
    {
        "AlterRoleSetStmt",
        "AlterDatabaseSetStmt",
        "AlterSystemStmt",
        "CreateFunctionStmt",
        "AlterFunctionStmt",
        "ViewStmt",
        "RuleStmt",
    }
)
"""Settings that are spoken of in them are not set now."""

_WHEN = {"CMD_INSERT": Action.INSERT, "CMD_UPDATE": Action.UPDATE, "CMD_DELETE": Action.DELETE}
_FALSE = frozenset({"false", "off", "0"})


class Facts:
    """What has been found in one tree."""

    __slots__ = ("actions", "bodies", "bound", "executes", "named", "settings", "unknown")

    def __init__(self, bound: bool = False, bodies: int = 0) -> None:
        self.actions: set[Action] = set()
        self.settings: list[Setting] = []
        self.executes: list[str] = []
        """Prepared names that it runs."""
        self.named: dict[int, Setting] = {}
        """Calls of set_config, by `id`, whose setting is told elsewhere than in their arguments."""
        self.unknown: str | None = None
        self.bound = bound
        self.bodies = bodies


def gather(tag: str, body: Node, *, bodies: int = 0) -> Facts:
    """All that the statement `{tag: body}` says; `actions` are what it does as a whole."""
    facts = Facts(tag in _BOUND and bodies == 0, bodies)
    if tag not in STATEMENTS:
        facts.unknown = f"`{tag[:80]}` is not known"
        return facts
    if tag == "SelectStmt":
        facts.named = settings.selected(body, bound=facts.bound)
    _walk({tag: body}, facts)
    own = STATEMENTS[tag][1]
    if tag == "ExplainStmt" and not _analyzes(body):
        facts.actions = {Action.READ}
    elif tag not in READS_ON:
        facts.actions = set()
    facts.actions |= own
    _add_own(tag, body, facts)
    if tag in _STORES:
        facts.settings = [replace(setting, stored=True) for setting in facts.settings]
    facts.settings = list(dict.fromkeys(facts.settings))
    return facts


def _add_own(tag: str, body: Node, facts: Facts) -> None:
    """What depends on the fields of the statement itself."""
    if tag == "CopyStmt":
        if body.get("is_from"):
            facts.actions.add(Action.INSERT)
        elif "query" not in body:
            facts.actions.add(Action.READ)
        if body.get("filename") or body.get("is_program"):
            facts.actions.add(Action.ADMINISTER)  # the server's own files and programs
    elif tag == "LockStmt" and body.get("mode", 99) <= _ROW_SHARE_AT_MOST:
        facts.actions = {Action.READ}
    elif tag == "VariableSetStmt":
        facts.settings = list(settings.variable_set(body, direct=True))
    elif tag == "TransactionStmt":
        facts.settings += settings.options(body.get("options", []))


def _analyzes(body: Node) -> bool:
    """Whether EXPLAIN runs what it explains. Whatever is not clearly `false` counts as true."""
    for option in body.get("options", ()):
        element = option.get("DefElem", {})
        if str(element.get("defname")).lower() == "analyze":
            argument = element.get("arg")
            value = settings.string_of(argument) if argument is not None else None
            if value is None and isinstance(argument, dict) and "Integer" in argument:
                value = str(argument["Integer"].get("ival", 0))
            if value is None or value.lower() not in _FALSE:
                return True
    return False


def _walk(root: Node, facts: Facts) -> None:
    level: list[Any] = [root]
    depth = 0
    handlers = _HANDLERS
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise GrammarError("nested too deeply")
        below: list[Any] = []
        for node in level:
            if type(node) is list:
                for item in node:
                    if type(item) is dict or type(item) is list:
                        below.append(item)
                continue
            for key, value in node.items():
                handler = handlers.get(key)
                if handler is not None:
                    handler(value, facts)
                if type(value) is dict or type(value) is list:
                    if key not in _NAMES_ONLY:
                        below.append(value)
                    if key < "a" and key not in NODES and facts.unknown is None:
                        facts.unknown = f"`{key[:80]}` is not known"
        level = below


_NAMES_ONLY = frozenset({"ColumnRef", "funcname", "A_Const", "ParamRef"})
"""Fields with nothing below them but names, which were looked at where they stand."""


def _select(body: Node, facts: Facts) -> None:
    if "valuesLists" not in body:  # VALUES reads nothing; what is selected inside it has a node of its own
        facts.actions.add(Action.READ)


def _insert(body: Node, facts: Facts) -> None:
    facts.actions.add(Action.INSERT)
    _returning(body, facts)


def _on_conflict(clause: Node, facts: Facts) -> None:
    if clause.get("action") != "ONCONFLICT_NOTHING":
        facts.actions.add(Action.UPDATE)


def _update(body: Node, facts: Facts) -> None:
    facts.actions.add(Action.UPDATE)
    if "fromClause" in body:
        facts.actions.add(Action.READ)
    _returning(body, facts)
    setting = settings.update(body, bound=facts.bound)
    if setting is not None:
        facts.settings.append(setting)


def _delete(body: Node, facts: Facts) -> None:
    facts.actions.add(Action.DELETE)
    if "usingClause" in body:
        facts.actions.add(Action.READ)
    _returning(body, facts)


def _returning(body: Node, facts: Facts) -> None:
    if "returningClause" in body:
        facts.actions.add(Action.READ)


def _merge(body: Node, facts: Facts) -> None:
    facts.actions.add(Action.READ)


def _merge_when(clause: Node, facts: Facts) -> None:
    action = clause.get("commandType")
    if action in _WHEN:
        facts.actions.add(_WHEN[action])
    elif action != "CMD_NOTHING":
        facts.unknown = "a MERGE action that is not known"


def _into(clause: Node, facts: Facts) -> None:
    facts.actions.add(Action.CREATE)


def _locking(clause: object, facts: Facts) -> None:
    # FOR UPDATE and its weaker kin: the server asks for the right to update, and others wait for the rows
    facts.actions.add(Action.UPDATE)


def _nested(tag: str) -> Callable[[Any, Facts], None]:
    actions = STATEMENTS[tag][1]

    def add(body: Node, facts: Facts) -> None:
        facts.actions |= actions

    return add


def _execute(body: Node, facts: Facts) -> None:
    facts.executes.append(str(body.get("name", "")))


def _call(call: Node, facts: Facts) -> None:
    if settings.function_called(call) == settings.FUNCTION:
        facts.settings.append(facts.named.get(id(call)) or settings.set_config(call, bound=facts.bound))


def _name(string: Node, facts: Facts) -> None:
    # The function without a call: an aggregate, an operator, a cast or another name is being made of it
    if string.get("sval") in settings.SYMBOLS:
        facts.settings.append(settings.UNTOLD)


def _variable_set(body: Node, facts: Facts) -> None:
    facts.settings += settings.variable_set(body)


def _function(body: Node, facts: Facts) -> None:
    _code(body.get("options", ()), "", facts)


def _do(body: Node, facts: Facts) -> None:
    _code(body.get("args", ()), "plpgsql", facts)


def _code(options: Any, language: str, facts: Facts) -> None:
    text = ""
    for option in options:
        element = option.get("DefElem", {})
        argument = element.get("arg")
        if element.get("defname") == "language":
            language = settings.string_of(argument) or ""
        elif element.get("defname") == "as":
            strings = argument.get("List", {}).get("items", [argument]) if isinstance(argument, dict) else []
            # DO with several strings: to the server they are one (see `without_gaps`)
            text += (settings.string_of(strings[0]) or "") if strings else ""
    if language.lower() == "plpgsql":
        facts.settings += settings.plpgsql(text.encode())
    elif language.lower() == "sql":
        facts.settings += _sql_body(text, facts.bodies + 1)


def _sql_body(text: str, bodies: int) -> list[Setting]:
    if bodies > MAX_BODIES:
        return [settings.UNTOLD]
    try:
        statements = parse(text.encode())
    except GrammarError as error:
        # What does not parse is not run: the server refuses it. What we only declined to read might be.
        return [] if str(error) == "syntax" else [settings.UNTOLD]
    found: list[Setting] = []
    for each in statements:
        facts = gather(each.tag, each.body, bodies=bodies)
        found += [Setting(setting.name) for setting in facts.settings]
        if facts.unknown is not None:
            found.append(settings.UNTOLD)
    return found


_HANDLERS: dict[str, Callable[[Any, Facts], None]] = {
    "SelectStmt": _select,
    "InsertStmt": _insert,
    "UpdateStmt": _update,
    "DeleteStmt": _delete,
    "MergeStmt": _merge,
    "MergeWhenClause": _merge_when,
    "onConflictClause": _on_conflict,
    "intoClause": _into,
    "lockingClause": _locking,
    "ExecuteStmt": _execute,
    "FuncCall": _call,
    "funccall": _call,
    "String": _name,
    "VariableSetStmt": _variable_set,
    "setstmt": _variable_set,
    "CreateFunctionStmt": _function,
    "DoStmt": _do,
    **{
        tag: _nested(tag)
        for tag in ("CreateTableAsStmt", "RefreshMatViewStmt", "GrantStmt")  # inside EXPLAIN ANALYZE, CREATE SCHEMA
    },
}
