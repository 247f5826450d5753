"""What a value holds that must not be seen: the second net, over whatever has no label. Pure.

    bytes of a cell -> may_hold: signs? -> find: the expressions of those labels, confirmed -> redact: something else in their place

What is left, knowingly: names of people (no shape), what is packed, mirrored, spelled out or split over cells ("jane at example dot
com", base64, `reverse(email)`): lineage sees to columns whose labels are known. Time is linear in the length of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import NamedTuple

from .label import LABELS, above
from .shapes import COLONS, GROUPS, PAIR, QUAD, RUN, WORD
from .signs import Signs
from .unfold import unfold

STRUCTURES = (RUN, GROUPS, QUAD, COLONS, WORD, PAIR)

FOLDS = (
    *(f"%{code}" for code in ("3a", "2f", "3d", "22")),
    *(f"u00{code}" for code in range(30, 40)),
    *("u003a", "u002f", "u003d", "u0022"),
    *(f"&#{code}" for code in range(48, 59)),
    *(f"&#x3{code}" for code in range(10)),
)
"""Signs that there is more to see when the text is unfolded: digits and marks that are written another way."""
WIDE_DIGITS = (
    *(chr(0xFF10 + digit) for digit in range(10)),
    *(chr(0x0660 + digit) for digit in range(10)),
    *(chr(0x06F0 + digit) for digit in range(10)),
    *(chr(0x0966 + digit) for digit in range(10)),
    *(chr(0x09E6 + digit) for digit in range(10)),
    *(chr(0x0E50 + digit) for digit in range(10)),
)
FOLDED_GAPS = (
    *(
        "%20",
        "%2d",
        "%2e",
        "%28",
        "%29",
        "u0020",
        "u002d",
        "u00a0",
        "u002e",
        "\\u20",
        "\\n",
        "\\t",
        "&nbsp",
        "&#32",
        "&#x20",
        "&#45",
    ),
    *("&#160", "&#xa0", "&hyphen", "&dash", "&#8", "\u00a0", "\u00ad", *(chr(0x2000 + code) for code in range(0x16)), "\u202f"),
    *("\u2060", "\u3000", "\ufeff", "\uff0d"),
)
"""The same for what stands between digits, and hides there."""
GAP_DIGITS = 5
"""Of those there must be at least so many digits."""


class Found(NamedTuple):
    """A part of a text, and what it is."""

    start: int
    end: int
    label: str


class _Look(NamedTuple):
    label: str
    expression: re.Pattern[str]
    confirm: Callable[[str], bool] | None


_STRENGTH = {masker: strength for strength, masker in enumerate(("null", "full", "year", "bucket", "token", "partial", "found"))}


def _strictness(name: str) -> tuple[int, str]:
    return (_STRENGTH.get(LABELS[name].masker, 0), name)


STRICT = {name: place for place, name in enumerate(sorted(LABELS, key=_strictness))}
"""Which label of two that are equally long is kept: the one that shows less."""

_compiled = cache(re.compile)


class Detector:
    """Looks for the labels that it is given, and for those below them."""

    def __init__(self, labels: Iterable[str]) -> None:
        """`labels`: those that must not be seen: `pii.email`, `pii`. Some cannot be found by their values: they are ignored."""
        wanted = frozenset(labels)
        self.labels = tuple(name for name, label in LABELS.items() if label.within and not wanted.isdisjoint(above(name)))
        self._looks = tuple(_Look(name, _compiled(LABELS[name].within), LABELS[name].confirm) for name in self.labels)
        self._signs = _signs(self.labels)
        self.may_look = bool(self._looks)

    def may_hold(self, data: bytes) -> bool:
        """Whether a cell is worth decoding, in any encoding in which ASCII is ASCII. False: certainly nothing that `find` finds.

        Full-width digits and spaces that are not ASCII are seen in UTF-8 only.
        """
        return self._signs.scan(data) != 0

    def find(self, text: str) -> list[Found]:
        """All that is in it, in order; none overlap. Of those that would, the longest is kept, and what sticks out of it."""
        signs = self._signs.scan(text.encode("utf-8", "surrogatepass"))
        if not signs:
            return []
        found = resolved(self._search(text, signs))
        unfolded = unfold(text)
        if unfolded is None:
            return found
        signs = self._signs.scan(unfolded.text.encode("utf-8", "surrogatepass"))
        seen = resolved(Found(*unfolded.span(start, end), label) for start, end, label in self._search(unfolded.text, signs))
        # what a reader sees goes first: in `\\njane@example.com` there is a line's end, and no `njane`
        return sorted([*seen, *(each for each in found if not _overlaps(each, seen))])

    def redact(self, text: str, how: Callable[[str, str], str]) -> str:
        """The text with `how(label, value)` in place of each value; the same object if there is none."""
        found = self.find(text)
        if not found:
            return text
        parts: list[str] = []
        done = 0
        for start, end, label in found:
            parts.append(text[done:start])
            parts.append(how(label, text[start:end]))
            done = end
        parts.append(text[done:])
        return "".join(parts)

    def classify(self, value: str) -> str | None:
        """What a whole value is, by its shape. Laxer than `find`: meant for columns, most of whose values must agree."""
        return _classified(value, self.labels)

    def _search(self, text: str, signs: int) -> Iterator[Found]:
        for place, look in enumerate(self._looks):
            if signs >> place & 1:
                search = look.expression.search
                confirm = look.confirm
                match = search(text)
                while match is not None:
                    group = match.lastgroup
                    start, end = match.span(group) if group else match.span()
                    if confirm is None or (group is not None and group.startswith("sure")) or confirm(text[start:end]):
                        yield Found(start, end, look.label)
                        match = search(text, match.end())
                    else:  # what it is not may hide one that begins later
                        match = search(text, match.start() + 1)


def _overlaps(one: Found, others: list[Found]) -> bool:
    place = bisect_left(others, (one.start,))
    return (place > 0 and others[place - 1].end > one.start) or (place < len(others) and others[place].start < one.end)


def resolved(found: Iterable[Found]) -> list[Found]:
    """Of those that overlap the longest, then the strictest; what sticks out of it stays found."""
    found = list(found)
    if len(found) < 2:
        return found
    kept: list[Found] = []
    for each in sorted(set(found), key=lambda one: (one.start - one.end, STRICT[one.label], one.start)):
        start = each.start
        place = bisect_left(kept, (start,))
        if place and kept[place - 1].end > start:
            place -= 1
        parts: list[Found] = []
        while place < len(kept) and kept[place].start < each.end:
            if start < kept[place].start:
                parts.append(Found(start, kept[place].start, each.label))
            start = max(start, kept[place].end)
            place += 1
        if start < each.end:
            parts.append(Found(start, each.end, each.label))
        for part in parts:
            insort(kept, part)
    return kept


def classify(value: str) -> str | None:
    """What a whole value is, of all that its shape can tell."""
    return _classified(value, tuple(LABELS))


LONGEST = 4096
"""A longer value is text, or a key; nobody's number."""


