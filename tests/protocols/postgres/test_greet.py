"""A client's first words: what is understood, what is refused, and that nothing gets in front of the encryption."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.core.error import ClosedError, ProtocolError, Refusal, TlsError
from nightporter.core.talk import Secure, Secured, Send
from nightporter.core.wire import Cancel, Hello, Peer
from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.errors import RefusedError
from nightporter.protocols.postgres.greet import MAX_STARTUP, greet
from nightporter.protocols.postgres.options import split_options
from tests.conversation import Line, Played, play, resplit

from . import traffic

PLAIN = Peer("10.0.0.1", False, tls=False)
TLS = Peer("10.0.0.1", False, tls=True)
TLS_ONLY = Peer("10.0.0.1", False, tls=True, tls_required=True)
SECURED = Secured("postgresql", b"client certificate", b"binding")
WITHOUT_ALPN = Secured(None, None, b"binding")
CLIENT_HELLO = bytes.fromhex("1603010100") + bytes(30)


def startup(version: tuple[int, int] = (3, 0), /, **parameters: str) -> bytes:
    return m.startup_message(version, ({"user": "ada"} | parameters).items())


def greeted(*script: Line, peer: Peer = PLAIN) -> Played[Hello | Cancel]:
    return play(greet(peer), script)


def hello(*script: Line, peer: Peer = PLAIN) -> Hello:
    value = greeted(*script, peer=peer).value
    assert isinstance(value, Hello)
    return value


def refusal(*script: Line, peer: Peer = PLAIN) -> Refusal:
    error = greeted(*script, peer=peer).error
    assert isinstance(error, RefusedError)
    return error.refusal


# the StartupMessage


def test_what_a_client_says_of_itself() -> None:
    said = hello(startup(database="shop", application_name="psql") + b"p\0")
    assert said == Hello("ada", "shop", {"application_name": "psql"}, (3, 0), rest=b"p\0")


@pytest.mark.parametrize("parameters", [{}, {"database": ""}])
def test_the_database_is_the_user_where_none_is_named(parameters: Mapping[str, str]) -> None:
    assert hello(startup(**parameters)).database == "ada"


def test_the_last_of_a_name_wins() -> None:
    packet = m.startup_message((3, 0), [("user", "bob"), ("user", "ada"), ("TimeZone", "a"), ("timezone", "b")])
    assert hello(packet) == Hello("ada", "ada", {"timezone": "b"}, (3, 0))


def test_replication_is_left_for_others_to_refuse() -> None:
    assert hello(startup(replication="database")).parameters == {"replication": "database"}


@pytest.mark.parametrize(
    ("asked", "agreed", "negotiated"),
    [((3, 0), (3, 0), False), ((3, 1), (3, 0), True), ((3, 2), (3, 2), False), ((3, 9999), (3, 2), True)],
)
def test_versions(asked: tuple[int, int], agreed: tuple[int, int], negotiated: bool) -> None:
    played = greeted(startup(asked))
    assert isinstance(played.result, Hello)
    assert played.result.version == agreed
    assert played.sent == (m.negotiate_protocol_version(agreed, ()) if negotiated else b"")


def test_options_of_the_protocol_that_we_do_not_know_are_named() -> None:
    packet = m.startup_message((3, 2), [("_pq_.b", "1"), ("user", "ada"), ("_pq_.a", "")])
    played = greeted(packet)
    assert played.sent == m.negotiate_protocol_version((3, 2), ("_pq_.b", "_pq_.a"))
    assert played.value == Hello("ada", "ada", {}, (3, 2))


@pytest.mark.parametrize(
    ("packet", "sqlstate", "words"),
    [
        (m.startup_message((2, 0), []), "0A000", "unsupported frontend protocol 2.0: server supports 3.0 to 3.2"),
        (m.startup_message((4, 1), []), "0A000", "unsupported frontend protocol 4.1: server supports 3.0 to 3.2"),
        (m.startup_message((3, 0), []), "28000", "no PostgreSQL user name specified in startup packet"),
        (m.startup_message((3, 0), [("user", "")]), "28000", "no PostgreSQL user name specified in startup packet"),
    ],
)
def test_refusals(packet: bytes, sqlstate: str, words: str) -> None:
    assert refusal(packet) == Refusal(sqlstate, words)


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        (b"\0\0\0\7\0\3\0", "invalid length of a start-up packet `7`"),
        ((MAX_STARTUP + 1).to_bytes(4), f"invalid length of a start-up packet `{MAX_STARTUP + 1}`"),
        (b"GET / HTTP/1.1\r\n", "invalid length of a start-up packet `1195725856`"),
        (startup()[:-1].replace(b"\0\0\0\x12", b"\0\0\0\x11", 1), "string without its end"),
        (b"\0\0\0\x0a\0\3\0\0\0x", "`1` bytes too many in a message"),
        (b"\0\0\0\x0f\0\3\0\0user\0a\0", "string without its end"),
        (b"\0\0\0\x11\0\3\0\0user\0\xff\0\0\0", "string that is not UTF-8"),
        (b"\0\0\0\x09\x04\xd2\x16\x2fx", "`1` bytes too many in a message"),
        (m.cancel_request(1, b"abc"), "cancel secret of `3` bytes"),
        (m.cancel_request(1, bytes(257)), "cancel secret of `257` bytes"),
    ],
)
def test_malformed(packet: bytes, words: str) -> None:
    played = greeted(packet)
    assert isinstance(played.error, ProtocolError)
    assert str(played.error) == words
    assert played.sent == b""


def test_the_longest_startup_packet() -> None:
    longest = "x" * (MAX_STARTUP - len(startup(search_path="")))
    assert hello(startup(search_path=longest)).parameters["search_path"] == longest


@pytest.mark.parametrize("script", [[], [b"\0\0"], [m.ssl_request()], [startup()[:-1]]])
def test_a_client_may_go_away(script: list[Line]) -> None:
    assert isinstance(greeted(*script).error, ClosedError)


# cancel


@given(traffic.process_ids, traffic.secrets)
def test_cancel(process_id: int, secret: bytes) -> None:
    assert greeted(m.cancel_request(process_id, secret)).value == Cancel(process_id, secret)


def test_cancel_under_tls_and_without_where_tls_is_required() -> None:
    packet = m.cancel_request(7, b"1234")
    assert greeted(m.ssl_request(), SECURED, packet, peer=TLS_ONLY).value == Cancel(7, b"1234")
    assert greeted(packet, peer=TLS_ONLY).value == Cancel(7, b"1234")


# encryption


def test_tls() -> None:
    played = greeted(m.ssl_request(), SECURED, startup(), peer=TLS_ONLY)
    assert played.steps == [Send(b"S"), Secure()]
    said = played.value
    assert said == Hello("ada", "ada", {}, (3, 0), True, b"client certificate", b"binding")


def test_tls_without_alpn_is_fine_when_it_was_asked_for_in_our_own_protocol() -> None:
    assert hello(m.ssl_request(), WITHOUT_ALPN, startup(), peer=TLS).secured


def test_direct_tls() -> None:
    played = greeted(CLIENT_HELLO, SECURED, startup((3, 2)), peer=TLS)
    assert played.steps == [Secure(CLIENT_HELLO)]
    assert isinstance(played.value, Hello)
    assert played.value.secured


@pytest.mark.parametrize("alpn", [None, "http/1.1"])
def test_direct_tls_needs_alpn(alpn: str | None) -> None:
    error = greeted(CLIENT_HELLO, Secured(alpn, None, None), startup(), peer=TLS).error
    assert isinstance(error, ProtocolError)
    assert str(error) == "direct TLS without the ALPN protocol `postgresql`"


def test_direct_tls_needs_a_listener_with_tls() -> None:
    assert isinstance(greeted(CLIENT_HELLO, peer=PLAIN).error, ProtocolError)


def test_a_failed_handshake_ends_it() -> None:
    failure = TlsError("no")
    assert greeted(m.ssl_request(), failure, startup(), peer=TLS).error is failure


def test_no_encryption_on_offer() -> None:
    played = greeted(m.gssenc_request(), m.ssl_request(), startup())
    assert played.sent == b"NN"
    assert isinstance(played.value, Hello)
    assert not played.value.secured


def test_gss_first_then_tls() -> None:
    played = greeted(m.gssenc_request(), m.ssl_request(), SECURED, startup(), peer=TLS)
    assert played.steps == [Send(b"N"), Send(b"S"), Secure()]
    assert isinstance(played.value, Hello)


@pytest.mark.parametrize("peer", [PLAIN, TLS])
@pytest.mark.parametrize("request_packet", [m.ssl_request(), m.gssenc_request()])
@pytest.mark.parametrize("more", [b"\0", startup(), CLIENT_HELLO, m.ssl_request()])
def test_nothing_is_smuggled_in_front_of_the_encryption(peer: Peer, request_packet: bytes, more: bytes) -> None:
    played = greeted(request_packet + more, SECURED, peer=peer)
    assert isinstance(played.error, ProtocolError)
    assert str(played.error) == "unencrypted data after a request for encryption"
    assert played.steps == []


@pytest.mark.parametrize(
    ("script", "peer"),
    [
        ([m.ssl_request(), m.ssl_request()], PLAIN),
        ([m.gssenc_request(), m.gssenc_request()], PLAIN),
        ([m.ssl_request(), SECURED, m.ssl_request()], TLS),
        ([m.ssl_request(), SECURED, m.gssenc_request()], TLS),
        ([CLIENT_HELLO, SECURED, m.ssl_request()], TLS),
        ([CLIENT_HELLO, SECURED, m.gssenc_request()], TLS),
    ],
)
def test_encryption_is_asked_for_once_and_not_inside_itself(script: list[Line], peer: Peer) -> None:
    assert refusal(*script, peer=peer).sqlstate == "0A000"


@pytest.mark.parametrize("script", [[m.ssl_request(), SECURED, CLIENT_HELLO], [CLIENT_HELLO, SECURED, CLIENT_HELLO]])
def test_no_handshake_inside_tls(script: list[Line]) -> None:
    error = greeted(*script, peer=TLS).error
    assert isinstance(error, ProtocolError)
    assert "invalid length" in str(error)


@pytest.mark.parametrize("script", [[startup()], [m.gssenc_request(), startup()]])
def test_tls_is_required(script: list[Line]) -> None:
    refused = refusal(*script, peer=TLS_ONLY)
    assert (refused.sqlstate, refused.hint) == ("28000", "Connect with sslmode=require.")


# options


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ("", {}),
        ("  ", {}),
        ("-c geqo=off", {"geqo": "off"}),
        ("-cgeqo=off", {"geqo": "off"}),
        ("--geqo=off", {"geqo": "off"}),
        ("--statement-timeout=5", {"statement_timeout": "5"}),
        ("-c statement-timeout=5", {"statement_timeout": "5"}),
        ("-c a=1 -c A=2", {"A": "2"}),
        ("\t-c search_path=a,\\ b\n-c work_mem=1\\\\", {"search_path": "a, b", "work_mem": "1\\"}),
        ("-c a=b=c", {"a": "b=c"}),
        ("-c a=", {"a": ""}),
        ("-c nightporter.principal=x", {"nightporter.principal": "x"}),
    ],
)
def test_options(options: str, settings: Mapping[str, str]) -> None:
    assert hello(startup(options=options)).parameters == settings


def test_what_is_given_by_itself_wins_over_options() -> None:
    packet = m.startup_message((3, 0), [("timezone", "UTC"), ("options", "-c TimeZone=Asia/Tokyo -c jit=off"), ("user", "ada")])
    assert hello(packet).parameters == {"timezone": "UTC", "jit": "off"}


@pytest.mark.parametrize(
    ("options", "sqlstate", "words"),
    [
        ("-d 5", "42601", "invalid start-up option `-d`"),
        ("geqo=off", "42601", "invalid start-up option `geqo=off`"),
        ("--", "42601", "invalid start-up option `--`"),
        ("-S 4MB", "42601", "invalid start-up option `-S`"),
        ("-c", "42601", "option `-c` in the start-up options requires a value"),
        ("-c geqo", "42601", "setting `geqo` in the start-up options requires a value"),
        ("-c =off", "42704", 'unrecognized configuration parameter ""'),
        ("-c user=bob", "42704", 'unrecognized configuration parameter "user"'),
        ("--Database=other", "42704", 'unrecognized configuration parameter "Database"'),
        ("-c replication=on", "42704", 'unrecognized configuration parameter "replication"'),
        ("-c options=-x", "42704", 'unrecognized configuration parameter "options"'),
        ("-c _pq_.x=1", "42704", 'unrecognized configuration parameter "_pq_.x"'),
    ],
)
def test_options_that_are_refused(options: str, sqlstate: str, words: str) -> None:
    refused = refusal(startup(options=options))
    assert (refused.sqlstate, refused.message) == (sqlstate, words)


@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=1)))
def test_escaped_words_are_split_where_they_were_joined(words: list[str]) -> None:
    assert split_options(" ".join(re.sub(r"([\s\\])", r"\\\1", word) for word in words)) == words


# properties


@given(traffic.openings())
def test_valid_openings_are_understood_however_they_are_cut(opening: list[bytes]) -> None:
    whole = greeted(*opening)
    assert whole.error is None
    for script in resplit([*opening[:-1], opening[-1]]):
        cut = greeted(*script)
        assert (cut.result, cut.sent) == (whole.result, whole.sent)


@given(st.lists(st.binary(min_size=1), max_size=4) | traffic.spoiled(traffic.startups()).map(lambda data: [data] if data else []))
def test_anything_else_is_a_protocol_error(script: list[Line]) -> None:
    played = greeted(*script, peer=PLAIN)
    assert played.error is None or isinstance(played.error, ProtocolError)


@given(st.binary())
def test_anything_under_tls_is_a_protocol_error(data: bytes) -> None:
    played = greeted(m.ssl_request(), SECURED, data, peer=TLS_ONLY)
    assert played.error is None or isinstance(played.error, ProtocolError)
