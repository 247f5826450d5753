"""Entries keep to themselves what they hold."""

from __future__ import annotations

from nightporter.identity.directory import Entry
from nightporter.identity.principal import Kind, Method, Principal
from nightporter.identity.scram import make_verifier
from nightporter.secret import Secret


def test_a_verifier_is_not_shown() -> None:
    verifier = make_verifier(Secret("pencil"), bytes(16))
    entry = Entry(Principal("bob", Kind.HUMAN), Method.PASSWORD, verifier)
    assert "bob" in repr(entry)
    assert verifier[:13] not in repr(entry)
