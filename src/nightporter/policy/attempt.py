"""What could be tried to have another decision: other texts, other circumstances, other people, other policies. Pure.

A step says in words what it takes, and makes a case as if that were so. Whether it helps is found out by deciding that case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from ipaddress import ip_network
from typing import NamedTuple, TypeAlias

from nightporter.core.error import PolicyErrors
from nightporter.statement.model import RowBound, Use

from . import sentence
from .answer import Answer, Answers
from .case import Case, Search
from .language import Policy
from .literal import addresses, compared_with
from .model import Ask, Question, Uid, Value
from .question import principal_entity
from .ruleset import Ruleset, load

MAX_NAMED = 5

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GIVEN_BY_VIEWS = frozenset(("", Use.OUTPUT.value, Use.EXPRESSION.value, Use.WHOLE_ROW.value))
"""What a text may leave out though a view reads it."""
_BOUNDS = {
    RowBound.OTHER.value: "a condition on {} that looks at a column",
    RowBound.PRIMARY_KEY.value: "a condition on {} that names every column of a unique key, each equal to a constant",
}
_WEAKER = {RowBound.NONE.value: 0, RowBound.TRIVIAL.value: 0, RowBound.OTHER.value: 1, RowBound.PRIMARY_KEY.value: 2}


class Step(NamedTuple):
    """Something that could be otherwise."""

    kind: str
    """One of `remedy.KINDS`."""
    words: str
    """What it takes: a part of a sentence."""
    alter: Callable[[Case], Case]
    policy: str | None = None
    """Text of policies that do so, where it takes more permits."""


Steps: TypeAlias = Iterator[Step]


def steps(search: Search) -> Steps:
    """Everything that could be tried, the easiest first; nothing of it has been but hours and days."""
    case, blocked = search.case, search.blocked
    yield from _bounded(blocked)
    yield from _without_columns(case, blocked)
    yield from _without_locks(case, blocked)
    yield from _certain(case, blocked)
    yield from _moment(search)
    yield from _circumstances(case, blocked)
    yield from _groups(case)
    yield from _permits(case, blocked)
    yield from _exceptions(case, blocked)


# The text


def _bounded(blocked: list[Question]) -> Steps:
    """Conditions that bound the rows more."""
    for bound, words in _BOUNDS.items():
        loose = [
            question
            for question in blocked
            if _reachable(question) and _WEAKER.get(str(question.facts.get("row_bound")), 9) < _WEAKER[bound]
        ]
        targets = frozenset((question.action, _table(question.resource)) for question in loose)
        if targets:
            names = sentence.listed(dict.fromkeys(sentence.name(_table(question.resource)) for question in loose), MAX_NAMED)
            yield Step("rows", words.format(names), _bounding(targets, bound))


def _bounding(targets: frozenset[tuple[str, Uid]], bound: str) -> Callable[[Case], Case]:
    def altered(question: Question) -> Question:
        if (question.action, _table(question.resource)) in targets and question.facts.get("row_bound"):
            return question._replace(facts={**question.facts, "row_bound": bound})
        return question

    return lambda case: case.asking(map(altered, case.ask.questions))


def _without_columns(case: Case, blocked: list[Question]) -> Steps:
    """Texts that do not use what is not to be used: first the columns that the same policies stop, then all of them."""
    groups: dict[object, list[Question]] = {}
    for question in blocked:
        if question.resource.type == "Column":
            groups.setdefault(case.asking((question,)).decided().policies, []).append(question)
    every = [question for group in groups.values() for question in group]
    for columns in (*groups.values(), every) if len(groups) > 1 else groups.values():
        if all(_reachable(question) for question in columns):
            yield _without(case, columns)


def _without(case: Case, columns: list[Question]) -> Step:
    bad = {(question.resource, question.facts.get("use")) for question in columns}
    every = {(question.resource, question.facts.get("use")) for question in case.ask.questions}
    words: dict[tuple[str, str], list[str]] = {}
    gone: set[tuple[Uid, Value | None]] = set()
    for uid, use in sorted(bad, key=str):
        uses = {(other, how) for other, how in every if other == uid}
        if uses <= bad:
            gone |= uses
            how = "leave out"
        else:
            gone.add((uid, use))
            how = f"do not use {sentence.USES.get(str(use), 'as it is')}"
        name = sentence.name(Uid("", uid.id.rpartition("/")[2]))
        names = words.setdefault((how, sentence.name(_table(uid))), [])
        if name not in names:
            names.append(name)
    told = [f"{how} {_counted('column', names)} of {table}" for (how, table), names in words.items()]
    if any(question.facts.get("via") for question in columns):
        told[-1] += ", also where a view gives it"

    def alter(case: Case) -> Case:
        return case.asking(each for each in case.ask.questions if (each.resource, each.facts.get("use")) not in gone)

    return Step("columns", sentence.listed(told, MAX_NAMED), alter)


def _counted(noun: str, names: list[str]) -> str:
    return f"{noun}{'s' if len(names) > 1 else ''} {sentence.listed(names, MAX_NAMED)}"


def _without_locks(case: Case, blocked: list[Question]) -> Steps:
    locking = [question for question in blocked if question.facts.get("locks")]
    if locking and all(_reachable(each) and not str(each.facts.get("statement")).startswith("lock") for each in locking):
        names = sentence.listed(dict.fromkeys(sentence.name(_table(question.resource)) for question in locking), MAX_NAMED)

        def alter(case: Case) -> Case:
            return case.asking(each for each in case.ask.questions if not each.facts.get("locks"))

        yield Step("locks", f"leave the rows of {names} unlocked: no FOR UPDATE or FOR SHARE", alter)


def _certain(case: Case, blocked: list[Question]) -> Steps:
    if any(question.action == "unknown" for question in blocked):
        reasons = dict.fromkeys(each.unknown for each in case.reading.statements if each.unknown is not None)
        told = sentence.listed(reasons) if reasons else "what cannot be understood"

        def alter(case: Case) -> Case:
            return case.asking(each for each in case.ask.questions if each.action != "unknown")

        yield Step("unknown", f"make certain what is not: {told}", alter)


def _reachable(question: Question) -> bool:
    """Whether the text itself says so, so that another text would not."""
    via = question.facts.get("via")
    return not via or (via == frozenset({"view"}) and question.facts.get("use", "") in _GIVEN_BY_VIEWS)


def _table(uid: Uid) -> Uid:
    return Uid("Table", uid.id.rpartition("/")[0]) if uid.type == "Column" else uid


# The circumstances


def _moment(search: Search) -> Steps:
    """Another hour of the same day, or another day."""
    case = search.case
    sees = case.ruleset.sees.facts
    if not sees & {"hour", "minute", "weekday", "date"} or "hour" not in case.facts:
        return
    same_day = {name: case.facts[name] for name in ("weekday", "date") if name in case.facts}
    hours = [hour for hour in range(24) if search.better(case.where(hour=hour, minute=0))]
    if hours:
        for first, last in _runs(hours):
            at = case.where(hour=first, minute=0).facts
            yield Step("time", f"the same between {first}:00 and {last}:59 that day", _at(at))
        return
    today = _date(same_day.get("date"))
    if today is None:
        return
    for days in range(1, 8):
        day = today + timedelta(days)
        other: dict[str, Value] = {"date": day.isoformat(), "weekday": WEEKDAYS[day.weekday()]}
        hours = [hour for hour in range(24) if search.better(case.where(hour=hour, minute=0, **other))]
        if hours:
            first, last = _runs(hours)[0]
            at = case.where(hour=first, minute=0, **other).facts
            yield Step("time", f"the same on {day:%A}, {day.isoformat()}, between {first}:00 and {last}:59", _at(at))
            return


def _at(facts: Mapping[str, Value]) -> Callable[[Case], Case]:
    moment = {name: facts[name] for name in ("hour", "minute", "weekday", "date") if name in facts}
    return lambda case: case.where(**moment)


def _runs(hours: list[int]) -> list[tuple[int, int]]:
    """Hours in a row, as the first and the last of each row."""
    found: list[tuple[int, int]] = []
    for hour in hours:
        if found and found[-1][1] == hour - 1:
            found[-1] = (found[-1][0], hour)
        else:
            found.append((hour, hour))
    return found


def _date(text: Value | None) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _circumstances(case: Case, blocked: list[Question]) -> Steps:
    """Another purpose, entrance, address, role, transaction; whatever policies compare these with."""
    ruleset, facts = case.ruleset, case.facts
    sees = ruleset.sees.facts
    wants_purpose = any(policy.obligations.purpose for policy in ruleset.policies.values())
    if not facts.get("purpose") and (wants_purpose or "purpose" in sees):
        yield Step("purpose", "say first what the session is for: SET nightporter.purpose = '...'", _changing("purpose", "purpose"))
    for text in _values(ruleset, "purpose"):
        like = "a purpose like" if "*" in text else "the purpose"
        yield Step("purpose", f"say {like} `{text}` first: SET nightporter.purpose = '...'", _changing("purpose", text))
    if "in_transaction" in sees:
        inside = bool(facts.get("in_transaction"))
        where = "outside of a transaction block" if inside else "inside of a transaction block, after BEGIN"
        yield Step("transaction", where, _changing("in_transaction", not inside))
    if "listener" in sees:
        for text in dict.fromkeys((*case.ways.get("listener", ()), *_values(ruleset, "listener"))):
            if text != facts.get("listener"):
                yield Step("place", f"by the entrance `{text}`", _changing("listener", text))
    for text in dict.fromkeys(each for policy in ruleset.policies.values() for each in addresses(policy.est["conditions"])):
        network = _first_address(text)
        if network is not None:
            yield Step("place", f"from the network `{text}`", _changing("client_address", network))
    for text in _values(ruleset, "role"):
        yield Step("role", f"as the database role `{text}`", _changing("role", text))
    setting = frozenset(question.resource for question in blocked if question.action == "set")
    if setting:
        for text in _values(ruleset, "value"):
            yield Step("setting", f"set {sentence.listed(map(sentence.name, sorted(setting)))} to `{text}`", _set_to(setting, text))


def _values(ruleset: Ruleset, fact: str) -> list[str]:
    every = (text for policy in ruleset.policies.values() for text in compared_with(policy.est["conditions"], fact))
    return [text for text in dict.fromkeys(every) if text]


def _set_to(settings: frozenset[Uid], value: str) -> Callable[[Case], Case]:
    def altered(question: Question) -> Question:
        hit = question.action == "set" and question.resource in settings
        return question._replace(facts={**question.facts, "value": value}) if hit else question

    return lambda case: case.asking(map(altered, case.ask.questions))


def _first_address(text: str) -> str | None:
    try:
        return str(ip_network(text, strict=False).network_address)
    except ValueError:
        return None


def _changing(name: str, value: Value) -> Callable[[Case], Case]:
    return lambda case: case.where(**{name: value})


# Who, and by which policies


def _groups(case: Case) -> Steps:
    principal = case.ask.principal
    mentioned = sorted(uid.id for uid in case.ruleset.sees.entities if uid.type == "Group")
    for group in mentioned:
        if group not in principal.groups:
            yield Step("group", f"{principal.name} in the group `{group}`", _joining(group))


def _joining(group: str) -> Callable[[Case], Case]:
    def alter(case: Case) -> Case:
        principal = replace(case.ask.principal, groups=case.ask.principal.groups | {group})
        return replace(case, ask=replace(case.ask, principal=principal))

    return alter


def _permits(case: Case, blocked: list[Question]) -> Steps:
    """Plain permits for all that has none."""
    lacking = [question for question, answer in case.answered(blocked) if not _permitted(answer)]
    wanted: dict[tuple[str, Uid], None] = {}
    tables = {(question.action, question.resource) for question in lacking if question.resource.type == "Table"}
    for question in lacking:
        table = (question.action, _table(question.resource))
        wanted.setdefault(table if table in tables else (question.action, question.resource))
    if not wanted:
        return
    taken = set(case.ruleset.policies)
    texts = [_permit(case.ask, action, uid, taken) for action, uid in wanted]
    text = "\n".join(texts)
    told = [f"a plain permit for `{action}` on {uid}{_wider(case.ask, uid)}" for action, uid in wanted]

    files = case.ruleset.files
    file = next(name for n in range(len(files) + 1) if (name := f"remedy{n}.cedar") not in files)
    try:
        more = load({file: text}).policies.values()
    except PolicyErrors:
        return  # a name that Cedar does not take: nothing that anybody could write either

    alter = _ruled(lambda ruleset: Ruleset(ruleset.files, [*ruleset.policies.values(), *more]))

    yield Step("permit", sentence.listed(told, MAX_NAMED), alter, text)


def _ruled(change: Callable[[Ruleset], Ruleset]) -> Callable[[Case], Case]:
    """Other policies, made once for each set that they are made of."""
    made: dict[Answers, Answers] = {}

    def alter(case: Case) -> Case:
        if case.answers not in made:
            made[case.answers] = Answers(change(case.ruleset))
        return case.under(made[case.answers])

    return alter


def _permitted(answer: Answer) -> bool:
    return any(policy.hold is None for policy in answer.permits)


def _wider(ask: Ask, uid: Uid) -> str:
    """What it is in, as another choice."""
    above = [parent for parent in ask.entities[uid].parents if parent.type in ("Schema", "Database", "Table")]
    if not above:
        return ""
    names = [str(above[0])]
    for parent in ask.entities[above[0]].parents:
        if parent.type in ("Schema", "Database"):
            names.append(str(parent))
    return f" (or on {', '.join(names)})"


_NOT_IN_IDS = re.compile(r"[^a-z0-9_]+")


def _permit(ask: Ask, action: str, uid: Uid, taken: set[str]) -> str:
    who = principal_entity(ask.principal).uid
    name = _NOT_IN_IDS.sub("-", f"{ask.principal.name} {action} {sentence.name(uid)}".lower()).strip("-")[:90]
    n, id_ = 1, name
    while id_ in taken:
        n, id_ = n + 1, f"{name}-{n + 1}"
    taken.add(id_)
    op = "in" if uid.type == "Table" else "=="  # with its columns
    return f'@id("{id_}")\npermit(principal == {_cedar(who)}, action == Action::"{action}", resource {op} {_cedar(uid)});'


def _cedar(uid: Uid) -> str:
    inner = uid.id.replace("\\", "\\\\").replace('"', '\\"')
    inner = "".join(each if each.isprintable() else f"\\u{{{ord(each):x}}}" for each in inner)
    return f'{uid.type}::"{inner}"'


def _exceptions(case: Case, blocked: list[Question]) -> Steps:
    """Policies that no permit outweighs."""
    forbids: dict[str, Policy] = {}
    for _, answer in case.answered(blocked):
        forbids |= {policy.id: policy for policy in answer.forbids if policy.hold is None}
    if not forbids:
        return
    told = sentence.listed((f"`{each.id}` ({each.file}:{each.line})" for each in forbids.values()), MAX_NAMED)
    noun = "an exception in the policy" if len(forbids) == 1 else "exceptions in the policies"

    def without(ruleset: Ruleset) -> Ruleset:
        return Ruleset(ruleset.files, (policy for name, policy in ruleset.policies.items() if name not in forbids))

    yield Step("exception", f"{noun} {told}: no permit outweighs a forbid", _ruled(without))
