"""Statements that are not queries: a table of what understands each, and those that are about session or server alone. Pure.

What defines, alters and drops is in table.py, alter_table.py, define.py and drop.py; what is done to relations that stay in
upkeep.py. A statement that the table does not have is a doubt.
"""

from __future__ import annotations

from collections.abc import Callable

from nightporter.protocols.postgres import settings
from nightporter.protocols.postgres.grammar import Node
from nightporter.protocols.postgres.kinds import LISTENS, STATEMENTS
from nightporter.protocols.postgres.steps import TRACKED
from nightporter.statement.model import Action, Effect, Setting

from . import alter_table, define, drop, effects, objects, table, upkeep
from .space import Rows
from .work import NO_VALUE, Reach, Work

_DEFINING = frozenset({Action.CREATE, Action.ALTER, Action.DROP, Action.GRANT})
_SILENT = frozenset(
    {"CreateRoleStmt", "AlterRoleStmt", "AlterRoleSetStmt", "DropRoleStmt", "GrantRoleStmt", "CreatedbStmt", "AlterDatabaseStmt"}
    | {"AlterDatabaseSetStmt", "AlterDatabaseRefreshCollStmt", "DropdbStmt", "CreateTableSpaceStmt", "AlterTableSpaceOptionsStmt"}
    | {"DropTableSpaceStmt", "CreateEventTrigStmt", "AlterEventTrigStmt", "AlterSystemStmt"}
)
"""What belongs to the whole server sets off no event triggers ("Event Trigger Behavior")."""
_NOISY = frozenset({"RefreshMatViewStmt", "ReindexStmt"})
"""And these do, though they define nothing."""


def command(work: Work, tag: str, body: Node) -> Rows | None:
    """Understand a statement that is not a query; gives the columns of its result, None if it has none. Unknown: a doubt."""
    handler = _HANDLERS.get(tag)
    if handler is None:
        work.doubt(f"`{tag[:80]}` is not known")
        return None
    if tag != "LockStmt":  # its mode tells
        work.actions |= STATEMENTS[tag][1]
    if not work.text and _redefines(work, tag, body):
        work.redefines = True
    rows = handler(work, body)
    if tag in _NOISY or (not _DEFINING.isdisjoint(STATEMENTS[tag][1]) and tag not in _SILENT):
        event_triggers(work)
    return rows


_MEANINGS = frozenset(
    """
    CreateFunctionStmt AlterFunctionStmt DefineStmt CreateCastStmt CreateTrigStmt RuleStmt CreatePolicyStmt AlterPolicyStmt
    RenameStmt AlterObjectSchemaStmt AlterOwnerStmt CreateOpClassStmt AlterOpFamilyStmt AlterOperatorStmt AlterTypeStmt
    CreateConversionStmt CreateTransformStmt CreateEventTrigStmt AlterEventTrigStmt CreateExtensionStmt AlterExtensionStmt
    DropOwnedStmt ReassignOwnedStmt AlterDomainStmt ImportForeignSchemaStmt AlterRoleSetStmt
    """.split()  # noqa: SIM905
)
"""They change what other statements mean or set off. A text's own statements are read one after the other, a body's are not."""
_TABLE_MEANINGS = frozenset(
    """
    AT_AlterColumnType AT_EnableTrig AT_EnableAlwaysTrig AT_EnableReplicaTrig AT_EnableTrigAll AT_EnableTrigUser AT_EnableRule
    AT_EnableAlwaysRule AT_EnableReplicaRule AT_EnableRowSecurity AT_ForceRowSecurity AT_AddInherit AT_AttachPartition
    AT_ChangeOwner AT_DropColumn AT_SetExpression
    """.split()  # noqa: SIM905
)
_ADDS_ONLY = frozenset(
    {"OBJECT_INDEX", "OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY", "OBJECT_STATISTIC_EXT", "OBJECT_PUBLICATION"}
)
"""Without these less happens."""


def _redefines(work: Work, tag: str, body: Node) -> bool:
    """Whether names may stand for something else afterwards, or more be set off by the same statement."""
    scope = work.scope
    match tag:
        case "AlterTableStmt":
            return any(each["AlterTableCmd"].get("subtype") in _TABLE_MEANINGS for each in body.get("cmds", ()))
        case "VariableSetStmt":
            return body.get("kind") == "VAR_RESET_ALL" or str(body.get("name")).lower() in TRACKED
        case "ViewStmt":
            return bool(body.get("replace"))
        case "DropStmt" if body.get("removeType") in drop.RELATIONS:
            names = [objects.strings(each["List"]["items"]) for each in body.get("objects", ())]
            others = ((schema, name[-1]) in scope.snapshot.relations_by_name for name in names for schema in scope.path)
            return body.get("behavior") == "DROP_CASCADE" or sum(others) > len(names)
        case "DropStmt":
            return body.get("removeType") not in _ADDS_ONLY
        case "CreateDomainStmt" | "CreateEnumStmt" | "CreateRangeStmt":
            name = objects.strings(body.get("domainname") or body["typeName"])[-1]
            return scope.type(None, name) is not None
        case _:
            return tag in _MEANINGS


