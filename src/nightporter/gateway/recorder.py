"""Writes what one session does into the worker's ledger. Between the journey's commands and the evidence package.

What never changes in a session (`who`) and in a judged text (`what`) is encoded once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import msgspec

from nightporter.core.commands import Intend, Judgement
from nightporter.core.wire import Outcome, Ticket
from nightporter.evidence.group_commit import GroupCommit
from nightporter.evidence.ledger import Ledger
from nightporter.evidence.record import Detail, EventKind
from nightporter.policy.model import Allow, Deny, Hold
from nightporter.statement.model import Reading

MAX_TEXT = 1024 * 1024
"""Longest text that a record carries whole (characters); of a longer one it has the beginning, and always the hash."""


@dataclass(slots=True)
class Book:
    """What all sessions of a worker write into."""

    ledger: Ledger
    commit: GroupCommit
    text: bool
    """Records carry statement texts; otherwise only their hashes."""
    durable: bool
    """Changes are on disk before they take effect."""


class Recorder:
    """One session's pen."""

    __slots__ = ("_book", "_who")

    def __init__(self, book: Book, who: dict[str, object]) -> None:
        self._book = book
        self._who = msgspec.Raw(msgspec.json.encode(who))

    def event(self, kind: EventKind, detail: Detail) -> str:
        """Something that happened to the session. Raises EvidenceError."""
        return self._book.ledger.event(kind, self._who, detail)

    def intent(self, command: Intend) -> Ticket:
        """Record an intent; it is with the operating system when this returns. Raises EvidenceError."""
        judgement, request = command.judgement, command.request
        what = judgement.encoded
        if what is None:
            judgement.encoded = what = msgspec.Raw(msgspec.json.encode(self._describe(judgement)))
        assert isinstance(what, msgspec.Raw)  # noqa: S101 - nobody else writes it
        number, salt = self._book.ledger.intent(
            self._who,
            what,
            phase=request.phase,
            parameters=request.parameters,
            refers_to=request.refers_to,
            streamed=request.streamed,
        )
        return Ticket(number, time.monotonic_ns(), salt)

    def must_wait(self, command: Intend) -> bool:
        """Whether the intent must be on disk before the statement goes upstream."""
        return (
            self._book.durable
            and command.request.reading.changes
            and not isinstance(command.judgement.decision, Deny)
        )

    async def on_disk(self) -> None:
        """Wait for the disk. Raises EvidenceError."""
        await self._book.commit.wait()

    def outcome(self, outcome: Outcome) -> None:
        """Record an outcome; written with the next intent, or soon."""
        ticket = outcome.ticket
        self._book.ledger.outcome(
            self._who,
            intent=ticket.number,
            statement=outcome.statement,
            status=outcome.status,
            tag=outcome.tag,
            rows=outcome.rows,
            bytes=outcome.bytes,
            duration_us=(time.monotonic_ns() - ticket.at_ns) // 1000,
            sqlstate=outcome.sqlstate,
            transaction=outcome.transaction,
            transaction_end=outcome.transaction_end,
            sha256=outcome.sha256,
            streamed_bytes=outcome.streamed_bytes,
        )

    def _describe(self, judgement: Judgement) -> dict[str, object]:
        reading, decision = judgement.reading, judgement.decision
        what = _read(reading)
        if self._book.text:
            what["text"] = _cut(reading.text)
            if reading.rewritten is not None:
                what["rewritten"] = _cut(reading.rewritten)
        what["decision"] = "allow" if isinstance(decision, Allow) else "hold" if isinstance(decision, Hold) else "deny"
        what["policies"] = list(decision.policies)
        if not isinstance(decision, Allow):
            what["reason"] = decision.reason
        return what


def _read(reading: Reading) -> dict[str, object]:
    actions = sorted({str(a) for s in reading.statements for a in s.actions})
    unknown = next((s.unknown for s in reading.statements if s.unknown), None)
    what: dict[str, object] = {
        "sha256": reading.sha256,
        "grammar": reading.grammar,
        "kinds": [s.kind for s in reading.statements],
        "fingerprints": [s.fingerprint for s in reading.statements],
        "actions": actions,
    }
    if unknown is not None:
        what["unknown"] = unknown
    return what


def _cut(text: bytes) -> str:
    return text[:MAX_TEXT].decode("utf-8", "replace")
