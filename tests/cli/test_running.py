"""`nightporter up`, `demo`, `config check` and `session`: what they call, and what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from nightporter.config import Config
from nightporter.demo import story
from nightporter.gateway import control, supervisor

from .conftest import Run

SESSION = {
    "session": "s1",
    "principal": "bot",
    "actor": "claude",
    "environment": "production",
    "upstream": "shop",
    "address": "127.0.0.1",
    "since": "2026",
}


def configured(folder: Path, more: str) -> None:
    path = folder / "nightporter.yaml"
    path.write_text(f"{path.read_text()}{more}\n")


def test_check_says_ok(run: Run, folder: Path) -> None:
    assert re.fullmatch(r"nightporter.yaml: ok: 1 listener, 1 upstream, \d+ policies\n", run("config check").stdout)
    (folder / "nightporter.yaml").rename(folder / "np.yaml")
    assert run("config check --config np.yaml").stdout.startswith("np.yaml: ok")


def test_the_environment_names_the_file(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "nightporter.yaml").rename(folder / "np.yaml")
    monkeypatch.setenv("NIGHTPORTER_CONFIG", "np.yaml")
    assert run("config check").stdout.startswith("np.yaml: ok")


def test_check_warns(run: Run, folder: Path) -> None:
    path = folder / "nightporter.yaml"
    path.write_text(path.read_text().replace("db.internal", "db.internal\n    tls: prefer"))
    result = run("config check")
    assert result.stderr.startswith("warning: nightporter.yaml: upstreams.shop.tls: `prefer` may send")
    assert ": ok: " in result.stdout


def test_check_reads_the_policies(run: Run, folder: Path) -> None:
    policies = folder / "policies"
    policies.mkdir()
    configured(folder, "policies: {path: policies, packs: []}")
    assert f"error: {policies}: has no policies" in run("config check", fails=1).stderr
    file = policies / "people.cedar"
    file.write_text('@id("people")\npermit (principal, action, resource);\n@id("people")\nforbid (principal, action, resource);')
    assert f"error: {file}:3:" in run("config check", fails=1).stderr
    file.write_text('@id("people")\npermit (principal, action, resource);')
    checked = run("config check")
    assert checked.stderr.startswith(f"warning: {file}:1: policy `people`: it permits everything")
    assert checked.stdout == "nightporter.yaml: ok: 1 listener, 1 upstream, 1 policy\n"


@pytest.mark.parametrize("command", ["config check", "up"])
def test_policies_that_are_not_there_keep_us_from_starting(run: Run, folder: Path, command: str) -> None:
    configured(folder, "policies: ./nowhere")
    complaint = f"error: nightporter.yaml:9:11: policies.path: `{folder}/nowhere` cannot be read: No such file or directory\n"
    assert run(command, fails=1).stderr == complaint


@pytest.mark.parametrize("command", ["config check", "up", "principal list", "evidence tail", "session list"])
def test_every_mistake_in_the_file_is_a_line(run: Run, folder: Path, command: str) -> None:
    path = folder / "nightporter.yaml"
    path.write_text(path.read_text().replace("postgres", "oracle") + "worker: 2\n\x1b")
    assert run(command, fails=1).stderr == "error: nightporter.yaml:10:1: is not YAML: a character that is not allowed\n"
    path.write_text(path.read_text().replace("\x1b", ""))
    first, second = run(command, fails=1).stderr.splitlines()
    assert first.startswith("error: nightporter.yaml:5:15: upstreams.shop.protocol: `oracle` is not one of ")
    assert second.startswith("error: nightporter.yaml:9:1: worker: is not a key")


def test_no_file(run: Run) -> None:
    assert run("up --config no.yaml", fails=1).stderr == "error: no.yaml: cannot be read: No such file or directory\n"


@pytest.mark.parametrize("command", ["config check", "up"])
def test_certificates_that_are_not_there_keep_us_from_starting(run: Run, folder: Path, command: str) -> None:
    path = folder / "nightporter.yaml"
    path.write_text(path.read_text().replace("6432", "6432\n    tls: {certificate: no.crt, key: no.key}"))
    assert "listeners[0].tls.certificate: " in run(command, fails=1).stderr


def test_up_runs_the_gateway_and_ends_with_its_status(run: Run, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Config] = []

    def gateway(given: Config) -> int:
        started.append(given)
        return 7

    monkeypatch.setattr(supervisor, "run", gateway)
    run("up", status=7)
    assert started == [config]


@pytest.mark.parametrize(("words", "once"), [("demo", False), ("demo --once", True)])
def test_demo(run: Run, monkeypatch: pytest.MonkeyPatch, words: str, once: bool) -> None:
    told: list[bool] = []

    def tell(once: bool) -> int:
        told.append(once)
        return 0

    monkeypatch.setattr(story, "run", tell)
    run(words)
    assert told == [once]


def test_sessions(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def sessions(_: Config) -> list[dict[str, Any]]:
        return [SESSION]

    monkeypatch.setattr(control, "sessions", sessions)
    assert json.loads(run("session list --json").stdout) == [SESSION]
    heading, row = run("session list").stdout.splitlines()
    assert heading.split() == ["session", "principal", "actor", "environment", "upstream", "address", "since", "idle"]
    assert row.split() == ["s1", "bot", "claude", "production", "shop", "127.0.0.1", "2026", "-"]


def test_session_is_ended(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(_: Config, session: str) -> bool:
        return session == "s1"

    monkeypatch.setattr(control, "end_session", end)
    assert run("session end s1").stdout == "session `s1` ended\n"
    assert run("session end s2", fails=1).stderr == "error: no open session `s2`\n"


def test_no_gateway(run: Run) -> None:
    assert "no gateway is running" in run("session list", fails=1).stderr
    assert "no gateway is running" in run("session end s1", fails=1).stderr
