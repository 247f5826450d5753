"""A gateway of one's own for tests and measurements: configuration, store, principals and the process, in a temporary directory."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nightporter.identity.principal import Kind, Method
from nightporter.identity.scram import make_verifier
from nightporter.secret import Secret
from nightporter.store import Store, open_store

START_TIMEOUT_S = 60.0
"""Much is started at once on a machine that runs other tests."""
LAUNCH = [sys.executable, "-m", "nightporter", "up", "--config"]
PASSWORD_VARIABLE = "NIGHTPORTER_LAB_PASSWORD"
EVERYTHING = """
@id("lab.everything") permit(principal is Human, action, resource);
"""
"""Beside `baseline`: people see everything as it is; secrets too, if they are in the group SECRETS."""
SECRETS = "secrets"


@dataclass
class Gateway:
    """A running gateway. `store` is its own, for tests that change principals."""

    folder: Path
    port: int
    store: Store
    process: subprocess.Popen[bytes]
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def ledger(self) -> Path:
        """Where it records."""
        return self.folder / "ledger"

    @property
    def policies(self) -> Path:
        """The folder of its policies, if it has any of its own."""
        return self.folder / "policies"

    @property
    def config(self) -> Path:
        """Its configuration file."""
        return self.folder / "nightporter.yaml"

    def add(self, name: str, kind: Kind = Kind.HUMAN, *, owner: str | None = None, groups: Collection[str] = ()) -> None:
        """A principal with a password."""
        password = secrets.token_hex(8)
        verifier = make_verifier(Secret(password), secrets.token_bytes(16))
        self.store.add_principal(name, kind, Method.PASSWORD, owner=owner, groups=groups, verifier=verifier)
        self.passwords[name] = password

    def dsn(self, principal: str, database: str, **more: Any) -> str:
        """How `principal` connects."""
        known = {"host": "127.0.0.1", "port": self.port, "user": principal, "password": self.passwords[principal]}
        return make_conninfo(**{**known, "dbname": database, **more})

    def log(self) -> str:
        """What it told its operator."""
        return (self.folder / "log").read_text(errors="replace")

    def stop(self) -> int:
        """End it as an operator would; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def gateway(
    upstreams: Mapping[str, Any],
    *,
    listener: Mapping[str, Any] | None = None,
    more_listeners: Sequence[Mapping[str, Any]] = (),
    environment: Mapping[str, str] | None = None,
    cedar: str | None = None,
    packs: Sequence[str] = ("baseline",),
    **top: Any,
) -> Iterator[Gateway]:
    """Run one in front of these upstreams (as in the configuration file); `top` are further top-level keys.

    `cedar`: policies of its own, which stand in the file `own.cedar` beside the packs.
    """
    with tempfile.TemporaryDirectory(prefix="nightporter-lab-") as name:
        folder = Path(name)
        port = free_port()
        config = {
            "listeners": [{"address": f"127.0.0.1:{port}", **(listener or {})}, *more_listeners],
            "upstreams": dict(upstreams),
            "ledger": {"path": "ledger"},
            "store": "sqlite:///nightporter.db",
            "labels": {"scan": False},  # nothing happens at the upstream but what the test does
            **top,
        }
        if cedar is not None:
            (folder / "policies").mkdir()
            (folder / "policies" / "own.cedar").write_text(cedar)
            config["policies"] = {"path": "policies", "packs": list(packs)}
        (folder / "nightporter.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        store = open_store(f"sqlite:///{folder}/nightporter.db")
        process = launch(folder, environment or {})
        running = Gateway(folder, port, store, process)
        try:
            _wait_until_ready(running)
            yield running
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(40)
                except subprocess.TimeoutExpired:
                    process.kill()
            store.close()


def launch(folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """`nightporter up` on the configuration in `folder`."""
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            LAUNCH + [str(folder / "nightporter.yaml")],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def upstream(
    dsn: str, *, environment: str = "test", database: str | None = None, **more: Any
) -> tuple[dict[str, Any], dict[str, str]]:
    """The configuration of an upstream behind a libpq connection string, and the environment with its password."""
    info = conninfo_to_dict(dsn)
    variable = f"{PASSWORD_VARIABLE}_{secrets.token_hex(4).upper()}"
    host, port = str(info.get("host", "127.0.0.1")), int(str(info.get("port", 5432)))
    credentials = {"user": str(info.get("user", "postgres"))}
    passed = {}
    if info.get("password"):
        credentials["password"] = f"env:{variable}"
        passed[variable] = str(info["password"])
    entry = {
        "protocol": "postgres",
        "environment": environment,
        "address": f"{host}:{port}",
        "database": database or str(info.get("dbname", "postgres")),
        "tls": "disable",
        "credentials": credentials,
        **more,
    }
    return entry, passed


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(running: Gateway) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            raise RuntimeError(f"the gateway ended: {running.log()}")
        if list((running.folder / "run").glob("worker-*.sock")):
            try:
                socket.create_connection(("127.0.0.1", running.port), 1).close()
            except OSError:
                pass
            else:
                return
        time.sleep(0.02)
    raise RuntimeError(f"the gateway did not start: {running.log()}")
