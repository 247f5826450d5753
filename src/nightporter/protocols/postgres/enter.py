"""Logging in to a PostgreSQL server.

Pure: TLS itself, and checking the server's certificate, are the rim's. Sources: "Message Flow: Start-up", "SSL Session
Encryption", "SASL Authentication", and `sslmode` of libpq, in PostgreSQL's documentation. Must not let the client see who we
are to the database: the server's own words go to operators, save those about settings that the client itself has asked for.

Theory of operation. One straight line; the server cannot make us take a step twice, or leave out a proof:

    TLS as asked for -> StartupMessage -> [NegotiateProtocolVersion] -> one authentication -> AuthenticationOk
    -> ParameterStatus, BackendKeyData, notices -> ReadyForQuery, idle

`allow` and `prefer` may need a second connection, which only the rim can open: RetryError says so, and how.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from nightporter.core.error import ProtocolError, TlsError
from nightporter.core.talk import Secured, Send, Talk, receive, secure
from nightporter.core.wire import Entered, Entrance
from nightporter.secret import Secret

from .errors import LoginError, RetryError
from .messages import (
    AUTHENTICATION_NAMES,
    BACKEND_NAMES,
    CLEARTEXT_PASSWORD,
    MAX_MESSAGE,
    MD5_PASSWORD,
    OK,
    SASL,
    SASL_CONTINUE,
    SASL_FINAL,
    Body,
    Reader,
    message,
    parse_backend_key_data,
    parse_error,
    parse_mechanisms,
    parse_negotiation,
    parse_parameter_status,
    parse_status,
    password_message,
    sasl_initial_response,
    sasl_response,
    ssl_request,
    startup_message,
)
from .scram import Client
from .startup_settings import PROTOCOL_OPTION, RESERVED

MAX_MESSAGES = 1000
"""From StartupMessage to ReadyForQuery. A server reports some fifteen settings; a login trigger may add warnings."""
MAX_NOTICES = 1024 * 1024
"""Bytes of warnings at login that we hold for the client."""
MAX_DIAGNOSTIC = 2000
"""Characters of the server's words that we keep for operators."""

TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

_REJECTED = "08004"
_BROKEN = "08P01"
_INVALID_AUTHORIZATION = "28000"
_WORDS = {
    "3D000": "the database behind this name does not exist on its server",
    "53300": "the database has too many connections already",
    "57P03": "the database is not accepting connections at the moment",
}
"""What a client is told with the server's SQLSTATE. Class 28 would make it doubt its own password: see `_refused`."""
_ABOUT_SETTINGS = ("22", "42704", "42501", "55P02")
"""After authentication these are about a setting that the client asked for."""


def enter(entrance: Entrance, random18: Callable[[], bytes]) -> Talk[Entered]:
    """Log in. Raises UpstreamError (LoginError; RetryError: again on a new connection) and TlsError.

    ValueError for an Entrance that cannot be said in the protocol, before anything is sent.
    """
    hello = _startup(entrance)
    secured = yield from _secure(entrance)
    login = _Login(entrance, secured)
    yield Send(hello)
    try:
        yield from _authenticate(login, random18)
        return (yield from _settle(login))
    except ProtocolError as error:  # the connection is given up
        raise LoginError(f"the database broke the protocol: {error}", _BROKEN) from None


def _startup(entrance: Entrance) -> bytes:
    if entrance.tls not in TLS_MODES:
        raise ValueError(f"unknown TLS mode `{entrance.tls}`")
    for name in entrance.parameters:
        if name.lower() in RESERVED or name.startswith(PROTOCOL_OPTION):
            raise ValueError(f"`{name}` is not a setting")
    parameters = (("user", entrance.user), ("database", entrance.database), *entrance.parameters.items())
    return startup_message(entrance.version, parameters)


# TLS


def _secure(entrance: Entrance) -> Talk[Secured | None]:
    mode = entrance.tls
    if mode in ("disable", "allow"):
        return None
    if mode != "prefer":
        return (yield from _ask_for_tls())
    yield Send(ssl_request())
    answer = yield from receive()
    if answer == b"N":
        return None
    if answer != b"S":
        raise RetryError(_answer_in_words(answer), retry_tls="disable")
    try:
        return (yield from secure())
    except TlsError as error:  # that mode gives no protection, and says so
        raise RetryError(f"no TLS with the database: {error}", retry_tls="disable") from error


