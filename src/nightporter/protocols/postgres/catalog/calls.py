"""What an analysed expression or query calls, found in the server's own node trees. Pure.

A node tree ("pg_node_tree", as `nodeToString` writes it) names functions and operators by OID in fields that are known by name.
It is searched, not parsed: a field that is not meant would only add a call, and none can be hidden, since what users choose (names,
constants) is quoted, escaped or written as numbers, never left out.

Conversions through text (CoerceViaIO) run the output and input functions of types, conversions to a domain its checks, and both
go through arrays, composite types and ranges down to what these are made of. Functions that are the server's own are left out
there: reading and printing built-in values only computes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from nightporter.catalog.model import Operator, Type

from .queries import FIRST_OWN

_FUNCTION = re.compile(
    rb":(?:funcid|opfuncid|aggfnoid|winfnoid|hashfuncid|negfuncid|tsmhandler|startInRangeFunc|endInRangeFunc) ([1-9]\d*)"
)
_OPERATOR = re.compile(rb":(?:opno|eqop|sortop|cycle_mark_neop) ([1-9]\d*)")
_OPERATORS = re.compile(rb":opnos \(o ([\d ]+)\)")
_COERCED = re.compile(rb":resulttype (\d+)")
_ANY_TYPE = re.compile(rb":\w*typ(?:e|id) ([1-9]\d*)")
_TYPE_LISTS = re.compile(rb":\w*types \(o ([\d ]+)\)")
_COMPARED = re.compile(rb":minmaxtype ([1-9]\d*)")
_RELATION = re.compile(rb":relid ([1-9]\d*)")
_THROUGH_TEXT = (b"{COERCEVIAIO ", b"{XMLEXPR ", b"{TABLEFUNC", b"{JSON")
"""Nodes that print or read values of any type."""

Columns = Callable[[int], Iterable[int]]
"""Types of the columns of a relation, by its OID."""


class Calls:
    """Finds them, by what else is known of the catalogue."""

    def __init__(
        self,
        operators: Mapping[int, Operator],
        types: Mapping[int, Type],
        columns: Columns,
        families: Families,
    ) -> None:
        self._operators = operators
        self._types = types
        self._columns = columns
        self._families = families
        self._text: dict[int, frozenset[int]] = {}
        self._same: dict[tuple[int, ...], tuple[int, ...]] = {}

    def forget(self) -> None:
        """What types run has changed."""
        self._text.clear()

    def of(self, *trees: bytes | None) -> tuple[int, ...]:
        """OIDs of the functions that these call, each once, in order; None is no tree."""
        found: set[int] = set()
        for tree in trees:
            if tree:
                self._collect(tree, found)
        return self.shared(found)

    def shared(self, found: Iterable[int]) -> tuple[int, ...]:
        """In order, each once; equal tuples are one object, since thousands of columns have the same default."""
        calls = tuple(sorted(found))
        return self._same.setdefault(calls, calls)

    def _collect(self, tree: bytes, found: set[int]) -> None:
        found.update(map(int, _FUNCTION.findall(tree)))
        operators = set(map(int, _OPERATOR.findall(tree)))
        for some in _OPERATORS.findall(tree):
            operators.update(map(int, some.split()))
        found.update(self.of_operators(operators))
        if b"{COERCETODOMAIN " in tree:
            for domain in set(_COERCED.findall(tree)):
                found |= self._checks(int(domain))
        if b"{MINMAX" in tree:
            for compared in _COMPARED.findall(tree):
                found |= self._families.of_type(int(compared))
        if any(node in tree for node in _THROUGH_TEXT):
            types = set(_ANY_TYPE.findall(tree))
            for some in _TYPE_LISTS.findall(tree):
                types.update(some.split())
            for each in types:
                found |= self.through_text(int(each))

    def of_operators(self, operators: Iterable[int]) -> set[int]:
        """Functions of operators, and what else their operator families may have called for them."""
        found: set[int] = set()
        for oid in operators:
            operator = self._operators.get(oid)
            if operator is not None:
                found.add(operator.function)
            if oid >= FIRST_OWN:
                found |= self._families.of_operator(oid)
        found.discard(0)  # a shell: it cannot run
        return found

    def of_classes(self, classes: Iterable[int]) -> set[int]:
        """Functions that are not built in, of operator classes that are not."""
        found: set[int] = set()
        for each in classes:
            functions, operators = self._families.of_class(each)
            found |= functions | self.of_operators(operators)
        return {function for function in found if function >= FIRST_OWN}

    def _checks(self, type_: int) -> frozenset[int]:
        """Of a domain and those that it is over."""
        found: set[int] = set()
        seen: set[int] = set()
        while type_ not in seen:
            seen.add(type_)
            domain = self._types.get(type_)
            if domain is None or domain.kind != "d":
                break
            found.update(domain.check_calls)
            type_ = domain.base
        return frozenset(found)

    def through_text(self, type_: int) -> frozenset[int]:
        """Functions that are not built in and that printing or reading a value of this type runs."""
        known = self._text.get(type_)
        if known is None:
            self._text[type_] = frozenset()  # a type that contains itself
            self._text[type_] = known = frozenset(self._through_text(type_))
        return known

    def _through_text(self, oid: int) -> set[int]:
        type_ = self._types.get(oid)
        if type_ is None:
            return set()
        found = {function for function in (type_.input, type_.output) if function >= FIRST_OWN}
        if type_.kind == "d":
            found |= self._checks(oid) | self.through_text(type_.base)
        elif type_.kind == "c":
            for column in self._columns(type_.relation):
                found |= self.through_text(column)
        elif type_.range_subtype:
            found |= self.through_text(type_.range_subtype) | self._families.of_type(type_.range_subtype)
        elif type_.element and oid >= FIRST_OWN:
            found |= self.through_text(type_.element)
        return found


class Families:
    """Operator classes and families, as far as they are not built in."""

    def __init__(
        self,
        classes: Iterable[tuple[int, int]],
        functions: Iterable[tuple[int, int, int]],
        operators: Iterable[tuple[int, int]],
    ) -> None:
        """`classes`: class and family. `functions`: family, left type, function. `operators`: family and operator."""
        self._family = dict(classes)
        self._functions: dict[int, set[int]] = {}
        self._operators: dict[int, set[int]] = {}
        self._of_operator: dict[int, set[int]] = {}
        self._of_type: dict[int, set[int]] = {}
        self._families_of: dict[int, set[int]] = {}
        for family, type_, function in functions:
            self._functions.setdefault(family, set()).add(function)
            self._of_type.setdefault(type_, set()).add(function)
            self._families_of.setdefault(type_, set()).add(family)
        for family, operator in operators:
            self._operators.setdefault(family, set()).add(operator)
            self._of_operator.setdefault(operator, set()).add(family)

    def of_class(self, oid: int) -> tuple[set[int], set[int]]:
        """Support functions and operators of the family that a class belongs to."""
        family = self._family.get(oid, 0)
        return self._functions.get(family, set()), self._operators.get(family, set())

    def of_operator(self, oid: int) -> set[int]:
        """Support functions of the families that an operator belongs to: sorting and hashing call these."""
        found: set[int] = set()
        for family in self._of_operator.get(oid, ()):
            found |= self._functions.get(family, set())
        return found

    def beside(self, oid: int) -> set[int]:
        """Operators of the families that an operator belongs to."""
        found: set[int] = set()
        for family in self._of_operator.get(oid, ()):
            found |= self._operators.get(family, set())
        return found

    def of_type(self, oid: int, operators: Mapping[int, Operator] = MappingProxyType({})) -> set[int]:
        """Functions that compare or hash values of a type, and those of the operators that go with them."""
        found = set(self._of_type.get(oid, ()))
        for family in self._families_of.get(oid, ()):
            beside = (operators[each] for each in self._operators.get(family, ()) if each in operators)
            found.update(each.function for each in beside if oid in (each.left, each.right))
        return found


def relations_in(*trees: bytes | None) -> tuple[int, ...]:
    """OIDs of the relations that sub-selects in these read."""
    return tuple(sorted({int(oid) for tree in trees if tree for oid in _RELATION.findall(tree)}))
