"""A PostgreSQL server for tests that need no database: it lets in, and answers a few texts with what it was told to.

Pure, a `Talk` like the conversations it is set against; the same driver runs both. Must not be taken for PostgreSQL: it reads no
SQL, knows no COPY, and keeps no more of the protocol than tests have asked for.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nightporter.core.error import ClosedError, Refusal
from nightporter.core.talk import Send, Talk, receive
from nightporter.core.wire import Cancel, Challenge, Hello, Peer
from nightporter.identity.principal import Method
from nightporter.identity.scram import SALT_BYTES, make_verifier
from nightporter.secret import Secret

from .enter import md5_answer
from .errors import refusal_response
from .greet import greet
from .messages import (
    FRONTEND_NAMES,
    MD5_PASSWORD,
    OK,
    Body,
    Reader,
    authentication,
    backend_key_data,
    command_complete,
    data_row,
    error_response,
    message,
    parameter_status,
    parse_password,
    ready_for_query,
    row_description,
)
from .prove import prove

INT4 = 23
TEXT = 25

_PARSE_COMPLETE, _BIND_COMPLETE, _CLOSE_COMPLETE, _EMPTY, _NO_DATA = (message(code) for code in (b"1", b"2", b"3", b"I", b"n"))
_NO_PARAMETERS = message(b"t", b"\0\0")
_MD5_SALT = b"salt"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one text gives."""

    tag: str
    columns: tuple[tuple[str, int], ...] = ()
    """Name and type OID."""
    rows: tuple[tuple[bytes | None, ...], ...] = ()
    status: bytes | None = None
    """Transaction status from now on, where it changes."""


ANSWERS: Mapping[str, Answer] = {
    "SELECT 1": Answer("SELECT 1", (("?column?", INT4),), ((b"1",),)),
    "SELECT name FROM pet": Answer("SELECT 3", (("name", TEXT),), ((b"Ada",), (b"Bo",), (None,))),
    "UPDATE pet SET name = 'Cy'": Answer("UPDATE 3"),
    "BEGIN": Answer("BEGIN", status=b"T"),
    "COMMIT": Answer("COMMIT", status=b"I"),
    "ROLLBACK": Answer("ROLLBACK", status=b"I"),
}

SETTINGS: Mapping[str, str] = {
    "server_version": "18.0",
    "server_encoding": "UTF8",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "is_superuser": "off",
}


@dataclass(slots=True)
class Fake:
    """One server: what it expects of a login, what it answers, and what it was asked."""

    method: str = "scram-sha-256"
    """trust, password, md5 or scram-sha-256."""
    user: str = "app"
    password: str = "secret"  # noqa: S105 - of a server that guards nothing
    database: str = "shop"
    tls: bool = False
    process_id: int = 4711
    secret: bytes = b"\1\2\3\4"
    settings: Mapping[str, str] = field(default_factory=lambda: SETTINGS)
    answers: Mapping[str, Answer] = field(default_factory=lambda: ANSWERS)
    hello: Hello | None = None
    """What the client said of itself."""
    cancels: list[Cancel] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """Texts that it ran, in order."""


def serve(fake: Fake, random18: Callable[[], bytes]) -> Talk[None]:
    """One connection, to its end. Raises ProtocolError for what it does not understand."""
    hello = yield from greet(Peer("local", True, fake.tls))
    if isinstance(hello, Cancel):
        fake.cancels.append(hello)
        return
    fake.hello = hello
    passed, rest = yield from _authenticate(fake, hello, random18)
    if hello.principal != fake.user or not passed:
        yield Send(refusal_response(Refusal("28P01", f'password authentication failed for user "{hello.principal}"')))
        return
    yield Send(authentication(OK))
    if hello.database != fake.database:
        yield Send(refusal_response(Refusal("3D000", f'database "{hello.database}" does not exist')))
        return
    settings = dict(fake.settings)
    if "application_name" in hello.parameters:
        settings["application_name"] = hello.parameters["application_name"]
    ready = [parameter_status(name, value) for name, value in settings.items()]
    ready += [backend_key_data(fake.process_id, fake.secret), ready_for_query()]
    yield Send(b"".join(ready))
    yield from _statements(_Backend(fake), Reader(FRONTEND_NAMES, rest, limit=1024 * 1024))


