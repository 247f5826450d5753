"""What an adversary tried to get at values that are masked, against a schema of its own: other names, types, and ways around.

Like `test_veil`: no policy file, and every byte that clients are sent is looked through.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.lab.tee import Tap
from tests.lab.veiled import Veiled, connect, veiled

SCHEMA = Path(__file__).parent / "veil_attacks.sql"
VALUES = ("zwickelhuber", "brandlmoser", "walburga", "83617", "4111111111111111", "4111 1111 1111 1111", "65 170839", "gurkensalat")
SECRETS = frozenset(
    form
    for value in VALUES
    for form in (value.encode(), value[::-1].encode(), value.encode().hex().encode(), value.encode("utf-16-le"))
) | {struct.pack("!q", 4111111111111111)}
"""Compared without regard to case."""


@pytest.fixture(scope="module", params=["debian15", "embedded18"])
def place(request: pytest.FixtureRequest) -> Iterator[Veiled]:
    """Before a database that `test_veil` knows nothing of."""
    with veiled(request.getfixturevalue(request.param), SCHEMA) as stand:
        yield stand


def seen(tap: Tap) -> list[bytes]:
    """Which of the values were sent."""
    heard = tap.heard().lower()
    return sorted(each for each in SECRETS if each in heard)


def tried(session: psycopg.Connection, text: str, binary: bool = False) -> list[object]:
    """The rows that a text gives; () where it was refused, which must be an answer: the session goes on."""
    cursor = session.cursor(binary=binary)
    try:
        if text.startswith("copy"):
            with cursor.copy(text.encode()) as copy:
                return list(copy)
        cursor.execute(text.encode())
        return list(cursor.fetchall()) if cursor.description else []
    except psycopg.Error as error:
        assert error.sqlstate, error  # noqa: PT017 - it may be refused, and must not break the session
        return []


# Pieces of what is composed: fields of rows, members of documents

PIECES = (
    "select (p).nachname, (p).karte from akten",
    "select nachname(p) from akten",
    "select (ps[1]).nachname from akten",
    "select (unnest(ps)).* from akten",
    "select u.* from akten, unnest(ps) u",
    "select (x).* from (select p as x from akten) q",
    "select doc['personen'][0]['nachname'] from profile",
    "select doc #>> array['personen', '0', 'nachname'] from profile",
    "select doc #>> '{personen,0,nachname}'::text[] from profile",
    "select jsonb_path_query(doc, '$.**.nachname') from profile",
    "select jsonb_path_query_first(doc, '$.personen[0].\"nachname\"') from profile",
    "select jsonb_extract_path_text(doc, 'personen', '0', 'nachname') from profile",
    "select r.nachname from profile, jsonb_to_recordset(doc -> 'personen') as r(nachname text, n int)",
    "select r.* from profile, jsonb_populate_recordset(null::person_t, doc -> 'personen') r",
    "select (jsonb_populate_record(null::person_t, doc -> 'personen' -> 0)).nachname from profile",
    "select e ->> 'nachname' from profile, jsonb_array_elements(doc -> 'personen') e",
    "select doc::text from profile",
    "select jsonb_pretty(doc) from profile",
    "select array_agg(doc::text) from profile",
    "select json_value(doc, '$.personen[0].nachname'), json_query(doc, '$.personen[0].nachname') from profile",
    "select t.* from profile, json_table(doc, '$.personen[*]' columns (a text path '$.nachname')) t",
    "select t.* from profile, json_table(doc, '$.personen[*]' columns (nachname text)) t",
    "select (f_person()).nachname, (f_person()).*",
    "select * from f_person()",
)


@pytest.mark.parametrize("who", ["tuner", "grace"])
@pytest.mark.parametrize("text", PIECES)
def test_a_piece_is_what_its_name_says(place: Veiled, text: str, who: str) -> None:
    with connect(place, who) as session:
        place.tap.heard()
        for binary in (False, True):
            tried(session, text, binary)
        tried(session, f"copy ({text}) to stdout")
        assert seen(place.tap) == []


HARMLESS = (
    ("select (p).vn is null, (p).menge from akten", [(False, 7)]),
    ("select doc ->> 'art', doc['art'], doc #>> '{art}', doc -> 'n' from profile", [("konto", "konto", "konto", 3)]),
    ("select jsonb_path_query(doc, '$.art'), jsonb_extract_path_text(doc, 'art') from profile", [("konto", "konto")]),
    ("select r.art, r.n from profile, jsonb_to_record(doc) as r(art text, n int)", [("konto", 3)]),
    ("select lower(doc ->> 'art'), (doc ->> 'n')::int + 1 from profile", [("konto", 4)]),
    (
        "select was, '{nachname}', '[1, 2]', '{\"a\": \"b\"}' from ereignis where id = 2",
        [("zwei", "{nachname}", "[1, 2]", '{"a": "b"}')],
    ),
)


@pytest.mark.parametrize("who", ["tuner", "grace"])
@pytest.mark.parametrize(("text", "rows"), HARMLESS, ids=[each[0][:40] for each in HARMLESS])
def test_pieces_that_tell_nothing_are_shown(place: Veiled, who: str, text: str, rows: list[object]) -> None:
    with connect(place, who) as session:
        assert tried(session, text) == rows
        assert tried(session, text, binary=True) == rows


# What is said where no statement seems to have to do with it


@pytest.mark.parametrize(
    ("before", "texts", "after"),
    [
        (
            "create function f_late() returns trigger language plpgsql as"
            " $$ begin raise exception 'n: %', (select nachname from kunden where kd_nr = 1); end $$;"
            "create constraint trigger late after insert on ereignis deferrable initially deferred"
            " for each row execute function f_late()",
            ("begin", "insert into ereignis values (77, 'x')", "commit", "insert into ereignis values (78, 'x')"),
            "drop function f_late cascade",
        ),
        (
            "create function f_whole() returns trigger language plpgsql as $$ begin raise warning 'n: %', new.nachname"
            " using hint = old.nachname, detail = row_to_json(new)::text; return new; end $$;"
            "create trigger whole after update on kunden for each row execute function f_whole()",
            ("update kunden set status = 'neu'",),
            "drop function f_whole cascade",
        ),
        (
            "create function f_told() returns text language plpgsql as $$ declare t text; begin"
            " begin insert into eltern select nachname from kunden; exception when unique_violation then"
            " get stacked diagnostics t = pg_exception_detail; end; return t; end $$",
            ("select f_told()", "select * from f_told()"),
            "drop function f_told",
        ),
        (
            "select 1",
            ("do $$ begin execute 'set application_name = ' || (select nachname from kunden where kd_nr = 1); end $$", "select 1"),
            "select 1",
        ),
    ],
    ids=["deferred", "trigger", "diagnostics", "application_name"],
)
def test_what_is_set_off_says_nothing(place: Veiled, before: str, texts: tuple[str, ...], after: str) -> None:
    with connect(place, "grace") as person:
        try:
            person.execute(before.encode())
            place.tap.heard()
            for text in texts:
                tried(person, text)
            assert seen(place.tap) == []
            with connect(place, "grace") as other:
                place.tap.heard()
                for text in texts:
                    try:
                        other.execute(text.encode(), (), prepare=True)
                    except psycopg.Error as error:
                        assert error.sqlstate  # noqa: PT017
            assert seen(place.tap) == []
        finally:
            person.execute(after.encode())


# Where labels have to follow

MOVES = (
    (
        "create table moved (id int, q text, t tsvector);;create trigger filling before insert on moved for each row execute"
        " function tsvector_update_trigger(t, 'pg_catalog.simple', q);;"
        "insert into moved (id, q) select kd_nr, nachname from kunden",
        ("select t from moved", "select tsvector_to_array(t) from moved", "table moved"),
    ),
    (
        "create table moved as select doc -> 'personen' -> 0 as a from profile",
        ("select a from moved", "select a ->> 'nachname' from moved", "select moved from moved"),
    ),
    (
        "create table moved (k kunden);;insert into moved select k from kunden k",
        ("select k from moved", "select (k).nachname from moved", "select (k).* from moved", "select to_jsonb(k) from moved"),
    ),
    (
        "create table moved (k person_t);;insert into moved values (row('x', 'Zwickel' || 'huber', 'y', 1))",
        ("select k from moved", "select (k).nachname from moved", "select k::text from moved", "select moved from moved"),
    ),
)


@pytest.mark.parametrize(("move", "looks"), MOVES, ids=[each[0][:50] for each in MOVES])
def test_labels_follow(place: Veiled, move: str, looks: tuple[str, ...]) -> None:
    with connect(place) as agent, connect(place, "grace") as person:
        try:
            for text in move.split(";;"):
                person.execute(text.encode())
            place.tap.heard()
            for text in looks:
                assert len(tried(agent, text)) >= 1
                tried(agent, text, binary=True)
            assert seen(place.tap) == []
        finally:
            person.execute("drop table if exists moved")


def test_labels_follow_temporary_tables_that_get_other_names(place: Veiled) -> None:
    with connect(place, "grace") as person:
        place.tap.heard()
        for text in (
            "create temp table own as select nachname as q from kunden",
            "alter table own rename q to r",
            "select r from own",
            "alter table own rename to mine",
            "select r from mine",
            "begin",
            "create temp table other as select nachname as q from kunden",
            "savepoint a",
            "alter table other rename q to r",
            "select r from other",
            "alter table other rename to others",
            "select others from others",
            "rollback to a",
            "select q from other",
            "commit",
        ):
            person.execute(text.encode())
        assert seen(place.tap) == []


# At the level of the protocol


def _message(code: bytes, body: bytes) -> bytes:
    return code + struct.pack("!I", len(body) + 4) + body


def _parse(name: bytes, text: bytes) -> bytes:
    return _message(b"P", name + b"\0" + text + b"\0\0\0")


def _bind(portal: bytes, name: bytes, *formats: int) -> bytes:
    return _message(b"B", portal + b"\0" + name + b"\0" + struct.pack(f"!HHH{len(formats)}H", 0, 0, len(formats), *formats))


def _execute(portal: bytes, rows: int = 0) -> bytes:
    return _message(b"E", portal + b"\0" + struct.pack("!I", rows))


def _describe(kind: bytes, name: bytes) -> bytes:
    return _message(b"D", kind + name + b"\0")


def _query(text: bytes) -> bytes:
    return _message(b"Q", text + b"\0")


SYNC = _message(b"S", b"")
PEOPLE = b"select nachname, kartennummer, vorname from kunden"
TALKS = {
    "no description": (_parse(b"", PEOPLE) + _bind(b"", b"", 1) + _execute(b"") + SYNC,),
    "other formats": (
        _parse(b"a", PEOPLE) + _describe(b"S", b"a") + _bind(b"", b"a", 0, 1, 0) + _execute(b"") + SYNC,
        _bind(b"", b"a", 1) + _execute(b"", 1) + _execute(b"") + SYNC,
    ),
    "two portals": (
        _query(b"begin"),
        _parse(b"a", PEOPLE) + _parse(b"b", b"select 1, 2, 3") + _bind(b"p", b"a", 1) + _bind(b"q", b"b"),
        _describe(b"P", b"q") + _execute(b"q", 1) + _execute(b"p", 1) + _describe(b"P", b"p") + _execute(b"p") + SYNC,
    ),
    "a portal that is fetched from": (
        _query(b"begin"),
        _parse(b"a", PEOPLE) + _bind(b"p", b"a") + SYNC,
        _query(b"fetch 1 from p"),
        _query(b"fetch all from p"),
    ),
    "a cursor that is executed": (_query(b"begin"), _query(b"declare p cursor for " + PEOPLE), _execute(b"p", 1) + SYNC),
    "a name that means something else": (
        _parse(b"z", b"select 'a', 'b', 'c'") + SYNC,
        _query(b"deallocate z"),
        _query(b"prepare z as " + PEOPLE),
        _bind(b"", b"z") + _execute(b"") + SYNC,
        _query(b"execute z"),
    ),
    "several": (_query(b"select 1; " + PEOPLE + b"; copy kunden to stdout; copy (select 1) to stdout; " + PEOPLE),),
    "after an error": (_query(b"select 1 / 0; " + PEOPLE), _query(PEOPLE + b"; select 1 / 0")),
}


@pytest.mark.parametrize("who", ["tuner", "grace"])
@pytest.mark.parametrize("talk", TALKS)
def test_no_talk_gets_around_it(place: Veiled, talk: str, who: str) -> None:
    with connect(place, who) as session:
        place.tap.heard()
        with socket.socket(fileno=os.dup(session.fileno())) as raw:
            raw.settimeout(20)
            raw.setblocking(True)
            for part in TALKS[talk]:
                raw.sendall(part)
                if part.startswith(b"Q") or part.endswith(SYNC):
                    _until_ready(raw)
        assert seen(place.tap) == []


def _until_ready(raw: socket.socket) -> None:
    """Read up to ReadyForQuery."""
    heard = b""
    while heard[-6:-1] != b"Z\0\0\0\5":
        data = raw.recv(65536)
        assert data, heard[-200:]
        heard += data


ENCODINGS = ("LATIN1", "SQL_ASCII", "SJIS", "BIG5", "GBK", "GB18030", "UHC", "EUC_JP", "EUC_KR", "KOI8R")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_encoding_gets_around_it(place: Veiled, encoding: str) -> None:
    with connect(place, "grace") as person:
        person.execute(f"set client_encoding to '{encoding}'".encode())
        place.tap.heard()
        with socket.socket(fileno=os.dup(person.fileno())) as raw:
            raw.settimeout(20)
            raw.setblocking(True)
            for text in (
                b"select * from kunden, profile, akten",
                b"select k::text, doc::text, row_to_json(k) from kunden k, profile",
                b"copy kunden to stdout",
                b"copy (select doc, nachname from profile, kunden) to stdout (format csv)",
                b"select nachname::int from kunden",
            ):
                raw.sendall(_query(text))
                _until_ready(raw)
        assert seen(place.tap) == []
