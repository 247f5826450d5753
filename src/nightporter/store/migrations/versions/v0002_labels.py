"""Labels of the upstreams' columns, when their values were looked at, and a counter that says when something has changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "column_label",
        sa.Column("upstream", sa.String(255), nullable=False),
        sa.Column("schema", sa.String(255), nullable=False),
        sa.Column("relation", sa.String(255), nullable=False),
        sa.Column("column", sa.String(255), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("label", sa.String(63), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("confirmed_by", sa.String(255)),
        sa.Column("relation_oid", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("type", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("upstream", "schema", "relation", "column", "origin", "label", name="column_label_pk"),
    )
    op.create_table(
        "label_scan",
        sa.Column("upstream", sa.String(255), nullable=False),
        sa.Column("schema", sa.String(255), nullable=False),
        sa.Column("relation", sa.String(255), nullable=False),
        sa.Column("shape", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(255)),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("upstream", "schema", "relation", name="label_scan_pk"),
    )
    op.create_table(
        "label_version",
        sa.Column("upstream", sa.String(255), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("upstream", name="label_version_pk"),
    )
