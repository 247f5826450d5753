"""What stands in the ledger after sessions of a real driver: who, what, how many rows, and how each transaction ended."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

import jsonschema
import psycopg
import pytest
from psycopg import errors

from nightporter.evidence import keys, schema
from nightporter.evidence.tail import opening
from tests.lab.book import Book, Record, Told, cli, until
from tests.lab.gateway import Gateway

from .conftest import Connect, session_of


def ends(statements: list[Told]) -> list[tuple[str, str, int, str | None]]:
    """Tag, status, transaction and its end, of each outcome."""
    return [
        (o.get("tag") or o["status"], o.get("sqlstate", ""), o["transaction"], o.get("transaction_end"))
        for told in statements
        for o in told.outcomes
    ]


def actions(told: Told) -> list[str]:
    return list(told.intent["what"]["actions"])


@pytest.fixture(autouse=True)
def whole(book: Book) -> None:
    """The ledger is whole before each test; the last one looks after all of them."""
    assert "the ledger is as it was written" in book.verify()


def test_every_statement_stands_under_its_principal(connect: Connect, book: Book, shop: str) -> None:
    with connect("bot") as bot:
        session = session_of(bot)
        bot.execute("create table t (a int, b text)")
        bot.execute("insert into t select g, 'x' from generate_series(1, 5) g")
        bot.execute("update t set b = 'y' where a > %s", (2,))
        bot.execute("select a from t where b = %s", ("y",)).fetchall()
        bot.execute("delete from t where a = 5")
        with pytest.raises(errors.DivisionByZero):
            bot.execute("select 1 / 0")
    statements = book.session(session)
    assert {(t.intent["who"]["principal"], t.intent["who"]["kind"], t.intent["who"]["owner"]) for t in statements} == {
        ("bot", "agent", "ada")
    }
    assert {(t.intent["who"]["upstream"], t.intent["who"]["environment"]) for t in statements} == {(shop, "test")}
    assert {t.intent["who"]["session"] for t in statements} == {session}
    assert [(t.intent["phase"], t.outcome.get("rows"), t.outcome.get("sqlstate")) for t in statements] == [
        ("submit", 1, None),
        ("submit", None, None),
        ("submit", 5, None),
        ("run", 3, None),
        ("run", 3, None),
        ("submit", 1, None),
        ("submit", None, "22012"),
    ]
    wanted = [{"read"}, {"create"}, {"insert", "read"}, {"update"}, {"read"}, {"delete"}, {"read"}]
    assert all(want <= set(actions(t)) for want, t in zip(wanted, statements, strict=True))
    kinds = [record["kind"] for record in book.records(session=session)]
    assert (kinds[0], kinds[-1]) == ("session_started", "session_ended")
    assert all(t.intent["what"]["sha256"] == hashlib.sha256(t.text.encode()).hexdigest() for t in statements)


def test_transactions_and_their_ends(connect: Connect, book: Book) -> None:
    with connect() as ada:
        session = session_of(ada)
        ada.execute("create table t (a int unique deferrable initially deferred)")
        for text in ("begin", "insert into t values (1)", "commit", "begin", "insert into t values (2)", "rollback"):
            ada.execute(text.encode())
        ada.execute("begin")
        ada.execute("insert into t values (1)")
        with pytest.raises(errors.UniqueViolation):
            ada.execute("commit")
        ada.execute("begin")
        with pytest.raises(errors.DivisionByZero):
            ada.execute("select 1/0")
        assert ada.execute("commit").statusmessage == "ROLLBACK"
        with pytest.raises(errors.UniqueViolation):
            ada.execute("insert into t values (1)")
    assert ends(book.session(session)) == [
        ("SELECT 1", "", 1, "committed"),
        ("CREATE TABLE", "", 2, "committed"),
        ("BEGIN", "", 3, None),
        ("INSERT 0 1", "", 3, None),
        ("COMMIT", "", 3, "committed"),
        ("BEGIN", "", 4, None),
        ("INSERT 0 1", "", 4, None),
        ("ROLLBACK", "", 4, "rolled_back"),
        ("BEGIN", "", 5, None),
        ("INSERT 0 1", "", 5, None),
        ("error", "23505", 5, "rolled_back"),
        ("BEGIN", "", 6, None),
        ("error", "22012", 6, None),
        ("ROLLBACK", "", 6, "rolled_back"),
        ("error", "23505", 7, "rolled_back"),
    ]


def test_statements_of_one_text(connect: Connect, book: Book) -> None:
    with connect() as ada:
        session = session_of(ada)
        ada.execute("create table t (a int); insert into t values (1), (2); select * from t")
        with pytest.raises(errors.DivisionByZero):
            ada.execute("insert into t values (3); select 1/0; select 2")
        ada.execute("begin; insert into t values (4); commit; insert into t values (5)")
    _, first, second, third = book.session(session)
    assert [(o["statement"], o["status"], o.get("rows")) for o in first.outcomes] == [(0, "ok", None), (1, "ok", 2), (2, "ok", 2)]
    assert [(o["statement"], o["status"]) for o in second.outcomes] == [(0, "ok"), (1, "error"), (2, "not_run")]
    assert [o.get("transaction_end") for o in second.outcomes][-1] == "rolled_back"
    assert [(o["transaction"], o.get("transaction_end")) for o in third.outcomes] == [
        (4, None),
        (4, None),
        (4, "committed"),
        (5, "committed"),
    ]


def fail_in_a_pipeline(connection: psycopg.Connection) -> None:
    with connection.pipeline() as pipeline:
        connection.execute("insert into t values (%s)", (1,))
        connection.execute("select 1/%s", (0,))
        connection.execute("insert into t values (%s)", (2,))
        pipeline.sync()


def test_a_pipeline_that_fails(connect: Connect, book: Book) -> None:
    """Changes wait for the disk: the server's error may come before the next statement is let go, or after."""
    with connect() as ada:
        session = session_of(ada)
        ada.prepare_threshold = None
        ada.execute("create table t (a int)")
        for _ in range(10):
            with pytest.raises(errors.DivisionByZero):
                fail_in_a_pipeline(ada)
        assert ada.execute("select * from t").fetchall() == []
    statements = [t for t in book.session(session) if t.intent["phase"] == "run"]
    assert Counter(t.outcome["status"] for t in statements)["ok"] == 10
    assert [t.outcome["sqlstate"] for t in statements if t.outcome["status"] == "error"] == ["22012"] * 10
    assert {t.outcome.get("transaction_end") for t in statements} == {None, "rolled_back"}


