"""Runs statements on a real server and collects what the server says they did. Judges nothing.

Theory of operation: a statement outside of a transaction runs in one of ours, so that what it locks and counts can be asked for
before it ends; deferred constraints are made to act within it. A statement that cannot stand in a transaction runs bare and is
less well observed. In the client's own transaction what was there before is taken off. Nothing that asks opens a relation of the
catalogue outside of a savepoint that is rolled back: its locks would hide those of the statements to come. Counters of a
transaction are those not yet flushed, so each transaction ends by asking for a flush.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from psycopg import pq
from psycopg.pq import ExecStatus, TransactionStatus

SERVER_SETTINGS = {
    "track_functions": "all",
    "log_statement": "mod",
    "client_min_messages": "log",  # what log_statement logs comes to us as well
    "statement_timeout": "30s",
    "jit": "off",
    "max_prepared_transactions": "10",
    "wal_level": "logical",
    "max_connections": "60",
}
"""Of the server on which to observe."""

OPEN_HBA = ("local all all trust", "host all all 127.0.0.1/32 trust")
"""Statements of a corpus connect as roles that they made. The server listens on loopback and lives as long as the test."""

FIRST_OWN = 16384
"""OIDs from here on are not the server's own objects."""

CATALOGS = (
    *(1247, 1249, 1255, 1259, 1260, 1261, 1417, 2224, 2328, 2600, 2602, 2603, 2604, 2605, 2606, 2610, 2611, 2615, 2616, 2617, 2618),
    *(2620, 2964, 3079, 3118, 3256, 3350, 3466, 3501, 3541),
)
"""Catalogues whose change makes another snapshot."""

NEEDS_NO_TRANSACTION = frozenset({"25001", "2D000"})
"""active_sql_transaction: it refuses to run inside of one; invalid_transaction_termination: it ends one itself."""

FUNCTIONS_IN_TREES = re.compile(r":(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)")
OPERATORS_IN_TREES = re.compile(r":opno (\d+)")
RELATIONS_IN_TREES = re.compile(r":rtekind 0 :relid (\d+)")

_TAKE_NO_SNAPSHOT = frozenset({"BEGIN", "START TRANSACTION", "SET", "RESET", "SHOW", "SAVEPOINT", "RELEASE", "SET CONSTRAINTS"})

_CHANGE_NO_CATALOG = _TAKE_NO_SNAPSHOT | {"COMMIT", "ROLLBACK"}
"""In a transaction that had not changed it until then."""

_OBSERVE = """
select pg_catalog.json_build_array(
  (select pg_catalog.json_agg(pg_catalog.json_build_array(l.relation::pg_catalog.int8, l.mode))
     from pg_catalog.pg_lock_status() l where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation'
       and l.mode <> 'SIReadLock'),
  (select pg_catalog.count(*) from pg_catalog.pg_lock_status() l where l.pid = pg_catalog.pg_backend_pid()
     and l.locktype = 'advisory'),
  (select pg_catalog.json_agg(pg_catalog.json_build_array(c.relation::pg_catalog.int8, c.i, c.u, c.d)) from (
     select r.relation, pg_catalog.pg_stat_get_xact_tuples_inserted(r.relation) i,
       pg_catalog.pg_stat_get_xact_tuples_updated(r.relation) u, pg_catalog.pg_stat_get_xact_tuples_deleted(r.relation) d
     from (select l.relation from pg_catalog.pg_lock_status() l where l.pid = pg_catalog.pg_backend_pid()
             and l.locktype = 'relation'
           union select * from pg_catalog.unnest('{%(catalogs)s}'::pg_catalog.oid[])) r) c where c.i + c.u + c.d > 0),
  (select pg_catalog.json_agg(pg_catalog.json_build_array(f.f::pg_catalog.int8, pg_catalog.pg_stat_get_xact_function_calls(f.f)))
     from pg_catalog.unnest('{%(functions)s}'::pg_catalog.oid[]) f(f) where pg_catalog.pg_stat_get_xact_function_calls(f.f) > 0),
  (select pg_catalog.json_agg(pg_catalog.json_build_array(s.relation::pg_catalog.int8, s.n)) from (
     select l.relation, pg_catalog.pg_stat_get_xact_numscans(l.relation) n
     from (select distinct l.relation from pg_catalog.pg_lock_status() l where l.pid = pg_catalog.pg_backend_pid()
             and l.locktype = 'relation') l) s where s.n > 0),
  pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text,
  (select pg_catalog.json_object_agg(s.name, s.setting) from pg_catalog.pg_show_all_settings() s),
  current_user, session_user,
  case when pg_catalog.pg_my_temp_schema() = 0 then '' else pg_catalog.pg_my_temp_schema()::pg_catalog.regnamespace::pg_catalog.text
  end,
  pg_catalog.pg_stat_force_next_flush()::pg_catalog.text)::pg_catalog.text
"""

