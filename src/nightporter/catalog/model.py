"""What an upstream's own catalogue says, at one moment. Pure values; read once and shared by every session of the upstream.

Plain classes with slots, since there are tens of thousands of them; nobody assigns to one after it was made. Everything is found by
OID (`relations`, `types`, `functions`, ...) or by schema and name (`relation`, `functions_named`, ...). A *call* is the OID of a
function that something runs: a default, a check, an index, a view. The reader takes those from the server's own analysed
trees, so that they are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from types import MappingProxyType

from .labels import NOTHING_STORED, Labels, Stored

NOTHING: Mapping[str, str] = MappingProxyType({})


class Column:
    """One column of a relation, as it stands: dropped ones are left out."""

    __slots__ = ("default_calls", "default_text", "generated", "name", "not_null", "number", "relation", "type")

    def __init__(
        self,
        name: str,
        number: int,
        type: int,
        not_null: bool = False,
        generated: str = "",
        default_calls: tuple[int, ...] = (),
        default_text: str = "",
    ) -> None:
        self.relation: Relation  # set by the relation
        self.name = name
        self.number = number
        self.type = type
        """OID."""
        self.not_null = not_null
        self.generated = generated
        """`s` stored, `v` virtual, `i` identity (always or by default); empty if it is none of them."""
        self.default_calls = default_calls
        """Of its default, or of its generation expression; includes nextval."""
        self.default_text = default_text
        """As the server prints it; for generated columns and for defaults that name a sequence or a column."""


class ForeignKey:
    """A constraint of `child` that its columns have a row in `parent`."""

    __slots__ = ("child", "child_columns", "name", "on_delete", "on_update", "parent", "parent_columns")

    def __init__(
        self,
        name: str,
        child: int,
        child_columns: tuple[str, ...],
        parent: int,
        parent_columns: tuple[str, ...],
        on_delete: str = "a",
        on_update: str = "a",
    ) -> None:
        self.name = name
        self.child = child
        self.child_columns = child_columns
        self.parent = parent
        self.parent_columns = parent_columns
        self.on_delete = on_delete
        """`a` no action, `r` restrict, `c` cascade, `n` set null, `d` set default."""
        self.on_update = on_update


class Trigger:
    """A trigger that is not one of a foreign key's own."""

    __slots__ = ("enabled", "events", "function", "name", "new_table", "old_table", "other", "row", "timing", "when_calls")

    def __init__(
        self,
        name: str,
        function: int,
        events: frozenset[str],
        timing: str,
        row: bool,
        enabled: str = "O",
        when_calls: tuple[int, ...] = (),
    ) -> None:
        self.name = name
        self.function = function
        self.events = events
        """Of insert, update, delete, truncate."""
        self.timing = timing
        """before, after, instead."""
        self.row = row
        self.enabled = enabled
        """`O` on origin, `A` always, `R` on replica, `D` disabled."""
        self.when_calls = when_calls
        self.old_table = ""
        self.new_table = ""
        """Names under which its function sees the rows as they were and as they are (REFERENCING)."""
        self.other = 0
        """OID of the table that a constraint trigger names beside its own (FROM); 0: none."""


class Rule:
    """A rewrite rule other than the one that makes a view a view."""

    __slots__ = ("definition", "enabled", "event", "instead", "name")

    def __init__(self, name: str, event: str, instead: bool, definition: str, enabled: str = "O") -> None:
        self.name = name
        self.event = event
        """select, insert, update or delete."""
        self.instead = instead
        self.definition = definition
        """The whole CREATE RULE as the server prints it, every name with its schema."""
        self.enabled = enabled


