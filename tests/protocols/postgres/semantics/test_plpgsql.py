"""PL/pgSQL bodies: what is cut out of them, under which names, and that the server cuts out the same."""

from __future__ import annotations

import time
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightporter.demo.server import EmbeddedServer
from nightporter.protocols.postgres.grammar import parse
from nightporter.protocols.postgres.semantics.plpgsql import Body, Kind, Piece, Sort, read
from nightporter.protocols.postgres.semantics.plpgsql_scan import Tokens
from tests.lab.servers import fresh_database

from .plpgsql_dump import dump, unlike

Cut: TypeAlias = tuple[str, str, str, str]
"""Kind, role, SQL, and the targets (or the cursor) with dots and commas."""

# Each stands between DECLARATIONS and END.
DECLARATIONS = """
declare x int; y int; s text; a int[]; r record; p pair; c refcursor; k cursor for select 1; l cursor (n int, m text) for select n;
  open int; query int; type int; next int; return int; exception int; insert int; perform int; "If" int; "a;b" int;
begin
"""
STATEMENTS: list[tuple[str, list[Cut]]] = [
    ("null;", []),
    # assignments
    ("x := 1 + 1;", [("expression", "assigned", "1 + 1", "x")]),
    ("x = -1;", [("expression", "assigned", "-1", "x")]),
    ("x:=-1;x=-2;", [("expression", "assigned", "-1", "x"), ("expression", "assigned", "-2", "x")]),
    ("X := y = 1;", [("expression", "assigned", "y = 1", "x")]),
    ('"If" := 1; "a;b" := 2;', [("expression", "assigned", "1", "If"), ("expression", "assigned", "2", "a;b")]),
    ("p.f := 1; p . g /* c */ := 2;", [("expression", "assigned", "1", "p.f"), ("expression", "assigned", "2", "p.g")]),
    ("p.f := (select max(f) from t);", [("expression", "assigned", "(select max(f) from t)", "p.f")]),
    ("a[1] := 2;", [("expression", "argument", "1", ""), ("expression", "assigned", "2", "a")]),
    (
        "a[x:y + 1] := '{1,2}'; a[:2] := '{}';",
        [
            ("expression", "argument", "x", ""),
            ("expression", "argument", "y + 1", ""),
            ("expression", "assigned", "'{1,2}'", "a"),
            ("expression", "argument", "2", ""),
            ("expression", "assigned", "'{}'", "a"),
        ],
    ),
    ("a[a[1]::int] := 1;", [("expression", "argument", "a[1]::int", ""), ("expression", "assigned", "1", "a")]),
    ("x := count(*) from t where f = 1;", [("expression", "assigned", "count(*) from t where f = 1", "x")]),
    # words that are not reserved
    ("open := 1; query = 2;", [("expression", "assigned", "1", "open"), ("expression", "assigned", "2", "query")]),
    ("return := 1; perform = 2;", [("expression", "assigned", "1", "return"), ("expression", "assigned", "2", "perform")]),
    ("insert := 1; exception := 2;", [("expression", "assigned", "1", "insert"), ("expression", "assigned", "2", "exception")]),
    ("select 1 as insert into x;", [("statement", "discarded", "select 1 as insert into x", "")]),
    ("select p.insert into x from t p;", [("statement", "assigned", "select p.insert        from t p", "x")]),
    # SQL
    ("insert into t values (1, 2);", [("statement", "discarded", "insert into t values (1, 2)", "")]),
    ("insert into t values (1) returning f into x;", [("statement", "assigned", "insert into t values (1) returning f", "x")]),
    ("select f, g into strict x, y from t;", [("statement", "assigned", "select f, g                  from t", "x,y")]),
    ("select into p.f, x 1, 2;", [("statement", "assigned", "select             1, 2", "p.f,x")]),
    ("select f from t into r;", [("statement", "assigned", "select f from t", "r")]),
    (
        "with w as (insert into t select 1, 2 returning f) select f into x from w;",
        [("statement", "assigned", "with w as (insert into t select 1, 2 returning f) select f        from w", "x")],
    ),
    ("select 'into; x' into s; -- ; into\n", [("statement", "assigned", "select 'into; x'", "s")]),
    (
        "merge into t using t o on true when matched then delete;",
        [("statement", "discarded", "merge into t using t o on true when matched then delete", "")],
    ),
    ("create table into_x (a int);", [("statement", "discarded", "create table into_x (a int)", "")]),
    (
        "grant execute on function f() to current_user;",
        [("statement", "discarded", "grant execute on function f() to current_user", "")],
    ),
    ("set search_path = public;", [("statement", "discarded", "set search_path = public", "")]),
    (
        "create rule u as on insert to t do also (select 1; delete from t);",
        [("statement", "discarded", "create rule u as on insert to t do also (select 1; delete from t)", "")],
    ),
    (
        "create or replace function h() returns int begin atomic select case when true then 1 end; select 2; end;",
        [
            (
                "statement",
                "discarded",
                "create or replace function h() returns int begin atomic select case when true then 1 end; select 2; end",
                "",
            )
        ],
    ),
    ("call q(1);", [("statement", "discarded", "call q(1)", "")]),
    ("do 'begin end';", [("statement", "discarded", "do 'begin end'", "")]),
    (
        "commit; rollback and no chain;",
        [("statement", "discarded", "commit", ""), ("statement", "discarded", "rollback and no chain", "")],
    ),
    ("perform f(1) from t;", [("query", "discarded", " SELECT f(1) from t", "")]),
    # conditions and loops
    (
        "if (case when x = 1 then true end) then null; elsif y = 1 then null; elseif y = 2 then null; else x := 4; end if;",
        [
            ("expression", "condition", "(case when x = 1 then true end)", ""),
            ("expression", "condition", "y = 1", ""),
            ("expression", "condition", "y = 2", ""),
            ("expression", "assigned", "4", "x"),
        ],
    ),
    (
        "case x when 1, 2 then null; when 3 then x := 1; else end case;",
        [
            ("expression", "condition", "x", ""),
            ("expression", "condition", "1, 2", ""),
            ("expression", "condition", "3", ""),
            ("expression", "assigned", "1", "x"),
        ],
    ),
    ("case when x = 1 then null; end case;", [("expression", "condition", "x = 1", "")]),
    (
        "<<o>> loop exit o when x > 1; continue when x < 1; exit; end loop o;",
        [("expression", "condition", "x > 1", ""), ("expression", "condition", "x < 1", "")],
    ),
    (
        "while x < (select 3) loop x := x + 1; end loop;",
        [("expression", "condition", "x < (select 3)", ""), ("expression", "assigned", "x + 1", "x")],
    ),
    (
        "for i in reverse 10..x by 2 loop null; end loop;",
        [("expression", "looped", "10", "i"), ("expression", "looped", "x", "i"), ("expression", "looped", "2", "i")],
    ),
    ("for i in 1..3 loop null; end loop;", [("expression", "looped", "1", "i"), ("expression", "looped", "3", "i")]),
    ("for r in select f from t order by f loop null; end loop;", [("query", "looped", "select f from t order by f", "r")]),
    (
        "for x, y in (select 1, 2) union all values (3, 4) loop null; end loop;",
        [("query", "looped", "(select 1, 2) union all values (3, 4)", "x,y")],
    ),
    ("for r in delete from t returning * loop null; end loop;", [("query", "looped", "delete from t returning *", "r")]),
    ("for r in k loop null; end loop;", [("cursor", "looped", "", "r k")]),
    (
        "for r in l (x + 1, m := 'a') loop null; end loop;",
        [("expression", "argument", "x + 1", ""), ("expression", "argument", "'a'", ""), ("cursor", "looped", "", "r l")],
    ),
    ("foreach x in array a || 1 loop null; end loop;", [("expression", "looped", "a || 1", "x")]),
    ("foreach a slice 1 in array array[[1]] loop null; end loop;", [("expression", "looped", "array[[1]]", "a")]),
    # results
    ("return;", []),
    ("return query select f from t;", [("query", "returned", "select f from t", "")]),
    ("return next x + 1;", [("expression", "returned", "x + 1", "")]),
    # what is raised
    ("raise;", []),
    (
        "raise notice '% %', x, (select f from t limit 1);",
        [("expression", "raised", "x", ""), ("expression", "raised", "(select f from t limit 1)", "")],
    ),
    (
        "raise exception 'a' using hint = s, detail := s || s;",
        [("expression", "raised", "s", ""), ("expression", "raised", "s || s", "")],
    ),
    ("raise division_by_zero; raise sqlstate '22012'; raise info e'a\\'%', x;", [("expression", "raised", "x", "")]),
    ("raise using message = s, errcode = 'P0001';", [("expression", "raised", "s", ""), ("expression", "raised", "'P0001'", "")]),
    ("assert x = 1, s;", [("expression", "condition", "x = 1", ""), ("expression", "raised", "s", "")]),
    ("get diagnostics x = row_count, s := pg_context;", [("diagnostics", "assigned", "", "x,s")]),
    # cursors
    ("open c for select f from t;", [("query", "bound", "select f from t", " c")]),
    ("open c no scroll for values (1);", [("query", "bound", "values (1)", " c")]),
    ("open k;", [("cursor", "bound", "", " k")]),
    (
        "open l (m := 'a', n := 1);",
        [("expression", "argument", "'a'", ""), ("expression", "argument", "1", ""), ("cursor", "bound", "", " l")],
    ),
    ("fetch c into x, y;", [("cursor", "assigned", "", "x,y c")]),
    ("fetch relative x + 1 from c into x;", [("expression", "argument", "x + 1", ""), ("cursor", "assigned", "", "x c")]),
    ("fetch first from c into r; fetch from c into r;", [("cursor", "assigned", "", "r c"), ("cursor", "assigned", "", "r c")]),
    (
        "move forward all in c; move forward 3 from c;",
        [("cursor", "discarded", "", " c"), ("expression", "argument", "3", ""), ("cursor", "discarded", "", " c")],
    ),
    ("close c;", [("cursor", "discarded", "", " c")]),
    # blocks
    (
        "begin x := 1; exception when division_by_zero or sqlstate '22012' then x := 2; when others then s := sqlerrm; end;",
        [("expression", "assigned", "1", "x"), ("expression", "assigned", "2", "x"), ("expression", "assigned", "sqlerrm", "s")],
    ),
    (
        "<<b>> declare z int not null default 1; declare w b.z%type; begin b.z := 1; end b;",
        [("expression", "assigned", "1", "z"), ("expression", "assigned", "1", "b.z")],
    ),
    # comments and strings
    ("x /* ; /* nested */ ; */ := -- ;\n 1 /*;*/;", [("expression", "assigned", "1", "x")]),
    (
        "s := $q$ ; execute 'x' $q$ || e'\\';' || 'it''s;' || U&'\\0041;';",
        [("expression", "assigned", "$q$ ; execute 'x' $q$ || e'\\';' || 'it''s;' || U&'\\0041;'", "s")],
    ),
    ("s := e'a' -- it's\n '\\';' ;", [("expression", "assigned", "e'a' -- it's\n '\\';'", "s")]),
    # text that runs
    ("execute 'delete from t';", [("statement", "discarded", "delete from t", "")]),
    (
        "execute $$delete from t where f = $1$$ using x, y;".replace("$$", "$q$"),
        [
            ("expression", "argument", "x", ""),
            ("expression", "argument", "y", ""),
            ("statement", "discarded", "delete from t where f = $1", ""),
        ],
    ),
    ("execute (e'select \\'a\\'') into strict s;", [("statement", "assigned", "select 'a'", "s")]),
    ("execute 'select' -- x\n ' 1' into x;", [("statement", "assigned", "select 1", "x")]),
    (
        "execute 'delete from ' || s using x into y;",
        [
            ("expression", "executed", "'delete from ' || s", ""),
            ("expression", "argument", "x", ""),
            ("statement", "assigned", "?", "y"),
        ],
    ),
    (
        "execute format('delete from %I', 't');",
        [("expression", "executed", "format('delete from %I', 't')", ""), ("statement", "discarded", "?", "")],
    ),
    (
        "execute 'delete from t' limit 1;",
        [("expression", "executed", "'delete from t' limit 1", ""), ("statement", "discarded", "?", "")],
    ),
    (
        "execute 'delete from t'::text;",
        [("expression", "executed", "'delete from t'::text", ""), ("statement", "discarded", "?", "")],
    ),
    (
        "return query execute s using x;",
        [("expression", "executed", "s", ""), ("expression", "argument", "x", ""), ("query", "returned", "?", "")],
    ),
    ("return query execute 'select 1';", [("query", "returned", "select 1", "")]),
    (
        "for r in execute s using x, y loop null; end loop;",
        [
            ("expression", "executed", "s", ""),
            ("expression", "argument", "x", ""),
            ("expression", "argument", "y", ""),
            ("query", "looped", "?", "r"),
        ],
    ),
    (
        "open c scroll for execute s using 1;",
        [("expression", "executed", "s", ""), ("expression", "argument", "1", ""), ("query", "bound", "?", " c")],
    ),
]
BODIES = [DECLARATIONS + statement + " end" for statement, _ in STATEMENTS]

