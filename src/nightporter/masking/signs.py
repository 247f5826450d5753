"""The look before the search: which labels a text can hold. Hot: compiled with `signs.pxd` where a C compiler is at hand.

Regular expressions cost microseconds, and most cells hold nothing. `Signs.scan` goes over the bytes of a cell twice at most,
without an allocation, and gives a mask with a bit for each label that is worth searching for:

1. an automaton (Aho and Corasick's) finds all literals of all labels at once, letters of either case alike, and counts digits;
2. where there are digits, `structure` looks at how they stand: in groups, in a long row, with dots, behind letters. What
   numbers mostly are in a database (dates and times, uuids, decimal numbers, digests) gives no sign.

Bytes are those of any encoding in which ASCII is ASCII. It may say yes for nothing, never no for something that a search would
find: a test holds them together. One source: this file runs as it stands, and compiled.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

DIGIT, LETTER, GAP, OTHER = 1, 2, 3, 0
_GAPS = tuple(map(ord, " .-/()+_,"))
GAP_BYTES = 4
"""Between two groups of digits that belong together. A no-break space has two bytes, a dash three."""
RUN_DIGITS = 13
GROUP_DIGITS = 7
DIGEST = 32
"""Hexadecimal digits of MD5, of a trace's id, of a uuid without dashes. Bank accounts as long are Saint Lucia's: `L` is none."""
LONGEST_NUMBER = 14
"""Digits and letters of an identity number that begins with six digits or more."""
DIGITS_COUNTED = 31
"""No label needs to see more."""


def _kinds() -> bytes:
    kinds = bytearray(256)
    for code in range(48, 58):
        kinds[code] = DIGIT
    for code in range(65, 91):
        kinds[code] = kinds[code + 32] = LETTER
    for code in _GAPS:
        kinds[code] = GAP
    for code in range(128, 256):
        kinds[code] = GAP  # part of a letter, a space or a dash: too dear to tell
    return bytes(kinds)


KINDS = _kinds()


class Signs:
    """Which of up to 62 things a text can hold."""

    def __init__(self, literals: Sequence[tuple[bytes, int]], structures: Sequence[int], needs: Iterable[tuple[int, int]]) -> None:
        """`literals`: in lower case, and the mask that each gives. `structures`: the masks that the six of `structure` give.
        `needs`: masks, and how many digits a text must have for them."""
        self.kinds = KINDS
        self.always = 0
        self.run, self.groups, self.quad, self.colons, self.word, self.pair = structures
        self.structured = self.run | self.groups | self.quad | self.colons | self.word | self.pair
        self.allowed = array("Q", [2**64 - 1] * (DIGITS_COUNTED + 1))
        for mask, digits in needs:
            for count in range(min(digits, DIGITS_COUNTED + 1)):
                self.allowed[count] &= ~mask & (2**64 - 1)
        self._build(literals)

    def _build(self, literals: Sequence[tuple[bytes, int]]) -> None:
        """The automaton. An empty literal is in every text. Bytes that no literal has are one class; states that accept come
        last, so that a comparison tells."""
        used = sorted({code for literal, _ in literals for code in literal})
        classes = bytearray(256)
        for number, code in enumerate(used, 1):
            classes[code] = number
            if 97 <= code <= 122:
                classes[code - 32] = number
        width = len(used) + 1
        steps: list[dict[int, int]] = [{}]
        given = [0]
        for literal, mask in literals:
            if not literal:
                self.always |= mask
                continue
            state = 0
            for code in literal:
                following = steps[state].get(classes[code])
                if following is None:
                    following = len(steps)
                    steps[state][classes[code]] = following
                    steps.append({})
                    given.append(0)
                state = following
            given[state] |= mask
        fails = [0] * len(steps)
        rows: list[list[int]] = [[] for _ in steps]
        rows[0] = [steps[0].get(number, 0) for number in range(width)]
        waiting = list(steps[0].values())
        for state in waiting:  # in order of depth: a fallback is always done before
            row = list(rows[fails[state]])
            for number, following in steps[state].items():
                fails[following] = row[number]
                row[number] = following
                waiting.append(following)
            rows[state] = row
            given[state] |= given[fails[state]]
        order = sorted(range(len(steps)), key=lambda state: given[state] != 0)
        place = {state: position * width for position, state in enumerate(order)}
        self.classes = bytes(classes)
        self.width = width
        self.steps = array("I", [place[following] for state in order for following in rows[state]])
        self.accepting = sum(mask == 0 for mask in given) * width
        self.given = array("Q", [given[state] for state in order])

    def scan(self, data: bytes) -> int:
        """The mask of what `data` can hold; 0: nothing."""
        octets = data
        classes = self.classes
        steps = self.steps
        accepting = self.accepting
        size = len(data)
        position = 0
        state = 0
        digits = 0
        found = self.always
        while position < size:
            code = octets[position]
            position += 1
            state = steps[state + classes[code]]
            if state >= accepting:
                found |= self.given[state // self.width]
            if 48 <= code <= 57:
                digits += 1
        if digits and self.structured & ~found:
            found |= self.structure(data)
        if digits > 31:
            digits = 31
        return found & self.allowed[digits]

    def structure(self, data: bytes) -> int:
        """What the digits of `data` look like."""
        octets = data
        kinds = self.kinds
        size = len(data)
        found = 0
        position = 0
        long, enough, wide = RUN_DIGITS, GROUP_DIGITS, GAP_BYTES  # looked up once: they are locals in C
        digest, longest = DIGEST, LONGEST_NUMBER
        end = 0  # of the last run of digits that may belong to the next one
        runs = total = dots = decimals = colons = 0
        while position < size:
            code = octets[position]
            kind = kinds[code]
            if kind != 1 and kind != 2:
                if code == 58:
                    # a colon in what may be hexadecimal: of an address
                    if (position > 0 and _is_hex(octets[position - 1])) or (position + 1 < size and _is_hex(octets[position + 1])):
                        colons += 1
                        if colons >= 2:
                            found |= self.colons
                elif kind == 0 and runs:
                    runs = 0
                position += 1
                continue
            start = position
            after = uuid_end(data, start, size)
            if after > start:
                position = after
                runs = 0
                continue
            if kind == 2:
                while position < size and kinds[octets[position]] == 2:
                    position += 1
                letters = position - start
                first = position
                while position < size and kinds[octets[position]] == 1:
                    position += 1
                count = position - first
                runs = 0
                if count == 0:
                    continue
                # a byte of another encoding's letter may look like one of ours: what stands behind it counts as if alone
                loose = start > 0 and octets[start - 1] >= 128
                if loose and letters == 1:
                    runs = 1
                    total = count
                    end = position
                    dots = 0
                    if count >= long:
                        found |= self.run
                while position < size and (kinds[octets[position]] == 1 or kinds[octets[position]] == 2):
                    position += 1
                    runs = 0
                if not loose and position - start == digest and is_digest(data, start, position):
                    continue
                # the longest bank account has 33, and something may touch it
                if position - start <= 35 and (_is_account(letters, count) or (loose and _is_account(letters - 1, count))):
                    found |= self.word
                continue
            after = moment_end(data, start, size)
            if after > start:
                position = after
                runs = 0
                continue
            while position < size and kinds[octets[position]] == 1:
                position += 1
            count = position - start
            gap = start - end
            if runs and gap <= wide:
                runs += 1
                total += count
                if gap == 1 and octets[end] == 46:
                    dots += 1
                    if dots >= 3:
                        found |= self.quad
                    if dots == 1 and count >= 4:
                        decimals += 1
                        if decimals >= 2:
                            found |= self.pair
                else:
                    dots = 0
                    if runs == 3 and total == 6 and gap == 1 and octets[end] == 32:
                        found |= self.word  # 12 34 56 C
                # two groups with a dot are a decimal number
                if total >= enough and (runs > 2 or dots == 0):
                    found |= self.groups
            else:
                runs = 1
                total = count
                dots = 0
            end = position
            if count >= long:
                found |= self.run
            if position < size and kinds[octets[position]] == 2:
                if count == 1 and start > 0 and octets[start - 1] >= 128:
                    continue  # part of a letter, in GB 18030
                runs = 0
                while position < size and (kinds[octets[position]] == 1 or kinds[octets[position]] == 2):
                    position += 1
                # what goes on is a digest, or a code
                if (count == 6 or count == 7 or count == 8) and position - start <= longest:
                    found |= self.word  # 12345678Z
            elif (count == 7 or count == 8) and position + 1 < size and octets[position] == 45 and kinds[octets[position + 1]] == 2:
                found |= self.word  # X-1234567-L
        return found


def _is_hex(code: int) -> bool:
    return 48 <= code <= 58 or 65 <= code <= 70 or 97 <= code <= 102


def is_digest(data: bytes, start: int, end: int) -> bool:
    """Whether all is hexadecimal."""
    octets = data
    position = start
    while position < end:
        if octets[position] == 58 or not _is_hex(octets[position]):
            return False
        position += 1
    return True


def _is_account(letters: int, digits: int) -> bool:
    """Whether accounts and identity numbers begin with so many letters and digits: IBAN, codice fiscale, CURP, PAN, NIE."""
    if letters == 2:
        return digits >= 2
    return (
        (letters == 6 and digits == 2)
        or (letters == 4 and digits == 6)
        or (letters == 5 and digits == 4)
        or (letters == 1 and digits == 7)
    )


def uuid_end(data: bytes, start: int, size: int) -> int:
    """Where the uuid that begins here ends; `start` if none does."""
    octets = data
    if size - start < 36 or octets[start + 8] != 45 or octets[start + 13] != 45:
        return start
    if octets[start + 18] != 45 or octets[start + 23] != 45:
        return start
    position = start
    while position < start + 36:
        code = octets[position]
        if code == 45:
            if position != start + 8 and position != start + 13 and position != start + 18 and position != start + 23:
                return start
        elif not _is_hex(code) or code == 58:
            return start
        position += 1
    if position < size and (octets[position] == 45 or 48 <= octets[position] <= 57):
        return start
    return position


def digits_at(data: bytes, start: int, size: int) -> int:
    """How many digits begin here."""
    octets = data
    position = start
    while position < size and 48 <= octets[position] <= 57:
        position += 1
    return position - start


def moment_end(data: bytes, start: int, size: int) -> int:
    """Where the date, the time of day or both that begin here end; `start` if there are none.

    2024-01-15, 2024/1/15, 15.01.2024, 1/15/2024, 10:30:45.123, 2024-01-15T10:30:45.123456+01:00; years from 1800 to 2199.
    """
    octets = data
    count = digits_at(data, start, size)
    position = start
    if count == 4 and start + 6 < size:
        if not ((octets[start] == 49 and octets[start + 1] >= 56) or (octets[start] == 50 and octets[start + 1] <= 49)):
            return start
        mark = octets[start + 4]
        if mark != 45 and mark != 47 and mark != 46:
            return start
        count = digits_at(data, start + 5, size)
        position = start + 5 + count
        if count < 1 or count > 2 or position >= size or octets[position] != mark:
            return start
        if count == 2 and octets[start + 5] > 49:
            return start
        count = digits_at(data, position + 1, size)
        if count < 1 or count > 2 or (count == 2 and octets[position + 1] > 51):
            return start
        position += 1 + count
        if position + 1 < size and octets[position] == mark and 48 <= octets[position + 1] <= 57:
            return start
        return clock_end(data, position, size)
    if count == 2 and start + 4 < size and octets[start + 2] == 58:
        return clock_end(data, start, size)
    if count == 1 or count == 2:
        position = start + count
        if position + 3 >= size:
            return start
        mark = octets[position]
        if (mark != 45 and mark != 47 and mark != 46) or octets[start] > 57 or (count == 2 and octets[start] > 51):
            return start
        count = digits_at(data, position + 1, size)
        if count < 1 or count > 2 or (count == 2 and octets[position + 1] > 51):
            return start
        position += 1 + count
        if position >= size or octets[position] != mark or digits_at(data, position + 1, size) != 4:
            return start
        if not (octets[position + 1] == 49 and octets[position + 2] >= 56) and not (
            octets[position + 1] == 50 and octets[position + 2] <= 49
        ):
            return start
        position += 5
        if position + 1 < size and octets[position] == mark and 48 <= octets[position + 1] <= 57:
            return start
        return clock_end(data, position, size)
    return start


def clock_end(data: bytes, start: int, size: int) -> int:
    """Where the time of day and the offset behind a date end; `start` if there are none."""
    octets = data
    position = start
    if position < size and (octets[position] == 32 or octets[position] == 84 or octets[position] == 116):
        position += 1
    if digits_at(data, position, size) != 2 or position + 4 >= size or octets[position + 2] != 58:
        return start
    if digits_at(data, position + 3, size) != 2:
        return start
    position += 5
    if position + 2 < size and octets[position] == 58 and digits_at(data, position + 1, size) == 2:
        position += 3
        if position + 1 < size and (octets[position] == 46 or octets[position] == 44):
            count = digits_at(data, position + 1, size)
            if 0 < count <= 9:
                position += 1 + count
    if position < size and octets[position] == 58:
        return start  # hexadecimal pairs go on
    if position + 2 < size and (octets[position] == 43 or octets[position] == 45) and digits_at(data, position + 1, size) == 2:
        position += 3
        if position + 2 < size and octets[position] == 58 and digits_at(data, position + 1, size) == 2:
            position += 3
    elif position + 4 < size and (octets[position] == 43 or octets[position] == 45) and digits_at(data, position + 1, size) == 4:
        position += 5
    return position
