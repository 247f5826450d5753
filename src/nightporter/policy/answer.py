"""Which policies apply to a question. Cedar evaluates them; what it said is kept. Pure.

A set of policies can see of a question: who asks, the action, the type of the resource, which of the ids that it mentions the
resource is or is in, and the attributes and facts that it reads. So questions that look alike to it have the same answer, and
most of the things that statements do look alike: that is the key under which answers are kept.

An answer is whole: every policy that applies, permits and forbids, and whether any of them failed. What follows from it is for
`decide` to say. Cedar would pass over a policy that fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import cedarpy

from nightporter.identity.principal import Principal

from .language import Policy
from .model import Entity, Question, Uid, Value
from .question import NEUTRAL, principal_entity
from .ruleset import Ruleset
from .schema import actions
from .sight import NOTHING

MAX_KEPT = 32 * 1024
"""Answers of a worker, at some hundred bytes each: what a hundred principals do to some hundred kinds of things."""
ESTIMATED = "estimated_rows"
_NAMED = re.compile("policy `([^`]+)`")

Seen: TypeAlias = tuple[object, ...]
"""All that the policies in force can see of a question."""


class Answer(NamedTuple):
    """The policies that apply to one question, in the order of their ids."""

    permits: tuple[Policy, ...] = ()
    forbids: tuple[Policy, ...] = ()
    observing: tuple[Policy, ...] = ()
    """Permits that say: let it run, and say what would have been."""
    error: str | None = None
    """A policy could not be evaluated."""
    waiting: tuple[Policy, ...] = ()
    """Policies for such a question that read how many rows it is about, which was not told."""


class _Part(NamedTuple):
    """Some policies that Cedar evaluates together."""

    policies: Mapping[str, Policy]
    engine: Any


class _View(NamedTuple):
    """What the policies about one action can see of a question."""

    ids: frozenset[Uid]
    attributes: tuple[str, ...]
    facts: tuple[str, ...]


class Answers:
    """Answers of one set of policies. Of a worker; not for several threads."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.ruleset = ruleset
        self._kept: dict[Seen, Answer] = {}
        self._parts: dict[tuple[str, str, bool], _Part | None] = {}
        self._views: dict[str, _View] = {}
        self.decisions: dict[object, tuple[object, Any]] = {}
        """Of `decide`: what was decided by these answers."""
        self.reveals: dict[object, Any] = {}
        """Of `reveal`: what is known of how things are shown."""

    def of(
        self,
        principal: Principal,
        questions: Sequence[Question],
        entities: Mapping[Uid, Entity],
        facts: Mapping[str, Value],
        estimated_rows: int | None = None,
    ) -> list[Answer]:
        """One for each question. `facts`: those of the session and of the moment; what is missing is neutral."""
        seen: dict[tuple[Uid, str], tuple[object, ...]] = {}
        arounds: dict[str, tuple[object, ...]] = {}
        kept = self._kept
        answers: list[Answer | None] = []
        missing: dict[Seen, Question] = {}
        keys: list[Seen] = []
        for question in questions:
            uid, action = question.resource, question.action
            view = self._views.get(action) or self._view(action)
            looks = seen.get((uid, action))
            if looks is None:
                seen[uid, action] = looks = _looks(uid, entities, view)
            around = arounds.get(action)
            if around is None:
                arounds[action] = around = (principal, estimated_rows, tuple([facts.get(name) for name in view.facts]))
            own = question.facts
            key: Seen = (action, looks, tuple([own.get(name) for name in view.facts]), around)
            keys.append(key)
            answer = kept.get(key)
            answers.append(answer)
            if answer is None:
                missing[key] = question
        if not missing:
            return answers  # type: ignore[return-value] # none is missing
        found = self._ask(principal, missing, entities, facts, estimated_rows)
        if len(kept) + len(found) > MAX_KEPT:
            kept.clear()
        kept.update(found)
        return [found[key] if answer is None else answer for key, answer in zip(keys, answers, strict=True)]

    def facts_of(self, action: str) -> tuple[str, ...]:
        """The facts of the context that the policies about an action read."""
        return (self._views.get(action) or self._view(action)).facts

    def _view(self, action: str) -> _View:
        found = NOTHING
        for policy in self.ruleset.matching(action):
            found |= policy.sees
        self._views[action] = view = _View(found.entities, tuple(sorted(found.attributes)), tuple(sorted(found.facts)))
        return view

    # Cedar

    def _ask(
        self,
        principal: Principal,
        missing: Mapping[Seen, Question],
        entities: Mapping[Uid, Entity],
        facts: Mapping[str, Value],
        estimated_rows: int | None,
    ) -> dict[Seen, Answer]:
        who = principal_entity(principal)
        described = _described(who, principal.attributes, _above((question.resource for question in missing.values()), entities))
        by_action: dict[str, list[tuple[Seen, Question]]] = {}
        for key, question in missing.items():
            by_action.setdefault(question.action, []).append((key, question))
        found: dict[Seen, Answer] = {}
        for action, asked in by_action.items():
            requests = [_request(who.uid, question, facts, estimated_rows) for _, question in asked]
            told = estimated_rows is not None
            permits, failed = self._evaluate(self._part(action, "permit", told), requests, described)
            forbids, broken = self._evaluate(self._part(action, "forbid", told), requests, described)
            observing, lost = self._evaluate(self._part(action, "observe", told), requests, described)
            waiting, amiss = self._evaluate(None if told else self._part(action, "waiting", True), requests, described)
            for n, (key, _) in enumerate(asked):
                error = failed[n] or broken[n] or lost[n] or amiss[n]
                found[key] = Answer(permits[n], forbids[n], observing[n], error, waiting[n])
        return found

    def _evaluate(
        self, part: _Part | None, requests: list[dict[str, object]], described: Any
    ) -> tuple[list[tuple[Policy, ...]], list[str | None]]:
        if part is None:
            return [()] * len(requests), [None] * len(requests)
        results = cedarpy.is_authorized_batch(requests, part.engine, described, self.ruleset.schema)
        applied = [tuple(part.policies[name] for name in sorted(each.diagnostics.reasons)) for each in results]
        return applied, [_failure(each) for each in results]

    def _part(self, action: str, which: str, told: bool) -> _Part | None:
        key = (action, which, told)
        if key not in self._parts:
            matching = self.ruleset.matching(action)
            if which == "waiting":
                # which of them are about the question, whatever their conditions will say once the number is there
                chosen = {policy.id: policy for policy in matching if ESTIMATED in policy.facts}
                every = {name: {**policy.est, "effect": "permit", "conditions": []} for name, policy in chosen.items()}
            else:
                known = (policy for policy in matching if told or ESTIMATED not in policy.facts)
                chosen = {policy.id: policy for policy in known if _which(policy) == which}
                every = {name: dict(policy.est) for name, policy in chosen.items()}
            engine = None
            if chosen:
                text = json.dumps({"staticPolicies": every, "templates": {}, "templateLinks": []})
                engine = cedarpy.PolicySet.from_json_str(text)
            self._parts[key] = _Part(chosen, engine) if chosen else None
        return self._parts[key]


