"""Which label a column has, by what it is called: its own name and comment, its type, its table, the columns beside it. Pure.

A name has a *head*, the word that says what it is (`email` in `customer_email`), and words around it: whose it is, or that it is
something about it and not the thing itself (`email_count`, `email_verified`). Words that mean little alone (`name`, `city`) count
only where something else speaks of persons. Where values are at hand, `finding` weighs them too, and may overrule.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from nightporter.masking.label import ADDRESS, BYTES, CHOICE, LABELS, NUMBER, PLACE, TEXT, WHOLE_NUMBER
from nightporter.masking.lexicon import MEDIUM, STRONG, WEAK, Item, Named, main_head, parse, subject
from nightporter.masking.spelling import pieces, word_set
from nightporter.masking.words import About

ENOUGH = 0.5
"""Confidence from which on a column is labelled. Less is a hint, which values may confirm."""


class Guess(NamedTuple):
    """A label that a column seems to have."""

    label: str
    confidence: float
    """0 to 1."""
    reason: str
    """As people read it: "its name `email_addr` means e-mail address"."""


class Surroundings(NamedTuple):
    """What a column stands in."""

    about: About
    """What the rows of its table are."""
    personal: frozenset[str]
    """Labels that other columns have by their names alone."""
    of_table: str = ""
    """The label that its table is named after: `phone_numbers`."""
    of_mail: bool = False
    """Its name speaks of e-mail: addresses are those."""
    of_persons: bool = False
    """The name of its table has a word for persons in it."""
    of_pay: bool = False
    """It is a payroll, by its name: amounts in it are what somebody earns."""
    of_secrets: bool = False
    """What is called a key or a code in it opens something, by its name."""
    people: frozenset[str] = frozenset()
    """What stands before or behind the word for an e-mail address or phone number in other columns: `requester` of
    `requester_email`. A name of the same is somebody's."""
    addressed: frozenset[str] = frozenset()
    """The same of words for streets, addresses and postal codes: `payment` of `payment_address_1`."""
    prefix: str = ""
    """Most of its columns begin with this word: it says nothing of any of them."""
    of_calls: bool = False
    """Numbers in it are those of telephones, by its name."""


def named(
    relation_name: str,
    column_name: str,
    type_family: str,
    comment: str = "",
    table_comment: str = "",
    neighbors: tuple[str, ...] = (),
) -> tuple[Guess, ...]:
    """The labels that a column has by what it is called, surest first; none: names do not tell.

    `type_family` as `family_of` gives it; empty: not known. `neighbors` are the names of all columns of its relation, in any order;
    they tell what `name` and `state` are. Kept by arguments, so that asking again costs a look-up."""
    return tuple(
        g for g in hints(relation_name, column_name, type_family, comment, table_comment, neighbors) if g.confidence >= ENOUGH
    )


@lru_cache(maxsize=4096)
def key_label(key: str) -> str | None:
    """The label of what stands under a key of a JSON object: `{"email": ...}`; None: the key does not tell."""
    guesses = named("", key, "")
    return guesses[0].label if guesses else None


@lru_cache(maxsize=65536)
def hints(
    relation_name: str,
    column_name: str,
    type_family: str,
    comment: str = "",
    table_comment: str = "",
    neighbors: tuple[str, ...] = (),
) -> tuple[Guess, ...]:
    """The same with what is too weak to label a column by itself."""
    around = surroundings(relation_name, table_comment, neighbors)
    guess = _of_name(column_name, type_family, around, comment)
    if family_says := _of_type(column_name, type_family):
        return (guess if guess is not None and guess.confidence >= ENOUGH else family_says,)
    if guess is not None:
        return (guess,) if guess.confidence > 0 else ()
    guess = _of_comment(column_name, type_family, around, comment) or _of_table(relation_name, column_name, type_family, around)
    return (guess,) if guess is not None else ()


