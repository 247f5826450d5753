"""psql, old and new, as people use it: what it prints through the gateway is what it prints at the server."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from nightporter.demo.server import EmbeddedServer
from tests.lab.alike import difference
from tests.lab.book import until
from tests.lab.clients import BINARIES, environment, psql
from tests.lab.gateway import Gateway

MAJORS = [15, 18]

SCRIPT = r"""
create table person (id serial primary key, name text not null default 'nobody', born date);
create table pet (id int primary key, owner int references person on delete cascade, name varchar(20) unique);
create view elders as select name from person where born < '1960-01-01';
create function greet(text) returns text language sql as $$ select 'hello ' || $1 $$;
comment on table pet is 'furry';
\d
\d person
\d+ pet
\d+ elders
\df greet
\dn
\l postgres
\dt+ pet
\dt nowhere
insert into person (name, born) values ('Ann', '1955-05-05'), ('Bob', null), (E'tab\there', '2000-01-01');
select * from person order by id;
\x on
select * from person order by id limit 1;
\x off
\pset format csv
table person;
\pset format aligned
select greet('world') \gset
select 'a' as one, 2 as two \gdesc
select name from person order by id \gx
select format('select %s', g) from generate_series(1, 3) g \gexec
select $1::int + $2::int \bind 3 4 \g
selec 1;
select 1/0;
begin;
select * from nowhere;
select 1;
commit;
\copy person (name) from 'names.txt'
\copy (select name from person order by name) to 'out.txt' csv
\copy (select name from person order by name) to stdout
copy person (name) from stdin;
typed in
\.
select name from person where name like 'typed%'; select 'two in one';
do $$ begin raise notice 'heard'; raise warning 'louder'; end $$;
\set ON_ERROR_ROLLBACK on
begin; select 1/0;
select 'still here';
commit;
\set FETCH_COUNT 2
select g from generate_series(1, 7) g;
\set FETCH_COUNT 0
listen bell; notify bell, 'rung';
show search_path;
prepare p(int) as select $1 * 2; execute p(21); deallocate p;
explain (costs off) select * from person where id = 1;
\echo :greet
drop table person, pet cascade;
drop function greet;
"""


@pytest.mark.parametrize("major", MAJORS)
def test_a_session(gate: Gateway, shop: str, embedded18: EmbeddedServer, tmp_path: Path, major: int) -> None:
    said, written = [], []
    for dsn in (embedded18.dsn(shop), gate.dsn("iris", shop)):
        (tmp_path / "names.txt").write_text("".join(f"name {number}\n" for number in range(1000)))
        answer = psql(major, dsn, SCRIPT, tmp_path)
        said.append(re.sub(rb"(?<=server process with PID )\d+", b"N", answer))
        written.append((tmp_path / "out.txt").read_bytes())
    assert difference(said[1], said[0]) is None
    assert difference(written[1], written[0]) is None
    for proof in (b"furry", b"still here", b"syntax error", b"typed in", b'notification "bell" with payload "rung"'):
        assert proof in said[0]
    assert written[0].count(b"\n") == 1003


LARGE_OBJECTS = r"""
\lo_import photo 'a cat'
\lo_list
\lo_export :LASTOID copy
select length(lo_get(:LASTOID));
\lo_unlink :LASTOID
\lo_list
"""


@pytest.mark.parametrize("major", MAJORS)
def test_large_objects(gate: Gateway, shop: str, embedded18: EmbeddedServer, tmp_path: Path, major: int) -> None:
    """Through the fast path: a FunctionCall for each piece."""
    photo = bytes(range(256)) * 2000
    (tmp_path / "photo").write_bytes(photo)
    said = []
    for dsn in (embedded18.dsn(shop), gate.dsn("iris", shop)):
        said.append(
            re.sub(rb"\b\d{5,}\b", lambda m: m[0] if m[0] == b"512000" else b"OID", psql(major, dsn, LARGE_OBJECTS, tmp_path))
        )
        assert (tmp_path / "copy").read_bytes() == photo
        (tmp_path / "copy").unlink()
    assert re.sub(rb" +|-+", b" ", said[1]) == re.sub(rb" +|-+", b" ", said[0])
    assert b"a cat" in said[1]
    assert b"512000" in said[1]


class Terminal:
    """psql with somebody at the keys."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self.process = process
        self._screen = screen
        self._shown = b""

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._screen, line.encode() + b"\n")

    def see(self, wanted: str, times: int = 1) -> None:
        """Wait until it is on the screen so many times; what was shown up to then is forgotten."""
        while self._shown.count(wanted.encode()) < times:
            assert select.select([self._screen], [], [], 20)[0], self._shown.decode(errors="replace")
            self._shown += os.read(self._screen, 10_000)
        self._shown = b""

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)


@contextmanager
def at_the_keys(major: int, dsn: str) -> Iterator[Terminal]:
    ours, theirs = os.openpty()
    command = [str(BINARIES[major]() / "psql"), "-X", "-n", "-P", "pager=off"]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment(dsn), start_new_session=True)
    os.close(theirs)
    try:
        yield Terminal(process, ours)
        os.write(ours, b"\\q\n")
        assert process.wait(20) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)


@pytest.mark.parametrize("major", MAJORS)
def test_ctrl_c(gate: Gateway, shop: str, database18: str, major: int) -> None:
    with psycopg.connect(database18, autocommit=True) as admin, at_the_keys(major, gate.dsn("iris", shop)) as terminal:
        asleep = "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = %s"
        for _ in range(2):
            terminal.type("select pg_sleep(60);")
            until(lambda: admin.execute(asleep, (shop,)).fetchone())
            terminal.interrupt()
            terminal.see("ERROR:  canceling statement due to user request")
        terminal.type("select 'ali' || 've';")
        terminal.see("alive")


@pytest.mark.parametrize("major", MAJORS)
def test_watch(gate: Gateway, shop: str, major: int) -> None:
    with at_the_keys(major, gate.dsn("iris", shop)) as terminal:
        terminal.type("select 'tick' || 'tock' \\watch 0.05")
        terminal.see("ticktock", times=4)
        terminal.interrupt()
        terminal.type("select 'ali' || 've';")
        terminal.see("alive")
