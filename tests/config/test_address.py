"""Addresses of listeners and upstreams."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.config.address import Address, parse_listener, parse_upstream


@pytest.mark.parametrize(
    ("text", "address", "local"),
    [
        ("127.0.0.1:6432", Address("127.0.0.1", 6432), True),
        ("localhost:1", Address("localhost", 1), True),
        ("[::1]:6432", Address("::1", 6432), True),
        ("[2001:db8::1]:6432", Address("2001:db8::1", 6432), False),
        ("0.0.0.0:0", Address("0.0.0.0", 0), False),
        ("db.internal:65535", Address("db.internal", 65535), False),
        ("/run/np/.s.PGSQL.6432", Address("/run/np/.s.PGSQL.6432"), True),
    ],
)
def test_listener(text: str, address: Address, local: bool) -> None:
    assert parse_listener(text) == address
    assert address.local is local
    assert str(address) == text


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("db.internal", Address("db.internal")),
        ("db_1.internal.:5432", Address("db_1.internal.", 5432)),
        ("[::1]", Address("::1")),
        ("/var/run/postgresql", Address("/var/run/postgresql")),
        ("/var/run/postgresql:5433", Address("/var/run/postgresql", 5433)),
    ],
)
def test_upstream(text: str, address: Address) -> None:
    assert parse_upstream(text) == address
    assert str(address) == text


BAD = ["", ":", ":6432", "host:", "host:x", "host:65536", "host:123456", "host:-1", "::1", "::1:5432", "[::1", "[::1]6432", "[x]:1"]
BAD += ["[::1]:", "ho st:1", "host:1:2", "user@host:1", "-h:1", "host:\u0661"]


@pytest.mark.parametrize("text", [*BAD, "host", "[::1]"])
def test_listener_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"`.*`"):
        parse_listener(text)


@pytest.mark.parametrize("text", [*BAD, "host:0", "/run:0"])
def test_upstream_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"`.*`"):
        parse_upstream(text)


@given(st.text(max_size=30))
def test_any_text_is_an_address_that_reads_the_same_again_or_is_refused(text: str) -> None:
    try:
        address = parse_upstream(text)
    except ValueError:
        return
    assert parse_upstream(str(address)) == address