@lru_cache(maxsize=16384)
def surroundings(relation_name: str, table_comment: str = "", neighbors: tuple[str, ...] = ()) -> Surroundings:
    """What the names of a table and of its columns say about any column of it."""
    about = subject(relation_name)
    if about in (About.UNKNOWN, About.DEAL) and any("".join(pieces(name)) in _OF_FIRMS for name in neighbors):
        about = About.ORGANIZATION  # `accounts` with an industry and a turnover
    if about is About.UNKNOWN and table_comment:
        about = _told(table_comment) or About.UNKNOWN
    personal = {label for name in neighbors for label in _evident(name)}
    if (
        about in (About.UNKNOWN, About.PERSON, About.DEAL)
        and not personal & _OF_NO_PROGRAM
        and any(_is_of_programs(name, about) for name in neighbors)
    ):
        about = About.THING  # `clients` of a server, `accounts` for mail
    if (about is About.ORGANIZATION and personal & _OF_NO_FIRM) or (about is About.KIND and len(personal & _OF_ONE) > 1):
        about = About.PERSON  # `providers` have a gender here, a `customer_lookup` an e-mail address and a given name
    table = parse(relation_name)
    head = main_head(table)
    of_table = ""
    if head is not None and table.items[head].strength == STRONG and not _is_taken_away(table, head):
        of_table = table.items[head].label
    mail = any(item.label == "pii.email" for item in table.items)
    words = {item.word for item in table.items} | set(pieces(relation_name))
    return Surroundings(
        about,
        frozenset(personal),
        of_table,
        mail,
        any(item.about is About.PERSON for item in table.items),
        bool(words & _PAYROLLS) or any(item.label == "pii.salary" for item in table.items),
        bool(words & _OPENERS),
        frozenset(who for name in neighbors if (who := _whose(parse(name), _OF_CONTACTS))),
        frozenset(before for name in neighbors if (before := _before(parse(name), sure=True))),
        _common_prefix(neighbors),
        bool(words & _CALLS),
    )


_CALLS = word_set("call calls phonecall phonecalls cdr cdrs sms voicemail voicemails anruf anrufe appel appels llamada llamadas")


def _common_prefix(names: tuple[str, ...]) -> str:
    """The word that most names begin with, where there are enough."""
    firsts = [parts[0] for name in names if len(parts := pieces(name)) > 1]
    if len(firsts) < 6:
        return ""
    ((word, count),) = Counter(firsts).most_common(1)
    return word if count >= 0.6 * len(names) else ""


def _before(named: Named, sure: bool) -> str:
    """What stands before the word for a part of an address, of names where that word is sure, or is not."""
    for at, item in enumerate(named.items):
        if item.label.startswith("pii.address"):
            return "".join(each.word for each in named.items[:at]) if (item.strength != WEAK) is sure else ""
    return ""


def _is_of_programs(name: str, about: About) -> bool:
    parts = pieces(name)
    return "".join(parts) in _OF_PROGRAMS or (about is not About.PERSON and not _PROTOCOLS.isdisjoint(parts))


_PROTOCOLS = word_set("smtp imap pop3")
_OF_PROGRAMS = word_set("redirecturi redirecturis redirecturl callbackurl clientsecret granttypes granttype rooturl publicclient")
"""Columns that programs have which ask a server for its data, and persons have not."""
_OF_NO_FIRM = frozenset({"pii.gender", "pii.birth_date"})
_OF_NO_PROGRAM = _OF_NO_FIRM | {"pii.name.given", "pii.name.family", "pii.national_id"}
_OF_ONE = frozenset({"pii.name.given", "pii.name.family", "pii.email", "pii.phone", "pii.birth_date", "pii.national_id"})
_PAYROLLS = word_set(
    """
    payroll payrolls payslip payslips pay paystub nomina nominas paie paies bulletinpaie lohn gehalt lohnabrechnung folha
    holerite holerites cedolino cedolini bustapaga loonstrook loonstroken salarisstrook lonespecifikation lonnsslipp
    """
)
_OPENERS = word_set(
    "otp totp hotp mfa 2fa twofactor confirmation emailconfirmation verification invite invites invitation invitations recovery"
    " oauth oauth2"
)


