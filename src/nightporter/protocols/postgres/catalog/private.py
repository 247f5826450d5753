"""The catalogue as one session sees it: with what its open transaction has changed, and with its temporary schema. Pure.

The questions are the same as on a connection of our own, asked within the session's transaction. They are written for the search
path `queries.PATH`, which whoever asks them must set before and put back after: under another one a user's own table, function or
operator could stand in for the server's. All of a batch must run in one transaction (an implicit one will do). They read catalogues
and wait for no lock that is held when they are asked; they may fail by a time-out, a cancel or the end of the connection.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

from nightporter.catalog.model import Snapshot

from .build import snapshot
from .parts import Parts, Rows
from .queries import LEND_ENCODING, RETURN_ENCODING
from .read import inquire

Look = Generator[Sequence[bytes], Sequence[Rows], Snapshot | None]
"""Yields SQL texts; is sent each one's rows, with all values as text."""


def look(everybodys: Snapshot, version: int) -> Look:
    """What the session sees, given the Snapshot that everybody has; that one itself where there is no difference.

    None: it cannot be said. The transaction keeps its own snapshot of rows (`repeatable read`), and others have changed since what
    the server's parser, which has no such snapshot, would find.
    """
    inquiry = inquire(everybodys, careful=True)
    questions = next(inquiry)
    while True:
        texts = [LEND_ENCODING, *questions.values(), RETURN_ENCODING]
        answers = yield [text.encode() for text in texts]
        try:
            questions = inquiry.send(dict(zip(questions, answers[1:-1], strict=True)))
        except StopIteration as done:
            parts: Parts = done.value
            break
    if parts.uncertain:
        return None
    found = snapshot(parts, version)
    if found.labels.stored is not everybodys.labels.stored:  # everything was read anew
        found = found.relabeled(everybodys.labels.stored, version)
    return found
