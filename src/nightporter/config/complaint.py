"""What pydantic found, in the words of an operator. Must not repeat what may be a secret: pydantic does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .document import Document, Problem
from .keys import KEYS, pattern
from .model import Key, Misfits
from .value import meant

_WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "model_type": "must be a mapping of keys to values",
    "mapping_type": "must be a mapping of keys to values",
    "tuple_type": "must be a list",
    "string_type": "must be a text; put it in quotes",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:.12g}",
}
_ABOUT_KEYS = ("missing", "extra_forbidden")


def complaints(error: ValidationError, document: Document) -> list[Problem]:
    """One problem for each thing that is wrong."""
    found: list[Problem] = []
    for detail in error.errors(include_url=False):
        key = _key(detail["loc"])
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, Misfits):
            found += [Problem(document.place(path, of_value=True), path, message) for path, message in cause.misfits]
        else:
            of_value = key == detail["loc"] and detail["type"] not in _ABOUT_KEYS
            found.append(Problem(document.place(key, of_value=of_value), key, _message(detail, key)))
    return found


def _key(loc: tuple[int | str, ...]) -> Key:
    """A complaint about the name of an entry has a last part of pydantic's own."""
    return loc[:-1] if loc and loc[-1] == "[key]" else loc


def _message(detail: ErrorDetails, key: Key) -> str:
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return f"is not a key{_suggestion(key)}"
        case "enum":
            return f"must be one of {context['expected']}".replace("'", "").replace(" or ", ", ")
        case "value_error":
            return str(context["error"])
        case known if known in _WORDS:
            return _WORDS[known].format(**context)
        case _:
            return detail["msg"][:1].lower() + detail["msg"][1:]


def _suggestion(key: Key) -> str:
    *around, last = pattern(key).rpartition(".")
    parent = "".join(around)
    siblings = [known.removeprefix(parent) for known in KEYS if known.startswith(parent)]
    return meant(last, [sibling for sibling in siblings if "." not in sibling and "[" not in sibling])
