"""The table of classes: that it covers what real servers have, says nothing too mild, and cannot be fooled by names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from nightporter.catalog.model import Function
from nightporter.demo.server import EmbeddedServer
from nightporter.protocols.postgres.semantics import classes
from nightporter.protocols.postgres.semantics.classes import (
    FIRST_USER_OID,
    UNKNOWN,
    ByType,
    Line,
    by_type,
    effects_of,
    effects_of_symbol,
)
from nightporter.statement.model import Effect
from tests.lab.servers import fresh_database

COMPUTES = frozenset({Effect.COMPUTES})
FUNCTIONS = """
set search_path = pg_catalog;
select json_build_object('oid', p.oid::int8, 'schema', n.nspname, 'name', p.proname, 'signature', oidvectortypes(p.proargtypes),
    'language', l.lanname, 'symbol', p.prosrc, 'volatility', p.provolatile, 'extension', coalesce(e.extname, ''))
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
left join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
left join pg_extension e on e.oid = d.refobjid and d.refclassid = 'pg_extension'::regclass;
"""


class Real(NamedTuple):
    """What a server has."""

    major: str
    functions: list[Function]
    scripts: dict[str, str]
    """Of each extension that it offers: its SQL, all versions of it."""


@pytest.fixture(params=["debian15", "embedded18"])
def real(request: pytest.FixtureRequest) -> Real:
    return asked(request.getfixturevalue(request.param))


@cache
def asked(server: EmbeddedServer) -> Real:
    names = server.psql("select name from pg_available_extensions order by name").split()
    with fresh_database(server) as database:
        server.psql([f'create extension if not exists "{name}" cascade;\n' for name in names], database)
        functions = [made(**json.loads(row)) for row in server.psql(FUNCTIONS, database).splitlines()]
    folder = Path(server.psql("select setting from pg_config() where name = 'SHAREDIR'").strip()) / "extension"
    scripts = {name: "\n".join(each.read_text() for each in sorted(folder.glob(f"{name}--*.sql"))) for name in names}
    return Real(server.psql("show server_version_num")[:2], functions, scripts)


def made(oid: int = 1, schema: str = "pg_catalog", name: str = "f", **more: str) -> Function:
    function = Function(oid, schema, name, (), 0)
    for attribute, value in more.items():
        setattr(function, attribute, value)
    return function


def table() -> list[Line]:
    return list(classes.lines())


# What it must cover


def test_no_function_in_c_is_unknown(real: Real) -> None:
    assert len(real.functions) > 4000
    wanted = [each for each in real.functions if each.language in ("internal", "c")]
    wanted += [each for each in real.functions if each.language == "sql" and classes.is_server_own(each)]
    assert len(wanted) > 3900
    assert [each for each in wanted if effects_of(each) == UNKNOWN] == []


def test_every_line_has_its_function(real: Real) -> None:
    present = {(each.schema, each.name, each.signature): each for each in real.functions if classes.is_server_own(each)}
    checked = 0
    for line in table():
        if real.major not in line.majors:
            continue
        if line.owner in real.scripts:
            script = real.scripts[line.owner]
            assert line.name in script, line
            # several servers together: this one may lack some of a line's symbols, but not all
            assert any(symbol in script for symbol in line.symbols), line
        elif line.owner in ("pg_catalog", "information_schema"):
            function = present.pop((line.owner, line.name, line.arguments))
            assert function.language == line.language
            assert function.language == "sql" or function.symbol in line.symbols
        checked += 1
    assert checked > 3500
    assert not present


def test_what_may_change_and_only_computes_has_a_reason(real: Real) -> None:
    notes: dict[tuple[str, str], str] = {}
    for line in table():
        owner = "" if line.owner == classes.SERVER else line.owner
        notes |= {(owner, symbol): line.note for symbol in line.symbols}
    mild = [each for each in real.functions if each.volatility == "v" and each.language in ("internal", "c")]
    mild = [each for each in mild if effects_of(each) == COMPUTES]
    assert len(mild) > 50
    # functions of intagg are declared volatile, and are the server's array_agg
    bare = [each for each in mild if not notes["" if each.language == "internal" else each.extension, each.symbol]]
    assert {each.extension for each in bare} <= {"intagg"}


# What it says


@pytest.mark.parametrize(
    ("effect", "names"),
    [
        (
            Effect.RUNS_SQL,
            "query_to_xml query_to_xmlschema query_to_xml_and_xmlschema table_to_xml schema_to_xml database_to_xml ts_stat",
        ),
        (Effect.READS_DATA, "cursor_to_xml currtid2 pg_mcv_list_items pg_logical_slot_get_changes pg_logical_slot_peek_changes"),
        (Effect.WRITES_DATA, "brin_summarize_new_values gin_clean_pending_list pg_logical_emit_message pg_restore_attribute_stats"),
        (Effect.WRITES_DATA, "RI_FKey_cascade_del RI_FKey_setnull_upd"),
        (
            Effect.FILES,
            "pg_read_file pg_read_binary_file pg_ls_dir pg_ls_waldir pg_stat_file lo_import lo_export pg_hba_file_rules",
        ),
        (Effect.LARGE_OBJECTS, "lo_import lo_export lo_get lo_put lo_unlink lo_create lo_from_bytea loread lowrite"),
        (Effect.SEQUENCES, "nextval setval currval lastval"),
        (Effect.LOCKS, "pg_advisory_lock pg_try_advisory_xact_lock_shared pg_advisory_unlock_all"),
        (Effect.NOTIFIES, "pg_notify"),
        (Effect.SLEEPS, "pg_sleep pg_sleep_for pg_sleep_until"),
        (Effect.CHANGES_SETTINGS, "set_config"),
        (Effect.REACHES_OUT, "pg_import_system_collations pg_sync_replication_slots"),
        (
            Effect.CONTROLS_SERVER,
            "pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_switch_wal pg_promote",
        ),
        (Effect.CONTROLS_SERVER, "pg_create_physical_replication_slot pg_replication_origin_create pg_stat_reset pg_nextoid"),
        (
            Effect.CONTROLS_SERVER,
            "binary_upgrade_set_next_pg_type_oid pg_extension_config_dump pg_backup_start pg_wal_replay_pause",
        ),
        (Effect.READS_CATALOG, "pg_get_viewdef pg_relation_size has_table_privilege format_type current_setting version"),
        (Effect.READS_CATALOG, "to_regclass regclassin pg_get_expr inet_client_addr row_security_active obj_description"),
        (Effect.READS_STATEMENTS, "pg_stat_get_activity pg_stat_get_backend_activity pg_prepared_statement pg_cursor"),
        (Effect.READS_STATE, "pg_stat_get_activity pg_show_all_settings pg_lock_status pg_stat_get_numscans pg_current_wal_lsn"),
        (Effect.READS_STATE, "pg_get_replication_slots pg_stat_get_backend_client_addr pg_blocking_pids pg_config"),
    ],
)
def test_dangerous(effect: Effect, names: str) -> None:
    for name in names.split():
        found = [line for line in table() if line.owner == classes.SERVER and line.name == name]
        assert found, name
        assert all(effect in line.words for line in found), name


@pytest.mark.parametrize(
    "names",
    [
        "int4in int4out textrecv numeric_send record_in record_out domain_in array_in enum_in range_out jsonb_in xml_in",
        "lower concat format replace regexp_replace md5 now clock_timestamp random gen_random_uuid generate_series age date_trunc",
        "sum count max array_agg string_agg percentile_cont row_number lag rank to_json jsonb_agg json_populate_record to_tsvector",
        "int4eq texteq like jsonb_contains btint4cmp hashtext eqsel bthandler utf8_to_iso8859_1 array_typanalyze pg_typeof setseed",
        "txid_current pg_input_is_valid pg_column_size array_position suppress_redundant_updates_trigger tsvector_update_trigger",
    ],
)
def test_harmless(names: str) -> None:
    for name in names.split():
        found = [line for line in table() if line.owner == classes.SERVER and line.name == name]
        assert found, name
        assert all(line.words - set(ByType) == {"computes"} for line in found), name


def test_an_overload_can_be_worse_than_its_namesake() -> None:
    found = {line.arguments: line.words for line in table() if line.name == "ts_rewrite"}
    assert found == {"tsquery, text": {"runs_sql"}, "tsquery, tsquery, tsquery": {"computes"}}


@pytest.mark.parametrize(
    ("extension", "symbol", "effects"),
    [
        ("dblink", "dblink_exec", {"reaches_out", "runs_sql"}),
        ("dblink", "dblink_connect", {"reaches_out"}),
        ("tablefunc", "crosstab_hash", {"reads_data", "runs_sql"}),
        ("xml2", "xpath_table", {"reads_data", "runs_sql"}),
        ("pageinspect", "get_raw_page", {"reads_data"}),
        ("pageinspect", "get_raw_page_fork_1_9", {"reads_data"}),
        ("adminpack", "pg_file_write_v1_1", {"files"}),
        ("pg_surgery", "heap_force_kill", {"writes_data"}),
        ("pg_stat_statements", "pg_stat_statements_reset_1_11", {"controls_server"}),
        ("pg_trgm", "set_limit", {"changes_settings"}),
        ("lo", "lo_manage", {"large_objects"}),
        ("autoinc", "autoinc", {"sequences"}),
        ("tcn", "triggered_change_notification", {"notifies"}),
        ("hstore", "hstore_fetchval", {"computes"}),
        ("vector", "l2_distance", {"computes"}),
        ("pgcrypto", "pg_digest", {"computes"}),
        ("plpgsql", "plpgsql_inline_handler", {"runs_sql"}),
    ],
)
def test_extensions(extension: str, symbol: str, effects: set[str]) -> None:
    function = made(FIRST_USER_OID + 1, "anywhere", language="c", symbol=symbol, extension=extension)
    assert effects_of(function) == effects


# What would fool it


def test_a_symbol_counts_not_the_name() -> None:
    function = made(FIRST_USER_OID + 1, "public", "harmless", signature="text", symbol="pg_read_file_all")
    assert effects_of(function) == {Effect.FILES}
    assert effects_of_symbol("pg_read_file_all") == {Effect.FILES}
    replaced = made(100, name="lower", signature="text", symbol="pg_read_file_all")
    assert effects_of(replaced) == {Effect.FILES}


@pytest.mark.parametrize("language", ["sql", "plpgsql", "c", "plpython3u"])
def test_one_of_the_users_in_pg_catalog_is_not_the_servers(language: str) -> None:
    function = made(FIRST_USER_OID, name="lower", signature="text", language=language, symbol="lower")
    assert effects_of(function) == UNKNOWN


def test_the_servers_own_in_sql_goes_by_its_types() -> None:
    own = made(879, name="lpad", signature="text, integer", language="sql")
    assert effects_of(own) == COMPUTES
    other = made(879, name="lpad", signature="text, text", language="sql")
    assert effects_of(other) == UNKNOWN
    own.language = "plpgsql"
    assert effects_of(own) == UNKNOWN


def test_the_servers_own_that_calls_a_users_was_replaced() -> None:
    own = made(879, name="lpad", signature="text, integer", language="sql")
    own.body_calls = (870, FIRST_USER_OID)
    assert effects_of(own) == UNKNOWN


@pytest.mark.parametrize(
    ("language", "extension", "symbol"),
    [
        ("c", "", "hstore_fetchval"),  # in C, of nobody known
        ("c", "mine", "hstore_fetchval"),
        ("c", "hstore", "pg_digest"),  # another's
        ("c", "hstore", "lower"),  # the server's symbol, in a library of one's own
        ("sql", "hstore", "hstore_fetchval"),  # by its body
        ("plpgsql", "hstore", "hstore_fetchval"),
        ("internal", "", "no_such_symbol"),
        ("internal", "hstore", "hstore_fetchval"),
    ],
)
def test_what_is_not_listed_is_unknown(language: str, extension: str, symbol: str) -> None:
    function = made(FIRST_USER_OID + 7, "public", "fetchval", language=language, extension=extension, symbol=symbol)
    assert effects_of(function) == UNKNOWN
    assert by_type(function) == frozenset()


def test_aggregates_of_anybody_compute_and_their_support_functions_are_followed_elsewhere() -> None:
    assert effects_of(made(FIRST_USER_OID, "public", "mine", kind="a", symbol="aggregate_dummy")) == COMPUTES


# What a type makes a function run, on a real server

TYPES = """
create table public.ran (what text);
create function public.tell(text) returns boolean language plpgsql as
    $$ begin insert into public.ran values ($1); return true; end $$;
