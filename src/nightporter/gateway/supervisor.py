"""The control process: opens the ports, starts the workers, keeps them running, passes on signals. Handles no client.

It has a log of its own in the ledger: what concerns the gateway as a whole (start, configuration, warnings, a worker that died),
and copies of the workers' checkpoints, so that one log vouches for the others.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import structlog

from nightporter.config import Config, Listener, Upstream, inspect, load
from nightporter.core.error import ConfigError, EvidenceError, NightporterError, UpstreamError
from nightporter.core.wire import Adapter
from nightporter.evidence.ledger import Ledger
from nightporter.evidence.record import EventKind
from nightporter.protocols.registry import ADAPTERS
from nightporter.store import Store, open_store

from .dial import Dialer
from .discovery import Discovery
from .rollout import Rollout
from .task import spawn
from .token_key import make_secret
from .usage import UsageError, renew, worker_died

log = structlog.get_logger()

CONTROL_SLOT = "control"
BACKLOG = 1024
RESTART_DELAY_S = 0.5
"""A worker that dies at once is not started again in a tight loop."""
TICK_S = 0.2
CHECKPOINT_S = 30.0
"""How often the workers' checkpoints are copied into our log, and ours is signed."""


def run(config: Config) -> int:
    """Run the gateway until SIGTERM or SIGINT; gives the exit status. Raises NightporterError if it cannot start."""
    return asyncio.run(Supervisor(config).run())


class Supervisor:
    """Owns the listening sockets and the workers."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._sockets: list[list[socket.socket]] = []  # by worker, in the order of the listeners
        self._workers: dict[int, subprocess.Popen[bytes]] = {}
        self._stopping = False
        self._copied: dict[str, str] = {}

    async def run(self) -> int:
        """Start, watch, stop."""
        spoken(self._config)
        store = open_store(self._config.store)
        ledger = open_ledger(self._config, store, CONTROL_SLOT)
        self._rollout = Rollout(self._config, ledger, lambda: [each.principal for each in store.list()], self._replace)
        try:
            make_secret(self._config.ledger.path)
            self._rollout.begin()
            self._listen()
            await self._survey(ledger)
            renew(self._config.run, self._config.workers)
            for index in range(self._config.workers):
                self._start(index)
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stop)
            loop.add_signal_handler(signal.SIGHUP, self._reload, ledger)
            self._announce()
            watching = spawn(self._rollout.watch(), "policies")
            discovering = spawn(Discovery(lambda: self._config, store.labels, ledger).run(), "discovery")
            try:
                return await self._watch(ledger)
            finally:
                watching.cancel()
                discovering.cancel()
                await asyncio.wait([discovering])  # it writes into the store and the ledger
        finally:
            self._end_workers()
            for path in self._socket_files():
                path.unlink(missing_ok=True)
            ledger.close()
            store.close()

    def _listen(self) -> None:
        for index in range(self._config.workers):
            row = []
            for place, listener in enumerate(self._config.listeners):
                first = self._sockets[0][place] if index else None
                row.append(_bound(listener, first, shared=self._config.workers > 1))
            self._sockets.append(row)

    def _start(self, index: int) -> None:
        fds = [s.fileno() for s in self._sockets[index]]
        arguments = [self._config.path, index, self._rollout.file, *fds]
        command = [sys.executable, "-m", "nightporter.gateway.process", *map(str, arguments)]
        # its own process group: Ctrl-C in a terminal reaches us, and we tell the workers to drain
        self._workers[index] = subprocess.Popen(command, pass_fds=fds, process_group=0)  # noqa: S603 - our own program
        self._rollout.started(index)

    def _replace(self, index: int) -> None:
        """End a worker at once, its sessions too; the watch starts another, unless we are stopping."""
        if index in self._workers:
            self._workers[index].kill()

    def _announce(self) -> None:
        for place, listener in enumerate(self._config.listeners):
            name = self._sockets[0][place].getsockname()
            shown = name if isinstance(name, str) else f"{name[0]}:{name[1]}"
            log.info("listening", address=shown, tls=listener.tls is not None, workers=self._config.workers)

    async def _survey(self, ledger: Ledger) -> None:
        """Look at the configuration, and try every upstream once: what is odd is said now, and is no reason not to start."""
        for warning in inspect.warnings(self._config):
            log.warning(warning)
            ledger.event(EventKind.WARNING, None, {"warning": warning})
        dialer = Dialer()
        entrances = [
            (upstream, listener)
            for name in self._config.upstreams
            if name != "*" and (upstream := self._config.resolve(name)) is not None
            for listener in self._config.listeners
        ]
        seen = set()
        for upstream, listener in entrances:
            credentials = self._config.credentials(listener, upstream)
            if (upstream.name, credentials.user) in seen:
                continue
            seen.add((upstream.name, credentials.user))
            for warning in await self._try(dialer, upstream, listener):
                log.warning(warning, upstream=upstream.name, user=credentials.user)
                ledger.event(EventKind.WARNING, None, {"upstream": upstream.name, "warning": warning})

    async def _try(self, dialer: Dialer, upstream: Upstream, listener: Listener) -> list[str]:
        adapter = ADAPTERS[upstream.protocol]
        warnings: list[str] = []
        try:
            credentials = self._config.credentials(listener, upstream)
            link, entered = await dialer.enter(adapter, upstream, credentials, {}, (3, 0))
        except UpstreamError as error:
            why = f"{error} ({error.diagnostic})" if error.diagnostic else str(error)
            return [f"not reachable now, will be tried at each connection: {why}"]
        link.close()
        warnings += adapter.warnings(entered)
        if not entered.secured and not upstream.address.local:
            warnings.append("the connection to this remote upstream is not encrypted")
        return warnings

    async def _watch(self, ledger: Ledger) -> int:
        deadline = float("inf")
        checkpoint_at = time.monotonic()
        while True:
            if time.monotonic() >= checkpoint_at:
                checkpoint_at = time.monotonic() + CHECKPOINT_S
                self._copy_checkpoints(ledger)
            for index, process in list(self._workers.items()):
                status = process.poll()
                if status is None:
                    continue
                del self._workers[index]
                self._rollout.ended(index)
                self._forget_usage(index)
                if not self._stopping:
                    log.error("worker died, starting another", worker=index, status=status)
                    ledger.event(EventKind.FAULT, None, {"worker": index, "status": status})
                    await asyncio.sleep(RESTART_DELAY_S)
                    self._start(index)
            if self._stopping:
                if deadline == float("inf"):
                    deadline = time.monotonic() + self._config.limits.drain_timeout_s + 5
                if not self._workers:
                    self._copy_checkpoints(ledger)
                    return 0
                if time.monotonic() > deadline:
                    log.error("workers did not end in time", workers=len(self._workers))
                    return 1
            await asyncio.sleep(TICK_S)

    def _copy_checkpoints(self, ledger: Ledger) -> None:
        try:
            for path in sorted(self._config.ledger.path.glob("*/checkpoint")):
                writer, note = path.parent.name, path.read_text()
                if writer != ledger.writer and self._copied.get(writer) != note:
                    ledger.event(EventKind.CHECKPOINT_OF, None, {"writer": writer, "note": note})
                    self._copied[writer] = note
            ledger.checkpoint()
        except (EvidenceError, OSError) as error:
            # workers keep their own checkpoints; copying is tried again
            log.error("checkpoints not copied", error=str(error))

    def _forget_usage(self, index: int) -> None:
        """What a dead worker's sessions were doing, they do no more."""
        try:
            worker_died(self._config.run, index, self._config.workers)
        except UsageError as error:
            log.error("usage of a dead worker not forgotten, its successor will", worker=index, error=str(error))

    def _reload(self, ledger: Ledger) -> None:
        """SIGHUP: check the file here; workers load it only if it is good. The policies are looked at anew in any case."""
        try:
            config = load(self._config.path, protocols=ADAPTERS)
        except ConfigError as error:
            log.error("configuration not reloaded, the old one stays in force", error=str(error))
            self._rollout.reload(self._config)
            return
        ledger.event(EventKind.CONFIGURATION, None, {"reloaded": "yes"})
        kept = self._config
        self._config = config
        self._rollout.reload(config)
        if config.workers != kept.workers or config.listeners != kept.listeners or config.ledger != kept.ledger:
            log.warning("changed listeners, workers or ledger take effect at the next start")
        for process in self._workers.values():
            process.send_signal(signal.SIGHUP)
        log.info("configuration reloaded")

    def _stop(self) -> None:
        if not self._stopping:
            log.info("stopping")
        self._stopping = True
        for process in self._workers.values():
            process.send_signal(signal.SIGTERM)

    def _end_workers(self) -> None:
        for process in self._workers.values():
            process.kill()
            process.wait()
        for row in self._sockets:
            for sock in row:
                sock.close()

    def _socket_files(self) -> list[Path]:
        listening = [Path(a.host) for listener in self._config.listeners if (a := listener.address).unix]
        return [*listening, *self._config.run.glob("worker-*.sock")]


