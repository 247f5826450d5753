"""The arena's reference policy on the arena's own catalogue: what of classified columns is denied, and how the rest is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from nightporter.demo.server import EmbeddedServer
from nightporter.identity.principal import Kind, Principal
from nightporter.policy.answer import Answers
from nightporter.policy.decide import NOT_TO_BE_HAD, decide
from nightporter.policy.model import Allow, Deny, Hold, Resource
from nightporter.policy.reveal import Reveals, reveals
from nightporter.policy.ruleset import load
from nightporter.policy.showing import shown_outputs
from nightporter.protocols.postgres.analysis import analyse
from nightporter.protocols.postgres.semantics.scope import Scope
from nightporter.protocols.postgres.semantics.understand import understand
from nightporter.statement.model import Reading
from tests.lab import servers
from tests.lab.policies import MOMENT
from tests.lab.snapshot import snapshot_of

ARENA = Path(__file__).parents[1] / "arena"
AGENT = Principal("agent", Kind.AGENT, owner="owner")
PLACE = Resource("arena", "lab_case")
SETTINGS = {"row_security": "on", "session_replication_role": "origin", "transform_null_equals": "off"}
SIGNS: dict[type, str] = {Allow: "+", Hold: "?", Deny: "-"}

EVERYTHING = "plain plain partial full null null plain"
"""Of `people`, from `id` to `notes`."""


@pytest.fixture(scope="module")
def answers() -> Answers:
    return Answers(load({file.name: file.read_text() for file in (ARENA / "policies").glob("*.cedar")}))


@pytest.fixture(scope="module")
def scope(debian15: EmbeddedServer) -> Iterator[Scope]:
    """As the bench makes it, of a superuser."""
    with servers.fresh_database(debian15) as name:
        with psycopg.connect(debian15.dsn(name), autocommit=True) as connection:
            connection.execute((ARENA / "seed_postgres.sql").read_text().encode())
        yield Scope(snapshot_of(debian15.dsn(name)), ("$user", "public"), "postgres", SETTINGS)
    debian15.psql("drop role app_svc; drop role analyst")


def read(scope: Scope, sql: str) -> Reading:
    return understand(analyse(sql), scope)


def sight(answers: Answers) -> Reveals:
    return reveals(AGENT, PLACE, answers, {**MOMENT, "environment": "arena"})


def test_the_policies_are_not_suspicious(answers: Answers) -> None:
    assert answers.ruleset.warnings == ()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        # as columns of the result: masked
        ("select * from people", EVERYTHING),
        ("table people", EVERYTHING),
        ("select * from people_eu", EVERYTHING),
        ("copy people to stdout", EVERYTHING),
        ("select ssn as note, email x, name from people where id = 1", "full partial plain"),
        ("select p.dob, o.amount from people p join orders o on o.person_id = p.id", "null plain"),
        ("with x as (select salary, id from people) select * from x where id = 1", "null plain"),
        ("select (select ssn from people where id = 1)", "full"),
        ("select * from v_people", "plain plain full"),
        ("select * from mv_people", "plain full"),
        ("select ref from mv_people where id = 1", "full"),
        ("select name from people where id = 0 union all select ssn from people where id = 1", "full"),
        ("select email from people where id = 0 union all select ssn from people where id = 1", "full"),
        ("update people set notes = 'x' where id = 1 returning *", EVERYTHING),
        ("copy (select id, ssn from people) to stdout with (format csv)", "plain full"),
        # what is not classified
        ("select id, name, notes, upper(name), name || notes from people where notes like 'v%' order by name", "plain " * 5),
        ("select count(*), max(amount) from orders group by person_id order by 1", "searched plain"),
        ("select author, body from support_messages", "plain plain"),
        ("select relname from pg_class", "plain"),
        ("insert into support_messages (ticket, body) values (1, 'hello') returning id, body", "plain plain"),
        # every other use: denied
        ("select ssn || '' from people", "-"),
        ("select upper(email) from people", "-"),
        ("select max(salary), min(dob) from people", "-"),
        ("select count(ssn) from people", "-"),
        ("select string_agg(ssn, ',') from people", "-"),
        ("select salary::text from people", "-"),
        ("select p from people p", "-"),
        ("select row_to_json(p) from people p", "-"),
        ("select p::text from people p", "-"),
        ("select id from people where ssn = '123-45-6789'", "-"),
        ("select id from people order by salary", "-"),
        ("select * from people order by 6", "-"),
        ("select distinct email from people", "-"),
        ("select ssn, count(*) from people group by cube(1)", "-"),
        ("select email from people union select name from people", "-"),
        ("select a.id from people a join people b using (ssn)", "-"),
        ("select case when ssn like '1%' then 1 end from people", "-"),
        ("select id from people_eu where dob > '1990-01-01'", "-"),
        ("select upper(ref) from v_people", "-"),
        ("select id from v_people where ref like '1%'", "-"),
        ("select id from mv_people where ref like '1%'", "-"),
        ("select max(ref) from mv_people", "-"),
        ("select v from v_people v", "-"),
        ("select get_ref(1)", "-"),
        ("insert into support_messages (body) select ssn from people", "-"),
        ("update people set notes = ssn where id = 1", "-"),
        ("update people set notes = 'x' where id = 1 returning upper(ssn)", "-"),
        ("select * from vault", "-"),
        ("select most_common_vals from pg_stats", "-"),
        ("select rolpassword from pg_authid", "-"),
    ],
)
def test_what_becomes_of_it(scope: Scope, answers: Answers, sql: str, expected: str) -> None:
    reading = read(scope, sql)
    decided = decide(AGENT, PLACE, reading, answers, {**MOMENT, "environment": "arena"}, NOT_TO_BE_HAD)
    if expected == "-":
        assert isinstance(decided, Deny)
        return
    assert isinstance(decided, Allow), decided
    (statement,) = reading.statements
    assert [each.how for each in shown_outputs(statement, sight(answers))] == expected.split()


def test_at_the_other_database_too(scope: Scope, answers: Answers) -> None:
    other = reveals(AGENT, Resource("arena", "lab_case_2"), answers, {})
    (statement,) = read(scope, "select * from people").statements
    assert [each.how for each in shown_outputs(statement, other)] == EVERYTHING.split()


def test_what_looks_classified_is_masked_wherever_it_is_found(answers: Answers) -> None:
    found = sight(answers)
    for name in ("pii.email", "pii.national_id", "pii.birth_date", "pii.salary", "secret.key", "server.values"):
        assert not found.label(name).plain
    for name in ("pii.name", "pii.phone", "pii.card", "pii.text"):
        assert found.label(name).plain


def test_labels_do_not_change_how_columns_are_shown(answers: Answers) -> None:
    found = sight(answers)
    for labels in ((), ("pii.email",), ("pii.name",)):
        assert found.column("public", "people", "email", labels).masker == "partial"
        assert found.column("public", "people_eu", "email", labels, "output", (("public", "people"),)).masker == "partial"
        assert found.column("public", "people", "name", labels).plain
    assert found.column("pg_catalog", "pg_authid", "rolpassword", ("secret.password",)).masker == ""
