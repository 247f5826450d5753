"""The statement phase of a PostgreSQL session, both directions. Pure: bytes in, bytes and questions out.

Theory of operation. The server answers every message in order, so one queue (`_owed`) holds what it still owes: an entry for
each message that we forwarded and that has an answer. What comes back is matched against the head of the queue, and so each row,
each error and each ReadyForQuery belongs to a known statement.

    client  --Q P B D E C F S-->  next_request/allow/deny  --+-->  upstream
                                                             | _owed
    client  <--rows, errors, Z--  receive_upstream  <--------+--  upstream

Where the two sides could disagree:

- After an error in the extended protocol the server skips to the next Sync. So do we (`_skipping`): what it would not read, we
  neither forward nor record.
- A refused statement must fail at the server too, or its transaction would go on: in its place we send a text that cannot be
  parsed, and put the denial in the place of the error that comes back (`REFUSED`). Only if nothing is under way at all do
  we answer by ourselves.
- While the server reads COPY data it swallows Sync and Flush; it does not answer those (`_swallow_syncs`).
- Names change when the server says so, not when the client asks: see names.py.
- A setting that changes how text is read (client_encoding, standard_conforming_strings) holds up later text until it is settled.

What does not fit is a ProtocolError: both sides close. "Message Flow" and "Message Formats" in PostgreSQL's documentation are
the source.
"""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import replace
from struct import unpack_from
from typing import Any

from nightporter.core.error import ProtocolError
from nightporter.core.wire import Denial, Outcome, Parameters, Request, Ticket, Traffic, WireSetup
from nightporter.statement.model import Action, Naming, Reading, Setting, Statement

from . import encoding
from .analysis import call, rewrite_application_name, unreadable
from .analysis import readings as read_text
from .errors import denial_response
from .framing import HEADER, LARGE, LAST, MORE, PEEK, Scanner, payload
from .messages import parameter_status, parse_message, query_message
from .names import UNCERTAIN, Change, Names, Uncertain

FRONTEND = b"QPBDECFSHXdcf"
BACKEND = b"123ACDEGHINSTVZcdnst"
BULK_UP = b"d"
BULK_DOWN = b"Dd"

MAX_CONTROL = 64 * 1024
"""Answers longer than this (a RowDescription of 1600 columns, an error that quotes a document) pass in parts."""

REFUSED = "nightporter: statement refused"
"""A text that no grammar accepts: it makes the server's transaction fail as the refused statement would have."""

_Q, _P, _B, _D, _E, _C, _F, _S, _H, _X = b"QPBDECFSHX"
_COPY_DATA, _COPY_DONE, _COPY_FAIL = b"dcf"
_REFUSED_MESSAGE, _REFUSED_QUERY = 1, 2  # entries of the queue that stand for REFUSED

_ROW_TAGS = (b"SELECT", b"INSERT", b"UPDATE", b"DELETE", b"MERGE", b"COPY", b"FETCH", b"MOVE")
_READING = (None, "client_encoding", "standard_conforming_strings")
"""Settings that change how text is read; None is one whose name we do not know."""
NAME_BYTES = 63
"""The server's tables of names hold this much of one and ignore the rest (NAMEDATALEN less one)."""
_UNKNOWN_NAME = "what `{}` stands for is not known"


class Run:
    """One statement on its way through the server."""

    __slots__ = ("changes", "done", "hash", "outcome", "statement")

    def __init__(self, ticket: Ticket, statement: Statement | None, index: int = 0) -> None:
        self.outcome = Outcome(ticket, index)
        self.statement = statement
        self.changes: list[Change[Any]] = []
        self.hash: Any = None
        self.done = False


class Owed:
    """An answer that the server owes."""

    __slots__ = ("at", "changes", "code", "denial", "runs")

    def __init__(
        self, code: int, runs: list[Run], changes: tuple[Change[Any], ...] = (), denial: Denial | None = None
    ) -> None:
        self.code = code
        self.runs = runs
        self.changes = changes
        self.denial = denial
        self.at = 0  # which of the runs comes next


class Prepared:
    """What a prepared statement's name stands for."""

    __slots__ = ("reading",)

    def __init__(self, reading: Reading) -> None:
        self.reading = reading


class Portal:
    """What a portal's or cursor's name stands for."""

    __slots__ = ("hold", "number", "reading", "run")

    def __init__(self, reading: Reading, run: Run | None, number: str | None, hold: bool = False) -> None:
        self.reading = reading
        self.run = run  # recorded when it was bound, not executed yet
        self.number = number
        self.hold = hold