class RowPolicy:
    """A policy of row-level security."""

    __slots__ = ("calls", "command", "name", "relations", "roles", "texts")

    def __init__(
        self,
        name: str,
        command: str,
        roles: tuple[int, ...],
        calls: tuple[int, ...],
        texts: tuple[str, ...],
        relations: tuple[int, ...] = (),
    ) -> None:
        self.name = name
        self.command = command
        """`*` all, `r` select, `a` insert, `w` update, `d` delete."""
        self.roles = roles
        """OIDs; 0 is everyone."""
        self.calls = calls
        self.texts = texts
        """Its USING and WITH CHECK expressions, as the server prints them."""
        self.relations = relations
        """What sub-selects in it read."""


class Relation:
    """A table, view, sequence, index, ... with all that hangs on it."""

    __slots__ = (
        "access_calls",
        "by_name",
        "check_calls",
        "children",
        "columns",
        "default_partition",
        "definition",
        "force_row_security",
        "foreign_keys",
        "index_calls",
        "is_partition",
        "kind",
        "linked",
        "name",
        "of_type",
        "oid",
        "options",
        "owner",
        "parents",
        "persistence",
        "policies",
        "primary_key",
        "referenced_by",
        "row_security",
        "row_type",
        "rules",
        "schema",
        "server",
        "table",
        "triggers",
        "unique_keys",
    )

    def __init__(self, oid: int, schema: str, name: str, kind: str, columns: Iterable[Column] = ()) -> None:
        self.oid = oid
        self.schema = schema
        self.name = name
        self.kind = kind
        """pg_class.relkind: r p v m f S i I t c."""
        self.columns = tuple(columns)
        self.by_name = {column.name: column for column in self.columns}
        for column in self.columns:
            column.relation = self
        self.row_type = 0
        self.owner = 0
        self.persistence = "p"
        """`p` permanent, `u` unlogged, `t` temporary."""
        self.table = 0
        """Of an index or a toast table: whose it is. Of a sequence: the table that owns it."""
        self.parents: tuple[int, ...] = ()
        self.children: tuple[int, ...] = ()
        """By inheritance or partitioning, direct ones."""
        self.is_partition = False
        self.default_partition: int | None = None
        """Of a partitioned table: OID of the partition for what fits no other, 0 if it has none; None if that is not known."""
        self.of_type: int | None = None
        """The composite type that a table is OF, 0 if it is of none; None if that is not known."""
        self.primary_key: tuple[str, ...] = ()
        self.unique_keys: tuple[tuple[str, ...], ...] = ()
        """Over plain columns and all rows, the primary key among them."""
        self.definition = ""
        """Of a view: its query as the server prints it. Like all texts here it names its schemas, but for `pg_catalog` and, in a
        session's own view, its temporary schema: it is to be read under that search path. Empty: it could not be printed."""
        self.options: Mapping[str, str] = NOTHING
        """pg_class.reloptions: security_invoker, check_option, ..."""
        self.check_calls: tuple[int, ...] = ()
        self.index_calls: tuple[int, ...] = ()
        """Of expressions and predicates of its indexes, and of access methods' support functions that are not built in."""
        self.access_calls: tuple[int, ...] = ()
        """Of a view: all that its analysed query calls, operators, casts and aggregates among them. Of a partitioned table:
        of its partition key."""
        self.foreign_keys: tuple[ForeignKey, ...] = ()
        self.referenced_by: tuple[ForeignKey, ...] = ()
        self.triggers: tuple[Trigger, ...] = ()
        self.rules: tuple[Rule, ...] = ()
        self.row_security = False
        self.force_row_security = False
        self.policies: tuple[RowPolicy, ...] = ()
        self.server = ""
        """Of a foreign table."""
        self.linked = False
        """It belongs to a Snapshot, and is not changed any more."""

    def __repr__(self) -> str:
        return f"<{self.kind} {self.schema}.{self.name}>"


