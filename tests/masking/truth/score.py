"""How well labels were found: by column, against a truth that was written down before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple


class Column(NamedTuple):
    """A column and what it holds."""

    table: str
    name: str
    family: str
    label: str
    """Empty: none."""
    neighbors: tuple[str, ...]

    @property
    def place(self) -> str:
        return f"{self.table}.{self.name}"


class Score(NamedTuple):
    """Of one schema."""

    recall: float
    precision: float
    missed: list[str]
    wrong: list[str]


def named_columns(line: str, families: Mapping[str, str]) -> list[Column]:
    """Of a line such as `people: id/i name/t=name`."""
    table, _, rest = line.partition(":")
    words = [word.partition("=") for word in rest.split()]
    names = tuple(word.partition("/")[0] for word, _, _ in words)
    return [
        Column(table, name, families[word.partition("/")[2]], full(label), names)
        for name, (word, _, label) in zip(names, words, strict=True)
    ]


def full(label: str) -> str:
    return label if not label or label.startswith(("pii.", "secret.")) else f"pii.{label}"


def agree(found: str, right: str) -> bool:
    """Whether one is the other, or in it: `pii.address.city` is a `pii.address`."""
    return found == right or found.startswith(right + ".") or right.startswith(found + ".")


def score(columns: Iterable[tuple[str, str, Sequence[str]]]) -> Score:
    """Of columns, as place, right label (empty: none), labels that were found."""
    right = wrong = hit = 0
    missed: list[str] = []
    bad: list[str] = []
    for place, truth, labels in columns:
        right += bool(truth)
        if truth and any(agree(label, truth) for label in labels):
            hit += 1
        elif truth:
            missed.append(f"{place}: {truth}, not {' '.join(labels) or 'none'}")
        if labels and not any(agree(label, truth) for label in labels if truth):
            wrong += 1
            bad.append(f"{place}: {truth or 'none'}, not {' '.join(labels)}")
    found = hit + wrong
    return Score(hit / right if right else 1.0, hit / found if found else 1.0, missed, bad)
