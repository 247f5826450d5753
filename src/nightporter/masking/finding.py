"""Which label a column has, by all that is known of it: names, type, keys, and a sample of its values. Pure.

    values -> what each looks like -> what the column is by its values -> weighed against what its name says

Values overrule a name when they clearly disagree and there are enough of them; a name decides where values do not tell. What only
some values hold, inside of other text, makes the column one of text that mentions personal data.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from nightporter.masking import looks
from nightporter.masking.detector import Detector, classify
from nightporter.masking.label import BYTES, CHOICE, DATE, FLAG, LABELS, MENTIONS, PLACE, TEXT, UUID, WHOLE_NUMBER
from nightporter.masking.lexicon import parse
from nightporter.masking.naming import ENOUGH, OF_PERSONS, Guess, fits, hints, is_of_networks, key_label, surroundings
from nightporter.masking.national import kind_of
from nightporter.masking.spelling import plain, word_set
from nightporter.masking.words import WORDS_OF, About

FEW = 10
"""Values below this number overrule no name."""
SHARE = 0.6
"""Of the values that must look like it before a column is that by its values alone."""


HINT = 0.3
"""Confidence of a name that leaves it open; less speaks against."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a column beside its values."""

    relation: str
    column: str
    family: str
    """As `family_of` gives it."""
    comment: str = ""
    table_comment: str = ""
    neighbors: tuple[str, ...] = ()
    """Names of all columns of its relation."""
    refers_to: tuple[str, ...] = ()
    """Labels of the columns that a foreign key of it refers to."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a column is."""

    guesses: tuple[Guess, ...]
    """Its labels, surest first; none: it has no label."""
    examined: int
    """How many values were looked at."""
    is_clear: bool
    """Values were looked at, nothing was found, and they are of a form that holds nothing: codes, numbers, dates. No detector needs
    to look at later ones. Never of free text: what a sample does not have, another row may."""


def find(column: Facts, values: Sequence[str | None]) -> Verdict:
    """The labels of a column, by its names and a sample of its values: a hundred or two, as the server prints them; longer ones may
    be cut off. None and blank values say nothing."""
    sample = _elements(
        [value.strip() for value in values if value and value.strip() and value.strip().lower() not in _BLANK][:MAX_VALUES]
    )
    by_name = hints(column.relation, column.column, column.family, column.comment, column.table_comment, column.neighbors)
    by_key = tuple(
        Guess(label, 0.9, f"it refers to a column that is {LABELS[label].title}")
        for label in column.refers_to
        if label in LABELS and fits(label, column.family)
    )
    if not sample:
        return Verdict(_best([*by_name, *by_key]), 0, False)
    seen = _Sample(column, sample)
    guesses = [weighed for guess in (*by_name, *by_key) if (weighed := _weigh(guess, seen)) is not None]
    guesses += _by_values(seen, {guess.label for guess in by_name})
    best = _best(guesses)
    found_none = not best and not any(guess.confidence >= ENOUGH for guess in guesses)
    return Verdict(best, len(sample), found_none and (seen.is_closed or _are_codes(seen) or _are_of_places(seen)))


def _elements(values: list[str]) -> list[str]:
    """The same, or what is in them if they are arrays, as the server prints them."""
    arrays = [value for value in values if value[0] == "{" and value[-1] == "}" and '":' not in value and '": ' not in value]
    if len(arrays) < max(1, 0.9 * len(values)):
        return values
    inner = [each.strip(' "') for value in arrays for each in re.split(r'(?<="),|,(?=")|(?<!"),(?!")', value.strip("{}"))]
    return [each for each in inner if each and each.lower() not in _BLANK][: 2 * MAX_VALUES]


MAX_VALUES = 500
"""Looked at, of a column: more tell no more."""


_BLANK = word_set("n/a na none null - -- ? unknown keine leer nil undefined tbd {} [] ''")


def _best(guesses: Sequence[Guess]) -> tuple[Guess, ...]:
    """One of each label, the surest; of labels in one another the narrower; what mentions others only where there is none."""
    best: dict[str, Guess] = {}
    for guess in guesses:
        if guess.confidence >= ENOUGH and (guess.label not in best or guess.confidence > best[guess.label].confidence):
            best[guess.label] = guess
    if len(best) > 1:
        best.pop(MENTIONS, None)
    narrow = [guess for guess in best.values() if not any(other.startswith(guess.label + ".") for other in best)]
    return tuple(sorted(narrow, key=lambda guess: -guess.confidence))


