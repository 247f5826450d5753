"""Control sockets: asked from the command line and from other workers."""

from __future__ import annotations

import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from nightporter.config import Config
from nightporter.gateway import control
from nightporter.gateway.control import ControlError, Message


def config(run: Path) -> Config:
    return cast("Config", SimpleNamespace(run=run))


@asynccontextmanager
async def worker(run: Path, index: int, answer: Message) -> AsyncIterator[list[Message]]:
    """A worker that answers everything with this; what it was asked."""
    asked: list[Message] = []

    async def obey(message: Message) -> Message:
        asked.append(message)
        return answer

    server = await control.serve(run, index, obey)
    try:
        yield asked
    finally:
        server.close()
        await server.wait_closed()


async def test_sessions_of_all_workers_are_listed_by_age(tmp_path: Path) -> None:
    young: Message = {"sessions": [{"session": "b", "since": "2"}]}
    old: Message = {"sessions": [{"session": "a", "since": "1"}]}
    async with worker(tmp_path, 0, young) as asked, worker(tmp_path, 1, old):
        found = await asyncio.to_thread(control.sessions, config(tmp_path))
    assert [each["session"] for each in found] == ["a", "b"]
    assert asked == [{"verb": "sessions"}]


@pytest.mark.parametrize(("ended", "found"), [(1, True), (0, False), ("nonsense", False)])
async def test_a_session_is_ended_where_it_is(tmp_path: Path, ended: object, found: bool) -> None:
    async with worker(tmp_path, 0, {"ended": 0}), worker(tmp_path, 1, {"ended": ended}) as asked:
        assert await asyncio.to_thread(control.end_session, config(tmp_path), "abc") is found
    assert asked == [{"verb": "end", "session": "abc"}]


async def test_the_sessions_of_a_principal_are_counted_over_all_workers(tmp_path: Path) -> None:
    async with worker(tmp_path, 0, {"ended": 2}), worker(tmp_path, 1, {"ended": 3}):
        assert await asyncio.to_thread(control.end_sessions_of, config(tmp_path), "bot") == 5


async def test_nobody_else_may_use_it(tmp_path: Path) -> None:
    async with worker(tmp_path / "run", 0, {}):
        assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "run" / "worker-0.sock").stat().st_mode) == 0o600


def test_without_a_gateway_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="no gateway is running"):
        control.sessions(config(tmp_path))


async def test_the_socket_of_a_worker_that_was_killed_does_not_matter(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "worker-0.sock"))
    async with worker(tmp_path, 1, {"sessions": []}):
        assert await asyncio.to_thread(control.sessions, config(tmp_path)) == []


async def test_a_left_over_socket_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "worker-0.sock"))
    async with worker(tmp_path, 0, {"sessions": []}):
        assert await asyncio.to_thread(control.sessions, config(tmp_path)) == []


@pytest.mark.parametrize("line", [b"nonsense\n", b"[1]\n", b'{"half": '])
async def test_who_does_not_speak_json_gets_no_answer(tmp_path: Path, line: bytes) -> None:
    async with worker(tmp_path, 0, {}) as asked:
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "worker-0.sock"))
        writer.write(line)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
    assert asked == []


async def test_other_workers_are_asked_until_one_says_it_is_done(tmp_path: Path) -> None:
    async with (
        worker(tmp_path, 0, {}) as own,
        worker(tmp_path, 1, {"done": False}) as first,
        worker(tmp_path, 2, {"done": True}) as second,
        worker(tmp_path, 3, {"done": True}) as third,
    ):
        await control.ask_others(tmp_path, 0, {"verb": "cancel"})
    assert (own, first, second, third) == ([], [{"verb": "cancel"}], [{"verb": "cancel"}], [])


async def test_a_worker_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "worker-1.sock"))
    async with worker(tmp_path, 2, {"done": True}) as asked:
        await control.ask_others(tmp_path, 0, {"verb": "cancel"})
    assert len(asked) == 1
