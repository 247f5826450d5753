"""Casts and common types: held against real servers, and what a conversion runs."""

from __future__ import annotations

import psycopg
import pytest

from nightporter.catalog.model import Function
from nightporter.protocols.postgres.semantics import coercion
from nightporter.protocols.postgres.semantics.coercion import (
    MAYBE,
    NO,
    UNKNOWN,
    YES,
    Context,
    array_built,
    array_of,
    assignment,
    base_of,
    cast_called,
    coercible,
    common_called,
    common_type,
    element_of,
    read_called,
    row_called,
    shown_called,
)
from nightporter.protocols.postgres.semantics.scope import Scope

from . import fixture
from .asked import ask
from .conftest import Bench, random_for

CASTS, COMMON = 1500, 600
# what the server says of a cast that does not exist
NO_CAST = "42846"


@pytest.fixture
def scope(bench: Bench) -> Scope:
    bench.search(("public",))
    return Scope(bench.snapshot)


def names(found: tuple[Function, ...]) -> set[str]:
    return {each.name for each in found}


def test_the_server_casts_the_same(bench: Bench, scope: Scope) -> None:
    random = random_for("casts")
    sources = [*fixture.TYPES, "unknown", "record"]
    pairs = [(random.choice(sources), random.choice(fixture.TYPES)) for _ in range(CASTS)]
    allowed = 0
    texts = [f"cast({bench.value(source)} as {target})" for source, target in pairs]
    for (source, target), answer in zip(pairs, ask(bench.connection, texts), strict=True):
        verdict = coercible(scope, bench.types[source], bench.types[target], "e")
        if answer.state:
            # a row of the wrong length is refused later
            assert answer.state != NO_CAST or verdict != YES or source == "record", (source, target)
            continue
        assert verdict != NO, (source, target)
        called = {each.oid for each in cast_called(scope, bench.types[source], bench.types[target], "e")}
        assert answer.user_functions() <= called, (source, target)
        allowed += 1
    assert allowed > CASTS / 10


def test_the_server_assigns_the_same(bench: Bench, scope: Scope) -> None:
    wrong = []
    targets = random_for("assigned").sample(range(len(fixture.TYPES)), 12)
    for place in targets:
        target = fixture.TYPES[place]
        for source in [*fixture.TYPES, "unknown"]:
            verdict = assignment(scope, bench.types[source], bench.types[target])
            accepted = _accepted(bench, f"explain insert into every (c{place}) select {bench.value(source)} from every")
            if verdict != MAYBE and accepted != (verdict == YES):
                wrong.append((source, target, verdict))
    assert not wrong


def _accepted(bench: Bench, statement: str) -> bool:
    try:
        bench.connection.execute(statement.encode())
    except psycopg.Error as error:
        if error.sqlstate not in ("42804", NO_CAST):
            raise
        return False
    return True


@pytest.mark.parametrize("form", ["coalesce(%s)", "array[%s]", "greatest(%s)"])
def test_the_server_finds_the_same_common_type(bench: Bench, scope: Scope, form: str) -> None:
    random = random_for(form)
    categories: dict[str, list[str]] = {}
    for type_ in fixture.TYPES:
        categories.setdefault(bench.snapshot.types[bench.types[type_]].category, []).append(type_)
    cases = []
    for _ in range(COMMON):
        alike = random.choice(sorted(categories.values())) + ["unknown"]
        cases.append([random.choice(alike) for _ in range(random.choice((1, 2, 3)))])
    answers = ask(bench.connection, [form % ", ".join(bench.value(each) for each in case) for case in cases])
    right = 0
    for case, answer in zip(cases, answers, strict=True):
        oids = [bench.types[each] for each in case]
        common, called = common_called(scope, oids)
        if answer.state:
            continue
        found = array_built(scope, oids) if form.startswith("array") else common
        # a table made OF a type is not told from one that only looks like it
        assert found == answer.type or (found == 0 and "of_pair" in case), case
        assert answer.user_functions() <= {each.oid for each in called}, case
        right += found != 0
    assert right > COMMON / 4


