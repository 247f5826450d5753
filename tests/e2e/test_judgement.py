"""What a judgement does to an open session: waits for approvals, purposes, limits, the clock, other policies."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from nightporter.demo.server import EmbeddedServer
from nightporter.identity.principal import Kind
from nightporter.protocols.postgres import messages as m
from tests.lab.book import Book, Record, until
from tests.lab.gateway import Gateway, gateway, upstream
from tests.lab.servers import fresh_database

from .conftest import ask, cancel_until, session_of
from .test_limits import Raw, S, codes, ext, q, states, status

WORKERS = 2
MANY = 8
"""Sessions, so that there are some in each worker."""
WAIT_S = 1.0
POLICIES = """
@id("people") permit (principal == Human::"ada", action, resource);
@id("people-unknown") permit (principal == Human::"ada", action == Action::"unknown", resource);

@id("bot.reads") permit (principal == Agent::"bot", action in [Action::"connect", Action::"read", Action::"set"], resource);
@id("bot.asks") @hold("dba wait=1s") @reason("a change needs a second pair of eyes")
permit (principal == Agent::"bot", action in [Action::"insert", Action::"update"], resource);
@id("bot.asks-long") @hold("dba wait=10m")
permit (principal == Agent::"bot", action == Action::"delete", resource);
@id("bot.asks-two") @hold("security quorum=2 wait=2s")
forbid (principal == Agent::"bot", action in [Action::"insert", Action::"update"], resource)
when { resource is Table && resource.name == "safe" };

@id("clerk") @purpose("required") permit (principal == Human::"clerk", action in [Action::"read", Action::"insert"], resource);
@id("clerk.looks")
permit (principal == Human::"clerk", action in [Action::"connect", Action::"set", Action::"execute"], resource);
@id("clerk.audits") @reason("an audit changes nothing")
forbid (principal == Human::"clerk", action == Action::"insert", resource) when { context.purpose like "audit*" };

@id("narrow.set") permit (principal == Human::"narrow", action in [Action::"connect", Action::"read"], resource);
@id("narrow.sets") permit (principal == Human::"narrow", action == Action::"set", resource)
when { resource.name != "work_mem" && !(resource.name == "search_path" && context.value != "public") };

