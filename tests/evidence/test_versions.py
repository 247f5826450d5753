"""What is kept under its hash."""

from __future__ import annotations

import stat
from hashlib import sha256
from pathlib import Path

import pytest

from nightporter.core.error import EvidenceError
from nightporter.evidence import versions
from nightporter.evidence.files import writers
from nightporter.evidence.verify import verify
from nightporter.evidence.versions import keep, kept

from .book import everything, opened


def test_what_is_kept_is_found_under_its_hash(tmp_path: Path) -> None:
    digest = keep(tmp_path / "ledger" / "policy", b"some")
    assert digest == sha256(b"some").hexdigest()
    assert kept(tmp_path / "ledger" / "policy", digest) == b"some"
    assert [file.name for file in (tmp_path / "ledger" / "policy").iterdir()] == [f"{digest}.json"]


def test_it_may_be_read_by_the_group_only(tmp_path: Path) -> None:
    file = tmp_path / "policy" / f"{keep(tmp_path / 'policy', b'some')}.json"
    assert stat.S_IMODE(file.stat().st_mode) & 0o007 == 0
    assert stat.S_IMODE(file.parent.stat().st_mode) & 0o007 == 0


@pytest.mark.parametrize("left", [b"", b"som", b"other"])
def test_what_a_crash_left_is_put_right(tmp_path: Path, left: bytes) -> None:
    digest = sha256(b"some").hexdigest()
    (tmp_path / f"{digest}.json").write_bytes(left)
    with pytest.raises(EvidenceError):
        kept(tmp_path, digest)
    assert keep(tmp_path, b"some") == digest
    assert kept(tmp_path, digest) == b"some"


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "policy").write_text("a file")
    with pytest.raises(EvidenceError, match="cannot keep"):
        keep(tmp_path / "policy", b"some")


def test_a_ledger_with_policies_verifies_as_before(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "ledger", seed="v")
    everything(ledger)
    ledger.close()
    before = verify(tmp_path / "ledger")
    keep(tmp_path / "ledger" / versions.POLICY, b"some")
    assert verify(tmp_path / "ledger") == before
    assert before.ok
    assert len(writers(tmp_path / "ledger")) == 1
