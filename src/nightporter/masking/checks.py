"""Whether what looks like something is it: checksums, ranges, lengths. Pure; knows no label.

Every function takes a value as people write it, with its separators, and says yes or no; none of them raises, whatever it is given.
"""

from __future__ import annotations

import binascii
import json
import re
from collections import Counter
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from itertools import pairwise
from math import log2

_NO_DIGIT = re.compile(r"[^0-9]+")
_SEPARATORS = re.compile(r"[\s.\-_/+]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def digits_of(value: str) -> str:
    """Its ASCII digits, without what stands between them."""
    return _NO_DIGIT.sub("", value)


def compact(value: str) -> str:
    """Without separators, in upper case."""
    return _SEPARATORS.sub("", value).upper()


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B: the last digit checks the others."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = ord(digit) - 48
        if place % 2:
            number *= 2
            if number > 9:
                number -= 9
        total += number
    return total % 10 == 0


# -- payment cards ---------------------------------------------------------------------------------------------------------------

ISSUERS: tuple[tuple[int, int, tuple[int, ...]], ...] = (
    (4, 4, (16, 19)),  # Visa; its old 13 digits are what bar codes have
    (51, 55, (16,)),  # Mastercard
    (2221, 2720, (16,)),
    (34, 34, (15,)),  # American Express
    (37, 37, (15,)),
    (6011, 6011, (16, 19)),  # Discover
    (644, 649, (16, 19)),
    (65, 65, (16, 19)),
    (3528, 3589, (16, 17, 18, 19)),  # JCB
    (300, 305, (14, 16)),  # Diners Club
    (309, 309, (14, 16)),
    (36, 36, (14, 16)),
    (38, 39, (14, 16)),
    (62, 62, (16, 17, 18, 19)),  # UnionPay
    (81, 81, (16, 17, 18, 19)),
    (2200, 2204, (16, 17, 18, 19)),  # Mir
    (508, 508, (16,)),  # RuPay
    (5018, 5018, (16, 18, 19)),  # Maestro
    (5020, 5020, (16, 18, 19)),
    (5038, 5038, (16, 18, 19)),
    (5893, 5893, (16, 18, 19)),
    (6304, 6304, (16, 18, 19)),
    (6759, 6763, (16, 18, 19)),
    (9792, 9792, (16,)),  # Troy
)
"""Who issues: first and last prefix, and how many digits their numbers have."""


def is_card(value: str) -> bool:
    """A payment card's number: a prefix that some issuer has, with as many digits as theirs have, and Luhn's check digit."""
    digits = digits_of(value)
    if not 14 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    if _counts_up(value):
        return False
    for first, last, lengths in ISSUERS:
        if len(digits) in lengths and first <= int(digits[: len(str(first))]) <= last:
            return luhn(digits)
    return False


def _counts_up(value: str) -> bool:
    """Whether its groups are numbers of a table: 5492 5493 5494 5495."""
    groups = [int(group) for group in _NO_DIGIT.split(value) if group]
    return len(groups) > 2 and all(0 < later - earlier <= 4 for earlier, later in pairwise(groups))


# -- bank accounts ---------------------------------------------------------------------------------------------------------------

IBAN_LENGTHS = {
    15: "NO",
    16: "BE BI",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BF CF DJ FR GR IT MC MR SM",
    28: "AL AZ BJ BY CI CY DO DZ GT HU LB NI PL SN SV TG",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
"""How long the numbers of which countries are, by the registry of ISO 13616 and countries' own practice."""
_IBAN_LENGTH = {country: length for length, countries in IBAN_LENGTHS.items() for country in countries.split()}
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}")
IBAN_DIGITS = 8
"""Fewer are words. The countries with most letters (Malta, Saint Lucia) still have this many in what they issue."""


def is_iban(value: str) -> bool:
    """ISO 13616: a country, its length, and modulo 97."""
    number = compact(value)
    if _IBAN.fullmatch(number) is None or _IBAN_LENGTH.get(number[:2]) != len(number) or len(digits_of(number)) < IBAN_DIGITS:
        return False
    moved = number[4:] + number[:4]
    return int("".join(str(int(each, 36)) for each in moved)) % 97 == 1


# -- e-mail ----------------------------------------------------------------------------------------------------------------------

NO_DOMAINS = _words(
    # files: `logo@2x.png`; none of these is a top level domain
    "png jpg jpeg gif webp svg bmp ico tif tiff avif heic css scss less js jsx ts tsx mjs cjs json jsonl yaml yml toml xml html"
    " htm pdf txt csv tsv log sql php exe dll jar war class rb java kt cpp hpp tar gz tgz bz xz rar bak tmp lock conf cfg ini"
    # units of a service manager: `getty@tty1.service`
    " service socket timer target mount slice device swap scope automount"
    # what stands behind a matrix product: `a@b.inv()`
    " po lst inv dot tolist reshape transpose astype shape"
)
MACHINES = frozenset({"git", "hg", "svn"})
"""Whom a repository's address names: `git@github.com`."""
_VERSION = re.compile(r"v?[0-9]+[0-9x]*\Z")


def is_email(value: str) -> bool:
    """An address whose domain can be one: not a file's name, not a version of a package, not a repository's."""
    local, _, domain = value.rpartition("@")
    names = domain.split(".")
    if not local or len(names) < 2 or not all(names) or local in MACHINES:
        return False
    if names[-1].lower() in NO_DOMAINS or len(names[-1]) < 2:
        return False
    return len(names) < 3 or not (_VERSION.match(names[0]) and _VERSION.match(names[1]))


# -- phones ----------------------------------------------------------------------------------------------------------------------

COUNTRY_CODES = _words(
    "1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93"
    " 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242 243 "
    "244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268 269 290 291 297 298 299 350 "
    "351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 380 381 382 383 385 386 387 389 420 421 423 500 501 "
    "502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 598 599 670 672 673 674 675 676 677 678 679 680 681 682 683 "
    "685 686 687 688 689 690 691 692 800 808 850 852 853 855 856 870 878 880 881 882 883 886 888 960 961 962 963 964 965 966 967 "
    "968 970 971 972 973 974 975 976 977 979 992 993 994 995 996 998"
)
"""ITU-T E.164, assigned."""
_NO_PHONE = re.compile(r"[0-9]{5}-[0-9]{4}|0[0-9]{3}(?: [0-9]{4})+(?: [0-9]{1,3})?")
"""A postal code of the United States; a row of a table."""
_OF_MONTH = "(?:0?[1-9]|[12][0-9]|3[01])"
_DATE_WITHIN = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9])")
_DATE_FIRST = re.compile(
    rf"\(?(?:{_OF_MONTH}[-/. ]{_OF_MONTH}[-/. ](?:1[89]|20)[0-9]{{2}}|(?:19|20)[0-9]{{2}}[-/. ][01][0-9][-/. ])"
)


