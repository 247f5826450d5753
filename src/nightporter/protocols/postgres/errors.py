"""What PostgreSQL clients are told when it goes wrong, the words that open a session, and what stopped us while opening one.

Pure. Source: "Error and Notice Message Fields", "Message Flow: Start-up". Must not decide anything: refusals and denials come
from elsewhere.
"""

from __future__ import annotations

from nightporter.core.error import ProtocolError, Refusal, UpstreamError
from nightporter.core.wire import Denial, Entered, Hello, WireSetup

from .messages import (
    OK,
    authentication,
    backend_key_data,
    error_response,
    parameter_status,
    ready_for_query,
)

SECRET_SIZE = 32
"""Bytes of our cancel secrets where the client can take long ones; PostgreSQL 18 uses as many."""
SHORT_SECRET_SIZE = 4
"""Bytes of a cancel secret in version 3.0."""


class RefusedError(ProtocolError):
    """The client cannot be served, and is told why: `refusal` goes out before the connection ends."""

    refusal: Refusal

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class LoginError(UpstreamError):
    """The database did not let us in. The message is for the client; `diagnostic`, the server's own words, is for operators."""

    def __init__(self, message: str, sqlstate: str = "08006", diagnostic: str | None = None) -> None:
        super().__init__(message, sqlstate)
        self.diagnostic = diagnostic


class RetryError(LoginError):
    """The same may work on a new connection with `retry_tls` in the Entrance: the second half of `allow` and `prefer`."""

    def __init__(self, message: str, retry_tls: str, sqlstate: str = "08006", diagnostic: str | None = None) -> None:
        super().__init__(message, sqlstate, diagnostic)
        self.retry_tls = retry_tls


def refusal_response(refusal: Refusal) -> bytes:
    """ErrorResponse that ends the session."""
    return _response("FATAL", refusal)


def denial_response(denial: Denial) -> bytes:
    """ErrorResponse for one statement."""
    return _response("ERROR", denial)


def _response(severity: str, reason: Refusal | Denial) -> bytes:
    fields = {"S": severity, "V": severity, "C": reason.sqlstate, "M": reason.message}
    if reason.detail is not None:
        fields["D"] = reason.detail
    if reason.hint is not None:
        fields["H"] = reason.hint
    return error_response(fields)


def welcome(hello: Hello, entered: Entered, setup: WireSetup, secret: bytes) -> bytes:
    """AuthenticationOk, the upstream's settings, its warnings, the cancel key, ReadyForQuery.

    The key is the upstream's process id, which `pg_backend_pid()` shows as well, with a secret of ours. Raises ValueError when
    the secret is not as long as `secret_size` says.
    """
    if len(secret) != secret_size(hello):
        raise ValueError(f"cancel secret of `{len(secret)}` bytes")
    parts = [authentication(OK)]
    for name, value in entered.parameters.items():
        parts.append(parameter_status(name, _unlabeled(value, setup.label) if name == "application_name" else value))
    parts.append(backend_key_data(entered.process_id, secret))
    parts.extend(entered.notices)
    parts.append(ready_for_query())
    return b"".join(parts)


def _unlabeled(application_name: str, label: str) -> str:
    """The client's own part of an application name that we put `label` in front of."""
    if application_name == label:
        return ""
    return application_name.removeprefix(label + " ")


def secret_size(hello: Hello) -> int:
    """Bytes of the cancel secret that this client can take."""
    return SECRET_SIZE if hello.version >= (3, 2) else SHORT_SECRET_SIZE
