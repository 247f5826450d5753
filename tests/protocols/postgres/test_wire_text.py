"""How a text is read: in the session's encoding and settings, at the moment the server reads it."""

from __future__ import annotations

from hashlib import sha256
from struct import pack

import pytest

from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.encoding import _CODECS, codec
from nightporter.protocols.postgres.framing import PEEK

from .wired import (
    BOUND,
    DENIED,
    FLUSH,
    LIMIT,
    PARSED,
    REFUSED_PARSE,
    REFUSED_QUERY,
    ROWS,
    SETTINGS,
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
    unknown,
    z,
)

chunks = pytest.mark.parametrize("chunk", [0, 7])
SCS_OFF = "set standard_conforming_strings to off"
# One statement while standard_conforming_strings is on, two while it is off
TWO_FACED = r"select 'a\'; drop table t; --'"
# One string in UTF-8, where it holds U+0081 and a quoted quote; in SJIS the second byte takes the backslash for its own
SMUGGLED = b"select E'\xc2\x81\\'; drop table t; --'"


def off() -> bytes:
    return m.parameter_status("standard_conforming_strings", "off")


@chunks
def test_a_backslash_is_not_understood_while_it_may_escape(chunk: int) -> None:
    wired = Wired(unknown, chunk=chunk, settings={**SETTINGS, "standard_conforming_strings": "off"})
    wired.client(q(TWO_FACED) + q("select 'a'"))
    assert wired.sent() == q("select 'a'")
    assert wired.heard() == DENIED + z()


@chunks
def test_text_that_can_be_read_in_two_ways_waits_for_a_setting(chunk: int) -> None:
    wired = Wired(unknown, chunk=chunk).client(q(SCS_OFF) + q(TWO_FACED))
    assert wired.sent() == q(SCS_OFF) + FLUSH
    wired.server(done("SET"))
    assert wired.sent() == b"", "the new value comes later"
    wired.server(off() + z())
    assert wired.sent() == b""
    assert wired.heard().endswith(DENIED + z())


@chunks
def test_text_that_reads_alike_does_not_wait(chunk: int) -> None:
    wired = Wired(chunk=chunk).client(q(SCS_OFF) + q("select 1") + ext("select 2") + S)
    assert wired.sent() == q(SCS_OFF) + q("select 1") + ext("select 2") + S


@chunks
def test_in_the_batch_of_the_change_such_text_is_not_understood(chunk: int) -> None:
    """The server changes it at once, and says so with ReadyForQuery only."""
    wired = Wired(unknown, chunk=chunk).client(ext(SCS_OFF) + FLUSH).server(PARSED + BOUND + done("SET"))
    wired.sent()
    wired.client(ext(TWO_FACED) + S)
    assert wired.sent().startswith(REFUSED_PARSE)
    wired.server(error("42601") + off() + z())
    assert wired.client(ext(TWO_FACED)).sent() == REFUSED_PARSE
    wired.client(S).server(error("42601") + z())
    back = "set standard_conforming_strings to on"
    wired.client(q(back)).server(done("SET") + m.parameter_status("standard_conforming_strings", "on") + z())
    assert wired.client(ext(TWO_FACED)).sent().endswith(ext(TWO_FACED)), "settled: one statement, one string"


@pytest.mark.parametrize("back", ["rollback", "reset all", "discard all", "reset standard_conforming_strings", "execute s"])
def test_what_has_changed_may_change_back_by_itself(back: str) -> None:
    wired = (
        Wired(unknown)
        .client(q("prepare s as select set_config('standard_conforming_strings', 'on', false)"))
        .server(done("PREPARE") + z())
    )
    wired.client(q(SCS_OFF)).server(done("SET") + off() + z())
    wired.client(q("set standard_conforming_strings = on")).server(
        done("SET") + m.parameter_status("standard_conforming_strings", "on") + z()
    )
    wired.sent()
    wired.client(q(back) + q(TWO_FACED))
    assert wired.sent() == q(back) + FLUSH
    wired.server(done("X") + off() + z())
    assert wired.heard().endswith(DENIED + z())


def test_a_client_encoding_is_waited_for_and_followed() -> None:
    wired = Wired(unknown).client(q("set client_encoding to sjis") + q(SMUGGLED))
    assert wired.sent() == q("set client_encoding to sjis") + FLUSH
    wired.server(done("SET") + m.parameter_status("client_encoding", "SJIS") + z())
    assert [s.kind for s in wired.requests[-1].reading.statements] == ["select", "drop"]


