"""Rows of a COPY ... TO STDOUT, rewritten as they pass. Hot: compiled with `copies.pxd` where a C compiler is at hand.

Theory of operation. The server sends one CopyData message for each row, and one for a header line ("COPY Operations": "Messages
sent from the backend will always correspond to single data rows"). That is not taken on trust: a message that is not a whole line,
or a whole tuple, is refused. `rows.MessageMasker` does what all kinds of rows have in common; here is where their cells are.

Cells of text and CSV are what their masks see once they are unescaped; what a mask gives is escaped again. Cells that do not change
keep their bytes. How a masked cell is written must not tell what was in it: it is quoted if FORCE_QUOTE says so, or if the mask
itself needs it, and not because the value was.

In most encodings no byte of a character of several bytes looks like ASCII. In those that only clients may have (SJIS, BIG5, GBK,
UHC, GB18030, SHIFT_JIS_2004) the second one may be a backslash or a delimiter: there the walk goes from character to character, by
the same lengths as the server's own, also where that is wrong: it takes the Euro sign of GBK (0x80) for two bytes, and does not
escape the second one. Taken for an escape here, that one could hide where a cell ends, and a masked cell would pass as the rest of
its neighbor. So at most the delimiter after the sign is missed, where CSV has no quotes; no other is found instead, and the row is
refused. JOHAB is refused as a whole: there the server may step over two bytes that are not the value's, and the walk with it.

A cell in the text format that reads like the null string is NULL, unless values may read so too (`NULL 'x'`): then it is a value.
Else it could be asked, with the null string, which masked cells hold `x`.
"""

from __future__ import annotations

from collections.abc import Sequence

from nightporter.core.error import ProtocolError

from .cell import FIXED, CellMask
from .copy_format import ALL, BINARY, ENCODINGS, TEXT, CopyFormat
from .encoding import codec
from .rows import MessageMasker, prefix_constants

_PLAIN, _SPECIAL, _WIDE = range(3)
"""What a byte may be to the walk: nothing; something; the first of a character of several bytes."""

SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_CRITICAL = 0xFFFF0000
"""Flags of the binary format that nobody may ignore; since version 12 there are none."""

_LETTERS = {8: b"b", 9: b"t", 10: b"n", 11: b"v", 12: b"f", 13: b"r"}
_CONTROLS = {letter[0]: code for code, letter in _LETTERS.items()}
_HEX, _OCTAL = frozenset(b"0123456789abcdefABCDEF"), frozenset(b"01234567")
_BY_NEXT = 9
"""GB18030: four bytes if the second one is a digit, else two."""


def copy_masker(
    form: CopyFormat, masks: Sequence[CellMask | None], encoding: str, names: Sequence[str] | None = None
) -> MessageMasker:
    """What rewrites the CopyData messages of one COPY.

    `masks`: one for each column; for text and CSV they are given text, for binary the binary format. `encoding`: the client's, as
    the server names it; that of the options goes before it. `names`: of the columns, to know which of them FORCE_QUOTE means;
    without them all masked cells are quoted where it means some. Raises ValueError for what cannot be read in this encoding.
    """
    if form.kind == BINARY:
        return BinaryCopyMasker(masks)
    encoding = form.encoding or encoding
    if encoding not in ENCODINGS.values() and encoding != "UNICODE":
        raise ValueError(f"unknown encoding `{encoding}`")
    null = _encoded(form.null, encoding)
    widths = _widths(encoding)
    if form.kind == TEXT:
        return TextCopyMasker(form, masks, null, widths)
    forced = form.force_quote
    quoted = [bool(forced) and (names is None or forced == (ALL,) or names[index] in forced) for index in range(len(masks))]
    return CsvCopyMasker(form, masks, null, widths, quoted)


def _encoded(text: str, encoding: str) -> bytes:
    if text.isascii():
        return text.encode()
    python = codec(encoding, "SQL_ASCII")
    if python is None:
        raise ValueError(f"the null string cannot be written in `{encoding}`")
    return text.encode(python)  # UnicodeError is a ValueError


