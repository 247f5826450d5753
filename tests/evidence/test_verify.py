from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightporter.core.error import EvidenceError
from nightporter.evidence.chain import START, Checkpoint, Frontier, SigningKey, leaf_hash
from nightporter.evidence.keys import read_signing_key
from nightporter.evidence.ledger import Ledger
from nightporter.evidence.record import EventKind
from nightporter.evidence.verify import Report, main, verify

from .book import DENIED, READ, WHO, everything, lines, opened, segment, statement

COUNT = 18
"""Records of the original."""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed log of several segments, with a checkpoint in the middle; never changed by a test."""
    path = tmp_path_factory.mktemp("original") / "ledger"
    book = opened(path, segment_bytes=4000)
    everything(book)
    book.checkpoint()
    everything(book)
    book.close()
    return path


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    shutil.copytree(original, tmp_path / "ledger")
    return tmp_path / "ledger"


def writer_of(path: Path) -> str:
    return next(each.name for each in path.iterdir() if each.name != "keys")


def position(path: Path) -> list[tuple[Path, int]]:
    """Segment and line (from 1) of every record, in order."""
    folder = path / writer_of(path)
    return [(file, line) for file in sorted(folder.glob("*.jsonl")) for line in range(1, len(file.read_bytes().splitlines()) + 1)]


def sequence(report: Report) -> int:
    assert not report.ok
    return int(report.problems[0].number.partition("-")[2])


def test_a_log_that_nobody_touched(original: Path) -> None:
    report = verify(original)
    assert report.ok
    (writer,) = report.writers
    assert writer.records == writer.signed == len(position(original)) == COUNT
    assert writer.checkpoints == 3
    assert writer.unanswered == []
    assert len(list((original / writer.writer).glob("*.jsonl"))) > 2


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_found_and_its_record_named(original: Path, data: st.DataObject) -> None:
    places = position(original)
    index = data.draw(st.integers(0, len(places) - 1))
    file, line = places[index]
    whole = file.read_bytes()
    start = len(b"".join(whole.splitlines(keepends=True)[: line - 1]))
    length = len(whole.splitlines(keepends=True)[line - 1])
    at = start + data.draw(st.integers(0, length - 1))
    flipped = whole[at] ^ data.draw(st.integers(1, 255))
    try:
        file.write_bytes(whole[:at] + bytes([flipped]) + whole[at + 1 :])
        report = verify(original)
    finally:
        file.write_bytes(whole)
    assert sequence(report) in (index + 1, index + 2)
    problem = report.problems[0]
    if sequence(report) <= len(places):
        assert (Path(problem.file), problem.line) == places[sequence(report) - 1]
    assert report.writers[0].records in (index, index + 1)


@pytest.mark.parametrize("index", range(COUNT))
def test_a_record_that_is_left_out(copy: Path, index: int) -> None:
    file, line = position(copy)[index]
    all_lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(all_lines[: line - 1] + all_lines[line:]))
    report = verify(copy)
    assert sequence(report) == index + 1
    assert ("gone" if index == COUNT - 1 else "stands in its place") in report.problems[0].message


@pytest.mark.parametrize("index", range(COUNT - 1))
def test_records_that_changed_places(copy: Path, index: int) -> None:
    (file, line), (other, next_line) = position(copy)[index : index + 2]
    first, second = (each.read_bytes().splitlines(keepends=True) for each in (file, other))
    if file == other:
        first[line - 1 : line + 1] = reversed(first[line - 1 : line + 1])
    else:
        first[line - 1], second[next_line - 1] = second[next_line - 1], first[line - 1]
        other.write_bytes(b"".join(second))
    file.write_bytes(b"".join(first))
    assert sequence(verify(copy)) == index + 1


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b"1\n", b"NaN\n", b"[" * 100_000 + b"\n"])
@pytest.mark.parametrize("index", [0, 7])
def test_a_line_that_was_put_in(copy: Path, index: int, line: bytes) -> None:
    file, at = position(copy)[index]
    all_lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*all_lines[: at - 1], line, *all_lines[at - 1 :]]))
    report = verify(copy)
    assert sequence(report) == index + 1
    assert (Path(report.problems[0].file), report.problems[0].line) == (file, at)


@pytest.mark.parametrize("kept", range(1, COUNT))
def test_a_log_that_was_cut_short(copy: Path, kept: int) -> None:
    for file in {each for each, _ in position(copy)}:
        survivors = [line for each, line in position(copy)[:kept] if each == file]
        if survivors:
            file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[: len(survivors)]))
        else:
            file.write_bytes(b"")
    report = verify(copy)
    assert sequence(report) == kept + 1
    assert "it is gone" in report.problems[0].message


@pytest.mark.parametrize("ordinal", [1, 2])
def test_a_missing_segment(copy: Path, ordinal: int) -> None:
    first = [file for file, _ in position(copy)].index(segment(copy, writer_of(copy), ordinal))
    segment(copy, writer_of(copy), ordinal).unlink()
    report = verify(copy)
    assert sequence(report) == first + 1
    assert report.problems[0].file.endswith(f"{ordinal:08d}.jsonl")


def rewritten(path: Path, writer: str, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """What somebody without the key can do: change a log of one segment and mend its chain."""
    file = segment(path, writer)
    prev, mended = START, []
    for line in change(file.read_bytes().splitlines()):
        record = json.loads(line)
        record["prev"] = prev
        mended.append(json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode())
        prev = leaf_hash(mended[-1]).hex()
    file.write_bytes(b"\n".join(mended) + b"\n")


def test_a_mended_chain_does_not_fit_the_checkpoints(tmp_path: Path) -> None:
    book = opened(tmp_path)
    statement(book)
    book.checkpoint()
    statement(book)
    statement(book)
    book.close()
    rewritten(tmp_path, book.writer, lambda all: all)
    assert verify(tmp_path).ok  # the mending itself is faithful
    rewritten(tmp_path, book.writer, lambda all: [*all[:5], all[5].replace(b"ada@", b"eve@"), *all[6:]])
    report = verify(tmp_path)
    assert sequence(report) == 8
    assert "records 4 to 8" in report.problems[0].message


@pytest.mark.parametrize("file", ["checkpoint", "checkpoints", "key.pub"])
@pytest.mark.parametrize("at", [3, 25, 60, -5])
def test_a_changed_checkpoint_or_key(copy: Path, file: str, at: int) -> None:
    target = copy / writer_of(copy) / file
    data = bytearray(target.read_bytes())
    data[at] ^= 1
    target.write_bytes(data)
    report = verify(copy)
    assert not report.ok
    assert file in report.problems[0].file


def test_without_a_key_nothing_is_proved(copy: Path) -> None:
    (copy / writer_of(copy) / "key.pub").unlink()
    report = verify(copy)
    assert "no verifier key" in str(report.problems[0])
    assert report.writers[0].signed == 0


def forged(path: Path, book: Ledger, seed: bytes | None = None) -> None:
    """What somebody with the key (or with a key of his own) can do: a whole new log, well signed."""
    key = read_signing_key(path, book.writer) if seed is None else SigningKey(f"nightporter/{book.writer}", seed)
    rewritten(path, book.writer, lambda all: [line.replace(b"ada@", b"eve@") for line in all])
    tree = Frontier()
    tree.extend([leaf_hash(line[:-1]) for line in lines(path, book.writer)])
    note = key.sign(Checkpoint(key.verifier.name, tree.size, tree.root()).text())
    (path / book.writer / "checkpoints").write_text(note + "\n")
    (path / book.writer / "checkpoint").write_text(note)
    (path / book.writer / "key.pub").write_text(f"{key.verifier}\n")


@pytest.mark.parametrize("seed", [None, bytes(32)])
def test_a_log_written_anew_is_betrayed_by_what_was_kept_elsewhere(tmp_path: Path, seed: bytes | None) -> None:
    book = opened(tmp_path)
    statement(book)
    book.close()
    anchor = (tmp_path / book.writer / "checkpoint").read_text()
    vkey = (tmp_path / book.writer / "key.pub").read_text()
    assert verify(tmp_path, keys={book.writer: vkey}, anchors=[anchor]).ok
    forged(tmp_path, book, seed)
    assert verify(tmp_path).ok  # it proves what it can prove, and not more
    assert not verify(tmp_path, anchors=[anchor]).ok
    assert verify(tmp_path, keys={book.writer: vkey}).ok == (seed is None)


def test_an_anchor_of_a_log_that_is_gone(copy: Path) -> None:
    writer = writer_of(copy)
    anchor, vkey = ((copy / writer / name).read_text() for name in ("checkpoint", "key.pub"))
    shutil.rmtree(copy / writer)
    assert verify(copy).ok
    assert "is gone" in str(verify(copy, anchors=[anchor]).problems[0])
    assert "is gone" in str(verify(copy, keys={writer: vkey}).problems[0])
    with pytest.raises(EvidenceError, match="not a checkpoint"):
        verify(copy, anchors=["nonsense"])


# Two writers: the control process records the worker's checkpoints


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Ledger, Ledger]:
    worker, control = opened(tmp_path, seed="worker"), opened(tmp_path, seed="control")
    statement(worker)
    worker.checkpoint()
    note = (tmp_path / worker.writer / "checkpoint").read_text()
    control.event(EventKind.CHECKPOINT_OF, None, {"writer": worker.writer, "note": note})
    statement(worker)
    worker.close()
    control.close()
    return tmp_path, worker, control


def test_writers_vouch_for_one_another(pair: tuple[Path, Ledger, Ledger]) -> None:
    path, worker, _ = pair
    assert verify(path).ok
    forged(path, worker)
    report = verify(path)
    assert sequence(report) == 3
    assert report.problems[0].number.startswith(worker.writer)


def test_a_whole_log_that_is_gone_is_missed(pair: tuple[Path, Ledger, Ledger]) -> None:
    path, worker, control = pair
    shutil.rmtree(path / worker.writer)
    (problem,) = verify(path).problems
    assert problem.number == f"{control.writer}-2"
    assert "is gone" in problem.message


@pytest.mark.parametrize("note", ["nonsense", "{other}"])
def test_a_false_checkpoint_of_another(tmp_path: Path, note: str) -> None:
    worker, control = opened(tmp_path, seed="worker"), opened(tmp_path, seed="control")
    false = SigningKey(f"nightporter/{worker.writer}", bytes(32)).sign(
        Checkpoint(f"nightporter/{worker.writer}", 1, bytes(32)).text()
    )
    control.event(EventKind.CHECKPOINT_OF, None, {"writer": worker.writer, "note": note.format(other=false)})
    worker.close()
    control.close()
    assert [each.number for each in verify(tmp_path).problems] == [f"{control.writer}-2"]


# What is no problem


def test_intents_without_an_outcome_are_listed(tmp_path: Path) -> None:
    book = opened(tmp_path)
    statement(book)
    book.intent(WHO, DENIED, phase="submit")
    number, _ = book.intent(WHO, READ, phase="submit")
    book.close()
    report = verify(tmp_path)
    assert report.ok
    assert report.writers[0].unanswered == [number]


@pytest.mark.parametrize("target", ["{}-3", "{}-99", "aaaaaaaa-1"])
def test_an_outcome_of_nothing(tmp_path: Path, target: str) -> None:
    book = opened(tmp_path)
    statement(book)
    book.outcome(WHO, intent=target.format(book.writer), duration_us=1)
    book.close()
    ok = target == "{}-3"
    assert verify(tmp_path).ok == ok
    if not ok:
        assert "refers to" in str(verify(tmp_path).problems[0])


def test_a_log_that_is_being_written(tmp_path: Path) -> None:
    book = opened(tmp_path)
    statement(book)
    statement(book)
    with open(segment(tmp_path, book.writer), "ab") as file:
        file.write(b'{"v":1')
    report = verify(tmp_path)
    assert report.ok
    assert (report.writers[0].records, report.writers[0].signed) == (4, 1)
    assert "6 bytes" in report.writers[0].torn[0]
    book._release()


def test_it_runs_by_itself(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(copy)]) == 0
    assert f"ok, {COUNT} records, {COUNT} signed" in capsys.readouterr().out
    segment(copy, writer_of(copy)).write_bytes(b"x\n")
    assert main([str(copy)]) == 1
    assert f"record `{writer_of(copy)}-1`: it is not JSON" in capsys.readouterr().out
    assert main([str(copy / "nowhere")]) == main([]) == 2
