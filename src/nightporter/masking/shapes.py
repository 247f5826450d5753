"""How values of each label are written: the regular expressions of the table of labels. Pure. Secrets are in `secret_shapes`.

`X` is a whole value, `X_WITHIN` the same inside of other text, `X_SIGNS` what tells that it is worth looking. If a named group
has matched, it is the value, else all is. A group whose name begins with `sure` needs no `confirm`: a prefix that only keys have,
what a word before it tells (`SSN 123 45 6789`).

All take linear time on any input: what repeats is possessive or bounded, begins only where a run begins (a lookbehind says so),
and ends where the next thing cannot be part of it. ASCII classes stand where a letter of another script may touch the value.
"""

from __future__ import annotations

from .checks import IBAN_LENGTHS
from .national import KINDS

RUN, GROUPS, QUAD, COLONS, WORD, PAIR = "\0run", "\0groups", "\0quad", "\0colons", "\0word", "\0pair"
"""Signs that are no literals. RUN: thirteen digits or more, and no letter before them. GROUPS: groups of digits, seven in all, but
no date, no decimal number, no uuid. QUAD: four numbers with dots. COLONS: two colons in what may be hexadecimal. WORD: letters and
digits next to each other as in bank accounts and identity numbers. PAIR: two numbers with four decimals."""

BEHIND = r"[\"']?\s{0,3}(?:[:=]|=>|\bis\b)\s{0,3}[\"']?"
"""Between a word and what it tells: `password: "`, `"password" => `."""
NOT_IN_WORD = r"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))"
"""Where a word begins, also in `dbPassword`."""


def listed(signs: str) -> tuple[str, ...]:
    """Signs that stand with `|` between them."""
    return tuple(signs.split("|"))


def assigned(words: str) -> tuple[str, ...]:
    """Signs of words that tell only if something like `=` comes behind."""
    behind = ("=", ":", " =", " :", '"', "'", '\\"', " is ", "&#", "%3", "\\u00", "&q")
    return tuple(f"{word}{after}" for word in listed(words) for after in behind)


def told(words: str, value: str, between: str = BEHIND, group: str = "sure") -> str:
    """A value behind a word."""
    return rf"(?i:(?<![A-Za-z])(?:{words}){between})(?P<{group}>{value})"


_A, _Z = "(?<![0-9A-Za-z])", "(?![0-9A-Za-z])"
_NUMBER = r"(?:[ ._-]{0,2}(?:no|nr|number|num|nummer|n°|numéro|número|card|id)\b)?[\"']?\.?[ ]{0,2}(?:[:=#]|is|at)?[ ]{0,2}[\"']?"
"""Between a word that tells by itself and its number: `Tel. no. `, `SSN#`."""

# -- e-mail ----------------------------------------------------------------------------------------------------------------------

_LOCAL = r"[\w.+%'#!$~^-]"
_DOMAIN = r"(?:[^\W_][\w-]{0,62}\.){1,10}(?:xn--[A-Za-z0-9-]{2,59}|[^\W\d_]{2,24})"
EMAIL = rf"{_LOCAL}{{1,64}}@{_DOMAIN}"
EMAIL_WITHIN = rf"(?<!{_LOCAL})[.+%'#!$~^-]*+(?P<address>{_LOCAL}++@{_DOMAIN})"
EMAIL_SIGNS = listed(r"@|%40|u0040|\x40|&#64|&#064|&#x40|&commat") + ("\uff20", "\ufe6b")

# -- phones ----------------------------------------------------------------------------------------------------------------------

