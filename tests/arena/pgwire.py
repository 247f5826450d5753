"""A small, strict PostgreSQL protocol 3.0 client for cases below the level of SQL text."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from model import Expect
from psycopg.conninfo import conninfo_to_dict

PROTOCOL_3 = 196608
SSL_REQUEST = 80877103
BACKEND_MESSAGES = frozenset("123ACDEGHIKNRSTVWZcdnstv")
LARGEST_MESSAGE = 1 << 28


class WireBroken(Exception):
    """The server side hung, hung up without an error, or violated the protocol."""


class Message(NamedTuple):
    """One message from the server side."""

    type: str
    body: bytes


# Frontend message bodies


def cstring(text: str) -> bytes:
    """A zero-terminated string."""
    return text.encode() + b"\0"


def parse(name: str, query: str) -> bytes:
    """The body of a Parse message without parameter types."""
    return cstring(name) + cstring(query) + struct.pack("!H", 0)


def bind(
    portal: str = "",
    statement: str = "",
    values: Iterable[bytes] = (),
    result_format: int | None = None,
) -> bytes:
    """The body of a Bind message with text parameters."""
    chosen = list(values)
    parameters = b"".join(struct.pack("!I", len(value)) + value for value in chosen)
    formats = [] if result_format is None else [result_format]
    return (
        cstring(portal)
        + cstring(statement)
        + struct.pack("!HH", 0, len(chosen))
        + parameters
        + struct.pack(f"!H{len(formats)}h", len(formats), *formats)
    )


def execute(portal: str = "", max_rows: int = 0) -> bytes:
    """The body of an Execute message."""
    return cstring(portal) + struct.pack("!I", max_rows)


def startup(parameters: dict[str, str]) -> bytes:
    """A complete startup packet."""
    pairs = b"".join(cstring(key) + cstring(value) for key, value in parameters.items())
    body = struct.pack("!I", PROTOCOL_3) + pairs + b"\0"
    return struct.pack("!I", len(body) + 4) + body


# Reading replies


def error_fields(body: bytes) -> dict[str, str]:
    """The fields of an ErrorResponse by their one-letter code."""
    parts = [part for part in body.split(b"\0") if part]
    return {chr(part[0]): part[1:].decode(errors="replace") for part in parts}


def errors(messages: Iterable[Message]) -> list[dict[str, str]]:
    """The errors among the messages."""
    return [error_fields(message.body) for message in messages if message.type == "E"]


def rows(messages: Iterable[Message]) -> list[bytes]:
    """The bodies of the DataRow messages."""
    return [message.body for message in messages if message.type == "D"]


def contains(messages: Iterable[Message], needle: bytes, types: str = "") -> bool:
    """Whether a message (of one of the types, if given) contains the bytes."""
    return any(needle in m.body for m in messages if not types or m.type in types)


@dataclass(frozen=True)
class Endpoint:
    """Where and as whom to connect."""

    host: str
    port: int
    user: str
    password: str
    database: str
    sslmode: str = "disable"
    sslrootcert: str | None = None

    @classmethod
    def from_dsn(cls, dsn: str, database: str) -> Endpoint:
        """Read a libpq connection string."""
        info = conninfo_to_dict(dsn)
        return cls(
            host=str(info.get("host", "127.0.0.1")),
            port=int(str(info.get("port", 5432))),
            user=str(info.get("user", "")),
            password=str(info.get("password", "")),
            database=database,
            sslmode=str(info.get("sslmode", "disable")),
            sslrootcert=str(info["sslrootcert"]) if "sslrootcert" in info else None,
        )

    def dial(self, limit: float) -> socket.socket:
        """Open a plain TCP connection."""
        try:
            return socket.create_connection((self.host, self.port), timeout=limit)
        except OSError as error:
            raise WireBroken(f"cannot connect: {error}") from error


class Wire:
    """One protocol connection."""

    def __init__(self, endpoint: Endpoint, limit: float, **extra: str) -> None:
        self.limit = limit
        self.finished = False  # the server side ended the session with a FATAL error
        self.backend_key: tuple[int, int] | None = None
        self.greeting: list[Message] = []
        self._buffer = b""
        self._socket = endpoint.dial(limit)
        if endpoint.sslmode.startswith(("require", "verify")):
            self._socket = _start_tls(self._socket, endpoint)
        self._log_in(endpoint, extra)

    def _log_in(self, endpoint: Endpoint, extra: dict[str, str]) -> None:
        parameters = {"user": endpoint.user, "database": endpoint.database, **extra}
        self.raw(startup(parameters))
        scram: Scram | None = None
        while True:
            message = self._read()
            self.greeting.append(message)
            if message.type == "R":
                scram = self._authenticate(message.body, endpoint, scram)
            elif message.type == "K":
                self.backend_key = struct.unpack("!II", message.body)
            elif message.type == "Z" or self.finished:
                return

    def _authenticate(self, body: bytes, endpoint: Endpoint, scram: Scram | None) -> Scram | None:
        (kind,) = struct.unpack("!I", body[:4])
        match kind:
            case 0:
                pass
            case 3:
                self.send("p", cstring(endpoint.password))
            case 10:
                scram = Scram(endpoint.password)
                first = scram.first()
                self.send("p", cstring("SCRAM-SHA-256") + struct.pack("!I", len(first)) + first)
            case 11 if scram:
                self.send("p", scram.final(body[4:]))
            case 12 if scram:
                scram.verify(body[4:])
            case _:
                raise WireBroken(f"authentication request {kind} is not supported")
        return scram

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise WireBroken(f"cannot send: {error}") from error

    def send(self, kind: str, body: bytes = b"") -> None:
        """Send one message."""
        self.raw(kind.encode() + struct.pack("!I", len(body) + 4) + body)

    def sync(self) -> list[Message]:
        """Send Sync and read up to ReadyForQuery."""
        self.send("S")
        return self.until_ready()

    def query(self, text: str) -> list[Message]:
        """Send a Query message and read up to ReadyForQuery."""
        self.send("Q", cstring(text))
        return self.until_ready()

    def until_ready(self, also: str = "") -> list[Message]:
        """Read up to ReadyForQuery, one of the other types, or a FATAL error."""
        messages = []
        deadline = time.monotonic() + self.limit
        while True:
            messages.append(self._read(deadline))
            if self.finished or messages[-1].type in "Z" + also:
                return messages

    def _read(self, deadline: float | None = None) -> Message:
        deadline = deadline or time.monotonic() + self.limit
        self._fill(5, deadline)
        kind, length = self._buffer[:1].decode("latin-1"), _length(self._buffer[1:5])
        if kind not in BACKEND_MESSAGES or not 4 <= length < LARGEST_MESSAGE:
            raise WireBroken(f"not a protocol message: {self._buffer[:16]!r}")
        self._fill(1 + length, deadline)
        message = Message(kind, self._buffer[5 : 1 + length])
        self._buffer = self._buffer[1 + length :]
        self._check(message)
        return message

    def _check(self, message: Message) -> None:
        """Hold the message to the protocol."""
        if message.type == "E":
            fields = error_fields(message.body)
            if not {"S", "C", "M"} <= fields.keys() or len(fields["C"]) != 5:
                raise WireBroken(f"malformed error: {message.body!r}")
            self.finished = fields.get("V", fields["S"]) in ("FATAL", "PANIC")
        elif message.type == "Z" and message.body not in (b"I", b"T", b"E"):
            raise WireBroken(f"malformed ReadyForQuery: {message.body!r}")
        elif message.type == "D":
            _check_data_row(message.body)

    def _fill(self, size: int, deadline: float) -> None:
        while len(self._buffer) < size:
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                data = self._socket.recv(1 << 16)
            except TimeoutError as error:
                raise WireBroken(f"no answer within {self.limit:g} s") from error
            except OSError as error:
                raise WireBroken(f"connection lost: {error}") from error
            if not data:
                raise WireBroken("connection closed without an error message")
            self._buffer += data

    def answers(self) -> bool:
        """Whether the connection still answers, with every reply where it belongs."""
        try:
            self.query("ROLLBACK")
            reply = self.query("SELECT 1")
        except WireBroken:
            return False
        kinds = "".join(message.type for message in reply if message.type not in "NSA")
        return kinds == "TDCZ" and rows(reply) == [struct.pack("!HI", 1, 1) + b"1"]

    def close(self) -> None:
        """Hang up without a word."""
        self._socket.close()


def _length(data: bytes) -> int:
    (length,) = struct.unpack("!I", data)
    return int(length)


def _check_data_row(body: bytes) -> None:
    (count,) = struct.unpack("!H", body[:2])
    position = 2
    for _ in range(count):
        (size,) = struct.unpack("!i", body[position : position + 4])
        position += 4 + max(size, 0)
    if position != len(body):
        raise WireBroken(f"malformed DataRow: {body[:60]!r}")


def _start_tls(plain: socket.socket, endpoint: Endpoint) -> socket.socket:
    plain.sendall(struct.pack("!II", 8, SSL_REQUEST))
    if plain.recv(1) != b"S":
        raise WireBroken("the server side refuses TLS")
    context = ssl.create_default_context(cafile=endpoint.sslrootcert)
    context.check_hostname = endpoint.sslmode == "verify-full"
    if endpoint.sslmode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=endpoint.host)


class Scram:
    """The client half of SCRAM-SHA-256 without channel binding (RFC 7677)."""

    def __init__(self, password: str) -> None:
        self._password = password.encode()
        self._first_bare = f"n=,r={base64.b64encode(secrets.token_bytes(18)).decode()}"
        self._server_signature = b""

    def first(self) -> bytes:
        """client-first-message."""
        return f"n,,{self._first_bare}".encode()

    def final(self, server_first: bytes) -> bytes:
        """client-final-message."""
        fields = dict(part.split("=", 1) for part in server_first.decode().split(","))
        without_proof = f"c=biws,r={fields['r']}"
        auth = f"{self._first_bare},{server_first.decode()},{without_proof}".encode()
        salt, rounds = base64.b64decode(fields["s"]), int(fields["i"])
        salted = hashlib.pbkdf2_hmac("sha256", self._password, salt, rounds)
        client_key = _hmac(salted, b"Client Key")
        signature = _hmac(hashlib.sha256(client_key).digest(), auth)
        self._server_signature = _hmac(_hmac(salted, b"Server Key"), auth)
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, server_final: bytes) -> None:
        """Check that the server side knows the password too."""
        if server_final.decode() != f"v={base64.b64encode(self._server_signature).decode()}":
            raise WireBroken("the server side does not know the password")


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


# Wire cases


@dataclass
class WireLab:
    """What a wire case gets to work with."""

    agent: Endpoint
    super: Endpoint | None
    limit: float
    value: Callable[[str], object]  # admin query in the case database
    opened: list[Wire] = field(default_factory=list)
    asked_effect: bool = False

    def connect(self, who: str = "agent", **extra: str) -> Wire:
        """Open a connection; ``extra`` are startup parameters."""
        endpoint = self.super if who == "super" else self.agent
        assert endpoint is not None, "cases for a missing entrance are skipped"
        wire = Wire(endpoint, self.limit, **extra)
        self.opened.append(wire)
        return wire

    def effect(self, query: str) -> bool:
        """Ask an effect oracle."""
        self.asked_effect = True
        return bool(self.value(query))

    def number(self, query: str) -> int:
        """An admin query for a number."""
        return int(str(self.value(query)))


@dataclass(frozen=True)
class Attempt:
    """What a wire case saw."""

    worked: bool  # the attack worked; for a benign case, the feature did
    replies: list[Message]  # the replies that must hold an error if the case must fail
    wire: Wire | None = None  # the connection that must answer afterwards


@dataclass(frozen=True)
class WireCase:
    """One registered wire case."""

    id: str
    expect: Expect
    why: str
    play: Callable[[WireLab], Attempt]
    who: str
    live: bool
    category: str = "protocol"


class WireSuite:
    """The wire cases of one module, in order."""

    def __init__(self) -> None:
        self.cases: list[WireCase] = []

    def case(
        self, id: str, expect: Expect, why: str, *, who: str = "agent", live: bool = True
    ) -> Callable[[Callable[[WireLab], Attempt]], Callable[[WireLab], Attempt]]:
        """Register a function as a case."""

        def register(play: Callable[[WireLab], Attempt]) -> Callable[[WireLab], Attempt]:
            category = "benign" if expect is Expect.ALLOW else "protocol"
            self.cases.append(WireCase(id, expect, why, play, who, live, category))
            return play

        return register
