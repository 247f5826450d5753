"""The suites of other people that we can run: one entry a suite, with all that is particular to it. To add one, add an entry."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict


@dataclass(frozen=True)
class Suite:
    """How to install and run one suite, from its checkout."""

    name: str
    mark: str
    """A file of the checkout by which it is recognized."""
    version: tuple[str, str]
    """A file of the checkout and a pattern whose first group is the released version."""
    install: tuple[str, ...]
    """Arguments of `pip install`, run in the checkout; `{version}` stands for the version."""
    environment: Callable[[str], Mapping[str, str]]
    """From the DSN of an empty database: the variables by which its tests find it."""
    arguments: tuple[str, ...] = ()
    """Arguments of pytest."""
    copied: tuple[str, ...] = ()
    """What is copied elsewhere and run from there; nothing: it is run in the checkout."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Prefixes of test ids that say nothing about a server, or need what is not there even straight, with the reason."""

    def version_in(self, checkout: Path) -> str:
        """The version that is checked out."""
        file, pattern = self.version
        found = re.search(pattern, (checkout / file).read_text(), re.MULTILINE)
        if found is None:
            raise LookupError(f"`{checkout / file}` names no version")
        return found[1]


def _psycopg(dsn: str) -> dict[str, str]:
    return {"PSYCOPG_TEST_DSN": dsn}


def _libpq_variables(dsn: str) -> dict[str, str]:
    """As libpq and those who follow it name the parts of a DSN."""
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    return {names[key]: str(value) for key, value in conninfo_to_dict(dsn).items() if key in names}


LEAK = "counts the driver's own objects; takes as long as all the others together"

SUITES = (
    Suite(
        "psycopg",
        mark="psycopg/psycopg/_connection_base.py",
        version=("psycopg/pyproject.toml", r'^version = "(.+)"'),
        # a regular package, not an editable one: the checkout's own folder `psycopg` would shadow that
        install=("./psycopg[test]", "psycopg-binary=={version}", "./psycopg_pool", "dnspython"),
        environment=_psycopg,
        # no random order, the same random data
        arguments=("--randomly-dont-reorganize", "--randomly-seed=1", "tests"),
        left_out={
            "tests/crdb": "for another database",
            "tests/test_typing.py": "runs a type checker, meets no server",
            "tests/test_cursor.py::test_leak": LEAK,
            "tests/test_cursor_async.py::test_leak": LEAK,
            "tests/test_cursor_client.py::test_leak": LEAK,
            "tests/test_cursor_client_async.py::test_leak": LEAK,
            "tests/test_cursor_raw.py::test_leak": LEAK,
            "tests/test_cursor_raw_async.py::test_leak": LEAK,
        },
    ),
    Suite(
        "asyncpg",
        mark="asyncpg/protocol/coreproto.pyx",
        version=("asyncpg/_version.py", r"^__version__.* = '(.+)'"),
        # the released wheel of that version: the checkout needs a compiler and a submodule
        install=("asyncpg=={version}", "distro", "uvloop", "pytest"),
        environment=_libpq_variables,
        arguments=("tests",),
        copied=("tests",),  # beside its source the tests would import that
        left_out={
            "tests/test__sourcecode.py": "runs style checkers over the checkout, meets no server",
            "tests/test__environment.py": "checks the versions of its own build farm",
        },
    ),
)


def recognize(checkout: Path) -> Suite:
    """Whose checkout this is. Raises LookupError."""
    for suite in SUITES:
        if (checkout / suite.mark).is_file():
            return suite
    known = ", ".join(suite.name for suite in SUITES)
    raise LookupError(f"`{checkout}` is not a checkout of a suite that we know ({known}): see docs/reference/conformance.md")
