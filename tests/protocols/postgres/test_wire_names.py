"""Names: of statements, portals and cursors, made by the protocol and by SQL. What runs is what was decided."""

from __future__ import annotations

import pytest

from nightporter.protocols.postgres import messages as m

from .wired import (
    BOUND,
    CLOSED,
    DENIED,
    FLUSH,
    PARSED,
    REFUSED_PARSE,
    SETTINGS,
    S,
    Wired,
    b,
    close,
    done,
    e,
    error,
    ext,
    p,
    q,
    row,
    texts,
    unknown,
    z,
)

READ, DELETE = "select a from t", "delete from t"
chunks = pytest.mark.parametrize("chunk", [0, 1, 7])


def last_actions(wired: Wired) -> set[str]:
    """What the last request was decided on."""
    return {str(action) for statement in wired.requests[-1].reading.statements for action in statement.actions}


def run(name: str = "s", portal: str = "") -> bytes:
    return b(portal, name) + e(portal)


# One name, two texts


@pytest.mark.parametrize(
    ("answer", "what"),
    [(PARSED + z(), DELETE), (error("42P05") + z(), READ)],
    ids=["the server takes the new text", "the server keeps the old text"],
)
@chunks
def test_a_name_that_may_stand_for_two_texts_is_waited_for(chunk: int, answer: bytes, what: str) -> None:
    wired = Wired(chunk=chunk).client(p("s", READ) + S).server(PARSED + z())
    wired.client(p("s", DELETE) + S + run() + S)
    assert wired.sent().endswith(p("s", DELETE) + S + FLUSH), "the Bind has not been sent"
    wired.server(answer)
    assert wired.asked()[-1] == f"run {what}"
    assert wired.sent() == run() + S


@chunks
def test_within_a_batch_the_new_text_is_certain(chunk: int) -> None:
    wired = Wired(chunk=chunk).client(p("s", READ) + S).server(PARSED + z())
    wired.client(close("S", "s") + p("s", DELETE) + run() + S)
    assert wired.asked() == [f"run {DELETE}"]


@chunks
def test_the_latest_batch_decides_whatever_earlier_ones_make_of_the_name(chunk: int) -> None:
    pipeline = (ext(READ) + S) * 3
    wired = Wired(chunk=chunk).client(pipeline)
    assert wired.sent() == pipeline, "unnamed statements never wait"
    assert wired.asked() == [f"run {READ}"] * 3


def test_an_error_takes_back_all_names_of_its_batch() -> None:
    wired = Wired().client(p("s", READ) + S).server(PARSED + z())
    wired.client(p("x", "bad") + close("S", "s") + p("s", DELETE) + S + run() + S).server(error("42601") + z())
    assert wired.asked()[-1] == f"run {READ}"


def test_a_portal_that_may_stand_for_two_texts_is_waited_for() -> None:
    wired = Wired().client(q("begin")).server(done("BEGIN") + z("T"))
    wired.client(p("r", READ) + p("d", DELETE) + b("c", "r") + S).server(PARSED * 2 + BOUND + z("T"))
    wired.client(close("P", "c") + b("c", "d") + S + e("c") + S)
    assert wired.sent().endswith(b("c", "d") + S + FLUSH)
    wired.server(CLOSED + BOUND + z("T"))
    assert wired.sent() == e("c") + S
    wired.server(done("DELETE 1") + z("T"))
    assert wired.ends()[-1] == f"{DELETE} -> ok 1 rows #1"


@chunks
def test_a_refused_text_gets_no_name(chunk: int) -> None:
    wired = Wired(texts(DELETE), chunk=chunk).client(p("s", READ) + S).server(PARSED + z())
    wired.client(close("S", "s") + p("s", DELETE) + S + run() + S).server(CLOSED + error("42601") + z())
    assert run() in wired.sent()
    assert wired.asked()[-1] == "run ", "closed, and nothing in its place"
    assert "unknown" in last_actions(wired)


def test_a_query_drops_the_unnamed_statement() -> None:
    wired = Wired(unknown).client(p("", READ) + S).server(PARSED + z()).client(q(READ)).server(done("SELECT 0") + z())
    wired.client(run("") + S).server(error() + z())
    assert wired.sent().endswith(REFUSED_PARSE + S)


def test_a_query_that_the_server_skips_drops_nothing() -> None:
    wired = Wired(unknown).client(p("", READ) + S).server(PARSED + z())
    wired.client(m.describe_message(b"S", b"nix") + q(READ) + S).server(error("26000") + z())
    wired.client(run("") + S)
    assert wired.asked()[-1] == f"run {READ}"


def test_a_refused_query_in_a_transaction_drops_it_as_well() -> None:
    wired = Wired(lambda r: unknown(r) or texts(DELETE)(r)).client(q("begin")).server(done("BEGIN") + z("T"))
    wired.client(p("", READ) + S).server(PARSED + z("T")).client(q(DELETE)).server(error() + z("E"))
    wired.client(run("") + S)
    assert wired.sent().endswith(REFUSED_PARSE + S)


