"""What Alembic runs for every upgrade: on the connection and in the transaction that `store.migrate` holds."""

from __future__ import annotations

from alembic import context

from nightporter.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,  # on SQLite too: an upgrade happens whole or not at all
    render_as_batch=True,  # SQLite alters by copying
)
with context.begin_transaction():
    context.run_migrations()
