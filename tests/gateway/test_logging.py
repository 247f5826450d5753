"""Operators' logs: whoever writes one goes on, whatever has become of standard error."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

import pytest
import structlog

from nightporter.gateway.logging import configure


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError("no space left on device")


@pytest.mark.parametrize("gone", ["closed", "full"])
def test_a_line_that_cannot_be_written_is_lost_and_nothing_else(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    configure()
    log = structlog.get_logger()
    log.info("first")
    stream = Full() if gone == "full" else io.StringIO()
    if gone == "closed":
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    log.info("lost")
    later = io.StringIO()
    monkeypatch.setattr(sys, "stderr", later)
    log.info("next")
    assert "next" in later.getvalue()
    assert "lost" not in later.getvalue()
