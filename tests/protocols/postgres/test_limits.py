"""Statements under limits, as conversations: what reaches the client, what goes upstream, what is recorded.

Each is held several times, cut into chunks of several sizes. It must make no difference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from struct import pack
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.core.error import ProtocolError
from nightporter.core.wire import Curb, Limits, Request, Ticket
from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.cutoff import AGAIN_S, has_header, tightened
from nightporter.protocols.postgres.framing import fit

from .wired import (
    BOUND,
    COPY_DONE,
    COPY_IN,
    COPY_OUT,
    EMPTY,
    FLUSH,
    NO_DATA,
    PARSED,
    REFUSED_PARSE,
    REFUSED_QUERY,
    ROWS,
    SUSPENDED,
    TERMINATE,
    S,
    Wired,
    b,
    d,
    done,
    e,
    error,
    ext,
    p,
    q,
    row,
    texts,
    z,
)

SELECT, INSERT, RETURNING = "select a from t", "insert into t values (1)", "insert into t select 1 returning a"
TWO = Limits(rows=2, by=("few",))
CALL = m.message(b"F", pack("!IHHH", 1, 0, 0, 0))
CANCELED = error("57014")


def ours(words: str, sqlstate: str = "54000") -> bytes:
    return m.error_response({"S": "ERROR", "V": "ERROR", "C": sqlstate, "M": words, "D": "record 1"})


def cut(rows: int = 2) -> bytes:
    counted = "1 row" if rows == 1 else f"{rows} rows"
    return ours(f"the result was cut off after {counted}: policy `few` allows no more")


def warned(rows: int = 2) -> bytes:
    words = f"the result was cut off after {rows} rows: policy `few` allows no more; the statement had ended by then, and stands"
    return m.notice_response({"S": "WARNING", "V": "WARNING", "C": "01004", "M": words, "D": "record 1"})


class Limited(Wired):
    """A session of which every statement is limited, or those whose text begins with one of `only`."""

    def __init__(self, limits: Limits = TWO, *, only: tuple[str, ...] = ("",), chunk: int = 0) -> None:
        super().__init__(texts("refused"), chunk=chunk)
        self.limits = limits
        self.only = only
        self.timer: float | None = None
        self.cancels = 0

    def canceled(self) -> Self:
        """The cancel is over."""
        self.wire.canceled()
        self._go_on()
        return self

    def overtime(self) -> Self:
        """The timer is over."""
        assert self.timer is not None, "no timer runs"
        self.timer = None
        self.wire.overtime()
        self._go_on()
        return self

    def _go_on(self) -> None:
        self._drain()
        self._ask()
        self._pump()

    def _decide(self, request: Request, *, deny: bool) -> None:
        said = request.reading.text.decode()
        if deny or not said.startswith(self.only):
            super()._decide(request, deny=deny)
            return
        ticket = Ticket(str(len(self._by_ticket) + 1), 0, b"salt")
        self._by_ticket[ticket.number] = request
        self._allowed.append(ticket.number)
        self.wire.allow(request, ticket, self.limits)

    def _drain(self) -> None:
        traffic = self.wire.drain()
        self.up += b"".join(traffic.to_upstream)
        # how many records there are depends on whether Parse and Bind come in one chunk
        self.down += re.sub(rb"record \d+", b"record 1", b"".join(traffic.to_client))
        self.outcomes += traffic.outcomes
        curb = traffic.curb or Curb()
        self.cancels += curb.cancel
        self.timer = self.timer if curb.timer_s is None else curb.timer_s or None


chunks = pytest.mark.parametrize("chunk", [0, 1, 7, 23])


@dataclass(frozen=True)
class Case:
    name: str
    client: bytes
    server: bytes
    """Before the cancel is over."""
    heard: bytes
    ends: str
    fails: bytes = b""
    """What goes upstream once the cancel is over, so that the server's transaction fails; it then says so."""
    after: bytes = b""
    """What the client hears then."""
    block: bool = False


