# ruff: noqa: RUF001  letters and marks of other alphabets are meant
"""What one value looks like, where no checksum tells: a name, a street, a city, a sex, a day. Pure; by shape and short lists."""

from __future__ import annotations

import re

from nightporter.masking.common_names import CITIES, COUNTRIES, FAMILY, GIVEN
from nightporter.masking.shapes import RING
from nightporter.masking.spelling import plain, word_set

_WORD = re.compile(r"[^\W\d_]+(?:['’.\-][^\W\d_]+)*\.?")
_TITLES = word_set(
    """
    mr mrs ms miss dr prof herr frau m mme mlle sr sra srta dott dottssa sig signora dhr mevr pan pani jr ii iii phd md rev ing
    dipl mag
    """
)
_PARTICLES = word_set("de da do dos das del della di du la le van von der den ten ter zu bin al el y e lo")


def _words(value: str) -> list[str]:
    """Those of a name, plain; empty if there is something in it that names do not have."""
    words: list[str] = []
    for part in value.replace(",", " ").split():
        if _WORD.fullmatch(part) is None:
            return []
        word = plain(part.rstrip("."))
        if word not in _TITLES:
            words.append(word)
    return words


def _is_known(word: str, names: frozenset[str]) -> bool:
    return word in names or any(part in names for part in re.split(r"[-'’]", word) if len(part) > 2)


def is_given(value: str) -> bool:
    """A given name that many have, or several."""
    words = _words(value)
    return 0 < len(words) <= 3 and value[:1] != value[:1].lower() and _is_known(words[0], GIVEN)


def is_family(value: str) -> bool:
    """A family name that many have, or two, with what stands before: `van den Berg`."""
    words = _words(value)
    if not 0 < len(words) <= 4:
        return False
    return " ".join(words) in FAMILY or _is_known(words[-1], FAMILY) or (len(words) > 1 and _is_known(words[0], FAMILY))


def is_full_name(value: str) -> bool:
    """A given name and a family name, in either order, at least one of which many have."""
    if len(value) > 60 or "\n" in value:
        return False
    words = [word for word in _words(value) if word not in _PARTICLES]
    if len(words) == 1:  # names in writings without spaces
        return not value.isascii() and 2 <= len(value) <= 6 and any(value.startswith(name) for name in FAMILY if not name.isascii())
    if not 2 <= len(words) <= 5 or not _is_capitalized(value):
        return False
    given = any(_is_known(word, GIVEN) for word in words)
    family = any(_is_known(word, FAMILY) for word in words)
    return given or family


def is_named_for_certain(value: str) -> bool:
    """The same, where both are known."""
    words = [word for word in _words(value) if word not in _PARTICLES]
    if not 2 <= len(words) <= 5 or not _is_capitalized(value):
        return False
    first, last = words[0], words[-1]
    if "," in value:
        first, last = last, first
    straight = _is_known(first, GIVEN) and any(_is_known(word, FAMILY) for word in words if word is not first)
    return straight or (_is_known(last, GIVEN) and _is_known(first, FAMILY))


def _is_capitalized(value: str) -> bool:
    return all(
        part[:1] != part[:1].lower() or plain(part) in _PARTICLES for part in value.replace(",", " ").split() if part.isascii()
    )


