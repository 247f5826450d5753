"""What PostgreSQL itself makes of a PL/pgSQL body: `#option dump` prints every text that it has cut out of it."""

from __future__ import annotations

import re

from nightporter.demo.server import EmbeddedServer
from nightporter.protocols.postgres.semantics.plpgsql import Body, Kind, Role

RETURNS = ("void", "integer", "setof integer", "trigger")
_TAG = "$nightporter$"
_DUMP = re.compile(r"\nFunction's data area:\n(.*?)\nEnd of execution tree of function", re.S)
_NO_SQL = re.compile(r"(?s)\b(?:message|label|condname)='.*?'(?=$| WHEN )|Function's", re.M)


def dump(server: EmbeddedServer, body: str, database: str) -> str:
    """The server's dump of a function with that body, of whatever type it must be. Raises AssertionError if it is none."""
    before = len(server.log())
    tries = "".join(
        f"""
        begin
            drop function if exists probe;
            execute $outer$
                create function probe(a integer, b text) returns {type_} language plpgsql as {_TAG}#option dump\n{body}{_TAG}
            $outer$;
            return;
        exception when others then
            raise notice '%', sqlerrm;
        end;
        """
        for type_ in RETURNS
    )
    server.psql(f"do $do$begin {tries} end$do$", database)
    found = _DUMP.findall(server.log()[before:])
    assert found, server.log()[before:]
    return str(found[-1])


def unlike(body: Body, text: str, dumped: str) -> list[str]:
    """Texts that only we cut out, after `-`, and the lines of the dump in which there is one that only the server did, after `+`.

    White space apart. What the dump does not show is left out: a variable that is returned, the places of arrays, COMMIT.
    """
    left = re.sub(r"[ \t\n]+", " ", "\n".join(f"{line} {_LINE}" for line in _NO_SQL.sub("", dumped).splitlines()))
    wrong = []
    for piece in sorted(body.pieces, key=lambda each: each.start - each.end):
        if piece.dynamic or piece.kind in (Kind.CURSOR, Kind.DIAGNOSTICS) or _is_subscript(text, piece.start):
            continue
        cut = text[piece.start : piece.end] if piece.detached else piece.text
        cut = re.sub(rf"\s+({_LINE})?\s*", " ", cut).strip()
        if _TRANSACTION.match(cut):
            continue
        if piece.compares:
            ways = [rf"'\"__Case__Variable_\d+__\" IN \({_spelled(cut)}\)'"]
        elif piece.kind is Kind.EXPRESSION and piece.role is Role.ASSIGNED:
            ways = [rf"ASSIGN var \d+ := '[^']*[= ]{_spelled(cut)}'", rf"DEFAULT '{_spelled(cut)}'"]
        else:
            ways = [f"'{_spelled(cut)}'"]
        found = next((match for way in ways if (match := re.search(way, left))), None)
        if found is not None:
            left = left[: found.start()] + left[found.end() :]
        elif piece.role is not Role.RETURNED or not _VARIABLE.fullmatch(cut):
            wrong.append(f"- {cut}")
    return wrong + [f"+ {line}" for line in left.split(_LINE) if "'" in line.replace("''", "")]


_LINE = "\N{PILCROW SIGN}"
_TRANSACTION = re.compile(r"(?i)(commit|rollback)( and( no)? chain)?$")
_VARIABLE = re.compile(r'[\w.$"]+')


def _spelled(cut: str) -> str:
    return rf"(?: {_LINE})? ".join(re.escape(word) for word in cut.split(" "))


def _is_subscript(text: str, at: int) -> bool:
    before = text[:at].rstrip()
    return before.endswith(("[", ":"))
