"""TLS towards an upstream, in libpq's words: how much of the server's certificate must be right."""

from __future__ import annotations

import ssl
from pathlib import Path


def context(mode: str, authorities: Path | None) -> ssl.SSLContext | None:
    """The client context for a mode (`disable` ... `verify-full`); None for `disable`. Raises OSError for an unreadable file."""
    if mode == "disable":
        return None
    made = ssl.create_default_context(cafile=str(authorities) if authorities is not None else None)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.check_hostname = mode == "verify-full"
    if mode not in ("verify-ca", "verify-full"):
        made.verify_mode = ssl.CERT_NONE
    return made
