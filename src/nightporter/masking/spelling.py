"""How names are written: what joins words, which letters stand for which. Pure text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

# What Unicode does not take for a letter with a mark.
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "a", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i"})
# How people write them who have no such key.
_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae", "ß": "ss"})


def word_set(text: str) -> frozenset[str]:
    """The words of a text, as they stand in it."""
    return frozenset(text.split())


_PARTS = re.compile(r"[^\W\d_]+|\d+")
_HUMPS = re.compile(
    r"(?<=[a-zà-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])"  # customerName
    r"|(?<=[A-ZÀ-ÖØ-Þ])(?=[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ])"  # CVVCode
)
MAX_NAME = 256
"""Letters of a name that are looked at: a name has 63 bytes, a comment says what it is about at its beginning."""


def plain(text: str) -> str:
    """Lower case, without accents: `Prénom` is `prenom`, `Straße` is `strasse`, `Födelsedag` is `fodelsedag`."""
    text = text.casefold()
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(letter for letter in text if not unicodedata.combining(letter))


def spellings(word: str) -> frozenset[str]:
    """Every way in which a word of our own lists may be written, words run together: `födelse_dag` -> fodelsedag, foedelsedag."""
    word = word.replace("_", "")
    return frozenset({plain(word), plain(word.casefold().translate(_TWO_LETTERS))})


def pieces(name: str) -> tuple[str, ...]:
    """The words of a name, plain: `CustomerEMail_2` -> customer, e, mail, 2."""
    return tuple(plain(each) for each in accented_pieces(name))


def accented_pieces(name: str) -> tuple[str, ...]:
    """The same in lower case, with their accents."""
    found: list[str] = []
    for part in _PARTS.findall(unicodedata.normalize("NFC", name[:MAX_NAME])):
        found += (each.casefold() for each in _HUMPS.split(part))
    return tuple(found)


_ENDINGS = ("s", "es", "n", "en", "er", "r", "e", "i", "y", "ne", "na")


def singular(word: str, known: Container[str]) -> str | None:
    """A known word that this one is another form of: `clientes` -> cliente, `Kunden` -> kunde; None if there is none."""
    if word in known:
        return word
    if len(word) > 4:
        for ending in _ENDINGS:
            if word.endswith(ending) and (stem := word[: -len(ending)]) in known and len(stem) > 2:
                return stem
        if word.endswith("ies") and word[:-3] + "y" in known:
            return word[:-3] + "y"
    return None


_GLUE = ("", "s", "n", "en", "e", "es", "er")
"""What German and its kin put between the words of one: Rechnung-s-adresse, Kunde-n-name."""
SHORTEST = 3
"""Letters of a part of a compound: shorter ones fit everywhere."""


def compound(word: str, known: Container[str]) -> tuple[str, ...]:
    """The known words that make up a word, all of it; empty if they do not: `kundenemail` -> kunde, email."""
    if not SHORTEST * 2 <= len(word) <= 40:
        return ()
    best: list[tuple[int, tuple[str, ...]] | None] = [None] * (len(word) + 1)
    best[0] = (0, ())
    for start in range(len(word)):
        here = best[start]
        if here is None or len(here[1]) > 3:
            continue
        cost, before = here
        for end in range(start + SHORTEST, len(word) + 1):
            part = word[start:end]
            if part not in known:
                continue
            for glue in _GLUE:
                after = end + len(glue)
                if glue and after >= len(word):
                    continue
                if word.startswith(glue, end):
                    costs = cost + 3 + len(glue)  # few parts, and little between them
                    there = best[after]
                    if there is None or there[0] > costs:
                        best[after] = costs, (*before, part)
    return best[-1][1] if best[-1] else ()
