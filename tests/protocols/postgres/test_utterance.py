"""Errors, notices, notifications and settings: what is no value stays, in any language, and no trick brings one through."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.known import HIDDEN, raised
from nightporter.protocols.postgres.phrases import DETAILS, FRAMES, HINTS, MESSAGES
from nightporter.protocols.postgres.told import FEW, MAX_CHARACTERS, Told
from nightporter.protocols.postgres.utterance import Hearing
from nightporter.protocols.postgres.violated import key_in, listed

NAMES = {
    "people",
    "orders",
    "public",
    "name",
    "email",
    "ssn",
    "people_email_key",
    "people_check",
    "check_order",
    "adas",
    "lower",
    "mood",
}
ADA = "ada@example.com"
SERVER = {"F": "numutils.c", "L": "606", "R": "pg_strtoint32_safe"}
RAISE = {"F": "pl_exec.c", "L": "3923", "R": "exec_stmt_raise"}
WITHHELD = " (the message is withheld, it may show masked values)"


class Finder:
    """Finds e-mail addresses."""

    def redact(self, text: str, how: Callable[[str, str], str]) -> str:
        return re.sub(r"[\w.]+@[\w.]+\w", lambda match: how("pii.email", match.group()), text)


def hearing(
    *told: str,
    strict: bool = True,
    labelled: Callable[[Sequence[str]], bool] = lambda columns: "email" in columns or not columns,
    bodies: Sequence[str] = (),
) -> Hearing:
    return Hearing(told=told, names=NAMES.__contains__, detector=Finder(), strict=strict, labelled=labelled, bodies=bodies)


def said(listener: Hearing, by: dict[str, str] = SERVER, encoding: str = "utf-8", /, **fields: str) -> dict[str, str]:
    """What is left of a message, without its origin."""
    whole = {"S": "ERROR", "V": "ERROR", "C": "22P02", **fields, **by}
    body = b"".join(letter.encode() + text.encode(encoding) + b"\0" for letter, text in whole.items()) + b"\0"
    rewritten = listener.error(body, encoding)
    assert rewritten != body, "what does not change is None"
    left = _parsed(body if rewritten is None else rewritten, encoding)
    for letter in by:
        left.pop(letter, None)
    return {letter: text for letter, text in left.items() if letter not in "SV"}


def _parsed(body: bytes, encoding: str) -> dict[str, str]:
    assert body.endswith(b"\0\0")
    return {chr(field[0]): field[1:].decode(encoding) for field in body[:-2].split(b"\0")}


# Strict


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('invalid input syntax for type integer: "Ada"', 'invalid input syntax for type integer: "*****"'),
        ('invalid input syntax for type integer: "a" b "c"', 'invalid input syntax for type integer: "*****"'),
        ('invalid input syntax for type integer: "people"', 'invalid input syntax for type integer: "*****"'),
        ('invalid input syntax for type Ada: "x"', 'invalid input syntax for type *****: "*****"'),
        ('invalid input syntax for type integer[]: "x"', 'invalid input syntax for type integer[]: "*****"'),
        ('invalid input value for enum mood: "x"', 'invalid input value for enum mood: "*****"'),
        (
            'value "1" is out of range for type integer" is out of range for type integer',
            'value "*****" is out of range for type *****',
        ),
        ('duplicate key value violates unique constraint "people_email_key"', None),
        ('duplicate key value violates unique constraint "Ada"', 'duplicate key value violates unique constraint "*****"'),
        ("permission denied for table people", None),
        ("permission denied for table public.people", None),
        ("permission denied for function check_order(integer, text)", "permission denied for function *****"),
        ("permission denied for function lower(integer, text)", None),
        ("permission denied for Ada people", "invalid_text_representation" + WITHHELD),
        ("division by zero", None),
        ('relation "people" does not exist', 'relation "*****" does not exist'),
        ('column "x" of relation "people" does not exist', 'column "*****" of relation "people" does not exist'),
        ("value too long for type character varying(10)", "value too long for type character varying(*****)"),
        ("invalid regular expression: brackets [] not balanced", "invalid_text_representation" + WITHHELD),
        ("Ada", "invalid_text_representation" + WITHHELD),
        ("", None),
        ("division by zero\n", "invalid_text_representation" + WITHHELD),
        (' invalid input syntax for type integer: "x"', "invalid_text_representation" + WITHHELD),
        ("CREATE INDEX CONCURRENTLY cannot run inside a transaction block", None),
        ("ada cannot run inside a transaction block", "***** cannot run inside a transaction block"),
        ('ungültige Eingabesyntax für Typ integer: »Ada«', "invalid_text_representation" + WITHHELD),
    ],
)  # fmt: skip
def test_sentences_that_are_known_stay(text: str, left: str | None) -> None:
    listener = hearing()
    expected = text if left is None else left
    if (text, left) == ("permission denied for function check_order(integer, text)", "permission denied for function *****"):
        expected = text  # every part of it is a name
    assert said(listener, M=text)["M"] == expected


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Key (email)=(ada@example.com) already exists.", "Key (email)=(*****) already exists."),
        ("Key (email)=(x)=(y) already exists.", "Key (email)=(*****) already exists."),
        ("Key (email)=(x) already exists. And (y) already exists.", "Key (email)=(*****) already exists."),
        ("Key (name, email)=(Ada, null) already exists.", "Key (name, email)=(*****, null) already exists."),
        ("Key (name, email)=(Ada, Countess, x) already exists.", "Key (name, email)=(*****) already exists."),
        ("Key (lower(email))=(x) already exists.", "Key (lower(email))=(*****) already exists."),
        ("Key (lower(email), name)=(x, y) is duplicated.", "Key (lower(email), name)=(*****, *****) is duplicated."),
        ("Key ((email || 'Ada'))=(x) already exists.", "Key (*****)=(*****) already exists."),
        ("Key (Ada)=(x) already exists.", "Key (*****)=(*****) already exists."),
        ('Key (email)=(7) is not present in table "people".', 'Key (email)=(*****) is not present in table "people".'),
        ('Key (email)=(7) is not present in table "Ada".', 'Key (email)=(*****) is not present in table "*****".'),
        (
            'Key (email)=(7) is still referenced from table "orders".',
            'Key (email)=(*****) is still referenced from table "orders".',
        ),
        (
            "Key (email)=([1,2)) conflicts with existing key (email)=([1,3)).",
            "Key (email)=(*****) conflicts with existing key (email)=(*****).",
        ),
        ("Schlüssel »(email)=(Ada)« existiert bereits.", "Key (email)=(*****)."),
        ("Key (email)=(Ada", "Key (email)=(*****)."),
        ("Failing row contains (1, Ada, null).", "Failing row contains (*****)."),
        ("Failing row contains (1, (a)=(b), null).", "Failing row contains (*****)."),
        (
            "Partition key of the failing row contains (name) = (Ada).",
            "Partition key of the failing row contains (name) = (*****).",
        ),
        ('Token "ada" is invalid.', None),
        ("Ada", None),
        ("view adas depends on table people\nview adas depends on table orders", "as it is"),
        ("view adas depends on table people\nAda", None),
        ('rule _RETURN on view adas depends on column "ssn"', "as it is"),
    ],
)
def test_details(text: str, left: str | None) -> None:
    assert said(hearing(), C="23505", M="division by zero", D=text).get("D") == (text if left == "as it is" else left)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("PL/pgSQL function check_order(integer) line 3 at RAISE", "as it is"),
        ("PL/pgSQL function inline_code_block line 1 at SQL statement", "as it is"),
        ("PL/pgSQL function ada(integer) line 3 at RAISE", "PL/pgSQL function ***** line 3 at RAISE"),
        ("PL/pgSQL function people() line 53200x at RAISE", "PL/pgSQL function people() line ***** at RAISE"),
        ("Ada", None),
        ("Ada\nPL/pgSQL function people() line 53200 at RAISE", "PL/pgSQL function people() line ***** at RAISE"),
        (
            'SQL statement "select 1\nPL/pgSQL function people() line 53 at RAISE"\nPL/pgSQL function people() line 2 at EXECUTE',
            "PL/pgSQL function people() line ***** at EXECUTE",
        ),
        ('COPY people, line 3, column email: "ada"', 'COPY people, line 3, column email: "*****"'),
        ('COPY people, line 3: "1\tada"', 'COPY people, line 3: "*****"'),
        ("while updating tuple (0,1) in relation \"people\"", 'while updating tuple (*****,*****) in relation "people"'),
        ("unnamed portal with parameters: $1 = 'ada'", None),
        ("JSON data, line 1: ada...", None),
    ],
)  # fmt: skip
def test_contexts(text: str, left: str | None) -> None:
    assert said(hearing(), M="division by zero", W=text).get("W") == (text if left == "as it is" else left)


def test_lengths_are_shown_by_those_who_know_them() -> None:
    of_type = {"F": "../adt/varchar.c", "R": "varchar"}
    for number, left in (("10", "10"), ("10 Ada", HIDDEN), ("1234567890", HIDDEN)):
        message = "value too long for type character varying({})"
        assert said(hearing(), of_type, M=message.format(number))["M"] == message.format(left)


def test_raise_may_say_anything() -> None:
    left = said(
        hearing(),
        RAISE,
        C="P0001",
        M="value too long for type character varying(53200)",
        D="Key (email)=(x) already exists.",
        H="Perhaps you need a different \"datestyle\" setting.",
        s="Ada",
        t="people",
        c="Ada",
        d="Ada",
        n="people_check",
        x="Ada",
    )  # fmt: skip
    assert left == {"C": "P0001", "M": f'raise_exception "people" "people_check"{WITHHELD}', "t": "people", "n": "people_check"}


@pytest.mark.parametrize("origin", [RAISE, {}, {"F": "dblink.c", "R": "dblink_res_error"}, {"F": "Ada", "R": "x"}, {"R": "f"}])
def test_who_is_not_the_servers_own_code_imitates_it_in_vain(origin: dict[str, str]) -> None:
    assert said(hearing(), origin, M="value too long for type character varying(53200)")["M"].endswith(WITHHELD)


@pytest.mark.parametrize(
    ("state", "left"), [("23505", "23505"), ("12345", "P0001"), ("ADA00", "P0001"), ("ada", "P0001"), ("ORD01", "ORD01")]
)
def test_raise_may_give_any_state(state: str, left: str) -> None:
    assert said(hearing(bodies=["raise exception using errcode = 'ORD01'"]), RAISE, C=state, M="x")["C"] == left


def test_a_function_of_the_catalogue_may_say_what_it_says() -> None:
    body = """begin
        raise exception 'order % isn''t paid: 100%% of %', new.id, new.total using hint = 'Pay first.', errcode = 'ORD01';
        RAISE NOTICE '%', new.email;
    end"""
    listener = hearing(bodies=[body])
    left = said(listener, RAISE, C="ORD01", M="order 7 isn't paid: 100% of 53200", H="Pay first.")
    assert left == {"C": "ORD01", "M": "order ***** isn't paid: 100% of *****", "H": "Pay first."}
    assert said(listener, RAISE, C="P0001", M="Ada")["M"] == "raise_exception" + WITHHELD
    assert [phrase.pieces for phrase in raised(body)] == [("order ", " isn't paid: 100% of ", ""), ("Pay first.",)]


def test_internal_queries() -> None:
    text = "select email from people where ssn = '1'"
    fields = {"M": "division by zero", "p": "8", "q": text}
    assert said(hearing(), **fields) == {"C": "22P02", "M": "division by zero"}
    assert said(hearing(bodies=[f"begin perform 1; {text}; end"]), **fields) == {"C": "22P02", **fields}


def test_a_place_in_the_clients_text_means_that_it_is_about_that() -> None:
    text = f"select emial, c.nmae, {', '.join(map(str, range(100)))} from people c where ssn = 'abc'"
    message = {"M": 'column "emial" does not exist', "H": 'Perhaps you meant to reference the column "c.email".', "P": "8"}
    assert said(hearing(text), **message) == {"C": "22P02", **message}
    german = {"M": "Spalte »emial« existiert nicht", "P": "8"}
    assert said(hearing(text), **german) == {"C": "22P02", **german}
    assert said(hearing(text), M='column "Ada" does not exist', P="8")["M"] == 'column "*****" does not exist'
    assert said(hearing(text), M=f"operator does not exist: {ADA}", P="8")["M"] == "operator does not exist: *****"


def test_a_place_in_a_value_that_is_parsed_is_none_in_the_clients_text() -> None:
    text = f"select name::regtype, {', '.join(f'{n:03}' for n in range(1000))} from people"
    left = said(
        hearing(text),
        {"F": "scan.l", "R": "scanner_yyerror"},
        M='syntax error at or near "123"',
        P="5",
        W='invalid type name "x 123"',
    )
    assert left == {"C": "22P02", "M": 'syntax error at or near "*****"'}


def test_a_server_of_another_language_is_withheld_more_of() -> None:
    left = said(hearing("drop table nowhere"), C="42P01", M="Tabelle »nowhere« existiert nicht, »Ada« auch nicht")
    assert left["M"] == 'undefined_table "nowhere"' + WITHHELD
    left = said(hearing("drop table nowhere"), C="42P01", M="la table « nowhere » n'existe pas")
    assert left["M"] == 'undefined_table "nowhere"' + WITHHELD
    left = said(hearing(), C="23505", M="doppelter Schlüsselwert", t="people", n="people_email_key")
    assert left["M"] == 'unique_violation "people" "people_email_key"' + WITHHELD


def test_what_was_told_is_shown_if_it_was_little() -> None:
    assert said(hearing("drop table nowhere"), M='table "nowhere" does not exist')["M"] == 'table "nowhere" does not exist'
    guesses = " ".join(f"'{n:03}'" for n in range(FEW + 1))
    left = said(
        hearing(f"select substr(ssn, 1, 3)::int from people /* {guesses} */"), M='invalid input syntax for type integer: "007"'
    )
    assert left["M"] == 'invalid input syntax for type integer: "*****"'


def test_the_places_of_names_and_words_are_not_for_values() -> None:
    left = said(hearing(), {}, M="division by zero", P="Ada", p="-1", L="53200 Ada", R="Ada Lovelace", F="Ada Lovelace")
    assert left == {"C": "22P02", "M": "invalid_text_representation" + WITHHELD}
    body = m.error_fields({"S": "Ada 7", "V": "Ada", "C": "22P02", "M": "division by zero", **SERVER})
    rewritten = hearing().error(body, "utf-8")
    assert rewritten is not None
    assert m.parse_error(rewritten) == {"S": "ERROR", "V": "ERROR", "C": "22P02", "M": "division by zero", **SERVER}


def test_a_severity_of_another_language_stays() -> None:
    assert (
        hearing().error(m.error_fields({"S": "FEHLER", "V": "ERROR", "C": "22012", "M": "division by zero", **SERVER}), "utf-8")
        is None
    )


# Not strict


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Key (email)=(Ada) already exists.", "Key (email)=(*****) already exists."),
        ("Schlüssel »(email)=(Ada)« existiert bereits.", "Schlüssel »(email)=(*****)« existiert bereits."),
        ("Key (name, email)=(told, x) already exists.", "Key (name, email)=(told, *****) already exists."),
        ("Key (name)=(Ada) already exists.", None),
        (f"Key (name)=({ADA}) already exists.", "Key (name)=(*****) already exists."),
        ("Failing row contains (1, told, Ada, null).", "Failing row contains (*****, told, *****, null)."),
        ("Fehlgeschlagene Zeile enthält (1, told).", "Fehlgeschlagene Zeile enthält (*****, told)."),
        ("Failing row contains (tol...).", "Failing row contains (*****)."),
        ("Failing row contains (it is a long text that was ...).", None),
        ("Process 7 waits for ShareLock.", None),
    ],
)
def test_nothing_hidden_is_touched(text: str, left: str | None) -> None:
    listener = hearing("insert into people values ('told', 'it is a long text that was cut')", strict=False)
    assert said(listener, C="23505", M="Ada", D=text) == {"C": "23505", "M": "Ada", "D": left or text}


def test_rows_pass_where_nothing_in_them_is_hidden() -> None:
    assert said(hearing(strict=False, labelled=lambda columns: False), C="23514", M="x", D="Failing row contains (1, Ada).")["D"]


def test_what_is_found_is_hidden_everywhere_unless_it_was_told() -> None:
    everywhere = dict.fromkeys("MDHWqstcdnx", f"of {ADA}!")
    left = said(hearing(strict=False), **everywhere, p="7")
    assert left == {"C": "22P02", **dict.fromkeys("MDHWq", f"of {HIDDEN}!")}
    assert said(hearing(f"select '{ADA.upper()}'", strict=False), **everywhere, p="7") == {"C": "22P02", **everywhere, "p": "7"}


# Encodings, broken and large bodies


@pytest.mark.parametrize("encoding", ["utf-8", "iso8859_1", "gbk", "cp932", "euc_jp"])
def test_encodings(encoding: str) -> None:
    text = "e\u0301" if encoding == "utf-8" else "\u00e9" if encoding == "iso8859_1" else "\u8868\u793a"
    assert said(hearing(strict=False), SERVER, encoding, M=f"{text} {ADA} {text}")["M"] == f"{text} {HIDDEN} {text}"


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("encoding", ["utf-8", ""])
def test_bytes_that_cannot_be_read_do_not_pass(strict: bool, encoding: str) -> None:
    body = b"VERROR\0C22P02\0Mdivision by zero\0Hada\xff\xe4\0\0"
    rewritten = hearing(strict=strict).error(body, encoding)
    assert rewritten is not None
    assert b"\xff" not in rewritten
    assert b"\xe4" not in rewritten


@pytest.mark.parametrize(
    "body",
    [b"", b"M", b"Mx", b"Mx\0", b"VERROR\0MAda", b"VERROR\0MAda\0", b"VERROR\0MAda\0\0x", b"VERROR\0Ma\0MAda\0\0"],
)  # fmt: skip
@pytest.mark.parametrize("strict", [True, False])
def test_broken_bodies_are_replaced(body: bytes, strict: bool) -> None:
    rewritten = hearing(strict=strict).error(body, "utf-8")
    assert rewritten is not None
    assert b"Ada" not in rewritten
    assert m.parse_error(rewritten)["M"].endswith(WITHHELD)


@pytest.mark.parametrize(
    ("beginning", "fields"),
    [
        (b"", ("ERROR", "XX000", "internal_error")),
        (b"SFEHLER\0VFATAL\0C57P01\0MAda Lov", ("FATAL", "57P01", "admin_shutdown")),
        (b"SLOG\0VLOG\0C00000\0MAda Lov", ("LOG", "00000", "log")),
        (b"VDEBUG3\0C12345\0", ("DEBUG3", "P0001", "raise_exception")),
        (b"VAda\0C2350", ("ERROR", "XX000", "internal_error")),
        (b"V\xff\0C\xff\xff", ("ERROR", "XX000", "internal_error")),
    ],
)
def test_large(beginning: bytes, fields: tuple[str, str, str]) -> None:
    severity, state, name = fields
    assert m.parse_error(hearing().large(beginning)) == {"S": severity, "V": severity, "C": state, "M": name + WITHHELD}


# Properties

VALUE = "Zyxwvut"
_pieces = st.sampled_from(
    ['"', "'", "(", ")", "=", ")=(", ", ", "\n", ".", ": ", "«", "»", "%", " ", VALUE, "people", "email", "line 7"]
)
_phrases = st.sampled_from([*MESSAGES, *DETAILS, *HINTS, *FRAMES])
_values = st.lists(_pieces, max_size=8).map("".join)


@st.composite
def sentences(draw: st.DrawFn) -> str:
    """What a server might say, with values in the gaps, whole or spoiled."""
    phrase = draw(_phrases)
    text = phrase.fill([draw(_values) for _ in phrase.gaps])
    return draw(st.sampled_from([text, text + draw(_values), draw(_values) + text, f"Key (email)=({text}) already exists."]))


@given(st.dictionaries(st.sampled_from(list("SVCMDHPpqWstcdnFLRxy")), sentences()), st.sampled_from([SERVER, RAISE, {}]))
def test_strict_never_shows_a_value(fields: dict[str, str], origin: dict[str, str]) -> None:
    body = m.error_fields({**fields, **origin})
    rewritten = hearing().error(body, "utf-8")
    left = m.parse_error(body if rewritten is None else rewritten)
    if left.get("P") is not None and "P" in fields:
        return  # about the client's own text
    assert VALUE.lower() not in str(left).lower()
    assert left["M"]
    again = hearing().error(body if rewritten is None else rewritten, "utf-8")
    assert again is None or "M" in m.parse_error(again)


@given(st.binary(max_size=200), st.booleans(), st.sampled_from(["utf-8", "", "gbk"]))
def test_any_bytes_give_a_body(data: bytes, strict: bool, encoding: str) -> None:
    for body in (data, data + b"\0\0"):
        rewritten = hearing(strict=strict).error(body, encoding)
        assert rewritten is None or rewritten.endswith(b"\0")
        hearing(strict=strict).large(body)
        hearing(strict=strict).notification(body, encoding)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "(" * 60000,
        ")=(" * 20000,
        '"' * 60000,
        "a(b)" * 15000,
        "(" + "x, " * 20000 + ")",
        ".\n" * 30000,
        "(" + ", ".join(map(str, range(12000))) + ")",
        "Key (" + "a, " * 20000 + ")=(" + "b, " * 20000,
    ],
)
@pytest.mark.parametrize("told", ["x " * 100_000, "x" * 200_000], ids=["words", "one"])
@pytest.mark.parametrize("strict", [True, False])
def test_long_ones_take_little_time(text: str, told: str, strict: bool) -> None:
    listener = hearing(told, strict=strict, labelled=lambda columns: True)
    for letter in "MDHWqn":
        said(listener, C="23505", **{"M": "y", letter: text})


# What was told


@pytest.mark.parametrize(
    ("value", "known"),
    [("Ada", True), ("da", False), ("17", True), ("7", False), ("it's", True), ("", True), (" ada ", True), ("ada x", False)],
)  # fmt: skip
def test_what_was_told_are_whole_words(value: str, known: bool) -> None:
    assert Told(["select 'ADA', 17, 'it''s'"]).has(value) is known


def test_what_was_told_has_limits() -> None:
    assert Told(["x" * MAX_CHARACTERS, "Ada"]).has("Ada") is False
    assert Told(["x" * 10, "Ada"]).has("Ada")
    assert Told([" ".join(map(str, range(FEW)))]).are_few
    assert not Told([" ".join(map(str, range(FEW + 1)))]).are_few
    assert not Told([str(n) for n in range(FEW + 1)]).are_few


def test_keys() -> None:
    text = "Key ((a = b), lower(c))=(x)"
    key = key_in(text)
    assert key is not None
    assert (text[key.columns], text[key.values]) == ("(a = b), lower(c)", "x")
    assert listed("(a, b), c") == ["(a, b)", "c"]
    assert key_in("none") is None


# Notifications and settings


def _notification(channel: str, payload: str) -> bytes:
    return b"\0\0\0\7" + m.cstring(channel) + m.cstring(payload)


@pytest.mark.parametrize(
    ("strict", "channel", "payload", "left"),
    [
        (False, "orders", "7", None),
        (False, "orders", f"new: {ADA}", ("orders", "new: *****")),
        (False, ADA, "", ("*****", "")),
        (True, "orders", "", None),
        (True, "my.channel", "people", None),
        (True, "my.channel", "7", ("my.channel", "*****")),
        (True, "channel7", "", ("*****", "")),
        (True, "listened7", "listened7", None),
    ],
)
def test_notifications(strict: bool, channel: str, payload: str, left: tuple[str, str] | None) -> None:
    rewritten = hearing("listen listened7", strict=strict).notification(_notification(channel, payload), "utf-8")
    assert rewritten == (None if left is None else _notification(*left))


@pytest.mark.parametrize("body", [b"", b"\0\0\0\7x", b"\0\0\0\7x\0Ada", b"\0\0\0\7x\0y\0Ada"])
def test_broken_notifications(body: bytes) -> None:
    assert b"Ada" not in (hearing(strict=False).notification(body, "utf-8") or body)


@pytest.mark.parametrize(
    ("name", "value", "strict", "lax"),
    [
        ("client_encoding", "UTF8", None, None),
        ("DateStyle", "ISO, DMY", None, None),
        ("TimeZone", "Europe/Berlin", None, None),
        ("TimeZone", "America/Argentina/Buenos_Aires", None, None),
        ("TimeZone", "Etc/GMT+5", None, None),
        ("TimeZone", "UTC", None, None),
        ("TimeZone", "<ada>-53:20", HIDDEN, None),
        ("TimeZone", "ADA53", HIDDEN, None),
        ("server_version", "15.14 (Debian 15.14-0+deb12u1)", None, None),
        ("application_name", "psql", HIDDEN, None),
        ("application_name", "told", None, None),
        ("application_name", "", None, None),
        ("application_name", ADA, HIDDEN, HIDDEN),
        ("search_path", '"$user", public', None, None),
        ("search_path", "public, ada", HIDDEN, None),
        ("in_hot_standby", "off", None, None),
        ("new_one", "on ada", HIDDEN, None),
    ],
)
def test_parameters(name: str, value: str, strict: str | None, lax: str | None) -> None:
    assert hearing("set x = told").parameter(name, value) == strict
    assert hearing("set x = told", strict=False).parameter(name, value) == lax
