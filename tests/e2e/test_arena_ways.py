"""The arena's masking cases by other ways than a Query: prepared, in binary, by cursors, in portions, by COPY.

The arena itself sends Query messages. A value that must not be seen must not be seen in any byte of these answers either.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.lab.serve import arena, arena_server
from tests.lab.tee import Tap, tapped

ARENA = Path(__file__).parents[1] / "arena"
HEX = re.compile(r"[0-9a-f]+")


def cases() -> list[dict[str, Any]]:
    """Those of one statement that gives rows."""
    lines = (ARENA / "cases/postgres_dev.jsonl").read_text().splitlines()
    every = [json.loads(line) for line in lines if line]
    asking = re.compile(r"(?i)\s*(select|table|with|values)\b")
    return [
        each
        for each in every
        if each["cat"] in ("masking", "error-channel")
        and len(each["steps"]) == 1
        and asking.match(each["steps"][0])
        and "leak" in each["oracle"]
        and each.get("who", "agent") == "agent"
    ]


class Stand(NamedTuple):
    """Two connection strings, each through a tap: the agent's, and the superuser's past us."""

    agent: str
    tap: Tap
    straight: str
    beside: Tap


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    """Before the bench's own database."""
    with arena_server() as server, arena(server.dsn(), "lab_case") as served:
        with psycopg.connect(served["admin_dsn"], autocommit=True) as admin:
            admin.execute("create database lab_case")
        seed = (ARENA / "seed_postgres.sql").read_text("utf-8")
        with psycopg.connect(make_conninfo(served["admin_dsn"], dbname="lab_case"), autocommit=True) as admin:
            admin.execute(seed.encode())
        port = int(str(conninfo_to_dict(served["agent_dsn"])["port"]))
        straight = make_conninfo(served["admin_dsn"], dbname="lab_case", sslmode="disable")
        with tapped(port) as tap, tapped(int(str(conninfo_to_dict(straight)["port"]))) as beside:
            yield Stand(
                make_conninfo(served["agent_dsn"], port=tap.port, sslmode="disable"),
                tap,
                make_conninfo(straight, port=beside.port),
                beside,
            )


def leaked(tap: Tap, case: dict[str, Any]) -> bool:
    """Whether the value was in any byte: as it is, or in hexadecimal where the case asks for that."""
    heard = tap.heard()
    oracle = case["oracle"]["leak"]
    if re.search(oracle, heard.decode("latin-1")):
        return True
    return HEX.fullmatch(oracle) is not None and len(oracle) % 2 == 0 and bytes.fromhex(oracle) in heard


def attempt(session: psycopg.Connection, way: str, text: str) -> None:
    """Run a text; refusals are answers too."""
    raw = text.encode()
    prepared = raw.replace(b"%", b"%%")
    try:
        match way:
            case "prepared":
                session.execute(prepared, (), prepare=True).fetchall()
                session.execute(prepared, (), prepare=True).fetchall()
            case "binary":
                session.cursor(binary=True).execute(prepared, (), prepare=True)
            case "cursor":
                with session.transaction():
                    session.execute(b"declare c cursor for " + raw)
                    session.execute("fetch 1 from c")
                    session.execute("fetch all from c")
            case "binary cursor":
                with session.transaction():
                    session.execute(b"declare c binary cursor for " + raw)
                    session.execute("fetch all from c")
            case "sql prepare":
                session.execute(b"prepare s as " + raw)
                session.execute("execute s")
            case _:
                with session.cursor().copy(b"copy (" + raw + b") to stdout (format " + way.split()[1].encode() + b")") as copy:
                    for _ in copy:
                        pass
    except (psycopg.Error, UnicodeDecodeError):
        return


WAYS = ("prepared", "binary", "cursor", "binary cursor", "sql prepare", "copy text", "copy csv", "copy binary")


@pytest.mark.parametrize("way", WAYS)
def test_no_masking_case_leaks_by_another_way(stand: Stand, way: str) -> None:
    assert leaks(stand.agent, stand.tap, way) == []
    assert len(leaks(stand.straight, stand.beside, way)) >= 20, "past us they leak: else nothing was tried"


def leaks(dsn: str, tap: Tap, way: str) -> list[str]:
    """The cases whose values reach a client."""
    found = []
    for case in cases():
        with psycopg.connect(dsn, autocommit=True) as session:
            tap.heard()
            attempt(session, way, case["steps"][0])
            if leaked(tap, case):
                found.append(f"{case['id']}: {case['steps'][0]}")
            assert session.execute("select 1").fetchone() == (1,), case["id"]
    return found
