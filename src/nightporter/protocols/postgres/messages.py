"""PostgreSQL's control messages, both directions: builders and small parsers.

Pure. Source: "Message Formats" in PostgreSQL's documentation, version 18. Builders give whole messages, type and length
included; parsers take a message's body, without type and length, and raise ProtocolError for anything malformed. Must not
be used for rows or COPY data at speed: cutting the stream of the statement phase is `framing`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from struct import pack, unpack_from

from nightporter.core.error import ProtocolError

FRONTEND_NAMES: Mapping[int, str] = {
    ord("Q"): "Query",
    ord("P"): "Parse",
    ord("B"): "Bind",
    ord("D"): "Describe",
    ord("E"): "Execute",
    ord("C"): "Close",
    ord("F"): "FunctionCall",
    ord("S"): "Sync",
    ord("H"): "Flush",
    ord("X"): "Terminate",
    ord("d"): "CopyData",
    ord("c"): "CopyDone",
    ord("f"): "CopyFail",
    ord("p"): "PasswordMessage",  # also GSSResponse, SASLInitialResponse and SASLResponse: the context tells
}

BACKEND_NAMES: Mapping[int, str] = {
    ord("1"): "ParseComplete",
    ord("2"): "BindComplete",
    ord("3"): "CloseComplete",
    ord("A"): "NotificationResponse",
    ord("C"): "CommandComplete",
    ord("D"): "DataRow",
    ord("E"): "ErrorResponse",
    ord("G"): "CopyInResponse",
    ord("H"): "CopyOutResponse",
    ord("I"): "EmptyQueryResponse",
    ord("K"): "BackendKeyData",
    ord("N"): "NoticeResponse",
    ord("R"): "Authentication",
    ord("S"): "ParameterStatus",
    ord("T"): "RowDescription",
    ord("V"): "FunctionCallResponse",
    ord("W"): "CopyBothResponse",
    ord("Z"): "ReadyForQuery",
    ord("c"): "CopyDone",
    ord("d"): "CopyData",
    ord("n"): "NoData",
    ord("s"): "PortalSuspended",
    ord("t"): "ParameterDescription",
    ord("v"): "NegotiateProtocolVersion",
}

# Codes in the place of a version number, in the first message of a connection
CANCEL_REQUEST = 80877102
SSL_REQUEST = 80877103
GSSENC_REQUEST = 80877104

# Kinds of Authentication message
OK = 0
KERBEROS_V5 = 2
CLEARTEXT_PASSWORD = 3
MD5_PASSWORD = 5
GSS = 7
GSS_CONTINUE = 8
SSPI = 9
SASL = 10
SASL_CONTINUE = 11
SASL_FINAL = 12

AUTHENTICATION_NAMES: Mapping[int, str] = {
    OK: "trust",
    KERBEROS_V5: "Kerberos V5",
    CLEARTEXT_PASSWORD: "password",
    MD5_PASSWORD: "md5",
    GSS: "GSSAPI",
    GSS_CONTINUE: "GSSAPI",
    SSPI: "SSPI",
    SASL: "SASL",
    SASL_CONTINUE: "SASL",
    SASL_FINAL: "SASL",
}

MIN_SECRET = 4
"""Bytes of a cancel secret, at least; exactly so many in version 3.0."""
MAX_SECRET = 256
"""Bytes of a cancel secret in version 3.2, at most."""


class Body:
    """Reads a message's body from left to right. Every method raises ProtocolError when there is less than it needs."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        end = self._at + count
        if count < 0 or end > len(self._data):
            raise ProtocolError(f"message ends `{end - len(self._data)}` bytes too early")
        piece = self._data[self._at : end]
        self._at = end
        return piece

    def int8(self) -> int:
        """One unsigned byte."""
        return self.take(1)[0]

    def int16(self) -> int:
        """A signed 16 bit number."""
        return int.from_bytes(self.take(2), signed=True)

    def int32(self) -> int:
        """A signed 32 bit number."""
        return int.from_bytes(self.take(4), signed=True)

    def string(self) -> bytes:
        """Bytes up to a zero, which is skipped."""
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise ProtocolError("string without its end")
        piece = self._data[self._at : end]
        self._at = end + 1
        return piece

    def text(self) -> str:
        """A string in UTF-8."""
        try:
            return self.string().decode()
        except UnicodeDecodeError:  # the message is refused, and with it whoever sent it
            raise ProtocolError("string that is not UTF-8") from None

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data) - self._at)

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self._at == len(self._data)

    def end(self) -> None:
        """Insist that nothing is left."""
        if not self.at_end:
            raise ProtocolError(f"`{len(self._data) - self._at}` bytes too many in a message")