ACCEPTED = [
    "begin end",
    "BEGIN END;",
    "-- x\nbegin /* y */ end; -- z",
    "#variable_conflict use_column\n#print_strict_params off\nbegin end",
    "<<o>> begin end o",
    "declare x int; declare y int; begin end",
    "declare $1 int := 4; x int; begin x := $1; end",
    "declare x alias for $1; y alias for x; begin y := 1; end",
    "declare x numeric(10, 2) not null := 1; y text collate \"C\" default 'a'; z pair%rowtype; w pair.f%type; begin end",
    "declare c cursor is select 1; d no scroll cursor (x int, y text) for select y; begin end",
    "declare values cursor for select 1; begin for r in values loop null; end loop; end",
    "begin begin exception when others then end; exception when others then raise; end",
    "declare x int; begin select 1 into x\n-- c\n; end",
    "begin for i in 1..2 loop for i in 3..4 loop perform i; end loop; end loop; end",
    "declare x int; begin x := case when true then 1 else 2 end; perform case x when 1 then 2 end; end",
    "declare insert int; x int; begin select insert into x; end",
    "declare x int; begin explain insert into t values (1, 2); end",
    "declare elsif int; begin if true then elsif := 1; elsif true then null; end if; end",
    "declare x int; y int; begin <<l>> declare x int; begin l.x := 1; y := l.x; end; end",
]
"""Of which the server says the same as we do, and no more is asked."""

