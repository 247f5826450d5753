"""What is one of our masks, and what people write."""

from __future__ import annotations

import pytest

from nightporter.masking.marks import is_masked
from nightporter.masking.maskers import mask
from nightporter.masking.token import token

KEY = b"k" * 32

MASKS = [
    ("a***@example.com", None),
    ("****@b.co", None),
    ("****-****-****-1234", None),
    ("************1234", None),
    ("**** ****** *0005", None),
    ("*****", "pii.name"),
    ("*****", "secret.password"),
    ("*****      ", "pii.name"),
    ("+** ** *** ** 67", "pii.phone"),
    ("(***) ***-**67", "pii.phone"),
    ("****5678", "pii.bank_account"),
    ("**** **** **** **** **30 00", "pii.bank_account"),
    ("write to a***@example.com, please", "pii.text"),
    ("card ****-****-****-1234.", "pii.text"),
    ("her name is *****", "pii.text"),
    ('{"email": "a***@example.com", "n": 1}', None),
    ('[{"email":"a***@example.com"}]', None),
    ("{a***@example.com,NULL}", None),
    ('{"****@b.co","x y"}', None),
    ("(7,a***@example.com,)", None),
    ("(7,*****,)", "pii.name"),
    ('{"name": "*****"}', "pii.name"),
]

NOT = [
    ("*****", None),
    ("***", None),
    ("***", "pii.name"),
    ("********", "secret.password"),
    ("**bold**", None),
    ("**bold**", "pii.text"),
    ("***bold and italic***", "pii.text"),
    ("2*3*4", None),
    ("* * * * * run.sh", "pii.text"),
    ("*/5 * * * *", None),
    ("a * b", None),
    ("SELECT * FROM t", "pii.text"),
    ("int **p", "pii.text"),
    ("f***", "pii.text"),
    ("sh** happens", "pii.text"),
    ("4.5 ***** hotel", None),
    ("**** 1234", None),
    ("1234", "pii.card"),
    ("ada@example.com", "pii.email"),
    ("a**@example.com", "pii.email"),
    ("ad***@example.com", "pii.email"),
    ("a***@example", "pii.email"),
    ("write to a***@example.com, please", None),
    ("Ada", "pii.name"),
    ("", "pii.name"),
    ("   ", "pii.name"),
    ("(***", "pii.phone"),
    ('{"name": "*****"}', None),
    ('{"pattern": "***"}', None),
    ("(see *** below)", None),
    ("[x] *****", "pii.name"),
    ("0", "pii.salary"),
    ("1970-01-01", "pii.birth_date"),
]


@pytest.mark.parametrize(("text", "label"), MASKS)
def test_masks(text: str, label: str | None) -> None:
    assert is_masked(text, label, KEY)


@pytest.mark.parametrize(("text", "label"), NOT)
def test_what_is_none(text: str, label: str | None) -> None:
    assert not is_masked(text, label, KEY)


def test_masks_that_were_cut() -> None:
    assert is_masked("***", "pii.name", limit=3)
    assert not is_masked("***", "pii.name", limit=4)
    assert not is_masked("*", "pii.name", limit=30)


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("pii.email", "ada@example.com"),
        ("pii.card", "4111-1111-1111-1234"),
        ("pii.phone", "(555) 123-4567"),
        ("pii.bank_account", "DE89 3704 0044 0532 0130 00"),
        ("pii.name", "Ada"),
    ],
)
def test_what_partial_makes_is_recognized(label: str, value: str) -> None:
    assert is_masked(mask("partial", label, value) or "", label)


def test_tokens() -> None:
    for value in ("Ada Lovelace", "ada@example.com", "9b2f0000-0000-4000-8000-000000000000", "4111 1111 1111 1111"):
        made = token(KEY, value)
        assert is_masked(made, None, KEY)
        assert not is_masked(made, None, b"o" * 32)
        assert not is_masked(made, "pii.name")
    email = token(KEY, "ada@example.com")
    assert is_masked(f'{{"email": "{email}"}}', None, KEY)
    assert is_masked(f"write to {email}", "pii.text", KEY)
    assert not is_masked(f"write to {email}", None, KEY)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    ["*" * 1_000_000, "{" + "a***@" * 200_000, "(" + '"***' * 200_000, "[" + "****-" * 200_000, "{" + "a" * 1_000_000 + "***"],
)
def test_time_is_linear(text: str) -> None:
    """A second, where quadratic time takes hours."""
    for label in (None, "pii.text", "pii.phone", "pii.bank_account", "pii.card"):
        is_masked(text, label, KEY)
