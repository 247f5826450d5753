"""The one place where access is decided. Pure, total, deny by default.

For each question: an error denies; a forbid denies; a forbid with `@hold` denies unless approved; else a plain permit allows; else
a permit with `@hold` allows if approved; else it is denied. Of all questions about a text the strictest decision holds, and the
obligations of the policies that decided add up. Every door (wire, API, command line) calls it and only enforces what it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from nightporter.identity.principal import Principal
from nightporter.statement.model import Reading, Statement

from . import sentence
from .answer import Answer, Answers
from .identity_settings import guard, guard_start
from .language import Policy
from .model import (
    NO_OBLIGATIONS,
    Allow,
    Approval,
    Ask,
    Because,
    Decision,
    Deny,
    Hold,
    Obligations,
    Question,
    Quorum,
    Resource,
    Value,
)
from .question import PLANNED, connecting, questions_of

MAX_DECISIONS = 4096
"""Of a worker: of statements that are not alike, by principal."""
MAX_TOLD = 20
"""Things that a record says were denied or wait; the reading beside it has all of them."""
CHANGING = frozenset({"insert", "update", "delete", "truncate"})
"""Actions on rows, of which there could be images."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """It depends on how many rows the server's planner expects: to be decided again with that, or with none to be had."""


ESTIMATE = Estimate()
NOT_TO_BE_HAD = -1
"""For `estimated_rows`: nobody can say. What depends on it is held."""

Decided: TypeAlias = Decision | Estimate


def decide(
    principal: Principal,
    resource: Resource,
    reading: Reading,
    answers: Answers,
    facts: Mapping[str, Value],
    estimated_rows: int | None = None,
) -> Decided:
    """What becomes of a text. `facts`: those of the session and of the moment; see `NEUTRAL` for their names."""
    if len(reading.statements) == 1 and estimated_rows is None:
        (statement,) = reading.statements
        if statement.unknown is None and not statement.settings:
            return _decide_alike(principal, resource, reading, statement, answers, facts)
    return _decide(principal, resource, reading, answers, facts, estimated_rows)


def _decide_alike(
    principal: Principal, resource: Resource, reading: Reading, statement: Statement, answers: Answers, facts: Mapping[str, Value]
) -> Decided:
    """Texts that differ in numbers share what was found of them, as the same objects: then they share the decision too.

    All that questions are made of is in the key: what is not there by value is there by identity, and is kept with the decision, so
    that nothing else can have that identity.
    """
    found = (statement.accesses, statement.effects, statement.plans)
    key = (principal, resource, statement.kind, statement.actions, *map(id, found), tuple(facts.items()))
    kept = answers.decisions.get(key)
    if kept is None:
        if len(answers.decisions) >= MAX_DECISIONS:
            answers.decisions.clear()
        decided = _decide(principal, resource, reading, answers, facts, None)
        answers.decisions[key] = kept = (found, decided)
    decision: Decided = kept[1]
    return decision


def _decide(
    principal: Principal,
    resource: Resource,
    reading: Reading,
    answers: Answers,
    facts: Mapping[str, Value],
    estimated_rows: int | None,
) -> Decided:
    for statement in reading.statements:
        denial = guard(statement)
        if denial is not None:
            return denial  # the identity that the database sees is nobody's to change, whatever policies say
    return judge(asked(principal, resource, reading, answers), answers, facts, estimated_rows)


def asked(principal: Principal, resource: Resource, reading: Reading, answers: Answers) -> Ask:
    """All that these policies are asked about a text. A plan changes nothing: of it only if one of them wants to know."""
    return questions_of(principal, resource, reading, planned=PLANNED in answers.ruleset.sees.facts)


def admit(
    principal: Principal, resource: Resource, settings: Mapping[str, str], answers: Answers, facts: Mapping[str, Value]
) -> Decision:
    """Whether somebody may have a session that begins with these settings."""
    denial = guard_start(settings)
    if denial is not None:
        return denial
    decided = judge(connecting(principal, resource, settings), answers, facts, NOT_TO_BE_HAD)
    if isinstance(decided, Estimate):
        raise TypeError("who comes in has no rows")
    return decided