REFUSED = [
    "",
    "select 1",
    "begin",
    "begin end end",
    "begin end;;",
    "begin ; end",
    "begin (select 1); end",
    "begin x := ; end",
    "begin x := (1; end",
    "begin x := 1); end",
    "begin if true then end; end",
    "begin if true null; end if; end",
    "begin else end",
    "begin loop end if; end",
    "begin case 1 else end case; end",
    "begin exception end",
    "begin <<a>> perform 1; end",
    "begin select 1 into strict; end",
    "begin select 1 into x into y; end",
    "begin raise notice 'a' 'b'; end",
    "begin raise notice 1; end",
    "begin execute; end",
    "begin execute 'a' using; end",
    "begin execute 'a' into x into y; end",
    "begin for i in reverse select 1 loop end loop; end",
    "begin open c scroll; end",
    "begin fetch c; end",
    "begin get diagnostics x = nonsense; end",
    "begin commit and; end",
    "declare x int; x int; begin end",
    "declare begin int; begin end",
    "declare x; begin end",
    "#variable_conflict both\nbegin end",
    "begin x := 'a; end",
    "begin x := $q$a; end",
    "begin /* end",
    "begin x := e'\\'; end",
    'begin x := "; end',
]


def body_of(statement: str) -> str:
    return DECLARATIONS + statement + " end"


