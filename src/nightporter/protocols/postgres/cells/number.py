"""Numbers: whole ones, floating point and numeric, in text and in binary. Pure.

A numeric in binary is a header and digits to the base 10000: how many of them there are, the weight of the first, the sign, and how
many decimals are shown ("src/backend/utils/adt/numeric.c", numeric_send).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from struct import Struct
from struct import error as StructError

from nightporter.masking import token as tokens
from nightporter.masking.maskers import ACCOUNT, BUCKET, CARD, PARTIAL, PHONE, TOKEN, shape

from ..cell import CellMask
from . import kinds as k

_HEADER = Struct("!HhHH")
_POSITIVE, _NEGATIVE = 0x0000, 0x4000
_BASE_DIGITS = 4
MAX_DIGITS = 20_000
"""Of a numeric to the base 10000: the server's own limit is 131072 decimal digits before the point, half as many behind it."""

_SHOWN_OF_WHOLE = {CARD: (12, 10_000), ACCOUNT: (8, 10_000), PHONE: (7, 100)}
"""By label, for numbers that have at least so many digits: what they are divided by, to keep the last four or two."""

Whole = Callable[[int], int]


def number(type_oid: int, modifier: int, binary: bool, masker: str, label: str, key: bytes) -> CellMask | None:
    """A mask for a type of numbers; None: it is none."""
    if type_oid in k.WHOLE:
        whole = _whole(masker, label, key)
        packed = Struct(k.WHOLE[type_oid])
        if whole is None:
            return CellMask(packed.pack(0) if binary else b"0")
        return WholeMask(whole, packed if binary else None)
    text = _fraction(masker, label, key)
    if type_oid in k.FLOATS:
        form = Struct(k.FLOATS[type_oid])
        if text is None:
            return CellMask(form.pack(0) if binary else b"0")
        return FloatMask(text, form, binary)
    if type_oid == k.NUMERIC:
        if masker == BUCKET:
            return NumericBucketMask(binary)
        if text is None:
            scale = scale_of(modifier)
            return CellMask(_HEADER.pack(0, 0, 0, scale) if binary else (b"0." + b"0" * scale if scale else b"0"))
        return NumericMask(text, binary)
    return None


def _whole(masker: str, label: str, key: bytes) -> Whole | None:
    if masker == BUCKET:
        return first_digit
    if masker == TOKEN and key:
        return lambda value: tokens.whole(key, value)
    if masker == PARTIAL and shape(label) in _SHOWN_OF_WHOLE:
        least, part = _SHOWN_OF_WHOLE[shape(label)]
        return lambda value: value % part if value >= 10 ** (least - 1) else 0
    return None


def _fraction(masker: str, label: str, key: bytes) -> Callable[[str], str] | None:
    if masker == BUCKET:
        return bucket
    if masker == TOKEN and key:
        return lambda text: _token(key, text)
    whole = _whole(masker, label, key)
    if whole is not None:
        return lambda text: str(whole(int(text))) if text.isdigit() else "0"
    return None


def first_digit(value: int) -> int:
    """53200 is 50000, -17 is -10."""
    text = str(abs(value))
    shown = int(text[0] + "0" * (len(text) - 1))
    return -shown if value < 0 else shown


def bucket(text: str) -> str:
    """The same of a number with a fraction and an exponent; as many decimals stay."""
    for position, character in enumerate(text):
        if character in "eE":
            break
        if "1" <= character <= "9":
            mantissa, mark, exponent = text[position + 1 :].partition("e")
            return text[: position + 1] + re.sub(r"[0-9]", "0", mantissa) + mark + exponent
    return text


def _token(key: bytes, text: str) -> str:
    plain, _, rest = text.partition(".")
    if not rest.strip("0") and len(plain) < 19 and plain.lstrip("-").isdigit():
        return str(tokens.whole(key, int(plain))) + (f".{rest}" if rest else "")  # the same as that of a whole number
    return tokens.decimal(key, text)


def scale_of(modifier: int) -> int:
    """How many decimals a column of numeric(p, s) shows; 0 where that is not said, or is below zero."""
    if modifier < 4:
        return 0
    scale = ((modifier - 4) & 0x7FF ^ 1024) - 1024
    return max(scale, 0)


class WholeMask(CellMask):
    """Of whole numbers."""

    def __init__(self, whole: Whole, packed: Struct | None) -> None:
        """`packed`: how it is in binary; None: it comes as text."""
        super().__init__(is_constant=False)
        self._whole = whole
        self._packed = packed

    def mask(self, cell: bytes) -> bytes | None:
        try:
            if self._packed is None:
                return b"%d" % self._whole(int(cell))
            return self._packed.pack(self._whole(self._packed.unpack(cell)[0]))
        except (ValueError, StructError):  # it is not what the server writes: nothing of it is shown
            return None


_FLOAT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?")


class FloatMask(CellMask):
    """Of floating point. What is no finite number becomes zero, and so does what would not be one of the type any more."""

    def __init__(self, text: Callable[[str], str], form: Struct, binary: bool) -> None:
        super().__init__(is_constant=False)
        self._text = text
        self._form = form
        self._binary = binary

    def mask(self, cell: bytes) -> bytes | None:
        try:
            shown = self._shown(self._form.unpack(cell)[0] if self._binary else _read_float(cell))
            return self._form.pack(float(shown)) if self._binary else shown.encode("ascii")
        except (ValueError, StructError, OverflowError):  # it is not what the server writes: nothing of it is shown
            return None

    def _shown(self, value: float) -> str:
        if not math.isfinite(value):
            return "0"
        # from the same text in both formats: the server may write fewer digits, or an exponent
        shown = self._text(_shortest(value, self._form))
        try:
            kept = self._form.unpack(self._form.pack(float(shown)))[0]
        except OverflowError:
            return "0"
        return shown if kept and math.isfinite(kept) else "0"


