"""The PostgreSQL side of the arena: case databases, the SQL client, effect oracles."""

from __future__ import annotations

import hashlib
import math
import os
import select
import time
from pathlib import Path

import psycopg
from model import Channel, Entrances, Transcript
from psycopg import pq, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

SEED = Path(__file__).with_name("seed_postgres.sql")
TEMPLATE = "arena_template"
AGENT_ROLE = AGENT_PASSWORD = "app_svc"  # created by the seed
COPY_IN_ROW = b"777777\t1\t5\n"

ERROR_FIELDS = (
    pq.DiagnosticField.MESSAGE_PRIMARY,
    pq.DiagnosticField.MESSAGE_DETAIL,
    pq.DiagnosticField.MESSAGE_HINT,
    pq.DiagnosticField.CONTEXT,
    pq.DiagnosticField.INTERNAL_QUERY,
)
REPORTED_PARAMETERS = (
    b"application_name",
    b"client_encoding",
    b"DateStyle",
    b"IntervalStyle",
    b"TimeZone",
    b"session_authorization",
    b"is_superuser",
    b"standard_conforming_strings",
)


class Hung(Exception):
    """The server side did not answer within the limit."""


class Broken(Exception):
    """The connection was lost or the protocol was violated."""


class ConnectionRefused(Exception):
    """The start of the connection ended in a proper error message."""


def direct_entrances(admin_dsn: str) -> Entrances:
    """Client connections that bypass the proxy (the control run)."""
    agent = make_conninfo(admin_dsn, user=AGENT_ROLE, password=AGENT_PASSWORD)
    return Entrances(admin_dsn, agent, admin_dsn)


def ensure_template(admin_dsn: str, reseed: bool = False) -> None:
    """Create the template database unless one from the same seed is there."""
    seed = SEED.read_text()
    digest = hashlib.sha256(seed.encode()).hexdigest()
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        found = admin.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [TEMPLATE],
        ).fetchone()
        if found and found[0] == digest and not reseed:
            return
        name = sql.Identifier(TEMPLATE)
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(name))
        with psycopg.connect(make_conninfo(admin_dsn, dbname=TEMPLATE), autocommit=True) as db:
            db.execute(seed.encode())
        admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, sql.Literal(digest)))


