"""What is kept of a password is what PostgreSQL would keep."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode

import psycopg
import pytest
from psycopg import sql

from nightporter.core.error import NightporterError
from nightporter.identity.scram import ITERATIONS, SALT_BYTES, is_verifier, make_verifier, mock_verifier
from nightporter.secret import Secret

SALT = bytes(range(SALT_BYTES))


def parts(verifier: str) -> tuple[bytes, bytes, bytes]:
    """Salt, StoredKey and ServerKey."""
    _, salt, keys = verifier.split("$")
    stored, server = keys.split(":")
    return b64decode(salt.split(":")[1]), b64decode(stored), b64decode(server)


def test_the_exchange_of_rfc_7677_agrees_with_our_verifier() -> None:
    salt = b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    kept_salt, stored_key, server_key = parts(make_verifier(Secret("pencil"), salt))
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    message = f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={nonce}".encode()
    proof = b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    signature = hmac.digest(stored_key, message, "sha256")
    client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    assert kept_salt == salt
    assert hashlib.sha256(client_key).digest() == stored_key
    assert hmac.digest(server_key, message, "sha256") == b64decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")


PASSWORDS = [
    "pencil",
    " ",
    "p\tw",
    "pass\u00a0word",
    "p\u200bw",
    "I\u00adX",
    "\u2168",
    "\u00ad",
    "\u0627\u0031",
    "\U0001f130",
    "\U0001f600",
]


def test_postgresql_keeps_the_same(database18: str) -> None:
    with psycopg.connect(database18) as connection:
        for password in PASSWORDS:
            connection.execute(sql.SQL("CREATE ROLE scram_test PASSWORD {}").format(sql.Literal(password)))
            row = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'scram_test'").fetchone()
            assert row is not None
            assert make_verifier(Secret(password), parts(row[0])[0]) == row[0], ascii(password)
            assert is_verifier(row[0])
            connection.execute("DROP ROLE scram_test")
        connection.rollback()


@pytest.mark.parametrize(
    ("password", "message"),
    [("", "password is empty"), ("pass\0word", "contains a zero byte"), ("pass\ud800word", "not valid UTF-8")],
)
def test_passwords_that_no_client_can_send(password: str, message: str) -> None:
    with pytest.raises(NightporterError, match=message) as caught:
        make_verifier(Secret(password), SALT)
    assert "pass\0" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_salt_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="salt is 8 bytes"):
        make_verifier(Secret("pencil"), bytes(8))


def test_a_mock_is_like_a_real_one_and_always_the_same() -> None:
    mock = mock_verifier(b"secret", "nobody")
    assert is_verifier(mock)
    assert len(mock) == len(make_verifier(Secret("pencil"), SALT))
    assert mock == mock_verifier(b"secret", "nobody")
    assert parts(mock)[0] != parts(mock_verifier(b"secret", "somebody"))[0]
    assert parts(mock)[0] != parts(mock_verifier(b"other", "nobody"))[0]
    assert len(set(parts(mock))) == 3
    assert is_verifier(mock_verifier(b"secret", "\ud800\0"))


GOOD = make_verifier(Secret("pencil"), SALT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pencil",
        GOOD + "\n",
        GOOD.replace(f"${ITERATIONS}:", "$8192:"),
        GOOD.replace("SCRAM-SHA-256", "SCRAM-SHA-1"),
        GOOD.replace(":AAEC", ":AAECAAEC"),
        GOOD[:-4],
        GOOD.replace(":AAEC", ":A=EC"),
        "md5" + "0" * 32,
    ],
)
def test_what_is_no_verifier(text: str) -> None:
    assert is_verifier(GOOD)
    assert not is_verifier(text)
