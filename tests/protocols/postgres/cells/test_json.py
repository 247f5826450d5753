"""JSON: offending leaves are masked, every other byte stays."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.protocols.postgres.cell import CellMask
from nightporter.protocols.postgres.cells import cell_guard, cell_masker

from .looks import Looks, Names

JSON, JSONB = 114, 3802
KEY = b"k" * 32


def guard(looking: Looks, type_oid: int = JSON, *, binary: bool = False) -> CellMask:
    made = cell_guard(type_oid, -1, binary, looking, None, KEY)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        ('{"a": "x@y.z"}', '{"a": "<mail>"}'),
        ('{ "a":1.50 ,"a" : "x@y.z","b":[ "\\u00e9", 1e5]}', '{ "a":1.50 ,"a" : "<mail>","b":[ "\\u00e9", 1e5]}'),
        ('"x\\u0040y.z"', '"<mail>"'),
        ('{"x@y.z": 1}', '{"<mail>": 1}'),
        ('["to \\"x@y.z\\"\\n", null]', '["to \\"<mail>\\"\\n", null]'),
        ('"{\\"a\\": \\"x@y.z\\"}"', '"{\\"a\\": \\"<mail>\\"}"'),
        ('{"a": "é x@y.z"}', '{"a": "\\u00e9 <mail>"}'),
    ],
)
def test_what_is_found(document: str, shown: str) -> None:
    assert guard(Looks()).mask(document.encode()) == shown.encode()
    assert guard(Looks(), JSONB, binary=True).mask(b"\x01" + document.encode()) == b"\x01" + shown.encode()


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        ('{"ssn": "123-45-6789"}', '{"ssn": "*****"}'),
        ('{"ssn" : 123456789, "n": 1}', '{"ssn" : 0, "n": 1}'),
        ('{"pay": 53200.50}', '{"pay": 50000.00}'),
        ('{"pay": 5e4}', '{"pay": 0}'),
        ('{"sex": true}', '{"sex": false}'),
        ('{"mail": 3}', '{"mail": 3}'),
        ('{"mail": "not one"}', '{"mail": "*****"}'),
        ('{"mail": "ada@example.com"}', '{"mail": "a***@example.com"}'),
        ('{"who": {"given": "Ada", "n": [null, "B"]}, "x": "y"}', '{"who": {"given": "*****", "n": [null, "*****"]}, "x": "y"}'),
        ('[{"who": ["Ada"]}, "Ada"]', '[{"who": ["*****"]}, "Ada"]'),
        ('{"s\\u0073n": "1"}', '{"s\\u0073n": "*****"}'),
        ('{"who": null, "a": {"who": ""}}', '{"who": null, "a": {"who": ""}}'),
        ('{"a\\"ssn": "1"}', '{"a\\"ssn": "1"}'),
        ('{"a": "ssn"}', '{"a": "ssn"}'),
    ],
)
def test_what_a_key_tells(document: str, shown: str) -> None:
    assert guard(Names()).mask(document.encode()) == shown.encode()


def test_full_hides_all_leaves_and_keys_that_are_no_names() -> None:
    masker = cell_masker(JSON, -1, False, "full", "", None, KEY, names=lambda key: key == "name")
    shown = masker.mask(b'{"name": "Ada", "ada@x.y": [1, true, null, {"f": -2.5}], "e": {}}')
    assert shown == b'{"name": "*****", "*****": [0, false, null, {"*****": 0}], "*****": {}}'


def test_other_maskers() -> None:
    document = b'{"name": "ada@example.com", "n": 53200, "m": 4217}'

    def shown(name: str) -> dict[str, object]:
        made = cell_masker(JSON, -1, False, name, "pii.email", None, KEY, names=lambda key: True).mask(document)
        assert made is not None
        read: dict[str, object] = json.loads(made)
        return read

    assert shown("partial") == {"name": "a***@example.com", "n": 0, "m": 0}
    assert shown("bucket") == {"name": "*****", "n": 50000, "m": 4000}
    assert str(shown("token")["name"]).endswith("@masked.invalid")
    assert shown("token") == shown("token")
    assert cell_masker(JSON, -1, False, "null", "", None, KEY).is_constant


def test_what_holds_nothing_is_not_taken_apart() -> None:
    looking = Looks()
    cell = b'{"a": [1, 2, {"b": "c"}]}'
    assert guard(looking).mask(cell) is cell
    assert looking.asked == 0


BROKEN = [
    b"",
    b"{",
    b'{"@',
    b'"@\\',
    b"[@]",
    b'{"a":"@"]',
    b'["@"]]',
    b"@",
    b'"@"\xff',
    b'{"a" "@": tru}',
    b"\x02{}",
    b'"@\\q"',
    b'"\\u00"',
]


@pytest.mark.parametrize("cell", BROKEN)
def test_what_is_no_json_is_not_shown(cell: bytes) -> None:
    assert cell_masker(JSON, -1, False, "full", "", None, KEY).mask(cell) in (None, b"") or not cell.strip()
    shown = guard(Looks()).mask(cell)
    assert shown is None or b"@" not in shown


def test_depth_does_not_matter() -> None:
    cell = b"[" * 100_000 + b'"x@y.z"' + b"]" * 100_000
    assert guard(Looks()).mask(cell) == cell.replace(b"x@y.z", b"<mail>")


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def _walk(document: object) -> object:
    match document:
        case dict():
            return [("key", _walk(value)) for value in document.values()]
        case list():
            return [_walk(each) for each in document]
        case None:
            return None
        case bool():
            return False
        case str():
            return "*****"
        case _:
            return 0


@given(documents, st.booleans(), st.sampled_from([None, 1]))
def test_full_keeps_the_structure(document: object, ascii_: bool, indent: int | None) -> None:
    try:
        cell = json.dumps(document, ensure_ascii=ascii_, indent=indent).encode()
    except UnicodeEncodeError:
        return
    shown = cell_masker(JSON, -1, False, "full", "", None, KEY, names=lambda key: True).mask(cell)
    assert shown is not None
    pairs = json.loads(shown, object_pairs_hook=dict)
    assert _walk(pairs) == _walk(document) or indent
    assert _walk(pairs) == _walk(json.loads(cell))


@given(documents)
def test_what_is_not_found_stays_the_same_object(document: object) -> None:
    cell = json.dumps(document).encode().replace(b"@", b"-")
    assert guard(Names()).mask(cell) is cell or any(b'"%s"' % key in cell for key in (b"ssn", b"pay", b"sex", b"who", b"mail"))


@given(st.binary(max_size=80) | st.text(alphabet='{}[]":,\\@un0truefalsx', max_size=60).map(str.encode))
def test_any_bytes(cell: bytes) -> None:
    for type_oid, binary in ((JSON, False), (JSONB, True)):
        for mask in (cell_masker(type_oid, -1, binary, "full", "", None, KEY), guard(Names(), type_oid, binary=binary)):
            shown = mask.mask(cell)
            assert shown is None or isinstance(shown, bytes)