def told(piece: Piece) -> Cut:
    targets = ",".join(".".join(target) for target in piece.targets)
    cursor = " " + ".".join(piece.cursor) if piece.cursor else ""
    text = "?" if piece.dynamic else piece.text
    return piece.kind.value, piece.role.value, text if text.startswith(" SELECT") else text.strip(" "), targets + cursor


@pytest.mark.parametrize(("statement", "cuts"), STATEMENTS, ids=[statement for statement, _ in STATEMENTS])
def test_what_a_statement_is_cut_into(statement: str, cuts: list[Cut]) -> None:
    text = body_of(statement)
    body = read(text)
    assert body.doubts == ()
    found = [piece for piece in body.pieces if piece.start >= len(DECLARATIONS)]
    assert [told(piece) for piece in found] == cuts
    assert body.dynamic == any(cut[2] == "?" for cut in cuts)
    for piece in found:
        if not piece.detached and piece.text:
            assert len(piece.text) == piece.end - piece.start
            assert piece.sql.endswith(piece.text)
            assert text[piece.offset + len(piece.sql) - 1] == text[piece.end - 1]
        if piece.kind not in (Kind.CURSOR, Kind.DIAGNOSTICS) and not piece.dynamic:
            assert len(parse(piece.sql.encode())) == 1


