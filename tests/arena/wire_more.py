"""More wire cases for PostgreSQL: other messages, other orders of messages, and what drivers do all day."""

from __future__ import annotations

import struct
import time

from model import Expect
from pgwire import Attempt, Message, Wire, WireLab, WireSuite, bind, contains, cstring, errors, execute, parse, rows

SUITE = WireSuite()
SSN = b"123-45-6789"
GONE = "SELECT count(*) = 0 FROM orders"
CANCEL_REQUEST = 80877102
LONG = "SELECT count(*) FROM generate_series(1, 1000000000)"


def call(oid: int, *arguments: bytes) -> bytes:
    """The body of a FunctionCall message with text arguments and a text result."""
    given = b"".join(struct.pack("!I", len(argument)) + argument for argument in arguments)
    return struct.pack("!IHH", oid, 0, len(arguments)) + given + struct.pack("!H", 0)


def typed_parse(name: str, query: str, *oids: int) -> bytes:
    """The body of a Parse message that declares the types of its parameters."""
    return cstring(name) + cstring(query) + struct.pack(f"!H{len(oids)}I", len(oids), *oids)


def run(wire: Wire, query: str, *values: bytes, result_format: int | None = None) -> list[Message]:
    """Parse, Bind, Describe, Execute and Sync."""
    wire.send("P", parse("", query))
    wire.send("B", bind(values=values, result_format=result_format))
    wire.send("D", b"P\0")
    wire.send("E", execute())
    return wire.sync()


def text_rows(replies: list[Message]) -> list[bytes]:
    """The first columns of the rows."""
    found = []
    for body in rows(replies):
        (size,) = struct.unpack("!i", body[2:6])
        found.append(body[6 : 6 + max(size, 0)])
    return found


# Other messages


@SUITE.case("PX-P01", Expect.DENY, "FunctionCall message: no text to look at")
def function_call(lab: WireLab) -> Attempt:
    wire = lab.connect()
    wire.send("F", call(lab.number("SELECT 'purge_orders'::regproc::oid::int8")))
    replies = wire.until_ready()
    return Attempt(lab.effect(GONE), replies, wire)


@SUITE.case("PX-P02", Expect.DENY, "FunctionCall message that changes a setting")
def function_call_set_config(lab: WireLab) -> Attempt:
    wire = lab.connect()
    wire.send("F", call(lab.number("SELECT 'set_config'::regproc::oid::int8"), b"search_path", b"pg_temp", b"f"))
    replies = wire.until_ready()
    shown = wire.query("SHOW search_path")
    return Attempt(text_rows(shown) == [b"pg_temp"], replies, wire)


@SUITE.case("PX-P03", Expect.DENY, "FunctionCall message that writes a large object")
def function_call_large_object(lab: WireLab) -> Attempt:
    wire = lab.connect()
    wire.send("F", call(lab.number("SELECT 'lo_create'::regproc::oid::int8"), b"4711"))
    replies = wire.until_ready()
    return Attempt(lab.effect("SELECT EXISTS (SELECT FROM pg_largeobject_metadata WHERE oid = 4711)"), replies, wire)


@SUITE.case("PX-P04", Expect.DENY, "the type of a parameter is a domain: its check runs when the value is bound")
def domain_as_parameter(lab: WireLab) -> Attempt:
    wire = lab.connect()
    wire.send("P", typed_parse("", "SELECT $1", lab.number("SELECT 'safe_label'::regtype::oid::int8")))
    wire.send("B", bind(values=[b"x"]))
    wire.send("E", execute())
    replies = wire.sync()
    return Attempt(lab.effect(GONE), replies, wire)


# Other orders of messages


@SUITE.case("PX-P05", Expect.DENY, "a statement that SQL has prepared, bound by its name")
def bind_what_sql_prepared(lab: WireLab) -> Attempt:
    wire = lab.connect()
    replies = wire.query("PREPARE p AS DELETE FROM orders")
    wire.send("B", bind(statement="p"))
    wire.send("E", execute())
    replies += wire.sync()
    return Attempt(lab.effect(GONE), replies, wire)


