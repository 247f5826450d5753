"""Tokens: `npt_<id>_<secret>`. The id is public and finds the token; of the secret only a SHA-256 hash is kept. No I/O.

A plain hash is enough, since the secret is 200 random bits: nobody tries them out.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from nightporter.secret import Secret

ID_BYTES = 10
"""16 characters of base32."""

SECRET_BYTES = 25
"""200 bits, 40 characters of base32."""

TOKEN_BYTES = ID_BYTES + SECRET_BYTES
"""How many random bytes `mint` takes."""

_FORM = re.compile(r"npt_([a-z2-7]{16})_([a-z2-7]{40})")
_ID = re.compile(r"[a-z2-7]{16}")

NO_ID = "0" * 16
"""The id that is looked up for what is no token at all: like an id, and never one, for `0` is not in the alphabet."""

_NO_SECRET = "0" * 40
_NO_DIGEST = hashlib.sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept: everything but its secret."""

    identifier: str
    principal: str
    digest: bytes = field(repr=False)
    """SHA-256 of the secret's characters."""
    created_at: datetime
    expires_at: datetime
    """From this moment on it is refused."""
    revoked_at: datetime | None = None
    actor: str | None = None
    """The tool or agent that whoever holds this token acts as."""
    label: str | None = None
    created_by: str | None = None


class TokenProblem(StrEnum):
    """Why a token is not accepted; for the record, never for the client."""

    UNKNOWN = "unknown"
    """No such id, or not its secret: the two are not told apart."""
    WRONG_PRINCIPAL = "wrong_principal"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class TokenAccepted:
    """The token is good."""

    identifier: str
    actor: str | None


@dataclass(frozen=True, slots=True)
class TokenRejected:
    """The token is not."""

    problem: TokenProblem


TokenCheck: TypeAlias = TokenAccepted | TokenRejected


def mint(random: bytes) -> tuple[str, bytes, Secret]:
    """A new token from `TOKEN_BYTES` random bytes: its id, the hash to keep, and the whole token to show once."""
    if len(random) != TOKEN_BYTES:
        raise ValueError(f"a token takes {TOKEN_BYTES} random bytes, not {len(random)}")
    identifier, secret = (b32encode(part).decode().lower() for part in (random[:ID_BYTES], random[ID_BYTES:]))
    return identifier, _digest(secret), Secret(f"npt_{identifier}_{secret}")


def identifier_of(presented: Secret) -> str:
    """The id to look up for whatever a client sent; `NO_ID` where that is no token, so that a look-up is always made."""
    return _parts(presented)[0]


def is_identifier(text: str) -> bool:
    """Whether a text has the form of a token's id."""
    return _ID.fullmatch(text) is not None


def verify(presented: Secret, stored: Token | None, principal: str, now: datetime) -> TokenCheck:
    """Does what was presented prove `principal`? `stored` is what the directory has under `identifier_of(presented)`.

    All of it is worked out in every case, so that the time it takes tells nothing. Who lacks the secret learns, even in the
    record, no more than that.
    """
    identifier, secret = _parts(presented)
    genuine = hmac.compare_digest(_digest(secret), _NO_DIGEST if stored is None else stored.digest)
    own = hmac.compare_digest(principal.encode("utf-8", "surrogatepass"), b"" if stored is None else stored.principal.encode())
    live = stored is not None and now < stored.expires_at
    if stored is None or not genuine or identifier != stored.identifier:
        return TokenRejected(TokenProblem.UNKNOWN)
    if not own:
        return TokenRejected(TokenProblem.WRONG_PRINCIPAL)
    if stored.revoked_at is not None:
        return TokenRejected(TokenProblem.REVOKED)
    if not live:
        return TokenRejected(TokenProblem.EXPIRED)
    return TokenAccepted(stored.identifier, stored.actor)


def _parts(presented: Secret) -> tuple[str, str]:
    match = _FORM.fullmatch(presented.reveal())
    return (match[1], match[2]) if match else (NO_ID, _NO_SECRET)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
