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
- Whether the server is about to read COPY data changes what it makes of everything else. So what comes after a statement that may
  ask for data waits for the answer (`_due`), and a Sync that the server would swallow while it reads data is not sent (`_sync`).
- A message is dropped whole or sent whole, whatever happens while its parts pass: anything else would let the client say to the
  server what we take for something else.
- Names change when the server says so, not when the client asks: see names.py. Where two texts are possible, we wait (`stalled`).
- A setting that changes how text is read holds up later text until it is settled: see scope.py.
- A statement under limits may be cut off, and must then fail on both sides: what follows it waits for its answer. See cutoff.py.
- What a result shows depends on its columns (veil.py, curtain.py): rows are held against the server's description of them. Where
  the client asks for none, we do, and keep the answer from it.
- What names in a text mean depends on the session (`follows`): its state changes with the server's answers, and where it is not
  certain we ask the server ourselves, before the text that needs to know goes on: see session.py and inquiry.py. Our questions
  are owed answers like everything else; those that come back for them the client never sees.

What does not fit is a ProtocolError: both sides close. "Message Flow" and "Message Formats" in PostgreSQL's documentation are
the source.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from struct import unpack_from
from typing import Any

from nightporter.core.error import ProtocolError
from nightporter.core.wire import Denial, Limits, Outcome, Request, Rows, Standing, Ticket, Traffic, WireSetup
from nightporter.statement.model import Naming, Reading, Statement

from .analysis import MENTION_BYTES, MENTIONS, call, unreadable
from .body import MalformedError, error_at, name_at, parameters_at, text_at
from .cutoff import AGAIN_S, Cutoff, Limiter, Piece, cutoff_of, gives_nothing, mark, meters_of_cursors, new_meter, tightened
from .errors import denial_response
from .exchange import Owed, Pending, Portal, Prepared, Run
from .framing import HEADER, LARGE, LAST, MORE, PEEK, Scanner, payload
from .inquiry import Inquiry, Place, plan_inquiry, settings_answer, settings_inquiry, view_inquiry
from .messages import copy_fail, describe_message, flush_message, parameter_status, parse_message, query_message, ready_for_query
from .names import UNCERTAIN, Change
from .scope import Scope, reads_alike, runs_by_name, unnamed
from .session import Session
from .steps import BEGINS, CONTROL, PLANS, UNPLANNED, steps_of
from .veiling import PLAINLY, veiled_by, veiling_of

FRONTEND = b"QPBDECFSHXdcf"
BACKEND = b"123ACDEGHINSTVZcdnst"
BULK_UP = b"d"
BULK_DOWN = b"Dd"

MAX_CONTROL = 160 * 1024
"""Answers longer than this (an error that quotes a document) pass in parts; a RowDescription of 1600 long names is shorter."""

MAX_OWED = 16 * 1024
"""Messages on their way to an answer, at some hundred bytes each; beyond them we wait, for a Sync costs its sender five."""

REFUSED = b"nightporter: statement refused"
"""A text that no grammar accepts: it makes the server's transaction fail as the refused statement would have."""
REFUSED_NAME = b"nightporter"
"""A name, so that the unnamed prepared statement stays; the text fails before it gets one."""

_Q, _P, _B, _D, _E, _C, _F, _S, _H, _X = b"QPBDECFSHX"
_COPY_DATA, _COPY_DONE, _COPY_FAIL = b"dcf"
_DATA_ROW, _ROWS_BEGIN, _NO_DATA, _COMPLETE, _EMPTY, _SUSPENDED, _READY = b"DTnCIsZ"
_PARSED, _BOUND, _CLOSED, _ERROR, _COPY_IN, _STATUS, _CALLED = b"123EGSV"
_COPY_OUT, _NOTICE, _NOTIFICATION = b"HNA"
_BESIDE_COPY = b"dcfHSX"  # what a client may send while the server reads COPY data
_REFUSED_MESSAGE, _REFUSED_QUERY = 1, 2  # what is owed for REFUSED in the place of the client's message
_OURS = 3  # what is owed for a question of ours
_DESCRIBE = 4  # what is owed for a Describe of ours
_BESIDE_ANSWERS = b"SA"  # settings and notifications are the client's, whenever they come; a notice is about our question

_ROW_TAGS = (b"SELECT", b"INSERT", b"UPDATE", b"DELETE", b"MERGE", b"COPY", b"FETCH", b"MOVE")
_ENDS = {"commit": "committed", "rollback": "rolled_back", "prepare transaction": "unknown"}
_NOTHING = Traffic()


class InquiryError(Exception):
    """The server answered a question of ours with an error, which is then the client's statement's own."""

    def __init__(self, denial: Denial) -> None:
        super().__init__(denial.message)
        self.denial = denial


