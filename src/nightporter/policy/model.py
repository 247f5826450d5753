"""The vocabulary of a decision. Nouns only; the verb is `decide`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from nightporter.identity.principal import Principal
from nightporter.statement.model import Action, Statement


@dataclass(frozen=True, slots=True)
class Resource:
    """Where a statement runs: the upstream's environment and the name that clients use for it."""

    environment: str
    database: str


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One question: may this principal do this here? `statement` is None when the question is about connecting."""

    principal: Principal
    action: Action
    resource: Resource
    statement: Statement | None = None


@dataclass(frozen=True, slots=True)
class Allow:
    """Proof that `decide` (or an approval) let something pass. Built only in `policy/`."""

    policies: tuple[str, ...]  # ids that determined it (Cedar: diagnostics.reason)


@dataclass(frozen=True, slots=True)
class Deny:
    """No. `reason` is a sentence for the client; `policies` are for the record."""

    policies: tuple[str, ...]
    reason: str
    hint: str | None = None
    """What the client could do instead."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Allowed only once someone approves."""

    policies: tuple[str, ...]
    reason: str
    approvers: frozenset[str] = field(default_factory=frozenset)


Decision: TypeAlias = Allow | Deny | Hold
