"""Which stores there are, and that no error gives a password away."""

from __future__ import annotations

import pytest

from nightporter.core.error import StoreError
from nightporter.store import open_store
from nightporter.store.database import Database


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "the store is not a URL"),
        ("nightporter.db", "the store is not a URL"),
        ("postgresql://bob:hunter2@host:many/db", "the store is not a URL"),
        ("mysql://bob:hunter2@host/db", "store `mysql` is not supported"),
        ("sqlite+aiosqlite:///x.db", "store `sqlite[+]aiosqlite` is not supported"),
        ("sqlite://", "a file that several processes share"),
        ("sqlite:///:memory:", "a file that several processes share"),
        ("sqlite:///file:x.db?uri=true", "a file that several processes share"),
        ("sqlite:///x.db?timeout=hunter2", "a file that several processes share"),
        ("sqlite://host/x.db", "a file that several processes share"),
    ],
)
def test_what_is_no_store(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message) as caught:
        open_store(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_postgresql_is_reached_by_psycopg_3(scheme: str) -> None:
    assert Database(f"{scheme}://bob:hunter2@host/db").url.drivername == "postgresql+psycopg"


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(StoreError, match=r"^the store cannot be used: ") as caught:
        open_store("postgresql+psycopg://bob:hunter2@127.0.0.1:1/db")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