MORE = ROWS + row() * 5
CASES = [
    Case(
        *("a query, and the cancel hits it", q(SELECT), MORE + CANCELED + z(), ROWS + row() * 2 + cut() + z()),
        f"{SELECT} -> error 54000 2 rows #1 rolled_back",
    ),
    Case(
        *("a query that was done before", q(SELECT), MORE + done("SELECT 5") + z(), ROWS + row() * 2 + cut() + z()),
        f"{SELECT} -> error 54000 2 rows #1 committed",
    ),
    Case(
        *("a query that fails by itself", q(SELECT), MORE + error() + z(), ROWS + row() * 2 + cut() + z()),
        f"{SELECT} -> error 54000 2 rows #1 rolled_back",
    ),
    Case(
        *("a change, and the cancel hits it", q(RETURNING), MORE + CANCELED + z(), ROWS + row() * 2 + cut() + z()),
        f"{RETURNING} -> error 54000 2 rows #1 rolled_back",
    ),
    Case(
        *("a change that was done before", q(RETURNING), MORE + done("INSERT 0 5") + z()),
        ROWS + row() * 2 + warned() + done("INSERT 0 5") + z(),
        f"{RETURNING} -> ok 5 rows #1 committed",
    ),
    Case(
        *("a change that was done before, in a block", q(RETURNING), MORE + done("INSERT 0 5") + z("T"), ROWS + row() * 2),
        f"{RETURNING} -> error 54000 2 rows #1",
        *(REFUSED_QUERY, cut() + z("E")),
        block=True,
    ),
    Case(
        *("a query in a block, and the cancel hits it", q(SELECT), MORE + CANCELED + z("E"), ROWS + row() * 2 + cut() + z("E")),
        f"{SELECT} -> error 54000 2 rows #1",
        block=True,
    ),
    Case(
        "a query that ends its block",
        q(f"{SELECT}; commit"),
        MORE + done("SELECT 5") + done("COMMIT") + z(),
        ROWS + row() * 2 + warned() + done("SELECT 5") + done("COMMIT") + z(),
        f"{SELECT} -> ok 5 rows #1, commit -> ok #1 committed",
        block=True,
    ),
    Case(
        "several, of which the last is hit",
        q(f"{RETURNING}; {INSERT}"),
        MORE + done("INSERT 0 5") + CANCELED + z(),
        ROWS + row() * 2 + warned() + done("INSERT 0 5") + cut() + z(),
        f"{RETURNING} -> ok 5 rows #1, {INSERT} -> error 57014 #1 rolled_back",
    ),
    Case(
        "several, of which the last fails by itself",
        q(f"{RETURNING}; {INSERT}"),
        MORE + done("INSERT 0 5") + error() + z(),
        ROWS + row() * 2 + warned() + done("INSERT 0 5") + error() + z(),
        f"{RETURNING} -> ok 5 rows #1, {INSERT} -> error 22012 #1 rolled_back",
    ),
    Case(
        "several that are read, of which the client hears no more",
        q(f"{SELECT}; {SELECT}"),
        MORE + done("SELECT 5") + MORE + done("SELECT 5") + z(),
        ROWS + row() * 2 + cut() + z(),
        f"{SELECT} -> error 54000 2 rows #1, {SELECT} -> ok 5 rows #1 committed",
    ),
    Case(
        "several, of which the second is too much",
        q(f"{SELECT}; {SELECT}"),
        ROWS + row() * 2 + done("SELECT 2") + MORE + CANCELED + z(),
        ROWS + row() * 2 + done("SELECT 2") + ROWS + row() * 2 + cut() + z(),
        f"{SELECT} -> ok 2 rows #1, {SELECT} -> error 54000 2 rows #1 rolled_back",
    ),
    Case(
        "several, of which one sets something",
        q(f"{SELECT}; set jit = off"),
        MORE + done("SELECT 5") + done("SET") + z(),
        ROWS + row() * 2 + warned() + done("SELECT 5") + done("SET") + z(),
        f"{SELECT} -> ok 5 rows #1, set jit = off -> ok #1 committed",
    ),
    Case(
        *("notices and settings pass", q(SELECT), MORE + m.parameter_status("a", "b") + CANCELED + z()),
        ROWS + row() * 2 + m.parameter_status("a", "b") + cut() + z(),
        f"{SELECT} -> error 54000 2 rows #1 rolled_back",
    ),
    Case(
        "a copy",
        q("copy t to stdout"),
        COPY_OUT + m.copy_data(b"a\n") * 5 + COPY_DONE + done("COPY 5") + z(),
        COPY_OUT + m.copy_data(b"a\n") * 2 + cut() + z(),
        "copy t to stdout -> error 54000 2 rows #1 committed",
    ),
    Case(
        "a copy with a header",
        q("copy t to stdout csv header"),
        COPY_OUT + m.copy_data(b"a\n") * 5 + COPY_DONE + done("COPY 4") + z(),
        COPY_OUT + m.copy_data(b"a\n") * 3 + cut() + z(),
        "copy t to stdout csv header -> error 54000 2 rows #1 committed",
    ),
    Case(
        "the extended protocol, and the cancel hits it",
        ext(SELECT) + S,
        PARSED + BOUND + row() * 5 + CANCELED,
        PARSED + BOUND + row() * 2 + cut(),
        f"{SELECT} -> error 54000 2 rows #1 rolled_back",
    ),
    Case(
        "the extended protocol, done before",
        ext(SELECT) + S,
        PARSED + BOUND + row() * 5 + done("SELECT 5"),
        PARSED + BOUND + row() * 2,
        f"{SELECT} -> error 54000 2 rows #1 rolled_back",
        *(REFUSED_PARSE, cut()),
    ),
    Case(
        "a change in the extended protocol, done before",
        ext(RETURNING) + S,
        PARSED + BOUND + row() * 5 + done("INSERT 0 5"),
        PARSED + BOUND + row() * 2,
        f"{RETURNING} -> error 54000 2 rows #1 rolled_back",
        *(REFUSED_PARSE, cut()),
    ),
]