def _international(digits: str, parted: bool) -> bool:
    """As E.164 has it: a country code and a national number, fifteen digits at most. `parted`: there is something between them."""
    if not 8 <= len(digits) <= 15 or len(set(digits)) == 1:
        return False
    if digits[0] in "17":
        return len(digits) == 11 or (parted and digits[0] == "1")
    return any(digits[:size] in COUNTRY_CODES for size in (2, 3))


def is_phone(value: str) -> bool:
    """A phone number, of one country or with its code. Bare digits pass where they could be one: ask for more around them."""
    value = value.strip()
    digits = digits_of(value)
    if _NO_PHONE.fullmatch(value):
        return False
    if value.startswith("+"):
        return _international(digits.removeprefix("00"), not value[1:].isdigit())
    if digits.startswith("00"):
        return _international(digits[2:], not value.isdigit())
    if not 7 <= len(digits) <= 13 or len(set(digits)) == 1 or _DATE_FIRST.match(value) or _DATE_WITHIN.search(value):
        return False
    if digits[0] == "0":
        return 9 <= len(digits) <= 12 and len(_NO_DIGIT.split(value)) <= 7
    return len(digits) >= 8 or re.fullmatch(r"[2-9][0-9]{2}[-. ][0-9]{4}", value) is not None


# -- network addresses -----------------------------------------------------------------------------------------------------------


