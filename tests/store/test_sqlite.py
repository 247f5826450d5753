"""The store as a file: who may read it, and what becomes of processes that meet in it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nightporter.core.error import StoreError
from nightporter.identity.principal import Kind, Method
from nightporter.store import open_store


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = open_store(f"sqlite:///{tmp_path}/store.db")
        store.add_principal("bob", Kind.HUMAN, Method.TOKEN)
        assert {path.name: mode(path) for path in tmp_path.iterdir()} == dict.fromkeys(
            ["store.db", "store.db-shm", "store.db-wal", "store.db.lock"], 0o600
        )
        store.close()
    finally:
        os.umask(before)


def test_the_mode_of_a_file_that_was_there_is_left(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.touch(0o640)
    open_store(f"sqlite:///{path}").close()
    assert mode(path) == 0o640


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_store("sqlite:///store.db").close()
    assert (tmp_path / "store.db").exists()


def test_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    store.add_principal("bob", Kind.HUMAN, Method.TOKEN)
    with store._database.write():
        assert store.find("bob") is not None
    store.close()


OPEN = """
import sys
from nightporter.identity.principal import Kind, Method
from nightporter.store import open_store
sys.stdin.read()
store = open_store(sys.argv[1])
store.add_principal(sys.argv[2], Kind.HUMAN, Method.TOKEN)
print(store.mock_secret().hex())
"""


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    starting = [
        subprocess.Popen([sys.executable, "-c", OPEN, url, f"p{number}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for number in range(3)
    ]
    for process in starting:
        assert process.stdin is not None
        process.stdin.close()  # now
        process.stdin = None
    secrets = {process.communicate(timeout=60)[0] for process in starting}
    assert [process.returncode for process in starting] == [0, 0, 0]
    assert len(secrets) == 1
    store = open_store(url)
    assert [one.principal.name for one in store.list()] == ["p0", "p1", "p2"]
    store.close()


def test_an_upgrade_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.db"

    def no_randomness(size: int) -> bytes:
        raise OSError("none left")

    with pytest.raises(OSError, match="none left"):
        open_store(f"sqlite:///{path}", random=no_randomness)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()
    open_store(f"sqlite:///{path}").close()


def test_a_current_store_is_opened_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    open_store(url).close()
    code = f"import sys; from nightporter.store import open_store; open_store({url!r}); print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"something else" * 100)
    with pytest.raises(StoreError, match="cannot be opened: file is not a database"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == b"something else" * 100


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"missing/store.db` cannot be opened: No such file or directory"):
        open_store(f"sqlite:///{tmp_path}/missing/store.db")