def _whose(named: Named, labels: frozenset[str]) -> str:
    """Who it is of, of a name with one word of those labels and others that are not known; empty: it does not say."""
    items = named.items
    if sum(item.label in labels for item in items) != 1 or any(
        _about(item) not in (About.UNKNOWN, About.NEUTRAL) for item in items
    ):
        return ""
    return "".join(item.word for item in items if item.label not in labels and item.about is About.UNKNOWN)


_OF_FIRMS = word_set(
    "industry annualrevenue revenue turnover tickersymbol employeecount numberofemployees noofemployees siccode naicscode vatnumber"
    " vatid ustid ustidnr umsatzsteuerid siret siren cif nip cnpj companynumber registrationnumber branche foundedyear"
    " handelsregister"
)
"""Columns that organizations have, and persons have not."""


def _told(comment: str) -> About | None:
    """Who or what a comment speaks of, at its beginning."""
    for item in parse(comment.partition(".")[0]).items[:8]:
        if item.about in (About.PERSON, About.PUBLIC, About.ORGANIZATION, About.THING, About.DEAL, About.PLACE):
            return item.about
    return None


def _evident(name: str) -> tuple[str, ...]:
    """What a neighbor is, whatever stands around it; `LABEL?` if it is one that needs others itself."""
    named = parse(name)
    head = main_head(named)
    if head is None or _is_taken_away(named, head):
        return ()
    item = named.items[head]
    if item.label == "pii.name" and item.strength == WEAK and _nearest(named, head) is About.PERSON:
        return (NAME_OF_ANOTHER,)  # `doctor_name`
    if item.word in _FOR_FIRMS:
        return ("pii.name?",)
    unsure = item.strength == WEAK or (item.strength == MEDIUM and item.label == "pii.name")
    return (f"{item.label}?",) if unsure else (item.label,)


_FOR_FIRMS = word_set(
    "signatory legalrepresentative representantelegal representantlegal gesetzlichervertreter rappresentantelegale"
)
"""Persons who sign for what the row is about."""


NAME_OF_ANOTHER = "pii.name@"
"""There is a person, and something says which: what is called `name` alone beside it is the name of something else."""


# -- by name -----------------------------------------------------------------------------------------------------------------

_NAMED_ITSELF = ("secret.token", "secret.key", "secret.connection")
_ENDS = word_set("at on since until")
"""At the end they make a moment of what stands before: `login_at`. Elsewhere they do not: `ip_at_login`."""
_ADDRESSED = word_set("wallet contract memory")
"""They have addresses that are nobody's; what else is theirs is what it is."""
_OF_DAYS = word_set("day month year tag monat jahr jour mois annee dia mes ano anio")
"""Behind a birth, parts of its date."""


def _is_taken_away(named: Named, head: int) -> bool:
    """Whether a word beside the head says that this is something else."""
    if named.items[head].label in _NAMED_ITSELF and named.items[-1].word == "name":
        return True  # `secret_name`: what it is called
    for at, item in enumerate(named.items):
        if at == head:
            continue
        if item.about is About.BLOCK and not item.label:
            if at < head and item.word in _ADDRESSED and named.items[head].strength == STRONG:
                continue  # `contract_wage`
            return True
        if at > head and not item.label and item.about in (About.AFTER, About.KIND, About.THING):
            if item.word in _ENDS and at < len(named.items) - 1:
                continue
            if item.word in _OF_DAYS and named.items[head].label == "pii.birth_date" and at == head + 1:
                continue
            return True
    return False


def fits(label: str, family: str) -> bool:
    """Whether a column of that family can hold what has the label."""
    if not family:
        return True
    families = LABELS[label].families
    return family in families or (family == BYTES and TEXT in families)


