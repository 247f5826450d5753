"""What the tests of the ledger share: a clock and a source of ids that repeat, and a short log with all there is in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nightporter.evidence.ledger import SEGMENT_BYTES, Ledger
from nightporter.evidence.record import Decided, Doubted, EventKind, LeftOut, Ran, Touched, What, Who, encode
from nightporter.identity.principal import Kind
from nightporter.statement.model import Action, Effect, RowBound, Use

START_US = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
STEP_US = 250_001

WHO = encode(
    Who(
        session="bbbbbbbb-1",
        principal="ada@example.com",
        kind=Kind.AGENT,
        actor="helper",
        owner="grace",
        address="127.0.0.1:50000",
        environment="production",
        upstream="shop",
    )
)
READ = encode(
    What(
        sha256="a" * 64,
        decision=Decided.ALLOW,
        text="SELECT 'é', \"name\" FROM customers WHERE id = $1",
        grammar="18",
        kinds=("select",),
        fingerprints=("0123456789abcdef",),
        actions=(Action.READ,),
        policies=("everyone",),
    )
)
DENIED = encode(
    What(
        sha256="b" * 64,
        decision=Decided.DENY,
        rewritten="-",
        kinds=("unknown",),
        fingerprints=(None,),
        actions=(Action.DELETE, Action.READ, Action.UNKNOWN),
        relations=(
            Touched(Action.READ, "public", "contacts", "view", {Use.OUTPUT: ("email",)}, RowBound.NONE),
            Touched(
                Action.DELETE,
                "public",
                "orders",
                "table",
                {Use.PREDICATE: ("placed",)},
                RowBound.OTHER,
                ("function public.f()",),
                1,
            ),
        ),
        effects=(Ran("public.f()", (Effect.READS_DATA, Effect.WRITES_DATA), ("trigger t on public.c",), 1),),
        doubts=(Doubted("column `x` is not in the catalogue", ("view public.contacts",), 1),),
        left_out=LeftOut(relations=3, columns=2, effects=1, doubts=1),
        unknown="it does not parse",
        policies=("agents",),
        reason="agents run only what is understood",
    )
)


class Clock:
    """Moves on a little whenever it is read."""

    def __init__(self, now_us: int = START_US, step_us: int = STEP_US) -> None:
        self.now_us = now_us
        self.step_us = step_us

    def __call__(self) -> int:
        self.now_us += self.step_us
        return self.now_us


def dice(seed: str) -> Callable[[int], bytes]:
    """Bytes that look random and repeat."""
    drawn = 0

    def draw(count: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return hashlib.shake_128(f"{seed}/{drawn}".encode()).digest(count)

    return draw


def opened(
    path: Path,
    writer: str | None = None,
    *,
    seed: str = "a",
    clock: Callable[[], int] | None = None,
    segment_bytes: int = SEGMENT_BYTES,
) -> Ledger:
    return Ledger.open(path, writer=writer, random=dice(seed), now_us=clock or Clock(), segment_bytes=segment_bytes)


def statement(ledger: Ledger, value: bytes = b"7") -> str:
    """An intent and its outcome; gives the number of the intent."""
    number, _ = ledger.intent(WHO, READ, phase="submit", parameters=(value, None))
    ledger.outcome(WHO, intent=number, duration_us=42, tag="SELECT 1", rows=1, bytes=30, transaction=1)
    return number


def everything(ledger: Ledger) -> None:
    """One record of every shape."""
    ledger.event(EventKind.SESSION_STARTED, WHO, {"method": "token", "attempts": 1, "seconds": 0.5})
    opens = statement(ledger)
    number, _ = ledger.intent(WHO, READ, phase="fetch", refers_to=opens, streamed=True)
    ledger.outcome(
        WHO,
        intent=number,
        duration_us=1,
        statement=1,
        status="error",
        sqlstate="57014",
        transaction=2,
        transaction_end="rolled_back",
        sha256="c" * 64,
        streamed_bytes=5,
    )
    ledger.intent(WHO, DENIED, phase="prepare")
    ledger.event(EventKind.SESSION_ENDED, WHO, {})
    ledger.event(EventKind.CONFIGURATION, None, {"upstreams": "shop"})


def lines(path: Path, writer: str, ordinal: int = 1) -> list[bytes]:
    return segment(path, writer, ordinal).read_bytes().splitlines(keepends=True)


def segment(path: Path, writer: str, ordinal: int = 1) -> Path:
    return path / writer / f"{ordinal:08d}.jsonl"


def records(path: Path, writer: str, ordinal: int = 1) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(path, writer, ordinal)]
