"""Results on disk: `<date>-<processor>.json` for programs, `.md` beside it for people, and the page that quotes the newest."""

from __future__ import annotations

import re
from pathlib import Path

from .error import BenchError
from .model import Result, decode, encode
from .report import markdown

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parent.parent / "docs" / "topics" / "speed.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def save(result: Result, folder: Path) -> Path:
    """Write both files; a later run of the same day on the same processor takes the place of the first. Gives the first."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{result.at[:10]}-{slug(result.machine.cpu)}"
    path = folder / f"{stem}.json"
    path.write_text(encode(result))
    (folder / f"{stem}.md").write_text(f"# Side by side, {result.at[:10]}\n\n{markdown(result)}")
    return path


def slug(text: str) -> str:
    """What a processor calls itself, fit for a file name."""
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"\((r|tm)\)|@.*", "", text.lower())).strip("-") or "unknown"


def newest(folder: Path) -> Result:
    """The result of the latest run. Raises BenchError when there is none."""
    results = [decode(path.read_text()) for path in folder.glob("*.json")]
    if not results:
        raise BenchError("there are no results yet: `make bench` makes one")
    return max(results, key=lambda result: result.at)


def quote(result: Result, page: Path) -> None:
    """Put a result in its marked place of a page, and nothing else. Raises BenchError when there is no such place."""
    text = page.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BenchError(f"`{page.name}` has no place marked `{BEGIN}` and `{END}`")
    page.write_text(f"{before}{BEGIN}\n\n{markdown(result)}\n{END}{after}")
