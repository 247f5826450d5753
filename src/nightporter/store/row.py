"""What the store gives back, and what it takes: rows to values, and the rules that names and texts follow. No database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from nightporter.core.error import StoreError
from nightporter.identity.directory import Entry
from nightporter.identity.principal import NAME, Kind, Method, Principal
from nightporter.identity.token import Token

from .schema import TEXT_LENGTH

MAX_GROUPS = 256
MAX_ATTRIBUTES = 64
"""Groups and attributes go into every decision about the principal."""


SHOWN_LENGTH = 80
"""How much of a wrong text an error quotes."""

C = TypeVar("C", Kind, Method)


@dataclass(frozen=True, slots=True)
class Listed:
    """A principal as an administrator sees it."""

    principal: Principal
    method: Method
    created_at: datetime
    disabled_at: datetime | None
    owner_disabled: bool
    """Its owner is disabled, and it with them."""
    has_password: bool
    certificate_name: str | None


def entry_of(rows: Iterable[Mapping[str, Any]]) -> Entry:
    """An entry from the rows of one principal, one for each group."""
    groups = list(rows)
    row = groups[0]
    return Entry(
        principal_of(row, [group["group"] for group in groups]),
        _choice(Method, row["method"]),
        row["verifier"],
        row["certificate_name"],
        disabled=row["disabled_at"] is not None or row["owner_disabled_at"] is not None,
    )


def listed_of(rows: Iterable[Mapping[str, Any]]) -> Listed:
    """The same rows, for an administrator."""
    groups = list(rows)
    row = groups[0]
    return Listed(
        principal_of(row, [group["group"] for group in groups]),
        _choice(Method, row["method"]),
        row["created_at"],
        row["disabled_at"],
        owner_disabled=row["owner_disabled_at"] is not None,
        has_password=row["verifier"] is not None,
        certificate_name=row["certificate_name"],
    )


def principal_of(row: Mapping[str, Any], groups: Iterable[str | None]) -> Principal:
    """The principal of a row; None among the groups is what an outer join gives for none."""
    return Principal(
        row["name"],
        _choice(Kind, row["kind"]),
        frozenset(group for group in groups if group is not None),
        tuple(sorted(row["attributes"].items())),
        row["owner"],
    )


def token_of(row: Mapping[str, Any]) -> Token:
    """The token of a row."""
    return Token(
        identifier=row["id"],
        principal=row["principal"],
        digest=row["digest"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        actor=row["actor"],
        label=row["label"],
        created_by=row["created_by"],
    )


def check_name(what: str, name: str) -> None:
    """Raise StoreError unless it is a name as principals, groups and actors have."""
    if not NAME.fullmatch(name):
        raise StoreError(f"{what} {_quoted(name)} is not a name: 1 to 63 letters, digits and `_.@+:-`, not `.@+:-` first")


def check_text(what: str, text: str | None) -> None:
    """Raise StoreError for a text that is empty, too long or not printable: a terminal will show it."""
    if text is not None and not (0 < len(text) <= TEXT_LENGTH and text.isprintable()):
        raise StoreError(f"{what} {_quoted(text)} is not 1 to {TEXT_LENGTH} printable characters")


def check_groups(groups: Collection[str]) -> None:
    """Raise StoreError for groups that a principal cannot have."""
    if len(groups) > MAX_GROUPS:
        raise StoreError(f"{len(groups)} groups are more than {MAX_GROUPS}")
    for group in groups:
        check_name("group", group)


def check_attributes(attributes: Mapping[str, str]) -> None:
    """Raise StoreError for attributes that a principal cannot have."""
    if len(attributes) > MAX_ATTRIBUTES:
        raise StoreError(f"{len(attributes)} attributes are more than {MAX_ATTRIBUTES}")
    for name, value in attributes.items():
        check_name("attribute", name)
        check_text(f"attribute `{name}`: value", value)


def _choice(choice: type[C], value: str) -> C:
    try:
        return choice(value)
    except ValueError:
        # written by a newer version, or by hand: nobody gets in by it
        raise StoreError(f"the store has a {choice.__name__.lower()} {_quoted(value)} that is not known here") from None


def _quoted(text: str) -> str:
    shown = text if len(text) <= SHOWN_LENGTH else text[:SHOWN_LENGTH] + "..."
    return f"`{shown if shown.isprintable() else ascii(shown)}`"
