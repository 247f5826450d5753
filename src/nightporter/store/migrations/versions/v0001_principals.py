"""Principals, their groups and tokens; the ledger's writers; what a store keeps about itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "principal",
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("verifier", sa.Text()),
        sa.Column("certificate_name", sa.String(255)),
        sa.Column("owner", sa.String(63)),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("name", name="principal_pk"),
        sa.ForeignKeyConstraint(["owner"], ["principal.name"], name="principal_owner_fk"),
        sa.CheckConstraint("kind <> 'agent' OR owner IS NOT NULL", name=op.f("principal_agent_has_owner_ck")),
        sa.CheckConstraint("verifier IS NULL OR method = 'password'", name=op.f("principal_verifier_is_for_password_ck")),
    )
    op.create_index("principal_owner_ix", "principal", ["owner"])
    op.create_table(
        "principal_group",
        sa.Column("principal", sa.String(63), nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.PrimaryKeyConstraint("principal", "name", name="principal_group_pk"),
        sa.ForeignKeyConstraint(["principal"], ["principal.name"], name="principal_group_principal_fk"),
    )
    op.create_table(
        "token",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("principal", sa.String(63), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("actor", sa.String(63)),
        sa.Column("label", sa.String(255)),
        sa.Column("created_by", sa.String(255)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="token_pk"),
        sa.ForeignKeyConstraint(["principal"], ["principal.name"], name="token_principal_fk"),
    )
    op.create_index("token_principal_ix", "token", ["principal"])
    op.create_table(
        "meta",
        sa.Column("key", sa.String(63), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="meta_pk"),
    )
    op.create_table(
        "writer",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(63), nullable=False),
        sa.Column("slot", sa.String(255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="writer_pk"),
        sa.UniqueConstraint("id", name="writer_id_uq"),
    )
    op.create_index("writer_slot_ix", "writer", ["slot"])
