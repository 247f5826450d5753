"""`nightporter labels`, on a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from nightporter.gateway.bulletin import Bulletin

from .conftest import Run

SCHEMA = """
create table customers (id int primary key, email text, note text, "Odd.Name" text);
insert into customers select i, 'ada' || i || '@example.org', 'the ' || i || '. is fine' from generate_series(1, 50) i;
create schema other;
create table other.customers (id int);
create table other.only (code text);
create view v as select email from customers;
"""


@pytest.fixture
def shop(folder: Path, database18: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    """The upstream `shop`, and a superuser's session there."""
    info = conninfo_to_dict(database18)
    monkeypatch.setenv("NIGHTPORTER_TEST_LABELS", str(info["password"]))
    monkeypatch.setenv("LOGNAME", "ada")
    text = (folder / "nightporter.yaml").read_text()
    place = f"127.0.0.1:{info['port']}\n    tls: disable\n    database: {info['dbname']}"
    text = text.replace("db.internal", place).replace("{user: app}", "{user: postgres, password: 'env:NIGHTPORTER_TEST_LABELS'}")
    (folder / "nightporter.yaml").write_text(text)
    with psycopg.connect(database18, autocommit=True) as connection:
        connection.execute(SCHEMA)
        yield connection


def rows(run: Run, words: str = "labels list") -> list[list[str]]:
    return [line.split()[:4] for line in run(words).stdout.splitlines()[1:]]


def test_names_tell_and_a_scan_tells_more(run: Run, shop: psycopg.Connection) -> None:
    assert rows(run) == [["public.customers.email", "pii.email", "0.95", "name"]]
    told = run("labels scan shop --load 1").stdout
    assert told.startswith("3 tables looked at, 50 rows of them; 1 column of `shop` with a label (changed)")
    assert rows(run) == [["public.customers.email", "pii.email", "0.99", "scan"]]
    assert "(as before)" in run("labels scan shop --load 1 --table customers").stdout
    assert json.loads(run("labels scan shop --load 1 --json").stdout)["labelled"] == 1


def test_a_person_has_the_last_word(run: Run, shop: psycopg.Connection) -> None:
    assert run("labels set shop customers.note pii.text pii.name").stdout == (
        "`public.customers.note` has the labels pii.text, pii.name\n"
    )
    assert run("labels unset shop public.customers.email").stdout == "`public.customers.email` has no label\n"
    run('labels set shop customers."Odd.Name" pii.card')
    run("labels scan shop --load 1")
    assert [(line[0], line[-1]) for line in rows(run, "labels list --upstream shop --table customers")] == [
        ("public.customers.email", "ada"),
        ("public.customers.note", "1.00"),
        ('public.customers."Odd.Name"', "ada"),
    ]
    run("labels set shop customers.note pii.phone")
    shop.execute("alter table customers rename note to remark")
    (found,) = (each for each in json.loads(run("labels list --json").stdout) if each["column"] == "remark")
    assert [(each["label"], each["confirmed_by"], each["origin"]) for each in found["labels"]] == [("pii.phone", "ada", "person")]
    assert run("labels unset shop customers.remark --forget").stdout == "what was said of `public.customers.remark` is forgotten\n"
    assert "nobody has said anything" in run("labels unset shop customers.remark --forget", fails=1).stderr
    assert [line[0] for line in rows(run)] == ["public.customers.email", 'public.customers."Odd.Name"']


def test_a_view_has_what_a_person_says_of_it(run: Run, shop: psycopg.Connection) -> None:
    run("labels set shop v.email pii.email")
    assert ["public.v.email", "pii.email", "1.00", "ada"] in rows(run)


def test_a_running_gateway_is_told(run: Run, shop: psycopg.Connection, folder: Path) -> None:
    run("labels set shop customers.note pii.text")
    assert not (folder / "run").exists(), "nothing runs here"
    worker = Bulletin(folder / "run", 0, 1)
    run("labels set shop customers.note pii.text")
    assert not worker.news(), "nothing has changed"
    run("labels set shop customers.note pii.name")
    assert worker.news()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("labels set shop customers.emal pii.email", "`public.customers` has no column `emal`; did you mean `email`"),
        ("labels set shop customer.email pii.email", "there is no table `customer`; did you mean `customers`"),
        ("labels set shop other.onyl.code pii.email", "there is no table `other.onyl`; did you mean `other.only`"),
        ("labels set shop customers.email pii.emil", "there is no label `pii.emil`; did you mean `pii.email`"),
        ("labels set shop customers.email server.values", "there is no label `server.values`"),
        ("labels set shop customers.email zzz", "there is no label `zzz`; there are pii.name, "),
        ("labels set shop email pii.email", "`email`: a column is written `schema.table.column`"),
        ("labels set shop a.b.c.d pii.email", "`a.b.c.d`: a column is written"),
        ("labels set shop a..b pii.email", "`a..b`: a column is written"),
        ("labels set shopp customers.email pii.email", "no upstream `shopp`; did you mean `shop`"),
        ("labels list --upstream shop --table nothing", "there is no table `nothing`"),
        ("labels report shop --truth nightporter.yaml", "nightporter.yaml: line 1: is not"),
        ("labels scan shop --table x", "there is no table `x`"),
    ],
)
def test_complaints(run: Run, shop: psycopg.Connection, words: str, complaint: str) -> None:
    assert complaint in run(words, fails=1).stderr


def test_a_name_in_several_schemas(run: Run, shop: psycopg.Connection) -> None:
    shop.execute("create schema third; create table third.only (code text)")
    assert "`only` is in several schemas: `other.only`, `third.only`" in run("labels set shop only.code pii.card", fails=1).stderr


def test_a_report_against_a_truth(run: Run, shop: psycopg.Connection, folder: Path) -> None:
    lines = ["email\tpii.email", "note\tpii.text", "id\t-", "gone\tpii.card"]
    (folder / "truth.tsv").write_text("".join(f"public.customers.{line}\n" for line in lines))
    run("labels set shop customers.id pii.phone")
    result = run("labels report shop --truth truth.tsv")
    assert "held against the truth, 3 columns: recall 0.500 (1 of 2), precision 0.500 (1 of 2)" in result.stdout
    assert "  public.customers.note  pii.text  -" in result.stdout
    assert "  public.customers.id  -   pii.phone" in result.stdout
    assert "pii.phone  phone number, 1 column, 1 confirmed" in result.stdout
    assert result.stderr == "warning: `public.customers.gone` of the truth is not in the database\n"
    told = json.loads(run("labels report shop --truth truth.tsv --json").stdout)
    assert (told["truth"]["recall"], told["truth"]["precision"]) == (0.5, 0.5)
    assert told["columns"] == 6
    assert set(told["labels"]) == {"pii.email", "pii.phone"}


def test_an_upstream_that_cannot_be_reached(run: Run, folder: Path) -> None:
    text = (folder / "nightporter.yaml").read_text().replace("db.internal", "127.0.0.1:1\n    tls: disable")
    (folder / "nightporter.yaml").write_text(text)
    assert "cannot be reached" in run("labels report shop", fails=1).stderr
    assert "cannot be reached" in run("labels scan shop", fails=1).stderr
    result = run("labels list")
    assert result.stderr.splitlines()[0] == "warning: upstream `shop` cannot be reached; it is left out"
