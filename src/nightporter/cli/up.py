"""`nightporter up` and `nightporter demo`: what runs until it is stopped."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import CONFIG, ConfigOption, load_config


def up(config: ConfigOption = CONFIG) -> None:
    """Start the gateway; it runs until SIGTERM or Ctrl-C. SIGHUP loads the configuration anew."""
    from nightporter.config import inspect
    from nightporter.core.error import ConfigError
    from nightporter.gateway import logging, supervisor

    loaded = load_config(config)
    problems = inspect.problems(loaded)
    if problems:
        raise ConfigError("\n".join(f"{config}:{problem}" for problem in problems))
    logging.configure()
    raise typer.Exit(supervisor.run(loaded))


def demo(once: Annotated[bool, typer.Option("--once", help="Leave when the story is told.")] = False) -> None:
    """Play the story of a change at three in the morning, then stay to be tried out until Ctrl-C.

    It brings a database of its own and needs no configuration.
    """
    from nightporter.demo import story

    raise typer.Exit(story.run(once))
