"""What a statement does to its session: transactions, settings that change meaning, the catalogue, channels. Pure.

Facts of one statement, found once: `session.py` follows them. What is not certain is UNSETTLE (any of the settings may be another
afterwards) and DEFINE (the catalogue may): a question to the server then tells. Never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, NamedTuple

from nightporter.statement.model import Action, Effect, Statement

from .grammar import GrammarError, Node, parse, string_value
from .search_path import quoted

TRACKED = ("search_path", "role", "session_authorization", "row_security", "session_replication_role", "transform_null_equals")
"""Settings that change what a text means, or what it sets off. Names are looked up by the first three (`$user`), which also say
whose rights and row-level policies count. `row_security` says whether policies apply or are an error. Triggers and rules fire or
not by `session_replication_role`. `x = NULL` is another condition under `transform_null_equals`. How a text is taken apart
(client_encoding, standard_conforming_strings) is always reported, and scope.py's. Others change how values look, how plans are
made, or what is refused: none of them changes which objects a text names."""

_SWITCHES = {
    "row_security": ("on", "off"),
    "session_replication_role": ("origin", "replica", "local"),
    "transform_null_equals": ("on", "off"),
}
"""Values as SHOW gives them; others mean the same, and the server is asked."""


class What(Enum):
    """What a step does."""

    BEGIN = "begin"
    COMMIT = "commit"
    ROLLBACK = "rollback"
    SAVEPOINT = "savepoint"
    RELEASE = "release"
    ROLLBACK_TO = "rollback to"
    SET = "set"  # value None: not known
    RESET = "reset"  # name empty: all but who one is
    DISCARD = "discard"  # all
    UNSETTLE = "unsettle"  # anything may be set, a temporary object made
    DEFINE = "define"  # the catalogue may change
    MODE = "mode"  # of the transaction: transaction_isolation, transaction_read_only, ...
    LATER = "later"  # what it sets off runs at the end of the transaction, and may do anything
    FIRE = "fire"  # what was put off may run now
    LISTEN = "listen"
    UNLISTEN = "unlisten"  # name empty: all


class Step(NamedTuple):
    """One thing that a statement does to its session."""

    what: What
    name: str = ""
    value: str | None = None
    local: bool = False
    chain: bool = False
    """The next transaction begins at once."""


UNSETTLE, DEFINE = Step(What.UNSETTLE), Step(What.DEFINE)
_NOTHING: tuple[Step, ...] = ()
_ANYTHING = (UNSETTLE, DEFINE)

CONTROL = frozenset(
    {"begin", "start transaction", "commit", "rollback", "savepoint", "release savepoint", "rollback to savepoint"}
    | {"prepare transaction", "commit prepared", "rollback prepared", "set", "reset", "show", "set constraints", "discard"}
    | {"deallocate", "close", "listen", "unlisten", "fetch", "move"}
)
"""Statements that name nothing of the catalogue's; what a cursor runs was decided when it was declared."""

BEGINS = frozenset({"begin", "start transaction"})

_DEFINING = frozenset({Action.CREATE, Action.ALTER, Action.DROP, Action.GRANT, Action.UNKNOWN})
_HIDING = frozenset({Effect.UNKNOWN, Effect.RUNS_SQL, Effect.CONTROLS_SERVER})
"""Effects behind which anything may be."""
UNPLANNED = frozenset({"call", "do", "load", "create extension", "alter extension"})
"""What they run is not told for certain, may end transactions, and what it sets stays: they may do anything."""
_STORED = frozenset(
    {"create function", "create procedure", "alter function", "alter role set", "alter database set", "alter system"}
    | {"create view", "create rule", "create trigger", "prepare", "declare cursor"}
)
"""Settings that are spoken of in them are not set now."""


def steps_of(statement: Statement) -> tuple[Step, ...]:
    """What the statement does to its session if it succeeds; kept with it."""
    steps: tuple[Step, ...] | None = statement.steps
    if steps is None:
        statement.steps = steps = _find(statement)
    return steps


def moves(steps: tuple[Step, ...]) -> bool:
    """Whether what comes after may mean something else, whatever becomes of the transaction."""
    return any(step.what in _MOVING for step in steps)


PLANS = frozenset({What.SET, What.UNSETTLE})
"""What a function that calls itself immutable may do as early as when its statement is planned."""
_MOVING = frozenset({What.SET, What.RESET, What.DISCARD, What.UNSETTLE, What.DEFINE, What.LATER, What.FIRE})


def ends(steps: tuple[Step, ...]) -> bool:
    """Whether it may bring back what was before."""
    return any(step.what in _ENDING for step in steps)


_ENDING = frozenset({What.COMMIT, What.ROLLBACK, What.ROLLBACK_TO})


def opens(statement: Statement) -> tuple[Step, ...]:
    """What FETCH does of a cursor that this statement declares, or EXECUTE of what it prepares."""
    return _effects(statement) + _settings(statement)


