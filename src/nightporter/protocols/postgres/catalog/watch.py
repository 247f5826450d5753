"""What tells us of a change at once: an event trigger that notifies. Text only.

Temporary objects are left out: nobody else sees them, and NOTIFY takes part in a transaction (one that has notified cannot be
prepared for two-phase commit). Event triggers do not fire for roles, databases and tablespaces, nor for other event triggers.
"""

from __future__ import annotations

from nightporter.core.talk import Talk

from .ask import Answers, QueryError, run

CHANNEL = "nightporter_catalog"

INSTALL = f"""\
begin;
create schema if not exists nightporter;
comment on schema nightporter is 'what Nightporter has installed';
create or replace function nightporter.catalog_changed() returns event_trigger language plpgsql
    set search_path = pg_catalog, pg_temp as $$
begin
    if tg_event = 'ddl_command_end' then
        perform from pg_event_trigger_ddl_commands() c where c.schema_name is distinct from 'pg_temp';
    else
        perform from pg_event_trigger_dropped_objects() d where not d.is_temporary;
    end if;
    if found then
        perform pg_notify('{CHANNEL}', '');
    end if;
end $$;
drop event trigger if exists nightporter_ddl;
create event trigger nightporter_ddl on ddl_command_end execute function nightporter.catalog_changed();
drop event trigger if exists nightporter_drop;
create event trigger nightporter_drop on sql_drop execute function nightporter.catalog_changed();
commit;
"""

REMOVE = """\
begin;
drop event trigger if exists nightporter_ddl;
drop event trigger if exists nightporter_drop;
drop function if exists nightporter.catalog_changed();
do $$ begin drop schema if exists nightporter; exception when dependent_objects_still_exist then null; end $$;
commit;
"""

LISTEN = f"listen {CHANNEL}"


def script(remove: bool) -> str:
    """The SQL that installs the trigger, or removes it."""
    return REMOVE if remove else INSTALL


def run_script(stream: Answers, remove: bool) -> Talk[None]:
    """Run it on a connection of our own. Raises UpstreamError: `diagnostic` has the server's words."""
    try:
        yield from run(stream, script(remove))
    except QueryError as error:
        if error.code == "42501":
            error.args = ("an event trigger takes a superuser: run what `--print` shows as one",)
        else:
            error.args = (f"the event trigger was not {'removed' if remove else 'installed'}: {error.diagnostic}",)
        raise
