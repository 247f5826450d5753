"""The first words of a client, until it has said who it claims to be.

Pure. Sources: "Message Flow: Start-up", "SSL Session Encryption", "GSSAPI Session Encryption", "Canceling Requests in Progress",
"Protocol versions and protocol negotiation" in PostgreSQL's documentation, version 18. Must not judge what the client asks for:
names, databases and settings are checked by whoever reads the `Hello`.

Theory of operation. A connection begins with messages that have no type:

    [ClientHello of TLS] | SSLRequest -> S, TLS | SSLRequest -> N | GSSENCRequest -> N     each at most once
    then CancelRequest, and that is all; or StartupMessage -> [NegotiateProtocolVersion]

Whoever sits between client and us can put bytes in front of a TLS handshake. Had we kept them, they would be taken for words of
the client; so a request for encryption must be the last thing that came, as in PostgreSQL.
"""

from __future__ import annotations

from nightporter.core.error import ClosedError, ProtocolError, Refusal
from nightporter.core.talk import Secured, Send, Talk, receive, secure
from nightporter.core.wire import Cancel, Hello, Peer

from .errors import RefusedError
from .messages import (
    CANCEL_REQUEST,
    GSSENC_REQUEST,
    SSL_REQUEST,
    Body,
    Reader,
    checked_secret,
    negotiate_protocol_version,
)
from .options import parse_options
from .startup_settings import PROTOCOL_OPTION

MAX_STARTUP = 4 + 10_000
"""Longest start-up packet, its length included; PostgreSQL's own limit."""
NEWEST = (3, 2)
TLS_HANDSHAKE = 0x16
"""First byte of a ClientHello. As the first byte of a start-up packet it would announce 369 MB."""
ALPN = "postgresql"

_INVALID_AUTHORIZATION = "28000"
_FEATURE_NOT_SUPPORTED = "0A000"


def greet(peer: Peer) -> Talk[Hello | Cancel]:
    """Speak with a client up to its StartupMessage or CancelRequest.

    Raises ProtocolError; RefusedError where the client is told why; ClosedError when it went away; TlsError.
    """
    reader = Reader({}, limit=MAX_STARTUP)
    first = yield from _receive()
    secured: Secured | None = None
    asked: set[int] = set()
    if first[0] == TLS_HANDSHAKE:
        secured = yield from _direct_tls(peer, first)
        asked = {SSL_REQUEST, GSSENC_REQUEST}
    else:
        reader.feed(first)
    while True:
        body = Body((yield from _packet(reader)))
        code = body.int32()
        if code == CANCEL_REQUEST:
            return Cancel(body.int32() & 0xFFFFFFFF, checked_secret(body.rest()))
        if code not in (SSL_REQUEST, GSSENC_REQUEST) or code in asked:
            return (yield from _start(peer, code, body, secured, reader))
        body.end()
        if reader.rest:
            raise ProtocolError("unencrypted data after a request for encryption")
        asked.add(code)
        if code == SSL_REQUEST and peer.tls:
            yield Send(b"S")
            secured = yield from secure()
            asked.add(GSSENC_REQUEST)
        else:
            yield Send(b"N")


def _receive() -> Talk[bytes]:
    data = yield from receive()
    if not data:
        raise ClosedError("the client closed the connection before it said who it is")
    return data


def _packet(reader: Reader) -> Talk[bytes]:
    while (packet := reader.next_untyped()) is None:
        reader.feed((yield from _receive()))
    return packet


def _direct_tls(peer: Peer, first: bytes) -> Talk[Secured]:
    if not peer.tls:
        raise ProtocolError("TLS handshake on a listener without TLS")
    secured = yield from secure(first)
    if secured.alpn != ALPN:
        # without it, the browser of a victim could be made to speak to us in another protocol's name
        raise ProtocolError(f"direct TLS without the ALPN protocol `{ALPN}`")
    return secured


def _start(peer: Peer, code: int, body: Body, secured: Secured | None, reader: Reader) -> Talk[Hello]:
    asked = (code >> 16 & 0xFFFF, code & 0xFFFF)
    if asked[0] != NEWEST[0]:  # also a second SSLRequest, and one inside TLS: their codes are versions 1234.5679 and so on
        raise RefusedError(
            Refusal(
                _FEATURE_NOT_SUPPORTED,
                f"unsupported frontend protocol {asked[0]}.{asked[1]}: server supports 3.0 to {NEWEST[0]}.{NEWEST[1]}",
            )
        )
    if peer.tls_required and secured is None:
        raise RefusedError(
            Refusal(_INVALID_AUTHORIZATION, "connections must be encrypted with TLS", hint="Connect with sslmode=require.")
        )
    given, unknown = _parameters(body)
    # 3.1 was never spoken by any server; PostgreSQL's documentation calls it reserved
    version = (3, 0) if asked < NEWEST else NEWEST
    if version != asked or unknown:
        yield Send(negotiate_protocol_version(version, unknown))
    user = given.pop("user", "")
    if not user:
        raise RefusedError(Refusal(_INVALID_AUTHORIZATION, "no PostgreSQL user name specified in startup packet"))
    database = given.pop("database", "") or user
    return Hello(
        principal=user,
        database=database,
        parameters=_merge(parse_options(given.pop("options", "")), given),
        version=version,
        secured=secured is not None,
        peer_certificate=secured.peer_certificate if secured else None,
        channel_binding=secured.channel_binding if secured else None,
        rest=reader.rest,
    )


def _parameters(body: Body) -> tuple[dict[str, str], tuple[str, ...]]:
    """Parameters of a StartupMessage, the last of a name wins; and the protocol's options, none of which we know."""
    given: dict[str, str] = {}
    unknown: dict[str, None] = {}
    while name := body.text():
        value = body.text()
        if name.startswith(PROTOCOL_OPTION):
            unknown[name] = None
        else:
            given[name] = value
    body.end()
    return given, tuple(unknown)


def _merge(options: list[tuple[str, str]], given: dict[str, str]) -> dict[str, str]:
    """Settings by name, which is case-insensitive. PostgreSQL works on the options first: what is given by itself wins."""
    merged: dict[str, tuple[str, str]] = {}
    for name, value in (*options, *given.items()):
        merged[name.lower()] = (name, value)
    return dict(merged.values())
