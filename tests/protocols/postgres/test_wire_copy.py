"""COPY: where the client's bytes are data, and where the server reads some messages without an answer."""

from __future__ import annotations

from hashlib import sha256

import pytest

from nightporter.core.error import ProtocolError
from nightporter.protocols.postgres import messages as m

from .wired import (
    BOUND,
    COPY_DONE,
    COPY_IN,
    COPY_OUT,
    DENIED,
    FLUSH,
    LIMIT,
    PARSED,
    ROWS,
    TERMINATE,
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

IN, OUT = "copy t from stdin", "copy t to stdout"
DATA = m.copy_data(b"1\n") + m.copy_data(b"22\n")
HASH = sha256(b"salt" + b"1\n22\n").hexdigest()
chunks = pytest.mark.parametrize("chunk", [0, 1, 7])


@chunks
def test_copy_in(chunk: int) -> None:
    wired = Wired(chunk=chunk).client(q(IN)).server(COPY_IN).client(DATA, COPY_DONE, q("select 1"))
    wired.server(done("COPY 2") + z() + ROWS + done("SELECT 0") + z())
    assert wired.sent() == q(IN) + DATA + COPY_DONE + q("select 1")
    assert wired.ends() == [f"{IN} -> ok 2 rows #1 committed", "select 1 -> ok 0 rows #2 committed"]
    assert (wired.outcomes[0].sha256, wired.outcomes[0].streamed_bytes) == (HASH, 5)


@chunks
def test_copy_out(chunk: int) -> None:
    answer = COPY_OUT + DATA + COPY_DONE + done("COPY 2") + z()
    wired = Wired(chunk=chunk).client(q(OUT)).server(answer)
    assert wired.heard() == answer
    assert wired.ends() == [f"{OUT} -> ok 2 rows #1 committed"]
    assert wired.outcomes[0].bytes == len(DATA)


@chunks
def test_what_is_sent_before_the_server_asks_waits(chunk: int) -> None:
    wired = Wired(chunk=chunk).client(q(IN) + DATA + COPY_DONE + q(IN) + DATA + COPY_DONE)
    assert wired.sent() == q(IN) + FLUSH
    wired.server(COPY_IN)
    assert wired.sent() == DATA + COPY_DONE + q(IN) + FLUSH
    wired.server(done("COPY 2") + z())
    assert wired.sent() == b""
    wired.server(COPY_IN)
    assert wired.sent() == DATA + COPY_DONE
    wired.server(done("COPY 2") + z())
    assert [o.sha256 for o in wired.outcomes] == [HASH, HASH]


@chunks
def test_each_copy_of_a_text_has_its_own_data(chunk: int) -> None:
    more = m.copy_data(b"333\n")
    wired = Wired(chunk=chunk).client(q(f"{IN}; {IN}") + DATA + COPY_DONE + more + COPY_DONE + S)
    wired.server(COPY_IN).server(done("COPY 2") + COPY_IN).server(done("COPY 1") + z()).server(z())
    assert wired.sent().replace(FLUSH, b"") == q(f"{IN}; {IN}") + DATA + COPY_DONE + more + COPY_DONE + S
    assert [o.sha256 for o in wired.outcomes] == [HASH, sha256(b"salt" + b"333\n").hexdigest()]
    assert wired.wire.idle


@chunks
def test_the_extended_protocol_with_the_sync_that_the_server_would_swallow(chunk: int) -> None:
    # as libpq does it: one Sync at once, another after the data
    wired = Wired(chunk=chunk).client(ext(IN) + S).server(PARSED + BOUND + COPY_IN)
    assert wired.sent() == ext(IN) + FLUSH
    wired.client(DATA + COPY_DONE + S).server(done("COPY 2") + z())
    assert wired.sent() == DATA + COPY_DONE + S
    assert wired.ends() == [f"{IN} -> ok 2 rows #1 committed"]
    assert wired.outcomes[-1].sha256 == HASH
    assert wired.wire.idle


@chunks
def test_a_copy_that_fails_before_it_asks(chunk: int) -> None:
    wired = Wired(chunk=chunk).client(ext(IN) + S + DATA + COPY_DONE + S).server(PARSED + BOUND + error("42P01"))
    wired.server(z() + z())
    assert wired.sent() == ext(IN) + FLUSH + S + DATA + COPY_DONE + S  # the server reads past the data
    assert wired.ends() == [f"{IN} -> error 42P01 #1 rolled_back"]
    assert wired.outcomes[0].sha256 is None
    assert wired.wire.idle


def test_a_copy_that_fails_at_once_after_it_asked() -> None:
    # into a view: the server asks, and only then finds that it cannot. Has it read the Sync by then? It never saw it.
    wired = Wired().client(ext(IN) + S).server(PARSED + BOUND + COPY_IN).server(error("42809"))
    wired.client(DATA + COPY_DONE + S).server(z())
    assert wired.sent() == ext(IN) + FLUSH + S
    assert wired.ends() == [f"{IN} -> error 42809 #1 rolled_back"]
    assert wired.wire.idle


def test_a_copy_that_asks_and_fails_in_one_breath() -> None:
    wired = Wired().client(ext(IN) + S).server(PARSED + BOUND + COPY_IN + error("42809"))
    wired.client(DATA + COPY_DONE + S).server(z() * 2)
    assert wired.sent() == ext(IN) + FLUSH + S + DATA + COPY_DONE + S
    assert wired.ends() == [f"{IN} -> error 42809 #1 rolled_back"]
    assert wired.wire.idle


@chunks
def test_an_error_in_the_middle_of_the_data(chunk: int) -> None:
    wired = Wired(chunk=chunk).client(q(IN)).server(COPY_IN).client(DATA).server(error("22P02") + z())
    wired.client(DATA + COPY_DONE + q("select 1")).server(ROWS + done("SELECT 0") + z())
    assert wired.ends() == [f"{IN} -> error 22P02 #1 rolled_back", "select 1 -> ok 0 rows #2 committed"]
    assert wired.outcomes[0].sha256 == HASH


@chunks
def test_the_client_gives_up(chunk: int) -> None:
    wired = Wired(chunk=chunk).client(q(IN)).server(COPY_IN).client(DATA + m.copy_fail(b"no")).server(error("57014") + z())
    assert wired.ends() == [f"{IN} -> error 57014 #1 rolled_back"]


@chunks
def test_a_denied_copy_takes_no_data(chunk: int) -> None:
    wired = Wired(texts(IN), chunk=chunk).client(q(IN) + DATA + COPY_DONE)
    assert wired.heard() == DENIED + z()
    assert wired.sent() == DATA + COPY_DONE  # the server ignores it outside of a copy
    wired.client(ext(IN) + DATA + COPY_DONE + S).server(error("42601") + z())
    assert DATA not in wired.sent()


@pytest.mark.parametrize(
    "bad", [q("drop table t"), p("", "drop table t"), b(), e(), m.describe_message(b"S", b""), m.close_message(b"S", b"")]
)
def test_a_statement_where_data_is_due_ends_the_session(bad: bytes) -> None:
    wired = Wired().client(q(IN)).server(COPY_IN)
    with pytest.raises(ProtocolError):
        wired.client(m.copy_data(b"1\n") + bad)
    assert not wired.sent().endswith(bad)


def test_flush_and_good_bye_may_come_at_any_time() -> None:
    wired = Wired().client(q(IN) + FLUSH).server(COPY_IN).client(FLUSH + TERMINATE)
    assert wired.sent() == q(IN) + FLUSH * 3 + TERMINATE
    assert wired.finished


# A text that we cannot read may be a COPY as well


@chunks
def test_a_text_that_cannot_be_read_may_ask_for_data(chunk: int) -> None:
    text = "copy t from stdin (and more than the grammar knows"
    wired = Wired(chunk=chunk).client(ext(text) + S).server(PARSED + BOUND + COPY_IN).client(DATA + COPY_DONE + S)
    wired.server(done("COPY 2") + z())
    assert wired.ends() == [f"{text} -> ok 2 rows #1 committed"]
    assert wired.outcomes[-1].sha256 == HASH
    assert wired.wire.idle


def test_data_asked_for_where_the_client_has_gone_on_ends_the_session() -> None:
    wired = Wired().client(q("select 1") + q("select 2"))
    with pytest.raises(ProtocolError):
        wired.server(COPY_IN)


# A message is sent whole or not at all


@pytest.mark.parametrize("behind", [S, S + q("select 1")])
def test_data_that_is_cut_when_the_copy_fails_is_sent_to_its_end(behind: bytes) -> None:
    """Else what follows would become its end, and within it the client could hide messages that we never look at."""
    hidden = q("drop table t")
    message = m.copy_data(b"x" * (len(hidden) + 10) + hidden)
    wired = Wired().client(ext(IN)).server(PARSED + BOUND + COPY_IN)
    wired.client(message[:15])
    wired.server(error("57014"))
    wired.client(message[15:] + m.copy_data(b"dropped"), behind)
    assert wired.sent() == ext(IN) + message + behind


def test_data_that_is_cut_where_it_is_dropped_is_dropped_to_its_end() -> None:
    message = m.copy_data(b"x" * 100)
    wired = Wired(texts("select 1")).client(ext("select 1")).client(message[:20])
    wired.client(message[20:] + S).server(error() + z())
    assert message[20:] not in wired.sent()
    assert wired.wire.idle


@chunks
def test_data_longer_than_any_limit_is_hashed_as_it_streams(chunk: int) -> None:
    body = bytes(range(256)) * (LIMIT // 256) * 2 if chunk != 1 else b"y" * 500
    wired = Wired(chunk=chunk).client(q(IN)).server(COPY_IN).client(m.copy_data(body) * 2 + COPY_DONE).server(done("COPY 1") + z())
    assert wired.outcomes[0].sha256 == sha256(b"salt" + body * 2).hexdigest()
    assert wired.outcomes[0].streamed_bytes == 2 * len(body)
