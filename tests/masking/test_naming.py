"""Names: what columns are called, and what they hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.masking.label import ADDRESS, BYTES, CHOICE, DATE, FLAG, LABELS, NUMBER, PLACE, TEXT, UUID, WHOLE_NUMBER
from nightporter.masking.naming import ENOUGH, Guess, key_label, named

from .truth.score import Column, Score, named_columns, score

FAMILIES = {
    "t": TEXT,
    "i": WHOLE_NUMBER,
    "n": NUMBER,
    "d": DATE,
    "f": FLAG,
    "b": BYTES,
    "u": UUID,
    "a": ADDRESS,
    "p": PLACE,
    "e": CHOICE,
}
TRUTH = Path(__file__).parent / "truth"


def known_schemas() -> dict[str, list[Column]]:
    found: dict[str, list[Column]] = {}
    for line in (TRUTH / "known.txt").read_text().splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = schema = []
        elif line and not line.startswith("#"):
            schema += named_columns(line, FAMILIES)
    return found


def strange_schemas() -> tuple[dict[str, list[Column]], set[str]]:
    """The schemas, and the places of columns of which people may disagree."""
    found: dict[str, list[Column]] = {}
    doubtful: set[str] = set()
    for line in (TRUTH / "strangers.txt").read_text().splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = schema = []
        elif line and not line.startswith("#"):
            table, _, rest = line.partition(":")
            doubtful |= {f"{table}.{word.partition('/')[0]}" for word in rest.split() if word.partition("=")[0].endswith("*")}
            schema += named_columns(re.sub(r"(/\w)\*", r"\1", line), FAMILIES)
    return found, doubtful


def scored(columns: list[Column]) -> Score:
    return score(
        (column.place, column.label, [g.label for g in named(column.table, column.name, column.family, neighbors=column.neighbors)])
        for column in columns
    )


@pytest.mark.parametrize("schema", [name for name, columns in known_schemas().items() if sum(bool(c.label) for c in columns) >= 15])
def test_schemas_that_people_know(schema: str) -> None:
    result = scored(known_schemas()[schema])
    assert result.recall >= 0.95, result.missed
    assert result.precision >= 0.9, result.wrong


def test_all_of_them_together() -> None:
    result = scored([column for columns in known_schemas().values() for column in columns])
    assert result.recall >= 0.98, result.missed
    assert result.precision >= 0.97, result.wrong


@pytest.mark.parametrize("schema", strange_schemas()[0])
def test_schemas_that_nothing_was_made_for(schema: str) -> None:
    schemas, doubtful = strange_schemas()
    result = scored([column for column in schemas[schema] if column.place not in doubtful])
    assert result.recall >= 0.8, result.missed  # by names alone; values find most of the rest
    assert result.precision >= 0.8, result.wrong


def test_all_those_together() -> None:
    schemas, doubtful = strange_schemas()
    result = scored([column for columns in schemas.values() for column in columns if column.place not in doubtful])
    assert result.recall >= 0.95, result.missed
    assert result.precision >= 0.96, result.wrong


@pytest.mark.parametrize(
    ("column", "label"),
    [
        *((name, "pii.name") for name in ("store_manager_name", "vehicle_owner_name", "hotel_guest_name", "pet_owner_name")),
        *((name, "-") for name in ("template_name", "campaign_name", "server_name", "client_app_name", "customer_group_name")),
        ("iban_titulaire", "pii.bank_account"),
        ("commune_naiss", "pii.address.city"),
        ("dob_year", "pii.birth_date"),
        ("contract_wage", "pii.salary"),
    ],
)
def test_the_nearest_word_says_whose(column: str, label: str) -> None:
    assert first("t", column, TEXT, "", "", "id", "email", column) == label


@pytest.mark.parametrize(
    ("table", "column", "family", "neighbors", "label"),
    [
        ("cases", "supplied_name", TEXT, ("supplied_name", "supplied_email"), "pii.name"),
        ("cases", "supplied_name", TEXT, ("supplied_name", "supplied_at"), "-"),
        ("orders", "payment_city", TEXT, ("payment_address_1", "payment_city"), "pii.address.city"),
        ("orders", "payment_city", TEXT, ("payment_method", "payment_city"), "-"),
        (
            "contacts",
            "property_city",
            TEXT,
            ("id", *(f"property_{x}" for x in ("city", "zip", "a", "b", "c", "d"))),
            "pii.address.city",
        ),
        ("nomina", "importe_neto", NUMBER, (), "pii.salary"),
        ("orders", "importe_neto", NUMBER, (), "-"),
        ("calls", "to_number", TEXT, (), "pii.phone"),
        ("orders", "to_number", TEXT, (), "-"),
        ("invitations", "code", TEXT, (), "secret.token"),
        ("countries", "code", TEXT, (), "-"),
        ("sales_invoice", "name", TEXT, ("name", "customer_name"), "-"),
        ("clients", "name", TEXT, ("name", "redirect_uri"), "-"),
        ("clients", "name", TEXT, ("name", "redirect_uri", "birth_date"), "pii.name"),
        ("users", "name", TEXT, ("name", "smtp_host"), "pii.name"),
        ("providers", "name", TEXT, ("name", "gender"), "pii.name"),
        ("bank_accounts", "last4", TEXT, (), "pii.bank_account"),
        ("cards", "last4", TEXT, (), "pii.card"),
        ("emails", "text", TEXT, (), "-"),
    ],
)
def test_what_stands_around_tells_more(table: str, column: str, family: str, neighbors: tuple[str, ...], label: str) -> None:
    assert first(table, column, family, "", "", *neighbors) == label


def first(table: str, column: str, family: str = TEXT, comment: str = "", table_comment: str = "", *neighbors: str) -> str:
    """The surest label, `-` for none."""
    guesses = named(table, column, family, comment, table_comment, neighbors)
    return guesses[0].label if guesses else "-"


@pytest.mark.parametrize(
    ("column", "label"),
    [
        *(
            (name, "pii.email")
            for name in ("email", "E_Mail", "eMail", "EMailAddress", "user_email_2", "kundenemail", "correoElectrónico")
        ),
        *(
            (name, "pii.name.given")
            for name in ("fname", "first_name", "FirstName", "FIRSTNAME", "cust_fname", "prénom", "PRENOM", "förnamn")
        ),
        *(
            (name, "pii.birth_date")
            for name in ("dob", "d_o_b", "födelsedatum", "foedelsedatum", "fodelsedatum", "fecha_nacimiento")
        ),
        *((name, "pii.address.street") for name in ("straße", "strasse", "Strasse_Nr", "house_number", "rua")),
        *((name, "pii.card") for name in ("cc_num", "creditCardNumber", "numero_de_tarjeta", "kreditkartennummer", "cardCVV")),
        *((name, "pii.phone") for name in ("tel", "mobilePhone", "handynummer", "téléphone", "fax_no")),
        *((name, "secret.password") for name in ("pwd_hash", "passwd", "MotDePasse", "contraseña", "hasło")),
        *((name, "secret.key") for name in ("api_key", "apiKey", "AWS_SECRET_ACCESS_KEY", "clientSecret")),
        *((name, "secret.token") for name in ("access_token", "refreshToken", "password_reset_token")),
        *((name, "pii.bank_account") for name in ("iban", "customer_iban", "kontonummer")),
        *((name, "pii.address.city") for name in ("billing_city", "billingcity", "rechnungsort", "home_city", "ville_livraison")),
        *(
            (name, "pii.name")
            for name in ("customer_name", "kundenname", "nom_du_client", "doctorName", "card_holder_name", "card_owner")
        ),
        ("имя", "pii.name.given"),
        ("电话", "pii.phone"),
    ],
)
def test_names_in_many_spellings(column: str, label: str) -> None:
    assert first("t", column) == label


@pytest.mark.parametrize(
    ("column", "family"),
    [
        *(
            (name, WHOLE_NUMBER)
            for name in ("email_count", "emails", "phones", "address_id", "city_id", "gender_id", "token_count", "ip_count")
        ),
        *(
            (name, WHOLE_NUMBER)
            for name in (
                "email",
                "password_length",
                "ip_version",
                "nb_emails",
                "anzahl_telefone",
                "max_tokens",
                "tokens",
                "birth_rank",
            )
        ),
        *((name, FLAG) for name in ("email_verified", "has_phone", "is_email", "password_reset_required", "geo_enabled")),
        *(
            (name, DATE)
            for name in ("email_sent_at", "password_changed_at", "phone_verified_at", "hired", "created_at", "last_login")
        ),
        *((name, TEXT) for name in ("phone_type", "address_type", "card_brand", "salary_grade", "email_subject", "email_template")),
        *((name, TEXT) for name in ("product_name", "file_name", "hostname", "username_policy", "type_adresse", "tipo_telefono")),
        *(
            (name, TEXT)
            for name in (
                "state",
                "country_code",
                "name",
                "key",
                "title",
                "mac_address",
                "public_key",
                "user_agent",
                "password_policy",
                "secret_name",
                "api_key_name",
                "access_token_name",
                "income_statement",
                "twitter:card",
                "password_version",
            )
        ),
        *((name, NUMBER) for name in ("salary_min", "max_salary", "city_population", "ip_rating", "email")),
        *((name, UUID) for name in ("email", "customer", "address")),
    ],
)
def test_hostile_names(column: str, family: str) -> None:
    assert first("t", column, family) == "-"


@pytest.mark.parametrize(
    ("table", "column", "neighbors", "label"),
    [
        ("customers", "name", (), "pii.name"),
        ("products", "name", (), "-"),
        ("artist", "name", (), "-"),
        ("customer_types", "name", (), "-"),
        ("user_roles", "name", (), "-"),
        ("oauth_clients", "name", (), "-"),
        ("x", "name", ("name", "email"), "pii.name"),
        ("x", "name", ("name", "price"), "-"),
        ("suppliers", "name", ("name", "contact_name"), "-"),
        ("accounts", "name", ("name", "industry", "phone"), "-"),
        ("users", "state", ("email", "state"), "-"),
        ("users", "state", ("email", "state", "city", "zip"), "pii.address.region"),
        ("orders", "state", ("state", "total"), "-"),
        ("countries", "name", (), "-"),
        ("city", "city", (), "-"),
        ("cities", "latitude", (), "-"),
        ("airports", "position", ("position", "lat", "lon"), "-"),
        ("devices", "latitude", (), "pii.geo"),
        ("clients", "nom", ("nom", "prenom"), "pii.name.family"),
        ("clientes", "nombre", ("nombre", "apellidos"), "pii.name.given"),
        ("credit_cards", "exp_month", ("number", "exp_month"), "pii.card"),
        ("licenses", "exp_month", ("number", "exp_month"), "-"),
        ("phone_numbers", "number", (), "pii.phone"),
        ("api_keys", "key", (), "secret.key"),
        ("settings", "key", (), "-"),
        ("email_log", "to_address", (), "pii.email"),
    ],
)
def test_what_stands_around_tells(table: str, column: str, neighbors: tuple[str, ...], label: str) -> None:
    assert first(table, column, TEXT, "", "", *neighbors) == label


@pytest.mark.parametrize(
    ("column", "family", "comment", "label"),
    [
        ("c17", DATE, "Geburtsdatum des Kunden", "pii.birth_date"),
        ("c18", TEXT, "Customer's e-mail address", "pii.email"),
        ("c19", TEXT, "Número de teléfono del cliente", "pii.phone"),
        ("c20", TEXT, "Name of the customer", "pii.name"),
        ("c21", TEXT, "Name of the product", "-"),
        ("c22", WHOLE_NUMBER, "Number of emails sent", "-"),
        ("c23", DATE, "When the phone was verified", "-"),
        ("c24", TEXT, "Type of phone", "-"),
        ("name", TEXT, "Full name of the patient", "pii.name"),
        ("name", TEXT, "Name of the company", "-"),
        ("email_count", WHOLE_NUMBER, "Counts each e-mail address", "-"),
    ],
)
def test_comments_tell(column: str, family: str, comment: str, label: str) -> None:
    assert first("t", column, family, comment) == label


def test_the_comment_of_a_table_tells() -> None:
    assert first("t7", "name", TEXT, "", "People who have bought something") == "pii.name"
    assert first("t7", "name", TEXT, "", "Products that we sell") == "-"


def test_accents_distinguish() -> None:
    assert first("anställda", "lön", NUMBER) == "pii.salary"
    assert first("trips", "lon", NUMBER) == "pii.geo"


def test_bytes_hold_text_too() -> None:
    assert first("t", "ssn_encrypted", BYTES) == "pii.national_id"
    assert first("t", "photo", BYTES) == "-"


def test_network_types_hold_addresses_whatever_their_name() -> None:
    assert first("t", "seen_from", ADDRESS) == "pii.ip_address"
    assert first("t", "subnet", ADDRESS) == "-"
    assert first("t", "location", PLACE) == "-"
    assert first("customers", "location", PLACE) == "pii.geo"


def test_reasons_are_for_people() -> None:
    guess = named("t", "email_addr", TEXT)[0]
    assert guess == Guess("pii.email", 0.95, "its name `email_addr` means e-mail address")
    assert all(ENOUGH <= guess.confidence <= 1 for guess in named("customers", "name", TEXT))


@pytest.mark.parametrize(
    ("key", "label"),
    [("email", "pii.email"), ("firstName", "pii.name.given"), ("ssn", "pii.national_id"), ("price", None), ("name", None)],
)
def test_keys_of_documents(key: str, label: str | None) -> None:
    assert key_label(key) == label


def test_every_word_of_the_table_is_found() -> None:
    for label in LABELS.values():
        for word in label.words:
            if word[-1] not in "~?" and len(word) > 3:
                family = next(iter(label.families)) if TEXT not in label.families else TEXT
                found = first("t", word, family)
                assert found.split(".")[0] == label.name.split(".")[0], (word, label.name, found)


@given(st.text(max_size=80), st.text(max_size=80), st.sampled_from(sorted(FAMILIES.values())), st.text(max_size=200))
def test_any_name_has_an_answer(table: str, column: str, family: str, comment: str) -> None:
    for guess in named(table, column, family, comment, comment, (column, table)):
        assert guess.label in LABELS
        assert ENOUGH <= guess.confidence <= 1


@pytest.mark.timeout(60)
def test_long_names_take_no_time() -> None:
    for letters in ("name" * 500, "a_" * 5000, "email" * 1000, "nen" * 3000, "İ" * 3000):
        named(letters, letters, TEXT, letters, letters)