_EXTENSION = r"(?: ?(?:x|ext\.?|#) ?[0-9]{1,6})?"
PHONE = (
    rf"(?:\+[0-9(][0-9 ().\-/]{{6,24}}[0-9]|00[1-9][0-9 ().\-/]{{6,22}}[0-9]){_EXTENSION}"
    rf"|(?:1[ .-])?(?:\([1-9][0-9]{{2}}\)[ .-]{{0,2}}|[1-9][0-9]{{2}}[ .-])[0-9]{{3}}[ .-][0-9]{{4}}{_EXTENSION}"
    r"|[2-9][0-9]{2}[-.][0-9]{4}"  # local
    r"|\(?0[1-9][0-9]{0,4}\)?[0-9 ./\-]{5,14}[0-9]"
    r"|\([1-9][0-9]{1,4}\) ?[0-9]{3,5}[ -]?[0-9]{3,5}"
    r"|[1-9][0-9] ?9[0-9]{4}-[0-9]{4}"  # Brazil
    r"|1[3-9][0-9][ -][0-9]{4}[ -][0-9]{4}"  # China
    r"|[1-9][0-9]{2} [0-9]{3} [0-9]{3}"  # Spain, Poland
    r"|[1-9][0-9](?: [0-9]{2}){3}"  # Denmark, Norway
    r"|[6-9][0-9]{4}[ -][0-9]{5}"  # India
)
_START = r"(?<![0-9A-Za-z_+.,-])(?<!\d[:/])"
_END = r"(?![0-9A-WYZa-wyz]|[-.,:/]\d)"
_PHONES = "|".join(
    (
        r"(?<![0-9A-Za-z+])\+1[ ().+-]{0,2}[2-9]\d\d[ ().+-]{0,2}\d{3}[ .+-]?\d{4}(?!\d)",
        r"(?<![0-9A-Za-z+])\+7(?:[ ().+-]{0,3}\d){10}(?!\d)",
        r"(?<![0-9A-Za-z+])\+[ (]{0,2}[1-9](?:[ ().\-/+]{0,3}\d){7,14}(?!\d)",
        rf"{_START}00[1-9]\d{{0,2}}[ ./-](?:[ ().\-/]{{0,2}}\d){{6,13}}{_END}",
        # North America
        r"(?<![0-9A-Za-z_+-])(?<!\d[.,])(?:1[ .+-])?(?:\([1-9]\d\d\)[ -]{0,2}|[1-9]\d\d-)\d{3}[ .+-]\d{4}(?!\d|[-.]\d)",
        r"(?<![0-9A-Za-z_+-])(?<!\d[.,])(?:1[ .+])?[2-9]\d\d([ .+])[2-9]\d\d\1\d{4}(?!\d|[-.]\d)",
        # with a zero in front, in many countries
        rf"{_START}0[1-9]([ .-])\d\d(?:\2\d\d){{3}}{_END}",
        rf"{_START}\(?(?=0\d{{1,4}}[ )/-])0[1-9](?:[ ()/-]{{0,3}}\d){{7,10}}{_END}",
        rf"{_START}\((?!19|20)[1-9]\d{{1,4}}\) ?\d{{3,5}}[ -]?\d{{3,5}}{_END}",
        rf"{_START}[1-9][1-9] 9\d{{4}}-\d{{4}}{_END}",
        rf"{_START}1[3-9]\d([ -])\d{{4}}\3\d{{4}}{_END}",
    )
)
_PHONE_TOLD = told(
    r"tel(?:e(?:ph?one|fono?|foon))?|t[ée]l[ée]phone|tél|phone|mobile?|mob|cell(?:phone)?|handy|fax|telefax|whatsapp"
    r"|telefon(?:nummer|o)?|call(?: me)?(?: at| on)?|ring (?:me )?(?:at|on)",
    r"\+?\(?\d(?:[ ().\-/]{0,2}\d){6,14}(?!\d)",
    _NUMBER,
)
PHONE_WITHIN = rf"(?=[0-9(+])(?:{_PHONES})|(?=[tpmchfwrTPMCHFWR]){_PHONE_TOLD}"
PHONE_SIGNS = (
    *(GROUPS, *listed("+1|+2|+3|+4|+5|+6|+7|+8|+9|+ |+(|%2b|u002b|&#43|&#x2b")),
    *listed("tel|tél|phone|mob|cell|handy|fax|whatsapp|call|ring at|ring on|ring me"),
)

# -- payment cards, bank accounts ------------------------------------------------------------------------------------------------

_BY_4 = r"[2-68][0-9]{3}([ .\-/_+])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?:\1[0-9]{1,3})?"
_BY_6 = r"3[0-9]{3}([ .\-/_+])[0-9]{6}\2[0-9]{4,5}"
CARD = rf"[2-68][0-9]{{13,18}}|{_BY_4}|{_BY_6}"
CARD_WITHIN = (
    rf"(?=[2-68])(?:{_A}(?<!\d[.,+-])[2-68]\d{{13,18}}+{_Z}(?![.,]\d|-\d)"
    r"|(?<!\d)(?<!\d[.,-])[2-68]\d{3}([ .\-/_+]{1,3})\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3}(?!\d))?(?!\d|[-.]\d)"
    r"|(?<!\d)(?<!\d[.,-])3\d{3}([ .\-/_+]{1,3})\d{6}\2\d{4,5}(?!\d|[-.]\d))"
)
CARD_SIGNS = (RUN, GROUPS)

_ANY = "[ .-]?[0-9A-Za-z]"
IBAN = f"[A-Za-z]{{2}}[0-9]{{2}}(?:{_ANY}){{11,30}}"
_IBANS = "|".join(f"(?:{codes.replace(' ', '|')})[0-9]{{2}}(?:{_ANY}){{{length - 4}}}" for length, codes in IBAN_LENGTHS.items())
IBAN_WITHIN = rf"(?i:{_A}(?=[A-Z]{{2}}[0-9]{{2}})(?:{_IBANS}){_Z})"
IBAN_SIGNS = (WORD,)