def _ask_for_tls() -> Talk[Secured]:
    """TLS, or nothing. Raises LoginError and TlsError; nothing was sent then that TLS would have protected."""
    yield Send(ssl_request())
    answer = yield from receive()
    if answer != b"S":
        raise LoginError(_answer_in_words(answer))
    return (yield from secure())


def _answer_in_words(answer: bytes) -> str:
    if not answer:
        return "the database closed the connection when asked for TLS"
    if len(answer) > 1:
        # an error text, or bytes put in before the handshake by someone in between: neither is to be trusted, or shown
        return "the database answered the request for TLS with more than one byte"
    return "the database does not offer TLS"


# Talking


class _Login:
    """One login: the server's messages, counted, and what of them is of use at any step."""

    __slots__ = ("authenticated", "count", "entrance", "notices", "parameters", "reader", "secured")

    def __init__(self, entrance: Entrance, secured: Secured | None) -> None:
        self.entrance = entrance
        self.secured = secured
        self.reader = Reader(BACKEND_NAMES, limit=MAX_MESSAGE)
        self.authenticated = False
        self.count = 0
        self.parameters: dict[str, str] = {}
        self.notices: list[bytes] = []

    def next(self) -> Talk[tuple[int, bytes]]:
        """The next message that is neither a notice nor an error."""
        while True:
            while (got := self.reader.next()) is None:
                data = yield from receive()
                if not data:
                    raise LoginError("the database closed the connection during login")
                self.reader.feed(data)
            self.count += 1
            if self.count > MAX_MESSAGES:
                raise ProtocolError(f"more than {MAX_MESSAGES} messages at login")
            code, body = got
            if code == ord("E"):
                raise self._refused(parse_error(body))
            if code != ord("N"):
                return got
            parse_error(body)  # it is passed on, so it must be whole
            self.notices.append(message(b"N", body))
            if sum(map(len, self.notices)) > MAX_NOTICES:
                raise ProtocolError(f"more than {MAX_NOTICES} bytes of notices at login")

    def authentication(self) -> Talk[Body]:
        """Body of the next message, which must be an Authentication."""
        code, body = yield from self.next()
        if code != ord("R"):
            raise ProtocolError(f"unexpected message `{BACKEND_NAMES[code]}` during authentication")
        return Body(body)

    def _refused(self, fields: dict[str, str]) -> LoginError:
        sqlstate = fields.get("C", "")
        diagnostic = _diagnostic(fields, self.entrance.password)
        if sqlstate == _INVALID_AUTHORIZATION and not self.authenticated:
            # pg_hba.conf may have an entry only for the other kind of connection; a wrong password stays wrong
            if self.entrance.tls == "allow" and self.secured is None:
                return RetryError("the database refused a login without TLS", "require", _REJECTED, diagnostic)
            if self.entrance.tls == "prefer" and self.secured is not None:
                return RetryError("the database refused a login with TLS", "disable", _REJECTED, diagnostic)
        if self.authenticated and sqlstate.startswith(_ABOUT_SETTINGS):
            words = fields.get("M", "")
            if words and not _shows(words, self.entrance):
                return LoginError(words, sqlstate, diagnostic)
        if sqlstate in _WORDS:
            return LoginError(_WORDS[sqlstate], sqlstate, diagnostic)
        if sqlstate.startswith("28"):
            return LoginError("the database refused the proxy's own login", _REJECTED, diagnostic)
        return LoginError("the database refused the connection", _REJECTED, diagnostic)


def _diagnostic(fields: dict[str, str], password: Secret | None) -> str:
    words = f"{fields.get('V') or fields.get('S', '')} {fields.get('C', '')}: {fields.get('M', '')}"
    for key in ("D", "H"):
        if key in fields:
            words += f" ({fields[key]})"
    if password is not None and password.reveal():
        words = words.replace(password.reveal(), "***")
    return words[:MAX_DIAGNOSTIC]


def _shows(words: str, entrance: Entrance) -> bool:
    """Whether the text names our login."""
    password = entrance.password.reveal() if entrance.password is not None else ""
    return entrance.user in words or (password != "" and password in words)


