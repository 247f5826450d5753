"""Rows of a result, rewritten as they pass. Hot: compiled with `rows.pxd` where a C compiler is at hand.

Theory of operation. `framing` gives spans of bulk messages: some whole, the last one perhaps cut. `feed` takes such spans in order.
It walks over the whole messages once and collects *parts*: slices of the input from one changed cell to the next, and between them
what is written in place of the cells. Rows that do not change make no part of their own, and where no row changes the input itself
is handed on. The parts are joined; then the lengths of the messages, which are still the old ones, are set right by a second walk
that knows by how much each message has grown. A message that is not complete is kept until the next span.

Nothing of a message is handed on before all of its cells have been looked at. After an error nothing more is taken: bytes that
would be read from the wrong place might show a cell that is to be masked.

It must not know what cells mean: `cell.CellMask` does.
"""

from __future__ import annotations

from collections.abc import Sequence

from nightporter.core.error import ProtocolError

from .cell import FIXED, SHOWN, CellMask, Column
from .framing import HEADER, LARGEST

MAX_ROW_BYTES = 256 * 1024 * 1024
"""A row is held whole before it is rewritten, and for a moment several times over."""

_PREFIXES = [size.to_bytes(4) for size in range(1024)]
"""Lengths of cells, ready-made."""
_NULL = b"\xff\xff\xff\xff"


class MessageMasker:
    """Rewrites the messages of one type that make up one result, each of them a row. Subclasses know the form of a row."""

    def __init__(self, code: int, masks: Sequence[CellMask | None]) -> None:
        """`code`: the type byte of the messages. `masks`: one for each column, None for a column that is shown as it is."""
        self.code = code
        self.columns = [Column(mask) for mask in masks]
        self.kinds = bytes(column.kind for column in self.columns)
        self.count = len(self.columns)
        self.parts: list[bytes] = []
        self.delta = 0  # by how many bytes the row at hand has grown
        self.pieces: list[bytes] = []  # an incomplete message, as it came
        self.pending = 0
        """Bytes of an incomplete message that are kept."""
        self.needed = 0  # no use in looking before so many bytes are kept
        self.broken = False

    @property
    def masked(self) -> list[int]:
        """Cells changed so far, for each column; those that guards have changed left out. NULL is never changed."""
        return [0 if column.is_guard else column.changed for column in self.columns]

    @property
    def guarded(self) -> list[int]:
        """Cells that guards have changed so far, for each column."""
        return [column.changed if column.is_guard else 0 for column in self.columns]

    def feed(self, data: bytes, start: int, end: int) -> bytes:
        """The rows that are complete with the bytes from `start` to `end`, rewritten; what is not complete is kept.

        Raises ProtocolError for anything that is not such a row or is longer than MAX_ROW_BYTES, and from then on always.
        """
        if self.broken:
            raise ProtocolError("rows after a broken one")
        self.broken = True  # until all of it has gone well
        if self.pending:
            self.pieces.append(data[start:end])
            self.pending += end - start
            if self.pending < self.needed:
                self.broken = False
                return b""
            data = b"".join(self.pieces)
            start = 0
            end = len(data)
            self.abandon()
        rewritten = self.rewrite(data, start, end)
        self.broken = False
        return rewritten

    def abandon(self) -> None:
        """Forget the incomplete message: the result was cut off, and what comes next begins with a whole one."""
        self.pieces = []
        self.pending = 0

    def rewrite(self, data: bytes, start: int, end: int) -> bytes:
        octets = data
        code, header, longest = self.code, HEADER, MAX_ROW_BYTES
        self.parts = []
        parts = self.parts
        deltas: list[int] = []
        copied = start
        position = start
        needed = header
        while end - position >= header:
            if octets[position] != code:
                raise ProtocolError(f"a message of type `0x{octets[position]:02x}` among rows")
            length = octets[position + 1]  # first into what is wide enough when it is compiled
            length = (length << 24) | (octets[position + 2] << 16) | (octets[position + 3] << 8) | octets[position + 4]
            if length < 4 or length > longest:
                raise ProtocolError(f"a row of `{length}` bytes")
            stop = position + 1 + length
            if stop > end:
                needed = 1 + length
                break
            copied = self.row(data, position + header, stop, copied)
            deltas.append(self.delta)
            position = stop
        if position < end:
            self.pieces = [data[position:end]]
            self.pending = end - position
            self.needed = needed
        if not parts:
            return data[start:position]
        parts.append(data[copied:position])
        self.parts = []
        return relength(bytearray().join(parts), data, start, deltas)

    def row(self, data: bytes, position: int, stop: int, copied: int) -> int:
        """Look at the body of one message, from `position` to `stop`. `copied`: up to where the input is in `parts`.

        Adds to `parts` what is rewritten, with all of the input before it, sets `delta`, and gives the new `copied`.
        """
        raise NotImplementedError

    def cells(self, data: bytes, position: int, stop: int, copied: int) -> int:
        """`row`, for a row as DataRow and binary COPY data have it: the number of cells, and each with its length before it."""
        octets = data
        kinds = self.kinds
        columns = self.columns
        parts = self.parts
        shown_as_it_is, fixed_kind = SHOWN, FIXED
        count = self.count
        delta = 0
        if stop - position < 2 or ((octets[position] << 8) | octets[position + 1]) != count:
            raise ProtocolError(f"a row that has not `{count}` columns")
        position += 2
        for index in range(count):
            if stop - position < 4:
                raise ProtocolError("a row that ends within a cell")
            length = octets[position]
            length = (length << 24) | (octets[position + 1] << 16) | (octets[position + 2] << 8) | octets[position + 3]
            position += 4
            if length == 0xFFFFFFFF:
                continue
            if length > stop - position:
                raise ProtocolError("a row that ends within a cell")
            if kinds[index] == shown_as_it_is:
                position += length
                continue
            column = columns[index]
            if kinds[index] == fixed_kind:
                parts.append(octets[copied : position - 4])
                parts.append(column.fixed)
                delta += len(column.fixed) - 4 - length
            else:
                if length < column.shortest:
                    position += length
                    continue
                cell = octets[position : position + length]
                shown = column.mask.mask(cell)
                if shown is cell:
                    position += length
                    continue
                parts.append(octets[copied : position - 4])
                if shown is None:
                    parts.append(_NULL)
                    delta -= length
                else:
                    size = len(shown)
                    parts.append(_PREFIXES[size] if size < 1024 else size.to_bytes(4))
                    parts.append(shown)
                    delta += size - length
            column.changed += 1
            position += length
            copied = position
        if position != stop:
            raise ProtocolError("a row that is longer than its cells")
        self.delta = delta
        return copied


