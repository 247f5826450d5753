"""A corpus of two files, in the form of PostgreSQL's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightporter.demo.server import EmbeddedServer
from nightporter.protocols.postgres.semantics.scope import Scope
from nightporter.statement.model import Reading

from .corpus import FileReport, Runner, merge, parser, run_part, schedule
from .generate import server_for

SETUP = """\
create table t (id int, name text);
copy t from stdin;
1\tone;
2\ttwo
\\.
create role reader login;
grant select on t to reader;
"""
SECOND = """\
\\getenv folder PG_ABS_SRCDIR
select count(*) as n, :'folder' as f from t \\gset
select :n as two;
select format('insert into t values (%s, null)', id) from t \\gexec
\\if :{?n}
select name from t;
\\else
select no_such_column from t;
\\endif
\\c - reader
select current_user = 'reader' as me \\gset
select :'me' as yes from t;
delete from t;
begin;
select 1\\; select 2;
select no_such_column from t;
select 3;
rollback;
select $1::int + 1 \\bind 5 \\g
vacuum t;
"""


def say_nothing(reading: Reading, scope: Scope, types: tuple[int, ...]) -> Reading:
    """The reading as the text alone gives it: it names no relation."""
    return reading


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with server_for(15) as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("regress")
    (found / "sql").mkdir()
    (found / "parallel_schedule").write_text("# comment\ntest: test_setup\n\ntest: second missing\n")
    (found / "sql" / "test_setup.sql").write_text(SETUP)
    (found / "sql" / "second.sql").write_text(SECOND)
    return found


def test_the_schedule(folder: Path) -> None:
    assert schedule(folder) == ["test_setup", "second"]


def test_files_run_as_psql_runs_them(server: EmbeddedServer, folder: Path, tmp_path: Path) -> None:
    seen: list[str] = []

    def listen(reading: Reading, scope: Scope, types: tuple[int, ...]) -> Reading:
        seen.append(reading.text.decode())
        return reading

    runner = Runner(server, folder, listen, tmp_path)
    runner.prepare()
    first = runner.run("test_setup", judged=False)
    assert first == FileReport("test_setup", seconds=first.seconds)
    assert seen == []
    report = runner.run("second", judged=True)
    assert "select 2 as two;" in seen
    assert "insert into t values (2, null)" in seen
    assert "select name from t;" in seen
    assert not any("no_such_column from t;\n\\endif" in each for each in seen)
    assert "select 't' as yes from t;" in seen
    assert "select 1; select 2;" in seen
    assert report.outcomes["rejected"] == 3  # delete, the wrong column, and what follows it in its transaction
    found = {(each["kind"], str(each["text"])[:16]) for each in report.unsafe}
    assert ("relation read", "select name from") in found
    assert ("rows insert", "insert into t va") in found


def test_a_report_is_gone_on_with(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = parser().parse_args([str(folder), "--report", str(tmp_path), "--limit", "2"])
    options.part = 0
    run_part(options, say_nothing)
    tally, reports = merge(tmp_path)
    assert [each.file for each in reports] == ["second", "test_setup"]
    assert tally.outcomes.total() == 4
    assert tally.unsafe
    (tmp_path / "second.json").unlink()
    capsys.readouterr()
    run_part(options, say_nothing)
    assert capsys.readouterr().out.startswith("second: ")
    assert (tmp_path / "second.json").exists()
