"""Passwords for upstreams: every source gives what it holds, and no error gives any of it away."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from pathlib import Path

import pytest

from nightporter.core.error import ConfigError, UpstreamError
from nightporter.upstream.credentials.base import parse
from nightporter.upstream.credentials.command import CommandSource
from nightporter.upstream.credentials.source import MAX_SECRET_BYTES

PASSWORD = "correct horse"


def python(code: str) -> str:
    """A `command:` reference that runs some Python."""
    return f"command:{shlex.quote(sys.executable)} -c {shlex.quote(code)}"


async def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    source = parse("env:SHOP_PASSWORD")
    assert (await source.fetch()).reveal() == PASSWORD
    assert source.warning() is None


async def test_environment_variable_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_PASSWORD", raising=False)
    source = parse("env:SHOP_PASSWORD")
    with pytest.raises(UpstreamError, match="environment variable `SHOP_PASSWORD` is not set") as caught:
        await source.fetch()
    assert caught.value.sqlstate == "08001"
    assert source.warning() == "environment variable `SHOP_PASSWORD` is not set"


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"correct horse", "correct horse"),
        (b"correct horse\n", "correct horse"),
        (b"correct horse\r\n", "correct horse"),
        (b"ends in a blank \n", "ends in a blank "),
        (b"two line ends\n\n", "two line ends\n"),
        ("pässwörd\n".encode(), "pässwörd"),
    ],
)
async def test_file_gives_its_content_without_the_last_line_end(tmp_path: Path, content: bytes, password: str) -> None:
    (tmp_path / "password").write_bytes(content)
    assert (await parse("file:password", tmp_path).fetch()).reveal() == password


async def test_file_is_read_anew_each_time(tmp_path: Path) -> None:
    source = parse("file:password", tmp_path)
    for password in ("old", "new"):
        (tmp_path / "password").write_text(password)
        assert (await source.fetch()).reveal() == password


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "empty password"),
        (b"\n", "empty password"),
        (b"hunter2\0hunter2", "zero byte"),
        (b"hunter2\xff", "not UTF-8"),
        (b"hunter2" * MAX_SECRET_BYTES, "more than"),
    ],
)
async def test_content_that_is_no_password(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "password").write_bytes(content)
    with pytest.raises(UpstreamError, match=complaint) as caught:
        await parse("file:password", tmp_path).fetch()
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_file_that_is_missing_or_is_none(tmp_path: Path) -> None:
    source = parse("file:nowhere", tmp_path)
    with pytest.raises(UpstreamError, match="cannot be read: No such file or directory"):
        await source.fetch()
    assert "cannot be read" in (source.warning() or "")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UpstreamError, match="is not a regular file"):
        await parse("file:pipe", tmp_path).fetch()


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, False), (0o644, True), (0o604, True)])
def test_file_for_everybody_is_warned_of(tmp_path: Path, mode: int, warned: bool) -> None:
    path = tmp_path / "password"
    path.write_text(PASSWORD)
    path.chmod(mode)
    assert (parse("file:password", tmp_path).warning() is not None) is warned


async def test_command_gives_what_it_prints(tmp_path: Path) -> None:
    assert (await parse(python(f"print({PASSWORD!r})"), tmp_path).fetch()).reveal() == PASSWORD
    assert parse("command:vault read x").warning() is None


async def test_command_runs_beside_the_configuration_and_without_a_shell(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), sys.argv[1])"
    fetched = await parse(python(code) + " '$HOME;*'", tmp_path).fetch()
    assert fetched.reveal() == f"{tmp_path.resolve()} $HOME;*"


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("import sys; print('hunter2'); print('hunter2', file=sys.stderr); sys.exit(3)", "failed with status 3"),
        ("print('hunter2' * 100_000)", "printed more than"),
        ("import os; os.kill(os.getpid(), 9)", "failed with status -9"),
        ("pass", "empty password"),
    ],
)
async def test_command_that_fails_keeps_its_output_to_itself(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], code: str, complaint: str
) -> None:
    with pytest.raises(UpstreamError, match=complaint) as caught:
        await parse(python(code), tmp_path).fetch()
    printed = capfd.readouterr()
    assert "hunter2" not in str(caught.value) + printed.out + printed.err


async def test_command_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UpstreamError, match="`no-such-program` cannot be run: ") as caught:
        await parse("command:no-such-program --token hunter2", tmp_path).fetch()
    assert "hunter2" not in str(caught.value)


async def test_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    # The child holds the write end of `alive` open for as long as it lives, and its parent is gone at once.
    readable, writable = os.pipe()
    os.set_inheritable(writable, True)
    code = "import subprocess; subprocess.Popen(['sleep', '600'], close_fds=False)"
    source = CommandSource(sys.executable, ("-c", code), tmp_path, timeout_s=1.0)
    original = asyncio.create_subprocess_exec

    async def inheriting(*args: object, **options: object) -> object:
        return await original(*args, **options, pass_fds=(writable,))  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "create_subprocess_exec", inheriting)
        with pytest.raises(UpstreamError, match="took longer than 1 s"):
            await source.fetch()
    os.close(writable)
    assert await asyncio.wait_for(asyncio.to_thread(os.read, readable, 1), 5) == b""
    os.close(readable)


async def test_command_is_ended_when_the_attempt_is_given_up(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    os.mkfifo(pid_file)
    code = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    attempt = asyncio.ensure_future(parse(python(code), tmp_path).fetch())
    pid = int(await asyncio.to_thread(pid_file.read_text))
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    "reference",
    ["hunter2", "", "env:hunter2 hunter2", "env:", "file:", "command:", "command:'hunter2", "ENV:HUNTER2", "x:hunter2"],
)
def test_reference_that_is_none_is_refused_without_repeating_it(reference: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(reference)
    assert "hunter2" not in str(caught.value).lower()


def test_plain_password_is_told_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"does not stand in the configuration, .* `env:NAME`"):
        parse("hunter2")


async def test_nothing_shows_a_secret(tmp_path: Path) -> None:
    source = parse("command:vault --token hunter2", tmp_path)
    assert "hunter2" not in repr(source)
    (tmp_path / "password").write_text("hunter2")
    assert repr(await parse("file:password", tmp_path).fetch()) == "***"
