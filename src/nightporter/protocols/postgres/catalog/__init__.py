"""What a PostgreSQL database's own catalogue says: asked for in SQL, made into a Snapshot. Pure."""
