"""YAML text as plain values, and where in the text each of them stands. Knows no key.

A small YAML: what reads differently from what it looks like (duplicate keys, aliases, keys without a value) is a problem.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from .model import Key

MAX_CHARACTERS = 1024 * 1024
"""A configuration of a megabyte is the wrong file."""


_QUOTED = re.compile(r"""(?P<quote>['"])(?P<word>.*?)(?P=quote)""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """A position in the text; both from 1."""

    line: int
    column: int


START = Place(1, 1)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that must be mended before we start."""

    place: Place
    key: Key
    message: str
    """Says nothing of the text around the place: there may be a password."""


@dataclass(slots=True)
class Document:
    """What `read` makes of a text."""

    data: Any = None
    keys: dict[Key, Place] = field(default_factory=dict)
    """Where each key (or list item) begins."""
    values: dict[Key, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, key: Key, *, of_value: bool = False) -> Place:
        """Where `key` stands, or the nearest key around it."""
        places = self.values if of_value and key in self.values else self.keys
        while key and key not in places:
            key = key[:-1]
        return places.get(key, START)


def read(text: str) -> Document:
    """Read one YAML document. Never raises for what the text says: that is among the problems."""
    document = Document()
    if len(text) > MAX_CHARACTERS:
        document.problems.append(Problem(START, (), f"is longer than {MAX_CHARACTERS} characters"))
        return document
    try:
        loader = yaml.SafeLoader(text)
        try:
            _Reader(loader, document).read()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = _place(mark) if mark else START
        document.problems.append(Problem(place, (), f"is not YAML: {_without_content(error)}"))
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Place(before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1)
        document.problems.append(Problem(place, (), "is not YAML: a character that is not allowed"))
    except RecursionError:
        document.problems.append(Problem(START, (), "is nested too deeply"))
    return document


class _Reader:
    """Walks the nodes of one document."""

    def __init__(self, loader: yaml.SafeLoader, document: Document) -> None:
        self._loader = loader
        self._document = document
        self._seen: set[int] = set()

    def read(self) -> None:
        node = self._loader.get_single_node()
        if node is not None:
            self._document.keys[()] = _place(node.start_mark)
            self._document.data = self._value(node, ())

    def _value(self, node: yaml.Node, key: Key) -> Any:
        self._document.values[key] = _place(node.start_mark)
        if id(node) in self._seen:
            return self._problem(node, key, "is an alias: write the value out")
        self._seen.add(id(node))
        match node:
            case yaml.MappingNode():
                return self._mapping(node, key)
            case yaml.SequenceNode():
                return [self._item(item, (*key, index)) for index, item in enumerate(node.value)]
            case _:
                return self._scalar(node, key)

    def _mapping(self, node: yaml.MappingNode, key: Key) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            # Whatever a key looks like (`on`, `1`), it is its text.
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(key_node, key, "has a key that is not a name")
                continue
            inner = (*key, key_node.value)
            if inner in self._document.keys:
                first = self._document.keys[inner]
                self._problem(key_node, inner, f"stands here a second time: first in line {first.line}")
                continue
            self._document.keys[inner] = _place(key_node.start_mark)
            mapping[key_node.value] = self._value(value_node, inner)
        return mapping

    def _item(self, node: yaml.Node, key: Key) -> Any:
        self._document.keys[key] = _place(node.start_mark)
        return self._value(node, key)

    def _scalar(self, node: yaml.Node, key: Key) -> Any:
        # The node is at hand, so it is a plain type or an unknown tag, which raises a MarkedYAMLError.
        scalar = self._loader.construct_object(node)
        if scalar is None:
            return self._problem(node, key, "has no value: leave the key out for its default")
        return scalar

    def _problem(self, node: yaml.Node, key: Key, message: str) -> None:
        self._document.problems.append(Problem(_place(node.start_mark), key, message))


def _without_content(error: yaml.MarkedYAMLError) -> str:
    """The library's complaint, but neither the line that it quotes nor words of the file: `*secret` reads as an alias."""
    return _QUOTED.sub(_harmless, error.problem or error.context or "it cannot be read")


def _harmless(quoted: re.Match[str]) -> str:
    """Single characters and kinds of token (`<stream end>`) give nothing away."""
    word = quoted["word"]
    return quoted[0] if len(word) <= 1 or word.startswith("<") else "..."


def _place(mark: yaml.Mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)