def message(code: bytes, body: bytes = b"") -> bytes:
    """A message of type `code`."""
    return code + pack("!I", len(body) + 4) + body


def cstring(value: str | bytes) -> bytes:
    """A string with its end. Raises ValueError for one that contains a zero: it would end early and change what follows."""
    data = value.encode() if isinstance(value, str) else value
    if b"\0" in data:
        raise ValueError("string with a zero byte")
    return data + b"\0"


# What a frontend sends before a session exists; these have no type byte


def _untyped(code: int, body: bytes = b"") -> bytes:
    return pack("!II", len(body) + 8, code) + body


def startup_message(version: tuple[int, int], parameters: Iterable[tuple[str, str]]) -> bytes:
    """StartupMessage. Raises ValueError for a parameter without a name, or with a zero byte."""
    body = bytearray()
    for name, value in parameters:
        if not name:
            raise ValueError("start-up parameter without a name")  # it would end the list
        body += cstring(name) + cstring(value)
    return _untyped(version[0] << 16 | version[1], bytes(body) + b"\0")


def ssl_request() -> bytes:
    """SSLRequest."""
    return _untyped(SSL_REQUEST)


def gssenc_request() -> bytes:
    """GSSENCRequest."""
    return _untyped(GSSENC_REQUEST)


def cancel_request(process_id: int, secret: bytes) -> bytes:
    """CancelRequest."""
    return _untyped(CANCEL_REQUEST, pack("!I", process_id) + secret)


# What a frontend sends


def password_message(password: bytes) -> bytes:
    """PasswordMessage, for `password` and `md5`."""
    return message(b"p", cstring(password))


def sasl_initial_response(mechanism: str, data: bytes | None) -> bytes:
    """SASLInitialResponse; None: without an initial response."""
    size = pack("!i", -1 if data is None else len(data))
    return message(b"p", cstring(mechanism) + size + (data or b""))


def sasl_response(data: bytes) -> bytes:
    """SASLResponse."""
    return message(b"p", data)


def query_message(text: bytes) -> bytes:
    """Query."""
    return message(b"Q", cstring(text))


def parse_message(name: bytes, text: bytes, types: bytes = b"\0\0") -> bytes:
    """Parse; `types` as they are in the message: a 16 bit count, then the OIDs."""
    return message(b"P", cstring(name) + cstring(text) + types)


def bind_message(
    portal: bytes,
    statement: bytes,
    values: Sequence[bytes | None] = (),
    formats: Sequence[int] = (),
    result_formats: Sequence[int] = (),
) -> bytes:
    """Bind; a format is 0 (text) or 1 (binary)."""
    body = cstring(portal) + cstring(statement) + _int16s(formats) + pack("!H", len(values))
    body += b"".join(_sized(value) for value in values)
    return message(b"B", body + _int16s(result_formats))


def describe_message(kind: bytes, name: bytes) -> bytes:
    """Describe; `kind` is `S` for a statement, `P` for a portal."""
    return message(b"D", kind + cstring(name))


def execute_message(portal: bytes, max_rows: int = 0) -> bytes:
    """Execute; 0: all rows."""
    return message(b"E", cstring(portal) + pack("!I", max_rows))


def close_message(kind: bytes, name: bytes) -> bytes:
    """Close; `kind` is `S` for a statement, `P` for a portal."""
    return message(b"C", kind + cstring(name))


def sync_message() -> bytes:
    """Sync."""
    return message(b"S")


def flush_message() -> bytes:
    """Flush."""
    return message(b"H")


