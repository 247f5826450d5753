"""Where principals are looked up. A small interface, and an implementation in memory for tests; the real one is the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from .principal import Method, Principal
from .token import Token


@dataclass(frozen=True, slots=True)
class Entry:
    """A principal and how it proves itself."""

    principal: Principal
    method: Method
    verifier: str | None = field(default=None, repr=False)
    """SCRAM verifier, for `password`; None until a password is set, and then nobody gets in."""
    certificate_name: str | None = None
    """The name that a client certificate must carry, for `certificate`; None: the principal's own."""
    disabled: bool = False
    """It, or the human who answers for it, may not come in."""


class Directory(Protocol):
    """All that opening a session needs to know. Calls may block, and may come from several threads. They raise StoreError."""

    def find(self, name: str) -> Entry | None:
        """The entry of a name that a client claims, which may be any text."""
        ...

    def find_token(self, identifier: str) -> Token | None:
        """The token with this id, revoked and expired ones too."""
        ...

    def mock_secret(self) -> bytes:
        """The secret behind the challenges of unknown names: the same for every process and after every restart."""
        ...


class MemoryDirectory:
    """A directory for tests."""

    def __init__(self, mock_secret: bytes = b"mock") -> None:
        self._mock_secret = mock_secret
        self.entries: dict[str, Entry] = {}
        self.tokens: dict[str, Token] = {}

    def add(self, entry: Entry) -> None:
        """Add an entry, or put it in the place of the one with its name."""
        self.entries[entry.principal.name] = entry

    def add_token(self, token: Token) -> None:
        """Add a token, or put it in the place of the one with its id."""
        self.tokens[token.identifier] = token

    def find(self, name: str) -> Entry | None:
        """See `Directory`."""
        return self.entries.get(name)

    def find_token(self, identifier: str) -> Token | None:
        """See `Directory`."""
        return self.tokens.get(identifier)

    def mock_secret(self) -> bytes:
        """See `Directory`."""
        return self._mock_secret
