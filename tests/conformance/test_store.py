"""What every directory, and every store, must do: in memory, on SQLite and on PostgreSQL.

PostgreSQL is the wheel's, or the empty database that `NIGHTPORTER_TEST_STORE_DSN` names; what is in it is dropped.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from nightporter.catalog.labels import LINEAGE, PERSON, SCAN
from nightporter.catalog.labels import Entry as LabelEntry
from nightporter.core.error import StoreError
from nightporter.demo.server import EmbeddedServer
from nightporter.identity.directory import Directory, Entry, MemoryDirectory
from nightporter.identity.principal import Kind, Method, Principal
from nightporter.identity.scram import make_verifier
from nightporter.identity.token import NO_ID, TokenAccepted, TokenProblem, TokenRejected, identifier_of, verify
from nightporter.secret import Secret
from nightporter.store import Store, open_store
from nightporter.store.labels import Scanned
from nightporter.store.schema import METADATA
from tests.lab import servers

NOW = datetime(2026, 3, 1, 3, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
VERIFIER = make_verifier(Secret("pencil"), bytes(16))
OTHER_VERIFIER = make_verifier(Secret("crayon"), bytes(16))


def drop_everything(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS gone CASCADE"))
        METADATA.drop_all(connection)
        connection.execute(sa.text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()


@pytest.fixture(scope="module")
def postgresql(request: pytest.FixtureRequest) -> Iterator[str]:
    """One database for all tests here: to make one for each takes longer than the test."""
    named = os.environ.get("NIGHTPORTER_TEST_STORE_DSN")
    if named:
        yield named
        return
    server: EmbeddedServer = request.getfixturevalue("embedded18")
    with servers.fresh_database(server) as name:
        yield server.dsn(name)


def empty_store(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    dsn: str = request.getfixturevalue("postgresql")
    url = sa.make_url(dsn).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    drop_everything(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store may be made."""
    return empty_store(request.param, request, tmp_path)


def counting() -> Callable[[int], bytes]:
    """Bytes that differ at each call."""
    numbers = count(1)
    return lambda size: next(numbers).to_bytes(size, "little")


class Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(url: str, clock: Clock) -> Iterator[Store]:
    store = open_store(url, clock=clock, random=counting())
    yield store
    store.close()


def fill(store: Store) -> None:
    """A human and the human's agent."""
    store.add_principal("bob", Kind.HUMAN, Method.PASSWORD, groups=["dba", "staff"], attributes={"team": "shop"}, verifier=VERIFIER)
    store.add_principal("billing", Kind.AGENT, Method.TOKEN, owner="bob")


@pytest.fixture
def bob(store: Store) -> Store:
    """A store that is filled."""
    fill(store)
    return store


# The directory


def remembered() -> Directory:
    """In memory, what `fill` puts into a store."""
    directory = MemoryDirectory()
    person = Principal("bob", Kind.HUMAN, frozenset({"dba", "staff"}), (("team", "shop"),))
    directory.add(Entry(person, Method.PASSWORD, VERIFIER))
    directory.add(Entry(Principal("billing", Kind.AGENT, owner="bob"), Method.TOKEN))
    return directory


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Directory]:
    if request.param == "memory":
        yield remembered()
        return
    store = open_store(empty_store(request.param, request, tmp_path))
    fill(store)
    yield store
    store.close()


def test_a_name_is_found_with_all_that_is_known(directory: Directory) -> None:
    entry = directory.find("bob")
    assert entry == Entry(Principal("bob", Kind.HUMAN, frozenset({"dba", "staff"}), (("team", "shop"),)), Method.PASSWORD, VERIFIER)
    agent = directory.find("billing")
    assert agent == Entry(Principal("billing", Kind.AGENT, owner="bob"), Method.TOKEN)


@pytest.mark.parametrize("name", ["nobody", "Bob", "bob ", "", "bob\0", "b%", "\ud800", "x" * 10_000, "' or 1=1 --"])
def test_any_other_text_finds_nobody(directory: Directory, name: str) -> None:
    assert directory.find(name) is None


@pytest.mark.parametrize("identifier", [NO_ID, "a" * 16, "", "\0", "x" * 10_000])
def test_any_text_may_be_looked_up_as_a_token(directory: Directory, identifier: str) -> None:
    assert directory.find_token(identifier) is None


def test_the_mock_secret_stays(directory: Directory) -> None:
    assert directory.mock_secret() == directory.mock_secret() != b""


