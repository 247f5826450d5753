"""Builders and parsers are inverse; whatever comes parses or is a ProtocolError; no builder lets a value leave its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.core.error import ProtocolError
from nightporter.protocols.postgres import messages as m

from . import traffic

body = st.binary(max_size=60)

PARSERS: list[Callable[[bytes], object]] = [
    m.parse_parameter_status,
    m.parse_backend_key_data,
    m.parse_error,
    m.parse_negotiation,
    m.parse_password,
    m.parse_sasl_initial_response,
    m.parse_status,
    lambda data: m.parse_mechanisms(m.Body(data)),
]


def body_of(message: bytes) -> bytes:
    assert int.from_bytes(message[1:5]) == len(message) - 1
    return message[5:]


@pytest.mark.parametrize("parse", PARSERS)
@given(data=body)
def test_any_body_parses_or_is_a_protocol_error(parse: Callable[[bytes], object], data: bytes) -> None:
    with suppress(ProtocolError):
        parse(data)


# what is built is what is read


@given(traffic.words, traffic.words)
def test_parameter_status(name: str, value: str) -> None:
    assert m.parse_parameter_status(body_of(m.parameter_status(name, value))) == (name, value)


@given(traffic.process_ids, traffic.secrets)
def test_backend_key_data(process_id: int, secret: bytes) -> None:
    assert m.parse_backend_key_data(body_of(m.backend_key_data(process_id, secret))) == (process_id, secret)


@given(traffic.fields())
def test_error_fields(fields: dict[str, str]) -> None:
    assert m.parse_error(body_of(m.error_response(fields))) == fields
    assert m.parse_error(body_of(m.notice_response(fields))) == fields


@given(st.lists(traffic.words, max_size=3))
def test_negotiation(unknown: list[str]) -> None:
    assert m.parse_negotiation(body_of(m.negotiate_protocol_version((3, 2), unknown))) == ((3, 2), tuple(unknown))


@given(st.lists(traffic.words, max_size=3))
def test_mechanisms(mechanisms: list[str]) -> None:
    demand = m.Body(body_of(m.authentication_sasl(mechanisms)))
    assert demand.int32() == m.SASL
    assert m.parse_mechanisms(demand) == tuple(mechanisms)


@given(traffic.words, st.none() | body)
def test_sasl_initial_response(mechanism: str, data: bytes | None) -> None:
    assert m.parse_sasl_initial_response(body_of(m.sasl_initial_response(mechanism, data))) == (mechanism, data)


@given(st.binary(max_size=40).filter(lambda data: b"\0" not in data))
def test_password(password: bytes) -> None:
    assert m.parse_password(body_of(m.password_message(password))) == password


@pytest.mark.parametrize("status", [b"I", b"T", b"E"])
def test_status(status: bytes) -> None:
    assert m.parse_status(body_of(m.ready_for_query(status))) == status


# bytes as the documentation has them


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        (m.ssl_request(), "00000008 04d2162f"),
        (m.gssenc_request(), "00000008 04d21630"),
        (m.cancel_request(7, b"\1\2\3\4"), "00000010 04d2162e 00000007 01020304"),
        (m.startup_message((3, 2), [("user", "a")]), "00000010 00030002 7573657200 6100 00"),
        (m.authentication(m.OK), "52 00000008 00000000"),
        (m.sync_message(), "53 00000004"),
        (m.flush_message(), "48 00000004"),
        (m.terminate_message(), "58 00000004"),
        (m.query_message(b"x"), "51 00000006 7800"),
        (m.parse_message(b"s", b"x"), "50 0000000a 7300 7800 0000"),
        (m.bind_message(b"", b"s", [None, b"1"], [1], [0]), "42 0000001a 00 7300 0001 0001 0002 ffffffff 00000001 31 0001 0000"),
        (m.describe_message(b"S", b"s"), "44 00000007 53 7300"),
        (m.execute_message(b"", 5), "45 00000009 00 00000005"),
        (m.close_message(b"P", b""), "43 00000006 50 00"),
        (m.copy_fail(b"no"), "66 00000007 6e6f00"),
        (m.command_complete("BEGIN"), "43 0000000a 424547494e00"),
        (m.data_row([None, b"1"]), "44 0000000f 0002 ffffffff 00000001 31"),
        (m.row_description([("a", 23)]), "54 0000001a 0001 6100 00000000 0000 00000017 ffff ffffffff 0000"),
        (m.copy_response(b"G", 2), "47 0000000b 00 0002 0000 0000"),
        (m.ready_for_query(), "5a 00000005 49"),
    ],
)
def test_bytes_of_a_message(built: bytes, expected: str) -> None:
    assert built.hex() == expected.replace(" ", "")


# what must not be built


@pytest.mark.parametrize(
    "build",
    [
        lambda: m.startup_message((3, 0), [("user", "a\0database")]),
        lambda: m.startup_message((3, 0), [("", "x"), ("user", "a")]),
        lambda: m.query_message(b"select 1\0"),
        lambda: m.password_message(b"a\0b"),
        lambda: m.parameter_status("a", "b\0c"),
    ],
)
def test_a_value_cannot_leave_its_place(build: Callable[[], bytes]) -> None:
    with pytest.raises(ValueError, match=r"zero byte|without a name"):
        build()


def test_an_error_drops_zero_bytes_of_its_words() -> None:
    assert m.parse_error(body_of(m.error_response({"M": "a\0Cb"}))) == {"M": "aCb"}


def test_an_error_survives_words_that_are_not_unicode() -> None:
    assert m.parse_error(body_of(m.error_response({"M": "a\udce4"}))) == {"M": "a?"}


# what must not be read


@pytest.mark.parametrize(
    ("parse", "data", "words"),
    [
        (m.parse_backend_key_data, b"\0\0\0\1abc", "cancel secret of `3` bytes"),
        (m.parse_backend_key_data, b"\0\0\0\1" + bytes(257), "cancel secret of `257` bytes"),
        (m.parse_error, b"Mno end", "string without its end"),
        (m.parse_error, b"Mx\0", "message ends `1` bytes too early"),
        (m.parse_error, b"Mx\0\0more", "`4` bytes too many in a message"),
        (m.parse_negotiation, b"\0\3\0\0\xff\xff\xff\xff", "count of options `-1`"),
        (m.parse_negotiation, b"\0\3\0\0\x7f\xff\xff\xff", "`0` options where `2147483647` are announced"),
        (m.parse_password, b"a\0b\0", "`2` bytes too many in a message"),
        (m.parse_sasl_initial_response, b"X\0\xff\xff\xff\xfe", "length of a response `-2`"),
        (m.parse_sasl_initial_response, b"X\0\0\0\0\5abc", "message ends `2` bytes too early"),
        (m.parse_sasl_initial_response, b"\xff\0\0\0\0\0", "string that is not UTF-8"),
        (m.parse_status, b"X", "transaction status that does not exist"),
        (m.parse_status, b"", "transaction status that does not exist"),
    ],
)
def test_malformed_bodies(parse: Callable[[bytes], object], data: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=f"^{re.escape(words)}$"):
        parse(data)


# the reader


def read_all(reader: m.Reader) -> list[tuple[int, bytes]]:
    found = []
    while (got := reader.next()) is not None:
        found.append(got)
    return found


@given(st.data())
def test_splits_do_not_matter(data: st.DataObject) -> None:
    stream = data.draw(traffic.server_streams)
    whole = m.Reader(m.BACKEND_NAMES, stream)
    expected = read_all(whole)
    reader = m.Reader(m.BACKEND_NAMES)
    found = []
    for piece in data.draw(traffic.chunks(stream)):
        reader.feed(piece)
        found += read_all(reader)
    assert found == expected
    assert reader.rest == whole.rest == b""
    assert b"".join(m.message(bytes([code]), body) for code, body in found) == stream


@given(traffic.spoiled(traffic.client_streams) | st.binary())
def test_any_stream_reads_or_is_a_protocol_error(stream: bytes) -> None:
    with suppress(ProtocolError):
        read_all(m.Reader(m.FRONTEND_NAMES, stream))


def test_what_follows_a_message_is_kept() -> None:
    reader = m.Reader(m.BACKEND_NAMES, m.ready_for_query() + b"S\0\0")
    assert reader.next() == (ord("Z"), b"I")
    assert reader.next() is None
    assert reader.rest == b"S\0\0"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x16", "unknown message type `0x16`"),
        (b"Z\0\0\0\3", "invalid message length `3`"),
        (b"Z\xff\xff\xff\xff", "invalid message length `4294967295`"),
        (b"Z\0\0\0\x65", "invalid message length `101`"),
    ],
)
def test_a_message_is_refused_by_its_head(data: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=f"^{words}$"):
        m.Reader(m.BACKEND_NAMES, data, limit=100).next()


@pytest.mark.parametrize("length", [0, 7, 101, 0xFFFFFFFF])
def test_a_startup_packet_is_refused_by_its_length(length: int) -> None:
    with pytest.raises(ProtocolError, match=f"^invalid length of a start-up packet `{length}`$"):
        m.Reader({}, length.to_bytes(4), limit=100).next_untyped()


def test_the_longest_message_is_read() -> None:
    assert m.Reader(m.BACKEND_NAMES, m.message(b"d", bytes(96)), limit=100).next() == (ord("d"), bytes(96))
