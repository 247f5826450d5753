"""Rows of COPY TO STDOUT in all its forms: masked rows are what the server reads back, others keep every byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from struct import pack
from types import ModuleType
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.core.error import ProtocolError
from nightporter.demo.server import EmbeddedServer
from nightporter.protocols.postgres.copies import copy_masker
from nightporter.protocols.postgres.copy_format import ENCODINGS, CopyFormat, copy_format, encoding_name
from nightporter.protocols.postgres.encoding import codec
from nightporter.protocols.postgres.grammar import parse
from nightporter.protocols.postgres.messages import copy_data
from tests.lab.servers import fresh_database

from .plain import both
from .test_framing import chunks, cuts
from .test_rows import Masks, Row, expected, made, names

IMPLEMENTATIONS = both("cell", "rows", "copies")
TEXT = CopyFormat()
CSV = CopyFormat("csv", ",", "")
BINARY = CopyFormat("binary")
SIGNATURE = b"PGCOPY\n\xff\r\n\0"

# How the server writes rows, said once more and more simply; for encodings without a backslash in their characters


def text_cell(value: bytes | None, form: CopyFormat) -> bytes:
    if value is None:
        return form.null.encode()
    out = b""
    for byte in value:
        letter = dict(zip(b"\b\t\n\v\f\r", "btnvfr", strict=True)).get(byte)
        if letter:
            out += b"\\" + letter.encode()
        else:
            out += b"\\" * (byte in (0x5C, ord(form.delimiter))) + bytes([byte])
    return out


def csv_cell(value: bytes | None, form: CopyFormat) -> bytes:
    if value is None:
        return form.null.encode()
    quote, escape = form.quote.encode(), form.escape.encode()
    if (
        form.force_quote
        or value in (form.null.encode(), b"\\.")
        or any(each in value for each in (form.delimiter.encode(), quote, b"\n", b"\r"))
    ):
        inside = value.replace(escape, escape * 2)
        return quote + (inside if quote == escape else inside.replace(quote, escape + quote)) + quote
    return value


def binary_cell(value: bytes | None, form: CopyFormat) -> bytes:
    return b"\xff\xff\xff\xff" if value is None else pack("!I", len(value)) + value


def written(form: CopyFormat, rows: Sequence[Row], width: int) -> bytes:
    """The messages of the server."""
    if form.kind == "binary":
        bodies = [pack("!H", width) + b"".join(binary_cell(value, form) for value in row) for row in rows] + [b"\xff\xff"]
        bodies[0] = SIGNATURE + bytes(8) + bodies[0]
        if not rows:
            return copy_data(bodies[0])
        return b"".join(map(copy_data, bodies))
    cell = text_cell if form.kind == "text" else csv_cell
    lines = [form.delimiter.encode().join(cell(value, form) for value in row) + b"\n" for row in rows]
    header = [form.delimiter.encode().join([b"name"] * width) + b"\n"] if form.has_header else []
    return b"".join(map(copy_data, header + lines))


def run(
    modules: dict[str, ModuleType], form: CopyFormat, masks: Masks, pieces: list[bytes], encoding: str = "UTF8"
) -> tuple[bytes, str | None, list[int], list[int]]:
    masker = modules["copies"].copy_masker(form, [made(modules["cell"], what) for what in masks], encoding)
    out, error = [], None
    for piece in pieces:
        try:
            out.append(masker.feed(b"H" + piece + b"junk", 1, 1 + len(piece)))
        except ProtocolError as raised:
            error = str(raised)
            break
    return b"".join(out), error, masker.masked, masker.guarded


characters = st.sampled_from([*b"ab@nsl,;|\\\"'xN.01\t\n\r\b\v\f\x01\x7f\xc3\xa9"])
values = st.one_of(
    st.none(),
    st.lists(characters, max_size=8).map(bytes),
    st.sampled_from([b"nil", b"same", b"longer\tx\\", b'l"",', b"a@b", b"\\N", b"\\.", b"N", b"", b"lx\n\r"]),
)
forms = st.sampled_from(
    [
        TEXT,
        TEXT._replace(delimiter="|", null="NIL", has_header=True),
        TEXT._replace(delimiter=",", null=""),
        TEXT._replace(delimiter="\b", null="\\x"),
        TEXT._replace(delimiter='"', null="\\\\"),
        CSV,
        CSV._replace(delimiter=";", null="N", has_header=True),
        CSV._replace(quote="'", escape="\\"),
        CSV._replace(quote="l", escape="s", delimiter="n"),
        CSV._replace(escape=","),
        CSV._replace(force_quote=("*",)),
        CSV._replace(delimiter="\t", null="\\N"),
        BINARY,
    ]
)


@st.composite
def results(draw: st.DrawFn) -> tuple[CopyFormat, Masks, list[list[bytes | None]]]:
    masks = draw(st.lists(names, min_size=1, max_size=4))
    form = draw(forms)
    return form, masks, draw(st.lists(st.lists(values, min_size=len(masks), max_size=len(masks)), max_size=6))


LIKE_VALUES = {"NIL": b"NIL", "\\\\": b"\\"}
"""Null strings that values may be written like: what is written so counts as a value."""


def masked_row(form: CopyFormat, row: Row, masks: Masks) -> Row:
    def one(value: bytes | None, what: str | None) -> bytes | None:
        if value is None and form.kind == "text":
            value = LIKE_VALUES.get(form.null)
        return expected(value, what)

    return [one(value, what) for value, what in zip(row, masks, strict=True)]


@given(results(), cuts)
def test_cells_are_masked_however_the_rows_are_cut(
    result: tuple[CopyFormat, Masks, list[list[bytes | None]]], at: list[int]
) -> None:
    form, masks, rows = result
    if form.kind == "text" and form.null == "":  # the empty text and NULL are written alike
        rows = [[None if value == b"" else value for value in row] for row in rows]
    data = written(form, rows, len(masks))
    shown = written(form, [masked_row(form, row, masks) for row in rows], len(masks))
    for modules in IMPLEMENTATIONS:
        out, error, masked, guarded = run(modules, form, masks, chunks(data, at))
        assert error is None
        assert out == shown
        for i, what in enumerate(masks):
            assert not (masked[i] and what in (None, "guard"))
            assert not (guarded[i] and what != "guard")


@given(
    results(),
    st.integers(0, 300),
    st.binary(max_size=3),
    st.integers(0, 3),
    cuts,
    st.sampled_from(["UTF8", "SJIS", "GB18030", "GBK"]),
)
def test_any_bytes_give_rows_or_a_protocol_error_and_splits_do_not_matter(
    result: tuple[CopyFormat, Masks, list[list[bytes | None]]], place: int, junk: bytes, gone: int, at: list[int], encoding: str
) -> None:
    form, masks, rows = result
    data = written(form, rows, len(masks))
    data = data[:place] + junk + data[place + gone :]
    whole = run(IMPLEMENTATIONS[0], form, masks, [data], encoding)
    for modules in IMPLEMENTATIONS:
        assert run(modules, form, masks, [data], encoding) == whole
        parts = run(modules, form, masks, chunks(data, at), encoding)
        assert parts[1] == whole[1]
        if whole[1] is None:
            assert parts == whole


@given(st.lists(st.lists(values, min_size=2, max_size=2), max_size=6), forms)
def test_what_is_not_masked_keeps_its_bytes(rows: list[list[bytes | None]], form: CopyFormat) -> None:
    data = written(form, rows, 2)
    for modules in IMPLEMENTATIONS:
        assert run(modules, form, [None, None], [data])[0] == data


implementations = pytest.mark.parametrize("modules", IMPLEMENTATIONS, ids=["plain", "compiled"][: len(IMPLEMENTATIONS)])


@implementations
@pytest.mark.parametrize(
    ("form", "bodies", "words"),
    [
        (TEXT, [b"a\tb"], "not a line"),
        (TEXT, [b""], "not a line"),
        (TEXT, [b"a\n"], "has not `2` columns"),
        (TEXT, [b"\n"], "has not `2` columns"),
        (TEXT, [b"a\tb\tc\n"], "has not `2` columns"),
        (TEXT, [b"a\tb\na\tb\n"], "several lines"),
        (TEXT, [b"a\tb\\\n"], "ends within a character"),
        (CSV, [b"a,b"], "not a line"),
        (CSV, [b"a,b,c\n"], "has not `2` columns"),
        (CSV, [b"a,b\na,b\n"], "should have been quoted"),
        (CSV, [b'a,b"c"\n'], "should have been quoted"),
        (CSV, [b'a,"b\n'], "ends within quotes"),
        (CSV, [b'"a"x,b\n'], "after its quotes"),
        (CSV._replace(has_header=True), [b"a,b"], "not a line"),
        (BINARY, [b"\0\2" + bytes(8)], "unknown header"),
        (BINARY, [SIGNATURE + b"\0\1\0\0" + bytes(4)], "unknown header"),
        (BINARY, [SIGNATURE + bytes(6)], "unknown header"),
        (BINARY, [SIGNATURE + bytes(7) + b"\1"], "unknown header"),
        (BINARY, [SIGNATURE + bytes(8) + b"\0\3"], "has not `2` columns"),
        (BINARY, [SIGNATURE + bytes(8) + b"\xff\xff", b"\0\2" + bytes(8)], "after its trailer"),
        (BINARY, [SIGNATURE + bytes(8) + (b"\0\2" + bytes(8)) * 2], "longer than its cells"),
    ],
)
def test_what_is_no_row_is_refused(modules: dict[str, ModuleType], form: CopyFormat, bodies: list[bytes], words: str) -> None:
    _, error, *_ = run(modules, form, ["stars", None], [b"".join(map(copy_data, bodies))])
    assert error is not None
    assert words in error


@implementations
def test_the_binary_header_may_be_longer(modules: dict[str, ModuleType]) -> None:
    tuple_ = b"\0\1" + binary_cell(b"secret", BINARY)
    begin = SIGNATURE + b"\0\0\0\1" + pack("!I", 3) + b"ext"
    out, error, masked, _ = run(modules, BINARY, ["stars"], [copy_data(begin + tuple_) + copy_data(b"\xff\xff")])
    assert (error, masked) == (None, [1])
    assert out == copy_data(begin + b"\0\1" + binary_cell(b"*****", BINARY)) + copy_data(b"\xff\xff")


@implementations
def test_rows_without_columns(modules: dict[str, ModuleType]) -> None:
    for form in (TEXT, CSV):
        assert run(modules, form, [], [copy_data(b"\n")])[:2] == (copy_data(b"\n"), None)
        assert run(modules, form, [], [copy_data(b"x\n")])[1] == "a row that has not `0` columns"


@implementations
@pytest.mark.parametrize(
    ("encoding", "line", "shown"),
    [
        ("SJIS", "表\tb\tソ", "表\t*****\tソ"),  # both end with a backslash
        ("BIG5", "功\tb\t許", "功\t*****\t許"),
        ("GBK", "誠\tb\t乗", "誠\t*****\t乗"),
        ("SJIS", "ｱ\tb\tｿ", "ｱ\t*****\tｿ"),  # one byte each
        ("GB18030", "\u0101\U0001f600\tb\tx", "\u0101\U0001f600\t*****\tx"),
    ],
)
def test_characters_that_end_like_ascii(modules: dict[str, ModuleType], encoding: str, line: str, shown: str) -> None:
    python = codec(encoding, "UTF8")
    assert python is not None
    out, error, *_ = run(modules, TEXT, [None, "stars", None], [copy_data(line.encode(python) + b"\n")], encoding)
    assert error is None
    assert out == copy_data(shown.encode(python) + b"\n")


@implementations
def test_a_delimiter_within_a_character(modules: dict[str, ModuleType]) -> None:
    form = TEXT._replace(delimiter="|")
    line = "ポ|secret|ポ\n".encode("cp932")
    assert line.count(b"|") > 2
    out, error, *_ = run(modules, form, [None, "stars", "upper"], [copy_data(line)], "SJIS")
    assert (out, error) == (
        copy_data("ポ|*****|".encode("cp932") + b"\x83\n"),
        None,
    )


def test_an_escape_is_read_as_copy_from_reads_it() -> None:
    seen: list[bytes] = []
    for modules in IMPLEMENTATIONS:

        class Seeing(modules["cell"].CellMask):  # type: ignore[misc]
            def mask(self, cell: bytes) -> bytes | None:
                seen.append(cell)
                return cell

        masker = modules["copies"].copy_masker(TEXT, [Seeing(is_constant=False)], "UTF8")
        row = copy_data(rb"\x41\x4a4\x\101\1014\8\b\f\n\r\t\v\\\N\q\xg" + b"\n")
        assert masker.feed(row, 0, len(row)) == row
    assert seen == [b"AJ4xAA48\b\f\n\r\t\v\\Nqxg"] * len(IMPLEMENTATIONS)


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown encoding"):
        copy_masker(TEXT, [], "KLINGON")
    with pytest.raises(ValueError, match="null string"):
        copy_masker(TEXT._replace(null="é"), [], "MULE_INTERNAL")
    with pytest.raises(ValueError, match="encode"):
        copy_masker(TEXT._replace(null="語"), [], "LATIN1")


def test_force_quote_means_columns_by_name() -> None:
    form = CSV._replace(force_quote=("b",))
    row = copy_data(b'x,"x"\n')
    for columns, shown in ((["a", "b"], b'*****,"*****"\n'), (None, b'"*****","*****"\n')):
        masker = copy_masker(form, [made(IMPLEMENTATIONS[-1]["cell"], "stars")] * 2, "UTF8", columns)
        assert masker.feed(row, 0, len(row)) == copy_data(shown)


@pytest.mark.parametrize("value", ["x,y", 'x"y', "x\ny", "N"])
def test_how_a_mask_is_written_does_not_tell_what_was_there(value: str) -> None:
    form = CSV._replace(null="N")
    for cell in (csv_cell(value.encode(), form), b"x"):
        masker = copy_masker(form, [made(IMPLEMENTATIONS[-1]["cell"], "stars")], "UTF8")
        row = copy_data(cell + b"\n")
        assert masker.feed(row, 0, len(row)) == copy_data(b"*****\n")


def test_the_null_string_does_not_tell_which_values_are_like_it() -> None:
    masker = copy_masker(TEXT._replace(null="alice"), [made(IMPLEMENTATIONS[-1]["cell"], "stars")], "UTF8")
    rows = copy_data(b"alice\n") + copy_data(b"bob\n")
    assert masker.feed(rows, 0, len(rows)) == copy_data(b"*****\n") * 2


# Options


def form_of(options: str) -> CopyFormat | None:
    return copy_format(parse(f"copy t to stdout {options}".encode())[0].body)


ACCEPTED: list[tuple[str, CopyFormat]] = [
    ("", TEXT),
    ("binary", BINARY),
    ("(format text)", TEXT),
    ("(format binary, encoding 'latin1')", BINARY._replace(encoding="LATIN1")),
    ("using delimiters '|' with null as 'x'", TEXT._replace(delimiter="|", null="x")),
    ("delimiter as ';' null ''", TEXT._replace(delimiter=";", null="")),
    ("csv", CSV),
    (
        "with csv header quote as '''' escape as '\\' force quote a, b",
        CSV._replace(has_header=True, quote="'", escape="\\", force_quote=("a", "b")),
    ),
    ("csv quote ''''", CSV._replace(quote="'", escape="'")),
    ("csv force quote *", CSV._replace(force_quote=("*",))),
    ("(format csv, force_quote (a, \"B\"), null 5)", CSV._replace(force_quote=("a", "B"), null="5")),
    ("(format csv, delimiter 5)", CSV._replace(delimiter="5")),
    ("(format csv, force_quote *, header on)", CSV._replace(force_quote=("*",), has_header=True)),
    ("(header)", TEXT._replace(has_header=True)),
    ("(header 1)", TEXT._replace(has_header=True)),
    ("(header 0, freeze false)", TEXT),
    ("(format csv, delimiter (a))", CSV._replace(delimiter="a")),
    ("(header 'FALSE')", TEXT),
    ("(null *)", TEXT._replace(null="*")),
    ("(encoding 'utf-8')", TEXT._replace(encoding="UTF8")),
    ("encoding 'Shift_JIS'", TEXT._replace(encoding="SJIS")),
]  # fmt: skip

REFUSED = [
    "(format 'json')",
    "(format 'CSV')",
    "(format csv, format csv)",
    "(header match)",
    "(header 2)",
    "(format binary, header)",
    "(format binary, null 'x')",
    "(quote 'x')",
    "(force_quote *)",
    "(encoding 'klingon')",
    "(delimiter 'é')",
    "(delimiter '||')",
    "(delimiter '')",
    "(delimiter 'a')",
    "(delimiter E'\\n')",
    "(null E'a\\tb')",
    "(format csv, quote ',')",
    "(format csv, null '\"')",
    "(format csv, delimiter (a, b))",
    "(null E'x\\\\')",
    "(on_error ignore)",
    "(no_such_option)",
    "(default 'x')",
]


@pytest.mark.parametrize(("options", "form"), ACCEPTED)
def test_options(options: str, form: CopyFormat) -> None:
    assert form_of(options) == form


@pytest.mark.parametrize("options", REFUSED)
def test_options_that_no_row_can_be_read_by(options: str) -> None:
    assert form_of(options) is None


def test_the_old_syntax_for_binary() -> None:
    assert copy_format(parse(b"copy binary t to stdout")[0].body) == BINARY


# Real servers


@pytest.fixture(scope="module", params=[15, 18])
def server(request: pytest.FixtureRequest) -> EmbeddedServer:
    found: EmbeddedServer = request.getfixturevalue("debian15" if request.param == 15 else "embedded18")
    return found


@pytest.fixture(scope="module")
def connection(server: EmbeddedServer) -> Iterator[psycopg.Connection[Any]]:
    """To a database with a table of texts that are hard to write."""
    with fresh_database(server) as name, psycopg.connect(server.dsn(name), autocommit=True) as connection:
        connection.execute("create table t (id int, a text, b text, c text); create table back (like t)")
        hard = [
            "",
            "alice@example.com",
            "\\N",
            "\\.",
            "N",
            "a\tb\nc\rd\\e",
            'say "hi", then',
            "'quoted'",
            "x|y;z",
            "l\b\v\f\x01",
            " ",
        ]
        rows: list[tuple[int, str | None, str | None, str | None]]
        rows = [(n, value, hard[-n], f"l{value}s") for n, value in enumerate(hard)]
        rows += [(50, None, "x", None), (51, "x", None, ""), (52, None, None, None), (53, "é", "é", "é")]
        with connection.cursor() as cursor:
            cursor.executemany("insert into t values (%s, %s, %s, %s)", rows)
        yield connection


def accepts(connection: psycopg.Connection[Any], options: str) -> bool:
    try:
        list(copied(connection, f"copy t to stdout {options}"))
    except psycopg.Error:
        return False
    return True


def copied(connection: psycopg.Connection[Any], text: str) -> Iterator[bytes]:
    """The bodies of the server's messages, one by one."""
    with connection.cursor() as cursor, cursor.copy(text.encode()) as copy:
        for data in copy:
            yield bytes(data)


