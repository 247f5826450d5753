"""Keeps what was in force, whole, under the hash by which records name it: an auditor can read it as it was.

<ledger>/policy/<sha256>.json   a set of policies; the hash of the file's bytes is its name

The folder's name can be no writer's, so verifiers pass it by. Nothing in it is ever changed or removed.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

from nightporter.core.error import EvidenceError

from . import files
from .segment import failure

POLICY = "policy"
"""The folder of policies, in a ledger's."""
_HASH = re.compile(r"[0-9a-f]{64}")


def keep(folder: Path, data: bytes) -> str:
    """Keep this; gives its hash. It is on disk when this returns; what is kept already is left alone. Raises EvidenceError."""
    digest = sha256(data).hexdigest()
    path = folder / f"{digest}.json"
    try:
        if not folder.is_dir():
            folder.mkdir(files.DIRECTORY_MODE, parents=True, exist_ok=True)
            files.sync_directory(folder.parent)
        if not path.exists() or path.read_bytes() != data:  # half of it may be left of a crash: it is put right
            files.replace(path, data)
    except OSError as error:
        raise failure(f"keep `{path}`", error) from error
    return digest


def kept(folder: Path, digest: str) -> bytes:
    """What was kept under this hash. Raises EvidenceError if it is not there, or not what it was."""
    if not _HASH.fullmatch(digest):
        raise EvidenceError(f"`{digest}` is not a hash")
    path = folder / f"{digest}.json"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise failure(f"read `{path}`", error) from error
    if sha256(data).hexdigest() != digest:
        raise EvidenceError(f"`{path}` is not what was kept: it has another hash")
    return data