class _Around(NamedTuple):
    """What the words around a head say."""

    persons: bool
    contact: bool
    others: bool
    """Organizations, places, things: it is theirs."""
    public: bool
    strange_before: bool
    strange_after: bool
    deal: bool


def _around(named: Named, head: int) -> _Around:
    before, after = named.items[:head], named.items[head + 1 :]
    kind = named.items[head].label[:8]  # `city_village` and `last_first` say the same twice
    abouts = {_about(item) for item in before + after if not item.label or item.label[:8] != kind}
    return _Around(
        About.PERSON in abouts,
        About.CONTACT in abouts,
        bool(abouts & {About.ORGANIZATION, About.PLACE, About.THING, About.KIND}),
        About.PUBLIC in abouts,
        any(_about(item) is About.UNKNOWN for item in before if not item.label or item.label[:8] != kind),
        any(_about(item) is About.UNKNOWN for item in after if not item.label or item.label[:8] != kind),
        About.DEAL in abouts,
    )


_NOT_PERSONS = frozenset({About.PUBLIC, About.ORGANIZATION, About.PLACE, About.THING, About.KIND})


def _nearest(named: Named, head: int) -> About | None:
    """Whose name it is: what the nearest word before says, or else the nearest behind. `store_manager_name` is the manager's, and
    `client_app_name` that of an app. None: nothing says."""
    kind = named.items[head].label[:8]
    for item in (*reversed(named.items[:head]), *named.items[head + 1 :]):
        if item.label and item.label[:8] == kind:
            continue
        about = _about(item)
        if about is About.AFTER and not item.word.endswith("ed"):
            return About.THING  # `template_name`; `verified_name` is still one
        if about is About.PERSON or about in _NOT_PERSONS:
            return about
    return None


def _about(item: Item) -> About:
    """Of a word beside the head. What names another label, surely, says nothing against this one."""
    return About.NEUTRAL if item.label and item.strength != WEAK and item.about is About.UNKNOWN else item.about


def _of_name(column: str, family: str, around: Surroundings, comment: str) -> Guess | None:
    """None: the name says nothing. With confidence 0: it says that it is something else."""
    named = parse(column)
    if around.prefix and around.about in (About.PERSON, About.CONTACT) and named.items and named.items[0].word == around.prefix:
        named = Named((Item(around.prefix, About.NEUTRAL), *named.items[1:]), named.of)  # `property_city`
    head = main_head(named)
    if head is None:
        return _none(column) if any(item.about in (About.BLOCK, About.AFTER) for item in named.items) else None
    if _is_taken_away(named, head):
        return _none(column)
    item = named.items[head]
    if item.label in _HELD and any(each.about is About.PERSON for each in named.items[head + 1 :]):
        item = item._replace(label="pii.name", strength=STRONG)  # `card_owner`
    parts = {each.label for each in named.items if each.label.startswith("pii.address.")} - _LARGE
    if item.label in parts and len(parts) > 1:
        item = item._replace(label="pii.address")  # `zip_city`
    if item.label == "pii.birth_date" and family in (TEXT, CHOICE):
        places = [each.label for each in named.items if each.label.startswith("pii.address.")]
        item = item._replace(label=places[-1], strength=STRONG) if places else item  # `commune_naiss`
    if item.label == "pii.card" and item.word in _LAST and _is_of_banks(around):
        item = item._replace(label="pii.bank_account", strength=STRONG)  # the last digits of an account
    if item.word in _HOLDERS:  # `iban_titulaire`
        of_holder = (each._replace(strength=STRONG) for each in named.items if each.label and each.label[:8] != item.label[:8])
        item = next(of_holder, item)
    if item.label == "pii.address" and around.of_mail:
        item = item._replace(label="pii.email", strength=STRONG)
    label = item.label
    if not fits(label, family):
        return None
    if family in (NUMBER, WHOLE_NUMBER) and item.word.endswith("s") and label in ("pii.phone", "secret.token"):
        return _none(column)  # how many
    beside = _around(named, head)
    if item.strength == STRONG:
        confidence, why = (0.95, "") if _is_long_enough(item, family, beside, around) else (0.4, "")
        if item.word in _OF_FILES and beside.others and not beside.persons:
            confidence = 0.3
    elif item.strength == MEDIUM:
        confidence, why = _medium(label, item.word, beside, around)
    else:
        confidence, why = _weak(item, family, beside, around, comment, named, head)
    if item.strength != WEAK:
        if beside.strange_after:
            confidence *= 0.85 if label.startswith("secret.") else 0.8 if label in _GRAVE else 0.6
        elif beside.strange_before:
            confidence *= 0.95
    label = _which_name(label, item, around)
    if family == BYTES and label not in _IN_BYTES:
        confidence *= 0.8
    return Guess(label, round(confidence, 2), f"its name `{column}` means {LABELS[label].title}{why}")


