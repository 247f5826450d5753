"""Results that are cut off on real servers: what the client hears, what the server did, and that the session goes on."""

from __future__ import annotations

import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from nightporter.demo.server import EmbeddedServer
from nightporter.protocols.postgres import messages as m
from tests.lab.gateway import Gateway, gateway, upstream
from tests.lab.servers import fresh_database

from .limits_by_text import environment

MANY = 5000
TEN = "/* rows=10 */"
SELECT = f"select n, pad from t order by n {TEN}"
RETURNING = f"insert into log select n from t returning n {TEN}"
SOON = "/* timeout=0.3 */"
S = m.sync_message()


class Raw:
    """A session whose messages are written and read one by one."""

    def __init__(self, dsn: str) -> None:
        self._login = psycopg.connect(dsn, autocommit=True)
        self._socket = socket.fromfd(self._login.fileno(), socket.AF_INET, socket.SOCK_STREAM)
        self._socket.settimeout(30)
        self._data = b""

    def close(self) -> None:
        """Both ends."""
        self._socket.close()
        self._login.close()

    def say(self, *messages: bytes) -> list[tuple[str, bytes]]:
        """Send; gives what comes back up to the last of as many ReadyForQuery as there are queries and syncs."""
        data = b"".join(messages)
        self._socket.sendall(data)
        return self.hear(sum(each[:1] in b"QSF" for each in messages))

    def hear(self, ready: int = 1, until: str = "Z") -> list[tuple[str, bytes]]:
        """Read up to so many ReadyForQuery, or other messages."""
        heard: list[tuple[str, bytes]] = []
        while ready:
            code, body = self._message()
            heard.append((code, body))
            ready -= code == until
        return heard

    def _message(self) -> tuple[str, bytes]:
        while len(self._data) < 5 or len(self._data) < 1 + struct.unpack_from("!I", self._data, 1)[0]:
            received = self._socket.recv(65536)
            assert received, "the session was ended"
            self._data += received
        end = 1 + struct.unpack_from("!I", self._data, 1)[0]
        code, body = chr(self._data[0]), self._data[5:end]
        self._data = self._data[end:]
        return code, body


@pytest.fixture(scope="module", params=["15", "18"])
def server(request: pytest.FixtureRequest) -> EmbeddedServer:
    """Both."""
    found: EmbeddedServer = request.getfixturevalue("debian15" if request.param == "15" else "embedded18")
    return found


