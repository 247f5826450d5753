"""Options that several commands share, and what they lead to. Imports what a command needs only when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from nightporter.config import Config
    from nightporter.store import Store

CONFIG = Path("nightporter.yaml")

ConfigOption: TypeAlias = Annotated[
    Path, typer.Option("--config", "-c", envvar="NIGHTPORTER_CONFIG", metavar="FILE", help="The configuration file.")
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]


def examples(*lines: str) -> str:
    """The end of a help text: command lines to copy."""
    unwrapped = "\b"
    return "\n".join([unwrapped, "Example:" if len(lines) == 1 else "Examples:", *(f"  $ {line}" for line in lines)])


def load_config(path: Path) -> Config:
    """The configuration at `path`. Raises ConfigError."""
    from nightporter.config import load
    from nightporter.protocols.registry import ADAPTERS

    return load(path, protocols=ADAPTERS)


def store_of(config: Config) -> Store:
    """The control state. Raises StoreError."""
    from nightporter.store import open_store

    return open_store(config.store)
