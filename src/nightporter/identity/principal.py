"""Who a session acts for. Nouns only; no I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

# Fits a PostgreSQL identifier (63 bytes), an e-mail address, a Kubernetes service account. No `/` (it separates principal
# and actor in `application_name`), no space, nothing that a log or a terminal would interpret.
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+:-]{0,62}")


class Kind(StrEnum):
    """What sort of party a principal is."""

    HUMAN = "human"
    AGENT = "agent"
    SERVICE = "service"


class Method(StrEnum):
    """How a principal proves who it is. Fixed for each principal: no fallback to a weaker one."""

    PASSWORD = "password"  # noqa: S105 - the name of the method
    TOKEN = "token"  # noqa: S105 - the name of the method
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated party a session acts for (Cedar: principal)."""

    name: str
    kind: Kind
    groups: frozenset[str] = frozenset()
    attributes: tuple[tuple[str, str], ...] = ()
    owner: str | None = None
    """The human who answers for an agent."""
    actor: str | None = None
    """The tool or agent acting for the principal in this session (RFC 8693 `act`)."""
    system: bool = field(default=False)
    """Our own party (discovery, control): permitted by policies and shown in evidence like any other."""

    @property
    def label(self) -> str:
        """`principal` or `principal/actor`, as databases and people see it."""
        return f"{self.name}/{self.actor}" if self.actor else self.name
