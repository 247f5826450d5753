"""Which function or operator a name means, given the types of its arguments. Pure.

PostgreSQL's documentation, chapter `Type Conversion`: candidates are those that the search path shows, an exact match wins, else
the best match does. Where something is not known (a type of 0, an uncertain search path, a call that the server would call
ambiguous) the answer is everything that it could be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from nightporter.catalog.model import Function, Operator

from .candidate import Candidate, choose, exact, without_hidden
from .coercion import (
    ANY,
    COMPATIBLE,
    MAYBE,
    NO,
    POLYMORPHIC,
    RECORD,
    STRING,
    UNKNOWN,
    YES,
    Way,
    array_of,
    base_of,
    cast_called,
    category_of,
    coercible,
    common_or_none,
    element_of,
    function_of,
    implicit_casts,
    is_complex,
    remember,
    way,
)
from .polymorphic import NOTHING_BOUND, Bindings, bind
from .scope import CATALOG, Scope


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a call means."""

    functions: tuple[Function, ...] = ()
    """One: it is that. Several: any of them. None: the server refuses, or it is a cast (`cast_to`)."""
    result: int = 0
    """Type of the result, polymorphic ones resolved; 0 if it is not certain."""
    returns_set: bool = False
    """Whether any of the functions does."""
    coercions: tuple[Function, ...] = ()
    """What converting the arguments runs, but for built-in functions that only compute: casts, input functions, domain checks."""
    cast_to: int = 0
    """The call is, or may be if there are functions as well, a cast to this type: `int4('5')`."""
    operators: tuple[Operator, ...] = ()
    """Of an operator: the operators themselves, in the order of `functions`."""
    arguments: tuple[int, ...] = ()
    """The types that the arguments are converted to, in the order of the call. 0 where that is not certain; then the input or
    output function of a type that is not known may run too."""
    bindings: Bindings = field(default_factory=dict)
    """What the polymorphic types stand for, also those of output arguments; empty if the function is not certain."""
    defaulted: bool = False
    """Whether any of the functions is called with fewer arguments than it has: its `default_calls` run."""

    @property
    def certain(self) -> bool:
        """It is one function, or one cast, or nothing."""
        return len(self.functions) + bool(self.cast_to) <= 1


NOTHING = Resolution()

_Member = TypeVar("_Member", Function, Operator)


# Functions


def function_called(
    scope: Scope,
    schema: str | None,
    name: str,
    types: Sequence[int],
    *,
    names: Sequence[str] = (),
    variadic: bool = False,
    procedure: bool = False,
) -> Resolution:
    """The function that `schema.name(...)` calls.

    `types`: of all arguments, those of WITHIN GROUP (ORDER BY ...) at the end. `names`: of the last of them, where they have one.
    `variadic`: the last one is marked VARIADIC. `procedure`: it stands in a CALL, so that output arguments count.
    A column of a composite argument (`name(row)`) is not looked for.
    """
    key = (schema, name, tuple(types), tuple(names), variadic, procedure)
    found: Resolution | None = scope.resolved.get(key)
    if found is None:
        found = remember(scope, key, _function_called(scope, key))
    return found


def _function_called(scope: Scope, call: tuple[str | None, str, tuple[int, ...], tuple[str, ...], bool, bool]) -> Resolution:
    schema, name, types, names, variadic, procedure = call
    types = _known(scope, types)
    shown, certain = _shown(scope, schema, name, scope.snapshot.functions_by_name)
    fitting = [_candidate(function, place, len(types), names, variadic, procedure) for place, function in shown]
    candidates = without_hidden((each for each in fitting if each is not None), certain)
    exactly = exact(candidates, [types], certain)
    resolution = _function_resolution(scope, exactly or choose(scope, candidates, types, certain), types)
    if exactly or len(types) != 1 or names:
        return resolution
    return _or_cast(scope, schema, name, types[0], resolution)


def _candidate(
    function: Function, place: int, count: int, names: Sequence[str], variadic: bool, procedure: bool
) -> Candidate | None:
    """The function as one that takes `count` arguments; None if it does not."""
    declared = _declared(function, procedure)
    missing = len(declared) - count
    if missing > function.defaults:
        return None
    if names:
        if (function.variadic and not variadic) or missing < 0:
            return None
        order = _named(function, count, names, procedure, len(declared))
        if order is None or (variadic and order[-1] != len(declared) - 1):
            return None
        return Candidate(tuple(declared[each] for each in order), function, place)
    if missing <= 0 and function.variadic and not variadic:
        fixed = len(declared) - 1
        return Candidate(declared[:fixed] + (function.variadic,) * (count - fixed), function, place, expanded=True)
    return Candidate(declared[:count], function, place) if missing >= 0 else None