_HOLDERS = word_set(
    """
    titular titulaire intestatario kontoinhaber karteninhaber rekeninghouder accountholder cardholder holder ansprechpartner
    kontaktperson contactperson personnecontact emergencycontact nextofkin contactoemergencia contatoemergencia notfallkontakt
    noodcontact contactperson
    """
)
_LAST = word_set("last4 lastfour")


def _is_of_banks(around: Surroundings) -> bool:
    return around.of_table == "pii.bank_account" or ("pii.bank_account" in around.personal and "pii.card?" not in around.personal)


_LARGE = {"pii.address.region", "pii.address.country"}
_HELD = ("pii.card", "pii.bank_account")
"""What somebody is the holder of."""
_OF_FILES = word_set("fname")
"""Names of files as well."""
_GRAVE = ("pii.national_id", "pii.card", "pii.bank_account", "pii.birth_date")
"""Rather taken for one too often."""
_IN_BYTES = ("secret.password", "secret.token", "secret.key")


def _is_long_enough(item: Item, family: str, beside: _Around, around: Surroundings) -> bool:
    """Three letters of a number mean many things: `dni` are days in Polish."""
    if len(item.word) > 3 or item.label != "pii.national_id" or family not in (NUMBER, WHOLE_NUMBER):
        return True
    return beside.persons or around.about is About.PERSON or bool(around.personal - {"pii.national_id"})


def _none(column: str) -> Guess:
    return Guess("", 0.0, f"its name `{column}` means something else")


def _which_name(label: str, item: Item, around: Surroundings) -> str:
    """`nom` beside `prénom` is a family name."""
    if label != "pii.name" or item.strength != WEAK:
        return label
    given, family = "pii.name.given" in around.personal, "pii.name.family" in around.personal
    if given == family or item.word in ("names", "initials", "displayname", "preferredname", "legalname", "nominativo"):
        return label
    return "pii.name.family" if given else "pii.name.given"


OF_PERSONS = frozenset(
    {"pii.name", "pii.name.given", "pii.name.family", "pii.birth_date", "pii.national_id", "pii.gender", NAME_OF_ANOTHER}
)
"""A table with a column of one of these has rows about persons."""
_OF_CONTACTS = frozenset({"pii.email", "pii.phone"})
_NAMES = frozenset({"pii.name", "pii.name.given", "pii.name.family"})
_OF_ADDRESSES = frozenset(
    {
        "pii.address",
        *("pii.address.street", "pii.address.postal_code", "pii.address.city", "pii.address.city?", "pii.address.postal_code?"),
    }
)


_SECRETS = word_set("secret secrets geheimnis secreto segreto segredo hemlighet")
"""Things have them too: `clients.secret`."""


