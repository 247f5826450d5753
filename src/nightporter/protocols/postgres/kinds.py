"""Every statement of PostgreSQL's grammar: what it is called and what it does, as far as its node alone can tell. A table.

A statement that is not here is `unknown`. Where a statement does what its parts do (a CTE that deletes, what COPY copies), READS_ON
says so and analysis adds what it finds in the tree. What stands in a definition (a view, a rule, a function) does not happen now.
"""

from __future__ import annotations

from nightporter.statement.model import Action

READ, INSERT, UPDATE, DELETE = Action.READ, Action.INSERT, Action.UPDATE, Action.DELETE
CREATE, ALTER, DROP, GRANT = Action.CREATE, Action.ALTER, Action.DROP, Action.GRANT
EXECUTE, COPY, ADMINISTER = Action.EXECUTE, Action.COPY, Action.ADMINISTER


def _does(*actions: Action) -> frozenset[Action]:
    return frozenset(actions)


NONE = _does()
_CREATE, _ALTER, _DROP, _ADMINISTER = _does(CREATE), _does(ALTER), _does(DROP), _does(ADMINISTER)
# What belongs to the whole server, or reaches beyond it, is an administrator's
_CREATE_WIDE, _ALTER_WIDE, _DROP_WIDE = _does(CREATE, ADMINISTER), _does(ALTER, ADMINISTER), _does(DROP, ADMINISTER)