class PostgresLab:
    """One case database and the clients that play cases against it."""

    def __init__(self, entrances: Entrances, database: str, scratch: Path, limit: float) -> None:
        self.entrances = entrances
        self.database = database
        self.scratch = scratch
        self.limit = limit
        self._admin = psycopg.connect(entrances.admin, autocommit=True)
        self._in_case: psycopg.Connection | None = None
        self._clean_at: int | None = None

    @property
    def has_super(self) -> bool:
        """Whether cases that need a superuser server role can run."""
        return self.entrances.super is not None

    def refresh(self) -> None:
        """Make the case database pristine; cheap if nothing was written since the last time.

        Every write in PostgreSQL, rolled back or not, uses up a transaction id. If none was used
        since the database was created, it is still a faithful copy of the template.
        """
        if self._clean_at is not None and self._next_transaction_id() == self._clean_at:
            return
        if self._in_case is not None:
            self._in_case.close()
            self._in_case = None
        name, template = sql.Identifier(self.database), sql.Identifier(TEMPLATE)
        self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        self._admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))
        self._clean_at = self._next_transaction_id()
        self._wake_proxy()

    def _next_transaction_id(self) -> int:
        row = self._admin.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()
        assert row is not None
        return int(row[0])

    def _wake_proxy(self) -> None:
        """Let a pooling proxy notice that its connections to the old database are gone."""
        for attempt in range(5):
            try:
                client = Client(self.client_dsn("agent"), self.limit)
            except (Broken, ConnectionRefused):
                time.sleep(0.1 * (attempt + 1))
                continue
            alive = client.answers()
            client.close()
            if alive:
                return

    def client_dsn(self, who: str) -> str:
        """The connection string of a client of the case database."""
        dsn = self.entrances.super if who == "super" else self.entrances.agent
        assert dsn is not None, "cases for a missing entrance are skipped"
        return make_conninfo(dsn, dbname=self.database)

    def fill(self, text: str) -> str:
        """Put the real values in place of the placeholders of a case."""
        admin = conninfo_to_dict(self.entrances.admin)
        loopback = " ".join(f"{key}={admin[key]}" for key in ("host", "port", "user", "password") if admin.get(key))
        for name, value in (
            ("{SCRATCH}", str(self.scratch)),
            ("{DB}", self.database),
            ("{ADMIN}", loopback),
        ):
            text = text.replace(name, value)
        return text

    def play(self, who: str, steps: tuple[str, ...], limit: float | None = None) -> Transcript:
        """Play the steps as one client and return what it received."""
        transcript = Transcript()
        try:
            client = Client(self.client_dsn(who), limit or self.limit)
        except ConnectionRefused as refusal:
            transcript.add(Channel.ERROR, str(refusal))
            transcript.failed_steps = len(steps)
            if who == "agent":
                transcript.broken = "cannot connect"
            return transcript
        except Broken as error:
            transcript.broken = f"cannot connect: {error}"
            return transcript
        try:
            client.run(steps, transcript)
        except Hung as error:
            transcript.timed_out = True
            transcript.broken = str(error)
        except Broken as error:
            transcript.broken = str(error)
        finally:
            client.close()
        return transcript

    def effect(self, query: str) -> bool:
        """Ask an effect oracle on the admin connection to the case database."""
        return bool(self.value(query))

    def value(self, query: str) -> object:
        """The first column of the first row of an admin query in the case database."""
        if self._in_case is None:
            dsn = make_conninfo(self.entrances.admin, dbname=self.database)
            self._in_case = psycopg.connect(dsn, autocommit=True)
        # A lock left behind by a client would otherwise hang the arena.
        self._in_case.execute("SET lock_timeout = '3s'")
        row = self._in_case.execute(query.encode()).fetchone()
        return row[0] if row else None

    def cleanup(self, statements: tuple[str, ...]) -> None:
        """Undo cluster-wide effects of a case; it is fine if there is nothing to undo."""
        for statement in statements:
            try:
                self._admin.execute(statement.encode())
            except psycopg.Error:
                continue

    def close(self) -> None:
        """Drop the case database."""
        if self._in_case is not None:
            self._in_case.close()
        name = sql.Identifier(self.database)
        self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        self._admin.close()


