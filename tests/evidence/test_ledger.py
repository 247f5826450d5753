from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from nightporter.core.error import EvidenceError
from nightporter.evidence import files, ledger
from nightporter.evidence.chain import START, VerifierKey, leaf_hash
from nightporter.evidence.commitment import CommitmentKey, commit
from nightporter.evidence.record import VERSION, EventKind, What, encode
from nightporter.evidence.tail import opening
from nightporter.evidence.verify import verify

from .book import READ, START_US, WHO, Clock, dice, everything, lines, opened, records, statement
from .disk import failing

DAY_US = 24 * 3600 * 1_000_000


def kinds(path: Path, writer: str, ordinal: int = 1) -> list[str]:
    return [record["kind"] for record in records(path, writer, ordinal)]


def numbers(path: Path, writer: str) -> list[str]:
    return [record["n"] for ordinal in files.segments(path / writer) for record in records(path, writer, ordinal)]


def test_records_are_numbered_stamped_and_chained(tmp_path: Path) -> None:
    book = opened(tmp_path)
    everything(book)
    book.close()
    previous = START
    for index, (line, record) in enumerate(zip(lines(tmp_path, book.writer), records(tmp_path, book.writer), strict=True), 1):
        assert record["v"] == VERSION
        assert record["n"] == f"{book.writer}-{index}"
        assert record["prev"] == previous
        previous = leaf_hash(line[:-1]).hex()
    assert records(tmp_path, book.writer)[0]["time"] == "2026-01-01T00:00:00.250001Z"


def test_an_intent_is_in_the_file_when_it_returns(tmp_path: Path) -> None:
    book = opened(tmp_path)
    number, _ = book.intent(WHO, READ, phase="submit")
    assert records(tmp_path, book.writer)[-1]["n"] == number
    book.close()


def test_an_outcome_waits_for_the_next_intent(tmp_path: Path) -> None:
    book = opened(tmp_path)
    first = statement(book)
    assert kinds(tmp_path, book.writer) == ["writer_started", "intent"]
    book.intent(WHO, READ, phase="run")
    assert kinds(tmp_path, book.writer) == ["writer_started", "intent", "outcome", "intent"]
    assert records(tmp_path, book.writer)[2]["intent"] == first
    statement(book)
    book.flush()
    assert kinds(tmp_path, book.writer)[-1] == "outcome"
    book.close()


def test_many_outcomes_do_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "FLUSH_BYTES", 1000)
    book = opened(tmp_path)
    number = statement(book)
    for index in range(1, 3):
        book.outcome(WHO, intent=number, duration_us=1, statement=index)
    assert kinds(tmp_path, book.writer).count("outcome") == 3
    book.close()


def test_parameters_are_commitments(tmp_path: Path) -> None:
    book = opened(tmp_path)
    number, salt = book.intent(WHO, READ, phase="run", parameters=(b"4111 1111 1111 1111", None))
    book.close()
    key = CommitmentKey(bytes.fromhex((tmp_path / "keys" / book.writer / "commitment-2026-01-01").read_text()))
    assert salt == key.salt(number)
    assert records(tmp_path, book.writer)[1]["parameters"] == [commit(salt, 0, b"4111 1111 1111 1111"), None]
    assert not any(b"4111" in line for line in lines(tmp_path, book.writer))
    assert opening(tmp_path, number, 0, b"4111 1111 1111 1111")
    assert not opening(tmp_path, number, 0, b"4111 1111 1111 1112")
    assert opening(tmp_path, number, 1, None)


def test_every_day_has_its_commitment_key(tmp_path: Path) -> None:
    book = opened(tmp_path, clock=Clock(START_US, DAY_US))
    first, _ = book.intent(WHO, READ, phase="run", parameters=(b"x",))
    second, _ = book.intent(WHO, READ, phase="run", parameters=(b"x",))
    book.close()
    days = sorted(each.name for each in (tmp_path / "keys" / book.writer).iterdir())
    assert days == ["commitment-2026-01-03", "commitment-2026-01-04", "signing"]
    assert opening(tmp_path, first, 0, b"x")
    (tmp_path / "keys" / book.writer / "commitment-2026-01-03").unlink()
    with pytest.raises(EvidenceError, match="was deleted"):
        opening(tmp_path, first, 0, b"x")
    assert opening(tmp_path, second, 0, b"x")
    assert verify(tmp_path).ok


