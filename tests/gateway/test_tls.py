"""TLS without a socket: both sides back to back, cut anywhere, tampered with, said good-bye to."""

from __future__ import annotations

import hashlib
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightporter.core.error import TlsError
from nightporter.gateway.tls import WRITE_SIZE, ServerTls, TlsLayer, end_point, server_tls
from tests.lab.certificate import Authority

ALPN = ("postgresql",)


class Pair:
    """A client and a server of one connection."""

    def __init__(self, server: ServerTls, client: ssl.SSLContext, name: str = "localhost") -> None:
        self.client = TlsLayer(client, server_side=False, server_name=name)
        self.server = TlsLayer(server.context, server_side=True)

    def shake(self, size: int = 0) -> None:
        """The handshake, in pieces of `size` bytes; 0 for whole flights."""
        done = [self.client.handshake(b""), False]
        for _ in range(10):
            for index, (one, other) in enumerate([(self.client, self.server), (self.server, self.client)]):
                data = one.outgoing()
                step = size or len(data) or 1
                for at in range(0, len(data), step):
                    if done[1 - index]:
                        assert other.open(data[at : at + step]) == b"", "session tickets"
                    else:
                        done[1 - index] = other.handshake(data[at : at + step])
            if all(done):
                return
        raise AssertionError("the handshake does not end")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.at(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> ServerTls:
    files = authority.issue("localhost", tmp_path_factory.mktemp("server"))
    return server_tls(files.chain, files.key, authority.certificate, ALPN, required=True)


@pytest.fixture(scope="module")
def client(authority: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.set_alpn_protocols(list(ALPN))
    return context


@pytest.fixture
def pair(server: ServerTls, client: ssl.SSLContext) -> Pair:
    made = Pair(server, client)
    made.shake()
    return made


@pytest.mark.parametrize("size", [0, 1, 7, 100])
def test_the_handshake_may_be_cut_anywhere(server: ServerTls, client: ssl.SSLContext, size: int) -> None:
    pair = Pair(server, client)
    pair.shake(size)
    ours = pair.server.secured(server.certificate)
    assert ours.alpn == "postgresql"
    assert ours.peer_certificate is None
    assert ours.channel_binding == pair.client.secured().channel_binding, "both sides bind to the server's certificate"
    assert ours.channel_binding == hashlib.sha256(server.certificate).digest()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=40_000), max_size=4), st.integers(1, 20_000))
def test_what_one_side_seals_the_other_opens_however_it_is_cut(
    server: ServerTls, client: ssl.SSLContext, parts: list[bytes], size: int
) -> None:
    pair = Pair(server, client)
    pair.shake()
    for one, other in [(pair.client, pair.server), (pair.server, pair.client)]:
        for part in parts:
            one.seal(part)
        sealed = one.outgoing()
        assert b"".join(other.open(sealed[at : at + size]) for at in range(0, len(sealed), size)) == b"".join(parts)
        assert not other.ended


def test_long_data_is_sealed_in_records(pair: Pair) -> None:
    data = bytes(range(256)) * (WRITE_SIZE // 256) * 3
    pair.server.seal(data)
    assert pair.client.open(pair.server.outgoing()) == data


@pytest.mark.parametrize("at", [0, 5, 20, -1])
def test_tampering_is_noticed(pair: Pair, at: int) -> None:
    pair.client.seal(b"select 1")
    sealed = bytearray(pair.client.outgoing())
    sealed[at] ^= 1
    with pytest.raises(TlsError):
        pair.server.open(bytes(sealed))


def test_what_is_left_out_is_noticed(pair: Pair) -> None:
    pair.client.seal(b"one")
    pair.client.outgoing()
    pair.client.seal(b"two")
    with pytest.raises(TlsError):
        pair.server.open(pair.client.outgoing())


def test_good_bye_is_told_from_silence(pair: Pair) -> None:
    pair.client.seal(b"last")
    pair.client.close()
    assert pair.server.open(pair.client.outgoing()) == b"last"
    assert pair.server.ended


def test_closing_before_the_handshake_is_harmless(server: ServerTls) -> None:
    layer = TlsLayer(server.context, server_side=True)
    layer.close()
    layer.close()


def test_a_half_message_waits(pair: Pair) -> None:
    pair.client.seal(b"select 1")
    sealed = pair.client.outgoing()
    assert pair.server.open(sealed[:10]) == b""
    assert not pair.server.ended
    assert pair.server.open(sealed[10:]) == b"select 1"


@pytest.mark.parametrize("data", [b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 100, b"\0" * 50])
def test_what_is_no_handshake_is_a_tls_error(server: ServerTls, data: bytes) -> None:
    with pytest.raises(TlsError):
        TlsLayer(server.context, server_side=True).handshake(data)


def test_a_server_that_is_not_trusted_is_a_tls_error(server: ServerTls) -> None:
    with pytest.raises(TlsError, match="CERTIFICATE_VERIFY_FAILED"):
        Pair(server, ssl.create_default_context()).shake()


def test_a_server_with_another_name_is_a_tls_error(server: ServerTls, client: ssl.SSLContext) -> None:
    with pytest.raises(TlsError):
        Pair(server, client, "elsewhere").shake()


def test_a_client_may_prove_itself(server: ServerTls, authority: Authority, tmp_path: Path) -> None:
    files = authority.issue("alice", tmp_path)
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.load_cert_chain(files.chain, files.key)
    pair = Pair(server, context)
    pair.shake()
    shown = x509.load_pem_x509_certificate(files.chain.read_bytes()).public_bytes(Encoding.DER)
    assert pair.server.secured(server.certificate).peer_certificate == shown


def test_old_tls_is_refused(server: ServerTls) -> None:
    assert server.context.minimum_version >= ssl.TLSVersion.TLSv1_2


# RFC 5929, 4.1: the hash of the certificate's signature, but never MD5 or SHA-1; not defined where there is no single hash


def signed(algorithm: hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1()) if algorithm else ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
    )
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


@pytest.mark.parametrize("algorithm", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_the_binding_is_the_hash_that_signed(algorithm: hashes.SHA256 | hashes.SHA384 | hashes.SHA512) -> None:
    certificate = signed(algorithm)
    assert end_point(certificate) == hashlib.new(algorithm.name, certificate).digest()


@pytest.mark.parametrize("weak", ["md5", "sha1"])
def test_weak_hashes_become_sha256(weak: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Weak:
        signature_hash_algorithm = type("Algorithm", (), {"name": weak})()

    monkeypatch.setattr(x509, "load_der_x509_certificate", lambda _: Weak())
    assert end_point(b"a certificate") == hashlib.sha256(b"a certificate").digest()


def test_without_a_hash_there_is_no_binding() -> None:
    assert end_point(signed(None)) is None
