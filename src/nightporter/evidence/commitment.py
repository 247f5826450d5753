"""Salted commitments: a record says that a value was used without saying which. Pure.

Without the key a commitment tells nothing, not even that two records used the same value: each record has a salt of its
own. With the key an auditor can confirm a guess. Once the key is deleted nobody can, and the chain stays whole.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

KEY_BYTES = 32
SALT_BYTES = 16

_BLOCK_BYTES = 64  # of SHA-256 (RFC 2104)
_INNER = bytes(b ^ 0x36 for b in range(256))
_OUTER = bytes(b ^ 0x5C for b in range(256))


class CommitmentKey:
    """HMAC-SHA256 with its two key blocks hashed beforehand: a third of the cost of `hmac.digest`, on the hot path."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a commitment key has {KEY_BYTES} bytes, not `{len(key)}`")
        block = key.ljust(_BLOCK_BYTES, b"\x00")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def salt(self, number: str) -> bytes:
        """Salt of the record with this number: the first 16 bytes of HMAC-SHA256(key, number)."""
        inner = self._inner.copy()
        inner.update(number.encode())
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()[:SALT_BYTES]

    def __repr__(self) -> str:
        return "***"


def commit(salt: bytes, index: int, value: bytes) -> str:
    """Commitment to the value at a place (from 0) among the parameters: hex of SHA-256(salt, index as 4 bytes, value).

    The index is hashed too: two equal values in one record do not show that they are.
    """
    return hashlib.sha256(salt + index.to_bytes(4, "big") + value).hexdigest()


def commit_all(salt: bytes, values: Iterable[bytes | None]) -> tuple[str | None, ...]:
    """Commitments to a record's parameters, in order; NULL is None."""
    return tuple(None if value is None else commit(salt, index, value) for index, value in enumerate(values))


def opens(key: CommitmentKey, number: str, index: int, value: bytes | None, commitment: str | None) -> bool:
    """Whether this commitment, at this place of this record, was made of this value."""
    if value is None or commitment is None:
        return value is None and commitment is None
    return hmac.compare_digest(commit(key.salt(number), index, value), commitment)
