"""One session's rim: the journey's commands meet two sockets, the clock and the ledger. Decides nothing.

Opening is a task that awaits. Then there is none: a chunk that arrives runs the journey in the same callback, and what it yields is
done at once. Only an intent that must be on disk, or a hold, leaves the journey waiting; what the client sends meanwhile is kept,
up to a limit, and the upstream's answers flow on.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from nightporter.config import Upstream
from nightporter.core.commands import AwaitApproval, Command, Consult, Count, Follow, Intend, PassOn, Steps
from nightporter.core.error import (
    ClosedError,
    EvidenceError,
    NightporterError,
    ProtocolError,
    Refusal,
    StoreError,
    TlsError,
    TurnedAwayError,
    UpstreamError,
)
from nightporter.core.journey import Journey, Opened, open_session
from nightporter.core.wire import Cancel, Curb, Entered, Peer, Ticket, Traffic
from nightporter.evidence.record import EventKind
from nightporter.policy.model import Approval, Hold, Obligations
from nightporter.statement.model import Reading

from .link import Link
from .opening import Opening
from .recorder import Recorder
from .task import spawn
from .usage import Row

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
        self._row: Row | None = None
        self._counting = False  # a statement was counted, whose intent is not recorded yet
        self._counted: set[str] = set()  # records of those that run
        self._approval: asyncio.Future[Approval] | None = None  # while a statement is held
        self._timer: asyncio.TimerHandle | None = None  # of a statement whose time is limited
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
                found = await opening.run(open_session(self.peer, self.entrypoint.adapter, self.worker.policies))
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
                if self._counted and outcome.ticket.number in self._counted:
                    self._counted.remove(outcome.ticket.number)
                    self._discount()
            self.worker.flush_soon()
        if traffic.to_upstream:
            upstream = self.upstream
            assert upstream is not None  # noqa: S101 - there is one as long as there is a journey
            for chunk in traffic.to_upstream:
                upstream.write(chunk)
        if traffic.to_client:
            client = self.client
            for chunk in traffic.to_client:
                if traffic.partial:
                    client.gather(chunk)
                else:
                    client.write(chunk)
        if traffic.finished:
            self._client_ended = True
        if traffic.curb is not None:
            self._curb(traffic.curb)

    def _curb(self, curb: Curb) -> None:
        """A limited statement: let its time run, or end it."""
        if curb.timer_s is not None:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(curb.timer_s, self._overtime) if curb.timer_s else None
        if curb.cancel:
            spawn(self._cut_off(), f"cut off {self.id}")

    def _overtime(self) -> None:
        self._timer = None
        if self._journey is not None and (self._journey.stalled or not self._client_ended):
            self._carry_on(self._journey.overtime)

    async def _cut_off(self) -> None:
        try:
            await self.worker.cut_off(self)
        finally:  # however it went: the session waits for this
            if self._journey is not None:
                self._carry_on(self._journey.canceled)

    def _carry_on(self, learn: Callable[[], Traffic]) -> None:
        """Tell the journey something that neither side said, and go on as after a word of the upstream's."""
        if self.closing:
            return
        try:
            self._pass_on(learn())
        except Exception as error:  # noqa: BLE001 - fail closed: both sides close
            self._fault(error)
            return
        if self._waiting is None and self._journey is not None:
            self._drive(self._journey.go_on())
            self._pump()

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
                        if self._counting:
                            self._counting = False
                            self._counted.add(reply.number)
                    except EvidenceError as failure:
                        if self._counting:
                            self._discount()
                        log.error("intent not recorded", session=self.id, error=str(failure))
                        command = steps.throw(failure)
                        continue
                    if command.request.reading.changes:
                        self._make_room(command.request.reading)
                    if self.recorder.must_wait(command):
                        self._wait(steps, reply)
                        return
                elif isinstance(command, Count):
                    reply = self._count(command.obligations)
                elif isinstance(command, Consult):
                    reply = None if command.anew else self.worker.catalog(self)
                    if reply is None:
                        self._waiting = steps
                        self._commit = spawn(self._until_consulted(steps), f"catalog {self.id}")
                        return
                elif isinstance(command, Follow):
                    self._waiting = steps
                    self._commit = spawn(self._until_followed(steps, command), f"labels {self.id}")
                    return
                elif isinstance(command, AwaitApproval):
                    self._await_approval(steps, command.hold)
                    return
                else:
                    raise TypeError(f"a journey does not ask for {type(command).__name__}")
                command = steps.send(reply)
        except StopIteration:
            return
        except ProtocolError as broken:
            self._broken(f"client: {broken}")
        except Exception as fault:  # noqa: BLE001 - fail closed: some of a statement may be upstream, both sides close
            self._fault(fault)

    # What the principal does in all its sessions

    def enroll(self, principal: str, limit: int | None) -> bool:
        """Count this session; False: it is one too many. Raises UsageError."""
        row = self.worker.usage.claim(principal, self.worker.now())
        if not row.session_opened(limit):
            self.worker.usage.release(row)
            return False
        self._row = row
        return True

    def _count(self, obligations: Obligations) -> str | None:
        row = self._row
        assert row is not None  # noqa: S101 - without it the session had not opened
        over = row.statement_begins(self.worker.now(), obligations.concurrent, obligations.per_minute)
        self._counting = over is None
        return over

    def _discount(self) -> None:
        self._counting = False
        if self._row is not None:
            self._row.statement_ended()

    def _withdraw_count(self) -> None:
        """The session is over, and with it all that it ran."""
        row = self._row
        if row is None:
            return
        for _ in range(len(self._counted) + self._counting):
            row.statement_ended()
        self._counted.clear()
        self._counting = False
        row.session_closed()
        self.worker.usage.release(row)
        self._row = None

    def _await_approval(self, steps: Steps[None], hold: Hold) -> None:
        self._waiting = steps
        self._approval = asyncio.get_running_loop().create_future()
        self._commit = spawn(self._until_approved(steps, self._approval, hold.wait_s), f"hold {self.id}")

    async def _until_approved(self, steps: Steps[None], approval: asyncio.Future[Approval], wait_s: float) -> None:
        await asyncio.wait([approval], timeout=wait_s)
        self._waiting = self._approval = None
        if self.closing:
            steps.close()  # what was held is recorded, and that the session ended
            return
        self._drive(steps, approval.result() if approval.done() else Approval.EXPIRED)
        self._pump()

    def withdraw(self) -> bool:
        """End the wait for an approval, if there is one: the client cancels what is held."""
        if self._approval is None or self._approval.done():
            return False
        self._approval.set_result(Approval.WITHDRAWN)
        return True

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
            if isinstance(reply, Ticket) and reply.number in self._counted:
                self._counted.remove(reply.number)
                self._discount()
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

    async def _until_followed(self, steps: Steps[None], command: Follow) -> None:
        """Labels that could not be kept do not hold: the statement does not run."""
        error: NightporterError | None = None
        try:
            assert self.found is not None  # noqa: S101 - there is an upstream as long as there is a journey
            await self.worker.hand_on(self.found, command.follows)
        except StoreError as failure:
            log.error("labels not kept", session=self.id, error=str(failure))
            error = EvidenceError(str(failure))
        self._waiting = None
        if self.closing:
            steps.close()
            return
        self._drive(steps, None, error)
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
        """The client will send no more; what it has sent is still answered, but nobody is asked to approve it any more."""
        self._client_ended = True
        self.withdraw()
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
        """Return once no statement waits for the disk, or the catalogue: a cancel must not overtake what it is to cancel.

        One that is held may come out of that.
        """
        while self._commit is not None and not self._commit.done() and self._approval is None:
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
        self.withdraw()
        if self._timer is not None:
            self._timer.cancel()
        if self.upstream is not None:
            self.upstream.close()
        self.client.close()
        self.worker.ended(self)
        self._withdraw_count()
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
