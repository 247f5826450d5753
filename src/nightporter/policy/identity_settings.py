"""The settings that carry a session's identity to the database. Pure.

They are ours to set, whatever policies say: they stand behind every record of the database's own.
"""

from __future__ import annotations

from collections.abc import Mapping

from nightporter.statement.model import Naming, Setting, Statement

from .model import Deny

OURS = "nightporter."
"""Settings that carry the identity; nobody may change them."""
PURPOSE = "nightporter.purpose"
"""The one of them that is the client's: what it says it is here for."""
GUARD = ("builtin.identity-settings",)
MAX_PURPOSE = 200
"""Characters: a ticket and a sentence."""
_TOO_LONG = Deny(GUARD, f"a purpose must be a constant of at most {MAX_PURPOSE} characters", f"SET {PURPOSE} = '...'")


def purpose_at_start(settings: Mapping[str, str]) -> str:
    """What the client said when it connected; empty: nothing."""
    return next((value for name, value in settings.items() if name.lower() == PURPOSE), "")


def purpose_of(statement: Statement, at_start: str) -> str | None:
    """What the session is for from this statement on, as it says; None: it says nothing of that."""
    found: str | None = None
    for setting in statement.settings:
        if setting.reset and setting.name in (PURPOSE, "all"):
            found = at_start
        elif setting.name == PURPOSE and not setting.stored:
            found = setting.value or ""
    return at_start if any(each.naming is Naming.DISCARD for each in statement.names) else found


def guard_start(settings: Mapping[str, str]) -> Deny | None:
    """Why a session may not begin with these settings; None: it may. What else is ours is refused before it gets here."""
    return _TOO_LONG if len(purpose_at_start(settings)) > MAX_PURPOSE else None


def guard(statement: Statement) -> Deny | None:
    """Why a statement may not change what it changes; None: it may."""
    for setting in statement.settings:
        denial = _guard(setting)
        if denial is not None:
            return denial
    return None


def _guard(setting: Setting) -> Deny | None:
    if setting.reset:
        return None  # what it had at start-up is ours
    if setting.name is None:
        if setting.parameter is not None:
            return None  # decided again when the parameter has a value
        return Deny(
            GUARD,
            "the name of a setting must be a literal or a bound parameter, so that it can be checked",
            "write set_config('name', ...) with the name in quotes",
        )
    if setting.name == PURPOSE:
        if setting.value is None or len(setting.value) > MAX_PURPOSE:
            return _TOO_LONG
        return None
    if setting.name.startswith(OURS):
        return Deny(GUARD, f"setting `{setting.name}` carries the identity of this session and cannot be changed")
    if setting.name == "application_name" and not setting.direct:
        return Deny(
            GUARD,
            "application_name can only be changed by SET application_name = 'constant'",
            "SET application_name = '...'",
        )
    return None
