"""The session's state, protocol step by protocol step. Each line of a script is what the server has confirmed.

    text            a statement that succeeded          !text    one that failed
    I T E           ReadyForQuery with that status      ?path    the server was asked, and this is its search path
    name=value      a ParameterStatus

What must come of it: the search path (None: not certain), and in some the role or the temporary schema.
"""

from __future__ import annotations

import pytest

from nightporter.protocols.postgres.analysis import analyse
from nightporter.protocols.postgres.session import Session, Standing, follow, stand
from nightporter.protocols.postgres.steps import TRACKED, steps_of

START = ("p", "none", "ada", "on", "origin", "off")
TEMPORARY = "pg_temp_3"


def play(*script: str, temporary: str = "") -> Session:
    session = Session()
    session.answered(START, temporary)
    failed = False
    for line in script:
        if line in ("I", "T", "E"):
            session.ready(line.encode(), failed)
            failed = False
        elif line.startswith("?"):
            session.answered((line[1:], *START[1:]), "" if session.temporary is None else None)
        elif "=" in line.split(" ")[0]:
            session.reported(*line.split("=", 1))
        else:
            text = line.removeprefix("!").partition(" ->")[0]
            tag = line.partition(" -> ")[2] or None
            for statement in analyse(text).statements:
                steps = steps_of(statement)
                moving = session.sent(steps)
                if line.startswith("!"):
                    session.broke(steps)
                    failed = True
                else:
                    session.done(steps, tag or statement.kind.upper())
                if moving:
                    session.gone()
    return session


def path(session: Session) -> str | None:
    standing = session.standing
    return ",".join(standing.path) if standing.certain else None


A, B, LOCAL, UNSURE = "set search_path = a", "set search_path = b", "set local search_path = l", "do $$ begin end $$"
CASES: list[tuple[list[str], str | None]] = [
    ([], "p"),
    ([A], "a"),
    ([A, "I"], "a"),
    ([f"!{A}", "I"], "p"),
    ([A, "!select 1", "I"], "p"),
    (["begin", "T", A, "T"], "a"),
    (["begin", "T", A, "T", "commit", "I"], "a"),
    (["begin", "T", A, "T", "rollback", "I"], "p"),
    (["begin", "T", A, "T", "!select 1", "E", "rollback", "I"], "p"),
    (["begin", "T", A, "T", "!select 1", "E", "commit -> ROLLBACK", "I"], "p"),
    (["begin", "T", A, "T", "!commit", "I"], "p"),
    (["begin", "T", LOCAL, "T"], "l"),
    (["begin", "T", LOCAL, "T", "commit", "I"], "p"),
    (["begin", "T", A, "T", LOCAL, "T", "commit", "I"], "a"),
    (["begin", "T", LOCAL, "T", A, "T", "commit", "I"], "a"),
    ([LOCAL, "I"], "p"),
    (["begin", "T", "savepoint s", "T", A, "T", "rollback to s", "T"], "p"),
    (["begin", "T", "savepoint s", "T", A, "T", "rollback to s", "T", "commit", "I"], "p"),
    (["begin", "T", "savepoint s", "T", A, "T", "release s", "T", "commit", "I"], "a"),
    (["begin", "T", "savepoint s", "T", LOCAL, "T", "release s", "T"], "l"),
    (["begin", "T", A, "T", "savepoint s", "T", B, "T", "savepoint s", "T", "rollback to s", "T"], "b"),
    (["begin", "T", A, "T", "savepoint s", "T", B, "T", "savepoint q", "T", "rollback to s", "T"], "a"),
    (["begin", "T", A, "T", "rollback to nowhere", "T"], None),
    (["begin", "T", A, "T", "savepoint s", "T", "!select 1", "E", "rollback to s", "T"], "a"),
    (["begin", "T", A, "T", "commit and chain", "T", B, "T", "rollback", "I"], "a"),
    (["begin", "T", LOCAL, "T", "commit and chain", "T"], "p"),
    (["begin", "T", LOCAL, "T", "rollback and chain", "T"], "p"),
    (["begin", "T", A, "T", "prepare transaction 'x'", "I"], "a"),
    # one text, one transaction
    ([f"{A}; begin", "T", "rollback", "I"], "p"),
    ([f"{A}; commit; {B}", "!select 1", "I"], "a"),
    # uncertain
    ([UNSURE, "I"], None),
    ([UNSURE, "I", "?q"], "q"),
    ([UNSURE, "I", "?q", "begin", "T", A, "T", "rollback", "I"], "q"),
    (["begin", "T", UNSURE, "T", "rollback", "I"], "p"),
    (["begin", "T", UNSURE, "T", "commit", "I"], None),
    (["begin", "T", UNSURE, "T", "?q", "T"], "q"),
    (["begin", "T", UNSURE, "T", "?q", "commit", "I"], None),
    (["begin", "T", "savepoint s", "T", UNSURE, "T", "rollback to s", "T"], "p"),
    ([UNSURE, A, "I"], None),
    ([f"!{UNSURE}", "I"], None),
    (["begin", "T", f"!{UNSURE}", "E", "rollback", "I"], "p"),
    (["select set_config('search_path', 'a', true)", "I"], None),
    # what was put off runs at the end, and may do again what it did
    (["begin", "T", UNSURE, "T", "?q", "set constraints all immediate", "T"], None),
    (["begin", "T", "set constraints all immediate", "T"], "p"),
    (["begin", "T", "declare c cursor with hold for select set_config('search_path', 'a', false)", "T", "commit", "I"], None),
    (["begin", "T", "declare c cursor with hold for select 1", "T", "commit", "I"], "p"),
    # back to the beginning
    ([A, "I", "reset search_path", "I"], "p"),
    ([A, "I", "reset all", "I"], "p"),
    ([A, "I", "discard all", "I", "?p"], "p"),
    (["begin", "T", A, "T", "reset search_path", "T", "rollback", "I"], "p"),
    # reported
    (["search_path=r", "I"], "r"),
    (["begin", "T", "search_path=r", "T"], "r"),
    (["begin", "T", "search_path=r", "T", "commit", "I"], None),
    (["begin", "T", A, "search_path=a", "T", "commit", "I"], "a"),
]


