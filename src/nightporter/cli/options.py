"""Options that several commands share, and what they lead to. Imports what a command needs only when it runs."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from nightporter.catalog.labels import Stored
    from nightporter.config import Config
    from nightporter.store import Store

CONFIG = Path("nightporter.yaml")

ConfigOption: TypeAlias = Annotated[
    Path, typer.Option("--config", "-c", envvar="NIGHTPORTER_CONFIG", metavar="FILE", help="The configuration file.")
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]

# Of commands that say what a text would do
TextArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="SQL", help="The text, one statement or several; - reads standard input.")
]
UpstreamOption: TypeAlias = Annotated[
    str, typer.Option("--upstream", metavar="NAME", help="The upstream, by the name that clients use.")
]
SearchPathOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--search-path", metavar="A,B", help="The schemas that are searched, instead of what a new session has."),
]
RoleOption: TypeAlias = Annotated[
    str | None, typer.Option("--role", metavar="NAME", help="The database role that it runs as, instead of the upstream's own.")
]


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


def stored_labels(config: Config, upstream: str) -> Stored | None:
    """Labels of an upstream's columns, as they are stored; None if there is no store yet, which this does not make.

    Raises StoreError.
    """
    sqlite = config.store.removeprefix("sqlite:///")
    if sqlite != config.store and not Path(sqlite.partition("?")[0]).exists():
        return None
    with closing(store_of(config)) as store:
        return store.labels.read(upstream)
