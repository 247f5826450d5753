"""Tables of expectations: how they are read, that they can fail, and those of the shipped packs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from nightporter.cli.policy import policies_of, read_table
from nightporter.config import document, packs
from nightporter.core.error import PolicyErrors
from nightporter.gateway.policies import read as read_policies
from nightporter.policy import table
from nightporter.policy.answer import Answers
from nightporter.policy.doing import statement_of
from nightporter.policy.ruleset import Known
from nightporter.policy.table import Result
from nightporter.statement.model import Action, Effect, RowBound, Use
from tests.lab.policies import answers

HOW_TO = Path(__file__).parents[2] / "docs/how-to/policies.md"
TABLES = sorted(Path(__file__).parent.glob("packs/*.test.yaml"))


def read(text: str) -> table.Table:
    found = document.read(text)
    assert not found.problems
    return table.read("x.test.yaml", found.data, lambda key: found.place(key).line, {"shop": "staging"}.get)


def results(file: Path) -> list[Result]:
    found = read_table(file, lambda upstream: None)
    assert found.policies is not None
    own = Answers(read_policies(policies_of(file, found.policies), Known()))
    return [result for row in found.rows for result in table.check(row, own)]


# The packs


def test_every_pack_has_a_table() -> None:
    assert {file.name.removesuffix(".test.yaml") for file in TABLES} == set(packs.shipped())


@pytest.mark.parametrize("file", TABLES, ids=lambda file: file.name)
def test_a_pack_decides_as_its_table_says(file: Path) -> None:
    found = results(file)
    assert [(result.row.line, str(result.principal.kind), result.failures) for result in found if result.failures] == []


@pytest.mark.parametrize("file", TABLES, ids=lambda file: file.name)
def test_each_policy_of_a_pack_decides_somewhere(file: Path) -> None:
    pack = file.name.removesuffix(".test.yaml")
    reached = {id for result in results(file) for id in result.deciding}
    wanted = {id for id in answers(of=(pack,)).ruleset.policies if id.startswith(f"{pack}.")}
    assert wanted - reached == set()


# The documentation


def test_the_example_in_the_documentation_is_so() -> None:
    page = HOW_TO.read_text()
    rules, support, *_ = re.findall(r"^ *```cedar\n(.*?)```$", page, re.MULTILINE | re.DOTALL)
    (text,) = re.findall(r"^```\n(# policies/billing\.test\.yaml\n.*?)^```$", page, re.MULTILINE | re.DOTALL)
    found = read(text)
    assert len(found.rows) == 4
    own = answers(rules, of=("baseline", "production"))
    results = [result for row in found.rows if row.statement is not None for result in table.check(row, own)]
    assert [result.failures for result in results] == [()] * 4
    (shows,) = re.findall(r"^```\n(tests:\n.*?)^```$", page, re.MULTILINE | re.DOTALL)
    found = read(f"principals: {{sue: {{kind: human, groups: [support]}}, copilot: {{kind: agent}}}}\n{shows}")
    own = answers(support, of=("baseline",))
    assert [result.failures for row in found.rows for result in table.check(row, own)] == [()] * 3
    lines = re.findall(r"^\| `((?:read|execute|set|drop) .*?)` \|", page, re.MULTILINE)
    assert len(lines) == 4
    assert all(statement_of([line]).kind for line in lines)


# What a row says

HEAD = "principals: {ada: human, copilot: {kind: agent, groups: [ai], owner: ada}}\n"
PERMIT = '@id("p") permit(principal, action == Action::"read", resource);'


def failures(rows: str, *policies: str) -> list[str]:
    found = read(f"{HEAD}tests:\n{rows}")
    own = answers(*(policies or (PERMIT,)))
    return [failure for row in found.rows for result in table.check(row, own) for failure in result.failures]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{as: ada, does: read t, expect: allow}", []),
        ("{as: ada, does: read t, expect: allow, by: p}", []),
        ("{as: [ada, copilot], does: [read t, read u], expect: allow, by: [p]}", []),
        ("{as: ada, does: read t, expect: allow, by: q}", ["expected it by q, got it by p"]),
        ("{as: ada, does: read t, expect: allow, by: []}", ["expected it by no policy, got it by p"]),
        ("{as: ada, does: read t, expect: hold}", ["expected hold, got allow by p"]),
        ("{as: ada, does: delete t, expect: deny, because: no policy permits human ada}", []),
        (
            "{as: ada, does: delete t, expect: allow}",
            ["expected allow, got deny: no policy permits human ada to delete from public.t"],
        ),
        (
            "{as: ada, does: delete t, expect: deny, because: nothing}",
            ["expected a reason with `nothing`, got `no policy permits human ada to delete from public.t`"],
        ),
        ("{as: ada, does: read t, expect: allow, because: x}", ["expected a reason with `x`, got no reason"]),
        ("{as: ada, does: read t, expect: allow, observed: deny}", ["expected to observe deny, got nothing"]),
        ("{as: ada, does: read t, expect: allow, limits: {rows: 10}}", ["expected rows 10, got None"]),
        ("{as: {kind: service, name: etl}, does: read t, expect: allow}", []),
        ("{as: copilot, does: connect, expect: deny}", []),
    ],
)
def test_an_expectation(row: str, expected: list[str]) -> None:
    assert failures(f"  - {row}\n") == expected


SHOWS = """@id("s") permit(principal is Human, action == Action::"reveal", resource in Label::"pii.email");
@id("m") @mask("null") permit(principal, action == Action::"reveal", resource in Label::"pii.salary");
@id("t") permit(principal, action == Action::"reveal", resource in Table::"shop/public/above") when { context.use == "output" };"""


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{as: ada, shows: t(email) labels=pii.email, expect: plain, by: s}", []),
        ("{as: copilot, shows: t(email) labels=pii.email, expect: masked, by: []}", []),
        ("{as: [ada, copilot], shows: [t(a) labels=pii.salary, pii.salary], expect: 'null', by: m}", []),
        ('{as: copilot, shows: "t(a, b) in=above", expect: plain}', []),
        ('{as: copilot, shows: "t(a, b) in=above use=expression", expect: searched}', []),
        ("{as: ada, shows: t(a), expect: plain}", ["expected plain, got searched"]),
        ("{as: ada, shows: pii.card, expect: plain}", ["expected plain, got masked"]),
        ("{as: ada, shows: pii.email, expect: full}", ["expected full, got plain by s"]),
        ("{as: ada, shows: pii.email, expect: plain, by: []}", ["expected it by no policy, got it by s"]),
        (
            '{as: ada, shows: ["t(a, b) labels=pii.card", pii.email], expect: masked}',
            ["expected masked of `pii.email`, got plain by s"],
        ),
    ],
)
def test_how_something_is_shown(row: str, expected: list[str]) -> None:
    assert failures(f"  - {row}\n", SHOWS) == expected


def test_what_is_shown_may_depend_on_the_clock_and_the_session() -> None:
    policy = """@id("p") permit(principal, action == Action::"reveal", resource)
        when { context.hour < 8 && context.purpose == "INC-1" };"""
    row = "  - {as: ada, shows: pii.email, expect: plain"
    assert failures(row + ', purpose: INC-1, at: "2026-11-23 03:00"}\n', policy) == []
    assert failures(row + ', purpose: INC-1, at: "2026-11-23 09:00"}\n', policy) == ["expected plain, got masked"]
    assert "policies look at the clock (hour): say `at`" in failures(row + ", purpose: INC-1}\n", policy)


def test_what_the_clock_and_the_session_say() -> None:
    policy = """@id("p") permit(principal in Group::"ai", action == Action::"read", resource in Environment::"dev")
    when { context.hour < 6 && context.weekday == "monday" && context.purpose == "x" && context.in_transaction
           && context.role == "r" && context.client_address.isInRange(ip("10.0.0.0/8")) && context.listener == "l" };"""
    row = "as: copilot, does: read t, environment: dev, role: r, client_address: 10.1.2.3, listener: l"
    both = f'  - {{{row}, at: "2026-11-23 03:00", purpose: x, in_transaction: true, expect: allow}}\n'
    assert failures(both, policy) == []
    assert failures(both.replace("03:00", "06:00").replace("allow", "deny"), policy) == []
    assert failures(f"  - {{{row}, expect: deny}}\n", policy) == ["policies look at the clock (hour, weekday): say `at`"]


def test_limits_and_rows() -> None:
    policy = '@id("p") @limit_rows("10") permit(principal, action, resource) when { context.estimated_rows < 5 };'
    row = "as: ada, does: read t"
    assert failures(f"  - {{{row}, estimated_rows: 4, expect: allow, limits: {{rows: 10}}}}\n", policy) == []
    assert failures(f"  - {{{row}, estimated_rows: 5, expect: deny}}\n", policy) == []
    assert failures(f"  - {{{row}, expect: hold}}\n", policy) == [], "how many rows there are cannot be told"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("principals: {}\n", 1, "`tests` is missing"),
        ("tests: []\n", 1, "`tests` is missing"),
        ("tests:\n  - {as: ada, does: read t, expect: allow}\n", 2, "`as` must be in `principals`"),
        (f"{HEAD}tests:\n  - {{does: read t, expect: allow}}\n", 3, "`as` must be in `principals`"),
        (f"{HEAD}tests:\n  - {{as: ada, does: read t}}\n", 3, "`expect` must be one of allow, deny, hold"),
        (f"{HEAD}tests:\n  - {{as: ada, expect: allow}}\n", 3, "say one of `does`, `statement` and `shows`"),
        (f"{HEAD}tests:\n  - {{as: ada, does: read t, statement: x, expect: allow}}\n", 3, "say one of"),
        (f"{HEAD}tests:\n  - {{as: ada, statement: x, expect: allow}}\n", 3, "an `upstream` to read it on"),
        (f"{HEAD}tests:\n  - {{as: ada, statement: x, upstream: other, expect: allow}}\n", 3, "no upstream `other`"),
        (f"{HEAD}tests:\n  - {{as: ada, does: read t, expects: allow}}\n", 3, "`expects` is not a key"),
        (f"{HEAD}tests:\n  - {{as: ada, does: reed t, expect: allow}}\n", 3, "begins with no action"),
        (f"{HEAD}tests:\n  - {{as: ada, does: read t, at: noon, expect: allow}}\n", 3, "`at` must be a time"),
        (f"{HEAD}tests:\n  - {{as: ada, does: read t, client_address: x, expect: allow}}\n", 3, "must be an IP address"),
        (f"{HEAD}tests:\n  - {{as: ada, does: read t, purpose: 1, expect: allow}}\n", 3, "`purpose` must be a text"),
        (f"{HEAD}tests:\n  - {{as: ada, does: read t, limits: {{row: 1}}, expect: allow}}\n", 3, "`row` is not a key"),
        (f"{HEAD}tests:\n  - {{as: ada, shows: t, does: read t, expect: plain}}\n", 3, "say one of"),
        (
            f"{HEAD}tests:\n  - {{as: ada, shows: pii.email, expect: allow}}\n",
            3,
            "`expect` must be one of plain, searched, masked, null,",
        ),
        (f"{HEAD}tests:\n  - {{as: ada, does: read t, expect: plain}}\n", 3, "`expect` must be one of allow, deny, hold"),
        (f"{HEAD}tests:\n  - {{as: ada, shows: pii.email}}\n", 3, "`expect` must be one of plain"),
        (
            f"{HEAD}tests:\n  - {{as: ada, shows: pii.email, expect: plain, because: x}}\n",
            3,
            "`because` says nothing of what is shown",
        ),
        (f"{HEAD}tests:\n  - {{as: ada, shows: pii.email use=output, expect: plain}}\n", 3, "is neither columns"),
        (f"{HEAD}tests:\n  - {{as: ada, shows: Pii.Email, expect: plain}}\n", 3, "is neither columns"),
        (f"{HEAD}tests:\n  - {{as: ada, shows: t(), expect: plain}}\n", 3, "shows nothing: name columns"),
        (f"{HEAD}tests:\n  - {{as: ada, shows: t(a) use=join, expect: plain}}\n", 3, "shows nothing"),
        (f"{HEAD}tests:\n  - {{as: ada, shows: t(a) use=outptu, expect: plain}}\n", 3, "`use` is never `outptu`"),
        (
            f"{HEAD}tests:\n  - {{as: ada, shows: t(a) row_bound=none, expect: plain}}\n",
            3,
            "`row_bound` says nothing of what is shown",
        ),
        (f"{HEAD}tests:\n  - {{as: ada, shows: t(a) u(b), expect: plain}}\n", 3, "must name one relation"),
        ("principals: {ada: robot}\ntests: [1]\n", 1, "`kind` must be one of human, agent, service"),
        ("principals: {ada: human}\ntests: [1]\n", 2, "must be a mapping"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(PolicyErrors) as caught:
        read(text)
    assert any(message in error.message and error.line == line for error in caught.value.errors), caught.value


# What somebody does


def test_a_line_is_what_a_reading_would_find() -> None:
    done = statement_of(
        [
            'read "Odd".people(ssn, "Full Name") use=predicate,output row_bound=other via=view,foreign_key '
            "labels=pii.ssn in=public.all",
            "execute public.purge(integer) effects=writes_data,runs_sql language=plpgsql",
            "execute pg_catalog.pg_sleep(double precision) effects=sleeps builtin=true",
            "set Search_Path value=x",
            "unknown",
        ]
    )
    assert done.actions == {Action.READ, Action.EXECUTE, Action.UNKNOWN}
    (access,) = done.accesses
    assert (access.schema, access.relation, access.bound, access.via) == (
        "Odd",
        "people",
        RowBound.OTHER,
        ("view ?", "foreign key ?"),
    )
    assert [column.name for column in access.columns] == ["ssn", "Full Name"]
    assert access.columns[0].uses == {Use.PREDICATE, Use.OUTPUT}
    assert access.columns[0].labels == ("pii.ssn",)
    assert access.parents == (("public", "all"),)
    purge, sleep = done.effects
    assert (purge.function, purge.name, purge.language, purge.owner) == ("public.purge(integer)", "purge", "plpgsql", "")
    assert purge.effects == {Effect.WRITES_DATA, Effect.RUNS_SQL}
    assert (sleep.owner, sleep.language) == ("pg_catalog", "internal")
    assert [(setting.name, setting.value) for setting in done.settings] == [("search_path", "x")]
    assert done.unknown is not None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "begins with no action"),
        ("select t", "begins with no action"),
        ("reveal t", "begins with no action"),
        ("read a b", "more than one thing"),
        ("read a.b.c", "columns stand in parentheses"),
        ("read t colour=red", "`colour` says nothing of `read`"),
        ("read row_bound=none", "names nothing"),
        ("read t use=predicate", "`use` is said of columns"),
        ("read t(a) use=looking", "`use` is never `looking`"),
        ("delete t row_bound=some", "`row_bound` is never `some`"),
        ("execute f() effects=magic", "`effects` is never `magic`"),
        ("set", "names nothing"),
    ],
)
def test_a_line_that_means_nothing(line: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        statement_of([line])


def test_what_names_nothing_is_asked_of_the_database() -> None:
    found: Any = statement_of(['drop statement="drop schema"'])
    assert (found.kind, found.actions, found.accesses) == ("drop schema", {Action.DROP}, ())
