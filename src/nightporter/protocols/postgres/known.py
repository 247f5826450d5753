"""What is known to be no value of anybody's: names of the catalogue, what the client told, what functions say. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Protocol

from .conditions import CONDITIONS
from .phrases import COMMAND, ENCODING, ENCODINGS, FIXED, NAME, TYPE, TYPES, VALUE, Phrase
from .told import Told

HIDDEN = "*****"
"""In the place of a value, whatever its length was."""

_IDENTIFIER = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')
_NUMBER = re.compile(r"[0-9]{1,9}")
_COMMAND = re.compile(r"[A-Z]+(?: [A-Z]+){0,4}")
MAX_NAME = 2048
"""Characters: of a function's name and types."""

_ALWAYS = frozenset({"inline_code_block", "_RETURN"})
"""What the server calls the body of a DO, and the rule of a view."""
_RAISE = re.compile(r"(?i)\braise\s+(?:(?:debug|log|info|notice|warning|exception)\s+)?'((?:[^']|'')*+)'")
_USING = re.compile(r"(?i)\b(?:message|detail|hint)\s*:?=\s*'((?:[^']|'')*+)'")


class Detector(Protocol):
    """Finds values of labels that must not be seen."""

    def redact(self, text: str, how: Callable[[str, str], str]) -> str:
        """`text` with `how(label, value)` in the place of each; the same object when there is none."""
        ...


class Known:
    """What of a message may be shown, whatever ran into it."""

    __slots__ = ("_bodies", "_detector", "_names", "_raised", "constraint", "told")

    def __init__(self, told: Told, names: Callable[[str], bool], detector: Detector, bodies: Iterable[str]) -> None:
        self.told = told
        self._names = names
        self._detector = detector
        self._bodies = bodies
        self._raised: tuple[Phrase, ...] | None = None
        self.constraint = ""
        """That the server itself names in the message at hand; the catalogue that we know does not have all of them."""

    def is_told(self, text: str) -> bool:
        """The client has said it, and so little besides that this tells nothing."""
        return self.told.are_few and self.told.has(text)

    def is_name(self, text: str) -> bool:
        """A name of the catalogue: alone, with what it is in, or a function with its types."""
        if len(text) > MAX_NAME:
            return False
        if text in _ALWAYS or self._names(text) or (text == self.constraint != ""):
            return True
        if len(text) > 2 and text[0] == text[-1] == '"':
            return self._names(text[1:-1].replace('""', '"'))
        function = _function(text)
        if function is not None:
            return self.is_name(function[0]) and self._are_types(function[1])
        parts = text.split(".")
        return 1 < len(parts) <= 4 and all(part and self._names(part.strip('"')) for part in parts)

    def is_own(self, text: str) -> bool:
        """In what is about the client's own text: it has said it, or the catalogue has it; alone, or part by part."""
        return self.told.has(text) or self.is_name(text) or all(map(self._is_own_part, text.split(".")))

    def _is_own_part(self, part: str) -> bool:
        return bool(part) and (self.told.has(part) or self._names(part.strip('"')))

    def is_type(self, text: str) -> bool:
        """A type as the server prints it."""
        bare = text.removesuffix("[]")
        return bare in TYPES or self.is_name(bare)

    def _are_types(self, text: str) -> bool:
        return not text or all(self.is_type(each.strip()) for each in text.split(","))

    def gap(self, kind: str, text: str) -> str:
        """What to show in a gap of a phrase."""
        if kind == FIXED:
            known = _NUMBER.fullmatch(text) is not None
        elif kind == NAME:
            known = self.is_name(text)
        elif kind == TYPE:
            known = self.is_type(text)
        elif kind == ENCODING:
            known = text in ENCODINGS
        else:
            known = kind == COMMAND and _COMMAND.fullmatch(text) is not None
        if known or self.is_told(text.removesuffix("...")):
            return text
        function = _function(text)
        if function is not None and self.is_told(function[0]) and self._are_types(function[1]):
            return text
        return HIDDEN

    def column(self, written: str) -> str:
        """A column of a key, or an expression over columns, as far as it is names."""
        found = identifiers(written)
        known = bool(found) and all(self._names(each) or each.lower() in TYPES or self.is_told(each) for each in found)
        return written if known and re.search(r"['0-9]", _IDENTIFIER.sub("", written)) is None else HIDDEN

    def state(self, state: str) -> str:
        """The SQLSTATE, if it is one of the server's or one that a function is known to raise; RAISE can make any."""
        if state in CONDITIONS or self.is_told(state):
            return state
        written = f"'{state}'"
        return state if len(state) == 5 and any(written in body for body in self._bodies) else "P0001"

    def is_query(self, text: str) -> bool:
        """A statement that stands in a function as it is, or that the client has sent."""
        return self.is_told(text) or any(text in body for body in self._bodies)

    def found(self, text: str) -> str:
        """Without what the detectors find and the client has not said."""
        return self._detector.redact(text, self._shown)

    def _shown(self, _label: str, value: str) -> str:
        return value if self.told.has(value) else HIDDEN

    @property
    def raised(self) -> tuple[Phrase, ...]:
        """What the functions say, as their source has it."""
        if self._raised is None:
            self._raised = tuple(phrase for body in self._bodies for phrase in raised(body))
        return self._raised


def _function(text: str) -> tuple[str, str] | None:
    """A function's name, and its types."""
    name, opened, types = text[:MAX_NAME].partition("(")
    return (name, types[:-1]) if name and opened and text.endswith(")") and len(text) <= MAX_NAME else None


def identifiers(text: str) -> list[str]:
    """The words of an expression, and names in quotes without them."""
    return [quoted.replace('""', '"') or bare for quoted, bare in _IDENTIFIER.findall(text)]


def raised(body: str) -> list[Phrase]:
    """What a function in PL/pgSQL says by RAISE, with a gap for each value. Formats without a word are left out."""
    found = []
    for match in _RAISE.finditer(body):
        pieces = [""]
        for part in re.split("(%%?)", match.group(1).replace("''", "'")):
            if part == "%":
                pieces.append("")
            else:
                pieces[-1] += "%" if part == "%%" else part
        if any(character.isalpha() for piece in pieces for character in piece):
            found.append(Phrase(pieces, VALUE * (len(pieces) - 1)))
    found += [Phrase((match.group(1).replace("''", "'"),), ()) for match in _USING.finditer(body)]
    return found
