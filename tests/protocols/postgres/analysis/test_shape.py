"""A text read by its shape says exactly what it says when it is parsed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.protocols.postgres.analysis import Readings, analyse
from nightporter.protocols.postgres.shape import shape

PLAIN = [
    "SELECT abalance FROM accounts WHERE aid = {};",
    "select a, b from t where a in ({}, 2, 3) order by {} limit {} offset {}",
    "update t set a = a + {} where b = {} and c < {} returning a",
    "delete from t where id = {}",
    "insert into t (a, b) values ({}, {}), ({}, 4) on conflict do nothing",
    "select count(*) from a join b on a.id = b.id where a.x > {} group by {} having count(*) > {}",
    "select * from t where id = {} for update",
    "select f({}) from t union all select {}",
    "delete from t where id = {}; select {}",
    "select {} from",
]
numbers = st.lists(st.integers(0, 999_999_999), min_size=4, max_size=4)


@pytest.mark.parametrize("template", PLAIN)
@given(values=numbers)
def test_it_says_the_same(template: str, values: list[int]) -> None:
    text = template.format(*values)
    by_shape, parsed = Readings()(text.encode()), analyse(text)
    assert shape(text.encode()) is not None
    assert by_shape.text == parsed.text
    assert by_shape.sha256 == parsed.sha256
    assert (by_shape.changes, by_shape.uses_session, by_shape.copies_in) == (parsed.changes, parsed.uses_session, parsed.copies_in)
    for got, expected in zip(by_shape.statements, parsed.statements, strict=True):
        for field in ("text", "kind", "actions", "fingerprint", "unknown", "settings", "names", "copies_in", "shown"):
            assert getattr(got, field) == getattr(expected, field), field


@pytest.mark.parametrize(
    "text",
    [
        "explain (analyze 1) delete from t",
        "select 1 -- 2",
        "select 1 /* 2 */",
        "select '1'",
        'select "1"',
        "select $1",
        "select 1::text",
        "select set_config('a', 'b', true)",
        "set a = 1",
        "fetch 1 from c",
        "select E'\\1'",
        "select 1 | 2",
        "select U&1",
        "selection 1",
    ],
)
def test_what_is_not_plain_is_parsed(text: str) -> None:
    assert shape(text.encode()) is None


@pytest.mark.parametrize("text", ["select 1.5, 1e5, a1, 1a, 0x1, 1_000, 12345678901"])
def test_other_numbers_stay(text: str) -> None:
    assert shape(text.encode()) == text.encode()