def terminate_message() -> bytes:
    """Terminate."""
    return message(b"X")


def copy_data(data: bytes) -> bytes:
    """CopyData, either direction."""
    return message(b"d", data)


def copy_done() -> bytes:
    """CopyDone, either direction."""
    return message(b"c")


def copy_fail(reason: bytes) -> bytes:
    """CopyFail."""
    return message(b"f", cstring(reason))


# What a backend sends


def authentication(kind: int, data: bytes = b"") -> bytes:
    """Any Authentication message."""
    return message(b"R", pack("!I", kind) + data)


def authentication_sasl(mechanisms: Iterable[str]) -> bytes:
    """AuthenticationSASL, the preferred mechanism first."""
    return authentication(SASL, b"".join(map(cstring, mechanisms)) + b"\0")


def parameter_status(name: str, value: str) -> bytes:
    """ParameterStatus."""
    return message(b"S", cstring(name) + cstring(value))


def backend_key_data(process_id: int, secret: bytes) -> bytes:
    """BackendKeyData."""
    return message(b"K", pack("!I", process_id) + secret)


def ready_for_query(status: bytes = b"I") -> bytes:
    """ReadyForQuery; `status` is `I` (idle), `T` (in a transaction) or `E` (in a failed one)."""
    return message(b"Z", status)


def negotiate_protocol_version(version: tuple[int, int], unknown: Sequence[str]) -> bytes:
    """NegotiateProtocolVersion: the newest version we speak and the options that we do not know."""
    body = pack("!II", version[0] << 16 | version[1], len(unknown))
    return message(b"v", body + b"".join(map(cstring, unknown)))


def error_fields(fields: Mapping[str, str]) -> bytes:
    """Body of an ErrorResponse or NoticeResponse: one letter to a value ("Error and Notice Message Fields").

    Zero bytes in values are dropped: a value ends at one.
    """
    return (
        b"".join(key.encode() + value.replace("\0", "").encode("utf-8", "replace") + b"\0" for key, value in fields.items()) + b"\0"
    )


def error_response(fields: Mapping[str, str]) -> bytes:
    """ErrorResponse."""
    return message(b"E", error_fields(fields))


def notice_response(fields: Mapping[str, str]) -> bytes:
    """NoticeResponse."""
    return message(b"N", error_fields(fields))


def command_complete(tag: str) -> bytes:
    """CommandComplete."""
    return message(b"C", cstring(tag))


def row_description(columns: Sequence[tuple[str, int]]) -> bytes:
    """RowDescription of name and type OID, all in text format and of no table."""
    body = pack("!H", len(columns))
    for name, oid in columns:
        body += cstring(name) + pack("!IhIhih", 0, 0, oid, -1, -1, 0)
    return message(b"T", body)


def data_row(values: Sequence[bytes | None]) -> bytes:
    """DataRow."""
    return message(b"D", pack("!H", len(values)) + b"".join(_sized(value) for value in values))


def copy_response(code: bytes, columns: int, *, binary: bool = False) -> bytes:
    """CopyInResponse (`G`) or CopyOutResponse (`H`)."""
    return message(code, pack("!B", binary) + _int16s([int(binary)] * columns))


def _int16s(numbers: Sequence[int]) -> bytes:
    return pack(f"!H{len(numbers)}h", len(numbers), *numbers)


def _sized(value: bytes | None) -> bytes:
    return pack("!i", -1) if value is None else pack("!i", len(value)) + value


# Parsers


def parse_parameter_status(body: bytes) -> tuple[str, str]:
    """Name and value. A value that is not UTF-8 (the client encoding rules it) is read with replacement characters."""
    reader = Body(body)
    name, value = reader.string(), reader.string()
    reader.end()
    return name.decode("utf-8", "replace"), value.decode("utf-8", "replace")


def parse_backend_key_data(body: bytes) -> tuple[int, bytes]:
    """Process id and secret."""
    reader = Body(body)
    process_id = reader.int32() & 0xFFFFFFFF
    return process_id, checked_secret(reader.rest())


