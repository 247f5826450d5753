"""What comes back for our questions: any bytes are rows or raise ProtocolError, and how they are split does not matter."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.core.error import ProtocolError, UpstreamError
from nightporter.core.talk import Receive, Send
from nightporter.protocols.postgres.catalog.ask import Answers, QueryError, ask
from nightporter.protocols.postgres.catalog.parts import Row
from nightporter.protocols.postgres.messages import (
    command_complete,
    data_row,
    error_response,
    message,
    notice_response,
    parameter_status,
    ready_for_query,
    row_description,
)

TITLE = row_description([("a", 114), ("b", 25)])
NOTIFIED = message(b"A", b"\0\0\0\1nightporter_catalog\0\0")
ROWS: list[Row] = [(b"[1]", None), (b"[2]", b"tree"), (b"", b"")]

values = st.lists(st.none() | st.binary(max_size=20), max_size=4).map(tuple)


def answer(*rows: Row) -> bytes:
    return b"".join([TITLE, *map(data_row, rows), command_complete(f"SELECT {len(rows)}"), ready_for_query(b"T")])


@given(st.lists(values, max_size=6), st.data())
def test_splits_do_not_matter(rows: list[Row], data: st.DataObject) -> None:
    stream = Answers()
    whole = answer(*rows) + NOTIFIED + notice_response({"M": "x"}) + parameter_status("a", "b") + answer(*ROWS)
    while whole:
        size = data.draw(st.integers(1, len(whole)))
        stream.feed(whole[:size])
        whole = whole[size:]
    assert stream.take() == (rows, None)
    assert stream.take() == (ROWS, None)
    assert not stream.whole
    assert stream.notifications == {"nightporter_catalog"}


@given(st.binary(max_size=200))
def test_any_bytes_parse_or_raise_protocol_error(junk: bytes) -> None:
    with suppress(ProtocolError):
        Answers().feed(junk)


@given(st.lists(values, max_size=4), st.data())
def test_spoiled_answers_parse_or_raise_protocol_error(rows: list[Row], data: st.DataObject) -> None:
    spoiled = bytearray(answer(*rows))
    spoiled[data.draw(st.integers(0, len(spoiled) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ProtocolError):
        Answers().feed(bytes(spoiled))


def test_rows_of_several_questions() -> None:
    talk = ask(Answers(), {"one": "select 1", "two": "select 2"})
    assert next(talk) == Send(b"Q\0\0\0\rselect 1\0Q\0\0\0\rselect 2\0")
    assert talk.send(None) == Receive()
    with pytest.raises(StopIteration) as done:
        talk.send(answer((b"1",)) + answer())
    assert done.value.value == {"one": [(b"1",)], "two": []}


def test_an_error_is_raised_when_all_have_been_answered() -> None:
    stream = Answers()
    talk = ask(stream, {"one": "select 1", "two": "select 2"})
    next(talk)
    talk.send(None)
    failed = error_response({"S": "ERROR", "C": "55P03", "M": "canceling statement due to lock timeout"}) + ready_for_query(b"E")
    assert talk.send(failed) == Receive()
    with pytest.raises(QueryError) as caught:
        talk.send(error_response({"S": "ERROR", "C": "25P02", "M": "aborted"}) + ready_for_query(b"E"))
    assert caught.value.code == "55P03"
    assert "lock timeout" in (caught.value.diagnostic or "")
    assert "lock timeout" not in str(caught.value)
    assert not stream.whole


def test_the_end_of_the_connection() -> None:
    talk = ask(Answers(), {"one": "select 1"})
    next(talk)
    talk.send(None)
    talk.send(error_response({"S": "FATAL", "C": "57P01", "M": "terminating connection"}))
    with pytest.raises(UpstreamError) as caught:
        talk.send(b"")
    assert "57P01" in (caught.value.diagnostic or "")


def test_what_no_query_is_answered_with() -> None:
    with pytest.raises(ProtocolError, match="CopyInResponse"):
        Answers().feed(message(b"G", b"\0\0\0"))
