"""The plug-in that forbids skipping, run on a suite of its own in another process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
import pytest

def test_runs(): assert True

@pytest.mark.skip(reason="no such server")
def test_marked(): assert False

def test_inside(): pytest.skip("no such client")

@pytest.mark.xfail(reason="known")
def test_expected(): assert False
"""
MODULE = 'import pytest\n\npytest.importorskip("no_such_module")\n\ndef test_runs(): assert True\n'


def run(folder: Path, suite: str, ci: str) -> str:
    (folder / "test_suite.py").write_text(suite)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.lab.no_skips",
        "-p",
        "no:cacheprovider",
        "-q",
        "-rf",
        str(folder),
    ]
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("ci", ["true", "1"])
def test_in_ci_a_skip_is_a_failure_that_names_its_reason(tmp_path: Path, ci: str) -> None:
    said = run(tmp_path, SUITE, ci)
    assert "1 failed, 1 passed, 1 xfailed, 1 error" in said  # a mark is met in set-up, which makes it an error
    assert "no such server" in said
    assert "no such client" in said


def test_in_ci_a_skipped_module_is_an_error(tmp_path: Path) -> None:
    said = run(tmp_path, MODULE, "true")
    assert "1 error" in said
    assert "no_such_module" in said


@pytest.mark.parametrize("ci", ["", "0", "false"])
def test_elsewhere_a_skip_is_a_skip(tmp_path: Path, ci: str) -> None:
    assert "1 passed, 2 skipped, 1 xfailed" in run(tmp_path, SUITE, ci)