create type public.mood as enum ('glad');
create function public.mood_to_json(public.mood) returns json language plpgsql as
    $$ begin perform public.tell('cast'); return '1'; end $$;
create cast (public.mood as json) with function public.mood_to_json(public.mood);
create domain public.word as text check (public.tell('check'));
create type public.pair as (word public.word);
create type public.words as range (subtype = public.word);
"""


@pytest.mark.parametrize(
    ("symbol", "call", "kind"),
    [
        ("to_json", "to_json('glad'::mood)", ByType.JSON_CAST),
        ("to_jsonb", "to_jsonb('glad'::mood)", ByType.JSON_CAST),
        ("row_to_json", "row_to_json(row('glad'::mood))", ByType.JSON_CAST),
        ("array_to_json", "array_to_json(array['glad'::mood])", ByType.JSON_CAST),
        ("json_agg_transfn", "json_agg('glad'::mood)", ByType.JSON_CAST),
        ("jsonb_agg_transfn", "jsonb_agg('glad'::mood)", ByType.JSON_CAST),
        ("json_object_agg_transfn", "json_object_agg('k', 'glad'::mood)", ByType.JSON_CAST),
        ("jsonb_object_agg_transfn", "jsonb_object_agg('k', 'glad'::mood)", ByType.JSON_CAST),
        ("json_build_array", "json_build_array('glad'::mood)", ByType.JSON_CAST),
        ("jsonb_build_object", "jsonb_build_object('k', 'glad'::mood)", ByType.JSON_CAST),
        ("text_format", "format('%s', 'glad'::mood)", None),
        ("text_concat", "concat('glad'::mood)", None),
        ("json_populate_record", 'json_populate_record(null::pair, \'{"word": "x"}\')', ByType.RESULT_INPUT),
        ("jsonb_populate_record", 'jsonb_populate_record(null::pair, \'{"word": "x"}\')', ByType.RESULT_INPUT),
        ("domain_in", "pg_typeof(domain_in('x'::cstring, 'word'::regtype, -1))", ByType.NAMED_INPUT),
        ("array_in", "array_in('{x}'::cstring, 'word'::regtype, -1)", ByType.NAMED_INPUT),
        ("record_in", "record_in('(x)'::cstring, 'pair'::regtype, -1)", ByType.NAMED_INPUT),
        ("range_in", "range_in('[x,y]'::cstring, 'words'::regtype, -1)", ByType.NAMED_INPUT),
        ("multirange_in", "multirange_in('{[x,y]}'::cstring, 'words_multirange'::regtype, -1)", ByType.NAMED_INPUT),
        ("pg_input_is_valid", "pg_input_is_valid('x', 'word')", ByType.NAMED_INPUT),
        ("pg_input_error_info", "pg_input_error_info('x', 'word')", ByType.NAMED_INPUT),
        ("enum_in", "enum_in('glad'::cstring, 'mood'::regtype)", None),
    ],
)
def test_what_a_type_makes_it_run(embedded18: EmbeddedServer, typed: str, symbol: str, call: str, kind: ByType | None) -> None:
    ran = embedded18.psql(f"begin; select {call}; select 'ran', count(*) > 0 from ran; rollback", typed).splitlines()[-1]
    assert ran == ("ran|t" if kind else "ran|f")
    assert by_type(made(symbol=symbol)) == (frozenset({kind}) if kind else frozenset())


@pytest.fixture(scope="module")
def typed(embedded18: EmbeddedServer) -> Iterator[str]:
    with fresh_database(embedded18) as database:
        embedded18.psql(TYPES, database)
        yield database


# How it is written


def test_lines_are_in_order_and_each_is_once() -> None:
    keys = [line[:3] for line in table()]
    assert all(one < next_ for one, next_ in pairwise(keys))


def test_every_line_is_well_formed() -> None:
    effects, tags = set(Effect), set(ByType)
    for each in table():
        assert each.words <= effects | tags, each
        own = each.words & effects
        assert own, each
        assert len(own) == 1 or own.isdisjoint({"computes", "unknown"}), each
        assert each.language in ("internal", "c", "sql"), each
        assert bool(each.symbols) == (each.language != "sql"), each
        assert set(each.majors) <= {"13", "14", "15", "16", "17", "18"}, each


def test_nothing_waits_for_review() -> None:
    assert [line for line in table() if line.note.startswith("new:")] == []


def test_what_is_unknown_has_a_reason() -> None:
    assert all(line.note for line in table() if "unknown" in line.words)


def test_one_symbol_is_said_to_do_one_thing() -> None:
    found: dict[tuple[str, str], frozenset[str]] = {}
    for line in table():
        owner = line.owner if line.language == "c" else ""
        for symbol in line.symbols:
            assert found.setdefault((owner, symbol), line.words) == line.words, line


def test_the_page_counts_right() -> None:
    page = (Path(__file__).parents[4] / "docs/reference/function-classes.md").read_text()
    stated = {word: int(count) for word, count in re.findall(r"^\| `(\w+)` \|.*\| (\d+) \|$", page, re.MULTILINE)}
    assert stated == {word: sum(word in line.words for line in table()) for word in [*Effect, *ByType]}
    owners = {line.owner for line in table()} - {"pg_catalog", "information_schema"}
    assert f"\n{len(owners)} extensions" in page
