"""National identity numbers: what each country's looks like, and whether one can be real. Pure; a new country is one entry.

Numbers of companies are none of these. What has no checksum and no telling shape is not here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .checks import digits_of, luhn

Check = Callable[[str], bool]


def _weighted(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _us(number: str) -> bool:
    """Social Security: areas 001-899 but 666; 9xx is a taxpayer's number (ITIN), of certain groups only."""
    area, group, serial = int(number[:3]), int(number[3:5]), int(number[5:])
    if len(set(number)) == 1 or not group or not serial:
        return False
    if area >= 900:
        return 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99
    return area not in (0, 666)


def _canada(number: str) -> bool:
    return number[0] not in "08" and luhn(number) and len(set(number)) > 1


def _netherlands(number: str) -> bool:
    """Burgerservicenummer: the test of eleven."""
    return _weighted(number, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0 and len(set(number)) > 1


def _portugal(number: str) -> bool:
    """NIF of people: it begins with 1, 2, 3 or 45."""
    if number[0] not in "123" and number[:2] != "45":
        return False
    rest = 11 - _weighted(number, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return int(number[8]) == (0 if rest > 9 else rest)


def _brazil(number: str) -> bool:
    """CPF: two digits, modulo eleven."""
    if len(set(number)) == 1:
        return False
    one = _weighted(number[:9], range(10, 1, -1)) * 10 % 11 % 10
    two = _weighted(number[:10], range(11, 1, -1)) * 10 % 11 % 10
    return number[9:] == f"{one}{two}"


def _poland(number: str) -> bool:
    """PESEL: a date whose month also tells the century, and a weighted sum."""
    if not _is_day(int(number[2:4]) % 20, int(number[4:6])):
        return False
    return _weighted(number, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def _germany(number: str) -> bool:
    """Steuer-Identifikationsnummer: of the first ten digits one or two occur twice or thrice; ISO 7064 MOD 11,10."""
    counts = [number[:10].count(digit) for digit in "0123456789"]
    if number[0] == "0" or max(counts) not in (2, 3) or sum(count > 1 for count in counts) != 1:
        return False
    product = 10
    for digit in number[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(number[10])


def _turkey(number: str) -> bool:
    odd, even = sum(map(int, number[0:9:2])), sum(map(int, number[1:8:2]))
    return number[0] != "0" and (7 * odd - even) % 10 == int(number[9]) and sum(map(int, number[:10])) % 10 == int(number[10])


def _norway(number: str) -> bool:
    """Fødselsnummer, and the D-number, whose day is raised by 40."""
    if not _is_day(int(number[2:4]), int(number[:2]) % 40):
        return False
    one = _weighted(number, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11
    two = _weighted(number, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11
    return one == 0 and two == 0


_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def _sweden(number: str) -> bool:
    """Personnummer; a coordination number's day is raised by 60."""
    short = number[-10:]
    day = int(short[4:6])
    if not _is_day(int(short[2:4]), day - 60 if day > 60 else day):
        return False
    total = sum(_DOUBLED[int(digit)] if place % 2 == 0 else int(digit) for place, digit in enumerate(short))
    return total % 10 == 0


def _denmark(number: str) -> bool:
    """CPR: a date; the checksum holds no longer for who is born today, so nothing but what has it is taken."""
    return _is_day(int(number[2:4]), int(number[:2])) and _weighted(number, (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


def _finland(number: str) -> bool:
    digits = digits_of(number[:6] + number[-4:-1])
    return (
        len(digits) == 9
        and _is_day(int(number[2:4]), int(number[:2]))
        and "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(digits) % 31] == number[-1].upper()
    )


def _belgium(number: str) -> bool:
    """Rijksregisternummer: who is born from 2000 on has a 2 in front of the sum."""
    base, check = number[:9], int(number[9:])
    month = int(number[2:4]) % 20
    if month > 12 or int(number[4:6]) > 31 or base[:6] == "000000":
        return False
    return 97 - int(base) % 97 == check or 97 - int("2" + base) % 97 == check


def _france(number: str) -> bool:
    """NIR: sex, year, month, place, order, and 97 less the rest; Corsica's places have letters."""
    key = int(number[13:])
    base = number[:13].upper()
    month = int(base[3:5])
    if not (1 <= month <= 12 or 20 <= month <= 42 or month >= 50):
        return False
    for letters, digits in (("2A", "19"), ("2B", "18")):
        if base[5:7] == letters:
            base = base[:5] + digits + base[7:]
    return base.isdigit() and 97 - int(base) % 97 == key


def _spain(number: str) -> bool:
    """DNI and NIE: a letter by modulo 23."""
    number = number.upper()
    base = number[:-1].translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(base) % 23] == number[-1] and len(set(base)) > 1


_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            1,
            0,
            5,
            7,
            9,
            13,
            15,
            17,
            19,
            21,
            1,
            0,
            5,
            7,
            9,
            13,
            15,
            17,
            19,
            21,
            2,
            4,
            18,
            20,
            11,
            3,
            6,
            8,
            12,
            14,
            16,
            10,
            22,
            25,
            24,
            23,
        ),
        strict=True,
    )
)


def _italy(number: str) -> bool:
    """Codice fiscale; digits may be letters where two people would have the same (omocodia)."""
    number = number.upper()
    total = sum(
        _ODD[each] if place % 2 == 0 else int(each, 36) - (0 if each.isdigit() else 10) for place, each in enumerate(number[:15])
    )
    return chr(65 + total % 26) == number[15]


def _britain(number: str) -> bool:
    """National Insurance: no checksum, but pairs of letters that are not given out."""
    return number[:2].upper() not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")


def _britain_health(number: str) -> bool:
    rest = 11 - _weighted(number, range(10, 1, -1)) % 11
    return (0 if rest == 11 else rest) == int(number[9]) and len(set(number)) > 1


def _rows(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_D = _rows("0123456789 1234067895 2340178956 3401289567 4012395678 5987604321 6598710432 7659821043 8765932104 9876543210")
_P = _rows("0123456789 1576283094 5803796142 8916043527 9453126870 4286573901 2793806415 7046913258")


def _india(number: str) -> bool:
    """Aadhaar: Verhoeff's digit."""
    check = 0
    for place, digit in enumerate(reversed(number)):
        check = int(_D[check][int(_P[place % 8][int(digit)])])
    return check == 0 and len(set(number)) > 1


def _switzerland(number: str) -> bool:
    """AHV: the check digit of EAN-13."""
    return _weighted(number, (1, 3) * 6 + (1,)) % 10 == 0


def _argentina(number: str) -> bool:
    rest = 11 - _weighted(number, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return (0 if rest == 11 else 9 if rest == 10 else rest) == int(number[10])


def _chile(number: str) -> bool:
    total = sum(int(digit) * (2 + place % 6) for place, digit in enumerate(reversed(number[:-1])))
    return "0K987654321"[total % 11] == number[-1].upper()


def _mexico(number: str) -> bool:
    """CURP: letters of the name, date of birth, sex, state, and a check digit."""
    number = number.upper()
    if not _is_day(int(number[6:8]), int(number[8:10])):
        return False
    alphabet = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
    total = sum(alphabet.index(each) * (18 - place) for place, each in enumerate(number[:17]))
    return str((10 - total % 10) % 10) == number[17]


def _china(number: str) -> bool:
    if not _is_day(int(number[10:12]), int(number[12:14])):
        return False
    return "10X98765432"[_weighted(number[:17], (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11] == number[17].upper()


def _korea(number: str) -> bool:
    if not _is_day(int(number[2:4]), int(number[4:6])):
        return False
    return (11 - _weighted(number, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10 == int(number[12])


def _singapore(number: str) -> bool:
    number = number.upper()
    total = _weighted(number[1:8], (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(number[0], 0)
    if number[0] == "M":
        return "KLJNPQRTUWX"[10 - total % 11] == number[8]
    return ("JZIHGFEDCBA" if number[0] in "ST" else "XWUTRQPNMLK")[total % 11] == number[8]


def _south_africa(number: str) -> bool:
    return _is_day(int(number[2:4]), int(number[4:6])) and number[10] in "012" and luhn(number)


def _ireland(number: str) -> bool:
    number = number.upper()
    total = _weighted(number[:7], (8, 7, 6, 5, 4, 3, 2))
    if len(number) == 9:
        total += 9 * ("WABCDEFGHI".find(number[8]) if number[8] != "W" else 0)
    return "WABCDEFGHIJKLMNOPQRSTUV"[total % 23] == number[7]


def _always(_: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Kind:
    """One country's number."""

    name: str
    """As people read it."""
    shape: str
    """As it is written where it stands alone; a regular expression. Separators may be left out where they are optional in it."""
    check: Check
    within: str = ""
    """As it is looked for inside other text. Empty: its shape is too weak for that, unless a word before it tells."""


_X = "[0-9LMNP-V]"
_CODICE = f"[A-Z]{{6}}{_X}{{2}}[ABCDEHLMPRST]{_X}{{2}}[A-Z]{_X}{{3}}[A-Z]"
_CURP = "[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]"
_NIR = "[12] ?[0-9]{2} ?[0-9]{2} ?[0-9][0-9AB] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}"
_CHINA = "[1-9][0-9]{5}(?:19|20)[0-9]{2}[01][0-9][0-3][0-9][0-9]{3}[0-9X]"
_HETU = "[0-3][0-9][01][0-9]{3}[-+A-FU-Y][0-9]{3}[0-9A-Y]"

KINDS = (
    Kind("US Social Security number", r"[0-9]{3}([- ])[0-9]{2}\1[0-9]{4}", _us, "[0-9]{3}-[0-9]{2}-[0-9]{4}"),
    Kind("Canadian social insurance number", "[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{3}", _canada, "[0-9]{3}-[0-9]{3}-[0-9]{3}"),
    Kind("Dutch burgerservicenummer", "[0-9]{9}|[0-9]{4}[. ][0-9]{2}[. ][0-9]{3}", _netherlands),
    Kind("Portuguese NIF", "[0-9]{3} ?[0-9]{3} ?[0-9]{3}", _portugal),
    Kind("Brazilian CPF", r"[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}", _brazil, r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}"),
    Kind("Polish PESEL", "[0-9]{11}", _poland),
    Kind("German tax number", "[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}", _germany),
    Kind("Turkish identity number", "[0-9]{11}", _turkey),
    Kind("Norwegian birth number", "[0-9]{6} ?[0-9]{5}", _norway),
    Kind("Swedish personal number", "(?:19|20)?[0-9]{6}[-+]?[0-9]{4}", _sweden, "(?:19|20)?[0-9]{6}[-+][0-9]{4}"),
    Kind("Danish personal number", "[0-9]{6}-?[0-9]{4}", _denmark, "[0-3][0-9][01][0-9]{3}-[0-9]{4}"),
    Kind("Finnish personal code", _HETU, _finland, _HETU),
    Kind(
        "Belgian national number",
        r"[0-9]{2}\.?[0-9]{2}\.?[0-9]{2}-?[0-9]{3}\.?[0-9]{2}",
        _belgium,
        r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}",
    ),
    Kind("French social security number", _NIR, _france, _NIR),
    Kind("Spanish DNI", "[0-9]{8}-?[A-Z]", _spain, "[0-9]{8}-?[A-Z]"),
    Kind("Spanish NIE", "[XYZ]-?[0-9]{7}-?[A-Z]", _spain, "[XYZ]-?[0-9]{7}-?[A-Z]"),
    Kind("Italian codice fiscale", _CODICE, _italy, _CODICE),
    Kind(
        "UK National Insurance number",
        "[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]",
        _britain,
        "[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] [0-9]{2} [0-9]{2} [0-9]{2} [A-D]",
    ),
    Kind("NHS number", "[0-9]{3}[ -][0-9]{3}[ -][0-9]{4}", _britain_health),
    Kind("Irish PPS number", "[0-9]{7}[A-W][A-IW]?", _ireland),
    Kind("Indian Aadhaar", r"[2-9][0-9]{3}([ -]?)[0-9]{4}\1[0-9]{4}", _india, r"(?<!\d )[2-9][0-9]{3} [0-9]{4} [0-9]{4}(?! \d)"),
    Kind("Indian PAN", "[A-Z]{3}P[A-Z][0-9]{4}[A-Z]", _always, "[A-Z]{3}P[A-Z][0-9]{4}[A-Z]"),
    Kind("Swiss AHV number", r"756\.?[0-9]{4}\.?[0-9]{4}\.?[0-9]{2}", _switzerland, r"756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}"),
    Kind("Argentine CUIL", "2[03-7]-?[0-9]{8}-?[0-9]", _argentina, "2[03-7]-[0-9]{8}-[0-9]"),
    Kind("Chilean RUT", r"[0-9]{1,2}\.?[0-9]{3}\.?[0-9]{3}-[0-9K]", _chile, r"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9K]"),
    Kind("Mexican CURP", _CURP, _mexico, _CURP),
    Kind("Chinese identity number", _CHINA, _china, _CHINA),
    Kind("Korean resident number", "[0-9]{6}-?[1-8][0-9]{6}", _korea, "[0-9]{6}-[1-8][0-9]{6}"),
    Kind("Singaporean NRIC", "[STFGM][0-9]{7}[A-Z]", _singapore, "[STFGM][0-9]{7}[A-Z]"),
    Kind("South African identity number", "[0-9]{13}", _south_africa),
)
"""By country. What a word tells (`SSN 123 45 6789`) is in `shapes`."""

_SHAPES = tuple((kind, re.compile(kind.shape, re.IGNORECASE)) for kind in KINDS)
_BETWEEN = re.compile(r"[ .\-/]")
_KEEPS = {"Finnish personal code"}
"""Whose separator says which century."""


def kind_of(value: str) -> str | None:
    """Which country's number it can be, for people to read."""
    value = value.strip()
    for kind, shape in _SHAPES:
        if shape.fullmatch(value) and kind.check(value if kind.name in _KEEPS else _BETWEEN.sub("", value).replace("+", "")):
            return kind.name
    return None


def is_national_id(value: str) -> bool:
    """Whether it can be one of some country."""
    return kind_of(value) is not None
