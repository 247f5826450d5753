"""Answers what the journey asks while a session opens: talks with both peers, asks the store, logs in upstream. Rim.

Everything here may wait. An exception ends the attempt; `Session` says what the client is told.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, TypeVar

import structlog

from nightporter.core.commands import (
    Admit,
    Command,
    Enter,
    Find,
    Greet,
    LookUp,
    Mock,
    Prove,
    Steps,
    Verify,
    Welcome,
)
from nightporter.core.error import Refusal, TurnedAwayError
from nightporter.core.talk import Secured, Talk
from nightporter.core.wire import Cancel, Challenge, Entered, Hello, Place, Proof
from nightporter.evidence.record import EventKind
from nightporter.identity.authenticate import Refused, authenticate, refusal
from nightporter.identity.directory import Entry
from nightporter.identity.principal import Principal
from nightporter.identity.token import identifier_of
from nightporter.policy.model import Allow, Resource

from .dial import NONCE_BYTES, converse
from .link import Link
from .usage import UsageError

if TYPE_CHECKING:
    from .session import Session

R = TypeVar("R")
log = structlog.get_logger()


class Opening:
    """Opens one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._worker = session.worker
        self._adapter = session.entrypoint.adapter
        self._principal: Principal | None = None
        self._proof: dict[str, str] = {}

    async def run(self, steps: Steps[R]) -> R:
        """Carry out the journey's opening; gives what it returns."""
        reply: object = None
        error: Exception | None = None
        while True:
            try:
                command = steps.send(reply) if error is None else steps.throw(error)
            except StopIteration as done:
                result: R = done.value
                return result
            reply = error = None
            try:
                reply = await self._answer(command)
            except Exception as failure:  # noqa: BLE001 - thrown into the journey, which ends with it: the session does not start
                error = failure

    async def _answer(self, command: Command) -> object:
        match command:
            case Greet(peer):
                return await self._greet(self._adapter.greet(peer))
            case LookUp(name, peer):
                await self._worker.throttle_delay(name, peer.address)
                return await self._worker.in_thread(self._worker.directory.find, name)
            case Mock(name):
                return self._worker.mock(name)
            case Prove(hello, challenge):
                return await self._prove(hello, challenge)
            case Verify(hello, peer, entry, proof):
                return await self._verify(hello, entry, proof)
            case Find(hello, principal):
                return self._find(hello, principal)
            case Admit(place, allow):
                facts = self._session.facts
                self._enroll(allow)
                self._session.recorder = self._worker.recorder(facts)
                detail = {"policies": " ".join(allow.policies), "settings": " ".join(sorted(place.settings))}
                self._session.recorder.event(EventKind.SESSION_STARTED, {**detail, **self._proof})
                return None
            case Enter(_, hello, place):
                return await self._enter(hello, place)
            case Welcome():
                self._session.client.write(command.data)
                return None
            case _:
                raise TypeError(f"an opening does not ask for {type(command).__name__}")

    def _enroll(self, allow: Allow) -> None:
        """Count the session among those of its principal. Raises TurnedAwayError."""
        limit = allow.obligations.sessions
        try:
            counted = self._principal is not None and self._session.enroll(self._principal.name, limit)
        except UsageError as error:
            log.error("sessions cannot be counted", session=self._session.id, error=str(error))
            raise TurnedAwayError(Refusal("58000", "sessions cannot be counted at present"), f"usage: {error}") from error
        if not counted:
            words = f"no more than {limit} sessions of this principal may be open at once"
            raise TurnedAwayError(Refusal("53300", words), f"limit of sessions: {' '.join(allow.policies)}")

    # The client

    async def _greet(self, talk: Talk[Hello | Cancel]) -> Hello | Cancel:
        found = await self.talk(talk, self._session.client)
        if isinstance(found, Hello):
            self._session.facts["principal"] = found.principal
            if self._worker.is_full:
                raise TurnedAwayError(Refusal("53300", "sorry, too many clients already"), "too many connections")
        return found

    async def _prove(self, hello: Hello, challenge: Challenge) -> Proof:
        talk = self._adapter.prove(hello, challenge, lambda: secrets.token_bytes(NONCE_BYTES))
        return await self.talk(talk, self._session.client)

    async def _verify(self, hello: Hello, entry: Entry | None, proof: Proof) -> Principal:
        session, worker = self._session, self._worker
        token = None
        if proof.token is not None:
            token = await worker.in_thread(worker.directory.find_token, identifier_of(proof.token))
        answer = authenticate(entry, hello, proof, token, worker.now_utc())
        if isinstance(answer, Refused):
            worker.throttle_failure(hello.principal, session.peer.address)
            raise TurnedAwayError(refusal(hello.principal), f"authentication: {answer.reason}")
        worker.throttle_success(hello.principal, session.peer.address)
        principal = answer.principal
        session.facts.update(principal=principal.name, kind=str(principal.kind))
        if principal.actor:
            session.facts["actor"] = principal.actor
        if principal.owner:
            session.facts["owner"] = principal.owner
        if answer.token is not None:
            self._proof["token"] = answer.token
        self._principal = principal
        return principal

    # The upstream

    def _find(self, hello: Hello, principal: Principal) -> Place:
        session, worker = self._session, self._worker
        upstream = worker.config.resolve(hello.database)
        if upstream is None:
            words = f'database "{hello.database}" does not exist'
            raise TurnedAwayError(Refusal("3D000", words), f"no upstream `{hello.database}`")
        everything = upstream.settings == ("*",)
        settings, refused = self._adapter.admit(hello.parameters, None if everything else frozenset(upstream.settings))
        if refused:
            words = f"start-up setting `{refused[0]}` is not accepted here"
            raise TurnedAwayError(Refusal("42501", words), f"settings: {' '.join(refused)}")
        session.facts.update(environment=upstream.environment, upstream=upstream.name)
        resource = Resource(upstream.environment, upstream.name)
        secret = secrets.token_bytes(self._adapter.secret_size(hello))
        session.found = upstream
        key = worker.token_key(upstream.environment)
        return Place(upstream.name, resource, settings, worker.limits.max_statement_bytes, secret, follows=True, token_key=key)

    async def _enter(self, hello: Hello, place: Place) -> Entered:
        session, worker = self._session, self._worker
        upstream, principal = session.found, self._principal
        assert upstream is not None and principal is not None  # noqa: S101, PT018 - Find and Verify came first
        worker.follow(session)
        credentials = worker.config.credentials(session.entrypoint.listener, upstream)
        settings = self._adapter.introduce(principal, session.id, place.settings)
        link, entered = await worker.dialer.enter(self._adapter, upstream, credentials, settings, hello.version)
        session.upstream = link
        session.entered = entered
        worker.register(session, (entered.process_id, place.cancel_secret))
        return entered

    async def talk(self, talk: Talk[R], link: Link) -> R:
        """Run a conversation with the client."""
        return await converse(talk, link, self._secure)

    async def _secure(self, link: Link, pending: bytes) -> Secured:
        tls = self._session.entrypoint.tls
        if tls is None:
            raise TypeError("a conversation asked for TLS that the listener has not")
        return await link.secure(tls.context, server_side=True, pending=pending, own_certificate=tls.certificate)
