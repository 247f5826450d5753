"""Opening the store: the one place where it meets a clock and the system's randomness."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime

from .database import Database
from .migrate import migrate
from .store import Store


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.fromtimestamp(time.time(), UTC)


def open_store(url: str, *, clock: Callable[[], datetime] = utc_now, random: Callable[[int], bytes] = secrets.token_bytes) -> Store:
    """Open the store and bring its schema up to date; many processes may do so at once.

    `url` is `sqlite:///PATH` (`sqlite:////PATH` for an absolute one) or `postgresql+psycopg://USER:PASSWORD@HOST/DATABASE`.
    Raises StoreError.
    """
    database = Database(url)
    try:
        return Store(database, migrate(database, random), clock, random)
    except BaseException:
        database.close()
        raise
