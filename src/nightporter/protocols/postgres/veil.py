"""What is drawn before the results of a text: `core.wire.Veil`, and a worker's cache of them. Pure.

    reading, catalogue, who asks  ->  Veil, one Curtain a statement  ->  Plan, once for each description of a result  ->  RowMasker

A text has no veil where whoever asks may see everything: then nothing is looked at.
"""

from __future__ import annotations

from collections import OrderedDict

from nightporter.catalog.model import Snapshot
from nightporter.core.wire import Request
from nightporter.policy.reveal import Reveals
from nightporter.statement.model import Reading, Statement

from .curtain import Curtain
from .sight import Sight
from .written import mask_in, written_labels

MAX_SIGHTS = 64
"""Of a worker: each principal that is there, under each catalogue and moment."""
MAX_VEILS = 4096
"""Of one sight."""
NO_STATEMENT = Statement("", "", frozenset())
"""While nothing runs."""


_ERRORS = b"EN"
"""What functions, triggers and constraints can put values into."""


class Veil:
    """Before the results of one text: `core.wire.Veil`."""

    __slots__ = ("_sight", "_writes", "curtains", "obstacle", "unknown")

    def __init__(self, sight: Sight, reading: Reading) -> None:
        self._sight = sight
        self._writes = written_labels(reading, sight.hidden)
        self.curtains = tuple(Curtain(sight, statement) for statement in reading.statements)
        self.unknown = Curtain(sight, None)
        """Before what is not known."""
        self.obstacle = _obstacle(self.curtains)
        """See `core.wire.Veil`."""

    def before(self, statement: int) -> Curtain:
        """That of one statement of the text."""
        return self.curtains[statement] if statement < len(self.curtains) else self.unknown

    def said(
        self, code: int, body: bytes, whole: bool, curtain: Curtain | None, request: Request | None, codec: str
    ) -> bytes | None:
        """What the server says beside rows (an error, a notice, a notification, a setting): what to say instead, None for itself.

        Not `whole`: it is too long to be held, and `body` is its beginning.
        """
        told = () if request is None else _told(request, codec)
        if curtain is None:  # an error then is of what was put off until the end of a transaction: it may be of anything
            curtain = self.unknown if code in _ERRORS else Curtain(self._sight, NO_STATEMENT)
        return curtain.said(code, body, whole, told, codec)

    def brings_back(self, request: Request) -> str | None:
        """See `core.wire.Veil`."""
        if self._writes is None:
            return None
        return mask_in(request.reading, request.parameters, self._writes, self._sight.hidden, self._sight.key_of_tokens)


def _obstacle(curtains: tuple[Curtain, ...]) -> str | None:
    if not all(curtain.is_possible for curtain in curtains):
        return "rows that hold what may not be seen cannot be copied with these options"
    if any(curtain.keeps for curtain in curtains):
        return "a setting could be given a value that may not be seen, and shown later"
    return None


def _told(request: Request, codec: str) -> tuple[str, ...]:
    """What the client itself has sent: it knows that already."""
    texts = [request.reading.text, *(value for value in request.parameters if value is not None)]
    return tuple(text.decode(codec, "replace") for text in texts)


class _Known:
    """A sight, what it is for, and the veils that were made by it."""

    __slots__ = ("key", "reveals", "sight", "snapshot", "veils")

    def __init__(self, reveals: Reveals, snapshot: Snapshot | None, key: bytes) -> None:
        self.reveals = reveals
        self.snapshot = snapshot
        self.key = key
        self.sight = Sight(reveals, snapshot, key)
        self.veils: dict[object, tuple[object, Veil]] = {}


class Veils:
    """A worker's: how every text is shown to everybody. `core.wire.Adapter.veil`."""

    __slots__ = ("_last", "_latest", "_sights")

    def __init__(self) -> None:
        self._last: _Known | None = None
        self._sights: OrderedDict[tuple[Reveals, Snapshot | None, bytes], _Known] = OrderedDict()
        self._latest: dict[Reveals, Sight] = {}

    def __call__(self, reading: Reading, snapshot: Snapshot | None, reveals: Reveals, key: bytes) -> Veil | None:
        """See `core.wire.Adapter`."""
        if reveals.sees_everything:
            return None  # most of all that there are
        known = self._last
        if known is None or known.reveals is not reveals or known.snapshot is not snapshot or known.key != key:
            self._last = known = self._known(reveals, snapshot, key)
        if reveals.sees_everything is None:
            sight = known.sight
            reveals.sees_everything = not sight.hidden and not reveals.may_hide
            if reveals.sees_everything:
                return None
        # texts that differ in numbers share what was found of them, and then this too
        alike: list[object] = []
        for s in reading.statements:
            if s.outputs is None and s.kind == "copy":
                return Veil(known.sight, reading)
            alike += (s.kind, s.unknown is None, id(s.outputs), id(s.accesses), id(s.effects), id(s.settings))
        shared = tuple(alike)
        kept = known.veils.get(shared)
        if kept is None:
            if len(known.veils) >= MAX_VEILS:
                known.veils.clear()
            # what stands by its identity in the key is kept with it, so that nothing else can have that identity
            known.veils[shared] = kept = (reading.statements, Veil(known.sight, reading))
        return kept[1]

    def _known(self, reveals: Reveals, snapshot: Snapshot | None, key: bytes) -> _Known:
        found = self._sights.get((reveals, snapshot, key))
        if found is None:
            self._sights[reveals, snapshot, key] = found = _Known(reveals, snapshot, key)
            if len(self._sights) > MAX_SIGHTS:
                self._sights.popitem(last=False)
        else:
            self._sights.move_to_end((reveals, snapshot, key))
        if snapshot is None:
            found.sight.elder = self._latest.get(reveals)
        else:
            if len(self._latest) >= MAX_SIGHTS:
                self._latest.clear()
            self._latest[reveals] = found.sight
        return found


veil = Veils()
"""The worker's own."""
