"""The documentation as tests see it: its pages, and what stands in them, however their lines are wrapped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/nightporter"
INDEX = ROOT / "docs/README.md"

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

_FENCED = re.compile(r"^( *)```([a-z]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE_INDENT = 4


def name(page: Path) -> str:
    """Of a page, for messages."""
    return str(page.relative_to(ROOT))


def fenced(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language, without the indentation of the list they may stand in."""
    found = []
    for indent, marked, body in _FENCED.findall(page.read_text()):
        if marked == language:
            found.append("".join(line.removeprefix(indent) for line in body.splitlines(keepends=True)))
    return found


def code_lines(page: Path) -> Iterator[str]:
    """Lines of all code blocks, fenced or indented; those that end in a backslash are one with the next."""
    text = page.read_text()
    for _, _, body in _FENCED.findall(text):
        yield from body.replace("\\\n", " ").splitlines()
    prose = _FENCED.sub("", text).replace("\\\n", " ")
    yield from (line for line in prose.splitlines() if line.startswith(" " * _CODE_INDENT))


def prose(page: Path) -> str:
    """The text without fenced and indented blocks, each paragraph on one line."""
    lines = _FENCED.sub("", page.read_text()).splitlines()
    kept = [line for line in lines if not line.startswith(" " * _CODE_INDENT)]
    return re.sub(r"(?<=\S)\n *(?=[^\s|#>*-])", " ", "\n".join(kept))


def spans(page: Path) -> list[str]:
    """What stands in backticks in the text, on one line each."""
    return [" ".join(body.split()) for _, body in _SPAN.findall(prose(page))]


def links(page: Path) -> list[str]:
    """Targets of the links in the text."""
    return _LINK.findall(_SPAN.sub("", prose(page)))


def anchors(page: Path) -> set[str]:
    """Fragments that a link to the page may have: its headings, as forges write them."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def make_targets() -> set[str]:
    """What `make` knows to make."""
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def source_text(pattern: str) -> str:
    """All source files of a kind, as one text."""
    return "\n".join(path.read_text() for path in sorted(SOURCE.glob(pattern)))