@pytest.mark.parametrize("how", ["client", "upstream"])
def test_a_lost_connection_rolls_back(connect: Connect, book: Book, database18: str, how: str) -> None:
    ada = connect(autocommit=False)
    ada.execute("create table t (a int)")
    session = session_of(ada)
    if how == "client":
        ada.close()
    else:
        with psycopg.connect(database18) as admin:
            admin.execute("select pg_terminate_backend(%s)", (ada.info.backend_pid,))
        with pytest.raises(errors.AdminShutdown):
            ada.execute("select 1")
    statements = book.session(session)
    assert [t.outcome["status"] for t in statements][:3] == ["ok", "ok", "ok"]
    assert {o["transaction"] for t in statements for o in t.outcomes} == {1}
    ends = [o.get("transaction_end") for t in statements for o in t.outcomes]
    (ended,) = book.records(session=session, kind="session_ended")
    if "transaction" in ended["detail"]:  # nothing was under way: the end of the session says it
        ends.append(ended["detail"]["transaction_end"])
        assert ended["detail"]["transaction"] == 1
    assert how == "upstream" or ends[-1] == "rolled_back"
    assert "committed" not in ends
    assert ends[-1] in ("rolled_back", "unknown")


def test_parameters_are_commitments_that_open(connect: Connect, gate: Gateway, book: Book) -> None:
    with connect() as ada:
        session = session_of(ada)
        ada.execute("select %s::text, %s::text, %s::text", ("4111 1111 1111 1111", None, "x"))
        ada.execute("select %b::int", (7,))
        ada.execute("select %s::text", ("4111 1111 1111 1111",))
    _, text, binary, again = (t.intent for t in book.session(session))
    assert "4111" not in json.dumps(book.records(session=session))
    number = text["n"]
    assert text["parameters"][1] is None
    assert opening(gate.ledger, number, 0, b"4111 1111 1111 1111")
    assert opening(gate.ledger, number, 1, None)
    assert opening(gate.ledger, number, 2, b"x")
    assert not opening(gate.ledger, number, 0, b"4111 1111 1111 1112")
    assert opening(gate.ledger, binary["n"], 0, (7).to_bytes(2, "big"))
    assert text["parameters"][0] != again["parameters"][0]


