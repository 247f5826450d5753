"""Where an answer is cut off: rows, bytes and time of a statement that was allowed under limits. Pure.

What a limited statement gives is counted while it passes. When more comes than is allowed, whole rows up to the limit reach the
client, the rest is dropped as it comes, the upstream is asked to cancel, and the client gets one ERROR; the session goes on.

What the client believes and what the server did must agree. So what follows a limited statement is not sent before its answer is
known; nothing is sent while a cancel is on its way, so that it hits no later statement; and where the server was done before the
cancel came, it depends on where the statement stood:

    how it ran                                  what is done                                            the client hears    HOW
    ------------------------------------------  ------------------------------------------------------  ------------------  ------
    the cancel hits it, whatever it is          its error is replaced                                   our ERROR           any
    extended protocol, always before its Sync   REFUSED is sent before the Sync: the transaction fails  our ERROR           REFUSE
    query in a transaction block                REFUSED is sent as a query: the block fails             our ERROR, Z says E BLOCK
    query outside of one that changes nothing   nothing is there to be undone                           our ERROR           ERROR
    query outside of one that changes a thing   it is committed, and the client is told the truth       WARNING, completion WARN
    query that begins or ends transactions      likewise: only the truth agrees with what follows       WARNING, completion WARN
    query that also reads COPY data             likewise: the client has data to send for it            WARNING, completion WARN

A query of several statements: each counts for itself, and HOW is that of the whole text. From the cut on the client hears nothing
of the text's other statements, except under WARN, where it hears of all of them; if the cancel hits a later one, that one's error
is replaced. A text that comes after messages without a Sync ends their transaction, and counts as one that changes something.

Portals and SQL cursors count over all portions: the count goes with the name. A FETCH counts for itself and for its cursor.

Time: only an error of the cancel's is replaced. A statement that was done before the cancel came is done, and nothing is cut.
Statements that give no rows (`gives_nothing`) are not waited for, unless their time is limited: a pipeline of INSERTs stays one.
Should one give rows all the same, as a rule can make it, it is WARN without a cancel, which might hit what follows.
FunctionCall: its one value counts in bytes; where it cannot be undone (WARN) the client gets NULL in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from nightporter.core.error import ProtocolError
from nightporter.core.wire import Curb, Denial, Limits, Traffic
from nightporter.statement.model import CHANGES, Action, Naming, Reading, Statement

from .body import error_at
from .errors import denial_response
from .exchange import Owed, Portal, Run
from .framing import HEADER, LARGE, LAST, MORE, PEEK, fit
from .grammar import GrammarError, parse
from .messages import message, notice_response
from .steps import BEGINS

TOO_MUCH = "54000"  # program_limit_exceeded
CANCELED = "57014"  # query_canceled

AGAIN_S = 1.0
"""A cancel is asked for again after this long if its statement goes on: the one before may have been lost, or come too early."""

NO_LIMIT = 1 << 62

NOT_CUT, REFUSE, BLOCK, ERROR, WARN = range(5)
"""How a cut is brought about where the server was done before: the table above."""

_E, _Q = b"EQ"
_COPY_DATA, _COPY_OUT, _COMPLETE, _SUSPENDED, _EMPTY, _READY, _ERROR, _CALLED = b"dHCsIZEV"
_BESIDE = b"NSA"  # notices, settings and notifications pass whatever is cut
_NULL = message(b"V", b"\xff\xff\xff\xff")

_TRANSACTION = BEGINS | {"commit", "rollback", "savepoint", "release savepoint", "rollback to savepoint"}
_TRANSACTION |= {"prepare transaction", "commit prepared", "rollback prepared"}
_USES = frozenset({Naming.EXECUTE, Naming.FETCH})
_CHANGING = frozenset({"insert", "update", "delete", "merge"})
_SILENT = _TRANSACTION | {"set", "reset", "discard", "prepare", "deallocate", "declare cursor", "close", "move", "set constraints"}
_SILENT |= {"listen", "unlisten", "notify", "lock", "truncate"}


class Meter:
    """What a statement, or all portions of a portal or cursor, may give and has given."""

    __slots__ = ("bytes", "limits", "rows", "spare")

    def __init__(self, limits: Limits, spare: int = 0) -> None:
        self.limits = limits
        self.rows = 0
        self.bytes = 0
        self.spare = spare  # lines that are no rows: a header

    @property
    def rows_left(self) -> int:
        """How many more may pass."""
        limit = self.limits.rows
        return NO_LIMIT if limit is None else max(limit + self.spare - self.rows, 0)

    @property
    def bytes_left(self) -> int:
        """How many more may pass."""
        limit = self.limits.bytes
        return NO_LIMIT if limit is None else max(limit - self.bytes, 0)


class Cut:
    """A result that was cut off: what the client is told, how many rows it got, and whether the statement stands."""

    __slots__ = ("denial", "rows", "stands")

    def __init__(self, denial: Denial, rows: int, stands: bool) -> None:
        self.denial = denial
        self.rows = rows
        self.stands = stands


class Cutoff:
    """What is limited about the answer to one message: at `Owed.cutoff`."""

    __slots__ = ("asked", "binary", "contained", "denial", "how", "loose", "quiet", "stopped", "swallow", "timeout_s")

    def __init__(self, timeout_s: float | None, quiet: bool = False, contained: bool = False) -> None:
        self.timeout_s = timeout_s
        self.quiet = quiet  # a query that changes nothing
        self.contained = contained  # a query that leaves the transaction block that it is in, if it is in one, as it is
        self.loose = False  # what follows does not wait for it
        self.how = NOT_CUT  # of the statement whose turn it is
        self.denial: Denial | None = None  # what the client is told; set by the first limit that is exceeded
        self.asked = False  # a cancel was: an error may be its
        self.stopped = False  # the copy was made to fail
        self.binary = False  # the COPY data that it gives
        self.swallow = False  # the parts of a large message of which the beginning was dropped


# Which statements are limited, and by what


def new_meter(limits: Limits, statement: Statement | None) -> Meter:
    """Nothing counted yet."""
    header = statement is not None and limits.rows is not None and statement.kind == "copy" and has_header(statement.text)
    return Meter(limits, int(header))


def tightened(one: Limits, other: Limits) -> Limits:
    """The strictest of both."""
    if one == other:
        return one
    rows = min((each.rows for each in (one, other) if each.rows is not None), default=None)
    size = min((each.bytes for each in (one, other) if each.bytes is not None), default=None)
    timeout_s = min((each.timeout_s for each in (one, other) if each.timeout_s is not None), default=None)
    return Limits(rows, size, timeout_s, tuple(dict.fromkeys((*one.by, *other.by))))


def cutoff_of(entry: Owed, reading: Reading, alone: bool) -> Cutoff:
    """What goes with an entry whose runs have their meters. `alone`: nothing unsynced stands before it."""
    times = [meter.limits.timeout_s for run in entry.runs for meter in run.meters or ()]
    timeout_s = min((each for each in times if each is not None), default=None)
    statements = reading.statements
    if entry.code != _Q or not statements:
        return Cutoff(timeout_s, False, entry.code != _Q)
    contained = all(s.unknown is None and not s.copies_in and s.kind not in _TRANSACTION for s in statements)
    return Cutoff(timeout_s, alone and contained and all(map(_is_quiet, statements)), contained)


def _is_quiet(statement: Statement) -> bool:
    """Whether it leaves nothing behind that the end of a failed transaction would have undone."""
    if statement.settings or any(effect.naming not in _USES for effect in statement.names):
        return False
    actions = statement.actions - {Action.COPY} if statement.kind == "copy" else statement.actions
    return CHANGES.isdisjoint(actions) and statement.kind not in ("set", "reset", "listen", "unlisten", "set constraints")


def gives_nothing(statement: Statement | None) -> bool:
    """Whether it has no result to be limited, as far as its text can tell."""
    if statement is None or statement.unknown is not None:
        return False
    kind = statement.kind
    if kind == "execute":
        return bool(statement.runs) and all(map(gives_nothing, statement.runs))
    if kind in _CHANGING:
        return "returning" not in statement.text.lower()
    return kind in _SILENT or (kind == "copy" and statement.copies_in)


def has_header(text: str) -> bool:
    """Whether a COPY gives a header line before its rows."""
    if "header" not in text.lower():
        return False
    try:
        statement = next(each for each in parse(text.encode()) if each.tag == "CopyStmt")
    except (GrammarError, StopIteration):
        return False  # one row less, in a text that cannot be read
    for option in statement.body.get("options", ()):
        element = option.get("DefElem", {})
        if element.get("defname") == "header":
            return _is_true(element.get("arg"))
    return False


def _is_true(argument: object) -> bool:
    """A boolean as options of COPY are written."""
    if not isinstance(argument, dict):
        return True  # HEADER alone
    ((kind, value),) = argument.items()
    if kind == "String":
        return str(value.get("sval", "")).lower() not in ("false", "off")
    return bool(value.get("boolval", value.get("ival", False)))


# What the client is told


def denied(meter: Meter, *, by_bytes: bool, number: str) -> Denial:
    """The result is cut here. `number`: of the statement's record."""
    rows = meter.rows - meter.spare if meter.rows else 0
    more = f"no more than {meter.limits.bytes} bytes" if by_bytes else "no more"
    counted = "1 row" if rows == 1 else f"{rows} rows"
    words = f"the result was cut off after {counted}: {_who(meter.limits, 'allows', 'allow')} {more}"
    return Denial(TOO_MUCH, words, f"record {number}")


