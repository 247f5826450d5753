"""Tokens: what is kept of them does not open anything, and only the whole of one does."""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.identity.token import (
    NO_ID,
    TOKEN_BYTES,
    Token,
    TokenAccepted,
    TokenCheck,
    TokenProblem,
    TokenRejected,
    identifier_of,
    is_identifier,
    mint,
    verify,
)
from nightporter.secret import Secret

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
IDENTIFIER, DIGEST, WHOLE = mint(bytes(range(TOKEN_BYTES)))
STORED = Token(IDENTIFIER, "billing", DIGEST, NOW - timedelta(days=1), NOW + timedelta(days=1), actor="claude-code")
OTHER = mint(bytes(TOKEN_BYTES))[2]
FORGED = Secret(f"npt_{IDENTIFIER}_{'a' * 40}")


def test_the_form() -> None:
    text = WHOLE.reveal()
    assert text == f"npt_{IDENTIFIER}_{text[21:]}"
    assert len(IDENTIFIER) == 16
    assert len(text) == 61
    assert identifier_of(WHOLE) == IDENTIFIER
    assert is_identifier(IDENTIFIER)
    assert not is_identifier(NO_ID)


def test_nothing_kept_shows_the_secret() -> None:
    assert WHOLE.reveal()[21:] not in repr(STORED)
    assert repr(DIGEST) not in repr(STORED)
    assert repr(WHOLE) == "***"


CASES = [
    (WHOLE, STORED, "billing", TokenAccepted(IDENTIFIER, "claude-code")),
    (WHOLE, replace(STORED, actor=None), "billing", TokenAccepted(IDENTIFIER, None)),
    (WHOLE, None, "billing", TokenRejected(TokenProblem.UNKNOWN)),
    (FORGED, STORED, "billing", TokenRejected(TokenProblem.UNKNOWN)),
    (OTHER, STORED, "billing", TokenRejected(TokenProblem.UNKNOWN)),
    (Secret("hunter2"), STORED, "billing", TokenRejected(TokenProblem.UNKNOWN)),
    (Secret("hunter2"), None, "billing", TokenRejected(TokenProblem.UNKNOWN)),
    (WHOLE, STORED, "bob", TokenRejected(TokenProblem.WRONG_PRINCIPAL)),
    (WHOLE, STORED, "", TokenRejected(TokenProblem.WRONG_PRINCIPAL)),
    (WHOLE, replace(STORED, revoked_at=NOW), "billing", TokenRejected(TokenProblem.REVOKED)),
    (WHOLE, replace(STORED, expires_at=NOW), "billing", TokenRejected(TokenProblem.EXPIRED)),
    (FORGED, replace(STORED, expires_at=NOW), "billing", TokenRejected(TokenProblem.UNKNOWN)),
]


@pytest.mark.parametrize(("presented", "stored", "principal", "expected"), CASES)
def test_verify(presented: Secret, stored: Token | None, principal: str, expected: TokenCheck) -> None:
    assert verify(presented, stored, principal, NOW) == expected


@pytest.mark.parametrize(("presented", "stored", "principal", "expected"), CASES)
def test_the_work_is_the_same(
    presented: Secret, stored: Token | None, principal: str, expected: TokenCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    real = hmac.compare_digest

    def compare(a: bytes, b: bytes) -> bool:
        compared.append(len(a))
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    verify(presented, stored, principal, NOW)
    assert compared == [32, len(principal)]


@given(st.text() | st.from_regex(r"npt_[a-z2-7]{16}_[a-z2-7]{40}", fullmatch=True))
def test_nothing_else_is_accepted(text: str) -> None:
    if text != WHOLE.reveal():
        assert isinstance(verify(Secret(text), STORED, "billing", NOW), TokenRejected)


@pytest.mark.parametrize("text", ["", "npt_", WHOLE.reveal() + "\n", WHOLE.reveal().upper(), WHOLE.reveal()[:-1], "npt__"])
def test_what_is_no_token_is_looked_up_all_the_same(text: str) -> None:
    assert identifier_of(Secret(text)) == NO_ID


def test_too_little_randomness_is_refused() -> None:
    with pytest.raises(ValueError, match="35 random bytes, not 20"):
        mint(bytes(20))
