"""The command line as a tree, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from nightporter.cli.main import app


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its full name, `nightporter principal add`; groups are not among them."""
    yield from _below("nightporter", typer.main.get_command(app))


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for child_name, child in children.items():
        yield from _below(f"{name} {child_name}", child)
