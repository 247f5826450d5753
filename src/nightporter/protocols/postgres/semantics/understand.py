"""A reading under a scope: what each statement would do, in full. Pure, and it never raises.

    reading (grammar alone)  ->  run, once for each statement, into a notebook (work.py)  ->  reading with all of it

Whatever could not be resolved is a doubt, and a statement with doubts does `unknown`, whatever else it does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace

from nightporter.catalog.model import Relation
from nightporter.protocols.postgres.grammar import GrammarError, Parsed, parse
from nightporter.statement.model import Action, Doubt, Output, Reading, Statement

from . import effects, run
from .coercion import read_called, shown_called
from .scope import Scope, TooLargeError
from .space import Rows
from .typename import type_of
from .work import OUTPUT, Work, sources_of

_SURPRISES = (AttributeError, KeyError, TypeError, ValueError, IndexError)

MAX_RECURSION = 8000
"""Python's own limit of 1000 calls is reached by some 300 nested parentheses, which programs do write. Calls from Python to Python
take no C stack; reading a tree as deep, for a body, takes less than 2 MB of it."""

MAX_EXECUTED = 8
"""EXECUTE of EXECUTE of ..."""


def understand(reading: Reading, scope: Scope, parameter_types: tuple[int, ...] = ()) -> Reading:
    """The same reading with all that running it would do under `scope`. `parameter_types`: OIDs as Parse declares them."""
    if all(statement.unknown is not None for statement in reading.statements):
        return reading
    statements, missing, numbers = [], False, False
    created: dict[str, Relation] = {}
    scope.progress.begin()
    for statement in reading.statements:
        understood, work = _understood(statement, scope, parameter_types, created)
        statements.append(understood)
        if work is not None:
            missing = missing or work.missing
            numbers = numbers or work.looks_at_numbers
    return replace(reading, statements=tuple(statements), missing=missing, looks_at_numbers=numbers)


def _understood(
    statement: Statement, scope: Scope, parameters: tuple[int, ...], created: dict[str, Relation], depth: int = 0
) -> tuple[Statement, Work | None]:
    if statement.unknown is not None:
        return statement, None
    text = statement.text.encode()
    work = Work(scope, text, parameters)
    work.created = created
    work.untyped = depth > 0
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(max(limit, MAX_RECURSION))
        (parsed,) = _trees(statement, text)
        if statement.declares is not None:
            work.untyped = False
            work.parameters = tuple(type_of(work, each["TypeName"]) for each in statement.declares)
        rows = run.statement(work, parsed.tag, parsed.body)
        _shown(work, rows or [])
        if rows is not None:
            work.use_each(rows, OUTPUT)
        outputs = _outputs(rows)
        for inner in statement.runs:
            if depth == MAX_EXECUTED:
                work.doubt("statements that execute each other")
                break
            executed, its_work = _understood(inner, scope, (), created, depth + 1)
            if parsed.tag != "ExplainStmt":
                outputs = executed.outputs if executed.outputs is not None else outputs
            if its_work is not None:
                work.take(its_work, plan=parsed.tag == "ExplainStmt" and not run.analyzes(parsed.body))
            for doubt in executed.doubts:
                work.doubt(doubt.reason)
        return _finished(statement, work, outputs), work
    except TooLargeError:
        return _doubtful(statement, "it takes too long to understand"), None
    except (RecursionError, MemoryError):
        return _doubtful(statement, "nested too deeply or too large"), None
    except GrammarError as error:
        return _doubtful(statement, str(error)), None
    except _SURPRISES as error:
        return _doubtful(statement, f"a syntax tree of an unknown form ({type(error).__name__})"), None
    finally:
        sys.setrecursionlimit(limit)


def _trees(statement: Statement, text: bytes) -> list[Parsed]:
    tree = statement.tree
    if isinstance(tree, Parsed):
        statement.tree = None
        return [tree]
    return parse(text)


def _shown(work: Work, rows: Rows) -> None:
    """What the client is given, and what it gives as parameters, passes through the types' own functions."""
    scope = work.scope
    for type_ in {value.type for _, value in rows}:
        if type_ >= effects.FIRST_OF_OURS:
            effects.runs_each(work, shown_called(scope, type_))
    for type_ in work.parameters:
        if type_ >= effects.FIRST_OF_OURS:
            effects.runs_each(work, read_called(scope, type_))


def _outputs(rows: Rows | None) -> tuple[Output, ...] | None:
    return None if rows is None else tuple(Output(name, sources_of(value)) for name, value in rows)


def _finished(statement: Statement, work: Work, outputs: tuple[Output, ...] | None) -> Statement:
    work.doubt_redefined()
    accesses = work.accesses()
    doubts = tuple(work.doubts.values())
    return replace(
        statement,
        actions=statement.actions | work.actions,
        unknown=doubts[0].reason if doubts else None,
        settings=_together(statement.settings, work.settings),
        accesses=accesses,
        outputs=outputs,
        flows=work.flow_values(),
        effects=tuple(work.effects.values()),
        plans=tuple(work.plans),
        doubts=doubts,
    )


def _together(settings: tuple[object, ...], more: Iterable[object]) -> tuple:  # type: ignore[type-arg]
    return tuple(dict.fromkeys((*settings, *more)))


def _doubtful(statement: Statement, why: str) -> Statement:
    return replace(statement, actions=statement.actions | {Action.UNKNOWN}, unknown=why, doubts=(Doubt(why),))
