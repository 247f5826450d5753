"""A name taken apart: which of its words name a label, which say whose it is, which take the meaning away. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from nightporter.masking.label import LABELS
from nightporter.masking.spelling import accented_pieces, compound, pieces, plain, singular, spellings, word_set
from nightporter.masking.words import ABOUT, WORDS_OF, About

STRONG, MEDIUM, WEAK = "", "~", "?"
"""What a word says of itself; see `Label.words`."""


class Item(NamedTuple):
    """A word of a name, or several that belong together."""

    word: str
    about: About
    label: str = ""
    """What it names; empty: no label."""
    strength: str = ""


class Named(NamedTuple):
    """A name, taken apart."""

    items: tuple[Item, ...]
    of: bool
    """It has a word such as `of` or `de`: what comes first is what it is."""


def _heads() -> Mapping[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for strength in (STRONG, MEDIUM, WEAK):  # what is strong for one label is not weak for another
        for label in LABELS.values():
            for word in label.words:
                bare = word.rstrip("~?")
                if word[len(bare) :] == strength:
                    for spelling in spellings(bare):
                        found.setdefault(spelling, (label.name, strength))
    return MappingProxyType(found)


HEADS = _heads()
"""By plain spelling: the label and how strong the word is."""
_KNOWN = frozenset(HEADS) | frozenset(ABOUT)
# what three letters mean alone, they do not mean inside of any word
_PARTS = frozenset(
    word for word in _KNOWN if len(word) > 3 or word in ("tel", "fax", "ort", "str", "plz", "geb", "nom", "alt", "sex", "zip")
) - {
    "sort",
    "nname",
    "vname",
    "sname",
}
_OF = word_set("of de del du des di do da van von")
LONGEST = 5
"""Words that belong together, at most: `numero de carte de credit`."""

# In a column's name what takes a meaning away comes before what has one.
_ORDER = (
    About.BLOCK,
    About.AFTER,
    About.PERSON,
    About.CONTACT,
    About.PUBLIC,
    About.ORGANIZATION,
    About.THING,
    About.DEAL,
    About.PLACE,
    About.KIND,
    About.NEUTRAL,
)


def _in_a_column(word: str) -> About:
    for about in _ORDER:
        if word in WORDS_OF[about]:
            return about
    return About.UNKNOWN


def _item(word: str, single: bool) -> Item | None:
    known: str | None = word
    if word not in _KNOWN:
        known = singular(word, _KNOWN) if single else singular(word, HEADS)
    if known is None:
        return None
    if known not in HEADS and _in_a_column(known) not in (About.BLOCK, About.AFTER):
        one = singular(known, HEADS)
        known = one if one is not None and HEADS[one][1] == STRONG else known  # `credit_cards`
    if known in HEADS:
        label, strength = HEADS[known]
        return Item(word, _in_a_column(known), label, strength)
    return Item(word, _in_a_column(known))


_WRITTEN = frozenset(
    tuple(plain(part) for part in word.rstrip("~?").split("_")) for label in LABELS.values() for word in label.words if "_" in word
)
"""Words that our lists have in parts."""


def _joined(parts: tuple[str, ...]) -> Item | None:
    if min(map(len, parts)) == 1 and not any(part.isdigit() for part in parts) and parts not in _WRITTEN:
        return None  # `f_name` is as good as `fname`, but `s_name` is not `sname`
    if "id" in parts and parts not in _WRITTEN:
        return None  # `login_id` is one, `user_id` refers to somebody
    word = "".join(parts)
    return _item(word, single=False)


_PLAIN_ENOUGH = frozenset(
    word for word, (_, strength) in HEADS.items() if strength == STRONG and (len(word) > 6 or word in ("email", "salary"))
)
"""Words that are no part of other words."""


def _inside(word: str) -> tuple[Item, ...]:
    """A word that begins or ends with one of those, and goes on with what is not known: `lastnamephonetic`."""
    for size in range(min(len(word) - 2, 24), 4, -1):
        for at, known in ((0, word[:size]), (1, word[-size:])):
            if known in _PLAIN_ENOUGH:
                label, strength = HEADS[known]
                head = Item(known, About.UNKNOWN, label, strength)
                rest = _single(word[:-size] if at else word[size:])
                return (*rest, head) if at else (head, *rest)
    return ()


_SHORT = {
    "nm": "name",
    "nbr": "number",
    "cd": "code",
    "dt": "date",
    "dte": "date",
    "ln": "line",
    "ph": "phone",
    "phn": "phone",
    "adr": "address",
    "lic": "license",
    "drv": "driver",
    "sts": "status",
    "desc": "description",
    "cntry": "country",
    "ctry": "country",
    "naiss": "naissance",
    "pwrd": "password",
    "eml": "email",
    "frst": "first",
    "lst": "last",
    "fst": "first",
    "mid": "middle",
    "ident": "id",
    "emerg": "emergency",
}
"""What people shorten words to, where the short one is not known."""


def _single(word: str) -> tuple[Item, ...]:
    """A word that stands alone, as it is, or as the words that it is made of."""
    item = _item(word, single=True) or _item(_SHORT.get(word, word), single=True)
    if item is not None:
        return (item,)
    if inner := compound(word, _PARTS):
        return tuple(_item(part, single=True) or Item(part, About.UNKNOWN) for part in inner)
    if len(word) == 1 or word.isdigit():
        return (Item(word, About.NEUTRAL),)
    if word.endswith("id") and len(word) > 5:
        stem = _single(word[:-2])
        if all(each.label or each.about is not About.UNKNOWN for each in stem):
            return (*stem, Item("id", About.BLOCK))  # `creditcardid`
    return _inside(word) or (Item(word, About.UNKNOWN),)


_ACCENTED = {
    bare.replace("_", "").casefold(): (label.name, word[len(bare) :])
    for label in LABELS.values()
    for word in label.words
    if not (bare := word.rstrip("~?")).isascii()
}


def _accented(word: str) -> tuple[Item, ...]:
    """A word with its accents, which may mean something else without: `lön` is a salary, `lon` a longitude."""
    if word.isascii() or word not in _ACCENTED:
        return ()
    label, strength = _ACCENTED[word]
    return (Item(plain(word), _in_a_column(plain(word)), label, strength),)


@lru_cache(maxsize=65536)
def parse(name: str) -> Named:
    """A column's name: its words, the longest that are known taken together."""
    with_accents = accented_pieces(name)
    parts = pieces(name)
    long = tuple(_SHORT.get(part, part) for part in parts)
    items: list[Item] = []
    start = 0
    while start < len(parts):
        for size in range(min(LONGEST, len(parts) - start), 1, -1):
            item = _joined(parts[start : start + size]) or _joined(long[start : start + size])
            if item is not None:
                items.append(item)
                break
        else:
            size = 1
            items += _accented(with_accents[start]) or _single(parts[start])
        start += size
    return Named(tuple(items), not _OF.isdisjoint(parts))


