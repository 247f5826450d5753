"""How a statement changes run-time settings: SET in all its forms, set_config(), and UPDATE pg_settings. Pure.

Facts, not decisions: what may be set is for policy. A name that cannot be told from the text is None, never left out. What
gives a setting its start-up value back (RESET, SET ... TO DEFAULT) says so: identity rests on start-up values.
"Setting Parameters" and "System Administration Functions" in PostgreSQL's documentation.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from nightporter.statement.model import Setting

from .grammar import Node, is_constant, string_value
from .search_path import quoted
from .tokens import tokens

UNTOLD = Setting(None)

FUNCTION = "set_config"
SYMBOLS = frozenset({FUNCTION, "set_config_by_name"})
"""The function, and the C symbol behind it, which CREATE FUNCTION ... LANGUAGE internal can give another name."""

_NAME_BYTES = 63
# Casts that leave a text what it is. `varchar` and `text` may come under their full name
_TEXT_TYPES = (["text"], ["varchar"], ["name"], ["pg_catalog", "text"], ["pg_catalog", "varchar"], ["pg_catalog", "name"])
_CHARACTERISTICS = "SESSION CHARACTERISTICS"
_LISTS_OF_NAMES = frozenset(
    {"search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries", "shared_preload_libraries"}
    | {"unix_socket_directories"}
)
"""Each item that SET gives them is one name, whatever is in it (GUC_LIST_QUOTE)."""


def variable_set(node: Node, *, direct: bool = False) -> tuple[Setting, ...]:
    """Settings of a VariableSetStmt: a statement, or a SET clause of a function, role or database."""
    how = node.get("kind")
    if how == "VAR_RESET_ALL":
        return (Setting("all", reset=True),)
    if how in ("VAR_SET_DEFAULT", "VAR_RESET"):
        return (Setting(str(node.get("name")).lower(), reset=True),)
    arguments = node.get("args", [])
    if how == "VAR_SET_MULTI":
        prefix = "default_" if node.get("name") == _CHARACTERISTICS else ""
        return options(arguments, prefix)
    name = node.get("name")
    if how not in ("VAR_SET_VALUE", "VAR_SET_CURRENT") or not isinstance(name, str):
        return (UNTOLD,)
    name = name.lower()
    plain = direct and how == "VAR_SET_VALUE" and node.get("location", 0) >= 0 and all(map(is_constant, arguments))
    value = _listed(name, arguments) if how == "VAR_SET_VALUE" else None
    return (Setting(name, direct=plain and (len(arguments) == 1 or name != "application_name"), value=value),)


def _listed(name: str, arguments: list[Any]) -> str | None:
    """The value that SET gives, as SHOW would have it; None where an item is no plain constant."""
    items = [_constant(each) for each in arguments]
    texts = [item for item in items if item is not None]
    if not items or len(texts) < len(items):
        return None
    return ", ".join(map(quoted, texts) if name in _LISTS_OF_NAMES else texts)


def _constant(node: object) -> str | None:
    text = string_value(node)
    if text is None and isinstance(node, dict) and isinstance(constant := node.get("A_Const"), dict):
        for kind in ("ival", "fval"):
            if isinstance(number := constant.get(kind), dict):
                return str(number.get(kind, 0))
    return text


def options(elements: list[Any], prefix: str = "") -> tuple[Setting, ...]:
    """Settings that are written as options: transaction modes."""
    named = (element.get("DefElem", {}) for element in elements if isinstance(element, dict))
    return tuple(
        Setting(prefix + str(each["defname"]).lower(), value=_mode(each.get("arg"))) for each in named if each.get("defname")
    )


def _mode(node: object) -> str | None:
    """Of a transaction: its isolation, or whether it is read only or deferrable, which the tree has as 1 and 0."""
    text = _constant(node)
    return {"1": "on", "0": "off"}.get(text, text) if text is not None else None


def function_called(call: Node) -> str | None:
    """The unqualified name of the function that a FuncCall calls."""
    names = call.get("funcname")
    return string_of(names[-1]) if names else None


def string_of(node: object) -> str | None:
    """The text of a String, the node of a name."""
    if isinstance(node, dict) and isinstance(string := node.get("String"), dict):
        text = string.get("sval", "")
        return text if isinstance(text, str) else None
    return None


def set_config(call: Node, *, bound: bool) -> Setting:
    """The setting that a call of set_config changes. `bound`: a parameter in it is one that Bind supplies."""
    if call.get("func_variadic"):
        return UNTOLD
    arguments = call.get("args", [])
    argument = arguments[0] if arguments else None
    for each in arguments:
        named = each.get("NamedArgExpr") if isinstance(each, dict) else None
        if named is not None and named.get("name") == "setting_name":
            argument = named.get("arg")
            break
    else:
        if isinstance(argument, dict) and "NamedArgExpr" in argument:
            return UNTOLD
    return _with_value(_named_by(argument, bound), _new_value(arguments))


def _new_value(arguments: list[Any]) -> object:
    """What a call of set_config gives, by position or by name."""
    for each in arguments:
        named = each.get("NamedArgExpr") if isinstance(each, dict) else None
        if named is not None and named.get("name") == "new_value":
            return named.get("arg")
    second = arguments[1] if len(arguments) > 1 else None
    return None if isinstance(second, dict) and "NamedArgExpr" in second else second


def _with_value(setting: Setting, node: object) -> Setting:
    value = string_value(_uncast(node)) if node is not None else None
    return setting if value is None else replace(setting, value=value)


def update(body: Node, *, bound: bool) -> Setting | None:
    """The setting that an UPDATE changes, if it is one of pg_settings: its rule calls set_config for each row."""
    relation = body.get("relation", {})
    if relation.get("relname") != "pg_settings":
        return None
    targets = [target.get("ResTarget", {}) for target in body.get("targetList", ())]
    values = [target.get("val") for target in targets if target.get("name") == "setting" and "indirection" not in target]
    return _with_value(_name_demanded(body, bound), values[0] if len(values) == 1 else None)


def selected(body: Node, *, bound: bool) -> dict[int, Setting]:
    """Settings by the `id` of the call of set_config that changes them, in pg_dump's one way to name them otherwise:

    `SELECT set_config(name, ...) FROM pg_settings WHERE name = constant`, and nothing else in the statement.
    """
    relations = [source.get("RangeVar", {}) for source in body.get("fromClause", ())]
    if body.keys() - _PLAIN_SELECT or body.get("op") != "SETOP_NONE" or len(relations) != 1:
        return {}
    if relations[0].get("relname") != "pg_settings" or relations[0].get("schemaname", "pg_catalog") != "pg_catalog":
        return {}
    setting = _name_demanded(body, bound)
    calls = (target.get("ResTarget", {}).get("val", {}).get("FuncCall", {}) for target in body.get("targetList", ()))
    return {
        id(call): _with_value(setting, _new_value(call["args"]))
        for call in calls
        if function_called(call) == FUNCTION and _is_name(call.get("args", [None])[0])
    }


_PLAIN_SELECT = frozenset({"targetList", "fromClause", "whereClause", "limitOption", "op"})


def _name_demanded(body: Node, bound: bool) -> Setting:
    """What `WHERE name = ...` lets through."""
    where = body.get("whereClause", {}).get("A_Expr", {})
    if where.get("kind") == "AEXPR_OP" and [string_of(n) for n in where.get("name", ())] == ["="]:
        for column, value in ((where.get("lexpr"), where.get("rexpr")), (where.get("rexpr"), where.get("lexpr"))):
            fields = column.get("ColumnRef", {}).get("fields", ()) if isinstance(column, dict) else ()
            if fields and string_of(fields[-1]) == "name":
                return _named_by(value, bound)
    return UNTOLD


def _is_name(argument: object) -> bool:
    fields = argument.get("ColumnRef", {}).get("fields", ()) if isinstance(argument, dict) else ()
    return [string_of(field) for field in fields] == ["name"]


def _named_by(node: object, bound: bool) -> Setting:
    node = _uncast(node)
    text = string_value(node)
    if text is not None:
        return Setting(text.lower())
    if bound and isinstance(node, dict) and isinstance(parameter := node.get("ParamRef"), dict):
        return Setting(None, parameter=parameter.get("number", 0))
    return UNTOLD


def _uncast(node: object) -> object:
    """What is under casts that cannot change a text."""
    while isinstance(node, dict) and isinstance(cast := node.get("TypeCast"), dict):
        type_ = cast.get("typeName", {})
        names = [string_of(name) for name in type_.get("names", ())]
        if names not in _TEXT_TYPES or "typmods" in type_ or "arrayBounds" in type_ or type_.get("setof"):
            return None
        node = cast.get("arg")
        text = string_value(node)
        if names[-1] == "name" and text is not None and len(text.encode()) > _NAME_BYTES:
            return None  # it is cut
    return node


# PL/pgSQL: no syntax tree, only tokens. What it builds and executes as text is beyond us.

_STARTS = frozenset({b"begin", b"then", b"else", b"loop", b";", b">>"})
_PLAIN_STRING = re.compile(rb"'(?:[^'\\]|'')*'")


def plpgsql(body: bytes) -> list[Setting]:
    """Settings that PL/pgSQL code changes under a literal name, by SET or set_config; others are not found."""
    words = [_fold(body[start:end], kind) for kind, start, end in tokens(body) if kind != "comment"]
    found = []
    for at, word in enumerate(words):
        if word == b"set" and (at == 0 or words[at - 1] in _STARTS):
            name = _set_name(words, at + 1)
        elif word == FUNCTION.encode() and words[at + 1 : at + 2] == [b"("]:
            name = _literal_argument(words, at + 2)
        else:
            continue
        if name is not None:
            found.append(Setting(name.decode("utf-8", "replace").lower()))
    return found


def _fold(token: bytes, kind: str) -> bytes:
    if kind == "word":
        return token.lower()
    if kind == "name":
        return token[1:-1].replace(b'""', b'"')
    return token


def _set_name(words: list[bytes], at: int) -> bytes | None:
    if words[at : at + 1] and words[at] in (b"session", b"local"):
        at += 1
    name = b"".join(words[at : at + 1])
    at += 1
    while words[at : at + 1] == [b"."]:
        name += b"".join(words[at : at + 2])
        at += 2
    if words[at : at + 1] in ([b"="], [b"to"]) and words[at + 1 : at + 2] != [b"default"]:
        return name
    return None


def _literal_argument(words: list[bytes], at: int) -> bytes | None:
    if words[at : at + 1] == [b"setting_name"]:
        at += 2
    literal = words[at] if at < len(words) else b""
    if _PLAIN_STRING.fullmatch(literal) and words[at + 1 : at + 2] in ([b","], [b"::"]):
        return literal[1:-1].replace(b"''", b"'")
    return None
