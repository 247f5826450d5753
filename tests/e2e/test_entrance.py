"""How clients come in: TLS in all its forms, passwords, tokens, certificates; and in what words they are sent away."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import yaml
from psycopg.conninfo import make_conninfo

from nightporter.demo.server import EmbeddedServer
from nightporter.identity.principal import Kind, Method
from tests.lab.book import Book, told, until
from tests.lab.gateway import Gateway, gateway, upstream
from tests.lab.servers import authority

from .conftest import ask, cancel_until, session_of

NEGOTIATIONS = ["postgres", "direct"]
REFUSED = 'password authentication failed for user "{}"'


def door(server: EmbeddedServer, certificates: Path, *, required: bool) -> Iterator[Gateway]:
    issuer = authority(certificates)
    files = issuer.issue("localhost", certificates)
    tls = {"certificate": str(files.chain), "key": str(files.key), "client_ca": str(issuer.certificate), "required": required}
    entry, environment = upstream(server.dsn("postgres"))
    with gateway({"shop": entry}, listener={"tls": tls}, environment=environment) as running:
        running.add("ada")
        yield running


@pytest.fixture(scope="module")
def secured(embedded18: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A listener that speaks TLS with everybody."""
    yield from door(embedded18, tmp_path_factory.mktemp("secured"), required=True)


