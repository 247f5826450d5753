"""Asks a server for its catalogue, on a connection that `enter` opened and that is for nothing else. Pure.

Theory of operation. Simple queries, several in one message, answered in order. All within one transaction with one snapshot, so
that everything is of one moment. Printing a view or a default locks what it names, and would wait for whoever alters it: after
`LOCK_TIMEOUT_MS` it is given up, and read again without what is locked (see `queries.Only.printed`).
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import unpack_from

from nightporter.core.error import ProtocolError, UpstreamError
from nightporter.core.talk import Send, Talk, receive

from ..messages import BACKEND_NAMES, parse_error, query_message
from . import queries
from .parts import Row, Rows

LOCK_TIMEOUT_MS = 300
"""Enough for any lock that is held for a moment; a migration holds its own for minutes."""
STATEMENT_TIMEOUT_S = 60
"""A catalogue of 10,000 relations takes below a second."""
WORK_MEM = "64MB"
"""The columns of 10,000 relations take 16 MB to sort."""
MAX_BYTES = 2 * 1024 * 1024 * 1024
"""Of one answer. Beyond anything that was ever seen: a catalogue of a million columns has 100 MB."""
_HEADER = 5


class QueryError(UpstreamError):
    """The server refused one of our questions. `code` is its SQLSTATE."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("the catalogue of the database cannot be read", "58000")
        self.code = fields.get("C", "")
        self.diagnostic = f"{self.code}: {fields.get('M', '')}"


def begin() -> str:
    """Opens the transaction that everything is read in."""
    return (
        "begin isolation level repeatable read read only;"
        f" set local search_path = {queries.PATH}; {queries.SET_ENCODING}; set local lock_timeout = {LOCK_TIMEOUT_MS};"
        f" set local statement_timeout = '{STATEMENT_TIMEOUT_S}s'; set local client_min_messages = error;"
        # compiling such queries takes longer than running them; sorting on disk as well
        f" set local jit = off; set local max_parallel_workers_per_gather = 0; set local work_mem = '{WORK_MEM}'"
    )


def ask(stream: Answers, questions: Mapping[str, str]) -> Talk[dict[str, Rows]]:
    """Send all of the questions at once; the rows of each, by its name. Raises QueryError, UpstreamError and ProtocolError."""
    yield Send(b"".join(query_message(text.encode()) for text in questions.values()))
    found: dict[str, Rows] = {}
    failure: QueryError | None = None
    for name in questions:
        while not stream.whole:
            data = yield from receive()
            if not data:
                raise stream.ended()
            stream.feed(data)
        found[name], fields = stream.take()
        if fields is not None and failure is None:
            failure = QueryError(fields)
    if failure is not None:
        raise failure
    return found


def run(stream: Answers, text: str) -> Talk[None]:
    """Run statements whose rows nobody wants. Raises as `ask`."""
    yield from ask(stream, {"": text})


class Answers:
    """All that the server says on one connection: for each simple query rows, or an error, up to ReadyForQuery."""

    def __init__(self) -> None:
        self._data = b""
        self._needed = _HEADER
        self._size = 0
        self._pieces: list[bytes] = []
        self._held = 0
        self._rows: list[Row] = []
        self.error: dict[str, str] | None = None
        """What went wrong in the answer that is under way."""
        self._done: list[tuple[list[Row], dict[str, str] | None]] = []
        self.notifications: set[str] = set()
        """Channels on which something was said."""

    @property
    def whole(self) -> bool:
        """Whether an answer is complete."""
        return bool(self._done)

    def take(self) -> tuple[list[Row], dict[str, str] | None]:
        """The oldest answer: its rows, and the error that ended it."""
        return self._done.pop(0)

    def ended(self) -> UpstreamError:
        """What is to be raised when the connection has ended."""
        error = UpstreamError("the database ended the connection on which its catalogue is read")
        if self.error is not None:
            error.diagnostic = f"{self.error.get('C', '')}: {self.error.get('M', '')}"
        return error

    def feed(self, data: bytes) -> None:
        """Take what the server sent. Raises ProtocolError."""
        self._pieces.append(data)
        self._held += len(data)
        if self._held < self._needed:
            return
        data = b"".join(self._pieces)
        position = self._cut(data)
        self._pieces = [data[position:]]
        self._held = len(data) - position

    def _cut(self, data: bytes) -> int:
        position, size = 0, len(data)
        self._needed = _HEADER
        while size - position >= _HEADER:
            code = data[position]
            length: int = unpack_from("!I", data, position + 1)[0]
            end = position + 1 + length
            if code not in BACKEND_NAMES or not 4 <= length < 1 << 30:
                raise ProtocolError(f"invalid message `0x{code:02x}` of length `{length}`")
            if end > size:
                self._needed = 1 + length
                break
            if code == 0x44:  # D
                self._size += length
                if self._size > MAX_BYTES:
                    raise ProtocolError(f"more than {MAX_BYTES} bytes of catalogue")
                self._rows.append(row_of(data, position + _HEADER, end))
            else:
                self._other(code, data[position + _HEADER : end])
            position = end
        return position

    def _other(self, code: int, body: bytes) -> None:
        if code == 0x5A:  # Z
            self._done.append((self._rows, self.error))
            self._rows, self.error, self._size = [], None, 0
        elif code == 0x45:  # E
            self.error = self.error or parse_error(body)
        elif code == 0x41:  # A
            channel = body[4:].split(b"\0", 1)[0]
            self.notifications.add(channel.decode("utf-8", "replace"))
        elif BACKEND_NAMES[code] not in _EXPECTED:
            raise ProtocolError(f"unexpected message `{BACKEND_NAMES[code]}`")


_EXPECTED = ("RowDescription", "CommandComplete", "NoticeResponse", "ParameterStatus", "EmptyQueryResponse")


def row_of(data: bytes, start: int, end: int) -> Row:
    """The values of a DataRow, from its body."""
    if end - start < 2:
        raise ProtocolError("a row without a count")
    count: int = unpack_from("!H", data, start)[0]
    position = start + 2
    values: list[bytes | None] = []
    for _ in range(count):
        if position + 4 > end:
            raise ProtocolError("a row that does not hold what it says")
        size: int = unpack_from("!i", data, position)[0]
        position += 4
        if size < 0:
            values.append(None)
            continue
        if position + size > end:
            raise ProtocolError("a row that does not hold what it says")
        values.append(data[position : position + size])
        position += size
    return tuple(values)
