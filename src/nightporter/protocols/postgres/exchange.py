"""What is under way between client and server: statements, the answers they are owed, and what names stand for. Values only."""

from __future__ import annotations

from typing import Any

from nightporter.core.wire import Denial, Outcome, Request, Standing, Ticket
from nightporter.statement.model import Reading, Statement

from .names import Change
from .steps import Step


class Run:
    """One statement on its way through the server."""

    __slots__ = (
        "began",
        "changes",
        "curtain",
        "cut",
        "done",
        "due",
        "hash",
        "meters",
        "moving",
        "outcome",
        "request",
        "statement",
        "steps",
        "veiling",
    )

    def __init__(self, ticket: Ticket, statement: Statement | None, index: int = 0) -> None:
        self.outcome = Outcome(ticket, index)
        self.statement = statement
        self.changes: list[Change[Any]] = []  # of names, that hang on its success
        self.hash: Any = None  # of what streams past
        self.began = False  # it was sent to be run, not only to be prepared or bound
        self.due = False  # it may ask for COPY data, and has not been answered yet
        self.done = False
        self.steps: tuple[Step, ...] = ()  # what it does to the session
        self.moving = False  # the session waits for its end
        self.meters: Any = None  # what limits it: its own, and that of the cursor it fetches from
        self.cut: Any = None  # how its result was cut off
        self.curtain: Any = None  # how its result is shown; None: as it is
        self.request: Any = None  # that it came with, where its result is not shown as it is
        self.veiling: Any = None  # what is done with the rows of it that come now


class Owed:
    """An answer that the server owes: to a message of the client, or to one of ours in the place of a refused one."""

    __slots__ = ("at", "changes", "code", "cutoff", "denial", "portal", "runs")

    def __init__(self, code: int, runs: list[Run], changes: tuple[Change[Any], ...] = (), denial: Denial | None = None) -> None:
        self.code = code
        self.runs = runs
        self.changes = changes  # of names, that hang on this message's success
        self.denial = denial  # what the client gets instead of the answer
        self.at = 0  # which of the runs comes next
        self.cutoff: Any = None  # what is limited about it
        self.portal: Portal | None = None  # that it describes or runs, if its result is veiled


class Prepared:
    """What a prepared statement's name stands for."""

    __slots__ = ("reading", "types")

    def __init__(self, reading: Reading, types: tuple[int, ...] = ()) -> None:
        self.reading = reading
        self.types = types  # of parameters, as declared


class Portal:
    """What a portal's or cursor's name stands for."""

    __slots__ = (
        "curtain",
        "described",
        "hold",
        "meter",
        "moved",
        "number",
        "plan",
        "reading",
        "run",
        "standing",
        "statement",
        "types",
    )

    def __init__(self, reading: Reading, run: Run | None, number: str | None, hold: bool = False) -> None:
        self.reading = reading
        self.run = run  # recorded when it was bound, not executed yet
        self.number = number  # of that record
        self.hold = hold  # it outlives its transaction
        self.statement: Statement | None = None  # that opened it, or will run
        self.types: tuple[int, ...] = ()
        self.standing: Standing | None = None  # what it was decided under
        self.moved = 0  # `Session.moved` then
        self.meter: Any = None  # what limits it, over all its portions
        self.curtain: Any = None  # how its rows are shown; None: as they are
        self.described = False  # the server was asked what they are
        self.plan: Any = None  # what is done with them, once it has said so


class Pending:
    """The request that is being decided, and where it stands in the client's bytes."""

    __slots__ = ("code", "count", "end", "of", "portal", "prepared", "request", "start", "statement", "types")

    def __init__(self, request: Request, code: int, start: int, end: int) -> None:
        self.request = request
        self.code = code
        self.start = start
        self.end = end
        self.count = 1  # messages that it covers
        self.prepared = request.reading  # as the client wrote it, before names and parameters were filled in
        self.statement: bytes | None = None  # name that a Parse defines
        self.portal: bytes | None = None  # name that a Bind defines
        self.of: Portal | None = None  # that an Execute runs
        self.types: tuple[int, ...] = ()  # of parameters, as declared
