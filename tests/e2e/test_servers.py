"""The servers that all other tests stand on: do they start, are they what they say, and do they leave nothing behind?"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from nightporter.demo import server as server_module
from nightporter.demo.server import Certificate, EmbeddedServer, ServerError, debian_binaries, wheel_binaries
from tests.lab.servers import authority


def ask(dsn: str, question: str) -> str:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return str(row[0])


def test_embedded_is_18_and_utf8(database18: str) -> None:
    assert ask(database18, "show server_version_num").startswith("18")
    assert ask(database18, "show server_encoding") == "UTF8"
    assert ask(database18, "select rolsuper from pg_roles where rolname = current_user") == "True"


def test_debian_is_15_and_speaks_verified_tls(debian15: EmbeddedServer, certificates: Path) -> None:
    dsn = debian15.dsn(sslmode="verify-full", sslrootcert=str(authority(certificates).certificate))
    assert ask(dsn, "show server_version_num").startswith("15")
    assert ask(dsn, "select ssl from pg_stat_ssl where pid = pg_backend_pid()") == "True"


def test_debian_knows_a_client_by_its_certificate(tmp_path: Path) -> None:
    issuer = authority(tmp_path)
    files = issuer.issue("localhost", tmp_path)
    client = issuer.issue("postgres", tmp_path)
    certificate = Certificate(files.chain, files.key, files.authority)
    hba = ["local all all trust", "hostssl all all 127.0.0.1/32 cert"]
    with EmbeddedServer(debian_binaries(), certificate=certificate, hba=hba) as server:
        dsn = server.dsn(sslmode="require", sslcert=str(client.chain), sslkey=str(client.key))
        assert ask(dsn, "select current_user") == "postgres"
        with pytest.raises(psycopg.OperationalError):
            ask(server.dsn(sslmode="require"), "select 1")


def test_wrong_password_is_refused(embedded18: EmbeddedServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(embedded18.dsn().replace(embedded18.password.reveal(), "wrong"), "select 1")


def test_settings_reach_the_server() -> None:
    settings = {"shared_preload_libraries": "pg_stat_statements", "application_name": r"it's \ here"}
    with EmbeddedServer(wheel_binaries(), settings=settings) as server:
        assert ask(server.dsn(), "show shared_preload_libraries") == "pg_stat_statements"
        assert server.psql("reset application_name; show application_name").strip() in (r"it's \ here", "psql")
        server.psql("alter system set work_mem = '7MB'; select pg_reload_conf()")


def test_psql_stops_at_the_first_error(embedded18: EmbeddedServer) -> None:
    with pytest.raises(ServerError, match=r"division by zero"):
        embedded18.psql("select 1/0; select 2")


def test_stop_removes_everything_and_may_come_twice() -> None:
    server = EmbeddedServer(wheel_binaries())
    server.start()
    folder, port = server.folder, server.port
    server.stop()
    server.stop()
    assert not folder.exists()
    assert not _listens(port)
    with pytest.raises(ServerError, match="not running"):
        _ = server.folder


def test_a_taken_port_is_left_to_its_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        taken: int = owner.getsockname()[1]
        ports = iter([taken])
        free = server_module._free_port
        monkeypatch.setattr(server_module, "_free_port", lambda: next(ports, None) or free())
        with EmbeddedServer(wheel_binaries()) as server:
            assert server.port != taken
            assert ask(server.dsn(), "select 1") == "1"


def test_a_start_that_fails_says_why_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []
    make = server_module._make_folder

    def remember() -> Path:
        made.append(make())
        return made[-1]

    monkeypatch.setattr(server_module, "_make_folder", remember)
    with pytest.raises(ServerError, match="no_such_setting"):
        EmbeddedServer(wheel_binaries(), settings={"no_such_setting": "1"}).start()
    assert len(made) == 1
    assert not made[0].exists()


def test_binaries_out_of_reach_are_copied(tmp_path: Path) -> None:
    """What happens as root when the virtual environment is in a home directory that is nobody else's business."""
    hidden, target = tmp_path / "hidden", tmp_path / "server"
    hidden.mkdir(mode=0o700)
    target.mkdir()
    copy = server_module._reachable(_copy_of_the_wheel(hidden), target)
    assert copy.is_relative_to(target)
    answer = subprocess.run([copy / "postgres", "--version"], capture_output=True, text=True, check=True)
    assert "18" in answer.stdout
    answer = subprocess.run([copy / "psql", "--version"], capture_output=True, text=True, check=True)
    assert "18" in answer.stdout


def _copy_of_the_wheel(folder: Path) -> Path:
    import shutil

    package = wheel_binaries().parents[1]
    shutil.copytree(package, folder / package.name)
    shutil.copytree(package.with_name(f"{package.name}.libs"), folder / f"{package.name}.libs")
    return folder / package.name / "pginstall" / "bin"


def test_a_violent_end_of_ours_ends_the_server_too() -> None:
    program = (
        "import sys; from nightporter.demo.server import *\n"
        "server = EmbeddedServer(wheel_binaries()); server.start()\n"
        "print(server.folder, server.port, server._keeper.pid, flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    assert child.stdout is not None
    with child.stdin, child.stdout:
        folder, port, keeper = child.stdout.readline().split()
        watch = os.pidfd_open(int(keeper))
        child.send_signal(signal.SIGKILL)
        child.wait()
        ended, _, _ = select.select([watch], [], [], 20)
        os.close(watch)
    assert ended
    assert not Path(folder).exists()
    assert not _listens(int(port))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