def _medium(label: str, word: str, beside: _Around, around: Surroundings) -> tuple[float, str]:
    if beside.persons or beside.contact:
        return 0.95, ""
    if label == "secret.password" and around.personal & {"pii.username", "pii.username?"}:
        return 0.85, ", beside a user name"
    if label == "secret.key" and word in _SECRETS and not beside.others:
        return 0.85, ""
    if label == "pii.name" and around.about is About.CONTACT and not around.personal & (_OF_CONTACTS | _OF_ADDRESSES | OF_PERSONS):
        return 0.3, ""
    devices = label == "pii.geo" and around.about in (About.THING, About.KIND)
    if beside.others and label != "pii.bank_account" and (label != "pii.geo" or around.about is About.PLACE):
        return 0.3, ""
    if around.about in (About.ORGANIZATION, About.PLACE, About.THING, About.KIND) and not devices:
        persons = around.personal & OF_PERSONS
        if not persons or around.about is About.THING:
            return 0.3, ""
        return 0.75, ", and its table names persons"
    if label == "pii.geo" and "pii.address.city?" in around.personal and not around.personal & (OF_PERSONS | _OF_ADDRESSES):
        return 0.6, ""
    return 0.85, ""


def _weak(
    item: Item, family: str, beside: _Around, around: Surroundings, comment: str, named: Named, head: int
) -> tuple[float, str]:
    """Of a word that needs others."""
    if item.label.startswith("pii.name"):
        return _weak_name(item, beside, around, comment, named, head)
    if item.label.startswith("pii.address"):
        if item.label == "pii.address.street" and family == WHOLE_NUMBER:
            return 0.0, ""
        return _weak_address(item, beside, around, comment, named)
    return _weak_other(item, family, beside, around)


def _weak_name(item: Item, beside: _Around, around: Surroundings, comment: str, named: Named, head: int) -> tuple[float, str]:
    told = _told(comment) if comment else None
    near = _nearest(named, head)
    if near is About.PERSON:
        return 0.9, ", of a person"
    if near in _NOT_PERSONS or told in (About.ORGANIZATION, About.THING, About.PLACE, About.PUBLIC):
        return 0.0, ""
    if beside.persons or told is About.PERSON:
        return 0.9, ", of a person"
    persons, contacts = around.personal & OF_PERSONS - {NAME_OF_ANOTHER}, around.personal & _OF_CONTACTS
    whose = _whose(named, _NAMES)
    if whose and whose in around.people:
        return 0.75, ", with an e-mail address or phone number of the same"
    if item.word == "displayname" and "pii.username" in around.personal and not beside.strange_before:
        return 0.75, ", beside a user name"
    if beside.contact:
        return (0.65 if persons or contacts or around.personal & _OF_ADDRESSES else 0.4), ", beside an address"
    if beside.strange_before or beside.strange_after or beside.deal:
        return 0.35, ""
    if around.about is About.PERSON:
        return 0.85, ", in a table of persons"
    if around.about is About.CONTACT:
        return (0.6 if persons or contacts or around.of_persons else 0.3), ", in a table of addresses"
    if around.about in (About.UNKNOWN, About.DEAL):
        if persons:
            return 0.8, ", beside columns about persons"
        if contacts:
            return 0.65, ", beside an e-mail address or phone number"
    if around.about is About.UNKNOWN:
        return 0.3, ""
    return 0.2, ""


_MANY_THINGS = word_set(
    """
    state region district province estado staat stato land county department dept uf complemento location via cap zip cp line1
    line2
    """
)
"""Words that even beside persons often mean something else: the state of an account, a region of sales."""


