"""The private files of a writer: its signing key and the commitment keys of its days. Nothing else reads or makes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nightporter.core.error import EvidenceError

from . import files
from .chain import ORIGIN, SEED_BYTES, SigningKey
from .commitment import KEY_BYTES, CommitmentKey


def directory(path: Path, writer: str) -> Path:
    """Where the keys of a writer are kept."""
    return path / files.KEYS / writer


def make_signing_key(path: Path, writer: str, random: Callable[[int], bytes]) -> SigningKey:
    """Make the key of a new writer and keep it. Raises FileExistsError if the writer is not new, or OSError."""
    directory(path, writer).mkdir(files.SECRET_DIRECTORY_MODE)
    key = SigningKey(ORIGIN + writer, random(SEED_BYTES))
    files.replace(directory(path, writer) / "signing", key.reveal().encode(), files.SECRET_FILE_MODE)
    return key


def read_signing_key(path: Path, writer: str) -> SigningKey:
    """The key of an existing writer. Raises `EvidenceError`: a log that cannot be signed is not continued."""
    file = directory(path, writer) / "signing"
    try:
        key = SigningKey.parse(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(f"cannot read the signing key `{file}`") from error
    if key.verifier.name != ORIGIN + writer:
        raise EvidenceError(f"the signing key `{file}` belongs to `{key.verifier.name}`")
    return key


def read_commitment_key(path: Path, writer: str, day: str) -> CommitmentKey | None:
    """The commitment key of a day (`2026-01-31`, UTC), or None once it was deleted. Raises `EvidenceError`."""
    file = directory(path, writer) / f"commitment-{day}"
    try:
        return CommitmentKey(bytes.fromhex(file.read_text("ascii")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # an unreadable key is not replaced: its records could never be opened
        raise EvidenceError(f"cannot read the commitment key `{file}`") from error


def commitment_key(path: Path, writer: str, day: str, random: Callable[[int], bytes]) -> CommitmentKey:
    """The commitment key of a day, made and kept if there is none. Raises `EvidenceError` or OSError."""
    existing = read_commitment_key(path, writer, day)
    if existing is not None:
        return existing
    key = random(KEY_BYTES)
    file = directory(path, writer) / f"commitment-{day}"
    files.replace(file, key.hex().encode(), files.SECRET_FILE_MODE)
    return CommitmentKey(key)