# The store: principals


def test_a_store_remembers(url: str, bob: Store) -> None:
    again = open_store(url)
    try:
        assert again.find("bob") == bob.find("bob")
        assert again.mock_secret() == bob.mock_secret()
        assert again.list() == bob.list()
    finally:
        again.close()


def test_the_list_is_by_name_and_says_what_an_administrator_needs(bob: Store) -> None:
    bob.add_principal("Zoe", Kind.HUMAN, Method.CERTIFICATE, certificate_name="spiffe://x/zoe")
    listed = bob.list()
    assert [one.principal.name for one in listed] == ["Zoe", "billing", "bob"]
    assert [one.has_password for one in listed] == [False, False, True]
    assert [one.certificate_name for one in listed] == ["spiffe://x/zoe", None, None]
    assert listed[2].principal.groups == {"dba", "staff"}
    assert {one.created_at for one in listed} == {NOW}


def test_a_name_is_taken_once(bob: Store) -> None:
    with pytest.raises(StoreError, match=r"^principal `bob` already exists$"):
        bob.add_principal("bob", Kind.SERVICE, Method.TOKEN, groups=["other"])
    entry = bob.find("bob")
    assert entry is not None
    assert entry.principal.groups == {"dba", "staff"}


def test_names_differ_by_case(bob: Store) -> None:
    bob.add_principal("BOB", Kind.HUMAN, Method.TOKEN)
    entry = bob.find("BOB")
    assert entry is not None
    assert entry.method is Method.TOKEN


def add(**changes: Any) -> dict[str, Any]:
    """Arguments of `add_principal` that would do, but for the changes."""
    return {"name": "new", "kind": Kind.HUMAN, "method": Method.TOKEN} | changes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (add(kind=Kind.AGENT), "agent `new` needs an owner, the human who answers for it"),
        (add(kind=Kind.AGENT, owner="nobody"), "no such principal `nobody`"),
        (add(kind=Kind.AGENT, owner="new"), "no such principal `new`"),
        (add(kind=Kind.AGENT, owner="billing"), "owner `billing` of `new` is no human but of the kind `agent`"),
        (add(kind=Kind.HUMAN, owner="bob"), "human `new` cannot have an owner"),
        (add(name="a/b"), "principal `a/b` is not a name: .*"),
        (add(name="x" * 100), "principal `x{80}[.]{3}` is not a name: .*"),
        (add(name="a\x1b[2J"), r"principal `'a\\x1b\[2J'` is not a name: .*"),
        (add(groups=["ok", "not ok"]), "group `not ok` is not a name: .*"),
        (add(groups=[f"g{n}" for n in range(257)]), "257 groups are more than 256"),
        (add(attributes={"a b": "c"}), "attribute `a b` is not a name: .*"),
        (add(attributes={"team": ""}), "attribute `team`: value `` is not 1 to 255 printable characters"),
        (add(attributes={f"a{n}": "x" for n in range(65)}), "65 attributes are more than 64"),
        (add(verifier=VERIFIER), "principal `new` proves itself by `token`, not by a password"),
        (add(method=Method.PASSWORD, verifier="pencil"), "the verifier for `new` is not one that nightporter makes"),
        (add(certificate_name="x"), "a certificate name goes with the method `certificate`, not `token`"),
        (add(method=Method.CERTIFICATE, certificate_name="x\n"), r"certificate name `'x\\n'` is not 1 to 255 printable characters"),
    ],
)
def test_principals_that_cannot_be(bob: Store, arguments: dict[str, Any], message: str) -> None:
    before = bob.list()
    with pytest.raises(StoreError, match=f"^{message}$"):
        bob.add_principal(**arguments)
    assert bob.list() == before


def test_a_service_may_have_an_owner_or_none(bob: Store) -> None:
    bob.add_principal("batch", Kind.SERVICE, Method.CERTIFICATE, owner="bob")
    bob.add_principal("report", Kind.SERVICE, Method.PASSWORD)
    owners = {one.principal.name: one.principal.owner for one in bob.list()}
    assert owners == {"batch": "bob", "billing": "bob", "bob": None, "report": None}


def test_a_password_is_set_anew(bob: Store) -> None:
    bob.set_password("bob", OTHER_VERIFIER)
    entry = bob.find("bob")
    assert entry is not None
    assert entry.verifier == OTHER_VERIFIER


