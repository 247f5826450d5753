"""The MySQL and MariaDB side of the arena: case databases, the SQL client, effect oracles."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql
from model import Channel, Entrances, Transcript
from pymysql.constants import CLIENT

SEED = Path(__file__).with_name("seed_mysql.sql")
AGENT_ROLE = AGENT_PASSWORD = "app_svc"
CONNECTION_LOST = frozenset({0, 2006, 2013, 2014, 2027})
SEEDED_USER = (
    f"CREATE USER IF NOT EXISTS {AGENT_ROLE}@'%' IDENTIFIED BY '{AGENT_PASSWORD}'",
    f"GRANT FILE, PROCESS, EVENT, RELOAD ON *.* TO {AGENT_ROLE}@'%'",
)


class Broken(Exception):
    """The connection was lost, hung, or the protocol was violated."""


def direct_entrances(admin_dsn: str) -> Entrances:
    """Client connections that bypass the proxy (the control run)."""
    url = urlsplit(admin_dsn)
    agent = f"mysql://{AGENT_ROLE}:{AGENT_PASSWORD}@{url.hostname}:{url.port or 3306}/"
    return Entrances(admin_dsn, agent, admin_dsn)


def connect(dsn: str, database: str | None, limit: float) -> pymysql.Connection[Any]:
    """Open a connection that may send several statements at once."""
    url = urlsplit(dsn)
    return pymysql.connect(
        host=url.hostname or "127.0.0.1",
        port=url.port or 3306,
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
        database=database,
        autocommit=True,
        client_flag=CLIENT.MULTI_STATEMENTS,
        local_infile=True,
        connect_timeout=max(2, int(limit)),
        read_timeout=limit,
        write_timeout=limit,
    )


class MysqlLab:
    """One case database and the clients that play cases against it."""

    def __init__(self, entrances: Entrances, database: str, scratch: Path, limit: float) -> None:
        self.entrances = entrances
        self.database = database
        self.scratch = scratch
        self.limit = limit
        self._admin = connect(entrances.admin, None, 60)
        for statement in SEEDED_USER:
            self._run(statement)
        self._run(f"GRANT ALL ON {database}.* TO {AGENT_ROLE}@'%'")

    @property
    def has_super(self) -> bool:
        """Whether cases that need a superuser server role can run."""
        return self.entrances.super is not None

    def refresh(self) -> None:
        """Make the case database pristine."""
        self._run(f"DROP DATABASE IF EXISTS {self.database}")
        self._run(f"CREATE DATABASE {self.database}")
        self._run(f"USE {self.database}")
        for statement in statements(SEED.read_text()):
            self._run(statement)

    def _run(self, statement: str) -> tuple[Any, ...] | None:
        with self._admin.cursor() as cursor:
            cursor.execute(statement)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row

    def fill(self, text: str) -> str:
        """Put the real values in place of the placeholders of a case."""
        return text.replace("{SCRATCH}", str(self.scratch)).replace("{DB}", self.database)

    def play(self, who: str, steps: tuple[str, ...], limit: float | None = None) -> Transcript:
        """Play the steps as one client and return what it received."""
        transcript = Transcript()
        dsn = self.entrances.super if who == "super" else self.entrances.agent
        assert dsn is not None, "cases for a missing entrance are skipped"
        try:
            connection = connect(dsn, self.database, limit or self.limit)
        except pymysql.MySQLError as error:
            transcript.add(Channel.ERROR, _error_text(error))
            transcript.failed_steps = len(steps)
            if who == "agent" or _code(error) in CONNECTION_LOST:
                transcript.broken = "cannot connect"
            return transcript
        try:
            for step in steps:
                transcript.failed_steps += _query(connection, step, transcript)
            if not _answers(connection):
                raise Broken("the connection does not answer after the case")
        except Broken as error:
            transcript.broken = str(error)
        finally:
            with contextlib.suppress(pymysql.MySQLError, OSError):
                connection.close()
        return transcript

    def effect(self, query: str) -> bool:
        """Ask an effect oracle on the admin connection."""
        row = self._run(query)
        return bool(row and row[0])

    def cleanup(self, statements: tuple[str, ...]) -> None:
        """Undo server-wide effects of a case; it is fine if there is nothing to undo."""
        for statement in statements:
            with contextlib.suppress(pymysql.MySQLError):
                self._run(statement)

    def close(self) -> None:
        """Drop the case database."""
        self._run(f"DROP DATABASE IF EXISTS {self.database}")
        self._admin.close()


def statements(script: str) -> Iterator[str]:
    """Split a script at its delimiters, which ``DELIMITER`` lines change."""
    delimiter, lines = ";", list[str]()
    for line in script.splitlines():
        if line.startswith("DELIMITER "):
            delimiter = line.removeprefix("DELIMITER ").strip()
        elif line.rstrip().endswith(delimiter):
            yield "\n".join([*lines, line.rstrip().removesuffix(delimiter)])
            lines.clear()
        elif line.strip() and not line.startswith("--"):
            lines.append(line)


def _query(connection: pymysql.Connection[Any], text: str, transcript: Transcript) -> bool:
    """Run one command with all its results; true if it ended in an error."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(text)
            _record(cursor, transcript)
            while cursor.nextset():
                _record(cursor, transcript)
        _record_warnings(connection, transcript)
    except pymysql.MySQLError as error:
        transcript.add(Channel.ERROR, _error_text(error))
        if _code(error) in CONNECTION_LOST:
            raise Broken(f"connection lost: {error}") from error
        return True
    except (OSError, AssertionError, IndexError, ValueError) as error:
        raise Broken(f"protocol violation: {error!r}") from error
    return False


def _record(cursor: Any, transcript: Transcript) -> None:
    for row in cursor.fetchall():
        transcript.add(Channel.ROW, "\t".join(_text(value) for value in row))
    transcript.add(Channel.TAG, f"{cursor.rowcount} rows")


def _record_warnings(connection: pymysql.Connection[Any], transcript: Transcript) -> None:
    """Ask for warnings, which may carry values; it is fine if the proxy refuses that."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW WARNINGS")
            for row in cursor.fetchall():
                transcript.add(Channel.NOTICE, " ".join(_text(value) for value in row))
    except pymysql.MySQLError as error:
        if _code(error) in CONNECTION_LOST:
            raise


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _answers(connection: pymysql.Connection[Any]) -> bool:
    probe = Transcript()
    try:
        _query(connection, "ROLLBACK", probe)
        _query(connection, "SELECT 1", probe)
    except Broken:
        return False
    return probe.text(Channel.ROW) == "1"


def _code(error: pymysql.MySQLError) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


def _error_text(error: pymysql.MySQLError) -> str:
    return f"{_code(error)} {error.args[1] if len(error.args) > 1 else error}"
