"""`nightporter explain`: what would be decided about a text, by which policies, and what would change that."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated

import typer

from nightporter.core.error import NightporterError
from nightporter.identity.principal import NAME

from .analyse import understand, upstream_of
from .options import CONFIG, ConfigOption, JsonOption, RoleOption, SearchPathOption, TextArgument, UpstreamOption
from .render import complain, show, terminal_width, to_json

if TYPE_CHECKING:
    from nightporter.config import Config, Listener
    from nightporter.identity.principal import Principal
    from nightporter.policy.model import Value

REFUSED = 3
"""Exit status: it is denied, or held."""


def explain(
    text: TextArgument,
    principal: Annotated[
        str,
        typer.Option("--as", metavar="PRINCIPAL", help="Who asks: a principal's name, or NAME/ACTOR for a tool that acts for it."),
    ],
    upstream: UpstreamOption,
    purpose: Annotated[str, typer.Option("--purpose", metavar="TEXT", help="What the session has said that it is for.")] = "",
    client_address: Annotated[
        str, typer.Option("--client-address", metavar="IP", help="From where it comes; else this machine.")
    ] = "127.0.0.1",
    listener: Annotated[
        str | None, typer.Option("--listener", metavar="ADDRESS", help="By which entrance; else the first of the configuration.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help='When, "2026-11-23 03:00" in the time zone of the policies; else now.'),
    ] = None,
    in_transaction: Annotated[bool, typer.Option("--in-transaction", help="Within a transaction block.")] = False,
    estimated_rows: Annotated[
        int | None,
        typer.Option("--estimated-rows", min=0, metavar="N", help="How many rows the server expects; it is not asked."),
    ] = None,
    search_path: SearchPathOption = None,
    role: RoleOption = None,
    json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Print what would be decided about a text: what it does, what is asked of the policies about that, which of them decide and
    which nearly do, how the columns of its result are shown, and what would change the decision. Reads the catalogue of the
    upstream, and runs nothing there. The policies are those in the configuration's files as they are now. The exit status is 3 if
    it is denied or held.
    """
    from nightporter.gateway import policies
    from nightporter.policy.answer import Answers
    from nightporter.policy.decide import admit
    from nightporter.policy.explain import explain as explained
    from nightporter.policy.model import Allow, Resource

    from .explained import Report
    from .options import load_config, stored_labels

    loaded = load_config(config)
    facts = _facts(loaded, purpose, client_address, at, in_transaction=in_transaction)
    entrance = _entrance(loaded, listener)
    facts["listener"] = str(entrance.address)
    answers = Answers(policies.read(loaded.policies, policies.known(loaded)))
    who = _principal(loaded, principal)
    found = upstream_of(loaded, upstream)
    found = found.model_copy(update={"credentials": loaded.credentials(entrance, found)})
    reading = understand(found, text, search_path, role, stored_labels(loaded, found.name))
    facts |= {"environment": found.environment, "role": reading.role}
    resource = Resource(found.environment, found.name)
    session = admit(who, resource, {}, answers, facts)
    ways = {"listener": [str(each.address) for each in loaded.listeners]}
    what = explained(who, resource, reading.reading, answers, facts, estimated_rows, ways)
    report = Report(who, reading, session, what, facts, answers.ruleset.hash, loaded.policies.time_zone)
    if json:
        show(to_json(report.as_json()))
    else:
        report.show(terminal_width(sys.stdout))
    if not isinstance(what.decision, Allow) or not isinstance(session, Allow):
        raise typer.Exit(REFUSED)


def _facts(config: Config, purpose: str, address: str, at: str | None, *, in_transaction: bool) -> dict[str, Value]:
    from nightporter.gateway.moment import moment
    from nightporter.policy.identity_settings import MAX_PURPOSE

    if len(purpose) > MAX_PURPOSE:
        raise typer.BadParameter(f"is longer than {MAX_PURPOSE} characters", param_hint="--purpose")
    return {
        "purpose": purpose,
        "client_address": _address(address),
        "in_transaction": in_transaction,
        **moment(_moment(config, at)),
    }


def _address(text: str) -> str:
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        raise typer.BadParameter(f"`{text}` is not an IP address", param_hint="--client-address") from None


def _moment(config: Config, text: str | None) -> datetime:
    from nightporter.store.open import utc_now

    zone = config.policies.zone
    if text is None:
        return utc_now().astimezone(zone)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f'`{text}` is not a time such as "2026-11-23 03:00"', param_hint="--at") from None
    return found.replace(tzinfo=zone) if found.tzinfo is None else found.astimezone(zone)


def _entrance(config: Config, address: str | None) -> Listener:
    if address is None:
        return config.listeners[0]
    for each in config.listeners:
        if str(each.address) == address:
            return each
    known = ", ".join(f"`{each.address}`" for each in config.listeners)
    raise NightporterError(f"no listener `{address}`: there are {known}")


def _principal(config: Config, label: str) -> Principal:
    from .options import store_of

    name, slash, actor = label.partition("/")
    if slash and not NAME.fullmatch(actor):
        raise typer.BadParameter(f"`{actor}` is not the name of an actor", param_hint="--as")
    with closing(store_of(config)) as store:
        entry = store.find(name)
    if entry is None:
        raise NightporterError(f"no principal `{name}`")
    if entry.disabled:
        complain("warning", f"`{name}` is disabled: it could not come in")
    return replace(entry.principal, actor=actor) if slash else entry.principal
