"""A name stands for what the server has agreed to, or must agree to before it reads on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nightporter.protocols.postgres.names import UNCERTAIN, Names


def test_a_pending_name_may_be_relied_on_within_its_batch() -> None:
    names: Names[str] = Names()
    names.define(b"a", "new", 1)
    assert names.lookup(b"a", 1) == "new"
    assert names.lookup(b"a", 2) is UNCERTAIN


def test_confirmed_it_stays() -> None:
    names: Names[str] = Names()
    names.define(b"a", "new", 1).confirm()
    assert names.lookup(b"a", 9) == "new"
    names.define(b"a", None, 9).confirm()
    assert names.lookup(b"a", 9) is None
    assert b"a" not in names


def test_reverted_the_old_one_stands() -> None:
    names: Names[str] = Names()
    names.define(b"a", "old", 1).confirm()
    change = names.define(b"a", "new", 2)
    assert names.lookup(b"a", 2) == "new"
    change.revert()
    change.confirm()  # an answer that comes twice changes nothing
    assert names.lookup(b"a", 3) == "old"


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b"]), st.sampled_from(["x", "y", None]), st.booleans()), max_size=12))
def test_answers_in_order_leave_what_the_server_has(steps: list[tuple[bytes, str | None, bool]]) -> None:
    names: Names[str] = Names()
    server: dict[bytes, str] = {}
    changes = [names.define(name, value, batch) for batch, (name, value, _) in enumerate(steps)]
    for change, (name, value, works) in zip(changes, steps, strict=True):
        if not works:
            change.revert()
            continue
        change.confirm()
        if value is None:
            server.pop(name, None)
        else:
            server[name] = value
    for name in (b"a", b"b"):
        assert names.lookup(name, 99) == server.get(name)
