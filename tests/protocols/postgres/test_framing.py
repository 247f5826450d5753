"""The five properties of a codec, on the compiled scanner and on the plain one."""

from __future__ import annotations

import importlib.util
from importlib.machinery import SourceFileLoader
from itertools import pairwise
from pathlib import Path
from struct import pack
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.core.error import ProtocolError
from nightporter.protocols.postgres import framing as imported

KNOWN = b"CDEQTZdS"
BULK = b"Dd"
LIMIT = imported.PEEK + 100


def plain() -> ModuleType:
    """The file as it stands, whatever was compiled from it."""
    source = Path(str(imported.__file__)).with_name("framing.py")
    spec = importlib.util.spec_from_file_location("framing_plain", source, loader=SourceFileLoader("framing_plain", str(source)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pure = plain()
IS_COMPILED = not str(imported.__file__).endswith(".py")
IMPLEMENTATIONS = [pure, imported] if IS_COMPILED else [pure]

Spans = list[tuple[int, int, int, int]]


@pytest.fixture(params=IMPLEMENTATIONS, ids=["plain", "compiled"][: len(IMPLEMENTATIONS)])
def framing(request: pytest.FixtureRequest) -> ModuleType:
    module: ModuleType = request.param
    return module


def message(code: int, body: bytes) -> bytes:
    return bytes([code]) + pack("!I", len(body) + 4) + body


bodies = st.one_of(st.binary(max_size=40), st.integers(LIMIT - 20, LIMIT + 5000).map(lambda n: b"x" * n))
messages = st.lists(st.builds(message, st.sampled_from(list(KNOWN)), bodies), max_size=8)
valid = messages.map(b"".join)
spoiled = st.builds(lambda data, at, junk: data[:at] + junk + data[at:], valid, st.integers(0, 5000), st.binary(max_size=4))
anything = st.one_of(st.binary(max_size=300), valid, spoiled)
cuts = st.lists(st.integers(0, 20_000), max_size=6)


def chunks(data: bytes, at: list[int]) -> list[bytes]:
    marks = [0, *sorted(min(a, len(data)) for a in at), len(data)]
    return [data[a:b] for a, b in pairwise(marks)]


def scan_all(module: ModuleType, pieces: list[bytes]) -> tuple[list[tuple[int, bytes, int]], bytes, str | None]:
    """Spans with their bytes, everything that they cover, and the error."""
    scanner = module.Scanner(KNOWN, BULK, LIMIT)
    found: list[tuple[int, bytes, int]] = []
    for piece in pieces:
        try:
            data, spans = scanner.scan(piece)
        except ProtocolError as error:
            return found, b"".join(f[1] for f in found), str(error)
        at = 0
        for code, start, end, count in spans:
            assert start == at, "spans leave no gap"
            assert end >= start
            found.append((code, data[start:end], count))
            at = end
    return found, b"".join(f[1] for f in found), None


@given(anything, cuts)
def test_any_bytes_give_spans_or_a_protocol_error_and_nothing_is_lost(data: bytes, at: list[int]) -> None:
    for module in IMPLEMENTATIONS:
        _, covered, error = scan_all(module, chunks(data, at))
        assert data.startswith(covered)
        if error is None:
            assert len(data) - len(covered) <= LIMIT + pure.HEADER


def summary(found: list[tuple[int, bytes, int]]) -> list[tuple[int, bytes, int]]:
    """What a reader of spans relies on, however the bytes were cut: whole messages, or runs of bulk with their count."""
    merged: list[tuple[int, bytes, int]] = []
    for code, data, count in found:
        if merged and code in BULK and merged[-1][0] == code:
            merged[-1] = (code, merged[-1][1] + data, merged[-1][2] + count)
        elif merged and count in (pure.MORE, pure.LAST):
            merged[-1] = (code, merged[-1][1] + data, count)
        else:
            merged.append((code, data, count))
    return [(c, d, pure.LARGE if n < 0 else n) for c, d, n in merged]


@given(anything, cuts)
def test_splits_do_not_matter(data: bytes, at: list[int]) -> None:
    for module in IMPLEMENTATIONS:
        whole, _, whole_error = scan_all(module, [data])
        parts, _, parts_error = scan_all(module, chunks(data, at))
        assert parts_error == whole_error
        if whole_error is None:
            assert summary(parts) == summary(whole)


@given(messages)
def test_what_was_encoded_is_found(sent: list[bytes]) -> None:
    for module in IMPLEMENTATIONS:
        found, covered, error = scan_all(module, [b"".join(sent)])
        assert error is None
        assert covered == b"".join(sent)
        assert sum(count for _, _, count in found if count > 0) + sum(f[2] == pure.LARGE for f in found) == len(sent)


@given(anything, cuts)
def test_compiled_equals_pure(data: bytes, at: list[int]) -> None:
    results = [scan_all(module, chunks(data, at)) for module in IMPLEMENTATIONS]
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\0\0\0\0\x04", "unknown message type `0x00`"),
        (b"Q\0\0\0\x03", "invalid message length `3`"),
        (b"D\x7f\xff\xff\xff", f"invalid message length `{0x7FFFFFFF}`"),
        (b"D\0\0\0\x04D\0\0\0\x01", "invalid message length `1`"),
    ],
)
def test_limits_hold(framing: ModuleType, data: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words.replace("`", ".")):
        framing.Scanner(KNOWN, BULK, LIMIT).scan(data)


def test_rows_share_a_span(framing: ModuleType) -> None:
    row = message(0x44, b"\0\1\0\0\0\1x")
    _, spans = framing.Scanner(KNOWN, BULK, LIMIT).scan(row * 3 + message(0x5A, b"I"))
    assert [(chr(c), n) for c, _, _, n in spans] == [("D", 3), ("Z", 1)]


def test_a_row_larger_than_everything_passes_without_being_held(framing: ModuleType) -> None:
    scanner = framing.Scanner(KNOWN, BULK, LIMIT)
    size = 10_000_000
    _, spans = scanner.scan(b"D" + pack("!I", size + 4))
    assert [s[3] for s in spans] == [1]
    for _ in range(10):
        _, spans = scanner.scan(b"x" * (size // 10))
        assert spans == [(0x44, 0, size // 10, 0)]
    assert scanner.between_messages


def test_a_large_message_shows_its_beginning(framing: ModuleType) -> None:
    data = message(0x51, b"y" * (LIMIT * 3))
    scanner = framing.Scanner(KNOWN, BULK, LIMIT)
    assert scanner.scan(data[: pure.PEEK - 1])[1] == []
    seen, spans = scanner.scan(data[pure.PEEK - 1 : pure.PEEK + 10])
    assert spans == [(0x51, 0, pure.PEEK, pure.LARGE), (0x51, pure.PEEK, pure.PEEK + 10, pure.MORE)]
    assert len(seen) == pure.PEEK + 10
    assert scanner.scan(data[pure.PEEK + 10 : 5000])[1][0][3] == pure.MORE
    assert scanner.scan(data[5000:])[1][0][3] == pure.LAST


@given(st.lists(st.binary(max_size=50), max_size=6), cuts)
def test_payload_is_what_was_sent(parts: list[bytes], at: list[int]) -> None:
    data = b"".join(message(0x64, part) for part in parts)
    for module in IMPLEMENTATIONS:
        scanner, skip, got = module.Scanner(KNOWN, BULK, LIMIT), 0, b""
        for piece in chunks(data, at):
            seen, spans = scanner.scan(piece)
            for _, start, end, _ in spans:
                body, skip = module.payload(seen, start, end, skip)
                got += body
        assert got == b"".join(parts)
