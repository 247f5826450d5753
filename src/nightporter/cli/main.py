"""`nightporter`: the tree of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from . import analyse, catalog, config, evidence, explain, labels, policy, principal, session, token, up
from .options import examples
from .render import show
from .root import Root

app = typer.Typer(
    name="nightporter",
    cls=Root,
    add_completion=False,
    rich_markup_mode=None,  # square brackets in a help text are just that
    pretty_exceptions_enable=False,  # they would print local variables, secrets among them
    help="Identity-aware proxy in front of every database connection.",
    epilog=examples("nightporter up --config nightporter.yaml"),
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        show(f"nightporter {version('nightporter')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Identity-aware proxy in front of every database connection: who did it, what changed, and proof."""


app.command("up", epilog=examples("nightporter up --config nightporter.yaml"))(up.up)
app.command("demo", epilog=examples("nightporter demo", "nightporter demo --once"))(up.demo)
app.command(
    "analyse",
    epilog=examples(
        'nightporter analyse --upstream shop "select email from contacts"',
        "cat report.sql | nightporter analyse --upstream shop --role reporting --search-path reports,public --json -",
    ),
)(analyse.analyse)
app.command(
    "explain",
    epilog=examples(
        'nightporter explain --as copilot --upstream shop "delete from orders"',
        'cat change.sql | nightporter explain --as alice --upstream shop --purpose INC-42 --at "2026-11-23 03:00" --json -',
    ),
)(explain.explain)
app.add_typer(policy.app, name="policy")
app.add_typer(principal.app, name="principal")
app.add_typer(token.app, name="token")
app.add_typer(session.app, name="session")
app.add_typer(evidence.app, name="evidence")
app.add_typer(config.app, name="config")
app.add_typer(catalog.app, name="catalog")
app.add_typer(labels.app, name="labels")