class Pending:
    """The request that is being decided, and where it stands in the client's bytes."""

    __slots__ = ("code", "count", "end", "portal", "prepared", "request", "start", "statement")

    def __init__(self, request: Request, code: int, start: int, end: int, count: int) -> None:
        self.request = request
        self.code = code
        self.start = start
        self.end = end
        self.count = count
        self.prepared = request.reading  # as the client wrote it, before names and parameters were filled in
        self.statement: bytes | None = None  # name that a Parse defines
        self.portal: bytes | None = None  # name that a Bind defines


class PostgresWire:
    """`core.wire.Wire` for PostgreSQL 3.0 and 3.2."""

    def __init__(self, setup: WireSetup) -> None:
        self._label = setup.label + " "
        self._up = Scanner(FRONTEND, BULK_UP, setup.max_statement_bytes)
        self._down = Scanner(BACKEND, BULK_DOWN, MAX_CONTROL)
        self._out = Traffic()
        # the client's bytes
        self._data = b""
        self._spans: list[tuple[int, int, int, int]] = []
        self._at = 0  # next span to look at
        self._from = 0  # first byte not handed on yet
        self._pending: Pending | None = None
        self._large: Run | None = None  # whose message is passing in parts
        self._dropping = False  # the large message that is passing was refused
        self._copy: Run | None = None  # whose COPY data is passing
        self._copying = False  # the server is reading COPY data
        self._copy_skip = 0
        self._skipping = False  # until Sync
        self._batch = 0
        self._unsynced = False
        self._flushed = False
        self.stalled = False
        # the server's answers
        self._owed: deque[Owed] = deque()
        self._status = b"I"
        self._transaction = 1
        self._failed = False
        self._last: Outcome | None = None  # kept until we know whether its transaction ended with it
        # what the session has made
        self._statements: Names[Prepared] = Names()
        self._portals: Names[Portal] = Names()
        self._settings = dict(setup.settings)
        self._codec = self._find_codec()
        self._reading_moved = False  # a statement changed how text is read

    # From the client

    def receive_client(self, data: bytes) -> None:
        self._data, self._spans = self._up.scan(data)
        self._at = self._from = 0

    def next_request(self) -> Request | None:
        self.stalled = False
        spans = self._spans
        while self._at < len(spans):
            code, start, end, count = spans[self._at]
            if count < 0:
                self._pass_large(code, start, end, count)
                if count != LARGE:
                    self._at += 1
                    continue
            if self._skipping and code != _S and code != _X:
                self._drop(start, end)
                if count == LARGE:
                    self._dropping = True
                self._at += 1
                continue
            pending = self._look(code, start, end, count)
            if self.stalled:
                self._hold_back(start)
                return None
            if pending is not None:
                self._pending = pending
                return pending.request
            self._at += 1
        return None

    def allow(self, request: Request, ticket: Ticket) -> None:
        pending = self._take(request)
        large = self._spans[self._at][3] == LARGE
        self._at += pending.count
        statements = request.reading.statements
        runs = [Run(ticket, s, i) for i, s in enumerate(statements)] or [Run(ticket, None)]
        self._flushed = False
        if large:
            self._large = runs[0]
            self._stream_hash(runs[0], self._data, pending.start + HEADER, pending.end)
        if request.reading.rewritten is not None:
            self._send_rewritten(pending, request.reading.rewritten)
        batch = self._batch
        if pending.code == _Q or pending.code == _F:
            self._owed.append(Owed(pending.code, runs, self._drop_unnamed() if pending.code == _Q else ()))
            for run in runs:
                self._start(run)
            self._batch = batch + 1
            self._unsynced = False
            return
        self._unsynced = True
        run = runs[0]
        if pending.statement is not None:
            defined = self._statements.define(pending.statement, Prepared(pending.prepared), batch)
            self._owed.append(Owed(_P, [run], (defined,)))
        if pending.portal is not None:
            bound = self._portals.define(pending.portal, Portal(pending.prepared, run, ticket.number), batch)
            self._owed.append(Owed(_B, [run], (bound,)))
        elif request.phase == "fetch":
            self._owed.append(Owed(_E, [run]))
            self._start(run)

    def deny(self, request: Request, denial: Denial) -> None:
        pending = self._take(request)
        if self._spans[self._at][3] == LARGE:
            self._dropping = True
        self._flushed = False
        self._at += pending.count
        self._refuse(pending.code, pending.start, pending.end, denial)

    def _refuse(self, code: int, start: int, end: int, denial: Denial) -> None:
        self._drop(start, end)
        if code != _Q and code != _F:
            self._out.to_upstream.append(parse_message(b"nightporter", REFUSED.encode()))
            self._owed.append(Owed(_REFUSED_MESSAGE, [], (), denial))
            self._skipping = self._unsynced = True
        elif self._owed or self._unsynced or self._status != b"I":
            self._out.to_upstream.append(query_message(REFUSED.encode()))
            self._owed.append(Owed(_REFUSED_QUERY, [], self._drop_unnamed(), denial))
            self._batch += 1
            self._unsynced = False
        else:
            self._out.to_client.append(denial_response(denial) + b"Z\0\0\0\5I")

    def _drop_unnamed(self) -> tuple[Change[Any], ...]:
        """A Query, even one that fails, drops the unnamed prepared statement."""
        return (self._statements.define(b"", None, self._batch),) if b"" in self._statements else ()

    def _take(self, request: Request) -> Pending:
        pending, self._pending = self._pending, None
        if pending is None or pending.request is not request:
            raise RuntimeError("answer to a request that is not pending")
        return pending

    def _look(self, code: int, start: int, end: int, count: int) -> Pending | None:
        """One message of the client: note it, or make a request of it."""
        if code == _COPY_DATA:
            if self._copy is not None:
                self._hash_copy(start, end)
            return None
        if code == _S:
            self._skipping = self._unsynced = False
            if not self._copying:
                self._owed.append(Owed(_S, []))
                self._batch += 1
            return None
        if code == _H:
            return None
        if code == _X:
            self._out.finished = True
            return None
        if code == _COPY_DONE or code == _COPY_FAIL:
            self._copying = False
            self._copy = None
            self._copy_skip = 0
            self._owed.append(Owed(code, []))
            return None
        data = self._data
        body = start + 5
        try:
            if code == _Q:
                return self._query(start, body, end, count)
            if code == _P:
                return self._parse(start, body, end, count)
            if code == _B:
                return self._bind(start, body, end, count)
            if code == _E:
                return self._execute(start, body, end)
            if code == _F:
                return self._call(start, body, end, count)
            self._unsynced = True
            if code == _C:
                self._close(data[body], _name(data, body + 1, end)[0])
            else:
                self._owed.append(Owed(_D, []))
        except _MalformedError as error:
            if count == LARGE:
                self._dropping = True
            self._refuse(code, start, end, Denial("08P01", f"invalid message format: {error}"))
        return None

    def _query(self, start: int, body: int, end: int, count: int) -> Pending | None:
        if self._must_wait():
            return None
        if count == LARGE:
            reading = self._too_large()
        else:
            text, after = _text(self._data, body, end)
            if after != end:
                raise _MalformedError("a zero byte inside a statement")
            reading = self._read(text)
        resolved = self._resolve(reading)
        if resolved is None:
            return None
        return Pending(Request("submit", resolved, (), count == LARGE), _Q, start, end, 1)

    def _parse(self, start: int, body: int, end: int, count: int) -> Pending | None:
        if self._must_wait():
            return None
        name, after = _name(self._data, body, end)
        if count == LARGE:
            reading = self._too_large()
        else:
            text, after = _text(self._data, after, end)
            if after > end - 2:
                raise _MalformedError("no parameter types")
            reading = self._read(text)
        resolved = self._resolve(reading)
        if resolved is None:
            return None
        following = self._spans[self._at + 1] if self._at + 1 < len(self._spans) else None
        if following is not None and following[0] == _B and following[3] == 1 and count == 1:
            # Parse and its Bind in one go, as most drivers send them: one decision, one record
            bind_end = following[2]
            portal, after = _name(self._data, following[1] + 5, bind_end)
            statement, after = _name(self._data, after, bind_end)
            if statement == name:
                parameters = _parameters(self._data, after, bind_end)
                bound = self._settle_settings(resolved, parameters)
                pending = Pending(Request("run", bound, parameters), _P, start, bind_end, 2)
                pending.statement, pending.prepared = name, reading
                pending.portal = portal
                return pending
        pending = Pending(Request("prepare", resolved, (), count == LARGE), _P, start, end, 1)
        pending.statement, pending.prepared = name, reading
        return pending

    def _bind(self, start: int, body: int, end: int, count: int) -> Pending | None:
        portal, after = _name(self._data, body, end)
        name, after = _name(self._data, after, end)
        prepared = self._statements.lookup(name, self._batch)
        if prepared is UNCERTAIN:
            self.stalled = True
            return None
        reading = prepared.reading if isinstance(prepared, Prepared) else _unnamed("statement", name)
        parameters = _parameters(self._data, after, end) if count != LARGE else ()
        resolved = self._resolve(self._settle_settings(reading, parameters))
        if resolved is None:
            return None
        pending = Pending(Request("run", resolved, parameters, count == LARGE), _B, start, end, 1)
        pending.portal, pending.prepared = portal, reading
        return pending

    def _execute(self, start: int, body: int, end: int) -> Pending | None:
        name, after = _name(self._data, body, end)
        if after + 4 != end:
            raise _MalformedError("no row limit")
        portal = self._portals.lookup(name, self._batch)
        if portal is UNCERTAIN:
            self.stalled = True
            return None
        if isinstance(portal, Portal) and portal.run is not None and not _uses_names(portal.reading):
            run, portal.run = portal.run, None
            self._unsynced = True
            self._owed.append(Owed(_E, [run]))
            self._start(run)
            return None
        reading = portal.reading if isinstance(portal, Portal) else _unnamed("portal", name)
        number = portal.number if isinstance(portal, Portal) else None
        resolved = self._resolve(reading)  # EXECUTE finds its name when it runs, not when it is bound
        if resolved is None:
            return None
        return Pending(Request("fetch", resolved, (), False, number), _E, start, end, 1)

    def _call(self, start: int, body: int, end: int, count: int) -> Pending | None:
        if end - body < 8:
            raise _MalformedError("no function")
        (oid,) = unpack_from("!I", self._data, body)
        arguments = _parameters(self._data, body + 4, end, results=False) if count != LARGE else ()
        reading = call(oid, arguments)
        return Pending(Request("submit", reading, arguments, count == LARGE), _F, start, end, 1)

    def _close(self, kind: int, name: bytes) -> None:
        changes: tuple[Change[Any], ...]
        if kind == 0x53:  # S
            changes = (self._statements.define(name, None, self._batch),)
        elif kind == 0x50:  # P
            changes = (self._portals.define(name, None, self._batch),)
        else:
            changes = ()  # the server refuses it
        self._owed.append(Owed(_C, [], changes))

    # What the text says

    def _read(self, text: bytes) -> Reading:
        if self._codec is None:
            return unreadable(text, f"client encoding `{self._settings.get('client_encoding')}` is not known")
        if b"\\" in text and self._settings.get("standard_conforming_strings", "on") != "on":
            return unreadable(text, "a backslash means something else while standard_conforming_strings is off")
        reading = read_text(text, self._codec)
        for statement in reading.statements:
            for setting in statement.settings:
                if setting.direct and setting.name == "application_name":
                    return self._encoded(rewrite_application_name(reading, self._label.rstrip()))
        return reading

    def _encoded(self, reading: Reading) -> Reading:
        if reading.rewritten is None or self._codec in (None, "utf-8"):
            return reading
        return replace(reading, rewritten=reading.rewritten.decode().encode(self._codec or "utf-8", "replace"))

    def _too_large(self) -> Reading:
        return unreadable(b"", f"text of more than {self._up.limit} bytes")

    def _resolve(self, reading: Reading) -> Reading | None:
        """Give SQL's EXECUTE and FETCH what their names stand for. None: wait."""
        if not reading.uses_session:
            return reading
        own: dict[bytes, bool] = {}  # names that the same text defines or drops before it uses them
        statements = []
        for statement in reading.statements:
            for effect in statement.names:
                if effect.name is None:
                    if effect.naming is not Naming.CLOSE:
                        own.clear()
                    continue
                name = effect.name.encode()
                if effect.naming in (Naming.PREPARE, Naming.DECLARE):
                    own[name] = True
                elif effect.naming in (Naming.EXECUTE, Naming.FETCH):
                    if own.get(name):
                        continue
                    found = self._lookup(effect.naming, name)
                    if found is UNCERTAIN:
                        self.stalled = True
                        return None
                    if found is None:
                        statement = _unknown(statement, _UNKNOWN_NAME.format(effect.name))
                    elif effect.naming is Naming.EXECUTE and isinstance(found, Prepared):
                        actions = frozenset[Action]().union(*(s.actions for s in found.reading.statements))
                        why = next((s.unknown for s in found.reading.statements if s.unknown), None)
                        statement = replace(statement, actions=statement.actions | actions, unknown=why or statement.unknown)
                else:
                    own[name] = False
            statements.append(statement)
        if all(a is b for a, b in zip(statements, reading.statements, strict=True)):
            return reading
        return replace(reading, statements=tuple(statements))

    def _lookup(self, naming: Naming, name: bytes) -> Prepared | Portal | None | Uncertain:
        if naming is Naming.EXECUTE:
            return self._statements.lookup(name, self._batch)
        return self._portals.lookup(name, self._batch)

    def _settle_settings(self, reading: Reading, parameters: Parameters) -> Reading:
        """Put bound values in the place of settings named by a parameter; what is not bound stays unknown."""
        if not reading.uses_session or not any(setting.parameter for s in reading.statements for setting in s.settings):
            return reading
        statements = []
        for statement in reading.statements:
            settings = []
            for setting in statement.settings:
                if setting.parameter is not None:
                    index = setting.parameter - 1
                    value = parameters[index] if index < len(parameters) else None
                    name = value.decode("utf-8", "replace").lower() if value is not None else None
                    setting = Setting(name)
                settings.append(setting)
            statements.append(replace(statement, settings=tuple(settings)))
        return replace(reading, statements=tuple(statements))

    def _must_wait(self) -> bool:
        """Whether text cannot be read yet, since an answer that is due may change how text is read."""
        if self._reading_moved and any(entry.runs for entry in self._owed):
            self.stalled = True
        return self.stalled

    def _hold_back(self, start: int) -> None:
        """Wait for the server. It may keep its answers to itself until it is asked for them: so ask."""
        self._send(start)
        if not self._flushed:
            self._out.to_upstream.append(b"H\0\0\0\4")
            self._flushed = True

    def _start(self, run: Run) -> None:
        """A statement goes to the server: what it does to names and settings is pending from now on."""
        statement = run.statement
        if statement is None:
            return
        if statement.copies_in:
            self._copy = run
            self._copy_skip = 0
        if statement.settings and any(s.name in _READING for s in statement.settings):
            self._reading_moved = True
        for effect in statement.names:
            self._apply_name(run, effect.naming, effect.name, effect.hold, effect.inner)

    def _apply_name(self, run: Run, naming: Naming, name: str | None, hold: bool, inner: Statement | None) -> None:
        batch = self._batch
        if naming is Naming.DISCARD or (naming is Naming.DEALLOCATE and name is None):
            run.changes += [self._statements.define(n, None, batch) for n in self._statements.known()]
        if naming is Naming.DISCARD or (naming is Naming.CLOSE and name is None):
            run.changes += [self._portals.define(n, None, batch) for n in self._portals.known()]
        if name is None:
            return
        key = name.encode()
        number = run.outcome.ticket.number
        if naming is Naming.PREPARE and inner is not None:
            run.changes.append(self._statements.define(key, Prepared(_inner(inner)), batch))
        elif naming is Naming.DECLARE and inner is not None:
            run.changes.append(self._portals.define(key, Portal(_inner(inner), None, number, hold), batch))
        elif naming is Naming.DEALLOCATE:
            run.changes.append(self._statements.define(key, None, batch))
        elif naming is Naming.CLOSE:
            run.changes.append(self._portals.define(key, None, batch))

    # Sending on

    def _send(self, until: int) -> None:
        if until > self._from:
            self._out.to_upstream.append(self._data[self._from : until])
        self._from = max(self._from, until)

    def _drop(self, start: int, end: int) -> None:
        self._send(start)
        self._from = end

    def _send_rewritten(self, pending: Pending, text: bytes) -> None:
        data, start = self._data, pending.start
        end = start + 1 + unpack_from("!I", data, start + 1)[0]
        self._drop(start, end)
        if pending.code == _Q:
            self._out.to_upstream.append(query_message(text))
            return
        name, after = _text(data, start + 5, end)
        _, after = _text(data, after, end)
        self._out.to_upstream.append(parse_message(name, text, data[after:end]))

    def _pass_large(self, code: int, start: int, end: int, count: int) -> None:
        if count == LARGE:
            return  # looked at like any other; what follows passes below
        if self._dropping:
            self._drop(start, end)
        elif self._large is not None:
            self._stream_hash(self._large, self._data, start, end)
        if count == LAST:
            self._dropping = False
            self._large = None

    def _stream_hash(self, run: Run, data: bytes, start: int, end: int) -> None:
        if run.hash is None:
            run.hash = hashlib.sha256(run.outcome.ticket.salt)
            run.outcome.streamed_bytes = 0
        run.hash.update(memoryview(data)[start:end])
        run.outcome.streamed_bytes = (run.outcome.streamed_bytes or 0) + end - start

    def _hash_copy(self, start: int, end: int) -> None:
        assert self._copy is not None  # noqa: S101 - the caller looked
        bodies, self._copy_skip = payload(self._data, start, end, self._copy_skip)
        self._stream_hash(self._copy, bodies, 0, len(bodies))

    # From the upstream

    def receive_upstream(self, data: bytes) -> None:
        data, spans = self._down.scan(data)
        owed = self._owed
        out = self._out.to_client
        sent = 0
        for code, start, end, count in spans:
            if code == 0x44 or code == 0x64:  # DataRow, CopyData
                if owed:
                    head = owed[0]
                    if head.at < len(head.runs):
                        outcome = head.runs[head.at].outcome
                        outcome.bytes += end - start
                        if code == 0x44:
                            outcome.rows = (outcome.rows or 0) + count
                continue
            if count == MORE or count == LAST or (code == 0x54 and owed and owed[0].code == _Q):
                continue  # the rest of something large; the RowDescription of a simple statement
            replaced = self._answer(code, data, start, end)
            if replaced is not None:
                if start > sent:
                    out.append(data[sent:start])
                if replaced:
                    out.append(replaced)
                sent = end
        if spans:
            end = spans[-1][2]
            if sent == 0 and end == len(data):
                out.append(data)
            elif end > sent:
                out.append(data[sent:end])

    def _answer(self, code: int, data: bytes, start: int, end: int) -> bytes | None:
        """Account for one message of the server; gives what to send in its place, None for itself."""
        owed = self._owed
        while owed and owed[0].code in (_COPY_DONE, _COPY_FAIL):
            owed.popleft()
        head = owed[0] if owed else None
        if code == 0x5A:  # ReadyForQuery
            self._ready(head, data[start + 5 : end])
        elif code == 0x43 or code == 0x49:  # CommandComplete, EmptyQueryResponse
            self._complete(head, data[start + 5 : end - 1] if code == 0x43 else b"")
        elif code == 0x45:  # ErrorResponse
            return self._error(head, data, start, end)
        elif code == 0x31 or code == 0x32 or code == 0x33:  # ParseComplete, BindComplete, CloseComplete
            self._expect(head, {0x31: _P, 0x32: _B, 0x33: _C}[code])
            self._pop_done()
        elif code == 0x54 or code == 0x6E:  # RowDescription, NoData: the answer to a Describe
            if head is not None and head.code == _D:
                owed.popleft()
            elif code == 0x6E:
                self._expect(head, _D)
        elif code == 0x73:  # PortalSuspended
            self._suspended(head)
        elif code == 0x47:  # CopyInResponse
            self._copy_in(head)
        elif code == 0x53:  # ParameterStatus
            return self._reported(data[start + 5 : end])
        elif code == 0x56:  # FunctionCallResponse
            self._expect(head, _F)
            assert head is not None  # noqa: S101 - just expected
            self._finish(head.runs[0], "ok")
        return None

    def _expect(self, head: Owed | None, *codes: int) -> None:
        if head is None or head.code not in codes:
            raise ProtocolError("upstream answered something that was not asked")

    def _pop_done(self) -> None:
        """The head of the queue succeeded."""
        entry = self._owed.popleft()
        for change in entry.changes:
            change.confirm()
        if entry.code == _P and entry.runs and not self._is_bound(entry.runs[0]):
            self._finish(entry.runs[0], "ok")

    def _is_bound(self, run: Run) -> bool:
        """Whether the run that a Parse was recorded with goes on with a Bind."""
        return bool(self._owed) and self._owed[0].code == _B and self._owed[0].runs[0] is run

    def _complete(self, head: Owed | None, tag: bytes) -> None:
        self._expect(head, _Q, _E)
        assert head is not None  # noqa: S101 - just expected
        if head.at >= len(head.runs):  # a text that we could not take apart
            head.runs.append(Run(head.runs[0].outcome.ticket, None, head.at))
        run = head.runs[head.at]
        head.at += 1
        word, _, number = tag.rpartition(b" ")
        if number.isdigit() and tag.startswith(_ROW_TAGS) and word:
            run.outcome.rows = int(number)
        run.outcome.tag = tag.decode("ascii", "replace") if tag else None
        self._finish(run, "ok")
        self._copying = False
        if head.code == _E:
            self._owed.popleft()

    def _suspended(self, head: Owed | None) -> None:
        self._expect(head, _E)
        assert head is not None  # noqa: S101 - just expected
        self._finish(head.runs[0], "suspended")
        self._owed.popleft()

    def _copy_in(self, head: Owed | None) -> None:
        self._expect(head, _Q, _E)
        assert head is not None  # noqa: S101 - just expected
        if head.at < len(head.runs):
            self._swallow_syncs(head.runs[head.at])

    def _swallow_syncs(self, run: Run) -> None:
        """The server reads COPY data from here: Sync before the data's end gets no answer ("COPY Operations")."""
        kept = deque([self._owed.popleft()])
        ended = False
        while self._owed:
            entry = self._owed.popleft()
            ended = ended or entry.code in (_COPY_DONE, _COPY_FAIL)
            if ended or entry.code != _S:
                kept.append(entry)
        self._owed = kept
        if not ended:
            self._copying = True
            self._copy = run

    def _error(self, head: Owed | None, data: bytes, start: int, end: int) -> bytes | None:
        severity, sqlstate = _error_fields(data, start + 5, min(end, start + PEEK))
        if severity in (b"FATAL", b"PANIC"):
            return None  # the end of the connection follows, and with it the end of everything that is owed
        self._failed = True
        if head is None:
            return None
        self._copying = False
        self._copy = None
        if head.code == _REFUSED_QUERY or head.code == _REFUSED_MESSAGE:
            assert head.denial is not None  # noqa: S101 - such entries are made with one
            replaced = denial_response(head.denial)
            head.denial = None if head.code == _REFUSED_QUERY else head.denial
        else:
            replaced = None
        if head.code in (_Q, _F, _REFUSED_QUERY):
            missed = head.runs[head.at :]
            head.at = len(head.runs)
        else:
            missed = self._skip_to_sync()
        failed = [run for run in missed if not run.done]
        if failed:
            failed[0].outcome.sqlstate = sqlstate
            self._finish(failed[0], "error")
            for run in failed[1:]:
                self._finish(run, "not_run")
        elif self._last is not None:
            self._last.sqlstate = sqlstate  # what had run failed at the end of its transaction: a deferred constraint
        return replaced

    def _skip_to_sync(self) -> list[Run]:
        """After an error the server reads on to the next Sync; gives the statements that it passes over."""
        missed: list[Run] = []
        while self._owed and self._owed[0].code != _S:
            entry = self._owed.popleft()
            missed += entry.runs
            for change in reversed(entry.changes):
                change.revert()
        self._skipping = not self._owed
        return missed

    def _ready(self, head: Owed | None, status: bytes) -> None:
        self._expect(head, _Q, _F, _S, _REFUSED_QUERY)
        if status not in (b"I", b"T", b"E"):
            raise ProtocolError(f"transaction status `{status[:8]!r}`")
        assert head is not None  # noqa: S101 - just expected
        self._owed.popleft()
        for change in head.changes:
            change.confirm()
        for run in head.runs:
            self._finish(run, "unknown")  # those that were not done: the server never said
        self._copying = False
        self._status = status
        if status == b"I":
            self._end_portals()
        last, self._last = self._last, None
        if last is not None:
            if status == b"I":
                last.transaction_end = "rolled_back" if self._failed or last.tag == "ROLLBACK" else "committed"
                self._transaction += 1
            self._out.outcomes.append(last)
        self._failed = False

    def _end_portals(self) -> None:
        """Portals end with their transaction, but for cursors that were declared WITH HOLD."""
        if not len(self._portals):
            return
        for name in self._portals.known():
            portal = self._portals.agreed(name)
            if portal is not None and not portal.hold:
                if portal.run is not None and not portal.run.done:
                    self._finish(portal.run, "not_run")
                self._portals.forget(name)

    def _finish(self, run: Run, status: str) -> None:
        if run.done:
            return
        run.done = True
        outcome = run.outcome
        outcome.status = status
        outcome.transaction = self._transaction
        if run.hash is not None:
            outcome.sha256 = run.hash.hexdigest()
        for change in run.changes:
            if status in ("ok", "suspended"):
                change.confirm()
            else:
                change.revert()
        if self._last is not None:
            self._out.outcomes.append(self._last)
        self._last = outcome
        if run.statement is not None and run.statement.kind == "commit":
            # a transaction may end in the middle of a text: what follows belongs to the next one
            outcome.transaction_end = "rolled_back" if outcome.tag == "ROLLBACK" or status != "ok" else "committed"
            self._out.outcomes.append(outcome)
            self._last = None
            self._transaction += 1

    def _reported(self, body: bytes) -> bytes | None:
        name, _, rest = body.partition(b"\0")
        value = rest[:-1]
        text = value.decode("utf-8", "replace")
        if name == b"application_name":
            if text.startswith(self._label):
                return parameter_status("application_name", text[len(self._label) :])
            return parameter_status("application_name", "") if text == self._label.rstrip() else None
        if name in (b"client_encoding", b"server_encoding", b"standard_conforming_strings"):
            self._settings[name.decode()] = text
            self._codec = self._find_codec()
            self._reading_moved = True  # also by ways that we do not see: a function, ALTER ROLE at the next RESET
        return None

    def _find_codec(self) -> str | None:
        server = self._settings.get("server_encoding", "UTF8")
        return encoding.codec(self._settings.get("client_encoding", "UTF8"), server)

    @property
    def idle(self) -> bool:
        return not self._owed and self._status == b"I" and self._pending is None and not self.stalled

    # The end

    def drain(self) -> Traffic:
        if self._from < len(self._data) and not self.stalled:
            end = self._spans[self._at - 1][2] if self._at else 0
            if self._from == 0 and end == len(self._data):
                self._out.to_upstream.append(self._data)
                self._from = end
            else:
                self._send(end)
        out, self._out = self._out, Traffic()
        return out

    def abandon(self) -> list[Outcome]:
        """Both sides are gone: how everything that was under way ended, as far as we know."""
        for entry in self._owed:
            for run in entry.runs:
                self._finish(run, "unknown")
        outcomes, self._out.outcomes = self._out.outcomes, []
        if self._last is not None:
            self._last.transaction_end = "unknown" if self._last.status == "unknown" else "rolled_back"
            outcomes.append(self._last)
            self._last = None
        return outcomes


