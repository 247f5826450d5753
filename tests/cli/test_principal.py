"""`nightporter principal` and `nightporter token` on a real store."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from base64 import b64decode
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nightporter.config import Config
from nightporter.gateway import control
from nightporter.identity.scram import make_verifier
from nightporter.identity.token import TokenAccepted, identifier_of, verify
from nightporter.secret import Secret
from nightporter.store import open_store

from .conftest import Run


@pytest.fixture
def guests(run: Run) -> None:
    run("principal add alice --kind human --group dba --group oncall --password-stdin", input="correct horse\n")
    run("principal add bot --kind agent --owner alice --attribute team=billing")


def listed(run: Run) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in json.loads(run("principal list --json").stdout)}


def password_is(config: Config, name: str, password: str) -> bool:
    with closing(open_store(config.store)) as store:
        entry = store.find(name)
    assert entry is not None
    assert entry.verifier is not None
    salt = b64decode(re.split(r"[:$]", entry.verifier)[2])
    return make_verifier(Secret(password), salt) == entry.verifier


@pytest.mark.usefixtures("guests")
def test_add_and_list(run: Run, config: Config) -> None:
    found = listed(run)
    assert found["alice"]["groups"] == ["dba", "oncall"]
    assert (found["alice"]["method"], found["bot"]["method"]) == ("password", "token")
    assert (found["bot"]["owner"], found["bot"]["attributes"]) == ("alice", {"team": "billing"})
    assert password_is(config, "alice", "correct horse")
    lines = run("principal list").stdout.splitlines()
    assert re.fullmatch(r"name   kind   method    groups      owner  state    added", lines[0])
    assert re.fullmatch(r"alice  human  password  dba,oncall  -      enabled  20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ", lines[1])


@pytest.mark.usefixtures("guests")
def test_password_is_replaced(run: Run, config: Config) -> None:
    run("principal password alice --password-stdin", input="battery staple")
    assert password_is(config, "alice", "battery staple")


@pytest.mark.parametrize(
    ("words", "given", "status", "complaint"),
    [
        ("principal add alice --kind human --password-stdin", "x", 1, "principal `alice` already exists"),
        ("principal add x --kind human --password-stdin", "", 1, "the password is empty"),
        ("principal add x --kind human --password-stdin", "one\ntwo\n", 1, "standard input has more than one line"),
        ("principal add x --kind human --password-stdin", "p" * 2000, 1, "the password is longer than 1024 characters"),
        ("principal add x --kind human", "", 2, "there is no terminal to ask for the password"),
        ("principal add x --kind agent", "", 1, "agent `x` needs an owner"),
        ("principal add x --kind agent --owner nobody", "", 1, "no such principal `nobody`"),
        ("principal add x --kind agent --owner alice --password-stdin", "x", 2, "goes with the method `password`"),
        ("principal add x --kind service --attribute a", "", 2, "`a` is not NAME=VALUE"),
        ("principal add x --kind service --attribute a=1 --attribute a=2", "", 2, "`a=2` is not NAME=VALUE"),
        ("principal add a/b --kind service", "", 1, "principal `a/b` is not a name"),
        ("principal password bot --password-stdin", "x", 1, "principal `bot` proves itself by `token`"),
        ("principal disable nobody", "", 1, "no such principal `nobody`"),
        ("principal enable nobody", "", 1, "no such principal `nobody`"),
        ("token issue alice", "", 1, "principal `alice` proves itself by `password`"),
        ("token revoke npt_x", "", 1, "no such token"),
        ("token list --principal nobody", "", 1, "no such principal `nobody`"),
    ],
)
@pytest.mark.usefixtures("guests")
def test_what_cannot_be_done(run: Run, words: str, given: str, status: int, complaint: str) -> None:
    before = listed(run)
    result = run(words, input=given, fails=status)
    assert complaint in result.stderr
    assert result.stdout == ""
    assert listed(run) == before


def test_password_is_asked_for_twice_and_not_shown(folder: Path, config: Config) -> None:
    code = "from nightporter.cli.main import app; app()"
    main, terminal = pty.openpty()
    command = [sys.executable, "-c", code, "principal", "add", "alice", "--kind", "human"]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True) as process:
        os.close(terminal)
        shown = b""
        for prompt in (b"Password: ", b"epeat for confirmation: "):
            while prompt not in shown:
                shown += os.read(main, 1024)
            shown = b""
            os.write(main, b"correct horse\n")
        while b"added" not in shown:
            shown += os.read(main, 1024)
        assert process.wait(30) == 0
    os.close(main)
    assert b"correct" not in shown
    assert password_is(config, "alice", "correct horse")


@pytest.mark.usefixtures("guests")
def test_token_is_printed_once_and_alone(run: Run, config: Config) -> None:
    result = run("token issue bot --days 7 --actor claude-code --label ci")
    token = Secret(result.stdout.removesuffix("\n"))
    now = datetime.now(UTC)
    with closing(open_store(config.store)) as store:
        kept = store.find_token(identifier_of(token))
    assert kept is not None
    assert isinstance(verify(token, kept, "bot", now), TokenAccepted)
    assert timedelta(days=6.9) < kept.expires_at - now < timedelta(days=7)
    assert f"note: token `{kept.identifier}` of `bot` for `claude-code` ends " in result.stderr
    assert token.reveal() not in result.stderr + run("token list --json").stdout + run("token list").stdout


@pytest.mark.usefixtures("guests")
def test_token_is_revoked(run: Run) -> None:
    for _ in range(2):
        run("token issue bot")
    first, second = json.loads(run("token list --principal bot --json").stdout)
    assert "0 open sessions of `bot` ended" in run(f"token revoke {first['id']}").stdout
    states = {each["id"]: each["state"] for each in json.loads(run("token list --json").stdout)}
    assert states == {first["id"]: "revoked", second["id"]: "good"}
    assert run("token list").stdout.splitlines()[1].split()[:4] == [first["id"], "bot", "-", "revoked"]


@pytest.mark.usefixtures("guests")
def test_disable_and_enable(run: Run) -> None:
    assert run("principal disable alice").stdout == "`alice` disabled, 0 open sessions ended\n"
    found = listed(run)
    assert found["alice"]["disabled_at"] is not None
    assert found["bot"]["owner_disabled"] is True
    assert "owner disabled" in run("principal list").stdout
    run("principal enable alice")
    assert listed(run)["bot"]["owner_disabled"] is False


@pytest.fixture
def gateway(config: Config, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A gateway that says it runs, and has one session of each principal; the principals whose sessions were ended."""
    ended: list[str] = []

    def end(asked: Config, principal: str) -> int:
        assert asked.run == config.run
        ended.append(principal)
        return 1

    config.run.mkdir()
    (config.run / "worker-0.sock").touch()
    monkeypatch.setattr(control, "end_sessions_of", end)
    return ended


@pytest.mark.usefixtures("guests")
def test_who_may_not_come_in_any_more_is_put_out(run: Run, gateway: list[str]) -> None:
    assert "1 open session ended" in run("principal disable bot").stdout
    assert "2 open sessions ended" in run("principal disable alice").stdout
    assert gateway == ["bot", "alice", "bot"]
    run("principal enable alice")
    run("token issue bot")
    token = json.loads(run("token list --json").stdout)[0]["id"]
    assert "1 open session of `bot` ended" in run(f"token revoke {token}").stdout


@pytest.mark.usefixtures("guests")
def test_sessions_that_cannot_be_ended_are_an_error(run: Run, config: Config) -> None:
    config.run.mkdir()
    (config.run / "worker-0.sock").touch()  # not a socket: nothing answers
    complaint = run("principal disable bot", fails=1).stderr
    assert complaint.startswith("error: `bot` is disabled, but its open sessions may go on: ")
    assert listed(run)["bot"]["disabled_at"] is not None
