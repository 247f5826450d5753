"""What is kept of a password: a SCRAM-SHA-256 verifier in PostgreSQL's form. Not the exchange, which is each protocol's own.

The form is `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, the last three in base64 (RFC 5803; PostgreSQL's
documentation of `pg_authid.rolpassword`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode, b64encode

from nightporter.core.error import NightporterError
from nightporter.secret import Secret

from .saslprep import saslprep

ITERATIONS = 4096
"""As PostgreSQL, and the same for everyone: a name with a number of its own would be told from an unknown one."""

SALT_BYTES = 16
"""As PostgreSQL, and the same for everyone, for the same reason."""

_FORM = re.compile(rf"SCRAM-SHA-256\${ITERATIONS}:([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)")


def make_verifier(password: Secret, salt: bytes) -> str:
    """The verifier of a password; `salt` is 16 random bytes. Raises NightporterError for a password that no client can send."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"salt is {len(salt)} bytes, not {SALT_BYTES}")
    salted = hashlib.pbkdf2_hmac("sha256", _prepared(password.reveal()), salt, ITERATIONS)
    stored_key = hashlib.sha256(_mac(salted, b"Client Key")).digest()
    return _written(salt, stored_key, _mac(salted, b"Server Key"))


def mock_verifier(server_secret: bytes, name: str) -> str:
    """What an unknown name is challenged with: always the same for a name, and like a real one.

    Nothing satisfies it: a client would have to find a SHA-256 preimage of a keyed hash.
    """
    claimed = name.encode("utf-8", "surrogatepass")
    salt, stored_key, server_key = (
        _mac(server_secret, purpose + b"\0" + claimed) for purpose in (b"mock salt", b"mock stored key", b"mock server key")
    )
    return _written(salt[:SALT_BYTES], stored_key, server_key)


def is_verifier(text: str) -> bool:
    """Whether a text is a verifier as `make_verifier` writes it, down to the lengths and the iterations."""
    match = _FORM.fullmatch(text)
    if match is None:
        return False
    try:
        sizes = [len(b64decode(part, validate=True)) for part in match.groups()]
    except ValueError:
        return False  # not base64: not a verifier
    return sizes == [SALT_BYTES, 32, 32]


def _prepared(password: str) -> bytes:
    """As libpq: what SASLprep prohibits is used as it was typed."""
    if not password:
        raise NightporterError("the password is empty")
    if "\0" in password:
        raise NightporterError("the password contains a zero byte, which no client can send")
    try:
        return (password if password.isascii() else saslprep(password) or password).encode()
    except UnicodeEncodeError:
        raise NightporterError("the password is not valid UTF-8") from None  # the cause would show it


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _written(salt: bytes, stored_key: bytes, server_key: bytes) -> str:
    encoded = [b64encode(part).decode() for part in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${ITERATIONS}:{encoded[0]}${encoded[1]}:{encoded[2]}"
