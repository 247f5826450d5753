"""What policies may speak of, as Cedar's schema beside this file says it. Reads that one shipped file, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from cedarpy import Schema

_COMMENT = re.compile(r"//[^\n]*")
_ACTION = re.compile(r"\baction\s+([\w\s,]+?)\s*(?:in\s*\[([\w\s,]*)\]\s*)?(?:appliesTo|;)")
_ENTITY = re.compile(r"\bentity\s+(\w+)")
_CONTEXT = re.compile(r"\btype\s+Context\s*=\s*\{(.*?)\}", re.DOTALL)
_NAME = re.compile(r"(\w+)\s*\??:")


@cache
def schema_text() -> str:
    """The schema as it is shipped."""
    return files(__package__).joinpath("nightporter.cedarschema").read_text("utf-8")


@cache
def cedar_schema() -> Schema:
    """The schema as Cedar takes it."""
    return Schema.from_str(schema_text())


@cache
def actions() -> Mapping[str, frozenset[str]]:
    """Every action, and what it is `in`, itself included: `drop` is in `define`."""
    parents: dict[str, set[str]] = {}
    for names, above in _ACTION.findall(_bare()):
        for name in names.split(","):
            parents[name.strip()] = {each.strip() for each in above.split(",") if each.strip()}

    def all_above(name: str) -> set[str]:
        return {name}.union(*(all_above(each) for each in parents[name]))

    return {name: frozenset(all_above(name)) for name in parents}


@cache
def types() -> frozenset[str]:
    """Of everything that policies can name, but actions."""
    return frozenset(_ENTITY.findall(_bare()))


@cache
def facts() -> frozenset[str]:
    """Names of everything in the context."""
    found = _CONTEXT.search(_bare())
    if found is None:
        raise ValueError("the schema has no type `Context`")
    return frozenset(_NAME.findall(found[1]))


def _bare() -> str:
    return _COMMENT.sub("", schema_text())
