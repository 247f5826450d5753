"""Configurations to test with: a whole one in which one part is replaced."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from nightporter.config import Config, parse

PROTOCOLS = ("postgres", "mysql")
PATH = Path("/etc/nightporter/nightporter.yaml")

MINIMAL = """\
listeners:
  - address: 127.0.0.1:6432
upstreams:
  shop:
    protocol: postgres
    environment: production
    address: db.internal
    credentials: {user: app}
"""


def config(text: str = MINIMAL, path: Path = PATH) -> Config:
    """The configuration that `text` is."""
    return parse(dedent(text), path, protocols=PROTOCOLS)


def minimal(listener: str = "", upstream: str = "", rest: str = "") -> str:
    """The minimal configuration with more keys (`a: 1`, one a line) in its parts."""
    lines: list[str] = []
    for line in MINIMAL.splitlines():
        lines.append(line)
        more = {"  - address: 127.0.0.1:6432": listener, "    credentials: {user: app}": upstream}.get(line, "")
        lines += [f"    {extra}" for extra in more.splitlines()]
    return "\n".join([*lines, rest, ""])
