"""Has a database tell of changes to its catalogue, or no longer do so: once, for the command line. Rim."""

from __future__ import annotations

import asyncio

from nightporter.config import Upstream
from nightporter.core.error import ProtocolError, UpstreamError
from nightporter.core.wire import Adapter

from .catalogues import Line
from .dial import Dialer


async def watch(dialer: Dialer, adapter: Adapter, upstream: Upstream, *, remove: bool) -> None:
    """Install it in the upstream's database, or remove it, with the upstream's own credentials. Raises UpstreamError."""
    reader = adapter.catalog
    link, entered = await dialer.enter(adapter, upstream, upstream.credentials, reader.settings, reader.version)
    line = Line(link, reader.connection(), asyncio.Event(), entered.rest)
    try:
        await line.converse(line.connection.watch(remove))
    except ProtocolError as error:
        raise UpstreamError(f"upstream `{upstream.name}` broke the protocol: {error}") from error
    finally:
        line.close()