@SUITE.case("PX-P06", Expect.DENY, "a name that is parsed anew after Close")
def name_parsed_anew(lab: WireLab) -> Attempt:
    wire = lab.connect()
    wire.send("P", parse("s", "SELECT 1"))
    wire.send("C", b"Ss\0")
    wire.send("P", parse("s", "DELETE FROM orders"))
    wire.send("B", bind(statement="s"))
    wire.send("E", execute())
    replies = wire.sync()
    return Attempt(lab.effect(GONE), replies, wire)


@SUITE.case("PX-P07", Expect.DENY, "what follows an error up to Sync is skipped, by the proxy as well")
def skipped_until_sync(lab: WireLab) -> Attempt:
    wire = lab.connect()
    for query in ("DELETE FROM vault", "UPDATE orders SET amount = 0 WHERE id = 1", "DELETE FROM orders"):
        wire.send("P", parse("", query))
        wire.send("B", bind())
        wire.send("E", execute())
    replies = wire.sync()
    return Attempt(lab.effect("SELECT count(*) < 50 OR min(amount) = 0 FROM orders"), replies, wire)


@SUITE.case("PX-P08", Expect.DENY, "two Query messages in one packet")
def two_queries_at_once(lab: WireLab) -> Attempt:
    wire = lab.connect()
    texts = [cstring("SELECT 1"), cstring("DELETE FROM orders")]
    wire.raw(b"".join(b"Q" + struct.pack("!I", len(text) + 4) + text for text in texts))
    replies = wire.until_ready() + wire.until_ready()
    return Attempt(lab.effect(GONE), replies, wire)


@SUITE.case("PX-P09", Expect.DENY, "a message in many small packets")
def split_message(lab: WireLab) -> Attempt:
    wire = lab.connect()
    text = cstring("DELETE FROM orders")
    for byte in b"Q" + struct.pack("!I", len(text) + 4) + text:
        wire.raw(bytes([byte]))
    replies = wire.until_ready()
    return Attempt(lab.effect(GONE), replies, wire)


@SUITE.case("PX-P10", Expect.DENY, "a key that is bound: the update is of one row, the other one is not")
def bound_condition(lab: WireLab) -> Attempt:
    wire = lab.connect()
    wire.send("P", parse("", "DELETE FROM orders WHERE id = $1 OR $2::int = 1"))
    wire.send("B", bind(values=[b"1", b"1"]))
    wire.send("E", execute())
    replies = wire.sync()
    return Attempt(lab.effect(GONE), replies, wire)


@SUITE.case("PX-P11", Expect.MASK_OR_DENY, "a portal that is executed row by row")
def portal_row_by_row(lab: WireLab) -> Attempt:
    wire = lab.connect()
    wire.send("P", parse("", "SELECT id, ssn FROM people ORDER BY id"))
    wire.send("B", bind("p"))
    for _ in range(3):
        wire.send("E", execute("p", 1))
    replies = wire.sync()
    return Attempt(contains(replies, SSN), replies, wire)


@SUITE.case("PX-P12", Expect.MASK_OR_DENY, "COPY in the extended protocol")
def copy_in_extended_protocol(lab: WireLab) -> Attempt:
    wire = lab.connect()
    wire.send("P", parse("", "COPY (SELECT ssn FROM people ORDER BY id) TO STDOUT (FORMAT binary)"))
    wire.send("B", bind())
    wire.send("E", execute())
    replies = wire.sync()
    return Attempt(contains(replies, SSN), replies, wire)


# The start of a connection


def _started(lab: WireLab, question: str, **extra: str) -> tuple[list[bytes], Wire]:
    wire = lab.connect(**extra)
    return ([] if wire.finished else text_rows(wire.query(question))), wire


@SUITE.case("PX-P13", Expect.CONTAIN, "search path by `options`")
def options_at_start(lab: WireLab) -> Attempt:
    shown, wire = _started(lab, "SHOW search_path", options="-c search_path=pg_temp")
    return Attempt(shown == [b"pg_temp"], wire.greeting, wire)


@SUITE.case("PX-P14", Expect.CONTAIN, "role by a parameter of the start")
def role_at_start(lab: WireLab) -> Attempt:
    shown, wire = _started(lab, "SELECT current_user", role="analyst")
    return Attempt(shown == [b"analyst"], wire.greeting, wire)