@pytest.mark.parametrize(
    ("name", "verifier", "message"),
    [
        ("nobody", VERIFIER, "no such principal `nobody`"),
        ("billing", VERIFIER, "principal `billing` proves itself by `token`, not by a password"),
        ("bob", "pencil", "the verifier for `bob` is not one that nightporter makes"),
    ],
)
def test_passwords_that_cannot_be_set(bob: Store, name: str, verifier: str, message: str) -> None:
    with pytest.raises(StoreError, match=f"^{message}$"):
        bob.set_password(name, verifier)


def is_disabled(store: Store, name: str) -> bool:
    entry = store.find(name)
    assert entry is not None
    return entry.disabled


def test_disable_and_enable(bob: Store, clock: Clock) -> None:
    bob.disable("billing")
    clock.now = LATER
    bob.disable("billing")
    assert is_disabled(bob, "billing")
    assert not is_disabled(bob, "bob")
    assert bob.list()[0].disabled_at == NOW  # since when, not the last time that somebody said so
    bob.enable("billing")
    bob.enable("billing")
    assert not is_disabled(bob, "billing")
    assert bob.list()[0].disabled_at is None


def test_agents_are_disabled_with_their_owner(bob: Store) -> None:
    bob.disable("bob")
    assert is_disabled(bob, "billing")
    assert [(one.principal.name, one.disabled_at, one.owner_disabled) for one in bob.list()] == [
        ("billing", None, True),
        ("bob", NOW, False),
    ]
    bob.enable("bob")
    assert not is_disabled(bob, "billing")


def test_nobody_is_not_disabled(bob: Store) -> None:
    for change in (bob.disable, bob.enable):
        with pytest.raises(StoreError, match=r"^no such principal `nobody`$"):
            change("nobody")


# The store: tokens


def issue(**changes: Any) -> dict[str, Any]:
    """Arguments of `issue_token` that would do, but for the changes."""
    return {"principal": "billing", "expires_at": LATER} | changes


def test_a_token_is_issued_found_and_verified(bob: Store) -> None:
    token, secret = bob.issue_token("billing", LATER, actor="claude-code", label="night shift", created_by="root")
    assert bob.find_token(identifier_of(secret)) == token
    assert (token.actor, token.label, token.created_by) == ("claude-code", "night shift", "root")
    assert (token.created_at, token.expires_at, token.revoked_at) == (NOW, LATER, None)
    assert verify(secret, token, "billing", NOW) == TokenAccepted(token.identifier, "claude-code")
    assert verify(secret, token, "billing", LATER) == TokenRejected(TokenProblem.EXPIRED)