def too_long(timeout_s: float, limits: Limits, number: str) -> Denial:
    """The statement has run for too long."""
    return Denial(
        CANCELED, f"the statement was canceled after {timeout_s:g} s: {_who(limits, 'allows', 'allow')} no more", f"record {number}"
    )


def _who(limits: Limits, one: str, several: str) -> str:
    if not limits.by:
        return f"policy {one}"
    names = " and ".join(f"`{each}`" for each in limits.by)
    return f"policy {names} {one}" if len(limits.by) == 1 else f"policies {names} {several}"


def _warning(denial: Denial) -> bytes:
    words = f"{denial.message}; the statement had ended by then, and stands"
    fields = {"S": "WARNING", "V": "WARNING", "C": "01004", "M": words}  # string_data_right_truncation, as a warning
    return notice_response(fields | ({} if denial.detail is None else {"D": denial.detail}))


def mark(run: Run, cut: Cut) -> None:
    """A statement whose result was cut has ended: what is recorded of that."""
    outcome = run.outcome
    outcome.cut = cut.rows
    if outcome.status in ("ok", "suspended", "error") and not (cut.stands and outcome.status == "ok"):
        outcome.status = "error"
        outcome.sqlstate = cut.denial.sqlstate
        outcome.rows = cut.rows


class Piece(NamedTuple):
    """A span of what the upstream says, as `framing` gives it."""

    code: int
    data: bytes
    start: int
    end: int
    begun: int
    in_block: bool
    """The message that it answers found a transaction block open."""

    def replace(self, sent: int, to: int, instead: bytes, out: Traffic) -> int:
        """Send what precedes it from `sent` on, then `instead`; go on at `to`."""
        if self.start > sent:
            out.to_client.append(self.data[sent : self.start])
        if instead:
            out.to_client.append(instead)
        return to


