"""The arena (tests/arena): attacks through a whole gateway under its reference policy, and what must not be stopped.

The bench says what happened in each case; what has to happen is held here, by category.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.serve import arena, arena_server

ARENA = Path(__file__).parents[1] / "arena"
TIMEOUT_S = 600
"""Of one run: a hundred times what a case takes."""

STOPPED = frozenset({"guardrail", "identity", "protocol", "masking", "error-channel", "inference"})
"""Categories of attacks: refused, or answered without a value that must not be seen, as each case asks."""
OPEN: dict[str, str] = {}
"""Known not to be as the reference policy has it, each with its cause. What is mended is to be taken out."""


@pytest.fixture(scope="module")
def entrances() -> Iterator[dict[str, str]]:
    """The connection strings of `tests/lab/serve.py arena`."""
    with arena_server() as server, arena(server.dsn(), "lab_case") as served:
        yield served


def play(entrances: dict[str, str], out: Path, *more: str) -> list[dict[str, Any]]:
    """Run the bench; its results, one for each case."""
    command = [sys.executable, str(ARENA / "arena.py"), "--admin-dsn", entrances["admin_dsn"], "--json", str(out), *more]
    command += ["--proxy-dsn-agent", entrances["agent_dsn"], "--proxy-dsn-admin", entrances["agent_super_dsn"]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert out.exists(), done.stdout + done.stderr
    results: list[dict[str, Any]] = json.loads(out.read_text())
    return results


def is_right(result: dict[str, Any]) -> bool:
    """Whether a case ended as it must."""
    verdict, category = result["verdict"], result["category"]
    if category == "benign":
        return bool(verdict == "allowed")
    assert category in STOPPED, f"nobody has said what must become of {category}"
    return bool(verdict == "stopped")


def wrong(results: list[dict[str, Any]]) -> dict[str, str]:
    """What did not end as it must, and how."""
    return {
        each["id"]: f"{each['category']} {each['verdict']}: {each['why']}: {each['detail']}"
        for each in results
        if not is_right(each)
    }


def test_the_development_cases(entrances: dict[str, str], tmp_path: Path) -> None:
    results = play(entrances, tmp_path / "results.json")
    assert wrong(results) == {}
    found = {category: sum(each["category"] == category for each in results) for category in {each["category"] for each in results}}
    assert found == {
        "guardrail": 35,
        "identity": 7,
        "protocol": 6,
        "masking": 31,
        "error-channel": 7,
        "inference": 2,
        "benign": 6,
    }


def test_more_cases_in_two_databases_at_once(entrances: dict[str, str], tmp_path: Path) -> None:
    cases = [str(ARENA / "cases/postgres_more.jsonl"), "--wire", str(ARENA / "wire_more.py"), "--workers", "2"]
    results = play(entrances, tmp_path / "results.json", "--cases", *cases)
    found = wrong(results)
    assert {name: how for name, how in found.items() if name not in OPEN} == {}
    assert sorted(OPEN.keys() - found.keys()) == [], "mended: take them out of OPEN"
    assert [each["id"] for each in results if each["verdict"] in ("broke", "skipped")] == []
