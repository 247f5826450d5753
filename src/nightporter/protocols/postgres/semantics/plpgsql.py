"""Reads a PL/pgSQL body, of a function or of DO: what SQL it runs, and what becomes of the results. Pure.

The server cuts a body up by its tokens alone, and parses the SQL in it when it gets there. So does this, by the same rules: "SQL
Procedural Language" in PostgreSQL's documentation, and where that is silent, the server's behavior. Whatever it does not know
ends the reading with a doubt, as it ends the server's with an error. A piece that is no SQL is for the caller to find: that
piece will fail when it runs, but what stands beside it may run.
"""

from __future__ import annotations

from nightporter.statement.model import Doubt, Span

from .plpgsql_body import Body, Kind, Piece, Role, Sort, Variable
from .plpgsql_parts import UnreadError
from .plpgsql_scan import Tokens
from .plpgsql_statements import Reader

__all__ = ["Body", "Kind", "Piece", "Role", "Sort", "Variable", "read"]

MAX_CHARACTERS = 2 * 1024 * 1024
"""Of a body; reading takes two to four seconds for each million, and people write some thousands."""


def read(body: str, *, standard_strings: bool = True) -> Body:
    """Everything that `body`, the text of a function or of DO in PL/pgSQL, runs. Never raises: what was not understood is a doubt.

    `standard_strings`: the setting standard_conforming_strings under which it is compiled. If it is off, a backslash in a plain
    string is a doubt, since where that string ends is one.
    """
    if len(body) > MAX_CHARACTERS:
        return Body((), (), (Doubt(f"a PL/pgSQL body of more than {MAX_CHARACTERS} characters", span=Span(0, len(body))),))
    tokens = Tokens(body)
    reader = Reader(tokens)
    doubts = []
    if tokens.backslash is not None and not standard_strings:
        doubts.append(Doubt("a backslash in a string without standard_conforming_strings", span=Span(tokens.backslash, len(body))))
    try:
        reader.body()
    except UnreadError as error:
        failure = tokens.failure
        if failure is not None:  # the tokens end there, which is why more were expected
            doubts.append(Doubt(f"PL/pgSQL: {failure}", span=Span(failure.at, len(body))))
        else:
            doubts.append(Doubt(f"PL/pgSQL: {error}", span=Span(error.at, len(body))))
    else:
        if tokens.failure is not None:
            doubts.append(Doubt(f"PL/pgSQL: {tokens.failure}", span=Span(tokens.failure.at, len(body))))
    return Body(reader.variables(), tuple(reader.pieces), tuple(doubts), frozenset(reader.labels), reader.conflict)
