"""How a client proves itself: the exchange of RFC 7677, every way to fail it, and that a mock cannot be told from a real one."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.core.error import ClosedError, ProtocolError
from nightporter.core.talk import Send, Talk, receive
from nightporter.core.wire import Challenge, Hello, Proof
from nightporter.identity.principal import Method
from nightporter.identity.scram import make_verifier, mock_verifier
from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.errors import RefusedError
from nightporter.protocols.postgres.prove import prove
from nightporter.protocols.postgres.scram import MECHANISM, MECHANISM_PLUS, Client, parse_verifier
from nightporter.secret import Secret
from tests.conversation import Line, Played, converse, play, resplit

from . import traffic

PASSWORD = "correct horse"
VERIFIER = make_verifier(Secret(PASSWORD), b"s" * 16)
REAL = Challenge(Method.PASSWORD, VERIFIER)
MOCK = Challenge(Method.PASSWORD, mock_verifier(b"server secret", "ada"), genuine=False)
BOUND = b"hash of a certificate"
OFFER = m.authentication_sasl([MECHANISM])
OFFER_PLUS = m.authentication_sasl([MECHANISM_PLUS, MECHANISM])


def random18() -> bytes:
    return b"\x07" * 18


NONCE = base64.b64encode(random18())
FIRST = m.sasl_initial_response(MECHANISM, b"n,,n=,r=client")


def hello(binding: bytes | None = None, rest: bytes = b"") -> Hello:
    return Hello("ada", "shop", {}, (3, 0), binding is not None, channel_binding=binding, rest=rest)


def proved(challenge: Challenge, *script: Line, binding: bytes | None = None) -> Played[Proof]:
    return play(prove(hello(binding), challenge, random18), script)


def client(
    password: str = PASSWORD,
    binding: bytes | None = None,
    *,
    mechanisms: tuple[str, ...] | None = None,
    spoil: Callable[[bytes], bytes] = lambda final: final,
) -> Talk[bytes]:
    """A client with our own side of SCRAM for clients; gives what came after its last message. `spoil` gets the client-final."""
    reader = m.Reader(m.BACKEND_NAMES, (yield from receive()))
    demand = m.Body(_next(reader))
    assert demand.int32() == m.SASL
    scram = Client(password, mechanisms or m.parse_mechanisms(demand), binding, b"c" * 18)
    yield Send(m.sasl_initial_response(scram.mechanism, scram.first()))
    reader.feed((yield from receive()))
    final = scram.final(_next(reader)[4:])
    yield Send(m.sasl_response(spoil(final)))
    last = yield from receive()
    if last:
        reader.feed(last)
        scram.check(_next(reader)[4:])
    return last


def _next(reader: m.Reader) -> bytes:
    got = reader.next()
    assert got is not None
    return got[1]


# SCRAM


@pytest.mark.parametrize("binding", [None, BOUND])
def test_the_right_password(binding: bytes | None) -> None:
    server, ours = converse(prove(hello(binding), REAL, random18), client(binding=binding))
    assert server.value == Proof(passed=True)
    assert ours.value[:9] == m.authentication(m.SASL_FINAL, bytes(46))[:9]
    assert server.sent.startswith(OFFER if binding is None else OFFER_PLUS)


@pytest.mark.parametrize(("nonce", "passes"), [(b"rOprNGfwEbeRWgbNEkqOaaaa", True), (b"rOprNGfwEbeRWgbNEkqOaaab", False)])
def test_the_formulas_of_the_standard(nonce: bytes, passes: bool) -> None:
    """RFC 5802, section 3, written down once more; names, nonce and salt are those of RFC 7677.

    The second proof is right in itself, but of another exchange than the one that the server has begun.
    """
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    verifier = make_verifier(Secret("pencil"), salt)
    first_bare, final_bare = b"n=user,r=rOprNGfwEbeRWgbNEkqO", b"c=biws,r=" + nonce
    server_first = b"r=rOprNGfwEbeRWgbNEkqOaaaa,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    covered = b",".join((first_bare, server_first, final_bare))
    salted = hashlib.pbkdf2_hmac("sha256", b"pencil", salt, 4096)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    signature = hmac.digest(hashlib.sha256(client_key).digest(), covered, "sha256")
    proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    script = [
        m.sasl_initial_response(MECHANISM, b"n,," + first_bare),
        m.sasl_response(final_bare + b",p=" + base64.b64encode(proof)),
    ]
    played = play(prove(hello(), Challenge(Method.PASSWORD, verifier), lambda: base64.b64decode("aaaa")), script)
    server_signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), covered, "sha256")
    final = Send(m.authentication(m.SASL_FINAL, b"v=" + base64.b64encode(server_signature)))
    assert played.value == Proof(passed=passes)
    assert played.steps[1:] == [Send(m.authentication(m.SASL_CONTINUE, server_first)), *([final] if passes else [])]


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " "])
def test_a_wrong_password(password: str) -> None:
    server, ours = converse(prove(hello(), REAL, random18), client(password))
    assert server.value == Proof(passed=False)
    assert ours.value == b""  # neither success nor error


@pytest.mark.parametrize("stored", ["\u2168", "IX"])
@pytest.mark.parametrize("typed", ["\u2168", "IX", "I\u00adX"])
def test_passwords_are_prepared(stored: str, typed: str) -> None:
    challenge = Challenge(Method.PASSWORD, make_verifier(Secret(stored), b"s" * 16))
    server, _ = converse(prove(hello(), challenge, random18), client(typed))
    assert server.value.passed


def test_a_password_that_the_standard_forbids_is_used_as_it_is() -> None:
    challenge = Challenge(Method.PASSWORD, make_verifier(Secret("\u0627a"), b"s" * 16))
    server, _ = converse(prove(hello(), challenge, random18), client("\u0627a"))
    assert server.value.passed


def test_a_client_without_an_initial_response_is_asked_for_one() -> None:
    script = [m.sasl_initial_response(MECHANISM, None), m.sasl_response(b"n,,n=,r=client"), b""]
    played = proved(REAL, *script)
    assert played.steps[1] == Send(m.authentication(m.SASL_CONTINUE))
    assert fields(sends(played)[2])[0] == b"r=client" + NONCE


def test_what_follows_the_proof_is_kept() -> None:
    played = proved(REAL, FIRST, m.sasl_response(final()) + b"Q more")
    assert played.value == Proof(passed=False, rest=b"Q more")


def test_what_came_with_the_first_words_is_read_first() -> None:
    played = play(prove(hello(rest=FIRST), REAL, random18), [m.sasl_response(final())])
    assert played.value == Proof(passed=False)


# a mock


@pytest.mark.parametrize("binding", [None, BOUND])
def test_a_mock_cannot_be_told_from_a_wrong_password(binding: bytes | None) -> None:
    real, _ = converse(prove(hello(binding), REAL, random18), client("wrong", binding))
    mock, _ = converse(prove(hello(binding), MOCK, random18), client("wrong", binding))
    assert mock.value == real.value == Proof(passed=False)
    assert [len(step.data) for step in sends(mock)] == [len(step.data) for step in sends(real)]
    # the nonce and the number of rounds are the same; the salt is a name's own
    assert fields(sends(mock)[1])[::2] == fields(sends(real)[1])[::2]


def test_a_mock_fails_even_with_the_right_password() -> None:
    mock = Challenge(Method.PASSWORD, VERIFIER, genuine=False)
    server, ours = converse(prove(hello(), mock, random18), client())
    assert server.value == Proof(passed=False)
    assert ours.value == b""


def sends(played: Played[Proof]) -> list[Send]:
    return [step for step in played.steps if isinstance(step, Send)]


def fields(step: Send) -> list[bytes]:
    return step.data[9:].split(b",")


@pytest.mark.parametrize("verifier", [None, "", "md5abc", VERIFIER[:-4], VERIFIER + "=", VERIFIER.replace(":", "$")])
def test_a_corrupt_verifier_is_our_own_fault_and_is_not_shown(verifier: str | None) -> None:
    played = proved(Challenge(Method.PASSWORD, verifier), FIRST)
    assert isinstance(played.error, ValueError)
    assert str(played.error) == "malformed SCRAM verifier"
    assert played.steps == []


def test_the_keys_of_a_verifier_are_not_shown() -> None:
    assert "key" not in repr(parse_verifier(VERIFIER))


# what goes wrong


def final(binding: bytes = b"biws", nonce: bytes = b"client" + NONCE, proof: bytes = base64.b64encode(bytes(32))) -> bytes:
    return b"c=" + binding + b",r=" + nonce + b",p=" + proof


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (b"", "malformed SCRAM message: no header"),
        (b"n,", "malformed SCRAM message: no header"),
        (b"n,,", "malformed SCRAM message"),
        (b"x,,n=,r=c", "malformed SCRAM message: wrong channel binding flag"),
        (b"n,a=bob,n=,r=c", "SCRAM authorization identity is not supported"),
        (b"n,,m=x,n=,r=c", "SCRAM extension that is not supported"),
        (b"n,,r=c,n=", "malformed SCRAM message: name and nonce expected"),
        (b"n,,n=", "malformed SCRAM message: name and nonce expected"),
        (b"n,,n=,r=", "malformed SCRAM nonce"),
        (b"n,,n=,r=\xc3\xa4", "malformed SCRAM nonce"),
        (b"n,,n=,r=a b", "malformed SCRAM nonce"),
        (b"p=tls-server-end-point,,n=,r=c", "channel binding without the mechanism for it"),
        (b"n,,n=,r=" + b"c" * 2000, "SCRAM message of `2008` bytes"),
    ],
)
def test_malformed_first_messages(first: bytes, words: str) -> None:
    error = proved(REAL, m.sasl_initial_response(MECHANISM, first)).error
    assert isinstance(error, ProtocolError)
    assert str(error) == words


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (b"", "malformed SCRAM message"),
        (b"c=biws", "malformed SCRAM message: binding, nonce and proof expected"),
        (b"r=x,c=biws,p=", "malformed SCRAM message: binding, nonce and proof expected"),
        (final() + b",x=1", "malformed SCRAM message: binding, nonce and proof expected"),
        (final(binding=b"eSws"), "malformed SCRAM message: unexpected channel binding"),
        (final(binding=b"!"), "malformed base64 in a SCRAM message"),
        (final(proof=b"!"), "malformed base64 in a SCRAM message"),
        (final(proof=b"A" * 42 + b"B="), "malformed base64 in a SCRAM message"),  # another text for the same bytes
        (final(proof=b"AAAA"), "malformed SCRAM proof"),
        (final(proof=b""), "malformed SCRAM proof"),
    ],
)
@pytest.mark.parametrize("challenge", [REAL, MOCK])
def test_malformed_final_messages(challenge: Challenge, last: bytes, words: str) -> None:
    error = proved(challenge, FIRST, m.sasl_response(last)).error
    assert isinstance(error, ProtocolError)
    assert str(error) == words


@pytest.mark.parametrize("mechanism", ["", "SCRAM-SHA-1", "PLAIN", MECHANISM_PLUS])
def test_a_mechanism_that_was_not_offered(mechanism: str) -> None:
    error = proved(REAL, m.sasl_initial_response(mechanism, b"n,,n=,r=c")).error
    assert isinstance(error, ProtocolError)
    assert str(error) == "SASL mechanism that was not offered"


@pytest.mark.parametrize("message", [m.query_message(b"select 1"), m.sync_message(), b"\x16\3\1\2\0"])
@pytest.mark.parametrize("challenge", [REAL, Challenge(Method.TOKEN)])
def test_nothing_but_a_proof_is_read(challenge: Challenge, message: bytes) -> None:
    error = proved(challenge, message).error
    assert isinstance(error, ProtocolError)
    assert str(error).startswith("unknown message type")


@pytest.mark.parametrize("challenge", [REAL, Challenge(Method.TOKEN)])
def test_a_client_may_go_away(challenge: Challenge) -> None:
    assert isinstance(proved(challenge).error, ClosedError)


@pytest.mark.parametrize("challenge", [REAL, Challenge(Method.TOKEN)])
def test_a_message_is_not_collected_for_ever(challenge: Challenge) -> None:
    error = proved(challenge, b"p" + (m.MAX_MESSAGE + 1).to_bytes(4)).error
    assert isinstance(error, ProtocolError)
    assert str(error) == f"invalid message length `{m.MAX_MESSAGE + 1}`"


# channel binding


def test_a_client_under_tls_need_not_bind() -> None:
    server, _ = converse(prove(hello(BOUND), REAL, random18), client(mechanisms=(MECHANISM,)))
    assert server.value.passed


def refused(binding: bytes, talk: Talk[bytes]) -> str:
    server, _ = converse(prove(hello(binding), REAL, random18), talk)
    assert isinstance(server.error, RefusedError)
    assert server.error.refusal.sqlstate == "28000"
    return server.error.refusal.message


def test_two_connections_in_the_place_of_one() -> None:
    assert refused(b"ours", client(binding=b"another's")) == "channel binding does not match"


def test_someone_has_removed_the_offer() -> None:
    words = "the client was told that channel binding is not offered, but it is"
    assert refused(BOUND, client(binding=BOUND, mechanisms=(MECHANISM,))) == words


@pytest.mark.parametrize("flag", [b"n", b"y", b"p=tls-unique", b"p="])
def test_the_flag_must_fit_the_mechanism(flag: bytes) -> None:
    error = proved(REAL, m.sasl_initial_response(MECHANISM_PLUS, flag + b",,n=,r=c"), binding=BOUND).error
    assert isinstance(error, ProtocolError)


# tokens and certificates


def test_a_token() -> None:
    played = proved(Challenge(Method.TOKEN), m.password_message("npt_tök".encode()) + b"rest")
    proof = played.value
    assert played.sent == m.authentication(m.CLEARTEXT_PASSWORD)
    assert (proof.passed, proof.rest) == (True, b"rest")
    assert proof.token is not None
    assert proof.token.reveal() == "npt_tök"
    assert "npt" not in repr(proof)


def test_a_token_that_cannot_be_one() -> None:
    assert proved(Challenge(Method.TOKEN), m.password_message(b"\xff")).value == Proof(passed=False)


@pytest.mark.parametrize("body", [b"", b"no end", b"two\0ends\0"])
def test_a_malformed_token(body: bytes) -> None:
    assert isinstance(proved(Challenge(Method.TOKEN), m.message(b"p", body)).error, ProtocolError)


def test_a_certificate_is_asked_for_by_tls_and_not_here() -> None:
    played = play(prove(hello(rest=b"rest"), Challenge(Method.CERTIFICATE), random18), [])
    assert played.steps == []
    assert played.value == Proof(passed=True, rest=b"rest")


# properties


def test_splits_do_not_matter() -> None:
    recorded: list[bytes] = []

    def watched() -> Talk[bytes]:
        talk = client()
        reply: bytes | None = None
        try:
            while True:
                step = talk.send(reply)
                if isinstance(step, Send):
                    recorded.append(step.data)
                reply = yield step
        except StopIteration as done:
            value: bytes = done.value
            return value

    server, _ = converse(prove(hello(), REAL, random18), watched())
    for script in resplit(recorded):
        cut = proved(REAL, *script)
        assert (cut.value, cut.sent) == (server.value, server.sent)


@given(
    st.sampled_from([REAL, MOCK, Challenge(Method.TOKEN)]),
    st.sampled_from([None, BOUND]),
    st.lists(
        st.binary(min_size=1) | st.just(FIRST) | traffic.spoiled(st.sampled_from([FIRST, m.sasl_response(final())])), max_size=3
    ),
)
def test_anything_is_no_proof(challenge: Challenge, binding: bytes | None, script: list[bytes]) -> None:
    played = proved(challenge, *[piece for piece in script if piece], binding=binding)
    if isinstance(played.result, Proof) and played.result.passed:
        assert challenge.method is Method.TOKEN  # whose token is looked up yet
    else:
        assert played.result is not None or isinstance(played.error, ProtocolError)


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_one_wrong_bit_is_no_proof(byte: int, bit: int) -> None:
    def spoil(final: bytes) -> bytes:
        spoiled = bytearray(final)
        spoiled[byte % len(final)] ^= 1 << bit
        return bytes(spoiled)

    server, _ = converse(prove(hello(), REAL, random18), client(spoil=spoil))
    assert server.result == Proof(passed=False) or isinstance(server.error, ProtocolError)
