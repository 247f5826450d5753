"""Functions called by OID. Expected OIDs were read from pg_proc of a real server."""

from __future__ import annotations

import pytest

from nightporter.protocols.postgres.analysis import call
from nightporter.statement.model import Action, Setting

READ, WRITE = (0x40000).to_bytes(4, "big"), (0x20000).to_bytes(4, "big")
OID = b"\0\0\0\1"


@pytest.mark.parametrize(
    ("oid", "arguments", "text", "kind", "actions"),
    [
        (715, (OID,), "SELECT lo_create($1)", "call lo_create", "insert"),
        (764, (b"/x",), "SELECT lo_import($1)", "call lo_import", "insert administer"),
        (765, (OID, b"/x"), "SELECT lo_export($1, $2)", "call lo_export", "read administer"),
        (767, (b"/x", OID), "SELECT lo_import($1, $2)", "call lo_import", "insert administer"),
        (952, (OID, READ), "SELECT lo_open($1, $2)", "call lo_open", "read"),
        (952, (OID, b"262144"), "SELECT lo_open($1, $2)", "call lo_open", "read"),
        (952, (OID, WRITE), "SELECT lo_open($1, $2)", "call lo_open", "read update"),
        (952, (OID, b"393216"), "SELECT lo_open($1, $2)", "call lo_open", "read update"),
        (952, (OID, b"?"), "SELECT lo_open($1, $2)", "call lo_open", "read update"),
        (952, (), "SELECT lo_open()", "call lo_open", "read update"),
        (953, (OID,), "SELECT lo_close($1)", "call lo_close", ""),
        (954, (OID, OID), "SELECT loread($1, $2)", "call loread", "read"),
        (955, (OID, b"x"), "SELECT lowrite($1, $2)", "call lowrite", "update"),
        (956, (OID, OID, OID), "SELECT lo_lseek($1, $2, $3)", "call lo_lseek", "read"),
        (957, (OID,), "SELECT lo_creat($1)", "call lo_creat", "insert"),
        (958, (OID,), "SELECT lo_tell($1)", "call lo_tell", "read"),
        (964, (OID,), "SELECT lo_unlink($1)", "call lo_unlink", "delete"),
        (1004, (OID, OID), "SELECT lo_truncate($1, $2)", "call lo_truncate", "update"),
        (3170, (OID, OID, OID), "SELECT lo_lseek64($1, $2, $3)", "call lo_lseek64", "read"),
        (3171, (OID,), "SELECT lo_tell64($1)", "call lo_tell64", "read"),
        (3172, (OID, OID), "SELECT lo_truncate64($1, $2)", "call lo_truncate64", "update"),
        (3457, (OID, b"x"), "SELECT lo_from_bytea($1, $2)", "call lo_from_bytea", "insert update"),
        (3458, (OID,), "SELECT lo_get($1)", "call lo_get", "read"),
        (3459, (OID, OID, OID), "SELECT lo_get($1, $2, $3)", "call lo_get", "read"),
        (3460, (OID, OID, b"x"), "SELECT lo_put($1, $2, $3)", "call lo_put", "update"),
    ],
)
def test_large_objects(oid: int, arguments: tuple[bytes, ...], text: str, kind: str, actions: str) -> None:
    reading = call(oid, arguments)
    (statement,) = reading.statements
    assert (reading.text, statement.text, statement.kind) == (text.encode(), text, kind)
    assert {a.value for a in statement.actions} == set(actions.split())
    assert statement.unknown is None


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((b"NightPorter.Principal", b"x", b"\0"), "nightporter.principal"),
        ((None, b"x", b"\0"), None),
        ((b"\xff", b"x", b"\0"), None),
        ((), None),
    ],
)
def test_set_config(arguments: tuple[bytes | None, ...], name: str | None) -> None:
    (statement,) = call(2078, arguments).statements
    assert statement.settings == (Setting(name),)


def test_any_other_function_is_unknown() -> None:
    (statement,) = call(12345, (b"x", None)).statements
    assert statement.kind == "call"
    assert statement.actions == {Action.UNKNOWN}
    assert statement.text == "SELECT function 12345($1, $2)"
    assert statement.unknown == "function with oid 12345 is not known"