@pytest.mark.parametrize(("number", "index"), [("nowhere-1", 0), ("{}-99", 0), ("{}-1", 0), ("{}-2", 2)])
def test_what_was_not_recorded_cannot_be_opened(tmp_path: Path, number: str, index: int) -> None:
    book = opened(tmp_path)
    statement(book)
    book.close()
    with pytest.raises(EvidenceError, match="no"):
        opening(tmp_path, number.format(book.writer), index, b"7")


def test_secrets_are_for_their_owner_only(tmp_path: Path) -> None:
    book = opened(tmp_path / "ledger")
    statement(book)
    book.close()
    secret = tmp_path / "ledger" / "keys"
    for each in (secret, secret / book.writer):
        assert stat.S_IMODE(each.stat().st_mode) == 0o700
    for each in (secret / book.writer).iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600
    for each in (tmp_path / "ledger" / book.writer).iterdir():
        assert stat.S_IMODE(each.stat().st_mode) & 0o007 == 0


def test_a_checkpoint_covers_all_that_was_recorded(tmp_path: Path) -> None:
    book = opened(tmp_path)
    statement(book)
    assert book.unsigned == 2
    book.checkpoint()
    assert book.unsigned == 0
    folder = tmp_path / book.writer
    key = VerifierKey.parse((folder / "key.pub").read_text())
    assert key.name == f"nightporter/{book.writer}"
    assert key.open_checkpoint((folder / "checkpoint").read_text()).size == 3
    assert (folder / "checkpoints").read_text().endswith((folder / "checkpoint").read_text() + "\n")
    before = (folder / "checkpoints").read_bytes()
    book.checkpoint()
    assert (folder / "checkpoints").read_bytes() == before
    book.close()


def test_segments_turn_and_the_chain_goes_on(tmp_path: Path) -> None:
    book = opened(tmp_path, segment_bytes=2000)
    for _ in range(20):
        statement(book)
    book.close()
    report = verify(tmp_path)
    assert report.ok
    assert len(files.segments(tmp_path / book.writer)) > 5
    assert report.writers[0].records == report.writers[0].signed == 42
    # Full segments do not pile up unsynced: every few of them there was a checkpoint.
    assert report.writers[0].checkpoints > 2


def test_a_writer_continues_its_log(tmp_path: Path) -> None:
    book = opened(tmp_path, segment_bytes=3000)
    everything(book)
    book.close()
    again = opened(tmp_path, book.writer, segment_bytes=3000)
    assert again.writer == book.writer
    everything(again)
    again.close()
    count = len(numbers(tmp_path, book.writer))
    assert numbers(tmp_path, book.writer) == [f"{book.writer}-{n}" for n in range(1, count + 1)]
    assert verify(tmp_path).ok


@pytest.mark.parametrize("damage", ["missing", "garbage", "stale"])
def test_a_writer_continues_without_its_resume_file(tmp_path: Path, damage: str) -> None:
    book = opened(tmp_path)
    mark = tmp_path / book.writer / "resume"
    stale = mark.read_bytes()
    everything(book)
    book.close()
    if damage == "missing":
        mark.unlink()
    else:
        mark.write_bytes(b"{}" if damage == "garbage" else stale)
    opened(tmp_path, book.writer).close()
    report = verify(tmp_path)
    assert report.ok
    assert report.writers[0].signed == report.writers[0].records


def test_new_writers_are_new(tmp_path: Path) -> None:
    first = opened(tmp_path, seed="a")
    second = opened(tmp_path, seed="b")
    first.close()
    second.close()
    assert files.writers(tmp_path) == sorted([first.writer, second.writer])
    assert first.writer != second.writer


@pytest.mark.parametrize("gone", ["nothing", "log"])
def test_a_writer_id_is_never_used_again(tmp_path: Path, gone: str) -> None:
    book = opened(tmp_path, seed="a")
    book.close()
    if gone == "log":
        (tmp_path / book.writer).rename(tmp_path / "elsewhere")
    again = opened(tmp_path, seed="a")  # draws the same id first
    again.close()
    assert again.writer != book.writer


