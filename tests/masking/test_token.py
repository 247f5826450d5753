"""Tokens: the same for the same value, of the same form, and recognized."""

from __future__ import annotations

import random
import re
import string
import uuid as uuids

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.masking import token as tokens
from nightporter.masking.maskers import MASKED
from nightporter.masking.token import is_token, luhn, token, whole

KEY, OTHER = b"k" * 32, b"o" * 32


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("Ada Lovelace", r"[A-Z][a-z]{2} [A-Z][a-z]{14,}"),
        ("Ada", r"[A-Z][a-z]{17,}"),
        ("ALLCAPS", r"[A-Z]{18,}"),
        ("AB-12", r"[A-Z]{2}-\d{2}[A-Z]{10,}"),
        ("123-45-6789", r"\d{3}-\d{2}-\d{4}"),
        ("4111 1111 1111 1111", r"\d{4} \d{4} \d{4} \d{4}"),
        ("+46 70 123 45 67", r"\+\d\d \d\d \d{3} \d\d \d\d"),
        ("ada@example.com", r"[a-z2-7]{20}@masked\.invalid"),
        ("9b2f0000-0000-4000-8000-000000000000", r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
        ("9B2F0000-0000-4000-8000-000000000000", r"[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}"),
        ("\u00c5sa \u00d6berg", r"[A-Z][a-z]{2} [A-Z][a-z]{4,}"),
        ("\u5f20\u4f1f", r"[a-z]{18,}"),
        ("", r"[a-z]{20}"),
        ("x" * 500, r"[a-z]{20}"),
    ],
)
def test_the_form_is_kept(value: str, form: str) -> None:
    made = token(KEY, value)
    assert re.fullmatch(form, made), made
    assert token(KEY, value) == made
    assert token(OTHER, value) != made
    assert token(KEY, value + "x") != made


def test_a_uuid_token_is_a_uuid_of_version_8() -> None:
    made = uuids.UUID(token(KEY, str(uuids.UUID(int=7))))
    assert (made.version, made.variant) == (8, uuids.RFC_4122)
    assert made.bytes == tokens.uuid(KEY, uuids.UUID(int=7).bytes)


def test_no_token_of_a_card_could_be_a_card() -> None:
    for n in range(3000):
        made = token(KEY, f"4111 1111 11{n // 100:02d} {n % 100:02d}11")
        assert not luhn(made.encode())
        assert is_token(KEY, made)


@given(st.text(min_size=1, max_size=80))
def test_tokens_are_recognized(value: str) -> None:
    made = token(KEY, value)
    letters = any(each.isalpha() for each in made)
    if letters:
        assert is_token(KEY, made)
        assert not is_token(OTHER, made)


@given(st.text(max_size=80), st.integers(1, 40))
def test_tokens_fit(value: str, limit: int) -> None:
    made = token(KEY, value, limit)
    assert len(made) <= limit
    assert made.isascii()
    assert made.isprintable()


def _ordinary(source: random.Random) -> str:
    size = source.randint(12, 40)
    alphabet = source.choice([string.ascii_lowercase + " ", string.ascii_letters + string.digits, string.hexdigits, string.digits])
    return "".join(source.choice(alphabet) for _ in range(size))


def test_nothing_else_is_taken_for_a_token() -> None:
    source = random.Random(7)
    assert sum(is_token(KEY, _ordinary(source)) for _ in range(100_000)) <= 1
    for value in (
        "",
        "Ada",
        MASKED,
        "2024-01-01 00:00:00",
        str(uuids.UUID(int=1 << 79)),
        "ada@masked.invalid",
        "*" * 30,
        "\u00e5" * 20,
    ):
        assert not is_token(KEY, value)


def test_values_do_not_share_tokens() -> None:
    names = {token(KEY, f"Name {n}") for n in range(100_000)}
    assert len(names) == 100_000
    cards = {token(KEY, f"4111-1111-{n // 10_000:04d}-{n % 10_000:04d}") for n in range(20_000)}
    assert len(cards) >= 19_998


def test_whole_numbers_are_permuted_within_their_size() -> None:
    assert sorted(whole(KEY, n) for n in range(1 << 15)) == list(range(1 << 15))
    assert sorted(whole(KEY, -n - 1) for n in range(1 << 15)) == list(range(-(1 << 15), 0))
    assert [whole(KEY, n) for n in range(50)] != [whole(OTHER, n) for n in range(50)]


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_whole_numbers_stay_in_their_type(value: int) -> None:
    made = whole(KEY, value)
    for bits in (15, 31, 63):
        low, high = -(1 << bits), (1 << bits) - 1
        assert (low <= value <= high) == (low <= made <= high)
    assert (made < 0) == (value < 0)
    assert whole(KEY, value) == made


def test_a_number_that_no_type_holds() -> None:
    with pytest.raises(ValueError, match="8 bytes"):
        whole(KEY, 1 << 63)


def test_a_token_needs_a_key() -> None:
    with pytest.raises(ValueError, match="key"):
        token(b"", "Ada")
    assert not is_token(b"", "Kqxvbmwtzrejfyhdcpaon")


def test_siphash_is_siphash() -> None:
    """Against numbers that do not depend on how this is built: the same in plain Python and compiled."""
    assert tokens.sip(1, 2, 3, 4) == 9404671538889512525
    assert tokens.permuted(5, 32, 1, 2, 0) == 18410478470682266432
    assert len({tokens.sip(1, 2, n, 0) for n in range(1000)}) == 1000
    assert len({tokens.sip(1, 2, 0, n) for n in range(1000)}) == 1000
    bits = [bin(tokens.sip(1, 2, n, 0) ^ tokens.sip(1, 2, n ^ 1, 0)).count("1") for n in range(1000)]
    assert 31 < sum(bits) / len(bits) < 33