@pytest.mark.parametrize(("script", "expected"), CASES, ids=[" | ".join(script) for script, _ in CASES])
def test_the_search_path(script: list[str], expected: str | None) -> None:
    session = play(*script)
    assert path(session) == expected
    assert not session.moving
    assert session.certain == (expected is not None)


@pytest.mark.parametrize(
    ("script", "role"),
    [
        ([], "ada"),
        (["set role app", "I"], "app"),
        (["set role app", "I", "set role none", "I"], "ada"),
        (["set role app", "I", "reset role", "I"], "ada"),
        (["set role app", "I", "reset all", "I"], "app"),
        (["set session authorization bob", "I"], "bob"),
        (["set role app", "I", "set session authorization bob", "I"], "bob"),
        (["begin", "T", "set local role app", "T"], "app"),
        (["begin", "T", "set local role app", "T", "commit", "I"], "ada"),
        (["set role app", "I", "begin", "T", "set session authorization bob", "T", "rollback", "I"], None),
    ],
)
def test_the_role(script: list[str], role: str | None) -> None:
    session = play(*script)
    assert (session.standing.role if session.certain else None) == role


def test_a_new_session_knows_nothing() -> None:
    session = Session()
    assert not session.certain
    assert not session.steady
    assert session.temporary is None


def test_a_temporary_schema_is_asked_for_once_something_may_have_made_it() -> None:
    session = play("create table t (a int)", "I")
    assert session.temporary is None
    assert not session.certain
    session.answered(START, TEMPORARY)
    assert session.standing.temporary == TEMPORARY
    assert session.standing.private
    known = play("create table t (a int)", "I", temporary=TEMPORARY)
    assert known.certain, "it keeps its name"


def test_a_temporary_schema_goes_with_the_transaction_that_made_it() -> None:
    session = play("begin", "T", "create temp table t (a int)", "T", "?p", "rollback", "I")
    assert session.certain
    assert session.standing.temporary == ""
    assert session.standing.private == 0


def test_its_own_changes_are_seen_by_itself_until_they_are_committed() -> None:
    script = ["begin", "T", "create table t (a int)", "T", "?p"]
    session = play(*script)
    first = session.standing.private
    assert first
    assert not session.published
    session = play(*script, "commit", "I")
    assert session.published
    assert session.standing.private == 0
    session = play(*script, "rollback", "I")
    assert not session.published
    assert session.standing.private == 0


