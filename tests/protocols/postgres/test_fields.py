"""Descriptions of results, taken apart: whole ones, spoiled ones, and anything at all."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.core.error import ProtocolError
from nightporter.protocols.postgres.fields import Field, copied, fields_of

FIELDS = st.lists(
    st.builds(
        Field,
        st.binary(max_size=70).map(lambda name: name.replace(b"\0", b"")),
        st.integers(0, 2**32 - 1),
        st.integers(-10, 1600),
        st.integers(0, 2**32 - 1),
        st.integers(-1, 2**31 - 1),
        st.booleans(),
    ),
    max_size=8,
)


def description(fields: list[Field]) -> bytes:
    """As the server writes it."""
    parts = [struct.pack("!H", len(fields))]
    for each in fields:
        parts.append(each.name + b"\0")
        parts.append(struct.pack("!IhIhih", each.relation, each.column, each.type, -1, each.modifier, each.binary))
    return b"".join(parts)


@given(FIELDS)
def test_every_field_is_found(fields: list[Field]) -> None:
    assert fields_of(description(fields)) == tuple(fields)


@given(FIELDS, st.data())
def test_what_is_cut_off_is_refused(fields: list[Field], data: st.DataObject) -> None:
    whole = description(fields)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ProtocolError):
        fields_of(whole[:cut])
    with pytest.raises(ProtocolError):
        fields_of(whole + b"x")


@given(st.binary(max_size=200))
def test_any_bytes_are_fields_or_refused(body: bytes) -> None:
    try:
        fields_of(body)
    except ProtocolError:
        return


@pytest.mark.parametrize(("body", "found"), [(b"\0\0\2\0\0\0\0", (False, 2)), (b"\1\0\1\0\1", (True, 1)), (b"\0\0\0", (False, 0))])
def test_a_copy_says_how_it_is_written(body: bytes, found: tuple[bool, int]) -> None:
    assert copied(body) == found


def test_a_copy_that_says_nothing_is_refused() -> None:
    with pytest.raises(ProtocolError):
        copied(b"\0")
