"""Ways to make us and the server disagree on where a message ends, which text runs, or whose answer this is."""

from __future__ import annotations

from random import Random
from struct import pack

import pytest

from nightporter.core.error import ProtocolError
from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.wire import MAX_OWED
from tests.fuzz.duel import duel

from .backend import Server
from .wired import (
    BOUND,
    FLUSH,
    PARSED,
    REFUSED_PARSE,
    ROWS,
    S,
    Wired,
    b,
    done,
    e,
    error,
    ext,
    p,
    q,
    texts,
    z,
)

HARMLESS, HARMFUL = "select 1", "drop table t"
HIDDEN = q(HARMFUL)
"""A message within a message. The server must never get to read it as one."""


def test_whatever_is_said_and_when_both_sides_agree_on_what_ran() -> None:
    for seed in range(1500):
        try:
            duel(Random(seed))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def test_a_message_hidden_in_a_parameter_stays_there() -> None:
    bound = b("", "", HIDDEN)
    wired = Wired().client(p("", "select $1") + bound + e() + S)
    assert wired.requests[0].parameters == (HIDDEN,)
    assert wired.sent().count(HIDDEN) == 1


def test_a_flush_with_a_body_would_leave_the_server_skipping_where_we_are_not() -> None:
    wired = Wired().client(m.message(b"H", b"x") + q(HARMLESS))
    assert wired.sent() == REFUSED_PARSE, "so it is refused, and we skip as well"
    wired.client(S).server(error() + z()).client(q(HARMLESS)).server(ROWS + done("SELECT 0") + z())
    assert wired.wire.idle


@pytest.mark.parametrize(
    "body",
    [
        pack("!HH", 0, 2) + pack("!i", 1) + b"x" + pack("!i", 1000) + b"y" + pack("!H", 0),
        pack("!HHi", 0, 1, 2**31 - 1) + pack("!H", 0),
        pack("!HH", 65535, 0) + pack("!H", 0),
        pack("!HH", 0, 65535) + pack("!H", 0),
        pack("!HHH", 0, 0, 65535),
        pack("!HHH", 0, 0, 0) + b"more",
        b"",
    ],
)
def test_a_bind_never_reads_beyond_its_end(body: bytes) -> None:
    wired = Wired().client(p("", "select 1") + m.message(b"B", b"\0\0" + body) + e() + S + q(HARMLESS) * 100)
    assert wired.sent().startswith(p("", "select 1") + REFUSED_PARSE + S)


@pytest.mark.parametrize("body", [b"", b"S", b"Sname", b"P\0\0"])
@pytest.mark.parametrize("code", [b"C", b"E", b"P", b"B", b"F"])
def test_bodies_that_do_not_fit_are_one_error_and_the_session_goes_on(code: bytes, body: bytes) -> None:
    wired = Wired(chunk=1).client(m.message(code, body) + S)
    answer = error("42601") if code != b"C" or body[:1] != b"P" else m.message(b"3")
    if code == b"F":  # not of the extended protocol
        assert wired.server(z()).heard().endswith(z())
    else:
        assert wired.server(answer + z()).heard().endswith(z())
    assert wired.wire.idle


@pytest.mark.parametrize("length", [0, 1, 3, 0x40000000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
@pytest.mark.parametrize("code", [b"Q", b"P", b"d", b"S"])
def test_lengths_that_cannot_be_end_the_session(code: bytes, length: int) -> None:
    with pytest.raises(ProtocolError):
        Wired().client(code + pack("!I", length) + HIDDEN)


def test_good_bye_in_the_middle_of_a_pipeline_is_the_end() -> None:
    wired = Wired().client(ext(HARMLESS) + S + m.terminate_message() + ext(HARMFUL) + S).client(q(HARMFUL))
    assert wired.asked() == [f"run {HARMLESS}"]
    assert wired.sent() == ext(HARMLESS) + S + m.terminate_message()
    assert wired.finished


def test_syncs_without_end_wait_for_their_answers() -> None:
    flood = MAX_OWED + 50
    wired = Wired().client(S * flood)
    assert wired.sent() == S * MAX_OWED + FLUSH
    wired.server(z() * 100)
    assert wired.sent() == S * 50
    assert wired.wire.stalled is False


def test_a_wait_asks_the_server_each_time() -> None:
    """The server may keep an answer until it is asked for it; one request for answers does not last for the next wait."""
    odd = "this cannot be read"
    wired = Wired().client(p("", odd) + b("c") + b("d") + e("c") + e("d") + S)
    assert wired.sent().endswith(e("c") + FLUSH)
    wired.server(PARSED + BOUND * 2 + done("X"))
    assert wired.sent() == e("d") + FLUSH
    wired.server(done("X"))
    assert wired.sent() == S


def test_an_answer_in_the_middle_of_a_denied_pipeline_is_the_right_ones() -> None:
    pipeline = ext(HARMLESS) + S + ext(HARMFUL) + S + ext("select 2") + S
    wired = Wired(texts(HARMFUL)).client(pipeline)
    server = Server()
    wired.server(server.read(wired.sent()))
    assert server.ran == [HARMLESS, "select 2"]
    assert wired.ends() == [f"{HARMLESS} -> ok 1 rows #1 committed", "select 2 -> ok 1 rows #2 committed"]
