"""Refused statements, as a real driver meets them: what it is told, and in what state its session is left."""

from __future__ import annotations

import re

import psycopg
import pytest
from psycopg import errors
from psycopg.pq import TransactionStatus

from tests.lab.book import Book

from .conftest import Connect, ask

IDENTITY = [
    "set nightporter.principal = 'root'",
    'SET SESSION "nightporter"."principal" = x',
    "select set_config('nightporter.principal', 'root', false)",
    "select set_config('Night' || 'porter.principal', 'root', false)",
    "select set_config(n, 'root', false) from (values ('nightporter.actor')) v(n)",
    "select pg_catalog.set_config(name, 'x', true) from pg_settings limit 1",
    "select set_config(name, 'x', false) from pg_settings where name = 'nightporter.principal'",
    "alter role postgres set nightporter.principal = 'root'",
    "alter database postgres set nightporter.principal = 'root'",
    "alter system set nightporter.principal = 'root'",
    "create function f() returns int language sql set nightporter.principal = 'root' as 'select 1'",
    "alter function f() set nightporter.actor = 'root'",
    "select set_config('application_name', 'nobody', false)",
    "alter role postgres set application_name = 'nobody'",
    "set application_name from current",
    "update pg_settings set setting = 'nobody' where name = 'application_name'; set nightporter.actor = 'x'",
]
"""Ways to speak for somebody else."""

UNKNOWN = ["select 1 frm dual", "select e'\\uD800'", "selec 1"]
"""Texts that the grammar does not read."""


def refused(connection: psycopg.Connection, text: str) -> errors.InsufficientPrivilege:
    with pytest.raises(errors.InsufficientPrivilege) as caught:
        connection.execute(text.encode())
    assert caught.value.diag.sqlstate == "42501"
    assert caught.value.diag.severity_nonlocalized == "ERROR"
    return caught.value


def status(connection: psycopg.Connection) -> TransactionStatus:
    return connection.info.transaction_status


@pytest.mark.parametrize("text", IDENTITY)
def test_nobody_speaks_for_another(ada: psycopg.Connection, text: str) -> None:
    refused(ada, text)
    assert status(ada) is TransactionStatus.IDLE
    assert ask(ada, "select current_setting('nightporter.principal')") == "ada"
    assert ask(ada, "select count(*) from pg_db_role_setting") == "0"


def test_a_denial_names_its_record(bot: psycopg.Connection, book: Book) -> None:
    error = refused(bot, "selec 1")
    assert "cannot be understood" in str(error.diag.message_primary)
    detail = re.fullmatch(r"record (\S+-\d+)", str(error.diag.message_detail))
    assert detail is not None
    record = book.record(detail[1])
    assert (record["kind"], record["who"]["principal"], record["who"]["owner"]) == ("intent", "bot", "ada")
    assert (record["what"]["decision"], record["what"]["text"]) == ("deny", "selec 1")
    assert record["what"]["reason"] == error.diag.message_primary


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_is_not_understood_is_for_humans(ada: psycopg.Connection, bot: psycopg.Connection, text: str) -> None:
    refused(bot, text)
    with pytest.raises(errors.SyntaxError):
        ada.execute(text.encode())
    assert ask(bot, "select 1") == ask(ada, "select 1") == "1"


def test_a_parameter_that_names_a_setting_is_checked(ada: psycopg.Connection) -> None:
    set_config = b"select set_config(%s, %s, false)"
    ada.execute(set_config, ("work_mem", "7MB"))
    assert ask(ada, "show work_mem") == "7MB"
    for name in ("nightporter.principal", "NightPorter.Actor", "application_name", None):
        with pytest.raises(errors.InsufficientPrivilege):
            ada.execute(set_config, (name, "root"))
    refused(ada, "prepare p as select set_config($1, 'x', false)")  # EXECUTE binds an expression, which we cannot read
    assert ask(ada, "select current_setting('nightporter.principal')") == "ada"


def test_a_denial_in_a_transaction_fails_it(connect: Connect) -> None:
    with connect(autocommit=False) as ada:
        ada.execute("create table t (a int)")
        ada.execute("savepoint before")
        ada.execute("insert into t values (1)")
        refused(ada, "set nightporter.actor = 'x'")
        assert status(ada) is TransactionStatus.INERROR
        with pytest.raises(errors.InFailedSqlTransaction):
            ada.execute("select 1")
        ada.execute("rollback to savepoint before")
        assert ask(ada, "select count(*) from t") == "0"
        refused(ada, "set nightporter.actor = 'x'")
        assert ada.execute("commit").statusmessage == "ROLLBACK"
        assert ask(ada, "select to_regclass('t')") == "None"


def test_nothing_of_a_text_runs(ada: psycopg.Connection) -> None:
    refused(ada, "create table t (a int); set nightporter.actor = 'x'; create table u (a int)")
    assert status(ada) is TransactionStatus.IDLE
    assert ask(ada, "select to_regclass('t')") == "None"


def test_a_denial_in_a_pipeline(ada: psycopg.Connection) -> None:
    ada.execute("create table t (a int)")
    with ada.pipeline() as pipeline:
        before = ada.execute("insert into t values (1)")
        denied = ada.execute("set nightporter.actor = 'x'")
        after = ada.execute("insert into t values (2)")
        with pytest.raises(errors.InsufficientPrivilege):
            pipeline.sync()
        assert before.statusmessage == "INSERT 0 1"
        for passed_over in (denied, after):
            assert passed_over.pgresult is None
        ada.execute("insert into t values (3)")
    # one implicit transaction up to the sync: the first insert went with it
    assert ask(ada, "select array_agg(a) from t") == "[3]"


def test_a_denial_in_a_pipeline_leaves_synced_work(ada: psycopg.Connection) -> None:
    ada.execute("create table t (a int)")
    with ada.pipeline() as pipeline:
        ada.execute("insert into t values (1)")
        pipeline.sync()
        ada.execute("set nightporter.actor = 'x'")
        with pytest.raises(errors.InsufficientPrivilege):
            pipeline.sync()
    assert ask(ada, "select array_agg(a) from t") == "[1]"


@pytest.mark.parametrize(
    "text", ["reset all", "discard all", "reset nightporter.actor", "set local nightporter.principal to default"]
)
def test_what_resets_gives_back_the_same_identity(ada: psycopg.Connection, text: str) -> None:
    ada.execute(text.encode())
    assert ask(ada, "select current_setting('nightporter.principal')") == "ada"


def test_others_cannot_change_who_one_is(ada: psycopg.Connection, connect: Connect, shop: str, database18: str) -> None:
    """The identity comes with the start-up message, which stands above what a role or a database sets."""
    with psycopg.connect(database18, autocommit=True) as admin:
        admin.execute("create role clerk in role pg_read_all_data")
        try:
            admin.execute("alter role postgres set nightporter.principal = 'root'")
            admin.execute(f"alter database \"{shop}\" set nightporter.principal = 'root'".encode())
            later = connect()
            for session in (ada, later):
                assert ask(session, "select current_setting('nightporter.principal')") == "ada"
            for reset in ("reset all", "discard all", "set role clerk", "set session authorization clerk", "reset all"):
                later.execute(reset.encode())
                assert ask(later, "select current_setting('nightporter.principal')") == "ada"
        finally:
            admin.execute("alter role postgres reset nightporter.principal")
            admin.execute("drop role clerk")


@pytest.mark.parametrize("options", ["-c nightporter.principal=root", "--nightporter.actor=x", "-c NIGHTPORTER.session=1"])
def test_nobody_brings_an_identity_along(connect: Connect, options: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="is not accepted here"):
        connect(options=options)