def test_times_are_kept_in_utc(bob: Store) -> None:
    end = datetime(2026, 6, 1, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    token, _ = bob.issue_token("billing", end)
    found = bob.find_token(token.identifier)
    assert found is not None
    assert found.expires_at.isoformat() == "2026-06-01T10:00:00.000005+00:00"


def test_several_tokens_are_listed_by_age(bob: Store, clock: Clock) -> None:
    bob.add_principal("another", Kind.SERVICE, Method.TOKEN)
    old, _ = bob.issue_token("billing", LATER)
    clock.now += timedelta(seconds=1)
    new, _ = bob.issue_token("billing", LATER)
    other, _ = bob.issue_token("another", LATER)
    assert bob.list_tokens() == (other, old, new)
    assert bob.list_tokens("billing") == (old, new)
    assert bob.list_tokens("bob") == ()
    with pytest.raises(StoreError, match=r"^no such principal `nobody`$"):
        bob.list_tokens("nobody")


def test_a_token_is_revoked_once_and_stays_so(bob: Store, clock: Clock) -> None:
    token, secret = bob.issue_token("billing", LATER)
    kept, _ = bob.issue_token("billing", LATER)
    assert bob.revoke_token(token.identifier).revoked_at == NOW
    clock.now += timedelta(days=1)
    assert bob.revoke_token(token.identifier).revoked_at == NOW
    assert verify(secret, bob.find_token(token.identifier), "billing", NOW) == TokenRejected(TokenProblem.REVOKED)
    assert bob.find_token(kept.identifier) == kept


def test_only_an_id_is_revoked_and_a_whole_token_is_not_shown(bob: Store) -> None:
    with pytest.raises(StoreError, match=r"^no such token `a{16}`$"):
        bob.revoke_token("a" * 16)
    _, secret = bob.issue_token("billing", LATER)
    with pytest.raises(StoreError, match="the 16 characters after `npt_`") as caught:
        bob.revoke_token(secret.reveal())
    assert secret.reveal() not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"principal": "nobody"}, "no such principal `nobody`"),
        ({"principal": "bob"}, "principal `bob` proves itself by `password`, not by a token"),
        ({"expires_at": NOW}, "a token cannot end in the past, at `2026-03-01T03:00:00.123456[+]00:00`"),
        ({"actor": "a/b"}, "actor `a/b` is not a name: .*"),
        ({"label": ""}, "label `` is not 1 to 255 printable characters"),
        ({"created_by": "\x1b"}, r"creator `'\\x1b'` is not 1 to 255 printable characters"),
    ],
)
def test_tokens_that_cannot_be(bob: Store, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(StoreError, match=f"^{message}$"):
        bob.issue_token(**issue(**arguments))
    assert bob.list_tokens() == ()


# The store: writers of the ledger


def test_a_slot_has_its_last_writer(store: Store) -> None:
    assert store.writer_of("worker-0") is None
    store.remember_writer("worker-0", "w1")
    store.remember_writer("control", "w2")
    assert (store.writer_of("worker-0"), store.writer_of("control")) == ("w1", "w2")
    store.remember_writer("worker-0", "w0")
    assert store.writer_of("worker-0") == "w0"


@pytest.mark.parametrize("slot", ["worker-0", "control"])
def test_a_writer_is_never_used_again(store: Store, slot: str) -> None:
    store.remember_writer("worker-0", "w1")
    store.remember_writer("worker-0", "w2")
    with pytest.raises(StoreError, match=r"^writer `w1` was used before$"):
        store.remember_writer(slot, "w1")
    assert store.writer_of("worker-0") == "w2"


# The store: labels of columns

NO_TEXT = b"caf\xe9".decode("utf-8", "surrogateescape")
"""A name in a database that knows of no encoding."""


def label(column: str, name: str = "pii.email", origin: str = SCAN, relation: str = "people", **more: Any) -> LabelEntry:
    place = {"relation_oid": 20001, "number": 2, "type": 25}
    return LabelEntry("public", relation, column, name, origin, **{"confidence": 0.9, "reasons": ("why",), **place, **more})


def test_labels_are_kept_by_upstream(store: Store) -> None:
    kept = store.labels
    assert (kept.version("shop"), kept.read("shop").entries, kept.read("shop").version) == (0, (), 0)
    entries = [label("email"), label("note", "", PERSON, confirmed_by="ada", reasons=()), label(NO_TEXT, relation="é\u3042")]
    assert kept.put("shop", entries)
    read = kept.read("shop")
    assert sorted(read.entries, key=str) == sorted(entries, key=str)
    assert read.version == kept.version("shop") == 1
    assert kept.read("other").entries == ()


def test_a_change_counts_and_what_is_no_change_does_not(store: Store) -> None:
    kept = store.labels
    assert kept.put("shop", [label("email")])
    assert not kept.put("shop", [label("email")])
    assert not kept.put("shop", [])
    assert not kept.put("shop", [], instead_of=[label("other")])
    assert not kept.put("shop", [label("email")], instead_of=[label("email", relation_oid=5)])
    assert kept.version("shop") == 1
    assert kept.put("shop", [label("email", confidence=0.5)])
    assert kept.put("shop", [label("email", "pii.phone")], instead_of=[label("email")])
    assert [each.label for each in kept.read("shop").entries] == ["pii.phone"]
    assert kept.put("shop", [], instead_of=kept.read("shop").entries)
    assert (kept.read("shop").entries, kept.version("shop")) == ((), 4)


def test_each_side_has_its_say_and_a_column_several_labels(store: Store) -> None:
    entries = [label("a"), label("a", "pii.phone"), label("a", origin=PERSON), label("a", "", LINEAGE)]
    assert store.labels.put("shop", entries)
    assert len(store.labels.read("shop").entries) == 4


def test_nothing_is_stored_over_what_others_have_changed(store: Store) -> None:
    assert store.labels.put("shop", [label("a")], at_version=0)
    assert not store.labels.put("shop", [label("b")], at_version=0)
    assert store.labels.put("shop", [label("b")], at_version=1)


def test_labels_of_many_at_once(store: Store) -> None:
    def work(number: int) -> bool:
        return store.labels.put("shop", [label("same"), label(f"c{number}")])

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(work, range(12)))
    assert len(store.labels.read("shop").entries) == 13
    assert store.labels.version("shop") == 12


