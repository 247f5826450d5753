"""From a reference in the configuration to the source that it names: the registry of sources. Fetches nothing."""

from __future__ import annotations

from pathlib import Path

from nightporter.core.error import ConfigError

from . import command, environment, file
from .source import Source


def parse(reference: str, base: Path | None = None) -> Source:
    """The source that `env:NAME`, `file:PATH` or `command:PROGRAM ARGUMENT ...` names.

    Relative paths, and the command, start at `base` (default: the working directory). Raises ConfigError, which never
    repeats the reference: somebody may have written a password there.
    """
    directory = (base or Path()).absolute()
    match reference.partition(":"):
        case ("env", ":", name):
            return environment.parse(name)
        case ("file", ":", path):
            return file.parse(path, directory)
        case ("command", ":", line):
            return command.parse(line, directory)
        case _:
            raise ConfigError(
                "a password does not stand in the configuration, which is copied, reviewed and kept in version control: "
                "name its source with `env:NAME`, `file:PATH` or `command:PROGRAM ARGUMENT ...`"
            )