def _widths(encoding: str) -> bytes:
    """How many bytes a character has that begins with each byte (`pg_encoding_mblen`)."""
    widths = bytearray(b"\x01" * 256)
    match encoding:
        case "BIG5" | "GBK" | "UHC":
            widths[0x80:] = b"\x02" * 128
        case "GB18030":
            widths[0x80:] = bytes([_BY_NEXT]) * 128
        case "JOHAB":
            raise ValueError("rows in the encoding `JOHAB` cannot be read for certain")
        case "SJIS" | "SHIFT_JIS_2004":
            widths[0x80:] = b"\x02" * 128
            widths[0xA1:0xE0] = b"\x01" * (0xE0 - 0xA1)
        case _:
            pass
    return bytes(widths)


def _kinds(specials: bytes, widths: bytes) -> bytes:
    """A table of `_PLAIN`, `_SPECIAL` and `_WIDE` for all bytes."""
    kinds = bytearray(_PLAIN if width == 1 else _WIDE for width in widths)
    for code in specials:
        kinds[code] = _SPECIAL
    return bytes(kinds)


def width_at(octets: bytes, position: int, stop: int, widths: bytes) -> int:
    """How many bytes the character has that begins at `position`."""
    width = widths[octets[position]]
    if width == 9:
        width = 4 if position + 1 < stop and 0x30 <= octets[position + 1] <= 0x39 else 2
    return width


class BinaryCopyMasker(MessageMasker):
    """Rewrites a COPY in the binary format: a header, tuples, a trailer."""

    def __init__(self, masks: Sequence[CellMask | None]) -> None:
        """See `copy_masker`."""
        super().__init__(ord("d"), masks)
        prefix_constants(self.columns)
        self.begun = False
        self.ended = False

    def row(self, data: bytes, position: int, stop: int, copied: int) -> int:
        """See `MessageMasker.row`."""
        if self.ended:
            raise ProtocolError("COPY data after its trailer")
        if not self.begun:
            position = self.header(data, position, stop)
            self.begun = True
        if stop - position == 2 and data[position : position + 2] == b"\xff\xff":
            self.ended = True
            self.delta = 0
            return copied
        return self.cells(data, position, stop, copied)

    def header(self, data: bytes, position: int, stop: int) -> int:
        """Where the first tuple begins."""
        fields = position + len(SIGNATURE)
        flags = int.from_bytes(data[fields : fields + 4])
        extension = int.from_bytes(data[fields + 4 : fields + 8])
        if data[position:fields] != SIGNATURE or flags & _CRITICAL or stop - fields - 8 < extension:
            raise ProtocolError("COPY data with an unknown header")
        return fields + 8 + extension


class LineMasker(MessageMasker):
    """What text and CSV have in common: a message is a line."""

    def __init__(
        self,
        form: CopyFormat,
        masks: Sequence[CellMask | None],
        null: bytes,
        widths: bytes,
        specials: bytes,
        quoted: Sequence[bool],
    ) -> None:
        """`null`: the null string, encoded. `widths`: of characters. `specials`: bytes that the walk stops at."""
        super().__init__(ord("d"), masks)
        self.delimiter = ord(form.delimiter)
        self.null = null
        self.widths = widths
        self.table = _kinds(specials, widths)
        self.headers = int(form.has_header)
        self.quoted = list(quoted)
        self.null_is_certain = True
        for index, column in enumerate(self.columns):
            if column.kind == FIXED:
                column.fixed = self.written(column.mask.constant, index)

    def row(self, data: bytes, position: int, stop: int, copied: int) -> int:
        """See `MessageMasker.row`."""
        octets = data
        if stop == position or octets[stop - 1] != 10:
            raise ProtocolError("COPY data that is not a line")
        self.delta = 0
        if self.headers:
            self.headers -= 1
            return copied
        stop -= 1
        if self.count == 0 and position == stop:
            return copied
        return self.line(data, position, stop, copied)

    def line(self, data: bytes, position: int, stop: int, copied: int) -> int:
        """The cells from `position` to `stop`."""
        raise NotImplementedError

    def is_null(self, data: bytes, start: int, stop: int) -> bool:
        """Whether a cell, as it is written and without quotes, is the null string."""
        return stop - start == len(self.null) and data[start:stop] == self.null

    def cell(self, data: bytes, start: int, stop: int, index: int, escaped: bool, copied: int) -> int:
        """One cell as it is written, that its column may want changed."""
        octets = data
        parts = self.parts
        column = self.columns[index]
        if column.kind == FIXED:
            written = column.fixed
        else:
            if stop - start < column.shortest:
                return copied  # escapes only make it longer
            raw = octets[start:stop]
            value = self.read(raw) if escaped else raw
            shown = column.mask.mask(value)
            if shown is value:
                return copied
            written = self.written(shown, index)
        parts.append(octets[copied:start])
        parts.append(written)
        self.delta += len(written) - (stop - start)
        column.changed += 1
        return stop

    def read(self, raw: bytes) -> bytes:
        """The value of a cell that has escapes or quotes in it."""
        raise NotImplementedError

    def written(self, value: bytes | None, index: int) -> bytes:
        """A value as a cell of this column is written."""
        raise NotImplementedError