@id("two") @limit_sessions("2") permit (principal == Human::"two", action, resource);
@id("busy") @limit_concurrent("2") permit (principal == Human::"busy", action, resource);
@id("fast") @limit_rate("5") permit (principal == Human::"fast", action == Action::"read", resource);
@id("fast.connect") permit (principal == Human::"fast", action == Action::"connect", resource);
"""
EVERYBODY = ("ada", "clerk", "narrow", "two", "busy", "fast")


@pytest.fixture(scope="module")
def porter(embedded18: EmbeddedServer) -> Iterator[Gateway]:
    """Two workers under these policies alone."""
    entry, environment = upstream(embedded18.dsn("postgres"), database="*")
    with gateway({"*": entry}, environment=environment, workers=WORKERS, cedar=POLICIES, packs=()) as running:
        until(lambda: len(list((running.folder / "run").glob("worker-*.sock"))) == WORKERS)
        for name in EVERYBODY:
            running.add(name)
        running.add("bot", Kind.AGENT, owner="ada")
        yield running


@pytest.fixture
def book(porter: Gateway) -> Book:
    return Book(porter.config, porter.ledger)


@pytest.fixture
def shop(embedded18: EmbeddedServer) -> Iterator[str]:
    """A database with two tables."""
    with fresh_database(embedded18) as name:
        embedded18.psql("create table t (a int); create table safe (a int)", name)
        yield name


Opens = Callable[..., psycopg.Connection]


@pytest.fixture
def opens(porter: Gateway, shop: str) -> Iterator[Opens]:
    """Sessions that are closed afterwards."""
    opened: list[psycopg.Connection] = []

    def make(principal: str, **more: str) -> psycopg.Connection:
        opened.append(psycopg.connect(porter.dsn(principal, shop, **more), autocommit=True, prepare_threshold=None))
        return opened[-1]

    yield make
    for connection in opened:
        connection.close()


@pytest.fixture
def raw(porter: Gateway, shop: str) -> Iterator[Raw]:
    """A session of the agent, message by message."""
    session = Raw(porter.dsn("bot", shop, sslmode="disable"))
    yield session
    session.close()


def denied(connection: psycopg.Connection, text: str) -> psycopg.Error:
    """What is said of a statement that does not run."""
    with pytest.raises(errors.InsufficientPrivilege) as caught:
        connection.execute(text.encode())
    return caught.value


def kept(server: EmbeddedServer, database: str, table: str = "t") -> int:
    return int(server.psql(f"select count(*) from {table}", database))


def decisions(book: Book, text: str) -> list[Record]:
    """Intents with this text, in order."""
    return [record for record in book.records(kind="intent") if record["what"].get("text") == text]


def is_held(book: Book, text: str) -> bool:
    return any(record["what"]["decision"] == "hold" for record in decisions(book, text))


# A statement that is held


def test_a_held_statement_is_denied_in_the_end(opens: Opens, book: Book, embedded18: EmbeddedServer, shop: str) -> None:
    bot = opens("bot")
    text = f"insert into t values (1) /* {shop} */"
    begun = time.monotonic()
    error = denied(bot, text)
    assert time.monotonic() - begun >= WAIT_S
    assert error.diag.message_primary == (
        "a change needs a second pair of eyes (policy bot.asks: insert into public.t): nobody approved it in time"
    )
    assert error.diag.message_hint == "It can be approved by dba."
    assert ask(bot, "select count(*) from t") == "0"
    held, refused = decisions(book, text)
    assert (held["what"]["decision"], refused["what"]["decision"]) == ("hold", "deny")
    assert held["what"]["policies"] == refused["what"]["policies"] == ["bot.asks"]
    assert refused["refers_to"] == held["n"]
    assert error.diag.message_detail == f"record {refused['n']}"
    assert kept(embedded18, shop) == 0


def test_everybody_who_must_approve_is_named(opens: Opens) -> None:
    error = denied(opens("bot"), "insert into safe values (1)")
    assert error.diag.message_hint == "It can be approved by 2 of security and dba."


def test_what_comes_before_a_held_statement_is_answered_meanwhile(raw: Raw) -> None:
    begun = time.monotonic()
    raw._socket.sendall(b"".join((q("select 1"), *ext("select 2"), S, q("insert into t values (1)"), q("select 3"))))
    assert codes(raw.hear(2)) == "TDCZ12TDCZ"
    assert time.monotonic() - begun < WAIT_S
    heard = raw.hear(2)
    assert (codes(heard), states(heard)) == ("EZTDCZ", ["42501"])
    assert time.monotonic() - begun >= WAIT_S


def test_an_answer_that_is_on_its_way_arrives_while_another_statement_is_held(raw: Raw) -> None:
    """It begins before the wait does, and ends in the midst of it."""
    begun = time.monotonic()
    raw._socket.sendall(q("select count(*) from generate_series(1, 10), pg_sleep(0)") + q("insert into t values (1)"))
    raw.hear()
    assert time.monotonic() - begun < WAIT_S
    assert states(raw.hear()) == ["42501"]


def test_a_held_statement_in_a_transaction_and_in_a_pipeline(raw: Raw, embedded18: EmbeddedServer, shop: str) -> None:
    raw.say(q("begin"))
    heard = raw.say(*ext("select 1"), *ext("insert into t values (1)"), *ext("select 2"), S)
    assert (codes(heard), states(heard), status(heard)) == ("12TDCEZ", ["42501"], "E")
    assert status(raw.say(q("rollback"))) == "I"
    assert kept(embedded18, shop) == 0


def test_a_cancel_ends_the_wait(opens: Opens, book: Book, embedded18: EmbeddedServer, shop: str) -> None:
    text = f"delete from t /* {shop} */"
    for _ in range(MANY):  # whichever worker the request for it comes to
        bot = opens("bot")
        with ThreadPoolExecutor(1) as threads:
            running = threads.submit(bot.execute, text.encode())
            cancel_until(bot, running.done)
            with pytest.raises(errors.QueryCanceled, match="canceling statement due to user request"):
                running.result()
        assert ask(bot, "select 1") == "1"
    held, refused = decisions(book, text)[-2:]
    assert (held["what"]["decision"], refused["what"]["decision"], refused["refers_to"]) == ("hold", "deny", held["n"])


def test_a_cancel_in_a_transaction_fails_it(raw: Raw, book: Book, shop: str) -> None:
    text = f"delete from t where a = 1 /* {shop} */"
    raw.say(q("begin"))
    raw._socket.sendall(q(text))
    until(lambda: is_held(book, text))
    raw._login.cancel_safe()
    heard = raw.hear()
    assert (states(heard), status(heard)) == (["57014"], "E")
    assert status(raw.say(q("rollback"))) == "I"


@pytest.mark.parametrize("how", ["terminate", "close", "half", "reset"])
def test_who_hangs_up_leaves_nothing_behind(porter: Gateway, book: Book, embedded18: EmbeddedServer, shop: str, how: str) -> None:
    """It would wait for ten minutes."""
    text = f"delete from t where a = 2 /* {shop} */"
    session = Raw(porter.dsn("bot", shop, sslmode="disable", application_name="hasty"))
    wanted = session_of(session._login)
    session._socket.sendall(q("begin") + q(text))
    until(lambda: is_held(book, text))
    if how == "terminate":
        session._socket.sendall(m.terminate_message())
    elif how == "half":
        session._socket.shutdown(socket.SHUT_WR)
    elif how == "reset":
        session._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    if how == "half":
        assert "E" in codes(session.hear(2))
    session.close()
    until(lambda: book.records(session=wanted, kind="session_ended"))
    gone = f"select count(*) = 0 from pg_stat_activity where datname = '{shop}' and application_name like '%hasty'"
    until(lambda: embedded18.psql(gone).strip() == "t")
    assert {record["what"]["decision"] for record in decisions(book, text)} <= {"hold", "deny"}


def test_what_is_held_does_not_keep_a_gateway_from_ending(embedded18: EmbeddedServer, shop: str) -> None:
    entry, environment = upstream(embedded18.dsn(shop))
    limits = {"drain_timeout_s": 1}
    with gateway({"shop": entry}, environment=environment, cedar=POLICIES, packs=(), limits=limits) as running:
        running.add("ada")
        running.add("bot", Kind.AGENT, owner="ada")
        book = Book(running.config, running.ledger)
        with psycopg.connect(running.dsn("bot", "shop"), autocommit=True) as bot, ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(bot.execute, "delete from t")
            until(lambda: is_held(book, "delete from t"))
            running.process.send_signal(signal.SIGTERM)
            with pytest.raises(psycopg.OperationalError):
                waiting.result()
        assert running.process.wait(20) == 0
        assert "the ledger is as it was written" in book.verify()


# A purpose


def test_a_purpose_is_said_first(opens: Opens) -> None:
    clerk = opens("clerk")
    error = denied(clerk, "select * from t")
    assert "the purpose of this session must be said first" in str(error)
    assert error.diag.message_hint == "SET nightporter.purpose = '...'"
    clerk.execute("set nightporter.purpose = 'INC-42: refund'")
    assert ask(clerk, "select count(*) from t") == "0"
    assert ask(clerk, "show nightporter.purpose") == "INC-42: refund"
    clerk.execute("select set_config('nightporter.purpose', 'audit of May', false)")
    assert "an audit changes nothing" in str(denied(clerk, "insert into t values (1)"))
    clerk.execute("set nightporter.purpose = ''")
    denied(clerk, "select * from t")


@pytest.mark.parametrize("name", ["nightporter.purpose", "NightPorter.Purpose"])
@pytest.mark.parametrize("back", ["reset nightporter.purpose", "reset all", "discard all", "set nightporter.purpose to default"])
def test_a_purpose_is_said_at_the_start(opens: Opens, name: str, back: str) -> None:
    clerk = opens("clerk", options=f"-c {name}=audit")
    assert ask(clerk, "select count(*) from t") == "0"
    assert "an audit changes nothing" in str(denied(clerk, "insert into t values (1)"))
    clerk.execute("set nightporter.purpose = 'INC-42'")
    clerk.execute("insert into t values (1)")
    clerk.execute(back.encode())
    assert ask(clerk, "show nightporter.purpose") == "audit"
    assert "an audit changes nothing" in str(denied(clerk, "insert into t values (1)"))


def test_a_purpose_is_short_and_constant(opens: Opens) -> None:
    clerk = opens("clerk")
    for text in (
        f"set nightporter.purpose = '{'x' * 201}'",
        "select set_config('nightporter.purpose', a::text, false) from t",
    ):
        assert "a purpose must be a constant of at most 200 characters" in str(denied(clerk, text))
    with pytest.raises(psycopg.OperationalError, match="a purpose must be a constant of at most 200 characters"):
        opens("clerk", options=f"-c nightporter.purpose={'x' * 201}")


# Settings of a start-up packet are asked about like those of SET


def test_settings_at_the_start_are_judged(opens: Opens) -> None:
    for options in ("-c work_mem=64MB", "-c search_path=pg_temp"):
        with pytest.raises(psycopg.OperationalError, match="no policy permits human narrow to change"):
            opens("narrow", options=options)
    narrow = opens("narrow", options="-c search_path=public -c statement_timeout=1min")
    assert ask(narrow, "show search_path") == "public"
    assert "to change setting work_mem" in str(denied(narrow, "set work_mem = '64MB'"))
    denied(narrow, "set search_path = pg_temp")
    narrow.execute("set search_path = public")


# Limits of a principal, whichever worker its sessions are in


def test_sessions_at_once(opens: Opens) -> None:
    for _ in range(3):
        # an end is known a moment after the client's
        both = [until(lambda: _opened(opens, "two")) for _ in range(2)]
        for _ in range(4):
            with pytest.raises(psycopg.OperationalError, match="no more than 2 sessions of this principal may be open at once"):
                opens("two")
        opens("ada").close()
        for each in both:
            each.close()


def _opened(opens: Opens, principal: str) -> psycopg.Connection | None:
    try:
        return opens(principal)
    except psycopg.OperationalError:
        return None


def test_statements_at_once(opens: Opens) -> None:
    sessions = [opens("busy") for _ in range(MANY)]
    with ThreadPoolExecutor(MANY) as threads:
        running = [threads.submit(each.execute, "select pg_sleep(2)") for each in sessions]
        outcomes = [work.exception() for work in running]
    refused = [error for error in outcomes if error is not None]
    assert len(refused) == MANY - 2
    assert all(isinstance(error, errors.InsufficientPrivilege) for error in refused)
    assert {"no more than 2 statements of this principal may run at once (policy busy)"} == {
        error.diag.message_primary for error in refused if isinstance(error, psycopg.Error)
    }
    for each in sessions:
        assert ask(each, "select 1") == "1"


def test_statements_in_a_minute(opens: Opens) -> None:
    sessions = [opens("fast") for _ in range(MANY)]
    outcomes = []
    for number in range(12):
        try:
            sessions[number % MANY].execute("select count(*) from t")
            outcomes.append("ok")
        except errors.InsufficientPrivilege as error:
            outcomes.append(str(error.diag.message_primary))
    words = "no more than 5 statements of this principal may run within a minute (policy fast)"
    assert outcomes == ["ok"] * 5 + [words] * 7
    assert ask(opens("ada"), "select count(*) from t") == "0"


# The moment, and other policies, in a session that goes on


@pytest.fixture
def everywhere(opens: Opens) -> list[psycopg.Connection]:
    """Sessions of `ada`, some in each worker."""
    return [opens("ada") for _ in range(MANY)]


@pytest.fixture
def beside(porter: Gateway, everywhere: list[psycopg.Connection]) -> Iterator[Path]:
    """A file for more policies. Afterwards it is gone, and every worker knows."""
    file = porter.policies / "beside.cedar"
    yield file
    file.unlink()
    for session in everywhere:
        until(lambda session=session: _says(session, "select a from t", None))  # type: ignore[misc]


def test_a_policy_that_reads_the_clock(beside: Path, everywhere: list[psycopg.Connection]) -> None:
    ada = everywhere[0]
    ada.execute("select * from t")
    now = datetime.now(UTC)
    days = [(now + timedelta(days=days)).date().isoformat() for days in (0, 1)]  # it may be midnight
    clock = f"""
    @id("clock") @reason("not today") forbid (principal == Human::"ada", action == Action::"read", resource is Table)
    when {{ {[*days]}.contains(context.date) && context.minute == 99 }};
    """.replace("'", '"')
    soon = now + timedelta(seconds=61 - now.second)
    beside.write_text(clock.replace("context.minute == 99", 'context.weekday != ""'))
    until(lambda: _says(ada, "select * from t", "not today"))
    assert ask(ada, "select 1") == "1"
    beside.write_text(clock.replace("context.minute == 99", f"context.minute == {soon.minute}"))
    if now.second > 45:  # what was decided a minute ago does not hold any more
        until(lambda: _says(ada, "select * from t", None) or datetime.now(UTC) >= soon)
        until(lambda: _says(ada, "select * from t", "not today"), 60)


def test_other_policies_decide_the_next_statement_of_an_open_session(beside: Path, everywhere: list[psycopg.Connection]) -> None:
    for each in everywhere:
        each.execute("prepare p as select a from t")
        each.execute("begin")
        each.execute("declare c cursor for select a from t")
    beside.write_text(
        '@id("beside") @reason("not any more") forbid (principal == Human::"ada", action == Action::"read", resource);'
    )
    for each in everywhere:
        until(lambda session=each: _says(session, "select a from t", "not any more"))  # type: ignore[misc]
        each.execute("rollback")
        assert "not any more" in str(denied(each, "execute p"))
        assert ask(each, "select 1") == "1"
    beside.write_text("")
    for each in everywhere:
        until(lambda session=each: _says(session, "execute p", None))  # type: ignore[misc]


def _says(session: psycopg.Connection, text: str, words: str | None) -> bool:
    """Whether this is what is said of it, or nothing."""
    try:
        session.execute(text.encode())
    except errors.InsufficientPrivilege as error:
        return words is not None and words in str(error)
    except errors.InFailedSqlTransaction:
        session.execute("rollback")
        return False
    return words is None
