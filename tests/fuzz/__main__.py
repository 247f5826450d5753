"""`python -m tests.fuzz --seconds N [--seed S]`: the properties, on new inputs each round, until the time is over.

The same seed gives the same inputs. A find is made small, printed with its seed, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
import traceback
from collections import Counter
from random import Random, SystemRandom

from hypothesis import HealthCheck, Phase, given, seed, settings

from .duel import duel
from .properties import PROPERTIES, Property

EXAMPLES = 40
"""Of one property in one round: about half a second's work."""


class Find(Exception):
    """A property does not hold for `value`."""

    def __init__(self, value: object, error: Exception) -> None:
        super().__init__(str(error))
        self.value = value


def try_one(wanted: Property, number: int) -> None:
    """One round of one property. Raises Find, with the smallest input that was found."""
    tried: list[object] = []

    @seed(number)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(wanted.inputs)
    def hold(value: object) -> None:
        tried[:] = [value]
        wanted.check(value)

    try:
        hold()
    except Exception as error:
        raise Find(tried[0] if tried else None, error) from error


def fuzz(seconds: float, base: int) -> int:
    """Run until the time is over; the exit status."""
    end = time.monotonic() + seconds
    rounds: Counter[str] = Counter()
    number = base
    while True:
        for wanted in PROPERTIES:
            if time.monotonic() >= end:
                for name, count in rounds.items():
                    print(f"{name}: {count * EXAMPLES} inputs")
                print(f"nothing found (seed {base}, {seconds:g} s)")
                return 0
            try:
                try_one(wanted, number)
            except Find as find:
                traceback.print_exc()
                print(
                    f"\n{wanted.name} does not hold; --seed {number} finds it again, for the input:\n{shown(find.value)}",
                    file=sys.stderr,
                )
                return 1
            rounds[wanted.name] += 1
        number += 1


def shown(value: object) -> str:
    """A value for a bug report: bytes in hex."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(shown, value)) + ")"
    if hasattr(value, "turns"):
        return shown(value.turns)
    return repr(value)


def digest(count: int) -> str:
    """Of everything that is said in so many duels: the same for the compiled and for the plain code."""
    said = hashlib.sha256()
    for number in range(count):
        said.update(duel(Random(number)))
    return said.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None, help="default: another one each time")
    parser.add_argument("--digest", type=int, default=None, metavar="COUNT", help="print a digest of COUNT duels instead")
    options = parser.parse_args()
    if options.digest is not None:
        print(digest(options.digest))
        return 0
    return fuzz(options.seconds, options.seed if options.seed is not None else SystemRandom().randrange(2**32))


if __name__ == "__main__":
    sys.exit(main())