def _described(who: Entity, tags: Iterable[tuple[str, str]], resources: Iterable[Entity]) -> Any:
    """The entities that some questions need, as Cedar takes them."""
    every = [_json(each) for each in resources]
    every += [_json(who, dict(tags)), *(_json(Entity(group, {})) for group in who.parents)]
    return _actions().with_added_json_str(json.dumps(every))


def _above(uids: Iterable[Uid], entities: Mapping[Uid, Entity]) -> list[Entity]:
    """These, and everything that they are in, each once."""
    found: dict[Uid, Entity] = {}
    waiting = list(uids)
    while waiting:
        uid = waiting.pop()
        if uid not in found:
            found[uid] = entity = entities[uid]
            waiting += entity.parents
    return list(found.values())


def _looks(uid: Uid, entities: Mapping[Uid, Entity], view: _View) -> tuple[object, ...]:
    """What can be seen of a resource: its type, whether it is one that is mentioned, which of those it is in, its attributes."""
    ids = view.ids
    attributes = entities[uid].attributes
    inside = frozenset([each.uid for each in _above((uid,), entities) if each.uid in ids])
    itself = uid if uid in ids else None  # `==` is not `in`
    return uid.type, itself, inside, tuple([attributes.get(name) for name in view.attributes])


def _which(policy: Policy) -> str:
    return "observe" if policy.observe else policy.effect


@cache
def _actions() -> cedarpy.Entities:
    """The actions, each in those above it: Cedar looks these up like all other entities. They are the same for every question."""
    every = actions()
    names = {name for above in every.values() for name in above} | set(every)
    entities = []
    for name in sorted(names):
        above = sorted(every.get(name, frozenset()) - {name})
        entities.append(_json(Entity(Uid("Action", name), {}, tuple(Uid("Action", each) for each in above))))
    return cedarpy.Entities.from_json_str(json.dumps(entities))


def _failure(result: cedarpy.AuthzResult) -> str | None:
    """Why an evaluation cannot be relied on."""
    errors = result.diagnostics.errors
    if errors:
        # Cedar's words may hold values: the ids are enough to find it
        ids = dict.fromkeys(name for error in errors for name in _NAMED.findall(error))
        return f"policy {', '.join(ids)} failed" if ids else "a policy failed"
    if result.decision is cedarpy.Decision.NoDecision:
        return "the question could not be asked"
    return None


def _request(who: Uid, question: Question, facts: Mapping[str, Value], estimated_rows: int | None) -> dict[str, object]:
    context: dict[str, object] = {**NEUTRAL, **facts, **question.facts}
    if estimated_rows is not None:
        context[ESTIMATED] = estimated_rows
    for name, value in context.items():
        if isinstance(value, frozenset):
            context[name] = sorted(value)
    context["client_address"] = {"__extn": {"fn": "ip", "arg": context["client_address"]}}
    return {
        "principal": {"type": who.type, "id": who.id},
        "action": {"type": "Action", "id": question.action},
        "resource": {"type": question.resource.type, "id": question.resource.id},
        "context": context,
    }


def _json(entity: Entity, tags: Mapping[str, str] | None = None) -> dict[str, object]:
    attributes = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in entity.attributes.items()}
    told: dict[str, object] = {
        "uid": {"type": entity.uid.type, "id": entity.uid.id},
        "attrs": attributes,
        "parents": [{"type": parent.type, "id": parent.id} for parent in entity.parents],
    }
    if tags is not None:
        told["tags"] = tags
    return told
