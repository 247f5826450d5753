"""How a client proves that it is who it claims to be.

Pure. Sources: "Message Flow: Start-up" and "SASL Authentication" in PostgreSQL's documentation. Must not say how it went: neither
success nor error is sent here, and a name that does not exist is treated word for word like one that does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from nightporter.core.error import ClosedError, Refusal
from nightporter.core.talk import Send, Talk, receive
from nightporter.core.wire import Challenge, Hello, Proof
from nightporter.identity.principal import Method
from nightporter.secret import Secret

from .errors import RefusedError
from .messages import (
    CLEARTEXT_PASSWORD,
    SASL_CONTINUE,
    SASL_FINAL,
    Reader,
    authentication,
    authentication_sasl,
    parse_password,
    parse_sasl_initial_response,
)
from .scram import MECHANISM, MECHANISM_PLUS, BindingError, Server, parse_verifier

_NAMES = {ord("p"): "PasswordMessage"}
"""All that a client may say here."""
_INVALID_AUTHORIZATION = "28000"


def prove(hello: Hello, challenge: Challenge, random18: Callable[[], bytes]) -> Talk[Proof]:
    """Let a client prove itself by the method that is fixed for it.

    `token` sends a secret in cleartext: whoever calls has made sure of TLS or loopback. `certificate` asks nothing: TLS has
    verified it, whoever calls compares its names. Raises ProtocolError, RefusedError, ClosedError; ValueError for a password
    challenge without a well-formed verifier, before anything is sent.
    """
    reader = Reader(_NAMES, hello.rest)
    match challenge.method:
        case Method.PASSWORD:
            return (yield from _password(hello, challenge, random18, reader))
        case Method.TOKEN:
            return (yield from _token(reader))
        case Method.CERTIFICATE:
            return Proof(passed=True, rest=hello.rest)
        case _:
            assert_never(challenge.method)


def _password(hello: Hello, challenge: Challenge, random18: Callable[[], bytes], reader: Reader) -> Talk[Proof]:
    verifier = parse_verifier(challenge.verifier or "")
    binding = hello.channel_binding
    yield Send(authentication_sasl((MECHANISM,) if binding is None else (MECHANISM_PLUS, MECHANISM)))
    mechanism, initial = parse_sasl_initial_response((yield from _message(reader)))
    server = Server(verifier, mechanism, binding, random18)
    if initial is None:  # a client need not begin; it is then asked to
        yield Send(authentication(SASL_CONTINUE))
        initial = yield from _message(reader)
    try:
        yield Send(authentication(SASL_CONTINUE, server.first(initial)))
        final = server.final((yield from _message(reader)))
    except BindingError as error:  # ends the connection; the client is told, since it is the one who can be helped
        raise RefusedError(Refusal(_INVALID_AUTHORIZATION, str(error))) from None
    # a mock goes as far as a wrong password does; here even a right proof is of no use
    if final is None or not challenge.genuine:
        return Proof(passed=False, rest=reader.rest)
    yield Send(authentication(SASL_FINAL, final))
    return Proof(passed=True, rest=reader.rest)


def _token(reader: Reader) -> Talk[Proof]:
    yield Send(authentication(CLEARTEXT_PASSWORD))
    password = parse_password((yield from _message(reader)))
    try:
        token = Secret(password.decode())
    except UnicodeDecodeError:  # no token of ours: a wrong answer like any other
        return Proof(passed=False, rest=reader.rest)
    return Proof(passed=True, token=token, rest=reader.rest)


def _message(reader: Reader) -> Talk[bytes]:
    while (message := reader.next()) is None:
        data = yield from receive()
        if not data:
            raise ClosedError("the client closed the connection before it proved who it is")
        reader.feed(data)
    return message[1]
