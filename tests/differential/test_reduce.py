"""Texts made small."""

from __future__ import annotations

from .reduce import reduced


def test_what_matters_is_left() -> None:
    text = "select a, (select b from c where d = 'x') as e, f(g(1)) from h join i on (j = k) where l = 1 order by 1"
    small = reduced(text, lambda each: "g" in each and each.startswith("select"))
    assert small.replace(" ", "").startswith("select")
    assert "g" in small
    assert len(small) < 15


def test_tries_end() -> None:
    tried: list[str] = []

    def holds(text: str) -> bool:
        tried.append(text)
        return False

    assert reduced("select 1, 2, 3", holds, tries=5) == "select 1, 2, 3"
    assert len(tried) <= 5


def test_brackets_stay_in_pairs() -> None:
    seen: list[str] = []

    def holds(text: str) -> bool:
        seen.append(text)
        return False

    reduced("select (a, [b]), f(c)", holds, tries=200)
    assert all(each.count("(") == each.count(")") and each.count("[") == each.count("]") for each in seen)