def test_in_the_batch_of_the_change_an_encoding_is_not_guessed() -> None:
    wired = Wired(unknown).client(ext("set client_encoding to sjis") + FLUSH).server(PARSED + BOUND + done("SET"))
    wired.sent()
    assert wired.client(p("", SMUGGLED)).sent() == REFUSED_PARSE


def test_text_in_an_encoding_that_is_not_known_is_not_understood() -> None:
    wired = Wired(unknown, settings={**SETTINGS, "client_encoding": "MULE_INTERNAL"}).client(q("select 1"))
    assert wired.heard() == DENIED + z()


def test_text_that_is_not_in_its_encoding_is_not_understood() -> None:
    assert Wired(unknown).client(q(b"select '\xff'")).heard() == DENIED + z()


@pytest.mark.parametrize("name", [*_CODECS, "SQL_ASCII"])
def test_every_codec_leaves_ascii_what_it_is(name: str) -> None:
    found = codec(name, "SQL_ASCII")
    assert found is not None
    assert bytes(range(128)).decode(found) == "".join(map(chr, range(128)))


@pytest.mark.parametrize("name", ["BIG5", "EUC_CN", "EUC_JP", "EUC_KR", "GB18030", "GBK", "JOHAB", "UHC", "EUC_JIS_2004"])
def test_no_codec_takes_two_bytes_for_two_where_the_server_takes_them_for_one(name: str) -> None:
    for lead in range(128, 256):
        for trail in range(128):
            try:
                text = bytes([lead, trail]).decode(_CODECS[name])
            except UnicodeDecodeError:
                continue
            assert len(text) == 1, f"{lead:#x} {trail:#x}"


@pytest.mark.parametrize("encoding", ["UTF8", "LATIN1", "SJIS"])
def test_the_label_is_written_in_the_clients_encoding(encoding: str) -> None:
    wired = Wired(settings={**SETTINGS, "client_encoding": encoding})
    name = {"UTF8": "é", "LATIN1": "é", "SJIS": "表"}[encoding].encode(_CODECS[encoding])
    wired.client(q(b"SET application_name = '" + name + b"'"))
    assert wired.sent() == q(b"SET application_name = 'alice/bot " + name + b"'")


def test_a_label_is_put_in_once_however_the_statement_is_run() -> None:
    text = "SET application_name = 'x'"
    wired = Wired().client(p("s", text) + S).server(PARSED + z())
    assert wired.sent() == p("s", "SET application_name = 'alice/bot x'") + S
    wired.client(b("c", "s") + e("c") + S)
    assert wired.sent() == b("c", "s") + e("c") + S


# Texts that are longer than we hold


def large(kind: str, size: int = LIMIT * 3) -> bytes:
    text = "select '" + "x" * size + "'"
    return {"Q": q(text), "P": p("s", text), "B": b("", "s", b"y" * size), "F": function_call(size)}[kind]


def function_call(size: int) -> bytes:
    return m.message(b"F", pack("!IHHI", 955, 0, 1, size) + b"z" * size + b"\0\0")


@pytest.mark.parametrize("chunk", [0, 1000, 4096, LIMIT])
@pytest.mark.parametrize(
    ("kind", "answer"), [("Q", ROWS + done("SELECT 1") + z()), ("F", m.message(b"V", b"\xff\xff\xff\xff") + z())]
)
def test_a_large_message_streams_through_and_its_hash_is_in_the_outcome(kind: str, answer: bytes, chunk: int) -> None:
    wired = Wired(chunk=chunk).client(large(kind) + q("select 1"))
    assert wired.sent().startswith(large(kind)), "not one byte is held back or changed"
    wired.server(answer)
    assert wired.requests[0].streamed
    assert wired.outcomes[0].sha256 == sha256(b"salt" + large(kind)[5:]).hexdigest()
    assert wired.outcomes[0].streamed_bytes == len(large(kind)) - 5
    assert wired.asked()[-1] == "submit select 1"


