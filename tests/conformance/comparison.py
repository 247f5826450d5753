"""Two runs of one suite compared by test id, against the list of differences that are expected. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAX_EXPECTED = 9
"""Fewer than ten: a longer list says that we are not transparent."""
MISSING = "missing"
"""The outcome of a test that is only in the other run."""


class ListError(Exception):
    """The list of expected differences is not as it should be; the message names file and line."""


@dataclass(frozen=True)
class Ending:
    """How one test ended, and why if not well."""

    outcome: str
    why: str = ""


@dataclass(frozen=True)
class Difference:
    """One test that does not end through us as it does straight."""

    id: str
    straight: Ending
    through: Ending

    def __str__(self) -> str:
        return f"{self.id}: straight {self.straight.outcome}, through {self.through.outcome}"

    @property
    def why(self) -> str:
        """What the run that went worse said."""
        return self.through.why or self.straight.why


@dataclass(frozen=True)
class Comparison:
    """What two runs tell."""

    unexpected: tuple[Difference, ...]
    expected: tuple[Difference, ...]
    outdated: tuple[str, ...]
    """Listed tests that were run and do not differ."""

    @property
    def passes(self) -> bool:
        """Nothing differs but what is listed, and all that is listed differs."""
        return not self.unexpected and not self.outdated


def differences(straight: Mapping[str, Ending], through: Mapping[str, Ending]) -> list[Difference]:
    """The tests of either run that ended differently, in order."""
    absent = Ending(MISSING)
    pairs = (Difference(i, straight.get(i, absent), through.get(i, absent)) for i in [*straight, *(through.keys() - straight)])
    return [pair for pair in pairs if pair.straight.outcome != pair.through.outcome]


def compare(straight: Mapping[str, Ending], through: Mapping[str, Ending], expected: Mapping[str, str]) -> Comparison:
    """Hold two runs against each other; `expected` are the listed ids with their reasons."""
    found = differences(straight, through)
    ids = {difference.id for difference in found}
    return Comparison(
        unexpected=tuple(each for each in found if each.id not in expected),
        expected=tuple(each for each in found if each.id in expected),
        outdated=tuple(i for i in expected if i in straight and i not in ids),
    )


def parse_list(text: str, name: str) -> dict[str, str]:
    """Read a list of differences: `test id  # reason` a line; a line that begins with `#` is for people. Raises ListError."""
    expected: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        test, _, reason = line.partition("  # ")
        if not reason.strip():
            raise ListError(f"{name}:{number}: no reason given for `{line.strip()}`; write `test id  # reason`")
        if test.strip() in expected:
            raise ListError(f"{name}:{number}: `{test.strip()}` is listed twice")
        expected[test.strip()] = reason.strip()
    if len(expected) > MAX_EXPECTED:
        raise ListError(f"{name}: `{len(expected)}` differences are listed, more than {MAX_EXPECTED}")
    return expected
