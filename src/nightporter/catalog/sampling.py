"""What a protocol must supply for values of its databases to be looked at. Pure: conversations, and what they come to.

Values are looked at to find out what a column holds, and forgotten. No error, log, record or store ever has one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, Protocol

from nightporter.core.error import UpstreamError
from nightporter.core.talk import Talk

from .model import Column, Relation, Snapshot
from .reader import CatalogConnection

MAX_VALUE = 500
"""Characters of one value, cut by the server: enough to see what it is."""


class SamplingError(UpstreamError):
    """The database does not let us look at a relation; the connection is good for others. The message has no value in it."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        """`passing`: it may be otherwise soon."""
        super().__init__(message)
        self.passing = passing


class Comments(NamedTuple):
    """What a database's people have written about a relation and its columns."""

    relation: str = ""
    columns: Mapping[int, str] = MappingProxyType({})
    """By number."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows of a relation, by column."""

    rows: int
    """How many were looked at."""
    whole: bool
    """They are all that there are."""
    values: Mapping[str, Sequence[str]] = field(repr=False)
    """By column: those that are not NULL, as text; elements of arrays one by one. A column that is not here was not looked at."""


class SamplingConnection(CatalogConnection, Protocol):
    """A connection that a catalogue can be read on, and values too. Its conversations raise UpstreamError and ProtocolError."""

    def comments(self) -> Talk[Mapping[int, Comments]]:
        """Of all relations that have some, by OID."""
        ...

    def sample(self, relation: Relation, columns: Collection[Column], snapshot: Snapshot, rows: int) -> Talk[Sample]:
        """About so many rows, by chance, of a relation and all below it. Raises SamplingError."""
        ...


@dataclass(frozen=True, slots=True)
class Sampler:
    """How values are looked at."""

    version: tuple[int, int]
    """Of the protocol, for logging in."""
    settings: Mapping[str, str]
    """Start-up settings of that connection."""
    connection: Callable[[], SamplingConnection]
    can_be_read: Callable[[Relation, Snapshot], bool]
    """Whether to read it does nothing but read rows that are stored in this database."""
    tells: Callable[[Column, Snapshot], bool]
    """Whether values of a column may tell anything: those of a boolean do not."""