@pytest.fixture(scope="module")
def both(embedded18: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A listener that offers TLS."""
    yield from door(embedded18, tmp_path_factory.mktemp("both"), required=False)


def trusted(running: Gateway) -> str:
    """The file of the authority that signed the listener's certificate."""
    return str(yaml.safe_load(running.config.read_text())["listeners"][0]["tls"]["client_ca"])


def come(running: Gateway, principal: str = "ada", **how: str) -> psycopg.Connection:
    known = {"password": running.passwords.get(principal, ""), "host": "localhost", "hostaddr": "127.0.0.1"}
    given = {"port": str(running.port), "user": principal, "dbname": "shop", "connect_timeout": "30"}
    return psycopg.connect(make_conninfo(**{**known, **given, **how}), autocommit=True)


# TLS


@pytest.mark.parametrize("negotiation", NEGOTIATIONS)
@pytest.mark.parametrize("binding", ["require", "disable"])
def test_verify_full(secured: Gateway, negotiation: str, binding: str) -> None:
    how = {"sslmode": "verify-full", "sslrootcert": trusted(secured), "sslnegotiation": negotiation}
    with come(secured, **how, channel_binding=binding, gssencmode="prefer") as ada:
        assert ada.pgconn.ssl_in_use
        assert ask(ada, f"select length(repeat('x', {2**20})), repeat('y', {2**20})") == str(2**20)
        assert ask(ada, "select current_setting('nightporter.principal')") == "ada"


@pytest.mark.parametrize("version", ["3.0", "3.2", "latest"])
def test_protocol_versions_and_their_cancel_keys(secured: Gateway, version: str) -> None:
    with come(secured, sslmode="require", max_protocol_version=version) as ada:
        ada.pgconn.send_query(b"select pg_sleep(60)")
        cancel_until(ada, lambda: not _busy(ada))
        result = ada.pgconn.get_result()
        assert result is not None
        assert result.error_field(psycopg.pq.DiagnosticField.SQLSTATE) == b"57014"
        assert ada.pgconn.get_result() is None
        assert ask(ada, "select 1") == "1"


def _busy(connection: psycopg.Connection) -> bool:
    connection.pgconn.consume_input()
    return bool(connection.pgconn.is_busy())


def test_a_listener_that_requires_tls(secured: Gateway, both: Gateway) -> None:
    with pytest.raises(psycopg.OperationalError, match="must be encrypted with TLS"):
        come(secured, sslmode="disable")
    with come(both, sslmode="disable") as plain, come(both, sslmode="require") as encrypted:
        assert not plain.pgconn.ssl_in_use
        assert encrypted.pgconn.ssl_in_use


def test_the_wrong_host_or_authority_is_the_client_s_to_refuse(secured: Gateway, certificates: Path) -> None:
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        come(secured, sslmode="verify-full", sslrootcert=trusted(secured), host="elsewhere")
    stranger = authority(certificates).certificate
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        come(secured, sslmode="verify-full", sslrootcert=str(stranger))


def test_without_tls_it_says_so(gate: Gateway) -> None:
    with pytest.raises(psycopg.OperationalError, match="server does not support SSL"):
        psycopg.connect(gate.dsn("ada", "postgres", sslmode="require"))
    with psycopg.connect(gate.dsn("ada", "postgres", sslmode="prefer", gssencmode="prefer")) as ada:
        assert not ada.pgconn.ssl_in_use


def test_gss_encryption_is_declined(both: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", both.port)) as client:
        client.settimeout(10)
        client.sendall(struct.pack("!II", 8, 80877104))
        assert client.recv(1) == b"N"
        client.sendall(struct.pack("!II", 8, 80877103))
        assert client.recv(1) == b"S"


def test_bytes_before_the_handshake_are_not_taken_for_the_client_s(both: Gateway) -> None:
    """A man in the middle could have put them there, to be read as if they had come encrypted."""
    startup = struct.pack("!I", 196608) + b"user\0ada\0database\0shop\0\0"
    with socket.create_connection(("127.0.0.1", both.port)) as client:
        client.settimeout(10)
        client.sendall(struct.pack("!II", 8, 80877103) + struct.pack("!I", 4 + len(startup)) + startup)
        answer = b""
        while data := client.recv(1000):
            answer += data
    assert b"R\0\0\0" not in answer


def test_direct_tls_needs_its_protocol_name(secured: Gateway) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", secured.port)) as client:
        client.settimeout(10)
        with context.wrap_socket(client) as wrapped:
            answer = b""
            while data := wrapped.recv(1000):
                answer += data
    assert answer.startswith(b"E")
    assert b"ALPN" in answer


# who one is


def test_a_certificate_is_a_principal(secured: Gateway, tmp_path: Path) -> None:
    secured.store.add_principal("cara", Kind.HUMAN, Method.CERTIFICATE)
    issuer = authority(Path(trusted(secured)).parent)
    own, other = issuer.issue("cara", tmp_path), issuer.issue("mallory", tmp_path)
    (tmp_path / "foreign").mkdir()
    foreign = authority(tmp_path / "foreign").issue("cara", tmp_path / "foreign")
    with come(secured, "cara", sslmode="require", sslcert=str(own.chain), sslkey=str(own.key)) as cara:
        assert ask(cara, "select current_setting('nightporter.principal')") == "cara"
    with pytest.raises(psycopg.OperationalError, match=REFUSED.format("cara")):
        come(secured, "cara", sslmode="require", sslcert=str(other.chain), sslkey=str(other.key))
    with pytest.raises(psycopg.OperationalError, match=REFUSED.format("cara")):
        come(secured, "cara", sslmode="require", sslcertmode="disable")
    with pytest.raises(psycopg.OperationalError):
        come(secured, "cara", sslmode="require", sslcert=str(foreign.chain), sslkey=str(foreign.key))
    refused = Book(secured.config, secured.ledger).records(principal="cara", kind="refused")
    assert [r["detail"]["reason"] for r in refused][:2] == ["authentication: wrong", "authentication: method"]


@pytest.mark.parametrize("how", [{"sslmode": "require"}, {"sslmode": "disable"}])
def test_a_token_is_a_principal_and_its_actor(both: Gateway, how: dict[str, str]) -> None:
    name = f"biller-{how['sslmode']}"
    both.store.add_principal(name, Kind.AGENT, Method.TOKEN, owner="ada")
    token, secret = both.store.issue_token(name, datetime.now(UTC) + timedelta(days=1), actor="claude")
    with come(both, name, password=secret.reveal(), **how) as biller:
        session = session_of(biller)
        assert ask(biller, "select current_setting('nightporter.actor')") == "claude"
        assert ask(biller, "show application_name") == f"{name}/claude"
    book = Book(both.config, both.ledger)
    assert {t.intent["who"]["actor"] for t in book.session(session)} == {"claude"}
    (begin,) = book.records(session=session, kind="session_started")
    assert begin["detail"]["token"] == token.identifier
    assert secret.reveal() not in str(book.records()) + both.log()


def test_every_token_that_is_not_good_gets_the_same_answer(both: Gateway) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=0.3)
    later = datetime.now(UTC) + timedelta(days=1)
    answers, names = set(), []
    for reason in ("wrong", "expired", "revoked", "disabled"):
        name = f"t-{reason}"
        names.append(name)
        both.store.add_principal(name, Kind.SERVICE, Method.TOKEN)
        token, secret = both.store.issue_token(name, soon if reason == "expired" else later)
        given = secret.reveal()
        if reason == "wrong":
            given = given[:-1] + ("a" if given[-1] != "a" else "b")
        elif reason == "expired":
            until(lambda: datetime.now(UTC) > soon)
        elif reason == "revoked":
            both.store.revoke_token(token.identifier)
        else:
            both.store.disable(name)
        with pytest.raises(psycopg.OperationalError) as caught:
            come(both, name, password=given, sslmode="require")
        answers.add(str(caught.value).partition("FATAL")[2].replace(name, "..."))
    assert answers == {":  " + REFUSED.format("...")}
    book = Book(both.config, both.ledger)
    reasons = [r["detail"]["reason"] for name in names for r in book.records(principal=name, kind="refused")]
    assert reasons == [f"authentication: {why}" for why in ("wrong", "expired", "revoked", "disabled")]


def test_a_disabled_owner_takes_agents_along(both: Gateway) -> None:
    both.add("olga")
    both.add("olgas-bot", Kind.AGENT, owner="olga")
    come(both, "olgas-bot").close()
    both.store.disable("olga")
    for name in ("olga", "olgas-bot"):
        with pytest.raises(psycopg.OperationalError, match=REFUSED.format(name)):
            come(both, name)


@pytest.mark.parametrize("parameter", [{"replication": "database"}, {"options": "-c session_replication_role=replica"}])
def test_what_may_not_be_brought_along(both: Gateway, parameter: dict[str, str]) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"not accepted|replication"):
        come(both, **parameter)
    with come(both, options="-c statement_timeout=7s -c search_path=pg_temp,public") as ada:
        assert ask(ada, "show statement_timeout") == "7s"
        assert ask(ada, "show search_path") == "pg_temp,public"
    assert told(Book(both.config, both.ledger).records(kind="intent"))