class _Sample:
    """The values of a column, and what they look like."""

    def __init__(self, column: Facts, values: list[str]) -> None:
        self.column = column
        self.values = values
        self.size = len(values)
        self.distinct = len(set(values))
        self.kinds = Counter(kind for value in values if (kind := _kind(value)) is not None)

    def share(self, test: Callable[[str], object]) -> float:
        return sum(1 for value in self.values if test(value)) / self.size

    @property
    def is_few(self) -> bool:
        """They repeat: words of a list, not what each row has of its own."""
        return self.size >= 2 * FEW and self.distinct <= max(5, self.size // 20)

    @property
    def is_closed(self) -> bool:
        """Every value is of a form that holds no text: numbers, dates, digests, codes, words of a short list."""
        if self.size < 3 * FEW:
            return False
        listed = self.is_few and self.size >= 5 * FEW and max(map(len, self.values)) <= 40
        return listed or all(_is_form(value) for value in self.values)


_FORM = re.compile(
    r"[-+]?\d{1,8}(?:\.\d{1,6})?|\d{4}-\d{2}-\d{2}(?:[T ][\d:.+\-Z]+)?|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|[A-Za-z]{1,3}|[tf]|true|false"
)


def _is_form(value: str) -> bool:
    return _FORM.fullmatch(value) is not None


# -- what values look like ---------------------------------------------------------------------------------------------------

_BARE = re.compile(r"\d+")
_HARMLESS = re.compile(
    r"\d{4}-\d{2}-\d{2}.*|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[+-]?\d+\.\d+|https?://[^@\s]*"
)


def _kind(value: str) -> str | None:
    """The label that the whole value looks like, where its shape tells; bare digits with `?`, since they tell only in number."""
    if _HARMLESS.fullmatch(value):
        return None
    kind = classify(value)
    if kind is not None and _BARE.fullmatch(value):
        return f"{kind}?"
    return kind


@cache
def _detector() -> Detector:
    return Detector(name for name in LABELS if name != MENTIONS)


def _mentioned(value: str) -> tuple[str, ...]:
    """Labels of what stands inside of a text."""
    return tuple(found.label for found in _detector().find(value))


def _mentioned_in(value: str) -> Iterable[str]:
    """The same; of a JSON text, of what stands in each of its leaves: two numbers beside each other are no position."""
    if value[:1] in "{[":
        try:
            read = json.loads(value)
        except (ValueError, RecursionError):  # cut off, or no JSON: a text like others
            return _mentioned(value)
        return {label for leaf in _leaves(read) if len(leaf) >= 6 for label in _mentioned(leaf)}
    return _mentioned(value)


def _leaves(read: object) -> Iterator[str]:
    """Texts and whole numbers."""
    waiting = [read]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str | int) and not isinstance(each, bool):
            yield str(each)


def _json_labels(value: str) -> tuple[str, ...] | None:
    """Labels that keys of a JSON text tell; None: it is no JSON object or array."""
    if value[:1] not in "{[":
        return None
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):  # cut off, or no JSON: its keys are found by their shape
        keys = re.findall(r'"([^"\\]{1,60})"\s*:\s*["\d\[]', value)
        return tuple(label for key in keys if (label := key_label(key))) if value[:1] == "{" and keys else None
    return tuple(label for key in _keys(read) if (label := key_label(key)))


def _keys(read: object) -> Iterator[str]:
    """Of all objects within, those that hold a text or number."""
    waiting = [read]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            for key, inner in each.items():
                if isinstance(inner, str | int | float) and not isinstance(inner, bool) and inner != "":
                    yield key
                else:
                    waiting.append(inner)
        elif isinstance(each, list):
            waiting += each


# -- the name, held against the values ---------------------------------------------------------------------------------------


def _digits(value: str) -> int:
    return sum(map(str.isdigit, value))


