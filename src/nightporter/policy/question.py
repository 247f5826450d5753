"""What is asked of the policies about a text: one question for each thing that it does. Pure.

    Reading, where it runs, by whom  ->  Ask

Entities are named by the path to them: `Column::"shop/public/customers/email"`. A `/` inside of a name is written `%2F`, and `%`
is `%25`, so that no name can pass for another.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from nightporter.identity.principal import Kind, Principal
from nightporter.statement.model import Access, Action, Effect, Effected, Reading, Setting, Statement

from .identity_settings import PURPOSE
from .model import Ask, Entity, Question, Resource, Uid, Value

PLANNED = "planned"
"""The fact that a change is explained and not made."""
NEUTRAL: Mapping[str, Value] = MappingProxyType(
    {
        "use": "",
        "row_bound": "",
        "via": frozenset[str](),
        "effects": frozenset[str](),
        "locks": False,
        PLANNED: False,
        "value": "",
        "statement": "",
        "statements": 0,
        "estimated_rows": 0,
        "purpose": "",
        "client_address": "127.0.0.1",
        "listener": "",
        "environment": "",
        "in_transaction": False,
        "role": "",
        "hour": 0,
        "minute": 0,
        "weekday": "",
        "date": "",
    }
)
"""Every fact of the context, and what it is where it does not apply."""

DEPENDENCY = "dependency"
"""How something is reached that hangs on what the text names, by itself."""
SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema", "pg_toast"})
DEFAULT = "default"
"""Value of a setting that gets back what it had at start-up."""

_HARMLESS = frozenset({Effect.COMPUTES, Effect.READS_CATALOG})
"""What a built-in function may do unasked: everybody's client calls such ones all the time."""
_DATA = (Action.READ, Action.INSERT, Action.UPDATE, Action.DELETE, Action.TRUNCATE)
_NO_FACTS: Mapping[str, Value] = MappingProxyType({})


def escaped(name: str) -> str:
    """A name as a part of an id."""
    if "/" in name or "%" in name:
        return name.replace("%", "%25").replace("/", "%2F")
    return name


def principal_entity(principal: Principal) -> Entity:
    """The entity of whom it is about."""
    attributes: dict[str, Value] = {"name": principal.name, "actor": principal.actor or ""}
    if principal.kind is not Kind.HUMAN:
        attributes["owner"] = principal.owner or ""
    groups = tuple(Uid("Group", name) for name in sorted(principal.groups))
    return Entity(Uid(principal.kind.value.capitalize(), principal.name), attributes, groups)


def connecting(principal: Principal, resource: Resource, settings: Mapping[str, str] = MappingProxyType({})) -> Ask:
    """May this principal have a session here, one that begins with these settings?"""
    asking = _Asking(resource)
    asking.ask("connect", asking.database, _NO_FACTS)
    for name, value in settings.items():
        asking.setting(Setting(name.lower(), value=value), {"statement": "connect"})
    return asking.done(principal)


def questions_of(principal: Principal, resource: Resource, reading: Reading, *, planned: bool = False) -> Ask:
    """Everything that a text does, statement by statement; with `planned` also the changes that EXPLAIN only plans."""
    asking = _Asking(resource)
    asking.planned = planned
    for statement in reading.statements:
        asking.about(statement, len(reading.statements))
    if not reading.statements:
        asking.ask("connect", asking.database, _NO_FACTS)
    return asking.done(principal)


def column_shown(
    principal: Principal,
    resource: Resource,
    schema: str,
    relation: str,
    column: str,
    labels: tuple[str, ...],
    use: str,
    parents: tuple[tuple[str, str], ...] = (),
) -> Ask:
    """May a column's values be shown as they are? `parents`: schema and name of the tables that its own is a part of."""
    asking = _Asking(resource)
    access = Access(Action.READ, schema, relation, "table", parents=parents)
    asking.ask(Action.REVEAL.value, asking.column(asking.table(access), access, column, labels), {"use": use})
    return asking.done(principal)