def main_head(named: Named) -> int | None:
    """Which of its items says what a column is; None: none does."""
    heads = [at for at, item in enumerate(named.items) if item.label]
    sure = [at for at in heads if named.items[at].strength == STRONG] or [at for at in heads if named.items[at].strength == MEDIUM]
    if sure:
        chosen = sure[0] if named.of else sure[-1]
        parts = [at for at in heads if named.items[at].label.startswith("pii.address.")]
        # `billing_address_city`: a part of what the other word says; `ip_address` and the like are one word already
        return parts[-1] if named.items[chosen].label == "pii.address" and parts else chosen
    if len(heads) > 1:  # `city_name` is a city
        heads = [at for at in heads if named.items[at].label != "pii.name"] or heads
    if not heads:
        return None
    return heads[0] if named.of else heads[-1]


@lru_cache(maxsize=16384)
def subject(table: str) -> About:
    """What the rows of a table are, by its name: `customer_types` are kinds, `kunden_adressen` addresses."""
    found: list[About] = []
    parts = pieces(table)
    start = 0
    while start < len(parts):
        for size in range(min(3, len(parts) - start), 0, -1):
            word = "".join(parts[start : start + size])
            known = singular(word, ABOUT) if size == 1 or word in ABOUT else None
            if known is not None:
                found.append(ABOUT[known])
                break
        else:
            size = 1
            inner = compound(parts[start], frozenset(ABOUT)) if len(parts[start]) > 5 else ()
            found += (ABOUT[part] for part in inner)
            if not inner and len(parts[start]) > 2 and not parts[start].isdigit():
                found.append(About.UNKNOWN)
        start += size
    return _rows(found)


def _rows(words: list[About]) -> About:
    known = [about for about in words if about not in (About.NEUTRAL, About.AFTER, About.BLOCK, About.UNKNOWN)]
    if About.KIND in known and known[0] is not About.PERSON and known[-1] is not About.PERSON:
        return About.KIND
    if not known:
        return About.UNKNOWN
    last = known[-1]
    if last is About.KIND:
        return About.KIND
    if last is About.CONTACT and About.ORGANIZATION in known:
        return About.ORGANIZATION
    if words[-1] is About.UNKNOWN and last is About.PERSON:
        return About.DEAL  # `patient_vitals`: not the patients, but what is of theirs
    return last