@pytest.mark.parametrize("options", [options for options, _ in ACCEPTED])
def test_the_server_accepts_these_options(connection: psycopg.Connection[Any], options: str) -> None:
    assert accepts(
        connection, options.replace("a, b", "a,c").replace('"B"', "c").replace("encoding 'Shift_JIS'", "encoding 'win1252'")
    )


# the server takes them, and what they give cannot be read for certain, or not by us
TAKEN_BY_THE_SERVER = {"(null E'x\\\\')"}


@pytest.mark.parametrize("options", [each for each in REFUSED if each not in TAKEN_BY_THE_SERVER])
def test_the_server_refuses_these_options_as_well(connection: psycopg.Connection[Any], options: str) -> None:
    assert not accepts(connection, options)


FORMS = [
    "",
    "(null '')",
    "(null 'N')",
    "(delimiter '|', null 'x')",
    "(delimiter E'\\b')",
    "(header, encoding 'latin1')",
    "(encoding 'sjis')",
    "(encoding 'gb18030', delimiter '|')",
    "(format csv)",
    "(format csv, header)",
    "(format csv, force_quote *)",
    "(format csv, force_quote (b))",
    "(format csv, delimiter ';', quote '''', escape '\\', null 'N')",
    "(format csv, quote 'l', escape 's', delimiter 'a')",
    "(format csv, null 'alice@example.com')",
    "(format csv, delimiter E'\\t', null '\\N')",
    "(format binary)",
]