def test_a_case_with_a_value_compares() -> None:
    pieces = read("begin case 1 when 2 then case when true then null; end case; end case; end").pieces
    assert [(piece.text, piece.compares) for piece in pieces] == [("1", False), ("2", True), ("true", False)]


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_server_refuses_is_in_doubt(text: str, embedded18: EmbeddedServer) -> None:
    assert read(text).doubts
    assert read(text).dynamic
    with pytest.raises(AssertionError):
        dump(embedded18, text, "postgres")


SCHEMA = """
    create table t (f int, g int);
    create type pair as (f int, g int);
    create function f(int) returns int language sql as 'select 1';
    create function f() returns int language sql as 'select 1';
"""


@pytest.fixture(scope="module")
def schema18(embedded18: EmbeddedServer) -> str:
    embedded18.psql("create database plpgsql")
    embedded18.psql(SCHEMA, "plpgsql")
    return "plpgsql"


@pytest.mark.parametrize("text", BODIES + ACCEPTED)
def test_the_server_cuts_out_the_same(text: str, embedded18: EmbeddedServer, schema18: str) -> None:
    body = read(text)
    assert body.doubts == ()
    different = unlike(body, text, dump(embedded18, text, schema18))
    if any(each.startswith("+ ") and "arguments = " in each for each in different):  # which the server puts into one
        assert len([each for each in different if each.startswith("+")]) == 1
    else:
        assert different == []


def test_older_versions_accept_the_same(debian15: EmbeddedServer) -> None:
    with fresh_database(debian15) as name:
        debian15.psql(SCHEMA, name)
        for text in BODIES + ACCEPTED:
            type_ = "setof integer" if "return next" in text or "return query" in text else "void"
            if "x := count(*) from t" not in text:
                made = f"create function probe(a int, b text) returns {type_} language plpgsql as $np${text}$np$"
                debian15.psql(f"drop function if exists probe; {made}", name)


