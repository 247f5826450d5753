"""Certificates for tests: an authority of a day, and what it signs. ECDSA, since RSA keys take a second to make."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True, slots=True)
class Files:
    """One certificate on disk, in PEM."""

    chain: Path
    key: Path
    authority: Path


class Authority:
    """Signs for servers and clients alike. `certificate` is the file to trust."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, own: x509.Certificate, certificate: Path) -> None:
        self._key = key
        self._own = own
        self.certificate = certificate

    @classmethod
    def at(cls, folder: Path) -> Authority:
        """The authority kept in `folder`, made when there is none yet."""
        certificate, secret = folder / "authority.pem", folder / "authority.key"
        if certificate.exists():
            key = serialization.load_pem_private_key(secret.read_bytes(), None)
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            return cls(key, x509.load_pem_x509_certificate(certificate.read_bytes()), certificate)
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Nightporter test authority")
        own = (
            _builder(name, name, key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_signing(), critical=True)
            .sign(key, hashes.SHA256())
        )
        _write_key(secret, key)
        certificate.write_bytes(own.public_bytes(serialization.Encoding.PEM))
        return cls(key, own, certificate)

    def issue(self, name: str, folder: Path, *, days: int = 1) -> Files:
        """A certificate for `name`, which is also its common name, in `folder`. Negative days: it has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if name == "localhost":
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        certificate = (
            _builder(_name(name), self._own.subject, key, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
            )
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        files = Files(folder / f"{name}.pem", folder / f"{name}.key", self.certificate)
        files.chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        _write_key(files.key, key)
        return files


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int = 1) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _signing() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
