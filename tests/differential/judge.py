"""One text against one session: read it, run it, compare. What both the corpus and the generator do with every statement."""

from __future__ import annotations

import re
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from nightporter.protocols.postgres.analysis import analyse
from nightporter.protocols.postgres.grammar import GrammarError, parse
from nightporter.protocols.postgres.semantics.scope import Scope
from nightporter.statement.model import Action, Naming, Reading, Statement

from .catalogue import Catalogue
from .compare import Difference, Names, compare, why_unknown
from .observe import Observed, Session

Understand = Callable[[Reading, Scope, tuple[int, ...]], Reading]

REJECTED = "rejected"
ANALYSED = "analysed"
UNKNOWN = "unknown"

_INNER = re.compile(r"(?i)\b(?:select|with|values|table|insert|update|delete)\b")
_COPIED = re.compile(r"(?is)^\s*copy\s*\((.*)\)\s*to\b")
_WITH_DATA = re.compile(r"(?is)\bwith\s+(?:no\s+)?data\s*;?\s*$")
_PROBED = frozenset({"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt"})
_WRAPPING = frozenset({"ExplainStmt", "CreateTableAsStmt", "DeclareCursorStmt", "CopyStmt"})


_USES = {Naming.EXECUTE: Naming.PREPARE, Naming.FETCH: Naming.DECLARE}
"""How a name is used, and how it was made."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one text. `outcome`: rejected, analysed or unknown, the last with its reason."""

    text: str
    outcome: str
    reason: str
    differences: tuple[Difference, ...]
    observed: Observed
    reading: Reading | None
    seconds: float
    """What the reading took."""


@dataclass(slots=True)
class Tally:
    """Counts over many texts."""

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    safe: Counter[str] = field(default_factory=Counter)
    unsafe: Counter[str] = field(default_factory=Counter)
    bare: int = 0
    """Accepted texts of which the server could not be asked what they did."""

    def add(self, judged: Judged) -> None:
        self.outcomes[judged.outcome] += 1
        if judged.outcome == UNKNOWN:
            self.reasons[judged.reason] += 1
        self.bare += judged.observed.accepted and not judged.observed.complete
        for difference in judged.differences:
            (self.unsafe if difference.unsafe else self.safe)[difference.kind] += 1

    def merge(self, other: Tally) -> None:
        self.outcomes += other.outcomes
        self.reasons += other.reasons
        self.safe += other.safe
        self.unsafe += other.unsafe
        self.bare += other.bare

    @property
    def accepted(self) -> int:
        return self.outcomes[ANALYSED] + self.outcomes[UNKNOWN]

    def lines(self) -> list[str]:
        """For people."""
        accepted = self.accepted or 1
        found = [
            f"{self.outcomes.total()} texts, {self.accepted} accepted by the server",
            f"  {self.bare:6} of them could not be observed in a transaction",
            f"{self.outcomes[UNKNOWN]} unknown, {100 * self.outcomes[UNKNOWN] / accepted:.2f} % of those accepted",
        ]
        found += [f"  {count:6} {reason}" for reason, count in self.reasons.most_common()]
        found.append(f"{self.unsafe.total()} unsafe differences")
        found += [f"  {count:6} {kind}" for kind, count in self.unsafe.most_common()]
        found.append(f"{self.safe.total()} safe ones: we said more")
        found += [f"  {count:6} {kind}" for kind, count in self.safe.most_common()]
        return found


class Judge:
    """Of one session. `understand` is what is on trial."""

    def __init__(self, session: Session, catalogue: Catalogue, understand: Understand) -> None:
        self.session = session
        self.catalogue = catalogue
        self._understand = understand
        self._named: dict[tuple[Naming, str | None], Statement] = {}

    def judge(self, text: str, data: Callable[[], Iterable[str]] = list, parameters: tuple[str, ...] | None = None) -> Judged:
        """Read a text under the present scope, run it, and compare."""
        scope = self.catalogue.scope()
        start = time.perf_counter()
        crash: Difference | None = None
        reading: Reading | None = None
        try:
            reading = self._understand(self._executing(analyse(text)), scope, ())
        except Exception as error:  # noqa: BLE001 - a crash of what is on trial is a finding, and the trial goes on
            crash = Difference("crash", "".join(traceback.format_exception(error)[-2:]).strip())
        seconds = time.perf_counter() - start
        query, bare = shape(text)
        before = self.catalogue.snapshot
        observed = self.session.run(text, data, parameters, query if parameters is None else None, bare)
        if observed.catalog_changed and self.session.alive:
            self.catalogue.refresh_soon()
        if not observed.accepted:
            return Judged(text, REJECTED, observed.sqlstate, (crash,) if crash else (), observed, reading, seconds)
        if reading is None:
            return Judged(text, ANALYSED, "", (crash,) if crash else (), observed, None, seconds)
        self._name(reading)
        if (why := why_unknown(reading)) is not None:
            return Judged(text, UNKNOWN, why, (), observed, reading, seconds)
        names = Names(before, self.catalogue.current())
        return Judged(text, ANALYSED, "", tuple(compare(reading, observed, names)), observed, reading, seconds)

    def _executing(self, reading: Reading) -> Reading:
        """With the statements that prepared names and cursors stand for, as the gateway knows them."""
        if not any(each.naming in _USES for statement in reading.statements for each in statement.names):
            return reading
        own = {(each.naming, each.name) for statement in reading.statements for each in statement.names}
        statements = []
        for statement in reading.statements:
            keys = [(_USES[each.naming], each.name) for each in statement.names if each.naming in _USES]
            runs = tuple(self._named[key] for key in keys if key in self._named)
            if len(runs) == len(keys):
                statement = replace(statement, runs=runs) if runs else statement
            elif own.isdisjoint(keys):  # a name that a function made, or the client's protocol
                why = "what a name stands for is not known"
                statement = replace(statement, actions=statement.actions | {Action.UNKNOWN}, unknown=statement.unknown or why)
            statements.append(statement)
        return replace(reading, statements=tuple(statements))

    def _name(self, reading: Reading) -> None:
        for statement in reading.statements:
            for each in statement.names:
                if each.inner is not None:
                    self._named[each.naming, each.name] = each.inner


def shape(text: str) -> tuple[str | None, bool]:
    """What a view or a rule can be made of, if there is such a thing in the text; and whether it controls transactions."""
    try:
        parsed = parse(text.encode(errors="surrogateescape"))
    except (GrammarError, UnicodeError):
        return None, bool(re.search(r"(?i)\b(?:begin|start\s+transaction|commit|rollback|prepare\s+transaction)\b", text))
    if any(each.tag == "TransactionStmt" for each in parsed):
        return None, True
    if len(parsed) != 1:
        return None, False
    if parsed[0].tag in _PROBED:
        return None if "intoClause" in parsed[0].body else text, False
    return _inner(text) if parsed[0].tag in _WRAPPING else None, False


def _inner(text: str) -> str | None:
    """The query that a statement wraps."""
    if (copied := _COPIED.match(text)) is not None:
        candidates = [copied[1]]
    else:
        text = _WITH_DATA.sub("", text)
        candidates = [text[found.start() :] for found in _INNER.finditer(text)][:6]
    for candidate in candidates:
        try:
            parsed = parse(candidate.encode())
        except (GrammarError, UnicodeError):
            continue
        if len(parsed) == 1 and parsed[0].tag in _PROBED and "intoClause" not in parsed[0].body:
            return candidate
    return None
