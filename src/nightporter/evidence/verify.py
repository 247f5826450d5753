"""Checks a ledger, and names the first record that is not what it was. Reads only.

Stands alone: with `chain`, `schema` and the schemas in `schema/` it needs only the standard library and `cryptography`, and
it shares nothing with the writer but the formats. `python -m nightporter.evidence.verify PATH` runs it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nightporter.core.error import EvidenceError

from .chain import ORIGIN, START, Checkpoint, Frontier, VerifierKey, leaf_hash, parse_checkpoint, split_notes
from .schema import Check, record_check

_WRITER = re.compile(r"[a-z2-7]{8}")
_SEGMENT = re.compile(r"(\d{8})\.jsonl")
_NUMBER = re.compile(r"([a-z2-7]{8})-([1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not what it should be."""

    number: str
    """The first bad record, `<writer>-<sequence>`."""
    file: str
    line: int
    """From 1; 0 if it is not a line that is wrong."""
    message: str

    def __str__(self) -> str:
        return f"record `{self.number}`: {self.message} ({self.file}{f', line {self.line}' if self.line else ''})"


@dataclass(slots=True)
class WriterReport:
    """What was found in one writer's log."""

    writer: str
    records: int = 0
    """How many are good, from the first one on."""
    checkpoints: int = 0
    signed: int = 0
    """How many of the records the latest good checkpoint covers; nobody vouches for those after it."""
    problem: Problem | None = None
    """The first one; the log is not read beyond it."""
    unanswered: list[str] = field(default_factory=list)
    """Intents that were allowed and have no outcome: still running, or cut short by a crash. No problem."""
    torn: list[str] = field(default_factory=list)
    """What a crash left unfinished, in words. No problem."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a ledger."""

    writers: tuple[WriterReport, ...]
    problems: tuple[Problem, ...]
    """The first one of each writer, and any that concern a writer as a whole."""

    @property
    def ok(self) -> bool:
        """Whether all is as it was written."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class _Claim:
    """A root that the log must have at some size, and who says so."""

    checkpoint: Checkpoint
    source: str
    own: bool
    """From the writer's own files."""


def verify(path: Path, *, keys: Mapping[str, str] | None = None, anchors: Iterable[str] = ()) -> Report:
    """Check all the logs of a ledger against themselves, their checkpoints, and what they say of one another.

    `keys` (writer: verifier key) and `anchors` (signed checkpoints) are what was kept elsewhere: they outweigh the ledger's
    own key files, and only they show that somebody who holds a private key wrote a log anew. Raises OSError if a file
    cannot be read, `EvidenceError` if there is no ledger or an anchor is no checkpoint.
    """
    if not path.is_dir():
        raise EvidenceError(f"there is no ledger at `{path}`")
    pinned = dict(keys or {})
    foreign: dict[str, list[tuple[str, Problem]]] = {}
    for name in _writers(path):
        for note, problem in _mentions(path / name, name):
            foreign.setdefault(_writer_of(note), []).append((note, problem))
    for note in anchors:
        checkpoint = parse_checkpoint(note)
        where = Problem(f"{checkpoint.writer}-{checkpoint.size}", "an anchor", 0, "the anchor is not by this writer's key")
        foreign.setdefault(checkpoint.writer, []).append((note, where))
    check = record_check()
    names = _writers(path)  # looked up after what may speak of them: a running proxy adds some
    reports: list[WriterReport] = []
    problems: list[Problem] = []
    for name in names:
        report, others = _verify_writer(path / name, check, pinned.get(name), foreign.pop(name, []))
        reports.append(report)
        problems += ([report.problem] if report.problem else []) + others
    for writer, notes in sorted(foreign.items()):
        _, problem = notes[0]
        missing = f"it is a checkpoint of writer `{writer}`, whose log is gone" if writer else "its note is malformed"
        problems.append(Problem(problem.number, problem.file, problem.line, missing))
    for name in sorted(pinned.keys() - set(names)):
        problems.append(Problem(f"{name}-1", str(path / name), 0, "the log of a writer whose key is known is gone"))
    return Report(tuple(reports), tuple(problems))


def _writers(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir() if entry.is_dir() and _WRITER.fullmatch(entry.name))


