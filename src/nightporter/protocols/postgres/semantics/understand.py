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
from nightporter.statement.model import Action, Doubt, Flow, Output, Reading, Statement

from . import effects, run
from .coercion import read_called, shown_called
from .scope import Scope, TooLargeError
from .space import Rows
from .together import handed_on
from .typename import type_of
from .work import ANY_TYPE, OUTPUT, Value, Work, output_of

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
    return replace(reading, statements=handed_on(statements, scope.snapshot), missing=missing, looks_at_numbers=numbers)


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
        written: tuple[Flow, ...] = ()
        outputs = _outputs(work, rows if work.cursor is None else work.cursor)
        for inner in statement.runs:
            if depth == MAX_EXECUTED:
                work.doubt("statements that execute each other")
                break
            executed, its_work = _understood(inner, scope, (), created, depth + 1)
            executed = _with_given(executed, work)
            if parsed.tag == "CreateTableAsStmt":
                written += _written(work, executed.outputs or ())
            elif parsed.tag != "ExplainStmt":
                outputs = executed.outputs if executed.outputs is not None else outputs
            if its_work is not None:
                for into in its_work.flows.values():
                    into.update((ref, False) for ref in work.given)
                work.take(its_work, plan=parsed.tag == "ExplainStmt" and not run.analyzes(parsed.body))
            for doubt in executed.doubts:
                work.doubt(doubt.reason)
        return _finished(statement, work, outputs, written), work
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


def _outputs(work: Work, rows: Rows | None) -> tuple[Output, ...] | None:
    scope = work.scope
    return None if rows is None else tuple([output_of(scope, name, value) for name, value in rows])


def _with_given(executed: Statement, work: Work) -> Statement:
    """EXECUTE p(f(1)): what the values of parameters come from may be in whatever the prepared statement gives."""
    if not work.given or executed.outputs is None:
        return executed
    given = output_of(work.scope, "", Value(ANY_TYPE, derived=work.given))
    outputs = [
        each._replace(
            sources=tuple(sorted({*each.sources, *given.sources})),
            labels=tuple(sorted({*each.labels, *given.labels})),
            opaque=each.opaque or given.opaque,
        )
        for each in executed.outputs
    ]
    return replace(executed, outputs=tuple(outputs))


def _written(work: Work, outputs: Iterable[Output]) -> tuple[Flow, ...]:
    """CREATE TABLE ... AS EXECUTE: the columns of what is executed become the table's."""
    made = [touch.relation for touch in work.touches.values() if touch.action is Action.CREATE and not touch.via]
    return tuple(Flow(each.schema, each.name, output.name, output.sources) for each in made for output in outputs)


def _finished(statement: Statement, work: Work, outputs: tuple[Output, ...] | None, written: tuple[Flow, ...] = ()) -> Statement:
    work.doubt_redefined()
    accesses = work.accesses()
    doubts = tuple(work.doubts.values())
    if doubts and outputs is not None:
        outputs = tuple(each._replace(opaque=True) for each in outputs)
    return replace(
        statement,
        actions=statement.actions | work.actions,
        unknown=doubts[0].reason if doubts else None,
        settings=_together(statement.settings, work.settings),
        accesses=accesses,
        outputs=outputs,
        flows=work.flow_values() + written,
        effects=tuple(work.effects.values()),
        plans=tuple(work.plans),
        doubts=doubts,
        likenesses=work.likeness_values(),
    )


def _together(settings: tuple[object, ...], more: Iterable[object]) -> tuple:  # type: ignore[type-arg]
    return tuple(dict.fromkeys((*settings, *more)))


def _doubtful(statement: Statement, why: str) -> Statement:
    return replace(statement, actions=statement.actions | {Action.UNKNOWN}, unknown=why, doubts=(Doubt(why),))