# Authentication


def _authenticate(login: _Login, random18: Callable[[], bytes]) -> Talk[None]:
    code, body = yield from login.next()
    if code == ord("v"):
        _negotiated(parse_negotiation(body), login.entrance)
        code, body = yield from login.next()
    if code != ord("R"):
        raise ProtocolError(f"unexpected message `{BACKEND_NAMES[code]}` before authentication")
    demand = Body(body)
    kind = demand.int32()
    if kind != OK:
        yield from _answer(login, kind, demand, random18)
        demand = yield from login.authentication()
        kind = demand.int32()
        if kind != OK:
            raise ProtocolError("a second demand after the authentication")
    demand.end()
    login.authenticated = True


def _negotiated(answer: tuple[tuple[int, int], tuple[str, ...]], entrance: Entrance) -> None:
    """Check what the server offers instead; nothing in the statement phase depends on it."""
    version, unknown = answer
    asked = entrance.version
    if version[0] != asked[0] or version >= asked or version == (3, 1) or unknown:
        raise ProtocolError(f"version `{version[0]}.{version[1]}` in answer to {asked[0]}.{asked[1]}")


def _answer(login: _Login, kind: int, demand: Body, random18: Callable[[], bytes]) -> Talk[None]:
    """Do what the server demands, up to its AuthenticationOk."""
    entrance = login.entrance
    if kind not in (CLEARTEXT_PASSWORD, MD5_PASSWORD, SASL):
        name = AUTHENTICATION_NAMES.get(kind, str(kind))
        raise LoginError(f"the database asks for an authentication that is not supported: `{name}`", _REJECTED)
    if entrance.password is None:
        raise LoginError("the database asks for a password and none is configured", _REJECTED)
    password = entrance.password.reveal()
    if kind == SASL:
        yield from _scram(login, password, parse_mechanisms(demand), random18)
    elif kind == MD5_PASSWORD:
        salt = demand.take(4)
        demand.end()
        yield Send(password_message(md5_answer(entrance.user, password, salt)))
    else:
        demand.end()
        if login.secured is None and not entrance.local:
            raise LoginError("the database asks for a password in cleartext on a connection without TLS", _REJECTED)
        yield Send(password_message(_encode(password)))


def _scram(login: _Login, password: str, mechanisms: tuple[str, ...], random18: Callable[[], bytes]) -> Talk[None]:
    binding = login.secured.channel_binding if login.secured else None
    client = Client(password, mechanisms, binding, random18())
    yield Send(sasl_initial_response(client.mechanism, client.first()))
    yield Send(sasl_response(client.final((yield from _expect(login, SASL_CONTINUE)))))
    client.check((yield from _expect(login, SASL_FINAL)))


def _expect(login: _Login, kind: int) -> Talk[bytes]:
    body = yield from login.authentication()
    got = body.int32()
    if got != kind:
        raise ProtocolError(f"authentication `{got}` where {kind} was expected")
    return body.rest()


def md5_answer(user: str, password: str, salt: bytes) -> bytes:
    """What AuthenticationMD5Password asks for: `md5` and hex digits."""
    inner = hashlib.md5(_encode(password) + user.encode(), usedforsecurity=False).hexdigest()
    return b"md5" + hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest().encode()


def _encode(password: str) -> bytes:
    return password.encode("utf-8", "surrogateescape")  # environments and files may hold bytes that are not UTF-8


# Until it is ready


def _settle(login: _Login) -> Talk[Entered]:
    key: tuple[int, bytes] | None = None
    while True:
        code, body = yield from login.next()
        if code == ord("S"):
            name, value = parse_parameter_status(body)
            login.parameters[name] = value
        elif code == ord("K") and key is None:
            key = parse_backend_key_data(body)
        elif code == ord("Z"):
            break
        else:
            raise ProtocolError(f"unexpected message `{BACKEND_NAMES[code]}` at login")
    if parse_status(body) != b"I":
        raise ProtocolError("a new session that is in a transaction already")
    if key is None:
        raise ProtocolError("no key to cancel with")
    return Entered(
        process_id=key[0],
        secret=key[1],
        parameters=login.parameters,
        secured=login.secured is not None,
        notices=tuple(login.notices),
        rest=login.reader.rest,
    )