class TextCopyMasker(LineMasker):
    """Rewrites a COPY in the text format."""

    def __init__(self, form: CopyFormat, masks: Sequence[CellMask | None], null: bytes, widths: bytes) -> None:
        """See `copy_masker`."""
        super().__init__(form, masks, null, widths, b"\n\\" + form.delimiter.encode(), [False] * len(masks))
        self.null_is_certain = null == b"" or self.written(self.read(null), 0) != null

    def line(self, data: bytes, position: int, stop: int, copied: int) -> int:
        """See `LineMasker.line`."""
        octets = data
        kinds = self.kinds
        table = self.table
        widths = self.widths
        delimiter = self.delimiter
        count = self.count
        index = 0
        start = position
        escaped = False
        while True:
            while position < stop and table[octets[position]] == 0:
                position += 1
            if position < stop and octets[position] != delimiter:
                if octets[position] == 10:
                    raise ProtocolError("COPY data of several lines")
                if octets[position] == 92:
                    escaped = True
                    position += 1
                    if position == stop:
                        raise ProtocolError("COPY data that ends within a character")
                position += width_at(octets, position, stop, widths)
                if position > stop:
                    raise ProtocolError("COPY data that ends within a character")
                continue
            if index >= count:
                raise ProtocolError(f"a row that has not `{count}` columns")
            if kinds[index] != 0 and not (self.null_is_certain and self.is_null(data, start, position)):
                copied = self.cell(data, start, position, index, escaped, copied)
            index += 1
            if position >= stop:
                break
            position += 1
            start = position
            escaped = False
        if index != count:
            raise ProtocolError(f"a row that has not `{count}` columns")
        return copied

    def read(self, raw: bytes) -> bytes:
        """See `LineMasker.read`: what COPY FROM would read."""
        octets = raw
        widths = self.widths
        value = bytearray()
        size = len(raw)
        position = 0
        while position < size:
            if octets[position] == 92 and position + 1 < size:
                position += 1
                byte = octets[position]
                if byte in _CONTROLS:
                    value.append(_CONTROLS[byte])
                    position += 1
                    continue
                size_of_code = _code_size(raw, position)
                if size_of_code:
                    value.append(_code(raw[position : position + size_of_code]))
                    position += size_of_code
                    continue
            width = width_at(octets, position, size, widths)
            value += raw[position : position + width]
            position += width
        return bytes(value)

    def written(self, value: bytes | None, index: int) -> bytes:
        """See `LineMasker.written`."""
        if value is None:
            return self.null
        octets = value
        widths = self.widths
        delimiter = self.delimiter
        size = len(value)
        position = 0
        while position < size and 32 <= octets[position] < 128 and octets[position] != 92 and octets[position] != delimiter:
            position += 1
        if position == size:
            return value
        out = bytearray(value[:position])
        while position < size:
            byte = octets[position]
            if 8 <= byte <= 13:
                out += b"\\" + _LETTERS[byte]
                position += 1
                continue
            if byte == 92 or byte == delimiter:
                out.append(92)
            width = width_at(octets, position, size, widths)
            out += value[position : position + width]
            position += width
        return bytes(out)


