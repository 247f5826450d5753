"""Keeps processes that must not outlive us: a database server, a gateway. Must import nothing of ours.

Both halves of it stand here. `keep` starts this very file as a process of its own, in a session of its own (a Ctrl-C in
the terminal does not reach what it keeps), with a pipe from us as its standard input. That process runs its commands one
after the other. When the pipe closes, because we closed it or because we are gone (even by SIGKILL), it stops what it runs
and removes the directory that was given to it. The pipe is the whole arrangement: no process file to read, no number that
could be reused.
"""

from __future__ import annotations

import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# Each signal gets this long before the next one; after the last one comes SIGKILL.
PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Task:
    """What to run, and how to end it."""

    commands: Sequence[Sequence[str]]
    """Run one after the other, each only if the one before exited with 0. No word may be a bare `--`."""
    signals: Sequence[signal.Signals]
    """Sent in this order to end a command, the first at once."""
    user: str | None = None
    """Who to become before each command; None: stay who we are."""
    remove: Path | None = None
    """A directory that goes when the keeper goes."""
    folder: Path = Path("/")
    """Working directory of the commands."""


def keep(task: Task, *, environment: Mapping[str, str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a keeper. Close its `stdin`, or call `release`, to end it; its exit status is that of its last command."""
    options = [f"--signals={','.join(sign.name for sign in task.signals)}", f"--folder={task.folder}"]
    options += [f"--user={task.user}"] if task.user else []
    options += [f"--remove={task.remove}"] if task.remove else []
    words = [word for command in task.commands for word in ("--", *command)]
    return subprocess.Popen(  # noqa: S603 - our own file, run by the interpreter that runs us
        [sys.executable, "-I", "-S", __file__, *options, *words],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        env=dict(environment),
        start_new_session=True,
    )


def release(keeper: subprocess.Popen[bytes], signals: int = 3) -> int:
    """End what a keeper keeps and wait until all is gone; its exit status. `signals`: how many it may have to try."""
    if keeper.stdin is not None:
        keeper.stdin.close()
    try:
        return keeper.wait(timeout=PATIENCE_S * (signals + 1))
    except subprocess.TimeoutExpired:
        keeper.kill()  # it is stuck; what it kept gets SIGHUP at most, and that is all we can do
        return keeper.wait()


# The other half: from here on we are the keeper's own process.


class _Release:
    """Tells apart the three things a keeper waits for: its command ends, its parent lets go, somebody signals it."""

    def __init__(self) -> None:
        self.given = False
        # A signal handler alone could fire just before `select` and be missed; the byte in this pipe cannot.
        self._bell, ringer = os.pipe()
        os.set_blocking(ringer, False)
        signal.set_wakeup_fd(ringer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, self._give)

    def _give(self, *_: object) -> None:
        self.given = True

    def wait(self, child: subprocess.Popen[bytes] | None) -> None:
        """Return when `child` has ended or we were let go."""
        while not self.given and (child is None or child.poll() is None):
            ready, _, _ = select.select([0, self._bell], [], [])
            if self._bell in ready:
                os.read(self._bell, 512)
            if 0 in ready and not os.read(0, 512):
                self.given = True


def _end(child: subprocess.Popen[bytes], signals: Sequence[signal.Signals]) -> None:
    for sign in signals:
        child.send_signal(sign)
        try:
            child.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            continue
        return
    child.kill()
    child.wait()


def _run(command: Sequence[str], user: str | None, folder: str) -> subprocess.Popen[bytes]:
    if user is None:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=folder)  # noqa: S603 - the command we were given
    entry = pwd.getpwnam(user)
    return subprocess.Popen(  # noqa: S603 - the command we were given
        command,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        user=entry.pw_uid,
        group=entry.pw_gid,
        extra_groups=[],
        umask=0o077,
    )


def _main(arguments: Sequence[str]) -> int:
    first = arguments.index("--")
    options = dict(option.removeprefix("--").split("=", 1) for option in arguments[:first])
    commands: list[list[str]] = []
    for word in arguments[first:]:
        if word == "--":
            commands.append([])
        else:
            commands[-1].append(word)
    signals = [signal.Signals[name] for name in options["signals"].split(",")]
    release = _Release()
    status = 0
    try:
        for command in commands:
            child = _run(command, options.get("user"), options["folder"])
            release.wait(child)
            if child.poll() is None:
                _end(child, signals)
            status = child.returncode
            if release.given or status:
                break
    finally:
        if "remove" in options:
            shutil.rmtree(options["remove"], ignore_errors=True)
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