# Names


def test_variables_are_seen_where_they_are() -> None:
    text = """<<o>> declare x int := 0; y constant "T".a%type not null := 1; z alias for $2; t text collate "C";
        c cursor (x text) for select x, y;
        begin
          perform 'first';
          <<i>> declare x numeric(10,2) = y; begin perform 'second'; end i;
          <<n>> for x in 1..10 loop perform 'third'; end loop;
          for r in c('a') loop perform 'fourth'; end loop;
          perform 'fifth';
        exception when others then perform 'sixth';
        end"""
    body = read(text)
    assert body.doubts == ()
    assert body.labels == {"o", "i", "n"}

    def seen(where: str, *names: str) -> tuple[Sort, str, str | None] | None:
        variable = body.variable(names, text.index(where))
        return None if variable is None else (variable.sort, variable.type, variable.label)

    assert seen("0;", "x") is None  # not by its own default
    assert seen("first", "x") == (Sort.VALUE, "int", "o")
    assert seen("first", "o", "x") == (Sort.VALUE, "int", "o")
    assert seen("first", "Y") is None
    assert seen("first", "y") == (Sort.VALUE, '"T".a%type', "o")
    assert seen("select x, y", "x") == (Sort.CURSOR_ARGUMENT, "text", "c")
    assert seen("select x, y", "c", "x") == (Sort.CURSOR_ARGUMENT, "text", "c")
    assert seen("first", "c", "x") is None
    assert seen("second", "x") == (Sort.VALUE, "numeric(10,2)", "i")
    assert seen("second", "o", "x") == (Sort.VALUE, "int", "o")
    assert seen("third", "x") == (Sort.COUNTER, "integer", "n")
    assert seen("third", "n", "x") == (Sort.COUNTER, "integer", "n")
    assert seen("fourth", "r") == (Sort.ROW, "record", None)
    assert seen("fourth", "r", "f") == (Sort.ROW, "record", None)
    assert seen("fifth", "r") is None
    assert seen("fifth", "x") == (Sort.VALUE, "int", "o")
    assert seen("fifth", "sqlerrm") is None
    assert seen("sixth", "sqlerrm") == (Sort.CAUGHT, "text", "o")
    assert seen("fifth", "found") == (Sort.FOUND, "boolean", None)
    assert set(body.visible(text.index("fifth"))) == {"found", "x", "y", "z", "t", "c"}
    y = body.visible(text.index("fifth"))["y"]
    assert (y.constant, y.not_null, y.collation) == (True, True, "")
    assert body.visible(text.index("fifth"))["z"].stands_for == ("$2",)
    assert body.visible(text.index("fifth"))["t"].collation == '"C"'


def test_names_are_looked_for_as_the_server_does() -> None:
    text = "<<a>> declare b record; begin <<b>> declare a record; c record; begin perform 1; end; end"
    body = read(text)
    at = text.index("1;")
    # `a.b`: a field of the inner `a`, or else the outer `b` by its label; `b.c`: the inner `c` stands nearer than the outer `b`
    assert [(each.name, taken) for each, taken in body.candidates(("a", "b"), at)] == [("a", 1), ("b", 2)]
    assert [(each.name, taken) for each, taken in body.candidates(("b", "c"), at)] == [("c", 2), ("b", 1)]


def test_what_a_name_that_is_both_means() -> None:
    assert read("#variable_conflict use_column\nbegin end").conflict == "use_column"
    assert read("begin end").conflict is None


def test_names_are_folded_and_cut() -> None:
    long = "É" + "A" * 70
    (_, variable) = read(f"declare {long} int; begin end").variables
    assert variable.name == "É" + "a" * 61


# What must not be


def test_a_backslash_needs_standard_strings() -> None:
    text = r"begin perform '\'; execute 'a' || 'b'; --'; end"
    assert read(text + "\nend").doubts == ()
    assert read(text + "\nend", standard_strings=False).doubts