class Type:
    """A data type."""

    __slots__ = (
        "array",
        "base",
        "category",
        "check_calls",
        "comparison_calls",
        "element",
        "extension",
        "input",
        "kind",
        "name",
        "oid",
        "output",
        "preferred",
        "range_subtype",
        "relation",
        "schema",
    )

    def __init__(self, oid: int, schema: str, name: str, kind: str, category: str, preferred: bool = False) -> None:
        self.oid = oid
        self.schema = schema
        self.name = name
        self.kind = kind
        """pg_type.typtype: b base, c composite, d domain, e enum, p pseudo, r range, m multirange."""
        self.category = category
        self.preferred = preferred
        self.element = 0
        """Of a true array: the type of its elements. Also of types that can be subscripted (point, name)."""
        self.array = 0
        """The array type over this one."""
        self.base = 0
        """Of a domain."""
        self.relation = 0
        """Of a composite type."""
        self.range_subtype = 0
        """Of a range or multirange: the type of its bounds."""
        self.check_calls: tuple[int, ...] = ()
        """Of a domain's own checks and default; those of its base type are the base's."""
        self.comparison_calls: tuple[int, ...] = ()
        """Of its default operator classes, where they are not built in: what sorting and grouping run."""
        self.input = 0
        self.output = 0
        self.extension = ""


class Function:
    """A function, procedure, aggregate or window function; overloads are several of these."""

    __slots__ = (
        "all_types",
        "argument_types",
        "body",
        "body_calls",
        "calls",
        "default_calls",
        "defaults",
        "extension",
        "kind",
        "language",
        "modes",
        "name",
        "names",
        "oid",
        "owner",
        "result",
        "returns_set",
        "schema",
        "security_definer",
        "settings",
        "signature",
        "strict",
        "symbol",
        "variadic",
        "volatility",
    )

    def __init__(self, oid: int, schema: str, name: str, argument_types: tuple[int, ...], result: int) -> None:
        self.oid = oid
        self.schema = schema
        self.name = name
        self.argument_types = argument_types
        """Of its input arguments."""
        self.result = result
        self.all_types: tuple[int, ...] = ()
        """Of all arguments, output ones too, where it has some; else empty."""
        self.modes = ""
        """One letter for each of `all_types`: i o b v t; empty: all are inputs."""
        self.names: tuple[str, ...] = ()
        """Of all arguments; empty if none has a name."""
        self.defaults = 0
        """How many of the last input arguments have a default."""
        self.default_calls: tuple[int, ...] = ()
        self.variadic = 0
        """Element type of its variadic argument; `any` for VARIADIC "any"."""
        self.kind = "f"
        """f function, p procedure, a aggregate, w window function."""
        self.language = "internal"
        self.volatility = "v"
        self.strict = False
        self.returns_set = False
        self.security_definer = False
        self.settings: Mapping[str, str] = NOTHING
        """Its SET clauses."""
        self.owner = 0
        self.signature = ""
        """Its argument types as the server prints them with every name's schema where it needs one: `integer, text`."""
        self.body = ""
        """Source text, where its language has one. For SQL-standard bodies: as the server prints it."""
        self.body_calls: tuple[int, ...] | None = None
        """Of an SQL-standard body, which the server keeps analysed; None for a text."""
        self.symbol = ""
        """Name of the C function, for internal and C."""
        self.calls: tuple[int, ...] = ()
        """Of an aggregate: its support functions."""
        self.extension = ""

    def __repr__(self) -> str:
        return f"<function {self.schema}.{self.name}({self.signature})>"


class Operator:
    """An operator; `left` is 0 for a prefix one."""

    __slots__ = ("function", "left", "name", "oid", "related", "result", "right", "schema")

    def __init__(self, oid: int, schema: str, name: str, left: int, right: int, result: int, function: int) -> None:
        self.oid = oid
        self.schema = schema
        self.name = name
        self.left = left
        self.right = right
        self.result = result
        self.function = function
        self.related: tuple[int, ...] = ()
        """Functions that the planner may run in its place, where they are not built in: its commutator's and negator's, and those
        of its operator families."""


