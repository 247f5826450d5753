from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightporter.core.error import EvidenceError
from nightporter.evidence.ledger import Ledger
from nightporter.evidence.record import EventKind
from nightporter.evidence.tail import Filter, Record, tail

from .book import START_US, Clock, everything, opened, segment, statement


def numbers(records: Iterator[Record]) -> list[str]:
    return [record["n"] for record in records]


def steps(*actions: Callable[[], object]) -> Callable[[], bool]:
    """Instead of waiting: do the next thing; when there is none, stop following."""
    left = iter(actions)

    def wait() -> bool:
        action = next(left, None)
        if action is not None:
            action()
        return action is not None

    return wait


def test_writers_are_merged_by_time(tmp_path: Path) -> None:
    clock = Clock()
    books = [opened(tmp_path, seed=seed, clock=clock, segment_bytes=2000) for seed in "abc"]
    for turn in range(12):
        statement(books[turn % 3])
    for book in books:
        book.close()
    times = [record["time"] for record in tail(tmp_path)]
    assert len(times) == 30
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Filter(), 10),
        (Filter(kind="outcome"), 2),
        (Filter(session="bbbbbbbb-1"), 7),
        (Filter(session="x"), 0),
        (Filter(principal="ada@example.com"), 7),
        (Filter(principal="ada"), 0),
        (Filter(upstream="shop", kind="intent"), 3),
        (Filter(action="read"), 3),
        (Filter(action="unknown"), 1),
        (Filter(since="2026"), 10),
        (Filter(since="2026-01-01T00:00:02"), 3),
        (Filter(since="2027"), 0),
    ],
)
def test_filters(tmp_path: Path, wanted: Filter, count: int) -> None:
    book = opened(tmp_path)
    everything(book)
    book.close()
    assert len(list(tail(tmp_path, wanted=wanted))) == count


def test_the_last_ones_only(tmp_path: Path) -> None:
    book = opened(tmp_path)
    everything(book)
    book.close()
    everyone = numbers(tail(tmp_path))
    assert numbers(tail(tmp_path, last=3)) == everyone[-3:]
    assert numbers(tail(tmp_path, last=99)) == everyone
    assert numbers(tail(tmp_path, last=0)) == []


@settings(deadline=None)
@given(st.integers(0, 30))
def test_since_gives_the_same_whatever_the_segments(tmp_path_factory: pytest.TempPathFactory, second: int) -> None:
    path = tmp_path_factory.mktemp("ledger")
    book = opened(path, clock=Clock(START_US, 1_000_000), segment_bytes=1500)
    for _ in range(12):
        statement(book)
    book.close()
    since = f"2026-01-01T00:00:{second:02d}"
    expected = [record["n"] for record in tail(path) if record["time"] >= since]
    assert numbers(tail(path, wanted=Filter(since=since))) == expected


