"""Control state behind a small interface: SQLite by default, PostgreSQL where it is shared."""

from __future__ import annotations

from .open import open_store
from .row import Listed
from .store import Store

__all__ = ["Listed", "Store", "open_store"]
