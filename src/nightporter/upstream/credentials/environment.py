"""A password in an environment variable: `env:NAME`. Must not copy it anywhere but into the answer."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from nightporter.core.error import ConfigError
from nightporter.secret import Secret

from .source import as_secret, unavailable

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")  # what a POSIX shell can export


@dataclass(frozen=True, slots=True)
class EnvironmentSource:
    """Fetches from our own environment, as it was when we started."""

    name: str

    async def fetch(self) -> Secret:
        """See `Source`."""
        value = os.environ.get(self.name)
        if value is None:
            raise unavailable(f"environment variable `{self.name}` is not set")
        return as_secret(os.fsencode(value), f"environment variable `{self.name}`")

    def warning(self) -> str | None:
        """See `Source`."""
        return None if self.name in os.environ else f"environment variable `{self.name}` is not set"


def parse(name: str) -> EnvironmentSource:
    """`name` is what follows `env:`. Raises ConfigError, which does not repeat it: it may be a misplaced password."""
    if not _NAME.fullmatch(name):
        raise ConfigError("what follows `env:` is not the name of an environment variable")
    return EnvironmentSource(name)
