"""SQLAlchemy 2 with psycopg: reflection sees the same database, and the ORM works on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL, Engine, MetaData, create_engine, event, inspect, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from nightporter.demo.server import EmbeddedServer
from tests.lab.gateway import Gateway

from .test_programs import SHOP


class Base(DeclarativeBase):
    """Of this test's own tables."""


class Customer(Base):
    """Somebody who buys."""

    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


def engine(dsn: str) -> Engine:
    info = conninfo_to_dict(dsn)
    url = URL.create(
        "postgresql+psycopg",
        username=str(info["user"]),
        password=str(info["password"]),
        host=str(info["host"]),
        port=int(str(info["port"])),
        database=str(info["dbname"]),
    )
    return create_engine(url, pool_size=2)


@pytest.fixture
def engines(gate: Gateway, shop: str, embedded18: EmbeddedServer) -> Iterator[tuple[Engine, Engine]]:
    """Straight and through."""
    embedded18.psql(SHOP, shop)
    both = engine(embedded18.dsn(shop)), engine(gate.dsn("iris", shop))
    yield both
    for each in both:
        each.dispose()


def seen(made: Engine) -> dict[str, Any]:
    inspector = inspect(made)
    tables = {(schema, name) for schema in inspector.get_schema_names() for name in inspector.get_table_names(schema)}
    metadata = MetaData()
    metadata.reflect(made, views=True)
    return {
        "tables": {f"{schema}.{name}": str(inspector.get_columns(name, schema)) for schema, name in tables},
        "indexes": {f"{schema}.{name}": str(inspector.get_indexes(name, schema)) for schema, name in tables},
        "keys": {f"{schema}.{name}": str(inspector.get_foreign_keys(name, schema)) for schema, name in tables},
        "comment": inspector.get_table_comment("customer"),
        "enums": str(inspector.get_enums()),  # type: ignore[attr-defined]  # PostgreSQL's inspector has it
        "reflected": sorted(metadata.tables),
    }


def test_reflection(engines: tuple[Engine, Engine]) -> None:
    straight, through = map(seen, engines)
    assert "back.odd" in straight["tables"]
    assert through == straight


def test_sessions(engines: tuple[Engine, Engine]) -> None:
    _, through = engines
    statements: list[str] = []
    event.listen(through, "before_cursor_execute", lambda *a: statements.append(a[2]))
    with Session(through, expire_on_commit=False) as session, session.begin():
        session.add_all([Customer(name=f"new {number}") for number in range(300)])
        session.flush()
        found = session.scalars(select(Customer).where(Customer.name.like("new %")).order_by(Customer.id)).all()
        assert len(found) == 300
        with session.begin_nested() as nested:
            session.delete(found[0])
            session.flush()
            nested.rollback()
        found[1].name = "renamed"
    with Session(through) as session:
        assert session.scalar(select(Customer.name).where(Customer.id == found[1].id)) == "renamed"
        assert session.get(Customer, found[0].id) is not None
    assert len(statements) >= 5
