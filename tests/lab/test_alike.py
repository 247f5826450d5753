"""The first difference is found, wherever it is."""

from __future__ import annotations

import pytest

from .alike import AROUND, difference


@pytest.mark.parametrize("same", [b"", b"a", b"x" * 1_000_000])
def test_what_is_alike_has_no_difference(same: bytes) -> None:
    assert difference(same, bytes(same)) is None


@pytest.mark.parametrize(
    ("found", "wanted", "told"),
    [
        (b"abc", b"abd", (2, b"abc", b"abd")),
        (b"ab", b"abc", (2, b"ab", b"abc")),
        (b"", b"a", (0, b"", b"a")),
        (b"x" * 1000 + b"1", b"x" * 1000 + b"2", (1000, b"x" * AROUND + b"1", b"x" * AROUND + b"2")),
    ],
)
def test_it_tells_where(found: bytes, wanted: bytes, told: tuple[int, bytes, bytes]) -> None:
    assert difference(found, wanted) == told
