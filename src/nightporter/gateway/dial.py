"""A connection to an upstream, from its address to ready for statements. Shows credentials to nobody but the upstream."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from secrets import token_bytes
from typing import TypeVar

from nightporter.config import Credentials, Upstream
from nightporter.core.error import TlsError, UpstreamError
from nightporter.core.talk import Receive, Secure, Secured, Send, Talk
from nightporter.core.wire import Adapter, Entered, Entrance
from nightporter.secret import Secret
from nightporter.upstream.tls import context

from .link import Link

R = TypeVar("R")
NONCE_BYTES = 18
"""Of a SCRAM nonce: what PostgreSQL uses."""
UNREACHABLE = "08001"  # sqlclient_unable_to_establish_sqlconnection


async def converse(talk: Talk[R], link: Link, secure: Callable[[Link, bytes], Awaitable[Secured]]) -> R:
    """Run a conversation over a link; gives what it returns, raises what it raises."""
    reply: object = None
    error: TlsError | None = None
    while True:
        try:
            step = talk.send(reply) if error is None else talk.throw(error)
        except StopIteration as done:
            result: R = done.value
            return result
        reply = error = None
        match step:
            case Send(data):
                link.write(data)
            case Receive():
                reply = await link.receive()
            case Secure(pending):
                try:
                    reply = await secure(link, pending)
                except TlsError as failure:
                    error = failure  # the conversation ends with it: nothing is sent in the clear instead
            case _:
                raise TypeError(f"a conversation has no step `{type(step).__name__}`")


class Dialer:
    """Opens upstream connections; keeps the TLS contexts, which are costly to make."""

    def __init__(self) -> None:
        self._contexts: dict[tuple[str, Path | None], ssl.SSLContext | None] = {}

    async def enter(
        self,
        adapter: Adapter,
        upstream: Upstream,
        credentials: Credentials,
        settings: Mapping[str, str],
        version: tuple[int, int],
    ) -> tuple[Link, Entered]:
        """Connect and log in. Raises UpstreamError, and then nothing stays open."""
        password = await self._password(upstream, credentials)
        local = upstream.address.local
        entrance = Entrance(credentials.user, password, upstream.database, settings, str(upstream.tls), version, local)
        try:
            async with asyncio.timeout(upstream.connect_timeout_s):
                try:
                    return await self._log_in(adapter, upstream, entrance)
                except UpstreamError as error:
                    if error.retry_tls is None:
                        raise
                    return await self._log_in(adapter, upstream, replace(entrance, tls=error.retry_tls))
        except TimeoutError:
            raise UpstreamError(f"upstream `{upstream.name}` did not answer in time", UNREACHABLE) from None
        except TlsError as error:
            raise UpstreamError(f"upstream `{upstream.name}`: {error}", UNREACHABLE) from error

    async def _password(self, upstream: Upstream, credentials: Credentials) -> Secret | None:
        if credentials.password is None:
            return None
        try:
            return await credentials.password.fetch()
        except UpstreamError as error:
            # where it was looked for is the operator's business
            hidden = UpstreamError(f"the password for upstream `{upstream.name}` is not to be had", UNREACHABLE)
            hidden.diagnostic = str(error)
            raise hidden from None

    async def _log_in(self, adapter: Adapter, upstream: Upstream, entrance: Entrance) -> tuple[Link, Entered]:
        link = await self.connect(adapter, upstream)
        try:
            talk = adapter.enter(entrance, lambda: token_bytes(NONCE_BYTES))
            return link, await converse(talk, link, self.securer(upstream))
        except BaseException:  # whatever it was, it is raised again: only the connection must not stay
            link.abort()
            raise

    async def connect(self, adapter: Adapter, upstream: Upstream) -> Link:
        """The bare connection. Raises UpstreamError."""
        loop = asyncio.get_running_loop()
        address = upstream.address
        port = address.port or adapter.default_port
        try:
            if address.unix:
                path = str(Path(address.host, adapter.socket_name(port)))
                _, link = await loop.create_unix_connection(Link, path)
            else:
                _, link = await loop.create_connection(Link, address.host, port)
        except OSError as error:
            raise UpstreamError(f"upstream `{upstream.name}` cannot be reached", UNREACHABLE) from error
        return link

    def securer(self, upstream: Upstream) -> Callable[[Link, bytes], Awaitable[Secured]]:
        """How a conversation with this upstream does TLS."""
        mode = "require" if upstream.tls == "allow" else str(upstream.tls)
        key = (mode, upstream.ca)
        if key not in self._contexts:
            try:
                self._contexts[key] = context(*key)
            except OSError as error:
                raise UpstreamError(f"upstream `{upstream.name}`: `{upstream.ca}` cannot be read", UNREACHABLE) from error
        found = self._contexts[key]

        async def secure(link: Link, pending: bytes) -> Secured:
            if found is None:
                raise TlsError("tls is disabled for this upstream")
            return await link.secure(found, server_side=False, server_name=upstream.address.host, pending=pending)

        return secure