class _MalformedError(Exception):
    """A message whose body is not what its type demands; the server would answer with an error and go on."""


def _text(data: bytes, start: int, end: int) -> tuple[bytes, int]:
    """A zero-terminated string and where it ends."""
    stop = data.find(b"\0", start, end)
    if stop < 0:
        raise _MalformedError("a string without an end")
    return data[start:stop], stop + 1


def _name(data: bytes, start: int, end: int) -> tuple[bytes, int]:
    """A name as the server keeps it, and where it ends."""
    name, after = _text(data, start, end)
    return name[:NAME_BYTES], after


def _uses_names(reading: Reading) -> bool:
    """Whether what runs depends on what a name stands for at that moment."""
    return reading.uses_session and any(e.naming in (Naming.EXECUTE, Naming.FETCH) for s in reading.statements for e in s.names)


def _parameters(data: bytes, start: int, end: int, *, results: bool = True) -> Parameters:
    """The values in a Bind (from its format codes on) or a FunctionCall."""
    try:
        (formats,) = unpack_from("!H", data, start)
        position = start + 2 + 2 * formats
        (count,) = unpack_from("!H", data, position)
        position += 2
        values: list[bytes | None] = []
        for _ in range(count):
            (size,) = unpack_from("!i", data, position)
            position += 4
            if size < 0:
                values.append(None)
                continue
            if position + size > end:
                raise _MalformedError("a value longer than its message")
            values.append(data[position : position + size])
            position += size
        position += 2
        if results:
            (formats,) = unpack_from("!H", data, position - 2)
            position += 2 * formats
    except Exception as error:  # struct.error: the message is refused
        raise _MalformedError("values that do not fit") from error
    if position != end:
        raise _MalformedError("bytes after the last value")
    return tuple(values)


def _error_fields(data: bytes, start: int, end: int) -> tuple[bytes, str]:
    """Severity (not localized) and SQLSTATE of an ErrorResponse."""
    severity, sqlstate = b"", "XX000"
    while start < end and data[start]:
        stop = data.find(b"\0", start + 1, end)
        if stop < 0:
            break
        if data[start] == 0x56:  # V
            severity = data[start + 1 : stop]
        elif data[start] == 0x43:  # C
            sqlstate = data[start + 1 : stop].decode("ascii", "replace")
        start = stop + 1
    return severity, sqlstate


def _unknown(statement: Statement, why: str) -> Statement:
    return replace(statement, actions=statement.actions | {Action.UNKNOWN}, unknown=why)


def _unnamed(what: str, name: bytes) -> Reading:
    return unreadable(b"", f"what {what} `{name.decode('utf-8', 'replace')}` stands for is not known")


def _inner(statement: Statement) -> Reading:
    text = statement.text.encode()
    return Reading(text, hashlib.sha256(text).hexdigest(), (statement,))
