"""Tables of expectations: who does what, and what shall be decided. They stand beside the policies and are tested with them. Pure.

    principals:
      ada: {kind: human, groups: [dba]}
      copilot: {kind: agent, owner: ada}
    tests:
      - as: copilot
        does: delete public.orders row_bound=none
        expect: hold
        by: [baseline.agents-ask]

What somebody `does` is written as a reading would find it (see `doing`), so that a test needs no database; `statement` is SQL, read
on an upstream; `shows` asks how values are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import ip_address
from typing import Any, NamedTuple, TypeAlias

from nightporter.core.error import PolicyError, PolicyErrors
from nightporter.identity.principal import NAME, Kind, Principal
from nightporter.statement.model import Reading, Statement

from .annotation import MASKS
from .answer import ESTIMATED, Answers
from .attempt import WEEKDAYS
from .decide import NOT_TO_BE_HAD, Estimate, decide
from .doing import Shows, shows_of, statement_of
from .explain import outcome
from .in_force import CLOCK
from .model import Allow, Decision, Obligations, Resource, Value
from .reveal import Shown, reveals
from .showing import MASKED, PLAIN, SEARCHED, how

Key: TypeAlias = tuple[str | int, ...]
LineOf: TypeAlias = Callable[[Key], int]
"""The line of a key in its file."""

DATABASE, ENVIRONMENT = "shop", "production"
"""Where it is, unless a table says otherwise."""
OUTCOMES = ("allow", "deny", "hold")
SHOWN = (PLAIN, SEARCHED, MASKED, *MASKS)
"""How values are shown: see `showing`."""


@dataclass(frozen=True, slots=True)
class Row:
    """One expectation."""

    file: str
    line: int
    principals: tuple[Principal, ...]
    """It holds for each of them."""
    resource: Resource
    what: str
    """What is done, as the table says it."""
    statement: Statement | None
    """What is done; None: `what` is SQL, to be read on the upstream, or `shows` says what is asked."""
    upstream: str | None
    facts: Mapping[str, Value]
    rows: int | None
    expect: str
    by: frozenset[str] | None = None
    because: str | None = None
    observed: str | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)
    shows: tuple[Shows, ...] = ()
    """Whose values it is about, of a row that asks how they are shown."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file of them."""

    rows: tuple[Row, ...]
    policies: Mapping[str, Any] | None
    """`path` and `packs` of the policies that it is about; None: those of the configuration."""


class Result(NamedTuple):
    """What became of one expectation for one principal."""

    row: Row
    principal: Principal
    deciding: frozenset[str]
    """The policies that decided, or would have."""
    failures: tuple[str, ...]
    """What is not as it should be; empty if all is."""


Read: TypeAlias = Callable[[str, str], tuple[Reading, str]]
"""Upstream, SQL  ->  its reading there, and as which role of the database."""


def check(row: Row, answers: Answers, read: Read | None = None) -> Iterator[Result]:
    """Decide, and compare. `read` is asked only where a row has SQL."""
    facts = {**row.facts, "environment": row.resource.environment}
    unsaid = answers.ruleset.sees.facts.intersection(CLOCK) - facts.keys()
    clock = (f"policies look at the clock ({', '.join(sorted(unsaid))}): say `at`",) if unsaid else ()
    if row.shows:
        for principal in row.principals:
            shown = [_shown(each, principal, row.resource, answers, facts) for each in row.shows]
            ids = frozenset(name for each in shown for name in each.policies)
            yield Result(row, principal, ids, (*_shown_otherwise(row, shown), *clock))
        return
    if row.statement is not None:
        reading = Reading(row.what.encode(), "", (row.statement,))
    elif read is not None and row.upstream is not None:
        reading, role = read(row.upstream, row.what)
        facts = {"role": role, **facts}
    else:
        raise TypeError("SQL needs somebody to read it")
    for principal in row.principals:
        decision = decide(principal, row.resource, reading, answers, facts, row.rows)
        if isinstance(decision, Estimate):
            decision = decide(principal, row.resource, reading, answers, facts, NOT_TO_BE_HAD)
        if isinstance(decision, Estimate):
            raise TypeError("an estimate was asked for that is not to be had")
        yield Result(row, principal, _deciding(decision), (*_differences(row, decision), *clock))


