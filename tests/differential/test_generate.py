"""Twenty seconds of the generator with a seed that is always the same, and that it would notice a broken reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nightporter.demo.server import EmbeddedServer
from nightporter.protocols.postgres.semantics.scope import Scope
from nightporter.protocols.postgres.semantics.understand import understand
from nightporter.statement.model import Reading, Statement

from .change import Statements
from .generate import Round, generate, server_for
from .world import build

SEED = 1
EXAMPLES = 150
LEAST_ACCEPTED = 0.8


@pytest.fixture(scope="module", params=[15, 18])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[EmbeddedServer, int]]:
    with server_for(request.param) as running:
        yield running, request.param


@pytest.fixture(scope="module")
def server15() -> Iterator[EmbeddedServer]:
    with server_for(15) as running:
        yield running


def test_the_same_seed_gives_the_same() -> None:
    def some() -> list[str]:
        statements = Statements(Random(7), build(Random(3)))
        return [text for _ in range(50) for text in statements.texts()]

    assert some() == some()


def test_nothing_unsafe(server: tuple[EmbeddedServer, int]) -> None:
    """Random schemas and statements; hypothesis makes what it finds small."""
    running, version = server
    _search(Round(running, SEED, 0, understand, version))


RANDOMS = st.one_of(st.integers(0, 2**32).map(Random), st.randoms(use_true_random=False))
"""The first are many different ones, the second are those that hypothesis can make small."""


def _search(current: Round) -> None:
    outcomes: list[bool] = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(RANDOMS)
    def holds(random: Random) -> None:
        for text, found in current.judged(Statements(random, current.world, current.version).texts()):
            outcomes.append(found.observed.accepted)
            unsafe = [each for each in found.differences if each.unsafe]
            assert not unsafe, f"{unsafe[0]}: {current.small(text, unsafe[0].kind)}"

    try:
        holds()
    finally:
        current.close()
    assert sum(outcomes) / len(outcomes) > LEAST_ACCEPTED


Breakage = Callable[[Statement], Statement]


def _without_accesses(statement: Statement) -> Statement:
    return replace(statement, accesses=statement.accesses[1:])


def _without_columns(statement: Statement) -> Statement:
    return replace(statement, accesses=tuple(each._replace(columns=each.columns[1:]) for each in statement.accesses))


def _without_sources(statement: Statement) -> Statement:
    outputs = statement.outputs
    return statement if outputs is None else replace(statement, outputs=tuple(each._replace(sources=()) for each in outputs))


def _without_effects(statement: Statement) -> Statement:
    return replace(statement, effects=())


@pytest.mark.parametrize(
    ("breakage", "kinds"),
    [
        (_without_accesses, {"relation", "relation read", "relation write"}),
        (_without_columns, {"column"}),
        (_without_sources, {"origin"}),
        (_without_effects, {"called", "function"}),
    ],
)
def test_a_broken_reading_is_noticed(server15: EmbeddedServer, breakage: Breakage, kinds: set[str]) -> None:

    def broken(reading: Reading, scope: Scope, types: tuple[int, ...]) -> Reading:
        understood = understand(reading, scope, types)
        return replace(understood, statements=tuple(breakage(each) for each in understood.statements))

    run = generate(server15, broken, SEED, 15, rounds=1, statements=25, reduce=1)
    assert kinds & set(run.tally.unsafe)
    assert min(len(each.text) for each in run.findings) < 80