def _verify_writer(
    directory: Path, check: Check, pinned: str | None, foreign: list[tuple[str, Problem]]
) -> tuple[WriterReport, list[Problem]]:
    report = WriterReport(directory.name)
    problems: list[Problem] = []
    claims: list[_Claim] = []
    try:
        key = VerifierKey.parse(pinned or (directory / "key.pub").read_text("utf-8"))
        if key.name != ORIGIN + directory.name:
            raise EvidenceError(f"the verifier key belongs to `{key.name}`")
        claims += _own_claims(directory, key, report, problems)
        claims += _foreign_claims(foreign, key, problems)
    except EvidenceError as error:  # no signature can be checked: said, and the chain is still read
        problems.append(Problem(f"{directory.name}-1", str(directory / "key.pub"), 0, str(error)))
    except (FileNotFoundError, UnicodeDecodeError):  # likewise
        problems.append(Problem(f"{directory.name}-1", str(directory / "key.pub"), 0, "there is no verifier key"))
    _Walk(directory, check, claims, report).run()
    return report, problems


def _own_claims(directory: Path, key: VerifierKey, report: WriterReport, problems: list[Problem]) -> Iterator[_Claim]:
    """The checkpoints in the writer's folder that this key signed; the others are problems."""
    for name in ("checkpoints", "checkpoint"):
        file = directory / name
        if not file.exists():
            continue
        text = file.read_text("utf-8", "surrogateescape")
        notes, rest = split_notes(text) if name == "checkpoints" else ([text], "")
        if rest:
            report.torn.append(f"half a note at the end of {file}")
        for ordinal, note in enumerate(notes, 1):
            try:
                checkpoint = key.open_checkpoint(note)
            except EvidenceError as error:
                problems.append(Problem(f"{directory.name}-1", str(file), 0, f"checkpoint {ordinal}: {error}"))
                continue
            report.checkpoints += name == "checkpoints"
            yield _Claim(checkpoint, f"checkpoint {ordinal} in {name}", own=True)


def _foreign_claims(notes: list[tuple[str, Problem]], key: VerifierKey, problems: list[Problem]) -> Iterator[_Claim]:
    """Checkpoints of this writer that others kept and this key signed; the others are problems."""
    for note, where in notes:
        try:
            source = f"the checkpoint in `{where.number}`" if where.line else "the checkpoint kept elsewhere"
            yield _Claim(key.open_checkpoint(note), source, own=False)
        except EvidenceError as error:
            problems.append(Problem(where.number, where.file, where.line, str(error)))