class Cast:
    """How a value of one type becomes one of another."""

    __slots__ = ("context", "function", "method", "source", "target")

    def __init__(self, source: int, target: int, function: int, context: str, method: str) -> None:
        self.source = source
        self.target = target
        self.function = function
        self.context = context
        """`i` implicit, `a` in assignments, `e` explicit only."""
        self.method = method
        """`f` by function, `i` through text, `b` binary."""


class Role:
    """A role and what it may become."""

    __slots__ = ("bypasses_row_security", "member_of", "name", "oid", "settings", "superuser")

    def __init__(self, oid: int, name: str, superuser: bool, bypasses_row_security: bool) -> None:
        self.oid = oid
        self.name = name
        self.superuser = superuser
        self.bypasses_row_security = bypasses_row_security
        self.member_of: tuple[int, ...] = ()
        self.settings: Mapping[str, str] = NOTHING
        """ALTER ROLE ... SET, in this database or in all."""


class Snapshot:
    """A whole catalogue, at one moment. `version` is different for every one that was read."""

    __slots__ = (
        "casts",
        "collations",
        "database",
        "event_triggers",
        "extensions",
        "foreign_servers",
        "functions",
        "functions_by_name",
        "labels",
        "operators",
        "operators_by_name",
        "relations",
        "relations_by_name",
        "roles",
        "schema_users",
        "schemas",
        "server_version",
        "source",
        "types",
        "types_by_name",
        "version",
    )

    def __init__(
        self,
        *,
        version: int,
        database: str = "",
        server_version: int = 0,
        schemas: frozenset[str] = frozenset(),
        schema_users: Mapping[str, frozenset[int]] = MappingProxyType({}),
        relations: Mapping[int, Relation],
        types: Mapping[int, Type],
        functions: Mapping[int, Function],
        operators: Mapping[int, Operator],
        casts: Mapping[tuple[int, int], Cast],
        roles: Mapping[str, Role],
        extensions: Mapping[str, str] = NOTHING,
        foreign_servers: Mapping[str, str] = NOTHING,
        event_triggers: tuple[int, ...] = (),
        collations: frozenset[tuple[str, str]] = frozenset(),
        labels: Stored = NOTHING_STORED,
    ) -> None:
        self.version = version
        self.database = database
        self.server_version = server_version
        """As the server numbers it: 150018."""
        self.schemas = schemas
        self.schema_users = schema_users
        """Roles that may use each schema, by OID; 0 is everyone. A schema that is not here may be used by all."""
        self.relations = relations
        self.types = types
        self.functions = functions
        self.operators = operators
        self.casts = casts
        """By source and target type."""
        self.roles = roles
        """By name."""
        self.extensions = extensions
        """Name -> schema."""
        self.foreign_servers = foreign_servers
        """Name -> foreign-data wrapper."""
        self.collations = collations
        """Schema and name of those that are not built in."""
        self.event_triggers = event_triggers
        """Functions that DDL sets off, those that are enabled."""
        self.source: object = None
        """Of the protocol that made it: what it needs to make the next one."""
        self.relations_by_name = {(each.schema, each.name): each for each in relations.values()}
        self.types_by_name = {(each.schema, each.name): each for each in types.values()}
        self.functions_by_name: dict[tuple[str, str], list[Function]] = {}
        for function in functions.values():
            self.functions_by_name.setdefault((function.schema, function.name), []).append(function)
        self.operators_by_name: dict[tuple[str, str], list[Operator]] = {}
        for operator in operators.values():
            self.operators_by_name.setdefault((operator.schema, operator.name), []).append(operator)
        self.labels = Labels(self, labels)
        """What is known of its columns: which classes of data they hold."""

    def relabeled(self, stored: Stored, version: int) -> Snapshot:
        """The same catalogue with other labels, as another Snapshot; it shares everything else."""
        found = copy(self)
        found.version = version
        found.labels = Labels(found, stored)
        return found
