"""`nightporter principal`: who may come in, and how they prove it. A password is read from a terminal or from standard input."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightporter.core.error import NightporterError
from nightporter.identity.principal import Kind, Method
from nightporter.secret import Secret

from .options import CONFIG, ConfigOption, JsonOption, examples, load_config, store_of
from .render import counted, moment, show, show_table, to_json
from .session import end_sessions_of

if TYPE_CHECKING:
    from nightporter.store import Listed

app = typer.Typer(help="Principals: humans, agents and services.", epilog=examples("nightporter principal list"))

MAX_PASSWORD = 1024
"""Characters; the same that PostgreSQL's clients prompt for, and more than anybody types."""

_USUAL_METHOD = {Kind.HUMAN: Method.PASSWORD, Kind.AGENT: Method.TOKEN, Kind.SERVICE: Method.TOKEN}

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The principal's name.")]
StdinOption = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input, one line.")]


@app.command(
    epilog=examples(
        "nightporter principal add alice --kind human --group dba",
        "nightporter principal add billing-agent --kind agent --owner alice",
        "pass show np/etl | nightporter principal add etl --kind service --method password --password-stdin",
    )
)
def add(
    name: NameArgument,
    kind: Annotated[Kind, typer.Option(help="What sort of party it is.")],
    method: Annotated[
        Method | None, typer.Option(help="How it proves itself; by default a human by password, others by token.")
    ] = None,
    group: Annotated[list[str] | None, typer.Option(metavar="GROUP", help="A group it belongs to; may be repeated.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="NAME", help="The human who answers for it; an agent must have one.")] = None,
    attribute: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A fact for policies; may be repeated.")] = None,
    certificate_name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The name in its certificate, where that is not its own; for --method certificate."),
    ] = None,
    password_stdin: StdinOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Add a principal. With the method `password` the password is asked for."""
    chosen = method or _USUAL_METHOD[kind]
    if password_stdin and chosen is not Method.PASSWORD:
        raise typer.BadParameter(f"goes with the method `{Method.PASSWORD}`, not `{chosen}`", param_hint="--password-stdin")
    loaded = load_config(config)
    with closing(store_of(loaded)) as store:
        store.add_principal(
            name,
            kind,
            chosen,
            groups=group or (),
            owner=owner,
            attributes=_attributes(attribute or []),
            verifier=_verifier(password_stdin) if chosen is Method.PASSWORD else None,
            certificate_name=certificate_name,
        )
    show(f"{kind} `{name}` added")


@app.command(epilog=examples("nightporter principal password alice"))
def password(name: NameArgument, password_stdin: StdinOption = False, config: ConfigOption = CONFIG) -> None:
    """Set a new password; the old one ends at once. Open sessions go on."""
    with closing(store_of(load_config(config))) as store:
        store.set_password(name, _verifier(password_stdin))
    show(f"password of `{name}` set")


@app.command("list", epilog=examples("nightporter principal list", "nightporter principal list --json"))
def list_(config: ConfigOption = CONFIG, json: JsonOption = False) -> None:
    """List principals, by name."""
    with closing(store_of(load_config(config))) as store:
        found = store.list()
    if json:
        show(to_json([_as_json(listed) for listed in found]))
        return
    show_table(
        ("name", "kind", "method", "groups", "owner", "state", "added"),
        (
            (
                listed.principal.name,
                listed.principal.kind,
                listed.method,
                ",".join(sorted(listed.principal.groups)) or "-",
                listed.principal.owner or "-",
                _state(listed),
                moment(listed.created_at),
            )
            for listed in found
        ),
    )


@app.command(epilog=examples("nightporter principal disable billing-agent"))
def disable(name: NameArgument, config: ConfigOption = CONFIG) -> None:
    """Let a principal, and the agents it answers for, in no more, and end their open sessions."""
    loaded = load_config(config)
    with closing(store_of(loaded)) as store:
        store.disable(name)
        owned = [listed.principal.name for listed in store.list() if listed.principal.owner == name]
    try:
        ended = end_sessions_of(loaded, [name, *owned])
    except NightporterError as error:
        raise NightporterError(f"`{name}` is disabled, but its open sessions may go on: {error}") from error
    show(f"`{name}` disabled, {counted(ended, 'open session')} ended")


@app.command(epilog=examples("nightporter principal enable billing-agent"))
def enable(name: NameArgument, config: ConfigOption = CONFIG) -> None:
    """Let a principal in again."""
    with closing(store_of(load_config(config))) as store:
        store.enable(name)
    show(f"`{name}` enabled")


def _attributes(pairs: list[str]) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name in attributes:
            raise typer.BadParameter(f"`{pair}` is not NAME=VALUE with a name of its own", param_hint="--attribute")
        attributes[name] = value
    return attributes


def _verifier(from_stdin: bool) -> str:
    from nightporter.identity.scram import SALT_BYTES, make_verifier

    return make_verifier(_password(from_stdin), os.urandom(SALT_BYTES))


def _password(from_stdin: bool) -> Secret:
    if from_stdin:
        text, line_end, more = sys.stdin.read(MAX_PASSWORD + 3).partition("\n")
        if more:
            raise NightporterError("standard input has more than one line: a password is one")
        text = text.removesuffix("\r") if line_end else text
    elif sys.stdin.isatty():
        text = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        raise typer.BadParameter("there is no terminal to ask for the password, and it is not given", param_hint="--password-stdin")
    if len(text) > MAX_PASSWORD:
        raise NightporterError(f"the password is longer than {MAX_PASSWORD} characters")
    return Secret(text)


def _state(listed: Listed) -> str:
    if listed.disabled_at is not None:
        return f"disabled {moment(listed.disabled_at)}"
    if listed.owner_disabled:
        return "owner disabled"
    if listed.method is Method.PASSWORD and not listed.has_password:
        return "no password yet"
    return "enabled"


def _as_json(listed: Listed) -> dict[str, Any]:
    principal = listed.principal
    return {
        "name": principal.name,
        "kind": principal.kind,
        "method": listed.method,
        "groups": sorted(principal.groups),
        "owner": principal.owner,
        "attributes": dict(principal.attributes),
        "certificate_name": listed.certificate_name,
        "has_password": listed.has_password,
        "created_at": listed.created_at,
        "disabled_at": listed.disabled_at,
        "owner_disabled": listed.owner_disabled,
    }
