"""The application name: the database sees who it is, the client sees its own."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from tests.lab.book import Book

from .conftest import Connect, ask, session_of

See = Callable[[psycopg.Connection], str]


@pytest.fixture
def seen(database18: str) -> See:
    """What others see of a session in pg_stat_activity."""

    def see(connection: psycopg.Connection) -> str:
        with psycopg.connect(database18) as admin:
            question = "select application_name from pg_stat_activity where pid = %s"
            row = admin.execute(question, (connection.info.backend_pid,)).fetchone()
        assert row is not None
        return str(row[0])

    return see


def own(connection: psycopg.Connection) -> str | None:
    return connection.info.parameter_status("application_name")


def test_it_is_labeled(connect: Connect, seen: See) -> None:
    session = connect(application_name="report")
    assert (seen(session), own(session)) == ("ada report", "report")
    session.execute("reset application_name")
    assert (seen(session), own(session)) == ("ada report", "report")


def test_without_one_there_is_the_label(connect: Connect, seen: See) -> None:
    session = connect()
    assert (seen(session), own(session)) == ("ada", "")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("set application_name = 'nightly'", "nightly"),
        ("SET SESSION Application_Name TO nightly /* job */ -- 3 am", "nightly"),
        ('set application_name to "Night ly"', "Night ly"),
        ("set application_name = E'it''s'", "it's"),
        ("set application_name = $$a$$", "a"),
        ("set application_name = ''", ""),
        ("set application_name = 7", "7"),
        ("select 1; set application_name = 'nightly'; select 2", "nightly"),
    ],
)
def test_set_is_rewritten(connect: Connect, seen: See, book: Book, text: str, name: str) -> None:
    with connect() as session:
        session.execute(text.encode())
        assert (seen(session).rstrip(), own(session)) == (f"ada {name}".rstrip(), name)
        number = session_of(session)
    (told, _) = book.session(number)
    assert told.text == text
    assert f"ada {name}" in told.intent["what"]["rewritten"] or name == "it's"


def shown(name: str) -> str:
    """How PostgreSQL 18 shows a name: what is not ASCII is escaped, byte for byte."""
    return "".join(c if c.isascii() else "".join(f"\\x{byte:02x}" for byte in c.encode()) for c in name)


def test_long_names_are_cut_on_a_character(connect: Connect) -> None:
    session = connect(application_name="é" * 40)
    assert ask(session, "show application_name") == shown("ada " + "é" * 29)
    assert own(session) == shown("é" * 29)
    session.execute(("set application_name = 'x" + "é" * 40 + "'").encode())
    assert ask(session, "show application_name") == shown("ada x" + "é" * 29)
    assert own(session) == shown("x" + "é" * 29)


def test_a_rollback_takes_it_back(connect: Connect, seen: See) -> None:
    session = connect(application_name="first")
    for text in ("set local application_name = 'second'", "set application_name = 'second'"):
        session.execute("begin")
        session.execute(text.encode())
        assert (ask(session, "show application_name"), own(session)) == ("ada second", "second")
        session.execute("rollback")
        assert (seen(session), own(session)) == ("ada first", "first")
    session.execute("begin; set local application_name = 'second'; commit")
    assert (seen(session), own(session)) == ("ada first", "first")


@pytest.mark.parametrize("encoding", ["LATIN1", "UTF8"])
def test_it_goes_in_the_session_s_encoding(connect: Connect, encoding: str) -> None:
    session = connect(client_encoding=encoding)
    session.execute("set application_name = 'café'".encode(session.info.encoding))
    assert ask(session, "show application_name") == shown("ada café")