STATEMENTS: dict[str, tuple[str, frozenset[Action]]] = {
    # data
    "SelectStmt": ("select", _does(READ)),
    "InsertStmt": ("insert", _does(INSERT)),
    "UpdateStmt": ("update", _does(UPDATE)),
    "DeleteStmt": ("delete", _does(DELETE)),
    "MergeStmt": ("merge", _does(READ)),
    "TruncateStmt": ("truncate", _does(Action.TRUNCATE)),
    "CopyStmt": ("copy", _does(COPY)),
    "CreateTableAsStmt": ("create table as", _does(CREATE, READ)),
    "RefreshMatViewStmt": ("refresh materialized view", _does(READ, UPDATE)),
    "CallStmt": ("call", _does(EXECUTE)),
    "DoStmt": ("do", _does(EXECUTE)),
    "ExplainStmt": ("explain", _does(READ)),
    "LockStmt": ("lock", _does(UPDATE)),
    # names
    "PrepareStmt": ("prepare", NONE),
    "ExecuteStmt": ("execute", NONE),
    "DeallocateStmt": ("deallocate", NONE),
    "DeclareCursorStmt": ("declare cursor", NONE),
    "FetchStmt": ("fetch", _does(READ)),
    "ClosePortalStmt": ("close", NONE),
    "DiscardStmt": ("discard", NONE),
    # session and transaction
    "TransactionStmt": ("transaction", NONE),
    "ConstraintsSetStmt": ("set constraints", NONE),
    "VariableSetStmt": ("set", NONE),
    "VariableShowStmt": ("show", NONE),
    "ListenStmt": ("listen", _does(READ)),
    "UnlistenStmt": ("unlisten", NONE),
    "NotifyStmt": ("notify", _does(EXECUTE)),
    # tables and what is in them
    "CreateStmt": ("create table", _CREATE),
    "CreateForeignTableStmt": ("create foreign table", _CREATE),
    "AlterTableStmt": ("alter table", _ALTER),
    "AlterTableMoveAllStmt": ("alter table all in tablespace", _ALTER_WIDE),
    "IndexStmt": ("create index", _CREATE),
    "CreateStatsStmt": ("create statistics", _CREATE),
    "AlterStatsStmt": ("alter statistics", _ALTER),
    "CreateSeqStmt": ("create sequence", _CREATE),
    "AlterSeqStmt": ("alter sequence", _ALTER),
    "ViewStmt": ("create view", _CREATE),
    "RuleStmt": ("create rule", _CREATE),
    "CreateTrigStmt": ("create trigger", _CREATE),
    "CreatePolicyStmt": ("create policy", _CREATE),
    "AlterPolicyStmt": ("alter policy", _ALTER),
    "CreateSchemaStmt": ("create schema", _CREATE),
    # types, functions, operators
    "CreateDomainStmt": ("create domain", _CREATE),
    "AlterDomainStmt": ("alter domain", _ALTER),
    "CompositeTypeStmt": ("create type", _CREATE),
    "CreateEnumStmt": ("create type", _CREATE),
    "CreateRangeStmt": ("create type", _CREATE),
    "AlterEnumStmt": ("alter type", _ALTER),
    "AlterTypeStmt": ("alter type", _ALTER),
    "DefineStmt": ("define", _CREATE),
    "CreateFunctionStmt": ("create function", _CREATE),
    "AlterFunctionStmt": ("alter function", _ALTER),
    "AlterOperatorStmt": ("alter operator", _ALTER),
    "CreateOpClassStmt": ("create operator class", _CREATE),
    "CreateOpFamilyStmt": ("create operator family", _CREATE),
    "AlterOpFamilyStmt": ("alter operator family", _ALTER),
    "CreateCastStmt": ("create cast", _CREATE),
    "CreateConversionStmt": ("create conversion", _CREATE),
    "CreateTransformStmt": ("create transform", _CREATE),
    "AlterCollationStmt": ("alter collation", _ALTER),
    "AlterTSDictionaryStmt": ("alter text search dictionary", _ALTER),
    "AlterTSConfigurationStmt": ("alter text search configuration", _ALTER),
    # any object
    "DropStmt": ("drop", _DROP),
    "RenameStmt": ("rename", _ALTER),
    "AlterObjectSchemaStmt": ("alter schema of", _ALTER),
    "AlterObjectDependsStmt": ("alter dependency", _ALTER),
    "AlterOwnerStmt": ("alter owner", _ALTER),
    "CommentStmt": ("comment", _ALTER),
    "SecLabelStmt": ("security label", _ALTER),
    "DropOwnedStmt": ("drop owned", _does(DROP, GRANT)),
    "ReassignOwnedStmt": ("reassign owned", _ALTER),
    # rights
    "GrantStmt": ("grant", _does(GRANT)),
    "GrantRoleStmt": ("grant role", _does(GRANT)),
    "AlterDefaultPrivilegesStmt": ("alter default privileges", _does(GRANT)),
    # the server
    "CreateRoleStmt": ("create role", _CREATE_WIDE),
    "AlterRoleStmt": ("alter role", _ALTER_WIDE),
    "AlterRoleSetStmt": ("alter role set", _ALTER_WIDE),
    "DropRoleStmt": ("drop role", _DROP_WIDE),
    "CreatedbStmt": ("create database", _CREATE_WIDE),
    "AlterDatabaseStmt": ("alter database", _ALTER_WIDE),
    "AlterDatabaseRefreshCollStmt": ("alter database refresh collation version", _ALTER_WIDE),
    "AlterDatabaseSetStmt": ("alter database set", _ALTER_WIDE),
    "DropdbStmt": ("drop database", _DROP_WIDE),
    "CreateTableSpaceStmt": ("create tablespace", _CREATE_WIDE),
    "AlterTableSpaceOptionsStmt": ("alter tablespace", _ALTER_WIDE),
    "DropTableSpaceStmt": ("drop tablespace", _DROP_WIDE),
    "CreateEventTrigStmt": ("create event trigger", _CREATE_WIDE),
    "AlterEventTrigStmt": ("alter event trigger", _ALTER_WIDE),
    "CreateExtensionStmt": ("create extension", _CREATE_WIDE),
    "AlterExtensionStmt": ("alter extension", _ALTER_WIDE),
    "AlterExtensionContentsStmt": ("alter extension contents", _ALTER_WIDE),
    "CreatePLangStmt": ("create language", _CREATE_WIDE),
    "CreateAmStmt": ("create access method", _CREATE_WIDE),
    "CreateFdwStmt": ("create foreign data wrapper", _CREATE_WIDE),
    "AlterFdwStmt": ("alter foreign data wrapper", _ALTER_WIDE),
    "CreateForeignServerStmt": ("create server", _CREATE_WIDE),
    "AlterForeignServerStmt": ("alter server", _ALTER_WIDE),
    "CreateUserMappingStmt": ("create user mapping", _CREATE_WIDE),
    "AlterUserMappingStmt": ("alter user mapping", _ALTER_WIDE),
    "DropUserMappingStmt": ("drop user mapping", _DROP_WIDE),
    "ImportForeignSchemaStmt": ("import foreign schema", _CREATE),
    "CreatePublicationStmt": ("create publication", _CREATE_WIDE),
    "AlterPublicationStmt": ("alter publication", _ALTER_WIDE),
    "CreateSubscriptionStmt": ("create subscription", _CREATE_WIDE),
    "AlterSubscriptionStmt": ("alter subscription", _ALTER_WIDE),
    "DropSubscriptionStmt": ("drop subscription", _DROP_WIDE),
    "AlterSystemStmt": ("alter system", _ADMINISTER),
    "VacuumStmt": ("vacuum", _ADMINISTER),
    "ClusterStmt": ("cluster", _ADMINISTER),
    "ReindexStmt": ("reindex", _ADMINISTER),
    "CheckPointStmt": ("checkpoint", _ADMINISTER),
    "LoadStmt": ("load", _ADMINISTER),
}
"""Node -> its name and its own actions."""

