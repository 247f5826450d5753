"""`nightporter token`: secrets that principals come in with. A token is shown once, when it is issued."""

from __future__ import annotations

import getpass
import sys
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightporter.core.error import NightporterError

from .options import CONFIG, ConfigOption, JsonOption, examples, load_config, store_of
from .render import complain, counted, moment, show, show_table, to_json
from .session import end_sessions_of

if TYPE_CHECKING:
    from nightporter.identity.token import Token

app = typer.Typer(help="Tokens of principals.", epilog=examples("nightporter token list"))

DAYS = 30
"""Long enough not to be renewed by hand every week, short enough that a forgotten one ends."""
MAX_DAYS = 366


@app.command(
    epilog=examples(
        "nightporter token issue billing-agent --actor claude-code --days 7",
        'export PGPASSWORD="$(nightporter token issue billing-agent)"',
    )
)
def issue(
    principal: Annotated[str, typer.Argument(metavar="PRINCIPAL", help="The principal who comes in with it.")],
    days: Annotated[int, typer.Option(min=1, max=MAX_DAYS, metavar="N", help="How long it is good.")] = DAYS,
    actor: Annotated[
        str | None, typer.Option(metavar="NAME", help="The tool or agent that acts for the principal with it.")
    ] = None,
    label: Annotated[str | None, typer.Option(metavar="TEXT", help="What it is for, in your own words.")] = None,
    config: ConfigOption = CONFIG,
) -> None:
    """Issue a token. It is printed once, alone, on standard output; what is kept cannot give it back."""
    from nightporter.store.open import utc_now

    loaded = load_config(config)
    with closing(store_of(loaded)) as store:
        expires_at = utc_now() + timedelta(days=days)
        token, secret = store.issue_token(principal, expires_at, actor=actor, label=label, created_by=_operator())
    sys.stdout.write(f"{secret.reveal()}\n")
    acting = f" for `{token.actor}`" if token.actor else ""
    complain("note", f"token `{token.identifier}` of `{principal}`{acting} ends {moment(expires_at)}; it is not shown again")


@app.command(epilog=examples("nightporter token revoke k3v7q2mn5tcax4ob"))
def revoke(
    token: Annotated[str, typer.Argument(metavar="ID", help="The token's id: the 16 characters after `npt_`.")],
    config: ConfigOption = CONFIG,
) -> None:
    """Take a token back, and end the open sessions of its principal."""
    loaded = load_config(config)
    with closing(store_of(loaded)) as store:
        revoked = store.revoke_token(token)
    try:
        ended = end_sessions_of(loaded, [revoked.principal])
    except NightporterError as error:
        raise NightporterError(f"`{token}` is revoked, but sessions opened with it may go on: {error}") from error
    show(f"token `{token}` revoked, {counted(ended, 'open session')} of `{revoked.principal}` ended")


@app.command("list", epilog=examples("nightporter token list", "nightporter token list --principal billing-agent --json"))
def list_(
    principal: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this principal.")] = None,
    config: ConfigOption = CONFIG,
    json: JsonOption = False,
) -> None:
    """List tokens, by principal and age; revoked and expired ones too."""
    from nightporter.store.open import utc_now

    with closing(store_of(load_config(config))) as store:
        found = store.list_tokens(principal)
    now = utc_now()
    if json:
        show(to_json([_as_json(token, now) for token in found]))
        return
    show_table(
        ("id", "principal", "actor", "state", "issued", "ends", "by", "label"),
        (
            (
                token.identifier,
                token.principal,
                token.actor or "-",
                _state(token, now),
                moment(token.created_at),
                moment(token.expires_at),
                token.created_by or "-",
                token.label or "-",
            )
            for token in found
        ),
    )


def _state(token: Token, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at <= now else "good"


def _as_json(token: Token, now: datetime) -> dict[str, Any]:
    return {
        "id": token.identifier,
        "principal": token.principal,
        "actor": token.actor,
        "state": _state(token, now),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "created_by": token.created_by,
        "label": token.label,
    }


def _operator() -> str | None:
    """Who runs this, as the system has it; None where it has no name for them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container with a bare user id: the token is issued by nobody by name
        return None
