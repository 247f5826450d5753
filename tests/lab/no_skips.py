"""A pytest plug-in: in CI a skipped test is a failed one, so that nothing goes untested unseen. Expected failures stay."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

REASON = "skipped, and CI is set: nothing is skipped there"


def _strict() -> bool:
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if _strict() and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{REASON}: {report.longreprtext}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if _strict() and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{REASON}: {report.longreprtext}"
    return report
