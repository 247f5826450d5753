"""A worker's process: `python -m nightporter.gateway.process CONFIG INDEX POLICIES FD...`, started by the supervisor only."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import structlog

from nightporter.config import Config, load
from nightporter.core.error import ConfigError, NightporterError
from nightporter.protocols.registry import ADAPTERS
from nightporter.store import open_store

from .adopted import Adopted
from .logging import configure
from .supervisor import open_ledger, spoken
from .tls import server_tls
from .worker import Entrypoint, Worker

log = structlog.get_logger()
PARENT_CHECK_S = 2.0
GC_THRESHOLD = (20_000, 20, 50)
"""A statement makes some twenty objects and no cycle: the default, a pass every 700, would look at them for nothing."""


def main(path: Path, index: int, policies: Path, fds: list[int]) -> None:
    """Run one worker until it is told to stop. `policies`: where the set in force is kept."""
    configure()
    config = load(path, protocols=ADAPTERS)
    try:
        adopted = Adopted(policies)
    except NightporterError as error:  # nothing could be decided: no worker
        log.error("policies not taken over", hash=policies.stem, error=str(error))
        sys.exit(1)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(config, index, adopted, fds))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # another platform: the standard loop does the same, slower
        return None
    return uvloop.new_event_loop


async def _serve(config: Config, index: int, policies: Adopted, fds: list[int]) -> None:
    store = open_store(config.store)
    ledger = open_ledger(config, store, f"worker-{index}")
    worker = Worker(config, store, ledger, index, policies)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    loop.add_signal_handler(signal.SIGHUP, _reload, worker)
    parent = os.getppid()

    def watch_parent() -> None:
        """Without the supervisor nobody could stop us: drain and go."""
        if os.getppid() != parent:
            worker.stop()
        else:
            loop.call_later(PARENT_CHECK_S, watch_parent)

    watch_parent()
    # what is alive now stays: the collector need not look at it again and again
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    try:
        await worker.run(entrypoints(config, fds))
    finally:
        ledger.close()
        store.close()


def entrypoints(config: Config, fds: list[int]) -> list[Entrypoint]:
    """The listeners of the configuration with the sockets that the supervisor opened for them, in the same order."""
    made = []
    for listener, fd in zip(config.listeners, fds, strict=True):
        adapter = spoken(config)
        tls = None
        if listener.tls is not None:
            files = listener.tls
            tls = server_tls(files.certificate, files.key, files.client_ca, adapter.alpn, required=files.required)
        made.append(Entrypoint(listener, adapter, tls, socket.socket(fileno=fd)))
    return made


def _reload(worker: Worker) -> None:
    try:
        worker.config = load(worker.config.path, protocols=ADAPTERS)
    except ConfigError as error:
        # the supervisor found it good a moment ago: it changed again, and the next SIGHUP will tell
        log.error("configuration not reloaded, the old one stays in force", error=str(error))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), [int(fd) for fd in sys.argv[4:]])