def _deciding(decision: Decision) -> frozenset[str]:
    inner = decision.observed if isinstance(decision, Allow) else None
    return frozenset(decision.policies) | frozenset(inner.policies if inner is not None else ())


def _shown(what: Shows, principal: Principal, resource: Resource, answers: Answers, facts: Mapping[str, Value]) -> Shown:
    sight = reveals(principal, resource, answers, facts)
    if what.label is not None:
        return sight.label(what.label)
    (column,) = what.columns
    return sight.column(what.schema, what.relation, column, what.labels, what.use, what.parents)


def _shown_otherwise(row: Row, every: Iterable[Shown]) -> Iterator[str]:
    for what, shown in zip(row.shows, every, strict=True):
        of = f" of `{what.label or what.columns[0]}`" if len(row.shows) > 1 else ""
        found = how(shown, what.labels if what.label is None else (what.label,))
        if found != row.expect:
            by = f" by {_names(shown.policies)}" if shown.policies else ""
            yield f"expected {row.expect}{of}, got {found}{by}"
        elif row.by is not None and frozenset(shown.policies) != row.by:
            yield f"expected it{of} by {_names(row.by)}, got it by {_names(shown.policies)}"


def _differences(row: Row, decision: Decision) -> Iterator[str]:
    found, policies = outcome(decision), frozenset(decision.policies)
    if found != row.expect:
        why = f": {decision.reason}" if not isinstance(decision, Allow) else ""
        by = f" by {', '.join(sorted(policies))}" if policies else ""
        yield f"expected {row.expect}, got {found}{by}{why}"
    elif row.by is not None and policies != row.by:
        yield f"expected it by {_names(row.by)}, got it by {_names(policies)}"
    if row.because is not None and (isinstance(decision, Allow) or row.because not in decision.reason):
        said = "no reason" if isinstance(decision, Allow) else f"`{decision.reason}`"
        yield f"expected a reason with `{row.because}`, got {said}"
    observed = decision.observed if isinstance(decision, Allow) else None
    if row.observed is not None and (observed is None or outcome(observed) != row.observed):
        yield f"expected to observe {row.observed}, got {'nothing' if observed is None else outcome(observed)}"
    for name, value in row.limits.items():
        actual = getattr(decision.obligations, name) if isinstance(decision, Allow) or found == "hold" else None  # type: ignore[union-attr]
        if actual != value:
            yield f"expected {name} {value}, got {actual}"


def _names(ids: Iterable[str]) -> str:
    return ", ".join(sorted(ids)) or "no policy"


# Reading a table

_TABLE = ("policies", "principals", "database", "environment", "upstream", "at", "tests")
_FACTS = ("at", "purpose", "client_address", "listener", "in_transaction", "role", ESTIMATED)
_WHAT = ("does", "statement", "shows")
_OF_DECISIONS = ("because", "observed", "limits", ESTIMATED)
_ROW = ("as", *_WHAT, "upstream", "database", "environment", *_FACTS, "expect", "by", "because", "observed", "limits")
_PRINCIPAL = ("kind", "name", "groups", "owner", "actor", "attributes")


def read(file: str, data: Any, line_of: LineOf, environment_of: Callable[[str], str | None] = lambda name: None) -> Table:
    """What a file says, as plain values. Raises PolicyErrors with all that is wrong.

    `environment_of`: that of an upstream; None: there is no such upstream.
    """
    return _Reader(file, line_of, environment_of).table(data)


