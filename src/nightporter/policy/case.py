"""All that a decision is made of, to be decided again as if something were otherwise. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from nightporter.statement.model import Reading

from .answer import Answer, Answers
from .decide import NOT_TO_BE_HAD, Estimate, judge
from .model import Allow, Ask, Decision, Hold, Question, Value
from .ruleset import Ruleset

ALLOWED = 2


@dataclass(frozen=True, slots=True)
class Case:
    """All that a decision is made of."""

    ask: Ask
    answers: Answers
    facts: Mapping[str, Value]
    rows: int | None
    """As `judge` takes it; it must not lead to a question for an estimate."""
    reading: Reading
    ways: Mapping[str, tuple[str, ...]]
    """What some facts may be besides, by their names."""

    @property
    def ruleset(self) -> Ruleset:
        """The policies."""
        return self.answers.ruleset

    def decided(self) -> Decision:
        """What is decided."""
        decided = judge(self.ask, self.answers, self.facts, self.rows)
        if isinstance(decided, Estimate):
            raise TypeError("an estimate was asked for that is not to be had")
        return decided

    def answered(self, questions: Iterable[Question]) -> list[tuple[Question, Answer]]:
        """Each with its answer."""
        rows = None if self.rows == NOT_TO_BE_HAD else self.rows
        every = [*questions]
        return [*zip(every, self.answers.of(self.ask.principal, every, self.ask.entities, self.facts, rows), strict=True)]

    def asking(self, questions: Iterable[Question]) -> Case:
        """The same with other questions, about the same things."""
        return replace(self, ask=replace(self.ask, questions=tuple(questions)))

    def where(self, **facts: Value) -> Case:
        """The same under other circumstances."""
        return replace(self, facts={**self.facts, **facts})

    def under(self, answers: Answers) -> Case:
        """The same under other policies."""
        return replace(self, answers=answers)


class Search:
    """Looks for what would let more through."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.decision = case.decided()
        """As it is."""
        self._rank = rank(self.decision)
        blocked = (each for each in case.ask.questions if rank(case.asking((each,)).decided()) <= self._rank)
        self.blocked = [] if self._rank == ALLOWED else [*blocked]
        """The questions that make it so: each, asked alone, is decided as strictly. None if it is allowed."""
        self._keys = {_key(each) for each in self.blocked}

    def better(self, other: Case) -> Decision | None:
        """What is decided then, if that lets more through."""
        # no text is decided better than any of its questions: most of what is tried fails with the first
        one = next((each for each in other.ask.questions if _key(each) in self._keys), None)
        if one is not None and rank(other.asking((one,)).decided()) <= self._rank:
            return None
        decision = other.decided()
        return decision if rank(decision) > self._rank else None


def _key(question: Question) -> tuple[object, ...]:
    """What stays of a question when its facts are others."""
    return question.action, question.resource, question.facts.get("use"), question.facts.get("locks")


def rank(decision: Decision) -> int:
    """How much it lets through: nothing, what somebody approves, all."""
    match decision:
        case Allow():
            return ALLOWED
        case Hold():
            return 1
        case _:
            return 0
