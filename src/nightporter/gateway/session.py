"""One session's rim: the journey's commands meet two sockets, the clock and the ledger. Decides nothing.

Opening is a task that awaits. Then there is none: a chunk that arrives runs the journey in the same callback, and what it yields is
done at once. Only an intent that must be on disk, or a hold, leaves the journey waiting; what the client sends meanwhile is kept,
up to a limit, and the upstream's answers flow on.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import TYPE_CHECKING

import structlog

from nightporter.config import Upstream
from nightporter.core.commands import AwaitApproval, Command, Consult, Intend, PassOn, Steps
from nightporter.core.error import (
    ClosedError,
    EvidenceError,
    NightporterError,
    ProtocolError,
    Refusal,
    TlsError,
    TurnedAwayError,
    UpstreamError,
)
from nightporter.core.journey import Journey, Opened, open_session
from nightporter.core.wire import Cancel, Entered, Peer, Traffic
from nightporter.evidence.record import EventKind
from nightporter.statement.model import Reading

from .link import Link
from .opening import Opening
from .recorder import Recorder
from .task import spawn

if TYPE_CHECKING:
    from .worker import Entrypoint, Worker

MAX_HELD = 256 * 1024
"""Bytes of a client that are kept while its statement waits; beyond them we stop reading."""
FATAL_FAULT = "58000"

log = structlog.get_logger()


WANT_A_DATABASE = frozenset({"create database", "alter database", "drop database"})
"""Kinds of statements that fail while anybody is connected to the database that they are about."""


class Session:
    """One authenticated client connection, or one that tries to become that."""

    def __init__(self, worker: Worker, entrypoint: Entrypoint, client: Link, peer: Peer) -> None:
        self.id = secrets.token_hex(8)
        self.worker = worker
        self.entrypoint = entrypoint
        self.client = client
        self.peer = peer
        self.upstream: Link | None = None
        self.entered: Entered | None = None
        self.facts: dict[str, str] = {"session": self.id, "address": peer.endpoint}
        self.recorder: Recorder = worker.recorder(self.facts)
        self.cancel_key: tuple[int, bytes] | None = None
        self.found: Upstream | None = None
        self.follows = False
        """The catalogue of `found` is kept for it."""
        self.since = worker.now_utc()
        self.active_at = worker.now()
        self.closing = False
        self._journey: Journey | None = None
        self._waiting: Steps[None] | None = None  # the journey, while what it asked for is not done
        self._commit: asyncio.Task[None] | None = None
        self._held: deque[bytes] = deque()
        self._held_size = 0
        self._client_ended = False
        self._crowded = False
        self._opening: asyncio.Task[None] | None = None

    # Opening

    def start(self) -> None:
        """Begin to talk with the client."""
        self.client.lost = self._client_lost
        self._opening = spawn(self._open(), f"session {self.id}")

    async def _open(self) -> None:
        """Every way to fail ends here: the client gets a fatal error, both sides close, nothing has run."""
        opening = Opening(self)
        try:
            async with asyncio.timeout(self.worker.limits.startup_timeout_s):
                found = await opening.run(open_session(self.peer, self.entrypoint.adapter))
            if isinstance(found, Cancel):
                # it goes on when the client does not wait for the end
                await asyncio.shield(spawn(self.worker.cancel(found, self.peer), f"cancel {self.id}"))
                self.close("cancel request")
                return
            self._go(found)
        except TurnedAwayError as error:
            self._turn_away(error.refusal, str(error))
        except ClosedError:
            self.close("gone while opening")
        except TlsError as error:
            log.info("no tls with a client", session=self.id, address=self.peer.address, error=str(error))
            self.close("no tls")
        except ProtocolError as error:
            self._turn_away(error.refusal or Refusal("08P01", str(error)), f"protocol: {error}")
        except UpstreamError as error:
            log.warning("upstream refused", session=self.id, error=str(error), diagnostic=error.diagnostic)
            self._turn_away(Refusal(error.sqlstate, str(error)), f"upstream: {error}")
        except EvidenceError as error:
            state = "53100" if error.disk_full else FATAL_FAULT
            log.error("evidence cannot be written", session=self.id, error=str(error))
            self._refuse(Refusal(state, "the session was not opened: its record could not be written"), "evidence")
        except TimeoutError:
            self._turn_away(Refusal("57014", "timeout while the session was opened"), "timeout")
        except (NightporterError, OSError) as error:
            self._fault(error)
        except Exception as error:  # noqa: BLE001 - fail closed: the session does not start
            self._fault(error)

    def _turn_away(self, refusal: Refusal, reason: str) -> None:
        """A client that said who it claims to be does not come in: recorded, whatever the reason."""
        if "principal" in self.facts and not self.closing:
            try:
                self.worker.recorder(self.facts).event(EventKind.REFUSED, {"reason": reason})
            except EvidenceError as error:
                # nobody comes in either way
                log.error("refusal not recorded", session=self.id, error=str(error))
        self._refuse(refusal, reason)

    def _go(self, opened: Opened) -> None:
        """From here on chunks are dealt with as they come."""
        if self.closing or self.upstream is None or not self.client.is_open:
            self.close("gone while opening")
            return
        self._journey = opened.journey
        client, upstream = self.client, self.upstream
        client.crowded = upstream.pause
        upstream.crowded = self._upstream_crowded
        client.ended = self._client_at_end
        upstream.ended = self._upstream_at_end
        upstream.lost = self._upstream_at_end
        self._upstream_data(opened.upstream_rest)
        upstream.take_over(self._upstream_data)
        client.take_over(self._client_data, opened.client_rest)

    # Bytes

    def _client_data(self, data: bytes) -> None:
        self.active_at = self.worker.clock
        journey = self._journey
        assert journey is not None  # noqa: S101 - set before the first byte
        if self._waiting is not None or self._held or journey.stalled:
            self._hold(data)
            return
        self._drive(journey.from_client(data))

    def _upstream_data(self, data: bytes) -> None:
        journey = self._journey
        assert journey is not None  # noqa: S101 - set before the first byte
        if self.closing:
            return
        try:
            self._pass_on(journey.from_upstream(data))
        except ProtocolError as error:
            self._broken(f"upstream: {error}")
            return
        except Exception as error:  # noqa: BLE001 - fail closed: both sides close
            self._fault(error)
            return
        if self._waiting is None and not self.closing:
            stalled = journey.stalled
            if stalled:
                self._drive(journey.go_on())
            if self._held or (stalled and self._client_ended):
                self._pump()

    def _pass_on(self, traffic: Traffic) -> None:
        """Record and send what the journey has ready. Raises EvidenceError only when nothing can ever be recorded again."""
        if traffic.redefined and self.found is not None:
            # before anybody can hear that it is done: whoever asks from now on is told of the new catalogue
            self.worker.redefined(self.found)
        if traffic.outcomes:
            for outcome in traffic.outcomes:
                self.recorder.outcome(outcome)
            self.worker.flush_soon()
        if traffic.to_upstream:
            upstream = self.upstream
            assert upstream is not None  # noqa: S101 - there is one as long as there is a journey
            for chunk in traffic.to_upstream:
                upstream.write(chunk)
        if traffic.to_client:
            client = self.client
            for chunk in traffic.to_client:
                client.write(chunk)
        if traffic.finished:
            self._client_ended = True

    def _drive(self, steps: Steps[None], reply: object = None, error: NightporterError | None = None) -> None:
        """Carry out what the journey asks for, until it is done or must wait."""
        try:
            command: Command = steps.send(reply) if error is None else steps.throw(error)
            while True:
                reply = None
                if isinstance(command, PassOn):
                    self._pass_on(command.traffic)
                elif isinstance(command, Intend):
                    try:
                        reply = self.recorder.intent(command)
                    except EvidenceError as failure:
                        log.error("intent not recorded", session=self.id, error=str(failure))
                        command = steps.throw(failure)
                        continue
                    if command.request.reading.changes:
                        self._make_room(command.request.reading)
                    if self.recorder.must_wait(command):
                        self._wait(steps, reply)
                        return
                elif isinstance(command, Consult):
                    reply = None if command.anew else self.worker.catalog(self)
                    if reply is None:
                        self._waiting = steps
                        self._commit = spawn(self._until_consulted(steps), f"catalog {self.id}")
                        return
                elif isinstance(command, AwaitApproval):
                    reply = False  # nobody can be asked yet: a hold is answered like a denial
                else:
                    raise TypeError(f"a journey does not ask for {type(command).__name__}")
                command = steps.send(reply)
        except StopIteration:
            return
        except ProtocolError as broken:
            self._broken(f"client: {broken}")
        except Exception as fault:  # noqa: BLE001 - fail closed: some of a statement may be upstream, both sides close
            self._fault(fault)

    def _make_room(self, reading: Reading) -> None:
        """A statement that wants a whole database for itself is not to find our own connection in the way."""
        if self.found is not None and any(statement.kind in WANT_A_DATABASE for statement in reading.statements):
            self.worker.catalogues.step_aside(self.found)

    def _wait(self, steps: Steps[None], reply: object) -> None:
        self._waiting = steps
        self._commit = spawn(self._until_on_disk(steps, reply), f"commit {self.id}")

    async def _until_on_disk(self, steps: Steps[None], reply: object) -> None:
        failure: EvidenceError | None = None
        try:
            await self.recorder.on_disk()
        except EvidenceError as error:
            failure = error  # the statement is denied: not a byte of it has gone upstream
        self._waiting = None
        if self.closing:
            steps.close()
            return
        self._drive(steps, reply, failure)
        self._pump()

    async def _until_consulted(self, steps: Steps[None]) -> None:
        snapshot = await self.worker.fresh_catalog(self)
        self._waiting = None
        if self.closing:
            steps.close()
            return
        self._drive(steps, snapshot)
        self._pump()

    def _hold(self, data: bytes) -> None:
        self._held.append(data)
        self._held_size += len(data)
        if self._held_size > MAX_HELD:
            self.client.pause(True)

    def _pump(self) -> None:
        """Go on with what the client sent while its statement waited."""
        journey = self._journey
        while self._held and self._waiting is None and journey is not None and not journey.stalled and not self.closing:
            data = self._held.popleft()
            self._held_size -= len(data)
            self._drive(journey.from_client(data))
        if not self._crowded and self._held_size <= MAX_HELD:
            self.client.pause(False)
        if self._client_ended:
            self._client_at_end()

    def _upstream_crowded(self, crowded: bool) -> None:
        self._crowded = crowded
        if crowded or self._held_size <= MAX_HELD:
            self.client.pause(crowded)

    # Ends

    def _client_at_end(self) -> None:
        """The client will send no more; what it has sent is still answered."""
        self._client_ended = True
        stalled = self._journey is not None and self._journey.stalled
        if self.upstream is not None and self._waiting is None and not self._held and not stalled:
            self.upstream.finish()

    def _client_lost(self) -> None:
        if self._opening is not None and self._journey is None:
            self._opening.cancel()
        self.close("client gone")

    def _upstream_at_end(self) -> None:
        self.close("upstream closed" if not self._client_ended else "client closed")

    @property
    def is_idle(self) -> bool:
        """Whether it waits for its client, outside a transaction, with nothing under way."""
        journey = self._journey
        return journey is not None and self._waiting is None and not self._held and journey.is_idle

    def describe(self) -> dict[str, object]:
        """For operators; no secret is in it."""
        return {**self.facts, "since": self.since.isoformat(), "idle": self.is_idle}

    async def forwarded(self) -> None:
        """Return once no statement waits for the disk, or the catalogue: a cancel must not overtake what it is to cancel."""
        while self._commit is not None and not self._commit.done():
            await asyncio.wait([self._commit])

    def end(self, refusal: Refusal) -> None:
        """An operator, a time-out or a shutdown ends it."""
        self._refuse(refusal, refusal.message)

    def _broken(self, reason: str) -> None:
        """One side broke the protocol: nothing is certain any more, so both sides close."""
        log.warning("protocol error", session=self.id, error=reason)
        self._refuse(Refusal("08P01", f"protocol error: {reason}"), reason)

    def _fault(self, error: BaseException) -> None:
        reference = secrets.token_hex(4)
        log.error("fault", session=self.id, reference=reference, exc_info=error)
        self._refuse(Refusal(FATAL_FAULT, f"internal error, reference {reference}"), f"fault {reference}")

    def _refuse(self, refusal: Refusal, reason: str) -> None:
        if self.closing:
            return
        if self.client.is_open:
            self.client.write(self.entrypoint.adapter.refuse(refusal))
        self.close(reason)

    def close(self, reason: str) -> None:
        """Close both sides and write the last records. Does nothing the second time."""
        if self.closing:
            return
        self.closing = True
        if self.upstream is not None:
            self.upstream.close()
        self.client.close()
        self.worker.ended(self)
        journey, self._journey = self._journey, None
        detail: dict[str, str | int] = {"reason": reason}
        try:
            if journey is not None:
                if journey.redefines and self.found is not None:
                    self.worker.redefined(self.found)  # it may have been done before the end came
                outcomes, left_open = journey.end()
                for outcome in outcomes:
                    self.recorder.outcome(outcome)
                if left_open is not None:  # the database rolls back what its client did not commit
                    detail |= {"transaction": left_open, "transaction_end": "rolled_back"}
            if "upstream" in self.facts:
                self.recorder.event(EventKind.SESSION_ENDED, detail)
        except EvidenceError as error:
            # the session is over either way; its intents are recorded and stand without an outcome
            log.error("end of session not recorded", session=self.id, error=str(error))
