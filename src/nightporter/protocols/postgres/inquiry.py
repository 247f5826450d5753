"""Questions of our own on a session's upstream connection, and their answers, which the client never sees. Pure.

They travel as extended-protocol messages under a name of our own, so that the client's unnamed statement and portal stay, and
end with Sync where nothing is unsynced, else with Flush: a Sync, or a Query, would commit an implicit transaction. See "Extended
Query".

A question must not be able to fail, for an error of ours would end the client's transaction; and must not take the transaction's
snapshot before the client does, for then SET TRANSACTION would fail and a LOCK come too late. SHOW does neither: it reads no
table, calls no function, and looks up no name. Only the temporary schema takes a SELECT: it is asked for outside of transactions,
and after statements that have taken the snapshot themselves.

What is asked about the catalogue takes longer, and so may fail: by a time-out, a cancel request, a lock. In a transaction it stands
under a savepoint, and the transaction goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from struct import error as struct_error
from struct import unpack_from
from typing import TypeAlias

from nightporter.core.error import ProtocolError
from nightporter.core.wire import Denial, Rows

from .catalog.queries import PATH
from .messages import (
    BACKEND_NAMES,
    Reader,
    bind_message,
    close_message,
    execute_message,
    flush_message,
    parse_error,
    parse_message,
    sync_message,
)
from .session import Values
from .steps import TRACKED

Row: TypeAlias = tuple[bytes | None, ...]
Command: TypeAlias = tuple[bytes, Sequence[bytes]]
"""A text and the values of its parameters."""

NAME = b"nightporter_inquiry"
"""Of our prepared statement and portal; gone again before the client's next message."""

MARK = b" /* nightporter */"
"""At the end of each question: so it is known in the server's log, and in its statistics, for what it is."""

MAX_ANSWER = 512 * 1024 * 1024
"""Bytes of all answers to one inquiry: what a session has made of the catalogue comes whole."""

SHOWS = tuple(f"SHOW {name}".encode() for name in TRACKED)
TEMPORARY = (
    b"SELECT n.nspname::pg_catalog.text FROM pg_catalog.pg_namespace n"
    b" WHERE n.oid OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()"
)

_ERROR, _READY, _ROW, _COMPLETE, _CLOSED = b"EZDC3"


class Place(Enum):
    """Where in the client's messages a question is asked."""

    IDLE = "idle"  # outside of a transaction: in one of its own, which a Sync ends
    BLOCK = "block"  # in the client's transaction, nothing unsynced
    BATCH = "batch"  # between the client's messages and its Sync


class Inquiry:
    """Some questions on their way, and what has come back."""

    __slots__ = (
        "_after",
        "_asked",
        "_before",
        "_closed",
        "_data",
        "_recovery",
        "failure",
        "over",
        "own",
        "raw_error",
        "status",
        "synced",
    )

    def __init__(
        self,
        questions: Sequence[bytes],
        place: Place,
        *,
        own: bool = False,
        before: Sequence[Command] = (),
        after: Sequence[Command] = (),
        recovery: Sequence[bytes] = (),
    ) -> None:
        """`own`: asked by the wire itself. `before` and `after`: commands around the questions, whose answers nobody wants;
        `recovery`: what to send if the transaction has failed by them, so that it goes on.
        """
        self._asked = tuple(questions)
        self._before = tuple(before)
        self._after = tuple(after)
        self._recovery = tuple(recovery)
        self._data: list[bytes] = []
        self._closed = 0
        self.synced = place is not Place.BATCH
        self.own = own
        self.over = False
        self.status = b""
        """Of the transaction, once it is over and `synced`."""
        self.failure: Denial | None = None
        """The server's error, for the statement that waits for the answer."""
        self.raw_error = b""
        """The same as the server sent it."""

    def messages(self) -> bytes:
        """What to send."""
        commands = (*self._before, *((question, ()) for question in self._asked), *self._after)
        return b"".join(_run(text, values) for text, values in commands) + (sync_message() if self.synced else flush_message())

    def hear(self, code: int, piece: bytes, *, begins: bool) -> bytes:
        """A piece of the answer: a message of type `code`, or more of one that began earlier (`begins` is False).

        Gives what is to be sent because of it.
        """
        if self.failure is None:
            self._data.append(piece)
        if not begins:
            return b""
        if code == _ERROR and self.failure is None:
            self.raw_error = piece
            fields = parse_error(piece[5:])
            self.failure = Denial(fields.get("C", "XX000"), fields.get("M", ""), fields.get("D"), fields.get("H"))
            self.over = not self.synced
        elif code == _READY:
            recovery, self._recovery = self._recovery, ()
            if piece[5:] == b"E" and recovery:
                return b"".join(_run(text, ()) for text in recovery) + sync_message()
            self.status = piece[5:]
            self.over = True
        elif code == _CLOSED:
            self._closed += 1
            count = len(self._before) + len(self._asked) + len(self._after)
            self.over = not self.synced and self._closed == 3 * count
        return b""

    def rows(self) -> Rows:
        """The rows of each question, in its order. Raises ProtocolError."""
        reader = Reader(BACKEND_NAMES, b"".join(self._data), limit=MAX_ANSWER)
        found: Rows = [[]]
        while (got := reader.next()) is not None:
            if got[0] == _ROW:
                found[-1].append(_row(got[1]))
            elif got[0] == _COMPLETE:
                found.append([])
        first = len(self._before)
        found = found[first : first + len(self._asked)]
        if len(found) != len(self._asked):
            raise ProtocolError(f"`{len(found)}` answers to {len(self._asked)} questions")
        return found


