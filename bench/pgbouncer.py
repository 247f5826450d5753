"""PgBouncer as a yardstick: session mode, SCRAM on both sides, everything else as it comes. Knows nothing of Nightporter."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nightporter.demo.server import EmbeddedServer

from .error import BenchError

START_TIMEOUT_S = 10.0
UNPRIVILEGED = "nobody"
"""Who runs it where we are root, as whom it refuses to."""

CONFIGURATION = """\
[databases]
* = host=127.0.0.1 port={server_port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = session
default_pool_size = {connections}
max_client_conn = {connections}
auth_type = scram-sha-256
auth_file = {folder}/users
logfile = {folder}/log
; a line for each connection would be an unfair price
log_connections = 0
log_disconnections = 0
ignore_startup_parameters = extra_float_digits
"""


def program() -> str | None:
    """Where it is, if it is installed."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


@contextmanager
def pgbouncer(server: EmbeddedServer, connections: int, port: int) -> Iterator[tuple[str, int]]:
    """Run one in front of the server, on a free `port`; gives how to connect, and its process. Raises BenchError."""
    binary = program()
    if binary is None:
        raise BenchError("`pgbouncer` is not installed (Debian: apt-get install pgbouncer); `--without pgbouncer` does without")
    folder = Path(tempfile.mkdtemp(prefix="bench-pgbouncer-"))
    try:
        _write(folder, server, connections, port)
        owner = _owner()
        # not as a daemon: it is our child, and ends with us
        process = subprocess.Popen(
            [binary, "--quiet", str(folder / "pgbouncer.ini")],
            stderr=subprocess.DEVNULL,
            user=owner.pw_uid if owner else None,
            group=owner.pw_gid if owner else None,
            extra_groups=[] if owner else None,
        )
        try:
            _wait_until_ready(process, port, folder)
            yield make_conninfo(server.dsn(), host="127.0.0.1", port=port), process.pid
        finally:
            process.terminate()  # at once: it has nothing to keep
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(folder: Path, server: EmbeddedServer, connections: int, port: int) -> None:
    # With the server's own verifier it logs in with the keys that the client's login gave it, and derives none from a password.
    verifier = server.psql(f"select rolpassword from pg_authid where rolname = '{server.user}'").strip()
    server_port = conninfo_to_dict(server.dsn())["port"]
    users = folder / "users"
    users.touch(mode=0o600)
    users.write_text(f'"{server.user}" "{verifier}"\n')
    text = CONFIGURATION.format(server_port=server_port, port=port, connections=connections, folder=folder)
    (folder / "pgbouncer.ini").write_text(text)
    owner = _owner()
    if owner is not None:
        for path in (folder, *folder.iterdir()):
            os.chown(path, owner.pw_uid, owner.pw_gid)


def _owner() -> pwd.struct_passwd | None:
    """Who is to run it, if not ourselves."""
    return pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    log = folder / "log"
    raise BenchError(f"pgbouncer did not start: {log.read_text()[-300:] if log.exists() else 'it said nothing'}")