def test_domains_run_their_checks_wherever_they_are(bench: Bench, scope: Scope) -> None:
    types = bench.types
    for source, target, context, expected in (
        ("int4", "small", "i", {"int4lt"}),
        ("int4", "smaller", "i", {"int4lt"}),
        ("small", "smaller", "i", {"int4lt"}),
        ("small", "small", "e", set()),
        ("unknown", "small[]", "e", {"int4lt"}),
        ("int4[]", "small[]", "e", {"int4lt"}),
        ("text", "small[]", "e", {"int4lt"}),
        ("unknown", "strict_pair", "e", {"int4lt"}),
        ("unknown", "strict_pair[]", "e", {"int4lt"}),
        ("unknown", "word_range", "e", {"length", "int4lt"}),
        ("pair", "good_pair", "e", {"int4gt"}),
        ("int4[]", "numbers", "a", {"cardinality", "int4lt"}),
        ("unknown", "int4[]", "e", set()),
    ):
        asked: Context = context  # type: ignore[assignment]
        assert names(cast_called(scope, types[source], types[target], asked)) == expected, (source, target)
    assert "int4lt" in names(cast_called(scope, types["record"], types["strict_pair"], "e"))
    assert "int4lt" in names(cast_called(scope, types["record"], types["strict_pair[]"], "e"))


def test_casts_of_ones_own_run_by_context(bench: Bench, scope: Scope) -> None:
    int_, mood, text = bench.types["int4"], bench.types["mood"], bench.types["text"]
    assert names(cast_called(scope, int_, mood, "i")) == {"to_mood"}
    assert names(cast_called(scope, mood, int_, "a")) == {"from_mood"}
    assert coercible(scope, mood, int_) == NO
    assert coercible(scope, mood, int_, "a") == YES
    assert cast_called(scope, int_, text, "e") == ()
    # by way of the elements, and of a domain
    assert names(cast_called(scope, bench.types["int4[]"], bench.types["mood[]"], "i")) == {"to_mood"}
    assert names(cast_called(scope, bench.types["small"], mood, "i")) == {"to_mood"}
    # from whatever it may be
    assert "to_mood" in names(cast_called(scope, 0, mood, "i"))
    assert "from_mood" not in names(cast_called(scope, 0, int_, "i"))
    assert "from_mood" in names(cast_called(scope, 0, bench.types["small"], "e"))


def test_types_of_extensions_are_read_and_shown_by_their_own_functions(bench: Bench, scope: Scope) -> None:
    types = bench.types
    assert names(read_called(scope, types["citext"])) == {"citextin"}
    assert names(shown_called(scope, types["citext[]"])) == {"citextout"}
    assert names(cast_called(scope, types["text"], types["citext"], "e")) == set()
    assert names(cast_called(scope, types["text"], types["hstore"], "e")) == {"hstore_in"}
    assert names(cast_called(scope, types["hstore"], types["text"], "e")) == {"hstore_out"}
    for builtin in ("int4", "text", "jsonb", "int4range", "text[]", "pair", "mood"):
        assert read_called(scope, types[builtin]) == shown_called(scope, types[builtin]) == ()


def test_rows_convert_field_by_field(bench: Bench, scope: Scope) -> None:
    int_, text, strict = bench.types["int4"], bench.types["text"], bench.types["strict_pair"]
    assert names(row_called(scope, (int_, text), strict, "e")) == {"int4lt"}
    assert names(row_called(scope, (bench.types["mood"], UNKNOWN), bench.types["pair"], "a")) == {"from_mood"}
    assert names(row_called(scope, (int_, text), bench.types["good_pair"], "e")) == {"int4gt"}


def test_elements_and_bases(bench: Bench, scope: Scope) -> None:
    types = bench.types
    for array, element in (
        ("int4[]", "int4"),
        ("numbers", "int4"),
        ("small[]", "small"),
        ("int2vector", "int2"),
        ("pair[]", "pair"),
    ):
        assert element_of(scope, types[array]) == types[element]
    for other in ("point", "name", "box", "text", "unknown", "jsonb", "hstore"):
        assert element_of(scope, types[other]) == 0
    assert element_of(scope, 0) == array_of(scope, 0) == base_of(scope, 0) == 0
    assert base_of(scope, types["smaller"]) == types["int4"]
    assert array_of(scope, types["small"]) == types["small[]"]


def test_what_is_not_known_is_not_decided(bench: Bench, scope: Scope) -> None:
    int_ = bench.types["int4"]
    nobody = 4_000_000_000
    assert common_type(scope, [int_, 0]) == common_type(scope, [int_, nobody]) == 0
    assert common_type(scope, [UNKNOWN, UNKNOWN]) == common_type(scope, []) == coercion.TEXT
    assert common_type(scope, [int_, bench.types["text"]]) == 0  # refused
    assert coercible(scope, nobody, int_) == coercible(scope, int_, nobody) == MAYBE
    assert coercible(scope, UNKNOWN, int_) == YES
    assert "to_mood" in names(common_called(scope, [int_, 0])[1])
    assert {each.language for each in cast_called(scope, int_, nobody, "e")} == {""}
