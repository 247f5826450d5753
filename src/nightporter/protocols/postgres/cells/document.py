"""JSON: its leaves are masked one by one, every other byte stays: spaces, order, numbers, keys that are there twice. Pure.

`rewritten` walks through a text and asks `Leaves` about each key and each scalar; who gives back the same object changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from nightporter.masking.label import FLAG, LABELS, NUMBER, WHOLE_NUMBER
from nightporter.masking.maskers import BUCKET, MASKED, PARTIAL, TOKEN, default, mask

from ..cell import CellMask
from . import number
from .looking import Looking, instead_of, named_by

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_VERSION = b"\x01"
"""Of jsonb in binary."""
_NULL, _TRUTHS = "null", ("true", "false")
_MAX_TOLD = 4096
"""Keys of which it is remembered whether they tell."""
_LONG = 12
"""Digits of the shortest number that could be a card's or an account's."""
_TOO_LONG = 17
"""More digits are no number in JavaScript: what is kept as one is an id or a hash, of which every tenth passes as a card's."""


class MalformedError(ValueError):
    """It is not JSON."""


class Leaves:
    """How the parts of a document are shown. As it stands: all as they are. A leaf is shown as another JSON token."""

    def label(self, key: str) -> str | None:
        """Which label what stands under a key has, all the way down; None: none that must be hidden."""
        return None

    def key(self, key: str) -> str:
        """How a key is shown."""
        return key

    def string(self, text: str, label: str | None) -> str | None:
        """How a string is shown, without quotes and escapes; None: null."""
        return text

    def number(self, token: str, label: str | None) -> str:
        """How a number is shown."""
        return token

    def truth(self, token: str, label: str | None) -> str:
        """How `true` or `false` is shown."""
        return token


def rewritten(text: str, leaves: Leaves) -> str:
    """The document with its leaves as they are shown; the same object if nothing is changed. Raises MalformedError."""
    parts: list[str] = []
    copied = at = 0  # what is before `copied` is in `parts`
    inside: list[tuple[bool, str | None]] = []  # is it an object; the label of all in it
    is_object = False  # of what we are in
    above: str | None = None
    label: str | None = None  # of the next value
    awaits_key = False
    size = len(text)
    while at < size:
        sign = text[at]
        start = at
        at += 1
        if sign == " " or sign == "\n" or sign == "\t" or sign == "\r" or sign == ":":
            continue
        if sign == '"':
            at = string_end(text, at)
            token = text[start:at]
            said = plain(token)
            if awaits_key:
                awaits_key = False
                label = above or leaves.label(said)
                shown = leaves.key(said)
            else:
                masked = leaves.string(said, label)
                if masked is None:
                    parts.append(text[copied:start])
                    parts.append(_NULL)
                    copied = at
                    continue
                shown = masked
            if shown is not said and shown != said:
                parts.append(text[copied:start])
                parts.append(quoted(shown))
                copied = at
        elif sign == "{" or sign == "[":
            inside.append((is_object, above))
            is_object = sign == "{"
            above = label
            awaits_key = is_object
        elif sign == ",":
            if not inside:
                raise MalformedError("not JSON")
            awaits_key = is_object
            label = above
        elif sign == "}" or sign == "]":
            if not inside or is_object != (sign == "}"):
                raise MalformedError("not JSON")
            is_object, above = inside.pop()
            awaits_key = False
            label = above
        else:
            at = scalar_end(text, at)
            token = text[start:at]
            if token != _NULL:
                shown = _scalar(leaves, token, label)
                if shown is not token:
                    parts.append(text[copied:start])
                    parts.append(shown)
                    copied = at
    if inside:
        raise MalformedError("not JSON")
    if not parts:
        return text
    parts.append(text[copied:])
    return "".join(parts)


def string_end(text: str, at: int) -> int:
    """Where the string ends that began before `at`, behind its quote. Raises MalformedError."""
    size = len(text)
    while True:
        end = text.find('"', at)
        if end < 0:
            raise MalformedError("not JSON")
        escape = text.find("\\", at, end)
        if escape < 0:
            return end + 1
        at = escape + 2
        if at > size:
            raise MalformedError("not JSON")


def scalar_end(text: str, at: int) -> int:
    """Where a number, or a word, ends."""
    size = len(text)
    while at < size:
        sign = text[at]
        if not ("0" <= sign <= "9" or "a" <= sign <= "z" or sign == "." or sign == "-" or sign == "+" or sign == "E"):
            break
        at += 1
    return at


def _scalar(leaves: Leaves, token: str, label: str | None) -> str:
    if token in _TRUTHS:
        return leaves.truth(token, label)
    if not _NUMBER.fullmatch(token):
        raise MalformedError("not JSON")
    return leaves.number(token, label)


def plain(token: str) -> str:
    """What a string in JSON says. Raises MalformedError."""
    if "\\" not in token:
        return token[1:-1]
    try:
        said: str = json.loads(token, strict=False)
    except ValueError as error:
        raise MalformedError("not JSON") from error
    return said


def quoted(text: str) -> str:
    """As a string in JSON; in ASCII, which every encoding has."""
    return json.dumps(text)


