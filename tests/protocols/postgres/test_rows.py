"""Rows are rewritten alike however they are cut, compiled or not; what is shown as it is keeps its bytes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence
from struct import pack
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.core.error import ProtocolError
from nightporter.protocols.postgres.messages import data_row

from .plain import both
from .test_framing import chunks, cuts

IMPLEMENTATIONS = both("cell", "rows")

Row = Sequence[bytes | None]
Masks = list[str | None]


def upper(cell: bytes) -> bytes | None:
    """A mask with everything that one can do: longer, shorter, NULL, and the same."""
    if cell.startswith(b"n"):
        return None
    if cell.startswith(b"s"):
        return cell
    return cell.upper() * 2 if cell.startswith(b"l") else cell[:1].upper()


def guard(cell: bytes) -> bytes | None:
    return b"found" if b"@" in cell else cell


def made(cell: ModuleType, what: str | None) -> Any:
    """A mask by its name."""

    class Calling(cell.CellMask):  # type: ignore[name-defined,misc]
        def __init__(self, call: Callable[[bytes], bytes | None], **options: Any) -> None:
            super().__init__(is_constant=False, **options)
            self.call = call

        def mask(self, cell: bytes) -> bytes | None:
            return self.call(cell)

    match what:
        case "stars":
            return cell.CellMask(b"*****")
        case "null":
            return cell.CellMask(None)
        case "empty":
            return cell.CellMask(b"")
        case "upper":
            return Calling(upper)
        case "guard":
            return Calling(guard, is_guard=True, shortest=2)
        case _:
            return None


def expected(value: bytes | None, what: str | None) -> bytes | None:
    """What a cell becomes, said once more and more simply."""
    if value is None or what is None:
        return value
    match what:
        case "stars":
            return b"*****"
        case "null":
            return None
        case "empty":
            return b""
        case "upper":
            return upper(value)
        case _:
            return guard(value) if len(value) >= 2 else value


names = st.sampled_from([None, "stars", "null", "empty", "upper", "guard"])
values = st.one_of(
    st.none(), st.binary(max_size=12), st.sampled_from([b"nil", b"same", b"longer", b"a@b", b"@", b"", b"x" * 1020, b"l" * 600])
)


@st.composite
def results(draw: st.DrawFn) -> tuple[Masks, list[list[bytes | None]]]:
    masks = draw(st.lists(names, max_size=5))
    return masks, draw(st.lists(st.lists(values, min_size=len(masks), max_size=len(masks)), max_size=8))


def run(modules: dict[str, ModuleType], masks: Masks, pieces: list[bytes]) -> tuple[bytes, str | None, list[int], list[int], int]:
    """What comes out, the error, and what was counted."""
    masker = modules["rows"].RowMasker([made(modules["cell"], what) for what in masks])
    out = []
    error = None
    for piece in pieces:
        try:
            # a span stands anywhere in a chunk
            out.append(masker.feed(b"Z\0\0\0\5I" + piece + b"junk", 6, 6 + len(piece)))
        except ProtocolError as raised:
            error = str(raised)
            break
    return b"".join(out), error, masker.masked, masker.guarded, masker.pending


@given(results(), cuts)
def test_cells_are_masked_however_the_rows_are_cut(result: tuple[Masks, list[list[bytes | None]]], at: list[int]) -> None:
    masks, rows = result
    data = b"".join(data_row(row) for row in rows)
    shown = [[expected(value, what) for value, what in zip(row, masks, strict=True)] for row in rows]
    changed = [sum(old[i] != new[i] for old, new in zip(rows, shown, strict=True)) for i in range(len(masks))]
    for modules in IMPLEMENTATIONS:
        out, error, masked, guarded, pending = run(modules, masks, chunks(data, at))
        assert error is None
        assert out == b"".join(data_row(row) for row in shown)
        assert pending == 0
        for i, what in enumerate(masks):
            if what in (None, "guard"):
                assert (masked[i], guarded[i]) == (0, changed[i])
            else:
                assert guarded[i] == 0
                assert masked[i] >= changed[i], "a constant counts also where the value is the same"
                assert masked[i] <= sum(row[i] is not None for row in rows)


@given(st.lists(st.lists(values, min_size=2, max_size=2), max_size=6), cuts)
def test_rows_that_do_not_change_are_byte_identical(rows: list[list[bytes | None]], at: list[int]) -> None:
    data = b"".join(data_row(row) for row in rows)
    for modules in IMPLEMENTATIONS:
        assert run(modules, [None, None], chunks(data, at))[0] == data


def broken(rows: list[list[bytes | None]], at: int, junk: bytes, gone: int) -> bytes:
    data = b"".join(data_row(row) for row in rows)
    return data[:at] + junk + data[at + gone :]


anything = st.one_of(
    st.binary(max_size=200),
    st.builds(
        broken,
        st.lists(st.lists(values, min_size=2, max_size=2), max_size=4),
        st.integers(0, 200),
        st.binary(max_size=4),
        st.integers(0, 4),
    ),
)


@given(anything, st.lists(names, min_size=2, max_size=2), cuts)
def test_any_bytes_give_rows_or_a_protocol_error_and_splits_do_not_matter(data: bytes, masks: Masks, at: list[int]) -> None:
    whole = run(IMPLEMENTATIONS[0], masks, [data])
    for modules in IMPLEMENTATIONS:
        assert run(modules, masks, [data]) == whole
        parts = run(modules, masks, chunks(data, at))
        assert parts[1] == whole[1]
        if whole[1] is None:
            assert parts == whole
        assert parts[:2] == run(IMPLEMENTATIONS[0], masks, chunks(data, at))[:2]


implementations = pytest.mark.parametrize("modules", IMPLEMENTATIONS, ids=["plain", "compiled"][: len(IMPLEMENTATIONS)])


@implementations
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (data_row([b"a"]), "has not `2` columns"),
        (data_row([b"a"] * 3), "has not `2` columns"),
        (b"D\0\0\0\4", "has not `2` columns"),
        (b"D\0\0\0\6\0\2", "ends within a cell"),
        (b"D\0\0\0\x0b\0\2\0\0\0\2a", "ends within a cell"),
        (b"D\0\0\0\x0a\0\2\x80\0\0\0", "ends within a cell"),
        (b"D\0\0\0\x0a\0\2\xff\xff\xff\xfe", "ends within a cell"),
        (data_row([b"a", b"b"])[:4] + b"\x11" + data_row([b"a", b"b"])[5:] + b"x", "longer than its cells"),
        (b"Z\0\0\0\5I", "type `0x5a`"),
        (b"D\0\0\0\3", "row of `3` bytes"),
        (b"D" + pack("!I", 256 * 1024 * 1024 + 1), "row of `268435457` bytes"),
        (b"D\xff\xff\xff\xff", "row of `4294967295` bytes"),
    ],
)
def test_what_is_no_row_is_refused(modules: dict[str, ModuleType], data: bytes, words: str) -> None:
    masker = modules["rows"].RowMasker([made(modules["cell"], "stars")] * 2)
    with pytest.raises(ProtocolError, match=words.replace("`", ".")):
        masker.feed(data, 0, len(data))
    row = data_row([b"a", b"b"])
    with pytest.raises(ProtocolError, match="after a broken one"):
        masker.feed(row, 0, len(row))


@implementations
def test_after_a_mask_that_fails_nothing_is_taken(modules: dict[str, ModuleType]) -> None:
    class Failing(modules["cell"].CellMask):  # type: ignore[misc]
        def mask(self, cell: bytes) -> bytes | None:
            raise ValueError("no mask")

    masker = modules["rows"].RowMasker([Failing(is_constant=False)])
    row = data_row([b"secret"])
    with pytest.raises(ValueError, match="no mask"):
        masker.feed(row + row[:7], 0, len(row) + 7)
    with pytest.raises(ProtocolError, match="after a broken one"):
        masker.feed(row[7:], 0, len(row) - 7)


@implementations
def test_nothing_is_copied_where_nothing_changes(modules: dict[str, ModuleType]) -> None:
    masker = modules["rows"].RowMasker([made(modules["cell"], "guard"), made(modules["cell"], "stars")])
    data = data_row([b"plain", None]) * 100
    assert masker.feed(data, 0, len(data)) is data


@implementations
def test_an_incomplete_row_can_be_forgotten(modules: dict[str, ModuleType]) -> None:
    masker = modules["rows"].RowMasker([made(modules["cell"], "stars")])
    row = data_row([b"secret"])
    assert masker.feed(row, 0, 8) == b""
    assert masker.pending == 8
    masker.abandon()
    assert masker.pending == 0
    assert masker.feed(row, 0, len(row)) == data_row([b"*****"])


@implementations
def test_a_large_row_in_small_pieces_is_joined_once(modules: dict[str, ModuleType]) -> None:
    masker = modules["rows"].RowMasker([None, made(modules["cell"], "stars")])
    row = data_row([b"x" * 4_000_000, b"secret"])
    out = [masker.feed(row, at, min(at + 1000, len(row))) for at in range(0, len(row), 1000)]
    assert b"".join(out) == data_row([b"x" * 4_000_000, b"*****"])


@implementations
def test_memory_stays_flat(modules: dict[str, ModuleType]) -> None:
    masker = modules["rows"].RowMasker([made(modules["cell"], "stars"), made(modules["cell"], "guard")])
    data = data_row([b"alice@example.com", b"plain text"]) * 300
    masker.feed(data, 0, len(data) - 7)
    tracemalloc.start()
    try:
        for _ in range(50):
            masker.feed(data[-7:] + data[:-7], 0, len(data))
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 20_000
    assert peak < 40 * len(data)
