"""The families of errors that cross module borders.

    NightporterError
    +-- ProtocolError     the peer broke the wire protocol
    +-- TlsError          the peer and we found no common TLS
    +-- UpstreamError     the database side refused us or went away
    +-- EvidenceError     a record could not be written
    +-- PolicyError       the author of a policy made a mistake
    +-- StoreError        the control state could not be read or written
    +-- ConfigError       the operator made a mistake in the configuration

Messages are lower case, without a full stop, the offending value in backticks.
"""

from __future__ import annotations


class NightporterError(Exception):
    """Anything that we expect to go wrong."""


class ProtocolError(NightporterError):
    """The peer broke the wire protocol."""


class TlsError(NightporterError):
    """The TLS handshake failed, or TLS ended in the middle of a conversation."""


class UpstreamError(NightporterError):
    """The database side refused us or went away. `sqlstate` is what the client is told."""

    def __init__(self, message: str, sqlstate: str = "08006") -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class EvidenceError(NightporterError):
    """A record could not be written; the statement that it belongs to must not run."""

    def __init__(self, message: str, *, disk_full: bool = False) -> None:
        super().__init__(message)
        self.disk_full = disk_full


class PolicyError(NightporterError):
    """The author of a policy made a mistake."""


class StoreError(NightporterError):
    """The control state could not be read or written."""


class ConfigError(NightporterError):
    """The operator made a mistake; the message names file, line and key."""
