"""Makes a Snapshot of what the server answered. Pure; takes a second for very large catalogues, so it is for a thread.

Objects of an earlier Snapshot are used again where they were not read anew. Nothing that belongs to a Snapshot is ever changed: a
relation that others now refer to in another way is a new object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from nightporter.catalog.labels import NOTHING_STORED
from nightporter.catalog.model import (
    NOTHING,
    Cast,
    Function,
    Operator,
    Role,
    Snapshot,
    Type,
)

from .calls import Calls, Families
from .marks import FUNCTION, RELATION, TYPE
from .parts import Parts, Rows, Source, decoded, options, with_trees
from .queries import FIRST_OWN, LOCKED
from .relations import link, read_relations

T = TypeVar("T")
_OWN_TEXT = ("internal", "c")
"""Languages whose source is the name of a C function."""
_DOMAINS_DEEP = 32
"""How far domains that check other domains are followed."""


def snapshot(parts: Parts, version: int) -> Snapshot:
    """The Snapshot, `version` its number; the earlier one itself where nothing has changed."""
    earlier = parts.earlier
    if earlier is not None and not parts.rows:
        return earlier
    rows, source = parts.rows, parts.source
    namespaces = list(decoded(rows["schemas"]))
    schemas = {oid: name for oid, name, *_ in namespaces}
    families = _families(rows)
    operators = read_operators(rows["operators"], schemas, families)
    types, functions, relations = (
        (_kept(earlier.types, parts, TYPE), _kept(earlier.functions, parts, FUNCTION), _kept(earlier.relations, parts, RELATION))
        if earlier is not None
        else ({}, {}, {})
    )
    new_types = read_types(rows.get("types", ()), schemas)
    new_functions = read_functions(rows.get("functions", ()), schemas)
    drafts = read_relations(rows, schemas) if "relations" in rows else {}
    types |= new_types
    functions |= new_functions
    relations |= {oid: draft.relation for oid, draft in drafts.items()}

    def columns(relation: int) -> Iterable[int]:
        found = relations.get(relation)
        return [column.type for column in found.columns] if found is not None else ()

    for oid, type_ in types.items():  # also of those that were known: operator classes are objects of their own
        type_.comparison_calls = tuple(sorted(each for each in families.of_type(oid, operators) if each >= FIRST_OWN))
    calls = Calls(operators, types, columns, families)
    fill_domains(new_types, rows.get("domains", ()), calls)
    fill_functions(new_functions, rows.get("functions", ()), rows.get("aggregates", ()), calls)
    for draft in drafts.values():
        draft.fill(calls)
    link(relations)
    _try_again(source, RELATION, (oid for oid, draft in drafts.items() if draft.locked))
    _try_again(source, FUNCTION, (oid for oid, function in new_functions.items() if function.body == LOCKED))
    found = Snapshot(
        version=version,
        database=next(decoded(rows["database"]))[0],
        server_version=int(str(source.place[0])),
        schemas=frozenset(schemas.values()),
        schema_users={name: frozenset((owner, *grantees)) for _, name, owner, grantees in namespaces},
        relations=relations,
        types=types,
        functions=functions,
        operators=operators,
        casts=read_casts(rows["casts"]),
        roles=read_roles(rows["roles"], rows["members"], rows["role_settings"]),
        extensions=dict(_pairs(rows["extensions"])),
        foreign_servers={name: wrapper for _, name, wrapper in decoded(rows["servers"])},
        collations=frozenset((schema, name) for _, schema, name in decoded(rows["collations"])),
        event_triggers=tuple(function for (function,) in decoded(rows["event_triggers"])),
        labels=earlier.labels.stored if earlier is not None else NOTHING_STORED,
    )
    found.source = source
    return found


def _kept(objects: Mapping[int, T], parts: Parts, kind: str) -> dict[int, T]:
    again = parts.again.get(kind, frozenset())
    return {oid: each for oid, each in objects.items() if oid not in again} if again else dict(objects)


def _pairs(rows: Rows) -> Iterator[tuple[Any, Any]]:
    return ((first, second) for first, second in decoded(rows))


def _families(rows: Mapping[str, Rows]) -> Families:
    classes, functions, operators = (
        [tuple(row) for row in decoded(rows[name])] for name in ("operator_classes", "family_functions", "family_operators")
    )
    return Families(classes, functions, operators)


def _try_again(source: Source, kind: str, locked: Iterable[int]) -> None:
    """Have the next inquiry take these for changed: their texts could not be printed."""
    oids = list(locked)
    if not oids:
        return
    source.totals = [[] for _ in source.totals]
    if kind in source.objects:
        source.objects[kind] = {**source.objects[kind], **dict.fromkeys(oids, "")}


def read_operators(rows: Rows, schemas: Mapping[int, str], families: Families) -> dict[int, Operator]:
    """By OID."""
    found, others = {}, {}
    for oid, schema, name, left, right, result, function, *pair in decoded(rows):
        if schema in schemas:
            found[oid] = Operator(oid, schemas[schema], name, left, right, result, function)
            if oid >= FIRST_OWN:
                others[oid] = {*pair, *families.beside(oid)}
    for oid, operators in others.items():
        functions = {found[each].function for each in operators if each in found} | families.of_operator(oid)
        functions -= {found[oid].function}
        found[oid].related = tuple(sorted(function for function in functions if function >= FIRST_OWN))
    return found


def read_casts(rows: Rows) -> dict[tuple[int, int], Cast]:
    """By source and target."""
    return {(source, target): Cast(source, target, *rest) for source, target, *rest in decoded(rows)}


def read_roles(roles: Rows, members: Rows, settings: Rows) -> dict[str, Role]:
    """By name, with what each is a member of and its settings; those for one database are stronger, and come last."""
    by_oid = {oid: Role(oid, name, superuser, bypasses) for oid, name, superuser, bypasses in decoded(roles)}
    for member, role in decoded(members):
        if member in by_oid and role not in by_oid[member].member_of:
            by_oid[member].member_of += (role,)
    for oid, _, values in decoded(settings):
        for role in by_oid.values() if oid == 0 else [by_oid[oid]] if oid in by_oid else []:
            role.settings = {**role.settings, **options(values)}
    return {role.name: role for role in by_oid.values()}


def read_types(rows: Rows, schemas: Mapping[int, str]) -> dict[int, Type]:
    """By OID; the checks of domains come later."""
    found = {}
    for oid, schema, name, kind, category, preferred, *rest in decoded(rows):
        if schema not in schemas:
            continue
        found[oid] = made = Type(oid, schemas[schema], name, kind, category, preferred)
        made.element, made.array, made.base, made.relation, subtype, made.input, made.output, extension = rest
        made.range_subtype, made.extension = subtype or 0, extension or ""
    return found


def fill_domains(types: Mapping[int, Type], rows: Rows, calls: Calls) -> None:
    """Give domains what their checks and defaults call. Those may convert to other domains, so it is done until nothing is new."""
    trees = [(types[oid], row[1:]) for (oid,), row in with_trees(rows) if oid in types]
    for _ in range(_DOMAINS_DEEP):
        news = [(domain, calls.of(*texts)) for domain, texts in trees]
        if all(domain.check_calls == found for domain, found in news):
            return
        for domain, found in news:
            domain.check_calls = found
        calls.forget()


def read_functions(rows: Rows, schemas: Mapping[int, str]) -> dict[int, Function]:
    """By OID; what they call comes later."""
    found = {}
    same: dict[Any, Any] = {}
    for oid, schema, name, arguments, result, *rest in decoded(rows):
        if schema not in schemas:
            continue
        arguments = tuple(arguments)
        found[oid] = made = Function(oid, schemas[schema], name, same.setdefault(arguments, arguments), result)
        all_types, modes, names, made.defaults, made.variadic, made.kind, language, *rest = rest
        made.all_types, made.modes, made.names = tuple(all_types or ()), modes or "", tuple(names or ())
        made.volatility, made.strict, made.returns_set, made.security_definer, settings, made.owner, signature, *rest = rest
        made.language = same.setdefault(language, language)
        made.settings = options(settings) if settings else NOTHING
        made.signature = same.setdefault(signature, signature)
        source, body, extension = rest
        made.body, made.symbol = (body or "", source) if language in _OWN_TEXT else (body or source, "")
        made.extension = extension or ""
    return found


def fill_functions(functions: Mapping[int, Function], rows: Rows, aggregates: Rows, calls: Calls) -> None:
    """Give functions what their defaults and SQL-standard bodies call, and aggregates their support functions."""
    for row in rows:
        if row[1] is None and row[2] is None:
            continue
        ((oid, *_),) = decoded([row])
        if oid in functions:
            functions[oid].default_calls = calls.of(row[1])
            functions[oid].body_calls = calls.of(row[2]) if row[2] is not None else None
    for oid, support in decoded(aggregates):
        if oid in functions:
            functions[oid].calls = calls.shared({function for function in support if function})
