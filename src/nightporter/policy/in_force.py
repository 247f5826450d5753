"""The policies in force in a process: one set of them at a time, replaced whole. Pure: the clock is an argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .answer import Answers
from .model import Value
from .ruleset import Ruleset

CLOCK = ("date", "hour", "minute", "weekday")
"""Facts of the moment, in the time zone of the configuration. None is finer than a minute."""
SHIFTING = (*CLOCK, "in_transaction", "purpose", "role")
"""Facts that may be others for the next statement of the same session."""


class InForce:
    """What sessions hold on to: `answers` is always those of the set in force."""

    __slots__ = ("answers", "clock", "counts", "shifting")

    def __init__(self, ruleset: Ruleset, clock: Callable[[], Mapping[str, Value]]) -> None:
        """`clock` gives the facts of CLOCK, as they are now."""
        self.clock = clock
        self.replace(ruleset)

    def replace(self, ruleset: Ruleset) -> None:
        """Another set: from now on nothing that the former one said counts."""
        self.answers = Answers(ruleset)
        every = [policy.obligations for policy in ruleset.policies.values()]
        self.counts = any(each.concurrent is not None or each.per_minute is not None for each in every)
        """Some of them limit what a principal does at once or within a minute: its statements are to be counted."""
        sees = ruleset.sees.facts
        # an obligation to have said a purpose looks at it too
        asks = any(each.purpose for each in every)
        self.shifting = tuple(name for name in SHIFTING if name in sees or (asks and name == "purpose"))
