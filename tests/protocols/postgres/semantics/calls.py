"""Random calls of functions and operators, as text and as what is asked of us."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import NamedTuple, TypeVar

from nightporter.catalog.model import Function, Operator
from nightporter.protocols.postgres.semantics.overload import Resolution, function_called, operator_called
from nightporter.protocols.postgres.semantics.scope import Scope

from . import fixture
from .conftest import Bench

SCHEMAS = ("pg_catalog", "public", "first", "second")
OWN = 16384
_T = TypeVar("_T", Function, Operator)


class Call(NamedTuple):
    """`text` is an expression over the table `every`."""

    text: str
    schema: str | None
    name: str
    types: tuple[int, ...]
    names: tuple[str, ...] = ()
    variadic: bool = False
    operator: bool = False

    def resolve(self, scope: Scope, types: tuple[int, ...] | None = None) -> Resolution:
        """What we say of it, with its types or with others."""
        types = self.types if types is None else types
        if not self.operator:
            return function_called(scope, self.schema, self.name, types, names=self.names, variadic=self.variadic)
        return operator_called(scope, self.schema, self.name, types[0] if len(types) == 2 else None, types[-1])


class Calls:
    """Makes them: half by what the catalogue declares, half at random; more of what is overloaded or not built in."""

    def __init__(self, bench: Bench, random: Random) -> None:
        self._bench, self._random = bench, random
        self._spelled = {oid: name for name, oid in bench.types.items()}
        self._choices = fixture.TYPES + ["record"] + ["unknown"] * 20 + ["small", "int4", "text", "numeric", "int8"] * 3
        functions = [each for each in bench.snapshot.functions.values() if each.kind in "fa" and each.schema in SCHEMAS]
        self._functions = _by_name(functions)
        self._own_functions = _by_name([each for each in functions if each.oid >= OWN and not each.extension])
        self._overloaded = {name: each for name, each in self._functions.items() if len(each) > 1}
        operators = list(bench.snapshot.operators.values())
        self._operators = _by_name(operators)
        self._own_operators = _by_name([each for each in operators if each.oid >= OWN])

    def some(self, count: int) -> Iterator[Call]:
        """As many of them."""
        for _ in range(count):
            yield self._function() if self._random.random() < 0.5 else self._operator()

    def _type(self, declared: int) -> str:
        if declared in self._spelled and self._random.random() < 0.45:
            return self._spelled[declared]
        return self._random.choice(self._choices)

    def _function(self) -> Call:
        random = self._random
        source = random.choice((self._own_functions, self._overloaded, self._functions))
        name = random.choice(sorted(source))
        function = random.choice(source[name])
        count = len(function.argument_types)
        if random.random() < 0.4:
            count = max(0, count + random.choice((0, 0, -1, 1, 2)))
        declared = function.argument_types + (0,) * count
        types = [self._type(each) for each in declared[:count]]
        values = [self._bench.value(each) for each in types]
        names = self._names(function, count)
        for place, each in enumerate(names, count - len(names)):
            values[place] = f'"{each}" => {values[place]}'
        variadic = bool(values) and random.random() < (0.3 if function.variadic else 0.01)
        if variadic:
            values[-1] = f"variadic {values[-1]}"
        schema = function.schema if random.random() < 0.1 else None
        spelled = f'{schema}."{name}"' if schema else f'"{name}"'
        oids = tuple(self._bench.types[each] for each in types)
        return Call(f"{spelled}({', '.join(values)})", schema, name, oids, tuple(names), variadic)

    def _names(self, function: Function, count: int) -> list[str]:
        modes = function.modes or "i" * len(function.names)
        inputs = [name for name, mode in zip(function.names, modes, strict=False) if mode in "ibv"]
        if not all(inputs) or count > len(inputs) or self._random.random() < 0.6:
            return []
        by_place = self._random.randint(0, count)
        left = inputs[by_place:]
        self._random.shuffle(left)
        return left[: count - by_place]

    def _operator(self) -> Call:
        random = self._random
        source = random.choice((self._own_operators, self._operators))
        name = random.choice(sorted(source))
        operator = random.choice(source[name])
        schema = operator.schema if random.random() < 0.1 else None
        spelled = f"operator({schema}.{name})" if schema else name
        sides = [self._type(each) for each in (operator.left, operator.right) if each]
        values = [self._bench.value(each) for each in sides]
        if sides == ["record", "record"]:
            values[0] = "(select row(1, 2))"  # two rows side by side would be compared field by field
        oids = tuple(self._bench.types[each] for each in sides)
        return Call(" ".join((*values[:-1], spelled, values[-1])), schema, name, oids, operator=True)


def _by_name(found: list[_T]) -> dict[str, list[_T]]:
    by_name: dict[str, list[_T]] = defaultdict(list)
    for each in found:
        by_name[each.name].append(each)
    return by_name