_POSTAL = re.compile(r"(?=.*\d)[\w -]{1,16}|[A-Z -]{1,16}")
_NO_ADDRESS = re.compile(r"0x[0-9a-fA-F]+|/\S*|https?://\S*")
"""Digests, paths and links, which are called addresses too."""
_COULD_BE: dict[str, Callable[[str], bool]] = {
    "pii.email": lambda value: "@" in value,
    "pii.phone": lambda value: _digits(value) >= 3 and sum(map(str.isalpha, value)) <= max(4, len(value) // 3),
    "pii.card": lambda value: _digits(value) >= 2 or "*" in value,
    "pii.bank_account": lambda value: _digits(value) >= 4,
    "pii.national_id": lambda value: _digits(value) >= 4,
    "pii.ip_address": lambda value: value.count(".") >= 3 or value.count(":") >= 2 or value.isdigit(),
    "pii.geo": lambda value: any(map(str.isdigit, value)),
    "pii.salary": lambda value: any(map(str.isdigit, value)),
    "pii.birth_date": lambda value: any(map(str.isdigit, value)),
    "pii.name": lambda value: _is_name_like(value),
    "pii.name.given": lambda value: _is_name_like(value),
    "pii.name.family": lambda value: _is_name_like(value),
    "pii.address.city": lambda value: any(map(str.isalpha, value)) and len(value) <= 80,
    "pii.address.country": lambda value: any(map(str.isalpha, value)) and len(value) <= 80,
    "pii.address.region": lambda value: any(map(str.isalpha, value)) and len(value) <= 80,
    "pii.address.postal_code": lambda value: _POSTAL.fullmatch(value) is not None,
    "pii.address": lambda value: _NO_ADDRESS.fullmatch(value) is None,
    "pii.address.street": lambda value: _NO_ADDRESS.fullmatch(value) is None,
    "secret.token": lambda value: len(value) >= 4,
    "secret.key": lambda value: len(value) >= 6,
    "secret.connection": lambda value: len(value) >= 8,
}
"""What a value must have at least before the name's label can be true of it."""
_OWN = frozenset(
    {
        *("pii.email", "pii.phone", "pii.card", "pii.bank_account", "pii.national_id", "pii.username"),
        *("pii.name", "pii.name.given", "pii.name.family", "secret.password", "secret.token", "secret.key", "pii.address.street"),
    }
)
"""Each row has its own: a handful of words for all of them is a list of kinds."""


def _is_name_like(value: str) -> bool:
    if len(value) > 80 or not any(map(str.isalpha, value)) or _digits(value) > 3:
        return False
    return "_" not in value and len(value.split()) <= 7 and not value.startswith(("http", "/", "{", "["))


def _weigh(guess: Guess, seen: _Sample) -> Guess | None:
    """The guess, surer or less sure; None: the values are something else."""
    label = guess.label
    enough = seen.size >= FEW
    if guess.confidence < ENOUGH and label in _OF_PLACES and _are_of_places(seen):
        return None
    shaped = seen.kinds[label] + seen.kinds[f"{label}?"]
    if shaped >= max(1, seen.size // 2):
        return guess._replace(confidence=0.99, reason=f"{guess.reason}; {_said(shaped, seen, label)}")
    if label == "pii.gender" and enough:
        sexes = seen.share(lambda value: plain(value) in looks.SEXES)
        if sexes < 0.5 and seen.distinct > 12:
            return None
        if sexes < 0.2 and seen.column.family not in (FLAG, WHOLE_NUMBER):
            return None
        return guess._replace(confidence=max(guess.confidence, 0.95)) if sexes >= 0.9 else guess
    could = _COULD_BE.get(label)
    if enough and seen.share(looks.is_covered) >= 0.5:
        return guess
    if could is not None and enough and seen.share(could) < 0.1:
        return None
    if label in _OWN and seen.column.family in (TEXT, CHOICE) and seen.is_few and shaped == 0 and not _is_known(label, seen):
        return None
    if enough and _is_something_else(guess, seen):
        return None
    known = _KNOWN.get(label)
    if known is not None:
        count = sum(1 for value in seen.values if known(value))
        if count >= 0.25 * seen.size and not _is_public(seen):
            title = LABELS[label].title
            more = 0.95 if guess.confidence >= ENOUGH else 0.0
            if HINT <= guess.confidence < ENOUGH and count >= 0.4 * seen.size and label not in _OF_ADDRESSES:
                more = 0.6
            told = f"{guess.reason}; {count} of {seen.size} values are known as such: {title}"
            return guess._replace(confidence=max(guess.confidence, more), reason=told)
    return guess


def _is_something_else(guess: Guess, seen: _Sample) -> bool:
    """Of what a name says with some doubt: numbered things in place of names, or states such as `open` in place of regions."""
    if guess.label == "pii.address.region":
        return (
            seen.is_few
            and seen.share(str.islower) >= 0.9
            and not seen.share(lambda value: looks.is_city(value) or looks.is_country(value))
        )
    if guess.label == "pii.name" and guess.confidence < OF_PERSONS_TABLE:
        return seen.share(lambda value: any(map(str.isdigit, value)) and not any(map(looks.is_given, value.split()))) >= 0.8
    return False


OF_PERSONS_TABLE = 0.85
"""Confidence of `name` in a table of persons: values speak against less only."""


def _is_known(label: str, seen: _Sample) -> bool:
    known = _KNOWN.get(label)
    return known is not None and seen.share(known) >= 0.25


_OF_ADDRESSES = frozenset({"pii.address.city", "pii.address.country", "pii.address.region"})
"""Being one does not make them somebody's."""

_KNOWN: dict[str, Callable[[str], bool]] = {
    "pii.name": lambda value: looks.is_full_name(value) or looks.is_given(value),
    "pii.name.given": looks.is_given,
    "pii.name.family": looks.is_family,
    "pii.address": looks.is_street,
    "pii.address.street": looks.is_street,
    "pii.address.city": looks.is_city,
    "pii.address.country": looks.is_country,
}


def _said(count: int, seen: _Sample, label: str) -> str:
    return f"{count} of {seen.size} values look like it: {LABELS[label].title}"


# -- the values alone --------------------------------------------------------------------------------------------------------


def _by_values(seen: _Sample, named: set[str]) -> list[Guess]:
    """What the values say by themselves."""
    if seen.column.family in (DATE, FLAG, PLACE, UUID, BYTES):
        return _births(seen)
    found: list[Guess] = []
    shaped = 0
    mixed = 0.8 * seen.size <= sum(count for label, count in seen.kinds.items() if not label.endswith("?"))
    for label, count in seen.kinds.items():
        share = count / seen.size
        if label.endswith("?"):
            label = label[:-1]
            if not _is_sure_of_digits(label, count, seen):
                continue
        elif label in ("pii.geo", "secret.password") and share < SHARE:
            continue
        if label == "pii.ip_address" and is_of_networks(seen.column.column):
            continue
        if label in _OF_PLACES and _are_of_places(seen):
            continue
        if not fits(label, seen.column.family) or (
            label in _LOOSE and not (mixed and seen.kinds["pii.email"]) and not _is_sure_of_loose(label, share, seen)
        ):
            continue
        if (share >= 0.2 and count >= 2) or count == seen.size:
            shaped += count
            found.append(Guess(label, round(min(0.98, 0.5 + share / 2), 2), _said(count, seen, label)))
    if shaped < SHARE * seen.size and not any(guess.label.startswith("secret.") for guess in found):
        found = [guess for guess in found if guess.label in named]
    if not found:
        found = _texts(seen) or _looks(seen)
    return found


_LOOSE = frozenset({"pii.phone", "pii.national_id", "secret.token", "secret.key", "secret.password", "pii.ip_address"})
"""Shapes that other things have too, such as order numbers, digests and versions."""


def _has(about: About, seen: _Sample) -> bool:
    return any(item.about is about and not item.label for item in parse(seen.column.column).items)


_NUMBERS_OF_THINGS = word_set(
    """
    isbn issn ean upc gtin sku serial imei vin order invoice tracking version product part batch lot hash digest checksum md5
    sha etag fingerprint commit revision build number code ref reference id key uid uuid guid slug cusip isin sedol figi lei
    duns awb cas doi pmid orcid container shipment consignment manifest barcode ocr asset firmware model engine chassis snp gene
    accession external
    """
)


_SERIALS = _NUMBERS_OF_THINGS - word_set("number code ref reference id key uid uuid guid external")
"""Those that say what of. What is called a number, a code or an id may be anybody's."""


def _is_of_things(seen: _Sample) -> bool:
    """Whether its name says that these are numbers or digests of something."""
    return any(item.word in _NUMBERS_OF_THINGS for item in parse(seen.column.column).items)


def _is_sure_of_loose(label: str, share: float, seen: _Sample) -> bool:
    if share < SHARE:
        return False
    if label == "pii.ip_address":
        return seen.share(lambda value: all(len(part) == 1 for part in value.split(".")[2:])) < 0.5 or share > 0.9
    if label in ("secret.token", "secret.key", "secret.password"):
        return (
            not _is_of_things(seen)
            or seen.share(lambda value: value.startswith(("eyJ", "sk_", "ghp_", "AKIA", "-----", "$2", "$argon"))) > 0.5
        )
    return share >= 0.8 if not _is_of_things(seen) else share >= 0.95 and label == "pii.national_id"


def _is_sure_of_digits(label: str, count: int, seen: _Sample) -> bool:
    """Bare digits are one by chance in ten, or two: all of many are not."""
    if seen.size < 2 * FEW or count < 0.95 * seen.size or seen.distinct < 0.5 * seen.size:
        return False
    if label == "pii.card":
        return True
    if label != "pii.national_id":
        return False
    # several countries' checksums together pass every third number: one of them must pass all
    return _one_country(seen) and not _is_sequence(seen)


def _one_country(seen: _Sample) -> bool:
    kinds = Counter(kind_of(value) for value in seen.values)
    kind, count = kinds.most_common(1)[0]
    return kind is not None and count >= 0.9 * seen.size and len(seen.values[0]) >= 10


def _is_sequence(seen: _Sample) -> bool:
    numbers = sorted({int(value) for value in seen.values if value.isdigit()})
    return len(numbers) > 1 and numbers[-1] - numbers[0] < 1000 * len(numbers)


CODES = 5 * FEW
"""Values, at least, before their form is taken for that of all."""
LONGEST_CODE = 64
FORMS = 5
"""Of codes of one kind: with and without a dash, of two lengths."""
BY_CHANCE = 0.15
"""Of codes, so many pass a checksum and are none: Luhn's and others pass every tenth, several countries' together some more."""
_CODE = re.compile(r"(?=[^@]*\d)(?:[^\s@+]+|[^\sa-z@+]+(?: [^\sa-z@+]+){1,5})")
_RUN = re.compile(r"[0-9A-Za-z]+")
_ISSUED_BY_NUMBER = _LOOSE | {"pii.card"}


def _are_codes(seen: _Sample) -> bool:
    """Whether these are numbers of things, by the name and by how they are written: all alike. What looks like personal data among
    them does so by chance; more of it may, where the name says of which things."""
    if seen.column.family not in (TEXT, CHOICE) or seen.size < CODES or seen.distinct < FEW or not _is_of_things(seen):
        return False
    if not all(len(value) <= LONGEST_CODE and _CODE.fullmatch(value) for value in seen.values):
        return False
    if len({_RUN.sub("x", value) for value in seen.values}) > FORMS or len(set(map(len, seen.values))) > 2 * FORMS:
        return False
    labels = [_mentioned(value) for value in seen.values]
    if not set().union(*labels) <= _ISSUED_BY_NUMBER:
        return False
    tells = any(item.word in _SERIALS for item in parse(seen.column.column).items)
    return tells or sum(map(bool, labels)) <= BY_CHANCE * seen.size


_OF_PLACES = ("pii.address", "pii.address.street", "pii.geo")


def _are_of_places(seen: _Sample) -> bool:
    """Whether these are positions, or addresses, of what its table is of: shops, airports, companies; and of nobody."""
    column = seen.column
    around = surroundings(column.relation, column.table_comment, column.neighbors)
    if around.about not in (About.PLACE, About.ORGANIZATION) or around.personal & OF_PERSONS:
        return False
    if column.family == PLACE:
        return True
    if column.family != TEXT or seen.size < 3 * FEW:
        return False
    is_named = any(item.label in _OF_PLACES for item in parse(column.column).items)
    return is_named and all(len(value) <= 100 and "@" not in value for value in seen.values)


def _texts(seen: _Sample) -> list[Guess]:
    """Text, or JSON, in which some values mention personal data."""
    if seen.column.family not in (TEXT, CHOICE):
        return []
    mentions: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    rows = 0
    for value in seen.values:
        told = _json_labels(value)
        labels = _mentioned_in(value) if len(value) >= 6 else ()
        rows += bool(told or labels)
        keys.update(set(told or ()))
        mentions.update(set(labels))
    if not rows or (rows == 1 and seen.size > 50 and set(mentions) <= _LOOSE and not keys):
        return []
    if not keys and set(mentions) <= _LOOSE and (_is_of_things(seen) or not any(" " in value for value in seen.values)):
        return []
    if not keys and (_are_codes(seen) or _are_of_places(seen)):
        return []
    names = ", ".join(LABELS[label].title for label, _ in (mentions + keys).most_common(3))
    how = "have keys that tell" if sum(keys.values()) > sum(mentions.values()) else "mention personal data"
    return [Guess(MENTIONS, round(min(0.95, 0.6 + rows / seen.size / 2), 2), f"{rows} of {seen.size} values {how}: {names}")]


_OPAQUE = word_set(
    """
    data value val values col column field attr attribute text txt str string content info misc extra custom other x y z c f v a
    b d raw payload memo field1 feld spalte champ campo kolumn kolumna daten donnees datos dati dados gegevens uppgifter free
    freetext additional
    """
)


def _is_opaque(seen: _Sample) -> bool:
    """Whether the name of the column says nothing: `data`, `col7`, `x`."""
    items = parse(seen.column.column).items
    return all(
        item.word in _OPAQUE or item.word.isdigit() or len(item.word) == 1 or (item.about is About.UNKNOWN and not item.label)
        for item in items
    )


def _is_blank(name: str) -> bool:
    """The same, and no word that could mean something in a language that is not known."""
    return all(item.word in _OPAQUE or item.word.isdigit() or len(item.word) == 1 for item in parse(name).items)


def _is_public(seen: _Sample) -> bool:
    """Whether it holds names of artists, authors and the like: they stand on what these made."""
    column = seen.column
    items = parse(column.column).items
    if any(item.word in WORDS_OF[About.PUBLIC] for item in items):
        return True
    around = surroundings(column.relation, column.table_comment, column.neighbors)
    return around.about in (About.PUBLIC, About.PLACE) and not any(item.label.startswith("pii.name.") for item in items)


def _looks(seen: _Sample) -> list[Guess]:
    """Names, streets, cities and sexes, by lists and shapes: where the column's name leaves it open."""
    column = seen.column
    if column.family not in (TEXT, CHOICE) or seen.size < 5:
        return []
    around = surroundings(column.relation, column.table_comment, column.neighbors)
    opaque = _is_opaque(seen)
    persons = around.about in (About.PERSON, About.CONTACT, About.DEAL, About.UNKNOWN)
    found: list[Guess] = []

    def add(label: str, count: float, confidence: float) -> None:
        found.append(Guess(label, confidence, _said(round(count * seen.size), seen, label)))

    if not _is_public(seen) and seen.distinct >= 5:
        certain, full = seen.share(looks.is_named_for_certain), seen.share(looks.is_full_name)
        names = seen.share(_is_name_like)
        if certain >= 0.5 or (certain >= 0.25 and full >= 0.6 and names >= 0.9 and (opaque or persons)):
            add("pii.name", max(certain, full), 0.8 if certain >= 0.5 else 0.65)
        elif opaque and persons and seen.share(lambda value: " " not in value) > 0.8:
            given, family = seen.share(looks.is_given), seen.share(looks.is_family)
            cities = seen.share(looks.is_city)
            if max(given, family) >= 0.5 and cities < max(given, family):
                add("pii.name.given" if given >= family else "pii.name.family", max(given, family), 0.7)
    streets = seen.share(looks.is_street)
    if not found and streets >= 0.5 and (opaque or persons) and around.about is not About.ORGANIZATION:
        add("pii.address.street", streets, 0.75)
    if not found and opaque and persons:
        cities, countries = seen.share(looks.is_city), seen.share(looks.is_country)
        if cities >= 0.5 and seen.distinct >= 3:
            add("pii.address.city", cities, 0.65)
        elif countries >= 0.7 and seen.distinct >= 3 and around.about in (About.PERSON, About.CONTACT):
            add("pii.address.country", countries, 0.6)
    if not found and (opaque or around.about is About.PERSON) and seen.distinct <= 8:
        words = {plain(value) for value in seen.values}
        if words <= looks.SEXES and (
            len(words & looks.SURE_SEXES) >= 2 or (words & {"m", "w", "h", "k"} and words & {"f", "w", "k"} and len(words) >= 2)
        ):
            add("pii.gender", 1.0, 0.8)
    return found or _births(seen)


BIRTH_SPREAD = 25
"""Years between the births of grown-ups, the oldest and youngest tenth left out. What people enter into tables spreads less."""


def _births(seen: _Sample) -> list[Guess]:
    """Days that can be births, in a column of a table of persons whose name says nothing."""
    column = seen.column
    around = surroundings(column.relation, column.table_comment, column.neighbors)
    if seen.size < 2 * FEW or not _is_blank(column.column) or not (around.about is About.PERSON or around.personal & OF_PERSONS):
        return []
    years = sorted(year for value in seen.values if (year := looks.year_of(value)) is not None)
    if len(years) < 0.9 * seen.size:
        return []
    low, middle, high = (years[len(years) * tenth // 20] for tenth in (2, 10, 18))
    if high - low < BIRTH_SPREAD or not 1900 <= low <= middle <= 2010:
        return []
    return [Guess("pii.birth_date", 0.6, f"{len(years)} of {seen.size} values are days spread as births are, {low} to {high}")]