def test_without_a_free_id_there_is_no_writer(tmp_path: Path) -> None:
    def stuck(count: int) -> bytes:
        return bytes(count)

    book = ledger.Ledger.open(tmp_path, writer=None, random=stuck, now_us=Clock())
    with pytest.raises(EvidenceError, match="no writer id"):
        ledger.Ledger.open(tmp_path, writer=None, random=stuck, now_us=Clock())
    book.close()


def test_a_log_has_one_writer_at_a_time(tmp_path: Path) -> None:
    book = opened(tmp_path)
    with pytest.raises(EvidenceError, match="in use by another process"):
        opened(tmp_path, book.writer)
    book.close()
    opened(tmp_path, book.writer).close()


@pytest.mark.parametrize("writer", ["aaaaaaaa", "../keys", "keys", "", "AAAAAAAA"])
def test_a_writer_that_is_not_there(tmp_path: Path, writer: str) -> None:
    opened(tmp_path).close()
    with pytest.raises(EvidenceError, match="there is no writer"):
        opened(tmp_path, writer)


@pytest.mark.parametrize("text", [None, "PRIVATE+KEY+x", "", "\u00e9"])
def test_a_writer_without_its_key_is_not_continued(tmp_path: Path, text: str | None) -> None:
    book = opened(tmp_path)
    book.close()
    key = tmp_path / "keys" / book.writer / "signing"
    if text is None:
        key.unlink()
    else:
        key.write_text(text)
    with pytest.raises(EvidenceError, match="signing key"):
        opened(tmp_path, book.writer)


def test_the_key_of_another_writer_is_refused(tmp_path: Path) -> None:
    first, second = opened(tmp_path, seed="a"), opened(tmp_path, seed="b")
    first.close()
    second.close()
    (tmp_path / "keys" / first.writer / "signing").replace(tmp_path / "keys" / second.writer / "signing")
    with pytest.raises(EvidenceError, match="belongs to"):
        opened(tmp_path, second.writer)


def test_a_damaged_commitment_key_is_not_replaced(tmp_path: Path) -> None:
    book = opened(tmp_path)
    statement(book)
    book.close()
    (tmp_path / "keys" / book.writer / "commitment-2026-01-01").write_text("spoiled")
    book = opened(tmp_path, book.writer)
    with pytest.raises(EvidenceError, match="commitment key"):
        statement(book)
    book.close()


def test_a_path_that_cannot_be_a_ledger(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EvidenceError, match="be opened"):
        opened(tmp_path / "file")


def test_a_closed_ledger_takes_nothing(tmp_path: Path) -> None:
    book = opened(tmp_path)
    number = statement(book)
    book.close()
    book.close()
    assert book.broken is not None
    for call in (
        lambda: book.intent(WHO, READ, phase="submit"),
        lambda: book.outcome(WHO, intent=number, duration_us=1),
        lambda: book.event(EventKind.FAULT, None, {}),
        book.sync,
    ):
        with pytest.raises(EvidenceError, match="closed"):
            call()
    assert kinds(tmp_path, book.writer)[-2:] == ["outcome", "writer_stopped"]


@pytest.mark.parametrize(
    ("what", "phase", "refers_to"),
    [
        (READ, "guess", None),
        (Raw(b'{\n"a":1}'), "submit", None),
        (READ, "fetch", "\udc80"),
    ],
)
def test_what_would_spoil_the_log_is_not_recorded(tmp_path: Path, what: Raw, phase: str, refers_to: str | None) -> None:
    book = opened(tmp_path)
    with pytest.raises(EvidenceError):
        book.intent(WHO, what, phase=phase, refers_to=refers_to)
    assert numbers(tmp_path, book.writer) == [f"{book.writer}-1"]
    statement(book)
    book.close()
    assert verify(tmp_path).ok


@pytest.mark.parametrize("wrong", [{"status": "fine"}, {"transaction_end": "maybe"}, {"tag": "\udc80"}, {"rows": -1}])
def test_an_outcome_that_would_spoil_the_log(tmp_path: Path, wrong: dict[str, Any]) -> None:
    book = opened(tmp_path)
    number = statement(book)
    with pytest.raises(EvidenceError):
        book.outcome(WHO, intent=number, duration_us=1, **wrong)
    book.close()
    assert verify(tmp_path).ok


