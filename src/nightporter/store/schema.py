"""The tables of the control state, for SQLite and PostgreSQL alike. No queries here.

A change to a table is a new file in `migrations/versions`, and `REVISION` names the newest.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

REVISION = "0002"
"""The newest migration: a store that has it is opened without loading Alembic."""

NAME_LENGTH = 63
"""As `identity.principal.NAME`."""

TEXT_LENGTH = 255
"""For what people write: labels, names in certificates, values of attributes."""


class Moment(TypeDecorator[datetime]):
    """An aware time, given back in UTC by every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite keeps no zone."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """From UTC where there is no zone, else to UTC from the session's."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


METADATA = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "fk": "%(table_name)s_%(column_0_name)s_fk",
        "uq": "%(table_name)s_%(column_0_name)s_uq",
        "ix": "%(table_name)s_%(column_0_name)s_ix",
        "ck": "%(table_name)s_%(constraint_name)s_ck",
    }
)

principal = Table(
    "principal",
    METADATA,
    Column("name", String(NAME_LENGTH), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("method", String(16), nullable=False),
    Column("verifier", Text),
    Column("certificate_name", String(TEXT_LENGTH)),
    Column("owner", String(NAME_LENGTH), ForeignKey("principal.name"), index=True),
    Column("attributes", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    # what a mistaken hand in the database must not do either
    CheckConstraint("kind <> 'agent' OR owner IS NOT NULL", name="agent_has_owner"),
    CheckConstraint("verifier IS NULL OR method = 'password'", name="verifier_is_for_password"),
)

principal_group = Table(
    "principal_group",
    METADATA,
    Column("principal", String(NAME_LENGTH), ForeignKey("principal.name"), primary_key=True),
    Column("name", String(NAME_LENGTH), primary_key=True),
)

token = Table(
    "token",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("principal", String(NAME_LENGTH), ForeignKey("principal.name"), nullable=False, index=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("actor", String(NAME_LENGTH)),
    Column("label", String(TEXT_LENGTH)),
    Column("created_by", String(TEXT_LENGTH)),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)

meta = Table(
    "meta",
    METADATA,
    Column("key", String(NAME_LENGTH), primary_key=True),
    Column("value", Text, nullable=False),
)

writer = Table(
    "writer",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("id", String(NAME_LENGTH), nullable=False, unique=True),
    Column("slot", String(TEXT_LENGTH), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
)

column_label = Table(
    "column_label",
    METADATA,
    Column("upstream", String(TEXT_LENGTH), primary_key=True),
    Column("schema", String(TEXT_LENGTH), primary_key=True),
    Column("relation", String(TEXT_LENGTH), primary_key=True),
    Column("column", String(TEXT_LENGTH), primary_key=True),
    Column("origin", String(16), primary_key=True),
    Column("label", String(NAME_LENGTH), primary_key=True),  # empty: it has none
    Column("confidence", Float, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("confirmed_by", String(TEXT_LENGTH)),
    Column("relation_oid", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("type", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
)

label_scan = Table(
    "label_scan",
    METADATA,
    Column("upstream", String(TEXT_LENGTH), primary_key=True),
    Column("schema", String(TEXT_LENGTH), primary_key=True),
    Column("relation", String(TEXT_LENGTH), primary_key=True),
    Column("shape", String(64), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("problem", String(TEXT_LENGTH)),
    Column("at", Moment, nullable=False),
)

label_version = Table(
    "label_version",
    METADATA,
    Column("upstream", String(TEXT_LENGTH), primary_key=True),
    Column("version", BigInteger, nullable=False),
)
