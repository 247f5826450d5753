"""set_config over pg_settings, as pg_dump writes it: told by the WHERE clause, in this one form only."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nightporter.protocols.postgres.analysis import analyse
from nightporter.statement.model import Setting

UNTOLD = Setting(None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("select set_config(name, 'x', false) from pg_settings where name = 'work_mem'", [Setting("work_mem")]),
        ("select pg_catalog.set_config(name, 'x', true) from pg_catalog.pg_settings s where 'A' = s.name", [Setting("a")]),
        ("select set_config(name, 'x', false) from pg_settings where name = $1", [Setting(None, parameter=1)]),
        ("select set_config(name, 'x', false) from pg_settings where name = 'nightporter.actor'", [Setting("nightporter.actor")]),
        (
            "select set_config(name, 'x', false), set_config(name||'', 'x', false) from pg_settings where name = 'a'",
            [Setting("a"), UNTOLD],
        ),
        ("select set_config(name, 'x', false) from pg_settings", [UNTOLD]),
        ("select set_config(name, 'x', false) from pg_settings where name like 'a'", [UNTOLD]),
        ("select set_config(name, 'x', false) from pg_settings where name = 'a' or true", [UNTOLD]),
        ("select set_config(name, 'x', false) from pg_settings where name = 'a' union select 'b'", [UNTOLD]),
        ("select set_config(name, 'x', false) from other.pg_settings where name = 'a'", [UNTOLD]),
        ("select set_config(name, 'x', false) from pg_settings, other where name = 'a'", [UNTOLD]),
        ("select set_config(name, 'x', false) from other where name = 'a'", [UNTOLD]),
        ("select (select set_config(name, 'x', false)) from pg_settings where name = 'a'", [UNTOLD]),
        ("with pg_settings as (select 'b' as name) select set_config(name, 'x', true) from pg_settings where name = 'a'", [UNTOLD]),
        ("select 1 from (select set_config(name, 'x', false) from pg_settings where name = 'a') x", [UNTOLD]),
    ],
)
def test_what_is_set(text: str, found: list[Setting]) -> None:
    (statement,) = analyse(text).statements
    assert [replace(each, value=None) for each in statement.settings] == found
