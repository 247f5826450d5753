"""What is shown in place of a value, as text. Hot: compiled with `maskers.pxd` where a C compiler is at hand. Pure.

    full      *****                                  whatever it is, however long
    partial   a***@example.com, ****-****-****-1234  what people need to recognize their own; by label, else as full
    year      1984-01-01                             of a date
    bucket    50000                                  the first digit of a number, the rest are zeros
    token     kqxvbmwtzr                             see `token`
    null      nothing
    found     as full: what is inside of a text is found by those who have detectors

A value that is not what its label says is shown as `full`. Masks are ASCII, so that they are valid in every encoding, save for
separators and signs of currencies that the value itself has. Hot functions take bytes in an encoding in which ASCII stands for
itself only, such as UTF-8. It must not know where a value comes from, or who asks.
"""

from __future__ import annotations

import re

from . import token as tokens
from .label import LABELS, above

MASKED = "*****"
"""Of a fixed length, so that it does not tell how long the value is; without digits, so that no number is seen in it."""
FULL, PARTIAL, YEAR, BUCKET, TOKEN, NULL, FOUND = "full", "partial", "year", "bucket", "token", "null", "found"
MASKERS = frozenset({FULL, PARTIAL, YEAR, BUCKET, TOKEN, NULL, FOUND})

EMAIL, CARD, PHONE, ACCOUNT = "pii.email", "pii.card", "pii.phone", "pii.bank_account"
_PARTIAL = frozenset({EMAIL, CARD, PHONE, ACCOUNT})

MAX_EMAIL = 320
"""64 of a local part, `@`, and 255 of a domain (RFC 3696, errata 1690): what is longer is no address."""


def _table(kinds: dict[int, bytes]) -> bytes:
    table = bytearray(256)
    for kind, octets in kinds.items():
        for octet in octets:
            table[octet] = kind
    return bytes(table)


_DIGITS = b"0123456789"
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NO, _APART, _DIGIT, _LETTER = 0, 1, 2, 3
_OF_CARDS = _table({_APART: b" -.", _DIGIT: _DIGITS})
_OF_PHONES = _table({_APART: b" -./()+", _DIGIT: _DIGITS})
_OF_ACCOUNTS = _table({_APART: b" -.", _DIGIT: _DIGITS, _LETTER: _LETTERS})
# of e-mail addresses: 2 and 3 may begin one and are shown, 1 may be in its local part; 2, 3 and 4 may be in its domain
_OF_EMAILS = _table({1: b"!#$%&'*+/=?^_`{|}~" + bytes(range(128, 256)), 2: _DIGITS, 3: _LETTERS, 4: b".-"})


def default(label: str) -> str:
    """The masker of a label where no policy names one; that of the nearest label above it, if it is not in the table."""
    for name in above(label):
        if name in LABELS:
            return LABELS[name].masker
    return FULL


def shape(label: str) -> str:
    """Which label's form `partial` keeps; empty: none, it is shown as `full`."""
    return next((name for name in above(label) if name in _PARTIAL), "")


def mask(name: str, label: str, text: str, key: bytes = b"", limit: int = 0) -> str | None:
    """What is shown in place of `text` by the masker `name`; None is NULL.

    An empty name is the label's default. `key`: 32 bytes, for tokens; without one they are shown as `full`. `limit`: the most
    characters that it may have, 0 is any number. Raises ValueError for a masker that is not there.
    """
    if not name:
        name = default(label)
    if name == NULL:
        return None
    shown: str | None = None
    if name == PARTIAL:
        kind = shape(label)
        masked = partial(kind, text.encode("utf-8", "surrogatepass")) if kind else None
        shown = None if masked is None else masked.decode("utf-8", "surrogatepass")
    elif name == YEAR:
        shown = year(text)
    elif name == BUCKET:
        shown = bucket(text)
    elif name == TOKEN:
        shown = tokens.token(key, text, limit) if key else None
    elif name not in MASKERS:
        raise ValueError(f"there is no masker `{name}`")
    if shown is None or (limit and len(shown) > limit):
        return MASKED[:limit] if limit else MASKED
    return shown


def partial(kind: str, cell: bytes) -> bytes | None:
    """By the label whose form is kept; None: it does not have that form."""
    if kind == EMAIL:
        return email(cell)
    if kind == CARD:
        return card(cell)
    if kind == PHONE:
        return phone(cell)
    if kind == ACCOUNT:
        return account(cell)
    return None


