"""Checks a record against the schema of its version, `schema/record-v2.json` today, with the standard library alone.

Old ledgers verify for ever, and a log may begin in one version and go on in the next. It understands the few words of JSON
Schema that the files use and refuses to work with any other: a constraint is never passed over. It is not a validator for
schemas in general.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any], str | None]
"""Gives what is wrong with a value, or None."""

_FOLDER = Path(__file__).parent / "schema"
FILES = {version: _FOLDER / f"record-v{version}.json" for version in (1, 2)}
FILE = FILES[2]
"""Of the records that are written now."""

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
_REMARKS = frozenset({"$schema", "$id", "$defs", "title", "description"})
_WORDS = frozenset(
    {"$ref", "oneOf", "anyOf", "const", "enum", "type", "pattern", "minimum", "items"}
    | {"properties", "required", "additionalProperties"}
)


def record_check() -> Check:
    """The check for one record. Raises ValueError if a schema uses a word that is not understood."""
    schemas = {version: json.loads(file.read_text("utf-8")) for version, file in FILES.items()}
    checks = {version: _compile(schema, schema["$defs"]) for version, schema in schemas.items()}

    def check(value: Any) -> str | None:
        version = value.get("v") if isinstance(value, dict) else None
        known = checks.get(version) if type(version) is int else None  # True is not 1
        return known(value) if known is not None else checks[max(checks)](value)  # which says what is wrong with the version

    return check


def _compile(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Check:
    strange = schema.keys() - _REMARKS - _WORDS
    if strange:
        raise ValueError(f"the schema uses `{min(strange)}`, which is not understood")
    checks: list[Check] = []
    if "$ref" in schema:
        checks.append(_compile(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions))
    # The alternatives exclude one another, so that `oneOf` and `anyOf` mean the same here.
    for word in schema.keys() & {"oneOf", "anyOf"}:
        checks.append(_any_of([_compile(each, definitions) for each in schema[word]]))
    if "const" in schema:
        checks.append(_one_of([schema["const"]]))
    if "enum" in schema:
        checks.append(_one_of(schema["enum"]))
    if "type" in schema:
        checks.append(_type(schema["type"]))
    if "pattern" in schema:
        checks.append(_pattern(schema["pattern"]))
    if "minimum" in schema:
        checks.append(_minimum(schema["minimum"]))
    if "items" in schema:
        checks.append(_items(_compile(schema["items"], definitions)))
    if schema.keys() & {"properties", "required", "additionalProperties"}:
        checks.append(_object(schema, definitions))
    return checks[0] if len(checks) == 1 else _all_of(checks)


def _all_of(checks: list[Check]) -> Check:
    def check(value: Any) -> str | None:
        for each in checks:
            wrong = each(value)
            if wrong is not None:
                return wrong
        return None

    return check


def _any_of(checks: list[Check]) -> Check:
    def check(value: Any) -> str | None:
        found: list[str] = []
        for each in checks:
            wrong = each(value)
            if wrong is None:
                return None
            found.append(wrong)
        # The alternative that is meant is the one whose kind fits; its complaint is the one that helps.
        return next((wrong for wrong in found if not wrong.startswith("`kind`")), found[0])

    return check


def _one_of(values: list[Any]) -> Check:
    allowed = {(type(value), value) for value in values}  # in JSON true is not 1

    def check(value: Any) -> str | None:
        known = isinstance(value, str | int | None) and (type(value), value) in allowed
        return None if known else "has an unknown value"

    return check


def _type(names: str | list[str]) -> Check:
    tests = [_TYPES[name] for name in ([names] if isinstance(names, str) else names)]
    return lambda value: None if any(test(value) for test in tests) else "has the wrong type"


def _pattern(pattern: str) -> Check:
    # `$` also matches before a final newline in Python, though not in JSON Schema.
    search = re.compile(pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern).search
    return lambda value: "is malformed" if isinstance(value, str) and search(value) is None else None


def _minimum(least: int) -> Check:
    return lambda value: "is too small" if isinstance(value, int | float) and value < least else None


def _items(item: Check) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, list):
            for index, each in enumerate(value):
                wrong = item(each)
                if wrong is not None:
                    return f"[{index}] {wrong}"
        return None

    return check


def _object(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Check:
    known = {name: _compile(each, definitions) for name, each in schema.get("properties", {}).items()}
    required = schema.get("required", [])
    # The kind first: it says which alternative is meant.
    order = sorted(known, key=lambda name: name != "kind")
    others = schema.get("additionalProperties", True)
    other = _compile(others, definitions) if isinstance(others, dict) else None

    def check(value: Any) -> str | None:
        if not isinstance(value, dict):
            return None
        for name in order:
            if name in value:
                wrong = known[name](value[name])
                if wrong is not None:
                    return f"`{name}` {wrong}"
        for name in required:
            if name not in value:
                return f"`{name}` is missing"
        for name in value.keys() - known.keys():
            wrong = "is not known" if others is False else other(value[name]) if other is not None else None
            if wrong is not None:
                return f"`{name}` {wrong}"
        return None

    return check