class Client:
    """A simple-query client on top of libpq that records everything it receives."""

    def __init__(self, dsn: str, limit: float) -> None:
        self.limit = limit
        timeout = max(2, math.ceil(limit))
        conninfo = make_conninfo(dsn, connect_timeout=timeout, application_name="arena", gssencmode="disable")
        self._pg = pq.PGconn.connect(conninfo.encode())
        if self._pg.status != pq.ConnStatus.OK:
            message = self._pg.error_message.decode(errors="replace").strip()
            self._pg.finish()
            proper = "FATAL:" in message or "ERROR:" in message
            raise ConnectionRefused(message) if proper else Broken(message)
        self._pg.nonblocking = 1

    def close(self) -> None:
        """Hang up."""
        self._pg.finish()

    def run(self, steps: tuple[str, ...], transcript: Transcript) -> None:
        """Send each step as one Query message, then check that the connection still works."""
        self._pg.notice_handler = lambda notice: transcript.add(Channel.NOTICE, _diagnostics(notice))
        parameters = self._parameters()
        for step in steps:
            failed = self._query(step, transcript)
            transcript.failed_steps += failed
            self._asynchronous(parameters, transcript)
        if not self.answers():
            raise Broken("the connection does not answer after the case")

    def answers(self) -> bool:
        """Whether the connection still answers a trivial query."""
        probe = Transcript()
        try:
            if self._pg.transaction_status != pq.TransactionStatus.IDLE:
                self._query("ROLLBACK", probe)
            self._query("SELECT 1", probe)
        except (Hung, Broken):
            return False
        return probe.text(Channel.ROW) == "1"

    def _query(self, text: str, transcript: Transcript) -> bool:
        """Run one Query message; true if it ended in an error."""
        deadline = time.monotonic() + self.limit
        try:
            self._pg.send_query(os.fsencode(text))
        except psycopg.OperationalError as error:
            raise Broken(f"cannot send: {error}") from error
        while self._pg.flush():
            self._wait(deadline, write=True)
        failed = False
        while (result := self._next_result(deadline)) is not None:
            failed |= self._record(result, transcript, deadline)
        if self._pg.status != pq.ConnStatus.OK:
            raise Broken("connection lost")
        return failed

    def _next_result(self, deadline: float) -> pq.abc.PGresult | None:
        while self._pg.is_busy():
            self._wait(deadline)
        return self._pg.get_result()

    def _wait(self, deadline: float, write: bool = False) -> None:
        left = deadline - time.monotonic()
        socket = self._pg.socket
        if left <= 0 or not any(select.select([socket], [socket] if write else [], [], left)):
            raise Hung(f"no answer within {self.limit:g} s")
        try:
            self._pg.consume_input()
        except psycopg.OperationalError as error:
            raise Broken(f"connection lost: {error}".strip()) from error

    def _record(self, result: pq.abc.PGresult, transcript: Transcript, deadline: float) -> bool:
        match result.status:
            case pq.ExecStatus.TUPLES_OK:
                for row in range(result.ntuples):
                    values = [result.get_value(row, col) or b"" for col in range(result.nfields)]
                    transcript.add(Channel.ROW, b"\t".join(values).decode(errors="replace"))
                transcript.add(Channel.TAG, (result.command_status or b"").decode())
            case pq.ExecStatus.COPY_OUT:
                self._copy_out(transcript, deadline)
            case pq.ExecStatus.COPY_IN:
                self._pg.put_copy_data(COPY_IN_ROW)
                self._pg.put_copy_end()
                while self._pg.flush():
                    self._wait(deadline, write=True)
            case pq.ExecStatus.COMMAND_OK | pq.ExecStatus.EMPTY_QUERY:
                transcript.add(Channel.TAG, (result.command_status or b"").decode())
            case _:
                return self._record_error(result, transcript)
        return False

    def _record_error(self, result: pq.abc.PGresult, transcript: Transcript) -> bool:
        sqlstate = result.error_field(pq.DiagnosticField.SQLSTATE)
        severity = result.error_field(pq.DiagnosticField.SEVERITY_NONLOCALIZED) or b""
        if not sqlstate:  # made up by libpq: the server sent no error message
            raise Broken(result.error_message.decode(errors="replace").strip())
        transcript.add(Channel.ERROR, f"{sqlstate.decode()} {_diagnostics(result)}")
        if severity in (b"FATAL", b"PANIC"):
            raise Broken(f"a {severity.decode()} error ended the session")
        return True

    def _copy_out(self, transcript: Transcript, deadline: float) -> None:
        while True:
            size, data = self._pg.get_copy_data(1)
            if size > 0:
                line = bytes(data).removesuffix(b"\n")
                transcript.add(Channel.ROW, line.decode("latin-1"))
            elif size == 0:
                self._wait(deadline)
            else:
                return

    def _parameters(self) -> dict[bytes, bytes | None]:
        return {name: self._pg.parameter_status(name) for name in REPORTED_PARAMETERS}

    def _asynchronous(self, before: dict[bytes, bytes | None], transcript: Transcript) -> None:
        """Record parameter reports and notifications that came with the last answer."""
        for name, value in self._parameters().items():
            if value != before[name]:
                before[name] = value
                transcript.add(Channel.PARAMETER, (value or b"").decode(errors="replace"))
        while notify := self._pg.notifies():
            transcript.add(Channel.NOTIFY, notify.extra.decode(errors="replace"))


def _diagnostics(result: pq.abc.PGresult) -> str:
    """All texts of an error or notice that may carry a value."""
    values = (result.error_field(name) for name in ERROR_FIELDS)
    return "\n".join(value.decode(errors="replace") for value in values if value)
