"""What a crash may leave, and what no crash leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightporter.core.error import EvidenceError
from nightporter.evidence import files
from nightporter.evidence.ledger import Ledger
from nightporter.evidence.verify import verify

from .book import lines, opened, records, segment, statement


def crashed(path: Path, *, segment_bytes: int = 1 << 20) -> Ledger:
    """A ledger whose process died: nothing pending was written and nothing signed since it was opened."""
    book = opened(path, segment_bytes=segment_bytes)
    for _ in range(3):
        statement(book)
    book.flush()
    book._release()
    return book


@pytest.mark.parametrize("tail", [b"{", b'{"v":1,"n":"x', b"\x00" * 5000, b"\x00\x00\n", b"\xff\n", b"{}\n"[:2]])
def test_a_torn_tail_is_cut_kept_and_said(tmp_path: Path, tail: bytes) -> None:
    book = crashed(tmp_path)
    with open(segment(tmp_path, book.writer), "ab") as file:
        file.write(tail)
    opened(tmp_path, book.writer).close()
    assert segment(tmp_path, book.writer).with_suffix(".jsonl.torn").read_bytes() == tail
    torn = records(tmp_path, book.writer)[7]
    assert torn["kind"] == "torn_tail"
    assert torn["detail"]["bytes"] == len(tail)
    assert torn["detail"]["file"] == "00000001.jsonl"
    report = verify(tmp_path)
    assert report.ok
    assert len(report.writers[0].torn) == 1


@settings(deadline=None)
@given(st.data())
def test_wherever_the_file_ends_it_opens_again(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("ledger")
    book = crashed(path)
    file = segment(path, book.writer)
    whole = lines(path, book.writer)
    length = data.draw(st.integers(len(whole[0]), file.stat().st_size))
    with open(file, "r+b") as stream:
        stream.truncate(length)
    assert verify(path).ok
    again = opened(path, book.writer)
    statement(again)
    again.close()
    kept = [line for line in whole if line in lines(path, book.writer)]
    assert b"".join(whole).startswith(b"".join(kept))
    assert length - len(b"".join(kept)) < len(whole[len(kept)]) if len(kept) < len(whole) else True
    assert verify(path).ok


def test_a_tear_takes_the_later_segments_along(tmp_path: Path) -> None:
    """After a power failure an earlier segment may be torn though a later one is there."""
    book = crashed(tmp_path, segment_bytes=2000)
    first, second = segment(tmp_path, book.writer), segment(tmp_path, book.writer, 2)
    lost = second.read_bytes()
    count = len(files.segments(tmp_path / book.writer))
    first.write_bytes(first.read_bytes()[:-1])
    opened(tmp_path, book.writer).close()
    assert second.with_suffix(".jsonl.torn").read_bytes() == lost
    assert [each["kind"] for each in records(tmp_path, book.writer)].count("torn_tail") == count
    assert verify(tmp_path).ok


def test_an_empty_last_segment_is_used(tmp_path: Path) -> None:
    book = crashed(tmp_path)
    segment(tmp_path, book.writer, 2).touch()
    opened(tmp_path, book.writer).close()
    assert records(tmp_path, book.writer, 2)[0]["kind"] == "writer_started"
    assert verify(tmp_path).ok


@pytest.mark.parametrize("cut", [1, 60, 200])
def test_a_torn_note_is_cut(tmp_path: Path, cut: int) -> None:
    book = crashed(tmp_path)
    notes = tmp_path / book.writer / "checkpoints"
    whole = notes.read_bytes()
    notes.write_bytes(whole + whole[:-cut])
    assert verify(tmp_path).ok
    opened(tmp_path, book.writer).close()
    assert notes.read_bytes().startswith(whole + b"nightporter/")
    assert verify(tmp_path).ok


def test_the_first_checkpoint_may_be_in_one_file_only(tmp_path: Path) -> None:
    book = crashed(tmp_path)
    (tmp_path / book.writer / "checkpoint").unlink()
    opened(tmp_path, book.writer).close()
    assert verify(tmp_path).ok


def test_a_writer_that_died_before_its_first_record(tmp_path: Path) -> None:
    book = crashed(tmp_path)
    for each in ("checkpoint", "checkpoints", "resume", "00000001.jsonl"):
        (tmp_path / book.writer / each).unlink()
    opened(tmp_path, book.writer).close()
    assert verify(tmp_path).ok


def spoil(file: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    file.write_bytes(b"".join(change(file.read_bytes().splitlines(keepends=True))))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda all: all[:3] + all[4:], "does not continue"),
        (lambda all: [*all, b'{"v":1}\n'], "does not continue"),
        (lambda all: all[:3] + [all[3].replace(b"shop", b"ship")] + all[4:], "does not continue"),
        (lambda all: [], "does not agree with its checkpoint"),
        (lambda all: [all[0][:-2]], "does not agree with its checkpoint"),
    ],
)
@pytest.mark.parametrize("resume", [True, False])
def test_what_no_crash_does_is_not_built_on(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]], said: str, resume: bool
) -> None:
    book = crashed(tmp_path)
    file = segment(tmp_path, book.writer)
    if not resume:
        (tmp_path / book.writer / "resume").unlink()
    spoil(file, change)
    before = file.read_bytes()
    with pytest.raises(EvidenceError, match=said):
        opened(tmp_path, book.writer)
    assert file.read_bytes() == before


def test_a_log_whose_signed_part_was_changed_is_not_built_on(tmp_path: Path) -> None:
    """Found when all of it is read; what is before the mark in `resume` is not read again, that is for `verify`."""
    book = opened(tmp_path)
    book.close()
    (tmp_path / book.writer / "resume").unlink()
    spoil(segment(tmp_path, book.writer), lambda all: [*all[:-1], all[-1].replace(b"{}", b'{"a":1}')])
    with pytest.raises(EvidenceError, match="does not agree with its checkpoint"):
        opened(tmp_path, book.writer)


def test_a_missing_segment_is_not_built_on(tmp_path: Path) -> None:
    book = crashed(tmp_path, segment_bytes=1500)
    segment(tmp_path, book.writer, 2).unlink()
    with pytest.raises(EvidenceError, match="missing"):
        opened(tmp_path, book.writer)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"nightporter/x\n1\nAAAA\n\n-\n"])
def test_a_checkpoint_that_is_not_its_own_is_not_built_on(tmp_path: Path, content: bytes) -> None:
    book = crashed(tmp_path)
    (tmp_path / book.writer / "checkpoint").write_bytes(content)
    with pytest.raises(EvidenceError):
        opened(tmp_path, book.writer)
