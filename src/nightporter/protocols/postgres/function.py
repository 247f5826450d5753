"""The FunctionCall message: functions called by OID, without any text. Pure.

Clients use it for large objects (libpq's `lo_*`, JDBC). An OID that is not in this table is `unknown`: it may be any function of
that database. The OIDs are those of pg_proc.dat, the same in every version. "Function Call" in "Message Formats", "Large Objects".
"""

from __future__ import annotations

import hashlib

from nightporter.statement.model import Action, Reading, Setting, Statement

from .grammar import GRAMMAR

_NOTHING: frozenset[Action] = frozenset()
_READ = frozenset({Action.READ})
_INSERT = frozenset({Action.INSERT})
_UPDATE = frozenset({Action.UPDATE})

FUNCTIONS: dict[int, tuple[str, frozenset[Action]]] = {
    715: ("lo_create", _INSERT),
    764: ("lo_import", _INSERT | {Action.ADMINISTER}),  # reads a file of the server
    765: ("lo_export", _READ | {Action.ADMINISTER}),  # writes one
    767: ("lo_import", _INSERT | {Action.ADMINISTER}),
    952: ("lo_open", _READ),
    953: ("lo_close", _NOTHING),
    954: ("loread", _READ),
    955: ("lowrite", _UPDATE),
    956: ("lo_lseek", _READ),
    957: ("lo_creat", _INSERT),
    958: ("lo_tell", _READ),
    964: ("lo_unlink", frozenset({Action.DELETE})),
    1004: ("lo_truncate", _UPDATE),
    2078: ("set_config", _READ),
    3170: ("lo_lseek64", _READ),
    3171: ("lo_tell64", _READ),
    3172: ("lo_truncate64", _UPDATE),
    3457: ("lo_from_bytea", _INSERT | _UPDATE),
    3458: ("lo_get", _READ),
    3459: ("lo_get", _READ),
    3460: ("lo_put", _UPDATE),
}
"""OID -> name and actions."""

_LO_OPEN, _SET_CONFIG = 952, 2078
_INV_WRITE = 0x20000


def call(oid: int, arguments: tuple[bytes | None, ...]) -> Reading:
    """The reading of a FunctionCall; `arguments` as the client sent them, in text or binary. Never raises."""
    name, actions = FUNCTIONS.get(oid, ("", frozenset({Action.UNKNOWN})))
    text = f"SELECT {name or f'function {oid}'}({', '.join(f'${n + 1}' for n in range(len(arguments)))})"
    if oid == _LO_OPEN and _may_write(arguments):
        actions |= _UPDATE
    statement = Statement(
        text=text,
        kind=f"call {name}" if name else "call",
        actions=actions,
        unknown=None if name else f"function with oid {oid} is not known",
        settings=(_setting(arguments),) if oid == _SET_CONFIG else (),
    )
    data = text.encode()
    return Reading(data, hashlib.sha256(data).hexdigest(), (statement,), grammar=GRAMMAR, calls_oid=oid)


def _may_write(arguments: tuple[bytes | None, ...]) -> bool:
    mode = arguments[1] if len(arguments) > 1 else None
    if mode is None:
        return True
    if len(mode) == 4:  # an int4; as text no mode of four digits writes, and their bytes read as one that may
        return bool(int.from_bytes(mode, "big") & _INV_WRITE)
    try:
        return bool(int(mode) & _INV_WRITE)
    except ValueError:
        return True


def _setting(arguments: tuple[bytes | None, ...]) -> Setting:
    name = arguments[0] if arguments else None
    try:
        return Setting(None if name is None else name.decode().lower())
    except UnicodeDecodeError:
        return Setting(None)