def test_when_a_relation_was_looked_at(store: Store, clock: Clock) -> None:
    first = [Scanned("public", "people", "abc", 200), Scanned("public", NO_TEXT, "abc", 0, "permission denied")]
    store.labels.put_scans("shop", first)
    clock.now = LATER
    store.labels.put_scans("shop", [Scanned("public", "people", "def", 3)])
    store.labels.put_scans("shop", [])
    assert store.labels.scans("shop") == (
        Scanned("public", NO_TEXT, "abc", 0, "permission denied", NOW),
        Scanned("public", "people", "def", 3, None, LATER),
    )
    assert store.labels.scans("other") == ()
    assert store.labels.version("shop") == 0, "no label is another one"


def test_who_confirms_is_shown_on_a_terminal(store: Store) -> None:
    with pytest.raises(StoreError, match="who confirms"):
        store.labels.put("shop", [label("a", confirmed_by="a\nb")])


# The store: many at once


def test_stores_opened_at_once_agree(url: str) -> None:
    together = threading.Barrier(4)

    def opened(_: int) -> bytes:
        together.wait()
        store = open_store(url)
        try:
            return store.mock_secret()
        finally:
            store.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(opened, range(4)))) == 1


def test_threads_may_share_a_store(bob: Store) -> None:
    def work(number: int) -> bool:
        bob.add_principal(f"agent{number}", Kind.AGENT, Method.TOKEN, owner="bob")
        bob.issue_token(f"agent{number}", LATER)
        return is_disabled(bob, f"agent{number}")

    with ThreadPoolExecutor(12) as pool:
        assert not any(pool.map(work, range(24)))
    assert len(bob.list_tokens()) == 24


def test_one_of_many_gets_a_name(bob: Store) -> None:
    def work(number: int) -> str:
        try:
            bob.add_principal("new", Kind.HUMAN, Method.TOKEN, groups=[f"g{number}"])
        except StoreError as error:
            return str(error)
        return "added"

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(work, range(6))) == ["added"] + ["principal `new` already exists"] * 5
    entry = bob.find("new")
    assert entry is not None
    assert len(entry.principal.groups) == 1


# The schema


def test_the_migrations_make_the_schema(url: str, store: Store) -> None:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO token (id, principal, digest, created_at, expires_at) VALUES ('a', 'nobody', '', '2026-01-01', '2026-01-01')",
        "UPDATE principal SET owner = NULL WHERE name = 'billing'",
        "UPDATE principal SET owner = 'nobody' WHERE name = 'billing'",
        "UPDATE principal SET verifier = 'x' WHERE name = 'billing'",
        "DELETE FROM principal WHERE name = 'bob'",
    ],
)
def test_the_database_holds_what_it_can(bob: Store, statement: str) -> None:
    with pytest.raises(StoreError, match="constraint"), bob._database.write() as connection:
        connection.execute(sa.text(statement))


def test_a_store_of_an_older_version_is_brought_up_to_date(url: str, bob: Store) -> None:
    with bob._database.write() as connection:
        for table in ("column_label", "label_scan", "label_version"):
            connection.execute(sa.text(f"DROP TABLE {table}"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    newer = open_store(url)
    assert newer.find("bob") is not None
    assert newer.labels.put("shop", [label("email")])
    newer.close()


def test_a_store_of_a_newer_version_is_refused(url: str, store: Store) -> None:
    with store._database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'zzz'"))
    with pytest.raises(StoreError, match="schema `zzz` of a newer version"):
        open_store(url)


@pytest.mark.parametrize("column", ["kind", "method"])
def test_what_is_not_known_lets_nobody_in(bob: Store, column: str) -> None:
    with bob._database.write() as connection:
        connection.execute(sa.text(f"UPDATE principal SET {column} = 'ghost' WHERE name = 'billing'"))
    with pytest.raises(StoreError, match="`ghost` that is not known here"):
        bob.find("billing")


def test_a_store_that_breaks_says_so_without_showing_what_it_was_given(bob: Store) -> None:
    with bob._database.write() as connection:
        connection.execute(sa.text("ALTER TABLE principal RENAME TO gone"))
    with pytest.raises(StoreError, match=r"^the store cannot be used: ") as caught:
        bob.add_principal("new", Kind.HUMAN, Method.PASSWORD, verifier=OTHER_VERIFIER)
    assert OTHER_VERIFIER not in str(caught.value)
    assert "\n" not in str(caught.value)
