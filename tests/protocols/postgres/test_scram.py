"""The client's side of SCRAM against the example of RFC 7677, section 3. Both sides together: test_prove and test_enter."""

from __future__ import annotations

import base64

import pytest

from nightporter.core.error import ProtocolError
from nightporter.protocols.postgres.scram import MECHANISM, Client

SERVER_NONCE = b"rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
SERVER_FIRST = b"r=" + SERVER_NONCE + b",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"


def example() -> Client:
    client = Client("pencil", (MECHANISM,), None, base64.b64decode("rOprNGfwEbeRWgbNEkqO"))
    assert client.first() == b"n,,n=,r=rOprNGfwEbeRWgbNEkqO"
    client._bare = b"n=user,r=rOprNGfwEbeRWgbNEkqO"  # the example names its user here; with PostgreSQL nobody does
    return client


def test_the_example() -> None:
    client = example()
    assert client.final(SERVER_FIRST) == b"c=biws,r=" + SERVER_NONCE + b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    client.check(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")


@pytest.mark.parametrize("last", [b"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", b"e=x", b"v=", b"x"])
def test_a_server_that_does_not_know_the_password(last: bytes) -> None:
    client = example()
    client.final(SERVER_FIRST)
    with pytest.raises(ProtocolError):
        client.check(last)


def test_nothing_is_checked_before_its_time() -> None:
    with pytest.raises(ProtocolError):
        example().check(b"v=")