def _find(statement: Statement) -> tuple[Step, ...]:
    if statement.unknown is not None or Action.UNKNOWN in statement.actions or statement.doubts:
        return _ANYTHING
    kind = statement.kind
    finder = _FINDERS.get(kind)
    if finder is not None:
        return _parsed(statement, finder)
    if kind in UNPLANNED:
        return _ANYTHING
    steps = _NOTHING
    if kind == "commit prepared":
        steps = (DEFINE,)
    elif kind == "set constraints":
        return (Step(What.FIRE),)
    elif kind == "declare cursor":
        # to plan its query may run what calls itself immutable; that of one which outlives its transaction is run to its end then
        steps = opens(statement)
        return (*steps, Step(What.LATER)) if steps and any(name.hold for name in statement.names) else steps
    elif kind == "prepare":
        return steps
    elif not _DEFINING.isdisjoint(statement.actions):
        steps = (DEFINE,)
    if statement.effects:
        steps += tuple(step for step in _effects(statement) if step not in steps)
    if statement.settings and kind not in _STORED:
        steps += _settings(statement)
    for each in statement.runs:  # what was prepared may be any statement, if the protocol's Parse prepared it
        steps += steps_of(each)
    return steps


def _effects(statement: Statement) -> tuple[Step, ...]:
    if statement.unknown is not None or Action.UNKNOWN in statement.actions:
        return _ANYTHING
    for each in statement.effects:
        if not _HIDING.isdisjoint(each.effects):
            return _ANYTHING
        # one that the text itself calls stands in `settings`, with its name
        if Effect.CHANGES_SETTINGS in each.effects and (each.via or not each.function.startswith("pg_catalog.set_config(")):
            return (UNSETTLE,)
    return _NOTHING


def _settings(statement: Statement) -> tuple[Step, ...]:
    steps = []
    for setting in statement.settings:
        if setting.name is None:
            return (UNSETTLE,)
        if setting.name in TRACKED:
            steps.append(Step(What.SET, setting.name))
    return tuple(steps)


# Statements whose fields tell


def _parsed(statement: Statement, finder: Callable[[Node, Statement], tuple[Step, ...]]) -> tuple[Step, ...]:
    try:
        (parsed,) = parse(statement.text.encode())
        return finder(parsed.body, statement)
    except (GrammarError, ValueError, TypeError, AttributeError, KeyError):
        return _ANYTHING  # it was read once, and is not what it was


def _begin(body: Node, statement: Statement) -> tuple[Step, ...]:
    return (Step(What.BEGIN), *_modes(body.get("options", ())))


def _modes(options: Iterable[Any]) -> tuple[Step, ...]:
    modes = []
    for option in options:
        element = option["DefElem"]
        constant = element.get("arg", {}).get("A_Const", {})
        value = string_value(element.get("arg")) or ("on" if constant.get("ival", {}).get("ival") else "off")
        modes.append(Step(What.MODE, str(element["defname"]), value))
    return tuple(modes)


def _commit(body: Node, statement: Statement) -> tuple[Step, ...]:
    return (Step(What.COMMIT, chain=bool(body.get("chain"))),)


def _rollback(body: Node, statement: Statement) -> tuple[Step, ...]:
    return (Step(What.ROLLBACK, chain=bool(body.get("chain"))),)


def _named(what: What) -> Callable[[Node, Statement], tuple[Step, ...]]:
    def find(body: Node, statement: Statement) -> tuple[Step, ...]:
        return (Step(what, str(body["savepoint_name"])),)

    return find


def _set(body: Node, statement: Statement) -> tuple[Step, ...]:
    name, how = str(body.get("name", "")).lower(), body.get("kind")
    if how == "VAR_SET_MULTI":
        return _modes(body.get("args", ())) if name == "transaction" else _NOTHING
    if name and name not in TRACKED:
        return _NOTHING
    if how in ("VAR_SET_DEFAULT", "VAR_RESET", "VAR_RESET_ALL"):
        return (Step(What.RESET, name, local=bool(body.get("is_local"))),)
    value = _value(name, body.get("args", [])) if how == "VAR_SET_VALUE" else None
    return (Step(What.SET, name, value, bool(body.get("is_local"))),)


def _value(name: str, arguments: list[object]) -> str | None:
    """The setting's value as SHOW would have it; None where that is not plain."""
    values = [string_value(each) for each in arguments]
    if not values or None in values:
        return None
    texts = [value for value in values if value is not None]
    if name == "search_path":
        return ", ".join(map(quoted, texts))  # each is one name, even 'a, b'
    if len(texts) > 1:
        return None
    if name in _SWITCHES:
        return texts[0] if texts[0] in _SWITCHES[name] else None
    return texts[0]


def _discard(body: Node, statement: Statement) -> tuple[Step, ...]:
    target = body.get("target")
    if target == "DISCARD_ALL":
        return (Step(What.DISCARD), DEFINE)
    return (DEFINE,) if target == "DISCARD_TEMP" else _NOTHING


def _listen(body: Node, statement: Statement) -> tuple[Step, ...]:
    return (Step(What.LISTEN, str(body["conditionname"])),)


def _unlisten(body: Node, statement: Statement) -> tuple[Step, ...]:
    return (Step(What.UNLISTEN, str(body.get("conditionname") or "")),)


_FINDERS: dict[str, Callable[[Node, Statement], tuple[Step, ...]]] = {
    "begin": _begin,
    "start transaction": _begin,
    "commit": _commit,
    "prepare transaction": _commit,
    "rollback": _rollback,
    "savepoint": _named(What.SAVEPOINT),
    "release savepoint": _named(What.RELEASE),
    "rollback to savepoint": _named(What.ROLLBACK_TO),
    "set": _set,
    "reset": _set,
    "discard": _discard,
    "listen": _listen,
    "unlisten": _unlisten,
}
