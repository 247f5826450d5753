"""`nightporter explain`, on real servers where it reads a catalogue."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
import pytest
import yaml
from typer.testing import CliRunner

from nightporter.cli.main import app
from nightporter.identity.principal import Kind, Method
from nightporter.store import open_store
from tests.lab.gateway import upstream

from .test_render import dangerous

SCHEMA = """
create table customers (id integer primary key, email text, name text, country text);
create table orders (id integer primary key, customer integer references customers on delete cascade, placed date);
create view contacts as select email, name || '!' as greeting from customers;
create function purge(before date) returns void language plpgsql as $$ begin delete from orders where placed < before; end $$;
"""
POLICIES = """\
@id("no-mail")
@reason("e-mail addresses are not for agents")
forbid(principal is Agent, action == Action::"read", resource in Column::"shop/public/customers/email");

@id("office-hours")
@hold("security")
forbid(principal is Human, action == Action::"read", resource in Table::"shop/public/orders")
unless { context.hour >= 8 && context.hour < 18 };

@id("few")
@limit_rows("100")
permit(principal in Group::"sales", action == Action::"read", resource);
"""

Explain: TypeAlias = Callable[..., Any]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], None]:
    """Writes a configuration with principals and policies."""

    def write(upstreams: dict[str, Any]) -> None:
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies/own.cedar").write_text(POLICIES)
        config = {
            "listeners": [{"address": "127.0.0.1:6432"}, {"address": "127.0.0.1:6433"}],
            "upstreams": upstreams,
            "store": f"sqlite:///{tmp_path}/nightporter.db",
            "policies": {"path": "policies", "packs": ["baseline", "production"], "time_zone": "Europe/Berlin"},
        }
        (tmp_path / "nightporter.yaml").write_text(yaml.safe_dump(config))
        store = open_store(f"sqlite:///{tmp_path}/nightporter.db")
        store.add_principal("ada", Kind.HUMAN, Method.PASSWORD, groups=["sales"])
        store.add_principal("copilot", Kind.AGENT, Method.TOKEN, owner="ada")
        store.close()

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NIGHTPORTER_CONFIG", raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    return write


@pytest.fixture(params=["database15", "database18"])
def explain(request: pytest.FixtureRequest, here: Callable[[dict[str, Any]], None], monkeypatch: pytest.MonkeyPatch) -> Explain:
    """Runs the command on a database with a small shop, by default as an agent, and at noon."""
    dsn = request.getfixturevalue(request.param)
    entry, environment = upstream(dsn)
    here({"shop": {**entry, "environment": "production"}})
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*words: str, who: str = "copilot", status: int = 0, **more: Any) -> Any:
        moment = () if "--at" in words else ("--at", "2026-11-23 12:00")
        result = CliRunner().invoke(app, ["explain", "--upstream", "shop", "--as", who, *moment, *words], **more)
        assert result.exit_code == status, result.output
        return result

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)
    return run


def told(result: Any) -> dict[str, Any]:
    (line,) = result.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_what_is_allowed(explain: Explain) -> None:
    shown = explain("select name from customers where id = 1", who="ada", status=0).stdout
    assert "human ada, in sales\nupstream shop: PostgreSQL, " in shown
    assert "\n  - read customers(name, id)\n" in shown
    assert "\nallow  read public.customers.id in a condition\n" in shown
    assert "       by    permit few (own.cedar:10)\n" in shown
    assert "\nallow, by baseline.people, few\n  - at most 100 rows\n" in shown
    assert "What would change it" not in shown


def test_what_is_denied_and_what_would_change_it(explain: Explain) -> None:
    shown = explain("select * from contacts", status=3).stdout
    assert "\ndeny   read public.customers.email, through a view\n" in shown
    assert "       by    forbid no-mail (own.cedar:1): e-mail addresses are not for agents\n" in shown
    assert "       also  permit baseline.agents-read " in shown
    assert "\ndeny: e-mail addresses are not for agents (policy no-mail: read public.customers.email, through a view)\n" in shown
    assert "  - leave out column email of public.customers, also where a view gives it: then it is allowed\n" in shown


def test_what_is_held(explain: Explain) -> None:
    shown = explain("delete from orders", who="ada", status=3).stdout
    assert "hold: changing all rows of a table in production waits until a person agrees (policy production.no-unb" in shown
    assert "  it waits 30 s for approval by one of dba\n" in shown
    assert "  - a condition on public.orders that looks at a column: then it is allowed\n" in shown
    assert "  - approval by one of dba: then it is allowed\n" in shown


def test_the_suggestions_come_true(explain: Explain) -> None:
    explain("delete from orders where placed < '2020-01-01'", who="ada", status=0)
    explain("select greeting from contacts", status=0)


def test_the_moment(explain: Explain) -> None:
    night = explain("select id from orders", "--at", "2026-11-23 03:00", who="ada", status=3).stdout
    assert "monday 2026-11-23 03:00 Europe/Berlin, from 127.0.0.1 by 127.0.0.1:6432" in night
    assert "  - the same between 8:00 and 17:59 that day: then it is allowed\n" in night
    explain("select id from orders", "--at", "2026-11-23 17:59", who="ada", status=0)
    explain("select id from orders", "--at", "2026-11-23T06:59:00+00:00", who="ada", status=3)
    explain("select id from orders", "--at", "2026-11-23T07:00:00+00:00", who="ada", status=0)


def test_what_a_function_does(explain: Explain) -> None:
    found = told(explain("--json", "select purge('2026-01-01')", status=3))
    assert found["decision"]["decision"] == "hold"
    assert found["decision"]["approvals"] == [{"groups": ["dba"], "needed": 1, "wait_s": 30.0}]
    (delete,) = [each for each in found["questions"] if each["action"] == "delete"]
    assert delete["resources"] == [{"type": "Table", "id": "shop/public/orders"}]
    assert delete["facts"]["via"] == ["function"]
    assert delete["deciding"][0]["id"] == "baseline.agents-ask"


def test_how_the_result_is_shown(explain: Explain) -> None:
    shown = explain("select id, email, lower(email) as low from customers", who="ada").stdout
    assert "\n\nHow its result is shown\n" in shown
    assert "\n  id     as it is, but for what is found in it\n" in shown
    email = "public.customers.email (pii.email), which no policy permits to be seen"
    assert f"\n  email  masked, as its label has it: {email}\n" in shown
    assert f"\n  low    masked (full): computed from {email}\n" in shown
    found = told(explain("--json", "select email as mail, 1 as one from customers", who="ada"))
    (columns,) = found["shown"]
    assert columns == [
        {
            "column": "mail",
            "shown": "masked",
            "opaque": False,
            "from": [
                {
                    "column": "public.customers.email",
                    "direct": True,
                    "labels": ["pii.email"],
                    "shown": "masked",
                    "policies": [],
                }
            ],
        },
        {"column": "one", "shown": "searched", "opaque": False, "from": []},
    ]


def test_nothing_is_said_of_how_it_would_be_shown_where_it_is_denied_or_shows_nothing(explain: Explain) -> None:
    assert "How its result" not in explain("select * from contacts", status=3).stdout
    assert "How its result" not in explain("delete from orders where id = 1", who="ada").stdout


def test_json_has_all_of_it(explain: Explain) -> None:
    found = told(explain("--json", "--purpose", "INC-1", "--in-transaction", "select * from contacts", who="copilot/cc", status=3))
    assert found["principal"] == {"name": "copilot", "kind": "agent", "groups": [], "owner": "ada", "actor": "cc"}
    assert (found["upstream"], found["session"]["decision"], found["decision"]["policies"]) == ("shop", "allow", ["no-mail"])
    assert {"purpose": "INC-1", "in_transaction": True, "environment": "production"}.items() <= found["facts"].items()
    assert len(found["policies"]) == 64
    assert found["statements"][0]["kind"] == "select"
    question = next(each for each in found["questions"] if each["decision"]["decision"] == "deny")
    assert question["decision"]["reason"].startswith("e-mail addresses are not for agents")
    (policy,) = question["deciding"]
    assert (policy["file"], policy["line"], policy["effect"]) == ("own.cedar", 1, "forbid")
    missed = next(each for each in question["missed"] if each["id"] == "baseline.agents-no-server-data")
    assert missed["conditions"][0]["text"].startswith("when { resource in [Label::")
    assert {each["kind"] for each in found["changes"]} == {"columns", "exception"}
    assert all(each["decision"]["decision"] == "allow" for each in found["changes"])


def test_nothing_that_a_terminal_obeys_comes_through(explain: Explain) -> None:
    shown = explain('select 1 as "\x1b[2J\u202e"; select * from "a\x1b[2J"', status=3).stdout
    assert [line for line in shown.splitlines() if dangerous(line)] == []


def test_nothing_runs(explain: Explain) -> None:
    explain("drop table customers cascade", who="ada", status=3)
    explain("select * from customers", who="ada", status=0)


def test_standard_input(explain: Explain) -> None:
    assert "allow, by baseline.connect" in explain("-", input="begin").stdout


# What needs no server


NOWHERE = {
    "shop": {"protocol": "postgres", "environment": "production", "address": "127.0.0.1:1", "credentials": {"user": "app"}},
}


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--as", "nobody", "--upstream", "shop", "select 1"], 1, "no principal `nobody`"),
        (["--as", "ada", "--upstream", "other", "select 1"], 1, "no upstream `other`"),
        (["--as", "ada", "--upstream", "shop", "selec 1"], 1, 'syntax error at or near "selec"'),
        (["--as", "ada", "--upstream", "shop", "select 1"], 1, "upstream `shop` cannot be reached"),
        (["--as", "ada", "--upstream", "shop", "--listener", "x", "select 1"], 1, "no listener `x`: there are `127.0.0.1:6432`"),
        (["--as", "ada/", "--upstream", "shop", "select 1"], 2, "`` is not the name of an actor"),
        (["--as", "ada", "--upstream", "shop", "--at", "noon", "select 1"], 2, "`noon` is not a time"),
        (["--as", "ada", "--upstream", "shop", "--client-address", "x", "select 1"], 2, "`x` is not an ip address"),
        (["--as", "ada", "--upstream", "shop", "--purpose", "x" * 201, "select 1"], 2, "is longer than 200 characters"),
        (["--as", "ada", "--upstream", "shop", "--estimated-rows", "-1", "select 1"], 2, "--estimated-rows"),
        (["--upstream", "shop", "select 1"], 2, "missing option '--as'"),
    ],
)
def test_what_cannot_be_explained(here: Callable[[dict[str, Any]], None], words: list[str], status: int, message: str) -> None:
    here(NOWHERE)
    found = CliRunner().invoke(app, ["explain", *words])
    assert (found.exit_code, found.stdout) == (status, "")
    assert found.stderr.startswith("error: ")
    assert message.lower() in found.stderr.lower()


def test_policies_that_are_wrong(here: Callable[[dict[str, Any]], None], tmp_path: Path) -> None:
    here(NOWHERE)
    (tmp_path / "policies/own.cedar").write_text('@id("x") permit(principal, action, nothing);')
    found = CliRunner().invoke(app, ["explain", "--as", "ada", "--upstream", "shop", "select 1"])
    assert found.exit_code == 1
    assert "own.cedar:1:" in found.stderr