def test_a_name_that_stands_for_nothing_is_not_understood() -> None:
    wired = Wired(unknown).client(run("nix") + S).server(error("42601") + z())
    assert wired.heard() == DENIED + z()
    wired.client(e("nix") + S)
    assert wired.sent().endswith(REFUSED_PARSE + S)


@pytest.mark.parametrize("kind", ["x", "\0", "s"])
def test_closing_another_kind_closes_nothing(kind: str) -> None:
    wired = Wired().client(p("s", READ) + S).server(PARSED + z()).client(close(kind, "s") + S).server(error() + z())
    assert wired.client(run() + S).asked()[-1] == f"run {READ}"


# Long names, and names that are not ASCII


def test_names_are_cut_where_the_server_cuts_them() -> None:
    long = "n" * 63
    wired = Wired().client(p(long, READ) + p(long + "1", DELETE) + b("", long + "2") + S)
    assert wired.asked() == [f"run {DELETE}"], "three names for one place"


def test_a_name_of_sql_is_cut_like_one_of_the_protocol() -> None:
    long = "n" * 63
    wired = Wired().client(q(f"prepare {long}xyz as {DELETE}")).server(done("PREPARE") + z())
    assert wired.client(run(long) + S).asked()[-1] == f"run {DELETE}"


def test_names_are_what_they_are_in_the_clients_encoding() -> None:
    wired = Wired(unknown, settings={**SETTINGS, "client_encoding": "LATIN1"})
    wired.client(q("prepare é as select 1".encode("latin-1"))).server(done("PREPARE") + z())
    # these bytes are the name in UTF-8, but the server reads them as two other letters
    wired.client(p("é".encode(), DELETE) + S).server(PARSED + z())
    wired.client(b("", "é".encode("latin-1")) + e() + S)
    assert wired.asked()[-1] == "run select 1"
    wired.server(BOUND + done("SELECT 1") + z()).client(b("", "é".encode()) + e() + S)
    assert wired.asked()[-1] == f"run {DELETE}"


# Names that SQL makes


@pytest.mark.parametrize("drop", ["deallocate s", "deallocate all", "discard all"])
def test_prepare_execute_deallocate(drop: str) -> None:
    wired = Wired(unknown).client(q(f"prepare s as {DELETE}")).server(done("PREPARE") + z())
    wired.client(q("execute s"))
    assert last_actions(wired) == {"delete"}
    wired.server(done("DELETE 1") + z()).client(q(drop)).server(done("DEALLOCATE") + z())
    wired.client(q("execute s"))
    assert last_actions(wired) == {"unknown"}
    assert wired.heard().endswith(DENIED + z())


def test_a_prepare_that_failed_leaves_the_old_text() -> None:
    wired = Wired().client(q(f"prepare s as {DELETE}")).server(done("PREPARE") + z())
    wired.client(q(f"prepare s as {READ}")).server(error("42P05") + z()).client(q("execute s"))
    assert last_actions(wired) == {"delete"}


@chunks
def test_execute_waits_for_an_earlier_query_that_names(chunk: int) -> None:
    wired = Wired(chunk=chunk).client(q(f"prepare s as {DELETE}") + q("execute s"))
    assert wired.sent() == q(f"prepare s as {DELETE}") + FLUSH
    wired.server(done("PREPARE") + z())
    assert wired.sent() == q("execute s")
    assert last_actions(wired) == {"delete"}


def test_a_text_that_prepares_and_executes_at_once() -> None:
    wired = Wired().client(q(f"prepare s as {DELETE}; execute s; deallocate s; execute s"))
    assert [sorted(s.actions) for s in wired.requests[0].reading.statements][1] == ["delete"]


def test_protocol_and_sql_share_their_names() -> None:
    wired = Wired().client(p("s", DELETE) + S).server(PARSED + z()).client(q("execute s"))
    assert last_actions(wired) == {"delete"}
    wired.server(done("DELETE 0") + z()).client(q("deallocate s")).server(done("DEALLOCATE") + z())
    wired.client(q(f"prepare s as {READ}")).server(done("PREPARE") + z()).client(run() + S)
    assert wired.asked()[-1] == f"run {READ}"


def test_a_statement_that_executes_by_name_is_decided_on_what_the_name_stands_for_when_it_runs() -> None:
    wired = (
        Wired().client(q(f"prepare s as {READ}")).server(done("PREPARE") + z()).client(q("begin")).server(done("BEGIN") + z("T"))
    )
    wired.client(p("x", "execute s") + b("c", "x") + S).server(PARSED + BOUND + z("T"))
    assert last_actions(wired) == {"read"}
    wired.client(q(f"deallocate s; prepare s as {DELETE}")).server(done("DEALLOCATE") + done("PREPARE") + z("T"))
    wired.client(e("c") + S)
    assert wired.asked()[-1] == "fetch execute s"
    assert last_actions(wired) == {"delete"}
    assert wired.requests[-1].refers_to is not None