_CHANGE = re.compile(r"(?is)\s*(?:insert|update|delete)\b")

_DEPENDENCIES = """
select pg_catalog.json_build_array(r.ev_class::pg_catalog.int8, r.ev_action::pg_catalog.text, (
  select pg_catalog.json_agg(pg_catalog.json_build_array(d.refclassid::pg_catalog.int8, d.refobjid::pg_catalog.int8, d.refobjsubid))
  from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = r.oid
    and d.refobjid <> r.ev_class))::pg_catalog.text
from pg_catalog.pg_rewrite r where r.ev_class = 'pg_temp.np_probe'::pg_catalog.regclass
"""

_PG_CLASS = 1259


@dataclass(frozen=True, slots=True)
class Origin:
    """A result's column: the table (OID) and column (number) that the server says it comes from; 0, 0 for anything computed."""

    name: str
    table: int
    column: int
    bases: tuple[tuple[int, int], ...] = ()
    """Where the table is a view: what the server says of the view's own query, down to tables."""


@dataclass(frozen=True, slots=True)
class Result:
    """One result of a text."""

    tag: str
    columns: tuple[Origin, ...] | None
    """None: it has no rows to give."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What the server recorded of the same query as a view. OIDs and column numbers; the functions are those of its own text."""

    columns: frozenset[tuple[int, int]]
    relations: frozenset[int]
    functions: frozenset[int]
    operators: frozenset[int]


@dataclass(frozen=True, slots=True)
class Observed:
    """What a text did, by OID. The sets hold what was not there before it."""

    accepted: bool
    sqlstate: str = ""
    message: str = ""
    results: tuple[Result, ...] = ()
    complete: bool = False
    """The sets below were asked for: not where it ran bare."""
    alone: bool = False
    """It had a transaction of its own: what the sets lack did not happen."""
    locks: frozenset[tuple[int, str]] = frozenset()
    changes: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """Rows inserted, updated, deleted, by relation."""
    scanned: frozenset[int] = frozenset()
    """Of what is locked: relations and indexes that were looked through, be they empty. Others were opened and not read."""
    called: frozenset[int] = frozenset()
    """Functions that the server counted, which are those it has no C code of its own for."""
    wrote: bool = False
    """It was given a transaction id."""
    logged: bool | None = None
    """log_statement = mod logs it; None: the session hides that."""
    settings: frozenset[str] = frozenset()
    advisory: bool = False
    catalog_changed: bool = True
    probe: Probe | None = None


@dataclass(slots=True)
class State:
    """What the session is at, as last asked."""

    user: str = ""
    session_user: str = ""
    temporary: str = ""
    settings: dict[str, str] = field(default_factory=dict)


