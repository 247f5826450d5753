"""Who comes in: by the method of the principal and no other, and the client never learns why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nightporter.core.error import TurnedAwayError
from nightporter.core.wire import Challenge, Hello, Peer, Proof
from nightporter.identity.authenticate import (
    Authenticated,
    Authentication,
    Reason,
    Refused,
    authenticate,
    challenge_for,
    mock_challenge,
    refusal,
)
from nightporter.identity.directory import Entry
from nightporter.identity.principal import Kind, Method, Principal
from nightporter.identity.scram import is_verifier, make_verifier
from nightporter.identity.token import TOKEN_BYTES, Token, mint
from nightporter.secret import Secret

from .certificates import certificate

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
VERIFIER = make_verifier(Secret("pencil"), bytes(16))
IDENTIFIER, DIGEST, TOKEN = mint(bytes(TOKEN_BYTES))

BOB = Entry(Principal("bob", Kind.HUMAN), Method.PASSWORD, VERIFIER)
NEW = Entry(Principal("new", Kind.HUMAN), Method.PASSWORD)
BILLING = Entry(Principal("billing", Kind.AGENT, owner="bob"), Method.TOKEN)
BATCH = Entry(Principal("batch", Kind.SERVICE), Method.CERTIFICATE)
MAPPED = replace(BATCH, certificate_name="job-7")
KEPT = Token(IDENTIFIER, "billing", DIGEST, NOW - timedelta(days=1), NOW + timedelta(days=1), actor="claude-code")

REMOTE = Peer("192.0.2.1", loopback=False, tls=True)
LOOPBACK = Peer("127.0.0.1", loopback=True, tls=False)


def hello(name: str, *, secured: bool = False, peer_certificate: bytes | None = None) -> Hello:
    return Hello(name, "shop", {}, (3, 0), secured, peer_certificate)


def disabled(entry: Entry) -> Entry:
    return replace(entry, disabled=True)


# How one is challenged


def test_a_password_is_asked_by_its_verifier() -> None:
    assert challenge_for(BOB, hello("bob"), REMOTE) == Challenge(Method.PASSWORD, VERIFIER)


def test_a_disabled_password_is_asked_alike_but_cannot_succeed() -> None:
    assert challenge_for(disabled(BOB), hello("bob"), REMOTE) == Challenge(Method.PASSWORD, VERIFIER, genuine=False)


@pytest.mark.parametrize("entry", [None, NEW, disabled(NEW)])
def test_without_a_verifier_there_is_only_the_mock(entry: Entry | None) -> None:
    assert challenge_for(entry, hello("new"), REMOTE) is None


def test_a_mock_looks_like_a_password() -> None:
    mock = mock_challenge(b"secret", "nobody")
    assert mock == mock_challenge(b"secret", "nobody")
    assert mock.method is Method.PASSWORD
    assert not mock.genuine
    assert mock.verifier is not None
    assert is_verifier(mock.verifier)


@pytest.mark.parametrize("entry", [BILLING, disabled(BILLING)])
def test_a_token_is_asked_only_where_nobody_listens(entry: Entry) -> None:
    asked = Challenge(Method.TOKEN)
    assert challenge_for(entry, hello("billing", secured=True), REMOTE) == asked
    assert challenge_for(entry, hello("billing"), LOOPBACK) == asked
    with pytest.raises(TurnedAwayError, match="a token without TLS") as caught:
        challenge_for(entry, hello("billing"), REMOTE)
    assert caught.value.refusal.sqlstate == "28000"
    assert caught.value.refusal.message == "a token is only taken over TLS"


def test_a_certificate_was_asked_by_tls() -> None:
    assert challenge_for(BATCH, hello("batch"), REMOTE) == Challenge(Method.CERTIFICATE)


# What an answer proves

PASSED, FAILED, SENT = Proof(passed=True), Proof(passed=False), Proof(passed=True, token=TOKEN)
OWN, OTHER = certificate(["batch"]), certificate(["job-7"])


def refused(reason: Reason) -> Refused:
    return Refused(reason)


@pytest.mark.parametrize(
    ("entry", "said", "proof", "token", "expected"),
    [
        (None, hello("nobody"), PASSED, None, refused(Reason.UNKNOWN)),
        (BOB, hello("BOB"), PASSED, None, refused(Reason.UNKNOWN)),
        (BOB, hello("bob"), PASSED, None, Authenticated(BOB.principal)),
        (BOB, hello("bob"), FAILED, None, refused(Reason.WRONG)),
        (BOB, hello("bob"), SENT, KEPT, refused(Reason.METHOD)),
        (NEW, hello("new"), PASSED, None, refused(Reason.METHOD)),
        (disabled(BOB), hello("bob"), PASSED, None, refused(Reason.DISABLED)),
        (disabled(BOB), hello("bob"), FAILED, None, refused(Reason.DISABLED)),
        (BILLING, hello("billing"), SENT, KEPT, Authenticated(replace(BILLING.principal, actor="claude-code"), IDENTIFIER)),
        (BILLING, hello("billing"), SENT, replace(KEPT, actor=None), Authenticated(BILLING.principal, IDENTIFIER)),
        (BILLING, hello("billing"), SENT, None, refused(Reason.WRONG)),
        (BILLING, hello("billing"), PASSED, KEPT, refused(Reason.METHOD)),
        (BILLING, hello("billing"), SENT, replace(KEPT, principal="bob"), refused(Reason.WRONG)),
        (BILLING, hello("billing"), SENT, replace(KEPT, revoked_at=NOW), refused(Reason.REVOKED)),
        (BILLING, hello("billing"), SENT, replace(KEPT, expires_at=NOW), refused(Reason.EXPIRED)),
        (disabled(BILLING), hello("billing"), SENT, KEPT, refused(Reason.DISABLED)),
        (BATCH, hello("batch", peer_certificate=OWN), PASSED, None, Authenticated(BATCH.principal)),
        (BATCH, hello("batch", peer_certificate=OTHER), PASSED, None, refused(Reason.WRONG)),
        (BATCH, hello("batch", peer_certificate=b"x"), PASSED, None, refused(Reason.WRONG)),
        (BATCH, hello("batch"), PASSED, None, refused(Reason.METHOD)),
        (MAPPED, hello("batch", peer_certificate=OTHER), PASSED, None, Authenticated(BATCH.principal)),
        (MAPPED, hello("batch", peer_certificate=OWN), PASSED, None, refused(Reason.WRONG)),
        (disabled(BATCH), hello("batch", peer_certificate=OWN), PASSED, None, refused(Reason.DISABLED)),
    ],
)
def test_outcomes(entry: Entry | None, said: Hello, proof: Proof, token: Token | None, expected: Authentication) -> None:
    assert authenticate(entry, said, proof, token, NOW) == expected


def test_the_client_is_told_what_postgresql_says() -> None:
    assert refusal("bob").sqlstate == "28P01"
    assert refusal("bob").message == 'password authentication failed for user "bob"'
    assert refusal("bob").detail is None
