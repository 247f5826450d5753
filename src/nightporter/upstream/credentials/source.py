"""What every source of a password offers, and what makes a fetched value fit to be one. Knows no particular source."""

from __future__ import annotations

from typing import Protocol

from nightporter.core.error import UpstreamError
from nightporter.secret import Secret

MAX_SECRET_BYTES = 64 * 1024
"""Passwords are short; cloud databases take signed tokens of a few kilobytes. More than this is the wrong file."""

UNABLE_TO_CONNECT = "08001"
"""SQLSTATE of a password that cannot be fetched: the connection upstream cannot be made, and none was."""


class Source(Protocol):
    """A place that a password is fetched from, anew for each connection, so that it may be rotated at any time."""

    async def fetch(self) -> Secret:
        """The password. Raises `UpstreamError`, which contains neither the password nor anything the source printed."""
        ...

    def warning(self) -> str | None:
        """What an operator should know about the way this password is kept; None if there is nothing."""
        ...


def as_secret(raw: bytes, whence: str) -> Secret:
    """The password in `raw`, without the one line end that editors and commands put after it.

    Raises `UpstreamError`, which names `whence` and never a part of `raw`.
    """
    if len(raw) > MAX_SECRET_BYTES:
        raise unavailable(f"{whence} gave more than {MAX_SECRET_BYTES} bytes, which is no password")
    raw = raw.removesuffix(b"\n").removesuffix(b"\r")
    if not raw:
        raise unavailable(f"{whence} gave an empty password")
    if b"\0" in raw:
        raise unavailable(f"{whence} gave a password with a zero byte, which no database accepts")
    try:
        return Secret(raw.decode())
    except UnicodeDecodeError:
        # Ends the attempt to connect. Not chained: the decoding error carries the bytes.
        raise unavailable(f"{whence} gave a password that is not UTF-8") from None


def unavailable(message: str) -> UpstreamError:
    """The error of a password that cannot be fetched."""
    return UpstreamError(message, sqlstate=UNABLE_TO_CONNECT)