def test_each_change_is_another_view_and_a_savepoint_brings_the_earlier_one_back() -> None:
    session = play("begin", "T", "create table t (a int)", "T", "?p", "savepoint s", "T")
    first = session.standing.private
    for text in ("create table u (a int)", "rollback to s"):
        (statement,) = analyse(text).statements
        session.done(steps_of(statement), "X")
        assert (session.standing.private == first) == (text == "rollback to s")


@pytest.mark.parametrize("text", ["create table t (a int)", "create table t (a int); select 1", "commit prepared 'x'", UNSURE])
def test_outside_a_transaction_a_change_may_be_seen_by_others_at_once(text: str) -> None:
    assert play(text).published


@pytest.mark.parametrize("text", ["vacuum t", "select 1", "grant"])
def test_what_changes_no_catalogue_is_not_published(text: str) -> None:
    assert play("!" + text if text == "grant" else text).published == (text == "grant"), "what failed to be read may be anything"


def test_what_failed_outside_of_a_transaction_may_have_left_something() -> None:
    assert play("!create index concurrently i on t (a)", "I").published
    assert not play("begin", "T", "!create table t (a int)", "E", "rollback", "I").published


def test_after_a_change_the_next_text_waits_for_what_is_owed() -> None:
    session = play("begin", "T")
    assert (session.moving, session.steady) == (False, True)
    (statement,) = analyse(A).statements
    assert session.sent(steps_of(statement))
    assert (session.moving, session.steady) == (True, False)
    session.done(steps_of(statement), "SET")
    session.gone()
    assert session.changed, "its end may bring back what was"
    (commit,) = analyse("commit").statements
    assert session.sent(steps_of(commit))
    session.done(steps_of(commit), "COMMIT")
    session.gone()
    assert session.steady


def test_the_end_of_a_transaction_that_changed_nothing_holds_up_nobody() -> None:
    session = play("begin", "T", "savepoint a", "T")
    for text in ("rollback to a", "release a", "commit", "rollback"):
        (statement,) = analyse(text).statements
        assert not session.sent(steps_of(statement))
    assert session.steady


def test_channels_follow_the_transaction() -> None:
    assert play("listen a", "I", "listen b", "I").channels == {"a", "b"}
    assert play("listen a", "I", "unlisten *", "I").channels == frozenset()
    assert play("listen a", "I", "begin", "T", "unlisten a", "T", "rollback", "I").channels == {"a"}
    assert play("listen a", "I", "discard all", "I").channels == frozenset()


def test_what_a_transaction_says_of_itself_goes_with_it() -> None:
    begun = ["begin isolation level serializable", "T", "set transaction read only", "T"]
    assert play(*begun).modes == {"transaction_isolation": "serializable", "transaction_read_only": "on"}
    assert play(*begun, "commit", "I").modes == {}


def test_alike_is_the_same() -> None:
    assert play(A).standing is play(B, A).standing
    assert play(A).standing is not play(B).standing
    assert isinstance(play().standing, Standing)


def test_several_statements_are_followed_from_where_the_session_stands() -> None:
    session = play("begin", "T", A, "T", "savepoint s", "T", B, "T")
    standing = session.standing_for_several()
    assert standing.after is not None
    assert standing is session.standing_for_several()
    copy = follow(standing.after)
    (statement,) = analyse("rollback to s").statements
    copy.done(steps_of(statement))
    assert copy.standing.path == ("a",)
    assert session.standing.path == ("b",)


def test_a_failed_transaction_ends_as_rolled_back_in_a_text_of_several() -> None:
    session = play("begin", "T", A, "T", "!select 1", "E")
    assert session.failed
    copy = follow(session.standing_for_several().after)  # type: ignore[arg-type]
    (statement,) = analyse("commit").statements
    copy.done(steps_of(statement))
    assert copy.standing.path == ("p",)


def test_settings_are_by_name() -> None:
    assert dict(play("set row_security = off").standing.settings) == dict(zip(TRACKED[3:], ("off", "origin", "off"), strict=True))
    assert stand(play()._state) is play().standing
