"""Brings a store to the newest schema, once, however many processes start together. No queries about principals here.

Under a lock (SQLite: a file beside the database; PostgreSQL: an advisory lock) the schema's revision is read; if it is the newest
nothing happens, else Alembic upgrades in one transaction. The store's own secret is made at the same time.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, insert, inspect, select, text

from nightporter.core.error import StoreError

from .database import Database
from .schema import REVISION, meta

MOCK_SECRET = "mock_secret"  # noqa: S105 - the key it is kept under
MOCK_SECRET_BYTES = 32

ADVISORY_LOCK = 0x6E696768_74706F72
"""`nightpor`: any number, as long as nobody else on the server takes it."""

_one_at_a_time = threading.Lock()
"""Alembic keeps its state in globals of the process."""


def migrate(database: Database, random: Callable[[int], bytes]) -> bytes:
    """Make the store current and return its secret. Raises StoreError, also for a store of a newer version."""
    with _one_at_a_time:
        if database.path is not None:
            return _migrate_sqlite(database, database.path, random)
        return _migrate_postgresql(database, random)


def _migrate_sqlite(database: Database, path: Path, random: Callable[[int], bytes]) -> bytes:
    with _file_lock(path):
        database.create_file()
        database.use_write_ahead_log()
        with database.write() as connection:
            return _upgrade(connection, random)


def _migrate_postgresql(database: Database, random: Callable[[int], bytes]) -> bytes:
    with database.write() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        return _upgrade(connection, random)


def _upgrade(connection: Connection, random: Callable[[int], bytes]) -> bytes:
    found = _revision(connection)
    if found != REVISION:
        _run_alembic(connection, found)
    secret = connection.scalar(select(meta.c.value).where(meta.c.key == MOCK_SECRET))
    if secret is None:
        secret = random(MOCK_SECRET_BYTES).hex()
        connection.execute(insert(meta).values(key=MOCK_SECRET, value=secret))
    return bytes.fromhex(secret)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _run_alembic(connection: Connection, found: str | None) -> None:
    from alembic import command  # only for an upgrade: it takes longer to load than all the rest of the store
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StoreError(f"the store has the schema `{found}` of a newer version of Nightporter, this one knows `{REVISION}`")
    command.upgrade(config, REVISION)


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    """Held until the block ends, or the process does. Not the database's own file: closing it would undo SQLite's locks."""
    lock = path.with_name(path.name + ".lock")
    try:
        descriptor = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"store `{path}` cannot be opened: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
