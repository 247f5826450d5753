"""The key under which tokens are made of what is hidden: one for each environment, from a secret that is made once and kept.

It lies with the ledger's private keys. Whoever loses it gets other tokens for the same values; whoever has it can try out values.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from nightporter.core.error import EvidenceError
from nightporter.evidence import files

FILE = "tokens"
SECRET_BYTES = 32


def make_secret(ledger: Path) -> None:
    """Make the secret, if there is none. By one process, before the others read it. Raises EvidenceError."""
    file = ledger / files.KEYS / FILE
    if file.exists():
        return
    try:
        file.parent.mkdir(files.SECRET_DIRECTORY_MODE, parents=True, exist_ok=True)
        files.replace(file, secrets.token_hex(SECRET_BYTES).encode(), files.SECRET_FILE_MODE)
    except OSError as error:
        raise EvidenceError(f"cannot keep the secret for tokens at `{file}`") from error


def token_key(ledger: Path, environment: str) -> bytes:
    """The key of an environment, 32 bytes. Raises EvidenceError."""
    file = ledger / files.KEYS / FILE
    try:
        secret = bytes.fromhex(file.read_text("ascii"))
    except (OSError, ValueError) as error:
        raise EvidenceError(f"cannot read the secret for tokens at `{file}`") from error
    if len(secret) != SECRET_BYTES:
        raise EvidenceError(f"the secret for tokens at `{file}` is not one that was made here")
    return hmac.new(secret, f"token {environment}".encode(), hashlib.sha256).digest()
