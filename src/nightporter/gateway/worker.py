"""One worker process: accepts clients, owns their sessions, writes one log. Knows no protocol.

Workers share nothing but the listening ports and the store. What one needs of another (a CancelRequest may arrive anywhere) goes
over the control sockets.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import structlog

from nightporter.catalog.labels import Carried, entries_of
from nightporter.catalog.model import Snapshot
from nightporter.config import Config, Limits, Listener, Upstream
from nightporter.core.error import EvidenceError, ProtocolError, Refusal, TlsError, UpstreamError
from nightporter.core.wire import Adapter, Cancel, Challenge, Peer
from nightporter.evidence.group_commit import GroupCommit
from nightporter.evidence.ledger import Ledger
from nightporter.evidence.record import EventKind
from nightporter.identity.authenticate import mock_challenge
from nightporter.identity.throttle import Throttle
from nightporter.policy.in_force import InForce
from nightporter.policy.model import Value
from nightporter.protocols.registry import ADAPTERS
from nightporter.store import Store

from . import control
from .adopted import Adopted
from .bulletin import HUSH, Bulletin
from .catalogues import Catalogues
from .dial import Dialer, converse
from .link import Link
from .moment import moment
from .recorder import Book, Recorder
from .session import Session
from .task import spawn
from .tls import ServerTls
from .token_key import token_key
from .usage import Usage

R = TypeVar("R")
log = structlog.get_logger()

ACCEPT_AT_ONCE = 64
"""Connections taken from one listener before others get a turn."""
OVER_THE_CAP = 64
"""Connections beyond the cap that are still talked to, so that they get a proper error, or may cancel."""
SWEEP_S = 1.0
"""How often idle sessions are looked for and the clock for that is read."""
FLUSH_S = 0.02
"""Outcomes reach the file this long after they happened, if no intent takes them along."""
CHECKPOINT_S = 10.0
"""How often the log's head is signed while records come."""
CATALOG_TIMEOUT_S = 30.0
"""How long a statement waits for the catalogue of its upstream, which takes a second to be read whole."""
CATALOG_RETRY_S = 1.0
"""After it could not be read, statements do not wait for it again for so long."""
THREADS = 4
"""For the store: logins are few and short."""


@dataclass(frozen=True, slots=True)
class Entrypoint:
    """A listener, ready to accept."""

    listener: Listener
    adapter: Adapter
    tls: ServerTls | None
    socket: socket.socket


