"""What is wrong with, or should be known of, what a configuration names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from nightporter.config import Config
from nightporter.config.inspect import problems, warnings

from .example import config, minimal

START = datetime(2025, 1, 1, tzinfo=UTC)


def pem(key: EllipticCurvePrivateKey, encryption: KeySerializationEncryption | None = None) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def certificate(key: EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "np")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, START, START + timedelta(days=99999))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    key = generate_private_key(SECP256R1())
    (tmp_path / "np.crt").write_bytes(certificate(key))
    (tmp_path / "np.key").write_bytes(pem(key))
    (tmp_path / "locked.key").write_bytes(pem(key, BestAvailableEncryption(b"hunter2")))
    (tmp_path / "other.key").write_bytes(pem(generate_private_key(SECP256R1())))
    (tmp_path / "empty").touch()
    return tmp_path


def loaded(folder: Path, listener: str = "", upstream: str = "") -> Config:
    return config(minimal(listener=listener, upstream=upstream), folder / "nightporter.yaml")


def test_what_is_in_order_gives_no_problem(folder: Path) -> None:
    assert problems(loaded(folder, "tls: {certificate: np.crt, key: np.key, client_ca: np.crt}", "ca: np.crt")) == []


@pytest.mark.parametrize(
    ("listener", "upstream", "key", "problem"),
    [
        (
            "tls: {certificate: no.crt, key: np.key}",
            "",
            "listeners[0].tls.certificate",
            "`{0}/no.crt` cannot be read: No such file or directory",
        ),
        (
            "tls: {certificate: np.crt, key: no.key}",
            "",
            "listeners[0].tls.key",
            "`{0}/no.key` cannot be read: No such file or directory",
        ),
        (
            "tls: {certificate: np.crt, key: other.key}",
            "",
            "listeners[0].tls.key",
            "certificate `{0}/np.crt` cannot be used with key `{0}/other.key`: key values mismatch",
        ),
        (
            "tls: {certificate: np.crt, key: locked.key}",
            "",
            "listeners[0].tls.key",
            "certificate `{0}/np.crt` cannot be used with key `{0}/locked.key`: it is encrypted with a passphrase",
        ),
        (
            "tls: {certificate: empty, key: np.key}",
            "",
            "listeners[0].tls.key",
            "certificate `{0}/empty` cannot be used with key `{0}/np.key`: it is not in PEM form",
        ),
        (
            "tls: {certificate: np.crt, key: np.key, client_ca: empty}",
            "",
            "listeners[0].tls.client_ca",
            "`{0}/empty` holds no certificate that can be used: no certificate or crl found",
        ),
        ("", "ca: no.crt", "upstreams.shop.ca", "`{0}/no.crt` cannot be read: No such file or directory"),
    ],
)
def test_certificates_that_cannot_be_used(folder: Path, listener: str, upstream: str, key: str, problem: str) -> None:
    (found,) = problems(loaded(folder, listener, upstream))
    place, said = found.split(": ", 1)
    assert said == f"{key}: {problem}".format(folder)
    assert place.split(":")[0] == ("3" if listener else "9")


@pytest.mark.parametrize("written", ["policies: none", "policies: {path: none}", "policies: np.crt"])
def test_a_folder_of_policies_that_is_not_there(folder: Path, written: str) -> None:
    path = folder / written.strip("}").rpartition(" ")[2]
    reason = "Not a directory" if path.exists() else "No such file or directory"
    column = written.rindex(" ") + 2
    expected = [f"9:{column}: policies.path: `{path}` cannot be read: {reason}"]
    assert problems(config(minimal(rest=written), folder / "nightporter.yaml")) == expected


def test_a_folder_of_policies_that_is_there(folder: Path) -> None:
    (folder / "policies").mkdir()
    assert problems(config(minimal(rest="policies: policies"), folder / "nightporter.yaml")) == []


def test_what_is_safe_gives_no_warning(folder: Path) -> None:
    assert warnings(loaded(folder)) == []


@pytest.mark.parametrize(
    ("tls", "warning"),
    [
        ("disable", "may send statements and results over the network in the clear"),
        ("prefer", "may send statements and results over the network in the clear"),
        ("require", "encrypts, but anybody on the way may pose as the database"),
        ("verify-ca", None),
        ("verify-full", None),
    ],
)
def test_upstreams_over_the_network(folder: Path, tls: str, warning: str | None) -> None:
    expected = [f"upstreams.shop.tls: `{tls}` {warning}"] if warning else []
    assert warnings(loaded(folder, upstream=f"tls: {tls}")) == expected


def test_entrances_on_the_network(folder: Path) -> None:
    def said(listener: str) -> list[str]:
        text = minimal(listener=listener).replace("127.0.0.1", "0.0.0.0")
        return warnings(config(text, folder / "nightporter.yaml"))

    clear = ["listeners[0]: clients on the network may connect without TLS, and read and write in the clear"]
    assert said("") == clear
    assert said("tls: {certificate: np.crt, key: np.key, required: false}") == clear
    assert said("tls: {certificate: np.crt, key: np.key}") == []


def test_passwords_and_durability(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NP_NOT_SET", raising=False)
    (folder / "open").write_text("hunter2")
    (folder / "open").chmod(0o644)
    text = minimal(listener='credentials: {shop: {user: x, password: "file:open"}}', rest="ledger: {durability: os}").replace(
        "app}", 'app, password: "env:NP_NOT_SET"}'
    )
    first, second, third = warnings(config(text, folder / "nightporter.yaml"))
    assert first.startswith("listeners[0].credentials.shop.password: password file")
    assert second == "upstreams.shop.credentials.password: environment variable `NP_NOT_SET` is not set"
    assert third.startswith("ledger.durability: ")
    assert "hunter2" not in first
