"""The catalogue as one session sees it: with its temporary schema, and with what its open transaction has changed. Pure.

Questions for the session's own connection (see inquiry.py, which puts the search path that they need around them).
"""

from __future__ import annotations

from itertools import count

from nightporter.catalog.model import Snapshot
from nightporter.core.wire import OwnView

from .catalog.private import look

_versions = count(-1, -1)
"""Those of catalogues that all see count up: these never meet them."""


def own_view(snapshot: Snapshot) -> OwnView:
    """See `core.wire.Adapter.own_view`."""
    return (yield from look(snapshot, next(_versions)))
