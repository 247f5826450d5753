"""Why a decision is what it is: what was asked, which policies had a say, which nearly had, and what would change it. Pure.

Nothing is decided here: each question is judged by `decide.judge`, alone and with the others, as the gateway does it. Policies
whose scope is met and whose condition is not are found by Cedar as well: it evaluates them without their conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from nightporter.identity.principal import Principal
from nightporter.statement.model import Reading

from . import sentence
from .answer import ESTIMATED, Answer, Answers
from .case import Case
from .condition import Condition, Conditions
from .decide import NOT_TO_BE_HAD, Estimate, asked, decide, judge
from .language import Policy
from .literal import numbers
from .model import Allow, Ask, Decision, Deny, Obligations, Question, Resource, Uid, Value
from .remedy import Remedy, remedies
from .reveal import reveals
from .showing import ShownOutput, shown_outputs

MAX_FINDINGS = 2000
"""Kinds of questions that are explained one by one; a text that asks more is no longer read by people."""


class Missed(NamedTuple):
    """A policy whose scope is met, but not its conditions."""

    policy: Policy
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Questions that look alike, and how they were answered: the columns of one table that are used the same way."""

    questions: tuple[Question, ...]
    """At least one; their actions and facts are the same."""
    decision: Decision
    """What it would be, were this all."""
    deciding: tuple[Policy, ...]
    outweighed: tuple[Policy, ...]
    """They apply too, and do not decide: others count more, or what is lacking does."""
    missed: tuple[Missed, ...]
    waiting: tuple[Policy, ...]
    """They read how many rows there are, which is not known."""
    error: str | None
    """Why an answer cannot be relied on."""


class Range(NamedTuple):
    """A decision that holds for so many estimated rows."""

    least: int
    most: int | None
    """None: any number from `least` on."""
    decision: Decision


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is to be said of one decision."""

    ask: Ask
    decision: Decision
    """Where it depends on an estimate that is not told: as if none were to be had."""
    findings: tuple[Finding, ...]
    ranges: tuple[Range, ...]
    """Where it depends on how many rows the server's planner expects: all numbers, in order. Else nothing."""
    remedies: tuple[Remedy, ...]
    """What would change it; each was decided again to see that it does."""
    left_out: int = 0
    """Kinds of questions beyond MAX_FINDINGS."""
    shown: tuple[tuple[ShownOutput, ...], ...] = ()
    """For each statement, how the columns of its result are shown, should it run."""


def explain(
    principal: Principal,
    resource: Resource,
    reading: Reading,
    answers: Answers,
    facts: Mapping[str, Value],
    estimated_rows: int | None = None,
    ways: Mapping[str, Iterable[str]] | None = None,
) -> Explanation:
    """The same arguments as `decide`. `ways`: what some facts may be besides, such as the entrances there are (`listener`)."""
    ask = asked(principal, resource, reading, answers)
    decision = decide(principal, resource, reading, answers, facts, estimated_rows)
    ranges: tuple[Range, ...] = ()
    if isinstance(decision, Estimate):
        ranges = _ranges(ask, answers, facts)
        decision = _certain(decide(principal, resource, reading, answers, facts, NOT_TO_BE_HAD))
        if len(ranges) == 1 and outcome(ranges[0].decision) == outcome(decision):
            ranges = ()  # it asks, and does not depend on it
    rows = NOT_TO_BE_HAD if estimated_rows is None else estimated_rows
    groups = _alike(ask, answers, facts, rows)
    conditions = Conditions(answers.ruleset)
    findings = tuple(_finding(conditions, ask, answers, facts, rows, *each) for each in groups[:MAX_FINDINGS])
    case = Case(ask, answers, facts, rows, reading, {name: tuple(values) for name, values in (ways or {}).items()})
    sight = reveals(principal, resource, answers, facts)
    shown = tuple(shown_outputs(statement, sight) for statement in reading.statements)
    return Explanation(ask, decision, findings, ranges, remedies(case), max(0, len(groups) - MAX_FINDINGS), shown)


def _certain(decided: Decision | Estimate) -> Decision:
    if isinstance(decided, Estimate):
        raise TypeError("an estimate was asked for that is not to be had")
    return decided


# Questions

_Group: TypeAlias = tuple[list[Question], Answer]