def upper_or_null(value: str | None) -> str | None:
    return None if value is None or value.startswith("x") else value.upper() + "\t\\"


@pytest.mark.parametrize("options", FORMS)
def test_the_server_reads_back_what_was_masked(connection: psycopg.Connection[Any], options: str) -> None:
    form = form_of(options)
    assert form is not None
    where = "where not coalesce(a || b || c, '') like '%é%'" if form.encoding in ("SJIS",) else ""
    source = f"copy (select * from t {where}) to stdout {options}"
    python = codec(form.encoding or "UTF8", "UTF8")
    assert python is not None

    bodies = list(copied(connection, source))
    rows = connection.execute(f"select * from t {where} order by id").fetchall()
    count = len(rows) + form.has_header + (form.kind == "binary")
    assert len(bodies) == count, "a message for each row, which the wire counts on as well"

    def upper(cell: bytes) -> bytes | None:
        shown = upper_or_null(cell.decode(python))
        return None if shown is None else shown.encode(python)

    for modules in IMPLEMENTATIONS:
        masks = [None, made(modules["cell"], "stars"), calling(modules["cell"], upper), None]
        masker = modules["copies"].copy_masker(form, masks, "UTF8", ["id", "a", "b", "c"])
        out = b"".join(masker.feed(message, 0, len(message)) for message in map(copy_data, bodies))
        assert masker.pending == 0

        connection.execute("truncate back")
        with connection.cursor() as cursor, cursor.copy(f"copy back from stdin {without_force(options)}".encode()) as copy:
            copy.write(contents(out))
        back = connection.execute("select * from back order by id").fetchall()
        assert back == [shown(form, row) for row in rows]
        plain = [None] * 4
        same = modules["copies"].copy_masker(form, plain, "UTF8")
        sent = b"".join(map(copy_data, bodies))
        assert same.feed(sent, 0, len(sent)) == sent


