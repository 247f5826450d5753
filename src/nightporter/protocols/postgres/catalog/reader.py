"""What the rest of Nightporter gets of reading PostgreSQL's catalogue: one value."""

from __future__ import annotations

from nightporter.catalog.model import Snapshot
from nightporter.catalog.reader import CatalogReader
from nightporter.core.talk import Talk

from .ask import Answers, run
from .build import snapshot
from .parts import Parts
from .read import read
from .watch import CHANNEL, LISTEN, run_script, script

SETTINGS = {"application_name": "nightporter catalog", "client_encoding": "UTF8"}


class Connection:
    """One connection that is for nothing else."""

    def __init__(self) -> None:
        self._stream = Answers()

    def read(self, earlier: Snapshot | None) -> Talk[Parts]:
        """See `CatalogConnection`, as for the others."""
        return read(self._stream, earlier)

    def listen(self) -> Talk[None]:
        """Hear of changes, from the event trigger where one is installed."""
        return run(self._stream, LISTEN)

    def heard(self, data: bytes = b"") -> bool:
        """Whether a notification of ours has come. Else only settings, notices and the reason of the end come unasked."""
        if data:
            self._stream.feed(data)
        found = CHANNEL in self._stream.notifications
        self._stream.notifications.clear()
        return found

    def watch(self, remove: bool) -> Talk[None]:
        """Install the event trigger, or remove it."""
        return run_script(self._stream, remove)


READER = CatalogReader(version=(3, 0), settings=SETTINGS, connection=Connection, build=snapshot, script=script)