def checked_secret(secret: bytes) -> bytes:
    """The cancel secret, if it is as long as one can be."""
    if not MIN_SECRET <= len(secret) <= MAX_SECRET:
        raise ProtocolError(f"cancel secret of `{len(secret)}` bytes")
    return secret


def parse_error(body: bytes) -> dict[str, str]:
    """Fields of an ErrorResponse or NoticeResponse by their letter. What is not UTF-8 is read with replacement characters.

    A server may report a failed login before it knows of any encoding, so its words cannot be trusted to be in one.
    """
    reader = Body(body)
    fields: dict[str, str] = {}
    while code := reader.int8():
        fields[chr(code)] = reader.string().decode("utf-8", "replace")
    reader.end()
    return fields


def parse_negotiation(body: bytes) -> tuple[tuple[int, int], tuple[str, ...]]:
    """The newest version the server speaks, and the options that it does not know."""
    reader = Body(body)
    version = reader.int32()
    count = reader.int32()
    if count < 0:
        raise ProtocolError(f"count of options `{count}`")
    unknown: list[str] = []
    while not reader.at_end:  # never ask the count how much to make
        unknown.append(reader.text())
    if len(unknown) != count:
        raise ProtocolError(f"`{len(unknown)}` options where `{count}` are announced")
    return (version >> 16, version & 0xFFFF), tuple(unknown)


def parse_mechanisms(body: Body) -> tuple[str, ...]:
    """What is left of an AuthenticationSASL: the mechanisms, the preferred one first."""
    names: list[str] = []
    while name := body.text():
        names.append(name)
    body.end()
    return tuple(names)


def parse_password(body: bytes) -> bytes:
    """PasswordMessage."""
    reader = Body(body)
    password = reader.string()
    reader.end()
    return password


def parse_sasl_initial_response(body: bytes) -> tuple[str, bytes | None]:
    """Mechanism, and the initial response if there is one."""
    reader = Body(body)
    mechanism = reader.text()
    size = reader.int32()
    if size < -1:
        raise ProtocolError(f"length of a response `{size}`")
    data = None if size == -1 else reader.take(size)
    reader.end()
    return mechanism, data


def parse_status(body: bytes) -> bytes:
    """ReadyForQuery: `I`, `T` or `E`."""
    if body not in (b"I", b"T", b"E"):
        raise ProtocolError("transaction status that does not exist")
    return body


# Whole messages, before the statement phase

MAX_MESSAGE = 64 * 1024
"""Longest message while a session is being opened. PostgreSQL takes passwords up to 65,535 bytes, and login warnings are text."""


class Reader:
    """Collects whole messages while a session is being opened. Holds at most one message and what came along with it."""

    __slots__ = ("_data", "_limit", "_names")

    def __init__(self, names: Mapping[int, str], data: bytes = b"", limit: int = MAX_MESSAGE) -> None:
        """`names`: the message types that may occur at all."""
        self._names = names
        self._data = data
        self._limit = limit

    def feed(self, data: bytes) -> None:
        """Take what the peer sent."""
        self._data += data

    def next(self) -> tuple[int, bytes] | None:
        """Type and body of the next message; None when there is not yet a whole one."""
        data = self._data
        if not data:
            return None
        if data[0] not in self._names:
            raise ProtocolError(f"unknown message type `0x{data[0]:02x}`")
        if len(data) < 5:
            return None
        length: int = unpack_from("!I", data, 1)[0]
        if not 4 <= length <= self._limit:
            raise ProtocolError(f"invalid message length `{length}`")
        if len(data) <= length:
            return None
        self._data = data[1 + length :]
        return data[0], data[5 : 1 + length]

    def next_untyped(self) -> bytes | None:
        """Body of the next message that has no type (the first ones of a connection); None when there is not a whole one."""
        data = self._data
        if len(data) < 4:
            return None
        length: int = unpack_from("!I", data)[0]
        if not 8 <= length <= self._limit:
            raise ProtocolError(f"invalid length of a start-up packet `{length}`")
        if len(data) < length:
            return None
        self._data = data[length:]
        return data[4:length]

    @property
    def rest(self) -> bytes:
        """What is left after the last whole message."""
        return self._data