def _alike(ask: Ask, answers: Answers, facts: Mapping[str, Value], rows: int) -> list[_Group]:
    """Questions of the same action, facts and answer about the same thing, or columns of the same table; each question once."""
    told = None if rows == NOT_TO_BE_HAD else rows
    found: dict[object, _Group] = {}
    every = answers.of(ask.principal, ask.questions, ask.entities, facts, told)
    for question, answer in zip(ask.questions, every, strict=True):
        uid = question.resource
        about = uid.id.rpartition("/")[0] if uid.type == "Column" else uid.id
        labels = frozenset(parent for parent in ask.entities[uid].parents if parent.type == "Label")
        key = (question.action, uid.type, about, labels, frozenset(question.facts.items()), answer)
        questions, _ = found.setdefault(key, ([], answer))
        if all(uid != other.resource for other in questions):
            questions.append(question)
    return list(found.values())


def _finding(
    conditions: Conditions,
    ask: Ask,
    answers: Answers,
    facts: Mapping[str, Value],
    rows: int,
    questions: list[Question],
    answer: Answer,
) -> Finding:
    first = questions[0]
    decision = _certain(judge(replace(ask, questions=(first,)), answers, facts, rows))
    told = None if rows == NOT_TO_BE_HAD else rows
    inner = decision.observed if isinstance(decision, Allow) else None
    ids = {*decision.policies, *(inner.policies if inner is not None else ())}
    applying = {policy.id: policy for policy in (*answer.permits, *answer.forbids, *answer.observing)}
    in_scope = conditions.in_scope(ask, first, facts)
    open_ = tuple(policy for policy in in_scope if told is None and ESTIMATED in policy.facts)
    missed = [policy for policy in in_scope if policy.id not in applying and policy not in open_]
    return Finding(
        tuple(questions),
        decision,
        tuple(policy for name, policy in sorted(applying.items()) if name in ids),
        tuple(policy for name, policy in sorted(applying.items()) if name not in ids),
        tuple(Missed(policy, conditions.failing(policy, ask, first, facts, told)) for policy in missed),
        open_,
        answer.error,
    )


# Rows


def _ranges(ask: Ask, answers: Answers, facts: Mapping[str, Value]) -> tuple[Range, ...]:
    """What is decided for each number of rows. It changes only at numbers that policies compare it with."""
    turns = {0}
    for policy in answers.ruleset.policies.values():
        if ESTIMATED in policy.facts:
            for number in numbers(policy.est["conditions"]):
                turns |= {number - 1, number, number + 1}
    found: list[Range] = []
    steps = sorted(number for number in turns if 0 <= number < _MAX_ROWS)
    for n, least in enumerate(steps):
        decision = _certain(judge(ask, answers, facts, least))
        most = steps[n + 1] - 1 if n + 1 < len(steps) else None
        if found and found[-1].decision == decision:
            found[-1] = found[-1]._replace(most=most)
        else:
            found.append(Range(least, most, decision))
    return tuple(found)


_MAX_ROWS = 2**62


# Words


def outcome(decision: Decision) -> str:
    """`allow`, `deny` or `hold`, as records have it."""
    match decision:
        case Allow():
            return "allow"
        case Deny():
            return "deny"
        case _:
            return "hold"


def subject(finding: Finding) -> str:
    """What the questions ask: `read public.customers (email, name) in a condition`."""
    first = finding.questions[0]
    if len(finding.questions) == 1:
        return sentence.what(first)
    # only columns of one table are alike and several
    table = sentence.name(Uid("Table", first.resource.id.rpartition("/")[0]))
    columns = (sentence.name(Uid("", question.resource.id.rpartition("/")[2])) for question in finding.questions)
    return sentence.what(first, f"{table} ({', '.join(columns)})")


def limits(obligations: Obligations) -> list[str]:
    """Each obligation in words: `at most 1000 rows`."""
    each = obligations
    told = [
        None if each.rows is None else f"at most {each.rows} rows",
        None if each.bytes is None else f"at most {each.bytes} bytes",
        None if each.timeout_s is None else f"at most {each.timeout_s:g} s",
        None if each.sessions is None else f"at most {each.sessions} sessions at once",
        None if each.concurrent is None else f"at most {each.concurrent} statements at once",
        None if each.per_minute is None else f"at most {each.per_minute} statements a minute",
        "images of changed rows are recorded" if each.record_images else None,
        "the purpose must have been said" if each.purpose else None,
    ]
    return [words for words in told if words is not None]
