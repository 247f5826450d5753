"""`nightporter catalog`: what an upstream is asked to tell us of its own catalogue."""

from __future__ import annotations

from typing import Annotated

import typer

from nightporter.core.error import NightporterError

from .options import CONFIG, ConfigOption, examples, load_config
from .render import show

app = typer.Typer(help="Catalogues of the databases.", epilog=examples("nightporter catalog watch --upstream shop --print"))


@app.command(
    epilog=examples(
        "nightporter catalog watch --upstream shop --print | psql -d shop -U postgres",
        "nightporter catalog watch --upstream shop",
        "nightporter catalog watch --upstream shop --remove",
    )
)
def watch(
    upstream: Annotated[str, typer.Option("--upstream", metavar="NAME", help="The upstream, by the name that clients use.")],
    remove: Annotated[bool, typer.Option("--remove", help="Remove it again.")] = False,
    print_: Annotated[bool, typer.Option("--print", help="Print the SQL and change nothing.")] = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Have a database tell of changes to its catalogue at once, by an event trigger. That takes a superuser."""
    import asyncio

    from nightporter.gateway.dial import Dialer
    from nightporter.gateway.watch import watch as install
    from nightporter.protocols.registry import ADAPTERS

    found = load_config(config).resolve(upstream)
    if found is None:
        raise NightporterError(f"no upstream `{upstream}`")
    adapter = ADAPTERS[found.protocol]
    if print_:
        show(adapter.catalog.script(remove).rstrip())
        return
    asyncio.run(install(Dialer(), adapter, found, remove=remove))
    done = "removed from" if remove else "installed in"
    show(f"event trigger {done} upstream `{found.name}`, database `{found.database}`")
