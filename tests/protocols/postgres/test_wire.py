"""Conversations of the statement phase: what goes upstream, what the client hears, how each statement ended.

Every one is held three times: in whole messages, byte by byte, and seven bytes at a time. It must make no difference.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from nightporter.core.error import ProtocolError
from nightporter.protocols.postgres import messages as m

from .wired import (
    BOUND,
    CLOSED,
    DENIED,
    EMPTY,
    FLUSH,
    NO_DATA,
    PARSED,
    REFUSED_PARSE,
    REFUSED_QUERY,
    ROWS,
    SUSPENDED,
    TERMINATE,
    S,
    Wired,
    b,
    close,
    d,
    done,
    e,
    error,
    ext,
    p,
    q,
    row,
    texts,
    z,
)

C = "client"
U = "upstream"
SELECT, INSERT, DROP = "select a from t", "insert into t values (1)", "drop table t"
LABELED = "alice/bot "


@dataclass(frozen=True)
class Case:
    name: str
    script: list[tuple[str, bytes]]
    ends: list[str]
    up: list[bytes] | None = None
    """What goes upstream, where it is not what the client says."""
    down: list[bytes] | None = None
    """What the client hears, where it is not what the server says."""
    refused: tuple[str, ...] = ()
    asked: list[str] | None = None
    status: dict[str, str] = field(default_factory=dict)


CASES = [
    Case("a query", [(C, q(SELECT)), (U, ROWS + row() + row() + done("SELECT 2") + z())], [f"{SELECT} -> ok 2 rows #1 committed"]),
    Case("an empty query", [(C, q("")), (U, EMPTY + z())], ["? -> ok #1 committed"]),
    Case(
        "a query that fails",
        [(C, q(SELECT)), (U, error("42P01") + z()), (C, q(INSERT)), (U, done("INSERT 0 1") + z())],
        [f"{SELECT} -> error 42P01 #1 rolled_back", f"{INSERT} -> ok 1 rows #2 committed"],
    ),
    Case(
        "several statements in one query",
        [(C, q(f"{INSERT}; {SELECT}")), (U, done("INSERT 0 1") + ROWS + row() + done("SELECT 1") + z())],
        [f"{INSERT} -> ok 1 rows #1", f"{SELECT} -> ok 1 rows #1 committed"],
    ),
    Case(
        "the first of several fails",
        [(C, q(f"{INSERT}; {SELECT}")), (U, error() + z())],
        [f"{INSERT} -> error 22012 #1", f"{SELECT} -> not_run #1 rolled_back"],
    ),
    Case(
        "a commit in the middle of a text",
        [(C, q(f"{INSERT}; commit; {INSERT}")), (U, done("INSERT 0 1") + done("COMMIT") + error("23505") + z())],
        [f"{INSERT} -> ok 1 rows #1", "commit -> ok #1 committed", f"{INSERT} -> error 23505 #2 rolled_back"],
    ),
    Case(
        "a rollback in the middle of a text",
        [
            (C, q(f"begin; {INSERT}; rollback; {INSERT}")),
            (U, done("BEGIN") + done("INSERT 0 1") + done("ROLLBACK") + done("INSERT 0 1") + z()),
        ],
        ["begin -> ok #1", f"{INSERT} -> ok 1 rows #1", "rollback -> ok #1 rolled_back", f"{INSERT} -> ok 1 rows #2 committed"],
    ),
    Case(
        "a commit that is not reached ends nothing",
        [
            *[(C, q("begin")), (U, done("BEGIN") + z("T"))],
            *[(C, q(f"{INSERT}; commit")), (U, error("23505") + z("E"))],
            *[(C, q("rollback")), (U, done("ROLLBACK") + z())],
        ],
        ["begin -> ok #1", f"{INSERT} -> error 23505 #1", "commit -> not_run #1", "rollback -> ok #1 rolled_back"],
    ),
    Case(
        "a transaction",
        [
            *[(C, q("begin")), (U, done("BEGIN") + z("T"))],
            *[(C, q(INSERT)), (U, done("INSERT 0 1") + z("T"))],
            *[(C, q("rollback to a")), (U, done("ROLLBACK") + z("T"))],
            *[(C, q("commit and chain")), (U, done("COMMIT") + z("T"))],
            *[(C, q("commit")), (U, done("COMMIT") + z())],
        ],
        [
            *["begin -> ok #1", f"{INSERT} -> ok 1 rows #1", "rollback to a -> ok #1"],
            *["commit and chain -> ok #1 committed", "commit -> ok #2 committed"],
        ],
    ),
    Case(
        "a commit of a failed transaction",
        [
            *[(C, q("begin")), (U, done("BEGIN") + z("T"))],
            *[(C, q(INSERT)), (U, error() + z("E"))],
            *[(C, q("commit")), (U, done("ROLLBACK") + z())],
        ],
        ["begin -> ok #1", f"{INSERT} -> error 22012 #1", "commit -> ok #1 rolled_back"],
    ),
    Case(
        "a commit that fails",
        [(C, q("begin")), (U, done("BEGIN") + z("T")), (C, q("commit")), (U, error("23503") + z())],
        ["begin -> ok #1", "commit -> error 23503 #1 rolled_back"],
    ),
    Case(
        "a transaction that is handed to another",
        [(C, q("begin")), (U, done("BEGIN") + z("T")), (C, q("prepare transaction 'x'")), (U, done("PREPARE TRANSACTION") + z())],
        ["begin -> ok #1", "prepare transaction 'x' -> ok #1 unknown"],
    ),
    Case(
        "the extended protocol",
        [(C, ext(SELECT) + S), (U, PARSED + BOUND + row() + done("SELECT 1") + z())],
        [f"{SELECT} -> ok 1 rows #1 committed"],
        asked=[f"run {SELECT}"],
    ),
    Case(
        "prepared once, run twice",
        [
            *[(C, p("s", SELECT) + m.describe_message(b"S", b"s") + S), (U, PARSED + m.message(b"t", b"\0\0") + ROWS + z())],
            *[(C, b("", "s") + e() + S), (U, BOUND + row() + done("SELECT 1") + z())],
            *[(C, b("", "s") + d() + e() + S), (U, BOUND + ROWS + done("SELECT 0") + z())],
        ],
        [f"{SELECT} -> ok #1 committed", f"{SELECT} -> ok 1 rows #2 committed", f"{SELECT} -> ok 0 rows #3 committed"],
        asked=[f"run {SELECT}", f"run {SELECT}"],
    ),
    Case(
        "a commit that is only prepared ends nothing",
        [
            *[(C, q("begin")), (U, done("BEGIN") + z("T"))],
            *[(C, p("s", "commit") + S), (U, PARSED + z("T"))],
            *[(C, b("", "s") + e() + S), (U, BOUND + done("COMMIT") + z())],
        ],
        ["begin -> ok #1", "commit -> ok #1 committed"],
    ),
    Case(
        "a portal in parts",
        [
            *[(C, p("", SELECT) + b("c") + e("c", 1) + FLUSH), (U, PARSED + BOUND + row() + SUSPENDED)],
            *[(C, e("c", 1) + S), (U, row() + done("SELECT 1") + z())],
        ],
        [f"{SELECT} -> suspended 1 rows #1", f"{SELECT} -> ok 1 rows #1 committed"],
        asked=[f"run {SELECT}", f"fetch {SELECT}"],
    ),
    Case(
        "an error, and the server skips to Sync",
        [
            (C, ext(SELECT) + ext(INSERT) + S + ext(SELECT) + S),
            (U, PARSED + BOUND + error() + z() + PARSED + BOUND + done("SELECT 0") + z()),
        ],
        [f"{SELECT} -> error 22012 #1", f"{INSERT} -> not_run #1 rolled_back", f"{SELECT} -> ok 0 rows #2 committed"],
    ),
    Case(
        "an error, and the client has not sent its Sync",
        [(C, ext(SELECT)), (U, PARSED + BOUND + error()), (C, ext(INSERT) + q(INSERT) + d() + close("S", "") + S), (U, z())],
        [f"{SELECT} -> error 22012 #1 rolled_back"],
        up=[ext(SELECT), S],
        asked=[f"run {SELECT}"],
    ),
    Case(
        "an error at Sync",
        [(C, ext(INSERT) + S), (U, PARSED + BOUND + done("INSERT 0 1") + error("23503") + z())],
        [f"{INSERT} -> ok 23503 1 rows #1 rolled_back"],
    ),
    Case(
        "an error of a Describe is not an earlier statement's",
        [
            *[(C, q("begin")), (U, done("BEGIN") + z("T"))],
            *[(C, ext(INSERT) + d("nix") + S), (U, PARSED + BOUND + done("INSERT 0 1") + error("34000") + z("E"))],
            *[(C, q("rollback")), (U, done("ROLLBACK") + z())],
        ],
        ["begin -> ok #1", f"{INSERT} -> ok 1 rows #1", "rollback -> ok #1 rolled_back"],
    ),
    Case(
        "Describe, Close and NoData",
        [
            (C, p("s", INSERT) + b("c", "s") + d("c") + close("P", "c") + close("S", "s") + S),
            (U, PARSED + BOUND + NO_DATA + CLOSED * 2 + z()),
        ],
        [f"{INSERT} -> not_run #1 committed"],
    ),
    Case(
        "a bound portal that another takes the place of has not run",
        [(C, p("", INSERT) + b() + b() + e() + S), (U, PARSED + BOUND * 2 + done("INSERT 0 1") + z())],
        [f"{INSERT} -> not_run #1", f"{INSERT} -> ok 1 rows #1 committed"],
    ),
    Case(
        "a bound portal that its transaction ends without",
        [(C, p("", INSERT) + b("c") + S), (U, PARSED + BOUND + z())],
        [f"{INSERT} -> not_run #1 committed"],
    ),
    Case(
        "an empty statement in the extended protocol",
        [(C, ext("") + S), (U, PARSED + BOUND + EMPTY + z())],
        ["? -> ok #1 committed"],
    ),
    Case(
        "notices, notifications and settings pass",
        [
            (C, q(SELECT)),
            (U, m.notice_response({"S": "NOTICE"}) + ROWS + m.message(b"A", b"\0\0\0\1c\0p\0") + row() + done("SELECT 1")),
            (U, m.parameter_status("TimeZone", "UTC") + z()),
        ],
        [f"{SELECT} -> ok 1 rows #1 committed"],
    ),
    Case(
        "a function call",
        [(C, m.message(b"F", b"\0\0\3\xc4\0\0\0\1\0\0\0\4\0\0\0\1\0\0")), (U, m.message(b"V", b"\0\0\0\4\0\0\0\1") + z())],
        ["SELECT lo_unlink($1) -> ok #1 committed"],
        asked=["submit SELECT lo_unlink($1)"],
    ),
    Case(
        "the application name is labeled",
        [
            *[
                (C, q("SET application_name = 'psql'")),
                (U, done("SET") + m.parameter_status("application_name", LABELED + "psql") + z()),
            ],
            *[(C, p("", "SET application_name TO x") + b() + e() + S), (U, PARSED + BOUND + done("SET"))],
            (U, m.parameter_status("application_name", LABELED.strip()) + z()),
        ],
        ["SET application_name = 'psql' -> ok #1 committed", "SET application_name TO x -> ok #2 committed"],
        up=[q(f"SET application_name = '{LABELED}psql'"), p("", f"SET application_name TO '{LABELED}x'") + b() + e() + S],
        down=[
            *[done("SET"), m.parameter_status("application_name", "psql"), z(), PARSED, BOUND, done("SET")],
            *[m.parameter_status("application_name", ""), z()],
        ],
    ),
    # Denials
    Case(
        "a denial when nothing is under way is our own answer",
        [(C, q(DROP) + q(SELECT)), (U, ROWS + done("SELECT 0") + z())],
        [f"{SELECT} -> ok 0 rows #1 committed"],
        refused=(DROP,),
        up=[q(SELECT)],
        down=[DENIED, z(), ROWS, done("SELECT 0"), z()],
    ),
    Case(
        "a denial in a transaction fails it",
        [
            (C, q("begin")),
            (U, done("BEGIN") + z("T")),
            (C, q(DROP)),
            (U, error("42601") + z("E")),
            (C, q("commit")),
            (U, done("ROLLBACK") + z()),
        ],
        ["begin -> ok #1", "commit -> ok #1 rolled_back"],
        refused=(DROP,),
        up=[q("begin"), REFUSED_QUERY, q("commit")],
        down=[done("BEGIN"), z("T"), DENIED, z("E"), done("ROLLBACK"), z()],
    ),
    Case(
        "a text is denied whole",
        [(C, q("begin")), (U, done("BEGIN") + z("T")), (C, q(f"{INSERT};{DROP}")), (U, error("42601") + z("E"))],
        ["begin -> ok #1"],
        refused=(DROP,),
        up=[q("begin"), REFUSED_QUERY],
        down=[done("BEGIN"), z("T"), DENIED, z("E")],
    ),
    Case(
        "a denial in the extended protocol skips to Sync",
        [
            (C, ext(DROP) + ext(INSERT) + S),
            (U, error("42601") + z()),
            (C, ext(SELECT) + S),
            (U, PARSED + BOUND + done("SELECT 0") + z()),
        ],
        [f"{SELECT} -> ok 0 rows #1 committed"],
        refused=(DROP,),
        up=[REFUSED_PARSE, S, ext(SELECT), S],
        down=[DENIED, z(), PARSED, BOUND, done("SELECT 0"), z()],
    ),
    Case(
        "a denial rolls back what its batch has done",
        [(C, ext(INSERT) + ext(DROP) + S), (U, PARSED + BOUND + done("INSERT 0 1") + error("42601") + z())],
        [f"{INSERT} -> ok 1 rows #1 rolled_back"],
        refused=(DROP,),
        up=[ext(INSERT), REFUSED_PARSE, S],
        down=[PARSED, BOUND, done("INSERT 0 1"), DENIED, z()],
    ),
    Case(
        "a denial waits for the results before it",
        [(C, q(SELECT) + q(DROP)), (U, ROWS + row()), (U, done("SELECT 1") + z() + error("42601") + z())],
        [f"{SELECT} -> ok 1 rows #1 committed"],
        refused=(DROP,),
        up=[q(SELECT), REFUSED_QUERY],
        down=[ROWS, row(), done("SELECT 1"), z(), DENIED, z()],
    ),
    Case(
        "an earlier error comes first, and no denial",
        [(C, ext(SELECT) + ext(DROP) + S), (U, PARSED + BOUND + error() + z())],
        [f"{SELECT} -> error 22012 #1 rolled_back"],
        refused=(DROP,),
        up=[ext(SELECT), REFUSED_PARSE, S],
    ),
    Case(
        "a denied function call",
        [(C, q("begin")), (U, done("BEGIN") + z("T")), (C, m.message(b"F", b"\0\0\0\7\0\0\0\0\0\0")), (U, error("42601") + z("E"))],
        ["begin -> ok #1"],
        refused=("SELECT function 7()",),
        up=[q("begin"), REFUSED_QUERY],
        down=[done("BEGIN"), z("T"), DENIED, z("E")],
    ),
    # The client's mistakes
    Case(
        "a zero byte inside a query",
        [(C, m.message(b"Q", b"select 1\0drop table t\0") + q(SELECT)), (U, ROWS + done("SELECT 0") + z())],
        [f"{SELECT} -> ok 0 rows #1 committed"],
        up=[q(SELECT)],
        down=[
            m.error_response(
                {"S": "ERROR", "V": "ERROR", "C": "08P01", "M": "invalid message format: a zero byte inside a statement"}
            ),
            *[z(), ROWS, done("SELECT 0"), z()],
        ],
    ),
    Case(
        "a Bind that does not fit",
        [(C, p("", SELECT) + m.message(b"B", b"\0\0\0\0\0\1") + e() + S), (U, PARSED + error("42601") + z())],
        [f"{SELECT} -> ok #1 rolled_back"],
        up=[p("", SELECT), REFUSED_PARSE, S],
        down=[
            PARSED,
            m.error_response({"S": "ERROR", "V": "ERROR", "C": "08P01", "M": "invalid message format: values that do not fit"}),
            z(),
        ],
    ),
    Case("good-bye", [(C, TERMINATE + q(DROP) + ext(DROP))], [], up=[TERMINATE], asked=[]),
]


@pytest.mark.parametrize("chunk", [0, 1, 7])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_conversation(case: Case, chunk: int) -> None:
    wired = Wired(texts(*case.refused), chunk=chunk)
    for side, data in case.script:
        wired.client(data) if side == C else wired.server(data)
    assert wired.sent() == b"".join([data for side, data in case.script if side == C] if case.up is None else case.up)
    assert wired.heard() == b"".join([data for side, data in case.script if side == U] if case.down is None else case.down)
    assert wired.ends() == case.ends
    if case.asked is not None:
        assert wired.asked() == case.asked


def test_what_comes_in_between_is_asked_for_in_order() -> None:
    wired = Wired()
    wired.client(q(SELECT) + ext(INSERT) + S + q(DROP))
    assert wired.asked() == [f"submit {SELECT}", f"run {INSERT}", f"submit {DROP}"]


@pytest.mark.parametrize("deny", [True, False])
def test_a_failure_while_a_later_statement_is_decided_leaves_it_out(deny: bool) -> None:
    wired = Wired()
    wired.client(ext(SELECT))
    wired.slow = True
    wired.client(ext(INSERT) + S).server(PARSED + BOUND + error())
    wired.sent()
    wired.answer(deny=deny).server(z())
    assert wired.sent() == S
    assert wired.ends()[0] == f"{SELECT} -> error 22012 #1" + (" rolled_back" if deny else "")
    assert wired.ends()[1:] == ([] if deny else [f"{INSERT} -> not_run #1 rolled_back"])
    assert wired.wire.idle


@pytest.mark.parametrize("deny", [True, False])
def test_a_query_behind_a_failed_batch_is_left_out_as_well(deny: bool) -> None:
    wired = Wired()
    wired.client(ext(SELECT))
    wired.slow = True
    wired.client(q(INSERT) + S).server(PARSED + BOUND + error())
    wired.sent()
    wired.answer(deny=deny).server(z())
    assert wired.sent() == S
    assert wired.wire.idle


def test_results_flow_while_a_statement_is_decided() -> None:
    wired = Wired()
    wired.client(q(SELECT))
    wired.slow = True
    wired.client(q(INSERT)).server(ROWS + row())
    assert wired.heard() == ROWS + row()
    assert wired.sent() == q(SELECT)


@pytest.mark.parametrize("status", ["T", "E"])
def test_idle_means_that_nothing_is_open(status: str) -> None:
    wired = Wired()
    assert wired.wire.idle
    assert not wired.client(q("begin")).wire.idle
    assert not wired.server(done("BEGIN") + z(status)).wire.idle
    assert wired.client(q("rollback")).server(done("ROLLBACK") + z()).wire.idle
    # a batch without its Sync has begun a transaction
    assert not wired.client(ext(SELECT) + FLUSH).server(PARSED + BOUND + done("SELECT 0")).wire.idle
    assert wired.client(S).server(z()).wire.idle


@pytest.mark.parametrize(
    ("client", "server"),
    [
        pytest.param(b"", done("SELECT 1"), id="an answer to nothing"),
        pytest.param(b"", z(), id="ready, again"),
        pytest.param(b"", row(), id="a row of nothing"),
        pytest.param(b"", ROWS, id="columns of nothing"),
        pytest.param(b"", error(), id="an error of nothing"),
        pytest.param(q(SELECT), PARSED, id="another answer"),
        pytest.param(ext(SELECT) + S, BOUND, id="an answer too early"),
        pytest.param(ext(SELECT) + S, PARSED + BOUND + z(), id="an answer left out"),
        pytest.param(ext(SELECT) + S, PARSED + row(), id="a row before its time"),
        pytest.param(ext(SELECT) + S, PARSED + BOUND + done("SELECT 0") * 2, id="an answer too many"),
        pytest.param(q(SELECT), SUSPENDED, id="a query in parts"),
        pytest.param(q(SELECT), NO_DATA, id="nothing to describe"),
        pytest.param(q(SELECT), ROWS + done("SELECT 0") + m.message(b"Z", b"X"), id="an unknown status"),
        pytest.param(q(SELECT), m.message(b"W", b"\0\0\0"), id="copy both ways"),
        pytest.param(q(SELECT), b"R\0\0\0\x08\0\0\0\0", id="authentication again"),
        pytest.param(b"p\0\0\0\x05\0", b"", id="a password"),
        pytest.param(b"\0\0\0\x08\x04\xd2\x16\x2f", b"", id="TLS in the middle"),
    ],
)
def test_what_does_not_fit_ends_the_session(client: bytes, server: bytes) -> None:
    wired = Wired()
    with pytest.raises(ProtocolError):
        wired.client(client).server(server)


def test_a_refused_text_that_the_server_accepts_ends_the_session() -> None:
    wired = Wired(texts(DROP))
    wired.client(ext(DROP) + S)
    with pytest.raises(ProtocolError):
        wired.server(PARSED)


def test_a_fatal_error_is_passed_on_and_leaves_everything_unknown() -> None:
    wired = Wired().client(q(SELECT) + q(INSERT)).server(ROWS + row() + error("57P01", "FATAL"))
    assert wired.heard().endswith(error("57P01", "FATAL"))
    assert wired.gone().ends() == [f"{SELECT} -> unknown 1 rows #1", f"{INSERT} -> unknown #1 unknown"]


@pytest.mark.parametrize(
    ("script", "ends"),
    [
        ([(C, q(INSERT))], [f"{INSERT} -> unknown #1 unknown"]),
        ([(C, q(INSERT)), (U, done("INSERT 0 1"))], [f"{INSERT} -> ok 1 rows #1 unknown"]),  # it may have been committed
        ([(C, ext(INSERT) + S), (U, PARSED + BOUND + done("INSERT 0 1"))], [f"{INSERT} -> ok 1 rows #1 unknown"]),
        ([(C, ext(INSERT)), (U, PARSED + BOUND + done("INSERT 0 1"))], [f"{INSERT} -> ok 1 rows #1 rolled_back"]),
        ([(C, q(INSERT)), (U, error())], [f"{INSERT} -> error 22012 #1 rolled_back"]),
        ([(C, p("", INSERT) + b()), (U, PARSED + BOUND)], [f"{INSERT} -> not_run #1 rolled_back"]),
        ([(C, q(INSERT)), (U, done("INSERT 0 1") + z())], [f"{INSERT} -> ok 1 rows #1 committed"]),
    ],
)
def test_what_is_known_when_the_connection_is_lost(script: list[tuple[str, bytes]], ends: list[str]) -> None:
    wired = Wired()
    for side, data in script:
        wired.client(data) if side == C else wired.server(data)
    assert wired.gone().ends() == ends


def test_an_answer_to_another_request_is_a_fault() -> None:
    wired = Wired()
    wired.slow = True
    wired.client(q(SELECT))
    other = Wired()
    other.slow = True
    other.client(q(SELECT))
    with pytest.raises(RuntimeError):
        wired.wire.allow(other.requests[0], None)  # type: ignore[arg-type]  # it does not come to that
