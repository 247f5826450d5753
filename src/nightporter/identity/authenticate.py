"""Who is it? How a client is challenged, and what its answer proves. Pure: what was looked up, and the time, are arguments.

challenge_for   a known name: by its method, and by no other; an unknown one: `mock_challenge`, which nobody can meet
authenticate    the answer: a principal, or a reason
refusal         what the client is told whatever the reason was; the reasons are for the record
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, assert_never

from nightporter.core.error import Refusal, TurnedAwayError
from nightporter.core.wire import Challenge, Hello, Peer, Proof

from .certificate import speaks_for
from .directory import Entry
from .principal import Method, Principal
from .scram import mock_verifier
from .token import Token, TokenAccepted, TokenProblem, TokenRejected, verify

INVALID_PASSWORD = "28P01"  # noqa: S105 - an SQLSTATE, the one that clients know
INVALID_AUTHORIZATION = "28000"


class Reason(StrEnum):
    """Why somebody is not let in."""

    UNKNOWN = "unknown"
    """Nobody has this name."""
    DISABLED = "disabled"
    """The principal or its owner is, whatever was presented."""
    WRONG = "wrong"
    """The password, the token or the certificate's names do not prove this principal."""
    EXPIRED = "expired"
    """This principal's token, after its end."""
    REVOKED = "revoked"
    """This principal's token, taken back."""
    METHOD = "method"
    """What the principal's method asks for was not presented: no token, no certificate, no password set."""


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The session may act for this principal, its actor filled in."""

    principal: Principal
    token: str | None = None
    """Id of the token that proved it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not."""

    reason: Reason


Authentication: TypeAlias = Authenticated | Refused


def challenge_for(entry: Entry | None, hello: Hello, peer: Peer) -> Challenge | None:
    """How a client proves the name it claims; None where only `mock_challenge` is left.

    Raises TurnedAwayError where a token would cross a network in the clear.
    """
    if entry is None:
        return None
    match entry.method:
        case Method.PASSWORD if entry.verifier is None:
            return None
        case Method.PASSWORD:
            # a disabled one runs to its end and fails: success would tell that the password is still right
            return Challenge(Method.PASSWORD, entry.verifier, genuine=not entry.disabled)
        case Method.TOKEN if not (hello.secured or peer.loopback):
            raise TurnedAwayError(
                Refusal(INVALID_AUTHORIZATION, "a token is only taken over TLS", hint="Connect with sslmode=require or stronger."),
                "a token without TLS",
            )
        case Method.TOKEN | Method.CERTIFICATE:
            return Challenge(entry.method)
        case _:
            assert_never(entry.method)


def mock_challenge(mock_secret: bytes, name: str) -> Challenge:
    """The challenge of a name that nobody has: like a password's, and never met. `mock_secret` is the directory's."""
    return Challenge(Method.PASSWORD, mock_verifier(mock_secret, name), genuine=False)


def authenticate(entry: Entry | None, hello: Hello, proof: Proof, token: Token | None, now: datetime) -> Authentication:
    """What the client's answer proves.

    `entry` is what the directory has for `hello.principal`, `token` what it has for `identifier_of(proof.token)`.
    """
    if entry is None or entry.principal.name != hello.principal:  # a directory may fold case; we do not
        return Refused(Reason.UNKNOWN)
    found = _by_method(entry, hello, proof, token, now)  # also for the disabled: the work is the same
    return Refused(Reason.DISABLED) if entry.disabled else found


def refusal(name: str) -> Refusal:
    """What a client is told that did not prove `name`: the database's own words, the same for every reason."""
    return Refusal(INVALID_PASSWORD, f'password authentication failed for user "{name}"')


def _by_method(entry: Entry, hello: Hello, proof: Proof, token: Token | None, now: datetime) -> Authentication:
    match entry.method:
        case Method.PASSWORD:
            return _by_password(entry, proof)
        case Method.TOKEN:
            return _by_token(entry.principal, proof, token, now)
        case Method.CERTIFICATE:
            return _by_certificate(entry, hello)
        case _:
            assert_never(entry.method)


def _by_password(entry: Entry, proof: Proof) -> Authentication:
    if entry.verifier is None or proof.token is not None:
        return Refused(Reason.METHOD)
    return Authenticated(entry.principal) if proof.passed else Refused(Reason.WRONG)


def _by_token(principal: Principal, proof: Proof, token: Token | None, now: datetime) -> Authentication:
    if proof.token is None:
        return Refused(Reason.METHOD)
    match verify(proof.token, token, principal.name, now):
        case TokenAccepted(identifier, actor):
            return Authenticated(replace(principal, actor=actor), identifier)
        case TokenRejected(problem):
            return Refused(_REASONS[problem])


def _by_certificate(entry: Entry, hello: Hello) -> Authentication:
    if hello.peer_certificate is None:
        return Refused(Reason.METHOD)
    name = entry.principal.name if entry.certificate_name is None else entry.certificate_name
    return Authenticated(entry.principal) if speaks_for(hello.peer_certificate, name) else Refused(Reason.WRONG)


_REASONS = {
    TokenProblem.UNKNOWN: Reason.WRONG,
    TokenProblem.WRONG_PRINCIPAL: Reason.WRONG,
    TokenProblem.REVOKED: Reason.REVOKED,
    TokenProblem.EXPIRED: Reason.EXPIRED,
}
