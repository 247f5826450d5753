"""Who may see what: how the values of a column, or of a class of data, are shown to somebody. Pure.

`reveal` stops nothing: whatever the answer, the statement runs, and the answer says what stands in the place of its values.

    a forbid applies, or a policy failed   ->  not permitted
    else a plain permit applies            ->  as they are
    else permits with `@mask` apply        ->  masked so, by the strictest of them
    else                                   ->  not permitted

What waits for a person is not permitted, and `@observe` shows nothing to anybody.

A column that has several labels is shown as all of them allow: what permits to see e-mail addresses permits to see a column
that holds e-mail addresses and keys only if something permits the keys as well. A forbid of any of them forbids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from itertools import chain, combinations
from typing import NamedTuple, TypeAlias

from nightporter.identity.principal import Principal

from .annotation import MASKS
from .answer import Answer, Answers
from .language import Policy
from .model import Ask, Entity, Resource, Value
from .question import column_shown, label_shown, principal_entity
from .sight import mentioned

MAX_COLUMNS = 16 * 1024
"""That one `Reveals` keeps; more than a catalogue's tables have that one principal uses."""
MAX_KEPT = 1024
"""`Reveals` of a worker: principals, by the facts that policies on `reveal` read."""
MAX_TOGETHER = 4
"""Labels that policies which hide mention, all of whose combinations are asked about: 15, some milliseconds, once in `Reveals`."""
REVEAL = "reveal"
_PLACES = frozenset({"Environment", "Database", "Schema", "Table", "Column"})
_INSIDE = frozenset({"Schema", "Table", "Column", "Label"})
"""What tells the columns of one database from each other."""
_USE = "use"
FULL = "full"

_RANK = {name: rank for rank, name in enumerate(("", *MASKS))}
"""The strictest first. What is not permitted is stricter than every mask that a policy names."""

Parents: TypeAlias = tuple[tuple[str, str], ...]


class Shown(NamedTuple):
    """How values are shown, and the policies that say so."""

    masker: str | None
    """None: as they are, and nothing in them is looked for. Empty: not permitted; by the masker of their label. Else the name of
    the masker that a policy wants. Of a column without labels empty is: no policy says anything of it, and value detectors look."""
    policies: tuple[str, ...] = ()
    """Ids: those that permit it, or that forbid it. None: no policy permits it, or one failed."""

    @property
    def plain(self) -> bool:
        """Whether they are shown as they are."""
        return self.masker is None


class Reveals:
    """How everything is shown to one principal, at one place, under one set of policies and the same facts. Made by `reveals`.

    Answers are kept: asked again, it is a look-up. Compared by identity, and the same object as long as policies see the same.
    """

    __slots__ = ("_answers", "_columns", "_facts", "_labels", "_purpose", "principal", "resource", "sees_everything")

    def __init__(self, principal: Principal, resource: Resource, answers: Answers, facts: Mapping[str, Value]) -> None:
        self.principal = principal
        self.resource = resource
        self._answers = answers
        self._facts = facts
        self._purpose = bool(facts.get("purpose"))
        self._columns: dict[tuple[object, ...], Shown] = {}
        self._labels: dict[str, Shown] = {}
        self.sees_everything: bool | None = None
        """Whether nothing at all is hidden, once somebody who knows all labels has found out."""

    def column(
        self, schema: str, relation: str, column: str, labels: tuple[str, ...], use: str = "output", parents: Parents = ()
    ) -> Shown:
        """Of a column with these labels: `use` is `output` for its own values, `expression` for what is computed from them.

        `parents`: schema and name of all tables that its own is a partition or child of.
        """
        key = (schema, relation, column, labels, use, parents)
        shown = self._columns.get(key)
        if shown is None:
            if len(self._columns) >= MAX_COLUMNS:
                self._columns.clear()
            self._columns[key] = shown = self._column(schema, relation, column, labels, use, parents)
        return shown

    def label(self, name: str) -> Shown:
        """Of values of a class that are found in what has no such label, or in what is of no column."""
        shown = self._labels.get(name)
        if shown is None:
            ask = label_shown(self.principal, self.resource, name)
            self._labels[name] = shown = self._shown(self._answer(ask))
        return shown

    @property
    def may_hide(self) -> bool:
        """Whether a column may be hidden though no label is.

        It is not where something permits all columns without a look at them, no policy that hides looks at more than their labels,
        and those hide none of the columns that could be: policies see of them which of the labels that they mention they have.
        """
        who = principal_entity(self.principal)
        policies = [policy for policy in self._policies() if _is_about(policy, who)]
        unlabelled = self.column("", "", "", ())
        if not unlabelled.plain or all(_looks(policy, _INSIDE) for policy in policies if policy.id in unlabelled.policies):
            return True
        hiding = [policy for policy in policies if policy.effect == "forbid" or policy.mask is not None]
        if any(_looks(policy, _PLACES) for policy in hiding):
            return True
        labels = sorted({uid.id for policy in hiding for uid in policy.sees.entities if uid.type == "Label"})
        if len(labels) > MAX_TOGETHER:
            return True
        together = chain.from_iterable(combinations(labels, size) for size in range(1, len(labels) + 1))
        return not all(self.column("", "", "", each).plain for each in together)

    @property
    def masks(self) -> frozenset[str]:
        """Names of the maskers that policies ask for."""
        return frozenset(policy.mask for policy in self._policies() if policy.mask is not None)

    def _policies(self) -> Iterable[Policy]:
        return self._answers.ruleset.matching(REVEAL)

    def _column(self, schema: str, relation: str, column: str, labels: tuple[str, ...], use: str, parents: Parents) -> Shown:
        def asked(those: tuple[str, ...]) -> Answer:
            return self._answer(column_shown(self.principal, self.resource, schema, relation, column, those, use, parents))

        answer = asked(labels)
        shown = self._shown(answer)
        if not labels and _is_forbidden(answer):
            return shown._replace(masker=FULL)  # there is no label whose masker it could be
        narrow = _narrowest(labels)
        if shown.masker == "" or len(narrow) < 2:
            return shown
        return _strictest(self._shown(asked((label,))) for label in narrow)

    def _answer(self, ask: Ask) -> Answer:
        (answer,) = self._answers.of(ask.principal, ask.questions, ask.entities, self._facts)
        return answer

    def _shown(self, answer: Answer) -> Shown:
        if _is_forbidden(answer):
            return Shown("", _ids(_forbidding(answer)))
        permits = [policy for policy in answer.permits if self._counts(policy)]
        plain = [policy for policy in permits if policy.mask is None]
        if plain:
            return Shown(None, _ids(plain))
        if permits:
            mask = min((policy.mask or "" for policy in permits), key=_RANK.__getitem__)
            return Shown(mask, _ids(policy for policy in permits if policy.mask == mask))
        return Shown("")

    def _counts(self, policy: Policy) -> bool:
        """Whether a permit, which may be about other actions as well, permits this at once."""
        return policy.hold is None and (self._purpose or not policy.obligations.purpose)


