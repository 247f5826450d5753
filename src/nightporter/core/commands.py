"""What the core wants done outside. The core itself never does I/O.

The core is a generator (`Steps`): it yields commands and the rim carries them out. A plain command is fire and forget; an
`Ask` is answered, by `send(reply)` or `throw(error)`, at once or later. Two conversations, with the client before it is
known and with the upstream before it is ready, are generators as well (`Talk`); the rim runs each on its own socket.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

R_co = TypeVar("R_co", covariant=True)
R = TypeVar("R")


class Command:
    """Fire and forget."""

    __slots__ = ()


class Ask(Command, Generic[R_co]):
    """A command whose answer the core waits for."""

    __slots__ = ()


Steps: TypeAlias = Generator[Command, Any, R]


def ask(command: Ask[R]) -> Steps[R]:
    """Yield an `Ask` and return its typed answer."""
    reply: R = yield command
    return reply


# Opening a session: talking with one peer


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
