"""The labels of one upstream's columns, as the command line shows them, and how a column is named there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from nightporter.catalog.labels import NAME, PERSON, Labelled, is_system
from nightporter.catalog.model import Relation, Snapshot
from nightporter.core.error import NightporterError

from .render import identifier

KINDS = frozenset("rpmf")
"""Relations whose columns hold something: tables, partitioned ones, materialized views, foreign tables."""
_PART = re.compile(r'"(?:[^"]|"")*"|[^".]+')
_ORIGINS = {"scan": "scan", "lineage": "lineage", "name": "name"}


@dataclass(frozen=True, slots=True)
class Row:
    """One column."""

    upstream: str
    place: tuple[str, str, str]
    known: tuple[Labelled, ...]
    """Its labels; or one with an empty name, which says why there is none."""
    is_examined: bool

    @property
    def labels(self) -> tuple[Labelled, ...]:
        """Those that it has."""
        return tuple(each for each in self.known if each.label)

    @property
    def is_confirmed(self) -> bool:
        """Whether somebody has said so."""
        return any(each.confirmed_by for each in self.known)

    @property
    def name(self) -> str:
        """`schema.table.column`, as SQL would have it."""
        return ".".join(map(identifier, self.place))

    def cells(self, label: str | None = None) -> tuple[str, str, str, str, str]:
        """Column, label, confidence, whose word it is, and why; of one label, or of all."""
        some = [each for each in self.known if label is None or each.label == label]
        reasons = dict.fromkeys(reason for each in some for reason in each.reasons)
        return (
            self.name,
            ", ".join(each.label for each in some if each.label) or "-",
            ", ".join(dict.fromkeys(f"{each.confidence:.2f}" for each in some)),
            ", ".join(dict.fromkeys(each.confirmed_by or _ORIGINS.get(each.origin, each.origin) for each in some)),
            "; ".join(reasons) or "-",
        )

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "upstream": self.upstream,
            "schema": self.place[0],
            "table": self.place[1],
            "column": self.place[2],
            "examined": self.is_examined,
            "labels": [
                {
                    "label": each.label or None,
                    "confidence": round(each.confidence, 4),
                    "origin": each.origin,
                    "confirmed_by": each.confirmed_by or None,
                    "reasons": list(each.reasons),
                }
                for each in self.known
            ],
        }


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an upstream."""

    name: str
    snapshot: Snapshot

    def rows(self, table: str | None = None) -> list[Row]:
        """Its columns, by name; of one table only, if it is given. Views are there where something was said of them."""
        relations = [self.table(table)] if table is not None else self.snapshot.relations.values()
        found = []
        for relation in relations:
            if is_system(relation) or relation.persistence == "t" or (relation.kind not in KINDS and relation.kind != "v"):
                continue
            for column in relation.columns:
                known = self.snapshot.labels.explain(relation, column.name)
                if relation.kind == "v" and not any(each.origin in (PERSON, NAME) for each in known):
                    continue
                examined = self.snapshot.labels.is_examined(relation, column.name)
                found.append(Row(self.name, (relation.schema, relation.name, column.name), known, examined))
        return sorted(found, key=lambda row: row.place[:2])

    def table(self, text: str) -> Relation:
        """The relation of that name. Raises NightporterError."""
        return relation_of(self.snapshot, parts_of(text, "a table is written `schema.table` or `table`", 2))


def by_label(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by label, in the order of the labels' names."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        for each in row.labels:
            found.setdefault(each.label, []).append(row)
    return dict(sorted(found.items()))


def parts_of(text: str, how: str, most: int) -> list[str]:
    """The parts of a name, taken out of their double quotes. Raises NightporterError, which says `how` it is written."""
    parts = _PART.findall(text)
    if ".".join(parts) != text or not 1 <= len(parts) <= most:
        raise NightporterError(f"`{text}`: {how}")
    return [part[1:-1].replace('""', '"') if part.startswith('"') else part for part in parts]


def column_of(snapshot: Snapshot, text: str) -> tuple[Relation, str]:
    """The column of that name, with its relation. Raises NightporterError."""
    how = 'a column is written `schema.table.column` or `table.column`, with "double quotes" around a name that has a dot'
    parts = parts_of(text, how, 3)
    if len(parts) < 2:
        raise NightporterError(f"`{text}`: {how}")
    relation = relation_of(snapshot, parts[:-1])
    if parts[-1] not in relation.by_name:
        where = f"`{relation.schema}.{relation.name}`"
        raise NightporterError(f"{where} has no column `{parts[-1]}`{near(parts[-1], relation.by_name)}")
    return relation, parts[-1]


def relation_of(snapshot: Snapshot, parts: list[str]) -> Relation:
    """The relation of that name; without a schema the only one, or the one in public. Raises NightporterError."""
    some = [each for each in snapshot.relations.values() if each.kind in KINDS | {"v"} and not is_system(each)]
    name = parts[-1]
    if len(parts) == 1:
        found = [each for each in some if each.name == name]
        if len(found) > 1:
            usual = [each for each in found if each.schema == "public"]
            if not usual:
                schemas = ", ".join(f"`{each.schema}.{each.name}`" for each in found)
                raise NightporterError(f"`{name}` is in several schemas: {schemas}")
            found = usual
    else:
        found = [each for each in some if (each.schema, each.name) == tuple(parts)]
    if found:
        return found[0]
    text = ".".join(parts)
    choices = [each.name if len(parts) == 1 else f"{each.schema}.{each.name}" for each in some]
    raise NightporterError(f"there is no table `{text}`{near(text, choices)}")


def near(word: str, choices: Iterable[str]) -> str:
    """`; did you mean ...` if a choice is close to `word`, else nothing."""
    close = get_close_matches(word, list(choices), n=1)
    return f"; did you mean `{close[0]}`" if close else ""