_NUMBER = r"\d{1,5} ?[a-zA-Z]?(?:[-/]\d{1,4}[a-z]?)?"
_KINDS_BEFORE = (
    r"rue|avenue|av\.|bd\.?|boulevard|place|chemin|allée|impasse|quai|route|cours|calle|c/|avenida|avda\.?|plaza|paseo|carrer|camino"
    r"|ronda|travesía|via|viale|corso|piazza|vicolo|largo|strada|rua|travessa|praça|alameda|estrada|ul\.|ulica|al\.|aleja|pl\.|plac"
    r"|os\.|jalan|jl\.|am|an der|zum|zur|im"
)
_KINDS_AFTER = (
    r"street|st|st\.|avenue|ave|ave\.|road|rd|rd\.|lane|ln|ln\.|drive|dr|dr\.|boulevard|blvd|blvd\.|court|ct|ct\.|place|pl|way|terrace"
    r"|crescent|square|parkway|pkwy|circle|cir|highway|hwy|close|grove|gardens|mews|row|walk|trail|loop|mount|hill|park|view|green|marg"
    r"|nagar|station|path|alley|plaza"
)
_ENDINGS = (
    rf"stra(?:ß|ss)e|str\.?|weg|gasse|platz|allee|{RING}|ufer|damm|gatan|gata|vägen|gränd|stigen|vej|gade|gate|veien|vegen|straat|laan|plein"
    r"|kade|gracht|dijk|katu|tie|utca|út"
)
# every part begins with a letter and ends at a space, and there are few of them: time is linear
_STREET = re.compile(
    rf"(?i:\d{{1,6}}[a-z]?,? (?:[^\W\d]\S* ){{1,5}}(?:{_KINDS_AFTER})\b.*"
    rf"|\d{{1,5}}(?: ?bis| ?ter)?,? (?:{_KINDS_BEFORE}) .+"
    rf"|(?:{_KINDS_BEFORE}) ?[^\W\d].*? ?,? {_NUMBER}.*"
    rf"|(?:[^\W\d][\w.'’-]* ){{0,4}}[\w.-]*(?:{_ENDINGS}) {_NUMBER}.*"
    r"|p\.?o\.? ?box \d+.*|postfach \d+.*|\d+[-\d]*丁目.*|.*\d+番地.*)"
)


def is_street(value: str) -> bool:
    """A street and a number, as several countries write them."""
    return len(value) <= 160 and _STREET.fullmatch(value.replace("\n", ", ").strip()) is not None


def is_city(value: str) -> bool:
    """A large city, or a capital."""
    return plain(value.strip()) in CITIES


def is_country(value: str) -> bool:
    """A country, in one of several languages."""
    return plain(value.strip()) in COUNTRIES


SURE_SEXES = frozenset(
    map(
        plain,
        word_set(
            """
            male female woman männlich weiblich femme homme féminin masculin mujer hombre femenino masculino
            femminile maschile femmina maschio feminino mulher homem vrouw mannelijk vrouwelijk kvinna kvinde kvinne
            mężczyzna kobieta muž žena мужской женский 男 女
            """
        ),
    )
)
"""Words for a sex that mean nothing else."""
SEXES = SURE_SEXES | frozenset(
    map(
        plain,
        word_set(
            """
            m f w x d k h v t ж м o u man men women frau mann uomo donna man mand mies nainen other unknown nonbinary
            non-binary diverse divers n/a intersex transgender prefer_not_to_say agender 0 1 2 9
            """
        ),
    )
)

_DAY = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?(?:[+-]\d{2}(?::?\d{2})?|Z)?)?|(\d{1,2})[./-](\d{1,2})[./-](\d{4})"
    r"|(\d{4})(\d{2})(\d{2})"
)


def year_of(value: str) -> int | None:
    """Of a day without a time, in one of several writings; None: it is none."""
    match = _DAY.fullmatch(value.strip())
    if match is None:
        return None
    groups = [int(group) for group in match.groups() if group]
    if match.group(6):
        one, two, year = groups
        return year if max(one, two) <= 31 and min(one, two) <= 12 and min(one, two) else None
    year, month, day = groups
    return year if 1 <= month <= 12 and 1 <= day <= 31 else None


_DIGEST = re.compile(r"(?:\\x)?[0-9a-fA-F]{32,128}|[0-9A-Za-z+/_-]{43,88}={0,2}")


def is_covered(value: str) -> bool:
    """A digest, a cipher text or stars: what stands in a value's place."""
    return _DIGEST.fullmatch(value) is not None or (len(value) > 2 and not value.strip("*xX#•.- "))
