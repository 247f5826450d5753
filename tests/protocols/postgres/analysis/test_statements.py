"""What kind of statement a text is and what it does, from the text alone."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from nightporter.protocols.postgres.analysis import analyse
from nightporter.protocols.postgres.kinds import NEVER_ALONE, READS_ON, STATEMENTS, TRANSACTIONS
from nightporter.protocols.postgres.nodes import NODES
from nightporter.statement.model import Statement

pg_query_pb2: Any = import_module("postgast.pg_query_pb2")  # by name: mypy cannot read its stubs

DOES = [
    # reading and changing
    ("select 1", "select", "read"),
    ("table t", "select", "read"),
    ("values (1), (2)", "select", "read"),
    ("select 1 union select 2", "select", "read"),
    ("select * from t for update", "select", "read update"),
    ("select * from (select * from t for key share) x", "select", "read update"),
    ("select 1 into t", "select", "read create"),
    ("select 1 union select 2 into t", "select", "read create"),
    ("insert into t values (1)", "insert", "insert"),
    ("insert into t default values", "insert", "insert"),
    ("insert into t select * from u", "insert", "insert read"),
    ("insert into t values ((select 1))", "insert", "insert read"),
    ("insert into t values (1) returning id", "insert", "insert read"),
    ("insert into t values (1) on conflict do nothing", "insert", "insert"),
    ("insert into t values (1) on conflict (a) do update set a = 1", "insert", "insert update"),
    ("update t set a = 1", "update", "update"),
    ("update t set a = b from u", "update", "update read"),
    ("update t set a = 1 returning old.a, new.a", "update", "update read"),
    ("delete from t", "delete", "delete"),
    ("delete from t using u", "delete", "delete read"),
    ("merge into t using u on a = b when matched then do nothing", "merge", "read"),
    ("merge into t using u on a = b when matched then delete", "merge", "read delete"),
    (
        "merge into t using u on a = b when matched then update set a = 1 when not matched by source then delete "
        "when not matched then insert values (1)",
        "merge",
        "read insert update delete",
    ),
    ("truncate t, u", "truncate", "truncate"),
    # anywhere in the tree
    ("with x as (delete from t returning *) select * from x", "select", "read delete"),
    ("with x as (insert into t values (1)) update u set a = 1", "update", "insert update"),
    ("select * from (with x as (update t set a = 1 returning a) select * from x) y", "select", "read update"),
    ("with x as (merge into t using u on a = b when matched then delete returning *) table x", "select", "read delete"),
    ("select 1 where exists (with x as (truncate_) select 1)", "unknown", "unknown"),
    # copy
    ("copy t to stdout", "copy", "copy read"),
    ("copy (select 1) to stdout", "copy", "copy read"),
    ("copy (delete from t returning *) to stdout", "copy", "copy read delete"),
    ("copy t from stdin", "copy", "copy insert"),
    ("copy t from '/etc/passwd'", "copy", "copy insert administer"),
    ("copy t to program 'nc'", "copy", "copy read administer"),
    ("copy (select 1) to '/tmp/x'", "copy", "copy read administer"),
    # explain
    ("explain delete from t", "explain", "read"),
    ("explain analyze delete from t", "explain", "read delete"),
    ("explain (analyze) delete from t", "explain", "read delete"),
    ("EXPLAIN (ANALYZE false) delete from t", "explain", "read"),
    ("explain (analyze 'OFF', verbose) delete from t", "explain", "read"),
    ("explain (analyze 0) delete from t", "explain", "read"),
    ("explain (analyze false, analyze) delete from t", "explain", "read delete"),
    ("explain (analyze perhaps) delete from t", "explain", "read delete"),
    ("explain analyze create table t as select 1", "explain", "read create"),
    ("explain analyze select 1", "explain", "read"),
    # making
    ("create table t (a int)", "create table", "create"),
    ("create table t as select 1", "create table as", "create read"),
    ("create table t as with x as (delete from u returning *) table x", "create table as", "create read delete"),
    ("create materialized view v as select 1", "create materialized view", "create read"),
    ("refresh materialized view v", "refresh materialized view", "read update"),
    ("create view v as select * from t", "create view", "create"),
    ("create rule r as on select to t do also delete from u", "create rule", "create"),
    ("create function f() returns int begin atomic delete from t; end", "create function", "create"),
    ("create procedure p() language sql as 'delete from t'", "create procedure", "create"),
    ("create schema s create table t (a int) grant select on t to u", "create schema", "create grant"),
    ("alter table t add b int", "alter table", "alter"),
    ("drop table t", "drop", "drop"),
    ("drop role r", "drop role", "drop administer"),
    ("alter system set a = 1", "alter system", "administer"),
    ("comment on table t is 'x'", "comment", "alter"),
    ("grant select on t to u", "grant", "grant"),
    ("revoke select on t from u", "revoke", "grant"),
    ("revoke a from u", "revoke role", "grant"),
    ("alter default privileges grant select on tables to u", "alter default privileges", "grant"),
    # running
    ("do 'begin end'", "do", "execute"),
    ("call p()", "call", "execute"),
    ("call p((select 1))", "call", "execute read"),
    ("notify x, 'y'", "notify", "execute"),
    # the server
    ("vacuum t", "vacuum", "administer"),
    ("analyze t", "analyze", "administer"),
    ("reindex table t", "reindex", "administer"),
    ("checkpoint", "checkpoint", "administer"),
    ("load 'x'", "load", "administer"),
    ("lock table t in access share mode", "lock", "read"),
    ("lock table t", "lock", "update"),
    # session and transaction
    ("begin", "begin", ""),
    ("start transaction read only", "start transaction", ""),
    ("end", "commit", ""),
    ("commit and chain", "commit", ""),
    ("abort", "rollback", ""),
    ("savepoint a", "savepoint", ""),
    ("release a", "release savepoint", ""),
    ("rollback to a", "rollback to savepoint", ""),
    ("prepare transaction 'a'", "prepare transaction", ""),
    ("commit prepared 'a'", "commit prepared", ""),
    ("rollback prepared 'a'", "rollback prepared", ""),
    ("set a = 1", "set", ""),
    ("set a to default", "set", ""),
    ("reset a", "reset", ""),
    ("reset all", "reset", ""),
    ("show a", "show", ""),
    ("listen x", "listen", "read"),
    ("unlisten *", "unlisten", ""),
    ("set constraints all deferred", "set constraints", ""),
    ("discard all", "discard", ""),
    # names
    ("prepare a as delete from t", "prepare", "delete"),
    ("execute a(1)", "execute", ""),
    ("deallocate a", "deallocate", ""),
    ("declare c cursor for select 1", "declare cursor", "read"),
    ("declare c cursor for select 1 for update", "declare cursor", "read update"),
    ("fetch 3 from c", "fetch", "read"),
    ("move c", "move", "read"),
    ("close c", "close", ""),
    # not SQL
    ("selec 1", "unknown", "unknown"),
    ("select '", "unknown", "unknown"),
    ("select 1; selec 2", "unknown", "unknown"),
    ("nightporter: statement refused", "unknown", "unknown"),
    # disguises
    ('U&"\\0064elete" from t', "unknown", "unknown"),
    ("/* select */ delete /* -- */ from t -- x", "delete", "delete"),
    ("DELETE\nFROM\tt", "delete", "delete"),
    ("select $$ ; delete from t; $$", "select", "read"),
    ("select $a$ $b$ ; delete $b$ $a$", "select", "read"),
    ("select E'\\'; delete from t; --'", "select", "read"),
    ("/* /* */ delete from t; */ select 1", "select", "read"),
]


def only(text: str) -> Statement:
    (statement,) = analyse(text).statements
    return statement


@pytest.mark.parametrize(("text", "kind", "actions"), DOES)
def test_a_statement_is_called_and_does(text: str, kind: str, actions: str) -> None:
    statement = only(text)
    assert (statement.kind, {a.value for a in statement.actions}) == (kind, set(actions.split()))
    assert (statement.unknown is None) == (kind != "unknown")
    assert statement.text == text


def test_no_statement_of_the_grammar_is_missing() -> None:
    tags = {field.message_type.name for field in pg_query_pb2.Node.DESCRIPTOR.fields}
    assert tags == NODES
    statements = {tag for tag in tags if tag.endswith("Stmt")}
    assert statements == set(STATEMENTS) | NEVER_ALONE
    assert not set(STATEMENTS) & NEVER_ALONE
    assert set(STATEMENTS) >= READS_ON
    assert set(TRANSACTIONS) == set(pg_query_pb2.TransactionStmtKind.keys()) - {"TRANSACTION_STMT_KIND_UNDEFINED"}


@pytest.mark.parametrize("text", ["", " \n\t", "-- nothing", "/* /* nothing */ */", ";", " ; ; -- x\n;"])
def test_text_without_a_statement(text: str) -> None:
    reading = analyse(text)
    assert reading.statements == ()
    assert reading.text == text.encode()
    assert not reading.changes


@pytest.mark.parametrize(
    "text",
    [
        "select 1; select 2",
        ";;select 1;;select 2;; -- end",
        "-- é\nselect 'ü;€'; /* 💥 ; */ delete from \"tä;ble\" ; select $$;é$$ ;\n",
        "select '\ufeff\u2028'; select 2",
        "begin;insert into t values ('\U0001f600');commit",
    ],
)
def test_slices_put_together_are_the_text(text: str) -> None:
    statements = analyse(text).statements
    assert "".join(s.text for s in statements) == text
    assert len(statements) > 1


def test_each_statement_of_a_text_has_its_own_slice() -> None:
    reading = analyse("select 'é;' ; delete from t; -- done")
    assert [(s.kind, s.text) for s in reading.statements] == [
        ("select", "select 'é;' ;"),
        ("delete", " delete from t; -- done"),
    ]
    assert reading.changes
    assert [s.fingerprint for s in reading.statements] == [only("select 'x'").fingerprint, only("delete from t").fingerprint]


def test_a_fingerprint_is_that_of_the_normal_form() -> None:
    one, other = only("select * from t where a = 1"), only("SELECT  *  FROM t WHERE a=2 -- x")
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint is not None
    assert len(one.fingerprint) == 16
    assert int(one.fingerprint, 16)
    assert only("selec").fingerprint is None


@pytest.mark.parametrize(
    ("text", "copies_in"),
    [
        ("copy t from stdin", True),
        ("copy t (a, b) from stdin with (format csv)", True),
        ("copy t from '/x'", False),
        ("copy t from program 'x'", False),
        ("copy t to stdout", False),
        ("select 1", False),
    ],
)
def test_only_copy_from_stdin_copies_in(text: str, copies_in: bool) -> None:
    assert only(text).copies_in is copies_in


def test_text_that_is_too_long_is_unknown() -> None:
    (statement,) = analyse("select 'xxxxxxxx'", max_statement_bytes=10).statements
    assert (statement.kind, statement.unknown) == ("unknown", "text of more than 10 bytes")


@pytest.mark.parametrize("text", ["select 1\0; delete from t", "select '\ud800'", "\0"])
def test_text_that_should_never_come_is_unknown(text: str) -> None:
    assert only(text).kind == "unknown"