def event_triggers(work: Work) -> None:
    """Definitions set off event triggers. Which events and tags they are for does not matter for what is said."""
    oids = work.scope.snapshot.event_triggers
    if oids and not work.exact and not work.scope.quiet.issuperset(oids):
        inner = Work(work.scope)
        effects.calls_each(inner, oids)
        work.include(Reach(inner), ("event trigger",))


def _nothing(work: Work, body: Node) -> None:
    """Neither reads nor changes any relation, and runs nothing: what it is stands in its actions."""


# Session


def _set(work: Work, body: Node) -> None:
    changed = settings.variable_set(body)
    if changed and changed[0].reset:
        work.settings += changed
    elif not work.text:  # at the top of a text the reading has told
        work.settings += [Setting(each.name) for each in changed]


def _show(work: Work, body: Node) -> Rows:
    name = body.get("name", "")
    if name == "all":
        return [(each, NO_VALUE) for each in ("name", "setting", "description")]
    return [(name, NO_VALUE)]


def _transaction(work: Work, body: Node) -> None:
    """What is deferred to COMMIT was said where it was set off."""
    if not work.text:
        work.settings += settings.options(body.get("options", []))


def _notify(work: Work, body: Node) -> None:
    objects.note(work, f"notification on {body.get('conditionname', '')}", Effect.NOTIFIES)


def _listen(work: Work, body: Node) -> None:
    objects.note(work, f"{LISTENS}{body.get('conditionname', '')}", Effect.NOTIFIES)


def _discard(work: Work, body: Node) -> None:
    """ALL and TEMP: the session's temporary relations go."""
    if body.get("target") not in ("DISCARD_ALL", "DISCARD_TEMP") or not work.scope.temporary:
        return
    fall = drop.Fall(work, cascade=True)
    for relation in objects.within(work.scope, work.scope.temporary):
        if relation.kind != "c":
            fall.relation(relation, ("temporary schema",))
    fall.finish()


# Server


def _reaches_out(what: str, key: str) -> Callable[[Work, Node], None]:
    """What makes connections to other servers, now or later."""

    def handle(work: Work, body: Node) -> None:
        objects.note(work, f"{what} {body.get(key, '')}", Effect.REACHES_OUT)

    return handle


def _subscription(work: Work, body: Node) -> None:
    """Another server's rows are written into tables that it names."""
    name = f"subscription {body.get('subname', '')}"
    objects.note(work, name, Effect.REACHES_OUT, Effect.READS_DATA, Effect.WRITES_DATA)


def _controls(what: str, key: str = "", *more: Effect) -> Callable[[Work, Node], None]:
    """What is about the server as a whole."""

    def handle(work: Work, body: Node) -> None:
        objects.note(work, f"{what} {body.get(key, '')}".strip(), Effect.CONTROLS_SERVER, *more)

    return handle


def _alter_system(work: Work, body: Node) -> None:
    objects.note(work, f"server setting {body.get('setstmt', {}).get('name', 'all')}", Effect.CONTROLS_SERVER)


def _move_all(work: Work, body: Node) -> None:
    work.doubt("what is in a tablespace is not in the catalogue")


def _import(work: Work, body: Node) -> None:
    server = body.get("server_name", "")
    objects.note(work, f"schema of server {server}", Effect.REACHES_OUT)


def _foreign_table(work: Work, body: Node) -> None:
    table.create(work, body["base"], "f")


