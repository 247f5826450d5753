"""The control state: principals, their tokens, the ledger's writers. The directory that sessions ask, and what administrators do.

Labels of columns are in labels.py. Every method is one short transaction. Whatever goes wrong is a StoreError, and then nothing has
changed; who asks in order to let somebody in must take it as a no.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from nightporter.core.error import StoreError
from nightporter.identity.directory import Entry
from nightporter.identity.principal import NAME, Kind, Method
from nightporter.identity.scram import is_verifier
from nightporter.identity.token import NO_ID, TOKEN_BYTES, Token, is_identifier, mint
from nightporter.secret import Secret

from . import schema
from .database import Database
from .labels import KeptLabels
from .row import Listed, check_attributes, check_groups, check_name, check_text, entry_of, listed_of, token_of

_owner = schema.principal.alias("owner_row")


class Store:
    """Thread-safe: methods may be called from a pool of threads. A forked process opens its own."""

    def __init__(
        self, database: Database, mock_secret: bytes, clock: Callable[[], datetime], random: Callable[[int], bytes]
    ) -> None:
        """Not called directly: `open_store` makes the database current first."""
        self._database = database
        self._mock_secret = mock_secret
        self._clock = clock
        self._random = random
        self.labels = KeptLabels(database, clock)
        """Those of the upstreams' columns."""

    def close(self) -> None:
        """Close all connections to the database."""
        self._database.close()

    # Directory

    def find(self, name: str) -> Entry | None:
        """See `Directory`. One query, for names that exist and for names that do not."""
        if not NAME.fullmatch(name):
            return None  # not even asked: it may contain what a database does not take
        with self._database.read() as connection:
            rows = connection.execute(_BY_NAME, {"wanted": name}).mappings().all()
        return entry_of(_dicts(rows)) if rows else None

    def find_token(self, identifier: str) -> Token | None:
        """See `Directory`."""
        looked_up = identifier if is_identifier(identifier) else NO_ID  # what is no id costs the same query
        with self._database.read() as connection:
            row = connection.execute(select(schema.token).where(schema.token.c.id == looked_up)).mappings().one_or_none()
        return None if row is None else token_of(_dict(row))

    def mock_secret(self) -> bytes:
        """See `Directory`."""
        return self._mock_secret

    # Principals

    def add_principal(
        self,
        name: str,
        kind: Kind,
        method: Method,
        *,
        groups: Collection[str] = (),
        owner: str | None = None,
        attributes: Mapping[str, str] | None = None,
        verifier: str | None = None,
        certificate_name: str | None = None,
    ) -> None:
        """Add one. An agent needs an owner, a service may have one, a human has none; an owner is a human who exists."""
        check_name("principal", name)
        check_groups(groups)
        check_attributes(attributes or {})
        check_text("certificate name", certificate_name)
        if verifier is not None:
            _check_verifier(name, method, verifier)
        if certificate_name is not None and method is not Method.CERTIFICATE:
            raise StoreError(f"a certificate name goes with the method `{Method.CERTIFICATE}`, not `{method}`")
        with self._database.write() as connection:
            _check_owner(connection, name, kind, owner)
            try:
                connection.execute(
                    insert(schema.principal).values(
                        name=name,
                        kind=str(kind),
                        method=str(method),
                        verifier=verifier,
                        certificate_name=certificate_name,
                        owner=owner,
                        attributes=dict(attributes or {}),
                        created_at=self._clock(),
                    )
                )
            except IntegrityError:
                raise StoreError(f"principal `{name}` already exists") from None
            rows = [{"principal": name, "name": group} for group in sorted(set(groups))]
            if rows:
                connection.execute(insert(schema.principal_group), rows)

    def set_password(self, name: str, verifier: str) -> None:
        """Keep a new verifier, made by `identity.scram.make_verifier`. The old password is worth nothing from then on."""
        with self._database.write() as connection:
            _check_verifier(name, _existing(connection, name).method, verifier)
            connection.execute(update(schema.principal).where(schema.principal.c.name == name).values(verifier=verifier))

    def list(self) -> tuple[Listed, ...]:
        """All principals, by name."""
        with self._database.read() as connection:
            rows = connection.execute(_principals()).mappings().all()
        by_name = groupby(_dicts(rows), key=lambda row: str(row["name"]))
        return tuple(sorted((listed_of(group) for _, group in by_name), key=lambda listed: listed.principal.name))

    def disable(self, name: str) -> None:
        """From now on it may not come in, nor may those it owns. Sessions that are open are not ended here."""
        with self._database.write() as connection:
            if _existing(connection, name).disabled_at is None:
                _set_disabled(connection, name, self._clock())

    def enable(self, name: str) -> None:
        """It may come in again, unless its owner is disabled."""
        with self._database.write() as connection:
            _existing(connection, name)
            _set_disabled(connection, name, None)

    # Tokens

    def issue_token(
        self,
        principal: str,
        expires_at: datetime,
        *,
        actor: str | None = None,
        label: str | None = None,
        created_by: str | None = None,
    ) -> tuple[Token, Secret]:
        """A new token: what is kept of it, and the token itself, which cannot be had again. `expires_at` is aware."""
        if actor is not None:
            check_name("actor", actor)
        check_text("label", label)
        check_text("creator", created_by)
        now = self._clock()
        if expires_at <= now:
            raise StoreError(f"a token cannot end in the past, at `{expires_at.isoformat()}`")
        identifier, digest, secret = mint(self._random(TOKEN_BYTES))
        token = Token(identifier, principal, digest, now, expires_at, actor=actor, label=label, created_by=created_by)
        with self._database.write() as connection:
            row = _existing(connection, principal)
            if row.method != Method.TOKEN:
                raise StoreError(f"principal `{principal}` proves itself by `{row.method}`, not by a token")
            connection.execute(
                insert(schema.token).values(
                    id=identifier,
                    principal=principal,
                    digest=digest,
                    actor=actor,
                    label=label,
                    created_by=created_by,
                    created_at=now,
                    expires_at=expires_at,
                )
            )
        return token, secret

    def revoke_token(self, identifier: str) -> Token:
        """Take a token back; to do it twice changes nothing. Returns it, revoked."""
        if not is_identifier(identifier):
            raise StoreError("no such token: an id is the 16 characters after `npt_`")  # not quoted: it may be a whole token
        with self._database.write() as connection:
            own = schema.token.c.id == identifier
            connection.execute(
                update(schema.token).where(own, schema.token.c.revoked_at.is_(None)).values(revoked_at=self._clock())
            )
            row = connection.execute(select(schema.token).where(own)).mappings().one_or_none()
        if row is None:
            raise StoreError(f"no such token `{identifier}`")
        return token_of(_dict(row))

    def list_tokens(self, principal: str | None = None) -> tuple[Token, ...]:
        """All tokens, or those of one principal, by principal and age; revoked and expired ones too."""
        query = select(schema.token)
        with self._database.read() as connection:
            if principal is not None:
                _existing(connection, principal)
                query = query.where(schema.token.c.principal == principal)
            rows = connection.execute(query).mappings().all()
        tokens = (token_of(_dict(row)) for row in rows)
        return tuple(sorted(tokens, key=lambda token: (token.principal, token.created_at, token.identifier)))

    # Writers of the ledger

    def writer_of(self, slot: str) -> str | None:
        """The writer that a slot such as `worker-0` had last, to be used again. Slots of several machines need their own names."""
        query = select(schema.writer.c.id).where(schema.writer.c.slot == slot).order_by(schema.writer.c.number.desc()).limit(1)
        with self._database.read() as connection:
            found: str | None = connection.scalar(query)
        return found

    def remember_writer(self, slot: str, writer: str) -> None:
        """From now on the slot has this writer. An id is never used for a second one, not even after its slot has another."""
        check_text("slot", slot)
        check_name("writer", writer)
        with self._database.write() as connection:
            try:
                connection.execute(insert(schema.writer).values(id=writer, slot=slot, created_at=self._clock()))
            except IntegrityError:
                raise StoreError(f"writer `{writer}` was used before") from None