def reveals(principal: Principal, resource: Resource, answers: Answers, facts: Mapping[str, Value]) -> Reveals:
    """How everything is shown. `facts`: those of the session and of the moment; what is missing is neutral.

    The same object for the same principal and resource, as long as the facts that policies on `reveal` read are the same.
    """
    read = answers.facts_of(REVEAL)
    key = (principal, resource, bool(facts.get("purpose")), tuple([facts.get(name) for name in read]))
    found: Reveals | None = answers.reveals.get(key)
    if found is None:
        if len(answers.reveals) >= MAX_KEPT:
            answers.reveals.clear()
        kept = {name: facts[name] for name in (*read, "purpose") if name in facts}
        answers.reveals[key] = found = Reveals(principal, resource, answers, kept)
    return found


def _is_forbidden(answer: Answer) -> bool:
    return answer.error is not None or bool(_forbidding(answer))


def _forbidding(answer: Answer) -> list[Policy]:
    """Nobody approves it, and how many rows there are is not told: a forbid that waits for either of them counts."""
    return [*answer.forbids, *(policy for policy in answer.waiting if policy.effect == "forbid")]


def _is_about(policy: Policy, who: Entity) -> bool:
    """Whether a principal meets the scope; what the conditions say of principals is not looked at."""
    scope = policy.est["principal"]
    return scope.get("entity_type", who.uid.type) == who.uid.type and all(
        uid == who.uid or uid in who.parents for uid in mentioned(scope)
    )


def _looks(policy: Policy, types: Set[str]) -> bool:
    """Whether it looks at a column itself, at how that is used, or at entities of these types."""
    sees = policy.sees
    return bool(sees.attributes) or _USE in sees.facts or any(uid.type in types for uid in sees.entities)


def _narrowest(labels: tuple[str, ...]) -> list[str]:
    """Those that none of the others is in: `pii.name.given`, and not `pii.name` beside it."""
    every = tuple(dict.fromkeys(labels))
    return [each for each in every if not any(other.startswith(f"{each}.") for other in every)]


def _strictest(every: Iterable[Shown]) -> Shown:
    found = [*every]
    masker = min((each.masker for each in found if each.masker is not None), key=_RANK.__getitem__, default=None)
    ids = {name for each in found if each.masker == masker for name in each.policies}
    return Shown(masker, tuple(sorted(ids)))


def _ids(policies: Iterable[Policy]) -> tuple[str, ...]:
    return tuple(sorted({policy.id for policy in policies}))