class _Reader:
    def __init__(self, file: str, line_of: LineOf, environment_of: Callable[[str], str | None]) -> None:
        self._file = file
        self._line_of = line_of
        self._environment_of = environment_of
        self._errors: list[PolicyError] = []
        self._principals: dict[str, Principal] = {}

    def table(self, data: Any) -> Table:
        whole = self._mapping(data, (), _TABLE)
        for name, said in self._mapping(whole.get("principals", {}), ("principals",)).items():
            found = self._principal(said, ("principals", name), name)
            if found is not None:
                self._principals[name] = found
        policies = self._mapping(whole["policies"], ("policies",), ("path", "packs")) if "policies" in whole else None
        tests = whole.get("tests")
        if not isinstance(tests, list) or not tests:
            self._wrong(("tests",), "`tests` is missing: a list of expectations")
            tests = []
        rows = [self._row(said, ("tests", n), whole) for n, said in enumerate(tests)]
        if self._errors:
            raise PolicyErrors(self._errors)
        return Table(tuple(row for row in rows if row is not None), policies)

    def _wrong(self, key: Key, message: str) -> None:
        self._errors.append(PolicyError(message, self._file, self._line_of(key), 1))

    def _mapping(self, said: Any, key: Key, known: Iterable[str] | None = None) -> Mapping[str, Any]:
        if not isinstance(said, Mapping):
            self._wrong(key, f"`{key[-1]}` must be a mapping of keys to values" if key else "must be a mapping of keys to values")
            return {}
        if known is not None:
            for name in said:
                if name not in known:
                    self._wrong((*key, name), f"`{name}` is not a key: there are {', '.join(known)}")
        return said

    def _principal(self, said: Any, key: Key, name: str | None = None) -> Principal | None:
        words = {"kind": said} if isinstance(said, str) else self._mapping(said, key, _PRINCIPAL)
        try:
            return _principal({"name": name, **words})
        except ValueError as error:
            self._wrong(key, str(error))
            return None

    def _row(self, said: Any, key: Key, whole: Mapping[str, Any]) -> Row | None:
        before = len(self._errors)
        words = self._mapping(said, key, _ROW)
        principals = [*self._whom(words, key)]
        upstream = words.get("upstream", whole.get("upstream"))
        statement, what = None, words.get("statement")
        shows: tuple[Shows, ...] = ()
        outcomes = SHOWN if "shows" in words else OUTCOMES
        if sum(name in words for name in _WHAT) != 1:
            self._wrong(key, "say one of `does`, `statement` and `shows`")
        elif "statement" in words:
            if not isinstance(what, str) or not isinstance(upstream, str):
                self._wrong(key, "`statement` takes SQL, and an `upstream` to read it on")
        else:
            upstream = None
            name = "does" if "does" in words else "shows"
            lines = [str(each) for each in (words[name] if isinstance(words[name], list) else [words[name]])]
            what = "; ".join(lines)
            try:
                if name == "does":
                    statement = statement_of(lines)
                else:
                    shows = _one_by_one(map(shows_of, lines))
            except ValueError as error:
                self._wrong((*key, name), str(error))
        for name in _OF_DECISIONS if "shows" in words else ():
            if name in words:
                self._wrong((*key, name), f"`{name}` says nothing of what is shown")
        expect = words.get("expect")
        if expect not in outcomes:
            self._wrong(key, f"`expect` must be one of {', '.join(outcomes)}")
        facts = self._facts({**({"at": whole["at"]} if "at" in whole else {}), **words}, key)
        row = self._expecting(words, key)
        resource = self._resource(words, whole, upstream, key)
        if len(self._errors) > before:
            return None
        rows = words.get(ESTIMATED)
        return replace(
            row,
            principals=tuple(principals),
            resource=resource,
            what=str(what),
            statement=statement,
            upstream=upstream,
            facts=facts,
            rows=rows,
            expect=str(expect),
            shows=shows,
        )

    def _whom(self, words: Mapping[str, Any], key: Key) -> Iterator[Principal]:
        said = words.get("as")
        for each in said if isinstance(said, list) and said else [said]:
            if isinstance(each, Mapping):
                found = self._principal(each, (*key, "as"))
            else:
                found = self._principals.get(each) if isinstance(each, str) else None
                if found is None and each not in self._principals:
                    self._wrong((*key, "as"), f"`as` must be in `principals`, or say kind and name: `{each}`")
            if found is not None:
                yield found

    def _resource(self, words: Mapping[str, Any], whole: Mapping[str, Any], upstream: Any, key: Key) -> Resource:
        environment = words.get("environment", whole.get("environment", ENVIRONMENT))
        database = words.get("database", whole.get("database", DATABASE))
        if isinstance(upstream, str):
            found = self._environment_of(upstream)
            if found is None:
                self._wrong(key, f"no upstream `{upstream}`")
            environment, database = found, upstream
        return Resource(str(environment), str(database))

    def _facts(self, words: Mapping[str, Any], key: Key) -> Mapping[str, Value]:
        facts: dict[str, Value] = {}
        if "at" in words:
            at = words["at"]
            try:
                moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
            except (ValueError, TypeError):
                self._wrong(key, '`at` must be a time such as "2026-11-23 03:00"')
            else:
                facts |= {"hour": moment.hour, "minute": moment.minute}
                facts |= {"weekday": WEEKDAYS[moment.weekday()], "date": moment.date().isoformat()}
        for name, kind in _KINDS.items():
            if name in words:
                if type(words[name]) is not kind:
                    self._wrong((*key, name), f"`{name}` must be {_A[kind]}")
                elif name != ESTIMATED:
                    facts[name] = words[name]
        try:
            ip_address(str(facts.get("client_address", "127.0.0.1")))
        except ValueError:
            self._wrong((*key, "client_address"), "`client_address` must be an IP address")
        return facts

    def _expecting(self, words: Mapping[str, Any], key: Key) -> Row:
        by = words.get("by")
        by = [by] if isinstance(by, str) else by
        if by is not None and not _texts(by):
            self._wrong((*key, "by"), "`by` must be a list of ids of policies")
            by = None
        observed = words.get("observed")
        if observed is not None and observed not in ("deny", "hold"):
            self._wrong((*key, "observed"), "`observed` must be deny or hold")
        limits = self._mapping(words.get("limits", {}), (*key, "limits"), Obligations.__slots__)
        line = self._line_of(key)
        ids = None if by is None else frozenset(by)
        return Row(
            *(self._file, line, (), Resource("", ""), "", None, None, {}, None, ""), ids, words.get("because"), observed, limits
        )


