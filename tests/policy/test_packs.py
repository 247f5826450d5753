"""The shipped packs: what they say of statements that are read against real catalogues, by whom and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from nightporter.demo.server import EmbeddedServer
from nightporter.identity.principal import Kind, Principal
from nightporter.policy.answer import Answers
from nightporter.policy.decide import NOT_TO_BE_HAD, Decided, decide
from nightporter.policy.model import Allow, Deny, Hold, Resource
from nightporter.protocols.postgres.analysis import analyse
from nightporter.protocols.postgres.semantics.scope import Scope
from nightporter.protocols.postgres.semantics.understand import understand
from nightporter.statement.model import Reading
from tests.lab import policies, servers
from tests.lab.policies import MOMENT
from tests.lab.snapshot import snapshot_of

from .pack_cases import TABLE

SCHEMA = Path(__file__).with_name("pack_schema.sql").read_text()
SETTINGS = {"row_security": "on", "session_replication_role": "origin", "transform_null_equals": "off"}

ADA = Principal("ada", Kind.HUMAN)
BOT = Principal("bot", Kind.AGENT, owner="ada", actor="tool")
ETL = Principal("etl", Kind.SERVICE, owner="ada")

PACKS = {
    "baseline": ("baseline",),
    "production": ("baseline", "production"),
    "read-only": ("baseline", "read-only"),
    "read-only alone": ("read-only",),
}
SETS = {name: policies.answers(of=of) for name, of in PACKS.items()}
OBSERVING = policies.answers(of=("baseline", "production", "read-only", "observe"))
COLUMNS = [(name, who) for name in PACKS for who in (ADA, BOT)]
SIGNS: dict[type, str] = {Allow: "+", Hold: "?", Deny: "-"}
STRICT = "+?-"


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table."""

    sql: str
    signs: str
    """Of each of COLUMNS."""
    section: str
    open: bool


def cases() -> Iterator[Case]:
    section = ""
    for line in TABLE.strip().splitlines():
        if line.startswith("#"):
            section = line[2:]
        elif line:
            words, _, sql = line.removeprefix("!").partition("  ")
            signs = "".join(words.split())
            yield Case(sql.strip(), signs + signs[-1], section, line.startswith("!"))


CASES = list(cases())


def judged(reading: Reading, who: Principal, answers: Answers, environment: str = "production") -> Decided:
    facts = {**MOMENT, "environment": environment}
    return decide(who, Resource(environment, "shop"), reading, answers, facts, NOT_TO_BE_HAD)


def sign(decided: Decided) -> str:
    return SIGNS[type(decided)]


@pytest.fixture(scope="module", params=["debian15", "embedded18"])
def scope(request: pytest.FixtureRequest) -> Iterator[Scope]:
    """Of a superuser, on PostgreSQL 15 and on 18."""
    server: EmbeddedServer = request.getfixturevalue(request.param)
    with servers.fresh_database(server) as name, psycopg.connect(server.dsn(name), autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        try:
            yield Scope(snapshot_of(server.dsn(name)), ("$user", "public"), "postgres", SETTINGS)
        finally:
            connection.execute("drop role clerk")


def read(scope: Scope, sql: str) -> Reading:
    return understand(analyse(sql), scope)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sql[:60])
def test_every_statement(request: pytest.FixtureRequest, scope: Scope, case: Case) -> None:
    if case.open:
        request.applymarker(pytest.mark.xfail(strict=True, reason=case.section))
    reading = read(scope, case.sql)
    found = [judged(reading, who, SETS[packs]) for packs, who in COLUMNS]
    assert "".join(map(sign, found)) == case.signs, [(*column, each) for column, each in zip(COLUMNS, found, strict=True)]
    for (packs, who), decided in zip(COLUMNS, found, strict=True):
        if isinstance(decided, Hold | Deny):
            assert decided.reason[0].islower() or decided.reason[0] == "`", decided
            assert not decided.reason.endswith("."), decided
        if who is ADA:
            assert sign(judged(reading, ETL, SETS[packs])) == sign(decided), "services are judged as people"


def test_there_are_enough() -> None:
    assert len(CASES) >= 150
    assert len({case.sql for case in CASES}) == len(CASES)
    assert [case.sql for case in CASES if len(case.signs) != len(COLUMNS) or not set(case.signs) <= set(STRICT)] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sql[:60])
def test_a_pack_beside_baseline_takes_away_and_gives_nothing(case: Case) -> None:
    people, agents, *others = list(case.signs[:6])
    assert all(STRICT.index(sign) >= STRICT.index(people) for sign in others[::2])
    assert all(STRICT.index(sign) >= STRICT.index(agents) for sign in others[1::2])
    assert STRICT.index(agents) >= STRICT.index(people), "agents may no more than people"


@pytest.mark.parametrize("who", [ADA, BOT, ETL], ids=lambda who: who.kind.value)
def test_observing_lets_everything_run_and_tells_what_would_have_been(scope: Scope, who: Principal) -> None:
    strictest = policies.answers(of=("baseline", "production", "read-only"))
    for case in CASES:
        reading = read(scope, case.sql)
        decided, otherwise = judged(reading, who, OBSERVING), judged(reading, who, strictest)
        if isinstance(otherwise, Deny) and otherwise.policies == ("builtin.identity-settings",):
            assert decided == otherwise, case.sql  # no policy: the records stand on it
            continue
        assert isinstance(decided, Allow), case.sql
        if isinstance(otherwise, Allow):
            assert decided.observed is None, case.sql
        else:
            assert decided.observed == otherwise, case.sql
            assert decided.obligations == type(decided.obligations)()


@pytest.mark.parametrize(
    "sql", ["delete from orders", "drop table orders", "truncate orders", "grant select on orders to public", "selekt"]
)
def test_production_is_about_production_only(scope: Scope, sql: str) -> None:
    assert sign(judged(read(scope, sql), ADA, SETS["production"], "staging")) == "+"


def test_what_is_only_looked_up_is_what_the_packs_name(scope: Scope) -> None:
    """A function of somebody's own that is called like a harmless one is not that one."""
    for name in ("currval", "set_config", "pg_export_snapshot"):
        made = f"create function public.{name}(text) returns text language plpython3u as 'x'"
        assert sign(judged(read(scope, made), BOT, SETS["baseline"])) != "+"
    reading = read(scope, "select public.note('x'), currval('tickets')")
    assert sign(judged(reading, BOT, SETS["baseline"])) == "?"


def test_every_policy_has_an_id_of_its_pack_and_a_reason_if_it_stops_anything() -> None:
    for name in ("baseline", "production", "read-only", "observe"):
        for policy in policies.ruleset(of=(name,)).policies.values():
            assert policy.id.startswith(f"{name}.")
            if policy.effect == "forbid" or policy.hold is not None:
                assert policy.reason is not None


def test_every_policy_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/packs.md").read_text()
    every = policies.ruleset(of=("baseline", "production", "read-only", "observe")).policies
    assert [name for name in every if f"`{name}`" not in page] == []
    assert set(every) >= {word for word in page.split("`") if word.split(".")[0] in ("baseline", "production") and "." in word}