class Hidden(Leaves):
    """All scalars are hidden by one masker. Keys stay if they are names; others might be values (`json_object_agg(email, ...)`)."""

    def __init__(self, masker: str, label: str, key: bytes, names: Callable[[str], bool]) -> None:
        self._masker = masker
        self._label = label
        self._token_key = key
        self._names = names

    def key(self, key: str) -> str:
        return key if self._names(key) else MASKED

    def string(self, text: str, label: str | None) -> str | None:
        return mask(self._masker, self._label, text, self._token_key)

    def number(self, token: str, label: str | None) -> str:
        return shown_number(token, self._masker, self._label, self._token_key)

    def truth(self, token: str, label: str | None) -> str:
        return "false"


def shown_number(token: str, masker: str, label: str, key: bytes) -> str:
    """How a number is shown by a masker, as a number."""
    if masker not in (BUCKET, TOKEN, PARTIAL) or "e" in token or "E" in token:
        return "0"
    made = number.number(1700, -1, False, masker, label, key)
    shown = None if made is None else made.mask(token.encode("ascii"))
    text = "0" if shown is None else shown.decode("ascii")
    whole = text.lstrip("-")
    return text if whole == "0" or not whole.startswith("0") or whole.startswith("0.") else "0"


class Sought(Leaves):
    """What is found in strings and keys is hidden, and what a key says that it must be."""

    def __init__(self, looking: Looking, key: bytes) -> None:
        self._looking = looking
        self._named = named_by(looking)
        self._instead = instead_of(looking)
        self._token_key = key

    def label(self, key: str) -> str | None:
        return None if self._named is None else self._named(key)

    def key(self, key: str) -> str:
        shown = self._looking.redact(key)
        return key if shown == key else shown

    def string(self, text: str, label: str | None) -> str | None:
        if label is None or not text:
            shown = self._looking.redact(text)
            return text if shown == text else shown
        if self._instead is not None:
            return self._instead(label, text)
        return mask("", label, text, self._token_key)

    def number(self, token: str, label: str | None) -> str:
        if label is None:
            found = _LONG <= len(token) < _TOO_LONG and token[0] != "-" and self._looking.redact(token) != token
            return "0" if found else token
        families = LABELS[label].families if label in LABELS else frozenset()
        if NUMBER not in families and WHOLE_NUMBER not in families:
            return token  # `"email": 3` counts something
        return shown_number(token, default(label), label, self._token_key)

    def truth(self, token: str, label: str | None) -> str:
        families = LABELS[label].families if label is not None and label in LABELS else frozenset()
        return "false" if FLAG in families else token


class JsonMask(CellMask):
    """json and jsonb. What is not JSON is shown as NULL."""

    def __init__(self, leaves: Leaves, versioned: bool, is_guard: bool = False) -> None:
        """`versioned`: it is jsonb in binary, which begins with a version."""
        super().__init__(is_constant=False, is_guard=is_guard)
        self._leaves = leaves
        self._versioned = versioned

    def mask(self, cell: bytes) -> bytes | None:
        data = cell
        if self._versioned:
            if cell[:1] != _VERSION:
                return None
            data = cell[1:]
        try:
            text = data.decode("utf-8")
            shown = rewritten(text, self._leaves)
        except (UnicodeDecodeError, MalformedError):  # nothing of it is shown
            return None
        if shown is text:
            return cell
        made = shown.encode("utf-8")
        return _VERSION + made if self._versioned else made


class JsonGuard(JsonMask):
    """Looks for what must not be seen in a document. Most hold nothing of it, which is seen without taking them apart."""

    def __init__(self, looking: Looking, key: bytes, versioned: bool) -> None:
        super().__init__(Sought(looking, key), versioned, is_guard=True)
        self._may_hold = looking.may_hold
        self._named = named_by(looking)
        self._told: dict[bytes, bool] = {}

    def mask(self, cell: bytes) -> bytes | None:
        return cell if not self._may_hold(cell) and not self._tells(cell) else JsonMask.mask(self, cell)

    def _tells(self, cell: bytes) -> bool:
        """Whether a key says what stands under it, or an escape might hide something from those who look at bytes."""
        if b"\\u" in cell:
            return True
        if self._named is None or b":" not in cell:
            return False
        told = self._told
        octets = cell
        size = len(cell)
        at = 0
        while at < size:
            if octets[at] != 34:
                at += 1
                continue
            end = at + 1
            while end < size and octets[end] != 34:
                end += 1
            if end == size or octets[end - 1] == 92:
                return True  # an escaped quote: for those who read it
            after = end + 1
            while after < size and (octets[after] == 32 or octets[after] == 10 or octets[after] == 9 or octets[after] == 13):
                after += 1
            if after < size and octets[after] == 58:
                key = cell[at + 1 : end]
                known = told.get(key)
                if known is None:
                    if len(told) >= _MAX_TOLD:
                        told.clear()
                    known = told[key] = b"\\" in key or self._named(key.decode("utf-8", "replace")) is not None
                if known:
                    return True
            at = end + 1
        return False