_HANDLERS: dict[str, Callable[[Work, Node], Rows | None]] = {
    # session and transaction
    "VariableSetStmt": _set,
    "VariableShowStmt": _show,
    "TransactionStmt": _transaction,
    "ConstraintsSetStmt": _nothing,
    "DeallocateStmt": _nothing,
    "FetchStmt": _nothing,  # decided when the cursor was declared
    "ClosePortalStmt": _nothing,
    "DiscardStmt": _discard,
    "ListenStmt": _listen,
    "UnlistenStmt": _nothing,
    "NotifyStmt": _notify,
    # tables and what is in them
    "CreateStmt": table.create,
    "CreateForeignTableStmt": _foreign_table,
    "AlterTableStmt": alter_table.alter,
    "AlterTableMoveAllStmt": _move_all,
    "IndexStmt": define.index,
    "CreateStatsStmt": define.statistics,
    "AlterStatsStmt": _nothing,
    "CreateSeqStmt": define.create_sequence,
    "AlterSeqStmt": define.alter_sequence,
    "ViewStmt": define.view,
    "RuleStmt": define.rule,
    "CreateTrigStmt": define.trigger,
    "CreatePolicyStmt": define.policy,
    "AlterPolicyStmt": define.policy,
    "CreateSchemaStmt": define.schema,
    "TruncateStmt": upkeep.truncated,
    "RefreshMatViewStmt": upkeep.refreshed,
    "LockStmt": upkeep.locked,
    # types, functions, operators
    "CreateDomainStmt": define.domain,
    "AlterDomainStmt": define.alter_domain,
    "CompositeTypeStmt": define.composite,
    "CreateEnumStmt": _nothing,
    "CreateRangeStmt": _nothing,
    "AlterEnumStmt": _nothing,
    "AlterTypeStmt": _nothing,
    "DefineStmt": _nothing,
    "CreateFunctionStmt": define.function,
    "AlterFunctionStmt": _nothing,
    "AlterOperatorStmt": _nothing,
    "CreateOpClassStmt": _nothing,
    "CreateOpFamilyStmt": _nothing,
    "AlterOpFamilyStmt": _nothing,
    "CreateCastStmt": _nothing,
    "CreateConversionStmt": define.conversion,
    "CreateTransformStmt": _nothing,
    "AlterCollationStmt": _nothing,
    "AlterTSDictionaryStmt": _nothing,
    "AlterTSConfigurationStmt": _nothing,
    # any object
    "DropStmt": drop.drop,
    "RenameStmt": upkeep.renamed,
    "AlterObjectSchemaStmt": upkeep.by_object_type,
    "AlterObjectDependsStmt": upkeep.by_object_type,
    "AlterOwnerStmt": upkeep.by_object_type,
    "CommentStmt": upkeep.by_object_type,
    "SecLabelStmt": upkeep.by_object_type,
    "DropOwnedStmt": define.drop_owned,
    "ReassignOwnedStmt": define.reassign_owned,
    # rights
    "GrantStmt": upkeep.granted,
    "GrantRoleStmt": _nothing,
    "AlterDefaultPrivilegesStmt": _nothing,
    # the server
    "CreateRoleStmt": _nothing,
    "AlterRoleStmt": _nothing,
    "AlterRoleSetStmt": _nothing,
    "DropRoleStmt": _nothing,
    "CreatedbStmt": _controls("database", "dbname"),
    "AlterDatabaseStmt": _controls("database", "dbname"),
    "AlterDatabaseRefreshCollStmt": _nothing,
    "AlterDatabaseSetStmt": _nothing,
    "DropdbStmt": _controls("database", "dbname"),
    "CreateTableSpaceStmt": _controls("tablespace", "tablespacename", Effect.FILES),
    "AlterTableSpaceOptionsStmt": _controls("tablespace", "tablespacename"),
    "DropTableSpaceStmt": _controls("tablespace", "tablespacename", Effect.FILES),
    "CreateEventTrigStmt": _nothing,
    "AlterEventTrigStmt": _nothing,
    "CreateExtensionStmt": define.extension,
    "AlterExtensionStmt": define.alter_extension,
    "AlterExtensionContentsStmt": upkeep.by_object_type,
    "CreatePLangStmt": _controls("language", "plname"),
    "CreateAmStmt": _controls("access method", "amname"),
    "CreateFdwStmt": _reaches_out("foreign data wrapper", "fdwname"),
    "AlterFdwStmt": _reaches_out("foreign data wrapper", "fdwname"),
    "CreateForeignServerStmt": _reaches_out("server", "servername"),
    "AlterForeignServerStmt": _reaches_out("server", "servername"),
    "CreateUserMappingStmt": _reaches_out("user mapping for server", "servername"),
    "AlterUserMappingStmt": _reaches_out("user mapping for server", "servername"),
    "DropUserMappingStmt": _nothing,
    "ImportForeignSchemaStmt": _import,
    "CreatePublicationStmt": define.publication,
    "AlterPublicationStmt": define.publication,
    "CreateSubscriptionStmt": _subscription,
    "AlterSubscriptionStmt": _subscription,
    "DropSubscriptionStmt": _reaches_out("subscription", "subname"),
    "AlterSystemStmt": _alter_system,
    "VacuumStmt": upkeep.vacuumed,
    "ClusterStmt": upkeep.clustered,
    "ReindexStmt": upkeep.reindexed,
    "CheckPointStmt": _controls("checkpoint"),
    "LoadStmt": _controls("library", "filename", Effect.FILES),
}
"""Every statement but those of run.py. One that is not here is not understood."""
