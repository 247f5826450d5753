"""What a session's statements are read under: its own view of the catalogue, uncommitted and temporary things too. For tests only.

Read by parts, on the session's own connection, in a savepoint that is rolled back, after every statement of which the server says
that it changed a catalogue: a difference is then the reading's and not that of a snapshot too old.
"""

from __future__ import annotations

import itertools

from psycopg.pq import TransactionStatus

from nightporter.catalog.model import Snapshot
from nightporter.protocols.postgres.catalog import queries
from nightporter.protocols.postgres.catalog.build import snapshot
from nightporter.protocols.postgres.catalog.parts import Parts, Rows
from nightporter.protocols.postgres.catalog.read import inquire
from nightporter.protocols.postgres.semantics.scope import Scope
from tests.lab.snapshot import snapshot_of

from .observe import FIRST_OWN, Session

MEANING = (
    "standard_conforming_strings",
    "DateStyle",
    "TimeZone",
    "row_security",
    "session_replication_role",
    "check_function_bodies",
)
"""Settings that go into a scope."""

_versions = itertools.count(1)


class Catalogue:
    """Of one session. `dsn`: a superuser's, for sessions of roles that may not read all of it."""

    def __init__(self, session: Session, dsn: str = "") -> None:
        self._session = session
        self._dsn = dsn
        rows = session.rows("show server_version_num")
        self._server = int((rows or [(b"0",)])[0][0] or b"0")
        self._scope: tuple[object, Scope] | None = None
        self._stale = False
        self.reads = 0
        self.snapshot = self.refresh()

    def refresh(self) -> Snapshot:
        """Read what has changed, now. Not in an aborted transaction."""
        session = self._session
        idle = session.idle
        session.command("BEGIN" if idle else "SAVEPOINT np_catalog")
        try:
            session.command("SET LOCAL SESSION AUTHORIZATION DEFAULT")
            session.command(f"SET LOCAL search_path = {queries.PATH}")
            parts = self._inquire()
        finally:
            session.command("ROLLBACK" if idle else "ROLLBACK TO SAVEPOINT np_catalog")
            if not idle:
                session.command("RELEASE SAVEPOINT np_catalog")
        self._stale = False
        self.reads += 1
        self.snapshot = snapshot(parts, next(_versions)) if parts is not None else snapshot_of(self._dsn)
        counted = (each for each in self.snapshot.functions.values() if each.language != "internal" and each.kind in "fp")
        session.functions = tuple(each.oid for each in counted if each.language != "c" or each.oid >= FIRST_OWN)
        self._scope = None
        return self.snapshot

    def _inquire(self) -> Parts | None:
        """What there is to know; None where the session's role may not."""
        inquiry = inquire(getattr(self, "snapshot", None), ahead=True)
        questions = next(inquiry)
        while True:
            answers: dict[str, Rows] = {}
            for name, sql in questions.items():
                rows = self._session.rows(sql)
                if rows is None:
                    return None
                answers[name] = rows
            try:
                questions = inquiry.send(answers)
            except StopIteration as done:
                parts: Parts = done.value
                return parts

    def refresh_soon(self) -> None:
        """The catalogue has changed: read it when somebody asks."""
        self._stale = True

    def current(self) -> Snapshot:
        """The catalogue of now, or of before an aborted transaction."""
        if self._stale and self._session.connection.transaction_status in (TransactionStatus.IDLE, TransactionStatus.INTRANS):
            self.refresh()
        return self.snapshot

    def scope(self) -> Scope:
        """Under which the next text is read."""
        self.current()
        state = self._session.state
        path = tuple(split_identifiers(state.settings.get("search_path", "public")))
        settings = {name: state.settings[name] for name in MEANING if name in state.settings}
        key = self.snapshot.version, path, state.user, state.temporary, tuple(settings.items())
        if self._scope is None or self._scope[0] != key:
            self._scope = key, Scope(self.snapshot, path, state.user, settings, state.temporary)
        return self._scope[1]


def split_identifiers(text: str) -> list[str]:
    """A list of names as search_path prints it: quoted ones as they are, others folded."""
    found: list[str] = []
    at = 0
    while at < len(text):
        if text[at] in " ,":
            at += 1
        elif text[at] == '"':
            end = at + 1
            while end < len(text) and (text[end] != '"' or text[end : end + 2] == '""'):
                end += 2 if text[end] == '"' else 1
            found.append(text[at + 1 : end].replace('""', '"'))
            at = end + 1
        else:
            end = text.find(",", at)
            end = len(text) if end < 0 else end
            found.append(text[at:end].strip().lower())
            at = end
    return [each for each in found if each]
