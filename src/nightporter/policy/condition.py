"""The conditions of a policy, `when { ... }` and `unless { ... }`: their text, and which part of them does not hold. Pure.

Whether a part holds is for Cedar to say: it evaluates the same policy with other conditions. Parts are told apart only where text
and tree agree on what they are; else a condition is one part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from .answer import Answers
from .language import Policy
from .model import Ask, Question, Value
from .ruleset import Ruleset
from .split import Token, split


class Condition(NamedTuple):
    """A condition that stands in the way of its policy."""

    text: str
    """`when { context.hour < 6 && context.locks }`, on one line, without comments."""
    part: str | None = None
    """The first part of it that decides so, where it has several: `context.locks`."""


class Conditions:
    """Asks Cedar for parts of policies, on one set of them."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset
        bare = (_with(policy, []) for policy in ruleset.policies.values())
        self._scopes = Answers(Ruleset(ruleset.files, bare))

    def in_scope(self, ask: Ask, question: Question, facts: Mapping[str, Value]) -> tuple[Policy, ...]:
        """The policies whose scope is met: principal, action and resource, whatever their conditions say. By id."""
        found = self._applying(self._scopes, ask, question, facts, None)
        return tuple(self._ruleset.policies[name] for name in sorted(found))

    def failing(
        self, policy: Policy, ask: Ask, question: Question, facts: Mapping[str, Value], rows: int | None
    ) -> tuple[Condition, ...]:
        """Those that stand in the way of a policy whose scope is met."""
        texts = _texts(policy)
        variants: dict[str, Policy] = {}
        parts: dict[str, tuple[int, str | None]] = {}
        for n, condition in enumerate(policy.est["conditions"]):
            several = _parts(condition, texts[n])
            for m, (body, text) in enumerate([(condition["body"], None), *several]):
                name = f"{n:04}.{m:04}"
                variants[name] = replace(_with(policy, [{**condition, "body": body}]), id=name)
                parts[name] = (n, text)
        answers = Answers(Ruleset(self._ruleset.files, variants.values()))
        holding = self._applying(answers, ask, question, facts, rows)
        found: dict[int, str | None] = {}
        for name in sorted(variants):  # the whole of each condition, then its beginnings
            n, part = parts[name]
            if name not in holding and found.get(n) is None:
                found[n] = part
        return tuple(Condition(_line(texts[n]), part) for n, part in found.items())

    @staticmethod
    def _applying(answers: Answers, ask: Ask, question: Question, facts: Mapping[str, Value], rows: int | None) -> frozenset[str]:
        (answer,) = answers.of(ask.principal, (question,), ask.entities, facts, rows)
        return frozenset(policy.id for policy in (*answer.permits, *answer.forbids, *answer.observing))


def _with(policy: Policy, conditions: Sequence[Mapping[str, Any]]) -> Policy:
    sees = policy.sees if conditions else replace(policy.sees, facts=frozenset())
    return replace(policy, est={**policy.est, "conditions": conditions}, sees=sees)


# Parts

_STEPS = {"when": "&&", "unless": "||"}
"""What joins parts of which the first that fails, or holds, settles the whole."""


def _parts(condition: Mapping[str, Any], tokens: Sequence[Token]) -> list[tuple[Mapping[str, Any], str]]:
    """Growing beginnings of a condition, each with the text of its last part; nothing if it has one part only."""
    sign = _STEPS[condition["kind"]]
    beginnings = [condition["body"]]
    while sign in beginnings[0]:
        beginnings.insert(0, beginnings[0][sign]["left"])
    texts = list(_cut(tokens[2:-1], sign))
    if len(texts) != len(beginnings) or len(texts) < 2:
        return []  # brackets group it otherwise
    return list(zip(beginnings, texts, strict=True))


def _cut(tokens: Sequence[Token], sign: str) -> Iterator[str]:
    """The texts between signs that no brackets are around."""
    depth, part = 0, list[Token]()
    for token in tokens:
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if depth == 0 and token.text == sign:
            yield _line(part)
            part = []
        else:
            part.append(token)
    yield _line(part)


# Text


def conditions_text(policy: Policy) -> str:
    """All conditions of a policy on one line; empty if it has none."""
    return " ".join(_line(tokens) for tokens in _texts(policy))


def _texts(policy: Policy) -> list[list[Token]]:
    """The tokens of each condition, from `when` to its last bracket."""
    ((piece,), _) = split(policy.file, policy.text)
    found: list[list[Token]] = []
    depth, begun = 0, False
    for token in piece.tokens:
        if depth == 0 and token.kind == "name" and token.text in ("permit", "forbid"):
            begun = True  # what stands before are annotations
        elif depth == 0 and begun and token.text in _STEPS:
            found.append([])
        if found:
            found[-1].append(token)
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
    if found:
        found[-1].pop()  # the `;`
    return found


def _line(tokens: Sequence[Token]) -> str:
    """As it was written, on one line, without comments."""
    words: list[str] = []
    end = None
    for token in tokens:
        if end is not None and token.start > end and words[-1] not in ("(", "[") and token.text not in (")", "]"):
            words.append(" ")
        words.append(token.text)
        end = token.start + len(token.text)
    return "".join(words).strip()
