"""Makes `mixed.sql` and `hostile.sql`: two databases whose truth was written down, in `*.tsv`, before anything looked for it.

    python -m tests.masking.truth.make

Always the same rows. People, numbers and addresses are made up; numbers that have check digits have right ones.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable
from pathlib import Path

from nightporter.demo.people import COUNTRIES

ROWS = 80
Make = Callable[[random.Random, int], str | None]
Column = tuple[str, str, str, Make]
"""Name, type, label (`-`: none), maker of values."""

BY_CODE = {country.code: country for country in COUNTRIES}


def pick(*values: str | None) -> Make:
    return lambda rnd, n: rnd.choice(values)


def words(text: str) -> Make:
    return pick(*text.split())


def number(low: int, high: int) -> Make:
    return lambda rnd, n: str(rnd.randint(low, high))


def decimal(low: float, high: float, places: int = 2) -> Make:
    return lambda rnd, n: f"{rnd.uniform(low, high):.{places}f}"


def day(first: int, last: int) -> Make:
    return lambda rnd, n: f"{rnd.randint(first, last)}-{rnd.randint(1, 12):02}-{rnd.randint(1, 28):02}"


def moment(rnd: random.Random, n: int) -> str:
    date = f"2025-{rnd.randint(1, 12):02}-{rnd.randint(1, 28):02}"
    return f"{date} {rnd.randint(0, 23):02}:{rnd.randint(0, 59):02}:{rnd.randint(0, 59):02}+00"


def serial(rnd: random.Random, n: int) -> str:
    return str(n + 1)


def flag(rnd: random.Random, n: int) -> str:
    return rnd.choice(("t", "f"))


def some(make: Make, share: float) -> Make:
    return lambda rnd, n: make(rnd, n) if rnd.random() < share else None


def digits(pattern: str) -> Make:
    def made(rnd: random.Random, n: int) -> str:
        return "".join(
            rnd.choice("0123456789")
            if c == "#"
            else rnd.choice("123456789")
            if c == "%"
            else rnd.choice("ABCDEFGHJKLM")
            if c == "@"
            else c
            for c in pattern
        )

    return made


def given(*codes: str) -> Make:
    return lambda rnd, n: rnd.choice(BY_CODE[rnd.choice(codes)].given)


def family(*codes: str) -> Make:
    return lambda rnd, n: rnd.choice(BY_CODE[rnd.choice(codes)].family)


def full_name(*codes: str) -> Make:
    def made(rnd: random.Random, n: int) -> str:
        country = BY_CODE[rnd.choice(codes)]
        return f"{rnd.choice(country.given)} {rnd.choice(country.family)}"

    return made


def street(*codes: str) -> Make:
    def made(rnd: random.Random, n: int) -> str:
        country = BY_CODE[rnd.choice(codes)]
        return country.address.format(street=rnd.choice(country.streets), number=rnd.randint(1, 120))

    return made


def city(*codes: str) -> Make:
    return lambda rnd, n: rnd.choice(BY_CODE[rnd.choice(codes)].cities)[0]


def postal(*codes: str) -> Make:
    return lambda rnd, n: digits(rnd.choice(BY_CODE[rnd.choice(codes)].cities)[1])(rnd, n)


def phone(*codes: str) -> Make:
    return lambda rnd, n: digits(rnd.choice(BY_CODE[rnd.choice(codes)].phones))(rnd, n)


def email(rnd: random.Random, n: int) -> str:
    who = rnd.choice("abcdefghijklm") + rnd.choice(("anna", "lund", "weber", "petit", "gil", "smith"))
    return f"{who}{n}@{rnd.choice(('example.com', 'mail.example.org', 'post.example.de'))}"


def luhn(body: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def card(prefix: str, length: int = 16, gap: str = "") -> Make:
    def made(rnd: random.Random, n: int) -> str:
        whole = luhn(prefix + "".join(rnd.choice("0123456789") for _ in range(length - 1 - len(prefix))))
        return gap.join(whole[at : at + 4] for at in range(0, length, 4)) if gap else whole

    return made


def iban(country: str, length: int) -> Make:
    def made(rnd: random.Random, n: int) -> str:
        body = "".join(rnd.choice("0123456789") for _ in range(length))
        check = 98 - int("".join(str(int(c, 36)) for c in body + country + "00")) % 97
        return f"{country}{check:02}{body}"

    return made


def personnummer(rnd: random.Random, n: int) -> str:
    body = f"{rnd.randint(40, 99)}{rnd.randint(1, 12):02}{rnd.randint(1, 28):02}{rnd.randint(0, 999):03}"
    whole = luhn(body)
    return f"19{whole[:6]}-{whole[6:]}"


def dni(rnd: random.Random, n: int) -> str:
    value = rnd.randint(10_000_000, 99_999_999)
    return f"{value}{'TRWAGMYFPDXBNJZSQVHLCKE'[value % 23]}"


def nir(rnd: random.Random, n: int) -> str:
    born = f"{rnd.choice('12')}{rnd.randint(40, 99):02}{rnd.randint(1, 12):02}"
    body = f"{born}{rnd.randint(1, 95):02}{rnd.randint(1, 999):03}{rnd.randint(1, 999):03}"
    return f"{body}{97 - int(body) % 97:02}"


def ssn(rnd: random.Random, n: int) -> str:
    return f"{rnd.choice([x for x in range(1, 899) if x != 666]):03}-{rnd.randint(1, 99):02}-{rnd.randint(1, 9999):04}"


def digest(size: int) -> Make:
    return lambda rnd, n: "".join(rnd.choice("0123456789abcdef") for _ in range(size))


def ids(rnd: random.Random, n: int) -> str:
    return str(uuid.UUID(int=rnd.getrandbits(128), version=4))


def ip(rnd: random.Random, n: int) -> str:
    return f"{rnd.choice((81, 93, 145, 203))}.{rnd.randint(10, 250)}.{rnd.randint(10, 250)}.{rnd.randint(1, 250)}"


def bcrypt(rnd: random.Random, n: int) -> str:
    return "$2b$12$" + "".join(rnd.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./") for _ in range(53))


def random_text(size: int, prefix: str = "") -> Make:
    letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
    return lambda rnd, n: prefix + "".join(rnd.choice(letters) for _ in range(size))


def sentence(text: str, size: int = 7) -> Make:
    stock = text.split()
    return lambda rnd, n: " ".join(rnd.choice(stock) for _ in range(size)).capitalize() + "."


PLAIN = sentence(
    "the delivery was late again and box open but all parts fine customer wants refund next week please check stock before reply"
)


def mentions(*makes: Make, share: float = 0.3) -> Make:
    def made(rnd: random.Random, n: int) -> str | None:
        text = PLAIN(rnd, n)
        return f"{text} Contact: {rnd.choice(makes)(rnd, n)}, thanks" if rnd.random() < share else text

    return made


def document(**makes: Make) -> Make:
    return lambda rnd, n: json.dumps({key: make(rnd, n) for key, make in makes.items()}, ensure_ascii=False)


def username(rnd: random.Random, n: int) -> str:
    return f"{rnd.choice(('blue', 'red', 'max', 'lena', 'kat', 'sven'))}{rnd.choice(('fox', 'owl', 'bee', 'sky'))}{n}"


def codes(prefix: str) -> Make:
    return lambda rnd, n: f"{prefix}-{rnd.randint(10_000, 99_999)}"


MIXED: dict[str, list[Column]] = {
    "kunden": [
        ("kundennr", "integer", "-", serial),
        ("anrede", "text", "-", words("Herr Frau")),
        ("vorname", "text", "pii.name.given", given("DE")),
        ("nachname", "text", "pii.name.family", family("DE")),
        ("geburtsdatum", "date", "pii.birth_date", day(1940, 2005)),
        ("strasse", "text", "pii.address.street", street("DE")),
        ("plz", "text", "pii.address.postal_code", postal("DE")),
        ("wohnort", "text", "pii.address.city", city("DE")),
        ("telefonnummer", "text", "pii.phone", phone("DE")),
        ("mailadresse", "text", "pii.email", email),
        ("steuer_id", "text", "pii.national_id", digits("%# ### ### ###")),
        ("kontonummer", "text", "pii.bank_account", iban("DE", 18)),
        ("newsletter_erlaubt", "boolean", "-", flag),
        ("angelegt_am", "timestamptz", "-", moment),
        ("bemerkung", "text", "pii.text", mentions(phone("DE"), email)),
    ],
    "mitarbeiter": [
        ("personal_id", "integer", "-", serial),
        ("name", "text", "pii.name", full_name("DE")),
        ("geschlecht", "char(1)", "pii.gender", words("m w d")),
        ("bruttogehalt", "numeric(10,2)", "pii.salary", decimal(2500, 9000)),
        ("abteilung", "text", "-", words("Einkauf Vertrieb Lager IT")),
        ("eintrittsdatum", "date", "-", day(2005, 2024)),
        ("handy", "text", "pii.phone", phone("DE")),
        ("kennwort_hash", "text", "secret.password", bcrypt),
        ("benutzername", "text", "pii.username", username),
    ],
    "adherents": [
        ("id_adherent", "integer", "-", serial),
        ("nom", "text", "pii.name.family", family("FR")),
        ("prénom", "text", "pii.name.given", given("FR")),
        ("date_naissance", "date", "pii.birth_date", day(1945, 2008)),
        ("courriel", "text", "pii.email", email),
        ("téléphone_portable", "text", "pii.phone", phone("FR")),
        ("adresse", "text", "pii.address", street("FR")),
        ("code_postal", "text", "pii.address.postal_code", postal("FR")),
        ("ville", "text", "pii.address.city", city("FR")),
        ("pays", "text", "pii.address.country", words("France Belgique Suisse")),
        ("numero_secu", "text", "pii.national_id", nir),
        ("mot_de_passe", "text", "secret.password", bcrypt),
        ("nb_emails_envoyes", "integer", "-", number(0, 40)),
        ("type_adhesion", "text", "-", words("annuelle mensuelle")),
    ],
    "commandes": [
        ("id", "integer", "-", serial),
        ("libelle", "text", "-", words("Chaise Table Lampe Armoire")),
        ("montant", "numeric(10,2)", "-", decimal(5, 900)),
        ("adresse_livraison", "text", "pii.address", street("FR")),
        ("ville_livraison", "text", "pii.address.city", city("FR")),
        ("numero_carte", "text", "pii.card", card("4970")),
        ("statut", "text", "-", words("payee expediee annulee")),
    ],
    "empleados": [
        ("id_empleado", "integer", "-", serial),
        ("nombre", "text", "pii.name.given", given("ES")),
        ("apellidos", "text", "pii.name.family", family("ES")),
        ("dni", "text", "pii.national_id", dni),
        ("fecha_nacimiento", "date", "pii.birth_date", day(1955, 2003)),
        ("correo_electronico", "text", "pii.email", email),
        ("telefono_movil", "text", "pii.phone", phone("ES")),
        ("direccion", "text", "pii.address", street("ES")),
        ("codigo_postal", "text", "pii.address.postal_code", postal("ES")),
        ("ciudad", "text", "pii.address.city", city("ES")),
        ("sueldo", "numeric(10,2)", "pii.salary", decimal(1200, 5200)),
        ("sexo", "text", "pii.gender", words("hombre mujer")),
        ("cuenta_bancaria", "text", "pii.bank_account", iban("ES", 20)),
        ("puesto", "text", "-", words("Contable Comercial Gerente")),
    ],
    "productos": [
        ("id", "integer", "-", serial),
        ("nombre", "text", "-", words("Silla Mesa Estante Tapete Espejo")),
        ("descripcion", "text", "-", sentence("silla de madera clara con patas altas y buen respaldo para oficina")),
        ("precio", "numeric(10,2)", "-", decimal(3, 300)),
        ("pais_origen", "text", "-", words("España Italia China")),
    ],
    "patienter": [
        ("id", "integer", "-", serial),
        ("personnummer", "text", "pii.national_id", personnummer),
        ("förnamn", "text", "pii.name.given", given("SE")),
        ("efternamn", "text", "pii.name.family", family("SE")),
        ("födelsedatum", "date", "pii.birth_date", day(1935, 2015)),
        ("gatuadress", "text", "pii.address.street", street("SE")),
        ("postnr", "text", "pii.address.postal_code", postal("SE")),
        ("postort", "text", "pii.address.city", city("SE")),
        ("epost", "text", "pii.email", email),
        ("mobil", "text", "pii.phone", phone("SE")),
        ("kön", "text", "pii.gender", words("man kvinna")),
        ("vårdtyp", "text", "-", words("akut planerad")),
        ("antal_besök", "integer", "-", number(0, 30)),
        ("anhörig_namn", "text", "pii.name", full_name("SE")),
    ],
}

HOSTILE: dict[str, list[Column]] = {
    "t1": [
        ("id", "bigint", "-", serial),
        ("data", "text", "pii.email", email),
        ("col7", "text", "pii.name", full_name("GB", "US")),
        ("x", "text", "pii.national_id", ssn),
        ("val", "text", "pii.phone", phone("US", "GB")),
        ("field3", "text", "pii.card", card("4", gap=" ")),
        ("misc", "text", "pii.text", mentions(email, phone("GB"), ssn)),
        ("payload", "jsonb", "pii.text", document(email=email, plan=words("free pro"), total=number(1, 90))),
        ("c9", "text", "pii.bank_account", iban("DE", 18)),
        ("info", "text", "pii.address.street", street("GB", "US")),
        ("extra", "text", "-", words("alpha beta gamma delta")),
        ("ref", "text", "-", codes("REF")),
        ("big", "bigint", "-", number(10**17, 10**18)),
    ],
    "metrics": [
        ("id", "bigint", "-", serial),
        ("email_count", "integer", "-", number(0, 500)),
        ("emails_opened", "integer", "-", number(0, 500)),
        ("phone_calls", "integer", "-", number(0, 50)),
        ("ip_count", "integer", "-", number(0, 50)),
        ("city_population", "integer", "-", number(10_000, 900_000)),
        ("name_length", "integer", "-", number(2, 30)),
        ("password_strength", "text", "-", words("weak medium strong")),
        ("token_count", "integer", "-", number(0, 4000)),
        ("birth_rate", "numeric(5,2)", "-", decimal(5, 20)),
        ("card_type", "text", "-", words("visa mastercard amex")),
        ("address_id", "integer", "-", number(1, 500)),
        ("gender_id", "integer", "-", number(1, 3)),
        ("salary_grade", "text", "-", words("A1 A2 B1 B2")),
        ("max_salary", "integer", "-", number(40_000, 90_000)),
        ("email_verified", "boolean", "-", flag),
        ("email_sent_at", "timestamptz", "-", moment),
        ("password_changed_at", "timestamptz", "-", moment),
        ("user_agent", "text", "-", pick("Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0", "okhttp/4.12.0")),
        ("phone_model", "text", "-", pick("Pixel 8", "iPhone 15", "Galaxy S24", "Fairphone 5")),
    ],
    "settings": [
        ("key", "text", "-", words("theme.color page.size mail.footer login.retries")),
        ("value", "text", "-", words("dark 25 yes none 3")),
        ("name", "text", "-", pick("Colour theme", "Page size", "Mail footer", "Login retries")),
        ("phone", "text", "-", words("home work mobile")),
        ("email", "text", "-", words("weekly daily never")),
        ("address", "text", "-", words("0x7fff 0x8000 0x00ff")),
    ],
    "accounts": [
        ("id", "uuid", "-", ids),
        ("login", "text", "pii.username", username),
        ("pwd", "text", "secret.password", bcrypt),
        ("api_token", "text", "secret.token", random_text(40)),
        ("stripe_secret", "text", "secret.key", random_text(24, "sk_live_")),
        ("last_seen_from", "inet", "pii.ip_address", ip),
        ("email_2", "text", "pii.email", some(email, 0.5)),
        (
            "db_url",
            "text",
            "secret.connection",
            lambda rnd, n: f"postgresql://app:{random_text(12)(rnd, n)}@db{n % 7}.example.com:5432/app",
        ),
        ("avatar_hash", "text", "-", digest(32)),
        ("status", "text", "-", words("active locked closed")),
        ("created_by", "integer", "-", number(1, 40)),
        ("state", "text", "-", words("open closed pending")),
        ("nickname_color", "text", "-", words("red green blue")),
        ("remote", "text", "pii.ip_address", ip),
    ],
    "catalog": [
        ("product_name", "text", "-", pick("Chef knife", "Oak table", "Garden chair", "Blue lamp", "Red carpet")),
        ("artist", "text", "-", pick("The Blue Lamps", "Northern Choir", "Anna Weber Trio", "Quartet Nine")),
        ("isbn", "text", "-", digits("978#########")),
        ("ean", "text", "-", digits("40###########")),
        ("version", "text", "-", pick("1.2.3.4", "2.0.1.7", "3.11.0.2", "10.4.2.1")),
        ("checksum", "text", "-", digest(64)),
        ("order_number", "text", "-", digits("45########")),
        ("manufacturer", "text", "-", pick("Acme Ltd", "Globex", "Initech", "Umbra GmbH")),
        ("gender", "text", "-", words("women men unisex kids")),
        ("released", "date", "-", day(1960, 2024)),
        (
            "description",
            "text",
            "-",
            sentence("sharp light and solid for kitchen or garden made of steel oak and stone with two year warranty"),
        ),
        ("country", "text", "-", words("Germany Italy China Spain")),
        ("logo", "text", "-", pick("logo@2x.png", "brand@3x.png", "mark@2x.webp")),
    ],
    "gaeste": [
        ("c1", "integer", "-", serial),
        ("c2", "text", "pii.name.given", given("DE", "FR", "SE")),
        ("c3", "text", "pii.name.family", family("DE", "FR", "SE")),
        ("c4", "text", "pii.address.city", city("DE", "FR", "SE")),
        ("c5", "text", "pii.gender", words("male female")),
        ("c6", "date", "pii.birth_date", day(1935, 2006)),
        ("c7", "date", "-", day(2024, 2025)),
        ("c8", "numeric(10,2)", "-", decimal(20, 900)),
        ("c9", "text", "-", words("single double suite")),
    ],
    "positions": [
        ("ts", "timestamptz", "-", moment),
        ("device", "text", "-", codes("DEV")),
        ("lat", "double precision", "pii.geo", decimal(48, 60, 5)),
        ("lng", "double precision", "pii.geo", decimal(2, 20, 5)),
        ("speed", "double precision", "-", decimal(0, 40)),
        ("pos", "text", "pii.geo", lambda rnd, n: f"{rnd.uniform(48, 60):.5f},{rnd.uniform(2, 20):.5f}"),
    ],
}


def _quoted(value: str | None) -> str:
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def _columns(columns: list[Column]) -> str:
    return ", ".join(f'"{name}" {type}' for name, type, _, _ in columns)


def script(schema: str, tables: dict[str, list[Column]]) -> str:
    lines = [f"create schema {schema};", f"set search_path = {schema};"]
    for table, columns in tables.items():
        rnd = random.Random(f"{schema}.{table}")
        lines += ["", f"create table {table} ({_columns(columns)});", f"insert into {table} values"]
        rows = [", ".join(_quoted(make(rnd, n)) for _, _, _, make in columns) for n in range(ROWS)]
        lines += [f"    ({row}){',' if n < ROWS - 1 else ';'}" for n, row in enumerate(rows)]
    return "\n".join(lines) + "\n"


def truth(schema: str, tables: dict[str, list[Column]]) -> str:
    return "".join(f"{schema}.{table}.{name}\t{label}\n" for table, columns in tables.items() for name, _, label, _ in columns)


SCHEMAS = {"mixed": MIXED, "hostile": HOSTILE}


def main() -> None:
    here = Path(__file__).parent
    for schema, tables in SCHEMAS.items():
        (here / f"{schema}.sql").write_text(script(schema, tables))
        (here / f"{schema}.tsv").write_text(truth(schema, tables))


if __name__ == "__main__":
    main()
