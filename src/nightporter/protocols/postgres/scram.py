"""SCRAM-SHA-256, the server's side for clients and the client's side for upstreams.

Pure: nonces are arguments. Sources: RFC 5802, RFC 7677, RFC 5929 (`tls-server-end-point`), and "SASL
Authentication" in PostgreSQL's documentation, which says where PostgreSQL differs: the user name inside the exchange is
ignored, and a password that SASLprep forbids is used as it is. Knows nothing of messages; what a peer got wrong is a
ProtocolError.

    client-first   n,,n=,r=<client nonce>                  gs2 header, then the bare message
    server-first   r=<both nonces>,s=<salt>,i=<iterations>
    client-final   c=<gs2 header and binding>,r=<both nonces>,p=<proof>
    server-final   v=<signature>
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from nightporter.core.error import ProtocolError
from nightporter.identity.saslprep import saslprep

MECHANISM = "SCRAM-SHA-256"
MECHANISM_PLUS = "SCRAM-SHA-256-PLUS"

MAX_EXCHANGE = 1024
"""Longest message of the exchange that we read; PostgreSQL takes no longer ones from a client either."""
MAX_ITERATIONS = 1_000_000
"""About a third of a second of work. The other side names the number, and a session of ours stands still meanwhile."""

_KEY_SIZE = 32
_BINDING = b"p=tls-server-end-point,,"
_NONCE = re.compile(rb"[\x21-\x2b\x2d-\x7e]+")
_NUMBER = re.compile(rb"[1-9][0-9]{0,9}")
_VERIFIER = re.compile(r"SCRAM-SHA-256\$([1-9][0-9]{0,9}):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)")


class BindingError(ProtocolError):
    """The two sides do not see the same TLS connection, or one was told that the other cannot check: someone sits between."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """What a server stores in the place of a password."""

    iterations: int
    salt: bytes
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)


def parse_verifier(text: str) -> Verifier:
    """PostgreSQL's form, `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`. Raises ValueError, without showing it."""
    match = _VERIFIER.fullmatch(text)
    if match is None:
        raise ValueError("malformed SCRAM verifier")
    try:
        salt, stored_key, server_key = (b64decode(part, validate=True) for part in match.groups()[1:])
    except binascii.Error:  # its text stays out of the error, it is a secret
        raise ValueError("malformed SCRAM verifier") from None
    if not salt or len(stored_key) != _KEY_SIZE or len(server_key) != _KEY_SIZE:
        raise ValueError("malformed SCRAM verifier")
    return Verifier(int(match[1]), salt, stored_key, server_key)


class Server:
    """One exchange, seen from the server: `first`, then `final`."""

    __slots__ = ("_binding", "_first", "_header", "_nonce", "_offers_plus", "_plus", "_random18", "_verifier")

    def __init__(self, verifier: Verifier, mechanism: str, binding: bytes | None, random18: Callable[[], bytes]) -> None:
        """`binding`: the channel binding of this connection, if it has one; PLUS was offered then.

        Raises ProtocolError for a mechanism that was not offered.
        """
        self._plus = mechanism == MECHANISM_PLUS
        if mechanism != MECHANISM and not (self._plus and binding is not None):
            raise ProtocolError("SASL mechanism that was not offered")
        self._verifier = verifier
        self._offers_plus = binding is not None
        self._binding = binding if self._plus and binding is not None else b""
        self._random18 = random18
        self._header = b""
        self._nonce = b""
        self._first = b""

    def first(self, message: bytes) -> bytes:
        """Client-first in, server-first out. Raises ProtocolError; BindingError for a downgrade."""
        self._header, bare = self._split_header(_bounded(message))
        fields = _fields(bare)
        if [key for key, _ in fields[:2]] != [b"n", b"r"]:
            raise ProtocolError("malformed SCRAM message: name and nonce expected")
        nonce = fields[1][1]
        if _NONCE.fullmatch(nonce) is None:
            raise ProtocolError("malformed SCRAM nonce")
        self._nonce = nonce + b64encode(self._random18())
        salt = b64encode(self._verifier.salt)
        reply = b"r=%b,s=%b,i=%d" % (self._nonce, salt, self._verifier.iterations)
        self._first = bare + b"," + reply
        return reply

    def final(self, message: bytes) -> bytes | None:
        """Client-final in, server-final out; None when it proves nothing. Raises ProtocolError."""
        fields = _fields(_bounded(message))
        if [key for key, _ in fields[:2]] != [b"c", b"r"] or fields[-1][0] != b"p":
            raise ProtocolError("malformed SCRAM message: binding, nonce and proof expected")
        self._check_binding(_decode(fields[0][1]))
        proof = _decode(fields[-1][1])
        if len(proof) != _KEY_SIZE:
            raise ProtocolError("malformed SCRAM proof")
        covered = self._first + b"," + message[: message.rindex(b",p=")]
        client_key = _xor(proof, _mac(self._verifier.stored_key, covered))
        proven = hmac.compare_digest(hashlib.sha256(client_key).digest(), self._verifier.stored_key)
        fresh = hmac.compare_digest(fields[1][1], self._nonce)
        if not (proven and fresh):
            return None
        return b"v=" + b64encode(_mac(self._verifier.server_key, covered))

    def _split_header(self, message: bytes) -> tuple[bytes, bytes]:
        parts = message.split(b",", 2)
        if len(parts) != 3:
            raise ProtocolError("malformed SCRAM message: no header")
        flag, authzid, bare = parts
        if authzid:
            raise ProtocolError("SCRAM authorization identity is not supported")
        if flag == b"y" and self._offers_plus:
            raise BindingError("the client was told that channel binding is not offered, but it is")
        if flag[:2] == b"p=":
            if not self._plus:
                raise ProtocolError("channel binding without the mechanism for it")
            if flag + b",," != _BINDING:
                raise ProtocolError("unsupported type of channel binding")
        elif flag not in (b"n", b"y") or self._plus:
            raise ProtocolError("malformed SCRAM message: wrong channel binding flag")
        return flag + b",,", bare

    def _check_binding(self, binding: bytes) -> None:
        if hmac.compare_digest(binding, self._header + self._binding):
            return
        if self._plus:
            raise BindingError("channel binding does not match")
        raise ProtocolError("malformed SCRAM message: unexpected channel binding")