@pytest.fixture(scope="module")
def limiting(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Whose statements say what limits them."""
    entry, passed = upstream(server.dsn("postgres"), database="*")
    with gateway({"*": entry}, environment={**passed, **environment(tmp_path_factory.mktemp("site"))}) as running:
        running.add("ada")
        yield running


@pytest.fixture(scope="module")
def full(server: EmbeddedServer) -> Iterator[str]:
    """A database with a table of many rows, and an empty one."""
    with fresh_database(server) as name:
        with psycopg.connect(server.dsn(name), autocommit=True) as admin:
            admin.execute("create table t (n int primary key, pad text)")
            admin.execute(f"insert into t select n, repeat('x', 200) from generate_series(1, {MANY}) n".encode())
            admin.execute("create table log (n int)")
            admin.execute("create function slow(int) returns int language sql volatile as 'select $1 from pg_sleep(0.01)'")
            body = "begin perform pg_sleep(60); return 1; end"
            admin.execute(f"create function waits() returns int language plpgsql immutable as '{body}'".encode())
            admin.execute("create view loud as select n from t")
            admin.execute("create rule loud as on insert to loud do instead select n from t")
        yield name


@pytest.fixture
def direct(server: EmbeddedServer, full: str) -> Iterator[psycopg.Connection]:
    """Straight to the server; the log is empty."""
    with psycopg.connect(server.dsn(full), autocommit=True) as connection:
        connection.execute("truncate log")
        yield connection


@pytest.fixture
def raw(limiting: Gateway, full: str, direct: psycopg.Connection) -> Iterator[Raw]:
    """A session through the gateway. It must still be there at the end."""
    session = Raw(limiting.dsn("ada", full, sslmode="disable"))
    yield session
    assert codes(session.say(q("rollback"), q("select 1"))).endswith("TDCZ")
    session.close()


Connect = Callable[[], psycopg.Connection]


@pytest.fixture
def ada(limiting: Gateway, full: str, direct: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """The same with a driver."""
    with psycopg.connect(limiting.dsn("ada", full), autocommit=True) as connection:
        yield connection


def q(text: str) -> bytes:
    return m.query_message(text.encode())


def ext(text: str, *, portal: str = "", rows: int = 0) -> tuple[bytes, ...]:
    name = portal.encode()
    return (
        m.parse_message(b"", text.encode()),
        m.bind_message(name, b"", []),
        m.describe_message(b"P", name),
        m.execute_message(name, rows),
    )


def codes(heard: list[tuple[str, bytes]]) -> str:
    """What came, without notices and settings, rows in a row once."""
    return re.sub("D+", "D", "".join(code for code, _ in heard if code not in "NSA"))


def rows(heard: list[tuple[str, bytes]]) -> int:
    return sum(code in "Dd" for code, _ in heard)


def states(heard: list[tuple[str, bytes]]) -> list[str]:
    """SQLSTATE of each error and warning."""
    return [m.parse_error(body)["C"] for code, body in heard if code in "EN"]


def status(heard: list[tuple[str, bytes]]) -> str:
    """Of the transaction, at the end."""
    assert heard[-1][0] == "Z"
    return heard[-1][1].decode()


def logged(direct: psycopg.Connection) -> int:
    row = direct.execute("select count(*) from log").fetchone()
    assert row is not None
    return int(row[0])


# Queries


def test_a_query(raw: Raw) -> None:
    for _ in range(5):
        heard = raw.say(q(SELECT))
        assert (codes(heard), rows(heard), states(heard), status(heard)) == ("TDEZ", 10, ["54000"], "I")
        assert b"cut off after 10 rows: policy `said` allows no more" in next(body for code, body in heard if code == "E")


def test_a_query_within_its_limits(raw: Raw) -> None:
    heard = raw.say(q("select n from t where n <= 10 /* rows=10 bytes=1000 timeout=60 */"))
    assert (codes(heard), rows(heard)) == ("TDCZ", 10)


def test_bytes(raw: Raw) -> None:
    heard = raw.say(q("select pad from t /* bytes=1030 */"))
    assert (rows(heard), states(heard)) == (5, ["54000"])


def test_a_change_that_is_told_the_truth(raw: Raw, direct: psycopg.Connection) -> None:
    for _ in range(5):
        direct.execute("truncate log")
        heard = raw.say(q(RETURNING))
        assert rows(heard) == 10
        if states(heard) == ["54000"]:
            assert (codes(heard), logged(direct)) == ("TDEZ", 0)
        else:
            assert (codes(heard), logged(direct)) == ("TDCZ", MANY)
            assert states(heard) == ["01004"]


def test_a_slow_change_is_canceled(raw: Raw, direct: psycopg.Connection) -> None:
    heard = raw.say(q("insert into log select slow(n) from t returning n, repeat('x', 10000) /* rows=10 timeout=0.5 */"))
    assert states(heard) == ["57014"]
    assert logged(direct) == 0


def test_in_a_transaction(raw: Raw, direct: psycopg.Connection) -> None:
    raw.say(q("begin"), q("insert into log values (0)"))
    heard = raw.say(q(RETURNING))
    assert (codes(heard), rows(heard), states(heard), status(heard)) == ("TDEZ", 10, ["54000"], "E")
    assert codes(raw.say(q("select 1"))) == "EZ"
    assert codes(raw.say(q("commit"))) == "CZ"
    assert logged(direct) == 0


@pytest.mark.parametrize("text", [SELECT, RETURNING])
@pytest.mark.parametrize("extended", [False, True])
def test_with_a_savepoint(raw: Raw, direct: psycopg.Connection, text: str, extended: bool) -> None:
    raw.say(q("begin"), q("insert into log values (0)"), q("savepoint a"))
    heard = raw.say(*((*ext(text), S) if extended else (q(text),)))
    assert (rows(heard), states(heard), status(heard)) == (10, ["54000"], "E")
    assert status(raw.say(q("rollback to a"))) == "T"
    raw.say(q("insert into log values (1)"), q("commit"))
    assert logged(direct) == 2


def test_several_statements(raw: Raw, direct: psycopg.Connection) -> None:
    heard = raw.say(q(f"select 1; {SELECT}; select 2"))
    assert (codes(heard), rows(heard), states(heard)) == ("TDCTDEZ", 11, ["54000"])
    heard = raw.say(q(f"insert into log values (1); {SELECT}; insert into log values (2)"))
    assert rows(heard) == 10
    done = "54000" not in states(heard)
    assert logged(direct) == (2 if done else 0)
    heard = raw.say(q(f"begin; insert into log values (1); {SELECT}; commit"))
    assert rows(heard) == 10
    assert logged(direct) == (0 if "54000" in states(heard) else 1) + (2 if done else 0)


def test_prepared(raw: Raw) -> None:
    raw.say(q("prepare many as select n from t"))
    heard = raw.say(q(f"execute many {TEN}"))
    assert (codes(heard), rows(heard), states(heard)) == ("TDEZ", 10, ["54000"])
    heard = raw.say(*ext(f"execute many {TEN}"), S)
    assert (codes(heard), rows(heard), states(heard)) == ("12TDEZ", 10, ["54000"])


def test_an_insert_that_is_made_a_query(raw: Raw) -> None:
    for messages in ((q(f"insert into loud values (1) {TEN}"),), (*ext(f"insert into loud values (1) {TEN}"), S)):
        heard = raw.say(*messages)
        assert rows(heard) <= 10


# The extended protocol


@pytest.mark.parametrize("text", [SELECT, RETURNING])
def test_the_extended_protocol(raw: Raw, direct: psycopg.Connection, text: str) -> None:
    for _ in range(5):
        heard = raw.say(*ext(text), S)
        assert (codes(heard), rows(heard), states(heard), status(heard)) == ("12TDEZ", 10, ["54000"], "I")
        assert logged(direct) == 0


def test_a_pipeline(raw: Raw, direct: psycopg.Connection) -> None:
    insert = ext("insert into log values (1)")
    heard = raw.say(*insert, *ext(SELECT), *insert, S, *insert, S)
    assert codes(heard) == "12nC12TDEZ12nCZ"
    assert logged(direct) == 1


def test_a_portal_in_portions(raw: Raw) -> None:
    raw.say(q("begin"))
    more = m.execute_message(b"c", 4)
    heard = raw.say(*ext(SELECT, portal="c", rows=4), more, more, S)
    assert (codes(heard), rows(heard), states(heard), status(heard)) == ("12TDsDsDEZ", 10, ["54000"], "E")


def test_the_end_of_a_portal_in_portions(raw: Raw) -> None:
    heard = raw.say(*ext(f"select n from t where n <= 10 {TEN}", portal="c", rows=5), m.execute_message(b"c", 5), S)
    assert (codes(heard), rows(heard), states(heard)) == ("12TDsDsZ", 10, [])


def test_a_cursor(raw: Raw) -> None:
    raw.say(q("begin"), q(f"declare c cursor for {SELECT}"))
    assert rows(raw.say(q("fetch 4 from c"))) == 4
    assert rows(raw.say(*ext("fetch 4 from c"), S)) == 4
    heard = raw.say(q("fetch 4 from c"))
    assert (codes(heard), rows(heard), states(heard), status(heard)) == ("TDEZ", 2, ["54000"], "E")


def test_a_cursor_that_is_held(raw: Raw) -> None:
    raw.say(q(f"declare c cursor with hold for {SELECT}"))
    assert rows(raw.say(q("fetch 6 from c"))) == 6
    for portion in (4, 0):
        heard = raw.say(q("fetch 100 from c"))
        assert (rows(heard), states(heard), status(heard)) == (portion, ["54000"], "I")
    raw.say(q("close c"))


# COPY

COPIES = [
    (f"copy t to stdout {TEN}", 10),
    (f"copy (select n from t) to stdout (format binary) {TEN}", 10),
    (f"copy t to stdout (format csv, header) {TEN}", 11),
]


@pytest.mark.parametrize(("text", "lines"), COPIES)
def test_copy(raw: Raw, text: str, lines: int) -> None:
    heard = raw.say(q(text))
    assert (rows(heard), states(heard), status(heard)) == (lines, ["54000"], "I")
    assert codes(heard).endswith("dEZ")
    heard = raw.say(*ext(text), S)
    assert (rows(heard), states(heard), status(heard)) == (lines, ["54000"], "I")


@pytest.mark.parametrize("form", ["", "(format binary)", "(format csv, header)"])
def test_a_copy_within_its_limits(raw: Raw, form: str) -> None:
    heard = raw.say(q(f"copy (select n from t where n <= 10) to stdout {form} {TEN}"))
    assert (codes(heard)[-3:], states(heard)) == ("cCZ", [])


def test_a_copy_of_a_change(raw: Raw, direct: psycopg.Connection) -> None:
    heard = raw.say(q(f"copy ({RETURNING}) to stdout"))
    assert rows(heard) == 10
    assert logged(direct) == (0 if "54000" in states(heard) else MANY)


# Time


def test_time(raw: Raw) -> None:
    sleep = f"select pg_sleep(60) {SOON}"
    for messages in ((q(sleep),), (*ext(sleep), S)):
        begun = time.monotonic()
        heard = raw.say(*messages)
        assert time.monotonic() - begun < 20
        assert states(heard) == ["57014"]
        assert b"canceled after 0.3 s: policy `said` allows no more" in next(body for code, body in heard if code == "E")


def test_time_of_planning(raw: Raw) -> None:
    """The server computes what calls itself immutable before anything runs."""
    for messages in (ext("select waits() /* timeout=0.3 */"), ext("select 1 where waits() = 1 /* timeout=0.3 */")):
        heard = raw.say(*messages, S)
        assert (codes(heard), states(heard)) == ("1EZ", ["57014"])
        assert b"policy `said`" in heard[1][1]


def test_time_of_a_copy_whose_client_does_nothing(raw: Raw, direct: psycopg.Connection) -> None:
    raw.say(q("begin"))
    raw._socket.sendall(q(f"copy log from stdin {SOON}") + m.copy_data(b"1\n"))
    heard = raw.hear()
    assert (codes(heard), states(heard), status(heard)) == ("GEZ", ["57014"], "E")


def test_time_that_is_not_over(raw: Raw) -> None:
    heard = raw.say(*ext("select 1 /* timeout=0.2 */"), S)
    time.sleep(0.25)  # nothing is left of the timer
    assert codes(heard) == "12TDCZ"
    assert codes(raw.say(q("select pg_sleep(0.3)"))) == "TDCZ"


# What follows


def test_no_cancel_hits_what_follows(raw: Raw) -> None:
    for _ in range(20):
        heard = raw.say(q(SELECT), q("select pg_sleep(0.02)"))
        assert (codes(heard), states(heard)) == ("TDEZTDCZ", ["54000"])
        heard = raw.say(*ext(SELECT), S, q("select pg_sleep(0.02)"))
        assert (codes(heard), states(heard)) == ("12TDEZTDCZ", ["54000"])


def test_a_client_that_says_good_bye_at_once(limiting: Gateway, full: str, direct: psycopg.Connection) -> None:
    for messages in ((q(RETURNING),), ext(RETURNING), (q("begin"), q(RETURNING))):
        session = Raw(limiting.dsn("ada", full, sslmode="disable"))
        session._socket.sendall(b"".join(messages) + m.terminate_message())
        while session._socket.recv(65536):
            pass
        session.close()
    assert logged(direct) in (0, MANY)


def test_a_driver(ada: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="cut off after 10 rows"):
        ada.execute(SELECT.encode())
    with ada.transaction():
        assert ada.execute("select 1").fetchone() == (1,)
        with pytest.raises(psycopg.errors.ProgramLimitExceeded), ada.transaction():
            ada.execute(SELECT.encode())
        assert ada.execute("select count(*) from t /* rows=1 */").fetchone() == (MANY,)
    with ada.pipeline():
        first = ada.execute("select 1")
        with pytest.raises(psycopg.errors.ProgramLimitExceeded):
            ada.execute(SELECT.encode()).fetchall()
    assert first.fetchone() == (1,)
    assert len(list(ada.cursor().stream("select n from t where n < 5 /* rows=5 */"))) == 4


POLICY = """
@id("few") @limit_rows("10") @timeout("60s")
permit(principal == Human::"ada", action, resource);
"""


def fetch_in_portions(connection: psycopg.Connection) -> None:
    with connection.transaction(), connection.cursor("c") as cursor:
        cursor.execute("select n from t order by n")
        assert len(cursor.fetchmany(10)) == 10
        cursor.fetchmany(10)


def test_by_a_policy(server: EmbeddedServer, full: str, direct: psycopg.Connection, tmp_path: Path) -> None:
    (tmp_path / "few.cedar").write_text(POLICY)
    entry, passed = upstream(server.dsn("postgres"), database="*")
    with gateway({"*": entry}, environment=passed, policies={"path": str(tmp_path), "packs": []}) as running:
        running.add("ada")
        with psycopg.connect(running.dsn("ada", full), autocommit=True) as ada:
            for prepare in (False, True):
                with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="after 10 rows: policy `few` allows no more"):
                    ada.execute("select n from t", prepare=prepare)
            with pytest.raises(psycopg.errors.ProgramLimitExceeded):
                fetch_in_portions(ada)
            ada.cursor().executemany("insert into log values (%s)", [(n,) for n in range(100)])
            assert logged(direct) == 100


def test_nothing_went_wrong_unseen(limiting: Gateway, ada: psycopg.Connection) -> None:
    assert not [line for line in limiting.log().splitlines() if '"level": "error"' in line or "fault" in line]
