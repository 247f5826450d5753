"""Whether what a configuration names is there and fit for use, and what an operator should know. Reads; changes nothing.

Problems keep us from starting. Warnings do not: an upstream that cannot be reached now may be there at the next connection.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path

from .load import spell
from .model import Config, Durability, Listener, ListenerTls, Misfit, Upstream


def problems(config: Config) -> list[str]:
    """What must be mended before we start: what is named and not there, certificates and keys that cannot be used.

    One line each, `line:column: key: message`, for the file that it was loaded from.
    """
    return [f"{config.place(key)}: {spell(key)}: {message}" for key, message in _problems(config)]


def _problems(config: Config) -> Iterator[Misfit]:
    for index, listener in enumerate(config.listeners):
        if listener.tls is not None:
            for key, problem in _server_problems(listener.tls):
                yield ("listeners", index, "tls", key), problem
    for name, upstream in config.upstreams.items():
        if upstream.ca is not None:
            for problem in _authority_problems(upstream.ca):
                yield ("upstreams", name, "ca"), problem
    folder = config.policies.path
    if folder is not None and (unreadable := _not_a_folder(folder)):
        yield ("policies", "path"), unreadable


def warnings(config: Config) -> list[str]:
    """What is allowed but should be known: said at start and kept as evidence. One line each, `key: message`."""
    found: list[str] = []
    for index, listener in enumerate(config.listeners):
        found += [f"listeners[{index}]{warning}" for warning in _listener_warnings(listener)]
    for name, upstream in config.upstreams.items():
        found += [f"upstreams.{name}.{warning}" for warning in _upstream_warnings(upstream)]
    if config.ledger.durability is Durability.OS:
        found.append("ledger.durability: a change may reach a database whose intent is lost when this machine loses power")
    return found


def _server_problems(tls: ListenerTls) -> Iterator[tuple[str, str]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for key, path in (("certificate", tls.certificate), ("key", tls.key)):
        if problem := _unreadable(path):
            yield key, problem
            return
    try:
        # Without a password the library would ask for one on the terminal.
        context.load_cert_chain(tls.certificate, tls.key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        yield "key", f"certificate `{tls.certificate}` cannot be used with key `{tls.key}`: {_reason(error)}"
    if tls.client_ca is not None:
        yield from (("client_ca", problem) for problem in _authority_problems(tls.client_ca))


def _authority_problems(path: Path) -> Iterator[str]:
    if problem := _unreadable(path):
        yield problem
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError as error:
        yield f"`{path}` holds no certificate that can be used: {_reason(error)}"


def _unreadable(path: Path) -> str | None:
    try:
        with path.open("rb"):
            return None
    except OSError as error:
        return f"`{path}` cannot be read: {error.strerror}"


def _not_a_folder(path: Path) -> str | None:
    try:
        with os.scandir(path):
            return None
    except OSError as error:
        return f"`{path}` cannot be read: {error.strerror}"


def _no_password() -> str:
    raise ValueError("it is encrypted with a passphrase")


def _reason(error: Exception) -> str:
    if not isinstance(error, ssl.SSLError):
        return str(error)
    return error.reason.lower().replace("_", " ") if error.reason else "it is not in PEM form"


def _listener_warnings(listener: Listener) -> Iterator[str]:
    if not listener.address.local and (listener.tls is None or not listener.tls.required):
        yield ": clients on the network may connect without TLS, and read and write in the clear"
    for name, credentials in listener.credentials.items():
        if credentials.password is not None and (warning := credentials.password.warning()):
            yield f".credentials.{name}.password: {warning}"


def _upstream_warnings(upstream: Upstream) -> Iterator[str]:
    if not upstream.address.local:
        if not upstream.tls.encrypts:
            yield f"tls: `{upstream.tls}` may send statements and results over the network in the clear"
        elif not upstream.tls.verifies:
            yield f"tls: `{upstream.tls}` encrypts, but anybody on the way may pose as the database"
    password = upstream.credentials.password
    if password is not None and (warning := password.warning()):
        yield f"credentials.password: {warning}"