def _one_by_one(every: Iterable[Shows]) -> tuple[Shows, ...]:
    """Each column by itself."""
    found: list[Shows] = []
    for each in every:
        found += [each] if each.label is not None else [each._replace(columns=(column,)) for column in each.columns]
    return tuple(found)


def _principal(words: Mapping[str, Any]) -> Principal:
    name, kind, groups, attributes = words["name"], words.get("kind"), words.get("groups", ()), words.get("attributes", {})
    if kind not in tuple(Kind):
        raise ValueError(f"`kind` must be one of {', '.join(Kind)}")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError("`name` must be the name of a principal")
    if groups != () and not _texts(groups):
        raise ValueError("`groups` must be a list of names")
    if not isinstance(attributes, Mapping) or not _texts(list(attributes.values())):
        raise ValueError("`attributes` must be a mapping of names to texts")
    owner, actor = words.get("owner", "somebody" if kind == Kind.AGENT else None), words.get("actor")
    if not all(each is None or isinstance(each, str) for each in (owner, actor)):
        raise ValueError("`owner` and `actor` must be names")
    return Principal(name, Kind(kind), frozenset(groups), tuple(sorted(attributes.items())), owner, actor)


_KINDS: Mapping[str, type] = {
    "purpose": str,
    "client_address": str,
    "listener": str,
    "in_transaction": bool,
    "role": str,
    ESTIMATED: int,
}
_A = {str: "a text; put it in quotes", bool: "true or false", int: "a whole number"}


def _texts(said: Any) -> bool:
    return isinstance(said, list) and all(isinstance(each, str) for each in said)
