"""The cache of readings."""

from __future__ import annotations

import hashlib

import pytest

from nightporter.protocols.postgres.analysis import MAX_CACHED_TEXT_BYTES, Readings, analyse, unreadable
from nightporter.protocols.postgres.grammar import GRAMMAR
from nightporter.statement.model import Action


def test_the_same_bytes_give_the_same_reading() -> None:
    readings = Readings()
    first = readings(b"select 1")
    assert readings(bytes(bytearray(b"select 1"))) is first
    assert readings(b"select  1") is not first
    assert (first.text, first.sha256) == (b"select 1", hashlib.sha256(b"select 1").hexdigest())
    assert first.grammar == GRAMMAR == analyse("select 1").grammar


def test_the_encoding_is_part_of_the_key() -> None:
    readings = Readings()
    sent = "select 'é'".encode("latin-1")
    assert readings(sent, "iso8859_1").statements[0].text == "select 'é'"
    assert readings(sent, "iso8859_1").text == sent
    assert readings(sent, "utf-8").statements[0].unknown == "text that is not `utf-8`"
    assert readings(b"select 1", "no such codec").statements[0].kind == "unknown"


def test_the_least_recently_used_goes_first() -> None:
    readings = Readings(max_count=2)
    one, two = readings(b"select '1'"), readings(b"select '2'")
    assert readings(b"select '1'") is one
    readings(b"select '3'")
    assert len(readings) == 2
    assert readings(b"select '1'") is one
    assert readings(b"select '2'") is not two


def test_the_bytes_are_bounded() -> None:
    readings = Readings(max_bytes=20_000)
    for n in range(100):
        readings(b"select '%d'" % n)
    assert 5 < len(readings) < 20
    readings(b"select '1';" * 1000)
    assert len(readings) == 0


def test_bulk_data_is_not_kept() -> None:
    readings = Readings()
    readings(b"select '" + b"x" * MAX_CACHED_TEXT_BYTES + b"'")
    assert len(readings) == 0


def test_text_that_is_too_long_is_not_read() -> None:
    assert Readings(max_statement_bytes=8)(b"select 11").statements[0].unknown == "text of more than 8 bytes"


@pytest.mark.parametrize("text", [b"", b"select 1", b"\xff\0"])
def test_unreadable_text_does_what_nobody_knows(text: bytes) -> None:
    reading = unreadable(text, "a reason")
    (statement,) = reading.statements
    assert (reading.text, statement.kind, statement.unknown) == (text, "unknown", "a reason")
    assert statement.actions == {Action.UNKNOWN}
    assert reading.changes
