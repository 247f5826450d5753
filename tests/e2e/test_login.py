"""Start-up and authentication against real peers: libpq 18 as our client, Debian's PostgreSQL 15 and the wheel's 18 as upstream."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from secrets import token_bytes

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from nightporter.core.error import ProtocolError, Refusal, TlsError, UpstreamError
from nightporter.core.talk import Secured
from nightporter.core.wire import Cancel, Challenge, Entered, Entrance, Hello, Peer, Proof, WireSetup
from nightporter.demo.server import Certificate, EmbeddedServer, debian_binaries
from nightporter.gateway.dial import converse
from nightporter.gateway.link import Link
from nightporter.gateway.tls import ServerTls, server_tls
from nightporter.identity.principal import Method
from nightporter.identity.scram import make_verifier, mock_verifier
from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.adapter import cancel
from nightporter.protocols.postgres.enter import enter
from nightporter.protocols.postgres.errors import LoginError, RefusedError, refusal_response, secret_size, welcome
from nightporter.protocols.postgres.greet import greet
from nightporter.protocols.postgres.prove import prove
from nightporter.secret import Secret
from tests.lab.servers import authority

PASSWORD = "pässword Ⅸ"
"""SASLprep makes `IX` of its last character."""


def random18() -> bytes:
    return token_bytes(18)


# enter, against real servers


@pytest.fixture(scope="module")
def upstream(certificates: Path) -> Iterator[EmbeddedServer]:
    """PostgreSQL 15 with a role for each method of authentication and each kind of connection."""
    files = authority(certificates).issue("localhost", certificates)
    hba = [
        "local all all scram-sha-256",
        "host all by_trust 127.0.0.1/32 trust",
        "host all by_password 127.0.0.1/32 password",
        "host all by_md5 127.0.0.1/32 md5",
        "hostssl all only_tls 127.0.0.1/32 scram-sha-256",
        "hostnossl all only_plain 127.0.0.1/32 scram-sha-256",
        "host all by_scram 127.0.0.1/32 scram-sha-256",
    ]
    certificate = Certificate(files.chain, files.key, files.authority)
    with EmbeddedServer(debian_binaries(15), hba=hba, certificate=certificate) as server:
        roles = [
            f"create role {role} login password '{PASSWORD}';" for role in ("by_scram", "by_password", "only_tls", "only_plain")
        ]
        md5 = ["set password_encryption = md5;", f"create role by_md5 login password '{PASSWORD}';"]
        server.psql([*roles, *md5, "create role by_trust login;"])
        yield server


def entrance(user: str, tls: str = "disable", **changes: object) -> Entrance:
    made = Entrance(user, Secret(PASSWORD), "postgres", {"application_name": "ada x"}, tls, (3, 2), local=True)
    return replace(made, **changes)  # type: ignore[arg-type]


async def connect(server: EmbeddedServer) -> Link:
    _, link = await asyncio.get_running_loop().create_connection(Link, "127.0.0.1", server.port)
    return link


async def secure_upstream(link: Link, pending: bytes) -> Secured:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return await link.secure(context, server_side=False, server_name="localhost", pending=pending)


@asynccontextmanager
async def entered(server: EmbeddedServer, how: Entrance) -> AsyncIterator[tuple[Link, Entered]]:
    link = await connect(server)
    try:
        yield link, await converse(enter(how, random18), link, secure_upstream)
    finally:
        link.abort()


async def login_error(server: EmbeddedServer, how: Entrance) -> LoginError:
    with pytest.raises(UpstreamError) as caught:
        async with entered(server, how):
            pass
    assert isinstance(caught.value, LoginError)
    return caught.value


async def ask(link: Link, text: bytes) -> tuple[bytes, bytes]:
    """Types of the messages that answer a Query, and the answer itself."""
    link.write(m.query_message(text))
    return await answer(link)


async def answer(link: Link) -> tuple[bytes, bytes]:
    reader = m.Reader(m.BACKEND_NAMES)
    codes, whole = b"", b""
    while not codes.endswith(b"Z"):
        data = await link.receive()
        assert data, "the server closed the connection"
        whole += data
        reader.feed(data)
        while (got := reader.next()) is not None:
            codes += bytes([got[0]])
    return codes, whole


@pytest.mark.parametrize("user", ["by_trust", "by_password", "by_md5", "by_scram"])
@pytest.mark.parametrize("tls", ["disable", "allow", "prefer", "require"])
async def test_every_method(upstream: EmbeddedServer, user: str, tls: str) -> None:
    async with entered(upstream, entrance(user, tls)) as (link, session):
        assert session.secured == (tls in ("prefer", "require"))
        assert session.parameters["application_name"] == "ada x"
        assert len(session.secret) == 4
        codes, whole = await ask(link, b"select current_user::text, pg_backend_pid()")
        assert codes == b"TDCZ"
        assert user.encode() in whole
        assert str(session.process_id).encode() in whole


@pytest.mark.parametrize("user", ["by_password", "by_md5", "by_scram"])
async def test_a_wrong_password(upstream: EmbeddedServer, user: str) -> None:
    error = await login_error(upstream, entrance(user, password=Secret("wrong")))
    assert (error.sqlstate, str(error)) == ("08004", "the database refused the proxy's own login")
    assert error.diagnostic == f'FATAL 28P01: password authentication failed for user "{user}"'


async def test_what_else_a_server_refuses(upstream: EmbeddedServer) -> None:
    assert (await login_error(upstream, entrance("by_trust", database="nowhere"))).sqlstate == "3D000"
    assert (await login_error(upstream, entrance("nobody"))).sqlstate == "08004"
    wrong = await login_error(upstream, entrance("by_trust", parameters={"TimeZone": "Mars"}))
    assert (wrong.sqlstate, str(wrong)) == ("22023", 'invalid value for parameter "TimeZone": "Mars"')
    assert "without TLS" in str(await login_error(upstream, entrance("by_password", local=False)))


@pytest.mark.parametrize(
    ("user", "tls", "retry"),
    [
        ("only_tls", "allow", "require"),
        ("only_plain", "prefer", "disable"),
        ("only_tls", "disable", None),
        ("only_plain", "require", None),
    ],
)
async def test_the_other_kind_of_connection(upstream: EmbeddedServer, user: str, tls: str, retry: str | None) -> None:
    how = entrance(user, tls)
    error = await login_error(upstream, how)
    assert error.retry_tls == retry
    if retry is not None:
        async with entered(upstream, replace(how, tls=retry)) as (_, session):
            assert session.secured == (retry == "require")


async def test_a_server_without_tls(embedded18: EmbeddedServer) -> None:
    how = replace(entrance(embedded18.user, "require"), password=embedded18.password)
    assert str(await login_error(embedded18, how)) == "the database does not offer TLS"
    async with entered(embedded18, replace(how, tls="prefer")) as (_, session):
        assert not session.secured


@pytest.mark.parametrize(("version", "size"), [((3, 0), 4), ((3, 2), 32)])
async def test_a_server_that_speaks_both_versions(embedded18: EmbeddedServer, version: tuple[int, int], size: int) -> None:
    how = replace(entrance(embedded18.user), password=embedded18.password, version=version)
    async with entered(embedded18, how) as (_, session):
        assert len(session.secret) == size


@pytest.mark.parametrize("tls", ["disable", "require"])
async def test_cancel(upstream: EmbeddedServer, tls: str) -> None:
    async with entered(upstream, entrance("by_scram", tls)) as (link, session):
        link.write(m.query_message(b"do $$ begin raise notice 'at work'; perform pg_sleep(60); end $$"))
        await link.receive()
        other = await connect(upstream)
        try:
            await converse(cancel(session), other, secure_upstream)
            assert await other.receive() == b""
        finally:
            other.abort()
        codes, whole = await answer(link)
        assert codes.endswith(b"EZ")
        assert b"57014" in whole


# greet and prove, against libpq


class Door:
    """A listener that does as the gateway does, up to the welcome. Keeps what it learned."""

    def __init__(self, challenge: Challenge, tls: ServerTls | None, *, required: bool = False) -> None:
        self.challenge = challenge
        self.tls = tls
        self.peer = Peer("127.0.0.1", True, tls is not None, required)
        self.hello: Hello | None = None
        self.proof: Proof | None = None
        self.secret = b""
        self.canceled: asyncio.Future[Cancel] = asyncio.get_running_loop().create_future()

    async def serve(self, link: Link) -> None:
        try:
            found = await converse(greet(self.peer), link, self._secure)
            if isinstance(found, Cancel):
                self.canceled.set_result(found)
                return
            self.hello = found
            self.proof = await converse(prove(found, self.challenge, random18), link, self._secure)
            if not self.proof.passed:
                link.write(refusal_response(Refusal("28P01", "not you")))
                return
            self.secret = token_bytes(secret_size(found))
            own = found.parameters.get("application_name", "")
            session = Entered(4711, b"upstream's", {"application_name": f"ada {own}", "server_version": "18.0"}, True)
            link.write(welcome(found, session, WireSetup("ada", {}, 1024), self.secret))
            await link.receive()  # the client's good-bye
        except RefusedError as error:
            link.write(refusal_response(error.refusal))
        except (ProtocolError, TlsError):
            pass  # the client fails, and the test sees it there
        finally:
            link.close()

    async def _secure(self, link: Link, pending: bytes) -> Secured:
        assert self.tls is not None
        return await link.secure(self.tls.context, server_side=True, pending=pending, own_certificate=self.tls.certificate)


@asynccontextmanager
async def opened(door: Door) -> AsyncIterator[int]:
    """A port of the door."""
    tasks: list[asyncio.Task[None]] = []

    class Visitor(Link):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            tasks.append(asyncio.ensure_future(door.serve(self)))

    server = await asyncio.get_running_loop().create_server(Visitor, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*tasks)


async def visit(port: int, **parameters: str) -> psycopg.AsyncConnection:
    given = {"host": "127.0.0.1", "user": "ada", "dbname": "shop", "password": PASSWORD, "sslmode": "disable"} | parameters
    return await psycopg.AsyncConnection.connect(make_conninfo(port=port, connect_timeout=10, **given))


REAL = Challenge(Method.PASSWORD, make_verifier(Secret(PASSWORD), b"s" * 16))
MOCK = Challenge(Method.PASSWORD, mock_verifier(b"secret", "ada"), genuine=False)


@pytest.fixture
def tls(certificates: Path, tmp_path: Path) -> ServerTls:
    files = authority(certificates).issue("localhost", tmp_path)
    return server_tls(files.chain, files.key, files.authority, ("postgresql",), required=False)


@pytest.mark.parametrize(("newest", "size"), [("3.0", 4), ("latest", 32)])
async def test_a_password(newest: str, size: int) -> None:
    door = Door(REAL, None)
    async with (
        opened(door) as port,
        await visit(port, application_name="me", options="-c search_path=a\\ b --geqo=off", max_protocol_version=newest) as client,
    ):
        assert client.info.parameter_status("application_name") == "me"
        assert client.info.backend_pid == 4711
    assert door.hello is not None
    assert (door.hello.principal, door.hello.database, door.hello.secured) == ("ada", "shop", False)
    assert {"search_path": "a b", "geqo": "off", "application_name": "me"}.items() <= door.hello.parameters.items()
    assert len(door.secret) == size


@pytest.mark.parametrize("negotiation", ["postgres", "direct"])
@pytest.mark.parametrize("binding", ["require", "disable"])
async def test_a_password_under_tls(tls: ServerTls, certificates: Path, negotiation: str, binding: str) -> None:
    door = Door(REAL, tls, required=True)
    ca = str(authority(certificates).certificate)
    how = {
        "sslmode": "verify-full",
        "sslrootcert": ca,
        "host": "localhost",
        "sslnegotiation": negotiation,
        "channel_binding": binding,
    }
    async with opened(door) as port, await visit(port, **how):
        pass
    assert door.hello is not None
    assert door.hello.secured
    assert door.proof == Proof(passed=True)


@pytest.mark.parametrize(("challenge", "password"), [(REAL, "wrong"), (MOCK, PASSWORD), (MOCK, "wrong")])
async def test_not_you(challenge: Challenge, password: str) -> None:
    door = Door(challenge, None)
    async with opened(door) as port:
        with pytest.raises(psycopg.OperationalError, match="not you"):
            await visit(port, password=password)
    assert door.proof == Proof(passed=False)


async def test_a_token() -> None:
    door = Door(Challenge(Method.TOKEN), None)
    async with opened(door) as port, await visit(port, password="npt_x_y"):
        pass
    assert door.proof is not None
    assert door.proof.token is not None
    assert door.proof.token.reveal() == "npt_x_y"


async def test_a_certificate(tls: ServerTls, certificates: Path, tmp_path: Path) -> None:
    files = authority(certificates).issue("ada", tmp_path)
    door = Door(Challenge(Method.CERTIFICATE), tls)
    async with opened(door) as port, await visit(port, sslmode="require", sslcert=str(files.chain), sslkey=str(files.key)):
        pass
    assert door.hello is not None
    assert door.hello.peer_certificate == ssl.PEM_cert_to_DER_cert(files.chain.read_text())


async def test_tls_is_required(tls: ServerTls) -> None:
    async with opened(Door(REAL, tls, required=True)) as port:
        with pytest.raises(psycopg.OperationalError, match="connections must be encrypted with TLS"):
            await visit(port)


async def test_cancel_comes_with_our_secret() -> None:
    door = Door(REAL, None)
    async with opened(door) as port, await visit(port, max_protocol_version="latest") as client:
        await client.cancel_safe()
        assert await door.canceled == Cancel(4711, door.secret)
