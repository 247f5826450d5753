"""How the gateway comes in upstream: every mode of TLS and every method of authentication of Debian's PostgreSQL 15."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from nightporter.demo.server import Certificate, EmbeddedServer, debian_binaries
from tests.lab.book import Book
from tests.lab.gateway import Gateway, gateway
from tests.lab.servers import authority

from .conftest import ask, cancel_until

PASSWORD = "inkwell"
METHODS = ("scram", "md5", "password", "trust")
MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedServer, Path]]:
    folder = tmp_path_factory.mktemp("upstream")
    files = authority(folder).issue("localhost", folder)
    hba = ["local all all scram-sha-256"]
    hba += [f"host all by_{method} 127.0.0.1/32 {'scram-sha-256' if method == 'scram' else method}" for method in METHODS]
    hba += ["hostssl all only_tls 127.0.0.1/32 scram-sha-256", "hostnossl all only_plain 127.0.0.1/32 scram-sha-256"]
    certificate = Certificate(files.chain, files.key, files.authority)
    with EmbeddedServer(debian_binaries(15), hba=hba, certificate=certificate) as running:
        for user in (*(f"by_{method}" for method in METHODS), "only_tls", "only_plain"):
            encryption = "md5" if user == "by_md5" else "scram-sha-256"
            running.psql(f"set password_encryption = '{encryption}'; create role {user} login password '{PASSWORD}'")
        yield running, authority(folder).certificate


@pytest.fixture(scope="module")
def running(server: tuple[EmbeddedServer, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    upstream, ca = server

    def entry(user: str, tls: str, *, host: str = "localhost", authorities: Path = ca) -> dict[str, object]:
        verified = {"ca": str(authorities)} if tls.startswith("verify") else {}
        credentials = {"user": user, "password": "env:INKWELL"}
        address = f"{host}:{upstream.port}"
        return {
            "protocol": "postgres",
            "environment": "test",
            "address": address,
            "database": "postgres",
            "tls": tls,
            "credentials": credentials,
            **verified,
        }

    stranger = authority(tmp_path_factory.mktemp("stranger")).certificate
    upstreams = {f"{method}.{tls}": entry(f"by_{method}", tls) for method in METHODS for tls in ("disable", "verify-full")}
    upstreams |= {f"scram.{tls}": entry("by_scram", tls) for tls in MODES}
    upstreams |= {"tls.allow": entry("only_tls", "allow"), "plain.prefer": entry("only_plain", "prefer")}
    upstreams |= {"tls.disable": entry("only_tls", "disable"), "plain.require": entry("only_plain", "require")}
    upstreams |= {"stranger": entry("by_scram", "verify-full", authorities=stranger)}
    upstreams |= {"elsewhere": entry("by_scram", "verify-full", host="127.0.0.2")}
    with gateway(upstreams, environment={"INKWELL": PASSWORD}) as made:
        made.add("ada")
        yield made


def encrypted(running: Gateway, name: str) -> str:
    with psycopg.connect(running.dsn("ada", name)) as ada:
        return ask(ada, "select ssl from pg_stat_ssl where pid = pg_backend_pid()")


@pytest.mark.parametrize("method", METHODS)
def test_methods(running: Gateway, method: str) -> None:
    assert encrypted(running, f"{method}.disable") == "False"
    assert encrypted(running, f"{method}.verify-full") == "True"


@pytest.mark.parametrize("tls", MODES)
def test_modes(running: Gateway, tls: str) -> None:
    assert encrypted(running, f"scram.{tls}") == str(tls not in ("disable", "allow"))


def test_the_second_try_of_allow_and_prefer(running: Gateway) -> None:
    assert encrypted(running, "tls.allow") == "True"
    assert encrypted(running, "plain.prefer") == "False"
    for name in ("tls.disable", "plain.require"):
        with pytest.raises(psycopg.OperationalError, match="refused"):
            encrypted(running, name)


@pytest.mark.parametrize("name", ["stranger", "elsewhere"])
def test_a_server_that_cannot_prove_itself_gets_no_password(running: Gateway, name: str) -> None:
    with pytest.raises(psycopg.OperationalError) as caught:
        encrypted(running, name)
    assert PASSWORD not in str(caught.value) + running.log()
    assert "certificate" in running.log().lower()


def test_cancel_goes_the_same_way(running: Gateway) -> None:
    with psycopg.connect(running.dsn("ada", "scram.verify-full"), autocommit=True) as ada:
        with ThreadPoolExecutor(1) as threads:
            work = threads.submit(ada.execute, "select pg_sleep(60)")
            cancel_until(ada, work.done)
            with pytest.raises(errors.QueryCanceled):
                work.result()
        assert ask(ada, "select 1") == "1"
    Book(running.config, running.ledger).verify()
