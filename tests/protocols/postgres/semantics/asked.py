"""What a real server makes of an expression: which function or operator it calls, and of which type the result is.

The expression becomes a view that nobody keeps, whose stored tree says it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

_ASK = """
create function pg_temp.ask(expressions text[]) returns table (place int, state text, tree text, type int8) as $$
declare expression text;
begin
  place := 0;
  foreach expression in array expressions loop
    place := place + 1; tree := ''; type := 0;
    begin
      execute 'create temp view pg_temp_view as select ' || expression || ' as x from public.every';
      select substring(r.ev_action::text from ':targetList \\(\\{TARGETENTRY :expr (.*) :resno 1 '), a.atttypid::int8
        into tree, type
        from pg_rewrite r join pg_attribute a on a.attrelid = r.ev_class
        where r.ev_class = 'pg_temp_view'::regclass and a.attnum = 1;
      raise exception using errcode = 'NPOK0';
    exception when others then
      state := sqlstate;
    end;
    return next;
  end loop;
end $$ language plpgsql
"""
_CALL = re.compile(r"\{(FUNCEXPR :funcid|AGGREF :aggfnoid|WINDOWFUNC :winfnoid|OPEXPR :opno|SCALARARRAYOPEXPR :opno) (\d+)")

NO_FUNCTION, AMBIGUOUS = "42883", "42725"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says of one expression."""

    state: str
    """SQLSTATE of what is wrong with it; empty if nothing is."""
    called: int
    """OID of the outermost call: a function, or an operator (`is_operator`). 0: there is none."""
    is_operator: bool
    type: int
    tree: str

    def operators(self) -> set[int]:
        """OIDs of all operators in it."""
        return {int(each) for each in re.findall(r":opno (\d+)", self.tree)}

    def user_functions(self) -> set[int]:
        """OIDs of functions that are not built in and stand in it, those of casts among them."""
        return {oid for each in re.findall(r":(?:funcid|aggfnoid) (\d+)", self.tree) if (oid := int(each)) >= 16384}


def ask(connection: psycopg.Connection[tuple[object, ...]], expressions: Sequence[str]) -> list[Answer]:
    """The server's answer to each expression. The connection is in autocommit."""
    connection.execute("drop function if exists pg_temp.ask(text[])")
    connection.execute(_ASK.encode())
    rows = connection.execute("select state, tree, type from pg_temp.ask(%s) order by place", (list(expressions),)).fetchall()
    return [_answer(str(state), str(tree or ""), int(str(type_))) for state, tree, type_ in rows]


def _answer(state: str, tree: str, type_: int) -> Answer:
    found = _CALL.match(tree)
    if found is None:
        return Answer("" if state == "NPOK0" else state, 0, False, type_, tree)
    return Answer("" if state == "NPOK0" else state, int(found[2]), "OPEXPR" in found[1], type_, tree)
