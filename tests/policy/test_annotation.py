"""Annotations: what is accepted, what is refused and how that is said."""

from __future__ import annotations

from typing import Any

import pytest

from nightporter.policy.annotation import MASKS, Complaint, Effect, Marks, duration_s, read
from nightporter.policy.model import NO_OBLIGATIONS, Obligations, Quorum


def marks(effect: Effect = "permit", reveals: bool = False, **given: Any) -> Marks:
    found, complaints = read({"id": "a", **given}, effect, reveals=reveals)
    assert complaints == ()
    return found


def complaint(effect: Effect = "permit", reveals: bool = False, **given: Any) -> str:
    found, complaints = read({"id": "a", **given}, effect, reveals=reveals)
    assert found == Marks(), "with a complaint there are no marks"
    (one,) = complaints
    assert one.annotation in given
    return one.message


def test_a_policy_with_an_id_only() -> None:
    assert marks() == Marks("a", None, None, NO_OBLIGATIONS, False, None)


def test_no_id() -> None:
    _, complaints = read({}, "permit", reveals=False)
    assert complaints == (Complaint(None, 'it has no `@id("...")`'),)


@pytest.mark.parametrize("value", ["", "A", "-a", ".a", "a b", "a/b", "ä", "a\n", "a" * 101])
def test_ids_that_are_refused(value: str) -> None:
    _, (one,) = read({"id": value}, "permit", reveals=False)
    assert one.annotation == "id"
    assert one.message.startswith(f"`@id` is `{value}`: accepted are")


@pytest.mark.parametrize("value", ["a", "0", "baseline.agents-read", "a_b", "a" * 100])
def test_ids_that_are_accepted(value: str) -> None:
    assert read({"id": value}, "permit", reveals=False) == (Marks(value), ())


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("limit_rows", "1000", Obligations(rows=1000)),
        ("limit_bytes", "4096", Obligations(bytes=4096)),
        ("limit_bytes", "64KiB", Obligations(bytes=65536)),
        ("limit_bytes", "1MiB", Obligations(bytes=1048576)),
        ("limit_bytes", "2GiB", Obligations(bytes=2147483648)),
        ("timeout", "500ms", Obligations(timeout_s=0.5)),
        ("timeout", "2s", Obligations(timeout_s=2.0)),
        ("timeout", "10m", Obligations(timeout_s=600.0)),
        ("timeout", "24h", Obligations(timeout_s=86400.0)),
        ("limit_sessions", "5", Obligations(sessions=5)),
        ("limit_concurrent", "4", Obligations(concurrent=4)),
        ("limit_rate", "600", Obligations(per_minute=600)),
        ("record_images", None, Obligations(record_images=True)),
        ("record_images", "", Obligations(record_images=True)),
        ("purpose", "required", Obligations(purpose=True)),
    ],
)
def test_obligations(name: str, value: Any, expected: Obligations) -> None:
    assert marks(**{name: value}).obligations == expected
    assert marks("forbid", hold="dba", **{name: value}).obligations == expected


def test_several_obligations() -> None:
    assert marks(limit_rows="1", timeout="1s").obligations == Obligations(rows=1, timeout_s=1.0)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("limit_rows", [None, "", "0", "-1", "+1", "1.5", "1_000", "1,000", "1e3", " 1", "1 ", "\u0661", "9" * 17, "1000 rows"]),
        ("limit_sessions", ["0", "many"]),
        ("limit_concurrent", ["0", "many"]),
        ("limit_rate", ["0", "10/s"]),
        ("limit_bytes", [None, "0", "0KiB", "1KB", "1kib", "1 KiB", "1.5MiB", "KiB", "9" * 16 + "GiB"]),
        ("timeout", [None, "0s", "0ms", "2", "2 s", "1d", "25h", "-1s", "1.5s", "2S"]),
        ("record_images", ["yes", "required"]),
        ("purpose", [None, "", "optional", "Required"]),
        ("observe", ["yes"]),
        ("reason", [None, "", "  ", "two\nlines", "\x1b[31mred", "x" * 501]),
    ],
)
def test_values_that_are_refused(name: str, values: list[Any]) -> None:
    for value in values:
        said = complaint(**{name: value})
        assert said.startswith(f"`@{name}` "), said


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("dba", Quorum(("dba",), 1, 600.0)),
        ("dba security quorum=2 wait=10m", Quorum(("dba", "security"), 2, 600.0)),
        ("wait=1s dba", Quorum(("dba",), 1, 1.0)),
        ("  dba   dba ", Quorum(("dba",), 1, 600.0)),
        ("on-call@example.org wait=24h quorum=10", Quorum(("on-call@example.org",), 10, 86400.0)),
    ],
)
def test_holds(value: str, expected: Quorum) -> None:
    assert marks(hold=value).hold == expected
    assert marks("forbid", hold=value).hold == expected


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "names no group"),
        ("", "names no group"),
        ("quorum=2", "names no group"),
        ("dba quorum=0", "has `quorum=0`: accepted is 1 to 10"),
        ("dba quorum=11", "has `quorum=11`"),
        ("dba quorum=", "has `quorum=`"),
        ("dba quorum=two", "has `quorum=two`"),
        ("dba wait=0s", "has `wait=0s`: accepted is 1s to 24h"),
        ("dba wait=999ms", "has `wait=999ms`"),
        ("dba wait=25h", "has `wait=25h`"),
        ("dba quoram=2", "does not take `quoram=2`"),
        ("dba quorum=2 quorum=1", "does not take `quorum=1`"),
        ("dba, security", "does not take `dba,`"),
        ("dba\tsecurity", "does not take `dba\tsecurity`"),
        ("dba quorum = 2", "does not take `=`"),
    ],
)
def test_holds_that_are_refused(value: str | None, said: str) -> None:
    assert said in complaint(hold=value)


