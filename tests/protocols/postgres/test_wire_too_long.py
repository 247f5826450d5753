"""A text that is too long to be read cannot be checked for settings; so it must not speak of ours."""

from __future__ import annotations

from itertools import pairwise
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.core.error import ProtocolError
from nightporter.core.wire import Ticket, WireSetup
from nightporter.protocols.postgres.wire import PostgresWire

LIMIT = 8192
REPORTED = {"client_encoding": "UTF8", "server_encoding": "UTF8", "standard_conforming_strings": "on"}


def sent(text: bytes, cuts: list[int]) -> bytes:
    """What goes upstream of a Query with this text that is allowed, cut into chunks."""
    wire = PostgresWire(WireSetup("ada", REPORTED, LIMIT))
    data = b"Q" + pack("!I", len(text) + 5) + text + b"\0"
    marks = sorted({0, len(data), *(min(cut, len(data)) for cut in cuts)})
    upstream = b""
    for start, end in pairwise(marks):
        wire.receive_client(data[start:end])
        while (request := wire.next_request()) is not None:
            wire.allow(request, Ticket("w-1", 0, b"salt"))
        upstream += b"".join(wire.drain().to_upstream)
    return upstream


@given(
    st.integers(0, 3 * LIMIT),
    st.lists(st.integers(1, 4 * LIMIT), max_size=5),
    st.sampled_from(["set_config", "NightPorter.", "U&'"]),
)
def test_it_is_cut_off_wherever_the_word_stands(at: int, cuts: list[int], word: str) -> None:
    text = (b"select '" + b"x" * at + b"'," + word.encode() + b" '" + b"y" * (3 * LIMIT)).ljust(2 * LIMIT, b"z")
    with pytest.raises(ProtocolError, match="speaks of settings"):
        sent(text, cuts)


def test_any_other_passes_byte_for_byte() -> None:
    text = b"select '" + b"x" * (3 * LIMIT) + b"'"
    assert sent(text, [100, 5000, 9000]).endswith(text + b"\0")