# -- identity numbers ------------------------------------------------------------------------------------------------------------

NATIONAL = r"[0-9A-Za-z](?:[ .\-/+]?[0-9A-Za-z]){7,19}"
_RAW = "|".join(kind.within for kind in KINDS if kind.within)
_NATIONAL_VALUE = (
    r"(?<![A-Za-z])(?:[A-Za-z]{0,4}[ -]?\d(?:[ .\-/]?[0-9]){4,13}(?:[ -]?[A-Za-z]\b)?|(?=(?:[A-Za-z]{0,8}\d){4})[0-9A-Za-z]{8,18}+)"
)
NATIONAL_WITHIN = "|".join(
    (
        rf"(?i:(?<![0-9A-Za-z_])(?<!\d[.,-])(?:{_RAW})(?![0-9A-Za-z]|[.-]\d))",
        told(
            r"ssn|social security|nino|national insurance|bsn|burgerservicenummer|cpf|pesel|personnummer|hetu|dni|codice fiscale"
            r"|steuer-?id(?:nr)?|idnr|aadhaar|aadhar|passport|reisepass|pasaporte|passeport|national id|identity (?:card|number)"
            r"|personalausweis|nric|curp|tax ?id",
            _NATIONAL_VALUE,
            _NUMBER,
            "sure1",
        ),
        told("sin|cpr|nie|nif|nir|rut|pan|nhs|pps|tin", _NATIONAL_VALUE, BEHIND, "sure2"),
    )
)
NATIONAL_SIGNS = (
    *(GROUPS, RUN, WORD),
    *listed("ssn|social sec|nino|insurance|bsn|burgerservice|cpf|pesel|personnummer|hetu|dni|codice fiscale|steuer|idnr|aadha"),
    *listed("passport|reisepass|pasaporte|passeport|national id|identity |personalausweis|nric|curp|tax id|taxid"),
    *assigned("sin|cpr|nie|nif|nir|rut|pan|nhs|pps|tin"),
)

# -- network, places, dates ------------------------------------------------------------------------------------------------------

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|\d?\d)"
_VERSION = "".join(
    rf"(?<!{word})" for word in ("ersion ", "ersion: ", "ersion=", "ERSION ", "elease ", "uild ", r"v\. ", "ver ", "v ")
)
IP = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f:]{2,39}|[0-9A-Fa-f:]{2,30}:[0-9.]{7,15}"
IP_WITHIN = (
    rf"(?=\d)(?<![0-9A-Za-z_.+-]){_VERSION}(?:{_OCTET}\.){{3}}(?!0/[12]?\d\b){_OCTET}(?![0-9A-Za-z_]|[.+~]\d|-\w)"
    r"|(?=[0-9A-Fa-f:])(?<![0-9A-Za-z_:.])(?:[0-9A-Fa-f]{1,4}:{1,2}|::){2,7}+(?:[0-9A-Fa-f]{1,4})?(?![0-9A-Za-z_:]|\.\d)"
)
IP_SIGNS = (QUAD, COLONS)

_FLOAT = r"-?\d{1,3}\.\d{4,15}"
_PAIRS = rf"{_FLOAT} ?[,;] ?{_FLOAT}(?:[ ;|]{{1,2}}{_FLOAT},{_FLOAT})*+"
_DEGREES = r"\d{1,3}(?:\.\d{1,9})?° ?(?:\d{1,2}(?:\.\d{1,9})?['\u2032] ?(?:\d{1,2}(?:\.\d{1,9})?[\"\u2033] ?)?)?"
GEO = r"[\[(]?-?\d{1,3}\.\d{3,15}[,; ]\s?-?\d{1,3}\.\d{3,15}[\])]?"
GEO_WITHIN = "|".join(
    (
        # `49.8533 89.2303, 85.7512 81.0723`, as areas are written, has no pair in its middle
        rf"(?<![\w.+-])(?<![\d\]],)(?<![\d\]], )(?<!\d )(?P<pair>{_PAIRS})(?!\d|[.%]\d| ?[,;] ?-?\d{{1,9}}\.\d)",
        r"(?i:\bpoint ?\( ?|\bgeo:)(?P<sure1>-?\d{1,3}(?:\.\d{1,15})?[ ,]-?\d{1,3}(?:\.\d{1,15})?)",
        r"(?i:(?<![A-Za-z])(?:lat|lon|lng|latitude|longitude)[\"']?\s{0,2}[:=]\s{0,2}[\"']?)(?P<sure2>-?\d{1,3}\.\d{2,15})",
        rf"(?P<sure3>{_DEGREES}[NSns][ ,;]{{0,3}}{_DEGREES}[EWOewo])",
    )
)
GEO_SIGNS = (PAIR, *listed("point(|point (|geo:|°"), *assigned("lat|lon|lng|latitude|longitude"))