def spoken(config: Config) -> Adapter:
    """The protocol of this gateway's listeners: that of the upstreams behind them. Raises ConfigError."""
    names = {upstream.protocol for upstream in config.upstreams.values()}
    if len(names) != 1:
        raise ConfigError(f"the upstreams speak `{', '.join(sorted(names))}`: one gateway speaks one protocol")
    return ADAPTERS[names.pop()]


def open_ledger(config: Config, store: Store, slot: str) -> Ledger:
    """The log of a process: the one that this slot wrote before, or a new one. Raises EvidenceError."""
    slot = f"{socket.gethostname()}/{slot}"  # several machines may share a store
    known = store.writer_of(slot)
    if known is not None and not (config.ledger.path / known).is_dir():
        known = None  # the ledger was moved away as a whole: an id is never used again
    ledger = Ledger.open(config.ledger.path, writer=known, random=secrets.token_bytes, now_us=lambda: time.time_ns() // 1000)
    if known is None:
        store.remember_writer(slot, ledger.writer)
    return ledger


def _bound(listener: Listener, first: socket.socket | None, *, shared: bool) -> socket.socket:
    """A listening socket. With several workers each has its own on the same port, and the system spreads connections."""
    address = listener.address
    try:
        if address.unix:
            if first is not None:
                return first.dup()
            Path(address.host).unlink(missing_ok=True)
            made = socket.socket(socket.AF_UNIX)
            made.bind(address.host)
        else:
            port = address.port if first is None else first.getsockname()[1]
            family, _, _, _, where = socket.getaddrinfo(address.host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
            made = socket.socket(family)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            made.bind(where)
        made.listen(BACKLOG)
        made.setblocking(False)
    except OSError as error:
        raise ListenError(f"cannot listen on `{address}`: {os.strerror(error.errno or 0)}") from error
    return made


class ListenError(NightporterError):
    """An address cannot be listened on."""
