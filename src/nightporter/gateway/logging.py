"""Logs for operators: one line an event on standard error, with no statement, value or secret in it."""

from __future__ import annotations

import io
import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


class StandardError(io.TextIOBase):
    """Standard error as it is at that moment.

    A line that cannot be written, since its reader has gone or the disk is full, is lost; whoever logs goes on with what it was
    doing. The evidence is in the ledger, not here.
    """

    def write(self, text: str) -> int:
        """Gives the length of the text, written or not."""
        with suppress(OSError, ValueError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Best effort, as for `write`."""
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def configure() -> None:
    """Readable on a terminal, JSON otherwise."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, StandardError())),
        cache_logger_on_first_use=True,
    )
