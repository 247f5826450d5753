"""Values that policies compare a fact with, as they are written out in them: where a decision may change. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .sight import variable


def compared_with(node: object, fact: str) -> Iterator[str]:
    """Texts that an expression holds `context.FACT` against: a value each that is equal to it, or like it."""
    for kind, body in _expressions(node):
        match kind, body:
            case "==", {"left": left, "right": right}:
                for one, other in ((left, right), (right, left)):
                    if _is_fact(one, fact):
                        yield from _texts(other)
            case "contains", {"left": left, "right": right} if _is_fact(right, fact):
                yield from _texts(left)
            case "like", {"left": left, "pattern": pattern} if _is_fact(left, fact):
                yield "".join("*" if part == "Wildcard" else part["Literal"] for part in pattern)
            case _:
                pass


def numbers(node: object) -> Iterator[int]:
    """Every whole number in an expression."""
    for kind, body in _expressions(node):
        if kind == "Value" and isinstance(body, int) and not isinstance(body, bool):
            yield body


def addresses(node: object) -> Iterator[str]:
    """Every network address in an expression, `10.0.0.0/8`."""
    for kind, body in _expressions(node):
        if kind == "ip" and isinstance(body, list) and len(body) == 1:
            yield from _texts(body[0])


def _expressions(node: object) -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping):
        for kind, body in node.items():
            yield kind, body
            yield from _expressions(body)
    elif isinstance(node, list):
        for each in node:
            yield from _expressions(each)


def _is_fact(node: object, fact: str) -> bool:
    match node:
        case {".": {"left": left, "attr": attribute}}:
            return attribute == fact and variable(left) == "context"
        case _:
            return False


def _texts(node: object) -> Iterator[str]:
    match node:
        case {"Value": str(text)}:
            yield text
        case {"Set": list(every)}:
            for each in every:
                yield from _texts(each)
        case _:
            pass
