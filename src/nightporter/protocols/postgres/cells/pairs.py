"""hstore: keys and values, in text and in binary. Pure.

In text: `"key"=>"value", "other"=>NULL`, always quoted. In binary: how many pairs, and of each the key and the value with their
lengths. Keys and values are shown by what shows the members of a JSON object.
"""

from __future__ import annotations

import re
from struct import Struct
from struct import error as StructError

from ..cell import CellMask
from .document import Leaves
from .transcode import is_utf8

_PAIR = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"=>(?:"([^"\\]*(?:\\.[^"\\]*)*)"|NULL)(, |\Z)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SPECIAL = re.compile(r'["\\]')
_LENGTH = Struct("!i")


class PairsTextMask(CellMask):
    """An hstore in text."""

    def __init__(self, leaves: Leaves, is_guard: bool) -> None:
        super().__init__(is_constant=False, is_guard=is_guard)
        self._leaves = leaves

    def mask(self, cell: bytes) -> bytes | None:
        try:
            text = cell.decode("utf-8")
        except UnicodeDecodeError:  # nothing of it is shown
            return None
        parts: list[str] = []
        at = 0
        while at < len(text):
            found = _PAIR.match(text, at)
            if found is None:
                return None
            value = None if found[2] is None else _ESCAPED.sub(r"\1", found[2])
            key, shown = _pair(self._leaves, _ESCAPED.sub(r"\1", found[1]), value)
            parts.append(f"{_quoted(key)}=>{'NULL' if shown is None else _quoted(shown)}")
            at = found.end()
        made = ", ".join(parts).encode("utf-8")
        return cell if made == cell else made


class PairsBinaryMask(CellMask):
    """An hstore in binary."""

    def __init__(self, leaves: Leaves, is_guard: bool, encoding: str) -> None:
        super().__init__(is_constant=False, is_guard=is_guard)
        self._leaves = leaves
        self._encoding = "utf-8" if is_utf8(encoding) else ("latin-1" if encoding == "ascii" else encoding)

    def mask(self, cell: bytes) -> bytes | None:
        try:
            return self._masked(cell)
        except (StructError, UnicodeError):  # nothing of it is shown
            return None

    def _masked(self, cell: bytes) -> bytes | None:
        (count,) = _LENGTH.unpack_from(cell)
        parts = [cell[:4]]
        at = 4
        if count < 0:
            return None
        for _ in range(count):
            key, at = self._text(cell, at)
            value, at = self._text(cell, at)
            if key is None:
                return None
            for each in _pair(self._leaves, key, value):
                data = b"" if each is None else each.encode(self._encoding)
                parts.append(_LENGTH.pack(-1 if each is None else len(data)) + data)
        if at != len(cell):
            return None
        made = b"".join(parts)
        return cell if made == cell else made

    def _text(self, cell: bytes, at: int) -> tuple[str | None, int]:
        (length,) = _LENGTH.unpack_from(cell, at)
        at += 4
        if length < 0:
            return None, at
        if at + length > len(cell):
            raise StructError("too short")
        return cell[at : at + length].decode(self._encoding), at + length


def _pair(leaves: Leaves, key: str, value: str | None) -> tuple[str, str | None]:
    return leaves.key(key), None if value is None else leaves.string(value, leaves.label(key))


def _quoted(text: str) -> str:
    return '"' + _SPECIAL.sub(r"\\\g<0>", text) + '"'