NEVER_ALONE = frozenset({"RawStmt", "SetOperationStmt", "ReturnStmt", "PLAssignStmt", "ReplicaIdentityStmt"})
"""Nodes called statements that are only ever part of one."""

READS_ON = frozenset(
    {
        "SelectStmt",
        "InsertStmt",
        "UpdateStmt",
        "DeleteStmt",
        "MergeStmt",
        "CopyStmt",
        "CreateTableAsStmt",
        "CallStmt",
        "ExecuteStmt",
        "ExplainStmt",
        "PrepareStmt",
        "DeclareCursorStmt",
        "CreateSchemaStmt",
    }
)
"""Statements that also do what is found anywhere inside them."""

TRANSACTIONS = {
    "TRANS_STMT_BEGIN": "begin",
    "TRANS_STMT_START": "start transaction",
    "TRANS_STMT_COMMIT": "commit",
    "TRANS_STMT_ROLLBACK": "rollback",
    "TRANS_STMT_SAVEPOINT": "savepoint",
    "TRANS_STMT_RELEASE": "release savepoint",
    "TRANS_STMT_ROLLBACK_TO": "rollback to savepoint",
    "TRANS_STMT_PREPARE": "prepare transaction",
    "TRANS_STMT_COMMIT_PREPARED": "commit prepared",
    "TRANS_STMT_ROLLBACK_PREPARED": "rollback prepared",
}

HOLD_SECRETS = frozenset(
    {"CreateRoleStmt", "AlterRoleStmt", "CreateUserMappingStmt", "AlterUserMappingStmt"}
    | {"CreateForeignServerStmt", "AlterForeignServerStmt", "CreateSubscriptionStmt", "AlterSubscriptionStmt"}
)
"""Statements with a password, or with options and connection strings that may hold one."""

LISTENS = "listen on "
"""What LISTEN is called among effects, before the name of its channel."""

_REVOKES = {"GrantStmt": "revoke", "GrantRoleStmt": "revoke role"}


def kind_of(tag: str, body: dict[str, object]) -> str:
    """What a statement is called: the node's name, except where one node stands for several statements."""
    if tag == "TransactionStmt":
        return TRANSACTIONS[str(body.get("kind"))]
    if tag == "VariableSetStmt" and str(body.get("kind")).startswith("VAR_RESET"):
        return "reset"
    if tag == "VacuumStmt" and not body.get("is_vacuumcmd"):
        return "analyze"
    if tag == "FetchStmt" and body.get("ismove"):
        return "move"
    if tag == "CreateTableAsStmt" and body.get("objtype") == "OBJECT_MATVIEW":
        return "create materialized view"
    if tag == "CreateFunctionStmt" and body.get("is_procedure"):
        return "create procedure"
    if tag in _REVOKES and not body.get("is_grant"):
        return _REVOKES[tag]
    return STATEMENTS[tag][0]