def _weak_address(item: Item, beside: _Around, around: Surroundings, comment: str, named: Named) -> tuple[float, str]:
    told = _told(comment) if comment else None
    addresses = {label for label in around.personal & _OF_ADDRESSES if label.rstrip("?") != item.label}
    persons = bool(around.personal & OF_PERSONS)
    if beside.contact or beside.persons:
        return 0.85, ", of an address"
    if beside.others or beside.public or told in (About.ORGANIZATION, About.THING):
        return 0.0, ""
    if (before := _before(named, sure=False)) and before in around.addressed:
        return 0.85, ", beside other parts of the same address"
    needs = item.word in _MANY_THINGS
    if around.about in (About.THING, About.PLACE, About.KIND):
        return 0.2, ""
    if beside.strange_before or beside.strange_after or beside.deal:
        return (0.6 if around.about is About.PERSON and not needs else 0.35), ""
    match around.about:
        case About.PERSON | About.CONTACT:
            return (0.45 if needs and not addresses else 0.85), ", in a table of persons or addresses"
        case About.UNKNOWN | About.DEAL:
            weak = {label for label in around.personal if label.startswith("pii.address") and label[:-1] != item.label}
            if len(weak) > 1 or any(not label.endswith("?") for label in addresses):
                return 0.75, ", beside other parts of an address"
            if persons or (around.personal & _OF_CONTACTS):
                if item.label == "pii.address.country" and not addresses:
                    return 0.4, ""  # of the account, of the card
                return (0.4 if needs else 0.65), ", beside columns about persons"
            return 0.35, ""
        case About.ORGANIZATION | About.PUBLIC if persons and addresses:
            return 0.65, ", and its table names persons"
    return 0.2, ""


_NEEDS = {
    "pii.card": frozenset({"pii.card"}),
    "pii.bank_account": frozenset({"pii.bank_account"}),
    "secret.password": frozenset({"secret.password", "pii.card", "pii.bank_account", "pii.username"}),
    "pii.salary": frozenset({"pii.salary"}),
    "pii.geo": frozenset({"pii.geo"}),
    "pii.username": frozenset({"secret.password", "pii.ip_address"}),
}


_HINTS = word_set("userid pnr pan screenname")
"""Words of too many meanings: they want values."""


def _weak_other(item: Item, family: str, beside: _Around, around: Surroundings) -> tuple[float, str]:
    if beside.others:
        return 0.2, ""
    if item.word == "userid" and family == TEXT and "secret.password" in around.personal:
        return 0.8, ", beside a password"
    if beside.strange_after or item.word in _HINTS or (item.label == "pii.geo" and family == TEXT):
        return 0.35, ""
    if item.label == "pii.username" and around.about is About.CONTACT:
        return 0.35, ""  # the `alias` of an address
    nobodys = around.about in (About.PLACE, About.ORGANIZATION) and not around.personal & OF_PERSONS
    if item.label == "pii.geo" and nobodys:
        return 0.3, ""
    needed = _NEEDS.get(item.label, frozenset())
    if needed & around.personal or around.of_table in needed or (item.label == "pii.card" and around.of_table == "pii.card"):
        return 0.8, f", beside {LABELS[item.label].title}"
    if item.label == "pii.geo":
        return (0.6 if family == PLACE and around.about in (About.PERSON, About.CONTACT) else 0.3), ""
    if item.word in ("emailid", "sessionid") and family == TEXT:
        return (0.65 if item.word == "emailid" else 0.4), ""
    if item.label in ("pii.card", "secret.token", "secret.key", "secret.connection"):
        return 0.35, ""
    if around.about is About.PERSON or beside.persons or around.personal & OF_PERSONS:
        return 0.6, ", in a table of persons"
    return 0.4, ""


# -- by comment, table, type -------------------------------------------------------------------------------------------------


def _of_comment(column: str, family: str, around: Surroundings, comment: str) -> Guess | None:
    """Of a column whose name says nothing."""
    if not comment:
        return None
    told = parse(comment.partition(". ")[0])
    told = Named(told.items[:12], True)
    head = main_head(told)
    if head is None or any(item.about in (About.BLOCK, About.AFTER, About.KIND) and not item.label for item in told.items):
        return None
    item = told.items[head]
    strange = sum(each.about is About.UNKNOWN and not each.label for each in told.items[:head])
    if strange > 2 or not fits(item.label, family):
        return None
    beside = _around(told, head)
    whose = beside.persons or beside.contact or around.about in (About.PERSON, About.CONTACT) or bool(around.personal & OF_PERSONS)
    if item.strength == WEAK and not whose:
        return None
    if item.strength == MEDIUM and beside.others and not whose:
        return None
    return Guess(item.label, 0.7, f"its comment speaks of {LABELS[item.label].title}")


