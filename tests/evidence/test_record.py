from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.core.error import EvidenceError
from nightporter.evidence.record import Decided, Detail, Stamp, What, Who, check_detail, encode


@given(st.lists(st.integers(0, 4_000_000_000_000_000)))
def test_a_stamp_is_the_instant(instants: list[int]) -> None:
    stamp = Stamp()
    for instant in instants:
        expected = datetime.fromtimestamp(instant // 1_000_000, UTC).replace(microsecond=instant % 1_000_000)
        assert datetime.strptime(stamp(instant), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC) == expected
        assert stamp.day == expected.date().isoformat()


@pytest.mark.parametrize(
    ("now_us", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (7, "1970-01-01T00:00:00.000007Z"),
        (999_999, "1970-01-01T00:00:00.999999Z"),
        (1_767_225_599_999_999, "2025-12-31T23:59:59.999999Z"),
    ],
)
def test_a_stamp_has_six_digits(now_us: int, text: str) -> None:
    assert Stamp()(now_us) == text


def test_what_is_not_known_is_left_out() -> None:
    assert json.loads(bytes(encode(Who()))) == {}
    assert json.loads(bytes(encode(What(sha256="", decision=Decided.HOLD)))) == {"sha256": "", "decision": "hold"}


def test_text_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(EvidenceError, match="Unicode"):
        encode(Who(principal="\udc80"))


@pytest.mark.parametrize("value", [True, None, float("nan"), float("-inf"), [], {}])
def test_detail_is_flat(value: object) -> None:
    detail: Detail = {"fine": 1, "bad": value}  # type: ignore[dict-item]
    with pytest.raises(EvidenceError, match="`bad`"):
        check_detail(detail)
