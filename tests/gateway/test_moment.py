"""The moment as policies speak of it, in their time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from nightporter.gateway.moment import moment
from nightporter.policy.in_force import CLOCK
from nightporter.policy.question import NEUTRAL


@pytest.mark.parametrize(
    ("zone", "facts"),
    [
        (UTC, {"hour": 22, "minute": 30, "weekday": "saturday", "date": "2026-10-24"}),
        (ZoneInfo("Europe/Berlin"), {"hour": 0, "minute": 30, "weekday": "sunday", "date": "2026-10-25"}),
        (ZoneInfo("Asia/Kathmandu"), {"hour": 4, "minute": 15, "weekday": "sunday", "date": "2026-10-25"}),
    ],
)
def test_the_moment_in_a_time_zone(zone: ZoneInfo, facts: dict[str, object]) -> None:
    assert moment(datetime(2026, 10, 24, 22, 30, 59, tzinfo=UTC).astimezone(zone)) == facts


def test_it_has_every_fact_of_the_clock() -> None:
    found = moment(datetime(2026, 1, 1, tzinfo=UTC))
    assert sorted(found) == sorted(CLOCK)
    assert {name: type(value) for name, value in found.items()} == {name: type(NEUTRAL[name]) for name in found}
