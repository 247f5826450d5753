"""Background tasks that are not forgotten. The only place that makes them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

_alive: set[asyncio.Task[Any]] = set()


def spawn(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """Run `work` beside everything else; a reference is kept until it ends. It must deal with its own errors."""
    task = asyncio.get_running_loop().create_task(work, name=name)
    _alive.add(task)
    task.add_done_callback(_alive.discard)
    return task
