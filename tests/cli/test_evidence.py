"""`nightporter evidence` on a real ledger."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from nightporter.config import Config
from nightporter.evidence.ledger import Ledger
from nightporter.evidence.record import Who, encode

from .conftest import Run

CLI = (sys.executable, "-c", "from nightporter.cli.main import app; app()")


def what(text: str, *actions: str) -> msgspec.Raw:
    relations = [
        {"action": action, "schema": "public", "name": "t", "kind": "table", "columns": {"output": ["a"]}, "via": ["view public.v"]}
        for action in actions
    ]
    return msgspec.Raw(
        msgspec.json.encode(
            {"sha256": "0" * 64, "decision": "allow", "text": text, "actions": actions, "relations": relations},
        )
    )


@pytest.fixture
def ledger(config: Config) -> Iterator[Ledger]:
    """A ledger with two statements, by alice and by bot for claude."""
    ledger = Ledger.open(config.ledger.path, writer=None, random=os.urandom, now_us=lambda: time.time_ns() // 1000)
    for who, text, action in (
        (Who(session="s1", principal="alice", upstream="shop"), "select 1", "read"),
        (Who(session="s2", principal="bot", actor="claude", upstream="shop"), "update t set a = '\x1b[31m\u202e'", "update"),
    ):
        ledger.intent(encode(who), what(text, action), phase="submit")
    yield ledger
    ledger.close()


@pytest.mark.parametrize(
    ("words", "statements"),
    [
        ("", ["select 1", "update"]),
        ("--principal alice", ["select 1"]),
        ("--session s2", ["update"]),
        ("--upstream other", []),
        ("--action update", ["update"]),
        ("--relation t", ["select 1", "update"]),
        ("--relation public.t --action update", ["update"]),
        ("--relation u", []),
        ("--column a", ["select 1", "update"]),
        ("--column t.a --last 1", ["update"]),
        ("--column t.b", []),
        ("--kind writer_started", []),
        ("--last 1", ["update"]),
        ("--since 2000-01-01", ["select 1", "update"]),
        ("--since 2999", []),
    ],
)
@pytest.mark.usefixtures("ledger")
def test_tail(run: Run, words: str, statements: list[str]) -> None:
    texts = [
        entry["what"]["text"]
        for entry in map(json.loads, run(f"evidence tail --json {words}").stdout.splitlines())
        if entry["kind"] == "intent"
    ]
    assert [text[: len(expected)] for text, expected in zip(texts, statements, strict=True)] == statements
    human = run(f"evidence tail {words}").stdout
    assert human.count("  intent  ") == len(statements)
    assert "\x1b" not in human
    assert "\u202e" not in human


@pytest.mark.usefixtures("ledger")
def test_tail_shows_who_and_what(run: Run) -> None:
    (shown,) = run("evidence tail --principal bot").stdout.splitlines()
    assert "bot/claude" in shown
    assert shown.endswith(r"allow  {update t(a) via view public.v}  update t set a = '\x1b[31m\u202e'")


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("width", [80, 120])
def test_tail_laid_out(run: Run, width: int) -> None:
    shown = run(f"evidence tail --principal bot --width {width}").stdout.splitlines()
    assert max(map(len, shown)) <= width
    assert shown[-2:] == [r"      update t set a = '\x1b[31m\u202e'", "    - update t(a) via view public.v"]


def test_tail_follows_until_interrupted(ledger: Ledger, folder: Path) -> None:
    with subprocess.Popen([*CLI, "evidence", "tail", "--follow", "--principal", "carol"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ledger.intent(encode(Who(principal="carol")), what("select 2"), phase="submit")
        assert b"select 2" in process.stdout.readline()
        process.send_signal(2)
        assert process.wait(30) == 0


def test_verify(run: Run, ledger: Ledger) -> None:
    ledger.close()
    good = run("evidence verify").stdout.splitlines()
    assert good[0].startswith(f"{ledger.writer}: ok, ")
    assert "2 intents without outcome" in good[0]
    assert good[-1] == "the ledger is as it was written"
    assert json.loads(run("evidence verify --json").stdout)["ok"] is True


def test_verify_names_the_first_bad_record(run: Run, ledger: Ledger, config: Config) -> None:
    ledger.close()
    segment = config.ledger.path / ledger.writer / "00000001.jsonl"
    lines = segment.read_bytes().splitlines(keepends=True)
    bad = next(number for number, text in enumerate(lines, 1) if b"select 1" in text)
    segment.write_bytes(b"".join(lines).replace(b"select 1", b"select 2"))
    report = run("evidence verify --json", status=1)
    problem = json.loads(report.stdout)["problems"][0]
    assert problem["number"] in (f"{ledger.writer}-{bad}", f"{ledger.writer}-{bad + 1}")
    told = run("evidence verify", status=1).stdout
    assert f"BAD record `{problem['number']}`" in told
    assert told.endswith("the ledger was changed\n")


def test_there_is_no_ledger_yet(run: Run) -> None:
    assert "there is no ledger at" in run("evidence tail", fails=1).stderr
    assert "there is no ledger at" in run("evidence verify", fails=1).stderr


def test_reader_that_has_enough(ledger: Ledger, folder: Path) -> None:
    for _ in range(2000):
        ledger.intent(encode(Who(principal="carol")), what("select 2"), phase="submit")
    with subprocess.Popen([*CLI, "evidence", "tail"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 1
