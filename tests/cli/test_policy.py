"""`nightporter policy`: check, list, test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from typer.testing import CliRunner

from nightporter.cli.main import app
from nightporter.identity.principal import Kind, Method
from nightporter.store import open_store
from tests.lab.gateway import upstream

from .conftest import CONFIG, Run

GOOD = """\
@id("agents-read")
@reason("agents read")
permit(principal is Agent, action == Action::"read", resource in Environment::"production");

@id("agents-ask")
@hold("dba quorum=2")
permit(principal is Agent, action == Action::"delete", resource);
"""
TABLE = """\
principals:
  copilot: {kind: agent, owner: ada}
tests:
  - {as: copilot, does: read public.orders, expect: allow, by: agents-read}
  - {as: copilot, does: delete public.orders, expect: hold, by: agents-ask}
"""


@pytest.fixture
def policies(folder: Path) -> Path:
    """A folder of policies, which the configuration names; no pack beside it."""
    found = folder / "policies"
    found.mkdir()
    (found / "own.cedar").write_text(GOOD)
    (folder / "nightporter.yaml").write_text(CONFIG + "policies: {path: policies, packs: []}\n")
    return found


# check


def test_good_policies(policies: Path, run: Run) -> None:
    found = run("policy check")
    assert found.stdout.startswith("ok: 2 policies in 1 file, hash ")
    assert len(found.stdout.split("hash ")[1].strip()) == 64
    assert found.stderr == ""
    assert not (policies.parent / "nightporter.db").exists(), "no store is made for it"


def test_packs_are_checked_too(folder: Path, run: Run) -> None:
    (folder / "nightporter.yaml").write_text(CONFIG + "policies: {packs: [baseline, production, read-only, observe]}\n")
    assert " in 4 files, hash " in run("policy check").stdout


def test_bad_policies_are_told_all_at_once(policies: Path, run: Run) -> None:
    (policies / "own.cedar").write_text(
        '@id("a")\npermit(principal, action, nothing);\n@id("b") @hld("x") permit(principal, action, resource);'
    )
    (policies / "more.cedar").write_text("permit(principal, action, resource);")
    found = run("policy check", fails=1)
    assert found.stdout == ""
    lines = found.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("error: ") for line in lines)
    assert "policies/more.cedar:1:1: " in lines[0]
    assert "policies/own.cedar:2:" in lines[1]
    assert "policy `a`" in lines[1]
    assert "policy `b`: unknown annotation `@hld`" in lines[2]


def test_what_is_suspicious_is_a_warning(policies: Path, run: Run) -> None:
    (policies / "own.cedar").write_text(GOOD + '@id("all") permit(principal, action, resource in Environment::"prod");')
    found = run("policy check")
    assert "policies/own.cedar:8: policy `all`: there is no environment `prod`" in found.stderr
    assert found.stdout.startswith("ok: 3 policies in 1 file with 1 warning, hash ")


def test_groups_are_those_of_the_store(policies: Path, run: Run) -> None:
    assert "there is not" not in run("policy check").stderr, "nobody is known yet"
    store = open_store(f"sqlite:///{policies.parent}/nightporter.db")
    store.add_principal("ada", Kind.HUMAN, Method.PASSWORD, groups=["sales"])
    store.close()
    assert "`@hold` names the group `dba`, which there is not" in run("policy check").stderr


def test_files_that_are_named(tmp_path: Path, folder: Path, run: Run) -> None:
    (folder / "nightporter.yaml").unlink()
    (tmp_path / "one.cedar").write_text(GOOD)
    (tmp_path / "more").mkdir()
    (tmp_path / "more/two.cedar").write_text('@id("x") permit(principal, action, resource);')
    found = run("policy check one.cedar more")
    assert found.stdout == "ok: 3 policies in 2 files with 1 warning\n"
    assert found.stderr == "warning: more/two.cedar:1: policy `x`: it permits everything to everyone\n"
    (tmp_path / "more/two.cedar").write_text(GOOD)
    assert "the id is there twice" in run("policy check one.cedar more", fails=1).stderr
    assert "no such file" in run("policy check nowhere.cedar", fails=1).stderr
    (tmp_path / "empty").mkdir()
    assert "empty: has no file *.cedar" in run("policy check empty", fails=1).stderr
    (tmp_path / "one.cedar").write_bytes(b"\xff")
    assert "is not UTF-8" in run("policy check one.cedar", fails=1).stderr


# list


@pytest.mark.usefixtures("policies")
def test_the_list(run: Run) -> None:
    assert run("policy list").stdout.splitlines() == [
        "id           file         effect  hold      reason",
        "agents-read  own.cedar:1  permit  -         agents read",
        "agents-ask   own.cedar:5  permit  2 of dba  -",
    ]
    told: Any = json.loads(run("policy list --json").stdout)
    assert len(told["hash"]) == 64
    assert told["policies"][1] == {
        "id": "agents-ask",
        "file": "own.cedar",
        "line": 5,
        "effect": "permit",
        "observe": False,
        "hold": {"groups": ["dba"], "needed": 2, "wait_s": 600.0},
        "obligations": {},
        "reason": None,
        "mask": None,
    }


# test


def test_tables_beside_the_policies(policies: Path, run: Run) -> None:
    assert "has no file *.test.yaml" in run("policy test", fails=1).stderr
    (policies / "own.test.yaml").write_text(TABLE)
    assert run("policy test").stdout == "2 tests, 0 failed\n"


def test_what_fails_is_told(policies: Path, run: Run) -> None:
    (policies / "own.test.yaml").write_text(TABLE.replace("expect: hold", "expect: deny"))
    found = run("policy test", status=1)
    assert found.stdout == (
        f"{policies}/own.test.yaml:5: agent copilot: delete public.orders\n"
        "    expected deny, got hold by agents-ask: policy agents-ask wants somebody to approve before agent copilot may "
        "delete from public.orders\n"
        "2 tests, 1 failed\n"
    )


def test_policies_that_no_test_reaches(policies: Path, run: Run) -> None:
    (policies / "own.test.yaml").write_text(TABLE.rpartition("  - ")[0])
    assert run("policy test").stdout == "no test reaches: agents-ask\n1 test, 0 failed\n"


def test_a_table_with_policies_of_its_own(folder: Path, run: Run) -> None:
    (folder / "nightporter.yaml").unlink()
    (folder / "rules").mkdir()
    (folder / "rules/own.cedar").write_text(GOOD)
    (folder / "own.test.yaml").write_text("policies: {path: rules, packs: [production]}\n" + TABLE)
    assert run("policy test own.test.yaml").stdout == "2 tests, 0 failed\n"
    (folder / "own.test.yaml").write_text("policies: {packs: [produktion]}\n" + TABLE)
    assert "there is no pack `produktion`" in run("policy test own.test.yaml", fails=1).stderr


@pytest.mark.usefixtures("policies")
def test_a_table_that_is_wrong(folder: Path, run: Run) -> None:
    table = folder / "own.test.yaml"
    table.write_text(TABLE.replace("expect: hold", "expects: hold"))
    found = run("policy test own.test.yaml", fails=1)
    assert found.stderr.startswith("error: own.test.yaml:5:1: `expects` is not a key")
    table.write_text("tests: [")
    assert "own.test.yaml:1:9: is not YAML" in run("policy test own.test.yaml", fails=1).stderr
    table.write_text("tests:\n  - &a {as: x}\n  - *a\n")
    assert "own.test.yaml:2:5: is an alias" in run("policy test own.test.yaml", fails=1).stderr


def test_sql_is_read_on_its_upstream(database15: str, policies: Path, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    entry, environment = upstream(database15)
    config = yaml.safe_load((folder / "nightporter.yaml").read_text())
    config["upstreams"] = {"shop": {**entry, "environment": "production"}}
    (folder / "nightporter.yaml").write_text(yaml.safe_dump(config))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    rows = [
        {"as": "copilot", "statement": "select * from orders", "expect": "allow"},
        {"as": "copilot", "statement": "with d as (delete from orders returning id) select * from d", "expect": "hold"},
        {"as": "copilot", "statement": "select nothing from orders", "expect": "deny", "because": "cannot be understood"},
        {"as": "copilot", "statement": "selec", "expect": "deny", "because": "cannot be understood"},
    ]
    table = {"principals": {"copilot": "agent"}, "upstream": "shop", "tests": rows}
    (policies / "own.test.yaml").write_text(yaml.safe_dump(table))
    with psycopg.connect(database15, autocommit=True) as connection:
        connection.execute("create table orders (id integer primary key)")
        found = CliRunner().invoke(app, ["policy", "test"])
        assert found.stdout == "4 tests, 0 failed\n", found.output
        assert connection.execute("select count(*) from orders").fetchall() == [(0,)]