@pytest.mark.parametrize("name", ["limit_row", "Hold", "limit", "advice", "ID", "shadow"])
def test_unknown_annotations(name: str) -> None:
    given: dict[str, Any] = {name: "x"}
    assert complaint(**given).startswith(f"unknown annotation `@{name}`: there are `@id`, ")


@pytest.mark.parametrize("name", ["observe", "mask"])
def test_what_makes_no_sense_on_a_forbid(name: str) -> None:
    value: Any = {"observe": "", "mask": "full"}[name]
    assert complaint("forbid", True, **{name: value}) == f"`@{name}` makes no sense on a forbid"
    _, complaints = read({"id": "a", "hold": "dba", name: value}, "forbid", reveals=True)
    assert Complaint(name, f"`@{name}` makes no sense on a forbid") in complaints


OBLIGATIONS: dict[str, Any] = {
    "limit_rows": "1",
    "limit_bytes": "1",
    "timeout": "1s",
    "limit_sessions": "1",
    "limit_concurrent": "1",
    "limit_rate": "1",
    "record_images": "",
    "purpose": "required",
}


@pytest.mark.parametrize(("name", "value"), OBLIGATIONS.items())
def test_obligations_make_no_sense_on_a_plain_forbid(name: str, value: Any) -> None:
    assert "makes no sense on a forbid without `@hold`" in complaint("forbid", **{name: value})


def test_a_reason_does() -> None:
    assert marks("forbid", reason=" nobody drops production ").reason == "nobody drops production"


def test_masks_are_for_reveal_only() -> None:
    assert [marks(reveals=True, mask=each).mask for each in MASKS] == [*MASKS]
    assert "only" in complaint(reveals=False, mask="partial")
    for name in ("last-four", "Partial", "plain", ""):
        assert complaint(reveals=True, mask=name).startswith(f"`@mask` is `{name}`: accepted are `null`, `full`, `bucket`, ")


@pytest.mark.parametrize("name", [*OBLIGATIONS, "hold", "observe"])
@pytest.mark.parametrize("effect", ["permit", "forbid"])
def test_reveal_stops_nothing(effect: Effect, name: str) -> None:
    value = {**OBLIGATIONS, "hold": "dba", "observe": ""}[name]
    assert f"`@{name}` makes no sense on " in complaint(effect, True, **{name: value})
    assert marks(effect, True, reason="it is theirs").reason == "it is theirs"


def test_what_observes_does_nothing_else() -> None:
    assert marks(observe=None, reason="we are trying it").observe
    for name, value in {"hold": "dba", "limit_rows": "1", "purpose": "required"}.items():
        _, (one,) = read({"id": "a", "observe": None, name: value}, "permit", reveals=False)
        assert one == Complaint(name, f"`@{name}` makes no sense beside `@observe`, which only watches")


def test_all_complaints_come_at_once() -> None:
    _, complaints = read({"what": None, "limit_rows": "x", "hold": ""}, "permit", reveals=False)
    assert {each.annotation for each in complaints} == {"what", "limit_rows", "hold", None}


def test_durations() -> None:
    assert [duration_s(each) for each in ("1ms", "90s", "2h", "", "h", "1", "1w")] == [0.001, 90.0, 7200.0, None, None, None, None]