def test_copied_data_is_hashed(connect: Connect, gate: Gateway, book: Book) -> None:
    lines = b"".join(b"%d\tline\n" % number for number in range(20_000))
    with connect() as ada:
        session = session_of(ada)
        ada.execute("create table t (a int, b text)")
        with ada.cursor().copy("copy t from stdin") as copy:
            for start in range(0, len(lines), 7_001):
                copy.write(lines[start : start + 7_001])
        with ada.cursor().copy("copy t to stdout") as copy:
            size = sum(map(len, copy))
    _, _, up, down = book.session(session)
    number = up.intent["n"]
    key = keys.read_commitment_key(gate.ledger, number.partition("-")[0], up.intent["time"][:10])
    assert key is not None
    assert up.outcome["sha256"] == hashlib.sha256(key.salt(number) + lines).hexdigest()
    assert (up.outcome["streamed_bytes"], up.outcome["rows"]) == (len(lines), 20_000)
    assert down.outcome["rows"] == 20_000
    assert down.outcome["bytes"] >= size


def test_prepared_statements_and_cursors(connect: Connect, book: Book) -> None:
    with connect() as ada:
        session = session_of(ada)
        ada.execute("create table t as select generate_series(1, 10) a")
        ada.execute("prepare p as delete from t where a = $1")
        ada.execute("execute p(3)")
        with ada.transaction(), ada.cursor(name="c") as cursor:
            cursor.execute("select a from t order by a")
            assert len(cursor.fetchmany(4)) == 4
            assert len(cursor.fetchall()) == 5
        for _ in range(3):
            ada.execute("select a from t where a = %s", (1,), prepare=True)
    statements = book.session(session)
    (run,) = (t for t in statements if t.text == "execute p(3)")
    assert "delete" in actions(run)
    assert run.outcome["rows"] == 1
    fetched = [t.outcome["rows"] for t in statements if t.text.upper().startswith("FETCH")]
    assert fetched == [4, 5]
    assert [t.intent["phase"] for t in statements if "a = $1" in t.text and t.text.startswith("select")] == ["prepare", "run"] + [
        "run"
    ] * 2


def test_refused_logins_are_recorded(gate: Gateway, book: Book, shop: str) -> None:
    gate.add("eve")
    with pytest.raises(psycopg.OperationalError, match='password authentication failed for user "eve"'):
        psycopg.connect(gate.dsn("eve", shop, password="wrong"))
    with pytest.raises(psycopg.OperationalError, match='password authentication failed for user "nobody"'):
        psycopg.connect(gate.dsn("eve", shop, user="nobody"))
    gate.store.disable("eve")
    with pytest.raises(psycopg.OperationalError, match='password authentication failed for user "eve"'):
        psycopg.connect(gate.dsn("eve", shop))

    def reasons() -> list[tuple[str, str]]:
        return [
            (r["who"]["principal"], r["detail"]["reason"]) for r in book.records(kind="refused") if r["who"]["principal"] != "ada"
        ]

    assert len(set(reasons())) == 3, reasons()


def test_the_ledger_tells_who_and_what(connect: Connect, gate: Gateway, book: Book) -> None:
    """By the command line, and by anybody's JSON Schema."""
    with connect("bot") as bot:
        session = session_of(bot)
        bot.execute("create table orders (a int)")
    until(lambda: book.records(session=session, kind="session_ended"))
    lines = cli(gate.config, "evidence", "tail", "--session", session, "--json").splitlines()
    validator = jsonschema.Draft202012Validator(json.loads(schema.FILE.read_text()))
    found: list[Record] = [json.loads(line) for line in lines]
    for record in found:
        validator.validate(record)
    assert [record["kind"] for record in found][1::2] == ["intent", "intent", "session_ended"]
    shown = cli(gate.config, "evidence", "tail", "--principal", "bot", "--action", "create")
    assert "create table orders" in shown
