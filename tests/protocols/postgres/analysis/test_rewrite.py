"""SET application_name gets the session's label; every other byte stays."""

from __future__ import annotations

import pytest

from nightporter.protocols.postgres.analysis import Readings, analyse, rewrite_application_name
from nightporter.statement.model import Setting

LABEL = "ann@example.org/bot"


def rewritten(text: str, label: str = LABEL) -> str | None:
    reading = rewrite_application_name(analyse(text), label)
    assert reading.text == text.encode()
    return None if reading.rewritten is None else reading.rewritten.decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("set application_name = 'x'", "set application_name = '{} x'"),
        ("SET SESSION application_name TO x ;", "SET SESSION application_name TO '{} x' ;"),
        ("set local Application_Name='it''s'--c", "set local Application_Name='{} it''s'--c"),
        ("set application_name = ''", "set application_name = '{} '"),
        ("set application_name = 5", "set application_name = '{} 5'"),
        ("set application_name = 0", "set application_name = '{} 0'"),
        ("set application_name = - /* n */ 5.50 /* x */ ", "set application_name = '{} -5.50' /* x */ "),
        ("set application_name = true", "set application_name = '{} true'"),
        ('set application_name TO"Ab""c"', "set application_name TO '{} Ab\"c'"),
        ("set application_name = $q$a'b$q$;", "set application_name = '{} a''b';"),
        ("set application_name = E'a\\tb'", "set application_name = '{} a\tb'"),
        ("set application_name TO'a\\b'", "set application_name TO E'{} a\\\\b'"),
        ("set application_name = 'a'\n -- x\n\t'b' -- 'c'", "set application_name = '{} ab' -- 'c'"),
        ("set application_name = U&'!00e9' uescape '!' ", "set application_name = '{} é' "),
        ("set application_name = U&'\\00e9'", "set application_name = '{} é'"),
        ("/* ; ' */ set application_name = 'x' /* ' */;", "/* ; ' */ set application_name = '{} x' /* ' */;"),
        (
            "select 'é; set application_name = ''x'''; set application_name = 'ü'; begin;;set application_name=b;commit",
            "select 'é; set application_name = ''x'''; set application_name = '{} ü'; begin;;set application_name='{} b';commit",
        ),
    ],
)
def test_the_constant_alone_is_replaced(text: str, expected: str) -> None:
    assert rewritten(text) == expected.replace("{}", LABEL)


@pytest.mark.parametrize(
    "text",
    [
        "select 1",
        "",
        "selec",
        "set other = 'x'",
        "reset application_name",
        "set application_name to default",
        "alter role x set application_name = 'x'",
        "create function f() returns int language c set application_name = 'x' as 'y'",
        "select set_config('application_name', 'x', false)",
        "set application_name = 'a', 'b'",
        "do 'begin set application_name = 1; end'",
    ],
)
def test_nothing_else_is_rewritten(text: str) -> None:
    assert rewritten(text) is None


@pytest.mark.parametrize("value", ["x" * 100, "é" * 100, "💥" * 100, "a" + "€" * 60])
def test_the_name_is_cut_at_a_character(value: str) -> None:
    text = rewritten(f"set application_name = '{value}'", "ann")
    assert text is not None
    name = text.removeprefix("set application_name = '").removesuffix("'")
    assert 60 <= len(name.encode()) <= 63
    assert f"ann {value}".startswith(name)


def test_what_is_rewritten_reads_as_one_name_with_either_kind_of_string() -> None:
    text = rewritten("set application_name = 'a\\''b'", "a\\'")
    assert text == "set application_name = E'a\\\\'' a\\\\''b'"
    assert rewritten(text, "x") == "set application_name = E'x a\\\\'' a\\\\''b'"


def test_text_in_another_encoding_is_rewritten_as_unicode() -> None:
    sent = "set application_name = 'é'; select 'é'".encode("latin-1")
    reading = rewrite_application_name(Readings()(sent, "iso8859_1"), "ann")
    assert reading.text == sent
    assert reading.rewritten == "set application_name = 'ann é'; select 'é'".encode()


def test_settings_stay_as_they_were() -> None:
    reading = rewrite_application_name(analyse("set application_name = 'x'"), LABEL)
    assert reading.statements[0].settings == (Setting("application_name", direct=True, value="x"),)
