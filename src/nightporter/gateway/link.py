"""One connection, to a client or to an upstream: bytes in and out, TLS or not, back-pressure. Knows no protocol.

While a session opens, `receive()` is awaited. Then `deliver` is set, and each chunk goes there at once, without a task in between.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import cast

from nightporter.core.error import TlsError
from nightporter.core.talk import Secured

from .tls import TlsLayer

LINGER_S = 10.0
"""How long a peer may take to read the last of what it is sent; one that does not read at all would keep it in memory."""


GATHER_BYTES = 64 * 1024
"""Pieces of a message of which more is on its way are sent together once there are so many. A server writes 8 KiB at a time, and
each write wakes its reader: of large results that is most of what a proxy costs."""
GATHER_S = 0.001
"""How long they wait for the next piece."""


class Link(asyncio.Protocol):
    """One side of a session. Callbacks: `deliver(data)`, `ended()` at end of file, `lost()` once, `crowded(bool)`."""

    __slots__ = (
        "_chunks",
        "_end",
        "_gathered",
        "_gathered_size",
        "_gathering",
        "_lost",
        "_tls",
        "_waiter",
        "crowded",
        "deliver",
        "ended",
        "error",
        "lost",
        "reading",
        "transport",
    )

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.deliver: Callable[[bytes], None] | None = None
        self.ended: Callable[[], None] | None = None
        self.lost: Callable[[], None] | None = None
        self.crowded: Callable[[bool], None] | None = None
        self.reading = True
        self.error: str | None = None
        self._tls: TlsLayer | None = None
        self._chunks: list[bytes] = []
        self._end = False
        self._lost = False
        self._waiter: asyncio.Future[None] | None = None
        self._gathered: list[bytes] = []
        self._gathered_size = 0
        self._gathering: asyncio.TimerHandle | None = None

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        if self._tls is not None and self.deliver is not None:
            opened = self._open(data)
            if opened:
                self.deliver(opened)
            if self._tls.ended:
                self._at_end()
        elif self.deliver is not None:
            self.deliver(data)
        else:
            self._chunks.append(data)
            self._wake()

    def eof_received(self) -> bool:
        self._at_end()
        return self._tls is None  # keep our half open: the other side may still have something to say

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = self._end = True
        self._wake()
        self._send_gathered()
        if self.lost is not None:
            self.lost()

    def pause_writing(self) -> None:
        if self.crowded is not None:
            self.crowded(True)

    def resume_writing(self) -> None:
        if self.crowded is not None:
            self.crowded(False)

    # While a session opens

    async def receive(self) -> bytes:
        """The next bytes; `b""` at end of file."""
        while not self._chunks and not self._end:
            await self._wait()
        if not self._chunks:
            return b""
        data = b"".join(self._chunks)
        self._chunks.clear()
        if self._tls is None:
            return data
        opened = self._open(data)
        return opened or (b"" if self._end or self._tls.ended else await self.receive())

    async def secure(
        self,
        context: ssl.SSLContext,
        *,
        server_side: bool,
        server_name: str | None = None,
        pending: bytes = b"",
        own_certificate: bytes | None = None,
    ) -> Secured:
        """Do the TLS handshake; `pending` are bytes of it that were received before. Raises TlsError."""
        layer = TlsLayer(context, server_side=server_side, server_name=server_name)
        data = pending
        while True:
            try:
                done = layer.handshake(data)
            finally:
                self._write(layer.outgoing())  # the last of it may be the alert that tells the peer why
            if done:
                break
            while not self._chunks and not self._end:
                await self._wait()
            if not self._chunks:
                raise TlsError("connection closed during the tls handshake")
            data = b"".join(self._chunks)
            self._chunks.clear()
        self._tls = layer
        self._chunks.append(b"")  # application data may have come with the last of the handshake
        return layer.secured(own_certificate)

    def take_over(self, deliver: Callable[[bytes], None], first: bytes = b"") -> None:
        """From now on every chunk goes to `deliver`, `first` before all."""
        self.deliver = deliver
        if first:
            deliver(first)
        chunks, self._chunks = self._chunks, []
        data = b"".join(chunks)
        if data or self._tls is not None:
            self.data_received(data)
        if self._end and not self._lost:
            self._at_end()

    # Sending

    def write(self, data: bytes) -> None:
        """Send; buffered by the transport, whose fullness comes back through `crowded`."""
        if self._gathered:
            self._send_gathered()
        self._seal(data)

    def gather(self, data: bytes) -> None:
        """Send, together with what follows: `data` ends within a message, so that there is more, and soon."""
        self._gathered.append(data)
        self._gathered_size += len(data)
        if self._gathered_size >= GATHER_BYTES:
            self._send_gathered()
        elif self._gathering is None:
            self._gathering = asyncio.get_running_loop().call_later(GATHER_S, self._send_gathered)

    def _send_gathered(self) -> None:
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        if self._gathered:
            data = b"".join(self._gathered)
            self._gathered = []
            self._gathered_size = 0
            self._seal(data)

    def _seal(self, data: bytes) -> None:
        if self._tls is not None:
            self._tls.seal(data)
            data = self._tls.outgoing()
        self._write(data)

    def finish(self) -> None:
        """We will send no more; the peer may."""
        self._send_gathered()
        if self.transport is None or self._lost or self.transport.is_closing():
            return
        if self._tls is not None:
            self._tls.close()
            self._write(self._tls.outgoing())
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def close(self) -> None:
        """Close once everything that was written is sent."""
        if self.transport is None or self._lost:
            return
        self._send_gathered()
        if self._tls is not None:
            self._tls.close()
            self._write(self._tls.outgoing())
        self.transport.close()
        if self.transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(LINGER_S, self.transport.abort)

    def abort(self) -> None:
        """Close at once; what was not sent is lost."""
        if self.transport is not None:
            self.transport.abort()

    def pause(self, paused: bool) -> None:
        """Stop or go on reading."""
        if self.transport is None or self._lost or self.transport.is_closing() or paused is not self.reading:
            return
        self.reading = not paused
        if paused:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    @property
    def secured(self) -> bool:
        """Whether TLS protects the connection."""
        return self._tls is not None

    @property
    def is_open(self) -> bool:
        """Whether it can still be written to."""
        return self.transport is not None and not self._lost and not self.transport.is_closing()

    def _write(self, data: bytes) -> None:
        if data and self.transport is not None and not self._lost:
            self.transport.write(data)

    def _open(self, data: bytes) -> bytes:
        assert self._tls is not None  # noqa: S101 - the caller looked
        try:
            opened = self._tls.open(data)
        except TlsError as error:
            # whatever was decrypted before is not delivered either: a torn stream is not acted upon
            self.error = str(error)
            self.abort()
            return b""
        answer = self._tls.outgoing()  # TLS 1.3 key updates
        if answer:
            self._write(answer)
        return opened

    def _at_end(self) -> None:
        if self._end and self.deliver is None:
            return
        self._end = True
        self._wake()
        if self.deliver is not None and self.ended is not None:
            self.ended()

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