class RowMasker(MessageMasker):
    """Rewrites the DataRow messages of one result."""

    def __init__(self, masks: Sequence[CellMask | None]) -> None:
        """`masks`: one for each column, in the format, text or binary, that the column's cells have."""
        super().__init__(ord("D"), masks)
        prefix_constants(self.columns)

    def row(self, data: bytes, position: int, stop: int, copied: int) -> int:
        """See `MessageMasker.row`."""
        return self.cells(data, position, stop, copied)


def prefix_constants(columns: list[Column]) -> None:
    """Write the constants of `columns` as cells with their lengths before them."""
    for column in columns:
        if column.kind == FIXED:
            constant = column.mask.constant
            column.fixed = _NULL if constant is None else len(constant).to_bytes(4) + constant


def relength(joined: bytearray, data: bytes, start: int, deltas: list[int]) -> bytes:
    """Set the lengths of messages right. `data`: what they were, from `start` on; `deltas`: by how much each of them has grown."""
    octets = data
    out = joined
    largest = LARGEST
    position = start
    to = 0
    for each in deltas:
        delta = each  # a number of C's when it is compiled
        length = octets[position + 1]
        length = (length << 24) | (octets[position + 2] << 16) | (octets[position + 3] << 8) | octets[position + 4]
        size = length + delta
        if size > largest:
            raise ProtocolError(f"a row of `{size}` bytes, once masked")
        if delta:
            out[to + 1] = size >> 24
            out[to + 2] = (size >> 16) & 0xFF
            out[to + 3] = (size >> 8) & 0xFF
            out[to + 4] = size & 0xFF
        position += 1 + length
        to += 1 + size
    return bytes(joined)
