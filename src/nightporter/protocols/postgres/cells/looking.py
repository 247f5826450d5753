"""What a guard asks of those who know what must not be seen. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from nightporter.catalog.model import Relation


class Looking(Protocol):
    """Finds what must not be seen inside of a text, and says what is shown in its place.

    Besides it may have what the other functions of this module look for: `named`, `instead`, `names`, `column`.
    """

    def may_hold(self, data: bytes, /) -> bool:
        """Whether the bytes of a text, in an encoding based on ASCII, could hold any of it. Fast; False is certain."""

    def redact(self, text: str, /) -> str:
        """The text without it; the same object where there is none."""


def named_by(looking: object) -> Callable[[str], str | None] | None:
    """`named(key) -> label`: which label that must not be seen a member of a JSON object, or of an hstore, has by its key."""
    found: Callable[[str], str | None] | None = getattr(looking, "named", None)
    return found


def instead_of(looking: object) -> Callable[[str, str], str | None] | None:
    """`instead(label, value) -> text`: what is shown in place of such a member's text."""
    found: Callable[[str, str], str | None] | None = getattr(looking, "instead", None)
    return found


def column_of(looking: object) -> Callable[[Relation, str], tuple[str, str] | None] | None:
    """`column(relation, name) -> (masker, label)`: how a field of a row of a table is shown; None is plain, or not known."""
    found: Callable[[Relation, str], tuple[str, str] | None] | None = getattr(looking, "column", None)
    return found
