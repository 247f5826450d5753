"""How a value of one type becomes one of another: whether the server allows it, and which functions that runs. Pure.

PostgreSQL's documentation, chapter `Type Conversion`, and `CREATE CAST`. A type is its OID; UNKNOWN is a literal without a type
(or a bare NULL), 0 a type that we do not know. What is not certain is said to be `MAYBE` or 0, never left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Final, Literal, TypeVar

from nightporter.catalog.model import Cast, Function, Relation, Type

from .scope import Scope

INT2VECTOR = 22
TEXT = 25
OIDVECTOR = 30
UNKNOWN = 705
RECORD = 2249
INTERNAL = 2281
ANY = 2276
ANYARRAY = 2277
ANYELEMENT = 2283
RECORD_ARRAY = 2287
ANYNONARRAY = 2776
ANYENUM = 3500
ANYRANGE = 3831
ANYMULTIRANGE = 4537
ANYCOMPATIBLEMULTIRANGE = 4538
ANYCOMPATIBLE = 5077
ANYCOMPATIBLEARRAY = 5078
ANYCOMPATIBLENONARRAY = 5079
ANYCOMPATIBLERANGE = 5080
# what stands for the actual type of an argument: the one family must be exactly alike, the other has a common type
ALIKE = frozenset((ANYELEMENT, ANYARRAY, ANYNONARRAY, ANYENUM, ANYRANGE, ANYMULTIRANGE))
COMPATIBLE = frozenset((ANYCOMPATIBLE, ANYCOMPATIBLEARRAY, ANYCOMPATIBLENONARRAY, ANYCOMPATIBLERANGE, ANYCOMPATIBLEMULTIRANGE))
POLYMORPHIC = ALIKE | COMPATIBLE

STRING = "S"
# Objects that were not made by initdb begin here.
FIRST_USER_OID = 16384
# The server takes these for arrays, but never makes one from another array.
VECTORS = frozenset((INT2VECTOR, OIDVECTOR))

Context = Literal["i", "a", "e"]
"""Of a cast: `i` implicit, `a` in an assignment, `e` written out. Each allows what the ones before it do."""
_RANK: Final = {"i": 0, "a": 1, "e": 2}

# Whether something is allowed. MAYBE: the catalogue that we have does not tell.
NO, YES, MAYBE = 0, 1, 2

# What a scope remembers at most; texts choose the keys.
MAX_REMEMBERED = 20_000


_T = TypeVar("_T")


class Way(Enum):
    """By which means a value is converted."""

    NONE = "none"
    SAME = "same"  # nothing is run: a label, or binary alike
    FUNCTION = "function"
    ELEMENTS = "elements"  # each element of an array
    TEXT = "text"  # the output function of the one, the input function of the other


# types


def base_of(scope: Scope, type_: int) -> int:
    """The type under a domain, through domains over domains; any other type is itself."""
    types = scope.snapshot.types
    while (found := types.get(type_)) is not None and found.kind == "d":
        type_ = found.base
    return type_


def element_of(scope: Scope, type_: int) -> int:
    """Of an array, or a domain over one: the type of its elements. 0: it is none, or not known to be one."""
    type_ = base_of(scope, type_)
    types = scope.snapshot.types
    found = types.get(type_)
    if found is None or not found.element:
        return 0
    if type_ in VECTORS:
        return found.element
    # points and names have elements too, but are not arrays
    element = types.get(found.element)
    return found.element if element is None or element.array == type_ else 0


def array_of(scope: Scope, type_: int) -> int:
    """The array type over this one; 0: there is none, or it is not known."""
    found = scope.snapshot.types.get(type_)
    return found.array if found is not None else 0


def array_built(scope: Scope, types: Sequence[int]) -> int:
    """The type of `ARRAY[...]` over elements of these types: arrays make an array of more dimensions. 0: not known."""
    common = common_type(scope, types)
    is_array = common not in VECTORS and common == base_of(scope, common) and element_of(scope, common)
    return common if is_array else array_of(scope, common)


def is_complex(scope: Scope, type_: int) -> bool:
    """Whether it is a composite type with a name, or a domain over one."""
    found = scope.snapshot.types.get(base_of(scope, type_))
    return found is not None and found.kind == "c"


def category_of(scope: Scope, type_: int) -> tuple[str, bool]:
    """Its category, and whether it is a preferred type of that; empty for a type that is not known."""
    found = scope.snapshot.types.get(type_)
    return (found.category, found.preferred) if found is not None else ("", False)


# whether


def way(scope: Scope, source: int, target: int, context: Context = "i") -> tuple[Way, Cast | None]:
    """By which means one becomes the other, and by which cast if there is one for the two. Domains count as their base types.

    Not for UNKNOWN, polymorphic and row types, which `coercible` knows.
    """
    source, target = base_of(scope, source), base_of(scope, target)
    if source == target:
        return Way.SAME, None
    cast = scope.snapshot.casts.get((source, target))
    if cast is not None:
        if _RANK[context] < _RANK[cast.context]:
            return Way.NONE, None  # nor by any other means
        return (Way.FUNCTION if cast.method == "f" else Way.TEXT if cast.method == "i" else Way.SAME), cast
    if target not in VECTORS:
        of_source, of_target = element_of(scope, source), element_of(scope, target)
        if of_source and of_target and way(scope, of_source, of_target, context)[0] is not Way.NONE:
            return Way.ELEMENTS, None
    if context != "i" and category_of(scope, target)[0] == STRING:
        return Way.TEXT, None
    if context == "e" and category_of(scope, source)[0] == STRING:
        return Way.TEXT, None
    return Way.NONE, None


def coercible(scope: Scope, source: int, target: int, context: Context = "i") -> int:
    """YES, NO or MAYBE: whether the server takes a value of the one where it wants the other."""
    if source == target or target == ANY or target in POLYMORPHIC:
        return YES
    key = (source, target, context, "coercible")
    found: int | None = scope.resolved.get(key)
    if found is None:
        found = remember(scope, key, _coercible(scope, source, target, context))
    return found


def assignment(scope: Scope, source: int, target: int) -> int:
    """YES, NO or MAYBE: whether a value of the one can be stored in a column of the other."""
    return coercible(scope, source, target, "a")


def _coercible(scope: Scope, source: int, target: int, context: Context) -> int:
    types = scope.snapshot.types
    if source == UNKNOWN:
        return MAYBE if target == INTERNAL else YES  # servers differ
    if source not in types or target not in types:
        return MAYBE
    if way(scope, source, target, context)[0] is not Way.NONE:
        return YES
    if source == RECORD and is_complex(scope, target):
        return YES
    if is_complex(scope, source):
        return YES if target == RECORD else _descends(scope, source, target)
    if target == RECORD_ARRAY and is_complex(scope, element_of(scope, source)):
        return YES
    return NO


def _descends(scope: Scope, source: int, target: int) -> int:
    """Whether rows of the one are rows of the other: by inheritance, or since it may be a table OF that type."""
    below, above = _relation(scope, base_of(scope, source)), _relation(scope, target)
    if below is None or above is None:
        return NO if target in scope.snapshot.types and not is_complex(scope, target) else MAYBE
    relations = scope.snapshot.relations
    seen, waiting = {below.oid}, list(below.parents)
    while waiting:
        oid = waiting.pop()
        if oid == above.oid:
            return YES
        if oid not in seen:
            seen.add(oid)
            waiting += relations[oid].parents if oid in relations else ()
    # the snapshot does not say of which type a table is made; one that is has the same columns
    alike = [(column.name, column.type) for column in below.columns] == [(column.name, column.type) for column in above.columns]
    return MAYBE if above.kind == "c" and below.kind != "c" and alike else NO


def _relation(scope: Scope, type_: int) -> Relation | None:
    found = scope.snapshot.types.get(type_)
    return scope.snapshot.relations.get(found.relation) if found is not None else None


# to which


def common_type(scope: Scope, types: Sequence[int]) -> int:
    """The type that UNION, CASE, COALESCE, ARRAY, VALUES, GREATEST give to values of these types. 0: not known, or refused.

    A set operation takes two at a time, from the left; the others take all at once.
    """
    return common_or_none(scope, types) or 0


def common_or_none(scope: Scope, types: Sequence[int]) -> int | None:
    """As `common_type`; None where the server would find none."""
    if 0 in types:
        return 0
    if not types:
        return TEXT
    first = types[0]
    if first != UNKNOWN and all(each == first for each in types):
        return first  # the one way to stay a domain
    common = UNKNOWN
    for each in types:
        other = base_of(scope, each)
        if other in (UNKNOWN, common):
            continue
        if common == UNKNOWN:
            common = other
            continue
        category, preferred = category_of(scope, common)
        if not category or not category_of(scope, other)[0]:
            return 0
        if category_of(scope, other)[0] != category:
            return None
        if not preferred:
            forth, back = coercible(scope, common, other), coercible(scope, other, common)
            if MAYBE in (forth, back):
                return 0
            if forth == YES and back == NO:
                common = other
    return TEXT if common == UNKNOWN else common


# what runs


def cast_called(scope: Scope, source: int, target: int, context: Context) -> tuple[Function, ...]:
    """The functions that a conversion runs, but for built-in ones that only compute.

    Those of casts, the input and output functions of types that are not built in, and the checks of domains with whatever they
    call, within arrays, composite types and ranges too. Where the way is not known (a source of 0, a row without a type): all
    that could run, but for the output functions of what is not known. More than the server's where it would refuse.
    """
    key = (source, target, context)
    found: tuple[Function, ...] | None = scope.resolved.get(key)
    if found is None:
        calls = dict.fromkeys(_calls(scope, source, target, context))
        found = remember(scope, key, tuple(function_of(scope, oid) for oid in calls))
    return found


def row_called(scope: Scope, types: Sequence[int], target: int, context: Context) -> tuple[Function, ...]:
    """The functions that converting `ROW(...)` with fields of these types to a composite type runs."""
    relation = _relation(scope, base_of(scope, target))
    if relation is None or len(relation.columns) != len(types):
        return cast_called(scope, RECORD, target, context)
    pairs = zip(types, relation.columns, strict=True)
    calls = dict.fromkeys(function for type_, column in pairs for function in cast_called(scope, type_, column.type, context))
    return tuple(calls | dict.fromkeys(function_of(scope, oid) for oid in _checks(scope, target)))


def common_called(scope: Scope, types: Sequence[int]) -> tuple[int, tuple[Function, ...]]:
    """The common type of values, 0 if it is not certain, and the functions that converting them to it may run."""
    common = common_type(scope, types)
    if not common:
        return 0, implicit_casts(scope)
    calls = dict.fromkeys(function for each in types for function in cast_called(scope, each, common, "i"))
    return common, tuple(calls)


def read_called(scope: Scope, type_: int) -> tuple[Function, ...]:
    """What taking a value of the type from text runs, as for a parameter: input functions and checks that are not built in."""
    return cast_called(scope, UNKNOWN, type_, "i")


def shown_called(scope: Scope, type_: int) -> tuple[Function, ...]:
    """What giving a value of the type to the client runs: output functions that are not built in.

    Of a row without a type (RECORD) nothing is known here: ask for each of its fields.
    """
    return tuple(function_of(scope, oid) for oid in dict.fromkeys(_text_calls(scope, type_, "output")))


def _calls(scope: Scope, source: int, target: int, context: Context) -> Iterator[int]:
    if target in (0, UNKNOWN, ANY) or target in POLYMORPHIC:
        return
    base = base_of(scope, target)
    if source != target:
        yield from _conversion(scope, source, base, context)
        yield from _checks(scope, target)
    if context != "i" or (source != target and base != target):
        # a length, `t(10)`, is applied by a cast from the type to itself, whether or not the text gives one
        yield from _cast_function(scope, scope.snapshot.casts.get((base, base)))


def _conversion(scope: Scope, source: int, target: int, context: Context) -> Iterator[int]:
    """Into a type that is no domain."""
    if source == UNKNOWN:
        yield from _text_calls(scope, target, "input")
    elif source not in scope.snapshot.types:
        yield from _anything_into(scope, target, context)
    elif source in (RECORD, RECORD_ARRAY) and source != target:
        yield from _rows_into(scope, target, context)
        if not is_complex(scope, target):
            yield from _text_calls(scope, target, "input")
    else:
        means, cast = way(scope, source, target, context)
        if means is Way.FUNCTION:
            yield from _cast_function(scope, cast)
        elif means is Way.ELEMENTS:
            yield from _calls(scope, element_of(scope, source), element_of(scope, target), context)
        elif means is Way.TEXT:
            yield from _text_calls(scope, source, "output")
            yield from _text_calls(scope, target, "input")
        elif means is Way.NONE and not (is_complex(scope, source) and (target == RECORD or is_complex(scope, target))):
            # refused, except by PL/pgSQL, whose assignments then go through text
            yield from _text_calls(scope, source, "output")
            yield from _text_calls(scope, target, "input")


def implicit_casts(scope: Scope) -> tuple[Function, ...]:
    """Those of all casts that the server may use unasked, but for built-in ones that only compute."""
    found: tuple[Function, ...] | None = scope.resolved.get("implicit casts")
    if found is None:
        casts = [cast for cast in scope.snapshot.casts.values() if cast.context == "i"]
        calls = dict.fromkeys(oid for cast in casts for oid in _cast_function(scope, cast))
        found = remember(scope, "implicit casts", tuple(function_of(scope, oid) for oid in calls))
    return found


def _cast_function(scope: Scope, cast: Cast | None) -> Iterator[int]:
    if cast is None or not cast.function:
        return
    function = scope.snapshot.functions.get(cast.function)
    # No cast that comes with the server is volatile; anybody's own may use a built-in function that is.
    if cast.function >= FIRST_USER_OID or function is None or function.volatility == "v":
        yield cast.function


def _anything_into(scope: Scope, target: int, context: Context, seen: frozenset[int] = frozenset()) -> Iterator[int]:
    """From a type that we do not know."""
    for cast in scope.snapshot.casts.values():
        if cast.target == target and _RANK[cast.context] <= _RANK[context]:
            yield from _cast_function(scope, cast)
    yield from _text_calls(scope, target, "input")
    if element := element_of(scope, target):
        yield from _anything_into(scope, base_of(scope, element), context, seen)
        yield from _checks(scope, element)
    yield from _rows_into(scope, target, context, seen)


def _rows_into(scope: Scope, target: int, context: Context, seen: frozenset[int] = frozenset()) -> Iterator[int]:
    """From a row whose fields may be anything, each of which is converted by itself."""
    if target == RECORD_ARRAY or target in seen:
        return
    if element := element_of(scope, target):
        target = base_of(scope, element)
    relation = _relation(scope, target)
    for column in relation.columns if relation is not None else ():
        yield from _anything_into(scope, base_of(scope, column.type), context, seen | {target})
        yield from _checks(scope, column.type)


def _checks(scope: Scope, type_: int) -> Iterator[int]:
    """Of a domain and of those under it, outermost first."""
    while (found := scope.snapshot.types.get(type_)) is not None and found.kind == "d":
        yield from found.check_calls
        type_ = found.base


def _text_calls(scope: Scope, type_: int, direction: Literal["input", "output"]) -> Iterator[int]:
    """The input or output functions of a type and of whatever it is made of, where they are not built in."""
    types = scope.snapshot.types
    seen: set[int] = set()
    waiting = [type_]
    while waiting:
        oid = waiting.pop()
        found = types.get(oid)
        if oid in seen:
            continue
        seen.add(oid)
        if found is None:
            if oid >= FIRST_USER_OID:
                yield -oid  # a function that nobody knows
            continue
        function = found.input if direction == "input" else found.output
        if function >= FIRST_USER_OID:
            yield function
        if direction == "input" or found.kind != "d":
            # of a domain: its checks; a range is put in order by functions of its own
            yield from found.check_calls
        waiting += _parts(scope, found)


def _parts(scope: Scope, type_: Type) -> Iterable[int]:
    if type_.kind == "c":
        relation = scope.snapshot.relations.get(type_.relation)
        return [column.type for column in relation.columns] if relation is not None else ()
    return [each for each in (type_.base, element_of(scope, type_.oid), type_.range_subtype) if each]


def function_of(scope: Scope, oid: int) -> Function:
    """The function; one that the snapshot lacks has no language that anybody knows."""
    found = scope.snapshot.functions.get(oid)
    if found is None:
        found = Function(oid, "", f"function {oid}", (), 0)
        found.language = ""
    return found


# memory


def remember(scope: Scope, key: object, value: _T) -> _T:
    """Keep it in the scope."""
    if len(scope.resolved) >= MAX_REMEMBERED:
        scope.resolved.clear()
    scope.resolved[key] = value
    return value
