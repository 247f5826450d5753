"""`nightporter analyse`: what needs no server. The rest is in tests/e2e/test_analyse.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nightporter.catalog.model import Snapshot
from nightporter.cli import understood
from nightporter.cli.main import app
from nightporter.cli.render import pointed, to_json
from nightporter.statement.model import (
    Access,
    Action,
    ColumnUse,
    Doubt,
    Effect,
    Effected,
    Flow,
    Output,
    Reading,
    RowBound,
    Setting,
    Source,
    Span,
    Statement,
    Use,
)

from .test_render import dangerous

NASTY = "a\nb\x1b[2J\u202e"


class Standing:
    """Of nobody."""

    private = 0
    role = "app"
    path: tuple[str, ...] = ("$user", "public")


def report(*statements: Statement) -> understood.Report:
    parts = ("relations", "types", "functions", "operators", "casts", "roles")
    nothing: dict[str, Any] = {part: {} for part in parts}
    snapshot = Snapshot(version=1, database="shop", **nothing)
    text = "".join(statement.text for statement in statements)
    return understood.Report("shop", "Some Database", snapshot, Standing(), Reading(text.encode(), "", statements))


def statement(text: str = "select 1", *actions: Action, **more: Any) -> Statement:
    return Statement(text, "select", frozenset(actions or [Action.READ]), **more)


def everything(name: str) -> Statement:
    """A statement with all there can be, every name the same."""
    source = Source(name, name, name, False)
    access = Access(Action.READ, name, name, name, (ColumnUse(name, frozenset(Use)),), RowBound.NONE, (name, name), Span(0, 1))
    return statement(
        name,
        Action.UNKNOWN,
        unknown=name,
        settings=(Setting(name), Setting(None), Setting(None, parameter=1)),
        accesses=(access,),
        outputs=(Output(name, (source, source._replace(direct=True))), Output(name, ())),
        flows=(Flow(name, name, name, (source,)),),
        effects=(Effected(name, frozenset(Effect), (name,), Span(0, 1)),),
        doubts=(Doubt(name, (name,), Span(0, len(name))),),
    )


def shown(capsys: pytest.CaptureFixture[str], found: understood.Report, width: int = 80) -> str:
    found.show(width)
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [40, 80, 120])
def test_nothing_that_a_terminal_obeys_comes_through(capsys: pytest.CaptureFixture[str], width: int) -> None:
    for text in shown(capsys, report(everything(NASTY)), width).splitlines():
        assert dangerous(text) == []
        assert text == text.rstrip()
        assert len(text) <= width


def test_a_name_cannot_add_lines_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    plain = shown(capsys, report(everything("x")), 200).splitlines()
    spread = shown(capsys, report(everything("x\nx")), 200).splitlines()
    assert len(spread) == len(plain) + 1, "the text of the statement has a line more, and nothing else"


def test_a_report_names_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    email = Source("public", "customers", "email", True)
    customers = Access(
        *(Action.READ, "public", "customers", "table"),
        columns=(ColumnUse("email", frozenset({Use.OUTPUT, Use.PREDICATE})), ColumnUse("Full Name", frozenset({Use.OUTPUT}))),
        bound=RowBound.PRIMARY_KEY,
        via=("view public.contacts",),
    )
    outputs = (Output("email", (email,)), Output("name", (email._replace(direct=False),)), Output("one", ()))
    found = shown(capsys, report(statement("select x", accesses=(customers,), outputs=outputs)), 160)
    assert "upstream shop: Some Database, database shop, role app, search path $user, public" in found
    assert "\nvia view public.contacts\naction  relation          kind   columns" in found
    assert '\nread    public.customers  table  output: email, "Full Name"  by a unique key\n' in found
    for line in ("email   public.customers.email", "name    computed from public.customers.email", "one     no column"):
        assert line in found


def test_json_has_all_of_it() -> None:
    first, second = everything("abc"), everything("x")
    told = json.loads(to_json(report(first, second).as_json()))
    assert (told["upstream"], told["database"], told["role"], told["unknown"]) == ("shop", "shop", "app", True)
    found = told["statements"][1]
    assert set(found["relations"][0]["columns"]) == {str(use) for use in Use}
    assert found["relations"][0]["place"] == [3, 4], "places are those in the whole text"
    assert found["outputs"][0]["sources"][0] == {"schema": "x", "name": "x", "column": "x", "direct": False}
    assert found["effects"][0]["effects"] == [str(effect) for effect in Effect]
    assert [setting["parameter"] for setting in found["settings"]] == [None, None, 1]


def test_places_in_what_a_name_stands_for_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    executes = statement("execute p", runs=(statement("delete from t"),), doubts=(Doubt("no", span=Span(12, 13)),), unknown="no")
    assert report(executes).as_json()["statements"][0]["doubts"][0]["place"] is None
    assert "^" not in shown(capsys, report(executes))


def test_what_is_unknown_without_a_doubt_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    found = report(statement("x", Action.UNKNOWN, unknown="too long"))
    assert found.unknown
    assert "unknown: too long" in shown(capsys, found)
    assert not report(statement()).unknown


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("select x from t", (7, 8), ["  select x from t", "         ^"]),
        ("select\n\tname\nfrom t", (8, 12), ["  line 2: name", "          ^^^^"]),
        ("select 'äö' frm", (12, 15), ["  select 'äö' frm", "              ^^^"]),
        ("日本 x", (3, 4), ["  日本 x", "       ^"]),
        ("select", (6, 6), ["  select", "        ^"]),
        ("", (0, 0), ["", "  ^"]),
        ("\x1b[2J x", (5, 6), ["  \\x1b[2J x", "          ^"]),
    ],
)
def test_a_place_in_a_text(text: str, place: tuple[int, int], expected: list[str]) -> None:
    assert pointed(text, *place, 80) == expected


@pytest.mark.parametrize("at", [0, 70, 500, 995])
def test_a_place_in_a_long_line_is_seen(at: int) -> None:
    text = ("." * at + "here" + "." * 1000)[:1000]
    above, below = pointed(text, at, at + 4, 80)
    assert len(above) <= 80
    assert above[below.index("^") : below.rindex("^") + 1] == text[at : at + 4]


# The command


def invoke(*words: str, **more: Any) -> Any:
    return CliRunner().invoke(app, ["analyse", *words], **more)


@pytest.mark.usefixtures("folder")
def test_bad_sql_is_told_with_its_place() -> None:
    found = invoke("--upstream", "shop", "select 1;\n selec 2")
    assert (found.exit_code, found.stdout) == (1, "")
    assert found.stderr == 'error: syntax error at or near "selec"\n  line 2: selec 2\n          ^^^^^\n'


@pytest.mark.usefixtures("folder")
def test_bad_sql_from_standard_input() -> None:
    assert 'error: syntax error at or near "x"' in invoke("--upstream", "shop", "-", input="x").stderr


def test_an_upstream_that_is_not_there(folder: Path) -> None:
    found = invoke("--upstream", "other", "select 1")
    assert (found.exit_code, found.stderr) == (1, "error: no upstream `other`\n")
    (folder / "nightporter.yaml").write_text((folder / "nightporter.yaml").read_text().replace("db.internal", "127.0.0.1:1"))
    found = invoke("--upstream", "shop", "select 1")
    assert (found.exit_code, found.stderr) == (1, "error: upstream `shop` cannot be reached\n")


@pytest.mark.usefixtures("folder")
def test_a_search_path_that_is_none_connects_to_nobody_for_long() -> None:
    assert invoke("select 1").exit_code == 2