def _authenticate(fake: Fake, hello: Hello, random18: Callable[[], bytes]) -> Talk[tuple[bool, bytes]]:
    if fake.method == "trust":
        return True, hello.rest
    if fake.method == "md5":
        yield Send(authentication(MD5_PASSWORD, _MD5_SALT))
        reader = Reader({ord("p"): "PasswordMessage"}, hello.rest)
        while (got := reader.next()) is None:
            data = yield from receive()
            if not data:
                raise ClosedError("the client closed the connection before it proved who it is")
            reader.feed(data)
        return hmac.compare_digest(parse_password(got[1]), md5_answer(fake.user, fake.password, _MD5_SALT)), reader.rest
    if fake.method == "password":
        proof = yield from prove(hello, Challenge(Method.TOKEN), random18)
        return proof.token is not None and hmac.compare_digest(proof.token.reveal(), fake.password), proof.rest
    verifier = make_verifier(Secret(fake.password), b"s" * SALT_BYTES)
    proof = yield from prove(hello, Challenge(Method.PASSWORD, verifier), random18)
    return proof.passed, proof.rest


def _statements(backend: _Backend, reader: Reader) -> Talk[None]:
    while True:
        while (got := reader.next()) is None:
            data = yield from receive()
            if not data:
                return
            reader.feed(data)
        code, body = got
        if code == ord("X"):
            return
        answer = backend.answer(code, Body(body))
        if answer:
            yield Send(answer)


class _Backend:
    """The statement phase: what each message of the client is answered with."""

    def __init__(self, fake: Fake) -> None:
        self._fake = fake
        self._status = b"I"
        self._skipping = False  # until Sync, after an error
        self._statements: dict[bytes, str] = {}
        self._portals: dict[bytes, str] = {}

    def answer(self, code: int, body: Body) -> bytes:
        if code == ord("S"):
            self._skipping = False
            return ready_for_query(self._status)
        if code == ord("Q"):
            return self._run(body.text(), describe=True) + ready_for_query(self._status)
        if self._skipping:
            return b""
        try:
            return self._extended(code, body)
        except KeyError as error:
            self._skipping = True
            return self._fail("26000", f"`{error.args[0]!r}` does not exist")

    def _extended(self, code: int, body: Body) -> bytes:
        match chr(code):
            case "P":
                name = body.string()
                self._statements[name] = body.text()
                return _PARSE_COMPLETE
            case "B":
                portal = body.string()
                self._portals[portal] = self._statements[body.string()]
                return _BIND_COMPLETE
            case "D":
                of_statement = body.take(1) == b"S"
                names = self._statements if of_statement else self._portals
                found = self._fake.answers.get(names[body.string()])
                described = row_description(found.columns) if found is not None and found.columns else _NO_DATA
                return (_NO_PARAMETERS if of_statement else b"") + described
            case "E":
                answer = self._run(self._portals[body.string()], describe=False)
                self._skipping = answer.startswith(b"E")
                return answer
            case "C":
                names = self._statements if body.take(1) == b"S" else self._portals
                names.pop(body.string(), None)
                return _CLOSE_COMPLETE
            case "H":
                return b""
            case _:
                return self._fail("0A000", f"`{FRONTEND_NAMES[code]}` is not supported")

    def _run(self, text: str, *, describe: bool) -> bytes:
        if not text.strip():
            return _EMPTY
        answer = self._fake.answers.get(text)
        if answer is None:
            return self._fail("42601", f"nothing to say to `{text}`")
        if self._status == b"E" and answer.status != b"I":
            return self._fail("25P02", "current transaction is aborted")
        self._fake.asked.append(text)
        self._status = answer.status or self._status
        described = row_description(answer.columns) if describe and answer.columns else b""
        return described + b"".join(map(data_row, answer.rows)) + command_complete(answer.tag)

    def _fail(self, sqlstate: str, words: str) -> bytes:
        if self._status == b"T":
            self._status = b"E"
        return error_response({"S": "ERROR", "V": "ERROR", "C": sqlstate, "M": words})