class Session:
    """One connection. `functions` are the OIDs whose calls are counted; set it after the catalogue changed."""

    def __init__(self, dsn: str) -> None:
        self.connection = pq.PGconn.connect(dsn.encode())
        if self.connection.status != pq.ConnStatus.OK:
            raise ConnectionError(self.connection.get_error_message())
        self.connection.notice_handler = self._notice
        self.functions: tuple[int, ...] = ()
        self.state = State()
        self.keep_rows = False
        self.commits = True
        """False: what runs in a transaction of ours is rolled back after it was observed."""
        self._logged = False
        self._rows: tuple[tuple[bytes | None, ...], ...] = ()
        self._view_origins: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
        self._before = _Counts()
        self._catalog_dirty = False
        self._settings_known = True
        """False after a SET at which nothing could be asked: what differs then is that statement's."""
        self._ask(fresh=True)

    def close(self) -> None:
        self.connection.finish()

    @property
    def idle(self) -> bool:
        return self.connection.transaction_status == TransactionStatus.IDLE

    @property
    def alive(self) -> bool:
        return self.connection.status == pq.ConnStatus.OK

    @property
    def last_rows(self) -> tuple[tuple[bytes | None, ...], ...]:
        """Of the last result of the last text, if `keep_rows` was set before it."""
        return self._rows

    @property
    def standard_strings(self) -> bool:
        """Whether a backslash in a plain literal is a character like others."""
        return self.connection.parameter_status(b"standard_conforming_strings") != b"off"

    def refresh(self) -> None:
        """Ask for the state anew, after texts that were not observed."""
        if self.connection.transaction_status in (TransactionStatus.IDLE, TransactionStatus.INTRANS):
            self._before = self._ask() or _Counts()

    def forget(self) -> None:
        """The catalogue is another one."""
        self._view_origins.clear()

    # one text

    def run(
        self,
        text: str,
        data: Callable[[], Iterable[str]] = list,
        parameters: tuple[str, ...] | None = None,
        query: str | None = None,
        bare: bool = False,
    ) -> Observed:
        """Run a text and see. `data`: lines for COPY FROM STDIN. `query`: the same as something a view can be made of.
        `bare`: not in a transaction of ours; for texts that begin or end one."""
        own = self.idle and not bare
        held: list[str] | None = None

        def lines() -> Iterable[str]:
            nonlocal held
            held = held if held is not None else list(data())
            return held

        if own:
            self._quiet("BEGIN")
            self._before = _Counts(advisory=self._before.advisory)
        outside = self.idle
        self._logged, self._rows = False, ()
        results, error = self._send(text, lines, parameters)
        given = self._rows
        logged = self._logged if self.state.settings.get("client_min_messages", "log") == "log" else None
        if not self.alive:
            return Observed(False, *(error or ("08000", "")))
        if own and error is not None:
            self._quiet("ROLLBACK")
            self._quiet("select pg_catalog.pg_stat_force_next_flush()")
            if error[0] in NEEDS_NO_TRANSACTION:
                return self.run(text, lines, parameters, bare=True)
            return Observed(False, *error)
        if own and (late := self._quiet("SET CONSTRAINTS ALL IMMEDIATE")) is not None:
            self._quiet("ROLLBACK")
            return Observed(False, *late)
        if not own:
            return self._seen_outside(text, results, error, logged, outside, query)
        seen = replace(self._seen(results, logged, query), alone=True)
        self._rows = given
        if (late := self._quiet("COMMIT" if self.commits else "ROLLBACK")) is not None:
            return Observed(False, *late)
        self._before, self._catalog_dirty = _Counts(advisory=self._before.advisory), False
        if seen.settings or not self.commits:
            self._ask(fresh=True)  # local ones are what they were
        return seen

    def run_unobserved(
        self, text: str, data: Callable[[], Iterable[str]] = list, parameters: tuple[str, ...] | None = None
    ) -> tuple[Result, ...] | None:
        """Run a text as psql would; gives its results, None if it failed."""
        self._rows = ()
        results, error = self._send(text, data, parameters)
        return tuple(results) if error is None else None

    def _seen_outside(
        self,
        text: str,
        results: list[Result],
        error: tuple[str, str] | None,
        logged: bool | None,
        outside: bool,
        query: str | None,
    ) -> Observed:
        """After a text that ran in the client's own transaction, or in none."""
        status = self.connection.transaction_status
        if status == TransactionStatus.INTRANS and error is None:
            if outside or all(each.tag in _TAKE_NO_SNAPSHOT for each in results):
                # anything asked here would be the transaction's first query, after which its isolation can no longer be set
                if outside:
                    self._before = _Counts(advisory=self._before.advisory)
                self._follow()
                self._settings_known = False
                return Observed(True, results=tuple(results), logged=logged, catalog_changed=False)
            seen = self._seen(results, logged, query)
            self._before = self._ask() or self._before  # with what looking at it has counted
            return seen
        if status == TransactionStatus.IDLE:
            self._before = _Counts(advisory=self._before.advisory)
            dirty, self._catalog_dirty = self._catalog_dirty, False
            self._settings_known = True
            self._ask(fresh=True)
            self.forget()
            changed = dirty or not all(each.tag in _CHANGE_NO_CATALOG for each in results)
            return Observed(error is None, *(error or ("", "")), tuple(results), logged=logged, catalog_changed=changed)
        return Observed(
            error is None, *(error or ("", "")), tuple(results), logged=logged, catalog_changed=status == TransactionStatus.INTRANS
        )

    def _seen(self, results: list[Result], logged: bool | None, query: str | None) -> Observed:
        """Ask, within the transaction that the text ran in."""
        before, old = self._before, self.state
        asked = self._ask()
        if asked is None:  # e.g. the client has taken a right from itself
            return Observed(True, results=tuple(results), logged=logged)
        self._before = asked
        changes = {
            oid: difference
            for oid, counts in asked.changes.items()
            if any(difference := _minus(counts, before.changes.get(oid, (0, 0, 0)))) and before.counted(oid)
        }
        undone = self._catalog_dirty and any(each.tag == "ROLLBACK" for each in results)
        catalog_changed = undone or not changes.keys().isdisjoint(CATALOGS)
        self._catalog_dirty |= catalog_changed
        if catalog_changed:
            self.forget()
        settings = frozenset(
            name for name, value in self.state.settings.items() if name in old.settings and old.settings[name] != value
        )
        if self.state.user != old.user:
            settings |= {"role"}
        if not self._settings_known:
            settings, self._settings_known = frozenset(), True
        return Observed(
            True,
            results=tuple(self._based(each) for each in results),
            complete=True,
            locks=asked.locks - before.locks,
            changes=changes,
            scanned=frozenset(oid for oid, scans in asked.scanned.items() if scans > before.scanned.get(oid, 0)),
            called=frozenset(oid for oid, calls in asked.called.items() if calls > before.called.get(oid, 0)),
            wrote=asked.xid is not None and asked.xid != before.xid,
            logged=logged,
            settings=settings,
            advisory=asked.advisory > before.advisory,
            catalog_changed=catalog_changed,
            probe=self._probe(query) if query is not None else None,
        )

    # what the server says

    def _ask(self, fresh: bool = False) -> _Counts | None:
        """Everything at once, without a lock on any relation. `fresh`: outside of a transaction, only for the state."""
        sql = _OBSERVE % {"catalogs": ",".join(map(str, CATALOGS)), "functions": ",".join(map(str, self.functions))}
        result = self.connection.exec_params(sql.encode(), [])
        value = result.get_value(0, 0) if result.status == ExecStatus.TUPLES_OK else None
        if value is None:
            return None
        locks, advisory, changes, called, scanned, xid, settings, user, session_user, temporary, _ = json.loads(value)
        self.state = State(user, session_user, temporary.strip('"'), settings)
        if fresh:
            return None
        return _Counts(
            frozenset((oid, mode) for oid, mode in locks or ()),
            {oid: (i, u, d) for oid, i, u, d in changes or ()},
            dict(called or ()),
            dict(scanned or ()),
            xid,
            advisory,
        )

    def _follow(self) -> None:
        """The state, by SHOW alone: it takes no snapshot."""
        for name in ("search_path", "client_min_messages", "standard_conforming_strings"):
            result = self.connection.exec_(f"SHOW {name}".encode())
            if result.status == ExecStatus.TUPLES_OK:
                self.state.settings[name] = (result.get_value(0, 0) or b"").decode()
        result = self.connection.exec_(b"SHOW role")
        if result.status == ExecStatus.TUPLES_OK:
            role = (result.get_value(0, 0) or b"").decode()
            self.state.user = role if role != "none" else self.state.session_user

    def _probe(self, query: str) -> Probe | None:
        """The same query as a view, or the same change as the action of a rule, in a savepoint. None: it makes neither."""
        if self._quiet("SAVEPOINT np_probe") is not None:
            return None
        try:
            body = query.strip().rstrip(";")
            if _CHANGE.match(body):
                if self._quiet("CREATE TEMPORARY TABLE np_probe ()") is not None:
                    return None
                made = self._quiet(f"CREATE RULE np_rule AS ON INSERT TO pg_temp.np_probe DO ALSO {body}\n")
            else:
                if self.connection.prepare(b"", body.encode()).status != ExecStatus.COMMAND_OK:
                    return None
                count = self.connection.describe_prepared(b"").nfields
                names = ", ".join(f"np{number}" for number in range(count))
                listed = f" ({names})" if names else ""
                made = self._quiet(f"CREATE TEMPORARY VIEW np_probe{listed} AS {body}\n")
            if made is not None:
                return None
            result = self.connection.exec_params(_DEPENDENCIES.encode(), [])
            value = result.get_value(0, 0) if result.status == ExecStatus.TUPLES_OK and result.ntuples else None
            if value is None:
                return None
            itself, tree, dependencies = json.loads(value)
            found = [(kind, oid, number) for kind, oid, number in dependencies or ()]
            # Not all that it depends on is read: a constant of type regclass names a relation, a function may return its row type
            relations = _numbers(RELATIONS_IN_TREES, tree) - {itself}
            columns = frozenset(
                (oid, number) for kind, oid, number in found if kind == _PG_CLASS and number > 0 and oid in relations
            )
            return Probe(columns, relations, _numbers(FUNCTIONS_IN_TREES, tree), _numbers(OPERATORS_IN_TREES, tree))
        finally:
            self._quiet("ROLLBACK TO SAVEPOINT np_probe")
            self._quiet("RELEASE SAVEPOINT np_probe")

    def _based(self, result: Result) -> Result:
        """With what stands behind columns of views."""
        if not result.columns:
            return result
        return Result(result.tag, tuple(Origin(each.name, each.table, each.column, self._bases(each)) for each in result.columns))

    def _bases(self, origin: Origin) -> tuple[tuple[int, int], ...]:
        """(table, column) of what a view's column is, when it is one; empty for what is computed."""
        key = origin.table, origin.column
        if not origin.table:
            return ()
        if key not in self._view_origins:
            self._view_origins[key] = (key,)
            for number, column in enumerate(self._view_columns(origin.table), 1):
                self._view_origins[origin.table, number] = self._bases(column) if column.table else ()
        return self._view_origins[key]

    def _view_columns(self, oid: int) -> tuple[Origin, ...]:
        """The server's word on the columns of a view's own query; nothing if it is no view."""
        if self._quiet("SAVEPOINT np_view") is not None:
            return ()
        try:
            sql = f"select pg_catalog.pg_get_viewdef(oid) from pg_catalog.pg_class where oid = {oid} and relkind = 'v'"
            result = self.connection.exec_(sql.encode())
            definition = result.get_value(0, 0) if result.status == ExecStatus.TUPLES_OK and result.ntuples else None
            if definition is None or self.connection.prepare(b"", definition).status != ExecStatus.COMMAND_OK:
                return ()
            described = self.connection.describe_prepared(b"")
            return _columns(described) if described.status == ExecStatus.COMMAND_OK else ()
        finally:
            self._quiet("ROLLBACK TO SAVEPOINT np_view")
            self._quiet("RELEASE SAVEPOINT np_view")

    # the connection

    def _quiet(self, text: str) -> tuple[str, str] | None:
        """Run something of ours; gives SQLSTATE and message if it fails."""
        return self._send(text, list, None)[1]

    def command(self, text: str) -> None:
        """Run something of the test's own. Raises RuntimeError if it fails."""
        if (error := self._quiet(text)) is not None:
            raise RuntimeError(f"{text}: {error[1]}")

    def rows(self, text: str) -> list[tuple[bytes | None, ...]] | None:
        """The rows of a text; None if it fails. Not observed."""
        result = self.connection.exec_(text.encode())
        return list(_rows(result)) if result.status == ExecStatus.TUPLES_OK else None

    def _send(
        self, text: str, data: Callable[[], Iterable[str]], parameters: tuple[str, ...] | None
    ) -> tuple[list[Result], tuple[str, str] | None]:
        connection = self.connection
        sql = text.encode(errors="surrogateescape")
        if parameters is None:
            connection.send_query(sql)
        else:
            connection.send_query_params(sql, [each.encode() for each in parameters])
        results: list[Result] = []
        error: tuple[str, str] | None = None
        while (result := connection.get_result()) is not None:
            status = result.status
            if status == ExecStatus.COPY_IN:
                body = "".join(f"{line}\n" for line in data()).encode(errors="surrogateescape")
                if body:
                    connection.put_copy_data(body)
                connection.put_copy_end()
            elif status == ExecStatus.COPY_OUT:
                while connection.get_copy_data(0)[0] > 0:
                    pass
            elif status == ExecStatus.COPY_BOTH:
                connection.finish()
                return results, ("08000", "replication")
            elif status == ExecStatus.FATAL_ERROR:
                state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
                error = state or "08000", (result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"").decode(errors="replace")
                if connection.status != pq.ConnStatus.OK:
                    break
            elif status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
                tag = (result.command_status or b"").decode()
                if self.keep_rows and status == ExecStatus.TUPLES_OK:
                    self._rows = _rows(result)
                results.append(Result(tag, _columns(result) if status == ExecStatus.TUPLES_OK else None))
        return results, error

    def _notice(self, notice: pq.abc.PGresult) -> None:
        severity = notice.error_field(pq.DiagnosticField.SEVERITY_NONLOCALIZED)
        message = notice.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b""
        if severity == b"LOG" and message.startswith((b"statement: ", b"execute ")):
            self._logged = True


