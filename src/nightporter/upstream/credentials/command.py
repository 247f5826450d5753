"""A password that a command prints: `command:PROGRAM ARGUMENT ...`, such as the client of a secret store.

The command runs without a shell, for each connection, and has a time limit. Its arguments and output must not appear in
any error: either may be secret. What it writes to its standard error is discarded for the same reason.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass, field
from pathlib import Path

from nightporter.core.error import ConfigError
from nightporter.secret import Secret

from .source import MAX_SECRET_BYTES, as_secret, unavailable

TIMEOUT_S = 10.0
"""Secret stores answer within a second or two; a client that waits for its database gives up soon after this."""


@dataclass(frozen=True, slots=True)
class CommandSource:
    """Fetches the standard output of a command, without its last line end."""

    program: str
    arguments: tuple[str, ...] = field(default=(), repr=False)
    directory: Path = Path()
    timeout_s: float = TIMEOUT_S

    async def fetch(self) -> Secret:
        """See `Source`."""
        try:
            process = await asyncio.create_subprocess_exec(
                self.program,
                *self.arguments,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=DEVNULL,
                cwd=self.directory,
                start_new_session=True,  # so that it can be ended together with what it started
            )
        except OSError as error:
            raise unavailable(f"password command `{self.program}` cannot be run: {error.strerror}") from None
        try:
            async with asyncio.timeout(self.timeout_s):
                raw = await _output(process)
                status = await process.wait()
        except TimeoutError:
            await _end(process)
            raise unavailable(f"password command `{self.program}` took longer than {self.timeout_s:g} s") from None
        except BaseException:  # it printed too much, or we were cancelled: no process stays behind, no password is had
            await _end(process)
            raise
        if status != 0:
            raise unavailable(f"password command `{self.program}` failed with status {status}")
        return as_secret(raw, f"password command `{self.program}`")

    def warning(self) -> str | None:
        """See `Source`. A command is not tried out: it may have effects of its own."""
        return None


async def _output(process: Process) -> bytes:
    """Everything it prints. Raises `UpstreamError` when that is too much to be a password, without waiting for the end."""
    if process.stdout is None:
        raise unavailable("the output of the password command was lost")
    raw = b""
    while chunk := await process.stdout.read(MAX_SECRET_BYTES):
        raw += chunk
        if len(raw) > MAX_SECRET_BYTES:
            raise unavailable(f"a password command printed more than {MAX_SECRET_BYTES} bytes, which is no password")
    return raw


async def _end(process: Process) -> None:
    """Leave no process behind: neither the command nor what it started, which may hold its output open."""
    with contextlib.suppress(ProcessLookupError):  # they ended meanwhile, which is what we want
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def parse(line: str, base: Path) -> CommandSource:
    """`line` is what follows `command:`, quoted as for a shell; it runs in the directory `base`. Raises ConfigError."""
    try:
        words = shlex.split(line)
    except ValueError:  # an open quotation; refuses to start
        words = []
    if not words or "\0" in line:
        raise ConfigError("what follows `command:` is not a command line")
    return CommandSource(words[0], tuple(words[1:]), base)