@chunks
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_result_is_cut_off(case: Case, chunk: int) -> None:
    wired = Limited(chunk=chunk, only=(SELECT, RETURNING, "copy", "insert"))
    if case.block:
        wired.client(q("begin")).server(done("BEGIN") + z("T")).heard()
        wired.outcomes.clear()
    wired.client(case.client)
    wired.sent()
    if case.client.startswith(b"Q"):
        wired.client(q("select 1"))
    wired.server(case.server)
    assert wired.heard() == case.heard
    assert wired.cancels == 1
    assert wired.sent() in (b"", FLUSH)  # nothing while the cancel is on its way
    wired.canceled()
    if case.fails:
        assert wired.sent() == case.fails + (S if case.fails == REFUSED_PARSE else q("select 1"))
        wired.server(error("42601") + (z("E") if case.block else b""))
        assert wired.heard() == case.after
    elif case.client.startswith(b"Q"):
        assert wired.sent() == q("select 1")
    if not case.client.startswith(b"Q"):
        wired.server(z())
        assert wired.heard() == z()
    wired.gone()
    ends = [end for end in wired.ends() if not end.startswith("select 1")]
    assert ", ".join(ends) == case.ends
    assert [outcome.cut for outcome in wired.outcomes if outcome.cut][:1] == [2]