def _code_size(raw: bytes, position: int) -> int:
    r"""How many bytes of `\x1f` or `\017` stand after the backslash; 0 for no such escape."""
    begins = 1 if raw[position] == 120 else 0
    digits = _HEX if begins else _OCTAL
    size = begins
    while size < 3 and position + size < len(raw) and raw[position + size] in digits:
        size += 1
    return size if size > begins else 0


def _code(digits: bytes) -> int:
    return int(digits[1:], 16) if digits[0] == 120 else int(digits, 8) & 0xFF


class CsvCopyMasker(LineMasker):
    """Rewrites a COPY in the CSV format. A value is quoted as a whole or not at all: the server writes it so."""

    def __init__(
        self,
        form: CopyFormat,
        masks: Sequence[CellMask | None],
        null: bytes,
        widths: bytes,
        quoted: Sequence[bool],
    ) -> None:
        """See `copy_masker`. `quoted`: the columns that FORCE_QUOTE means."""
        self.quote = ord(form.quote)
        self.escape = ord(form.escape)
        self.outside = _kinds(b"\n\r" + (form.delimiter + form.quote).encode(), widths)
        self.inside = _kinds((form.escape + form.quote).encode(), widths)
        super().__init__(form, masks, null, widths, b"", quoted)

    def line(self, data: bytes, position: int, stop: int, copied: int) -> int:
        """See `LineMasker.line`."""
        octets = data
        kinds = self.kinds
        outside = self.outside
        inside = self.inside
        widths = self.widths
        delimiter = self.delimiter
        quote = self.quote
        escape = self.escape
        count = self.count
        index = 0
        while True:
            start = position
            if position < stop and octets[position] == quote:
                position += 1
                while True:
                    while position < stop and inside[octets[position]] == 0:
                        position += 1
                    if position >= stop:
                        raise ProtocolError("COPY data that ends within quotes")
                    byte = octets[position]
                    if byte == escape and position + 1 < stop and (octets[position + 1] == escape or octets[position + 1] == quote):
                        position += 2
                    elif byte == quote:
                        position += 1
                        break
                    else:
                        position += width_at(octets, position, stop, widths)
                if position < stop and octets[position] != delimiter:
                    raise ProtocolError("COPY data with something after its quotes")
                is_quoted = True
            else:
                while True:
                    while position < stop and outside[octets[position]] == 0:
                        position += 1
                    if position >= stop or octets[position] == delimiter:
                        break
                    if outside[octets[position]] == 1:
                        raise ProtocolError("COPY data that should have been quoted")
                    position += width_at(octets, position, stop, widths)
                is_quoted = False
            if position > stop:
                raise ProtocolError("COPY data that ends within a character")
            if index >= count:
                raise ProtocolError(f"a row that has not `{count}` columns")
            if kinds[index] != 0 and (is_quoted or not self.is_null(data, start, position)):
                copied = self.cell(data, start, position, index, is_quoted, copied)
            index += 1
            if position >= stop:
                break
            position += 1
        if index != count:
            raise ProtocolError(f"a row that has not `{count}` columns")
        return copied

    def read(self, raw: bytes) -> bytes:
        """See `LineMasker.read`: `raw` with its quotes."""
        octets = raw
        widths = self.widths
        value = bytearray()
        stop = len(raw) - 1
        position = 1
        while position < stop:
            byte = octets[position]
            if byte == self.escape and position + 1 < stop and octets[position + 1] in (self.escape, self.quote):
                position += 1
            width = width_at(octets, position, stop, widths)
            value += raw[position : position + width]
            position += width
        return bytes(value)

    def written(self, value: bytes | None, index: int) -> bytes:
        """See `LineMasker.written`."""
        if value is None:
            return self.null
        octets = value
        widths = self.widths
        quote = self.quote
        escape = self.escape
        size = len(value)
        position = 0
        if not self.quoted[index] and value != self.null and value != b"\\.":
            while position < size and self.outside[octets[position]] != 1:
                position += width_at(octets, position, size, widths)
            if position >= size:
                return value
        out = bytearray()
        out.append(quote)
        position = 0
        while position < size:
            byte = octets[position]
            if byte in (quote, escape):
                out.append(escape)
            width = width_at(octets, position, size, widths)
            out += value[position : position + width]
            position += width
        out.append(quote)
        return bytes(out)
