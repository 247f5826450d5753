"""Policy files under a running gateway of two workers: edited, broken, mended, swapped; what decides, is logged and is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import errors

from nightporter.demo.server import EmbeddedServer
from nightporter.identity.principal import Kind
from tests.lab.book import Book, until
from tests.lab.gateway import LAUNCH, Gateway, gateway, upstream

from .conftest import ask

WITHIN_S = 6.0
"""From a file that is written to every worker that decides by it: a second where a processor is free, this on a busy machine."""
PEOPLE = """
@id("people") permit (principal is Human, action, resource);
@id("people-unknown") permit (principal is Human, action == Action::"unknown", resource);
"""
NO_CLOCK = """
@id("{id}") @reason("the porter is asleep")
forbid (principal == Human::"ada", action == Action::"read", resource is Table) when {{ resource.name == "clocks" }};
"""
WORKERS = 2
READ = "select count(*) from clocks"


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """The folder, before the gateway starts."""
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "people.cedar").write_text(PEOPLE)
    return folder


@pytest.fixture
def porter(embedded18: EmbeddedServer, database18: str, policies: Path) -> Iterator[Gateway]:
    """Two workers under these policies alone."""
    with psycopg.connect(database18) as connection:
        connection.execute("create table clocks (a int)")
    entry, environment = upstream(database18)
    where = {"path": str(policies), "packs": []}
    limits = {"drain_timeout_s": 2}
    with gateway({"shop": entry}, environment=environment, workers=WORKERS, policies=where, limits=limits) as running:
        until(lambda: len(sockets(running)) == WORKERS)
        running.add("ada")
        running.add("bot", Kind.AGENT, owner="ada")
        yield running


def sockets(running: Gateway) -> list[Path]:
    return sorted((running.folder / "run").glob("worker-*.sock"))


@pytest.fixture
def everywhere(porter: Gateway) -> Iterator[list[psycopg.Connection]]:
    """Open sessions of `ada`, some in each worker."""
    opened = [psycopg.connect(porter.dsn("ada", "shop"), autocommit=True) for _ in range(12)]
    yield opened
    for connection in opened:
        connection.close()


def answers(sessions: list[psycopg.Connection]) -> set[str]:
    """What `ada` hears in all of her sessions."""
    return {answer(each) for each in sessions}


def answer(session: psycopg.Connection) -> str:
    try:
        return ask(session, READ)
    except errors.InsufficientPrivilege as error:
        return str(error).splitlines()[0]


def forbidden(sessions: list[psycopg.Connection]) -> bool:
    return all("asleep" in each for each in answers(sessions))


def soon(found: Callable[[], bool]) -> None:
    """It is so in time, and no sooner than needed is asked for."""
    began = time.monotonic()
    until(found)
    assert time.monotonic() - began < WITHIN_S


def versions(running: Gateway) -> list[dict[str, Any]]:
    """What the ledger says came into force, in order."""
    records = Book(running.config, running.ledger).records(kind="configuration")
    return [record["detail"] for record in records if "policies" in record["detail"]]


def kept(running: Gateway, digest: str) -> dict[str, str]:
    """The texts that were in force under a hash, as an auditor finds them."""
    data = (running.ledger / "policy" / f"{digest}.json").read_bytes()
    assert sha256(data).hexdigest() == digest
    return dict(json.loads(data)["policies"])


def test_an_edit_decides_in_every_worker(porter: Gateway, policies: Path, everywhere: list[psycopg.Connection]) -> None:
    assert answers(everywhere) == {"0"}
    (policies / "clock.cedar").write_text(NO_CLOCK.format(id="no-clock"))
    soon(lambda: forbidden(everywhere))
    (policies / "clock.cedar").unlink()
    soon(lambda: answers(everywhere) == {"0"})
    first, second, third = versions(porter)
    assert first["policies"] == third["policies"] == second["replaced"] != second["policies"] == third["replaced"]
    assert kept(porter, first["policies"]) == {"people.cedar": PEOPLE}
    assert set(kept(porter, second["policies"])) == {"people.cedar", "clock.cedar"}
    assert "the ledger is as it was written" in Book(porter.config, porter.ledger).verify()


def test_a_broken_file_changes_nothing_and_is_said_once(
    porter: Gateway, policies: Path, everywhere: list[psycopg.Connection]
) -> None:
    (policies / "clock.cedar").write_text(NO_CLOCK.format(id="no-clock"))
    soon(lambda: forbidden(everywhere))
    (policies / "clock.cedar").write_text('@id("no-clock")\n@reasn("x")\npermit (principal, action, resource);')
    until(lambda: "policies refused" in porter.log())
    (policies / "clock.cedar").touch()
    time.sleep(1.5)  # some looks
    assert forbidden(everywhere)
    refused = [json.loads(line) for line in porter.log().splitlines() if "policies refused" in line]
    assert [(each["level"], each["file"], each["line"], each["id"]) for each in refused] == [
        ("error", str(policies / "clock.cedar"), 2, "no-clock")
    ]
    (warned,) = [
        record["detail"]
        for record in Book(porter.config, porter.ledger).records(kind="warning")
        if "refused" in record["detail"]["warning"]
    ]
    assert "reasn" in warned["warning"]
    assert warned["policies"] == versions(porter)[-1]["policies"]
    (policies / "clock.cedar").unlink()
    soon(lambda: answers(everywhere) == {"0"})


def test_a_worker_that_is_started_again_has_the_set_in_force(
    porter: Gateway, policies: Path, everywhere: list[psycopg.Connection]
) -> None:
    (policies / "clock.cedar").write_text(NO_CLOCK.format(id="no-clock"))
    soon(lambda: forbidden(everywhere))
    (policies / "clock.cedar").write_text("nonsense")
    until(lambda: "policies refused" in porter.log())
    for pid in children(porter):
        os.kill(pid, signal.SIGKILL)
    until(lambda: porter.log().count("worker died") == WORKERS and len(children(porter)) == WORKERS)
    again = until(lambda: connected(porter))
    try:
        assert "asleep" in answer(again)
    finally:
        again.close()


def connected(running: Gateway) -> psycopg.Connection | None:
    try:
        return psycopg.connect(running.dsn("ada", "shop"), autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        return None


def children(running: Gateway) -> list[int]:
    """Processes of the workers."""
    tasks = Path(f"/proc/{running.process.pid}/task").glob("*/children")
    return sorted(int(pid) for task in tasks for pid in task.read_text().split())


def test_a_worker_that_cannot_take_over_does_not_go_on(
    porter: Gateway, policies: Path, everywhere: list[psycopg.Connection]
) -> None:
    """What is kept cannot be read by it: it is ended, and comes back once that is mended."""
    before = children(porter)
    for pid in before:
        os.kill(pid, signal.SIGSTOP)  # until the file is spoiled
    (policies / "clock.cedar").write_text(NO_CLOCK.format(id="no-clock"))
    digest = until(lambda: versions(porter)[-1]["policies"] if len(versions(porter)) == 2 else None)
    file = porter.ledger / "policy" / f"{digest}.json"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    for pid in before:
        os.kill(pid, signal.SIGCONT)
    until(lambda: porter.log().count("does not take over") == WORKERS)
    until(lambda: not set(children(porter)) & set(before))
    assert connected(porter) is None
    file.write_bytes(whole)
    again = until(lambda: connected(porter))
    try:
        assert "asleep" in answer(again)
    finally:
        again.close()


def test_a_folder_is_swapped_by_its_link(embedded18: EmbeddedServer, database18: str, policies: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "people.cedar").write_text(PEOPLE)
    (other / "clock.cedar").write_text(NO_CLOCK.format(id="no-clock"))
    current = tmp_path / "current"
    current.symlink_to(policies)
    entry, environment = upstream(database18)
    with gateway({"shop": entry}, environment=environment, policies={"path": str(current), "packs": []}) as running:
        running.add("ada")
        with psycopg.connect(database18) as connection:
            connection.execute("create table clocks (a int)")
        with psycopg.connect(running.dsn("ada", "shop"), autocommit=True) as session:
            assert answer(session) == "0"
            (tmp_path / "next").symlink_to(other)
            (tmp_path / "next").rename(current)
            soon(lambda: "asleep" in answer(session))


def test_sighup_takes_another_folder_and_other_packs(
    porter: Gateway, policies: Path, tmp_path: Path, everywhere: list[psycopg.Connection]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "clock.cedar").write_text(NO_CLOCK.format(id="no-clock"))
    config = yaml.safe_load(porter.config.read_text())
    config["policies"] = {"path": str(other), "packs": ["baseline"], "time_zone": "Europe/Berlin"}
    porter.config.write_text(yaml.safe_dump(config))
    porter.process.send_signal(signal.SIGHUP)
    soon(lambda: forbidden(everywhere))
    assert set(kept(porter, versions(porter)[-1]["policies"])) == {"packs/baseline.cedar", "clock.cedar"}
    config["policies"]["path"] = str(tmp_path / "nowhere")
    porter.config.write_text(yaml.safe_dump(config))
    porter.process.send_signal(signal.SIGHUP)
    until(lambda: "nowhere: cannot be read" in porter.log())
    assert forbidden(everywhere)


def test_suspicious_policies_are_said(porter: Gateway, policies: Path) -> None:
    (policies / "typo.cedar").write_text('@id("typo")\nforbid (principal in Group::"nobody", action, resource);')
    until(lambda: "suspicious policy" in porter.log())
    (line,) = [json.loads(line) for line in porter.log().splitlines() if "suspicious policy" in line]
    assert (line["file"], line["line"], line["id"], line["level"]) == (str(policies / "typo.cedar"), 2, "typo", "warning")
    assert versions(porter)[-1]["suspicious"] == 1


@pytest.mark.parametrize("broken", ["nonsense", PEOPLE + PEOPLE])
def test_a_bad_set_refuses_to_start(tmp_path: Path, policies: Path, broken: str) -> None:
    (policies / "people.cedar").write_text(broken)
    config = {
        "listeners": [{"address": str(tmp_path / "sock")}],
        "upstreams": {
            "shop": {"protocol": "postgres", "environment": "test", "address": str(tmp_path), "credentials": {"user": "x"}}
        },
        "policies": "./policies",
    }
    (tmp_path / "nightporter.yaml").write_text(yaml.safe_dump(config))
    done = subprocess.run([*LAUNCH, str(tmp_path / "nightporter.yaml")], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {policies}/people.cedar:")
    assert not (tmp_path / "sock").exists()
