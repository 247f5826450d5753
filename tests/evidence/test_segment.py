from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightporter.core.error import EvidenceError
from nightporter.evidence import files
from nightporter.evidence.segment import RETIRED_MAX, Segments

from .disk import failing


def content(directory: Path) -> list[bytes]:
    return [(directory / files.segment_name(ordinal)).read_bytes() for ordinal in files.segments(directory)]


def test_a_segment_turns_before_it_is_too_long(tmp_path: Path) -> None:
    segments = Segments(tmp_path, 1, 0, 6)
    for data in (b"aa\n", b"bb\n", b"c\n", b"longer than all\n", b"d\n"):
        segments.append(data)
    segments.close()
    assert content(tmp_path) == [b"aa\nbb\n", b"c\n", b"longer than all\n", b"d\n"]


def test_appending_goes_on_where_it_stopped(tmp_path: Path) -> None:
    (tmp_path / files.segment_name(1)).write_bytes(b"aa\n")
    segments = Segments(tmp_path, 1, 3, 6)
    segments.append(b"bb\n")
    segments.append(b"c\n")
    segments.close()
    assert content(tmp_path) == [b"aa\nbb\n", b"c\n"]


def test_a_segment_that_is_not_ours_is_not_written_to(tmp_path: Path) -> None:
    segments = Segments(tmp_path, 1, 0, 3)
    segments.append(b"aa\n")
    (tmp_path / files.segment_name(2)).write_bytes(b"somebody else's\n")
    with pytest.raises(EvidenceError, match="open a segment"):
        segments.append(b"bb\n")
    segments.close()
    assert content(tmp_path) == [b"aa\n", b"somebody else's\n"]


def test_full_segments_wait_for_a_sync(tmp_path: Path) -> None:
    segments = Segments(tmp_path, 1, 0, 2)
    waits: list[bool] = []
    for _ in range(RETIRED_MAX + 2):
        segments.append(b"a\n")
        waits.append(segments.must_sync)
    segments.sync()
    assert [*waits, segments.must_sync] == [False] * (RETIRED_MAX + 1) + [True, False]
    segments.close()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 40)), max_size=12))
def test_lines_are_there_whole_or_not_at_all(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]]) -> None:
    """Whatever room there is at each append, the file holds exactly what was accepted."""
    directory = tmp_path_factory.mktemp("segments")
    accepted = b""
    with pytest.MonkeyPatch.context() as monkeypatch:
        disk = failing(monkeypatch)
        segments = Segments(directory, 1, 0, 50)
        for length, room in steps:
            disk.room = room
            line = b"x" * (length - 1) + b"\n"
            if length <= room:
                segments.append(line)
                accepted += line
            else:
                with pytest.raises(EvidenceError) as caught:
                    segments.append(line)
                assert caught.value.disk_full
            assert b"".join(content(directory)) == accepted
        segments.close()


@pytest.mark.parametrize(("number", "full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EFBIG, True), (errno.EIO, False)])
def test_the_error_says_whether_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, full: bool) -> None:
    disk = failing(monkeypatch)
    segments = Segments(tmp_path, 1, 0, 50)
    disk.write_errno = number
    with pytest.raises(EvidenceError, match="cannot write") as caught:
        segments.append(b"a\n")
    assert caught.value.disk_full == full
    disk.write_errno = 0
    segments.append(b"b\n")
    segments.close()
    assert content(tmp_path) == [b"b\n"]


def test_what_cannot_be_undone_breaks_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = failing(monkeypatch)
    segments = Segments(tmp_path, 1, 0, 50)
    disk.room = 1
    disk.truncate_errno = errno.EIO
    with pytest.raises(EvidenceError, match="for good"):
        segments.append(b"aa\n")
    disk.room = None
    calls: list[Callable[[], None]] = [lambda: segments.append(b"b\n"), segments.sync]
    for call in calls:
        with pytest.raises(EvidenceError, match="for good"):
            call()
    segments.close()


def test_a_failed_sync_breaks_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = failing(monkeypatch)
    segments = Segments(tmp_path, 1, 0, 50)
    segments.append(b"a\n")
    disk.sync_errno = errno.EIO
    with pytest.raises(EvidenceError, match="syncing failed"):
        segments.sync()
    disk.sync_errno = 0
    calls: list[Callable[[], None]] = [lambda: segments.append(b"b\n"), segments.sync]
    for call in calls:
        with pytest.raises(EvidenceError, match="syncing failed"):
            call()
    segments.close()