def _declared(function: Function, procedure: bool) -> tuple[int, ...]:
    """Types of the arguments that a call gives."""
    if procedure and function.kind == "p" and function.all_types:
        return tuple(type_ for type_, mode in zip(function.all_types, function.modes, strict=False) if mode != "t")
    return function.argument_types


def _named(function: Function, count: int, names: Sequence[str], procedure: bool, total: int) -> list[int] | None:
    """For each argument of the call, which of the function's it is; None if the names do not fit."""
    modes = function.modes or "i" * len(function.names)
    counted = "iobv" if procedure and function.kind == "p" else "ibv"
    own = [name for name, mode in zip(function.names, modes, strict=False) if mode in counted]
    order = list(range(count - len(names)))
    for name in names:
        if name not in own or own.index(name) in order:
            return None
        order.append(own.index(name))
    left = set(range(total)) - set(order)
    return None if any(each < total - function.defaults for each in left) else order


def _function_resolution(scope: Scope, chosen: Sequence[Candidate], types: tuple[int, ...]) -> Resolution:
    found = [(each, member, member.result) for each in chosen for member in each.members if isinstance(member, Function)]
    return _resolution(scope, found, types) if found else NOTHING


def _or_cast(scope: Scope, schema: str | None, name: str, source: int, resolution: Resolution) -> Resolution:
    """No function takes exactly this: `name(x)` is a cast if it is a type's name and needs no function of that name."""
    schemas = scope.searched if schema is None else (scope.real(schema),)
    found = (scope.snapshot.types_by_name.get((each, name)) for each in schemas)
    targets = [type_.oid for type_ in found if type_ is not None and type_.kind != "c"]
    certain = scope.certain or schema is not None
    if certain:
        del targets[1:]
    fitting = [(target, fits) for target in targets if (fits := _is_cast(scope, source, target)) != NO]
    if not fitting:
        return resolution
    calls = dict.fromkeys(function for target, _ in fitting for function in cast_called(scope, source, target, "e"))
    target = fitting[0][0]
    if certain and fitting[0][1] == YES:
        return Resolution(result=target, cast_to=target, coercions=tuple(calls), arguments=(target,))
    return Resolution(
        functions=resolution.functions,
        result=resolution.result if resolution.result == target else 0,
        returns_set=resolution.returns_set,
        coercions=tuple(dict.fromkeys(resolution.coercions + tuple(calls))),
        cast_to=target,
        arguments=(0,),
        defaulted=resolution.defaulted,
    )


def _is_cast(scope: Scope, source: int, target: int) -> int:
    """Only one that needs no function, or goes through text, is written so; the others have a function of their own."""
    if source == 0 or source not in scope.snapshot.types:
        return MAYBE
    if source == UNKNOWN:
        return YES
    means, _ = way(scope, source, target, "e")
    if means is Way.TEXT:
        row_as_text = (source == RECORD or is_complex(scope, source)) and category_of(scope, target)[0] == STRING
        return NO if row_as_text else YES
    return YES if means is Way.SAME else NO


# Operators


def operator_called(scope: Scope, schema: str | None, name: str, left: int | None, right: int) -> Resolution:
    """The operator of `left name right`, or of `name right` where `left` is None."""
    key = (schema, name, left, right)
    found: Resolution | None = scope.resolved.get(key)
    if found is None:
        found = remember(scope, key, _operator_called(scope, schema, name, left, right))
    return found


def _operator_called(scope: Scope, schema: str | None, name: str, left: int | None, right: int) -> Resolution:
    shown, certain = _shown(scope, schema, name, scope.snapshot.operators_by_name)
    types = _known(scope, (right,) if left is None else (left, right))
    candidates = _operators(scope, shown, (schema, name, left is None), certain)
    chosen = exact(candidates, _taken_for(scope, types), certain) or choose(scope, candidates, types, certain)
    found = [(each, member) for each in chosen for member in each.members if isinstance(member, Operator)]
    # one that was only named so far has no function; the server refuses it
    resolved = [(each, function_of(scope, member.function), member.result) for each, member in found if member.function]
    return _resolution(scope, resolved, types, tuple(member for _, member in found)) if resolved else NOTHING


def _operators(
    scope: Scope, shown: Iterable[tuple[int, Operator]], key: tuple[str | None, str, bool], certain: bool
) -> list[Candidate]:
    """Those with one operand, or with two, whatever their types: kept, since `=` has a hundred."""
    found: list[Candidate] | None = scope.resolved.get(key)
    if found is None:
        prefix = key[2]
        # the last servers with postfix operators are out of support
        alike = [(place, each) for place, each in shown if each.right and prefix != bool(each.left)]
        every = (Candidate((each.right,) if prefix else (each.left, each.right), each, place) for place, each in alike)
        found = remember(scope, key, without_hidden(every, certain))
    return found


