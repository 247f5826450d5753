"""psql's way of reading a file."""

from __future__ import annotations

import pytest

from .script import Command, Script, Text


def texts(script: str, **variables: str) -> list[str]:
    return [each.text for each in Script(script, variables) if isinstance(each, Text)]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("select 1; select 2;", ["select 1;", "select 2;"]),
        ("select ';', \"a;b\", $$ ; $$, $x$ ;$$; $x$;", ["select ';', \"a;b\", $$ ; $$, $x$ ;$$; $x$;"]),
        ("select 1 -- not; here\n, 2;", ["select 1 -- not; here\n, 2;"]),
        ("select 1 /* a; /* b; */ c; */ ;", ["select 1 /* a; /* b; */ c; */ ;"]),
        ("select (1;2);", ["select (1;2);"]),
        ("select e'\\';';", ["select e'\\';';"]),
        ("select 'a\\'; select 2;", ["select 'a\\';", "select 2;"]),
        ("select 1\\; select 2;", ["select 1; select 2;"]),
        ("select 1 \\g\nselect 2", ["select 1 ", "select 2"]),
        ("create function f() returns int begin atomic select 1; select case 1 when 1 then 2 end; end; select 3;", None),
        ("-- only a comment\nselect 1;", ["select 1;"]),
        ("select a::int, b := 1, x[1:2];", ["select a::int, b := 1, x[1:2];"]),
        ("insert into t values\n('\n;\n');", ["insert into t values\n('\n;\n');"]),
    ],
)
def test_where_texts_end(script: str, found: list[str] | None) -> None:
    got = texts(script)
    if found is None:
        assert len(got) == 2
        assert got[1].strip() == "select 3;"
    else:
        assert [each.strip() for each in got] == [each.strip() for each in found]


def test_variables() -> None:
    assert texts("select :a, :'a', :\"a\", :{?a}, :{?b}, :b, ':a';", a="x'y") == [
        "select x'y, 'x''y', \"x'y\", TRUE, FALSE, :b, ':a';"
    ]
    assert texts("\\set a 1 '2 3'\nselect :a;") == ["select 12 3;"]
    assert texts("\\set a 1\n\\unset a\nselect :a;") == ["select :a;"]


def test_a_variable_may_change_while_it_is_read() -> None:
    script = Script("select 1 \\gset x_\nselect :x_a;")
    found = iter(script)
    first = next(found)
    assert isinstance(first, Text)
    assert (first.finish, first.arguments) == ("gset", ("x_",))
    script.variables["x_a"] = "7"
    second = next(found)
    assert isinstance(second, Text)
    assert second.text == "select 7;"


def test_conditions() -> None:
    script = "\\if :no\nselect 1;\n\\if true\nselect 2;\n\\endif\n\\elif :yes\nselect 3;\n\\else\nselect 4;\n\\endif\nselect 5;"
    assert texts(script, no="off", yes="on") == ["select 3;", "select 5;"]


def test_data_stands_between_the_lines() -> None:
    script = Script("copy t from stdin;\n1;\n2\n\\.\nselect 3;")
    found = iter(script)
    next(found)
    assert script.data() == ["1;", "2"]
    last = next(found)
    assert isinstance(last, Text)
    assert last.text == "select 3;"


def test_commands_and_parameters() -> None:
    found = list(Script("\\c - someone\nselect $1, $2 \\bind 'a b' 2 \\g\n\\copy t from 'x y'\n\\d t"))
    assert found[0] == Command("c", ("-", "someone"), 1)
    assert isinstance(found[1], Text)
    assert found[1].parameters == ("a b", "2")
    assert found[2] == Command("copy", ("t from 'x y'",), 3)
    assert found[3] == Command("d", ("t",), 4)


def test_quit_ends_it() -> None:
    assert texts("select 1;\n\\if true\n\\quit\n\\endif\nselect 2;") == ["select 1;"]
