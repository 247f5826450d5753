"""Who keeps failing waits longer, is forgiven in time, and cannot fill our memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.identity.throttle import FORGIVEN_AFTER_S, LONGEST_DELAY_S, MAX_FAILURES, Throttle, network


def test_delays_double_after_the_free_failures() -> None:
    throttle = Throttle()
    delays = [throttle.failed("bob", "192.0.2.1", now_s=0) for _ in range(11)]
    assert delays == [0, 0, 0, 0.25, 0.5, 1, 2, 4, 8, 8, 8]


def test_a_principal_is_slowed_from_wherever_it_is_tried() -> None:
    throttle = Throttle()
    for host in range(5):
        throttle.failed("bob", f"192.0.2.{host}", now_s=0)
    assert throttle.delay_s("bob", "198.51.100.1", now_s=0) == 0.5
    assert throttle.delay_s("alice", "198.51.100.1", now_s=0) == 0


def test_an_address_is_slowed_whomever_it_tries() -> None:
    throttle = Throttle()
    for number in range(5):
        throttle.failed(f"guess{number}", "192.0.2.1", now_s=0)
    assert throttle.delay_s("alice", "192.0.2.1", now_s=0) == 0.5
    assert throttle.delay_s("alice", "192.0.2.2", now_s=0) == 0


def test_failures_are_forgiven_one_by_one() -> None:
    throttle = Throttle()
    for _ in range(5):
        throttle.failed("bob", "192.0.2.1", now_s=0)
    after = [throttle.delay_s("bob", "192.0.2.1", now_s=n * FORGIVEN_AFTER_S) for n in range(3)]
    assert after == [0.5, 0.25, 0]


def test_after_a_long_attack_all_is_forgiven_soon() -> None:
    throttle = Throttle()
    for _ in range(1000):
        throttle.failed("bob", "192.0.2.1", now_s=0)
    assert throttle.delay_s("bob", "192.0.2.1", now_s=MAX_FAILURES * FORGIVEN_AFTER_S) == 0


def test_success_clears_the_pair_and_nobody_else() -> None:
    throttle = Throttle()
    for _ in range(5):
        throttle.failed("bob", "192.0.2.1", now_s=0)
        throttle.failed("alice", "192.0.2.2", now_s=0)
    throttle.succeeded("bob", "192.0.2.1")
    assert throttle.delay_s("bob", "192.0.2.1", now_s=0) == 0
    assert throttle.delay_s("alice", "192.0.2.1", now_s=0) == 0.5
    assert throttle.delay_s("bob", "192.0.2.2", now_s=0) == 0.5


def test_memory_is_bounded_and_the_oldest_failure_goes_first() -> None:
    throttle = Throttle(max_tracked=10)
    for _ in range(5):
        throttle.failed("old", "192.0.2.1", now_s=0)
        throttle.failed("bob", "192.0.2.2", now_s=0)
    for number in range(9):
        throttle.failed(f"guess{number}", "192.0.2.3", now_s=1)
    assert throttle.delay_s("bob", "198.51.100.1", now_s=0) == 0.5
    assert throttle.delay_s("old", "198.51.100.1", now_s=0) == 0


def test_what_cannot_be_a_name_counts_for_its_address_alone() -> None:
    throttle = Throttle()
    long = "x" * 10_000
    for _ in range(5):
        throttle.failed(long, "192.0.2.1", now_s=0)
    throttle.succeeded(long, "192.0.2.9")
    assert throttle.delay_s(long, "192.0.2.2", now_s=0) == 0
    assert throttle.delay_s("bob", "192.0.2.1", now_s=0) == 0.5


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("local", "local"),
    ],
)
def test_what_is_counted_for_an_address(address: str, counted: str) -> None:
    assert network(address) == counted


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.floats(-10, 1000)), max_size=60))
def test_delays_stay_in_bounds_whatever_the_clock_does(failures: list[tuple[str, str, float]]) -> None:
    throttle = Throttle(max_tracked=2)
    for principal, address, now_s in failures:
        assert 0 <= throttle.failed(principal, address, now_s) <= LONGEST_DELAY_S