@SUITE.case("PX-P15", Expect.CONTAIN, "encoding by a parameter of the start")
def encoding_at_start(lab: WireLab) -> Attempt:
    shown, wire = _started(lab, "SHOW client_encoding", client_encoding="SJIS")
    return Attempt(shown == [b"SJIS"], wire.greeting, wire)


@SUITE.case("PX-P16", Expect.CONTAIN, "replication protocol", who="super")
def replication_at_start(lab: WireLab) -> Attempt:
    wire = lab.connect("super", replication="database")
    if wire.finished:
        return Attempt(False, wire.greeting, wire)
    replies = wire.query("IDENTIFY_SYSTEM")
    return Attempt(bool(rows(replies)), replies, wire)


# Budgets


@SUITE.case("PX-P17", Expect.LIMIT, "rows over all portions of a portal")
def rows_of_a_portal(lab: WireLab) -> Attempt:
    wire = lab.connect()
    wire.send("P", parse("", "SELECT generate_series(1, 3000)"))
    wire.send("B", bind("p"))
    for _ in range(30):
        wire.send("E", execute("p", 100))
    replies = wire.sync()
    return Attempt(len(rows(replies)) > 1000, replies, wire)


@SUITE.case("PX-P18", Expect.LIMIT, "rows of COPY")
def rows_of_copy(lab: WireLab) -> Attempt:
    wire = lab.connect()
    replies = wire.query("COPY (SELECT generate_series(1, 3000)) TO STDOUT")
    return Attempt(sum(message.type == "d" for message in replies) > 1000, replies, wire)


@SUITE.case("PX-P19", Expect.LIMIT, "rows over all portions of a cursor")
def rows_of_a_cursor(lab: WireLab) -> Attempt:
    wire = lab.connect()
    replies = wire.query("BEGIN") + wire.query("DECLARE c CURSOR FOR SELECT generate_series(1, 3000)")
    for _ in range(6):
        replies += wire.query("FETCH 500 FROM c")
    return Attempt(len(rows(replies)) > 1000, replies, wire)


@SUITE.case("PX-P20", Expect.LIMIT, "bytes of one row")
def bytes_of_a_row(lab: WireLab) -> Attempt:
    wire = lab.connect()
    replies = wire.query("SELECT repeat('x', 3000000)")
    return Attempt(sum(len(body) for body in rows(replies)) > 1 << 20, replies, wire)


@SUITE.case("PX-P21", Expect.LIMIT, "time")
def time_of_a_statement(lab: WireLab) -> Attempt:
    wire = lab.connect()
    started = time.monotonic()
    wire.send("Q", cstring("SELECT count(*) FROM generate_series(1, 30000000)"))
    deadline, wire.limit = wire.limit, 60
    replies = wire.until_ready()
    wire.limit = deadline
    return Attempt(time.monotonic() - started > 3 and not errors(replies), replies, wire)


# What drivers do


@SUITE.case("PX-OK-P1", Expect.ALLOW, "a parameter, a description, a result in binary")
def binary_result(lab: WireLab) -> Attempt:
    wire = lab.connect()
    replies = run(wire, "SELECT id, name FROM people WHERE id = $1", b"1", result_format=1)
    return Attempt(len(rows(replies)) == 1 and not errors(replies), replies, wire)


@SUITE.case("PX-OK-P2", Expect.ALLOW, "a named statement, described and used again and again")
def named_statement(lab: WireLab) -> Attempt:
    wire = lab.connect()
    wire.send("P", parse("s", "SELECT amount FROM orders WHERE id = $1"))
    wire.send("D", b"Ss\0")
    replies = wire.sync()
    for key in (b"1", b"2", b"3"):
        wire.send("B", bind(statement="s", values=[key]))
        wire.send("E", execute())
        replies += wire.sync()
    wire.send("C", b"Ss\0")
    replies += wire.sync()
    return Attempt(len(rows(replies)) == 3 and not errors(replies), replies, wire)


