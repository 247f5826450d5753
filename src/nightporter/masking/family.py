"""Which family a type is of: what its values can hold. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from nightporter.masking.label import ADDRESS, BYTES, CHOICE, DATE, FLAG, NUMBER, OTHER, PLACE, TEXT, UUID, WHOLE_NUMBER
from nightporter.masking.spelling import word_set

_FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        name: family
        for family, names in {
            TEXT: "text varchar bpchar char name citext json jsonb xml hstore tsvector jsonpath unknown ltree lquery",
            WHOLE_NUMBER: "int2 int4 int8",
            NUMBER: "numeric float4 float8 money",
            DATE: "date timestamp timestamptz",
            ADDRESS: "inet",
            PLACE: "point geometry geography lseg line path box polygon circle",
            BYTES: "bytea",
            FLAG: "bool bit varbit",
            UUID: "uuid",
        }.items()
        for name in names.split()
    }
)
_SPELLED: Mapping[str, str] = MappingProxyType(
    {
        "character varying": "varchar",
        "character": "bpchar",
        "string": "text",
        "smallint": "int2",
        "integer": "int4",
        "int": "int4",
        "bigint": "int8",
        "serial": "int4",
        "bigserial": "int8",
        "decimal": "numeric",
        "real": "float4",
        "double precision": "float8",
        "timestamp without time zone": "timestamp",
        "timestamp with time zone": "timestamptz",
        "boolean": "bool",
        "bit varying": "varbit",
    }
)
_KINDS: Mapping[str, str] = MappingProxyType({"e": CHOICE, "c": TEXT, "r": OTHER, "m": OTHER, "p": OTHER})
"""By pg_type.typtype. What a composite holds is written as text."""


def family_of(type_name: str, kind: str = "b") -> str:
    """Of a type, by its name (`int4` as in pg_type, or `integer` as in SQL, with or without a length; of an array: of its elements)
    and pg_type.typtype. The caller follows domains to their base. A base type that is not known may hold text."""
    if kind in _KINDS:
        return _KINDS[kind]
    name = type_name.partition("(")[0].strip().lower().removesuffix("[]").strip()
    name = name.rpartition(".")[2].strip('"')
    if name not in _FAMILIES and name not in _SPELLED and name.startswith("_"):
        name = name[1:]
    name = _SPELLED.get(name, name)
    return _FAMILIES.get(name, OTHER if name in _HOLDS_NOTHING else TEXT)


_HOLDS_NOTHING = word_set(
    """
    time timetz interval oid xid xid8 cid tid pg_lsn macaddr macaddr8 cidr regclass regproc regtype tsquery
    """
)
"""For which there is no label."""