_DAY = (
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ]{1,2}\d{1,2}[-/. ]{1,2}(?:\d{4}|\d{2})(?!\d)"
    r"|\d{1,2}(?:st|nd|rd|th|er|\.)? (?:de )?[^\W\d]{3,10}\.? (?:de )?\d{4}|[^\W\d]{3,10}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}"
)
BIRTH_WITHIN = told(
    r"dob|d\.o\.b\.?|date of birth|birth ?date|date_of_birth|birth_date|birthday|born(?: on)?|geboren(?: am)?|geb\.|geburtsdatum"
    r"|née? le|date de naissance|fecha de nacimiento|nacid[oa] el|data di nascita|nat[oa] il|data de nascimento|födelsedatum|född"
    r"|fødselsdato|født|geboortedatum|data urodzenia|syntymäaika",
    _DAY,
    r"[\"']?\s{0,2}(?:[:=]|is|the)?\s{0,2}[\"']?",
)
BIRTH_SIGNS = listed(
    "dob|d.o.b|of birth|birth|born|gebor|geb.|geburt|né le|née le|naissance|nacimiento|nacid|nascita|nato il|nata il|nascimento"
    "|födelse|född|fødsel|født|geboorte|urodzenia|syntym|date_of_b"
)

# -- addresses -------------------------------------------------------------------------------------------------------------------

_NAME = r"[A-ZÀ-Þ0-9][\w'.-]{0,30}"
_STREETS = "Street|Avenue|Road|Boulevard|Lane|Highway|Parkway|Terrace|Crescent|St|Ave|Rd|Blvd|Ln|Hwy|Pkwy"
_GERMANIC = "straße|strasse|str\\.|gasse|allee|gatan|vägen|(?<!Bri)(?<!Rene)gade|laan|straat"
RING = r"(?<![AEIOUYPaeiouyp])(?<!\b[Ss]t)ring"
"""`Nordring`, not `Spring`, `String` or `Engineering`."""
_ROMANCE = "Calle|Avenida|Plaza|Paseo|Via|Viale|Piazza|Corso|Rua|Praça"
STREET = "|".join(
    (
        rf"\d{{1,5}}[A-Za-z]?,? (?:{_NAME} ){{1,4}}(?:{_STREETS})\b\.?(?:,? (?:Apt|Apartment|Suite|Unit|Ste|#)\.? ?\w{{1,6}})?",
        rf"[A-ZÄÖÜ][a-zäöüßA-Z.-]{{1,40}}(?:{_GERMANIC}) \d{{1,4}} ?[a-zA-Z]?\b",
        r"\d{1,4} ?(?:bis|ter)?,? (?:rue|avenue|boulevard|chemin|impasse|allée)"
        r" (?:de la |de l'|d[eu]s? |d'|l')?[A-ZÀ-Þ][\w'-]{1,40}",
        rf"(?:{_ROMANCE}) (?:[\w'.-]{{1,30}} ){{0,5}}[\w'.-]{{1,30}},? (?:n[.º°]? ?)?\d{{1,4}}\b",
        r"(?i:p\.? ?o\.? box) \d{1,6}\b",
    )
)
_ANY_STREET = f"{_STREETS}|Drive|Court|Way|Place|Square|Trail|Circle|Dr|Ct|Pl|Sq"
STREET_ALONE = (
    rf"{STREET}|\d{{1,5}}[A-Za-z]? (?:[\w'.-]{{1,30}} ){{1,4}}(?i:{_ANY_STREET})\b\.?.{{0,40}}"
    r"|[A-ZÄÖÜ][\w.-]{1,30}(?: [A-ZÄÖÜ][\w.-]{1,30})?"
    rf"(?: (?:Weg|Platz|Ring|Damm|Ufer|weg|platz|ring|damm|ufer)|weg|platz|damm|ufer|{RING}) \d{{1,4}}[a-z]?"
)
STREET_WITHIN = rf"(?<![\w.,-])(?:{STREET})"
STREET_SIGNS = listed(
    " street| avenue| road| boulevard| lane| highway| parkway| terrace| crescent| st | st.| st,| ave| rd| blvd| ln| hwy| pkwy"
    "|straße|strasse|str. |gasse |allee |gatan |vägen |gade |laan |straat | rue | chemin | impasse | allée |calle |avenida |plaza "
    "|paseo |via |viale |piazza |corso |rua |praça |o box|o. box"
)
