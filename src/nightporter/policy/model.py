"""The vocabulary of a decision. Nouns only; the verb is `decide`.

Reading  ->  Questions (one for each thing that the statement does)  ->  Answers (which policies apply)  ->  Decision
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias, TypeVar

from nightporter.identity.principal import Principal

Value: TypeAlias = bool | int | str | frozenset[str]
"""What a fact or an attribute may be. Cedar's types for them: Bool, Long, String, Set<String>."""


@dataclass(frozen=True, slots=True)
class Resource:
    """Where a statement runs: the upstream's environment and the name that clients use for it."""

    environment: str
    database: str


class Uid(NamedTuple):
    """The name of an entity, as policies write it: `Table::"shop/public/customers"`."""

    type: str
    id: str

    def __str__(self) -> str:
        return f'{self.type}::"{self.id}"'


class Entity(NamedTuple):
    """Something that policies speak of, with what they may know of it."""

    uid: Uid
    attributes: Mapping[str, Value]
    parents: tuple[Uid, ...] = ()
    """It is `in` each of these, and in theirs."""


class Question(NamedTuple):
    """One thing that a statement does: may it?"""

    action: str
    """An action of the schema: `read`, `insert`, `create`, `set`, ..."""
    resource: Uid
    facts: Mapping[str, Value]
    """Of the context: what the reading says of this one thing."""


@dataclass(frozen=True, slots=True)
class Ask:
    """All that is to be judged at once: what a text does, by whom and where."""

    principal: Principal
    resource: Resource
    questions: tuple[Question, ...]
    entities: Mapping[Uid, Entity]
    """Every resource of the questions, and every parent."""
    unknown: str | None = None
    """Why some of it could not be understood."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """Who may approve what is held: an annotation such as `@hold("dba security quorum=2 wait=10m")`."""

    groups: tuple[str, ...]
    """Members of any of these."""
    needed: int = 1
    """How many different people."""
    wait_s: float = 600.0
    """How long the statement waits for them."""

    def __str__(self) -> str:
        who = " or ".join(self.groups)
        return who if self.needed == 1 else f"{self.needed} of {who}"


@dataclass(frozen=True, slots=True)
class Obligations:
    """What the enforcer must do besides. Of several, the strictest of each kind holds. None: no limit."""

    rows: int | None = None
    """That one statement may return, over all portions of a portal."""
    bytes: int | None = None
    """Of results, the same way."""
    timeout_s: float | None = None
    """That one statement may run."""
    sessions: int | None = None
    """That the principal may have open at once."""
    concurrent: int | None = None
    """Statements of the principal that may run at once."""
    per_minute: int | None = None
    """Statements of the principal within a minute."""
    record_images: bool = False
    """Rows as they were and as they are, of what is changed."""
    purpose: bool = False
    """The session must have said what it is for."""

    @property
    def limits(self) -> bool:
        """Whether it is for the wire to see to: how much a statement returns, how long it takes."""
        return self.rows is not None or self.bytes is not None or self.timeout_s is not None

    def and_also(self, other: Obligations) -> Obligations:
        """The strictest of both."""
        if other is NO_OBLIGATIONS or other == self:
            return self
        return Obligations(
            _least(self.rows, other.rows),
            _least(self.bytes, other.bytes),
            _least(self.timeout_s, other.timeout_s),
            _least(self.sessions, other.sessions),
            _least(self.concurrent, other.concurrent),
            _least(self.per_minute, other.per_minute),
            self.record_images or other.record_images,
            self.purpose or other.purpose,
        )


NO_OBLIGATIONS = Obligations()


Number = TypeVar("Number", int, float)


def _least(one: Number | None, other: Number | None) -> Number | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


class Because(NamedTuple):
    """One thing that was asked and not simply permitted."""

    action: str
    resource: str
    """As people write it: `public.orders`, `setting role`."""
    policies: tuple[str, ...]
    """Those that forbid it, or have it wait; none: no policy permits it."""
    use: str = ""
    row_bound: str = ""
    via: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Allow:
    """Proof that `decide` (or an approval) let something pass. Built only in `policy/`."""

    policies: tuple[str, ...]  # ids that determined it (Cedar: diagnostics.reason)
    obligations: Obligations = NO_OBLIGATIONS
    limited_by: tuple[str, ...] = ()
    """Those of them that say how much a statement may return, or how long it may take; the client is told."""
    observed: Deny | Hold | None = None
    """What would have been decided, had a policy not said that it is only to be observed."""


@dataclass(frozen=True, slots=True)
class Deny:
    """No. `reason` is a sentence for the client; `policies` are for the record."""

    policies: tuple[str, ...]
    reason: str
    hint: str | None = None
    """What the client could do instead."""
    because: tuple[Because, ...] = ()
    """What was denied, for the record; the first few."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Allowed only once enough people approve, for each quorum."""

    policies: tuple[str, ...]
    reason: str
    quorums: tuple[Quorum, ...] = field(default_factory=tuple)
    obligations: Obligations = NO_OBLIGATIONS
    limited_by: tuple[str, ...] = ()
    because: tuple[Because, ...] = ()
    """What waits, for the record; the first few."""

    @property
    def wait_s(self) -> float:
        """How long it may wait: all must approve, so the shortest."""
        return min((each.wait_s for each in self.quorums), default=0.0)


class Approval(StrEnum):
    """What became of the wait for an approval."""

    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"  # nobody answered in time
    WITHDRAWN = "withdrawn"  # the client gave up


Decision: TypeAlias = Allow | Deny | Hold
