"""No text kills the process, and hardly any that the server would take is refused."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nightporter.protocols.postgres.guard import HARMLESS_BYTES, MAX_BYTES, MAX_CHAIN, MAX_TOKENS, refusal
from nightporter.protocols.postgres.tokens import tokens, without_gaps

postgast: Any = import_module("postgast")  # by name: mypy cannot read its stubs
Token: Any = import_module("postgast.pg_query_pb2").Token

ATTACK = """
import sys
from nightporter.protocols.postgres.analysis import analyse
n = 100_000
COLUMNS = ",".join("abcdefghijklmnopqrst")
UPDATES = ["select 1"] * 4
for _ in range(6):
    UPDATES[0] = f"with x as (update t set ({COLUMNS}) = ({UPDATES[0]})) select 1"
    UPDATES[1] = f"with x as (update t SET/**/({COLUMNS})--'\\n/*'*/=({UPDATES[1]})) select 1"
    UPDATES[2] = f"with x as (update t set a = 1, ({COLUMNS}) = (select true and ({UPDATES[2]}))) select 1"
    UPDATES[3] = f"with x as (insert into t values (1) on conflict (a) do update set ({COLUMNS}) = ({UPDATES[3]})) select 1"
for text in [
    "select " + "(" * n + "1" + ")" * n,
    "select " + "not " * n + "true",
    "select " + "- " * n + "1",
    "select " + "+-" * n + "1",
    " union all ".join(["select 1"] * 50_000),
    "select " + "array[" * n + "1" + "]" * n,
    "select " + "f(" * n + "1" + ")" * n,
    "select " + "+".join(["1"] * n),
    "select " + "||".join(["E'\\\\''"] * n),
    "select 'a" + "'--\\n'".join(["+"] * 3) + "'" + " + 1" * n,
    "select E'a'\\n'\\\\' || 1" + " + 1" * n + " || '",
    "select E'a'\\n'\\\\''" + " + 1" * n,
    "select 1" + "->1" * n,
    "select 1" + "::int" * n,
    "select 1" + " operator(pg_catalog.+) 1" * n,
    "select a" + ' collate "C"' * n,
    "select a" + " at time zone 'x'" * n,
    "select a" + " is null" * n,
    "select * from a" + " join b on x and y" * n,
    "select * from a" + ", c natural join b" * n,
    "select a, b" + " except select a, b" * n,
    "select " + "case when " * 100 + "a" + ("+1" * 5_000 + " and b then 1 end") * 100,
    "select " + "case when " * 100 + "a" + ("+1" * 5_000 + " and b.end then 1 end") * 100,
    "select " + "(" * 9_000 + "1" + "+1)" * 9_000,
    "select " + "(" * 100 + "1" + ("+1" * 5_000 + " and true)") * 100,
    "select " + "array[" * 3_000 + "1" + "+1, 2]" * 3_000 + "+1" * 9_000,
    "with a as (" * 3_000 + "select 1" + ") select 1" * 3_000,
    "create rule r as on insert to t do also (select 1" + "+1" * n + "; select 2)",
    "create function f() returns int language sql as $$ select 1" + "+1" * n + " $$",
    "prepare p as select 1" + "+1" * n,
    "/*" * n + "*/" * n + "select 1",
    "select 1 " + "/**/" * n,
    "select 1 " + "+/**/" * n + "1",
    "select " + "not " * 9_900 + "1" + "+1" * 9_900,
    "select $a$ " + "$b$ " * n,
    "select " + "E'\\\\'" * n,
    "select (((" + "'" * n,
    "select array[" + ",".join(["1"] * n) + "]",
    "select 1 where " + " and ".join(["a = 1"] * n),
    "select 1 where a in (" + ",".join(["'x'"] * n) + ")",
    UPDATES[0],
    UPDATES[1],
    UPDATES[2],
    UPDATES[3],
    "select 1 order by " + "a," * 7_500_000 + "a",
    ";" * n,
    "x" * n,
    '"' * n,
]:
    reading = analyse(text)
    print(reading.statements[0].kind if reading.statements else "empty", flush=True)
