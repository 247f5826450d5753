"""What is kept ends with its keeper, and a keeper with whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from nightporter.demo import keeper
from nightporter.demo.keeper import Task, keep, release


def run(task: Task) -> tuple[int, str]:
    """Let the commands run to their end; exit status and output."""
    with tempfile.TemporaryFile() as output:
        kept = keep(task, environment=os.environ, output=output)
        status = kept.wait(timeout=20)
        release(kept)
        output.seek(0)
        return status, output.read().decode()


def sh(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def test_commands_run_in_order() -> None:
    assert run(Task([sh("echo one"), sh("echo two")], [signal.SIGTERM])) == (0, "one\ntwo\n")


def test_a_failure_is_the_end() -> None:
    assert run(Task([sh("exit 7"), sh("echo never")], [signal.SIGTERM])) == (7, "")


def test_death_by_signal_is_told_as_shells_do() -> None:
    assert run(Task([sh("kill -9 $$")], [signal.SIGTERM]))[0] == 128 + 9


def test_the_directory_goes_when_the_last_command_has_ended(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    status, said = run(Task([sh("pwd; touch file")], [signal.SIGTERM], remove=folder, folder=folder))
    assert (status, said) == (0, f"{folder}\n")
    assert not folder.exists()


def lasting(script: str, signals: list[signal.Signals]) -> tuple[subprocess.Popen[bytes], str]:
    """A keeper whose command runs for as long as it is let, and what the command said when it was ready."""
    bell, ringer = os.pipe()
    with os.fdopen(ringer, "wb") as output, os.fdopen(bell) as said:
        kept = keep(Task([sh(script)], signals), environment=os.environ, output=output)
        return kept, said.readline()


def test_release_sends_the_first_signal() -> None:
    kept, ready = lasting("trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done", [signal.SIGTERM])
    assert ready == "ready\n"
    assert kept.poll() is None
    assert release(kept) == 3


def test_deaf_to_the_first_it_gets_the_next(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    impatient = tmp_path / "keeper.py"
    impatient.write_text(Path(keeper.__file__).read_text().replace("PATIENCE_S = 10.0", "PATIENCE_S = 0.2"))
    monkeypatch.setattr(keeper, "__file__", str(impatient))
    deaf = "trap '' TERM; trap 'exit 4' INT; echo ready; while :; do sleep 0.05; done"
    kept, ready = lasting(deaf, [signal.SIGTERM, signal.SIGINT])
    assert ready == "ready\n"
    assert release(kept) == 4
    kept, ready = lasting("trap '' TERM; echo ready; while :; do sleep 0.05; done", [signal.SIGTERM])
    assert ready == "ready\n"
    assert release(kept) == 128 + 9


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signalled_keeper_ends_what_it_keeps(sign: signal.Signals) -> None:
    kept, ready = lasting("trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done", [signal.SIGTERM])
    assert ready == "ready\n"
    kept.send_signal(sign)
    assert kept.wait(timeout=20) == 3
    release(kept)
