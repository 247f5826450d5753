"""What is found, what is left alone, and that neither the look before the search nor strange input changes that."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nightporter.masking import signs as imported
from nightporter.masking.detector import STRICT, Detector, Found, classify, resolved
from nightporter.masking.label import LABELS
from nightporter.masking.unfold import unfold

from .corpus import BCRYPT, CLOSE, HEX32, HEX64, JWT, NEGATIVES, OPEN, POSITIVES

EVERYTHING = Detector(["pii", "secret"])
ALL_BITS = 2**64 - 1


def marked(case: str) -> tuple[str, list[str]]:
    """The text and the values in it."""
    text = case.replace(OPEN, "").replace(CLOSE, "")
    return text, [part.partition(CLOSE)[0] for part in case.split(OPEN)[1:]] or [text]


CASES = [(label, *marked(case)) for label, cases in POSITIVES.items() for case in cases]
TEXTS = [text for _, text, _ in CASES] + NEGATIVES


def test_the_tables_are_large_enough() -> None:
    assert len(CASES) >= 200
    assert len(NEGATIVES) >= 300
    assert len(set(NEGATIVES)) == len(NEGATIVES)


@pytest.mark.parametrize(("label", "text", "values"), CASES, ids=[f"{label}: {text[:40]!r}" for label, text, _ in CASES])
def test_is_found(label: str, text: str, values: list[str]) -> None:
    found = EVERYTHING.find(text)
    assert [(each.label, text[each.start : each.end]) for each in found] == [(label, value) for value in values]
    assert EVERYTHING.may_hold(text.encode())


@pytest.mark.parametrize("text", NEGATIVES, ids=[repr(text[:40]) for text in NEGATIVES])
def test_is_left_alone(text: str) -> None:
    assert EVERYTHING.find(text) == []
    assert EVERYTHING.redact(text, lambda label, value: "*") is text


USUAL = [
    *("Jane Doe", "The customer called because the parcel came late; we sent another one before the weekend, as a present."),
    *(
        "550e8400-e29b-41d4-a716-446655440000",
        "2024-01-15T10:30:45.123456+00:00",
        "2024-01-15",
        "10:30:45",
        "1234567890",
        "12345.678",
    ),
    *("de891c5a880faf6fb5e6087eb1b2dc12", "trace 1679091c5a880faf6fb5e6087eb1b2dc", "build 20240115abcdef01"),
    *("v1.2.3", "shipped", "3b18e512dba79e4c8300dd08aeb37f8e728b8dad", "Größe", "https://example.com/items/123?page=2"),
]


@pytest.mark.parametrize("text", USUAL)
def test_usual_cells_are_not_even_searched(text: str) -> None:
    assert not EVERYTHING.may_hold(text.encode())


@pytest.mark.parametrize("text", [text for label, text, _ in CASES if label in ("pii.email", "pii.card", "pii.bank_account")])
@pytest.mark.parametrize(
    ("before", "after"), [("", " "), ("note: ", "."), ("<td>", "</td>"), ('{"v": "', '"}'), ("x=", "&y=1"), ("日本語 ", "。")]
)
def test_is_found_in_other_text(before: str, after: str, text: str) -> None:
    whole = before + text + after
    assert [each.label for each in EVERYTHING.find(whole)] == [each.label for each in EVERYTHING.find(text)]


# -- the look before the search --------------------------------------------------------------------------------------------------


def searched(text: str) -> Iterator[Found]:
    """Without the look."""
    yield from EVERYTHING._search(text, ALL_BITS)


def assert_look_misses_nothing(text: str) -> None:
    seen = EVERYTHING._signs.scan(text.encode("utf-8", "surrogatepass"))
    for found in searched(text):
        assert seen >> EVERYTHING.labels.index(found.label) & 1, (found.label, text[found.start : found.end], text)
    unfolded = unfold(text)
    if unfolded is not None and next(searched(unfolded.text), None) is not None:
        assert seen, text


@pytest.mark.parametrize("text", TEXTS)
def test_the_look_misses_nothing_of_the_tables(text: str) -> None:
    assert_look_misses_nothing(text)
    assert_look_misses_nothing(text.upper())
    assert_look_misses_nothing(f"7 {text} 8")
    assert_look_misses_nothing(f"é{text}é")


PIECES = st.sampled_from(
    [
        *(
            "4111",
            "1111",
            "111111",
            "1111111111",
            "12",
            "34",
            "5",
            "0",
            "01",
            "00",
            "+",
            "49",
            "212",
            "555",
            "1234",
            "2024",
            "1985",
        ),
        *(" ", " ", "-", "-", ".", "/", ":", ",", "(", ")", "_", "T", "@", "a", "x", "Z", "e", "é", "中", "\u00a0", "\u2013"),
        *(
            "DE89",
            "GB29",
            "AB",
            "C",
            "X",
            "RSSMRA85",
            "T10A562S",
            "::",
            "db8",
            "ssn",
            "tel",
            "IBAN ",
            "lat=",
            "48.8566",
            "password=",
            "key",
        ),
        *(
            "550e8400-e29b-41d4-a716-446655440000",
            "10:30:45",
            "2024-01-15",
            "v",
            "%20",
            "%40",
            "\\u0040",
            "&#64;",
            "example.com",
            "eyJ",
        ),
    ]
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=14).map("".join))
@example("12 34 56 C AB 12 34 56 C")
@example("X-1234567-L")
def test_the_look_misses_nothing(text: str) -> None:
    assert_look_misses_nothing(text)


DIGITY = st.text(alphabet="0123456789+-. ()/:AaXxZeé", max_size=40)


@settings(max_examples=1500, deadline=None)
@given(DIGITY)
def test_the_look_misses_no_number(text: str) -> None:
    assert_look_misses_nothing(text)


@pytest.mark.parametrize(
    "encoding", ["latin-1", "cp1252", "shift_jis", "euc_jp", "gbk", "gb18030", "big5", "euc_kr", "cp1251", "utf-8"]
)
@pytest.mark.parametrize(
    "text", ["tel 212-555-1234", "4111-1111-1111-1111", "jane@example.com", "DE89370400440532013000", "536-90-4399", "203.0.113.77"]
)
def test_the_look_reads_other_encodings(encoding: str, text: str) -> None:
    for around in ("äö", "中文", "電話表能", "ドレス", "код", "한국"):
        try:
            data = f"{around}{text}{around}".encode(encoding)
        except UnicodeEncodeError:
            continue
        assert EVERYTHING.may_hold(data), data


def plain() -> ModuleType:
    """The file as it stands, whatever was compiled from it."""
    source = Path(str(imported.__file__)).with_name("signs.py")
    spec = importlib.util.spec_from_file_location("signs_plain", source, loader=SourceFileLoader("signs_plain", str(source)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LITERALS = [(b"@", 1), (b"tel", 2), (b"hotel", 4), (b"ote", 8), ("tél".encode(), 16), (b"", 32)]
STRUCTURES = [1 << bit for bit in range(8, 14)]
NEEDS = [(2, 3), (1 << 9, 8)]
PURE = plain().Signs(LITERALS, STRUCTURES, NEEDS)
BUILT = imported.Signs(LITERALS, STRUCTURES, NEEDS)


@settings(max_examples=1000, deadline=None)
@given(st.one_of(st.binary(max_size=80), DIGITY.map(str.encode), st.lists(PIECES, max_size=10).map("".join).map(str.encode)))
@example(b"the hotel\xff tel 1234")
@example(b"12345678-1234-1234-1234-123456789012")
@example(b"2024-01-1")
@example(b"10:30:4")
@example(b"1.1.2024")
@example(b"12:")
@example(b"2024-")
def test_compiled_and_plain_look_alike(data: bytes) -> None:
    assert BUILT.scan(data) == PURE.scan(data)


def test_literals_are_found_within_each_other_and_in_either_case() -> None:
    assert PURE.scan(b"a hOTel 123") == 2 | 4 | 8 | 32
    assert PURE.scan(b"a hotel") == 4 | 8 | 32  # `tel` needs three digits
    assert PURE.scan(b"note") == 8 | 32
    assert PURE.scan("tél".encode()) == 16 | 32
    assert PURE.scan(b"") == 32


# -- linear time -----------------------------------------------------------------------------------------------------------------

NASTY = {
    "one letter": "a",
    "dots": "a.",
    "at": "@",
    "letter at": "a@",
    "domains": "a@b.",
    "spaced digits": "1 ",
    "zeros": "01-23 ",
    "digits": "1",
    "pluses": "+1",
    "plus digits": "+49 1",
    "colons": "a:",
    "double colons": "1::",
    "dotted": "1.",
    "decimals": "1.2345, ",
    "percent": "%40",
    "escapes": "\\u0040",
    "backslashes": "\\",
    "entities": "&#64;",
    "ampersands": "&",
    "zero width": "\u200b",
    "keys begin": "-----BEGIN PRIVATE KEY-----",
    "dashes": "-",
    "tokens begin": "eyJ",
    "tokens": "eyJaaaaaa.",
    "passwords": "password=",
    "words of keys": "api_key_",
    "secret words": "api_",
    "schemes": "http://a:@",
    "servers": "server=a;",
    "streets": "1 Main ",
    "accounts": "DE89 1234 ",
    "addresses": "jane@example.com ",
    "cards": "4111 1111 1111 1111 ",
    "phones": "+49 30 1234567 ",
    "crypt": "$2b$12$",
    "phc": "$argon2id$",
    "putty": "PuTTY-User-Key-File-2: ",
    "born": "born ",
    "degrees": "1° ",
    "passports": "passport 1 ",
    "wide": "\uff11",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", NASTY.values(), ids=NASTY)
def test_time_is_linear(unit: str) -> None:
    """A megabyte: a second or two, where quadratic time takes hours. The last character spoils what matched."""
    EVERYTHING.find((unit * (1_000_000 // len(unit)))[:1_000_000] + "\x01")


@pytest.mark.timeout(60)
def test_overlaps_are_resolved_in_no_time() -> None:
    """A second, where each with each takes hours."""
    chain = [Found(3 * n, 3 * n + 5, "pii.email" if n % 2 else "pii.card") for n in range(100_000)]
    kept = resolved(chain)
    assert all(earlier.end <= later.start for earlier, later in pairwise(kept))


# -- any text --------------------------------------------------------------------------------------------------------------------


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=12).map("".join)))
@example("\ud800@example.com")
@example("&#99999999;@a.bc")
@example("\\u{ffffff}\\ud800")
def test_any_text_gives_parts_in_order(text: str) -> None:
    found = EVERYTHING.find(text)
    end = 0
    for each in found:
        assert end <= each.start < each.end <= len(text)
        end = each.end
    redacted = EVERYTHING.redact(text, lambda label, value: "*****")
    assert (redacted is text) == (not found)
    assert not EVERYTHING.find(EVERYTHING.redact("jane@example.com " + text, lambda label, value: "")) or found


def test_redact_asks_how_for_each_value() -> None:
    asked: list[tuple[str, str]] = []

    def how(label: str, value: str) -> str:
        asked.append((label, value))
        return f"[{label}]"

    text = "jane@example.com paid with 4111 1111 1111 1111, call +49 30 1234567"
    assert EVERYTHING.redact(text, how) == "[pii.email] paid with [pii.card], call [pii.phone]"
    assert asked == [("pii.email", "jane@example.com"), ("pii.card", "4111 1111 1111 1111"), ("pii.phone", "+49 30 1234567")]


# -- which labels ----------------------------------------------------------------------------------------------------------------


def test_only_what_is_asked_for_is_found() -> None:
    text = "jane@example.com 4111 1111 1111 1111 " + JWT
    assert [each.label for each in Detector(["pii.email"]).find(text)] == ["pii.email"]
    assert [each.label for each in Detector(["secret"]).find(text)] == ["secret.token"]
    assert [each.label for each in Detector(["pii", "secret"]).find(text)] == ["pii.email", "pii.card", "secret.token"]
    assert [each.label for each in Detector(["pii.address"]).find("at 123 Main Street")] == ["pii.address.street"]


def test_nothing_asked_for_is_nothing_found() -> None:
    nothing = Detector(["pii.name", "pii.gender", "no.such.label"])
    assert nothing.labels == ()
    assert not nothing.may_hold(b"jane@example.com 4111 1111 1111 1111")
    assert nothing.find("jane@example.com") == []


def test_what_overlaps() -> None:
    # a connection string has what looks like an address in it; the longest is kept
    url = "postgres://user:pass@db.example.com/shop"
    assert [tuple(each) for each in EVERYTHING.find(url)] == [(0, len(url), "secret.connection")]
    assert [each.label for each in Detector(["pii"]).find(url)] == ["pii.email"]


def test_what_sticks_out_is_not_forgotten() -> None:
    one, other = Found(0, 10, "pii.email"), Found(6, 30, "secret.token")
    assert resolved([one, other]) == [Found(0, 6, "pii.email"), other]
    around = Found(0, 40, "pii.phone")
    assert resolved([around, other]) == [around]
    assert resolved([Found(0, 10, "pii.card"), Found(5, 14, "pii.phone"), Found(9, 19, "pii.email")])[-1].end == 19


def test_of_equals_the_stricter_is_kept() -> None:
    one, other = Found(0, 10, "pii.phone"), Found(0, 10, "pii.national_id")
    assert resolved([one, other]) == resolved([other, one]) == [other]
    assert STRICT["pii.national_id"] < STRICT["pii.phone"]


SPANS = st.builds(
    lambda start, size, label: Found(start, start + size, label),
    st.integers(0, 60),
    st.integers(1, 20),
    st.sampled_from(sorted(LABELS)),
)


@given(st.lists(SPANS, max_size=12))
def test_all_that_was_found_stays_covered(found: list[Found]) -> None:
    kept = resolved(found)
    covered = {position for each in kept for position in range(each.start, each.end)}
    assert covered == {position for each in found for position in range(each.start, each.end)}
    assert sum(each.end - each.start for each in kept) == len(covered)


# -- text that is written another way --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "is_read"),
    [
        ("jane%40example.com", "jane@example.com"),
        ("jane\\u0040example.com", "jane@example.com"),
        ("jane\\\\u0040example.com", "jane@example.com"),
        ("jane\\u{40}example.com", "jane@example.com"),
        ("jane\\x40example.com", "jane@example.com"),
        ("jane&#64;example&#x2e;com", "jane@example.com"),
        ("a\\nb", "a b"),
        ('{\\"a\\": 1}', '{"a": 1}'),
        ("j\u200ba\u00adne", "jane"),
        ("\uff14\uff11\uff11\uff11\u00a0\u2013\u3000", "4111 - "),
        ("\u0663\u0664", "34"),
        ("j%C3%B6rg", "jxxrg"),
        ("100% &amp; x &unknown; &#0;", None),
    ],
)
def test_unfold(text: str, is_read: str | None) -> None:
    unfolded = unfold(text)
    assert unfolded is not None
    if is_read is not None:
        assert unfolded.text == is_read


@pytest.mark.parametrize("text", ["", "plain", "größer", "100 % & more", "日本語"])
def test_what_is_plain_stays(text: str) -> None:
    assert unfold(text) is None


@given(st.text(alphabet="ab%40\\u0nx&#6;\u200b\uff11é", max_size=30))
def test_spans_of_unfolded_text_cover_it(text: str) -> None:
    unfolded = unfold(text)
    if unfolded is None:
        return
    end = 0
    for position in range(len(unfolded.text)):
        start, stop = unfolded.span(position, position + 1)
        assert end <= start < stop <= len(text)
        end = stop
        if stop - start == 1 and text[start].isascii():
            assert text[start] == unfolded.text[position]


# -- whole values ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("jane@example.com", "pii.email"),
        (" jane@example.com ", "pii.email"),
        ("4111 1111 1111 1111", "pii.card"),
        ("4111111111111111", "pii.card"),
        ("DE89370400440532013000", "pii.bank_account"),
        ("536-90-4399", "pii.national_id"),
        ("12345678Z", "pii.national_id"),
        ("AB123456C", "pii.national_id"),
        ("52998224725", "pii.national_id"),
        ("203.0.113.77", "pii.ip_address"),
        ("2001:db8::8a2e:370:7334", "pii.ip_address"),
        ("+49 30 1234567", "pii.phone"),
        ("(212) 555-1234", "pii.phone"),
        ("555-1234", "pii.phone"),
        ("666 345 679", "pii.phone"),
        ("555.123.4567x123", "pii.phone"),
        ("001-555-123-4567x123", "pii.phone"),
        ("01711234567", "pii.phone"),
        ("48.8566, 2.3522", "pii.geo"),
        ("12 Elm Drive", "pii.address.street"),
        ("123 Main St, Apt 4", "pii.address.street"),
        ("Hauptstraße 12", "pii.address.street"),
        ("Lindenweg 4", "pii.address.street"),
        (BCRYPT, "secret.password"),
        (JWT, "secret.token"),
        ("postgres://u:p@h/db", "secret.connection"),
        *(
            (negative, None)
            for negative in ("", "Jane Doe", "12345", "1234567890", HEX32, HEX64, "2024-01-15", "01.02.2024", "10:30:45")
        ),
        *(
            (negative, None)
            for negative in ("550e8400-e29b-41d4-a716-446655440000", "1.2.3.4", "12345.67", "v10.2", "ORD-2024-1", "true")
        ),
        ("a" * 100_000, None),
        ("1" * 100_000, None),
    ],
)
def test_classify(value: str, label: str | None) -> None:
    assert classify(value) == label
    assert EVERYTHING.classify(value) == label


@pytest.mark.parametrize("label", [label for label in LABELS.values() if label.within], ids=lambda label: label.name)
def test_the_table_has_what_a_search_needs(label: object) -> None:
    assert isinstance(label, type(LABELS["pii.email"]))
    assert label.signs, "without signs every text is searched for it"
    assert label.name in POSITIVES
