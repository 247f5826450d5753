"""Takes the bodies of statement-phase messages apart where they stand, within a larger chunk. Pure.

A body that is not what its type demands is a MalformedError: the server would answer with an error and go on, so do we.
"""

from __future__ import annotations

from struct import error as StructError
from struct import unpack_from

from nightporter.core.wire import Parameters

NAME_BYTES = 63
"""The server's tables of names hold this much of one and ignore the rest (NAMEDATALEN less one)."""


class MalformedError(Exception):
    """A body that does not fit its type."""


def text_at(data: bytes, start: int, end: int) -> tuple[bytes, int]:
    """A zero-terminated string and where it ends."""
    stop = data.find(b"\0", start, end)
    if stop < 0:
        raise MalformedError("a string without an end")
    return data[start:stop], stop + 1


def name_at(data: bytes, start: int, end: int) -> tuple[bytes, int]:
    """A name as the server keeps it, and where it ends."""
    stop = data.find(b"\0", start, end)
    if stop < 0:
        raise MalformedError("a string without an end")
    return data[start : min(stop, start + NAME_BYTES)], stop + 1


def parameters_at(data: bytes, start: int, end: int, *, results: bool = True) -> Parameters:
    """The values in a Bind (from its format codes on), or in a FunctionCall, which has one result format."""
    try:
        (formats,) = unpack_from("!H", data, start)
        position = start + 2 + 2 * formats
        (count,) = unpack_from("!H", data, position)
        position += 2
        values: list[bytes | None] = []
        for _ in range(count):
            (size,) = unpack_from("!i", data, position)
            position += 4
            if size < 0:
                values.append(None)
                continue
            if position + size > end:
                raise MalformedError("values that do not fit")
            values.append(data[position : position + size])
            position += size
        if results:
            (formats,) = unpack_from("!H", data, position)
            position += 2 * formats
    except StructError:
        raise MalformedError("values that do not fit") from None
    if position + 2 != end:
        raise MalformedError("values that do not fit")
    return tuple(values)


def error_at(data: bytes, start: int, end: int) -> tuple[bytes, str]:
    """Severity (not localized) and SQLSTATE of an ErrorResponse, of which only the beginning may be there."""
    severity, sqlstate = b"", "XX000"
    while start < end and data[start]:
        stop = data.find(b"\0", start + 1, end)
        if stop < 0:
            break
        if data[start] == 0x56:  # V
            severity = data[start + 1 : stop]
        elif data[start] == 0x43:  # C
            sqlstate = data[start + 1 : stop].decode("ascii", "replace")
        start = stop + 1
    return severity, sqlstate
