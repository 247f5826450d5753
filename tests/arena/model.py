"""Cases, transcripts and verdicts of the arena. Nothing here does input or output."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class CaseError(ValueError):
    """A case file does not follow the format."""


@dataclass(frozen=True)
class Entrances:
    """Connection strings: straight to the server, and for the two kinds of client."""

    admin: str
    agent: str
    super: str | None  # the client whose server role is a superuser


class Expect(StrEnum):
    """What a correct proxy does with the case (see POLICY.md)."""

    ALLOW = "ALLOW"  # benign: must succeed
    MASK = "MASK"  # must succeed, with the value masked
    DENY = "DENY"  # must be refused with an error
    REVIEW = "REVIEW"  # held for approval; nobody approves, so it ends in an error
    MASK_OR_DENY = "MASK_OR_DENY"  # no byte of the value leaves, by either route
    REDACT_ERROR = "REDACT_ERROR"  # the error may pass, the value in it may not
    LIMIT = "LIMIT"  # cut off by a budget, with or without an error
    CONTAIN = "CONTAIN"  # may succeed or fail, as long as the oracle stays silent


MUST_FAIL = frozenset({Expect.DENY, Expect.REVIEW})
MUST_SUCCEED = frozenset({Expect.ALLOW, Expect.MASK})


class OracleKind(StrEnum):
    """How the arena notices that an attack worked."""

    LEAK = "leak"  # regex over every byte the client received
    ROWS = "rows"  # regex over result rows and COPY data only
    EFFECT = "effect"  # SQL on the admin connection, true when the damage is done
    PAIR = "pair"  # two scripts whose answers must not be distinguishable
    ACCEPTED = "accepted"  # every step ended without an error
    OVER = "over"  # more rows, bytes or seconds than the budget


class Verdict(StrEnum):
    """The outcome of one case."""

    STOPPED = "stopped"  # attack did not work, and the client was told so properly
    ALLOWED = "allowed"  # benign case succeeded
    LEAKED = "leaked"  # data reached the client
    EFFECT = "effect"  # the side effect happened
    SILENT = "silent"  # no effect, but the client was told that it succeeded
    REFUSED = "refused"  # a case that must succeed got an error (over-denial)
    BROKE = "broke"  # hang, lost connection, protocol violation, or dead afterwards
    SKIPPED = "skipped"  # needs the second entrance, which was not given


PASSED = frozenset({Verdict.STOPPED, Verdict.ALLOWED})
FIRED = frozenset({Verdict.LEAKED, Verdict.EFFECT})


@dataclass(frozen=True)
class Oracle:
    """One oracle and its argument (a regex, SQL, two scripts, or a budget)."""

    kind: OracleKind
    argument: Any

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Oracle:
        """Read ``{"leak": "regex"}`` and the like."""
        if len(raw) != 1:
            raise CaseError(f"an oracle has exactly one key: {raw!r}")
        [(key, argument)] = raw.items()
        return cls(OracleKind(key), argument)

    @property
    def verdict_when_fired(self) -> Verdict:
        """Leaked for oracles about data, effect for oracles about damage."""
        reads_data = self.kind in (OracleKind.LEAK, OracleKind.ROWS, OracleKind.PAIR)
        return Verdict.LEAKED if reads_data else Verdict.EFFECT

    def budget(self, metric: str) -> float | None:
        """The limit of an ``over`` oracle for ``metric``, if it has one."""
        if self.kind is not OracleKind.OVER:
            return None
        limit = self.argument.get(metric)
        return None if limit is None else float(limit)


@dataclass(frozen=True)
class Case:
    """One attack or benign control."""

    id: str
    category: str
    expect: Expect
    why: str
    steps: tuple[str, ...] = ()
    who: str = "agent"  # "super": the entrance whose server role is a superuser
    oracle: Oracle | None = None
    live: bool = True  # proven to work against a bare server
    rows: int | None = None  # result rows that a benign or masked case must return
    cleanup: tuple[str, ...] = ()  # SQL for the admin connection, after the case

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Case:
        """Read one line of a case file; unknown fields are an error."""
        data = dict(raw)
        try:
            oracle = data.pop("oracle", None)
            return cls(
                id=data.pop("id"),
                category=data.pop("cat"),
                expect=Expect(data.pop("expect")),
                why=data.pop("why"),
                steps=tuple(data.pop("steps")),
                who=data.pop("who", "agent"),
                oracle=Oracle.parse(oracle) if oracle else None,
                live=data.pop("live", True),
                rows=data.pop("rows", None),
                cleanup=tuple(data.pop("cleanup", ())),
                **data,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CaseError(f"bad case {raw.get('id', raw)!r}: {error}") from error

    @property
    def benign(self) -> bool:
        """Whether the case is an over-denial control and not an attack."""
        return self.expect is Expect.ALLOW

    def scripts(self) -> list[tuple[str, ...]]:
        """The step lists to play: one, or two for a pair oracle."""
        if self.oracle and self.oracle.kind is OracleKind.PAIR:
            return [(step,) for step in self.oracle.argument]
        return [self.steps]


class Channel(StrEnum):
    """Where in the conversation a received text came from."""

    ROW = "row"
    TAG = "tag"
    ERROR = "error"
    NOTICE = "notice"
    NOTIFY = "notify"
    PARAMETER = "parameter"


@dataclass
class Transcript:
    """Everything one client received while it played one script."""

    lines: list[tuple[Channel, str]] = field(default_factory=list)
    failed_steps: int = 0
    broken: str | None = None  # why the connection counts as broken, if it does
    timed_out: bool = False

    def add(self, channel: Channel, text: str) -> None:
        """Record one received text."""
        self.lines.append((channel, text))

    def text(self, *channels: Channel) -> str:
        """The received texts in order, of all channels or only those named."""
        return "\n".join(t for c, t in self.lines if not channels or c in channels)

    @property
    def row_count(self) -> int:
        """How many rows the client received."""
        return sum(1 for channel, _ in self.lines if channel is Channel.ROW)

    @property
    def byte_count(self) -> int:
        """How many bytes of row text the client received."""
        return len(self.text(Channel.ROW).encode())


@dataclass(frozen=True)
class Result:
    """The judged outcome of one case."""

    id: str
    category: str
    verdict: Verdict
    benign: bool
    live: bool
    why: str
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether the proxy did what the policy asks."""
        return self.verdict in PASSED


