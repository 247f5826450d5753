"""One look at an upstream for the command line: its catalogue, and under what a new session's texts are read. Rim."""

from __future__ import annotations

import asyncio

from nightporter.catalog.model import Snapshot
from nightporter.config import Upstream
from nightporter.core.error import ProtocolError, UpstreamError
from nightporter.core.wire import Adapter, Standing

from .catalogues import ANSWER_TIMEOUT_S, Line
from .dial import Dialer


async def glance(
    dialer: Dialer, adapter: Adapter, upstream: Upstream, *, path: str | None = None, role: str | None = None
) -> tuple[Snapshot, Standing]:
    """Log in with the upstream's own credentials, read, hang up. `path`, `role`: see `Adapter.outset`. Raises UpstreamError."""
    reader = adapter.catalog
    link, entered = await dialer.enter(adapter, upstream, upstream.credentials, reader.settings, reader.version)
    line = Line(link, reader.connection(), asyncio.Event(), entered.rest)
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            standing = await line.converse(adapter.outset(path, role))
            parts = await line.converse(line.connection.read(None))
    except ProtocolError as error:
        raise UpstreamError(f"upstream `{upstream.name}` broke the protocol: {error}") from error
    except TimeoutError:
        raise UpstreamError(f"upstream `{upstream.name}` did not tell its catalogue in time") from None
    finally:
        line.close()
    return reader.build(parts, 1), standing  # nobody else has this loop, so it may be kept