@dataclass(frozen=True, slots=True)
class _Counts:
    """What a transaction holds and has counted so far."""

    locks: frozenset[tuple[int, str]] = frozenset()
    changes: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    called: dict[int, int] = field(default_factory=dict)
    scanned: dict[int, int] = field(default_factory=dict)
    xid: str | None = None
    advisory: int = 0

    def counted(self, oid: int) -> bool:
        """Whether its counters were asked for, if they had counted. Catalogues change without being locked to the end."""
        return self.xid is None or oid >= FIRST_OWN or oid in CATALOGS or any(oid == each for each, _ in self.locks)


def _minus(one: tuple[int, int, int], other: tuple[int, int, int]) -> tuple[int, int, int]:
    return max(one[0] - other[0], 0), max(one[1] - other[1], 0), max(one[2] - other[2], 0)


def _numbers(pattern: re.Pattern[str], tree: str) -> frozenset[int]:
    return frozenset(int(number) for number in pattern.findall(tree)) - {0}


def _columns(result: pq.abc.PGresult) -> tuple[Origin, ...]:
    return tuple(
        Origin((result.fname(number) or b"").decode(errors="replace"), result.ftable(number), result.ftablecol(number))
        for number in range(result.nfields)
    )


def _rows(result: pq.abc.PGresult) -> tuple[tuple[bytes | None, ...], ...]:
    return tuple(tuple(result.get_value(row, column) for column in range(result.nfields)) for row in range(result.ntuples))