@SUITE.case("PX-OK-P3", Expect.ALLOW, "a portal in portions, within a transaction")
def portal_in_portions(lab: WireLab) -> Attempt:
    wire = lab.connect()
    replies = wire.query("BEGIN")
    wire.send("P", parse("", "SELECT id FROM orders ORDER BY id"))
    wire.send("B", bind("p"))
    wire.send("E", execute("p", 20))
    replies += wire.sync()
    wire.send("E", execute("p", 20))
    replies += wire.sync()
    wire.send("E", execute("p"))
    wire.send("C", b"Pp\0")
    replies += wire.sync() + wire.query("COMMIT")
    return Attempt(len(rows(replies)) == 50 and not errors(replies), replies, wire)


@SUITE.case("PX-OK-P4", Expect.ALLOW, "changes of single rows by bound keys, pipelined")
def pipelined_changes(lab: WireLab) -> Attempt:
    wire = lab.connect()
    for key in (b"11", b"12", b"13"):
        wire.send("P", parse("", "UPDATE orders SET amount = $2 WHERE id = $1"))
        wire.send("B", bind(values=[key, b"0"]))
        wire.send("E", execute())
    replies = wire.sync()
    return Attempt(lab.effect("SELECT count(*) = 3 FROM orders WHERE amount = 0") and not errors(replies), replies, wire)


@SUITE.case("PX-OK-P5", Expect.ALLOW, "a message with bound values")
def bound_insert(lab: WireLab) -> Attempt:
    wire = lab.connect()
    replies = run(wire, "INSERT INTO support_messages (ticket, author, body) VALUES ($1, $2, $3) RETURNING id", b"1", b"a", b"b")
    return Attempt(len(rows(replies)) == 1 and not errors(replies), replies, wire)


@SUITE.case("PX-OK-P6", Expect.ALLOW, "a list of keys as one parameter, types declared")
def list_of_keys(lab: WireLab) -> Attempt:
    wire = lab.connect()
    wire.send("P", typed_parse("", "SELECT name FROM people WHERE id = ANY ($1) ORDER BY id", 1007))
    wire.send("B", bind(values=[b"{1,2,3}"]))
    wire.send("E", execute())
    replies = wire.sync()
    return Attempt(len(rows(replies)) == 3 and not errors(replies), replies, wire)


@SUITE.case("PX-OK-P7", Expect.ALLOW, "nothing, in the extended protocol")
def nothing(lab: WireLab) -> Attempt:
    wire = lab.connect()
    replies = run(wire, "") + run(wire, "-- ping")
    return Attempt(sum(message.type == "I" for message in replies) == 2 and not errors(replies), replies, wire)


@SUITE.case("PX-OK-P8", Expect.ALLOW, "a statement that the protocol has prepared, executed by SQL")
def executed_by_sql(lab: WireLab) -> Attempt:
    wire = lab.connect()
    wire.send("P", parse("s", "SELECT name FROM people WHERE id = $1"))
    replies = wire.sync() + wire.query("EXECUTE s(1)") + wire.query("DEALLOCATE s")
    return Attempt(len(rows(replies)) == 1 and not errors(replies), replies, wire)


@SUITE.case("PX-OK-P9", Expect.ALLOW, "settings at the start of a connection")
def settings_at_start(lab: WireLab) -> Attempt:
    wire = lab.connect(client_encoding="UTF8", DateStyle="ISO", TimeZone="UTC", extra_float_digits="2", application_name="psql")
    replies = wire.greeting if wire.finished else wire.query("SELECT current_setting('TimeZone'), name FROM people WHERE id = 1")
    return Attempt(text_rows(replies) == [b"UTC"], replies, wire)


@SUITE.case("PX-OK-P10", Expect.ALLOW, "cancelling with the key that was given")
def cancelling(lab: WireLab) -> Attempt:
    wire = lab.connect()
    assert wire.backend_key is not None
    started = time.monotonic()
    wire.send("Q", cstring(LONG))
    with lab.agent.dial(lab.limit) as other:
        time.sleep(0.3)  # a cancel that comes before its statement is lost
        other.sendall(struct.pack("!IIII", 16, CANCEL_REQUEST, *wire.backend_key))
        other.recv(1)
    replies = wire.until_ready()
    codes = [error["C"] for error in errors(replies)]
    return Attempt(codes == ["57014"] and time.monotonic() - started < 1.5, replies, wire)
