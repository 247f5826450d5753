"""Plays a journey as a script: something happens (`>>`), and these commands come of it, in this order (`<<`).

    book >> FromClient(...) << Intend
    book >> Answer(ticket) << Sent(...)
    book.over()

Nothing of it is I/O; a command that nobody claims fails the test.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias

from nightporter.core.commands import Ask, Command, PassOn, Steps
from nightporter.core.journey import Journey
from nightporter.core.wire import Outcome, Traffic


@dataclass(frozen=True, slots=True)
class FromClient:
    """The client sent this."""

    data: bytes


@dataclass(frozen=True, slots=True)
class FromUpstream:
    """The upstream sent this."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked for last is answered, or fails."""

    reply: object = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class GoOn:
    """The upstream may have ended a stall."""


@dataclass(frozen=True, slots=True)
class Gone:
    """Both sides are gone."""


Event: TypeAlias = FromClient | FromUpstream | Answer | GoOn | Gone


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes to pass on."""

    up: bytes = b""
    down: bytes = b""


@dataclass(frozen=True, slots=True)
class Settled:
    """Statements ended so: their intents' numbers and their status."""

    outcomes: tuple[tuple[str, str], ...]


class Playbook:
    """One journey, from event to event."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        self.asked: Ask[Any] | None = None
        """What waits for an answer."""
        self.outcomes: list[Outcome] = []
        self._steps: Generator[Command, Any, None] | None = None
        self._unclaimed: deque[object] = deque()

    def __rshift__(self, event: Event) -> Playbook:
        assert not self._unclaimed, f"unclaimed: {list(self._unclaimed)}"
        match event:
            case FromClient(data):
                assert self._steps is None, "an answer is awaited"
                self._run(self.journey.from_client(data))
            case GoOn():
                assert self._steps is None, "an answer is awaited"
                self._run(self.journey.go_on())
            case FromUpstream(data):
                self._pass_on(self.journey.from_upstream(data))
            case Gone():
                self._settle(self.journey.end()[0])
            case Answer(reply, error):
                steps, self._steps, self.asked = self._steps, None, None
                assert steps is not None, "nothing was asked"
                self._run(steps, reply, error)
        return self

    def __lshift__(self, expected: object) -> Playbook:
        assert self._unclaimed, f"nothing more came; {expected} was expected"
        got = self._unclaimed.popleft()
        assert isinstance(got, expected) if isinstance(expected, type) else got == expected, f"{got} instead of {expected}"
        return self

    def over(self) -> None:
        """Nothing else has come of it."""
        assert not self._unclaimed, f"unclaimed: {list(self._unclaimed)}"

    def _run(self, steps: Steps[None], reply: object = None, error: Exception | None = None) -> None:
        try:
            command = steps.send(reply) if error is None else steps.throw(error)
            while True:
                if isinstance(command, Ask):
                    self.asked, self._steps = command, steps
                    self._unclaimed.append(command)
                    return
                if isinstance(command, PassOn):
                    self._pass_on(command.traffic)
                else:
                    self._unclaimed.append(command)
                command = next(steps)
        except StopIteration:
            return

    def _pass_on(self, traffic: Traffic) -> None:
        self._settle(traffic.outcomes)
        sent = Sent(b"".join(traffic.to_upstream), b"".join(traffic.to_client))
        if sent != Sent():
            self._unclaimed.append(sent)

    def _settle(self, outcomes: list[Outcome]) -> None:
        self.outcomes += outcomes
        if outcomes:
            self._unclaimed.append(Settled(tuple((o.ticket.number, o.status) for o in outcomes)))