def _principals() -> Select[Any]:
    """Principals with their owner's state: a row for each group, or one with none."""
    principal, group = schema.principal, schema.principal_group
    joined = principal.outerjoin(_owner, _owner.c.name == principal.c.owner).outerjoin(group, group.c.principal == principal.c.name)
    columns = (principal, _owner.c.disabled_at.label("owner_disabled_at"), group.c.name.label("group"))
    return select(*columns).select_from(joined).order_by(principal.c.name)


_BY_NAME = _principals().where(schema.principal.c.name == bindparam("wanted"))
"""Built once: every login asks for it."""


def _existing(connection: Connection, name: str) -> Any:
    columns = (schema.principal.c.kind, schema.principal.c.method, schema.principal.c.disabled_at)
    check_name("principal", name)
    row = connection.execute(select(*columns).where(schema.principal.c.name == name)).one_or_none()
    if row is None:
        raise StoreError(f"no such principal `{name}`")
    return row


def _set_disabled(connection: Connection, name: str, at: datetime | None) -> None:
    connection.execute(update(schema.principal).where(schema.principal.c.name == name).values(disabled_at=at))


def _check_owner(connection: Connection, name: str, kind: Kind, owner: str | None) -> None:
    if owner is None:
        if kind is Kind.AGENT:
            raise StoreError(f"agent `{name}` needs an owner, the human who answers for it")
        return
    if kind is Kind.HUMAN:
        raise StoreError(f"human `{name}` cannot have an owner")
    owner_kind = _existing(connection, owner).kind
    if owner_kind != Kind.HUMAN:
        raise StoreError(f"owner `{owner}` of `{name}` is no human but of the kind `{owner_kind}`")


def _check_verifier(name: str, method: str, verifier: str) -> None:
    if method != Method.PASSWORD:
        raise StoreError(f"principal `{name}` proves itself by `{method}`, not by a password")
    if not is_verifier(verifier):
        raise StoreError(f"the verifier for `{name}` is not one that nightporter makes")  # not quoted: it may be a password


def _dict(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in row.items()}


def _dicts(rows: Iterable[Mapping[Any, Any]]) -> Iterable[Mapping[str, Any]]:
    return map(_dict, rows)