MAX_SALTED = 64
"""Logins whose salted password is kept, a millisecond's work each: the same few roles log in for every session."""


class Client:
    """One exchange, seen from the client: `first`, `final`, then `check`."""

    __slots__ = ("_bare", "_binding", "_header", "_nonce", "_password", "_signature", "mechanism")

    def __init__(self, password: str, mechanisms: tuple[str, ...], binding: bytes | None, nonce: bytes) -> None:
        """`nonce`: 18 random bytes. `mechanisms`: what the server offers. Raises ProtocolError when none will do."""
        if MECHANISM_PLUS in mechanisms and binding is not None:
            self.mechanism = MECHANISM_PLUS
            self._header = _BINDING
            self._binding = binding
        elif MECHANISM in mechanisms:
            self.mechanism = MECHANISM
            # `y` tells the server that we would have bound the channel: had it offered that, it notices who removed the offer
            self._header = b"n,," if binding is None else b"y,,"
            self._binding = b""
        else:
            raise ProtocolError("no SASL mechanism in common")
        self._password = password
        self._nonce = b64encode(nonce)
        self._bare = b"n=,r=" + self._nonce  # PostgreSQL takes the name from the StartupMessage
        self._signature = b""

    def first(self) -> bytes:
        """Client-first."""
        return self._header + self._bare

    def final(self, message: bytes) -> bytes:
        """Server-first in, client-final out. Raises ProtocolError."""
        fields = _fields(_bounded(message))
        if [key for key, _ in fields[:3]] != [b"r", b"s", b"i"]:
            raise ProtocolError("malformed SCRAM message: nonce, salt and iterations expected")
        nonce, salt, iterations = (value for _, value in fields[:3])
        if _NONCE.fullmatch(nonce) is None or not nonce.startswith(self._nonce) or nonce == self._nonce:
            raise ProtocolError("SCRAM nonce that does not continue ours")
        if _NUMBER.fullmatch(iterations) is None or int(iterations) > MAX_ITERATIONS:
            raise ProtocolError("unacceptable SCRAM iteration count")
        salted = _salted(self._password, _decode(salt), int(iterations))
        client_key = _mac(salted, b"Client Key")
        without_proof = b"c=%b,r=%b" % (b64encode(self._header + self._binding), nonce)
        covered = b",".join((self._bare, message, without_proof))
        self._signature = _mac(_mac(salted, b"Server Key"), covered)
        proof = _xor(client_key, _mac(hashlib.sha256(client_key).digest(), covered))
        return without_proof + b",p=" + b64encode(proof)

    def check(self, message: bytes) -> None:
        """Server-final in. Raises ProtocolError unless it proves that the server knows the password as well."""
        key, value = _fields(_bounded(message))[0]
        if key != b"v" or not self._signature or not hmac.compare_digest(_decode(value), self._signature):
            raise ProtocolError("the server does not prove that it knows the password")


def _fields(message: bytes) -> list[tuple[bytes, bytes]]:
    fields: list[tuple[bytes, bytes]] = []
    for part in message.split(b","):
        key, sign, value = part[:1], part[1:2], part[2:]
        if not key.isalpha() or sign != b"=":
            raise ProtocolError("malformed SCRAM message")
        if key == b"m":
            raise ProtocolError("SCRAM extension that is not supported")  # RFC 5802, 5.1: an unknown `m` ends the exchange
        fields.append((key, value))
    return fields


def _bounded(message: bytes) -> bytes:
    if len(message) > MAX_EXCHANGE:
        raise ProtocolError(f"SCRAM message of `{len(message)}` bytes")
    return message


def _decode(value: bytes) -> bytes:
    try:
        data = b64decode(value, validate=True)
    except binascii.Error:  # the exchange ends: nothing was proved
        raise ProtocolError("malformed base64 in a SCRAM message") from None
    if b64encode(data) != value:  # several texts for the same bytes would let a proof be changed unseen
        raise ProtocolError("malformed base64 in a SCRAM message")
    return data


@lru_cache(MAX_SALTED)
def _salted(password: str, salt: bytes, iterations: int) -> bytes:
    prepared = saslprep(password) or password  # as libpq: what is prohibited is used as it is
    # environments and files may hold bytes that are not UTF-8
    return hashlib.pbkdf2_hmac("sha256", prepared.encode("utf-8", "surrogateescape"), salt, iterations)


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
