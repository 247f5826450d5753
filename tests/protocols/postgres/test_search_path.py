"""The value of search_path, as the server takes it apart."""

from __future__ import annotations

import pytest

from nightporter.protocols.postgres.search_path import quoted, split


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("", ()),
        ("  ", ()),
        ('""', ("",)),
        ('"$user", public', ("$user", "public")),
        ("$user,public", ("$user", "public")),
        ("Public , B", ("public", "b")),
        ('"Public","a ""b"""', ("Public", 'a "b"')),
        ('"a, b"', ("a, b",)),
        ("é", ("é",)),
        ("É", ("É",)),
        ("a" * 70, ("a" * 63,)),
        ("a,", None),
        ("a b", None),
        ('"a', None),
        (",", None),
        ('a"b"', None),
    ],
)
def test_a_value_is_taken_apart(value: str, names: tuple[str, ...] | None) -> None:
    assert split(value) == names


@pytest.mark.parametrize("name", ["a", "A", "a b", 'a"b', "", "$user", "é", "select", "a, b"])
def test_what_is_quoted_comes_back(name: str) -> None:
    assert split(quoted(name)) == (name,)
    assert split(f"{quoted(name)}, x") == (name, "x")
