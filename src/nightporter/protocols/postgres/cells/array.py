"""Arrays, in text and in binary: element by element, of any number of dimensions. Pure.

In text ("Array Input and Output Syntax"): `[0:1]={NULL,"a \\"b\\"",c}`; all but box have a comma between elements. In binary
(array_send): the number of dimensions, whether there are NULLs, the elements' type, the size and lower bound of each dimension, and
the elements, each with its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from struct import Struct
from struct import error as StructError

from ..cell import CellMask

_BOUNDS = re.compile(rb"(?:\[-?[0-9]+:-?[0-9]+\])+=")
_MAX_DIMENSIONS = 6
_HEADER = Struct("!iiI")
_LENGTH = Struct("!i")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_SPECIAL = re.compile(rb"[\"\\]")


class ArrayTextMask(CellMask):
    """An array in text. Other types whose text is the same (int2vector is not) may use it too."""

    def __init__(self, element: CellMask, delimiter: bytes, may_hold: Callable[[bytes], bool] | None = None) -> None:
        """`element`: the mask of each; `delimiter`: what stands between them. `may_hold`: whether a guard could find anything in a
        text, so that an array in which there is nothing need not be taken apart; None where only its elements tell."""
        super().__init__(is_constant=False, is_guard=element.is_guard)
        self._element = element
        self._may_hold = may_hold if delimiter == b"," else None
        mark = re.escape(delimiter)
        self._token = re.compile(rb'("[^"\\]*(?:\\.[^"\\]*)*")|([{}]|' + mark + rb')|([^"\\{}' + mark + rb"]+)", re.DOTALL)
        self._quotes = re.compile(rb'["\\{}\s\x0b' + mark + rb"]|\A\Z|\A[nN][uU][lL][lL]\Z")
        self._constant = self._written(element.constant) if element.is_constant else b""

    def mask(self, cell: bytes) -> bytes | None:
        if self._may_hold is not None and cell[:1] == b"{" and cell[-1:] == b"}" and self._holds_nothing(cell, self._may_hold):
            return cell
        bounds = _BOUNDS.match(cell)
        at = 0 if bounds is None else bounds.end()
        parts: list[bytes] = []
        copied = depth = 0
        size = len(cell)
        match = self._token.match
        while at < size:
            found = match(cell, at)
            if found is None:
                return None
            kind = found.lastindex
            if kind == 2:
                sign = found[2]
                depth += 1 if sign == b"{" else (-1 if sign == b"}" else 0)
                if depth <= 0 and found.end() != size:
                    return None
            else:
                if depth <= 0:
                    return None
                token = found[0]
                if token != b"NULL":
                    changed = self._changed(token, quoted=kind == 1)
                    if changed is not token:
                        parts.append(cell[copied:at])
                        parts.append(changed)
                        copied = found.end()
            at = found.end()
        if depth or size == 0:
            return None
        if not parts:
            return cell
        parts.append(cell[copied:])
        return b"".join(parts)

    def _holds_nothing(self, cell: bytes, may_hold: Callable[[bytes], bool]) -> bool:
        """For certain. Without quotes no element has a comma in it; so a sign that no value has can part them."""
        return b'"' not in cell and b"\\" not in cell and not may_hold(cell.replace(b",", b"\0"))

    def _changed(self, token: bytes, *, quoted: bool) -> bytes:
        element = self._element
        if element.is_constant:
            return self._constant
        value = token
        if quoted:
            value = token[1:-1]
            if b"\\" in value:
                value = _ESCAPED.sub(rb"\1", value)
        shown = element.mask(value)
        return token if shown is value or shown == value else self._written(shown)

    def _written(self, value: bytes | None) -> bytes:
        if value is None:
            return b"NULL"
        if self._quotes.search(value):
            return b'"' + _SPECIAL.sub(rb"\\\g<0>", value) + b'"'
        return value


class ArrayBinaryMask(CellMask):
    """An array in binary, which says what its elements are."""

    def __init__(self, of_type: Callable[[int], CellMask | None], is_guard: bool) -> None:
        """`of_type`: the mask of elements by their type's OID; None: they pass as they are."""
        super().__init__(is_constant=False, is_guard=is_guard)
        self._of_type = of_type

    def mask(self, cell: bytes) -> bytes | None:
        try:
            return self._masked(cell)
        except StructError:  # it is not what the server writes: nothing of it is shown
            return None

    def _masked(self, cell: bytes) -> bytes | None:
        dimensions, _, type_oid = _HEADER.unpack_from(cell)
        if not 0 <= dimensions <= _MAX_DIMENSIONS:
            return None
        start = at = _HEADER.size + 8 * dimensions
        count = 1 if dimensions else 0
        for n in range(dimensions):
            (size,) = _LENGTH.unpack_from(cell, _HEADER.size + 8 * n)
            if size < 0 or count * size > len(cell):
                return None
            count *= size
        if len(cell) < start:
            return None
        element = self._of_type(type_oid)
        parts: list[bytes] = []
        copied = start
        nulls = False
        for _ in range(count):
            (length,) = _LENGTH.unpack_from(cell, at)
            if length < 0:
                at += 4
                continue
            stop = at + 4 + length
            if stop > len(cell):
                return None
            if element is not None:
                value = cell[at + 4 : stop]
                shown = element.constant if element.is_constant else element.mask(value)
                if shown is not value:
                    parts.append(cell[copied:at])
                    if shown is None:
                        nulls = True
                        parts.append(_LENGTH.pack(-1))
                    else:
                        parts.append(_LENGTH.pack(len(shown)))
                        parts.append(shown)
                    copied = stop
            at = stop
        if at != len(cell):
            return None
        if not parts:
            return cell
        parts.append(cell[copied:])
        head = cell[:4] + _LENGTH.pack(1) + cell[8:start] if nulls else cell[:start]
        return head + b"".join(parts)
