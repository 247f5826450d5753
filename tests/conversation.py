"""Runs conversations (`Talk`) without a socket: against a script of chunks, or one against another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from nightporter.core.error import TlsError
from nightporter.core.talk import Receive, Secure, Secured, Send, Talk, Talking

R = TypeVar("R")
L = TypeVar("L")

Line: TypeAlias = bytes | Secured | TlsError
"""What one step is answered with: bytes for a Receive, the rest for a Secure. After the last line the peer is gone."""


@dataclass(slots=True)
class Played(Generic[R]):
    """How a conversation went."""

    result: R | None = None
    error: Exception | None = None
    steps: list[Talking] = field(default_factory=list)
    """All but the Receives."""

    @property
    def sent(self) -> bytes:
        """All that was sent."""
        return b"".join(step.data for step in self.steps if isinstance(step, Send))

    @property
    def value(self) -> R:
        """What the conversation returned; what it raised is raised here."""
        if self.error is not None:
            raise self.error
        assert self.result is not None
        return self.result


def play(talk: Talk[R], script: Sequence[Line]) -> Played[R]:
    """Run a conversation against a script. Fails the test where a step and its line do not fit."""
    played: Played[R] = Played()
    lines = iter(script)
    reply: Any = None
    try:
        while True:
            step = talk.throw(reply) if isinstance(reply, TlsError) else talk.send(reply)
            reply = None
            if isinstance(step, Receive):
                reply = next(lines, b"")
                assert isinstance(reply, bytes), f"waits for bytes, the script has {reply}"
                continue
            played.steps.append(step)
            if isinstance(step, Secure):
                reply = next(lines, None)
                assert isinstance(reply, Secured | TlsError), f"wants TLS, the script has {reply!r}"
    except StopIteration as done:
        played.result = done.value
    except AssertionError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
        played.error = error
    return played


def resplit(script: Sequence[Line]) -> Iterator[list[Line]]:
    """The script with each chunk cut in two at every point, one point at a time; and with every byte a chunk of its own."""
    for number, line in enumerate(script):
        if isinstance(line, bytes):
            for point in range(1, len(line)):
                yield [*script[:number], line[:point], line[point:], *script[number + 1 :]]
    bytewise: list[Line] = []
    for line in script:
        bytewise += [line[i : i + 1] for i in range(len(line))] if isinstance(line, bytes) else [line]
    yield bytewise


class _Side(Generic[R]):
    def __init__(self, talk: Talk[R], secured: Secured | None) -> None:
        self.talk = talk
        self.secured = secured
        self.inbox = b""
        self.waiting: Talking | None = None
        self.played: Played[R] = Played()
        self.done = False
        self.shaken = False  # the other has done the handshake with us, and goes on already

    def go_on(self, other: _Side[Any]) -> bool:
        """Run until it must wait; whether anything happened."""
        reply: Any = None
        if self.done:
            return False
        if isinstance(self.waiting, Receive):
            if not self.inbox and not other.done:
                return False
            reply, self.inbox = self.inbox, b""
        elif isinstance(self.waiting, Secure):
            if not self.shaken and not isinstance(other.waiting, Secure):
                return False
            if not self.shaken:
                assert not self.inbox + other.inbox, "bytes in front of the handshake"
                other.shaken = True
            self.shaken = False
            assert self.secured is not None, "TLS in a test that has none"
            reply = self.secured
        try:
            self.waiting = self.talk.send(reply)
        except StopIteration as stop:
            self.played.result = stop.value
            self.done = True
        except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
            self.played.error = error
            self.done = True
        else:
            if isinstance(self.waiting, Send):
                other.inbox += self.waiting.data
            if not isinstance(self.waiting, Receive):
                self.played.steps.append(self.waiting)
        return True


def converse(left: Talk[L], right: Talk[R], secured: Secured | None = None) -> tuple[Played[L], Played[R]]:
    """Run two conversations against each other. When one is through, the other finds the connection closed."""
    sides = _Side(left, secured), _Side(right, secured)
    while True:
        moved = sides[0].go_on(sides[1])
        moved = sides[1].go_on(sides[0]) or moved
        if sides[0].done and sides[1].done:
            return sides[0].played, sides[1].played
        assert moved, "both sides wait for each other"