class _Walk:
    """One pass over a writer's log, up to the first problem."""

    def __init__(self, directory: Path, check: Check, claims: list[_Claim], report: WriterReport) -> None:
        self._directory = directory
        self._writer = directory.name
        self._check = check
        self._report = report
        self._claims: dict[int, list[_Claim]] = {}
        for claim in claims:
            self._claims.setdefault(claim.checkpoint.size, []).append(claim)
        self._tree = Frontier()
        self._prev = START
        self._last = ""  # file that may end in a torn line
        self._open: dict[str, None] = {}  # a set that remembers its order

    def run(self) -> None:
        """Fill in the report."""
        file, line = str(self._directory), 0
        for file, line, data in self._lines():
            if not data.endswith(b"\n") and file == self._last:
                self._report.torn.append(f"{len(data)} bytes at the end of {file}")
                break
            number = f"{self._writer}-{self._tree.size + 1}"
            wrong = self._record(data.removesuffix(b"\n"), number) or self._root()
            if wrong is not None:
                self._report.problem = Problem(number, file, line, wrong)
                break
        else:
            line += 1
        self._report.records = self._tree.size
        if self._report.problem is None:
            self._end(file, line)
        self._report.unanswered = list(self._open)

    def _lines(self) -> Iterator[tuple[str, int, bytes]]:
        matches = (_SEGMENT.fullmatch(entry.name) for entry in self._directory.iterdir())
        ordinals = sorted(int(match[1]) for match in matches if match)
        self._last = str(self._directory / f"{len(ordinals):08d}.jsonl")
        for expected, ordinal in enumerate(ordinals, 1):
            name = str(self._directory / f"{expected:08d}.jsonl")
            if ordinal != expected:
                number = f"{self._writer}-{self._tree.size + 1}"
                self._report.problem = Problem(number, name, 1, "the segment that should hold it is missing")
                return
            with open(name, "rb", buffering=1 << 20) as file:
                for line, data in enumerate(file, 1):
                    yield name, line, data

    def _record(self, line: bytes, number: str) -> str | None:
        try:
            record = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):  # reported: the walk ends here
            return "it is not JSON"
        if not isinstance(record, dict):
            return "it is not a record"
        if record.get("n") != number:
            return f"another record stands in its place: `{record.get('n')}`"
        wrong = self._check(record)
        if wrong is not None:
            return f"{wrong}, says the schema"
        if record["prev"] != self._prev:
            return "it was not written after the record before it as that stands: one of the two was changed"
        wrong = self._references(record)
        if wrong is not None:
            return wrong
        leaf = leaf_hash(line)
        self._tree.append(leaf)
        self._prev = leaf.hex()
        return None

    def _references(self, record: dict[str, Any]) -> str | None:
        for name in ("intent", "refers_to"):
            match = _NUMBER.fullmatch(record.get(name, ""))
            if match and (match[1] != self._writer or int(match[2]) > self._tree.size):
                return f"`{name}` refers to `{match[0]}`, which is not before it"
        if record["kind"] == "intent" and record["what"]["decision"] == "allow":
            self._open[record["n"]] = None
        elif record["kind"] == "outcome":
            self._open.pop(record["intent"], None)
        elif record["kind"] == "torn_tail":
            self._report.torn.append(f"cut at `{record['n']}`: {record['detail'].get('bytes')} bytes")
        return None

    def _root(self) -> str | None:
        size = self._tree.size
        root = self._tree.root() if size in self._claims else b""
        for claim in self._claims.pop(size, ()):
            if claim.checkpoint.root != root:
                # The chain up to here holds, so a single change can only be in the last record.
                return f"records {self._report.signed + 1} to {size} are not those of {claim.source}"
            if claim.own:
                self._report.signed = size
        return None

    def _end(self, file: str, line: int) -> None:
        """The log has ended: what was signed beyond it is gone."""
        self._claims.pop(0, None)
        if self._claims:
            size = min(self._claims)
            claim = self._claims[size][0]
            number = f"{self._writer}-{self._tree.size + 1}"
            self._report.problem = Problem(number, file, line, f"it is gone: {claim.source} covers {size} records")


def _mentions(directory: Path, writer: str) -> Iterator[tuple[str, Problem]]:
    """Notes of other writers' checkpoints in a log, and where they stand. What else is wrong there the walk reports."""
    sequence = 0
    for file in sorted(entry for entry in directory.iterdir() if _SEGMENT.fullmatch(entry.name)):
        with open(file, "rb", buffering=1 << 20) as lines:
            for line, data in enumerate(lines, 1):
                sequence += 1
                if b'"kind":"checkpoint_of"' not in data:
                    continue
                try:
                    note = json.loads(data)["detail"]["note"]
                except (ValueError, KeyError, TypeError, RecursionError):
                    note = ""
                where = Problem(f"{writer}-{sequence}", str(file), line, "")
                yield (note if isinstance(note, str) else ""), where


def _writer_of(note: str) -> str:
    try:
        return parse_checkpoint(note).writer
    except EvidenceError:  # reported as the checkpoint of no writer
        return ""


def _refuse_constant(name: str) -> float:
    raise ValueError(f"`{name}` is not JSON")


def main(arguments: list[str]) -> int:
    """Verify the ledger at the one path given; 0 if all is well, 1 if not, 2 if there is nothing to verify."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m nightporter.evidence.verify PATH\n")
        return 2
    try:
        report = verify(Path(arguments[0]))
    except (EvidenceError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for writer in report.writers:
        state = "ok" if writer.problem is None else "BAD"
        sys.stdout.write(f"{writer.writer}: {state}, {writer.records} records, {writer.signed} signed\n")
    for problem in report.problems:
        sys.stdout.write(f"{problem}\n")
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
