"""Under what the texts of a new session are read: asked of the server, with a path or role of one's own in its place. Pure.

For whoever analyzes a text without a session. What a session then makes of itself is session.py.
"""

from __future__ import annotations

from nightporter.core.error import UpstreamError
from nightporter.core.talk import Talk

from . import search_path
from .catalog.ask import Answers, ask
from .catalog.parts import Rows
from .session import PATH, ROLE, After, Standing, State, stand
from .steps import TRACKED


def outset(path: str | None, role: str | None) -> Talk[Standing]:
    """See `core.wire.Adapter.outset`."""
    if path is not None and search_path.split(path) is None:
        raise UpstreamError(f"`{path}` is not a search path")
    answers = yield from ask(Answers(), {name: f"show {name}" for name in TRACKED})
    now = [_value(answers[name]) for name in TRACKED]
    if path is not None:
        now[PATH] = path
    if role is not None:
        now[ROLE] = role
    state = State(tuple(now), tuple(now), temporary="")
    return stand(state, After(state, state, (), failed=False))  # several statements of one text follow each other


def _value(rows: Rows) -> str | None:
    ((value,),) = rows
    return None if value is None else value.decode("utf-8", "replace")
