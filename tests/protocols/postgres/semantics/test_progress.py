"""What sets itself off: cycles are found out whole, from wherever they are entered, and in time in proportion."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import pytest

from nightporter.protocols.postgres.semantics.scope import MAX_STEPS, Progress, TooLargeError


@dataclass(frozen=True)
class Reached:
    """The numbers of all functions that one runs."""

    numbers: frozenset[int]

    def facts(self) -> object:
        return self.numbers


class Functions:
    """Functions by number, each with those that it calls."""

    def __init__(self, calls: dict[int, list[int]]) -> None:
        self.calls = calls
        self.progress = Progress()
        self.known: dict[object, Reached] = {}
        self.readings = 0

    def reach(self, number: int) -> Reached | None:
        found: Reached | None = self.progress.find(self.known, number, lambda: self._read(number))
        return found

    def _read(self, number: int) -> Reached:
        self.readings += 1
        numbers = {number}
        for each in self.calls[number]:
            inner = self.reach(each)
            numbers |= inner.numbers if inner is not None else set()
        return Reached(frozenset(numbers))

    def really(self, number: int) -> frozenset[int]:
        found, waiting = set(), [number]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting += self.calls[each]
        return frozenset(found)


@pytest.mark.parametrize("seed", range(300))
def test_all_that_is_reached(seed: int) -> None:
    random = Random(seed)
    count = random.randint(1, 12)
    calls = {n: [random.randrange(count) for _ in range(random.choice((0, 1, 1, 2, 4)))] for n in range(count)}
    functions = Functions(calls)
    for number in random.sample(range(count), count):
        functions.progress.begin()
        assert functions.reach(number) == Reached(functions.really(number))
    assert functions.known == {n: Reached(functions.really(n)) for n in range(count)}


def test_everything_calls_everything() -> None:
    """Every way through it would be 60 factorial."""
    functions = Functions({n: list(range(60)) for n in range(60)})
    assert functions.reach(0) == Reached(frozenset(range(60)))
    assert functions.readings <= 4 * 60


def test_without_a_cycle_each_is_read_once() -> None:
    functions = Functions({n: list(range(n)) for n in range(40)})
    functions.reach(39)
    assert functions.readings == 40


def test_what_goes_wrong_leaves_nothing_behind() -> None:
    functions = Functions({0: [1], 1: [2, 0], 2: [1]})

    def fails() -> Reached:
        functions.reach(1)
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        functions.progress.find(functions.known, 0, fails)
    for number in (2, 1, 0):
        assert functions.reach(number) == Reached(functions.really(number))


def test_steps_are_counted_and_have_an_end() -> None:
    progress = Progress()
    progress.step(MAX_STEPS)
    with pytest.raises(TooLargeError):
        progress.step()
    progress.begin()
    progress.step()
