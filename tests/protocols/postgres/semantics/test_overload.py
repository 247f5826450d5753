"""Which function a call means: held against real servers, and one rule at a time on a small catalogue."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from nightporter.catalog.model import Cast, Function, Operator, Snapshot, Type
from nightporter.protocols.postgres.semantics import coercion
from nightporter.protocols.postgres.semantics.coercion import UNKNOWN
from nightporter.protocols.postgres.semantics.overload import (
    array_operator_called,
    function_called,
    member_called,
    operator_called,
)
from nightporter.protocols.postgres.semantics.scope import Scope

from . import fixture
from .asked import AMBIGUOUS, NO_FUNCTION, Answer, ask
from .calls import OWN, Call, Calls
from .conftest import Bench, random_for

# As many for each search path: some seconds for both servers. Many more were run while this was written.
COUNT = 700

# Against servers


def _server_called(bench: Bench, answer: Answer) -> int:
    return bench.snapshot.operators[answer.called].function if answer.is_operator else answer.called


@pytest.mark.parametrize("path", fixture.PATHS, ids="-".join)
def test_the_server_calls_the_same(bench: Bench, path: tuple[str, ...]) -> None:
    bench.search(path)
    scope = Scope(bench.snapshot, path)
    calls = list(Calls(bench, random_for("-".join(path))).some(COUNT))
    certain = wrong = wider = 0
    for call, answer in zip(calls, ask(bench.connection, [each.text for each in calls]), strict=True):
        found = call.resolve(scope)
        oids = [each.oid for each in found.functions]
        if answer.state in (NO_FUNCTION, AMBIGUOUS):
            # what it refuses we may take for something, but not the other way round
            wrong += answer.state == AMBIGUOUS and len(oids) < 2
            continue
        if answer.state:
            continue
        result = coercion.TEXT if found.result == UNKNOWN else found.result
        assert result in (0, answer.type), call
        if found.cast_to:
            assert found.cast_to == answer.type, call
            continue
        assert _server_called(bench, answer) in oids, (call, found, answer.tree)
        assert answer.user_functions() <= {each.oid for each in found.functions + found.coercions}, (call, found)
        certain += len(oids) == 1 and result != 0
        wider += len(oids) > 1
    assert wrong == 0
    assert certain > COUNT / 8
    assert wider <= certain / 100


@pytest.mark.parametrize("path", fixture.PATHS, ids="-".join)
def test_knowing_less_never_leaves_anything_out(bench: Bench, path: tuple[str, ...]) -> None:
    scope, unsure = Scope(bench.snapshot, path), Scope(bench.snapshot, certain=False)
    random = random_for("less" + "-".join(path))
    narrower = 0
    # a type that is not known has functions that are not known
    by_text = {oid for each in bench.snapshot.types.values() for oid in (each.input, each.output)}
    for call in Calls(bench, random).some(COUNT):
        known = call.resolve(scope)
        if not known.functions and not known.cast_to:
            continue
        fewer = tuple(0 if random.random() < 0.4 else each for each in call.types)
        never_heard_of = tuple(4_000_000_000 if each == 0 else each for each in fewer)
        for less in (
            call.resolve(scope, fewer),
            call.resolve(scope, never_heard_of),
            call.resolve(unsure),
            call.resolve(unsure, fewer),
        ):
            assert set(known.functions) <= set(less.functions), (call, fewer)
            assert set(known.operators) <= set(less.operators)
            assert bool(less.cast_to) >= bool(known.cast_to), (call, fewer)
            assert less.result in (0, known.result)
            own = {each.oid for each in known.coercions if each.oid >= OWN} - by_text
            assert own <= {each.oid for each in less.coercions}, (call, fewer, known.coercions, less.coercions)
            narrower += len(less.functions) > len(known.functions)
    assert narrower


@pytest.mark.parametrize("path", fixture.PATHS[:2], ids="-".join)
def test_the_server_compares_members_alike(bench: Bench, path: tuple[str, ...]) -> None:
    bench.search(path)
    scope = Scope(bench.snapshot, path)
    random = random_for("members" + "-".join(path))
    categories: dict[str, list[str]] = {}
    for type_ in fixture.TYPES:
        categories.setdefault(bench.snapshot.types[bench.types[type_]].category, []).append(type_)
    cases = []
    for _ in range(COUNT):
        alike = random.choice(sorted(categories.values())) + ["unknown"]
        types = [random.choice(alike) for _ in range(random.choice((2, 3, 4)))]
        cases.append((types, [bench.value(each, random) for each in types], random.choice(("in", "not in"))))
    texts = [f"{values[0]} {word} ({', '.join(values[1:])})" for _, values, word in cases]
    compared = 0
    for (types, values, word), answer in zip(cases, ask(bench.connection, texts), strict=True):
        if answer.state:
            continue
        oids = [bench.types[each] for each in types]
        columns = [each.startswith("c") for each in values[1:]]
        found = member_called(scope, None, "=" if word == "in" else "<>", oids[0], oids[1:], columns)
        ours = {function.oid for each in found for function in each.functions}
        theirs = {bench.snapshot.operators[each].function for each in answer.operators()}
        assert theirs <= ours, (values, found)
        assert answer.user_functions() - theirs <= {function.oid for each in found for function in each.coercions}
        compared += theirs == ours
    assert compared > COUNT / 10


def test_output_arguments_have_their_types(bench: Bench) -> None:
    int4, int4s = bench.types["int4"], bench.types["int4[]"]
    found = function_called(Scope(bench.snapshot), None, "outs", [int4])
    assert found.result == coercion.RECORD
    assert [found.bindings.get(each, each) for each in found.functions[0].all_types] == [int4, int4s, int4]


# One rule at a time, on a catalogue of a few types

INT, BIG, FLOAT, TEXT, VARCHAR, BOOL, INTS, DATE, NUMBER, FANCY = 23, 20, 701, 25, 1043, 16, 1007, 1082, 20001, 20002


def type_(oid: int, name: str, category: str, preferred: bool = False, kind: str = "b") -> Type:
    return Type(oid, "public" if oid >= OWN else "pg_catalog", name, kind, category, preferred)


def types() -> dict[int, Type]:
    found = [
        type_(INT, "int4", "N"), type_(BIG, "int8", "N"), type_(FLOAT, "float8", "N", True), type_(TEXT, "text", "S", True),
        type_(VARCHAR, "varchar", "S"), type_(BOOL, "bool", "B", True), type_(INTS, "_int4", "A"), type_(DATE, "date", "D"),
        type_(UNKNOWN, "unknown", "X"), type_(coercion.ANY, "any", "P", kind="p"), type_(NUMBER, "number", "N", kind="d"),
        type_(coercion.ANYELEMENT, "anyelement", "P", kind="p"), type_(coercion.ANYARRAY, "anyarray", "P", kind="p"),
        type_(FANCY, "fancy", "U"),
    ]  # fmt: skip
    by_oid = {each.oid: each for each in found}
    by_oid[INT].array, by_oid[INTS].element, by_oid[NUMBER].base = INTS, INT, INT
    by_oid[NUMBER].check_calls = (900,)
    by_oid[FANCY].input, by_oid[FANCY].output = 30001, 30002
    return by_oid


CASTS = [
    Cast(INT, BIG, 481, "i", "f"), Cast(INT, FLOAT, 316, "i", "f"), Cast(BIG, FLOAT, 482, "i", "f"), Cast(BIG, INT, 480, "a", "f"),
    Cast(VARCHAR, TEXT, 0, "i", "b"), Cast(INT, FANCY, 30003, "i", "f"),
]  # fmt: skip


def function(oid: int, arguments: Iterable[int], schema: str = "public", name: str = "f", **facts: object) -> Function:
    found = Function(oid, schema, name, tuple(arguments), INT)
    for fact, value in facts.items():
        setattr(found, fact, value)
    return found


def scope(
    *functions: Function, operators: Iterable[Operator] = (), path: tuple[str, ...] = ("one", "public"), certain: bool = True
) -> Scope:
    every = [*functions, *(function(oid, (), name=f"x{oid}") for oid in (30001, 30002, 30003, 900, 40001, 40002))]
    snapshot = Snapshot(
        version=1, schemas=frozenset({"pg_catalog", "public", "one", "two"}), relations={}, types=types(),
        functions={each.oid: each for each in every}, operators={each.oid: each for each in operators},
        casts={(each.source, each.target): each for each in CASTS}, roles={},
    )  # fmt: skip
    return Scope(snapshot, path, certain=certain)


def oids(found: Iterable[Function]) -> list[int]:
    return sorted(each.oid for each in found)


def test_the_earlier_schema_hides_the_same_types_only() -> None:
    where = scope(function(1, [INT]), function(2, [INT], "one"), function(3, [TEXT]), function(4, [DATE], "two"))
    assert oids(function_called(where, None, "f", [INT]).functions) == [2]
    assert oids(function_called(where, None, "f", [TEXT]).functions) == [3]
    assert oids(function_called(where, None, "f", [DATE]).functions) == []
    assert oids(function_called(where, "public", "f", [INT]).functions) == [1]
    assert oids(function_called(where, "two", "f", [DATE]).functions) == [4]


def test_a_builtin_one_comes_before_the_path() -> None:
    both = function(1, [INT], "pg_catalog"), function(2, [INT], "one")
    assert oids(function_called(scope(*both), None, "f", [INT]).functions) == [1]
    assert oids(function_called(scope(*both, path=("one", "pg_catalog")), None, "f", [INT]).functions) == [2]


def test_an_uncertain_path_hides_nothing() -> None:
    where = scope(function(1, [INT], "pg_catalog"), function(2, [INT], "two"), function(3, [BIG], "two"), certain=False)
    assert oids(function_called(where, None, "f", [INT]).functions) == [1, 2]
    assert oids(function_called(where, None, "f", [UNKNOWN]).functions) == [1, 2, 3]
    where = scope(function(1, [INT], "two"), function(3, [BIG]), certain=False)
    assert oids(function_called(where, None, "f", [INT]).functions) == [1, 3]


def test_an_uncertain_path_matters_only_to_names_that_others_have() -> None:
    where = scope(function(1, [INT], "pg_catalog"), function(2, [BIG], "pg_catalog"), certain=False)
    assert oids(function_called(where, None, "f", [INT]).functions) == [1]


def test_variadic_arguments() -> None:
    variadic = function(1, [TEXT, INTS], variadic=INT)
    where = scope(variadic, function(2, [TEXT, INT, INT]))
    assert oids(function_called(where, None, "f", [TEXT, INT]).functions) == [1]
    assert oids(function_called(where, None, "f", [TEXT, INT, INT]).functions) == [2]
    assert oids(function_called(where, None, "f", [TEXT, INT, INT, INT]).functions) == [1]
    assert oids(function_called(where, None, "f", [TEXT, INTS], variadic=True).functions) == [1]
    assert oids(function_called(where, None, "f", [TEXT, INTS]).functions) == []
    assert oids(function_called(where, None, "f", [TEXT]).functions) == []


def test_defaults_and_names() -> None:
    where = scope(function(1, [INT, TEXT, DATE], names=("a", "b", "c"), defaults=2))
    assert function_called(where, None, "f", [INT]).defaulted
    assert not function_called(where, None, "f", [INT, TEXT, DATE]).defaulted
    found = function_called(where, None, "f", [INT, UNKNOWN], names=["c"])
    assert oids(found.functions) == [1]
    assert found.arguments == (INT, DATE)
    for types_, names in (([DATE], ["c"]), ([INT, INT], ["a"]), ([INT, DATE], ["d"]), ([INT, DATE, DATE], ["c", "c"])):
        assert not function_called(where, None, "f", types_, names=names).functions


def test_two_that_differ_in_their_defaults_are_both_possible() -> None:
    where = scope(function(1, [INT]), function(2, [INT, INT], defaults=1))
    assert oids(function_called(where, None, "f", [INT]).functions) == [1, 2]


def test_a_procedure_is_called_with_its_output_arguments() -> None:
    procedure = function(1, [INT], kind="p", all_types=(INT, TEXT), modes="io", names=("a", "b"))
    assert oids(function_called(scope(procedure), None, "f", [INT, UNKNOWN], procedure=True).functions) == [1]
    assert oids(function_called(scope(procedure), None, "f", [INT, UNKNOWN]).functions) == []
    assert oids(function_called(scope(procedure), None, "f", [UNKNOWN, INT], names=["b", "a"], procedure=True).functions) == [1]


def test_literals_are_strings_if_they_can_be() -> None:
    where = scope(function(1, [INT]), function(2, [TEXT]), function(3, [VARCHAR]))
    assert oids(function_called(where, None, "f", [UNKNOWN]).functions) == [2]
    assert oids(function_called(scope(function(1, [INT]), function(2, [DATE])), None, "f", [UNKNOWN]).functions) == [1, 2]


def test_a_type_that_is_not_known_leaves_all_that_fit_the_others() -> None:
    where = scope(function(1, [INT, INT]), function(2, [INT, TEXT]), function(3, [TEXT, INT]), function(4, [BIG, DATE]))
    assert oids(function_called(where, None, "f", [INT, 0]).functions) == [1, 2, 4]
    assert oids(function_called(where, None, "f", [0, 0]).functions) == [1, 2, 3, 4]


def test_what_converting_the_arguments_runs() -> None:
    where = scope(function(1, [FANCY], name="g"), function(2, [NUMBER], name="h"))
    assert oids(function_called(where, None, "g", [UNKNOWN]).coercions) == [30001]
    assert oids(function_called(where, None, "g", [INT]).coercions) == [30003]
    assert oids(function_called(where, None, "g", [0]).coercions) == [30001, 30003]
    assert oids(function_called(where, None, "h", [INT]).coercions) == [900]
    assert oids(function_called(where, None, "h", [NUMBER]).coercions) == []


def test_a_type_name_casts_unless_a_function_takes_exactly_that() -> None:
    where = scope(function(1, [INT], name="text"), function(2, [BIG], name="fancy"), function(3, [INT], name="number"))
    assert function_called(where, None, "text", [UNKNOWN]).cast_to == TEXT
    assert oids(function_called(where, None, "text", [INT]).functions) == [1]
    found = function_called(where, None, "fancy", [UNKNOWN])
    assert (found.cast_to, found.functions, oids(found.coercions)) == (FANCY, (), [30001])
    # a cast that has a function is not written so
    assert function_called(where, None, "fancy", [INT]).cast_to == 0
    assert oids(function_called(where, None, "fancy", [INT]).functions) == [2]
    found = function_called(where, None, "number", [0])
    assert (oids(found.functions), found.cast_to) == ([3], NUMBER)


def test_polymorphic_results() -> None:
    any_, array = coercion.ANYELEMENT, coercion.ANYARRAY
    where = scope(function(1, [any_, any_], result=array), function(2, [array], result=any_))
    assert function_called(where, None, "f", [INT, UNKNOWN]).result == INTS
    assert function_called(where, None, "f", [INTS]).result == INT
    assert function_called(where, None, "f", [INT, 0]).result == INTS
    assert function_called(where, None, "f", [0, 0]).result == 0
    assert not function_called(where, None, "f", [INT, TEXT]).functions
    assert not function_called(where, None, "f", [INT]).functions


def equals(oid: int, left: int, right: int, schema: str = "pg_catalog", run: int = 40001) -> Operator:
    return Operator(oid, schema, "=", left, right, BOOL, run)


def test_operators() -> None:
    where = scope(
        operators=[equals(1, INT, INT), equals(2, TEXT, TEXT), equals(3, BIG, BIG), equals(4, FANCY, FANCY, "one", 40002)]
    )
    for left, right, expected in ((INT, UNKNOWN, 1), (UNKNOWN, BIG, 3), (UNKNOWN, UNKNOWN, 2), (NUMBER, UNKNOWN, 1), (INT, BIG, 3)):
        assert [each.oid for each in operator_called(where, None, "=", left, right).operators] == [expected]
    assert [each.oid for each in operator_called(where, None, "=", INT, 0).operators] == [1, 3, 4]
    assert not operator_called(where, None, "=", None, INT).functions
    assert not operator_called(where, "public", "=", INT, INT).functions
    assert oids(array_operator_called(where, None, "=", UNKNOWN, INTS).functions) == [40001]


def test_an_operator_that_is_only_named_so_far_is_refused() -> None:
    where = scope(operators=[equals(1, INT, INT, "one", 0), equals(2, INT, INT, "public")])
    assert not operator_called(where, None, "=", INT, INT).functions


def test_a_function_that_the_snapshot_lacks_is_one_that_nobody_knows() -> None:
    found = operator_called(scope(operators=[equals(1, INT, INT, run=77)]), None, "=", INT, INT)
    assert [(each.oid, each.language) for each in found.functions] == [(77, "")]


def test_memory_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coercion, "MAX_REMEMBERED", 10)
    where = scope(function(1, [INT]))
    for number in range(100):
        function_called(where, None, f"f{number}", [INT])
        assert len(where.resolved) <= 11
    assert oids(function_called(where, None, "f", [INT]).functions) == [1]


def test_calls_of_the_same_text_have_one_answer() -> None:
    where = scope(function(1, [INT]))
    assert function_called(where, None, "f", [INT]) is function_called(where, None, "f", (INT,))
    assert Call("f(1)", None, "f", (INT,)).resolve(where) is function_called(where, None, "f", [INT])