def _run(text: bytes, values: Sequence[bytes]) -> bytes:
    # an earlier question that failed may have left its name behind
    begin = close_message(b"S", NAME) + parse_message(NAME, text + MARK) + bind_message(NAME, NAME, values) + execute_message(NAME)
    return begin + close_message(b"P", NAME) + close_message(b"S", NAME)


def settings_inquiry(place: Place, *, temporary: bool) -> Inquiry:
    """Asks for the settings, and for the temporary schema if `temporary`."""
    return Inquiry((*SHOWS, TEMPORARY) if temporary else SHOWS, place, own=True)


def settings_answer(inquiry: Inquiry, codec: str = "utf-8") -> tuple[Values, str | None]:
    """The settings, and the name of the temporary schema: empty if there is none, None if that was not asked. ProtocolError."""
    rows = inquiry.rows()
    values = tuple(_one(each, codec) for each in rows[: len(TRACKED)])
    if len(rows) == len(TRACKED):
        return values, None
    return values, _one(rows[-1], codec) if rows[-1] else ""


def view_inquiry(questions: Sequence[bytes], place: Place, path: str) -> Inquiry:
    """Asks about the session's own catalogue under the search path of those questions; it is put back to `path`.

    The server prints names without their schema where the path would find them, so the path must be one that is known.
    """
    if place is Place.BLOCK:
        back = (b"ROLLBACK TO SAVEPOINT " + NAME, b"RELEASE SAVEPOINT " + NAME)
        before: list[Command] = [(b"SAVEPOINT " + NAME, ()), (b"SET LOCAL search_path = " + PATH.encode(), ())]
        return Inquiry(questions, place, before=before, after=[(text, ()) for text in back], recovery=back)
    set_path = b"SELECT pg_catalog.set_config('search_path', $1, true)"
    after: list[Command] = [] if place is Place.IDLE else [(set_path, (path.encode(),))]  # the end of ours restores it
    return Inquiry(questions, place, before=[(set_path, (PATH.encode(),))], after=after)


def plan_inquiry(questions: Sequence[bytes], place: Place) -> Inquiry:
    """Asks for plans, under all that the session has made of itself; a failure leaves its transaction as it was."""
    if place is not Place.BLOCK:
        return Inquiry(questions, place)
    back = (b"ROLLBACK TO SAVEPOINT " + NAME, b"RELEASE SAVEPOINT " + NAME)
    return Inquiry(questions, place, before=[(b"SAVEPOINT " + NAME, ())], after=[(text, ()) for text in back], recovery=back)


def _one(rows: list[Row], codec: str) -> str:
    if len(rows) != 1 or len(rows[0]) != 1 or rows[0][0] is None:
        raise ProtocolError("an answer without a value")
    return rows[0][0].decode(codec, "replace")


def _row(body: bytes) -> Row:
    try:
        (columns,) = unpack_from("!H", body)
        values: list[bytes | None] = []
        at = 2
        for _ in range(columns):
            (size,) = unpack_from("!i", body, at)
            at += 4
            if size < 0:
                values.append(None)
            else:
                values.append(body[at : at + size])
                at += size
    except struct_error as error:
        raise ProtocolError("a row that is cut off") from error
    if at != len(body):
        raise ProtocolError("a row that is cut off")
    return tuple(values)
