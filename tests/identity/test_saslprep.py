"""Passwords are prepared as RFC 4013 says."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.identity.saslprep import saslprep


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        # RFC 4013, section 3
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("\u0007", None),
        ("\u0627\u0031", None),
        # and beyond
        ("", None),
        ("\u00ad", None),
        ("p\u00a0w", "p w"),
        ("p\u200bw", "p w"),
        ("\u0627a\u0628", None),
        ("\u0627 \u0628", "\u0627 \u0628"),
        ("\U0001f130", None),
        ("\u0340", None),
        ("\uff21", "A"),
        ("\U0001f600", None),
        ("\ue000", None),
        ("\ud800", None),
    ],
)
def test_examples(text: str, prepared: str | None) -> None:
    assert saslprep(text) == prepared


@given(st.text())
def test_what_is_prepared_is_normal(text: str) -> None:
    prepared = saslprep(text)
    assert prepared is None or unicodedata.is_normalized("NFKC", prepared)