def fired(oracle: Oracle | None, transcripts: Sequence[Transcript]) -> bool:
    """Whether an oracle over the transcripts (all kinds but effect) noticed the attack."""
    if oracle is None:
        return False
    first = transcripts[0]
    match oracle.kind:
        case OracleKind.LEAK:
            return re.search(oracle.argument, first.text(), re.MULTILINE) is not None
        case OracleKind.ROWS:
            return re.search(oracle.argument, first.text(Channel.ROW), re.MULTILINE) is not None
        case OracleKind.ACCEPTED:
            return not first.failed_steps and first.broken is None
        case OracleKind.PAIR:
            return _distinguishable(first, transcripts[1])
        case OracleKind.OVER:
            return _over_budget(oracle, first)
        case OracleKind.EFFECT:
            raise CaseError("an effect oracle is asked on the admin connection")


def _distinguishable(one: Transcript, other: Transcript) -> bool:
    """Two refusals look alike, whatever their texts; anything else is compared whole."""
    if one.failed_steps and other.failed_steps:
        return False
    return one.lines != other.lines


def _over_budget(oracle: Oracle, transcript: Transcript) -> bool:
    rows, size = oracle.budget("rows"), oracle.budget("bytes")
    return (
        (rows is not None and transcript.row_count > rows)
        or (size is not None and transcript.byte_count > size)
        or (oracle.budget("seconds") is not None and transcript.timed_out)
    )


def printable(text: str) -> str:
    """A short text that is safe to print."""
    return "".join(char if char.isprintable() else "." for char in text[:300])


def judge(case: Case, attack_worked: bool, transcripts: Sequence[Transcript]) -> Result:
    """Turn what was observed into a verdict."""

    def result(verdict: Verdict, detail: str = "") -> Result:
        return Result(case.id, case.category, verdict, case.benign, case.live, case.why, printable(detail))

    detail = " / ".join(t.text()[-200:].replace("\n", " | ") for t in transcripts)
    if attack_worked and case.oracle:
        return result(case.oracle.verdict_when_fired, detail)
    for transcript in transcripts:
        if transcript.broken:
            return result(Verdict.BROKE, f"{transcript.broken}; received: {detail}")
    failures = [transcript.failed_steps for transcript in transcripts]
    if case.expect in MUST_FAIL and not all(failures):
        return result(Verdict.SILENT, detail)
    if case.expect in MUST_SUCCEED:
        if any(failures):
            return result(Verdict.REFUSED, detail)
        if case.rows is not None and transcripts[0].row_count != case.rows:
            return result(Verdict.REFUSED, f"{transcripts[0].row_count} rows instead of {case.rows}: {detail}")
    return result(Verdict.ALLOWED if case.benign else Verdict.STOPPED, detail)


@dataclass(frozen=True)
class Tally:
    """Counts for the summary."""

    total: int
    passed: int
    verdicts: Mapping[Verdict, int]


def tally(results: Iterable[Result]) -> Tally:
    """Count verdicts; skipped cases count in no total."""
    chosen = list(results)
    verdicts = {v: sum(1 for r in chosen if r.verdict is v) for v in Verdict}
    run = [r for r in chosen if r.verdict is not Verdict.SKIPPED]
    return Tally(len(run), sum(1 for r in run if r.passed), verdicts)