def _taken_for(scope: Scope, types: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Beside a known type a literal is first taken for the same, then both for the type under it if that is a domain."""
    if len(types) != 2 or 0 in types or UNKNOWN not in types:
        return [types]
    known = types[0] if types[1] == UNKNOWN else types[1]
    return [(each, each) for each in dict.fromkeys((known, base_of(scope, known)))]


def array_operator_called(scope: Scope, schema: str | None, name: str, left: int, array: int) -> Resolution:
    """The operator of `left name ANY (array)`, or of ALL: between `left` and each element."""
    element = array if array == UNKNOWN else element_of(scope, array)
    return operator_called(scope, schema, name, left, element)


def member_called(
    scope: Scope, schema: str | None, name: str, left: int, items: Sequence[int], columns: Sequence[bool] = ()
) -> tuple[Resolution, ...]:
    """The operators of `left IN (items)`; `name` is `=`, or `<>` for NOT IN.

    `columns`: for each item whether it contains a column (one of an outer query does not count). Those that do not are made one
    array of a common type, if there are several and they have one; every other is compared by itself.
    """
    alone = [each for each, column in zip(items, columns, strict=False) if column] if columns else []
    together = [each for each, column in zip(items, columns, strict=False) if not column] if columns else list(items)
    found: list[Resolution] = []
    if len(together) > 1:
        common = common_or_none(scope, [left, *together])
        if common == 0:
            possible = (operator_called(scope, schema, name, left, each) for each in (0, *dict.fromkeys(items)))
            return (*possible, Resolution(coercions=implicit_casts(scope)))
        if (
            common is not None
            and common != RECORD
            and array_of(scope, common)
            and all(coercible(scope, each, common) != NO for each in (left, *together))
        ):
            resolution = operator_called(scope, schema, name, left, common)
            casts = dict.fromkeys(function for each in together for function in cast_called(scope, each, common, "i"))
            found = [resolution, Resolution(coercions=tuple(casts))] if casts else [resolution]
            together = []
    return (*found, *(operator_called(scope, schema, name, left, each) for each in dict.fromkeys(together + alone)))


# Candidates


def _known(scope: Scope, types: tuple[int, ...]) -> tuple[int, ...]:
    """Types that the catalogue has not are not known."""
    known = scope.snapshot.types
    return types if all(each in known for each in types) else tuple(each if each in known else 0 for each in types)


def _shown(
    scope: Scope, schema: str | None, name: str, by_name: Mapping[tuple[str, str], Iterable[_Member]]
) -> tuple[list[tuple[int, _Member]], bool]:
    """All of that name, each with the place of its schema in the search path, and whether the path is certain."""
    if schema is not None:
        return [(0, each) for each in by_name.get((scope.real(schema), name), ())], True
    found = [(place, each) for place, searched in enumerate(scope.searched) for each in by_name.get((searched, name), ())]
    return found, scope.certain or all(each.schema == CATALOG for _, each in found)


# Results


def _resolution(
    scope: Scope,
    resolved: Sequence[tuple[Candidate, Function, int]],
    types: tuple[int, ...],
    operators: tuple[Operator, ...] = (),
) -> Resolution:
    """Of candidates, their functions and the types that these are declared to give."""
    results: set[int] = set()
    coercions: dict[Function, None] = {}
    arguments: list[set[int]] = [set() for _ in types]
    bindings: Bindings = NOTHING_BOUND
    for candidate, _, declared in resolved:
        bindings = bind(scope, candidate.types, types) or NOTHING_BOUND
        results.add(bindings.get(declared, 0) if declared in POLYMORPHIC else declared)
        for given, want, into in zip(types, candidate.types, arguments, strict=True):
            actual = given if want == ANY else bindings.get(want, 0) if want in POLYMORPHIC else want
            into.add(actual)
            if actual and actual != given:
                coercions.update(dict.fromkeys(cast_called(scope, given, actual, "i")))
            elif not actual and want in COMPATIBLE:
                coercions.update(dict.fromkeys(implicit_casts(scope)))
    functions = tuple(dict.fromkeys(function for _, function, _ in resolved))
    return Resolution(
        functions=functions,
        result=results.pop() if len(results) == 1 else 0,
        returns_set=any(each.returns_set for each in functions),
        coercions=tuple(coercions),
        operators=operators,
        arguments=tuple(each.pop() if len(each) == 1 else 0 for each in arguments),
        bindings=bindings if len(resolved) == 1 else NOTHING_BOUND,
        defaulted=any(each.defaults and len(each.argument_types) > len(types) for each in functions),
    )
