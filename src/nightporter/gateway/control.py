"""Control sockets: one Unix socket a worker, one JSON object a line, one answer each. For the command line and for other workers.

Whoever may open a file in the run directory (mode 0700) may use them: that is the operator, as with the ledger and the store.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from nightporter.config import Config
from nightporter.core.error import NightporterError

MAX_LINE = 16 * 1024 * 1024
"""An answer lists every session of a worker: some thousand of a few hundred bytes each."""
TIMEOUT_S = 5.0
SOCKET_MODE = 0o600
DIRECTORY_MODE = 0o700

Message = dict[str, object]


class ControlError(NightporterError):
    """No gateway runs here, or it does not answer."""


async def serve(run: Path, index: int, obey: Callable[[Message], Awaitable[Message]]) -> asyncio.Server:
    """Listen on this worker's socket; a left-over of an earlier one is replaced."""
    run.mkdir(DIRECTORY_MODE, parents=True, exist_ok=True)
    path = run / f"worker-{index}.sock"
    path.unlink(missing_ok=True)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                message = msgspec.json.decode(await reader.readline(), type=Message)
                writer.write(msgspec.json.encode(await obey(message)) + b"\n")
                await writer.drain()
        except (TimeoutError, OSError, ValueError, msgspec.DecodeError):
            pass  # the asker is gone or does not speak JSON: nothing was asked, nothing is done
        finally:
            writer.close()

    server = await asyncio.start_unix_server(answer, str(path), limit=MAX_LINE)
    os.chmod(path, SOCKET_MODE)
    return server


async def ask(run: Path, index: int, message: Message) -> Message | None:
    """Ask one worker; None if it is not there or does not answer."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(str(run / f"worker-{index}.sock"), limit=MAX_LINE)
            try:
                writer.write(msgspec.json.encode(message) + b"\n")
                return msgspec.json.decode(await reader.readline(), type=Message)
            finally:
                writer.close()
    except (TimeoutError, OSError, ValueError, msgspec.DecodeError):  # that worker is gone, or starting
        return None


async def ask_others(run: Path, index: int, message: Message) -> None:
    """Ask the other workers, one after the other, until one says it is done."""
    for path in sorted(run.glob("worker-*.sock")):
        other = path.stem.removeprefix("worker-")
        if not other.isdigit() or int(other) == index:
            continue
        answer = await ask(run, int(other), message)
        if answer is not None and answer.get("done"):
            return  # one that is not there is gone, and its sessions with it


# For the command line, which waits


def sessions(config: Config) -> list[Message]:
    """Every open session of a running gateway. Raises ControlError."""
    found: list[Message] = []
    for answer in _ask_all(config, {"verb": "sessions"}):
        listed = answer.get("sessions")
        if isinstance(listed, list):
            found += listed
    return sorted(found, key=lambda s: str(s.get("since")))


def end_session(config: Config, session: str) -> bool:
    """End one session; False if there is none of that id. Raises ControlError."""
    return _ended(config, {"verb": "end", "session": session}) > 0


def end_sessions_of(config: Config, principal: str) -> int:
    """End every session of a principal; gives how many. Raises ControlError."""
    return _ended(config, {"verb": "end", "principal": principal})


def _ended(config: Config, message: Message) -> int:
    counts = [answer.get("ended") for answer in _ask_all(config, message)]
    return sum(count for count in counts if isinstance(count, int))


def _ask_all(config: Config, message: Message) -> list[Message]:
    answers = []
    for path in sorted(config.run.glob("worker-*.sock")):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            try:
                connection.connect(str(path))
                connection.sendall(msgspec.json.encode(message) + b"\n")
                with connection.makefile("rb") as lines:
                    answers.append(msgspec.json.decode(lines.readline(MAX_LINE), type=Message))
            except ConnectionRefusedError:
                continue  # a worker that was killed left its socket behind
            except (OSError, msgspec.DecodeError) as error:
                raise ControlError(f"the worker at `{path}` does not answer") from error
    if not answers:
        raise ControlError(f"no gateway is running: nothing answers in `{config.run}`")
    return answers
