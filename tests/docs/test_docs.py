"""What the documentation says of files, links, commands, settings and logs is so."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from nightporter.cli.main import app
from nightporter.config.load import parse
from nightporter.protocols.postgres.startup_settings import DEFAULT_SETTINGS
from nightporter.protocols.registry import ADAPTERS

from .pages import INDEX, PAGES, ROOT, SOURCE, anchors, code_lines, fenced, links, make_targets, name, source_text, spans

JOURNEY = ROOT / "docs/topics/journey.md"
OPERATE = ROOT / "docs/how-to/operate.md"
TRANSPARENCY = ROOT / "docs/topics/transparency.md"

# A command in a line of shell: at its beginning, after assignments, in $(...), or after a pipe or `&&`.
_COMMAND = re.compile(r"(?:^|\$\(|\||&&)\s*(?:\$ )?(?:[A-Z_]+=\S+ )*nightporter ((?:[^|&;)#>\"]|\"[^\"]*\")*)")
_LISTENERS = "listeners:\n  - address: 127.0.0.1:6432\n"
_UPSTREAMS = """upstreams:
  shop:
    protocol: postgres
    environment: production
    address: db.internal
    credentials: {user: app}
"""


def by_name(pages: list[Path]) -> dict[str, Any]:
    return {"argnames": "page", "argvalues": pages, "ids": map(name, pages)}


@pytest.mark.parametrize(**by_name(PAGES))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+://", link):
            continue
        path, _, fragment = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if fragment:
            assert fragment in anchors(target), link


def test_every_page_is_reachable_from_the_index() -> None:
    reached: set[Path] = set()
    waiting = [INDEX]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        targets = ((page.parent / link.partition("#")[0]).resolve() for link in links(page) if "://" not in link)
        waiting += [target for target in targets if target.suffix == ".md"]
    missing = {page for page in PAGES if page.is_relative_to(INDEX.parent)} - reached
    assert not missing, sorted(map(name, missing))


def commands(page: Path) -> Iterator[str]:
    """Command lines of ours in the code blocks, without the program's name."""
    for line in code_lines(page):
        yield from (found.strip() for found in _COMMAND.findall(line))


def find(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the first words name, and the rest."""
    command: Any = typer.main.get_command(app)
    while (children := getattr(command, "commands", None)) is not None and words:
        if words[0].startswith("-"):
            break
        assert words[0] in children, f"there is no command `{words[0]}`"
        command, words = children[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize(**by_name([page for page in PAGES if any(commands(page))]))
def test_every_command_line_would_be_accepted(page: Path) -> None:
    for line in commands(page):
        command, words = find(shlex.split(line))
        assert getattr(command, "commands", None) is None, f"`{line}` is only a group"
        command.make_context("nightporter", words)  # raises for options and arguments that do not fit


def test_command_lines_are_found() -> None:
    found = [line for page in PAGES for line in commands(page)]
    assert {"config check", "evidence verify", "token issue billing-agent --days 1"} <= set(found)
    assert "up" in found, "after an assignment"


@pytest.mark.parametrize(**by_name(PAGES))
def test_every_command_in_the_text_exists(page: Path) -> None:
    for span in spans(page):
        if re.fullmatch(r"nightporter [a-z].*", span):
            find([word for word in span.split()[1:] if re.fullmatch(r"[a-z]+", word)])
        elif re.fullmatch(r"make [a-z-]+( .*)?", span):
            assert span.split()[1] in make_targets(), span


def test_every_file_on_the_journey_exists() -> None:
    files = [span for span in spans(JOURNEY) if re.fullmatch(r"[\w/.-]+\.(py|md|json|yaml)", span)]
    assert len(files) > 20
    missing = [file for file in files if not (SOURCE / file).exists()]
    assert not missing


def test_every_file_in_contributing_exists() -> None:
    files = [span for span in spans(ROOT / "CONTRIBUTING.md") if re.fullmatch(r"(src|docs|tests)/[\w/.-]+", span)]
    assert len(files) > 10
    missing = [file for file in files if not (ROOT / file).exists()]
    assert not missing


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=lambda adapter: adapter.name)
def test_every_protocol_is_mentioned(adapter: Any) -> None:
    assert adapter.label in (ROOT / "README.md").read_text()
    assert adapter.label in TRANSPARENCY.read_text()


@pytest.mark.parametrize(**by_name([page for page in PAGES if fenced(page, "yaml")]))
def test_every_configuration_loads(page: Path) -> None:
    for text in fenced(page, "yaml"):
        text += "" if "listeners:" in text else _LISTENERS
        text += "" if "upstreams:" in text else _UPSTREAMS
        assert parse(text, page, protocols=ADAPTERS).upstreams


@pytest.mark.parametrize(**by_name([page for page in PAGES if fenced(page, "python")]))
def test_python_compiles(page: Path) -> None:
    for text in fenced(page, "python"):
        compile(text, name(page), "exec")


def test_every_start_up_setting_is_listed_and_nothing_else() -> None:
    section = TRANSPARENCY.read_text().split("### Start-up settings\n", 1)[1].split("unless", 1)[0].split("Any other", 1)[0]
    assert {setting.lower() for setting in re.findall(r"`([\w.]+)`", section)} == DEFAULT_SETTINGS


def test_every_log_event_is_one() -> None:
    section = OPERATE.read_text().split("## Logs\n", 1)[1].split("\n## ", 1)[0]
    events = re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
    source = source_text("gateway/*.py")
    assert events
    assert [event for event in events if f'"{event}"' not in source] == []


@pytest.mark.parametrize(**by_name(PAGES))
def test_nothing_is_invisible(page: Path) -> None:
    text = page.read_text()
    assert not re.findall("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\t]", text)
    assert text.endswith("\n")
    assert not re.search(r"[^\S\n]$", text, re.MULTILINE)
