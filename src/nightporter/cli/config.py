"""`nightporter config`: what the configuration file says, without acting on it."""

from __future__ import annotations

import typer

from .options import CONFIG, ConfigOption, examples, load_config
from .render import complain, counted, show

app = typer.Typer(help="The configuration file.", epilog=examples("nightporter config check"))


@app.command(epilog=examples("nightporter config check", "nightporter config check --config /etc/nightporter/nightporter.yaml"))
def check(config: ConfigOption = CONFIG) -> None:
    """Say whether `up` would start with it, and with the policies. Connects to nothing and runs no command."""
    from nightporter.config import inspect
    from nightporter.core.error import ConfigError
    from nightporter.gateway import policies

    loaded = load_config(config)
    problems = inspect.problems(loaded)
    if problems:
        raise ConfigError("\n".join(f"{config}:{problem}" for problem in problems))
    for warning in inspect.warnings(loaded):
        complain("warning", f"{config}: {warning}")
    ruleset = policies.read(loaded.policies, policies.known(loaded))
    for each in policies.suspicions(ruleset, loaded.policies):
        complain("warning", str(each))
    counts = [
        counted(len(loaded.listeners), "listener"),
        counted(len(loaded.upstreams), "upstream"),
        "1 policy" if len(ruleset.policies) == 1 else f"{len(ruleset.policies)} policies",
    ]
    show(f"{config}: ok: {', '.join(counts)}")