def judge(ask: Ask, answers: Answers, facts: Mapping[str, Value], estimated_rows: int | None = None) -> Decided:
    """The strictest decision over all questions."""
    told = None if estimated_rows == NOT_TO_BE_HAD else estimated_rows
    every = answers.of(ask.principal, ask.questions, ask.entities, facts, told)
    decision = _strictest(ask, every, facts)
    if told is None and any(answer.waiting for answer in every):
        if estimated_rows != NOT_TO_BE_HAD:
            found = _or_estimate(decision)
            if isinstance(found, Estimate):
                return found
        else:
            decision = _without_estimate(every, decision)
    if not isinstance(decision, Allow) and every and all(answer.observing and answer.error is None for answer in every):
        ids = _ids(policy for answer in every for policy in answer.observing)
        return Allow(ids, observed=decision)
    return decision


def approve(hold: Hold, answer: Approval) -> Allow | Deny:
    """What a hold becomes once somebody has answered, or nobody has."""
    match answer:
        case Approval.APPROVED:
            return Allow(hold.policies, hold.obligations, hold.limited_by)
        case Approval.REFUSED:
            return Deny(hold.policies, f"{hold.reason}: an approver has refused it", because=hold.because)
        case Approval.WITHDRAWN:
            return Deny(hold.policies, "canceling statement due to user request", because=hold.because)
        case Approval.EXPIRED:
            who = " and ".join(dict.fromkeys(str(quorum) for quorum in hold.quorums))  # alike but for how long they wait
            hint = f"It can be approved by {who}." if who else None
            return Deny(hold.policies, f"{hold.reason}: nobody approved it in time", hint, hold.because)
        case _:
            assert_never(answer)


def one_too_many(allow: Allow, limit: str) -> Deny:
    """What is permitted but not at this moment, since the principal is at a limit: `concurrent` or `per_minute`."""
    obligations = allow.obligations
    if limit == "concurrent":
        reason = f"no more than {obligations.concurrent} statements of this principal may run at once"
    else:
        reason = f"no more than {obligations.per_minute} statements of this principal may run within a minute"
    return Deny(allow.policies, f"{reason} (policy {', '.join(allow.policies)})", "Try again later.")


def masked_value(what: str) -> Deny:
    """A value that was masked on its way out must not overwrite what it stands for."""
    return Deny((), f"{what} is a mask, not the value: to write it would destroy what it stands for", "Leave that column out.")


def not_to_be_masked(why: str) -> Deny:
    """What cannot be shown as policy wants is not shown at all."""
    return Deny((), why)


def _strictest(ask: Ask, every: Sequence[Answer], facts: Mapping[str, Value]) -> Decision:
    denied: Deny | None = None
    weight = 0
    holding: dict[str, Policy] = {}
    held: tuple[Question, Policy] | None = None
    deciding: dict[str, Policy] = {}
    because_denied: dict[Because, None] = {}
    because_held: dict[Because, None] = {}
    changing = False
    for question, answer in zip(ask.questions, every, strict=True):
        found = _denied(ask, question, answer)
        if found is not None:
            if found[0] > weight:
                weight, denied = found
            because_denied[_because(question, found[1].policies)] = None
            continue
        holds = [policy for policy in answer.forbids if policy.hold is not None]
        permits = [policy for policy in answer.permits if policy.hold is None]
        if not permits:
            permits = list(answer.permits)
            holds += permits
        if holds:
            because_held[_because(question, _ids(holds))] = None
        for policy in holds:
            holding[policy.id] = policy
            held = held or (question, policy)
        for policy in permits:
            deciding[policy.id] = policy
        changing = changing or question.action in CHANGING
    if denied is not None:
        return replace(denied, because=tuple(because_denied)[:MAX_TOLD])
    deciding |= holding
    obligations = NO_OBLIGATIONS
    for policy in deciding.values():
        obligations = obligations.and_also(policy.obligations)
    refusal = _not_honored(deciding.values(), obligations, facts, changing=changing)
    if refusal is not None:
        return refusal
    ids = _ids(deciding.values())
    limited_by = _limiting(deciding.values(), obligations) if obligations.limits else ()
    if held is None:
        return Allow(ids, obligations, limited_by)
    quorums = tuple(dict.fromkeys(policy.hold for policy in holding.values() if policy.hold is not None))
    return Hold(ids, sentence.held(ask, *held), quorums, obligations, limited_by, tuple(because_held)[:MAX_TOLD])


