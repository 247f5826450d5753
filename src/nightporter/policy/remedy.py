"""What would change a decision that is not a plain yes: for whoever asked, for whoever may approve, for who writes policies. Pure.

Nothing is told that was not tried: every remedy changes the questions, the facts or the policies, and is decided again. It says
what the decision would be then. A remedy that takes several steps is told only where no single one helps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations
from typing import NamedTuple

from . import sentence
from .attempt import Step, steps
from .case import Case, Search, rank
from .decide import NOBODY, approve
from .identity_settings import guard
from .model import Allow, Approval, Decision, Hold, Quorum

MAX_TRIES = 400
"""Of several steps together: each is a decision of its own, of some milliseconds where policies are others."""
MAX_OF_A_KIND = 4
"""Steps that are tried with others: there may be hundreds of groups."""
KINDS = (
    *("rows", "columns", "locks", "unknown", "setting", "purpose", "transaction", "time", "place", "role"),
    *("several", "approval", "group", "permit", "exception"),
)
"""What remedies are about, in the order in which they are told: what is easiest for whoever asked comes first."""
_OTHERS = frozenset(("approval", "group", "permit", "exception"))
"""What others than whoever asked would have to do."""


class Remedy(NamedTuple):
    """Something that would change the decision."""

    kind: str
    """One of KINDS."""
    words: str
    """What it takes: a part of a sentence."""
    decision: Decision
    """What it would be then."""
    policy: str | None = None
    """Text of policies that do so, where it takes more permits."""


def remedies(case: Case) -> tuple[Remedy, ...]:
    """What would change the decision, the easiest first. None for what is allowed, and for what no policy may allow."""
    search = Search(case)
    decision = search.decision
    if isinstance(decision, Allow) or any(guard(statement) is not None for statement in case.reading.statements):
        return ()
    every = [*steps(search)]
    found: list[Remedy] = []
    for step in every:
        then = search.better(step.alter(case))
        if then is not None and not (step.kind == "rows" and any(_as_good(each, then) for each in found)):
            found.append(Remedy(step.kind, step.words, then, step.policy))
    if all(each.kind in _OTHERS for each in found):
        found += _several(search, [step for step in every if step.kind not in _OTHERS])
    found = found or [*_several(search, every)]
    if isinstance(decision, Hold):
        found.append(Remedy("approval", f"approval by {all_approvers(decision)}", approve(decision, Approval.APPROVED)))
    return tuple(sorted(found, key=lambda each: KINDS.index(each.kind)))


def _as_good(remedy: Remedy, then: Decision) -> bool:
    """A condition that bounds less does as well."""
    return remedy.kind == "rows" and rank(remedy.decision) >= rank(then)


def _several(search: Search, every: Sequence[Step]) -> Iterator[Remedy]:
    """The first steps found that change it together, where none does alone: two, else three."""
    tried = 0
    some = [step for n, step in enumerate(every) if sum(other.kind == step.kind for other in every[:n]) < MAX_OF_A_KIND]
    for taken in chain(combinations(some, 2), combinations(some, 3)):
        if len({step.kind for step in taken}) < len(taken):
            continue  # a purpose cannot be two
        tried += 1
        if tried > MAX_TRIES:
            return
        case = search.case
        for step in taken:
            case = step.alter(case)
        then = search.better(case)
        if then is not None:
            policy = "\n".join(step.policy for step in taken if step.policy is not None) or None
            yield Remedy("several", ", and ".join(step.words for step in taken), then, policy)
            return


def approvers(quorum: Quorum) -> str:
    """`one of dba or security`."""
    if quorum == NOBODY:
        return quorum.groups[0]
    return f"{'one' if quorum.needed == 1 else quorum.needed} of {' or '.join(quorum.groups)}"


def all_approvers(hold: Hold) -> str:
    """Who would have to approve what is held: `one of dba and 2 of security`."""
    return sentence.listed(dict.fromkeys(map(approvers, hold.quorums))) if hold.quorums else "nobody"