@pytest.mark.parametrize(
    "text",
    [
        "begin if x then null; elsif = 1 then execute 'x'; end if; end",
        "begin select insert into x from t; end",
        "begin create function g(begin int) returns int language sql as 'select 1'; end",
        "begin create ( ; execute 'x'; select ); end",
        "begin create function g() returns int begin atomic select 1; end",
        "begin select 1 \v; end",
        "begin perform 1 " + "+" * 2000 + " 1; end",
        "begin " * 2000 + "end; " * 2000,
        "begin perform '" + "x" * 5_000_000 + "'; end",
    ],
    ids=range(9),
)
def test_what_versions_may_read_differently_is_in_doubt(text: str) -> None:
    assert read(text).doubts


def check(text: str) -> Body:
    body = read(text)
    tokens = Tokens(text)
    if not body.dynamic:
        for mark, start in zip(tokens.marks, tokens.starts, strict=True):
            covered = any(piece.start <= start < piece.end or piece.detached for piece in body.pieces)
            assert mark != "execute" or covered, text
    for piece in body.pieces:
        assert 0 <= piece.start <= piece.end <= len(text)
        assert piece.detached or len(piece.text) in (0, piece.end - piece.start)
    for variable in body.variables:
        assert 0 <= variable.start <= variable.end <= len(text)
    return body


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    check(text)
    check(f"begin {text} end")


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from([statement for statement, _ in STATEMENTS]), min_size=1, max_size=4), st.data())
def test_spoiled_text_is_read(statements: list[str], data: st.DataObject) -> None:
    text = body_of(" ".join([*statements, "execute s;"]))
    start = data.draw(st.integers(len(DECLARATIONS), len(text)))
    length = data.draw(st.integers(0, 12))
    spoil = data.draw(st.text("'\"$;()[]/*-eE\\ \n\0é1a.:=#<>", max_size=4))
    check(text[:start] + spoil + text[start + length :])
    check(text[:start])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([statement for statement, _ in STATEMENTS]), max_size=6), st.data())
def test_no_execute_is_lost(statements: list[str], data: st.DataObject) -> None:
    where = data.draw(st.integers(0, len(statements)))
    statements.insert(where, "execute s;")
    assert check(body_of(" ".join(statements))).dynamic


@pytest.mark.parametrize(
    ("before", "part", "after"),
    [
        ("begin ", "perform f(x, 'a', \"b\") /* c */; ", "end"),
        ("begin ", "for i in 1..2 loop x := i; end loop; ", "end"),
        ("begin ", "select 1 into x; ", "end"),
        ("begin ", "perform e'a' -- x\n ; ", "end"),
        ("begin perform e'a' ", "-", "\n; end"),
        ("begin perform '", "''", "'; end"),
        ("begin perform (", "(", ""),
        ("begin perform ", "/*", ""),
        ("begin perform ", "+/**/", " 1; end"),
        ("begin perform ", "$a$", ""),
        ("begin perform ", "a.", " b; end"),
        ("declare ", "x int; begin end; declare ", "begin end"),
        ("begin x", "[1]", " := 1; end"),
        ("begin ", "<<a>> begin ", ""),
        ("", "x alias for y; ", ""),
        ("begin ", "execute 'a'; ", "end"),
    ],
)
def test_time_grows_with_length_only(before: str, part: str, after: str) -> None:
    def took_s(size: int) -> float:
        text = before + part * (size // len(part)) + after
        start = time.process_time()
        body = read(text)
        for piece in body.pieces[-1000:]:
            body.variable(("i",), piece.start)
        return time.process_time() - start

    took_s(10_000)
    # ten times as long: quadratic would be a hundred times the work; whatever else the machine does only adds, so the best of some
    assert any(took_s(300_000) < 40 * max(took_s(30_000), 0.005) for _ in range(4))
