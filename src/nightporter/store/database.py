"""The connection to whichever database holds the control state, and its transactions. No tables here.

What differs between SQLite and PostgreSQL is in this file, and in the lock of `migrate`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from nightporter.core.error import StoreError

SQLITE = "sqlite"
POSTGRESQL = "postgresql"

BUSY_TIMEOUT_S = 10
"""How long a SQLite writer waits for another one; writes here take milliseconds."""

CONNECT_TIMEOUT_S = 10
"""For PostgreSQL: a session that cannot be looked up must be refused before its client gives up."""

POOL_SIZE = 8
"""Connections of one process; look-ups are short, and there are about as many threads."""

_WRITES = "nightporter_writes"


class Database:
    """An engine whose transactions are `read()` and `write()`. Thread-safe; not to be carried across a fork."""

    def __init__(self, url: str) -> None:
        """Connects on first use. Raises StoreError for a URL that is none of ours."""
        self.url = _parse(url)
        options: dict[str, Any] = {"hide_parameters": True, "pool_size": POOL_SIZE}  # errors must not show a verifier
        if self.url.drivername == SQLITE:
            options["connect_args"] = {"timeout": BUSY_TIMEOUT_S}
        else:
            options |= {"connect_args": {"connect_timeout": CONNECT_TIMEOUT_S}, "pool_pre_ping": True}
        try:
            engine = create_engine(self.url, **options)
        except ModuleNotFoundError as error:
            raise StoreError(f"a PostgreSQL store needs the package `{error.name}`") from None
        if self.path is not None:
            event.listen(engine, "connect", _on_sqlite_connect)
            event.listen(engine, "begin", _on_sqlite_begin)
        self._engine = engine
        self._writing = engine.execution_options(**{_WRITES: True})

    @property
    def path(self) -> Path | None:
        """The file, for SQLite."""
        return Path(self.url.database) if self.url.drivername == SQLITE and self.url.database else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises StoreError."""
        with _as_store_error(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; see `read`. On SQLite one at a time, from its first statement on."""
        with _as_store_error(), self._writing.begin() as connection:
            yield connection

    def use_write_ahead_log(self) -> None:
        """SQLite: readers and the writer do not wait for each other. It stays with the file.

        SQLite does not wait for others here but fails: call it under a lock of your own, before anybody else opens a new file.
        """
        try:
            with closing(self._engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
                cursor.execute("PRAGMA journal_mode = WAL")  # not allowed in a transaction, which SQLAlchemy would begin
                (mode,) = cursor.fetchone() or ("unknown",)
        except (sqlite3.Error, SQLAlchemyError) as error:
            raise StoreError(f"store `{self.path}` cannot be opened: {error}") from None
        if mode != "wal":
            raise StoreError(f"store `{self.path}` must be on a file system that allows a write-ahead log, not `{mode}`")

    def close(self) -> None:
        """Close all connections; the next transaction opens new ones."""
        self._engine.dispose()

    def create_file(self) -> None:
        """Make the SQLite file if there is none, for its owner's eyes only: it holds password verifiers."""
        assert self.path is not None, "only SQLite has a file"  # noqa: S101
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            return  # its mode is its owner's business
        except OSError as error:
            raise StoreError(f"store `{self.path}` cannot be made: {error.strerror}") from None


def _parse(text: str) -> URL:
    try:
        url = make_url(text)
    except (SQLAlchemyError, ValueError):
        # not quoted: it may have a password in it
        raise StoreError("the store is not a URL; write `sqlite:///PATH` or `postgresql+psycopg://HOST/DATABASE`") from None
    if url.drivername in (POSTGRESQL, f"{POSTGRESQL}+psycopg"):
        return url.set(drivername=f"{POSTGRESQL}+psycopg")
    if url.drivername not in (SQLITE, f"{SQLITE}+pysqlite"):
        raise StoreError(f"store `{url.drivername}` is not supported; there are `sqlite` and `postgresql+psycopg`")
    if not url.database or url.database == ":memory:" or url.database.startswith("file:") or url.query or url.host:
        raise StoreError("a SQLite store is a file that several processes share: `sqlite:///PATH`, without parameters")
    return url.set(drivername=SQLITE)


@contextmanager
def _as_store_error() -> Iterator[None]:
    """Any trouble of the database in our own words. The transaction was rolled back; nothing was changed."""
    try:
        yield
    except DBAPIError as error:
        # without its cause and without more than the first line: the rest may quote the row
        lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
        raise StoreError(f"the store cannot be used: {lines[0]}") from None
    except SQLAlchemyError as error:
        raise StoreError(f"the store cannot be used: {type(error).__name__}") from None


def _on_sqlite_connect(connection: Any, record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: `_on_sqlite_begin` does
    connection.execute("PRAGMA foreign_keys = ON")


def _on_sqlite_begin(connection: Connection) -> None:
    # A deferred transaction that reads before it writes would fail, not wait, when another one wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITES) else "BEGIN")
