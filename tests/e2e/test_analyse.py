"""`nightporter analyse` on real servers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
import pytest
import yaml
from typer.testing import CliRunner

from nightporter.cli.main import app
from tests.lab.gateway import upstream

SCHEMA = """
create table customers (id integer primary key, email text, name text, country text);
create table orders (id integer primary key, customer integer references customers on delete cascade, placed date);
create view contacts as select email, name || '!' as greeting from customers;
create function purge(before date) returns void language plpgsql as $$ begin delete from orders where placed < before; end $$;
create schema other;
create table other.orders (id integer, secret text);
create role nightporter_reader;
"""
UNDO = "drop role nightporter_reader"

Analyse: TypeAlias = Callable[..., Any]


@pytest.fixture(params=["database15", "database18"])
def analyse(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Analyse]:
    """Runs the command on a database with a small shop."""
    dsn = request.getfixturevalue(request.param)
    entry, environment = upstream(dsn)
    (tmp_path / "nightporter.yaml").write_text(
        yaml.safe_dump({"listeners": [{"address": "127.0.0.1:6432"}], "upstreams": {"shop": entry}})
    )
    monkeypatch.setenv("NIGHTPORTER_CONFIG", str(tmp_path / "nightporter.yaml"))
    monkeypatch.setenv("COLUMNS", "160")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*words: str, status: int = 0, **more: Any) -> Any:
        result = CliRunner().invoke(app, ["analyse", "--upstream", "shop", *words], **more)
        assert result.exit_code == status, result.output
        return result

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)
        try:
            yield run
        finally:
            connection.execute(UNDO)


def told(result: Any) -> dict[str, Any]:
    (line,) = result.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_what_is_read_through_a_view(analyse: Analyse) -> None:
    shown = analyse("select email, greeting from contacts where email like 'a%'").stdout
    assert "select  does read" in shown
    assert "read    public.contacts   view   output: email, greeting" in shown
    assert re.search(r"\nvia view public\.contacts\nread    public\.customers  table  output: email +by a condition\n", shown)
    assert "greeting  computed from public.customers.name" in shown
    found = told(analyse("--json", "select email, greeting from contacts where email like 'a%'"))["statements"][0]
    customers = next(each for each in found["relations"] if each["name"] == "customers")
    assert customers["via"] == ["view public.contacts"]
    assert customers["columns"] == {"output": ["email"], "expression": ["name"], "predicate": ["email"]}
    assert customers["bound"] == "other"
    email, greeting = found["outputs"]
    assert email["sources"] == [{"schema": "public", "name": "customers", "column": "email", "direct": True}]
    assert [each["direct"] for each in greeting["sources"]] == [False]


def test_what_a_function_deletes(analyse: Analyse) -> None:
    found = told(analyse("--json", "select purge('2026-01-31')"))["statements"][0]
    assert "delete" in found["actions"]
    assert {"delete"} == {each["action"] for each in found["relations"] if each["name"] == "orders"} - {"read"}
    assert all(each["via"] == ["function public.purge(date)"] for each in found["relations"] if each["action"] == "delete")


def test_several_statements_stand_apart_with_their_places(analyse: Analyse) -> None:
    text = "delete from orders; select 'ä', id from customers"
    found = told(analyse("--json", text))
    assert [each["kind"] for each in found["statements"]] == ["delete", "select"]
    start, end = next(each["place"] for each in found["statements"][1]["relations"])
    assert text[start:end] == "customers"


def test_what_is_not_there_is_unknown_with_its_place(analyse: Analyse) -> None:
    result = analyse("select email,\n  nme from customers", status=3)
    assert "does read, unknown" in result.stdout
    assert "unknown: column `nme` is not in the catalogue\n  line 2: nme from customers\n          ^^^\n" in result.stdout
    assert told(analyse("--json", "select nme from customers", status=3))["unknown"] is True


def test_the_search_path_decides_what_a_name_means(analyse: Analyse) -> None:
    found = told(analyse("--json", "--search-path", "other, public", "select * from orders"))
    assert found["search_path"] == ["other", "public"]
    assert found["statements"][0]["relations"][0]["columns"] == {"output": ["id", "secret"]}
    result = analyse("--search-path", "nowhere,public", "select * from orders")
    assert result.stderr == "warning: there is no schema `nowhere`\n"
    assert analyse("--search-path", '"a', "select 1", status=1).stderr == 'error: `"a` is not a search path\n'


def test_the_role(analyse: Analyse) -> None:
    assert told(analyse("--json", "--role", "nightporter_reader", "select 1"))["role"] == "nightporter_reader"
    assert "there is no role `nobody`" in analyse("--role", "nobody", "select 1", status=1).stderr


def test_names_of_other_sessions_are_unknown_and_its_own_are_not(analyse: Analyse) -> None:
    assert "what `p` stands for is not known" in analyse("execute p", status=3).stdout
    assert "what `c` stands for is not known" in analyse("fetch c", status=3).stdout
    found = told(analyse("--json", "prepare p as delete from orders; execute p"))["statements"][1]
    assert {"action": "delete", "name": "orders"}.items() <= found["relations"][0].items()


def test_standard_input_and_settings(analyse: Analyse) -> None:
    result = analyse("-", input="set search_path = other;\nselect * from orders\n")
    assert "search_path" in result.stdout
    assert "read    other.orders" in result.stdout, "each statement under what those before it leave behind"


def test_nothing_runs(analyse: Analyse) -> None:
    analyse("delete from customers; drop table orders cascade")
    assert "does read" in analyse("select * from orders").stdout


def test_a_password_that_is_wrong(analyse: Analyse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = yaml.safe_load((tmp_path / "nightporter.yaml").read_text())
    variable = config["upstreams"]["shop"]["credentials"]["password"].removeprefix("env:")
    monkeypatch.setenv(variable, "wrong")
    result = analyse("select 1", status=1)
    assert result.stderr.startswith("error: ")
    assert "wrong" not in result.output
    assert "password authentication failed" in result.stderr