def _because(question: Question, policies: tuple[str, ...]) -> Because:
    facts = question.facts
    via = facts.get("via")
    ways = tuple(sorted(via)) if isinstance(via, frozenset) else ()
    use, bound = str(facts.get("use", "")), str(facts.get("row_bound", ""))
    return Because(question.action, sentence.thing(question), policies, use, bound, ways)


def _limiting(deciding: Iterable[Policy], all_: Obligations) -> tuple[str, ...]:
    """The policies whose limits on a statement are those that hold."""

    def is_one(of: Obligations) -> bool:
        pairs = ((of.rows, all_.rows), (of.bytes, all_.bytes), (of.timeout_s, all_.timeout_s))
        return any(own is not None and own == strictest for own, strictest in pairs)

    return _ids(policy for policy in deciding if is_one(policy.obligations))


def _denied(ask: Ask, question: Question, answer: Answer) -> tuple[int, Deny] | None:
    """Whether one answer denies, and how much that says: the denial that says most is the one that is told."""
    if answer.error is not None:
        return 4, Deny((), f"nothing is permitted, since a policy could not be evaluated: {answer.error}")
    plain = [policy for policy in answer.forbids if policy.hold is None]
    if plain:
        return 3, Deny(_ids(plain), sentence.forbidden(ask, question, plain[0]))
    if not answer.permits:
        return 1 if question.action == "connect" else 2, Deny((), sentence.not_permitted(ask, question))
    return None


def _not_honored(
    deciding: Iterable[Policy], obligations: Obligations, facts: Mapping[str, Value], *, changing: bool
) -> Deny | None:
    """What an obligation asks for and cannot be given denies."""
    ids = _ids(deciding)
    if obligations.purpose and not facts.get("purpose"):
        return Deny(ids, "the purpose of this session must be said first", "SET nightporter.purpose = '...'")
    if obligations.record_images and changing:
        return Deny(ids, "images of changed rows are required, and cannot be recorded yet")
    return None


def _or_estimate(decision: Decision) -> Decided:
    """Ask for it only if everything else permits; a permit that waits may be what is missing."""
    return decision if isinstance(decision, Deny) and decision.policies else ESTIMATE


def _without_estimate(every: Sequence[Answer], decision: Decision) -> Decision:
    """It cannot be said how many rows there are, and some policy wants to know: a person has to look."""
    waiting = {policy.id: policy for answer in every for policy in answer.waiting}
    if isinstance(decision, Deny) and (decision.policies or all(policy.effect == "forbid" for policy in waiting.values())):
        return decision
    quorums = tuple(dict.fromkeys(policy.hold for policy in waiting.values() if policy.hold is not None))
    obligations = NO_OBLIGATIONS
    for policy in waiting.values():
        obligations = obligations.and_also(policy.obligations)
    if not isinstance(decision, Deny):
        obligations = obligations.and_also(decision.obligations)
    if isinstance(decision, Hold):
        quorums = tuple(dict.fromkeys((*decision.quorums, *quorums)))
    ids = tuple(sorted({*decision.policies, *waiting}))
    return Hold(ids, "how many rows this is about cannot be estimated", quorums or (NOBODY,), obligations)


NOBODY = Quorum(("an administrator",), 1, 1.0)
"""Who could approve what no policy names anybody for."""


def _ids(policies: Iterable[Policy]) -> tuple[str, ...]:
    return tuple(sorted({policy.id for policy in policies}))
