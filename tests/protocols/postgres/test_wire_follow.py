"""A wire that follows what texts mean: when it asks the server, what the client hears of that (nothing), and when it waits."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from nightporter.core.error import ProtocolError
from nightporter.core.wire import Denial, Request, WireSetup
from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.inquiry import NAME, Place, settings_inquiry, view_inquiry
from nightporter.protocols.postgres.session import Standing
from nightporter.protocols.postgres.wire import PostgresWire
from tests.wire_session import WireSession

from .wired import (
    BOUND,
    CLOSED,
    FLUSH,
    LABEL,
    LIMIT,
    PARSED,
    REFUSED_QUERY,
    ROWS,
    SETTINGS,
    S,
    b,
    done,
    e,
    error,
    ext,
    p,
    q,
    row,
    z,
)

VALUES: Mapping[str, str] = {
    "search_path": "p",
    "role": "none",
    "session_authorization": "ada",
    "row_security": "on",
    "session_replication_role": "origin",
    "transform_null_equals": "off",
}
SELECT = "select a from t"
ANYTHING = "do $$ begin end $$"  # may have done anything to the session


def question(place: Place, *, temporary: bool = False) -> bytes:
    return settings_inquiry(place, temporary=temporary).messages()


def one(values: list[bytes], tag: str) -> bytes:
    return CLOSED + PARSED + BOUND + b"".join(m.data_row([value]) for value in values) + done(tag) + CLOSED + CLOSED


def answer(place: Place, *, temporary: str | None = None, status: str = "I", **changed: str) -> bytes:
    said = b"".join(one([value.encode()], "SHOW") for value in {**VALUES, **changed}.values())
    if temporary is not None:
        said += one([temporary.encode()] if temporary else [], "SELECT 1")
    return said + (z(status) if place is not Place.BATCH else b"")


class Followed(WireSession):
    """A session whose wire follows; the first question is answered already unless `fresh`."""

    def __init__(self, *, chunk: int = 0, fresh: bool = False) -> None:
        super().__init__(PostgresWire(WireSetup(LABEL, SETTINGS, LIMIT, follows=True)), chunk=chunk)
        if not fresh:
            self.client(q(SELECT))
            self.sent()
            self.server(answer(Place.IDLE, temporary="")).server(ROWS + done("SELECT 0") + z())
            self.forget()
            self.requests.clear()

    def forget(self) -> None:
        """What was sent and heard until now is of no interest."""
        self.sent()
        self.heard()

    @property
    def standing(self) -> Standing:
        """Of the last request."""
        standing = self.requests[-1].standing
        assert isinstance(standing, Standing)
        return standing


every_chunk = pytest.mark.parametrize("chunk", [0, 1, 7])


@every_chunk
def test_a_new_session_is_asked_once_before_its_first_text(chunk: int) -> None:
    session = Followed(chunk=chunk, fresh=True)
    session.client(q(SELECT))
    assert session.sent() == question(Place.IDLE, temporary=True)
    assert session.requests == []
    session.server(answer(Place.IDLE, temporary=""))
    assert session.sent() == q(SELECT)
    assert session.heard() == b""
    assert (session.standing.path, session.standing.role, session.standing.certain) == (("p",), "ada", True)
    session.server(ROWS + row() + done("SELECT 1") + z()).client(q(SELECT))
    assert session.sent() == q(SELECT)
    assert session.heard() == ROWS + row() + done("SELECT 1") + z()


def test_even_before_begin_since_it_is_free_of_any_transaction_then() -> None:
    session = Followed(fresh=True)
    session.client(q("begin"))
    assert session.sent() == question(Place.IDLE, temporary=True)


@pytest.mark.parametrize("text", ["set work_mem = '1MB'", "show all", "rollback", ""])
def test_what_names_nothing_goes_through_at_once(text: str) -> None:
    session = Followed(fresh=True)
    session.client(q(text))
    assert session.sent() == q(text)
    assert session.requests[-1].standing is None


def test_a_set_that_was_seen_needs_no_question_but_its_answer() -> None:
    session = Followed()
    session.client(q("set search_path = a") + q(SELECT))
    assert session.sent() == q("set search_path = a") + FLUSH
    session.server(done("SET"))
    assert session.sent() == b"", "whether it was committed is not known yet"
    session.server(z())
    assert session.sent() == q(SELECT)
    assert session.standing.path == ("a",)


def test_a_set_that_fails_changes_nothing() -> None:
    session = Followed()
    session.client(q("set search_path = a") + q(SELECT)).server(error() + z())
    assert session.standing.path == ("p",)


@every_chunk
def test_what_may_have_set_anything_is_asked_about(chunk: int) -> None:
    session = Followed(chunk=chunk)
    session.client(q(ANYTHING), q(SELECT), q(SELECT))
    session.sent()
    session.server(done("DO") + z())
    assert session.sent() == question(Place.IDLE, temporary=True)
    session.server(answer(Place.IDLE, temporary="pg_temp_3", search_path='"B", a'))
    assert session.sent() == q(SELECT) + q(SELECT)
    assert (session.standing.path, session.standing.temporary) == (("B", "a"), "pg_temp_3")
    assert session.standing.private


def test_in_a_transaction_the_question_ends_with_sync_and_its_status_is_as_before() -> None:
    session = Followed()
    session.client(q("begin")).server(done("BEGIN") + z("T")).client(q(ANYTHING)).server(done("DO") + z("T"))
    session.client(q(SELECT))
    assert session.sent().endswith(question(Place.BLOCK, temporary=True))
    session.heard()
    session.server(answer(Place.BLOCK, temporary="", status="T"))
    assert session.sent() == q(SELECT)
    assert session.heard() == b""


def test_in_the_middle_of_a_batch_it_ends_with_flush() -> None:
    session = Followed()
    session.client(ext(ANYTHING) + ext(SELECT) + S)
    assert session.sent() == ext(ANYTHING) + FLUSH
    session.server(PARSED + BOUND + done("DO"))
    assert session.sent() == question(Place.BATCH, temporary=True)
    session.server(answer(Place.BATCH, temporary="", search_path="q"))
    assert session.sent() == ext(SELECT) + S
    assert session.standing.path == ("q",)
    session.server(PARSED + BOUND + done("SELECT 0") + z())
    assert session.heard() == PARSED + BOUND + done("DO") + PARSED + BOUND + done("SELECT 0") + z()
    assert session.ends()[1:] == [f"{ANYTHING} -> ok #2", f"{SELECT} -> ok 0 rows #2 committed"]


def test_what_comes_beside_the_answer_is_the_clients() -> None:
    session = Followed()
    session.client(q(ANYTHING), q(SELECT)).server(done("DO") + z())
    session.heard()
    notice = m.notice_response({"S": "NOTICE", "V": "NOTICE", "C": "00000", "M": "hello"})
    note = m.message(b"A", b"\0\0\0\1channel\0payload\0")
    status = m.parameter_status("TimeZone", "UTC")
    said = answer(Place.IDLE, temporary="")
    cut = said.index(m.data_row([b"none"]))
    session.server(said[:cut] + status + said[cut:-6] + note + notice + said[-6:])
    assert session.heard() == status + note, "the notice is about our question"


@pytest.mark.parametrize("status", ["I", "T"])
def test_a_question_that_was_canceled_ends_the_clients_statement(status: str) -> None:
    session = Followed()
    if status == "T":
        session.client(q("begin")).server(done("BEGIN") + z("T"))
    session.client(q(ANYTHING)).server(done("DO") + z(status)).client(q(SELECT))
    session.forget()
    session.requests.clear()
    canceled = m.error_response({"S": "ERROR", "V": "ERROR", "C": "57014", "M": "canceling statement due to user request"})
    session.server(CLOSED + PARSED + canceled + z("E" if status == "T" else "I"))
    assert session.requests == []
    if status == "T":
        assert session.sent() == REFUSED_QUERY
        session.server(error("42601") + z("E"))
    heard = session.heard()
    assert b"C57014\0Mcanceling statement due to user request\0" in heard
    assert heard.endswith(z("E" if status == "T" else "I"))
    session.client(q(SELECT if status == "I" else "rollback"))
    assert session.sent() == (question(Place.IDLE, temporary=True) if status == "I" else q("rollback"))


def test_a_question_that_was_canceled_in_a_batch_fails_the_batch() -> None:
    session = Followed()
    session.client(ext(ANYTHING) + ext(SELECT) + S).server(PARSED + BOUND + done("DO"))
    session.forget()
    session.server(CLOSED + PARSED + error("57014"))
    assert session.sent() == S
    session.server(z())
    assert session.heard() == error("57014") + z()
    assert session.ends()[1:] == [f"{ANYTHING} -> ok #2 rolled_back"]


def test_in_a_failed_transaction_nobody_is_asked() -> None:
    session = Followed()
    session.client(q("begin")).server(done("BEGIN") + z("T")).client(q(ANYTHING)).server(error() + z("E"))
    session.sent()
    for text in (SELECT, "rollback"):
        session.client(q(text))
        assert session.sent() == q(text)
        assert session.requests[-1].standing is None
        session.server(error("25P02") + z("E") if text == SELECT else done("ROLLBACK") + z())
    session.client(q(SELECT))
    assert session.sent() == q(SELECT)
    assert session.standing.path == ("p",), "as it was before"


def test_what_follows_a_rollback_in_the_same_text_has_a_standing() -> None:
    session = Followed()
    session.client(q("begin")).server(done("BEGIN") + z("T")).client(q("select 1/0")).server(error() + z("E"))
    session.client(q(f"rollback; {SELECT}"))
    assert session.standing.after is not None


def test_a_transaction_that_changed_nothing_does_not_hold_up_a_pipeline() -> None:
    session = Followed()
    pipeline = ext("begin") + ext(SELECT) + ext("commit") + S + ext("begin") + ext(SELECT) + ext("rollback") + S
    session.client(pipeline)
    assert session.sent() == pipeline


def test_what_was_set_in_a_transaction_waits_for_its_end() -> None:
    session = Followed()
    session.client(q("begin")).server(done("BEGIN") + z("T"))
    session.client(q("set local search_path = l")).server(done("SET") + z("T"))
    session.sent()
    session.client(q("commit") + q(SELECT))
    assert session.sent() == q("commit") + FLUSH
    session.server(done("COMMIT") + z())
    assert session.standing.path == ("p",)


def test_parameter_types_come_along() -> None:
    session = Followed()
    typed = m.parse_message(b"s", b"select $1, $2", b"\0\2\0\0\0\x17\0\0\0\0")
    session.client(typed + S).server(PARSED + z())
    session.client(b("", "s", b"1", b"2") + e() + S)
    assert [(r.phase, r.parameter_types) for r in session.requests] == [("prepare", (23, 0)), ("run", (23, 0))]


def test_a_parse_whose_types_do_not_fit_is_the_clients_mistake() -> None:
    session = Followed()
    session.client(m.parse_message(b"", b"select 1", b"\0\2\0\0\0\x17") + S)
    assert session.requests == []


def test_a_prepared_statement_means_what_it_means_when_it_is_bound() -> None:
    session = Followed()
    session.client(p("s", SELECT) + S).server(PARSED + z())
    assert session.standing.path == ("p",)
    session.client(q("set search_path = a")).server(done("SET") + z())
    session.client(b("", "s") + e() + S)
    assert session.standing.path == ("a",)


def test_a_portal_is_decided_anew_if_what_names_mean_has_changed_since_it_was_bound() -> None:
    session = Followed()
    session.client(q("begin")).server(done("BEGIN") + z("T"))
    session.client(p("", SELECT) + b("c") + S).server(PARSED + BOUND + z("T"))
    asked = len(session.requests)
    session.client(e("c", 1) + S).server(row() + m.message(b"s") + z("T"))
    assert len(session.requests) == asked, "it was decided when it was bound"
    session.client(q("set search_path = a")).server(done("SET") + z("T"))
    session.client(p("", SELECT) + b("d") + S).server(PARSED + BOUND + z("T"))
    session.client(q("set search_path = b")).server(done("SET") + z("T"))
    session.client(e("d") + S)
    assert (session.requests[-1].phase, session.standing.path) == ("fetch", ("b",))


def test_fetch_does_what_its_cursor_does() -> None:
    session = Followed()
    declare = "declare c cursor for select set_config('search_path', 'a', false)"
    session.client(q("begin")).server(done("BEGIN") + z("T")).client(q(declare)).server(done("DECLARE CURSOR") + z("T"))
    for text in (SELECT, "fetch c", SELECT):
        session.forget()
        session.client(q(text))
        if text == SELECT:
            assert session.sent() == question(Place.BLOCK)
            session.server(answer(Place.BLOCK, status="T"))
        assert session.sent() == q(text)
        session.server(ROWS + row() + done("SELECT 1") + z("T"))


def test_to_bind_may_do_what_the_statement_does() -> None:
    session = Followed()
    session.client(q("begin")).server(done("BEGIN") + z("T"))
    session.client(p("", "select set_config('search_path', 'a', false)") + b("c") + S).server(PARSED + BOUND + z("T"))
    session.forget()
    session.client(q(SELECT))
    assert session.sent() == question(Place.BLOCK)


def test_nothing_is_asked_while_the_server_may_read_copy_data() -> None:
    session = Followed()
    session.client(q(ANYTHING)).server(done("DO") + z()).client(q("show all")).server(ROWS + done("SHOW") + z())
    session.client(q(SELECT)).server(answer(Place.IDLE, temporary="")).server(ROWS + done("SELECT 0") + z())
    session.sent()
    session.client(q("copy t from stdin") + q(ANYTHING))
    assert session.sent() == q("copy t from stdin") + FLUSH


def test_a_change_of_the_catalogue_is_said_before_the_client_can_hear_of_it() -> None:
    session = Followed()
    wire = session.wire
    session.client(q("create table t (a int)"))
    wire.receive_upstream(done("CREATE TABLE"))
    traffic = wire.drain()
    assert traffic.redefined
    assert traffic.to_client == [done("CREATE TABLE")]
    told = [wire.redefines]  # that it is committed was not said yet
    wire.receive_upstream(z())
    assert wire.drain().redefined
    assert [*told, wire.redefines] == [True, False]


def test_one_in_a_transaction_is_said_at_its_end() -> None:
    session = Followed()
    wire = session.wire
    session.client(q("begin")).server(done("BEGIN") + z("T")).client(q("create table t (a int)"))
    wire.receive_upstream(done("CREATE TABLE") + z("T"))
    assert not wire.drain().redefined
    session.client(q("commit"))
    wire.receive_upstream(done("COMMIT"))
    assert wire.drain().redefined


# What the journey asks


def asking(session: Followed, text: str = SELECT) -> Request:
    """A request that waits, for which the journey has a question."""
    session.slow = True
    session.client(q(text))
    session.wire.inquire([b"select 1", b"select 2"])
    session.up = b"".join(session.wire.drain().to_upstream)
    return session.requests[-1]


def commands(count: int, *rows: list[bytes]) -> bytes:
    return b"".join(one(list(rows[at]) if at < len(rows) else [], "X") for at in range(count))


def test_a_question_of_the_journey_goes_before_the_text_that_needs_it() -> None:
    session = Followed()
    request = asking(session)
    assert session.sent() == view_inquiry([b"select 1", b"select 2"], Place.IDLE, "p").messages()
    stalled = [session.wire.stalled]
    session.wire.receive_upstream(commands(3, [b"set"], [b"x", b"y"], []) + z())
    assert session.wire.answered() == [[(b"x",), (b"y",)], []]
    assert [*stalled, session.wire.stalled] == [True, False]
    session.answer()
    assert session.sent() == q(SELECT)
    assert session.heard() == b""
    assert request is session.requests[-1]


def test_in_a_transaction_it_stands_under_a_savepoint_and_may_fail() -> None:
    session = Followed()
    session.client(q("begin")).server(done("BEGIN") + z("T"))
    session.heard()
    asking(session)
    assert session.sent().count(b"SAVEPOINT " + NAME) == 3
    session.wire.receive_upstream(commands(2) + CLOSED + PARSED + error("55P03") + z("E"))
    assert session.wire.answered() is None
    recovery = b"".join(session.wire.drain().to_upstream)
    assert recovery.count(b"SAVEPOINT " + NAME) == 2
    assert recovery.endswith(S)
    session.wire.receive_upstream(commands(2) + z("T"))
    failure = session.wire.answered()
    assert isinstance(failure, Denial)
    assert failure.sqlstate == "55P03"
    session.answer()
    assert session.sent() == q(SELECT)
    assert session.heard() == b""


def test_an_answer_that_is_none_ends_the_session() -> None:
    session = Followed(fresh=True)
    session.client(q(SELECT))
    with pytest.raises(ProtocolError):
        session.server(commands(6) + commands(1) + z())


def test_a_fatal_error_in_its_place_is_the_clients_to_hear() -> None:
    session = Followed(fresh=True)
    session.client(q(SELECT)).server(error("57P01", "FATAL"))
    assert session.heard() == error("57P01", "FATAL")
