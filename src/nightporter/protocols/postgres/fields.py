"""The columns of a result as the server describes them: RowDescription and CopyOutResponse, taken apart. Pure.

Source: "Message Formats" in PostgreSQL's documentation.
"""

from __future__ import annotations

from struct import error as StructError
from struct import unpack_from
from typing import NamedTuple

from nightporter.core.error import ProtocolError


class Field(NamedTuple):
    """One column of a result."""

    name: bytes
    relation: int
    """OID of the table or view whose column it is as it stands; 0: it is computed."""
    column: int
    """Number of that column."""
    type: int
    """OID."""
    modifier: int
    """What a type's modifier says, such as a length; -1: nothing."""
    binary: bool


def fields_of(body: bytes) -> tuple[Field, ...]:
    """Those of a RowDescription. Raises ProtocolError."""
    try:
        (count,) = unpack_from("!H", body)
        fields = []
        at = 2
        for _ in range(count):
            end = body.index(b"\0", at)
            relation, column, type_, _, modifier, format_ = unpack_from("!IhIhih", body, end + 1)
            fields.append(Field(body[at:end], relation, column, type_, modifier, format_ == 1))
            at = end + 19
    except (StructError, ValueError) as error:
        raise ProtocolError("a row description that is cut off") from error
    if at != len(body):
        raise ProtocolError("a row description that is too long")
    return tuple(fields)


def copied(body: bytes) -> tuple[bool, int]:
    """Of a CopyOutResponse: whether the data is binary, and how many columns it has. Raises ProtocolError."""
    try:
        binary, count = unpack_from("!bH", body)
    except StructError as error:
        raise ProtocolError("a copy response that is cut off") from error
    return binary == 1, count
