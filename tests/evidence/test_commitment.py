from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.evidence.commitment import CommitmentKey, commit, commit_all, opens

KEY = bytes(range(32))


@given(st.binary(min_size=32, max_size=32), st.text(st.characters(codec="ascii")))
def test_the_salt_is_a_plain_hmac(key: bytes, number: str) -> None:
    assert CommitmentKey(key).salt(number) == hmac.digest(key, number.encode(), "sha256")[:16]


def test_a_commitment_is_what_the_documentation_says() -> None:
    assert commit(b"s" * 16, 258, b"v") == hashlib.sha256(b"s" * 16 + b"\x00\x00\x01\x02" + b"v").hexdigest()


@given(st.binary(), st.binary(), st.integers(0, 3))
def test_only_the_value_opens_its_commitment(value: bytes, guess: bytes, index: int) -> None:
    key = CommitmentKey(KEY)
    commitment = commit(key.salt("aaaaaaaa-1"), index, value)
    assert opens(key, "aaaaaaaa-1", index, guess, commitment) == (guess == value)
    assert not opens(key, "aaaaaaaa-1", index + 1, value, commitment)
    assert not opens(key, "aaaaaaaa-2", index, value, commitment)


def test_null_is_null_and_not_a_value() -> None:
    key = CommitmentKey(KEY)
    assert commit_all(key.salt("n"), (None, b"")) == (None, commit(key.salt("n"), 1, b""))
    assert opens(key, "n", 0, None, None)
    assert not opens(key, "n", 0, b"", None)
    assert not opens(key, "n", 1, None, commit(key.salt("n"), 1, b""))


def test_equal_values_do_not_look_equal() -> None:
    key = CommitmentKey(KEY)
    assert len({*commit_all(key.salt("n"), (b"x", b"x")), *commit_all(key.salt("m"), (b"x",))}) == 3


def test_a_key_has_its_length_and_is_not_shown() -> None:
    with pytest.raises(ValueError, match="32"):
        CommitmentKey(b"short")
    assert repr(CommitmentKey(KEY)) == "***"