"""


def test_no_text_kills_the_process() -> None:
    run = subprocess.run([sys.executable, "-c", ATTACK], capture_output=True, text=True, timeout=300)
    assert (run.returncode, run.stderr) == (0, "")
    kinds = run.stdout.split()
    assert len(kinds) == 49
    assert kinds[-11:] == ["select"] * 3 + ["unknown"] * 5 + ["empty", "unknown", "unknown"]
    assert kinds.count("unknown") >= 30


TAKEN = {
    "operators": "select " + "+".join(["1"] * 5_000),
    "unions": " union all ".join(["select 1"] * 9_000),
    "brackets": "select " + "(" * 9_000 + "1" + ")" * 9_000,
    "negations": "select " + "not " * 9_000 + "true",
    "sub-selects": "select " + "(select " * 3_000 + "1" + ")" * 3_000,
    "conditions": "select 1 where " + " or ".join(["(a = 1 and b is null and c between 1 + 2 and 3)"] * 5_000),
    "flat conditions": "select 1 where " + " and ".join(["a = 1"] * 20_000),
    "rows": "insert into t values " + ", ".join(["(-1, now() - interval '1 day', 'x'::text || '+')"] * 10_000),
    "columns": "select " + ", ".join(["a + b * c as d"] * 10_000),
    "statements": "select 1 + 1;" * 10_000,
    "text": "select '" + "+-*/ union join (((" * 10_000 + "'",
    "comment": "/* " + "+-*/ ((( /* union */ ".replace("*/ (", "(") * 10 + " */ select 1 -- " + "+(" * 30_000,
    "assignments": "update t set (a, b, c) = (select 1, 2, 3) where (d, e) = (1, 2);" * 5_000,
    "pairs": "select 1 where " + " or ".join(["(a, b) = (1, 2)"] * 5_000),
    "stars": "/" + "*" * 30_000 + "/ select 1",
}


@pytest.mark.parametrize("name", TAKEN)
def test_long_text_that_is_not_deep_is_read(name: str) -> None:
    from nightporter.protocols.postgres.analysis import analyse

    assert {s.unknown for s in analyse(TAKEN[name]).statements} == {None}


def test_a_chain_is_bounded() -> None:
    at_most = "select x" + " + x" * MAX_CHAIN
    assert len(at_most) > HARMLESS_BYTES
    assert refusal(at_most.encode()) is None
    assert refusal((at_most + " + x").encode()) == "nested too deeply"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"select '" + b"x" * MAX_BYTES + b"'", f"text of more than {MAX_BYTES} bytes"),
        (b"select 1\0", "a NUL byte"),
        (b"/*" * 100 + b"*/" * 100, "too many comments in a row"),
        (b"select 1 " + b"+-" * 10_000 + b"1", "an operator that is too long"),
        (b"drop function f(" + b"int," * MAX_TOKENS + b"int)", "too large a syntax tree"),
    ],
    ids=["bytes", "nul", "comments", "operator", "tokens"],
)
def test_what_is_refused_is_told(text: bytes, why: str) -> None:
    assert refusal(text) == why


@pytest.mark.parametrize(
    ("text", "plainer"),
    [
        ("select 'a' --b\n'c'", "select 'a'    \n'c'"),
        ("select 'a' --b\n --'\n'c' -- d\n'e'", "select 'a'    \n    \n'c'     \n'e'"),
        ("select E'\\'' --b\n'\\'' --c\r'd'", "select E'\\''    \n'\\''    \r'd'"),
        ("select 'a' --b\n, 'c' --d", None),
        ("select ' --b\n' --c", None),
        ("select $$' --b\n'$$", None),
        ("select 'a' /* b */\n'c'", None),
    ],
)
def test_comments_between_the_parts_of_a_string_are_made_blank(text: str, plainer: str | None) -> None:
    assert without_gaps(text.encode()).decode() == (text if plainer is None else plainer)


PIECES = st.sampled_from(
    [*"abeEuU&xX19$'\"\\ \n\r\t+-*/()[],.;:@_é", "''", "$$", "$a$", "--", "/*", "*/", "E'", "e'", "U&'", "1e", "$1", "b'"]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
@example("select E'a'\n'\\'+1+1'")
@example("select E'a' -- '\n --x\n '\\'+1+1'")
@example("select 'a'\n'\\' + 1")
@example("select $1$a$1$, 1.$$+$$")
@example("select /* /* */ + */ + 1 -- +")
@example('select U&"a+" + 1')
def test_code_is_told_from_text_as_the_scanner_does(text: str) -> None:
    data = text.encode()
    try:
        theirs = postgast.scan(text).tokens
    except postgast.PgQueryError:
        return
    opaque = {Token.SCONST, Token.USCONST, Token.BCONST, Token.XCONST, Token.IDENT, Token.UIDENT}
    opaque |= {Token.C_COMMENT, Token.SQL_COMMENT}
    hidden = bytearray(len(data))
    for kind, start, end in tokens(data):
        if kind in ("string", "name", "comment", "word", "number"):
            hidden[start:end] = b"x" * (end - start)
    # Whatever stands outside their strings, names and comments, no bracket or operator of it may be hidden to us
    for token in theirs:
        if token.token not in opaque and not data[token.start : token.end].isalnum():
            code = [at for at in range(token.start, token.end) if data[at] in b"()[],;+-*/<>=~!@#%^&|`?:"]
            assert not any(hidden[at] for at in code), (text, token)
    # and what they hide, we hide, save the prefix of a string
    for token in theirs:
        if token.token in (Token.SCONST, Token.C_COMMENT, Token.SQL_COMMENT):
            assert all(hidden[at] for at in range(token.start, token.end) if data[at] in b"()[],;+/<>=~"), (text, token)
