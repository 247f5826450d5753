"""What a real server says beside rows: no value of a hidden column is left in it, and what went wrong can still be told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psycopg
import pytest
from psycopg.pq import DiagnosticField
from psycopg.pq.abc import PGresult

from nightporter.demo.server import EmbeddedServer, debian_binaries, quiet_environment
from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.utterance import Hearing
from tests.lab import servers

SCHEMA = """
create type mood as enum ('happy', 'sad');
create domain short_text as text check (length(value) < 5);
create table people (
    id int primary key, name text not null, email text unique, ssn text, salary int check (salary < 1000000), born date, note text);
create unique index people_lower on people (lower(name));
insert into people values
    (1, 'Ada Lovelace', 'ada.lovelace@example.com', '123-45-6789', 53219, '1815-12-10', 'x" b "Lovelace"'),
    (2, 'Grace Hopper', 'grace.hopper@example.com', '987-65-4321', 61837, '1906-12-09',
        E'line\\nPL/pgSQL function people() line 61837 at RAISE'),
    (3, 'Ada Again', null, '123-45-6789', 48211, '1815-12-10', null);
create table orders (id int primary key, customer text references people (email));
insert into orders values (7, 'ada.lovelace@example.com');
create table spans (who text, during int4range, exclude using gist (during with &&));
create table parted (name text) partition by list (name);
create table copied (n int, email text);
create view adas as select * from people where name like 'Ada%' with local check option;
create function tell(v text) returns void language plpgsql as $$ begin raise notice 'he said % and left', v; end $$;
create function fail(v text) returns void language plpgsql as $$ begin
    raise exception using message = v, detail = v, hint = v, column = v, constraint = v, datatype = v, table = v, schema = v;
end $$;
create function fail_by_code(v text) returns void language plpgsql as $$ begin
    raise exception using errcode = upper(left(v, 5)), message = 'x'; end $$;
create function imitate(v text) returns void language plpgsql as $$ begin
    raise exception '%', 'value too long for type character varying(' || v || ')'; end $$;
create function imitate_frame(v text) returns void language plpgsql as $$ begin
    execute 'select 1 from nothing' || E'"\\nPL/pgSQL function people() line ' || v || E' at RAISE\\n"'; end $$;
create function assert_it(v text) returns void language plpgsql as $$ begin assert false, v; end $$;
create function run_it(v text) returns void language plpgsql as $$ begin execute 'select ' || quote_literal(v) || '::int'; end $$;
create function run_as_name(v text) returns void language plpgsql as $$ begin execute 'select ' || quote_ident(v); end $$;
create function strict_one() returns text language plpgsql as $$ declare v text; begin
    select email into strict v from people where id < 3; return v; end $$;
create function loop_it() returns void language plpgsql as $$ declare r record; n int; begin
    for r in select * from people order by id loop n := r.ssn; end loop; end $$;
create function in_sql(v text) returns int language sql as $$ select v::int $$;
create function again(v text) returns void language plpgsql as $$ begin
    perform v::int;