def test_the_other_way_around_in_one_batch() -> None:
    wired = Wired(texts(DELETE)).client(p("s", READ) + p("x", "execute s") + b("c", "x") + close("S", "s") + e("c") + S)
    assert last_actions(wired) == {"unknown"}, "at that moment the name stands for nothing"


def prepared(wired: Wired, *statements: tuple[str, str]) -> Wired:
    """Prepares by the protocol what SQL could not prepare."""
    for name, text in statements:
        wired.client(p(name, text) + S).server(PARSED + z())
    return wired


def test_execute_of_an_execute_does_what_the_last_of_them_does() -> None:
    wired = prepared(Wired(), ("a", DELETE), ("b", "execute a"), ("c", "execute b"))
    wired.client(q("execute c"))
    assert last_actions(wired) == {"delete"}


def test_execute_without_end_is_not_understood() -> None:
    wired = prepared(Wired(), ("a", "execute b"), ("b", "execute a"))
    wired.client(q("execute a"))
    assert "unknown" in last_actions(wired)


def test_what_is_executed_may_change_names() -> None:
    wired = prepared(Wired(), ("s", READ), ("drop", "deallocate s"), ("make", f"prepare s as {DELETE}"))
    for name in ("drop", "make"):
        wired.client(q(f"execute {name}")).server(done("X") + z())
    wired.client(q("execute s"))
    assert last_actions(wired) == {"delete"}


def test_what_is_executed_may_ask_for_data() -> None:
    wired = prepared(Wired(), ("s", "copy t from stdin")).client(q("execute s") + S)
    assert wired.sent().endswith(q("execute s") + FLUSH)
    wired.server(m.copy_response(b"G", 1)).client(m.copy_done() + S).server(done("COPY 0") + z() * 2)
    assert wired.wire.idle


def test_cursors_and_portals_share_their_names() -> None:
    wired = Wired(unknown).client(q("begin")).server(done("BEGIN") + z("T"))
    wired.client(q(f"declare c cursor for {READ}")).server(done("DECLARE CURSOR") + z("T"))
    wired.client(e("c", 1) + S).server(row() + m.message(b"s") + z("T"))
    assert wired.asked()[-1] == f"fetch {READ}"
    wired.client(q("fetch 1 from c")).server(row() + done("FETCH 1") + z("T")).client(q("close c")).server(
        done("CLOSE CURSOR") + z("T")
    )
    wired.client(e("c") + S)
    assert last_actions(wired) == {"unknown"}
    wired.server(error() + z("E"))
    assert wired.client(q("rollback")).server(done("ROLLBACK") + z()).wire.idle


@pytest.mark.parametrize(("hold", "actions"), [("", {"read", "unknown"}), (" with hold", {"read"})])
def test_cursors_end_with_their_transaction(hold: str, actions: set[str]) -> None:
    wired = Wired().client(q("begin")).server(done("BEGIN") + z("T"))
    wired.client(q(f"declare c cursor{hold} for {READ}")).server(done("DECLARE CURSOR") + z("T"))
    wired.client(q("commit")).server(done("COMMIT") + z()).client(q("fetch 1 from c"))
    assert last_actions(wired) == actions


# Names of settings


SET_BY_PARAMETER = "select set_config($1, $2, false)"


def settings_of(wired: Wired, at: int = -1) -> list[str | None]:
    return [setting.name for s in wired.requests[at].reading.statements for setting in s.settings]


@chunks
def test_the_name_of_a_setting_is_filled_in_when_it_is_bound_and_not_kept(chunk: int) -> None:
    wired = Wired(chunk=chunk).client(p("s", SET_BY_PARAMETER) + b("", "s", b"work_mem", b"1MB") + e() + S)
    wired.server(PARSED + BOUND + row() + done("SELECT 1") + z())
    assert settings_of(wired) == ["work_mem"]
    wired.client(b("", "s", b"NIGHTPORTER.principal ", b"eve") + e() + S)
    assert settings_of(wired) == ["nightporter.principal"], "folded, and without the padding of `character`"


@pytest.mark.parametrize("values", [(), (None, b"1")])
def test_the_name_of_a_setting_that_is_not_bound_stays_unknown(values: tuple[bytes | None, ...]) -> None:
    wired = Wired().client(p("s", SET_BY_PARAMETER) + S).server(PARSED + z()).client(b("", "s", *values) + e() + S)
    assert settings_of(wired) == [None]
    assert wired.requests[-1].reading.statements[0].settings[0].parameter is None


def test_execute_is_no_way_around_the_check_of_a_settings_name() -> None:
    """What Bind would supply, and we would check, an EXECUTE computes."""
    wired = prepared(Wired(), ("s", SET_BY_PARAMETER)).client(q("execute s('nightporter.principal', 'eve')"))
    setting = wired.requests[-1].reading.statements[0].settings[0]
    assert (setting.name, setting.parameter) == (None, None)