def email(cell: bytes) -> bytes | None:
    """`a***@example.com`: the first character and the domain. Of one whose local part is that character alone not even it."""
    size = len(cell)
    if size < 6 or size > MAX_EMAIL:
        return None
    octets = cell
    table = _OF_EMAILS
    kinds = table
    at = 0
    while at < size and octets[at] != 64:  # @
        if kinds[octets[at]] == 0 and octets[at] != 46:
            return None
        at += 1
    if at == 0 or at >= size - 4:
        return None
    dot = at  # the last one so far
    position = at + 1
    while position < size:
        code = octets[position]
        if kinds[code] < 2:
            return None
        if code == 46:
            if dot == position - 1:
                return None  # an empty part
            dot = position
        position += 1
    if dot == at or size - dot < 3 or kinds[octets[dot + 1]] != 3 or kinds[octets[size - 1]] == 4:
        return None
    first = kinds[octets[0]]
    if at > 1 and (first == 2 or first == 3):
        return cell[:1] + b"***" + cell[at:]
    return b"****" + cell[at:]


def card(cell: bytes) -> bytes | None:
    """`****-****-****-1234`: the last four of 12 to 19 digits, in the groups that they stand in."""
    return starred(cell, _OF_CARDS, 4, 12, 19, 12)


def phone(cell: bytes) -> bytes | None:
    """`+** ** *** ** 67`: the last two of 7 to 15 digits."""
    return starred(cell, _OF_PHONES, 2, 7, 15, 7)


def account(cell: bytes) -> bytes | None:
    """`**** **** **** **34 56`: the last four of 8 to 34 digits and letters, most of which are digits, as in an IBAN."""
    return starred(cell, _OF_ACCOUNTS, 4, 8, 34, 6)


def starred(cell: bytes, table: bytes, kept: int, least: int, most: int, digits: int) -> bytes | None:
    """All but the last `kept` of the characters that count become stars; None if there are too few, too many, or others."""
    size = len(cell)
    if size < least or size > 2 * most:
        return None
    octets = cell
    kinds = table
    counted = 0
    numeric = 0
    for position in range(size):
        kind = kinds[octets[position]]
        if kind == 0:
            return None
        if kind >= 2:
            counted += 1
            if kind == 2:
                numeric += 1
    if counted < least or counted > most or numeric < digits:
        return None
    shown = bytearray(cell)
    hidden = counted - kept
    position = 0
    while hidden > 0:
        if kinds[octets[position]] >= 2:
            shown[position] = 42
            hidden -= 1
        position += 1
    return bytes(shown)


_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.])[0-9]{1,2}\2[0-9]{1,2}(?:[T ][0-9:.,+Z -]*)?")
_YEAR_LAST = re.compile(r"[0-9]{1,2}([-/. ])[0-9]{1,2}\1([0-9]{4})(?: [0-9:.,+Z -]*)?")
_COMPACT = re.compile(r"((?:18|19|20)[0-9]{2})(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")


def year(text: str) -> str | None:
    """The first of January of the year of a date, written as the date is, without a time; None if it is not one."""
    found = _YEAR_FIRST.fullmatch(text)
    if found:
        return f"{found[1]}{found[2]}01{found[2]}01"
    found = _YEAR_LAST.fullmatch(text)
    if found:
        return f"01{found[1]}01{found[1]}{found[2]}"
    found = _COMPACT.fullmatch(text)
    return f"{found[1]}0101" if found else None


_CURRENCY = r"(?:[A-Z]{3}|[$\u20ac\u00a3\u00a5]|kr)"
_GROUPED = r"[0-9., '\u00a0\u202f]"
_AMOUNT = re.compile(rf"(?:{_CURRENCY}\s?)?[-+]?(?:[0-9]{_GROUPED}*)?\.?[0-9](?:\s?{_CURRENCY})?")
_REST = re.compile(r"[0-9]")


def bucket(text: str) -> str | None:
    """A number with its first digit, the others being zeros: `53200` is `50000`, `$1,234.5` is `$1,000.0`; None if it is none."""
    if len(text) > 40 or not _AMOUNT.fullmatch(text):
        return None
    for position, character in enumerate(text):
        if "1" <= character <= "9":
            return text[: position + 1] + _REST.sub("0", text[position + 1 :])
    return text
