"""The labels: classes of data that a column, or a value, may be of. One table; a new label is one entry in it. Pure.

A label's name is a path: whatever holds for `pii` holds for `pii.email`. The server's own columns have labels of other kinds
(`server.values`, ...), which say what the server remembers; they have entries here too, for how they are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

TEXT, NUMBER, WHOLE_NUMBER, DATE, ADDRESS, PLACE, BYTES, FLAG = "text", "number", "whole number", "date", "address", "place", "bytes", "flag"
"""Families of types: what can be written as text; any number; one without fraction; dates and times; network addresses; points;
bytes; booleans."""


@dataclass(frozen=True, slots=True)
class Label:
    """One class of data: how it is shown to those who may not see it, and by what it is found."""

    name: str
    title: str
    """As people read it: `e-mail address`."""
    masker: str
    """What stands in its place unless a policy names another: see `maskers`."""
    families: frozenset[str] = frozenset({TEXT})
    """Types that a column of it may have."""
    words: tuple[str, ...] = ()
    """Names that columns of it have, in several languages; lower case, words joined by `_`."""
    pattern: str = ""
    """What its values look like, as a whole: a regular expression that takes linear time. Empty: values do not tell."""
    within: str = ""
    """The same inside of other text, strict enough that nothing else is taken for it. Empty: it is not looked for there."""
    confirm: Callable[[str], bool] | None = None
    """Whether what matches a pattern is one: a checksum, a range."""


def _table(*labels: Label) -> MappingProxyType[str, Label]:
    return MappingProxyType({label.name: label for label in labels})


LABELS = _table(
    Label("pii.name", "name of a person", "full"),
    Label("pii.name.given", "given name", "full"),
    Label("pii.name.family", "family name", "full"),
    Label("pii.email", "e-mail address", "partial"),
    Label("pii.phone", "phone number", "partial", frozenset({TEXT, WHOLE_NUMBER})),
    Label("pii.address", "postal address", "full"),
    Label("pii.address.street", "street address", "full"),
    Label("pii.address.city", "city", "full"),
    Label("pii.address.postal_code", "postal code", "full", frozenset({TEXT, WHOLE_NUMBER})),
    Label("pii.address.region", "state or region", "full"),
    Label("pii.address.country", "country", "full"),
    Label("pii.birth_date", "date of birth", "year", frozenset({DATE, TEXT})),
    Label("pii.national_id", "national identity number", "full", frozenset({TEXT, WHOLE_NUMBER})),
    Label("pii.card", "payment card", "partial", frozenset({TEXT, WHOLE_NUMBER})),
    Label("pii.bank_account", "bank account", "partial", frozenset({TEXT, WHOLE_NUMBER})),
    Label("pii.ip_address", "ip address", "full", frozenset({TEXT, ADDRESS})),
    Label("pii.geo", "geographic position", "full", frozenset({TEXT, NUMBER, PLACE})),
    Label("pii.gender", "gender", "full", frozenset({TEXT, WHOLE_NUMBER, FLAG})),
    Label("pii.salary", "salary", "bucket", frozenset({TEXT, NUMBER, WHOLE_NUMBER})),
    Label("pii.username", "user name", "full"),
    Label("pii.text", "text that mentions personal data", "found"),
    Label("secret.password", "password, or a hash of one", "full", frozenset({TEXT, BYTES})),
    Label("secret.token", "access token", "full", frozenset({TEXT, BYTES})),
    Label("secret.key", "key", "full", frozenset({TEXT, BYTES})),
    Label("secret.connection", "connection string", "full"),
    Label("server.values", "what the server remembers of users' data", "null"),
    Label("server.statements", "texts of statements", "full"),
    Label("server.connections", "where other servers are", "full"),
    Label("server.state", "what the server does", "full"),
)
"""By name."""


def above(name: str) -> tuple[str, ...]:
    """The label itself and those that it is in, nearest first: `pii.name.given`, `pii.name`, `pii`."""
    parts = name.split(".")
    return tuple(".".join(parts[:n]) for n in range(len(parts), 0, -1))
