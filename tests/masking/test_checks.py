"""Checksums and ranges: what is real, what is off by a digit, and that no input raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.masking import checks
from nightporter.masking.national import KINDS, is_national_id, kind_of

CARDS = [
    *("4111111111111111", "4012888888881881", "5555555555554444", "2223003122003222", "378282246310005", "30569309025904"),
    *("6011111111111117", "3530111333300000", "6200000000000005"),
]
IBANS = [
    *("DE89370400440532013000", "GB29NWBK60161331926819", "FR1420041010050500013M02606", "NO9386011117947", "NL91ABNA0417164300"),
    *("MT84MALT011000012345MTLCAST001S", "CH9300762011623852957", "ES9121000418450200051332", "IT60X0542811101000000123456"),
    *("PL61109010140000071219812874", "SE4550000000058398257466", "BE68539007547034", "AT611904300234573201"),
]
NATIONAL = {
    "US Social Security number": ["536-90-4399", "123-45-6789"],
    "Canadian social insurance number": ["308-132-422"],
    "Dutch burgerservicenummer": ["944117715"],
    "Portuguese NIF": ["292589913"],
    "Brazilian CPF": ["529.982.247-25", "52998224725"],
    "Polish PESEL": ["44051401359", "92691671401"],
    "German tax number": ["86095742719", "65929970489"],
    "Turkish identity number": ["10000000146"],
    "Norwegian birth number": ["29029600013"],
    "Swedish personal number": ["811218-9876", "19850709-3832"],
    "Danish personal number": ["090562-0339"],
    "Finnish personal code": ["131052-308T"],
    "Belgian national number": ["85.07.30-033.28"],
    "French social security number": ["255081416802538", "1 85 05 78 006 315 54"],
    "Spanish DNI": ["12345678Z"],
    "Spanish NIE": ["X1234567L"],
    "Italian codice fiscale": ["RSSMRA85T10A562S"],
    "UK National Insurance number": ["AB 12 34 56 C", "AB123456C"],
    "NHS number": ["943 476 5919"],
    "Irish PPS number": ["1234567T", "1234567FA"],
    "Indian Aadhaar": ["2185 8761 1461"],
    "Indian PAN": ["ABCPE1234F"],
    "Swiss AHV number": ["756.9217.0769.85"],
    "Argentine CUIL": ["20-12345678-6"],
    "Chilean RUT": ["12.345.678-5"],
    "Mexican CURP": ["HEGG560427MVZRRL04"],
    "Chinese identity number": ["11010519491231002X"],
    "Korean resident number": ["850101-1440142"],
    "Singaporean NRIC": ["S1234567D"],
    "South African identity number": ["8001015009087"],
}
UNCHECKED = {"US Social Security number", "UK National Insurance number", "Indian PAN"}
"""They have no check digit."""


def spoiled(value: str) -> str:
    """With another last digit or letter."""
    last = value[-1]
    return value[:-1] + (str((int(last) + 1) % 10) if last.isdigit() else chr((ord(last.upper()) - 65 + 1) % 26 + 65))


@pytest.mark.parametrize("number", CARDS)
def test_cards(number: str) -> None:
    assert checks.is_card(number)
    assert checks.is_card(" ".join(number[n : n + 4] for n in range(0, len(number), 4)))
    assert not checks.is_card(spoiled(number))
    assert not checks.is_card(number + "0")
    assert not checks.is_card("9" + number[1:])


@pytest.mark.parametrize(
    "number", ["", "0" * 16, "4" * 16, "1234567890123456", "1000000000000008", "79927398713", "5490 5491 5492 5493"]
)
def test_no_cards(number: str) -> None:
    assert not checks.is_card(number)


@pytest.mark.parametrize("number", IBANS)
def test_accounts(number: str) -> None:
    assert checks.is_iban(number)
    assert checks.is_iban(number.lower())
    assert checks.is_iban(" ".join(number[n : n + 4] for n in range(0, len(number), 4)))
    assert not checks.is_iban(number[:3] + str((int(number[3]) + 1) % 10) + number[4:])
    assert not checks.is_iban(number + "0")
    assert not checks.is_iban("ZZ" + number[2:])


def test_every_country_has_one_length() -> None:
    countries = [country for codes in checks.IBAN_LENGTHS.values() for country in codes.split()]
    assert len(set(countries)) == len(countries)
    assert min(checks.IBAN_LENGTHS) == 15
    assert max(checks.IBAN_LENGTHS) <= 34


def test_every_country_has_an_example() -> None:
    assert {kind.name for kind in KINDS} == set(NATIONAL)


@pytest.mark.parametrize(("kind", "number"), [(kind, number) for kind, numbers in NATIONAL.items() for number in numbers])
def test_national_numbers(kind: str, number: str) -> None:
    assert kind_of(number) == kind
    assert is_national_id(number.lower())
    check = next(each.check for each in KINDS if each.name == kind)
    bare = number if kind == "Finnish personal code" else "".join(each for each in number if each.isalnum())
    assert check(bare)
    if kind not in UNCHECKED:
        assert not check(spoiled(bare))


@pytest.mark.parametrize(
    "number",
    [
        "000-12-3456",
        "666-12-3456",
        "123-00-4567",
        "123-45-0000",
        "912-34-5678",
        "111-11-1111",
        "BG123456C",
        "QQ123456C",
        "12345678A",
    ],
)
def test_no_national_numbers(number: str) -> None:
    assert not is_national_id(number)


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        *(
            (value, True)
            for value in ("+49 30 1234567", "+12125551234", "0049 30 1234567", "030 1234567", "212-555-1234", "5551234567")
        ),
        *((value, True) for value in ("612 345 678", "555-1234", "+1 555 0100")),
        *(
            (value, False)
            for value in ("", "+", "12345", "1234567", "01-02-2024", "01.02.2024 10", "0000000000", "+0123456789", "+999123456789")
        ),
        *((value, False) for value in ("02110-1301", "1" * 20, "+1234567", "0012")),
    ],
)
def test_phones(value: str, is_one: bool) -> None:
    assert checks.is_phone(value) is is_one


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        *(
            (value, True)
            for value in ("203.0.113.77", "10.0.0.37", "192.168.1.1", "3.51.98.32", "2001:db8::8a2e:370:7334", "2a02:8109:9a40::1")
        ),
        *(
            (value, False)
            for value in ("1.2.3.4", "127.0.0.1", "0.0.0.0", "255.255.0.0", "224.0.0.251", "2.5.29.35", "300.1.1.1", "1.2.3")
        ),
        *(
            (value, False)
            for value in ("::1", "::", "dead::beef", "00:1a:2b:3c:4d:5e", "12:30:45", "1:2", "10.01.02.03.04", "", ":::")
        ),
    ],
)
def test_network_addresses(value: str, is_one: bool) -> None:
    assert checks.is_ip_address(value) is is_one


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        *((value, True) for value in ("jane@example.com", "j@x.co", "git-user@example.com", "jörg@müller.de", "a@1.example.com")),
        *(
            (value, False)
            for value in ("logo@2x.png", "git@github.com", "jane@localhost", "lodash@4.17.rc", "getty@tty1.service", "@x.com", "")
        ),
    ],
)
def test_addresses(value: str, is_one: bool) -> None:
    assert checks.is_email(value) is is_one


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ("48.8566, 2.3522", True),
        ("-33.8688,151.2093", True),
        ("0.1234, 0.4321", False),
        ("91.5, 120.1", False),
        ("48.1, 190.2", False),
        ("", False),
    ],
)
def test_positions(value: str, is_one: bool) -> None:
    assert checks.is_position(value) is is_one


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        *((value, True) for value in ("hunter2!", "Tr0ub4dor", "s3cr3t-w0rd", "correct-horse-battery", "x9!kkz81")),
        *(
            (value, False)
            for value in ("", "short", "required", "<secret>", "${PASSWORD}", "%(pass)s", "******", "certs[0][2]", "self.password")
        ),
        *((value, False) for value in ("HiddenText", "changeme", "/run/secrets/db", "null", "{{ password }}", "os.environ['X']")),
    ],
)
def test_told_passwords(value: str, is_one: bool) -> None:
    assert checks.is_told_secret(value) is is_one


@pytest.mark.parametrize(
    "value", ["eyJ.eyJ.x", "eyJhbGciOiJIUzI1NiI.x.y", "eyJub3QiOiJhIHRva2VuIn0.a.b", "eyJ" + "W" * 5000 + ".a.b"]
)
def test_no_tokens(value: str) -> None:
    assert not checks.is_token(value)


ALL = [
    *(checks.is_card, checks.is_iban, checks.is_email, checks.is_phone, checks.is_ip_address, checks.is_position, checks.is_token),
    *(checks.is_told_secret, checks.is_random, is_national_id),
]
NUMBERS = st.text(alphabet="0123456789ABCXYZabc .-+/:@%eyJ\u0661é", max_size=24)


@given(st.one_of(st.text(max_size=40), NUMBERS))
def test_nothing_raises(value: str) -> None:
    for check in ALL:
        assert check(value) in (True, False)


@given(st.text(alphabet="0123456789", min_size=13, max_size=18))
def test_luhn_sees_every_changed_digit(body: str) -> None:
    number = next(body + digit for digit in "0123456789" if checks.luhn(body + digit))
    for place in range(len(number)):
        changed = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        assert not checks.luhn(changed)