LIMITED_RUNS: list[tuple[bytes, bytes]] = [
    (q(SELECT), ROWS + row() * 2 + done("SELECT 2") + z()),
    (q(f"{SELECT}; {INSERT}; {SELECT}"), (ROWS + row() * 2 + done("SELECT 2")) * 2 + z()),
    (q(RETURNING), ROWS + row() * 2 + done("INSERT 0 2") + z()),
    (q(""), EMPTY + z()),
    (q("copy t to stdout"), COPY_OUT + m.copy_data(b"a\n") * 2 + COPY_DONE + done("COPY 2") + z()),
    (q("copy t to stdout (header)"), COPY_OUT + m.copy_data(b"a\n") * 3 + COPY_DONE + done("COPY 2") + z()),
    (
        q("copy t to stdout (format binary)"),
        m.copy_response(b"H", 1, binary=True) + m.copy_data(b"\0\1\0\0\0\0") * 2 + m.copy_data(b"\xff\xff") + done("COPY 2") + z(),
    ),
    (CALL, m.message(b"V", b"\0\0\0\1x") + z()),
]


@chunks
@pytest.mark.parametrize(("client", "server"), LIMITED_RUNS)
def test_what_is_within_the_limit_passes_as_it_is(client: bytes, server: bytes, chunk: int) -> None:
    wired = Limited(Limits(rows=2, bytes=1000), chunk=chunk).client(client).server(server)
    assert wired.sent() == client
    assert wired.heard() == server
    assert not wired.cancels


@chunks
def test_a_batch_within_the_limit_passes_as_it_is(chunk: int) -> None:
    wired = Limited(chunk=chunk).client(p("", SELECT) + b() + d() + e() + S)
    assert wired.sent() == p("", SELECT) + b() + d() + e() + FLUSH
    wired.server(PARSED + BOUND + ROWS + row() * 2 + done("SELECT 2"))
    assert wired.sent() == S
    wired.server(z())
    assert wired.heard() == PARSED + BOUND + ROWS + row() * 2 + done("SELECT 2") + z()
    assert wired.ends() == [f"{SELECT} -> ok 2 rows #1 committed"]


@chunks
def test_bytes_are_those_of_whole_rows(chunk: int) -> None:
    size = len(row(b"x" * 10)) - 5
    wired = Limited(Limits(bytes=2 * size + 1, by=("a", "b")), chunk=chunk).client(q(SELECT))
    wired.server(ROWS + row(b"x" * 10) * 3 + CANCELED + z())
    words = f"the result was cut off after 2 rows: policies `a` and `b` allow no more than {2 * size + 1} bytes"
    assert wired.heard() == ROWS + row(b"x" * 10) * 2 + ours(words) + z()
    assert wired.outcomes[0].bytes == len(row(b"x" * 10)) * 2


def test_a_row_that_is_too_long_does_not_begin() -> None:
    wired = (
        Limited(Limits(bytes=100), chunk=50).client(q(SELECT)).server(ROWS + m.data_row([b"x" * 10_000]) + done("SELECT 1") + z())
    )
    assert wired.heard() == ROWS + ours("the result was cut off after 0 rows: policy allows no more than 100 bytes") + z()


# Portals and cursors


@chunks
def test_a_portal_counts_over_all_its_portions(chunk: int) -> None:
    wired = Limited(Limits(rows=3, by=("few",)), chunk=chunk).client(p("", SELECT) + b("c") + e("c", 2))
    wired.server(PARSED + BOUND + row() * 2 + SUSPENDED)
    assert wired.sent() == p("", SELECT) + b("c") + e("c", 2) + FLUSH
    wired.client(e("c", 2) + S)
    wired.server(row() * 2 + SUSPENDED)
    wired.canceled()
    assert wired.sent() == e("c", 2) + FLUSH + REFUSED_PARSE + S
    wired.server(error("42601") + z())
    assert wired.heard() == PARSED + BOUND + row() * 2 + SUSPENDED + row() + cut(3) + z()
    assert [o.cut for o in wired.outcomes if o.cut is not None] == [1]


