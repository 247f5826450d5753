"""The comparison of two runs, the lists, and the plug-in that notes how tests end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from . import outcomes
from .comparison import MAX_EXPECTED, Ending, ListError, compare, parse_list
from .foreign import HERE, read_outcomes
from .suites import SUITES, Suite, recognize

PASSED, FAILED = Ending("passed"), Ending("failed", "E assert 1 == 2")

# straight, through, listed -> unexpected, expected, outdated
COMPARISONS = [
    ({"a": PASSED}, {"a": PASSED}, [], [], [], []),
    ({"a": FAILED}, {"a": FAILED}, [], [], [], []),  # nor does it work straight
    ({"a": PASSED}, {"a": FAILED}, [], ["a"], [], []),
    ({"a": FAILED}, {"a": PASSED}, [], ["a"], [], []),
    ({"a": PASSED}, {"a": Ending("skipped")}, [], ["a"], [], []),
    ({"a": PASSED}, {}, [], ["a"], [], []),  # the run ended before it
    ({}, {"a": PASSED}, [], ["a"], [], []),
    ({"a": PASSED}, {"a": FAILED}, ["a"], [], ["a"], []),
    ({"a": PASSED}, {"a": PASSED}, ["a"], [], [], ["a"]),
    ({"b": PASSED}, {"b": PASSED}, ["a"], [], [], []),  # only some tests were run
    ({"a": PASSED, "b": PASSED}, {"a": FAILED, "b": FAILED}, ["b"], ["a"], ["b"], []),
]


@pytest.mark.parametrize(("straight", "through", "listed", "unexpected", "expected", "outdated"), COMPARISONS)
def test_only_what_differs_and_is_not_listed_counts(
    straight: dict[str, Ending],
    through: dict[str, Ending],
    listed: list[str],
    unexpected: list[str],
    expected: list[str],
    outdated: list[str],
) -> None:
    found = compare(straight, through, dict.fromkeys(listed, "reason"))
    assert [each.id for each in found.unexpected] == unexpected
    assert [each.id for each in found.expected] == expected
    assert list(found.outdated) == outdated
    assert found.passes is not bool(unexpected or outdated)


def test_a_difference_says_how_both_ended_and_why() -> None:
    (found,) = compare({"a": PASSED}, {"a": FAILED}, {}).unexpected
    assert str(found) == "a: straight passed, through failed"
    assert found.why == "E assert 1 == 2"


def test_a_list_gives_ids_with_reasons() -> None:
    text = "# for people\n\ntests/a.py::test[x # y]  # looks for its name\n"
    assert parse_list(text, "list") == {"tests/a.py::test[x # y]": "looks for its name"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("tests/a.py::test\n", "list:1: no reason given for `tests/a.py::test`"),
        ("\ntests/a.py::test  # \n", "list:2: no reason given"),
        ("a  # one\na  # two\n", "list:2: `a` is listed twice"),
        ("".join(f"t{i}  # so\n" for i in range(MAX_EXPECTED + 1)), f"list: `{MAX_EXPECTED + 1}` differences are listed"),
    ],
)
def test_a_list_without_reasons_or_too_long_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ListError) as refused:
        parse_list(text, "list")
    assert str(refused.value).startswith(complaint)


def test_every_list_belongs_to_a_suite_and_can_be_read() -> None:
    lists = {file.stem: parse_list(file.read_text(), file.name) for file in (HERE / "expected").glob("*.txt")}
    assert set(lists) <= {suite.name for suite in SUITES}


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_a_checkout_is_recognized_by_its_mark(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / suite.mark).parent.mkdir(parents=True)
    (tmp_path / suite.mark).touch()
    assert recognize(tmp_path) is suite


def test_what_nobody_knows_is_not_recognized(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="is not a checkout of a suite that we know"):
        recognize(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "version"),
    [("psycopg", '[project]\nversion = "3.3.4"\n', "3.3.4"), ("asyncpg", "__version__: typing.Final = '0.31.0'\n", "0.31.0")],
)
def test_the_version_is_read_from_the_checkout(name: str, text: str, version: str, tmp_path: Path) -> None:
    (suite,) = (suite for suite in SUITES if suite.name == name)
    file = tmp_path / suite.version[0]
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert suite.version_in(tmp_path) == version


def test_libpq_variables_are_the_parts_of_a_dsn() -> None:
    (suite,) = (suite for suite in SUITES if suite.name == "asyncpg")
    assert suite.environment("postgresql://me:p%40ss@127.0.0.1:5433/shop") == {
        "PGHOST": "127.0.0.1",
        "PGPORT": "5433",
        "PGUSER": "me",
        "PGPASSWORD": "p@ss",
        "PGDATABASE": "shop",
    }


SAMPLE = """
import os
import pytest

@pytest.fixture
def broken_end():
    yield
    raise ValueError("too late")

def test_passes(): pass

def test_fails(): assert 1 == 2

@pytest.mark.skip(reason="no server")
def test_skipped(): pass

@pytest.mark.xfail(reason="known")
def test_expected(): assert False

@pytest.mark.xfail(reason="known")
def test_surprise(): pass

def test_errs(broken_end): pass

def test_kills_the_run(): os._exit(9)

def test_never_reached(): pass
"""


def test_the_plug_in_notes_each_ending_even_of_a_run_that_dies(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    file = tmp_path / "outcomes"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "outcomes", "-p", "no:cacheprovider", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(HERE), outcomes.VARIABLE: str(file)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 9
    found = read_outcomes(file)
    assert {test.partition("::")[2]: ending.outcome for test, ending in found.items()} == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_skipped": "skipped",
        "test_expected": "xfailed",
        "test_surprise": "xpassed",
        "test_errs": "error",
    }
    assert "assert 1 == 2" in found["test_sample.py::test_fails"].why


def test_a_file_that_cannot_be_collected_is_noted(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text("import no_such_module\n")
    file = tmp_path / "outcomes"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "outcomes", "-p", "no:cacheprovider", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(HERE), outcomes.VARIABLE: str(file)}
    subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert {test: ending.outcome for test, ending in read_outcomes(file).items()} == {"test_sample.py": "error"}
