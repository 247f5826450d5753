"""The words that open and end a session."""

from __future__ import annotations

import pytest

from nightporter.core.error import ProtocolError, Refusal
from nightporter.core.wire import Denial, Entered, Hello, WireSetup
from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.errors import (
    RefusedError,
    denial_response,
    refusal_response,
    secret_size,
    welcome,
)

SETUP = WireSetup("ada/agent", {}, 1024)
ENTERED = Entered(7, b"upstream's", {"application_name": "ada/agent psql", "TimeZone": "UTC"}, True)


def hello(version: tuple[int, int]) -> Hello:
    return Hello("ada", "shop", {}, version)


@pytest.mark.parametrize(("detail", "hint"), [(None, None), ("record w-1", None), ("record w-1", "Ask.")])
def test_refusals_are_fatal_and_denials_are_not(detail: str | None, hint: str | None) -> None:
    expected = {"C": "42501", "M": "no", **({"D": detail} if detail else {}), **({"H": hint} if hint else {})}
    for severity, data in (
        ("FATAL", refusal_response(Refusal("42501", "no", detail, hint))),
        ("ERROR", denial_response(Denial("42501", "no", detail, hint))),
    ):
        assert data[:1] == b"E"
        assert m.parse_error(data[5:]) == {"S": severity, "V": severity, **expected}


def test_a_refused_client_is_told_why() -> None:
    refusal = Refusal("28000", "no user")
    error = RefusedError(refusal)
    assert isinstance(error, ProtocolError)
    assert (error.refusal, str(error)) == (refusal, "no user")


def test_welcome() -> None:
    notice = m.notice_response({"M": "hello"})
    entered = Entered(7, b"upstream's", ENTERED.parameters, True, (notice,), b"rest")
    assert welcome(hello((3, 0)), entered, SETUP, b"ours") == b"".join(
        (
            m.authentication(m.OK),
            m.parameter_status("application_name", "psql"),
            m.parameter_status("TimeZone", "UTC"),
            m.backend_key_data(7, b"ours"),
            notice,
            m.ready_for_query(b"I"),
        )
    )


@pytest.mark.parametrize(
    ("upstream", "shown"),
    [
        ("ada/agent psql", "psql"),
        ("ada/agent", ""),
        ("ada/agent ada/agent x", "ada/agent x"),
        ("other", "other"),
        ("ada/agentx", "ada/agentx"),
    ],
)
def test_a_client_sees_its_own_application_name(upstream: str, shown: str) -> None:
    entered = Entered(7, b"1234", {"application_name": upstream}, True)
    assert m.parameter_status("application_name", shown) in welcome(hello((3, 0)), entered, SETUP, b"ours")


@pytest.mark.parametrize(("version", "size"), [((3, 0), 4), ((3, 2), 32)])
def test_cancel_secrets(version: tuple[int, int], size: int) -> None:
    assert secret_size(hello(version)) == size
    assert m.backend_key_data(7, bytes(size)) in welcome(hello(version), ENTERED, SETUP, bytes(size))
    with pytest.raises(ValueError, match=r"^cancel secret of `\d+` bytes$"):
        welcome(hello(version), ENTERED, SETUP, bytes(size + 1))


def test_the_upstreams_own_secret_is_not_shown_to_the_client() -> None:
    assert b"upstream's" not in welcome(hello((3, 2)), ENTERED, SETUP, bytes(32))