@pytest.mark.parametrize("chunk", [0, 1000, 4096])
def test_a_large_parse_and_a_large_bind(chunk: int) -> None:
    stream = large("P") + b("", "s") + e() + S
    wired = Wired(chunk=chunk).client(stream)
    wired.server(PARSED + BOUND + done("SELECT 1")).server(z())
    assert wired.sent().replace(FLUSH, b"") == stream
    wired.client(p("s", "insert into t values ($1)") + S).server(error("42P05") + z())
    wired.client(p("i", "insert into t values ($1)") + S).server(PARSED + z())
    bound = b("", "i", b"y" * LIMIT * 2)
    wired.sent()
    wired.client(bound + e() + S).server(BOUND + done("INSERT 0 1") + z())
    assert wired.sent() == bound + e() + S
    assert wired.outcomes[-1].sha256 == sha256(b"salt" + bound[5:]).hexdigest()
    assert wired.requests[-1].parameters == ()


@pytest.mark.parametrize("chunk", [0, 1000, 4096])
@pytest.mark.parametrize("kind", ["Q", "P", "F"])
def test_a_large_message_that_is_denied_is_dropped_to_its_end(kind: str, chunk: int) -> None:
    refused = {"Q": lambda r: r.streamed, "P": lambda r: r.streamed, "F": lambda r: r.streamed}[kind]
    wired = Wired(refused, chunk=chunk).client(large(kind) + S + q("select 1"))
    sent = wired.sent()
    assert sent == (REFUSED_PARSE if kind == "P" else b"") + S + q("select 1")
    assert len(sent) < 200


@pytest.mark.parametrize("chunk", [0, 1000, 4096])
def test_a_large_message_behind_an_error_is_dropped_to_its_end(chunk: int) -> None:
    wired = Wired(chunk=chunk).client(ext("select 1")).server(error())
    wired.client(large("P") + large("B") + S)
    assert wired.sent() == ext("select 1") + S


def test_a_large_message_that_is_passing_when_an_error_comes_is_sent_to_its_end() -> None:
    """Else what follows would become its end: see the same of COPY data."""
    wired = Wired().client(ext("select 1") + large("P")[: PEEK + 10])
    wired.server(PARSED + BOUND + error())
    wired.client(large("P")[PEEK + 10 :] + d() + S)
    assert wired.sent() == ext("select 1") + large("P") + S
    wired.server(z())
    assert wired.wire.idle


def test_names_that_do_not_fit_into_what_is_looked_at_are_refused() -> None:
    wired = Wired().client(p("n" * PEEK, "x" * LIMIT) + S)
    assert wired.sent() == REFUSED_PARSE + S


@pytest.mark.parametrize("message", [m.execute_message(b"e" * LIMIT), m.message(b"H", b"x" * LIMIT)])
def test_large_messages_that_may_not_be_are_refused(message: bytes) -> None:
    wired = Wired().client(message + S)
    assert wired.sent() == REFUSED_PARSE + S


@pytest.mark.parametrize("chunk", [0, 5000])
def test_an_error_too_long_to_be_held_is_replaced_whole(chunk: int) -> None:
    long = m.error_response({"S": "ERROR", "V": "ERROR", "C": "42601", "M": "x" * 100_000})
    wired = Wired(lambda _: True, chunk=chunk).client(ext("select 1") + S).server(long + z())
    assert wired.heard() == DENIED + z()


def test_a_long_error_passes_and_is_understood() -> None:
    long = m.error_response({"S": "ERROR", "V": "ERROR", "C": "23505", "M": "x" * 100_000})
    wired = Wired(chunk=5000).client(q("select 1")).server(long + z())
    assert wired.heard() == long + z()
    assert wired.outcomes[0].sqlstate == "23505"


def test_a_long_row_passes_without_being_held() -> None:
    wired = Wired(chunk=5000).client(q("select 1")).server(ROWS + m.data_row([b"x" * 200_000]) * 2 + done("SELECT 2") + z())
    assert len(wired.heard()) > 400_000
    assert wired.outcomes[0].rows == 2
    assert wired.outcomes[0].bytes == len(m.data_row([b"x" * 200_000])) * 2


def test_a_denied_query_in_a_batch_without_its_sync() -> None:
    wired = Wired(lambda r: r.phase == "submit").client(ext("select 1") + FLUSH).server(PARSED + BOUND + done("SELECT 1"))
    wired.client(q("select 2"))
    assert wired.sent().endswith(REFUSED_QUERY), "the batch has begun a transaction, which must fail"
