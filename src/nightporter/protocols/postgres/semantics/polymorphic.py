"""What anyelement and its kin stand for in one call. Pure.

`Polymorphic Types` (extend-type-system) in PostgreSQL's documentation. Arguments of the family `anyelement` must agree exactly,
those of `anycompatible` only need a common type. A literal without a type (UNKNOWN) agrees with anything; so does a type that we do
not know (0), which makes what depends on it 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .coercion import (
    ALIKE,
    ANYARRAY,
    ANYCOMPATIBLE,
    ANYCOMPATIBLEARRAY,
    ANYCOMPATIBLEMULTIRANGE,
    ANYCOMPATIBLENONARRAY,
    ANYCOMPATIBLERANGE,
    ANYELEMENT,
    ANYENUM,
    ANYMULTIRANGE,
    ANYNONARRAY,
    ANYRANGE,
    COMPATIBLE,
    NO,
    POLYMORPHIC,
    TEXT,
    UNKNOWN,
    array_of,
    base_of,
    coercible,
    common_or_none,
    element_of,
    remember,
)
from .scope import Scope

Bindings = Mapping[int, int]
"""Polymorphic type -> what it stands for; 0 where that is not known, or where the server would refuse the call."""

NOTHING_BOUND: Bindings = {}


def bind(scope: Scope, declared: Sequence[int], actual: Sequence[int]) -> Bindings | None:
    """What the polymorphic types among the declared ones stand for, given the arguments; None where they contradict each other."""
    if POLYMORPHIC.isdisjoint(declared):
        return NOTHING_BOUND
    pairs = [pair for pair in zip(declared, actual, strict=True) if pair[0] in POLYMORPHIC]
    bound: dict[int, int] = {}
    if not ALIKE.isdisjoint(declared):
        alike = _alike(scope, [pair for pair in pairs if pair[0] in ALIKE])
        if alike is None:
            return None
        bound.update(alike)
    if not COMPATIBLE.isdisjoint(declared):
        compatible = _compatible(scope, [pair for pair in pairs if pair[0] in COMPATIBLE])
        if compatible is None:
            return None
        bound.update(compatible)
    return bound


def _alike(scope: Scope, pairs: Iterable[tuple[int, int]]) -> dict[int, int] | None:
    declared = {each for each, _ in pairs}
    known = [(each, actual) for each, actual in pairs if actual not in (0, UNKNOWN)]
    certain = all(actual for _, actual in pairs)
    elements = {actual for each, actual in known if each in (ANYELEMENT, ANYNONARRAY, ANYENUM)}
    arrays = {base_of(scope, actual) for each, actual in known if each == ANYARRAY}
    ranges = {base_of(scope, actual) for each, actual in known if each == ANYRANGE}
    multiranges = {base_of(scope, actual) for each, actual in known if each == ANYMULTIRANGE}
    if max(len(elements), len(arrays), len(ranges), len(multiranges)) > 1:
        return None
    for array in arrays - {ANYARRAY}:  # the columns of pg_stats are really anyarray
        elements.add(element_of(scope, array))
    if not _are(scope, ranges, "r") or not _are(scope, multiranges, "m"):
        return None
    for each in multiranges:
        ranges |= _as_set(_twin(scope, each, "r"))
    for each in ranges | multiranges:
        elements.add(_subtype(scope, each))
    if len(elements) > 1 or len(ranges) > 1 or 0 in elements:
        return None
    element = next(iter(elements), 0)
    if ANYNONARRAY in declared and element_of(scope, element):
        return None
    if ANYENUM in declared and not (certain or element):
        pass  # whatever it is, it may be one
    elif ANYENUM in declared and not _are(scope, (element,), "e"):
        return None
    range_ = next(iter(ranges), 0)
    return {
        **dict.fromkeys((ANYELEMENT, ANYNONARRAY, ANYENUM), element),
        ANYARRAY: next(iter(arrays), 0) or array_of(scope, element),
        ANYRANGE: range_,
        ANYMULTIRANGE: next(iter(multiranges), 0) or _twin(scope, range_, "m"),
    }


def _compatible(scope: Scope, pairs: Iterable[tuple[int, int]]) -> dict[int, int] | None:
    declared = {each for each, _ in pairs}
    types: list[int] = []
    ranges: set[int] = set()
    multiranges: set[int] = set()
    for each, actual in pairs:
        if actual == UNKNOWN:
            continue
        if actual == 0 or each in (ANYCOMPATIBLE, ANYCOMPATIBLENONARRAY):
            types.append(actual)
            continue
        actual = base_of(scope, actual)
        if each == ANYCOMPATIBLEARRAY:
            part = element_of(scope, actual)
        else:
            (ranges if each == ANYCOMPATIBLERANGE else multiranges).add(actual)
            part = _subtype(scope, actual)
        if not part:
            return None
        types.append(part)
    if not _are(scope, ranges, "r") or not _are(scope, multiranges, "m"):
        return None
    for each in multiranges:
        ranges |= _as_set(_twin(scope, each, "r"))
    if len(ranges) > 1 or len(multiranges) > 1:
        return None
    common = common_or_none(scope, types)
    if common is None or (common and any(coercible(scope, each, common) == NO for each in types)):
        return None
    if common and ANYCOMPATIBLENONARRAY in declared and element_of(scope, common):
        return None
    range_ = next(iter(ranges), 0)
    if common and range_ and _subtype(scope, range_) != common:
        return None  # a range is never converted to another
    if not types:
        common = TEXT
    return {
        **dict.fromkeys((ANYCOMPATIBLE, ANYCOMPATIBLENONARRAY), common),
        ANYCOMPATIBLEARRAY: array_of(scope, common),
        ANYCOMPATIBLERANGE: range_,
        ANYCOMPATIBLEMULTIRANGE: next(iter(multiranges), 0) or _twin(scope, range_, "m"),
    }


def _as_set(type_: int) -> set[int]:
    return {type_} if type_ else set()


def _are(scope: Scope, types: Iterable[int], kind: str) -> bool:
    """Whether each is a type of that kind."""
    known = scope.snapshot.types
    return all(each in known and known[each].kind == kind for each in types)


def _subtype(scope: Scope, type_: int) -> int:
    """Of the bounds of a range or multirange; 0: it is neither."""
    found = scope.snapshot.types.get(type_)
    return found.range_subtype if found is not None and found.kind in "rm" else 0


def _twin(scope: Scope, type_: int, kind: str) -> int:
    """The multirange (`m`) of a range, or the range (`r`) of a multirange; 0 where several have the same bounds."""
    if not type_:
        return 0
    twins: dict[tuple[str, int], list[int]] | None = scope.resolved.get("ranges")
    if twins is None:
        twins = {}
        for each in scope.snapshot.types.values():
            if each.range_subtype:
                twins.setdefault((each.kind, each.range_subtype), []).append(each.oid)
        remember(scope, "ranges", twins)
    found = twins.get((kind, _subtype(scope, type_)), ())
    return found[0] if len(found) == 1 else 0
