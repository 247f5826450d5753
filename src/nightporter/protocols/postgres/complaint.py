"""What is wrong with a text that does not parse, in the parser's own words. Pure.

For people who write such a text and may see all of it. A reading says `syntax` and no more, since it is recorded.
"""

from __future__ import annotations

from nightporter.statement.model import Doubt, Span

from .grammar import GrammarError, lib, parse


def complaint(text: str) -> Doubt | None:
    """See `core.wire.Adapter.complaint`."""
    try:
        data = text.encode()
        parse(data)
    except UnicodeEncodeError:
        return None  # it is refused for another reason
    except GrammarError as error:
        return _syntax(text, data) if str(error) == "syntax" else None
    return None


def _syntax(text: str, data: bytes) -> Doubt | None:
    result = lib.pg_query_parse(data)
    try:
        if not result.error:
            return None
        error = result.error.contents
        message, at = bytes(error.message).decode("utf-8", "replace"), int(error.cursorpos) - 1  # characters, from 1
    finally:
        lib.pg_query_free_parse_result(result)
    if at < 0:
        return Doubt(message)
    end = at + 1
    while text[at : at + 1].isalnum() and end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return Doubt(message, span=Span(at, end))
