"""What the command line says of itself, against the reference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nightporter.cli.main import app

from .tree import commands

REFERENCE = Path(__file__).parents[2] / "docs/reference/commands.md"
COMMON = {"--config", "--help"}


def options(command: Any) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts if name.startswith("--")}


def test_every_command_is_documented_and_nothing_else() -> None:
    documented = re.findall(r"^### `([^`]+)`$", REFERENCE.read_text(), re.MULTILINE)
    assert sorted(documented) == sorted(name for name, _ in commands())


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda value: value if isinstance(value, str) else "")
def test_every_option_is_documented_and_nothing_else(name: str, command: Any) -> None:
    section = REFERENCE.read_text().split(f"### `{name}`\n", 1)[1].split("\n#", 1)[0]
    prose = "\n".join(text for text in section.splitlines() if not text.startswith("    "))
    assert set(re.findall(r"--[a-z-]+", prose)) == options(command) - COMMON


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_help_text_has_an_example_that_names_the_command(name: str) -> None:
    result = CliRunner().invoke(app, [*name.split()[1:], "--help"])
    assert result.exit_code == 0
    assert re.search(rf"\n  Examples?:\n    \$ .*{name}", result.stdout)


def test_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert re.fullmatch(r"nightporter \d+\.\d+\.\d+\S*\n", result.stdout)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "missing command (see `nightporter --help`)"),
        (["principle"], "no such command 'principle'"),
        (["principal", "ad"], "no such command 'ad'"),
        (["principal", "add", "x"], "missing option '--kind'"),
        (["principal", "add", "x", "--kind", "robot"], "'robot' is not one of"),
        (["token", "issue", "x", "--days", "0"], "'--days'"),
        (["token", "issue", "x", "--days", "9999"], "'--days'"),
        (["evidence", "tail", "--kind", "intend"], "`intend` is not one of intent, outcome"),
        (["evidence", "tail", "--since", "yesterday"], "`yesterday` is not a UTC time"),
        (["evidence", "tail", "--since", "2026-01-31T03:00+02:00"], "is not a UTC time"),
        (["up", "--no"], "no such option"),
    ],
)
def test_usage_errors_are_one_line_and_status_2(arguments: list[str], complaint: str) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert re.fullmatch(r"error: .* \(see `nightporter[a-z ]* --help`\)\n", result.stderr)
    assert complaint in result.stderr
