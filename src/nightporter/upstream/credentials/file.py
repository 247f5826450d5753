"""A password in a file: `file:PATH`. Must not keep it: a mounted secret may be replaced at any time."""

from __future__ import annotations

import asyncio
import stat
from dataclasses import dataclass
from pathlib import Path

from nightporter.core.error import ConfigError
from nightporter.secret import Secret

from .source import MAX_SECRET_BYTES, as_secret, unavailable


@dataclass(frozen=True, slots=True)
class FileSource:
    """Fetches the whole content of a file, without its last line end."""

    path: Path

    async def fetch(self) -> Secret:
        """See `Source`."""
        try:
            raw = await asyncio.to_thread(self._read)  # the file may be on a network
        except OSError as error:
            raise unavailable(f"password file `{self.path}` cannot be read: {error.strerror}") from None
        return as_secret(raw, f"password file `{self.path}`")

    def _read(self) -> bytes:
        # A pipe or a device would be waited for without end; symbolic links are how orchestrators mount secrets.
        if not stat.S_ISREG(self.path.stat().st_mode):
            raise unavailable(f"password file `{self.path}` is not a regular file")
        with self.path.open("rb") as file:
            return file.read(MAX_SECRET_BYTES + 1)

    def warning(self) -> str | None:
        """See `Source`. A file that everybody can read is no reason to refuse: orchestrators mount secrets so."""
        try:
            mode = self.path.stat().st_mode
        except OSError as error:
            return f"password file `{self.path}` cannot be read: {error.strerror}"
        if mode & stat.S_IROTH:
            return f"password file `{self.path}` can be read by everybody on this machine; make its mode 0600 or 0640"
        return None


def parse(path: str, base: Path) -> FileSource:
    """`path` is what follows `file:`; a relative one starts at `base`. Raises ConfigError."""
    if not path or "\0" in path:
        raise ConfigError("what follows `file:` is not a path")
    return FileSource(base / path)
