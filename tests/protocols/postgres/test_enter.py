"""Logging in upstream: every method and TLS mode, what a server may not do to us, and what the client gets to see of it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.core.error import TlsError, UpstreamError
from nightporter.core.talk import Secure, Secured, Send, Talk
from nightporter.core.wire import Cancel, Entered, Entrance
from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.adapter import cancel
from nightporter.protocols.postgres.enter import MAX_MESSAGES, MAX_NOTICES, enter, md5_answer
from nightporter.protocols.postgres.errors import LoginError, RetryError
from nightporter.protocols.postgres.fake import ANSWERS, SETTINGS, Fake, serve
from nightporter.protocols.postgres.scram import MAX_ITERATIONS, MECHANISM, MECHANISM_PLUS
from nightporter.secret import Secret
from tests.conversation import Line, Played, converse, play, resplit

from . import traffic

SECURED = Secured("postgresql", None, b"binding")
UNBOUND = Secured(None, None, None)
ENTRANCE = Entrance("app", Secret("secret"), "shop", {"application_name": "ada psql"}, "disable", (3, 2))
HELLO = m.startup_message((3, 2), [("user", "app"), ("database", "shop"), ("application_name", "ada psql")])
KEY = m.backend_key_data(7, b"1234")
READY = m.authentication(m.OK) + KEY + m.ready_for_query()


def random18() -> bytes:
    return b"\x07" * 18


def entered(*script: Line, **changes: object) -> Played[Entered]:
    entrance = replace(ENTRANCE, **changes)  # type: ignore[arg-type]
    return play(enter(entrance, random18), script)


def login_error(*script: Line, **changes: object) -> LoginError:
    error = entered(*script, **changes).error
    assert isinstance(error, LoginError), error
    return error


def error(sqlstate: str, words: str = "words", **more: str) -> bytes:
    return m.error_response({"S": "FATAL", "V": "FATAL", "C": sqlstate, "M": words} | more)


# against our fake, both ends


@pytest.mark.parametrize("method", ["trust", "password", "md5", "scram-sha-256"])
@pytest.mark.parametrize("tls", ["disable", "require"])
def test_every_method(method: str, tls: str) -> None:
    fake = Fake(method, tls=True)
    entrance = replace(ENTRANCE, tls=tls, local=True)
    ours, _ = converse(enter(entrance, random18), serve(fake, random18), SECURED)
    settings = {**SETTINGS, "application_name": "ada psql"}
    assert ours.value == Entered(4711, b"\1\2\3\4", settings, tls == "require")
    assert fake.hello is not None
    assert (fake.hello.principal, fake.hello.database, fake.hello.version) == ("app", "shop", (3, 2))


@pytest.mark.parametrize("method", ["password", "md5", "scram-sha-256"])
def test_a_wrong_password(method: str) -> None:
    ours, _ = converse(enter(replace(ENTRANCE, password=Secret("wrong"), local=True), random18), serve(Fake(method), random18))
    assert isinstance(ours.error, LoginError)
    assert (ours.error.sqlstate, str(ours.error)) == ("08004", "the database refused the proxy's own login")
    assert ours.error.diagnostic == 'FATAL 28P01: password authentication failed for user "app"'


def test_a_database_that_is_missing() -> None:
    ours, _ = converse(enter(ENTRANCE, random18), serve(Fake(database="other"), random18))
    assert isinstance(ours.error, LoginError)
    assert ours.error.sqlstate == "3D000"


def test_the_fake_answers_statements() -> None:
    fake = Fake("trust")
    batch = m.parse_message(b"", b"SELECT 1") + m.bind_message(b"", b"") + m.describe_message(b"P", b"") + m.execute_message(b"")
    failing = m.parse_message(b"", b"nonsense") + m.bind_message(b"", b"") + m.execute_message(b"") + m.execute_message(b"")
    sent = m.query_message(b"BEGIN") + batch + m.sync_message() + failing + m.sync_message() + m.terminate_message()
    played = play(serve(fake, random18), [HELLO, sent])
    assert played.error is None
    answers = b"".join(step.data for step in played.steps[2:] if isinstance(step, Send))
    assert bytes(traffic.codes(answers)) == b"CZ" + b"12TDC" + b"Z" + b"12E" + b"Z"
    assert answers.endswith(m.ready_for_query(b"E"))
    assert fake.asked == ["BEGIN", "SELECT 1"]
    assert set(fake.asked) < set(ANSWERS)


# messages


def test_what_is_said_and_what_is_learned() -> None:
    notice = m.notice_response({"S": "WARNING", "C": "01000", "M": "collation"})
    script = [
        m.authentication(m.OK) + m.parameter_status("a", "1") + notice,
        KEY + m.parameter_status("a", "2"),
        m.ready_for_query() + b"N...",
    ]
    played = entered(*script)
    assert played.steps == [Send(HELLO)]
    assert played.value == Entered(7, b"1234", {"a": "2"}, False, (notice,), b"N...")


@pytest.mark.parametrize("version", [(3, 0), (3, 1)])
def test_a_server_may_speak_an_older_version(version: tuple[int, int]) -> None:
    negotiation = m.negotiate_protocol_version(version, [])
    assert (entered(negotiation + READY).error is None) == (version == (3, 0))


@pytest.mark.parametrize("negotiation", [((3, 2), []), ((3, 3), []), ((2, 0), []), ((4, 0), []), ((3, 0), ["_pq_.x"])])
def test_a_negotiation_that_makes_no_sense(negotiation: tuple[tuple[int, int], list[str]]) -> None:
    found = login_error(m.negotiate_protocol_version(*negotiation) + READY)
    assert found.sqlstate == "08P01"
    assert "in answer to 3.2" in str(found)


def test_md5_by_the_formula() -> None:
    inner = hashlib.md5(b"secretapp").hexdigest().encode()
    expected = b"md5" + hashlib.md5(inner + b"salt").hexdigest().encode()
    assert md5_answer("app", "secret", b"salt") == expected
    played = entered(m.authentication(m.MD5_PASSWORD, b"salt"), READY)
    assert played.steps[-1] == Send(m.password_message(expected))


# cleartext


def test_a_password_in_cleartext_is_not_sent_in_the_clear() -> None:
    played = entered(m.authentication(m.CLEARTEXT_PASSWORD))
    assert isinstance(played.error, LoginError)
    assert "without TLS" in str(played.error)
    assert played.steps == [Send(HELLO)]


@pytest.mark.parametrize(("script", "changes"), [([], {"local": True}), ([b"S", UNBOUND], {"tls": "require"})])
def test_a_password_in_cleartext_where_nobody_listens(script: list[Line], changes: dict[str, object]) -> None:
    played = entered(*script, m.authentication(m.CLEARTEXT_PASSWORD), READY, **changes)
    assert played.steps[-1] == Send(m.password_message(b"secret"))
    assert played.error is None


@pytest.mark.parametrize("kind", [m.CLEARTEXT_PASSWORD, m.MD5_PASSWORD, m.SASL])
def test_no_password_to_give(kind: int) -> None:
    found = login_error(m.authentication(kind, b"salt"), password=None)
    assert str(found) == "the database asks for a password and none is configured"


def test_trust_needs_no_password() -> None:
    assert entered(READY, password=None).error is None


@pytest.mark.parametrize(
    ("kind", "name"), [(m.GSS, "GSSAPI"), (m.SSPI, "SSPI"), (m.KERBEROS_V5, "Kerberos V5"), (m.SASL_FINAL, "SASL"), (99, "99")]
)
def test_methods_that_we_do_not_speak_are_named(kind: int, name: str) -> None:
    assert str(login_error(m.authentication(kind))).endswith(f"not supported: `{name}`")


# SCRAM


def scram(*mechanisms: str, tls: Secured | None = None, rest: tuple[bytes, ...] = ()) -> Played[Entered]:
    start: list[Line] = [] if tls is None else [b"S", tls]
    return entered(*start, m.authentication_sasl(mechanisms), *rest, tls="disable" if tls is None else "require")


def first_of(played: Played[Entered]) -> tuple[str, bytes]:
    send = played.steps[-1]
    assert isinstance(send, Send)
    mechanism, data = m.parse_sasl_initial_response(send.data[5:])
    assert data is not None
    return mechanism, data.split(b",r=")[0]


@pytest.mark.parametrize(
    ("offered", "tls", "mechanism", "header"),
    [
        ((MECHANISM,), None, MECHANISM, b"n,,n="),
        ((MECHANISM_PLUS, MECHANISM), None, MECHANISM, b"n,,n="),
        ((MECHANISM_PLUS, MECHANISM), SECURED, MECHANISM_PLUS, b"p=tls-server-end-point,,n="),
        ((MECHANISM,), SECURED, MECHANISM, b"y,,n="),
        ((MECHANISM_PLUS, MECHANISM), UNBOUND, MECHANISM, b"n,,n="),
    ],
)
def test_the_strongest_mechanism(offered: tuple[str, ...], tls: Secured | None, mechanism: str, header: bytes) -> None:
    assert first_of(scram(*offered, tls=tls)) == (mechanism, header)


@pytest.mark.parametrize("offered", [(), ("SCRAM-SHA-1",), ("OAUTHBEARER",), (MECHANISM_PLUS,)])
def test_no_mechanism_in_common(offered: tuple[str, ...]) -> None:
    error = scram(*offered).error
    assert isinstance(error, LoginError)
    assert "no SASL mechanism in common" in str(error)


NONCE = b"BwcHBwcHBwcHBwcHBwcHBwcHBwcH"[:24]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"r=x,s=c2FsdA==,i=4096",
        b"r=" + NONCE + b",s=c2FsdA==,i=4096",
        b"r=" + NONCE + b"x,s=!,i=4096",
        b"r=" + NONCE + b"x,s=c2FsdA==,i=0",
        b"r=" + NONCE + b"x,s=c2FsdA==,i=-1",
        b"r=" + NONCE + b"x,s=c2FsdA==,i=%d" % (MAX_ITERATIONS + 1),
        b"r=" + NONCE + b"x,s=c2FsdA==",
        b"m=x,r=" + NONCE + b"x,s=c2FsdA==,i=4096",
        b"e=other-error",
    ],
)
def test_a_server_that_answers_nonsense_gets_no_proof(answer: bytes) -> None:
    played = scram(MECHANISM, rest=(m.authentication(m.SASL_CONTINUE, answer),))
    assert isinstance(played.error, LoginError)
    assert played.error.sqlstate == "08P01"
    assert len(played.steps) == 2  # StartupMessage and the first message


GOOD = m.authentication(m.SASL_CONTINUE, b"r=" + NONCE + b"x,s=c2FsdA==,i=1")


@pytest.mark.parametrize(
    "ending",
    [
        READY,
        m.authentication(m.SASL_FINAL, b"v=" + b"A" * 43 + b"="),
        m.authentication(m.SASL_FINAL, b"v="),
        m.authentication(m.SASL_FINAL, b"e=invalid-proof"),
        m.authentication(m.SASL_FINAL, b""),
        GOOD,
    ],
)
def test_a_server_must_prove_itself_too(ending: bytes) -> None:
    played = scram(MECHANISM, rest=(GOOD, ending))
    assert isinstance(played.error, LoginError)
    assert played.error.sqlstate == "08P01"


def test_a_server_does_not_ask_twice() -> None:
    again = m.authentication(m.CLEARTEXT_PASSWORD)
    found = login_error(m.authentication(m.MD5_PASSWORD, b"salt"), again, local=True)
    assert "a second demand after the authentication" in str(found)


# TLS


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
@pytest.mark.parametrize("answer", [b"N", b"E", b"", b"x", b"SS", b"NN", error("57P03")])
def test_tls_or_nothing(mode: str, answer: bytes) -> None:
    played = entered(answer, tls=mode)
    assert isinstance(played.error, LoginError)
    assert not isinstance(played.error, RetryError)
    assert played.steps == [Send(m.ssl_request())]
    assert played.error.diagnostic is None  # not even operators see what came without TLS


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full", "prefer"])
def test_tls(mode: str) -> None:
    played = entered(b"S", SECURED, READY, tls=mode)
    assert played.steps == [Send(m.ssl_request()), Secure(), Send(HELLO)]
    assert played.value.secured


@pytest.mark.parametrize("mode", ["disable", "allow"])
def test_no_tls_unless_it_must_be(mode: str) -> None:
    played = entered(READY, tls=mode)
    assert played.steps == [Send(HELLO)]
    assert not played.value.secured


def test_prefer_goes_on_without() -> None:
    played = entered(b"N", READY, tls="prefer")
    assert played.steps == [Send(m.ssl_request()), Send(HELLO)]
    assert not played.value.secured


@pytest.mark.parametrize(
    ("mode", "script", "retry"),
    [
        ("allow", [error("28000")], "require"),
        ("prefer", [b"S", SECURED, error("28000")], "disable"),
        ("prefer", [b"E"], "disable"),
        ("prefer", [b""], "disable"),
        ("prefer", [b"SS"], "disable"),
        ("prefer", [b"S", TlsError("no common cipher")], "disable"),
        ("allow", [error("28P01")], None),
        ("allow", [m.authentication(m.OK) + error("28000")], None),
        ("prefer", [b"S", SECURED, error("28P01")], None),
        ("prefer", [b"N", error("28000")], None),
        ("disable", [error("28000")], None),
        ("require", [b"S", SECURED, error("28000")], None),
    ],
)
def test_what_is_worth_a_second_connection(mode: str, script: list[Line], retry: str | None) -> None:
    assert getattr(login_error(*script, tls=mode), "retry_tls", None) == retry


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_a_failed_handshake_ends_it(mode: str) -> None:
    failure = TlsError("certificate verify failed")
    assert entered(b"S", failure, READY, tls=mode).error is failure


def test_cancel_is_as_secret_as_the_session() -> None:
    session = Entered(7, b"1234", {}, secured=True)
    fake = Fake(tls=True)
    ours, theirs = converse(cancel(session), serve(fake, random18), SECURED)
    assert (ours.error, theirs.error) == (None, None)
    assert fake.cancels == [Cancel(7, b"1234")]
    assert ours.steps == [Send(m.ssl_request()), Secure(), Send(m.cancel_request(7, b"1234"))]
    refused = play(cancel(session), [b"N"])
    assert isinstance(refused.error, UpstreamError)
    assert refused.steps == [Send(m.ssl_request())]
    assert play(cancel(replace(session, secured=False)), []).sent == m.cancel_request(7, b"1234")


# what the client is told, and what operators are


@pytest.mark.parametrize(
    ("sqlstate", "told", "words"),
    [
        ("3D000", "3D000", "the database behind this name does not exist on its server"),
        ("28000", "08004", "the database refused the proxy's own login"),
        ("28P01", "08004", "the database refused the proxy's own login"),
        ("53300", "53300", "the database has too many connections already"),
        ("57P03", "57P03", "the database is not accepting connections at the moment"),
        ("42501", "08004", "the database refused the connection"),
        ("22023", "08004", "the database refused the connection"),
        ("", "08004", "the database refused the connection"),
    ],
)
def test_words_for_the_client(sqlstate: str, told: str, words: str) -> None:
    assert str(login_error(error(sqlstate))) == words
    found = login_error(error(sqlstate, 'role "app" and "secret"', D="detail"))
    assert (found.sqlstate, str(found)) == (told, words)
    assert found.diagnostic == f'FATAL {sqlstate}: role "app" and "***" (detail)'


def test_a_setting_of_the_client_is_the_clients_affair() -> None:
    found = login_error(m.authentication(m.OK) + error("22023", 'invalid value for parameter "TimeZone": "Mars"'))
    assert (found.sqlstate, str(found)) == ("22023", 'invalid value for parameter "TimeZone": "Mars"')


@pytest.mark.parametrize("words", ['permission denied for user "app"', 'invalid value "secret"', ""])
def test_words_that_name_our_login_are_not_passed_on(words: str) -> None:
    found = login_error(m.authentication(m.OK) + error("42501", words))
    assert str(found) == "the database refused the connection"


def test_a_diagnostic_is_not_endless() -> None:
    found = login_error(error("XX000", "x" * 10_000))
    assert found.diagnostic is not None
    assert len(found.diagnostic) == 2000


# what a server may not do


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ([b""], "the database closed the connection during login"),
        ([m.authentication(m.OK), b""], "the database closed the connection during login"),
        ([b"HTTP/1.1 400"], "the database broke the protocol: invalid message length `1414811695`"),
        ([b"\x15\3\1"], "the database broke the protocol: unknown message type `0x15`"),
        ([KEY], "the database broke the protocol: unexpected message `BackendKeyData` before authentication"),
        ([m.ready_for_query()], "the database broke the protocol: unexpected message `ReadyForQuery` before authentication"),
        ([m.authentication(m.OK) + m.ready_for_query()], "the database broke the protocol: no key to cancel with"),
        ([m.authentication(m.OK, b"x")], "the database broke the protocol: `1` bytes too many in a message"),
        ([READY[:-1] + b"T"], "the database broke the protocol: a new session that is in a transaction already"),
        ([m.authentication(m.OK) * 2], "the database broke the protocol: unexpected message `Authentication` at login"),
        ([m.authentication(m.OK) + KEY * 2], "the database broke the protocol: unexpected message `BackendKeyData` at login"),
        ([m.authentication(m.OK) + m.backend_key_data(1, b"abc")], "the database broke the protocol: cancel secret of `3` bytes"),
        ([m.authentication(m.MD5_PASSWORD, b"sal")], "the database broke the protocol: message ends `1` bytes too early"),
        ([m.message(b"N", b"M")], "the database broke the protocol: string without its end"),
        ([m.message(b"E", b"")], "the database broke the protocol: message ends `1` bytes too early"),
    ],
)
def test_a_broken_login(script: list[Line], words: str) -> None:
    assert str(login_error(*script)) == words


def test_a_login_is_not_endless() -> None:
    talkative = m.authentication(m.OK) + m.parameter_status("a", "b") * MAX_MESSAGES
    assert f"more than {MAX_MESSAGES} messages" in str(login_error(talkative))
    notice = m.notice_response({"M": "x" * 60_000})
    assert f"more than {MAX_NOTICES} bytes of notices" in str(login_error(notice * (MAX_NOTICES // 60_000 + 1)))
    assert "invalid message length" in str(login_error(b"R" + (m.MAX_MESSAGE + 1).to_bytes(4)))


# what cannot be asked for


@pytest.mark.parametrize(
    "changes",
    [
        {"tls": "Require"},
        {"user": "a\0b"},
        {"parameters": {"user": "postgres"}},
        {"parameters": {"DATABASE": "postgres"}},
        {"parameters": {"options": "-c role=postgres"}},
        {"parameters": {"replication": "true"}},
        {"parameters": {"_pq_.x": "1"}},
        {"parameters": {"": "1"}},
        {"parameters": {"a": "\0user\0postgres"}},
    ],
)
def test_an_entrance_that_would_say_something_else(changes: dict[str, object]) -> None:
    played = entered(READY, **changes)
    assert isinstance(played.error, ValueError)
    assert played.steps == []


# properties


@given(traffic.login_answers())
def test_valid_logins_are_understood_however_they_are_cut(answers: bytes) -> None:
    whole = entered(answers)
    assert whole.error is None
    for script in [list(script) for script in resplit([answers])][:: max(1, len(answers) // 20)]:
        assert entered(*script).result == whole.result


@given(traffic.spoiled(traffic.login_answers()) | st.binary(), st.sampled_from(["disable", "allow", "prefer", "require"]))
def test_anything_else_is_an_upstream_error(answers: bytes, mode: str) -> None:
    script: list[Line] = [answers] if answers else []
    played = entered(*script, tls=mode) if mode != "require" else entered(b"S", SECURED, *script, tls=mode)
    assert played.result is not None or isinstance(played.error, UpstreamError)


def watched(talk: Talk[Entered], heard: list[Line]) -> Talk[Entered]:
    reply: object = None
    try:
        while True:
            step = talk.send(reply)
            reply = yield step
            if isinstance(reply, bytes | Secured):
                heard.append(reply)
    except StopIteration as done:
        value: Entered = done.value
        return value


@pytest.mark.parametrize("method", ["md5", "password", "scram-sha-256"])
@pytest.mark.parametrize("tls", ["disable", "require"])
def test_splits_do_not_matter(method: str, tls: str) -> None:
    heard: list[Line] = []
    entrance = replace(ENTRANCE, tls=tls, local=True)
    whole, _ = converse(watched(enter(entrance, random18), heard), serve(Fake(method, tls=True), random18), SECURED)
    for script in list(resplit(heard))[::7]:
        assert play(enter(entrance, random18), script).value == whole.value
