"""What a protocol must supply for its databases' catalogues to be read. Pure: conversations, and what they are made into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from nightporter.core.talk import Talk

from .model import Snapshot


class CatalogConnection(Protocol):
    """A connection, logged in, that is for nothing but the catalogue. Its conversations raise UpstreamError and ProtocolError."""

    def read(self, earlier: Snapshot | None) -> Talk[Any]:
        """Ask for what is not in an earlier Snapshot of the same database. What it gives is for `CatalogReader.build` alone."""
        ...

    def listen(self) -> Talk[None]:
        """Have the database say when its catalogue changes, where it can."""
        ...

    def heard(self, data: bytes = b"") -> bool:
        """Whether it has said so, in bytes that came unasked (`data`) or during a conversation. Raises ProtocolError."""
        ...

    def watch(self, remove: bool) -> Talk[None]:
        """Install in the database what makes it say so; remove it, if True. The error's message is for whoever asked for it."""
        ...


@dataclass(frozen=True, slots=True)
class CatalogReader:
    """How the catalogue of a database is read."""

    version: tuple[int, int]
    """Of the protocol, for logging in."""
    settings: Mapping[str, str]
    """Start-up settings of that connection."""
    connection: Callable[[], CatalogConnection]
    build: Callable[[Any, int], Snapshot]
    """The Snapshot, with the number it is to have; the earlier one itself where nothing has changed. Takes time."""
    script: Callable[[bool], str]
    """What `CatalogConnection.watch` would run."""