_SAYS_NO_MORE = {
    "pii.phone": "value number num no nr nummer numero numeros data content text raw string code",
    "pii.email": "address value string addr",
    "pii.address": "value text line lines raw full data content",
    "pii.card": "number num no nr nummer numero value data digest hash",
    "pii.bank_account": "number num no nr nummer numero value code",
    "pii.national_id": "number num no nr nummer numero value code",
    "pii.salary": "amount gross net rate base basic value",
    "pii.ip_address": "address value addr",
    "secret.": "key token secret value hash digest text data content raw body string code number",
}
"""By label, of tables that are named after it: words of columns that say no more than that."""
_NO_MORE = {label: word_set(text) for label, text in _SAYS_NO_MORE.items()}
_WRITTEN_SO = word_set("hashed encrypted truncated digest hash masked sha256 plain raw encoded ciphertext")


def _of_table(relation: str, column: str, family: str, around: Surroundings) -> Guess | None:
    """`phone_numbers.number`: the column says no more than the table does. `pay_slips.net_amount`, `invitations.code`."""
    items = parse(column).items
    words = [item.word for item in items]
    if not words or any(item.about is About.BLOCK for item in items):
        return None
    label = around.of_table
    more = _NO_MORE.get("secret." if label.startswith("secret.") else label, frozenset()) | _WRITTEN_SO
    if not label or not set(words) <= more:
        if around.of_pay and family == NUMBER and _is_pay(words, around):
            label = "pii.salary"
        elif (around.of_secrets and words in (["key"], ["code"])) or (words == ["key"] and around.personal & _KEPT):
            label = "secret.key" if words == ["key"] and around.personal & _KEPT else "secret.token"
        elif around.of_calls and set(words) <= _CALLED and set(words) & _NUMBER:
            label = "pii.phone"
        elif _is_house_number(words, around):
            label = "pii.address.street"
        else:
            return None
    if not fits(label, family):
        return None
    return Guess(label, 0.7, f"its table `{relation}` is of this: {LABELS[label].title}")


_NUMBER = word_set("number num no nr nummer numero")
_CALLED = _NUMBER | word_set("to from source destination src dst dest origin target a b other remote local")
_PAID = word_set("gross net bruto neto brutto netto brut liquido liquide netos brutos")
_AMOUNTS = word_set(
    """
    amount rate base basic pay total importe montant betrag valor liquido percibir a importo bedrag belopp kwota complementos
    complemento total totale ttc
    """
)


def _is_pay(words: list[str], around: Surroundings) -> bool:
    """Whether the words are those of what is paid out, in a payroll."""
    return bool(_PAID & set(words) or (words == ["rate"] and around.of_persons)) and set(words) <= _PAID | _AMOUNTS


_KEPT = frozenset({"secret.key"})
_NUMBERS = (["numero"], ["nro"], ["num"])


def _is_house_number(words: list[str], around: Surroundings) -> bool:
    """`numero` beside `logradouro`, in an address or beside it."""
    return words in _NUMBERS and "pii.address.street" in around.personal and bool(around.personal & _AREAS)


_AREAS = frozenset({"pii.address.postal_code", "pii.address.postal_code?", "pii.address.city?"})


_OF_NETWORKS = word_set("network net subnet gateway netmask cidr range block prefix mac")


def is_of_networks(column: str) -> bool:
    """Whether a column of addresses holds those of networks, by its name."""
    return any(item.word in _OF_NETWORKS for item in parse(column).items)


def _of_type(column: str, family: str) -> Guess | None:
    if family != ADDRESS or is_of_networks(column):
        return None
    return Guess("pii.ip_address", 0.6, "its type is for ip addresses")