class PostgresWire:
    """`core.wire.Wire` for PostgreSQL 3.0 and 3.2."""

    def __init__(self, setup: WireSetup) -> None:
        self.stalled = False
        self._label = setup.label
        self._up = Scanner(FRONTEND, BULK_UP, setup.max_statement_bytes)
        self._down = Scanner(BACKEND, BULK_DOWN, MAX_CONTROL)
        self._scope = Scope(setup.label, setup.settings)
        self._statements = self._scope.statements
        self._portals = self._scope.portals
        self._session = Session() if setup.follows else None
        self._inquiry: Inquiry | None = None  # that is on its way
        self._answer: Rows | Denial | None = None  # to what the journey asked
        self._unanswered: Denial | None = None  # why the session's state could not be asked for
        self._out = Traffic()
        # the client's bytes
        self._data = b""
        self._spans: list[tuple[int, int, int, int]] = []
        self._at = 0  # next span to look at
        self._from = 0  # first byte not handed on yet
        self._pending: Pending | None = None
        self._large: Run | None = None  # whose message is passing in parts
        self._large_text: bytes | None = None  # the end of what has passed of it, if it is a text
        self._dropping = False  # the large message that is passing was refused
        self._copy: Run | None = None  # whose COPY data is passing
        self._copy_skip = 0
        self._cut_dropped = False  # the COPY data whose end is in the next chunk was not sent
        # where the client is in the protocol
        self._batch = 0  # counts Syncs and Queries
        self._unsynced = False
        self._skipping = False  # until Sync
        self._flushed = False
        self._ended = False  # it said good-bye
        # the server's answers
        self._owed: deque[Owed] = deque()
        self._copying = False  # the server reads COPY data
        self._due = 0  # statements on their way that may ask for COPY data
        self._status = b"I"
        self._transaction = 1
        self._failed = False
        self._late: Run | None = None  # of what ended since ReadyForQuery: the last, or the last to do with what is hidden
        self._last: Outcome | None = None  # kept until we know whether its transaction ended with it
        self._swallow = False  # the parts of a large error that was replaced
        # what is limited: see cutoff.py
        self._limiter = Limiter()
        self._limited: Owed | None = None  # the last of what was sent under a limit, until it is answered
        self._metered = False  # some portal or cursor may be limited
        # what is hidden: see veil.py
        self._veil: Any = None  # the latest: what the server says unasked is held against it

    # From the client

    def receive_client(self, data: bytes) -> None:
        self._data, self._spans = self._up.scan(data)
        self._at = self._from = 0

    def next_request(self) -> Request | None:
        self.stalled = False
        spans = self._spans
        while self._at < len(spans):
            code, start, end, count = spans[self._at]
            if count in (MORE, LAST):
                self._pass_large(start, end, count)
            elif count == 0:
                self._pass_rest(start, end)
            elif self._ended or (self._skipping and code != _S and code != _X):
                self._drop(start, end)
                self._dropping = count == LARGE
                self._cut_dropped = True
            else:
                pending = self._look(code, start, end, count)
                if self.stalled:
                    self._hold_back(start)
                    return None
                if pending is not None:
                    self._pending = pending
                    return pending.request
                self._flushed = False
            self._at += 1
        if self._limited is not None:
            self._hold_off()
        return None

    def _look(self, code: int, start: int, end: int, count: int) -> Pending | None:
        """One message of the client: note it, or make a request of it."""
        if self._copying:
            if code not in _BESIDE_COPY:
                raise ProtocolError(f"message of type `{chr(code)}` where copy data is due")
        elif (code != _X and (self._due or (self._limited is not None and self._must_wait(code, start, end)))) or (
            len(self._owed) >= MAX_OWED
        ):
            self.stalled = True
            return None
        try:
            if code == _E:
                return self._execute(start, end)
            if code == _S:
                self._sync(start, end)
            elif code == _D:
                self._describe(start + HEADER, end)
            elif code == _B:
                return self._bind(start, end, count)
            elif code == _Q:
                return self._query(start, end, count)
            elif code == _P:
                return self._parse(start, end, count)
            elif code == _F:
                return self._call(start, end, count)
            elif code == _C:
                self._close(start + HEADER, end)
            elif code == _COPY_DATA:
                self._cut_dropped = False
                self._hash_copy(start, end)
            elif code in (_COPY_DONE, _COPY_FAIL):
                self._end_copy()
            elif code == _H and end != start + HEADER and not self._copying:
                raise MalformedError("a flush with a body")  # an error that no answer is owed for
            elif code == _X:
                self._out.finished = self._ended = True
        except MalformedError as error:
            self._dropping = count == LARGE
            self._refuse(code, start, end, Denial("08P01", f"invalid message format: {error}"))
        except InquiryError as error:
            self._dropping = count == LARGE
            self._refuse(code, start, end, error.denial)
        return None

    def _describe(self, body: int, end: int) -> None:
        entry = Owed(_D, [])
        if self._veil is not None and self._data[body : body + 1] == b"P":
            portal = self._portals.lookup(self._name_at(body + 1, end)[0], self._batch)
            if isinstance(portal, Portal) and portal.curtain is not None:
                entry.portal = portal
                portal.described = True
        self._unsynced = True
        self._owed.append(entry)

    def _query(self, start: int, end: int, count: int) -> Pending | None:
        reading: Reading | None
        if count == LARGE:
            reading = self._too_large()
        else:
            text, after = text_at(self._data, start + HEADER, end)
            if after != end:
                raise MalformedError("a zero byte inside a statement")
            reading = self._read(text)
        resolved = self._scope.resolve(reading, self._batch) if reading is not None else None
        if resolved is None:
            self.stalled = True
            return None
        standing = self._stand(resolved, start) if self._session is not None else None
        if self.stalled:
            return None
        return Pending(Request("submit", resolved, (), count == LARGE, None, standing), _Q, start, end)

    def _parse(self, start: int, end: int, count: int) -> Pending | None:
        name, after = self._name_at(start + HEADER, end)
        reading: Reading | None
        types: tuple[int, ...] = ()
        if count == LARGE:
            reading = self._too_large()
        else:
            text, after = text_at(self._data, after, end)
            if after > end - 2:
                raise MalformedError("no parameter types")
            if end > after + 2 and self._session is not None:
                types = _types_at(self._data, after, end)
            reading = self._read(text)
        resolved = self._scope.resolve(reading, self._batch) if reading is not None else None
        if reading is None or resolved is None:
            self.stalled = True
            return None
        standing = self._stand(resolved, start) if self._session is not None else None
        if self.stalled:
            return None
        pending = None
        if count == 1 and self._at + 1 < len(self._spans):
            pending = self._parse_and_bind(name, reading, resolved, start, *self._spans[self._at + 1])
        if pending is None:
            pending = Pending(Request("prepare", resolved, (), count == LARGE), _P, start, end)
        request = pending.request
        request.standing, request.parameter_types = standing, types
        pending.statement, pending.prepared, pending.types = name, reading, types
        return pending

    def _parse_and_bind(
        self, name: bytes, reading: Reading, resolved: Reading, start: int, code: int, bind: int, end: int, count: int
    ) -> Pending | None:
        """Parse and its Bind in one go, as most drivers send them: one decision, one record. None: something else follows."""
        if code != _B or count != 1:
            return None
        try:
            portal, after = self._name_at(bind + HEADER, end)
            statement, after = self._name_at(after, end)
            if statement != name:
                return None
            parameters = parameters_at(self._data, after, end)
        except MalformedError:
            return None  # the Bind's own error, when its turn comes
        pending = Pending(Request("run", self._scope.settle(resolved, parameters), parameters), _P, start, end)
        pending.count = 2
        pending.portal = portal
        return pending

    def _bind(self, start: int, end: int, count: int) -> Pending | None:
        portal, after = self._name_at(start + HEADER, end)
        name, after = self._name_at(after, end)
        prepared = self._statements.lookup(name, self._batch)
        if prepared is UNCERTAIN:
            self.stalled = True
            return None
        reading = prepared.reading if isinstance(prepared, Prepared) else unnamed("statement", name)
        parameters = parameters_at(self._data, after, end) if count != LARGE else ()
        resolved: Reading | None = reading
        if reading.uses_session:
            resolved = self._scope.resolve(self._scope.settle(reading, parameters), self._batch)
        if resolved is None:
            self.stalled = True
            return None
        standing = self._stand(resolved, start) if self._session is not None else None
        if self.stalled:
            return None
        types = prepared.types if isinstance(prepared, Prepared) else ()
        pending = Pending(Request("run", resolved, parameters, count == LARGE, None, standing, types), _B, start, end)
        pending.portal, pending.prepared, pending.types = portal, reading, types
        return pending

    def _execute(self, start: int, end: int) -> Pending | None:
        name, after = self._name_at(start + HEADER, end)
        if after + 4 != end:
            raise MalformedError("no row limit")
        portal = self._portals.lookup(name, self._batch)
        if portal is UNCERTAIN:
            self.stalled = True
            return None
        if not isinstance(portal, Portal):
            return Pending(Request("fetch", unnamed("portal", name)), _E, start, end)
        standing = portal.standing
        if self._session is not None and self._session.moved != portal.moved:
            # what a function's body names is looked up when it runs: if that has changed since Bind, the decision no longer holds
            standing = self._stand(portal.reading, start)
            if self.stalled:
                return None
        if portal.run is not None and standing is portal.standing and not runs_by_name(portal.reading):
            run, portal.run = portal.run, None  # recorded when it was bound
            self._unsynced = True
            self._run(start, name, run, portal)
            self._begin(run)
            if self._metered:
                self._limit(start, portal.reading, None, portal)
            return None
        resolved = self._scope.resolve(portal.reading, self._batch)  # EXECUTE finds its name when it runs, not before
        if resolved is None:
            self.stalled = True
            return None
        pending = Pending(Request("fetch", resolved, (), False, portal.number, standing, portal.types), _E, start, end)
        pending.of = portal
        pending.portal = name
        return pending

    def _run(self, start: int, name: bytes, run: Run, portal: Portal | None) -> None:
        """An Execute goes to the server. Rows that are veiled must be described before they come."""
        entry = Owed(_E, [run])
        if portal is not None and portal.curtain is not None:
            entry.portal = portal
            run.curtain = portal.curtain
            if not portal.described and not portal.curtain.clear:
                portal.described = True
                self._send(start)
                self._out.to_upstream.append(describe_message(b"P", name))
                asked = Owed(_DESCRIBE, [])
                asked.portal = portal
                self._owed.append(asked)
        self._owed.append(entry)

    def _call(self, start: int, end: int, count: int) -> Pending | None:
        body = start + HEADER
        if end - body < 8:
            raise MalformedError("no function")
        (oid,) = unpack_from("!I", self._data, body)
        arguments = parameters_at(self._data, body + 4, end, results=False) if count != LARGE else ()
        reading = call(oid, arguments)
        standing = self._stand(reading, start) if self._session is not None else None
        if self.stalled:
            return None
        return Pending(Request("submit", reading, arguments, count == LARGE, None, standing), _F, start, end)

    def _close(self, body: int, end: int) -> None:
        name, _ = self._name_at(body + 1, end)
        kind = self._data[body : body + 1]
        changes: tuple[Change[Any], ...] = ()  # of another kind the server wants to know nothing
        if kind == b"S":
            changes = (self._statements.define(name, None, self._batch),)
        elif kind == b"P":
            changes = (self._portals.define(name, None, self._batch),)
        self._unsynced = True
        self._owed.append(Owed(_C, [], changes))

    def _sync(self, start: int, end: int) -> None:
        if self._copying:
            # "the backend ignores Flush and Sync during copy-in"; but were the copy to fail before the server reads this one, it
            # would answer it. So it never sees it.
            self._drop(start, end)
            return
        self._skipping = self._unsynced = False
        self._owed.append(Owed(_S, []))
        self._batch += 1

    def _end_copy(self) -> None:
        self._copying = False
        self._copy = None
        self._copy_skip = 0

    def _name_at(self, start: int, end: int) -> tuple[bytes, int]:
        name, after = name_at(self._data, start, end)
        return (name, after) if name.isascii() else (self._scope.name(self._data[start : after - 1]), after)

    # The answer to a request

    def allow(self, request: Request, ticket: Ticket, limits: Limits | None = None, veil: Any = None) -> None:
        pending = self._take(request)
        self._veil = veil
        reading = request.reading
        statements = reading.statements
        runs = [Run(ticket, s, i) for i, s in enumerate(statements)] or [Run(ticket, None)]
        if self._skipping:  # an error came while this was decided: the server would pass over it
            self._pass_over(pending)
            for run in runs:
                self._finish(run, "not_run")
            return
        if request.streamed:
            self._large = runs[0]
            self._large_text = b"" if pending.code == _Q or pending.code == _P else None
            self._stream_large(runs[0], pending.start + HEADER, pending.end)
        if reading.rewritten is not None and (pending.code == _Q or pending.code == _P):
            self._send_rewritten(pending, reading.rewritten)
        if pending.code == _Q or pending.code == _F:
            self._owed.append(Owed(pending.code, runs, self._drop_unnamed() if pending.code == _Q else ()))
            for run in runs:
                if veil is not None:
                    self._draw(run, request, veil)
                self._begin(run)
            if limits is not None or self._metered:
                self._limit(pending.start, reading, limits)
            self._batch += 1
            self._unsynced = False
            return
        self._unsynced = True
        run = runs[0]  # more than one statement in a Parse is an error of the server's
        if pending.statement is not None:
            defined = self._statements.define(pending.statement, Prepared(pending.prepared, pending.types), self._batch)
            self._owed.append(Owed(_P, [run], (defined,)))
        if pending.of is None and pending.portal is not None:
            portal = Portal(pending.prepared, run, ticket.number)
            if self._session is not None:
                portal.statement, portal.types = run.statement, pending.types
                self._plan(run)
                portal.standing, portal.moved = request.standing, self._session.moved
            if veil is not None:
                self._draw(run, request, veil)
                portal.curtain = run.curtain
            bound = self._portals.define(pending.portal, portal, self._batch)
            self._owed.append(Owed(_B, [run], (bound,)))
            if limits is not None:
                self._limit_portal(pending.start, portal, limits)
        elif pending.statement is None:
            if veil is not None and pending.of is not None:
                self._draw(run, request, veil)
                if pending.of.curtain is None:
                    pending.of.curtain = run.curtain
            self._run(pending.start, pending.portal or b"", run, pending.of)
            self._begin(run)
            if limits is not None or self._metered:
                self._limit(pending.start, reading, limits, pending.of)

    def deny(self, request: Request, denial: Denial) -> None:
        pending = self._take(request)
        if self._skipping:  # an error came while this was decided: neither side answers it
            self._pass_over(pending)
            return
        self._dropping = request.streamed
        self._refuse(pending.code, pending.start, pending.end, denial)

    def _take(self, request: Request) -> Pending:
        pending, self._pending = self._pending, None
        if pending is None or pending.request is not request:
            raise RuntimeError("answer to a request that is not pending")
        self._at += pending.count
        self._flushed = False
        return pending

    def _pass_over(self, pending: Pending) -> None:
        self._dropping = pending.request.streamed
        self._drop(pending.start, pending.end)

    def _begin(self, run: Run) -> None:
        statement = run.statement
        run.began = True
        if statement is None:
            return
        if statement.copies_in or statement.unknown is not None:
            run.due = True
            self._due += 1
        if self._session is not None:
            self._leave(run, statement)
        if statement.names or statement.settings or self._scope.moved:
            self._scope.begin(run, self._batch)
            if run.curtain is not None:
                for change in run.changes:
                    if isinstance(change.value, Portal):  # a cursor that it declares
                        change.value.curtain = run.curtain

    def _draw(self, run: Run, request: Request, veil: Any) -> None:
        """How the result of a statement is shown; of what comes from a cursor, as was decided when that was declared."""
        statement = run.statement
        run.curtain = veil.before(run.outcome.statement)
        run.request = request
        for effect in statement.names if statement is not None else ():
            if effect.naming is Naming.FETCH:
                portal = self._portals.lookup((effect.name or "").encode(), self._batch)
                run.curtain = portal.curtain if isinstance(portal, Portal) and portal.statement is not None else veil.unknown

    def _plan(self, run: Run) -> None:
        """A statement is bound: to plan it the server may run functions that call themselves immutable, and do anything."""
        session, statement = self._session, run.statement
        if session is None or statement is None or statement.kind in CONTROL or statement.kind in UNPLANNED:
            return
        steps = steps_of(statement)
        if any(step.what in PLANS for step in steps):
            run.steps = steps
            run.moving = session.sent(steps)

    def _leave(self, run: Run, statement: Statement) -> None:
        """A statement goes to the server: what it will do to the session is on its way."""
        session = self._session
        if run.moving:
            return  # since it was bound
        steps = statement.steps
        if steps is None:
            steps = steps_of(statement)
        if statement.names and statement.kind in ("fetch", "move"):
            steps += self._scope.fetches(statement, self._batch)
        if steps and session is not None:
            run.steps = steps
            run.moving = session.sent(steps)

    def _refuse(self, code: int, start: int, end: int, denial: Denial) -> None:
        """The message does not go upstream, and the client gets the denial where the server's answer would stand."""
        self._drop(start, end)
        if code != _Q and code != _F:
            self._fail(_P, denial)
        elif self._owed or self._unsynced or self._status != b"I":
            self._fail(_Q, denial)
        else:
            self._out.to_client.append(denial_response(denial) + ready_for_query())

    def _drop_unnamed(self) -> tuple[Change[Any], ...]:
        """A Query, even one that fails, drops the unnamed prepared statement."""
        return (self._statements.define(b"", None, self._batch),) if b"" in self._statements else ()

    # Limits

    def _limit_portal(self, start: int, portal: Portal, limits: Limits) -> None:
        """What was bound last is limited from its first portion on; the server may compute as early as when it plans it."""
        self._metered = True
        run = self._owed[-1].runs[0]
        portal.meter = new_meter(limits, run.statement)
        if limits.timeout_s is not None:
            run.meters = (portal.meter,)
            self._limited = self._owed[-1]
            messages = [each for each in self._owed if each.runs and each.runs[0] is run]  # Bind, and its Parse
            cutoff = Cutoff(limits.timeout_s)
            for message in messages:
                message.cutoff = cutoff
            self._hasten(start, len(messages))

    def _hasten(self, start: int, count: int) -> None:
        """Have the server say what it owes for what precedes the last messages: their time is counted from then on."""
        if len(self._owed) > count:
            self._send(start)
            self._out.to_upstream.append(flush_message())

    def _limit(self, start: int, reading: Reading, limits: Limits | None, portal: Portal | None = None) -> None:
        """What was sent last runs under these limits, and those of its portal and of the cursors that it fetches from."""
        entry: Owed = self._owed[-1]
        limited = False
        for run in entry.runs:
            own = portal.meter if portal is not None else None
            if limits is not None:
                if own is None:
                    own = new_meter(limits, run.statement)
                else:
                    own.limits = tightened(own.limits, limits)
            if portal is not None and own is not None:
                portal.meter = own
                self._metered = True
            run.meters = (own,) if own is not None else ()
            if self._metered:
                run.meters += meters_of_cursors(run.statement, lambda name: self._portals.lookup(name, self._batch))
            for change in run.changes:
                if own is not None and isinstance(change.value, Portal):  # a cursor that it declares
                    change.value.meter = new_meter(own.limits, None)
                    self._metered = True
            limited = limited or bool(run.meters)
        if limited:
            entry.cutoff = cutoff_of(entry, reading, not self._unsynced)
            if entry.cutoff.timeout_s is not None:
                self._hasten(start, 1)
            elif all(gives_nothing(run.statement) for run in entry.runs):
                entry.cutoff.loose = True
                return
            self._limited = entry

    def _must_wait(self, code: int, start: int, end: int) -> bool:
        """Whether a message must not go upstream before what is limited is answered."""
        limited = self._limited
        if limited is None or limited.code != _B or self._limiter.canceling:
            return True
        if code == _E:  # the same statement goes on; another one could be hit by its cancel
            try:
                return self._name_at(start + HEADER, end)[0] != limited.changes[0].name
            except MalformedError:
                return True
        return code != _D

    def _hold_off(self) -> None:
        """All that the client has said is dealt with, and what it says next must wait; the server is to answer what is limited."""
        limited = self._limited
        if limited is None or self._copying or (limited.code == _B and not self._limiter.canceling):
            return
        self.stalled = True
        if self._spans:
            self._send(self._spans[-1][2])
        if limited.code == _E and not self._flushed and not self._ended:
            self._out.to_upstream.append(flush_message())
            self._flushed = True

    def _curbed(self, head: Owed, code: int, data: bytes, sent: int, start: int, end: int, count: int) -> int:
        """A piece of a limited answer; `data` up to `sent` has been dealt with. Gives up to where it has been now."""
        piece = Piece(code, data, start, end, count, self._status == b"T")
        if code not in (_DATA_ROW, _COPY_DATA):
            return self._limiter.other(head, piece, sent, self._out)
        if head.code not in (_E, _Q):
            raise ProtocolError("upstream sent rows that were not asked for")
        run = self._turn(head)
        stop = self._limiter.rows(head, run, piece, self._out)
        if run.curtain is not None:
            sent = self._veiled(head, run, code, data, sent, start, stop)
        if stop == end:
            return sent
        if stop > sent:
            self._out.to_client.append(data[sent:stop])
        return end

    # What is hidden

    def _veiled(self, head: Owed, run: Run, code: int, data: bytes, sent: int, start: int, end: int) -> int:
        """Rows that may have to be masked; `data` up to `sent` has been dealt with. Gives up to where it has been now."""
        veiling = run.veiling
        if veiling is None:
            run.veiling = veiling = self._uncover(head, run, code)
        if veiling is PLAINLY:
            return sent
        if start > sent:
            self._out.to_client.append(data[sent:start])
        veiled = veiling.feed(data, start, end)
        if veiled:
            self._out.to_client.append(veiled)
        return end

    def _uncover(self, head: Owed, run: Run, code: int) -> Any:
        """What is done with rows of which the server has not said more by now."""
        portal = head.portal
        if portal is not None and portal.plan is not None and code == _DATA_ROW:
            return veiling_of(portal.plan)
        if run.curtain.clear and code == _DATA_ROW:
            return PLAINLY
        raise ProtocolError("upstream sent rows that it has not described")

    def _said(self, code: int, body: bytes, whole: bool) -> bytes | None:
        """What the server says beside rows, to somebody who may not see everything; gives what to say in its place."""
        head = self._owed[0] if self._owed else None
        run = head.runs[min(head.at, len(head.runs) - 1)] if head is not None and head.runs else None
        if run is None and code == _STATUS:  # the server says at the end of a batch what has become of settings
            run = self._late
        curtain, request = (None, None) if run is None else (run.curtain, run.request)
        shown: bytes | None = self._veil.said(code, body, whole, curtain, request, self._scope.codec)
        return shown

    def _settle(self) -> None:
        """If what is limited has been answered: let the rest go on, or fail as the client believes it has."""
        limiter = self._limiter
        if self._limited in self._owed:
            return
        limiter.stop(self._out)
        if limiter.canceling:
            self.stalled = True
            return
        self._limited = None
        refusal, limiter.refusal = limiter.refusal, None
        if refusal is not None and not self._ended:  # else the server ends the transaction by itself
            self._fail(*refusal)

    def _fail(self, code: int, denial: Denial) -> None:
        """Make the server's transaction fail, and give the client the denial where the server's error would stand."""
        if code == _Q:
            self._out.to_upstream.append(query_message(REFUSED))
            self._owed.append(Owed(_REFUSED_QUERY, [], self._drop_unnamed(), denial))
            self._batch += 1
            self._unsynced = False
        else:
            self._out.to_upstream.append(parse_message(REFUSED_NAME, REFUSED))
            self._owed.append(Owed(_REFUSED_MESSAGE, [], (), denial))
            self._skipping = self._unsynced = True

    def overtime(self) -> None:
        head = self._owed[0] if self._owed else None
        if head is None or head.cutoff is None or self._limiter.canceling:
            return
        cutoff = self._limiter.overtime(head, self._owed)
        if self._copying and not self._up.rest and not cutoff.stopped:
            # it waits for its client, and would not notice a cancel before there is more data
            cutoff.stopped = True
            self._out.to_upstream.append(copy_fail(b"the statement has run for too long"))
            self._limiter.time(AGAIN_S, self._out)
        else:
            self._limiter.cancel(head, self._out)

    def canceled(self) -> None:
        limiter = self._limiter
        limiter.canceling = False
        if self._limited is None:
            return
        head = self._owed[0] if self._owed else None
        if head is not None and head.cutoff is not None and head.cutoff.asked:
            limiter.time(AGAIN_S, self._out)
        self._settle()

    # What the session is

    def _stand(self, reading: Reading, start: int) -> Standing | None:
        """Under what a text means what it means; None: it names nothing, or the wire is `stalled` until the server has answered."""
        session = self._session
        assert session is not None  # noqa: S101 - the caller looked
        statements = reading.statements
        single = len(statements) < 2
        if session.steady:
            if not single:
                return session.standing_for_several()
            if not statements or statements[0].kind in CONTROL or statements[0].unknown is not None:
                return None
            return session.standing
        return self._stand_unsteady(session, reading, single, start)

    def _stand_unsteady(self, session: Session, reading: Reading, single: bool, start: int) -> Standing | None:
        failure, self._unanswered = self._unanswered, None
        if failure is not None:
            raise InquiryError(failure)
        statements = reading.statements
        control = single and (not statements or statements[0].kind in CONTROL or statements[0].unknown is not None)
        if control and (session.certain or session.in_block or self._unsynced or not _begins(statements)):
            return None
        if self._owed and (session.changed or session.moving or session.failed or not session.certain):
            self.stalled = True
            return None
        if session.failed:
            # nothing runs in this transaction but its end; in a text of several, something may come after that
            return None if single else session.standing_for_several()
        if not session.certain:
            # before BEGIN as well, since the answer is then free of any transaction
            self._ask(settings_inquiry(self._place(), temporary=session.temporary is None), start)
            self.stalled = True
            return None
        if control:
            return None
        return session.standing if single else session.standing_for_several()

    def _place(self) -> Place:
        if self._unsynced:
            return Place.BATCH
        return Place.IDLE if self._status == b"I" else Place.BLOCK

    def _ask(self, inquiry: Inquiry, start: int) -> None:
        """Put a question of ours before what the client said last."""
        self._send(start)
        self._out.to_upstream.append(inquiry.messages())
        self._flushed = True  # it ends so that the server answers
        self._inquiry = inquiry
        self._owed.append(Owed(_OURS, []))

    def inquire(self, questions: Sequence[bytes], *, plans: bool = False) -> None:
        """Ask the server, before the pending request goes on. `stalled` until `answered` gives something."""
        pending = self._pending
        if pending is None:
            raise RuntimeError("a question without a request")
        if self._skipping:
            self._answer = Denial("25P02", "current transaction is aborted, commands ignored until end of transaction block")
            return
        if plans:
            self._ask(plan_inquiry(questions, self._place()), pending.start)
            self.stalled = True
            return
        path = self._session.path if self._session is not None else None
        if path is None:
            self._answer = Denial("XX000", "the search path is not known")
            return
        self._ask(view_inquiry(questions, self._place(), path), pending.start)
        self.stalled = True

    def answered(self) -> Rows | Denial | None:
        """What came back for `inquire`: the rows of each question, or an error; None while it is on its way."""
        answer, self._answer = self._answer, None
        if answer is not None:
            self.stalled = False
        return answer

    def _hear(self, code: int, piece: bytes, begins: bool) -> None:
        """A piece of the answer to a question of ours. The client hears of it only if its transaction broke."""
        inquiry = self._inquiry
        if inquiry is None:
            raise ProtocolError("upstream answered something that was not asked")
        if begins and code == _ERROR and error_at(piece, HEADER, len(piece))[0] in (b"FATAL", b"PANIC"):
            self._out.to_client.append(piece)  # the connection's own: its end follows
            return
        more = inquiry.hear(code, piece, begins=begins)
        if more:
            self._out.to_upstream.append(more)
        if not inquiry.over:
            return
        self._inquiry = None
        self._owed.popleft()
        session = self._session
        failure = inquiry.failure
        if inquiry.status:
            self._status = inquiry.status
            if session is not None and inquiry.status == b"E":
                self._failed = True
                session.ready(inquiry.status, True)
        elif failure is not None:
            # in the middle of a batch: the server passes over the rest of it, and so do we
            self._failed = self._skipping = True
            self._out.to_client.append(inquiry.raw_error)
        if not inquiry.own:
            self._answer = failure if failure is not None else inquiry.rows()
        elif failure is not None:
            self._unanswered = failure if inquiry.status else None
        elif session is not None:
            session.answered(*settings_answer(inquiry, self._scope.codec))

    # Waiting

    def _read(self, text: bytes) -> Reading | None:
        """What a text says; None if what is under way may change how it is read."""
        scope = self._scope
        if scope.moving:
            if not self._owed and not self._unsynced:
                scope.moving = False
            elif not reads_alike(text):
                if not self._owed:  # the server reports settings with ReadyForQuery, and none is coming
                    return unreadable(text, "how it is read may have changed since the last sync")
                return None
        return scope.read(text)

    def _hold_back(self, start: int) -> None:
        """Wait for the server. It may keep its answers to itself until it is asked for them: so ask."""
        self._send(start)
        if not self._flushed:
            self._out.to_upstream.append(flush_message())
            self._flushed = True

    # Sending on

    def _send(self, until: int) -> None:
        if until > self._from:
            self._out.to_upstream.append(self._data[self._from : until])
            self._from = until

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
        name, after = text_at(data, start + HEADER, end)
        _, after = text_at(data, after, end)
        self._out.to_upstream.append(parse_message(name, text, data[after:end]))

    # What is too long to be held

    def _too_large(self) -> Reading:
        return unreadable(b"", f"text of more than {self._up.limit} bytes")

    def _pass_large(self, start: int, end: int, count: int) -> None:
        if self._dropping:
            self._drop(start, end)
        elif self._large is not None:
            self._stream_large(self._large, start, end)
        if count == LAST:
            self._dropping = False
            self._large = None

    def _stream_large(self, run: Run, start: int, end: int) -> None:
        """Part of a message that is too long to be held. If it is a text, no setting of ours may be spoken of in it: it cannot be
        read, and until its last byte has gone upstream nothing of it runs."""
        part = self._data[start:end]
        if self._large_text is not None:
            seen = self._large_text + part
            if MENTIONS.search(seen):
                raise ProtocolError(f"a text of more than {self._up.limit} bytes speaks of settings that are not the client's")
            self._large_text = seen[-MENTION_BYTES:]
        self._stream_hash(run, part)

    def _pass_rest(self, start: int, end: int) -> None:
        """The rest of a message that was cut: it goes where its beginning went, whatever has happened since."""
        if self._cut_dropped:
            self._drop(start, end)
        else:
            self._hash_copy(start, end)

    def _hash_copy(self, start: int, end: int) -> None:
        if self._copy is not None:
            bodies, self._copy_skip = payload(self._data, start, end, self._copy_skip)
            self._stream_hash(self._copy, bodies)

    def _stream_hash(self, run: Run, data: bytes | memoryview) -> None:
        if run.hash is None:
            run.hash = hashlib.sha256(run.outcome.ticket.salt)
        run.hash.update(data)
        run.outcome.streamed_bytes = (run.outcome.streamed_bytes or 0) + len(data)

    # From the upstream

    def receive_upstream(self, data: bytes) -> None:
        data, spans = self._down.scan(data)
        owed = self._owed
        sent = end = 0
        for code, start, end, count in spans:
            head = owed[0] if owed else None
            if head is not None and head.code == _OURS and code not in _BESIDE_ANSWERS:
                if start > sent:
                    self._out.to_client.append(data[sent:start])
                sent = end
                self._hear(code, data[start:end], count > 0 or count == LARGE)
                continue
            if head is not None and head.cutoff is not None:
                sent = self._curbed(head, code, data, sent, start, end, count)
                if code in (_DATA_ROW, _COPY_DATA):
                    continue
            if code in (_DATA_ROW, _COPY_DATA):
                if head is None or (head.code != _E and head.code != _Q):
                    raise ProtocolError("upstream sent rows that were not asked for")
                run = self._turn(head)
                outcome = run.outcome
                outcome.bytes += end - start
                if code == _DATA_ROW:
                    outcome.rows = (outcome.rows or 0) + count
                if run.curtain is not None:
                    sent = self._veiled(head, run, code, data, sent, start, end)
            elif count in (MORE, LAST):  # its beginning told what it is
                if self._swallow:
                    if start > sent:
                        self._out.to_client.append(data[sent:start])
                    sent = end
                    self._swallow = count == MORE
            elif code in (_ROWS_BEGIN, _NO_DATA):
                if head is not None and (head.code == _D or head.code == _DESCRIBE):
                    owed.popleft()
                    if head.portal is not None and code == _ROWS_BEGIN:
                        head.portal.plan = head.portal.curtain.plan(data[start + HEADER : end], self._scope.codec)
                    if head.code == _DESCRIBE:  # the client has not asked
                        if start > sent:
                            self._out.to_client.append(data[sent:start])
                        sent = end
                elif code == _NO_DATA or head is None or head.code != _Q:
                    raise ProtocolError("upstream described something that was not asked for")
                elif self._veil is not None:
                    run = self._turn(head)
                    if run.curtain is not None:
                        run.veiling = veiling_of(run.curtain.plan(data[start + HEADER : end], self._scope.codec))
            elif code == _COMPLETE:
                self._complete(head, data[start + HEADER : end - 1])
            elif code == _READY:
                self._ready(head, data[start + HEADER : end])
            elif code in (_PARSED, _BOUND, _CLOSED):
                self._confirmed(head, code)
            else:
                replaced = self._other(head, code, data, start, end, count != LARGE)
                if replaced is not None:
                    self._swallow = count == LARGE
                    if start > sent:
                        self._out.to_client.append(data[sent:start])
                    self._out.to_client.append(replaced)
                    sent = end
        if end > sent:
            self._out.to_client.append(data if sent == 0 and end == len(data) else data[sent:end])
        self._out.partial = not self._down.between_messages
        if self._limited is not None:
            self._settle()

    def _other(self, head: Owed | None, code: int, data: bytes, start: int, end: int, whole: bool) -> bytes | None:
        """A less frequent message, or its beginning; gives what to send in its place, None for itself."""
        if code == _ERROR:
            told = self._said(code, data[start + HEADER : end], whole) if self._veil is not None else None
            return self._error(head, *error_at(data, start + HEADER, min(end, start + PEEK))) or told
        if code == _STATUS:
            return self._reported(data[start + HEADER : end])
        if code in (_NOTICE, _NOTIFICATION):
            return self._said(code, data[start + HEADER : end], whole) if self._veil is not None else None
        if code == _COPY_OUT:
            run = self._turn(self._expect(head, _Q, _E))
            if run.curtain is not None:
                run.veiling = run.curtain.copy(data[start + HEADER : end], self._scope.client_encoding) or PLAINLY
            return None
        if code == _EMPTY:
            self._complete(head, b"")
        elif code == _SUSPENDED:
            self._finish(self._expect(head, _E).runs[0], "suspended")
            self._owed.popleft()
        elif code == _COPY_IN:
            self._copy_in(self._expect(head, _Q, _E))
        elif code == _CALLED:
            run = self._expect(head, _F).runs[0]
            shown = None if run.curtain is None else run.curtain.value(data[start + HEADER : end], whole, self._scope.codec)
            self._finish(run, "ok")
            return shown
        return None  # parameter descriptions and the like pass as they are

    def _expect(self, head: Owed | None, *codes: int) -> Owed:
        if head is None or head.code not in codes:
            raise ProtocolError("upstream answered something that was not asked")
        return head

    def _confirmed(self, head: Owed | None, code: int) -> None:
        entry = self._expect(head, _P if code == _PARSED else _B if code == _BOUND else _C)
        self._owed.popleft()
        for change in entry.changes:
            self._confirm(change)
        if code == _BOUND and entry.runs[0].moving and self._session is not None:
            portal = entry.changes[0].value
            before = self._session.moved
            self._session.done(entry.runs[0].steps)
            if isinstance(portal, Portal) and portal.moved == before:
                portal.moved = self._session.moved  # what planning it did is its own
        if code == _PARSED:
            following = self._owed[0] if self._owed else None
            if following is None or following.code != _B or following.runs[0] is not entry.runs[0]:
                self._finish(entry.runs[0], "ok")  # else the record is for both, and the run goes on

    def _complete(self, head: Owed | None, tag: bytes) -> None:
        entry = self._expect(head, _Q, _E)
        run = self._turn(entry)
        entry.at += 1
        if tag:
            run.outcome.tag = tag.decode("ascii", "replace")
            if tag.startswith(_ROW_TAGS):
                number = tag[tag.rfind(b" ") + 1 :]
                if number.isdigit():
                    run.outcome.rows = int(number)
        self._finish(run, "ok")
        self._copying = False
        if entry.code == _E:
            self._owed.popleft()

    def _turn(self, entry: Owed) -> Run:
        """The statement whose turn it is; another one if we could not take the text apart."""
        if entry.at >= len(entry.runs):
            entry.runs.append(Run(entry.runs[0].outcome.ticket, None, entry.at))
            entry.runs[-1].meters = entry.runs[0].meters
            if entry.runs[0].curtain is not None:
                entry.runs[-1].curtain = self._veil.unknown if self._veil is not None else entry.runs[0].curtain
        return entry.runs[entry.at]

    def _confirm(self, change: Change[Any]) -> None:
        """The server did it; a portal that is no more, and was bound but never executed, has not run."""
        displaced = change.confirm()
        if isinstance(displaced, Portal) and displaced.run is not None:
            self._finish(displaced.run, "not_run")

    def _copy_in(self, head: Owed) -> None:
        """The server reads COPY data from here on."""
        if len(self._owed) > 1:
            raise ProtocolError("upstream asks for copy data where the client has gone on")  # how it takes that, we cannot know
        run = self._turn(head)
        self._arrived(run)
        self._copying = True
        self._copy = run
        self._copy_skip = 0

    def _arrived(self, run: Run) -> None:
        if run.due:
            run.due = False
            self._due -= 1

    def _error(self, head: Owed | None, severity: bytes, sqlstate: str) -> bytes | None:
        """An ErrorResponse; gives the denial to send in its place if it is the answer to a REFUSED."""
        if severity in (b"FATAL", b"PANIC"):
            return None  # the connection's own: its end follows, and with it the end of everything that is owed
        if head is None:
            raise ProtocolError(f"upstream reported an error `{sqlstate}` where nothing was asked")
        self._failed = True
        self._copying = False
        self._copy = None
        replaced = None
        if head.denial is not None:
            replaced, head.denial = denial_response(head.denial), None
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
        elif self._last is not None and head.code == _S:
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
        if not self._owed:
            self._skipping = True
        return missed

    def _ready(self, head: Owed | None, status: bytes) -> None:
        entry = self._expect(head, _S, _Q, _F, _REFUSED_QUERY)
        if status not in (b"I", b"T", b"E"):
            raise ProtocolError(f"transaction status `{status[:8]!r}`")
        self._owed.popleft()
        self._late = None
        for change in entry.changes:
            self._confirm(change)
        for run in entry.runs:
            self._finish(run, "unknown")  # those that are not done: the server never said
        self._copying = False
        self._status = status
        if self._session is not None:
            self._session.ready(status, self._failed)
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
        for name, portal in self._portals.agreed():
            if not portal.hold:
                if portal.run is not None:
                    self._finish(portal.run, "not_run")
                self._portals.forget(name)

    def _finish(self, run: Run, status: str) -> None:
        """How a statement ended; does nothing the second time."""
        if run.done:
            return
        run.done = True
        self._arrived(run)
        outcome = run.outcome
        outcome.status = status
        outcome.transaction = self._transaction
        if run.hash is not None:
            outcome.sha256 = run.hash.hexdigest()
        if run.curtain is not None and (self._late is None or run.curtain.strict):
            self._late = run
        if run.veiling is not None and run.veiling is not PLAINLY:
            outcome.veiled = veiled_by(run.veiling, outcome.rows or 0, complete=status == "ok" or status == "suspended")
        if run.cut is not None:
            mark(run, run.cut)
        for change in run.changes:
            if status == "ok":
                self._confirm(change)
            else:
                change.revert()
        if run.steps:
            self._arrive(run, status)
        if self._last is not None:
            self._out.outcomes.append(self._last)
        self._last = outcome
        if run.began and status == "ok" and run.statement is not None and run.statement.kind in _ENDS:
            # a transaction may end in the middle of a text: what follows belongs to the next one
            outcome.transaction_end = "rolled_back" if outcome.tag == "ROLLBACK" else _ENDS[run.statement.kind]
            self._out.outcomes.append(outcome)
            self._last = None
            self._transaction += 1

    def _arrive(self, run: Run, status: str) -> None:
        """A statement that does something to the session has ended."""
        session = self._session
        if session is None:
            return
        if status == "ok" or status == "suspended":
            session.done(run.steps, run.outcome.tag)
        elif status != "not_run":
            session.broke(run.steps)
        if run.moving:
            run.moving = False
            session.gone()
        if session.published:
            session.published = False
            self._out.redefined = True

    def _reported(self, body: bytes) -> bytes | None:
        """ParameterStatus: the client sees its own application name, without our label."""
        name, _, rest = body.partition(b"\0")
        value = rest[:-1].decode("utf-8", "replace")
        if name != b"application_name":
            setting = name.decode("ascii", "replace")
            self._scope.reported(setting, value)
            if self._session is not None:
                self._session.reported(setting, value)
            return self._said(_STATUS, body, True) if self._veil is not None else None
        if value == self._label:
            return parameter_status("application_name", "")
        own = value.removeprefix(f"{self._label} ")
        if self._veil is not None:  # a statement can have put anything there
            shown = self._said(_STATUS, b"application_name\0" + own.encode() + b"\0", True)
            if shown is not None:
                return shown
        return None if own == value else parameter_status("application_name", own)

    # The end

    @property
    def idle(self) -> bool:
        return not self._owed and self._status == b"I" and self._pending is None and not self.stalled and not self._unsynced

    @property
    def open_transaction(self) -> int | None:
        return None if self._status == b"I" else self._transaction

    @property
    def redefines(self) -> bool:
        return self._session is not None and self._session.defines

    def drain(self) -> Traffic:
        if self._from < len(self._data) and not self.stalled and self._at:
            end = self._spans[self._at - 1][2]
            if self._from == 0 and end == len(self._data):
                self._out.to_upstream.append(self._data)
                self._from = end
            else:
                self._send(end)
        out = self._out
        if self._limited is not None:
            self._limiter.watch(self._owed[0] if self._owed else None, out)
        if self._session is not None and self._session.published:
            self._session.published = False
            out.redefined = True
        if not (out.to_client or out.to_upstream or out.outcomes or out.finished or out.redefined or out.curb is not None):
            return _NOTHING
        self._out = Traffic()
        return out

    def abandon(self) -> list[Outcome]:
        asked = bool(self._owed)
        unheard = False
        for entry in self._owed:
            for run in entry.runs:
                unheard = unheard or not run.done
                self._finish(run, "unknown")
        for _, portal in self._portals.agreed():
            if portal.run is not None:
                self._finish(portal.run, "not_run")
        outcomes, self._out.outcomes = self._out.outcomes, []
        if self._last is not None:
            # a transaction ends with its connection; but outside a block the server may have committed before it could say so
            open_ = self._status != b"I" or not asked or self._failed
            self._last.transaction_end = "rolled_back" if open_ and not unheard else "unknown"
            outcomes.append(self._last)
            self._last = None
        return outcomes


def _begins(statements: tuple[Statement, ...]) -> bool:
    return bool(statements) and statements[0].kind in BEGINS


def _types_at(data: bytes, start: int, end: int) -> tuple[int, ...]:
    """The parameter types that a Parse declares: OIDs, 0 for those that it leaves to the server."""
    (count,) = unpack_from("!H", data, start)
    if end - start - 2 < 4 * count:
        raise MalformedError("parameter types that do not fit")
    types: tuple[int, ...] = unpack_from(f"!{count}I", data, start + 2)
    return types
