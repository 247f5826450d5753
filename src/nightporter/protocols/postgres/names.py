"""What a session's names stand for: prepared statements in one book, portals and cursors in another. Pure.

The server changes its names when it gets to a message; the client may have sent the next one long before. So a change is
*pending* from the moment we forward it until the server has answered: `confirm` or `revert`. Within one batch (up to a Sync)
a pending change may be relied on, whatever earlier batches will make of the name: had it failed, the server would skip what
follows. A pending change of an earlier batch may not: the answer decides which of two texts the name stands for. `lookup` then
says UNCERTAIN and the caller waits.

See "Extended Query" and "Pipelining" in PostgreSQL's chapter "Message Flow"; SQL's PREPARE and DECLARE share these books.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Generic, TypeVar

V = TypeVar("V")


class Uncertain(Enum):
    """The type of UNCERTAIN."""

    UNCERTAIN = "uncertain"


UNCERTAIN: Final = Uncertain.UNCERTAIN


class Change(Generic[V]):
    """A name that will stand for `value` (None: for nothing) once the server has agreed."""

    __slots__ = ("batch", "book", "name", "value")

    def __init__(self, book: Names[V], name: bytes, value: V | None, batch: int) -> None:
        self.book = book
        self.name = name
        self.value = value
        self.batch = batch

    def confirm(self) -> V | None:
        """The server did it; gives what the name stood for before."""
        return self.book._settle(self, done=True)

    def revert(self) -> None:
        """The server did not."""
        self.book._settle(self, done=False)


class Names(Generic[V]):
    """One book of names."""

    __slots__ = ("_agreed", "_pending")

    def __init__(self) -> None:
        self._agreed: dict[bytes, V] = {}
        self._pending: dict[bytes, list[Change[V]]] = {}

    def define(self, name: bytes, value: V | None, batch: int) -> Change[V]:
        """Let `name` stand for `value`, or for nothing, as soon as the server agrees."""
        change = Change(self, name, value, batch)
        pending = self._pending.get(name)
        if pending is None:
            self._pending[name] = [change]
        else:
            pending.append(change)
        return change

    def lookup(self, name: bytes, batch: int) -> V | Uncertain | None:
        """What the server will find under `name` when it gets to a message of this batch; None for nothing."""
        pending = self._pending.get(name)
        if pending is None:
            return self._agreed.get(name)
        if pending[-1].batch != batch:
            return UNCERTAIN
        return pending[-1].value

    def known(self) -> set[bytes]:
        """Every name that stands, or may stand, for something."""
        return {*self._agreed, *self._pending}

    def agreed(self) -> list[tuple[bytes, V]]:
        """What the server is known to have, whatever is pending."""
        return list(self._agreed.items()) if self._agreed else []

    def forget(self, name: bytes) -> None:
        """The server dropped it by itself."""
        self._agreed.pop(name, None)

    def __contains__(self, name: bytes) -> bool:
        return name in self._agreed or name in self._pending

    def __len__(self) -> int:
        return len(self._agreed)

    def _settle(self, change: Change[V], *, done: bool) -> V | None:
        pending = self._pending.get(change.name)
        if pending is None or change not in pending:
            return None  # settled before: a message may be answered for by its own reply and by the end of its batch
        pending.remove(change)
        if not pending:
            del self._pending[change.name]
        if not done:
            return None
        before = self._agreed.pop(change.name, None)
        if change.value is not None:
            self._agreed[change.name] = change.value
        return before
