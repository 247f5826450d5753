"""TLS over any byte stream, by the standard library's sans-I/O interface. Rim, but without a socket of its own.

Why not the event loop's TLS: the first bytes of a direct TLS connection have already been read when we know that it is one, and
both sides of the proxy start in plain text and change over in the middle.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from nightporter.core.error import TlsError
from nightporter.core.talk import Secured

READ_SIZE = 256 * 1024
WRITE_SIZE = 16 * 1024  # a TLS record


class TlsLayer:
    """Seals what goes out, opens what comes in. `outgoing()` must be sent after every call."""

    def __init__(self, context: ssl.SSLContext, *, server_side: bool, server_name: str | None = None) -> None:
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=server_side, server_hostname=server_name)
        self.ended = False
        """The peer has closed its side in the way that TLS demands."""

    def handshake(self, data: bytes) -> bool:
        """Go on with the handshake; True once it is done. Raises TlsError."""
        if data:
            self._in.write(data)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            raise TlsError(f"tls handshake failed: {_reason(error)}") from None
        return True

    def open(self, data: bytes) -> bytes:
        """Decrypt. Raises TlsError when the stream was tampered with."""
        self._in.write(data)
        parts: list[bytes] = []
        while True:
            try:
                part = self._tls.read(READ_SIZE)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                self.ended = True
                break
            except ssl.SSLError as error:
                raise TlsError(f"tls failed: {_reason(error)}") from None
            if not part:
                self.ended = True
                break
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def seal(self, data: bytes) -> None:
        """Encrypt; the result waits in `outgoing`."""
        view = memoryview(data)
        for start in range(0, len(data), WRITE_SIZE):
            self._tls.write(view[start : start + WRITE_SIZE])

    def close(self) -> None:
        """Say good-bye as TLS demands; does not wait for the answer."""
        try:
            self._tls.unwrap()
        except ssl.SSLError:
            return  # the answer has not come, or the handshake was never done: the connection closes either way

    def outgoing(self) -> bytes:
        """What must be sent to the peer now."""
        return self._out.read()

    def secured(self, own_certificate: bytes | None = None) -> Secured:
        """What the handshake established. `own_certificate` (DER) is the server's when we are the server."""
        peer = self._tls.getpeercert(binary_form=True)
        server = own_certificate if own_certificate is not None else peer
        return Secured(self._tls.selected_alpn_protocol(), peer, end_point(server) if server else None)


@dataclass(frozen=True, slots=True)
class ServerTls:
    """What a listener needs to speak TLS."""

    context: ssl.SSLContext
    certificate: bytes
    """Our own, DER: channel binding hashes it."""
    required: bool


def server_tls(certificate: Path, key: Path, client_ca: Path | None, alpn: Sequence[str], *, required: bool) -> ServerTls:
    """Load a listener's certificate. Raises OSError (ssl.SSLError is one) for files that are missing or do not fit."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(list(alpn))
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL  # only some principals prove themselves with one
    own = x509.load_pem_x509_certificate(certificate.read_bytes())
    return ServerTls(context, own.public_bytes(Encoding.DER), required)


def end_point(certificate: bytes) -> bytes | None:
    """RFC 5929, 4.1: the hash of the server's certificate by its own signature's hash, MD5 and SHA-1 replaced by SHA-256."""
    algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    if algorithm is None:
        return None  # Ed25519 and kin: RFC 5929 does not define the binding
    name = "sha256" if algorithm.name in ("md5", "sha1") else algorithm.name
    return hashlib.new(name, certificate).digest()


def _reason(error: ssl.SSLError) -> str:
    return error.reason or type(error).__name__
