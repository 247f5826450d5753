"""Around masks of text that comes in an encoding other than UTF-8. Pure.

In some encodings (SJIS, BIG5, GBK, ...) a character's second byte may look like a backslash or a quote, so that nothing that reads
bytes may read them.
"""

from __future__ import annotations

from ..cell import CellMask

UTF8 = "utf-8"


class Transcoded(CellMask):
    """Gives another mask its cells as UTF-8."""

    def __init__(self, inner: CellMask, encoding: str, broken: bytes | None) -> None:
        """`encoding`: Python's name of it. `broken`: what is shown of a cell that is not valid in it."""
        super().__init__(is_constant=False, is_guard=inner.is_guard, shortest=inner.shortest)
        self._inner = inner
        # of SQL_ASCII only bytes below 128 are known: the others pass, one for one
        self._encoding = "latin-1" if encoding == "ascii" else encoding
        self._broken = broken

    def mask(self, cell: bytes) -> bytes | None:
        if cell.isascii():
            return self._inner.mask(cell)
        try:
            data = cell.decode(self._encoding).encode(UTF8)
            shown = self._inner.mask(data)
            if shown is data:
                return cell
            return None if shown is None else shown.decode(UTF8).encode(self._encoding)
        except UnicodeError:  # the cell is hidden; its row goes on
            return self._broken


def is_utf8(encoding: str) -> bool:
    """Whether text in it needs no other mask around."""
    return encoding.lower() in ("utf-8", "utf8")


def leaf(made: CellMask, binary: bool, encoding: str, broken: bytes | None) -> CellMask:
    """In binary each text within a value is in the client's encoding; in text the whole value is, and is seen to at its top."""
    if not binary or made.is_constant or is_utf8(encoding):
        return made
    return Transcoded(made, encoding, broken)
