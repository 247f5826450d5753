"""The codec properties of a `Wire`, for any adapter: what may happen to it, and what must hold. For pytest and for fuzzing."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from nightporter.core.error import ProtocolError
from nightporter.core.wire import Adapter, Outcome, Request, WireSetup
from tests.wire_session import WireSession

LIMIT = 8192


@dataclass(frozen=True, slots=True)
class Stream:
    """What both sides say, in turns."""

    turns: tuple[tuple[bytes, bytes], ...]
    valid: bool


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of it."""

    error: str | None
    up: bytes
    down: bytes
    outcomes: tuple[object, ...]
    without: list[str]
    """Requests that were allowed and have no outcome."""


def traffic_of(adapter: Adapter) -> Any:
    """The one test file that an adapter must supply."""
    return importlib.import_module(f"tests.protocols.{adapter.name}.traffic")


def streams(adapter: Adapter) -> st.SearchStrategy[Stream]:
    """Valid sessions, random bytes from either side, and sessions that are valid up to a point."""
    traffic = traffic_of(adapter)
    valid = traffic.sessions().map(lambda turns: tuple((turn.client, turn.server) for turn in turns))
    noise = st.lists(st.tuples(st.binary(max_size=60), st.binary(max_size=60)), max_size=3).map(tuple)
    return st.one_of(
        valid.map(lambda turns: Stream(turns, True)),
        st.builds(_spoil, valid, st.booleans(), st.integers(0, 10_000), st.integers(0, 4), st.binary(max_size=6)),
        noise.map(lambda turns: Stream(turns, False)),
    )


def _spoil(turns: tuple[tuple[bytes, bytes], ...], ours: bool, at: int, cut: int, put: bytes) -> Stream:
    if not turns:
        return Stream(turns, True)
    index = at % len(turns)
    client, server = turns[index]
    data = client if ours else server
    at %= len(data) + 1
    data = data[:at] + put + data[at + cut :]
    spoiled = (data, server) if ours else (client, data)
    return Stream((*turns[:index], spoiled, *turns[index + 1 :]), False)


def run(adapter: Adapter, turns: Sequence[tuple[bytes, bytes]], chunk: int, refused: int = 0) -> Ran:
    """Hold the conversation in pieces of `chunk` bytes. One text in `refused` is refused; always the same ones."""

    def refuse(request: Request) -> bool:
        return refused > 0 and int(request.reading.sha256[:8], 16) % refused == 0

    session = WireSession(adapter.new_wire(WireSetup("alice", {}, LIMIT)), refuse, chunk=chunk)
    error = None
    try:
        for client, server in turns:
            session.client(client)
            session.server(server)
    except ProtocolError as broken:
        error = str(broken)
    session.gone()
    outcomes = [(session.request_of(o).phase, _told(session, o)) for o in session.outcomes]
    return Ran(error, session.up, session.down, _alike(outcomes), session.without_outcome())


def _told(session: WireSession, outcome: Outcome) -> tuple[object, ...]:
    o = outcome
    text = session.request_of(o).reading.sha256
    return (text, o.statement, o.status, o.sqlstate, o.tag, o.rows, o.bytes, o.transaction, o.sha256)


def _alike(outcomes: list[tuple[str, tuple[object, ...]]]) -> tuple[object, ...]:
    """Outcomes as they would be if no text and its first run had been one request: only the chunk tells whether they were."""
    kept: list[tuple[object, ...]] = []
    failed: object = None  # the text that could not be prepared
    for phase, told in outcomes:
        text, _, status, *_ = told
        if phase == "prepare" and status != "error":
            continue
        if not (phase == "run" and status == "not_run" and text == failed):
            kept.append(told)
        failed = text if phase == "prepare" else None
    return tuple(kept)


def check_splits(adapter: Adapter, stream: Stream, chunk: int, refused: int) -> None:
    """Any bytes are understood or are a ProtocolError, nothing else is raised, and how they are cut makes no difference.

    Whatever was allowed has an outcome in the end.
    """
    whole, cut = run(adapter, stream.turns, 0, refused), run(adapter, stream.turns, chunk, refused)
    if not stream.valid and (whole.error is None) != (cut.error is None):
        # a spoiled session's server still says what it would have said; while a message of the client waits for an answer,
        # it depends on the cuts whether the server's next words are the answer to one that has not been sent yet
        assert "not asked" in f"{whole.error}{cut.error}", f"{whole.error} or {cut.error}"
        return
    assert (whole.error is None) == (cut.error is None), f"{whole.error} or {cut.error}"
    if whole.error is None:
        assert cut == whole
    assert whole.without == cut.without == []
    assert whole.error is None or refused or not stream.valid, whole.error


def check_transparency(adapter: Adapter, stream: Stream, chunk: int) -> None:
    """What is allowed is passed on byte for byte, both ways."""
    if not stream.valid:
        return
    ran = run(adapter, stream.turns, chunk)
    assert ran.error is None, ran.error
    assert ran.up == b"".join(client for client, _ in stream.turns)
    assert ran.down == b"".join(server for _, server in stream.turns)
