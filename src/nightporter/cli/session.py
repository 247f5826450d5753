"""`nightporter session`: who is in. Also used when somebody may no longer be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from nightporter.core.error import NightporterError

from .options import CONFIG, ConfigOption, JsonOption, examples, load_config
from .render import show, show_table, to_json

if TYPE_CHECKING:
    from nightporter.config import Config

app = typer.Typer(help="Sessions of a running gateway.", epilog=examples("nightporter session list"))

_COLUMNS = ("session", "principal", "actor", "environment", "upstream", "address", "since", "idle")


@app.command("list", epilog=examples("nightporter session list", "nightporter session list --json"))
def list_(config: ConfigOption = CONFIG, json: JsonOption = False) -> None:
    """List open sessions, the oldest first."""
    from nightporter.gateway import control

    found = control.sessions(load_config(config))
    if json:
        show(to_json(found))
    else:
        show_table(_COLUMNS, ([_cell(session.get(column, "-")) for column in _COLUMNS] for session in found))


def _cell(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


@app.command(epilog=examples("nightporter session end 7k2m4q9d"))
def end(
    session: Annotated[str, typer.Argument(metavar="ID", help="The session's id, from `session list` or a record.")],
    config: ConfigOption = CONFIG,
) -> None:
    """End a session at once: the client is told, and an open transaction is rolled back."""
    from nightporter.gateway import control

    if not control.end_session(load_config(config), session):
        raise NightporterError(f"no open session `{session}`")
    show(f"session `{session}` ended")


def end_sessions_of(config: Config, principals: Iterable[str]) -> int:
    """End the open sessions of principals that may no longer come in; gives how many. None if no gateway runs here.

    Raises NightporterError if a gateway cannot be asked: their sessions may go on.
    """
    from nightporter.gateway import control

    if not any(config.run.glob("*.sock")):
        return 0
    return sum(control.end_sessions_of(config, principal) for principal in principals)