def label_shown(principal: Principal, resource: Resource, name: str) -> Ask:
    """May values of this class be shown that are of no column that is known?"""
    asking = _Asking(resource)
    asking.ask(Action.REVEAL.value, asking.label(name), _NO_FACTS)
    return asking.done(principal)


class _Asking:
    """Gathers questions, and the entities that they are about."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.entities: dict[Uid, Entity] = {}
        self.questions: list[Question] = []
        self.unknown: str | None = None
        self.planned = False
        self.name = escaped(resource.database)
        environment = Uid("Environment", resource.environment)
        self.entities[environment] = Entity(environment, _NO_FACTS)
        attributes: dict[str, Value] = {"name": resource.database, "environment": resource.environment}
        self.database = self._add(Uid("Database", self.name), attributes, environment)

    def done(self, principal: Principal) -> Ask:
        return Ask(principal, self.resource, tuple(self.questions), self.entities, self.unknown)

    def ask(self, action: str, uid: Uid, facts: Mapping[str, Value]) -> None:
        self.questions.append(Question(action, uid, facts))

    # One statement

    def about(self, statement: Statement, statements: int) -> None:
        base: dict[str, Value] = {"statement": statement.kind, "statements": statements}
        before = len(self.questions)
        if Action.UNKNOWN in statement.actions:
            self.unknown = self.unknown or statement.unknown or "its effects are not known"
            self.ask("unknown", self.database, base)
        carried: set[Action] = {Action.UNKNOWN, Action.CONNECT}
        for access in statement.accesses:
            carried.add(access.action)
            if not _is_check(access):
                self._access(access, base)
        if self.planned and statement.plans:
            for access in statement.plans:
                self._access(access, {**base, PLANNED: True})
        for effected in statement.effects:
            if self._effect(effected, base):
                carried.add(Action.EXECUTE)
        for setting in statement.settings:
            # one that a parameter names is asked about when that is bound; one that a definition holds is not set now; and what
            # somebody is there for may be taken back by everybody
            if not setting.stored and setting.parameter is None and not (setting.reset and setting.name == PURPOSE):
                self.setting(setting, base)
        if statement.kind == "prepare":
            carried |= statement.actions  # it is asked about when it is executed: until then nothing of it runs
        for action in sorted(statement.actions - carried):
            # a query that reads no relation reads nothing; what a cursor reads was judged when it was declared
            if action is not Action.READ:
                self.ask(action.value, self.database, base)
        if len(self.questions) == before:
            self.ask("connect", self.database, base)

    def _access(self, access: Access, base: Mapping[str, Value]) -> None:
        table = self.table(access)
        facts = dict(base)
        if access.via:
            facts["via"] = _via(access.via)
        if access.locks:
            facts["locks"] = True
        action = access.action.value
        own = facts if access.bound is None else {**facts, "row_bound": access.bound.value}
        self.ask(action, table, own)
        if access.action not in _DATA:
            return
        for column in access.columns:
            uid = self.column(table, access, column.name, column.labels)
            for use in sorted(column.uses):
                self.ask(action, uid, {**own, "use": use.value})

    def _effect(self, effected: Effected, base: Mapping[str, Value]) -> bool:
        """Ask about a function, unless it is built in and harmless; gives whether it was asked about."""
        builtin = effected.owner == "pg_catalog"
        if builtin and effected.effects <= _HARMLESS:
            return False
        facts = {**base, "effects": frozenset(each.value for each in effected.effects)}
        if effected.via:
            facts["via"] = _via(effected.via)
        self.ask("execute", self._function(effected) if effected.name else self.database, facts)
        return True

    def setting(self, setting: Setting, base: Mapping[str, Value]) -> None:
        name = setting.name if setting.name is not None else "?"
        attributes: dict[str, Value] = {"name": name}
        uid = self._add(Uid("Setting", f"{self.name}/{escaped(name)}"), attributes, self.database)
        value = DEFAULT if setting.reset else setting.value
        if value == DEFAULT and not setting.reset:
            value = f"'{DEFAULT}'"  # the word as a value: SET ROLE 'default'
        self.ask("set", uid, base if value is None else {**base, "value": value})

    # Entities

    def _add(self, uid: Uid, attributes: Mapping[str, Value], *parents: Uid) -> Uid:
        if uid not in self.entities:
            self.entities[uid] = Entity(uid, attributes, parents)
        return uid

    def _schema(self, name: str) -> Uid:
        uid = Uid("Schema", f"{self.name}/{escaped(name)}")
        if uid not in self.entities:
            self._add(uid, {"name": name, "system": name in SYSTEM_SCHEMAS}, self.database)
        return uid

    def table(self, access: Access) -> Uid:
        """The relation that is accessed: in its schema, in those that it is a partition or child of."""
        uid = self._table_uid(access.schema, access.relation)
        known = self.entities.get(uid)
        # the same relation may have other traits for another action: its triggers for that
        traits = access.traits if known is None else access.traits | _set(known.attributes["traits"])
        if known is None or known.attributes["traits"] != traits:
            parents = [self._schema(access.schema)]
            for schema, name in access.parents:
                parent = self._table_uid(schema, name)
                parents.append(self._add(parent, self._described(schema, name, "table"), self._schema(schema)))
            attributes = {**self._described(access.schema, access.relation, access.kind), "traits": traits}
            self.entities[uid] = Entity(uid, attributes, tuple(parents))
        return uid

    def _described(self, schema: str, name: str, kind: str) -> dict[str, Value]:
        system = schema in SYSTEM_SCHEMAS
        return {"name": name, "schema": schema, "kind": kind, "system": system, "traits": frozenset[str]()}

    def _table_uid(self, schema: str, name: str) -> Uid:
        return Uid("Table", f"{self.name}/{escaped(schema)}/{escaped(name)}")

    def column(self, table: Uid, access: Access, name: str, labels: tuple[str, ...]) -> Uid:
        """One of the columns of what is accessed: in its table, in those of that name above it, in its labels."""
        own = escaped(name)
        uid = Uid("Column", f"{table.id}/{own}")
        if uid not in self.entities:
            parents = [table]
            for schema, relation in access.parents:
                above = self._table_uid(schema, relation)
                parents.append(self._add(Uid("Column", f"{above.id}/{own}"), {"name": name}, above))
            parents += [self.label(each) for each in labels]
            self._add(uid, {"name": name}, *parents)
        return uid

    def label(self, name: str) -> Uid:
        """In the wider one, and those in the database: what holds there for everything holds for values that are found there."""
        wider = name.rpartition(".")[0]
        return self._add(Uid("Label", name), _NO_FACTS, self.label(wider) if wider else self.database)

    def _function(self, effected: Effected) -> Uid:
        schema = self._schema(effected.schema)
        builtin = effected.owner == "pg_catalog"
        attributes: dict[str, Value] = {
            "name": effected.name,
            "schema": effected.schema,
            "builtin": builtin,
            "extension": "" if builtin else effected.owner,
            "language": effected.language,
        }
        path = f"{schema.id}/{escaped(effected.name)}"
        # all functions of that name are one to whoever writes no argument types
        named = self._add(Uid("Function", path), {**attributes, "extension": "", "language": ""}, schema)
        arguments = effected.function[len(effected.schema) + 1 + len(effected.name) :]
        return self._add(Uid("Function", path + escaped(arguments)), attributes, named, schema)


def _is_check(access: Access) -> bool:
    """A look of the database's own, as the tables' owner, whether a foreign key holds: it tells what the change itself tells."""
    return access.action is Action.READ and bool(access.via) and access.via[-1].startswith("foreign key ")


def _set(value: Value) -> frozenset[str]:
    assert isinstance(value, frozenset)  # noqa: S101 - we made it
    return value


_SEVERAL_WORDS = ("foreign key", "partition key", "generated column")


def _via(via: tuple[str, ...]) -> frozenset[str]:
    """The kinds of what a thing is reached through: `view public.v` is a view."""
    return frozenset(_kind(each) for each in via)


def _kind(step: str) -> str:
    for words in _SEVERAL_WORDS:
        if step.startswith(words):
            return words
    word, space, _ = step.partition(" ")
    return word if space else DEPENDENCY  # a name alone: what hangs on it goes along
