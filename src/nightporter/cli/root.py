"""How every command ends: the root of the command line turns what we expect to go wrong into one line and a status.

Status 1: it could not be done; 2: it was not asked for in the right way. A traceback is a defect of ours.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperGroup

from nightporter.core.error import NightporterError

from .render import complain

# Typer carries Click inside in newer versions and depends on it in older ones: the bases are the same in both.
_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]

FAILED = 1
USAGE = 2
INTERRUPTED = 130  # as shells have it: 128 + SIGINT


class Root(TyperGroup):
    """The outermost group."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run, and leave the process with the command's status (unless `standalone_mode` is off)."""
        run = partial(super().main, args, prog_name, complete_var, False, windows_expand_args, **extra)
        if not standalone_mode:
            return run()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # a terminal without Unicode shows codes instead of failing
        sys.exit(_status(run))


def _status(run: Callable[[], object]) -> int:
    try:
        status = run()
        sys.stdout.flush()
    except NightporterError as error:
        complain("error", str(error))
        return FAILED
    except _USAGE_ERROR as error:
        complain("error", _usage(error))
        return USAGE
    except BrokenPipeError:
        # Whoever read our output has enough. The interpreter would complain at its end that it cannot write the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        what = error.strerror or str(error)
        complain("error", f"{what.lower()}: `{error.filename}`" if error.filename else what.lower())
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except typer.Abort:  # a prompt that was not answered
        complain("error", "given up")
        return FAILED
    return status if isinstance(status, int) else 0


def _usage(error: Exception) -> str:
    """The complaint on one line, and where to read more."""
    format_message = getattr(error, "format_message", None)
    message = str(format_message() if format_message is not None else error).strip()
    context = getattr(error, "ctx", None)
    message = " ".join(message.split()).rstrip(".")
    message = message[:1].lower() + message[1:]
    return f"{message} (see `{context.command_path} --help`)" if context is not None else message
