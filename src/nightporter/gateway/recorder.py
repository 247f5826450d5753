"""Writes what one session does into the worker's ledger. Between the journey's commands and the evidence package.

What never changes in a session (`who`) and in a judged text (`what`) is encoded once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

import msgspec

from nightporter.core.commands import Intend, Judgement
from nightporter.core.wire import Outcome, Ticket
from nightporter.evidence.group_commit import GroupCommit
from nightporter.evidence.ledger import Ledger
from nightporter.evidence.reading import found, reason
from nightporter.evidence.record import Because, Decided, Detail, EventKind, Observed, Veiled, What, Who, encode
from nightporter.policy.model import Allow, Decision, Deny, Hold
from nightporter.statement.model import Action, Statement

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

    __slots__ = ("_book", "_ledger", "_who")

    def __init__(self, book: Book, who: Mapping[str, str]) -> None:
        self._book = book
        self._ledger = book.ledger
        self._who = encode(msgspec.convert(who, Who))

    def event(self, kind: EventKind, detail: Detail) -> str:
        """Something that happened to the session. Raises EvidenceError."""
        return self._ledger.event(kind, self._who, detail)

    def intent(self, command: Intend) -> Ticket:
        """Record an intent; it is with the operating system when this returns. Raises EvidenceError."""
        judgement, request = command.judgement, command.request
        what = judgement.encoded
        if what is None:
            judgement.encoded = what = encode(self._describe(judgement))
        assert isinstance(what, msgspec.Raw)  # noqa: S101 - nobody else writes it
        number, salt = self._ledger.intent(
            self._who,
            what,
            phase=request.phase,
            parameters=request.parameters,
            refers_to=request.refers_to,
            streamed=request.streamed,
            salted=request.reading.copies_in,
        )
        return Ticket(number, time.monotonic_ns(), salt)

    def must_wait(self, command: Intend) -> bool:
        """Whether the intent must be on disk before the statement goes upstream."""
        return self._book.durable and command.request.reading.changes and not isinstance(command.judgement.decision, Deny)

    async def on_disk(self) -> None:
        """Wait for the disk. Raises EvidenceError."""
        await self._book.commit.wait()

    def outcome(self, outcome: Outcome) -> None:
        """Record an outcome; written with the next intent, or soon."""
        ticket = outcome.ticket
        self._ledger.outcome(
            self._who,
            ticket.number,
            (time.monotonic_ns() - ticket.at_ns) // 1000,
            outcome.statement,
            outcome.status,
            outcome.tag,
            outcome.rows,
            outcome.bytes,
            outcome.sqlstate,
            outcome.transaction,
            outcome.transaction_end,
            outcome.sha256,
            outcome.streamed_bytes,
            tuple([Veiled(v.column, v.cells, v.label, v.masker, v.source, v.policies) for v in outcome.veiled]),
        )

    def _describe(self, judgement: Judgement) -> What:
        reading, decision = judgement.reading, judgement.decision
        text = self._book.text
        statements = reading.statements
        relations, effects, doubts, left_out = found(statements, text=text)
        unknown = next((s.unknown for s in statements if s.unknown), None)
        told = None if unknown is None else reason(unknown, text=text)
        return What(
            sha256=reading.sha256,
            decision=_decided(decision),
            text=_cut(reading.shown) if text else None,
            rewritten=_cut(reading.rewritten) if text and reading.rewritten is not None else None,
            grammar=reading.grammar,
            kinds=tuple(s.kind for s in statements),
            fingerprints=tuple(s.fingerprint for s in statements),
            actions=_actions(statements),
            relations=relations,
            effects=effects,
            doubts=doubts,
            left_out=left_out,
            unknown=told,
            policies=decision.policies,
            reason=_reason(decision, unknown, told),
            policy_set=judgement.policy_set,
            because=_because(decision, text=text),
            observed=_observed(decision, unknown, told),
        )


def _decided(decision: Decision) -> Decided:
    match decision:
        case Allow():
            return Decided.ALLOW
        case Deny():
            return Decided.DENY
        case Hold():
            return Decided.HOLD
        case _:
            assert_never(decision)


def _reason(decision: Decision, unknown: str | None, told: str | None) -> str | None:
    """Why it was not allowed. It may repeat why the text is unknown, in other words than may be recorded."""
    if isinstance(decision, Allow):
        return None
    if unknown is None or told is None:
        return decision.reason
    # a sentence has it on one line
    return decision.reason.replace(" ".join(unknown.split()), told).replace(unknown, told)


def _because(decision: Decision, *, text: bool) -> tuple[Because, ...]:
    """What was denied or waits. A name may come from the text, and stays out where texts do."""
    if isinstance(decision, Allow):
        return ()
    return tuple(
        Because(each.action, each.resource if text else None, each.policies, each.use, each.row_bound, each.via)
        for each in decision.because
    )


def _observed(decision: Decision, unknown: str | None, told: str | None) -> Observed | None:
    if not isinstance(decision, Allow) or decision.observed is None:
        return None
    would = decision.observed
    return Observed(_decided(would), would.policies, _reason(would, unknown, told))


def _actions(statements: tuple[Statement, ...]) -> tuple[Action, ...]:
    if len(statements) == 1 and len(statements[0].actions) == 1:
        return tuple(statements[0].actions)
    return tuple(sorted({action for statement in statements for action in statement.actions}))


def _cut(text: bytes) -> str:
    return text[:MAX_TEXT].decode("utf-8", "replace")
