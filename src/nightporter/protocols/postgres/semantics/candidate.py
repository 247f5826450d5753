"""Choosing among functions, or operators, of one name by the types of the arguments. Pure.

The steps are those of `Functions` and `Operators` in PostgreSQL's documentation, chapter `Type Conversion`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from nightporter.catalog.model import Function, Operator

from .coercion import MAYBE, NO, STRING, UNKNOWN, YES, base_of, category_of, coercible
from .polymorphic import bind
from .scope import CATALOG, Scope


class Candidate:
    """A function or operator that could be meant, with the types that it wants for the arguments of one call."""

    __slots__ = ("expanded", "members", "place", "types")

    def __init__(self, types: tuple[int, ...], member: Function | Operator, place: int, expanded: bool = False) -> None:
        self.types = types
        """In the order of the call, as many as that has."""
        self.members: list[Function | Operator] = [member]
        """More than one: the server would not know which."""
        self.place = place
        """Of its schema in the search path; the lower wins."""
        self.expanded = expanded
        """Its last, variadic argument stands for as many as were given."""


def without_hidden(candidates: Iterable[Candidate], certain: bool) -> list[Candidate]:
    """One of those that want the same types: the first in the path; then one that takes just so many arguments.

    They come in the order of the path. Where that is not certain, none hides another.
    """
    if not certain:
        return list(candidates)
    found: dict[tuple[int, ...], Candidate] = {}
    for each in candidates:
        earlier = found.setdefault(each.types, each)
        if earlier is each or each.place > earlier.place:
            continue
        if earlier.expanded == each.expanded:
            earlier.members += each.members
        elif earlier.expanded:
            found[each.types] = each
    return list(found.values())


def exact(candidates: Sequence[Candidate], wanted: Iterable[tuple[int, ...]], certain: bool) -> list[Candidate]:
    """Those that take exactly what is given, by the first of the ways to see that; empty if there are none for certain."""
    found: list[Candidate] = []
    for types in wanted:
        if 0 in types:
            return []
        found += [each for each in candidates if each.types == types]
        # every path has the catalogue's own schema; others may come before it
        if found and (certain or any(member.schema == CATALOG for each in found for member in each.members)):
            return found
    return []


def choose(scope: Scope, candidates: Sequence[Candidate], types: tuple[int, ...], certain: bool) -> Sequence[Candidate]:
    """The best match, or all that may be it. None of them is an exact one."""
    verdicts = [(each, _accepts(scope, each.types, types)) for each in candidates]
    remaining = [each for each, verdict in verdicts if verdict != NO]
    if not certain or len(remaining) < 2 or any(verdict == MAYBE for _, verdict in verdicts):
        return remaining
    best = _best(scope, remaining, types)
    return remaining if best is None else [best]


def _accepts(scope: Scope, wanted: tuple[int, ...], types: tuple[int, ...]) -> int:
    """YES, NO or MAYBE: whether each argument may be given where the type is wanted."""
    verdict = YES
    for type_, want in zip(types, wanted, strict=True):
        each = coercible(scope, type_, want) if type_ else MAYBE
        if each == NO:
            return NO
        if each == MAYBE:
            verdict = MAYBE
    if bind(scope, wanted, types) is None:
        return NO
    return verdict


def _best(scope: Scope, candidates: list[Candidate], types: tuple[int, ...]) -> Candidate | None:
    """The best match where all of them are possible; None where the server would call the call ambiguous."""
    bases = tuple(UNKNOWN if each == UNKNOWN else base_of(scope, each) for each in types)
    categories = [category_of(scope, each)[0] for each in bases]
    known = [number for number, each in enumerate(bases) if each != UNKNOWN]
    literals = [number for number, each in enumerate(bases) if each == UNKNOWN]

    def exactly(candidate: Candidate) -> int:
        return sum(candidate.types[number] == bases[number] for number in known)

    def well(candidate: Candidate) -> int:
        """Exactly, or by a preferred type of the same category."""
        return sum(
            candidate.types[number] == bases[number] or category_of(scope, candidate.types[number]) == (categories[number], True)
            for number in known
        )

    for score in (exactly, well):
        candidates = _highest(candidates, score)
        if len(candidates) == 1:
            return candidates[0]
    if not literals:
        return None
    candidates = _by_literals(scope, candidates, literals)
    if len(candidates) == 1:
        return candidates[0]
    alike = {bases[number] for number in known}
    if len(alike) != 1:
        return None
    # a last attempt: the literals may be of the one type that the others have
    same = tuple(alike) * len(types)
    candidates = [each for each in candidates if _accepts(scope, each.types, same) == YES]
    return candidates[0] if len(candidates) == 1 else None


def _highest(candidates: list[Candidate], score: Callable[[Candidate], int]) -> list[Candidate]:
    scores = [score(each) for each in candidates]
    highest = max(scores)
    return [each for each, points in zip(candidates, scores, strict=True) if points == highest]


def _by_literals(scope: Scope, candidates: list[Candidate], literals: Iterable[int]) -> list[Candidate]:
    """Those that fit the category that literals are taken to be of: strings if any candidate wants one, else what all want."""
    fitting = candidates
    for number in literals:
        wanted = [category_of(scope, each.types[number]) for each in candidates]
        categories = {category for category, _ in wanted}
        if STRING not in categories and len(categories) > 1:
            return candidates
        category = STRING if STRING in categories else wanted[0][0]
        prefers = (category, True) in wanted
        slots = {
            id(each) for each, (of, preferred) in zip(candidates, wanted, strict=True) if of == category and preferred >= prefers
        }
        fitting = [each for each in fitting if id(each) in slots]
    return fitting or candidates