def _read_float(cell: bytes) -> float:
    text = cell.decode("ascii")
    return float(text) if _FLOAT.fullmatch(text) else math.nan


def _shortest(value: float, form: Struct) -> str:
    """As few digits as tell it from every other number of its type."""
    if form.size == 8:
        return repr(value).removesuffix(".0")
    packed = form.pack(value)
    for digits in (6, 7, 8):
        text = f"{value:.{digits}g}"
        if form.pack(float(text)) == packed:
            return text
    return f"{value:.9g}"


_NUMERIC = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


class NumericMask(CellMask):
    """Of numeric. What is no finite number becomes zero."""

    def __init__(self, text: Callable[[str], str], binary: bool) -> None:
        super().__init__(is_constant=False)
        self._text = text
        self._binary = binary

    def mask(self, cell: bytes) -> bytes | None:
        try:
            text = read_numeric(cell) if self._binary else cell.decode("ascii")
            shown = self._text(text) if _NUMERIC.fullmatch(text) else "0"
            return write_numeric(shown) if self._binary else shown.encode("ascii")
        except (ValueError, StructError):  # the same
            return None


_ZERO = bytes(8)


class NumericBucketMask(CellMask):
    """Of numeric, the first digit. What is no finite number becomes zero."""

    def __init__(self, binary: bool) -> None:
        super().__init__(is_constant=False)
        self._binary = binary

    def mask(self, cell: bytes) -> bytes | None:
        return self._packed(cell) if self._binary else self._written(cell)

    def _written(self, cell: bytes) -> bytes:
        octets = cell
        shown = bytearray(cell)
        kept = False
        for position in range(len(cell)):
            code = octets[position]
            if 48 <= code <= 57:
                if kept:
                    shown[position] = 48
                elif code != 48:
                    kept = True
            elif code != 46 and (code != 45 or position):
                return b"0"
        return bytes(shown)

    def _packed(self, cell: bytes) -> bytes | None:
        size = len(cell)
        if size < 8 or size & 1:
            return None  # it is not what the server writes: nothing of it is shown
        octets = cell
        if octets[4] & 0xBF:
            return _ZERO  # neither + nor -
        if size == 8:
            return cell
        digit = (octets[8] << 8) | octets[9]
        part = 1000 if digit >= 1000 else (100 if digit >= 100 else (10 if digit >= 10 else 1))
        digit = digit // part * part
        return b"\0\x01" + cell[2:8] + bytes((digit >> 8, digit & 0xFF))


def read_numeric(cell: bytes) -> str:
    """A numeric in binary, as text; NaN and the infinities as words. Raises ValueError or struct.error."""
    count, weight, sign, scale = _HEADER.unpack_from(cell)
    if sign not in (_POSITIVE, _NEGATIVE):
        return {0xC000: "NaN", 0xD000: "Infinity", 0xF000: "-Infinity"}[sign] if sign in (0xC000, 0xD000, 0xF000) else "NaN"
    if len(cell) != _HEADER.size + 2 * count or count > MAX_DIGITS or scale > 0x3FFF or abs(weight) > MAX_DIGITS * 2:
        raise ValueError("not a numeric")
    digits = [int.from_bytes(cell[at : at + 2], "big") for at in range(_HEADER.size, len(cell), 2)]
    if any(digit > 9999 for digit in digits):
        raise ValueError("not a numeric")
    before = "".join(f"{digits[n] if n < count else 0:04d}" for n in range(weight + 1)).lstrip("0") or "0"
    behind = ""
    if scale:
        first = weight + 1
        last = first + (scale + _BASE_DIGITS - 1) // _BASE_DIGITS
        behind = "." + "".join(f"{digits[n] if 0 <= n < count else 0:04d}" for n in range(first, last))[:scale]
    return ("-" if sign == _NEGATIVE else "") + before + behind


def write_numeric(text: str) -> bytes:
    """The other way round. Raises ValueError for what is not a plain decimal number."""
    if not _NUMERIC.fullmatch(text):
        raise ValueError("not a decimal number")
    sign = _NEGATIVE if text.startswith("-") else _POSITIVE
    before, _, behind = text.lstrip("-").partition(".")
    before = before.rjust(-(-len(before) // _BASE_DIGITS) * _BASE_DIGITS, "0")
    scale = len(behind)
    behind = behind.ljust(-(-scale // _BASE_DIGITS) * _BASE_DIGITS, "0")
    whole = before + behind
    digits = [int(whole[at : at + _BASE_DIGITS]) for at in range(0, len(whole), _BASE_DIGITS)]
    weight = len(before) // _BASE_DIGITS - 1
    while digits and digits[0] == 0:
        digits.pop(0)
        weight -= 1
    while digits and digits[-1] == 0:
        digits.pop()
    if not digits:
        sign, weight = _POSITIVE, 0
    return _HEADER.pack(len(digits), weight, sign, scale) + b"".join(digit.to_bytes(2, "big") for digit in digits)
