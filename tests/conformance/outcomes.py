"""A pytest plug-in that a suite of other people's runs under: writes how each test ended, one JSON line each, as it ends.

It runs in that suite's own environment, so it imports nothing of ours. The file is named by the variable OUTCOMES.
"""

from __future__ import annotations

import json
import os
from typing import TextIO

import pytest

VARIABLE = "OUTCOMES"
RANK = {"passed": 0, "xfailed": 1, "skipped": 1, "xpassed": 2, "failed": 3, "error": 4}
"""A test has three phases and one outcome: its worst."""


class Outcomes:
    """Notes the worst phase of each test and writes it when the test is over."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._worst: dict[str, tuple[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        found = outcome_of(report)
        known, _ = self._worst.setdefault(report.nodeid, ("passed", ""))
        if RANK[found] > RANK[known]:
            self._worst[report.nodeid] = (found, report.longreprtext)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        outcome, why = self._worst.pop(nodeid, ("error", "it was never run"))
        self._write(nodeid, outcome, why)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._write(report.nodeid, "error", report.longreprtext)

    def _write(self, nodeid: str, outcome: str, why: str) -> None:
        self._file.write(json.dumps({"id": nodeid, "outcome": outcome, "why": why}) + "\n")
        self._file.flush()  # a test may end the whole process: what ended before it stays known


def outcome_of(report: pytest.TestReport) -> str:
    """How one phase of a test ended."""
    if hasattr(report, "wasxfail"):
        return "xpassed" if report.passed else "xfailed"
    if report.failed:
        return "failed" if report.when == "call" else "error"
    return "skipped" if report.skipped else "passed"


def pytest_configure(config: pytest.Config) -> None:
    path = os.environ.get(VARIABLE)
    if path:
        config.pluginmanager.register(Outcomes(open(path, "w", encoding="utf-8")), "nightporter-outcomes")  # noqa: SIM115
