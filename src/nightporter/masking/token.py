"""Tokens: what stands for a value so that equal values can still be told to be equal. Hot: compiled with `token.pxd`. Pure.

A token is made from the value and a key (32 bytes, one for each environment) and by nothing else: the same value has the same token
in every table, column and session, and without the key neither says anything of the other, but for its form, which is kept:

    Ada Lovelace           Kqx Vbmwtzrejfyhdcpaon     a letter for a letter, a digit for a digit, the rest as it stands
    123-45-6789            806-31-2274                digits alone keep their number
    ada@example.com        q4k2...@masked.invalid     an address in a domain that can never exist (RFC 2606)
    9b2f...-...            3c71...-....-8...          a UUID of version 8, which is for what each likes (RFC 9562)
    4217                   20961                      a whole number of the same size in bytes

Form and uniqueness are at odds. Text with letters is made longer where that is allowed, until it has `ENOUGH_BITS`. Whole numbers
are permuted, so that two never have the same token. Digits alone have no room: of 9 digits two values in 30,000 may share a token.

A token is recognized by a check within it, made of the rest of it and the key: `is_token`. What is not one is taken for one with a
probability below one in a million. Too short for a check, and so never recognized: text without letters and fewer than 15 digits,
text of fewer than 12 letters and digits (where a column allows no more), numbers and dates. Text from HMAC-SHA256; numbers by a
Feistel network of SipHash under keys from the same.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hmac import digest
from zlib import crc32

ENOUGH_BITS = 84
"""64 that tell values apart (a million of them share a token with a probability of one in 30 million), 20 for the check."""
CHECK_BITS = 19.9
"""Six digits, five letters: one in a million."""
LEFT_BITS = 28.0
"""A check that would leave less than this for the value is left out."""
_LETTER_BITS, _DIGIT_BITS = 4.7004, 3.3219
SHORTEST = 12
"""Characters of the shortest text with letters that has a check."""
SHORTEST_DIGITS = 15
MAX_SHAPED = 64
"""The form of a longer text is not kept: it would tell of the text."""
_PLAIN = 20
_PLAIN_SHAPE = b"a" * _PLAIN
LONGEST = MAX_SHAPED + _PLAIN

DOMAIN = "masked.invalid"
_EMAIL = re.compile(r"[^\s@<>()\",;:]{1,64}@[^\s@<>()\",;:]{1,253}\.[^\W\d_]{2,63}")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_TOKEN_EMAIL = re.compile(rf"([a-z2-7]{{16}})([a-z2-7]{{4}})@{re.escape(DOMAIN)}", re.IGNORECASE)
_BASE32 = bytes(b"abcdefghijklmnopqrstuvwxyz234567"[n & 31] for n in range(256))
_WORD = 0xFFFFFFFFFFFFFFFF
_SPREAD, _STEP, _ODD = 0x9E3779B97F4A7C15, 0x5851F42D4C957F2D, 0x14057B7EF767814F
"""Odd numbers without a pattern (the golden ratio; Knuth's MMIX): they spread the bits of a sum over a check."""
_SIP_A, _SIP_B, _SIP_C, _SIP_D = 0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573


def _shapes() -> bytes:
    table = bytearray(range(128)) + bytearray(b"a" * 128)
    for code in range(128):
        character = chr(code)
        if character.isdigit():
            table[code] = 48
        elif character.isupper():
            table[code] = 65
        elif character.islower():
            table[code] = 97
        elif code < 32 or code == 127:
            table[code] = 32
    return bytes(table)


_SHAPES = _shapes()
"""ASCII: `a` for a lower-case letter, `A` for an upper-case one, `0` for a digit; what is neither stands for itself."""


def token(key: bytes, text: str, limit: int = 0) -> str:
    """The token of a text, of at most `limit` characters (0: any number), in ASCII. Raises ValueError without a key."""
    if not key:
        raise ValueError("a token needs a key")
    if "@" in text and _EMAIL.fullmatch(text):
        address = _email(key, text)
        if not limit or len(address) <= limit:
            return address
        return shaped(
            digest(key, b"text\0" + text.encode("utf-8", "surrogatepass"), "sha256"), _seed(key), _PLAIN_SHAPE[:limit]
        ).decode("ascii")
    elif len(text) == 36 and _UUID.fullmatch(text):
        made = _dashed(uuid(key, bytes.fromhex(text.replace("-", ""))))
        return made.upper() if text != text.lower() else made
    data = text.encode("utf-8", "surrogatepass")
    return shaped(digest(key, b"text\0" + data, "sha256"), _seed(key), _form(text, limit)).decode("ascii")


def is_token(key: bytes, text: str) -> bool:
    """Whether a text is a token made with this key: of a text, an e-mail address or a UUID."""
    if not SHORTEST <= len(text) <= LONGEST or not key or not text.isascii():
        return False
    seed = _seed(key)
    found = _TOKEN_EMAIL.fullmatch(text)
    if found:
        return _base32(seed, found[1].lower()) == found[2].lower()
    if len(text) == 36 and _UUID.fullmatch(text):
        return is_uuid_token(key, bytes.fromhex(text.replace("-", "")))
    made = text.encode("ascii")
    form = made.translate(_SHAPES)
    start = check_start(form)
    if start >= len(form) or (_only_digits(form) and luhn(made)):
        return False
    return check(bytearray(made), form, seed, start) == made


def uuid(key: bytes, octets: bytes) -> bytes:
    """Of the 16 bytes of a UUID: 16 bytes of another, of version 8."""
    made = bytearray(digest(key, b"uuid\0" + octets, "sha256")[:12])
    made[6] = 0x80 | (made[6] & 0x0F)
    made[8] = 0x80 | (made[8] & 0x3F)
    return bytes(made) + crc32(bytes(made), _seed(key)).to_bytes(4, "big")


def is_uuid_token(key: bytes, octets: bytes) -> bool:
    """Whether these 16 bytes are a UUID that was made as a token with this key."""
    if len(octets) != 16 or octets[6] >> 4 != 8 or octets[8] >> 6 != 2:
        return False
    return crc32(octets[:12], _seed(key)).to_bytes(4, "big") == octets[12:]


def octets(key: bytes, data: bytes) -> bytes:
    """Of bytes: 32 others."""
    return digest(key, b"octets\0" + data, "sha256")


def number(key: bytes, kind: bytes, data: bytes) -> int:
    """A number of 64 bits that stands for some other value, such as a date of which it will be made; not one to one."""
    return int.from_bytes(digest(key, kind + b"\0" + data, "sha256")[:8], "big")


def whole(key: bytes, value: int) -> int:
    """Of a whole number of at most 8 bytes: another, which fits where it fits: in 2, 4 or 8 bytes, above or below zero."""
    away = -value - 1 if value < 0 else value
    size = next((each for each in _RANGES if away < each[1]), None)
    if size is None:
        raise ValueError("a whole number of more than 8 bytes")
    low, high, half = size
    one, other = _sip_keys(key)
    side = 1 if value < 0 else 0
    while True:  # walks along a cycle of a permutation that is a little larger, so it comes back at the latest to where it began
        away = permuted(away, half, one, other, side)
        if low <= away < high:
            return -away - 1 if value < 0 else away


def decimal(key: bytes, text: str) -> str:
    """Of a number with a fraction, as text: one with as many digits, zeros only where the number may have had one."""
    form = text.encode("ascii").translate(_SHAPES)
    made = bytearray(text.encode("ascii"))
    stop = next((n for n, code in enumerate(form) if code in b"aA"), len(form))  # an exponent stays
    source = digest(key, b"decimal\0" + text.encode("ascii"), "sha256")
    for n in range(stop):
        if form[n] == 48:
            made[n] = 48 + source[n % 32] % 10
            if n < len(text) and text[n] != "0" and made[n] == 48:
                made[n] = 49 + source[(n + 7) % 32] % 9
    return made.decode("ascii")


_RANGES = ((0, 1 << 15, 8), (1 << 15, 1 << 31, 16), (1 << 31, 1 << 63, 32))
"""Sizes of whole numbers: from, below, and half the bits of the permutation."""
_ROUNDS = 8


def permuted(value: int, half: int, one: int, other: int, side: int) -> int:
    """A permutation of the numbers of twice `half` bits."""
    mask = _WORD >> (64 - half)
    left = value >> half
    right = value & mask
    for step in range(_ROUNDS):
        last = right
        right = left ^ (sip(one, other, right, (step << 8) | (half << 1) | side) & mask)
        left = last
    return (left << half) | right


def sip(one: int, other: int, first: int, second: int) -> int:
    """SipHash-2-4 of two words of 64 bits, without the length word at its end: all messages are of the same length."""
    a = one ^ _SIP_A
    b = other ^ _SIP_B
    c = one ^ _SIP_C
    d = other ^ _SIP_D
    for word in range(4):
        message = first if word == 0 else (second if word == 1 else 0)
        if word == 3:
            c ^= 0xFF
        d ^= message
        for _ in range(4 if word == 3 else (0 if word == 2 else 2)):
            a = (a + b) & _WORD
            b = ((b << 13) | (b >> 51)) & _WORD
            b ^= a
            a = ((a << 32) | (a >> 32)) & _WORD
            c = (c + d) & _WORD
            d = ((d << 16) | (d >> 48)) & _WORD
            d ^= c
            a = (a + d) & _WORD
            d = ((d << 21) | (d >> 43)) & _WORD
            d ^= a
            c = (c + b) & _WORD
            b = ((b << 17) | (b >> 47)) & _WORD
            b ^= c
            c = ((c << 32) | (c >> 32)) & _WORD
        a ^= message
    return a ^ b ^ c ^ d


@lru_cache(maxsize=256)
def _seed(key: bytes) -> int:
    """Of the checks. They need not be secret, only different for every key: a false one is a refused statement, not a leak."""
    return int.from_bytes(digest(key, b"check", "sha256")[:4], "big")


@lru_cache(maxsize=256)
def _sip_keys(key: bytes) -> tuple[int, int]:
    made = digest(key, b"whole numbers", "sha256")
    return int.from_bytes(made[:8], "little"), int.from_bytes(made[8:16], "little")


def _email(key: bytes, text: str) -> str:
    local = digest(key, b"text\0" + text.encode("utf-8", "surrogatepass"), "sha256")[:16].translate(_BASE32).decode("ascii")
    return f"{local}{_base32(_seed(key), local)}@{DOMAIN}"


def _base32(seed: int, local: str) -> str:
    return crc32(local.encode("ascii"), seed).to_bytes(4, "big").translate(_BASE32).decode("ascii")


def _dashed(octets: bytes) -> str:
    made = octets.hex()
    return f"{made[:8]}-{made[8:12]}-{made[12:16]}-{made[16:20]}-{made[20:]}"


def _form(text: str, limit: int) -> bytes:
    """The form of a token for a text: as that of the text, and longer if it has letters."""
    if len(text) > MAX_SHAPED or not text:
        form = _PLAIN_SHAPE
    else:
        form = text.encode("ascii", "replace") if text.isascii() else _ascii(text)
        form = form.translate(_SHAPES)
        letters = form.count(b"a") + form.count(b"A")
        digits = form.count(b"0")
        if not letters and not digits:
            form += _PLAIN_SHAPE
        elif letters:
            missing = ENOUGH_BITS - letters * _LETTER_BITS - digits * _DIGIT_BITS
            if missing > 0:
                form += (b"a" if form.count(b"a") or form.count(b"A") == 1 else b"A") * int(missing / _LETTER_BITS + 1)
    return form[:limit] if limit else form


def _ascii(text: str) -> bytes:
    """With an ASCII letter for every other letter, and a dash for every other sign."""
    return "".join(
        each if each.isascii() else ("A" if each.isupper() else ("a" if each.isalnum() else "-")) for each in text
    ).encode("ascii")


def shaped(source: bytes, seed: int, form: bytes) -> bytes:
    """A token of a form, made of the 32 bytes of `source`, with its check."""
    made = fill(bytearray(form), form, source)
    start = check_start(form)
    if _only_digits(form):
        step = 0
        while True:
            done = check(made, form, seed, start)
            if not luhn(done):
                return done
            step += 1  # no card has this number; the digit before the check is one of the value's own
            position = start - 1
            while form[position] != 48:
                position -= 1
            made[position] = 48 + (made[position] - 47) % 10
    return check(made, form, seed, start)


def fill(made: bytearray, form: bytes, source: bytes) -> bytearray:
    """Put letters and digits from `source` where the form has them."""
    sources = source
    kinds = form
    for n in range(len(form)):
        code = kinds[n]
        octet = sources[n & 31]
        if n >= 32:
            octet ^= sources[(n + 11) & 31]
        if code == 97:
            made[n] = 97 + octet % 26
        elif code == 65:
            made[n] = 65 + octet % 26
        elif code == 48:
            made[n] = 48 + octet % 10
    return made


def check_start(form: bytes) -> int:
    """Where the check of a token of a form begins; its length: it has none."""
    digits = form.count(b"0")
    letters = form.count(b"a") + form.count(b"A")
    if len(form) < SHORTEST or (not letters and digits < SHORTEST_DIGITS):
        return len(form)
    whole = letters * _LETTER_BITS + digits * _DIGIT_BITS
    if whole < CHECK_BITS + LEFT_BITS:
        return len(form)
    kinds = form
    bits = 0.0
    position = len(form)
    while bits < CHECK_BITS:
        position -= 1
        code = kinds[position]
        if code == 48:
            bits += _DIGIT_BITS
        elif code == 97 or code == 65:
            bits += _LETTER_BITS
    return position


def check(made: bytearray, form: bytes, seed: int, start: int) -> bytes:
    """With the check that belongs to what stands before `start`."""
    if start >= len(form):
        return bytes(made)
    sum_ = crc32(bytes(made[:start]), seed)
    sum_ = (sum_ * _SPREAD + seed) & _WORD
    kinds = form
    for n in range(start, len(form)):
        code = kinds[n]
        if code == 48:
            made[n] = 48 + (sum_ >> 16) % 10
        elif code == 97:
            made[n] = 97 + (sum_ >> 16) % 26
        elif code == 65:
            made[n] = 65 + (sum_ >> 16) % 26
        sum_ = (sum_ * _STEP + _ODD) & _WORD
    return bytes(made)


def _only_digits(form: bytes) -> bool:
    return b"a" not in form and b"A" not in form and form.count(b"0") >= SHORTEST


def luhn(made: bytes) -> bool:
    """Whether the digits in a text end with the digit that the others ask for, as those of cards do."""
    numbers = made
    total = 0
    double = False
    for n in range(len(made) - 1, -1, -1):
        if 48 <= numbers[n] <= 57:
            digit = numbers[n] - 48
            if double:
                digit = digit * 2 - 9 if digit > 4 else digit * 2
            total += digit
            double = not double
    return total % 10 == 0