@chunks
def test_a_cursor_counts_over_all_that_is_fetched_from_it(chunk: int) -> None:
    wired = Limited(Limits(rows=3, by=("few",)), only=("declare",), chunk=chunk)
    wired.client(q("begin")).server(done("BEGIN") + z("T"))
    wired.client(q(f"declare c cursor for {SELECT}")).server(done("DECLARE CURSOR") + z("T"))
    for _ in range(1):
        wired.client(q("fetch 2 from c")).server(ROWS + row() * 2 + done("FETCH 2") + z("T"))
    wired.heard()
    wired.client(q("fetch 2 from c"))
    wired.server(ROWS + row() * 2 + done("FETCH 2") + z("T")).canceled()
    wired.server(error("42601") + z("E"))
    assert wired.heard() == ROWS + row() + cut(3) + z("E")


def test_a_cursor_declared_and_fetched_in_one_text_is_limited() -> None:
    wired = Limited(Limits(rows=3, by=("few",)), only=("declare",))
    wired.client(q("begin")).server(done("BEGIN") + z("T"))
    wired.heard()
    wired.client(q(f"declare c cursor for {SELECT}; fetch 2 c; fetch 2 c"))
    portion = ROWS + row() * 2 + done("FETCH 2")
    wired.server(done("DECLARE CURSOR") + portion * 2 + z("T")).canceled()
    wired.server(error("42601") + z("E"))
    # a text that declares is no query that leaves nothing behind, but the block can fail
    assert wired.heard() == done("DECLARE CURSOR") + portion + ROWS + row() + cut(3) + z("E")


def test_a_portal_fetched_by_name_is_limited() -> None:
    wired = Limited(only=(SELECT,))
    wired.client(q("begin")).server(done("BEGIN") + z("T"))
    wired.client(p("", SELECT) + b("c") + S).server(PARSED + BOUND + z("T"))
    wired.heard()
    wired.client(q("fetch all c")).server(ROWS + row() * 3 + CANCELED + z("E"))
    assert wired.heard() == ROWS + row() * 2 + cut() + z("E")


def test_a_cursor_closed_and_declared_anew_counts_anew() -> None:
    wired = Limited(only=("declare",))
    wired.client(q("begin")).server(done("BEGIN") + z("T"))
    for _ in range(3):
        wired.client(q(f"declare c cursor for {SELECT}")).server(done("DECLARE CURSOR") + z("T"))
        wired.client(q("fetch 2 c")).server(ROWS + row() * 2 + done("FETCH 2") + z("T"))
        wired.client(q("close c")).server(done("CLOSE CURSOR") + z("T"))
    assert not wired.cancels


# What follows


def test_what_follows_waits_for_the_answer() -> None:
    wired = Limited(only=(SELECT,)).client(q(SELECT) + q(INSERT))
    assert wired.sent() == q(SELECT) + FLUSH
    wired.server(ROWS + row() + done("SELECT 1"))
    assert wired.sent() == b""
    wired.server(z())
    assert wired.sent() == q(INSERT)


def test_what_comes_before_goes_on() -> None:
    wired = Limited(only=(SELECT,)).client(q(INSERT) + q(INSERT) + q(SELECT) + q(INSERT))
    assert wired.sent() == q(INSERT) * 2 + q(SELECT) + FLUSH


def test_the_rest_of_a_batch_that_was_cut_is_passed_over() -> None:
    wired = Limited(only=(SELECT,)).client(ext(INSERT) + ext(SELECT) + ext(INSERT) + S + ext(INSERT) + S)
    wired.server(PARSED + BOUND + done("INSERT 0 1") + PARSED + BOUND + row() * 3 + done("SELECT 3"))
    assert wired.sent() == ext(INSERT) + ext(SELECT) + FLUSH
    wired.canceled()
    assert wired.sent() == REFUSED_PARSE + S + ext(INSERT) + S
    wired.server(error("42601") + z() + PARSED + BOUND + done("INSERT 0 1") + z())
    assert wired.ends() == [
        f"{INSERT} -> ok 1 rows #1",
        f"{SELECT} -> error 54000 2 rows #1 rolled_back",
        f"{INSERT} -> ok 1 rows #2 committed",
    ]