class Limiter:
    """One session's: what a limited answer lets pass, its timer, and the cancel that is on its way."""

    __slots__ = ("_timed", "_timed_at", "_timing", "canceling", "refusal")

    def __init__(self) -> None:
        self.canceling = False
        """A cancel is on its way: nothing may go upstream."""
        self.refusal: tuple[int, Denial] | None = None
        """What the server has done and the client is told failed: REFUSED is to be sent, as a message of this kind."""
        self._timed: Owed | None = None
        self._timed_at = 0
        self._timing = False

    # What the upstream answers

    def rows(self, head: Owed, run: Run, piece: Piece, out: Traffic) -> int:
        """Rows of `run`; gives up to where they pass."""
        cutoff, outcome, meters = head.cutoff, run.outcome, run.meters
        code, data, start, end, count, _ = piece
        if cutoff.how != NOT_CUT:
            if run.cut is None:
                run.cut = Cut(_denial(cutoff), 0, True)  # another statement of the text, of which the client hears nothing
            return start
        if count == 0 or not meters:  # the rest of a row that passes
            outcome.bytes += end - start
            if code != _COPY_DATA:
                outcome.rows = (outcome.rows or 0) + count
            return end
        rows = min(each.rows_left for each in meters)
        unnumbered = code == _COPY_DATA and cutoff.binary
        stop, taken, payload = fit(data, start, end, rows, min(each.bytes_left for each in meters), unnumbered)
        for meter in meters:
            meter.rows += taken
            meter.bytes += payload
        outcome.rows = (outcome.rows or 0) + taken
        outcome.bytes += stop - start
        if stop < end:
            by_bytes = taken < rows
            meter = min(meters, key=lambda each: each.bytes_left if by_bytes else each.rows_left)
            denial = denied(meter, by_bytes=by_bytes, number=outcome.ticket.number)
            self._cut(head, run, denial, max(outcome.rows - meter.spare, 0), piece, out)
        return stop

    def _cut(self, head: Owed, run: Run, denial: Denial, rows: int, piece: Piece, out: Traffic) -> None:
        cutoff = head.cutoff
        if cutoff.loose:
            cutoff.how = WARN
        elif head.code == _E:
            cutoff.how = REFUSE
        elif piece.in_block and cutoff.contained:
            cutoff.how = BLOCK
        else:
            cutoff.how = ERROR if cutoff.quiet else WARN
        cutoff.denial = denial
        run.cut = Cut(denial, rows, cutoff.how == WARN)
        if not cutoff.loose:
            self.cancel(head, out)

    def other(self, head: Owed, piece: Piece, sent: int, out: Traffic) -> int:
        """A piece of an answer that is no row. `data` up to `sent` has been dealt with; gives up to where it has been now."""
        cutoff = head.cutoff
        code, data, start, end, count, _ = piece
        if code in _BESIDE:
            return sent
        if code == _COPY_OUT:
            cutoff.binary = data[start + HEADER] == 1
        elif code == _ERROR:
            if count not in (MORE, LAST):
                self._failed(head, error_at(data, start + HEADER, min(end, start + PEEK))[1])
            return sent
        elif code == _CALLED:
            return self._called(head, piece, sent, out)
        if cutoff.how == NOT_CUT:
            return sent
        if cutoff.how == WARN:
            if code != _COMPLETE:
                return sent
            cutoff.how = NOT_CUT  # the next statement counts for itself
            return piece.replace(sent, start, _warning(_denial(cutoff)), out)
        if code == _READY:
            return self._ready(cutoff, piece, sent, out)
        if cutoff.how == REFUSE and code in (_COMPLETE, _SUSPENDED, _EMPTY):
            self.refusal = (_E, _denial(cutoff))
        return piece.replace(sent, end, b"", out)

    def _ready(self, cutoff: Cutoff, piece: Piece, sent: int, out: Traffic) -> int:
        """The server was done with all of the text before the cancel came."""
        denial = _denial(cutoff)
        if cutoff.how != BLOCK:
            return piece.replace(sent, piece.start, denial_response(denial), out)
        if piece.data[piece.start + HEADER : piece.end] != b"T":
            raise ProtocolError("upstream has left a transaction that nothing ended")
        self.refusal = (_Q, denial)
        return piece.replace(sent, piece.end, b"", out)

    def _failed(self, head: Owed, sqlstate: str) -> None:
        """An error: ours takes its place if the client has not got what came before it, or if it is the cancel's."""
        cutoff = head.cutoff
        if cutoff.denial is not None and (cutoff.how not in (NOT_CUT, WARN) or (cutoff.asked and sqlstate == CANCELED)):
            head.denial = cutoff.denial
        cutoff.how = NOT_CUT
        cutoff.asked = False

    def _called(self, head: Owed, piece: Piece, sent: int, out: Traffic) -> int:
        """The value of a FunctionCall."""
        cutoff, run = head.cutoff, head.runs[0]
        _, data, start, end, count, _ = piece
        full = None
        if count not in (MORE, LAST):
            size = int.from_bytes(data[start + 1 : start + HEADER]) - 8
            full = next((each for each in run.meters or () if size > each.bytes_left), None)
        elif cutoff.swallow:
            return piece.replace(sent, end, b"", out)
        if full is None:
            run.outcome.bytes += end - start
            return sent
        denial = denied(full, by_bytes=True, number=run.outcome.ticket.number)
        self._cut(head, run, denial, 0, piece, out)
        cutoff.swallow = count == LARGE
        if cutoff.how != WARN:
            return piece.replace(sent, end, b"", out)
        cutoff.how = NOT_CUT
        return piece.replace(sent, end, _warning(denial) + _NULL, out)

    # Time, and the cancel

    def cancel(self, head: Owed, out: Traffic) -> None:
        """Ask the rim to cancel what runs."""
        head.cutoff.asked = True
        if not self.canceling:
            self.canceling = True
            _curb(out).cancel = True

    def overtime(self, head: Owed, owed: Iterable[Owed]) -> Cutoff:
        """What is under way has run for too long, or on after a cancel. All that is owed belongs to the same statement."""
        cutoff: Cutoff = head.cutoff
        if cutoff.denial is None:
            run = head.runs[min(head.at, len(head.runs) - 1)]
            timeout_s = cutoff.timeout_s or 0.0
            limits = next((m.limits for m in run.meters or () if m.limits.timeout_s == timeout_s), Limits())
            cutoff.denial = too_long(timeout_s, limits, run.outcome.ticket.number)
        cutoff.asked = True
        for entry in owed:  # the cancel may come when the server is already there
            if entry.cutoff is None:
                entry.cutoff = cutoff
            elif entry.cutoff.denial is None:
                entry.cutoff.denial, entry.cutoff.asked = cutoff.denial, True
        return cutoff

    def watch(self, head: Owed | None, out: Traffic) -> None:
        """Let the time of what the server is at now run from here."""
        if head is self._timed and (head is None or head.at == self._timed_at or head.at >= len(head.runs)):
            return
        self._timed = head
        self._timed_at = 0 if head is None else head.at
        timeout_s = None if head is None or head.cutoff is None else head.cutoff.timeout_s
        if timeout_s is not None:
            self.time(timeout_s, out)
        else:
            self.stop(out)

    def time(self, seconds: float, out: Traffic) -> None:
        """Have `overtime` called in a while."""
        self._timing = True
        _curb(out).timer_s = seconds

    def stop(self, out: Traffic) -> None:
        """It need not be called any more."""
        if self._timing:
            self._timing = False
            _curb(out).timer_s = 0.0


def _denial(cutoff: Cutoff) -> Denial:
    denial = cutoff.denial
    assert denial is not None  # noqa: S101 - set with the cut
    return denial


def _curb(out: Traffic) -> Curb:
    if out.curb is None:
        out.curb = Curb()
    return out.curb


def meters_of_cursors(statement: Statement | None, lookup: Callable[[bytes], Any]) -> tuple[Meter, ...]:
    """Of the cursors that a statement fetches from. `lookup` gives what stands under a name."""
    if statement is None:
        return ()
    names = [effect.name for effect in statement.names if effect.naming is Naming.FETCH and effect.name is not None]
    portals = [lookup(name.encode()) for name in names]
    return tuple(portal.meter for portal in portals if isinstance(portal, Portal) and portal.meter is not None)
