"""The families of errors that cross module borders.

    NightporterError
    +-- ProtocolError     the peer broke the wire protocol
    |   +-- ClosedError   it went away before it was through
    +-- TlsError          the peer and we found no common TLS
    +-- TurnedAwayError   the session does not start: who, where or how is not accepted
    +-- UpstreamError     the database side refused us or went away
    +-- EvidenceError     a record could not be written
    +-- PolicyError       the author of a policy made a mistake
    +-- StoreError        the control state could not be read or written
    +-- ConfigError       the operator made a mistake in the configuration

Messages are lower case, without a full stop, the offending value in backticks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a session does not start, or ends, in words for the client. Always fatal."""

    sqlstate: str
    message: str
    detail: str | None = None
    hint: str | None = None


class NightporterError(Exception):
    """Anything that we expect to go wrong."""


class ProtocolError(NightporterError):
    """The peer broke the wire protocol."""

    refusal: Refusal | None = None
    """What the peer is told, where it differs from the message."""


class ClosedError(ProtocolError):
    """The peer went away before it was through. Ordinary: a client does so to ask its user for a password."""


class TlsError(NightporterError):
    """The TLS handshake failed, or TLS ended in the middle of a conversation."""


class TurnedAwayError(NightporterError):
    """The session does not start. `refusal` is what the client is told; the message is for the record."""

    def __init__(self, refusal: Refusal, reason: str) -> None:
        super().__init__(reason)
        self.refusal = refusal


class UpstreamError(NightporterError):
    """The database side refused us or went away. `sqlstate` is what the client is told."""

    diagnostic: str | None = None
    """The database's own words: for operators only."""
    retry_tls: str | None = None
    """The same may work on a new connection with this TLS mode: the second half of `allow` and `prefer`."""

    def __init__(self, message: str, sqlstate: str = "08006") -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class EvidenceError(NightporterError):
    """A record could not be written; the statement that it belongs to must not run."""

    def __init__(self, message: str, *, disk_full: bool = False) -> None:
        super().__init__(message)
        self.disk_full = disk_full


class PolicyError(NightporterError):
    """The author of a policy made a mistake. Reads `file:line:column: policy `id`: message`, as far as they are known."""

    def __init__(self, message: str, file: str = "", line: int = 0, column: int = 0, id: str | None = None) -> None:
        where = f"{file}:{line}:{column}: " if file else ""
        whose = f"policy `{id}`: " if id else ""
        super().__init__(f"{where}{whose}{message}")
        self.message = message
        self.file = file
        self.line = line
        """From 1; 0 where there is none."""
        self.column = column
        self.id = id
        """Of the policy, as far as it could be read."""


class PolicyErrors(PolicyError):
    """Everything that is wrong with some policies, at once. Its text has a line for each."""

    def __init__(self, errors: Iterable[PolicyError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(str(each) for each in self.errors))


class StoreError(NightporterError):
    """The control state could not be read or written."""


class ConfigError(NightporterError):
    """The operator made a mistake; the message names file, line and key."""
