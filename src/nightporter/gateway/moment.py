"""The moment, as policies speak of it. Pure: the time is an argument."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from nightporter.policy.model import Value

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def moment(now: datetime) -> Mapping[str, Value]:
    """The facts of the clock at an instant, in the time zone that it is given in."""
    return {"hour": now.hour, "minute": now.minute, "weekday": WEEKDAYS[now.weekday()], "date": now.date().isoformat()}
