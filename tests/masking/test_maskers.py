"""What is shown in place of a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.masking.label import LABELS
from nightporter.masking.maskers import MASKED, MASKERS, bucket, default, email, mask, partial, shape

KEY = b"k" * 32

SHOWN = [
    # masker, label, value, what is shown
    ("partial", "pii.email", "ada@example.com", "a***@example.com"),
    ("partial", "pii.email", "Ada.Lovelace+x@mail.example.co.uk", "A***@mail.example.co.uk"),
    ("partial", "pii.email", "a@example.com", "****@example.com"),
    ("partial", "pii.email", "_x@example.com", "****@example.com"),
    ("partial", "pii.email", "\u00e5sa@example.com", "****@example.com"),
    ("partial", "pii.email", "ada@xn--bcher-kva.example", "a***@xn--bcher-kva.example"),
    ("partial", "pii.email", "ada at example.com", MASKED),
    ("partial", "pii.email", "Ada <ada@example.com>", MASKED),
    ("partial", "pii.email", "ada@example.com, bob@example.com", MASKED),
    ("partial", "pii.email", "ada@localhost", MASKED),
    ("partial", "pii.email", "ada@123-45-6789", MASKED),
    ("partial", "pii.email", "ada@10.0.0.1", MASKED),
    ("partial", "pii.email", "ada@b\u00fccher.example", MASKED),
    ("partial", "pii.email", "ada@a..b", MASKED),
    ("partial", "pii.email", "@example.com", MASKED),
    ("partial", "pii.email", "", MASKED),
    ("partial", "pii.email", "a" * 400 + "@example.com", MASKED),
    ("partial", "pii.card", "4111-1111-1111-1234", "****-****-****-1234"),
    ("partial", "pii.card", "4111111111111234", "************1234"),
    ("partial", "pii.card", "3782 822463 10005", "**** ****** *0005"),
    ("partial", "pii.card", "123", MASKED),
    ("partial", "pii.card", "12/27", MASKED),
    ("partial", "pii.card", "4111-1111-1111-1234 Ada", MASKED),
    ("partial", "pii.card", "\u0664\u0661\u0661\u0661" * 4, MASKED),
    ("partial", "pii.phone", "+46 70 123 45 67", "+** ** *** ** 67"),
    ("partial", "pii.phone", "(555) 123-4567", "(***) ***-**67"),
    ("partial", "pii.phone", "112", MASKED),
    ("partial", "pii.phone", "call me", MASKED),
    ("partial", "pii.bank_account", "DE89 3704 0044 0532 0130 00", "**** **** **** **** **30 00"),
    ("partial", "pii.bank_account", "12345678", "****5678"),
    ("partial", "pii.bank_account", "Swedbank", MASKED),
    ("partial", "pii.name", "Ada Lovelace", MASKED),
    ("partial", "pii.national_id", "123-45-6789", MASKED),
    ("partial", "", "anything", MASKED),
    ("", "pii.email", "ada@example.com", "a***@example.com"),
    ("", "pii.name.given", "Ada", MASKED),
    ("", "pii.email.work", "ada@example.com", "a***@example.com"),
    ("", "no.such.label", "ada@example.com", MASKED),
    ("full", "pii.email", "ada@example.com", MASKED),
    ("found", "pii.text", "ada@example.com", MASKED),
    ("null", "pii.email", "ada@example.com", None),
    ("year", "pii.birth_date", "1984-07-12", "1984-01-01"),
    ("year", "pii.birth_date", "12.07.1984", "01.01.1984"),
    ("year", "pii.birth_date", "7/2/1984", "01/01/1984"),
    ("year", "pii.birth_date", "19840712", "19840101"),
    ("year", "pii.birth_date", "1984-07-12T10:11:12Z", "1984-01-01"),
    ("year", "pii.birth_date", "19849912", MASKED),
    ("year", "pii.birth_date", "12 July 1984", MASKED),
    ("year", "pii.birth_date", "12-07-84", MASKED),
    ("bucket", "pii.salary", "53200", "50000"),
    ("bucket", "pii.salary", "-53200.75", "-50000.00"),
    ("bucket", "pii.salary", "$1,234.50", "$1,000.00"),
    ("bucket", "pii.salary", "53 200 kr", "50 000 kr"),
    ("bucket", "pii.salary", "\u20ac 1.234,50", "\u20ac 1.000,00"),
    ("bucket", "pii.salary", "0.057", "0.050"),
    ("bucket", "pii.salary", "0", "0"),
    ("bucket", "pii.salary", "from 50000 to 60000", MASKED),
    ("bucket", "pii.salary", "5" * 50, MASKED),
]


@pytest.mark.parametrize(("masker", "label", "value", "shown"), SHOWN)
def test_what_is_shown(masker: str, label: str, value: str, shown: str | None) -> None:
    assert mask(masker, label, value, KEY) == shown


def test_a_mask_is_no_longer_than_a_column() -> None:
    assert mask("full", "", "ada", limit=3) == "***"
    assert mask("partial", "pii.email", "ada@example.com", limit=15) == MASKED
    assert mask("partial", "pii.email", "ada@example.com", limit=16) == "a***@example.com"
    assert mask("token", "", "ada", KEY, limit=2) == mask("token", "", "ada", KEY, limit=2)
    assert len(mask("token", "", "ada", KEY, limit=2) or "") == 2


def test_a_token_without_a_key_is_a_full_mask() -> None:
    assert mask("token", "", "ada") == MASKED


def test_a_masker_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no masker `shred`"):
        mask("shred", "", "ada")


def test_labels_have_maskers_that_are_there() -> None:
    assert {label.masker for label in LABELS.values()} <= MASKERS
    assert default("secret.password") == "full"
    assert shape("pii.card") == "pii.card"
    assert shape("pii.name") == ""


@given(st.sampled_from(sorted(MASKERS)), st.sampled_from(["", *LABELS]), st.text(max_size=60), st.integers(0, 20))
def test_any_text_has_a_mask_that_fits(masker: str, label: str, text: str, limit: int) -> None:
    shown = mask(masker, label, text, KEY, limit)
    assert (shown is None) == (masker == "null")
    assert shown is None or not limit or len(shown) <= limit


@given(st.sampled_from(["pii.email", "pii.card", "pii.phone", "pii.bank_account"]), st.binary(max_size=60))
def test_any_bytes_are_masked_or_no_such_thing(kind: str, cell: bytes) -> None:
    shown = partial(kind, cell)
    assert shown is None or (shown.count(b"*") >= 3 and shown != cell)


@given(st.from_regex(r"[a-z][a-z0-9.]{1,20}@[a-z]{1,9}\.[a-z]{2,5}", fullmatch=True))
def test_nothing_of_a_local_part_but_its_first_character(address: str) -> None:
    shown = email(address.encode())
    assert shown == f"{address[0]}***@{address.partition('@')[2]}".encode()


@given(st.text(alphabet="0123456789.,' $-+", max_size=30))
def test_a_bucket_has_one_digit(text: str) -> None:
    shown = bucket(text)
    assert shown is None or len([each for each in shown if each in "123456789"]) <= 1
