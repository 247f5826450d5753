"""`nightporter analyse`: what a text would do on an upstream, without running it there."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import typer

from nightporter.core.error import NightporterError, UpstreamError
from nightporter.statement.model import Action, Naming, Reading

from .options import CONFIG, ConfigOption, JsonOption, RoleOption, SearchPathOption, TextArgument, UpstreamOption
from .render import complain, pointed, show, terminal_width, to_json

if TYPE_CHECKING:
    from nightporter.catalog.labels import Stored
    from nightporter.catalog.model import Snapshot
    from nightporter.config import Config, Upstream
    from nightporter.core.wire import Adapter, Standing

    from .understood import Report

UNKNOWN = 3
"""Exit status: something of it could not be resolved for certain."""


def analyse(
    text: TextArgument,
    upstream: UpstreamOption,
    search_path: SearchPathOption = None,
    role: RoleOption = None,
    json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Print what a text would do: the relations and columns that it reads and writes, where each output comes from, the functions
    that it sets off, and what could not be resolved for certain. Reads the catalogue of the upstream, and runs nothing there.
    The exit status is 3 if anything is unknown.
    """
    from .options import load_config, stored_labels

    loaded = load_config(config)
    report = understand(upstream_of(loaded, upstream), text, search_path, role, stored_labels(loaded, upstream))
    if json:
        show(to_json(report.as_json()))
    else:
        report.show(terminal_width(sys.stdout))
    if report.unknown:
        raise typer.Exit(UNKNOWN)


def upstream_of(config: Config, name: str) -> Upstream:
    """The upstream of that name. Raises NightporterError."""
    found = config.resolve(name)
    if found is None:
        raise NightporterError(f"no upstream `{name}`")
    return found


def understand(
    upstream: Upstream, text: str, search_path: str | None = None, role: str | None = None, stored: Stored | None = None
) -> Report:
    """The reading of a text; `-` is the text on standard input. Reads the catalogue of the upstream, and runs nothing there.

    `stored`: labels of its columns; None: what their names say.

    Ends the command with its complaint if the text does not parse.
    """
    from nightporter.protocols.registry import ADAPTERS

    from .understood import Report

    adapter = ADAPTERS[upstream.protocol]
    if text == "-":
        text = _standard_input()
    wrong = adapter.complaint(text)
    if wrong is not None:
        complain("error", wrong.reason)
        if wrong.span is not None:
            sys.stderr.write("".join(f"{each}\n" for each in pointed(text, *wrong.span, terminal_width(sys.stderr))))
        raise typer.Exit(1)
    sight = look(upstream, search_path, role, stored)
    return Report(upstream.name, adapter.label, sight.snapshot, sight.standing, sight.read(text))


class Sight(NamedTuple):
    """What was seen of an upstream: under what a text is read there."""

    adapter: Adapter
    snapshot: Snapshot
    standing: Standing

    def read(self, text: str) -> Reading:
        """What a text of a new session would do. What does not parse is unknown."""
        return self.adapter.understand(_without_session(self.adapter.analyse(text)), self.standing, self.snapshot, ())


def look(upstream: Upstream, search_path: str | None = None, role: str | None = None, stored: Stored | None = None) -> Sight:
    """Read the catalogue of an upstream. Raises NightporterError."""
    from nightporter.protocols.registry import ADAPTERS

    adapter = ADAPTERS[upstream.protocol]
    snapshot, standing = _look(adapter, upstream, search_path, role)
    if stored is not None:
        snapshot = snapshot.relabeled(stored, snapshot.version)
    _check(snapshot, standing, search_path, role)
    return Sight(adapter, snapshot, standing)


def _without_session(reading: Reading) -> Reading:
    """There is no session whose prepared statements and cursors it could use: only those that the text itself makes."""
    own: set[str | None] = set()
    statements = []
    for statement in reading.statements:
        for effect in statement.names:
            match effect.naming:
                case Naming.PREPARE | Naming.DECLARE:
                    own.add(effect.name)
                case Naming.DEALLOCATE | Naming.CLOSE | Naming.DISCARD:
                    own.difference_update(set(own) if effect.name is None else {effect.name})
                case Naming.EXECUTE | Naming.FETCH if effect.name not in own and statement.unknown is None:
                    why = f"what `{effect.name}` stands for is not known without its session"
                    statement = replace(statement, actions=statement.actions | {Action.UNKNOWN}, unknown=why)
                case _:
                    pass
        statements.append(statement)
    return replace(reading, statements=tuple(statements))


def _standard_input() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise NightporterError("standard input is not UTF-8 text") from error


def _look(adapter: Adapter, upstream: Upstream, path: str | None, role: str | None) -> tuple[Snapshot, Standing]:
    from nightporter.gateway.dial import Dialer
    from nightporter.gateway.glance import glance

    try:
        return asyncio.run(glance(Dialer(), adapter, upstream, path=path, role=role))
    except UpstreamError as error:
        # whoever runs this may see what the database says of our log-in
        raise NightporterError(f"{error}: {error.diagnostic}" if error.diagnostic else str(error)) from error


def _check(snapshot: Snapshot, standing: Standing, path: str | None, role: str | None) -> None:
    """What was asked for must be there: the database would refuse the role, and pass over the schema."""
    if role is not None and role not in snapshot.roles:
        raise NightporterError(f"there is no role `{role}` in database `{snapshot.database}`")
    if path is not None:
        for schema in standing.path:
            if schema not in snapshot.schemas and schema not in ("$user", "pg_temp"):
                complain("warning", f"there is no schema `{schema}`")