def test_following_sees_what_comes_later(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    clock = Clock()
    found: list[str] = []
    books: dict[str, Ledger] = {}

    def begin(seed: str) -> None:
        books[seed] = opened(path, seed=seed, clock=clock, segment_bytes=1500)

    def end() -> None:
        for book in books.values():
            book.close()

    wait = steps(
        lambda: begin("a"),
        lambda: [statement(books["a"]) for _ in range(7)],
        lambda: begin("b"),
        lambda: [(statement(books["b"]), statement(books["a"])) for _ in range(7)],
        end,
    )
    for record in tail(path, follow=True, wait=wait):
        found.append(record["n"])
    assert sorted(found) == sorted(numbers(tail(path)))
    for book in books.values():
        own = [number for number in found if number.startswith(book.writer)]
        assert own == [f"{book.writer}-{n}" for n in range(1, len(own) + 1)]
    assert len(found) == 14 + 14 + 14 + 4


def test_a_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    book = opened(tmp_path)
    statement(book)
    book.close()
    file = segment(tmp_path, book.writer)
    whole = file.read_bytes()
    seen: list[int] = []
    found: list[str] = []
    file.write_bytes(b"")

    def grow() -> None:
        seen.append(len(found))
        file.write_bytes(whole[: file.stat().st_size + 400])

    for record in tail(tmp_path, follow=True, wait=steps(*[grow] * (len(whole) // 400 + 1))):
        found.append(record["n"])
    assert found == [f"{book.writer}-{n}" for n in range(1, 5)]
    assert seen == sorted(seen)
    assert seen[1] == 1


def test_a_withdrawn_write_is_not_read_twice(tmp_path: Path) -> None:
    """A write that fails half way may show whole lines for a moment; they come again as they were."""
    book = opened(tmp_path)
    book.event(EventKind.WARNING, None, {})
    book.close()
    file = segment(tmp_path, book.writer)
    whole = file.read_bytes()
    wait = steps(lambda: file.write_bytes(whole[:-30]), lambda: file.write_bytes(whole))
    assert numbers(tail(tmp_path, follow=True, wait=wait)) == [f"{book.writer}-{n}" for n in range(1, 4)]


def test_a_line_that_is_no_record(tmp_path: Path) -> None:
    book = opened(tmp_path)
    book.close()
    with open(segment(tmp_path, book.writer), "ab") as file:
        file.write(b"nonsense\n")
    with pytest.raises(EvidenceError, match=r"line 3 of .*evidence verify"):
        list(tail(tmp_path))


def test_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="no ledger"):
        list(tail(tmp_path / "nowhere"))


WHAT = {
    "actions": ["delete", "execute", "read"],
    "relations": [
        {"action": "read", "schema": "public", "name": "customers", "columns": {"output": ["email"], "predicate": ["id", "email"]}},
        {"action": "delete", "schema": "shop", "name": "orders", "columns": {"predicate": ["placed"]}},
    ],
}


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (Filter(relation="customers"), True),
        (Filter(relation="public.customers"), True),
        (Filter(relation="shop.customers"), False),
        (Filter(relation="Customers"), False),
        (Filter(column="email"), True),
        (Filter(column="customers.email"), True),
        (Filter(column="public.customers.email"), True),
        (Filter(column="orders.email"), False),
        (Filter(relation="orders", column="email"), False),
        (Filter(relation="orders", column="placed"), True),
        (Filter(relation="orders", column="customers.email"), False),
        (Filter(relation="orders", action="delete"), True),
        (Filter(relation="customers", action="delete"), False),
        (Filter(relation="customers", action="execute"), True),
        (Filter(relation="customers", action="update"), False),
        (Filter(relation="nothing"), False),
    ],
)
def test_filters_by_what_is_touched(wanted: Filter, holds: bool) -> None:
    assert wanted({"kind": "intent", "what": WHAT}) is holds


@pytest.mark.parametrize(
    ("label", "holds"),
    [("pii.email", True), ("pii", True), ("pii.name", True), ("pii.name.given", True), ("pii.e", False), ("secret", False)],
)
def test_filters_by_label(label: str, holds: bool) -> None:
    columns = [{"column": "a", "cells": 1, "label": "pii.email"}, {"column": "b", "cells": 1, "label": "pii.name.given"}]
    assert Filter(label=label)({"kind": "outcome", "veiled": [*columns, {"column": "c", "cells": 2}]}) is holds
    assert not Filter(label=label)({"kind": "outcome"})
    assert not Filter(label=label)({"kind": "intent", "what": WHAT})


@pytest.mark.parametrize(
    ("left_out", "wanted", "holds"),
    [
        ({"relations": 1}, Filter(relation="nothing"), True),
        ({"relations": 1}, Filter(column="nothing"), True),
        ({"columns": 1}, Filter(column="nothing"), True),
        ({"columns": 1}, Filter(relation="nothing"), False),
        ({"relations": 1}, Filter(relation="nothing", action="grant"), False),
        ({"effects": 1}, Filter(relation="nothing"), False),
    ],
)
def test_a_record_that_leaves_something_out_may_have_it(left_out: dict[str, int], wanted: Filter, holds: bool) -> None:
    assert wanted({"kind": "intent", "what": {**WHAT, "left_out": left_out}}) is holds


@pytest.mark.parametrize("what", [None, {}, {"relations": ["customers"]}, {"relations": [{"name": "x"}]}])
def test_filters_get_along_with_records_that_have_none(what: object) -> None:
    assert not Filter(relation="customers")({"kind": "intent", "what": what})
