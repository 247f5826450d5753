"""Every adapter passes this suite. Adding a protocol adds no test code here, only `tests/protocols/<name>/traffic.py`."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightporter.core.error import ProtocolError, Refusal
from nightporter.core.wire import Adapter, WireSetup
from nightporter.protocols.registry import ADAPTERS

from .wires import LIMIT, check_splits, check_transparency, streams, traffic_of

ROOT = Path(__file__).parents[2]
chunks = st.sampled_from([1, 2, 3, 7, 31, 200])
every = pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS)


@every
@settings(max_examples=150, deadline=None)
@given(data=st.data(), chunk=chunks, refused=st.integers(0, 3))
def test_any_bytes_are_understood_or_a_protocol_error_however_they_are_cut(
    adapter: Adapter, data: st.DataObject, chunk: int, refused: int
) -> None:
    check_splits(adapter, data.draw(streams(adapter)), chunk, refused)


@every
@settings(max_examples=100, deadline=None)
@given(data=st.data(), chunk=chunks)
def test_what_is_allowed_is_passed_on_byte_for_byte(adapter: Adapter, data: st.DataObject, chunk: int) -> None:
    check_transparency(adapter, data.draw(streams(adapter).filter(lambda stream: stream.valid)), chunk)


@every
@pytest.mark.parametrize("upstream", [False, True])
def test_memory_stays_flat_whatever_streams_past(adapter: Adapter, upstream: bool) -> None:
    """Bytes that mean nothing end the session soon; those that mean something are not kept."""
    traffic = traffic_of(adapter)
    wire = adapter.new_wire(WireSetup("alice", {}, LIMIT))
    tracemalloc.start()
    try:
        for piece in traffic.endless(upstream=upstream, size=64 * 1024 * 1024):
            if upstream:
                wire.receive_upstream(piece)
            else:
                wire.receive_client(piece)
                while (request := wire.next_request()) is not None:
                    wire.allow(request, traffic.TICKET)
            wire.drain()
        _, peak = tracemalloc.get_traced_memory()
    except ProtocolError:
        pytest.fail("what is endless must be valid")
    finally:
        tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


@every
def test_a_refusal_has_words(adapter: Adapter) -> None:
    assert b"because" in adapter.refuse(Refusal("28000", "because"))


def test_compiled_equals_pure() -> None:
    """The same thousand conversations, told to the compiled wire and to the plain one, byte for byte."""

    def digest(pure: str) -> str:
        command = [sys.executable, "-m", "tests.fuzz", "--digest", "1000"]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "NIGHTPORTER_PURE": pure}, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert digest("0") == digest("1")
    assert len(digest("1").strip()) == 64
