"""Passwords do not stand in records; what a statement does always stands there."""

from __future__ import annotations

import pytest

from nightporter.protocols.postgres.analysis import analyse


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("create role bob password 'hunter2'", "create role bob password '***'"),
        ("ALTER USER bob WITH ENCRYPTED PASSWORD 'SCRAM-SHA-256$4096:x$y:z'", "ALTER USER bob WITH ENCRYPTED PASSWORD '***'"),
        ("alter role bob password E'hun\\'ter2' valid until '2030-01-01'", "alter role bob password '***' valid until '***'"),
        (
            "create user mapping for bob server s options (user 'bob', password $x$hunter2$x$)",
            "create user mapping for bob server s options (user '***', password '***')",
        ),
        (
            "create subscription s connection 'host=h password=hunter2' publication p",
            "create subscription s connection '***' publication p",
        ),
        ("select dblink('host=h password=hunter2 user=u', 'x')", "select dblink('host=h password=*** user=u', 'x')"),
        ("do $$ begin alter role bob password 'hunter2'; end $$", "do $$ begin alter role bob password ***; end $$"),
        ("update t set password = 'hunter2' where id = 1", "update t set password = '***' where id = 1"),
        ("create role bob password 'hunter2'; delete from t", "create role bob password '***'; delete from t"),
        ("create roll bob password 'hunter2'", "create roll bob password '***'"),
    ],
)
def test_the_constant_goes_and_the_code_stays(text: str, shown: str) -> None:
    reading = analyse(text)
    assert reading.shown.decode() == shown
    assert reading.text.decode() == text
    assert b"hunter2" not in reading.shown


@pytest.mark.parametrize(
    "text", ["delete from t /* password 'x' */ where a = 'b'", "select 'a', password from t where b = 'c'", "select 1"]
)
def test_the_word_hides_nothing(text: str) -> None:
    assert analyse(text).shown.decode() == text