def is_ip_address(value: str) -> bool:
    """An address that can be somebody's: not a loopback, a netmask or a group, and not what a version number looks like.

    Three or four parts of one digit (`1.2.3.4`, `4.0.1.0`) are a version far more often than an address, and so are two if the
    first is one of them (`2.5.29.35`).
    """
    if ":" in value:
        return _is_ip6(value)
    parts = value.split(".")
    if len(parts) != 4 or sum(len(part) == 1 for part in parts) >= (2 if len(parts[0]) == 1 else 3):
        return False
    try:
        address = IPv4Address(value)
    except AddressValueError:
        return False
    return not (address.is_loopback or address.is_multicast or int(parts[0]) in (0, 255) or int(parts[0]) >= 240)


def _is_ip6(value: str) -> bool:
    groups = [group for group in value.split(":") if group]
    # pairs throughout are a hardware address or a fingerprint; letters alone are code: `dead::beef`
    if len(groups) < 3 or all(len(group) == 2 for group in groups) or not any(map(str.isdigit, value)):
        return False
    try:
        address = IPv6Address(value)
    except AddressValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast)


# -- places ----------------------------------------------------------------------------------------------------------------------

_DECIMALS = re.compile(r"-?[0-9]{1,3}\.[0-9]+")


def is_position(value: str) -> bool:
    """Latitude and longitude, in either order, in degrees, or several such pairs. Two below 2 are figures, and no place in the Gulf
    of Guinea."""
    found = [abs(float(each)) for each in _DECIMALS.findall(value)]
    pairs = list(zip(found[::2], found[1::2], strict=False))
    return len(found) == 2 * len(pairs) > 0 and all(min(pair) <= 90 and 2 <= max(pair) <= 180 for pair in pairs)


# -- secrets ---------------------------------------------------------------------------------------------------------------------


def is_token(value: str) -> bool:
    """A JWT or JWE: its header is JSON that names an algorithm; or what looks random, where a word says that it is a token."""
    if not value.startswith("eyJ"):
        return is_random(value)
    header = value.partition(".")[0]
    try:
        read = json.loads(binascii.a2b_base64(header.replace("-", "+").replace("_", "/") + "=" * (-len(header) % 4)))
    except (ValueError, RecursionError):  # not base64, not text, not JSON: no token
        return False
    return isinstance(read, dict) and "alg" in read


_PLACEHOLDER = re.compile(
    r"[*.x<>{}\[\]%$#?_-]+|<.*|\{\{?.*|\$[\w({].*|%[\w(].*|(?i:null|none|nil|true|false|undefined|required|optional|string|str|text"
    r"|varchar.*|redacted|masked|hidden|changeme|password\d?|secret|example|your.*|my.*|get.*|os\..*|env.*|process\..*|self\..*|this\..*)"
)


_CODE = re.compile(r"[A-Za-z_.:]+|[A-Za-z_][\w.]*(?:\[[\w'\"]*\]?)+|(?:[A-Za-z_]\w*\.)+[A-Za-z_]\w*|[/~][\w/.-]*")


def is_told_secret(value: str) -> bool:
    """What stands behind `password=`: no placeholder, no code, no path, and more than letters."""
    return len(value) >= 6 and _PLACEHOLDER.fullmatch(value) is None and _CODE.fullmatch(value) is None


RANDOM_BITS = 3.0
"""Per character; English words have fewer in twenty characters, keys more."""


def is_random(value: str) -> bool:
    """As keys are: letters and digits, drawn and not written."""
    if not any(map(str.isdigit, value)) or not any(map(str.isalpha, value)) or _CODE.fullmatch(value):
        return False
    counts = Counter(value)
    return -sum(n / len(value) * log2(n / len(value)) for n in counts.values()) >= RANDOM_BITS