def shown(form: CopyFormat, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row as it is read back: in text, NULL and what is written like it are the same to the server too."""
    number, a, b, c = row
    uncertain = form.kind == "text" and form.null in ("N", "x")
    if form.kind == "text" and form.null == "":
        a, b = a or None, b or None
    if uncertain:
        a, b = (form.null if value is None else value for value in (a, b))
    result = [number, None if a is None else "*****", upper_or_null(b), c]
    return tuple(None if form.kind == "text" and value == form.null else value for value in result)


def calling(cell: ModuleType, call: Callable[[bytes], bytes | None]) -> Any:
    class Calling(cell.CellMask):  # type: ignore[name-defined,misc]
        def mask(self, value: bytes) -> bytes | None:
            return call(value)

    return Calling(is_constant=False)


def contents(out: bytes) -> bytes:
    """The bodies of messages, joined."""
    joined, at = b"", 0
    while at < len(out):
        size = int.from_bytes(out[at + 1 : at + 5])
        joined += out[at + 5 : at + 1 + size]
        at += 1 + size
    return joined


def without_force(options: str) -> str:
    return options.replace(", force_quote *", "").replace(", force_quote (b)", "")


def test_names_of_encodings_are_the_servers(connection: psycopg.Connection[Any]) -> None:
    row = connection.execute(
        "select array_agg(pg_encoding_to_char(n)) from generate_series(0, 100) n where pg_encoding_to_char(n) <> ''"
    )
    found = row.fetchone()
    assert found is not None
    assert set(ENCODINGS.values()) == set(found[0])
    for alias, name in ENCODINGS.items():
        assert encoding_name(alias.upper()) == name
        row = connection.execute("select pg_encoding_to_char(pg_char_to_encoding(%s))", (alias,))
        assert row.fetchone() == (name,)


@pytest.mark.parametrize("encoding", ["SJIS", "SHIFT_JIS_2004", "BIG5", "GBK", "UHC", "GB18030"])
def test_characters_of_the_server_end_like_ascii(connection: psycopg.Connection[Any], encoding: str) -> None:
    """All that can be written in an encoding, as the server writes it: its rows keep their bytes, and are counted right."""
    connection.execute("drop table if exists wide; create table wide (a text, b text, c text)")
    connection.execute(
        f"""do $$ declare n int; begin for n in 128..65535 loop if n not between 55296 and 57343 then begin
        if convert_to(chr(n), '{encoding}') <> '\\x80' then
        insert into wide values (chr(n) || '|', 'secret', chr(n)); end if;
        exception when others then null; end; end if; end loop; end $$"""
    )
    for options in (
        "delimiter '|'",
        "format csv, quote '|'",
        "format csv, delimiter 'A'",
        "format csv, escape '\\', force_quote *",
    ):
        options = f"({options}, encoding '{encoding}')"
        form = form_of(options)
        assert form is not None
        bodies = list(copied(connection, f"copy wide to stdout {options}"))
        assert len(bodies) > 1000
        sent = b"".join(map(copy_data, bodies))
        cell = IMPLEMENTATIONS[-1]["cell"]
        unchanged = [calling(cell, lambda value: value)] * 3
        assert copy_masker(form, unchanged, "UTF8").feed(sent, 0, len(sent)) == sent
        again = [calling(cell, lambda value: value[:1] + value[1:])] * 3  # read and written once more
        masker = copy_masker(form, again, "UTF8")
        assert masker.feed(sent, 0, len(sent)) == sent
        assert masker.masked[:2] == [len(bodies)] * 2
        masker = copy_masker(form, [None, made(cell, "stars"), None], "UTF8")
        out = masker.feed(sent, 0, len(sent))
        assert masker.masked == [0, len(bodies), 0]
        assert b"secret" not in out


@implementations
def test_a_character_that_is_shorter_than_the_server_believes_hides_no_cell(modules: dict[str, ModuleType]) -> None:
    masks: Masks = [None, "stars", None]
    # where there are escapes, what follows is never one: the server has not escaped it, and sends one byte more at the end
    row = b"\x80\\\0\tsecret\t\x80\0\n"
    out, error, *_ = run(modules, TEXT, masks, [copy_data(row)], "GBK")
    assert (out, error) == (copy_data(row.replace(b"secret", b"*****")), None)
    # where there are none, the delimiter after it is missed
    for row in (b"\x80,secret,x\n", b"x,secret,\x80\n"):
        assert run(modules, CSV, masks, [copy_data(row)], "GBK")[1] is not None


@implementations
def test_an_encoding_that_cannot_be_read_for_certain_is_refused(modules: dict[str, ModuleType]) -> None:
    for form in (TEXT, CSV, TEXT._replace(encoding="JOHAB")):
        with pytest.raises(ValueError, match="JOHAB"):
            modules["copies"].copy_masker(form, [None], "JOHAB")
    assert run(modules, BINARY, [None], [b""], "JOHAB")[1] is None


def width(character: int, encoding: str) -> int:
    """What the server believes."""
    return 1 if character < 0x80 or (encoding == "SJIS" and 0xA1 <= character <= 0xDF) else 2


def as_the_server_walks(value: bytes, form: CopyFormat, encoding: str, beyond: bytes) -> bytes:
    """A cell as versions 15 to 18 write it; `beyond` is what stands in the server's memory behind the value."""
    memory = value + b"\0" + beyond + bytes(4)
    csv = form.kind == "csv"
    marks = {ord(form.quote), ord(form.escape)} if csv else {0x5C, ord(form.delimiter)}
    if csv:
        at = 0
        while memory[at] and memory[at] not in (ord(form.delimiter), ord(form.quote), 10, 13):
            at += width(memory[at], encoding)
        if not memory[at] and not form.force_quote:
            return value
    out, at = b"", 0
    while memory[at]:
        size = width(memory[at], encoding)
        if not csv and memory[at] in (10, 13):
            out += {10: b"\\n", 13: b"\\r"}[memory[at]]
        else:
            out += (form.escape.encode() if csv else b"\\") * (memory[at] in marks) + memory[at : at + size]
        at += size
    return form.quote.encode() + out + form.quote.encode() if csv else out


pieces = st.sampled_from(
    [b"\x80", b"\x8f|", b"\x8fA", b"\x80\\", b"\x80|", b"\x8fA\\", b"\xa1|", b"\x81|", b"\x81\\", b'"', b"|", b"\\", b"a\n"]
)
hostile = st.lists(pieces, max_size=2).map(b"".join)


@given(
    hostile, hostile, hostile, st.sampled_from(["GBK", "SJIS"]), st.binary(max_size=3),
    st.sampled_from([TEXT._replace(delimiter="|"), TEXT, CSV._replace(delimiter="|"), CSV._replace(delimiter="|", escape="\\"),
                     CSV._replace(delimiter="A", quote="|"), CSV._replace(delimiter="|", force_quote=("*",))]),
)  # fmt: skip
def test_a_masked_cell_never_shows_whatever_stands_beside_it(
    before: bytes, within: bytes, after: bytes, encoding: str, beyond: bytes, form: CopyFormat
) -> None:
    cells = [as_the_server_walks(cell, form, encoding, beyond) for cell in (before, within + b"SECRET" + within, after)]
    row = copy_data(form.delimiter.encode().join(cells) + b"\n")
    for modules in IMPLEMENTATIONS:
        out, error, masked, _ = run(modules, form, [None, "stars", None], [row], encoding)
        assert b"SECRET" not in out
        assert error is not None or masked == [0, 1, 0]
        if encoding == "GBK" and b"\x80" not in before + within + after:
            assert error is None, "what the server writes right is read"
