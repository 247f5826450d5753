"""The names that a client certificate speaks for: those in it, and no others."""

from __future__ import annotations

import ipaddress

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from nightporter.identity.certificate import names, speaks_for

from .certificates import certificate

SPIFFE = "spiffe://example.org/billing"


def test_all_kinds_of_names() -> None:
    der = certificate(
        ["bob"],
        [
            x509.DNSName("bob.example.org"),
            x509.RFC822Name("bob@example.org"),
            x509.UniformResourceIdentifier(SPIFFE),
            x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
        ],
    )
    assert names(der) == {"bob", "bob.example.org", "bob@example.org", SPIFFE}
    assert speaks_for(der, SPIFFE)


@pytest.mark.parametrize("name", ["", "Bob", "bo", "bobb", "*", "a.example.org", "192.0.2.1"])
def test_names_are_taken_literally(name: str) -> None:
    assert not speaks_for(certificate(["bob"], [x509.DNSName("*.example.org")]), name)


def test_two_common_names_are_none() -> None:
    assert names(certificate(["bob", "eve"])) == frozenset()
    assert names(certificate(["bob", "eve"], [x509.DNSName("bob")])) == {"bob"}


def test_a_zero_byte_ends_no_name() -> None:
    assert not speaks_for(certificate(["bob\0.evil.example"]), "bob")


def test_a_certificate_without_names() -> None:
    assert names(certificate()) == frozenset()


WHOLE = certificate(["bob"], [x509.DNSName("bob.example.org")])


@given(st.binary() | st.integers(0, len(WHOLE) - 1).map(lambda end: WHOLE[:end]))
def test_what_is_no_certificate_speaks_for_nobody(der: bytes) -> None:
    assert names(der) == frozenset()


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_spoiled_certificate_raises_nothing(at: int, byte: int) -> None:
    spoiled = WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :]
    assert all(isinstance(name, str) for name in names(spoiled))