class Worker:
    """All that the sessions of this process share."""

    def __init__(self, config: Config, store: Store, ledger: Ledger, index: int, adopted: Adopted) -> None:
        self.config = config
        self._adopted = adopted
        self.policies = InForce(adopted.ruleset, self._moment)
        self.directory = store
        self.index = index
        self.dialer = Dialer()
        self.clock = time.monotonic()
        self.sessions: set[Session] = set()
        self._keys: dict[tuple[int, bytes], Session] = {}
        self._book = Book(ledger, GroupCommit(ledger), config.ledger.text == "full", config.ledger.durability == "disk")
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store")
        self._throttle = Throttle()
        self._mock_secret = store.mock_secret()
        self._flushing = False
        self._entrypoints: list[Entrypoint] = []
        self._control: asyncio.Server | None = None
        self._stopping = asyncio.Event()
        places = {name: (adapter, adapter.catalog) for name, adapter in ADAPTERS.items()}
        self.catalogues = Catalogues(
            self.dialer, places, lambda: self.config.catalog.max_age_s, store.labels, lambda: self._hush.post()
        )
        self._labels = store.labels
        self._unreadable: dict[str, float] = {}  # until when no statement waits for it again
        self.usage = Usage(config.run, index, config.workers)
        self._bulletin = Bulletin(config.run, index, config.workers)
        self._hush = Bulletin(config.run, index, config.workers, HUSH)
        self._token_keys: dict[str, bytes] = {}

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self.config.limits

    def token_key(self, environment: str) -> bytes:
        """Under which tokens for hidden values of an environment are made. Raises EvidenceError."""
        key = self._token_keys.get(environment)
        if key is None:
            self._token_keys[environment] = key = token_key(self.config.ledger.path, environment)
        return key

    # Life

    async def run(self, entrypoints: list[Entrypoint]) -> None:
        """Serve until `stop`; then let sessions finish, up to the drain time-out."""
        loop = asyncio.get_running_loop()
        self._entrypoints = entrypoints
        self._control = await control.serve(self.config.run, self.index, self._obey)
        for entrypoint in entrypoints:
            loop.add_reader(entrypoint.socket.fileno(), self._accept, entrypoint)
        spawn(self._sweep(), "sweep")
        spawn(self._checkpoints(), "checkpoints")
        await self._stopping.wait()
        for entrypoint in entrypoints:
            loop.remove_reader(entrypoint.socket.fileno())
            entrypoint.socket.close()
        await self._drain()
        self._control.close()
        await self.catalogues.close()
        await self._book.commit.close()
        self.usage.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def stop(self) -> None:
        """Accept no more and drain."""
        self._stopping.set()

    async def _drain(self) -> None:
        """Sessions may finish what they are doing; one that is idle outside a transaction is told to go at once."""
        deadline = time.monotonic() + self.limits.drain_timeout_s
        goodbye = Refusal("57P01", "terminating connection due to administrator command")
        while self.sessions and time.monotonic() < deadline:
            for session in list(self.sessions):
                if session.is_idle:
                    session.end(goodbye)
            if self.sessions:
                await asyncio.sleep(0.05)
        for session in list(self.sessions):
            session.end(goodbye)
        await asyncio.sleep(0)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self.clock = time.monotonic()
            idle_s = self.limits.idle_timeout_s
            if idle_s:
                for session in list(self.sessions):
                    if session.is_idle and self.clock - session.active_at > idle_s:
                        session.end(Refusal("57P05", "terminating connection due to idle-session timeout"))

    async def _checkpoints(self) -> None:
        while True:
            await asyncio.sleep(CHECKPOINT_S)
            if self._book.ledger.unsigned:
                try:
                    await self._book.commit.checkpoint()
                except EvidenceError as error:
                    # records are written all the same; the next checkpoint covers what this one did not
                    log.error("checkpoint not written", error=str(error))

    # Accepting

    def _accept(self, entrypoint: Entrypoint) -> None:
        for _ in range(ACCEPT_AT_ONCE):
            try:
                connection, address = entrypoint.socket.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                # out of file descriptors: those who wait stay in the backlog until some are free
                log.error("cannot accept", error=str(error))
                return
            connection.setblocking(False)
            spawn(self._welcome(entrypoint, connection, address), "accept")

    async def _welcome(self, entrypoint: Entrypoint, connection: socket.socket, address: object) -> None:
        try:
            _, link = await asyncio.get_running_loop().connect_accepted_socket(Link, connection)
        except OSError:
            connection.close()  # gone before it was here
            return
        if len(self.sessions) >= self._cap + OVER_THE_CAP:
            link.abort()
            return
        host = str(address[0]) if isinstance(address, tuple) else "local"
        port = int(address[1]) if isinstance(address, tuple) else None
        tls = entrypoint.tls
        required = tls is not None and tls.required
        peer = Peer(host, is_loopback(host), tls is not None, required, port, str(entrypoint.listener.address))
        session = Session(self, entrypoint, link, peer)
        self.sessions.add(session)
        session.start()

    @property
    def _cap(self) -> int:
        return max(1, -(-self.limits.max_connections // self.config.workers))

    @property
    def is_full(self) -> bool:
        """Whether a session that opens now is one too many; it is counted itself."""
        return len(self.sessions) > self._cap

    # Policies

    def _moment(self) -> Mapping[str, Value]:
        return moment(self.now_utc().astimezone(self.config.policies.zone))

    # What sessions use

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def now_utc(self) -> datetime:
        """The time of day."""
        return datetime.fromtimestamp(time.time(), UTC)

    async def in_thread(self, function: Callable[..., R], *arguments: object) -> R:
        """Run something that blocks (the store)."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: function(*arguments))

    # Catalogues

    def follow(self, session: Session) -> None:
        """Texts of this session will be looked up in the catalogue of its upstream: begin to read it."""
        if session.found is not None and not session.follows:
            session.follows = True
            self.catalogues.acquire(session.found)

    def catalog(self, session: Session) -> Snapshot | None:
        """The catalogue of a session's upstream, if the one that is known is fresh enough. Called for every statement."""
        if self._bulletin.news():
            for each in self.sessions:
                if each.found is not None:
                    self.catalogues.invalidate(each.found)
        return None if session.found is None else self.catalogues.current(session.found)

    async def fresh_catalog(self, session: Session) -> Snapshot | None:
        """The same as it is now; None if it cannot be had, for which what it was asked for is not understood."""
        upstream = session.found
        if upstream is None or self._unreadable.get(upstream.name, 0.0) > self.now():
            return None
        try:
            async with asyncio.timeout(CATALOG_TIMEOUT_S):
                return await self.catalogues.fresh(upstream)
        except (UpstreamError, TlsError, ProtocolError, TimeoutError, OSError) as error:
            log.warning("the catalogue cannot be read", session=session.id, upstream=upstream.name, error=str(error))
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - fail closed: what was asked for is not understood, the session goes on
            _log_fault(session, error)
        self._unreadable[upstream.name] = self.now() + CATALOG_RETRY_S
        return None

    def redefined(self, upstream: Upstream) -> None:
        """What others see of an upstream's catalogue may have changed: no worker relies on what it knew."""
        self._bulletin.post()
        self.catalogues.invalidate(upstream)

    async def hand_on(self, upstream: Upstream, changes: Iterable[Carried]) -> None:
        """Store the labels that a statement carries into other columns, before it goes upstream. Raises StoreError.

        No worker begins a statement with the labels of before once this has returned.
        """
        if await self.in_thread(self._labels.put, upstream.name, list(entries_of(changes))):
            self.redefined(upstream)

    def recorder(self, facts: dict[str, str]) -> Recorder:
        """A pen for a session of these facts."""
        return Recorder(self._book, facts)

    def flush_soon(self) -> None:
        """An outcome waits in memory: write it before long, if nothing else does."""
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_later(FLUSH_S, self._flush)

    def _flush(self) -> None:
        self._flushing = False
        try:
            self._book.ledger.flush()
        except EvidenceError as error:
            # outcomes stay pending; no statement runs before they are written
            log.error("outcomes not written", error=str(error))

    async def throttle_delay(self, name: str, address: str) -> None:
        """Make a client wait for what earlier failures have earned."""
        delay = self._throttle.delay_s(name, address, self.now())
        if delay > 0:
            await asyncio.sleep(delay)

    def throttle_failure(self, name: str, address: str) -> None:
        """A proof was not good."""
        self._throttle.failed(name, address, self.now())

    def throttle_success(self, name: str, address: str) -> None:
        """A proof was good."""
        self._throttle.succeeded(name, address)

    def mock(self, name: str) -> Challenge:
        """A challenge for a name that nobody has."""
        return mock_challenge(self._mock_secret, name)

    def register(self, session: Session, key: tuple[int, bytes]) -> None:
        """A session can be canceled from now on."""
        session.cancel_key = key
        self._keys[key] = session

    def ended(self, session: Session) -> None:
        """A session is over."""
        self.sessions.discard(session)
        if session.follows and session.found is not None:
            session.follows = False
            self.catalogues.release(session.found)
        if session.cancel_key is not None:
            self._keys.pop(session.cancel_key, None)

    # Cancel and control

    async def cancel(self, request: Cancel, peer: Peer) -> None:
        """A CancelRequest came in: it is ours, or another worker's, or nobody's; the client learns nothing either way.

        Returns when the upstream has dealt with it. The client may wait for that, so that its next statement is not hit.
        """
        key = (request.process_id, request.secret)
        if not await self._cancel_own(*key, peer.endpoint):
            message = {"verb": "cancel", "process_id": key[0], "secret": key[1].hex(), "client": peer.endpoint}
            await control.ask_others(self.config.run, self.index, message)

    async def _cancel_own(self, process_id: int, secret: bytes, address: str) -> bool:
        session = self._keys.get((process_id, secret))
        if session is None:
            return False
        try:
            session.recorder.event(EventKind.CANCEL, {"address": address})
        except EvidenceError as error:
            # a cancel stops work and changes nothing; refusing it for want of a record would help nobody
            log.error("cancel not recorded", session=session.id, error=str(error))
        if not session.withdraw():
            await self._cancel_upstream(session)
        return True

    async def _cancel_upstream(self, session: Session) -> None:
        """Pass a cancel on, over a connection of its own."""
        upstream = session.found
        if upstream is None:
            return
        try:
            async with asyncio.timeout(upstream.connect_timeout_s):
                await session.forwarded()
        except TimeoutError as error:
            log.warning("cancel did not reach the upstream", session=session.id, error=str(error))
            return
        if not session.withdraw():
            await self.cut_off(session)

    async def cut_off(self, session: Session) -> None:
        """Cancel whatever the upstream is at. Returns when it has dealt with that, or cannot be reached."""
        upstream, entered = session.found, session.entered
        if upstream is None or entered is None:
            return
        adapter = session.entrypoint.adapter
        try:
            async with asyncio.timeout(upstream.connect_timeout_s):
                link = await self.dialer.connect(adapter, upstream)
                try:
                    await converse(adapter.cancel(entered), link, self.dialer.securer(upstream))
                    link.finish()
                    await link.receive()  # the server closes when it has dealt with it
                finally:
                    link.close()
        except (UpstreamError, TlsError, TimeoutError, OSError) as error:
            log.warning("cancel did not reach the upstream", session=session.id, error=str(error))

    async def _obey(self, message: dict[str, object]) -> dict[str, object]:
        """A message over this worker's control socket."""
        match message:
            case {"verb": "cancel", "process_id": int(process_id), "secret": str(secret), "client": str(client)}:
                return {"done": await self._cancel_own(process_id, bytes.fromhex(secret), client)}
            case {"verb": "policies", "hash": str(wanted)}:
                return await self._adopted.adopt(wanted, self.in_thread, self.policies.replace)
            case {"verb": "upstreams"}:
                return {"upstreams": sorted(self.catalogues.used())}
            case {"verb": "sessions"}:
                return {"sessions": [s.describe() for s in self.sessions if s.cancel_key is not None]}
            case {"verb": "end", "session": str(wanted)}:
                return {"ended": self._end(lambda s: s.id == wanted)}
            case {"verb": "end", "principal": str(wanted)}:
                return {"ended": self._end(lambda s: s.facts.get("principal") == wanted)}
            case _:
                return {"error": "unknown message"}

    def _end(self, wanted: Callable[[Session], bool]) -> int:
        ending = [s for s in self.sessions if wanted(s)]
        for session in ending:
            session.end(Refusal("57P01", "terminating connection due to administrator command"))
        return len(ending)


def _log_fault(session: Session, error: Exception) -> None:
    log.error("fault", session=session.id, exc_info=error)


def is_loopback(host: str) -> bool:
    """Whether a peer's address never leaves this machine."""
    return host == "local" or host == "::1" or host.startswith(("127.", "::ffff:127."))