def test_a_long_record_is_one_record(tmp_path: Path) -> None:
    book = opened(tmp_path, segment_bytes=5000)
    what = msgspec.structs.replace(msgspec.json.decode(READ, type=What), text="\n" * 20_000)
    statement(book)
    book.intent(WHO, encode(what), phase="submit")
    statement(book)
    book.close()
    assert verify(tmp_path).ok


# A disk that fails


def test_without_room_the_intent_was_never_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = failing(monkeypatch)
    book = opened(tmp_path)
    number = statement(book)  # its outcome is pending
    before = lines(tmp_path, book.writer)
    for room in (0, 1, 300, 600):
        disk.room = room
        with pytest.raises(EvidenceError) as caught:
            book.intent(WHO, READ, phase="submit")
        assert caught.value.disk_full
        assert lines(tmp_path, book.writer) == before
        with pytest.raises(EvidenceError):
            book.event(EventKind.WARNING, None, {})
        assert lines(tmp_path, book.writer) == before
    book.outcome(WHO, intent=number, duration_us=1, statement=1)
    disk.room = None
    again, _ = book.intent(WHO, READ, phase="submit")
    assert numbers(tmp_path, book.writer) == [f"{book.writer}-{n}" for n in range(1, 6)]
    assert again == f"{book.writer}-5"
    assert kinds(tmp_path, book.writer) == ["writer_started", "intent", "outcome", "outcome", "intent"]
    book.close()
    assert verify(tmp_path).ok


def test_an_outcome_never_fails_for_want_of_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "FLUSH_BYTES", 1000)
    disk = failing(monkeypatch)
    book = opened(tmp_path)
    number = statement(book)
    disk.room = 0
    for index in range(1, 20):
        book.outcome(WHO, intent=number, duration_us=1, statement=index)
    with pytest.raises(EvidenceError):
        book.flush()
    disk.room = None
    book.flush()
    assert kinds(tmp_path, book.writer).count("outcome") == 20
    book.close()
    assert verify(tmp_path).ok


def test_a_broken_ledger_says_so_to_everyone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = failing(monkeypatch)
    book = opened(tmp_path)
    number = statement(book)
    disk.room, disk.truncate_errno = 5, errno.EIO
    with pytest.raises(EvidenceError, match="for good"):
        book.intent(WHO, READ, phase="submit")
    disk.room, disk.truncate_errno = None, 0
    for call in (
        lambda: book.intent(WHO, READ, phase="submit"),
        lambda: book.outcome(WHO, intent=number, duration_us=1),
        lambda: book.event(EventKind.FAULT, None, {}),
        book.flush,
        book.sync,
        book.checkpoint,
        book.close,
    ):
        with pytest.raises(EvidenceError, match="for good"):
            call()
    # The lock is gone, and opening again cuts what could not be undone.
    again = opened(tmp_path, book.writer)
    again.close()
    assert "torn_tail" in kinds(tmp_path, book.writer)
    assert verify(tmp_path).ok


def test_a_checkpoint_that_cannot_be_written_is_made_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = opened(tmp_path)
    statement(book)

    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as context:
        context.setattr(files, "add", full)
        with pytest.raises(EvidenceError, match="checkpoint") as caught:
            book.checkpoint()
    assert caught.value.disk_full
    assert book.unsigned == 2
    statement(book)
    book.close()
    report = verify(tmp_path)
    assert report.ok
    assert report.writers[0].signed == report.writers[0].records


def test_a_day_without_a_key_has_no_intents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = opened(tmp_path)

    def full(path: Path, data: bytes, mode: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as context:
        context.setattr(files, "replace", full)
        with pytest.raises(EvidenceError, match="commitment key") as caught:
            statement(book)
    assert caught.value.disk_full
    statement(book)
    book.close()
    assert verify(tmp_path).ok


def test_opening_fails_cleanly_when_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = opened(tmp_path)
    book.close()
    with monkeypatch.context() as context:
        failing(context).room = 3
        with pytest.raises(EvidenceError):
            ledger.Ledger.open(tmp_path, writer=book.writer, random=dice("a"), now_us=Clock())
    opened(tmp_path, book.writer).close()
    assert verify(tmp_path).ok