def test_statements_that_give_nothing_are_not_waited_for() -> None:
    batch = ext("begin") + ext(INSERT) * 2 + ext("copy t from stdin")
    wired = Limited().client(batch + S)
    assert wired.sent() == batch + FLUSH  # it may ask for COPY data
    wired.server((PARSED + BOUND + done("BEGIN")) + (PARSED + BOUND + done("INSERT 0 1")) * 2 + PARSED + BOUND + done("COPY 0"))
    assert wired.sent() == S


@chunks
def test_rows_where_none_were_to_be_expected(chunk: int) -> None:
    """A rule can make a query of an INSERT."""
    wired = Limited(chunk=chunk).client(q(INSERT) + q(INSERT))
    assert wired.sent() == q(INSERT) * 2
    wired.server(ROWS + row() * 3 + done("INSERT 0 0") + z() + done("INSERT 0 1") + z())
    assert wired.heard() == ROWS + row() * 2 + warned() + done("INSERT 0 0") + z() + done("INSERT 0 1") + z()
    assert not wired.cancels
    assert [o.cut for o in wired.outcomes] == [2, None]


def test_the_end_passes_and_nothing_follows_it() -> None:
    wired = Limited().client(ext(SELECT) + TERMINATE)
    assert wired.sent() == ext(SELECT) + TERMINATE
    wired.server(PARSED + BOUND + row() * 3 + done("SELECT 3")).canceled()
    assert wired.sent() == b""


def test_a_fatal_error_is_not_replaced() -> None:
    fatal = error("57P01", "FATAL")
    wired = Limited().client(q(SELECT)).server(ROWS + row() * 3 + fatal)
    assert wired.heard() == ROWS + row() * 2 + fatal


def test_rows_that_nobody_asked_for_are_an_error() -> None:
    with pytest.raises(ProtocolError):
        Limited(Limits(timeout_s=1.0)).client(p("", SELECT) + b()).server(PARSED + row())


@chunks
def test_an_error_too_long_to_be_held_is_replaced(chunk: int) -> None:
    long = m.error_response({"S": "ERROR", "V": "ERROR", "C": "42601", "M": "x" * 100_000})
    wired = Limited(chunk=chunk * 100).client(q(SELECT)).server(ROWS + row() * 3 + long + z())
    assert wired.heard() == ROWS + row() * 2 + cut() + z()


def test_a_query_that_ends_an_unsynced_batch_is_not_told_to_have_failed_alone() -> None:
    wired = Limited(only=(SELECT,)).client(ext(INSERT) + q(SELECT))
    wired.server(PARSED + BOUND + done("INSERT 0 1") + ROWS + row() * 3 + done("SELECT 3") + z()).canceled()
    heard = PARSED + BOUND + done("INSERT 0 1") + ROWS + row() * 2 + warned() + done("SELECT 3") + z()
    assert wired.heard() == heard


# FunctionCall


