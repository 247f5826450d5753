"""Which settings a client may bring along when it connects.

Pure. Everything here can also be changed by SET once the session runs; a setting at start-up is merely not a statement, and so
passes a list instead of a policy. Must not say what becomes of a client that asks for more.
"""

from __future__ import annotations

from collections.abc import Mapping

OURS = "nightporter."
"""Settings by which the identity reaches the database; no client sets them, under any list."""
PURPOSE = "nightporter.purpose"
"""What the client says it is here for: the one of them that is the client's to say."""

RESERVED = frozenset({"user", "database", "options", "replication"})
"""Names that the StartupMessage gives a meaning of their own. Forwarded as a setting, they would change who we log in as."""

PROTOCOL_OPTION = "_pq_."
"""Prefix of options of the protocol, in the same list as the settings."""

DEFAULT_SETTINGS = frozenset(
    {
        # what clients set to understand the answers
        "application_name",
        "bytea_output",
        "client_encoding",
        "client_min_messages",
        "datestyle",
        "extra_float_digits",
        "intervalstyle",
        "timezone",
        "xmlbinary",
        # what people say of themselves
        PURPOSE,
        # what people set to be safe
        "default_transaction_deferrable",
        "default_transaction_isolation",
        "default_transaction_read_only",
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
        "lock_timeout",
        "statement_timeout",
        "transaction_timeout",
        # what people set to find their tables, and to be fast
        "geqo",
        "jit",
        "plan_cache_mode",
        "search_path",
        "work_mem",
    }
)
"""In lower case. What psql, libpq's environment, JDBC, npgsql, pgx, asyncpg, node-postgres and common PGOPTIONS send.

Not here on purpose: `role` and `session_authorization` (who one is), `session_replication_role` and `row_security` (which
rules hold), `standard_conforming_strings` (how text is read).
"""


def admit(parameters: Mapping[str, str], allowed: frozenset[str] | None) -> tuple[dict[str, str], tuple[str, ...]]:
    """Divide start-up settings into those that may go upstream and the names of those that may not.

    `allowed` is in lower case (names of settings are case-insensitive); None allows all but what is ours or reserved.
    """
    admitted: dict[str, str] = {}
    refused: list[str] = []
    for name, value in parameters.items():
        if is_free(name) and (allowed is None or name.lower() in allowed):
            admitted[name] = value
        else:
            refused.append(name)
    return admitted, tuple(refused)


def is_free(name: str) -> bool:
    """Whether a client may use the name for a setting under any list."""
    folded = name.lower()
    if folded == PURPOSE:
        return True
    return bool(name) and folded not in RESERVED and not folded.startswith((OURS, PROTOCOL_OPTION))