exception when others then raise warning 'failed: % (%)', sqlerrm, sqlstate; end $$;
"""

CANARIES = (
    *(
        "lovelace",
        "ada.",
        "grace",
        "hopper",
        "123-45",
        "45-67",
        "6789",
        "987-65",
        "4321",
        "53219",
        "61837",
        "48211",
        "1815",
        "1906",
    ),
    *("example.com", "he said 123", "3132332d", "0x41 0x64"),
)

COPIED = b"ada.lovelace@example.com\tgrace\n"

FIRST = "from people where id = 1"

# Statement, and what the client must still be able to see in what is left
PROVOKED: list[tuple[str, str]] = [
    # casts
    (f"select ssn::int {FIRST}", 'invalid input syntax for type integer: "*****"'),
    (f"select ssn::date {FIRST}", "*****"),
    (f"select email::timestamptz {FIRST}", 'invalid input syntax for type timestamp with time zone: "*****"'),
    (f"select ssn::inet {FIRST}", "inet"),
    (f"select ssn::uuid {FIRST}", "uuid"),
    (f"select email::json {FIRST}", "invalid input syntax for type json"),
    (f"select ('{{\"a\": ' || ssn || '}}')::jsonb {FIRST}", "invalid input syntax for type json"),
    (f"select email::mood {FIRST}", 'invalid input value for enum mood: "*****"'),
    (f"select email::regclass {FIRST}", "cross-database references"),
    (f"select email::regtype {FIRST}", 'syntax error at or near "*****"'),
    (f"select name::regtype {FIRST}", ""),
    (f"select ssn::regrole {FIRST}", ""),
    (f"select ssn::regoper {FIRST}", ""),
    (f"select ssn::regprocedure {FIRST}", ""),
    (f"select ('numeric(' || salary || ')')::regoper {FIRST}", ""),
    (f"select ('x ' || salary || ')')::regtype {FIRST}", ""),
    (f"select ssn::regnamespace {FIRST}", ""),
    (f"select ssn::int[] {FIRST}", "malformed array literal"),
    (f"select ('{{' || ssn || ',')::int[] {FIRST}", ""),
    (f"select ssn::int4range {FIRST}", "malformed range literal"),
    (f"select ssn::people {FIRST}", "malformed record literal"),
    (f"select ssn::bit(3) {FIRST}", ""),
    (f"select email::bytea, ('\\x' || ssn)::bytea {FIRST}", ""),
    (f"select ssn::point {FIRST}", "point"),
    (f"select ssn::money, email::money {FIRST}", "money"),
    (f"select email::boolean {FIRST}", "boolean"),
    (f"select email::interval {FIRST}", "interval"),
    (f"select email::tsquery, (name || ' &')::tsquery {FIRST}", ""),
    (f"select email::macaddr {FIRST}", "macaddr"),
    (f"select email::xml, ('<a>' || email)::xml {FIRST}", ""),
    (f"select ssn::jsonpath, ('$.' || ssn)::jsonpath {FIRST}", ""),
    (f"select email::xid8, email::pg_lsn {FIRST}", ""),
    (f"select email::short_text {FIRST}", 'value for domain short_text violates check constraint "short_text_check"'),
    ("select note::int from people where id = 1", 'invalid input syntax for type integer: "*****"'),
    ("select note::int from people where id = 2", 'invalid input syntax for type integer: "*****"'),
    (f"select (salary || '000000')::int {FIRST}", 'value "*****" is out of range for type integer'),
    (f"select (salary::text || '000')::smallint {FIRST}", "out of range"),
    (f"select salary::smallint {FIRST}", "smallint out of range"),
    (f"select (ssn || ' 25:00')::timestamp {FIRST}", ""),
    (f"select (born || ' 25:61')::timestamp {FIRST}", "date/time field value out of range"),
    # functions
    (f"select make_date(salary, salary, 1) {FIRST}", "date field value out of range: *****"),
    (f"select chr(salary * 100) {FIRST}", ""),
    (f"select repeat('xxxxx', salary * 10000) {FIRST}", ""),
    (f"select regexp_matches('a', '[' || ssn) {FIRST}", "invalid_regular_expression"),
    (f"select to_date(email, 'YYYY-MM-DD') {FIRST}", "invalid value"),
    (f"select to_timestamp(email, name) {FIRST}", ""),
    (f"select to_number(name, email) {FIRST}", ""),
    (f"select date_trunc(ssn, now()) {FIRST}", ""),
    (f"select extract(epoch from now()), date_part(email, now()) {FIRST}", ""),
    (f"select timezone(email, now()) {FIRST}", ""),
    (f"select encode('a', email), decode(email, 'hex') {FIRST}", ""),
    (f"select decode(email, 'hex') {FIRST}", ""),
    (f"select decode(email, 'base64') {FIRST}", ""),
    (f"select convert_from(convert_to(name || chr(228), 'LATIN1'), 'UTF8') {FIRST}", "invalid byte sequence"),
    (f"select convert_to(name || chr(8364), email) {FIRST}", ""),
    (f"select convert_to(name || chr(9731), 'LATIN1') {FIRST}", ""),
    (f"select format(name || '%') {FIRST}", ""),
    (f"select set_config(email, 'x', false) {FIRST}", ""),
    (f"select set_config('work_mem', email, false) {FIRST}", "work_mem"),
    (f"select set_config('DateStyle', name, false) {FIRST}", ""),
    (f"select current_setting(email) {FIRST}", "unrecognized configuration parameter"),
    (f"select nextval(ssn) {FIRST}", ""),
    (f"select pg_get_serial_sequence('people', ssn) {FIRST}", ""),
    (f"select has_table_privilege('people', email) {FIRST}", ""),
    (f"select pg_read_file('/tmp/' || ssn) {FIRST}", ""),
    (f"select pg_ls_dir(email) {FIRST}", ""),
    (f"select lo_get(salary) {FIRST}", ""),
    ("select percentile_cont(salary::float8) within group (order by id) from people group by salary", ""),
    (f"select set_byte('abc', salary, 1) {FIRST}", ""),
    (f"select jsonb_path_query('{{}}', ('strict $.' || quote_ident(name))::jsonpath) {FIRST}", ""),
    (f"select (jsonb_build_object('a', email)->'a')::int {FIRST}", ""),
    (f"select jsonb_set('[1]', array[ssn], '1') {FIRST}", ""),
    (f"select * from jsonb_to_record((select jsonb_build_object('a', email) {FIRST})) as t(a int)", "invalid input syntax"),
    (f"select to_tsvector(ssn::regconfig, 'a') {FIRST}", ""),
    (f"select xpath(email, '<a/>') {FIRST}", ""),
    (f"select query_to_xml('select ' || quote_literal(ssn) || '::int', true, true, '') {FIRST}", ""),
    (f"select query_to_xml('select ' || quote_ident(ssn), true, true, '') {FIRST}", ""),
    (f"select query_to_xml('selec ' || name, true, true, '') {FIRST}", ""),
    ("select (select email from people)", "more than one row returned by a subquery used as an expression"),
    (f"select 1 / (salary - 53219) {FIRST}", "division by zero"),
    (f"select array[1][salary], (array[1])[1:salary] = 1 {FIRST}", ""),
    (f"select width_bucket(salary, 1, 2, -salary) {FIRST}", ""),
    ("select dblink_connect('host=' || email)", ""),
    # constraints
    ("insert into people values (4, 'Eve', 'ada.lovelace@example.com')", 'unique constraint "people_email_key"'),
    ("insert into people select 5, name, email from people where id = 1", "Key (email)=(*****) already exists."),
    ("insert into people select 5, lower(name), 'q' from people where id = 1", "(lower(name))=(*****) already exists."),
    ("update people set email = 'grace.hopper@example.com' where id = 1", "Key (email)=(grace.hopper@example.com) already exists."),
    ("update people set salary = 2000000 where id = 1", 'relation "people" violates check constraint "people_salary_check"'),
    ("update people set name = null where id = 1", 'null value in column "name" of relation "people" violates not-null constraint'),
    ("insert into orders select 8, ssn from people where id = 1", 'Key (customer)=(*****) is not present in table "people".'),
    ("delete from people where id = 1", 'Key (email)=(*****) is still referenced from table "orders".'),
    ("insert into spans select ssn, '[1,3]' from people", "Key (during)=(*****) conflicts with"),
    ("insert into parted select email from people", "Partition key of the failing row contains (name) = (*****)."),
    ("create unique index doubles on people (ssn)", "Key (ssn)=(*****) is duplicated."),
    ("create index on people ((ssn::int))", 'invalid input syntax for type integer: "*****"'),
    ("alter table people add check (ssn like '9%')", "is violated by some row"),
    ("alter table people alter ssn type int using ssn::int", 'rule _RETURN on view adas depends on column "ssn"'),
    ("alter table people alter note type int using note::int", 'rule _RETURN on view adas depends on column "note"'),
    ("create table casted as select ssn::int from people", 'invalid input syntax for type integer: "*****"'),
    ("update adas set name = 'Eve' where id = 1", 'new row violates check option for view "adas"'),
    (f"insert into copied select ssn::int, email {FIRST}", "invalid input syntax for type integer"),
    # copies
    (f"copy (select ssn::int {FIRST}) to stdout", 'invalid input syntax for type integer: "*****"'),
    ("copy copied from stdin", 'COPY copied, line 1, column n: "*****"'),
    ("copy copied (email, n) from stdin", "COPY copied, line 1, column n"),
    ("copy copied (n) from stdin", 'COPY copied, line 1: "*****"'),
    # functions of people
    (f"select tell(ssn) {FIRST}", "notice"),
    (f"select fail(ssn) {FIRST}", "raise_exception"),
    (f"select fail(email) {FIRST}", "raise_exception"),
    (f"select fail_by_code(replace(ssn, '-', '')) {FIRST}", "raise_exception"),
    (f"select imitate(salary::text) {FIRST}", "raise_exception"),
    (f"select imitate_frame(salary::text) {FIRST}", ""),
    (f"select assert_it(email) {FIRST}", "assert_failure"),
    (f"select run_it(email) {FIRST}", "PL/pgSQL function run_it(text) line 1 at EXECUTE"),
    (f"select run_as_name(email) {FIRST}", ""),
    ("select strict_one()", "query returned more than one row"),
    ("select loop_it()", "PL/pgSQL function loop_it() line 2 at assignment"),
    (f"select in_sql(email) {FIRST}", "invalid input syntax for type integer"),
    (f"select again(email) {FIRST}", "warning"),
    (f"do $$ declare v text; begin select ssn into v {FIRST}; raise notice using message = v, hint = v; end $$", "notice"),
    (f"do $$ declare v text; begin select ssn into v {FIRST}; perform v::int; end $$", "inline_code_block line ***** at PERFORM"),
    (f"do $$ begin execute (select 'select ' || quote_ident(email) {FIRST}); end $$", ""),
    (f"do $$ begin execute (select 'create table t (a int, ' || quote_ident(ssn) || ' int, a int)' {FIRST}); end $$", ""),
    (f"do $$ begin execute (select 'drop table if exists ' || quote_ident(ssn) {FIRST}); end $$", "does not exist, skipping"),
    (f"do $$ begin execute (select 'set application_name.x = ' || name {FIRST}); end $$", ""),
    # what is said beside
    ("set client_min_messages = debug5; set debug_print_parse = on; select 1 from people where ssn = '123-45-6789'", ""),
    (
        "set client_min_messages = log; set log_min_duration_statement = 0; select count(*) from people where salary = 53219",
        "log",
    ),
]

# Harmless: nothing of what the server says may be missing, though the statement is not understood, or touches what is hidden
HARMLESS = [
    "selec 1",
    "select * from nowhere",
    "select emial from people",
    "select c.emial from people c",
    "select email from people where id = 'abc'",
    "select 'abc'::int",
    "select '2024-13-45'::date from people",
    "select lower(1, 2) from people",
    "select id + name from people",
    "select name from people group by id, email having",
    "select 'x'::mood",
    "select '{bad'::json",
    "drop table nowhere",
    "drop table if exists nowhere",
    "drop function nowhere(int)",
    "drop table people",
    "alter table people drop column nothing",
    "create table people (a int)",
    "rollback to savepoint s",
    "deallocate nothing",
    "fetch from nothing",
    "select 1/0 from people",
    "insert into people (id) values (9, 10)",
    "commit",
    "set nothing = 1",
    "select nothing(email) from people",
    "insert into people (nothing) values (1)",
    "select * from people p join people q using (nothing)",
    "create function f() returns int language plpgsql as $$ begin retur 1; end $$",
    "create function g() returns int language sql as $$ select 'abc'::int $$",
]


@dataclass
class Ear:
    """A connection to the server itself, and every message that came from it."""

    connection: psycopg.Connection
    names: set[str]
    heard: list[bytes] = field(default_factory=list)

    def run(self, text: str) -> None:
        """Let it run; what goes wrong is heard."""
        try:
            with self.connection.cursor() as cursor:
                if text.endswith("from stdin"):
                    with cursor.copy(text.encode()) as copy:
                        copy.write(COPIED)
                elif text.endswith("to stdout"):
                    with cursor.copy(text.encode()) as copy:
                        assert not list(copy)
                else:
                    cursor.execute(text.encode())
        except psycopg.Error as error:
            if error.pgresult is not None:
                self.heard.append(body_of(error.pgresult))
            raise

    def said(self, text: str) -> list[bytes]:
        """Bodies of what the server says of a text."""
        self.heard.clear()
        with suppress(psycopg.Error):
            self.run(text)
        if self.connection.info.transaction_status:
            self.connection.rollback()
        heard = list(self.heard)
        self.connection.execute("reset all")
        return heard


def body_of(result: PGresult) -> bytes:
    found = {chr(code): result.error_field(code) for code in DiagnosticField}
    return b"".join(letter.encode() + value + b"\0" for letter, value in found.items() if value is not None) + b"\0"


@pytest.fixture(scope="module", params=[15, 18])
def ear(request: pytest.FixtureRequest) -> Iterator[Ear]:
    server: EmbeddedServer = request.getfixturevalue("debian15" if request.param == 15 else "embedded18")
    with listening(server) as made:
        yield made


@pytest.fixture
def german() -> Iterator[Ear]:
    """Of a server that speaks German, where its translations are installed."""
    with pytest.MonkeyPatch.context() as patch:
        environment = quiet_environment() | {"LANGUAGE": "de"}
        patch.setattr("nightporter.demo.server.quiet_environment", lambda: environment)
        server = EmbeddedServer(debian_binaries(15), settings={"lc_messages": "C.utf8"})
        with server, listening(server) as made:
            yield made


@contextmanager
def listening(server: EmbeddedServer) -> Iterator[Ear]:
    """A connection to a database of its own."""
    with servers.fresh_database(server) as database, psycopg.connect(server.dsn(database), autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        names = connection.execute(
            "select relname from pg_class union select attname from pg_attribute union select proname from pg_proc"
            " union select typname from pg_type union select conname from pg_constraint union select nspname from pg_namespace"
        ).fetchall()
        made = Ear(connection, {str(name) for (name,) in names})
        connection.pgconn.notice_handler = lambda result: made.heard.append(body_of(result))
        yield made


class Nothing:
    """A detector that finds nothing: strictness must do without one."""

    def redact(self, text: str, how: Callable[[str, str], str]) -> str:
        return text


class Mails:
    """A detector of e-mail addresses and US numbers."""

    def redact(self, text: str, how: Callable[[str, str], str]) -> str:
        return re.sub(r"[\w.]+@[\w.]+\w|\d{3}-\d\d-\d{4}", lambda match: how("pii", match.group()), text)


@pytest.mark.parametrize(("text", "visible"), PROVOKED, ids=[text for text, _ in PROVOKED])
def test_no_value_is_left(ear: Ear, text: str, visible: str) -> None:
    left = left_of(ear, text)
    assert any(visible in each for fields in left for each in fields.values()), left


def test_no_value_is_left_in_another_language(german: Ear) -> None:
    for text, _ in PROVOKED:
        left_of(german, text)


def left_of(ear: Ear, text: str) -> list[dict[str, str]]:
    """The fields of each message about a text that are left, strictly; no value is in them."""
    hearing = Hearing(told=[text], names=ear.names.__contains__, detector=Nothing(), strict=True)
    bodies = ear.said(text)
    assert bodies, "nothing was said"
    shown: list[dict[str, str]] = []
    for body in bodies:
        fields = m.parse_error(body)
        rewritten = hearing.error(body, "utf-8")
        left = fields if rewritten is None else m.parse_error(rewritten)
        assert left["V"] == fields["V"]
        assert re.fullmatch("[0-9A-Z]{5}", left["C"])
        assert left["M"]
        everything = json.dumps(left, ensure_ascii=False).lower()
        assert not [value for value in CANARIES if value in everything and value not in text.lower()], left
        shown.append(left)
    return shown


def test_there_are_values_in_what_is_said(ear: Ear) -> None:
    """Else nothing would be shown by their absence."""
    said = [text for text, _ in PROVOKED if any(value in str(ear.said(text)).lower() for value in CANARIES)]
    assert len(said) > len(PROVOKED) * 0.7


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_messages_stay_whole(ear: Ear, text: str) -> None:
    hearing = Hearing(told=[text], names=ear.names.__contains__, detector=Mails(), strict=True)
    for body in ear.said(text):
        rewritten = hearing.error(body, "utf-8")
        left = {} if rewritten is None else m.parse_error(rewritten)
        assert rewritten is None or left == {**m.parse_error(body), "D": left.get("D", "")}, left


# Statement that reads nothing hidden, what its answer shows of others' rows, and what is left of that
OF_OTHERS = [
    (
        "insert into people values (4, 'Eve', replace('ada.lovelaceATexample.com', 'AT', '@'))",
        "Key (email)=(*****) already exists.",
    ),
    ("insert into people values (4, 'Eve', 'ada.lovelace@example.com')", "Key (email)=(ada.lovelace@example.com) already exists."),
    ("update people set salary = 2000000 where id = 1", "Failing row contains (1, *****, *****, *****, 2000000, *****, *****)."),
    ("delete from people where id = 1", 'Key (email)=(*****) is still referenced from table "orders".'),
    ("create unique index doubles on people (ssn)", "Key (ssn)=(*****) is duplicated."),
]


@pytest.mark.parametrize(("text", "left"), OF_OTHERS)
def test_keys_and_rows_of_others_are_hidden(ear: Ear, text: str, left: str) -> None:
    def hearing(labelled: bool) -> Hearing:
        return Hearing(
            told=[text], names=ear.names.__contains__, detector=Nothing(), strict=False, labelled=lambda columns: labelled
        )

    (body,) = ear.said(text)
    rewritten = hearing(labelled=True).error(body, "utf-8")
    shown = m.parse_error(body if rewritten is None else rewritten)
    assert shown == {**m.parse_error(body), "D": left}
    assert hearing(labelled=False).error(body, "utf-8") is None