@chunks
@pytest.mark.parametrize("size", [200, 200_000])
def test_the_value_of_a_function_is_cut(size: int, chunk: int) -> None:
    value = m.message(b"V", pack("!i", size) + b"x" * size)
    wired = Limited(Limits(bytes=100, by=("few",)), chunk=chunk and size // 9).client(CALL).server(value + z())
    heard = wired.heard()
    assert heard.startswith(b"N")
    assert heard.endswith(m.message(b"V", b"\xff\xff\xff\xff") + z())
    assert b"xxx" not in heard


def test_a_function_in_a_block_fails() -> None:
    wired = Limited(Limits(bytes=100, by=("few",)), only=("call", "select", "?", "func"))
    wired.client(q("begin")).server(done("BEGIN") + z("T"))
    wired.only = ("",)
    wired.heard(), wired.sent()
    wired.client(CALL).server(m.message(b"V", pack("!i", 200) + b"x" * 200) + z("T")).canceled()
    assert wired.sent() == CALL + REFUSED_QUERY
    wired.server(error("42601") + z("E"))
    assert wired.heard() == ours("the result was cut off after 0 rows: policy `few` allows no more than 100 bytes") + z("E")


# Time

SOON = Limits(timeout_s=2.0, by=("quick",))
TOO_LONG = ours("the statement was canceled after 2 s: policy `quick` allows no more", "57014")


def test_time_runs_from_when_the_server_gets_to_it() -> None:
    wired = Limited(SOON, only=(SELECT,)).client(q(INSERT) + q(SELECT))
    timers = [wired.timer]
    wired.server(done("INSERT 0 1") + z())
    timers.append(wired.timer)
    wired.server(ROWS + done("SELECT 0") + z())
    assert [*timers, wired.timer] == [None, 2.0, None]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (row() + CANCELED + z(), row() + TOO_LONG + z()),
        (row() + done("SELECT 1") + z(), row() + done("SELECT 1") + z()),
        (row() + error() + z(), row() + error() + z()),
    ],
)
def test_only_the_error_of_the_cancel_is_replaced(said: bytes, heard: bytes) -> None:
    wired = Limited(SOON).client(q(SELECT)).server(ROWS + row()).overtime()
    assert wired.cancels == 1
    wired.server(said).canceled()
    assert wired.heard() == ROWS + row() + heard
    assert wired.timer is None


def test_a_cancel_that_was_lost_is_sent_again() -> None:
    wired = Limited(SOON).client(q(SELECT)).overtime().canceled()
    assert wired.timer == AGAIN_S
    wired.overtime()
    assert wired.cancels == 2
    wired.server(CANCELED + z()).canceled()
    assert wired.heard() == TOO_LONG + z()
    assert wired.timer is None


def test_each_statement_of_a_text_has_its_time() -> None:
    wired = Limited(SOON).client(q(f"{SELECT}; {SELECT}"))
    wired.timer = None
    wired.server(ROWS + done("SELECT 0"))
    assert wired.timer == 2.0


@pytest.mark.parametrize("late", [b"", BOUND, BOUND + ROWS, BOUND + ROWS + row()])
def test_planning_takes_time_too(late: bytes) -> None:
    wired = Limited(SOON).client(p("", SELECT) + b() + d() + e() + S)
    assert wired.sent() == p("", SELECT) + b() + d() + FLUSH + e() + FLUSH
    wired.overtime()
    wired.server(PARSED + late + CANCELED).canceled()
    assert wired.sent() == S
    wired.server(z())
    assert wired.heard() == PARSED + late + TOO_LONG + z()


def test_another_statement_does_not_follow_one_that_is_planned() -> None:
    wired = Limited(SOON, only=(SELECT,)).client(p("a", SELECT) + b("a", "a") + ext(INSERT) + S)
    assert wired.sent() == p("a", SELECT) + b("a", "a") + FLUSH
    wired.server(PARSED + BOUND)
    assert wired.sent() == ext(INSERT) + S


def test_a_copy_that_waits_for_its_client_is_made_to_fail() -> None:
    wired = Limited(SOON).client(q("copy t from stdin")).server(COPY_IN).client(m.copy_data(b"a\n"))
    wired.sent()
    wired.overtime()
    assert wired.sent()[:1] == b"f"
    assert not wired.cancels
    wired.server(CANCELED + z())
    assert wired.heard() == COPY_IN + TOO_LONG + z()


def test_a_copy_in_the_middle_of_a_message_is_canceled() -> None:
    wired = Limited(SOON).client(q("copy t from stdin")).server(COPY_IN).client(m.copy_data(b"abcdef")[:-3])
    wired.sent()
    wired.overtime()
    assert wired.sent() == b""
    assert wired.cancels == 1


