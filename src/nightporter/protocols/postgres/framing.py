"""Where messages begin and end in a stream of bytes. Hot: compiled with `framing.pxd` where a C compiler is at hand.

Both directions of the statement phase are the same on this level: a type byte, a length that counts itself, a body ("Message
Formats"). `Scanner.scan` cuts a chunk into *spans* without copying it:

    (code, start, end, count)

A span is one whole message, except that neighboring messages of a `bulk` type (rows, COPY data) share one span, `count` of
them beginning in it, and that a bulk message may be cut at the end of a chunk: the rest comes first in the next one, in a span
whose count leaves it out. A message longer than `limit` is `large`: its first span holds `PEEK` bytes and has the count
`LARGE`, what follows comes in spans of count `MORE`, the last of them `LAST`. So memory stays flat whatever passes.

It must not know what messages mean. One source: this file runs as it stands, and compiled; the tests hold both equal.
"""

from __future__ import annotations

from nightporter.core.error import ProtocolError

HEADER = 5
LARGEST = 0x3FFFFFFF
"""PQ_LARGE_MESSAGE_LIMIT: PostgreSQL refuses anything above 1 GiB less one byte."""
PEEK = 4096
"""How much of a large message is looked at: more than two names of 63 bytes, an SQLSTATE, a setting's name."""
LARGE = -1
MORE = -2
LAST = -3


class Scanner:
    """Cuts one direction of one connection into spans. Any bytes give spans or raise ProtocolError."""

    def __init__(self, known: bytes, bulk: bytes, limit: int) -> None:
        """`known`: types that may occur. `bulk`: those that are counted in runs. `limit`: longest message held whole."""
        if limit < PEEK:
            raise ValueError(f"limit `{limit}` is below {PEEK}")
        kinds = bytearray(256)
        for code in known:
            kinds[code] = 1
        for code in bulk:
            kinds[code] = 2
        self.kinds = bytes(kinds)
        self.limit = limit
        self.rest = 0  # bytes still to come of the message that is passing through
        self.rest_code = 0  # its type
        self.rest_large = False  # it is a large one, not a bulk one
        self.pieces: list[bytes] = []  # an incomplete message, as it came
        self.held = 0  # bytes in `pieces`
        self.needed = 0  # no use in looking before so many bytes are held

    def scan(self, data: bytes) -> tuple[bytes, list[tuple[int, int, int, int]]]:
        """Take the next chunk; give the bytes that the spans point into, and the spans, in order and without gaps.

        What is not yet covered by a span is kept. Raises ProtocolError for a type that is not known or a length that cannot be.
        """
        if self.held:
            self.pieces.append(data)
            self.held += len(data)
            if self.held < self.needed:
                return b"", []
            data = b"".join(self.pieces)
            self.pieces = []
            self.held = 0
        return data, self.cut(data)

    def cut(self, data: bytes) -> list[tuple[int, int, int, int]]:
        spans: list[tuple[int, int, int, int]] = []
        kinds = self.kinds
        octets = data
        header, largest, peek, more, last = HEADER, LARGEST, PEEK, MORE, LAST  # looked up once: they are locals in C
        size = len(data)
        position = 0
        if self.rest:
            position = self.rest if self.rest < size else size
            self.rest -= position
            if not self.rest_large:
                spans.append((self.rest_code, 0, position, 0))
            else:
                spans.append((self.rest_code, 0, position, last if self.rest == 0 else more))
        while size - position >= header:
            code = octets[position]
            length = octets[position + 1]  # first into what is wide enough when it is compiled
            length = (length << 24) | (octets[position + 2] << 16) | (octets[position + 3] << 8) | octets[position + 4]
            kind = kinds[code]
            if kind == 0:
                raise ProtocolError(f"unknown message type `0x{code:02x}`")
            if length < 4 or length > largest:
                raise ProtocolError(f"invalid message length `{length}`")
            end = position + 1 + length
            if kind == 2:
                start = position
                count = 1
                while end <= size - header and octets[end] == code:
                    length = octets[end + 1]
                    length = (length << 24) | (octets[end + 2] << 16) | (octets[end + 3] << 8) | octets[end + 4]
                    if length < 4 or length > largest:
                        raise ProtocolError(f"invalid message length `{length}`")
                    count += 1
                    end += 1 + length
                if end > size:
                    self.rest = end - size
                    self.rest_code = code
                    self.rest_large = False
                    end = size
                spans.append((code, start, end, count))
                position = end
            elif length > self.limit:
                # large whether or not all of it is here: what becomes of a message must not depend on how it was cut
                if size - position < peek:
                    self.keep(data, position, peek)
                    return spans
                spans.append((code, position, position + peek, LARGE))
                position += peek
                if end <= size:
                    spans.append((code, position, end, last))
                    position = end
                else:
                    self.rest = end - size
                    self.rest_code = code
                    self.rest_large = True
                    if position < size:
                        spans.append((code, position, size, more))
                    position = size
            elif end <= size:
                spans.append((code, position, end, 1))
                position = end
            else:
                self.keep(data, position, 1 + length)
                return spans
        if position < size:
            self.keep(data, position, header)
        return spans

    def keep(self, data: bytes, position: int, needed: int) -> None:
        self.pieces = [data[position:] if position else data]
        self.held = len(data) - position
        self.needed = needed

    @property
    def between_messages(self) -> bool:
        """Whether everything received was whole messages."""
        return self.held == 0 and self.rest == 0


def fit(data: bytes, start: int, end: int, rows: int, size: int, unnumbered: bool) -> tuple[int, int, int]:
    """How many of the bulk messages that begin in a span are within `rows` messages and `size` bytes of bodies.

    Gives where the first that is not begins, or `end`; how many there are before it; and the bytes of their bodies, also those that
    are still to come. `unnumbered`: a body of two bytes, the end of COPY data in binary, is no row and always within.
    """
    octets = data
    taken = 0
    held = 0
    position = start
    while position < end:
        length = (octets[position + 1] << 24) | (octets[position + 2] << 16) | (octets[position + 3] << 8) | octets[position + 4]
        if length != 6 or not unnumbered:
            if taken >= rows or held + length - 4 > size:
                return position, taken, held
            taken += 1
            held += length - 4
        position += 1 + length
    return end, taken, held


def payload(data: bytes, start: int, end: int, skip: int) -> tuple[bytes, int]:
    """The bodies of the bulk messages in a span, joined; `skip` bytes at its start belong to a body that began earlier.

    Gives the bytes and how many bytes of a last, cut body are still to come: the next span's `skip`.
    """
    parts: list[bytes] = []
    octets = data
    position = start
    if skip:
        stop = position + skip
        if stop > end:
            return data[position:end], stop - end
        parts.append(data[position:stop])
        position = stop
    rest = 0
    while position < end:
        length = (octets[position + 1] << 24) | (octets[position + 2] << 16) | (octets[position + 3] << 8) | octets[position + 4]
        stop = position + 1 + length
        if stop > end:
            rest = stop - end
            stop = end
        parts.append(data[position + HEADER : stop])
        position = stop
    return b"".join(parts), rest