def fits(value: str, name: str) -> bool:
    """Whether a whole value can be what a label says, whatever else it can be: `classify` names but one."""
    return _classified(value, (name,)) is not None


def _classified(value: str, labels: Iterable[str]) -> str | None:
    value = value.strip()
    if not value:
        return None
    for name in sorted(labels, key=_trust.__getitem__):
        label = LABELS[name]
        if not label.pattern or (len(value) > LONGEST and not name.startswith("secret.")):
            continue
        match = _compiled(label.pattern).fullmatch(value)
        if match is None:
            continue
        if label.confirm is None or (match.lastgroup or "").startswith("sure") or label.confirm(value):
            return name
    return None


_FIRST = (
    "secret.key",
    "secret.token",
    "secret.password",
    "secret.connection",
    "pii.email",
    "pii.bank_account",
    "pii.card",
    "pii.ip_address",
)
_LAST = ("pii.national_id", "pii.phone", "pii.geo")
_trust = {name: _FIRST.index(name) if name in _FIRST else 100 + _LAST.index(name) if name in _LAST else 200 for name in LABELS}
"""In which order values are held against patterns: first those that cannot err."""


@cache
def _signs(labels: tuple[str, ...]) -> Signs:
    """Bit n is the nth label's; the two bits above are for what is to be unfolded first."""
    literals: dict[bytes, int] = {}
    structures = dict.fromkeys(STRUCTURES, 0)
    needs: list[tuple[int, int]] = []

    def add(sign: str, mask: int) -> None:
        if sign in structures:
            structures[sign] |= mask
        else:
            # the automaton folds ASCII only: `née` and `NÉE` differ
            for literal in {sign.lower().encode(), sign.upper().encode().lower()}:
                literals[literal] = literals.get(literal, 0) | mask

    for place, name in enumerate(labels):
        label = LABELS[name]
        needs.append((1 << place, label.digits))
        for sign in label.signs or ("",):
            add(sign, 1 << place)
    if labels:
        fold, gap = 1 << len(labels), 2 << len(labels)
        for sign in (*FOLDS, *WIDE_DIGITS):
            add(sign, fold)
        for sign in FOLDED_GAPS:
            add(sign, gap)
        needs.append((gap, GAP_DIGITS))
    return Signs(list(literals.items()), [structures[each] for each in STRUCTURES], needs)
