"""How good the labels are, held against what somebody knows: recall and precision, by column. Pure.

The truth is a text of lines `schema.table.column <TAB> label`, `-` for none; empty lines and those that begin with `#` are left
out. A label is right if it is the true one, or a kind of it, or what that is a kind of: who knows only that a column is part of an
address says `pii.address`, and the city is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from nightporter.masking.label import LABELS, above

Place: TypeAlias = tuple[str, str, str]
"""Schema, relation and column."""
NONE = "-"


class TruthError(ValueError):
    """A line that is none: its message says which, and why."""


@dataclass(frozen=True, slots=True)
class Score:
    """What was found, held against the truth."""

    columns: int
    """That the truth speaks of."""
    labelled: int
    """Of those: which have a label in truth."""
    right: int
    """Of those: which were found."""
    found: int
    """Which were given a label."""
    missed: tuple[tuple[Place, str, tuple[str, ...]], ...]
    """With the true label and what was found."""
    wrong: tuple[tuple[Place, str, tuple[str, ...]], ...]
    """The same of those that were given a label that is not right."""
    absent: tuple[Place, ...]
    """That the truth speaks of, and the database does not have."""

    @property
    def recall(self) -> float:
        """How much of what is there was found; 1 if there is nothing."""
        return self.right / self.labelled if self.labelled else 1.0

    @property
    def precision(self) -> float:
        """How much of what was found is there; 1 if nothing was."""
        return self.right / self.found if self.found else 1.0


def parse(text: str) -> dict[Place, str]:
    """The true label of each column; empty for none. Raises TruthError."""
    found: dict[Place, str] = {}
    for number, row in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not row.strip() or row.startswith("#"):
            continue
        name, tab, rest = row.partition("\t")
        label = rest.split("\t")[0].strip()
        place = tuple(name.strip().split("."))
        if not tab or len(place) != 3 or not label:
            raise TruthError(f"line {number}: is not `schema.table.column`, a tab, and a label or `-`")
        if label != NONE and label not in LABELS and not any(label in above(each) for each in LABELS):
            raise TruthError(f"line {number}: there is no label `{label}`")
        if place in found:
            raise TruthError(f"line {number}: `{name.strip()}` stands here a second time")
        found[place[0], place[1], place[2]] = "" if label == NONE else label
    return found


def is_right(found: Sequence[str], true: str) -> bool:
    """Whether one of the labels is the true one, a kind of it, or what it is a kind of."""
    return any(true in above(each) or each in above(true) for each in found)


def score(truth: Mapping[Place, str], found: Mapping[Place, tuple[str, ...]]) -> Score:
    """`found`: the labels of every column that there is."""
    present = {place: true for place, true in truth.items() if place in found}
    right = [place for place, true in present.items() if true and is_right(found[place], true)]
    missed = [(place, true, found[place]) for place, true in present.items() if true and not is_right(found[place], true)]
    given = [place for place in present if found[place]]
    wrong = [(place, present[place], found[place]) for place in given if place not in set(right)]
    return Score(
        len(present),
        sum(1 for true in present.values() if true),
        len(right),
        len(given),
        tuple(missed),
        tuple(wrong),
        tuple(place for place in truth if place not in found),
    )