def test_copy_data_goes_on_under_a_limit() -> None:
    wired = Limited(SOON).client(q("copy t from stdin")).server(COPY_IN).client(m.copy_data(b"a\n") * 3 + COPY_DONE)
    assert wired.sent() == q("copy t from stdin") + m.copy_data(b"a\n") * 3 + COPY_DONE
    wired.server(done("COPY 3") + z())
    assert wired.ends() == ["copy t from stdin -> ok 3 rows #1 committed"]
    assert wired.timer is None


# Parts


@given(st.lists(st.binary(max_size=8), max_size=8), st.integers(0, 9), st.integers(0, 60), st.booleans())
def test_what_fits_is_the_longest_run_of_rows_within_both_limits(
    bodies: list[bytes], rows: int, size: int, unnumbered: bool
) -> None:
    data = b"".join(m.copy_data(body) for body in bodies)
    stop, taken, held = fit(data, 0, len(data), rows, size, unnumbered)
    counted: list[bytes] = []
    at = 0
    for body in bodies:
        if not (unnumbered and len(body) == 2):
            if len(counted) == rows or len(b"".join([*counted, body])) > size:
                break
            counted.append(body)
        at += 5 + len(body)
    assert (stop, taken, held) == (at, len(counted), len(b"".join(counted)))


@given(
    st.lists(st.binary(max_size=20), max_size=8),
    st.integers(0, 6),
    st.integers(0, 80),
    st.booleans(),
    st.booleans(),
    st.lists(st.integers(0, 400), max_size=6),
)
def test_splits_never_matter(values: list[bytes], rows: int, size: int, extended: bool, hit: bool, cuts: list[int]) -> None:
    said = b"".join(row(value) for value in values) + (CANCELED if hit else done(f"SELECT {len(values)}"))
    said = PARSED + BOUND + said if extended else ROWS + said + z()
    client = ext(SELECT) + S if extended else q(SELECT)

    def run(places: list[int]) -> tuple[bytes, bytes, list[tuple[object, ...]]]:
        wired = Limited(Limits(rows, size)).client(client)
        for start, end in pairwise(places):
            wired.server(said[start:end])
        wired.canceled()
        if REFUSED_PARSE in wired.up:
            wired.server(error("42601"))
        if extended:
            wired.server(z())
        return wired.up, wired.down, [(o.status, o.rows, o.bytes, o.cut) for o in wired.outcomes]

    whole = run([0, len(said)])
    assert run(sorted({0, len(said), *(min(each, len(said)) for each in cuts)})) == whole
    assert whole[1].count(b"the result was cut off") <= 1


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("copy t to stdout", False),
        ("copy header to stdout", False),
        ("copy t to stdout csv header", True),
        ("copy t to stdout (format csv, header)", True),
        ("copy t to stdout (format csv, header true)", True),
        ("copy t to stdout (format csv, header 'on')", True),
        ("copy t to stdout (format csv, header 1)", True),
        ("copy t to stdout (format csv, header 0)", False),
        ("copy t to stdout (format csv, header off)", False),
        ("copy t to stdout (format csv, header 'FALSE')", False),
        ("copy (select 'header') to stdout (", False),
    ],
)
def test_a_header_is_no_row(text: str, header: bool) -> None:
    assert has_header(text) is header


def test_the_strictest_of_two_limits() -> None:
    assert tightened(Limits(1, None, 3.0, ("a",)), Limits(2, 5, 2.0, ("b", "a"))) == Limits(1, 5, 2.0, ("a", "b"))
    assert tightened(TWO, TWO) is TWO


def test_nothing_is_asked_of_the_rim_without_limits() -> None:
    wired = Wired().client(q(SELECT))
    assert wired.wire.drain().curb is None
    wired.server(NO_DATA[:0] + ROWS + row() + done("SELECT 1") + z())
    assert wired.wire.drain().curb is None
