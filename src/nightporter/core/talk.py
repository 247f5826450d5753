"""A conversation with one peer, before statements flow: what a protocol's start-up is written in.

A `Talk` is a generator. It yields one step at a time and the rim, which has the socket, answers it. It never sees a socket.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

R = TypeVar("R")


class Talking:
    """One step of a conversation with one peer."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Send(Talking):
    """Send bytes to the peer."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Receive(Talking):
    """Answered with the next bytes of the peer: one or more, or `b""` at its end of file."""


@dataclass(frozen=True, slots=True)
class Secure(Talking):
    """Do the TLS handshake now, as server towards a client and as client towards an upstream; answered with `Secured`.

    `pending` are bytes of the handshake that were already received (direct TLS starts with the ClientHello).
    A handshake that fails ends the conversation: the rim throws `TlsError` into it.
    """

    pending: bytes = b""


@dataclass(frozen=True, slots=True)
class Secured:
    """What TLS established."""

    alpn: str | None
    peer_certificate: bytes | None
    """DER; verified against the configured authorities, else None."""
    channel_binding: bytes | None
    """RFC 5929 `tls-server-end-point`: hash of the server's certificate on this connection."""


Talk: TypeAlias = Generator[Talking, Any, R]


def receive() -> Talk[bytes]:
    """The next bytes from the peer; `b""` at end of file."""
    data: bytes = yield Receive()
    return data


def secure(pending: bytes = b"") -> Talk[Secured]:
    """Do the TLS handshake; raises `TlsError`."""
    secured: Secured = yield Secure(pending)
    return secured
